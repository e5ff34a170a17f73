//! CI jobs: which legs are built together, and what their builds need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};
use std::rc::Rc;

use indexmap::{IndexMap, IndexSet};

use super::assigned::{AssignedLeg, Legs};
use super::leg::leg_name;
use super::packing;
use super::targets::Targets;
use crate::bake::target::context::link_of;
use crate::bake::target::links::links;
use crate::bake::target::{Definition, Entry, Target, Text};
use crate::bake::values::Name;
use crate::ci::MaxJobs;
use crate::diagnostic::Diagnostic;
use crate::plan::{Image, Job, Plan, Role};
use crate::platform::Platform;
use crate::runner::Runner;
use crate::spec::Grouping;

/// The jobs of all published legs, in the order of the images.
pub(super) fn jobs(legs: &Legs, targets: &Targets<'_>, images: &IndexMap<String, Image>) -> Vec<Job> {
    let of_leg = Published::of(images);
    let groups = group(&of_leg, legs);
    of_leg.jobs(groups, legs, targets)
}

/// The same builds in no more than `most` jobs, each for one platform and runner. What was in one job stays in one.
pub(super) fn pack(
    jobs: &[Job],
    most: MaxJobs,
    legs: &Legs,
    targets: &Targets<'_>,
    images: &IndexMap<String, Image>,
) -> Result<Vec<Job>, Diagnostic> {
    let weights: Vec<u64> = jobs
        .iter()
        .map(|job| {
            job.legs.iter().filter_map(|leg| legs.get(leg)).map(|leg| u64::from(leg.weight.get())).sum()
        })
        .collect();
    let kinds = |is_apart: bool| -> Vec<usize> {
        let kind = |job| kind_of(job, is_apart);
        let all: BTreeSet<_> = jobs.iter().map(kind).collect();
        let number: BTreeMap<_, usize> = all.into_iter().zip(0..).collect();
        jobs.iter().map(|job| number[&kind(job)]).collect()
    };
    let limit = most.get() as usize;
    let rows = packing::pack(&kinds(true), &weights, limit)
        .or_else(|_| packing::pack(&kinds(false), &weights, limit))
        .map_err(|least| too_many(jobs, least, most))?;
    let of_leg = Published::of(images);
    let groups = rows.iter().map(|row| {
        let mut members: Vec<usize> = row
            .iter()
            .flat_map(|job| &jobs[*job].legs)
            .filter_map(|leg| of_leg.0.get_index_of(leg))
            .collect();
        members.sort_unstable();
        members.into_iter().filter_map(|at| of_leg.0.get_index(at)).map(|(name, _)| name).collect()
    });
    Ok(of_leg.jobs(groups.collect(), legs, targets))
}

/// What all builds of a row have in common: platform and runner, and, if `is_apart`, what they need. A row whose secret is missing
/// fails as a whole.
fn kind_of(job: &Job, is_apart: bool) -> (Option<&Platform>, &Runner, [&[String]; 4]) {
    let needs = [&job.env, &job.secrets, &job.ssh, &job.allow].map(Vec::as_slice);
    (job.platform.as_ref(), &job.runner, if is_apart { needs } else { Default::default() })
}

fn too_many(jobs: &[Job], least: usize, most: MaxJobs) -> Diagnostic {
    let message = format!(
        "the plan has {} jobs, which cannot be packed into {most}: a job has one runner and one platform, and there are {least} combinations of them",
        jobs.len()
    );
    Diagnostic::error("too-many-jobs", message).with_help(format!(
        "allow more with `--max-jobs {least}`, or plan a part: `bakeplan plan IMAGE…` or `--platform PLATFORM`"
    ))
}

/// The published legs in the order of the images, with the keys of the images that each is a part of.
struct Published<'i>(IndexMap<Name, Vec<&'i String>>);

impl<'i> Published<'i> {
    fn of(images: &'i IndexMap<String, Image>) -> Self {
        let mut of_leg: IndexMap<Name, Vec<&String>> = IndexMap::new();
        for (key, image) in images {
            for build in &image.builds {
                of_leg.entry(Rc::clone(&build.leg)).or_default().push(key);
            }
        }
        Self(of_leg)
    }

