//! Scripts and Makefiles that a script runs: `./push.sh`, `bash push.sh`, `. lib.sh`, `make -C api push`.

use std::rc::Rc;

use super::super::folder::{Folder, TOP};
use super::super::scope::Scope;
use super::super::text::{Template, is_name};
use super::wrappers::{Change, Unwrapped};
use super::{Home, Ran, Script};

/// How far files may run each other.
const MAX_FILES: usize = 6;

/// The names of a Makefile, in the order in which make looks for them.
const MAKEFILES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];

/// A file of the repository that a command runs.
pub(super) struct FileRun {
    path: Rc<str>,
    text: Rc<str>,
    /// What it is given, behind its own words.
    arguments: Vec<Template>,
    /// The folder that it runs in.
    folder: Folder,
    kind: Kind,
}

enum Kind {
    /// A script with a shell of its own.
    Script,
    /// A script that the shell reads itself.
    Source,
    /// Targets of a Makefile; none for its first one.
    Make(Vec<String>),
}

impl Script<'_> {
    /// The file that a command runs, if it is one of the repository.
    pub(super) fn file_of(&self, words: &[Template], folder: &Folder) -> Option<FileRun> {
        let text = |word: &Template| word.constant().unwrap_or_default();
        let (program, rest) = words.split_first()?;
        let name = text(program);
        let name = name.rsplit('/').next().unwrap_or_default();
        if matches!(name, "make" | "gmake") {
            return self.make_of(rest, folder);
        }
        let script = |word: &Template, arguments: &[Template], kind: Kind| {
            let Folder::Known(path) = folder.at(word) else { return None };
            let (path, text) = self.scope.world.scripts.at(&path)?;
            Some(FileRun { path, text, arguments: arguments.to_vec(), folder: folder.clone(), kind })
        };
        match name {
            "source" | "." => script(rest.first()?, &rest[1..], Kind::Source),
            "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" => {
                let (mut at, mut is_inline) = (0, false);
                while let Some(option) = rest.get(at).map(text).filter(|word| word.starts_with(['-', '+'])) {
                    let is_short = !option.starts_with("--");
                    is_inline |= is_short && option.contains('c');
                    // `-o NAME`
                    let is_valued = is_short && option.ends_with(['o', 'O']);
                    at += 1 + usize::from(is_valued || matches!(option.as_str(), "--rcfile" | "--init-file"));
                }
                (!is_inline && at < rest.len())
                    .then(|| script(&rest[at], &rest[at + 1..], Kind::Script))
                    .flatten()
            }
            _ if text(program).contains(['/', TOP]) => script(program, rest, Kind::Script),
            _ => None,
        }
    }

    /// `make -C FOLDER -f FILE NAME=VALUE TARGET…`
    fn make_of(&self, words: &[Template], folder: &Folder) -> Option<FileRun> {
        let (mut folder, mut file, mut goals, mut arguments) = (folder.clone(), None, Vec::new(), Vec::new());
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let text = word.constant().unwrap_or_else(|| word.shown());
            let value = |known: &[&str]| {
                let option = known.iter().find(|known| text.starts_with(**known))?;
                let rest = text[option.len()..].trim_start_matches('=');
                let is_whole = text == *option;
                (is_whole || !option.starts_with("--") || text[option.len()..].starts_with('='))
                    .then(|| (!is_whole).then(|| Template::from(rest)))
            };
            if let Some(inside) = value(&["-C", "--directory"]) {
                folder = folder.at(&inside.or_else(|| words.next().cloned())?);
            } else if let Some(inside) = value(&["-f", "--file", "--makefile"]) {
                file = Some(inside.or_else(|| words.next().cloned())?);
            } else if matches!(text.as_str(), "-I" | "-o" | "-W" | "-E" | "--eval") {
                words.next();
            } else if text == "-j" || text == "-l" {
                words.next_if(|next| next.constant().is_some_and(|text| text.parse::<f64>().is_ok()));
            } else if text.starts_with('-') {
            } else if word
                .split_once('=')
                .is_some_and(|(name, _)| name.constant().is_some_and(|name| is_name(&name)))
            {
                arguments.push(word.clone());
            } else {
                goals.push(text);
            }
        }
        let names = match &file {
            Some(file) => vec![file.clone()],
            None => MAKEFILES.map(Template::from).to_vec(),
        };
        let (path, text) = names.iter().find_map(|name| match folder.at(name) {
            Folder::Known(path) => self.scope.world.scripts.at(&path),
            Folder::Unknown(_) => None,
        })?;
        Some(FileRun { path, text, arguments, folder, kind: Kind::Make(goals) })
    }

    /// Reads a file that a command runs.
    pub(super) fn run_file(&mut self, run: FileRun, wrapping: &Unwrapped, ran: &mut Ran) {
        let FileRun { path, text, arguments, folder, kind } = run;
        let is_running = self.home.running.contains(&path) && !matches!(kind, Kind::Make(_));
        if is_running
            || self.home.running.len() >= MAX_FILES
            || !self.scope.world.work.spend(8 + text.len() / 16 + self.scope.weight())
        {
            return;
        }
        let own = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let running = [self.home.running.as_slice(), &[Rc::clone(&path)]].concat();
        if matches!(kind, Kind::Source) {
            let file = self.file.replace(Rc::clone(&path));
            let own = self.home.own.replace(Folder::Known(own));
            let before = std::mem::replace(&mut self.home.running, running);
            self.run(&text, 0, ran);
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
        let mut inner = Ran::default();
        match kind {
            Kind::Make(goals) => {
                for argument in &arguments {
                    let Some((name, value)) = argument.split_once('=') else { continue };
                    let name = name.constant().unwrap_or_default();
                    script.fixed.insert(name.clone());
                    script.variables.push((name, value));
                }
                script.make(&text, Some(&goals), &mut inner);
            }
            Kind::Script | Kind::Source => {
                script.set_arguments(Some(&arguments));
                script.run(&text, 0, &mut inner);
            }
        }
        let guards = self.flow.guards();
        for mut command in inner.commands {
            if command.publishes() {
                command.guards.splice(0..0, guards.iter().cloned());
                ran.commands.push(command);
            }
        }
        ran.outputs.extend(inner.outputs);
        ran.environment.extend(inner.environment);
    }
}
