//! What is built where only what has changed is: which options the plan gets in which run, and what is said when it is written.

use serde_json::Value;

use super::settings::Setting;
use super::{check, run_plan, scope, uses};
use crate::github::expression::Before;
use crate::github::{Workflow, steps};
use crate::support::Test;

/// The options, by what starts a run: its event, the time of a schedule, and the input.
pub(super) fn the_event_says_what_is_built(workflow: &Workflow, setting: &Setting) -> Result<(), String> {
    let plan = workflow.step("plan", "Plan");
    let all = &plan["env"]["BAKEPLAN_ALL"];
    let inputs: Vec<&Value> = ["workflow_dispatch", "workflow_call"]
        .map(|event| &workflow.tree["on"][event]["inputs"]["all"])
        .into_iter()
        .filter(|input| !input.is_null())
        .collect();
    let has_logins = !uses(workflow.job("plan"), "docker/login-action").is_empty();
    if !setting.only_changed {
        let script = plan["run"].as_str().unwrap_or_default();
        let is_free = !script.contains("choice") && all.is_null() && inputs.is_empty() && !has_logins;
        return check(is_free, || "every run builds everything".into());
    }
    let is_off = |input: &&Value| input["type"] == "boolean" && input["default"] == "false";
    check(inputs.len() == 1 && inputs.iter().all(is_off), || format!("{inputs:?}"))?;
    // What is published may be private.
    let place = |is_it: fn(&Value) -> bool| steps(workflow.job("plan")).position(is_it);
    let login = place(|step| step["name"].as_str().is_some_and(|name| name.starts_with("Log in to ")));
    let is_before = login.is_some() && login < place(|step| step["name"] == "Plan");
    check(is_before, || "the plan looks before it logs in".into())?;
    let rebuilds = setting.options.iter().filter_map(|option| option.strip_prefix("--rebuild="));
    let times = &workflow.tree["on"]["schedule"];
    for time in rebuilds {
        let is_there = times.as_array().is_some_and(|all| all.iter().any(|one| one["cron"] == *time));
        check(is_there, || format!("nothing starts at {time}: {times}"))?;
    }
    for (event, time, input, due) in [
        ("push", None, None, ""),
        ("pull_request", None, None, ""),
        ("merge_group", None, None, ""),
        ("workflow_dispatch", None, Some(false), ""),
        ("workflow_dispatch", None, Some(true), "--all|"),
        ("schedule", Some("17 3 * * *"), None, "--stale|"),
        ("schedule", Some("5 5 * * *"), None, "--stale|"),
        ("schedule", Some("17 4 * * 0"), None, "--stale|--all|"),
        // A server that does not say which time it was.
        ("schedule", None, None, "--stale|--all|"),
    ] {
        // Another workflow knows what its times are for, and one without times has none.
        let has_times = !times.is_null();
        let due = if event == "schedule" && !has_times { "--stale|" } else { due };
        let contexts = serde_json::json!({
            "github": { "event_name": event, "event": { "schedule": time } },
            "inputs": { "all": input },
        });
        let all = scope(contexts, Before::Success).interpolate(all.as_str().unwrap_or_default());
        let branch = setting.branches.first().map_or("main".to_owned(), |branch| branch.replace("**", "1"));
        let reference = format!("refs/heads/{branch}");
        let env = [
            ("PUBLISH", "true"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_REF", reference.as_str()),
            ("FORK", "false"),
            ("DEFAULT_BRANCH", "main"),
            ("BAKEPLAN_ALL", &all),
        ];
        let (status, told) = run_plan(workflow, &env, "false");
        let [always, on_schedule] = setting.choice();
        let due = due.replace("--stale|", on_schedule);
        let due = format!("|--publish=true|{always}{due}--default-provenance=|");
        check(status == Some(0) && told.contains(&due), || {
            format!("{event} at {time:?} with {input:?}: {told} and not {due}")
        })?;
    }
    Ok(())
}

const SPEC: &str = r#"
target "app" {
  platforms = ["linux/amd64"]
}
image "app" {
  repositories = ["public.ecr.aws/acme/app", "docker.io/acme/app"]
  tags         = ["edge"]
}
"#;

#[test]
fn what_says_how_needs_that_only_what_has_changed_is_built() {
    for option in ["--on-unknown=fail", "--most-stale=3"] {
        let name = option.trim_start_matches("--").split('=').next().unwrap().replace('-', "_");
        let test =
            Test::new().file("docker-bake.hcl", SPEC).args(["workflow", "github", "--install=path", option]);
        let output = test.output();
        let told = String::from_utf8(output.stderr).unwrap();
        let due = format!("error[unused-setting]: `{name}` has no effect where every run builds everything");
        assert!(output.status.code() == Some(1) && told.contains(&due), "{told}");
    }
}

/// What is told while a workflow is written.
fn told(options: &[&str]) -> String {
    let test = Test::new().file("docker-bake.hcl", SPEC).args([
        "workflow",
        "github",
        "-o",
        ".github/workflows/images.yml",
        "--install=path",
    ]);
    let output = test.args(options.iter().copied()).output();
    let text = String::from_utf8(output.stderr).expect("it is UTF-8");
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn a_plan_that_may_not_read_what_is_published_is_noted() {
    let note = "the plan does not log in to `public.ecr.aws`";
    let (push, pull) = (
        "--login=public.ecr.aws=oidc:role=vars.A",
        "--login=public.ecr.aws=oidc:role=vars.A,pull_role=vars.B",
    );
    assert!(told(&["--only-changed", push]).contains(note));
    assert!(told(&["--only-changed", push]).contains("by keys that begin with `pull_`"));
    assert!(!told(&["--only-changed", pull]).contains(note));
    assert!(!told(&[push]).contains(note));
}

/// A job outside of an environment has none of its secrets.
#[test]
fn secrets_of_an_environment_are_not_those_of_the_plan() {
    let login = "--login=public.ecr.aws=none";
    let of_environment = "the repository, or its environment `prod`, needs";
    assert!(told(&["--environment=prod", login]).contains(of_environment));
    let both = told(&["--environment=prod", "--only-changed", login]);
    assert!(!both.contains(of_environment) && both.contains("do not see what only `prod` has"), "{both}");
}
