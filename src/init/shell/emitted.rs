//! Commands of a script as they are found: each with what it depends on, and once for each case in which its words are others.

use super::wrappers::Unwrapped;
use super::{Ran, Script, ShellCommand, lists};
use crate::init::values::folder::{Folder, TOP};
use crate::init::values::text::{Piece, Template};

impl Script<'_> {
    /// Adds a command, with where and on what condition it runs.
    pub(super) fn emit(&self, mut words: Vec<Template>, wrapping: Unwrapped, line: usize, ran: &mut Ran) {
        let Unwrapped { at, folder, environment, inherits, is_given, is_remote: _ } = wrapping;
        words.drain(..at);
        let command = ShellCommand {
            words,
            file: self.file.clone(),
            line,
            guards: Vec::new(),
            folder: Folder::default(),
            environment: Vec::new(),
            inherits,
            is_given,
            lost: None,
        };
        if !command.publishes() {
            self.finish(command, ran);
            return;
        }
        for (conditions, words) in lists::forks(command.words.clone()) {
            let mut command = ShellCommand { words, ..command.clone() };
            command.file.iter().for_each(|file| self.scope.world.scripts.note(file));
            command.guards = self.flow.guards();
            command.guards.extend(conditions);
            command.folder = folder.clone();
            command.environment = if inherits { self.environment() } else { Vec::new() };
            command.environment.extend(environment.iter().cloned());
            self.scope.world.work.spend(command.guards.len() + command.environment.len());
            // A list that depends on the run is no word.
            for word in command.words.iter_mut().filter(|word| word.has_list(&[',', ' ', '\n'])) {
                *word = Template::unknown(&word.shown());
            }
            self.finish(command, ran);
        }
    }

    fn finish(&self, mut command: ShellCommand, ran: &mut Ran) {
        let is_top = command.folder == Folder::default();
        for word in &mut command.words {
            let is_path = |text: &str| {
                text.starts_with(TOP) || text.starts_with("--") && text.contains(&format!("={TOP}"))
            };
            for (at, piece) in word.0.iter_mut().enumerate() {
                if let Piece::Text(text) = piece
                    && (is_top || at > 0 || !is_path(text))
                    && text.contains(TOP)
                {
                    *text = text.replace(TOP, ".");
                }
            }
        }
        ran.commands.push(command);
    }
}
