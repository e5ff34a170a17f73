//! A stream of choices that a seed decides.

use crate::support::Dice;

/// The same choices on every machine.
pub(super) struct Choices(Dice);

impl Choices {
    pub(super) fn new(seed: u64) -> Self {
        Self(Dice(seed))
    }

    /// A number below the limit.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.0.below(limit as u64)).expect("less than a usize")
    }

    /// True so many times of a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Several of the items in their order, each at most once.
    pub(super) fn some<T: Copy>(&mut self, items: &[T], most: usize) -> Vec<T> {
        let wanted = self.below(most + 1);
        let mut left = items.len();
        let mut chosen = Vec::new();
        for item in items {
            if self.below(left.max(1)) < wanted - chosen.len() {
                chosen.push(*item);
            }
            left -= 1;
        }
        chosen
    }
}
