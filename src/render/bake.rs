//! `docker-bake.json`: the source's targets as they are, and beside them one target for each image and platform.
//!
//! Legs of one target inherit what they share from a hidden parent. Bake appends some lists of a child to its parent's,
//! so each attribute is wholly in the parent or wholly in the child.

use std::collections::BTreeSet;

use crate::bake::target::print::{self, Form};
use crate::bake::target::{Common, Target};
use crate::bake::values::Name;
use crate::json::{Json, ObjectWriter};
use crate::plan::{Leg, Plan, Role};
use crate::published::fingerprint::Fingerprint;

/// It is read back.
const FORM: Form = Form::File;

/// How much room a leg has in the file, with its share of the target that it is of: most need a little less. Room that is not
/// used costs nothing, and a text that outgrows its room is copied.
const ROOM: usize = 512;

/// The file's text. `origin` tells the reader what it was generated from, and how to do it again.
#[must_use]
pub fn render(plan: &Plan, origin: &str) -> String {
    identified(plan, origin).0
}

/// The same, and which definition it is. Its first key says both.
pub(crate) fn identified(plan: &Plan, origin: &str) -> (String, Fingerprint) {
    let mut text = body(plan);
    let definition = Fingerprint::of(&text);
    let origin = Json::from(format!("{origin}; definition {definition}")).to_pretty();
    if text.starts_with("{\n") {
        // There may be very much of it, which is not copied.
        text.insert_str(1, &format!("\n  \"//\": {origin},"));
        text.push('\n');
    } else {
        text = format!("{{\n  \"//\": {origin}\n}}\n");
    }
    (text, definition)
}

/// What tells the definition of a plan from others, on any day.
pub(super) fn definition(plan: &Plan) -> Fingerprint {
    Fingerprint::of(&body(plan))
}

/// What the file holds, but for its first key. There may be very many targets: the text is made without a tree of it.
fn body(plan: &Plan) -> String {
    let mut text = String::with_capacity(ROOM * plan.legs.len());
    let mut file = ObjectWriter::start(&mut text);
    if let Some((key, value)) = print::variables(&plan.kept) {
        file.put(&key, &value);
    }
    let has_jobs = plan.ci.is_some() || plan.jobs.iter().any(|job| job.group.is_some());
    if !plan.groups.is_empty() || has_jobs {
        file.object_of("group", |file| groups(plan, file));
    }
    let taken = Taken::by(plan);
    let legs: Vec<(&Name, &Leg)> = plan.legs.iter().collect();
    let mut families = legs.chunk_by(|(_, one), (_, next)| one.of == next.of).peekable();
    let mut others = Vec::new();
    // Both are in the order of the source's targets, but some legs are of targets that are left out.
    let mut legs_of = |target: &Name| {
        let is_of_none = |of: &Name| of != target && !plan.targets.contains_key(of);
        while let Some(legs) = families.next_if(|legs| is_of_none(&legs[0].1.of)) {
            others.push(legs);
        }
        families.next_if(|legs| legs[0].1.of == *target)
    };
    let whole: Vec<_> = plan.targets.iter().map(|(name, target)| (name, target, legs_of(name))).collect();
    others.extend(families);
    // Bake reads no `target` that holds no names.
    if !plan.targets.is_empty() || !legs.is_empty() {
        let mut targets = file.object("target");
        targets.members_of(&whole, |whole, targets| {
            for (name, target, legs) in whole {
                targets.object_of(name, |body| print::target(target, FORM, body));
                legs.iter().for_each(|legs| family(&taken, legs, targets));
            }
        });
        others.into_iter().for_each(|legs| family(&taken, legs, &mut targets));
        targets.end();
    }
    file.end();
    text
}

/// The source's groups, then our own.
fn groups(plan: &Plan, file: &mut ObjectWriter<'_>) {
    for group in &plan.groups {
        file.object_of(&group.name, |body| print::group(group, FORM, body));
    }
    if let Some(name) = &plan.ci {
        let built = plan.legs.iter().filter(|(_, leg)| leg.job.is_some());
        group_of(name, built.map(|(name, _)| name), file);
    }
    for job in &plan.jobs {
        if let Some(name) = &job.group {
            group_of(name, &job.legs, file);
        }
    }
}

/// A group of our own.
fn group_of<'a>(name: &str, targets: impl IntoIterator<Item = &'a Name>, file: &mut ObjectWriter<'_>) {
    file.object_of(name, |body| {
        let mut list = body.array("targets");
        targets.into_iter().for_each(|target| list.string(target));
        list.end();
    });
}

/// The legs of one target, each kind after its hidden parent.
fn family(taken: &Taken<'_>, legs: &[(&Name, &Leg)], targets: &mut ObjectWriter<'_>) {
    let Some((_, first)) = legs.first() else { return };
    let of = &first.of;
    let (copies, split): (Vec<_>, Vec<_>) = legs.iter().partition(|(_, leg)| leg.role == Role::Both);
    with_parent(taken, &["_", of], &split, targets);
    with_parent(taken, &["_", of, "_both"], &copies, targets);
}

fn with_parent(taken: &Taken<'_>, parent: &[&str], legs: &[(&Name, &Leg)], targets: &mut ObjectWriter<'_>) {
    let Some(((_, first), rest)) = legs.split_first() else { return };
    let others: Vec<&Target> = rest.iter().map(|(_, leg)| &*leg.definition).collect();
    let common = Common::of(&first.definition, &others);
    let mut parent = parent.concat();
    while taken.contains(&parent) {
        parent.insert(0, '_');
    }
    let has_parent = !rest.is_empty()
        && targets.filled_object(&parent, |body| print::common(&first.definition, &common, FORM, body));
    for (name, leg) in legs {
        targets.object_of(name, |body| {
            if has_parent {
                let mut inherits = body.array("inherits");
                inherits.string(&parent);
                inherits.end();
                print::own(&leg.definition, &common, FORM, body);
            } else {
                print::target(&leg.definition, FORM, body);
            }
        });
    }
}

/// The names that a hidden parent must not have.
struct Taken<'a> {
    plan: &'a Plan,
    groups: BTreeSet<&'a str>,
}

impl<'a> Taken<'a> {
    fn by(plan: &'a Plan) -> Self {
        let groups = plan.groups.iter().map(|group| &*group.name);
        let jobs = plan.jobs.iter().filter_map(|job| job.group.as_deref());
        Self { plan, groups: groups.chain(plan.ci.as_deref()).chain(jobs).collect() }
    }

    fn contains(&self, name: &str) -> bool {
        let Self { plan, groups } = self;
        plan.targets.contains_key(name) || plan.legs.contains_key(name) || groups.contains(name)
    }
}
