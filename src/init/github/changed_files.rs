//! Steps that tell which files a push changes: what depends on that is read as for a push that changes all of them, and has
//! not been built before.

use crate::init::values::inputs::Inputs;
use crate::init::values::scope::Output;
use crate::init::values::text::Template;

/// The actions, without owner.
const ACTIONS: [&str; 3] = ["paths-filter", "changed-files", SKIP];

/// The one that tells whether another run does the same.
const SKIP: &str = "skip-duplicate-actions";

/// Whether an action is one of them, by its name without the version.
pub(in crate::init) fn is_one(name: &str) -> bool {
    name.rsplit_once('/').is_some_and(|(_, name)| ACTIONS.contains(&name))
}

/// The outputs of such a step.
pub(in crate::init) fn outputs(name: &str, inputs: &Inputs<'_>) -> Vec<(String, Output)> {
    let value = |name: &str, text: &str| (name.to_owned(), Output::Value(Template::from(text)));
    if name.ends_with("/changed-files") {
        return ["any_changed", "any_modified"].map(|name| value(name, "true")).into();
    }
    if name.ends_with(SKIP) {
        return vec![value("should_skip", "false")];
    }
    let is_key = |line: &&str| !line.starts_with([' ', '\t', '#', '-']);
    let keys = inputs.raw("filters").unwrap_or_default().lines().filter(is_key);
    let names = keys.filter_map(|line| Some(line.split_once(':')?.0.trim().trim_matches(['"', '\''])));
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let all: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let all = value("changes", &format!("[{}]", all.join(",")));
    names.into_iter().map(|name| value(name, "true")).chain([all]).collect()
}
