//! Mirrors: repositories that no build pushes to. Each is filled by copying when the image's own repositories have it, gets
//! the same tags by the same rules, and holds nothing but its own tags when something is wrong there.

use super::guard::ready::Ready;
use super::newborn::conclude;
use super::report::{ImageReport, Outcome, Report, Status, TagReport};
use super::run::{merge_own, subjects};
use super::sources::check::check_tags;
use super::subject::{Checked, Copies, Subject};
use super::tools::{IfMissing, MergeTools, Options};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Severity, listed};
use crate::published::metadata::Metadata;
use crate::published::plan_json::RunEntry;
use crate::published::planned::Planned;
use crate::published::record::Record;
use crate::published::survey::{Survey, Trouble};
use crate::registry::Location;

/// Publishes the images of a plan: in their own repositories, then in their mirrors.
#[must_use]
pub fn merge(planned: &Planned, metadata: &Metadata, options: Options, tools: &MergeTools<'_>) -> Report {
    let mut complete = Vec::new();
    let mut report = merge_own(planned, metadata, options, tools, &mut complete);
    let subjects = subjects(planned, metadata, options, tools.sites);
    fill(&complete, &subjects, &planned.run, options, tools, &mut report);
    report.take_note(spared(planned));
    report
}

/// The images that the plan leaves as they are.
fn spared(planned: &Planned) -> Option<Diagnostic> {
    let what = match planned.spared.as_slice() {
        [] => return None,
        [one] => format!("image `{one}` is left as it is: the plan does not build it"),
        many => {
            format!("{} images are left as they are: the plan does not build {}", many.len(), listed(many))
        }
    };
    Some(Diagnostic::note(Code::NOT_PLANNED, what))
}

