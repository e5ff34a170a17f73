//! From files to one model: interpolation, `include`, `extends`, merging and paths, in the order of compose-go
//! (`loadYamlModel` in loader/loader.go).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::dotenv::{self, Environment};
use super::files::{Files, Unreadable};
use super::merge::{self};
use super::node::{Map, Member, Node, NodeKind, fail, part, wrong_type};
use super::paths::{self, Folders, join, parent};
use super::refusals::{cast, unread};
use super::template::{Problem, Substitution};
use super::yaml::{self, KeyPath, YamlDocument};
use crate::bake::values::{MarkedStr, Name, SecretNames};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure, Secrets};
use crate::source::{SourceId, Sources, Span};

/// How many services may extend each other in a row.
const MAX_CHAIN: usize = 100;

/// How many values the services that extend others may have in all.
const MAX_EXTENDED: usize = 400_000;

/// How deep files may include each other.
const MAX_INCLUDES: usize = 30;

/// How many times a file may be included, in all.
const MAX_FILES: usize = 1000;

/// The sections that `include` adds to.
const SECTIONS: [&str; 6] = ["configs", "models", "networks", "secrets", "services", "volumes"];

type Failures = Vec<Diagnostic>;

/// A file that is part of a model.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) source: SourceId,
}

/// The services of a file that others extend, and what the file resets.
struct Base {
    services: Map,
    resets: Vec<KeyPath>,
}

/// Reads models.
pub(super) struct Loader<'a> {
    pub(super) sources: &'a mut Sources,
    pub(super) files: &'a dyn Files,
    pub(super) home: Option<&'a str>,
    /// Which variables are secret.
    pub(super) names: &'a SecretNames,
    /// The files that were read on the way.
    pub(super) read: Vec<File>,
    /// Variables that are not set, with the first place of each.
    pub(super) unset: BTreeMap<Name, Span>,
    /// The models of `include`, for files that are included more than once.
    pub(super) models: Vec<Included>,
    /// The secrets of all environments so far.
    pub(super) secrets: &'a mut Secrets,
    /// How many entries of `include` were followed.
    pub(super) includes: usize,
    /// How many values the services have that extend others.
    pub(super) extended: usize,
}

/// A model of `include`, with all that it depends on.
pub(super) struct Included {
    paths: Vec<String>,
    place: Folders,
    environment: Environment,
    model: Map,
}

/// What stays the same while a model is read.
struct Scope<'a> {
    place: &'a Folders,
    environment: &'a Environment,
    /// The files that lead to this one by `include`.
    included: &'a [String],
    /// Files with services that others extend; interpolation is the same for all of a model.
    bases: BTreeMap<String, Rc<RefCell<Base>>>,
}

