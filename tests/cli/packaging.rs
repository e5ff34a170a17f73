//! How the program gets to its users: the action, the hooks for pre-commit, what a release is made of, its own image.
//! `tests/packages` tries the wheel, and the hooks with pre-commit itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use snapbox::str;

mod action; // `action.yml`: what it downloads, compiles and plans
mod release; // what a release is made of, and when it is published

use crate::github::expression::{Before, Scope};
use crate::github::{self, Workflow, steps};
use crate::support::{Test, read};

const IMAGES: &str = ".github/workflows/images.yml";

/// Our own workflows and actions.
fn own() -> Vec<(String, Workflow)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let workflows = names(".github/workflows").into_iter().map(|name| format!(".github/workflows/{name}"));
    let actions =
        names(".github/actions").into_iter().map(|name| format!(".github/actions/{name}/action.yml"));
    let paths = workflows.chain(actions).chain(["action.yml".to_owned()]);
    paths.map(|path| (path.clone(), Workflow::parse(&read(&path)))).collect()
}

/// The steps of a workflow or a composite action.
fn steps_of(file: &Workflow) -> Vec<&Value> {
    let jobs = file.tree["jobs"].as_object().into_iter().flatten().map(|(_, job)| job);
    jobs.chain([&file.tree["runs"]]).flat_map(steps).collect()
}

/// What a visitor sees first: what stands beside it is there by mistake.
#[test]
fn the_top_level_has_what_belongs_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["Cargo.lock", "Cargo.toml", "LICENSE", "action.yml", "docker-bake.hcl", "pyproject.toml"];
    let pages = ["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"];
    let folders = ["benches", "docs", "examples", "fuzz", "src", "templates", "tests"];
    let expected: BTreeSet<&str> = files.into_iter().chain(pages).chain(folders).collect();
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(folder).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let found = listed.split_terminator('\0').filter_map(|path| path.split('/').next());
    let found: BTreeSet<&str> = found.filter(|name| !name.starts_with('.')).collect();
    // An archive of the source has no list.
    assert!(found.is_empty() || found == expected, "{found:?}");
}

#[test]
fn our_own_workflows_pin_their_actions_as_generated_ones_do() {
    let list = read("templates/actions.txt");
    let known: BTreeSet<&str> = list.lines().collect();
    let mut count = 0;
    for (path, file) in own() {
        let lines =
            file.text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: "));
        for uses in lines {
            count += 1;
            assert!(known.contains(uses) || uses.starts_with("./"), "{path}: {uses}");
        }
    }
    assert!(count > 20, "the actions are not found: {count}");
}

#[test]
fn the_checks_of_ci_are_the_steps_of_the_script() {
    let script = read(".ci/run");
    let known = script.lines().find_map(|line| line.strip_prefix("STEPS=(")?.strip_suffix(')'));
    let known: BTreeSet<&str> = known.expect("the steps are listed").split(' ').collect();
    for name in &known {
        assert!(script.contains(&format!("\n{name}() {{\n")), "{name} is not a function");
    }
    let ci = Workflow::parse(&read(".github/workflows/ci.yml"));
    let scripts = steps_of(&ci).into_iter().filter_map(|step| step["run"].as_str());
    let run: BTreeSet<&str> = scripts
        .filter_map(|text| text.strip_prefix("bash .ci/run "))
        .flat_map(str::split_whitespace)
        .collect();
    // advisories.yml has cargo-deny, and runs it each month.
    let expected: BTreeSet<&str> = known.into_iter().filter(|name| *name != "licences").collect();
    assert_eq!(run, expected);
}

#[test]
#[cfg(unix)]
fn only_known_steps_are_run_and_none_is_left_out_that_was_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = |steps: &[&str]| {
        let bash = Command::new("bash").arg(root.join(".ci/run")).args(steps).output().unwrap();
        let said = [bash.stdout, bash.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        (bash.status.code(), said)
    };
    let (status, said) = run(&["packages"]);
    assert!(status == Some(0) && said.contains("Passed"), "{said}");
    for steps in [["packages", "packges"], ["", "packages"]] {
        let (status, said) = run(&steps);
        assert!(status == Some(2) && said.contains("there is no step") && !said.contains("==="), "{said}");
    }
}

