//! Reads the tasks of a Taskfile that are asked for, with those that they need, and what they are given.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::lost::Lost;
use super::operations::MAX_DEPTH;
use super::run::Tasks;
use super::taskfile::{Set, Taskfile, in_folder};
use super::{Ran, Script};
use crate::bake::compose::Yaml;
use crate::init::values::folder::Folder;
use crate::init::values::text::{Condition, Template};

/// How many tasks are read, with those that they need.
const MAX_TASKS: usize = 500;

/// How many turns of a loop are read.
const MAX_TURNS: usize = 64;

/// What is being run.
struct Running<'g> {
    goals: &'g Tasks,
    done: BTreeSet<String>,
    lost: Vec<Lost>,
    top: Rc<Taskfile>,
    /// What the file at the top is called, unless that is the one of the script.
    own: Option<Rc<str>>,
}

impl Script<'_> {
    /// Reads tasks of a Taskfile; answers with those that it lacks.
    pub(super) fn tasks(&mut self, path: &Rc<str>, text: &str, goals: &Tasks, ran: &mut Ran) -> Vec<Lost> {
        let Some(file) = Taskfile::read(path, text, &self.home.folder) else {
            return Lost::text(path, text).into_iter().collect();
        };
        let top = Rc::new(file);
        let mut running = Running {
            goals,
            done: BTreeSet::new(),
            lost: Vec::new(),
            top: Rc::clone(&top),
            own: self.file.clone(),
        };
        let own = self.file.clone();
        match &goals.tasks {
            None => {
                let all = top.root.get("tasks").map(Yaml::members).unwrap_or_default();
                for (name, _) in all {
                    self.task(&top, name, &Vec::new(), &mut running, 0, ran);
                }
            }
            Some(tasks) => {
                let default = [Template::from("default")];
                for task in if tasks.is_empty() { &default[..] } else { tasks } {
                    match task.constant() {
                        Some(name) => self.task(&top, &name, &Vec::new(), &mut running, 0, ran),
                        None => running.lost.extend(Lost::any(task, "task", Some(path), text)),
                    }
                }
            }
        }
        self.file = own;
        running.lost
    }

    /// The file that is included under a name.
    fn included(&mut self, file: &Rc<Taskfile>, name: &str) -> Option<Rc<Taskfile>> {
        let include = file.root.get("includes")?.get(name)?;
        let get = |key: &str| include.get(key).and_then(Yaml::as_text);
        let written = include.as_text().or_else(|| get("taskfile"))?;
        let names = self.task_names(file, &Vec::new(), None);
        let path = self.task_filled(written, &names);
        let own = file.path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let all: Vec<Template> = std::iter::once(path.clone()).chain(in_folder(&path)).collect();
        let (path, text) = all.iter().find_map(|path| match Folder::Known(own.clone()).at(path) {
            Folder::Known(path) => self.scope.world.scripts.at(&path),
            Folder::Unknown(_) => None,
        })?;
        let folder = match get("dir") {
            Some(dir) => file.folder.at(&self.task_filled(dir, &names)),
            None => file.folder.clone(),
        };
        let mut given = Vec::new();
        for (name, value) in include.get("vars").map(Yaml::members).unwrap_or_default() {
            let value = self.task_value(value, &names);
            given.push((name.clone(), value));
        }
        self.scope.world.work.spend(8 + text.len() / 16).then_some(())?;
        let inner = Taskfile::read(&path, &text, &folder)?;
        Some(Rc::new(Taskfile { given, above: Some(Rc::clone(file)), ..inner }))
    }

    /// A task with those that it needs, which is given these variables.
    fn task(
        &mut self,
        file: &Rc<Taskfile>,
        name: &str,
        given: &Set,
        running: &mut Running<'_>,
        depth: usize,
        ran: &mut Ran,
    ) {
        let shown: Vec<String> =
            given.iter().map(|(name, value)| format!("{name}={}", value.shown())).collect();
        let is_new = running.done.insert(format!("{} {name} {}", file.path, shown.join(" ")));
        if !is_new || depth >= MAX_DEPTH || running.done.len() > MAX_TASKS || !self.scope.world.work.spend(8)
        {
            return;
        }
        if let Some(rest) = name.strip_prefix(':') {
            let top = Rc::clone(&running.top);
            self.task(&top, rest, given, running, depth + 1, ran);
            return;
        }
        if let Some((known, task)) = file.task(name) {
            let known = known.to_owned();
            self.task_itself(file, &known, task, given, running, depth, ran);
            return;
        }
        // A part of what is included: the longest name first.
        for at in name.rmatch_indices(':').map(|(at, _)| at).chain([name.len()]) {
            let (space, rest) = (&name[..at], name.get(at + 1..).unwrap_or("default"));
            if let Some(inner) = self.included(file, space) {
                self.task(&inner, rest, given, running, depth + 1, ran);
                return;
            }
        }
        let flat: Vec<String> = file
            .root
            .get("includes")
            .map(Yaml::members)
            .unwrap_or_default()
            .iter()
            .filter(|(_, include)| include.get("flatten").and_then(Yaml::as_text) == Some("true"))
            .map(|(name, _)| name.clone())
            .collect();
        for space in flat {
            if let Some(inner) = self.included(file, &space)
                && inner.task(name).is_some()
            {
                self.task(&inner, name, given, running, depth + 1, ran);
                return;
            }
        }
        running.lost.extend(Lost::part(&Template::from(name), "task", Some(&file.path)));
    }

    #[expect(clippy::too_many_arguments, reason = "a task has what is around it, and what it leaves behind")]
    fn task_itself(
        &mut self,
        file: &Rc<Taskfile>,
        name: &str,
        task: &Yaml,
        given: &Set,
        running: &mut Running<'_>,
        depth: usize,
        ran: &mut Ran,
    ) {
        let others = task.get("platforms").map(Yaml::items).unwrap_or_default();
        if !others.is_empty()
            && !others.iter().any(|one| one.as_text().is_some_and(|one| one.contains("linux")))
        {
            return;
        }
        let mut names = self.task_names(file, given, Some(running.goals));
        names.push(("TASK".to_owned(), Template::from(name)));
        self.define(task.get("vars"), &mut names);
        let folder = task.get("dir").and_then(Yaml::as_text).map(|dir| self.task_filled(dir, &names));
        let folder = folder.map_or_else(|| file.folder.clone(), |dir| file.folder.at(&dir));
        let (known, exported, around) = (self.variables.len(), self.exported.clone(), self.flow.around.len());
        for env in [file.root.get("env"), task.get("env")].into_iter().flatten() {
            for (name, value) in env.members() {
                let value = self.task_value(value, &names);
                self.exported.insert(name.clone());
                self.variables.push((name.clone(), value));
            }
        }
        let path =
            if Rc::ptr_eq(file, &running.top) { running.own.clone() } else { Some(Rc::clone(&file.path)) };
        let before = (
            std::mem::replace(&mut self.file, path),
            std::mem::replace(&mut self.flow.folder, folder.clone()),
        );
        self.guarded(task, &names);
        for key in ["deps", "cmds", "cmd"] {
            let list = task.get(key);
            let list = list
                .map(|list| if list.items().is_empty() { std::slice::from_ref(list) } else { list.items() });
            for one in list.unwrap_or_default() {
                self.step(file, key, one, &names, &folder, running, depth, ran);
            }
        }
        // `NAME: COMMAND` and `NAME: [COMMAND…]`
        if task.members().is_empty() {
            let list = if task.items().is_empty() { std::slice::from_ref(task) } else { task.items() };
            for one in list {
                self.step(file, "cmds", one, &names, &folder, running, depth, ran);
            }
        }
        (self.file, self.flow.folder) = before;
        self.flow.around.truncate(around);
        self.variables.truncate(known);
        self.exported = exported;
    }

    /// On what a task or a command depends.
    fn guarded(&mut self, of: &Yaml, names: &Set) {
        if let Some(condition) = of.get("if").and_then(Yaml::as_text) {
            let text = self.task_text(condition, names);
            let condition = self.status_of(&text).succeeds();
            self.flow.around.push(condition);
        }
        for one in of.get("preconditions").map(Yaml::items).unwrap_or_default() {
            let text = one.as_text().or_else(|| one.get("sh").and_then(Yaml::as_text)).unwrap_or_default();
            let text = self.task_text(text, names);
            // A run that stops because something is missing is not one that publishes less.
            if let Some(condition) = self.condition(&text).filter(|one| !one.is_open()) {
                self.flow.around.push(condition);
            }
        }
        if let Some(status) = of.get("status") {
            let text = status.items().first().and_then(Yaml::as_text).unwrap_or("status");
            self.flow.around.push(Condition::open(&format!("! {text}")));
        }
    }

    /// A command or another task.
    #[expect(clippy::too_many_arguments, reason = "a step has what is around it, and what it leaves behind")]
    fn step(
        &mut self,
        file: &Rc<Taskfile>,
        key: &str,
        step: &Yaml,
        names: &Set,
        folder: &Folder,
        running: &mut Running<'_>,
        depth: usize,
        ran: &mut Ran,
    ) {
        let turns = match step.get("for") {
            Some(list) => self.turns_of(list, names),
            None => vec![Vec::new()],
        };
        let around = self.flow.around.len();
        let others = step.get("platforms").map(Yaml::items).unwrap_or_default();
        if !others.is_empty()
            && !others.iter().any(|one| one.as_text().is_some_and(|one| one.contains("linux")))
        {
            return;
        }
        self.guarded(step, names);
        for turn in turns {
            let names: Set = names.iter().cloned().chain(turn).collect();
            let inner = step.get("defer").unwrap_or(step);
            let called = inner
                .get("task")
                .and_then(Yaml::as_text)
                .or_else(|| inner.as_text().filter(|_| key == "deps"));
            if let Some(task) = called {
                let name = self.task_filled(task, &names);
                let mut given = Vec::new();
                for (name, value) in inner.get("vars").map(Yaml::members).unwrap_or_default() {
                    let value = self.task_value(value, &names);
                    given.push((name.clone(), value));
                }
                match name.constant() {
                    Some(name) => self.task(file, &name, &given, running, depth + 1, ran),
                    None => {
                        running.lost.extend(Lost::any(&name, "task", Some(&file.path), &file.source.text));
                    }
                }
                continue;
            }
            let Some(command) = inner.get("cmd").filter(|_| inner.as_text().is_none()).or(Some(inner)) else {
                continue;
            };
            let Some(written) = command.as_text() else { continue };
            let text = self.task_text(written, &names);
            self.flow.folder.clone_from(folder);
            self.run_apart(&text, file.above(command), ran);
        }
        self.flow.around.truncate(around);
    }

    /// What each turn of a loop sets.
    fn turns_of(&mut self, list: &Yaml, names: &Set) -> Vec<Set> {
        let name = list.get("as").and_then(Yaml::as_text).unwrap_or("ITEM").to_owned();
        let open = || vec![vec![(name.clone(), Template::unknown(&format!("{{{{.{name}}}}}")))]];
        let of = |values: Vec<Template>| {
            values.into_iter().take(MAX_TURNS).map(|value| vec![(name.clone(), value)]).collect()
        };
        if !list.items().is_empty() {
            let values = list.items().iter().filter_map(Yaml::as_text);
            return of(values.map(|text| self.task_filled(text, names)).collect());
        }
        if let Some(matrix) = list.get("matrix") {
            let mut turns: Vec<Set> = vec![Vec::new()];
            for (axis, values) in matrix.members() {
                let Some(values) = Some(values.items()).filter(|values| !values.is_empty()) else {
                    return open();
                };
                let with = |turn: &Set| {
                    let values = values.iter().filter_map(Yaml::as_text);
                    let own = values.map(|text| (format!("{name}.{axis}"), Template::from(text)));
                    own.map(|own| turn.iter().cloned().chain([own]).collect::<Set>()).collect::<Vec<_>>()
                };
                turns = turns.iter().flat_map(with).take(MAX_TURNS).collect();
            }
            return turns;
        }
        let Some(variable) = list.get("var").and_then(Yaml::as_text) else { return open() };
        let value = self.task_named(variable, names);
        let split = list.get("split").and_then(Yaml::as_text).and_then(|text| text.chars().next());
        let text = value.constant();
        match (text, split) {
            (Some(text), Some(split)) => {
                of(text.split(split).map(|one| Template::from(one.trim())).collect())
            }
            (Some(text), None) => of(text.split_whitespace().map(Template::from).collect()),
            (None, _) => open(),
        }
    }
}
