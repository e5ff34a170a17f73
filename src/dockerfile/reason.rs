//! Why something that a build reads cannot be told.

use std::fmt;

use super::problem::Problem;
use super::unreadable::Unreadable;
use super::word::Unknowable;
use crate::reference::ReferenceError;

/// Why something cannot be told, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The line of the instruction, from 1; `None` if it is not one.
    pub(crate) line: Option<usize>,
    /// What is in the way.
    pub(crate) why: Why,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        self.why.fmt(f)
    }
}

/// What is in the way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Why {
    /// Another frontend, which may read the file in its own way.
    #[error("frontend `{0}` is not docker/dockerfile")]
    Frontend(String),
    /// The file itself.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The target names a stage that is not there.
    #[error("there is no stage `{0}`")]
    Target(String),
    /// A source that is the root of the context.
    #[error("source `{0}` is the whole context")]
    WholeContext(String),
    /// A bind mount without a source.
    #[error("a bind mount without a source is the whole context")]
    WholeMount,
    /// A path with a drive letter.
    #[error("source `{0}` may be a path of Windows")]
    Drive(String),
    /// `COPY` of what only `ADD` downloads.
    #[error("`COPY` cannot download `{0}`")]
    Download(String),
    /// A word whose value depends on more than the file and the target.
    #[error("the value of `{word}` is not known: {unknowable}")]
    Value {
        /// The word as it is written.
        word: String,
        /// What it depends on.
        unknowable: Unknowable,
    },
    /// A word that does not expand.
    #[error("`{word}` does not expand: {problem}")]
    Expansion {
        /// The word as it is written.
        word: String,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A `FROM` whose name is empty.
    #[error("`{0}` is an empty name")]
    Blank(String),
    /// A name that is neither a stage nor an image.
    #[error("`{name}` is neither a stage nor an image: {problem}")]
    Image {
        /// The name, expanded.
        name: String,
        /// Why it is not an image.
        problem: ReferenceError,
    },
    /// A stage that is copied before it is built.
    #[error("stage `{0}` is not built yet")]
    Order(String),
    /// The number of a stage that is not there.
    #[error("there is no stage number {0}")]
    Number(String),
    /// An expression in `--from`.
    #[error("`--from={0}` does not take variables or quotes")]
    From(String),
    /// The name of a context of the target that is not the name of an image.
    #[error("named context `{0}` is not the name of an image")]
    Context(String),
    /// A stage that has `ONBUILD` and is replaced by a named context.
    #[error("stage `{0}` has ONBUILD and is replaced by a named context")]
    Replaced(String),
    /// Timestamps that come from a context, an image or a download.
    #[error("SOURCE_DATE_EPOCH `{0}` is not a number")]
    Epoch(String),
}
