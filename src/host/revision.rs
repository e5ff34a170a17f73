//! The files of a definition as they are in another revision of the repository, in a folder of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::{Host, reason};
use crate::bake::values::clean_path;
use crate::context::{Entry, Tree};
use crate::facts::command::CommandFailure;
use crate::reads::{Place, find};

/// How many files are taken out of a revision.
const MAX_FILES: usize = 2000;

/// How often more files are taken out of it.
const MAX_ROUNDS: usize = 20;

/// Another revision, which is gone when this is dropped.
#[derive(Debug)]
pub struct Revision {
    /// The machine as seen from the same folder in it.
    pub host: Host,
    pub(super) folder: TempDir,
}

impl Revision {
    /// The files of the revision that were looked for in vain.
    fn missed(&self, tree: &Tree) -> BTreeSet<String> {
        let looked = self.host.looked.as_ref().and_then(|looked| looked.lock().ok());
        let inside = |full: &PathBuf| Some(clean_path(full.strip_prefix(self.folder.path()).ok()?.to_str()?));
        let paths: BTreeSet<String> = looked.iter().flat_map(|all| all.iter()).filter_map(inside).collect();
        let is_there = |path: &String| {
            let is_file =
                matches!(tree.top.find(path.as_bytes()), Some(Entry::File { .. } | Entry::Link { .. }));
            is_file && self.folder.path().join(path).symlink_metadata().is_err()
        };
        paths.into_iter().filter(is_there).collect()
    }
}

impl Host {
    /// Makes something of the files of a revision for which `is_wanted`, by their paths from the top of the repository, and of those
    /// that it looks for. Only git's own database is read: no filter, hook or remote has a say.
    ///
    /// # Errors
    /// When there is no such revision, it has too many such files, or git fails.
    pub(crate) fn at_revision<T>(
        &self,
        revision: &str,
        is_wanted: &dyn Fn(&str) -> bool,
        make: &mut dyn FnMut(&Self) -> T,
    ) -> Result<(Revision, T), CommandFailure> {
        let tree = self.tree_of(&self.commit_of(revision)?)?;
        self.made_of(self, revision, &tree, is_wanted, make)
    }

    /// Makes something of the files of a revision, as in [`Self::revision_in`]; again, with what that looked for in vain and the
    /// revision has, until it has all: a definition may name any file.
    ///
    /// # Errors
    /// Likewise, or when that has no end.
    pub(crate) fn made_of<T>(
        &self,
        database: &Self,
        revision: &str,
        tree: &Tree,
        is_wanted: &dyn Fn(&str) -> bool,
        make: &mut dyn FnMut(&Self) -> T,
    ) -> Result<(Revision, T), CommandFailure> {
        let mut named: BTreeSet<String> = BTreeSet::new();
        for _ in 0..MAX_ROUNDS {
            let is_wanted = |path: &str| is_wanted(path) || named.contains(path);
            let there = self.revision_in(database, revision, tree, &is_wanted)?;
            let made = make(&there.host);
            let missed = there.missed(tree);
            if missed.is_empty() {
                return Ok((there, made));
            }
            named.extend(missed);
        }
        let message = format!("the definition of `{revision}` names files that name files, and so on");
        Err(CommandFailure::Other(message))
    }

    /// The same of a revision in another repository, where this one's folder is meant, whose files are known.
    ///
    /// # Errors
    /// Likewise.
    pub(crate) fn revision_in(
        &self,
        database: &Self,
        revision: &str,
        tree: &Tree,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Revision, CommandFailure> {
        let other = |error: std::io::Error| CommandFailure::Other(reason(&error));
        let folder = tempfile::tempdir().map_err(other)?;
        // This is where a project ends.
        fs::create_dir(folder.path().join(".git")).map_err(other)?;
        let files = wanted(tree, is_wanted);
        if files.len() > MAX_FILES {
            let message =
                format!("`{revision}` has more than {MAX_FILES} files that could be of a definition");
            return Err(CommandFailure::Other(message));
        }
        let ids: BTreeSet<&String> = files.iter().filter_map(|(_, id)| id.as_ref()).collect();
        let contents = database.objects(&ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>())?;
        let contents: BTreeMap<&String, Option<Vec<u8>>> = ids.into_iter().zip(contents).collect();
        for (path, id) in &files {
            let place = folder.path().join(path);
            // git refuses `..` and `.git` in a tree, and who made this one may not have.
            if Path::new(path).components().any(|part| !matches!(part, Component::Normal(_))) {
                continue;
            }
            fs::create_dir_all(place.parent().unwrap_or(folder.path())).map_err(other)?;
            let written = match id {
                Some(id) => {
                    let content = contents.get(id).and_then(Option::as_deref).ok_or_else(|| {
                        CommandFailure::Other(format!("git does not have the content of `{path}`"))
                    })?;
                    let content = std::str::from_utf8(content)
                        .map_err(|_| CommandFailure::Other(format!("`{path}` is not UTF-8")))?;
                    fs::write(&place, content)
                }
                None => unreadable(&place),
            };
            written.map_err(other)?;
        }
        let directory = folder.path().join(self.folder_in_checkout().unwrap_or_default());
        fs::create_dir_all(&directory).map_err(other)?;
        // What lies elsewhere is of today.
        let fence = Some(self.place(folder.path()));
        let moved = Some((self.project(), folder.path().to_owned()));
        let looked = Some(Arc::default());
        Ok(Revision { host: Self { directory, fence, moved, looked, ..self.clone() }, folder })
    }
}

/// The paths of a tree that are wanted, with the ids of their contents; a link with that of the file to which it leads, and none
/// if it leads to no file of the repository.
fn wanted(tree: &Tree, is_wanted: &dyn Fn(&str) -> bool) -> Vec<(String, Option<String>)> {
    let mut files = Vec::new();
    tree.top.each(&mut Vec::new(), &mut |path, entry| {
        let Ok(path) = std::str::from_utf8(path) else { return };
        if !is_wanted(path) {
            return;
        }
        match entry {
            Entry::File { executable: _, id } => files.push((path.to_owned(), Some(id.to_string()))),
            Entry::Link { .. } => {
                let id = match find(tree, path) {
                    Place::File { path: _, id } => Some(id),
                    Place::Missing { path: _ } | Place::Other => None,
                };
                files.push((path.to_owned(), id));
            }
            Entry::Folder(_) | Entry::Submodule { id: _ } => {}
        }
    });
    files
}

/// Puts something there whose reading fails: what it was is not known, and it was not nothing.
fn unreadable(place: &Path) -> std::io::Result<()> {
    // A link out of the revision says why.
    #[cfg(unix)]
    return std::os::unix::fs::symlink("/", place);
    #[cfg(not(unix))]
    fs::create_dir(place)
}
