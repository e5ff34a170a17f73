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
    let ran = test().args(["plan", "--out", "ci", "--facts-file=facts.json"]).stdout("...\n").notes().run();
    let bake: Value = serde_json::from_str(&ran.read("ci/docker-bake.json")).unwrap();
    let shared = &bake["target"]["_app"];
    let expected = json!({
        "org.opencontainers.image.created": "2026-03-04T23:30:00Z",
        "org.opencontainers.image.description": "An app of $${things} and %%{more}",
        "org.opencontainers.image.licenses": "MIT",
        "org.opencontainers.image.revision": "860c1904a1ce19322e91ac35af1ab07466440c37",
        "org.opencontainers.image.source": "https://example.com/source",
        "org.opencontainers.image.title": "Mine",
        "org.opencontainers.image.url": "https://example.com",
        "org.opencontainers.image.version": "1.2.3+b5",
    });
    assert_eq!(shared["labels"], expected);
    let annotations: Vec<&str> =
        shared["annotations"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(annotations[0], format!("{KEY}url=https://example.com"));
    assert_eq!(annotations.len(), 8, "{annotations:?}");
    assert!(annotations.contains(&"manifest:org.opencontainers.image.created=2026-03-04T23:30:00Z"));
    assert!(annotations.contains(&"manifest:org.opencontainers.image.title=Mine"));
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
        ("title", "Mine"),
        ("url", "https://example.com"),
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
        let ran = test.args(["plan", "--out", "ci", "--facts-file=facts.json"]).stdout("...\n").notes().run();
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
    let note = "note[oci-labels]: the labels and annotations that `oci_labels` asks for are left out of this file: they change with each commit (image `app`)\n  = help: `bakeplan plan --out DIR` writes a file that has them\n";
    let ran = test().args(["bake", "-o", "docker-bake.json"]).stderr(note).run();
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
    ci.args(["bake", "--check"]).stderr(format!("::stop-commands::[..]\n{note}::[..]::\n")).run();
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
    test.status(1).stderr("error[tag-pattern]: patterns have no word `brunch`\n...\n").run();
}

#[test]
fn what_is_not_known_is_left_out_and_told() {
    let test = Test::new().file("images.hcl", SPEC.replace("v1.2.3+b5", "{{ tag }}"));
    let ran = test
        .args(["plan", "--out", "ci", "--fact=tag=v1.2.3", "--fact=commit=c0ffee0", "--fact=dirty=true"])
        .stdout("...\n")
        .stderr(str![[r#"
warning[oci-labels]: `org.opencontainers.image.created` is left out: the value is unknown
  = help: git says: [..]; else give it with `--fact commit_time=…`; `bakeplan plan --facts` shows what is known
warning[oci-labels]: the working tree differs from the commit in `org.opencontainers.image.revision`
  = help: commit the changes first

"#]])
        .run();
    let bake: Value = serde_json::from_str(&ran.read("ci/docker-bake.json")).unwrap();
    let expected = json!({
        "org.opencontainers.image.licenses": "MIT", "org.opencontainers.image.revision": "c0ffee0",
        "org.opencontainers.image.source": "https://example.com/source",
        "org.opencontainers.image.title": "Mine", "org.opencontainers.image.url": "https://example.com",
        "org.opencontainers.image.version": "1.2.3",
    });
    assert_eq!(bake["target"]["_app"]["labels"], expected);
}

/// As with docker/metadata-action, the first tag is the version where there is none.
#[test]
fn without_a_version_tags_tell_one() {
    let version = |tags: &str| {
        let spec = SPEC.replace(
            "version      = \"v1.2.3+b5\"\n  tags         = [\"{{ semver }}\"]",
            &format!("tags = [{tags}]"),
        );
        let ran = Test::new().file("images.hcl", spec).file("facts.json", FACTS);
        let ran = ran.args(["plan", "--out", "ci", "--facts-file=facts.json"]).stdout("...\n").notes().run();
        let bake: Value = serde_json::from_str(&ran.read("ci/docker-bake.json")).unwrap();
        bake["target"]["_app"]["labels"][format!("{KEY}version")].clone()
    };
    assert_eq!(version("\"type=sha\", \"type=ref,event=branch\""), "main");
    assert_eq!(version("\"type=semver,pattern={{major}},value=1.2.3\""), "1.2.3");
    assert_eq!(version("\"{{ branch }}\""), "main");
}

/// The labels and annotations of the leg for linux/amd64, and the annotations of the index, by key without its prefix.
#[track_caller]
fn levels(target: &str, image: &str) -> [std::collections::BTreeMap<String, String>; 3] {
    let spec = format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n{target}\n}}\nimage \"app\" {{\n  \
         repositories = [\"ghcr.io/acme/app\"]\n{image}\n}}\n"
    );
    let test = Test::new().file("images.hcl", spec).file("facts.json", FACTS);
    let ran = test.args(["plan", "--out", "ci", "--facts-file=facts.json"]).stdout("...\n").notes().run();
    let plan: Value = serde_json::from_str(&ran.read("ci/plan.json")).unwrap();
    let app = &plan["images"]["app"];
    let build = &app["builds"]["app-linux-amd64"];
    [&build["labels"], &build["annotations"], &app["annotations"]].map(|map| {
        let pairs = map.as_object().into_iter().flatten();
        pairs
            .filter_map(|(key, value)| Some((key.strip_prefix(KEY)?.to_owned(), value.as_str()?.to_owned())))
            .collect()
    })
}

