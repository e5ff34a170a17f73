//! What a step with a condition of its own leaves to those behind it: it is there where the condition holds.

use std::rc::Rc;

use super::moment::{Answers, MOMENTS, Moment};
use super::scope::{Output, Scope};
use super::shell::Ran;
use super::text::{Choice, Condition, Meta, Piece, RuleLine, Template};
use super::value::Value;

/// The condition of a step, if what it leaves is not there in every run of its job that publishes.
pub(super) fn of(condition: &Condition, runs: Answers, others: &[String]) -> Option<Condition> {
    let is_by_hand = others.iter().any(|event| event == "workflow_dispatch");
    let asks_for_hand = ["workflow_dispatch", "inputs"].iter().any(|word| condition.written.contains(word));
    // What is published is of no pull request.
    let is_told = |moment: &Moment| *moment != Moment::PullRequest && runs.may(*moment);
    let mut told = MOMENTS.into_iter().filter(is_told).peekable();
    let is_always = told.peek().is_some()
        && told.all(|moment| condition.answers.at(moment) == Some(true))
        && !(is_by_hand && asks_for_hand);
    (!condition.is_certain() && !is_always).then(|| condition.clone())
}

/// A value where the condition holds, and what was there before elsewhere.
pub(super) fn value(condition: &Condition, then: Template, other: Template) -> Template {
    if condition.is_never() {
        return other;
    }
    let unknown = |then: &Template| Template::unknown(&format!("{}, if {}", then.shown(), condition.written));
    let Some(when) = condition.when.clone() else { return unknown(&then) };
    let (start, then, other, end) = around(then, other);
    if is_list(&then) || is_list(&other) {
        return unknown(&then);
    }
    let choice = Choice { when, condition: condition.clone(), then, other };
    let mut whole = start;
    whole.push(Piece::Choice(Rc::new(choice)));
    whole.extend(end);
    whole
}

/// Whether a text may be several: a list of tags cannot be cut within a choice.
fn is_list(text: &Template) -> bool {
    text.0.iter().any(|piece| match piece {
        Piece::Text(text) => text.contains([',', '\n', ' ']),
        Piece::Choice(choice) => is_list(&choice.then) || is_list(&choice.other),
        Piece::Or(_, other) => is_list(other),
        _ => false,
    })
}

/// What two texts begin with, what is left of each, and what they end with: a reference is cut at its own colon.
fn around(then: Template, other: Template) -> (Template, Template, Template, Template) {
    let (mut then, mut other) = (then.0, other.0);
    let (mut start, mut end) = (Template::default(), Template::default());
    let is_same = |one: &Piece, two: &Piece| {
        Template(vec![one.clone()]).exact() == Template(vec![two.clone()]).exact()
            && !matches!(one, Piece::Choice(_) | Piece::Unknown(_))
    };
    while let (Some(one), Some(two)) = (then.first(), other.first()) {
        if !is_same(one, two) {
            break;
        }
        start.push(then.remove(0));
        other.remove(0);
    }
    if let (Some(Piece::Text(one)), Some(Piece::Text(two))) = (then.first_mut(), other.first_mut()) {
        let at = one.find(':').map_or(0, |colon| colon + 1);
        if at > 0 && two.get(..at) == one.get(..at) {
            start.push(Piece::Text(one.drain(..at).collect()));
            two.drain(..at);
        }
    }
    while let (Some(one), Some(two)) = (then.last(), other.last()) {
        if !is_same(one, two) || then.len() == 1 || other.len() == 1 {
            break;
        }
        let piece = then.pop();
        other.pop();
        let mut longer = Template(piece.into_iter().collect());
        longer.extend(end);
        end = longer;
    }
    let left = |pieces: Vec<Piece>| {
        Template(
            pieces
                .into_iter()
                .filter(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()))
                .collect(),
        )
    };
    (start, left(then), left(other), end)
}

impl Ran {
    /// What came of a script that runs where the condition holds: elsewhere, variables are what they were.
    pub(super) fn only_if(&mut self, condition: &Condition, scope: &Scope) {
        for file in &mut self.files {
            file.guards.push(condition.clone());
        }
        for (name, set) in &mut self.environment {
            let before = scope.variable(name, None, 0).map(Value::into_text).unwrap_or_default();
            *set = value(condition, std::mem::take(set), before);
        }
        for (_, set) in &mut self.outputs {
            *set = value(condition, std::mem::take(set), Template::default());
        }
    }
}

/// An output of a step that has one where the condition holds.
pub(super) fn output(condition: &Condition, of: Output) -> Output {
    match of {
        Output::Value(value) => Output::Value(self::value(condition, value, Template::default())),
        // It is about what comes behind it.
        Output::Json(members) => Output::Json(members),
        Output::Meta(meta) => Output::Meta(Rc::new(of_meta(condition, &meta))),
        Output::OfJob(written, scope) => {
            let value = scope.template(&written);
            match value.0.as_slice() {
                [Piece::Meta(meta, name)] => {
                    let meta = Rc::new(of_meta(condition, meta));
                    Output::Value(Template(vec![Piece::Meta(meta, name.clone())]))
                }
                _ => Output::Value(self::value(condition, value, Template::default())),
            }
        }
    }
}

/// docker/metadata-action with a condition, which each of its rules then has.
fn of_meta(condition: &Condition, meta: &Meta) -> Meta {
    let under = |rule: &RuleLine| {
        let enable = match &rule.enable {
            Some(enable) => enable.clone().and(condition.clone()),
            None => condition.clone(),
        };
        RuleLine { enable: Some(enable), ..rule.clone() }
    };
    Meta { rules: meta.rules.iter().map(under).collect(), ..meta.clone() }
}
