//! Reads and evaluates the definition: files, environment and options in, module and targets out.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::files;
use super::session::Session;
use crate::bake::compose::{self, Composition, Unreadable};
use crate::bake::eval::functions::Ambient;
use crate::bake::module::{File, Module, Surroundings, strict};
use crate::bake::target::flags::parse_bool;
use crate::bake::target::overrides::{Flags, Overrides};
use crate::bake::target::{Definition, misplaced};
use crate::bake::text::discovery::{self, Format, Found, Images, STDIN};
use crate::bake::text::syntax::Body;
use crate::bake::values::kept::KeptVariable;
use crate::bake::values::{MarkedStr, Name, secret_values, variable_marks};
use crate::bake::{target::context, text::hcl, text::json};
use crate::cli;
use crate::diagnostic::{Diagnostic, sorted};
use crate::error::Error;
use crate::host::{Host, HostError, Problem};
use crate::source::{SourceId, Sources};

/// A definition, ready to be resolved.
pub(super) struct Loaded {
    pub(super) module: Module,
    pub(super) definition: Definition,
    pub(super) overrides: Overrides,
    /// The files read, in the order in which they merge.
    pub(super) files: Vec<Found>,
    /// The same, and the files that Compose files include.
    pub(super) sources: Vec<SourceId>,
    /// A file that we generated and that was named all the same.
    pub(super) generated: Option<String>,
    /// The variables that are left to the build.
    pub(super) kept: Vec<KeptVariable>,
}

/// Reads what the options name, or what is there.
pub(super) fn load(session: &mut Session<'_>, args: &cli::Definition) -> Result<Loaded, Error> {
    load_with(session, args, Images::Any)
}

/// Reads what `docker buildx bake` would read, which takes no file that is only beside the named ones.
pub(super) fn load_as_bake(session: &mut Session<'_>, args: &cli::Definition) -> Result<Loaded, Error> {
    load_with(session, args, Images::Unnamed)
}

/// Reads what the options name, or what is there; `images` unless an option says it.
fn load_with(session: &mut Session<'_>, args: &cli::Definition, images: Images<'_>) -> Result<Loaded, Error> {
    discovery::refuse_remote(&args.targets)?;
    if args.images.as_deref() == Some(STDIN) && args.files.iter().any(|file| file == STDIN) {
        return Err(Error::Usage("`-f -` and `--images -` cannot both read standard input".into()));
    }
    let images = args.images.as_deref().map_or(images, Images::given);
    let host = session.host;
    let env = visible_environment(host);
    let texts = files::read(session, &args.files, images)?;
    let home = host.home().map(|home| home.to_string_lossy().into_owned());
    let vars = variables(&args.variables)?;
    session.hide(secret_values(&vars));
    let visible = env.cloned().unwrap_or_default();
    let neighbours = Neighbours(host);
    let compose =
        compose::Surroundings { env: &visible, vars: &vars, home: home.as_deref(), files: &neighbours };
    let mut files = Vec::new();
    let mut sources = Vec::new();
    let mut bodies = Vec::new();
    let mut compose_files = Vec::new();
    let mut diagnostics = Vec::new();
    let mut generated = None;
    for (found, text) in texts {
        if discovery::is_generated(&text) {
            generated = Some(found.path.clone());
        }
        session.note(&format!("reading {}", found.path));
        let id = session.sources.add(found.path.clone(), text);
        sources.push(id);
        match parse(&mut session.sources, id, &found, &compose) {
            Ok(Parsed::Compose) => compose_files.push(id),
            Ok(Parsed::Bake(body, json)) => {
                let shared = !found.origin.is_for_images() && !discovery::is_images(&found.path);
                bodies.push(File { body, json, shared });
            }
            Err(found) => diagnostics.extend(found),
        }
        files.push(found);
    }
    let mut composition = Composition::default();
    if !compose_files.is_empty() {
        match compose::load(&mut session.sources, &compose_files, &compose) {
            Ok(loaded) => composition = loaded,
            Err(found) => diagnostics.extend(found),
        }
    }
    session.tell(&composition.warnings);
    let read = sources.iter().chain(&composition.read).map(|id| &*session.sources.get(*id).text);
    let texts: Vec<&str> = read.chain(args.overrides.iter().map(String::as_str)).collect();
    session.tell(&replaced(host, &texts));
    let paths: Vec<&str> =
        sources.iter().chain(&composition.read).map(|id| &*session.sources.get(*id).path).collect();
    session.tell(files::unread(session, &files, &paths, images).as_slice());
    let misspelt = strict::misspelt_blocks(&bodies);
    if args.strict {
        diagnostics.extend(misspelt.into_iter().map(Diagnostic::into_error));
    } else {
        session.tell(&misspelt);
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics.into());
    }
    sources.extend(&composition.read);
    let kept = kept_names(args, &vars)?;
    let surroundings = Surroundings { env: visible, vars, local_platform: host.local_platform(), kept };
    let clock = OnceCell::new();
    let ambient = Ambient {
        now: Box::new(move || clock.get_or_init(Host::now).clone()),
        random: Box::new(Host::random),
        home,
    };
    let module = Module::new(bodies, surroundings, ambient).map_err(sorted)?;
    let kept = module.kept(|span| session.sources.text(span)).map_err(sorted)?;
    let mut definition = module.merge_onto(composition.definition).map_err(sorted)?;
    session.hide(definition.secret_texts().into_iter());
    let rebases = is_file_relative(host)?;
    if !kept.is_empty() {
        let misplaced = misplaced::kept_variables(&definition, rebases);
        if !misplaced.is_empty() {
            return Err(sorted(misplaced).into());
        }
    }
    if rebases {
        context::rebase(&mut definition, |span| {
            // To buildx, all that Compose files say is in the first one's folder.
            let is_compose = compose_files.contains(&span.source) || composition.read.contains(&span.source);
            let source = compose_files.first().copied().filter(|_| is_compose).unwrap_or(span.source);
            folder(&session.sources.get(source).path)
        });
    }
    let lookup = |name: &str| env.and_then(|env| env.get(name)).map(|value| given(name, value));
    let lookup: Option<crate::bake::target::overrides::Lookup<'_>> =
        if env.is_some() { Some(&lookup) } else { None };
    let overrides = Overrides::parse(&args.overrides, lookup)?.with_flags(&flags(args))?;
    Ok(Loaded { module, definition, overrides, files, sources, generated, kept })
}

