//! Other names of an image and parts of an index: `imagetools create` and `docker manifest create`.

use super::{init, workflow};

const PUSH: &str = "\
- uses: docker/build-push-action@v6
  with:
    push: true
    platforms: linux/amd64,linux/arm64
    tags: ghcr.io/acme/app:TAG
";

const LONG: &str = "0123456789abcdef0123456789abcdef01234567";

/// A step that pushes this tag, and a script.
fn steps(tag: &str, script: &str, keys: &str) -> String {
    workflow(&format!("{}- run: {script}\n{keys}", PUSH.replace("TAG", tag)))
}

#[test]
fn an_image_with_another_name_keeps_its_own() {
    let sha = "${{ github.sha }}";
    for script in [
        format!("docker buildx imagetools create -t ghcr.io/acme/app:latest ghcr.io/acme/app:{sha}"),
        "docker buildx imagetools create -t ghcr.io/acme/app:latest \"ghcr.io/acme/app:$GITHUB_SHA\""
            .to_owned(),
        format!("docker manifest create ghcr.io/acme/app:latest ghcr.io/acme/app:{sha}"),
        format!("docker buildx imagetools create --tag=ghcr.io/acme/app:latest ghcr.io/acme/app:{sha} > log"),
    ] {
        let text = steps(sha, &script, "  if: github.ref == 'refs/heads/main'\n");
        let said = init(&[(".github/workflows/w.yml", &text)]);
        said.proposes(&["\"{{ commit }}\",", "pattern = \"latest\""]);
        assert_eq!(
            said.rows()[..2],
            [
                format!("push to main | app | ghcr.io/acme/app: {LONG}, latest | the same"),
                format!("git tag v1.2.3 | app | ghcr.io/acme/app: {LONG} | the same"),
            ],
            "{script}"
        );
    }
}

#[test]
fn a_copy_elsewhere_is_another_image() {
    let text = steps(
        "edge",
        "docker buildx imagetools create -t docker.io/acme/app:mirror ghcr.io/acme/app:edge",
        "",
    );
    let said = init(&[(".github/workflows/w.yml", &text)]);
    said.proposes(&["repositories = [\"ghcr.io/acme/app\"]", "repositories = [\"docker.io/acme/app\"]"]);
    let rows = said.rows().join("\n");
    assert!(rows.contains("ghcr.io/acme/app: edge | the same"), "{rows}");
    assert!(rows.contains("docker.io/acme/app: mirror | the same"), "{rows}");
}

#[test]
fn another_name_for_something_else_is_not_proposed() {
    let promotion = "\
on:
  push:
    branches: [main]
  workflow_dispatch:
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        if: github.event_name == 'push'
        with:
          push: true
          tags: ghcr.io/acme/app:staging
      - run: docker buildx imagetools create -t ghcr.io/acme/app:prod ghcr.io/acme/app:staging
        if: github.event_name == 'workflow_dispatch'
";
    let elsewhere =
        steps("full", "docker buildx imagetools create -t ghcr.io/acme/app:arm ghcr.io/acme/app:x-arm64", "");
    for (text, kept, told) in [
        (promotion, "staging", "it gives tags to what another run has published"),
        (&elsewhere, "full", "it is made of `ghcr.io/acme/app:x-arm64`, which nothing builds that was read"),
    ] {
        let said = init(&[(".github/workflows/w.yml", text)]);
        said.tells(&["`ghcr.io/acme/app` is not in the proposal: ", told]);
        assert!(said.rows()[0].contains(&format!("ghcr.io/acme/app: {kept}")), "{:?}", said.rows());
        assert!(!said.stdout.contains("\"prod\"") && !said.stdout.contains("\"arm\""), "{}", said.stdout);
    }
    let dry = steps(
        "full",
        "docker buildx imagetools create --dry-run -t ghcr.io/acme/app:dry ghcr.io/acme/app:full",
        "",
    );
    let said = init(&[(".github/workflows/w.yml", &dry)]);
    said.lacks(&["\"dry\"", "init-unread"]);
    assert_eq!(said.rows()[0], "push to main | app | ghcr.io/acme/app: full | the same");
}

#[test]
fn tags_of_single_platforms_end_with_a_warning() {
    let build =
        |arch: &str| format!("docker build --push --platform linux/{arch} -t ghcr.io/acme/app:1-{arch} .\n");
    for join in [
        "docker buildx imagetools create -t ghcr.io/acme/app:1 ghcr.io/acme/app:1-amd64 ghcr.io/acme/app:1-arm64\n",
        "docker manifest create ghcr.io/acme/app:1 ghcr.io/acme/app:1-amd64 ghcr.io/acme/app:1-arm64\n",
        "docker manifest create ghcr.io/acme/app:1 --amend ghcr.io/acme/app:1-amd64 --amend ghcr.io/acme/app:1-arm64\n",
    ] {
        let said = init(&[("push.sh", &format!("{}{}{join}", build("amd64"), build("arm64")))]);
        said.proposes(&["platforms = [\"linux/amd64\", \"linux/arm64\"]", "    \"1\",\n"]);
        said.tells(&["`1-amd64` is a tag of a single platform", "`1-arm64` is a tag of a single platform"]);
    }
    // What is added to an index is one more part of it.
    let script = "\
docker build --push --platform linux/amd64 -t ghcr.io/acme/app:1 .
docker build --push --platform linux/arm64 -t ghcr.io/acme/app:1-arm64 .
docker buildx imagetools create --append -t ghcr.io/acme/app:1 ghcr.io/acme/app:1-arm64
";
    let said = init(&[("push.sh", script)]);
    said.proposes(&["platforms = [\"linux/amd64\", \"linux/arm64\"]", "    \"1\",\n"]);
    said.tells(&["`1-arm64` is a tag of a single platform"]);
    said.lacks(&["`1` is a tag of a single platform"]);
}

