//! What decides whether a shell gets to a command, and in which folder: conditions around it, what has ended before, `cd`.

use std::rc::Rc;

use super::operations::MAX_DEPTH;
use super::statements::Statements;
use crate::init::values::folder::Folder;
use crate::init::values::text::{Condition, Template};

/// Of how many conditions is said what they are.
const MAX_CONDITIONS: usize = 32;

/// What a command ends: a shell, a function, a loop, or one turn of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Shell,
    Function,
    Loop,
    Turn,
}

/// Where a shell, a function and a loop begin: how many conditions are around them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bases {
    pub shell: usize,
    pub function: usize,
    pub turn: usize,
}

/// What must hold because something before has ended otherwise.
#[derive(Debug)]
pub(super) struct Left {
    level: Level,
    condition: Condition,
    /// Whether it has failed.
    fails: bool,
}

/// A function.
#[derive(Clone)]
pub(super) struct Function {
    pub name: String,
    pub statements: Rc<Statements>,
    pub from: usize,
    pub to: usize,
    pub is_called: bool,
    /// The file that it is in.
    pub file: Option<Rc<str>>,
}

/// Where a script is.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// The conditions around.
    pub around: Vec<Condition>,
    /// What must hold because something before has ended otherwise.
    pub left: Vec<Left>,
    pub bases: Bases,
    /// The folder.
    pub folder: Folder,
    before: Option<Folder>,
    pushed: Vec<Folder>,
}

impl Flow {
    /// Where nothing has happened yet, in this folder.
    pub(super) fn new(folder: &Folder) -> Self {
        Self { folder: folder.clone(), ..Self::default() }
    }

    /// All that a command depends on.
    pub(super) fn guards(&self) -> Vec<Condition> {
        if self.around.len() + self.left.len() > MAX_CONDITIONS + MAX_DEPTH {
            return vec![Condition::open("many conditions")];
        }
        let mut guards: Vec<Condition> = Vec::new();
        for one in self.around.iter().chain(self.left.iter().map(|left| &left.condition)) {
            // A command that somebody asks for is none of all runs.
            let when = one.when.clone().filter(|_| !one.asks_for_inputs);
            let one = Condition { when, ..one.clone() };
            if !one.is_certain() && !guards.iter().any(|known| known.is_same(&one)) {
                guards.push(one);
            }
        }
        guards
    }

    /// What must hold for what is set here to be so behind the function or the loop, or behind the whole script, since something
    /// before has ended well otherwise.
    pub(super) fn gone(&self, of_shell: bool) -> Condition {
        let counts = |left: &&Left| !left.fails && (of_shell || left.level != Level::Shell);
        let all = self.left.iter().filter(counts);
        if all.clone().count() > MAX_CONDITIONS {
            return Condition::open("many conditions");
        }
        all.map(|left| left.condition.clone()).fold(Condition::fixed(true), Condition::and)
    }

    /// Ends what is at a level; `fails` where that is a failure of the whole script.
    pub(super) fn leave(&mut self, level: Level, fails: bool) {
        let from = match level {
            Level::Shell => self.bases.shell,
            Level::Function => self.bases.function,
            Level::Loop | Level::Turn => self.bases.turn,
        };
        let all = self.around.iter().skip(from);
        let all = if all.len() > MAX_CONDITIONS + MAX_DEPTH {
            Condition::open("many conditions")
        } else {
            all.cloned().fold(Condition::fixed(true), Condition::and)
        };
        // A run that stops because something is missing is not one that publishes less.
        if !(fails && all.is_open()) && self.left.len() <= MAX_CONDITIONS + MAX_DEPTH {
            self.left.push(Left { level, condition: all.not(), fails });
        }
    }

    /// Takes back what was left at these levels since there were so many.
    pub(super) fn back(&mut self, since: usize, levels: &[Level]) {
        let mut at = 0;
        self.left.retain(|left| {
            at += 1;
            at <= since || !levels.contains(&left.level)
        });
    }

    /// `cd`
    pub(super) fn go(&mut self, to: Folder) {
        self.before = Some(std::mem::replace(&mut self.folder, to));
    }

    /// `cd PATH`, where `-` is where it was before.
    pub(super) fn go_to(&mut self, path: Option<&Template>) {
        let to = match path.map(|path| (path, path.constant())) {
            None => Folder::Unknown("~".to_owned()),
            Some((_, Some(text))) if text == "-" => {
                self.before.clone().unwrap_or_else(|| Folder::Unknown("-".to_owned()))
            }
            Some((path, _)) => self.folder.at(path),
        };
        self.go(to);
    }

    /// `pushd`
    pub(super) fn push(&mut self, path: Option<&Template>) {
        self.pushed.push(self.folder.clone());
        self.go_to(path);
    }

    /// `popd`
    pub(super) fn pop(&mut self) {
        let to = self.pushed.pop().unwrap_or_else(|| Folder::Unknown("popd".to_owned()));
        self.go(to);
    }

    /// The folder behind branches that end in these.
    pub(super) fn join(&mut self, folders: &[Folder]) {
        let Some(first) = folders.first() else { return };
        self.folder = match folders.iter().find(|one| *one != first) {
            None => first.clone(),
            Some(Folder::Known(other) | Folder::Unknown(other)) => Folder::Unknown(other.clone()),
        };
    }
}
