//! Decides which of two runs is later, by what indexes say of the runs that made them, in annotations.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::plan_json::RunEntry;
use super::served::{Content, Served};
use crate::oci::RUN_PREFIX;

const REF: &str = "ref";
const SOURCE: &str = "source";
const WORKFLOW: &str = "workflow";
const NUMBER: &str = "number";
pub(super) const REVISION: &str = "revision";
const COMMITTED: &str = "committed";

/// How much of a commit's hash messages show.
pub(crate) const SHORT: usize = 12;
/// How far clocks may differ.
const SKEW: SignedDuration = SignedDuration::from_hours(24);

/// What a run is beside the one that a tag has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The later one.
    Later,
    /// The earlier one, and why.
    Earlier(String),
    /// Nothing tells, and why.
    Unknown(String),
}

impl RunEntry {
    /// What indexes say of a run: annotations that order it among others. None for a run that nothing orders.
    #[must_use]
    pub(crate) fn annotations(&self) -> BTreeMap<String, String> {
        let Self { event: _, git_ref, source, workflow, number, commit, commit_time, checkout: _ } = self;
        if !self.has_order() {
            return BTreeMap::new();
        }
        let all = [
            (REF, git_ref.clone()),
            (SOURCE, source.clone()),
            (WORKFLOW, workflow.clone()),
            (NUMBER, number.map(|number| number.to_string())),
            (REVISION, commit.clone()),
            (COMMITTED, commit_time.map(|time| time.to_string())),
        ];
        all.into_iter().filter_map(|(name, value)| Some((format!("{RUN_PREFIX}{name}"), value?))).collect()
    }

    /// The run that annotations tell of; anybody may have written them.
    #[must_use]
    pub(crate) fn from_annotations(annotations: &BTreeMap<String, String>) -> Self {
        let given = |name: &str| annotations.get(&format!("{RUN_PREFIX}{name}"));
        let is_hash = |text: &&String| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        Self {
            event: None,
            git_ref: given(REF).cloned(),
            source: given(SOURCE).cloned(),
            workflow: given(WORKFLOW).cloned(),
            number: given(NUMBER).and_then(|text| text.parse().ok()),
            commit: given(REVISION).filter(is_hash).cloned(),
            commit_time: given(COMMITTED).and_then(|text| text.parse().ok()),
            checkout: None,
        }
    }

    /// The run that made what a registry serves.
    #[must_use]
    pub(crate) fn of_served(served: &Served) -> Self {
        match &served.content {
            Content::Index(index) => Self::from_annotations(&index.annotations),
            Content::Image(_) | Content::Unreadable(_) => Self::default(),
        }
    }

    /// Whether it can come before or after another.
    #[must_use]
    pub(crate) fn has_order(&self) -> bool {
        self.number.is_some() || self.commit_time.is_some()
    }

    /// The numbers of both, where they are of one source, workflow and ref.
    fn numbers(&self, other: &Self) -> Option<(u64, u64)> {
        let is_one_ref = self.git_ref.is_some() && self.git_ref == other.git_ref;
        self.counted_with(other).filter(|_| is_one_ref)
    }

    /// The git tag that it is of.
    #[must_use]
    pub(crate) fn git_tag(&self) -> Option<&str> {
        self.git_ref.as_ref()?.strip_prefix("refs/tags/")
    }

    /// The numbers of both, where they are of one source and workflow: its runs are counted over all refs.
    #[must_use]
    pub(crate) fn counted_with(&self, other: &Self) -> Option<(u64, u64)> {
        let is_one_count =
            self.source == other.source && self.workflow.is_some() && self.workflow == other.workflow;
        self.number.zip(other.number).filter(|_| is_one_count)
    }

    /// Whether both are one run, perhaps in several attempts.
    #[must_use]
    pub(crate) fn is_same_run(&self, other: &Self) -> bool {
        self.numbers(other).is_some_and(|(own, number)| own == number)
    }

    /// What two runs are of that do not count together, where both say it: then no number tells which is later.
    #[must_use]
    pub(crate) fn apart(&self, other: &Self) -> Option<String> {
        let all = [
            ("the repositories ", &self.source, &other.source),
            ("the workflows ", &self.workflow, &other.workflow),
            ("", &self.git_ref, &other.git_ref),
        ];
        all.into_iter().find_map(|(what, own, there)| {
            let (own, there) = own.as_ref().zip(there.as_ref()).filter(|(own, there)| own != there)?;
            Some(format!("the runs are of {what}`{there}` and `{own}`"))
        })
    }

