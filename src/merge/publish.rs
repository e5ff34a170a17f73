//! Writes what was decided, several requests at once and in stages: no tag of an image anywhere before its index is
//! everywhere, and nothing of a stage before all of the one before it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::report::{Outcome, Settled};
use super::subject::Copies;
use super::tools::{MergeTools, RunDocker};
use crate::diagnostic::Diagnostic;
use crate::oci::Descriptor;
use crate::published::progress::{Event, Progress};
use crate::published::sites::{Site, interleaved, parallel};
use crate::reference::{Digest, Tag};
use crate::registry::{Clock, Error, ErrorKind, Location, Manifest, Mount, Operation, TagOrDigest};

/// How long a registry may answer with what a tag was before
/// (<https://github.com/p2pool-starter-stack/pithead/issues/429>), and how often it is asked meanwhile.
const SETTLE: Duration = Duration::from_secs(20);
const INTERVAL: Duration = Duration::from_millis(500);

/// What is to be written of one image in one repository.
pub(crate) struct Job<'a> {
    /// The image's key.
    pub image: &'a str,
    /// The position of the repository among the sites.
    pub site: usize,
    /// The index.
    pub manifest: &'a Manifest,
    /// What is taken over from other repositories first.
    pub copies: Option<&'a Copies>,
    /// What is known of the index there.
    pub index: IndexState,
    /// The tags that are written.
    pub tags: Vec<TagJob>,
    /// The command that does all of it, when Docker writes.
    pub command: Option<Vec<String>>,
}

/// What is known of an index in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexState {
    /// It was read.
    Read,
    /// A tag names it.
    Named,
    /// Nothing.
    Unknown,
}

/// A tag that is to be written.
pub(crate) struct TagJob {
    /// The position among the image's references.
    pub reference: usize,
    /// The tag.
    pub tag: Tag,
    /// Whether it moves from version to version.
    pub floating: bool,
    /// Whether it moves with all versions, as `latest` does.
    pub is_broadest: bool,
    /// The digest that it had.
    pub previous: Option<Digest>,
    /// What it counts as when it is written.
    pub outcome: Outcome,
}

/// When a tag is written: what a registry may refuse, since it lets no tag change, before what cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The own tag of a version that has another digest.
    Replaced,
    /// The own tag of a version.
    Literal,
    /// A floating tag.
    Floating,
    /// A floating tag that most people use: last.
    Broadest,
}

impl Stage {
    /// All of them, in order.
    const ALL: [Self; 4] = [Self::Replaced, Self::Literal, Self::Floating, Self::Broadest];

    /// Whether its tags are written one after another, so that nothing follows the first one that is refused.
    fn is_careful(self) -> bool {
        match self {
            Self::Replaced => true,
            Self::Literal | Self::Floating | Self::Broadest => false,
        }
    }
}

impl TagJob {
    fn stage(&self) -> Stage {
        match (self.floating, self.outcome) {
            (true, _) if self.is_broadest => Stage::Broadest,
            (true, _) => Stage::Floating,
            (false, Outcome::Replaced) => Stage::Replaced,
            (false, _) => Stage::Literal,
        }
    }
}

/// A tag that is to be written, and whether its job was stopped.
#[derive(Clone, Copy)]
struct Task<'t> {
    job: &'t Job<'t>,
    tag: &'t TagJob,
    stopped: &'t AtomicBool,
}

/// What came of writing tags, by position of the reference.
type WrittenTags = BTreeMap<usize, Result<(), Diagnostic>>;

/// How the writing went.
#[derive(Default)]
pub(crate) struct PublishResult {
    /// How the tags came out, by image and position of the reference.
    pub outcomes: BTreeMap<String, BTreeMap<usize, Settled>>,
    /// What went wrong.
    pub problems: Vec<Diagnostic>,
    /// What is worth knowing.
    pub notes: Vec<Diagnostic>,
}

