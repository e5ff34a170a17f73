//! Writes what was decided, several requests at once and in stages: no tag of an image anywhere before its index is
//! everywhere, and nothing of a stage before all of the one before it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::report::{Outcome, Settled};
use super::super::tools::{MergeTools, RunDocker};
use super::fresh::{Given, fresh};
use super::job::{Command, IndexState, Job, ONE_AT_A_TIME, Place, Stage, TagJob};
use super::overtaken::{Overtaken, Unproven};
use super::overwritten::{self, OwnTags};
use super::read_back::{INTERVAL, Written, Wrong, findings, read_back, sites_of};
use super::refusal::{refused, tag_refused};
use super::takeover::{Failed, take_over};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::progress::{Event, Progress};
use crate::published::sites::{Site, both, interleaved, parallel};
use crate::reference::Tag;
use crate::registry::{Clock, Location, Manifest, TagOrDigest};

/// How often floating tags are looked at that other merges move at the same time.
const PASSES: usize = 8;
/// How often a merge waits for lists that show late what others have written.
const LOOKS: usize = 4;

/// A tag that is to be written, and whether its job was stopped.
#[derive(Clone, Copy)]
struct Task<'t> {
    job: &'t Job<'t>,
    tag: &'t TagJob,
    stopped: &'t AtomicBool,
}

/// What came of writing a tag: what it was given instead, if a later run has it.
struct TagStep {
    note: Option<Diagnostic>,
    outcome: Result<Option<Given>, Diagnostic>,
}

/// What came of writing tags, by position of the reference.
type WrittenTags = BTreeMap<usize, TagStep>;

/// How the writing went.
#[derive(Default)]
pub(crate) struct PublishResult {
    /// How the tags came out, by image and position of the reference.
    pub outcomes: BTreeMap<String, BTreeMap<usize, Settled>>,
    /// The images of which something could not be written.
    pub failed: BTreeSet<String>,
    /// What went wrong.
    pub problems: Vec<Diagnostic>,
    /// Which tags were left as they are.
    pub held: Vec<Diagnostic>,
    /// What is worth knowing.
    pub notes: Vec<Diagnostic>,
}

/// Writes all jobs. `pause` is how long to wait afterwards for lists that show late what other merges have written; zero for
/// not at all.
#[must_use]
pub(crate) fn publish<'a>(jobs: &'a [Job<'a>], pause: Duration, tools: &'a MergeTools<'a>) -> PublishResult {
    let MergeTools { sites, clock, progress, patience: _, docker } = *tools;
    let mut writer = Writer {
        jobs,
        tools,
        sites,
        clock,
        progress,
        docker,
        pause,
        failed: BTreeSet::new(),
        own: OwnTags::default(),
        published: PublishResult::default(),
    };
    let mut overtaken = Overtaken::new(jobs, *tools);
    writer.tell_due();
    writer.prepare_all();
    for stage in Stage::ALL {
        if stage.moves() {
            writer.hold_unproven(stage, &mut overtaken);
            writer.hold_overwritten(stage);
            writer.move_by_docker(stage);
        }
        writer.write_all(stage);
    }
    writer.settle(overtaken);
    let failed = writer.failed.into_iter().map(str::to_owned).collect();
    PublishResult { failed, ..writer.published }
}

struct Writer<'a> {
    jobs: &'a [Job<'a>],
    tools: &'a MergeTools<'a>,
    sites: &'a [Site],
    clock: &'a dyn Clock,
    progress: &'a dyn Progress,
    docker: &'a RunDocker<'a>,
    /// How long to wait for lists that show late what others have written.
    pause: Duration,
    /// Images that failed somewhere: nothing more of them is written anywhere.
    failed: BTreeSet<&'a str>,
    /// Own tags that were read back before floating tags moved.
    own: OwnTags<'a>,
    published: PublishResult,
}

/// How looking after the written tags ended: the tags that are not as they were written, and those that were just moved again.
#[derive(Default)]
struct End<'a> {
    wrong: Vec<Wrong<'a>>,
    moving: Vec<String>,
}

