//! What is to be written of an image in a repository.

use jiff::Timestamp;

use super::super::report::Outcome;
use super::super::subject::Copies;
use super::super::tools::MergeTools;
use crate::published::plan_json::RunEntry;
use crate::published::planned::PlannedImage;
use crate::reference::{Digest, Tag};
use crate::registry::{Location, Manifest};

/// What to do about merges that run at the same time.
pub(super) const ONE_AT_A_TIME: &str =
    "run merges into one repository one at a time, then run this one again";

/// The time of the machine.
pub(in crate::merge) fn now(tools: &MergeTools<'_>) -> Option<Timestamp> {
    Timestamp::from_second(tools.clock.unix_seconds()).ok()
}

/// A tag of an image, by the image's key and the position among its references.
pub(super) type Place<'a> = (&'a str, usize);

/// What is to be written of one image in one repository.
pub(crate) struct Job<'a> {
    /// The image's key.
    pub image: &'a str,
    /// The image.
    pub of: &'a PlannedImage,
    /// The run that made the index.
    pub run: RunEntry,
    /// Whether floating tags must not go back.
    pub is_guarded: bool,
    /// Whether they move by what the plan knows where tags cannot be listed.
    pub trusts_known_versions: bool,
    /// The tags that the repository had when it was decided about them, if they can be listed.
    pub listed: Option<&'a [Tag]>,
    /// The position of the repository among the sites.
    pub site: usize,
    /// The index.
    pub manifest: &'a Manifest,
    /// What is taken over from other repositories first.
    pub copies: Option<&'a Copies>,
    /// What is known of the index there.
    pub index: IndexState,
    /// The tags that are written.
    pub tags: Vec<TagJob>,
    /// The command that gives the tags, when Docker writes.
    pub command: Option<Command>,
}

impl Job<'_> {
    /// Whether a tag waits for a list that shows what was written before it.
    #[must_use]
    pub(super) fn waits(&self, tag: &TagJob) -> bool {
        self.is_guarded && tag.moves_by_list
    }
}

/// What gives tags to an image in one repository.
pub(crate) struct Command {
    /// What says which image, behind the tags; none when something of it has to come from another repository, too.
    pub image: Option<Vec<String>>,
}

impl Command {
    /// The command that makes these tags; nothing when there is none.
    #[must_use]
    pub(in crate::merge) fn words<'t>(
        &self,
        at: &Location,
        tags: impl Iterator<Item = &'t TagJob>,
    ) -> Vec<String> {
        let Some(image) = &self.image else { return Vec::new() };
        let mut words = ["docker", "buildx", "imagetools", "create"].map(str::to_owned).to_vec();
        let (versions, floating): (Vec<_>, Vec<_>) = tags.partition(|tag| !tag.floating);
        for tag in versions.into_iter().chain(floating) {
            words.extend(["-t".to_owned(), at.with_tag(&tag.tag)]);
        }
        words.extend(image.iter().cloned());
        words
    }
}

/// What is known of an index in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexState {
    /// It was read.
    Read,
    /// A tag names it.
    Named,
    /// Nothing.
    Unknown,
}

/// A tag that is to be written.
pub(crate) struct TagJob {
    /// The position among the image's references.
    pub reference: usize,
    /// The tag.
    pub tag: Tag,
    /// Whether it moves from version to version.
    pub floating: bool,
    /// Whether it is like the own tag of a version, though it leaves open of which one.
    pub is_unclear: bool,
    /// Whether it moves with all versions, as `latest` does.
    pub is_broadest: bool,
    /// Whether another run may have published it meanwhile, so that it is read again before it is written.
    pub may_be_taken: bool,
    /// Whether it is written by the word of a list, since the list shows no greater version.
    pub moves_by_list: bool,
    /// The digest that it had.
    pub previous: Option<Digest>,
    /// What it counts as when it is written.
    pub outcome: Outcome,
}

/// When a tag is written: what a registry may refuse, since it lets no tag change, before what cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// The own tag of a version that has another digest.
    Replaced,
    /// The own tag of a version.
    Literal,
    /// A floating tag.
    Floating,
    /// A floating tag that most people use: last.
    Broadest,
}

impl Stage {
    /// All of them, in order.
    pub(super) const ALL: [Self; 4] = [Self::Replaced, Self::Literal, Self::Floating, Self::Broadest];

    /// Whether its tags move from version to version.
    pub(super) fn moves(self) -> bool {
        match self {
            Self::Floating | Self::Broadest => true,
            Self::Replaced | Self::Literal => false,
        }
    }

    /// Whether its tags are written one after another, so that nothing follows the first one that is refused.
    pub(super) fn is_careful(self) -> bool {
        match self {
            Self::Replaced => true,
            Self::Literal | Self::Floating | Self::Broadest => false,
        }
    }
}

impl TagJob {
    /// Whether it is written in this stage or later, by the word of a list.
    #[must_use]
    pub(super) fn moves_by_list(&self, stage: Stage) -> bool {
        self.moves_by_list && self.stage() >= stage
    }

    /// When it is written.
    #[must_use]
    pub(super) fn stage(&self) -> Stage {
        match (self.floating, self.outcome) {
            (true, _) if self.is_unclear => Stage::Literal,
            (true, _) if self.is_broadest => Stage::Broadest,
            (true, _) => Stage::Floating,
            (false, Outcome::Replaced) => Stage::Replaced,
            (false, _) => Stage::Literal,
        }
    }
}
