//! The targets of a definition, resolved once each.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use indexmap::IndexMap;

use super::input::Input;
use crate::bake::target::inherit::Resolver;
use crate::bake::target::links::links;
use crate::bake::target::{Definition, Group, Target, Text};
use crate::bake::values::Name;
use crate::diagnostic::{Diagnostic, names_help};

/// Resolved targets by name, made once each.
pub(super) struct Targets<'a> {
    pub(super) definition: &'a Definition,
    pub(super) resolved: IndexMap<Name, Target>,
    pub(super) broken: BTreeMap<Name, Vec<Diagnostic>>,
}

impl<'a> Targets<'a> {
    /// Resolves every target; those that fail matter only when something asks for them.
    ///
    /// # Errors
    /// Each override that matches no target.
    pub(super) fn resolve(input: &Input<'a>) -> Result<Self, Vec<Diagnostic>> {
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
    pub(super) fn written(&self) -> impl Iterator<Item = &Target> {
        let linked: BTreeSet<&str> =
            self.resolved.values().flat_map(links).map(|(_, linked)| linked).collect();
        let grouped = grouped(self.definition);
        self.resolved.values().filter(move |target| {
            !target.name.starts_with('_') || linked.contains(&*target.name) || grouped.contains(&target.name)
        })
    }

    /// A target, or why there is none.
    pub(super) fn get(&self, name: &str, asked: Option<&Text>) -> Result<&Target, Vec<Diagnostic>> {
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

/// The members of all groups that are not hidden, through other groups.
pub(super) fn grouped(definition: &Definition) -> BTreeSet<Name> {
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
