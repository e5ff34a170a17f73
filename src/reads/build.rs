//! Holds what one build reads.

use super::part::{Part, first_difference};
use crate::dockerfile::Base;
use crate::inputs::Inputs;

/// What one build reads.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    /// The hash of all of it.
    pub(crate) inputs: Inputs,
    /// Its parts, in order.
    pub(super) parts: Vec<Part>,
    /// Why the whole context counts, and what is not seen.
    pub(super) notes: Vec<String>,
    /// The images that it starts from, copies from and mounts.
    pub(crate) bases: Vec<Base>,
}

impl Read {
    /// All of it for a person, one part a line.
    #[must_use]
    pub(crate) fn explained(&self) -> Vec<String> {
        let head = match &self.inputs {
            Inputs::Hash(hash) => hash.to_string(),
            Inputs::Unknown(why) => format!("unknown: {why}"),
        };
        let notes = self.notes.iter().map(|note| format!("note: {note}"));
        let moving = self.bases.iter().filter(|base| !base.is_digest);
        let bases = moving
            .map(|base| format!("note: where `{}` has moved to is not seen (line {})", base.name, base.line));
        [head].into_iter().chain(self.parts.iter().map(Part::shown)).chain(notes).chain(bases).collect()
    }

    /// What differs from an older build, in a few words.
    #[must_use]
    pub(crate) fn difference(&self, old: &Self) -> String {
        match first_difference(&old.parts, &self.parts) {
            Some(part) => format!("{} has changed", part.name),
            None => "its inputs have changed".to_owned(),
        }
    }
}