/// Writes all jobs.
#[must_use]
pub(crate) fn publish(jobs: &[Job<'_>], tools: &MergeTools<'_>) -> PublishResult {
    let MergeTools { sites, clock, progress, docker } = *tools;
    let mut writer = Writer {
        jobs,
        sites,
        clock,
        progress,
        docker,
        failed: BTreeSet::new(),
        published: PublishResult::default(),
    };
    writer.prepare_all();
    for stage in Stage::ALL {
        writer.write_all(stage);
    }
    writer.read_back();
    writer.published
}

struct Writer<'a> {
    jobs: &'a [Job<'a>],
    sites: &'a [Site],
    clock: &'a dyn Clock,
    progress: &'a dyn Progress,
    docker: &'a RunDocker<'a>,
    /// Images that failed somewhere: nothing more of them is written anywhere.
    failed: BTreeSet<&'a str>,
    published: PublishResult,
}

/// What a step did: the tags that it wrote and what is worth knowing, and why it stopped if it did.
#[derive(Default)]
struct Step {
    written: Vec<usize>,
    note: Option<Diagnostic>,
    problem: Option<Diagnostic>,
}

impl<'a> Writer<'a> {
    /// Prepares every job, and waits for all. Docker makes one at a time in each repository.
    fn prepare_all(&mut self) {
        let mut queues: BTreeMap<(usize, usize), Vec<&'a Job<'a>>> = BTreeMap::new();
        for (at, job) in self.jobs.iter().enumerate() {
            let turn = if job.command.is_some() { 0 } else { at };
            queues.entry((turn, job.site)).or_default().push(job);
        }
        let queues: Vec<Vec<&Job<'_>>> = queues.into_values().collect();
        let done = parallel(&queues, sites_of(self.jobs.iter()), |queue| {
            queue.iter().map(|job| (*job, self.prepare(job))).collect::<Vec<_>>()
        });
        for (job, step) in done.into_iter().flatten() {
            self.take_note(job, step);
        }
    }

