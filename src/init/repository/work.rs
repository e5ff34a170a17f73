//! How much work workflows and scripts may ask for: what they refer to may refer to others, again and again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

/// What a stage may take, in steps of about a microsecond.
const STAGE: u64 = 2_000_000;

/// How much memory a regular expression may take, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// The steps that reading one counts for.
const REGEX: usize = 400;

/// How many of them are kept.
const KEPT: usize = 64;

/// What is left of the work of a stage, and whether it was too little in any.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    left: Cell<u64>,
    ended: Cell<bool>,
    regexes: RefCell<BTreeMap<String, Option<Regex>>>,
}

impl Default for Work {
    fn default() -> Self {
        Self { left: Cell::new(STAGE), ended: Cell::new(false), regexes: RefCell::default() }
    }
}

impl Work {
    /// Begins a stage, which does not suffer from what the one before has taken.
    pub(crate) fn begin(&self) {
        self.left.set(STAGE);
    }

    /// Takes steps; false where the stage has none left, and from then on.
    pub(crate) fn spend(&self, steps: usize) -> bool {
        let left = self.left.get().checked_sub(steps as u64);
        self.left.set(left.unwrap_or_default());
        self.ended.set(self.ended.get() || left.is_none());
        left.is_some()
    }

    /// Reads a regular expression; none where it is none, takes too much memory, or no steps are left.
    pub(crate) fn regex(&self, pattern: &str) -> Option<Regex> {
        let mut known = self.regexes.borrow_mut();
        if let Some(regex) = known.get(pattern) {
            return regex.clone();
        }
        if !self.spend(REGEX) {
            return None;
        }
        let regex = RegexBuilder::new(pattern).size_limit(MAX_REGEX).build().ok();
        if known.len() < KEPT {
            known.insert(pattern.to_owned(), regex.clone());
        }
        regex
    }

    /// Notes that something was read in part.
    pub(crate) fn end(&self) {
        self.ended.set(true);
    }

    /// Whether a stage had too little, or something else was read in part.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }
}
