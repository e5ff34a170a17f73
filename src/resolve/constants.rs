//! Tags that nothing is put into, such as `edge`: what they stand for where the image has no version.

use std::cmp::Reverse;

use super::forms;
use super::publication::PlacedTag;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::form::{Form, Part};
use crate::tags::{self, Claim, LATEST};
use crate::version::{Class, SEPARATORS, Version};

/// How long a part of a commit is at least, to be told from a word.
const MIN_COMMIT: usize = 7;

/// What a constant stands for by itself: a version or a commit stays, and all else moves from run to run.
pub(super) fn claim(name: &str) -> Claim {
    claim_of(name, name.parse::<Version>().is_ok())
}

fn claim_of(name: &str, is_version: bool) -> Claim {
    if is_version || names_commit(name) { Claim::Literal } else { Claim::Run }
}

fn names_commit(name: &str) -> bool {
    let mut parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| part.len() >= MIN_COMMIT && part.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')))
}

/// Lets constants beside the one version among them move with that version, and gives the version. Beside a prerelease,
/// those that releases move with are left out.
pub(super) fn settle(tags: &mut Vec<PlacedTag>, diagnostics: &mut Diagnostics) -> Option<Box<Version>> {
    let prerelease = prerelease(tags);
    if let Some(prerelease) = &prerelease {
        leave_to_releases(tags, prerelease, diagnostics);
    }
    let read: Vec<Option<Version>> = tags.iter().map(|tag| tag.tag.as_str().parse().ok()).collect();
    let version = prerelease.or_else(|| version(tags, &read));
    for tag in tags.iter_mut() {
        if let Some((version, claim)) = version.as_ref().and_then(|one| Some((one, claim_beside(tag, one)?)))
        {
            tag.claim = claim;
            tag.why = tags::reason(claim, version);
            tag.is_provisional = claim != Claim::Literal;
        } else if tag.claim == Claim::Run && tag.why.is_none() {
            tag.why = Some("no version in sight: moves with each run of its ref".to_owned());
        }
    }
    if let Some(version) = &version {
        for tag in tags.iter_mut().filter(|tag| tag.claim != Claim::Run) {
            tag.form = forms::of(tag.tag.as_str(), tag.claim, Some(version), Some(tag.form.clone()));
        }
        let all: Vec<(bool, Form)> =
            tags.iter().map(|tag| (tag.claim == Claim::Literal, tag.form.clone())).collect();
        let follows = |tag: &&mut PlacedTag| matches!(tag.claim, Claim::Versions(_) | Claim::Prereleases(_));
        for tag in tags.iter_mut().filter(follows) {
            let all = all.iter().map(|(is_whole, form)| (*is_whole, form));
            tag.family = tags::family(tag.tag.as_str(), &tag.form, all);
        }
    }
    version.map(Box::new)
}

/// Whether it is a constant that stays. The hash of a commit may be all digits.
fn stays(tag: &PlacedTag) -> bool {
    let is_commit = || tag.form.parts().iter().any(|part| matches!(part, Part::Commit(_)));
    tag.claim == Claim::Literal && tag.why.is_none() && !is_commit()
}

/// What a constant stands for beside a version; `None` for what is made of something else.
fn claim_beside(tag: &PlacedTag, version: &Version) -> Option<Claim> {
    let name = tag.tag.as_str();
    let read: Option<Version> = name.parse().ok();
    let is_constant = tag.why.is_none() && claim_of(name, read.is_some()) == tag.claim;
    if !is_constant || (read.is_none() && names_commit(name)) {
        return None;
    }
    let claim = tags::claim(name, version, 0, false, false);
    // Another version's own name stays its own.
    let is_other = claim == Claim::Versions(0) && name != LATEST && read.is_some();
    let is_own = |one: &Version| one.numbers().len() == version.numbers().len() && is_numbered(one);
    Some(match claim {
        _ if is_other => Claim::Literal,
        Claim::Versions(depth) if version.is_prerelease() && names_prereleases(name) => {
            if read.as_ref().is_some_and(is_own) { Claim::Literal } else { Claim::Prereleases(depth) }
        }
        claim => claim,
    })
}

