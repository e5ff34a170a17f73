//! Whether a condition can hold in any run at all.

use super::{ImageNames, Words, holds};
use crate::facts::Facts;

/// The words of conditions that ask only what a run is of.
const SUBJECTS: [&str; 10] =
    ["tag", "branch", "pr", "default_branch", "and", "or", "not", "true", "false", "none"];

/// Whether some run may fulfil a condition, as far as that can be told: `tag and branch` never holds.
#[must_use]
pub(crate) fn may_hold(condition: &str) -> bool {
    let mut words = condition.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
    if !words.all(|word| word.is_empty() || SUBJECTS.contains(&word)) {
        return true;
    }
    let runs = ["refs/heads/main", "refs/heads/other", "refs/tags/1", "refs/pull/1/merge", "refs/notes/1"];
    runs.into_iter().any(|git_ref| {
        let (git_ref, default_branch) = (Some(git_ref.to_owned()), Some("main".to_owned()));
        let facts = Facts { git_ref, default_branch, ..Facts::default() }.with_ref_parts();
        let words = Words { version: None, facts: &&facts, image: ImageNames::default() };
        holds(condition, &words).unwrap_or(true)
    })
}

#[cfg(test)]
mod tests {
    use super::may_hold;

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
}
