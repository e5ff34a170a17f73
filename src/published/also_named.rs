//! Whether the index of a floating tag says that it is greater than the image, or also has a tag that does: moving it would take
//! it back. Another edition of the same release is not less, either.

use std::cmp::{Ordering, Reverse};

use jiff::civil::date;
use jiff::fmt::strtime;

use super::floating::{is_decided, keeper};
use super::plan_json::{Follows, TagEntry};
use super::planned::PlannedImage;
use super::record::{Fault, Known, Question, Record};
use super::release::has_same_numbers;
use super::served::Served;
use crate::commit;
use crate::form::{Form, Part};
use crate::reference::{Digest, Tag};
use crate::version::{Class, NUMBER_LIMIT, Number, SEPARATORS, Version, may_be_day, numbers, outranks};

/// How many tags are looked at.
const MAX_TAGS: usize = 200;

/// What has a floating tag besides it.
pub(crate) enum AlsoNamed<'a> {
    /// It takes these answers to tell.
    Open(Vec<Question>),
    /// Nothing that was asked for, as far as this tells.
    Nothing,
    /// The same, and so many tags that read as greater were not asked for.
    Uncompared(usize),
    /// A tag, and how it compares with the image, such as "reads as greater than `1.4.2`".
    As(&'a Tag, String),
    /// Nothing tells, since tags cannot be listed.
    Unlisted(&'a Fault),
}

/// A tag that reads as greater than the image, which the index of this digest has besides a floating one: one that is like a
/// tag of the image but for its numbers, where those leave open which version they mean; and otherwise one that shows a
/// version with greater numbers, whatever follows them.
pub(crate) fn greater<'a>(
    image: &PlannedImage,
    tag: &TagEntry,
    digest: &Digest,
    record: &'a Record,
) -> AlsoNamed<'a> {
    let is_compared = tag.follows().is_some() && image.version.is_some() || !image.unclear.is_empty();
    if !tag.floating || !is_compared || image.unclear.contains(&tag.name) {
        return AlsoNamed::Nothing;
    }
    let listed = match record.tags() {
        Known::Unasked => return AlsoNamed::Open(vec![Question::Tags]),
        Known::Absent => return AlsoNamed::Nothing,
        Known::Faulty(fault) => return AlsoNamed::Unlisted(fault),
        Known::Present(listed) => listed,
    };
    // The plan has decided between its images.
    let is_open = |other: &&Tag| {
        let is_own = image.tags.iter().any(|own| own.name == **other);
        !is_own && !image.beside.contains(*other) && !is_withdrawn_as(image, other.as_str())
    };
    let others = listed.iter().filter(is_open);
    let mut found: Vec<(&Tag, Lesser)> =
        others.filter_map(|other| Some((other, lesser_own(image, tag, other)?))).collect();
    // Of the tags of one version, those with the least beside it are the surest.
    found.sort_by_cached_key(|(tag, lesser)| {
        (Reverse(lesser.rank), tag.as_str().len(), Reverse(numbers(tag.as_str())))
    });
    let uncompared = found.len().saturating_sub(MAX_TAGS);
    found.truncate(MAX_TAGS);
    let unasked: Vec<Question> = found
        .iter()
        .filter(|(tag, _)| record.tag(tag).is_unasked())
        .map(|(tag, _)| Question::Tag((*tag).clone()))
        .collect();
    let has_it = |(tag, _): &(&Tag, Lesser)| record.tag(tag).present() == Some(digest);
    match found.into_iter().find(has_it) {
        Some((tag, lesser)) => AlsoNamed::As(tag, lesser.how),
        None if !unasked.is_empty() => AlsoNamed::Open(unasked),
        None if uncompared > 0 => AlsoNamed::Uncompared(uncompared),
        None => AlsoNamed::Nothing,
    }
}

/// An image that a tag reads as not less than.
struct Lesser {
    /// How the tag compares with it.
    how: String,
    /// The numbers of the version that the tag shows, and how many it has, if that is clear.
    rank: ([u64; NUMBER_LIMIT], usize),
}

