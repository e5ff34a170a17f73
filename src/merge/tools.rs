//! What a merge is asked to do, and what it works with.

use std::time::Duration;

use crate::on_missing::OnMissing;
use crate::published::progress::Progress;
use crate::published::sites::Site;
use crate::registry::Clock;

/// What is allowed, and how patient to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Write nothing.
    pub dry_run: bool,
    /// What becomes of images that lack a build.
    pub if_missing: IfMissing,
    /// Move floating tags even when the repository has a greater version or a later run.
    pub allow_backward: bool,
    /// Give floating tags back to the versions that are left, whatever those that have them say they are.
    pub restores: bool,
    /// Move floating tags by what the plan knows where a registry refuses to list its tags.
    pub trust_known_versions: bool,
    /// Give tags of versions another digest even when the image is immutable.
    pub allow_retag: bool,
    /// Leave releases as they are whose own tags are there.
    pub keep_existing: bool,
    /// Publish images whose builds have different bases.
    pub allow_mixed_bases: bool,
    /// Give tags of one version to what says that it is another.
    pub allow_other_version: bool,
    /// Write the indexes, and no tags.
    pub no_tags: bool,
    /// Let Docker write.
    pub use_docker: bool,
    /// How long to wait for builds that are not there yet.
    pub wait: Duration,
    /// How long to wait after the tags for lists that show late what other merges have written; zero for not at all.
    pub settle: Duration,
}

/// What becomes of images that lack a build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfMissing {
    /// What `on_missing` says of each.
    #[default]
    AsPlanned,
    /// What `on_missing` says of each, and the merge is incomplete all the same.
    Fail,
    /// They keep their tags, whatever `on_missing` says.
    Hold,
    /// Nothing is published.
    RequireAll,
}

impl IfMissing {
    /// What becomes of an image without a build of which the plan says this.
    pub(super) fn of(self, planned: OnMissing) -> OnMissing {
        match self {
            Self::AsPlanned | Self::Fail => planned,
            Self::Hold | Self::RequireAll => OnMissing::Hold,
        }
    }
}

/// How long a registry may answer with what a tag was before
/// (<https://github.com/p2pool-starter-stack/pithead/issues/429>), or leave a new tag out of its list.
const SETTLES: Duration = Duration::from_secs(20);

/// How long a registry may take to show what was written, where the user says how long to wait.
#[must_use]
pub(crate) fn patience(wait: Option<Duration>) -> Duration {
    wait.map_or(SETTLES, |wait| SETTLES.min(wait))
}

/// What a merge works with.
#[derive(Clone, Copy)]
pub struct MergeTools<'a> {
    /// The repositories of [`Planned::locations`](crate::published::planned::Planned::locations), in that order.
    pub sites: &'a [Site],
    /// Tells the time, and waits.
    pub clock: &'a dyn Clock,
    /// What is reported about progress.
    pub progress: &'a dyn Progress,
    /// How long a registry may take to show what was written.
    pub patience: Duration,
    /// What runs a command of Docker's.
    pub docker: &'a RunDocker<'a>,
}

/// What runs a command of Docker's; the error is what it complains about.
pub type RunDocker<'a> = dyn Fn(&[String]) -> Result<(), String> + Sync + 'a;
