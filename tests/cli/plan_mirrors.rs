//! Mirrors in the plan and its views: where the merge and readers look for them, and nothing that builds see.

use serde_json::{Value, json};

use crate::support::Test;

const SPEC: &str = r#"
target "app" {
  platforms = ["linux/amd64"]
}
image "app" {
  repositories = ["ghcr.io/acme/app", "ghcr.io/acme/copy"]
  MIRRORS
  version      = "1.4.2"
}
"#;

fn test(mirrors: &str) -> Test {
    Test::new().file("docker-bake.hcl", SPEC.replace("MIRRORS", mirrors))
}

#[track_caller]
fn stdout(test: Test, arguments: &[&str]) -> String {
    let output = test.args(arguments.iter().copied()).output();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const MIRRORS: &str = r#"mirrors = ["docker.io/acme/{{ image }}", "acme/app", "localhost:5000/{{ key }}"]"#;

#[test]
fn the_plan_names_mirrors_once_and_apart() {
    let plan: Value = serde_json::from_str(&stdout(test(MIRRORS), &["plan", "--format", "json"])).unwrap();
    let image = &plan["images"]["app"];
    assert_eq!(image["mirrors"], json!(["docker.io/acme/app", "localhost:5000/app"]));
    assert_eq!(image["repositories"], json!(["ghcr.io/acme/app", "ghcr.io/acme/copy"]));
    assert!(image["tags"].as_array().unwrap().iter().all(|tag| tag.get("repositories").is_none()));
    let plan: Value = serde_json::from_str(&stdout(test(""), &["plan", "--format", "json"])).unwrap();
    assert_eq!(plan["images"]["app"].get("mirrors"), None);
}

#[test]
fn readers_see_mirrors_and_builds_do_not() {
    for (arguments, shows) in [
        (&["plan"][..], true),
        (&["plan", "--format", "markdown"], true),
        (&["bake"], false),
        (&["matrix", "--format", "json"], false),
        (&["metadata", "--format", "tags"], false),
        (&["metadata", "--format", "args"], false),
        (&["print", "app"], false),
    ] {
        let text = stdout(test(MIRRORS), arguments);
        assert_eq!(text.contains("localhost:5000"), shows, "{arguments:?}: {text}");
        // The jobs that build need to log in nowhere else.
        if !shows {
            let strip = |text: String| {
                text.lines()
                    .filter(|line| !line.contains("sha256") && !line.contains("plan-"))
                    .collect::<Vec<_>>()
                    .join("\n")
            };
            assert_eq!(strip(text), strip(stdout(test(""), arguments)), "{arguments:?}");
        }
    }
    assert!(stdout(test(MIRRORS), &["plan"]).contains("localhost:5000/app (mirror)"));
}

#[test]
fn an_inherited_list_of_mirrors_can_be_taken_back() {
    let spec = r#"
target "app" {}
target "tool" {}
image { mirrors = ["docker.io/acme/{{ image }}"] }
image "app" { repositories = ["ghcr.io/acme/app"] }
image "tool" {
  repositories = ["ghcr.io/acme/tool"]
  mirrors = null
}
"#;
    let spec = spec.replace("target \"app\" {}", "target \"app\" { tags = [\"a/app:1\"] }");
    let spec = spec.replace("target \"tool\" {}", "target \"tool\" { tags = [\"a/tool:1\"] }");
    let test = Test::new().file("docker-bake.hcl", spec);
    let plan: Value = serde_json::from_str(&stdout(test, &["plan", "--format", "json"])).unwrap();
    assert_eq!(plan["images"]["app"]["mirrors"], json!(["docker.io/acme/app"]));
    assert_eq!(plan["images"]["tool"].get("mirrors"), None);
}

/// What cannot be a mirror, and what a mirror cannot be filled from.
#[test]
fn a_layout_is_no_mirror_and_a_mirror_is_no_source() {
    let bake = |more: &str| {
        format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  version = \"1.4.2\"\n{more}\n}}\n"
        )
    };
    for (more, expected) in [
        (
            "  repositories = [\"ghcr.io/acme/app\"]\n  mirrors = [\"oci-layout:dst\"]",
            &["`oci-layout:dst` is an OCI layout", "`bakeplan promote REFERENCE --to oci-layout:PATH:TAG`"][..],
        ),
        (
            "  repositories = [\"ghcr.io/acme/app\"]\n  mirrors = [\"oci-layout:{{ image }}\"]",
            &["`oci-layout:app` is an OCI layout"],
        ),
        ("  repositories = [\"oci-layout:dst:1\"]", &["`oci-layout:dst:1` is an OCI layout", "`plan.json`"]),
        (
            "  mirrors = [\"ghcr.io/acme/app\"]",
            &["image `app` has no repository", "mirrors are filled from where"],
        ),
        ("  repositories = []\n  mirrors = [\"ghcr.io/acme/app\"]", &["mirrors are filled from where"]),
    ] {
        let output = Test::new().file("docker-bake.hcl", bake(more)).args(["plan"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{more}: {told}");
        assert!(expected.iter().all(|text| told.contains(text)), "{more}: {told}");
    }
}
