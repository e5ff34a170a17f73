//! Compose files: what `docker buildx bake` makes of the services that have a `build`.

mod decoder;
mod dotenv;
mod extension;
mod merge;
mod model;
mod node;
mod paths;
mod project;
mod refusals;
mod scalar;
mod service;
mod size;
mod template;
mod yaml;

pub use project::{Composition, Files, Surroundings, Unreadable, check, load};
