//! The version that the tags of an image are made of.

use std::collections::BTreeSet;

use crate::bake::target::Text;
use crate::pattern::PatternError;
use crate::spec::Settings;
use crate::tags::LATEST;
use crate::version::{Class, Tails, Version};

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
    /// It follows from a fact that nothing tells, which matters to patterns that use it.
    Unknown(PatternError, Text),
    /// This run has none: it is not of what the version is made of, or a condition says so.
    Absent {
        /// What the run is of, when that is the reason.
        at: Option<String>,
    },
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
            Self::None | Self::Unknown(..) | Self::Absent { .. } | Self::Elsewhere { .. } => None,
        }
    }
}

/// How the image reads what follows the numbers: its variants are releases, too.
pub(super) fn tails(settings: &Settings) -> Tails {
    let texts = |texts: &[Text]| texts.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let variants = settings.variant.iter().flatten().flatten().filter(|name| !name.is_empty());
    let mut stable = texts(&settings.stable_suffixes);
    stable.extend(variants.map(ToString::to_string));
    let prerelease = texts(&settings.prerelease_suffixes);
    stable.retain(|suffix| !prerelease.contains(suffix));
    Tails { stable, prerelease, shape: None }
}

/// Whether a tag is called as a version's are.
pub(super) fn is_of_version(tag: &str) -> bool {
    tag == LATEST || tag.parse::<Version>().is_ok_and(|version| version.class() == Class::Stable)
}
