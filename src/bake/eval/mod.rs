//! What an expression is worth in a scope, within a budget.

pub(crate) mod budget;
pub(crate) mod calls;
pub(crate) mod chain;
mod conditional;
mod constructors;
mod expression;
pub mod functions;
mod operators;
pub(crate) mod references;
pub mod typeexpr;
mod unknown;

pub(crate) use expression::{Context, Failure, Scope, describe};
