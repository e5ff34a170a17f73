//! Paths of a definition as paths from the top of the repository.

use crate::bake::values::clean_path;
use crate::context::{Entry, Tree};

/// How many links are followed to a file.
const MAX_HOPS: usize = 20;

/// A path of the definition, from the top; `None` for one outside of the repository.
pub(super) fn from_top(folder: &[u8], path: &str) -> Option<String> {
    let folder = std::str::from_utf8(folder).ok()?;
    let joined = if path.starts_with('/') { return None } else { clean_path(&format!("{folder}{path}")) };
    match joined.as_str() {
        "." => Some(String::new()),
        path if path == ".." || path.starts_with("../") => None,
        _ => Some(joined),
    }
}

/// A path below a folder, from the top; `None` for one that leads out.
pub(super) fn below(folder: &str, path: &str) -> Option<String> {
    if folder.is_empty() { from_top(b"", path) } else { from_top(format!("{folder}/").as_bytes(), path) }
}

/// A file of the tree, and its path once links are followed.
pub(crate) enum Place {
    /// A file.
    File {
        /// Its path from the top.
        path: String,
        /// The id of its content.
        id: String,
    },
    /// Nothing is there.
    Missing {
        /// The path once links are followed.
        path: String,
    },
    /// Something else is, or it leads out of the repository.
    Other,
}

/// What is at a path from the top.
pub(crate) fn find(tree: &Tree, path: &str) -> Place {
    let mut path = path.to_owned();
    for _ in 0..MAX_HOPS {
        let Some((before, entry, rest)) = first_that_is_no_folder(tree, &path) else {
            return Place::Missing { path };
        };
        match entry {
            Entry::File { id, .. } if rest.is_empty() => return Place::File { path, id: id.to_string() },
            Entry::Link { to, .. } => {
                let Ok(to) = std::str::from_utf8(to) else { return Place::Other };
                let joined = if rest.is_empty() { to.to_owned() } else { format!("{to}/{rest}") };
                match below(&before, &joined) {
                    Some(next) => path = next,
                    None => return Place::Other,
                }
            }
            _ => return Place::Other,
        }
    }
    Place::Other
}

/// What is at a path from the top, as BuildKit finds it that has one folder alone: [`Place::Other`] where a link leads out of that,
/// which it follows in its own way.
pub(crate) fn find_within(tree: &Tree, folder: &str, path: &str) -> Place {
    let (mut folder, mut path) = (folder.to_owned(), path.to_owned());
    for _ in 0..MAX_HOPS {
        let Some((before, entry, rest)) = first_that_is_no_folder(tree, &path) else {
            return Place::Missing { path };
        };
        match entry {
            Entry::File { id, .. } if rest.is_empty() => return Place::File { path, id: id.to_string() },
            Entry::Link { to, .. } => {
                let Ok(to) = std::str::from_utf8(to) else { return Place::Other };
                let link = if rest.is_empty() { path.as_str() } else { &path[..path.len() - rest.len() - 1] };
                let led = |rest: &str| {
                    let joined = if rest.is_empty() { to.to_owned() } else { format!("{to}/{rest}") };
                    below(&before, &joined)
                };
                let Some(next) = led(&rest) else { return Place::Other };
                // A link on the way to the folder leads to the folder itself.
                let to_folder = match folder.strip_prefix(link) {
                    Some("") => Some(String::new()),
                    Some(behind) => behind.strip_prefix('/').map(str::to_owned),
                    None => None,
                };
                match to_folder {
                    Some(behind) => match led(&behind) {
                        Some(real) => folder = real,
                        None => return Place::Other,
                    },
                    None if leaves(&folder, &before, to) => return Place::Other,
                    None => {}
                }
                path = next;
            }
            _ => return Place::Other,
        }
    }
    Place::Other
}

/// Whether a link in a folder leads out of another one around it, be it only on its way.
fn leaves(around: &str, folder: &str, to: &str) -> bool {
    let names = |path: &str| path.split('/').filter(|name| !name.is_empty() && *name != ".").count();
    let mut depth = names(folder).saturating_sub(names(around));
    to.starts_with('/')
        || to.split('/').any(|name| match name {
            ".." if depth == 0 => true,
            ".." => {
                depth -= 1;
                false
            }
            "" | "." => false,
            _ => {
                depth += 1;
                false
            }
        })
}

/// Whether something is at a path below a folder, or behind a link on the way there, which may lead anywhere.
pub(super) fn is_there(tree: &Tree, folder: &str, path: &str) -> bool {
    let Some(path) = below(folder, path.trim_start_matches('/')) else { return true };
    if path.is_empty() || tree.top.find(path.as_bytes()).is_some() {
        return true;
    }
    matches!(first_that_is_no_folder(tree, &path), Some((_, Entry::Link { .. } | Entry::Submodule { .. }, _)))
}

/// The first entry on a path that is not a folder, the folder that it is in, and what of the path comes after it.
fn first_that_is_no_folder<'t>(tree: &'t Tree, path: &str) -> Option<(String, &'t Entry, String)> {
    let mut folder = &tree.top;
    let mut before: Vec<&str> = Vec::new();
    let mut names = path.split('/');
    while let Some(name) = names.next() {
        match folder.get(name.as_bytes())? {
            Entry::Folder(next) => {
                folder = next;
                before.push(name);
            }
            entry => return Some((before.join("/"), entry, names.collect::<Vec<_>>().join("/"))),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_at_the_top() {
        for (folder, path, expected) in [
            ("", ".", Some("")),
            ("", "a/./b/..", Some("a")),
            ("sub/", ".", Some("sub")),
            ("sub/", "..", Some("")),
            ("sub/", "../x", Some("x")),
            ("sub/", "../../x", None),
            ("", "..", None),
            ("", "/etc", None),
            ("", "..x", Some("..x")),
        ] {
            assert_eq!(from_top(folder.as_bytes(), path).as_deref(), expected, "{folder} {path}");
        }
        assert_eq!(below("a/b", "../Dockerfile").as_deref(), Some("a/Dockerfile"));
        assert_eq!(below("", "../Dockerfile"), None);
    }
}
