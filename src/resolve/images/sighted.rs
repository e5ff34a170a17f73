//! The version that tags show which are written out, alone (`1.2.3-alpine`) or behind a word (`api-v1.2.3`).

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::iter::once;

use super::constants::{claim, names_commit, names_latest, names_prereleases};
use crate::form::{Form, Part};
use crate::resolve::publication::PlacedTag;
use crate::tags::Claim;
use crate::version::{Class, SEPARATORS, Version, may_be_day};

/// How many numbers a version has at least behind a word: `php-8.3` may be a variant, `release-1.2.3` is a version.
const MIN_NUMBERS_BEHIND: usize = 3;

/// What the merge does with floating tags beside others that leave open which version they mean.
pub(in crate::resolve) const KEPT_BY_GREATER: &str =
    "the merge leaves a floating tag with an index that also has a tag of this kind with greater numbers";

/// How an image reads versions.
pub(in crate::resolve) type Reader<'a> = dyn Fn(&str) -> Option<Version> + 'a;

/// A version, and how the tags show it.
pub(in crate::resolve) struct Sighted {
    /// The version.
    pub version: Version,
    /// The words that stand before it, with what parts them from it; none where it stands alone.
    pub words: Vec<String>,
}

/// The version that these tags show, as their image reads versions: of a release, or of a prerelease where there is no
/// release.
pub(in crate::resolve) fn sighted(tags: &[PlacedTag], read: &Reader<'_>) -> Option<Sighted> {
    let names = tags.iter().filter(|tag| stays(tag)).map(|tag| tag.tag.as_str());
    let alone: Vec<Version> = names.filter_map(|name| alone(name, read)).collect();
    let version = prerelease(&alone).or_else(|| release_alone(&alone, read));
    version.map(|version| Sighted { version, words: Vec::new() }).or_else(|| behind_words(tags, read))
}

/// The tags that are written out and look like versions, where no version is sighted that others would move with.
pub(in crate::resolve) fn unclear(tags: &[PlacedTag]) -> Vec<&PlacedTag> {
    let constants: Vec<&PlacedTag> =
        tags.iter().filter(|tag| tag.form.is_text() && claim(tag.tag.as_str()) == tag.claim).collect();
    let looks: Vec<&PlacedTag> =
        constants.iter().filter(|tag| shows_numbers(tag.tag.as_str())).copied().collect();
    // `8` beside `8-jre` may be of either; `1` and `2` are of two versions.
    let numbers: Vec<&str> = looks.iter().filter_map(|tag| first_number(tag.tag.as_str())).collect();
    let is_nested = numbers.iter().collect::<BTreeSet<_>>().len() < numbers.len();
    // One number alone, as in `1-debug`, need not be a version's.
    let is_any_dotted = looks.iter().any(|tag| is_dotted(tag.tag.as_str()));
    // `3.20.1` beside `1.2.3-3.20.1` may be the version or the variant.
    let is_end = ends(tags).into_iter().any(|(before, name)| is_dotted(before) && is_dotted(name));
    let leaves_open =
        is_any_dotted && constants.iter().any(|tag| tag.claim == Claim::Run) || is_nested || is_end;
    // `17-alpine` and `jdk-21` beside `latest` show a version of something.
    let is_latest = constants.iter().any(|tag| names_latest(tag.tag.as_str()));
    let is_any_numbered = looks.iter().any(|tag| !names_commit(tag.tag.as_str()));
    if constants.len() > 1 && (leaves_open || is_latest && is_any_numbered) {
        return looks;
    }
    let behind = constants.into_iter().filter(|tag| is_latest && has_number_behind_word(tag.tag.as_str()));
    behind.collect()
}

/// The names with numbers that other tags have behind a version with more numbers, as `24.04` of `1.2.4-24.04`: they are variants.
pub(in crate::resolve) fn numbered_variants(tags: &[PlacedTag], read: &Reader<'_>) -> BTreeSet<String> {
    let is_variant = |(version, name): &(&str, &str)| {
        let (Some(version), Some(name)) = (read(version), read(name)) else { return false };
        let own = name.numbers().len();
        version.tail().is_empty() && !name.is_prerelease() && own > 1 && version.numbers().len() > own
    };
    ends(tags).into_iter().filter(is_variant).map(|(_, name)| name.to_owned()).collect()
}

