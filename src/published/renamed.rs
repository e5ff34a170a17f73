//! Whether what reads as a greater version is one: `3.13-1.2.3` and `24.04` read as greater than 1.3.0 by numbers that are not the
//! version's, and are other names of a lesser version where they have its digest.

use super::floating::{Keeper, as_tagged, keepers, members};
use super::plan_json::TagEntry;
use super::planned::PlannedImage;
use super::record::{Known, Question, Record};
use super::release::MAX_RELEASES;
use crate::form::{Form, Part};
use crate::reference::{Digest, Tag};
use crate::version::{Number, SEPARATORS, Version};

/// How many of the nearest versions are looked at first: one of them is what a floating tag has most of the time.
const NEAREST: usize = 10;

/// Whether a floating tag stays with a greater version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It takes these answers to tell.
    Open(Vec<Question>),
    /// There is none.
    No,
    /// It stays with this one.
    By(Keeper),
    /// This one reads as greater by a number that may not be the version's, and nothing tells whose index it has.
    Perhaps(Keeper),
}

/// How far it is to be doubted that a version is greater.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// It has more or fewer numbers than the image's, or is a date.
    Slight,
    /// A version stands in its tag behind the numbers, or it is nearer to a constant of the plan than to the image's version.
    Grave,
}

/// What came of doubting a greater version.
enum Standing {
    Open(Vec<Question>),
    Greater,
    Renamed,
    Unclear,
}

/// Whether a floating tag stays with a greater version that a repository has.
#[must_use]
pub(crate) fn kept(image: &PlannedImage, tag: &TagEntry, record: &Record) -> Kept {
    let (Some(version), Some(listed)) = (&image.version, record.tags().present()) else { return Kept::No };
    let keepers = keepers(image, tag, listed);
    if keepers.is_empty() {
        return Kept::No;
    }
    let versions = Versions::new(image, version, tag, listed, record);
    let (mut open, mut declined) = (Vec::new(), 0);
    for (at, keeper) in keepers.into_iter().enumerate() {
        match versions.standing(&keeper) {
            Standing::Renamed => {}
            Standing::Open(questions) => {
                open.extend(questions);
                // The others matter only if this one is no version.
                if at == 0 || open.len() > MAX_RELEASES {
                    break;
                }
            }
            Standing::Unclear if !open.is_empty() => break,
            Standing::Unclear => return Kept::Perhaps(keeper),
            Standing::Greater => match declines(&tag.name, tag, &keeper.tag, record) {
                Declines::Yes if declined < MAX_RELEASES => declined += 1,
                Declines::Yes | Declines::No if open.is_empty() => return Kept::By(keeper),
                Declines::Yes | Declines::No => break,
                Declines::Open(question) => {
                    open.push(question);
                    // Where many decline, the next one does so as well.
                    if open.len() > declined {
                        break;
                    }
                }
            },
        }
    }
    if open.is_empty() { Kept::No } else { Kept::Open(open) }
}

/// Whether a version goes without a floating tag.
pub(crate) enum Declines {
    /// It takes this answer to tell.
    Open(Question),
    /// Its index says so.
    Yes,
    /// It has the tag or may have it, as far as is known.
    No,
}

/// Whether the version that a tag is the own one of goes without a floating tag of this shape, as its index says: its image had
/// `latest = false` when it was published. What has the tag all the same keeps it.
#[must_use]
pub(crate) fn declines(floating: &Tag, shape: &TagEntry, own: &Tag, record: &Record) -> Declines {
    // `latest` moves with all versions, and is a text in each variant, too.
    if !shape.form.is_text() || shape.follows().is_none_or(|follows| follows.numbers > 0) {
        return Declines::No;
    }
    match record.tag(own) {
        Known::Unasked => Declines::Open(Question::Tag(own.clone())),
        Known::Present(digest) if record.tag(floating).present() != Some(digest) => {
            match record.previous(digest) {
                Known::Unasked => Declines::Open(Question::Previous(digest.clone())),
                Known::Present(served) if served.goes_without(floating) => Declines::Yes,
                Known::Present(_) | Known::Absent | Known::Faulty(_) => Declines::No,
            }
        }
        Known::Present(_) | Known::Absent | Known::Faulty(_) => Declines::No,
    }
}

/// The versions of a repository that look like the image's own one.
struct Versions<'a> {
    image: &'a PlannedImage,
    own: Version,
    record: &'a Record,
    /// What has the floating tag now.
    now: Option<&'a Digest>,
    /// Their own tags, those that are nearest to the image's version first.
    alike: Vec<(&'a Tag, Version)>,
    /// The forms of the image's own tags with any numbers in the text before the version.
    forms: Vec<Form>,
    /// The constants among its tags that read as versions.
    constants: Vec<Version>,
}

