//! bakeplan plans and publishes multi-platform container images from a Bake file.
//!
//! The modules stand in the order of the pipeline. One may use those of its own group and of the groups above it;
//! a test in `tests/cli/architecture.rs` sees to that.
//!
//! ```text
//! text → bake (the language) → spec (image blocks) → resolve (images, legs, jobs) → Plan → render (views)
//! registry → published (plan.json, digests of builds, what repositories answer) → merge, verify
//! ```

#![warn(clippy::self_named_module_files)]
#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "unit tests may measure time, and `str!` looks at files")
)]

// The words.
mod as_text;
pub mod diagnostic;
pub mod graphemes;
pub mod json;
pub mod oci;
pub mod on_missing;
pub mod platform;
pub mod reference;
pub mod source;
pub mod version;

// The language.
pub mod bake;

// The decisions.
pub mod facts;
pub mod pattern;
pub mod rules;
pub mod runner;
pub mod spec;
pub mod tags;

// The plan and how it is made.
pub mod plan;
pub mod resolve;

// The registries.
pub mod registry;

// What is published: the plan as it is written and read, what builds pushed, what repositories answer.
pub mod published;

// The views.
pub mod render;

// What is done with a plan and what was built of it.
pub mod merge;
pub mod verify;

// What their JSON looks like.
pub mod schema;

// The edge.
pub mod cli;
pub mod commands;
pub mod error;
pub mod host;
