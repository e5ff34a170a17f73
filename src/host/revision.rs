//! The files of a definition as they are in another revision of the repository, in a folder of their own.

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
        let files: Vec<(&str, &str, &str)> = listed.split_terminator('\0').filter_map(entry).collect();
        let files: Vec<_> = files.into_iter().filter(|(_, _, path)| is_wanted(path)).collect();
        if files.len() > MAX_FILES {
            let message =
                format!("`{revision}` has more than {MAX_FILES} files that could be of a definition");
            return Err(CommandFailure::Other(message));
        }
        let ids: Vec<String> = files.iter().map(|(_, object, _)| (*object).to_owned()).collect();
        for ((mode, _, path), content) in files.into_iter().zip(database.objects(&ids)?) {
            let place = folder.path().join(path);
            // git refuses `..` and `.git` in a tree, and who made this one may not have.
            if Path::new(path).components().any(|part| !matches!(part, Component::Normal(_))) {
                continue;
            }
            let Some(content) = content else {
                return Err(CommandFailure::Other(format!("git does not have the content of `{path}`")));
            };
            let content = String::from_utf8(content)
                .map_err(|_| CommandFailure::Other(format!("`{path}` is not UTF-8")))?;
            fs::create_dir_all(place.parent().unwrap_or(folder.path())).map_err(other)?;
            if mode == LINK { link(&content, &place) } else { fs::write(&place, content) }.map_err(other)?;
        }
        let directory = folder.path().join(self.folder_in_checkout().unwrap_or_default());
        fs::create_dir_all(&directory).map_err(other)?;
        Ok(Revision { host: Self { directory, ..self.clone() }, _folder: folder })
    }
}

/// The mode of a symbolic link.
const LINK: &str = "120000";

/// Mode, object and path of a line of `git ls-tree` that is a file.
fn entry(line: &str) -> Option<(&str, &str, &str)> {
    let (about, path) = line.split_once('\t')?;
    let mut words = about.split(' ');
    let (mode, kind, object) = (words.next()?, words.next()?, words.next()?);
    (kind == "blob").then_some((mode, object, path))
}

/// A link as it was committed. One that leads out of the revision would lead into the machine.
fn link(to: &str, place: &Path) -> std::io::Result<()> {
    let leads_out = Path::new(to).is_absolute() || to.split('/').any(|part| part == "..");
    #[cfg(unix)]
    if !leads_out {
        return std::os::unix::fs::symlink(to, place);
    }
    let _ = (leads_out, place);
    Ok(())
}
