//! The plan in Markdown, for the summary page of a CI run.

use minijinja::{AutoEscape, Environment, Value, context};

use super::table;
use crate::plan::Plan;

const TEMPLATE: &str = include_str!("../../templates/summary.md");

/// The summary. Ends with a newline.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let images: Vec<Value> = plan
        .images
        .iter()
        .map(|(key, image)| {
            let published: Vec<String> = image
                .places()
                .map(|repository| {
                    let tags = image.tags_in(repository).map(|tag| format!("`{}`", tag.name));
                    format!("`{repository}`: {}", tags.collect::<Vec<_>>().join(" "))
                })
                .collect();
            let platforms: Vec<String> = image
                .builds
                .iter()
                .filter_map(|build| plan.legs.get(&build.leg)?.platform.as_ref())
                .map(ToString::to_string)
                .collect();
            context! {
                key,
                published => published.join("<br>"),
                platforms => platforms.join("<br>"),
            }
        })
        .collect();
    let jobs: Vec<Value> = plan
        .jobs
        .iter()
        .map(|job| {
            context! {
                name => &*job.name,
                builds => job.legs.join("<br>"),
                runner => job.runner.display(),
                qemu => job.qemu,
            }
        })
        .collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let context = context! { images, jobs, numbers => table::numbers(plan).trim_end(), notes => table::tag_notes(plan) };
    environment.render_str(TEMPLATE, context).map_or_else(|e| format!("{e}\n"), |text| text + "\n")
}
