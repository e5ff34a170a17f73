//! CI jobs: which legs are built together, and what their builds need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::assigned::{AssignedLeg, Legs};
use super::leg::leg_name;
use super::packing;
use crate::bake::target::context::{dockerfile_in, folder_of};
use crate::bake::target::links::links;
use crate::bake::target::paths::{self, Access, NamedPath};
use crate::bake::target::{Definition, Target};
use crate::bake::values::Name;
use crate::ci::MaxJobs;
use crate::code::Code;
use crate::consent;
use crate::diagnostic::Diagnostic;
use crate::naming;
use crate::parallel;
use crate::plan::{Build, Image, Job, Plan, Role};
use crate::platform::Platform;
use crate::readable;
use crate::resolve::targets::Targets;
use crate::runner::Runner;
use crate::spec::Grouping;

/// The jobs of a plan.
pub(in crate::resolve) struct Jobs {
    pub(in crate::resolve) all: Vec<Job>,
    /// The place of the job that builds each leg, by the place of the leg.
    pub(in crate::resolve) of_legs: Vec<Option<usize>>,
}

/// A leg that is published.
struct Published<'p> {
    /// Its place among all legs.
    at: usize,
    name: &'p Name,
    assigned: &'p AssignedLeg,
    /// The key of the image that it is a part of, and those of others, which few have.
    image: &'p String,
    others: Vec<&'p String>,
}

impl<'p> Published<'p> {
    /// The keys of the images that it is a part of.
    fn images(&self) -> impl Iterator<Item = &'p String> {
        [self.image].into_iter().chain(self.others.iter().copied())
    }
}

/// The published legs in the order of the images.
struct AllPublished<'p> {
    legs: &'p Legs,
    all: Vec<Published<'p>>,
    /// The place of each leg among them, by its place among all legs.
    places: Vec<Option<usize>>,
}

impl<'p> AllPublished<'p> {
    fn of(legs: &'p Legs, images: &'p IndexMap<String, Image>) -> Self {
        let mut all: Vec<Published<'_>> = Vec::with_capacity(legs.all.len());
        let mut places = vec![None; legs.all.len()];
        for (key, image) in images.iter().filter(|(_, image)| image.reused.is_none()) {
            for Build { at, .. } in &image.builds {
                if let Some(known) = places[*at] {
                    let known: &mut Published<'_> = &mut all[known];
                    known.others.push(key);
                    continue;
                }
                let (name, assigned) = legs.all.get_index(*at).expect("a build is a leg of the plan");
                places[*at] = Some(all.len());
                all.push(Published { at: *at, name, assigned, image: key, others: Vec::new() });
            }
        }
        Self { legs, all, places }
    }

    /// The place of a leg among them.
    fn place(&self, leg: &str) -> Option<usize> {
        self.legs.all.get_index_of(leg).and_then(|at| self.places[at])
    }
}

/// The jobs of all published legs, in the order of the images.
pub(in crate::resolve) fn jobs(legs: &Legs, targets: &Targets<'_>, images: &IndexMap<String, Image>) -> Jobs {
    let published = AllPublished::of(legs, images);
    let roots = roots(&published);
    // One list, since there may be very many jobs, most of which have one leg.
    let mut members: Vec<usize> = (0..roots.len()).collect();
    members.sort_by_key(|at| roots[*at]);
    let groups: Vec<&[usize]> = members.chunk_by(|one, next| roots[*one] == roots[*next]).collect();
    of_groups(&groups, &published, targets)
}

/// The same builds in no more than `most` jobs, each for one platform and runner. What was in one job stays in one.
pub(in crate::resolve) fn pack(
    jobs: &[Job],
    most: MaxJobs,
    legs: &Legs,
    targets: &Targets<'_>,
    images: &IndexMap<String, Image>,
) -> Result<Jobs, Diagnostic> {
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
    let published = AllPublished::of(legs, images);
    let groups = rows.iter().map(|row| {
        let names = row.iter().flat_map(|job| &jobs[*job].legs);
        let mut members: Vec<usize> = names.filter_map(|leg| published.place(leg)).collect();
        members.sort_unstable();
        members
    });
    let mut groups: Vec<Vec<usize>> = groups.collect();
    groups.sort_unstable();
    let groups: Vec<&[usize]> = groups.iter().map(Vec::as_slice).collect();
    Ok(of_groups(&groups, &published, targets))
}

/// What all builds of a row have in common: platform and runner, and, if `is_apart`, what they need. A row whose secret is missing
/// fails as a whole.
fn kind_of(job: &Job, is_apart: bool) -> (Option<&Platform>, &Runner, [&[String]; 4]) {
    let needs = [&job.env, &job.secrets, &job.ssh, &job.allow].map(Vec::as_slice);
    (job.platform.as_ref(), &job.runner, if is_apart { needs } else { Default::default() })
}

