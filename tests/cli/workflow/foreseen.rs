//! Definitions that ask in which run they are: the workflow has what each kind of run needs, wherever it is written.

use serde_json::json;

use crate::github::expression::{Before, Scope};
use crate::github::{Workflow, steps};
use crate::support::Test;

const SPEC: &str = r#"
variable "GITHUB_REF_TYPE" { default = "" }
variable "GITHUB_EVENT_NAME" { default = "" }
target "app" {
  platforms = ["linux/amd64"]
  secret    = GITHUB_REF_TYPE == "tag" ? ["id=npm,env=NPM_TOKEN"] : []
  ssh       = GITHUB_REF_TYPE == "tag" ? ["default"] : []
  cache-to  = GITHUB_EVENT_NAME == "workflow_dispatch" ? ["type=gha"] : []
}
image "app" {
  repositories = [GITHUB_REF_TYPE == "tag" ? "docker.io/acme/app" : "ghcr.io/acme/app"]
  tags         = ["edge"]
}
"#;
const PATH: &str = ".github/workflows/images.yml";

fn test(spec: &str, options: &[&str]) -> Test {
    let test = Test::new().file("docker-bake.hcl", spec);
    test.args(["workflow", "github", "--install", "path"]).args(options.iter().copied())
}

fn told(test: &Test) -> (Option<i32>, String, String) {
    let output = test.output();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stderr), text(output.stdout))
}

/// The registries that a job logs in to.
fn logins(workflow: &Workflow, job: &str) -> Vec<String> {
    let logins = steps(workflow.job(job)).filter_map(|step| step["with"]["registry"].as_str());
    logins.map(str::to_owned).collect()
}

#[test]
fn what_only_some_runs_need_is_handed_over() {
    let (code, text, workflow) = told(&test(SPEC, &["--ssh-key=DEPLOY_KEY"]));
    assert_eq!(code, Some(0), "{text}");
    let workflow = Workflow::parse(&workflow);
    for job in ["push", "merge"] {
        assert_eq!(logins(&workflow, job), ["docker.io", "ghcr.io"], "{job}");
    }
    let build = workflow.step("push", "Build");
    let contexts = json!({ "matrix": { "env": ["NPM_TOKEN"] }, "secrets": { "NPM_TOKEN": "sesame" } });
    let scope = Scope { contexts, before: Before::Success };
    assert_eq!(scope.interpolate(build["env"]["NPM_TOKEN"].as_str().unwrap()), "sesame");
    let cached = |workflow: &Workflow| {
        let step = steps(workflow.job("push")).find(|step| step["if"] == "matrix.gha_cache").cloned();
        step.expect("rows may have such a cache")
    };
    assert!(cached(&workflow)["uses"].is_string());
    assert!(steps(workflow.job("push")).any(|step| step["id"] == "ssh"));
    // Where no tag publishes, no run is one of a tag.
    let (_, _, workflow) = told(&test(SPEC, &["--publish-on=push"]));
    assert_eq!(logins(&Workflow::parse(&workflow), "push"), ["ghcr.io"]);
    assert!(!workflow.contains("NPM_TOKEN"), "{workflow}");
    // A cache for which a variable of the runner asks is left out by buildx, without a word of its own.
    let spec = SPEC.replace("GITHUB_EVENT_NAME == \"workflow_dispatch\"", "GITHUB_EVENT_NAME == \"x\"");
    let (_, text, workflow) = told(&test(&spec, &["--ssh-key=DEPLOY_KEY"]));
    let step = cached(&Workflow::parse(&workflow));
    assert!(
        step["run"].as_str().is_some_and(|run| run.starts_with("echo \"::warning::")),
        "{text}{workflow}"
    );
}

/// A run checks the file, and a maintainer at a desk wrote it.
#[test]
fn the_workflow_is_current_in_every_run() {
    let written = test(SPEC, &["-o", PATH]).stderr("...\n").run().read(PATH);
    for run in [
        &[("GITHUB_REF_TYPE", "tag"), ("GITHUB_REF", "refs/tags/v1"), ("GITHUB_REF_NAME", "v1")][..],
        &[("GITHUB_REF_TYPE", "branch"), ("GITHUB_EVENT_NAME", "push")],
        &[("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_RUN_ATTEMPT", "3"), ("CI", "true")],
    ] {
        let test = test(SPEC, &["-o", PATH, "--check"]).file(PATH, &written);
        let test = run.iter().fold(test, |test, (name, value)| test.env(name, value));
        let (code, text, _) = told(&test);
        assert_eq!(code, Some(0), "{run:?}: {text}");
    }
}

