//! Reads files, folders and standard input, each up to a limit.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::Host;
use super::failure::{Action, HostError, MAX_INPUT, Problem, STDIN};
use super::write::{Destination, destination, is_stream};
use crate::facts::worktree::Stamp;

/// The largest product that is read again, in bytes: more than a plan can have, whose definition has limits of its own
/// (`bake::budget`).
pub(super) const MAX_PRODUCT: u64 = 512 * 1024 * 1024;

/// How much of a file [`Host::head`] reads, in bytes.
pub(super) const HEAD: u64 = 4096;

/// How many files a folder may hold, all below it counted.
const MAX_FILES: usize = 100_000;

/// What [`Host::compare`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// There is no such file.
    Absent,
    /// It has the content that it would be given.
    Equal,
    /// It has this content, which ends early if it is far longer; what is not UTF-8 in it is replaced.
    Other(String),
}

/// The text of a file that may be YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlText {
    /// The text, without the byte order mark of UTF-16.
    pub text: String,
    /// Whether it was in UTF-16, which no other language of Bake files allows.
    pub is_utf16: bool,
}

/// What is in a folder, in lower case: some systems take `A` for `a`.
#[derive(Debug)]
pub struct Listing(BTreeSet<OsString>);

impl Listing {
    /// Whether nothing is there at a path below the folder, as its first part tells. False where that part does not.
    #[must_use]
    pub fn lacks(&self, path: impl AsRef<Path>) -> bool {
        let first = path.as_ref().components().find(|part| *part != Component::CurDir);
        match first {
            Some(Component::Normal(name)) => name.is_ascii() && !self.0.contains(&name.to_ascii_lowercase()),
            _ => false,
        }
    }
}

impl Host {
    /// Whether there is something to read: false for a file that is absent or empty, as Bake sees its default files.
    /// True for what cannot be read for another reason, so that [`Self::read`] says why.
    #[must_use]
    pub fn has_content(&self, path: impl AsRef<Path>) -> bool {
        if !self.is_allowed(&path) {
            return true;
        }
        match fs::metadata(self.resolve(path.as_ref())) {
            Ok(found) => !found.is_file() || found.len() > 0,
            Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        }
    }

    /// Whether there is a folder.
    #[must_use]
    pub fn is_folder(&self, path: impl AsRef<Path>) -> bool {
        self.found(path.as_ref()).is_some_and(|found| found.is_dir())
    }

    /// Whether there is a file with an end: neither a folder nor a pipe or device.
    #[must_use]
    pub fn is_file(&self, path: impl AsRef<Path>) -> bool {
        self.found(path.as_ref()).is_some_and(|found| found.is_file())
    }

    /// What is there, if that may be used.
    fn found(&self, path: &Path) -> Option<Metadata> {
        let full = self.resolve(path);
        self.check_fence(&full).ok()?;
        fs::metadata(full).ok()
    }

