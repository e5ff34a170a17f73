//! From pushed digests to tags: reads what was built, checks it, and writes the tags of a plan.

// What is to be done, and with what.
mod surroundings;

// What goes into an index, and whether it is all there.
pub mod bases;
pub mod index;

pub mod subject;

pub mod check;

// What is told.
pub mod report;

// What is done with the tags.
pub mod decide;
mod ready;

pub mod publish;

// What does the same by hand.
mod command;

// All of it.
mod run;

pub use self::run::merge;
pub use self::surroundings::{Options, Surroundings};
