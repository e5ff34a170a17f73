//! From an evaluated Bake file to the plan: images, legs, links, jobs, and every contradiction between them.

mod annotations;
mod cache;
mod images;
mod jobs;
mod labels;
mod legs;
mod links;
mod names;
mod publish;
mod rules;
mod versions;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use indexmap::IndexMap;

use crate::bake::module::Module;
use crate::bake::target::inherit::Resolver;
use crate::bake::target::links::links as links_of;
use crate::bake::target::overrides::Overrides;
use crate::bake::target::select;
use crate::bake::target::{Definition, Group, Target, Text};
use crate::bake::values::Name;
use crate::bake::values::kept::KeptVariable;
use crate::diagnostic::{Diagnostic, Severity, names_help, sorted};
use crate::facts::{Known, KnownVersions};
use crate::plan::{Plan, SourceFile};
use crate::platform::Platform;
use crate::spec::Spec;

/// What a plan is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A run, which builds and publishes.
    Run,
    /// A Bake file that is committed: nothing in it depends on facts of the run. Tags are not in it.
    BakeFile,
    /// A table of tags that is committed: those that depend on the run are not in it.
    TagTable,
}

impl Purpose {
    /// Whether it goes into a committed file, which must be the same in each run.
    #[must_use]
    pub fn is_committed(self) -> bool {
        self != Self::Run
    }
}

/// What a plan is made of.
pub struct Input<'a> {
    /// The evaluated files.
    pub module: &'a Module,
    /// Their targets and groups.
    pub definition: &'a Definition,
    /// `--set` and its shorthands.
    pub overrides: &'a Overrides,
    /// Images, targets or groups to plan; empty for all.
    pub names: &'a [String],
    /// Platforms to plan; empty for all.
    pub platforms: &'a [Platform],
    /// Whether the legs push.
    pub publish: bool,
    /// What it is for.
    pub purpose: Purpose,
    /// What is known about the run.
    pub facts: Known<'a>,
    /// Versions that were released before.
    pub known_versions: &'a KnownVersions,
    /// The variables that are left to the build.
    pub kept: &'a [KeptVariable],
    /// The files, for the record.
    pub sources: Vec<SourceFile>,
}

/// Resolved targets by name, made once each.
struct Targets<'a> {
    definition: &'a Definition,
    resolved: IndexMap<Name, Target>,
    broken: BTreeMap<Name, Vec<Diagnostic>>,
}

impl<'a> Targets<'a> {
    /// Resolves every target; those that fail matter only when something asks for them.
    ///
    /// # Errors
    /// Each override that matches no target.
    fn resolve(input: &Input<'a>) -> Result<Self, Vec<Diagnostic>> {
        let mut resolver = Resolver::new(input.definition, input.overrides)?;
        let mut targets =
            Self { definition: input.definition, resolved: IndexMap::new(), broken: BTreeMap::new() };
        for name in input.definition.targets.keys() {
            match resolver.target(name) {
                Ok(target) => {
                    targets.resolved.insert(Rc::clone(name), target);
                }
                Err(found) => {
                    targets.broken.insert(Rc::clone(name), found);
                }
            }
        }
        Ok(targets)
    }

    /// The targets that are written as they stand: those that are not only there to be inherited.
    fn written(&self) -> impl Iterator<Item = &Target> {
        let linked: BTreeSet<&str> =
            self.resolved.values().flat_map(links_of).map(|(_, linked)| linked).collect();
        let grouped = grouped(self.definition);
        self.resolved.values().filter(move |target| {
            !target.name.starts_with('_') || linked.contains(&*target.name) || grouped.contains(&target.name)
        })
    }

    /// A target, or why there is none.
    fn get(&self, name: &str, asked: Option<&Text>) -> Result<&Target, Vec<Diagnostic>> {
        if let Some(target) = self.resolved.get(name) {
            return Ok(target);
        }
        Err(self.broken.get(name).cloned().unwrap_or_else(|| {
            let diagnostic = Diagnostic::error("unknown-target", format!("there is no target `{name}`"));
            let diagnostic = diagnostic.at(asked.and_then(|text| text.span), "asked for here");
            if self.definition.groups.contains_key(name) {
                let note =
                    format!("`{name}` is a group, or the label of a matrix, and a target is needed here");
                return vec![diagnostic.with_note(note)];
            }
            vec![diagnostic.with_help(names_help(
                name,
                "target",
                self.definition.targets.keys().map(|known| &**known),
            ))]
        }))
    }
}

/// Makes the plan.
///
/// # Errors
/// Every contradiction, sorted by place.
pub fn resolve(input: &Input<'_>) -> Result<Plan, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let spec = Spec::read(input.module, &mut diagnostics);
    let targets = Targets::resolve(input)?;
    let mut warnings = Vec::new();

    let drafts = images::drafts(input, &spec, &targets, &mut diagnostics, &mut warnings);
    let publications = publish::publications(input, &drafts, &targets, &mut diagnostics, &mut warnings);
    let wanted = images::wanted(input, &drafts, &mut diagnostics);
    let mut legs =
        legs::legs(input, &drafts, &publications, &wanted, &targets, &mut diagnostics, &mut warnings);
    diagnostics.extend(written::secrets(&targets, input));
    warnings.extend(labels::left_out(&drafts, input));
    unbuilt(input, &legs, &mut warnings);
    links::rewrite(&mut legs, &targets, input, &mut diagnostics, &mut warnings);
    if !diagnostics.is_empty() {
        return Err(sorted(diagnostics));
    }
    let mut plan = Plan {
        publish: input.publish,
        kept: input.kept.to_vec(),
        sources: input.sources.clone(),
        ..Plan::default()
    };
    plan.images = publish::images(&drafts, &publications, &wanted, &legs);
    plan.jobs = jobs::jobs(&legs, &targets, &plan.images, &mut diagnostics);
    plan.local = local(input, &drafts, &targets);
    plan.legs = legs.into_legs();
    whole(&mut plan, &targets, &mut warnings);
    jobs::name_groups(&mut plan, input.definition);
    plan.volatile = written::volatile(&targets, &drafts, input);
    plan.volatile_tags = written::volatile_tags(&targets, &drafts, input);
    plan.warnings = sorted(warnings);
    if diagnostics.is_empty() { Ok(plan) } else { Err(sorted(diagnostics)) }
}

