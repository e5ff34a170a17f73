//! What a repository has already, and the `image` blocks that it comes to: for `bakeplan init`.
//!
//! [`github`], [`gitlab`] and [`shell`] find what is published today by the [`steps`] in them, [`published`] joins that to
//! images, and [`proposal`] writes them as blocks, which go into files of which no byte changes.

pub(crate) mod repository;

// Words.
pub(crate) mod values;

// What is written in steps and scripts.
pub(crate) mod shell;

pub(crate) mod steps;

pub(crate) mod github;

pub(crate) mod gitlab;

// What is there already, and what it comes to.
pub(crate) mod published;

pub(crate) mod proposal;

pub(crate) mod report;
