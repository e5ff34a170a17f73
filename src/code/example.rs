//! Shows how a code comes about: files and a command that produce it, or the situation in which it appears.

/// How a code comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Example {
    /// What leads to it.
    pub kind: ExampleKind,
    /// What is to be replaced by what, in the command or the first file that has it, so that the code is gone.
    pub fix: Option<(&'static str, &'static str)>,
}

/// What leads to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExampleKind {
    /// `bakeplan plan` beside this `docker-bake.hcl`.
    Definition(&'static str),
    /// A command in a folder with these files, each a name and a text.
    Run {
        /// The arguments of bakeplan, with blanks between them.
        command: &'static str,
        /// The files.
        files: &'static [(&'static str, &'static str)],
    },
    /// What has happened, in words: it takes a registry, a forge or a machine of a certain kind.
    Situation(&'static str),
}

/// `bakeplan plan` beside this `docker-bake.hcl`.
pub(super) const fn file(text: &'static str) -> Example {
    Example { kind: ExampleKind::Definition(text), fix: None }
}

/// A command in a folder with these files.
pub(super) const fn run(command: &'static str, files: &'static [(&'static str, &'static str)]) -> Example {
    Example { kind: ExampleKind::Run { command, files }, fix: None }
}

/// What is otherwise in an example that is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// The command.
    Command(String),
    /// A file, and its text.
    File(&'static str, String),
}

/// What has happened, in words.
#[must_use]
pub(crate) const fn when(situation: &'static str) -> Example {
    Example { kind: ExampleKind::Situation(situation), fix: None }
}

/// What is run, and the files that it finds, each with its name and text.
type Steps = (&'static str, Vec<(&'static str, &'static str)>);

impl Example {
    /// The same with what makes it right.
    #[must_use]
    pub(super) const fn fixed(self, from: &'static str, to: &'static str) -> Self {
        Self { fix: Some((from, to)), ..self }
    }

    /// What is run, without the program's name, and the files beside it.
    ///
    /// # Errors
    /// The situation, if it is one.
    pub fn steps(&self) -> Result<Steps, &'static str> {
        match self.kind {
            ExampleKind::Definition(text) => Ok(("plan", vec![("docker-bake.hcl", text)])),
            ExampleKind::Run { command, files } => Ok((command, files.to_vec())),
            ExampleKind::Situation(situation) => Err(situation),
        }
    }

    /// The same with what makes it right: in the command, or else in the first file that has it.
    #[must_use]
    pub fn right(&self) -> Option<Right> {
        let ((from, to), (command, files)) = (self.fix?, self.steps().ok()?);
        let changed = |text: &str| text.contains(from).then(|| text.replacen(from, to, 1));
        changed(command)
            .map(Right::Command)
            .or_else(|| files.into_iter().find_map(|(name, text)| Some(Right::File(name, changed(text)?))))
    }

    /// The message that the command gives, as `tests/cli/explain.rs` recorded it.
    #[must_use]
    pub fn message(name: &str) -> Option<&'static str> {
        const RECORDED: &str = include_str!("messages.txt");
        RECORDED.split(SEPARATOR).skip(1).find_map(|part| {
            let (code, text) = part.split_once('\n')?;
            (code == name).then_some(text.trim_end())
        })
    }
}

/// What stands before the name of each recorded message.
const SEPARATOR: &str = "## ";
