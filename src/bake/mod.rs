//! The Bake language: text in, resolved definition out.

pub mod convert;
pub mod decode;
pub mod flags;
pub mod functions;
pub mod number;
pub mod print;
pub mod syntax;
pub mod target;
pub mod value;
