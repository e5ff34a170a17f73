//! Facts from the environment of a GitHub Actions run and the payload of its event. Gitea and Forgejo set the same.
//!
//! Variables: <https://docs.github.com/en/actions/reference/variables-reference>; payloads:
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads>.

use jiff::Timestamp;
use serde_json::Value;

use super::{Environment, Facts, variable};
use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// What GitHub says when a repository has a licence that it does not know.
const NO_ASSERTION: &str = "NOASSERTION";

/// What the environment says, and the payload of the event (the text of the file that `GITHUB_EVENT_PATH` names).
///
/// # Errors
/// When the payload is not JSON.
pub(crate) fn facts(env: &Environment, event: Option<&str>) -> Result<Facts, Diagnostic> {
    let payload = Payload::parse(event)?;
    let given = |name: &str| variable(env, name).map(str::to_owned);
    let event = given("GITHUB_EVENT_NAME");
    let commit = payload.head_commit(env, event.as_deref()).or_else(|| given("GITHUB_SHA"));
    let git_ref = payload.ref_of_target(event.as_deref()).or_else(|| given("GITHUB_REF"));
    let repository = given("GITHUB_REPOSITORY");
    let page = || Some(format!("{}/{}", variable(env, "GITHUB_SERVER_URL")?, repository.as_ref()?));
    let name = || Some(repository.as_ref()?.rsplit('/').next()?.to_owned());
    let facts = Facts {
        commit_time: commit.as_deref().and_then(|commit| payload.time_of(commit)),
        head_branch: given("GITHUB_HEAD_REF").or_else(|| payload.text("/pull_request/head/ref")),
        base_branch: given("GITHUB_BASE_REF").or_else(|| payload.base_branch(git_ref.as_deref())),
        default_branch: payload.text("/repository/default_branch"),
        url: payload.text("/repository/html_url").or_else(page),
        title: payload.text("/repository/name").or_else(name),
        description: payload.text("/repository/description"),
        licenses: payload.text("/repository/license/spdx_id").filter(|id| id != NO_ASSERTION),
        workflow: workflow(env),
        run: variable(env, "GITHUB_RUN_NUMBER").and_then(|number| number.parse().ok()),
        event,
        git_ref,
        commit,
        ..Facts::default()
    }
    .with_ref_parts();
    // Schedules run on the default branch only, and their payload may say nothing.
    let is_scheduled = facts.event.as_deref() == Some("schedule");
    let scheduled = facts.branch.clone().filter(|_| is_scheduled);
    Ok(Facts { default_branch: facts.default_branch.or(scheduled), ..facts })
}

/// The events that nobody causes but the clock and who may write to the repository
/// (<https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows>).
const OF_WRITERS: [&str; 16] = [
    "branch_protection_rule",
    "create",
    "delete",
    "deployment",
    "merge_group",
    "milestone",
    "page_build",
    "public",
    "push",
    "registry_package",
    "release",
    "repository_dispatch",
    "repository_ruleset",
    "schedule",
    "workflow_call",
    "workflow_dispatch",
];

/// Whether the run's event is one in which a stranger may have written what is built: a pull request from a fork, or one
/// that others can cause and that runs with the rights of the repository. Where the payload does not say where a pull
/// request comes from, it may.
pub(crate) fn is_untrusted(env: &Environment, event: Option<&str>) -> bool {
    let payload = Payload::parse(event).unwrap_or(Payload(Value::Null));
    let of = |side: &str| payload.text(&format!("/pull_request/{side}/repo/full_name"));
    match variable(env, "GITHUB_EVENT_NAME") {
        None => false,
        Some("pull_request" | "pull_request_review" | "pull_request_review_comment") => {
            of("head").is_none() || of("head") != of("base")
        }
        Some(name) => !OF_WRITERS.contains(&name),
    }
}

/// The commits that a run is about and that an outside contributor may have written.
pub(crate) fn heads(event: Option<&str>) -> Vec<String> {
    const PLACES: [&str; 4] =
        ["/pull_request/head/sha", "/workflow_run/head_sha", "/check_run/head_sha", "/check_suite/head_sha"];
    let payload = Payload::parse(event).unwrap_or(Payload(Value::Null));
    PLACES.iter().filter_map(|place| payload.text(place)).collect()
}

/// The commit of the branch that a pull request is to be merged into, which is one of this repository.
pub(crate) fn base_of_request(event: Option<&str>) -> Option<String> {
    Payload::parse(event).ok()?.text("/pull_request/base/sha")
}

