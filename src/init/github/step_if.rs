//! What a step with a condition of its own leaves to those behind it: it is there where the condition holds.

use std::rc::Rc;

use crate::init::shell::Ran;
use crate::init::values::choose;
use crate::init::values::moment::{Answers, MOMENTS, Moment};
use crate::init::values::scope::{Output, Scope};
use crate::init::values::text::{Condition, Meta, Piece, RuleLine, Template};
use crate::init::values::value::Value;

/// The condition of a step, if what it leaves is not there in every run of its job that publishes.
pub(in crate::init) fn of(condition: &Condition, runs: Answers, others: &[String]) -> Option<Condition> {
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

impl Ran {
    /// What came of a script that runs where the condition holds: elsewhere, variables are what they were.
    pub(in crate::init) fn only_if(&mut self, condition: &Condition, scope: &Scope) {
        for file in &mut self.files {
            file.guards.push(condition.clone());
        }
        for (name, set) in &mut self.environment {
            let before = scope.variable(name, None, 0).map(Value::into_text).unwrap_or_default();
            *set = choose::value(condition, std::mem::take(set), before);
        }
        for (_, set) in &mut self.outputs {
            *set = choose::value(condition, std::mem::take(set), Template::default());
        }
    }
}

/// An output of a step that has one where the condition holds.
pub(in crate::init) fn output(condition: &Condition, of: Output) -> Output {
    match of {
        Output::Value(value) => Output::Value(choose::value(condition, value, Template::default())),
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
                _ => Output::Value(choose::value(condition, value, Template::default())),
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
