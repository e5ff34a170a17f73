//! Facts from the variables of a GitLab pipeline (<https://docs.gitlab.com/ci/variables/predefined_variables/>).

use super::{Environment, Facts, variable};

/// What the variables say. The event is the pipeline's source, in GitLab's words: `push`, `merge_request_event`,
/// `schedule`, `web`, ….
#[must_use]
pub(crate) fn facts(env: &Environment) -> Facts {
    let given = |name: &str| variable(env, name).map(str::to_owned);
    let tag = || given("CI_COMMIT_TAG").map(|tag| format!("refs/tags/{tag}"));
    let request = || {
        let path = given("CI_MERGE_REQUEST_REF_PATH");
        path.or_else(|| Some(format!("refs/merge-requests/{}/head", given("CI_MERGE_REQUEST_IID")?)))
    };
    let branch = || given("CI_COMMIT_BRANCH").map(|branch| format!("refs/heads/{branch}"));
    Facts {
        event: given("CI_PIPELINE_SOURCE"),
        git_ref: tag().or_else(request).or_else(branch),
        head_branch: given("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
        base_branch: given("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
        commit: given("CI_COMMIT_SHA"),
        commit_time: given("CI_COMMIT_TIMESTAMP").and_then(|time| time.parse().ok()),
        workflow: given("CI_CONFIG_PATH"),
        run: variable(env, "CI_PIPELINE_IID").and_then(|number| number.parse().ok()),
        default_branch: given("CI_DEFAULT_BRANCH"),
        url: given("CI_PROJECT_URL"),
        title: given("CI_PROJECT_TITLE").or_else(|| given("CI_PROJECT_NAME")),
        description: given("CI_PROJECT_DESCRIPTION"),
        ..Facts::default()
    }
    .with_ref_parts()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The facts, without those that are the same in all pipelines.
    #[track_caller]
    fn case(variables: &[(&str, &str)], expected: &Value) {
        let common = [
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_SHA", "5f3c1e0d9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d"),
            ("CI_COMMIT_TIMESTAMP", "2026-03-05T01:30:00+02:00"),
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_PROJECT_URL", "https://gitlab.example/team/app"),
            ("CI_PROJECT_NAME", "app"),
            ("CI_PROJECT_TITLE", "The App"),
            ("CI_PROJECT_DESCRIPTION", ""),
        ];
        let env = common.iter().chain(variables).map(|(name, value)| ((*name).into(), (*value).into()));
        let Value::Object(mut found) = serde_json::to_value(facts(&env.collect())).unwrap() else { panic!() };
        for (name, expected) in [
            ("commit", "5f3c1e0d9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d"),
            ("commit_time", "2026-03-04T23:30:00Z"),
            ("default_branch", "main"),
            ("url", "https://gitlab.example/team/app"),
            ("title", "The App"),
        ] {
            assert_eq!(found.remove(name), Some(expected.into()), "{name}");
        }
        assert_eq!(&Value::Object(found), expected);
    }

    #[test]
    fn pipelines_of_branches_tags_and_merge_requests() {
        case(
            &[("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_BRANCH", "feature/x")],
            &json!({ "event": "push", "ref": "refs/heads/feature/x", "branch": "feature/x" }),
        );
        case(
            &[("CI_PIPELINE_SOURCE", "schedule"), ("CI_COMMIT_BRANCH", "main")],
            &json!({ "event": "schedule", "ref": "refs/heads/main", "branch": "main" }),
        );
        case(
            &[("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_TAG", "v1.2.3"), ("CI_COMMIT_BRANCH", "")],
            &json!({ "event": "push", "ref": "refs/tags/v1.2.3", "tag": "v1.2.3" }),
        );
        let request = [
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_IID", "12"),
            ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "fix"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ];
        let expected = json!({
            "event": "merge_request_event", "ref": "refs/merge-requests/12/head", "pull_request": 12,
            "head_branch": "fix", "base_branch": "main",
        });
        case(&request, &expected);
        let path = [("CI_MERGE_REQUEST_REF_PATH", "refs/merge-requests/12/head")];
        case(&[&request[..], &path].concat(), &expected);
    }

    #[test]
    fn what_is_not_set_is_unknown() {
        assert_eq!(facts(&Environment::new()), Facts::default());
        let env = [("CI_PROJECT_NAME", "app"), ("CI_COMMIT_TIMESTAMP", "soon")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(facts(&env), Facts { title: Some("app".into()), ..Facts::default() });
    }
}