    /// Writes the tags of a stage, and waits for all. Where one is refused, no other one of its image is begun
    /// there.
    fn write_all(&mut self, stage: Stage) {
        let stopped: Vec<AtomicBool> = self.jobs.iter().map(|_| AtomicBool::new(false)).collect();
        let mut queues: Vec<(usize, Vec<Task<'_>>)> = Vec::new();
        for (job, stopped) in self.jobs.iter().zip(&stopped) {
            if job.command.is_some() || self.failed.contains(job.image) {
                continue;
            }
            let tasks = job.tags.iter().filter(|tag| tag.stage() == stage);
            let tasks = tasks.map(|tag| Task { job, tag, stopped });
            if stage.is_careful() {
                queues.push((job.site, tasks.collect()));
            } else {
                queues.extend(tasks.map(|task| (job.site, vec![task])));
            }
        }
        let queues = interleaved(&queues, self.sites.len());
        let sites = sites_of(queues.iter().flat_map(|(_, queue)| queue).map(|task| task.job));
        let done = parallel(&queues, sites, |(_, queue)| {
            queue.iter().map(|task| (*task, self.write(task))).collect::<Vec<_>>()
        });
        let mut written: BTreeMap<(&str, usize), WrittenTags> = BTreeMap::new();
        for (task, outcome) in done.into_iter().flatten() {
            if let Some(outcome) = outcome {
                let of_job = written.entry((task.job.image, task.job.site)).or_default();
                of_job.insert(task.tag.reference, outcome);
            }
        }
        for job in self.jobs {
            if let Some(outcomes) = written.remove(&(job.image, job.site)) {
                let step = self.written(job, outcomes);
                self.take_note(job, step);
            }
        }
    }

    /// What came of writing tags of a job: one finding, however many were refused.
    fn written(&self, job: &Job<'_>, outcomes: WrittenTags) -> Step {
        let name =
            |at: usize| job.tags.iter().find(|tag| tag.reference == at).map_or("", |tag| tag.tag.as_str());
        let (mut step, mut names, mut others) = (Step::default(), Vec::new(), Vec::new());
        for (at, outcome) in outcomes {
            match (outcome, &step.problem) {
                (Ok(()), _) => {
                    step.written.push(at);
                    names.push(name(at));
                }
                (Err(problem), None) => step.problem = Some(problem),
                (Err(_), Some(_)) => others.push(format!("`{}`", name(at))),
            }
        }
        if let Some(problem) = step.problem.as_mut().filter(|_| !others.is_empty()) {
            problem.notes.push(format!("{} could not be written, either", others.join(", ")));
        }
        if !names.is_empty() {
            let what = format!("tagged {}", names.join(", "));
            self.progress.tell(&Event::Done { location: self.location(job), what: &what });
        }
        step
    }

    fn take_note(&mut self, job: &'a Job<'a>, Step { written, note, problem }: Step) {
        let outcomes = self.published.outcomes.entry(job.image.to_owned()).or_default();
        for tag in job.tags.iter().filter(|tag| written.contains(&tag.reference)) {
            let digest = Some(job.manifest.digest.clone());
            outcomes.insert(tag.reference, Settled { outcome: tag.outcome, digest, why: None });
        }
        self.published.notes.extend(note);
        if let Some(problem) = problem {
            self.failed.insert(job.image);
            self.published.problems.push(problem);
        }
    }

    fn location(&self, job: &Job<'_>) -> &'a Location {
        &self.sites[job.site].location
    }

    /// Takes over what is missing, and writes the index under its digest.
    fn prepare(&self, job: &Job<'_>) -> Step {
        let Some(command) = &job.command else {
            return match self.prepare_natively(job) {
                Ok(note) => Step { note, ..Step::default() },
                Err(problem) => Step { problem: Some(problem), ..Step::default() },
            };
        };
        let location = self.location(job);
        self.progress.tell(&Event::Writing { location, what: "all tags, by Docker" });
        let all = job.tags.iter().map(|tag| tag.reference).collect();
        match (self.docker)(command) {
            Ok(()) => Step { written: all, ..Step::default() },
            Err(complaint) => {
                let message = format!("image `{}`: `{}` failed: {complaint}", job.image, command.join(" "));
                Step { problem: Some(Diagnostic::error("docker", message)), ..Step::default() }
            }
        }
    }

    /// The same without Docker; what is worth knowing of it.
    fn prepare_natively(&self, job: &Job<'_>) -> Result<Option<Diagnostic>, Diagnostic> {
        let site = &self.sites[job.site];
        let location = &site.location;
        if let Some(copies) = job.copies {
            for (digest, from) in &copies.blobs {
                self.progress.tell(&Event::Writing { location, what: digest.as_str() });
                let source = &self.sites[*from].location;
                let Some(repository) = source.repository() else { continue };
                let mounted =
                    site.store.mount_blob(digest, repository).map_err(|error| error.to_diagnostic())?;
                if let Mount::Declined(reason) = mounted {
                    let message = format!(
                        "image `{}`: blob {digest} is in `{source}`, but `{location}` does not take it over: {reason}",
                        job.image
                    );
                    return Err(Diagnostic::error("cannot-mount", message)
                        .with_help("push the build to every repository of its image"));
                }
            }
            // Attestations may refer to the image, so it goes first, in the order of the index.
            for manifest in &copies.manifests {
                self.put(location, site, &manifest.digest.clone().into(), manifest)?;
            }
            let what = format!(
                "took over {} manifests and {} blobs from other repositories",
                copies.manifests.len(),
                copies.blobs.len()
            );
            self.progress.tell(&Event::Done { location, what: &what });
        }
        let damage = match job.index {
            IndexState::Read => return Ok(None),
            IndexState::Named => match self.is_served(job) {
                Ok(()) => return Ok(None),
                Err(damage) => Some(damage),
            },
            IndexState::Unknown => None,
        };
        let digest = &job.manifest.digest;
        self.put(location, site, &digest.clone().into(), job.manifest)?;
        // No tag moves to what cannot be read: a full disk may take everything and keep nothing.
        self.is_served(job).map_err(|why| {
            let message = format!(
                "image `{}`: `{location}` took index {digest}, and does not serve it: {why}",
                job.image
            );
            Diagnostic::error("not-stored", message)
                .with_note("none of the image's tags was moved to it")
                .with_help(
                    "look after the registry (its disk may be full), then merge again; if it keeps the damaged index, delete that there, or build again: the index of another build has another digest",
                )
        })?;
        let what = format!("wrote index {digest}");
        self.progress.tell(&Event::Done { location, what: &what });
        Ok(damage.map(|why| {
            let message = format!(
                "image `{}`: `{location}` did not serve index {digest}, which a tag names, and has it again: {why}",
                job.image
            );
            Diagnostic::warning("damaged-index", message)
        }))
    }

    /// Whether clients get the index of a job, or why not.
    fn is_served(&self, job: &Job<'_>) -> Result<(), String> {
        let at = TagOrDigest::Digest(job.manifest.digest.clone());
        match self.sites[job.site].store.get_manifest(&at) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err("it is not there".to_owned()),
            Err(error) => Err(error.kind().to_string()),
        }
    }

    fn put(
        &self,
        location: &Location,
        site: &Site,
        at: &TagOrDigest,
        manifest: &Manifest,
    ) -> Result<(), Diagnostic> {
        self.progress.tell(&Event::Writing { location, what: at.as_str() });
        site.store.put_manifest(at, manifest).map_err(|error| refused(&error))
    }

    /// Writes a tag, unless another one of its image was refused.
    fn write(&self, &Task { job, tag, stopped }: &Task<'_>) -> Option<Result<(), Diagnostic>> {
        if stopped.load(Ordering::Relaxed) {
            return None;
        }
        let (site, location) = (&self.sites[job.site], self.location(job));
        self.progress.tell(&Event::Writing { location, what: tag.tag.as_str() });
        let written = site.store.put_manifest(&tag.tag.clone().into(), job.manifest);
        stopped.fetch_or(written.is_err(), Ordering::Relaxed);
        Some(written.map_err(|error| tag_refused(&error, tag)))
    }

    /// Looks whether each tag that was written has the digest that it was given.
    fn read_back(&mut self) {
        let mut tasks: Vec<(&Job<'_>, &TagJob)> = Vec::new();
        for job in self.jobs {
            let outcomes = self.published.outcomes.get(job.image);
            let is_written = |tag: &&TagJob| outcomes.is_some_and(|known| known.contains_key(&tag.reference));
            tasks.extend(job.tags.iter().filter(is_written).map(|tag| (job, tag)));
        }
        let turns: Vec<(usize, usize)> =
            tasks.iter().enumerate().map(|(at, (job, _))| (job.site, at)).collect();
        let found = parallel(
            &interleaved(&turns, self.sites.len()),
            sites_of(tasks.iter().map(|(job, _)| *job)),
            |(_, at)| (*at, self.settled(tasks[*at].0, tasks[*at].1)),
        );
        let mut found: BTreeMap<usize, Result<Option<Descriptor>, Error>> = found.into_iter().collect();
        let mut read: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, (job, tag)) in tasks.into_iter().enumerate() {
            let digest = &job.manifest.digest;
            let reference = self.location(job).with_tag(&tag.tag);
            let (problem, now) = match found.remove(&at).unwrap_or(Ok(None)) {
                Ok(Some(descriptor)) if descriptor.digest == *digest => {
                    *read.entry(job.site).or_default() += 1;
                    continue;
                }
                Ok(Some(descriptor)) => {
                    let message = format!(
                        "`{reference}` was written as {digest} but is {} now: another run changed it",
                        descriptor.digest
                    );
                    let problem = Diagnostic::error("concurrent-change", message)
                        .with_help("run merges into one repository one at a time, then run this one again");
                    (problem, Some(descriptor.digest))
                }
                Ok(None) => {
                    let message = format!("`{reference}` was written but cannot be read yet");
                    let problem = Diagnostic::error("not-readable", message)
                        .with_help("wait longer with `--wait`, or run the merge again");
                    (problem, None)
                }
                Err(error) => (error.to_diagnostic(), None),
            };
            let why = Some(problem.message.clone());
            let outcomes = self.published.outcomes.entry(job.image.to_owned()).or_default();
            outcomes.insert(tag.reference, Settled { outcome: Outcome::Failed, digest: now, why });
            self.failed.insert(job.image);
            self.published.problems.push(problem);
        }
        for (site, count) in read {
            let what = format!("read back {count} {}", if count == 1 { "tag" } else { "tags" });
            self.progress.tell(&Event::Done { location: &self.sites[site].location, what: &what });
        }
    }
}

impl Writer<'_> {
    /// What a tag means that was written, once the registry has got over what it was before.
    fn settled(&self, job: &Job<'_>, tag: &TagJob) -> Result<Option<Descriptor>, Error> {
        let site = &self.sites[job.site];
        let deadline = self.clock.elapsed().saturating_add(SETTLE);
        let at = TagOrDigest::Tag(tag.tag.clone());
        let is_other = |found: &Descriptor| found.digest != job.manifest.digest;
        let mut is_first = true;
        loop {
            let mut found = site.store.head_manifest(&at)?;
            let is_last = self.clock.elapsed() >= deadline;
            if (is_first || is_last) && found.as_ref().is_some_and(is_other) {
                // A HEAD may lag behind, or lie.
                found = site.store.get_manifest(&at)?.map(|manifest| manifest.descriptor());
            }
            is_first = false;
            let is_old = found.as_ref().is_some_and(|found| Some(&found.digest) == tag.previous.as_ref());
            if !is_old || is_last {
                return Ok(found);
            }
            let why = "the registry still serves the tag's previous digest";
            self.progress.tell(&Event::Waiting { location: &site.location, pause: INTERVAL, why });
            self.clock.sleep(INTERVAL);
        }
    }
}

