//! Rows that use an SSH agent, with a real one.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::step::step;
use super::{copy, generated, project, single};
use crate::github::expression::{Before, Scope};
use crate::github::{bakeplan, program};

/// An agent that a step started, which GitHub would end with the job.
struct Agent(String);

impl Drop for Agent {
    fn drop(&mut self) {
        Command::new("kill").arg(&self.0).status().ok();
    }
}

#[test]
fn a_row_with_ssh_builds_with_the_key_of_a_secret() {
    let has = |program: &str| Command::new(program).arg("-?").output().is_ok();
    if !["ssh-agent", "ssh-add", "ssh-keygen"].into_iter().all(has) {
        eprintln!("OpenSSH is missing: an SSH agent WAS NOT TRIED");
        return;
    }
    let (project, [tool, ..]) = project("workflow-agent", "hold");
    let spec = single(&tool, "hold").replace("dockerfile =", "ssh = [\"default\"]\n dockerfile =");
    let project = project.file("docker-bake.hcl", &spec);
    let workflow = generated(&project, &["--ssh-key=DEPLOY_KEY"]);
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f"])
        .arg(&key)
        .status();
    assert!(made.unwrap().success());
    for (name, script) in [
        ("docker", format!("shift\nexec '{}' \"$@\"", project.buildx_program().display())),
        ("ssh-agent", "PATH=${PATH#*:} ssh-agent \"$@\" | tee \"$RUNNER_TEMP/agent\"".to_owned()),
    ] {
        program(&folder.path().join("bin").join(name), &script);
    }
    bakeplan(&folder.path().join("bin/bakeplan"));
    let mut log = String::new();
    let mut plan = workflow.step("plan", "Plan").clone();
    plan["env"] = json!({ "PROVENANCE": "min", "PUBLISH": "false" });
    let at = folder.path().join("plan");
    fs::create_dir_all(&at).unwrap();
    let scope = |contexts: Value| Scope { contexts, before: Before::Success };
    let (_, outputs) = step(&plan, &scope(json!({})), &at, &project, &mut log);
    let rows: Vec<Value> = serde_json::from_str(outputs.get("matrix").expect(&log)).unwrap();
    let row = &rows[0];
    let job = folder.path().join("row");
    copy(&at.join("plan"), &job.join("plan"));
    let start = workflow.step("build", "Start an SSH agent");
    assert!(scope(json!({ "matrix": row })).condition(start["if"].as_str()), "{row}");
    // Without its key, nothing is built that needs it.
    let (lacking, outputs) =
        step(start, &scope(json!({ "matrix": row, "secrets": {} })), &job, &project, &mut log);
    assert!(lacking.status.success() && outputs.is_empty() && log.contains("DEPLOY_KEY is empty"), "{log}");
    let contexts = json!({ "matrix": row, "steps": { "ssh": { "outputs": outputs } } });
    let (left, _) = step(workflow.step("build", "Build"), &scope(contexts), &job, &project, &mut log);
    assert!(!left.status.success() && log.contains("needs an SSH agent, and none runs"), "{log}");
    // As somebody pasted it on Windows.
    let secret = fs::read_to_string(&key).unwrap().replace('\n', "\r\n");
    let contexts = json!({ "matrix": row, "secrets": { "DEPLOY_KEY": secret } });
    let (started, outputs) = step(start, &scope(contexts), &job, &project, &mut log);
    assert!(started.status.success(), "{log}");
    let told = fs::read_to_string(job.join("agent")).unwrap();
    let id =
        told.split("SSH_AGENT_PID=").nth(1).and_then(|rest| rest.split(';').next()).expect("it says its id");
    let _agent = Agent(id.to_owned());
    let listed = Command::new("ssh-add").arg("-l").env("SSH_AUTH_SOCK", &outputs["socket"]).output().unwrap();
    assert!(String::from_utf8_lossy(&listed.stdout).contains("deploy"), "{listed:?}");
    let build = workflow.step("build", "Build");
    let contexts = json!({ "matrix": row, "steps": { "ssh": { "outputs": outputs } } });
    let (built, _) = step(build, &scope(contexts), &job, &project, &mut log);
    assert!(built.status.success(), "{log}");
}
