//! What the definition of another revision reads, and what is published in more than one place.

use std::fs;
use std::path::Path;

use crate::choice::{built, commit, hashes, plan_in, published_at};
use crate::loopback::{Answer, Server};
use crate::support::{Test, git};

fn write(folder: &Path, path: &str, text: &str) {
    fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
    fs::write(folder.join(path), text).unwrap();
}

/// A Compose file may name any file, whatever it is called.
#[test]
fn files_that_a_definition_names_are_those_of_the_revision() {
    for name in ["versions.txt", "config/env", "production.conf", "env.list", ".env.production", "app.env"] {
        for required in ["", "\n        required: false"] {
            let compose = format!(
                "services:\n  app:\n    image: r.io/c:latest\n    env_file:\n      - path: {name}{required}\n    build:\n      context: app\n      args:\n        W:\n      platforms: [linux/amd64]\n"
            );
            let test = Test::new()
                .file("compose.yaml", &compose)
                .file("app/Dockerfile", "FROM scratch\nARG W\nLABEL w=$W\nCOPY a /\n")
                .file("app/a", "a\n");
            let folder = test.folder();
            write(folder, name, "W=1\n");
            git(folder, &["init", "-q", "-b", "main"]);
            commit(folder, "first");
            write(folder, "doc", "x\n");
            commit(folder, "docs");
            let since = ["--changed-since", "HEAD~1", "--publish=false"];
            let plan = plan_in(folder, &since, &[]);
            assert_eq!(built(&plan), [""; 0], "{name}{required}: {plan}");
            for text in ["", "W=2\n"] {
                write(folder, name, text);
                commit(folder, "changed");
                let plan = plan_in(folder, &since, &[]);
                assert_eq!(built(&plan), ["app"], "{name}{required} {text:?}: {plan}");
                let why = plan["verdicts"]["app"]["why"].as_str().unwrap();
                assert!(!why.contains("unknown"), "{name}: {why}");
            }
        }
    }
}

/// What is not given its tags later is looked for wherever it is published.
#[test]
fn without_retag_each_place_has_the_image() {
    let test = published_at("r.example");
    let folder = test.folder();
    let record = hashes(&plan_in(folder, &["--inputs"], &[]))[0].clone();
    let record = record.trim_start_matches("{\"hash\":\"").trim_end_matches("\"}").to_owned();
    let index = crate::choice::index_for(&["linux/amd64"], &format!("linux/amd64={record}"));
    for (places, missing, is_built) in [
        ("repositories = [\"HOST/acme/one\", \"HOST/acme/two\"]", "two/manifests/edge", true),
        ("repositories = [\"HOST/acme/one\", \"HOST/acme/two\"]", "one/manifests/edge", true),
        ("repositories = [\"HOST/acme/one\", \"HOST/acme/two\"]", "none", false),
        ("repositories = [\"HOST/acme/one\"]\n  mirrors = [\"HOST/acme/two\"]", "two/manifests/edge", true),
        ("repositories = [\"HOST/acme/one\"]\n  mirrors = [\"HOST/acme/two\"]", "none", false),
    ] {
        let index = index.clone();
        let server = Server::start(move |seen| match seen.path() {
            "/v2/" => Answer::json(200, "{}"),
            path if path.contains("/manifests/sha256:1") => {
                Answer::new(200, "application/vnd.oci.image.manifest.v1+json", "{}")
            }
            path if path.ends_with("/manifests/edge") && !path.ends_with(missing) => index.clone(),
            _ => Answer::error(404, "MANIFEST_UNKNOWN"),
        });
        for (retag, is_built) in [("false", is_built), ("true", missing.starts_with("one"))] {
            let text = format!(
                "target \"web\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"web\" {{\n  {places}\n  tags = [\"edge\"]\n  retag = {retag}\n}}\n"
            );
            write(folder, "docker-bake.hcl", &text.replace("HOST", &server.host()));
            let plan = plan_in(folder, &["--skip-published", "--insecure-registry", &server.host()], &[]);
            assert_eq!(!built(&plan).is_empty(), is_built, "{places} {missing} {retag}: {plan}");
        }
    }
}
