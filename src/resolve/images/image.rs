//! An image before its tags and legs are known.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::forms::Reading;
use super::labels::OciLabels;
use super::rules::AppliedRules;
use super::version::ImageVersion;
use crate::bake::target::Target;
use crate::bake::values::Name;
use crate::diagnostic::Diagnostic;
use crate::pattern::ImageNames;
use crate::reference::Repository;
use crate::resolve::targets::Targets;
use crate::source::Span;
use crate::spec::{Marked, Settings};
use crate::version::Tails;

/// An image before its tags and legs are known.
pub(in crate::resolve) struct UnresolvedImage {
    /// Its key in the plan.
    pub(in crate::resolve) key: String,
    /// The name of its block; its key where it has none.
    pub(in crate::resolve) name: String,
    /// The block it comes from; images of one block compete for floating tags. `None` at level 0.
    pub(in crate::resolve) block: Option<usize>,
    /// Its place among the images of the spec.
    pub(in crate::resolve) at: usize,
    /// What to point at when the image as a whole is wrong.
    pub(in crate::resolve) span: Option<Span>,
    /// Whether it is asked for, and is to be built.
    pub(in crate::resolve) is_wanted: bool,
    /// The targets that build it.
    pub(in crate::resolve) targets: Vec<Covered>,
    /// The parts of how its block names the targets that have marks.
    pub(in crate::resolve) marked: Vec<Marked>,
    /// The version that its tags are made of.
    pub(in crate::resolve) version: ImageVersion,
    /// How what follows the numbers of versions is read.
    pub(in crate::resolve) tails: Tails,
    /// What its rule lines give, if it has any.
    pub(in crate::resolve) rules: Option<Box<AppliedRules>>,
    /// Labels and annotations that are filled in from facts.
    pub(in crate::resolve) oci: OciLabels,
    /// What git tags of each image that has a prefix begin with.
    pub(in crate::resolve) prefixes: Arc<BTreeSet<String>>,
    /// The repositories that the merge fills, each once, and where they are written.
    pub(in crate::resolve) mirrors: IndexMap<Repository, Option<Span>>,
}

/// A target that builds an image.
pub(in crate::resolve) struct Covered {
    pub(in crate::resolve) name: Name,
    /// Its place among the resolved targets, which is where it is looked for.
    pub(in crate::resolve) at: usize,
    /// What the block says about it.
    pub(in crate::resolve) settings: Arc<Settings>,
}

/// An image block that covers no targets, so that it makes no image.
pub(in crate::resolve) struct EmptyBlock {
    /// Its name.
    pub(in crate::resolve) name: String,
    /// The parts of what it says about its targets that have marks.
    pub(in crate::resolve) marked: Vec<Marked>,
}

impl UnresolvedImage {
    /// What the block says about the image: it is the same for all of its targets.
    pub(in crate::resolve) fn settings(&self) -> &Settings {
        &self.targets[0].settings
    }

    /// The first of its targets, which says what its block does not.
    pub(in crate::resolve) fn first_target<'t>(&self, targets: &'t Targets<'_>) -> &'t Target {
        targets.at(self.targets[0].at)
    }

    /// Its targets.
    pub(in crate::resolve) fn sources<'t>(
        &self,
        targets: &'t Targets<'_>,
    ) -> impl DoubleEndedIterator<Item = &'t Target> {
        self.targets.iter().map(|covered| targets.at(covered.at))
    }

    /// Whether what it is called is what its targets say, in part at least.
    pub(in crate::resolve) fn is_named_by_target(&self) -> bool {
        let settings = self.settings();
        settings.repositories.is_none() || settings.tags.is_none() && settings.version.is_none()
    }

    /// The prefix of another image that a git tag begins with, which goes on after that of this one.
    pub(in crate::resolve) fn other_prefix<'t>(&self, tag: &'t str, own: &str) -> Option<&'t str> {
        if self.prefixes.is_empty() || !tag.starts_with(own) {
            return None;
        }
        // A `v` belongs to the version.
        let is_other =
            |begin: &&str| self.prefixes.contains(*begin) && !matches!(&begin[own.len()..], "v" | "V");
        (own.len() + 1..=tag.len()).rev().filter_map(|length| tag.get(..length)).find(is_other)
    }

    /// A diagnostic about what these attributes lack, with the places where they are null.
    pub(in crate::resolve) fn with_nulls(&self, found: Diagnostic, attributes: &[&str]) -> Diagnostic {
        let nulls = self.settings().nulls.iter().filter(|(one, _)| attributes.contains(&one.name));
        nulls.fold(found, |found, (one, span)| {
            found.at(*span, format!("`{}` is unset by this null", one.name))
        })
    }

    /// A diagnostic about this image, which is said once of all images of which the same is said; `several` is what follows
    /// `3 images` then.
    pub(in crate::resolve) fn tells(&self, found: Diagnostic, several: impl Into<String>) -> Diagnostic {
        found.of_image(&self.key, self.block.map(|_| self.name.as_str()), several)
    }

    /// Its version, and how it reads others.
    pub(in crate::resolve) fn reading(&self) -> Reading<'_> {
        Reading { version: self.version.known(), scheme: self.settings().scheme, tails: &self.tails }
    }

    /// What it is called, for patterns.
    pub(in crate::resolve) fn names(&self) -> ImageNames<'_> {
        ImageNames { name: &self.name, key: &self.key }
    }
}
