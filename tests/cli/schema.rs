//! `bakeplan schema`: what is written as JSON fits its schema, and what is broken does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::{Value, json};

use crate::support::Test;

/// A schema, as the command prints it.
fn schema(of: &str) -> Value {
    let output = Test::new().args(["schema", of]).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A document and the schema that it is to fit.
struct Check<'s> {
    schema: &'s Value,
    /// Whether what a schema leaves open, members that it does not name, is a fault.
    closed: bool,
}

impl Check<'_> {
    /// What of a value does not fit, with its place.
    fn faults(&self, rule: &Value, value: &Value, place: &str) -> Vec<String> {
        let rule = match rule {
            Value::Object(rule) => rule,
            Value::Bool(true) => return Vec::new(),
            Value::Bool(false) => return vec![format!("{place} must not be there")],
            other => panic!("not a schema: {other}"),
        };
        let mut faults = Vec::new();
        for (keyword, limit) in rule {
            let mut fault = |is_fine: bool| {
                if !is_fine {
                    faults.push(format!("{place}: {value} is against `{keyword}`: {limit}"));
                }
            };
            match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" => {}
                "type" => {
                    let names = limit.as_array().map_or_else(|| std::slice::from_ref(limit), Vec::as_slice);
                    fault(names.iter().any(|name| is_of_type(value, name.as_str().unwrap())));
                }
                "enum" => fault(limit.as_array().unwrap().contains(value)),
                "minLength" => {
                    fault(value.as_str().is_none_or(|text| text.len() as u64 >= limit.as_u64().unwrap()));
                }
                "minItems" => {
                    fault(value.as_array().is_none_or(|items| items.len() as u64 >= limit.as_u64().unwrap()));
                }
                "const" => fault(limit == value),
                "minimum" => fault(value.as_f64().is_none_or(|number| number >= limit.as_f64().unwrap())),
                "maximum" => fault(value.as_f64().is_none_or(|number| number <= limit.as_f64().unwrap())),
                "pattern" => {
                    let pattern = Regex::new(limit.as_str().unwrap()).unwrap();
                    fault(value.as_str().is_none_or(|text| pattern.is_match(text)));
                }
                "required" => {
                    let names = limit.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                    fault(
                        value
                            .as_object()
                            .is_none_or(|members| names.into_iter().all(|name| members.contains_key(name))),
                    );
                }
                "oneOf" | "anyOf" => {
                    let fits = limit.as_array().unwrap().iter().map(|one| self.faults(one, value, place));
                    let (good, bad): (Vec<_>, Vec<_>) = fits.partition(Vec::is_empty);
                    match good.len() {
                        0 => faults.extend(bad.into_iter().flatten()),
                        1 => {}
                        more => assert!(keyword == "anyOf", "{place}: {value} fits {more} of `oneOf`"),
                    }
                }
                "$ref" => {
                    let pointer = limit.as_str().unwrap().strip_prefix('#').unwrap();
                    let target =
                        self.schema.pointer(pointer).unwrap_or_else(|| panic!("{limit} leads nowhere"));
                    faults.extend(self.faults(target, value, place));
                }
                "items" => {
                    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                        faults.extend(self.faults(limit, item, &format!("{place}/{at}")));
                    }
                }
                "properties" | "additionalProperties" => {
                    for (name, member) in value.as_object().into_iter().flatten() {
                        let own = rule.get("properties").and_then(|known| known.get(name));
                        let other = rule.get("additionalProperties");
                        let place = format!("{place}/{name}");
                        match (keyword.as_str(), own, other) {
                            ("properties", Some(own), _) => faults.extend(self.faults(own, member, &place)),
                            ("properties", None, None) if self.closed => {
                                faults.push(format!("{place} is not described"));
                            }
                            ("additionalProperties", None, Some(other)) => {
                                faults.extend(self.faults(other, member, &place));
                            }
                            _ => {}
                        }
                    }
                }
                other => panic!("this test does not know the keyword `{other}`"),
            }
        }
        faults
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("what is a {other}?"),
    }
}

/// What of a document does not fit a schema, or is not described by it.
fn faults(schema: &Value, value: &Value) -> Vec<String> {
    Check { schema, closed: true }.faults(schema, value, "")
}

