//! From pushed digests to tags: reads what was built, checks it, and writes the tags of a plan.

pub mod bases;
pub mod document;
pub mod floating;
pub mod index;
pub mod metadata;
