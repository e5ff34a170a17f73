//! Tags that are given without a plan, as the tags of an image: what their names and its version say of them.

use super::dates::{dates_like, is_date};
use crate::commit::{is_commit, is_described, is_mixed};
use crate::form::{Form, Part};
use crate::published::plan_json::{ImageEntry, TagClass, TagEntry};
use crate::published::planned::PlannedImage;
use crate::published::release::has_same_numbers;
use crate::reference::{LATEST, Tag};
use crate::registry::Location;
use crate::version::{Class, SEPARATORS, Scheme, Tails, Version, is_of_family};

/// How many numbers make a tag a version's own when nothing else says so: `1.4` is as often a floating tag.
const OWN_NUMBERS: usize = 3;

/// How many digits a whole commit has at least, those of SHA-1: no number is so long.
const WHOLE_COMMIT: usize = 40;

/// The word before a day that is a version: `RELEASE.2026-03-04`. Of other days, such as `nightly-2026-03-04`, nobody knows.
const RELEASE: &str = "release";

/// The version of what is to get these tags: what it says itself, else what a tag of it or one of these says.
#[must_use]
pub(crate) fn version(
    annotated: Option<&str>,
    source: Option<&Tag>,
    tags: &[(Location, Tag)],
) -> Option<Version> {
    let annotated = annotated.and_then(read).filter(|version| version.numbers().len() > 1);
    let of_source = || source.and_then(|tag| read(tag.as_str())).filter(is_full);
    let of_tags = || {
        let all: Vec<Version> =
            tags.iter().filter_map(|(_, tag)| read(tag.as_str()).filter(is_full)).collect();
        // A variant has tags of its own.
        let plain = all.iter().find(|version| version.class() != Class::Unknown);
        plain.or(all.first()).cloned()
    };
    annotated.or_else(of_source).or_else(of_tags)
}

/// The version without a tail that nothing is known of, such as `1.4.2` of `1.4.2-alpine`: that is a variant, whose tags end
/// like it.
#[must_use]
pub(crate) fn without_variant(version: &Version) -> Option<Version> {
    let numbers = version.prefix(version.numbers().len()).filter(|_| version.class() == Class::Unknown)?;
    let v = version.text().strip_suffix(version.without_v()).unwrap_or_default();
    Version::parse(&[v, numbers].concat(), Scheme::default()).ok()
}

/// Whether a tag is for the variant of a version.
#[must_use]
pub(crate) fn has_variant(tag: &Tag, version: &Version) -> bool {
    let variant = version.tail().trim_start_matches(SEPARATORS);
    !variant.is_empty() && tag.as_str().contains(variant)
}

/// The words before what tells runs apart, whose numbers look like those of versions.
const OF_RUNS: [&str; 6] = ["build", "ci", "run", "job", "pipeline", "pr"];

/// Words of what is built all the time, ahead of releases.
const STREAMS: [&str; 15] = [
    "canary",
    "daily",
    "dev",
    "devel",
    "edge",
    "experimental",
    "insider",
    "insiders",
    "nightlies",
    "nightly",
    "snapshot",
    "tip",
    "trunk",
    "unstable",
    "weekly",
];

/// Words of what is on its way to be a release.
const STAGES: [&str; 8] = ["candidate", "qa", "stage", "staging", "tested", "uat", "unsigned", "verified"];

/// Whether the text of a tag is for this version, and by its words for a variant or an edition of it (`1.4.2-alpine`), or for what is built
/// ahead of it all the time (`nightly-1.4.2`). Candidates, commits, numbers of runs and `own` words tell nothing.
#[must_use]
pub(crate) fn is_beside(planned: &Version, tails: &Tails, own: &[&str], text: &str) -> bool {
    let (before, version) = match Version::parse(text, Scheme::default()) {
        Ok(version) => ("", version),
        Err(_) => {
            let split = split_prefix(text);
            let read = split.and_then(|(before, rest)| {
                Some((before, Version::parse(rest, Scheme::default()).ok().filter(is_full)?))
            });
            let Some(found) = read else { return false };
            found
        }
    };
    if !numbers(planned).starts_with(&numbers(&version)) {
        return false;
    }
    let stem = |word: &str| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
    let is_in = |words: &[&str], word: &str| words.contains(&stem(word).as_str());
    let is_stream = |word: &str| is_in(&STREAMS, word);
    let tail = version.tail();
    let says_nothing = |word: &str| {
        word.is_empty()
            || stem(word).is_empty()
            || is_commit(word)
            || is_described(word)
            || own.iter().any(|own| own.eq_ignore_ascii_case(word))
            || is_in(&OF_RUNS, word)
            || is_in(&STAGES, word)
    };
    let rest: Vec<&str> = tail.split(SEPARATORS).filter(|word| !says_nothing(word)).collect();
    let separator = if tail.starts_with(SEPARATORS) { "-" } else { "" };
    before.split(SEPARATORS).any(is_stream)
        || rest.iter().any(|word| is_stream(word))
        || (!rest.is_empty()
            && !is_of_family(&format!("{separator}{}", rest.join("-")), planned.tail(), tails))
}

