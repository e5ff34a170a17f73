//! Tags that move with runs: one that has the index of a later run stays with it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::decide::Decision;
use super::ready::Ready;
use super::report::{Looked, Outcome, TagReport};
use super::subject::Made;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{OCI_INDEX, is_index};
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::record::{Known, Question};
use crate::published::runs::Standing;
use crate::published::survey::{Round, Survey};

/// Leaves the tags with later runs that they have.
pub(super) fn keep(
    ready: &mut [Ready<'_>],
    run: &RunEntry,
    survey: &mut Survey<'_>,
    now: Option<Timestamp>,
) -> Looked {
    let mut compared = Looked::default();
    let compares = |one: &Ready<'_>, decision: &Decision| moves(one, decision) || is_rebuilt(one, decision);
    let moving =
        ready.iter().flat_map(|one| one.decisions.iter().filter(move |decision| compares(one, decision)));
    let question =
        |decision: &Decision| Some((decision.site, Question::Previous(decision.report.previous.clone()?)));
    if let Round::Asked(failures) = survey.ask(moving.filter_map(question).collect()) {
        compared.problems.extend(failures);
    }
    for one in ready {
        let own = one.run(run);
        compared.notes.extend(leave_rebuilt(one, &own, survey));
        let earlier = one.reused().map(|_| one.run_of_index());
        let earlier = earlier.filter(|earlier| own.beside(earlier, now) == Standing::Later);
        let cannot_say = has_no_place(one);
        if cannot_say && own.has_order() {
            compared.notes.push(not_said(one));
        }
        let moving: Vec<usize> =
            (0..one.decisions.len()).filter(|at| moves(one, &one.decisions[*at])).collect();
        let mut unknown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for at in moving {
            let decision = &mut one.decisions[at];
            let Some(previous) = &decision.report.previous else { continue };
            let standing = match survey.records()[decision.site].previous(previous) {
                Known::Present(served) => own.beside(&RunEntry::of_served(served), now),
                Known::Absent => Standing::Unknown("the index no longer exists".to_owned()),
                // A warning says that it is written anew.
                Known::Faulty(_) | Known::Unasked => continue,
            };
            let there = survey.records()[decision.site].previous(previous).present().map(RunEntry::of_served);
            let planned = one.image.tags.iter().find(|tag| tag.name == decision.tag);
            if let (Some(there), Some(planned)) = (there, planned) {
                let report = &decision.report;
                compared.notes.extend(of_another_ref(one.key, report, planned, &own, &there));
            }
            match standing {
                Standing::Later => {}
                Standing::Earlier(why) => {
                    decision.report.outcome = Outcome::Kept;
                    decision.report.digest.clone_from(&decision.report.previous);
                    decision.report.why = Some(why);
                }
                // It is said already that nothing can tell.
                Standing::Unknown(_) if cannot_say && own.has_order() => {}
                Standing::Unknown(_) if one.made == Made::Taken && !own.has_order() => {
                    let why = "what it gets does not say which run made it".to_owned();
                    unknown.entry(why).or_default().insert(format!("`{}`", decision.report.reference));
                }
                Standing::Unknown(why) => {
                    unknown.entry(why).or_default().insert(format!("`{}`", decision.report.reference));
                }
            }
        }
        compared.notes.extend(earlier.and_then(|earlier| between(one, &earlier)));
        compared.notes.extend(unknown.into_iter().map(|(why, tags)| moved_anyway(one.key, tags, &why)));
    }
    compared
}

/// Leaves the tags of a version as they are in repositories that have it from a later run of the same branch: each of them
/// builds the version anew, and an earlier one may end last. A release of an older commit is another matter.
fn leave_rebuilt(ready: &mut Ready<'_>, run: &RunEntry, survey: &Survey<'_>) -> Vec<Diagnostic> {
    let later = |at: usize| {
        let decision = &ready.decisions[at];
        let previous = decision.report.previous.as_ref().filter(|_| is_rebuilt(ready, decision))?;
        let served = survey.records()[decision.site].previous(previous).present()?;
        match run.by_number(&RunEntry::of_served(served))? {
            Standing::Earlier(why) => Some((decision.site, why)),
            Standing::Later | Standing::Unknown(_) => None,
        }
    };
    let sites: BTreeMap<usize, String> = (0..ready.decisions.len()).filter_map(later).collect();
    let of_version = |decision: &Decision| {
        decision.report.outcome.writes()
            && ready.image.tags.iter().any(|tag| tag.name == decision.tag && tag.is_of_version())
    };
    let left: Vec<bool> = ready.decisions.iter().map(of_version).collect();
    let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (decision, _) in ready.decisions.iter_mut().zip(left).filter(|(_, is_left)| *is_left) {
        let Some(why) = sites.get(&decision.site) else { continue };
        let report = &mut decision.report;
        report.outcome = Outcome::Kept;
        report.digest.clone_from(&report.previous);
        report.why = Some(why.clone());
        tags.entry(why.clone()).or_default().push(format!("`{}`", report.reference));
    }
    let tell = |(why, tags): (String, Vec<String>)| {
        let message = format!("image `{}` leaves {} as before: {why}", ready.key, tags.join(", "));
        Diagnostic::warning(Code::KEPT_TAG, message).with_help(
            "the later run has built this version, too; `--allow-backward` gives the tags to this one",
        )
    };
    tags.into_iter().map(tell).collect()
}

/// Whether it is a version's own tag that is to be given another build of the version.
fn is_rebuilt(ready: &Ready<'_>, decision: &Decision) -> bool {
    let is_own = |tag: &TagEntry| tag.name == decision.tag && !tag.floating && tag.is_of_version();
    decision.report.outcome == Outcome::Replaced
        && ready.made != Made::Taken
        && ready.image.tags.iter().any(is_own)
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

/// Whether the index of an image has no place for annotations, and a tag of it moves with runs.
fn has_no_place(ready: &Ready<'_>) -> bool {
    ready.manifest.media_type != OCI_INDEX && run_tags(ready).next().is_some()
}

/// The tags that move with runs and are written.
fn run_tags<'r>(ready: &'r Ready<'_>) -> impl Iterator<Item = &'r Decision> {
    ready.decisions.iter().filter(|one| one.report.outcome.writes() && is_run_tag(ready, one))
}

/// Says that later merges cannot tell which run an image is of.
fn not_said(ready: &Ready<'_>) -> Diagnostic {
    let tags: BTreeSet<String> = run_tags(ready).map(|one| format!("`{}`", one.tag)).collect();
    let tags: Vec<String> = tags.into_iter().collect();
    let (what, help) = if is_index(&ready.manifest.media_type) {
        ("is a Docker manifest list, which cannot", "build with `oci-mediatypes=true` in `output`")
    } else {
        ("has no index, which could", "leave `index = false` out, if tags are to stay with the later run")
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
    let tags = ready.decisions.iter().filter(|decision| moves(ready, decision));
    let tags: Vec<String> = tags.map(|one| format!("`{}`", one.report.reference)).collect();
    let message = format!(
        "image `{}` moves {} to what {run} made: a merge of a run between that one and this one can take it back",
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
