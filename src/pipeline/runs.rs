//! The runs that a workflow is for, as far as a definition can see in its environment which of them it is in.

use super::server::Server;
use crate::bake::values::Name;
use crate::ci::{DEFAULT_BRANCHES, EnvVariable, PublishEvent, changing_variables};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, all_listed};
use crate::plan::Plan;
use crate::spec::WorkflowSettings;

/// The tag of a release.
const TAG: &str = "v1.2.3";

/// A run that will be.
pub(crate) struct Foreseen {
    /// What it is of, for messages.
    pub(crate) what: String,
    /// Whether it may publish.
    pub(crate) publishes: bool,
    /// The variables that tell it from others; `None` for one that it does not have.
    pub(crate) variables: Vec<(String, Option<String>)>,
}

/// One run of each kind.
pub(crate) fn foreseen(settings: &WorkflowSettings, server: Server) -> Vec<Foreseen> {
    let named = settings.branches.iter().filter(|branch| branch.prefix().is_none());
    let mut branches: Vec<String> = named.map(ToString::to_string).collect();
    if branches.is_empty() {
        branches.extend(DEFAULT_BRANCHES.map(str::to_owned));
    }
    match server {
        Server::Github => of_github(settings, &branches),
        Server::Gitlab => of_gitlab(&branches[0]),
    }
}

/// Whether a definition with this text may ask for a variable that tells these runs apart, or for others of their kind.
pub(crate) fn may_ask(runs: &[Foreseen], text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_known = |word| runs.iter().flat_map(|run| &run.variables).any(|(name, _)| name == word);
    let is_alike = |word: &str| word.starts_with("CI_") || word.starts_with("GIT");
    text.split(|c| !is_part(c)).any(|word| is_alike(word) || is_known(word))
}

/// What GitHub sets (<https://docs.github.com/en/actions/reference/workflows-and-actions/variables>).
fn of_github(settings: &WorkflowSettings, branches: &[String]) -> Vec<Foreseen> {
    let branch = branches[0].as_str();
    let of =
        |what: String, event: &str, (kind, full, short): (&str, String, &str), [head, base]: [&str; 2]| {
            let own = [
                ("CI", "true"),
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_EVENT_NAME", event),
                ("GITHUB_REF", &full),
                ("GITHUB_REF_NAME", short),
                ("GITHUB_REF_TYPE", kind),
                ("GITHUB_HEAD_REF", head),
                ("GITHUB_BASE_REF", base),
            ];
            // The same under other names.
            let given = settings.env.iter().filter_map(|EnvVariable { name, from }| {
                let variable = format!("GITHUB_{}", from.strip_prefix("github.")?.to_ascii_uppercase());
                let (_, value) = own.iter().find(|(name, _)| *name == variable)?;
                Some((name.as_str(), *value))
            });
            // One that differs between jobs is there, to know whether it is asked for.
            let changing = changing_variables().map(|name| (name, "1"));
            let variables = own.into_iter().chain(given).chain(changing);
            let variables = variables.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
            let publishes = !["pull_request", "merge_group"].contains(&event);
            Foreseen { what, publishes, variables: variables.collect() }
        };
    let is_on = |event| settings.publish_on.as_ref().is_none_or(|all| all.contains(&event));
    let on_branch = || ("branch", format!("refs/heads/{branch}"), branch);
    let on_tag = ("tag", format!("refs/tags/{TAG}"), TAG);
    let on_request = ("branch", "refs/pull/1/merge".to_owned(), "1/merge");
    let queue = format!("gh-readonly-queue/{branch}/pr-1");
    let in_queue = ("branch", format!("refs/heads/{queue}"), &*queue);
    let none = ["", ""];
    let is_timed = settings.reusable || !settings.schedule.is_empty() || !settings.rebuild.is_empty();
    let pushes = branches.iter().map(|branch| {
        of(
            format!("the branch `{branch}`"),
            "push",
            ("branch", format!("refs/heads/{branch}"), branch.as_str()),
            none,
        )
    });
    let others = [
        is_on(PublishEvent::Tag).then(|| of(format!("the tag `{TAG}`"), "push", on_tag, none)),
        Some(of("a pull request".to_owned(), "pull_request", on_request, ["topic", branch])),
        Some(of("the merge queue".to_owned(), "merge_group", in_queue, none)),
        Some(of("`workflow_dispatch`".to_owned(), "workflow_dispatch", on_branch(), none)),
        is_timed.then(|| of("the schedule".to_owned(), "schedule", on_branch(), none)),
    ];
    pushes.chain(others.into_iter().flatten()).collect()
}

/// What GitLab sets (<https://docs.gitlab.com/ci/variables/predefined_variables/>).
fn of_gitlab(branch: &str) -> Vec<Foreseen> {
    let of = |what: String, source: &str, name: &str, [on_branch, tag, request]: [Option<&str>; 3]| {
        let variables = [
            ("CI", Some("true")),
            ("GITLAB_CI", Some("true")),
            ("CI_PIPELINE_SOURCE", Some(source)),
            ("CI_COMMIT_REF_NAME", Some(name)),
            ("CI_COMMIT_BRANCH", on_branch),
            ("CI_COMMIT_TAG", tag),
            ("CI_MERGE_REQUEST_IID", request),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        Foreseen { what, publishes: request.is_none(), variables: variables.into() }
    };
    vec![
        of(format!("the branch `{branch}`"), "push", branch, [Some(branch), None, None]),
        of(format!("the tag `{TAG}`"), "push", TAG, [None, Some(TAG), None]),
        of("a merge request".to_owned(), "merge_request_event", "topic", [None, None, Some("1")]),
        of("the schedule".to_owned(), "schedule", branch, [Some(branch), None, None]),
    ]
}

/// A note about a run whose plan cannot be foreseen.
pub(crate) fn unforeseen(what: &str, problem: String) -> Diagnostic {
    let message = format!(
        "the definition has no plan for a run of {what}, as far as that is foreseen: such a run fails, and the workflow lacks what only it needs"
    );
    Diagnostic::note(Code::UNFORESEEN, message)
        .with_note(problem)
        .with_help("give the variables that decide it a default that can be planned, or say with `--login` and `--env` what is needed")
}

/// A note about variables of the definition that differ between the jobs of a run.
pub(crate) fn changing(plans: &[Plan]) -> Option<Diagnostic> {
    let mut names: Vec<&Name> = plans.iter().flat_map(|plan| &plan.from_environment).collect();
    names.retain(|name| changing_variables().any(|changing| changing == &***name));
    names.sort_unstable();
    names.dedup();
    let message = format!(
        "the definition reads {}, whose value differs between jobs: the merge, which plans again, will refuse the plan",
        all_listed(&names)
    );
    (!names.is_empty()).then(|| {
        Diagnostic::note(Code::CHANGING_VARIABLE, message)
            .with_help("read what is the same in the whole run, such as `GITHUB_RUN_ID`, `GITHUB_RUN_NUMBER` or `GITHUB_RUN_ATTEMPT`, whose value the merge takes from the plan")
    })
}
