//! What follows the numbers of a version: stable, prerelease, or unknown. The one table of the words that decide.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SEPARATORS;

/// What a version is, compared with the release of the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It comes before the release.
    Prerelease,
    /// Nobody can tell: it owns nothing that floats, and stays below the release.
    Unknown,
    /// The release, or what follows it.
    Stable,
}

/// Where a word may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Anywhere behind the numbers.
    Anywhere,
    /// Anywhere, and the same numbers may be published without it: editions do not compete in a registry.
    Edition,
    /// In an identifier that begins with a digit, as revisions of packages do (`2ubuntu1`).
    Revision,
    /// Behind another identifier (`8u422-b05`).
    Behind,
}

/// What may follow a word in its identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// Nothing, or anything that begins with a digit (`rc1`, `nightly20260101`).
    Digits,
    /// Nothing (`ea`).
    Nothing,
    /// Up to three digits, and only directly behind the numbers: a commit may begin with `a1`.
    FewDigits,
}

/// Words that make a prerelease, in any case, at the start of an identifier (what stands between `.`, `-` and `_`), and
/// the word that each sorts as.
const PRERELEASE_WORDS: [(&str, After, &str); 35] = [
    ("a", After::FewDigits, "alpha"),
    ("alpha", After::Digits, "alpha"),
    ("b", After::FewDigits, "beta"),
    ("beta", After::Digits, "beta"),
    ("c", After::FewDigits, "rc"),
    ("canary", After::Digits, "canary"),
    ("cr", After::Digits, "cr"),
    ("dev", After::Digits, DEV),
    ("devel", After::Digits, DEV),
    ("dirty", After::Nothing, "dirty"),
    ("draft", After::Digits, "draft"),
    ("ea", After::Nothing, "ea"),
    ("eap", After::Digits, "eap"),
    ("edge", After::Digits, "edge"),
    ("experimental", After::Digits, "experimental"),
    ("insider", After::Digits, "insiders"),
    ("insiders", After::Digits, "insiders"),
    ("m", After::FewDigits, "milestone"),
    ("milestone", After::Digits, "milestone"),
    ("next", After::Digits, "next"),
    ("nightly", After::Digits, "nightly"),
    ("pr", After::Digits, "pr"),
    ("pre", After::Digits, "pre"),
    ("prerelease", After::Digits, "prerelease"),
    ("preview", After::Digits, "preview"),
    ("rc", After::Digits, "rc"),
    ("snapshot", After::Digits, "snapshot"),
    ("test", After::Digits, "test"),
    ("testing", After::Digits, "testing"),
    ("trunk", After::Digits, "trunk"),
    ("unstable", After::Digits, "unstable"),
    ("weekly", After::Digits, "weekly"),
    ("wip", After::Digits, "wip"),
    // Spring and Go write them so.
    ("nightlies", After::Digits, "nightly"),
    ("tip", After::Nothing, "tip"),
];

/// What comes before the first alpha.
pub(super) const DEV: &str = "dev";

/// Words of releases, in any case: an identifier is such a word, with or without a number behind it.
const STABLE_WORDS: [(&str, Place); 44] = [
    ("b", Place::Behind),
    ("bpo", Place::Revision),
    ("build", Place::Revision),
    ("ce", Place::Edition),
    ("deb", Place::Revision),
    ("dfsg", Place::Anywhere),
    ("ds", Place::Revision),
    ("ee", Place::Edition),
    ("eks", Place::Anywhere),
    ("eksbuild", Place::Anywhere),
    ("el", Place::Revision),
    ("esr", Place::Edition),
    ("fc", Place::Revision),
    ("final", Place::Anywhere),
    ("fix", Place::Anywhere),
    ("fp", Place::Anywhere),
    ("ga", Place::Anywhere),
    ("gke", Place::Anywhere),
    ("hotfix", Place::Anywhere),
    ("jdk", Place::Edition),
    ("jre", Place::Edition),
    ("k3s", Place::Anywhere),
    ("k0s", Place::Anywhere),
    ("ls", Place::Anywhere),
    ("lts", Place::Edition),
    ("nmu", Place::Revision),
    ("p", Place::Anywhere),
    ("patch", Place::Anywhere),
    ("pl", Place::Anywhere),
    ("post", Place::Anywhere),
    ("r", Place::Anywhere),
    ("rancher", Place::Anywhere),
    ("rel", Place::Anywhere),
    ("release", Place::Anywhere),
    ("rev", Place::Anywhere),
    ("rke2r", Place::Anywhere),
    ("sec", Place::Anywhere),
    ("security", Place::Anywhere),
    ("service", Place::Anywhere),
    ("sp", Place::Anywhere),
    ("sr", Place::Anywhere),
    ("u", Place::Anywhere),
    ("ubuntu", Place::Revision),
    ("v", Place::Anywhere),
];

