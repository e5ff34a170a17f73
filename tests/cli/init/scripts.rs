//! Scripts and Makefiles.

use super::{Written, init};

#[test]
fn a_script_with_manifests_is_an_image() {
    let script = "\
#!/bin/sh
IMAGE=acme/app
for arch in amd64 arm64; do :; done
docker build --platform linux/amd64 -t $IMAGE:1-amd64 . && docker push $IMAGE:1-amd64
docker build --platform linux/arm64 -t $IMAGE:1-arm64 . && docker push $IMAGE:1-arm64
docker manifest create $IMAGE:1 $IMAGE:1-amd64 $IMAGE:1-arm64
docker manifest push $IMAGE:1
";
    let files = [("hack/release.sh", script), ("Dockerfile", "FROM scratch\n")];
    let said = init(&files);
    said.proposes(&[
        "platforms = [\"linux/amd64\", \"linux/arm64\"]",
        "repositories = [\"acme/app\"]",
        "# from hack/release.sh:6",
    ]);
    assert_eq!(
        said.rows()[0],
        "push to main | app | not known: whether hack/release.sh:6 publishes | docker.io/acme/app: 1"
    );
    Written::new(&files, &[]).proposes_nothing_more();
}

/// What looks like a here-document and is none hides nothing, and what a shell gets in one is read like the rest.
#[test]
fn builds_around_and_in_here_documents_are_found() {
    let build = "docker buildx build --push \\\n  -t ghcr.io/acme/api:1.0 .\n";
    for script in [
        format!("echo $((1 << n))\n{build}"),
        format!("# see \"cat << EOF\"\n{build}"),
        format!("echo \"a << b\"\n{build}"),
        format!("cat <<EOF\nit's\nEOF\n{build}"),
        format!("bash <<'X'\n{build}X\n"),
        format!("cat << EOF > \"$(mktemp)\"\nother\nEOF\n{build}"),
        "echo \"don't\" \"$(docker buildx build -q --push -t ghcr.io/acme/api:1.0 .)\"\n".to_owned(),
        "echo \"don't\" `docker buildx build -q --push -t ghcr.io/acme/api:1.0 .`\n".to_owned(),
        format!("echo 'no end\n{build}"),
        format!("echo \"a (b\"; {build}"),
        format!("echo \"$(echo \"x; y\")\" && {build}"),
        "bash --norc -c 'docker buildx build --push -t ghcr.io/acme/api:1.0 .'\n".to_owned(),
        format!("command {build}"),
        format!("command -v docker && {build}"),
    ] {
        let said = init(&[("build.sh", &script), ("Dockerfile", "FROM scratch\n")]);
        said.proposes(&["repositories = [\"ghcr.io/acme/api\"]", "\"1.0\","]);
    }
}

#[test]
fn a_makefile_is_read_with_its_variables() {
    let makefile = "\
REGISTRY ?= ghcr.io/acme
NAME := tool

push:
\tdocker buildx build --push --platform linux/amd64,linux/arm64 \\
\t\t--build-arg MODE=prod -t $(REGISTRY)/$(NAME):edge -t $(REGISTRY)/$(NAME):$(VERSION) .
";
    let said = init(&[("Makefile", makefile)]);
    said.proposes(&[
        "repositories = [\"ghcr.io/acme/tool\"]",
        "\"edge\",",
        "MODE = \"prod\"",
        "# not translated: `$(VERSION)` is not known here",
    ]);
    said.tells(&["this tag is not in the proposal: `$(VERSION)` is not known here"]);
}

#[test]
fn an_index_from_imagetools_is_an_image() {
    let script = "\
docker buildx build --push --platform linux/amd64 -t ghcr.io/acme/app:edge-amd64 .
docker buildx build --push --platform linux/arm64 -t ghcr.io/acme/app:edge-arm64 .
docker buildx imagetools create -t ghcr.io/acme/app:edge ghcr.io/acme/app:edge-amd64 ghcr.io/acme/app:edge-arm64
";
    let files = [("ci/publish.sh", script)];
    let written = Written::new(&files, &[]);
    assert_eq!(written.tags("refs/heads/main"), ["ghcr.io/acme/app:edge"]);
    assert!(written.read("docker-bake.hcl").contains("[\"linux/amd64\", \"linux/arm64\"]"));
}

/// What other tools publish is said to be there, and to be unread.
#[test]
fn other_tools_are_named() {
    let releaser = "project_name: app\ndockers:\n  - image_templates: [\"ghcr.io/acme/app:{{ .Tag }}\"]\n";
    let manifests = "docker_manifests:\n  - name_template: acme/app\n";
    let package =
        "{\n  \"scripts\": {\n    \"ship\": \"docker build -t acme/web . && docker push acme/web\"\n  }\n}\n";
    for (path, text, told) in [
        (".goreleaser.yml", releaser, "GoReleaser publishes images, and `init` does not read how"),
        ("goreleaser.yaml", manifests, ":1:1"),
        ("web/package.json", package, "a script of this package publishes images"),
        ("package.json", "{\"scripts\": {\"push\": \"docker buildx build --push .\"}}", "[init-unread]"),
    ] {
        super::said(&super::test(&[(path, text)]).args(["init"])).tells(&[told]);
    }
    for (path, text) in [
        (".goreleaser.yml", "builds:\n  - main: ./cmd\n"),
        ("package.json", "{\"scripts\": {\"up\": \"docker compose up\", \"push\": \"git push\"}}"),
    ] {
        let said = super::said(&super::test(&[(path, text)]).args(["init"]));
        assert!(!said.stderr.contains("init-unread"), "{}", said.stderr);
    }
}
