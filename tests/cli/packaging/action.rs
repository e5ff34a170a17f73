//! `action.yml`, whose steps run here against a server in GitHub's place: what is downloaded, checked, compiled and planned.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::release::{TARGETS, archive};
use crate::github::expression::{Before, Scope};
use crate::github::{self, Workflow, program, steps};
use crate::loopback::{Answer, Server};
use crate::support::read;

/// A runner with the action's files.
struct Runner {
    folder: TempDir,
    action: Workflow,
}

/// What a step left behind.
struct Ended {
    output: Output,
    log: String,
}

impl Runner {
    fn new(checksums: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("action/.github/action")).unwrap();
        for name in [".github/action/install", ".github/action/plan"] {
            fs::write(folder.path().join("action").join(name), read(name)).unwrap();
        }
        fs::write(folder.path().join("action/.github/action/checksums.txt"), checksums).unwrap();
        fs::write(folder.path().join("action/Cargo.toml"), read("Cargo.toml")).unwrap();
        fs::create_dir_all(folder.path().join("temporary")).unwrap();
        let compiles = r#"
            echo "cargo $*"
            printf '#!/bin/sh\necho compiled\n' > bakeplan/bin/bakeplan
            chmod +x bakeplan/bin/bakeplan"#;
        program(&folder.path().join("bin/cargo"), compiles);
        Self { folder, action: Workflow::parse(&read("action.yml")) }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn step(&self, name: &str) -> &Value {
        steps(&self.action.tree["runs"]).find(|step| step["name"] == name).expect("there is such a step")
    }

    /// Runs a step in what `working-directory` names, or in `folder`.
    fn run(&self, name: &str, contexts: Value, folder: &Path, more: &[(&str, &str)]) -> Ended {
        let mut step = self.step(name).clone();
        assert_eq!(step["shell"], "bash");
        let scope = Scope { contexts, before: Before::Success };
        let folder = step["working-directory"]
            .as_str()
            .map_or(folder.to_owned(), |given| folder.join(scope.interpolate(given)));
        for (name, value) in [
            ("GITHUB_ACTION_PATH", self.at("action")),
            ("GITHUB_PATH", self.at("path")),
            ("GITHUB_OUTPUT", self.at("outputs")),
            ("GITHUB_STEP_SUMMARY", self.at("summary")),
        ] {
            step["env"][name] = json!(value);
        }
        for (name, value) in more {
            step["env"][*name] = json!(value);
        }
        let path = format!("{}:{}", self.at("bin").display(), github::path());
        let output = github::run(&step, &scope, &self.at("temporary"), &folder, &path);
        let log = [output.stdout.clone(), output.stderr.clone()].concat();
        Ended { output, log: String::from_utf8(log).unwrap() }
    }

    fn install(&self, server: &str, repository: &str, runner: (&str, &str)) -> Ended {
        let contexts = json!({ "github": { "server_url": server, "action_repository": repository } });
        let (os, arch) = runner;
        self.run(
            "Install bakeplan",
            contexts,
            self.folder.path(),
            &[("RUNNER_OS", os), ("RUNNER_ARCH", arch)],
        )
    }