/// The version whose own tag this is in whatever form, if its numbers are other ones than planned.
#[must_use]
pub(crate) fn other_release(planned: &Version, tag: &Tag) -> Option<Version> {
    let is_day = |version: &Version| Form::of_day(version.text()).is_some();
    let (before, version) = match Version::parse(tag.as_str(), Scheme::default()) {
        Ok(version) => ("", version),
        Err(_) => prefixed(tag.as_str())?,
    };
    let is_of_run =
        before.split(SEPARATORS).any(|word| OF_RUNS.iter().any(|own| word.eq_ignore_ascii_case(own)));
    let is_other = is_full(&version)
        && !is_of_run
        && is_day(&version) == is_day(planned)
        && !has_same_numbers(&version, planned);
    is_other.then_some(version)
}

/// What is written before a commit in tags.
const OF_COMMITS: [&str; 5] = ["sha", "git", "commit", "rev", "g"];

/// The commit that a tag names, such as `sha-1234567` or `main-1a2b3c4`.
#[must_use]
pub(crate) fn commit_in(tag: &Tag) -> Option<&str> {
    let text = tag.as_str();
    let words: Vec<&str> = text.split(SEPARATORS).collect();
    let is_version = named_version(tag).is_some();
    let names = |(at, word): &(usize, &str)| {
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        let is_told = OF_COMMITS.iter().any(|own| before.eq_ignore_ascii_case(own));
        // Digits alone, in the tag of a version, are of its numbers.
        let is_plain = !is_version && *at + 1 == words.len() && (is_told || word.len() >= WHOLE_COMMIT);
        is_mixed(word) || is_commit(word) && is_plain
    };
    words.iter().copied().enumerate().rev().find(names).map(|(_, word)| word)
}

/// The commit that a tag names as another one does, whose digits stand behind the same text: `main-1234567` beside
/// `main-abcdef1`. Digits alone may be a day.
#[must_use]
pub(crate) fn commit_like<'t>(tag: &'t Tag, other: &Tag) -> Option<&'t str> {
    let digits = commit_in(other)?;
    let (before, after) = other.as_str().split_once(digits)?;
    let own = tag.as_str().strip_prefix(before)?.strip_suffix(after)?;
    (own.len() == digits.len() && is_commit(own) && !is_date(own)).then_some(own)
}

/// Whether a version is whole: `1.4` is as often a floating tag.
pub(crate) fn is_full(version: &Version) -> bool {
    version.numbers().len() >= OWN_NUMBERS
}

/// The version in a text: all of it, or what follows a prefix such as `api-` or `RELEASE.`, if that is whole.
fn read(text: &str) -> Option<Version> {
    Version::parse(text, Scheme::default()).ok().or_else(|| Some(prefixed(text)?.1))
}

/// The prefix of a text and the whole version that follows it; nothing for what has none, such as `sha-1234567`, or one that
/// is tried before a release, such as `nightly-1.4.2`.
fn prefixed(text: &str) -> Option<(&str, Version)> {
    let (before, rest) = split_prefix(text)?;
    let words = before.trim_end_matches(SEPARATORS);
    if Form::of_day(rest).is_some() {
        let is_release = words.eq_ignore_ascii_case(RELEASE);
        return is_release
            .then(|| Version::parse(rest, Scheme::Calver).ok())
            .flatten()
            .map(|day| (before, day));
    }
    let is_tried = |word: &str| {
        let tried = Version::parse(&format!("0-{word}"), Scheme::default());
        tried.is_ok_and(|version| version.is_prerelease())
    };
    if words.split(SEPARATORS).any(is_tried) {
        return None;
    }
    let version = Version::parse(rest, Scheme::default()).ok().filter(is_full)?;
    Some((before, version))
}