#[test]
fn our_own_scripts_hold_no_expressions_and_jobs_have_limits() {
    let mut count = 0;
    for (path, file) in own() {
        for script in steps_of(&file).into_iter().filter_map(|step| step["run"].as_str()) {
            count += 1;
            assert!(!script.contains("${{"), "{path}: {script}");
        }
        for (name, job) in file.tree["jobs"].as_object().into_iter().flatten() {
            assert!(job["timeout-minutes"].is_string(), "{path}: {name} may run for hours");
            assert!(
                job["permissions"].is_object() || file.tree["permissions"] == serde_json::json!({}),
                "{path}: {name}"
            );
        }
        assert!(file.tree["jobs"].is_null() || file.tree["permissions"] == serde_json::json!({}), "{path}");
    }
    assert!(count > 20, "the scripts are not found: {count}");
}

fn own_image() -> Test {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Test::new()
        .file("docker-bake.hcl", read("docker-bake.hcl"))
        .files(root, ".github/image")
        .files(root, ".github/actions")
        .file("action.yml", read("action.yml"))
        .file(IMAGES, read(IMAGES))
}

/// If it fails: `bakeplan workflow github -o .github/workflows/images.yml`.
#[test]
fn the_workflow_of_our_own_image_is_current() {
    own_image().args(["workflow", "github", "-o", IMAGES, "--check"]).run();
    // Which it would not be with another definition.
    let other = read("docker-bake.hcl").replace("\"linux/arm64\"", "\"linux/s390x\"");
    let stale =
        own_image().file("docker-bake.hcl", other).args(["workflow", "github", "-o", IMAGES, "--check"]);
    stale.status(3).stderr("...\nerror[out-of-date]: [..]\n...\n").run();
}

#[test]
fn our_own_image_has_these_tags() {
    for (reference, tags) in [
        (
            "refs/tags/v1.2.3",
            "ghcr.io/acme/bakeplan:1.2.3\nghcr.io/acme/bakeplan:1.2\nghcr.io/acme/bakeplan:latest\n",
        ),
        ("refs/tags/v1.3.0-rc.1", "ghcr.io/acme/bakeplan:1.3.0-rc.1\n"),
        ("refs/heads/main", "ghcr.io/acme/bakeplan:edge\n"),
        ("refs/heads/side", ""),
    ] {
        let test = own_image().env("GITHUB_REPOSITORY_OWNER", "Acme").args(["metadata", "--format", "tags"]);
        let test =
            test.args(["--fact", "default_branch=main", "--fact", "title=x", "--fact", "description=x"]);
        let test = test.args(["--fact", "url=https://example.com/x", "--fact", "licenses=Apache-2.0"]);
        let test = test.args(["--fact", "commit=5f3c1e0d9b8a", "--fact", "commit_time=2026-09-21T10:00:00Z"]);
        let output = test.args(["--fact", &format!("ref={reference}")]).output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), tags, "{reference}");
    }
    let test = own_image().args(["print", "--strict"]);
    test.stdout("...\n[..]\"linux/amd64\",\n[..]\"linux/arm64\"\n...\n").run();
}

