//! The inputs of a step: lists with a place for each of their lines.

use std::rc::Rc;

use super::guard::Guard;
use super::moment::{Answers, MOMENTS};
use super::scope::Scope;
use super::text::{Line, Place, Template};
use crate::bake::compose::{Yaml, yaml_number};
use crate::source::Source;

/// A line as it is written.
#[derive(Clone, Debug)]
pub(crate) struct RawLine {
    /// The line, without blanks around it.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// The inputs of a step.
pub(crate) struct Inputs<'y> {
    /// Where the step is.
    pub place: Place,
    with: Option<&'y Yaml>,
    source: &'y Source,
    path: Rc<str>,
    /// What the names begin with.
    prefix: &'static str,
    /// The action or the workflow, with its version.
    pub uses: String,
}

/// Where a value is.
pub(crate) fn place_of(yaml: &Yaml, source: &Source, path: &Rc<str>) -> Place {
    Place { path: Rc::clone(path), line: source.position(yaml.span.start).line }
}

impl<'y> Inputs<'y> {
    /// Those in `with` of a step.
    pub(crate) fn of(step: &'y Yaml, source: &'y Source, path: &Rc<str>) -> Self {
        Self {
            place: place_of(step, source, path),
            with: step.get("with"),
            source,
            path: Rc::clone(path),
            prefix: "",
            uses: step.get("uses").and_then(Yaml::as_text).unwrap_or_default().to_owned(),
        }
    }

    /// The same with names that begin with `meta-`, as docker/github-builder has them.
    pub(crate) fn of_meta(self) -> Self {
        Self { prefix: "meta-", ..self }
    }

    fn get(&self, name: &str) -> Option<&'y Yaml> {
        let members = self.with.map(Yaml::members).unwrap_or_default();
        let is_it = |known: &str| {
            known.strip_prefix(self.prefix).is_some_and(|known| known.eq_ignore_ascii_case(name))
        };
        members.iter().find(|(known, _)| is_it(known)).map(|(_, value)| value)
    }

    /// The names of all inputs that are given.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'y str> {
        self.with.map(Yaml::members).unwrap_or_default().iter().map(|(name, _)| name.as_str())
    }

    /// Whether an input is given and not empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).and_then(Yaml::as_text).is_some_and(|text| !text.trim().is_empty())
    }

    /// Where an input is; without one, where the step is.
    pub(crate) fn place_of(&self, name: &str) -> Place {
        self.get(name).map_or_else(|| self.place.clone(), |yaml| place_of(yaml, self.source, &self.path))
    }

    /// An input as it is written, with where.
    pub(crate) fn yaml(&self, name: &str) -> Option<&'y Yaml> {
        self.get(name).filter(|_| self.has(name))
    }

    /// The text of an input as it is written.
    pub(crate) fn raw(&self, name: &str) -> Option<&'y str> {
        self.get(name).and_then(Yaml::as_text)
    }

    /// The text of an input.
    pub(crate) fn text(&self, name: &str, scope: &Scope) -> Option<Template> {
        let text = scope.template(self.raw(name)?.trim());
        (!text.0.is_empty()).then_some(text)
    }

    /// Whether an input is true, in the examples.
    pub(crate) fn answers(&self, name: &str, scope: &Scope) -> Answers {
        self.guard(name, scope).map_or(Answers([Some(false); MOMENTS.len()]), |guard| guard.condition.answers)
    }

    /// Whether it only checks or describes a build (`call: check`), and makes none.
    pub(crate) fn only_checks(&self, scope: &Scope) -> bool {
        let call = self.text("call", scope).and_then(|text| text.constant());
        call.is_some_and(|call| call != "build")
    }

    /// An input that says whether something is done.
    pub(crate) fn guard(&self, name: &str, scope: &Scope) -> Option<Guard> {
        let text = self.raw(name).filter(|text| !text.trim().is_empty())?;
        Some(Guard { condition: scope.condition(text), place: self.place_of(name) })
    }

    /// The lines of a list as they are written, without comments and empty ones.
    pub(crate) fn raw_lines(&self, name: &str) -> Vec<RawLine> {
        let Some(yaml) = self.get(name) else { return Vec::new() };
        raw_lines(yaml, self.source, &self.path)
    }

    /// The lines of a list.
    pub(crate) fn lines(&self, name: &str, scope: &Scope) -> Vec<Line> {
        let lines = self.raw_lines(name).into_iter();
        let of_line = |raw: RawLine| {
            let lines = scope.template(&raw.text).lines();
            lines
                .into_iter()
                .map(move |(_, text)| Line { text, place: raw.place.clone() })
                .collect::<Vec<_>>()
        };
        lines.flat_map(of_line).collect()
    }

    /// The lines of a list in which quotes keep commas together.
    pub(crate) fn records(&self, name: &str, scope: &Scope) -> Vec<Line> {
        let lines = self.lines(name, scope).into_iter();
        lines.map(|line| Line { text: line.text.unquoted(), place: line.place }).collect()
    }

    /// The items of a list that may also be written in one line, with commas between them.
    pub(crate) fn items(&self, name: &str, scope: &Scope) -> Vec<Line> {
        let lines = self.lines(name, scope).into_iter();
        let of_line = |line: Line| {
            let parts = line.text.split(',').into_iter().filter(|part| !part.0.is_empty());
            parts.map(|text| Line { text, place: line.place.clone() }).collect::<Vec<_>>()
        };
        lines.flat_map(of_line).collect()
    }
}

