//! Whether the tags of images that are complete may be given to them, and what comes of giving them.

use std::collections::{BTreeMap, BTreeSet};

use super::guard::decide::{
    Decision, follows_list, immutable, is_broadest, is_of_greater, is_released, may_be_version, not_listed,
    says_it_is, says_it_is_greater, unguarded,
};
use super::guard::ready::Ready;
use super::guard::{
    also_named, codenames, damage, doubtful, fewer, greater, later, rebuilt, relist, unseen, withheld,
};
use super::report::{Outcome, Report, Settled, Status, TagReport};
use super::subject::Subject;
use super::tools::{IfMissing, MergeTools, Options};
use super::write::job::{IndexState, Job, TagJob, now};
use super::write::publish::{PublishResult, publish};
use super::{command, digests, held};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::plan_json::RunEntry;
use crate::published::record::{FaultKind, Known, Question, Record};
use crate::published::survey::{Round, Survey};
use crate::reference::Tag;

/// Whether a registry says that a repository, or its list of tags, is not there.
pub(super) fn may_come(record: &Record) -> bool {
    matches!(record.tags(), Known::Faulty(fault) if fault.kind == FaultKind::Missing)
}

/// Looks whether the tags of images that are complete may be given to them, and gives them.
pub(super) fn conclude_once(
    mut ready: Vec<Ready<'_>>,
    subjects: &[Subject<'_>],
    run: &RunEntry,
    options: Options,
    survey: &mut Survey<'_>,
    tools: &MergeTools<'_>,
    mut report: Report,
) -> Report {
    for one in &ready {
        let image = report.images.get_mut(one.key).expect("every image is reported");
        image.digest = Some(one.manifest.digest.clone());
        image.media_type = Some(one.manifest.media_type.clone());
        image.size = Some(one.manifest.bytes.len());
        image.platforms.clone_from(&one.checked.platforms);
        image.reused = one.reused().cloned();
    }
    if !options.allow_backward {
        report.problems.extend(relist::settle(&mut ready, subjects, survey, tools));
        for one in &ready {
            let unlisted: BTreeMap<usize, &Tag> = one.unlisted(survey.records()).collect();
            let refuse = |(site, tag): (usize, &Tag)| not_listed(&tools.sites[site].location, tag);
            report.problems.extend(unlisted.into_iter().map(refuse));
        }
    }
    report.notes.extend(ready.iter().filter_map(|one| codenames::held(one, survey.records())));
    if !options.allow_backward {
        for one in &ready {
            let doubtful = doubtful::tell(one, survey.records());
            report.held.extend(doubtful.held);
            report.notes.extend(doubtful.notes);
        }
    }
    report.notes.extend(ready.iter().filter_map(|one| held::mixed(one.key, &one.manifest)));
    if report.problems.is_empty() && !options.allow_backward {
        report.take(later::keep(&mut ready, run, survey, now(tools)));
    }
    if report.problems.is_empty() && !options.allow_backward && !options.restores {
        report.take(greater::keep(&mut ready, survey));
        report.take(also_named::keep(&mut ready, survey));
        let rebuilt = rebuilt::hold(&mut ready, survey);
        report.problems.extend(rebuilt.problems);
        report.held.extend(rebuilt.held);
    }
    report.notes.extend(
        ready.iter().filter_map(|one| unguarded(one.key, one.image, &one.decisions, survey.records())),
    );
    if report.problems.is_empty() && !options.allow_backward {
        report.notes.extend(later::tell(&ready, run, survey, now(tools)));
    }
    if report.problems.is_empty() {
        withheld::hold(&mut ready, run, survey, &mut report);
        report.take(fewer::look(&ready, survey));
    }
    if report.problems.is_empty() && !options.allow_retag {
        report.notes.extend(ready.iter_mut().flat_map(leave_commits));
        report.problems.extend(check_immutable(&ready));
        report.problems.extend(check_released(&ready, survey));
        report.problems.extend(damage::unknown(&ready, survey.records()));
    }
    report.notes.extend(damage::replaced(&ready, survey.records()));
    let unseen = unseen::tell(&ready, tools.sites, survey.records());
    report.held.extend(unseen.held);
    if report.problems.is_empty() {
        report.notes.extend(unseen.notes);
    }
    if !report.problems.is_empty() {
        let keys: Vec<String> = report.images.keys().cloned().collect();
        return report.abandoned(keys.iter().map(String::as_str));
    }
    // Without problems, an image that is not ready is one that lacks a build.
    if options.if_missing == IfMissing::RequireAll && ready.len() < report.images.len() {
        for (key, image) in report.images.iter_mut().filter(|(_, image)| image.why.is_empty()) {
            image.why.push("another image is incomplete, but all are required".to_owned());
            let message = format!("image `{key}` is left as it was: {}", image.why.join("; "));
            report.held.push(Diagnostic::warning(Code::HELD, message));
        }
        return report;
    }
    write(&ready, run, options, survey.records(), tools, &mut report);
    report
}

/// Leaves the tags of a commit of an immutable image as they are, where all its repositories have the same under them: what
/// was published first has them, and a release of the commit is no reason to move them.
fn leave_commits(ready: &mut Ready<'_>) -> Vec<Diagnostic> {
    if !ready.image.immutable {
        return Vec::new();
    }
    let is_replaced = |one: &Decision| one.report.outcome == Outcome::Replaced;
    let is_same = |one: &Decision, other: &Decision| {
        one.tag != other.tag || is_replaced(other) && one.report.previous == other.report.previous
    };
    let is_left = |one: &Decision| {
        is_replaced(one) && ready.is_of_commit(one) && ready.decisions.iter().all(|other| is_same(one, other))
    };
    let left: Vec<bool> = ready.decisions.iter().map(is_left).collect();
    let mut notes = Vec::new();
    for (decision, _) in ready.decisions.iter_mut().zip(left).filter(|(_, is_left)| *is_left) {
        let report = &mut decision.report;
        report.stay(Outcome::Kept, "what was published first of this commit keeps it".to_owned());
        let message = format!(
            "image `{}` is immutable: `{}` stays with what was published first of its commit",
            ready.key, report.reference
        );
        notes.push(
            Diagnostic::note(Code::KEPT_TAG, message)
                .with_help("`--allow-retag` gives it what is published now"),
        );
    }
    notes
}

/// Tags of versions that immutable images would give another digest.
fn check_immutable(ready: &[Ready<'_>]) -> Vec<Diagnostic> {
    let images = ready.iter().filter(|ready| ready.image.immutable);
    let decisions = images.flat_map(|ready| ready.decisions.iter().map(move |decision| (ready, decision)));
    let replaced = decisions.filter(|(_, decision)| decision.report.outcome == Outcome::Replaced);
    let refuse = |(ready, one): (&Ready<'_>, &Decision)| {
        immutable(ready.key, &one.report, &ready.manifest.digest, ready.made)
    };
    replaced.map(refuse).collect()
}

/// Floating tags that are a released version's own, and own tags that a greater version has, as their indexes say.
fn check_released(ready: &[Ready<'_>], survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let decisions = ready.iter().flat_map(|ready| ready.decisions.iter().map(move |one| (ready, one)));
    let moved: Vec<(&Ready<'_>, &Decision)> = decisions
        .filter(|(ready, one)| match one.report.outcome {
            Outcome::Moved => may_be_version(ready.image, &one.tag),
            outcome => outcome == Outcome::Replaced && !one.report.floating,
        })
        .collect();
    let question = |(_, decision): &(&Ready<'_>, &Decision)| {
        Some((decision.site, Question::Previous(decision.report.previous.clone()?)))
    };
    let mut problems = match survey.ask(moved.iter().filter_map(question).collect()) {
        Round::Idle => Vec::new(),
        Round::Asked(failures) => failures,
    };
    for (ready, Decision { site, tag, report }) in moved {
        let published = report.previous.as_ref();
        let published = published.and_then(|digest| survey.records()[*site].previous(digest).present());
        let Some(manifest) = published.map(|published| &published.manifest) else { continue };
        problems.extend(match report.outcome {
            Outcome::Replaced => says_it_is_greater(ready.image, tag, manifest)
                .map(|version| is_of_greater(ready.key, report, &version)),
            _ => {
                says_it_is(ready.image, tag, manifest).map(|version| is_released(ready.key, report, &version))
            }
        });
    }
    problems
}

/// Writes what is decided, or says what would be written.
fn write(
    ready: &[Ready<'_>],
    run: &RunEntry,
    options: Options,
    records: &[Record],
    tools: &MergeTools<'_>,
    report: &mut Report,
) {
    let jobs = jobs(ready, run, options, records, tools, report);
    if options.dry_run {
        for job in &jobs {
            let image = report.images.get_mut(job.image).expect("every image is reported");
            let at = &tools.sites[job.site].location;
            let words = job.command.as_ref().map(|command| command.words(at, job.tags.iter()));
            image.commands.extend(words.as_deref().map(command::line));
        }
        return;
    }
    let unable = jobs.iter().filter(|job| job.command.as_ref().is_some_and(|one| one.image.is_none()));
    let unable: BTreeSet<&str> = unable.map(|job| job.image).collect();
    if !unable.is_empty() {
        report.problems.extend(unable.into_iter().map(command::several_repositories));
        report.images.values_mut().for_each(|image| image.status = Status::Failed);
        return;
    }
    let published = publish(&jobs, options.settle, tools);
    settle(&jobs, published, report);
    digests::report(ready, tools.sites, report);
}

/// What there is to be written; the report has what is decided of each image.
fn jobs<'r>(
    ready: &'r [Ready<'_>],
    run: &RunEntry,
    options: Options,
    records: &'r [Record],
    tools: &MergeTools<'_>,
    report: &mut Report,
) -> Vec<Job<'r>> {
    let mut jobs = Vec::new();
    for one in ready {
        let image = report.images.get_mut(one.key).expect("every image is reported");
        if !options.no_tags {
            image.references = one.decisions.iter().map(|decision| decision.report.clone()).collect();
        }
        image.status = status(&image.references, options);
        for &site in &one.places {
            let own = one.decisions.iter().enumerate().filter(|(_, decision)| decision.site == site);
            let is_tagged = own.clone().any(|(_, decision)| decision.report.outcome == Outcome::Unchanged);
            // A list of nothing may be none.
            let is_list = |listed: &[Tag]| !(listed.is_empty() && options.trust_known_versions);
            let has_list = records[site].tags().present().is_some_and(is_list);
            let tags: Vec<TagJob> = own
                .filter(|(_, decision)| decision.report.outcome.writes() && !options.no_tags)
                .map(|(at, Decision { site: _, tag, report })| TagJob {
                    reference: at,
                    tag: tag.clone(),
                    floating: report.floating,
                    is_unclear: one.image.unclear.contains(tag),
                    is_broadest: is_broadest(one.image, tag),
                    may_be_taken: later::may_be_taken(one, tag, report, run, &records[site]),
                    moves_by_list: follows_list(one.image, tag) && has_list,
                    previous: report.previous.clone(),
                    outcome: report.outcome,
                })
                .collect();
            let is_docker = options.dry_run || options.use_docker;
            // Tags that are right may name an index that is damaged.
            // A repository that has to come into being shows only then which tags may move.
            let is_new = may_come(&records[site]) && !options.dry_run;
            if tags.is_empty() && (!is_tagged || is_docker) && !options.no_tags && !is_new {
                continue;
            }
            let is_read = records[site].read(&one.manifest.digest).is_some();
            jobs.push(Job {
                image: one.key,
                of: one.image,
                run: one.run(run),
                is_guarded: !options.allow_backward,
                trusts_known_versions: options.trust_known_versions,
                listed: records[site].tags().present(),
                site,
                manifest: &one.manifest,
                copies: one.checked.copies.get(&site),
                index: match (is_read, is_tagged) {
                    (true, _) => IndexState::Read,
                    (false, true) => IndexState::Named,
                    (false, false) => IndexState::Unknown,
                },
                command: is_docker.then(|| command::imagetools(one, site, tools.sites)),
                tags,
            });
        }
    }
    jobs
}

/// What becomes of an image, seen what is to become of its tags.
fn status(references: &[TagReport], options: Options) -> Status {
    let any = |is_meant: fn(Outcome) -> bool| references.iter().any(|one| is_meant(one.outcome));
    match () {
        () if options.no_tags => Status::Indexed,
        () if references.is_empty() => Status::Untagged,
        () if any(Outcome::writes) && options.dry_run => Status::Planned,
        () if any(Outcome::writes) => Status::Published,
        () if any(|outcome| outcome == Outcome::Unchanged) => Status::Unchanged,
        () if any(|outcome| outcome == Outcome::Held) => Status::Held,
        () => Status::Kept,
    }
}

/// Reports how the writing went.
fn settle(jobs: &[Job<'_>], published: PublishResult, report: &mut Report) {
    for job in jobs {
        let image = report.images.get_mut(job.image).expect("every image is reported");
        let mut outcomes = published.outcomes.get(job.image).cloned().unwrap_or_default();
        for tag in &job.tags {
            let untouched = || Settled { outcome: Outcome::Skipped, digest: tag.previous.clone(), why: None };
            outcomes.entry(tag.reference).or_insert_with(untouched);
        }
        let is_bad = |settled: &Settled| matches!(settled.outcome, Outcome::Skipped | Outcome::Failed);
        if outcomes.values().any(is_bad) || published.failed.contains(job.image) {
            image.status = Status::Failed;
        }
        image.settle(&outcomes);
    }
    report.problems.extend(published.problems);
    report.held.extend(published.held);
    report.take_note(published.notes);
}
