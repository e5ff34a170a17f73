//! The machine that the program runs on: files, standard streams, environment, clock and random bytes.
#![expect(clippy::disallowed_methods, reason = "this is the gate in the fence that .clippy.toml puts up")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anstream::AutoStream;
use anstream::stream::{AsLockedWrite, RawStream};
use clap::ColorChoice;

use crate::facts::worktree::Stamp;

mod ambient;
mod failure;
mod git;
mod places;
mod programs;
mod write;

pub(crate) use ambient::ambient;
pub(crate) use failure::{Action, HostError, MAX_INPUT, Problem};
use failure::{STDIN, STDOUT, reason};
pub(crate) use write::{Destination, Written};
use write::{Prepared, destination, is_stream};

/// The largest product that is read again, in bytes: more than a plan can have, whose definition has limits of its own
/// (`bake::budget`).
pub(crate) const MAX_PRODUCT: u64 = 512 * 1024 * 1024;

/// How much of a file [`Host::head`] reads, in bytes.
const HEAD: u64 = 4096;

/// How many files a folder may hold, all below it counted.
const MAX_FILES: usize = 100_000;

/// The machine, as the program may use it. Created once, in `main`.
#[derive(Clone, Debug)]
pub struct Host {
    directory: PathBuf,
    environment: BTreeMap<String, String>,
    replaced: BTreeSet<String>,
    color: ColorChoice,
}

/// What [`Host::compare`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// There is no such file, or it is empty.
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

/// Where the text given to [`Host::stdout`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All of it was taken.
    Complete,
    /// The reader has closed the pipe, as `head` does: that is no failure, and further output is pointless.
    ReaderGone,
}

