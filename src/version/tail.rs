//! What follows the numbers of a version: stable, prerelease, or unknown. The one table of the words that decide.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::commit;
use crate::form::Form;

/// What may stand between the parts of a version.
pub(crate) const SEPARATORS: [char; 3] = ['.', '-', '_'];

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
    /// Anywhere, and it says nothing beyond the numbers: all such words are one.
    Release,
    /// Anywhere, and the same numbers may be published without it: an edition comes before the plain release, and has no order with
    /// another one.
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
const STABLE_WORDS: [(&str, Place); 52] = [
    ("aks", Place::Edition),
    ("b", Place::Behind),
    ("bpo", Place::Revision),
    ("build", Place::Revision),
    ("ce", Place::Edition),
    ("community", Place::Edition),
    ("datacenter", Place::Edition),
    ("deb", Place::Revision),
    ("developer", Place::Edition),
    ("dfsg", Place::Anywhere),
    ("ds", Place::Revision),
    ("ee", Place::Edition),
    ("eks", Place::Edition),
    ("eksbuild", Place::Edition),
    ("el", Place::Revision),
    ("ent", Place::Edition),
    ("enterprise", Place::Edition),
    ("esr", Place::Edition),
    ("fc", Place::Revision),
    ("final", Place::Release),
    ("fix", Place::Anywhere),
    ("fp", Place::Anywhere),
    ("ga", Place::Release),
    ("gke", Place::Edition),
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
    ("rel", Place::Release),
    ("release", Place::Release),
    ("rev", Place::Anywhere),
    ("rke2r", Place::Anywhere),
    ("sec", Place::Anywhere),
    ("security", Place::Anywhere),
    ("service", Place::Anywhere),
    ("sp", Place::Anywhere),
    ("sr", Place::Anywhere),
    ("tkg", Place::Edition),
    ("u", Place::Anywhere),
    ("ubuntu", Place::Revision),
    ("v", Place::Anywhere),
    ("vmware", Place::Edition),
];

/// The word that those sort as which say nothing beyond the numbers.
const FINAL: &str = "final";

/// The word of releases that a commit may follow: `v1.29.0-eks-5e0fdde` is what the servers of EKS report.
const WITH_COMMIT: &str = "eks";

/// How many digits the number of a run has on GitHub, as nightly builds are called; seconds and days have more or less.
const RUN_DIGITS: usize = 11;

/// Words of one kind, for the reference.
#[derive(Clone, Debug)]
pub struct Words {
    /// What a version with such a word is.
    pub class: &'static str,
    /// The words, in lower case.
    pub words: Vec<&'static str>,
    /// Where they stand, and what may follow.
    pub form: &'static str,
}

/// All words, those of prereleases first.
#[must_use]
pub fn words() -> Vec<Words> {
    let of = |after: After| PRERELEASE_WORDS.iter().filter(move |word| word.1 == after).map(|word| word.0);
    let prereleases = [After::Digits, After::Nothing, After::FewDigits].map(|after| {
        let form = match after {
            After::Digits => "with or without a number behind it: `-rc1`, `-nightly20260101`",
            After::Nothing => "alone: `-ea`",
            After::FewDigits => "right behind the numbers, with one to three digits: `1.2b1`",
        };
        Words { class: "prerelease", words: of(after).collect(), form }
    });
    let of = |place: Place| STABLE_WORDS.iter().filter(move |word| word.1 == place).map(|word| word.0);
    let places = [Place::Anywhere, Place::Release, Place::Edition, Place::Revision, Place::Behind];
    let releases = places.map(|place| {
        let form = match place {
            Place::Anywhere => "with or without a number behind it: `-r2`",
            Place::Release => {
                "the release itself, with or without a number behind it; all these words are one: `.Final`"
            }
            Place::Edition => "an edition, with or without a number behind it: `-ce.0`",
            Place::Revision => {
                "the revision of a package, in a part that begins with a digit: `-2ubuntu1`, `-9.deb12u1`"
            }
            Place::Behind => "not as the first part: `8u422-b05`",
        };
        Words { class: "stable", words: of(place).collect(), form }
    });
    prereleases.into_iter().chain(releases).collect()
}

