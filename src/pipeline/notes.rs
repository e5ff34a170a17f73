//! Notes what a workflow cannot provide for and what stops nothing.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::logins::{self, Used};
use super::place;
use super::runs;
use super::server::Server;
use crate::bake::values::Name;
use crate::ci::{AROUND_A_BUILD, Install, Login, PublishEvent, Signer, Stage, Timeout};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, all_listed};
use crate::plan::{Job, Plan, UnsetVariable};
use crate::reference::{Registry, Repository};
use crate::spec::WorkflowSettings;

/// Those about what only the shell has in which the workflow is written.
pub(crate) fn notes_of_desk(plan: &Plan, settings: &WorkflowSettings, server: Server) -> Vec<Diagnostic> {
    unrecorded(plan, settings, server).into_iter().chain(unset(plan, settings, server)).collect()
}

/// Those about what runs need.
pub(crate) fn notes(plans: &[Plan], settings: &WorkflowSettings, server: Server) -> Vec<Diagnostic> {
    let mut notes = lacking(plans, settings, server);
    notes.extend(runs::changing(plans));
    notes.extend(unread_by_plan(plans, settings));
    notes.extend((server == Server::Github).then(|| too_long(plans, settings)).into_iter().flatten());
    let known =
        |used: &Used| used.is_public() || server == Server::Github && Login::known(&used.registry).is_some();
    let is_set = |used: &Used| settings.logins.iter().any(|login| login.registry == used.registry);
    let others = logins::used(plans).into_iter().filter(|used| !is_set(used) && !known(used));
    notes.extend(others.map(|Used { registry, is_written }| {
        let what = if is_written { "write a cache to" } else { "read from" };
        let message = format!("builds {what} `{registry}`, where no job logs in");
        Diagnostic::note(Code::NO_LOGIN, message).with_help(format!(
            "if it asks for an account: `--login {registry}=REGISTRY_USERNAME:REGISTRY_TOKEN`; if not, `--login {registry}=none`"
        ))
    }));
    notes
}

/// The folders of actions of the repository, with the settings that name them.
pub(crate) fn actions(settings: &WorkflowSettings) -> Vec<(&'static str, String)> {
    let WorkflowSettings { install, setup, test, sign, .. } = settings;
    let installing =
        install.as_ref().and_then(|install| install.local()).map(|one| ("install", one.to_string()));
    let plain = [("setup", setup), ("test", test)];
    let plain = plain.into_iter().filter_map(|(name, one)| Some((name, one.as_ref()?.to_string())));
    let signing = sign.iter().filter_map(|one| match one {
        Signer::Local(action) => Some(("sign", action.to_string())),
        Signer::Cosign | Signer::Attest => None,
    });
    installing.into_iter().chain(plain).chain(signing).collect()
}

/// A note about an action that is not there.
pub(crate) fn no_action(setting: &str, folder: &str) -> Diagnostic {
    let message =
        format!("`{setting}` names the action `{folder}`, and there is no `action.yml` in that folder");
    Diagnostic::note(Code::NO_ACTION, message)
        .with_help("the folder is one from the top of the repository; commit it before the workflow runs")
}

/// A note about another workflow that publishes to repositories of the plan.
pub(crate) fn publishes_too(path: &str, repositories: &BTreeSet<String>) -> Diagnostic {
    let message = format!("`{path}` publishes to {}, too", all_listed(repositories));
    Diagnostic::note(Code::OTHER_WORKFLOW, message).with_help(
        "remove it, or what it pushes, in the same commit: where two publish a tag, the one that ends last gives it",
    )
}

/// A note about a file that no pipeline of GitLab includes.
pub(crate) fn to_include(path: &str) -> Diagnostic {
    let message = format!("`{}` does not name `{path}`, so GitLab does not run it", place::GITLAB);
    Diagnostic::note(Code::TO_SET, message).with_help(format!(
        "write `include: {{ local: \"{path}\" }}` into it; where it has `stages`, these have to name `build`, too"
    ))
}