/// The words at the start of a text, and what follows them from the first number on, perhaps a version.
fn split_prefix(text: &str) -> Option<(&str, &str)> {
    let begins = |rest: &str| rest.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit());
    let places = text.match_indices(SEPARATORS).map(|(at, separator)| at + separator.len());
    let (before, rest) = places.map(|at| text.split_at(at)).find(|(_, rest)| begins(rest))?;
    let words = before.trim_end_matches(SEPARATORS);
    // In `node18.2.1`, the version begins with 18.
    let is_within = before.ends_with('.') && words.ends_with(|c: char| c.is_ascii_digit());
    (!words.is_empty() && !begins(words) && !is_within).then_some((before, rest))
}

/// What stands before the versions in the tags of an image, and in the tag that it comes from.
#[must_use]
pub(crate) fn prefixes(image: &PlannedImage, source: Option<&Tag>) -> Vec<String> {
    let of_form = |form: &Form| match form.parts() {
        [Part::Text(before), Part::Version, ..] => Some(before.clone()),
        _ => None,
    };
    let of_source = source.and_then(|tag| Some(prefixed(tag.as_str())?.0.to_owned()));
    image.tags.iter().filter_map(|tag| of_form(&tag.form)).chain(of_source).collect()
}

/// The image of these tags, which come from `source`; `named` is the version as it was named, with its variant.
///
/// # Errors
/// When a tag cannot be one of an image.
pub(crate) fn image(
    version: Option<&Version>,
    named: Option<&Version>,
    source: Option<&Tag>,
    tags: &[(Location, Tag)],
) -> Result<PlannedImage, String> {
    let mut entries: Vec<TagEntry> = Vec::new();
    let mut repositories: Vec<Location> = Vec::new();
    let own: Vec<Form> = tags.iter().filter_map(|(_, tag)| own_form(version?, tag)).collect();
    let tail = named.filter(|named| named.class() == Class::Unknown).map(Version::tail);
    let of_tail = tail.and_then(|tail| format!("{{version}}{tail}").parse::<Form>().ok());
    let of_source = source.and_then(|tag| own_form(version?, tag));
    let variants: Vec<Form> = own.iter().cloned().chain(of_source.clone()).chain(of_tail).collect();
    let is_day = version.is_some_and(|version| Form::of_day(version.text()).is_some());
    let plain = || "{version}".parse::<Form>().into_iter().filter(|_| !is_day).collect();
    let mut all: Vec<Form> = if own.is_empty() { plain() } else { own };
    // What the source has before its version, its likes have in the repository.
    let is_prefixed = source.is_some_and(|tag| prefixed(tag.as_str()).is_some());
    all.extend(of_source.filter(|form| is_prefixed && !all.contains(form)));
    let own = all;
    for (location, tag) in tags {
        if !repositories.contains(location) {
            repositories.push(location.clone());
        }
        match entries.iter_mut().find(|entry| entry.name == *tag) {
            Some(entry) => entry.repositories.get_or_insert_default().push(location.clone()),
            None => entries.push(entry(version, tag, location, &own, &variants)),
        }
    }
    PlannedImage::try_from(ImageEntry {
        version: version.map(|version| version.text().to_owned()),
        repositories,
        mirrors: Vec::new(),
        tags: entries,
        yielded: Vec::new(),
        scheme: if is_day { Scheme::Calver } else { Scheme::default() },
        tails: Tails::default(),
        withdrawn: Vec::new(),
        other_forms: Vec::new(),
        unclear: Vec::new(),
        codenames: Vec::new(),
        without: Vec::new(),
        immutable: false,
        index: true,
        annotations: std::collections::BTreeMap::new(),
        builds: indexmap::IndexMap::new(),
        reused: None,
    })
}

/// Whether a tag stands for the whole version, such as `1.4.2`, `v1.4.2` or `1.4.2-alpine`.
fn own_form(version: &Version, tag: &Tag) -> Option<Form> {
    form(tag.as_str(), version.without_v())
}

/// The version that a tag names, whole or by its first numbers, if it is not this one. What a tag such as `prod` names is
/// no version.
#[must_use]
pub(crate) fn other_version(version: Option<&Version>, prefixes: &[String], tag: &Tag) -> Option<Version> {
    let within = || prefixes.iter().find_map(|prefix| read(tag.as_str().strip_prefix(prefix.as_str())?));
    let named = named_version(tag).or_else(within)?;
    let own = numbers(version?);
    let other = numbers(&named);
    let is_other = if other.len() < OWN_NUMBERS {
        !own.starts_with(&other)
    } else {
        own != other || is_other_release(version?, &named)
    };
    is_other.then_some(named)
}

