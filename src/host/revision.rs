//! The files of a definition as they are in another revision of the repository, in a folder of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path};

use tempfile::TempDir;

use super::{Host, reason};
use crate::facts::command::CommandFailure;

/// How many files are taken out of a revision.
const MAX_FILES: usize = 2000;

/// Another revision, which is gone when this is dropped.
#[derive(Debug)]
pub struct Revision {
    /// The machine as seen from the same folder in it.
    pub host: Host,
    pub(super) _folder: TempDir,
}

impl Host {
    /// The files of a revision for which `is_wanted`, by their paths from the top of the repository. Only git's own database
    /// is read: no filter, hook or remote has a say.
    ///
    /// # Errors
    /// When there is no such revision, it has too many such files, or git fails.
    pub fn at_revision(
        &self,
        revision: &str,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Revision, CommandFailure> {
        self.revision_in(self, revision, is_wanted)
    }

    /// The same of a revision in another repository, where this one's folder is meant.
    ///
    /// # Errors
    /// Likewise.
    pub fn revision_in(
        &self,
        database: &Self,
        revision: &str,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Revision, CommandFailure> {
        let other = |error: std::io::Error| CommandFailure::Other(reason(&error));
        let commit = database.commit_of(revision)?;
        let listed = String::from_utf8_lossy(&database.listed(&commit)?).into_owned();
        let folder = tempfile::tempdir().map_err(other)?;
        // This is where a project ends.
        fs::create_dir(folder.path().join(".git")).map_err(other)?;
        let tree: Tree<'_> = listed.split_terminator('\0').filter_map(entry).collect();
        let files: Vec<_> = tree.iter().filter(|(path, _)| is_wanted(path)).collect();
        if files.len() > MAX_FILES {
            let message =
                format!("`{revision}` has more than {MAX_FILES} files that could be of a definition");
            return Err(CommandFailure::Other(message));
        }
        let ids: Vec<String> = files.iter().map(|(_, (_, object))| (*object).to_owned()).collect();
        let contents = database.objects(&ids)?;
        let links = files.iter().zip(&contents).filter(|((_, (mode, _)), _)| *mode == LINK);
        let links = links.filter_map(|((path, _), to)| Some((**path, to.as_deref()?)));
        let mut linked = followed(database, &tree, links)?;
        for ((path, (mode, _)), content) in files.into_iter().zip(contents) {
            let place = folder.path().join(path);
            // git refuses `..` and `.git` in a tree, and who made this one may not have.
            if Path::new(path).components().any(|part| !matches!(part, Component::Normal(_))) {
                continue;
            }
            let Some(content) = content else {
                return Err(CommandFailure::Other(format!("git does not have the content of `{path}`")));
            };
            let content = if *mode == LINK { linked.remove(path) } else { Some(content) };
            fs::create_dir_all(place.parent().unwrap_or(folder.path())).map_err(other)?;
            match content {
                Some(content) => {
                    let content = String::from_utf8(content)
                        .map_err(|_| CommandFailure::Other(format!("`{path}` is not UTF-8")))?;
                    fs::write(&place, content)
                }
                None => unreadable(&place),
            }
            .map_err(other)?;
        }
        let directory = folder.path().join(self.folder_in_checkout().unwrap_or_default());
        fs::create_dir_all(&directory).map_err(other)?;
        // What lies elsewhere is of today.
        let fence = Some(self.place(folder.path()));
        let moved = Some((self.project(), folder.path().to_owned()));
        Ok(Revision { host: Self { directory, fence, moved, ..self.clone() }, _folder: folder })
    }
}

/// How many links are followed to a file.
const MAX_HOPS: usize = 20;

/// The mode of a symbolic link.
const LINK: &str = "120000";

/// The mode and the object of each file of a revision, by path.
type Tree<'t> = BTreeMap<&'t str, (&'t str, &'t str)>;

/// The path of a line of `git ls-tree` that is a file, its mode and its object.
fn entry(line: &str) -> Option<(&str, (&str, &str))> {
    let (about, path) = line.split_once('\t')?;
    let mut words = about.split(' ');
    let (mode, kind, object) = (words.next()?, words.next()?, words.next()?);
    (kind == "blob").then_some((path, (mode, object)))
}

/// The content of the files that links lead to, as it was committed, by the path of the link; none for one that leads out of
/// the repository or to no file. git is asked once for each hop of all of them.
fn followed<'t, 'c>(
    database: &Host,
    tree: &Tree<'t>,
    links: impl Iterator<Item = (&'t str, &'c [u8])>,
) -> Result<BTreeMap<&'t str, Vec<u8>>, CommandFailure> {
    let mut found = BTreeMap::new();
    let mut open: Vec<(&str, String)> =
        links.filter_map(|(link, to)| Some((link, target(link, to, "")?))).collect();
    for _ in 0..MAX_HOPS {
        let steps: Vec<_> = open
            .iter()
            .filter_map(|(link, path)| {
                let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
                let (at, (mode, object)) =
                    ends.into_iter().find_map(|end| tree.get_key_value(&path[..end]))?;
                Some((*link, *at, &path[at.len()..], *mode, *object))
            })
            .collect();
        let ids: BTreeSet<&str> = steps.iter().map(|(.., object)| *object).collect();
        let contents = database.objects(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>())?;
        let contents: BTreeMap<&str, Option<Vec<u8>>> = ids.into_iter().zip(contents).collect();
        let mut next = Vec::new();
        for (link, at, rest, mode, object) in steps {
            let Some(content) = contents.get(object).and_then(Option::as_deref) else { continue };
            if mode == LINK {
                next.extend(target(at, content, rest).map(|path| (link, path)));
            } else if rest.is_empty() {
                found.insert(link, content.to_owned());
            }
        }
        open = next;
    }
    Ok(found)
}

/// The path that a link leads to, with what stands behind the link in the path that led to it.
fn target(link: &str, to: &[u8], rest: &str) -> Option<String> {
    let to = std::str::from_utf8(to).ok()?;
    let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
    joined(folder, &format!("{to}{rest}"))
}

/// A path below a folder, without `.` and `..`; `None` for one that leads out of the repository.
fn joined(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Puts something there whose reading fails: what it was is not known, and it was not nothing.
fn unreadable(place: &Path) -> std::io::Result<()> {
    // A link out of the revision says why.
    #[cfg(unix)]
    return std::os::unix::fs::symlink("/", place);
    #[cfg(not(unix))]
    fs::create_dir(place)
}
