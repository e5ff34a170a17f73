//! Builds that read what their own plan publishes, without a link: they would get the image of an earlier run.

use crate::support::Test;

/// What `bakeplan plan` tells of two images, `base` and `app`, in these repositories; lines are for the target `app`.
#[track_caller]
fn told(base: &str, dockerfile: &str, lines: &str, more: &[&str]) -> String {
    let target = |name: &str, lines: &str| {
        format!(
            "target \"{name}\" {{\n  context = \"{name}\"\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n{lines}\n}}\n"
        )
    };
    let hcl = format!(
        "group \"default\" {{ targets = [\"base\", \"app\"] }}\n{}{}\
         image \"base\" {{\n  repositories = [\"{base}\"]\n  mirrors = [\"quay.io/acme/base\"]\n  tags = [\"edge\", \"latest\"]\n}}\n\
         image \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}}\n",
        target("base", ""),
        target("app", lines)
    );
    let test = Test::new()
        .file("docker-bake.hcl", &hcl)
        .file("base/Dockerfile", "FROM alpine\n")
        .file("app/Dockerfile", dockerfile);
    let output = test.args(["plan"].into_iter().chain(more.iter().copied())).output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    told
}

const BASE: &str = "ghcr.io/acme/base";

#[test]
fn a_base_of_the_same_plan_without_a_link_is_warned_of() {
    for (base, dockerfile, lines, name, place) in [
        (BASE, "FROM ghcr.io/acme/base:edge\n", "", "ghcr.io/acme/base:edge", "app/Dockerfile:1"),
        (BASE, "FROM ghcr.io/acme/base\n", "", "ghcr.io/acme/base", "app/Dockerfile:1"),
        (
            BASE,
            "FROM alpine\nCOPY --from=ghcr.io/acme/base:edge /a /a\n",
            "",
            "ghcr.io/acme/base:edge",
            "app/Dockerfile:2",
        ),
        (
            BASE,
            "FROM alpine\nRUN --mount=from=ghcr.io/acme/base:edge,target=/x true\n",
            "",
            "ghcr.io/acme/base:edge",
            "app/Dockerfile:2",
        ),
        (
            BASE,
            "ARG TAG=edge\nFROM ghcr.io/acme/base:$TAG\n",
            "",
            "ghcr.io/acme/base:edge",
            "app/Dockerfile:2",
        ),
        (
            BASE,
            "ARG BASE=alpine\nFROM $BASE\n",
            "  args = { BASE = \"ghcr.io/acme/base:edge\" }",
            "ghcr.io/acme/base:edge",
            "app/Dockerfile:2",
        ),
        (
            BASE,
            "",
            "  dockerfile-inline = \"FROM ghcr.io/acme/base:edge\"",
            "ghcr.io/acme/base:edge",
            "docker-bake.hcl:10",
        ),
        (
            BASE,
            "FROM base\n",
            "  contexts = { base = \"docker-image://ghcr.io/acme/base:edge\" }",
            "ghcr.io/acme/base:edge",
            "docker-bake.hcl:10",
        ),
        ("acme/base", "FROM acme/base\n", "", "acme/base", "app/Dockerfile:1"),
        (BASE, "FROM quay.io/acme/base:edge\n", "", "quay.io/acme/base:edge", "app/Dockerfile:1"),
    ] {
        let told = told(base, dockerfile, lines, &[]);
        let expected = format!("target `app` reads `{name}`, which this plan publishes as image `base`");
        assert_eq!(told.matches("warning[unlinked-base]: ").count(), 1, "{dockerfile}{lines}: {told}");
        assert!(told.contains(&expected), "{dockerfile}{lines}: {told}");
        assert!(told.contains(&format!(" --> {place}")), "{dockerfile}{lines}: {told}");
        assert!(told.contains("= \"target:base\" }`"), "{told}");
    }
}

#[test]
fn a_link_or_another_image_is_not_warned_of() {
    let digest = format!("ghcr.io/acme/base:edge@sha256:{}", "0".repeat(64));
    for (dockerfile, lines, more) in [
        (
            "FROM ghcr.io/acme/base:edge\n",
            "  contexts = { \"ghcr.io/acme/base:edge\" = \"target:base\" }",
            &[][..],
        ),
        ("FROM base\n", "  contexts = { base = \"target:base\" }", &[]),
        // It says that the published one is meant.
        (
            "FROM ghcr.io/acme/base:edge\n",
            "  contexts = { \"ghcr.io/acme/base:edge\" = \"docker-image://ghcr.io/acme/base:edge\" }",
            &[],
        ),
        (&*format!("FROM {digest}\n"), "", &[]),
        ("FROM ghcr.io/acme/base:stable\n", "", &[]),
        ("FROM ghcr.io/acme/other:edge\n", "", &[]),
        ("FROM docker.io/acme/base:edge\n", "", &[]),
        // A stage, and what it was before.
        ("FROM alpine AS base\nFROM base\n", "", &[]),
        ("FROM ghcr.io/acme/app:edge\n", "", &[]),
        ("FROM scratch\n# ghcr.io/acme/base:edge\n", "", &[]),
        ("FROM ghcr.io/acme/base:edge AS unused\nFROM alpine\n", "", &[]),
        ("FROM ghcr.io/acme/base:edge\n", "", &["--publish=false"]),
        ("FROM ghcr.io/acme/base:edge\n", "", &["app"]),
    ] {
        let told = told(BASE, dockerfile, lines, more);
        assert!(!told.contains("unlinked-base"), "{dockerfile}{lines}{more:?}: {told}");
    }
}
