//! Reads the files of the repository that say something about its images.

use std::collections::BTreeSet;
use std::rc::Rc;

use indexmap::IndexSet;

use crate::bake::compose::yaml_documents;
use crate::bake::text::discovery;
use crate::code::Code;
use crate::commands::session::Session;
use crate::diagnostic::Diagnostic;
use crate::facts::{Facts, git};
use crate::init::github::examples;
use crate::init::github::workflow::{self, Reading, YamlFile};
use crate::init::gitlab;
use crate::init::published::bases::Dockerfiles;
use crate::init::repository::kinds::{self, Kind};
use crate::init::repository::printed::Printable;
use crate::init::repository::scripts::Scripts;
use crate::init::repository::services::{self, Says};
use crate::init::repository::world::{NamedBy, World};
use crate::init::steps::quote;
use crate::init::values::mask::masked;
use crate::init::values::text::Place;
use crate::source::{SourceId, Span};

/// How many files of a kind are read.
const MAX_FILES: usize = 1000;

/// How long all that is read may be, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// How long a script or a Dockerfile may be, in bytes: a longer one is not made by hand.
const MAX_SCRIPT: usize = 1 << 20;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Workflows and actions.
    pub(super) yaml: Vec<YamlFile>,
    /// Pipelines of GitLab CI.
    pub(super) pipelines: Vec<YamlFile>,
    /// Scripts.
    pub(super) scripts: Vec<(Rc<str>, SourceId)>,
    /// The same with those that only run others.
    library: Vec<(Rc<str>, SourceId)>,
    /// The paths of Bake and Compose files, Dockerfiles and files of variables.
    pub(super) others: Vec<(Kind, String)>,
    /// Settings of release-please, by path.
    pub(super) releases: Vec<(String, serde_json::Value)>,
    /// Files of other services that publish images, each with what is known of it.
    pub(super) services: Vec<(Place, String)>,
    /// What files say that scripts may run, with their paths.
    pub(super) unless_run: Vec<(Rc<str>, Diagnostic)>,
    /// What is worth a look.
    pub(super) warnings: Vec<Diagnostic>,
    /// Where each file's text is.
    ids: Vec<(Rc<str>, SourceId)>,
}

impl Found {
    /// The paths of files of a kind.
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.others.iter().filter(move |(known, _)| *known == kind).map(|(_, path)| path.as_str())
    }

    /// Remembers where the text of a file is.
    pub(super) fn add(&mut self, path: &str, id: SourceId) {
        self.ids.push((path.into(), id));
    }

    /// The line at a place, as it is written.
    pub(super) fn line(&self, session: &Session<'_>, place: &Place) -> String {
        let Some((_, id)) = self.ids.iter().find(|(path, _)| *path == place.path) else {
            return String::new();
        };
        let text = &session.sources.get(*id).text;
        let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default().trim();
        quote::used(line.strip_prefix("- ").unwrap_or(line))
    }

    /// The texts of workflows, pipelines and scripts.
    pub(super) fn texts<'s>(&'s self, session: &'s Session<'_>) -> impl Iterator<Item = &'s str> {
        self.ids.iter().map(|(_, id)| session.sources.get(*id).text.as_str())
    }

    /// Takes passwords out of what is shown of workflows and scripts.
    pub(super) fn mask(&self, session: &mut Session<'_>) {
        for (_, id) in &self.ids {
            let text = masked(&session.sources.get(*id).text);
            session.sources.replace(*id, text);
        }
    }

    /// The texts of these Dockerfiles, as far as they are there.
    pub(super) fn dockerfiles(&mut self, session: &mut Session<'_>, paths: &IndexSet<String>) -> Dockerfiles {
        let mut texts = Dockerfiles::new();
        for path in paths.iter().take(MAX_FILES).filter(|path| session.host.is_allowed(path)) {
            let Ok(text) = session.host.read(path) else { continue };
            if text.len() > MAX_SCRIPT {
                continue;
            }
            let id = session.sources.add(path.clone(), masked(&text));
            self.add(path, id);
            texts.insert(path.clone(), text);
        }
        texts
    }

    /// The span of the line at a place.
    pub(super) fn span(&self, session: &Session<'_>, place: &Place) -> Option<Span> {
        let (_, id) = self.ids.iter().find(|(path, _)| *path == place.path)?;
        let text = &session.sources.get(*id).text;
        let start: usize = text.split_inclusive('\n').take(place.line.checked_sub(1)?).map(str::len).sum();
        let line = text.get(start..)?.lines().next().unwrap_or_default();
        let (indent, length) = (line.len() - line.trim_start().len(), line.trim_end().len());
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span =
            Span { source: *id, start: offset(start + indent), end: offset(start + length.max(indent)) };
        Some(span)
    }
}

