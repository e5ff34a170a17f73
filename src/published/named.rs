//! What the tags of something say by their names: which other version it is, and of which commits.

use super::dates::dates_like;
use super::floating::other_releases;
use super::given;
use super::plan_json::{TagClass, TagEntry};
use super::planned::PlannedImage;
use crate::reference::Tag;
use crate::registry::Location;
use crate::version::{Scheme, Version};

/// The tags that are those of other versions than the image's, in whatever form: their own ones, and `1.3` beside `1.4.2`; the
/// greatest first. In the image's own repositories, so are its floating ones, such as `2`.
#[must_use]
pub(crate) fn other_versions<'t>(
    image: &PlannedImage,
    at: &Location,
    listed: &'t [Tag],
) -> Vec<(&'t Tag, Version)> {
    let Some(planned) = &image.version else { return Vec::new() };
    let mut found = other_releases(image, listed);
    let floating =
        |tag: &Tag| image.repositories.contains(at).then(|| floating_of(image, planned, tag)).flatten();
    for tag in listed {
        if found.iter().any(|(known, _)| *known == tag) {
            continue;
        }
        let other =
            given::other_release(planned, tag).or_else(|| part_of(planned, tag)).or_else(|| floating(tag));
        found.extend(other.map(|version| (tag, version)));
    }
    found.sort_by(|(_, a), (_, b)| b.cmp(a));
    found
}

/// The beginning of another version, such as `1.3`, that a tag is.
fn part_of(planned: &Version, tag: &Tag) -> Option<Version> {
    let part = Version::parse(tag.as_str(), Scheme::default()).ok()?;
    let is_part = part.numbers().len() == 2 && planned.numbers().len() > 1;
    (is_part && is_other(planned, &part)).then_some(part)
}

/// The beginning of another version that a tag is in the form of a floating tag of the image.
fn floating_of(image: &PlannedImage, planned: &Version, tag: &Tag) -> Option<Version> {
    let floats = image.tags.iter().filter(|one| one.floating && one.class == TagClass::Version);
    floats.filter_map(|one| Some((one, one.numbers.filter(|count| *count > 0)?))).find_map(|(one, count)| {
        let texts = one.form.versions_in(tag.as_str()).into_iter();
        let mut parts = texts.filter_map(|text| image.parse_version(text).ok());
        parts.find(|part| part.numbers().len() == count && part.tail().is_empty() && is_other(planned, part))
    })
}

/// Whether a version does not begin with the numbers of a part of one. The tag of a day need not be a release.
fn is_other(version: &Version, part: &Version) -> bool {
    let numbers =
        |version: &Version| -> Vec<u64> { version.numbers().iter().map(|number| number.value()).collect() };
    let is_day = dates_like(part).is_some() && dates_like(version).is_none();
    !is_day && !numbers(version).starts_with(&numbers(part))
}

/// Whether a tag is not for the image's release, though it has its version: it names a variant that the image's own tags do
/// not have (`1.4.2-alpine`), or what is built ahead of releases (`nightly-1.4.2`).
#[must_use]
pub(crate) fn is_variant(image: &PlannedImage, tag: &Tag) -> bool {
    let Some(planned) = &image.version else { return false };
    let is_own = |own: &TagEntry| own.name == *tag || shows_version(image, planned, own, tag);
    is_beside(image, planned, tag.as_str()) && !image.tags.iter().any(is_own)
}

/// Whether a tag is for the image's release, in the form of one of its own tags.
#[must_use]
pub(crate) fn is_of_release(image: &PlannedImage, tag: &Tag) -> bool {
    let Some(planned) = &image.version else { return false };
    let mut literal = image.tags.iter().filter(|own| !own.floating);
    literal.any(|own| own.name == *tag || shows_version(image, planned, own, tag))
}

/// Whether a tag is the own one of the image's version: in the form of one of its own tags, or of those that its floating ones move
/// with.
#[must_use]
pub(crate) fn is_own_of_version(image: &PlannedImage, tag: &Tag) -> bool {
    let Some(planned) = &image.version else { return false };
    let is_it = |text: &str| {
        let version = image.parse_version(text);
        version.is_ok_and(|version| {
            version.numbers().len() >= planned.numbers().len() && version.cmp_precedence(planned).is_eq()
        })
    };
    let literal = image.tags.iter().filter(|own| !own.floating).map(|own| &own.form);
    let mut forms = literal.chain(image.tags.iter().flat_map(|own| &own.family));
    is_it(tag.as_str()) || forms.any(|form| form.versions_in(tag.as_str()).into_iter().any(is_it))
}

/// Whether a tag shows the version, or its first numbers, in the form of an image's own one, and nothing else there.
fn shows_version(image: &PlannedImage, planned: &Version, own: &TagEntry, tag: &Tag) -> bool {
    let has_numbers = |version: &Version| {
        version.numbers().iter().zip(planned.numbers()).all(|(one, other)| one.value() == other.value())
    };
    let shown = |text: &str| {
        image.parse_version(text).is_ok_and(|version| has_numbers(&version))
            && !is_beside(image, planned, text)
    };
    own.form.is_readable() && own.form.versions_in(tag.as_str()).into_iter().any(shown)
}

/// The same of a text by its words. Those of the image's platforms tell nothing: what is of others is refused anyway.
fn is_beside(image: &PlannedImage, planned: &Version, text: &str) -> bool {
    let platforms = image.builds.values().filter_map(|build| build.platform.as_ref());
    let own: Vec<&str> =
        platforms.flat_map(|platform| [platform.os(), platform.architecture(), platform.variant()]).collect();
    given::is_beside(planned, image.tails(), &own, text)
}

/// The commits that a tag names: in the forms in which the image's tags name theirs, and as tags of commits look.
#[must_use]
pub(crate) fn commits_in<'t>(image: &PlannedImage, tag: &'t Tag) -> Vec<&'t str> {
    let of_form = image.tags.iter().flat_map(|one| one.form.commits_in(tag.as_str()));
    of_form.chain(given::commit_in(tag)).collect()
}
