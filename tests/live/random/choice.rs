//! A stream of choices that a seed decides.

/// `SplitMix64` (<https://prng.di.unimi.it/splitmix64.c>): the same choices on every machine.
pub(super) struct Choices {
    state: u64,
}

impl Choices {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below the limit.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("less than a usize")
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
