//! Settings of a CI workflow: small validated types, each with one form in options and in `workflow` blocks.

mod changing;
mod federated;
mod install;
mod login;
mod named;
mod publish;
mod settle;
mod signer;
mod timeout;
mod variable;

use crate::naming;

pub(crate) use changing::changing_variables;
pub(crate) use federated::{Federated, Id, Provider, aws_region, azure_registry};
pub(crate) use install::Install;
pub(crate) use login::{Account, Login, nearly_known};
pub(crate) use named::{
    Environment, LocalAction, MaxJobs, MaxParallel, MostStale, OnUnknown, ProvenanceMode, RunnerLabel,
    SecretName,
};
pub(crate) use publish::{Branch, Cron, PublishEvent};
pub(crate) use settle::{Settle, duration};
pub(crate) use signer::Signer;
pub(crate) use timeout::{AFTER_A_BUILD, AROUND_A_BUILD, Stage, Timeout};
pub(crate) use variable::{EnvVariable, OF_PLAN, is_unset, taken_by_builds};

/// Where GitHub looks for pushes when the default branch publishes, which a filter cannot name.
pub(crate) const DEFAULT_BRANCHES: [&str; 2] = ["main", "master"];

/// A setting of which there is one for each key, such as a login for each registry: `KEY=VALUE`.
pub(crate) trait Keyed {
    /// What there is one for.
    fn key(&self) -> String;

    /// Puts later settings over earlier ones.
    fn merge(earlier: Vec<Self>, later: Vec<Self>) -> Vec<Self>
    where
        Self: Sized,
    {
        later.into_iter().fold(earlier, |mut known, one| {
            known.retain(|known| known.key() != one.key());
            known.push(one);
            known
        })
    }
}

/// Whether GitHub takes it as the name of a variable or secret
/// (<https://docs.github.com/en/actions/reference/workflows-and-actions/variables#naming-conventions-for-configuration-variables>),
/// and a shell as that of an environment variable.
pub(crate) fn is_name(text: &str) -> bool {
    naming::is_variable(text)
}
