//! What the working tree has in the place of what is committed.

use std::fs;
use std::path::Path;

use super::Host;
use super::objects::{MAX_LIST, os_path};
use super::reason;
use crate::facts::command::CommandFailure;
use crate::facts::{conversion, worktree};
use crate::parallel;

/// How `git status` shows what differs from the commit.
const STATUS: [&str; 6] =
    ["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames"];

/// What a checkout has counts for a build, also where the configuration says that it does not count for git.
#[cfg(unix)]
const ALL_COUNTS: [&str; 4] = ["-c", "core.fileMode=true", "-c", "core.symlinks=true"];
#[cfg(not(unix))]
const ALL_COUNTS: [&str; 0] = [];

/// How git lists what nobody committed, ignored or not, whole folders as one. `git status` leaves out empty folders, which
/// builds see.
const UNTRACKED: [&str; 7] = ["ls-files", "--others", "--directory", "--full-name", "-z", "--", ":/"];

/// How git lists tracked files, with a letter before each that says whether `git status` looks at it, the mode and the id.
const TRACKED: [&str; 7] = ["ls-files", "-v", "--stage", "--full-name", "-z", "--", ":/"];

/// The mode of a submodule.
const SUBMODULE: &[u8] = b"160000";

/// Where the configuration of the repository says how files are converted.
const OWN_ATTRIBUTES: [&str; 3] = ["rev-parse", "--git-path", "info/attributes"];

/// Where that of the user and that of the machine do; git before 2.42 does not say.
const OTHER_ATTRIBUTES: [[&str; 2]; 2] = [["var", "GIT_ATTR_GLOBAL"], ["var", "GIT_ATTR_SYSTEM"]];

/// The variables that make git look at another repository than that of the folder.
const ELSEWHERE: [&str; 4] = ["GIT_DIR", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"];

/// What the working tree has in the place of what is committed.
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
    /// A submodule of which this commit is checked out.
    Submodule(String),
    /// Nothing that could be read as a file: it was removed, or became a folder.
    Nothing,
}

/// How the working tree differs from the commit. Paths are from the top of the repository, in bytes as git has them.
#[derive(Clone, Debug, Default)]
pub struct WorkingTree {
    /// What is tracked and differs, and what is there instead.
    pub changed: Vec<(Vec<u8>, Replacement)>,
    /// Files and folders that git does not track; folders end with `/`.
    pub untracked: Vec<Vec<u8>>,
    /// What cannot be compared, and why; folders end with `/`.
    pub unknown: Vec<(Vec<u8>, String)>,
    /// Submodules that are not checked out: empty folders.
    pub empty: Vec<Vec<u8>>,
    /// The folders below which git may convert files as it checks them out, such as the ends of their lines.
    pub converted: Vec<Vec<u8>>,
}

/// A file of the working tree as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actual {
    /// Its permissions; none where the system has no such.
    pub mode: Option<u32>,
    /// Its content, if it was asked for.
    pub content: Option<Vec<u8>>,
}

impl Host {
    /// How the working tree differs from the commit. Filters do not run, so a file that has one and may differ does.
    ///
    /// # Errors
    /// When git fails, or a filter cannot be switched off.
    pub fn working_tree(&self) -> Result<WorkingTree, CommandFailure> {
        let off =
            worktree::without_filters(&|arguments| self.git(arguments)).map_err(CommandFailure::Other)?;
        let options = ALL_COUNTS.into_iter().chain(off.iter().map(String::as_str));
        let status: Vec<&str> = options.chain(STATUS).collect();
        let (listed, untracked) = parallel::at_once(
            || self.git_bytes(&status, None, MAX_LIST),
            || self.git_bytes(&UNTRACKED, None, MAX_LIST),
        );
        let (listed, untracked) = (listed?, untracked?);
        let top = self.top()?;
        let mut found = WorkingTree::default();
        let change = |found: &mut WorkingTree, path: &[u8]| -> Result<(), CommandFailure> {
            found.changed.push((path.to_vec(), replacement(&top.join(os_path(path)?))?));
            Ok(())
        };
        for entry in entries(&listed) {
            change(&mut found, &entry[3..])?;
        }
        let mut attributes: Vec<Vec<u8>> = Vec::new();
        let tracked = self.git_bytes(&TRACKED, None, MAX_LIST)?;
        for Tracked { letter, mode, id, path } in entries(&tracked).filter_map(tracked_entry) {
            // Left out (`S`) or taken for unchanged (small letters) by the user's wish: whatever is there counts.
            if letter == b'S' || letter.is_ascii_lowercase() {
                change(&mut found, path)?;
            }
            if mode == SUBMODULE {
                self.submodule(&top.join(os_path(path)?), path, id, &mut found);
            } else if conversion::is_attributes(path) {
                attributes.push(path.to_vec());
            }
        }
        let untracked = untracked.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        attributes
            .extend(untracked.clone().filter(|path| conversion::is_attributes(path)).map(<[u8]>::to_vec));
        found.untracked.extend(untracked.map(<[u8]>::to_vec));
        found.converted = if self.converts_anywhere()? { vec![Vec::new()] } else { Vec::new() };
        for path in attributes {
            // One that cannot be read may say anything, and git may know it from the index.
            let converts = fs::read(top.join(os_path(&path)?)).map_or(true, |text| conversion::is_in(&text));
            if converts {
                let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                found.converted.push(path[..end].to_vec());
            }
        }
        Ok(found)
    }

