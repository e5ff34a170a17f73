//! The second step of a merge in two: gives the tags to the indexes that `merge --no-tags` has written.

use std::collections::BTreeMap;

use super::super::guard::existing;
use super::super::guard::ready::Ready;
use super::super::index::IndexSource;
use super::super::mirrors::fill;
use super::super::newborn::conclude;
use super::super::report::{ImageReport, MissingReport, Report, Status};
use super::super::run::{deadline, read, subjects};
use super::super::sources::taken::{self, Origin};
use super::super::subject::{Made, Subject};
use super::super::tools::{MergeTools, Options};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::metadata::Metadata;
use crate::published::plan_json::{ReusedEntry, TagEntry};
use crate::published::planned::Planned;
use crate::published::record::Record;
use crate::published::result::{MergeResult, ResultStatus};
use crate::published::survey::{Survey, Trouble};
use crate::reference::Digest;

/// Gives the tags of a plan to the indexes that a merge of it has written, which are read again, and not what they were
/// made of.
#[must_use]
pub(crate) fn tag(
    planned: &Planned,
    result: &MergeResult,
    options: Options,
    tools: &MergeTools<'_>,
) -> Report {
    let mut report = Report::new("Merge", options.dry_run);
    report.plan = Some(planned.id.to_string());
    let nothing = Metadata::default();
    let subjects = subjects(planned, &nothing, options, tools.sites);
    let mut found: Vec<(&Subject<'_>, &Digest)> = Vec::new();
    for subject in &subjects {
        let key = subject.key;
        let image = &result.images[key];
        let mut own = ImageReport::new(Status::Held);
        match (image.status, &image.digest) {
            (ResultStatus::Held, _) => {
                own.why.clone_from(&image.why);
                if own.why.is_empty() {
                    own.why.push("the first merge left it so, and its result does not say why".to_owned());
                }
                let message = format!("image `{key}` is left as it was: {}", own.why.join("; "));
                report
                    .held
                    .push(Diagnostic::warning(Code::HELD, message).with_help(
                        "build what is missing, then begin again with `bakeplan merge --no-tags`",
                    ));
            }
            (ResultStatus::Failed, _) | (_, None) => {
                let message = format!("image `{key}` failed in the merge that wrote the indexes");
                report.problems.push(
                    Diagnostic::error(Code::FAILED_BEFORE, message)
                        .with_help("run `bakeplan merge --no-tags` again until it succeeds"),
                );
            }
            (_, Some(digest)) => found.push((subject, digest)),
        }
        report.images.insert(key.to_owned(), own);
    }
    if !options.keep_existing {
        report.problems.extend(other_reused(&found));
    }
    report.problems.extend(same_digest(&found));
    let keys = planned.images.keys().map(String::as_str);
    if !report.problems.is_empty() {
        return report.abandoned(keys);
    }
    let mut survey = Survey::new(tools.sites, tools.progress, Trouble::EndsIt);
    let look = |at: usize, records: &[_]| {
        let (subject, digest) = found[at];
        taken::check(subject, digest, origin(subject, digest, options, records), records)
    };
    let all = match read(found.len(), &mut survey, deadline(options, tools), tools, &look) {
        Ok(all) => all,
        Err(problems) => {
            report.problems.extend(problems);
            return report.abandoned(keys);
        }
    };
    let mut ready = Vec::new();
    for ((subject, digest), checked) in found.iter().zip(all) {
        report.problems.extend(checked.problems.iter().cloned());
        report.notes.extend(checked.notes.iter().cloned());
        let image = report.images.get_mut(subject.key).expect("every image is reported");
        image.missing = checked.missing.iter().map(MissingReport::from).collect();
        image.platforms.clone_from(&checked.platforms);
        let own = &result.images[subject.key];
        let is_other = |source: &IndexSource| match source {
            IndexSource::Index(_, index) => !own.holds(index.manifests.iter().map(|entry| &entry.digest)),
            IndexSource::Image(_) | IndexSource::Entries(_) => false,
        };
        if checked.sources.iter().any(is_other) {
            let message = format!(
                "the result says that image `{}` is {digest}, which holds other manifests than the result says",
                subject.key
            );
            report.problems.push(
                Diagnostic::error(Code::NOT_A_RESULT, message)
                    .with_help("give the result as `bakeplan merge --no-tags` wrote it"),
            );
        }
        let records = survey.records();
        ready.extend(match reused(subject, digest) {
            Some(reused) => Ready::of_reused(subject, reused, checked, records),
            None => Ready::taken(subject, digest, checked, Made::Indexed, &subject.places, records),
        });
    }
    let given = ready.iter();
    let help = "build what was carried over, then begin again with `bakeplan merge --no-tags`";
    report.held.extend(given.filter_map(|one| one.without_commit(help)));
    if options.keep_existing && report.problems.is_empty() {
        let kept = existing::keep(&mut ready, &subjects, &mut survey);
        report.problems.extend(kept.problems);
        report.notes.extend(kept.notes);
        report.held.extend(kept.held);
    }
    let complete = ready.clone();
    let mut report = conclude(ready, &subjects, &planned.run, options, &mut survey, tools, report);
    fill(&complete, &subjects, &planned.run, options, tools, &mut report);
    report
}

/// What the plan reuses, if the image is that.
fn reused<'a>(subject: &Subject<'a>, digest: &Digest) -> Option<&'a ReusedEntry> {
    subject.image.reused.as_ref().filter(|reused| reused.digest == *digest)
}

