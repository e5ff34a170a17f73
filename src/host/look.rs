//! Looks at each folder of the working tree that git tracks something in: what differs from the index, and what is beside
//! it.
//!
//! A file that the system describes as it did when git last read it is not read again. git itself makes the same
//! comparison, to the second in most of its builds; this one is to the nanosecond.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry, Metadata};
use std::io::{ErrorKind, Result as IoResult};
use std::path::Path;

use super::objects::{MAX_LIST, os_path};
use super::reason;
use crate::context::{Described, FILE, Id, Indexed, LINK, SUBMODULE, TYPE};
use crate::facts::command::CommandFailure;
use crate::parallel;

/// The repository of a folder.
const GIT: &[u8] = b".git";

/// The permissions that files of a commit have.
#[cfg(unix)]
const USUAL: [u32; 2] = [0o644, 0o755];

/// A mode that the index has for files that may be executed.
pub(super) const EXECUTABLE: u32 = 0o100;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Paths of the index, by their numbers, that are not as it says, and each link.
    pub(super) tracked: Vec<(usize, Thing)>,
    /// What it does not have; folders end with `/`.
    pub(super) untracked: Vec<Vec<u8>>,
    /// What cannot be read, and why; folders end with `/`.
    pub(super) unknown: Vec<(Vec<u8>, String)>,
    /// Folders of the index that are something else.
    gone: Vec<Vec<u8>>,
}

/// What is at a path.
#[derive(Debug)]
pub(super) enum Thing {
    /// Nothing that git could have there.
    Nothing,
    /// A link to there.
    Link(Vec<u8>),
    /// A file.
    File {
        /// Whether its owner may execute it.
        executable: bool,
        /// Its content, if the index has another.
        content: Option<Id>,
        /// Its permissions, if no commit has such.
        mode: Option<u32>,
    },
}

/// A folder, and what the index has in it: files by their numbers, and folders.
struct Folder<'i> {
    path: &'i [u8],
    names: Vec<(&'i [u8], Option<usize>)>,
}

/// Looks at all folders of these entries below `top`; `written` is when the index was written, in nanoseconds.
pub(super) fn look(top: &Path, entries: &[Indexed<'_>], written: Option<i128>) -> Found {
    let looker = Looker { top, entries, written };
    let mut all = Found::default();
    let of_folders = parallel::map(folders(entries), |mut folder| {
        let found = looker.folder(&mut folder);
        (folder, found)
    });
    for (folder, mut found) in of_folders {
        // What another folder has, to which a link leads, is not in this one.
        let is_gone = |gone: &Vec<u8>| {
            folder.path.strip_prefix(gone.as_slice()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        if all.gone.iter().any(is_gone) {
            let lost = folder.names.iter().filter_map(|(_, at)| *at).map(|at| (at, Thing::Nothing));
            found = Found { tracked: lost.collect(), ..Found::default() };
        }
        all.tracked.append(&mut found.tracked);
        all.untracked.append(&mut found.untracked);
        all.unknown.append(&mut found.unknown);
        all.gone.append(&mut found.gone);
    }
    all
}

/// The folders of entries, each before those in it.
fn folders<'i>(entries: &[Indexed<'i>]) -> Vec<Folder<'i>> {
    let mut all = vec![Folder { path: b"", names: Vec::new() }];
    let mut known = BTreeMap::from([(&b""[..], 0)]);
    let mut last: (&[u8], usize) = (b"", 0);
    for (number, entry) in entries.iter().enumerate() {
        let (path, name) = parted(entry.row.path);
        if path != last.0 {
            last = (path, folder_at(path, &mut all, &mut known));
        }
        all[last.1].names.push((name, Some(number)));
    }
    all
}

fn folder_at<'i>(path: &'i [u8], all: &mut Vec<Folder<'i>>, known: &mut BTreeMap<&'i [u8], usize>) -> usize {
    if let Some(at) = known.get(path) {
        return *at;
    }
    let (above, name) = parted(path);
    let above = folder_at(above, all, known);
    all[above].names.push((name, None));
    all.push(Folder { path, names: Vec::new() });
    known.insert(path, all.len() - 1);
    all.len() - 1
}

/// The folder of a path, and its name there.
fn parted(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

struct Looker<'l> {
    top: &'l Path,
    entries: &'l [Indexed<'l>],
    written: Option<i128>,
}

