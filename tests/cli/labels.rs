//! `oci_labels`: labels and annotations from facts, decided once in the plan, and left out of a committed file.

use serde_json::{Value, json};
use snapbox::str;

use crate::support::Test;

const SPEC: &str = r#"target "app" {
  platforms   = ["linux/amd64", "linux/arm64"]
  labels      = { "org.opencontainers.image.title" = "Mine" }
  annotations = ["org.opencontainers.image.url=https://example.com", "index:org.opencontainers.image.licenses=MIT"]
}

image "app" {
  repositories = ["ghcr.io/acme/app"]
  version      = "v1.2.3+b5"
  tags         = ["{{ semver }}"]
  oci_labels   = true
  annotations  = { "org.opencontainers.image.source" = "https://example.com/source" }
}
"#;

const FACTS: &str = r#"{
  "commit": "860c1904a1ce19322e91ac35af1ab07466440c37",
  "commit_time": "2026-03-04T23:30:00Z",
  "default_branch": "main",
  "dirty": false,
  "branch": "main",
  "url": "https://github.com/acme/app",
  "title": "app",
  "description": "An app of ${things} and %{more}",
  "licenses": "Apache-2.0"
}"#;

fn test() -> Test {
    Test::new().file("images.hcl", SPEC).file("facts.json", FACTS)
}

const KEY: &str = "org.opencontainers.image.";

#[test]
fn every_leg_and_the_index_have_the_same_labels() {
    let ran = test().args(["plan", "--out", "ci", "--facts-file=facts.json"]).stdout("...\n").run();
    let bake: Value = serde_json::from_str(&ran.read("ci/docker-bake.json")).unwrap();
    let shared = &bake["target"]["_app"];
    let expected = json!({
        "org.opencontainers.image.created": "2026-03-04T23:30:00Z",
        "org.opencontainers.image.description": "An app of $${things} and %%{more}",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.revision": "860c1904a1ce19322e91ac35af1ab07466440c37",
        "org.opencontainers.image.source": "https://github.com/acme/app",
        "org.opencontainers.image.title": "Mine",
        "org.opencontainers.image.url": "https://github.com/acme/app",
        "org.opencontainers.image.version": "1.2.3+b5",
    });
    assert_eq!(shared["labels"], expected);
    let annotations: Vec<&str> =
        shared["annotations"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(annotations[0], format!("{KEY}url=https://example.com"));
    assert_eq!(annotations.len(), 8, "{annotations:?}");
    assert!(annotations.contains(&"manifest:org.opencontainers.image.created=2026-03-04T23:30:00Z"));
    assert!(annotations.contains(&"manifest:org.opencontainers.image.title=app"));
    assert_eq!(shared["output"][0]["oci-mediatypes"], "true");
    for leg in ["app-linux-amd64", "app-linux-arm64"] {
        let leg = &bake["target"][leg];
        assert_eq!((&leg["labels"], &leg["annotations"]), (&Value::Null, &Value::Null));
    }
    // What is there at the desk stays as it is.
    assert_eq!(bake["target"]["app"]["labels"], json!({"org.opencontainers.image.title": "Mine"}));

    let plan: Value = serde_json::from_str(&ran.read("ci/plan.json")).unwrap();
    let index = &plan["images"]["app"]["annotations"];
    for (key, value) in [
        ("created", "2026-03-04T23:30:00Z"),
        ("licenses", "MIT"),
        ("source", "https://example.com/source"),
        ("title", "app"),
        ("version", "1.2.3+b5"),
    ] {
        assert_eq!(index[format!("{KEY}{key}")], value, "{key}");
    }
    assert_eq!(index.as_object().unwrap().len(), 8);
}

#[test]
fn the_same_facts_give_the_same_bytes_on_another_day_and_machine() {
    let write = |test: Test, pause: u64| {
        std::thread::sleep(std::time::Duration::from_millis(pause));
        let ran = test.args(["plan", "--out", "ci", "--facts-file=facts.json"]).stdout("...\n").run();
        ["docker-bake.json", "matrix.json", "plan.json"].map(|name| ran.read(&format!("ci/{name}")))
    };
    let spec = SPEC.replace(
        "\"v1.2.3+b5\"\n  tags         = [\"{{ semver }}\"]",
        "\"1.2.3\"\n  tags = [\"{{ version }}\", \"{{ date('%Y%m%d.%H%M%S') }}\", \"{{ sha }}\"]",
    );
    let test = || Test::new().file("docker-bake.hcl", &spec).file("facts.json", FACTS);
    let here = write(test().env("TZ", "UTC"), 0);
    let there =
        test().env("TZ", "Asia/Tokyo").env("HOSTNAME", "b").env("USER", "someone").env("LANG", "de_DE.UTF-8");
    assert_eq!(write(there, 1100), here);
    assert!(here[2].contains("\"20260304.233000\""), "{}", here[2]);
}

#[test]
fn a_committed_file_has_none_of_them_and_says_so() {
    let note = str![[r#"
note[oci-labels]: the labels and annotations that `oci_labels` asks for are left out of this file: they change with each commit (image `app`)
  = help: `bakeplan plan --out DIR` writes a file that has them

"#]];
    let ran = test().args(["bake", "-o", "docker-bake.json"]).stderr(note.clone()).run();
    let text = ran.read("docker-bake.json");
    let bake: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(bake["target"]["_app"]["labels"], json!({"org.opencontainers.image.title": "Mine"}));
    assert!(!text.contains("created") && !text.contains("860c190"), "{text}");
    // The index has annotations all the same, and only OCI's has a place for them.
    assert_eq!(bake["target"]["_app"]["output"][0]["oci-mediatypes"], "true");

    // On another commit and in CI, it is still current.
    let ci = test()
        .file("docker-bake.json", text)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_SHA", &"b".repeat(40));
    ci.args(["bake", "--check"]).stderr(note).run();
}

/// Tags are not in the Bake file, so that it is the same whatever they come to.
#[test]
fn a_committed_file_asks_for_no_fact() {
    let spec = |image: &str| {
        format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n{image}\n}}\n"
        )
    };
    let bake = |test: Test| {
        let ran = test.args(["bake", "-o", "docker-bake.json"]).run();
        ran.read("docker-bake.json")
    };
    let plain = bake(Test::new().file("images.hcl", spec("  version = \"1.2.3\"")));
    for image in [
        "  version = \"{{ tag }}\"",
        "  version = \"{{ tag }}\"\n  tag_prefix = \"api/\"\n  tags = [\"{{ version }}\"]",
        "  tags = [\"{{ branch | slug }}\", \"{{ sha }}\", { pattern = \"edge\", when = \"branch == default_branch\" }]",
        "  tags = [\"type=semver,pattern={{version}}\", \"type=ref,event=pr\", { pattern = \"type=sha\", when = \"tag\" }]",
    ] {
        assert_eq!(bake(Test::new().file("images.hcl", spec(image))), plain, "{image}");
        let elsewhere = Test::new().file("images.hcl", spec(image)).env("GITHUB_ACTIONS", "true");
        assert_eq!(bake(elsewhere.env("GITHUB_REF", "refs/tags/web/v2.0.0")), plain, "{image}");
    }
    // What is wrong with a pattern in any run is still told.
    let test = Test::new().file("images.hcl", spec("  tags = [\"{{ brunch }}\"]")).args([
        "bake",
        "-o",
        "docker-bake.json",
    ]);
    test.status(1).stderr("error[tag-pattern]: a pattern has no word `brunch`\n...\n").run();
}