/// Whether two versions of the same numbers are told apart by what follows: a prerelease or a revision of one is no
/// variant of it. What was tried as a prerelease may become the release.
fn is_other_release(version: &Version, named: &Version) -> bool {
    // Build metadata stands behind a `-` in tags.
    let tagged = Version::parse(&version.text().replace('+', "-"), Scheme::default());
    let own = tagged.as_ref().unwrap_or(version);
    let is_release_of = own.class() == Class::Prerelease && named.tail().is_empty();
    named.class() != Class::Unknown
        && is_of_family(named.tail(), own.tail(), &Tails::default())
        && named.cmp_precedence(own).is_ne()
        && !is_release_of
}

/// The version that a tag names, whole or by its first numbers; behind a prefix only whole. `1a2b3c4` is a commit, unless it
/// begins with a day.
#[must_use]
pub(crate) fn named_version(tag: &Tag) -> Option<Version> {
    read(tag.as_str()).filter(|version| !is_mixed(tag.as_str()) || dates_like(version).is_some())
}

/// Whether a tag is a version's own: `1.4` is as often a floating tag.
#[must_use]
pub(crate) fn is_own_tag(tag: &Tag) -> bool {
    named_version(tag).as_ref().is_some_and(is_full)
}

/// Whether a tag is for the greatest version of all, or of those with the same prefix or variant, such as `api-latest`.
#[must_use]
pub(crate) fn is_latest(tag: &Tag) -> bool {
    around_latest(tag).is_some()
}

/// What stands around `latest` in a tag.
fn around_latest(tag: &Tag) -> Option<(&str, &str)> {
    let (before, after) = tag.as_str().split_once(LATEST)?;
    let is_apart = (before.is_empty() || before.ends_with(SEPARATORS))
        && (after.is_empty() || after.starts_with(SEPARATORS));
    is_apart.then_some((before, after))
}

fn numbers(version: &Version) -> Vec<u64> {
    version.numbers().iter().map(|number| number.value()).collect()
}

/// What stands around a piece of a version in a tag, if it stands for itself.
fn form(tag: &str, piece: &str) -> Option<Form> {
    let (at, _) = tag.match_indices(piece).next()?;
    let (before, after) = (&tag[..at], &tag[at + piece.len()..]);
    let goes_on = |c: char| c.is_ascii_digit() || c == '.';
    // `RELEASE.2026-03-04` begins with no number.
    let is_within = before.strip_suffix('.').unwrap_or(before).ends_with(|c: char| c.is_ascii_digit());
    if is_within || after.starts_with(|c: char| goes_on(c) || c.is_ascii_alphabetic()) {
        return None;
    }
    format!("{before}{{version}}{after}").parse().ok()
}

/// The floating name of a variant whose own tags have this form, such as `alpine` of `1.4.2-alpine`.
fn floating_name(form: &Form) -> Option<String> {
    let form = form.without_v();
    let (before, after) = match form.parts() {
        [Part::Version, Part::Text(after)] => ("", after),
        [Part::Text(before), Part::Version, Part::Text(after)] => (before.as_str(), after),
        _ => return None,
    };
    let variant = after.trim_start_matches(SEPARATORS);
    (!variant.is_empty() && variant != after).then(|| [before, variant].concat())
}

