//! The images that are published today, with their tags.

pub(crate) mod definition;

pub(in crate::init) mod parts;

pub(in crate::init) mod bake_targets;
pub(crate) mod compose_services;
pub(in crate::init) mod platforms;
pub(in crate::init) mod released;

pub(in crate::init) mod candidate;

pub(in crate::init) mod differences;

pub(crate) mod images;

pub(in crate::init) mod applies;
pub(crate) mod today;

pub(crate) mod clashes;

pub(crate) mod bases;

pub(in crate::init) mod covered;
