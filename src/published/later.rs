//! What a later run has published: an earlier one that ends last takes no tag of it back.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::plan_json::{RunEntry, TagClass, TagEntry};
use super::planned::PlannedImage;
use super::release::{before_version, has_same_numbers};
use super::runs::Standing;
use super::served::Served;
use crate::reference::Tag;
use crate::version::{Class, Version};

/// How many tags are looked at to find out whether a later run made the same version.
const MAX_OWN: usize = 50;

/// What a later run made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Later {
    /// That it is later.
    pub why: String,
    by: By,
    /// The version that it says it is.
    version: Beside,
    /// Whether the numbers of that are others.
    has_other_numbers: bool,
    /// Whether it is of another commit.
    is_other_commit: bool,
}

/// By what something is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// By branch or commit.
    Run,
    /// A git tag released it afterwards.
    Release,
    /// A run of no git tag came after the release.
    OtherRef,
}

/// A version beside that of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    Same,
    Less,
    Greater,
    /// Nothing is said of it that can be compared.
    Unsaid,
}

/// What is served, if a later run made it. What a git tag releases is no earlier than what other refs have, however old its commit
/// is: somebody has chosen it.
#[must_use]
pub(crate) fn later(
    image: &PlannedImage,
    run: &RunEntry,
    served: &Served,
    now: Option<Timestamp>,
) -> Option<Later> {
    let there = RunEntry::of_served(served);
    let is_release_of_other_ref = run.git_tag().is_some() && run.git_ref != there.git_ref;
    let said = said(image, run, served);
    let version = beside(image, said.as_ref());
    let has_other_numbers = image.version.as_ref().zip(said.as_ref()).is_some_and(|(own, said)| {
        // What follows them may be another text for the same.
        !has_same_numbers(own, said)
    });
    let is_other_commit = is_other_commit(run, &there);
    let by_run = if is_release_of_other_ref { None } else { Some(run.beside(&there, now)) };
    if let Some(Standing::Earlier(why)) = by_run {
        return Some(Later { why, by: By::Run, version, has_other_numbers, is_other_commit });
    }
    if run.git_ref == there.git_ref {
        return None;
    }
    // The commit that is released may be older than others.
    let (own, number) = run.counted_with(&there).filter(|(own, number)| number > own)?;
    let (by, why) = match (there.git_tag(), &there.git_ref) {
        (Some(released), _) => (By::Release, format!("a later run has released the git tag {released}")),
        (None, Some(git_ref)) if is_release_of_other_ref => {
            (By::OtherRef, format!("run {number}, of `{git_ref}`, is later than run {own}"))
        }
        (None, _) => return None,
    };
    Some(Later { why, by, version, has_other_numbers, is_other_commit })
}

/// Whether what is served says that the run which made it was of the git tag of the image's version.
#[must_use]
pub(crate) fn is_of_git_tag(image: &PlannedImage, served: &Served) -> bool {
    let there = RunEntry::of_served(served);
    let both = there.git_tag().zip(image.version.as_ref());
    both.is_some_and(|(git_tag, version)| before_version(git_tag, version).is_some())
}

/// Whether two runs are of commits that are not one.
#[must_use]
pub(crate) fn is_other_commit(run: &RunEntry, there: &RunEntry) -> bool {
    let both = run.commit.as_deref().zip(there.commit.as_deref());
    both.is_some_and(|(own, other)| !own.starts_with(other) && !other.starts_with(own))
}

/// The tags, among those that are listed, that are the own ones of what another run made if that is of the image's version: where
/// a commit, a date or a number stands in own tags, each run has others.
pub(crate) fn own_tags_there<'t>(image: &PlannedImage, served: &Served, listed: &'t [Tag]) -> Vec<&'t Tag> {
    let commit = RunEntry::of_served(served).commit;
    let is_of_commit = |own: &TagEntry, tag: &Tag| {
        let digits = own.form.commits_in(tag.as_str());
        let is_it = |digits: &&str| commit.as_ref().is_some_and(|commit| commit.starts_with(*digits));
        !own.form.has_commit() || digits.iter().any(is_it)
    };
    let is_of_version = |own: &TagEntry, tag: &Tag| {
        let shown = own.form.versions_in(tag.as_str()).into_iter();
        let mut versions = shown.filter_map(|text| image.parse_version(text).ok());
        versions.any(|version| image.version.as_ref().is_some_and(|own| version.cmp_precedence(own).is_eq()))
    };
    let is_there = |tag: &&Tag| {
        let mut own = image.tags.iter().filter(|own| own.is_own_of_run());
        own.any(|own| own.name != **tag && is_of_commit(own, tag) && is_of_version(own, tag))
    };
    listed.iter().rev().filter(is_there).take(MAX_OWN).collect()
}

