//! Which registries the jobs of a pipeline log in to, and how.

use std::collections::BTreeSet;

use crate::ci::{Federated, Login, Provider};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::plan::{Image, Plan};
use crate::reference::{Registry, Repository};

/// The logins of a pipeline, by what the registries are for.
#[derive(Clone, Debug)]
pub(crate) struct Logins {
    /// Those that builds are pushed to.
    pub pushed: Vec<Login>,
    /// Those that only have mirrors, which builds never see.
    pub mirrors: Vec<Login>,
    /// Those that builds only pull base images from.
    pub bases: Vec<Login>,
}

impl Logins {
    /// The logins of all registries of the plan, and further ones, which are for base images. `known` are those that need
    /// no setting.
    pub(super) fn decide(
        plan: &Plan,
        settings: &[Login],
        known: impl Fn(&Registry) -> Option<Login>,
        found: &mut Vec<Diagnostic>,
    ) -> Self {
        let registries = |repositories: fn(&Image) -> &[Repository]| -> BTreeSet<&Registry> {
            plan.images.values().flat_map(repositories).map(Repository::registry).collect()
        };
        let pushed = registries(|image| &image.repositories);
        let mirrors = &registries(|image| &image.mirrors) - &pushed;
        let mut login = |registry: &&Registry| {
            let setting = settings.iter().find(|login| login.registry == **registry).cloned();
            let login = setting.or_else(|| known(registry));
            if login.is_none() {
                let message = format!("it is not known how a job logs in to `{registry}`");
                let identity = Provider::hint(registry).map_or_else(String::new, |hint| {
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
        Self {
            pushed: pushed.iter().filter_map(&mut login).collect(),
            mirrors: mirrors.iter().filter_map(&mut login).collect(),
            bases: settings.iter().filter(|one| !is_of_plan(one)).cloned().collect(),
        }
    }

    /// Those of a build that pushes.
    pub(crate) fn of_push(&self) -> Vec<&Login> {
        self.pushed.iter().chain(&self.bases).collect()
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

    /// Those that a pipeline which knows no identities has none for.
    pub(super) fn federated(&self) -> impl Iterator<Item = &Login> {
        let all = self.pushed.iter().chain(&self.mirrors).chain(&self.bases);
        all.filter(|login| login.account.federated().is_some())
    }
}
