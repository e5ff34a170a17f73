//! What a definition is made of: every file and every target that is there is used, or the program says that it is not.

use crate::support::Test;

const COMPOSE: &str = "services:
  ad:
    build: {context: ad, platforms: [\"linux/amd64\", \"linux/arm64\"]}
  cart:
    build: {context: cart, platforms: [\"linux/amd64\"]}
  my.api:
    build: {context: api, platforms: [\"linux/arm64\"]}
";

/// Runs a command on files, and returns what it prints and what it tells.
#[track_caller]
fn run(files: &[(&str, &str)], arguments: &[&str], status: i32) -> (String, String) {
    let test = files.iter().fold(Test::new(), |test, (path, text)| test.file(path, text));
    let output = test.args(arguments.iter().copied()).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {files:?}: {talk}");
    (String::from_utf8(output.stdout).unwrap(), talk)
}

fn tags(files: &[(&str, &str)]) -> String {
    run(files, &["metadata", "--format", "tags"], 0).0
}

#[test]
fn services_of_compose_files_are_targets() {
    let published = |attributes: &str| format!("repositories = [\"r.io/x/y\"]\ntags = [\"1\"]\n{attributes}");
    for (label, attributes, legs) in [
        ("ad", "", &["ad-linux-amd64", "ad-linux-arm64"][..]),
        ("cart", "", &["cart-linux-amd64"]),
        ("my_api", "", &["my_api-linux-arm64"]),
        ("shop", "target = \"ad\"", &["ad-linux-amd64", "ad-linux-arm64"]),
        ("shop", "targets = [\"cart\", \"my_api\"]", &["cart-linux-amd64", "my_api-linux-arm64"]),
        ("shop", "targets = [\"cart\", \"own\"]", &["cart-linux-amd64", "own-linux-ppc64le"]),
    ] {
        let image = format!("image \"{label}\" {{\n{}\n}}\n", published(attributes));
        let own = "target \"own\" {\n  platforms = [\"linux/ppc64le\"]\n}\n";
        for name in ["images.hcl", "docker-bake.hcl"] {
            let files = [("compose.yaml", COMPOSE), (name, &format!("{own}{image}"))];
            assert_eq!(tags(&files), "r.io/x/y:1\n", "{name}: {image}");
            let (rows, _) = run(&files, &["matrix", "--format", "json"], 0);
            for leg in legs {
                assert!(rows.contains(&format!("\"{leg}\"")), "{leg}: {rows}");
            }
            assert_eq!(rows.matches("\"job\"").count(), legs.len(), "{rows}");
        }
    }
}

#[test]
fn services_of_compose_files_are_targets_for_json_too() {
    for (image, expected) in [
        (r#""ad": {"repositories": ["r.io/x/ad"], "tags": ["1"]}"#, "r.io/x/ad:1\n"),
        (r#""shop": {"target": "cart", "repositories": ["r.io/x/c"], "tags": ["2"]}"#, "r.io/x/c:2\n"),
        (
            r#""shop": {"targets": ["cart", "my_api"], "repositories": ["r.io/x/s"], "tags": ["3"]}"#,
            "r.io/x/s:3\n",
        ),
    ] {
        for name in ["images.json", "docker-bake.json"] {
            let text = format!("{{\"image\": {{{image}}}}}");
            assert_eq!(tags(&[("compose.yaml", COMPOSE), (name, &text)]), expected, "{name}: {image}");
        }
    }
}

/// A Bake file may add to a service, and other blocks may have the defaults.
#[test]
fn services_that_a_bake_file_adds_to_are_targets() {
    let bake = "target \"ad\" {\n  platforms = [\"linux/s390x\"]\n}\n";
    let images = "image {\n  repositories = [\"r.io/x/{{ image }}\"]\n  tags = [\"1\"]\n}\nimage \"ad\" {}\nimage \"cart\" {}\n";
    let files = [("compose.yaml", COMPOSE), ("docker-bake.hcl", bake), ("images.hcl", images)];
    assert_eq!(tags(&files), "r.io/x/ad:1\nr.io/x/cart:1\n");
    let (rows, _) = run(&files, &["matrix", "--format", "json"], 0);
    assert!(rows.contains("ad-linux-s390x") && rows.contains("cart-linux-amd64"), "{rows}");
}

#[test]
fn what_is_no_service_is_no_target() {
    for (label, near) in [("cert", "`cart`"), ("my.api", "`my_api`"), ("payments", "")] {
        let image = format!("image \"{label}\" {{\n  repositories = [\"r.io/x/y\"]\n}}\n");
        let (_, talk) = run(&[("compose.yaml", COMPOSE), ("images.hcl", &image)], &["plan"], 1);
        assert!(talk.contains("error[unknown-target]") && talk.contains(near), "{talk}");
    }
}