/// How an image's own tails are read, over the table.
///
/// A suffix is one identifier or several (`slim`, `debian-12`), in any case; a number may follow it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct Tails {
    /// Suffixes of releases.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stable: BTreeSet<String>,
    /// Suffixes of prereleases.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub prerelease: BTreeSet<String>,
    /// The shape that the tails of all versions have, which makes them releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
}

impl Tails {
    /// Whether nothing is said beyond the table.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stable.is_empty() && self.prerelease.is_empty() && self.shape.is_none()
    }

    /// The class of what follows the numbers, and for each identifier the word that it sorts as when it makes a
    /// prerelease.
    pub(super) fn read(&self, rest: &str) -> (Class, Vec<Option<&'static str>>) {
        let identifiers: Vec<&str> = identifiers(rest).collect();
        let mut markers = vec![None; identifiers.len()];
        let mut class = Class::Stable;
        let mut at = 0;
        while at < identifiers.len() {
            let here = &identifiers[at..];
            let attached = at == 0 && !rest.starts_with(SEPARATORS);
            let own = [(&self.prerelease, Class::Prerelease), (&self.stable, Class::Stable)];
            let own = own.into_iter().flat_map(|(suffixes, class)| {
                suffixes.iter().filter_map(move |suffix| Some((fits(suffix, here)?, class)))
            });
            let (count, found) = match own.max_by_key(|(count, _)| *count) {
                Some(found) => found,
                None => {
                    let (count, found, marker) = by_table(here, at == 0, attached);
                    markers[at] = marker;
                    (count, found)
                }
            };
            class = class.min(found);
            at += count;
        }
        if class == Class::Unknown && self.shape.is_some() && self.shape == shape(rest) {
            class = Class::Stable;
        }
        (class, markers)
    }
}

fn identifiers(rest: &str) -> impl Iterator<Item = &str> {
    rest.strip_prefix(SEPARATORS).unwrap_or(rest).split(SEPARATORS)
}

/// How many identifiers a suffix of the image takes up, if they begin with it.
fn fits(suffix: &str, here: &[&str]) -> Option<usize> {
    let words: Vec<&str> = suffix.trim_matches(SEPARATORS).split(SEPARATORS).collect();
    let (last, first) = words.split_last()?;
    let end = here.get(first.len())?;
    let is_digit = |c: char| c.is_ascii_digit();
    let is_same = |a: &str, b: &str| !b.is_empty() && a.eq_ignore_ascii_case(b);
    let begins = first.iter().zip(here).all(|(word, identifier)| is_same(identifier, word));
    let ends = is_same(end, last) || is_same(end.trim_end_matches(is_digit), last);
    (begins && ends).then_some(words.len())
}

