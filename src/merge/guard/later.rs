//! Tags that have the index of a later run: they stay with it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::report::{Looked, Outcome, TagReport};
use super::super::subject::Made;
use super::decide::Decision;
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{OCI_INDEX, is_index};
use crate::published::later::{Later, later, own_tags_there, perhaps_later};
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::record::{Known, Question, Record};
use crate::published::runs::Standing;
use crate::published::served::Served;
use crate::published::survey::{Round, Survey};
use crate::reference::Tag;

/// Why nothing tells what becomes of tags that somebody gives to what is there.
const UNSAID: &str = "what it gets does not say which run made it";

/// Leaves the tags with later runs that they have.
pub(in crate::merge) fn keep(
    ready: &mut [Ready<'_>],
    run: &RunEntry,
    survey: &mut Survey<'_>,
    now: Option<Timestamp>,
) -> Looked {
    let mut compared = Looked::default();
    let compares = |one: &Ready<'_>, decision: &Decision| moves(one, decision) || is_taken(one, decision);
    let moving =
        ready.iter().flat_map(|one| one.decisions.iter().filter(move |decision| compares(one, decision)));
    let question =
        |decision: &Decision| Some((decision.site, Question::Previous(decision.report.previous.clone()?)));
    if let Round::Asked(failures) = survey.ask(moving.filter_map(question).collect()) {
        compared.problems.extend(failures);
    }
    let open = ready.iter().flat_map(|one| open(one, run, survey, now)).collect();
    if let Round::Asked(failures) = survey.ask(open) {
        compared.problems.extend(failures);
    }
    for one in ready {
        let own = one.run(run);
        let limit = one.no_later_than(run);
        let as_run = limit.unwrap_or(&own);
        compared.notes.extend(leave_later(one, as_run, survey, now));
        let cannot_say = cannot_say(one, run);
        let is_unsaid = limit.is_some() || (one.made == Made::Taken && !own.has_order());
        let moving: Vec<usize> =
            (0..one.decisions.len()).filter(|at| moves(one, &one.decisions[*at])).collect();
        let mut unknown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut by_commit: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for at in moving {
            let decision = &mut one.decisions[at];
            let Some(previous) = &decision.report.previous else { continue };
            let standing = match survey.records()[decision.site].previous(previous) {
                Known::Present(served) => as_run.beside_in_turn(&RunEntry::of_served(served), now),
                Known::Absent => Standing::Unknown("the index no longer exists".to_owned()),
                // A warning says that it is written anew.
                Known::Faulty(_) | Known::Unasked => continue,
            };
            let there = survey.records()[decision.site].previous(previous).present().map(RunEntry::of_served);
            let planned = one.image.tags.iter().find(|tag| tag.name == decision.tag);
            let mut apart = there.as_ref().and_then(|there| as_run.apart_in_turn(there));
            if let (Some(there), Some(planned)) = (there, planned)
                && let Some(warning) = of_another_ref(one.key, &decision.report, planned, &own, &there)
            {
                compared.notes.push(warning);
                apart = None;
            }
            match standing {
                Standing::Earlier(why) => decision.report.stay(Outcome::Kept, why),
                Standing::Later | Standing::Unknown(_) if is_unsaid => {
                    let tag = format!("`{}`", decision.report.reference);
                    unknown.entry(UNSAID.to_owned()).or_default().insert(tag);
                }
                Standing::Later => {
                    if let Some(apart) = apart {
                        by_commit.entry(apart).or_default().insert(decision.report.reference.clone());
                    }
                }
                // It is said already that nothing can tell.
                Standing::Unknown(_) if cannot_say => {}
                Standing::Unknown(why) => {
                    unknown.entry(why).or_default().insert(format!("`{}`", decision.report.reference));
                }
            }
        }
        compared.notes.extend(unknown.into_iter().map(|(why, tags)| moved_anyway(one.key, tags, &why)));
        compared
            .notes
            .extend(by_commit.into_iter().map(|(apart, tags)| moved_by_commit(one.key, &tags, &apart)));
    }
    compared
}

/// What tells whether a later run that does not say its version made that of an image whose own tags are others in each run.
fn open(
    one: &Ready<'_>,
    run: &RunEntry,
    survey: &Survey<'_>,
    now: Option<Timestamp>,
) -> Vec<(usize, Question)> {
    let own = one.run(run);
    let as_run = one.no_later_than(run).unwrap_or(&own);
    let mut open = Vec::new();
    for decision in one.decisions.iter().filter(|decision| is_taken(one, decision)) {
        let record = &survey.records()[decision.site];
        let served = decision.report.previous.as_ref().and_then(|digest| record.previous(digest).present());
        let unsaid =
            |served: &&Served| later(one.image, as_run, served, now).is_some_and(|it| it.is_unsaid());
        let Some(served) = served.filter(unsaid) else { continue };
        let listed = record.tags().present().unwrap_or_default();
        let tags = own_tags_there(one.image, served, listed).into_iter();
        open.extend(tags.map(|tag| (decision.site, Question::Tag(tag.clone()))));
    }
    open
}

/// Leaves the tags as they are that a later run has published: each run of a branch builds a version of the file anew, and an
/// earlier one may end last. Where a repository has the version from a later run, all tags of it are left, also those that only
/// this run would give.
fn leave_later(
    ready: &mut Ready<'_>,
    run: &RunEntry,
    survey: &Survey<'_>,
    now: Option<Timestamp>,
) -> Vec<Diagnostic> {
    let image = ready.image;
    let planned = |decision: &Decision| image.tags.iter().find(|tag| tag.name == decision.tag);
    let found =
        |decision: &Decision| Some((planned(decision)?, later_there(ready, decision, run, survey, now)?));
    let found: Vec<Option<(&TagEntry, Later)>> = ready.decisions.iter().map(found).collect();
    let sites: BTreeMap<usize, String> = ready
        .decisions
        .iter()
        .zip(&found)
        .filter_map(|(decision, found)| {
            let (tag, later) = found.as_ref()?;
            later.is_same_version(tag).then(|| (decision.site, later.why.clone()))
        })
        .collect();
    let made = ready.made;
    let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (decision, found) in ready.decisions.iter_mut().zip(found) {
        // Who gives tags to what is there gives it own ones on purpose, or is refused.
        if made == Made::Taken && !decision.report.floating {
            continue;
        }
        let own = found.filter(|(tag, later)| later.keeps(image, tag)).map(|(_, later)| later.why);
        let is_shared = || planned(decision).is_some_and(TagEntry::is_shared_by_runs);
        let of_site = || sites.get(&decision.site).filter(|_| is_shared()).cloned();
        let Some(why) = own.or_else(of_site).filter(|_| decision.report.outcome.writes()) else { continue };
        let report = &mut decision.report;
        report.stay(Outcome::Kept, why.clone());
        tags.entry(why).or_default().push(format!("`{}`", report.reference));
    }
    let tell = |(why, tags): (String, Vec<String>)| {
        let message = format!("image `{}` leaves {} as before: {why}", ready.key, tags.join(", "));
        Diagnostic::warning(Code::KEPT_TAG, message)
            .with_help("the later run has built this, too; `--allow-backward` gives the tags to this one")
    };
    tags.into_iter().map(tell).collect()
}

/// What a later run made, if a tag that does not move with runs is to be taken from that.
fn later_there(
    ready: &Ready<'_>,
    decision: &Decision,
    run: &RunEntry,
    survey: &Survey<'_>,
    now: Option<Timestamp>,
) -> Option<Later> {
    let previous = decision.report.previous.as_ref().filter(|_| is_taken(ready, decision))?;
    let served = survey.records()[decision.site].previous(previous).present()?;
    let later = later(ready.image, run, served, now)?;
    let is_own = |own: &Decision| {
        let mut tags = ready.image.tags.iter();
        let is_literal = tags.any(|tag| tag.name == own.tag && tag.is_of_version() && !tag.floating);
        is_literal && own.site == decision.site && own.report.previous.as_ref() == Some(previous)
    };
    let record = &survey.records()[decision.site];
    let listed = || record.tags().present().unwrap_or_default();
    let has_own = || {
        let mut own = own_tags_there(ready.image, served, listed()).into_iter();
        own.any(|tag| record.tag(tag).present() == Some(previous))
    };
    let is_own = ready.decisions.iter().any(is_own) || (later.is_unsaid() && has_own());
    Some(if is_own { later.of_own_tag() } else { later })
}

/// Says which tags that are given now an earlier run can take back, and which of versions may be taken from a later run that
/// meant them for a greater version, or another ref for what it builds, since nothing tells.
pub(in crate::merge) fn tell(
    ready: &[Ready<'_>],
    run: &RunEntry,
    survey: &Survey<'_>,
    now: Option<Timestamp>,
) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    for one in ready {
        notes.extend(cannot_say(one, run).then(|| not_said(one)));
        let own = one.run(run);
        let earlier = one.reused().map(|_| one.run_of_index());
        let earlier = earlier.filter(|earlier| own.beside(earlier, now) == Standing::Later);
        notes.extend(earlier.and_then(|earlier| between(one, &earlier)));
        let as_run = one.no_later_than(run).unwrap_or(&own);
        let mut unknown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for decision in one.decisions.iter().filter(|decision| is_taken(one, decision)) {
            let planned = one.image.tags.iter().find(|tag| tag.name == decision.tag);
            let Some(planned) = planned.filter(|tag| tag.floating) else { continue };
            let unsaid = later_there(one, decision, as_run, survey, now).filter(Later::is_unsaid);
            let why = unsaid.map(|later| format!("{}, and does not say which version it made", later.why));
            let perhaps = || {
                let previous = decision.report.previous.as_ref()?;
                let served = survey.records()[decision.site].previous(previous).present()?;
                perhaps_later(one.image, planned, as_run, served, now)
            };
            if let Some(why) = why.or_else(perhaps) {
                unknown.entry(why).or_default().insert(format!("`{}`", decision.report.reference));
            }
        }
        notes.extend(unknown.into_iter().map(|(why, tags)| moved_anyway(one.key, tags, &why)));
    }
    notes
}

/// Whether another run may publish a tag meanwhile that this merge writes: what has it now is of one, or all runs of this branch
/// give it.
#[must_use]
pub(in crate::merge) fn may_be_taken(
    one: &Ready<'_>,
    tag: &Tag,
    report: &TagReport,
    run: &RunEntry,
    record: &Record,
) -> bool {
    let own = one.run(run);
    let planned = one.image.tags.iter().find(|planned| planned.name == *tag);
    let Some(planned) = planned.filter(|_| own.has_order() && (one.made != Made::Taken || report.floating))
    else {
        return false;
    };
    if planned.moves_with_runs() {
        return true;
    }
    let there = || record.previous(report.previous.as_ref()?).present().map(RunEntry::of_served);
    match report.outcome {
        Outcome::Moved | Outcome::Replaced => {
            there().is_some_and(|there| there.has_order() && there.source == own.source)
        }
        Outcome::Created => planned.is_shared_by_runs() && own.git_tag().is_none(),
        Outcome::Unchanged | Outcome::Kept | Outcome::Held | Outcome::Skipped | Outcome::Failed => false,
    }
}

/// Whether a tag that does not move with runs is to be taken from what has it.
fn is_taken(ready: &Ready<'_>, decision: &Decision) -> bool {
    matches!(decision.report.outcome, Outcome::Moved | Outcome::Replaced) && !is_run_tag(ready, decision)
}

/// Says that a tag with the name of a branch or git tag in it has the index of another one: two names come to the same text.
fn of_another_ref(
    key: &str,
    report: &TagReport,
    planned: &TagEntry,
    own: &RunEntry,
    there: &RunEntry,
) -> Option<Diagnostic> {
    let (own_ref, other) = (own.git_ref.as_deref()?, there.git_ref.as_deref()?);
    let is_named = |name: &str| name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
    let is_other = own.source == there.source && own_ref != other && is_named(own_ref) && is_named(other);
    let message = format!(
        "image `{key}`: `{}` is what `{other}` published, and this run is of `{own_ref}`",
        report.reference
    );
    (is_other && planned.form.has_name()).then(|| {
        Diagnostic::warning(Code::BRANCH_COLLISION, message)
            .with_help("rename one of them, or put `{{ sha }}` into the pattern of the tag")
    })
}

/// Whether a tag moves with runs, and is to be given another index.
fn moves(ready: &Ready<'_>, decision: &Decision) -> bool {
    decision.report.outcome == Outcome::Moved && is_run_tag(ready, decision)
}

fn is_run_tag(ready: &Ready<'_>, decision: &Decision) -> bool {
    let planned = ready.image.tags.iter().find(|tag| tag.name == decision.tag);
    planned.is_some_and(TagEntry::moves_with_runs)
}

/// Whether what tags get does not say which run made it, though that is known, and a later run may have them.
fn cannot_say(ready: &Ready<'_>, run: &RunEntry) -> bool {
    run.has_order() && !ready.run_of_index().has_order() && shared(ready).next().is_some()
}

/// The tags that each run of a branch gives to what it built, and that are written. Those stay that never change.
fn shared<'r>(ready: &'r Ready<'_>) -> impl Iterator<Item = &'r Decision> {
    let is_shared = |one: &&Decision| {
        let planned = ready.image.tags.iter().find(|tag| tag.name == one.tag);
        let is_final = ready.image.immutable && !one.report.floating;
        !is_final && planned.is_some_and(|tag| tag.moves_with_runs() || tag.is_shared_by_runs())
    };
    ready.decisions.iter().filter(|one| one.report.outcome.writes()).filter(is_shared)
}

/// Says that later merges cannot tell which run an image is of.
fn not_said(ready: &Ready<'_>) -> Diagnostic {
    let tags: BTreeSet<String> = shared(ready).map(|one| format!("`{}`", one.tag)).collect();
    let tags: Vec<String> = tags.into_iter().collect();
    let (what, help) = match ready.manifest.media_type.as_str() {
        OCI_INDEX => ("does not", "only an index that `bakeplan merge` makes of builds says so"),
        other if is_index(other) => {
            ("is a Docker manifest list, which cannot", "build with `oci-mediatypes=true` in `output`")
        }
        _ if ready.image.index => ("has no index, which could", "merge its builds with `bakeplan merge`"),
        _ => {
            ("has no index, which could", "leave `index = false` out, if tags are to stay with the later run")
        }
    };
    let message = format!(
        "image `{}` {what} say which run made it: an earlier run can take back {}",
        ready.key,
        tags.join(", ")
    );
    Diagnostic::note(Code::UNGUARDED_TAG, message).with_help(help)
}

/// Says that tags move to what an earlier run made: their index cannot say that this run has chosen it.
fn between(ready: &Ready<'_>, earlier: &RunEntry) -> Option<Diagnostic> {
    let run = earlier.number.map_or_else(|| "an earlier run".to_owned(), |number| format!("run {number}"));
    let tags: Vec<String> = shared(ready).map(|one| format!("`{}`", one.report.reference)).collect();
    let message = format!(
        "image `{}` gives {} to what {run} made: a merge of a run between that one and this one can take it back",
        ready.key,
        tags.join(", ")
    );
    (!tags.is_empty()).then(|| Diagnostic::note(Code::UNGUARDED_TAG, message))
}

/// Says that tags move though nothing tells which run is later.
fn moved_anyway(key: &str, tags: BTreeSet<String>, why: &str) -> Diagnostic {
    let tags: Vec<String> = tags.into_iter().collect();
    let message = format!("image `{key}` moves {}, perhaps from a later run: {why}", tags.join(", "));
    Diagnostic::note(Code::UNGUARDED_TAG, message)
}

/// Says that tags move by the times of two commits, since the runs do not count together.
pub(in crate::merge) fn moved_by_commit(key: &str, references: &BTreeSet<String>, apart: &str) -> Diagnostic {
    let tags: Vec<String> = references.iter().map(|reference| format!("`{reference}`")).collect();
    let message = format!(
        "image `{key}` moves {} from an older commit, perhaps from a later run: {apart}, whose numbers do not tell",
        tags.join(", ")
    );
    Diagnostic::note(Code::UNGUARDED_TAG, message)
        .with_help("if the last run is to have it, give the tag in one workflow only, and of one branch")
}