    /// Whether the configuration of git converts files, wherever they are.
    fn converts_anywhere(&self) -> Result<bool, CommandFailure> {
        if conversion::is_configured(&self.git(&["config", "-z", "--list"])?) {
            return Ok(true);
        }
        let own = self.git(&OWN_ATTRIBUTES)?;
        let others = OTHER_ATTRIBUTES.iter().filter_map(|arguments| self.git(arguments).ok());
        let is_in = |path: String| {
            fs::read(self.directory.join(path.trim_end_matches('\n')))
                .is_ok_and(|text| conversion::is_in(&text))
        };
        Ok([own].into_iter().chain(others).any(is_in))
    }

    /// Adds how a submodule differs, whose commit here is `id`. Its repository is as much the user's as the one around it,
    /// since git never checks out a `.git`; it is asked in the same way.
    fn submodule(&self, place: &Path, path: &[u8], id: &[u8], found: &mut WorkingTree) {
        let listed = found.changed.len();
        found.changed.retain(|(own, _)| own != path);
        let is_listed = found.changed.len() < listed;
        let below = |inner: &[u8]| [path, b"/", inner].concat();
        let name = path.escape_ascii().to_string();
        let Ok(mut content) = fs::read_dir(place) else {
            found.changed.push((path.to_vec(), Replacement::Nothing));
            return;
        };
        let Ok(repository) = place.join(".git").symlink_metadata() else {
            if content.next().is_some() {
                let why = format!("the submodule `{name}` is not checked out, but has files");
                found.unknown.push((below(b""), why));
            }
            found.empty.push(path.to_vec());
            return;
        };
        if repository.is_dir() {
            let why = format!("the build sees `{name}/.git`, which has more than its commit");
            found.unknown.push((below(b".git/"), why));
        }
        let host = Self { directory: place.to_owned(), ..self.clone() };
        let read = || {
            if let Some(variable) =
                ELSEWHERE.iter().find(|name| self.env().get(**name).is_some_and(|value| !value.is_empty()))
            {
                return Err(CommandFailure::Other(format!("`{variable}` names another repository")));
            }
            Ok((host.commit_of("HEAD")?, host.working_tree()?))
        };
        let (commit, inner) = match read() {
            Ok(read) => read,
            Err(failure) => {
                let why = format!("the submodule `{name}` cannot be read: {}", failure.reason());
                found.unknown.push((below(b""), why));
                return;
            }
        };
        if is_listed || commit.as_bytes() != id {
            found.changed.push((path.to_vec(), Replacement::Submodule(commit)));
        }
        let WorkingTree { changed, untracked, unknown, empty, converted } = inner;
        for (inner, _) in changed {
            let why = format!("`{name}/{}` differs from the commit of its submodule", inner.escape_ascii());
            found.unknown.push((below(&inner), why));
        }
        for inner in empty {
            let why = format!("`{name}/{}` is a submodule that is not checked out", inner.escape_ascii());
            found.unknown.push((below(&inner), why));
        }
        if !converted.is_empty() {
            let why = format!("git may convert the files of the submodule `{name}` as it checks them out");
            found.unknown.push((below(b""), why));
        }
        found
            .unknown
            .extend(unknown.into_iter().map(|(inner, why)| (below(&inner), format!("{why} (in `{name}`)"))));
        found.untracked.extend(untracked.iter().map(|inner| below(inner)));
    }

    /// A file of the working tree as it is, with its content if that is wanted; nothing when it is no file.
    ///
    /// # Errors
    /// When it cannot be read, or is too large.
    pub fn actual(
        &self,
        top: &Path,
        path: &[u8],
        with_content: bool,
    ) -> Result<Option<Actual>, CommandFailure> {
        let place = top.join(os_path(path)?);
        let Ok(found) = fs::symlink_metadata(&place) else { return Ok(None) };
        if !found.is_file() {
            return Ok(None);
        }
        #[cfg(unix)]
        let mode = Some(std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o7777);
        #[cfg(not(unix))]
        let mode = None;
        let content = with_content.then(|| content_of(&place, &found)).transpose()?;
        Ok(Some(Actual { mode, content }))
    }
}

/// Paths with what git says of them in front.
fn entries(listed: &[u8]) -> impl Iterator<Item = &[u8]> {
    listed.split(|byte| *byte == 0).filter(|entry| entry.len() > 2)
}

/// A tracked file, as `git ls-files` prints it.
struct Tracked<'a> {
    letter: u8,
    mode: &'a [u8],
    id: &'a [u8],
    path: &'a [u8],
}

fn tracked_entry(entry: &[u8]) -> Option<Tracked<'_>> {
    let at = entry.iter().position(|byte| *byte == b'\t')?;
    let (head, path) = (&entry[..at], &entry[at + 1..]);
    let mut words = head.split(|byte| *byte == b' ');
    let (letter, mode, id) = (words.next()?.first()?, words.next()?, words.next()?);
    Some(Tracked { letter: *letter, mode, id, path })
}

/// What is there in the place of a tracked file.
fn replacement(place: &Path) -> Result<Replacement, CommandFailure> {
    let Ok(found) = fs::symlink_metadata(place) else { return Ok(Replacement::Nothing) };
    if found.is_symlink() {
        let to = fs::read_link(place).map_err(|error| CommandFailure::Other(reason(&error)))?;
        return Ok(Replacement::Link(to.as_os_str().as_encoded_bytes().to_vec()));
    }
    if !found.is_file() {
        return Ok(Replacement::Nothing);
    }
    #[cfg(unix)]
    let executable = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o100 != 0;
    #[cfg(not(unix))]
    let executable = false;
    Ok(Replacement::File { executable, content: content_of(place, &found)? })
}

fn content_of(place: &Path, found: &fs::Metadata) -> Result<Vec<u8>, CommandFailure> {
    if found.len() > MAX_LIST {
        let name = place.display();
        return Err(CommandFailure::Other(format!("`{name}` has more than {} MiB", MAX_LIST >> 20)));
    }
    fs::read(place).map_err(|error| CommandFailure::Other(reason(&error)))
}
