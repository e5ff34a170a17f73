//! What becomes of each tag of an image in each of its repositories.

use std::collections::BTreeSet;
use std::iter;

use super::super::report::{Outcome, TagReport};
use super::super::subject::{Made, Subject};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::VERSION;
use crate::published::plan_json::{Follows, TagClass, TagEntry};
use crate::published::planned::PlannedImage;
use crate::published::record::{Known, Record};
use crate::published::release::{Saying, saying};
use crate::published::renamed::{Kept, kept};
use crate::published::served::Served;
use crate::reference::{Digest, Tag};
use crate::registry::{Location, Manifest};
use crate::version::Class;

/// What is to become of a tag in a repository.
#[derive(Clone)]
pub(crate) struct Decision {
    /// The position of the repository among the sites.
    pub site: usize,
    /// The tag.
    pub tag: Tag,
    /// The same as the report has it.
    pub report: TagReport,
}

/// What is to become of a tag, seen what it means now.
#[must_use]
pub(crate) fn decide(
    subject: &Subject<'_>,
    tag: &TagEntry,
    location: &Location,
    digest: &Digest,
    record: &Record,
) -> TagReport {
    let previous = record.tag(&tag.name).present().cloned();
    let keeper = || {
        if subject.allow_backward { Kept::No } else { kept(subject.image, tag, record) }
    };
    let mut why = None;
    let outcome = match &previous {
        Some(current) if current == digest => Outcome::Unchanged,
        current => {
            let kept = keeper();
            why = match &kept {
                Kept::By(keeper) => Some(keeper.reason()),
                Kept::Perhaps(keeper) => Some(format!("{}, unless it is no version", keeper.reason())),
                Kept::Open(_) | Kept::No => None,
            };
            match (current, tag.floating) {
                _ if matches!(kept, Kept::By(_)) => Outcome::Kept,
                // It was asked for all that a repository tells.
                _ if matches!(kept, Kept::Perhaps(_) | Kept::Open(_)) => Outcome::Held,
                _ if is_unseen(tag, record) && !subject.trust_known_versions => Outcome::Held,
                (None, _) => Outcome::Created,
                (Some(_), true) => Outcome::Moved,
                (Some(_), false) => Outcome::Replaced,
            }
        }
    };
    TagReport {
        reference: location.with_tag(&tag.name),
        repository: location.to_string(),
        tag: tag.name.to_string(),
        floating: tag.floating,
        digest: if matches!(outcome, Outcome::Kept | Outcome::Held) {
            previous.clone()
        } else {
            Some(digest.clone())
        },
        outcome,
        previous,
        why,
    }
}

/// Whether a tag moves with versions that nobody may list.
#[must_use]
pub(crate) fn is_unseen(tag: &TagEntry, record: &Record) -> bool {
    tag.follows().is_some() && matches!(record.tags(), Known::Faulty(_))
}

/// The tags of an image that are there and missing from the list that other tags move by: what else it lacks is not known.
///
/// The list counts only where a tag that follows versions is written, so that a repetition is right even while a
/// registry's lists lag behind.
pub(crate) fn unlisted<'r>(
    image: &PlannedImage,
    decisions: &'r [Decision],
    records: &'r [Record],
) -> impl Iterator<Item = (usize, &'r Tag)> {
    let follows = |decision: &Decision| {
        let tag = image.tags.iter().find(|tag| tag.name == decision.tag);
        tag.and_then(TagEntry::follows).is_some()
    };
    let moving = decisions.iter().filter(|one| one.report.outcome.writes() && follows(one));
    let sites: BTreeSet<usize> = moving.map(|one| one.site).collect();
    let lacks = |site: usize, tag: &Tag| records[site].tags().present().is_some_and(|all| !all.contains(tag));
    let there = decisions.iter().filter(|one| one.report.previous.is_some());
    there
        .filter(move |one| sites.contains(&one.site) && lacks(one.site, &one.tag))
        .map(|one| (one.site, &one.tag))
}

/// Refuses to move tags by a list that lacks one that is there.
#[must_use]
pub(crate) fn not_listed(location: &Location, tag: &Tag) -> Diagnostic {
    let message = format!(
        "`{location}` has the tag `{tag}`, but its list of tags lacks it: a greater version may be missing from the list too"
    );
    Diagnostic::error(Code::TAG_LIST, message).with_help(
        "merge again later, if the registry's lists lag behind; or move the tags anyway with `--allow-backward`",
    )
}

/// Says which tags were moved without knowing whether a greater version has them.
#[must_use]
pub(crate) fn unguarded(
    key: &str,
    image: &PlannedImage,
    decisions: &[Decision],
    records: &[Record],
) -> Option<Diagnostic> {
    let says_itself = |decision: &Decision| {
        let previous = decision.report.previous.as_ref();
        let served = previous.and_then(|digest| records[decision.site].previous(digest).present());
        served.is_some_and(|served| served.version().is_some())
    };
    let cannot_tell = |decision: &&Decision| {
        let planned = image.tags.iter().find(|one| one.name == decision.tag);
        planned.is_some_and(|one| {
            one.class == TagClass::Channel
                || (one.follows().is_some() && !image.shows_version() && !says_itself(decision))
        })
    };
    let moved = decisions.iter().filter(|one| one.report.outcome == Outcome::Moved);
    let tags: BTreeSet<String> = moved.filter(cannot_tell).map(|one| format!("`{}`", one.tag)).collect();
    if tags.is_empty() {
        return None;
    }
    let tags: Vec<String> = tags.into_iter().collect();
    let message = format!(
        "image `{key}` moves {}, and the tags of its repositories do not say whether a greater version had it",
        tags.join(", ")
    );
    Some(Diagnostic::note(Code::UNGUARDED_TAG, message))
}

