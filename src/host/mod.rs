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

mod failure;
mod git;
mod places;
mod programs;
mod write;

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

    /// The current time, UTC, in whole seconds, as RFC 3339: `2026-11-21T09:30:00Z`.
    #[must_use]
    pub fn now() -> String {
        let now = jiff::Timestamp::now();
        jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
    }

    /// Bytes that nobody can guess.
    ///
    /// # Panics
    /// When the operating system has no source of them.
    #[must_use]
    pub fn random() -> [u8; 16] {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("every supported system has a random source");
        bytes
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
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::programs::{Kill, run};
    use super::*;
    use crate::facts::command::Failure;

    fn host() -> (tempfile::TempDir, Host) {
        let directory = tempfile::tempdir().unwrap();
        let host = Host {
            directory: directory.path().to_owned(),
            environment: BTreeMap::new(),
            replaced: BTreeSet::new(),
            color: ColorChoice::Never,
        };
        (directory, host)
    }

    fn write(host: &Host, path: &str, content: &str) -> Result<Written, HostError> {
        host.write_if_changed(&[(path, content)]).map(|written| written[0])
    }

    fn entries(directory: &Path) -> Vec<String> {
        let names = fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn each_reason_not_to_read_has_its_message() {
        let (directory, host) = host();
        fs::create_dir(directory.path().join("folder")).unwrap();
        fs::write(directory.path().join("latin1"), b"# a\n# caf\xe9\n").unwrap();
        File::create(directory.path().join("big")).unwrap().set_len(MAX_INPUT + 1).unwrap();
        for (path, message) in [
            ("absent", "cannot read `absent`: no such file or directory"),
            ("folder", "cannot read `folder`: it is a directory"),
            ("latin1", "cannot read `latin1`: it is not UTF-8 text (line 2, byte 9 of the file)"),
            ("latin1/x", "cannot read `latin1/x`: it is not a directory"),
            ("big", "cannot read `big`: it is larger than 16 MiB"),
        ] {
            assert_eq!(host.read(path).unwrap_err().to_string(), message);
        }
        fs::write(directory.path().join("good"), "é").unwrap();
        assert_eq!(host.read("good").unwrap(), "é");
    }

    #[test]
    fn products_may_be_larger_than_inputs() {
        let (directory, host) = host();
        let large = "x".repeat(MAX_INPUT as usize + 1);
        fs::write(directory.path().join("large"), &large).unwrap();
        assert_eq!(host.read("large").unwrap_err().code(), "file-too-large");
        assert_eq!(host.read_product("large").unwrap().len(), large.len());
        assert_eq!(host.head("large").unwrap().len() as u64, HEAD);
        assert_eq!(host.compare("large", &large).unwrap(), Compared::Equal);
        assert_eq!(write(&host, "large", &large).unwrap(), Written::Unchanged);
        assert_eq!(host.compare("large", "x").unwrap(), Compared::Other(large.clone()));
        assert_eq!(write(&host, "large", "x").unwrap(), Written::Updated);

        // Nobody reads a hole of a terabyte.
        File::create(directory.path().join("huge")).unwrap().set_len(1 << 40).unwrap();
        let Compared::Other(found) = host.compare("huge", "x").unwrap() else { panic!("it is not equal") };
        assert_eq!(found.len() as u64, MAX_INPUT + 1);
        assert_eq!(host.head("huge").unwrap().len() as u64, HEAD);
        File::create(directory.path().join("huge")).unwrap().set_len(MAX_PRODUCT + 1).unwrap();
        assert_eq!(
            host.read_product("huge").unwrap_err().to_string(),
            "cannot read `huge`: it is larger than 512 MiB"
        );

        for (path, expected) in [("absent", Compared::Absent), ("empty", Compared::Absent)] {
            fs::write(directory.path().join("empty"), "").unwrap();
            assert_eq!(host.compare(path, "x").unwrap(), expected, "{path}");
        }
        fs::write(directory.path().join("latin1"), b"caf\xe9").unwrap();
        assert_eq!(host.compare("latin1", "x").unwrap(), Compared::Other("caf\u{fffd}".into()));
        assert_eq!(host.compare(".", "x").unwrap_err().to_string(), "cannot read `.`: it is a directory");
        assert_eq!(host.head("absent").unwrap_err().code(), "no-such-file");
    }

    #[test]
    fn absent_and_empty_files_have_no_content() {
        let (directory, host) = host();
        fs::create_dir(directory.path().join("folder")).unwrap();
        fs::write(directory.path().join("empty"), "").unwrap();
        fs::write(directory.path().join("full"), "x").unwrap();
        for (path, expected) in
            [("absent", false), ("empty", false), ("full/x", false), ("full", true), ("folder", true)]
        {
            assert_eq!(host.has_content(path), expected, "{path}");
        }
    }

    #[test]
    fn a_file_is_written_only_when_it_changes() {
        let (directory, host) = host();
        let path = directory.path().join("a/b/file");
        assert_eq!(write(&host, "a/b/file", "one").unwrap(), Written::Created);
        let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000);
        OpenOptions::new().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(write(&host, "a/b/file", "one").unwrap(), Written::Unchanged);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), long_ago);
        assert_eq!(write(&host, "a/b/file", "two").unwrap(), Written::Updated);
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(entries(path.parent().unwrap()), ["file"]);
    }

    #[test]
    fn a_failed_write_leaves_everything_as_it_was() {
        let (directory, host) = host();
        fs::create_dir(directory.path().join("folder")).unwrap();
        fs::write(directory.path().join("file"), "old").unwrap();
        for (path, message) in [
            ("folder", "cannot write `folder`: it is a directory"),
            ("", "cannot write ``: it is a directory"),
            ("new/", "cannot write `new/`: it is a directory"),
            ("file/below", "cannot write `file/below`: it is not a directory"),
        ] {
            assert_eq!(write(&host, path, "new").unwrap_err().to_string(), message);
        }
        let mut permissions = fs::metadata(directory.path().join("file")).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(directory.path().join("file"), permissions).unwrap();
        assert_eq!(
            write(&host, "file", "new").unwrap_err().to_string(),
            "cannot write `file`: it is read-only"
        );
        assert_eq!(fs::read_to_string(directory.path().join("file")).unwrap(), "old");
        assert_eq!(entries(directory.path()), ["file", "folder"]);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_stay() {
        use std::os::unix::fs::PermissionsExt;
        let (directory, host) = host();
        let at = |name: &str| directory.path().join(name);
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
        fs::write(at("file"), "old").unwrap();
        fs::set_permissions(at("file"), fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(write(&host, "file", "new").unwrap(), Written::Updated);
        assert_eq!((fs::read_to_string(at("file")).unwrap().as_str(), mode("file")), ("new", 0o640));
        assert_eq!(write(&host, "created", "new").unwrap(), Written::Created);
        fs::write(at("plain"), "").unwrap();
        assert_eq!(mode("created"), mode("plain"));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        use std::os::unix::fs::symlink;
        let (directory, host) = host();
        let outside = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        fs::create_dir(root.join("sub")).unwrap();
        fs::write(outside.path().join("victim"), "old").unwrap();
        symlink(outside.path().join("victim"), root.join("file")).unwrap();
        symlink(outside.path().join("absent"), root.join("sub/dangling")).unwrap();
        symlink(outside.path(), root.join("folder")).unwrap();
        symlink("../folder", root.join("sub/chain")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink("/dev/null", root.join("device")).unwrap();
        let absolute = |path: &str| root.join(path).display().to_string();
        let outer = outside.path().display();
        for (path, link, target) in [
            ("file".to_owned(), "file", format!("{outer}/victim")),
            ("sub/../file".into(), "sub/../file", format!("{outer}/victim")),
            ("sub/dangling".into(), "sub/dangling", format!("{outer}/absent")),
            ("folder/victim".into(), "folder", outer.to_string()),
            ("folder/new/file".into(), "folder", outer.to_string()),
            ("sub/chain/victim".into(), "sub/chain", "../folder".into()),
            ("loop".into(), "loop", "loop".into()),
            ("device".into(), "device", "/dev/null".into()),
            (absolute("file"), &absolute("file"), format!("{outer}/victim")),
            (absolute("folder/victim"), &absolute("folder"), outer.to_string()),
        ] {
            let error = write(&host, &path, "new").unwrap_err();
            let link = link.strip_prefix(&format!("{}/", directory.path().display())).unwrap_or(link);
            let message = format!("cannot write `{path}`: `{link}` is a symbolic link to `{target}`");
            assert_eq!((error.to_string(), error.help().is_some()), (message, true));
        }
        assert_eq!(fs::read_to_string(outside.path().join("victim")).unwrap(), "old");
        assert_eq!(entries(outside.path()), ["victim"]);
        assert_eq!(entries(&root), ["device", "file", "folder", "loop", "sub"]);
    }

    #[cfg(unix)]
    #[test]
    fn folders_outside_the_checkout_are_the_users_own() {
        use std::os::unix::fs::symlink;
        let outer = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(outer.path()).unwrap();
        fs::create_dir_all(root.join("real/checkout/.git")).unwrap();
        fs::create_dir_all(root.join("real/checkout/sub")).unwrap();
        fs::create_dir(root.join("real/free")).unwrap();
        symlink("real", root.join("way")).unwrap();
        symlink("../free", root.join("real/checkout/out")).unwrap();
        // The working directory itself is reached through a link.
        let host = Host {
            directory: root.join("way/checkout/sub"),
            environment: BTreeMap::new(),
            replaced: BTreeSet::new(),
            color: ColorChoice::Never,
        };
        let absolute = |path: &str| root.join(path).display().to_string();
        for path in ["a", "new/a", &absolute("way/free/a"), &absolute("way/checkout/sub/b")] {
            assert_eq!(write(&host, path, "x").unwrap(), Written::Created, "{path}");
        }
        // Of the checkout, but not below the working directory.
        for path in ["../out/a", &absolute("real/checkout/out/a"), &absolute("way/checkout/out/a")] {
            assert_eq!(write(&host, path, "x").unwrap_err().code(), "is-a-link", "{path}");
        }
        assert_eq!(entries(&root.join("real/free")), ["a"]);
        // A file is no link even there.
        symlink("a", root.join("real/free/link")).unwrap();
        assert_eq!(write(&host, &absolute("way/free/link"), "y").unwrap_err().code(), "is-a-link");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_of_the_checkout_also_from_a_checkout_within_it() {
        use std::os::unix::fs::symlink;
        type Nest = fn(&Path);
        let nests: [Nest; 4] = [
            |git| fs::write(git, "gitdir: ../.git/modules/sub").unwrap(),
            |git| fs::write(git, "").unwrap(),
            |git| fs::create_dir(git).unwrap(),
            |git| symlink("nowhere", git).unwrap(),
        ];
        for nest in nests {
            let outer = tempfile::tempdir().unwrap();
            let root = fs::canonicalize(outer.path()).unwrap();
            let at = |path: &str| root.join(path);
            fs::create_dir_all(at("checkout/.git")).unwrap();
            fs::create_dir_all(at("checkout/sub/deep")).unwrap();
            fs::create_dir_all(at("victim/inner")).unwrap();
            nest(&at("checkout/sub/.git"));
            nest(&at("checkout/sub/deep/.git"));
            symlink("../victim", at("checkout/out")).unwrap();
            symlink("../../victim", at("checkout/sub/out")).unwrap();
            // The user's own, outside of all of them.
            symlink("victim", at("way")).unwrap();
            for directory in ["checkout/sub", "checkout/sub/deep", "checkout", "."] {
                let host = Host {
                    directory: fs::canonicalize(at(directory)).unwrap(),
                    environment: BTreeMap::new(),
                    replaced: BTreeSet::new(),
                    color: ColorChoice::Never,
                };
                for path in ["checkout/out/a", "checkout/out/inner/a", "checkout/sub/out/a"] {
                    let error = write(&host, &at(path).display().to_string(), "x").unwrap_err();
                    assert_eq!(error.code(), "is-a-link", "{path} from {directory}");
                }
                if directory != "." {
                    let way = at("way/new").display().to_string();
                    assert_eq!(write(&host, &way, "x").unwrap(), Written::Created);
                    fs::remove_file(at("victim/new")).unwrap();
                }
                assert_eq!(entries(&at("victim")), ["inner"]);
                assert_eq!(entries(&at("victim/inner")), [""; 0]);
            }
        }
    }

    #[test]
    fn none_of_several_files_is_touched_when_one_cannot_be() {
        let (directory, host) = host();
        fs::create_dir(directory.path().join("folder")).unwrap();
        fs::write(directory.path().join("a"), "old").unwrap();
        let error = host.write_if_changed(&[("a", "new"), ("b", "new"), ("folder", "new")]).unwrap_err();
        assert_eq!(error.to_string(), "cannot write `folder`: it is a directory");
        assert_eq!(fs::read_to_string(directory.path().join("a")).unwrap(), "old");
        assert_eq!(entries(directory.path()), ["a", "folder"]);
        let written = host.write_if_changed(&[("a", "new"), ("b", "new")]).unwrap();
        assert_eq!(written, [Written::Updated, Written::Created]);
    }

    #[cfg(unix)]
    #[test]
    fn an_unwritable_folder_is_a_clear_error() {
        use std::os::unix::fs::PermissionsExt;
        let (directory, host) = host();
        fs::write(directory.path().join("file"), "old").unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
        let is_root = File::create(directory.path().join("probe")).is_ok();
        let result = write(&host, "file", "new");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        if !is_root {
            assert_eq!(result.unwrap_err().to_string(), "cannot write `file`: permission denied");
            assert_eq!(fs::read_to_string(directory.path().join("file")).unwrap(), "old");
            assert_eq!(entries(directory.path()), ["file"]);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_are_written_to_and_not_replaced() {
        let (_directory, host) = host();
        assert_eq!(write(&host, "/dev/null", "x").unwrap(), Written::Updated);
        let full = write(&host, "/dev/full", "x").unwrap_err();
        assert_eq!(full.to_string(), "cannot write `/dev/full`: no space left on device");
    }

    #[test]
    fn text_is_appended() {
        let (_directory, host) = host();
        host.append("output", "a=1\n").unwrap();
        host.append("output", "b=2\n").unwrap();
        assert_eq!(host.read("output").unwrap(), "a=1\nb=2\n");
    }

    #[test]
    fn each_directory_is_relative_to_the_one_before() {
        let (directory, host) = host();
        write(&host, "a/b/file", "x").unwrap();
        let enter = |parts: &[&str]| {
            let parts: Vec<_> =
                [directory.path().to_owned()].into_iter().chain(parts.iter().map(PathBuf::from)).collect();
            Host::new(&parts, ColorChoice::Never)
        };
        assert!(enter(&["a", "", "b"]).unwrap().has_content("file"));
        assert_eq!(
            enter(&["a", "c"]).unwrap_err().to_string(),
            "cannot change to `c`: no such file or directory"
        );
        assert_eq!(
            enter(&["a/b/file"]).unwrap_err().to_string(),
            "cannot change to `a/b/file`: it is not a directory"
        );
    }

    #[test]
    fn platforms_are_named_as_containerd_does() {
        assert_eq!(go_names("macos", "aarch64", true), ("darwin", "arm64"));
        assert_eq!(go_names("linux", "powerpc64", true), ("linux", "ppc64le"));
        assert_eq!(go_names("linux", "s390x", false), ("linux", "s390x"));
        for (arch, cpuinfo, expected) in [
            ("arm64", "", "v8"),
            ("arm64", "processor\t: 0\nCPU architecture: 8\n", "v8"),
            ("arm", "CPU architecture: 7\n", "v7"),
            ("arm", "model name\t: ARMv6-compatible processor rev 7\nCPU architecture: 7\n", "v6"),
        ] {
            assert_eq!(arm_variant(arch, cpuinfo), expected, "{arch} {cpuinfo}");
        }
        assert!(host().1.local_platform().contains('/'));
    }

    #[test]
    fn time_has_whole_seconds_and_random_bytes_differ() {
        let now = Host::now();
        assert!(now.len() == "2026-11-21T09:30:00Z".len() && now.ends_with('Z'), "{now}");
        assert_ne!(Host::random(), Host::random());
    }

    /// A shell with these lines, stopped after a second.
    #[cfg(unix)]
    fn shell(lines: &str) -> Result<String, Failure> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", lines]);
        run(command, "sh", Duration::from_secs(1), Kill::WithChildren)
    }

    #[test]
    #[cfg(unix)]
    fn a_program_says_what_it_says_or_why_not() {
        assert_eq!(shell("echo out; echo err >&2"), Ok("out\n".into()));
        let failure = Failure::Status { code: Some(3), errors: "fatal: x\n".into() };
        assert_eq!(shell("echo out; echo fatal: x >&2; exit 3"), Err(failure));
        assert_eq!(
            shell("read line && echo asked"),
            Err(Failure::Status { code: Some(1), errors: "".into() })
        );
        assert_eq!(shell("printf '\\377'"), Err(Failure::Other("it prints what is not UTF-8".into())));
        let timed_out = Failure::TimedOut { command: "sh".into(), seconds: 1 };
        assert_eq!(shell("exec sleep 600"), Err(timed_out));
        let too_much = Failure::TooMuch { command: "sh".into(), bytes: MAX_INPUT };
        for endless in ["head -c 20000000 /dev/zero", "cat /dev/zero", "cat /dev/zero >&2"] {
            assert_eq!(shell(endless), Err(too_much.clone()), "{endless}");
        }
        let absent = Command::new("bakeplan-no-such-program");
        let absent = run(absent, "absent", Duration::from_secs(1), Kill::WithChildren);
        assert_eq!(absent, Err(Failure::NotInstalled));
        // Nothing that a program has started outlives its time.
        let (folder, _) = host();
        let mark = folder.path().join("mark");
        let lines = format!("(sleep 2; echo > '{}') & wait", mark.display());
        assert!(matches!(shell(&lines), Err(Failure::TimedOut { .. })));
        std::thread::sleep(Duration::from_secs(2));
        assert!(!mark.exists());
        // A connection that is kept open holds the streams.
        assert_eq!(shell("sleep 3 & echo out"), Ok("out\n".into()));
    }
}
