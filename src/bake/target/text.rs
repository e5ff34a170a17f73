//! A string of a target, and its place.

use std::fmt;

use crate::bake::values::{MarkedStr, Marks, Name};
use crate::source::Span;

/// A string with where it came from. Equality looks at the text alone.
#[derive(Clone, Debug)]
pub struct Text {
    /// The string, with its marks.
    pub value: MarkedStr,
    /// Its place in a file; absent for defaults and for the command line.
    pub span: Option<Span>,
}

impl Text {
    /// A string without a place, kept byte for byte: text of the command line is not normalised.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        Self { value: MarkedStr::verbatim(text), span: None }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.value.as_str()
    }

    /// The text, shared.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.value.name()
    }

    /// Whether it is the empty string.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// Adds marks.
    pub(super) fn mark(&mut self, marks: &Marks) {
        self.value.mark(marks);
    }

    /// Other text with this text's place and marks, such as a part of it.
    #[must_use]
    pub fn derive(&self, text: &str) -> Self {
        Self { value: MarkedStr::verbatim(text).marked(self.value.marks()), span: self.span }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::verbatim(text)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Text {}
