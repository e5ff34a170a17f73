//! A command of git, as it is asked for: what it prints, or why it fails and what to do about it.

use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// Runs `git` with these arguments, and returns what it prints.
pub(crate) type Run<'a> = &'a dyn Fn(&[&str]) -> Result<String, CommandFailure>;

/// The revision that is checked out.
const HEAD: &str = "HEAD";

/// Why `git` did not say what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandFailure {
    /// There is no such program.
    #[error("git is not installed")]
    NotInstalled,
    /// It ended, and not well.
    #[error("git says: {}", said(.errors))]
    Status {
        /// Its exit code; none when it was killed.
        code: Option<i32>,
        /// What it wrote on standard error.
        errors: String,
    },
    /// There is no such revision.
    #[error("{}", match .revision.as_str() {
        HEAD => "there is no commit yet".to_owned(),
        other => format!("this repository has no revision `{other}`"),
    })]
    NoCommit {
        /// What it was called.
        revision: String,
    },
    /// It was stopped.
    #[error("`{command}` did not end within {seconds} seconds")]
    TimedOut {
        /// What was run.
        command: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It was stopped.
    #[error("`{command}` printed more than {} MiB", .bytes >> 20)]
    TooMuch {
        /// What was run.
        command: String,
        /// The limit.
        bytes: u64,
    },
    /// A folder that was checked out looks like a repository.
    #[error(
        "`{0}` looks like a bare git repository, whose configuration could run any program: it is not read"
    )]
    BareRepository(String),
    /// What it would read never ends, or never begins.
    #[error("`{0}` is a pipe or a device, for which git would wait: it is not read")]
    NotAFile(String),
    /// A remote that is not asked.
    #[error("the remote `origin` is `{address}`: {problem}")]
    Address {
        /// The address without credentials.
        address: String,
        /// Why.
        problem: &'static str,
    },
    /// What the operating system says.
    #[error("the checkout cannot be read: {0}")]
    Other(String),
}

impl CommandFailure {
    /// What to do, where there is something to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let errors = match self {
            Self::Status { errors, .. } => errors,
            Self::BareRepository(_) => {
                let help =
                    "run in the folder of the checkout, or set `GIT_DIR` to the repository that you trust";
                return Some(help.to_owned());
            }
            Self::Address { .. } => {
                let help = "an address starts with `https://`, `http://`, `ssh://` or `git://`, or is `host:path` or a path";
                return Some(help.to_owned());
            }
            Self::NoCommit { revision } if revision == HEAD => return Some("commit first".to_owned()),
            Self::NoCommit { revision } => {
                return Some(match revision.strip_prefix("origin/") {
                    Some(branch) => format!("fetch it: `git fetch origin {branch}`"),
                    None => "check its name, or fetch it: in CI, `fetch-depth: 2` of actions/checkout adds the commit before".to_owned(),
                });
            }
            Self::NotAFile(_) => return Some("remove it; a repository consists of files".to_owned()),
            Self::NotInstalled | Self::TimedOut { .. } | Self::TooMuch { .. } | Self::Other(_) => {
                return None;
            }
        };
        let has = |parts: &[&str]| parts.iter().any(|part| errors.contains(part));
        let help = if has(&["dubious ownership"]) {
            let command = errors.lines().map(str::trim).find(|line| line.starts_with("git config "));
            return command.map(|command| format!("run `{command}` if you trust the folder"));
        } else if has(&["cannot use bare repository"]) {
            "run in the folder of the checkout, or set `GIT_DIR` to the repository that you trust"
        } else if has(&["transport '"]) {
            "`GIT_ALLOW_PROTOCOL` or the settings `protocol.….allow` forbid it"
        } else if has(&["No such remote", "does not appear to be a git repository"]) {
            "the repository must have a remote `origin`, as a clone has"
        } else if has(&[
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "terminal prompts disabled",
            "Permission denied",
            "Host key verification failed",
            "Repository not found",
            "returned error: 401",
            "returned error: 403",
        ]) {
            "git must be able to read the remote without asking; actions/checkout leaves its credentials unless `persist-credentials` is false"
        } else if has(&[
            "Could not resolve host",
            "Failed to connect",
            "Couldn't connect",
            "Network is unreachable",
            "Connection timed out",
            "Connection refused",
        ]) {
            "the remote cannot be reached"
        } else {
            return None;
        };
        Some(help.to_owned())
    }

    /// The failure and its cure, in one line.
    #[must_use]
    pub fn reason(&self) -> String {
        match self.help() {
            Some(help) => format!("{self}; {help}"),
            None => self.to_string(),
        }
    }
}

impl From<CommandFailure> for Diagnostic {
    fn from(failure: CommandFailure) -> Self {
        let diagnostic = Self::error(Code::GIT, failure.to_string());
        match failure.help() {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    }
}

/// The line of git's errors that says what is wrong, without credentials.
fn said(errors: &str) -> String {
    let marked = |line: &&str| ["fatal: ", "error: ", "ERROR: "].iter().any(|mark| line.starts_with(mark));
    // With a remote, git's own last words say less than those of the program that speaks to it.
    let first = errors.lines().find(marked).or_else(|| errors.lines().find(|line| !line.trim().is_empty()));
    let text = first.map_or("nothing", |line| line.split_once(": ").map_or(line, |(_, rest)| rest));
    without_credentials(text)
}

/// A text in which URLs have no user and password.
pub(super) fn without_credentials(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c == '/' || c == '\'' || c.is_whitespace()).unwrap_or(part.len());
        let host = part[..end].rfind('@').map_or(0, |at| at + 1);
        out.extend(["://", &part[host..]]);
    }
    out
}
