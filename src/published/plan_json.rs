//! `plan.json`, as it is written and read: which tags each image is published under, which builds make it, and the jobs
//! that build them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::on_missing::OnMissing;
use crate::platform::Platform;
use crate::reference::Tag;
use crate::registry::Location;
use crate::runner::Runner;
use crate::version::{Scheme, Tails};

/// The version of the form; a reader refuses one that it does not know.
pub(crate) const SCHEMA: u32 = 1;

/// What a plan wants to be built and published.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PlanJson {
    /// The version of the form: 1.
    #[schema(minimum = 1, maximum = 1)]
    pub schema: u32,
    /// The images by key, in the order of the spec.
    #[serde(default)]
    pub images: IndexMap<String, ImageEntry>,
    /// The CI jobs, in the order of their first build.
    #[serde(default)]
    pub jobs: Vec<JobEntry>,
    /// What the plan was made from.
    #[serde(default)]
    pub source: SourceEntry,
}

/// A multi-platform image.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ImageEntry {
    /// The version that its tags are made of, as written; none when they are literal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where it is published, such as `ghcr.io/acme/app`.
    pub repositories: Vec<Location>,
    /// Under which tags.
    pub tags: Vec<TagEntry>,
    /// The floating tags that it would have if there were no greater version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yielded: Vec<YieldedEntry>,
    /// How its version is to be read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scheme: Scheme,
    /// How what follows the numbers of its versions is read, over the table.
    #[serde(default, skip_serializing_if = "Tails::is_empty")]
    pub tails: Tails,
    /// Versions that were pulled and own nothing any more, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<String>,
    /// Whether an existing version tag must not get another digest.
    #[serde(default, skip_serializing_if = "is_default")]
    pub immutable: bool,
    /// Annotations of its index.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The builds that make it, by the name that buildx's metadata has for each, in the order of the platforms: it
    /// decides the bytes of the index.
    pub builds: IndexMap<String, BuildEntry>,
}

/// A tag of an image.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct TagEntry {
    /// The tag.
    pub name: Tag,
    /// Whether it moves from version to version.
    #[serde(default)]
    pub floating: bool,
    /// What a floating tag moves with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moves: Option<Moves>,
    /// Why a floating tag is here, such as `greatest 1.4.x`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether no other version is known that could own it, so that the merge decides against the registry.
    #[serde(default, skip_serializing_if = "is_default")]
    pub provisional: bool,
    /// The repositories that have it; all of the image's when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repositories: Option<Vec<Location>>,
}

/// What a floating tag moves with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "with", rename_all = "lowercase")]
pub enum Moves {
    /// Stable versions.
    Versions {
        /// How many leading numbers of the versions agree; 0 for `latest`.
        #[serde(default)]
        numbers: usize,
    },
    /// Prereleases.
    Prereleases {
        /// How many leading numbers of the versions agree; 0 for those of all.
        #[serde(default)]
        numbers: usize,
    },
    /// Versions that claim a channel.
    Channel,
    /// Runs, such as those of a branch.
    Runs,
}

impl Moves {
    /// Whether other versions of a repository can keep the tag from moving.
    #[must_use]
    pub fn follow_versions(self) -> bool {
        match self {
            Self::Versions { numbers: _ } | Self::Prereleases { numbers: _ } => true,
            Self::Channel | Self::Runs => false,
        }
    }
}

/// A floating tag that another version owns.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct YieldedEntry {
    /// The tag.
    pub name: String,
    /// The version that owns it, as written.
    pub owner: String,
    /// Whether the owner is known from elsewhere, and no version of this plan.
    pub known: bool,
}

/// A build of an image: one target for one platform.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct BuildEntry {
    /// Its platform; `null` when the target names none.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// The job that makes it.
    #[serde(default)]
    pub job: String,
    /// What becomes of the image without it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_missing: OnMissing,
    /// Labels that the configuration of its image has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations that the manifest of its image has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Annotations that the index has of it, in its descriptor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub descriptor_annotations: BTreeMap<String, String>,
}

/// A CI job.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct JobEntry {
    /// The name of its first build; unique.
    pub job: String,
    /// What it builds, dependencies first.
    pub targets: Vec<String>,
    /// The group of the Bake file that holds them, when there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Their platform; `null` when the targets name none.
    pub platform: Option<Platform>,
    /// Where it runs.
    pub runner: Runner,
    /// Whether the runner must emulate the platform.
    pub qemu: bool,
    /// Keys of the images that it builds a part of.
    pub images: Vec<String>,
    /// Entitlements that Bake will ask for.
    pub allow: Vec<String>,
    /// The names of the secrets that it needs.
    pub secrets: Vec<String>,
    /// The ids of the SSH agents and keys that it needs.
    pub ssh: Vec<String>,
}

/// What a plan was made from.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
pub struct SourceEntry {
    /// The files, in the order in which they were read.
    pub files: Vec<FileEntry>,
}

/// A file that a plan was made from.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct FileEntry {
    /// Its path, relative to the working directory.
    pub path: String,
    /// SHA-256 of its text, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
