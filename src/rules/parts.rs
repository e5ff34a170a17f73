//! The parts of a version that the patterns of rules can name.

use super::pep440::Pep440;
use crate::version::{Class, Version};

/// What the pattern of a version can name.
pub(super) struct Parts {
    pub(super) raw: String,
    pub(super) version: String,
    pub(super) numbers: [String; 3],
    pub(super) found: Option<Version>,
    pub(super) is_final: bool,
}

/// Reads SemVer, with a `v` in front or not.
pub(super) fn semver(text: &str) -> Option<Parts> {
    let version = semver::Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()?;
    let is_final = version.pre.is_empty();
    let release = format!("{}.{}.{}", version.major, version.minor, version.patch);
    Some(Parts {
        raw: text.to_owned(),
        version: if is_final { release } else { format!("{release}-{}", version.pre) },
        numbers: [version.major, version.minor, version.patch].map(|number| number.to_string()),
        found: text.parse().ok(),
        is_final,
    })
}

pub(super) fn pep440(text: &str) -> Option<Parts> {
    let version = Pep440::parse(text)?;
    // What was added locally counts where it says that this is a build after the release.
    let local = version.without_epoch().parse().ok().filter(|one: &Version| one.class() == Class::Unknown);
    Some(Parts {
        raw: text.to_owned(),
        version: version.normal(),
        numbers: [0, 1, 2].map(|at| version.number(at)),
        found: local.or_else(|| version.public().parse().ok()),
        is_final: version.is_final(),
    })
}
