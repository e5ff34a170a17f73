//! The Bake language: text in, resolved definition out.

pub mod convert;
pub mod discovery;
pub mod functions;
pub mod number;
pub mod syntax;
pub mod value;
