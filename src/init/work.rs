//! How much work workflows and scripts may ask for: what they refer to may refer to others, again and again.

use std::cell::Cell;

/// What a stage may take, in steps of about a microsecond.
const STAGE: u64 = 2_000_000;

/// What is left of the work of a stage, and whether it was too little in any.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    left: Cell<u64>,
    ended: Cell<bool>,
}

impl Default for Work {
    fn default() -> Self {
        Self { left: Cell::new(STAGE), ended: Cell::new(false) }
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

    /// Notes that something was read in part.
    pub(crate) fn end(&self) {
        self.ended.set(true);
    }

    /// Whether a stage had too little, or something else was read in part.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }
}