/// Fails unless the changes that `diff` prints are what the schema says, and unless it finds what is broken in them.
pub(crate) fn expect_changes(json: &str) {
    let schema = schema("diff");
    let changes: Value = serde_json::from_str(json).unwrap();
    let found = faults(&schema, &changes);
    assert!(found.is_empty(), "{json}\n{}", found.join("\n"));
    let mut all = Vec::new();
    places(&changes, "", &mut all);
    for place in all {
        let mut broken = changes.clone();
        *broken.pointer_mut(&place).unwrap() = json!(1.5);
        assert!(!faults(&schema, &broken).is_empty(), "1.5 at {place} fits");
    }
}

/// Fails unless a result of `merge` or `verify` is what the schema says.
pub(crate) fn expect_result(json: &str) {
    let schema: Value = serde_json::from_str(&bakeplan::internals::schema::result()).unwrap();
    let found = faults(&schema, &serde_json::from_str(json).unwrap());
    assert!(found.is_empty(), "{json}\n{}", found.join("\n"));
}

/// The files of this name that the examples have.
fn examples(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let examples = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("out").join(name));
    let files: BTreeSet<_> = examples.filter(|path| path.exists()).collect();
    assert!(files.len() > 4, "the examples are not found");
    files.iter().map(|path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()).collect()
}

/// Every place in a document, as a JSON pointer.
fn places(value: &Value, place: &str, all: &mut Vec<String>) {
    all.push(place.to_owned());
    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
        places(item, &format!("{place}/{at}"), all);
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        places(member, &format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), all);
    }
}

#[test]
fn schemas_name_their_dialect_and_version() {
    for (of, version) in [("plan", 2), ("matrix", 1), ("images", 1), ("result", 1), ("diff", 1)] {
        let schema = schema(of);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["$id"], format!("urn:bakeplan:schema:{of}:{version}"));
        // Every definition is used, and every member is described.
        let text = schema.to_string();
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            assert!(text.contains(&format!("#/$defs/{name}\"")), "{of}: nothing refers to {name}");
            assert!(definition["description"].is_string(), "{of}: {name} is not described");
        }
        assert!(!text.contains("#/components/"), "{text}");
    }
}

#[test]
fn what_has_no_schema_is_a_usage_error() {
    for (args, said) in [
        (&["schema"][..], "error: the following required arguments were not provided:\n  <OF>\n...\n"),
        (&["schema", "tags"], "error: invalid value 'tags' for '<OF>'\n  [possible values: [..]]\n...\n"),
        (&["schema", "plan", "matrix"], "error: unexpected argument 'matrix' found\n...\n"),
    ] {
        Test::new().args(args.iter().copied()).status(2).stderr(said).run();
    }
}

#[test]
fn all_examples_fit() {
    for (of, file) in [("plan", "plan.json"), ("matrix", "matrix.json")] {
        let schema = schema(of);
        for document in examples(file) {
            let found = faults(&schema, &document);
            assert!(found.is_empty(), "{document}\n{}", found.join("\n"));
        }
    }
}

/// Each value is replaced by one of another type, and each member given another name.
#[test]
fn whatever_is_broken_does_not_fit() {
    for (of, file) in [("plan", "plan.json"), ("matrix", "matrix.json")] {
        let schema = schema(of);
        let mut refused = 0;
        for document in examples(file) {
            let mut all = Vec::new();
            places(&document, "", &mut all);
            for place in all {
                let mut broken = document.clone();
                *broken.pointer_mut(&place).unwrap() = json!(1.5);
                assert!(!faults(&schema, &broken).is_empty(), "{of}: 1.5 at {place} fits");
                let mut renamed = document.clone();
                let Some(members) = renamed.pointer_mut(&place).and_then(Value::as_object_mut) else {
                    continue;
                };
                let is_open = ["annotations", "labels"].iter().any(|name| place.ends_with(name));
                members.insert("unheard-of".into(), json!([[]]));
                let is_refused = !faults(&schema, &renamed).is_empty();
                assert!(is_refused || is_open, "{of}: another member at {place} fits");
                refused += 1;
            }
        }
        assert!(refused > 10, "{of}: nothing was broken");
    }
}

