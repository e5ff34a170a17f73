//! What pages of docs/reference say in words: what each command line, output and file does then.

use crate::support::Test;

const DEFINITION: &str = "group \"default\" { targets = [\"app\"] }\ntarget \"app\" { platforms = [\"linux/amd64\", \"linux/arm64\"] }\n\
                          image \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version = \"v1.2.3\"\n}\n";

fn printed(test: &Test) -> serde_json::Value {
    let output = test.output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn keys(value: &serde_json::Value) -> Vec<&String> {
    value.as_object().unwrap().keys().collect()
}

/// `docker buildx bake -f ci/docker-bake.json ci`: the word is needed.
#[test]
fn the_generated_file_pushes_what_ci_names() {
    let ran =
        Test::new().file("docker-bake.hcl", DEFINITION).args(["plan", "--out", "ci"]).stdout("...\n").run();
    let definition = |name: &[&str]| {
        let arguments = ["print", "-f", "ci/docker-bake.json"].into_iter().chain(name.iter().copied());
        printed(&Test::new().file("ci/docker-bake.json", ran.read("ci/docker-bake.json")).args(arguments))
    };
    let all = definition(&["ci"]);
    assert_eq!(keys(&all["target"]), ["app-linux-amd64", "app-linux-arm64"]);
    assert!(all.to_string().contains("push-by-digest"));
    let default = definition(&[]);
    assert_eq!(keys(&default["target"]), ["app"]);
    assert!(!default.to_string().contains("push"));
}

#[test]
fn a_plan_has_the_version_as_it_was_written() {
    let plan = printed(&Test::new().file("docker-bake.hcl", DEFINITION).args(["plan", "--format=json"]));
    assert_eq!(plan["images"]["app"]["version"], "v1.2.3");
    assert_eq!(plan["images"]["app"]["tags"][0]["name"], "1.2.3");
    assert!(plan["schema"].is_number() && plan["version"].is_null(), "{plan}");
}

#[test]
fn any_says_whether_there_are_jobs_and_publish_whether_they_push() {
    let definition = "target \"app\" {}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  \
                      version = { pattern = \"{{ tag }}\", when = \"tag\" }\n}\n";
    for (options, expected) in [
        (&["--fact", "tag=v1.0.0"][..], ["any=true", "publish=true", "merge=true"]),
        (&["--fact", "branch=main"], ["any=false", "publish=true", "merge=false"]),
        (&["--fact", "branch=main", "--publish=false"], ["any=true", "publish=false", "merge=false"]),
    ] {
        let test =
            Test::new().file("docker-bake.hcl", definition).file("out", "").env("GITHUB_OUTPUT", "out");
        let path = test.folder().join("out");
        let test = test.args(["plan", "--github"].into_iter().chain(options.iter().copied()));
        let output = test.output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let outputs = std::fs::read_to_string(path).unwrap();
        let found: Vec<&str> = outputs.lines().filter(|line| !line.starts_with("matrix=")).collect();
        assert_eq!(found, expected, "{options:?}");
    }
}

/// Elsewhere `--check` compares a file.
#[test]
fn the_check_of_print_is_bakes() {
    let definition =
        |option: &str| printed(&Test::new().file("docker-bake.hcl", DEFINITION).args(["print", option]));
    assert_eq!(definition("--check"), definition("--call=check"));
    assert_eq!(definition("--check")["target"]["app"]["call"], "lint");
}

/// Without `-f`, Bake's files in the order in which they merge; with it, only the named one and the images file beside it.
#[test]
fn files_that_are_not_named_are_not_read() {
    let test = || {
        Test::new()
            .file("compose.yaml", "services:\n  app:\n    build:\n      dockerfile: one\n")
            .file("docker-bake.hcl", "target \"app\" { dockerfile = \"two\" }\n")
            .file("docker-bake.override.hcl", "target \"app\" { dockerfile = \"three\" }\n")
            .file(
                "images.hcl",
                "image \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"1\"]\n}\n",
            )
    };
    for (options, expected) in [
        (&[][..], "three"),
        (&["-f", "docker-bake.hcl"], "two"),
        (&["-f", "compose.yaml"], "one"),
        (&["-f", "docker-bake.hcl", "-f", "docker-bake.override.hcl"], "three"),
    ] {
        let printed = printed(&test().args(["print", "app"].into_iter().chain(options.iter().copied())));
        assert_eq!(printed["target"]["app"]["dockerfile"], expected, "{options:?}");
        let output =
            test().args(["metadata", "--format=tags"].into_iter().chain(options.iter().copied())).output();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "ghcr.io/acme/app:1\n", "{options:?}");
    }
}

/// One platform twice is one too many; the version of Windows makes two of it.
#[test]
fn two_releases_of_windows_are_two_platforms() {
    let definition = |platform: &str| {
        format!(
            "target \"app\" {{\n  name = \"app-${{v}}\"\n  matrix = {{ v = [\"20348\", \"26100\"] }}\n  platforms = [\"{platform}\"]\n}}\n\
             image \"app\" {{\n  targets = [\"app-20348\", \"app-26100\"]\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"1\"]\n  \
             runners = {{ windows = \"ubuntu-latest\" }}\n}}\n"
        )
    };
    let plan = |platform: &str| {
        Test::new().file("docker-bake.hcl", definition(platform)).args(["plan", "--format=json"]).output()
    };
    let one = plan("windows/amd64");
    assert!(String::from_utf8(one.stderr).unwrap().contains("duplicate-platform"));
    let two: serde_json::Value = serde_json::from_slice(&plan("windows(10.0.${v}.1)/amd64").stdout).unwrap();
    assert_eq!(two["jobs"].as_array().unwrap().len(), 2);
}
