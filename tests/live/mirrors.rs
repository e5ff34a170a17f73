//! Mirrors after real builds: another registry gets what the first one has, and so does a sibling.

use std::process::Command;

use super::engine::{Project, engine};
use super::registry::Repository;
use crate::loopback::{Answer, Reply, Server};

const MERGE: [&str; 5] = ["merge", "--plan", "out/plan.json", "--metadata", "metadata"];

#[test]
fn real_builds_are_copied_to_another_registry_and_to_a_sibling() {
    let project = Project::new(engine(), "mirrors");
    let own = project.repository(0, "acme/app");
    let mirrors = [project.repository(1, "mirror/app"), project.repository(0, "acme/copy")];
    let spec = format!(
        r#"
        target "app" {{
          dockerfile-inline = "FROM scratch\nCOPY docker-bake.hcl /\nCOPY data /\n"
          platforms = ["linux/amd64", "linux/arm64"]
        }}
        image "app" {{
          repositories = ["{own}"]
          mirrors = {mirrors:?}
          version = "1.4.2"
        }}
        "#
    );
    let data: String = (0..200_000_u32).map(|at| format!("{:08x}", at.wrapping_mul(2_654_435_761))).collect();
    let project = project.file("docker-bake.hcl", &spec).file("data", &data);
    project.bakeplan(&["plan", "--out", "out"]);
    project.run_jobs();
    let tags = ["1.4.2", "1.4", "1", "latest"];
    project.bakeplan(&MERGE);
    let digest = |name: &str, tag: &str| {
        let answer = Repository::new(name).find(tag);
        assert_eq!(answer.status, 200, "{name}:{tag}");
        answer.header("docker-content-digest").to_owned()
    };
    let published = digest(&own, "1.4.2");
    let crane = std::env::var("BAKEPLAN_CRANE").expect("the engine's environment names it");
    for name in &mirrors {
        assert!(tags.iter().all(|tag| digest(name, tag) == published), "{name}");
        // Another program finds each layer as its digest says.
        for platform in ["linux/amd64", "linux/arm64"] {
            let reference = format!("{name}:latest");
            let arguments = ["validate", "--platform", platform, "--remote", &reference];
            let status = Command::new(&crane).args(arguments).status();
            assert!(status.expect("crane runs").success(), "{name} {platform}");
        }
    }
    project.bakeplan(&["verify", "--plan", "out/plan.json", "--metadata", "metadata"]);
    // What is signed after the merge comes with the next one.
    let signature = format!("sha256-{}.sig", published.trim_start_matches("sha256:"));
    let (from, to) = (format!("{own}:latest"), format!("{own}:{signature}"));
    let status = Command::new(&crane).args(["copy", &from, &to]).status();
    assert!(status.expect("crane runs").success());
    project.bakeplan(&MERGE);
    assert!(mirrors.iter().all(|name| digest(name, &signature) == published));
}

/// A real registry behind proxies that let little through at once takes layers in parts.
#[test]
fn a_registry_behind_a_narrow_proxy_gets_layers_in_parts() {
    const MOST: usize = 300_000;
    let project = Project::new(engine(), "parts");
    let own = project.repository(0, "acme/app");
    let spec = format!(
        r#"
        target "app" {{
          dockerfile-inline = "FROM scratch\nCOPY data /\n"
          platforms = ["linux/amd64"]
          attest    = ["type=provenance,disabled=true"]
        }}
        image "app" {{
          repositories = ["{own}"]
          mirrors = ["mirror.invalid/app"]
          version = "1.4.2"
        }}
        "#
    );
    let data: String = (0..300_000_u32).map(|at| format!("{:08x}", at.wrapping_mul(2_654_435_761))).collect();
    let project = project.file("docker-bake.hcl", &spec).file("data", &data);
    project.bakeplan(&["plan", "--out", "out"]);
    project.run_jobs();
    for (name, breaks) in [("parts-413", false), ("parts-reset", true)] {
        let mirror = project.repository(1, name);
        let (upstream, path) = mirror.split_once('/').unwrap();
        let server = Server::proxy(upstream, move |seen, forward| {
            match seen.body.len() > MOST && seen.path().contains("/blobs/uploads/") {
                true if breaks => Reply::Reset,
                true => Reply::Whole(Answer::new(413, "text/html", "<html>")),
                false => Reply::Whole(forward()),
            }
        });
        let plan = project.read("out/plan.json");
        let plan = plan.replace("mirror.invalid/app", &format!("{}/{path}", server.host()));
        let plan = project.scratch(&format!("{name}.json"), &plan);
        project.bakeplan(&["merge", "--plan", &plan, "--metadata", "metadata"]);
        let parts =
            server.seen().iter().filter(|seen| seen.method == "PATCH" && seen.body.len() <= MOST).count();
        assert!(parts > 3, "{name}: {parts} parts");
        let crane = std::env::var("BAKEPLAN_CRANE").expect("the engine's environment names it");
        let status =
            Command::new(&crane).args(["validate", "--remote", &format!("{mirror}:latest")]).status();
        assert!(status.expect("crane runs").success(), "{name}");
    }
}
