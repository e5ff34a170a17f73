//! What a shell asks that completes a command line, and how it gets an answer.

use std::ffi::OsString;
use std::io::{self, Write};

/// What a shell asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct CompletionRequest {
    /// What the variable says that marks a request.
    pub shell: String,
    /// The words of the line, the program's name first.
    pub words: Vec<OsString>,
    /// Which of them the cursor is at, where the shell says so; the last otherwise.
    pub index: Option<usize>,
    /// What is to stand between candidates.
    pub separator: Option<String>,
}

/// The request of a shell, if `variable` marks one. Its other variables are those of the scripts that `clap_complete` writes.
#[must_use]
pub(crate) fn completion_request(variable: &str) -> Option<CompletionRequest> {
    let shell = std::env::var(variable).ok()?;
    let mut words = std::env::args_os().skip(1);
    // No command line of ours begins with it.
    words.next().filter(|word| word == "--")?;
    let index = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
    let separator = std::env::var("_CLAP_IFS").ok();
    Some(CompletionRequest { shell, words: words.collect(), index, separator })
}

/// Gives the shell its candidates.
///
/// # Errors
/// When they do not arrive.
pub(crate) fn print_candidates(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())
}
