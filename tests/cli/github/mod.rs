//! GitHub workflows as GitHub reads and runs them: steps, expressions, scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::Test;

pub(crate) mod expression; // GitHub's expressions
mod yaml; // YAML as a tree

use expression::Scope;

/// The workflow, with its text for what is in comments.
pub(crate) struct Workflow {
    pub(crate) text: String,
    pub(crate) tree: Value,
}

impl Workflow {
    /// What `bakeplan workflow github` writes with these options.
    pub(crate) fn generated(definition: &str, options: &[&str]) -> Self {
        let test = Test::new().file("docker-bake.hcl", definition);
        let output = test.args(["workflow", "github"]).args(options.iter().copied()).output();
        assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
        Self::parse(&String::from_utf8(output.stdout).expect("it is UTF-8"))
    }

    pub(crate) fn parse(text: &str) -> Self {
        let tree = yaml::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Self { text: text.to_owned(), tree }
    }

    pub(crate) fn jobs(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.tree["jobs"].as_object().expect("there are jobs").iter()
    }

    pub(crate) fn job(&self, name: &str) -> &Value {
        &self.tree["jobs"][name]
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = &Value> {
        self.jobs().flat_map(|(_, job)| steps(job))
    }

    /// The step of a job with this name.
    pub(crate) fn step(&self, job: &str, name: &str) -> &Value {
        steps(self.job(job))
            .find(|step| step["name"] == name)
            .unwrap_or_else(|| panic!("no step {name} in {job}"))
    }

    pub(crate) fn scripts(&self) -> impl Iterator<Item = &str> {
        self.steps().filter_map(|step| step["run"].as_str())
    }
}

pub(crate) fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job["steps"].as_array().into_iter().flatten()
}

/// A run of a step's script, with its `env` evaluated, as GitHub's `shell: bash` does it.
pub(crate) fn run(step: &Value, scope: &Scope, temporary: &Path, directory: &Path, path: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().expect("a script")]);
    command.current_dir(directory).env("PATH", path).env("RUNNER_TEMP", temporary);
    for (name, value) in step["env"].as_object().into_iter().flatten() {
        command.env(name, scope.interpolate(value.as_str().expect("a text")));
    }
    command.output().expect("bash starts")
}

/// Whether a script ends well in each of these scopes, in which it gets nothing but its `env`. One shell runs it in all of them,
/// since starting as many takes longer than all else.
pub(crate) fn run_in_each(step: &Value, scopes: &[Scope]) -> Vec<bool> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut driver = String::new();
    for scope in scopes {
        driver.push_str("(set -eo pipefail\n");
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            let value = scope.interpolate(value.as_str().expect("a text"));
            driver.extend(["export ", name, "=", &quoted(&value), "\n"]);
        }
        driver.push_str("eval \"$SCRIPT\") > /dev/null 2>&1; echo $?\n");
    }
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-s"]).env("SCRIPT", step["run"].as_str().expect("a script"));
    let (reader, mut writer) = std::io::pipe().expect("there are pipes");
    command.stdin(reader);
    let write = std::thread::spawn(move || std::io::Write::write_all(&mut writer, driver.as_bytes()));
    let output = command.output().expect("bash starts");
    write.join().expect("it writes").expect("bash reads");
    let text = String::from_utf8(output.stdout).expect("it is UTF-8");
    let ends: Vec<bool> = text.lines().map(|line| line == "0").collect();
    assert_eq!(ends.len(), scopes.len(), "{}", String::from_utf8_lossy(&output.stderr));
    ends
}

/// Puts a shell script at a path.
pub(crate) fn program(path: &Path, script: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Puts there what starts the program under test: a copy of it with all its debug information would be large, and each job of a
/// workflow gets one.
pub(crate) fn bakeplan(path: &Path) {
    program(path, &format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_bakeplan")));
}

pub(crate) fn path() -> String {
    std::env::var("PATH").expect("there is a PATH")
}
