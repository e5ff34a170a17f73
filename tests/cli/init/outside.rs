//! What workflows, scripts and Compose files name is read, shown and written only where it lies in the repository, and
//! the environment of whoever runs it is nobody else's.

use std::path::Path;

use super::{Files, Said, init, said, workflow};
use crate::support::Test;

/// What nobody may see.
const SECRET: &str = "fishbone-4711";

/// A folder with a repository in `repo`, and beside it what is not part of it.
fn beside(files: Files<'_>) -> Test {
    let victim = format!("target \"default\" {{\n  tags = [\"ghcr.io/acme/{SECRET}:1\"]\n}}\n");
    let test = Test::new()
        .file("victim/docker-bake.hcl", &victim)
        .file("victim/secret.hcl", &victim)
        .file(
            "victim/compose.yaml",
            format!("services:\n  a:\n    image: ghcr.io/acme/{SECRET}\n    build: .\n"),
        )
        .file("victim/.env", format!("WHO={SECRET}\n"))
        .file("repo/.git/HEAD", "");
    files.iter().fold(test, |test, (path, text)| test.file(&format!("repo/{path}"), text))
}

/// The files beside the repository, with their content.
fn victim(test: &Test) -> Vec<(String, String)> {
    let list = std::fs::read_dir(test.folder().join("victim")).unwrap();
    let mut files: Vec<_> = list
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Runs in the repository, with and without `--write`, and finds nothing of what is beside it in what is said, and nothing
/// changed there.
#[track_caller]
fn stays_inside(name: &str, make: impl Fn() -> Test) -> Said {
    let mut last = None;
    for options in [&[][..], &["--write", "--yes"]] {
        let test = make().cwd("repo").args(["init"]).args(options.iter().copied());
        let before = victim(&test);
        let said = said(&test);
        let all = format!("{}{}", said.stdout, said.stderr);
        assert!(!all.contains(SECRET) && !all.contains("root:"), "{name}: {all}");
        assert_eq!(victim(&test), before, "{name}");
        let written = written(&test.folder().join("repo"));
        assert!(!written.contains(SECRET), "{name}: {written}");
        last = Some(said);
    }
    last.unwrap()
}

/// What was written.
fn written(repository: &Path) -> String {
    // What a link leads to was there before.
    let is_file = |name: &&str| repository.join(name).symlink_metadata().is_ok_and(|found| found.is_file());
    let names = ["docker-bake.hcl", "images.hcl"].into_iter().filter(is_file);
    names.filter_map(|name| std::fs::read_to_string(repository.join(name)).ok()).collect()
}

#[test]
fn files_that_workflows_and_scripts_name_lie_in_the_repository() {
    let bake = |inputs: &str| {
        workflow(&format!("- uses: docker/bake-action@v6\n  with: {{ push: true, {inputs} }}\n"))
    };
    let above = "../".repeat(20);
    let absolute = Test::new();
    let absolute = absolute.folder().display().to_string();
    for inputs in [
        "workdir: ../victim".to_owned(),
        "workdir: ../victim, files: secret.hcl".to_owned(),
        "source: ../victim".to_owned(),
        "workdir: x/../../victim".to_owned(),
        format!("workdir: {above}etc, files: passwd"),
        "files: ../victim/secret.hcl".to_owned(),
        "files: 'cwd://../victim/secret.hcl'".to_owned(),
        "files: x/../../victim/secret.hcl".to_owned(),
        format!("files: {above}etc/passwd"),
        format!("files: {above}proc/self/environ"),
        "files: /etc/passwd".to_owned(),
        format!("files: {absolute}/docker-bake.hcl"),
        "files: '-'".to_owned(),
    ] {
        let text = bake(&inputs);
        let said = stays_inside(&inputs, || {
            beside(&[(".github/workflows/a.yml", text.as_str()), ("x/y", "")])
                .env("ANYTHING", SECRET)
                .stdin(format!("target \"default\" {{ tags = [\"acme/{SECRET}:1\"] }}"))
        });
        said.tells(&["warning[outside]", "lies outside of the repository, and is left out"]);
    }
    for (path, text) in [
        ("build.sh", "docker buildx bake -f ../victim/secret.hcl --push\n"),
        ("Makefile", "push:\n\tdocker buildx bake --file ../victim/compose.yaml --push\n"),
        ("build.sh", "F=../victim\ndocker buildx bake -f $F/secret.hcl --push\n"),
        ("build.sh", "docker buildx bake -f - --push\n"),
    ] {
        stays_inside(text, || beside(&[(path, text)])).tells(&["warning[outside]"]);
    }
}

/// Paths within the repository are the same files, however they are written.
#[test]
fn paths_that_come_back_are_inside() {
    let hcl = "target \"default\" {\n  tags = [\"ghcr.io/acme/app:1\"]\n}\n";
    for inputs in [
        "files: ./x/../other.hcl",
        "files: x/./../other.hcl",
        "workdir: x, files: ../other.hcl",
        "files: other.hcl",
    ] {
        let text = workflow(&format!("- uses: docker/bake-action@v6\n  with: {{ push: true, {inputs} }}\n"));
        let said = said(
            &Test::new()
                .file(".git/HEAD", "")
                .file(".github/workflows/a.yml", &text)
                .file("other.hcl", hcl)
                .file("x/y", "")
                .args(["init"]),
        );
        said.lacks(&["warning[outside]"]);
        said.proposes(&["image \"default\""]);
    }
}

#[test]
fn contexts_outside_are_in_no_proposal() {
    for inputs in [
        "context: ../victim",
        "context: /root/.docker",
        "context: x/../..",
        "file: ../victim/Dockerfile",
        "build-contexts: root=/root/.docker",
    ] {
        let text = workflow(&format!(
            "- uses: docker/build-push-action@v6\n  with: {{ push: true, tags: 'ghcr.io/acme/app:edge', {inputs} }}\n"
        ));
        let said = stays_inside(inputs, || beside(&[(".github/workflows/a.yml", text.as_str())]));
        said.tells(&["its build context or Dockerfile lies outside of the repository"]);
        said.lacks(&["image \"app\""]);
    }
    for inputs in ["context: ./app", "context: 'https://github.com/acme/app.git'", "file: app/Dockerfile"] {
        let text = workflow(&format!(
            "- uses: docker/build-push-action@v6\n  with: {{ push: true, tags: 'ghcr.io/acme/app:edge', {inputs} }}\n"
        ));
        init(&[(".github/workflows/a.yml", text.as_str())]).proposes(&["image \"app\""]);
    }
}

/// Compose files name others, which Compose would read at the desk.
#[test]
fn files_that_compose_files_name_lie_in_the_repository() {
    let service = "services:\n  a:\n    build: .\n    image: ghcr.io/acme/${WHO:-app}\n";
    for compose in [
        "include: [../victim/compose.yaml]\n".to_owned(),
        format!("include:\n  - path: b.yaml\n    env_file: ../victim/.env\n{service}"),
        format!("{service}    env_file: ../victim/.env\n    args: {{}}\n"),
        "services:\n  a:\n    extends: { file: ../victim/compose.yaml, service: a }\n".to_owned(),
    ] {
        stays_inside(&compose, || {
            beside(&[
                ("compose.yaml", compose.as_str()),
                ("b.yaml", "services:\n  b:\n    build: .\n    image: ghcr.io/acme/b-${WHO}\n"),
            ])
        });
    }
}

#[cfg(unix)]
#[test]
fn links_lead_to_nothing_outside() {
    use std::os::unix::fs::symlink;
    let bake = |inputs: &str| {
        workflow(&format!("- uses: docker/bake-action@v6\n  with: {{ push: true, {inputs} }}\n"))
    };
    for (link, target, inputs) in [
        ("sub", "../victim", "workdir: sub"),
        ("sub", "../victim", "files: sub/secret.hcl"),
        ("other.hcl", "../victim/secret.hcl", "files: other.hcl"),
        ("sub", "/etc", "files: sub/passwd"),
        ("docker-bake.hcl", "../victim/secret.hcl", "targets: default"),
        ("images.hcl", "../victim/secret.hcl", "files: own.hcl"),
    ] {
        let text = bake(inputs);
        stays_inside(inputs, || {
            let own = "target \"default\" {\n  tags = [\"ghcr.io/acme/app:1\"]\n}\n";
            let test = beside(&[(".github/workflows/a.yml", text.as_str()), ("own.hcl", own)]);
            symlink(target, test.folder().join("repo").join(link)).unwrap();
            test
        });
    }
}

/// A proposal is the same for everybody, and shows no value of the environment.
#[test]
fn the_environment_is_in_no_proposal() {
    let hcl = "variable \"WHO\" { default = \"app\" }\ntarget \"default\" {\n  tags = [\"ghcr.io/acme/${WHO}:1\"]\n}\n";
    let json = "{\"variable\":{\"WHO\":{\"default\":\"app\"}},\"target\":{\"default\":{\"tags\":[\"ghcr.io/acme/${WHO}:1\"]}}}";
    let compose = "services:\n  a:\n    build: .\n    image: ghcr.io/acme/${WHO:-app}:1\n";
    let broken = "target \"default\" {\n  tags = [\"ghcr.io/acme/app:${regex(\"[\", WHO)}\"]\n}\nvariable \"WHO\" {}\n";
    for (path, text) in [
        ("docker-bake.hcl", hcl),
        ("docker-bake.json", json),
        ("compose.yaml", compose),
        ("docker-bake.hcl", broken),
    ] {
        let run = |who: Option<&str>| {
            let test = super::test(&[(path, text)]).args(["init"]);
            let said = said(&who.into_iter().fold(test, |test, who| test.env("WHO", who)));
            (said.code, said.stdout, said.stderr)
        };
        let without = run(None);
        assert_eq!(run(Some(SECRET)), without, "{path}");
    }
    // Also what the run of a CI says.
    let test =
        super::test(&[("docker-bake.hcl", hcl)]).args(["init"]).env("GITHUB_EVENT_PATH", "/nonexistent");
    let test = test.env("GITHUB_EVENT_NAME", "push").env("GITHUB_REF", &format!("refs/heads/{SECRET}"));
    let said = said(&test);
    assert_eq!(said.code, 0, "{}", said.stderr);
    said.lacks(&[SECRET]);
}