fn entry(
    version: Option<&Version>,
    tag: &Tag,
    location: &Location,
    own: &[Form],
    variants: &[Form],
) -> TagEntry {
    let follows = version.and_then(|version| {
        if let Some(form) = own_form(version, tag) {
            return Some((false, version.numbers().len(), form.clone(), vec![form]));
        }
        let shorter = (1..version.numbers().len()).rev().find_map(|count| {
            let form = form(tag.as_str(), version.prefix(count)?.trim_start_matches('v'))?;
            Some((true, count, form.clone(), vec![form]))
        });
        let latest = || {
            let family = match around_latest(tag)? {
                ("", "") => own.to_vec(),
                (before, after) => vec![format!("{before}{{version}}{after}").parse().ok()?],
            };
            Some((true, 0, Form::text(tag.as_str()), family))
        };
        let of_variant = || {
            let form = variants.iter().find(|form| floating_name(form).as_deref() == Some(tag.as_str()))?;
            Some((true, 0, Form::text(tag.as_str()), vec![form.clone()]))
        };
        shorter.or_else(latest).or_else(of_variant)
    });
    let class = match version.map(Version::class) {
        Some(Class::Stable) => TagClass::Version,
        _ => TagClass::Prerelease,
    };
    let of_commit = |digits: &str| {
        let (before, after) = tag.as_str().split_once(digits)?;
        format!("{before}{{commit:{}}}{after}", digits.len()).parse::<Form>().ok()
    };
    let commit = commit_in(tag).and_then(of_commit);
    let (name, repositories) = (tag.clone(), Some(vec![location.clone()]));
    let (why, provisional) = (None, false);
    match follows {
        Some((floating, count, form, family)) => {
            let numbers = floating.then_some(count);
            let family = if floating { family } else { Vec::new() };
            TagEntry { name, floating, class, numbers, form, family, why, provisional, repositories }
        }
        None => TagEntry {
            form: commit.as_ref().map_or_else(|| Form::text(tag.as_str()), Clone::clone),
            name,
            floating: commit.is_none(),
            class: if commit.is_some() { TagClass::Run } else { TagClass::Constant },
            numbers: None,
            family: Vec::new(),
            why,
            provisional,
            repositories,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &str) -> Vec<(Location, Tag)> {
        let location: Location = "r.io/a".parse().unwrap();
        names.split_whitespace().map(|name| (location.clone(), name.parse().unwrap())).collect()
    }

    #[test]
    fn names_say_what_tags_move_with() {
        for (version, name, expected) in [
            ("1.4.2", "1.4.2", "own {version}"),
            ("1.4.2", "v1.4.2", "own v{version}"),
            ("v1.4.2", "1.4.2", "own {version}"),
            ("1.4.2", "1.4.2-alpine", "own {version}-alpine"),
            ("1.4.2", "api-1.4.2", "own api-{version}"),
            ("1.4.2", "1.4", "2 {version}"),
            ("1.4.2", "1", "1 {version}"),
            ("1.4.2", "v1.4", "2 v{version}"),
            ("1.4.2", "1.4-alpine", "2 {version}-alpine"),
            ("1.4.2", "latest", "0 {version}"),
            ("1.4.2", "api-1.4", "2 api-{version}"),
            ("1.4.2", "api-latest", "0 api-{version}"),
            ("1.4.2", "latest-alpine", "0 {version}-alpine"),
            ("1.4.2", "rel.1.4.2", "own rel.{version}"),
            ("1.4.2", "later", "constant"),
            ("1.4.2", "thelatest", "constant"),
            ("1.4.2", "1.1.4.2", "constant"),
            ("1.4.2", "1.5", "constant"),
            ("1.4.2", "11.4", "constant"),
            ("1.4.2", "1.4.20", "constant"),
            ("1.4.2", "prod", "constant"),
            ("1.4.2", "alpine3.14", "constant"),
            ("-", "latest", "constant"),
            ("-", "1.4", "constant"),
        ] {
            let version = Version::parse(version, Scheme::default()).ok();
            let image = image(version.as_ref(), None, None, &tags(name)).unwrap();
            let [tag] = image.tags.as_slice() else { panic!("one tag") };
            let family: Vec<_> = tag.family.iter().map(ToString::to_string).collect();
            let found = match (tag.class, tag.floating, tag.numbers) {
                (TagClass::Constant, true, None) => "constant".to_owned(),
                (_, false, None) => format!("own {}", tag.form),
                (_, true, Some(count)) => format!("{count} {}", family.join(" ")),
                other => panic!("{name}: {other:?}"),
            };
            assert_eq!(found, expected, "{version:?} {name}");
        }
    }

    #[test]
    fn the_name_of_a_variant_moves_with_its_versions() {
        for (named, source, names, expected) in [
            ("1.4.2-alpine", "1.4.2-alpine", "alpine", "{version}-alpine"),
            ("1.4.2", "1.4.2-alpine", "alpine", "{version}-alpine"),
            ("1.4.2-slim-bookworm", "", "slim-bookworm", "{version}-slim-bookworm"),
            ("1.4.2", "", "slim 1.4.2-slim", "{version}-slim"),
            ("v1.4.2-slim", "v1.4.2-slim", "slim", "v{version}-slim"),
            ("1.4.2-alpine", "api-1.4.2-alpine", "api-alpine", "api-{version}-alpine"),
            ("1.4.2-alpine", "1.4.2-alpine", "slim", ""),
            ("1.4.2", "1.4.2", "alpine", ""),
            ("1.4.2", "sha-1234567", "alpine", ""),
        ] {
            let [named, plain] =
                [named, "1.4.2"].map(|version| Version::parse(version, Scheme::default()).unwrap());
            let source: Option<Tag> = source.parse().ok();
            let image = image(Some(&plain), Some(&named), source.as_ref(), &tags(names)).unwrap();
            let family: Vec<_> = image.tags[0].family.iter().map(ToString::to_string).collect();
            assert_eq!(family.join(" "), expected, "{named:?} {source:?} {names}");
        }
    }

    #[test]
    fn a_tag_of_another_version_is_known() {
        for (version, tag, expected) in [
            ("1.4.2", "1", false),
            ("1.4.2", "v1.4", false),
            ("1.4.2", "1.4-alpine", false),
            ("1.4.2", "1.4.2", false),
            ("1.4.2", "2", true),
            ("1.4.2", "v1.3", true),
            ("1.4.2", "1.3-alpine", true),
            ("1.4.2", "1.4.3", true),
            ("1.4.2", "1.4.2-rc1", true),
            ("1.4.2", "1.4.2_1", true),
            ("1.4.2-rc1", "1.4.2-rc2", true),
            ("1.4.2-rc1", "1.4.2-rc1", false),
            ("1.4.2-rc1", "1.4.2", false),
            ("1.4.2", "1.4.2-alpine", false),
            ("1.4.2", "api-1.4.3", true),
            ("1.4.2", "my-api-v2.0.0-alpine", true),
            ("1.4.2", "RELEASE.2026-03-04", true),
            ("1.4.2", "api-1.4.2", false),
            ("1.4.2", "api-1.3", false),
            ("1.4.2", "nightly-2026-03-04", false),
            ("1.4.2", "nightly-1.4.3", false),
            ("1.4.2", "sha-1234567", false),
            ("1.4.2", "1a2b3c4", false),
            ("1.4.2", "2a2", true),
            ("1.4.2", "v1.4.2-alpine3.20", false),
            ("1.30.1+k3s2", "1.30.1-k3s2", false),
            ("24.04", "24", false),
            ("24.04", "22.04", true),
            ("1.4.2", "prod", false),
            ("1.4.2", "latest", false),
            ("1.4.2", "alpine3.14", false),
            ("-", "1.4", false),
        ] {
            let version = Version::parse(version, Scheme::default()).ok();
            let found = other_version(version.as_ref(), &[], &tag.parse().unwrap());
            assert_eq!(found.is_some(), expected, "{version:?} {tag}");
        }
    }

    #[test]
    fn a_version_is_what_is_surest() {
        let found = |annotated: Option<&str>, source: &str, names: &str| {
            let source: Option<Tag> = source.parse().ok();
            version(annotated, source.as_ref(), &tags(names)).map(|version| version.text().to_owned())
        };
        for (annotated, source, names, expected) in [
            (Some("1.4.2"), "1.4.3", "1.4.4", Some("1.4.2")),
            (Some("main"), "1.4.3", "1.4.4", Some("1.4.3")),
            (None, "sha-1234567", "1.4 1.4.4 latest", Some("1.4.4")),
            (None, "sha-1234567", "1.4 latest", None),
            (Some("24.04"), "", "latest", Some("24.04")),
            (Some("1234567"), "", "latest", None),
            (None, "", "prod", None),
            (None, "api-1.4.2", "api-1.4 api-latest", Some("1.4.2")),
            (None, "my_api.v1.4.2-alpine", "latest", Some("v1.4.2-alpine")),
            (None, "sha-1234567", "api-1.4.2 latest", Some("1.4.2")),
            (None, "RELEASE.2026-03-04", "latest", Some("2026-03-04")),
            (None, "nightly-2026-03-04", "latest", None),
            (None, "nightly-1.4.2", "latest", None),
            (None, "rc-1.4.2", "latest", None),
            (None, "api-1.4", "latest", None),
            (None, "alpine3.20.1", "latest", None),
            (None, "node18.2.1.3", "latest", None),
        ] {
            assert_eq!(
                found(annotated, source, names).as_deref(),
                expected,
                "{annotated:?} {source} {names}"
            );
        }
    }
}
