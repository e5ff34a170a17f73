//! The merge itself: from what was built to tags, step by step.

use std::collections::BTreeMap;
use std::time::Duration;

use super::guard::existing;
use super::guard::ready::Ready;
use super::held;
use super::newborn::conclude;
use super::report::{ImageReport, MissingReport, Report, Status};
use super::sources::alike::Alike;
use super::sources::check::check;
use super::sources::elsewhere::same_digests;
use super::sources::taken::{self, Origin};
use super::sources::{bases, revision};
use super::subject::{Checked, Made, Subject};
use super::tools::{MergeTools, Options};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::metadata::Metadata;
use crate::published::planned::{Planned, PlannedImage};
use crate::published::progress::Event;
use crate::published::record::{Question, Record};
use crate::published::sites::Site;
use crate::published::survey::{Survey, Trouble};
use crate::registry::Location;

/// How long to wait before asking again for what is not there yet.
const INTERVAL: Duration = Duration::from_secs(2);

/// Publishes the images of a plan in their own repositories: checks everything in every one, then writes indexes by digest,
/// tags of versions, floating tags, and reads them back. `complete` gets the images with mirrors that are complete.
#[must_use]
pub(super) fn merge_own<'a>(
    planned: &'a Planned,
    metadata: &'a Metadata,
    options: Options,
    tools: &MergeTools<'a>,
    complete: &mut Vec<Ready<'a>>,
) -> Report {
    let mut report = Report::new("Merge", options.dry_run);
    report.plan = Some(planned.id.to_string());
    report.notes.extend(metadata.notes.iter().cloned());
    let keys = planned.images.keys().map(String::as_str);
    let MergeTools { sites, progress, .. } = *tools;
    let mut survey = Survey::new(sites, progress, Trouble::EndsIt);
    let subjects = subjects(planned, metadata, options, sites);
    report.notes.extend(same_digests(&subjects));
    let is_built = |subject: &&Subject<'_>| subject.image.reused.is_none();
    if !options.allow_mixed_bases {
        // What the metadata says needs no request.
        let mixed = |subject: &Subject<'_>| {
            bases::look(subject, &BTreeMap::new(), survey.records()).0.mixed(subject.key)
        };
        report.problems.extend(subjects.iter().filter(is_built).flat_map(mixed));
    }
    let of_another = |subject: &Subject<'_>| revision::look(subject, survey.records()).0;
    report.problems.extend(subjects.iter().filter(is_built).flat_map(of_another));
    if !report.problems.is_empty() {
        return report.abandoned(keys);
    }
    let look = |at: usize, records: &[Record]| {
        if let Some(reused) = &subjects[at].image.reused {
            return taken::check(&subjects[at], &reused.digest, Origin::Reused, records);
        }
        let mut checked = check(&subjects[at], records);
        let (other, mut questions) = revision::look(&subjects[at], records);
        checked.problems.extend(other);
        if !options.allow_mixed_bases {
            questions.extend(bases::look(&subjects[at], &checked.carried, records).1);
        }
        for (site, question) in questions {
            // What is being read need not be looked for, too.
            if let Question::Provenance(digest) = &question {
                checked.questions.remove(&(site, Question::Blob(digest.clone())));
            }
            checked.questions.insert((site, question));
        }
        checked
    };
    let all = match read(subjects.len(), &mut survey, deadline(options, tools), tools, &look) {
        Ok(all) => all,
        Err(problems) => {
            report.problems.extend(problems);
            return report.abandoned(keys);
        }
    };
    tell_checked(&all, &subjects, tools);
    if !options.allow_mixed_bases {
        let is_whole =
            |(subject, checked): &(&Subject<'_>, &Checked)| is_built(subject) && checked.held.is_empty();
        for (subject, checked) in subjects.iter().zip(&all).filter(is_whole) {
            let bases = bases::look(subject, &checked.carried, survey.records()).0;
            report.problems.extend(bases.mixed(subject.key));
            // What is missing tells nothing of its bases, and that it is missing is said.
            if checked.problems.is_empty() {
                report.notes.extend(bases.older(subject.key));
                report.notes.extend(bases.unknown(subject.key));
            }
        }
    }
    let mut ready = Vec::new();
    let mut same = Alike::default();
    for (subject, checked) in subjects.iter().zip(all) {
        report.problems.extend(checked.problems.iter().cloned());
        report.notes.extend(checked.notes.iter().cloned());
        same.look(subject, &checked, survey.records());
        let mut image = ImageReport::new(Status::Held);
        image.missing = checked.missing.iter().map(MissingReport::from).collect();
        image.platforms.clone_from(&checked.platforms);
        image.why.clone_from(&checked.held);
        if !image.why.is_empty() {
            report.held.push(held::tell(subject.key, subject.image, &image, options.if_missing));
        }
        if image.why.is_empty() && checked.problems.is_empty() {
            let records = survey.records();
            match &subject.image.reused {
                Some(reused) => ready.extend(Ready::of_reused(subject, reused, checked, records)),
                None => match Ready::compose(subject, checked, records) {
                    Ok(one) => ready.push(one),
                    Err(problem) => report.problems.push(problem),
                },
            }
        }
        report.images.insert(subject.key.to_owned(), image);
    }
    report.notes.extend(same.notes());
    report.notes.extend(unrecorded(&ready));
    if options.keep_existing {
        let kept = existing::keep(&mut ready, &subjects, &mut survey);
        report.problems.extend(kept.problems);
        report.notes.extend(kept.notes);
        report.held.extend(kept.held);
    }
    let built = ready.iter().filter(|one| one.made == Made::Built);
    let help = "build what was carried over from the published index, then merge again";
    report.held.extend(built.filter_map(|one| one.without_commit(help)));
    let is_mirrored = |one: &&Ready<'_>| !one.image.mirrors.is_empty();
    complete.extend(ready.iter().filter(is_mirrored).cloned());
    conclude(ready, &subjects, &planned.run, options, &mut survey, tools, report)
}

