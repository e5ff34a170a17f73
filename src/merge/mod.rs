//! From pushed digests to tags: reads what was built, checks it, and writes the tags of a plan.

pub mod bases;
pub mod check;
mod command;
pub mod decide;
pub mod index;
pub mod publish;
mod ready;
pub mod report;
mod run;
mod surroundings;

pub use self::run::merge;
pub use self::surroundings::{Options, RunDocker, Surroundings};
