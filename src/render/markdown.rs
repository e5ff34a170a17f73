//! The tags of each image and its platforms, as a table of Markdown for people who look for an image.

use indexmap::IndexMap;
use minijinja::{AutoEscape, Environment, Value, context};

use crate::plan::{Image, Plan};
use crate::readable;
use crate::reference::Repository;

const TEMPLATE: &str = include_str!("../../templates/tags.md");

/// The table: a row for each image, or for each part of its repositories that has tags of its own. Ends with a newline.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let rows: Vec<Value> = plan.images.values().flat_map(|image| rows(plan, image)).collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let text = environment.render_str(TEMPLATE, context! { rows }).unwrap_or_else(|e| e.to_string());
    text.trim_end().to_owned() + "\n"
}

fn rows(plan: &Plan, image: &Image) -> Vec<Value> {
    let mut by_tags: IndexMap<Vec<&str>, Vec<&Repository>> = IndexMap::new();
    for repository in image.places() {
        let tags: Vec<&str> = image.tags_in(repository).map(|tag| tag.name.as_str()).collect();
        if !tags.is_empty() {
            by_tags.entry(tags).or_default().push(repository);
        }
    }
    let platforms = image.builds.iter().filter_map(|build| plan.legs.get(&build.leg));
    let platforms: Vec<String> = platforms
        .map(|leg| leg.platform.as_ref().map_or_else(|| "the runner's".to_owned(), ToString::to_string))
        .collect();
    let row = |(tags, repositories): (Vec<&str>, Vec<&Repository>)| {
        context! {
            repositories => joined(&repositories, "<br>"),
            tags => joined(&tags, ", "),
            platforms => platforms.join(", "),
        }
    };
    by_tags.into_iter().map(row).collect()
}

/// Names as code: nothing of them means anything to Markdown.
fn joined(names: &[impl std::fmt::Display], separator: &str) -> String {
    names.iter().map(|name| readable::code(&name.to_string())).collect::<Vec<_>>().join(separator)
}
