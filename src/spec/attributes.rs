//! The attributes of `image` blocks: the one list of what they are called, hold and reach.
//!
//! A line says what an attribute is read into and what it is without being written, then in which committed files its
//! value shows, whether it is one for the image or for each of its targets, what `null` does to what the defaults say,
//! what else an image must have for it to change anything, and whether it takes patterns. All else follows from the line: the names that are accepted and suggested, reading and merging (see
//! [`ReadAttribute`]), which differences between targets are refused, where the clock is,
//! and the JSON Schema.

use std::collections::BTreeMap;

use super::declare::{Declared, Marked, Needs, Null, Patterns, Per, declare};
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
        /// The target that builds it; of a matrix target, each member becomes an image. Default: the label of the block.
        target: Option<Vec<Text>> = None; Reach::Both, Per::Image, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// Several targets that build one image, each for other platforms.
        targets: Option<Vec<Text>> = None; Reach::Both, Per::Image, Null::Resets, Needs::Nothing, Patterns::Refused;
    }
}

declare! {
    /// What an image block says about one target.
    pub struct Settings {
        /// Where it is published, without tags; `{{ image }}` is the name of the block, and `{{ key }}` that of the image. Default: the repositories in the target's tags.
        repositories: Option<Vec<Text>> = None; Reach::Both, Per::Image, Null::Keeps, Needs::Nothing, Patterns::Rendered;
        /// Further repositories, also in other registries, that no build pushes to: the merge copies the image there, with all its tags. Written like `repositories`.
        mirrors: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets, Needs::Nothing, Patterns::Rendered;
        /// The version that its tags are made from: a string, never a number (`3.10` would be 3.1), or a pattern over facts such as `"{{ tag }}"`, or one with a condition: `{ pattern = "…", when = "tag" }`. A run without a version has no tags that need one. Default: none, and tags are taken as they are.
        version: Option<VersionPattern> = None; Reach::TagTable, Per::Image, Null::Keeps, Needs::Nothing, Patterns::Rendered;
        /// The form of versions: `"semver"` only accepts SemVer, `"calver"` dates such as `2026.03.0`, whose parts stay as written. Default: one to six numbers and what follows them.
        scheme: Scheme = Scheme::default(); Reach::TagTable, Per::Image, Null::Resets, Needs::Version, Patterns::Refused;
        /// What follows the numbers of its releases, where the built-in table does not know it.
        stable_suffixes: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets, Needs::Version, Patterns::Refused;
        /// What follows the numbers of its prereleases, where the built-in table does not know it.
        prerelease_suffixes: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets, Needs::Version, Patterns::Refused;
        /// The text before the version in git tags, such as `"api/"` or `"{{ image }}/"`.
        tag_prefix: Option<Text> = None; Reach::Both, Per::Image, Null::Resets, Needs::Nothing, Patterns::Rendered;
        /// Patterns of tags, or rules of docker/metadata-action. Default: with `version`, the version, major.minor, major and `latest`; otherwise the target's tags.
        tags: Option<Vec<TagPattern>> = None; Reach::TagTable, Per::Image, Null::Keeps, Needs::Nothing, Patterns::Rendered;
        /// Further patterns, for prereleases only, such as `"{{ major }}.{{ minor }}-rc"`.
        prerelease_tags: Vec<TagPattern> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets, Needs::OwnVersion, Patterns::Rendered;
        /// Lines of docker/metadata-action's `flavor`, for the rules in `tags`.
        flavor: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets, Needs::Rules, Patterns::Rendered;
        /// Further floating names that its version may take, such as `lts`; prereleases may, too.
        channels: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets, Needs::Tags, Patterns::Rendered;
        /// Whether its version may take `latest`. Default: `true`.
        latest: bool = true; Reach::TagTable, Per::Image, Null::Resets, Needs::Version, Patterns::Refused;
        /// What its tags end in: a name, or a list of axes, each a name or a list of names; `""` among these makes the axis optional, as in `[["slim", ""]]`.
        variant: Option<Vec<Vec<Text>>> = None; Reach::TagTable, Per::Image, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// The name or names in `variant` that tags may leave out, as with `""`.
        default_variant: Vec<Text> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// `"product"` combines all names of the axes; `"truncate"` only leaves names out at the end. Default: `"product"`.
        variant_tags: VariantTags = VariantTags::default(); Reach::TagTable, Per::Image, Null::Resets, Needs::Variant, Patterns::Refused;
        /// Versions released earlier that are not in this file.
        known_versions: Vec<VersionText> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets, Needs::Version, Patterns::Refused;
        /// Versions that were withdrawn and no longer have floating tags; a pattern such as `2026.*` or `1.3.x` means all that match.
        withdrawn: Vec<VersionText> = Vec::new(); Reach::TagTable, Per::Image, Null::Resets, Needs::Version, Patterns::Refused;
        /// Names of variables that are secret and, after `!`, of variables that only look like it; only in the block without a label.
        secret_variables: Vec<Text> = Vec::new(); Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// Whether a merge refuses to move a version's own tag. Default: `false`.
        immutable: bool = false; Reach::Neither, Per::Image, Null::Resets, Needs::LiteralTag, Patterns::Refused;
        /// Whether what was published before from the same inputs gets the tags of a run that does not build the image; with `false`, it is built unless all its tags are there already. Default: `true`.
        retag: bool = true; Reach::Neither, Per::Image, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// Whether a merge puts the image into an index; with `false`, the tags point to the manifest of its only build. Default: `true`.
        index: bool = true; Reach::BakeFile, Per::Image, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// Annotations of the multi-platform index. Default: the target's `index:` annotations.
        annotations: BTreeMap<Name, Text> = BTreeMap::new(); Reach::BakeFile, Per::Image, Null::Keeps, Needs::Nothing, Patterns::Refused;
        /// Where labels and annotations such as `org.opencontainers.image.revision` are filled in from facts: `["label", "manifest", "index"]` or some of them; `true` means all. Default: `false`.
        oci_labels: OciLevels = OciLevels::default(); Reach::BakeFile, Per::Image, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// The CI runner of each platform; `default` applies to all others but Windows. Default: `ubuntu-latest`; for ARM `ubuntu-24.04-arm`; none for Windows.
        runners: Vec<RunnerRule> = Vec::new(); Reach::BakeFile, Per::Target, Null::Keeps, Needs::Nothing, Patterns::Refused;
        /// Which builds share a job: `"linked"` (those of images whose targets are linked), `"target"` (none), `"platform"` (all of a platform and runner). Default: `"linked"`.
        jobs: Grouping = Grouping::default(); Reach::BakeFile, Per::Target, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// How much a build counts when builds are packed into fewer jobs: 1 to 1000. Default: 1.
        weight: Weight = Weight::default(); Reach::BakeFile, Per::Target, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// What a merge does if a platform was not built: `"hold"` leaves the tags as they are, `"drop"` publishes without the platform, `"carry"` takes it, with its attestation, from what is published under the same version. Default: `"hold"`.
        on_missing: OnMissing = OnMissing::default(); Reach::Neither, Per::Target, Null::Resets, Needs::Nothing, Patterns::Refused;
    }
    /// Overrides by platform, in the order of their labels.
    pub platforms: Vec<PlatformOverride> = Vec::new();
}

