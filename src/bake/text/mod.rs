//! What is written: which files make up a definition, and the syntax tree that each becomes.

// The files.
pub mod discovery;

// The tree.
pub mod syntax;

// What is read into it.
pub mod hcl;

// Its strings are templates of HCL.
pub mod json;
