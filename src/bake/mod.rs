//! The Bake language: text in, resolved definition out.
//!
//! Its rooms stand in the order of the work. Each may use those above it:
//!
//! ```text
//! values (what expressions are worth) → text (syntax trees) → eval (expressions) → target (targets as data)
//! → module (all files of a run) → compose (services as targets) → run (both together)
//! ```

pub(crate) mod values;

pub(crate) mod text;

pub(crate) mod eval;

pub(crate) mod target;

pub(crate) mod module;

pub(crate) mod compose;

// What a run makes of its files.
pub(crate) mod run;
