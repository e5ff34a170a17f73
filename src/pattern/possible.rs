//! Finds the runs in which conditions can hold and patterns can be rendered, if there are any.

use std::collections::BTreeSet;

use super::{ImageNames, PatternError, Words, compare, holds, render};
use crate::facts::Facts;
use crate::version::Version;

/// The words of conditions that ask only what a run is of.
const SUBJECTS: [&str; 13] = [
    "tag",
    "branch",
    "pr",
    "default_branch",
    "and",
    "or",
    "not",
    "is",
    "defined",
    "undefined",
    "true",
    "false",
    "none",
];

/// What runs are of, an example of each kind.
const REFS: [&str; 5] =
    ["refs/heads/main", "refs/heads/other", "refs/tags/1", "refs/pull/1/merge", "refs/notes/1"];

/// In which kinds of runs something may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Runs([bool; REFS.len()]);

impl Runs {
    /// In all of them.
    pub(crate) const ALL: Self = Self([true; REFS.len()]);

    /// In none of them.
    pub(crate) const NONE: Self = Self([false; REFS.len()]);

    /// Those that may fulfil a condition, as far as that can be told.
    #[must_use]
    pub(crate) fn that_fulfil(condition: &str) -> Self {
        let mut words = condition.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
        if !words.all(|word| word.is_empty() || SUBJECTS.contains(&word)) {
            return Self::ALL;
        }
        Self::in_which(None, |words| holds(condition, words).unwrap_or(true))
    }

    /// Those that have what a pattern needs, for an image with a version or without.
    #[must_use]
    pub(crate) fn that_render(pattern: &str, has_version: bool) -> Self {
        let version = "1.2.3".parse().ok().filter(|_| has_version);
        Self::in_which(version.as_ref(), |words| {
            let lacks =
                |e| matches!(e, PatternError::MissingFact { at: Some(_), .. } | PatternError::NoVersion(_));
            !render(pattern, words).is_err_and(lacks)
        })
    }

    fn in_which(version: Option<&Version>, is_so: impl Fn(&Words<'_>) -> bool) -> Self {
        Self(REFS.map(|git_ref| {
            let text = |text: &str| Some(text.to_owned());
            let facts = Facts {
                git_ref: text(git_ref),
                default_branch: text("main"),
                event: text("push"),
                commit: text("0123456789abcdef0123456789abcdef01234567"),
                commit_time: "2026-01-01T00:00:00Z".parse().ok(),
                ..Facts::default()
            };
            let facts = facts.with_ref_parts();
            let is_request = facts.pull_request.is_some();
            let facts = Facts {
                head_branch: text("other").filter(|_| is_request),
                base_branch: text("main").filter(|_| is_request || facts.tag.is_some()),
                ..facts
            };
            is_so(&Words { version, facts: &&facts, image: ImageNames::default() })
        }))
    }

    /// Those that are in both.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] && other.0[at]))
    }

    /// Those that are in either.
    #[must_use]
    pub(super) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] || other.0[at]))
    }

    /// Whether there are any.
    #[must_use]
    pub(crate) fn any(self) -> bool {
        self.0.contains(&true)
    }
}

/// Whether some run may fulfil a condition, as far as that can be told: `tag and branch` never holds.
#[must_use]
pub(crate) fn may_hold(condition: &str) -> bool {
    Runs::that_fulfil(condition).any()
}

/// Git tags that may fulfil a condition: the texts in it, and behind this prefix releases and prereleases of the numbers in
/// it, and of those beside them.
#[must_use]
pub(crate) fn tags_of(condition: &str, prefix: &str) -> BTreeSet<String> {
    /// More are in no condition that anybody writes.
    const MAX_NUMBERS: usize = 8;
    let tokens = compare::tokens(condition);
    let quoted = tokens.iter().filter_map(|token| compare::unquoted(token));
    let mut tags: BTreeSet<String> =
        quoted.map(|text| text.strip_prefix("refs/tags/").unwrap_or(text).to_owned()).collect();
    let digits = tokens.iter().flat_map(|token| token.split(|c: char| !c.is_ascii_digit()));
    let numbers: BTreeSet<u64> =
        digits.filter_map(|digits| digits.parse().ok()).take(MAX_NUMBERS).chain([1]).collect();
    let near = |number: u64| [number.saturating_sub(1), number, number.saturating_add(1)];
    let numbers: BTreeSet<u64> = numbers.into_iter().flat_map(near).collect();
    for major in &numbers {
        let others = numbers.iter().map(|number| format!("{prefix}{major}.{number}.{number}"));
        tags.extend(others.flat_map(|release| [format!("{release}-rc.1"), release]));
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::{Runs, may_hold};

    #[test]
    fn what_no_run_is_of_never_holds() {
        for condition in [
            "false",
            "not true",
            "tag and branch",
            "pr and tag",
            "branch and not branch",
            "(tag or pr) and branch",
            "default_branch and tag",
            "default_branch and not branch",
        ] {
            assert!(!may_hold(condition), "{condition}");
        }
        for condition in [
            "true",
            "tag",
            "branch",
            "pr",
            "default_branch",
            "branch and not default_branch",
            "not tag and not branch",
            "tag or branch",
            "event == 'push'",
            "tag and event == 'push'",
            "branch == 'x'",
            "what is this",
        ] {
            assert!(may_hold(condition), "{condition}");
        }
    }

    #[test]
    fn patterns_and_conditions_need_the_same_run() {
        for (pattern, condition, expected) in [
            ("{{ tag }}", "tag", true),
            ("{{ tag }}", "branch", false),
            ("{{ tag }}", "pr", false),
            ("{{ branch }}", "tag", false),
            ("{{ branch }}", "default_branch", true),
            ("{{ pr }}", "pr", true),
            ("{{ pr }}", "not pr", false),
            ("{{ head_branch }}", "pr", true),
            ("{{ head_branch }}", "tag", false),
            ("{{ base_branch }}", "tag or pr", true),
            ("{{ version }}-{{ commit }}", "branch", true),
            ("{{ sha }}-{{ date('%Y') }}-{{ event }}-{{ branch | default('x') }}", "tag", true),
            ("{{ tag | default('x') }}", "branch", true),
            ("{{ tag }}", "event == 'push'", true),
        ] {
            let both = Runs::that_render(pattern, true).and(Runs::that_fulfil(condition));
            assert_eq!(both.any(), expected, "{pattern} {condition}");
        }
        for (pattern, expected) in
            [("{{ version }}", false), ("version-{{ branch }}", true), ("{{ version | default('x') }}", true)]
        {
            assert_eq!(Runs::that_render(pattern, false).any(), expected, "{pattern}");
        }
    }
}
