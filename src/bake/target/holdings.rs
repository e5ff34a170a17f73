//! Limits the memory that all targets of a run may take.

use super::definition::Target;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};

/// How many elements all targets may have together: a matrix gives each of very many targets its own.
const MAX_ELEMENTS: usize = 1_000_000;

/// How many bytes of text all targets may hold together.
const MAX_HELD: usize = 64 << 20;

/// What the targets of a run hold.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    elements: usize,
    text: usize,
}

impl Holdings {
    /// For one more target.
    ///
    /// # Errors
    /// They hold too much.
    pub(crate) fn add(&mut self, target: &Target) -> Result<(), Failure> {
        self.elements += target.weight();
        target.each_text(&mut |_, text| self.text += text.as_str().len());
        let fail =
            |message: String| Err(Box::new(Diagnostic::error(Code::LIMIT, message).at(target.span, "")));
        if self.elements > MAX_ELEMENTS {
            return fail(format!("the targets have more than {MAX_ELEMENTS} elements in their attributes"));
        }
        if self.text > MAX_HELD {
            return fail(format!("the texts of the targets come to more than {} MiB", MAX_HELD >> 20));
        }
        Ok(())
    }
}
