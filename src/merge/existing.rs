//! Releases that are there already: with `--keep-existing` their own tags stay, and the others follow them.

use std::collections::BTreeMap;

use super::index::IndexSource;
use super::ready::Ready;
use super::report::Outcome;
use super::subject::{Checked, Copies, Made, Subject};
use super::whole::{check_whole, lacking};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{Descriptor, DescriptorPlatform, Index, VERSION, is_index};
use crate::on_missing::OnMissing;
use crate::published::plan_json::BuildEntry;
use crate::published::record::{Configuration, Known, Question, Questions};
use crate::published::release::{Saying, saying};
use crate::published::served::{Content, Served};
use crate::published::survey::{Round, Survey};
use crate::reference::Digest;
use crate::registry::Manifest;

/// What came of looking for releases that are there.
#[derive(Default)]
pub(super) struct Kept {
    /// What is wrong.
    pub(super) problems: Vec<Diagnostic>,
    /// What stays.
    pub(super) notes: Vec<Diagnostic>,
    /// Which tags do not follow.
    pub(super) held: Vec<Diagnostic>,
}

/// Gives each image whose own tags are there with another digest the index that they have.
pub(super) fn keep(ready: &mut [Ready<'_>], subjects: &[Subject<'_>], survey: &mut Survey<'_>) -> Kept {
    let mut kept = Kept::default();
    let (mut found, mut questions) = (Vec::new(), Vec::new());
    for (at, one) in ready.iter().enumerate() {
        match release(one) {
            Ok(Some((site, digest))) => {
                questions.push((site, Question::Previous(digest.clone())));
                found.push((at, site, digest));
            }
            Ok(None) => {}
            Err(problem) => kept.problems.push(problem),
        }
    }
    let platforms = |survey: &Survey<'_>| -> Questions {
        let configuration = |(_, site, digest): &(usize, usize, Digest)| {
            let served = survey.records()[*site].previous(digest).present()?;
            Some((*site, Question::Configuration(config_of(served)?.clone())))
        };
        found.iter().filter_map(configuration).collect()
    };
    let mut rounds = vec![survey.ask(questions.into_iter().collect())];
    rounds.push(survey.ask(platforms(survey)));
    for round in rounds {
        if let Round::Asked(failures) = round {
            kept.problems.extend(failures);
        }
    }
    let (mut wholes, failures) = look_whole(&found, ready, subjects, survey);
    kept.problems.extend(failures);
    for (at, site, digest) in found {
        let one = &mut ready[at];
        let Some(served) = survey.records()[site].previous(&digest).present() else {
            let message = format!("image `{}` is published as {digest}, which cannot be read", one.key);
            kept.problems.push(
                Diagnostic::error(Code::EXISTING_RELEASE, message)
                    .with_help(format!("{} to write it anew", instead_of_keeping(one))),
            );
            continue;
        };
        let whole = wholes.remove(&at).unwrap_or_default();
        if !whole.problems.is_empty() {
            kept.problems.push(broken(one, &digest, &whole.problems));
            continue;
        }
        kept.notes.extend(whole.notes.iter().cloned());
        let configuration = config_of(served).map(|config| survey.records()[site].configuration(config));
        let configuration = configuration.and_then(Known::present);
        let platform = configuration.and_then(|known| known.platform.clone().ok());
        if let Some(version) = other_version(one, served, configuration) {
            kept.problems.push(mistaken(one, &digest, &version));
            continue;
        }
        let manifest = served.manifest.clone();
        let instead = match one.made {
            Made::Built => format!("what was built now, {}, is not published", one.manifest.digest),
            Made::Reused | Made::Taken => format!("{} does not get its tags", one.manifest.digest),
        };
        let Some(subject) = subjects.iter().find(|subject| subject.key == one.key) else { continue };
        let lacking_places = without_own_tags(one);
        one.take(
            subject,
            checked(&manifest, platform, whole, &one.places, &lacking_places),
            manifest,
            survey.records(),
        );
        let names: Vec<String> =
            lacking_places.iter().map(|place| format!("`{}`", subject.sites[*place].location)).collect();
        let copied = match names.as_slice() {
            [] => String::new(),
            names => format!("; it is copied to {}", names.join(", ")),
        };
        let message = format!("image `{}` is published as {digest} and stays so{copied}; {instead}", one.key);
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
            (subject.require_all || build.on_missing != OnMissing::Drop)
                && platform.is_some_and(|platform| lacking.contains(&platform))
        };
        if one.image.builds.values().any(is_required) {
            kept.held.extend(hold(one, &lacking));
        }
    }
    kept
}

