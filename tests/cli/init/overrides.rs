//! What steps set for targets by names and patterns is what Bake makes of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Written, init, test, workflow};

const BAKE: &str = "\
target \"extra\" {
  tags = [\"ghcr.io/acme/extra:edge\"]
  platforms = [\"linux/amd64\"]
}

target \"other\" {
  tags = [\"ghcr.io/acme/other:edge\"]
}
";

/// The two forms of a step that builds these targets with these overrides.
fn steps(targets: &str, overrides: &[&str]) -> [String; 2] {
    let lines: String = overrides.iter().map(|one| format!("      {one}\n")).collect();
    let options: String = overrides.iter().map(|one| format!(" --set '{one}'")).collect();
    [
        format!(
            "- uses: docker/bake-action@v6\n  with:\n    push: true\n    targets: {targets}\n    set: |\n{lines}"
        ),
        format!("- run: docker buildx bake --push {}{options}\n", targets.replace(',', " ")),
    ]
}

/// What Bake makes of an attribute of a target, by our evaluator, which is compared with the real one elsewhere.
fn evaluated(target: &str, overrides: &[&str], attribute: &str) -> BTreeSet<String> {
    let files = [("docker-bake.hcl", BAKE)];
    let options = overrides.iter().flat_map(|one| ["--set", one]);
    let output = test(&files).args(["print", target]).args(options).output();
    let definition: Value = serde_json::from_slice(&output.stdout).unwrap();
    let values = definition["target"][target][attribute].as_array().cloned().unwrap_or_default();
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

#[test]
fn tags_by_several_patterns_are_those_of_bake() {
    const R: &str = "ghcr.io/acme/extra";
    for set in [
        &["*.tags=R:1", "extra.tags=R:2"][..],
        &["extra.tags=R:2", "*.tags=R:1"],
        &["ex*.tags=R:1", "*.tags=R:2"],
        &["*ra.tags=R:1", "ex*.tags=R:2", "extra.tags=R:3"],
        &["extra.tags=R:1", "extra.tags=R:2"],
        // The last one says whether they come beside what the target has.
        &["extra.tags=R:1", "extra.tags+=R:2"],
        &["extra.tags+=R:1", "extra.tags=R:2"],
        &["*.tags+=R:1", "ex*.tags+=R:2"],
        &["*.tags=R:1", "extra.tags+=R:2"],
        &["extra.tags=", "extra.tags=R:1"],
        &["*.tags=", "extra.tags+=R:1"],
        &["*.tags=R:1", "other.tags=ghcr.io/acme/other:1"],
        &["other.tags=ghcr.io/acme/other:1"],
        &["extra.tags=R:1", "extra.tags=docker.io/acme/extra:2"],
        &["*.tags=R:1", "extra.tags=docker.io/acme/extra:1", "extra.tags=docker.io/acme/extra:2"],
    ] {
        let set: Vec<String> = set.iter().map(|one| one.replace('R', R)).collect();
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let expected = evaluated("extra", &set, "tags");
        assert!(!expected.is_empty(), "{set:?}");
        for step in steps("extra", &set) {
            let text = workflow(&step);
            let files =
                [(".github/workflows/a.yml", text.as_str()), ("docker-bake.hcl", BAKE), ("Dockerfile", "")];
            let said = init(&files);
            assert!(
                said.rows().iter().any(|row| row.starts_with("push to main") && row.ends_with("the same")),
                "{set:?} {}",
                said.stdout
            );
            let found: BTreeSet<String> =
                Written::new(&files, &[]).tags("refs/heads/main").into_iter().collect();
            assert_eq!(found, expected, "{step}\n{}{}", said.stdout, said.stderr);
        }
    }
}

#[test]
fn a_target_whose_tags_are_taken_away_is_not_proposed() {
    for set in [
        &["extra.tags="][..],
        &["extra.tags=", "other.tags=ghcr.io/acme/other:1"],
        &["extra.tags=ghcr.io/acme/extra:1"],
    ] {
        let expected = evaluated("extra", set, "tags");
        for step in steps("extra,other", set) {
            let text = workflow(&step);
            let files =
                [(".github/workflows/a.yml", text.as_str()), ("docker-bake.hcl", BAKE), ("Dockerfile", "")];
            let proposal = init(&files).stdout;
            assert_eq!(proposal.contains("image \"extra\""), !expected.is_empty(), "{step}\n{proposal}");
        }
    }
}

#[test]
fn platforms_beside_those_of_a_target_are_all_proposed() {
    for (set, more) in [
        (&["extra.platform+=linux/arm64"][..], true),
        (&["*.platform+=linux/arm64", "ex*.platform+=linux/s390x"], true),
        (&["*.platform=linux/arm64", "extra.platform+=linux/s390x"], true),
        (&["*.platform+=linux/arm64", "extra.platform=linux/s390x"], false),
        (&["extra.platform=linux/arm64"], false),
    ] {
        let expected = evaluated("extra", set, "platforms");
        assert_eq!(expected.contains("linux/amd64"), more, "{set:?}");
        for step in steps("extra", set) {
            let text = workflow(&step);
            let files =
                [(".github/workflows/a.yml", text.as_str()), ("docker-bake.hcl", BAKE), ("Dockerfile", "")];
            let plan =
                Written::new(&files, &[]).run(&["plan", "--format", "json", "--fact", "ref=refs/heads/main"]);
            let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
            let builds = plan["images"]["extra"]["builds"].as_object().unwrap();
            let found: BTreeSet<String> =
                builds.values().map(|build| build["platform"].as_str().unwrap().to_owned()).collect();
            assert_eq!(found, expected, "{step}");
        }
    }
}

/// What a step with docker/metadata-action gives is replaced, too, for the targets that are meant.
#[test]
fn tags_that_are_set_replace_those_of_the_metadata() {
    let meta = "\
- id: meta
  uses: docker/metadata-action@v5
  with: { images: ghcr.io/acme/extra, tags: 'type=raw,value=meta' }
";
    let bake = BAKE.replace("target \"extra\" {", "target \"docker-metadata-action\" {}\n\ntarget \"extra\" {\n  inherits = [\"docker-metadata-action\"]");
    for (set, expected) in [
        ("*.tags=ghcr.io/acme/extra:1", &["ghcr.io/acme/extra:1"][..]),
        ("extra.tags=ghcr.io/acme/extra:1", &["ghcr.io/acme/extra:1"]),
        ("extra.tags+=ghcr.io/acme/extra:1", &["ghcr.io/acme/extra:1", "ghcr.io/acme/extra:meta"]),
        ("other.tags=ghcr.io/acme/other:1", &["ghcr.io/acme/extra:meta"]),
    ] {
        let step = format!(
            "{meta}- uses: docker/bake-action@v6\n  with:\n    push: true\n    targets: extra\n    files: |\n      ./docker-bake.hcl\n      ${{{{ steps.meta.outputs.bake-file }}}}\n    set: '{set}'\n"
        );
        let text = workflow(&step);
        // A later file replaces the tags, so the target has none of its own here.
        let bake = bake.replace("  tags = [\"ghcr.io/acme/extra:edge\"]\n", "");
        let files = [
            (".github/workflows/a.yml", text.as_str()),
            ("docker-bake.hcl", bake.as_str()),
            ("Dockerfile", ""),
        ];
        let mut found = Written::new(&files, &[]).tags("refs/heads/main");
        found.sort();
        assert_eq!(found, expected, "{set}");
    }
}
