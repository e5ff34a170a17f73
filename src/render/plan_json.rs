//! `plan.json`: which tags each image is published under and which builds make it; and the same for shells.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use super::bake;
use crate::facts::KnownVersions;
use crate::plan::{Build, Image, Job, Plan, PlannedTag, Run};
use crate::published::plan_json::{
    BuildEntry, FileEntry, Fingerprint, ImageEntry, JobEntry, KnownVersionsEntry, PlanJson, RunEntry, SCHEMA,
    SourceEntry, TagClass, TagEntry, YieldedEntry,
};
use crate::reference::{Reference, Repository};
use crate::registry::Location;
use crate::tags::{Claim, YieldedTag};

/// A plan as it is written, beside a Bake file that holds `definition`.
pub(super) fn plan_json(plan: &Plan, definition: Fingerprint) -> PlanJson {
    let jobs = plan.jobs.iter().flat_map(|job| job.legs.iter().map(|leg| (leg.as_str(), job.name.as_str())));
    let jobs: BTreeMap<&str, &str> = jobs.collect();
    let images = plan.images.iter().map(|(key, one)| (key.clone(), image(one, plan, &jobs))).collect();
    let of_job = plan.jobs.iter().map(JobEntry::from).collect();
    let run = RunEntry::from(&plan.run);
    // A time says nothing that the commit does not, and is not always known.
    let timeless = &RunEntry { commit_time: None, ..run.clone() };
    let id =
        Identified { definition: &definition, run: timeless, images: &images, jobs: &of_job }.fingerprint();
    let files =
        plan.sources.iter().map(|file| FileEntry { path: file.path.clone(), sha256: file.sha256.clone() });
    PlanJson {
        schema: SCHEMA,
        id,
        definition,
        run,
        known_versions: KnownVersionsEntry::from(&plan.known_versions),
        images,
        jobs: of_job,
        source: SourceEntry { files: files.collect() },
    }
}

/// What makes a plan the one that it is: not where its files lie, and not what is known of other versions.
#[derive(Serialize)]
struct Identified<'p> {
    definition: &'p Fingerprint,
    run: &'p RunEntry,
    images: &'p IndexMap<String, ImageEntry>,
    jobs: &'p Vec<JobEntry>,
}

impl Identified<'_> {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&serde_json::to_string(self).expect("a plan has string keys only"))
    }
}

impl From<&KnownVersions> for KnownVersionsEntry {
    fn from(known: &KnownVersions) -> Self {
        let KnownVersions { names, by_image } = known;
        Self { names: names.clone(), by_image: by_image.clone() }
    }
}

impl From<&Run> for RunEntry {
    fn from(run: &Run) -> Self {
        let Run { event, git_ref, source, workflow, number, commit, commit_time } = run;
        Self {
            event: event.clone(),
            git_ref: git_ref.clone(),
            source: source.clone(),
            workflow: workflow.clone(),
            number: *number,
            commit: commit.clone(),
            commit_time: *commit_time,
        }
    }
}

/// An image, and the job of each of its builds.
fn image(image: &Image, plan: &Plan, jobs: &BTreeMap<&str, &str>) -> ImageEntry {
    let Image {
        repositories,
        tags,
        annotations,
        builds,
        version,
        yielded,
        scheme,
        tails,
        withdrawn,
        other_forms,
        immutable,
    } = image;
    let is_prerelease = image.is_prerelease();
    let build = |Build { leg, on_missing, labels, annotations, descriptor_annotations }: &Build| {
        let platform = plan.legs.get(leg).and_then(|leg| leg.platform.clone());
        let job = jobs.get(leg.as_str()).copied().unwrap_or_default().to_owned();
        let entry = BuildEntry {
            platform,
            job,
            on_missing: *on_missing,
            labels: labels.clone(),
            annotations: annotations.clone(),
            descriptor_annotations: descriptor_annotations.clone(),
        };
        (leg.clone(), entry)
    };
    ImageEntry {
        version: version.clone(),
        repositories: locations(repositories),
        tags: tags.iter().map(|tag| entry(tag, is_prerelease)).collect(),
        yielded: yielded.iter().map(YieldedEntry::from).collect(),
        scheme: *scheme,
        tails: tails.clone(),
        withdrawn: withdrawn.clone(),
        other_forms: other_forms.clone(),
        immutable: *immutable,
        annotations: annotations.clone(),
        builds: builds.iter().map(build).collect(),
    }
}

impl From<&Job> for JobEntry {
    fn from(job: &Job) -> Self {
        let Job { name, legs, group, platform, runner, qemu, images, allow, secrets, ssh } = job;
        Self {
            job: name.clone(),
            targets: legs.clone(),
            group: group.clone(),
            platform: platform.clone(),
            runner: runner.clone(),
            qemu: *qemu,
            images: images.clone(),
            allow: allow.clone(),
            secrets: secrets.clone(),
            ssh: ssh.clone(),
        }
    }
}

/// A tag of an image whose version is a prerelease, or is not.
fn entry(tag: &PlannedTag, is_prerelease: bool) -> TagEntry {
    let PlannedTag { name, claim, form, family, why, is_provisional, repositories } = tag;
    let of_run = if form.is_text() { TagClass::Constant } else { TagClass::Run };
    let (class, numbers) = match *claim {
        Claim::Literal if !form.has_version() => (of_run, None),
        Claim::Literal if is_prerelease => (TagClass::Prerelease, None),
        Claim::Literal => (TagClass::Version, None),
        Claim::Versions(numbers) => (TagClass::Version, Some(numbers)),
        Claim::Prereleases(numbers) => (TagClass::Prerelease, Some(numbers)),
        Claim::Channel => (TagClass::Channel, None),
        Claim::Run => (of_run, None),
    };
    TagEntry {
        name: name.clone(),
        floating: *claim != Claim::Literal,
        class,
        numbers,
        form: form.clone(),
        family: family.clone(),
        why: why.clone(),
        provisional: *is_provisional,
        repositories: repositories.as_deref().map(locations),
    }
}

impl From<&YieldedTag> for YieldedEntry {
    fn from(tag: &YieldedTag) -> Self {
        let YieldedTag { name, owner, is_known } = tag;
        Self { name: name.clone(), owner: owner.clone(), known: *is_known }
    }
}

fn locations(repositories: &[Repository]) -> Vec<Location> {
    repositories.iter().cloned().map(Location::Registry).collect()
}

/// The text of `plan.json`.
#[must_use]
pub fn render(plan: &Plan) -> String {
    to_text(&plan_json(plan, bake::Body::of(plan).definition()))
}

pub(super) fn to_text(plan: &PlanJson) -> String {
    let mut text = serde_json::to_string_pretty(plan).expect("a plan has string keys only");
    text.push('\n');
    text
}

/// What the plan is called in `plan.json` and in the rows of the matrix.
#[must_use]
pub(super) fn id(plan: &Plan) -> Fingerprint {
    plan_json(plan, bake::Body::of(plan).definition()).id
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
