//! What a command runs of the repository: files, and what of them.

use std::rc::Rc;

use super::lost::Lost;
use crate::init::values::folder::Folder;
use crate::init::values::text::{Condition, Template};

/// What a command runs.
pub(super) enum Run {
    /// Files of the repository.
    Files(Vec<FileRun>),
    /// One that was not found.
    Lost(Lost),
}

/// A file of the repository that a command runs.
pub(super) struct FileRun {
    pub path: Rc<str>,
    pub text: Rc<str>,
    /// Where it stands, if it is no file of its own.
    pub inside: Option<Inside>,
    /// What it is given, behind its own words.
    pub arguments: Vec<Template>,
    /// The folder that it runs in.
    pub folder: Folder,
    pub kind: Kind,
}

/// A text that another script writes.
pub(super) struct Inside {
    /// The file around it, if that is not the one of the script.
    pub file: Option<Rc<str>>,
    /// How many lines are above it there.
    pub above: usize,
    /// The expressions that have marks in it.
    pub expressions: Vec<(Template, String)>,
    /// On what it depends that this is the text.
    pub guards: Vec<Condition>,
}

pub(super) enum Kind {
    /// A script with a shell of its own.
    Script,
    /// A script that the shell reads itself.
    Source,
    /// Targets of a Makefile; none for its first one.
    Make(Vec<Template>),
    /// Recipes of a justfile.
    Just(Recipes),
    /// Tasks of a Taskfile.
    Task(Tasks),
    /// Scripts of a `package.json`, and whether they have to be there.
    Package(Vec<String>, bool),
}

/// What of a justfile is looked for.
#[derive(Clone, Debug)]
pub(super) struct Recipes {
    /// Recipes and what they are given, in the order of the command line; none for all that it has.
    pub recipes: Option<Vec<Template>>,
    /// The variables that the command line sets.
    pub set: Vec<(String, Template)>,
}

/// What of a Taskfile is looked for.
#[derive(Clone, Debug)]
pub(super) struct Tasks {
    /// Tasks; none for all that it has.
    pub tasks: Option<Vec<Template>>,
    /// The variables that the command line sets.
    pub set: Vec<(String, Template)>,
    /// What stands behind `--`.
    pub rest: Vec<Template>,
}