/// What a step did: the tags that it wrote and what is worth knowing, and why it stopped if it did.
#[derive(Default)]
struct Step {
    written: Vec<usize>,
    given: Vec<(usize, Given)>,
    notes: Vec<Diagnostic>,
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
            let settled = self.published.outcomes.get(job.image);
            let is_held = |tag: &TagJob| settled.is_some_and(|known| known.contains_key(&tag.reference));
            let tasks = job.tags.iter().filter(|tag| tag.stage() == stage && !is_held(tag));
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
                let step = Self::gathered(job, outcomes);
                self.take_note(job, step);
            }
        }
    }

    /// Leaves the floating tags of a stage and those after it as they are where the list does not show what was just written:
    /// the versions' own tags or, where they have none, narrower ones.
    fn hold_unproven(&mut self, stage: Stage, overtaken: &mut Overtaken<'a>) {
        let written: BTreeSet<Place<'a>> = self.places();
        for Unproven { site, created, lag, error } in overtaken.prove(stage, &written) {
            let location = &self.sites[site].location;
            let is_lost =
                |tag: &&Tag| matches!(self.sites[site].store.head_manifest(&(*tag).clone().into()), Ok(None));
            // A list is right that does not show what is not there, which the read-back reports.
            let lost = created.iter().any(is_lost);
            let why = match &error {
                Some(_) => format!("the tags of `{location}` can no longer be listed"),
                None => format!("`{location}` does not list what was written {} s ago", lag.as_secs()),
            };
            for job in self.jobs.iter().filter(|job| job.site == site && job.is_guarded) {
                let tags: Vec<&TagJob> = job.tags.iter().filter(|tag| tag.moves_by_list(stage)).collect();
                let is_trusted = error.is_some() && job.trusts_known_versions;
                if tags.is_empty() || is_trusted || self.failed.contains(job.image) {
                    continue;
                }
                let outcomes = self.published.outcomes.entry(job.image.to_owned()).or_default();
                let outcome = if lost { Outcome::Skipped } else { Outcome::Held };
                for tag in &tags {
                    let why = Some(why.clone()).filter(|_| !lost);
                    outcomes.insert(tag.reference, Settled { outcome, digest: tag.previous.clone(), why });
                }
                if lost {
                    continue;
                }
                let names: Vec<String> = tags.iter().map(|tag| format!("`{}`", tag.tag)).collect();
                let message = format!(
                    "image `{}` leaves {} as before: {why}, so a greater version may be missing from the list too",
                    job.image,
                    names.join(", ")
                );
                let mut held = Diagnostic::warning(Code::TAG_LIST, message);
                held.notes.extend(error.as_ref().map(ToString::to_string));
                self.published.held.push(held.with_help(
                    "merge again later, if the registry's lists lag behind; or move the tags anyway with `--allow-backward`",
                ));
            }
        }
    }

    /// Leaves all floating tags of an image as they are where another run has written an own tag of its version since this merge did.
    fn hold_overwritten(&mut self, stage: Stage) {
        let settled = |job: &Job<'_>, tag: &TagJob| {
            let known = self.published.outcomes.get(job.image);
            known.is_some_and(|known| known.contains_key(&tag.reference))
        };
        let is_due = |job: &Job<'_>, tag: &TagJob| tag.stage() >= stage && !settled(job, tag);
        let moving = self.jobs.iter().filter(|job| job.tags.iter().any(|tag| is_due(job, tag)));
        let moving: BTreeSet<&str> = moving.map(|job| job.image).collect();
        let mut written: Vec<_> = self.written().collect();
        written.retain(|(job, tag)| {
            let is_done =
                self.own.proven.contains(&(job.image, tag.reference)) || self.failed.contains(job.image);
            moving.contains(job.image) && !is_done && overwritten::is_meant(job, tag)
        });
        let OwnTags { proven, overwritten } = overwritten::read(&written, self.tools);
        self.own.proven.extend(proven);
        for one in overwritten {
            let image = one.job.image;
            let outcomes = self.published.outcomes.entry(image.to_owned()).or_default();
            self.published.problems.push(one.hold(self.jobs, stage, self.sites, outcomes));
            self.failed.insert(image);
        }
    }

    /// What came of writing tags of a job: one finding, however many were refused.
    fn gathered(job: &Job<'_>, outcomes: WrittenTags) -> Step {
        let name =
            |at: usize| job.tags.iter().find(|tag| tag.reference == at).map_or("", |tag| tag.tag.as_str());
        let (mut step, mut others) = (Step::default(), Vec::new());
        for (at, TagStep { note, outcome }) in outcomes {
            step.notes.extend(note);
            match (outcome, &step.problem) {
                (Ok(Some(given)), _) => step.given.push((at, given)),
                (Ok(None), _) => step.written.push(at),
                (Err(problem), None) => step.problem = Some(problem),
                (Err(_), Some(_)) => others.push(format!("`{}`", name(at))),
            }
        }
        if let Some(problem) = step.problem.as_mut().filter(|_| !others.is_empty()) {
            problem.notes.push(format!("{} could not be written, either", others.join(", ")));
        }
        step
    }

    fn take_note(&mut self, job: &'a Job<'a>, Step { written, given, notes, problem }: Step) {
        let location = self.location(job);
        let outcomes = self.published.outcomes.entry(job.image.to_owned()).or_default();
        for tag in job.tags.iter().filter(|tag| written.contains(&tag.reference)) {
            let digest = Some(job.manifest.digest.clone());
            outcomes.insert(tag.reference, Settled { outcome: tag.outcome, digest, why: None });
        }
        if let Some(mixed) = overwritten::mixed(job, location, outcomes, &given) {
            self.published.problems.push(mixed);
            self.failed.insert(job.image);
        }
        outcomes.extend(given.into_iter().map(|(at, given)| (at, given.into())));
        self.published.notes.extend(notes);
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
                Ok(notes) => Step { notes, ..Step::default() },
                Err(problem) => Step { problem: Some(problem), ..Step::default() },
            };
        };
        // What moves by a list waits until that shows what is written now.
        let now: Vec<&TagJob> = job.tags.iter().filter(|tag| !job.waits(tag)).collect();
        if now.is_empty() && !job.tags.is_empty() {
            return Step::default();
        }
        self.by_docker(job, command, &now)
    }

    /// Lets Docker give tags to an image.
    fn by_docker(&self, job: &Job<'_>, command: &Command, tags: &[&TagJob]) -> Step {
        let location = self.location(job);
        let (mut step, mut due) = (Step::default(), Vec::new());
        for tag in tags {
            // What cannot be read is damaged, which writing fixes.
            let fresh = fresh(job, tag, self.tools).unwrap_or_default();
            step.notes.extend(fresh.note);
            match fresh.given {
                Some(given) => step.given.push((tag.reference, given)),
                None => due.push(*tag),
            }
        }
        if due.is_empty() && !tags.is_empty() {
            return step;
        }
        self.progress.tell(&Event::Writing { location, what: "tags, by Docker" });
        let words = command.words(location, due.iter().copied());
        match (self.docker)(&words) {
            Ok(()) => {
                for tag in &due {
                    self.tell_tagged(job, tag);
                }
                step.written.extend(due.iter().map(|tag| tag.reference));
            }
            Err(complaint) => {
                let message = format!("image `{}`: `{}` failed: {complaint}", job.image, words.join(" "));
                step.problem = Some(Diagnostic::error(Code::DOCKER, message));
            }
        }
        step
    }

    /// Says that a tag is written, at once: what ends a merge here leaves no report.
    fn tell_tagged(&self, job: &Job<'_>, tag: &TagJob) {
        let what = format!("tagged {}", tag.tag);
        self.progress.tell(&Event::Done { location: self.location(job), what: &what });
    }

    /// Says which tags are to be written, so that it shows which are not if no report follows.
    fn tell_due(&self) {
        for job in self.jobs.iter().filter(|job| !job.tags.is_empty()) {
            let tags: Vec<&str> = job.tags.iter().map(|tag| tag.tag.as_str()).collect();
            let what = format!("image `{}` is to get {}", job.image, tags.join(", "));
            self.progress.tell(&Event::Done { location: self.location(job), what: &what });
        }
    }

    /// Lets Docker give the tags of a stage that waited for a list, and were not left as they are.
    fn move_by_docker(&mut self, stage: Stage) {
        for job in self.jobs {
            let Some(command) = job.command.as_ref().filter(|_| !self.failed.contains(job.image)) else {
                continue;
            };
            let settled = self.published.outcomes.get(job.image);
            let is_settled = |tag: &TagJob| settled.is_some_and(|known| known.contains_key(&tag.reference));
            let is_due = |tag: &TagJob| job.waits(tag) && tag.stage() == stage && !is_settled(tag);
            let tags: Vec<&TagJob> = job.tags.iter().filter(|tag| is_due(tag)).collect();
            if !tags.is_empty() {
                let step = self.by_docker(job, command, &tags);
                self.take_note(job, step);
            }
        }
    }

    /// The same without Docker; what is worth knowing of it.
    fn prepare_natively(&self, job: &Job<'_>) -> Result<Vec<Diagnostic>, Diagnostic> {
        let site = &self.sites[job.site];
        let location = &site.location;
        let mut notes = Vec::new();
        if let Some(copies) = job.copies {
            let taken = take_over(copies, job.manifest, job.site, self.sites, self.clock, self.progress)
                .map_err(|failed| {
                    let Failed { error, others } = failed;
                    let message = format!("image `{}`: {error}", job.image);
                    let mut diagnostic = Diagnostic::error(error.code(), message)
                        .with_note(format!("`{location}` is filled from other repositories of the image"));
                    diagnostic.notes.extend(others);
                    match error.help() {
                        Some(help) => diagnostic.with_help(help),
                        None => diagnostic,
                    }
                })?;
            notes = taken;
        }
        let is_copied = job.copies.is_some_and(|copies| !copies.whole.is_empty());
        let damage = match if is_copied { IndexState::Named } else { job.index } {
            IndexState::Read => return Ok(notes),
            IndexState::Named => match self.is_served(job) {
                Ok(()) => return Ok(notes),
                Err(damage) => Some(damage),
            },
            IndexState::Unknown => None,
        };
        let digest = &job.manifest.digest;
        self.put(location, site, &digest.clone().into(), job.manifest)?;
        // No tag moves to what cannot be read: a full disk may take everything and keep nothing.
        self.is_served(job).map_err(|why| {
            let message = format!(
                "image `{}`: `{location}` accepted index {digest} but does not serve it: {why}",
                job.image
            );
            Diagnostic::error(Code::NOT_STORED, message)
                .with_note("none of the image's tags was moved to it")
                .with_help(
                    "check the registry (its disk may be full), then merge again; if the damaged index stays there, delete it, or build again, which gives the index another digest",
                )
        })?;
        let what = format!("wrote index {digest}");
        self.progress.tell(&Event::Done { location, what: &what });
        notes.extend(damage.map(|why| {
            let message = format!(
                "image `{}`: `{location}` did not serve index {digest}, which a tag names; the merge wrote it again: {why}",
                job.image
            );
            Diagnostic::warning(Code::DAMAGED_INDEX, message)
        }));
        Ok(notes)
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
    fn write(&self, &Task { job, tag, stopped }: &Task<'_>) -> Option<TagStep> {
        if stopped.load(Ordering::Relaxed) {
            return None;
        }
        let (site, location) = (&self.sites[job.site], self.location(job));
        self.progress.tell(&Event::Writing { location, what: tag.tag.as_str() });
        let mut note = None;
        // What cannot be read is damaged, which writing fixes.
        if let Ok(fresh) = fresh(job, tag, self.tools) {
            note = fresh.note;
            if fresh.given.is_some() {
                return Some(TagStep { note, outcome: Ok(fresh.given) });
            }
        }
        let written = site.store.put_manifest(&tag.tag.clone().into(), job.manifest);
        stopped.fetch_or(written.is_err(), Ordering::Relaxed);
        if written.is_ok() {
            self.tell_tagged(job, tag);
        }
        Some(TagStep { note, outcome: written.map(|()| None).map_err(|error| tag_refused(&error, tag)) })
    }

    /// Looks after the tags that were written until nothing changes any more: other merges may run at the same time, and lists
    /// may show late what they wrote.
    fn settle(&mut self, mut overtaken: Overtaken<'a>) {
        let written = self.places();
        // What was read back before the floating tags is not read again where all tags were written.
        let mut read = std::mem::take(&mut self.own.proven);
        read.retain(|(image, _)| {
            let outcomes = self.published.outcomes.get(*image);
            outcomes.is_some_and(|known| known.values().all(|settled| settled.outcome.writes()))
        });
        let mut end = self.look_after(&written, &read, &mut overtaken);
        let is_watched = !self.pause.is_zero() && overtaken.watches(&written);
        let mut looks = (0..LOOKS).take_while(|_| is_watched);
        while end.moving.is_empty() && overtaken.problems.is_empty() && looks.next().is_some() {
            overtaken.wait(self.pause);
            let before = (end.wrong, overtaken.given.clone());
            end = self.look_after(&written, &BTreeSet::new(), &mut overtaken);
            let (wrong, given) = before;
            let is_known = |one: &Wrong<'a>| wrong.iter().any(|known| known.is_same(one));
            if given == overtaken.given && wrong.len() == end.wrong.len() && end.wrong.iter().all(is_known) {
                break;
            }
        }
        let End { mut wrong, moving } = end;
        if !moving.is_empty() {
            wrong = self.read_back(&overtaken.given, &[], &BTreeSet::new());
            let message = format!(
                "other merges change {} again and again: {PASSES} times were not enough",
                moving.iter().map(|reference| format!("`{reference}`")).collect::<Vec<_>>().join(", ")
            );
            let problem = Diagnostic::error(Code::CONCURRENT_CHANGE, message);
            self.published.problems.push(problem.with_help(ONE_AT_A_TIME));
        }
        for ((image, at), given) in overtaken.given {
            self.published.outcomes.entry(image.to_owned()).or_default().insert(at, given.into());
        }
        self.published.problems.extend(overtaken.problems);
        self.published.notes.extend(overtaken.notes);
        // A list is right that does not show what is not there.
        let is_there = |site: &usize| !wrong.iter().any(|one| one.job.site == *site && one.found.is_none());
        let late = overtaken.late.into_iter().filter(|(site, _)| is_there(site));
        self.published.notes.extend(late.map(|(_, late)| late));
        self.published.problems.extend(findings(&wrong));
        for Wrong { job, tag, found, problem } in wrong {
            let why = Some(problem.message);
            let outcomes = self.published.outcomes.entry(job.image.to_owned()).or_default();
            outcomes.insert(tag.reference, Settled { outcome: Outcome::Failed, digest: found, why });
            self.failed.insert(job.image);
        }
    }

    /// Looks once, and again after each change.
    fn look_after(
        &self,
        written: &BTreeSet<Place<'a>>,
        read: &BTreeSet<Place<'a>>,
        overtaken: &mut Overtaken<'a>,
    ) -> End<'a> {
        let mut end = End::default();
        let mut pause = INTERVAL;
        let nothing = BTreeSet::new();
        for pass in 0..PASSES {
            let read = if pass == 0 { read } else { &nothing };
            let differs = |one: &Wrong<'a>| Some(((one.job.image, one.tag.reference), one.found.clone()?));
            let (known, given) = (end.wrong.iter().filter_map(differs).collect(), overtaken.given.clone());
            // All was written before; what is written now is read back in the next pass.
            let (mut now, moving) =
                both(|| self.read_back(&given, &end.wrong, read), || overtaken.look(written, &known));
            if !now.is_empty() && !read.is_empty() {
                // Whoever changed these may have changed what was read before.
                now = self.read_back(&given, &end.wrong, &nothing);
            }
            end.moving = moving;
            if !end.moving.is_empty() {
                end.wrong.clear();
                continue;
            }
            now.retain(|one| {
                let given = overtaken.given.get(&(one.job.image, one.tag.reference));
                given.is_none_or(|given| one.found.as_ref() != Some(&given.digest))
            });
            let is_known = |one: &Wrong<'a>| end.wrong.iter().any(|known| known.is_same(one));
            pause = if now.iter().all(is_known) { pause * 2 } else { INTERVAL };
            end.wrong = now;
            if end.wrong.is_empty() || pause > INTERVAL * 4 {
                break;
            }
            // A list may not show yet whose tags these are.
            self.clock.sleep(pause);
        }
        end
    }

    /// The tags that have another digest than they were given, or none; without those that were read before.
    fn read_back(
        &self,
        given: &BTreeMap<Place<'a>, Given>,
        known: &[Wrong<'a>],
        read: &BTreeSet<Place<'a>>,
    ) -> Vec<Wrong<'a>> {
        let digest = |job: &Job<'a>, tag: &TagJob| {
            given.get(&(job.image, tag.reference)).map_or(&job.manifest.digest, |given| &given.digest).clone()
        };
        let unread = self.written().filter(|(job, tag)| !read.contains(&(job.image, tag.reference)));
        let written = unread.map(|(job, tag)| Written { job, tag, digest: digest(job, tag) }).collect();
        let waited = known.iter().map(|one| (one.job.image, one.tag.reference)).collect();
        read_back(written, &waited, self.tools)
    }

    /// Where tags were written.
    fn places(&self) -> BTreeSet<Place<'a>> {
        self.written().map(|(job, tag)| (job.image, tag.reference)).collect()
    }

    /// The tags that were written.
    fn written(&self) -> impl Iterator<Item = (&'a Job<'a>, &'a TagJob)> + use<'a, '_> {
        let is_written = |job: &Job<'_>, tag: &TagJob| {
            let settled = self.published.outcomes.get(job.image).and_then(|known| known.get(&tag.reference));
            settled.is_some_and(|settled| settled.outcome.writes())
        };
        self.jobs.iter().flat_map(move |job| {
            let written = job.tags.iter().filter(move |tag| is_written(job, tag));
            written.map(move |tag| (job, tag))
        })
    }
}
