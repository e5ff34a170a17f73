//! Who allows what a definition asks of the machines that build it: options, and a file that the definition's author
//! cannot change.

use std::collections::BTreeMap;

use super::revision;
use crate::bake::values::SecretNames;
use crate::cli::Selection;
use crate::code::Code;
use crate::commands::session::Session;
use crate::consent::Consent;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::facts::github;

/// How a file of another revision is named.
const GIT: &str = "git:";

/// What is allowed. With `--github`, in an event that strangers cause, nothing is but what was said.
pub(in crate::commands) fn of(session: &Session<'_>, selection: &Selection) -> Result<Consent, Error> {
    let Selection { runners, consent, definition, .. } = selection;
    let allow = &definition.allow;
    let given = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let of_options = Consent { allow: given(allow), runners: given(runners) };
    let of_file =
        consent.as_deref().map_or(Ok(Consent::default()), |path| read(session, path, &definition.files))?;
    let all = of_options.and(of_file);
    let is_strange = session.for_github && is_untrusted(session);
    let Consent { allow, runners } = if is_strange { all.or_nothing() } else { all };
    Ok(Consent { allow: allow.map(|allow| led(session, &allow)), runners })
}

/// The same entitlements, each path as the whole one of where it leads, as for `docker buildx bake --allow`; but not by a link in
/// the checkout, which may be a contributor's.
pub(in crate::commands) fn led(session: &Session<'_>, allowed: &[String]) -> Vec<String> {
    let whole = |allowed: &String| match path_in(allowed) {
        Some((kind, path)) => format!("{kind}={}", session.host.whole_but_for_project(path)),
        None => allowed.clone(),
    };
    allowed.iter().map(whole).collect()
}

/// An entitlement that is asked for, with the whole path of where it leads.
pub(in crate::commands) fn asked(session: &Session<'_>, asked: &str) -> String {
    match path_in(asked) {
        Some((kind, path)) => format!("{kind}={}", session.host.whole(path)),
        None => asked.to_owned(),
    }
}

/// The kind and the path of an entitlement to one.
fn path_in(entitlement: &str) -> Option<(&str, &str)> {
    let (kind, path) = entitlement.split_once('=')?;
    (["fs", "fs.read", "fs.write"].contains(&kind) && !["", "*"].contains(&path)).then_some((kind, path))
}

/// Reads a file that what is planned cannot bring along.
fn read(session: &Session<'_>, path: &str, files: &[String]) -> Result<Consent, Error> {
    if let Some(object) = path.strip_prefix(GIT) {
        let is_object =
            object.split_once(':').is_some_and(|(name, file)| !name.is_empty() && !file.is_empty());
        if !is_object || object.starts_with('-') {
            return Err(Error::Usage(format!(
                "`--consent {path}`: expected `git:REF:PATH`, such as `git:origin/main:.github/consent.json`"
            )));
        }
        if session.for_github
            && is_untrusted(session)
            && let Some(doubt) = revision::doubt(session, object)
        {
            let message = format!(
                "an outside contributor may have written what `--consent {path}` names: it is {doubt}"
            );
            return Err(vec![Diagnostic::error(Code::CONSENT_FILE, message).with_help(
                "name a branch of this repository that only maintainers can push to, in full: `git:refs/remotes/origin/main:PATH`",
            )]
            .into());
        }
        let text = session.host.git(&["cat-file", "blob", object]).map_err(|failure| {
            let message = format!("`--consent {path}` cannot be read: {}", failure.reason());
            let error = Diagnostic::error(Code::CONSENT_FILE, message);
            vec![error.with_help(
                "the clone must have the other branch: `fetch-depth: 0` of actions/checkout fetches it",
            )]
        })?;
        return Ok(Consent::read(path, &text).map_err(|error| vec![error])?);
    }
    if session.host.is_of_projects(path, files) {
        let message = format!(
            "`--consent {path}` lies in the repository that is planned, where whoever changes the definition can change it, too"
        );
        let error = Diagnostic::error(Code::CONSENT_FILE, message);
        return Err(vec![error.with_help(
            "put it outside, such as in the folder `$RUNNER_TEMP`, or take it from another branch: `git:REF:PATH`",
        )]
        .into());
    }
    let text = session.host.read(path)?;
    Ok(Consent::read(path, &text).map_err(|error| vec![error])?)
}

/// Whether the run is of an event in which the definition may be a stranger's.
pub(in crate::commands) fn is_untrusted(session: &Session<'_>) -> bool {
    github::is_untrusted(session.host.env(), super::facts::event(session).as_deref())
}

/// Takes away what a definition says of variables that look like secrets and have values: a stranger may have written it.
pub(in crate::commands) fn distrust<'a>(
    secrets: &mut SecretNames,
    given: &'a BTreeMap<String, String>,
    environment: &'a BTreeMap<String, String>,
) -> Vec<Diagnostic> {
    let has_value = |name: &str| {
        [given, environment].iter().any(|all| all.get(name).is_some_and(|value| !value.is_empty()))
    };
    let names = secrets.distrust().into_iter().filter(|name| has_value(name));
    let warn = |name: String| {
        let message = format!(
            "`{name}` stays a secret, whatever `secret_variables` says: an outside contributor may have written that"
        );
        Diagnostic::warning(Code::SECRET_VARIABLES, message)
            .with_help("give the plan no secrets in untrusted events, and rename a variable that is none")
    };
    names.map(warn).collect()
}
