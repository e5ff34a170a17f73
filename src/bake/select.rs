//! From a definition and the arguments of an invocation to what is built: `docker buildx bake [TARGET…]`.
//!
//! Follows `ReadTargets` of buildx's bake/bake.go and `runBake` of its commands/bake.go.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use indexmap::{IndexMap, IndexSet};

use super::check;
use super::glob::Glob;
use super::inherit::Resolver;
use super::links;
use super::overrides::Overrides;
use super::syntax::Name;
use super::target::{Definition, Group, Resolved, Target, Text};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// After so many errors, further targets are not looked at.
const MAX_ERRORS: usize = 20;

const DEFAULT: &str = "default";

/// What else changes the resolved targets.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `SOURCE_DATE_EPOCH` of the environment, which becomes a build argument of targets that have none such.
    pub source_date_epoch: Option<String>,
}

/// Resolves what the arguments name, which are targets, groups and patterns; none means `default`.
///
/// # Errors
/// All that is wrong with the arguments or the overrides, or else with the targets.
pub fn resolve(
    definition: &Definition,
    names: &[String],
    overrides: &Overrides,
    options: &Options,
) -> Result<Resolved, Vec<Diagnostic>> {
    let arguments = match_arguments(definition, names);
    let resolver = Resolver::new(definition, overrides);
    let (arguments, mut resolver) = match (arguments, resolver) {
        (Ok(arguments), Ok(resolver)) => (arguments, resolver),
        (arguments, resolver) => {
            return Err([arguments.err(), resolver.err()].into_iter().flatten().flatten().collect());
        }
    };

    let mut diagnostics: Vec<Diagnostic> = vec![];
    let mut resolved = Resolved::default();
    let mut failed = BTreeSet::new();
    for argument in &arguments {
        let members = expand(definition, argument);
        for (name, asked) in members.targets {
            if resolved.targets.contains_key(&name) || failed.contains(&name) {
                continue;
            }
            match resolver.unchecked(&name, asked) {
                Ok(target) => drop(resolved.targets.insert(name, target)),
                Err(diagnostic) => {
                    failed.insert(name);
                    add(&mut diagnostics, *diagnostic);
                }
            }
            if diagnostics.len() >= MAX_ERRORS {
                return Err(diagnostics);
            }
        }
        for name in members.groups {
            if let Some(group) = definition.groups.get(&name) {
                resolved.groups.entry(name).or_insert_with(|| group.clone());
            }
        }
    }
    if diagnostics.is_empty() {
        links::follow(&mut resolver, &mut resolved.targets).map_err(|diagnostic| vec![*diagnostic])?;
    }
    for target in resolved.targets.values_mut() {
        if let Some(epoch) = options.source_date_epoch.as_deref().filter(|epoch| !epoch.is_empty()) {
            target.args.entry("SOURCE_DATE_EPOCH".into()).or_insert_with(|| Text::verbatim(epoch));
        }
        let mut problems = vec![];
        check::finish(target, &mut problems);
        problems.into_iter().for_each(|problem| add(&mut diagnostics, problem));
        if diagnostics.len() >= MAX_ERRORS {
            break;
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    add_default_group(&mut resolved.groups, &arguments);
    Ok(resolved)
}

/// One target with all its attributes, as [`resolve`] gives it for a target that is asked for, but without what links
/// bring along. For several targets, keep a [`Resolver`].
///
/// # Errors
/// The first problem.
pub fn resolve_target(
    definition: &Definition,
    name: &str,
    overrides: &Overrides,
) -> Result<Target, Diagnostic> {
    let resolver = Resolver::new(definition, overrides);
    resolver.and_then(|mut resolver| resolver.target(name)).map_err(|mut problems| problems.swap_remove(0))
}

/// The targets that arguments mean, groups expanded, in order, each once. A target need not exist.
///
/// # Errors
/// Each pattern that matches nothing.
pub fn targets_of(definition: &Definition, names: &[String]) -> Result<Vec<Name>, Vec<Diagnostic>> {
    let arguments = match_arguments(definition, names)?;
    let targets = arguments.iter().flat_map(|argument| expand(definition, argument).targets);
    Ok(targets.map(|(name, _)| name).collect::<IndexSet<Name>>().into_iter().collect())
}

/// A parent's problem is reported once, not for each child.
fn add(diagnostics: &mut Vec<Diagnostic>, diagnostic: Diagnostic) {
    if !diagnostics.contains(&diagnostic) {
        diagnostics.push(diagnostic);
    }
}

/// The targets and groups that arguments mean, in order, each once. A dot stands for the underscore that buildx makes
/// of it in the name of a compose service.
fn match_arguments(definition: &Definition, names: &[String]) -> Result<IndexSet<Name>, Vec<Diagnostic>> {
    let mut found: IndexSet<Name> = IndexSet::new();
    let mut diagnostics = vec![];
    for argument in names {
        let pattern = argument.replace('.', "_");
        if !pattern.contains(['*', '?', '[', ']']) {
            found.insert(pattern.into());
            continue;
        }
        let mut any = false;
        if let Ok(glob) = Glob::parse(&pattern) {
            for name in definition.groups.keys().chain(definition.targets.keys()) {
                if glob.matches(name) {
                    any = true;
                    found.insert(Rc::clone(name));
                }
            }
        }
        if !any {
            let message = format!("could not find any target matching `{pattern}`");
            diagnostics.push(Diagnostic::error("unknown-target", message));
        }
    }
    if names.is_empty() {
        found.insert(DEFAULT.into());
    }
    if diagnostics.is_empty() { Ok(found) } else { Err(diagnostics) }
}

/// What an argument leads to.
#[derive(Default)]
struct Members {
    /// Targets in order of first mention, with the place of that mention.
    targets: IndexMap<Name, Option<Span>>,
    groups: Vec<Name>,
}

/// Follows groups of groups. A group's name inside itself, or inside a group that it is in, means a target; so does the
/// name of an empty group inside another.
fn expand(definition: &Definition, name: &Name) -> Members {
    let mut members = Members::default();
    let Some(group) = definition.groups.get(name) else {
        members.targets.insert(Rc::clone(name), None);
        return members;
    };
    // `false` while its members are being followed.
    let mut done: BTreeMap<&str, bool> = BTreeMap::from([(name.as_ref(), false)]);
    members.groups.push(Rc::clone(name));
    let mut frames: Vec<(&Group, usize)> = vec![(group, 0)];
    while let Some((group, next)) = frames.last_mut() {
        let Some(member) = group.members().get(*next) else {
            done.insert(&group.name, true);
            frames.pop();
            continue;
        };
        *next += 1;
        let inner = definition.groups.get(member.as_str());
        let followed =
            inner.filter(|inner| !inner.members().is_empty()).and_then(|_| done.get(member.as_str()));
        match (inner, followed) {
            (Some(_), Some(true)) => {}
            (Some(inner), None) if !inner.members().is_empty() => {
                done.insert(&inner.name, false);
                members.groups.push(Rc::clone(&inner.name));
                frames.push((inner, 0));
            }
            (inner, _) => {
                members.groups.extend(inner.map(|inner| Rc::clone(&inner.name)));
                members.targets.entry(Rc::clone(member.name())).or_insert(member.span);
            }
        }
    }
    members
}

/// The group `default` of the output: the user's if it was reached, plus the arguments, sorted.
fn add_default_group(groups: &mut BTreeMap<Name, Group>, arguments: &IndexSet<Name>) {
    let default: Name = DEFAULT.into();
    for argument in arguments {
        if *argument == default && groups.contains_key(&default) {
            continue;
        }
        let group = groups
            .entry(Rc::clone(&default))
            .or_insert_with(|| Group { name: Rc::clone(&default), ..Group::default() });
        group.targets.get_or_insert_default().push(Text { value: argument.into(), span: None });
    }
    for group in groups.values_mut() {
        if let Some(targets) = &mut group.targets {
            let mut seen = BTreeSet::new();
            targets.retain(|text| seen.insert(Rc::clone(text.name())));
            if group.name == default {
                targets.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            }
        }
    }
}
