//! Whether a floating tag may move, seen what a repository has: a greater version keeps it.

use super::dates::{dates_like, is_date};
use super::plan_json::{Follows, TagClass, TagEntry};
use super::planned::PlannedImage;
use crate::form::{Form, Part};
use crate::reference::Tag;
use crate::version::{Class, Dotless, Number, Scheme, Version, Withdrawn, is_of_family};

/// A tag of a repository that says which version it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keeper {
    /// The tag.
    pub tag: Tag,
    /// Its version.
    pub version: Version,
    /// A pattern of versions to withdraw, if it is a date and the image's version is none: it may not be a release.
    pub other_scheme: Option<String>,
}

impl Keeper {
    /// Why it keeps a tag, and what to do where it should not.
    #[must_use]
    pub(crate) fn reason(&self) -> String {
        let tag = &self.tag;
        match &self.other_scheme {
            None => format!("`{tag}` is greater"),
            Some(pattern) => format!(
                "`{tag}` is greater, and a version of another scheme; if it is not a release of this image, set `withdrawn = [\"{pattern}\"]`"
            ),
        }
    }
}

/// The greatest version among the tags of a repository that keeps `tag` from moving to this image's version.
///
/// Only tags of the forms count in which the plan publishes the versions that the tag moves with, so variants float apart.
/// A tag with fewer numbers than the image's version (`4.1` beside `4.0.2`) is a version if no other tag continues it
/// (`4.1.0`), and else a floating tag itself. Other images of the plan keep nothing: the plan has decided between them, so
/// that one with `latest = false` does not keep `latest`. What moves with channels or runs is for the plan alone to decide.
#[must_use]
pub(crate) fn keeper(image: &PlannedImage, tag: &TagEntry, listed: &[Tag]) -> Option<Keeper> {
    keepers(image, tag, listed).into_iter().next()
}

/// All that keep it so, the greatest first.
#[must_use]
pub(super) fn keepers(image: &PlannedImage, tag: &TagEntry, listed: &[Tag]) -> Vec<Keeper> {
    let (Some(version), Some(Follows { class: _, numbers })) = (&image.version, tag.follows()) else {
        return Vec::new();
    };
    let own = &as_family_shows(image, tag, as_tagged(image, version));
    // What shows a prerelease without its build metadata moves among the builds of it alone.
    let of_builds = Some(version).filter(|version| version.is_of_builds(tag.name.as_str()));
    let is_build = |one: &Version| of_builds.is_none_or(|prerelease| begins(one.core(), prerelease.core()));
    let mut found: Vec<Member<'_>> = members(image, tag, listed)
        .into_iter()
        .filter(|one| !one.is_withdrawn && !image.beside.contains(one.tag) && !is_literal(image, one.tag))
        .filter(|one| one.version.cmp_precedence(own).is_gt() && agree(&one.version, own, numbers))
        .filter(|one| is_build(&one.version))
        .collect();
    found.sort_by(|a, b| a.version.cmp(&b.version));
    found.iter().rev().map(Member::keeper).collect()
}

/// Whether a text goes on with something else than digits behind this one.
fn begins(text: &str, with: &str) -> bool {
    text.strip_prefix(with).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a tag is this image's own in this plan, and never its rival.
fn is_literal(image: &PlannedImage, tag: &Tag) -> bool {
    image.tags.iter().any(|own| !own.floating && own.name == *tag)
}

/// A version in a repository, as one of its tags says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member<'t> {
    /// The tag.
    pub tag: &'t Tag,
    /// Its version.
    pub version: Version,
    /// Whether it was withdrawn.
    pub is_withdrawn: bool,
    /// A pattern of versions to withdraw, if it is a date and the image's version is none: it may not be a release.
    pub other_scheme: Option<String>,
}

impl Member<'_> {
    /// What keeps a tag from other versions.
    #[must_use]
    pub(crate) fn keeper(&self) -> Keeper {
        let Self { tag, version, is_withdrawn: _, other_scheme } = self;
        Keeper { tag: (*tag).clone(), version: version.clone(), other_scheme: other_scheme.clone() }
    }
}

