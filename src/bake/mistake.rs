//! What an HCL syntax error most likely comes from, in words.

use std::ops::Range;

/// The escape sequences that there are.
pub(super) const ESCAPES: &str = "the escapes are `\\n`, `\\r`, `\\t`, `\\\"`, `\\\\`, `\\uXXXX` and `\\UXXXXXXXX`; write a backslash as `\\\\`";

/// A syntax error to show.
pub(super) struct Mistake {
    /// The offending bytes.
    pub(super) range: Range<usize>,
    /// What was found and expected.
    pub(super) message: String,
    /// What to do.
    pub(super) help: Option<&'static str>,
}

pub(super) fn explain(text: &str, offset: usize, column: usize, parser_message: &str) -> Mistake {
    let _ = (text, column);
    Mistake { range: offset..offset, message: parser_message.to_owned(), help: None }
}
