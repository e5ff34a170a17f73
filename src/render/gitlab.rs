//! The child pipeline of a run at GitLab: a job for each row, in the terms of `templates/gitlab.yml`.

use serde_json::{Map, Value, json};

use super::plan_json;
use crate::plan::{Job, Plan};
use crate::published::fingerprint::Fingerprint;
use crate::published::identity;

/// What it is written to.
pub(crate) const FILE: &str = "pipeline.yml";

/// JSON, which is YAML, with one job a line.
#[must_use]
pub(crate) fn render(plan: &Plan) -> String {
    let id = plan_json::id(plan);
    let mut jobs: Vec<(String, Value)> = Vec::new();
    if plan.jobs.is_empty() && !plan.is_merged() {
        // A pipeline without jobs fails.
        let script = "echo 'nothing is built in this run'";
        jobs.push(("nothing to build".to_owned(), json!({ "script": [script], "variables": { "GIT_STRATEGY": "none" }, "rules": [{ "when": "on_success" }] })));
    } else {
        jobs.push((
            "fetch the plan".to_owned(),
            json!({ "extends": ".images-fetch", "interruptible": !plan.publish }),
        ));
        // No job of a target can then have a name that GitLab has a use for, such as `image`.
        jobs.extend(plan.jobs.iter().map(|job| (format!("build {}", job.name), row(job, plan.publish, &id))));
        if plan.is_merged() {
            jobs.push(("merge".to_owned(), json!({ "extends": ".images-merge" })));
        }
    }
    let lines: Vec<String> =
        jobs.into_iter().map(|(name, job)| format!("  {}: {job}", Value::from(name))).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

/// The job of a row. Nothing in its values is expanded, since GitLab would take a `$` for a variable.
fn row(job: &Job, publishes: bool, id: &Fingerprint) -> Value {
    let mut variables = Map::new();
    let mut set = |name: &str, value: String| {
        variables.insert(format!("BAKEPLAN_{name}"), json!({ "value": value, "expand": false }));
    };
    set("TARGETS", job.leg_names(",").into_owned());
    set("METADATA", identity::metadata_file(&job.name, id));
    if !job.allow.is_empty() {
        set("ALLOW", job.allow.join("\n"));
    }
    if !job.needs.is_empty() {
        set("NEEDED", job.needed().join("\n"));
    }
    if let Some(platform) = job.platform.as_ref().filter(|_| job.qemu) {
        set("QEMU", platform.to_string());
    }
    let extends = if publishes { ".images-push" } else { ".images-build" };
    json!({ "extends": extends, "tags": job.runner.gitlab_tags(), "variables": variables })
}