/// The other version that a release says it is.
fn other_version(one: &Ready<'_>, served: &Served, configuration: Option<&Configuration>) -> Option<String> {
    let labels = configuration.and_then(|known| known.labels.as_ref().ok());
    let said =
        [served.annotations(), labels].into_iter().flatten().filter_map(|all| all.get(VERSION).cloned());
    match saying(one.image, &said.collect::<Vec<_>>()) {
        Saying::Other(text, _) => Some(text),
        Saying::Nothing | Saying::Own => None,
    }
}

/// Refuses to leave the tags of a version with another one.
fn mistaken(one: &Ready<'_>, digest: &Digest, version: &str) -> Diagnostic {
    let message =
        format!("image `{}` is published as {digest}, which says that it is version `{version}`", one.key);
    Diagnostic::error(Code::EXISTING_RELEASE, message)
        .with_help(format!("{} to publish what was built", instead_of_keeping(one)))
}

/// Leaves the floating tags of a release as they are that lacks planned platforms; what to say of that.
fn hold(one: &mut Ready<'_>, lacking: &[String]) -> Option<Diagnostic> {
    one.hold_floating(format!("the published release is without {}", lacking.join(", ")));
    let held = one.decisions.iter().filter(|decision| decision.report.outcome == Outcome::Held);
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

/// Looks whether the releases that were found are whole where they are, by position of the image.
fn look_whole(
    found: &[(usize, usize, Digest)],
    ready: &[Ready<'_>],
    subjects: &[Subject<'_>],
    survey: &mut Survey<'_>,
) -> (BTreeMap<usize, Checked>, Vec<Diagnostic>) {
    let release = |(at, site, digest): &(usize, usize, Digest)| {
        let one = &ready[*at];
        let lacking = without_own_tags(one);
        let places = one.places.iter().copied().filter(|place| !lacking.contains(place)).collect();
        let subject = Subject { places, ..one.subject(subjects)? };
        Some((*at, subject, survey.records()[*site].previous(digest).present()?.manifest.clone()))
    };
    let releases: Vec<(usize, Subject<'_>, Manifest)> = found.iter().filter_map(release).collect();
    survey.conduct(|records| {
        let mut questions = Questions::new();
        let look = |(at, subject, manifest): &(usize, Subject<'_>, Manifest)| {
            let mut checked = check_whole(subject, manifest, records);
            questions.append(&mut checked.questions);
            (*at, checked)
        };
        let all = releases.iter().map(look).collect();
        (all, questions)
    })
}

/// Refuses to leave a release as it is that nobody can pull.
fn broken(one: &Ready<'_>, digest: &Digest, problems: &[Diagnostic]) -> Diagnostic {
    let message = format!("image `{}` is published as {digest}, which is not whole", one.key);
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

/// The index that an image's own tags have wherever they are, unless it is the one that was built, and where.
fn release(one: &Ready<'_>) -> Result<Option<(usize, Digest)>, Diagnostic> {
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
    let first = own().find_map(|one| Some((one.site, one.report.previous.clone()?)));
    Ok(first)
}

/// The repositories of an image that have none of its own tags.
fn without_own_tags(one: &Ready<'_>) -> Vec<usize> {
    let has_one = |site: &usize| one.own().any(|one| one.site == *site && one.report.previous.is_some());
    one.places.iter().copied().filter(|site| !has_one(site)).collect()
}

/// The configuration of what is an image and no index.
fn config_of(served: &Served) -> Option<&Digest> {
    match &served.content {
        Content::Image(manifest) => Some(&manifest.config.digest),
        Content::Index(_) | Content::Unreadable(_) => None,
    }
}

/// What a check of a release comes to that is lacking in some places, and `whole` in the others once they have taken over
/// what that says. The platform is that of an image without an index.
fn checked(
    manifest: &Manifest,
    platform: Option<DescriptorPlatform>,
    whole: Checked,
    places: &[usize],
    lacking: &[usize],
) -> Checked {
    let source = if is_index(&manifest.media_type) {
        let index = serde_json::from_slice::<Index>(&manifest.bytes).unwrap_or_default();
        IndexSource::Index(manifest.clone(), index)
    } else {
        IndexSource::Image(Descriptor { platform, ..manifest.descriptor() })
    };
    let has_it: Vec<usize> = places.iter().copied().filter(|place| !lacking.contains(place)).collect();
    let mut sources = has_it.clone();
    sources.sort_by_key(|place| whole.copies.contains_key(place));
    let to_lacking =
        lacking.iter().map(|place| (*place, Copies { whole: sources.clone(), ..Copies::default() }));
    let images = source.entries().iter().filter(|entry| entry.attested().is_none());
    Checked {
        platforms: images.filter_map(|entry| Some(entry.platform.as_ref()?.to_string())).collect(),
        sources: vec![source],
        origins: vec![Some((manifest.digest.clone(), has_it))],
        copies: whole.copies.into_iter().chain(to_lacking).collect(),
        ..Checked::default()
    }
}
