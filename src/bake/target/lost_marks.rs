//! The marks of what attributes are without a text, so that checks that go through texts see them, too.

use std::collections::BTreeMap;

use super::rare::Rare;
use super::reach::Reach;
use crate::bake::values::{Marks, Name};
use crate::source::Span;

/// The marks of what attributes are without a text: of a flag, of null, of how many elements a list has. All are equal.
#[derive(Clone, Debug, Default)]
pub struct LostMarks(Rare<Vec<LostMark>>);

/// Marks of an attribute's value that need not be in any of its texts.
#[derive(Clone, Debug)]
pub struct LostMark {
    /// The attribute.
    pub attribute: &'static str,
    /// Where that shows.
    pub reach: Reach,
    /// The key of the part that has them, if what a child says under that key replaces it.
    pub key: Option<Name>,
    /// Those marks.
    pub marks: Marks,
    /// Where the value is written.
    pub span: Span,
}

impl LostMarks {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left of them without those that texts of the same attribute have: `shown`, by attribute.
    #[must_use]
    pub(super) fn beside(&self, shown: &BTreeMap<&str, Marks>) -> Vec<LostMark> {
        let left = self.0.iter().map(|one| match shown.get(one.attribute) {
            Some(shown) => LostMark { marks: one.marks.without(shown), ..one.clone() },
            None => one.clone(),
        });
        left.filter(|one| !one.marks.is_empty()).collect()
    }

    /// Adds those of an attribute.
    pub(super) fn add(&mut self, lost: LostMark) {
        if !lost.marks.is_empty() {
            self.0.push(lost);
        }
    }

    /// Adds those of a target that this one's target is merged with.
    pub(super) fn extend(&mut self, other: &Self) {
        if !other.is_empty() {
            self.0.extend_from_slice(&other.0);
        }
    }

    /// Takes away those of an attribute whose value is replaced.
    pub(super) fn forget(&mut self, attribute: &str) {
        if !self.is_empty() {
            self.0.retain(|one| one.attribute != attribute);
        }
    }

    /// Takes away those of the parts of an attribute that are replaced.
    pub(super) fn forget_keys<'k>(&mut self, attribute: &str, keys: impl IntoIterator<Item = &'k str>) {
        // Nearly always.
        if self.0.is_empty() {
            return;
        }
        for key in keys {
            self.0.retain(|one| one.attribute != attribute || one.key.as_deref() != Some(key));
        }
    }
}

impl PartialEq for LostMarks {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LostMarks {}
