//! Steps and commands that build and publish images.

pub(in crate::init) mod carried;

pub(crate) mod quote;

pub(crate) mod found;

pub(in crate::init) mod build_secrets;

pub(in crate::init) mod build_push;

pub(in crate::init) mod bake_action;

pub(in crate::init) mod setting;

pub(in crate::init) mod pushes;

pub(in crate::init) mod compose;

pub(crate) mod commands;

pub(crate) mod entry;
