//! Writes what was decided: one writer for each repository, repositories side by side, and no tag of an image anywhere
//! before its index is everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::report::{Outcome, Settled};
use super::subject::Copies;
use super::tools::{MergeTools, RunDocker};
use crate::diagnostic::Diagnostic;
use crate::oci::Descriptor;
use crate::published::progress::{Event, Progress};
use crate::published::sites::{Site, parallel};
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
    /// Whether the index is there already.
    pub has_index: bool,
    /// The tags that are written.
    pub tags: Vec<TagJob>,
    /// The command that does all of it, when Docker writes.
    pub command: Option<Vec<String>>,
}

/// A tag that is to be written.
pub(crate) struct TagJob {
    /// The position among the image's references.
    pub reference: usize,
    /// The tag.
    pub tag: Tag,
    /// Whether it moves from version to version.
    pub floating: bool,
    /// The digest that it had.
    pub previous: Option<Digest>,
    /// What it counts as when it is written.
    pub outcome: Outcome,
}

/// How the writing went.
#[derive(Default)]
pub(crate) struct PublishResult {
    /// How the tags came out, by image and position of the reference.
    pub outcomes: BTreeMap<String, BTreeMap<usize, Settled>>,
    /// What went wrong.
    pub problems: Vec<Diagnostic>,
}

/// Writes all jobs, those of one repository one after another.
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
    let mut queues: BTreeMap<usize, Vec<&Job<'_>>> = BTreeMap::new();
    for job in jobs {
        queues.entry(job.site).or_default().push(job);
    }
    let queues: Vec<Vec<&Job<'_>>> = queues.into_values().collect();
    writer.phase(&queues, Writer::prepare);
    writer.phase(&queues, |writer, job| writer.write(job, false));
    writer.phase(&queues, |writer, job| writer.write(job, true));
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

/// What a step did: the tags that it wrote, and why it stopped if it did.
type Step = (Vec<usize>, Result<(), Diagnostic>);

