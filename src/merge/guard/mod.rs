//! What becomes of each tag of an image that is complete: it moves, or something keeps it where it is.

pub(crate) mod decide;
pub(super) mod ready;

// What is greater keeps it.
pub(super) mod also_named;
pub(super) mod codenames;
pub(super) mod doubtful;
pub(super) mod greater;
pub(super) mod rebuilt;

// What is there already, and other runs have published.
pub(super) mod existing;
pub(super) mod fewer;
pub(super) mod later;
pub(super) mod withheld;

// What cannot be read.
pub(super) mod damage;
pub(super) mod unseen;

pub(super) mod relist;
