//! What is written: which files make up a definition, and the syntax tree that each becomes.

// The files.
pub(crate) mod discovery;

// The tree.
pub(crate) mod syntax;

// What is read into it.
pub(crate) mod hcl;

// Its strings are templates of HCL.
pub(crate) mod json;
