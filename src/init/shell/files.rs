//! Reads the scripts and Makefiles of the repository that a script runs, and those that it has written itself.

use std::rc::Rc;

use super::lost::Lost;
use super::run::{FileRun, Inside, Kind};
use super::words::{quoted, stages};
use super::wrappers::{Change, Unwrapped};
use super::{Home, Ran, Script, ShellCommand};
use crate::init::values::folder::Folder;
use crate::init::values::scope::Scope;
use crate::init::values::written::WrittenFile;

/// How far files may run each other.
const MAX_FILES: usize = 6;

/// How many files that scripts write are known.
const MAX_MADE: usize = 64;

impl Script<'_> {
    /// Reads a file that a command runs.
    pub(super) fn run_file(&mut self, run: FileRun, wrapping: &Unwrapped, line: usize, ran: &mut Ran) {
        let FileRun { path, text, inside, arguments, folder, kind } = run;
        // What has parts may run another one of them.
        let has_parts = !matches!(kind, Kind::Script | Kind::Source);
        let is_running = self.home.running.contains(&path) && !has_parts;
        if is_running
            || self.home.running.len() >= MAX_FILES
            || !self.scope.world.work.spend(8 + text.len() / 16 + self.scope.weight())
        {
            return;
        }
        let own = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let running = [self.home.running.as_slice(), &[Rc::clone(&path)]].concat();
        if matches!(kind, Kind::Source) {
            let (file, above) = match inside {
                Some(Inside { file, above, .. }) => (file, above),
                None => (Some(Rc::clone(&path)), 0),
            };
            let file = std::mem::replace(&mut self.file, file);
            let own = self.home.own.replace(Folder::Known(own));
            let before = std::mem::replace(&mut self.home.running, running);
            self.run(&text, above, ran);
            (self.file, self.home.own, self.home.running) = (file, own, before);
            return;
        }
        let mut set = if wrapping.inherits { self.scope.set.clone() } else { Vec::new() };
        let mut changes: Vec<Change> = if wrapping.inherits { self.environment() } else { Vec::new() };
        changes.extend(wrapping.environment.iter().cloned());
        set.extend(changes.into_iter().map(|(name, value)| (name, value.unwrap_or_default())));
        let scope = Scope { set, ..self.scope.clone() };
        let by_line = matches!(kind, Kind::Make(_));
        let home = Home { folder, own: Some(Folder::Known(own)), by_line, running };
        let mut script = Script::new(&scope, &home);
        script.file = Some(Rc::clone(&path));
        let (mut above, mut own_guards) = (0, Vec::new());
        if let Some(Inside { file, above: lines, expressions, guards }) = inside {
            (script.file, script.expressions) = (file, expressions);
            (above, own_guards) = (lines, guards);
        }
        let mut inner = Ran::default();
        let lost = match kind {
            Kind::Make(goals) => {
                for argument in &arguments {
                    let Some((name, value)) = argument.split_once('=') else { continue };
                    let name = name.constant().unwrap_or_default();
                    script.fixed.insert(name.clone());
                    // Make gives them to what it runs.
                    script.exported.insert(name.clone());
                    script.variables.push((name, value));
                }
                script.make(&text, Some(&goals), &mut inner)
            }
            Kind::Just(goals) => script.just(&text, &goals, &mut inner),
            Kind::Task(goals) => script.tasks(&path, &text, &goals, &mut inner),
            Kind::Package(names, is_certain) => {
                script.scripts_of_package(&text, &names, &arguments, is_certain, &mut inner)
            }
            Kind::Script | Kind::Source => {
                script.set_arguments(Some(&arguments));
                script.run(&text, above, &mut inner);
                Vec::new()
            }
        };
        let mut guards = self.flow.guards();
        guards.extend(own_guards);
        for mut command in inner.commands {
            if command.publishes() {
                command.guards.splice(0..0, guards.iter().cloned());
                ran.commands.push(command);
            }
        }
        lost.into_iter().for_each(|lost| self.lose(lost, line, ran));
        ran.outputs.extend(inner.outputs);
        ran.environment.extend(inner.environment);
    }

    /// Adds that nobody knows what is run at a line.
    pub(super) fn lose(&self, lost: Lost, line: usize, ran: &mut Ran) {
        ran.commands.push(ShellCommand {
            words: Vec::new(),
            file: self.file.clone(),
            line,
            guards: self.flow.guards(),
            folder: self.flow.folder.clone(),
            environment: Vec::new(),
            inherits: true,
            is_given: false,
            lost: Some(lost),
        });
    }

    /// Remembers the text that a command writes into a file, with how many lines are above it.
    pub(super) fn write(&mut self, command: &str, text: &str, is_expanded: bool, above: usize) {
        let Some((path, is_more)) = self.written_to(command) else { return };
        if self.files.len() >= MAX_MADE || !self.scope.world.work.spend(1 + text.len() / 16) {
            return;
        }
        let mut text = if is_expanded { self.expanded_text(text) } else { text.to_owned() };
        let guards = self.flow.guards();
        let mut from = above;
        if is_more
            && let Some(before) = self.files.iter().rev().find(|one| *one.path == *path)
            && before.file == self.file
        {
            let lines = before.text.lines().count();
            let gap = above.saturating_sub(before.above + lines);
            text = format!("{}\n{}{text}", before.text.trim_end_matches('\n'), "\n".repeat(gap));
            from = before.above;
        }
        self.files.push(WrittenFile {
            path: path.into(),
            text: text.into(),
            file: self.file.clone(),
            above: from,
            expressions: self.expressions.clone(),
            guards,
        });
    }

    /// The file that the output of a command goes to, and whether it is added to what is there: `cat > FILE`, `tee -a FILE`.
    fn written_to(&self, command: &str) -> Option<(String, bool)> {
        let path = |word: &str| match self.flow.folder.at(&self.expand(word)) {
            Folder::Known(path) | Folder::Unknown(path) => path,
        };
        let mut found = None;
        for stage in stages(command) {
            let words: Vec<String> = quoted(&stage).into_iter().map(|word| word.text).collect();
            if let Some(at) = words.iter().position(|word| word == "tee") {
                let rest = &words[at + 1..];
                let is_more = rest.iter().any(|word| word == "-a" || word == "--append");
                let file = rest.iter().find(|word| !word.starts_with(['-', '<', '>']));
                found = file.map(|file| (path(file), is_more));
            }
            for (at, word) in words.iter().enumerate() {
                let Some(rest) = word.strip_prefix('1').unwrap_or(word).strip_prefix('>') else { continue };
                let (is_more, rest) = rest.strip_prefix('>').map_or((false, rest), |rest| (true, rest));
                let file =
                    if rest.is_empty() { words.get(at + 1)?.as_str() } else { rest.trim_start_matches('|') };
                if file != "/dev/null" && !file.starts_with('&') {
                    found = Some((path(file), is_more));
                }
            }
        }
        found
    }
}
