//! Compose files: what `docker buildx bake` makes of the services that have a `build`.
//!
//! Follows buildx's bake/compose.go, and of compose-go what decides about the result: interpolation, `.env`, merging,
//! `extends`, `include`, `env_file`. What Bake does not read, such as `ports`, is not checked.

mod decoder;
mod dotenv;
mod extension;
mod merge;
mod model;
mod node;
mod scalar;
mod service;
mod size;
mod template;
mod yaml;

use std::collections::BTreeMap;

use self::decoder::Decoder;
use self::dotenv::Environment;
use self::model::{File, Loader, Place};
use self::node::{Map, Node};
use self::template::Substitution;
use crate::bake::syntax::Name;
use crate::bake::target::Definition;
use crate::bake::value::Str;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Sources};

/// The file of variables in the current directory.
const DOTENV: &str = ".env";

const PROJECT: &str = "COMPOSE_PROJECT_NAME";

/// Files that Compose files refer to.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Why there is none.
    fn read(&self, path: &str) -> Result<String, Unreadable>;
}

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// There is none.
    Missing,
    /// It is a directory.
    Directory,
    /// Anything else.
    Other(String),
}

impl Unreadable {
    fn about(&self, path: &str) -> String {
        match self {
            Self::Missing => format!("cannot read `{path}`: no such file or directory"),
            Self::Directory => format!("cannot read `{path}`: it is a directory"),
            Self::Other(message) => message.clone(),
        }
    }
}

/// What Compose files see of their surroundings.
pub struct Surroundings<'a> {
    /// Environment variables; none when looking them up is switched off. Those of `.env` are added.
    pub env: &'a BTreeMap<String, String>,
    /// `--var NAME=VALUE`, which win over all others.
    pub vars: &'a BTreeMap<String, String>,
    /// What `~` stands for.
    pub home: Option<&'a str>,
    /// The files.
    pub files: &'a dyn Files,
}

/// What Compose files say.
#[derive(Debug, Default)]
pub struct Composition {
    /// The targets in order of their names, and the group `default`.
    pub definition: Definition,
    /// The Compose files that `include` and `extends` added to the sources.
    pub read: Vec<SourceId>,
    /// Variables that have no value.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a file alone, as far as that can be done without the files that it is merged with.
///
/// # Errors
/// All that is found wrong with it at the first stage that fails.
pub fn check(
    sources: &mut Sources,
    file: SourceId,
    surroundings: &Surroundings<'_>,
) -> Result<(), Vec<Diagnostic>> {
    project(sources, &[file], surroundings, false).map(drop)
}

/// Merges Compose files, in this order, and makes targets of their services.
///
/// # Errors
/// All that is found wrong at the first stage that fails. Each file must stand alone, too, as [`check`] sees it.
pub fn load(
    sources: &mut Sources,
    files: &[SourceId],
    surroundings: &Surroundings<'_>,
) -> Result<Composition, Vec<Diagnostic>> {
    if files.len() > 1 {
        let failed = files.iter().filter_map(|file| check(sources, *file, surroundings).err());
        let failed: Vec<Diagnostic> = failed.flatten().collect();
        if !failed.is_empty() {
            return Err(failed);
        }
    }
    project(sources, files, surroundings, true)
}

fn project(
    sources: &mut Sources,
    files: &[SourceId],
    surroundings: &Surroundings<'_>,
    complete: bool,
) -> Result<Composition, Vec<Diagnostic>> {
    let files: Vec<File> =
        files.iter().map(|id| File { path: sources.get(*id).path.clone(), source: *id }).collect();
    let mut environment = environment(surroundings).map_err(|diagnostic| vec![diagnostic])?;
    let name = project_name(sources, &files, &environment).map_err(|diagnostic| vec![diagnostic])?;
    environment.insert(PROJECT.into(), name);
    let mut loader = Loader {
        sources,
        files: surroundings.files,
        home: surroundings.home,
        read: vec![],
        unset: BTreeMap::new(),
    };
    let model = loader.model(&files, &Place::default(), &environment, &[])?;
    if is_empty(&model) {
        let names: Vec<_> = files.iter().map(|file| format!("`{}`", file.path)).collect();
        let message = format!("{} has no services", names.join(", "));
        return Err(vec![Diagnostic::error("empty-compose-file", message)]);
    }
    let Loader { read, unset, .. } = loader;
    let decoder =
        Decoder { environment: &environment, files: surroundings.files, complete, diagnostics: vec![] };
    let definition = service::definition(&model, decoder)?;
    let warning = |(name, span): (Name, _)| {
        let message = format!("the variable `{name}` is not set, and counts as empty");
        let help = format!("write `${{{name}:-}}` if it may be empty");
        Diagnostic::warning("unset-variable", message).at(Some(span), "").with_help(help)
    };
    let warnings = unset.into_iter().map(warning).collect();
    Ok(Composition { definition, read: read.into_iter().map(|file| file.source).collect(), warnings })
}

fn is_empty(model: &Map) -> bool {
    let services = model.get("services").filter(|member| !member.value.is_null());
    services.is_none() && !model.contains_key("secrets")
}

/// The environment, then `.env`, then `--var`; the last one wins, but for `.env`, which only fills gaps.
fn environment(surroundings: &Surroundings<'_>) -> Result<Environment, Diagnostic> {
    let named = |(name, value): (&String, &String)| {
        let text = Str::from(&Name::from(value.as_str()));
        (Name::from(name.as_str()), dotenv::named(name, text))
    };
    let process: Environment = surroundings.env.iter().map(named).collect();
    let mut environment = Environment::new();
    match surroundings.files.read(DOTENV) {
        Ok(text) => dotenv::read(&text, &mut environment, &|name| process.get(name).cloned())
            .map_err(|problem| Diagnostic::error("env-file", format!("`{DOTENV}`, {problem}")))?,
        Err(Unreadable::Missing | Unreadable::Directory) => {}
        Err(problem) => return Err(Diagnostic::error("env-file", problem.about(DOTENV))),
    }
    environment.extend(process);
    environment.extend(surroundings.vars.iter().map(named));
    Ok(environment)
}

/// The last `name` of the files, or what the environment says, or `bake`. Only `${COMPOSE_PROJECT_NAME}` shows it.
fn project_name(sources: &Sources, files: &[File], environment: &Environment) -> Result<Str, Diagnostic> {
    let mut name = None;
    for file in files {
        for document in yaml::documents(sources, file.source).unwrap_or_default() {
            let found = document.root.get("name").filter(|node| node.as_text().is_some());
            name = found.filter(|node| node.as_str() != Some("")).cloned().or(name);
        }
    }
    let lookup = |name: &str| environment.get(name).cloned();
    let given = environment.get(PROJECT).filter(|name| !name.as_str().is_empty());
    let fallback = || given.cloned().unwrap_or_else(|| Str::from("bake"));
    match name.as_ref().and_then(Node::as_text) {
        None => Ok(fallback()),
        Some(text) => {
            let applied = Substitution::new(&lookup).apply(text).map_err(|problem| {
                Diagnostic::error("interpolation", problem.to_string()).at(name.as_ref().map(|n| n.span), "")
            })?;
            Ok(if applied.as_str().is_empty() { fallback() } else { applied })
        }
    }
}