/// Reads what is there.
pub(super) fn scan(session: &mut Session<'_>) -> Found {
    let host = session.host;
    let tree = host.tree(&|path| kinds::of(path).is_some());
    let mut found = Found::default();
    if tree.is_cut {
        found
            .warnings
            .push(Diagnostic::warning(Code::INIT_LIMIT, "there are too many files to look at all of them"));
    }
    if let Some(folder) = host.folder_in_checkout() {
        let message = format!(
            "this is the folder `{folder}` of a checkout: workflows are at its top, and are not read"
        );
        found.warnings.push(
            Diagnostic::note(Code::INIT_FOLDER, message)
                .with_help("run `bakeplan init` at the top of the repository"),
        );
    }
    let (mut bytes, mut counts) = (0, std::collections::BTreeMap::<Kind, usize>::new());
    for path in tree.paths {
        let Some(kind) = kinds::of(&path) else { continue };
        let count = counts.entry(kind).or_default();
        *count += 1;
        if *count > MAX_FILES || bytes > MAX_BYTES {
            if *count == MAX_FILES + 1 {
                let message =
                    format!("there are more than {MAX_FILES} files like `{path}`; the others are not read");
                found.warnings.push(Diagnostic::warning(Code::INIT_LIMIT, message));
            }
            continue;
        }
        match kind {
            Kind::Workflow | Kind::Action | Kind::Pipeline | Kind::Script => {
                let text = if kind == Kind::Script {
                    host.read(&path)
                } else {
                    host.read_yaml(&path).map(|yaml| yaml.text)
                };
                let text = match text {
                    Ok(text) => text,
                    Err(error) => {
                        found.warnings.push(Diagnostic::warning(Code::UNREADABLE, error.to_string()));
                        continue;
                    }
                };
                bytes += text.len();
                // It publishes what the plan says, and is no part of what there was before.
                if text.starts_with(&format!("# {}", discovery::GENERATED)) {
                    continue;
                }
                if kind == Kind::Script && (text.len() > MAX_SCRIPT || !is_script(&path, &text)) {
                    continue;
                }
                let is_about_images = is_about_images(&text);
                if kind != Kind::Script || is_about_images {
                    session.note(&format!("reading {path}"));
                }
                let id = session.sources.add(path.clone(), text);
                let path: Rc<str> = path.into();
                found.ids.push((Rc::clone(&path), id));
                if kind == Kind::Script {
                    found.library.push((Rc::clone(&path), id));
                    found.scripts.extend(is_about_images.then_some((path, id)));
                    continue;
                }
                match yaml_documents(&session.sources, id) {
                    Ok(documents) => {
                        // The first document of a pipeline may be a header.
                        let root = match kind {
                            Kind::Pipeline => documents.into_iter().next_back(),
                            _ => documents.into_iter().next(),
                        };
                        let files =
                            if kind == Kind::Pipeline { &mut found.pipelines } else { &mut found.yaml };
                        files.extend(root.map(|root| YamlFile { path: Rc::clone(&path), id, root }));
                    }
                    Err(problem) => {
                        let mut warning = Diagnostic::warning(problem.code, problem.message.clone());
                        warning.labels.clone_from(&problem.labels);
                        found.warnings.push(warning.with_help("this file is left out"));
                    }
                }
            }
            Kind::Foreign => {
                let Ok(text) = host.read(&path) else { continue };
                bytes += text.len();
                let is_package = path.rsplit('/').next() == Some("package.json");
                let says = services::says(&path, &text);
                let of_package = services::of_package(&text).filter(|_| is_package);
                if says.is_none() && !is_package {
                    continue;
                }
                let id = session.sources.add(path.clone(), text);
                found.add(&path, id);
                let path: Rc<str> = path.into();
                let place = |line: usize| Place { path: Rc::clone(&path), line: line + 1 };
                if let Some(Says { line, what, is_sure }) = says {
                    let publishes = if is_sure { "publishes" } else { "may publish" };
                    let why = format!("{what} {publishes} images, and `init` does not read how");
                    found.services.push((place(line), why));
                }
                if let Some(line) =
                    services::of_releases(session.sources.get(id).text.as_str()).filter(|_| is_package)
                {
                    let why = "semantic-release publishes images, and `init` does not read how";
                    found.services.push((place(line), why.to_owned()));
                }
                if let Some(line) = of_package {
                    let message = "a script of this package publishes images, and `init` does not read how";
                    let warning = Diagnostic::warning(Code::INIT_UNREAD, message)
                        .at(found.span(session, &place(line)), "")
                        .with_help("write an `image` block for what it publishes");
                    found.unless_run.push((Rc::clone(&path), warning));
                }
                if is_package {
                    found.library.push((path, id));
                }
            }
            Kind::Releases => {
                let Ok(text) = host.read(&path) else { continue };
                bytes += text.len();
                // What cannot be read says nothing of the tags.
                found.releases.extend(serde_json::from_str(&text).ok().map(|json| (path, json)));
            }
            Kind::Bake | Kind::Compose | Kind::Dockerfile | Kind::Environment => {
                found.others.push((kind, path));
            }
        }
    }
    found
}

