//! Images that are published without an index: what the plan says of them, and what it refuses.

use serde_json::Value;

use crate::support::Test;

const SPEC: &str = r#"
target "app" {
  platforms = PLATFORMS
  TARGET
}
image "app" {
  repositories = ["ghcr.io/acme/app"]
  version      = "1.4.2"
  index        = INDEX
  IMAGE
}
"#;

/// A definition of one platform; with `index = INDEX` in its image.
fn test(index: &str, target: &str, image: &str) -> Test {
    on(r#"["linux/amd64"]"#, index, target, image)
}

fn on(platforms: &str, index: &str, target: &str, image: &str) -> Test {
    let spec = SPEC.replace("PLATFORMS", platforms).replace("INDEX", index);
    Test::new().file("docker-bake.hcl", spec.replace("TARGET", target).replace("IMAGE", image))
}

/// What a command prints and what it says, and its exit code.
fn run(test: Test, arguments: &[&str]) -> (i32, String, String) {
    let output = test.args(arguments.iter().copied()).output();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn json(test: Test, arguments: &[&str]) -> Value {
    let (status, printed, told) = run(test, arguments);
    assert_eq!(status, 0, "{told}");
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn the_plan_says_it_and_the_leg_has_no_attestation() {
    for (index, target, planned, attest) in [
        ("true", "", None, None),
        ("false", "", Some(false), Some("provenance")),
        // What is off already stays as it is written.
        ("false", r#"attest = ["type=provenance,disabled=true"]"#, Some(false), Some("provenance")),
        ("false", r#"attest = ["type=sbom,disabled=true"]"#, Some(false), Some("sbom provenance")),
        ("true", r#"attest = ["type=sbom"]"#, None, Some("sbom")),
        ("null", "", None, None),
    ] {
        let plan = json(test(index, target, ""), &["plan", "--format", "json"]);
        let found = plan["images"]["app"].get("index").and_then(Value::as_bool);
        assert_eq!(found, planned, "{index} {target}");
        let bake = json(test(index, target, ""), &["bake"]);
        let legs = bake["target"]["app-linux-amd64"]["attest"].as_array();
        let kinds = legs.map(|all| all.iter().map(|one| one["type"].as_str().unwrap()).collect::<Vec<_>>());
        assert_eq!(kinds.map(|kinds| kinds.join(" ")).as_deref(), attest, "{index} {target}: {bake}");
        if planned.is_some() {
            assert!(legs.unwrap().iter().all(|one| one["disabled"] == true), "{bake}");
        }
        // The target itself stays as the source has it.
        let whole = bake["target"]["app"].get("attest").is_some();
        assert_eq!(whole, !target.is_empty(), "{bake}");
    }
}

/// What needs an index is refused, wherever it is asked for.
#[test]
fn what_needs_an_index_is_refused() {
    let two = r#"["linux/amd64", "linux/arm64"]"#;
    let asks = "asks for an attestation";
    for (platforms, target, image, options, expected) in [
        (two, "", "", &[][..], "several platforms: `linux/amd64`, `linux/arm64`"),
        // What else is planned in this run changes nothing.
        (two, "", "", &["--platform", "linux/amd64"], "several platforms"),
        (r#"["linux/amd64"]"#, r#"attest = ["type=sbom"]"#, "", &[], asks),
        (r#"["linux/amd64"]"#, r#"attest = ["type=provenance,mode=max"]"#, "", &[], asks),
        (r#"["linux/amd64"]"#, "", "", &["--provenance=true"], asks),
        (r#"["linux/amd64"]"#, "", "", &["--sbom=true"], asks),
        (r#"["linux/amd64"]"#, "", "", &["--set", "app.attest=type=sbom"], asks),
    ] {
        let arguments = [&["plan"], options].concat();
        let (status, _, told) = run(on(platforms, "false", target, image), &arguments);
        assert!(status == 1 && told.contains("error[needs-index]"), "{target} {options:?}: {told}");
        assert!(told.contains(expected), "{expected}: {told}");
        let (status, _, told) = run(on(platforms, "true", target, image), &arguments);
        assert_eq!(status, 0, "{target} {options:?}: {told}");
    }
    // A platform that is skipped is not built.
    let skip = "platform \"linux/arm64\" {\n skip = true\n }";
    let (status, _, told) = run(on(two, "false", "", skip), &["plan"]);
    assert_eq!(status, 0, "{told}");
    let off = ["plan", "--provenance=false"];
    let (status, _, told) = run(test("false", "", ""), &off);
    assert_eq!(status, 0, "{told}");
}

/// Annotations of the index are named; those of the manifest stay.
#[test]
fn annotations_of_an_index_have_no_place() {
    for (target, image, severity) in [
        ("", r#"annotations = { a = "1" }"#, Some("warning")),
        (r#"annotations = ["index:a=1"]"#, "", Some("warning")),
        (r#"annotations = ["manifest-descriptor:a=1"]"#, "", Some("warning")),
        (r#"output = ["type=image,annotation-index.a=1"]"#, "", Some("warning")),
        (r#"annotations = ["a=1"]"#, "", None),
        ("", r#"oci_labels = ["label", "manifest"]"#, None),
        ("", "oci_labels = true", Some("note")),
    ] {
        let facts = ["plan", "--format", "json", "--fact", "title=a", "--fact", "url=https://a.b/c"];
        let facts = [&facts[..], &["--fact", "commit=0123456789012345678901234567890123456789"]].concat();
        let (status, printed, told) = run(test("false", target, image), &facts);
        assert_eq!(status, 0, "{told}");
        let code = told.find(r#""code": "lost-annotations""#);
        let found = code.map(|at| told[..at].rsplit('"').nth(1).unwrap());
        assert_eq!(found, severity, "{target} {image}: {told}");
        let plan: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(plan["images"]["app"]["annotations"], serde_json::json!({}));
        assert_eq!(plan["images"]["app"]["builds"]["app-linux-amd64"].get("descriptor_annotations"), None);
        let (_, _, told) = run(test("true", target, image), &facts);
        assert!(!told.contains("lost-annotations"), "{told}");
    }
}

/// Only an index says which run made it.
#[test]
fn tags_of_runs_are_not_guarded() {
    let spec = |index: &str| {
        let text = SPEC.replace("PLATFORMS", r#"["linux/amd64"]"#).replace("INDEX", index);
        let text = text.replace("TARGET", "").replace("IMAGE", "").replace("1.4.2", "{{ tag }}");
        text.replace(
            "  index ",
            "  tags = [{ pattern = \"edge\", when = \"branch\" }, \"{{ version }}\"]\n  index ",
        )
    };
    for (index, is_told) in [("false", true), ("true", false)] {
        let branch = ["plan", "--fact", "ref=refs/heads/main"];
        let (status, _, told) = run(Test::new().file("docker-bake.hcl", spec(index)), &branch);
        let found = told.contains("image `app` has no index, which would say which run made it")
            && told.contains("`edge`");
        assert!(status == 0 && found == is_told, "{index}: {told}");
    }
    // Those of a version, which each run of a branch builds anew, are as little.
    for (tags, names) in [
        (r#"["{{ version }}", "latest"]"#, "`1.4.2`, `latest`"),
        (r#"["{{ major }}", "edge"]"#, "`1`, `edge`"),
        (r#"["{{ version }}", "{{ sha }}"]"#, "`1.4.2`"),
    ] {
        let text = SPEC.replace("PLATFORMS", r#"["linux/amd64"]"#).replace("INDEX", "false");
        let text = text.replace("TARGET", "").replace("IMAGE", &format!("tags = {tags}"));
        let args = [
            "plan",
            "--fact",
            "ref=refs/heads/main",
            "--fact",
            "commit=0123456789012345678901234567890123456789",
        ];
        let (status, _, told) = run(Test::new().file("docker-bake.hcl", text), &args);
        let end = format!("an earlier run that is merged last takes back {names}");
        assert!(status == 0 && told.contains(&end), "{tags}: {told}");
    }
}
