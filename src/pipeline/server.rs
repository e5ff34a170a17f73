//! The kinds of CI whose workflows are written.

/// Whose workflow it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}
