//! The attributes of `image` blocks that are one of a few words.

use crate::tags::VariantTags;
use crate::version::Scheme;

/// What is written as one of a few words.
pub(super) trait Word: Copy + PartialEq + 'static {
    /// The words with what each means.
    const WORDS: &'static [(&'static str, Self)];
}

/// What shares a CI job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Published targets that are linked to each other, per platform and runner.
    #[default]
    Linked,
    /// Every target has a job of its own.
    Target,
    /// All targets of a platform and runner.
    Platform,
}

/// What becomes of an image whose platform was not built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    /// None of its tags move.
    #[default]
    Hold,
    /// It is published without the platform.
    Drop,
    /// The platform is taken from the published index of the same version.
    Carry,
}

impl Word for Grouping {
    const WORDS: &'static [(&'static str, Self)] =
        &[("linked", Self::Linked), ("target", Self::Target), ("platform", Self::Platform)];
}

impl Word for OnMissing {
    const WORDS: &'static [(&'static str, Self)] =
        &[("hold", Self::Hold), ("drop", Self::Drop), ("carry", Self::Carry)];
}

impl Word for Scheme {
    const WORDS: &'static [(&'static str, Self)] = &[("semver", Self::Semver), ("calver", Self::Calver)];
}

impl Word for VariantTags {
    const WORDS: &'static [(&'static str, Self)] =
        &[("product", Self::Product), ("truncate", Self::Truncate)];
}
