//! The clock and chance.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use jiff::Timestamp;

use super::Host;
use crate::bake::eval::functions::Ambient;
use crate::moment::{Moment, Seed};

impl Host {
    /// The current time in whole seconds.
    #[must_use]
    pub fn now() -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// Bytes that nobody can guess.
    ///
    /// # Panics
    /// When the operating system has no source of them.
    #[must_use]
    pub fn random() -> [u8; 16] {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("every supported system has a random source");
        bytes
    }
}

/// The moment in which a definition is evaluated: an earlier one that is repeated, or what the clock and chance say when the
/// definition first asks. A run has one time.
#[derive(Debug, Default)]
pub(crate) struct Present {
    repeated: Moment,
    time: OnceCell<Timestamp>,
    seed: OnceCell<Seed>,
    /// How often random bytes were drawn.
    drawn: Cell<u64>,
}

impl Present {
    /// That moment again.
    #[must_use]
    pub(crate) fn again(repeated: Moment) -> Self {
        Self { repeated, ..Self::default() }
    }

    /// What the definition asked for so far.
    #[must_use]
    pub(crate) fn moment(&self) -> Moment {
        let attempt = self.repeated.attempt;
        Moment { time: self.time.get().copied(), seed: self.seed.get().cloned(), attempt }
    }

    /// How often random bytes were drawn, for [`Self::draw_again_from`].
    #[must_use]
    pub(crate) fn drawn(&self) -> u64 {
        self.drawn.get()
    }

    /// Draws the same bytes again that were drawn since.
    pub(crate) fn draw_again_from(&self, drawn: u64) {
        self.drawn.set(drawn);
    }

    fn now(&self) -> Timestamp {
        *self.time.get_or_init(|| self.repeated.time.unwrap_or_else(Host::now))
    }

    fn random(&self) -> [u8; 16] {
        let seed =
            self.seed.get_or_init(|| self.repeated.seed.clone().unwrap_or_else(|| Seed::new(Host::random())));
        seed.draw(self.drawn.replace(self.drawn.get() + 1))
    }
}

/// What functions of Bake take from the machine.
#[must_use]
pub(crate) fn ambient(home: Option<String>, present: &Rc<Present>) -> Ambient {
    let [clock, chance] = [Rc::clone(present), Rc::clone(present)];
    Ambient {
        // UTC, as RFC 3339: `2026-11-21T09:30:00Z`.
        now: Box::new(move || clock.now().to_string()),
        random: Box::new(move || chance.random()),
        home,
    }
}
