//! `docker-bake.json`: the source's targets as they are, and beside them one target for each image and platform.
//!
//! Legs of one target inherit what they share from a hidden parent. Bake appends some lists of a child to its parent's,
//! so each attribute is wholly in the parent or wholly in the child.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::bake::target::print::{self, Form};
use crate::bake::target::{Common, Target};
use crate::bake::values::Name;
use crate::json::{Json, Member, ObjectWriter};
use crate::plan::{Leg, Plan, Role};
use crate::published::plan_json::Fingerprint;

/// It is read back.
const FORM: Form = Form::File;

/// The file's text. `origin` tells the reader what it was generated from, and how to do it again.
#[must_use]
pub fn render(plan: &Plan, origin: &str) -> String {
    Body::of(plan).with_origin(origin)
}

/// What the file holds, but for its first key.
pub(super) struct Body {
    text: String,
    definition: Fingerprint,
}

impl Body {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut text = String::new();
        write_body(plan, &mut text);
        Self { definition: Fingerprint::of(&text), text }
    }

    /// What tells this definition from others, on any day.
    pub(super) fn definition(&self) -> Fingerprint {
        self.definition.clone()
    }

    /// The file's text, whose first key says where it comes from and which definition it is.
    pub(super) fn with_origin(self, origin: &str) -> String {
        let Self { mut text, definition } = self;
        let origin = Json::from(format!("{origin}; definition {definition}")).to_pretty();
        if text.starts_with("{\n") {
            // There may be very much of it, which is not copied.
            text.insert_str(1, &format!("\n  \"//\": {origin},"));
            text.push('\n');
            text
        } else {
            format!("{{\n  \"//\": {origin}\n}}\n")
        }
    }
}

/// There may be very many targets, of which one family at a time is in memory.
fn write_body(plan: &Plan, text: &mut String) {
    let mut file = ObjectWriter::start(text);
    if let Some((key, value)) = print::variables(&plan.kept) {
        file.put(&key, &value);
    }
    let groups = groups(plan);
    if !groups.is_empty() {
        file.put("group", &Json::Object(groups));
    }
    let taken = Taken::by(plan);
    let mut legs: IndexMap<&str, Vec<(&Name, &Leg)>> = IndexMap::new();
    for (name, leg) in &plan.legs {
        legs.entry(&leg.of).or_default().push((name, leg));
    }
    // Bake reads no `target` that holds no names.
    if !plan.targets.is_empty() || !legs.is_empty() {
        let mut targets = file.object("target");
        for (name, target) in &plan.targets {
            targets.put(name, &print::target(target, FORM));
            let legs = legs.get(&**name).into_iter();
            legs.flat_map(|legs| family(&taken, name, legs))
                .for_each(|(key, value)| targets.put(&key, &value));
        }
        for (of, legs) in legs.iter().filter(|(of, _)| !plan.targets.contains_key(**of)) {
            family(&taken, of, legs).iter().for_each(|(key, value)| targets.put(key, value));
        }
        targets.end();
    }
    file.end();
}

/// The source's groups, then our own.
fn groups(plan: &Plan) -> Vec<Member<'_>> {
    let mut groups: Vec<Member<'_>> =
        plan.groups.iter().map(|group| ((&*group.name).into(), print::group(group, FORM))).collect();
    if let Some(name) = &plan.ci {
        let published = plan.legs.iter().filter(|(_, leg)| leg.role == Role::Published);
        groups.push((name.into(), group_of(published.map(|(name, _)| name))));
    }
    for job in &plan.jobs {
        if let Some(name) = &job.group {
            groups.push((name.into(), group_of(&job.legs)));
        }
    }
    groups
}

/// The body of a group of our own.
fn group_of<'a>(targets: impl IntoIterator<Item = &'a Name>) -> Json<'a> {
    Json::Object(vec![("targets".into(), targets.into_iter().map(|name| &**name).collect())])
}

/// The legs of one target, each kind after its hidden parent.
fn family<'a>(taken: &Taken<'_>, of: &str, legs: &[(&'a Name, &'a Leg)]) -> Vec<Member<'a>> {
    let (copies, split): (Vec<_>, Vec<_>) = legs.iter().partition(|(_, leg)| leg.role == Role::Both);
    let mut targets = with_parent(taken, format!("_{of}"), &split);
    targets.extend(with_parent(taken, format!("_{of}_both"), &copies));
    targets
}

fn with_parent<'a>(taken: &Taken<'_>, parent: String, legs: &[(&'a Name, &'a Leg)]) -> Vec<Member<'a>> {
    let whole = || legs.iter().map(|(name, leg)| ((&***name).into(), print::target(&leg.definition, FORM)));
    let [(_, first), rest @ ..] = legs else { return Vec::new() };
    if rest.is_empty() {
        return whole().collect();
    }
    let others: Vec<&Target> = rest.iter().map(|(_, leg)| &*leg.definition).collect();
    let common = Common::of(&first.definition, &others);
    let shared = print::common(&first.definition, &common, FORM);
    if shared.is_empty() {
        return whole().collect();
    }
    let mut name = parent;
    while taken.contains(&name) {
        name.insert(0, '_');
    }
    let child = |(leg_name, leg): &(&'a Name, &'a Leg)| {
        let mut members = vec![("inherits".into(), [name.clone()].into_iter().collect())];
        members.extend(print::own(&leg.definition, &common, FORM));
        ((&***leg_name).into(), Json::Object(members))
    };
    let children: Vec<Member<'_>> = legs.iter().map(child).collect();
    std::iter::once((name.into(), Json::Object(shared))).chain(children).collect()
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