/// A note about a program that GitHub's machines do not have.
pub(crate) fn not_there(settings: &WorkflowSettings, server: Server) -> Option<Diagnostic> {
    let is_hosted = server == Server::Github && settings.plan_runner.is_empty();
    (is_hosted && settings.install == Some(Install::Path)).then(|| {
        let message = "`path` expects bakeplan on the machines, and those that GitHub hosts do not have it";
        Diagnostic::note(Code::NO_INSTALL, message).with_help(
            "name another way to install it (`bakeplan explain no-install`), or machines of your own with `--plan-runner`",
        )
    })
}

/// A note about a file that GitHub does not read; `top` leads from the working directory to the top of the repository.
pub(crate) fn unread(path: &str, top: &str) -> Diagnostic {
    let message = format!(
        "GitHub looks for workflows in `.github/workflows/` at the top of the repository, and `{path}` is not one there"
    );
    Diagnostic::note(Code::UNFIT_PATH, message)
        .with_help(format!("write it to a file such as `{top}.github/workflows/images.yml`"))
}

/// Errors about settings under which nothing would ever happen.
pub(super) fn unused(settings: &WorkflowSettings) -> Vec<Diagnostic> {
    let WorkflowSettings {
        publish_on,
        branches,
        schedule,
        rebuild,
        only_changed,
        on_unknown,
        most_stale,
        reusable,
        install: _,
        env: _,
        environment: _,
        logins: _,
        plan_runner: _,
        timeouts: _,
        max_parallel: _,
        require_all: _,
        settle: _,
        setup: _,
        test: _,
        sign: _,
        ssh_keys: _,
        marked: _,
        nulls: _,
    } = settings;
    let of_branches = [PublishEvent::Push, PublishEvent::Schedule, PublishEvent::Dispatch];
    let is_on = |event: &PublishEvent| publish_on.as_ref().is_none_or(|all| all.contains(event));
    let error = |message: &str, help: &str| Diagnostic::error(Code::UNUSED_SETTING, message).with_help(help);
    let mut found = Vec::new();
    if *reusable && !schedule.is_empty() {
        found.push(error(
            "`schedule` starts nothing in a workflow that another one calls",
            "put the schedule into the calling workflow",
        ));
    }
    if *reusable && !rebuild.is_empty() {
        found.push(error(
            "`rebuild` starts nothing in a workflow that another one calls",
            "put the schedule into the calling workflow, and call this one with the input `all`",
        ));
    }
    if !only_changed && !rebuild.is_empty() {
        found.push(error(
            "`rebuild` has no effect where every run builds everything",
            "give its times to `schedule`, or set `only_changed`",
        ));
    }
    for (name, is_set) in [("on_unknown", on_unknown.is_some()), ("most_stale", most_stale.is_some())] {
        if is_set && !only_changed {
            let message = format!("`{name}` has no effect where every run builds everything");
            found.push(error(&message, "set `only_changed`, or remove it"));
        }
    }
    if let Some(both) = rebuild.iter().find(|time| schedule.contains(time)) {
        found.push(error(
            &format!("`{both}` is a time of `schedule` and of `rebuild`, and only one of them can be meant"),
            "`rebuild` alone builds everything at that time; remove it from the other",
        ));
    }
    let is_asked = publish_on.as_ref().is_some_and(|all| all.contains(&PublishEvent::Schedule));
    if is_asked && schedule.is_empty() && rebuild.is_empty() && !reusable {
        found.push(error(
            "`publish_on` has `schedule`, and nothing says when a run starts by itself",
            "give a time: `--schedule '17 3 * * 1'`, or `schedule` in the `workflow` block",
        ));
    }
    if !branches.is_empty() && !of_branches.iter().any(is_on) {
        found.push(error(
            "`branches` has no effect where only tags publish",
            "remove `branches` or `--branch`, or publish on `push`, too",
        ));
    }
    found
}

/// Notes about registries in which the plan would look for what is published, and where it may not read.
fn unread_by_plan(plans: &[Plan], settings: &WorkflowSettings) -> Vec<Diagnostic> {
    let pushed: BTreeSet<&Registry> =
        logins::images(plans).flat_map(|image| &image.repositories).map(Repository::registry).collect();
    let is_closed = |login: &&Login| {
        settings.only_changed
            && pushed.contains(&login.registry)
            && login.account.federated().is_some_and(|identity| !identity.pulls())
    };
    let closed = settings.logins.iter().filter(is_closed);
    closed
        .map(|Login { registry, account: _ }| {
            let message = format!(
                "the plan does not log in to `{registry}`, so it sees only what is public there and builds the rest every time"
            );
            Diagnostic::note(Code::NO_LOGIN, message)
                .with_help("give it an identity that only reads, by keys that begin with `pull_`, such as `pull_role`")
        })
        .collect()
}