/// A warning for each platform that was asked for and no image has: it may be a typo.
fn unbuilt(input: &Input<'_>, legs: &legs::Legs, warnings: &mut Vec<Diagnostic>) {
    for platform in input.platforms {
        if !legs.iter().any(|leg| leg.platform.as_ref() == Some(platform)) {
            let message = format!("no image is built for `{platform}`");
            warnings.push(Diagnostic::warning("unbuilt-platform", message));
        }
    }
}

/// What Bake would build and no image covers.
fn local(input: &Input<'_>, drafts: &[images::Draft], targets: &Targets<'_>) -> Vec<Name> {
    let covered: BTreeSet<&Name> =
        drafts.iter().flat_map(|draft| &draft.targets).map(|(name, _)| name).collect();
    let asked = match input.names {
        [] => images::default_targets(input.definition),
        // A name may be an image's, which is no target.
        names => select::targets_of(input.definition, names).unwrap_or_default(),
    };
    let is_local = |name: &Name| !covered.contains(name) && targets.resolved.contains_key(name);
    asked.into_iter().filter(is_local).collect()
}

/// The source's targets and groups as they stand, without those that cannot be built as they are.
fn whole(plan: &mut Plan, targets: &Targets<'_>, warnings: &mut Vec<Diagnostic>) {
    for target in targets.written() {
        plan.targets.insert(Rc::clone(&target.name), target.clone());
    }
    // A target whose links lead nowhere cannot be built, and buildx refuses a whole group for it.
    loop {
        let dangling: Vec<Name> = plan
            .targets
            .values()
            .filter(|target| links_of(target).any(|(_, linked)| !plan.targets.contains_key(linked)))
            .map(|target| Rc::clone(&target.name))
            .collect();
        for name in &dangling {
            plan.targets.shift_remove(name);
            let message = format!("target `{name}` links to a target that is not there; it is left out");
            let span = targets.resolved.get(name).and_then(|target| target.span);
            warnings.push(Diagnostic::warning("dangling-link", message).at(span, ""));
        }
        if dangling.is_empty() {
            break;
        }
    }
    let grouped = grouped(targets.definition);
    let counts = |name: &Name| !name.starts_with('_') || grouped.contains(name);
    for (name, found) in targets.broken.iter().filter(|(name, _)| counts(name)) {
        for diagnostic in found {
            let warning = Diagnostic { severity: Severity::Warning, ..diagnostic.clone() };
            warnings.push(warning.with_note(format!("target `{name}` is left out")));
        }
    }
    plan.groups = groups(targets.definition, &plan.targets, warnings);
}

/// The members of all groups that are not hidden, through other groups.
fn grouped(definition: &Definition) -> BTreeSet<Name> {
    let mut members = BTreeSet::new();
    let mut open: Vec<&Name> = definition.groups.keys().filter(|name| !name.starts_with('_')).collect();
    while let Some(name) = open.pop() {
        for member in definition.groups.get(name).into_iter().flat_map(Group::members) {
            if members.insert(Name::from(member.as_str())) {
                open.extend(definition.groups.get_key_value(member.as_str()).map(|(group, _)| group));
            }
        }
    }
    members
}

/// The source's groups with the members that exist; a group that loses all of its own is dropped.
fn groups(
    definition: &Definition,
    targets: &IndexMap<Name, Target>,
    warnings: &mut Vec<Diagnostic>,
) -> Vec<Group> {
    let mut groups: Vec<Group> = definition.groups.values().cloned().collect();
    loop {
        let names: BTreeSet<Name> = groups.iter().map(|group| Rc::clone(&group.name)).collect();
        let before: usize = groups.iter().map(|group| group.members().len() + 1).sum();
        for group in &mut groups {
            let Some(members) = &mut group.targets else { continue };
            members.retain(|member| {
                let known = targets.contains_key(member.as_str()) || names.contains(member.as_str());
                if !known && !definition.targets.contains_key(member.as_str()) {
                    let message = format!("group `{}` names `{member}`, which does not exist", group.name);
                    let warning = Diagnostic::warning("dangling-member", message).at(member.span, "left out");
                    if !warnings.contains(&warning) {
                        warnings.push(warning);
                    }
                }
                known
            });
        }
        let was_empty = |group: &Group| definition.groups[&group.name].members().is_empty();
        groups.retain(|group| !group.members().is_empty() || was_empty(group));
        if groups.iter().map(|group| group.members().len() + 1).sum::<usize>() == before {
            return groups;
        }
    }
}
