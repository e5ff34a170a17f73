//! The marks of what a target's attributes are without a text, so that checks that go through texts see them, too.

use super::reach::Reach;
use crate::bake::values::Marks;
use crate::source::Span;

/// The marks of what attributes are without a text: of a flag, of null, of an empty list. All are equal.
#[derive(Clone, Debug, Default)]
pub struct LostMarks(Vec<LostMark>);

/// The marks of an attribute's value that are in none of its texts.
#[derive(Clone, Debug)]
pub struct LostMark {
    /// The attribute.
    pub attribute: &'static str,
    /// Where that shows.
    pub reach: Reach,
    /// Those marks.
    pub marks: Marks,
    /// Where the value is written.
    pub span: Span,
}

impl LostMarks {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &LostMark> {
        self.0.iter()
    }

    /// All marks together.
    #[must_use]
    pub fn all(&self) -> Marks {
        let mut all = Marks::default();
        self.0.iter().for_each(|one| all.merge(&one.marks));
        all
    }

    /// Adds those of an attribute.
    pub(super) fn add(&mut self, lost: LostMark) {
        self.0.push(lost);
    }

    /// Adds those of a target that this one's target is merged with.
    pub(super) fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// Takes away those of an attribute whose value is replaced.
    pub(super) fn forget(&mut self, attribute: &str) {
        self.0.retain(|one| one.attribute != attribute);
    }
}

impl PartialEq for LostMarks {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LostMarks {}
