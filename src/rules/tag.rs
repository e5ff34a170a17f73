//! A tag that a rule renders, and what is known of it from what it is made of.

use super::error::RuleNote;
use super::template::Rendered;
use crate::version::{Class, Version};

/// A tag as a rule renders it.
pub(super) struct RenderedTag {
    pub(super) rule: usize,
    pub(super) text: Rendered,
    pub(super) origin: Origin,
    pub(super) names_commit: bool,
    pub(super) names_run: bool,
    /// Whether it names a branch or a pull request.
    pub(super) names_branch: bool,
    /// Whether it names the git tag, or a part of it.
    pub(super) names_git_tag: bool,
    /// The tag without its suffix.
    pub(super) stem: String,
    /// What a rule `raw` without words says.
    pub(super) constant: Option<String>,
}

/// What a tag is made of.
pub(super) enum Origin {
    /// A version, or its leading numbers.
    Version { found: Option<Version>, source: String, depth: usize, is_final: bool },
    /// A part of a git tag, which may have a version in it: of what follows the prefix of the image, if it begins with that.
    /// `from` is the part with what follows it there.
    GitTag { part: String, whole: String, from: String, given: OfGitTag },
    /// Nothing that has versions.
    Other,
}

/// What of a git tag a rule gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OfGitTag {
    /// What an expression matches.
    Match,
    /// All of it.
    Whole,
    /// All of it, with the prefix of the image, which is no part of the version.
    WithPrefix,
}

impl RenderedTag {
    /// Whether it makes `latest` as well, unless the flavor says something else.
    pub(super) fn is_latest(&self) -> bool {
        match &self.origin {
            Origin::Version { is_final, .. } => *is_final,
            Origin::GitTag { .. } => self.prerelease().is_none(),
            Origin::Other => false,
        }
    }

    /// The git tag, or what else it is made of, if there is no version in it.
    pub(super) fn no_version(&self) -> Option<&str> {
        let Origin::GitTag { whole, from, .. } = &self.origin else { return None };
        git_version(whole, from).is_none().then_some(whole)
    }

    /// The git tag that it is made of, if that is a prerelease.
    pub(super) fn prerelease(&self) -> Option<&str> {
        let Origin::GitTag { whole, from, .. } = &self.origin else { return None };
        git_version(whole, from).is_some_and(|version| version.is_prerelease()).then_some(whole)
    }

    /// The version that it is made of: the git tag's, but for a prerelease of which it has a part.
    pub(super) fn version(&self) -> Option<Version> {
        match &self.origin {
            Origin::Version { found, .. } => found.clone(),
            Origin::GitTag { part, whole, from, given } => match git_version(whole, from) {
                Some(version) if depth(part, &version) == Some(usize::MAX) => Some(version),
                Some(version) if version.is_prerelease() => part.parse().ok().filter(Version::is_prerelease),
                // A match leaves out what is no part of the version.
                Some(version) if *given == OfGitTag::Match && version.class() == Class::Unknown => {
                    let numbers = depth(part, &version).and(version.prefix(version.numbers().len()));
                    numbers.unwrap_or(part).parse().ok().or(Some(version))
                }
                Some(version) => Some(version),
                None => part.parse().ok(),
            },
            Origin::Other => None,
        }
    }

    pub(super) fn depth(&self, version: Option<&Version>) -> Option<usize> {
        match &self.origin {
            Origin::Version { depth, .. } => {
                let numbers = version.map_or(usize::MAX, |version| version.numbers().len());
                Some(if *depth < numbers { *depth } else { usize::MAX })
            }
            Origin::GitTag { part, .. } => {
                let depth = depth(part, version?)?;
                // A part of a prerelease was asked for by a match, and not by a pattern for all versions.
                (depth == usize::MAX || self.prerelease().is_none()).then_some(depth)
            }
            Origin::Other => None,
        }
    }

    /// What is worth knowing about it.
    pub(super) fn note(&self) -> Option<RuleNote> {
        match &self.origin {
            Origin::GitTag { whole, part: _, from: _, given: OfGitTag::WithPrefix } => {
                Some(RuleNote::WithPrefix { text: self.text.tag.clone(), version: whole.clone() })
            }
            Origin::Version { .. } if self.text.plain != self.text.tag => {
                Some(RuleNote::Altered { from: self.text.plain.clone(), to: self.text.tag.clone() })
            }
            Origin::GitTag { whole, given: OfGitTag::Match, .. }
                if self.version().is_none() && self.prerelease().is_some() =>
            {
                Some(RuleNote::PrereleaseCut { text: self.text.tag.clone(), value: whole.clone() })
            }
            _ => None,
        }
    }
}

/// The version that is a git tag, or that begins where a match does.
fn git_version(whole: &str, from: &str) -> Option<Version> {
    let matched = version_in(from).filter(Version::is_prerelease);
    matched.or_else(|| version_in(whole)).or_else(|| version_in(from))
}

/// The version that is a git tag, or the last part of one (`pkg/v1.2.3`).
fn version_in(git_tag: &str) -> Option<Version> {
    git_tag.rsplit('/').next()?.parse().ok()
}

/// How many numbers of a version a text is.
fn depth(text: &str, version: &Version) -> Option<usize> {
    let text = text.rsplit('/').next().unwrap_or(text);
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let whole = version.without_v();
    if bare == whole || Some(bare) == whole.split('+').next() {
        return Some(usize::MAX);
    }
    (1..=version.numbers().len()).find(|&count| version.prefix(count) == Some(bare))
}