/// The commit of the repository's own branch, where the run is of that: of a pull request's own events, it is the merge.
pub(crate) fn sha_of_base(env: &Environment) -> Option<&str> {
    let event = variable(env, "GITHUB_EVENT_NAME")?;
    let is_merge = event.starts_with("pull_request") && event != "pull_request_target";
    variable(env, "GITHUB_SHA").filter(|_| !is_merge)
}

/// The workflow's file in its repository; its name where the variable with the file is not set, as on Gitea.
fn workflow(env: &Environment) -> Option<String> {
    let file = || {
        let (path, _) = variable(env, "GITHUB_WORKFLOW_REF")?.split_once('@')?;
        let repository = variable(env, "GITHUB_REPOSITORY").unwrap_or_default();
        let file = path.strip_prefix(repository).and_then(|rest| rest.strip_prefix('/'));
        Some(file.unwrap_or(path).to_owned())
    };
    file().or_else(|| variable(env, "GITHUB_WORKFLOW").map(str::to_owned))
}

/// What an event is about; nothing of it is certain to be there.
struct Payload(Value);

impl Payload {
    fn parse(text: Option<&str>) -> Result<Self, Diagnostic> {
        match text.map(serde_json::from_str) {
            None => Ok(Self(Value::Null)),
            Some(Ok(payload)) => Ok(Self(payload)),
            Some(Err(error)) => {
                let message = format!("the event's payload is not JSON: {error}");
                Err(Diagnostic::error(Code::EVENT_PAYLOAD, message)
                    .with_help("GITHUB_EVENT_PATH names its file; unset it if this is not GitHub"))
            }
        }
    }

