//! Why a text is not a Dockerfile.

/// Why a text is not a Dockerfile as we read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(crate) struct Unreadable {
    /// The line, from 1.
    pub(crate) line: usize,
    /// What is wrong there.
    pub(crate) problem: String,
}

impl Unreadable {
    pub(super) fn new(line: usize, problem: String) -> Self {
        Self { line, problem }
    }
}
