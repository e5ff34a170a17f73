//! Releases that are there already: with `--keep-existing` their own tags stay, and the others follow them.

use std::collections::BTreeMap;

use super::super::index::IndexSource;
use super::super::report::Outcome;
use super::super::sources::taken::{self, Origin};
use super::super::sources::whole::lacking;
use super::super::subject::{Checked, Copies, Made, Subject};
use super::decide::Decision;
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::on_missing::OnMissing;
use crate::published::plan_json::BuildEntry;
use crate::published::record::Questions;
use crate::published::survey::Survey;
use crate::reference::Digest;

/// What came of looking for releases that are there.
#[derive(Default)]
pub(in crate::merge) struct Kept {
    /// What is wrong.
    pub(in crate::merge) problems: Vec<Diagnostic>,
    /// What stays.
    pub(in crate::merge) notes: Vec<Diagnostic>,
    /// Which tags do not follow.
    pub(in crate::merge) held: Vec<Diagnostic>,
}

/// Gives each image whose own tags are there with another digest the index that they have, if it passes the checks of what is
/// promoted.
pub(in crate::merge) fn keep(
    ready: &mut [Ready<'_>],
    subjects: &[Subject<'_>],
    survey: &mut Survey<'_>,
) -> Kept {
    let mut kept = Kept::default();
    let mut found = Vec::new();
    for (at, one) in ready.iter().enumerate() {
        match release(one) {
            Ok(Some(digest)) => found.push((at, digest)),
            Ok(None) => {}
            Err(problem) => kept.problems.push(problem),
        }
    }
    let (mut all, failures) = look(&found, ready, subjects, survey);
    for (at, digest) in found {
        let one = &mut ready[at];
        let Some(subject) = subjects.iter().find(|subject| subject.key == one.key) else { continue };
        let checked = all.remove(&at).unwrap_or_default();
        kept.notes.extend(checked.notes.iter().cloned());
        let served = one.places.iter().find_map(|&site| survey.records()[site].manifest(&digest).present());
        let manifest = match served.map(|served| served.manifest.clone()) {
            Some(manifest) if checked.problems.is_empty() => manifest,
            _ => {
                kept.problems.push(refused(one, &digest, &checked.problems));
                continue;
            }
        };
        let instead = match one.made {
            Made::Built => format!("what was built now, {}, is not published", one.manifest.digest),
            Made::Indexed | Made::Reused | Made::Taken => {
                format!("{} does not get its tags", one.manifest.digest)
            }
        };
        // Nothing is copied whose tags stay as they are.
        let is_open = checked.two_versions.is_some();
        let lacking_places = if is_open { Vec::new() } else { without_own_tags(one) };
        one.take(subject, with_copies(checked, &one.places, &lacking_places), manifest, survey.records());
        let names: Vec<String> =
            lacking_places.iter().map(|place| format!("`{}`", subject.sites[*place].location)).collect();
        let copied = match names.as_slice() {
            [] => String::new(),
            names => format!("; it is copied to {}", names.join(", ")),
        };
        let message = format!("image `{}` is published as {digest} and stays so{copied}; {instead}", one.key);
        let help = format!("{} to publish what was built", instead_of_keeping(one));
        kept.held.extend(one.hold_two_versions(&format!(
            "plan with `--inputs`, and build with that: what the release records of its inputs tells then; or {help}"
        )));
        kept.held.extend(one.without_commit(&help));
        let lacking = lacking(one.image, one.checked.sources.iter().flat_map(IndexSource::entries));
        if lacking.is_empty() {
            kept.notes.push(Diagnostic::note(Code::EXISTING_RELEASE, message));
            continue;
        }
        kept.notes.push(
            Diagnostic::warning(Code::EXISTING_RELEASE, message)
                .with_note(format!("it is without {}", lacking.join(", "))),
        );
        let is_required = |build: &BuildEntry| {
            let platform = build.platform.as_ref().map(ToString::to_string);
            subject.if_missing.of(build.on_missing) != OnMissing::Drop
                && platform.is_some_and(|platform| lacking.contains(&platform))
        };
        if one.image.builds.values().any(is_required) {
            kept.held.extend(hold(one, &lacking));
        }
    }
    kept.problems.extend(failures);
    kept
}

/// Leaves the floating tags of a release as they are that lacks planned platforms; what to say of that.
fn hold(one: &mut Ready<'_>, lacking: &[String]) -> Option<Diagnostic> {
    one.hold_floating(format!("the published release is without {}", lacking.join(", ")));
    let is_held = |one: &&Decision| one.report.outcome == Outcome::Held && one.report.floating;
    let held = one.decisions.iter().filter(is_held);
    let tags: Vec<String> = held.map(|decision| format!("`{}`", decision.report.reference)).collect();
    let message = format!(
        "image `{}` leaves {} as before: the published release is without {}",
        one.key,
        tags.join(", "),
        lacking.join(", ")
    );
    let help = format!(
        "{} to publish what was built, or set `on_missing = \"drop\"` for what may be missing",
        instead_of_keeping(one)
    );
    (!tags.is_empty()).then(|| Diagnostic::warning(Code::HELD, message).with_help(help))
}

/// Checks the releases that were found where they are, by position of the image.
fn look(
    found: &[(usize, Digest)],
    ready: &[Ready<'_>],
    subjects: &[Subject<'_>],
    survey: &mut Survey<'_>,
) -> (BTreeMap<usize, Checked>, Vec<Diagnostic>) {
    let release = |(at, digest): &(usize, Digest)| {
        let one = &ready[*at];
        let lacking = without_own_tags(one);
        let places = one.places.iter().copied().filter(|place| !lacking.contains(place)).collect();
        Some((*at, Subject { places, ..one.subject(subjects)? }, digest.clone()))
    };
    let releases: Vec<(usize, Subject<'_>, Digest)> = found.iter().filter_map(release).collect();
    survey.conduct(|records| {
        let mut questions = Questions::new();
        let look = |(at, subject, digest): &(usize, Subject<'_>, Digest)| {
            let mut checked = taken::check(subject, digest, Origin::Kept, records);
            questions.append(&mut checked.questions);
            (*at, checked)
        };
        let all = releases.iter().map(look).collect();
        (all, questions)
    })
}

/// Refuses to leave a release as it is that nobody can pull, or that may not have the tags of the plan.
fn refused(one: &Ready<'_>, digest: &Digest, problems: &[Diagnostic]) -> Diagnostic {
    let why = if problems.is_empty() { "which cannot be read" } else { "which may not stay so" };
    let message = format!("image `{}` is published as {digest}, {why}", one.key);
    let help = format!("{} to publish what was built", instead_of_keeping(one));
    let mut problem = Diagnostic::error(Code::EXISTING_RELEASE, message).with_help(help);
    problem.notes.extend(problems.iter().map(|one| one.message.clone()));
    problem
}

/// How to publish what was built all the same.
fn instead_of_keeping(one: &Ready<'_>) -> &'static str {
    if one.image.immutable {
        "merge with `--allow-retag` instead of `--keep-existing`"
    } else {
        "merge without `--keep-existing`"
    }
}

/// The index that an image's own tags have wherever they are, unless it is the one that was built.
fn release(one: &Ready<'_>) -> Result<Option<Digest>, Diagnostic> {
    let own = || one.own();
    if own().all(|decision| decision.report.outcome != Outcome::Replaced) {
        return Ok(None);
    }
    let mut digests: BTreeMap<&Digest, Vec<String>> = BTreeMap::new();
    for decision in own() {
        if let Some(digest) = &decision.report.previous {
            digests.entry(digest).or_default().push(format!("`{}`", decision.report.reference));
        }
    }
    let help = format!("{} to give all of them what was built", instead_of_keeping(one));
    if digests.len() > 1 {
        let message = format!("image `{}` is published with {} digests", one.key, digests.len());
        let mut problem = Diagnostic::error(Code::EXISTING_RELEASE, message).with_help(help);
        let has = |(digest, tags): (&Digest, &Vec<String>)| format!("{}: {digest}", tags.join(", "));
        problem.notes.extend(digests.iter().map(|(digest, tags)| has((digest, tags))));
        return Err(problem);
    }
    Ok(own().find_map(|one| one.report.previous.clone()))
}

/// The repositories of an image that have none of its own tags.
fn without_own_tags(one: &Ready<'_>) -> Vec<usize> {
    let has_one = |site: &usize| one.own().any(|one| one.site == *site && one.report.previous.is_some());
    one.places.iter().copied().filter(|site| !has_one(site)).collect()
}

/// What a check of a release comes to that is lacking in some places, and whole in the others once they have taken over what
/// the check says.
fn with_copies(mut checked: Checked, places: &[usize], lacking: &[usize]) -> Checked {
    let mut sources: Vec<usize> = places.iter().copied().filter(|place| !lacking.contains(place)).collect();
    sources.sort_by_key(|place| checked.copies.contains_key(place));
    for place in lacking {
        checked.copies.insert(*place, Copies { whole: sources.clone(), ..Copies::default() });
    }
    checked
}