/// The value that the environment gives to `--set TARGET.args.NAME`.
fn given(name: &str, value: &str) -> MarkedStr {
    MarkedStr::normalized(value).marked(&variable_marks(name, value))
}

/// The environment variables that may override variables; `None` when Bake is told not to look.
fn visible_environment(host: &Host) -> Option<&BTreeMap<String, String>> {
    let disabled = host.env().get("BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP").and_then(|value| parse_bool(value));
    (disabled != Some(true)).then(|| host.env())
}

/// Whether contexts are relative to the folder of the file that says them.
fn is_file_relative(host: &Host) -> Result<bool, Error> {
    const NAME: &str = "BUILDX_BAKE_FILE_RELATIVE_PATHS";
    let given = host.env().get(NAME).map(|value| value.trim()).filter(|value| !value.is_empty());
    let Some(value) = given else { return Ok(false) };
    parse_bool(value).ok_or_else(|| {
        let message =
            format!("the environment variable `{NAME}` is {value:?}, which is neither true nor false");
        Diagnostic::error("environment", message).with_help("set it to `true` or `false`, or unset it").into()
    })
}

/// Environment variables that these texts mention and whose values are not text.
fn replaced(host: &Host, texts: &[&str]) -> Vec<Diagnostic> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mentions = |name: &str| texts.iter().any(|text| text.split(|c| !is_part(c)).any(|word| word == name));
    let mentioned =
        host.replaced().iter().filter(|name| mentions(name.strip_suffix("_JSON").unwrap_or(name)));
    let warning = |name: &String| {
        let message =
            format!("the environment variable `{name}` is not UTF-8; invalid bytes are replaced with U+FFFD");
        Diagnostic::warning("not-utf8", message)
            .with_help("set it to UTF-8 text, since it goes into what is built")
    };
    mentioned.map(warning).collect()
}

/// What a file holds.
enum Parsed {
    /// Services, to be read together with those of the other Compose files.
    Compose,
    /// Blocks, and whether they are written in JSON.
    Bake(Body, bool),
}