impl Host {
    /// The machine as seen from `directories`, each relative to the one before it and the first to the current
    /// directory. What is not UTF-8 in the value of an environment variable is replaced; a name that is not is left out.
    ///
    /// # Errors
    /// When a directory does not exist.
    pub fn new(directories: &[PathBuf], color: ColorChoice) -> Result<Self, HostError> {
        let mut directory = PathBuf::new();
        for part in directories.iter().filter(|part| !part.as_os_str().is_empty()) {
            directory.push(part);
            let fail = |problem| HostError::new(Action::Enter, part, problem);
            match fs::metadata(&directory) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Err(fail(Problem::NotADirectory)),
                Err(error) => return Err(fail(error.into())),
            }
        }
        if !directory.is_absolute() {
            let current = std::env::current_dir()
                .map_err(|error| HostError::new(Action::Enter, Path::new("."), error))?;
            directory = if directory.as_os_str().is_empty() { current } else { current.join(directory) };
        }
        let (mut environment, mut replaced) = (BTreeMap::new(), BTreeSet::new());
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            let value = value.into_string().unwrap_or_else(|value| {
                replaced.insert(name.clone());
                with_replacements(&value)
            });
            environment.insert(name, value);
        }
        Ok(Self { directory, environment, replaced, color })
    }

    /// The working directory, absolute. Relative paths given to the other methods start here.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The environment variables.
    #[must_use]
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// The environment variables in whose values something was replaced.
    #[must_use]
    pub fn replaced(&self) -> &BTreeSet<String> {
        &self.replaced
    }

    /// The user's home directory, also when `HOME` is not set.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
    }

    /// Whether there is something to read: false for a file that is absent or empty, as Bake sees its default files.
    /// True for what cannot be read for another reason, so that [`Self::read`] says why.
    #[must_use]
    pub fn has_content(&self, path: impl AsRef<Path>) -> bool {
        match fs::metadata(self.resolve(path.as_ref())) {
            Ok(found) => !found.is_file() || found.len() > 0,
            Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// When it is missing, a directory, unreadable, larger than [`MAX_INPUT`] or not UTF-8.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<String, HostError> {
        self.read_up_to(path.as_ref(), MAX_INPUT)
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
        if !self.has_content(path) {
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
        let found = fs::metadata(&full);
        // Windows would say "permission denied" on opening a directory.
        if found.as_ref().is_ok_and(Metadata::is_dir) {
            return Err(Problem::Directory);
        }
        Ok((File::open(full)?, found.map_or(0, |found| found.len())))
    }

    /// The files in a folder and in those below it, sorted; a file is itself. Links to folders are not followed.
    ///
    /// # Errors
    /// When there is nothing at that path, it cannot be read, or there are too many files.
    pub fn files_below(&self, path: &str) -> Result<Vec<String>, HostError> {
        let fail = |path: &Path, problem: Problem| HostError::new(Action::Read, path, problem);
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
        read_text(io::stdin().lock(), 0, MAX_INPUT)
            .map_err(|problem| HostError::new(Action::Read, Path::new(STDIN), problem))
    }

    /// The same as [`Self::read_yaml`], for standard input.
    ///
    /// # Errors
    /// As [`Self::read_stdin`].
    pub fn read_stdin_yaml(&self) -> Result<YamlText, HostError> {
        read_bytes(io::stdin().lock(), 0, MAX_INPUT)
            .and_then(yaml_text)
            .map_err(|problem| HostError::new(Action::Read, Path::new(STDIN), problem))
    }

    /// What a product goes to.
    ///
    /// # Errors
    /// It is behind a symbolic link of a checkout, or a pipe or device in one (the rule is that of `destination` in
    /// `host/write.rs`).
    pub fn destination(&self, path: impl AsRef<Path>) -> Result<Destination, HostError> {
        let path = path.as_ref();
        destination(&self.directory, path).map_err(|problem| HostError::new(Action::Write, path, problem))
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

    /// Gives files their content, unless they have it already. Each is replaced in one step: whoever looks sees the old
    /// content or the new. None is touched before the content of all is on disk. Missing folders are created and
    /// permissions are kept. A stream is written to without a look at what it holds.
    ///
    /// # Errors
    /// When a path is a directory, a read-only file or behind a symbolic link ([`Self::destination`]), or the operating
    /// system refuses.
    pub fn write_if_changed(
        &self,
        files: &[(impl AsRef<Path>, impl AsRef<[u8]>)],
    ) -> Result<Vec<Written>, HostError> {
        let fail = |path: &Path, problem| HostError::new(Action::Write, path, problem);
        let mut prepared = Vec::new();
        for (path, content) in files {
            let path = path.as_ref();
            let file = Prepared::new(&self.directory, path, content.as_ref());
            prepared.push((path, file.map_err(|problem| fail(path, problem))?));
        }
        let commit = |(path, file): (_, Prepared<'_>)| file.commit().map_err(|problem| fail(path, problem));
        prepared.into_iter().map(commit).collect()
    }

    /// Adds text to the end of a file, as for `$GITHUB_OUTPUT`; creates it when there is none.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn append(&self, path: impl AsRef<Path>, text: &str) -> Result<(), HostError> {
        let path = path.as_ref();
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.resolve(path))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| HostError::new(Action::Write, path, error))
    }

    /// Writes the product to standard output.
    ///
    /// # Errors
    /// When it does not arrive whole, as on a full disk; a closed pipe is no error.
    pub fn stdout(&self, text: &str) -> Result<Delivery, HostError> {
        match emit(io::stdout(), text) {
            Ok(()) => Ok(Delivery::Complete),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Delivery::ReaderGone),
            Err(error) => Err(HostError::new(Action::Write, Path::new(STDOUT), error)),
        }
    }

    /// Writes talk to standard error. It is lost when nobody listens.
    pub fn stderr(&self, text: &str) {
        let _ = emit(io::stderr(), text);
    }

    /// Whether text for standard error should have colours.
    #[must_use]
    pub fn stderr_color(&self) -> bool {
        self.color_on(&io::stderr())
    }

    /// How many columns the terminal has that shows standard error; none when it is no terminal.
    #[must_use]
    pub fn stderr_columns(&self) -> Option<usize> {
        const USUAL: usize = 80;
        let stderr = io::stderr();
        let columns = terminal_size::terminal_size_of(&stderr).map(|(width, _)| usize::from(width.0));
        stderr.is_terminal().then(|| columns.unwrap_or(USUAL))
    }

    /// The platform of this machine as containerd names it, such as `linux/amd64` or `linux/arm64/v8`:
    /// <https://github.com/containerd/platforms/blob/main/defaults_unix.go>.
    #[must_use]
    pub fn local_platform(&self) -> String {
        let (os, arch) =
            go_names(std::env::consts::OS, std::env::consts::ARCH, cfg!(target_endian = "little"));
        if !matches!(arch, "arm" | "arm64") {
            return format!("{os}/{arch}");
        }
        let cpuinfo =
            if os == "linux" { self.read("/proc/cpuinfo").unwrap_or_default() } else { String::new() };
        format!("{os}/{arch}/{}", arm_variant(arch, &cpuinfo))
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }

    fn color_on(&self, stream: &(impl RawStream + IsTerminal)) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            // NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM and what the stream is.
            ColorChoice::Auto => AutoStream::choice(stream) != anstream::ColorChoice::Never,
        }
    }
}

