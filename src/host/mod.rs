//! The machine that the program runs on: files, standard streams, environment, clock and random bytes.
#![expect(clippy::disallowed_methods, reason = "this is the gate in the fence that .clippy.toml puts up")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use clap::ColorChoice;

mod ask;
mod clock;
mod completion;
mod failure;
mod fence;
mod folder;
mod git;
mod look;
mod objects;
mod pipes;
mod places;
mod processor;
mod programs;
mod read;
mod revision;
mod streams;
mod tree;
mod turn;
mod working_tree;
mod write;

pub(crate) use clock::{Present, ambient};
pub(crate) use completion::{CompletionRequest, completion_request, print_candidates};
use failure::reason;
pub(crate) use failure::{Action, HostError, MAX_INPUT, Problem};
pub(crate) use objects::Staged;
pub(crate) use read::{Compared, YamlText};
pub(crate) use revision::Revision;
pub(crate) use streams::{Delivery, print_usage};
pub(crate) use working_tree::WorkingTree;
pub(crate) use write::{Destination, Writing, Written};

/// The machine, as the program may use it. Created once, in `main`.
#[derive(Clone, Debug)]
pub struct Host {
    directory: PathBuf,
    environment: BTreeMap<String, String>,
    replaced: BTreeSet<String>,
    color: ColorChoice,
    /// The folder that files must lie in, if that is limited.
    fence: Option<PathBuf>,
    /// A folder, and the one that is in its place.
    moved: Option<(PathBuf, PathBuf)>,
    /// Where something was looked for, if that is remembered.
    looked: Option<Arc<Mutex<BTreeSet<PathBuf>>>>,
    /// What ends the time in which the runner of GitHub Actions obeys no command, while that lasts.
    token: Arc<Mutex<Option<String>>>,
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
        Ok(Self {
            directory,
            environment,
            replaced,
            color,
            fence: None,
            moved: None,
            looked: None,
            token: Arc::default(),
        })
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

    /// The same machine with other environment variables; those without a value are unset.
    pub(crate) fn with_env<'e>(&self, other: impl IntoIterator<Item = (&'e str, Option<&'e str>)>) -> Self {
        let mut environment = self.environment.clone();
        for (name, value) in other {
            match value {
                Some(value) => environment.insert(name.to_owned(), value.to_owned()),
                None => environment.remove(name),
            };
        }
        Self { environment, ..self.clone() }
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

    /// Adds lines to the end of a file, as for `$GITHUB_OUTPUT`; creates it when there is none, and ends its last line where
    /// another step left it open.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn append(&self, path: impl AsRef<Path>, text: &str) -> Result<(), HostError> {
        let path = path.as_ref();
        let place = self.resolve(path);
        let is_open = || -> io::Result<bool> {
            let mut last = [b'\n'];
            // What cannot be looked at, such as a pipe, is only written to.
            if let Ok(mut file) = File::open(&place)
                && file.metadata()?.is_file()
                && file.seek(SeekFrom::End(0))? > 0
            {
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
            }
            Ok(last != [b'\n'])
        };
        let append = || -> io::Result<()> {
            let start = if is_open()? { "\n" } else { "" };
            let mut file = OpenOptions::new().append(true).create(true).open(&place)?;
            file.write_all(format!("{start}{text}").as_bytes())
        };
        append().map_err(|error| HostError::new(Action::Write, path, error))
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        let full = self.resolve_moved(path);
        if let Some(mut looked) = self.looked.as_ref().and_then(|looked| looked.lock().ok()) {
            looked.insert(full.clone());
        }
        full
    }

    fn resolve_moved(&self, path: &Path) -> PathBuf {
        let mut full =
            PathBuf::with_capacity(self.directory.as_os_str().len() + "/".len() + path.as_os_str().len());
        full.extend([&self.directory, path]);
        let Some((from, to)) = self.moved.as_ref().filter(|_| path.is_absolute()) else { return full };
        let (Some(folder), Some(name)) = (full.parent(), full.file_name()) else { return full };
        let place = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let moved = place.strip_prefix(from).map(|below| to.join(below).join(name));
        moved.unwrap_or(full)
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