    /// The same for a tag which moves with each run: a git tag and another ref of one workflow count together.
    #[must_use]
    pub(crate) fn apart_in_turn(&self, other: &Self) -> Option<String> {
        self.apart(other).filter(|_| by_release(self, other).is_none())
    }

    /// What this run is beside another one by number: nothing where they are not of one source, workflow and ref.
    fn by_number(&self, other: &Self) -> Option<Standing> {
        let (own, number) = self.numbers(other)?;
        let hash = other.commit.as_deref().and_then(|hash| hash.get(..SHORT));
        let of_commit = hash.map_or_else(String::new, |hash| format!(", of commit {hash},"));
        Some(match own.cmp(&number) {
            Ordering::Greater => Standing::Later,
            Ordering::Less => Standing::Earlier(format!("run {number}{of_commit} is later than run {own}")),
            Ordering::Equal => Standing::Unknown(format!("run {own} made that index, too")),
        })
    }

    /// What this run is beside the one that has a tag which moves with each run, such as `edge`: a branch and a git tag may both give
    /// it.
    #[must_use]
    pub(crate) fn beside_in_turn(&self, other: &Self, now: Option<Timestamp>) -> Standing {
        by_release(self, other).unwrap_or_else(|| self.beside(other, now))
    }

    /// What this run is beside the one that a tag has: by number within one source, workflow and ref, else by the time of
    /// the commit. One that is later than `now`, if that is known, is of a clock that is wrong, and orders nothing.
    #[must_use]
    pub(crate) fn beside(&self, other: &Self, now: Option<Timestamp>) -> Standing {
        if let Some(standing) = self.by_number(other) {
            return standing;
        }
        let hash = other.commit.as_deref().and_then(|hash| hash.get(..SHORT));
        let commit = hash.map_or_else(|| "the commit".to_owned(), |hash| format!("commit {hash}"));
        let limit = now.and_then(|now| now.checked_add(SKEW).ok());
        match (self.commit_time, other.commit_time) {
            (_, Some(time)) if limit.is_some_and(|limit| time > limit) => {
                Standing::Unknown(format!("{commit} there was made at {time}, which is in the future"))
            }
            (Some(own), Some(time)) if own > time => Standing::Later,
            (Some(own), Some(time)) if own < time => {
                let apart = self.apart(other).map(|apart| format!(" ({apart}, whose numbers do not tell)"));
                let apart = apart.unwrap_or_default();
                Standing::Earlier(format!("{commit} of {time} is later than {own}{apart}"))
            }
            (Some(own), Some(_)) => Standing::Unknown(format!("both commits were made at {own}")),
            _ if !self.has_order() => {
                Standing::Unknown("the plan has neither the number of its run nor the time of its commit".to_owned())
            }
            _ if !other.has_order() => {
                Standing::Unknown("the index there does not say which run made it".to_owned())
            }
            _ => Standing::Unknown(
                "the runs are not of one workflow and ref, or have no numbers, and the times of both commits are not known"
                    .to_owned(),
            ),
        }
    }
}

