//! Gathers what is known about the run: from options, from the environment, and from git when something asks for it.

use crate::bake::text::discovery::STDIN;
use crate::cli::{Definition, FactOptions};
use crate::code::Code;
use crate::commands::session::Session;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::facts::{self, Facts, KnownVersions, command, git, released, remote};
use crate::plan::Run;
use crate::published::plan_json::{self, KnownVersionsEntry};
use crate::version::Version;

/// What `--known-versions` may name instead of a file.
pub(in crate::commands) const GIT: &str = "git";

/// What can be known without starting a program: what is [`given`] before the environment.
pub(in crate::commands) fn known(
    session: &Session<'_>,
    options: &FactOptions,
    definition: &Definition,
) -> Result<Facts, Error> {
    let event = event(session);
    let environment = facts::of_environment(session.host.env(), event.as_deref())?;
    session.tell(replaced(session, &environment).as_slice());
    Ok(given(session, options, definition)?.or(environment).with_ref())
}

/// A warning for facts from variables that are not text, and are not what the CI says then.
fn replaced(session: &Session<'_>, facts: &Facts) -> Option<Diagnostic> {
    let json = serde_json::to_string(facts).expect("facts are texts, numbers and times");
    if !json.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    let is_of_ci = |name: &&String| name.starts_with("GITHUB_") || name.starts_with("CI_");
    let names: Vec<String> =
        session.host.replaced().iter().filter(is_of_ci).map(|name| format!("`{name}`")).collect();
    let message = format!(
        "the environment variables {} are not UTF-8; in facts, invalid bytes are replaced with U+FFFD",
        names.join(", ")
    );
    let help = "give the facts as options, such as `--fact branch=…`; `bakeplan plan --facts` prints them";
    (!names.is_empty()).then(|| Diagnostic::warning(Code::NOT_UTF8, message).with_help(help))
}

/// What options say, before the file that they name: the same on every machine. The definition may
/// take standard input, too.
pub(in crate::commands) fn given(
    session: &Session<'_>,
    options: &FactOptions,
    definition: &Definition,
) -> Result<Facts, Error> {
    let host = session.host;
    let options_first = facts::given::parse(&options.facts).map_err(Error::Usage)?;
    let file = match options.file.as_deref() {
        None => Facts::default(),
        Some(path) => {
            if let Some(option) = definition.option_for(path).filter(|_| path == STDIN) {
                let message = format!("`{option} -` and `--facts-file -` cannot both read standard input");
                return Err(Error::Usage(message));
            }
            if session.for_github {
                session.refuse_link(path)?;
            }
            let text = if path == STDIN { host.read_stdin()? } else { host.read(path)? };
            facts::given::from_json(&text).map_err(|problem| in_file(path, &problem))?
        }
    };
    Ok(options_first.or(file))
}

/// All that can be known.
pub(in crate::commands) fn complete(session: &Session<'_>, known: Facts) -> Facts {
    let facts =
        git::complete(known, &|arguments| run_git(session, arguments), &|path| session.host.stamp(path));
    if let Some(problem) = &facts.git_problem {
        session.note(&format!("some facts are unknown: {problem}"));
    }
    if let Some(problem) = &facts.dirty_problem {
        session.note(&format!("the fact `dirty` is unknown: {problem}"));
    }
    facts
}

/// The run, as far as it is known. git is asked about commits alone, and never at the desk, where a plan is the same at any
/// commit.
pub(in crate::commands) fn run(session: &Session<'_>, known: &Facts) -> Run {
    let run = Run::of(known);
    let time = || git::commit_time(run.commit.as_deref()?, &|arguments| run_git(session, arguments));
    let commit_time = run.commit_time.or_else(time);
    let checkout = (run.event.is_some() && run.commit.is_some())
        .then(|| git::checkout(&|arguments| run_git(session, arguments)))
        .flatten();
    Run { commit_time, checkout, ..run }
}

/// The error for a list of versions that is not there: versions may stand in its place.
fn no_list(path: &str, problem: &str) -> Error {
    let error = Diagnostic::error(Code::NO_SUCH_FILE, problem);
    let versions: Vec<&str> = path.split([',', ' ']).filter(|one| !one.is_empty()).collect();
    if versions.is_empty() || versions.iter().any(|one| one.parse::<Version>().is_err()) {
        return error
            .with_help("`--known-versions` takes a file with one version on each line, or `git`")
            .into();
    }
    let help = format!(
        "`--known-versions` takes a file with one version on each line; in an `image` block, versions are named by `known_versions = [\"{}\"]`",
        versions.join("\", \"")
    );
    error.with_help(help).into()
}

