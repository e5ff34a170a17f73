//! The plan as a person reads it on a terminal.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::choice;
pub(crate) use super::columns::columns;
use crate::plan::{Image, Job, Plan};
use crate::platform::Platform;
use crate::published::plan_json::ReusedEntry;
use crate::reference::Repository;
use indexmap::IndexMap;

/// The table: images with tags and platforms, jobs with runners, what is local, and the numbers. With `explain`, it says of
/// each tag why it is where it is.
#[must_use]
pub fn render(plan: &Plan, explain: bool) -> String {
    let mut text = String::new();
    if !plan.images.is_empty() {
        let rows = plan.images.iter().flat_map(|(key, image)| image_rows(plan, key, image));
        columns(["IMAGE", "REPOSITORY", "TAGS", "PLATFORMS"], rows, &mut text);
        text.push('\n');
    }
    if !plan.jobs.is_empty() {
        columns(["JOB", "BUILDS", "RUNNER"], plan.jobs.iter().map(job_row), &mut text);
        text.push('\n');
    }
    text.push_str(&reused_notes(plan));
    let notes = if explain { String::new() } else { tag_notes(plan) };
    if explain && !plan.images.is_empty() {
        let shared = shared(plan);
        let rows = plan.images.iter().flat_map(|(key, image)| explained(plan, &shared, key, image));
        columns(["IMAGE", "TAG", "WHY"], rows, &mut text);
        text.push('\n');
    }
    if !notes.is_empty() {
        text.push_str(&notes);
        text.push('\n');
    }
    if !plan.local.is_empty() {
        let names: Vec<&str> = plan.local.iter().map(|name| &**name).collect();
        let _ = write!(text, "local, not published: {}\n\n", names.join(", "));
    }
    text.push_str(&choice::table(plan, explain));
    text.push_str(&numbers(plan));
    text
}

/// What is not built, since it was published before: a line for each image, and an empty one.
#[must_use]
pub fn reused_notes(plan: &Plan) -> String {
    let notes = plan.images.iter().filter_map(|(key, image)| Some(format!("{key}: {}\n", told(image)?)));
    let notes: String = notes.collect();
    if notes.is_empty() { notes } else { notes + "\n" }
}

/// What an image was published as before, in words.
pub(super) fn told(image: &Image) -> Option<String> {
    image.reused.as_ref().map(|reused| ReusedEntry::from(reused).told())
}

/// Which floating tags belong elsewhere, and which only the registry can decide: a line for each image, or for several of
/// which the same is so.
#[must_use]
pub fn tag_notes(plan: &Plan) -> String {
    let mut notes: IndexMap<String, Vec<&str>> = IndexMap::new();
    let shared = shared(plan);
    for (key, image) in &plan.images {
        for (owner, tags) in elsewhere(plan, image) {
            let note = format!("stay with {owner}: {}", tags.join(", "));
            notes.entry(note).or_default().push(key);
        }
        let provisional: Vec<&str> =
            image.tags.iter().filter(|tag| tag.is_provisional).map(|tag| tag.name.as_str()).collect();
        if !provisional.is_empty() {
            let (tags, known) = (provisional.join(", "), nothing_known(&shared, image));
            let note = format!("{known}, so the merge decides whether these move: {tags}");
            notes.entry(note).or_default().push(key);
        }
    }
    notes.iter().map(|(note, images)| format!("{}: {note}\n", shortened(images))).collect()
}

/// The first names of a long list, with how many there are besides.
fn shortened(names: &[&str]) -> String {
    const SHOWN: usize = 20;
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}

/// The repositories that several images of a plan have.
pub(super) fn shared(plan: &Plan) -> BTreeSet<&Repository> {
    let mut seen = BTreeSet::new();
    plan.images.values().flat_map(|image| &image.repositories).filter(|one| !seen.insert(*one)).collect()
}

/// What is said of an image with tags that the merge decides about.
pub(super) fn nothing_known(shared: &BTreeSet<&Repository>, image: &Image) -> &'static str {
    let has_others = image.repositories.iter().any(|one| shared.contains(one));
    if has_others { "no other version of this image is known" } else { "no other version is known" }
}

