//! Workflows of GitHub Actions.

pub(in crate::init) mod changed_files;
pub(in crate::init) mod jobs;
pub(in crate::init) mod release_tools;
pub(in crate::init) mod subactions;

pub(in crate::init) mod beside;
pub(in crate::init) mod step_if;
pub(in crate::init) mod unread;

pub(crate) mod logins;
pub(in crate::init) mod metadata_action;

pub(crate) mod workflow;

pub(crate) mod examples;