/// The versions that `--known-versions` tells of; with `git`, the branches of the remote become facts, too.
pub(in crate::commands) fn known_versions(
    session: &Session<'_>,
    options: &FactOptions,
    facts: &mut Facts,
) -> Result<KnownVersions, Error> {
    match options.known_versions.as_deref() {
        None => Ok(KnownVersions::default()),
        Some(GIT) => {
            let refs = remote_refs(session)?;
            if facts.branches.is_empty() {
                facts.branches = refs.branches;
            }
            Ok(KnownVersions { names: refs.tags, ..KnownVersions::default() })
        }
        Some(path) => {
            if session.for_github {
                session.refuse_link(path)?;
            }
            // It may be a plan, which is larger than any list.
            let text = session.host.read_product(path).map_err(|error| {
                if error.code() == Code::NO_SUCH_FILE {
                    no_list(path, &error.to_string())
                } else {
                    error.into()
                }
            })?;
            let fail = |problem: String, help: String| {
                let message = format!("`{path}`: {problem}");
                Error::from(Diagnostic::error(Code::KNOWN_VERSIONS, message).with_help(help))
            };
            if plan_json::names_schema(&text) {
                let KnownVersionsEntry { names, by_image } = plan_json::read(path, &text)?.known_versions;
                return Ok(KnownVersions { names, by_image });
            }
            released::parse(&text).map_err(|problem| {
                fail(problem, "write one version on each line; `./git` is the file of that name".to_owned())
            })
        }
    }
}

/// All tags and branches of the remote.
fn remote_refs(session: &Session<'_>) -> Result<remote::RemoteRefs, Diagnostic> {
    let failed = |failure| {
        let diagnostic = Diagnostic::from(failure);
        diagnostic.with_note("`--known-versions git` asks the remote `origin` for its tags")
    };
    let remote = remote::find(&|arguments| run_git(session, arguments)).map_err(failed)?;
    let left_out = remote.note();
    if let Some(note) = &left_out {
        session.note(note);
    }
    session.note(&format!("running git {}", remote::LIST.join(" ")));
    let listed = session.host.git_remote(&remote).map_err(|failure| match left_out {
        Some(note) => failed(failure).with_note(note),
        None => failed(failure),
    })?;
    Ok(remote::refs(&listed))
}

fn run_git(session: &Session<'_>, arguments: &[&str]) -> Result<String, command::CommandFailure> {
    session.note(&format!("running git {}", arguments.join(" ")));
    session.host.git(arguments)
}

/// `bakeplan plan --facts`
pub(in crate::commands) fn print(session: &Session<'_>, options: &FactOptions) -> Result<(), Error> {
    let mut known = known(session, options, &Definition::default())?;
    if options.known_versions.as_deref().is_some_and(|from| from != GIT) {
        let message = "`--facts` prints no versions: of the forms of `--known-versions`, only `git` adds a fact, `branches`";
        return Err(Error::Usage(message.into()));
    }
    known_versions(session, options, &mut known)?;
    let facts = complete(session, known);
    let json = serde_json::to_string_pretty(&facts).expect("facts are texts, numbers and times");
    session.deliver_json(&format!("{json}\n"))
}

/// The payload of a GitHub event. Where only the variables were handed on, as into a container, there is none.
pub(in crate::commands) fn event(session: &Session<'_>) -> Option<String> {
    let path = session.host.env().get("GITHUB_EVENT_PATH").filter(|path| !path.is_empty())?;
    let text = session.host.read(path);
    text.inspect_err(|error| session.note(&format!("the event is unknown: {error}"))).ok()
}

fn in_file(path: &str, problem: &str) -> Diagnostic {
    let name = if path == STDIN { "standard input".to_owned() } else { format!("`{path}`") };
    Diagnostic::error(Code::FACTS_FILE, format!("{name}: {problem}"))
        .with_help("`bakeplan plan --facts` prints such a file")
}
