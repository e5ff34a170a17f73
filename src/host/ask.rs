//! Asks whoever sits at the terminal.

use std::io::{self, BufRead, IsTerminal, Read};

use super::Host;

/// How much of an answer is read, in bytes.
const MAX_ANSWER: u64 = 1024;

impl Host {
    /// Whether somebody is there to answer: standard input and standard error are terminals.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Whether the answer to a question is yes.
    #[must_use]
    pub fn ask(&self, question: &str) -> bool {
        self.stderr(&format!("{question} [y/N] "));
        let mut answer = String::new();
        let mut input = io::stdin().lock().take(MAX_ANSWER);
        let read = input.read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }
}
