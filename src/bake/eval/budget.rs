//! Limits what evaluating the files of a run may cost: few lines can mean more than any machine has.

use std::cell::Cell;

use crate::bake::values::Value;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::Span;

/// How many expression nodes a run may evaluate: nested `for` expressions are exponential.
const MAX_STEPS: u64 = 20_000_000;
/// How many values a list or an object may be made of: `[V, V]` of itself twenty times over is exponential.
const MAX_SIZE: u64 = 1_000_000;
/// How many bytes of text a run may make: so is `"${V}${V}"`.
const MAX_TEXT: u64 = 128 << 20;
/// How deep expressions and function calls may nest.
const MAX_DEPTH: u32 = 1_000;
/// How many mistakes of one kind are looked for: what is wrong with thousands is one mistake of a generator.
pub(crate) const MAX_ERRORS: usize = 100;

/// How many steps a part of a list or an object is more where memory is taken for it: with all steps, these fit into some hundred
/// MiB.
const STEPS_PER_PLACE: u64 = 5;
/// For how many parts an object takes memory besides its members.
const OBJECT: u64 = 7;
/// How long one string may be, in bytes: as long as a file.
pub(crate) const MAX_STRING: usize = 16 << 20;

/// How many parts of a value, and how many bytes of its texts, a function goes through in the time of a step.
const PARTS_PER_STEP: u64 = 4;
const BYTES_PER_STEP: u64 = 64;

/// What a function that is given a value may have to go through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heft {
    parts: u64,
    /// Of all its texts.
    pub(super) bytes: usize,
}

impl Heft {
    /// That of a value, which was [`Budget::made`] and so is no larger than that allows.
    pub(super) fn of(value: &Value) -> Self {
        let none = Self { parts: 1, bytes: value.as_str().map_or(0, str::len) };
        let add = |sum: Self, part: &Value| {
            let Self { parts, bytes } = Self::of(part);
            Self { parts: sum.parts.saturating_add(parts), bytes: sum.bytes.saturating_add(bytes) }
        };
        match (value.items(), value.members()) {
            (Some(items), _) => items.iter().fold(none, add),
            (_, Some(members)) => members.values().fold(none, add),
            _ => none,
        }
    }

    /// How many steps that takes.
    pub(super) fn steps(self) -> u64 {
        self.parts / PARTS_PER_STEP + self.bytes as u64 / BYTES_PER_STEP
    }
}

/// What a run has spent.
#[derive(Debug, Default)]
pub(super) struct Budget {
    steps: Cell<u64>,
    text: Cell<u64>,
    depth: Cell<u32>,
}

impl Budget {
    /// Before an expression is evaluated; [`Budget::leave`] goes after it.
    ///
    /// # Errors
    /// There have been too many, or they nest too deep.
    pub(super) fn enter(&self, span: Span) -> Result<(), Failure> {
        self.worked(1, span)?;
        if self.depth.get() >= MAX_DEPTH {
            return Err(exceeded(
                span,
                format!("expressions and calls nest more than {MAX_DEPTH} levels deep"),
            ));
        }
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    pub(super) fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    /// For work that is not seen in the number of values, such as a hash that is slow on purpose.
    ///
    /// # Errors
    /// There has been too much of it.
    pub(super) fn worked(&self, steps: u64, span: Span) -> Result<(), Failure> {
        self.steps.set(self.steps.get().saturating_add(steps));
        if self.steps.get() > MAX_STEPS {
            return Err(exceeded(span, format!("more than {MAX_STEPS} steps are needed to evaluate this")));
        }
        Ok(())
    }

    /// For an operation that may go through all of a value.
    ///
    /// # Errors
    /// There has been too much work.
    pub(super) fn looked(&self, value: &Value, span: Span) -> Result<(), Failure> {
        self.worked(Heft::of(value).steps(), span)
    }

    /// For a list or an object that was made. Whatever is done with it takes steps for each of its parts.
    ///
    /// # Errors
    /// It is too large.
    pub(super) fn made(&self, value: &Value, span: Span) -> Result<(), Failure> {
        let size = value.size(MAX_SIZE);
        let size =
            size.ok_or_else(|| exceeded(span, format!("the value of this has more than {MAX_SIZE} parts")))?;
        let places = match (value.items(), value.members()) {
            (Some(items), _) => items.len() as u64,
            (_, Some(members)) => members.len() as u64 + OBJECT,
            _ => 0,
        };
        self.worked((size - 1).saturating_add(places * STEPS_PER_PLACE), span)
    }

    /// For what a function has made: all parts are new.
    ///
    /// # Errors
    /// There has been too much work.
    pub(super) fn filled(&self, value: &Value, span: Span) -> Result<(), Failure> {
        self.worked(Heft::of(value).parts.saturating_mul(STEPS_PER_PLACE), span)
    }

    /// For a string that grows.
    ///
    /// # Errors
    /// It is too long.
    pub(super) fn is_text(&self, bytes: usize, span: Span) -> Result<(), Failure> {
        if bytes > MAX_STRING {
            return Err(exceeded(span, format!("this string is longer than {} MiB", MAX_STRING >> 20)));
        }
        Ok(())
    }

    /// For text that a template at `span` has grown by, or that a function has made.
    ///
    /// # Errors
    /// There is too much of it.
    pub(super) fn wrote(&self, bytes: usize, span: Span) -> Result<(), Failure> {
        self.text.set(self.text.get() + bytes as u64);
        if self.text.get() > MAX_TEXT {
            return Err(exceeded(
                span,
                format!("the strings of this file come to more than {} MiB", MAX_TEXT >> 20),
            ));
        }
        Ok(())
    }
}

fn exceeded(span: Span, message: String) -> Failure {
    Box::new(Diagnostic::error(Code::LIMIT, message).at(span, "").ours())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn a_function_takes_as_many_steps_as_it_is_given() {
        let text = |length: usize| Value::string("x".repeat(length));
        let list = |count: usize| Value::tuple(vec![text(64); count]);
        for (value, steps) in [
            (text(0), 0),
            (text(6400), 100),
            (list(1), 1),
            (list(1000), 1250),
            (Value::tuple(vec![list(100); 100]), 12_525),
        ] {
            assert_eq!(Heft::of(&value).steps(), steps, "{:?}", Heft::of(&value));
        }
    }

    #[test]
    fn shared_parts_count_each_time() {
        let span = Span { source: Sources::default().add("a", ""), start: 0, end: 0 };
        let budget = Budget::default();
        let mut value = Value::from(true);
        for _ in 0..12 {
            value = Value::tuple(vec![value.clone(), value.clone(), value]);
            budget.made(&value, span).unwrap();
        }
        assert_eq!(value.size(MAX_SIZE), Some((3u64.pow(13) - 1) / 2));
        let value = Value::tuple(vec![value.clone(), value]);
        assert_eq!(
            budget.made(&value, span).unwrap_err().message,
            "the value of this has more than 1000000 parts"
        );
    }
}
