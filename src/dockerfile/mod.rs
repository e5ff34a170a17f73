//! Dockerfiles: which images, contexts and files the build of a target reads, for one platform.

mod command;
mod directive;
mod instruction;
mod lines;
mod mount;
mod problem;
mod reads;
mod reason;
mod scope;
mod shell_pattern;
mod source;
mod unreadable;
mod walk;
mod word;

#[cfg(test)]
mod tests;

use indexmap::{IndexMap, IndexSet};

use self::instruction::{Argument, From, Instruction, Statement};
use self::lines::Lines;
pub(crate) use self::reads::{Base, BasePlatform, Narrowing, Parent, Reads, Sources};
use self::unreadable::Unreadable;

pub(crate) use self::source::{Git, Remote};
use crate::platform::Platform;

/// The most stages in a Dockerfile: each is looked for among all, and may build on all before it.
const STAGES: usize = 1000;

/// A Dockerfile.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dockerfile {
    /// The image of the frontend that it asks for.
    frontend: Option<String>,
    /// Its stages; another frontend may read what we cannot.
    content: Result<Content, Unreadable>,
}

/// What stands in a Dockerfile.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    escape: char,
    /// In front of the first stage.
    args: Vec<GlobalArg>,
    /// At least one.
    stages: Vec<Stage>,
}

/// An `ARG` in front of the first stage.
#[derive(Debug, PartialEq, Eq)]
struct GlobalArg {
    line: usize,
    arguments: Vec<Argument>,
}

/// `FROM` and what follows.
#[derive(Debug, PartialEq, Eq)]
struct Stage {
    line: usize,
    from: From,
    instructions: Vec<Numbered>,
}

/// An instruction and its line.
#[derive(Debug, PartialEq, Eq)]
struct Numbered {
    line: usize,
    instruction: Instruction,
}

/// What is built: a target, on one platform.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Build<'a> {
    /// The build arguments; `None` is one that is not given.
    pub(crate) args: &'a IndexMap<String, Option<String>>,
    /// The stage; the last without it.
    pub(crate) target: Option<&'a str>,
    /// The platform that is built, if the target names one.
    pub(crate) platform: Option<&'a Platform>,
    /// The platform of the machine that builds, if that is known.
    pub(crate) build_platform: Option<&'a Platform>,
    /// The names of the target's named contexts.
    pub(crate) contexts: &'a IndexSet<String>,
}

impl<'a> Build<'a> {
    /// The value of a build argument that is given.
    fn arg(&self, name: &str) -> Option<&'a str> {
        self.args.get(name)?.as_deref()
    }
}

impl Dockerfile {
    /// Reads a Dockerfile as BuildKit does.
    ///
    /// # Errors
    /// What BuildKit refuses, what it would read in a way that we do not know, and what a newer one may know.
    pub(crate) fn parse(text: &str) -> Result<Self, Unreadable> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let frontend = directive::frontend(text);
        let content = Content::parse(text);
        match (&frontend, content) {
            (None, Err(unreadable)) => Err(unreadable),
            (_, content) => Ok(Self { frontend, content }),
        }
    }

    /// The names of its stages, in lower case.
    pub(crate) fn stage_names(&self) -> impl Iterator<Item = &str> {
        let stages = self.content.iter().flat_map(|content| &content.stages);
        stages.filter_map(|stage| stage.from.name.as_deref())
    }
}

impl Content {
    fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut lines = Lines::new(text);
        let mut args = vec![];
        let mut stages: Vec<Stage> = vec![];
        while let Some(line) = lines.next()? {
            let (statement, heredocs) = instruction::parse(&line, lines.escape())?;
            if heredocs {
                lines.skip_heredocs(&line)?;
            }
            let line = line.number;
            if matches!(statement, Statement::From(_)) && stages.len() == STAGES {
                return Err(Unreadable::new(line, format!("more than {STAGES} stages")));
            }
            match (statement, stages.last_mut()) {
                (Statement::From(from), _) => stages.push(Stage { line, from, instructions: vec![] }),
                (Statement::Instruction(instruction), Some(stage)) => {
                    stage.instructions.push(Numbered { line, instruction });
                }
                (Statement::Instruction(Instruction::Arg(arguments)), None) => {
                    args.push(GlobalArg { line, arguments });
                }
                (Statement::Instruction(_), None) => {
                    return Err(Unreadable::new(
                        line,
                        "an instruction in front of the first `FROM`".to_owned(),
                    ));
                }
            }
        }
        if stages.is_empty() {
            return Err(Unreadable::new(1, "there is no `FROM`".to_owned()));
        }
        Ok(Self { escape: lines.escape(), args, stages })
    }
}
