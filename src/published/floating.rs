//! Whether a floating tag may move, seen what a repository has: a greater version keeps it.

use std::collections::BTreeSet;

use super::plan_json::{Moves, TagEntry};
use super::planned::PlannedImage;
use crate::reference::{LATEST, Tag};
use crate::version::{Class, Number, Version, is_of_family};

/// A tag of a repository that says which version it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keeper {
    /// The tag.
    pub tag: Tag,
    /// Its version.
    pub version: Version,
}

/// The greatest version among the tags of a repository that keeps `tag` from moving to this image's version.
///
/// Only tags with the same suffix count, since variants float apart. A tag with fewer numbers than the image's version
/// (`4.1` beside `4.0.2`) is a version if no other tag continues it (`4.1.0`), and else a floating tag itself. What moves
/// with channels or runs is for the plan alone to decide.
#[must_use]
pub(crate) fn keeper(image: &PlannedImage, tag: &TagEntry, listed: &[Tag]) -> Option<Keeper> {
    let (version, moves) = (image.version.as_ref()?, tag.moves?);
    let own = &as_tagged(image, version);
    let (class, numbers) = match moves {
        Moves::Versions { numbers } => (Class::Stable, numbers),
        Moves::Prereleases { numbers } => (Class::Prerelease, numbers),
        Moves::Channel | Moves::Runs => return None,
    };
    let suffix = suffix_of(image, version, tag.name.as_str());
    let parse = |tag: &Tag| {
        let version = image.parse_version(tag.as_str().strip_suffix(suffix)?).ok()?;
        is_of_family(version.tail(), own.tail(), image.tails()).then_some((tag.clone(), version))
    };
    let family: Vec<(Tag, Version)> = listed.iter().filter_map(parse).collect();
    let continues = |version: &Version| {
        let others = family.iter().map(|(_, other)| other).chain(&image.withdrawn);
        others.into_iter().any(|other| {
            other.numbers().len() > version.numbers().len() && agree(other, version, version.numbers().len())
        })
    };
    let is_version = |version: &Version| {
        let count = version.numbers().len();
        count >= own.numbers().len() || (count > 1 && !continues(version))
    };
    let withdrawn =
        |version: &Version| image.withdrawn.iter().any(|other| other.cmp_precedence(version).is_eq());
    let found = family
        .iter()
        .filter(|(_, version)| version.class() == class)
        .filter(|(_, version)| version.cmp_precedence(own).is_gt() && agree(version, own, numbers))
        .filter(|(_, version)| is_version(version) && !withdrawn(version))
        .max_by(|(_, a), (_, b)| a.cmp(b));
    found.map(|(tag, version)| Keeper { tag: tag.clone(), version: version.clone() })
}

/// The version as a repository can show it: build metadata stands behind a `-` there.
fn as_tagged(image: &PlannedImage, version: &Version) -> Version {
    let tagged = format!("{}-{}", version.core(), version.build());
    let tagged = image.parse_version(&tagged).ok().filter(|tagged| tagged.class() == version.class());
    tagged.filter(|_| !version.build().is_empty()).unwrap_or_else(|| version.clone())
}

/// What stands behind the version in the tags that float with this one: `-slim` for `3.14-slim` and for `slim`.
fn suffix_of<'a>(image: &'a PlannedImage, version: &Version, floating: &'a str) -> &'a str {
    if floating == LATEST {
        return "";
    }
    let literals = image.tags.iter().filter(|tag| !tag.floating);
    let suffixes: BTreeSet<&str> =
        literals.filter_map(|tag| Some(tag.name.as_str().split_once(version.core())?.1)).collect();
    let fits =
        |suffix: &&str| floating.ends_with(suffix) || suffix.strip_prefix(['-', '_', '.']) == Some(floating);
    suffixes.into_iter().filter(fits).max_by_key(|suffix| suffix.len()).unwrap_or("")
}

/// Whether two versions have the same leading numbers.
fn agree(a: &Version, b: &Version, count: usize) -> bool {
    let leading = |version: &Version| -> Option<Vec<u64>> {
        Some(version.numbers().get(..count)?.iter().map(Number::value).collect())
    };
    count == 0 || (leading(a).is_some() && leading(a) == leading(b))
}

#[cfg(test)]
mod tests {
    use super::super::planned::tests::{image, planned};
    use super::*;