/// Whether a tag that floats with versions may be a version itself, such as `1.4` beside 1.4.2.
#[must_use]
pub(crate) fn may_be_version(image: &PlannedImage, tag: &Tag) -> bool {
    let follows = image.tags.iter().find(|one| one.name == *tag).and_then(TagEntry::follows);
    matches!(follows, Some(Follows { class: Class::Stable, numbers }) if numbers > 0)
}

/// Whether the tags that are listed decide who has a tag: those of versions or, where an image's own ones leave open which
/// version they mean, those that are like them.
#[must_use]
pub(crate) fn follows_list(image: &PlannedImage, tag: &Tag) -> bool {
    let follows = |one: &TagEntry| {
        one.follows().is_some()
            || one.floating && !image.unclear.is_empty() && !image.unclear.contains(&one.name)
    };
    image.tags.iter().any(|one| one.name == *tag && follows(one))
}

/// Whether a tag moves with all versions that float together, as `latest` does.
#[must_use]
pub(crate) fn is_broadest(image: &PlannedImage, tag: &Tag) -> bool {
    let follows = image.tags.iter().find(|one| one.name == *tag).and_then(TagEntry::follows);
    follows.is_some_and(|Follows { class: _, numbers }| numbers == 0)
}

/// The version that an index says it is, when that is the very tag. What names the tag alone proves nothing: `1.4` beside
/// `1.4.2` is what most registries have. What stands around the version in tags, such as a variant, may be in the annotation or not.
#[must_use]
pub(crate) fn says_it_is(image: &PlannedImage, tag: &Tag, published: &Manifest) -> Option<String> {
    let bare = |text: &str| text.strip_prefix('v').unwrap_or(text).to_owned();
    let read = |text: &str, entries: &mut dyn Iterator<Item = &TagEntry>| -> BTreeSet<String> {
        let within = entries.flat_map(|entry| entry.form.versions_in(text)).map(bare);
        iter::once(bare(text)).chain(within).collect()
    };
    let version = Served::read(published.clone()).annotations()?.get(VERSION)?.clone();
    let of_tag = read(tag.as_str(), &mut image.tags.iter().filter(|entry| entry.name == *tag));
    let of_index = read(&version, &mut image.tags.iter());
    (!of_tag.is_disjoint(&of_index)).then_some(version)
}

/// Refuses to move the own tag of a version that was released.
#[must_use]
pub(crate) fn is_released(key: &str, tag: &TagReport, version: &str) -> Diagnostic {
    let message = format!(
        "image `{key}` would move `{}`, whose index says that it is version `{version}` itself",
        tag.reference
    );
    Diagnostic::error(Code::TAG_COLLISION, message).with_note(format!("that is its annotation `{VERSION}`")).with_help(
        "leave the shorter pattern out of `tags`; or pass `--allow-retag` if the tag should float from now on",
    )
}

/// The version that an index says it is, when it is greater than the one whose own tag it would lose.
#[must_use]
pub(crate) fn says_it_is_greater(image: &PlannedImage, tag: &Tag, published: &Manifest) -> Option<String> {
    // A commit may be several versions.
    image.tags.iter().find(|one| one.name == *tag && one.form.is_plain())?;
    let said = Served::read(published.clone()).annotations()?.get(VERSION)?.clone();
    match saying(image, &[said]) {
        Saying::Other(text, version) if Some(&*version) > image.version.as_ref() => Some(text),
        Saying::Nothing | Saying::Own | Saying::Other(..) => None,
    }
}

/// Refuses to replace a greater version, for which the tag floats in the registry.
#[must_use]
pub(crate) fn is_of_greater(key: &str, tag: &TagReport, version: &str) -> Diagnostic {
    let message = format!(
        "image `{key}` would replace `{}`, whose index says that it is version `{version}`, which is greater",
        tag.reference
    );
    Diagnostic::error(Code::TAG_COLLISION, message).with_note(format!("that is its annotation `{VERSION}`")).with_help(
        "the tag floats in the registry: release a greater version; or pass `--allow-retag` if it should be this one from now on",
    )
}

/// Refuses to give the tag of a version another digest.
#[must_use]
pub(in crate::merge) fn immutable(key: &str, tag: &TagReport, digest: &Digest, made: Made) -> Diagnostic {
    let had = tag.previous.as_ref().map_or("", Digest::as_str);
    let what = match made {
        Made::Built => "these builds make",
        Made::Indexed | Made::Reused | Made::Taken => "what is to get the tag is",
    };
    let message =
        format!("image `{key}` is immutable: `{}` is published as {had}, and {what} {digest}", tag.reference);
    let problem = Diagnostic::error(Code::IMMUTABLE_TAG, message);
    let help =
        "release a new version; or pass `--keep-existing` to leave this one as it is, or `--allow-retag`";
    match made {
        Made::Taken => problem.with_help("release a new version; or pass `--allow-retag`"),
        Made::Indexed | Made::Reused => problem.with_help(help),
        Made::Built => problem
            .with_note(
                "a rebuild always has another digest, since its attestations contain the time of the build",
            )
            .with_help(help),
    }
}
