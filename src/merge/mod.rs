//! From pushed digests to tags: reads what was built, checks it, and writes the tags of a plan.

pub mod bases;
pub mod check;
mod command;
pub mod decide;
pub mod document;
pub mod floating;
pub mod index;
pub mod labels;
pub mod metadata;
pub mod progress;
pub mod publish;
pub mod report;
pub mod sites;
pub mod snapshot;

use std::collections::BTreeSet;
use std::time::Duration;

use self::check::{Checked, Subject, check};
use self::document::{Document, Image};
use self::metadata::Metadata;
use self::progress::{Event, Progress};
use self::publish::{Job, Run, TagJob};
use self::report::{ImageReport, MissingReport, Outcome, Reference, Report, Status};
use self::sites::Site;
use self::snapshot::{Question, Reader, Snapshot};
use crate::diagnostic::Diagnostic;
use crate::reference::Tag;
use crate::registry::{Clock, Location, Manifest};

/// What is allowed, and how patient to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Write nothing.
    pub dry_run: bool,
    /// Publish nothing when a build of any image is missing.
    pub require_all: bool,
    /// Move floating tags even when the repository has a greater version.
    pub allow_backward: bool,
    /// Give tags of versions another digest even when the image is immutable.
    pub allow_retag: bool,
    /// Publish images whose builds have different bases.
    pub allow_mixed_bases: bool,
    /// Let Docker write.
    pub use_docker: bool,
    /// How long to wait for builds that are not there yet.
    pub wait: Duration,
}

/// What a merge works with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The repositories of [`locations`], in that order.
    pub sites: &'a [Site],
    /// Tells the time, and waits.
    pub clock: &'a dyn Clock,
    /// What is told of what goes on.
    pub progress: &'a dyn Progress,
    /// What runs a command of Docker's.
    pub docker: &'a Run<'a>,
}

/// The repositories of a plan, each once, in the order in which they come.
#[must_use]
pub fn locations(document: &Document) -> Vec<Location> {
    let mut known = BTreeSet::new();
    let all = document.images.values().flat_map(|image| &image.repositories);
    all.filter(|location| known.insert(*location)).cloned().collect()
}

/// An image that is complete.
struct Ready<'a> {
    key: &'a str,
    image: &'a Image,
    places: Vec<usize>,
    checked: Checked,
    manifest: Manifest,
    /// The site and tag of each reference, and what is to become of it.
    references: Vec<(usize, Tag, Reference)>,
}

/// Publishes the images of a plan: checks everything in every repository, then writes indexes by digest, tags of
/// versions, floating tags, and reads them back.
#[must_use]
pub fn merge(
    document: &Document,
    metadata: &Metadata,
    options: Options,
    surroundings: &Surroundings<'_>,
) -> Report {
    let mut report = Report::new(options.dry_run);
    report.notes.extend(metadata.notes.iter().cloned());
    if !options.allow_mixed_bases {
        for (key, image) in &document.images {
            report.problems.extend(bases::mixed(key, image, metadata));
        }
    }
    if !report.problems.is_empty() {
        return abandoned(report, document);
    }
    let Surroundings { sites, clock, progress, .. } = *surroundings;
    let mut reader = Reader::new(sites, progress, clock, options.wait);
    let subjects = subjects(document, metadata, options, sites);
    let all = match read(&subjects, &mut reader) {
        Ok(all) => all,
        Err(problems) => {
            report.problems.extend(problems);
            return abandoned(report, document);
        }
    };
    let snapshots = reader.snapshots();
    tell_checked(&all, &subjects, surroundings);
    let mut ready = Vec::new();
    for (subject, checked) in subjects.iter().zip(all) {
        report.problems.extend(checked.problems.iter().cloned());
        report.notes.extend(checked.notes.iter().cloned());
        let mut image = ImageReport::new(Status::Held);
        image.missing = checked.missing.iter().map(MissingReport::from).collect();
        image.platforms.clone_from(&checked.platforms);
        image.why.clone_from(&checked.held);
        if image.why.is_empty() && checked.problems.is_empty() {
            match composed(subject, &checked, snapshots) {
                Ok((manifest, references)) => {
                    image.digest = Some(manifest.digest.clone());
                    image.media_type = Some(manifest.media_type.clone());
                    image.size = Some(manifest.bytes.len());
                    let (key, places) = (subject.key, subject.places.clone());
                    ready.push(Ready { key, image: subject.image, places, checked, manifest, references });
                }
                Err(problem) => report.problems.push(problem),
            }
        }
        report.images.insert(subject.key.to_owned(), image);
    }
    if report.problems.is_empty() && !options.allow_retag {
        report.problems.extend(check_immutable(&ready, &mut reader));
    }
    if !report.problems.is_empty() {
        return abandoned(report, document);
    }
    // Without problems, an image that is not ready is one that lacks a build.
    if options.require_all && ready.len() < subjects.len() {
        for image in report.images.values_mut().filter(|image| image.why.is_empty()) {
            image.why.push("another image is incomplete, and all are required".to_owned());
        }
        return report;
    }
    write(&ready, options, &reader, surroundings, &mut report);
    report
}

