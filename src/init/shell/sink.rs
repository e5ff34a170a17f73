//! Where what commands print goes: the files of the runner, and values.

use crate::init::values::text::Template;

/// Where what commands print goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sink {
    /// The outputs of the step.
    Output,
    /// The variables of later steps.
    Environment,
    /// A value: `$(…)`.
    Value,
}

/// A value of several lines that has not ended yet: `NAME<<END`, its lines, `END`.
pub(super) struct OpenText {
    pub sink: Sink,
    pub name: String,
    pub end: String,
    pub text: Template,
    /// How many conditions are around where it begins.
    pub around: usize,
}

/// Where the output of a command or a block goes, if that is a file of the runner's.
pub(super) fn sink_of(text: &str) -> Option<Sink> {
    if text.contains("GITHUB_OUTPUT") {
        Some(Sink::Output)
    } else if text.contains("GITHUB_ENV") {
        Some(Sink::Environment)
    } else {
        None
    }
}
