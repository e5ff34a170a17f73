//! What a pipeline of GitLab does: the same settings, of which some have another meaning there, and some none.

use std::collections::BTreeSet;

use super::{Logins, Minutes, OnlyChanged, PlannedWith, Server, distinct, jobs, minutes_of};
use crate::ci::{
    Account, Branch, EnvVariable, Environment, Install, LocalAction, Login, PublishEvent, Settle,
    taken_by_builds,
};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::plan::{Job, Plan};
use crate::readable::is_one_line;
use crate::reference::Registry;
use crate::runner::Runner;
use crate::spec::WorkflowSettings;

/// What the pipeline calls its own variables.
const OWN: &str = "BAKEPLAN_";

/// Accounts that the variables of a pipeline hold
/// (<https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/>).
const KNOWN: [(&str, &str, &str); 3] = [
    ("registry.gitlab.com", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD"),
    ("docker.io", "DOCKERHUB_USERNAME", "DOCKERHUB_TOKEN"),
    ("quay.io", "QUAY_USERNAME", "QUAY_TOKEN"),
];

/// What a pipeline of GitLab does.
#[derive(Clone, Debug)]
pub(crate) struct GitlabPipeline {
    /// Where its file is, from the top of the repository: a child pipeline includes it, too.
    pub path: String,
    /// How the program gets into a job.
    pub install: Install,
    /// What publishes; no more than once.
    pub publish_on: BTreeSet<PublishEvent>,
    /// The branches that publish; empty for the default branch.
    pub branches: Vec<Branch>,
    /// How only images are built that have changed, if only these are.
    pub only_changed: Option<OnlyChanged>,
    /// Variables of the plan and the builds that have another name in the project, with that name.
    pub env: Vec<(String, String)>,
    /// The environment of the jobs that publish.
    pub environment: Option<Environment>,
    /// How builds log in, by registry, with the names of variables.
    pub logins: Vec<(Registry, String, String)>,
    /// How the merge logs in.
    pub merge_logins: Vec<(Registry, String, String)>,
    /// How many minutes jobs may take.
    pub minutes: Minutes,
    /// Whether nothing is published when a build is missing.
    pub require_all: bool,
    /// How long the merge waits for what other merges have written.
    pub settle: Option<Settle>,
    /// A program of the repository that runs before each build.
    pub setup: Option<LocalAction>,
    /// What the plan is made with.
    pub planned_with: PlannedWith,
}

impl GitlabPipeline {
    /// Decides what the pipeline does that these are the plans of, one for each kind of run; `path` is where its file is, from the top of the repository.
    ///
    /// # Errors
    /// Everything that keeps it from being right.
    pub(crate) fn decide(
        plans: &[Plan],
        settings: WorkflowSettings,
        planned_with: PlannedWith,
        path: String,
    ) -> Result<Self, Vec<Diagnostic>> {
        let WorkflowSettings {
            install,
            publish_on,
            branches,
            schedule,
            rebuild,
            only_changed,
            on_unknown,
            most_stale,
            env,
            environment,
            logins,
            plan_runner,
            timeouts,
            max_parallel,
            require_all,
            settle,
            reusable,
            setup,
            test,
            sign,
            ssh_keys,
            marked,
            nulls: _,
        } = settings;
        let mut found = super::unplannable(plans, &marked);
        found.extend(unfit_path(&path));
        found.extend(unfit_settings([
            !schedule.is_empty(),
            !rebuild.is_empty(),
            max_parallel.is_some(),
            !plan_runner.is_empty(),
            reusable,
            test.is_some(),
            !sign.is_empty(),
            !ssh_keys.is_empty(),
        ]));
        if planned_with.consents.is_some() {
            let message = "`--consent git:…` names another branch, which a job of GitLab does not have";
            let help = "say what is allowed in the command: `--allow`, `--runner`";
            found.push(Diagnostic::error(Code::UNFIT_SETTING, message).with_help(help));
        }
        found.extend(jobs(plans).filter_map(unfit));
        found.extend(unwritable(&planned_with));
        let env = renamed(&env, &mut found);
        found.extend(taken(plans));
        let known = |registry: &Registry| {
            let (_, username, password) = KNOWN.iter().find(|(known, ..)| *known == registry.as_str())?;
            let account =
                Account::User { username: (*username).to_owned(), password: (*password).to_owned() };
            Some(Login { registry: registry.clone(), account })
        };
        let logins = Logins::decide(plans, &logins, known, Server::Gitlab, &mut found);
        found.extend(unfit_logins(&logins));
        let install = installed(install, &mut found);
        let Some(install) = install.filter(|_| found.is_empty()) else { return Err(distinct(found)) };
        Ok(Self {
            path,
            install,
            publish_on: publish_on.unwrap_or_else(PublishEvent::all).into_iter().collect(),
            branches: distinct(branches),
            only_changed: only_changed.then_some(OnlyChanged { on_unknown, most_stale }),
            env,
            environment,
            logins: logins.of_push().into_iter().filter_map(account).collect(),
            merge_logins: logins.of_merge().into_iter().filter_map(account).collect(),
            minutes: minutes_of(&timeouts),
            require_all,
            settle,
            setup,
            planned_with,
        })
    }
}

/// The settings that GitLab lacks, and what there is instead.
const UNFIT_SETTINGS: [(&str, &str); 8] = [
    ("schedule", "GitLab keeps schedules in the settings of a project, under Build > Pipeline schedules"),
    (
        "rebuild",
        "GitLab keeps schedules in the settings of a project: give one of them the variable `BAKEPLAN_ALL` with the value `true`",
    ),
    ("max_parallel", "GitLab limits the jobs at once by `concurrent` of its runners"),
    ("plan_runner", "GitLab gives jobs without tags to the runners that are set to take them"),
    ("reusable", "every pipeline of GitLab can be included by another"),
    ("test", "GitLab has no composite actions"),
    ("sign", "GitLab has no composite actions: sign in a job of your own that needs `images`"),
    (
        "ssh_keys",
        "start the agent in a program of your own, `--setup ./ci/setup`, with `ssh-agent -a PATH`, and give the project a variable `SSH_AUTH_SOCK` with that path",
    ),
];

/// A name of the file that nothing can include.
fn unfit_path(path: &str) -> Option<Diagnostic> {
    let is_yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    let message = || format!("`{path}` cannot be included: GitLab takes files that end in `.yml` or `.yaml`");
    (!is_yaml).then(|| Diagnostic::error(Code::UNFIT_PATH, message()))
}

/// Those of [`UNFIT_SETTINGS`] that are set.
fn unfit_settings(set: [bool; UNFIT_SETTINGS.len()]) -> impl Iterator<Item = Diagnostic> {
    UNFIT_SETTINGS.into_iter().zip(set).filter(|(_, is_set)| *is_set).map(|((name, why), _)| {
        let message = format!("`{name}` cannot be set in a pipeline of GitLab");
        Diagnostic::error(Code::UNFIT_SETTING, message).with_help(why)
    })
}

/// Logins with what only jobs of GitHub have.
fn unfit_logins(logins: &Logins) -> impl Iterator<Item = Diagnostic> {
    let all = logins.pushed.iter().chain(&logins.mirrors).chain(&logins.bases);
    let of_github = all.filter(|login| match &login.account {
        Account::Job | Account::Federated(_) => true,
        Account::None | Account::User { .. } => false,
    });
    of_github.map(|login| {
        let message = format!("`{login}` is a login with the token or identity of a job of GitHub");
        Diagnostic::error(Code::UNFIT_SETTING, message).with_help(format!(
            "name the variables with a user's name and password: `--login {}=REGISTRY_USERNAME:REGISTRY_TOKEN`",
            login.registry
        ))
    })
}

/// The way to install bakeplan, if it is one that GitLab has.
fn installed(install: Option<Install>, found: &mut Vec<Diagnostic>) -> Option<Install> {
    let message = match install {
        Some(install @ (Install::Path | Install::Pipx(_) | Install::Cargo(_) | Install::Git { .. })) => {
            return Some(install);
        }
        Some(install @ (Install::Action { .. } | Install::Local(_))) => {
            format!("`{install}` is an action of GitHub, which GitLab cannot run")
        }
        None => "the pipeline does not say how its jobs install bakeplan".to_owned(),
    };
    found.push(Diagnostic::error(Code::NO_INSTALL, message).with_help(FORMS));
    None
}

const FORMS: &str = "set `--install`, or `install` in `image { workflow { … } }`, to `path`, `pipx=VERSION`, `cargo=VERSION` or `git=URL@COMMIT`";

/// The variables of an account; `None` where nobody logs in.
fn account(Login { registry, account }: &Login) -> Option<(Registry, String, String)> {
    match account {
        Account::User { username, password } => Some((registry.clone(), username.clone(), password.clone())),
        // The job's own account is one of GitHub.
        Account::None | Account::Job | Account::Federated(_) => None,
    }
}

/// Variables under other names than those of the project's variables, which are in the environment already.
fn renamed(env: &[EnvVariable], found: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    let mut renamed = Vec::new();
    for EnvVariable { name, from } in env {
        match from.split_once('.') {
            Some(("vars" | "secrets", variable)) if !variable.contains('.') => {
                if variable != name {
                    renamed.push((name.clone(), variable.to_owned()));
                }
            }
            _ => {
                let message = format!("`{name}` comes from `{from}`, which GitLab does not have");
                let help = format!("name a CI/CD variable of the project: `--env {name}=vars.NAME`");
                found.push(Diagnostic::error(Code::UNFIT_SETTING, message).with_help(help));
            }
        }
    }
    renamed
}

/// Variables of builds that the pipeline sets itself.
fn taken(plans: &[Plan]) -> impl Iterator<Item = Diagnostic> {
    let secrets: BTreeSet<&str> = jobs(plans).flat_map(|job| &job.env).map(String::as_str).collect();
    let kept = plans.iter().flat_map(|plan| &plan.kept).map(|variable| &*variable.name);
    let names: BTreeSet<&str> = secrets.into_iter().chain(kept).collect();
    names.into_iter().filter_map(|name| {
        let why = match taken_by_builds(name) {
            _ if name.starts_with(OWN) => "is set by the pipeline itself",
            // What GitHub sets is free here.
            Some(_) if name.starts_with("GITHUB_") || name.starts_with("ACTIONS_") => return None,
            None => return None,
            Some(why) => why,
        };
        let message = format!("builds read the variable `{name}`, which {why}");
        Some(Diagnostic::error(Code::TAKEN_VARIABLE, message).with_help("give the variable another name"))
    })
}

/// Why a row cannot be built by a pipeline of GitLab.
fn unfit(job: &Job) -> Option<Diagnostic> {
    if job.gha_cache {
        let message = format!("job `{}` uses a cache of `type=gha`, which only GitHub has", job.name);
        return Some(Diagnostic::error(Code::UNFIT_CACHE, message).with_help("use one of `type=registry`"));
    }
    if let Runner::Group { group, .. } = &job.runner {
        let message = format!(
            "job `{}` is on a runner of the group `{group}`; GitLab's runners only have tags",
            job.name
        );
        return Some(
            Diagnostic::error(Code::UNFIT_RUNNER, message)
                .with_help("name its tags: `runners = { default = [\"tag\"] }`"),
        );
    }
    super::unfit(job)
}

/// Refuses what is more than one line; a shell takes all else as it is written.
fn unwritable(
    PlannedWith { words, again: _, folder, asks_git: _, consents: _ }: &PlannedWith,
) -> Vec<Diagnostic> {
    let bad = words.iter().chain(folder).filter(|word| !is_one_line(word));
    let bad = bad.map(|word| {
        let message = format!("`{}` cannot stand in the script of a pipeline", word.escape_debug());
        let help = "a script has one command per line: use a variable of the project";
        Diagnostic::error(Code::UNWRITABLE, message).with_help(help)
    });
    bad.collect()
}
