//! docker/bake-action/subaction/matrix and list-targets (<https://github.com/docker/bake-action/tree/master/subaction>), which
//! make a matrix of what Bake prints.

use serde_json::{Map, Value, json};

use crate::init::repository::printed::{Asked, printed};
use crate::init::steps::carried;
use crate::init::values::inputs::Inputs;
use crate::init::values::scope::{Output, Scope};
use crate::init::values::text::Template;

/// What an output is, of all targets and the fields that are asked for.
type List = fn(&Map<String, Value>, &[String]) -> Value;

/// What such a step gives; none for other actions.
pub(in crate::init) fn outputs(
    name: &str,
    inputs: &Inputs<'_>,
    scope: &Scope,
) -> Option<Vec<(String, Output)>> {
    let (output, list): (&str, List) = match name.strip_prefix("docker/bake-action/subaction/")? {
        "list-targets" => ("targets", |targets, _| targets.keys().map(String::as_str).collect()),
        "matrix" => ("matrix", rows),
        _ => return None,
    };
    let definition = asked(inputs, scope).and_then(|asked| {
        let is_set = |name: &str| scope.variable(name, None, 0).is_some();
        printed(&scope.world.printable, &asked, &is_set)
    });
    let fields = items("fields", inputs, scope).unwrap_or_default();
    let value = match definition.as_ref().and_then(|definition| definition.get("target")?.as_object()) {
        Some(targets) => Template::from(list(targets, &fields).to_string().as_str()),
        None => Template::unknown(&format!("the output {output} of {name}")),
    };
    Some(vec![(output.to_owned(), Output::Value(value))])
}

/// What it prints; none where that depends on the run.
fn asked(inputs: &Inputs<'_>, scope: &Scope) -> Option<Asked> {
    let text = |name: &str| match inputs.text(name, scope) {
        Some(text) => text.constant(),
        None => Some(String::new()),
    };
    let mut files = Vec::new();
    for line in inputs.items("files", scope) {
        // What docker/metadata-action writes has neither targets nor platforms.
        if carried::named(&line.text, scope).is_none() {
            files.push(line.text.constant()?);
        }
    }
    Some(Asked { folder: text("workdir")?, files, targets: items("target", inputs, scope)? })
}

fn items(name: &str, inputs: &Inputs<'_>, scope: &Scope) -> Option<Vec<String>> {
    inputs.items(name, scope).into_iter().map(|line| line.text.constant()).collect()
}

/// A row for each target, with these of its attributes: one for each item of a list.
fn rows(targets: &Map<String, Value>, fields: &[String]) -> Value {
    let of = |(name, target): (&String, &Value)| {
        let mut rows = vec![Map::from_iter([("target".to_owned(), json!(name))])];
        for field in fields {
            let Some(value) = target.get(field) else { continue };
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            rows = rows
                .iter()
                .flat_map(|row| {
                    values.iter().map(|value| {
                        let mut row = row.clone();
                        row.insert(field.clone(), value.clone());
                        row
                    })
                })
                .collect();
        }
        rows
    };
    targets.iter().flat_map(of).map(Value::Object).collect()
}