/// In how many repositories there is something to do.
fn sites_of<'j>(jobs: impl Iterator<Item = &'j Job<'j>>) -> usize {
    jobs.map(|job| job.site).collect::<BTreeSet<_>>().len()
}

/// A tag that could not be written.
fn tag_refused(error: &Error, tag: &TagJob) -> Diagnostic {
    let problem = refused(error);
    // Not what passes, nor what is about the content.
    let (may_be_fixed, is_about_rights) = match error.kind() {
        ErrorKind::Rejected { .. } | ErrorKind::Unsupported { .. } => (!is_blob_unknown(error), false),
        ErrorKind::Unauthorized(_) | ErrorKind::Denied { .. } => (true, true),
        _ => (false, false),
    };
    let Some(previous) = tag.previous.as_ref().filter(|_| may_be_fixed) else { return problem };
    let problem = problem.with_note(format!(
        "the tag is there with another digest, {previous}: the registry may not let tags change"
    ));
    let cure = match tag.stage() {
        Stage::Replaced => {
            "release a new version; or pass `--keep-existing` to leave a release as it is that is there"
        }
        Stage::Literal | Stage::Floating | Stage::Broadest => {
            "let the registry change this tag, or leave it out of `tags` where tags never change"
        }
    };
    if is_about_rights { problem.with_note(format!("if so, {cure}")) } else { problem.with_help(cure) }
}

/// A refused write, with the cause that a code alone does not tell.
fn refused(error: &Error) -> Diagnostic {
    let diagnostic = error.to_diagnostic();
    match error.kind() {
        ErrorKind::Rejected { .. } if is_blob_unknown(error) && error.operation() == Operation::PutManifest => diagnostic
            .with_note("everything was there when it was checked: it was deleted since, or the registry requires the `subject` of an attestation")
            .with_help("run the merge again; on GitLab, build with `oci-artifact=false` in `output`"),
        _ => diagnostic,
    }
}

/// Whether the registry says that something of a manifest is not there.
fn is_blob_unknown(error: &Error) -> bool {
    error.entries().iter().any(|entry| entry.code.contains("BLOB_UNKNOWN"))
}