/// The tags of a repository that are the own ones of versions with other numbers than the image's, as far as they have the
/// forms of its own tags; the greatest first.
#[must_use]
pub(crate) fn other_releases<'t>(image: &PlannedImage, listed: &'t [Tag]) -> Vec<(&'t Tag, Version)> {
    let Some(version) = &image.version else { return Vec::new() };
    let own = &as_tagged(image, version);
    let is_own = |tag: &&TagEntry| {
        !tag.floating
            && tag.form.has_version()
            && matches!(tag.class, TagClass::Version | TagClass::Prerelease)
    };
    let readers: Vec<Reader<'_>> = image
        .tags
        .iter()
        .filter(is_own)
        .map(|tag| Reader::new(image, &TagEntry { family: vec![tag.form.clone()], ..tag.clone() }, own))
        .collect();
    let is_other = |version: &Version| {
        let count = version.numbers().len();
        count > 1 && count >= own.numbers().len() && !agree(version, own, count)
    };
    let other = |tag: &'t Tag| {
        let version = readers.iter().find_map(|reader| reader.version_of(tag))?;
        // The tag of a day need not be a release.
        let is_day = dates_like(&version).is_some() && dates_like(own).is_none();
        (!is_day && is_other(&version)).then_some((tag, version))
    };
    let mut found: Vec<(&Tag, Version)> = listed.iter().filter_map(other).collect();
    found.sort_by(|(_, a), (_, b)| b.cmp(a));
    found
}

/// The versions among the tags of a repository that are of the family and class that `tag` floats with; none for one that
/// moves with something else.
#[must_use]
pub(crate) fn members<'t>(image: &PlannedImage, tag: &TagEntry, listed: &'t [Tag]) -> Vec<Member<'t>> {
    let (Some(version), Some(Follows { class, numbers: _ })) = (&image.version, tag.follows()) else {
        return Vec::new();
    };
    let own = &as_tagged(image, version);
    let reader = Reader::new(image, tag, own);
    let family: Vec<(&Tag, Version)> =
        listed.iter().filter_map(|tag| Some((tag, reader.version_of(tag)?))).collect();
    let continues = |version: &Version| {
        let others = family.iter().map(|(_, other)| other);
        let mut all = others.chain(image.withdrawn.iter().filter_map(Withdrawn::version));
        all.any(|other| {
            other.numbers().len() > version.numbers().len() && agree(other, version, version.numbers().len())
        }) || image.withdrawn.iter().any(|one| one.goes_on(version))
    };
    // A number alone is a version where the image shows no more of its own.
    let fewest = if shows_one_number(image) { 1 } else { 2 };
    let is_version = |version: &Version| {
        let count = version.numbers().len();
        count >= own.numbers().len() || (count >= fewest && !continues(version))
    };
    // A date has a number or two, and may end like no version.
    let is_day =
        |version: &Version| class == Class::Stable && reader.is_foreign_date(version) && !continues(version);
    let is_withdrawn = |tag: &Tag, version: &Version| {
        image.withdrawn.iter().any(|one| one.covers(version) || one.fits(tag.as_str()))
    };
    let of_class = family
        .iter()
        .filter(|(_, version)| (version.class() == class && is_version(version)) || is_day(version));
    let is_dated = dates_like(own).is_some();
    let member = |(tag, version): &(&'t Tag, Version)| Member {
        tag,
        version: version.clone(),
        is_withdrawn: is_withdrawn(tag, version),
        other_scheme: dates_like(version).filter(|_| !is_dated),
    };
    of_class.map(member).collect()
}

/// Whether a tag of a repository is one of those by which a floating tag is compared, or of the plan's tags that are not versions:
/// the list decides about it.
#[must_use]
pub(crate) fn is_decided(image: &PlannedImage, tag: &TagEntry, other: &Tag) -> bool {
    let Some(version) = &image.version else { return false };
    let own = &as_tagged(image, version);
    let reader = Reader::new(image, tag, own);
    reader.shown(other).is_some()
        || reader.others.iter().any(|form| !form.has_name() && form.fits(other.as_str()))
}

