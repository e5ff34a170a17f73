//! Tags that are given without a plan, as the tags of an image: what their names and its version say of them.

use crate::form::Form;
use crate::published::plan_json::{ImageEntry, TagClass, TagEntry};
use crate::published::planned::PlannedImage;
use crate::reference::{LATEST, Tag};
use crate::registry::Location;
use crate::version::{Class, Scheme, Tails, Version, is_of_family};

/// How many numbers make a tag a version's own when nothing else says so: `1.4` is as often a floating tag.
const OWN_NUMBERS: usize = 3;

/// The version of what is to get these tags: what it says itself, else what a tag of it or one of these says.
#[must_use]
pub(crate) fn version(
    annotated: Option<&str>,
    source: Option<&Tag>,
    tags: &[(Location, Tag)],
) -> Option<Version> {
    let parse = |text: &str| Version::parse(text, Scheme::default()).ok();
    let is_full = |version: &Version| version.numbers().len() >= OWN_NUMBERS;
    let annotated = annotated.and_then(parse).filter(|version| version.numbers().len() > 1);
    let of_source = || source.and_then(|tag| parse(tag.as_str())).filter(is_full);
    let of_tags = || tags.iter().find_map(|(_, tag)| parse(tag.as_str()).filter(is_full));
    annotated.or_else(of_source).or_else(of_tags)
}

/// The image of these tags.
///
/// # Errors
/// When a tag cannot be one of an image.
pub(crate) fn image(version: Option<&Version>, tags: &[(Location, Tag)]) -> Result<PlannedImage, String> {
    let mut entries: Vec<TagEntry> = Vec::new();
    let mut repositories: Vec<Location> = Vec::new();
    let own: Vec<Form> = tags.iter().filter_map(|(_, tag)| own_form(version?, tag)).collect();
    for (location, tag) in tags {
        if !repositories.contains(location) {
            repositories.push(location.clone());
        }
        match entries.iter_mut().find(|entry| entry.name == *tag) {
            Some(entry) => entry.repositories.get_or_insert_default().push(location.clone()),
            None => entries.push(entry(version, tag, location, &own)),
        }
    }
    PlannedImage::try_from(ImageEntry {
        version: version.map(|version| version.text().to_owned()),
        repositories,
        mirrors: Vec::new(),
        tags: entries,
        yielded: Vec::new(),
        scheme: Scheme::default(),
        tails: Tails::default(),
        withdrawn: Vec::new(),
        other_forms: Vec::new(),
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
pub(crate) fn other_version(version: Option<&Version>, tag: &Tag) -> Option<Version> {
    let named = named_version(tag)?;
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

/// The version that a tag names, whole or by its first numbers.
#[must_use]
pub(crate) fn named_version(tag: &Tag) -> Option<Version> {
    Version::parse(tag.as_str(), Scheme::default()).ok()
}

/// Whether a tag is a version's own: `1.4` is as often a floating tag.
#[must_use]
pub(crate) fn is_own_tag(tag: &Tag) -> bool {
    named_version(tag).is_some_and(|version| version.numbers().len() >= OWN_NUMBERS)
}

fn numbers(version: &Version) -> Vec<u64> {
    version.numbers().iter().map(|number| number.value()).collect()
}

/// What stands around a piece of a version in a tag, if it stands for itself.
fn form(tag: &str, piece: &str) -> Option<Form> {
    let (at, _) = tag.match_indices(piece).next()?;
    let (before, after) = (&tag[..at], &tag[at + piece.len()..]);
    let goes_on = |c: char| c.is_ascii_digit() || c == '.';
    if before.ends_with(goes_on) || after.starts_with(|c: char| goes_on(c) || c.is_ascii_alphabetic()) {
        return None;
    }
    format!("{before}{{version}}{after}").parse().ok()
}

fn entry(version: Option<&Version>, tag: &Tag, location: &Location, own: &[Form]) -> TagEntry {
    let follows = version.and_then(|version| {
        if let Some(form) = own_form(version, tag) {
            return Some((false, version.numbers().len(), form.clone(), vec![form]));
        }
        let shorter = (1..version.numbers().len()).rev().find_map(|count| {
            let form = form(tag.as_str(), version.prefix(count)?.trim_start_matches('v'))?;
            Some((true, count, form.clone(), vec![form]))
        });
        let latest = || {
            let plain = || "{version}".parse().into_iter().collect();
            let family = if own.is_empty() { plain() } else { own.to_vec() };
            (tag.as_str() == LATEST).then(|| (true, 0, Form::text(LATEST), family))
        };
        shorter.or_else(latest)
    });
    let class = match version.map(Version::class) {
        Some(Class::Stable) => TagClass::Version,
        _ => TagClass::Prerelease,
    };
    let (name, repositories) = (tag.clone(), Some(vec![location.clone()]));
    let (why, provisional) = (None, false);
    match follows {
        Some((floating, count, form, family)) => {
            let numbers = floating.then_some(count);
            let family = if floating { family } else { Vec::new() };
            TagEntry { name, floating, class, numbers, form, family, why, provisional, repositories }
        }
        None => TagEntry {
            form: Form::text(tag.as_str()),
            name,
            floating: true,
            class: TagClass::Constant,
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
            ("1.4.2", "1.5", "constant"),
            ("1.4.2", "11.4", "constant"),
            ("1.4.2", "1.4.20", "constant"),
            ("1.4.2", "prod", "constant"),
            ("1.4.2", "alpine3.14", "constant"),
            ("-", "latest", "constant"),
            ("-", "1.4", "constant"),
        ] {
            let version = Version::parse(version, Scheme::default()).ok();
            let image = image(version.as_ref(), &tags(name)).unwrap();
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
            let found = other_version(version.as_ref(), &tag.parse().unwrap());
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
        ] {
            assert_eq!(
                found(annotated, source, names).as_deref(),
                expected,
                "{annotated:?} {source} {names}"
            );
        }
    }
}
