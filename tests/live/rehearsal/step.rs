//! One step of a job, in a folder of the job.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::engine::Project;
use crate::github;
use crate::github::expression::Scope;

/// Runs a step in its job's folder; its outputs.
pub(super) fn step(
    step: &Value,
    scope: &Scope,
    job: &Path,
    project: &Project,
    log: &mut String,
) -> (Output, BTreeMap<String, String>) {
    let outputs = job.join("outputs");
    fs::write(&outputs, "").unwrap();
    let mut step = step.clone();
    step["env"]["GITHUB_OUTPUT"] = json!(outputs);
    step["env"]["GITHUB_STEP_SUMMARY"] = json!(job.join("summary"));
    let path = format!("{}:{}", job.with_file_name("bin").display(), github::path());
    let ended = github::run(&step, scope, job, project.root(), &path);
    log.extend([String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr)]);
    let lines = fs::read_to_string(&outputs).unwrap();
    let outputs = lines.lines().filter_map(|line| line.split_once('='));
    let outputs = outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (ended, outputs)
}