/// Whether it says which one of its prereleases it is: `1.0.1-beta.1` does, and `1.0.1-beta` does not.
fn is_numbered(version: &Version) -> bool {
    version.tail().contains(|c: char| c.is_ascii_digit())
}

/// Whether a name says that it is of prereleases, as `next` and `1.0-rc` do.
fn names_prereleases(name: &str) -> bool {
    let is_of_them =
        |word: &str| format!("0-{word}").parse().is_ok_and(|version: Version| version.is_prerelease());
    name.split(SEPARATORS).any(is_of_them)
}

/// The prerelease among the tags, where there is no release.
fn prerelease(tags: &[PlacedTag]) -> Option<Version> {
    let read = |tag: &PlacedTag| tag.tag.as_str().parse::<Version>().ok().filter(|_| stays(tag));
    let versions: Vec<Version> = tags.iter().filter_map(read).collect();
    let prereleases = versions.iter().filter(|one| one.is_prerelease() && !names_commit(one.text()));
    // The shortest has no variant.
    let key = |one: &&Version| (one.numbers().len(), is_numbered(one), Reverse(one.tail().len()));
    let prerelease = prereleases.max_by_key(key)?;
    let numbers = prerelease.numbers().len();
    let is_release = |one: &Version| {
        let count = one.numbers().len();
        let is_part = count < numbers && one.prefix(count) == prerelease.prefix(count);
        // One number may be a date, or that of a build.
        let is_number = count == 1 && numbers > 1;
        one.class() != Class::Prerelease && !is_part && !is_number
    };
    (!versions.iter().any(is_release)).then(|| prerelease.clone())
}

/// Takes what moves with releases from the tags of a prerelease.
fn leave_to_releases(tags: &mut Vec<PlacedTag>, prerelease: &Version, diagnostics: &mut Diagnostics) {
    tags.retain(|tag| {
        let is_of_releases = matches!(claim_beside(tag, prerelease), Some(Claim::Versions(_)));
        if is_of_releases {
            let message = format!("`{prerelease}` is a prerelease, so it does not become `{}`", tag.tag);
            let warning = Diagnostic::warning(Code::PRERELEASE_TAG, message).at(tag.span, "");
            diagnostics.report(warning.with_help(
                "leave it out of the tags of prereleases; tags that say so, such as `next` and `1.0-rc`, move with prereleases",
            ));
        }
        !is_of_releases
    });
}

/// The one release among the tags, which read like this; the others that read as releases are what it begins with. Where
/// there is none, what nobody knows behind two numbers or more is taken for a variant, as `alpine` of `1.3.0-alpine`.
fn version(tags: &[PlacedTag], read: &[Option<Version>]) -> Option<Version> {
    let constants = || tags.iter().zip(read).filter(|(tag, _)| stays(tag));
    let versions: Vec<&Version> = constants()
        .filter_map(|(_, version)| version.as_ref())
        .filter(|version| version.class() == Class::Stable)
        .collect();
    if versions.is_empty() {
        let bare = |(tag, version): (&PlacedTag, &Option<Version>)| {
            let version = version.as_ref().filter(|one| one.class() == Class::Unknown)?;
            let numbers =
                version.prefix(version.numbers().len()).filter(|_| !names_commit(tag.tag.as_str()))?;
            (version.numbers().len() > 1).then(|| numbers.parse::<Version>().ok()).flatten()
        };
        let variants: Vec<Version> = constants().filter_map(bare).collect();
        return release(&variants.iter().collect::<Vec<_>>());
    }
    release(&versions)
}

/// The one with the most numbers, if it begins with all others.
fn release(versions: &[&Version]) -> Option<Version> {
    let greatest = versions.iter().max_by_key(|version| (version.numbers().len(), version.tail().len()))?;
    let is_part = |version: &&Version| {
        version.core() == greatest.core()
            || Some(version.core()) == greatest.prefix(version.numbers().len())
            || (version.numbers().len() == 1 && greatest.numbers().len() > 1)
    };
    versions.iter().all(is_part).then(|| (*greatest).clone())
}