    fn text(&self, pointer: &str) -> Option<String> {
        let text = self.0.pointer(pointer)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The ref of `pull_request_target`: the environment names the branch that the request goes to.
    fn ref_of_target(&self, event: Option<&str>) -> Option<String> {
        let number = ["/number", "/pull_request/number"].iter().find_map(|at| self.0.pointer(at)?.as_u64());
        Some(format!("refs/pull/{}/merge", number.filter(|_| event == Some("pull_request_target"))?))
    }

    /// The commit that a pull request comes from, where docker/metadata-action is asked for it instead of the merge
    /// that GitHub builds.
    fn head_commit(&self, env: &Environment, event: Option<&str>) -> Option<String> {
        let is_asked = variable(env, "DOCKER_METADATA_PR_HEAD_SHA")?.to_ascii_lowercase().contains("true");
        let is_pull_request = event?.starts_with("pull_request");
        if is_asked && is_pull_request { self.text("/pull_request/head/sha") } else { None }
    }

    fn base_branch(&self, git_ref: Option<&str>) -> Option<String> {
        let is_tag = git_ref.is_some_and(|name| name.starts_with("refs/tags/"));
        let name = self
            .text("/pull_request/base/ref")
            .or_else(|| self.text("/merge_group/base_ref"))
            // A new branch has a base, too, which says nothing about it.
            .or_else(|| self.text("/base_ref").filter(|_| is_tag))?;
        Some(name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned())
    }

    /// When a commit was made, if it is among those that the event tells of.
    fn time_of(&self, commit: &str) -> Option<Timestamp> {
        let one = ["/head_commit", "/merge_group/head_commit", "/workflow_run/head_commit"];
        let several = self.0.pointer("/commits").and_then(Value::as_array);
        let told = one.iter().filter_map(|at| self.0.pointer(at)).chain(several.into_iter().flatten());
        let found = told.into_iter().find(|told| told.get("id").and_then(Value::as_str) == Some(commit))?;
        found.get("timestamp")?.as_str()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COMMIT: &str = "5f3c1e0d9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d";

    fn env(event: &str, git_ref: &str, more: &[(&str, &str)]) -> Environment {
        let common = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_SHA", COMMIT),
            ("GITHUB_REF", git_ref),
            ("GITHUB_HEAD_REF", ""),
            ("GITHUB_BASE_REF", ""),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/app"),
        ];
        common.iter().chain(more).map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    fn repository() -> Value {
        json!({
            "id": 1, "name": "app", "full_name": "acme/app", "private": false,
            "owner": { "login": "acme" },
            "html_url": "https://github.com/acme/app",
            "description": "An application",
            "default_branch": "main",
            "license": { "key": "apache-2.0", "name": "Apache License 2.0", "spdx_id": "Apache-2.0" },
        })
    }

    /// The facts, without those of the repository, which must be as in [`repository`].
    #[track_caller]
    fn case(env: &Environment, mut payload: Value, expected: &Value) {
        payload["repository"] = repository();
        let facts = facts(env, Some(&payload.to_string())).unwrap();
        let Value::Object(mut found) = serde_json::to_value(facts).unwrap() else { panic!() };
        for (name, expected) in [
            ("url", "https://github.com/acme/app"),
            ("title", "app"),
            ("description", "An application"),
            ("default_branch", "main"),
            ("licenses", "Apache-2.0"),
            ("commit", COMMIT),
        ] {
            assert_eq!(found.remove(name), Some(expected.into()), "{name}");
        }
        assert_eq!(&Value::Object(found), expected);
    }

    #[test]
    fn a_push_of_a_branch() {
        case(
            &env("push", "refs/heads/release/1.x", &[]),
            json!({
                "ref": "refs/heads/release/1.x", "before": "0000000000000000000000000000000000000000",
                "after": COMMIT, "created": true, "deleted": false, "forced": false,
                "base_ref": "refs/heads/main",
                "commits": [{ "id": "1111111111111111111111111111111111111111", "timestamp": "2026-01-01T00:00:00Z" }],
                "head_commit": { "id": COMMIT, "timestamp": "2026-03-05T01:30:00+02:00", "message": "Mend it" },
            }),
            &json!({
                "event": "push", "ref": "refs/heads/release/1.x", "branch": "release/1.x",
                "commit_time": "2026-03-04T23:30:00Z",
            }),
        );
    }

    #[test]
    fn a_push_of_a_tag() {
        case(
            &env("push", "refs/tags/v1.2.3", &[]),
            json!({
                "ref": "refs/tags/v1.2.3", "after": "9999999999999999999999999999999999999999", "created": true,
                "base_ref": "refs/heads/main", "commits": [],
                "head_commit": { "id": COMMIT, "timestamp": "2026-03-04T23:30:00Z" },
            }),
            &json!({
                "event": "push", "ref": "refs/tags/v1.2.3", "tag": "v1.2.3", "base_branch": "main",
                "commit_time": "2026-03-04T23:30:00Z",
            }),
        );
    }

    #[test]
    fn the_time_is_that_of_the_commit_or_unknown() {
        let time_of = |payload: Value| {
            let facts = facts(&env("push", "refs/heads/main", &[]), Some(&payload.to_string())).unwrap();
            facts.commit_time.map(|time| time.to_string())
        };
        let other =
            json!({ "id": "1111111111111111111111111111111111111111", "timestamp": "2026-01-01T00:00:00Z" });
        let ours = json!({ "id": COMMIT, "timestamp": "2026-01-02T00:00:00Z" });
        let expected = Some("2026-01-02T00:00:00Z".to_owned());
        assert_eq!(time_of(json!({ "head_commit": other, "commits": [other, ours] })), expected);
        assert_eq!(time_of(json!({ "workflow_run": { "head_commit": ours } })), expected);
        assert_eq!(time_of(json!({ "head_commit": other, "commits": [other] })), None);
        assert_eq!(time_of(json!({ "head_commit": { "id": COMMIT, "timestamp": "soon" } })), None);
        assert_eq!(time_of(json!({ "head_commit": null, "commits": {} })), None);
    }

    fn pull_request(head_repository: &str) -> Value {
        json!({
            "action": "synchronize", "number": 7,
            "pull_request": {
                "number": 7,
                "head": { "ref": "fix/it", "sha": "2222222222222222222222222222222222222222",
                    "repo": { "full_name": head_repository, "name": "fork", "default_branch": "trunk",
                        "html_url": format!("https://github.com/{head_repository}") } },
                "base": { "ref": "main", "sha": "3333333333333333333333333333333333333333",
                    "repo": { "full_name": "acme/app" } },
            },
        })
    }

    #[test]
    fn a_pull_request() {
        let variables = [("GITHUB_HEAD_REF", "fix/it"), ("GITHUB_BASE_REF", "main")];
        let expected = json!({
            "event": "pull_request", "ref": "refs/pull/7/merge", "pull_request": 7,
            "head_branch": "fix/it", "base_branch": "main",
        });
        let env = env("pull_request", "refs/pull/7/merge", &variables);
        case(&env, pull_request("acme/app"), &expected);
        // The facts of the repository are never those of the fork.
        case(&env, pull_request("mallory/fork"), &expected);
    }

    #[test]
    fn a_pull_request_target_is_of_the_pull_request() {
        let variables = [("GITHUB_HEAD_REF", "fix/it"), ("GITHUB_BASE_REF", "main")];
        case(
            &env("pull_request_target", "refs/heads/main", &variables),
            pull_request("mallory/fork"),
            &json!({
                "event": "pull_request_target", "ref": "refs/pull/7/merge", "pull_request": 7,
                "head_branch": "fix/it", "base_branch": "main",
            }),
        );
    }

    #[test]
    fn a_merged_pull_request_is_of_the_branch() {
        let variables = [("GITHUB_HEAD_REF", "fix/it"), ("GITHUB_BASE_REF", "main")];
        case(
            &env("pull_request", "refs/heads/main", &variables),
            pull_request("acme/app"),
            &json!({
                "event": "pull_request", "ref": "refs/heads/main", "branch": "main",
                "head_branch": "fix/it", "base_branch": "main",
            }),
        );
    }

    #[test]
    fn a_review_has_the_branches_in_its_payload_alone() {
        case(
            &env("pull_request_review", "refs/pull/7/merge", &[]),
            pull_request("acme/app"),
            &json!({
                "event": "pull_request_review", "ref": "refs/pull/7/merge", "pull_request": 7,
                "head_branch": "fix/it", "base_branch": "main",
            }),
        );
    }

    #[test]
    fn a_merge_queue() {
        let branch = format!("gh-readonly-queue/main/pr-7-{COMMIT}");
        let name = format!("refs/heads/{branch}");
        case(
            &env("merge_group", &name, &[]),
            json!({
                "action": "checks_requested",
                "merge_group": {
                    "head_sha": COMMIT, "head_ref": name, "base_ref": "refs/heads/main",
                    "base_sha": "3333333333333333333333333333333333333333",
                    "head_commit": { "id": COMMIT, "timestamp": "2026-03-04T23:30:00Z" },
                },
            }),
            &json!({
                "event": "merge_group", "ref": name, "branch": branch, "base_branch": "main",
                "commit_time": "2026-03-04T23:30:00Z",
            }),
        );
    }

    #[test]
    fn events_without_commits() {
        for (event, git_ref, payload, of_ref) in [
            ("schedule", "refs/heads/main", json!({ "schedule": "0 3 * * *" }), ("branch", "main")),
            (
                "workflow_dispatch",
                "refs/heads/dev",
                json!({ "ref": "refs/heads/dev", "inputs": null }),
                ("branch", "dev"),
            ),
            ("workflow_dispatch", "refs/tags/v1", json!({ "ref": "refs/tags/v1" }), ("tag", "v1")),
            (
                "release",
                "refs/tags/v1.2.3",
                json!({ "action": "published", "release": { "tag_name": "v1.2.3", "target_commitish": "main" } }),
                ("tag", "v1.2.3"),
            ),
            (
                "create",
                "refs/heads/dev",
                json!({ "ref": "dev", "ref_type": "branch", "master_branch": "main" }),
                ("branch", "dev"),
            ),
            // The branch that was deleted is not the one that is built.
            ("delete", "refs/heads/main", json!({ "ref": "dev", "ref_type": "branch" }), ("branch", "main")),
        ] {
            let expected = json!({ "event": event, "ref": git_ref, of_ref.0: of_ref.1 });
            case(&env(event, git_ref, &[]), payload, &expected);
        }
    }

    #[test]
    fn without_a_payload_the_variables_say_what_they_can() {
        let facts = facts(&env("schedule", "refs/heads/trunk", &[]), None).unwrap();
        let expected = json!({
            "event": "schedule", "ref": "refs/heads/trunk", "branch": "trunk", "commit": COMMIT,
            "default_branch": "trunk", "url": "https://github.com/acme/app", "title": "app",
        });
        assert_eq!(serde_json::to_value(facts).unwrap(), expected);
        assert_eq!(super::facts(&Environment::new(), None).unwrap(), Facts::default());
    }

    #[test]
    fn what_a_payload_does_not_say_is_unknown() {
        let payload = json!({
            "number": "7", "repository": {
                "default_branch": 1, "description": null, "html_url": "", "license": { "spdx_id": "NOASSERTION" },
            },
        });
        let env = env("pull_request_target", "refs/heads/main", &[]);
        let found = facts(&env, Some(&payload.to_string())).unwrap();
        assert_eq!((found.branch.as_deref(), found.pull_request), (Some("main"), None));
        assert_eq!((found.default_branch, found.description, found.licenses), (None, None, None));
        assert_eq!(found.url.as_deref(), Some("https://github.com/acme/app"));
        for wrong in ["", "{", "{}}", &"[".repeat(100_000)] {
            assert_eq!(facts(&env, Some(wrong)).unwrap_err().code.name(), "event-payload");
        }
    }
}