/// Fills the mirrors with images that their own repositories have; what came of it goes into the report.
pub(super) fn fill(
    complete: &[Ready<'_>],
    subjects: &[Subject<'_>],
    run: &RunEntry,
    options: Options,
    tools: &MergeTools<'_>,
    report: &mut Report,
) {
    for (site, location) in tools.sites.iter().map(|site| &site.location).enumerate() {
        let is_there = |one: &&Ready<'_>| one.image.mirrors.contains(location);
        let (mut published, mut failed) = (Vec::new(), Vec::new());
        for one in complete.iter().filter(is_there) {
            match report.images.get(one.key).map(|image| image.status) {
                Some(
                    Status::Published
                    | Status::Unchanged
                    | Status::Planned
                    | Status::Indexed
                    | Status::Kept
                    | Status::Untagged,
                ) => published.push(one),
                Some(Status::Failed) => failed.push(one),
                Some(Status::Held) | None => {}
            }
        }
        for one in failed {
            let why = "its own repositories come first, where something failed";
            leave(one, location, why, options, report);
        }
        if published.is_empty() {
            continue;
        }
        let own = Mirror { site, location, images: &published, subjects };
        let mut filled = own.fill(run, options, tools);
        for one in &published {
            if let Some(found) = filled.images.swap_remove(one.key) {
                take_over(one, location, found, options, report);
            }
        }
        report.published.append(&mut filled.published);
        report.indexes.append(&mut filled.indexes);
        report.take_note(std::mem::take(&mut filled.notes));
        report.held.append(&mut filled.held);
        report.held.extend(filled.problems.into_iter().map(|problem| hold(problem, location)));
    }
}

/// A mirror, and what it is to have.
struct Mirror<'m, 'a> {
    /// Its position among the sites.
    site: usize,
    location: &'m Location,
    images: &'m [&'m Ready<'a>],
    subjects: &'m [Subject<'a>],
}

impl<'a> Mirror<'_, 'a> {
    /// Decides about its tags and writes them, as a merge of its own.
    fn fill(&self, run: &RunEntry, options: Options, tools: &MergeTools<'_>) -> Report {
        let mut report = Report::new("Mirror", options.dry_run);
        for one in self.images {
            report.images.insert(one.key.to_owned(), ImageReport::new(Status::Held));
        }
        let of = |one: &Ready<'a>| {
            let subject = self.subjects.iter().find(|subject| subject.key == one.key)?;
            Some(Subject { places: vec![self.site], ..*subject })
        };
        let subjects: Vec<(&Ready<'a>, Subject<'a>)> =
            self.images.iter().filter_map(|one| Some((*one, of(one)?))).collect();
        let mut survey = Survey::new(tools.sites, tools.progress, Trouble::EndsIt);
        let (all, failures) = survey.conduct(|records| {
            let mut all: Vec<Checked> =
                subjects.iter().map(|(_, subject)| check_tags(subject, records)).collect();
            let questions = all.iter_mut().flat_map(|one| std::mem::take(&mut one.questions)).collect();
            (all, questions)
        });
        report.problems.extend(failures);
        report.problems.extend(all.into_iter().flat_map(|checked| checked.problems));
        let ready: Vec<Ready<'a>> =
            subjects.iter().map(|(one, subject)| self.ready(one, subject, survey.records())).collect();
        if options.keep_existing {
            report.problems.extend(ready.iter().filter_map(|one| self.differs(one)));
        }
        if !report.problems.is_empty() {
            return report;
        }
        // What its own repositories lack was said of them.
        let options = Options { if_missing: IfMissing::AsPlanned, ..options };
        let subjects: Vec<Subject<'_>> = subjects.into_iter().map(|(_, subject)| subject).collect();
        conclude(ready, &subjects, run, options, &mut survey, tools, report)
    }

    /// An image that is complete elsewhere, as it is to be here.
    fn ready(&self, one: &Ready<'a>, subject: &Subject<'a>, records: &[Record]) -> Ready<'a> {
        let mut ready = one.clone();
        let copies = std::mem::take(&mut ready.checked.copies);
        // A repository that lacked something may not have all of it, where all its tags stay with others.
        let is_far = |place: usize| !self.location.mounts_from(&subject.sites[place].location);
        let mut whole = one.places.clone();
        whole.sort_by_key(|&place| (copies.contains_key(&place), is_far(place)));
        ready.checked.copies.insert(self.site, Copies { whole, ..Copies::default() });
        ready.places = vec![self.site];
        ready.decide(subject, records);
        ready
    }

    /// Refuses to replace a release that a mirror has, where releases are to stay as they are.
    fn differs(&self, one: &Ready<'_>) -> Option<Diagnostic> {
        let replaced = || one.decisions.iter().filter(|one| one.report.outcome == Outcome::Replaced);
        let first = replaced().next()?;
        let had = first.report.previous.as_ref().map_or_else(String::new, ToString::to_string);
        let message = format!(
            "image `{}` is published as {}, and `{}` is {had}",
            one.key, one.manifest.digest, first.report.reference
        );
        let own = one
            .image
            .repositories
            .first()
            .map_or_else(String::new, |own| own.with_digest(&one.manifest.digest));
        let tags: String = replaced().map(|one| format!(" --to {}", one.report.reference)).collect();
        let help = format!(
            "`bakeplan promote {own}{tags} --allow-retag` gives the mirror what the other repositories have; then merge again"
        );
        Some(Diagnostic::error(Code::EXISTING_RELEASE, message).with_help(help))
    }
}

/// Takes over what became of an image in a mirror.
fn take_over(
    one: &Ready<'_>,
    location: &Location,
    found: ImageReport,
    options: Options,
    report: &mut Report,
) {
    if found.references.is_empty() && found.status != Status::Indexed {
        return leave(one, location, "something is wrong there", options, report);
    }
    let Some(image) = report.images.get_mut(one.key) else { return };
    if found.references.iter().any(|reference| reference.outcome.writes()) {
        image.status = if options.dry_run { Status::Planned } else { Status::Published };
    }
    for (own, there) in image.manifests.iter_mut().zip(&found.manifests) {
        own.references.extend(there.references.iter().cloned());
    }
    image.references.extend(found.references);
    image.commands.extend(found.commands);
}

/// Reports that the tags of an image in a mirror were not reached.
fn leave(one: &Ready<'_>, location: &Location, why: &str, options: Options, report: &mut Report) {
    let Some(image) = report.images.get_mut(one.key).filter(|_| !options.dry_run) else { return };
    image.references.extend(one.image.tags_in(location).map(|tag| TagReport {
        reference: location.with_tag(&tag.name),
        repository: location.to_string(),
        tag: tag.name.to_string(),
        floating: tag.floating,
        outcome: Outcome::Skipped,
        digest: None,
        previous: None,
        why: Some(why.to_owned()),
    }));
}

/// What is wrong in a mirror holds its tags, and is not an error of the merge.
fn hold(problem: Diagnostic, location: &Location) -> Diagnostic {
    let note = format!("`{location}` is a mirror: the other repositories have what was built");
    problem.with_severity(Severity::Warning).with_note(note)
}
