//! Tags that a step gives an image, and in which runs it does.

use std::rc::Rc;

use super::found::{Publication, TagLine};
use crate::init::repository::world::World;
use crate::init::values::guard::Guarded;
use crate::init::values::mask::quotable;
use crate::init::values::moment::{Answers, MOMENTS, Moment, OTHER_BRANCHES};
use crate::init::values::text::Place;
use crate::init::values::triggers::Start;

/// Tags that one step gives.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where the step is.
    pub place: Place,
    /// In which of the examples.
    pub runs: Answers,
    /// The condition beside what the examples tell.
    pub guarded: Guarded,
    /// Further events.
    pub others: Vec<String>,
    /// What starts its workflow.
    pub start: Rc<Start>,
    /// The tags; none for those that the target has itself.
    pub tags: Vec<TagLine>,
}

impl Entry {
    pub(in crate::init) fn of(publication: &Publication, tags: Vec<TagLine>, world: &World) -> Self {
        Self {
            place: publication.place.clone(),
            runs: publication.runs,
            guarded: publication.guarded(world),
            others: publication.others.clone(),
            start: Rc::clone(&publication.start),
            tags,
        }
    }

    /// Whether it is for runs of which there is no example.
    pub(crate) fn is_unseen(&self) -> bool {
        MOMENTS.into_iter().all(|moment| !self.runs.may(moment)) && self.others.is_empty()
    }

    /// Whether it may publish in such a run.
    pub(crate) fn may(&self, moment: Moment) -> bool {
        if !self.is_unseen() {
            return self.runs.may(moment);
        }
        match moment {
            Moment::Branch | Moment::OtherBranch(_) => !self.guarded.implies("tag"),
            Moment::Tag => !self.guarded.implies("branch"),
            Moment::Schedule | Moment::Release | Moment::PullRequest | Moment::Made => false,
        }
    }

    /// Whether it may publish from a branch.
    pub(crate) fn may_from_branch(&self) -> bool {
        self.may(Moment::Branch) || self.may_from_other_branch()
    }

    /// Whether it may publish from another branch than the default one.
    pub(in crate::init) fn may_from_other_branch(&self) -> bool {
        (0..OTHER_BRANCHES).any(|at| self.may(Moment::OtherBranch(at)))
    }

    /// A condition of pushes that are none of git tags today, where a release is the push of its git tag with a plan.
    pub(in crate::init) fn without_releases(&self, condition: String) -> String {
        const PUSH: &str = "event == \"push\"";
        let is_of_branches = !self.runs.may(Moment::Tag) && self.runs.may(Moment::Release);
        if !is_of_branches || !condition.contains(PUSH) {
            return condition;
        }
        // What the clock or a hand starts is of a branch, too.
        let is_alone = self.others.is_empty() && condition == PUSH;
        let (alone, of_branches) = (format!("({PUSH})"), format!("({PUSH} and branch)"));
        if is_alone {
            "branch".to_owned()
        } else {
            condition.replace(&alone, PUSH).replace(PUSH, &of_branches)
        }
    }

    /// Whether both apply in the same runs.
    pub(in crate::init) fn has_runs_of(&self, other: &Publication, guarded: &Guarded) -> bool {
        self.runs == other.runs && self.guarded == *guarded
    }

    /// What a condition keeps from the table, or the proposal cannot have.
    pub(in crate::init) fn told(&self, name: &str) -> Option<(Place, String)> {
        let (place, condition) = match &self.guarded {
            Guarded::Told => return None,
            Guarded::When(when) => (&self.place, when),
            Guarded::Unknown(place, written) => (place, written),
        };
        let condition = quotable(condition);
        let message = if self.tags.is_empty() {
            format!(
                "the target has the tags of `{name}` itself, so each run publishes them with the proposal, and today only those with `{condition}`"
            )
        } else if self.is_unseen() && matches!(self.guarded, Guarded::When(_)) {
            format!("no run in the table publishes these tags of `{name}`: they apply with `{condition}`")
        } else {
            return None;
        };
        Some((place.clone(), message))
    }
}

/// That an image whose target has its tags itself is published by runs of one kind alone today.
pub(in crate::init) fn of_one_kind(name: &str, entries: &[Entry]) -> Option<(Place, String)> {
    let first = entries.first().filter(|_| entries.iter().all(|entry| entry.tags.is_empty()))?;
    let from_branch = entries.iter().any(Entry::may_from_branch);
    let from_tag = entries.iter().any(|entry| entry.may(Moment::Tag) || entry.may(Moment::Release));
    let runs = match (from_branch, from_tag) {
        (true, false) => "runs of branches",
        (false, true) => "runs of git tags",
        _ => return None,
    };
    let message = format!(
        "the target has the tags of `{name}` itself, so each run publishes them with the proposal, and today only {runs} do: write its tags into the `image` block, with a condition"
    );
    Some((first.place.clone(), message))
}
