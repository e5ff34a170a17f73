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
        let all: Vec<(&str, &str, &str)> = listed.split_terminator('\0').filter_map(entry).collect();
        let files: Vec<_> = all.iter().copied().filter(|(_, _, path)| is_wanted(path)).collect();
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
            let content = match mode {
                LINK => followed(database, &all, path)?,
                _ => Some(content),
            };
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

/// Mode, object and path of a line of `git ls-tree` that is a file.
fn entry(line: &str) -> Option<(&str, &str, &str)> {
    let (about, path) = line.split_once('\t')?;
    let mut words = about.split(' ');
    let (mode, kind, object) = (words.next()?, words.next()?, words.next()?);
    (kind == "blob").then_some((mode, object, path))
}

/// The content of what a link leads to, as it was committed; `None` where it leads out of the repository or to no file.
fn followed(
    database: &Host,
    all: &[(&str, &str, &str)],
    path: &str,
) -> Result<Option<Vec<u8>>, CommandFailure> {
    let content = |object: &str| -> Result<Option<Vec<u8>>, CommandFailure> {
        Ok(database.objects(&[object.to_owned()])?.into_iter().next().flatten())
    };
    let mut path = path.to_owned();
    for _ in 0..MAX_HOPS {
        let is_at = |entry: &&(&str, &str, &str)| {
            path.strip_prefix(entry.2).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let Some((mode, object, at)) = all.iter().find(is_at) else { return Ok(None) };
        let rest = &path[at.len()..];
        let Some(found) = content(object)? else { return Ok(None) };
        if *mode != LINK {
            return Ok(rest.is_empty().then_some(found));
        }
        let Ok(to) = String::from_utf8(found) else { return Ok(None) };
        let folder = at.rsplit_once('/').map_or("", |(folder, _)| folder);
        let Some(next) = joined(folder, &format!("{to}{rest}")) else { return Ok(None) };
        path = next;
    }
    Ok(None)
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