    /// The text of a file.
    ///
    /// # Errors
    /// When it is missing, a directory, unreadable, larger than [`MAX_INPUT`] or not UTF-8.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<String, HostError> {
        self.read_up_to(path.as_ref(), MAX_INPUT)
    }

    /// The text of a file that other programs read whatever its encoding, and whether something was replaced in it that is not
    /// UTF-8.
    ///
    /// # Errors
    /// As [`Self::read`], but for that.
    pub fn read_replacing(&self, path: impl AsRef<Path>) -> Result<(String, bool), HostError> {
        let path = path.as_ref();
        let fail = |problem| HostError::new(Action::Read, path, problem);
        let (file, length) = self.open(path).map_err(fail)?;
        let bytes = read_bytes(file, length, MAX_INPUT).map_err(fail)?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        })
    }

    /// The text of a file that may be YAML, which a byte order mark tells to be UTF-16, as `>` of Windows PowerShell
    /// writes it (<https://yaml.org/spec/1.2.2/#52-character-encodings>).
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_yaml(&self, path: impl AsRef<Path>) -> Result<YamlText, HostError> {
        let path = path.as_ref();
        let fail = |problem| HostError::new(Action::Read, path, problem);
        let (file, length) = self.open(path).map_err(fail)?;
        read_bytes(file, length, MAX_INPUT).and_then(yaml_text).map_err(fail)
    }

    /// The text of a file that this program wrote, such as a plan.
    ///
    /// # Errors
    /// As [`Self::read`], but for the limit, which is [`MAX_PRODUCT`].
    pub fn read_product(&self, path: impl AsRef<Path>) -> Result<String, HostError> {
        self.read_up_to(path.as_ref(), MAX_PRODUCT)
    }

    fn read_up_to(&self, path: &Path, limit: u64) -> Result<String, HostError> {
        let fail = |problem| HostError::new(Action::Read, path, problem);
        let (file, length) = self.open(path).map_err(fail)?;
        read_text(file, length, limit).map_err(fail)
    }

    /// The content of a file below a folder, by its path in bytes as git has it.
    ///
    /// # Errors
    /// When it is missing, no file or larger than `limit` bytes.
    pub fn read_below(&self, folder: &Path, path: &[u8], limit: u64) -> Result<Vec<u8>, HostError> {
        let name = String::from_utf8_lossy(path).into_owned();
        #[cfg(unix)]
        let place =
            folder.join(Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path)));
        #[cfg(not(unix))]
        let place = folder.join(&name);
        let fail = |problem| HostError::new(Action::Read, Path::new(&name), problem);
        let (file, length) = self.open(&place).map_err(fail)?;
        read_bytes(file, length, limit).map_err(fail)
    }

    /// The first few thousand characters of a file, however large. What is not UTF-8 in it is replaced.
    ///
    /// # Errors
    /// When it is missing, a directory or unreadable.
    pub fn head(&self, path: impl AsRef<Path>) -> Result<String, HostError> {
        let path = path.as_ref();
        let fail = |problem| HostError::new(Action::Read, path, problem);
        let (file, _) = self.open(path).map_err(fail)?;
        let mut bytes = Vec::new();
        file.take(HEAD).read_to_end(&mut bytes).map_err(|error| fail(error.into()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Compares a product with what it would be given now. It may have any size.
    ///
    /// # Errors
    /// When it is a directory, a stream, unreadable or behind a symbolic link ([`Self::destination`]).
    pub fn compare(&self, path: impl AsRef<Path>, content: &str) -> Result<Compared, HostError> {
        let path = path.as_ref();
        let fail = |problem| HostError::new(Action::Read, path, problem);
        if destination(&self.directory, path).map_err(fail)? == Destination::Stream {
            return Err(fail(Problem::NotAFile));
        }
        if !self.has_content(path) && !self.is_file(path) {
            return Ok(Compared::Absent);
        }
        let (file, _) = self.open(path).map_err(fail)?;
        let mut bytes = Vec::new();
        let enough = content.len() as u64 + MAX_INPUT;
        file.take(enough).read_to_end(&mut bytes).map_err(|error| fail(error.into()))?;
        Ok(if bytes == content.as_bytes() {
            Compared::Equal
        } else {
            Compared::Other(String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    /// Opens a file, and tells its length.
    fn open(&self, path: &Path) -> Result<(File, u64), Problem> {
        let full = self.resolve(path);
        self.check_fence(&full)?;
        let found = fs::metadata(&full);
        // Windows would say "permission denied" on opening a directory.
        if found.as_ref().is_ok_and(Metadata::is_dir) {
            return Err(Problem::Directory);
        }
        // A pipe of a shell (`<(…)`) is below `/dev/fd`. One in the project may never have a writer, and a device that a link in it
        // leads to may never answer; `/dev/null` is empty.
        if is_stream(&full) && self.place(path) != Path::new("/dev/null") {
            let is_ours = |path: &str| self.is_in_project(&self.place(path)) || self.leads_out(path);
            if path.to_str().is_none_or(is_ours) {
                return Err(Problem::NotAFile);
            }
        }
        // What looks like a file of the kernel's may be waited for, too, such as `/proc/kmsg`.
        let is_of_kernel = || ["/proc", "/sys"].iter().any(|folder| self.place(path).starts_with(folder));
        if is_of_kernel() && path.to_str().is_none_or(|path| self.leads_out(path)) {
            return Err(Problem::NotAFile);
        }
        Ok((File::open(full)?, found.map_or(0, |found| found.len())))
    }

    /// The files in a folder and in those below it, sorted; a file is itself. Links to folders are not followed.
    ///
    /// # Errors
    /// When there is nothing at that path, it cannot be read, or there are too many files.
    pub fn files_below(&self, path: &str) -> Result<Vec<String>, HostError> {
        let fail = |path: &Path, problem: Problem| HostError::new(Action::Read, path, problem);
        self.check_fence(&self.resolve(Path::new(path))).map_err(|problem| fail(Path::new(path), problem))?;
        let found = fs::metadata(self.resolve(Path::new(path)));
        if !found.map_err(|error| fail(Path::new(path), error.into()))?.is_dir() {
            return Ok(vec![path.to_owned()]);
        }
        let (mut folders, mut files) = (vec![PathBuf::from(path)], Vec::new());
        while let Some(folder) = folders.pop() {
            let list = fs::read_dir(self.resolve(&folder)).map_err(|error| fail(&folder, error.into()))?;
            for entry in list {
                let entry = entry.map_err(|error| fail(&folder, error.into()))?;
                let below = folder.join(entry.file_name());
                let kind = entry.file_type().map_err(|error| fail(&below, error.into()))?;
                if kind.is_dir() {
                    folders.push(below);
                } else if kind.is_file() || self.resolve(&below).is_file() {
                    files.push(below.display().to_string());
                }
                if files.len() + folders.len() > MAX_FILES {
                    let problem = format!("it holds more than {MAX_FILES} files");
                    return Err(fail(Path::new(path), Problem::Other(io::Error::other(problem))));
                }
            }
        }
        files.sort();
        Ok(files)
    }

    /// What is in a folder, so that one look tells what is not; none where it cannot be listed.
    #[must_use]
    pub fn listing(&self, folder: impl AsRef<Path>) -> Option<Listing> {
        let full = self.resolve(folder.as_ref());
        self.check_fence(&full).ok()?;
        let names = fs::read_dir(full).ok()?.map(|entry| Some(entry.ok()?.file_name()));
        let names: Option<BTreeSet<OsString>> = names.collect();
        Some(Listing(names?.into_iter().map(|name| name.to_ascii_lowercase()).collect()))
    }

    /// The names of what is in a folder and no folder itself, sorted; none where it cannot be listed.
    #[must_use]
    pub fn names(&self, folder: impl AsRef<Path>) -> Vec<String> {
        if !self.is_allowed(&folder) {
            return Vec::new();
        }
        let list = fs::read_dir(self.resolve(folder.as_ref())).into_iter().flatten().flatten();
        let files = list.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()));
        let mut names: Vec<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// When a file was last written, and how large it is; none when there is none, or the system does not know.
    #[must_use]
    pub fn stamp(&self, path: &str) -> Option<Stamp> {
        let found = fs::symlink_metadata(self.resolve(Path::new(path))).ok()?;
        let written = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let (seconds, nanoseconds) = (written.as_secs(), written.subsec_nanos());
        // The index keeps the lower 32 bits.
        Some(Stamp { seconds, nanoseconds, length: (found.len() & u64::from(u32::MAX)) as u32 })
    }

    /// The text on standard input.
    ///
    /// # Errors
    /// When it is unreadable, larger than [`MAX_INPUT`] or not UTF-8.
    pub fn read_stdin(&self) -> Result<String, HostError> {
        self.check_stdin()?;
        read_text(io::stdin().lock(), 0, MAX_INPUT)
            .map_err(|problem| HostError::new(Action::Read, Path::new(STDIN), problem))
    }

    /// The same as [`Self::read_yaml`], for standard input.
    ///
    /// # Errors
    /// As [`Self::read_stdin`].
    pub fn read_stdin_yaml(&self) -> Result<YamlText, HostError> {
        self.check_stdin()?;
        read_bytes(io::stdin().lock(), 0, MAX_INPUT)
            .and_then(yaml_text)
            .map_err(|problem| HostError::new(Action::Read, Path::new(STDIN), problem))
    }

    /// Refuses what is read in order to be changed, and is not a regular file: reading it could take for ever.
    ///
    /// # Errors
    /// It is a device, a pipe or a socket.
    pub fn refuse_stream(&self, path: impl AsRef<Path>) -> Result<(), HostError> {
        let path = path.as_ref();
        if is_stream(&self.resolve(path)) {
            return Err(HostError::new(Action::Read, path, Problem::NotAFile));
        }
        Ok(())
    }
}

/// Reads the text of a stream that has about so many bytes, and no more than the limit.
fn read_text(stream: impl Read, length: u64, limit: u64) -> Result<String, Problem> {
    read_bytes(stream, length, limit).and_then(text)
}

fn read_bytes(stream: impl Read, length: u64, limit: u64) -> Result<Vec<u8>, Problem> {
    if length > limit {
        return Err(Problem::TooLarge(limit));
    }
    let mut bytes = Vec::with_capacity(length as usize + 1);
    stream.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(Problem::TooLarge(limit));
    }
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
        Problem::NotUtf8 { line, offset }
    })
}

/// Text in UTF-8, or in UTF-16 after a byte order mark, which is left out.
fn yaml_text(bytes: Vec<u8>) -> Result<YamlText, Problem> {
    let read: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => return text(bytes).map(|text| YamlText { text, is_utf16: false }),
    };
    let mut text = String::with_capacity(bytes.len());
    let (units, rest) = bytes.as_chunks::<2>();
    let broken = |text: &str, offset| {
        let line = text.matches('\n').count() + 1;
        Err(Problem::NotUtf8 { line, offset })
    };
    let mut offset = 2;
    for unit in char::decode_utf16(units.iter().skip(1).map(|unit| read(*unit))) {
        let Ok(unit) = unit else { return broken(&text, offset) };
        text.push(unit);
        offset += unit.len_utf16() * 2;
    }
    if rest.is_empty() { Ok(YamlText { text, is_utf16: true }) } else { broken(&text, offset) }
}
