//! Values that depend on a condition: what they are where it holds, and elsewhere.

use std::rc::Rc;

use super::moment::{MOMENTS, Moment};
use super::text::{Choice, Condition, Piece, Template};
use super::when;

/// How long a value may be in all that it may be, in bytes.
const MAX_VALUE: usize = 16 << 10;

/// A value where the condition holds, and what was there before elsewhere.
pub(in crate::init) fn value(condition: &Condition, then: Template, other: Template) -> Template {
    match condition.when.as_deref() {
        Some("true") => return then,
        Some("false") => return other,
        _ => {}
    }
    if then.exact() == other.exact() {
        return then;
    }
    let unknown = |then: &Template| Template::unknown(&format!("{}, if {}", then.shown(), condition.written));
    let when = match &condition.when {
        Some(when) => when.clone(),
        // What is published is of no pull request.
        None if is_of_requests(condition) => {
            return choice("pr".to_owned(), condition, unknown(&then), other);
        }
        None => return unknown(&then),
    };
    let (then, other) = (under(then, &when, true), under(other, &when, false));
    let (start, then, other, end) = around(then, other);
    if then.length() + other.length() > MAX_VALUE {
        return unknown(&then);
    }
    let mut whole = start;
    whole.extend(choice(when, condition, then, other));
    whole.extend(end);
    whole
}

fn choice(when: String, condition: &Condition, then: Template, other: Template) -> Template {
    let choice = Choice { when, condition: condition.clone(), then, other };
    Template(vec![Piece::Choice(Rc::new(choice))])
}

/// Whether a condition that a plan cannot express holds in runs of pull requests alone.
fn is_of_requests(condition: &Condition) -> bool {
    let asks = ["pull_request", "head_ref", "HEAD_REF", "base_ref", "BASE_REF"]
        .iter()
        .any(|word| condition.written.contains(word));
    let is_elsewhere =
        |moment: Moment| moment != Moment::PullRequest && condition.answers.at(moment) != Some(false);
    asks && condition.answers.may(Moment::PullRequest) && !MOMENTS.into_iter().any(is_elsewhere)
}

/// A value where a condition holds.
pub(in crate::init) fn given(condition: &Condition, value: Template) -> Template {
    match &condition.when {
        Some(when) => under(value, when, true),
        None => value,
    }
}

/// A value where it is known whether a condition holds.
fn under(value: Template, when: &str, holds: bool) -> Template {
    let [Piece::Choice(choice)] = value.0.as_slice() else { return value };
    let Choice { when: own, condition: _, then, other } = &**choice;
    let is_same = own == when;
    if is_same || *own == when::negated(when) {
        let side = if is_same == holds { then } else { other };
        return under(side.clone(), when, holds);
    }
    value
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