/// Whether the tags of an image show the first number of its version, and never more.
fn shows_one_number(image: &PlannedImage) -> bool {
    let mut shown = image.tags.iter().filter(|tag| tag.form.is_readable()).peekable();
    shown.peek().is_some() && shown.all(|tag| tag.follows().is_some_and(|follows| follows.numbers == 1))
}

/// Reads versions out of tags of the forms that a floating tag moves with.
struct Reader<'a> {
    image: &'a PlannedImage,
    own: &'a Version,
    /// The forms in which the plan publishes such versions, those with the most text first.
    forms: Vec<Form>,
    /// Where no form can be read: as what the image's own tags show versions without dots.
    dotless: Vec<(Form, Dotless)>,
    /// The forms of the plan's tags that are not versions.
    others: Vec<&'a Form>,
    /// Where no tag shows a whole version: the forms of those that show parts of it so that they read as other numbers, as
    /// `php83` does beside `php8`.
    garbled: Vec<&'a Form>,
}

impl<'a> Reader<'a> {
    fn new(image: &'a PlannedImage, tag: &TagEntry, own: &'a Version) -> Self {
        let mut forms: Vec<Form> = tag.family.iter().map(Form::without_v).collect();
        let mut dotless = Vec::new();
        if forms.is_empty() {
            dotless.extend(image.dotless().map(|dotless| (dotless.form(), dotless)));
            // In doubt, what looks like a version is one.
            forms.push([Part::Version].into_iter().collect());
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.text_length()));
        forms.dedup();
        let versions: Vec<&TagEntry> = image
            .tags
            .iter()
            .filter(|one| !one.floating && matches!(one.class, TagClass::Version | TagClass::Prerelease))
            .filter(|one| tag.family.is_empty() || one.form.is_text() || tag.family.contains(&one.form))
            .collect();
        // A form that the image's own version has tells nothing apart.
        let is_apart = |form: &&Form| {
            !tag.family.contains(form) && !versions.iter().any(|version| form.fits(version.name.as_str()))
        };
        let others = image.other_forms.iter().filter(is_apart).collect();
        let is_garbled = |one: &&TagEntry| {
            let follows = one.follows().filter(|_| one.form.has_name());
            follows.is_some_and(|Follows { class: _, numbers }| {
                Dotless::of(one.name.as_str(), own, numbers).is_none()
            })
        };
        let shown = if image.shows_version() { &[] } else { image.tags.as_slice() };
        let garbled = shown.iter().filter(is_garbled).map(|one| &one.form).collect();
        Self { image, own, forms, dotless, others, garbled }
    }

    /// The version that a text is, if it is of the family.
    fn read(&self, text: &str) -> Option<Version> {
        let own = self.image.parse_version(text).ok();
        let is_of_family =
            |version: &Version| is_of_family(version.tail(), self.own.tail(), self.image.tails());
        // Whoever moves to dates need not keep to the scheme and the endings of the versions before.
        own.filter(is_of_family).or_else(|| {
            Version::parse(text, Scheme::Loose).ok().filter(|version| self.is_foreign_date(version))
        })
    }

    /// Whether a version is a date, and that of the image is none.
    fn is_foreign_date(&self, version: &Version) -> bool {
        is_date(version.without_v()) && dates_like(self.own).is_none()
    }

    /// The version that stands in a tag in the place of a version, and its form.
    fn shown(&self, tag: &Tag) -> Option<(&Form, Version)> {
        let without_dots = self
            .dotless
            .iter()
            .find_map(|(form, dotless)| Some((form, self.read(&dotless.read(tag.as_str())?)?)));
        without_dots.or_else(|| self.shown_with_dots(tag))
    }

    fn shown_with_dots(&self, tag: &Tag) -> Option<(&Form, Version)> {
        self.forms.iter().find_map(|form| {
            let texts = form.versions_in(tag.as_str());
            let version = texts.into_iter().find_map(|text| self.read(text))?;
            Some((form, version))
        })
    }

    /// The version that a tag says.
    fn version_of(&self, tag: &Tag) -> Option<Version> {
        let (form, version) = self.shown(tag)?;
        // A branch may be called anything, so that only more text than a version's tag has tells it apart.
        let is_closer = |other: &&&Form| !other.has_name() || other.text_length() > form.text_length();
        let is_other = self.others.iter().filter(is_closer).any(|other| other.fits(tag.as_str()));
        let is_garbled = version.numbers().len() < self.own.numbers().len()
            && self.garbled.iter().any(|other| other.fits(tag.as_str()));
        (!is_other && !is_garbled).then_some(version)
    }
}

