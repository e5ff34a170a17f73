//! Tags that a run gives to two images today: the one that is pushed last has them, and a plan gives a tag to one image alone.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::{Candidate, Stray};
use super::definition::Known;
use super::today::{is_by_hand, published};
use crate::init::repository::world::World;
use crate::init::steps::entry::Entry;
use crate::init::steps::found::TagLine;
use crate::init::values::guard::Guarded;
use crate::init::values::mask::quotable;
use crate::init::values::moment::{Answers, MOMENTS, Moment};
use crate::init::values::text::{Line, Piece, Place, Template};
use crate::init::values::turn::Step;

/// How many lines that give the same are compared.
const MAX_LINES: usize = 50;

/// A reference that a line gives an image in a run.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Given {
    /// The run; none where a person starts it.
    moment: Option<Moment>,
    repository: String,
    tag: String,
}

/// A line that gives an image tags; none for those of its target.
struct Lines {
    candidate: usize,
    entry: usize,
    tag: Option<usize>,
    place: Place,
    given: Vec<Given>,
}

/// Takes what is overwritten from the images that lose it. What is left of none is apart, with why.
pub(crate) fn without(
    candidates: &mut Vec<Candidate>,
    known: &[Known],
    world: &World,
) -> (Vec<(Place, String)>, Vec<Stray>) {
    world.work.begin();
    if candidates.len() < 2 {
        return (Vec::new(), Vec::new());
    }
    let lines = lines(candidates, known, world);
    let mut told: Vec<(Place, String)> = Vec::new();
    let mut lost: Vec<(usize, usize, usize)> = Vec::new();
    for (one, other) in pairs(&lines) {
        let (one, other) = (&lines[one], &lines[other]);
        if !world.work.spend(1 + one.given.len() * other.given.len() / 8) {
            return (told, Vec::new());
        }
        let is_gone =
            |line: &Lines| line.tag.is_some_and(|tag| lost.contains(&(line.candidate, line.entry, tag)));
        let Some(given) = one.given.iter().find(|given| other.given.contains(given)) else { continue };
        if is_gone(one) || is_gone(other) {
            continue;
        }
        let name = quotable(&format!("{}:{}", given.repository, given.tag));
        let order = order(candidates, one, other);
        let (first, last) = if order == Some(false) { (other, one) } else { (one, other) };
        let (gone, kept) = if first.tag.is_some() { (first, last) } else { (last, first) };
        let why = match order {
            Some(_) => {
                format!("`{name}` is pushed at {} first and at {} over it", first.place, last.place)
            }
            None => format!(
                "`{name}` is pushed at {} and at {}, and which of the two it is today depends on which ends last",
                first.place, last.place
            ),
        };
        let Some(tag) = gone.tag else {
            // The tags of targets are in the file already, so the plan refuses them.
            let message = format!("{why}: give one of the two targets another tag");
            told.extend([one, other].map(|line| (line.place.clone(), message.clone())));
            continue;
        };
        let beside: Vec<String> = gone
            .given
            .iter()
            .filter(|all| !kept.given.contains(all))
            .map(|all| format!("`{}`", quotable(&all.tag)))
            .collect();
        let beside = beside
            .first()
            .map(|tag| format!(", nor {tag}, which the same line gives it"))
            .unwrap_or_default();
        let of_gone = format!("{why}: the proposal has no such tag for the image that is built here{beside}");
        let of_kept = format!("{why}: the proposal has it for the image that is built here alone");
        told.extend([(gone.place.clone(), of_gone), (kept.place.clone(), of_kept)]);
        lost.push((gone.candidate, gone.entry, tag));
    }
    (told, take(candidates, &lost))
}

/// The lines of different images that give the same in a run.
fn pairs(lines: &[Lines]) -> BTreeSet<(usize, usize)> {
    let mut by_given: BTreeMap<&Given, Vec<usize>> = BTreeMap::new();
    let mut pairs = BTreeSet::new();
    for (at, line) in lines.iter().enumerate() {
        for given in &line.given {
            let before = by_given.entry(given).or_default();
            let others = before.iter().filter(|other| lines[**other].candidate != line.candidate);
            pairs.extend(others.map(|other| (*other, at)));
            if before.len() < MAX_LINES {
                before.push(at);
            }
        }
    }
    pairs
}