/// Notes about time limits that GitHub's own runners do not wait for
/// (<https://docs.github.com/en/actions/reference/limits>).
fn too_long(plans: &[Plan], settings: &WorkflowSettings) -> Vec<Diagnostic> {
    const LONGEST: u16 = 360;
    let is_hosted = |runner: &str| runner.starts_with("ubuntu-");
    let mut builders = plans.iter().flat_map(|plan| &plan.jobs).map(|job| job.runner.display());
    let builder = builders.find(|runner| is_hosted(runner));
    // What plans and merges.
    let own = match settings.plan_runner.as_slice() {
        [] => Some("ubuntu-latest".to_owned()),
        [label] => Some(label.to_string()).filter(|label| is_hosted(label)),
        _ => None,
    };
    let note = |stage: Stage, what: &str, around: u16, runner: Option<String>| {
        let minutes = Timeout::minutes_of(stage, &settings.timeouts);
        let runner = runner.filter(|_| minutes + around > LONGEST)?;
        let before = if around == 0 { "" } else { ", before it uploads what was built" };
        let message = format!(
            "{what} may take {minutes} minutes, and GitHub ends a job on its runner `{runner}` after {LONGEST}{before}"
        );
        let most = LONGEST - around;
        let help =
            format!("`--timeout {stage}={most}` leaves the time for that, or use a runner of your own");
        Some(Diagnostic::note(Code::UNFIT_RUNNER, message).with_help(help))
    };
    let notes = [
        note(Stage::Plan, "the plan", 0, own.clone()),
        note(Stage::Build, "builds", AROUND_A_BUILD, builder.map(Cow::into_owned)),
        note(Stage::Merge, "the merge", 0, own),
    ];
    notes.into_iter().flatten().collect()
}

/// Whether runs have a variable without being asked to.
fn is_of_runs(name: &str, server: Server) -> bool {
    let starts: &[&str] = match server {
        Server::Github => &["GITHUB_", "RUNNER_"],
        Server::Gitlab => &["CI_", "GITLAB_"],
    };
    // A step has this one only if it is given it.
    starts.iter().any(|start| name.starts_with(start)) && name != "GITHUB_TOKEN" || name == "CI"
}

/// Whether the workflow gives its runs a variable.
fn is_given(name: &str, settings: &WorkflowSettings) -> bool {
    settings.env.iter().any(|one| one.name == name)
}

/// How a run gets a variable.
fn cure(name: &str, server: Server) -> String {
    let written = format!("`--var {name}=…` writes it into the workflow");
    match server {
        Server::Github => format!(
            "`--env {name}=vars.{name}` takes it from a variable of the repository, `--env {name}=github.ref_name` or `github.sha` from the run, and {written}"
        ),
        Server::Gitlab => format!("set the variable `{name}` in the project's settings for CI/CD; {written}"),
    }
}

/// Notes about values that only the shell has in which the workflow is written.
fn unrecorded(plan: &Plan, settings: &WorkflowSettings, server: Server) -> Vec<Diagnostic> {
    let is_open = |name: &&Name| !is_of_runs(name, server) && !is_given(name, settings);
    let names = plan.from_environment.iter().filter(is_open);
    names
        .map(|name| {
            let message =
                format!("`{name}` has its value from the environment here, which a run does not have");
            Diagnostic::note(Code::UNRECORDED_VALUE, message).with_help(cure(name, server))
        })
        .collect()
}

/// The variables with a value here that are secrets of builds: the plan of a run on GitHub does not have them.
pub(crate) fn secrets_of_builds(plan: &Plan) -> Vec<&Name> {
    let of_jobs: BTreeSet<&str> = plan.jobs.iter().flat_map(|job| &job.env).map(String::as_str).collect();
    plan.from_environment.iter().filter(|name| of_jobs.contains(&***name)).collect()
}

