//! Reads and evaluates the definition: files, environment and options in, module and targets out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use super::consent;
use super::files;
use super::outside;
use crate::bake::compose::{self, DOTENV, Unreadable};
use crate::bake::module::{self, Module, ModuleInputs, NullReference, strict};
use crate::bake::run::{self, Evaluated, Parsed, RunFile};
use crate::bake::target::flags::parse_bool;
use crate::bake::target::overrides::{Flags, Lookup, Overrides};
use crate::bake::target::{Definition, context, misplaced};
use crate::bake::text::discovery::{self, Found, Images, STDIN};
use crate::bake::values::kept::KeptVariable;
use crate::bake::values::{MarkedStr, Name, SecretNames};
use crate::cli;
use crate::code::Code;
use crate::commands::session::Session;
use crate::commands::session::leaks::Leaks;
use crate::consent::check_entitlement;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, sorted};
use crate::error::Error;
use crate::host::{Host, HostError, Present, Problem, ambient};
use crate::moment::{ATTEMPT, Moment};
use crate::source::SourceId;
use crate::spec;

/// A definition, ready to be resolved.
pub(in crate::commands) struct Loaded {
    pub(in crate::commands) module: Module,
    pub(in crate::commands) definition: Definition,
    pub(in crate::commands) overrides: Overrides,
    /// The files read, in the order in which they merge.
    pub(in crate::commands) files: Vec<Found>,
    /// The same, and the files that Compose files include.
    pub(in crate::commands) sources: Vec<SourceId>,
    /// A file that we generated and that was named all the same.
    pub(in crate::commands) generated: Option<String>,
    /// The variables that are left to the build.
    pub(in crate::commands) kept: Vec<KeptVariable>,
    /// The attempt of the run, where the files mention its variable.
    pub(in crate::commands) attempt: Option<u32>,
    /// The moment in which it is evaluated.
    pub(in crate::commands) present: Rc<Present>,
    /// The references that are null, since they see a target's last declaration alone.
    pub(in crate::commands) null: Vec<NullReference>,
}

/// Reads what the options name, or what is there.
pub(in crate::commands) fn load(session: &mut Session<'_>, args: &cli::Definition) -> Result<Loaded, Error> {
    load_again(session, args, Moment::default())
}

/// The same in an earlier moment, as far as that is known.
pub(in crate::commands) fn load_again(
    session: &mut Session<'_>,
    args: &cli::Definition,
    moment: Moment,
) -> Result<Loaded, Error> {
    let refuses_unknown = true;
    load_with(
        session,
        args,
        Reading { images: Images::Any, present: Present::again(moment), refuses_unknown },
    )
}

/// The same of files that are elsewhere, such as another revision: it may lack a variable that the options name.
pub(in crate::commands) fn load_elsewhere(
    session: &mut Session<'_>,
    args: &cli::Definition,
) -> Result<Loaded, Error> {
    let refuses_unknown = false;
    load_with(session, args, Reading { images: Images::Any, present: Present::default(), refuses_unknown })
}

/// Reads what `docker buildx bake` would read, which takes no file that is only beside the named ones.
pub(in crate::commands) fn load_as_bake(
    session: &mut Session<'_>,
    args: &cli::Definition,
) -> Result<Loaded, Error> {
    // As Bake, which says nothing about variables that it does not know.
    let refuses_unknown = args.strict;
    load_with(
        session,
        args,
        Reading { images: Images::Unnamed, present: Present::default(), refuses_unknown },
    )
}

/// How a definition is read.
struct Reading<'i> {
    /// Which images files, unless an option says it.
    images: Images<'i>,
    /// The moment in which it is evaluated.
    present: Present,
    /// Whether a variable on the command line that nothing declares is an error.
    refuses_unknown: bool,
}