/// Parses a file in the language that its name tells.
fn parse(
    sources: &mut Sources,
    id: SourceId,
    found: &Found,
    surroundings: &compose::Surroundings<'_>,
) -> Result<Parsed, Vec<Diagnostic>> {
    match found.format {
        Format::Hcl => hcl::parse_hcl(sources, id).map(|body| Parsed::Bake(body, false)),
        Format::HclJson => json::parse_json(sources, id).map(|body| Parsed::Bake(body, true)),
        Format::Compose => Ok(Parsed::Compose),
        Format::Unknown => parse_unknown(sources, id, surroundings),
    }
}

/// Parses a file whose name tells nothing: as Compose, or else HCL, or else JSON. Of the errors, those of the language
/// that the file seems to be in are told in full.
fn parse_unknown(
    sources: &mut Sources,
    id: SourceId,
    surroundings: &compose::Surroundings<'_>,
) -> Result<Parsed, Vec<Diagnostic>> {
    let Err(compose) = compose::check(sources, id, surroundings) else { return Ok(Parsed::Compose) };
    let hcl = match hcl::parse_hcl(sources, id) {
        Ok(body) => return Ok(Parsed::Bake(body, false)),
        Err(hcl) => hcl,
    };
    let json = match json::parse_json(sources, id) {
        Ok(body) => return Ok(Parsed::Bake(body, true)),
        Err(json) => json,
    };
    let text = &sources.get(id).text;
    let seems_compose = text.lines().any(|line| line.starts_with("services:"));
    let (language, mut told, other, reason) = if text.trim_start().starts_with('{') {
        ("JSON", json, "Compose", compose)
    } else if seems_compose {
        ("Compose", compose, "HCL", hcl)
    } else {
        ("HCL", hcl, "Compose", compose)
    };
    if let (Some(first), Some(reason)) = (told.first_mut(), reason.first()) {
        first.notes.push(format!("`{}` was read as {language}", sources.get(id).path));
        first.notes.push(format!("it is not {other} either: {}", reason.message));
    }
    Err(told)
}

/// The files around the Compose files.
struct Neighbours<'a>(&'a Host);

impl compose::Files for Neighbours<'_> {
    fn read(&self, path: &str) -> Result<String, Unreadable> {
        self.0.read(path).map_err(|error| unreadable(&error))
    }

    fn read_yaml(&self, path: &str) -> Result<String, Unreadable> {
        self.0.read_yaml(path).map(|yaml| yaml.text).map_err(|error| unreadable(&error))
    }
}

fn unreadable(error: &HostError) -> Unreadable {
    match error.problem {
        Problem::Missing | Problem::NotADirectory => Unreadable::Missing,
        Problem::Directory => Unreadable::Directory,
        _ => Unreadable::Other(error.to_string()),
    }
}

/// `NAME=VALUE` of `--var`.
fn variables(given: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let mut variables = BTreeMap::new();
    // buildx skips the empty ones, which CI makes of a variable that is not set.
    for text in given.iter().filter(|text| !text.is_empty()) {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Error::Usage(format!("`--var {text}` has no value; write `--var {text}=VALUE`")));
        };
        if name.is_empty() {
            return Err(Error::Usage(format!("`--var {text}` has no name; write `--var NAME{text}`")));
        }
        variables.insert(name.to_owned(), value.to_owned());
    }
    Ok(variables)
}

/// The variables of `--keep-variable`.
fn kept_names(args: &cli::Definition, vars: &BTreeMap<String, String>) -> Result<BTreeSet<Name>, Error> {
    if let Some(name) = args.kept.iter().find(|name| vars.contains_key(*name)) {
        let message =
            format!("`--var {name}` gives a value, but `--keep-variable {name}` leaves it to the build");
        return Err(Error::Usage(message));
    }
    Ok(args.kept.iter().map(|name| Name::from(name.as_str())).collect())
}

fn flags(args: &cli::Definition) -> Flags {
    Flags {
        push: args.push,
        load: args.load,
        call: args.call.clone(),
        no_cache: args.no_cache,
        pull: args.pull,
        sbom: args.sbom.clone(),
        provenance: args.provenance.clone(),
        policy: args.policies.clone(),
    }
}

fn folder(path: &str) -> Option<String> {
    if path == STDIN {
        return None;
    }
    Some(path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned())
}