    /// What keeps a floating tag, given the image's version, its literal tags and what the repository has.
    fn keeps(version: &str, literals: &str, floating: &str, listed: &str) -> String {
        let (name, moves) = floating.split_once('=').unwrap();
        let (with, numbers) = moves.split_once(':').unwrap_or((moves, "0"));
        let literals = literals.split(' ').map(|name| format!(r#"{{"name":"{name}"}},"#)).collect::<String>();
        let tags = format!(
            r#"{literals}{{"name":"{name}","floating":true,"moves":{{"with":"{with}","numbers":{numbers}}}}}"#
        );
        let text = image(r#""r.io/a""#, &tags, r#""app":{}"#);
        let text = text.replacen('{', &format!(r#"{{"version":"{version}","withdrawn":["9.0.0"],"#), 1);
        let planned = planned(&format!(r#""app":{text}"#)).unwrap();
        let image = &planned.images["app"];
        let listed: Vec<Tag> = listed.split_whitespace().map(|tag| tag.parse().unwrap()).collect();
        keeper(image, image.tags.last().unwrap(), &listed)
            .map_or_else(String::new, |keeper| keeper.tag.to_string())
    }

    #[test]
    fn a_greater_version_keeps_a_floating_tag() {
        for (version, floating, listed, expected) in [
            ("1.4.2", "latest=versions:0", "", ""),
            ("1.4.2", "latest=versions:0", "1.4.1 1.4.2 1.4 1 latest sha-12345 main", ""),
            ("1.4.2", "latest=versions:0", "1.4.3 2.0.0", "2.0.0"),
            ("1.4.2", "1=versions:1", "1.4.3 2.0.0", "1.4.3"),
            ("1.4.2", "1.4=versions:2", "1.5.0 2.0.0", ""),
            ("1.4.2", "1.4=versions:2", "1.4.10 1.4.9", "1.4.10"),
            ("1.4.2", "latest=versions:0", "v1.4.3", "v1.4.3"),
            ("1.4.2", "latest=versions:0", "2.0.0-rc.1 2.0.0rc1 2.0.0-SNAPSHOT", ""),
            ("1.4.2", "latest=versions:0", "9.0.0 9.0 9", ""),
            ("1.4.2", "latest=versions:0", "9.0.1 9.0.0 9.0 9", "9.0.1"),
            ("1.4.2", "latest=versions:0", "1.4.2-r2 1.4.2-alpine3.20", "1.4.2-r2"),
            ("1.4.2", "latest=versions:0", "1234567 20260101", ""),
            ("1.4.2", "latest=versions:0", "1.5", "1.5"),
            ("1.4.2", "latest=versions:0", "1.4 1 1.4.2", ""),
            ("3", "latest=versions:0", "4", "4"),
            ("1.4.2", "latest=versions:0", "1.5.0-acme 1.5.0-main.3 1.4.2-a1b2c3d", ""),
            ("1.4.2", "latest=versions:0", "2.0.0-next.1 2.0.0-pr.5 1.4.2-5-gabcdef0 2.0.0-canary", ""),
            ("1.4.2", "latest=versions:0", "1.4.2-ls240 1.4.2-ls9", "1.4.2-ls240"),
            ("17.0.1_7", "latest=versions:0", "17.0.1_8-jre 17.0.1_7-jdk", ""),
            ("17.0.1_7", "latest=versions:0", "17.0.1_8-jre 17.0.1_8", "17.0.1_8"),
            ("1.4.2", "nightly=channel", "2.0.0", ""),
            ("1.4.2", "main=runs", "2.0.0", ""),
            ("2.0.0-rc.1", "2.0-rc=prereleases:2", "2.0.0-rc.2 2.0.0", "2.0.0-rc.2"),
            ("2.0.0-rc.1", "2.0-rc=prereleases:2", "2.1.0-rc.2 2.0.0-beta.9", ""),
        ] {
            assert_eq!(keeps(version, version, floating, listed), expected, "{version} {floating} {listed}");
        }
    }

    #[test]
    fn builds_are_compared_as_their_tags_show_them() {
        for (floating, listed, expected) in [
            ("1.30.1=versions:3", "1.30.1-k3s1 1.30.1-k3s2 1.30.1", ""),
            ("1.30.1=versions:3", "1.30.1-k3s3", "1.30.1-k3s3"),
            ("1.30=versions:2", "1.30.1-k3s1 1.30.0-k3s9", ""),
            ("1.30=versions:2", "1.30.2-k3s1", "1.30.2-k3s1"),
            ("latest=versions:0", "1.31.0-rc1-k3s1", ""),
        ] {
            assert_eq!(
                keeps("1.30.1+k3s2", "1.30.1-k3s2", floating, listed),
                expected,
                "{floating} {listed}"
            );
        }
    }

    #[test]
    fn variants_float_apart() {
        let slim = "1.4.2-slim 1.4.2-slim-trixie";
        for (literals, floating, listed, expected) in [
            ("1.4.2", "latest=versions:0", "1.5.0-slim 2.0.0-alpine", ""),
            (slim, "slim=versions:0", "1.5.0", ""),
            (slim, "slim=versions:0", "1.5.0-slim-trixie", ""),
            (slim, "slim=versions:0", "1.5.0-slim", "1.5.0-slim"),
            (slim, "slim-trixie=versions:0", "1.5.0-slim-trixie", "1.5.0-slim-trixie"),
            (slim, "1.4-slim-trixie=versions:2", "1.4.3-slim 1.4.4-slim-trixie", "1.4.4-slim-trixie"),
            (slim, "1.4-slim=versions:2", "1.4.3-slim 1.4.4-slim-trixie", "1.4.3-slim"),
            ("1.4.2-alpine3.20", "1.4-alpine3.20=versions:2", "1.4.3-alpine3.20", "1.4.3-alpine3.20"),
        ] {
            assert_eq!(
                keeps("1.4.2", literals, floating, listed),
                expected,
                "{literals} {floating} {listed}"
            );
        }
    }
}
