//! From pushed digests to tags: reads what was built, checks it, and writes the tags of a plan.

// What is to be done, and with what.
mod tools;

// Where it may write.
pub(crate) mod allowed;

// What goes into an index, and whether it is all there.
pub(crate) mod index;

pub(crate) mod subject;

mod lookup;

pub(crate) mod sources;

// What is reported.
pub(crate) mod report;

// What becomes of each tag.
mod guard;

// What is written, and what a registry says of it.
mod write;

// What is said of what was left alone, and of what is where.
mod digests;
mod held;

// What does the same by hand.
mod command;

// From what is complete to its tags.
mod conclude;
mod newborn;

// All of it: in the image's own repositories, then in its mirrors.
mod run;

mod mirrors;

// The tags alone: of what is there already.
pub(crate) mod promote;

pub use self::mirrors::merge;
pub(crate) use self::promote::tagging::tag;
pub(crate) use self::tools::patience;
pub use self::tools::{IfMissing, MergeTools, Options, RunDocker};
