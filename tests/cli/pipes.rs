//! Pipes and devices where files are expected: nothing waits for another side that may never come.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::Test;

const BAKE: &str = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.2.3\"\n}\n";

/// Far less than git may take.
const SOON: Duration = Duration::from_secs(30);

fn make_pipe(path: &Path) {
    let _ = fs::remove_file(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn sh(folder: &Path, lines: &str) {
    let mut command = Command::new("sh");
    command.args(["-ec", lines]).current_dir(folder).env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{lines}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A checkout with a commit.
fn checkout() -> Test {
    let test = Test::new().file("docker-bake.hcl", BAKE);
    let folder = test.folder().to_owned();
    sh(
        &folder,
        "git init -q -b main; git config user.name A; git config user.email a@example.com; git add .; git commit -q -m first",
    );
    test.env("HOME", &folder).env("GIT_CONFIG_NOSYSTEM", "1")
}

/// What a run says, which ends soon.
#[track_caller]
fn told(test: Test, arguments: &[&str]) -> (Option<i32>, String) {
    let start = Instant::now();
    let output = test.args(arguments.iter().copied()).output();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(start.elapsed() < SOON, "{:?}: {text}", start.elapsed());
    (output.status.code(), text)
}

#[test]
fn a_pipe_in_a_repository_is_named_at_once() {
    for (path, is_found_at_first) in [
        (".git", true),
        (".git/HEAD", true),
        (".git/config", true),
        (".git/index", true),
        (".git/packed-refs", true),
        (".git/info/exclude", true),
        (".git/objects/info/alternates", true),
        (".gitignore", true),
        (".gitattributes", true),
        (".git/refs/heads/main", false),
        ("sub/.gitattributes", false),
    ] {
        let test = checkout();
        let pipe = test.folder().join(path);
        if path == ".git" {
            fs::remove_dir_all(&pipe).unwrap();
        }
        make_pipe(&pipe);
        let (code, told) = told(test, &["plan", "--facts", "-v"]);
        let is_named = told.contains(&format!("`{path}` is a pipe or a device, for which git would wait"));
        assert!(is_named || !is_found_at_first, "{path}: {told}");
        assert!(code.is_some_and(|code| code <= 1) && !told.contains("did not end within"), "{path}: {told}");
    }
}

#[test]
fn links_to_devices_and_repositories_elsewhere_count_too() {
    let test = checkout();
    let config = test.folder().join(".git/config");
    fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &config).unwrap();
    let (_, text) = told(test, &["plan", "--facts", "-v"]);
    assert!(text.contains("`.git/config` is a pipe or a device"), "{text}");
    // A worktree's own folder, and the one that it shares.
    for path in [".git/worktrees/tree/HEAD", ".git/config"] {
        let test = checkout();
        let folder = test.folder().to_owned();
        sh(&folder, "git worktree add -q tree");
        make_pipe(&folder.join(path));
        let (_, text) = told(test.cwd("tree"), &["plan", "--facts", "-v"]);
        assert!(text.contains("is a pipe or a device"), "{path}: {text}");
    }
    // What holds nothing is no pipe.
    let test = checkout();
    std::os::unix::fs::symlink("/dev/null", test.folder().join(".gitignore")).unwrap();
    let (code, text) = told(test, &["plan", "--facts"]);
    assert!(code == Some(0) && text.contains("\"branch\": \"main\""), "{text}");
}

#[test]
fn a_remote_that_is_a_folder_with_pipes_is_not_waited_for() {
    let test = checkout();
    sh(test.folder(), "git clone -q --bare . remote.git; git remote add origin ./remote.git");
    make_pipe(&test.folder().join("remote.git/HEAD"));
    let (code, text) = told(test, &["plan", "--known-versions=git"]);
    assert!(code == Some(1) && text.contains("is a pipe or a device"), "{text}");
}

#[test]
fn init_does_not_wait_either() {
    for path in [".git/HEAD", ".gitignore", ".github/workflows/x.yml", "push.sh", "compose.yaml"] {
        let test = checkout();
        make_pipe(&test.folder().join(path));
        let (code, text) = told(test, &["init"]);
        assert!(code.is_some_and(|code| code <= 1), "{path}: {text}");
    }
}

#[test]
fn our_own_files_are_not_waited_for() {
    let server = crate::loopback::Server::start(|_: &crate::loopback::Seen| {
        crate::loopback::Answer::error(401, "X").header("WWW-Authenticate", "Basic")
    });
    let reference = format!("{}/acme/app:1", server.host());
    // Docker's configuration.
    let test = Test::new();
    make_pipe(&test.folder().join("docker/config.json"));
    let docker = test.folder().join("docker");
    let (_, text) = told(test.env("DOCKER_CONFIG", &docker), &["verify", &reference]);
    assert!(text.contains("it is not a regular file"), "{text}");
    // Known versions, and facts.
    for option in ["--known-versions", "--facts-file"] {
        let test = Test::new().file("docker-bake.hcl", BAKE);
        make_pipe(&test.folder().join("versions"));
        let (code, text) = told(test, &["plan", option, "versions"]);
        assert!(code == Some(1) && text.contains("not a regular file"), "{option}: {text}");
    }
    // An OCI layout: its list, its mark and a blob.
    for path in ["index.json", "oci-layout"] {
        let test = Test::new()
            .file("app/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#)
            .file("app/index.json", r#"{"schemaVersion":2,"manifests":[]}"#)
            .file("app/blobs/sha256/x", "");
        make_pipe(&test.folder().join("app").join(path));
        let (code, text) = told(test, &["verify", "oci-layout:app:1"]);
        assert!(code.is_some_and(|code| code > 0) && text.contains("not a regular file"), "{path}: {text}");
    }
}

/// git stores links, and a device may never answer.
#[cfg(unix)]
#[test]
fn a_link_to_a_device_is_not_read() {
    let devices: Vec<&str> = ["/dev/zero", "/dev/ptmx", "/dev/tty", "/proc/kmsg"]
        .into_iter()
        .filter(|path| Path::new(path).exists())
        .collect();
    for device in devices {
        for (name, arguments) in [
            ("docker-bake.hcl", &["plan"][..]),
            ("docker-bake.override.hcl", &["plan"]),
            ("images.hcl", &["plan"]),
            ("compose.yaml", &["print"]),
            (".env", &["print", "-f", "x.yaml"]),
            ("other.hcl", &["plan", "-f", "docker-bake.hcl", "-f", "other.hcl"]),
            ("plan.json", &["merge", "--plan", "plan.json", "--metadata", "m"]),
        ] {
            let test = checkout().file("x.yaml", "services:\n  x:\n    build: .\n").file("m/a.json", "{}");
            let path = test.folder().join(name);
            let _ = fs::remove_file(&path);
            std::os::unix::fs::symlink(device, &path).unwrap();
            let (code, told) = told(test, arguments);
            // A default file without length is none.
            let is_passed_over = device == "/proc/kmsg" && !arguments.contains(&name);
            assert!(code == Some(1) || is_passed_over && code.is_some(), "{device} {name}: {told}");
            assert!(is_passed_over || told.contains("not a regular file"), "{device} {name}: {told}");
        }
    }
    // This one has an end at once, and is how some are switched off.
    let test = checkout();
    std::os::unix::fs::symlink("/dev/null", test.folder().join("docker-bake.override.hcl")).unwrap();
    let (code, told) = told(test, &["plan"]);
    assert_eq!(code, Some(0), "{told}");
}
