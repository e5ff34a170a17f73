//! `plan.json`: which tags each image is published under and which builds make it; and the same for shells.

use std::collections::BTreeMap;

use crate::plan::{Build, Image, Job, Plan, PlannedTag};
use crate::published::plan_json::{
    BuildEntry, FileEntry, ImageEntry, JobEntry, Moves, PlanJson, SCHEMA, SourceEntry, TagEntry, YieldedEntry,
};
use crate::reference::{Reference, Repository};
use crate::registry::Location;
use crate::tags::{Claim, YieldedTag};

impl From<&Plan> for PlanJson {
    fn from(plan: &Plan) -> Self {
        let jobs =
            plan.jobs.iter().flat_map(|job| job.legs.iter().map(|leg| (leg.as_str(), job.name.as_str())));
        let jobs: BTreeMap<&str, &str> = jobs.collect();
        let files = plan
            .sources
            .iter()
            .map(|file| FileEntry { path: file.path.clone(), sha256: file.sha256.clone() });
        Self {
            schema: SCHEMA,
            images: plan.images.iter().map(|(key, one)| (key.clone(), image(one, plan, &jobs))).collect(),
            jobs: plan.jobs.iter().map(JobEntry::from).collect(),
            source: SourceEntry { files: files.collect() },
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
        immutable,
    } = image;
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
        tags: tags.iter().map(TagEntry::from).collect(),
        yielded: yielded.iter().map(YieldedEntry::from).collect(),
        scheme: *scheme,
        tails: tails.clone(),
        withdrawn: withdrawn.clone(),
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

impl From<&PlannedTag> for TagEntry {
    fn from(tag: &PlannedTag) -> Self {
        let PlannedTag { name, claim, why, is_provisional, repositories } = tag;
        let moves = moves(*claim);
        Self {
            name: name.clone(),
            floating: moves.is_some(),
            moves,
            why: why.clone(),
            provisional: *is_provisional,
            repositories: repositories.as_deref().map(locations),
        }
    }
}

impl From<&YieldedTag> for YieldedEntry {
    fn from(tag: &YieldedTag) -> Self {
        let YieldedTag { name, owner, is_known } = tag;
        Self { name: name.clone(), owner: owner.clone(), known: *is_known }
    }
}

/// What a tag moves with; nothing for one that never moves.
fn moves(claim: Claim) -> Option<Moves> {
    match claim {
        Claim::Literal => None,
        Claim::Versions(numbers) => Some(Moves::Versions { numbers }),
        Claim::Prereleases(numbers) => Some(Moves::Prereleases { numbers }),
        Claim::Channel => Some(Moves::Channel),
        Claim::Run => Some(Moves::Runs),
    }
}

fn locations(repositories: &[Repository]) -> Vec<Location> {
    repositories.iter().cloned().map(Location::Registry).collect()
}

/// The text of `plan.json`.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut text = serde_json::to_string_pretty(&PlanJson::from(plan)).expect("a plan has string keys only");
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
