//! Says what is wrong with a word of a Dockerfile.

/// The most expressions inside each other.
pub(super) const DEPTH: usize = 50;

/// What is wrong with a word; the build fails there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// A quote that is not closed.
    #[error("a {0} is not closed")]
    Quote(char),
    /// A `${` that is not closed, or a `${V/…` without its second `/`.
    #[error("`${{` without a matching `{0}`")]
    Unclosed(char),
    /// `${}`, `${:…}` or `${{…}`.
    #[error("bad substitution")]
    Substitution,
    /// An operator that BuildKit does not have either.
    #[error("unsupported modifier `{0}`")]
    Modifier(String),
    /// A pattern with an escape that patterns do not have.
    #[error("invalid pattern `{0}`")]
    Pattern(String),
    /// `${V:?…}` without a value.
    #[error("{0}")]
    Required(String),
    /// Expressions inside expressions inside expressions.
    #[error("more than {DEPTH} expressions inside each other")]
    Deep,
}
