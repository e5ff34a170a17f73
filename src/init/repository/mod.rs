//! What a repository has that says something about its images.

pub(in crate::init) mod jq;
pub(crate) mod scripts;
pub(crate) mod services;
pub(in crate::init) mod work;

pub(crate) mod kinds;

pub(crate) mod path;

pub(crate) mod printed;

pub(crate) mod world;
