//! bakeplan plans and publishes multi-platform container images from a Bake file.
//!
//! The pipeline, top to bottom; a module uses its own row and rows above:
//!
//! ```text
//! text → bake (the language) → spec (image blocks) → resolve (images, legs, jobs) → Plan → render (views)
//! ```

pub mod diagnostic;
pub mod json;
pub mod platform;
pub mod reference;
pub mod source;
pub mod version;

pub mod bake;

pub mod pattern;
pub mod runner;
pub mod spec;
pub mod tags;

pub mod plan;
pub mod resolve;

pub mod render;
