//! From pushed digests to tags: reads what was built, checks it, and writes the tags of a plan.

// What is to be done, and with what.
mod tools;

// Where it may write.
pub(crate) mod allowed;

// What goes into an index, and whether it is all there.
pub(crate) mod index;

pub(crate) mod subject;

mod alike;
pub(crate) mod bases;
mod lookup;

mod another;
mod carry;
pub(crate) mod check;
mod configured;
mod elsewhere;
mod revision;
mod sending;
mod taken;
mod whole;

// What is reported.
pub(crate) mod report;

// What is done with the tags.
pub(crate) mod decide;
mod ready;

// What is there already: what cannot be read, and what is to stay.
mod also_named;
mod codenames;
mod damage;
mod doubtful;
mod existing;
mod fewer;
mod greater;
mod later;
mod rebuilt;
mod unseen;
mod withheld;

mod relist;

mod job;
mod shown;

mod fresh;
mod overtaken;

// What is said of what was left alone, and of what is where.
mod digests;
mod held;
mod takeover;

mod read_back;

mod overwritten;
mod refusal;

pub(crate) mod publish;

// What does the same by hand.
mod command;

// From what is complete to its tags.
mod conclude;
mod newborn;

// All of it: in the image's own repositories, then in its mirrors.
mod run;

mod mirrors;

// The tags alone: of what is there already.
mod tagging;

mod by_name;
pub(crate) mod promote;

pub(crate) mod withdrawal;

pub use self::mirrors::merge;
pub(crate) use self::tagging::tag;
pub(crate) use self::tools::patience;
pub use self::tools::{IfMissing, MergeTools, Options, RunDocker};
