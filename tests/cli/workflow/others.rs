//! What `bakeplan workflow` says of what it cannot see in the plan: other workflows, and machines without the program.

use crate::support::Test;

const SPEC: &str = "\
group \"default\" { targets = [\"app\"] }
target \"app\" {
  platforms = [\"linux/amd64\"]
}
image \"app\" {
  repositories = [\"docker.io/acme/app\", \"ghcr.io/acme/app\"]
  tags         = [\"edge\"]
}
";

fn steps(text: &str) -> String {
    let steps: String = text.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "on: {{ push: {{ branches: [main] }} }}\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"
    )
}

/// What is reported as the workflow is written beside another one.
#[track_caller]
fn told(other: (&str, &str), options: &[&str]) -> String {
    let test =
        Test::new().file("docker-bake.hcl", SPEC).file(other.0, other.1).file("Dockerfile", "FROM scratch\n");
    let test = test.args(["workflow", "github", "-o", ".github/workflows/images.yml"]);
    let output = test.args(options.iter().copied()).output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    told
}

const QEMU: &str = "\
- uses: docker/build-push-action@v6
  with:
    push: true
    platforms: linux/amd64,linux/arm64
    tags: acme/app:edge
";

#[test]
fn a_workflow_that_publishes_the_same_is_named() {
    let installed = ["--install", "pipx=0.1.0"];
    let note = |path: &str, what: &str| format!("note[other-workflow]: `{path}` publishes to {what}, too\n");
    let path = ".github/workflows/docker.yml";
    let meta = "- id: meta\n  uses: docker/metadata-action@v5\n  with:\n    images: |\n      ghcr.io/acme/app\n      acme/app\n    tags: type=sha\n\
                - uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ${{ steps.meta.outputs.tags }}\n";
    for (text, what) in [
        (QEMU, "`docker.io/acme/app`"),
        (meta, "`docker.io/acme/app`, `ghcr.io/acme/app`"),
        (
            "- run: docker build -t ghcr.io/acme/app:1 . && docker push ghcr.io/acme/app:1\n",
            "`ghcr.io/acme/app`",
        ),
    ] {
        let told = told((path, &steps(text)), &installed);
        assert!(told.contains(&note(path, what)), "{text}: {told}");
        assert!(told.contains("in the same commit"), "{told}");
    }
    for text in [
        QEMU.replace("acme/app", "acme/other"),
        QEMU.replace("push: true", "push: false"),
        "- run: cargo test\n".to_owned(),
    ] {
        let told = told((path, &steps(&text)), &installed);
        assert!(!told.contains("other-workflow"), "{text}: {told}");
    }
    // Its own file, written again.
    let test = Test::new().file("docker-bake.hcl", SPEC);
    let line = ["workflow", "github", "-o", ".github/workflows/images.yml", "--install", "pipx=0.1.0"];
    let test = test.args(line);
    for _ in 0..2 {
        let told = String::from_utf8(test.output().stderr).unwrap();
        assert!(!told.contains("other-workflow") && !told.contains("init-"), "{told}");
    }
}

#[test]
fn a_program_that_is_not_on_the_machines_is_noted() {
    let other = ("other.txt", "");
    let note = "note[no-install]: `path` expects bakeplan on the machines, and those that GitHub hosts do not have it";
    assert!(told(other, &["--install", "path"]).contains(note));
    for options in [&["--install", "path", "--plan-runner", "self-hosted"][..], &["--install", "pipx=0.1.0"]]
    {
        assert!(!told(other, options).contains("no-install"), "{options:?}");
    }
}

/// What is reported as the pipeline of GitLab is written beside this one.
#[track_caller]
fn told_by_gitlab(pipeline: &str, output: &str) -> String {
    let test = Test::new()
        .file("docker-bake.hcl", SPEC)
        .file(".gitlab-ci.yml", pipeline)
        .file("Dockerfile", "FROM scratch\n");
    let output = test
        .args(["workflow", "gitlab", "--install", "path", "--login", "ghcr.io=GHCR_USERNAME:GHCR_TOKEN"])
        .args(["-o", output])
        .output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    told
}

#[test]
fn a_pipeline_that_publishes_the_same_is_named() {
    const OUTPUT: &str = ".gitlab/images.yml";
    let include = "include: { local: /.gitlab/images.yml }\n";
    let note = "note[other-workflow]: `.gitlab-ci.yml` publishes to ";
    for (script, what) in [
        ("docker buildx build --push -t ghcr.io/acme/app:edge .", "`ghcr.io/acme/app`"),
        ("docker build -t acme/app:1 . && docker push acme/app:1", "`docker.io/acme/app`"),
    ] {
        let job = format!("edge:\n  stage: build\n  script:\n    - {script}\n");
        let told = told_by_gitlab(&format!("stages: [build]\n{include}{job}"), OUTPUT);
        assert!(told.contains(&format!("{note}{what}, too\n")), "{told}");
        assert!(!told.contains("does not name"), "{told}");
    }
    for script in
        ["docker buildx build --push -t ghcr.io/acme/other:edge .", "docker build -t acme/app:1 .", "make"]
    {
        let job = format!("edge:\n  stage: build\n  script:\n    - {script}\n");
        let told = told_by_gitlab(&format!("{include}{job}"), OUTPUT);
        assert_eq!(told, "", "{script}");
    }
}

#[test]
fn a_pipeline_that_does_not_include_the_file_is_named() {
    let job = "test:\n  script: [make]\n";
    for (pipeline, output) in [
        (job.to_owned(), ".gitlab/images.yml"),
        (format!("# include: /.gitlab/images.yml\n{job}"), ".gitlab/images.yml"),
        (format!("include: [/.gitlab/images.yml]\n{job}"), ".gitlab/other.yml"),
    ] {
        let told = told_by_gitlab(&pipeline, output);
        let note =
            format!("note[to-set]: `.gitlab-ci.yml` does not name `/{output}`, so GitLab does not run it");
        assert!(told.contains(&note) && told.contains("`build`"), "{told}");
    }
    for pipeline in ["include: /.gitlab/images.yml\n", "include:\n  - local: .gitlab/images.yml\n"] {
        assert_eq!(told_by_gitlab(&format!("{pipeline}{job}"), ".gitlab/images.yml"), "");
    }
}
