//! The attributes of `image` blocks: the one list of what they are called, hold and reach.
//!
//! A line says what an attribute is read into and what it is without being written, then in which committed files its
//! value shows, whether it is one for the image or for each of its targets, and what `null` does to what the defaults
//! say. All else follows from the line: the names that are accepted and suggested, reading and merging (see
//! [`ReadAttribute`]), which differences between targets are refused, where the clock is,
//! and the JSON Schema.

use std::collections::BTreeMap;

use super::declare::{Declared, Marked, Null, Per, declare};
use super::read::{AttributeReader, ReadAttribute};
use super::words::{Grouping, OciLevels, TagPattern, VersionPattern, VersionText};
use crate::bake::target::{Reach, Text};
use crate::bake::values::Name;
use crate::on_missing::OnMissing;
use crate::platform::{Platform, PlatformPrefix};
use crate::runner::RunnerRule;
use crate::source::Span;
use crate::tags::VariantTags;
use crate::version::Scheme;

declare! {
    /// Which targets an image block names; neither for the one with the block's own name.
    pub struct Covered {
        /// Those of one image, or of the members of one matrix.
        target: Option<Vec<Text>> = None; Reach::Both, Per::Image, Null::Resets;
        /// Those that are merged into one index.
        targets: Option<Vec<Text>> = None; Reach::Both, Per::Image, Null::Resets;
    }
}

declare! {
    /// What an image block says about one target.
    pub struct Settings {
        /// Where it is published; `None` leaves it to the target's tags.
        repositories: Option<Vec<Text>> = None; Reach::Both, Per::Image, Null::Keeps;
        /// The version, or a pattern over facts, with a condition or not.
        version: Option<VersionPattern> = None; Reach::Both, Per::Image, Null::Keeps;
        /// What versions are read as.
        scheme: Scheme = Scheme::default(); Reach::TagTable, Per::Image, Null::Resets;
        /// What follows the numbers of its releases, where the table of tails does not know it.
        stable_suffixes: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// What follows the numbers of its prereleases, likewise.
        prerelease_suffixes: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// What stands before the version in the names of git tags, such as `api/`.
        tag_prefix: Option<Text> = None; Reach::Both, Per::Image, Null::Resets;
        /// Tag patterns; `None` leaves it to the version or the target's tags.
        tags: Option<Vec<TagPattern>> = None; Reach::Both, Per::Image, Null::Keeps;
        /// Patterns of tags that prereleases get besides.
        prerelease_tags: Vec<TagPattern> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Flavor lines of docker/metadata-action, for rule lines in `tags`.
        flavor: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Floating names that the version claims besides.
        channels: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Whether the version competes for `latest`.
        latest: bool = true; Reach::TagTable, Per::Image, Null::Resets;
        /// The variant: for each axis its names; an empty name says that the axis may be left out.
        variant: Option<Vec<Vec<Text>>> = None; Reach::TagTable, Per::Image, Null::Resets;
        /// Names of axes that may be left out.
        default_variant: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// How the names of axes combine.
        variant_tags: VariantTags = VariantTags::default(); Reach::TagTable, Per::Image, Null::Resets;
        /// Versions released before that are not in the spec.
        known_versions: Vec<VersionText> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Versions that own no floating tag any more.
        withdrawn: Vec<VersionText> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Whether an existing version tag must not get another digest.
        immutable: bool = false; Reach::Neither, Per::Image, Null::Resets;
        /// Annotations of the index.
        annotations: BTreeMap<Name, Text> = BTreeMap::new(); Reach::BakeFile, Per::Image, Null::Keeps;
        /// Where labels and annotations of the OCI are filled in from facts, and from each other.
        oci_labels: OciLevels = OciLevels::default(); Reach::BakeFile, Per::Image, Null::Resets;
        /// Runners by platform. They decide what is emulated, and with it the copies of linked targets.
        runners: Vec<RunnerRule> = Vec::new(); Reach::BakeFile, Per::Target, Null::Keeps;
        /// What shares a job, which is a group in the Bake file.
        jobs: Grouping = Grouping::default(); Reach::BakeFile, Per::Target, Null::Resets;
        /// What becomes of the image when a platform is missing.
        on_missing: OnMissing = OnMissing::default(); Reach::Neither, Per::Target, Null::Resets;
    }
    /// Overrides by platform, in the order of their labels.
    pub platforms: Vec<PlatformOverride> = Vec::new();
}

declare! {
    /// What a `platform` block says.
    pub struct PlatformSettings {
        /// Where it is built.
        runner: Option<RunnerRule> = None; Reach::BakeFile, Per::Target, Null::Keeps;
        /// Path of the Dockerfile.
        dockerfile: Option<Text> = None; Reach::BakeFile, Per::Target, Null::Resets;
        /// Build context.
        context: Option<Text> = None; Reach::BakeFile, Per::Target, Null::Resets;
        /// Named contexts, merged by name.
        contexts: BTreeMap<Name, Text> = BTreeMap::new(); Reach::BakeFile, Per::Target, Null::Keeps;
        /// Stage of the Dockerfile.
        target: Option<Text> = None; Reach::BakeFile, Per::Target, Null::Resets;
        /// Build arguments, merged by name.
        args: BTreeMap<Name, Text> = BTreeMap::new(); Reach::BakeFile, Per::Target, Null::Keeps;
        /// What becomes of the image when this platform is missing.
        on_missing: Option<OnMissing> = None; Reach::Neither, Per::Target, Null::Resets;
        /// Whether the platform is left out.
        skip: bool = false; Reach::Both, Per::Target, Null::Resets;
    }
}

/// Overrides for the platforms that a prefix matches.
#[derive(Clone, Debug)]
pub struct PlatformOverride {
    /// Which platforms.
    pub prefix: PlatformPrefix,
    /// The label.
    pub span: Span,
    /// Whether it comes from the defaults of all images, and need not fit this one.
    pub is_default: bool,
    /// What the block says.
    pub settings: PlatformSettings,
}

impl Settings {
    /// The overrides of a platform, the most specific last.
    #[must_use]
    pub fn overrides_of(&self, platform: Option<&Platform>) -> Vec<&PlatformOverride> {
        let Some(platform) = platform else { return Vec::new() };
        let mut matching: Vec<&PlatformOverride> =
            self.platforms.iter().filter(|one| platform.matches_prefix(&one.prefix)).collect();
        matching.sort_by_key(|one| one.prefix.specificity());
        matching
    }
}