#[test]
fn what_is_not_known_is_left_out_and_told() {
    let test = Test::new().file("images.hcl", SPEC.replace("v1.2.3+b5", "{{ tag }}"));
    let ran = test
        .args(["plan", "--out", "ci", "--fact=tag=v1.2.3", "--fact=commit=c0ffee0", "--fact=dirty=true"])
        .stdout("...\n")
        .stderr(str![[r#"
warning[oci-labels]: `org.opencontainers.image.created`, `org.opencontainers.image.source` are left out: what they say is not known
  = help: git says: [..]; else give it with `--fact commit_time=…`; `bakeplan plan --facts` shows what is known
warning[oci-labels]: the working tree differs from the commit that `org.opencontainers.image.revision` names
  = help: commit the changes first

"#]])
        .run();
    let bake: Value = serde_json::from_str(&ran.read("ci/docker-bake.json")).unwrap();
    let expected = json!({
        "org.opencontainers.image.revision": "c0ffee0", "org.opencontainers.image.title": "Mine",
        "org.opencontainers.image.version": "1.2.3",
    });
    assert_eq!(bake["target"]["_app"]["labels"], expected);
}

/// As with docker/metadata-action, the first tag of rules is the version where there is none.
#[test]
fn without_a_version_rules_tell_one() {
    let version = |tags: &str| {
        let spec = SPEC.replace(
            "version      = \"v1.2.3+b5\"\n  tags         = [\"{{ semver }}\"]",
            &format!("tags = [{tags}]"),
        );
        let ran = Test::new().file("images.hcl", spec).file("facts.json", FACTS);
        let ran = ran.args(["plan", "--out", "ci", "--facts-file=facts.json"]).stdout("...\n").run();
        let bake: Value = serde_json::from_str(&ran.read("ci/docker-bake.json")).unwrap();
        bake["target"]["_app"]["labels"][format!("{KEY}version")].clone()
    };
    assert_eq!(version("\"type=sha\", \"type=ref,event=branch\""), "main");
    assert_eq!(version("\"type=semver,pattern={{major}},value=1.2.3\""), "1.2.3");
    assert_eq!(version("\"{{ branch }}\""), Value::Null);
}
