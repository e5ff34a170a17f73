//! The version that the tags of an image are made of.

use crate::bake::target::Text;
use crate::pattern::PatternError;
use crate::tags::LATEST;
use crate::version::{Class, Version};

/// The version that the tags of an image are made of.
#[derive(Clone, Debug)]
pub(super) enum ImageVersion {
    /// None: tags are as they stand.
    None,
    /// This one.
    Known {
        /// The version.
        version: Version,
        /// Whether it follows from the facts of the run, and nobody has declared it.
        is_from_run: bool,
    },
    /// It follows from a fact that this run has not, which matters to patterns that use it.
    Unknown(PatternError, Text),
    /// This run is of another image's version: its git tag does not begin with the image's prefix.
    Elsewhere {
        /// The git tag.
        tag: String,
        /// What it would begin with.
        prefix: Text,
    },
}

impl ImageVersion {
    pub(super) fn known(&self) -> Option<&Version> {
        match self {
            Self::Known { version, is_from_run: _ } => Some(version),
            Self::None | Self::Unknown(..) | Self::Elsewhere { .. } => None,
        }
    }
}

/// Whether a tag is called as a version's are.
pub(super) fn is_of_version(tag: &str) -> bool {
    tag == LATEST || tag.parse::<Version>().is_ok_and(|version| version.class() == Class::Stable)
}