impl<'a> Versions<'a> {
    fn new(
        image: &'a PlannedImage,
        version: &Version,
        tag: &TagEntry,
        listed: &'a [Tag],
        record: &'a Record,
    ) -> Self {
        let own = as_tagged(image, version);
        let literal = image.tags.iter().filter(|one| !one.floating && one.form.is_plain());
        let texts = image.tags.iter().filter(|one| one.form.is_text());
        let mut versions = Self {
            image,
            now: record.tag(&tag.name).present(),
            record,
            alike: Vec::new(),
            forms: literal.filter_map(|one| numbered(&one.form)).collect(),
            constants: texts.filter_map(|one| image.parse_version(one.name.as_str()).ok()).collect(),
            own,
        };
        let floats = |tag: &Tag| image.tags.iter().any(|one| one.floating && one.name == *tag);
        let mut alike: Vec<(&Tag, Version)> = members(image, tag, listed)
            .into_iter()
            .filter(|one| one.other_scheme.is_none() && !floats(one.tag))
            .map(|one| (one.tag, one.version))
            .filter(|(_, version)| versions.has_its_count(version) && !versions.is_like_constant(version))
            .collect();
        alike.sort_by(|(_, a), (_, b)| b.cmp(a));
        let is_greater = |version: &Version| version.cmp_precedence(&versions.own).is_gt();
        let (greater, mut lesser): (Vec<_>, Vec<_>) =
            alike.into_iter().partition(|(_, version)| is_greater(version));
        lesser.extend(greater);
        lesser.truncate(MAX_RELEASES);
        let is_named = |tag: &Tag| lesser.iter().any(|(_, version)| names(tag, version));
        versions.alike = lesser.iter().filter(|(tag, _)| !is_named(tag)).cloned().collect();
        versions
    }

    /// Whether a version has as many numbers as that of the image.
    fn has_its_count(&self, version: &Version) -> bool {
        version.numbers().len() == self.own.numbers().len()
    }

    /// Whether a version is nearer to a constant of the plan than to the image's version.
    fn is_like_constant(&self, version: &Version) -> bool {
        let first = |version: &Version| version.numbers().first().map_or(0, Number::value);
        let (it, own) = (first(version), first(&self.own));
        self.constants.iter().any(|constant| {
            constant.numbers().len() == version.numbers().len()
                && it.abs_diff(first(constant)) < it.abs_diff(own)
        })
    }

    fn standing(&self, keeper: &Keeper) -> Standing {
        if self.is_read_as_lesser(&keeper.tag) {
            return Standing::Renamed;
        }
        let Some(doubt) = self.doubt(keeper) else { return Standing::Greater };
        let alike = || self.alike.iter().map(|(tag, _)| *tag);
        let has = |digest: &Digest| alike().any(|tag| self.record.tag(tag).present() == Some(digest));
        let own = self.record.tag(&keeper.tag).present();
        // What it never had, nobody can take from it.
        if own.is_some_and(has) || doubt == Doubt::Grave && self.now.is_none_or(has) {
            return Standing::Renamed;
        }
        let open = |tags: &mut dyn Iterator<Item = &Tag>| -> Vec<Question> {
            let unasked = tags.filter(|tag| self.record.tag(tag).is_unasked());
            unasked.map(|tag| Question::Tag(tag.clone())).collect()
        };
        let named = self.alike.iter().filter(|(_, version)| names(&keeper.tag, version));
        let named = named.map(|(tag, _)| *tag);
        let mut questions = open(&mut named.chain(alike().take(NEAREST)).chain([&keeper.tag]));
        if questions.is_empty() && own.is_some() {
            questions = open(&mut alike());
        }
        match (questions.is_empty(), doubt) {
            (false, _) => Standing::Open(questions),
            (true, Doubt::Slight) => Standing::Greater,
            (true, Doubt::Grave) => Standing::Unclear,
        }
    }

    fn doubt(&self, keeper: &Keeper) -> Option<Doubt> {
        let is_named = self.alike.iter().any(|(_, version)| names(&keeper.tag, version));
        if is_named || self.is_like_constant(&keeper.version) {
            return Some(Doubt::Grave);
        }
        let is_other = !self.has_its_count(&keeper.version) || keeper.other_scheme.is_some();
        is_other.then_some(Doubt::Slight)
    }

    /// Whether a tag shows a version that is not greater, in the form of one of the image's own tags.
    fn is_read_as_lesser(&self, tag: &Tag) -> bool {
        let texts = self.forms.iter().flat_map(|form| form.versions_in(tag.as_str()));
        let mut versions = texts.filter_map(|text| self.image.parse_version(text).ok());
        versions.any(|version| version.cmp_precedence(&self.own).is_le())
    }
}

/// Whether a tag shows a version behind something else.
fn names(tag: &Tag, version: &Version) -> bool {
    let (text, version) = (tag.as_str(), version.without_v());
    let is_apart = |(at, _): (usize, &str)| {
        let before = text[..at].strip_suffix('v').unwrap_or(&text[..at]);
        let behind = &text[at + version.len()..];
        // A word may stand before any version of the image.
        before.ends_with(SEPARATORS)
            && before.contains(|c: char| c.is_ascii_digit())
            && (behind.is_empty() || behind.starts_with(['-', '_']))
    };
    version.contains('.') && text.match_indices(version).any(is_apart)
}

/// A form with any number in the place of each in the text before its version; none where there is no number.
fn numbered(form: &Form) -> Option<Form> {
    let of_version = form.parts().iter().position(|part| *part == Part::Version)?;
    let numbered = form
        .with_texts(|at, text| if at < of_version { parts(text) } else { vec![Part::Text(text.to_owned())] });
    (numbered != *form).then_some(numbered)
}

/// A text with a part for each number in it.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        parts.push(Part::Number);
        rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    parts
}
