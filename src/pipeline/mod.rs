//! The pipeline: what a CI workflow does, decided once from the plan and the settings.

mod gitlab;
mod logins;
mod notes;
pub(crate) mod place;
pub(crate) mod runs;
mod server;
mod to_set;

use std::collections::{BTreeMap, BTreeSet};

use crate::ci::{
    Branch, Cron, EnvVariable, Environment, Install, LocalAction, Login, MaxParallel, MostStale, OnUnknown,
    PublishEvent, RunnerLabel, SecretName, Settle, Signer, Stage, Timeout, taken_by_builds,
};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::plan::{Job, Plan};
use crate::readable::is_one_line;
use crate::spec::{Marked, WorkflowSettings};
pub(crate) use gitlab::GitlabPipeline;
pub(crate) use logins::Logins;
pub(crate) use notes::{
    actions, decided_by_secrets, no_action, not_checked_out, not_there, notes, notes_of_desk, publishes_too,
    secrets_of_builds, to_include, unread,
};
pub(crate) use server::Server;

/// What a CI workflow does.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    /// What it is called, and begins the names of its group of runs and of its gate with.
    pub name: String,
    /// How the program gets into a job.
    pub install: Install,
    /// What publishes; no more than once.
    pub publish_on: BTreeSet<PublishEvent>,
    /// The branches that publish; empty for the default branch.
    pub branches: Vec<Branch>,
    /// When runs start by themselves.
    pub schedule: Vec<Cron>,
    /// When runs start by themselves that build everything.
    pub rebuild: Vec<Cron>,
    /// How only images are built that have changed, if only these are.
    pub only_changed: Option<OnlyChanged>,
    /// Environment variables of the plan.
    pub env: Vec<EnvVariable>,
    /// Those of the builds that hold secrets; a row gets those that it needs.
    pub secrets: Vec<EnvVariable>,
    /// Those of all builds: the variables that the plan leaves to them.
    pub kept: Vec<EnvVariable>,
    /// The environment of the jobs that publish.
    pub environment: Option<Environment>,
    /// How jobs log in.
    pub logins: Logins,
    /// The labels of the runner of the jobs that build nothing; empty for GitHub's.
    pub plan_runner: Vec<RunnerLabel>,
    /// How many minutes jobs may take.
    pub minutes: Minutes,
    /// How many rows run at once.
    pub max_parallel: Option<MaxParallel>,
    /// Whether nothing is published when a build is missing.
    pub require_all: bool,
    /// How long the merge waits for what other merges have written.
    pub settle: Option<Settle>,
    /// Whether another workflow calls it.
    pub reusable: bool,
    /// What runs before each build.
    pub setup: Option<LocalAction>,
    /// What tests the builds of a row.
    pub test: Option<LocalAction>,
    /// What signs what was published.
    pub sign: Vec<Signer>,
    /// The secrets with the keys of the SSH agent of the rows that use one.
    pub ssh_keys: Vec<SecretName>,
    /// Whether a row is emulated.
    pub qemu: bool,
    /// Whether a row uses a cache of GitHub Actions.
    pub gha_cache: bool,
    /// What the plan is made with.
    pub planned_with: PlannedWith,
}

/// How only images are built that have changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnlyChanged {
    /// What becomes of those of which that cannot be known.
    pub on_unknown: Option<OnUnknown>,
    /// How many are built at most because their bases have moved.
    pub most_stale: Option<MostStale>,
}

impl OnlyChanged {
    /// The options of a plan in every run, and those on a schedule.
    pub(crate) fn options(&self) -> [String; 2] {
        let Self { on_unknown, most_stale } = self;
        let unknown = on_unknown.map_or_else(String::new, |what| format!(" --on-unknown {what}"));
        let most = most_stale.map_or_else(String::new, |most| format!(" --most-stale {most}"));
        [format!("--changed-since auto{unknown}"), format!("--stale{most}")]
    }
}

/// How many minutes jobs may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Minutes {
    /// What makes the plan.
    pub plan: u16,
    /// A row of the matrix.
    pub build: u16,
    /// What publishes.
    pub merge: u16,
}

/// What the plan is made with, in a run as at the desk.
#[derive(Clone, Debug)]
pub(crate) struct PlannedWith {
    /// Options and names, as a shell reads them.
    pub words: Vec<String>,
    /// Those of the merge, which knows the versions of `plan.json`.
    pub again: Vec<String>,
    /// The folder below the checkout; `None` for the checkout itself.
    pub folder: Option<String>,
    /// Whether the plan asks the remote for its tags, which needs credentials in a private repository.
    pub asks_git: bool,
    /// The branch that says what builds may use, which a checkout does not have.
    pub consents: Option<Branch>,
}

