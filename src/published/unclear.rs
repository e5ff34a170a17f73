//! Whether what has a floating tag also has a tag that reads as greater than the image's own, where those leave open which
//! version they mean: moving the tag would take it back.

use std::cmp::Reverse;

use super::plan_json::TagEntry;
use super::planned::PlannedImage;
use super::record::{Fault, Known, Question, Record};
use crate::reference::{Digest, Tag};
use crate::tags::{numbers, outranks};

/// How many tags that read as greater are looked at, from the greatest on.
const MAX_GREATER: usize = 20;

/// What has a floating tag besides it.
pub(crate) enum Beside<'a> {
    /// It takes these answers to tell.
    Open(Vec<Question>),
    /// Nothing that reads as greater, as far as this tells.
    Nothing,
    /// The first tag, which reads as greater than the image's own, the second.
    Greater(&'a Tag, &'a Tag),
    /// Nothing tells, since tags cannot be listed.
    Unlisted(&'a Fault),
}

/// What has a floating tag besides it, which has this digest in a repository.
pub(crate) fn beside<'a>(
    image: &'a PlannedImage,
    tag: &TagEntry,
    digest: &Digest,
    record: &'a Record,
) -> Beside<'a> {
    if !tag.floating || image.unclear.is_empty() || image.unclear.contains(&tag.name) {
        return Beside::Nothing;
    }
    let listed = match record.tags() {
        Known::Unasked => return Beside::Open(vec![Question::Tags]),
        Known::Absent => return Beside::Nothing,
        Known::Faulty(fault) => return Beside::Unlisted(fault),
        Known::Present(listed) => listed,
    };
    let greater = greater(image, listed);
    let is_open = |tag: &Tag| record.tag(tag).is_unasked();
    let open = greater.iter().filter(|(tag, _)| is_open(tag)).map(|(tag, _)| Question::Tag((*tag).clone()));
    let open: Vec<Question> = open.collect();
    let has_it = |tag: &Tag| record.tag(tag).present() == Some(digest);
    match greater.into_iter().find(|(tag, _)| has_it(tag)) {
        Some((tag, own)) => Beside::Greater(tag, own),
        None if open.is_empty() => Beside::Nothing,
        None => Beside::Open(open),
    }
}

/// The tags of a repository that read as greater than an own one, and which; the greatest first. The plan has decided between
/// its images, and what was withdrawn owns nothing.
fn greater<'a>(image: &'a PlannedImage, listed: &'a [Tag]) -> Vec<(&'a Tag, &'a Tag)> {
    let is_own = |tag: &Tag| image.tags.iter().any(|own| own.name == *tag);
    let is_withdrawn = |tag: &Tag| {
        let version = image.parse_version(tag.as_str()).ok();
        let covers = |version| image.withdrawn.iter().any(|one| one.covers(version));
        image.withdrawn.iter().any(|one| one.fits(tag.as_str())) || version.as_ref().is_some_and(covers)
    };
    let lesser = |tag: &Tag| image.unclear.iter().find(|own| outranks(tag.as_str(), own.as_str()));
    let others =
        listed.iter().filter(|tag| !is_own(tag) && !image.beside.contains(tag) && !is_withdrawn(tag));
    let mut found: Vec<(&Tag, &Tag)> = others.filter_map(|tag| Some((tag, lesser(tag)?))).collect();
    found.sort_by_cached_key(|(tag, _)| Reverse(numbers(tag.as_str())));
    found.truncate(MAX_GREATER);
    found
}