/// What the table says of the first identifiers: how many it is about, their class, and the word that they sort as.
fn by_table(here: &[&str], leads: bool, attached: bool) -> (usize, Class, Option<&'static str>) {
    let (identifier, others) = (here[0].to_ascii_lowercase(), &here[1..]);
    let is_digit = |c: char| c.is_ascii_digit();
    if identifier.chars().all(is_digit) {
        // `git describe`: commits after a tag, and the last of them.
        let is_described = others.first().is_some_and(|next| is_commit(next));
        return match is_described {
            true => (2, Class::Prerelease, None),
            false => (1, Class::Stable, None),
        };
    }
    let word = &identifier[..identifier.find(is_digit).unwrap_or(identifier.len())];
    let after = &identifier[word.len()..];
    let is_prerelease = |after_word: After| match after_word {
        After::Digits => true,
        After::Nothing => after.is_empty(),
        After::FewDigits => leads && (1..=3).contains(&after.len()) && after.chars().all(is_digit),
    };
    let marker = PRERELEASE_WORDS.iter().find(|(known, after, _)| *known == word && is_prerelease(*after));
    if let Some((_, _, sorts_as)) = marker {
        return (1, Class::Prerelease, Some(sorts_as));
    }
    let is_letter = attached
        && (identifier.len() == 1 || (identifier.len() == 2 && identifier.starts_with('z')))
        && identifier.chars().all(|c| c.is_ascii_lowercase());
    let stem = identifier.trim_end_matches(is_digit);
    let is_word = |word: &str, place: Place| STABLE_WORDS.contains(&(word, place));
    let is_revision = identifier.starts_with(is_digit)
        && identifier
            .split(is_digit)
            .filter(|run| !run.is_empty())
            .all(|run| is_word(run, Place::Revision) || run == "u");
    let is_stable = is_letter
        || is_revision
        || [Place::Anywhere, Place::Edition]
            .iter()
            .any(|place| is_word(stem, *place) || is_word(&identifier, *place))
        || (!leads && is_word(stem, Place::Behind));
    (1, if is_stable { Class::Stable } else { Class::Unknown }, None)
}

/// Whether an identifier is a commit as `git describe` has it.
fn is_commit(identifier: &str) -> bool {
    let digits = identifier.strip_prefix('g').unwrap_or_default();
    (4..=40).contains(&digits.len()) && digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

/// The shape of what follows the numbers: digits are `0`, what mixes letters and digits is `*`, words stay; `None`
/// without anything.
pub(super) fn shape(rest: &str) -> Option<String> {
    if rest.is_empty() {
        return None;
    }
    let mut shape: String = rest.chars().take_while(|c| SEPARATORS.contains(c)).collect();
    let parts = identifiers(rest).map(|identifier| {
        let is_digit = |c: char| c.is_ascii_digit();
        let stem = identifier.trim_end_matches(is_digit);
        if stem.is_empty() {
            "0".to_owned()
        } else if stem.contains(is_digit) || (identifier.len() >= 7 && is_hexadecimal(identifier)) {
            "*".to_owned()
        } else {
            stem.to_ascii_lowercase()
        }
    });
    shape.push_str(&parts.collect::<Vec<_>>().join("-"));
    Some(shape)
}

fn is_hexadecimal(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_hexdigit())
}

/// Whether a tail is a part of the version, and names neither a variant nor an edition that is not in `own`, the tail of
/// the version that it is compared with.
#[must_use]
pub fn is_of_family(tail: &str, own: &str, tails: &Tails) -> bool {
    if tails.shape.is_some() && shape(tail) == tails.shape {
        return true;
    }
    let stem = |identifier: &str| {
        let identifier = identifier.to_ascii_lowercase();
        let stem = identifier.trim_end_matches(|c: char| c.is_ascii_digit());
        if stem.is_empty() { identifier } else { stem.to_owned() }
    };
    let own: BTreeSet<String> = identifiers(own).map(stem).collect();
    let rest: Vec<&str> = identifiers(tail).collect();
    if tail.is_empty() {
        return true;
    }
    let mut at = 0;
    while at < rest.len() {
        let here = &rest[at..];
        let declared =
            tails.stable.iter().chain(&tails.prerelease).filter_map(|suffix| fits(suffix, here)).max();
        let (count, class, _) = by_table(here, at == 0, at == 0 && !tail.starts_with(SEPARATORS));
        let word = stem(here[0]);
        let is_edition = STABLE_WORDS.contains(&(word.as_str(), Place::Edition));
        let is_own = own.contains(&word);
        if declared.is_none() && !is_own && (class == Class::Unknown || is_edition) {
            return false;
        }
        at += declared.unwrap_or(count);
    }
    true
}
