//! Reports what a merge does while it works.

use std::time::Duration;

use crate::registry::Location;

/// Something that goes on.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Questions to a repository are answered.
    Reading {
        /// The repository.
        location: &'a Location,
        /// How many are answered.
        done: usize,
        /// How many there are, as far as that is known.
        total: usize,
    },
    /// Nothing happens for a while.
    Waiting {
        /// The repository.
        location: &'a Location,
        /// For how long.
        pause: Duration,
        /// Why.
        why: &'a str,
    },
    /// A tag or manifest is being written.
    Writing {
        /// The repository.
        location: &'a Location,
        /// What is written, such as `1.4.2`.
        what: &'a str,
    },
    /// A step is done.
    Done {
        /// The repository.
        location: &'a Location,
        /// What was done.
        what: &'a str,
    },
}

/// What is reported about events. It is called by several threads.
pub trait Progress: Sync {
    /// Takes note of an event.
    fn tell(&self, event: &Event<'_>);
}

/// Takes note of nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn tell(&self, _event: &Event<'_>) {}
}
