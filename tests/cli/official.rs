//! The tags of official images, through real specs: every version and variant of python, postgres and php as of 2026,
//! with the tags that the projects themselves publish (tests/data/official-tags.json; without Windows, whose shared
//! tags form an index of another kind).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use crate::support::Test;

#[derive(Deserialize)]
struct Row {
    version: String,
    variant: Vec<Vec<String>>,
    mode: String,
    prerelease: bool,
    prerelease_tag: bool,
    tags: BTreeSet<String>,
}

/// A Bake file with a matrix of the rows, and the image block over it.
fn spec(project: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "target \"{project}\" {{\n  name = \"{project}-${{row.id}}\"\n  platforms = [\"linux/amd64\"]\n  matrix = {{ row = [\n"
    );
    for (id, row) in rows.iter().enumerate() {
        let variant = serde_json::to_string(&row.variant).unwrap();
        let _ = writeln!(
            text,
            "    {{ id = {id}, version = \"{}\", variant = {variant}, mode = \"{}\", rc = {} }},",
            row.version, row.mode, row.prerelease_tag
        );
    }
    let _ = writeln!(
        text,
        r#"  ] }}
}}
image "{project}" {{
  repositories    = ["docker.io/library/{project}"]
  version         = row.version
  variant         = row.variant
  variant_tags    = row.mode
  prerelease_tags = row.rc ? ["{{{{ major }}}}.{{{{ minor }}}}-rc"] : []
}}"#
    );
    text
}

#[test]
fn every_row_comes_out_as_published() {
    let projects: Value = serde_json::from_str(include_str!("../data/official-tags.json")).unwrap();
    for (project, rows) in projects.as_object().unwrap() {
        let rows: Vec<Row> = serde_json::from_value(rows.clone()).unwrap();
        let output = Test::new()
            .file("docker-bake.hcl", spec(project, &rows))
            .args(["plan", "--format", "json"])
            .output();
        assert!(output.status.success(), "{project}: {}", String::from_utf8_lossy(&output.stderr));
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        for (id, row) in rows.iter().enumerate() {
            let tags = plan["images"][format!("{project}-{id}")]["tags"].as_array().unwrap();
            let names: BTreeSet<String> =
                tags.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect();
            assert_eq!(names, row.tags, "{project} {} {:?}", row.version, row.variant);
            assert_eq!(names.len(), tags.len(), "{project} {id}: each once");
            let floats_by_numbers = tags.iter().any(|tag| tag["moves"]["with"] == "versions");
            assert!(!row.prerelease || !floats_by_numbers, "{project} {}", row.version);
        }
    }
}