impl Loader<'_> {
    /// The merged model of some files.
    pub(super) fn model(
        &mut self,
        files: &[File],
        place: &Folders,
        environment: &Environment,
        included: &[String],
    ) -> Result<Map, Failures> {
        self.secrets.hide(dotenv::secrets(environment));
        let mut model = Map::new();
        let mut scope = Scope { place, environment, included, bases: BTreeMap::new() };
        for file in files {
            for document in self.documents(file)? {
                self.add(document, file, &mut model, &mut scope)?;
            }
        }
        default_contexts(&mut model);
        unread::check_defaults(&model).map_err(one)?;
        paths::resolve(&mut model, &place.folder, self.home).map_err(one)?;
        resolve_environment(&mut model, environment);
        Ok(model)
    }

    fn documents(&self, file: &File) -> Result<Vec<YamlDocument>, Failures> {
        yaml::documents(self.sources, file.source).map_err(one)
    }

    /// Adds a document to a model.
    fn add(
        &mut self,
        document: YamlDocument,
        file: &File,
        model: &mut Map,
        scope: &mut Scope<'_>,
    ) -> Result<(), Failures> {
        let YamlDocument { root, resets } = document;
        let mut root = self.prepare(&root, scope.environment)?;
        self.include(&mut root, file, &resets, scope)?;
        merge::reset(model, &resets);
        if let Some(services) = root.get_mut("services") {
            let Some(services) = services.value.as_map_mut() else {
                return wrong_type("services", "a mapping", &services.value).map_err(one);
            };
            let base = Rc::new(RefCell::new(Base { services: std::mem::take(services), resets }));
            let names: Vec<Name> = base.borrow().services.keys().cloned().collect();
            for name in names {
                self.extend(&base, &name, &file.path, scope, &mut vec![])?;
            }
            *services = std::mem::take(&mut base.borrow_mut().services);
        }
        merge::merge_maps(model, root, &[]).and_then(|()| merge::canonical(model)).map_err(one)
    }

    /// Interpolates a document.
    fn prepare(&mut self, root: &Node, environment: &Environment) -> Result<Map, Failures> {
        let lookup = |name: &str| environment.get(name).cloned();
        let substitution = Substitution::new(&lookup);
        let mut failures = vec![];
        let root = self.interpolate(root, &mut vec![], &substitution, &mut failures);
        if !failures.is_empty() {
            return Err(failures);
        }
        let NodeKind::Map(map) = root.kind else {
            let message = format!("a Compose file must be a mapping, but this is {}", root.describe());
            return fail(Code::ATTRIBUTE_TYPE, message, root.span).map_err(one);
        };
        Ok(Arc::unwrap_or_clone(map))
    }

    fn interpolate<'n>(
        &mut self,
        node: &'n Node,
        path: &mut Vec<&'n str>,
        substitution: &Substitution<'_>,
        failures: &mut Failures,
    ) -> Node {
        match &node.kind {
            NodeKind::Text(text) => {
                let text = substitution.apply(text);
                for name in substitution.take_unset() {
                    self.unset.entry(name).or_insert(node.span);
                }
                let typed = text
                    .map_err(|problem| interpolation_failure(&problem, node.span))
                    .and_then(|text| cast::cast(node.text(text), path));
                typed.unwrap_or_else(|diagnostic| {
                    if !failures.contains(&diagnostic) && failures.len() < 20 {
                        failures.push(diagnostic);
                    }
                    node.clone()
                })
            }
            NodeKind::List(list) => {
                path.push("[]");
                let items = list.iter().map(|item| self.interpolate(item, path, substitution, failures));
                let items = items.collect();
                path.pop();
                Node::list(items, node.span)
            }
            NodeKind::Map(map) => {
                let member = |(key, member): (&'n Name, &'n Member)| {
                    path.push(key);
                    let value = self.interpolate(&member.value, path, substitution, failures);
                    path.pop();
                    (Arc::clone(key), Member { key: member.key, value })
                };
                Node::map(map.iter().map(member).collect(), node.span)
            }
            _ => node.clone(),
        }
    }

    /// Adds what a document includes to it; what the document says itself comes later.
    fn include(
        &mut self,
        root: &mut Map,
        file: &File,
        resets: &[KeyPath],
        scope: &Scope<'_>,
    ) -> Result<(), Failures> {
        let Some(Member { value, .. }) = root.remove("include") else { return Ok(()) };
        if value.is_null() {
            return Ok(());
        }
        let Some(list) = value.as_list() else {
            return wrong_type("include", "a list", &value).map_err(one);
        };
        let mut included = scope.included.to_vec();
        included.push(file.path.clone());
        for entry in list {
            let model = self.included(entry, &included, scope)?;
            for section in SECTIONS {
                let Some(from) = model.get(section).and_then(|member| member.value.as_map()) else {
                    continue;
                };
                let empty = Member { key: entry.span, value: Node::map(Map::new(), entry.span) };
                let to = root.entry(section.into()).or_insert(empty);
                let Some(to) = to.value.as_map_mut() else {
                    return wrong_type(section, "a mapping", &to.value).map_err(one);
                };
                for (name, theirs) in from {
                    let mut theirs = theirs.clone();
                    if let Some(own) = to.remove(name) {
                        merge::reset_member(section, name, &mut theirs.value, resets);
                        merge::merge(&mut theirs.value, own.value, &[section, name]).map_err(one)?;
                        theirs.key = own.key;
                    }
                    to.insert(Arc::clone(name), theirs);
                }
            }
        }
        Ok(())
    }

    /// The model of an entry of `include`.
    fn included(&mut self, entry: &Node, included: &[String], scope: &Scope<'_>) -> Result<Map, Failures> {
        if entry.as_list().is_some() {
            return wrong_type("include", "a string or a mapping", entry).map_err(one);
        }
        let folder = entry.get("project_directory");
        if let Some(list) = folder.filter(|node| node.as_list().is_some()) {
            return wrong_type("include.project_directory", "a string", list).map_err(one);
        }
        let (paths, folder, env_files) = match entry.as_map() {
            None => (strings(Some(entry), "include")?, None, vec![]),
            Some(_) => (
                strings(entry.get("path"), "include.path")?,
                strings(folder, "include.project_directory")?.pop(),
                strings(entry.get("env_file"), "include.env_file")?,
            ),
        };
        if included.len() > MAX_INCLUDES {
            let message = format!("files include each other more than {MAX_INCLUDES} deep");
            return fail(Code::INCLUDE_CYCLE, message, entry.span).map_err(one);
        }
        self.includes += 1;
        if self.includes > MAX_FILES {
            let message = format!("more than {MAX_FILES} files are included");
            return fail(Code::TOO_MANY_FILES, message, entry.span).map_err(one);
        }
        let mut files = vec![];
        let mut place = scope.place.clone();
        for (index, path) in paths.iter().enumerate() {
            let span = path.span;
            let path = path.as_str().unwrap_or_default();
            refuse_remote(path, span)?;
            let path = join(&scope.place.base, path);
            if index == 0 {
                let given = folder.as_ref().and_then(Node::as_str).filter(|folder| !folder.is_empty());
                place = match given {
                    None => Folders { folder: scope.place.relative(&path, self.files), base: parent(&path) },
                    Some(folder) if folder.starts_with('/') => {
                        Folders { folder: folder.to_owned(), base: folder.to_owned() }
                    }
                    Some(folder) => Folders {
                        folder: scope.place.relative(folder, self.files),
                        base: join(&scope.place.folder, folder),
                    },
                };
                if included.contains(&path) {
                    let message = format!("`{path}` includes itself: {} → {path}", included.join(" → "));
                    return fail(Code::INCLUDE_CYCLE, message, span).map_err(one);
                }
            }
            files.push(self.open(path, span)?);
        }
        let environment = self.included_environment(&env_files, &place, scope)?;
        let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        let known = self
            .models
            .iter()
            .find(|known| (&known.paths, &known.place, &known.environment) == (&paths, &place, &environment));
        if let Some(known) = known {
            return Ok(known.model.clone());
        }
        let model = self.model(&files, &place, &environment, included)?;
        self.models.push(Included { paths, place, environment, model: model.clone() });
        Ok(model)
    }

    /// The variables that an included model sees: those of its `.env`, too.
    fn included_environment(
        &self,
        files: &[Node],
        place: &Folders,
        scope: &Scope<'_>,
    ) -> Result<Environment, Failures> {
        let mut more = Environment::new();
        let default = [(join(&place.base, ".env"), None)];
        let named = (files.iter())
            .filter(|file| file.as_str() != Some("/dev/null"))
            .map(|file| (join(&scope.place.folder, file.as_str().unwrap_or_default()), Some(file.span)));
        let named: Vec<_> = if files.is_empty() { default.into() } else { named.collect() };
        for (path, span) in named {
            let text = match (self.files.read_variables(&path), span) {
                (Ok(text), _) => text,
                (Err(Unreadable::Missing | Unreadable::Directory), None) => continue,
                (Err(problem), span) => return fail(Code::ENV_FILE, problem.about(&path), span).map_err(one),
            };
            let lookup = |name: &str| scope.environment.get(name).cloned();
            if let Err(problem) = dotenv::read(&text, &mut more, self.names, &lookup) {
                return fail(Code::ENV_FILE, format!("`{path}`, {problem}"), span).map_err(one);
            }
        }
        for (name, value) in scope.environment {
            more.insert(Arc::clone(name), value.clone());
        }
        Ok(more)
    }

    /// Reads a file that another one names.
    fn open(&mut self, path: String, span: Span) -> Result<File, Failures> {
        if let Some(file) = self.read.iter().find(|file| file.path == path) {
            return Ok(file.clone());
        }
        match self.files.read_yaml(&path) {
            Ok(text) => {
                let source = self.sources.add(path.clone(), text);
                if self.files.is_private(&path) {
                    self.sources.hide(source);
                }
                let file = File { source, path };
                self.read.push(file.clone());
                Ok(file)
            }
            Err(problem) => fail(Code::NO_SUCH_FILE, problem.about(&path), span).map_err(one),
        }
    }

    /// Replaces a service that extends another by what they are together; answers with it.
    fn extend(
        &mut self,
        base: &Rc<RefCell<Base>>,
        name: &Name,
        file: &str,
        scope: &mut Scope<'_>,
        chain: &mut Vec<(String, Name)>,
    ) -> Result<Option<Node>, Failures> {
        let Some(service) = base.borrow().services.get(name).cloned() else { return Ok(None) };
        if service.value.is_null() {
            return Ok(None);
        }
        if service.value.as_map().is_none() {
            return wrong_type(&format!("services.{name}"), "a mapping", &service.value).map_err(one);
        }
        let Some(extends) = service.value.get("extends") else { return Ok(Some(service.value)) };
        let (parent, other) = match extends.as_map() {
            None => (extends.as_text(), None),
            Some(_) => (
                extends.get("service").and_then(Node::as_text),
                extends.get("file").filter(|file| !file.is_null()),
            ),
        };
        let Some(parent) = parent.map(|parent| Arc::clone(parent.name())) else {
            let message = format!("`services.{name}.extends` must name a service");
            let diagnostic = Diagnostic::error(Code::ATTRIBUTE_TYPE, message).at(extends.span, "");
            return Err(vec![diagnostic.with_help("write `extends: {service: NAME}`")]);
        };
        let (origin, path) = match other {
            None => (Rc::clone(base), file.to_owned()),
            Some(other) => {
                let Some(path) = other.as_str() else {
                    let path = format!("services.{name}.extends.file");
                    return wrong_type(&path, "a string", other).map_err(one);
                };
                (self.base(path, other.span, scope)?, path.to_owned())
            }
        };
        if !origin.borrow().services.contains_key(&parent) {
            let message = format!("`{name}` extends `{parent}`, which `{path}` does not have");
            return fail(Code::UNKNOWN_SERVICE, message, extends.span).map_err(one);
        }
        let link = (path.clone(), Arc::clone(name));
        if chain.len() >= MAX_CHAIN {
            let message = format!("a chain of `extends` has more than {MAX_CHAIN} services");
            return fail(Code::EXTENDS_TOO_DEEP, message, extends.span).map_err(one);
        }
        if chain.contains(&link) {
            let names = chain.iter().map(|(_, name)| &**name).chain([&**name]).take(10);
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            let message = format!("`{name}` extends itself: {}", names.join(" → "));
            return fail(Code::EXTENDS_CYCLE, message, extends.span).map_err(one);
        }
        chain.push(link);
        let parent = self.extend(&origin, &parent, &path, scope, chain)?;
        chain.pop();
        let Some(mut merged) = parent else { return Ok(Some(service.value)) };
        merge::reset_member("services", name, &mut merged, &base.borrow().resets);
        merge::merge(&mut merged, service.value.clone(), &["services", name]).map_err(one)?;
        if let Some(map) = merged.as_map_mut() {
            map.remove("extends");
        }
        self.extended += merged.weight();
        if self.extended > MAX_EXTENDED {
            let message = format!("with what they extend, the services have more than {MAX_EXTENDED} values");
            return fail(Code::YAML_TOO_LARGE, message, extends.span).map_err(one);
        }
        let member = Member { key: service.key, value: merged.clone() };
        base.borrow_mut().services.insert(Arc::clone(name), member);
        Ok(Some(merged))
    }

    /// The services of another file, for extending them.
    fn base(&mut self, path: &str, span: Span, scope: &mut Scope<'_>) -> Result<Rc<RefCell<Base>>, Failures> {
        refuse_remote(path, span)?;
        let full = join(&scope.place.base, path);
        if let Some(base) = scope.bases.get(&full) {
            return Ok(Rc::clone(base));
        }
        let folder = scope.place.relative(path, self.files);
        let file = self.open(full.clone(), span)?;
        let mut model = Map::new();
        let mut resets = vec![];
        for document in self.documents(&file)? {
            let root = self.prepare(&document.root, scope.environment)?;
            resets = document.resets;
            merge::reset(&mut model, &resets);
            merge::merge_maps(&mut model, root, &[])
                .and_then(|()| merge::canonical(&mut model))
                .map_err(one)?;
        }
        paths::resolve(&mut model, &folder, self.home).map_err(one)?;
        let services = model.remove("services").map(|member| member.value.kind);
        let Some(NodeKind::Map(services)) = services else {
            return fail(Code::UNKNOWN_SERVICE, format!("`{full}` has no services"), span).map_err(one);
        };
        let base = Rc::new(RefCell::new(Base { services: Arc::unwrap_or_clone(services), resets }));
        scope.bases.insert(full, Rc::clone(&base));
        Ok(base)
    }
}

