//! What is written: which files make up a definition, and the syntax tree that each becomes.

// The files.
pub(crate) mod resembling;

pub(crate) mod discovery;

pub(crate) mod unread;

// The tree.
pub(crate) mod syntax;

// What is read into it.
pub(crate) mod hcl;

// Its strings are templates of HCL.
pub(crate) mod json;