/// The floating tags of an image that stay with versions which are not in the plan, by these.
pub(crate) fn elsewhere<'a>(plan: &Plan, image: &'a Image) -> IndexMap<&'a str, Vec<&'a str>> {
    let mut by_owner: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for tag in image.yielded.iter().filter(|tag| tag.is_known || !is_planned(plan, &tag.owner)) {
        by_owner.entry(&tag.owner).or_default().push(&tag.name);
    }
    by_owner
}

/// A row for each tag of an image, and for each that is another version's.
pub(super) fn explained<'a>(
    plan: &'a Plan,
    shared: &'a BTreeSet<&'a Repository>,
    key: &'a str,
    image: &'a Image,
) -> impl Iterator<Item = [Cow<'a, str>; 3]> {
    let row = move |tag: &'a str, why: String| [key.into(), tag.into(), why.into()];
    let owned = image.tags.iter().map(move |tag| {
        let why = tag.why.as_deref().unwrap_or("literal, never floats");
        let open = if tag.is_provisional {
            format!("; {}, so the merge decides", nothing_known(shared, image))
        } else {
            String::new()
        };
        row(tag.name.as_str(), format!("{why}{open}"))
    });
    let yielded = image.yielded.iter().map(move |tag| {
        let place = if tag.is_known || !is_planned(plan, &tag.owner) {
            ", which is not in this plan: it is not moved"
        } else {
            ""
        };
        row(&tag.name, format!("belongs to {}{place}", tag.owner))
    });
    owned.chain(yielded)
}

fn is_planned(plan: &Plan, version: &str) -> bool {
    plan.images.values().any(|image| image.version.as_deref() == Some(version))
}

/// The numbers that close the table.
#[must_use]
pub fn numbers(plan: &Plan) -> String {
    let count = |number: usize, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    };
    let repositories = match plan.repository_count() {
        0 | 1 => String::new(),
        several => format!(" in {several} repositories"),
    };
    let reused = match plan.images.values().filter(|image| image.reused.is_some()).count() {
        0 => String::new(),
        some => format!(", {some} of them reused"),
    };
    format!(
        "{}{reused}, {}{repositories}, {}, {}{}{}\n",
        count(plan.images.len(), "image", "images"),
        count(plan.tag_count(), "tag", "tags"),
        count(plan.platforms().len(), "platform", "platforms"),
        count(plan.jobs.len(), "job", "jobs"),
        plan.packed.map_or_else(String::new, |packed| format!(" (packed from {})", packed.from)),
        if plan.publish { "" } else { "; nothing is pushed" },
    )
}

/// A row for each repository; the image's name and platforms stand in the first.
fn image_rows<'a>(plan: &'a Plan, key: &'a str, image: &'a Image) -> impl Iterator<Item = [Cow<'a, str>; 4]> {
    let platforms = || {
        let platforms =
            plan.legs_of(image).map(|leg| leg.platform.as_ref().map_or("the runner's", Platform::as_str));
        platforms.collect::<Vec<_>>().join(", ")
    };
    image.places().enumerate().map(move |(at, repository)| {
        let tags: Vec<&str> = image.tags_in(repository).map(|tag| tag.name.as_str()).collect();
        let tags = match tags.as_slice() {
            [] => Cow::from("-"),
            [tag] => Cow::from(*tag),
            tags => tags.join(", ").into(),
        };
        let (key, platforms) = if at == 0 { (key, platforms()) } else { ("", String::new()) };
        // Mirrors come last.
        let mark = if at < image.repositories.len() { "" } else { " (mirror)" };
        [key.into(), format!("{repository}{mark}").into(), tags, platforms.into()]
    })
}

fn job_row(job: &Job) -> [Cow<'_, str>; 3] {
    let mut runner = job.runner.display();
    if job.qemu {
        runner.to_mut().push_str(" (qemu)");
    }
    [(&*job.name).into(), job.leg_names(", "), runner]
}