/// Why what has a tag may be later than a release that takes it, where nothing tells: a tag without a version in it, such as
/// `edge`, may be what another ref has published last.
#[must_use]
pub(crate) fn perhaps_later(
    image: &PlannedImage,
    tag: &TagEntry,
    run: &RunEntry,
    served: &Served,
    now: Option<Timestamp>,
) -> Option<String> {
    let there = RunEntry::of_served(served);
    let is_same = |own: &Option<String>, other: &Option<String>| own.is_some() && own == other;
    let is_of_branch = run.git_tag().is_some() && there.git_ref.is_some() && there.git_tag().is_none();
    let is_open = is_of_branch && run.counted_with(&there).is_none() && !is_same(&run.commit, &there.commit);
    if !is_open || beside(image, said(image, run, served).as_ref()) != Beside::Unsaid || !floats_with_all(tag)
    {
        return None;
    }
    match run.beside(&there, now) {
        Standing::Later => None,
        Standing::Earlier(why) | Standing::Unknown(why) => Some(why),
    }
}

/// Whether all versions that float together have a tag in turn, as `latest` and channels.
fn floats_with_all(tag: &TagEntry) -> bool {
    let is_broadest = || tag.follows().is_some_and(|follows| follows.numbers == 0);
    tag.floating && (tag.class == TagClass::Channel || is_broadest())
}

impl Later {
    /// Whether what has this tag is another build of the image's version.
    #[must_use]
    pub(crate) fn is_same_version(&self, tag: &TagEntry) -> bool {
        let is_it = if tag.floating { self.version == Beside::Same } else { !self.is_other_than(tag) };
        self.by != By::OtherRef && tag.is_of_line() && is_it
    }

    /// Whether it is not what a tag that never moves names: it says that it is another version, or of another commit.
    fn is_other_than(&self, tag: &TagEntry) -> bool {
        let is_other_version = self.has_other_numbers && tag.is_of_version();
        !tag.floating && (is_other_version || self.is_other_commit && tag.form.has_commit())
    }

    /// The same, where an own tag of the image's version has it, too.
    #[must_use]
    pub(crate) fn of_own_tag(self) -> Self {
        Self { version: if self.version == Beside::Unsaid { Beside::Same } else { self.version }, ..self }
    }

    /// Whether it is later by its run, and does not say which version it is.
    #[must_use]
    pub(crate) fn is_unsaid(&self) -> bool {
        self.by == By::Run && self.version == Beside::Unsaid
    }

    /// Whether a tag that has it stays with it. Between two versions the greater one has those that float; what does not say
    /// its version may be another one where an own tag of the image's version would tell.
    #[must_use]
    pub(crate) fn keeps(&self, image: &PlannedImage, tag: &TagEntry) -> bool {
        if self.is_other_than(tag) {
            return false;
        }
        match self.by {
            By::Run => {}
            // Other refs build on, and what moves with them is not meant.
            By::Release => {
                return match self.version {
                    Beside::Same => tag.is_of_line(),
                    Beside::Greater => tag.class == TagClass::Channel,
                    Beside::Less | Beside::Unsaid => tag.is_of_version() && !tag.floating,
                };
            }
            // A release has all that is of its version, and lesser versions of other refs take nothing from it.
            By::OtherRef => {
                return match self.version {
                    Beside::Same | Beside::Less => false,
                    Beside::Greater => tag.floating && tag.class == TagClass::Channel,
                    Beside::Unsaid => floats_with_all(tag),
                };
            }
        }
        let has_own = || image.tags.iter().any(|own| !own.floating && own.is_of_version());
        match (tag.class, self.version) {
            _ if !tag.floating || tag.moves_with_runs() => true,
            (_, Beside::Same) => true,
            (_, Beside::Less) => false,
            // Nothing else tells which versions are in a channel.
            (class, Beside::Greater) => class == TagClass::Channel,
            (class, Beside::Unsaid) => class == TagClass::Channel || !has_own(),
        }
    }
}

/// The version that something says it is. Where nothing is said, the git tags of both runs tell, if that of the image shows its own.
fn said(image: &PlannedImage, run: &RunEntry, served: &Served) -> Option<Version> {
    let said = served.version().and_then(|(_, text)| image.parse_version(text).ok());
    said.or_else(|| of_git_tag(image, run, &RunEntry::of_served(served)))
}

/// What a version is beside that of an image. An ending that is none of a version's, such as that of a variant, says nothing.
fn beside(image: &PlannedImage, said: Option<&Version>) -> Beside {
    let (Some(own), Some(said)) = (&image.version, said) else { return Beside::Unsaid };
    if has_same_numbers(said, own) && said.class() != own.class() && said.class() == Class::Unknown {
        return Beside::Same;
    }
    match said.cmp_precedence(own) {
        Ordering::Less => Beside::Less,
        Ordering::Equal => Beside::Same,
        Ordering::Greater => Beside::Greater,
    }
}

/// The version that the git tag of another run shows, in the form in which that of the image's own run shows its own.
fn of_git_tag(image: &PlannedImage, run: &RunEntry, there: &RunEntry) -> Option<Version> {
    let before = before_version(run.git_tag()?, image.version.as_ref()?)?;
    let other = there.git_tag()?.strip_prefix(before.strip_suffix('v').unwrap_or(before))?;
    image.parse_version(other.strip_prefix('v').unwrap_or(other)).ok()
}