/// Reads what the options name, or what is there.
fn load_with(
    session: &mut Session<'_>,
    args: &cli::Definition,
    Reading { images, present, refuses_unknown }: Reading<'_>,
) -> Result<Loaded, Error> {
    discovery::refuse_remote(&args.targets)?;
    args.allow.iter().try_for_each(|allowed| check_entitlement(allowed)).map_err(Error::Usage)?;
    if args.images.as_deref() == Some(STDIN) && args.files.iter().any(|file| file == STDIN) {
        return Err(Error::Usage("`-f -` and `--images -` cannot both read standard input".into()));
    }
    let images = args.images.as_deref().map_or(images, Images::given);
    let host = session.host;
    let attempt = present.moment().attempt.map(|attempt| attempt.to_string());
    let again = attempt.as_ref().map(|attempt| host.with_env([(ATTEMPT, Some(attempt.as_str()))]));
    let env = visible_environment(again.as_ref().unwrap_or(host));
    let neighbours = Neighbours::new(session, args)?;
    let texts = files::read(session, &args.files, images, neighbours.confine.is_some())?;
    let home = host.home().map(|home| home.to_string_lossy().into_owned());
    let vars = variables(&args.variables)?;
    session.hide(SecretNames::default().values_among(&vars));
    let visible = env.cloned().unwrap_or_default();
    let compose = compose::ComposeInputs {
        env: &visible,
        vars: &vars,
        home: home.as_deref(),
        files: &neighbours,
        secrets: &SecretNames::default(),
    };
    let mut read = Read::default();
    let mut diagnostics = Diagnostics::default();
    for (found, text) in texts {
        read.add(session, found, text);
    }
    let parsed = run::parse(&mut session.sources, read.to_parse(), &compose, &mut diagnostics);
    let mut secrets = spec::secret_names(&parsed.bodies, &mut diagnostics);
    if session.for_github && consent::is_untrusted(session) {
        session.tell(&consent::distrust(&mut secrets, &vars, host.env()));
    }
    session.hide(secrets.values_among(&vars).chain(secrets.values_among(host.env())));
    let compose = compose::ComposeInputs { secrets: &secrets, ..compose };
    let composition = run::compose(&mut session.sources, &parsed, &compose, &mut diagnostics);
    let Parsed { bodies, compose_files } = parsed;
    read.sources.extend(&composition.read);
    read.add_variables(session, neighbours.read.take());
    session.tell(&composition.warnings);
    session.tell(&neighbours.warnings());
    read.warn(session, args, images);
    let is_chosen =
        |file: &module::File| Some(&session.sources.get(file.body.span.source).path) == args.images.as_ref();
    let mut misspelt = strict::misspelt_blocks(&bodies, is_chosen);
    misspelt.extend(composition.ignored);
    if args.strict {
        diagnostics.extend(misspelt.into_iter().map(|one| one.with_severity(Severity::Error)));
    } else {
        session.tell(&misspelt);
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics.into_found().into());
    }
    let is_mentioned =
        read.sources.iter().chain(&read.variables).any(|id| session.sources.get(*id).text.contains(ATTEMPT));
    let attempt = visible.get(ATTEMPT).filter(|_| is_mentioned).and_then(|attempt| attempt.parse().ok());
    let kept = kept_names(args, &vars)?;
    let surroundings =
        ModuleInputs { env: visible, vars, local_platform: host.local_platform(), kept, secrets };
    session.secret_names = surroundings.secrets.clone();
    let present = Rc::new(present);
    let ambient = ambient(home, &present);
    let evaluated = run::evaluate(bodies, composition.definition, &session.sources, surroundings, ambient);
    let Evaluated { module, mut definition, kept, null } = evaluated.map_err(sorted)?;
    let of_compose: Vec<SourceId> =
        compose_files.iter().chain(&composition.read).chain(&read.variables).copied().collect();
    let without_effect = module.set_without_effect(|name| {
        of_compose.iter().any(|id| mentions(&session.sources.get(*id).text, name))
    });
    if !refuses_unknown {
        session.tell(&without_effect);
    } else if !without_effect.is_empty() {
        return Err(sorted(
            without_effect.into_iter().map(|one| one.with_severity(Severity::Error)).collect(),
        )
        .into());
    }
    session.hide(definition.secret_texts().into_iter().chain(module.secret_texts()));
    session.leaks = Leaks::new(module.given_secrets().into_iter(), session.secret_names.among(host.env()));
    let leaks = session.leaks.texts().collect::<Vec<_>>();
    session.hide(leaks.into_iter());
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
    let overrides = overrides(args, env, &session.secret_names)?;
    let Read { files, sources, variables: _, generated } = read;
    Ok(Loaded { module, definition, overrides, files, sources, generated, kept, attempt, present, null })
}

/// The files of a run as they are read.
#[derive(Default)]
struct Read {
    files: Vec<Found>,
    /// The same, and once they are parsed, the files that Compose files include.
    sources: Vec<SourceId>,
    /// The files of environment variables that Compose files read.
    variables: Vec<SourceId>,
    generated: Option<String>,
}

impl Read {
    fn add(&mut self, session: &mut Session<'_>, found: Found, text: String) {
        if discovery::is_generated(&text) {
            self.generated = Some(found.path.clone());
        }
        session.note(&format!("reading {}", found.path));
        let source = session.sources.add(found.path.clone(), text);
        if session.host.leads_out(&found.path) {
            session.sources.hide(source);
        }
        self.sources.push(source);
        self.files.push(found);
    }

    /// Files of variables may ask for others, as definitions do. Nothing of them is shown.
    fn add_variables(&mut self, session: &mut Session<'_>, read: Vec<(String, String)>) {
        for (path, text) in read {
            let source = session.sources.add(path, text);
            session.sources.hide(source);
            self.variables.push(source);
        }
    }

    fn to_parse(&self) -> Vec<RunFile> {
        let file = |(found, id): (&Found, &SourceId)| {
            let shared = !found.origin.is_for_images() && !discovery::is_images(&found.path);
            RunFile { id: *id, format: found.format, shared }
        };
        self.files.iter().zip(&self.sources).map(file).collect()
    }

