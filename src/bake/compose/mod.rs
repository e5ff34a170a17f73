//! Compose files: what `docker buildx bake` makes of the services that have a `build`.

// The parts.
mod files;
mod node;
mod size;
mod template;

// What is read.
mod dotenv;
mod scalar;

// What is refused though nobody reads it.
mod refusals;

// Documents.
mod controls;
mod decoder;
mod paths;
mod yaml;

// What two files and the extension add, and where the extension adds nothing.
mod extension;
mod ignored;
mod merge;

// From files to a model, and from a model to targets.
mod model;
mod service;

// What a model has that Compose does not.
mod unknown;

// All of it.
mod project;

// YAML of other kinds.
mod tree;

pub(crate) use dotenv::variables as file_variables;
pub use files::{Files, Unreadable};
pub use project::{ComposeInputs, load};
pub(crate) use project::{Composition, DOTENV, check};
pub(crate) use tree::{Yaml, YamlKind, documents as yaml_documents, number as yaml_number};