#[expect(clippy::boxed_local, reason = "it serves `map_err`")]
fn one(failure: Failure) -> Failures {
    vec![*failure]
}

fn interpolation_failure(problem: &Problem, span: Span) -> Diagnostic {
    let diagnostic = |code| Diagnostic::error(code, problem.to_string()).at(span, "");
    match problem {
        Problem::Required { name, .. } => diagnostic(Code::REQUIRED_VARIABLE)
            .with_help(format!("set `{name}` in the environment, in `.env` or with `--var {name}=VALUE`")),
        Problem::Expression => diagnostic(Code::INTERPOLATION).with_help(
            "GitHub evaluates workflows, not Compose files: write a variable, `${NAME}`, and set `NAME: ${{ … }}` in the `env` of the step",
        ),
        Problem::Invalid => diagnostic(Code::INTERPOLATION).with_help("write `$$` for a dollar sign"),
        Problem::TooDeep | Problem::TooLong => diagnostic(Code::INTERPOLATION),
    }
}

/// Docker Compose would fetch it; buildx takes it for a local path, which it is not either.
fn refuse_remote(path: &str, span: Span) -> Result<(), Failures> {
    if !path.contains("://") && !path.starts_with("git@") && !path.starts_with("github.com/") {
        return Ok(());
    }
    let diagnostic = Diagnostic::error(Code::REMOTE_FILE, format!("`{path}` is remote")).at(span, "");
    Err(vec![
        diagnostic
            .with_note("docker buildx bake reads local Compose files only")
            .with_help("keep a copy of the file beside this one"),
    ])
}

