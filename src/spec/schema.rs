//! The JSON form of `image` blocks, as a JSON Schema.

use serde_json::{Map, Value, json};

use super::attributes::{Covered, PlatformSettings, Settings};
use super::workflow::WorkflowSettings;

/// The version of the form.
pub(crate) const SCHEMA: u32 = 1;

/// What a file may hold that has `image` blocks, and what that refers to.
#[must_use]
pub(crate) fn schema() -> (Value, [(&'static str, Value); 4]) {
    let root = json!({
        "type": "object",
        "properties": {
            "image": labelled("Image", "The images by name; the one with an empty name holds defaults for all."),
        },
        // The rest of a Bake file.
        "additionalProperties": true,
    });
    let platforms = labelled(
        "Platform",
        "Settings that differ on a platform, such as `linux/arm64`, or on all of `linux`.",
    );
    let image = body(
        "Where a target is published, and under which tags.",
        [Covered::schemas(), Settings::schemas()].concat(),
        [("platform", platforms), ("workflow", json!({ "$ref": "#/$defs/Workflow" }))],
    );
    let workflow =
        body("What CI is told about the whole file; only in the defaults.", WorkflowSettings::schemas(), []);
    let platform = body("Settings that differ on a platform.", PlatformSettings::schemas(), []);
    let evaluated = json!({
        "description": "A string that Bake evaluates, such as `${NAME}`, may evaluate to any type.",
        "type": "string",
        "pattern": "[$%]\\{",
    });
    (root, [("Image", image), ("Platform", platform), ("Workflow", workflow), ("Evaluated", evaluated)])
}

/// Blocks with a label, or several of these in a list.
fn labelled(body: &str, about: &str) -> Value {
    let body = json!({ "$ref": format!("#/$defs/{body}") });
    let bodies = json!({ "anyOf": [body, { "type": "array", "items": body }, { "type": "null" }] });
    let by_label = json!({ "type": "object", "additionalProperties": bodies });
    json!({ "description": about, "anyOf": [by_label, { "type": "array", "items": by_label }] })
}

/// A block: its attributes, and the blocks in it.
fn body<const N: usize>(
    about: &str,
    attributes: Vec<(&'static str, String, Value)>,
    blocks: [(&'static str, Value); N],
) -> Value {
    let attributes = attributes.into_iter().map(|(name, about, value)| {
        let values = json!([value, { "$ref": "#/$defs/Evaluated" }, { "type": "null" }]);
        (name, json!({ "description": about, "anyOf": values }))
    });
    // HCL's JSON reads this name as a comment.
    let comment = ("//", json!({ "description": "A comment." }));
    let members = attributes.chain(blocks).chain([comment]);
    let members: Map<String, Value> = members.map(|(name, member)| (name.to_owned(), member)).collect();
    json!({ "description": about, "type": "object", "properties": members, "additionalProperties": false })
}
