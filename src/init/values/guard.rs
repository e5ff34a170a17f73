//! The conditions of a step beside what the examples of runs tell of it: a plan says them, or it cannot.

use super::moment::{Answers, MOMENTS, Moment, OTHER_BRANCHES};
use super::text::{Condition, Place};
use super::when;
use crate::init::repository::world::World;

/// A condition under which something is published, and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// What it says.
    pub condition: Condition,
    /// Where.
    pub place: Place,
}

/// Adds guards, each once: those of a job that many others need would be many.
pub(crate) fn add(guards: &mut Vec<Guard>, more: impl IntoIterator<Item = Guard>) {
    for guard in more {
        let is_same =
            |known: &Guard| known.place == guard.place && known.condition.written == guard.condition.written;
        if guards.len() < MAX_GUARDS && !guards.iter().any(is_same) {
            guards.push(guard);
        }
    }
}

/// Whether guards deny each other, as the words of a command do in a case that its step excludes.
pub(crate) fn is_never(guards: &[Guard]) -> bool {
    let whens: Vec<&str> = guards.iter().filter_map(|guard| guard.condition.when.as_deref()).collect();
    whens.iter().any(|when| whens.contains(&when::negated(when).as_str()))
}

/// How many guards of a step are looked at; more than anybody writes.
const MAX_GUARDS: usize = 100;

/// What several guards come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Guarded {
    /// The examples tell all of it.
    Told,
    /// The condition, in our words.
    When(String),
    /// What our words cannot say: where it is written, and how.
    Unknown(Place, String),
}

impl Guarded {
    /// What the guards of a step come to that publishes in these runs.
    pub(crate) fn of(guards: &[Guard], runs: Answers, world: &World) -> Self {
        let mut whole: Option<String> = None;
        for Guard { condition, place } in guards {
            match &condition.when {
                Some(when) if is_told(when, world) => {}
                Some(when) => {
                    whole = Some(match whole {
                        Some(before) => when::both(before, when.clone(), "and"),
                        None => when.clone(),
                    });
                }
                None if is_uniform(condition.answers, runs) => {}
                None => return Self::Unknown(place.clone(), condition.written.clone()),
            }
        }
        whole.map_or(Self::Told, Self::When)
    }

    /// Whether it holds in runs of this kind alone: of a `branch` or of a `tag`.
    pub(crate) fn implies(&self, kind: &str) -> bool {
        let Self::When(when) = self else { return false };
        let of_ref = if kind == "tag" { "refs/tags/" } else { "refs/heads/" };
        let is_it = |atom: &str| {
            let atom = atom.trim_matches(['(', ')', ' ']);
            let is_of_word = atom == kind || atom.starts_with(&format!("{kind} "));
            let texts = || atom.split('"').skip(1).step_by(2);
            is_of_word || atom.starts_with("ref ") && texts().all(|text| text.starts_with(of_ref))
        };
        // A part of what is denied implies nothing.
        !when.contains("not (") && when.split(" or ").all(|part| part.split(" and ").any(is_it))
    }
}

/// Whether the examples of runs of branches and of git tags tell all that a condition says.
fn is_told(when: &str, world: &World) -> bool {
    const WORDS: [&str; 9] = ["tag", "branch", "pr", "and", "or", "not", "true", "false", "event"];
    const EVENTS: [&str; 10] = [
        "push",
        "pull_request",
        "pull_request_target",
        "release",
        "schedule",
        "workflow_dispatch",
        "workflow_call",
        "merge_group",
        "merge_request_event",
        "create",
    ];
    let mut when = when.to_owned();
    if world.other_branches.is_empty() {
        // No other branch starts anything.
        let name = &world.default_branch;
        for is_default in
            [format!("ref == \"refs/heads/{name}\""), format!("{} == \"{name}\"", when::REF_NAME)]
        {
            when = when.replace(&is_default, "branch");
        }
    }
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_plain = |text: &str| {
        text.chars().all(|c| is_of_word(c) || " ()=".contains(c))
            && text
                .split(|c: char| !is_of_word(c))
                .filter(|word| !word.is_empty())
                .all(|word| WORDS.contains(&word))
    };
    // A branch may be called like an event.
    let mut parts = when.split('"');
    let mut before = parts.next().unwrap_or_default();
    let mut is_told = is_plain(before);
    while let (Some(text), Some(after)) = (parts.next(), parts.next()) {
        let compared = before.trim_end().strip_suffix("==").map(str::trim_end);
        let is_alone = compared.is_none() && !after.trim_start().starts_with('=');
        is_told &= is_plain(after)
            && (compared.is_some_and(|word| word.ends_with("event")) && EVENTS.contains(&text)
                || is_alone && ["true", "false"].contains(&text));
        before = after;
    }
    is_told
}

/// Whether a condition that our words cannot say is still the same in all runs of a kind, as far as the examples show.
fn is_uniform(answers: Answers, runs: Answers) -> bool {
    let is_known = MOMENTS.into_iter().all(|moment| !runs.may(moment) || answers.at(moment).is_some());
    let is_ever = MOMENTS.into_iter().any(|moment| answers.may(moment));
    let is_same = |at| answers.at(Moment::Branch) == answers.at(Moment::OtherBranch(at));
    is_known && is_ever && (0..OTHER_BRANCHES).all(is_same)
}
