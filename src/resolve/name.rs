//! A rendered name.

use super::input::{Input, Purpose};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::tags::Claim;

/// A rendered name with its pattern's place.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) claim: Claim,
    pub(super) span: Option<Span>,
}

/// Leaves tags that depend on the run out of a committed file, and says so where they would be.
pub(super) fn leave_out(input: &Input<'_>, span: Option<Span>, warnings: &mut Vec<Diagnostic>) {
    let message = "what depends on the run is left out of a committed file";
    let note = Diagnostic::note("run-tag", message).at(span, "");
    let note = note.with_help("give the facts, such as `--fact tag=v1.2.3`, to have its tags in the file");
    if input.purpose == Purpose::TagTable && !warnings.contains(&note) {
        warnings.push(note);
    }
}
