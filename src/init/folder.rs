//! The folder that commands run in, as seen from the top of the repository.

use super::text::{Piece, Template};

/// What stands for the top of the repository at the beginning of a path.
pub(crate) const TOP: char = '\u{e003}';

/// A folder of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    /// It is this one, empty for the top.
    Known(String),
    /// It is not known: how it is written.
    Unknown(String),
}

impl Default for Folder {
    fn default() -> Self {
        Self::Known(String::new())
    }
}

impl Folder {
    /// The folder at a path that is seen from this one.
    pub(crate) fn at(&self, path: &Template) -> Self {
        let Some(text) = path.constant() else { return Self::Unknown(path.shown().replace(TOP, "")) };
        let (from, path) = match (text.strip_prefix(TOP), self) {
            (Some(path), _) => ("", path),
            (None, Self::Known(own)) if !text.starts_with(['/', '~']) => (own.as_str(), text.as_str()),
            (None, _) => return Self::Unknown(text),
        };
        let path = clean(&format!("{from}/{path}"));
        Self::Known(if path == "." { String::new() } else { path })
    }

    /// A path that is seen from this folder, as seen from the top. What is elsewhere stays as it is.
    pub(crate) fn path(&self, path: Template) -> Template {
        let (Self::Known(folder), Some(Piece::Text(first))) = (self, path.0.first()) else { return path };
        let first = first.clone();
        let mut whole = Template::default();
        if let Some(rest) = first.strip_prefix(TOP) {
            let rest = rest.trim_start_matches('/');
            whole.push(Piece::Text(if rest.is_empty() { ".".to_owned() } else { rest.to_owned() }));
        } else if folder.is_empty() || first.starts_with('/') || first.contains("://") || first.contains('@')
        {
            return path;
        } else {
            whole.push(Piece::Text(format!("{folder}/{first}")));
        }
        path.0[1..].iter().cloned().for_each(|piece| whole.push(piece));
        whole
    }
}

/// A path without `./` and without `..` as far as that can be told.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// A path as seen from a folder, both from the same place.
pub(crate) fn relative(path: &str, folder: &str) -> String {
    let (path, folder) = (clean(path), clean(folder));
    if folder == "." {
        return path;
    }
    let (mut of_path, mut of_folder) = (path.split('/').peekable(), folder.split('/').peekable());
    while of_path.peek().is_some() && of_path.peek() == of_folder.peek() {
        of_path.next();
        of_folder.next();
    }
    let up = of_folder.map(|_| "..");
    let parts: Vec<&str> = up.chain(of_path.filter(|part| *part != ".")).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Whether a file is YAML.
pub(crate) fn is_yaml(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.ends_with(".yml") || path.ends_with(".yaml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_seen_from_the_top() {
        let folder = |text: &str| Folder::Known(text.to_owned());
        for (own, path, expected) in [
            ("", "api", "api"),
            ("api", "..", ""),
            ("api", "./web/", "api/web"),
            ("api", "\u{e003}/web", "web"),
            ("api", "\u{e003}", ""),
        ] {
            assert_eq!(folder(own).at(&Template::from(path)), folder(expected), "{own} {path}");
        }
        for path in ["/srv", "~", "~/x"] {
            assert_eq!(folder("api").at(&Template::from(path)), Folder::Unknown(path.to_owned()));
        }
        for (own, path, expected) in [
            ("", "api", "api"),
            ("api", ".", "api/."),
            ("api", "\u{e003}", "."),
            ("api", "\u{e003}/web", "web"),
            ("api", "https://example.com/x.git", "https://example.com/x.git"),
        ] {
            assert_eq!(folder(own).path(Template::from(path)).shown(), expected, "{own} {path}");
        }
    }
}
