//! Tags that nothing is put into, such as `edge`: what they stand for where the image has no version.

use super::forms;
use super::publication::PlacedTag;
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

/// Lets constants beside the one version among them move with that version, and gives the version.
pub(super) fn settle(tags: &mut [PlacedTag]) -> Option<Box<Version>> {
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
    version.map(Box::new)
}

/// The one release among the tags, which read like this; the others that read as releases are what it begins with.
fn version(tags: &[PlacedTag], read: &[Option<Version>]) -> Option<Version> {
    // The hash of a commit may be all digits.
    let is_commit = |tag: &PlacedTag| tag.form.parts().iter().any(|part| matches!(part, Part::Commit(_)));
    let is_constant = |tag: &PlacedTag| tag.claim == Claim::Literal && tag.why.is_none() && !is_commit(tag);
    let versions: Vec<&Version> = tags
        .iter()
        .zip(read)
        .filter(|(tag, _)| is_constant(tag))
        .filter_map(|(_, version)| version.as_ref())
        .filter(|version| version.class() == Class::Stable)
        .collect();
    let greatest = versions.iter().max_by_key(|version| (version.numbers().len(), version.tail().len()))?;
    let is_part = |version: &&Version| {
        version.core() == greatest.core()
            || Some(version.core()) == greatest.prefix(version.numbers().len())
            || (version.numbers().len() == 1 && greatest.numbers().len() > 1)
    };
    versions.iter().all(is_part).then(|| (*greatest).clone())
}