/// What the index had before, or what comes from elsewhere, has platforms that no build here has.
#[test]
fn a_part_that_nothing_builds_is_named() {
    let part =
        "is a part of the index here, and nothing builds it that was read: its platforms are not known";
    for (script, source) in [
        (
            "docker buildx imagetools create --append --tag ghcr.io/acme/app:edge acme/win:ltsc2022",
            "`acme/win:ltsc2022`",
        ),
        (
            "docker buildx imagetools create -t ghcr.io/acme/app:edge ghcr.io/acme/app:edge acme/win:1",
            "`acme/win:1`",
        ),
        (
            "docker manifest create --amend ghcr.io/acme/app:edge ghcr.io/acme/app:edge acme/win:1",
            "`acme/win:1`",
        ),
        (
            "docker manifest create ghcr.io/acme/app:edge --amend acme/win:1 --amend ghcr.io/acme/app:edge",
            "`acme/win:1`",
        ),
        (
            "docker buildx imagetools create -t ghcr.io/acme/app:edge ghcr.io/acme/app:edge ghcr.io/acme/app:windows",
            "`ghcr.io/acme/app:windows`",
        ),
        (
            "docker buildx imagetools create -t ghcr.io/acme/app:edge ghcr.io/acme/app:edge acme/win@sha256:00",
            "`acme/win@sha256:00`",
        ),
        // What an earlier run has put there.
        (
            "docker buildx imagetools create --append -t ghcr.io/acme/app:all ghcr.io/acme/app:edge",
            "`ghcr.io/acme/app:all`",
        ),
    ] {
        let said = init(&[(".github/workflows/w.yml", &steps("edge", script, ""))]);
        said.tells(&[part, source, "w.yml:15:"]);
        assert!(said.rows()[0].ends_with("the same tags; another build, as the warnings say"), "{script}");
        said.lacks(&["| the same\n"]);
    }
    let action = steps(
        "edge",
        "true\n- uses: int128/docker-manifest-create-action@v2\n  with:\n    tags: ghcr.io/acme/app:edge\n    sources: |\n      ghcr.io/acme/app:edge\n      acme/win:1",
        "",
    );
    init(&[(".github/workflows/w.yml", &action)]).tells(&[part, "`acme/win:1`"]);
    // None of its parts is built here.
    let script = "docker manifest create ghcr.io/acme/app:multi acme/a:1 acme/b:1";
    let said = init(&[(".github/workflows/w.yml", &steps("edge", script, ""))]);
    said.tells(&["it is made of `acme/a:1`, `acme/b:1`, which nothing builds that was read", "w.yml:15:"]);
    assert!(said.rows()[1].contains("not known: what .github/workflows/w.yml:15 publishes"));
}

#[test]
fn parts_that_are_built_here_are_no_news() {
    let push = |platform: &str, tag: &str| {
        format!("- run: docker build --push --platform {platform} -t ghcr.io/acme/app:{tag} .\n")
    };
    let both = push("linux/amd64", "1-amd64") + &push("linux/arm64", "1-arm64");
    let digests = "- uses: docker/build-push-action@v6\n  with:\n    platforms: ${{ matrix.p }}\n    outputs: type=image,name=ghcr.io/acme/app,push-by-digest=true,name-canonical=true,push=true\n";
    for steps in [
        both.clone()
            + "- run: docker manifest create ghcr.io/acme/app:1 ghcr.io/acme/app:1-amd64 --amend ghcr.io/acme/app:1-arm64\n",
        both.clone()
            + "- run: docker buildx imagetools create -t ghcr.io/acme/app:1 ghcr.io/acme/app:1-amd64 ghcr.io/acme/app:1-arm64\n",
        both + "- run: |\n    R=ghcr.io/acme/app\n    docker buildx imagetools create -t $R:1 ${R}:1-amd64 ${R}:1-arm64\n",
        digests.to_owned()
            + "- run: docker buildx imagetools create -t ghcr.io/acme/app:1 $(printf 'ghcr.io/acme/app@sha256:%s ' *)\n",
    ] {
        let said = init(&[(".github/workflows/w.yml", &workflow(&steps))]);
        said.lacks(&["is a part of the index here", "which nothing builds"]);
        assert!(said.rows()[0].contains("ghcr.io/acme/app: 1 | the same"), "{steps}: {:?}", said.rows());
    }
}
