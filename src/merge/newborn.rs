//! Repositories that come into being with what is written: where a registry says before that there is no list of tags, it is
//! asked again afterwards. If there is a list then, it was the repository that was missing, and floating tags are decided.

use std::collections::BTreeSet;

use super::conclude::{conclude_once, may_come};
use super::guard::ready::Ready;
use super::guard::unseen;
use super::report::{ImageReport, Outcome, Report, Status};
use super::subject::Subject;
use super::tools::{IfMissing, MergeTools, Options};
use super::{held, lookup};
use crate::diagnostic::Diagnostic;
use crate::published::plan_json::RunEntry;
use crate::published::record::{Questions, Record};
use crate::published::survey::Survey;
use crate::reference::Tag;

/// Looks whether the tags of images that are complete may be given to them, and gives them; what they lack is said.
pub(super) fn conclude(
    ready: Vec<Ready<'_>>,
    subjects: &[Subject<'_>],
    run: &RunEntry,
    options: Options,
    survey: &mut Survey<'_>,
    tools: &MergeTools<'_>,
    report: Report,
) -> Report {
    let mut report = give(ready, subjects, run, options, survey, tools, report);
    let without = |subject: &Subject<'_>| {
        let image = report.images.get(subject.key)?;
        held::published_without(subject.key, subject.image, image, options.if_missing)
    };
    let without: Vec<Diagnostic> = subjects.iter().filter_map(without).collect();
    match options.if_missing {
        IfMissing::Fail => report.held.extend(without),
        IfMissing::AsPlanned | IfMissing::Hold | IfMissing::RequireAll => report.take_note(without),
    }
    report
}

/// Gives the tags that may be given; then those that were held in repositories that had to come into being.
fn give(
    ready: Vec<Ready<'_>>,
    subjects: &[Subject<'_>],
    run: &RunEntry,
    options: Options,
    survey: &mut Survey<'_>,
    tools: &MergeTools<'_>,
    report: Report,
) -> Report {
    let is_new = |ready: &Ready<'_>, site: usize, records: &[Record]| {
        let is_held = |at: usize| {
            ready.decisions.iter().any(|one| one.site == at && one.report.outcome == Outcome::Held)
        };
        may_come(&records[site]) && is_held(site)
    };
    let mut again: Vec<Ready<'_>> = Vec::new();
    for one in &ready {
        let places = one.places.iter().copied().filter(|&site| is_new(one, site, survey.records()));
        let places: Vec<usize> = places.collect();
        if !places.is_empty() {
            let mut one = one.clone();
            one.decisions.retain(|decision| places.contains(&decision.site));
            one.places = places;
            again.push(one);
        }
    }
    let mut report = conclude_once(ready, subjects, run, options, survey, tools, report);
    if again.is_empty() || options.dry_run || options.no_tags || report.has_failed() {
        return report;
    }
    let held = unseen::tell(&again, tools.sites, survey.records()).held;
    for one in &again {
        for &site in &one.places {
            let tags: BTreeSet<Tag> = one.decisions.iter().map(|decision| decision.tag.clone()).collect();
            survey.forget_tags(site, &tags);
        }
    }
    let own: Vec<Subject<'_>> = again.iter().filter_map(|one| one.subject(subjects)).collect();
    let (problems, failures) = survey.conduct(|records| {
        let (mut questions, mut problems) = (Questions::new(), Vec::new());
        for subject in &own {
            let (more, wrong) = lookup::tags(subject, records);
            questions.extend(more);
            problems.extend(wrong);
        }
        (problems, questions)
    });
    report.problems.extend(problems.into_iter().chain(failures));
    let records = survey.records();
    for one in &mut again {
        one.places.retain(|&site| !may_come(&records[site]));
        // What was to be copied is there.
        one.checked.copies.clear();
        if let Some(subject) = one.subject(&own) {
            one.decide(&subject, records);
        }
    }
    again.retain(|one| !one.places.is_empty());
    if again.is_empty() || report.has_failed() {
        return report;
    }
    let keys: Vec<&str> = again.iter().map(|one| one.key).collect();
    let mut later = Report::new("Merge", false);
    later.images.extend(keys.iter().map(|key| ((*key).to_owned(), ImageReport::new(Status::Held))));
    let still = {
        let later = conclude_once(again, &own, run, options, survey, tools, later);
        absorb(&mut report, later)
    };
    report.held.retain(|one| !held.contains(one) || still.contains(one));
    report
}

/// Takes over what became of images that were looked at again; what is held now.
fn absorb(report: &mut Report, later: Report) -> Vec<Diagnostic> {
    let Report { published, indexes, images, problems, held, notes, .. } = later;
    for (key, image) in images {
        let Some(own) = report.images.get_mut(&key) else { continue };
        for reference in image.references {
            match own.references.iter_mut().find(|known| known.reference == reference.reference) {
                // It was written the first time.
                Some(known) if known.outcome.writes() && reference.outcome == Outcome::Unchanged => {}
                Some(known) => *known = reference,
                None => own.references.push(reference),
            }
        }
        let is_written = own.references.iter().any(|one| one.outcome.writes());
        match image.status {
            Status::Failed => own.status = Status::Failed,
            _ if is_written => own.status = Status::Published,
            _ => {}
        }
        if own.manifests.is_empty() {
            own.manifests = image.manifests;
        } else {
            for (own, there) in own.manifests.iter_mut().zip(image.manifests) {
                let new = there.references.into_iter().filter(|one| !own.references.contains(one));
                let new: Vec<String> = new.collect();
                own.references.extend(new);
            }
        }
    }
    let add = |known: &mut Vec<String>, more: Vec<String>| {
        let new: Vec<String> = more.into_iter().filter(|one| !known.contains(one)).collect();
        known.extend(new);
    };
    add(&mut report.published, published);
    add(&mut report.indexes, indexes);
    report.problems.extend(problems);
    report.take_note(notes);
    report.held.extend(held.iter().cloned());
    held
}
