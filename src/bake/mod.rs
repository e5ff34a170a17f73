//! The Bake language: text in, resolved definition out.

pub mod convert;
pub mod functions;
pub mod number;
pub mod syntax;
pub mod typeexpr;
pub mod value;
