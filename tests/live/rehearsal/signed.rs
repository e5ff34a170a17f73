//! After the builds: the merge plans again, and ready signers get what it published.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::step::step;
use super::{Project, Repository, Workflow, copy, generated, project, set, tags};
use crate::github::expression::{Before, Scope};
use crate::github::{bakeplan, program};

/// What signs, and what the merge is made with.
fn workflow(project: &Project) -> Workflow {
    generated(project, &["--sign=cosign", "--sign=attest"])
}

/// A step as it stands when something is pushed to the default branch.
fn pushed(workflow: &Workflow, job: &str, name: &str) -> Value {
    let mut step = workflow.step(job, name).clone();
    step["env"] =
        json!({ "PROVENANCE": "min", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main" });
    step
}

/// Plans and builds all rows; the folder of the merge, with what it downloads.
fn built(workflow: &Workflow, project: &Project, folder: &Path) -> std::path::PathBuf {
    for (name, script) in [
        ("docker", format!("shift\nexec '{}' \"$@\"", project.buildx_program().display())),
        ("cosign", "echo \"$*\" >> \"$RUNNER_TEMP/signed\"".to_owned()),
    ] {
        program(&folder.join("bin").join(name), &script);
    }
    bakeplan(&folder.join("bin/bakeplan"));
    let mut log = String::new();
    let mut plan = pushed(workflow, "plan", "Plan");
    plan["env"]["PUBLISH"] = json!("true");
    plan["env"]["DEFAULT_BRANCH"] = json!("main");
    let scope = Scope { contexts: json!({}), before: Before::Success };
    let at = folder.join("plan");
    fs::create_dir_all(&at).unwrap();
    let (_, outputs) = step(&plan, &scope, &at, project, &mut log);
    let rows: Vec<Value> = serde_json::from_str(outputs.get("matrix").expect(&log)).unwrap();
    let merge = folder.join("merge");
    copy(&at.join("plan"), &merge.join("plan"));
    for row in rows {
        let at = folder.join(row["job"].as_str().unwrap());
        copy(&folder.join("plan/plan"), &at.join("plan"));
        let scope = Scope { contexts: json!({ "matrix": row }), before: Before::Success };
        let (built, _) = step(workflow.step("push", "Build"), &scope, &at, project, &mut log);
        assert!(built.status.success(), "{log}");
        copy(&at.join("metadata"), &merge.join("metadata"));
    }
    merge
}

#[test]
fn what_a_real_merge_published_is_signed_and_attested() {
    let (project, repositories) = project("workflow-signed", "hold");
    let folder = tempfile::tempdir().unwrap();
    let workflow = workflow(&project);
    let merge = built(&workflow, &project, folder.path());
    let mut log = String::new();
    let scope = Scope { contexts: json!({}), before: Before::Success };
    let (merged, outputs) = step(&pushed(&workflow, "merge", "Merge"), &scope, &merge, &project, &mut log);
    assert!(merged.status.success(), "{log}");
    let result: Value = serde_json::from_str(&outputs["result"]).unwrap();
    let published: BTreeSet<&str> =
        result["published"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(published.len(), 4, "{log}");
    let (signed, _) = step(workflow.step("merge", "Sign with cosign"), &scope, &merge, &project, &mut log);
    assert!(signed.status.success(), "{log}");
    let text = fs::read_to_string(merge.join("signed")).unwrap();
    let signed: BTreeSet<&str> =
        text.lines().map(|line| line.strip_prefix("sign --yes ").expect("a signature")).collect();
    assert_eq!(signed, published);
    let (_, outputs) =
        step(workflow.step("merge", "List what is attested"), &scope, &merge, &project, &mut log);
    assert_eq!(outputs["any"], "true");
    let text = fs::read_to_string(merge.join("subjects")).unwrap();
    let subjects: BTreeSet<String> = text
        .lines()
        .map(|line| line.split_once("  ").expect("as sha256sum writes it"))
        .map(|(digest, name)| format!("{name}@sha256:{digest}"))
        .collect();
    assert_eq!(subjects, published.iter().map(|one| (*one).to_owned()).collect());
    // What is signed is what the tags have.
    for repository in &repositories {
        let tag = tags(repository).pop_last().expect("it is published");
        let answer = Repository::new(repository).find(&tag);
        assert!(signed.contains(format!("{repository}@{}", answer.header("docker-content-digest")).as_str()));
    }
}

#[test]
fn a_plan_that_the_sources_do_not_give_is_not_merged() {
    let (project, repositories) = project("workflow-replaced", "hold");
    let folder = tempfile::tempdir().unwrap();
    let workflow = workflow(&project);
    let merge = built(&workflow, &project, folder.path());
    let path = merge.join("plan/plan.json");
    let plan = fs::read_to_string(&path).unwrap();
    let scope = Scope { contexts: json!({}), before: Before::Success };
    for (from, to) in [("\"2.0.0\"", "\"9.9.9\""), ("/api\"", "/tool\""), ("\"1.2.3\"", "\"1.2.4\"")] {
        let replaced = plan.replace(from, to);
        assert_ne!(replaced, plan, "{from}");
        fs::write(&path, replaced).unwrap();
        let mut log = String::new();
        let (merged, outputs) =
            step(&pushed(&workflow, "merge", "Merge"), &scope, &merge, &project, &mut log);
        assert_eq!((merged.status.code(), outputs.get("verify")), (Some(1), None), "{log}");
        for repository in &repositories {
            assert_eq!(tags(repository), set(&[]), "{from}: {repository}");
        }
    }
    fs::write(&path, plan).unwrap();
    let mut log = String::new();
    let (merged, _) = step(&pushed(&workflow, "merge", "Merge"), &scope, &merge, &project, &mut log);
    assert!(merged.status.success(), "{log}");
}