/// Takes these tags out, and what is left without any.
fn take(candidates: &mut Vec<Candidate>, lost: &[(usize, usize, usize)]) -> Vec<Stray> {
    let mut strays = Vec::new();
    for (of, candidate) in candidates.iter_mut().enumerate() {
        if !lost.iter().any(|(one, _, _)| *one == of) {
            continue;
        }
        for (number, entry) in candidate.entries.iter_mut().enumerate() {
            let mut at = 0;
            entry.tags.retain(|_| {
                at += 1;
                !lost.contains(&(of, number, at - 1))
            });
        }
        let is_lost = |number: usize| lost.iter().any(|(one, entry, _)| (*one, *entry) == (of, number));
        let mut number = 0;
        candidate.entries.retain(|entry| {
            number += 1;
            // Without tags, it would have those of its target.
            !(entry.tags.is_empty() && is_lost(number - 1))
        });
        if candidate.entries.is_empty() {
            strays.push(Stray::of(candidate, "what is built elsewhere is pushed under each of its tags"));
        }
    }
    candidates.retain(|candidate| !candidate.entries.is_empty());
    strays
}

/// What each line gives.
fn lines(candidates: &[Candidate], known: &[Known], world: &World) -> Vec<Lines> {
    let mut lines = Vec::new();
    for (of, candidate) in candidates.iter().enumerate() {
        for (number, entry) in candidate.entries.iter().enumerate() {
            // It is not in the proposal anyway.
            if matches!(entry.guarded, Guarded::Unknown(..)) {
                continue;
            }
            let none = entry.tags.is_empty().then_some((None, &entry.place));
            let all = entry.tags.iter().enumerate().map(|(at, tag)| (Some(at), &tag.line().place));
            for (tag, place) in all.chain(none) {
                if !world.work.spend(MOMENTS.len() * (8 + 8 * candidate.repositories.len())) {
                    return lines;
                }
                let tags: Vec<TagLine> = tag.map(|at| entry.tags[at].clone()).into_iter().collect();
                let runs = Answers::of(|moment| Some(entry.runs.may(moment)));
                let repositories = candidate.repositories.iter();
                let repositories =
                    repositories.map(|line| Line { text: named(&line.text), place: line.place.clone() });
                let one = Candidate {
                    entries: vec![Entry { tags, runs, ..entry.clone() }],
                    repositories: repositories.collect(),
                    ..candidate.clone()
                };
                let given = given(&one, known, world);
                if !given.is_empty() {
                    lines.push(Lines { candidate: of, entry: number, tag, place: place.clone(), given });
                }
            }
        }
    }
    lines
}

/// A repository in which settings have their own names: two of them are two accounts.
fn named(repository: &Template) -> Template {
    let piece = |piece: &Piece| match piece {
        Piece::Setting(name, _) => Piece::Text(format!("setting-{name}")),
        other => other.clone(),
    };
    Template(repository.0.iter().map(piece).collect())
}

/// What an image with one line has, run by run.
fn given(one: &Candidate, known: &[Known], world: &World) -> Vec<Given> {
    let mut given: Vec<Given> = Vec::new();
    let moments = MOMENTS.into_iter().filter(|moment| *moment != Moment::PullRequest);
    let of_hand = one.entries.iter().any(|entry| is_by_hand(&entry.others) && entry.guarded == Guarded::Told);
    for moment in moments.map(Some).chain(of_hand.then_some(None)) {
        let by_hand = || Entry { runs: Answers::of(|_| Some(true)), ..one.entries[0].clone() };
        let all = match moment {
            Some(moment) => published(one, &[moment], known, world),
            None => published(
                &Candidate { entries: vec![by_hand()], ..one.clone() },
                &[Moment::Branch],
                known,
                world,
            ),
        };
        for (repository, tags) in all.tags {
            given.extend(tags.into_iter().map(|tag| Given { moment, repository: repository.clone(), tag }));
        }
    }
    given
}

/// Whether the first of two steps has ended when the second one begins, as far as that is known.
fn order(candidates: &[Candidate], one: &Lines, other: &Lines) -> Option<bool> {
    let step = |line: &Lines| -> Option<Step> {
        let candidate = &candidates[line.candidate];
        let place = &candidate.entries[line.entry].place;
        let known = candidate.steps.iter().find(|step| step.place == *place);
        known.or(candidate.steps.last()).cloned()
    };
    let (one, other) = (step(one)?, step(other)?);
    if one.is_before(&other) {
        Some(true)
    } else if other.is_before(&one) {
        Some(false)
    } else {
        None
    }
}