/// What a run is beside another one by the numbers of their workflow, of any ref, where one of them is of a git tag: what that releases
/// is later than what other refs have by then, however old its commit is.
fn by_release(run: &RunEntry, other: &RunEntry) -> Option<Standing> {
    let is_known = run.git_ref.is_some() && other.git_ref.is_some();
    let is_one_release = run.git_tag().is_some() != other.git_tag().is_some();
    let (own, number) = run.counted_with(other).filter(|_| is_known && is_one_release)?;
    match own.cmp(&number) {
        Ordering::Greater => Some(Standing::Later),
        Ordering::Less => {
            let git_ref = other.git_ref.as_deref().unwrap_or_default();
            Some(Standing::Earlier(format!("run {number}, of `{git_ref}`, is later than run {own}")))
        }
        Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of `WORKFLOW REF NUMBER SECOND`, where `-` is unknown.
    fn run(text: &str) -> RunEntry {
        let words: Vec<Option<&str>> =
            text.split_whitespace().map(|word| Some(word).filter(|word| *word != "-")).collect();
        let [workflow, git_ref, number, second] = words.as_slice() else { panic!("four words: {text}") };
        RunEntry {
            event: Some("push".to_owned()),
            workflow: workflow.map(str::to_owned),
            git_ref: git_ref.map(str::to_owned),
            number: number.map(|text| text.parse().unwrap()),
            source: Some("https://example.com/app".to_owned()),
            commit: Some("0123456789abcdef".to_owned()),
            commit_time: second.map(|text| Timestamp::from_second(text.parse().unwrap()).unwrap()),
            checkout: None,
        }
    }

    #[test]
    fn runs_are_ordered_by_number_and_else_by_commit() {
        for (own, other, expected) in [
            ("w r 7 -", "w r 6 -", "later"),
            ("w r 7 -", "w r 8 -", "earlier: run 8, of commit 0123456789ab, is later than run 7"),
            ("w r 10 -", "w r 9 -", "later"),
            // The number counts, whatever the commits are: a branch may go back on purpose.
            ("w r 7 1", "w r 6 5", "later"),
            ("w r 7 5", "w r 8 1", "earlier: run 8, of"),
            // Another attempt.
            ("w r 7 1", "w r 7 1", "unknown: run 7 made that index, too"),
            ("w r 7 1", "w r 7 9", "unknown: run 7"),
            // Another workflow, another ref, or none that is known.
            ("w r 7 5", "x r 8 1", "later"),
            (
                "w r 7 1",
                "w s 6 5",
                "earlier: commit 0123456789ab of 1970-01-01T00:00:05Z is later than 1970-01-01T00:00:01Z",
            ),
            ("- r 7 5", "- r 8 1", "later"),
            ("w - 7 1", "w - 6 5", "earlier: commit"),
            ("w r 7 -", "x r 8 -", "unknown: the runs are not of one workflow"),
            ("w r 7 1", "x r 8 -", "unknown: the runs are not of one workflow"),
            // No numbers.
            ("- - - 2", "- - - 1", "later"),
            ("w r - 1", "w r 7 2", "earlier: commit"),
            ("w r - 2", "w r 7 2", "unknown: both commits were made at 1970-01-01T00:00:02Z"),
            // Nothing.
            ("w r 7 1", "- - - -", "unknown: the index there does not say"),
            ("w r - -", "w r 7 1", "unknown: the plan has neither"),
            ("- - - -", "- - - -", "unknown: the plan has neither"),
        ] {
            let found = match run(own).beside(&run(other), None) {
                Standing::Later => "later".to_owned(),
                Standing::Earlier(why) => format!("earlier: {why}"),
                Standing::Unknown(why) => format!("unknown: {why}"),
            };
            assert!(found.starts_with(expected), "{own} beside {other}: {found}");
        }
    }

    #[test]
    fn another_source_counts_for_itself_and_a_wrong_clock_for_nothing() {
        let moved = |run: RunEntry| RunEntry { source: Some("https://example.com/new".to_owned()), ..run };
        let nowhere = |run: RunEntry| RunEntry { source: None, ..run };
        // A repository that moved counts from 1 again.
        let (first, last) = (run("w r 1 5"), run("w r 900 1"));
        assert_eq!(moved(first.clone()).beside(&last, None), Standing::Later);
        assert_eq!(nowhere(first.clone()).beside(&last, None), Standing::Later);
        assert_eq!(first.beside(&nowhere(last.clone()), None), Standing::Later);
        assert!(matches!(first.beside(&last, None), Standing::Earlier(_)));
        assert!(matches!(nowhere(first).beside(&nowhere(last), None), Standing::Earlier(_)));

        let now = Timestamp::from_second(1_000_000).ok();
        for (own, other, expected) in [
            ("- - - 999999", "- - - 1000005", "earlier"),
            ("- - - 999999", "- - - 1086400", "earlier"),
            ("- - - 999999", "- - - 1086401", "unknown"),
            ("- - - 9999999", "- - - 9999998", "unknown"),
            ("- - - 9999999", "- - - 5", "later"),
            ("w r 7 5", "w r 8 9999999", "earlier"),
            ("w r 8 5", "w r 7 9999999", "later"),
        ] {
            let found = match run(own).beside(&run(other), now) {
                Standing::Later => "later",
                Standing::Earlier(_) => "earlier",
                Standing::Unknown(why) => {
                    assert!(why.ends_with("which is in the future"), "{why}");
                    "unknown"
                }
            };
            assert_eq!(found, expected, "{own} beside {other}");
        }
    }

    #[test]
    fn annotations_are_read_as_they_are_written() {
        for text in ["w r 7 1", "w r 7 -", "- - - 1", "w - 18446744073709551615 -"] {
            let run = RunEntry { event: None, ..run(text) };
            assert_eq!(RunEntry::from_annotations(&run.annotations()), run, "{text}");
        }
        // Nothing is said of a run that nothing orders.
        assert_eq!(run("w r - -").annotations(), BTreeMap::new());
        // What is not a number, a hash or a time is nothing.
        let hostile = [("number", "-7"), ("revision", "\u{1b}[2J"), ("committed", "soon")];
        let hostile = hostile.map(|(name, value)| (format!("{RUN_PREFIX}{name}"), value.to_owned()));
        assert_eq!(RunEntry::from_annotations(&hostile.into()), RunEntry::default());
    }
}
