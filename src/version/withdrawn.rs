//! Versions that were pulled: one by one, or all that fit a pattern.

use super::{Scheme, Tails, Version, VersionError};
use crate::glob::{BadPattern, Glob};

/// Versions that own nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Withdrawn {
    /// This one, however it is spelled.
    Version(Version),
    /// All whose text fits, with or without a leading `v`: `2026.*`.
    Pattern(Glob),
}

/// Why a text names no withdrawn versions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WithdrawnError {
    /// It is not a version.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// It is not a pattern.
    #[error("{0}")]
    Pattern(#[from] BadPattern),
}

impl Withdrawn {
    /// Reads a version, or a pattern: a text with `*`, `?` or `[` in it, which versions cannot have, or `1.3.x`.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn parse(text: &str, scheme: Scheme, tails: &Tails) -> Result<Self, WithdrawnError> {
        if text.contains(['*', '?', '[']) {
            return Ok(Self::Pattern(Glob::parse(text)?));
        }
        let version = Version::parse_with(text, scheme, tails)?;
        // `1.3.x` stands for all versions that begin so, and `1.x-alpine` for those that end so, too.
        let series = version.prefix(version.numbers().len()).filter(|_| version.is_series());
        match series.zip(version.tail().get(".x".len()..)) {
            Some((numbers, rest)) => Ok(Self::Pattern(Glob::parse(&format!("{numbers}.*{rest}"))?)),
            None => Ok(Self::Version(version)),
        }
    }

    /// Whether a version is among them.
    #[must_use]
    pub(crate) fn covers(&self, version: &Version) -> bool {
        match self {
            Self::Version(own) if own.build().is_empty() => own.cmp_precedence(version).is_eq(),
            // One build of a version, whose `+` is a `-` in tags.
            Self::Version(own) => {
                let tagged = |version: &Version| version.without_v().replace('+', "-");
                tagged(own) == tagged(version)
            }
            Self::Pattern(_) => self.fits(version.text()) || self.fits(version.without_v()),
        }
    }

    /// Whether a text, such as a whole tag, fits the pattern.
    #[must_use]
    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Version(_) => false,
            Self::Pattern(glob) => glob.matches(text),
        }
    }

    /// Whether one of them is a release that goes on after all numbers of this version, as 1.4.0 does after `1.4`.
    #[must_use]
    pub(crate) fn goes_on(&self, part: &Version) -> bool {
        let values = |version: &Version| -> Vec<u64> {
            version.numbers().iter().map(|number| number.value()).collect()
        };
        match self {
            Self::Version(own) => {
                let is_longer = own.numbers().len() > part.numbers().len();
                is_longer && own.tail().is_empty() && values(own).starts_with(&values(part))
            }
            Self::Pattern(glob) => part.prefix(part.numbers().len()).is_some_and(|text| {
                // What fits itself is withdrawn, and no beginning.
                !self.covers(part) && glob.matches(&format!("{text}.0"))
            }),
        }
    }

    /// The version, if it is a single one.
    #[must_use]
    pub(crate) fn version(&self) -> Option<&Version> {
        match self {
            Self::Version(version) => Some(version),
            Self::Pattern(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_goes_on_with_what_is_withdrawn() {
        for (text, parts, others) in [
            ("1.4.0", "1.4 1 v1.4 1.4-debian", "1.4.0 1.4.0.0 1.3 2 14"),
            ("v2.0", "2", "2.0 2.1 1"),
            ("1.4.*", "1.4 1.4-alpine", "1.3 14 2"),
            ("1.?.0", "1.4", "1.10 2.4"),
            ("2026.*", "2026", "2025"),
            ("2026*", "", "2026 20260921"),
            // Its release is another.
            ("1.4.0-rc.1", "", "1.4 1"),
        ] {
            let withdrawn = Withdrawn::parse(text, Scheme::Loose, &Tails::default()).unwrap();
            let goes_on = |part: &str| {
                withdrawn.goes_on(&Version::parse(part, Scheme::Loose).expect("it is a version"))
            };
            assert!(parts.split_whitespace().all(goes_on), "{text}: {parts}");
            assert!(!others.split_whitespace().any(goes_on), "{text}: {others}");
        }
    }

    #[test]
    fn versions_are_withdrawn_one_by_one_or_by_pattern() {
        for (text, covered, others) in [
            ("1.4.2", "1.4.2 v1.4.2", "1.4.3 1.4"),
            ("v2.0", "2.0 2.0.0", "2.0.1"),
            ("1.30.1+k3s2", "1.30.1+k3s2 v1.30.1-k3s2", "1.30.1+k3s1 1.30.1-k3s1 1.30.1 1.30.1+k3s20"),
            ("1.30.1", "1.30.1+k3s1", "1.30.1-k3s1"),
            ("2026.*", "2026.09.21 v2026.1 2026.", "202.6 12026.1 1.4.2"),
            ("20[0-9][0-9].*", "2026.09.21 2019.1", "1.2.4 2.0.0"),
            ("1.?.0", "1.4.0 v1.5.0", "1.10.0 1.4.1"),
            ("1.3.x", "1.3.0 v1.3.12 1.3.1-r2", "1.30.0 1.4.0 2.0"),
            ("v2.x", "2.0 2.1.0 v2.0.0-rc.1", "20.1 1.2.0"),
            ("3.X", "3.1.0", "2.3.0"),
            ("1.x-alpine", "1.4.0-alpine", "1.4.0 2.0-alpine"),
            ("*-acme", "1.4.2-acme", "1.4.2"),
        ] {
            let withdrawn = Withdrawn::parse(text, Scheme::Loose, &Tails::default()).unwrap();
            let covers = |text: &str| text.parse().is_ok_and(|version| withdrawn.covers(&version));
            assert!(covered.split(' ').filter(|text| !text.ends_with('.')).all(covers), "{text}: {covered}");
            assert!(!others.split(' ').any(covers), "{text}: {others}");
        }
        for text in ["", "main", "1.4 ", "1.[", "*[", "1.2.3.4.5.6.7"] {
            Withdrawn::parse(text, Scheme::Loose, &Tails::default()).unwrap_err();
        }
    }
}
