//! From options to a plan: what the definition says, what is known of the run, who allows what it asks for, and which images
//! are built.

pub(super) mod absent;
pub(super) mod choice;
pub(super) mod consent;
pub(super) mod facts;
pub(super) mod files;
pub(super) mod foreseen;
pub(super) mod load;
pub(super) mod making;
pub(super) mod outside;
pub(super) mod paths;
pub(super) mod revision;
pub(super) mod unlinked;