impl<'a> Writer<'a> {
    /// Does one step of every job, and waits for all.
    fn phase(&mut self, queues: &[Vec<&'a Job<'a>>], step: impl Fn(&Self, &Job<'_>) -> Step + Sync) {
        let done = parallel(queues, queues.len(), |queue| {
            let jobs = queue.iter().filter(|job| !self.failed.contains(job.image));
            jobs.map(|job| (*job, step(self, job))).collect::<Vec<_>>()
        });
        for (job, (written, result)) in done.into_iter().flatten() {
            let outcomes = self.published.outcomes.entry(job.image.to_owned()).or_default();
            for tag in job.tags.iter().filter(|tag| written.contains(&tag.reference)) {
                let digest = Some(job.manifest.digest.clone());
                outcomes.insert(tag.reference, Settled { outcome: tag.outcome, digest, why: None });
            }
            if let Err(problem) = result {
                self.failed.insert(job.image);
                self.published.problems.push(problem);
            }
        }
    }

    fn location(&self, job: &Job<'_>) -> &'a Location {
        &self.sites[job.site].location
    }

    /// Takes over what is missing, and writes the index under its digest.
    fn prepare(&self, job: &Job<'_>) -> Step {
        let Some(command) = &job.command else { return (Vec::new(), self.prepare_natively(job)) };
        let location = self.location(job);
        self.progress.tell(&Event::Writing { location, what: "all tags, by Docker" });
        let all = job.tags.iter().map(|tag| tag.reference).collect();
        match (self.docker)(command) {
            Ok(()) => (all, Ok(())),
            Err(complaint) => {
                let message = format!("image `{}`: `{}` failed: {complaint}", job.image, command.join(" "));
                (Vec::new(), Err(Diagnostic::error("docker", message)))
            }
        }
    }

    fn prepare_natively(&self, job: &Job<'_>) -> Result<(), Diagnostic> {
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
                        "image `{}`: blob {digest} is in `{source}`, and `{location}` does not take it over: {reason}",
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
        if !job.has_index {
            self.put(location, site, &job.manifest.digest.clone().into(), job.manifest)?;
            let what = format!("wrote index {}", job.manifest.digest);
            self.progress.tell(&Event::Done { location, what: &what });
        }
        Ok(())
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

    /// Writes the version tags, or the floating ones, one after another.
    fn write(&self, job: &Job<'_>, floating: bool) -> Step {
        let (site, location) = (&self.sites[job.site], self.location(job));
        let mut written = Vec::new();
        if job.command.is_some() {
            return (written, Ok(()));
        }
        let mut names: Vec<&str> = Vec::new();
        let mut result = Ok(());
        for tag in job.tags.iter().filter(|tag| tag.floating == floating) {
            if let Err(problem) = self.put(location, site, &tag.tag.clone().into(), job.manifest) {
                result = Err(match &tag.previous {
                    Some(previous) => problem.with_note(format!(
                        "the tag is there with another digest, {previous}: the registry may not let tags change"
                    )),
                    None => problem,
                });
                break;
            }
            written.push(tag.reference);
            names.push(tag.tag.as_str());
        }
        if !names.is_empty() {
            let what = format!("tagged {}", names.join(", "));
            self.progress.tell(&Event::Done { location, what: &what });
        }
        (written, result)
    }

    /// Looks whether each tag that was written has the digest that it was given.
    fn read_back(&mut self) {
        let mut tasks: Vec<(&Job<'_>, &TagJob)> = Vec::new();
        for job in self.jobs {
            let outcomes = self.published.outcomes.get(job.image);
            let is_written = |tag: &&TagJob| outcomes.is_some_and(|known| known.contains_key(&tag.reference));
            tasks.extend(job.tags.iter().filter(is_written).map(|tag| (job, tag)));
        }
        let sites: BTreeSet<usize> = tasks.iter().map(|(job, _)| job.site).collect();
        let found = parallel(&tasks, sites.len(), |(job, tag)| self.settled(job, tag));
        let mut read: BTreeMap<usize, usize> = BTreeMap::new();
        for ((job, tag), found) in tasks.into_iter().zip(found) {
            let digest = &job.manifest.digest;
            let reference = self.location(job).with_tag(&tag.tag);
            let (problem, now) = match found {
                Ok(Some(descriptor)) if descriptor.digest == *digest => {
                    *read.entry(job.site).or_default() += 1;
                    continue;
                }
                Ok(Some(descriptor)) => {
                    let message = format!(
                        "`{reference}` was written as {digest}, and is {} now: another run changed it",
                        descriptor.digest
                    );
                    let problem = Diagnostic::error("concurrent-change", message).with_help(
                        "let merges of one repository run one after another, then run this one again",
                    );
                    (problem, Some(descriptor.digest))
                }
                Ok(None) => {
                    let message = format!("`{reference}` was written, and cannot be read yet");
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
        loop {
            let found = site.store.head_manifest(&TagOrDigest::Tag(tag.tag.clone()))?;
            let is_old = found.as_ref().is_some_and(|found| Some(&found.digest) == tag.previous.as_ref());
            if !is_old || self.clock.elapsed() >= deadline {
                return Ok(found);
            }
            let why = "the registry still answers with what the tag was before";
            self.progress.tell(&Event::Waiting { location: &site.location, pause: INTERVAL, why });
            self.clock.sleep(INTERVAL);
        }
    }
}

/// A refused write, with the cause that a code alone does not tell.
fn refused(error: &Error) -> Diagnostic {
    let diagnostic = error.to_diagnostic();
    let is_unknown = error.entries().iter().any(|entry| entry.code.contains("BLOB_UNKNOWN"));
    match error.kind() {
        ErrorKind::Rejected { .. } if is_unknown && error.operation() == Operation::PutManifest => diagnostic
            .with_note("everything was there when it was checked: it was deleted since, or the registry wants the `subject` of an attestation there")
            .with_help("run the merge again; on GitLab, build with `oci-artifact=false` in `output`"),
        _ => diagnostic,
    }
}