const SPEC: &str = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage {\n  workflow {\n    install = \"path\"\n  }\n}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags         = [\"1.2.3\"]\n}\n";

/// What is checked in, before the hooks run.
fn project() -> Test {
    let table = "# App\n<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n";
    Test::new().file("images.hcl", SPEC).file("README.md", table)
}

/// The hooks run with what pre-commit would run: `entry`, then `args`. What they compare is written by the cure that they name.
#[test]
fn each_hook_passes_what_is_current_and_refuses_what_is_not() {
    let hooks = Workflow::parse(&read(".pre-commit-hooks.yaml")).tree;
    let hooks = hooks.as_array().expect("a list of hooks");
    let mut compared = Vec::new();
    for hook in hooks {
        let id = hook["id"].as_str().unwrap();
        assert_eq!(
            (hook["language"].as_str(), hook["pass_filenames"].as_str()),
            (Some("python"), Some("false"))
        );
        let mut words: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
        words.extend(hook["args"].as_array().into_iter().flatten().map(|word| word.as_str().unwrap()));
        assert_eq!(words.remove(0), "bakeplan");
        let run = |test: Test, words: &[&str]| test.args(words.iter().copied()).output();
        if !words.contains(&"--check") {
            // A lint: one mistake is enough.
            let good = SPEC.split_once("image {").unwrap().0;
            assert!(run(project().file("docker-bake.hcl", good), &words).status.success(), "{id}");
            // Where the targets stand in `images.hcl`, `args` names it.
            assert_eq!(run(project(), &words).status.code(), Some(1), "{id}");
            words.extend(["-f", "images.hcl"]);
            assert!(run(project(), &words).status.success(), "{id}");
            words.truncate(words.len() - 2);
            let mistaken =
                project().file("docker-bake.hcl", "target \"app\" {\n  platform = [\"linux/amd64\"]\n}\n");
            assert_eq!(run(mistaken, &words).status.code(), Some(1), "{id}");
            continue;
        }
        let stale = run(project(), &words);
        let told = String::from_utf8(stale.stderr).unwrap();
        assert_eq!(stale.status.code(), Some(3), "{id}: {told}");
        let (_, cure) = told.split_once("run `bakeplan ").unwrap_or_else(|| panic!("{id}: {told}"));
        let cure: Vec<&str> = cure.split('`').next().unwrap().split(' ').collect();
        let cured = project().args(cure.iter().copied());
        assert!(cured.output().status.success(), "{id}: {cure:?}");
        let again = Test::new().files(cured.folder(), "");
        let again = run(again, &words);
        assert!(again.status.success(), "{id}: {}", String::from_utf8_lossy(&again.stderr));
        compared.push(id.to_owned());
    }
    assert_eq!(compared, ["bakeplan-bake", "bakeplan-workflow", "bakeplan-readme"]);
    assert_eq!(hooks.len(), 4);
}

/// pip, pipx and crates.io show what Cargo.toml says, and nobody keeps it in step by hand.
#[test]
fn the_wheel_takes_its_texts_from_the_crate() {
    let project = read("pyproject.toml");
    for line in [
        "build-backend = \"maturin\"",
        "bindings = \"bin\"",
        "dynamic = [\"version\", \"description\", \"readme\", \"license\", \"keywords\"]",
    ] {
        assert!(project.lines().any(|known| known == line), "{line}");
    }
    Test::new().args(["--version"]).stdout(str!["bakeplan [..]\n"]).run();
}

/// Its tags are those of releases alone.
#[test]
fn our_own_image_is_built_for_the_tag_of_its_version_alone() {
    let action = Workflow::parse(&read(".github/actions/static/action.yml")).tree;
    let step = steps(&action["runs"]).next().expect("there are steps");
    let own = format!("v{}", env!("CARGO_PKG_VERSION"));
    for (kind, is_checked) in [("tag", true), ("branch", false)] {
        let contexts = serde_json::json!({ "github": { "ref_type": kind } });
        let scope = Scope { contexts, before: Before::Success };
        assert_eq!(scope.condition(step["if"].as_str()), is_checked, "{kind}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (tag, is_right) in [(own.as_str(), true), (&own[1..], false), ("v999.0.0", false), ("nightly", false)]
    {
        let mut step = step.clone();
        step["env"] = serde_json::json!({ "GITHUB_REF_NAME": tag });
        let scope = Scope { contexts: serde_json::json!({}), before: Before::Success };
        let ended = github::run(&step, &scope, root, root, &github::path());
        assert_eq!(ended.status.success(), is_right, "{tag}: {ended:?}");
    }
}
