//! What git's database holds: names, modes and ids of all files, and the content of some.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use super::Host;
use super::MAX_INPUT;
use super::programs::{Bounds, Kill, run_bytes};
use crate::facts::command::CommandFailure;

/// How much a list of all files of a repository may have, in bytes.
pub(super) const MAX_LIST: u64 = 512 * 1024 * 1024;

/// How much all objects that are read at once may have, in bytes.
const MAX_OBJECTS: u64 = 64 * 1024 * 1024;

/// How long git may take to list or compare all files, in seconds.
const MAX_WAIT: u64 = 120;

impl Host {
    /// The full hash of the commit that a revision names.
    ///
    /// # Errors
    /// When there is none, or git fails.
    pub fn commit_of(&self, revision: &str) -> Result<String, CommandFailure> {
        let name = format!("{revision}^{{commit}}");
        match self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]) {
            Ok(found) => Ok(found.trim().to_owned()),
            // What does not exist is no failure of git, which says nothing.
            Err(CommandFailure::Status { code: Some(_), errors }) if errors.trim().is_empty() => {
                Err(CommandFailure::NoCommit { revision: revision.to_owned() })
            }
            Err(failure) => Err(failure),
        }
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

    pub(super) fn git_bytes(
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

/// A path as the operating system has it.
pub(super) fn os_path(path: &[u8]) -> Result<&OsStr, CommandFailure> {
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
