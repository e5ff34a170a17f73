//! All files of a run as one module, whose variables, functions and blocks are resolved on demand.

pub(crate) mod exposed;
mod files;
mod globals;
mod matrix;
pub mod strict;
mod variables;

pub use files::{File, ImageBlock, Module, Surroundings, VariableInfo, is_secret_name};
