//! Holds what is known of a tag of a plan in a repository.

use super::report::CheckedReference;
use crate::published::plan_json::TagEntry;

/// A tag in a repository.
pub(super) struct State<'s> {
    pub(super) site: usize,
    pub(super) planned: &'s TagEntry,
    pub(super) checked: CheckedReference,
    pub(super) kind: TagState,
}

/// What is known of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagState {
    /// Nothing yet.
    Open,
    /// It cannot be used, which is reported.
    Faulty,
    /// It is not there.
    Missing,
    /// It is there, and should be this image's.
    Own,
    /// A greater version or a later run has it.
    Kept,
    /// It is there, and nothing tells whose it should be: the image's own tags are not.
    Foreign,
}
