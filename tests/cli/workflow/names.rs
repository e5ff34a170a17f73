//! Variables of a definition that are called as those of a generated step or script: they keep their values, or are refused.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::github::{Workflow, path};
use crate::support::{Test, git};

/// What the steps that plan and merge set for themselves.
const OF_STEPS: [&str; 8] = [
    "BAKEPLAN_ALL",
    "DEFAULT_BRANCH",
    "FORK",
    "GH_ENTERPRISE_TOKEN",
    "GH_TOKEN",
    "PROVENANCE",
    "PUBLISH",
    "PUSHED",
];

fn definition(name: &str) -> String {
    format!(
        "variable {name:?} {{\n  default = \"mine\"\n}}\ntarget \"app\" {{\n  platforms = [\"linux/amd64\"]\n  args = {{ V = {name} }}\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}}\n"
    )
}

#[test]
fn a_variable_called_as_one_of_a_step_keeps_its_value() {
    let options: [&[&str]; 3] = [&[], &["--schedule", "17 3 * * *"], &["--reusable"]];
    for name in OF_STEPS.into_iter().chain(["OTHER"]) {
        for more in options {
            let text = definition(name);
            let workflow = Workflow::generated(&text, &[&["--install", "path"], more].concat());
            let step = workflow.step("plan", "Plan");
            let test = Test::new().file("docker-bake.hcl", &text).file("Dockerfile", "FROM scratch\n");
            let folder = test.folder();
            git(folder, &["init", "-q", "-b", "main"]);
            git(folder, &["add", "-A"]);
            git(folder, &["commit", "-q", "-m", "first"]);
            let temporary = tempfile::tempdir().unwrap();
            let bin = temporary.path().join("bin");
            fs::create_dir(&bin).unwrap();
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_bakeplan"), bin.join("bakeplan")).unwrap();
            let mut command = Command::new("bash");
            command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
            command.current_dir(folder).env_clear().env("RUNNER_TEMP", temporary.path());
            command.env("PATH", format!("{}:{}", bin.display(), path())).env("HOME", temporary.path());
            for (name, value) in [
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_EVENT_NAME", "push"),
                ("GITHUB_REF", "refs/heads/main"),
                ("GITHUB_SERVER_URL", "https://github.com"),
                ("GITHUB_REPOSITORY", "acme/app"),
            ] {
                command.env(name, value);
            }
            command.env("GITHUB_OUTPUT", temporary.path().join("output"));
            for own in step["env"].as_object().unwrap().keys() {
                let value = match own.as_str() {
                    "PUBLISH" => "true",
                    "PROVENANCE" => "max",
                    "FORK" => "false",
                    "DEFAULT_BRANCH" => "main",
                    _ => "theirs",
                };
                command.env(own, value);
            }
            let output = command.output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name} {more:?}: {told}");
            let bake = fs::read_to_string(temporary.path().join("plan/docker-bake.json")).unwrap();
            assert!(bake.contains("\"V\": \"mine\""), "{name} {more:?}: {bake}");
            // The merge plans again.
            let merge = workflow.step("merge", "Merge");
            let script = merge["run"].as_str().unwrap();
            let (before, _) = script.split_once("bakeplan\" merge").unwrap();
            let hidden = before.lines().find_map(|line| line.trim().strip_prefix("export -n ")).unwrap();
            let hidden: BTreeSet<&str> = hidden.split(' ').collect();
            let own: BTreeSet<&str> = merge["env"].as_object().unwrap().keys().map(String::as_str).collect();
            assert!(own.is_subset(&hidden), "{own:?}");
        }
    }
}

/// The names that a script of a template gives values.
fn assigned(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#') && !line.contains(": ${{")) {
        let words: Vec<&str> = line.split([' ', ';', '(']).filter(|word| !word.is_empty()).collect();
        for (at, word) in words.iter().enumerate() {
            let before = at.checked_sub(1).map_or("", |at| words[at]);
            let starts = ["", "local", "do", "then", "else", "{", "&&", "||"].contains(&before);
            match word.split_once('=') {
                Some((name, _)) if starts && is_name(name.trim_end_matches('+')) => {
                    names.insert(name.trim_end_matches('+').to_owned());
                }
                None if before == "for" && words.get(at + 1) == Some(&"in") && is_name(word) => {
                    names.insert((*word).to_owned());
                }
                _ => {}
            }
        }
        if let Some((_, rest)) = line.split_once("read -r") {
            let rest = rest.split([';', '<']).next().unwrap_or_default();
            names.extend(rest.split(' ').skip(1).filter(|name| is_name(name)).map(str::to_owned));
        }
    }
    names
}

#[test]
fn a_variable_called_as_one_of_a_script_is_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let mut names = BTreeSet::new();
    for name in ["github.yml", "gitlab.yml"] {
        names.extend(assigned(&fs::read_to_string(format!("{folder}/{name}")).unwrap()));
    }
    for known in ["limit", "least", "left", "ended", "status", "target", "missing"] {
        assert!(names.contains(known), "{known}: {names:?}");
    }
    for name in &names {
        let variable = format!("{name}=vars.X");
        let run = Test::new().file("docker-bake.hcl", definition(name)).args(["workflow", "github"]);
        let output = run.args(["--install", "path", "--keep-variable", name, "--env", &variable]).output();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(2) && told.contains("is set by the workflow itself"),
            "{name}: {told}"
        );
    }
    // A shell tells these from those.
    for name in ["LIMIT", "limits", "my_status"] {
        let variable = format!("{name}=vars.X");
        let run = Test::new().file("docker-bake.hcl", definition(name)).args(["workflow", "github"]);
        let output = run.args(["--install", "path", "--keep-variable", name, "--env", &variable]).output();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Secrets go to builds alone, so a plan of a run decides nothing by them.
#[test]
fn a_secret_that_depends_on_its_own_value_is_named() {
    let of = |secret: &str, name: &str| {
        format!(
            "variable {name:?} {{\n  default = \"\"\n}}\ntarget \"app\" {{\n  platforms = [\"linux/amd64\"]\n  secret = {secret}\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}}\n"
        )
    };
    for name in ["API_TOKEN", "GITHUB_TOKEN"] {
        let given = format!("{name}=secrets.X");
        for (secret, is_named) in [
            (format!("{name} == \"\" ? [] : [\"id=t,env={name}\"]"), true),
            (format!("notequal(\"\", {name}) ? [\"id={name}\"] : []"), true),
            (format!("[\"id=t,env={name}\"]"), false),
        ] {
            for more in [&[][..], &["--env", &given]] {
                let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
                let test = Test::new()
                    .file("docker-bake.hcl", of(&secret, name))
                    .file("Dockerfile", "FROM scratch\n");
                command
                    .args(["workflow", "github", "--install", "pipx=1.0.0"])
                    .args(more)
                    .current_dir(test.folder());
                let output = command.env(name, "value-of-a-secret").output().unwrap();
                let told = String::from_utf8(output.stderr).unwrap();
                assert!(output.status.success(), "{secret}: {told}");
                let named = format!("the plan of a run does not have `{name}`");
                assert_eq!(told.contains(&named), is_named, "{secret} {more:?}: {told}");
                assert!(!told.contains("value-of-a-secret"), "{told}");
            }
        }
    }
}
