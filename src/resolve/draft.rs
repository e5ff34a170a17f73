//! An image before its tags and legs are known.

use std::collections::BTreeMap;

use super::rules::Ruled;
use super::stated::Stated;
use crate::bake::values::Name;
use crate::source::Span;
use crate::spec::Settings;

/// An image before its tags and legs are known.
pub(super) struct Draft {
    /// Its key in the plan.
    pub(super) key: String,
    /// The block it comes from; images of one block compete for floating tags. `None` at level 0.
    pub(super) block: Option<usize>,
    /// What to point at when the image as a whole is wrong.
    pub(super) span: Option<Span>,
    /// The targets that build it, each with what its block says about it.
    pub(super) targets: Vec<(Name, Settings)>,
    /// The version that its tags are made of.
    pub(super) stated: Stated,
    /// What its rule lines give, if it has any.
    pub(super) ruled: Option<Ruled>,
    /// Labels and annotations that are filled in from facts.
    pub(super) oci: BTreeMap<String, String>,
}

impl Draft {
    /// What the block says about the image: it is the same for all of its targets.
    pub(super) fn settings(&self) -> &Settings {
        &self.targets[0].1
    }
}
