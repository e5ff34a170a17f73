//! The tags of official images, through real specs: every version and variant of python, postgres and php as of 2026,
//! with the tags that the projects themselves publish (tests/data/official-tags.json; without Windows, whose shared
//! tags form an index of another kind), and a few entries of others, written down from their lists of tags
//! (tests/data/more-official-tags.json).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::Test;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    version: String,
    #[serde(default)]
    variant: Vec<Vec<String>>,
    mode: Option<String>,
    #[serde(default)]
    prerelease: bool,
    #[serde(default)]
    prerelease_tag: bool,
    #[serde(default)]
    prerelease_tags: Vec<String>,
    patterns: Option<Vec<String>>,
    #[serde(default)]
    channels: Vec<String>,
    latest: Option<bool>,
    tags: BTreeSet<String>,
}

impl Row {
    /// What its member of the matrix says, as HCL; what is null is unset.
    fn member(&self, id: usize) -> String {
        let of_series = self.prerelease_tag.then(|| "{{ major }}.{{ minor }}-rc".to_owned());
        let of_prereleases: Vec<&String> = self.prerelease_tags.iter().chain(&of_series).collect();
        let member = json!({
            "id": id, "version": self.version, "variant": self.variant, "mode": self.mode, "tags": self.patterns,
            "prerelease_tags": of_prereleases, "channels": self.channels, "latest": self.latest,
        });
        // An object of JSON is one of HCL but for its templates, of which there are none.
        member.to_string()
    }
}

/// A Bake file with a matrix of the rows, and the image block over it.
fn spec(project: &str, rows: &[Row]) -> String {
    let members: Vec<String> = rows.iter().enumerate().map(|(id, row)| row.member(id)).collect();
    format!(
        r#"target "{project}" {{
  name = "{project}-${{row.id}}"
  platforms = ["linux/amd64"]
  matrix = {{ row = [
    {}
  ] }}
}}
image "{project}" {{
  repositories    = ["docker.io/library/{project}"]
  version         = row.version
  variant         = row.variant
  variant_tags    = row.mode
  tags            = row.tags
  prerelease_tags = row.prerelease_tags
  channels        = row.channels
  latest          = row.latest
}}"#,
        members.join(",\n    ")
    )
}

#[track_caller]
fn every_row_comes_out(projects: &str) {
    let projects: BTreeMap<String, Vec<Row>> = serde_json::from_str(projects).unwrap();
    let mut faults = Vec::new();
    for (project, rows) in projects {
        let output = Test::new()
            .file("docker-bake.hcl", spec(&project, &rows))
            .args(["plan", "--format", "json"])
            .output();
        if !output.status.success() {
            faults.push(format!("{project}: {}", String::from_utf8_lossy(&output.stderr)));
            continue;
        }
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        for (id, row) in rows.iter().enumerate() {
            let tags = plan["images"][format!("{project}-{id}")]["tags"].as_array().unwrap();
            let names: BTreeSet<String> =
                tags.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect();
            let is_once = names.len() == tags.len();
            let floats_by_numbers =
                tags.iter().any(|tag| crate::support::moves_with(tag) == Some("versions"));
            if names != row.tags || !is_once || (row.prerelease && floats_by_numbers) {
                let missing: Vec<_> = row.tags.difference(&names).collect();
                let wrong: Vec<_> = names.difference(&row.tags).collect();
                faults.push(format!(
                    "{project} {} {:?}: missing {missing:?}, wrong {wrong:?}",
                    row.version, row.variant
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_row_comes_out_as_published() {
    every_row_comes_out(include_str!("../data/official-tags.json"));
}

#[test]
fn other_official_images_come_out_too() {
    every_row_comes_out(include_str!("../data/more-official-tags.json"));
}
