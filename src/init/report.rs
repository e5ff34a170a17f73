//! What the workflows of today publish, beside what the plan would.

use std::borrow::Cow;

use indexmap::IndexMap;
use unicode_width::UnicodeWidthStr;

use crate::init::published::today::Published;
use crate::readable;
use crate::render::table::columns;

/// The images of one example.
#[derive(Debug)]
pub(crate) struct Example {
    /// Which run it is.
    pub run: String,
    /// Each image.
    pub images: Vec<ExampleImage>,
    /// Why there is no plan, if there is none.
    pub failure: Option<String>,
}

/// What an image publishes in an example.
#[derive(Debug)]
pub(crate) struct ExampleImage {
    /// Its name.
    pub name: String,
    /// What is published today.
    pub today: Published,
    /// What the plan publishes, by repository.
    pub planned: IndexMap<String, Vec<String>>,
    /// When it is published with the plan, where that is not the run of today.
    pub when: Option<&'static str>,
    /// Build arguments that are empty in the plan, and are not today.
    pub open: Vec<String>,
    /// Whether warnings name what its build has today, and not in the plan.
    pub lacks: bool,
}

impl ExampleImage {
    /// Whether other tags are published with the plan, as far as those of today are known.
    pub(crate) fn differs(&self) -> bool {
        let mut repositories = self.today.tags.keys().chain(self.planned.keys());
        let is_other = |name: &String| !same(self.today.tags.get(name), self.planned.get(name));
        self.today.unknown.is_empty() && repositories.any(is_other)
    }
}

/// How many repositories are shown for an image in a run.
const MAX_REPOSITORIES: usize = 20;

/// The table, on a terminal of so many columns.
pub(crate) fn render(examples: &[Example], screen: Option<usize>) -> String {
    let mut rows: Vec<[Cow<'_, str>; 4]> = Vec::new();
    for example in examples {
        for (at, ExampleImage { name, today, planned, when, open, lacks }) in
            example.images.iter().enumerate()
        {
            let run = if at == 0 { example.run.as_str() } else { "" };
            let mut repositories: Vec<&String> = today.tags.keys().collect();
            repositories.extend(planned.keys().filter(|repository| !today.tags.contains_key(*repository)));
            repositories.truncate(MAX_REPOSITORIES);
            let unknown = today.unknown.iter().map(|unknown| format!("not known: {unknown}"));
            let unknown: Vec<String> = unknown.collect();
            if repositories.is_empty() {
                let today = if unknown.is_empty() { "nothing".to_owned() } else { unknown.join("; ") };
                let planned = match &example.failure {
                    Some(failure) => failure.clone(),
                    None => "nothing".to_owned(),
                };
                rows.push([run.to_owned().into(), name.as_str().into(), today.into(), planned.into()]);
                continue;
            }
            for (index, repository) in repositories.into_iter().enumerate() {
                let of = |tags: Option<&Vec<String>>| match tags {
                    Some(tags) if !tags.is_empty() => format!("{repository}: {}", tags.join(", ")),
                    _ => "nothing".to_owned(),
                };
                let (old, new) = (today.tags.get(repository), planned.get(repository));
                let mut old_text = if old.is_none() && !unknown.is_empty() { String::new() } else { of(old) };
                if !unknown.is_empty() {
                    let gap = if old_text.is_empty() { "" } else { "; " };
                    old_text.extend([gap, &unknown.join("; ")]);
                }
                let planned = match &example.failure {
                    Some(failure) => failure.clone(),
                    None if unknown.is_empty() && same(old, new) && open.is_empty() && *lacks => {
                        "the same tags; another build, as the warnings say".to_owned()
                    }
                    None if unknown.is_empty() && same(old, new) && open.is_empty() => {
                        when.map_or_else(|| "the same".to_owned(), |when| format!("the same, {when}"))
                    }
                    None if unknown.is_empty() && same(old, new) => {
                        format!("the same tags; empty in the image: {}", open.join(", "))
                    }
                    None => of(new),
                };
                let (run, name) = if index == 0 { (run, name.as_str()) } else { ("", "") };
                rows.push([run.to_owned().into(), name.into(), old_text.into(), planned.into()]);
            }
        }
    }
    let mut text = String::new();
    let own = rows.iter().map(|row| row.each_ref().map(|cell| Cow::Borrowed(&**cell)));
    columns(["RUN", "IMAGE", "PUBLISHED TODAY", "WITH THE PLAN"], own, &mut text);
    match screen.filter(|screen| text.lines().any(|line| line.width() > *screen)) {
        Some(screen) => stacked(rows, screen),
        None => text,
    }
}

/// The same where a row has no room on a line: what is published stands below the run and the image.
fn stacked(rows: Vec<[Cow<'_, str>; 4]>, screen: usize) -> String {
    let mut text = String::new();
    for row in rows {
        let [run, name, today, planned] = row.map(readable::cow);
        for (indent, head) in [("", run), ("  ", name)].into_iter().filter(|(_, head)| !head.is_empty()) {
            text.extend([indent, &*head, "\n"]);
        }
        for (label, value) in [("    today  ", today), ("    plan   ", planned)] {
            text.push_str(label);
            let mut used = label.len();
            for (at, word) in value.split(' ').enumerate() {
                if at > 0 && used + 1 + word.width() > screen {
                    text.push('\n');
                    text.extend(std::iter::repeat_n(' ', label.len()));
                    used = label.len();
                } else if at > 0 {
                    text.push(' ');
                    used += 1;
                }
                text.push_str(word);
                used += word.width();
            }
            text.push('\n');
        }
    }
    text
}

/// Whether the same tags are published, in any order.
fn same(old: Option<&Vec<String>>, new: Option<&Vec<String>>) -> bool {
    let sorted = |tags: Option<&Vec<String>>| {
        let mut tags = tags.cloned().unwrap_or_default();
        tags.sort();
        tags
    };
    sorted(old) == sorted(new)
}