/// What follows the numbers of an image's versions, where the table does not decide.
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
    /// How many hexadecimal digits the commit has that is a part of the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<usize>,
    /// How many parts of the version or of its build metadata stand behind the commit.
    #[serde(default, skip_serializing_if = "is_none_behind")]
    pub behind_commit: usize,
    /// Whether all digits of the commit are decimal. Where they are not, what is decimal in its place in other versions is
    /// a number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub commit_is_decimal: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_none_behind(count: &usize) -> bool {
    *count == 0
}

impl Tails {
    /// Whether nothing is said beyond the table.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { stable, prerelease, shape, commit, behind_commit: _, commit_is_decimal: _ } = self;
        stable.is_empty() && prerelease.is_empty() && shape.is_none() && commit.is_none()
    }

    /// The identifier of a version, or of the end of one, that is its commit, as the image's versions have them: in the same
    /// place, and so long.
    pub(super) fn commit_in<'t>(&self, version: &'t str) -> Option<&'t str> {
        let identifier = version.rsplit(SEPARATORS).nth(self.behind_commit)?;
        let is_decimal = identifier.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = is_decimal && (!self.commit_is_decimal || Form::of_day(identifier).is_some());
        let is_commit = self.commit == Some(identifier.len()) && commit::is_hexadecimal(identifier);
        (is_commit && !is_number).then_some(identifier)
    }

    /// Whether an identifier has no order: the greater of two commits is not the later one.
    pub(super) fn is_unordered(identifier: &str, commit: Option<&str>) -> bool {
        commit == Some(identifier) || commit::is_mixed(identifier)
    }

    /// Reads what follows the numbers.
    pub(super) fn read(&self, rest: &str) -> Tail {
        let identifiers: Vec<&str> = identifiers(rest).collect();
        let commit = self.commit_in(rest);
        let mut markers = vec![None; identifiers.len()];
        let mut editions = BTreeSet::new();
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
                    let (count, found, marker) = class_of(here, commit, at == 0, attached);
                    markers[at] = marker;
                    editions.extend(edition(here[0]));
                    (count, found)
                }
            };
            class = class.min(found);
            at += count;
        }
        if class == Class::Unknown && self.shape.is_some() && self.shape == shape(rest, self) {
            class = Class::Stable;
        }
        let editions = if class == Class::Stable { editions.into_iter().collect() } else { Vec::new() };
        Tail { class, markers, editions }
    }
}

/// What follows the numbers of a version.
pub(super) struct Tail {
    /// Its class.
    pub(super) class: Class,
    /// For each identifier the word that it sorts as, if that is another one.
    pub(super) markers: Vec<Option<&'static str>>,
    /// The words of editions in it that the image does not declare itself, sorted; only those of releases have any.
    pub(super) editions: Vec<&'static str>,
}

/// The word of an edition that an identifier is, with or without a number behind it.
fn edition(identifier: &str) -> Option<&'static str> {
    let word = stem(identifier);
    STABLE_WORDS.iter().find(|known| **known == (word.as_str(), Place::Edition)).map(|known| known.0)
}

/// An identifier in lower case, without the number behind it; all of it if it is a number.
fn stem(identifier: &str) -> String {
    let identifier = identifier.to_ascii_lowercase();
    let stem = identifier.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.is_empty() { identifier } else { stem.to_owned() }
}

/// What the table and the image say of the first identifiers, as [`by_table`] does.
fn class_of(
    here: &[&str],
    commit: Option<&str>,
    leads: bool,
    attached: bool,
) -> (usize, Class, Option<&'static str>) {
    if commit == Some(here[0]) { (1, Class::Unknown, None) } else { by_table(here, leads, attached) }
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
        let is_described = others.first().is_some_and(|next| commit::is_described(next));
        return match identifier.len() {
            _ if is_described => (2, Class::Prerelease, None),
            RUN_DIGITS => (1, Class::Unknown, None),
            _ => (1, Class::Stable, None),
        };
    }
    if identifier == WITH_COMMIT && others.first().is_some_and(|next| commit::is_commit(next)) {
        return (2, Class::Stable, None);
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
    let is_revision = (identifier.starts_with(is_digit) || !leads)
        && identifier
            .split(is_digit)
            .filter(|run| !run.is_empty())
            .all(|run| is_word(run, Place::Revision) || run == "u");
    let is_either = |place: Place| is_word(stem, place) || is_word(&identifier, place);
    if is_either(Place::Release) {
        return (1, Class::Stable, Some(FINAL));
    }
    let is_stable = is_letter
        || is_revision
        || is_either(Place::Anywhere)
        || is_either(Place::Edition)
        || (!leads && is_word(stem, Place::Behind));
    (1, if is_stable { Class::Stable } else { Class::Unknown }, None)
}

