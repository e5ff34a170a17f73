//! Writes what is generated, and checks that it is up to date.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use super::Session;
use super::diff;
use crate::bake::text::discovery::{self, Found};
use crate::bake::values::SecretNames;
use crate::cli::{self, FactOptions, Selection};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Stale};
use crate::host::{Action, Compared, Destination, HostError, Writing, Written};
use crate::readable::shell_word;

/// What a generated file says about itself.
pub(in crate::commands) fn origin(found: &[Found], command: &str) -> String {
    let files: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
    format!("{} from {}; do not edit, run `{command}`", discovery::GENERATED, files.join(", "))
}

/// The options that shape the plan, as they were given; the value of a variable that looks secret is left out.
pub(in crate::commands) fn shared_options(selection: &Selection, secrets: &SecretNames) -> Vec<String> {
    let Selection { platforms, publish, max_jobs, default_provenance, facts, definition, runners, consent } =
        selection;
    let FactOptions { facts, file: facts_file, known_versions } = facts;
    let cli::Definition {
        targets,
        files,
        images,
        overrides,
        variables,
        kept,
        // They change no plan.
        strict: _,
        ignored: _,
        allow,
        confine,
        push,
        load,
        no_cache,
        pull,
        provenance,
        sbom,
        policies,
        call,
    } = definition;
    let mut options = Vec::new();
    let mut option = |name: &str, value: &str| options.push(format!("{name} {}", shell_word(value)));
    files.iter().for_each(|file| option("-f", file));
    images.iter().for_each(|file| option("--images", file));
    variables.iter().for_each(|variable| option("--var", &secrets.readable(variable)));
    overrides.iter().for_each(|set| option("--set", &secrets.readable(set)));
    kept.iter().for_each(|name| option("--keep-variable", name));
    platforms.iter().for_each(|platform| option("--platform", platform));
    confine.iter().for_each(|folder| option("--confine", folder));
    allow.iter().for_each(|entitlement| option("--allow", entitlement));
    runners.iter().for_each(|label| option("--runner", label));
    consent.iter().for_each(|path| option("--consent", path));
    default_provenance.iter().for_each(|mode| option("--default-provenance", &mode.to_string()));
    max_jobs.iter().for_each(|most| option("--max-jobs", &most.to_string()));
    facts.iter().for_each(|fact| option("--fact", fact));
    facts_file.iter().for_each(|file| option("--facts-file", file));
    known_versions.iter().for_each(|from| option("--known-versions", from));
    let flag = |given: bool, text: &str| given.then(|| text.to_owned());
    let value =
        |name: &str, value: Option<String>| value.map(|value| format!("{name}={}", shell_word(&value)));
    options.extend(
        [
            flag(!publish, "--publish=false"),
            flag(push.unwrap_or_default(), "--push"),
            flag(*load, "--load"),
            value("--no-cache", no_cache.map(|b| b.to_string())),
            value("--pull", pull.map(|b| b.to_string())),
            value("--provenance", provenance.clone()),
            value("--sbom", sbom.clone()),
            value("--call", call.clone()),
        ]
        .into_iter()
        .flatten(),
    );
    options.extend(policies.iter().map(|policy| format!("--policy {}", shell_word(policy))));
    options.extend(targets.iter().map(|target| shell_word(target)));
    options
}

/// Refuses a file that is a source, or that Bake would read together with one. `better` is what helps instead.
pub(in crate::commands) fn refuse_loop(
    session: &Session<'_>,
    sources: &[Found],
    path: &str,
    better: &str,
) -> Result<(), Error> {
    let host = session.host;
    let place = |path: &str| normalized(&host.directory().join(path));
    let target = place(path);
    if let Some(source) = sources.iter().find(|found| place(&found.path) == target) {
        let message = if source.path == path {
            format!("`{path}` is a source, so it cannot also be the product")
        } else {
            format!("`{path}` is a source (`{}`), so it cannot also be the product", source.path)
        };
        return Err(Diagnostic::error(Code::OUTPUT_IS_SOURCE, message)
            .with_help(format!("write it elsewhere, such as with `{better}`"))
            .into());
    }
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let together = |found: &&Found| {
        let source = place(&found.path);
        source.parent() == target.parent()
            && source.file_name().is_some_and(|name| discovery::is_default_name(&name.to_string_lossy()))
    };
    if discovery::is_default_name(&name)
        && let Some(source) = sources.iter().find(together)
    {
        let message = format!(
            "docker buildx bake would read `{path}` and `{}` together, and merge the product into its source",
            source.path
        );
        return Err(Diagnostic::error(Code::OUTPUT_BESIDE_SOURCE, message)
                .with_help(format!(
                    "write it elsewhere, such as with `{better}`; or move the source to `images.hcl`, which Bake does not read"
                ))
                .into());
    }
    Ok(())
}

/// Refuses to replace a Bake file that somebody wrote by hand.
pub(in crate::commands) fn refuse_foreign(session: &Session<'_>, path: &str) -> Result<(), Error> {
    let host = session.host;
    if host.destination(path)? == Destination::Stream {
        return Ok(());
    }
    let head = || host.head(path).map_err(|error| HostError { action: Action::Write, ..error });
    if host.has_content(path) && !discovery::is_generated(&head()?) {
        let message = format!("`{path}` was not written by bakeplan and is not replaced");
        return Err(Diagnostic::error(Code::NOT_GENERATED, message)
            .with_help("move it away, or choose another name")
            .into());
    }
    Ok(())
}

/// The path without `.` and `..`, as far as that can be told without asking the file system.
fn normalized(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// Writes files, all or none of them.
pub(in crate::commands) fn write(session: &Session<'_>, files: &[(String, String)]) -> Result<(), Error> {
    let mut writing = session.host.writing();
    files.iter().try_for_each(|(path, text)| prepare(session, &mut writing, path, Cow::Borrowed(text)))?;
    commit(session, writing)
}

/// Gets ready to write one more file.
pub(in crate::commands) fn prepare(
    session: &Session<'_>,
    writing: &mut Writing<'_>,
    path: &str,
    text: Cow<'_, str>,
) -> Result<(), Error> {
    session.check_leaks(&format!("`{path}`"), &text)?;
    let content = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    Ok(writing.add(path, content)?)
}

/// Writes them.
pub(in crate::commands) fn commit(session: &Session<'_>, writing: Writing<'_>) -> Result<(), Error> {
    for (path, written) in writing.commit()? {
        let path = path.display();
        match written {
            Written::Created => session.note(&format!("created {path}")),
            Written::Updated => session.note(&format!("updated {path}")),
            Written::Unchanged => session.note(&format!("{path} is up to date")),
        }
    }
    Ok(())
}

/// Compares files with what is to stand in them; `repair` is the command that writes them.
///
/// # Errors
/// When one differs or is not there.
pub(in crate::commands) fn check(
    session: &Session<'_>,
    files: &[(String, String)],
    repair: &str,
) -> Result<(), Error> {
    let mut stale = Vec::new();
    for (path, text) in files {
        match session.host.compare(path, text)? {
            Compared::Equal => {}
            Compared::Absent => {
                stale.push(Stale { path: path.clone(), diff: None });
                continue;
            }
            Compared::Other(existing) => {
                stale.push(Stale { path: path.clone(), diff: Some(diff::unified(path, &existing, text)) });
            }
        }
        session.note(&format!("checked {path}"));
    }
    if stale.is_empty() { Ok(()) } else { Err(Error::OutOfDate { stale, repair: repair.to_owned() }) }
}
