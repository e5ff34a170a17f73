//! The plan in Markdown, for the summary page of a CI run.

use std::borrow::Cow;

use minijinja::{AutoEscape, Environment, context};

use super::{choice, mermaid, table};
use crate::plan::Plan;
use crate::readable::markdown;

const TEMPLATE: &str = include_str!("../../templates/summary.md");

/// How many bytes each table may have: GitHub drops the summary of a step that has more than a MiB.
const MAX_TABLE: usize = 200 * 1024;

/// The rows of a table that there is room for, and what is said of the others.
fn bounded(rows: impl Iterator<Item = [String; 3]>, what: &str) -> (Vec<[String; 3]>, Option<String>) {
    let (mut shown, mut bytes, mut left_out) = (Vec::new(), 0, 0_usize);
    for row in rows {
        bytes += row.iter().map(|cell| cell.len() + 3).sum::<usize>();
        if bytes <= MAX_TABLE { shown.push(row) } else { left_out += 1 }
    }
    let note = (left_out > 0).then(|| {
        format!("… and {left_out} more {what}, for which a summary has no room: `bakeplan plan --explain` prints all.")
    });
    (shown, note)
}

/// The summary. Ends with a newline.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let images = plan.images.iter().map(|(key, image)| {
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
        [markdown(key), published.join("<br>"), platforms.join("<br>")]
    });
    let jobs = plan.jobs.iter().map(|job| {
        let builds: Vec<String> = job.legs.iter().map(|leg| markdown(leg)).collect();
        let emulated = if job.qemu { " (QEMU)" } else { "" };
        [markdown(&job.name), builds.join("<br>"), markdown(&job.runner.display()) + emulated]
    });
    let in_cells = |row: [Cow<'_, str>; 3]| row.map(|cell| markdown(&cell));
    let reasons =
        plan.images.iter().flat_map(|(key, image)| table::explained(plan, key, image)).map(in_cells);
    let (images, more_images) = bounded(images, "images");
    let (jobs, more_jobs) = bounded(jobs, "jobs");
    let (reasons, more_reasons) = bounded(reasons, "tags");
    let (chosen, more_chosen) = bounded(choice::rows(plan).map(in_cells), "images");
    let notes = table::reused_notes(plan) + &table::tag_notes(plan);
    let notes = notes
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| [markdown(line), String::new(), String::new()]);
    let (notes, more_notes) = bounded(notes, "notes");
    let notes: Vec<String> = notes.into_iter().map(|[note, ..]| note).chain(more_notes).collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let context = context! {
        images,
        more_images,
        jobs,
        more_jobs,
        reasons,
        more_reasons,
        chosen,
        more_chosen,
        graph => mermaid::in_markdown(plan),
        numbers => table::numbers(plan).trim_end(),
        notes => notes.join("\n"),
    };
    environment.render_str(TEMPLATE, context).map_or_else(|e| format!("{e}\n"), |text| text + "\n")
}
