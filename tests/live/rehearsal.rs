//! The generated workflow, rehearsed: its scripts run in order, artifacts are folders, and then the registry is asked.

mod agent; // rows that use an SSH agent
mod attempts; // what runs again, and runs that cross each other
mod changed; // only what has changed is built, run after run
mod hooks; // the repository's own test, and its secrets
mod public; // pipelines of public repositories, replaced by the generated one
mod rows; // rows that begin alike, none, thousands, and those that GitHub dropped
mod run; // a run of a workflow: its jobs, its attempts, its artifacts
mod signed; // planning again, and ready signers
mod step; // one step of a job

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use run::{Ended, FIRST, PUSH, Run, Start};

use super::engine::{Project, engine};
use super::registry::Repository;
use crate::github::Workflow;

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        // What is neither is the socket of an agent.
        if path.is_dir() {
            copy(&path, &target);
        } else if path.is_file() {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// What `bakeplan workflow github` writes for a project, with the program on the `PATH` and further options.
fn generated(project: &Project, more: &[&str]) -> Workflow {
    let mut registries = BTreeSet::new();
    let definition = fs::read_to_string(project.root().join("docker-bake.hcl")).unwrap();
    for repositories in definition.lines().filter_map(|line| line.trim().strip_prefix("repositories = [\"")) {
        registries.insert(repositories.split('/').next().unwrap().to_owned());
    }
    let logins: Vec<String> = registries.iter().map(|registry| format!("--login={registry}=none")).collect();
    let options = ["--install=path"].into_iter().chain(logins.iter().map(String::as_str));
    let options: Vec<&str> = options.chain(more.iter().copied()).collect();
    Workflow::generated(&definition, &options)
}

/// Runs the whole workflow for a push to the default branch.
fn rehearse(project: &Project) -> Ended {
    rehearse_with(project, &PUSH, &|_| {})
}

/// The same for what starts it; `before_row` is called with each row of the matrix before it is built.
fn rehearse_with(project: &Project, start: &Start, before_row: &dyn Fn(&str)) -> Ended {
    rehearse_workflow(generated(project, &[]), project, start, before_row)
}

/// The same for any workflow.
fn rehearse_workflow(
    workflow: Workflow,
    project: &Project,
    start: &Start,
    before_row: &dyn Fn(&str),
) -> Ended {
    let mut run = Run::new(workflow, project, start, &FIRST);
    assert!(run.plan(), "{}", run.log);
    run.build(before_row);
    run.finish()
}

fn tags(repository: &str) -> BTreeSet<String> {
    Repository::new(repository).tags()
}

pub(super) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// An image that is built of a file for each platform.
fn single(repository: &str, on_missing: &str) -> String {
    format!(
        r#"
        target "tool" {{
          dockerfile = "tool.Dockerfile"
          platforms  = ["linux/amd64", "linux/arm64", "linux/s390x"]
        }}
        image "tool" {{
          repositories = ["{repository}"]
          version      = "1.2.3"
          tags         = ["{{{{ version }}}}", "{{{{ major }}}}"]
          on_missing   = "{on_missing}"
        }}
        "#
    )
}

/// Three images whose targets are linked, so that one job builds them.
fn linked(repositories: [&str; 3]) -> String {
    let names = ["base", "api", "worker"];
    let targets = names.map(|name| {
        let contexts = if name == "base" { "" } else { "contexts = { base = \"target:base\" }" };
        format!(
            "target \"{name}\" {{\n dockerfile = \"{name}.Dockerfile\"\n platforms = [\"linux/amd64\", \"linux/arm64\"]\n {contexts}\n}}\n"
        )
    });
    let images = std::iter::zip(names, repositories).map(|(name, repository)| {
        format!("image \"{name}\" {{\n repositories = [\"{repository}\"]\n version = \"2.0.0\"\n tags = [\"{{{{ version }}}}\"]\n}}\n")
    });
    targets.into_iter().chain(images).collect()
}

const PER_PLATFORM: &str = "FROM scratch\nARG TARGETARCH\nCOPY tool-${TARGETARCH} /tool\nCOPY . /src/\n";

/// A project with both definitions.
pub(super) fn project(name: &str, on_missing: &str) -> (Project, [String; 4]) {
    let project = Project::new(engine(), name);
    let repositories = ["tool", "base", "api", "worker"].map(|name| project.repository(0, name));
    let [tool, base, api, worker] = &repositories;
    let project = project
        .file("docker-bake.hcl", &(single(tool, on_missing) + &linked([base, api, worker])))
        .file("tool.Dockerfile", PER_PLATFORM)
        .file("tool-amd64", "amd64")
        .file("tool-arm64", "arm64")
        .file("tool-s390x", "s390x")
        .file("base.Dockerfile", "FROM scratch\nCOPY tool-amd64 /base\n")
        .file("api.Dockerfile", "FROM base\nCOPY tool-amd64 /api\n")
        .file("worker.Dockerfile", "FROM base\nCOPY tool-amd64 /worker\n");
    (project, repositories)
}

fn files(project: &Project) -> BTreeSet<String> {
    let entries = fs::read_dir(project.root()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_run_in_which_all_goes_well_publishes_everything() {
    let (project, [tool, base, api, worker]) = project("workflow-good", "hold");
    let before = files(&project);
    let ended = rehearse(&project);
    assert!(ended.rows.values().all(|success| *success), "{}", ended.log);
    assert_eq!((ended.merge, ended.verify, ended.gate), (Some(0), Some(0), true), "{}", ended.log);
    assert_eq!(tags(&tool), set(&["1", "1.2.3"]));
    for repository in [base, api, worker] {
        assert_eq!(tags(&repository), set(&["2.0.0"]), "{repository}");
    }
    assert_eq!(files(&project), before, "nothing of ours is in the build context");
    assert_eq!(Repository::new(&tool).index("1").platforms(), ["linux/amd64", "linux/arm64", "linux/s390x"]);
}

#[test]
fn a_platform_that_fails_costs_that_platform_or_that_image() {
    for (on_missing, status, published, shown) in
        [("drop", 0, set(&["1", "1.2.3"]), vec!["linux/amd64", "linux/arm64"]), ("hold", 5, set(&[]), vec![])]
    {
        let (project, [tool, base, api, worker]) = project("workflow-platform", on_missing);
        fs::remove_file(project.root().join("tool-s390x")).unwrap();
        let ended = rehearse(&project);
        let failed: Vec<_> =
            ended.rows.iter().filter(|(_, success)| !**success).map(|(name, _)| name).collect();
        assert_eq!(failed, ["tool-linux-s390x"], "{}", ended.log);
        assert_eq!(ended.merge, Some(status), "{on_missing}: {}", ended.log);
        // The tags of a held image are missing, and verify says so; those that were published are right.
        assert_eq!(
            ended.verify,
            Some(if on_missing == "hold" { 4 } else { 0 }),
            "{on_missing}: {}",
            ended.log
        );
        assert!(!ended.gate, "a run in which a build failed is red");
        assert_eq!(tags(&tool), published, "{on_missing}");
        if !shown.is_empty() {
            assert_eq!(Repository::new(&tool).index("1").platforms(), shown);
        }
        for repository in [base, api, worker] {
            assert_eq!(tags(&repository), set(&["2.0.0"]), "{repository}");
        }
    }
}

#[test]
fn a_failing_target_costs_neither_its_siblings_nor_their_metadata() {
    for broken in ["api", "worker"] {
        let (project, [tool, base, api, worker]) = project("workflow-linked", "hold");
        let project = project.file(&format!("{broken}.Dockerfile"), "FROM base\nCOPY nothing /\n");
        let ended = rehearse(&project);
        assert_eq!(ended.merge, Some(5), "{}", ended.log);
        assert!(ended.verify.is_some() && !ended.gate, "{}", ended.log);
        // Each file names its plan, those of single targets too.
        assert!(!ended.log.contains("[no-id]"), "{}", ended.log);
        assert_eq!(tags(&tool), set(&["1", "1.2.3"]));
        for (name, repository) in [("base", base), ("api", api), ("worker", worker)] {
            let due = if name == broken { set(&[]) } else { set(&["2.0.0"]) };
            assert_eq!(tags(&repository), due, "{broken} is broken: {name}\n{}", ended.log);
        }
    }
}

#[test]
fn a_build_on_another_base_is_found() {
    let (project, [tool, ..]) = project("workflow-bases", "hold");
    let base = format!("{}:1", project.repository(0, "foreign"));
    let project = project
        .file("docker-bake.hcl", &single(&tool, "hold"))
        .file("tool.Dockerfile", &format!("FROM {base}\nARG TARGETARCH\nCOPY tool-${{TARGETARCH}} /tool\n"))
        .file("foreign.Dockerfile", "FROM scratch\nARG N\nCOPY tool-amd64 /base${N}\n");
    let push = |number: &str| {
        let (platforms, number) =
            ("--platform=linux/amd64,linux/arm64,linux/s390x", format!("--build-arg=N={number}"));
        project.buildx(&[
            "build",
            platforms,
            &number,
            "--push",
            "-t",
            &base,
            "-f",
            "foreign.Dockerfile",
            ".",
        ]);
    };
    push("1");
    let ended = rehearse_with(&project, &PUSH, &|row| {
        if row == "tool-linux-s390x" {
            push("2");
        }
    });
    assert!(ended.rows.values().all(|success| *success), "{}", ended.log);
    assert_eq!((ended.merge, ended.verify, ended.gate), (Some(1), None, false), "{}", ended.log);
    assert!(ended.log.contains("mixed-bases"), "{}", ended.log);
    assert_eq!(tags(&tool), set(&[]));
}

#[test]
fn what_nobody_has_accepted_is_built_and_not_published() {
    for start in [
        Start("pull_request", "refs/pull/7/merge", "branch", false),
        Start("merge_group", "refs/heads/gh-readonly-queue/main/pr-7", "branch", false),
        Start("push", "refs/heads/main", "branch", true),
        Start("push", "refs/heads/side", "branch", false),
    ] {
        let (project, repositories) = project("workflow-unpublished", "hold");
        let ended = rehearse_with(&project, &start, &|_| {});
        assert!(ended.rows.values().all(|success| *success), "{}", ended.log);
        assert_eq!((ended.merge, ended.verify, ended.gate), (None, None, true), "{}", ended.log);
        for repository in &repositories {
            assert_eq!(tags(repository), set(&[]), "{repository}");
        }
        // A build that fails turns the run red.
        fs::remove_file(project.root().join("tool-s390x")).unwrap();
        let ended = rehearse_with(&project, &start, &|_| {});
        assert!(!ended.rows.values().all(|success| *success) && !ended.gate, "{}", ended.log);
    }
}