/// Whether tags show a day and its month, with something else than dots between the numbers: `2026-01-16` and `2026-01`.
pub(in crate::resolve) fn has_part_of_day(tags: &[PlacedTag]) -> bool {
    let ends = |name: &str, at: usize| {
        let rest = &name[at..];
        rest.is_empty()
            || rest.starts_with(SEPARATORS) && !rest[1..].starts_with(|c: char| c.is_ascii_digit())
    };
    let names = || tags.iter().filter(|tag| tag.form.is_text()).map(|tag| tag.tag.as_str());
    let is_day = |day: &&str| !day.contains('.') && Form::of_day(day).is_some();
    let day = |name: &str| name.get(..10).filter(is_day).is_some() && ends(name, 10);
    let months: BTreeSet<&str> = names().filter(|name| day(name)).filter_map(|name| name.get(..7)).collect();
    let is_part = |name: &str| name.get(..7).is_some_and(|month| months.contains(month) && ends(name, 7));
    names().any(is_part)
}

/// The names that other tags end with, behind a separator, and what those have before it.
fn ends(tags: &[PlacedTag]) -> Vec<(&str, &str)> {
    let constants = tags.iter().filter(|tag| tag.form.is_text() && claim(tag.tag.as_str()) == tag.claim);
    let names: BTreeSet<&str> = constants.clone().map(|tag| tag.tag.as_str()).collect();
    let mut found = Vec::new();
    for tag in constants {
        let text = tag.tag.as_str();
        let pairs = text.match_indices(['-', '_']).map(|(at, _)| (&text[..at], &text[at + 1..]));
        found.extend(pairs.filter(|(_, name)| names.contains(name)));
    }
    found
}

/// Whether something stands in a name that looks like a version's numbers.
fn shows_numbers(name: &str) -> bool {
    !names_prereleases(name) && (is_dotted(name) || alone(name, &|text| text.parse().ok()).is_some())
}

/// Whether a small number stands behind a word, as in `jdk-21` and `node20`, that is neither of runs nor of processors; or a
/// day.
fn has_number_behind_word(name: &str) -> bool {
    const OTHERS: [&str; 12] = ["amd", "arm", "b", "build", "ci", "job", "pr", "r", "riscv", "run", "s", "x"];
    let is_word = |word: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphabetic();
        !word.is_empty()
            && word.bytes().all(is_letter)
            && !OTHERS.contains(&word.to_ascii_lowercase().as_str())
    };
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_small = |number: &str| number.len() <= 3 && is_number(number);
    let parts: Vec<&str> = name.split(SEPARATORS).collect();
    let is_parted = parts.windows(2).any(|pair| is_word(pair[0]) && is_small(pair[1]));
    let is_joined = |part: &&str| {
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        is_word(word) && is_small(&part[word.len()..])
    };
    // `RELEASE.2026-08-03T04-33-23Z`.
    let day = parts.windows(4).find_map(|four| {
        let [word, year, month, day] = four else { return None };
        let day = day.get(..2)?;
        let is_day = is_number(year) && year.len() == 4 && [month, day].iter().all(|one| one.len() == 2);
        is_day.then(|| format!("{year}-{month}-{day}")).filter(|_| is_word(word))
    });
    let is_dated = || day.is_some_and(|day| Form::of_day(&day).is_some());
    !names_prereleases(name) && (is_parted || parts.iter().any(is_joined) || is_dated())
}

/// The number that a name begins with.
fn first_number(name: &str) -> Option<&str> {
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    Some(&name[..end]).filter(|number| !number.is_empty())
}

fn is_dotted(name: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let is_of_two =
        |part: &[u8]| matches!(part, [before, b'.', after] if is_digit(*before) && is_digit(*after));
    name.as_bytes().windows(3).any(is_of_two)
}

/// Whether it is a constant that stays. The hash of a commit may be all digits.
fn stays(tag: &PlacedTag) -> bool {
    let is_commit = || tag.form.parts().iter().any(|part| matches!(part, Part::Commit(_)));
    tag.claim == Claim::Literal && tag.why.is_none() && !is_commit()
}

/// The version that a tag is, from its first character on.
fn alone(name: &str, read: &Reader<'_>) -> Option<Version> {
    let may_be_commit =
        name.bytes().all(|byte| byte.is_ascii_digit()) && names_commit(name) && !may_be_day(name);
    read(name).filter(|_| !may_be_commit)
}

