//! Files that steps write for others: here-documents, which scripts run, and Bake files of docker/metadata-action.

use std::rc::Rc;

use super::text::{Condition, Meta, Template};

/// A file that a script writes.
#[derive(Clone, Debug)]
pub(crate) struct WrittenFile {
    /// Where it is, or how that is written.
    pub path: Rc<str>,
    /// What is in it.
    pub text: Rc<str>,
    /// The file in which the text stands, if that is not the one of the script.
    pub file: Option<Rc<str>>,
    /// How many lines are above it there.
    pub above: usize,
    /// The expressions that have marks in it, each with how it is written.
    pub expressions: Vec<(Template, String)>,
    /// On what it depends that it is written.
    pub guards: Vec<Condition>,
}

impl WrittenFile {
    /// The same for the steps behind the one whose script begins at this line of a file.
    pub(crate) fn in_file(self, path: &Rc<str>, line: usize) -> Self {
        match self.file {
            Some(_) => self,
            None => {
                Self { file: Some(Rc::clone(path)), above: (self.above + line).saturating_sub(1), ..self }
            }
        }
    }

    /// The texts that a file may have, each with on what that depends: the last one, unless it was not written in every run.
    pub(crate) fn of<'w>(
        all: impl DoubleEndedIterator<Item = &'w Self>,
        path: &str,
    ) -> Vec<(&'w Self, Vec<Condition>)> {
        let mut found: Vec<(&Self, Vec<Condition>)> = Vec::new();
        for one in all.rev().filter(|one| *one.path == *path) {
            let is_certain = one.guards.is_empty();
            let guards = match (is_certain, found.is_empty()) {
                (true, false) => vec![Condition::open(&format!("what {path} holds"))],
                _ => one.guards.clone(),
            };
            found.push((one, guards));
            if is_certain {
                break;
            }
        }
        found.reverse();
        found
    }
}

/// A Bake file of docker/metadata-action on its way from the step that makes it.
#[derive(Clone, Debug)]
pub(crate) struct MetaFile {
    /// Where it is.
    pub path: String,
    /// The step that makes it.
    pub meta: Rc<Meta>,
    /// The output that names it: `bake-file`, or one of a part of it.
    pub output: String,
}

/// Such a file in an artifact.
#[derive(Clone, Debug)]
pub(crate) struct Artifact {
    /// What the artifact is called.
    pub name: Template,
    /// The file, whose path is that in the artifact.
    pub file: MetaFile,
}