/// Who made what an image is: with `--keep-existing`, what has an own tag of it already may be what the first step kept.
fn origin(subject: &Subject<'_>, digest: &Digest, options: Options, records: &[Record]) -> Origin {
    let mut own = subject.image.tags.iter().filter(|tag| tag.is_of_version() && !tag.floating);
    let has_it = |tag: &TagEntry| {
        subject.places.iter().any(|&site| records[site].tag(&tag.name).present() == Some(digest))
    };
    match () {
        () if reused(subject, digest).is_some() => Origin::Reused,
        () if options.keep_existing && own.any(has_it) => Origin::Kept,
        () => Origin::Merge,
    }
}

/// Refuses another digest of an image than the one that the plan reuses.
fn other_reused(found: &[(&Subject<'_>, &Digest)]) -> Vec<Diagnostic> {
    let other = found.iter().filter_map(|(subject, digest)| {
        let reused = subject.image.reused.as_ref().filter(|reused| reused.digest != **digest)?;
        let message = format!(
            "the result says that image `{}` is {digest}, and the plan reuses `{}`",
            subject.key,
            reused.reference()
        );
        Some(
            Diagnostic::error(Code::NOT_A_RESULT, message)
                .with_help("give the result as `bakeplan merge --no-tags` wrote it"),
        )
    });
    other.collect()
}

/// Refuses images of other builds that are said to have one digest: one of them would get what the other one is.
fn same_digest(found: &[(&Subject<'_>, &Digest)]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&Digest, &Subject<'_>> = BTreeMap::new();
    let mut problems = Vec::new();
    for (subject, digest) in found {
        let other = *first.entry(digest).or_insert(subject);
        // What each is of, its own index says.
        let is_proven = |subject: &Subject<'_>| reused(subject, digest).is_some();
        let is_same = other.image.builds.keys().eq(subject.image.builds.keys());
        if is_same || (is_proven(other) && is_proven(subject)) {
            continue;
        }
        let message = format!(
            "the result gives the images `{}` and `{}`, which have other builds, one digest, {digest}",
            other.key, subject.key
        );
        problems.push(Diagnostic::error(Code::NOT_A_RESULT, message).with_help(
            "give the result as `bakeplan merge --no-tags` wrote it; if both rightly have the same content, merge with `--metadata` instead of `--result`",
        ));
    }
    problems
}
