//! Says what was found of an image, and why it is built, or not.

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

/// What is published of an image.
pub(super) enum Found {
    /// An index that was made of the same inputs.
    Same(Reused),
    /// An index that was made of other inputs; which one, in words.
    Changed(String),
    /// Something else; what that is, in words.
    Other(String),
    /// Nothing; where that was looked for, in words.
    Absent(String),
    /// The registry does not say.
    Unknown(String),
}
