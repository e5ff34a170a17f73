//! bakeplan plans and publishes multi-platform container images from a Bake file.

pub mod bake;
pub mod diagnostic;
pub mod json;
pub mod platform;
pub mod reference;
pub mod source;
pub mod tags;
pub mod version;
