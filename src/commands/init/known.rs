//! Evaluates the Bake and Compose files that are there.

use std::rc::Rc;

use super::scan::Found;
use crate::bake::compose::{DOTENV, Yaml, YamlKind, file_variables, yaml_documents};
use crate::bake::text::discovery;
use crate::cli;
use crate::code::Code;
use crate::commands::planning::load;
use crate::commands::planning::making;
use crate::commands::session::Session;
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::Error;
use crate::host::Host;
use crate::init::published::compose_services;
use crate::init::published::definition::{self, Known, Service, clean};
use crate::init::published::images::is_yaml;
use crate::init::repository::kinds::Kind;
use crate::init::repository::printed::Printable;
use crate::init::steps::found::{Build, Publication};
use crate::init::values::text::Place;
use crate::resolve::Purpose;
use crate::source::SourceId;

/// How many definitions are evaluated.
const MAX_DEFINITIONS: usize = 40;

/// How many mistakes of a definition are reported.
const MAX_TOLD: usize = 2;

/// What to do about a variable of a Compose file that has to be set.
const OF_REQUIRED: &str = "a plan reads the file in runs that do not set it, too: give it a default there, such as `${NAME:-dev}`, or a value in `.env`; what a step sets counts before both in what `init` proposes";

/// A definition in a folder, of files that are found or named.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Where {
    folder: String,
    files: Vec<String>,
}

/// A definition that was evaluated.
pub(super) struct Evaluated {
    /// What is in it.
    pub(super) known: Known,
    /// Its files with their texts, from the top, to make a copy of.
    pub(super) texts: Vec<(String, String)>,
}

/// All definitions: those that Bake would find in a folder, and those that a step names.
pub(super) fn all(
    session: &mut Session<'_>,
    found: &mut Found,
    publications: &[Publication],
) -> (Vec<Evaluated>, Vec<Diagnostic>) {
    let (mut evaluated, mut problems) = (Vec::new(), Vec::new());
    let mut places: Vec<Where> = Vec::new();
    let add = |places: &mut Vec<Where>, place: Where| {
        if !places.contains(&place) && places.len() < MAX_DEFINITIONS {
            places.push(place);
        }
    };
    for (kind, path) in found.others.iter().filter(|(kind, _)| matches!(kind, Kind::Bake | Kind::Compose)) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_found = discovery::is_default_name(name) || discovery::is_images(name);
        // Compose files in other folders are for tests and examples, unless a step names them.
        if is_found && (*kind == Kind::Bake || folder.is_empty()) {
            add(&mut places, Where { folder: folder.to_owned(), files: Vec::new() });
        }
    }
    for publication in publications {
        let Some(Build::Bake(build)) = &publication.build else { continue };
        let folder = clean(&build.folder);
        let folder = if folder == "." { String::new() } else { folder };
        let files: Vec<String> = build.files.iter().filter_map(|line| line.text.constant()).collect();
        let files: Vec<String> = files
            .iter()
            .map(|file| file.strip_prefix("cwd://").unwrap_or(file).to_owned())
            .filter(|file| !file.contains("://"))
            .collect();
        let outside = outside(session.host, &build.folder, &files);
        if !outside.is_empty() {
            let message =
                format!("`{}` lies outside of the repository, and is left out", outside.join("`, `"));
            let warning = Diagnostic::warning(Code::OUTSIDE, message);
            let span = found.span(session, &publication.place);
            problems.push(warning.at(span, "").with_help("name a file of the repository"));
            continue;
        }
        let files: Vec<String> = files.iter().map(|file| clean(file)).collect();
        let is_usual = files.iter().all(|file| discovery::is_default_name(file));
        if build.compose.is_some() || !files.is_empty() && !is_usual {
            add(&mut places, Where { folder, files });
        }
    }
    // A Bake file of another name, which nothing says anything about.
    if places.is_empty() {
        let others = found.of(Kind::Bake).filter(|path| !path.contains('/'));
        for path in others {
            add(&mut places, Where { folder: String::new(), files: vec![path.to_owned()] });
        }
    }
    for place in places {
        match evaluate(session, found, &place) {
            Ok(one) => evaluated.push(one),
            Err(error) => {
                // A Compose file that lacks something keeps nobody from using the Bake file beside it.
                let bake = without_compose(found, &place);
                if let Some(Ok(one)) = bake.map(|place| evaluate(session, found, &place)) {
                    evaluated.push(one);
                }
                let is_generated = |one: &Diagnostic| {
                    // A folder with what a plan wrote has no definition of its own.
                    one.code == Code::NO_DEFINITION && place.files.is_empty() && !place.folder.is_empty()
                };
                let told = error.into_diagnostics().into_iter().filter(|one| !is_generated(one));
                for diagnostic in told.take(MAX_TOLD) {
                    let name = if place.files.is_empty() {
                        if place.folder.is_empty() {
                            "the Bake and Compose files here".to_owned()
                        } else {
                            format!("the Bake files in `{}`", place.folder)
                        }
                    } else {
                        format!("`{}`", place.files.join("`, `"))
                    };
                    let warning = diagnostic.with_severity(Severity::Warning);
                    // Nothing else gives a plan its value: not the environment here, and not the step that sets it.
                    let is_required = warning.code == Code::REQUIRED_VARIABLE;
                    let warning = if is_required { warning.with_help(OF_REQUIRED) } else { warning };
                    problems.push(warning.with_note(format!("{name} cannot be evaluated, and are left out")));
                }
            }
        }
    }
    (evaluated, problems)
}