/// Every branch that is named has runs of its own, and a variable may be called anything.
#[test]
fn runs_are_told_apart_by_branch_and_under_other_names() {
    let by_branch = "variable \"GITHUB_REF_NAME\" { default = \"\" }\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [GITHUB_REF_NAME == \"release\" ? \"docker.io/acme/app\" : \"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}\n";
    let both = ["docker.io", "ghcr.io"];
    let (_, text, workflow) = told(&test(by_branch, &["--branch=main", "--branch=release"]));
    assert_eq!(logins(&Workflow::parse(&workflow), "push"), both, "{text}");
    let (_, _, workflow) = told(&test(by_branch, &["--branch=main"]));
    assert_eq!(logins(&Workflow::parse(&workflow), "push"), ["ghcr.io"]);
    // Without such an option, the default branch may have either name.
    let by_default = by_branch.replace("\"release\"", "\"master\"");
    let (_, text, workflow) = told(&test(&by_default, &[]));
    assert_eq!(logins(&Workflow::parse(&workflow), "push"), both, "{text}");
    for (from, value) in [
        ("github.ref_type", "tag"),
        ("github.ref", "refs/tags/v1.2.3"),
        ("github.ref_name", "v1.2.3"),
        ("github.event_name", "schedule"),
    ] {
        let spec =
            by_branch.replace("GITHUB_REF_NAME", "KIND").replace("\"release\"", &format!("\"{value}\""));
        let options = [&*format!("--env=KIND={from}"), "--schedule=17 3 * * *"];
        let (_, text, workflow) = told(&test(&spec, &options));
        assert_eq!(logins(&Workflow::parse(&workflow), "push"), both, "{from}: {text}");
        let (_, text, workflow) = told(&test(&spec, &["--env=KIND=vars.KIND"]));
        assert_eq!(logins(&Workflow::parse(&workflow), "push"), ["ghcr.io"], "{from}: {text}");
    }
}

#[test]
fn a_run_without_a_plan_is_noted() {
    let spec = SPEC.replace("[\"edge\"]", "[GITHUB_REF_NAME]");
    let spec = format!("variable \"GITHUB_REF_NAME\" {{ default = \"edge\" }}\n{spec}");
    let (code, text, _) = told(&test(&spec, &[]));
    assert_eq!(code, Some(0), "{text}");
    let note = "note[unforeseen]: the definition has no plan for a run of a pull request";
    assert!(text.contains(note) && text.contains("1/merge"), "{text}");
    assert!(!told(&test(SPEC, &[])).1.contains("unforeseen"));
}

#[test]
fn variables_of_one_job_are_noted_and_refused() {
    let spec = format!("variable \"GITHUB_JOB\" {{ default = \"\" }}\n{SPEC}");
    let note = "note[changing-variable]: the definition reads `GITHUB_JOB`, whose value differs between jobs";
    let (code, text, _) = told(&test(&spec, &[]));
    assert!(code == Some(0) && text.contains(note), "{text}");
    for name in ["RUNNER_NAME", "RUNNER_TEMP", "RUNNER_DEBUG", "GITHUB_ACTION", "GITHUB_EVENT_PATH"] {
        let spec = format!(
            "variable \"{name}\" {{ default = \"\" }}\ntarget \"app\" {{\n  tags = [\"ghcr.io/acme/app:1\"]\n  platforms = [\"linux/amd64\"]\n  args = {{ A = {name} }}\n}}\n"
        );
        assert!(told(&test(&spec, &[])).1.contains(&note.replace("GITHUB_JOB", name)), "{name}");
    }
    let plan = Test::new().file("docker-bake.hcl", &spec).args(["plan", "--github"]);
    let plan = plan
        .env("GITHUB_JOB", "plan")
        .env("GITHUB_OUTPUT", "/dev/null")
        .env("GITHUB_STEP_SUMMARY", "/dev/null");
    assert!(told(&plan).1.contains(note));
    for (from, is_refused) in
        [("github.job", true), ("github.run_attempt", true), ("github.token", true), ("github.run_id", false)]
    {
        let (code, text, _) = told(&test(SPEC, &[&format!("--env=A={from}")]));
        assert_eq!(code, Some(i32::from(is_refused)), "{from}: {text}");
        assert_eq!(text.contains("error[changing-variable]"), is_refused, "{from}: {text}");
    }
    // A build gets what it is given in its own job.
    let secret = "target \"app\" {\n  tags = [\"ghcr.io/acme/app:1\"]\n  platforms = [\"linux/amd64\"]\n  secret = [\"id=A\"]\n}\n";
    let (code, text, _) = told(&test(secret, &["--env=A=github.token"]));
    assert_eq!(code, Some(0), "{text}");
}

/// A child pipeline of GitLab has what each kind needs, too.
#[test]
fn a_pipeline_of_gitlab_logs_in_for_tags() {
    let spec = SPEC
        .replace("GITHUB_REF_TYPE\" {", "CI_COMMIT_TAG\" {")
        .replace("GITHUB_REF_TYPE == \"tag\"", "CI_COMMIT_TAG != \"\"")
        .replace("type=gha", "type=inline")
        .replace("ghcr.io", "registry.gitlab.com");
    let options = ["workflow", "gitlab", "--install", "path", "-o", ".gitlab/images.yml"];
    let ran = Test::new().file("docker-bake.hcl", spec).args(options).stderr("...\n").run();
    let text = ran.read(".gitlab/images.yml");
    assert!(text.contains("DOCKERHUB_TOKEN") && text.contains("CI_REGISTRY_PASSWORD"), "{text}");
}
