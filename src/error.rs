//! Why a command did not do what it was asked, and the exit codes that say so.

use std::process::ExitCode;

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::host::HostError;
use crate::readable;

/// How a run ended. The numbers are part of the command line's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked is done.
    Done = 0,
    /// Bad input, or a file, stream or network that failed.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// `--check` found a file that is missing or has other content than it would be given.
    OutOfDate = 3,
    /// A registry does not serve what was planned.
    Disagrees = 4,
    /// Some images were left untouched.
    Incomplete = 5,
}

impl Exit {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Done, Self::Failed, Self::Usage, Self::OutOfDate, Self::Disagrees, Self::Incomplete];
    /// Those of every command.
    pub(crate) const USUAL: &'static [Self] = &[Self::Done, Self::Failed, Self::Usage];
    /// Those of a command that has `--check`.
    pub(crate) const CHECKED: &'static [Self] = &[Self::Done, Self::Failed, Self::Usage, Self::OutOfDate];

    /// What it says, for the help.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "wrong usage",
            Self::OutOfDate => "out of date (`--check`)",
            Self::Disagrees => "the registry disagrees (`verify`)",
            Self::Incomplete => "incomplete (`merge`, `promote`, `verify --keep-set`)",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Mistakes in the input, all that were found.
    #[error("{}", messages(.0))]
    Diagnostics(Vec<Diagnostic>),
    /// A file or stream that could not be used.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Options or arguments that contradict each other.
    #[error("{0}")]
    Usage(String),
    /// Images that were left untouched, each with the reason.
    #[error("{}", messages(.0))]
    Incomplete(Vec<Diagnostic>),
    /// What a registry serves otherwise than planned.
    #[error("{}", messages(.0))]
    Disagrees(Vec<Diagnostic>),
    /// Files that `--check` found to be stale.
    #[error("out of date: {}", paths(.stale))]
    OutOfDate {
        /// The files.
        stale: Vec<Stale>,
        /// The command that brings them up to date.
        repair: String,
    },
}

/// A file with other content than it would be given now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stale {
    /// The file.
    pub path: String,
    /// From what it has to what it would be given, as a unified diff; none when there is no such file.
    pub diff: Option<String>,
}

impl Error {
    /// The exit code for this error.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Diagnostics(_) | Self::Host(_) => Exit::Failed,
            Self::Usage(_) => Exit::Usage,
            Self::Incomplete(_) => Exit::Incomplete,
            Self::Disagrees(_) => Exit::Disagrees,
            Self::OutOfDate { .. } => Exit::OutOfDate,
        }
    }

    /// The diffs of stale files, to be printed as they are above the diagnostics; empty for other errors.
    #[must_use]
    pub(crate) fn diff(&self) -> String {
        match self {
            Self::OutOfDate { stale, .. } => stale.iter().filter_map(|file| file.diff.as_deref()).collect(),
            _ => String::new(),
        }
    }

    /// The error as things to tell the user, one or more.
    #[must_use]
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        match self {
            Self::Diagnostics(diagnostics) | Self::Incomplete(diagnostics) | Self::Disagrees(diagnostics) => {
                diagnostics
            }
            Self::Host(error) => {
                let diagnostic = Diagnostic::error(error.code(), error.to_string());
                vec![match error.help() {
                    Some(help) => diagnostic.with_help(help),
                    None => diagnostic,
                }]
            }
            // It may quote an argument.
            Self::Usage(message) => {
                vec![Diagnostic::error(Code::USAGE, readable::without_logins_in_addresses(&message))]
            }
            Self::OutOfDate { stale, repair } => {
                let count = stale.len();
                let tell = |(at, file): (usize, Stale)| {
                    let state = if file.diff.is_some() { "is out of date" } else { "does not exist" };
                    let diagnostic = Diagnostic::error(Code::OUT_OF_DATE, format!("`{}` {state}", file.path));
                    // One command fixes all of them.
                    if at + 1 == count { diagnostic.with_help(format!("run `{repair}`")) } else { diagnostic }
                };
                stale.into_iter().enumerate().map(tell).collect()
            }
        }
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Diagnostics(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for Error {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Diagnostics(diagnostics)
    }
}

fn messages(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn paths(stale: &[Stale]) -> String {
    stale.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Action, Problem};

    fn samples() -> [(Error, Exit, &'static str); 6] {
        let missing = HostError { action: Action::Read, path: "a.hcl".into(), problem: Problem::Missing };
        let stale = vec![
            Stale { path: "docker-bake.json".into(), diff: Some("-a\n+b\n".into()) },
            Stale { path: "matrix.json".into(), diff: None },
        ];
        [
            (Diagnostic::error(Code::SYNTAX, "wrong").into(), Exit::Failed, "wrong"),
            (missing.into(), Exit::Failed, "cannot read `a.hcl`: no such file or directory"),
            (
                Error::Incomplete(vec![Diagnostic::warning(Code::HELD, "`app` is held")]),
                Exit::Incomplete,
                "`app` is held",
            ),
            (
                Error::Disagrees(vec![Diagnostic::error(Code::NO_SOURCE, "it is not there")]),
                Exit::Disagrees,
                "it is not there",
            ),
            (Error::Usage("`--list` excludes `-f`".into()), Exit::Usage, "`--list` excludes `-f`"),
            (
                Error::OutOfDate { stale, repair: "bakeplan plan --out ci".into() },
                Exit::OutOfDate,
                "out of date: docker-bake.json, matrix.json",
            ),
        ]
    }

    #[test]
    fn each_error_has_its_exit_code_and_its_message() {
        for (error, exit, message) in samples() {
            assert_eq!((error.exit(), error.to_string().as_str()), (exit, message));
        }
    }

    #[test]
    fn each_stale_file_is_told_with_its_cure() {
        let [.., (error, ..)] = samples();
        assert_eq!(error.diff(), "-a\n+b\n");
        let told = error.into_diagnostics();
        let told: Vec<_> = told.iter().map(|d| (d.message.as_str(), d.help.as_deref())).collect();
        let help = Some("run `bakeplan plan --out ci`");
        assert_eq!(
            told,
            [("`docker-bake.json` is out of date", None), ("`matrix.json` does not exist", help)]
        );
    }

    #[test]
    fn a_missing_file_is_told_with_a_hint() {
        let [_, (error, ..), ..] = samples();
        let told = error.into_diagnostics();
        assert_eq!((told[0].code, told[0].help.is_some()), (Code::NO_SUCH_FILE, true));
    }
}
