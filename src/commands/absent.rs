//! Contexts and Dockerfiles that are not in the checkout in which a plan is made: they do not exist, or a link leads to them.

use indexmap::IndexMap;

use super::session::Session;
use crate::bake::target::context::{dockerfile_in, folder_of, is_remote, link_of};
use crate::bake::target::{Target, Text};
use crate::bake::values::clean_path;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::parallel;
use crate::plan::{Leg, Plan};
use crate::reads::{DOCKERFILE, FALLBACK, context_of, local};
use crate::source::Span;

/// What is missing: what it is called, the target that reads it, and where that is written.
type Absent = (String, Option<Span>);

/// A note for each context and Dockerfile that the targets of a plan read and that does not exist.
///
/// Only a checkout, or a folder with Dockerfiles, shows what a build will find: elsewhere, a Bake file may be planned without
/// what it builds.
pub(super) fn notes(session: &Session<'_>, plan: &Plan) -> Vec<Diagnostic> {
    let host = session.host;
    let is_checkout = host.is_in_checkout();
    let legs = reading(plan);
    let is_there = |leg: &Leg| dockerfile_of(&leg.definition).is_some_and(|path| host.is_file(&path));
    if !is_checkout
        && !host.is_file(DOCKERFILE)
        && !parallel::map(&legs, |leg| is_there(leg)).any(|is_one| is_one)
    {
        return Vec::new();
    }
    let mut missing: IndexMap<String, Absent> = IndexMap::new();
    let absent = |leg: &Leg| {
        absent(&leg.of, &leg.definition, &|path| host.is_folder(path), &|path| host.is_file(path))
    };
    for (leg, found) in parallel::map(&legs, |leg| (leg, absent(leg))) {
        let place = plan.targets.get(&leg.of).and_then(|source| source.span);
        for (path, (what, span)) in found {
            missing.entry(path).or_insert((what, span.or(place)));
        }
    }
    let mut diagnostics: Vec<Diagnostic> =
        if is_checkout { leading_out(session, plan, &legs) } else { Vec::new() };
    let note = |(_, (what, span)): (String, Absent)| {
        let place = if is_checkout { "in this checkout" } else { "here" };
        Diagnostic::note(Code::ABSENT, format!("{what} does not exist {place}"))
            .at(span, "")
            .with_help("check the path; nothing is wrong if a step of CI makes it before the build")
    };
    diagnostics.extend(missing.into_iter().map(note));
    diagnostics
}

/// The legs, without those that read the same as the one before: most targets read the same for each platform.
fn reading(plan: &Plan) -> Vec<&Leg> {
    let mut legs: Vec<&Leg> = plan.legs.values().collect();
    legs.dedup_by(|next, last| next.of == last.of && places(&next.definition) == places(&last.definition));
    legs
}

/// What says where a target reads.
fn places(target: &Target) -> impl PartialEq {
    let contexts = (&target.context, &target.default_context, &target.contexts);
    (contexts, &target.dockerfile, target.dockerfile_inline.is_some(), &target.secret)
}

/// A warning for each path that a target names in the checkout and that leads out of it. Bake asks before it reads there, and
/// in a job nobody answers.
fn leading_out(session: &Session<'_>, plan: &Plan, legs: &[&Leg]) -> Vec<Diagnostic> {
    let mut found: IndexMap<String, Absent> = IndexMap::new();
    for leg in legs {
        let place = plan.targets.get(&leg.of).and_then(|source| source.span);
        for (path, (what, span)) in named(&leg.of, &leg.definition) {
            let is_below =
                |known: &String| path.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('/'));
            if session.host.leads_out(&path) && !found.keys().any(is_below) {
                found.entry(path).or_insert((what, span.or(place)));
            }
        }
    }
    let warning = |(path, (what, span)): (String, Absent)| {
        let there = session.host.place(&path).display().to_string();
        Diagnostic::warning(Code::LEADS_OUT, format!("{what} leads out of this checkout, to `{there}`"))
            .at(span, "")
            .with_note("Bake reads there only if it is allowed to, and no job of this plan is")
            .with_help(format!(
                "copy what is there into the checkout, or name `{there}` itself: the plan then asks for it"
            ))
    };
    found.into_iter().map(warning).collect()
}

/// The paths of this machine that a target names, and what it calls them.
fn named(name: &str, target: &Target) -> Vec<(String, Absent)> {
    let mut named = Vec::new();
    let mut take = |path: &str, what: String, text: &Text| {
        if !is_open(text) {
            named.push((path.to_owned(), (what, text.span)));
        }
    };
    for (key, text) in &target.contexts {
        if let Some(path) = folder_of(text) {
            take(path, format!("the context `{path}`, which target `{name}` calls `{key}`,"), text);
        }
    }
    if let Some((text, path)) = target.context.as_ref().and_then(|text| Some((text, folder_of(text)?))) {
        take(path, format!("the context `{path}` of target `{name}`"), text);
    }
    for text in target.secret.iter().filter_map(|secret| secret.src.as_ref()) {
        take(text.as_str(), format!("the file `{}` of a secret of target `{name}`", text.as_str()), text);
    }
    if let Some(path) = dockerfile_of(target) {
        let span = target.dockerfile.as_ref().map_or(target.span, |text| text.span);
        named.push((path.clone(), (format!("the Dockerfile `{path}` of target `{name}`"), span)));
    }
    named
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
    let other = path.strip_suffix(DOCKERFILE).map(|folder| format!("{folder}{FALLBACK}"));
    if !path.starts_with('/') && !is_file(&path) && !other.is_some_and(|other| is_file(&other)) {
        let what = format!("the Dockerfile `{path}` of target `{name}`");
        missing.push((path, (what, span(&target.dockerfile))));
    }
    missing
}

/// The path of the Dockerfile of a target, unless it is written in the target, lies elsewhere or is left to the build.
fn dockerfile_of(target: &Target) -> Option<String> {
    let is_elsewhere =
        |text: &Text| is_open(text) || text.as_str().starts_with('/') || is_remote(text.as_str());
    if target.dockerfile_inline.is_some() || target.dockerfile.as_ref().is_some_and(is_elsewhere) {
        return None;
    }
    let context =
        local(context_of(target)).filter(|_| target.context.as_ref().is_none_or(|text| !is_open(text)));
    let named = target.dockerfile.as_ref().map_or(DOCKERFILE, Text::as_str);
    let (folder, named) = dockerfile_in(named, context.as_deref())?;
    Some(clean_path(&format!("{folder}/{named}")))
}

/// A path of this machine that a checkout can have.
fn here(written: &str) -> Option<String> {
    local(written).filter(|path| !path.starts_with('/'))
}

/// Whether a part of it is left to the build.
fn is_open(text: &Text) -> bool {
    text.value.marks().has_kept()
}