/// The shape of what follows the numbers: digits are `0`, what mixes letters and digits is `*`, words stay; `None`
/// without anything.
pub(super) fn shape(rest: &str, tails: &Tails) -> Option<String> {
    if rest.is_empty() {
        return None;
    }
    let mut shape: String = rest.chars().take_while(|c| SEPARATORS.contains(c)).collect();
    let commit = tails.commit_in(rest);
    let parts = identifiers(rest).map(|identifier| {
        let is_digit = |c: char| c.is_ascii_digit();
        let stem = identifier.trim_end_matches(is_digit);
        if commit == Some(identifier) {
            "*".to_owned()
        } else if stem.is_empty() {
            "0".to_owned()
        } else if stem.contains(is_digit) || commit::is_commit(identifier) {
            "*".to_owned()
        } else {
            stem.to_ascii_lowercase()
        }
    });
    shape.push_str(&parts.collect::<Vec<_>>().join("-"));
    Some(shape)
}

/// Whether a tail is a part of the version, and names neither a variant nor an edition that is not in `own`, the tail of
/// the version that it is compared with.
#[must_use]
pub(crate) fn is_of_family(tail: &str, own: &str, tails: &Tails) -> bool {
    if tails.shape.is_some() && shape(tail, tails) == tails.shape {
        return true;
    }
    let own: BTreeSet<String> = identifiers(own).map(stem).collect();
    let rest: Vec<&str> = identifiers(tail).collect();
    if tail.is_empty() {
        return true;
    }
    let commit = tails.commit_in(tail);
    let mut at = 0;
    while at < rest.len() {
        let here = &rest[at..];
        let declared =
            tails.stable.iter().chain(&tails.prerelease).filter_map(|suffix| fits(suffix, here)).max();
        let (count, class, _) = class_of(here, commit, at == 0, at == 0 && !tail.starts_with(SEPARATORS));
        let is_own = own.contains(&stem(here[0]));
        let is_other = class == Class::Unknown || edition(here[0]).is_some();
        if declared.is_none() && !is_own && is_other {
            return false;
        }
        at += declared.unwrap_or(count);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::{Scheme, Version};
    use super::*;

    #[track_caller]
    fn all(class: Class, texts: &str) {
        for text in texts.split_whitespace() {
            assert_eq!(text.parse::<Version>().unwrap().class(), class, "{text}");
        }
    }

    /// Tags in the forms of linuxserver, GitLab, k3s, RKE2, Temurin, Jenkins, Kubernetes, Debian and Maven.
    #[test]
    fn releases_of_real_lists_are_stable() {
        all(Class::Stable, "4.0.9.2244-ls240 5.2.6.8376-ls203 1.40.4.8679-424562606 v3.1.0-ls5");
        all(Class::Stable, "17.4.2-ce.0 17.4.2-ee.0 16.11.10-ce.0 v1.30.1-k3s1 v1.29.4-k3s2 v1.30.1-rke2r1");
        all(
            Class::Stable,
            "21.0.4_7-jre 17.0.12_7-jdk 8u422-b05-jre 11.0.24_8 2.462.3-lts 2.479-jdk21 2.462.3-lts-jdk17",
        );
        all(
            Class::Stable,
            "v1.30.1-eks-1-30-7 v1.30.1-gke.1234 v1.30.1-eksbuild.3 v1.29.0-eks-5e0fdde 1.27.9-eks-c12679a v1.28.5-aks.2 v1.28.5-aks-20240101 v1.28.3-vmware.1 v1.26.8-tkg.2 v1.31.0 12.7 2.36-9 7.88.1-10 1.22.1-2ubuntu1",
        );
        all(
            Class::Stable,
            "7.88.1-10u7 2.36-9.deb12u1 1.2.3-1build2 5.0.0.Final 6.1.0.GA 2.1.0.RELEASE 1.0.post1 1.1.1w 1.0.2zk 1.2.3p1",
        );
        all(
            Class::Stable,
            "3.4-hotfix2 3.4-sp1 115.0esr 1.2.3-v9 1.2.3-r2 1.2.3-1 17.0.1_12 1.1.1a 3.5a 2024b",
        );
        all(Class::Stable, "3.3.4.8.1874-ls5 1.2.3.4.5 1.2.3.4.5.6");
        // Days and seconds.
        all(Class::Stable, "9.4-1214.1729773476 1.2.3-20260102 1.2.3-202601021504 1.2.3-20260102150405");
    }

    #[test]
    fn prereleases_of_real_lists_are_none() {
        all(
            Class::Prerelease,
            "v1.31.0-alpha.1 v1.31.0-rc.0 17.4.2-rc42.ce.0 5.0.0-beta-ls1 v1.30.1-rc1-k3s1 26-ea 2024.2-eap1",
        );
        all(
            Class::Prerelease,
            "1.2.3-next 1.2.3-next.4 1.2.3-canary.12 1.2.3-edge 1.2.3-insiders 1.2.3-experimental 1.2.3-test",
        );
        all(
            Class::Prerelease,
            "1.2.3-trunk 1.2.3-weekly.7 1.2.3-nightly20260101 1.2.3-draft 1.2.3-wip 1.2.3-pr.12 1.2.3-pr12",
        );
        all(Class::Prerelease, "1.2.3-5-gabcdef0 v1.2.3-12-g0123abc-dirty 1.2.3-14-ga1b2c3d");
    }

    #[test]
    fn what_nobody_knows_is_unknown() {
        all(
            Class::Unknown,
            "1.2.3-alpine 1.2.3-acme 1.2.3-a1b2c3d 1.2.3-91b2c3d 1.2.3-main.5 1.2.3-feature-x 1.2.3foo",
        );
        all(Class::Unknown, "12.4.0-19876543210 12.4.0-19876543210-ubuntu");
        let release: Version = "1.2.3".parse().unwrap();
        for text in ["1.2.3-acme", "1.2.3-alpine3.20", "1.2.3-main.5"] {
            assert!(text.parse::<Version>().unwrap() < release, "{text}");
        }
    }

    #[test]
    fn an_image_decides_itself() {
        let tails = Tails {
            stable: ["acme", "debian-12", "next", "alpine3.20"].map(str::to_owned).into(),
            prerelease: ["-foo", "r"].map(str::to_owned).into(),
            ..Tails::default()
        };
        for (text, class) in [
            ("1.2.3-acme", Class::Stable),
            ("1.2.3-acme.4", Class::Stable),
            ("1.2.3-ACME7", Class::Stable),
            ("1.2.3-next", Class::Stable),
            ("1.2.3-alpine3.20", Class::Stable),
            ("16.4.0-debian-12", Class::Stable),
            ("16.4.0-debian-12-r0", Class::Prerelease),
            ("1.2.3-foo", Class::Prerelease),
            ("1.2.3-acmex", Class::Unknown),
            ("1.2.3-debian", Class::Unknown),
            ("1.2.3-alpine3", Class::Unknown),
        ] {
            assert_eq!(Version::parse_with(text, Scheme::Loose, &tails).unwrap().class(), class, "{text}");
        }
        let shape = "1.40.4.8679-abc123def".parse::<Version>().unwrap().shape();
        let tails = Tails { shape, ..Tails::default() };
        let class = |text| Version::parse_with(text, Scheme::Loose, &tails).unwrap().class();
        assert_eq!(class("1.41.0.1-0a1b2c3d4"), Class::Stable);
        assert_eq!(class("1.41.0.1-acme"), Class::Unknown);
    }
}