/// Refuses what scripts would take from a row for something else: entitlements of more than one line, which they allow line
/// by line, and variables whose names a shell would run.
pub(in crate::resolve) fn unwritable(jobs: &[Job], legs: &Legs, targets: &Targets<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for job in jobs {
        if let Some(asked) = job.allow.iter().find(|asked| !readable::is_one_line(asked)) {
            let span = job.legs.iter().find_map(|leg| legs.get(leg)?.leg.definition.span);
            let message = format!(
                "job `{}` asks for `{}`, which a row of a matrix cannot hold",
                job.name,
                readable::line(asked)
            );
            found.push(Diagnostic::error(Code::LINE_END, message).at(span, "").with_help(
                "give the file or folder a name without line ends and other characters that are not seen",
            ));
        }
        for name in job.env.iter().filter(|name| !naming::is_variable(name)) {
            let secrets = targets.resolved.values().flat_map(|target| &target.secret);
            let span =
                secrets.filter(|secret| secret.variable() == Some(name)).find_map(|secret| secret.span);
            let message = format!(
                "job `{}` reads a secret from the environment variable `{}`, which no CI can set",
                job.name,
                readable::line(name)
            );
            let error = Diagnostic::error(Code::SECRET_VARIABLE, message).at(span, "");
            found.push(
                error.with_help("read it from a variable whose name has letters, digits and `_` alone"),
            );
        }
    }
    found
}

fn too_many(jobs: &[Job], least: usize, most: MaxJobs) -> Diagnostic {
    let message = format!(
        "the plan has {} jobs, which cannot be packed into {most}: a job has one runner and one platform, and there are {least} combinations of them",
        jobs.len()
    );
    let part = "plan a part: `bakeplan plan IMAGE…` or `--platform PLATFORM`";
    let help = if most.get() != MaxJobs::OF_GITHUB.get() {
        format!("allow more with `--max-jobs {least}`, or {part}")
    } else {
        format!("a matrix of GitHub has no more rows: {part}; or name fewer different `runners`")
    };
    Diagnostic::error(Code::TOO_MANY_JOBS, message).with_help(help)
}

/// A job for each list of places of published legs.
fn of_groups(groups: &[&[usize]], published: &AllPublished<'_>, targets: &Targets<'_>) -> Jobs {
    let mut all = Vec::with_capacity(groups.len());
    all.extend(parallel::map(groups, |members| job(members, published, targets)));
    let mut of_legs = vec![None; published.places.len()];
    for (job, members) in groups.iter().enumerate() {
        for member in *members {
            of_legs[published.all[*member].at] = Some(job);
        }
    }
    Jobs { all, of_legs }
}

/// The job that builds some of the published legs.
fn job(
    members: &[usize],
    AllPublished { legs, all, places: _ }: &AllPublished<'_>,
    targets: &Targets<'_>,
) -> Job {
    let members: Vec<&Published<'_>> = members.iter().map(|at| &all[*at]).collect();
    let ordered = dependencies_first(members, legs);
    let definitions = ordered.iter().map(|one| &*one.assigned.leg.definition);
    let Needs { allow, secrets, ssh, env, gha_cache } = Needs::of(definitions, legs, targets);
    let of_leg = |one: &&Published<'_>| {
        let needs = Needs::of([&*one.assigned.leg.definition].into_iter(), legs, targets);
        let name = Arc::clone(one.name);
        let agent = needs.allow.contains(AGENT).then(|| "SSH_AUTH_SOCK".to_owned());
        needs.env.into_iter().chain(agent).map(move |variable| (Arc::clone(&name), variable))
    };
    let needs = if env.is_empty() && !allow.contains(AGENT) {
        Vec::new()
    } else {
        ordered.iter().flat_map(of_leg).collect()
    };
    let AssignedLeg { leg, assignment, .. } = ordered[0].assigned;
    // QEMU runs programs of Linux alone: what is built for another system there is cross-built.
    let qemu =
        leg.platform.as_ref().is_some_and(|p| p.os() == "linux" && !p.runs_natively_on(&assignment.platform));
    let images = match ordered.as_slice() {
        [one] => one.images().cloned().collect(),
        several => {
            let keys: IndexSet<&String> = several.iter().flat_map(|one| one.images()).collect();
            keys.into_iter().cloned().collect()
        }
    };
    Job {
        name: Arc::clone(ordered[0].name),
        legs: ordered.iter().map(|one| Arc::clone(one.name)).collect(),
        group: None,
        platform: leg.platform.clone(),
        runner: assignment.runner.clone(),
        qemu,
        images,
        allow: allow.into_iter().collect(),
        secrets: secrets.into_iter().collect(),
        ssh: ssh.into_iter().collect(),
        env: env.into_iter().collect(),
        needs,
        gha_cache,
    }
}