/// Whether a file is a script of a shell or of make, which its first line says where its name does not.
fn is_script(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    name.contains('.') || name.ends_with("file") || first.starts_with("#!") && first.contains("sh")
}

/// Whether a script pushes images.
fn is_about_images(text: &str) -> bool {
    let has = |word: &str| text.contains(word);
    (has("docker") || has("podman") || has("buildah"))
        && (has("push") || has("manifest") || has("imagetools"))
}

/// The repository of images that belongs to the page of a repository, at the hosts that have registries.
fn registry_of(page: &str) -> Option<String> {
    let (host, path) = page.split_once("://")?.1.trim_end_matches('/').split_once('/')?;
    match host {
        "github.com" => Some(format!("ghcr.io/{}", path.to_lowercase())),
        "gitlab.com" => Some(format!("registry.gitlab.com/{}", path.to_lowercase())),
        "codeberg.org" => Some(format!("codeberg.org/{}", path.to_lowercase())),
        _ => None,
    }
}

/// The branch of a repository that has no other.
fn only_branch(session: &Session<'_>) -> Option<String> {
    let known =
        session.host.git(&["for-each-ref", "--count=2", "--format=%(refname:short)", "refs/heads"]).ok()?;
    let mut names = known.lines().map(str::trim).filter(|name| !name.is_empty());
    let first = names.next()?.to_owned();
    names.next().is_none().then_some(first)
}

/// Reads workflows, with what is known of the repository.
pub(super) fn workflows(
    session: &Session<'_>,
    found: &Found,
    printable: &[Rc<Printable>],
) -> (Rc<World>, Reading) {
    let read = |publishing: &[Rc<str>]| {
        let world = Rc::new(World { printable: printable.to_vec(), ..world(session, found, publishing) });
        let reading = workflow::read(&found.yaml, &session.sources, &world);
        (world, reading)
    };
    let (world, reading) = read(&[]);
    // What runs a script or calls a workflow says nothing of images, and its filters count as much.
    let is_said = |path: &Rc<str>| {
        let file = found.yaml.iter().find(|file| file.path == *path);
        file.is_none_or(|file| examples::is_about_images(&session.sources.get(file.id).text))
    };
    let paths: BTreeSet<Rc<str>> =
        reading.publications.iter().map(|one| Rc::clone(&one.start.path)).collect();
    let silent: Vec<Rc<str>> = paths.into_iter().filter(|path| !is_said(path)).collect();
    if silent.is_empty() { (world, reading) } else { read(&silent) }
}

/// What is known of the repository.
fn world(session: &Session<'_>, found: &Found, publishing: &[Rc<str>]) -> World {
    let run = |arguments: &[&str]| session.host.git(arguments);
    let known = Facts {
        // What is asked for is the remote and its branch alone.
        commit: None,
        ..Facts::default()
    };
    let facts = git::complete(known, &run, &|path| session.host.stamp(path));
    let exact = facts.url.as_deref().and_then(|url| {
        let mut parts = url.trim_end_matches('/').rsplit('/');
        let (name, owner) = (parts.next()?, parts.next()?);
        let is_word = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        (is_word(name) && is_word(owner)).then(|| format!("{owner}/{name}"))
    });
    let lower = exact.as_ref().map(|exact| exact.to_lowercase());
    let registry = facts.url.as_deref().and_then(registry_of);
    let is_fact = facts.default_branch.is_some();
    let default_branch = facts.default_branch.or_else(|| examples::default_branch(&found.yaml));
    let default_branch = default_branch.or_else(|| only_branch(session));
    let named_by = match &default_branch {
        Some(_) if is_fact => NamedBy::Plan,
        Some(_) => NamedBy::Checkout,
        None => NamedBy::Nobody,
    };
    let world = World {
        has_capitals: exact != lower,
        is_on_gitlab: found.yaml.is_empty() && !found.pipelines.is_empty(),
        repository: lower,
        releases: found.releases.clone(),
        named_by,
        registry,
        scripts: Scripts::of(found.library.iter().map(|(path, id)| {
            let text = session.sources.get(*id).text.as_str();
            (Rc::clone(path), text.into())
        })),
        ..examples::examples(
            &found.yaml,
            &session.sources,
            publishing,
            default_branch.unwrap_or_else(|| "main".to_owned()),
        )
    };
    if world.is_on_gitlab { gitlab::examples(&found.pipelines, &session.sources, world) } else { world }
}