/// A string or a list of strings.
fn strings(node: Option<&Node>, path: &str) -> Result<Vec<Node>, Failures> {
    let Some(node) = node.filter(|node| !node.is_null()) else { return Ok(vec![]) };
    let list = node.as_list().unwrap_or(std::slice::from_ref(node));
    match list.iter().find(|item| item.as_text().is_none()) {
        Some(item) => wrong_type(path, "a string or a list of strings", item).map_err(one),
        None => Ok(list.to_vec()),
    }
}

/// A build without `context` has the folder of the file.
fn default_contexts(model: &mut Map) {
    let services = model.get_mut("services").and_then(|member| member.value.as_map_mut());
    for service in services.into_iter().flatten() {
        if let Some(NodeKind::Map(build)) = service.1.value.get_mut("build").map(|node| &mut node.kind) {
            let span = service.1.key;
            let value = Node::new(NodeKind::Text(MarkedStr::normalized(".")), span);
            Arc::make_mut(build).entry("context".into()).or_insert(Member { key: span, value });
        }
    }
}

/// Gives the elements of a list of `environment` that are a name alone their value.
fn resolve_environment(model: &mut Map, environment: &Environment) {
    let services = model.get_mut("services").and_then(|member| member.value.as_map_mut());
    for service in services.into_iter().flatten() {
        let Some(NodeKind::List(list)) = service.1.value.get_mut("environment").map(|node| &mut node.kind)
        else {
            continue;
        };
        for item in Arc::make_mut(list) {
            let found = item.as_str().and_then(|name| Some((name, environment.get(name)?)));
            if let Some((name, value)) = found {
                *item = item.text(part(value, &format!("{name}={}", value.as_str())));
            }
        }
    }
}
