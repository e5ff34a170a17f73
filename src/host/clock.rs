//! The clock and chance.

use std::cell::OnceCell;

use super::Host;
use crate::bake::eval::functions::Ambient;

impl Host {
    /// The current time, UTC, in whole seconds, as RFC 3339: `2026-11-21T09:30:00Z`.
    #[must_use]
    pub fn now() -> String {
        let now = jiff::Timestamp::now();
        jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
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

/// What functions of Bake take from the machine; a run has one time.
#[must_use]
pub(crate) fn ambient(home: Option<String>) -> Ambient {
    let clock = OnceCell::new();
    Ambient {
        now: Box::new(move || clock.get_or_init(Host::now).clone()),
        random: Box::new(Host::random),
        home,
    }
}