/// The image's version as it looks beside those that keep a tag: of its own tags, the greatest in their form. A rebuild or a
/// revision that is in a tag of its own (`1.2.3-r2`) comes after the one before.
fn as_family_shows(image: &PlannedImage, tag: &TagEntry, own: Version) -> Version {
    let reader = Reader::new(image, tag, &own);
    let literal = image.tags.iter().filter(|tag| !tag.floating);
    let of_own =
        |version: &Version| version.class() == own.class() && agree(version, &own, own.numbers().len());
    let shown = literal.filter_map(|tag| Some(reader.shown(&tag.name)?.1)).filter(of_own);
    let greatest = shown.max_by(Version::cmp_precedence);
    greatest.filter(|version| version.cmp_precedence(&own).is_gt()).unwrap_or(own)
}

/// The version as a repository shows it: build metadata stands behind a `-` there, or as the image's own tags have it.
pub(super) fn as_tagged(image: &PlannedImage, version: &Version) -> Version {
    let literal = image
        .tags
        .iter()
        .filter(|tag| !tag.floating && matches!(tag.class, TagClass::Version | TagClass::Prerelease));
    let readable = literal.filter(|tag| tag.form.is_readable());
    let is_own =
        |read: &Version| read.class() == version.class() && agree(read, version, version.numbers().len());
    let found = readable.filter_map(|tag| {
        let texts = tag.form.without_v().versions_in(tag.name.as_str());
        texts.into_iter().find_map(|text| image.parse_version(text).ok().filter(is_own))
    });
    let written = behind_dash(image, version);
    found.fold(written, |a, b| if b.cmp_precedence(&a).is_gt() { b } else { a })
}

