//! Evaluates an expression in a scope, within a budget.

// What evaluation needs.
pub(crate) mod budget;
pub(crate) mod chain;
mod declared;
pub(crate) mod functions;
mod looks;
mod operators;
pub(crate) mod references;
pub(crate) mod typeexpr;

// The evaluator: these files need each other, since expressions nest.
pub(crate) mod calls;
mod conditional;
mod constructors;
mod expression;
mod inference;

pub(crate) use declared::Declared;
pub(crate) use expression::{Context, Scope, describe};