/// The prerelease among these versions, where there is no release. What has its numbers alone (`19` beside `19beta3`) is
/// not one.
fn prerelease(versions: &[Version]) -> Option<Version> {
    // What begins with one number and a letter may be a commit.
    let is_commit = |one: &Version| one.numbers().len() == 1 && names_commit(one.text());
    let prereleases = versions.iter().filter(|one| one.is_prerelease() && !is_commit(one));
    // The shortest has no variant.
    let key = |one: &&Version| (one.numbers().len(), one.is_numbered(), Reverse(one.tail().len()));
    let prerelease = prereleases.max_by_key(key)?;
    let numbers = prerelease.numbers().len();
    let is_release = |one: &Version| {
        let count = one.numbers().len();
        let begins = count <= numbers && one.prefix(count) == prerelease.prefix(count);
        let is_part = begins && (count < numbers || one.tail().is_empty());
        // One number may be a date, or that of a build.
        let is_number = count == 1 && numbers > 1;
        one.class() != Class::Prerelease && !is_part && !is_number
    };
    (!versions.iter().any(is_release)).then(|| prerelease.clone())
}

/// The release among these versions. What nobody knows behind two numbers or more is taken for a variant, as `alpine` of
/// `1.3.0-alpine`.
fn release_alone(versions: &[Version], read: &Reader<'_>) -> Option<Version> {
    let is_variant = |one: &&Version| one.class() == Class::Unknown && one.numbers().len() > 1;
    let stable: Vec<&Version> = versions.iter().filter(|one| one.class() == Class::Stable).collect();
    let variants: Vec<&Version> = versions.iter().filter(is_variant).collect();
    let most = |all: &[&Version]| all.iter().map(|one| one.numbers().len()).max();
    let all: Vec<&Version> = stable.iter().chain(&variants).copied().collect();
    // Of two that differ, the one that says more and is not known to be a version leaves open which is meant.
    let decides = most(&stable) >= most(&variants);
    release(&all, read).or_else(|| release(&stable, read).filter(|_| decides))
}

/// The one version that stands behind words, as in `release-1.2.3` and `api-1.2.3-rc.1`, where none stands alone.
fn behind_words(tags: &[PlacedTag], read: &Reader<'_>) -> Option<Sighted> {
    let names: Vec<&str> = tags.iter().filter(|tag| tag.why.is_none()).map(|tag| tag.tag.as_str()).collect();
    let mut whole: Vec<(&str, Version)> = names.iter().filter_map(|name| behind_word(name, read)).collect();
    if whole.iter().any(|(_, version)| !version.is_prerelease()) {
        whole.retain(|(_, version)| !version.is_prerelease());
    }
    let mut words: Vec<String> = Vec::new();
    for (word, _) in &whole {
        if !words.iter().any(|known| known == word) {
            words.push((*word).to_owned());
        }
    }
    let is_part = |one: &Version| one.numbers().len() < MIN_NUMBERS_BEHIND;
    let part = |name: &&str| read(without_word(name, &words)?).filter(is_part);
    let parts: Vec<Version> = names.iter().filter_map(part).collect();
    let all: Vec<&Version> = whole.iter().map(|(_, version)| version).chain(&parts).collect();
    let version = release(&all, read)?;
    (version.numbers().len() >= MIN_NUMBERS_BEHIND).then_some(Sighted { version, words })
}

/// A name without one of these words at its start.
pub(in crate::resolve) fn without_word<'n>(name: &'n str, words: &[String]) -> Option<&'n str> {
    words.iter().filter_map(|word| name.strip_prefix(word.as_str())).min_by_key(|rest| rest.len())
}

/// The word at the start of a name, and the version behind it; `None` where two may be meant.
fn behind_word<'n>(name: &'n str, read: &Reader<'_>) -> Option<(&'n str, Version)> {
    let mut found = None;
    let mut at = 0;
    while let Some(next) = name[at..].find(|c: char| c.is_ascii_digit()).map(|next| at + next) {
        let (word, rest) = name.split_at(next);
        let version = read(rest).filter(|one| one.numbers().len() >= MIN_NUMBERS_BEHIND);
        match version {
            Some(version) if is_word(word) => {
                at = next + version.prefix(version.numbers().len()).map_or(1, str::len);
                if found.replace((word, version)).is_some() {
                    return None;
                }
            }
            _ => at = next + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()),
        }
    }
    found
}

