//! Legs with the runners that build them, and which image is made of which.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::targets::Targets;
use super::{annotations, labels};
use crate::bake::target::links::links;
use crate::bake::values::Name;
use crate::on_missing::OnMissing;
use crate::plan::{Build, Leg, Role};
use crate::runner::Assignment;
use crate::spec::{Grouping, Weight};

/// What a leg needs to know besides its definition while the plan is assigned.
#[derive(Clone, Debug)]
pub(super) struct AssignedLeg {
    pub(super) leg: Leg,
    /// The runner that builds it; for a linked leg that of the leg that links to it first.
    pub(super) assignment: Assignment,
    pub(super) grouping: Grouping,
    /// How much it counts for when jobs are packed.
    pub(super) weight: Weight,
    /// The annotations of its descriptor in the index.
    pub(super) descriptor: BTreeMap<String, String>,
}

/// All legs, by name.
pub(super) struct Legs {
    pub(super) all: IndexMap<Name, AssignedLeg>,
    /// The legs of each image, and what becomes of it without one.
    pub(super) builds: IndexMap<String, Vec<(Name, OnMissing)>>,
    pub(super) lifted: BTreeMap<Name, BTreeMap<String, String>>,
}

impl Legs {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Leg> {
        self.all.values().map(|assigned| &assigned.leg)
    }

    pub(super) fn builds_of(&self, image: &str) -> Vec<Build> {
        let builds = self.builds.get(image).into_iter().flatten();
        let legs = builds.filter_map(|(leg, on_missing)| Some((leg, on_missing, self.get(leg)?)));
        legs.map(|(leg, on_missing, assigned)| Build {
            leg: Arc::clone(leg),
            on_missing: *on_missing,
            labels: labels::known(&assigned.leg.definition),
            annotations: annotations::of_manifest(&assigned.leg.definition),
            descriptor_annotations: assigned.descriptor.clone(),
            inputs: None,
        })
        .collect()
    }

    pub(super) fn lifted(&self, target: &str) -> BTreeMap<String, String> {
        self.lifted.get(target).cloned().unwrap_or_default()
    }

    pub(super) fn get(&self, name: &str) -> Option<&AssignedLeg> {
        self.all.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut AssignedLeg> {
        self.all.get_mut(name)
    }

    pub(super) fn insert(&mut self, name: Name, assigned: AssignedLeg) {
        self.all.insert(name, assigned);
    }

    /// The legs that link to a target.
    pub(super) fn linking(&self) -> Vec<Name> {
        let linking = self.all.iter().filter(|(_, one)| links(&one.leg.definition).next().is_some());
        linking.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// Brings the legs into the order of their targets in the file: published ones, then those only linked.
    pub(super) fn sort(&mut self, targets: &Targets<'_>) {
        // Legs of one target are next to each other already, nearly all of them.
        let mut last: Option<(Name, Option<usize>)> = None;
        let mut place = |of: &Name| match &last {
            Some((known, place)) if known == of => *place,
            _ => last.insert((Arc::clone(of), targets.resolved.get_index_of(of))).1,
        };
        self.all.sort_by_cached_key(|_, assigned| {
            (place(&assigned.leg.of), assigned.leg.role != Role::Published)
        });
    }

    pub(super) fn into_legs(self) -> IndexMap<Name, Leg> {
        self.all.into_iter().map(|(name, assigned)| (name, assigned.leg)).collect()
    }
}
