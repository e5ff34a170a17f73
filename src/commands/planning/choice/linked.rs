//! Finds the images of a plan that are built from others of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bake::target::links::links;
use crate::bake::values::Name;
use crate::plan::Plan;

/// Adds the images whose builds link to those of an image that is built.
pub(super) fn close(plan: &Plan, built: &mut BTreeMap<String, String>) {
    loop {
        let of_target: BTreeMap<&Name, &str> = plan
            .images
            .iter()
            .filter(|(key, _)| built.contains_key(*key))
            .flat_map(|(key, image)| image.builds.iter().map(move |build| (key, build)))
            .filter_map(|(key, build)| Some((&plan.leg(build)?.of, key.as_str())))
            .collect();
        let mut more: BTreeMap<String, String> = BTreeMap::new();
        for (key, image) in plan.images.iter().filter(|(key, _)| !built.contains_key(*key)) {
            let base = image.builds.iter().find_map(|build| linked(plan, &build.leg, &of_target));
            if let Some(base) = base {
                more.insert(key.clone(), format!("linked to `{base}`, which is built"));
            }
        }
        if more.is_empty() {
            return;
        }
        built.extend(more);
    }
}

/// The image that is built and that a leg links to, through whatever else.
fn linked<'p>(plan: &'p Plan, leg: &Name, built: &BTreeMap<&Name, &'p str>) -> Option<&'p str> {
    let mut found = None;
    walk(plan, leg, |of| {
        found = built.get(of).copied();
        found.is_some()
    });
    found
}

/// Follows the links of a leg, through the targets that it links to, until `is_enough` says of one that it is.
fn walk(plan: &Plan, leg: &Name, mut is_enough: impl FnMut(&Name) -> bool) {
    let mut seen: BTreeSet<Name> = BTreeSet::new();
    let mut open: Vec<Name> = vec![Arc::clone(leg)];
    while let Some(name) = open.pop() {
        let leg = plan.legs.get(&name).map(|leg| &*leg.definition);
        let Some(definition) = leg.or_else(|| plan.targets.get(&name).map(|target| &**target)) else {
            return;
        };
        for (_, next) in links(definition) {
            let of = plan.legs.get(next).map_or_else(|| next.into(), |leg| Arc::clone(&leg.of));
            if is_enough(&of) {
                return;
            }
            if seen.insert(next.into()) {
                open.push(next.into());
            }
        }
    }
}

/// The images that those of a plan link to, through whatever else, by key.
pub(super) fn above(plan: &Plan) -> BTreeMap<&str, BTreeSet<&str>> {
    let keys = plan.images.iter().flat_map(|(key, image)| image.builds.iter().map(move |build| (key, build)));
    let of_target: BTreeMap<&Name, &str> =
        keys.filter_map(|(key, build)| Some((&plan.leg(build)?.of, key.as_str()))).collect();
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (key, image) in &plan.images {
        let above = all.entry(key).or_default();
        for build in &image.builds {
            walk(plan, &build.leg, |of| {
                above.extend(of_target.get(of));
                false
            });
        }
        above.remove(key.as_str());
    }
    all
}
