//! The version that the tags of an image are made of.

use std::collections::BTreeSet;

use crate::bake::target::Text;
use crate::commit;
use crate::facts::{Facts, Known};
use crate::pattern::{self, PatternError};
use crate::rules;
use crate::spec::{Settings, TagPattern};
use crate::tags::LATEST;
use crate::version::{Class, SEPARATORS, Scheme, Tails, Version};

/// The version that the tags of an image are made of.
#[derive(Clone, Debug)]
pub(in crate::resolve) enum ImageVersion {
    /// None: tags are as they stand.
    None,
    /// One that is an error, which has been reported: tags that need it are no further ones.
    Refused,
    /// This one.
    Known {
        /// The version.
        version: Version,
        /// Whether it follows from the facts of the run, and nobody has declared it.
        is_from_run: bool,
    },
    /// It follows from a fact that nothing tells, which matters to patterns that use it.
    Unknown(PatternError, Text),
    /// This run has none: it is not of what the version is made of, or a condition says so.
    Absent {
        /// What the run is of, when that is the reason.
        at: Option<String>,
    },
    /// This run is of another image's version: its git tag does not begin with the image's prefix.
    Elsewhere {
        /// The git tag.
        tag: String,
        /// What it would begin with.
        prefix: Text,
        /// The longer prefix of the other image, if the tag begins with that of this one, too.
        other: Option<String>,
    },
}

impl ImageVersion {
    pub(in crate::resolve) fn known(&self) -> Option<&Version> {
        match self {
            Self::Known { version, is_from_run: _ } => Some(version),
            Self::None | Self::Refused | Self::Unknown(..) | Self::Absent { .. } | Self::Elsewhere { .. } => {
                None
            }
        }
    }
}

impl ImageVersion {
    /// Whether there is one that follows from the facts of the run.
    pub(in crate::resolve) fn is_from_run(&self) -> bool {
        matches!(self, Self::Known { version: _, is_from_run: true })
    }
}

/// How the image reads what follows the numbers: its variants are releases, too.
pub(in crate::resolve) fn tails(settings: &Settings) -> Tails {
    let texts = |texts: &[Text]| texts.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let variants = settings.variant.iter().flatten().flatten().filter(|name| !name.is_empty());
    let mut stable = texts(&settings.stable_suffixes);
    stable.extend(variants.map(ToString::to_string));
    let prerelease = texts(&settings.prerelease_suffixes);
    stable.retain(|suffix| !prerelease.contains(suffix));
    Tails { stable, prerelease, ..Tails::default() }
}

/// How the image reads what follows the numbers of this version: the run's commit is none of them, whatever its digits.
pub(in crate::resolve) fn tails_of(settings: &Settings, version: &str, facts: Known<'_>) -> Tails {
    let is_commit = |part: &str| {
        // The commit may have to be asked for.
        if part.len() < commit::SHORTEST || !commit::is_hexadecimal(part) {
            return false;
        }
        let facts: &Facts = facts;
        let is_shown = part.len() >= commit::SHORT || part.len() == facts.short_length();
        let commit = facts.commit.as_deref().and_then(|commit| commit.get(..part.len()));
        is_shown && commit.is_some_and(|commit| commit.eq_ignore_ascii_case(part))
    };
    let found = version.split('+').enumerate().find_map(|(at, text)| {
        let parts: Vec<&str> = text.split(SEPARATORS).collect();
        // A version begins with a number.
        let behind = parts.iter().skip(usize::from(at == 0)).rev().position(|part| is_commit(part))?;
        Some((behind, *parts.iter().rev().nth(behind)?))
    });
    let tails = tails(settings);
    let Some((behind_commit, commit)) = found else { return tails };
    let commit_is_decimal = commit.bytes().all(|byte| byte.is_ascii_digit());
    Tails { commit: Some(commit.len()), behind_commit, commit_is_decimal, ..tails }
}

/// The same where build metadata stands in tags that would not be known as releases there: what all builds have in common
/// is their shape.
pub(in crate::resolve) fn with_builds(tails: Tails, version: &Version, settings: &Settings) -> Tails {
    let is_shown = |one: &TagPattern| {
        // `{{ semver }}` leaves them out.
        let pattern = one.pattern.as_str();
        rules::is_rule(pattern) || pattern::names_version(pattern)
    };
    if version.build().is_empty() || !settings.tags.iter().flatten().any(is_shown) {
        return tails;
    }
    let tagged = format!("{}-{}", version.core(), version.build());
    let tagged = Version::parse_with(&tagged, settings.scheme, &tails).ok();
    let tagged = tagged.filter(|one| one.class() == Class::Unknown && version.class() == Class::Stable);
    Tails { shape: tagged.and_then(|tagged| tagged.shape()), ..tails }
}

/// Whether a tag is called as a version's are: `latest`, a release, or a prerelease of more than one number, since
/// `12-test` may be the branch of an issue.
pub(in crate::resolve) fn is_of_version(tag: &str, settings: &Settings) -> bool {
    let is_version = |version: Version| match version.class() {
        Class::Stable => true,
        Class::Prerelease => version.numbers().len() > 1,
        Class::Unknown => false,
    };
    tag == LATEST || Version::parse_with(tag, Scheme::default(), &tails(settings)).is_ok_and(is_version)
}

/// What to do about the tag of a branch that is another's: a pattern that begins otherwise, or what allows it.
pub(in crate::resolve) fn cure(one: &TagPattern, facts: Known<'_>) -> String {
    let facts: &Facts = facts;
    let is_pull_request = facts.branch.is_none() && facts.pull_request.is_some();
    let before = match &facts.tag {
        Some(_) => "tag-",
        None if is_pull_request => "pr-",
        None => "branch-",
    };
    cure_by(one, before)
}

/// The same with what stands before the pattern then.
pub(in crate::resolve) fn cure_by(one: &TagPattern, before: &str) -> String {
    let quoted = |text: &Text| text.as_str().replace('"', "\\\"");
    let pattern = quoted(&one.pattern);
    let other = if rules::is_rule(one.pattern.as_str()) {
        format!("prefix={before}")
    } else {
        format!("{before}{pattern}")
    };
    let when = one.when.as_ref().map(|when| format!(", when = \"{}\"", quoted(when))).unwrap_or_default();
    let allowed = format!("{{ pattern = \"{pattern}\"{when}, any = true }}");
    format!("put something before it, such as `{other}`, or allow it: `{allowed}`")
}

/// What a run is of, in a message.
pub(in crate::resolve) fn subject(facts: Known<'_>) -> String {
    let facts: &Facts = facts;
    match (&facts.branch, facts.pull_request, &facts.git_ref) {
        (Some(branch), _, _) => format!("branch `{branch}`"),
        (None, Some(number), _) => format!("pull request {number}"),
        (None, None, Some(name)) => format!("run of `{name}`"),
        (None, None, None) => "run".to_owned(),
    }
}