fn subjects<'a>(
    document: &'a Document,
    metadata: &'a Metadata,
    options: Options,
    sites: &'a [Site],
) -> Vec<Subject<'a>> {
    let place = |location: &Location| sites.iter().position(|site| site.location == *location);
    let subject = |(key, image): (&'a String, &'a Image)| Subject {
        key,
        image,
        places: image.repositories.iter().filter_map(place).collect(),
        metadata,
        sites,
        require_all: options.require_all,
        allow_backward: options.allow_backward,
    };
    document.images.iter().map(subject).collect()
}

/// Checks all images, asking the repositories until nothing is left to ask.
fn read(subjects: &[Subject<'_>], reader: &mut Reader<'_>) -> Result<Vec<Checked>, Vec<Diagnostic>> {
    loop {
        let mut all: Vec<Checked> =
            subjects.iter().map(|subject| check(subject, reader.snapshots())).collect();
        let questions: BTreeSet<_> =
            all.iter_mut().flat_map(|checked| std::mem::take(&mut checked.questions)).collect();
        if questions.is_empty() {
            let lacks =
                |checked: &Checked| checked.problems.iter().any(|one| one.code == check::MISSING_BUILD);
            if all.iter().any(lacks) && reader.wait() {
                continue;
            }
            return Ok(all);
        }
        let problems = reader.ask(questions);
        if !problems.is_empty() {
            return Err(problems);
        }
    }
}

/// Says what was read, for each repository.
fn tell_checked(all: &[Checked], subjects: &[Subject<'_>], surroundings: &Surroundings<'_>) {
    for (at, site) in surroundings.sites.iter().enumerate() {
        let here = subjects.iter().zip(all).filter(|(subject, _)| subject.places.contains(&at));
        let builds: usize = here.map(|(_, checked)| checked.sources.len()).sum();
        if builds > 0 {
            let what = format!("checked {builds} {}", if builds == 1 { "build" } else { "builds" });
            surroundings.progress.tell(&Event::Done { location: &site.location, what: &what });
        }
    }
}

/// The index of an image, and what is to become of its tags.
#[expect(clippy::type_complexity, reason = "it is taken apart at once")]
fn composed(
    subject: &Subject<'_>,
    checked: &Checked,
    snapshots: &[Snapshot],
) -> Result<(Manifest, Vec<(usize, Tag, Reference)>), Diagnostic> {
    let image = subject.image;
    let manifest = index::compose(&checked.sources, &checked.referrers, &image.annotations);
    let manifest = manifest.map_err(|error| {
        let message = format!("image `{}` cannot have an index: {error}", subject.key);
        Diagnostic::error("compose", message)
            .with_help("build with `oci-mediatypes=true` in `output`, or leave the annotations out")
    })?;
    let mut references = Vec::new();
    for &site in &subject.places {
        let location = &subject.sites[site].location;
        for tag in image.tags_in(location) {
            let digest = &manifest.digest;
            let reference =
                decide::decide(image, tag, location, digest, &snapshots[site], subject.allow_backward);
            references.push((site, tag.name.clone(), reference));
        }
    }
    Ok((manifest, references))
}

/// Tags of versions that immutable images would give another digest; one that only adds platforms may.
fn check_immutable(ready: &[Ready<'_>], reader: &mut Reader<'_>) -> Vec<Diagnostic> {
    let conflicts: Vec<(&Ready<'_>, usize, &Reference)> = ready
        .iter()
        .filter(|ready| ready.image.immutable)
        .flat_map(|ready| ready.references.iter().map(move |(site, _, reference)| (ready, *site, reference)))
        .filter(|(_, _, reference)| reference.outcome == Outcome::Replaced)
        .collect();
    let question = |(_, site, reference): &(&Ready<'_>, usize, &Reference)| {
        Some((*site, Question::Manifest(reference.previous.clone()?)))
    };
    let mut problems = reader.ask(conflicts.iter().filter_map(question).collect());
    for (ready, site, reference) in conflicts {
        let published = reference.previous.as_ref();
        let published = published.and_then(|digest| reader.snapshots()[site].manifest(digest).present());
        if !published.is_some_and(|published| decide::only_adds(&ready.manifest, published)) {
            problems.push(decide::immutable(ready.key, reference, &ready.manifest.digest));
        }
    }
    problems
}

fn write(
    ready: &[Ready<'_>],
    options: Options,
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    report: &mut Report,
) {
    let mut jobs = Vec::new();
    for one in ready {
        let image = report.images.get_mut(one.key).expect("every image is reported");
        image.references = one.references.iter().map(|(_, _, reference)| reference.clone()).collect();
        let writes = image.references.iter().any(|reference| reference.outcome.writes());
        image.status = match (writes, options.dry_run) {
            (false, _) => Status::Unchanged,
            (true, true) => Status::Planned,
            (true, false) => Status::Published,
        };
        for &site in &one.places {
            let own = one.references.iter().enumerate().filter(|(_, (at, _, _))| *at == site);
            let is_tagged = own.clone().any(|(_, (_, _, reference))| reference.outcome == Outcome::Unchanged);
            let tags: Vec<TagJob> = own
                .filter(|(_, (_, _, reference))| reference.outcome.writes())
                .map(|(at, (_, tag, reference))| TagJob {
                    reference: at,
                    tag: tag.clone(),
                    floating: reference.floating,
                    previous: reference.previous.clone(),
                    outcome: reference.outcome,
                })
                .collect();
            if tags.is_empty() {
                continue;
            }
            let is_there = reader.snapshots()[site].manifest(&one.manifest.digest).present().is_some();
            jobs.push(Job {
                image: one.key,
                site,
                manifest: &one.manifest,
                copies: one.checked.copies.get(&site),
                has_index: is_tagged || is_there,
                command: (options.dry_run || options.use_docker)
                    .then(|| command::imagetools(one, site, &tags, surroundings.sites)),
                tags,
            });
        }
    }
    if options.dry_run {
        for job in &jobs {
            let image = report.images.get_mut(job.image).expect("every image is reported");
            image.commands.extend(job.command.as_deref().map(command::line));
        }
        return;
    }
    let unable = jobs.iter().filter(|job| job.command.as_ref().is_some_and(Vec::is_empty));
    let unable: BTreeSet<&str> = unable.map(|job| job.image).collect();
    if !unable.is_empty() {
        report.problems.extend(unable.into_iter().map(command::several_repositories));
        report.images.values_mut().for_each(|image| image.status = Status::Failed);
        return;
    }
    let published = publish::publish(&jobs, surroundings);
    for job in &jobs {
        let image = report.images.get_mut(job.image).expect("every image is reported");
        let mut outcomes = published.outcomes.get(job.image).cloned().unwrap_or_default();
        for tag in &job.tags {
            outcomes.entry(tag.reference).or_insert((Outcome::Skipped, tag.previous.clone(), None));
        }
        let is_bad = |(outcome, ..): &publish::Settled| matches!(outcome, Outcome::Skipped | Outcome::Failed);
        if outcomes.values().any(is_bad) {
            image.status = Status::Failed;
        }
        image.settle(&outcomes);
    }
    report.problems.extend(published.problems);
    for one in ready.iter().filter(|one| report.images[one.key].status != Status::Failed) {
        let sites = one.places.iter().map(|&site| &surroundings.sites[site].location);
        report.published.extend(sites.map(|location| location.with_digest(&one.manifest.digest)));
    }
}

/// The report of a merge that wrote nothing, since something is wrong.
fn abandoned(mut report: Report, document: &Document) -> Report {
    for key in document.images.keys() {
        let image = report.images.entry(key.clone()).or_insert_with(|| ImageReport::new(Status::Failed));
        if image.why.is_empty() {
            image.status = Status::Failed;
            image.why.push("nothing was written, since something is wrong".to_owned());
        }
    }
    report
}
