//! What git's database holds: names, modes and ids of all files, and the content of some.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::time::Duration;

use super::Host;
use super::programs::{Bounds, Kill, run_bytes};
use crate::context::{BadListing, Id, LINK, Tree, rows, tree};
use crate::facts::command::CommandFailure;

/// How much a list of all files of a repository may have, in bytes.
pub(super) const MAX_LIST: u64 = 512 * 1024 * 1024;

/// The same of a commit that git compares, for which it needs some times as much memory.
const MAX_COMPARED: u64 = 128 * 1024 * 1024;

/// How much all objects that are read at once may have, in bytes.
const MAX_OBJECTS: u64 = 64 * 1024 * 1024;

/// How long git may take to list or compare all files, in seconds.
const MAX_WAIT: u64 = 120;

/// How long it takes where there are very many, in seconds.
const USUAL: u64 = 2;

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

    /// All files of a commit.
    ///
    /// # Errors
    /// When there is no such commit, or git fails.
    pub(crate) fn tree_of(&self, commit: &str) -> Result<Tree, CommandFailure> {
        let other = |problem: BadListing| CommandFailure::Other(problem.to_string());
        let listed = self.git_bytes(&["ls-tree", "-r", "-t", "-z", "--full-tree", commit], None, MAX_LIST)?;
        let rows = rows(&listed).map_err(other)?;
        let links = self.links(rows.iter().filter(|row| row.mode == LINK).map(|row| row.id))?;
        tree(rows, &links, None).map_err(other)
    }

    /// What links hold, by their ids; those that git does not have are left out.
    ///
    /// # Errors
    /// When git fails.
    pub(crate) fn links(
        &self,
        ids: impl Iterator<Item = Id>,
    ) -> Result<BTreeMap<Id, Vec<u8>>, CommandFailure> {
        let ids: BTreeSet<Id> = ids.collect();
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let found = self.objects(&names)?;
        Ok(ids.into_iter().zip(found).filter_map(|(id, content)| Some((id, content?))).collect())
    }

    /// How the index differs from a commit.
    ///
    /// # Errors
    /// When there is no such commit, or git fails.
    pub(crate) fn staged(&self, commit: &str) -> Result<Vec<Staged>, CommandFailure> {
        let arguments = [
            "-c",
            "diff.relative=false",
            "diff-index",
            "--cached",
            "--raw",
            "--no-abbrev",
            "-z",
            "--no-renames",
            "--no-ext-diff",
            "--ignore-submodules=dirty",
            commit,
        ];
        // git holds all of a commit in memory to compare it, and lists it while it reads: a few small objects may be a tree of
        // any size.
        self.git_bytes(&["ls-tree", "-r", "-z", "--full-tree", commit], None, MAX_COMPARED)?;
        let printed = self.git_bytes(&arguments, None, MAX_LIST)?;
        staged(&printed)
            .ok_or_else(|| CommandFailure::Other("`git diff-index` printed what it never prints".to_owned()))
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

    pub(super) fn git_bytes(
        &self,
        arguments: &[&str],
        input: Option<&[u8]>,
        most: u64,
    ) -> Result<Vec<u8>, CommandFailure> {
        let command = self.own_git_command(arguments)?;
        let why = || self.pipe_in_the_way();
        let [limit, usual] = [MAX_WAIT, USUAL].map(Duration::from_secs);
        let limits = Bounds { limit, usual, most, kill: Kill::WithChildren, why: &why };
        run_bytes(command, &super::git::name_of(arguments), input, limits)
    }
}

/// A path that the index has otherwise than a commit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Staged {
    /// The path from the top.
    pub(crate) path: Vec<u8>,
    /// The mode and the id of it in the commit; `None` where that does not have it.
    pub(crate) old: Option<(u32, Id)>,
}

/// Reads what `git diff-index --raw -z` prints: `:MODE MODE ID ID STATUS`, NUL, the path, NUL.
fn staged(printed: &[u8]) -> Option<Vec<Staged>> {
    let fields: Vec<&[u8]> = printed.split(|byte| *byte == 0).collect();
    let ([pairs @ .., b""] | pairs @ []) = fields.as_slice() else { return None };
    let (pairs, rest) = pairs.as_chunks::<2>();
    let one = |[about, path]: &[&[u8]; 2]| {
        let words: Vec<&[u8]> = about.strip_prefix(b":")?.split(|byte| *byte == b' ').collect();
        let [mode, _, id, _, _] = words[..] else { return None };
        let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
        let id = Id::from_hex(id)?;
        Some(Staged { path: path.to_vec(), old: (mode != 0).then_some((mode, id)) })
    };
    if rest.is_empty() { pairs.iter().map(one).collect() } else { None }
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
    fn what_is_staged_says_what_the_commit_has() {
        let id = "fe7099035edfd8a474b5aa4aded5723640a7d252";
        let none = "0".repeat(40);
        let text = format!(
            ":100644 000000 {id} {none} D\0a\nb\0:000000 100755 {none} {id} A\0c d\0:120000 100644 {id} {none} T\0e\0"
        );
        let has = |path: &[u8], mode: u32| Staged {
            path: path.to_vec(),
            old: (mode != 0).then(|| (mode, Id::from_hex(id.as_bytes()).unwrap())),
        };
        let expected = vec![has(b"a\nb", 0o100_644), has(b"c d", 0), has(b"e", 0o120_000)];
        assert_eq!(staged(text.as_bytes()), Some(expected));
        assert_eq!(staged(b""), Some(Vec::new()));
        for bad in [&text[..text.len() - 1], "x", ":1\0a\0", &text.replace(" D", "")] {
            assert_eq!(staged(bad.as_bytes()), None, "{bad}");
        }
    }

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
