//! Builds whose base moved between them, as BuildKit attests them; and bases that are pinned.

use std::process::Command;

use serde_json::Value;

use super::engine::{Project, engine};

const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

#[test]
fn a_base_that_moved_is_found_in_attestations() {
    for (name, attest, version) in [
        ("bases-min", "type=provenance,mode=min", 0),
        ("bases-max", "type=provenance,mode=max", 0),
        ("bases-min-v1", "type=provenance,mode=min,version=v1", 1),
        ("bases-max-v1", "type=provenance,mode=max,version=v1", 1),
        ("bases-none", "type=provenance,disabled=true", 0),
    ] {
        let project = Project::new(engine(), name).env("BUILDX_METADATA_PROVENANCE", "disabled");
        let repository = project.repository(version, "acme/app");
        let base = format!("{}:1", project.repository(version, "base"));
        let spec = format!(
            r#"target "app" {{
              platforms = {PLATFORMS:?}
              tags = ["{repository}:1"]
              attest = ["{attest}", "type=sbom,disabled=true"]
            }}"#
        );
        let project = project.file("docker-bake.hcl", &spec).file("file", "x");
        let project = project.file("base.Dockerfile", "FROM scratch\nARG N\nCOPY file /base${N}\n");
        let project = project.file("Dockerfile", &format!("FROM {base}\nCOPY file /file\n"));
        project.bakeplan(&["plan", "app", "--out", "out"]);
        let push = |number: &str| {
            let number = format!("--build-arg=N={number}");
            let platforms = format!("--platform={}", PLATFORMS.join(","));
            project.buildx(&[
                "build",
                &platforms,
                &number,
                "--push",
                "-t",
                &base,
                "-f",
                "base.Dockerfile",
                ".",
            ]);
        };
        let build = |leg: &str| {
            let metadata = format!("{leg}.json");
            project.buildx(&["bake", "-f", "out/docker-bake.json", "--metadata-file", &metadata, leg]);
            assert!(!project.read(&metadata).contains("provenance"), "{name}");
        };
        push("1");
        build("app-linux-amd64");
        push("2");
        build("app-linux-arm64");
        let merge = [
            "merge",
            "--plan",
            "out/plan.json",
            "--metadata",
            "app-linux-amd64.json",
            "app-linux-arm64.json",
        ];
        if name == "bases-none" {
            let output = project.run_bakeplan(&merge);
            let told = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{told}");
            assert!(
                told.contains("nothing is known about the bases of `app-linux-amd64`, `app-linux-arm64`"),
                "{told}"
            );
            continue;
        }
        let told = project.refused(&merge);
        assert!(
            told.contains("error[mixed-bases]") && told.contains("its attestation sha256:"),
            "{name}: {told}"
        );
        build("app-linux-amd64");
        project.bakeplan(&merge);
    }
}

/// A base for both platforms, and an image that is built on it.
fn with_base(name: &str, attest: &str) -> (Project, String) {
    let project = Project::new(engine(), name).env("SOURCE_DATE_EPOCH", "0");
    let base = format!("{}:1", project.repository(0, "base"));
    let spec = format!(
        r#"target "app" {{
          platforms = {PLATFORMS:?}
          tags = ["{}:1"]
          attest = ["{attest}", "type=sbom,disabled=true"]
        }}"#,
        project.repository(0, "acme/app"),
    );
    let project = project.file("docker-bake.hcl", &spec).file("file", "x").file("base.Dockerfile", BASE);
    let dockerfile =
        format!("FROM {base} AS build\nCOPY file /built\nFROM {base}\nCOPY --from=build /built /\n");
    let project = project.file("Dockerfile", &dockerfile).file(".gitignore", "out\nmetadata\n");
    for arguments in [
        &["init", "-q", "-b", "main"][..],
        &["add", "-A"],
        &["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "first"],
    ] {
        let status = Command::new("git").args(arguments).current_dir(project.root()).status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    }
    push(&project, &base, "1");
    (project, base)
}

const BASE: &str = "FROM scratch\nARG N\nCOPY file /base${N}\nONBUILD COPY file /waited\n";

fn push(project: &Project, base: &str, number: &str) {
    let number = format!("--build-arg=N={number}");
    let platforms = format!("--platform={}", PLATFORMS.join(","));
    project.buildx(&["build", &platforms, &number, "--push", "-t", base, "-f", "base.Dockerfile", "."]);
}

#[test]
fn builds_on_pinned_bases_are_those_without_pins() {
    let (project, base) = with_base("bases-pinned", "type=provenance,disabled=true");
    let project = project.env("BUILDX_METADATA_PROVENANCE", "disabled");
    project.bakeplan(&["plan", "--out", "out"]);
    assert!(!project.read("out/docker-bake.json").contains("docker-image://"));
    let without = project.run_jobs();
    assert_eq!(without.len(), PLATFORMS.len());
    project.bakeplan(&["plan", "--pin-bases", "--out", "out"]);
    let pin = format!("\"docker-image://{base}@sha256:");
    assert!(project.read("out/docker-bake.json").contains(&pin));
    assert_eq!(project.run_jobs(), without);
}

#[test]
fn what_was_built_on_pins_is_stale_when_the_tag_moves() {
    for (name, options) in [("bases-stale-pinned", &["--pin-bases"][..]), ("bases-stale", &[])] {
        let (project, base) = with_base(name, "type=provenance,mode=min");
        project.bakeplan(&[&["plan", "--out", "out"], options].concat());
        project.run_jobs();
        project.bakeplan(&["merge", "--plan", "out/plan.json", "--metadata", "metadata"]);
        let stale = || -> Value {
            let plan = project.bakeplan(&["plan", "--stale", "--format", "json"]);
            serde_json::from_str::<Value>(&plan).unwrap()["verdicts"]["app"].clone()
        };
        let verdict = stale();
        assert_eq!(verdict["why"], "its bases have not moved", "{name}");
        assert_eq!(verdict["build"], false);
        push(&project, &base, "2");
        let verdict = stale();
        assert_eq!(verdict["why"], format!("base {base} has moved"), "{name}");
        assert_eq!(verdict["build"], true);
    }
}
