//! `plan.json`: which tags each image is published under and which builds make it; and the same for shells.

use serde::{Serialize, Serializer};

use super::bake;
use super::streamed::streamed;
use crate::facts::KnownVersions;
use crate::json::{Page, pieces};
use crate::moment::Moment;
use crate::parallel;
use crate::plan::{Build, Image, Job, Packed, Plan, PlannedBase, PlannedTag, Reused, Run, Verdict};
use crate::published::fingerprint::{Fingerprint, Hash};
use crate::published::plan_json::{
    BaseEntry, BuildEntry, FileEntry, ImageEntry, JobEntry, KnownVersionsEntry, MomentEntry, PackedEntry,
    PlanJson, ReusedEntry, RunEntry, SCHEMA, SourceEntry, TagClass, TagEntry, VerdictEntry, YieldedEntry,
};
use crate::reference::{Reference, Repository};
use crate::registry::Location;
use crate::tags::{Claim, YieldedTag};

/// How much room a leg has in the file, with its share of its image and its job: most need a little less. Room that is not used
/// costs nothing.
const ROOM: usize = 640;

/// Why a plan has a form in JSON.
const STRING_KEYS: &str = "a plan has string keys only";

/// A plan as it is written.
pub(super) struct Written {
    /// What it is called.
    pub(super) id: Fingerprint,
    /// The text of `plan.json`.
    pub(super) text: String,
}

/// A plan as it is written, beside a Bake file that holds this definition.
pub(super) fn written(plan: &Plan, definition: &Fingerprint) -> Written {
    let run = RunEntry::from(&plan.run);
    // They say nothing of what is built that the commit does not, and are not always known.
    let timeless = &RunEntry { commit_time: None, checkout: None, ..run.clone() };
    let built = Built { images: Images(plan), jobs: Jobs(&plan.jobs) };
    let (id, built) = streamed(
        parallel::pays(plan.legs.len()),
        |give| built.give(give),
        |pieces| {
            let page = Page::with_room(ROOM * plan.legs.len());
            Members::identified(&Identified { definition, run: timeless }, pieces, page)
        },
    );
    let files =
        plan.sources.iter().map(|file| FileEntry { path: file.path.clone(), sha256: file.sha256.clone() });
    let frame = PlanJson {
        schema: SCHEMA,
        id: id.clone(),
        definition: definition.clone(),
        run,
        moment: (plan.moment != Moment::default()).then(|| MomentEntry::from(&plan.moment)),
        known_versions: KnownVersionsEntry::from(&plan.known_versions),
        images: (),
        jobs: (),
        verdicts: plan.verdicts.iter().map(|(key, verdict)| (key.clone(), verdict.into())).collect(),
        bases: plan.bases.iter().map(|(name, base)| (name.clone(), base.into())).collect(),
        packed: plan.packed.map(|Packed { from, most }| PackedEntry { from, most: most.get() }),
        source: SourceEntry { files: files.collect() },
    };
    Written { id, text: built.in_frame(&plain(&frame)) }
}

/// What makes a plan the one that it is, besides what is built: not where its files lie, and not what is known of other
/// versions.
#[derive(Serialize)]
struct Identified<'a> {
    definition: &'a Fingerprint,
    run: &'a RunEntry,
}

/// What is built.
#[derive(Serialize)]
struct Built<Images, Jobs> {
    images: Images,
    jobs: Jobs,
}

impl Built<Images<'_>, Jobs<'_>> {
    /// Gives it on one line in pieces. Another thread makes the jobs while the images are taken.
    fn give(&self, give: &mut dyn FnMut(Vec<u8>)) {
        let Self { images, jobs } = self;
        give(b"{\"images\":".to_vec());
        let of_images = || pieces(images, &mut *give).expect(STRING_KEYS);
        let of_jobs = || {
            let mut all = Vec::new();
            pieces(jobs, |piece| all.push(piece)).expect(STRING_KEYS);
            all
        };
        let ((), of_jobs) = parallel::both(jobs.0.len(), of_images, of_jobs);
        give(b",\"jobs\":".to_vec());
        of_jobs.into_iter().for_each(&mut *give);
        give(b"}".to_vec());
    }
}

/// The members of an object on lines of their own. There may be very many images and jobs, so that their text is made once: it
/// is in the file, and the id follows from it.
struct Members {
    /// The object.
    text: String,
}

impl Members {
    const OPEN: &str = "{\n";
    const CLOSE: &str = "\n}";

    /// The members of an object that comes in pieces on one line, on an empty page, and the fingerprint of them behind others on
    /// one line.
    fn identified(
        others: &Identified<'_>,
        pieces: &mut dyn Iterator<Item = Vec<u8>>,
        mut page: Page,
    ) -> (Fingerprint, Self) {
        let others = serde_json::to_string(others).expect(STRING_KEYS);
        let mut hash = Hash::default();
        hash.add(&others[..others.len() - "}".len()]);
        let mut separator = Some(",");
        for piece in pieces {
            page.add(&piece);
            match separator.take() {
                Some(separator) => {
                    hash.add(separator);
                    hash.add(&piece["{".len()..]);
                }
                None => hash.add(piece),
            }
        }
        (hash.finish(), Self { text: page.finish().expect("JSON is UTF-8") })
    }

