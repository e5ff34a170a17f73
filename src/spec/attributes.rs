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
use super::weight::Weight;
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
        /// The target that builds the image; a matrix target makes an image of each member.
        target: Option<Vec<Text>> = None; Reach::Both, Per::Image, Null::Resets;
        /// Several targets that build one image, each for other platforms.
        targets: Option<Vec<Text>> = None; Reach::Both, Per::Image, Null::Resets;
    }
}

declare! {
    /// What an image block says about one target.
    pub struct Settings {
        /// The repositories that the image is published in, without tags; by default those in the target's tags.
        repositories: Option<Vec<Text>> = None; Reach::Both, Per::Image, Null::Keeps;
        /// Further repositories, which no build pushes to and the merge fills by copying.
        mirrors: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// The version, or a pattern over facts, perhaps with a condition.
        version: Option<VersionPattern> = None; Reach::TagTable, Per::Image, Null::Keeps;
        /// The scheme of the versions.
        scheme: Scheme = Scheme::default(); Reach::TagTable, Per::Image, Null::Resets;
        /// Suffixes that mark releases, where the built-in table does not know them.
        stable_suffixes: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Suffixes that mark prereleases, where the built-in table does not know them.
        prerelease_suffixes: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// The text before the version in git tags, such as `api/`.
        tag_prefix: Option<Text> = None; Reach::Both, Per::Image, Null::Resets;
        /// Patterns of tags; by default made from the version, else the target's tags.
        tags: Option<Vec<TagPattern>> = None; Reach::TagTable, Per::Image, Null::Keeps;
        /// Patterns of further tags for prereleases.
        prerelease_tags: Vec<TagPattern> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Flavor lines of docker/metadata-action, for rule lines in `tags`.
        flavor: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Further floating names that the version claims, such as `lts`.
        channels: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Whether the version competes for `latest`.
        latest: bool = true; Reach::TagTable, Per::Image, Null::Resets;
        /// The suffixes of the tags: a name, or a list of axes with their names; an empty name makes the axis optional.
        variant: Option<Vec<Vec<Text>>> = None; Reach::TagTable, Per::Image, Null::Resets;
        /// Names of the variant that may be left out.
        default_variant: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// How the names of the axes are combined.
        variant_tags: VariantTags = VariantTags::default(); Reach::TagTable, Per::Image, Null::Resets;
        /// Versions released earlier that are not in this file.
        known_versions: Vec<VersionText> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Withdrawn versions, which no longer own floating tags.
        withdrawn: Vec<VersionText> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets;
        /// Names of variables that are secret, whatever they look like, and after `!` of those that are not.
        secret_variables: Vec<Text> = Vec::new(); Reach::Neither, Per::Image, Null::Resets;
        /// Whether a merge refuses to give a version's own tag a different digest.
        immutable: bool = false; Reach::Neither, Per::Image, Null::Resets;
        /// Whether what was published before from the same inputs gets the tags of a run that does not build the image.
        retag: bool = true; Reach::Neither, Per::Image, Null::Resets;
        /// Whether a merge puts the image into an index; one platform without attestations can do without.
        index: bool = true; Reach::BakeFile, Per::Image, Null::Resets;
        /// Annotations of the index.
        annotations: BTreeMap<Name, Text> = BTreeMap::new(); Reach::BakeFile, Per::Image, Null::Keeps;
        /// Where `org.opencontainers.image.*` labels and annotations are filled in from facts and from each other.
        oci_labels: OciLevels = OciLevels::default(); Reach::BakeFile, Per::Image, Null::Resets;
        /// The runner of each platform. It decides what is emulated.
        runners: Vec<RunnerRule> = Vec::new(); Reach::BakeFile, Per::Target, Null::Keeps;
        /// Which builds share a CI job.
        jobs: Grouping = Grouping::default(); Reach::BakeFile, Per::Target, Null::Resets;
        /// How much a build counts for when jobs are packed into fewer, beside 1 for others.
        weight: Weight = Weight::default(); Reach::BakeFile, Per::Target, Null::Resets;
        /// What a merge does when a platform was not built.
        on_missing: OnMissing = OnMissing::default(); Reach::Neither, Per::Target, Null::Resets;
    }
    /// Overrides by platform, in the order of their labels.
    pub platforms: Vec<PlatformOverride> = Vec::new();
}

declare! {
    /// What a `platform` block says.
    pub struct PlatformSettings {
        /// The runner that builds it.
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
        /// What a merge does when this platform was not built.
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