    /// A job for each list of legs.
    fn jobs(&self, groups: Vec<Vec<&Name>>, legs: &Legs, targets: &Targets<'_>) -> Vec<Job> {
        let Self(of_leg) = self;
        let mut jobs: Vec<Job> = groups
            .into_iter()
            .map(|members| {
                let ordered = dependencies_first(&members, legs);
                let needs = Needs::of(&ordered, legs, targets);
                let first = legs.get(ordered[0]).expect("a job has legs of the plan");
                let platform = first.leg.platform.clone();
                // QEMU runs programs of Linux alone: what is built for another system there is cross-built.
                let qemu = platform
                    .as_ref()
                    .is_some_and(|p| p.os() == "linux" && !p.runs_natively_on(&first.assignment.platform));
                let keys: IndexSet<&String> =
                    ordered.iter().flat_map(|leg| of_leg[*leg].iter().copied()).collect();
                Job {
                    name: Rc::clone(ordered[0]),
                    legs: ordered.iter().map(|leg| Rc::clone(leg)).collect(),
                    group: None,
                    platform,
                    runner: first.assignment.runner.clone(),
                    qemu,
                    images: keys.into_iter().cloned().collect(),
                    allow: needs.allow.into_iter().collect(),
                    secrets: needs.secrets.into_iter().collect(),
                    ssh: needs.ssh.into_iter().collect(),
                    env: needs.env.into_iter().collect(),
                    gha_cache: needs.gha_cache,
                }
            })
            .collect();
        jobs.sort_by_cached_key(|job| job.legs.iter().filter_map(|leg| of_leg.get_index_of(leg)).min());
        jobs
    }
}

/// Legs that share a job, as lists in the order of `published`, whose keys are their names.
fn group<'n>(Published(published): &'n Published<'_>, legs: &Legs) -> Vec<Vec<&'n Name>> {
    let names = published.keys();
    let mut parents: Vec<usize> = (0..published.len()).collect();
    let mut by_platform: BTreeMap<(Option<&Platform>, &Runner), usize> = BTreeMap::new();
    for (at, name) in names.clone().enumerate() {
        let Some(assigned) = legs.get(name) else { continue };
        match assigned.grouping {
            Grouping::Target => {}
            Grouping::Platform => {
                let key = (assigned.leg.platform.as_ref(), &assigned.assignment.runner);
                let first = *by_platform.entry(key).or_insert(at);
                join(&mut parents, first, at);
            }
            Grouping::Linked => {
                for linked in published_links(name, legs) {
                    let Some(other) = published.get_index_of(&linked) else { continue };
                    let theirs = legs.get(&names[other]).expect("indexed legs exist");
                    if theirs.grouping == Grouping::Linked
                        && theirs.assignment.runner == assigned.assignment.runner
                    {
                        join(&mut parents, other, at);
                    }
                }
            }
        }
    }
    let mut groups: IndexMap<usize, Vec<&Name>> = IndexMap::new();
    for (at, name) in names.clone().enumerate() {
        groups.entry(root(&parents, at)).or_default().push(name);
    }
    groups.into_values().collect()
}

fn root(parents: &[usize], mut at: usize) -> usize {
    while parents[at] != at {
        at = parents[at];
    }
    at
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b)] = a.min(b);
}

/// The published legs that a leg's build uses, through helpers too. A copy for two platforms stands for the leg of its
/// platform: BuildKit builds it once for both.
fn published_links(name: &str, legs: &Legs) -> BTreeSet<Name> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![name];
    while let Some(at) = open.pop() {
        let Some(assigned) = legs.get(at) else { continue };
        for (_, linked) in links(&assigned.leg.definition) {
            if !seen.insert(linked) {
                continue;
            }
            open.push(linked);
            let published: Name = match legs.get(linked).map(|assigned| &assigned.leg) {
                Some(leg) if leg.role == Role::Both => leg_name(&leg.of, leg.platform.as_ref()).into(),
                _ => linked.into(),
            };
            if legs.get(&published).is_some_and(|assigned| assigned.leg.role == Role::Published) {
                found.insert(published);
            }
        }
    }
    found
}

/// The legs of one job with what others link to before them, else in the given order.
fn dependencies_first<'n>(members: &[&'n Name], legs: &Legs) -> Vec<&'n Name> {
    if let [one] = members {
        return vec![one];
    }
    let index: BTreeMap<&str, usize> = members.iter().enumerate().map(|(at, name)| (&***name, at)).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    let mut missing: Vec<usize> = vec![0; members.len()];
    for (at, name) in members.iter().enumerate() {
        for used in published_links(name, legs).iter().filter_map(|used| index.get(&**used)) {
            users[*used].push(at);
            missing[at] += 1;
        }
    }
    let mut ready: BTreeSet<usize> = (0..members.len()).filter(|at| missing[*at] == 0).collect();
    let mut ordered: Vec<usize> = Vec::with_capacity(members.len());
    while let Some(at) = ready.pop_first() {
        ordered.push(at);
        for user in &users[at] {
            missing[*user] -= 1;
            if missing[*user] == 0 {
                ready.insert(*user);
            }
        }
    }
    // Links have no loops; a loop would end here instead of going round.
    ordered.extend((0..members.len()).filter(|at| missing[*at] > 0));
    ordered.into_iter().map(|at| members[at]).collect()
}