fn lesser_own(image: &PlannedImage, tag: &TagEntry, other: &Tag) -> Option<Lesser> {
    let unclear = image.unclear.iter().find(|own| outranks(other.as_str(), own.as_str()));
    let reads_as_greater = |own: String| format!("reads as greater than `{own}`");
    unclear.map(|own| Lesser { how: reads_as_greater(own.to_string()), rank: Default::default() }).or_else(
        || {
            let own = image.version.as_ref()?;
            // About the tags of its forms the list has decided, and a variant's own name is of that variant alone.
            let is_of_it = !is_of_variant(tag) || goes_on(tag, other);
            let follows = tag.follows().filter(|_| is_of_it && !is_decided(image, tag, other))?;
            let before = |part: Option<&Part>| match part {
                Some(Part::Text(text)) => Some(text.clone()),
                _ => None,
            };
            let prefixes = tag.family.iter().filter_map(|form| before(form.parts().first()));
            let texts =
                prefixes.filter_map(|prefix| other.as_str().strip_prefix(prefix.as_str()).map(str::to_owned));
            let mut texts = texts.chain([other.to_string()]);
            let is_not_less =
                |version: &Version| has_greater_numbers(version, own, follows) || version.is_beside(own);
            let version = texts.find_map(|text| image.parse_version(&text).ok().filter(is_not_less))?;
            let how = if version.is_beside(own) {
                format!("is another edition of the release than `{own}`")
            } else {
                reads_as_greater(own.to_string())
            };
            Some(Lesser { how, rank: (of_numbers(&version), version.numbers().len()) })
        },
    )
}

/// Whether the numbers of a version are greater than those of another one, among the versions that a tag moves with.
fn has_greater_numbers(version: &Version, own: &Version, follows: Follows) -> bool {
    let Follows { class, numbers } = follows;
    (class == Class::Prerelease || !version.is_prerelease())
        && is_version(version, own)
        && of_numbers(version).cmp(&of_numbers(own)) == Ordering::Greater
        && of_numbers(version)[..numbers] == of_numbers(own)[..numbers]
}

/// Whether a floating tag shows what stands behind the versions that it moves with, as `alpine` and `1-alpine` do.
fn is_of_variant(tag: &TagEntry) -> bool {
    let shown = |form: &Form| match form.parts() {
        [.., Part::Version, Part::Text(behind)] => {
            tag.name.as_str().contains(behind.trim_start_matches(SEPARATORS))
        }
        _ => false,
    };
    tag.family.iter().any(shown)
}

/// Whether a tag has what stands behind the versions that a tag moves with, and more behind that: `1.4.0-jre-noble` beside
/// `1.3.0-jre`.
fn goes_on(tag: &TagEntry, other: &Tag) -> bool {
    let goes_on = |form: &Form| match form.parts() {
        [.., Part::Version, Part::Text(behind)] => {
            let found = other.as_str().split_once(behind.as_str());
            found.is_some_and(|(_, rest)| rest.starts_with(SEPARATORS))
        }
        _ => false,
    };
    tag.family.iter().any(goes_on)
}

/// Whether what reads as a version is one, beside this one: a number alone may be that of a build, and a long one a commit.
fn is_version(version: &Version, own: &Version) -> bool {
    let count = version.numbers().len();
    let is_commit = count == 1 && commit::is_commit(version.core()) && !may_be_day(version.core());
    !is_commit && (count > 1 || own.numbers().len() == 1)
}

/// The numbers of a version; those that it lacks are zeros.
fn of_numbers(version: &Version) -> [u64; NUMBER_LIMIT] {
    std::array::from_fn(|at| version.numbers().get(at).map_or(0, Number::value))
}