/// A note where the plan of a run comes out otherwise without them.
pub(crate) fn decided_by_secrets(plan: &Plan, without: &Plan) -> Option<Diagnostic> {
    let rows = |plan: &Plan| -> Vec<(Name, Vec<String>, Vec<String>)> {
        plan.jobs.iter().map(|job| (Name::clone(&job.name), job.env.clone(), job.secrets.clone())).collect()
    };
    let names: BTreeSet<String> = secrets_of_builds(plan).into_iter().map(ToString::to_string).collect();
    let first = names.first().filter(|_| rows(plan) != rows(without))?;
    let message = format!(
        "the plan of a run does not have {}, a secret of builds alone, and comes out otherwise without: builds lack what depends on its value",
        all_listed(&names)
    );
    let help = format!("write what needs it without a condition on its value: `secret = [\"id={first}\"]`");
    Some(Diagnostic::note(Code::UNRECORDED_VALUE, message).with_help(help))
}

/// A note about variables that have a value neither here nor in a run.
fn unset(plan: &Plan, settings: &WorkflowSettings, server: Server) -> Option<Diagnostic> {
    let is_open = |name: &str| !is_of_runs(name, server) && !is_given(name, settings);
    let open: Vec<&UnsetVariable> = plan.unset.iter().filter(|one| is_open(&one.name)).collect();
    let first = open.first()?;
    Some(UnsetVariable::note(&open)?.with_help(cure(&first.name, server)))
}

/// Notes about files and agents that builds need and a checkout may lack, unless something is set up.
fn lacking(plans: &[Plan], settings: &WorkflowSettings, server: Server) -> Vec<Diagnostic> {
    if settings.setup.is_some() {
        return Vec::new();
    }
    let help = match server {
        Server::Github => {
            "name a composite action of the repository that does: `--setup ./.github/actions/setup`"
        }
        Server::Gitlab => "name a program of the repository that does: `--setup ./ci/setup`",
    };
    let note = |what: String| {
        Diagnostic::note(Code::NO_SETUP, format!("{what}, and nothing sets that up before the builds"))
            .with_help(help)
    };
    let targets = || plans.iter().flat_map(|plan| plan.legs.values()).map(|leg| &leg.definition);
    let files: BTreeSet<&str> = targets()
        .flat_map(|target| &target.secret)
        .filter(|secret| secret.variable().is_none())
        .filter_map(|secret| secret.src.as_ref())
        .map(|path| path.as_str())
        .collect();
    let files = files.into_iter().map(|path| note(format!("a secret is read from the file `{path}`")));
    let keys: BTreeSet<&str> = targets()
        .flat_map(|target| &target.ssh)
        .flat_map(|ssh| &ssh.paths)
        .map(|path| path.as_str())
        .collect();
    let keys = keys.into_iter().map(|path| note(format!("an SSH key or socket is `{path}`")));
    let agent = (settings.ssh_keys.is_empty() && plans.iter().flat_map(|plan| &plan.jobs).any(uses_agent)).then(|| {
        let help = match server {
            Server::Github => "name the secret with its key: `--ssh-key DEPLOY_KEY`",
            Server::Gitlab => "start one in a program of the repository, `--setup ./ci/setup`, with `ssh-agent -a PATH`, and give the project a variable `SSH_AUTH_SOCK` with that path",
        };
        let message = "builds use an SSH agent, and nothing starts one before the builds";
        Diagnostic::note(Code::NO_SETUP, message).with_help(help)
    });
    files.chain(keys).chain(agent).collect()
}

/// A note about what a repository has and a checkout of a job does not.
pub(crate) fn not_checked_out(what: &str, server: Server) -> Diagnostic {
    let message = format!(
        "this repository has {what}, and the jobs check it out without: what a build copies of them is empty"
    );
    let cure = match (server, what) {
        (Server::Gitlab, _) => {
            "set the variable `GIT_SUBMODULE_STRATEGY: recursive`, or fetch them in a program of the repository: `--setup ./ci/setup`"
        }
        (Server::Github, _) => {
            "where builds need them, fetch them in a composite action of the repository (`git submodule update --init`, `git lfs pull`), and name it: `--setup ./.github/actions/setup`"
        }
    };
    Diagnostic::note(Code::NO_SETUP, message).with_help(cure)
}

/// Whether a build of a row uses the running agent, which Bake asks about.
pub(super) fn uses_agent(job: &Job) -> bool {
    job.allow.iter().any(|entitlement| entitlement == "ssh")
}
