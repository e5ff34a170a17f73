//! `matrix.json`: a row for each CI job.

use serde::Serialize;

use crate::plan::{Job, Plan};
use crate::runner::Runner;

/// A row. `targets` is comma-joined, as Docker's bake action takes it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    job: &'a str,
    targets: String,
    platform: Option<String>,
    runner: &'a Runner,
    qemu: bool,
    images: &'a [String],
    allow: &'a [String],
}

impl<'a> From<&'a Job> for Row<'a> {
    fn from(job: &'a Job) -> Self {
        Self {
            job: &job.name,
            targets: job.legs.join(","),
            platform: job.platform.as_ref().map(ToString::to_string),
            runner: &job.runner,
            qemu: job.qemu,
            images: &job.images,
            allow: &job.allow,
        }
    }
}

fn rows(plan: &Plan) -> Vec<Row<'_>> {
    plan.jobs.iter().map(Row::from).collect()
}

/// One row a line, so that a change of one job is a change of one line.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let lines: Vec<String> = rows(plan).iter().map(to_json).collect();
    match lines.is_empty() {
        true => "[]\n".into(),
        false => format!("[\n  {}\n]\n", lines.join(",\n  ")),
    }
}

/// All rows on one line, for `strategy.matrix.include` through `fromJSON`.
#[must_use]
pub fn render_github(plan: &Plan) -> String {
    to_json(&rows(plan))
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("rows have string keys only")
}