/// Whether a version may stand behind it: letters alone (`php`), or a separator at its end, with or without the `v` of the
/// version.
fn is_word(word: &str) -> bool {
    let bare = word.strip_suffix(['v', 'V']).filter(|bare| bare.ends_with(SEPARATORS)).unwrap_or(word);
    let is_parted = bare.strip_suffix(['-', '_']).is_some()
        || bare.strip_suffix('.').is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_digit()));
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && (is_parted || word.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && !names_prereleases(word)
        && !names_commit(word)
}

/// The one version that all of these are, or begin. Of what follows its numbers it has what those have in common that are
/// known.
fn release(versions: &[&Version], read: &Reader<'_>) -> Option<Version> {
    let most = versions.iter().map(|one| one.numbers().len()).max()?;
    let (whole, parts): (Vec<&Version>, Vec<&Version>) =
        versions.iter().partition(|one| one.numbers().len() == most);
    let numbers = whole.first()?.prefix(most)?;
    let is_part = |one: &&Version| {
        let count = one.numbers().len();
        let has_tail = one.class() != Class::Unknown && !one.tail().is_empty();
        let is_of_it = whole.first().is_some_and(|whole| whole.prefix(count) == one.prefix(count))
            && (!has_tail || whole.iter().any(|whole| shared([one.tail(), whole.tail()]) == one.tail()));
        // One number may be a date, or that of a build.
        is_of_it || count == 1
    };
    if !whole.iter().all(|one| one.prefix(most) == Some(numbers)) || !parts.iter().all(is_part) {
        return None;
    }
    let tails = whole.iter().filter(|one| one.class() != Class::Unknown).map(|one| one.tail());
    let tails: BTreeSet<&str> = tails.filter(|tail| !tail.is_empty()).collect();
    let tail = shared(tails.iter().copied());
    if most == 1 && tails.len() > 1 && tail.is_empty() {
        // `8` may be part of `8u422` and of `8-jre` alike.
        return None;
    }
    let with_tail = read(&format!("{numbers}{tail}"));
    with_tail.filter(|one| one.class() != Class::Unknown).or_else(|| read(numbers))
}

/// What these tails begin with together, whole parts of them alone.
fn shared<'t>(tails: impl IntoIterator<Item = &'t str>) -> &'t str {
    let mut tails = tails.into_iter();
    let first = tails.next().unwrap_or_default();
    tails.fold(first, |shared, tail| {
        let mut ends = shared.match_indices(SEPARATORS).map(|(at, _)| at).chain(once(shared.len()));
        let is_shared = |end: &usize| {
            let (begin, rest) = (&shared[..*end], tail.get(*end..));
            tail.starts_with(begin)
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATORS))
        };
        ends.rfind(is_shared).map_or("", |end| &shared[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_behind_words() {
        for (name, expected) in [
            ("api-1.2.3", Some(("api-", "1.2.3"))),
            ("alpine-v17.2.1", Some(("alpine-v", "17.2.1"))),
            ("php8.3.10-apache", Some(("php", "8.3.10-apache"))),
            ("arm64v8-4.0.9.2244-ls240", Some(("arm64v8-", "4.0.9.2244-ls240"))),
            ("ubuntu22.04-1.2.3", Some(("ubuntu22.04-", "1.2.3"))),
            ("release.1.2.3", Some(("release.", "1.2.3"))),
            ("ltsc2022_1.2.3", Some(("ltsc2022_", "1.2.3"))),
            ("debian-12.5.0-1.2.3", None),
            ("php-8.3", None),
            ("nightly-1.2.3", None),
            ("1.2.3", None),
            ("latest", None),
        ] {
            let found = behind_word(name, &|text| text.parse().ok());
            let found = found.as_ref().map(|(word, version)| (*word, version.text()));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn tails_share_whole_parts() {
        for (tails, expected) in [
            (&["-lts", "-lts-jdk17"][..], "-lts"),
            (&["-lts-jdk17", "-lts-jdk21"], "-lts"),
            (&["-jre", "-jre11"], ""),
            (&["-ce.0", "-ee.0"], ""),
            (&["-r2"], "-r2"),
            (&["-r2", "-r2"], "-r2"),
            (&["", "-r2"], ""),
            (&[], ""),
        ] {
            assert_eq!(shared(tails.iter().copied()), expected, "{tails:?}");
        }
    }
}