/// The definitions that steps may print, where one does: those that Bake would find in a folder, and each file by itself.
pub(super) fn printable(session: &mut Session<'_>, found: &Found) -> Vec<Rc<Printable>> {
    let prints = |text: &str| {
        text.contains("bake") && (text.contains("--print") || text.contains("bake-action/subaction/"))
    };
    if !found.texts(session).any(prints) {
        return Vec::new();
    }
    let mut places: Vec<Where> = Vec::new();
    for path in found.of(Kind::Bake) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let of_folder = Where { folder: folder.to_owned(), files: Vec::new() };
        if discovery::is_default_name(name) && !places.contains(&of_folder) {
            places.push(of_folder);
        }
        places.push(Where { folder: String::new(), files: vec![path.to_owned()] });
    }
    places.truncate(MAX_DEFINITIONS);
    let mut all = Vec::new();
    for Where { folder, files } in places {
        let since = session.sources.count();
        let host = session.host.below(&folder).without_environment();
        // Mistakes are reported where it is evaluated for its images.
        let loaded = quietly(session, &host, |session| load::load(session, &definition(&files)));
        session.sources.put_below(&folder, since);
        let Ok(loaded) = loaded else { continue };
        let variables = loaded.module.variable_blocks().filter_map(|block| block.labels.first());
        all.push(Rc::new(Printable {
            is_found: files.is_empty(),
            read: loaded.files.iter().map(|file| file.path.clone()).collect(),
            variables: variables.map(|label| label.name.to_string()).collect(),
            definition: loaded.definition,
            folder,
        }));
    }
    all
}

/// The paths, in a folder that is one, too, that do not stay in the repository: above its top, absolute, behind a link that
/// leads out, or standard input.
fn outside(host: &Host, folder: &str, files: &[String]) -> Vec<String> {
    let is_outside = |path: &str| {
        let leaves = path.starts_with('/') || clean(path).split('/').next() == Some("..");
        leaves || !host.is_allowed(path)
    };
    let in_folder = |file: &str| format!("{}/{file}", if folder.is_empty() { "." } else { folder });
    if is_outside(folder) {
        return vec![folder.to_owned()];
    }
    let is_no_file = |file: &&String| *file == "-" || file.starts_with('/') || is_outside(&in_folder(file));
    files.iter().filter(is_no_file).cloned().collect()
}

/// The files of Bake alone, of a folder in which there are Compose files, too.
fn without_compose(found: &Found, place: &Where) -> Option<Where> {
    let in_folder = found.of(Kind::Bake).filter_map(|path| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_found = discovery::is_default_name(name) || discovery::is_images(name);
        (folder == place.folder && is_found).then(|| name.to_owned())
    });
    let files: Vec<String> = in_folder.collect();
    (place.files.is_empty() && !files.is_empty()).then(|| Where { folder: place.folder.clone(), files })
}

/// The options for a definition.
pub(super) fn definition(files: &[String]) -> cli::Definition {
    cli::Definition { files: files.to_vec(), ..cli::Definition::default() }
}

/// The options for a plan of it.
pub(super) fn selection(
    files: &[String],
    facts: Vec<String>,
    publish: bool,
) -> Result<cli::Selection, Error> {
    let mut selection = cli::Selection::read(&[]).map_err(|error| Error::Usage(error.to_string()))?;
    selection.definition = definition(files);
    selection.facts.facts = facts;
    selection.publish = publish;
    Ok(selection)
}

