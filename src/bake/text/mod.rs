//! What is written: which files make up a definition, and the syntax tree that each becomes.

pub mod discovery;
pub mod hcl;
pub mod json;
pub mod syntax;