const VERSION: &str = "  version = \"1.4.2\"\n";

#[test]
fn what_is_said_in_one_place_is_so_in_all() {
    for (target, image) in [
        ("labels = { \"org.opencontainers.image.title\" = \"Mine\" }", ""),
        ("annotations = [\"org.opencontainers.image.title=Mine\"]", ""),
        ("annotations = [\"manifest:org.opencontainers.image.title=Mine\"]", ""),
        ("annotations = [\"index:org.opencontainers.image.title=Mine\"]", ""),
        ("output = [\"type=image,annotation-index.org.opencontainers.image.title=Mine\"]", ""),
        ("", "annotations = { \"org.opencontainers.image.title\" = \"Mine\" }"),
    ] {
        let all = levels(target, &format!("{VERSION}  oci_labels = true\n{image}"));
        for level in all {
            assert_eq!(level["title"], "Mine", "{target} {image}");
            assert_eq!(level["version"], "1.4.2");
        }
    }
    // What no fact tells, too.
    let vendor = "labels = { \"org.opencontainers.image.vendor\" = \"Acme\", \"org.example.other\" = \"x\" }";
    let all = levels(vendor, &format!("{VERSION}  oci_labels = true"));
    assert!(all.iter().all(|level| level["vendor"] == "Acme"), "{all:?}");
    // Where two places differ, each stays, and the third follows the block, or the label.
    let two = "labels = { \"org.opencontainers.image.title\" = \"L\" }\nannotations = [\"index:org.opencontainers.image.title=I\"]";
    let all = levels(two, &format!("{VERSION}  oci_labels = true"));
    assert_eq!(all.map(|level| level["title"].clone()), ["L", "L", "I"]);
    let block = "  annotations = { \"org.opencontainers.image.title\" = \"B\" }";
    let label = "labels = { \"org.opencontainers.image.title\" = \"L\" }";
    let all = levels(label, &format!("{VERSION}  oci_labels = true\n{block}"));
    assert_eq!(all.map(|level| level["title"].clone()), ["L", "B", "B"]);
    // One of a platform is of that platform.
    let own = "annotations = [\"manifest[linux/amd64]:org.opencontainers.image.title=amd64\"]";
    let all = levels(own, &format!("{VERSION}  oci_labels = true"));
    assert_eq!(all.map(|level| level["title"].clone()), ["app", "amd64", "app"]);
}

