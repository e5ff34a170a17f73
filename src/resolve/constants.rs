//! Tags that nothing is put into, such as `edge`: what they stand for where the image has no version.

use super::forms;
use super::publication::PlacedTag;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::form::{Form, Part};
use crate::tags::{self, Claim, LATEST};
use crate::version::{Class, Version};

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
/// those that are releases' are left out.
pub(super) fn settle(tags: &mut Vec<PlacedTag>, diagnostics: &mut Diagnostics) -> Option<Version> {
    leave_to_releases(tags, diagnostics);
    let read: Vec<Option<Version>> = tags.iter().map(|tag| tag.tag.as_str().parse().ok()).collect();
    let version = version(tags, &read);
    for (tag, read) in tags.iter_mut().zip(&read) {
        let name = tag.tag.as_str();
        let is_version = read.is_some();
        let is_constant = tag.why.is_none() && claim_of(name, is_version) == tag.claim;
        let may_follow = is_version || !names_commit(name);
        let of_version = version.as_ref().filter(|_| is_constant && may_follow).map(|version| {
            let claim = tags::claim(name, version, 0, false, false);
            // Another version's own name stays its own.
            let is_other = claim == Claim::Versions(0) && name != LATEST && is_version;
            (version, if is_other { Claim::Literal } else { claim })
        });
        if let Some((version, claim)) = of_version {
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
        for tag in tags.iter_mut().filter(|tag| matches!(tag.claim, Claim::Versions(_))) {
            let all = all.iter().map(|(is_whole, form)| (*is_whole, form));
            tag.family = tags::family(tag.tag.as_str(), &tag.form, all);
        }
    }
    version
}

/// Whether it is a constant that stays. The hash of a commit may be all digits.
fn stays(tag: &PlacedTag) -> bool {
    let is_commit = || tag.form.parts().iter().any(|part| matches!(part, Part::Commit(_)));
    tag.claim == Claim::Literal && tag.why.is_none() && !is_commit()
}

/// Takes `latest` and the numbers of a release from a prerelease that is the only version there.
fn leave_to_releases(tags: &mut Vec<PlacedTag>, diagnostics: &mut Diagnostics) {
    let read = |tag: &PlacedTag| tag.tag.as_str().parse::<Version>().ok().filter(|_| stays(tag));
    let versions: Vec<Version> = tags.iter().filter_map(read).collect();
    let prereleases = versions.iter().filter(|one| one.is_prerelease() && one.numbers().len() > 1);
    let Some(prerelease) = prereleases.max_by_key(|one| one.numbers().len()) else { return };
    let is_part = |version: &Version| {
        version.numbers().len() < prerelease.numbers().len()
            && Some(version.core()) == prerelease.prefix(version.numbers().len())
    };
    if versions.iter().any(|one| one.class() != Class::Prerelease && !is_part(one)) {
        return;
    }
    tags.retain(|tag| {
        let is_of_release =
            tag.tag.as_str() == LATEST && tag.why.is_none() || read(tag).is_some_and(|one| is_part(&one));
        if is_of_release {
            let message = format!("`{prerelease}` is a prerelease, so it does not become `{}`", tag.tag);
            let warning = Diagnostic::warning(Code::PRERELEASE_TAG, message).at(tag.span, "");
            diagnostics.report(
                warning.with_help(
                    "leave it out of the tags of prereleases; they may share a name such as `next`",
                ),
            );
        }
        !is_of_release
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