/// The version with its build metadata behind a `-`.
fn behind_dash(image: &PlannedImage, version: &Version) -> Version {
    let tagged = format!("{}-{}", version.core(), version.build());
    let tagged = image.parse_version(&tagged).ok().filter(|tagged| tagged.class() == version.class());
    tagged.filter(|_| !version.build().is_empty()).unwrap_or_else(|| version.clone())
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

    /// What keeps a floating tag of a version that has the literal tag, given the forms of its family and of other tags, and
    /// what the repository has.
    fn keeper_of(
        version: &str,
        literal: &str,
        floating: &str,
        forms: (&str, &str),
        listed: &str,
    ) -> Option<Keeper> {
        let (name, moves) = floating.split_once('=').unwrap();
        let (class, numbers) = moves.split_once(':').unwrap_or((moves, "0"));
        let numbers = if class == "version" || class == "prerelease" { numbers } else { "null" };
        let list = |forms: &str| {
            forms.split_whitespace().map(|form| format!("{form:?}")).collect::<Vec<_>>().join(",")
        };
        let (family, others) = (list(forms.0), list(forms.1));
        let tags = format!(
            r#"{{"name":"{literal}","class":"version","form":"{literal}"}},
               {{"name":"{name}","floating":true,"class":"{class}","numbers":{numbers},"form":"{name}","family":[{family}]}}"#
        );
        let text = image(r#""r.io/a""#, &tags, r#""app":{}"#);
        let own =
            format!(r#"{{"version":"{version}","withdrawn":["9.0.0","1999.*"],"other_forms":[{others}],"#);
        let planned = planned(&format!(r#""app":{}"#, text.replacen('{', &own, 1))).unwrap();
        let image = &planned.images["app"];
        let listed: Vec<Tag> = listed.split_whitespace().map(|tag| tag.parse().unwrap()).collect();
        keeper(image, image.tags.last().unwrap(), &listed)
    }

    fn keeps(version: &str, literal: &str, floating: &str, forms: (&str, &str), listed: &str) -> String {
        keeper_of(version, literal, floating, forms, listed)
            .map_or_else(String::new, |keeper| keeper.tag.to_string())
    }

    #[test]
    fn a_greater_version_keeps_a_floating_tag() {
        for (version, floating, listed, expected) in [
            ("1.4.2", "latest=version:0", "", ""),
            ("1.4.2", "latest=version:0", "1.4.1 1.4.2 1.4 1 latest sha-12345 main", ""),
            ("1.4.2", "latest=version:0", "1.4.3 2.0.0", "2.0.0"),
            ("1.4.2", "1=version:1", "1.4.3 2.0.0", "1.4.3"),
            ("1.4.2", "1.4=version:2", "1.5.0 2.0.0", ""),
            ("1.4.2", "1.4=version:2", "1.4.10 1.4.9", "1.4.10"),
            ("1.4.2", "latest=version:0", "v1.4.3", "v1.4.3"),
            ("1.4.2", "latest=version:0", "2.0.0-rc.1 2.0.0rc1 2.0.0-SNAPSHOT", ""),
            ("1.4.2", "latest=version:0", "9.0.0 9.0 9", ""),
            ("1.4.2", "latest=version:0", "9.0.1 9.0.0 9.0 9", "9.0.1"),
            ("1.4.2", "latest=version:0", "1.4.2-r2 1.4.2-alpine3.20", "1.4.2-r2"),
            ("1.4.2", "latest=version:0", "1234567 12345", ""),
            ("1.4.2", "latest=version:0", "1.5", "1.5"),
            ("1.4.2", "latest=version:0", "1.4 1 1.4.2", ""),
            ("3", "latest=version:0", "4", "4"),
            ("1.4.2", "latest=version:0", "1.5.0-acme 1.5.0-main.3 1.4.2-a1b2c3d", ""),
            ("1.4.2", "latest=version:0", "2.0.0-next.1 2.0.0-pr.5 1.4.2-5-gabcdef0 2.0.0-canary", ""),
            ("1.4.2", "latest=version:0", "1.4.2-ls240 1.4.2-ls9", "1.4.2-ls240"),
            ("17.0.1_7", "latest=version:0", "17.0.1_8-jre 17.0.1_7-jdk", ""),
            ("17.0.1_7", "latest=version:0", "17.0.1_8-jre 17.0.1_8", "17.0.1_8"),
            ("1.4.2", "nightly=channel", "2.0.0", ""),
            ("1.4.2", "main=run", "2.0.0", ""),
            ("2.0.0-rc.1", "2.0-rc=prerelease:2", "2.0.0-rc.2 2.0.0", "2.0.0-rc.2"),
            ("2.0.0-rc.1", "2.0-rc=prerelease:2", "2.1.0-rc.2 2.0.0-beta.9", ""),
        ] {
            let found = keeps(version, version, floating, ("{version}", ""), listed);
            assert_eq!(found, expected, "{version} {floating} {listed}");
        }
    }

    #[test]
    fn builds_are_compared_as_their_tags_show_them() {
        for (floating, listed, expected) in [
            ("1.30.1=version:3", "1.30.1-k3s1 1.30.1-k3s2 1.30.1", ""),
            ("1.30.1=version:3", "1.30.1-k3s3", "1.30.1-k3s3"),
            ("1.30=version:2", "1.30.1-k3s1 1.30.0-k3s9", ""),
            ("1.30=version:2", "1.30.2-k3s1", "1.30.2-k3s1"),
            ("latest=version:0", "1.31.0-rc1-k3s1", ""),
        ] {
            let found = keeps("1.30.1+k3s2", "1.30.1-k3s2", floating, ("{version}", ""), listed);
            assert_eq!(found, expected, "{floating} {listed}");
        }
    }

    #[test]
    fn variants_float_apart() {
        for (family, floating, listed, expected) in [
            ("{version}", "latest=version:0", "1.5.0-slim 2.0.0-alpine", ""),
            ("{version}-slim", "slim=version:0", "1.5.0", ""),
            ("{version}-slim", "slim=version:0", "1.5.0-slim-trixie", ""),
            ("{version}-slim", "slim=version:0", "1.5.0-slim", "1.5.0-slim"),
            ("{version}-slim-trixie", "slim-trixie=version:0", "1.5.0-slim-trixie", "1.5.0-slim-trixie"),
            (
                "{version}-slim-trixie",
                "1.4-slim-trixie=version:2",
                "1.4.3-slim 1.4.4-slim-trixie",
                "1.4.4-slim-trixie",
            ),
            ("{version}-slim", "1.4-slim=version:2", "1.4.3-slim 1.4.4-slim-trixie", "1.4.3-slim"),
            ("{version}-alpine3.20", "1.4-alpine3.20=version:2", "1.4.3-alpine3.20", "1.4.3-alpine3.20"),
            ("{version}-cudnn-ubuntu22.04", "cudnn=version:0", "1.5.0-cudnn-ubuntu24.04 1.5.0", ""),
            (
                "{version}-cudnn-ubuntu22.04",
                "cudnn=version:0",
                "1.5.0-cudnn-ubuntu22.04",
                "1.5.0-cudnn-ubuntu22.04",
            ),
        ] {
            let found = keeps("1.4.2", "1.4.2", floating, (family, ""), listed);
            assert_eq!(found, expected, "{family} {floating} {listed}");
        }
    }

    #[test]
    fn what_stands_around_versions_is_known() {
        for (version, family, floating, listed, expected) in [
            ("1.2.9", "api-{version}", "api-1=version:1", "api-1.3.0 web-1.9.0 1.8.0", "api-1.3.0"),
            ("1.2.9", "api-{version}", "latest=version:0", "api-2.0.0 api-2 3.0.0", "api-2.0.0"),
            ("1.2.9", "v{version}", "v1=version:1", "v1.3.0 v2.0.0", "v1.3.0"),
            ("1.2.9", "v{version}", "v1=version:1", "1.3.0", "1.3.0"),
            ("1.2.9", "api-v{version}", "api-v1=version:1", "api-1.3.0", "api-1.3.0"),
            (
                "2026-01-02",
                "RELEASE.{version}",
                "latest=version:0",
                "RELEASE.2026-03-04 2027-01-01",
                "RELEASE.2026-03-04",
            ),
            ("1.2.9", "{version}-debian", "latest-debian=version:0", "1.3.0 2.0.0-debian", "2.0.0-debian"),
            ("1.2.9", "{version}_debian", "debian=version:0", "1.3.0_debian", "1.3.0_debian"),
            ("1.2.9", "{version} api-{version}", "latest=version:0", "api-1.3.0 1.2.10", "api-1.3.0"),
            (
                "1.2.9",
                "{version}-{commit:7}",
                "latest=version:0",
                "1.3.0-f00ba12 1.4.0-main",
                "1.3.0-f00ba12",
            ),
            ("1.2.9", "", "latest=version:0", "1.3.0", "1.3.0"),
        ] {
            let found = keeps(version, version, floating, (family, ""), listed);
            assert_eq!(found, expected, "{version} {family} {listed}");
        }
    }

    #[test]
    fn what_the_plan_writes_as_something_else_keeps_nothing() {
        for (version, others, listed, expected) in [
            ("1.2.4", "", "2026.09.21", "2026.09.21"),
            ("1.2.4", "{date:%Y.%m.%d}", "2026.09.21 2026.10.02", ""),
            ("1.2.4", "{date:%Y.%m.%d}", "2026.9.21", "2026.9.21"),
            ("1.2.4", "{date:%Y.%m.%d}", "2026.09.21 1.3.0", "1.3.0"),
            ("1.2.4", "{date:%Y.%-m.%-d}", "2026.9.21", ""),
            ("1.2.4", "{date:%Y.%m.%d}-{number}", "2026.09.21-7", ""),
            ("1.2.4", "{version}-{date:%Y%m%d}", "1.3.0-20260921", ""),
            ("1.2.4", "", "1.3.0-20260921", "1.3.0-20260921"),
            ("1.2.4", "2.0.0", "2.0.0 2.0.0-r1", "2.0.0-r1"),
            ("1.2.4", "{name}", "1.3.0", "1.3.0"),
            ("1.2.4", "{name}-r1", "1.3.0-r1", ""),
            ("7", "{number}", "8", "8"),
            ("7", "{commit:7}", "1234567", ""),
            ("7", "{commit:8}", "1234567", "1234567"),
            // An own version that is a date is no other thing.
            ("2026.09.01", "{date:%Y.%m.%d}", "2026.09.21", "2026.09.21"),
            ("1.2.4", "", "1999.09.21", ""),
        ] {
            let found = keeps(version, version, "latest=version:0", ("{version}", others), listed);
            assert_eq!(found, expected, "{version} {others} {listed}");
        }
    }

    #[test]
    fn a_date_in_any_form_keeps_what_moves_with_all_versions() {
        for date in [
            "2026",
            "2026.9",
            "2026.09.21",
            "2026-09-21",
            "2026_09_21",
            "2026w38",
            "202609",
            "20260921",
            "20260921.1",
            "20260921T1030Z",
            "202609211030",
            "v20260921",
        ] {
            for version in ["1.4.2", "7", "26.04"] {
                let kept = |floating: &str, others: &str| {
                    keeps(version, version, floating, ("{version}", others), &format!("1.4.1 {date}"))
                };
                assert_eq!(kept("latest=version:0", ""), date, "{version}");
                // It is no version of theirs, nor a prerelease.
                assert_eq!(kept("one=version:1", ""), "", "{version} {date}");
                // The plan itself writes dates.
                assert_eq!(kept("latest=version:0", date), "", "{version} {date}");
            }
            // Beside dates, versions are what they were.
            assert_eq!(
                keeps("1970.1.1", "1970.1.1", "latest=version:0", ("{version}", ""), "2026w38 2026-09-21"),
                ""
            );
        }
        for (listed, expected) in [
            ("2026 1999.09.21", "2026"),
            // The year floats with what was withdrawn.
            ("1999 1999.09.21", ""),
            ("2026-09-21-slim 2026w38-alpine nightly-20260921", ""),
        ] {
            assert_eq!(
                keeps("1.4.2", "1.4.2", "latest=version:0", ("{version}", ""), listed),
                expected,
                "{listed}"
            );
        }
        let slim = ("{version}-slim", "");
        assert_eq!(keeps("1.4.2", "1.4.2", "slim=version:0", slim, "20260921 2026w38-slim"), "2026w38-slim");
    }

    #[test]
    fn a_version_of_another_scheme_is_named_with_the_way_out() {
        for (version, listed, expected) in [
            ("1.2.4", "2026-09-21", Some("2026*")),
            ("1.2.4", "2026w38", Some("2026*")),
            ("1.2.4", "20260921", Some("2026*")),
            ("1.2.4", "2026.09.21", Some("2026.*")),
            ("1.2.4", "v2026.1.0", Some("2026.*")),
            ("1", "20260921", Some("2026*")),
            ("1.2.4", "1.3.0", None),
            ("2025.12.1", "2026.09.21", None),
        ] {
            let found = keeper_of(version, version, "latest=version:0", ("{version}", ""), listed).unwrap();
            assert_eq!(found.other_scheme.as_deref(), expected, "{version} {listed}");
            let pattern = expected.unwrap_or("greater");
            assert!(found.reason().contains(pattern), "{}", found.reason());
        }
    }
}