#[test]
fn labels_are_filled_in_where_they_are_asked_for() {
    for (value, expected) in [
        ("true", [true, true, true]),
        ("[\"label\", \"manifest\", \"index\"]", [true, true, true]),
        ("[\"label\"]", [true, false, false]),
        ("\"label\"", [true, false, false]),
        ("[\"manifest\", \"index\"]", [false, true, true]),
        ("[\"index\"]", [false, false, true]),
        ("[]", [false, false, false]),
        ("false", [false, false, false]),
    ] {
        let all = levels("", &format!("{VERSION}  oci_labels = {value}"));
        let filled = all.map(|level| level.contains_key("revision") && level.contains_key("version"));
        assert_eq!(filled, expected, "{value}");
    }
    // What is said goes where it is asked for, and stays where it is.
    let label = "labels = { \"org.opencontainers.image.title\" = \"Mine\" }";
    let all = levels(label, &format!("{VERSION}  oci_labels = [\"index\"]"));
    assert_eq!(all.map(|level| level.get("title").cloned().unwrap_or_default()), ["Mine", "", "Mine"]);
    let all = levels(label, VERSION);
    assert_eq!(all.map(|level| level.get("title").cloned().unwrap_or_default()), ["Mine", "", ""]);
}

#[test]
fn levels_that_do_not_exist_are_refused() {
    for (value, told) in [
        ("[\"labels\"]", "did you mean `label`?"),
        ("\"manifests\"", "did you mean `manifest`?"),
        ("[\"config\"]", "`config` is not a level"),
        ("[[\"label\"]]", "expected a string"),
    ] {
        let spec = SPEC.replace("oci_labels   = true", &format!("oci_labels = {value}"));
        let output = Test::new().file("images.hcl", spec).args(["plan"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && talk.contains(told), "{value}: {talk}");
    }
}

/// As docker/metadata-action says it: the text of the tag that shows it.
#[test]
fn the_version_is_that_of_the_tag() {
    for (image, expected) in [
        ("version = \"1.4.2\"", "1.4.2"),
        ("version = \"v1.4.2\"", "1.4.2"),
        ("version = \"1.4.2\"\nvariant = \"alpine\"", "1.4.2-alpine"),
        (
            "version = \"1.4.2\"\nvariant = [\"slim\", [\"trixie\", \"\"]]\ndefault_variant = \"trixie\"",
            "1.4.2-slim-trixie",
        ),
        ("version = \"1.4.2\"\ntags = [\"{{ major }}\", \"api-{{ version }}\"]", "api-1.4.2"),
        // The index under a floating tag would say that the tag stays.
        ("version = \"1.4.2\"\ntags = [\"{{ major }}.{{ minor }}\"]", "1.4.2"),
        ("tags = [\"{{ branch }}\", \"{{ sha }}\"]", "main"),
        ("tags = [\"edge\"]", "edge"),
        (
            "tags = [\"type=semver,pattern={{version}},value=1.2.3\"]\nflavor = [\"suffix=-alpine\"]",
            "1.2.3-alpine",
        ),
        ("tags = [\"type=raw,value=nightly\", \"type=sha\"]", "nightly"),
    ] {
        let all = levels("", &format!("  oci_labels = true\n{image}"));
        assert!(all.iter().all(|level| level["version"] == expected), "{image}: {all:?}");
    }
    let said = "labels = { \"org.opencontainers.image.version\" = \"mine\" }";
    let all = levels(said, &format!("{VERSION}  oci_labels = true"));
    assert!(all.iter().all(|level| level["version"] == "mine"), "{all:?}");
}

/// Neither facts nor what would be copied from one level to another: it says so.
#[test]
fn a_committed_file_has_what_the_target_says_and_nothing_else() {
    for levels in ["true", "[\"label\"]", "[\"manifest\", \"index\"]"] {
        let spec = SPEC.replace("oci_labels   = true", &format!("oci_labels   = {levels}"));
        let test = Test::new().file("images.hcl", spec).args(["bake"]);
        let output = test.output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(talk.contains("note[oci-labels]"), "{levels}: {talk}");
        let file = String::from_utf8(output.stdout).unwrap();
        let said: Vec<&str> =
            ["title", "url"].into_iter().filter(|name| file.contains(&format!("{KEY}{name}"))).collect();
        assert_eq!(said, ["title", "url"], "{levels}: {file}");
        assert!(
            !file.contains(&format!("\"{KEY}url\"")),
            "{levels}: the annotation is not a label, too: {file}"
        );
        for added in ["revision", "created", "version", "source", "description"] {
            assert!(!file.contains(&format!("{KEY}{added}")), "{levels} {added}: {file}");
        }
    }
}