    /// Warns about values of the environment that are not text, and files that are left aside.
    fn warn(&self, session: &mut Session<'_>, args: &cli::Definition, images: Images<'_>) {
        let sources: Vec<_> = self.sources.iter().map(|id| session.sources.get(*id)).collect();
        let variables = self.variables.iter().map(|id| session.sources.get(*id));
        let texts = sources.iter().copied().chain(variables).map(|source| &*source.text);
        let texts: Vec<&str> = texts.chain(args.overrides.iter().map(String::as_str)).collect();
        let paths: Vec<&str> = sources.iter().map(|source| &*source.path).collect();
        let replaced = replaced(session.host, &texts);
        let unread = files::unread(session, &self.files, &paths, images);
        session.tell(&replaced);
        session.tell(unread.as_slice());
    }
}

/// What the options say about targets.
fn overrides(
    args: &cli::Definition,
    env: Option<&BTreeMap<String, String>>,
    secrets: &SecretNames,
) -> Result<Overrides, Error> {
    let lookup =
        |name: &str| env.and_then(|env| env.get(name)).map(|value| MarkedStr::normalized(value.as_str()));
    let lookup: Option<Lookup<'_>> = if env.is_some() { Some(&lookup) } else { None };
    Ok(Overrides::parse(&args.overrides, lookup)?.with_secrets(secrets).with_flags(&flags(args))?)
}

/// The environment variables that may override variables; `None` when Bake is set not to look.
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
        Diagnostic::error(Code::ENVIRONMENT, message)
            .with_help("set it to `true` or `false`, or unset it")
            .into()
    })
}

/// Whether a name is one of the words of a text.
fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// Environment variables that these texts mention and whose values are not text.
fn replaced(host: &Host, texts: &[&str]) -> Vec<Diagnostic> {
    let is_there = |name: &str| texts.iter().any(|text| mentions(text, name));
    let mentioned =
        host.replaced().iter().filter(|name| is_there(name.strip_suffix("_JSON").unwrap_or(name)));
    let warning = |name: &String| {
        let message =
            format!("the environment variable `{name}` is not UTF-8; invalid bytes are replaced with U+FFFD");
        Diagnostic::warning(Code::NOT_UTF8, message)
            .with_help("set it to UTF-8 text, since it goes into what is built")
    };
    mentioned.map(warning).collect()
}

/// The files around the Compose files.
struct Neighbours<'a> {
    host: &'a Host,
    /// The folder that they must lie in.
    confine: Option<PathBuf>,
    /// The paths and texts of those of environment variables that were read.
    read: RefCell<Vec<(String, String)>>,
    /// Those of them in which something was replaced that is not UTF-8.
    replaced: RefCell<BTreeSet<String>>,
}

impl<'a> Neighbours<'a> {
    /// In a step of GitHub Actions, who writes the files may not be whom the machine belongs to.
    fn new(session: &Session<'a>, args: &cli::Definition) -> Result<Self, Error> {
        let host = session.host;
        let confine = outside::limit(session, args)?;
        Ok(Self { host, confine, read: RefCell::default(), replaced: RefCell::default() })
    }

    /// A warning for each file of variables that is not text.
    fn warnings(&self) -> Vec<Diagnostic> {
        let warning = |path: &String| {
            let message = format!("`{path}` is not UTF-8; invalid bytes are replaced with U+FFFD");
            Diagnostic::warning(Code::NOT_UTF8, message)
                .with_help("save it as UTF-8, since its values go into what is built")
        };
        self.replaced.borrow().iter().map(warning).collect()
    }

    fn check(&self, path: &str) -> Result<(), Unreadable> {
        let Some(folder) = &self.confine else { return Ok(()) };
        if self.host.is_within(path, folder) {
            return Ok(());
        }
        Err(Unreadable::Other(format!(
            "`{path}` lies outside of `{}`; only the command line may name files there",
            folder.display()
        )))
    }
}

impl compose::Files for Neighbours<'_> {
    fn read(&self, path: &str) -> Result<String, Unreadable> {
        self.check(path)?;
        self.host.read(path).map_err(|error| unreadable(&error))
    }

    fn read_yaml(&self, path: &str) -> Result<String, Unreadable> {
        self.check(path)?;
        self.host.read_yaml(path).map(|yaml| yaml.text).map_err(|error| unreadable(&error))
    }

    fn read_variables(&self, path: &str) -> Result<String, Unreadable> {
        // Nobody named that of the working directory, and what is not there is not outside.
        if path == DOTENV && !self.host.has_content(path) {
            return Err(Unreadable::Missing);
        }
        self.check(path)?;
        let (text, is_replaced) = self.host.read_replacing(path).map_err(|error| unreadable(&error))?;
        if is_replaced {
            self.replaced.borrow_mut().insert(path.to_owned());
        }
        self.read.borrow_mut().push((path.to_owned(), text.clone()));
        Ok(text)
    }

    fn is_private(&self, path: &str) -> bool {
        !self.host.is_in_project(&self.host.place(path))
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
        push: args.push.unwrap_or_default(),
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