    /// The text of a plan that has null for each of these members, with them instead.
    fn in_frame(self, frame: &str) -> String {
        let hole = plain(&Built { images: (), jobs: () });
        let hole = &hole[Self::OPEN.len()..hole.len() - Self::CLOSE.len()];
        let (before, after) = frame.split_once(hole).expect("it has them");
        let Self { mut text } = self;
        text.truncate(text.len() - Self::CLOSE.len());
        text.replace_range(..Self::OPEN.len(), before);
        text.extend([after, "\n"]);
        text
    }
}

/// The images of a plan, whose entries are made one at a time.
struct Images<'p>(&'p Plan);

impl Serialize for Images<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(plan) = self;
        serializer.collect_map(plan.images.iter().map(|(key, one)| (key, image(one, plan))))
    }
}

/// The jobs of a plan, whose entries are made one at a time.
struct Jobs<'p>(&'p [Job]);

impl Serialize for Jobs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(JobEntry::from))
    }
}

impl From<&KnownVersions> for KnownVersionsEntry {
    fn from(known: &KnownVersions) -> Self {
        let KnownVersions { names, by_image } = known;
        Self { names: names.clone(), by_image: by_image.clone() }
    }
}

impl From<&Moment> for MomentEntry {
    fn from(moment: &Moment) -> Self {
        let Moment { time, seed, attempt } = moment;
        Self { time: *time, seed: seed.clone(), attempt: *attempt }
    }
}

impl From<&Run> for RunEntry {
    fn from(run: &Run) -> Self {
        let Run { event, git_ref, source, workflow, number, commit, commit_time, checkout } = run;
        Self {
            event: event.clone(),
            git_ref: git_ref.clone(),
            source: source.clone(),
            workflow: workflow.clone(),
            number: *number,
            commit: commit.clone(),
            commit_time: *commit_time,
            checkout: checkout.clone(),
        }
    }
}

/// An image, and the job of each of its builds.
fn image(image: &Image, plan: &Plan) -> ImageEntry {
    let Image {
        repositories,
        mirrors,
        tags,
        annotations,
        // For the hash of its inputs.
        of_facts: _,
        builds,
        version,
        is_prerelease,
        yielded,
        scheme,
        tails,
        withdrawn,
        other_forms,
        unclear,
        codenames,
        without,
        immutable,
        index,
        // A plan has only what follows from it.
        retag: _,
        reused,
    } = image;
    let build = |build: &Build| {
        let known = plan.leg(build);
        // Nothing builds what is reused.
        let job = known.and_then(|leg| plan.job_of(leg)).map_or("", |job| &*job.name);
        let Build { leg, at: _, on_missing, labels, annotations, descriptor_annotations, inputs } = build;
        let entry = BuildEntry {
            platform: known.and_then(|leg| leg.platform.clone()),
            job: job.to_owned(),
            on_missing: *on_missing,
            labels: labels.clone(),
            annotations: annotations.clone(),
            descriptor_annotations: descriptor_annotations.clone(),
            inputs: inputs.clone(),
        };
        (leg.to_string(), entry)
    };
    ImageEntry {
        version: version.clone(),
        repositories: locations(repositories),
        mirrors: locations(mirrors),
        tags: tags.iter().map(|tag| entry(tag, *is_prerelease)).collect(),
        yielded: yielded.iter().map(YieldedEntry::from).collect(),
        scheme: *scheme,
        tails: tails.clone(),
        withdrawn: withdrawn.clone(),
        other_forms: other_forms.clone(),
        unclear: unclear.clone(),
        codenames: codenames.clone(),
        without: without.clone(),
        immutable: *immutable,
        index: *index,
        annotations: annotations.clone(),
        builds: builds.iter().map(build).collect(),
        reused: reused.as_ref().map(ReusedEntry::from),
    }
}

impl From<&Verdict> for VerdictEntry {
    fn from(verdict: &Verdict) -> Self {
        let Verdict { is_built, why } = verdict;
        Self { build: *is_built, why: why.clone() }
    }
}

impl From<&PlannedBase> for BaseEntry {
    fn from(base: &PlannedBase) -> Self {
        let PlannedBase { digest, has_triggers } = base;
        Self { digest: digest.clone(), onbuild: *has_triggers }
    }
}

impl From<&Reused> for ReusedEntry {
    fn from(reused: &Reused) -> Self {
        let Reused { repository, tag, digest } = reused;
        Self { repository: Location::Registry(repository.clone()), tag: tag.clone(), digest: digest.clone() }
    }
}

impl From<&Job> for JobEntry {
    fn from(job: &Job) -> Self {
        let Job {
            name,
            legs,
            group,
            platform,
            runner,
            qemu,
            images,
            allow,
            secrets,
            ssh,
            // The rows of the matrix have them.
            env: _,
            needs: _,
            gha_cache: _,
        } = job;
        Self {
            job: name.to_string(),
            targets: legs.iter().map(ToString::to_string).collect(),
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
    written(plan, &bake::definition(plan)).text
}

fn plain(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect(STRING_KEYS)
}

/// What the plan is called in `plan.json` and in the rows of the matrix.
#[must_use]
pub(super) fn id(plan: &Plan) -> Fingerprint {
    written(plan, &bake::definition(plan)).id
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
