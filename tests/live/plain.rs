//! Images without an index after a real build: the tags have what the build pushed.

use super::engine::{Project, engine};
use super::registry::Repository;

const MERGE: [&str; 5] = ["merge", "--plan", "out/plan.json", "--metadata", "metadata"];

#[test]
fn a_real_build_of_one_platform_stays_a_manifest() {
    let project = Project::new(engine(), "plain");
    let own = project.repository(0, "acme/app");
    let mirror = project.repository(1, "mirror/app");
    let spec = format!(
        r#"
        target "app" {{
          dockerfile-inline = "FROM scratch\nCOPY docker-bake.hcl /\n"
          platforms = ["linux/arm64"]
        }}
        image "app" {{
          repositories = ["{own}"]
          mirrors = ["{mirror}"]
          version = "1.4.2"
          index = false
        }}
        "#
    );
    let project = project.file("docker-bake.hcl", &spec);
    project.bakeplan(&["plan", "--out", "out"]);
    let built = project.run_jobs();
    project.bakeplan(&MERGE);
    let find = |name: &str, tag: &str| {
        let answer = Repository::new(name).find(tag);
        assert_eq!(answer.status, 200, "{name}:{tag}");
        (answer.header("content-type").to_owned(), answer.header("docker-content-digest").to_owned())
    };
    let (media_type, digest) = find(&own, "1.4.2");
    // The build has Docker's media types, or OCI's; both are those of an image.
    assert!(media_type.contains(".manifest.v"), "{media_type}");
    assert_eq!(built["app-linux-arm64"], digest);
    for name in [&own, &mirror] {
        for tag in ["1.4.2", "1.4", "1", "latest"] {
            assert_eq!(find(name, tag), (media_type.clone(), digest.clone()), "{name}:{tag}");
        }
    }
    project.bakeplan(&["verify", "--plan", "out/plan.json", "--metadata", "metadata"]);
}