declare! {
    /// What a `platform` block says.
    pub struct PlatformSettings {
        /// The runner that builds it.
        runner: Option<RunnerRule> = None; Reach::BakeFile, Per::Target, Null::Keeps, Needs::Nothing, Patterns::Refused;
        /// Path of the Dockerfile.
        dockerfile: Option<Text> = None; Reach::BakeFile, Per::Target, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// Build context.
        context: Option<Text> = None; Reach::BakeFile, Per::Target, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// Named contexts, merged by name.
        contexts: BTreeMap<Name, Text> = BTreeMap::new(); Reach::BakeFile, Per::Target, Null::Keeps, Needs::Nothing, Patterns::Refused;
        /// Stage of the Dockerfile.
        target: Option<Text> = None; Reach::BakeFile, Per::Target, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// Build arguments, merged by name.
        args: BTreeMap<Name, Text> = BTreeMap::new(); Reach::BakeFile, Per::Target, Null::Keeps, Needs::Nothing, Patterns::Left;
        /// What a merge does if this platform was not built, as in `image`.
        on_missing: Option<OnMissing> = None; Reach::Neither, Per::Target, Null::Resets, Needs::Nothing, Patterns::Refused;
        /// Whether this image leaves the platform out. Default: `false`.
        skip: bool = false; Reach::Both, Per::Target, Null::Resets, Needs::Nothing, Patterns::Refused;
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
