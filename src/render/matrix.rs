//! `matrix.json`: a row for each CI job.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::plan_json;
use crate::parallel;
use crate::plan::{Job, Plan};
use crate::platform::Platform;
use crate::published::fingerprint::Fingerprint;
use crate::published::identity;
use crate::runner::Runner;

/// The version of the form.
pub const SCHEMA: u32 = 1;

/// How much room a row has in the file: most need a little less. Room that is not used costs nothing, and a text that outgrows
/// its room is copied.
const ROOM: usize = 384;

/// Why a row has a form in JSON.
const STRING_KEYS: &str = "rows have string keys only";

/// A CI job.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatrixRow<'a> {
    /// The name of its first target; unique.
    job: &'a str,
    /// The targets that it builds, comma-separated as Docker's bake action takes them, dependencies first.
    targets: Cow<'a, str>,
    /// The platform of the targets; `null` when they have none.
    #[schema(required = true)]
    platform: Option<&'a Platform>,
    /// The runner.
    runner: &'a Runner,
    /// Whether the runner must emulate the platform.
    qemu: bool,
    /// The keys of the images that it builds a part of.
    images: &'a [String],
    /// Entitlements that Bake will ask for.
    allow: &'a [String],
    /// Environment variables that its builds read secrets from.
    env: &'a [String],
    /// Which target needs which of them, itself or in what it is made of: `TARGET=NAME`. `SSH_AUTH_SOCK` stands here for
    /// what uses an SSH agent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<String>,
    /// Whether its builds use a cache of GitHub Actions, for which buildx needs the runner's token.
    gha_cache: bool,
    /// The plan that it is of, as `plan.json` calls it.
    id: &'a Fingerprint,
    /// The name of the file that the metadata of its builds goes to, with the `id` in it: a merge of another plan refuses it.
    metadata: String,
}

impl<'a> MatrixRow<'a> {
    fn of(job: &'a Job, id: &'a Fingerprint) -> Self {
        Self {
            job: &job.name,
            targets: job.leg_names(","),
            platform: job.platform.as_ref(),
            runner: &job.runner,
            qemu: job.qemu,
            images: &job.images,
            allow: &job.allow,
            env: &job.env,
            needs: job.needed(),
            gha_cache: job.gha_cache,
            id,
            metadata: identity::metadata_file(&job.name, id),
        }
    }
}

fn rows<'a>(jobs: &'a [Job], id: &'a Fingerprint) -> impl Iterator<Item = MatrixRow<'a>> {
    jobs.iter().map(move |job| MatrixRow::of(job, id))
}

/// One row a line, so that a change of one job is a change of one line.
#[must_use]
pub fn render(plan: &Plan) -> String {
    with_id(plan, &plan_json::id(plan))
}

/// The same, for a plan of which it is known what it is called.
pub(super) fn with_id(plan: &Plan, id: &Fingerprint) -> String {
    let (first, second) = plan.jobs.split_at(plan.jobs.len() / 2);
    let room = ROOM * plan.jobs.len();
    let (mut text, more) =
        parallel::both(plan.jobs.len(), || lines(first, id, room), || lines(second, id, room / 2));
    text.push_str(&more);
    if text.is_empty() {
        return "[]\n".to_owned();
    }
    // The comma before the first row, in the place of which there is no copy of all of them.
    text.replace_range(..1, "[");
    text.push_str("\n]\n");
    text
}

/// The rows of some jobs, each on a line of its own behind a comma.
fn lines(jobs: &[Job], id: &Fingerprint, room: usize) -> String {
    let mut text = Vec::with_capacity(room);
    for row in rows(jobs, id) {
        text.extend_from_slice(b",\n  ");
        serde_json::to_writer(&mut text, &row).expect(STRING_KEYS);
    }
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// All rows on one line, for `strategy.matrix.include` through `fromJSON`.
#[must_use]
pub fn render_github(plan: &Plan) -> String {
    serde_json::to_string(&rows(&plan.jobs, &plan_json::id(plan)).collect::<Vec<_>>()).expect(STRING_KEYS)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn job(number: usize) -> Job {
        Job {
            name: format!("leg{number}").into(),
            legs: vec![format!("leg{number}").into()],
            group: None,
            platform: None,
            runner: Runner::Label("ubuntu-latest".to_owned()),
            qemu: false,
            images: Vec::new(),
            allow: Vec::new(),
            secrets: Vec::new(),
            ssh: Vec::new(),
            env: Vec::new(),
            needs: Vec::new(),
            gha_cache: false,
        }
    }

    #[test]
    fn each_job_has_a_line_however_many_there_are() {
        let id = Fingerprint::of("");
        for count in [0, 1, 2, 3, 499, 500, 501, 1000] {
            let plan = Plan { jobs: (0..count).map(job).collect(), ..Plan::default() };
            let text = with_id(&plan, &id);
            let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
            let names: Vec<&str> = rows.iter().filter_map(|row| row["job"].as_str()).collect();
            assert_eq!(names, plan.jobs.iter().map(|job| &*job.name).collect::<Vec<_>>());
            let lines: Vec<String> = rows.iter().map(|row| row["job"].to_string()).collect();
            assert_eq!(text.lines().count(), if count == 0 { 1 } else { count + 2 });
            assert!(
                text.lines()
                    .skip(1)
                    .zip(lines)
                    .all(|(line, name)| line.starts_with(&format!("  {{\"job\":{name},")))
            );
            assert!(text.ends_with("]\n") && !text.contains(",\n]"));
        }
    }
}
