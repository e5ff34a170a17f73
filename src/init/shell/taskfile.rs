//! What is in a Taskfile, and what its variables are (<https://taskfile.dev>).

use std::rc::Rc;

use super::Script;
use super::operations::changed;
use super::run::Tasks;
use super::words::words as words_of;
use crate::bake::compose::{Yaml, yaml_documents};
use crate::init::values::folder::{Folder, TOP};
use crate::init::values::text::{Piece, Template};
use crate::source::{Source, Sources};

/// The names of a Taskfile, in the order in which Task looks for them.
pub(super) const NAMES: [&str; 8] = [
    "Taskfile.yml",
    "taskfile.yml",
    "Taskfile.yaml",
    "taskfile.yaml",
    "Taskfile.dist.yml",
    "taskfile.dist.yml",
    "Taskfile.dist.yaml",
    "taskfile.dist.yaml",
];

/// The names that a Taskfile in a folder may have.
pub(super) fn in_folder(folder: &Template) -> Vec<Template> {
    let of = |name: &&str| {
        let mut path = folder.clone();
        path.push(Piece::Text(format!("/{name}")));
        path
    };
    NAMES.iter().map(of).collect()
}

/// A Taskfile that is read.
pub(super) struct Taskfile {
    pub path: Rc<str>,
    pub source: Source,
    pub root: Yaml,
    /// The folder that its tasks run in.
    pub folder: Folder,
    /// What is set where it is included.
    pub given: Vec<(String, Template)>,
    /// The file that includes it.
    pub above: Option<Rc<Self>>,
}

/// Variables; a later one counts more.
pub(super) type Set = Vec<(String, Template)>;

impl Taskfile {
    pub(super) fn read(path: &Rc<str>, text: &str, folder: &Folder) -> Option<Self> {
        let mut sources = Sources::default();
        let id = sources.add(&**path, text);
        let root = yaml_documents(&sources, id).ok()?.into_iter().next()?;
        Some(Self {
            path: Rc::clone(path),
            source: sources.get(id).clone(),
            root,
            folder: folder.clone(),
            given: Vec::new(),
            above: None,
        })
    }

    /// A task by its name, by another one, or by a pattern.
    pub(super) fn task(&self, name: &str) -> Option<(&str, &Yaml)> {
        let all = || self.root.get("tasks").map(Yaml::members).unwrap_or_default().iter();
        let has_alias = |task: &Yaml| {
            task.get("aliases")
                .map(Yaml::items)
                .unwrap_or_default()
                .iter()
                .any(|alias| alias.as_text() == Some(name))
        };
        let fits = |pattern: &str| {
            let parts: Vec<&str> = pattern.split('*').collect();
            parts.len() > 1 && name.starts_with(parts[0]) && name.ends_with(parts[parts.len() - 1])
        };
        all()
            .find(|(known, _)| known == name)
            .or_else(|| all().find(|(_, task)| has_alias(task)))
            .or_else(|| all().find(|(known, _)| fits(known)))
            .map(|(known, task)| (known.as_str(), task))
    }

    /// How many lines are above the first line of a text.
    pub(super) fn above(&self, yaml: &Yaml) -> usize {
        let text = yaml.as_text().unwrap_or_default();
        let (before, first) =
            text.lines().enumerate().find(|(_, line)| !line.trim().is_empty()).unwrap_or((0, ""));
        let start = yaml.span.start as usize;
        let found = self.source.text.get(start..).and_then(|rest| rest.find(first.trim()));
        let at = u32::try_from(start + found.unwrap_or_default()).unwrap_or(u32::MAX);
        (self.source.position(at).line - 1).saturating_sub(before)
    }
}