/// The lines of a text, each where it stands in the file.
pub(crate) fn raw_lines(yaml: &Yaml, source: &Source, path: &Rc<str>) -> Vec<RawLine> {
    if !yaml.items().is_empty() {
        return yaml.items().iter().flat_map(|item| raw_lines(item, source, path)).collect();
    }
    let Some(text) = yaml.as_text() else { return Vec::new() };
    let mut at = yaml.span.start as usize;
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        // In a quoted text, a line may be written otherwise: it is near the one before.
        if let Some(found) = source.text.get(at..).and_then(|rest| rest.find(line)) {
            at += found;
        }
        let offset = u32::try_from(at).unwrap_or(u32::MAX);
        let place = Place { path: Rc::clone(path), line: source.position(offset).line };
        lines.push(RawLine { text: line.to_owned(), place });
        at += 1;
    }
    lines
}

/// The numbers of that kind in the variables and matrices of a workflow.
pub(in crate::init) fn add_numbers_of(
    workflow: &Yaml,
    source: &Source,
    path: &Rc<str>,
    numbers: &mut Vec<(Place, String, String)>,
) {
    let jobs = workflow.get("jobs").map(Yaml::members).unwrap_or_default().iter().map(|(_, job)| job);
    let mut read: Vec<&Yaml> = workflow.get("env").into_iter().collect();
    for job in jobs {
        let steps = job.get("steps").map(Yaml::items).unwrap_or_default();
        read.extend(steps.iter().chain([job]).filter_map(|one| one.get("env")));
        read.extend(job.get("strategy").and_then(|strategy| strategy.get("matrix")));
    }
    read.into_iter().for_each(|one| add_numbers(one, source, path, numbers));
}

/// The numbers in a value whose text is another one for CI.
fn add_numbers(of: &Yaml, source: &Source, path: &Rc<str>, numbers: &mut Vec<(Place, String, String)>) {
    if let Some(read) = of.as_text() {
        let written =
            source.text.get(of.span.start as usize..of.span.end as usize).unwrap_or_default().trim();
        if written != read && yaml_number(written).as_deref() == Some(read) {
            numbers.push((place_of(of, source, path), written.to_owned(), read.to_owned()));
        }
    }
    of.items().iter().for_each(|one| add_numbers(one, source, path, numbers));
    of.members().iter().for_each(|(_, one)| add_numbers(one, source, path, numbers));
}

/// What is in `with`, as it is written.
pub(in crate::init) fn given(of: &Yaml) -> Vec<(String, String)> {
    let members = of.get("with").map(Yaml::members).unwrap_or_default();
    members.iter().filter_map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned()))).collect()
}

/// The given inputs behind the defaults of those that are declared.
pub(in crate::init) fn with_defaults(
    declared: Option<&Yaml>,
    given: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let default = |(name, input): &(String, Yaml)| {
        let default = input.get("default").and_then(Yaml::as_text).unwrap_or_default();
        (name.clone(), default.to_owned())
    };
    let defaults: Vec<_> = declared.map(Yaml::members).unwrap_or_default().iter().map(default).collect();
    defaults.into_iter().chain(given).collect()
}