/// What bakeplan takes, the schema takes; what it refuses for the form of a value or for an unknown name, the schema does.
#[test]
fn image_blocks_fit_when_bakeplan_takes_them() {
    let schema = schema("images");
    let bake = r#"{"variable":{"v":{"default":"1.4.2"}},"target":{"app":{"platforms":["linux/amd64","linux/arm64"]}}}"#;
    for (image, is_good) in [
        (r#"{"repositories":["ghcr.io/acme/app"],"tags":["1"]}"#, true),
        (r#"{"repositories":"ghcr.io/acme/app","version":"${v}","latest":"false","//":"a note"}"#, true),
        (
            r#"{"repositories":["${lower(\"GHCR.IO\")}/acme/app"],"version":"1.4.2","immutable":"${v == \"1.4.2\"}"}"#,
            true,
        ),
        (
            r#"{"repositories":["r.io/a"],"tags":[{"pattern":"1","when":true},{"pattern":"x","when":"event == 'push'"}]}"#,
            true,
        ),
        (
            r#"{"repositories":["r.io/a"],"tags":["1"],"annotations":{"a":"b","c":1,"d":null},"variant":[["slim",""],"x"]}"#,
            true,
        ),
        (
            r#"{"repositories":["r.io/a"],"tags":["1"],"runners":{"linux/arm64":["self-hosted","arm64"],"default":{"group":"big"}}}"#,
            true,
        ),
        (
            r#"{"repositories":["r.io/a"],"tags":["1"],"platform":{"linux/arm64":{"skip":true,"args":{"A":"b"}}},"jobs":"target"}"#,
            true,
        ),
        (r#"[{"repositories":["r.io/a"],"tags":["1"],"on_missing":"drop","scheme":null}]"#, true),
        (r#"{"repositories":["r.io/a"],"tag":["1"]}"#, false),
        (r#"{"repositories":{"a":"r.io/a"},"tags":["1"]}"#, false),
        (r#"{"repositories":["r.io/a"],"tags":[{"when":"true"}]}"#, false),
        (r#"{"repositories":["r.io/a"],"tags":[{"pattern":"1","where":"true"}]}"#, false),
        (r#"{"repositories":["r.io/a"],"tags":["1"],"immutable":"maybe"}"#, false),
        (r#"{"repositories":["r.io/a"],"tags":["1"],"jobs":"all"}"#, false),
        (r#"{"repositories":["r.io/a"],"tags":["1"],"annotations":["a"]}"#, false),
        (r#"{"repositories":["r.io/a"],"tags":["1"],"runners":{"default":{"label":"x"}}}"#, false),
        (r#"{"repositories":["r.io/a"],"tags":["1"],"runners":{"default":[]}}"#, false),
        (r#"{"repositories":["r.io/a"],"tags":["1"],"platform":{"linux/arm64":{"skip":7}}}"#, false),
        (r#"{"repositories":["r.io/a"],"tags":["1"],"platform":{"linux/arm64":{"tags":["1"]}}}"#, false),
    ] {
        let file = format!(r#"{{"image":{{"app":{image}}}}}"#);
        let test = Test::new().file("docker-bake.json", bake).file("images.json", &file);
        let output = test.args(["metadata", "--format=tags"]).output();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), is_good, "{image}: {told}");
        let found = faults(&schema, &serde_json::from_str(&file).unwrap());
        assert_eq!(found.is_empty(), is_good, "{image}: {found:?}");
    }
}

#[test]
fn the_examples_in_json_fit() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let schema = schema("images");
    let folders = fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| ["docker-bake.json", "images.json"].map(|name| folder.join(name)));
    let files: Vec<_> = files.filter(|path| path.exists()).collect();
    assert!(!files.is_empty(), "the examples are not found");
    for file in files {
        let document = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(faults(&schema, &document), [""; 0], "{}", file.display());
    }
}

#[test]
fn a_result_is_one_of_merging_or_of_verifying() {
    let schema = schema("result");
    let good = json!({ "schema": 1, "ok": true, "references": [], "findings": [] });
    assert_eq!(faults(&schema, &good), [""; 0]);
    for (place, value) in [
        ("/schema", json!(2)),
        ("/ok", json!("true")),
        ("/references", json!([{ "reference": "a" }])),
        ("/findings", json!([{ "severity": "fatal" }])),
    ] {
        let mut broken = good.clone();
        *broken.pointer_mut(place).unwrap() = value;
        assert!(!faults(&schema, &broken).is_empty(), "{broken}");
    }
}
