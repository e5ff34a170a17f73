//! Annotations as they are written: `[type[platform],…:]key=value` in a target, `annotation-type[platform].key` in an
//! output.

use crate::platform::{self, Platform};

/// An annotation.
#[derive(Debug)]
pub(crate) struct Annotation<'a> {
    /// What it annotates; the manifest when nothing is written.
    pub levels: Vec<Level<'a>>,
    /// Its key.
    pub key: &'a str,
    /// Its value.
    pub value: &'a str,
}

/// What an annotation annotates, of all platforms or of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level<'a> {
    /// What it annotates.
    pub kind: LevelKind,
    /// The platform, as it is written.
    pub platform: Option<&'a str>,
}

/// What can be annotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LevelKind {
    /// The manifest of each platform.
    Manifest,
    /// Its descriptor in the index.
    ManifestDescriptor,
    /// The index.
    Index,
    /// The descriptor of the index.
    IndexDescriptor,
}

impl<'a> Annotation<'a> {
    /// Reads one of a target, as buildx does in util/buildflags/export.go.
    ///
    /// # Errors
    /// It has no `=`, an unknown type, or a platform that is none.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(format!("annotation {text:?} is not of the form key=value"));
        };
        let Some((types, key)) = name.split_once(':') else { return Ok(Self::of_manifests(name, value)) };
        let levels = types.split(',').map(Level::checked).collect::<Result<_, _>>()?;
        Ok(Self { levels, key, value })
    }

    /// Reads one of an output: `annotation[-TYPE[PLATFORM]].KEY`
    /// (<https://github.com/moby/buildkit/blob/master/docs/annotations.md>).
    pub(crate) fn of_field(field: &'a str, value: &'a str) -> Option<Self> {
        let (word, key) = field.strip_prefix("annotation")?.split_once('.')?;
        match word.strip_prefix('-') {
            Some(word) => Some(Self { levels: vec![Level::parse(word)?], key, value }),
            None => word.is_empty().then(|| Self::of_manifests(key, value)),
        }
    }

    /// One of the manifests of all platforms.
    pub(crate) fn of_manifests(key: &'a str, value: &'a str) -> Self {
        Self { levels: vec![Level { kind: LevelKind::Manifest, platform: None }], key, value }
    }

    /// Whether it annotates this for a build of the platform, and whether it does so for the platform alone. An index is
    /// of all platforms, whichever stands beside it: so it is in BuildKit.
    pub(crate) fn annotates(&self, kind: LevelKind, platform: Option<&Platform>) -> Option<bool> {
        let of_all = matches!(kind, LevelKind::Index | LevelKind::IndexDescriptor);
        let fitting =
            self.levels.iter().filter(|level| level.kind == kind && (of_all || level.fits(platform)));
        fitting.map(|level| !of_all && level.platform.is_some()).max()
    }

    /// Whether it annotates this for any platform.
    pub(crate) fn has(&self, kind: LevelKind) -> bool {
        self.levels.iter().any(|level| level.kind == kind)
    }
}

impl<'a> Level<'a> {
    /// Reads a type with its platform, which may be anything.
    fn parse(word: &'a str) -> Option<Self> {
        let (kind, platform) = match word.split_once('[') {
            Some((kind, rest)) => (kind, Some(rest.strip_suffix(']').unwrap_or_default())),
            None => (word, None),
        };
        let kind = match kind {
            "manifest" => LevelKind::Manifest,
            "manifest-descriptor" => LevelKind::ManifestDescriptor,
            "index" => LevelKind::Index,
            "index-descriptor" => LevelKind::IndexDescriptor,
            _ => return None,
        };
        Some(Self { kind, platform })
    }

    fn checked(word: &'a str) -> Result<Self, String> {
        let Some(level) = Self::parse(word) else {
            return Err(format!(
                "unknown annotation type {word:?}; expected index, index-descriptor, manifest or manifest-descriptor, perhaps with a [platform]"
            ));
        };
        if let Some(platform) = level.platform {
            let is_plain = !platform.is_empty()
                && platform.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '-'));
            if !is_plain || platform.eq_ignore_ascii_case("local") {
                return Err(format!("annotation type {word:?} names no platform"));
            }
            platform::is_valid_for_bake(platform).map_err(|error| error.to_string())?;
        }
        Ok(level)
    }

    /// Whether it is for a build of this platform.
    pub(crate) fn fits(self, platform: Option<&Platform>) -> bool {
        let is_own = |of: &str| of.parse().is_ok_and(|of: Platform| Some(&of) == platform);
        self.platform.is_none_or(is_own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_keys_and_platforms_are_checked() {
        for good in
            ["a=1", "index:a=1", "manifest[linux/amd64],index:a=1", "a.b/c=", "manifest-descriptor:a:b=c"]
        {
            assert!(Annotation::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "a",
            "thing:a=1",
            "manifest[]:a=1",
            "manifest[linux/amd64:a=1",
            "manifest[a b]:a=1",
            "manifest[nope]:a=1",
            ":a=1",
        ] {
            assert!(Annotation::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn outputs_write_them_as_fields() {
        let read = |field: &str| {
            Annotation::of_field(field, "v").map(|one| (one.levels[0].kind, one.key.to_owned()))
        };
        assert_eq!(read("annotation.a.b"), Some((LevelKind::Manifest, "a.b".into())));
        assert_eq!(read("annotation-index.a"), Some((LevelKind::Index, "a".into())));
        assert_eq!(
            read("annotation-manifest-descriptor[linux/arm64].a"),
            Some((LevelKind::ManifestDescriptor, "a".into()))
        );
        for other in ["annotation", "annotations.a", "annotation-thing.a", "name", "annotation-index"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
