//! The version that a spec asks for.

use crate::bake::target::Text;
use crate::pattern::PatternError;
use crate::tags::LATEST;
use crate::version::Version;

/// The version that a spec asks for.
#[derive(Clone, Debug)]
pub(super) enum Stated {
    /// None: tags are as they stand.
    No,
    /// This one.
    Is(Version),
    /// It follows from a fact that this run has not, which matters to patterns that use it.
    Unknown(PatternError, Text),
    /// This run is of another image's version: its git tag does not begin with the image's prefix.
    Elsewhere {
        /// The git tag.
        tag: String,
        /// What it would begin with.
        prefix: Text,
    },
}

impl Stated {
    pub(super) fn version(&self) -> Option<&Version> {
        match self {
            Self::Is(version) => Some(version),
            Self::No | Self::Unknown(..) | Self::Elsewhere { .. } => None,
        }
    }
}

/// Whether a tag is called as a version's are.
pub(super) fn is_of_version(tag: &str) -> bool {
    tag == LATEST || tag.parse::<Version>().is_ok_and(|version| !version.is_prerelease())
}
