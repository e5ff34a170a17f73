//! All files of a run as one module, whose variables, functions and blocks are resolved on demand.

// The parts of a file.
pub(crate) mod exposed;
mod instance;
mod matrix;
mod variables;

// All files.
mod files;

// What files declare, and what is suspicious about it.
mod blocks;
mod defaults;
mod globals;
mod in_vain;
mod redeclared;
mod shape;
pub mod strict;

pub(crate) use files::VariableInfo;
pub use files::{File, Module, ModuleInputs};
pub(crate) use in_vain::SetInVain;
pub(crate) use matrix::Matrix;
pub(crate) use redeclared::{NullReference, explain as explain_null};
