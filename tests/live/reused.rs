//! Images that are not built again: after real builds, the index records its inputs, and later runs give tags to it.

use std::process::Command;

use serde_json::Value;

use super::engine::{Project, engine};
use super::merge::with_docker;
use super::registry::Repository;

/// Two platforms of an application in a git repository, published in two registries.
fn project(name: &str) -> (Project, [String; 2]) {
    let project = Project::new(engine(), name);
    let repositories = [project.repository(0, "acme/app"), project.repository(1, "mirror/app")];
    let spec = format!(
        r#"
        variable "T" {{ default = "one" }}
        target "app" {{
          context = "app"
          platforms = ["linux/amd64", "linux/arm64"]
        }}
        image "app" {{
          repositories = {repositories:?}
          tags = [T, "edge"]
        }}
        "#
    );
    let project = project.file("docker-bake.hcl", &spec).file("other/file", "nothing reads it");
    let project =
        project.file("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY files/$TARGETARCH /arch\n");
    let project = project.file("app/files/amd64", "amd64").file("app/files/arm64", "arm64");
    for words in
        [&["init", "-q"][..], &["add", "docker-bake.hcl", "app", "other"], &["commit", "-q", "-m", "x"]]
    {
        let identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        let status =
            Command::new("git").args(identity).args(words).current_dir(project.root()).status().unwrap();
        assert!(status.success(), "{words:?}");
    }
    (project, repositories)
}

const MERGE: [&str; 5] = ["merge", "--plan", "out/plan.json", "--metadata", "metadata"];

fn digest(repository: &str, tag: &str) -> String {
    Repository::new(repository).manifest(tag).header("docker-content-digest").to_owned()
}

fn recorded(repository: &str, tag: &str) -> Option<String> {
    let index: Value = Repository::new(repository).manifest(tag).json();
    index["annotations"]["dev.bakeplan.inputs"].as_str().map(str::to_owned)
}

#[test]
fn what_is_published_gets_the_tags_of_later_runs_until_its_inputs_change() {
    let (project, repositories) = project("reused");
    project.bakeplan(&["plan", "--inputs", "--out", "out"]);
    project.run_jobs();
    // Docker writes the same index.
    let project = with_docker(project);
    project.bakeplan(&[&MERGE[..], &["--engine", "docker"]].concat());
    let report = project.bakeplan(&[&MERGE[..], &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["images"]["app"]["status"], "unchanged");
    let first = digest(&repositories[0], "edge");
    let plan: Value = project.json("out/plan.json");
    let builds = plan["images"]["app"]["builds"].as_object().unwrap();
    let planned = builds.values().map(|build| {
        format!("{}={}", build["platform"].as_str().unwrap(), build["inputs"]["hash"].as_str().unwrap())
    });
    assert_eq!(recorded(&repositories[0], "edge"), Some(planned.collect::<Vec<_>>().join(" ")));

    // A file that nothing reads: nothing is built, and the release gets what is there. By Docker, too.
    std::fs::write(project.path("other/file"), "changed").unwrap();
    for (tag, engine) in [("two", "native"), ("three", "docker")] {
        let variable = format!("T={tag}");
        let told = project.bakeplan(&["plan", "--skip-published", "--var", &variable, "--out", "out"]);
        assert!(told.contains("1 image, 1 of them reused"), "{told}");
        assert_eq!(project.run_jobs().len(), 0);
        let told = project.bakeplan(&[&MERGE[..], &["--engine", engine]].concat());
        assert!(told.contains(&format!("reused: same inputs as {}:", repositories[0])), "{told}");
        for repository in &repositories {
            assert_eq!((digest(repository, tag), digest(repository, "edge")), (first.clone(), first.clone()));
            let index = Repository::new(repository).index(tag);
            assert_eq!(index.platforms(), ["linux/amd64", "linux/arm64"]);
        }
        project.bakeplan(&["verify", "--plan", "out/plan.json"]);
    }

    // A file that one platform reads.
    std::fs::write(project.path("app/files/arm64"), "other").unwrap();
    let told = project.bakeplan(&["plan", "--skip-published", "--var", "T=four", "--out", "out"]);
    assert!(!told.contains("reused"), "{told}");
    project.run_jobs();
    project.bakeplan(&MERGE);
    assert_ne!(digest(&repositories[0], "four"), first);
    assert_eq!(digest(&repositories[0], "three"), first);
}