/// The place of the first published leg that each of them shares a job with.
fn roots(published: &AllPublished<'_>) -> Vec<usize> {
    let AllPublished { legs, all, places: _ } = published;
    let mut parents: Vec<usize> = (0..all.len()).collect();
    let mut by_platform: BTreeMap<(Option<&Platform>, &Runner), usize> = BTreeMap::new();
    for (at, Published { assigned, .. }) in all.iter().enumerate() {
        match assigned.grouping {
            Grouping::Target => {}
            Grouping::Platform => {
                let key = (assigned.leg.platform.as_ref(), &assigned.assignment.runner);
                let first = *by_platform.entry(key).or_insert(at);
                join(&mut parents, first, at);
            }
            Grouping::Linked => {
                for linked in published_links(&assigned.leg.definition, legs) {
                    let Some(other) = published.place(&linked) else { continue };
                    let theirs = all[other].assigned;
                    if theirs.grouping == Grouping::Linked
                        && theirs.assignment.runner == assigned.assignment.runner
                    {
                        join(&mut parents, other, at);
                    }
                }
            }
        }
    }
    (0..all.len()).map(|at| root(&parents, at)).collect()
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
fn published_links(definition: &Target, legs: &Legs) -> BTreeSet<Name> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = links(definition).map(|(_, linked)| linked).collect();
    while let Some(linked) = open.pop() {
        if !seen.insert(linked) {
            continue;
        }
        let assigned = legs.get(linked);
        let published: Name = match assigned.map(|assigned| &assigned.leg) {
            Some(leg) if leg.role == Role::Both => leg_name(&leg.of, leg.platform.as_ref()).into(),
            _ => linked.into(),
        };
        if legs.get(&published).is_some_and(|assigned| assigned.leg.role == Role::Published) {
            found.insert(published);
        }
        open.extend(
            assigned.into_iter().flat_map(|one| links(&one.leg.definition)).map(|(_, linked)| linked),
        );
    }
    found
}

/// The legs of one job with what others link to before them, else in the given order.
fn dependencies_first<'p>(members: Vec<&'p Published<'p>>, legs: &Legs) -> Vec<&'p Published<'p>> {
    if members.len() == 1 {
        return members;
    }
    let index: BTreeMap<&str, usize> =
        members.iter().enumerate().map(|(at, one)| (&**one.name, at)).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    let mut missing: Vec<usize> = vec![0; members.len()];
    for (at, one) in members.iter().enumerate() {
        let used = published_links(&one.assigned.leg.definition, legs);
        for used in used.iter().filter_map(|used| index.get(&**used)) {
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

/// What Bake asks about where a build uses the running SSH agent.
const AGENT: &str = "ssh";

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
    /// Of the definitions of legs and all that they link to.
    fn of<'t>(
        definitions: impl Iterator<Item = &'t Target>,
        legs: &'t Legs,
        targets: &'t Targets<'_>,
    ) -> Self {
        let mut needs = Self::default();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = Vec::new();
        let linked = |target| links(target).map(|(_, linked)| linked);
        for definition in definitions {
            needs.add(definition);
            open.extend(linked(definition));
        }
        while let Some(name) = open.pop() {
            if !seen.insert(name) {
                continue;
            }
            let leg = legs.get(name).map(|assigned: &AssignedLeg| &*assigned.leg.definition);
            let Some(target) = leg.or_else(|| targets.find(name)) else { continue };
            needs.add(target);
            open.extend(linked(target));
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
            self.env.extend(secret.variable().map(str::to_owned));
        }
        for ssh in &target.ssh {
            let id = if ssh.id.is_empty() { "default" } else { ssh.id.as_str() };
            self.ssh.insert(id.to_owned());
        }
        if paths::uses_agent(target) {
            self.allow.insert(AGENT.to_owned());
            if target.ssh.is_empty() {
                self.ssh.insert("default".to_owned());
            }
        }
        for NamedPath { path, access, used: _, text: _ } in paths::named(target) {
            self.path(access, path);
        }
        self.dockerfile(target);
        let mut caches = target.cache_from.iter().chain(target.cache_to.iter().flatten());
        self.gha_cache |= caches.any(|entry| entry.kind() == "gha");
    }

    /// A Dockerfile stands below the context unless it climbs or is absolute, and who may read the context may read it.
    fn dockerfile(&mut self, target: &Target) {
        let Some(written) = &target.dockerfile else { return };
        let context = match &target.context {
            Some(context) => folder_of(context),
            None => Some("."),
        };
        let Some((folder, named)) = dockerfile_in(written.as_str(), context) else { return };
        let (folder, named) = (Path::new(folder), Path::new(named));
        if !leads_outside(folder.components().chain(named.components())) {
            return;
        }
        let place = folder.join(named);
        let place = place.strip_prefix(".").unwrap_or(&place).to_string_lossy();
        let asked = format!("{}={place}", Access::Read.entitlement());
        if !self.allow.iter().any(|allowed| consent::covers(allowed, &asked)) {
            self.path(Access::Read, &place);
        }
    }

    /// Bake asks before it reads or writes outside the working directory.
    fn path(&mut self, access: Access, path: &str) {
        if leads_outside(Path::new(path).components()) {
            self.allow.insert(format!("{}={path}", access.entitlement()));
        }
    }
}

/// Whether a path leads out of the working directory.
fn leads_outside<'p>(mut path: impl Iterator<Item = Component<'p>>) -> bool {
    let mut depth = 0i32;
    path.any(|component| {
        match component {
            Component::Prefix(_) | Component::RootDir => return true,
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
        }
        depth < 0
    })
}

/// Names the Bake groups of all published legs and of each job of several; no target or group may have the names.
pub(in crate::resolve) fn name_groups(plan: &mut Plan, definition: &Definition) {
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
