//! In which runs a tag applies: of branches, of git tags, of pull requests, and those that the clock or a hand starts.

use crate::init::steps::entry::Entry;
use crate::init::values::moment::Moment;

/// In which runs something applies: of branches, of git tags, of pull requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::init) struct Mask {
    pub branch: bool,
    pub tag: bool,
    pub pull_request: bool,
    /// Started by the clock or by hand alone.
    pub others: bool,
}

impl Mask {
    pub(in crate::init) const ALL: Self = Self { branch: true, tag: true, pull_request: true, others: true };
    pub(in crate::init) const BRANCH: Self =
        Self { branch: true, tag: false, pull_request: false, others: true };
    pub(in crate::init) const TAG: Self =
        Self { branch: false, tag: true, pull_request: false, others: false };

    pub(in crate::init) fn of(entry: &Entry) -> Self {
        Self {
            branch: entry.may_from_branch(),
            tag: entry.may(Moment::Tag) || entry.may(Moment::Release),
            pull_request: entry.may(Moment::PullRequest),
            others: !entry.others.is_empty(),
        }
    }

    pub(in crate::init) fn and(self, other: Self) -> Self {
        Self {
            branch: self.branch && other.branch,
            tag: self.tag && other.tag,
            pull_request: self.pull_request && other.pull_request,
            others: self.others && other.others,
        }
    }

    pub(in crate::init) fn or(self, other: Self) -> Self {
        Self {
            branch: self.branch || other.branch,
            tag: self.tag || other.tag,
            pull_request: self.pull_request || other.pull_request,
            others: self.others || other.others,
        }
    }

    /// Whether something applies in both. The clock and a hand start runs of branches.
    pub(in crate::init) fn meets(self, other: Self) -> bool {
        let both = self.and(other);
        both.branch
            || both.tag
            || both.pull_request
            || both.others
            || self.branch && other.others
            || self.others && other.branch
    }

    /// The condition that keeps what applies in `domain` to these runs. Those of pull requests publish nothing anyway.
    pub(in crate::init) fn when(self, domain: Self, others: &[String]) -> Option<String> {
        let both = self.and(domain);
        if both.branch == domain.branch && both.tag == domain.tag {
            return None;
        }
        // What the clock or a hand starts is of a branch, though pushes of branches publish nothing.
        let events = others.iter().filter(|_| domain.others).map(|event| format!("event == \"{event}\""));
        let of_tags = (self.tag && (domain.tag || !both.others)).then(|| "tag".to_owned());
        Some(match (self.branch, self.tag) {
            (true, _) => "branch".to_owned(),
            (false, false) if self.pull_request && !self.others => "pr".to_owned(),
            (false, _) => {
                let all: Vec<String> = of_tags.into_iter().chain(events).collect();
                if all.is_empty() { "branch".to_owned() } else { all.join(" or ") }
            }
        })
    }
}
