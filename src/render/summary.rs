//! The plan in Markdown, for the summary page of a CI run.

use minijinja::{AutoEscape, Environment, Value, context};

use super::{choice, mermaid, table};
use crate::plan::Plan;
use crate::readable::markdown;

const TEMPLATE: &str = include_str!("../../templates/summary.md");

/// For how many tags it is said why they are there: a summary may have a MiB.
const MAX_REASONS: usize = 500;

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
                key => markdown(key),
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
                name => markdown(&job.name),
                builds => job.legs.iter().map(|leg| markdown(leg)).collect::<Vec<_>>().join("<br>"),
                runner => markdown(&job.runner.display()),
                qemu => job.qemu,
            }
        })
        .collect();
    let reasons: Vec<Value> = plan
        .images
        .iter()
        .flat_map(|(key, image)| table::explained(plan, key, image))
        .take(MAX_REASONS)
        .map(|[image, tag, why]| {
            context! { image => markdown(&image), tag => markdown(&tag), why => markdown(&why) }
        })
        .collect();
    let chosen: Vec<Value> = choice::rows(plan)
        .take(MAX_REASONS)
        .map(|[image, done, why]| {
            context! { image => markdown(&image), done => markdown(&done), why => markdown(&why) }
        })
        .collect();
    let notes = table::reused_notes(plan) + &table::tag_notes(plan);
    let notes: Vec<String> = notes.lines().filter(|line| !line.is_empty()).map(markdown).collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let context = context! {
        images,
        jobs,
        reasons,
        chosen,
        graph => mermaid::in_markdown(plan),
        numbers => table::numbers(plan).trim_end(),
        notes => notes.join("\n"),
    };
    environment.render_str(TEMPLATE, context).map_or_else(|e| format!("{e}\n"), |text| text + "\n")
}
