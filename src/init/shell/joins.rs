//! What is known behind branches of a shell: variables, outputs and variables for later steps, each with its conditions.

use super::{Ran, Script};
use crate::init::values::choose;
use crate::init::values::text::{Condition, Piece, Template};
use crate::init::values::value::Value;

/// How many names are known of what branches set.
const MAX_NAMES: usize = 64;

/// How much is known before a branch.
#[derive(Clone, Copy)]
pub(super) struct Known {
    variables: usize,
    outputs: usize,
    environment: usize,
}

/// What a branch sets.
pub(super) type Set = Vec<(String, Template)>;

impl Script<'_> {
    pub(super) fn known(&self, ran: &Ran) -> Known {
        Known {
            variables: self.variables.len(),
            outputs: ran.outputs.len(),
            environment: ran.environment.len(),
        }
    }

    /// Takes out what a branch has set: variables, outputs, and variables for later steps.
    pub(super) fn take(&mut self, known: Known, ran: &mut Ran) -> [Set; 3] {
        let Known { variables, outputs, environment } = known;
        [
            self.variables.split_off(variables.min(self.variables.len())),
            ran.outputs.split_off(outputs.min(ran.outputs.len())),
            ran.environment.split_off(environment.min(ran.environment.len())),
        ]
    }

    /// What is known behind branches of which the first runs whose condition holds, or none: values with these conditions.
    pub(super) fn join(&mut self, sets: &[(Condition, [Set; 3])], ran: &mut Ran) {
        for kind in 0..3 {
            for name in names(sets, kind) {
                let before = self.before(&name, kind, ran);
                let value = joined(sets, kind, &name, &before);
                match kind {
                    0 => self.variables.push((name, value)),
                    1 => ran.outputs.push((name, value)),
                    _ => ran.environment.push((name, value)),
                }
            }
        }
    }

    /// What a variable, an output or a variable for later steps is before branches.
    fn before(&self, name: &str, kind: usize, ran: &Ran) -> Template {
        let last =
            |of: &Set| of.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        match kind {
            // The runner sets some that are not known here.
            0 => self.variable(name).unwrap_or_else(|| {
                let is_own = name.chars().all(|c| !c.is_ascii_uppercase());
                if is_own { Template::default() } else { Template::unknown(&format!("${name}")) }
            }),
            1 => last(&ran.outputs).unwrap_or_default(),
            _ => last(&ran.environment).unwrap_or_else(|| {
                let outside = self.scope.variable(name, None, 0);
                outside.map(Value::into_text).unwrap_or_default()
            }),
        }
    }
}

/// The names that branches set.
fn names(sets: &[(Condition, [Set; 3])], kind: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in sets.iter().flat_map(|(_, set)| &set[kind]) {
        if names.len() < MAX_NAMES && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Whether nothing is known of a text in any case in which it is there.
fn is_unknown(text: &Template) -> bool {
    text.0.iter().all(|piece| match piece {
        Piece::Unknown(_) => true,
        Piece::Choice(choice) => {
            let sides = [&choice.then, &choice.other];
            sides.iter().all(|side| is_unknown(side)) && sides.iter().any(|side| !side.0.is_empty())
        }
        _ => false,
    })
}

/// A value behind branches: in one that does not set it, it is what it was before.
fn joined(sets: &[(Condition, [Set; 3])], kind: usize, name: &str, before: &Template) -> Template {
    let mut whole = before.clone();
    for (condition, set) in sets.iter().rev() {
        let set = set[kind].iter().rev().find(|(known, _)| known == name);
        let own = set.map_or_else(|| before.clone(), |(_, value)| value.clone());
        whole = choose::value(condition, own, whole);
    }
    // What it would be where the condition holds does not help.
    let is_lost = !whole.0.is_empty() && is_unknown(&whole);
    let is_own = |value: &Template| value.exact() == whole.exact();
    let mut values = sets.iter().flat_map(|(_, set)| &set[kind]).filter(|(known, _)| known == name);
    let is_named = is_own(before) || values.any(|(_, value)| is_own(value));
    if is_lost && !is_named { Template::unknown(&format!("${name}")) } else { whole }
}