impl Script<'_> {
    /// The variables of a file: those of the files above it, its own, and what it is given.
    pub(super) fn task_names(&mut self, file: &Rc<Taskfile>, given: &Set, goals: Option<&Tasks>) -> Set {
        let mut names: Set = match &file.above {
            Some(above) => self.task_names(&Rc::clone(above), &Vec::new(), None),
            None => Vec::new(),
        };
        let own = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let top = |path: &str| Template::from(format!("{TOP}/{path}").trim_end_matches('/'));
        if let Folder::Known(root) = &self.home.folder {
            names.push(("ROOT_DIR".to_owned(), top(root)));
        }
        names.push(("TASKFILE_DIR".to_owned(), top(own)));
        self.define(file.root.get("vars"), &mut names);
        names.extend(file.given.iter().cloned());
        if let Some(goals) = goals {
            names.extend(goals.set.iter().cloned());
            let rest: Vec<String> = goals.rest.iter().map(|word| self.marked(word.clone())).collect();
            let rest = self.expand(&rest.join(" "));
            names.push(("CLI_ARGS".to_owned(), rest));
        }
        names.extend(given.iter().cloned());
        names
    }

    /// Adds what `vars` says.
    pub(super) fn define(&mut self, vars: Option<&Yaml>, names: &mut Set) {
        for (name, value) in vars.map(Yaml::members).unwrap_or_default() {
            let value = self.task_value(value, names);
            names.push((name.clone(), value));
        }
    }

    /// The value of a variable: a text, a list, or what a command says.
    pub(super) fn task_value(&mut self, value: &Yaml, names: &Set) -> Template {
        if let Some(command) = value.get("sh").and_then(Yaml::as_text) {
            let text = self.task_text(command, names);
            return self.expand(&format!("$({})", text.trim()));
        }
        if let Some(text) = value.as_text() {
            return self.task_filled(text, names);
        }
        if !value.items().is_empty() {
            let words: Vec<&str> = value.items().iter().filter_map(Yaml::as_text).collect();
            return self.task_filled(&words.join(" "), names);
        }
        let of = value.get("ref").and_then(Yaml::as_text).and_then(|text| text.strip_prefix('.'));
        match of {
            Some(name) => self.task_named(name, names),
            None if value.members().is_empty() => Template::default(),
            None => Template::unknown("{{…}}"),
        }
    }

    pub(super) fn task_named(&self, name: &str, names: &Set) -> Template {
        let own = names.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        own.or_else(|| self.variable(name)).unwrap_or_else(|| Template::unknown(&format!("{{{{.{name}}}}}")))
    }

    /// A text for a shell with what its `{{…}}` come to.
    pub(super) fn task_text(&mut self, text: &str, names: &Set) -> String {
        let mut filled = String::new();
        for part in parts(text) {
            match part {
                Ok(text) => filled.push_str(text),
                Err(inner) => {
                    let value = self.action(inner, names);
                    let marked = self.marked(value);
                    filled.push_str(&marked);
                }
            }
        }
        filled
    }

    /// A value with what its `{{…}}` come to.
    pub(super) fn task_filled(&mut self, text: &str, names: &Set) -> Template {
        let mut filled = Template::default();
        for part in parts(text) {
            filled.extend(match part {
                Ok(text) => Template::from(text),
                Err(inner) => self.action(inner, names),
            });
        }
        filled
    }

    /// What stands between braces: `.NAME | default "x"`.
    fn action(&self, inner: &str, names: &Set) -> Template {
        let unknown = || {
            Template::unknown(&if inner.contains("{{") {
                inner.to_owned()
            } else {
                format!("{{{{{inner}}}}}")
            })
        };
        if inner.contains("{{") {
            return unknown();
        }
        let mut value: Option<Template> = None;
        for stage in inner.trim_matches(['-', ' ']).split('|') {
            let words = words_of(stage);
            // Texts in quotes are those that are no names.
            let is_text = |at: usize| {
                let word = &words[at];
                stage.contains(&format!("\"{word}\""))
                    || stage.contains(&format!("'{word}'"))
                    || stage.contains(&format!("`{word}`"))
            };
            let of = |at: usize| -> Option<Template> {
                let word = words.get(at)?.trim_matches('`');
                if is_text(at) || word.parse::<f64>().is_ok() {
                    return Some(Template::from(word));
                }
                word.strip_prefix('.').map(|name| self.task_named(name, names))
            };
            let is_known = |value: &Template| !value.0.is_empty() && value.unknown_parts().is_empty();
            let (name, count) = (
                words.first().map(String::as_str).unwrap_or_default(),
                words.len() - usize::from(!words.is_empty()),
            );
            // The value of the stage before is the last argument.
            let last = |value: &Option<Template>| value.clone().or_else(|| of(count));
            let next = match name {
                "default" => {
                    let other = of(1);
                    last(&value).filter(is_known).or(other)
                }
                "trimPrefix" => last(&value)
                    .zip(of(1))
                    .and_then(|(text, cut)| changed(text, &format!("#{}", cut.constant()?))),
                "trimSuffix" => last(&value)
                    .zip(of(1))
                    .and_then(|(text, cut)| changed(text, &format!("%{}", cut.constant()?))),
                "lower" => last(&value).map(|text| text.lowered()),
                "trim" | "toString" | "quote" | "q" | "shellQuote" => last(&value),
                "env" => of(1).and_then(|name| self.variable(&name.constant()?)),
                "" => value.clone(),
                _ if count == 0 && value.is_none() => of(0),
                _ => None,
            };
            match next {
                Some(next) => value = Some(next),
                None => return unknown(),
            }
        }
        value.unwrap_or_else(unknown)
    }
}

/// The parts of a text: what stands for itself, and what stands between braces; from a condition to its end is one of these.
fn parts(text: &str) -> Vec<Result<&str, &str>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inner, behind)) = after.split_once("}}") else { break };
        parts.push(Ok(before));
        let word = inner.trim_start_matches(['-', ' ']).split_whitespace().next().unwrap_or_default();
        if !matches!(word, "if" | "range" | "with" | "block") {
            // A comment is nothing.
            if !word.starts_with("/*") {
                parts.push(Err(inner));
            }
            rest = behind;
            continue;
        }
        let from = text.len() - rest.len() + before.len();
        let (mut depth, mut at) = (1, text.len() - behind.len());
        while depth > 0
            && let Some((skipped, tail)) = text[at..].split_once("{{")
        {
            let word = tail.trim_start_matches(['-', ' ']).split(|c: char| !c.is_ascii_alphabetic()).next();
            match word {
                Some("if" | "range" | "with" | "block") => depth += 1,
                Some("end") => depth -= 1,
                _ => {}
            }
            at += skipped.len() + 2 + tail.find("}}").map_or(tail.len(), |end| end + 2);
        }
        let end = if depth == 0 { at } else { text.len() };
        parts.push(Err(&text[from..end]));
        rest = &text[end..];
    }
    parts.push(Ok(rest));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_braces_is_told_from_the_rest() {
        assert_eq!(parts("a {{.B}} c{{/* no */}}"), [Ok("a "), Err(".B"), Ok(" c"), Ok("")]);
        assert_eq!(
            parts("x {{if .P}}--push {{if .Q}}q{{end}}{{end}} y"),
            [Ok("x "), Err("{{if .P}}--push {{if .Q}}q{{end}}{{end}}"), Ok(" y")]
        );
        assert_eq!(parts("{{if .P}} x"), [Ok(""), Err("{{if .P}} x"), Ok("")]);
        assert_eq!(parts("a {{ b"), [Ok("a {{ b")]);
    }
}