/// What a job's builds need besides the files of the working directory.
#[derive(Default)]
struct Needs {
    allow: BTreeSet<String>,
    secrets: BTreeSet<String>,
    ssh: BTreeSet<String>,
    env: BTreeSet<String>,
    gha_cache: bool,
}

impl Needs {
    /// Of the legs and all that they link to.
    fn of(members: &[&Name], legs: &Legs, targets: &Targets<'_>) -> Self {
        let mut needs = Self::default();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = members.iter().map(|name| &***name).collect();
        while let Some(name) = open.pop() {
            if !seen.insert(name) {
                continue;
            }
            let leg = legs.get(name).map(|assigned: &AssignedLeg| &*assigned.leg.definition);
            let Some(target) = leg.or_else(|| targets.find(name)) else { continue };
            needs.add(target);
            open.extend(links(target).map(|(_, linked)| linked));
        }
        needs
    }

    /// The entitlements are those that Bake asks about (buildx `bake/entitlements.go`).
    fn add(&mut self, target: &Target) {
        let asked = ["network.host", "security.insecure", "device"];
        for text in &target.entitlements {
            let kind = text.as_str().split('=').next().unwrap_or_default();
            if asked.contains(&kind) {
                self.allow.insert(text.to_string());
            }
        }
        for secret in &target.secret {
            self.secrets.insert(secret.id.to_string());
            self.path("fs.read", secret.src.as_ref().map(|text| text.as_str()));
            self.env.extend(secret.variable().map(str::to_owned));
        }
        for ssh in &target.ssh {
            let id = if ssh.id.is_empty() { "default" } else { ssh.id.as_str() };
            self.ssh.insert(id.to_owned());
            if ssh.paths.is_empty() {
                self.allow.insert("ssh".to_owned());
            }
            ssh.paths.iter().for_each(|path| self.path("fs.read", Some(path.as_str())));
        }
        let contexts = target.context.iter().chain(target.contexts.values());
        contexts.filter(|context| is_local(context)).for_each(|context| {
            self.path("fs.read", Some(context.as_str()));
        });
        let mut caches = target.cache_from.iter().chain(target.cache_to.iter().flatten());
        self.gha_cache |= caches.any(|entry| entry.kind() == "gha");
        let local = |entry: &&Entry| entry.kind() == "local";
        target.cache_from.iter().filter(local).for_each(|entry| self.path("fs.read", entry.get("src")));
        target
            .cache_to
            .iter()
            .flatten()
            .filter(local)
            .for_each(|entry| self.path("fs.write", entry.get("dest")));
    }

    /// Bake asks before it reads or writes outside the working directory.
    fn path(&mut self, access: &str, path: Option<&str>) {
        let Some(path) = path else { return };
        let mut depth = 0i32;
        let outside = Path::new(path).components().any(|component| {
            match component {
                Component::Prefix(_) | Component::RootDir => return true,
                Component::ParentDir => depth -= 1,
                Component::Normal(_) => depth += 1,
                Component::CurDir => {}
            }
            depth < 0
        });
        if outside {
            self.allow.insert(format!("{access}={path}"));
        }
    }
}

/// Whether a context is a path of this machine, and no URL, image, target or Git reference.
fn is_local(context: &Text) -> bool {
    let written = context.as_str();
    link_of(context).is_none()
        && !written.contains("://")
        && !written.starts_with("git@")
        && !written.starts_with("github.com/")
}

/// Names the Bake groups of all published legs and of each job of several; no target or group may have the names.
pub(super) fn name_groups(plan: &mut Plan, definition: &Definition) {
    let legs = &plan.legs;
    let is_taken = |name: &str| {
        definition.targets.contains_key(name)
            || definition.groups.contains_key(name)
            || legs.contains_key(name)
    };
    let free = |name: &str| {
        let mut name = name.to_owned();
        while is_taken(&name) {
            name.push('_');
        }
        name
    };
    plan.ci = (!plan.jobs.is_empty()).then(|| free("ci"));
    for job in plan.jobs.iter_mut().filter(|job| job.legs.len() > 1) {
        job.group = Some(free(&format!("job-{}", job.name)));
    }
}
