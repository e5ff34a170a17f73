//! What git's database and the working tree hold: names, modes and ids of all files, and the content of some.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Host;
use super::programs::{Bounds, Kill, run_bytes};
use super::{MAX_INPUT, reason};
use crate::facts::command::CommandFailure;
use crate::facts::worktree;

/// How much a list of all files of a repository may have, in bytes.
const MAX_LIST: u64 = 512 * 1024 * 1024;

/// How much all objects that are read at once may have, in bytes.
const MAX_OBJECTS: u64 = 64 * 1024 * 1024;

/// How long git may take to list or compare all files, in seconds.
const MAX_WAIT: u64 = 120;

/// How `git status` shows what differs from the commit.
const STATUS: [&str; 6] =
    ["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames"];

/// How git lists what nobody committed, ignored or not, whole folders as one. `git status` leaves out empty folders, which
/// builds see.
const UNTRACKED: [&str; 7] = ["ls-files", "--others", "--directory", "--full-name", "-z", "--", ":/"];

/// How git lists tracked files, with a letter before each that says whether `git status` looks at it.
const FLAGGED: [&str; 6] = ["ls-files", "-v", "--full-name", "-z", "--", ":/"];

/// What the working tree has in the place of a tracked file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// A file with this content.
    File {
        /// Whether its owner may execute it.
        executable: bool,
        /// The content.
        content: Vec<u8>,
    },
    /// A link to there.
    Link(Vec<u8>),
    /// Nothing that could be read as a file: it was removed, or became a folder.
    Nothing,
}

/// How the working tree differs from the commit. Paths are from the top of the repository, in bytes as git has them.
#[derive(Clone, Debug, Default)]
pub struct WorkingTree {
    /// Tracked files that differ, and what is there instead.
    pub changed: Vec<(Vec<u8>, Replacement)>,
    /// Files and folders that git does not track; folders end with `/`.
    pub untracked: Vec<Vec<u8>>,
}

impl Host {
    /// The full hash of the commit that a revision names.
    ///
    /// # Errors
    /// When there is none, or git fails.
    pub fn commit_of(&self, revision: &str) -> Result<String, CommandFailure> {
        let name = format!("{revision}^{{commit}}");
        let found = self.git(&["rev-parse", "--verify", "--end-of-options", &name])?;
        Ok(found.trim().to_owned())
    }

    /// All files and folders of a commit, as `git ls-tree -r -t -z` lists them.
    ///
    /// # Errors
    /// When there is no such commit, or git fails.
    pub fn listed(&self, commit: &str) -> Result<Vec<u8>, CommandFailure> {
        self.git_bytes(&["ls-tree", "-r", "-t", "-z", "--full-tree", commit], None, MAX_LIST)
    }

