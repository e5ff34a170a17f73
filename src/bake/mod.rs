//! The Bake language: text in, resolved definition out.
//!
//! In the order of the work: `discovery` finds files, [`compose`] makes targets of services, [`hcl`] and [`json`]
//! make a [`syntax`] tree, [`module`] resolves variables, functions and blocks with `eval`, [`decode`] makes targets of
//! their attributes, [`overrides`] and [`select`] say what an invocation builds, [`mod@print`] writes it.

mod budget;
mod calls;
mod check;
pub mod compose;
mod constructors;
pub mod context;
pub mod convert;
pub mod csv;
pub mod decode;
pub mod discovery;
mod eval;
mod exposed;
pub mod flags;
pub mod functions;
pub mod glob;
mod globals;
pub mod hcl;
pub mod inherit;
pub mod json;
pub mod kept;
pub mod links;
mod matrix;
mod missing;
pub mod module;
pub mod number;
mod operators;
pub mod overrides;
mod path;
pub mod print;
mod references;
pub mod select;
pub mod strict;
pub mod syntax;
pub mod target;
pub mod textmap;
pub mod typeexpr;
mod unknown;
pub mod value;
mod variables;
