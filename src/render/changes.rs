//! Shows the differences between two plans, as a table and as Markdown.

use std::fmt::Write as _;

use crate::changes::{Change, Changes, Published};
use crate::readable;

/// How many lines of a kind a summary of Markdown has.
const MAX_LINES: usize = 200;

/// A kind of changes: what it is called, and for each one its change, what it is about and what is said of it.
type Kind = (&'static str, Vec<(Change, String, String)>);

fn kinds(changes: &Changes) -> [Kind; 6] {
    let Changes {
        schema: _,
        tags,
        platforms,
        reused,
        images,
        jobs,
        definitions,
        same_definition: _,
        compared_definitions: _,
    } = changes;
    let published = |one: &Option<Published>, other: &Option<Published>| {
        one.as_ref().map(|one| {
            let is_same_image = other.as_ref().is_some_and(|other| other.image == one.image);
            match &one.version {
                Some(version) if is_same_image || *version == one.image => version.clone(),
                Some(version) => format!("{} {version}", one.image),
                None => one.image.clone(),
            }
        })
    };
    let tags = tags.iter().map(|tag| {
        let (from, to) = (published(&tag.from, &tag.to), published(&tag.to, &tag.from));
        let said = match (from, to) {
            (Some(from), Some(to)) => format!("{from} → {to}"),
            (from, to) => from.or(to).unwrap_or_default(),
        };
        (tag.change, tag.reference.clone(), said)
    });
    let platforms = platforms.iter().map(|one| (one.change, one.image.clone(), one.platform.clone()));
    let reused = reused.iter().map(|one| {
        let both = one.from.iter().chain(&one.to).map(String::as_str).collect::<Vec<_>>();
        (one.change, one.image.clone(), both.join(" → "))
    });
    let images = images.iter().map(|one| (Change::Changed, one.image.clone(), one.what.join(", ")));
    let jobs = jobs.iter().map(|one| (one.change, one.job.clone(), one.what.join(", ")));
    let definitions =
        definitions.iter().map(|one| (Change::Changed, one.target.clone(), one.what.join(", ")));
    [
        ("Tags", tags.collect()),
        ("Platforms", platforms.collect()),
        ("Reused", reused.collect()),
        ("Images", images.collect()),
        ("Jobs", jobs.collect()),
        ("Definitions", definitions.collect()),
    ]
}

/// What is said where the Bake files differ and are not both there.
const UNKNOWN: &str = "The definition differs; what of it is unknown without both docker-bake.json.";

fn is_unknown(changes: &Changes) -> bool {
    !changes.same_definition && !changes.compared_definitions
}

/// As a table for a terminal.
#[must_use]
pub(crate) fn table(changes: &Changes) -> String {
    if changes.is_empty() {
        return "nothing differs\n".to_owned();
    }
    let mut text = String::new();
    for (name, lines) in kinds(changes) {
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", name.to_uppercase());
        for (change, about, said) in lines {
            let line =
                format!("  {:<7}  {}  {}", change.word(), readable::line(&about), readable::line(&said));
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    if is_unknown(changes) {
        let _ = writeln!(text, "{UNKNOWN}");
    }
    text
}

/// As Markdown, for the summary of a CI run.
#[must_use]
pub(crate) fn markdown(changes: &Changes) -> String {
    let mut text = String::from("### What changes\n\n");
    if changes.is_empty() {
        text.push_str(
            "Nothing differs in the plan. What Dockerfiles and contexts contain is not compared.\n",
        );
        return text;
    }
    for (name, lines) in kinds(changes) {
        if lines.is_empty() {
            continue;
        }
        let _ = write!(text, "| {name} | | |\n|---|---|---|\n");
        for (change, about, said) in lines.iter().take(MAX_LINES) {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                change.word(),
                readable::markdown(about),
                readable::markdown(said)
            );
        }
        if let Some(more) = lines.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
            let _ = writeln!(text, "| | … and {more} more | |");
        }
        text.push('\n');
    }
    if is_unknown(changes) {
        let _ = writeln!(text, "{UNKNOWN}");
    }
    text
}

/// As JSON.
#[must_use]
pub(crate) fn json(changes: &Changes) -> String {
    serde_json::to_string_pretty(changes).expect("changes have string keys") + "\n"
}
