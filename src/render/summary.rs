//! The plan in Markdown, for the summary page of a CI run.

use std::borrow::Cow;

use minijinja::{AutoEscape, Environment, context};

use super::{choice, mermaid, table};
use crate::plan::Plan;
use crate::readable::markdown;

const TEMPLATE: &str = include_str!("../../templates/summary.md");

/// How many bytes each table may have: GitHub drops the summary of a step that has more than a MiB.
const MAX_TABLE: usize = 200 * 1024;

/// What there is room for, by its size in bytes, and what is said of the others; `what` is called so when it is one, and so
/// when it is several.
fn bounded<T>(
    all: impl Iterator<Item = T>,
    size: impl Fn(&T) -> usize,
    [one, several]: [&str; 2],
) -> (Vec<T>, Option<String>) {
    let (mut shown, mut bytes, mut left_out) = (Vec::new(), 0, 0_usize);
    for item in all {
        let own = size(&item);
        if bytes + own <= MAX_TABLE {
            bytes += own;
            shown.push(item);
        } else {
            left_out += 1;
        }
    }
    let note = (left_out > 0).then(|| {
        let what = if left_out == 1 { one } else { several };
        format!("… and {left_out} more {what}, for which a summary has no room: `bakeplan plan --explain` prints all.")
    });
    (shown, note)
}

fn size_of_row(row: &[String; 3]) -> usize {
    row.iter().map(|cell| cell.len() + 3).sum()
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
        let platforms = plan.legs_of(image).filter_map(|leg| leg.platform.as_ref());
        let platforms: Vec<String> = platforms.map(ToString::to_string).collect();
        [markdown(key), published.join("<br>"), platforms.join("<br>")]
    });
    let jobs = plan.jobs.iter().map(|job| {
        let builds: Vec<String> = job.legs.iter().map(|leg| markdown(leg)).collect();
        let emulated = if job.qemu { " (QEMU)" } else { "" };
        [markdown(&job.name), builds.join("<br>"), markdown(&job.runner.display()) + emulated]
    });
    let in_cells = |row: [Cow<'_, str>; 3]| row.map(|cell| markdown(&cell));
    let shared = table::shared(plan);
    let reasons =
        plan.images.iter().flat_map(|(key, image)| table::explained(plan, &shared, key, image)).map(in_cells);
    let (images, more_images) = bounded(images, size_of_row, ["image", "images"]);
    let (jobs, more_jobs) = bounded(jobs, size_of_row, ["job", "jobs"]);
    let (reasons, more_reasons) = bounded(reasons, size_of_row, ["tag", "tags"]);
    let chosen = choice::rows(plan).map(in_cells);
    let (chosen, more_chosen) = bounded(chosen, size_of_row, ["image", "images"]);
    let notes = table::reused_notes(plan) + &table::tag_notes(plan);
    let notes = notes.lines().filter(|line| !line.is_empty()).map(markdown);
    let (notes, more_notes) = bounded(notes, String::len, ["note", "notes"]);
    let notes: Vec<String> = notes.into_iter().chain(more_notes).collect();
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
