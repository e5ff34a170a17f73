//! Line breaks in what others wrote: they begin no line of a message, wherever they come from.

use crate::support::Test;

/// What ends a line for some reader, each with its form in JSON.
const BREAKS: [(&str, &str); 4] =
    [("\n", "\\n"), ("\r", "\\r"), ("\u{85}", "\\u0085"), ("\u{2028}", "\\u2028")];

const BAKE: &str = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"1\"]\n}\n";

/// What a run says, in which `FORGED` stands, and begins no line.
#[track_caller]
fn tells(test: &Test) -> String {
    let output = test.output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("FORGED"), "{told}");
    for line in told.split(['\n', '\r', '\u{85}', '\u{2028}']).flat_map(|line| line.split("%0A")) {
        assert!(!line.trim_start().starts_with("FORGED"), "{line:?} in {told}");
    }
    told
}

fn bake(arguments: &[&str]) -> Test {
    Test::new().file("docker-bake.hcl", BAKE).args(arguments.iter().copied())
}

#[test]
fn a_definition_breaks_no_line() {
    for (_, json) in BREAKS {
        for (name, file) in [
            (
                "attribute",
                r#"{"target":{"app":{"xBFORGED":1}},"image":{"app":{"repositories":["ghcr.io/a/b"],"tags":["1"]}}}"#,
            ),
            (
                "repository",
                r#"{"target":{"app":{}},"image":{"app":{"repositories":["ghcr.io/a/bBFORGED"],"tags":["1"]}}}"#,
            ),
            (
                "image",
                r#"{"target":{"app":{}},"image":{"appBFORGED":{"repositories":["ghcr.io/a/b"],"tags":["1"]}}}"#,
            ),
            (
                "runners",
                r#"{"target":{"app":{}},"image":{"app":{"repositories":["ghcr.io/a/b"],"tags":["1"],"runners":{"xBFORGED":"y"}}}}"#,
            ),
        ] {
            let file = file.replace('B', json);
            for arguments in [&["plan"][..], &["plan", "--github"]] {
                let test = Test::new().file("docker-bake.json", &file).args(arguments.iter().copied());
                assert!(!tells(&test).is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn an_argument_breaks_no_line() {
    for (end, _) in BREAKS {
        let hostile = format!("x{end}FORGED");
        for before in [
            &["plan", "-f"][..],
            &["plan", "--fact"],
            &["plan", "--set"],
            &["plan"],
            &["print"],
            &["explain"],
            &["verify"],
            &["plan", "--format"],
            &[],
        ] {
            tells(&bake(before).args([hostile.as_str()]));
        }
        for attached in [format!("--zz{end}FORGED"), format!("--format=x{end}FORGED")] {
            tells(&bake(&["plan", &attached]));
        }
    }
}

#[test]
fn an_artifact_breaks_no_line() {
    for (end, json) in BREAKS {
        let made = bake(&["plan", "--out", "ci"]);
        assert!(made.output().status.success());
        let metadata = format!("{{\"k{json}FORGED\":{{\"containerimage.digest\":\"zz\"}}}}");
        let plan = std::fs::read_to_string(made.folder().join("ci/plan.json")).unwrap();
        for more in [&[][..], &["--github"]] {
            let test = Test::new()
                .file("plan.json", &plan)
                .file(&format!("meta/x{end}FORGED.json"), "{}")
                .file("meta/x.json", &metadata)
                .args(["merge", "--dry-run", "--plan", "plan.json", "--metadata", "meta"]);
            tells(&test.args(more.iter().copied()));
        }
    }
}

#[test]
fn lines_of_a_validation_are_facts_of_their_own() {
    let file = "variable \"V\" {\n  default = \"1\"\n  validation {\n    condition = V == \"2\"\n    error_message = \"first\\nerror: second\\n\"\n  }\n}\n";
    let test = Test::new().file("docker-bake.hcl", format!("{file}{BAKE}")).args(["plan"]);
    let told = String::from_utf8(test.output().stderr).unwrap();
    assert!(told.contains("validation failed: first\n"), "{told}");
    assert!(told.contains("= note: error: second\n"), "{told}");
}
