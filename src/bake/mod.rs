//! The Bake language: text in, resolved definition out.

pub mod number;