/// Evaluates with the files of another folder; only errors come of it.
pub(super) fn quietly<T>(
    session: &mut Session<'_>,
    host: &Host,
    work: impl FnOnce(&mut Session<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    session.within(host, |there| {
        // It would be said once for each run that is tried.
        there.verbose = false;
        work(there)
    })
}

fn evaluate(session: &mut Session<'_>, found: &mut Found, place: &Where) -> Result<Evaluated, Error> {
    let since = session.sources.count();
    let evaluated = evaluate_there(session, found, place);
    session.sources.put_below(&place.folder, since);
    evaluated
}

/// The same, with the names of files as they are seen from their folder.
fn evaluate_there(session: &mut Session<'_>, found: &mut Found, place: &Where) -> Result<Evaluated, Error> {
    let Where { folder, files } = place;
    // What a person has in the environment is nothing that the proposal may depend on, or show.
    let host = session.host.below(folder).without_environment();
    let loaded = quietly(session, &host, |session| load::load(session, &definition(files)))?;
    // Without image blocks that is what targets say; a mistake in it is reported when it is planned.
    let selection = selection(files, Vec::new(), true)?;
    let plan =
        making::make_at(session, Some(&host), &selection, Purpose::Workflow).ok().map(|(plan, _)| plan);
    let mut known = definition::of(&loaded.module, &loaded.definition, plan.as_ref(), &session.sources);
    known.folder.clone_from(folder);
    known.files.clone_from(files);
    known.read = loaded.files.iter().map(|file| file.path.clone()).collect();
    let in_folder = |path: &str| if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    known.services = services(session, &loaded.sources, &in_folder);
    let dotenv = session.host.read(in_folder(DOTENV));
    known.environment = dotenv.map(|text| file_variables(&text)).unwrap_or_default();
    let mut texts: Vec<(String, String)> = Vec::new();
    for id in &loaded.sources {
        session.note(&format!("reading {}", in_folder(&session.sources.get(*id).path)));
        let source = session.sources.get(*id);
        texts.push((in_folder(&source.path), source.text.clone()));
        found.add(&in_folder(&source.path), *id);
    }
    let environments: Vec<String> = found.of(Kind::Environment).map(str::to_owned).collect();
    for path in environments {
        if let Ok(text) = session.host.read(&path) {
            texts.push((path, text));
        }
    }
    for target in &mut known.targets {
        if let Some(place) = &mut target.place {
            place.path = in_folder(&place.path).into();
        }
    }
    Ok(Evaluated { known, texts })
}

/// The services of Compose files, a later one of which adds to those of the others.
fn services(session: &Session<'_>, ids: &[SourceId], in_folder: &dyn Fn(&str) -> String) -> Vec<Service> {
    let mut all: Vec<Service> = Vec::new();
    let mut extending: Vec<String> = Vec::new();
    for id in ids {
        let source = session.sources.get(*id);
        if !is_yaml(&source.path) {
            continue;
        }
        let Ok(documents) = yaml_documents(&session.sources, *id) else { continue };
        let members = documents.iter().filter_map(|root| root.get("services")).flat_map(Yaml::members);
        for (name, service) in members {
            let image = service.get("image").and_then(|image| {
                let line = source.position(image.span.start).line;
                let place = Place { path: in_folder(&source.path).into(), line };
                Some((image.as_text()?.to_owned(), place))
            });
            let profiles = service.get("profiles").map(Yaml::items).unwrap_or_default();
            let profiles: Vec<String> =
                profiles.iter().filter_map(Yaml::as_text).map(str::to_owned).collect();
            let build = service.get("build");
            let extension = build.and_then(|build| build.get("x-bake"));
            let tags = [build, extension].map(|of| of.and_then(|of| of.get("tags")));
            let (mut of_tags, mut of_build) = (Vec::new(), Vec::new());
            let named = service.get("image").into_iter().chain(tags.into_iter().flatten());
            named.for_each(|text| add_variables(text, &mut of_tags));
            build.into_iter().for_each(|build| add_variables(build, &mut of_build));
            let args = build.and_then(|build| build.get("args"));
            args.into_iter().for_each(|args| add_taken(args, &mut of_build));
            let has_tags = tags.iter().any(Option::is_some);
            if service.get("extends").is_some() {
                extending.push(name.clone());
            }
            match all.iter_mut().find(|known| known.name == *name) {
                Some(known) => {
                    known.image = image.or(known.image.take());
                    known.profiles.extend(profiles);
                    known.has_tags |= has_tags;
                    known.of_tags.extend(of_tags);
                    known.of_build.extend(of_build);
                }
                None => {
                    all.push(Service { name: name.clone(), image, profiles, has_tags, of_tags, of_build });
                }
            }
        }
    }
    // What a service has of another one is not looked for: it may be any of them.
    let of_tags: Vec<String> = all.iter().flat_map(|service| service.of_tags.clone()).collect();
    let of_build: Vec<String> = all.iter().flat_map(|service| service.of_build.clone()).collect();
    for service in all.iter_mut().filter(|service| extending.contains(&service.name)) {
        service.has_tags = true;
        service.of_tags.clone_from(&of_tags);
        service.of_build.clone_from(&of_build);
    }
    all
}

/// Adds the names of the variables in the texts of a value.
fn add_variables(value: &Yaml, names: &mut Vec<String>) {
    names.extend(value.as_text().into_iter().flat_map(compose_services::variables));
    let members = value.members().iter().map(|(_, member)| member);
    value.items().iter().chain(members).for_each(|part| add_variables(part, names));
}

/// Adds the names of arguments that are given no value, which is that of the variable then.
fn add_taken(args: &Yaml, names: &mut Vec<String>) {
    let of_list = args.items().iter().filter_map(Yaml::as_text).filter(|text| !text.contains('='));
    names.extend(of_list.map(str::to_owned));
    let is_open = |(_, value): &&(String, Yaml)| matches!(value.kind, YamlKind::Null);
    names.extend(args.members().iter().filter(is_open).map(|(name, _)| name.clone()));
}

/// The definition of a proposal.
pub(super) fn of(evaluated: &[Evaluated], at: Option<usize>) -> Option<&Evaluated> {
    at.and_then(|at| evaluated.get(at))
}
