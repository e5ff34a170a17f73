//! `docker-bake.json`: the source's targets as they are, and beside them one target for each image and platform.
//!
//! Legs of one target inherit what they share from a hidden parent. Bake appends some lists of a child to its parent's,
//! so each attribute is wholly in the parent or wholly in the child.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::bake::target::print::{self, Form};
use crate::json::{Json, Member, ObjectWriter};
use crate::plan::{Leg, Plan, Role};
use crate::published::plan_json::Fingerprint;

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
    pub(super) fn with_origin(&self, origin: &str) -> String {
        let origin = Json::from(format!("{origin}; definition {}", self.definition)).to_pretty();
        match self.text.strip_prefix('{').filter(|rest| rest.starts_with('\n')) {
            Some(rest) => format!("{{\n  \"//\": {origin},{rest}\n"),
            None => format!("{{\n  \"//\": {origin}\n}}\n"),
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
    let taken = taken(plan);
    let mut legs: IndexMap<&str, Vec<(&String, &Leg)>> = IndexMap::new();
    for (name, leg) in &plan.legs {
        legs.entry(&leg.of).or_default().push((name, leg));
    }
    // Bake reads no `target` that holds no names.
    if !plan.targets.is_empty() || !legs.is_empty() {
        let mut targets = file.object("target");
        for (name, target) in &plan.targets {
            targets.put(name, &print::target(target, Form::File));
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
        plan.groups.iter().map(|group| ((&*group.name).into(), print::group(group, Form::File))).collect();
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
fn group_of<'a>(targets: impl IntoIterator<Item = &'a String>) -> Json<'a> {
    Json::Object(vec![("targets".into(), targets.into_iter().map(String::as_str).collect())])
}

/// The legs of one target, each kind after its hidden parent.
fn family<'a>(taken: &BTreeSet<&str>, of: &str, legs: &[(&'a String, &'a Leg)]) -> Vec<Member<'a>> {
    let (copies, split): (Vec<_>, Vec<_>) = legs.iter().partition(|(_, leg)| leg.role == Role::Both);
    let mut targets = with_parent(taken, &format!("_{of}"), &split);
    targets.extend(with_parent(taken, &format!("_{of}_both"), &copies));
    targets
}

fn with_parent<'a>(taken: &BTreeSet<&str>, parent: &str, legs: &[(&'a String, &'a Leg)]) -> Vec<Member<'a>> {
    let mut bodies: Vec<Member<'_>> = legs
        .iter()
        .map(|(name, leg)| (name.as_str().into(), print::target(&leg.definition, Form::File)))
        .collect();
    let [(_, Json::Object(first)), _, ..] = bodies.as_slice() else { return bodies };
    let in_all = |member: &&Member| {
        bodies.iter().all(|(_, body)| matches!(body, Json::Object(members) if members.contains(member)))
    };
    let shared: Vec<Member<'_>> = first.iter().filter(in_all).cloned().collect();
    if shared.is_empty() {
        return bodies;
    }
    let mut name = parent.to_owned();
    while taken.contains(name.as_str()) {
        name.insert(0, '_');
    }
    let keys: BTreeSet<&str> = shared.iter().map(|(key, _)| &**key).collect();
    for (_, body) in &mut bodies {
        if let Json::Object(members) = body {
            members.retain(|(key, _)| !keys.contains(&**key));
            members.insert(0, ("inherits".into(), [name.clone()].into_iter().collect()));
        }
    }
    bodies.insert(0, (name.into(), Json::Object(shared)));
    bodies
}

/// The names that a hidden parent must not have.
fn taken(plan: &Plan) -> BTreeSet<&str> {
    let targets = plan.targets.keys().map(|name| &**name);
    let groups = plan.groups.iter().map(|group| &*group.name);
    let jobs = plan.jobs.iter().filter_map(|job| job.group.as_deref());
    targets
        .chain(plan.legs.keys().map(String::as_str))
        .chain(groups)
        .chain(plan.ci.as_deref())
        .chain(jobs)
        .collect()
}
