//! From pushed digests to tags: reads what was built, checks it, and writes the tags of a plan.

// What is to be done, and with what.
mod tools;

// Where it may write.
pub(crate) mod allowed;

// What goes into an index, and whether it is all there.
pub(crate) mod bases;
pub(crate) mod index;

pub(crate) mod subject;

mod astray;
mod lookup;

pub(crate) mod check;

// What is told.
pub(crate) mod report;

// What is done with the tags.
pub(crate) mod decide;
mod ready;

// What is there already: what cannot be read, and what is to stay.
mod damage;
mod existing;
mod later;
mod unseen;

pub(crate) mod publish;

// What does the same by hand.
mod command;

// All of it.
mod run;

pub use self::run::merge;
pub use self::tools::{MergeTools, Options, RunDocker};