impl Looker<'_> {
    fn folder(&self, folder: &mut Folder<'_>) -> Found {
        let mut found = Found::default();
        let Folder { path, names } = folder;
        names.sort_unstable();
        let mut is_there = vec![false; names.len()];
        let listed = os_path(path).map_err(|failure| failure.reason()).and_then(|below| {
            let place = self.top.join(below);
            match fs::read_dir(&place) {
                Ok(list) => Ok(Some(list)),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    Ok(None)
                }
                Err(error) => Err(reason(&error)),
            }
        });
        let unreadable = |path: Vec<u8>, why: &str| {
            let why = format!("`{}` cannot be read: {why}", path.escape_ascii());
            (path, why)
        };
        let list = match listed {
            Ok(list) => list,
            Err(why) => {
                found.unknown.push(unreadable(below(path, b""), &why));
                return found;
            }
        };
        for entry in list.into_iter().flatten() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    found.unknown.push(unreadable(below(path, b""), &reason(&error)));
                    continue;
                }
            };
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            if path.is_empty() && name == GIT {
                continue;
            }
            let own = || below(path, name);
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let at = names.binary_search_by(|(other, _)| (*other).cmp(name)).ok();
            match at.map(|at| (at, names[at].1)) {
                Some((at, None)) if is_folder => is_there[at] = true,
                Some((at, Some(number))) if is_folder && self.mode(number) == SUBMODULE => {
                    is_there[at] = true;
                }
                Some((at, Some(number))) if !is_folder && self.mode(number) != SUBMODULE => {
                    match self.entry(number, &entry) {
                        Ok(Some(thing)) => {
                            is_there[at] = true;
                            found.tracked.extend(thing.map(|thing| (number, thing)));
                        }
                        // A pipe or the like.
                        Ok(None) => found.untracked.push(own()),
                        Err(why) => {
                            is_there[at] = true;
                            found.unknown.push(unreadable(own(), &why));
                        }
                    }
                }
                other => {
                    if let Some((_, None)) = other {
                        found.gone.push(own());
                    }
                    found.untracked.push(if is_folder { below(&own(), b"") } else { own() });
                }
            }
        }
        let lost = names.iter().zip(is_there).filter(|(_, is_there)| !is_there);
        let lost =
            lost.filter_map(|((_, number), _)| *number).filter(|number| self.mode(*number) != SUBMODULE);
        found.tracked.extend(lost.map(|number| (number, Thing::Nothing)));
        found
    }

    fn mode(&self, number: usize) -> u32 {
        self.entries[number].row.mode
    }

    /// What is at a path of the index that is no folder: `Some(None)` where it is as the index says, `None` for what git does
    /// not know.
    fn entry(&self, number: usize, entry: &DirEntry) -> Result<Option<Option<Thing>>, String> {
        let found = entry.metadata().map_err(|error| reason(&error))?;
        if found.is_symlink() {
            let to = fs::read_link(entry.path()).map_err(|error| reason(&error))?;
            return Ok(Some(Some(Thing::Link(to.as_os_str().as_encoded_bytes().to_vec()))));
        }
        if !found.is_file() {
            return Ok(None);
        }
        let Indexed { row, is_open, described } = self.entries[number];
        let is_file = row.mode & TYPE == FILE;
        let content = if is_file && !is_open && is_as_described(described, &found, self.written) {
            None
        } else {
            let content = content_of(&entry.path(), &found).map_err(|failure| failure.reason())?;
            let id = Id::of(row.id.format(), "blob", &content);
            // Where the system has no links, git writes where they lead into files.
            if cfg!(not(unix)) && row.mode == LINK && id == row.id {
                return Ok(Some(Some(Thing::Link(content))));
            }
            Some(id).filter(|id| !is_file || *id != row.id)
        };
        let was_executable = row.mode & EXECUTABLE != 0;
        let (executable, mode) = permissions(&found, was_executable);
        let is_same = is_file && content.is_none() && executable == was_executable && mode.is_none();
        Ok(Some((!is_same).then_some(Thing::File { executable, content, mode })))
    }
}

/// Whether the owner of a file may execute it, and its permissions, if no commit has such.
#[cfg(unix)]
pub(super) fn permissions(found: &Metadata, _: bool) -> (bool, Option<u32>) {
    let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o7777;
    (mode & EXECUTABLE != 0, Some(mode).filter(|mode| !USUAL.contains(mode)))
}

/// The same where the system has no such thing.
#[cfg(not(unix))]
pub(super) fn permissions(_: &Metadata, was_executable: bool) -> (bool, Option<u32>) {
    (was_executable, None)
}

/// A path in a folder.
fn below(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// When a file was last written, in nanoseconds.
pub(super) fn written(path: &Path) -> IoResult<Option<i128>> {
    let found = fs::metadata(path)?;
    #[cfg(unix)]
    return Ok(Some(times(&found).0));
    #[cfg(not(unix))]
    return Ok(None.filter(|_: &i128| found.is_file()));
}

/// When the content of a file was last written, and anything of it, in nanoseconds.
#[cfg(unix)]
fn times(found: &Metadata) -> (i128, i128) {
    use std::os::unix::fs::MetadataExt;
    let of = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    (of(found.mtime(), found.mtime_nsec()), of(found.ctime(), found.ctime_nsec()))
}

/// How coarse the clock of a file system may be, in nanoseconds: most say when a file was written to a hundredth of a second,
/// those that say no more than seconds to two of them.
#[cfg(unix)]
const TICKS: [i128; 2] = [20_000_000, 2_000_000_000];

/// Whether the system describes a file as it did when git read it, and it was not written so late that git may have
/// missed it.
#[cfg(unix)]
fn is_as_described(described: Option<Described>, found: &Metadata, written: Option<i128>) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Some(written) = written else { return false };
    let (content, anything) = times(found);
    let tick = TICKS[usize::from(found.mtime_nsec() == 0 || found.ctime_nsec() == 0)];
    if content.max(anything) + tick >= written {
        return false;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "so does git")]
    let now = Described {
        ctime: [found.ctime() as u32, found.ctime_nsec() as u32],
        mtime: [found.mtime() as u32, found.mtime_nsec() as u32],
        ino: found.ino() as u32,
        size: found.size() as u32,
    };
    described == Some(now)
}

/// Nothing is known where the system describes files otherwise than git writes it down.
#[cfg(not(unix))]
fn is_as_described(_: Option<Described>, _: &Metadata, _: Option<i128>) -> bool {
    false
}

/// The content of a file.
pub(super) fn content_of(place: &Path, found: &Metadata) -> Result<Vec<u8>, CommandFailure> {
    if found.len() > MAX_LIST {
        let name = place.display();
        return Err(CommandFailure::Other(format!("`{name}` has more than {} MiB", MAX_LIST >> 20)));
    }
    fs::read(place).map_err(|error| CommandFailure::Other(reason(&error)))
}
