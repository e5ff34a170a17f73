//! Labels and annotations from facts: real builds and the merged index have what the plan says.

use super::engine::{Project, engine};
use super::registry::Repository;

#[test]
fn every_platform_and_the_index_have_them() {
    let engine = engine();
    let project = Project::new(engine, "labels");
    let repository = project.repository(0, "acme/app");
    let spec = format!(
        r#"
        target "app" {{
          dockerfile-inline = "FROM scratch\nCOPY docker-bake.hcl /\n"
          platforms = ["linux/amd64", "linux/arm64"]
          output = ["type=image,compression=uncompressed,force-compression=true"]
        }}
        image "app" {{
          repositories = ["{repository}"]
          version = "1.2.3"
          tags = ["{{{{ version }}}}"]
          oci_labels = true
        }}
        "#
    );
    let project = project.file("docker-bake.hcl", &spec);
    let facts = r#"{"commit": "c0ffee0", "commit_time": "2026-03-04T23:30:00Z", "default_branch": "main", "dirty": false,
        "branch": "main", "url": "https://github.com/acme/app", "title": "a, \"b\" = ${c}", "description": "%{d}: e"}"#;
    let project = project.file("facts.json", facts);
    project.bakeplan(&["plan", "--out", "out", "--facts-file", "facts.json"]);
    let digests = project.run_jobs();
    let plan = project.plan();
    let image = &plan.images["app"];
    let mut arguments =
        vec!["imagetools".to_owned(), "create".to_owned(), "-t".to_owned(), format!("{repository}:1.2.3")];
    for (key, value) in &image.annotations {
        arguments.extend(["--annotation".to_owned(), format!("index:{key}={value}")]);
    }
    arguments.extend(image.builds.keys().map(|leg| format!("{repository}@{}", digests[leg])));
    project.buildx(&arguments.iter().map(String::as_str).collect::<Vec<_>>());

    let index = Repository::new(&repository).index("1.2.3");
    assert_eq!(index.annotations, image.annotations);
    assert_eq!(index.annotations["org.opencontainers.image.title"], "a, \"b\" = ${c}");
    assert_eq!(index.annotations.len(), 7);
    assert_eq!(index.images.len(), 2);
    for built in &index.images {
        for (key, value) in &image.annotations {
            assert_eq!(built.label(key), Some(value.as_str()), "label {key} of {}", built.platform);
            assert_eq!(built.annotations.get(key), Some(value), "annotation {key} of {}", built.platform);
        }
    }
}
