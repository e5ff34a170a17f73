//! Legs with the runners that build them, and which image is made of which.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::bake::target::links::links;
use crate::bake::values::Name;
use crate::on_missing::OnMissing;
use crate::plan::{Build, Leg, Role};
use crate::resolve::images::annotations;
use crate::resolve::images::labels;
use crate::runner::Assignment;
use crate::spec::{Grouping, Weight};

/// What a leg needs to know besides its definition while the plan is assigned.
#[derive(Clone, Debug)]
pub(in crate::resolve) struct AssignedLeg {
    pub(in crate::resolve) leg: Leg,
    /// The place of its target among the resolved ones.
    pub(in crate::resolve) source: usize,
    /// The runner that builds it; for a linked leg that of the leg that links to it first.
    pub(in crate::resolve) assignment: Assignment,
    pub(in crate::resolve) grouping: Grouping,
    /// How much it counts for when jobs are packed.
    pub(in crate::resolve) weight: Weight,
    /// The annotations of its descriptor in the index.
    pub(in crate::resolve) descriptor: BTreeMap<String, String>,
}

/// All legs, by name.
pub(in crate::resolve) struct Legs {
    pub(in crate::resolve) all: IndexMap<Name, AssignedLeg>,
    /// Those of each image that is wanted, in the order of the images.
    pub(in crate::resolve) builds: Vec<Vec<BuiltLeg>>,
    pub(in crate::resolve) lifted: BTreeMap<Name, BTreeMap<String, String>>,
}

/// A leg of an image.
pub(in crate::resolve) struct BuiltLeg {
    pub(in crate::resolve) name: Name,
    /// Its place among all legs.
    pub(in crate::resolve) at: usize,
    /// What becomes of the image without it.
    pub(in crate::resolve) on_missing: OnMissing,
}

impl Legs {
    pub(in crate::resolve) fn iter(&self) -> impl Iterator<Item = &Leg> {
        self.all.values().map(|assigned| &assigned.leg)
    }

    /// The builds of an image that has these legs.
    pub(in crate::resolve) fn builds(&self, legs: &[BuiltLeg]) -> Vec<Build> {
        let build = |BuiltLeg { name, at, on_missing }: &BuiltLeg| {
            let (_, assigned) = self.all.get_index(*at)?;
            Some(Build {
                leg: Arc::clone(name),
                at: *at,
                on_missing: *on_missing,
                labels: labels::known(&assigned.leg.definition),
                annotations: annotations::of_manifest(&assigned.leg.definition),
                descriptor_annotations: assigned.descriptor.clone(),
                inputs: None,
            })
        };
        let mut builds = Vec::with_capacity(legs.len());
        builds.extend(legs.iter().filter_map(build));
        builds
    }

    pub(in crate::resolve) fn lifted(&self, target: &str) -> BTreeMap<String, String> {
        self.lifted.get(target).cloned().unwrap_or_default()
    }

    pub(in crate::resolve) fn get(&self, name: &str) -> Option<&AssignedLeg> {
        self.all.get(name)
    }

    pub(in crate::resolve) fn get_mut(&mut self, name: &str) -> Option<&mut AssignedLeg> {
        self.all.get_mut(name)
    }

    pub(in crate::resolve) fn insert(&mut self, name: Name, assigned: AssignedLeg) {
        self.all.insert(name, assigned);
    }

    /// The legs that link to a target.
    pub(in crate::resolve) fn linking(&self) -> Vec<Name> {
        let linking = self.all.iter().filter(|(_, one)| links(&one.leg.definition).next().is_some());
        linking.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// Brings the legs into the order of their targets in the file: published ones, then those only linked.
    pub(in crate::resolve) fn sort(&mut self) {
        let order = |assigned: &AssignedLeg| (assigned.source, assigned.leg.role != Role::Published);
        // Most often they are in it already.
        if self.all.values().is_sorted_by_key(order) {
            return;
        }
        self.all.sort_by(|_, one, _, other| order(one).cmp(&order(other)));
        for leg in self.builds.iter_mut().flatten() {
            if let Some(at) = self.all.get_index_of(&leg.name) {
                leg.at = at;
            }
        }
    }

    /// The legs of the plan, with the place of the job of each.
    pub(in crate::resolve) fn into_legs(self, jobs: Vec<Option<usize>>) -> IndexMap<Name, Leg> {
        let mut legs = IndexMap::with_capacity(self.all.len());
        let with_jobs = self.all.into_iter().zip(jobs);
        legs.extend(with_jobs.map(|((name, assigned), job)| (name, Leg { job, ..assigned.leg })));
        legs
    }
}
