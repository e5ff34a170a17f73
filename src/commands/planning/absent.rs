//! Contexts and Dockerfiles that do not exist in the checkout in which a plan is made.

use indexmap::IndexMap;

use super::outside;
use super::paths::{Built, dockerfile_of, is_open};
use crate::bake::target::context::link_of;
use crate::bake::target::{Target, Text};
use crate::cli;
use crate::code::Code;
use crate::commands::session::Session;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::parallel;
use crate::plan::Plan;
use crate::reads::{DOCKERFILE, context_of, local};
use crate::source::Span;

/// What is missing: what it is called, with the target that reads it, and where that is written.
type Absent = (String, Option<Span>);

/// A note for each context and Dockerfile that the targets of a plan read and that does not exist.
///
/// Only a checkout, or a folder with Dockerfiles, shows what a build will find: elsewhere, a Bake file may be planned without
/// what it builds.
pub(in crate::commands) fn notes(
    session: &Session<'_>,
    args: &cli::Definition,
    plan: &Plan,
    built: &Built<'_>,
) -> Result<Vec<Diagnostic>, Error> {
    let host = session.host;
    let limit = outside::limit(session, args)?;
    // Whoever wrote the definition must not learn from a note which other files the machine has.
    let is_hidden = |path: &str| limit.as_ref().is_some_and(|folder| !host.is_within(path, folder));
    let is_checkout = host.is_in_checkout();
    if !is_checkout && !host.is_file(DOCKERFILE) && built.dockerfiles().next().is_none() {
        return Ok(Vec::new());
    }
    let mut missing: IndexMap<String, Absent> = IndexMap::new();
    let absent = |name: &str, target: &Target| {
        let is_folder = |path: &str| is_hidden(path) || host.is_folder(path);
        let is_file = |path: &str| is_hidden(path) || built.has_dockerfile(path);
        absent(name, target, &is_folder, &is_file)
    };
    for (name, found) in parallel::map(built.targets.all(), |(name, target)| (name, absent(name, target))) {
        let place = plan.targets.get(name).and_then(|source| source.span);
        for (path, (what, span)) in found {
            missing.entry(path).or_insert((what, span.or(place)));
        }
    }
    let note = |(_, (what, span)): (String, Absent)| {
        let place = if is_checkout { "in this checkout" } else { "here" };
        Diagnostic::note(Code::ABSENT, format!("{what} does not exist {place}"))
            .at(span, "")
            .with_help("check the path; nothing is wrong if a step of CI makes it before the build")
    };
    Ok(missing.into_iter().map(note).collect())
}

/// What a target reads that is not there, by path.
fn absent(
    name: &str,
    target: &Target,
    is_folder: &dyn Fn(&str) -> bool,
    is_file: &dyn Fn(&str) -> bool,
) -> Vec<(String, Absent)> {
    let mut missing = Vec::new();
    for (key, text) in target.contexts.iter().filter(|(_, text)| link_of(text).is_none() && !is_open(text)) {
        if let Some(path) = here(text.as_str())
            && !is_folder(&path)
        {
            let what = format!("the context `{path}`, which target `{name}` calls `{key}`,");
            missing.push((path, (what, text.span)));
        }
    }
    let context =
        local(context_of(target)).filter(|_| target.context.as_ref().is_none_or(|text| !is_open(text)));
    let span = |text: &Option<Text>| text.as_ref().map_or(target.span, |text| text.span);
    if let Some(path) = context.as_deref().filter(|path| !path.starts_with('/') && !is_folder(path)) {
        let what = format!("the context `{path}` of target `{name}`");
        missing.push((path.to_owned(), (what, span(&target.context))));
        return missing;
    }
    let Some(path) = dockerfile_of(target) else { return missing };
    if !path.starts_with('/') && !is_file(&path) {
        let what = format!("the Dockerfile `{path}` of target `{name}`");
        missing.push((path, (what, span(&target.dockerfile))));
    }
    missing
}

/// A path of this machine that a checkout can have.
fn here(written: &str) -> Option<String> {
    local(written).filter(|path| !path.starts_with('/'))
}