impl Pipeline {
    /// Decides what the workflow does that these are the plans of, one for each kind of run.
    ///
    /// # Errors
    /// Everything that keeps it from being right.
    pub(crate) fn decide(
        plans: &[Plan],
        settings: WorkflowSettings,
        planned_with: PlannedWith,
        name: String,
    ) -> Result<Self, Vec<Diagnostic>> {
        let unused = notes::unused(&settings);
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
        let mut found = unplannable(plans, &marked);
        found.extend(unused);
        found.extend(jobs(plans).filter_map(unfit));
        found.extend(unwritable(&planned_with));
        found.extend(too_many_to_attest(plans, &sign));
        let logins = Logins::decide(plans, &logins, Login::known, Server::Github, &mut found);
        if !ssh_keys.is_empty() && !jobs(plans).any(notes::uses_agent) {
            let message = "no build uses an SSH agent, so `ssh_keys` has no effect";
            let help =
                "`ssh = [\"default\"]` in a target uses it; otherwise remove `ssh_keys` or `--ssh-key`";
            found.push(Diagnostic::error(Code::UNUSED_SETTING, message).with_help(help));
        }
        let secrets = secrets_of(plans, &env, &mut found);
        let kept = kept_of(plans, &env, &secrets, &mut found);
        found.extend(alike(env.iter().chain(&secrets)));
        let is_of_builds = |one: &EnvVariable| secrets.contains(one) || kept.contains(one);
        // The dates of a plan follow it, and those of a build.
        let epoch = env.iter().find(|one| one.name == "SOURCE_DATE_EPOCH" && !is_of_builds(one)).cloned();
        let env: Vec<EnvVariable> = env.into_iter().filter(|one| !is_of_builds(one)).collect();
        found.extend(env.iter().filter(|one| one.changes()).map(changing));
        let kept = kept.into_iter().chain(epoch).collect();
        let Some(install) = install else {
            let message = "the workflow does not say how its jobs install bakeplan";
            let help = format!(
                "set `--install`, or `install` in `image {{ workflow {{ … }} }}`, to {}",
                Install::FORMS
            );
            found.push(Diagnostic::error(Code::NO_INSTALL, message).with_help(help));
            return Err(found);
        };
        if !found.is_empty() {
            return Err(distinct(found));
        }
        Ok(Self {
            name,
            install,
            publish_on: publish_on.unwrap_or_else(PublishEvent::all).into_iter().collect(),
            branches: distinct(branches),
            schedule: distinct(schedule),
            rebuild: distinct(rebuild),
            only_changed: only_changed.then_some(OnlyChanged { on_unknown, most_stale }),
            env,
            secrets,
            kept,
            environment,
            logins,
            plan_runner,
            minutes: minutes_of(&timeouts),
            max_parallel,
            require_all,
            settle,
            reusable,
            setup,
            test,
            sign: distinct(sign),
            ssh_keys: distinct(ssh_keys),
            qemu: jobs(plans).any(|job| job.qemu),
            gha_cache: jobs(plans).any(|job| job.gha_cache),
            planned_with,
        })
    }
}

/// The rows of all of them.
fn jobs(plans: &[Plan]) -> impl Iterator<Item = &Job> {
    plans.iter().flat_map(|plan| &plan.jobs)
}

/// An error about more references than GitHub attests at once
/// (<https://github.com/actions/attest-build-provenance#subject-limits>): it would attest none.
fn too_many_to_attest(plans: &[Plan], sign: &[Signer]) -> Option<Diagnostic> {
    const MOST: usize = 1024;
    let references = |plan: &Plan| plan.images.values().map(|image| image.places().count()).sum::<usize>();
    let most = plans.iter().map(references).max().filter(|most| *most > MOST)?;
    let message = format!("`attest` would attest {most} images, and GitHub attests at most {MOST} at once");
    let help = "sign them with `cosign`, or write a workflow for each part of them: `bakeplan workflow github IMAGE…`";
    sign.contains(&Signer::Attest).then(|| Diagnostic::error(Code::UNFIT_SETTING, message).with_help(help))
}

/// An error about a variable of the plan that the merge would not get again.
fn changing(EnvVariable { name, from }: &EnvVariable) -> Diagnostic {
    let message = format!(
        "`{name}` is `{from}`, whose value differs between jobs or attempts, so the merge would refuse the plan"
    );
    let help = match from.as_str() {
        "github.run_attempt" => {
            "declare the variable `GITHUB_RUN_ATTEMPT`, which every run has: the merge takes its value from the plan"
        }
        _ => "take what is the same in the whole run, such as `github.run_id`",
    };
    Diagnostic::error(Code::CHANGING_VARIABLE, message).with_help(help)
}

/// Each of them once, in the order in which they were written.
fn distinct<T: PartialEq>(all: Vec<T>) -> Vec<T> {
    all.into_iter().fold(Vec::new(), |mut known, one| {
        if !known.contains(&one) {
            known.push(one);
        }
        known
    })
}

/// Errors about variables whose names differ in case only, which GitHub takes for one.
fn alike<'v>(variables: impl Iterator<Item = &'v EnvVariable>) -> Vec<Diagnostic> {
    let mut known: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for EnvVariable { name, from: _ } in variables {
        known.entry(name.to_ascii_uppercase()).or_default().insert(name);
    }
    let alike = known.into_values().filter(|names| names.len() > 1);
    alike
        .map(|names| {
            let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
            let message = format!(
                "the variables {} differ in case only, and GitHub takes them for one",
                names.join(" and ")
            );
            Diagnostic::error(Code::TAKEN_VARIABLE, message).with_help("give one of them another name")
        })
        .collect()
}

