//! The Bake language: text in, resolved definition out.

pub mod convert;
pub mod functions;
pub mod json;
pub mod lower;
mod mask;
mod mistake;
pub mod number;
pub mod syntax;
mod template;
pub mod value;
