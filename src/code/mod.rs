//! The codes of diagnostics, which `bakeplan explain` explains: why each is reported, an example, and what helps.
//!
//! A code that is not declared here does not compile, and `tests/cli/explain.rs` refuses one that nothing reports.

mod example;

mod row;

pub(crate) mod explanation;

mod command;
mod compose;
mod images;
mod init;
mod language;
mod merge;
mod pipeline;
mod registry;
mod tags;
mod targets;

pub(crate) use example::when;
pub use example::{Example, Right};
pub use row::{Code, Row, Severity};

/// A group of codes for readers.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// What they are about.
    pub title: &'static str,
    /// The codes.
    pub codes: &'static [Code],
}

/// The codes of all diagnostics, by subject.
pub const SUBJECTS: &[Subject] = &[
    Subject { title: "The Bake language", codes: language::CODES },
    Subject { title: "Targets and groups", codes: targets::CODES },
    Subject { title: "Compose files", codes: compose::CODES },
    Subject { title: "Images", codes: images::CODES },
    Subject { title: "Tags and versions", codes: tags::CODES },
    Subject { title: "Commands, files and facts", codes: command::CODES },
    Subject { title: "Init", codes: init::CODES },
    Subject { title: "Workflows and pipelines", codes: pipeline::CODES },
    Subject { title: "Merge, promote and verify", codes: merge::CODES },
    Subject { title: "Registries", codes: registry::CODES },
];
