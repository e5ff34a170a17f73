//! Decides which registries the jobs of a pipeline log in to, and how.

use std::collections::{BTreeMap, BTreeSet};

use super::server::Server;
use crate::bake::target::Entry;
use crate::ci::{Account, Federated, Login, Provider};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::plan::{Image, Plan};
use crate::reference::{Reference, Registry, Repository};

/// The logins of a pipeline, by what the registries are for.
#[derive(Clone, Debug)]
pub(crate) struct Logins {
    /// Those that builds are pushed to.
    pub pushed: Vec<Login>,
    /// Those that only have mirrors, which builds never see.
    pub mirrors: Vec<Login>,
    /// Those that builds use in other ways: for base images, and for caches.
    pub bases: Vec<Login>,
    /// Those among them that builds write caches to.
    pub written: BTreeSet<Registry>,
}

/// A registry that builds use and nothing is pushed to.
pub(super) struct Used {
    pub(super) registry: Registry,
    /// Whether a cache is written there, which needs an account nearly everywhere.
    pub(super) is_written: bool,
}

impl Used {
    /// Whether nobody wonders that there is no login.
    pub(super) fn is_public(&self) -> bool {
        !self.is_written && ["docker.io", "quay.io"].contains(&self.registry.as_str())
    }
}

/// The registries of caches, of named contexts and of the programs that list what is in an image, where the plan names them.
pub(super) fn used(plans: &[Plan]) -> Vec<Used> {
    let registry = |text: &str| Some(text.parse::<Reference>().ok()?.repository().registry().clone());
    let mut all: BTreeMap<Registry, bool> = BTreeMap::new();
    for target in plans.iter().flat_map(|plan| plan.legs.values()).map(|leg| &leg.definition) {
        let images =
            target.contexts.values().filter_map(|text| text.as_str().strip_prefix("docker-image://"));
        let generators = target.attest.iter().filter_map(|entry| entry.get("generator"));
        let is_registry = |entry: &&Entry| entry.kind() == "registry";
        let caches = target.cache_from.iter().filter(is_registry).filter_map(|entry| entry.get("ref"));
        let written =
            target.cache_to.iter().flatten().filter(is_registry).filter_map(|entry| entry.get("ref"));
        let read = images.chain(generators).chain(caches).map(|text| (text, false));
        for (text, is_written) in read.chain(written.map(|text| (text, true))) {
            if let Some(registry) = registry(text) {
                *all.entry(registry).or_default() |= is_written;
            }
        }
    }
    for registry in images(plans).flat_map(|image| &image.repositories).map(Repository::registry) {
        all.remove(registry);
    }
    all.into_iter().map(|(registry, is_written)| Used { registry, is_written }).collect()
}

/// The images of all of them.
pub(super) fn images(plans: &[Plan]) -> impl Iterator<Item = &Image> {
    plans.iter().flat_map(|plan| plan.images.values())
}

impl Logins {
    /// The logins of all registries of the plan, and further ones, which are for base images. `known` are those that need
    /// no setting.
    pub(super) fn decide(
        plans: &[Plan],
        settings: &[Login],
        known: impl Fn(&Registry) -> Option<Login>,
        server: Server,
        found: &mut Vec<Diagnostic>,
    ) -> Self {
        let registries = |repositories: fn(&Image) -> &[Repository]| -> BTreeSet<&Registry> {
            images(plans).flat_map(repositories).map(Repository::registry).collect()
        };
        let pushed = registries(|image| &image.repositories);
        let mirrors = &registries(|image| &image.mirrors) - &pushed;
        let mut login = |registry: &&Registry| {
            let setting = settings.iter().find(|login| login.registry == **registry).cloned();
            let login = setting.or_else(|| known(registry));
            if login.is_none() {
                let message = format!("it is not known how a job logs in to `{registry}`");
                let hint = Provider::hint(registry).filter(|_| server == Server::Github);
                let identity = hint.map_or_else(String::new, |hint| {
                    format!("; with the identity of the job, `--login {hint}`")
                });
                found.push(Diagnostic::error(Code::NO_LOGIN, message).with_help(format!(
                    "name the variable with the user's name and the secret: `--login {registry}=REGISTRY_USERNAME:REGISTRY_TOKEN`\
                     {identity}; for a registry that needs no login, `--login {registry}=none`"
                )));
            }
            login
        };
        let is_of_plan = |one: &Login| pushed.contains(&one.registry) || mirrors.contains(&one.registry);
        let mut bases: Vec<Login> = settings.iter().filter(|one| !is_of_plan(one)).cloned().collect();
        let mut written = BTreeSet::new();
        for Used { registry, is_written } in used(plans) {
            if !bases.iter().any(|login| login.registry == registry) {
                let setting = settings.iter().find(|login| login.registry == registry).cloned();
                // A base image may be public, and a secret that nobody needs must not be missed.
                let is_due = |login: &Login| is_written || login.account == Account::Job;
                bases.extend(setting.or_else(|| known(&registry).filter(is_due)));
            }
            if is_written {
                written.insert(registry);
            }
        }
        Self {
            pushed: pushed.iter().filter_map(&mut login).collect(),
            mirrors: mirrors.iter().filter_map(&mut login).collect(),
            bases,
            written,
        }
    }

    /// Those of a build that pushes.
    pub(crate) fn of_push(&self) -> Vec<&Login> {
        self.pushed.iter().chain(&self.bases).collect()
    }

    /// Whether a build that pushes writes with the token of its job.
    pub(crate) fn writes_by_job(&self) -> bool {
        let by_job = |login: &&Login| login.account == Account::Job;
        let caches = self.bases.iter().filter(|login| self.written.contains(&login.registry));
        self.pushed.iter().chain(caches).any(|login| by_job(&login))
    }

    /// Those of a build that pushes nothing: what may push stays out of it, unless it has an identity of its own there.
    pub(crate) fn of_build(&self) -> Vec<&Login> {
        let may_pull = |login: &&Login| login.account.federated().is_none_or(Federated::pulls);
        self.pushed.iter().filter(may_pull).chain(&self.bases).collect()
    }

    /// Those of the merge, which sees no base image.
    pub(crate) fn of_merge(&self) -> Vec<&Login> {
        self.pushed.iter().chain(&self.mirrors).collect()
    }
}
