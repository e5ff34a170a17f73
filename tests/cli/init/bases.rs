//! Images that are built from other images of the same run: before a plan has ended, nobody can pull these.

use super::{Said, Written, init};

const BASE: &str = "FROM alpine\n";
const HEAD: &str = "on:\n  push:\n    branches: [main]\n    tags: ['v*']\njobs:\n";

/// A job that pushes an image with these tags and further inputs.
fn job(name: &str, more: &str, tags: &str, inputs: &str) -> String {
    format!(
        "  {name}:\n    runs-on: ubuntu-latest\n{more}    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: {name}\n          push: true\n          tags: {tags}\n{inputs}"
    )
}

/// A job for the base with this tag, and one for what is built from it.
fn workflow(tag: &str, more: &str, inputs: &str) -> String {
    let base = job("base", "", &format!("ghcr.io/acme/base:{tag}"), "");
    HEAD.to_owned() + &base + &job("app", more, "ghcr.io/acme/app:x", inputs)
}

fn of(workflow: &str, dockerfile: &str) -> Said {
    init(&[(".github/workflows/w.yml", workflow), ("base/Dockerfile", BASE), ("app/Dockerfile", dockerfile)])
}

const NEEDS: &str = "    needs: base\n";
const TOLD: &str = "a plan gives no tag before all of its builds have ended";

#[test]
fn what_reads_an_image_of_a_job_before_is_linked_to_it() {
    let arg = "          build-args: BASE=ghcr.io/acme/base:edge\n";
    for (inputs, dockerfile) in [
        ("", "FROM ghcr.io/acme/base:edge\n"),
        ("", "ARG BASE=ghcr.io/acme/base:edge\nFROM $BASE\n"),
        (
            "",
            "ARG TAG=edge\nFROM --platform=$TARGETPLATFORM alpine AS x\nFROM ghcr.io/acme/base:${TAG} AS y\n",
        ),
        ("", "FROM alpine\nCOPY --from=ghcr.io/acme/base:edge /a /a\n"),
        ("", "FROM alpine\nRUN --mount=type=bind,from=ghcr.io/acme/base:edge,target=/x cp /x/a /a\n"),
        (arg, "ARG BASE\nFROM ${BASE}\n"),
        (arg, "ARG BASE=alpine\nFROM ${BASE} AS a\nFROM a\n"),
    ] {
        let said = of(&workflow("edge", NEEDS, inputs), dockerfile);
        said.proposes(&["\"ghcr.io/acme/base:edge\" = \"target:base\""]);
        assert_eq!(said.stderr, "", "{dockerfile}");
        said.proposes(&["app    ghcr.io/acme/app: x      the same\n"]);
    }
    // `latest` has no tag in the name of a context.
    let said = of(&workflow("latest", NEEDS, ""), "FROM ghcr.io/acme/base\n");
    said.proposes(&["\"ghcr.io/acme/base\" = \"target:base\""]);
    // Through another job, and in a later step of the same one.
    let between = workflow("edge", "    needs: [test]\n", "")
        + "  test:\n    needs: base\n    runs-on: ubuntu-latest\n    steps: [{ run: make test }]\n";
    of(&between, "FROM ghcr.io/acme/base:edge\n").proposes(&["\"ghcr.io/acme/base:edge\" = \"target:base\""]);
    let steps = "- run: docker build --push -t ghcr.io/acme/base:edge base\n- run: docker build --push -t ghcr.io/acme/app:x app\n";
    of(&super::workflow(steps), "FROM ghcr.io/acme/base:edge\n")
        .proposes(&["\"ghcr.io/acme/base:edge\" = \"target:base\""]);
    let context = "          build-contexts: sdk=docker-image://ghcr.io/acme/base:edge\n";
    of(&workflow("edge", NEEDS, context), "FROM sdk\n").proposes(&["sdk = \"target:base\""]);
}