/// Whether a text is that of a version that was pulled, which owns nothing any more, or of a variant of one, or the beginning of one,
/// as a floating tag shows it.
fn is_withdrawn_as(image: &PlannedImage, text: &str) -> bool {
    let version = image.parse_version(text).ok();
    let is_variant = |version: &Version, pulled: &Version| {
        version.class() == Class::Unknown && pulled.tail().is_empty() && has_same_numbers(version, pulled)
    };
    let covers = |version: &Version| {
        image
            .withdrawn
            .iter()
            .any(|one| one.covers(version) || one.version().is_some_and(|pulled| is_variant(version, pulled)))
    };
    let is_part = |version: &Version| {
        let is_short =
            image.version.as_ref().is_some_and(|own| own.numbers().len() > version.numbers().len());
        let is_plain = version.tail().is_empty() || version.class() == Class::Unknown;
        is_short && is_plain && image.withdrawn.iter().any(|one| one.goes_on(version))
    };
    image.withdrawn.iter().any(|one| one.fits(text))
        || version.as_ref().is_some_and(|version| covers(version) || is_part(version))
}

/// The version that an index says it is, and the annotation that says so, when that would keep a tag if its own tag were there: in one of the forms of the tags that
/// it moves with, or by its numbers where something else follows them.
#[must_use]
pub(crate) fn says_greater<'s>(
    image: &PlannedImage,
    tag: &TagEntry,
    served: &'s Served,
) -> Option<(&'static str, &'s String)> {
    let (key, text) = served.version()?;
    is_greater(image, tag, text, image.annotations.get(key)).then_some((key, text))
}

/// The version that an annotation or label says: all of its text, or what stands in it as in tags of these forms, such as
/// `api-1.4.2`.
#[must_use]
pub(crate) fn version_in<'f>(
    image: &PlannedImage,
    forms: impl Iterator<Item = &'f Form>,
    text: &str,
) -> Option<Version> {
    let in_tag = || {
        let mut texts = forms.flat_map(|form| form.versions_in(text));
        texts.find_map(|text| image.parse_version(text).ok())
    };
    image.parse_version(text).ok().or_else(in_tag)
}

/// Whether what has a tag, and says that it is this version, would keep it from an image that is going to say `own` of itself.
#[must_use]
pub(crate) fn is_greater(image: &PlannedImage, tag: &TagEntry, text: &str, own: Option<&String>) -> bool {
    let said = own;
    let (Some(own), Some(follows)) = (&image.version, tag.follows()) else { return false };
    let version = version_in(image, tag.family.iter(), text);
    let Some(version) = version.filter(|version| is_version(version, own)) else { return false };
    // What the image itself is going to say may be more than its version.
    let said = said.and_then(|said| image.parse_version(said).ok());
    if said.is_some_and(|said| version.cmp_precedence(&said).is_le()) {
        return false;
    }
    // No tag has a `+`.
    let shown = text.replace('+', "-");
    let bare = shown.strip_prefix('v').unwrap_or(&shown);
    let texts = [shown.as_str(), bare];
    let mut names: Vec<String> = texts.map(str::to_owned).to_vec();
    if !tag.family.iter().any(|form| texts.iter().any(|text| form.fits(text))) {
        let forms = tag.family.iter();
        names.extend(forms.flat_map(|form| texts.iter().filter_map(|text| with_version(form, text))));
    }
    let listed: Vec<Tag> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let of_other_form = || {
        let is_withdrawn = [text, version.text()].into_iter().any(|text| is_withdrawn_as(image, text));
        !is_of_variant(tag) && !is_withdrawn && has_greater_numbers(&version, own, follows)
    };
    keeper(image, tag, &listed).is_some() || of_other_form()
}

/// The tag of a version in a form, with any number, commit and day in their places.
fn with_version(form: &Form, version: &str) -> Option<String> {
    let part = |part: &Part| match part {
        Part::Text(text) => Some(text.clone()),
        Part::Version => Some(version.to_owned()),
        Part::Number => Some("0".to_owned()),
        Part::Commit(length) => Some("0".repeat(*length)),
        Part::Date(format) => strtime::format(format, date(2000, 1, 1).at(0, 0, 0, 0)).ok(),
        Part::Name => None,
    };
    form.parts().iter().map(part).collect()
}
