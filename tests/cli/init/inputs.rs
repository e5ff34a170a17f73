//! Inputs of actions, as they are in each major version of these: read, beside the matter, or named in a warning.

use super::{Said, init, workflow};

fn of(steps: &str) -> Said {
    init(&[(".github/workflows/w.yml", &workflow(steps)), ("Dockerfile", "FROM scratch\n")])
}

/// A step of an action that builds and pushes, with one more input.
fn build(uses: &str, input: &str) -> Said {
    of(&format!("- uses: {uses}\n  with:\n    push: true\n    tags: ghcr.io/acme/n:x\n    {input}\n"))
}

#[test]
fn inputs_of_a_build_are_those_of_its_action() {
    for input in ["github-token: x", "builder: y", "load: true", "allow: network.host", "call: build"] {
        build("docker/build-push-action@v6", input).lacks(&["this is not in the proposal"]);
    }
    for input in
        ["cgroup-parent: z", "sbom-dir: out", "metadata-file: m.json", "path: web", "tag_with_ref: true"]
    {
        build("docker/build-push-action@v6", input).tells(&["this is not in the proposal: `", "w.yml:14:"]);
    }
    // Depot's action has the same and its own, from its first version on.
    for input in ["project: p", "token: t", "save: true", "sbom-dir: out", "lint: true"] {
        for uses in ["depot/build-push-action@v1", "depot/build-push-action@v1.16.0"] {
            let said = build(uses, input);
            said.lacks(&["this is not in the proposal"]);
            assert_eq!(said.rows()[0], "push to main | n | ghcr.io/acme/n: x | the same");
        }
        build("docker/build-push-action@v6", input).tells(&["this is not in the proposal"]);
    }
}

#[test]
fn the_first_version_of_the_build_is_not_read_as_a_later_one() {
    let later = "- uses: docker/build-push-action@v6\n  with: { push: true, tags: 'ghcr.io/acme/web:y' }\n";
    for uses in ["v1", "v1.1.2", "0123456789abcdef0123456789abcdef01234567", "master"] {
        let first = format!(
            "- uses: docker/build-push-action@{uses}\n  with: {{ repository: acme/n, registry: ghcr.io, tag_with_ref: true }}\n"
        );
        let said = of(&(later.to_owned() + &first));
        said.tells(&["w.yml:12:", "is not in the proposal"]);
        said.lacks(&["acme/n\""]);
    }
}

const BAKE: &str = "target \"default\" {\n  tags = [\"ghcr.io/acme/n:x\"]\n}\n";

#[test]
fn the_folder_of_bake_is_where_its_version_looks_for_it() {
    let said_of = |version: &str, with: &str| {
        let text =
            workflow(&format!("- uses: docker/bake-action@{version}\n  with: {{ push: true, {with} }}\n"));
        init(&[
            (".github/workflows/w.yml", &text),
            ("docker-bake.hcl", BAKE),
            ("api/docker-bake.hcl", &BAKE.replace("acme/n", "acme/api")),
            ("Dockerfile", "FROM scratch\n"),
            ("api/Dockerfile", "FROM scratch\n"),
        ])
    };
    for (version, with, image) in [
        ("v6", "workdir: api", "ghcr.io/acme/api: x"),
        ("v5.13.0", "workdir: api", "ghcr.io/acme/api: x"),
        ("v7", "source: api", "ghcr.io/acme/api: x"),
        ("v7", "workdir: api", "ghcr.io/acme/n: x"),
    ] {
        let said = said_of(version, with);
        assert!(said.rows()[0].contains(image), "{version} {with}: {:?}", said.rows());
        let is_ignored = version == "v7" && with.starts_with("workdir");
        assert_eq!(
            said.stderr.contains("this is not in the proposal: `workdir: api`"),
            is_ignored,
            "{}",
            said.stderr
        );
    }
    said_of("v6", "metadata-file: m.json").tells(&["this is not in the proposal: `metadata-file: m.json`"]);
    said_of("v7", "vars: 'A=b'").lacks(&["this is not in the proposal"]);
}

#[test]
fn inputs_of_the_metadata_action_are_read_or_named() {
    let with = |input: &str| {
        of(&format!(
            "- id: meta\n  uses: docker/metadata-action@v5\n  with:\n    images: ghcr.io/acme/n\n    {input}\n- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ${{{{ steps.meta.outputs.tags }}}}\n    labels: ${{{{ steps.meta.outputs.labels }}}}\n    annotations: ${{{{ steps.meta.outputs.annotations }}}}\n"
        ))
    };
    with("annotations: a.b=c").proposes(&["annotations = [\"a.b=c\"]"]);
    with("labels: a.b=c").proposes(&["\"a.b\" = \"c\""]);
    with("context: git").tells(&["this is not in the proposal: `context: git`", "w.yml:14:"]);
    for input in ["context: workflow", "sep-tags: ','", "github-token: x", "bake-target: other"] {
        with(input).lacks(&["this is not in the proposal"]);
    }
    // The first major version had an input for each kind of tag.
    for input in ["tag-semver: '{{version}}'", "tag-custom: x", "tag-match: 'v(.*)'"] {
        let text = format!(
            "- id: meta\n  uses: docker/metadata-action@v1\n  with:\n    images: ghcr.io/acme/n\n    {input}\n- uses: docker/build-push-action@v6\n  with: {{ push: true, tags: \"${{{{ steps.meta.outputs.tags }}}},ghcr.io/acme/web:y\" }}\n"
        );
        let said = of(&text);
        said.tells(&["this tag is not in the proposal", "w.yml:14:"]);
        said.lacks(&["type=ref,event=branch"]);
    }
}
