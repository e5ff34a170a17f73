//! A reference as the command line has it: in a registry or in an OCI layout on disk.

use std::fmt;
use std::str::FromStr;

use crate::reference::{Digest, LATEST, Reference, ReferenceError, Tag};
use crate::registry::{Location, LocationError};

/// What begins a reference to a layout.
const LAYOUT: &str = "oci-layout:";

/// A tag, a digest, or both, in a repository: `ghcr.io/acme/app:1`, `oci-layout:out:1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The repository.
    pub location: Location,
    /// The tag; `latest` when neither tag nor digest is given.
    pub tag: Option<Tag>,
    /// The digest.
    pub digest: Option<Digest>,
}

impl FromStr for Target {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let latest = || LATEST.parse::<Tag>().ok();
        if !text.starts_with(LAYOUT) {
            let reference: Reference = text.parse()?;
            let (tag, digest) = (reference.tag().cloned(), reference.digest().cloned());
            let tag = if digest.is_none() { tag.or_else(latest) } else { tag };
            return Ok(Self { location: Location::Registry(reference.repository().clone()), tag, digest });
        }
        let (rest, digest) = match text.rsplit_once('@') {
            // A folder may have `@` in its name.
            Some((rest, digest)) if digest.contains(':') && !digest.contains('/') => {
                (rest, Some(digest.parse::<Digest>().map_err(|error: ReferenceError| error)?))
            }
            _ => (text, None),
        };
        let tag = rest.rsplit_once(':').filter(|(path, _)| path.len() >= LAYOUT.len());
        let tag = tag.and_then(|(path, tag)| Some((path, tag.parse::<Tag>().ok()?)));
        let (path, tag) = tag.map_or((rest, None), |(path, tag)| (path, Some(tag)));
        let tag = if digest.is_none() { tag.or_else(latest) } else { tag };
        Ok(Self { location: path.parse()?, tag, digest })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location.fmt(f)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, expected) in [
            ("ubuntu", "docker.io/library/ubuntu:latest".to_owned()),
            ("r.io:5000/a", "r.io:5000/a:latest".to_owned()),
            ("r.io/a:1", "r.io/a:1".to_owned()),
            (&format!("r.io/a@{digest}"), format!("r.io/a@{digest}")),
            (&format!("r.io/a:1@{digest}"), format!("r.io/a:1@{digest}")),
            ("oci-layout:out", "oci-layout:out:latest".to_owned()),
            ("oci-layout:a/b:1.2", "oci-layout:a/b:1.2".to_owned()),
            ("oci-layout://a:b/c", "oci-layout:a:b/c:latest".to_owned()),
            (&format!("oci-layout:a@b@{digest}"), format!("oci-layout:a@b@{digest}")),
            ("oci-layout:a@b/c:1", "oci-layout:a@b/c:1".to_owned()),
        ] {
            assert_eq!(text.parse::<Target>().map(|target| target.to_string()), Ok(expected), "{text}");
        }
        for text in ["", "r.io/A", "r.io/a:", "oci-layout:", "oci-layout::1", "oci-layout:a@md5:00"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
