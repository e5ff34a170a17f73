//! Why an image is built, or not.

use crate::plan::Reused;

/// Why an image is built, or not.
pub(super) enum Finding {
    /// It differs.
    Differs(String),
    /// It is the same, and perhaps published.
    Same(String, Option<Reused>),
    /// That cannot be known.
    Unknown(String),
}
