//! Why it is not known what a build sees of a context.

use super::pattern::Fault;

/// What of a context is seen is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// There is nothing at the context's path.
    #[error("the folder `{}` does not exist", .0.escape_ascii())]
    Missing(Vec<u8>),
    /// There is a file.
    #[error("`{}` is not a folder", .0.escape_ascii())]
    NotAFolder(Vec<u8>),
    /// It is a submodule or below one, whose files another repository has.
    #[error("`{}` is a submodule", .0.escape_ascii())]
    Submodule(Vec<u8>),
    /// It is outside of the repository, itself or through a link.
    #[error("`{}` leads out of the repository", .0.escape_ascii())]
    Outside(Vec<u8>),
    /// Links lead to each other.
    #[error("`{}` is a link that leads to itself", .0.escape_ascii())]
    Loop(Vec<u8>),
    /// A source that BuildKit refuses or that does not mean what it says.
    #[error("the source `{}` {fault}", path.escape_ascii())]
    Source {
        /// The source.
        path: Vec<u8>,
        /// What is wrong with it.
        fault: Fault,
    },
}
