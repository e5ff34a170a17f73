//! Why a file, stream or directory could not be used, in words.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::code::Code;

/// The largest input that is read, in bytes.
pub(crate) const MAX_INPUT: u64 = 16 * 1024 * 1024;

/// A file, stream or directory that could not be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {problem}", name(path))]
pub struct HostError {
    /// What was tried.
    pub action: Action,
    /// The path as the user knows it, or the name of a standard stream.
    pub path: String,
    /// Why it failed.
    pub problem: Problem,
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To read a file or standard input.
    Read,
    /// To write a file or standard output.
    Write,
    /// To use a directory as the working directory.
    Enter,
}

/// Why a file, stream or directory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// There is none.
    #[error("no such file or directory")]
    Missing,
    /// It is a directory.
    #[error("it is a directory")]
    Directory,
    /// It, or a part of the path that leads to it, is not a directory.
    #[error("it is not a directory")]
    NotADirectory,
    /// It is a device, a pipe or a socket.
    #[error("it is not a regular file")]
    NotAFile,
    /// The user may not do this.
    #[error("permission denied")]
    Permission,
    /// It has no write permission at all.
    #[error("it is read-only")]
    ReadOnly,
    /// It, or a part of the path that leads to it, is a symbolic link.
    #[error("`{link}` is a symbolic link to `{target}`")]
    Link {
        /// The path of the link, as the user knows it.
        link: String,
        /// What it says.
        target: String,
    },
    /// It does not lie in this folder, which the files of a project may not name anything outside of.
    #[error("it lies outside of `{0}`")]
    Outside(String),
    /// It has more than this many bytes.
    #[error("it is larger than {} MiB", .0 >> 20)]
    TooLarge(u64),
    /// It is not text.
    #[error("it is not UTF-8 text (line {line}, byte {offset} of the file)")]
    NotUtf8 {
        /// Line of the first byte that is wrong, from 1.
        line: usize,
        /// Offset of that byte, from 0.
        offset: usize,
    },
    /// Another process writes into the folder, and goes on doing so.
    #[error("another process is writing into its folder")]
    Busy,
    /// Anything else that the operating system says.
    #[error("{}", reason(.0))]
    Other(io::Error),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Enter => "change to",
        })
    }
}

impl HostError {
    pub(super) fn new(action: Action, path: &Path, problem: impl Into<Problem>) -> Self {
        Self { action, path: path.display().to_string(), problem: problem.into() }
    }

    /// Stable kebab-case name.
    #[must_use]
    pub fn code(&self) -> Code {
        match self.problem {
            Problem::Missing => Code::NO_SUCH_FILE,
            Problem::Directory => Code::IS_A_DIRECTORY,
            Problem::NotADirectory => Code::NOT_A_DIRECTORY,
            Problem::NotAFile => Code::NOT_A_FILE,
            Problem::Permission => Code::PERMISSION_DENIED,
            Problem::ReadOnly => Code::READ_ONLY,
            Problem::Link { .. } => Code::IS_A_LINK,
            Problem::Outside(_) => Code::OUTSIDE,
            Problem::TooLarge(_) => Code::FILE_TOO_LARGE,
            Problem::NotUtf8 { .. } => Code::NOT_UTF8,
            Problem::Busy | Problem::Other(_) => Code::IO_ERROR,
        }
    }

    /// What to do, where there is something to do.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match (&self.problem, self.action) {
            (Problem::Missing, Action::Read) => {
                Some("paths are relative to the current directory, or to the one given with `-C`")
            }
            (Problem::Directory, _) => Some("give the path of a file"),
            (Problem::NotAFile, Action::Read) => {
                Some("it has no content to compare or change; name a regular file")
            }
            (Problem::NotAFile, _) => {
                Some("name a regular file; for a pipe, write to standard output or to `/dev/stdout`")
            }
            (Problem::ReadOnly, _) => Some("make it writable, or write elsewhere"),
            (Problem::Link { .. }, _) => Some(
                "products do not go through links, since a checkout can hold one that leads anywhere; name the place that \
                 it leads to, or remove the link",
            ),
            (Problem::Outside(_), _) => Some("only the command line may name files there"),
            (Problem::Permission, Action::Write) => {
                Some("its folder must be writable, too: it is replaced in one step")
            }
            (Problem::NotUtf8 { .. }, _) => Some("save it as UTF-8"),
            (Problem::Busy, _) => Some("wait until it is done, or write into a folder of your own"),
            _ => None,
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::Missing,
            ErrorKind::IsADirectory => Self::Directory,
            ErrorKind::NotADirectory => Self::NotADirectory,
            ErrorKind::PermissionDenied => Self::Permission,
            _ => Self::Other(error),
        }
    }
}

fn name(path: &str) -> String {
    if [STDIN, STDOUT].contains(&path) { path.to_owned() } else { format!("`{path}`") }
}

pub(super) const STDIN: &str = "standard input";
pub(super) const STDOUT: &str = "standard output";

/// What the operating system says, as our messages say it: lower case, without the error's number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