    /// What the program says that is on the PATH afterwards.
    fn says(&self) -> String {
        let folder = fs::read_to_string(self.at("path")).unwrap();
        let output = Command::new(
            ["bakeplan", "bakeplan.exe"]
                .map(|name| Path::new(folder.trim()).join(name))
                .into_iter()
                .find(|path| path.exists())
                .unwrap(),
        )
        .arg("--version")
        .output()
        .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// A server that has one archive, and tells what was asked for.
fn serve(archive: Option<Vec<u8>>) -> Server {
    Server::start(move |_| match &archive {
        Some(bytes) => Answer::new(200, "application/gzip", bytes.clone()),
        None => Answer::new(404, "text/plain", "Not Found"),
    })
}

#[test]
fn the_listed_archive_is_installed_on_each_runner() {
    for (runner, target) in TARGETS {
        let (name, bytes, checksum) = archive(target, "released");
        let server = serve(Some(bytes));
        let runner_ = Runner::new(&format!(
            "{}  bakeplan-9.9.9-other.tar.gz\n{checksum}  {name}.tar.gz\n",
            "0".repeat(64)
        ));
        let ended = runner_.install(&format!("http://{}", server.host()), "acme/bakeplan", runner);
        assert!(ended.output.status.success(), "{target}: {}", ended.log);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            server.lines(),
            [format!("GET /acme/bakeplan/releases/download/v{version}/{name}.tar.gz")]
        );
        assert_eq!(runner_.says(), "released", "{}", ended.log);
    }
}

/// A commit after a release lists it still, and may have other options.
#[test]
fn a_release_of_another_version_is_not_taken_for_the_commit() {
    let (name, bytes, checksum) = archive("x86_64-unknown-linux-musl", "released");
    let server = serve(Some(bytes));
    let runner = Runner::new(&format!("{checksum}  {name}.tar.gz\n"));
    let later = "[package]\nname = \"bakeplan\"\nversion = \"99.0.0\"\n\n[dependencies.a]\nversion = \"1\"\n";
    fs::write(runner.at("action/Cargo.toml"), later).unwrap();
    let ended = runner.install(&format!("http://{}", server.host()), "acme/bakeplan", ("Linux", "X64"));
    assert!(ended.output.status.success(), "{}", ended.log);
    let due = format!(
        "::notice::bakeplan is compiled, because this commit of the action is of version 99.0.0, and the release that it lists is {}",
        env!("CARGO_PKG_VERSION")
    );
    assert!(ended.log.contains(&due) && server.lines().is_empty(), "{}", ended.log);
    assert_eq!(runner.says(), "compiled");
}

#[test]
fn what_has_another_checksum_is_never_run() {
    let (name, bytes, checksum) = archive("x86_64-unknown-linux-musl", "replaced");
    let other = format!("{}{}", if checksum.starts_with('0') { '1' } else { '0' }, &checksum[1..]);
    for (listed, bytes) in [(other, bytes.clone()), (checksum, bytes[..bytes.len() - 1].to_vec())] {
        let server = serve(Some(bytes));
        let runner = Runner::new(&format!("{listed}  {name}.tar.gz\n"));
        let ended = runner.install(&format!("http://{}", server.host()), "acme/bakeplan", ("Linux", "X64"));
        assert_eq!(ended.output.status.code(), Some(1), "{}", ended.log);
        assert!(ended.log.contains("::error::the SHA-256 of bakeplan-"), "{}", ended.log);
        assert!(
            !ended.log.contains("cargo "),
            "a wrong archive is an attack or a fault, and both are told: {}",
            ended.log
        );
        let left: Vec<_> = fs::read_dir(runner.at("temporary/bakeplan/bin")).unwrap().collect();
        assert!(left.is_empty() && !runner.at("path").exists());
    }
}

#[test]
fn what_is_not_listed_or_not_there_is_compiled() {
    let (name, bytes, checksum) = archive("x86_64-unknown-linux-musl", "released");
    let listed = format!("{checksum}  {name}.tar.gz\n");
    let similar = format!("{checksum}  {name}.tar.gz.sig\n{checksum}  other-{name}xtar.gz\n");
    for (checksums, has_archive, repository, runner, told) in [
        ("", true, "acme/bakeplan", ("Linux", "X64"), "no release for x86_64-unknown-linux-musl is listed"),
        (
            similar.as_str(),
            true,
            "acme/bakeplan",
            ("Linux", "X64"),
            "no release for x86_64-unknown-linux-musl is listed",
        ),
        (
            &listed,
            true,
            "acme/bakeplan",
            ("Linux", "ARM64"),
            "no release for aarch64-unknown-linux-musl is listed",
        ),
        (&listed, true, "acme/bakeplan", ("Linux", "ARM"), "no release for Linux-ARM is listed"),
        (&listed, true, "", ("Linux", "X64"), "the action is one of the checkout"),
        (&listed, false, "acme/bakeplan", ("Linux", "X64"), "could not be downloaded"),
    ] {
        let server = serve(has_archive.then(|| bytes.clone()));
        let runner_ = Runner::new(checksums);
        let ended = runner_.install(&format!("http://{}", server.host()), repository, runner);
        assert!(ended.output.status.success(), "{told}: {}", ended.log);
        assert!(
            ended.log.contains("::notice::bakeplan is compiled, because ") && ended.log.contains(told),
            "{}",
            ended.log
        );
        let source = runner_.at("action/.github/action/../..");
        let command = format!("cargo install --locked --root bakeplan --path {}\n", source.display());
        assert!(ended.log.contains(&command), "{command}{}", ended.log);
        assert_eq!(runner_.says(), "compiled");
        // What is not listed is not asked for.
        assert_eq!(server.lines().len(), usize::from(!has_archive), "{told}: {:?}", server.lines());
    }
}

#[test]
fn without_rust_and_without_a_release_it_says_so() {
    let runner = Runner::new("");
    fs::remove_file(runner.at("bin/cargo")).unwrap();
    for tool in ["bash", "dirname", "grep", "mkdir"] {
        let real = github::path();
        let real =
            real.split(':').map(|folder| Path::new(folder).join(tool)).find(|path| path.exists()).unwrap();
        std::os::unix::fs::symlink(real, runner.at("bin").join(tool)).unwrap();
    }
    let script = format!(
        "PATH='{}' bash '{}'",
        runner.at("bin").display(),
        runner.at("action/.github/action/install").display()
    );
    let mut command = Command::new("bash");
    command
        .args(["-c", &script])
        .env("RUNNER_TEMP", runner.at("temporary"))
        .env("GITHUB_PATH", runner.at("path"));
    command.env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64").env("SERVER", "").env("REPOSITORY", "");
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("::error::Rust is not installed on this runner, and no release for"), "{told}");
}