/// What keeps a plan from being built by any CI.
fn unplannable(plans: &[Plan], marked: &[Marked]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if jobs(plans).next().is_none() {
        let message = "nothing is published here, so there is no workflow to write";
        let help = "targets need tags with a repository, or an `image` block";
        found.push(Diagnostic::error(Code::NO_IMAGES, message).with_help(help));
    }
    found.extend(marked.iter().filter(|one| one.is_volatile()).map(|one| {
        let message = format!(
            "`{}` of `workflow` depends on the clock or on chance, so the workflow would never be current",
            one.attribute.name
        );
        Diagnostic::error(Code::VOLATILE, message).at(one.span, "")
    }));
    found
}

fn minutes_of(timeouts: &[Timeout]) -> Minutes {
    let minutes = |stage| Timeout::minutes_of(stage, timeouts);
    Minutes { plan: minutes(Stage::Plan), build: minutes(Stage::Build), merge: minutes(Stage::Merge) }
}

/// The variables that rows read secrets from.
fn secrets_of(plans: &[Plan], env: &[EnvVariable], found: &mut Vec<Diagnostic>) -> Vec<EnvVariable> {
    let names: BTreeSet<&String> = jobs(plans).flat_map(|job| &job.env).collect();
    found.extend(names.iter().filter_map(|name| {
        let why = taken_by_builds(name)?;
        let message = format!("a secret is read from the environment variable `{name}`, which {why}");
        Some(
            Diagnostic::error(Code::SECRET_VARIABLE, message)
                .with_help("read it from a variable of another name"),
        )
    }));
    let given = |name: &String| env.iter().find(|one| one.name == *name).cloned();
    names.into_iter().map(|name| given(name).unwrap_or_else(|| EnvVariable::of_secret(name))).collect()
}

/// The variables that are left to the build. One with a default may do without a value.
fn kept_of(
    plans: &[Plan],
    env: &[EnvVariable],
    secrets: &[EnvVariable],
    found: &mut Vec<Diagnostic>,
) -> Vec<EnvVariable> {
    // Only the rows that need a secret get it, and all of them a variable that is left to them.
    let is_secret = |name: &str| secrets.iter().any(|one| one.name == name);
    let mut kept = Vec::new();
    // They are options, and the same in every run.
    for variable in plans.first().into_iter().flat_map(|plan| &plan.kept) {
        let why = match taken_by_builds(&variable.name) {
            Some(why) => Some(format!("it {why}")),
            None => is_secret(&variable.name)
                .then(|| "a secret is read from the environment variable of this name".to_owned()),
        };
        if let Some(why) = why {
            let message = format!("the variable `{}` is left to the build, but {why}", variable.name);
            found.push(
                Diagnostic::error(Code::KEPT_VARIABLE, message).with_help("give the variable another name"),
            );
            continue;
        }
        match env.iter().find(|one| *one.name == *variable.name) {
            Some(given) => kept.push(given.clone()),
            None if variable.default.is_some() => {}
            None => {
                let name = &variable.name;
                let message = format!(
                    "`{name}` is left to the build, and nothing says where the workflow takes it from"
                );
                found.push(Diagnostic::error(Code::NO_VALUE, message).at(variable.span, "").with_help(
                    format!("`--env {name}=vars.{name}`, or `--env {name}=secrets.{name}` if it is secret"),
                ));
            }
        }
    }
    kept
}

/// Why a row cannot be built by the workflow.
fn unfit(job: &Job) -> Option<Diagnostic> {
    let system = job.runner.lacks_buildkit()?;
    let message = format!(
        "job `{}` is on a runner of {system} (`{}`), where `docker buildx bake` has no BuildKit to build with",
        job.name,
        job.runner.display()
    );
    let platform = job.platform.as_ref().map(ToString::to_string);
    let rule = match platform.as_deref() {
        Some(name) if name.starts_with("windows/") => "windows".to_owned(),
        Some(name) => format!("\"{name}\""),
        None => "default".to_owned(),
    };
    let help = format!("let a Linux runner build it, such as `runners = {{ {rule} = \"ubuntu-latest\" }}`");
    Some(Diagnostic::error(Code::UNFIT_RUNNER, message).with_help(help))
}

/// Refuses what GitHub would evaluate in a script, or what is more than one line.
fn unwritable(planned_with: &PlannedWith) -> Vec<Diagnostic> {
    // The other words are among these.
    let PlannedWith { words, again: _, folder, asks_git: _, consents: _ } = planned_with;
    let is_bad = |word: &&String| word.contains("${{") || !is_one_line(word);
    let bad = words.iter().chain(folder).filter(is_bad);
    let bad = bad.map(|word| {
        let message = format!("`{}` cannot stand in the script of a workflow", word.escape_debug());
        let help = "GitHub evaluates `${{`, and a script has one command per line: use a variable, with `--env NAME=vars.NAME`";
        Diagnostic::error(Code::UNWRITABLE, message).with_help(help)
    });
    bad.collect()
}
