//! bakeplan plans and publishes multi-platform container images from a Bake file.
//!
//! Other programs [evaluate](Evaluated::new) a definition, [print](Evaluated::print) or [plan](Evaluated::plan) it, build
//! what the plan says, and [merge()] the builds. All else is private.
//!
//! # Inside
//!
//! The modules stand in the order of the pipeline. One may use those of its own group and of the groups above it;
//! a test in `tests/cli/architecture.rs` sees to that.
//!
//! ```text
//! text → bake (the language) → spec (image blocks) → resolve (images, legs, jobs) → Plan → render (views)
//! registry → published (plan.json, digests of builds, what repositories answer) → merge, verify
//! ```

#![warn(clippy::missing_docs_in_private_items, clippy::self_named_module_files)]
#![allow(rustdoc::private_intra_doc_links, reason = "private items are documented, too")]
#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "unit tests may measure time, and `str!` looks at files")
)]

// The words.
mod as_text;
mod code;
mod commit;
mod diagnostic;
mod disguise;
mod form;
mod glob;
mod graphemes;
mod inputs;
mod json;
mod moment;
mod naming;
mod oci;
mod on_missing;
mod palette;
mod parallel;
mod percent;
mod platform;
mod readable;
mod reference;
mod source;
mod version;

// The language.
mod bake;

// The decisions.
mod ci;
mod facts;
mod pattern;
mod rules;
mod runner;
mod spec;
mod tags;

// The plan and how it is made.
mod consent;
mod pipeline;
mod plan;
mod resolve;

// What builds read: Dockerfiles, the files of contexts, and the hash of both.
mod context;
mod dockerfile;
mod reads;

// The registries.
mod registry;

// What is published: the plan as it is written and read, what builds pushed, what repositories answer.
mod published;

// What differs between two plans.
mod changes;

// The views.
mod render;

// What a repository has, and the blocks that it comes to.
mod init;

// What is done with a plan and what was built of it.
mod merge;
mod verify;

// What their JSON looks like.
mod schema;

// The edge.
mod cli;
mod commands;
mod error;
mod host;

// What others may use, and what our own tests do.
pub mod internals;
mod library;

pub use library::{Access, Evaluated, Merged, Mistakes, PlanFiles, merge};

/// Runs the program: arguments in, exit code out.
#[doc(hidden)]
pub use commands::main;
