//! The pipeline for GitLab.

use minijinja::{Error, Value, context};

use super::filled;
use super::yaml::quoted;
use crate::ci::{AFTER_A_BUILD, AROUND_A_BUILD, Branch, Install, PublishEvent};
use crate::pipeline::{GitlabPipeline, Minutes, PlannedWith};
use crate::reference::Registry;

/// Valid YAML as it stands, like GitHub's.
const TEMPLATE: &str = include_str!("../../../templates/gitlab.yml");

/// How Docker's configuration calls Docker Hub.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The pipeline's text; `origin` is what it says about itself.
///
/// # Errors
/// What is wrong with the template.
pub(crate) fn render(pipeline: &GitlabPipeline, origin: &str) -> Result<String, String> {
    rendered(pipeline, origin).map_err(|error| format!("templates/gitlab.yml: {error:#}"))
}

fn rendered(pipeline: &GitlabPipeline, origin: &str) -> Result<String, Error> {
    let GitlabPipeline {
        path,
        install,
        publish_on,
        branches,
        only_changed,
        env,
        environment,
        logins,
        merge_logins,
        minutes: Minutes { plan, build, merge },
        require_all,
        settle,
        setup,
        planned_with: PlannedWith { words, again: _, folder, asks_git: _, consents: _ },
    } = pipeline;
    let values_of =
        |logins: &[(Registry, String, String)]| -> Vec<Value> { logins.iter().map(login).collect() };
    let job = |name: &str, publishes: bool| context! { name, publishes };
    let values = context! {
        origin,
        path => quoted(path),
        install => install_values(install),
        publish => publish_on.iter().map(|event| condition(*event, branches)).collect::<Vec<_>>(),
        env => env.iter().map(|(name, from)| context! { name, from }).collect::<Vec<_>>(),
        environment => environment.as_ref().map(|name| quoted(&name.to_string())),
        logins => values_of(logins),
        merge_logins => values_of(merge_logins),
        choice => only_changed.map(|only_changed| only_changed.options()),
        jobs => [job("build", false), job("push", true)],
        timeouts => context! { plan, build, spare => AFTER_A_BUILD, row => build + AROUND_A_BUILD, merge },
        require_all,
        settle => settle.map(|time| time.to_string()),
        setup => setup.as_ref().map(ToString::to_string),
        options => words.iter().map(|word| format!(" {word}")).collect::<String>(),
        folder => folder.as_deref().map(word),
    };
    filled(TEMPLATE, values)
}

/// One word of a shell.
fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Which pipelines something publishes, as `rules:if` has it.
fn condition(event: PublishEvent, branches: &[Branch]) -> String {
    let is_branch = branch_condition(branches);
    match event {
        PublishEvent::Push => format!("$CI_PIPELINE_SOURCE == \"push\" && {is_branch}"),
        PublishEvent::Tag => "$CI_PIPELINE_SOURCE == \"push\" && $CI_COMMIT_TAG".to_owned(),
        PublishEvent::Schedule => format!("$CI_PIPELINE_SOURCE == \"schedule\" && {is_branch}"),
        PublishEvent::Dispatch => format!("$CI_PIPELINE_SOURCE == \"web\" && {is_branch}"),
    }
}

/// Whether the pipeline is of a branch that publishes. A merge request's has no `CI_COMMIT_BRANCH`.
fn branch_condition(branches: &[Branch]) -> String {
    let one = |branch: &Branch| match branch.prefix() {
        Some(start) => format!(
            "$CI_COMMIT_BRANCH =~ /^{}/",
            [".", "/", "+"]
                .iter()
                .fold(start.to_owned(), |text, sign| text.replace(sign, &format!(r"\{sign}")))
        ),
        None => format!("$CI_COMMIT_BRANCH == \"{branch}\""),
    };
    match branches {
        [] => "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH".to_owned(),
        [branch] => one(branch),
        branches => format!("({})", branches.iter().map(one).collect::<Vec<_>>().join(" || ")),
    }
}

/// What a step needs to install the program, and the image that has what it needs for that.
fn install_values(install: &Install) -> Value {
    match install {
        Install::Pipx(version) => context! { kind => "pipx", version, image => "python:3" },
        Install::Cargo(version) => context! { kind => "cargo", version, image => "rust:1" },
        Install::Git { url, commit } => context! { kind => "git", url, commit, image => "rust:1" },
        // The pipeline has refused actions.
        Install::Path | Install::Action { .. } | Install::Local(_) => {
            context! { kind => "path", image => "" }
        }
    }
}

fn login((registry, username, password): &(Registry, String, String)) -> Value {
    let registry = registry.as_str();
    let key = if registry == "docker.io" { DOCKER_HUB } else { registry };
    context! { registry, key, username, password }
}