    /// The contents of objects, by their ids, in order; none for one that is not there.
    ///
    /// # Errors
    /// When git fails, or they have more than [`MAX_OBJECTS`] together.
    pub fn objects(&self, ids: &[String]) -> Result<Vec<Option<Vec<u8>>>, CommandFailure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let asked: String = ids.iter().flat_map(|id| [id.as_str(), "\n"]).collect();
        let answer = self.git_bytes(&["cat-file", "--batch"], Some(asked.as_bytes()), MAX_OBJECTS)?;
        let objects = objects(&answer);
        if objects.len() == ids.len() {
            Ok(objects)
        } else {
            Err(CommandFailure::Other("`git cat-file` answered less than it was asked".to_owned()))
        }
    }

    /// How the working tree differs from the commit. Filters do not run, so a file that has one and may differ does.
    ///
    /// # Errors
    /// When git fails, or a filter cannot be switched off.
    pub fn working_tree(&self) -> Result<WorkingTree, CommandFailure> {
        let off =
            worktree::without_filters(&|arguments| self.git(arguments)).map_err(CommandFailure::Other)?;
        let arguments: Vec<&str> = off.iter().map(String::as_str).chain(STATUS).collect();
        let listed = self.git_bytes(&arguments, None, MAX_LIST)?;
        let top = self.top()?;
        let mut found = WorkingTree::default();
        let mut change = |path: &[u8]| -> Result<(), CommandFailure> {
            found.changed.push((path.to_vec(), replacement(&top.join(os_path(path)?))?));
            Ok(())
        };
        for entry in entries(&listed) {
            change(&entry[3..])?;
        }
        let flagged = self.git_bytes(&FLAGGED, None, MAX_LIST)?;
        for entry in entries(&flagged) {
            // Left out (`S`) or taken for unchanged (small letters) by the user's wish: whatever is there counts.
            if entry[0] == b'S' || entry[0].is_ascii_lowercase() {
                change(&entry[2..])?;
            }
        }
        let untracked = self.git_bytes(&UNTRACKED, None, MAX_LIST)?;
        found.untracked =
            untracked.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect();
        Ok(found)
    }

    /// The top of the checkout.
    ///
    /// # Errors
    /// When there is none.
    pub fn top(&self) -> Result<PathBuf, CommandFailure> {
        let found = self.git_bytes(&["rev-parse", "--show-toplevel"], None, MAX_INPUT)?;
        let found = found.strip_suffix(b"\n").unwrap_or(&found);
        Ok(PathBuf::from(os_path(found)?))
    }

    /// The working directory from the top of the checkout; empty, or with `/` at its end.
    ///
    /// # Errors
    /// When there is none.
    pub fn prefix(&self) -> Result<Vec<u8>, CommandFailure> {
        let found = self.git_bytes(&["rev-parse", "--show-prefix"], None, MAX_INPUT)?;
        Ok(found.strip_suffix(b"\n").unwrap_or(&found).to_vec())
    }

    fn git_bytes(
        &self,
        arguments: &[&str],
        input: Option<&[u8]>,
        most: u64,
    ) -> Result<Vec<u8>, CommandFailure> {
        let command = self.own_git_command(arguments)?;
        let why = || self.pipe_in_the_way();
        let limits =
            Bounds { limit: Duration::from_secs(MAX_WAIT), most, kill: Kill::WithChildren, why: &why };
        run_bytes(command, &super::git::name_of(arguments), input, limits)
    }
}

/// Paths with what git says of them in front.
fn entries(listed: &[u8]) -> impl Iterator<Item = &[u8]> {
    listed.split(|byte| *byte == 0).filter(|entry| entry.len() > 2)
}

/// What is there in the place of a tracked file.
fn replacement(place: &Path) -> Result<Replacement, CommandFailure> {
    let other = |error: std::io::Error| CommandFailure::Other(reason(&error));
    let Ok(found) = fs::symlink_metadata(place) else { return Ok(Replacement::Nothing) };
    if found.is_symlink() {
        let to = fs::read_link(place).map_err(other)?;
        return Ok(Replacement::Link(to.as_os_str().as_encoded_bytes().to_vec()));
    }
    if !found.is_file() {
        return Ok(Replacement::Nothing);
    }
    #[cfg(unix)]
    let executable = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o100 != 0;
    #[cfg(not(unix))]
    let executable = false;
    if found.len() > MAX_LIST {
        return Err(CommandFailure::Other(format!("a changed file has more than {} MiB", MAX_LIST >> 20)));
    }
    Ok(Replacement::File { executable, content: fs::read(place).map_err(other)? })
}

/// A path as the operating system has it.
fn os_path(path: &[u8]) -> Result<&OsStr, CommandFailure> {
    #[cfg(unix)]
    return Ok(std::os::unix::ffi::OsStrExt::from_bytes(path));
    #[cfg(not(unix))]
    return std::str::from_utf8(path)
        .map(OsStr::new)
        .map_err(|_| CommandFailure::Other("the name of a file is not UTF-8".to_owned()));
}

/// The objects that `git cat-file --batch` prints: `ID TYPE SIZE`, a line break, as many bytes, a line break; or `ID missing`.
fn objects(mut answer: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut found = Vec::new();
    while let Some(end) = answer.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(&answer[..end]);
        let mut words = line.split(' ').skip(1);
        let size = words.nth(1).and_then(|size| size.parse::<usize>().ok());
        answer = &answer[end + 1..];
        let Some(content) = size.and_then(|size| answer.get(..size)) else {
            found.push(None);
            continue;
        };
        found.push(Some(content.to_vec()));
        answer = answer.get(content.len() + 1..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_objects_of_a_batch() {
        let answer = b"aa blob 3\na\nb\nbb missing\ncc blob 0\n\ndd blob 2\n\xff\n\n";
        let expected = [Some(b"a\nb".to_vec()), None, Some(Vec::new()), Some(b"\xff\n".to_vec())];
        assert_eq!(objects(answer), expected);
        assert_eq!(objects(b""), []);
        // What ends too early is not there.
        assert_eq!(objects(b"aa blob 9\nabc"), [None]);
    }
}