/// Says which images have no place to record of which inputs they were made.
fn unrecorded(ready: &[Ready<'_>]) -> Option<Diagnostic> {
    let images = ready.iter().filter(|one| one.is_unrecorded());
    let images: Vec<String> = images.map(|one| format!("`{}`", one.key)).collect();
    if images.is_empty() {
        return None;
    }
    let message = format!(
        "only an index of OCI's media type can record of which inputs it was made: later plans cannot reuse {}",
        images.join(", ")
    );
    let help = "leave `index = false` out, and build with `oci-mediatypes=true` in `output`";
    Some(Diagnostic::note(Code::UNRECORDED_INPUTS, message).with_help(help))
}

/// The images of a plan, to be checked.
pub(super) fn subjects<'a>(
    planned: &'a Planned,
    metadata: &'a Metadata,
    options: Options,
    sites: &'a [Site],
) -> Vec<Subject<'a>> {
    let place = |location: &Location| sites.iter().position(|site| site.location == *location);
    let subject = |(key, image): (&'a String, &'a PlannedImage)| Subject {
        key,
        image,
        run: &planned.run,
        places: image.repositories.iter().filter_map(place).collect(),
        metadata,
        sites,
        if_missing: options.if_missing,
        allow_backward: options.allow_backward,
        trust_known_versions: options.trust_known_versions,
        wants_origins: options.dry_run || options.use_docker,
    };
    planned.images.iter().map(subject).collect()
}

/// Until when builds are waited for that are not there yet.
pub(super) fn deadline(options: Options, tools: &MergeTools<'_>) -> Duration {
    tools.clock.elapsed().saturating_add(options.wait)
}

/// Checks all images, asking the repositories until nothing is left to ask, and waiting for what was not pushed yet.
pub(super) fn read(
    count: usize,
    survey: &mut Survey<'_>,
    deadline: Duration,
    tools: &MergeTools<'_>,
    look: &dyn Fn(usize, &[Record]) -> Checked,
) -> Result<Vec<Checked>, Vec<Diagnostic>> {
    loop {
        let (all, failures) = survey.conduct(|records| {
            let mut all: Vec<Checked> = (0..count).map(|at| look(at, records)).collect();
            let questions = all.iter_mut().flat_map(|one| std::mem::take(&mut one.questions)).collect();
            (all, questions)
        });
        if !failures.is_empty() {
            return Err(failures);
        }
        if !(all.iter().any(|checked| checked.lacks_build) && wait(deadline, tools)) {
            return Ok(all);
        }
        survey.forget_absent();
    }
}

/// Waits a while for builds that are not there yet; false when there is no time left.
fn wait(deadline: Duration, tools: &MergeTools<'_>) -> bool {
    let MergeTools { sites, clock, progress, patience: _, docker: _ } = *tools;
    let pause = INTERVAL.min(deadline.saturating_sub(clock.elapsed()));
    if pause.is_zero() {
        return false;
    }
    for site in sites {
        let why = "builds are not there yet";
        progress.tell(&Event::Waiting { location: &site.location, pause, why });
    }
    clock.sleep(pause);
    true
}

/// Says what was read, for each repository.
fn tell_checked(all: &[Checked], subjects: &[Subject<'_>], tools: &MergeTools<'_>) {
    for (at, site) in tools.sites.iter().enumerate() {
        let here = subjects.iter().zip(all).filter(|(subject, _)| subject.places.contains(&at));
        let builds: usize = here.map(|(_, checked)| checked.sources.len()).sum();
        if builds > 0 {
            let what = format!("checked {builds} {}", if builds == 1 { "build" } else { "builds" });
            tools.progress.tell(&Event::Done { location: &site.location, what: &what });
        }
    }
}
