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
    /// Whether that is so by branch or commit; else because a git tag released it afterwards.
    by_run: bool,
    /// The version that it says it is.
    version: Beside,
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
    let git_tag = |run: &RunEntry| run.git_ref.as_ref()?.strip_prefix("refs/tags/").map(str::to_owned);
    let (own, released) = (git_tag(run), git_tag(&there));
    let is_other_ref = run.git_ref != there.git_ref;
    let version = beside(image, served);
    let by_run = if own.is_some() && is_other_ref { None } else { Some(run.beside(&there, now)) };
    if let Some(Standing::Earlier(why)) = by_run {
        return Some(Later { why, by_run: true, version });
    }
    // Runs of one workflow are counted over all refs, and the commit that is released may be older than others.
    let is_after = there.source == run.source
        && there.workflow.is_some()
        && there.workflow == run.workflow
        && there.number.zip(run.number).is_some_and(|(number, own)| number > own);
    let released = released.filter(|_| is_other_ref && is_after)?;
    Some(Later { why: format!("a later run has released the git tag {released}"), by_run: false, version })
}

impl Later {
    /// Whether what has this tag is another build of the image's version.
    #[must_use]
    pub(crate) fn is_same_version(&self, tag: &TagEntry) -> bool {
        tag.is_of_line() && (!tag.floating || self.version == Beside::Same)
    }

    /// Whether a tag that has it stays with it. Between two versions the greater one has those that float; what does not say
    /// its version may be another one where an own tag of the image's version would tell.
    #[must_use]
    pub(crate) fn keeps(&self, image: &PlannedImage, tag: &TagEntry) -> bool {
        if !self.by_run {
            // Other refs build on, and what moves with them is not meant.
            return match self.version {
                Beside::Same => tag.is_of_line(),
                Beside::Greater => tag.class == TagClass::Channel,
                Beside::Less | Beside::Unsaid => tag.is_of_version() && !tag.floating,
            };
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
