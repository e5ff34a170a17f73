//! The Bake language: text in, resolved definition out.

mod check;
pub mod context;
pub mod convert;
pub mod csv;
pub mod decode;
pub mod exposed;
pub mod flags;
pub mod functions;
pub mod glob;
pub mod inherit;
pub mod json;
pub mod links;
pub mod lower;
mod mistake;
pub mod number;
pub mod overrides;
pub mod print;
pub mod select;
pub mod syntax;
pub mod target;
mod template;
pub mod value;
