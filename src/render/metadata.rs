//! `plan.json`: which tags each image is published under and which builds make it; and the same for shells.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use crate::plan::{Image, Plan, PlannedTag};
use crate::reference::{Reference, Repository};
use crate::runner::Runner;
use crate::spec::OnMissing;
use crate::tags::{Claim, YieldedTag};
use crate::version::Scheme;

/// The version of the file's form; a reader refuses one that it does not know.
const SCHEMA: u32 = 1;

#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: u32,
    images: IndexMap<&'a str, ImageEntry<'a>>,
    jobs: Vec<JobEntry<'a>>,
    source: SourceEntry<'a>,
}

#[derive(Debug, Serialize)]
struct ImageEntry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    repositories: Vec<String>,
    tags: Vec<TagEntry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    yielded: Vec<YieldedEntry<'a>>,
    #[serde(skip_serializing_if = "is_default")]
    scheme: Scheme,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    withdrawn: &'a [String],
    #[serde(skip_serializing_if = "is_false")]
    immutable: bool,
    annotations: &'a BTreeMap<String, String>,
    builds: IndexMap<&'a str, BuildEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct TagEntry<'a> {
    name: &'a str,
    floating: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    moves: Option<MovesEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<String>>,
}

/// What a floating tag moves with.
#[derive(Debug, Serialize)]
struct MovesEntry {
    with: &'static str,
    /// How many leading numbers of the versions agree; 0 for `latest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<usize>,
}

/// A floating tag that another version owns.
#[derive(Debug, Serialize)]
struct YieldedEntry<'a> {
    name: &'a str,
    owner: &'a str,
    /// Whether the owner is no version of this spec.
    known: bool,
}

#[derive(Debug, Serialize)]
struct BuildEntry<'a> {
    platform: Option<String>,
    job: &'a str,
    #[serde(skip_serializing_if = "is_default")]
    on_missing: OnMissing,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct JobEntry<'a> {
    job: &'a str,
    targets: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    platform: Option<String>,
    runner: &'a Runner,
    qemu: bool,
    images: &'a [String],
    allow: &'a [String],
    secrets: &'a [String],
    ssh: &'a [String],
}

#[derive(Debug, Serialize)]
struct SourceEntry<'a> {
    files: Vec<FileEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct FileEntry<'a> {
    path: &'a str,
    sha256: &'a str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn strings(repositories: &[Repository]) -> Vec<String> {
    repositories.iter().map(ToString::to_string).collect()
}

impl<'a> Document<'a> {
    fn new(plan: &'a Plan) -> Self {
        let job_of: BTreeMap<&str, &str> = plan
            .jobs
            .iter()
            .flat_map(|job| job.legs.iter().map(|leg| (leg.as_str(), job.name.as_str())))
            .collect();
        let image = |image: &'a Image| ImageEntry {
            version: image.version.as_deref(),
            repositories: strings(&image.repositories),
            tags: image.tags.iter().map(TagEntry::from).collect(),
            yielded: image.yielded.iter().map(YieldedEntry::from).collect(),
            scheme: image.scheme,
            withdrawn: &image.withdrawn,
            immutable: image.immutable,
            annotations: &image.annotations,
            builds: image
                .builds
                .iter()
                .map(|build| {
                    let leg = plan.legs.get(&build.leg);
                    let entry = BuildEntry {
                        platform: leg.and_then(|leg| leg.platform.as_ref()).map(ToString::to_string),
                        job: job_of.get(build.leg.as_str()).copied().unwrap_or_default(),
                        on_missing: build.on_missing,
                        labels: &build.labels,
                        annotations: &build.annotations,
                    };
                    (build.leg.as_str(), entry)
                })
                .collect(),
        };
        let jobs = plan.jobs.iter().map(|job| JobEntry {
            job: &job.name,
            targets: &job.legs,
            group: job.group.as_deref(),
            platform: job.platform.as_ref().map(ToString::to_string),
            runner: &job.runner,
            qemu: job.qemu,
            images: &job.images,
            allow: &job.allow,
            secrets: &job.secrets,
            ssh: &job.ssh,
        });
        let files = plan.sources.iter().map(|file| FileEntry { path: &file.path, sha256: &file.sha256 });
        Self {
            schema: SCHEMA,
            images: plan.images.iter().map(|(key, one)| (key.as_str(), image(one))).collect(),
            jobs: jobs.collect(),
            source: SourceEntry { files: files.collect() },
        }
    }
}

impl<'a> From<&'a PlannedTag> for TagEntry<'a> {
    fn from(tag: &'a PlannedTag) -> Self {
        Self {
            name: tag.name.as_str(),
            floating: tag.claim != Claim::Literal,
            moves: MovesEntry::new(tag.claim),
            why: tag.why.as_deref(),
            provisional: tag.is_provisional,
            repositories: tag.repositories.as_deref().map(strings),
        }
    }
}

impl<'a> From<&'a YieldedTag> for YieldedEntry<'a> {
    fn from(tag: &'a YieldedTag) -> Self {
        Self { name: &tag.name, owner: &tag.owner, known: tag.is_known }
    }
}

impl MovesEntry {
    fn new(claim: Claim) -> Option<Self> {
        let (with, numbers) = match claim {
            Claim::Literal => return None,
            Claim::Versions(numbers) => ("versions", Some(numbers)),
            Claim::Prereleases(numbers) => ("prereleases", Some(numbers)),
            Claim::Channel => ("channel", None),
            Claim::Run => ("runs", None),
        };
        Some(Self { with, numbers })
    }
}

/// The text of `plan.json`.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut text =
        serde_json::to_string_pretty(&Document::new(plan)).expect("the document has string keys only");
    text.push('\n');
    text
}

/// The references of an image in one repository, in the order of its tags.
fn references(image: &Image, repository: &Repository) -> Vec<Reference> {
    image.tags_in(repository).map(|tag| repository.clone().with_tag(tag.name.clone())).collect()
}

/// Every reference that the plan publishes, one a line.
#[must_use]
pub fn render_tags(plan: &Plan) -> String {
    lines(plan, |references| references.iter().map(|reference| format!("{reference}\n")).collect())
}

/// A line of `-t REFERENCE` arguments for each image and repository: `docker buildx imagetools create` runs once for
/// each.
#[must_use]
pub fn render_args(plan: &Plan) -> String {
    lines(plan, |references| {
        let args: Vec<String> = references.iter().map(|reference| format!("-t {reference}")).collect();
        args.join(" ") + "\n"
    })
}

fn lines(plan: &Plan, line: impl Fn(&[Reference]) -> String) -> String {
    let mut text = String::new();
    for image in plan.images.values() {
        for repository in &image.repositories {
            let references = references(image, repository);
            if !references.is_empty() {
                text.push_str(&line(&references));
            }
        }
    }
    text
}