#[test]
fn a_reference_that_differs_from_run_to_run_is_linked_as_it_is_given() {
    let arg = "          build-args: BASE=ghcr.io/acme/base:${{ github.sha }}\n";
    let text = workflow("${{ github.sha }}", NEEDS, arg);
    let said = of(&text, "ARG BASE\nFROM ${BASE}\n");
    said.proposes(&["\"ghcr.io/acme/base:${GITHUB_SHA}\" = \"target:base\""]);
    assert_eq!(said.stderr, "");
    let files = [
        (".github/workflows/w.yml", text.as_str()),
        ("base/Dockerfile", BASE),
        ("app/Dockerfile", "ARG BASE\nFROM ${BASE}\n"),
    ];
    let written = Written::new(&files, &[]);
    let plan = written.run(&["print", "app"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    plan.proposes(&["\"target:base\""]);
    written.proposes_nothing_more();
    let arg = "          build-args: TAG=${{ github.sha }}\n";
    of(&workflow("${{ github.sha }}", NEEDS, arg), "ARG TAG\nFROM ghcr.io/acme/base:${TAG}\n")
        .proposes(&["\"ghcr.io/acme/base:${GITHUB_SHA}\" = \"target:base\""]);
}

#[test]
fn what_may_read_an_image_of_another_run_is_told() {
    let from = "FROM ghcr.io/acme/base:edge\n";
    let two = HEAD.to_owned() + &job("base", "", "ghcr.io/acme/base:edge", "");
    let other = HEAD.to_owned() + &job("app", "", "ghcr.io/acme/app:x", "");
    let arm = "          platforms: linux/amd64,linux/arm64\n";
    let of_tag = "          build-args: TAG=${{ vars.BASE }}\n";
    for (workflow, dockerfile, line) in [
        // Nothing says which of them is first.
        (workflow("edge", "", ""), from, "app/Dockerfile:1:"),
        // A tag of releases, in a build that the branch has, too.
        (workflow("${{ github.ref_name }}", NEEDS, ""), "FROM ghcr.io/acme/base:main\n", "app/Dockerfile:1:"),
        (
            workflow("${{ github.ref_name }}", NEEDS, ""),
            "FROM ghcr.io/acme/base:v1.2.3\n",
            "app/Dockerfile:1:",
        ),
        // A platform that the other one lacks.
        (workflow("edge", NEEDS, arm), from, "app/Dockerfile:1:"),
        // A tag of which nothing is known.
        (workflow("edge", NEEDS, of_tag), "ARG TAG\nFROM ghcr.io/acme/base:$TAG\n", "app/Dockerfile:2:"),
        // A frontend that makes something else of it.
        (
            workflow("edge", NEEDS, "          build-args: BASE=ghcr.io/acme/base:edge\n"),
            "# syntax=acme/other\nBASE\n",
            ".github/workflows/w.yml:",
        ),
    ] {
        let said = of(&workflow, dockerfile);
        said.tells(&[TOLD, line, "which `base` publishes"]);
        said.lacks(&["\n  contexts = "]);
        said.proposes(&["the same tags; another build, as the warnings say"]);
    }
    let said = init(&[
        (".github/workflows/a.yml", &two),
        (".github/workflows/b.yml", &other),
        ("base/Dockerfile", BASE),
        ("app/Dockerfile", from),
    ]);
    said.tells(&[TOLD, "app/Dockerfile:1:"]);
}

#[test]
fn what_no_run_publishes_is_read_as_today() {
    for dockerfile in [
        "FROM ghcr.io/acme/base:3\n",
        "FROM ghcr.io/acme/other:edge\n",
        "FROM acme/base:edge\n",
        "FROM ghcr.io/acme/app:x\n",
        "# FROM ghcr.io/acme/base:edge\nFROM alpine\n",
        "FROM alpine AS unused\nFROM alpine\n",
    ] {
        let said = of(&workflow("edge", NEEDS, ""), dockerfile);
        said.lacks(&["contexts"]);
        assert_eq!(said.stderr, "", "{dockerfile}");
    }
    // An argument that the image only keeps.
    let argument = "          build-args: RELATED=ghcr.io/acme/base:edge\n";
    let said = of(&workflow("edge", NEEDS, argument), "FROM alpine\nARG RELATED\nENV RELATED=$RELATED\n");
    said.lacks(&["contexts", TOLD]);
}

#[test]
fn targets_of_bake_files_are_linked_or_told() {
    let bake = "target \"base\" {\n  context = \"base\"\n  tags = [\"ghcr.io/acme/base:edge\"]\n}\ntarget \"app\" {\n  context = \"app\"\n  tags = [\"ghcr.io/acme/app:x\"]\n}\n";
    let step = |target: &str| format!("docker/bake-action@v6\n  with: {{ push: true, targets: {target} }}\n");
    let two = super::workflow(&format!("- uses: {}- uses: {}", step("base"), step("app")));
    let one = super::workflow(&format!("- uses: {}", step("'base,app'")));
    let of = |workflow: &str, bake: &str| {
        init(&[
            (".github/workflows/w.yml", workflow),
            ("docker-bake.hcl", bake),
            ("base/Dockerfile", BASE),
            ("app/Dockerfile", "FROM ghcr.io/acme/base:edge\n"),
        ])
    };
    of(&two, bake).proposes(&["\"ghcr.io/acme/base:edge\" = \"target:base\""]);
    of(&one, bake).tells(&[TOLD, "app/Dockerfile:1:"]);
    let linked = bake.replace(
        "context = \"app\"",
        "context = \"app\"\n  contexts = { \"ghcr.io/acme/base:edge\" = \"target:base\" }",
    );
    for workflow in [&one, &two] {
        let said = of(workflow, &linked);
        said.lacks(&[TOLD, "contexts"]);
    }
}