/// Text with U+FFFD for each byte that is not UTF-8, as Go has it, and so Docker.
fn with_replacements(text: &OsStr) -> String {
    if cfg!(windows) {
        return text.to_string_lossy().into_owned();
    }
    let mut replaced = String::new();
    for chunk in text.as_encoded_bytes().utf8_chunks() {
        replaced.push_str(chunk.valid());
        replaced.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    replaced
}

fn emit(stream: impl RawStream + AsLockedWrite, text: &str) -> io::Result<()> {
    // Text without colours passes untouched: it may be a product in which every byte counts.
    let colored = text.contains('\x1b');
    let mut stream = if colored { AutoStream::always(stream) } else { AutoStream::always_ansi(stream) };
    stream.write_all(text.as_bytes())?;
    stream.flush()
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

/// Rust's names of an operating system and an architecture as Go's.
fn go_names<'a>(os: &'a str, arch: &'a str, little_endian: bool) -> (&'a str, &'a str) {
    let os = if os == "macos" { "darwin" } else { os };
    let arch = match (arch, little_endian) {
        ("x86_64", _) => "amd64",
        ("x86", _) => "386",
        ("aarch64", _) => "arm64",
        ("loongarch64", _) => "loong64",
        ("powerpc64", true) => "ppc64le",
        ("powerpc64", false) => "ppc64",
        ("mips64", true) => "mips64le",
        ("mips", true) => "mipsle",
        (other, _) => other,
    };
    (os, arch)
}

/// The variant of an ARM processor: <https://github.com/containerd/platforms/blob/main/cpuinfo_linux.go>.
fn arm_variant(arch: &str, cpuinfo: &str) -> &'static str {
    let field = |key: &str| {
        cpuinfo
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(key))
            .map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    let architecture = field("cpu architecture");
    match architecture.as_deref() {
        // A Raspberry Pi with ARMv6 says 7.
        Some("7")
            if arch == "arm" && field("model name").is_some_and(|m| m.starts_with("armv6-compatible")) =>
        {
            "v6"
        }
        Some("8" | "aarch64") => "v8",
        Some("6" | "6tej") => "v6",
        Some("5" | "5t" | "5te" | "5tej") => "v5",
        Some("7" | "7m") => "v7",
        _ if arch == "arm64" => "v8",
        _ => "v7",
    }
}

/// The command line, the program's name first.
pub(crate) fn arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os()
}

/// The stack that the main thread may fill, in bytes, where that can be told.
#[must_use]
pub(crate) fn stack_size() -> Option<usize> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let limit = getrlimit(Resource::Stack).current;
        Some(limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)))
    }
    #[cfg(not(unix))]
    None
}

/// Makes a panic tell the user that it is a bug, and what to report.
pub(crate) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let version = env!("CARGO_PKG_VERSION");
        let repository = env!("CARGO_PKG_REPOSITORY");
        let place = if repository.is_empty() { String::new() } else { format!(" at {repository}/issues") };
        let _ = writeln!(
            io::stderr(),
            "bakeplan {version} has hit a bug: {panic}\n\
             please report it{place}, with these lines, the command and the files that it reads"
        );
    }));
}

#[cfg(test)]
mod tests;
