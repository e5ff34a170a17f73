//! Reads the recipes of a justfile that are asked for, with those that they need, and what they are given.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::just_values::Names;
use super::justfile::{Justfile, Need, Recipe, is_shell};
use super::lists::{joined, list};
use super::lost::Lost;
use super::operations::MAX_DEPTH;
use super::run::Recipes;
use super::{Ran, Script};
use crate::init::values::folder::Folder;
use crate::init::values::text::Template;

/// How many recipes of a justfile are read, with those that they need.
const MAX_RECIPES: usize = 500;

/// How many files a justfile may import.
const MAX_IMPORTS: usize = 20;

/// What is being run of a justfile.
#[derive(Default)]
struct Running {
    done: BTreeSet<String>,
    lost: Vec<Lost>,
}

impl Script<'_> {
    /// Reads recipes of a justfile; answers with those that it lacks.
    pub(super) fn just(&mut self, text: &str, goals: &Recipes, ran: &mut Ran) -> Vec<Lost> {
        let mut running = Running::default();
        self.justfile(text, goals, &mut running, 0, ran);
        running.lost
    }

    fn justfile(&mut self, text: &str, goals: &Recipes, running: &mut Running, depth: usize, ran: &mut Ran) {
        let mut file = Justfile::default();
        let own = self.file.clone();
        file.read(text, own.as_ref());
        let mut seen = 0;
        while let Some(path) = file.imports.get(seen).cloned() {
            seen += 1;
            if seen <= MAX_IMPORTS
                && let Some((path, text)) = self.beside(&path)
                && self.scope.world.work.spend(8 + text.len() / 16)
            {
                file.read(&text, Some(&path));
            }
        }
        let set = goals.set.as_slice();
        let Some(words) = &goals.recipes else {
            for recipe in &file.recipes {
                let names = Names { file: &file, set, parameters: Vec::new() };
                self.recipe(&names, recipe, None, running, depth, ran);
            }
            return;
        };
        let first = || {
            file.recipe("default").or(file.recipes.first()).map(|recipe| Template::from(recipe.name.as_str()))
        };
        let words: Vec<Template> =
            if words.is_empty() { first().into_iter().collect() } else { words.clone() };
        let mut at = 0;
        while let Some(word) = words.get(at) {
            at += 1;
            let name = word.constant().unwrap_or_else(|| word.shown());
            let (head, tail) = name.split_once("::").unwrap_or((&name, ""));
            if let Some((_, path)) = file.modules.iter().find(|(known, _)| known == head) {
                let inner = Some(tail).filter(|tail| !tail.is_empty()).map(Template::from);
                let inner: Vec<Template> = inner.into_iter().chain(words[at..].iter().cloned()).collect();
                let goals = Recipes { recipes: Some(inner), set: Vec::new() };
                self.module(head, path.as_deref(), &goals, running, depth, ran);
                break;
            }
            let Some(recipe) = file.recipe(&name) else {
                let own = self.file.as_deref();
                running.lost.extend(match word.constant() {
                    Some(_) => Lost::part(word, "recipe", own),
                    None => Lost::any(word, "recipe", own, text),
                });
                continue;
            };
            let most = if recipe.parameters.iter().any(|one| one.is_open) {
                usize::MAX
            } else {
                recipe.parameters.len()
            };
            let count = most.min(words.len() - at);
            let given = &words[at..at + count];
            at += count;
            let names = Names { file: &file, set, parameters: Vec::new() };
            self.recipe(&names, recipe, Some(given), running, depth, ran);
        }
    }

    /// A file whose path is seen from that of the justfile.
    fn beside(&self, path: &str) -> Option<(Rc<str>, Rc<str>)> {
        let own =
            self.file.as_deref().and_then(|file| file.rsplit_once('/')).map_or("", |(folder, _)| folder);
        match Folder::Known(own.to_owned()).at(&Template::from(path)) {
            Folder::Known(path) => self.scope.world.scripts.at(&path),
            Folder::Unknown(_) => None,
        }
    }

    /// Recipes of a justfile with a name of its own.
    fn module(
        &mut self,
        name: &str,
        path: Option<&str>,
        goals: &Recipes,
        running: &mut Running,
        depth: usize,
        ran: &mut Ran,
    ) {
        let usual = [
            format!("{name}.just"),
            format!("{name}/mod.just"),
            format!("{name}/justfile"),
            format!("{name}/.justfile"),
        ];
        let paths: Vec<String> = match path {
            Some(path) => vec![path.to_owned(), format!("{path}/mod.just"), format!("{path}/justfile")],
            None => usual.to_vec(),
        };
        let found = paths.iter().find_map(|path| self.beside(path)).filter(|_| depth < MAX_DEPTH);
        let Some((path, text)) = found else {
            running.lost.extend(Lost::part(&Template::from(name), "module", self.file.as_deref()));
            return;
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let home = std::mem::replace(&mut self.home.folder, Folder::Known(folder.clone()));
        let own = self.home.own.replace(Folder::Known(folder));
        let file = self.file.replace(path);
        let done = std::mem::take(&mut running.done);
        self.justfile(&text, goals, running, depth + 1, ran);
        running.done = done;
        (self.home.folder, self.home.own, self.file) = (home, own, file);
    }

    /// A recipe with those that it needs; where nothing runs it, what it is given is not known.
    fn recipe(
        &mut self,
        names: &Names<'_>,
        recipe: &Recipe,
        given: Option<&[Template]>,
        running: &mut Running,
        depth: usize,
        ran: &mut Ran,
    ) {
        let shown: Vec<String> = given.unwrap_or_default().iter().map(Template::shown).collect();
        let is_new = running.done.insert(format!("{} {}", recipe.name, shown.join(" ")));
        if !is_new
            || depth >= MAX_DEPTH
            || running.done.len() > MAX_RECIPES
            || !self.scope.world.work.spend(8)
        {
            return;
        }
        let mut names = Names { file: names.file, set: names.set, parameters: Vec::new() };
        for (at, parameter) in recipe.parameters.iter().enumerate() {
            let one = given.and_then(|given| given.get(at)).cloned();
            let value = match (one, &parameter.default) {
                (Some(_), _) if parameter.is_open => {
                    let rest = given.and_then(|given| given.get(at..)).unwrap_or_default();
                    joined(&list(rest))
                }
                (Some(one), _) => one,
                (None, Some(default)) => self.value_of(default, &names),
                (None, None) => Template::unknown(&format!("{{{{{}}}}}", parameter.name)),
            };
            names.parameters.push((parameter.name.clone(), value));
        }
        let need = |script: &mut Self, need: &Need, running: &mut Running, ran: &mut Ran| {
            let given: Vec<Template> = need.given.iter().map(|text| script.value_of(text, &names)).collect();
            if let Some((module, inner)) = need.name.split_once("::")
                && let Some((_, path)) = names.file.modules.iter().find(|(known, _)| known == module)
            {
                let words = std::iter::once(Template::from(inner)).chain(given).collect();
                let goals = Recipes { recipes: Some(words), set: Vec::new() };
                script.module(module, path.as_deref(), &goals, running, depth, ran);
                return;
            }
            match names.file.recipe(&need.name) {
                Some(recipe) => script.recipe(&names, recipe, Some(&given), running, depth + 1, ran),
                None => {
                    let name = Template::from(need.name.as_str());
                    running.lost.extend(Lost::part(&name, "recipe", script.file.as_deref()));
                }
            }
        };
        recipe.needs.iter().for_each(|one| need(self, one, running, ran));
        self.body(recipe, &names, given, running, ran);
        recipe.after.iter().for_each(|one| need(self, one, running, ran));
    }

    /// The lines of a recipe: each by itself, or all as one script.
    fn body(
        &mut self,
        recipe: &Recipe,
        names: &Names<'_>,
        given: Option<&[Template]>,
        running: &mut Running,
        ran: &mut Ran,
    ) {
        let Some((first, _)) = recipe.body.first() else { return };
        let known = self.variables.len();
        let exported = self.exported.clone();
        for (name, _, is_exported) in &names.file.variables {
            if *is_exported || names.file.exports_all {
                let value = self.just_named(name, names);
                self.exported.insert(name.clone());
                self.variables.push((name.clone(), value));
            }
        }
        for (parameter, (name, value)) in recipe.parameters.iter().zip(&names.parameters) {
            if parameter.is_exported || names.file.exports_all {
                self.exported.insert(name.clone());
                self.variables.push((name.clone(), value.clone()));
            }
        }
        self.set_arguments(given);
        let file = self.file.clone();
        self.file.clone_from(&recipe.file);
        let says = |word: &str| recipe.attributes.iter().find_map(|one| one.strip_prefix(word));
        let folder = match says("working-directory") {
            Some(path) => {
                let path =
                    self.value_of(path.trim_start_matches([':', '(', ' ']).trim_end_matches(')'), names);
                self.home.folder.at(&path)
            }
            None if says("no-cd").is_some() => self.flow.folder.clone(),
            None => self.home.folder.clone(),
        };
        let before = std::mem::replace(&mut self.flow.folder, folder);
        let text = |body: &[(usize, String)]| {
            body.iter().map(|(_, line)| line.trim()).collect::<Vec<_>>().join("\n")
        };
        let whole = text(&recipe.body);
        let shebang = whole.lines().next().and_then(|line| line.trim_start().strip_prefix("#!"));
        let script = shebang.map(str::to_owned).or_else(|| says("script").map(str::to_owned));
        let of_shell =
            |one: &String| one.is_empty() || one.split(|c: char| !c.is_ascii_alphanumeric()).any(is_shell);
        match script {
            Some(script) if !of_shell(&script) => running.lost.extend(Lost::text(&recipe.name, &whole)),
            None if names.file.is_foreign => running.lost.extend(Lost::text(&recipe.name, &whole)),
            // Blank lines are none of its lines, so each has its own number.
            Some(_) => {
                let mut text = String::new();
                let mut at = *first;
                for (above, line) in &recipe.body {
                    text.extend(std::iter::repeat_n('\n', above - at));
                    text.push_str(line);
                    at = *above;
                }
                let text = self.just_text(&text, names);
                self.run_apart(&text, *first, ran);
            }
            None => {
                let mut body = recipe.body.as_slice();
                while !body.is_empty() {
                    let goes_on = |(_, line): &(usize, String)| line.trim_end().ends_with('\\');
                    let length = (body.iter().take_while(|line| goes_on(line)).count() + 1).min(body.len());
                    let (line, rest) = body.split_at(length);
                    let filled = self.just_text(&text(line), names);
                    let filled = filled.trim_start_matches(['@', '-', ' ']);
                    self.run_apart(filled, line[0].0, ran);
                    body = rest;
                }
            }
        }
        (self.flow.folder, self.file, self.exported) = (before, file, exported);
        self.variables.truncate(known);
    }
}
