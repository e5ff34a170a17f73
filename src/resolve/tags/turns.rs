//! Tags that the releases of an image and its other runs take from each other, such as `latest`.

use std::collections::{BTreeMap, BTreeSet};

use super::apart;
use super::imagined::{self, Imagined};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, listed};
use crate::facts::{Facts, Known};
use crate::pattern;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::variants;
use crate::resolve::images::version::ImageVersion;
use crate::resolve::input::Input;
use crate::resolve::publication::{PlacedTag, Publication};
use crate::rules;
use crate::spec::TagPattern;
use crate::tags::{self, Claim, LATEST};
use crate::version::Version;

/// A branch that is not the default one, as nobody calls one.
const OTHER_BRANCH: &str = "another-branch-than-the-default-one";

/// The runs without a version that give a tag.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Run {
    Default,
    Branch,
    Schedule,
    This,
}

/// The tags of runs of one kind; each with the kind, and whether its entry lets others have it.
type Found<T> = BTreeMap<String, (T, bool)>;

/// Says which tags of this run its image has in releases, with the version, and in other runs, as they are written.
pub(in crate::resolve) fn note(
    input: &Input<'_>,
    image: &UnresolvedImage,
    publication: &Publication,
    diagnostics: &mut Diagnostics,
) {
    // Most images have nothing of the kind.
    let is_constant = |one: &TagPattern| {
        let text = one.pattern.as_str();
        !one.is_off() && (rules::is_rule(text) || one.when.is_some() && !pattern::is_pattern(text))
    };
    let is_declared = matches!(image.version, ImageVersion::Known { version: _, is_from_run: false });
    if is_declared || !image.settings().tags.iter().flatten().any(is_constant) {
        return;
    }
    let others = of_others(input, image);
    let releases = of_releases(input, image, others.keys());
    let suffixes = variants::suffixes(image.settings(), &mut Diagnostics::default());
    let here: BTreeMap<&str, &PlacedTag> =
        publication.values().flat_map(|listing| &listing.tags).map(|tag| (tag.tag.as_str(), tag)).collect();
    let mut shared: BTreeMap<(&str, &str), Vec<&PlacedTag>> = BTreeMap::new();
    for (name, (runs, is_let)) in &others {
        let Some((versions, _)) = releases.get(name).filter(|(_, of_release)| !is_let && !of_release) else {
            continue;
        };
        let given = suffixes.iter().filter_map(|suffix| here.get(tags::with_suffix(name, suffix).as_str()));
        shared.entry((*versions, runs_named(runs))).or_default().extend(given);
    }
    for ((versions, runs), tags) in shared {
        let names: BTreeSet<&str> = tags.iter().map(|tag| tag.tag.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let Some(first) = tags.first() else { continue };
        let (verb, object) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
        let message = format!(
            "{} {verb} given by {versions} and by {runs}; whichever ran last has {object}",
            listed(&names)
        );
        diagnostics.report(Diagnostic::note(Code::TAG_COLLISION, message).at(first.span, "").with_help(
            "if that is not as meant, give one of them another name, such as `edge` for a branch; `any = true` in the entry says that it is",
        ));
    }
}

fn runs_named(runs: &BTreeSet<Run>) -> &'static str {
    match runs.iter().copied().collect::<Vec<_>>().as_slice() {
        [Run::Default]
        | [Run::Default, Run::Schedule | Run::This]
        | [Run::Default, Run::Schedule, Run::This] => "runs of the default branch",
        [Run::Schedule] | [Run::Schedule, Run::This] => "scheduled runs",
        [Run::This] => "other runs",
        _ => "runs of branches",
    }
}

/// The constants of runs without a version.
fn of_others(input: &Input<'_>, image: &UnresolvedImage) -> Found<BTreeSet<Run>> {
    let facts = imagined::usual(input.given);
    let pushed = facts.of_branch(facts.default_branch.as_deref().unwrap_or_default());
    let other = facts.of_branch(OTHER_BRANCH);
    let scheduled = Facts { event: Some("schedule".to_owned()), ..pushed.clone() };
    let mut runs: Vec<(Run, Known<'_>)> = Vec::new();
    let (pushed, other, scheduled) = (&&pushed, &&other, &&scheduled);
    runs.extend([(Run::Default, pushed as Known<'_>), (Run::Branch, other), (Run::Schedule, scheduled)]);
    if image.version.known().is_none() {
        runs.push((Run::This, input.facts));
    }
    let mut found: Found<BTreeSet<Run>> = BTreeMap::new();
    for (run, facts) in runs {
        let imagined = Imagined::of(image, facts).filter(|imagined| imagined.version.is_none());
        for tag in imagined.into_iter().flat_map(|imagined| imagined.tags).filter(|tag| tag.is_constant) {
            let (runs, is_let) = found.entry(tag.text).or_default();
            runs.insert(run);
            *is_let |= tag.is_let;
        }
    }
    found
}

/// The floating tags of runs with a version, as these are called.
fn of_releases<'n>(
    input: &Input<'_>,
    image: &UnresolvedImage,
    names: impl Iterator<Item = &'n String>,
) -> Found<&'static str> {
    let mut found = BTreeMap::new();
    let mut add = |facts: Known<'_>| {
        let imagined = Imagined::of(image, facts).filter(|imagined| imagined.is_of_tag);
        let Some(Imagined { version: Some(version), is_of_tag: _, tags }) = imagined else { return false };
        let has_latest = image.settings().latest;
        for tag in tags.into_iter().filter(|tag| has_latest || tag.text != LATEST) {
            let versions = match tag.claim {
                Claim::Versions(_) if !version.is_prerelease() => "releases",
                Claim::Prereleases(_) if version.is_prerelease() => "prereleases",
                Claim::Channel => "versions",
                Claim::Versions(_) | Claim::Prereleases(_) | Claim::Literal | Claim::Run => continue,
            };
            found.entry(tag.text).or_insert((versions, false)).1 |= tag.is_let;
        }
        true
    };
    if image.version.known().is_some() {
        add(input.facts);
        return found;
    }
    let facts = imagined::usual(input.given);
    let heads = apart::heads(image);
    let with_numbers = names.filter_map(|name| {
        let version: Version = name.parse().ok()?;
        let count = version.numbers().len();
        Some(format!("{}{}", version.prefix(count)?, [".2.3", ".3"].get(count.checked_sub(1)?)?))
    });
    let numbered: BTreeSet<String> = with_numbers.collect();
    let usual = apart::SAMPLES.into_iter().flat_map(|sample| [format!("{sample}-rc.1"), sample.to_owned()]);
    for sample in numbered.into_iter().chain(usual) {
        let mut git_tags =
            heads.iter().flat_map(|head| [format!("{head}v{sample}"), format!("{head}{sample}")]);
        // Those that begin otherwise are read alike.
        git_tags.any(|git_tag| add(&&facts.of_tag(&git_tag)));
    }
    found
}
