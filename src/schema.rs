//! JSON Schemas of what is written and read as JSON, made of the types that write and read it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::published::plan_json::{self, PlanJson};
use crate::render::matrix::{self, MatrixRow};
use crate::{changes, merge, spec, verify};

/// The dialect of the schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Where schemas of types refer to each other.
const COMPONENTS: &str = "#/components/schemas/";
/// Where they are in a schema of ours.
const DEFINITIONS: &str = "#/$defs/";

/// A whole schema.
#[derive(Serialize)]
struct SchemaDocument {
    #[serde(rename = "$schema")]
    dialect: &'static str,
    #[serde(rename = "$id")]
    id: String,
    title: &'static str,
    #[serde(flatten)]
    root: Map<String, Value>,
    #[serde(rename = "$defs", skip_serializing_if = "BTreeMap::is_empty")]
    definitions: BTreeMap<String, Value>,
}

impl SchemaDocument {
    /// A schema without content. Another version of the form has another name.
    fn new(name: &str, version: u32, title: &'static str) -> Self {
        Self {
            dialect: DIALECT,
            id: format!("urn:bakeplan:schema:{name}:{version}"),
            title,
            root: Map::new(),
            definitions: BTreeMap::new(),
        }
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.root.insert(key.to_owned(), value);
        self
    }

    /// Adds what a type refers to, and gives its own schema.
    fn take<T: ToSchema>(&mut self) -> Value {
        let mut used = Vec::new();
        T::schemas(&mut used);
        let used = used.iter().map(|(name, schema)| (name.clone(), adapted(json!(schema))));
        self.definitions.extend(used);
        adapted(json!(T::schema()))
    }

    /// Adds a type, and gives what refers to it.
    fn define<T: ToSchema>(&mut self) -> Value {
        let (own, name) = (self.take::<T>(), T::name());
        self.definitions.insert(name.to_string(), own);
        json!({ "$ref": format!("{DEFINITIONS}{name}") })
    }

    fn print(&self) -> String {
        serde_json::to_string_pretty(self).expect("a schema has string keys only") + "\n"
    }
}

/// A schema as utoipa makes it for OpenAPI, without what is OpenAPI's alone or says nothing.
fn adapted(schema: Value) -> Value {
    match schema {
        Value::Object(members) => Value::Object(members.into_iter().filter_map(adapted_member).collect()),
        Value::Array(items) => items.into_iter().map(adapted).collect(),
        other => other,
    }
}

fn adapted_member((key, value): (String, Value)) -> Option<(String, Value)> {
    let value = match (key.as_str(), value) {
        // The formats of numbers are Rust's.
        ("format", Value::String(_)) => return None,
        ("propertyNames", names) if names == json!({ "type": "string" }) => return None,
        ("$ref", Value::String(target)) => target.replacen(COMPONENTS, DEFINITIONS, 1).into(),
        ("description", Value::String(text)) => unwrapped(&text).into(),
        (_, value) => adapted(value),
    };
    Some((key, value))
}

/// A comment without the line breaks that only the source needs.
fn unwrapped(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

/// The schema of `plan.json`.
#[must_use]
pub(crate) fn plan() -> String {
    let mut document = SchemaDocument::new("plan", plan_json::SCHEMA, "plan.json of bakeplan");
    if let Value::Object(root) = document.take::<PlanJson>() {
        document.root = root;
    }
    document.print()
}

/// The schema of `matrix.json`.
#[must_use]
pub(crate) fn matrix() -> String {
    let mut document = SchemaDocument::new("matrix", matrix::SCHEMA, "matrix.json of bakeplan");
    let row = document.define::<MatrixRow<'_>>();
    document
        .with("description", "A row for each CI job.".into())
        .with("type", "array".into())
        .with("items", row)
        .print()
}

/// The schema of a file with `image` blocks in JSON, such as `images.json`.
#[must_use]
pub(crate) fn images() -> String {
    let mut document = SchemaDocument::new(
        "images",
        spec::schema::SCHEMA,
        "`image` blocks of bakeplan, as images.json or a Bake file in JSON has them",
    );
    let (root, definitions) = spec::schema::schema();
    if let Value::Object(root) = root {
        document.root = root;
    }
    document.definitions = definitions.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    document.print()
}

/// The schema of what `diff` prints with `--format json`.
#[must_use]
pub(crate) fn diff() -> String {
    let mut document = SchemaDocument::new("diff", changes::SCHEMA, "Changes that `bakeplan diff` finds");
    if let Value::Object(root) = document.take::<changes::Changes>() {
        document.root = root;
    }
    document.print()
}

/// The schema of what `merge` and `verify` print with `--format json`.
#[must_use]
pub fn result() -> String {
    let mut document = SchemaDocument::new(
        "result",
        merge::report::SCHEMA,
        "Results of `bakeplan merge`, `bakeplan promote` and `bakeplan verify`",
    );
    let either =
        json!([document.define::<merge::report::Report>(), document.define::<verify::report::Report>()]);
    document.with("anyOf", either).print()
}
