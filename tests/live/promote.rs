//! `bakeplan promote` and the merge in two steps, after real builds, against real registries.

use serde_json::Value;

use super::engine::{Project, engine};
use super::registry::Repository;

const TAGS: [&str; 4] = ["1.4.2", "1.4", "1", "latest"];

/// An application for two platforms, built and pushed by digest.
fn project(name: &str) -> (Project, String) {
    let project = Project::new(engine(), name);
    let repository = project.repository(0, "acme/app");
    let spec = format!(
        r#"
        target "app" {{
          platforms = ["linux/amd64", "linux/arm64"]
        }}
        image "app" {{
          repositories = [{repository:?}]
          version      = "1.4.2"
        }}
        "#
    );
    let dockerfile = "FROM scratch\nARG TARGETARCH\nCOPY files/$TARGETARCH /arch\n";
    let project = project.file("docker-bake.hcl", &spec).file("Dockerfile", dockerfile);
    let project = project.file("files/amd64", "amd64").file("files/arm64", "arm64");
    project.bakeplan(&["plan", "--out", "out"]);
    project.run_jobs();
    (project, repository)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

#[test]
fn a_merge_in_two_steps_is_one_in_one() {
    let (project, repository) = project("steps");
    let merge = ["merge", "--plan", "out/plan.json", "--format", "json"];
    let result = project.bakeplan(&[&merge[..], &["--metadata", "metadata", "--no-tags"]].concat());
    let registry = Repository::new(&repository);
    assert!(registry.tags().is_empty());
    let parsed = json(&result);
    let index = parsed["indexes"][0].as_str().unwrap();
    project.bakeplan(&["verify", index]);
    // Other programs take the names that are given.
    project.buildx(&["imagetools", "inspect", index]);
    for one in parsed["images"]["app"]["manifests"].as_array().unwrap() {
        project.bakeplan(&["verify", one["references"][0].as_str().unwrap()]);
    }
    let path = project.scratch("result.json", &result);
    project.bakeplan(&[&merge[..], &["--result", &path]].concat());
    project.bakeplan(&["verify", "--plan", "out/plan.json", "--result", &path]);
    let again = project.bakeplan(&[&merge[..], &["--metadata", "metadata"]].concat());
    assert_eq!(json(&again)["images"]["app"]["status"], "unchanged");
    for tag in TAGS {
        assert!(index.ends_with(registry.manifest(tag).header("docker-content-digest")), "{tag}");
    }
}

#[test]
fn a_promotion_changes_no_byte() {
    let (project, repository) = project("promote");
    project.bakeplan(&["merge", "--plan", "out/plan.json", "--metadata", "metadata"]);
    let registry = Repository::new(&repository);
    let original = registry.manifest("1.4.2");
    let digest = original.header("docker-content-digest").to_owned();
    let source = format!("{repository}@{digest}");
    // In its own repository; in another one of the registry, where all of it is mounted; in another registry, by copying.
    let release = project.repository(0, "acme/release");
    let other = project.repository(1, "acme/release");
    for (to, tag) in [(&repository, "prod"), (&release, "1.4.2"), (&release, "edge"), (&other, "1.4.2")] {
        let to_tag = format!("{to}:{tag}");
        project.bakeplan(&["promote", &source, "--to", &to_tag]);
        let promoted = Repository::new(to).manifest(tag);
        assert_eq!(promoted.body, original.body);
        project.bakeplan(&["verify", &to_tag]);
        project.buildx(&["imagetools", "inspect", &to_tag]);
        let again = project.bakeplan(&["promote", &source, "--to", &to_tag]);
        assert!(again.contains("unchanged"), "{again}");
    }
    let pair = format!("app={digest}");
    let again = project.bakeplan(&["promote", &pair, "--plan", "out/plan.json"]);
    assert!(again.contains("1 image unchanged"), "{again}");
}

#[test]
fn floating_tags_come_back_from_a_withdrawn_version() {
    let (project, repository) = project("withdraw");
    project.bakeplan(&["merge", "--plan", "out/plan.json", "--metadata", "metadata"]);
    let registry = Repository::new(&repository);
    let right = registry.manifest("1.4.2").body;
    let build = ["build", "--provenance=false", "--platform", "linux/amd64", "--push", "."];
    let tags: Vec<String> = ["1.4.3", "1.4", "1", "latest"].map(|tag| format!("{repository}:{tag}")).to_vec();
    let mut line: Vec<&str> = build.to_vec();
    line.extend(tags.iter().flat_map(|tag| ["-t", tag.as_str()]));
    project.buildx(&line);
    let plan = project.read("out/plan.json").replacen(
        r#""repositories""#,
        r#""withdrawn": ["1.4.3"], "repositories""#,
        1,
    );
    let path = project.scratch("plan.json", &plan);
    project.bakeplan(&["promote", "--floating", &repository, "--plan", &path]);
    for tag in TAGS {
        assert_eq!(registry.manifest(tag).body, right, "{tag}");
    }
    assert_ne!(registry.manifest("1.4.3").body, right);
    // What must stay holds both versions.
    let kept = project.bakeplan(&["verify", "--keep-set", "--allow-gaps", &repository]);
    for tag in ["1.4.3", "latest"] {
        let digest = registry.manifest(tag).header("docker-content-digest").to_owned();
        assert!(kept.lines().any(|line| line == format!("{repository}@{digest}")), "{kept}");
    }
    assert!(kept.lines().count() >= 6, "{kept}");
}
