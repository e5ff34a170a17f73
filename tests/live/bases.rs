//! Builds whose base moved between them, as BuildKit attests them.

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