const SPEC: &str = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags         = [\"1.2.3\"]\n}\n";

#[test]
fn it_plans_and_its_outputs_are_those_of_the_plan() {
    let runner = Runner::new("");
    github::bakeplan(&runner.at("bin/bakeplan"));
    let at = runner.at("checkout/my images");
    fs::create_dir_all(&at).unwrap();
    fs::write(at.join("some images.hcl"), SPEC).unwrap();
    let defaults = |name: &str| runner.action.tree["inputs"][name]["default"].clone();
    for (publish, arguments, due) in [
        (defaults("publish"), "--images\nsome images.hcl", "false"),
        (json!("true"), "--images\n\nsome images.hcl\n--platform\nlinux/amd64\n", "true"),
    ] {
        fs::write(runner.at("outputs"), "").unwrap();
        let out = runner.at("temporary/plan");
        let inputs = json!({ "out": out, "publish": publish, "arguments": arguments, "folder": "my images" });
        let scope = Scope { contexts: json!({ "inputs": inputs }), before: Before::Success };
        assert!(scope.condition(runner.step("Plan")["if"].as_str()));
        let ended = runner.run("Plan", scope.contexts, &runner.at("checkout"), &[]);
        assert!(ended.output.status.success(), "{}", ended.log);
        let outputs = fs::read_to_string(runner.at("outputs")).unwrap();
        let outputs: serde_json::Map<String, Value> = outputs
            .lines()
            .filter_map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), json!(value))))
            .collect();
        let contexts =
            json!({ "steps": { runner.step("Plan")["id"].as_str().unwrap(): { "outputs": outputs } } });
        let scope = Scope { contexts, before: Before::Success };
        let output =
            |name: &str| scope.interpolate(runner.action.tree["outputs"][name]["value"].as_str().unwrap());
        assert_eq!((output("any").as_str(), output("publish").as_str()), ("true", due));
        let rows: Value = serde_json::from_str(&output("matrix")).unwrap();
        assert_eq!(rows[0]["job"], "app-linux-amd64");
        assert!(out.join("docker-bake.json").exists() && out.join("plan.json").exists());
    }
    // Nobody asked for a plan.
    let scope = Scope { contexts: json!({ "inputs": { "out": defaults("out") } }), before: Before::Success };
    assert!(!scope.condition(runner.step("Plan")["if"].as_str()));
    // A mistake fails the step.
    let inputs = json!({ "out": runner.at("plan"), "publish": "false", "arguments": "", "folder": "." });
    let ended = runner.run("Plan", json!({ "inputs": inputs }), &runner.at("checkout"), &[]);
    assert!(!ended.output.status.success() && ended.log.contains("error"), "{}", ended.log);
}
