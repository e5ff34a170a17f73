//! Names where an image is published: a repository of a registry, or an OCI layout on disk.

use std::fmt;
use std::str::FromStr;

use crate::as_text::as_text;
use crate::reference::{Digest, ReferenceError, Repository, Tag};

/// What begins the location of a layout, as in buildx.
const LAYOUT: &str = "oci-layout:";

/// Where an image is published. The text is `ghcr.io/acme/app` or `oci-layout:PATH`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Location {
    /// A repository of a registry.
    Registry(Repository),
    /// The path of an OCI layout, which holds one repository.
    Layout(String),
}

/// Why a text is not a location.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It is not a valid repository.
    #[error(transparent)]
    Repository(#[from] ReferenceError),
    /// `oci-layout:` without a path.
    #[error("`oci-layout:` must be followed by the path of a folder")]
    NoPath,
}

impl Location {
    /// The repository, unless it is a layout.
    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Registry(repository) => Some(repository),
            Self::Layout(_) => None,
        }
    }

    /// The reference of a tag, as messages and `docker buildx imagetools` have it.
    #[must_use]
    pub fn with_tag(&self, tag: &Tag) -> String {
        format!("{}:{tag}", self.base())
    }

    /// The reference of a digest, as messages and `docker buildx imagetools` have it.
    #[must_use]
    pub fn with_digest(&self, digest: &Digest) -> String {
        format!("{}@{digest}", self.base())
    }

    fn base(&self) -> String {
        match self {
            Self::Registry(repository) => repository.to_string(),
            Self::Layout(path) => format!("{LAYOUT}//{path}"),
        }
    }

    /// Whether a blob can be taken over from there without being sent.
    #[must_use]
    pub fn mounts_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Registry(own), Self::Registry(other)) => {
                own != other && own.registry() == other.registry()
            }
            _ => false,
        }
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(path) = text.strip_prefix(LAYOUT) else { return Ok(Self::Registry(text.parse()?)) };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() { Err(LocationError::NoPath) } else { Ok(Self::Layout(path.to_owned())) }
    }
}

as_text!(Location: "A repository, such as `ghcr.io/acme/app`, or `oci-layout:PATH`.");

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(repository) => repository.fmt(f),
            Self::Layout(path) => write!(f, "{LAYOUT}{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_repositories_or_layouts() {
        let parse = |text: &str| text.parse::<Location>().map(|location| location.to_string());
        assert_eq!(parse("GHCR.io/acme/app").unwrap(), "ghcr.io/acme/app");
        assert_eq!(parse("oci-layout:out/app").unwrap(), "oci-layout:out/app");
        assert_eq!(parse("oci-layout:///tmp/app").unwrap(), "oci-layout:/tmp/app");
        assert_eq!(parse("oci-layout:"), Err(LocationError::NoPath));
        assert!(matches!(parse("ghcr.io/acme/app:1"), Err(LocationError::Repository(_))));
    }

    #[test]
    fn only_one_registry_mounts() {
        let location = |text: &str| text.parse::<Location>().unwrap();
        for (to, from, expected) in [
            ("r.io/a", "r.io/b", true),
            ("r.io/a", "r.io/a", false),
            ("r.io/a", "q.io/a", false),
            ("r.io/a", "oci-layout:a", false),
        ] {
            assert_eq!(location(to).mounts_from(&location(from)), expected, "{to} {from}");
        }
    }
}
