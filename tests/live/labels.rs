//! Labels and annotations from facts: real builds and the merged index have what the plan says.

use std::fs;

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

/// Two versions planned and built for real: their legs have the same names.
#[test]
fn builds_of_another_plan_are_not_merged() {
    let engine = engine();
    let project = Project::new(engine, "plans");
    let repository = project.repository(0, "acme/app");
    let spec = format!(
        r#"
        variable "VERSION" {{}}
        variable "RUN" {{ default = "1" }}
        target "app" {{
          dockerfile-inline = "FROM scratch\nLABEL own=1 both=dockerfile\nCOPY docker-bake.hcl /\n"
          platforms = ["linux/amd64", "linux/arm64"]
          labels = {{ both = "a \"b\" = $${{c}}", empty = "", run = RUN }}
          annotations = ["plain=${{VERSION}}", "manifest:m=<1> & 2", "manifest[linux/arm64]:arm=${{VERSION}}",
            "manifest-descriptor:d=1", "manifest[linux/arm64]:over=arm", "over=all", "run=${{RUN}}"]
          output = ["type=image,annotation.field=${{VERSION}},annotation-manifest.m2=x"]
        }}
        image "app" {{
          repositories = ["{repository}"]
          version = VERSION
          oci_labels = true
        }}
        "#
    );
    let project = project.file("docker-bake.hcl", &spec).env("RUN", "7");
    let facts =
        ["--fact", "commit=c0ffee0", "--fact", "commit_time=2026-03-04T23:30:00Z", "--fact", "url=https://x"];
    let mut built = Vec::new();
    for version in ["8.0.5", "8.1.0-rc.2"] {
        let variable = format!("VERSION={version}");
        let plan = ["plan", "--out", "out", "--keep-variable", "RUN", "--var", &variable];
        project.bakeplan(&[&plan[..], &facts].concat());
        let digests = project.run_jobs();
        let files = fs::read_dir(project.path("metadata")).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<(String, String)> = files
            .map(|path| {
                (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
            })
            .collect();
        built.push((project.read("out/plan.json"), files, digests));
    }
    let planned: serde_json::Value = serde_json::from_str(&built[0].0).unwrap();
    let arm = &planned["images"]["app"]["builds"]["app-linux-arm64"];
    assert_eq!((&arm["labels"]["both"], &arm["labels"]["empty"]), (&"a \"b\" = ${c}".into(), &"".into()));
    let annotations = &arm["annotations"];
    for (key, value) in [("m", "<1> & 2"), ("arm", "8.0.5"), ("over", "arm"), ("field", "8.0.5"), ("m2", "x")]
    {
        assert_eq!(annotations[key], value, "{key}");
    }
    assert!(annotations["d"].is_null() && annotations["run"].is_null() && arm["labels"]["run"].is_null());

    let (plan, own, _) = &built[0];
    let (_, others, _) = &built[1];
    let merge = |files: &[(String, String)]| {
        fs::write(project.path("out/plan.json"), plan).unwrap();
        for (name, text) in files {
            fs::write(project.path(&format!("metadata/{name}")), text).unwrap();
        }
        project.run_bakeplan(&["merge", "--plan", "out/plan.json", "--metadata", "metadata"])
    };
    // One file of the other plan among ours.
    for foreign in 0..own.len() {
        let mut files = own.clone();
        files[foreign] = others.iter().find(|(name, _)| *name == files[foreign].0).unwrap().clone();
        let output = merge(&files);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("error[other-plan]"), "{stderr}");
        assert!(
            stderr
                .contains(r#"`org.opencontainers.image.version` is "8.1.0-rc.2", but the plan says "8.0.5""#),
            "{stderr}"
        );
        assert!(Repository::new(&repository).tags().is_empty());
    }
    let output = merge(own);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    project.bakeplan(&["verify", "--plan", "out/plan.json", "--metadata", "metadata"]);
}
