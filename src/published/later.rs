//! What a later run has published: an earlier one that ends last takes no tag of it back.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::plan_json::{RunEntry, TagClass, TagEntry};
use super::planned::PlannedImage;
use super::release::has_same_numbers;
use super::runs::Standing;
use super::served::Served;
use crate::oci::VERSION;
use crate::version::Class;

/// What a later run made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Later {
    /// That it is later.
    pub why: String,
    by: By,
    /// The version that it says it is.
    version: Beside,
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
    let version = beside(image, served);
    let by_run = if is_release_of_other_ref { None } else { Some(run.beside(&there, now)) };
    if let Some(Standing::Earlier(why)) = by_run {
        return Some(Later { why, by: By::Run, version });
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
    Some(Later { why, by, version })
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
    if !is_open || beside(image, served) != Beside::Unsaid || !floats_with_all(tag) {
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
        self.by != By::OtherRef && tag.is_of_line() && (!tag.floating || self.version == Beside::Same)
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

/// What the version that something says it is, is beside that of an image. An ending that is none of a version's, such as that of
/// a variant, says nothing.
fn beside(image: &PlannedImage, served: &Served) -> Beside {
    let said = served.annotations().and_then(|all| image.parse_version(all.get(VERSION)?).ok());
    let (Some(own), Some(said)) = (&image.version, said) else { return Beside::Unsaid };
    if has_same_numbers(&said, own) && said.class() != own.class() && said.class() == Class::Unknown {
        return Beside::Same;
    }
    match said.cmp_precedence(own) {
        Ordering::Less => Beside::Less,
        Ordering::Equal => Beside::Same,
        Ordering::Greater => Beside::Greater,
    }
}
