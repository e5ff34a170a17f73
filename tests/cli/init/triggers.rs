//! What starts today's workflows, and what their steps do beside: it is proposed, or its loss is told.

use super::{Written, init};

/// A workflow with this `on`, checkout and steps behind the build.
fn with(on: &str, steps: &str, after: &str) -> String {
    format!(
        "on:\n{on}jobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n{steps}      - id: meta\n        uses: docker/metadata-action@v5\n        \
         with:\n          images: ghcr.io/acme/app\n          tags: |\n            type=ref,event=branch\n            \
         type=semver,pattern={{{{version}}}}\n            type=sha\n      - uses: docker/build-push-action@v6\n        with:\n          \
         platforms: linux/amd64,linux/arm64\n          push: ${{{{ github.event_name != 'pull_request' }}}}\n          \
         tags: ${{{{ steps.meta.outputs.tags }}}}\n{after}"
    )
}

const WORKFLOW: &str = ".github/workflows/image.yml";

#[test]
fn schedules_and_branches_are_proposed() {
    let text = with(
        "  push:\n    branches: [main, 'release/**', develop]\n    tags: ['v*.*.*']\n  schedule:\n    - cron: '0 5 * * 1'\n  pull_request:\n",
        "",
        "",
    );
    let files = [(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")];
    let said = init(&files);
    said.proposes(&[
        "branches = [\"main\", \"release/**\", \"develop\"]",
        "schedule = [\"0 5 * * 1\"]",
        "a git tag such as `docs-2024` starts no workflow",
    ]);
    assert_eq!(
        said.rows(),
        [
            "push to main | app | ghcr.io/acme/app: main, sha-0123456 | the same",
            "push to release/1.2 | app | ghcr.io/acme/app: release-1.2, sha-0123456 | the same",
            "push to develop | app | ghcr.io/acme/app: develop, sha-0123456 | the same",
            "schedule | app | ghcr.io/acme/app: main, sha-0123456 | the same",
            "git tag v1.2.3 | app | ghcr.io/acme/app: 1.2.3, sha-0123456, latest | the same",
            "git tag docs-2024 | app | nothing | ghcr.io/acme/app: sha-0123456",
            "pull request 7 | app | nothing | nothing",
        ]
    );
    let written = Written::new(&files, &[]);
    let workflow = written.run(&["workflow", "github", "--install", "path"]);
    assert_eq!(workflow.code, 0, "{}", workflow.stderr);
    workflow.proposes(&["- cron: \"0 5 * * 1\"", "release/**"]);
    // What is said of other git tags works.
    let block = written.read("docker-bake.hcl");
    let pattern = "{ pattern = \"type=sha\", when = \"branch or tag is startingwith('v')\" }";
    said.proposes(&[pattern]);
    let changed = block.replace("\"type=sha\",", &format!("{pattern},"));
    assert_ne!(changed, block);
    std::fs::write(written.folder().join("docker-bake.hcl"), changed).unwrap();
    assert!(written.tags("refs/tags/v1.2.3").contains(&"ghcr.io/acme/app:sha-0123456".to_owned()));
    assert!(written.tags("refs/tags/docs-2024").is_empty());
}

#[test]
fn what_starts_nothing_is_not_proposed() {
    let text = with("  push:\n    branches: [main, master]\n    tags: ['**']\n  pull_request:\n", "", "");
    let said = init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]);
    said.lacks(&["branches =", "schedule", "docs-2024", "sign =", "warning", "workflow {"]);
    assert_eq!(said.rows().len(), 3);
    // A schedule that only tests.
    let text = with("  push:\n    branches: [main]\n  schedule:\n    - cron: '0 5 * * 1'\n", "", "")
        .replace("github.event_name != 'pull_request'", "github.event_name == 'push'");
    let said = init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]);
    said.lacks(&["schedule = "]);
    assert_eq!(said.rows()[1], "schedule | app | nothing | nothing");
}

#[test]
fn triggers_without_a_setting_are_told() {
    let text = with(
        "  push:\n    branches: [main, 'rel-*']\n  release:\n    types: [published]\n  schedule:\n    - cron: '@daily'\n",
        "",
        "",
    );
    let said = init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]);
    said.tells(&[
        "the branches `rel-*` are not in the proposal",
        "image.yml:3:",
        "a release starts this workflow today; with the proposal, the push of its git tag does",
        "image.yml:5:",
        "this schedule is not in the proposal",
        "image.yml:7:",
    ]);
    assert_eq!(
        said.rows(),
        [
            "push to main | app | ghcr.io/acme/app: main, sha-0123456 | the same",
            "push to rel-1.2 | app | ghcr.io/acme/app: rel-1.2, sha-0123456 | nothing",
            "schedule | app | ghcr.io/acme/app: main, sha-0123456 | nothing",
            "git tag v1.2.3 | app | ghcr.io/acme/app: 1.2.3, sha-0123456, latest | the same, on the push of its git tag",
            "pull request 7 | app | nothing | nothing",
        ]
    );
    // Any branch.
    let text = with("  push:\n  pull_request:\n", "", "");
    let said = init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]);
    said.tells(&["a push to any branch publishes today, and only one to `main` does with the proposal"]);
    assert_eq!(
        said.rows()[1],
        "push to another-branch | app | ghcr.io/acme/app: another-branch, sha-0123456 | nothing"
    );
}

#[test]
fn checkouts_and_signatures_are_proposed_or_told() {
    let checkout = "      - uses: actions/checkout@v4\n        with:\n          submodules: recursive\n          lfs: true\n          fetch-depth: 0\n";
    let after = "      - uses: actions/attest-build-provenance@v2\n        with:\n          subject-name: ghcr.io/acme/app\n          push-to-registry: true\n      \
                 - run: |\n          echo signing\n          cosign sign --yes ghcr.io/acme/app@${{ steps.push.outputs.digest }}\n  \
                 test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          path: elsewhere\n";
    let on = "  push:\n    branches: [main]\n  pull_request:\n";
    let text = with(on, checkout, after);
    let files = [(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")];
    let said = init(&files);
    said.proposes(&["sign = [\"attest\", \"cosign\"]"]);
    said.tells(&[
        "`submodules` of the checkout",
        "`lfs` of the checkout",
        "`push-to-registry`",
        "setup = \"./.github/actions/setup\"",
    ]);
    said.lacks(&["`path` of the checkout", "fetch-depth"]);
    // What is recommended exists.
    let written = Written::new(&files, &[]);
    let block = written.read("docker-bake.hcl");
    let changed = block.replace(
        "sign = [\"attest\", \"cosign\"]",
        "setup = \"./.github/actions/setup\"\n    sign = [\"./.github/actions/sign\"]",
    );
    assert_ne!(changed, block);
    std::fs::write(written.folder().join("docker-bake.hcl"), changed).unwrap();
    let workflow = written.run(&["workflow", "github", "--install", "path"]);
    assert_eq!(workflow.code, 0, "{}", workflow.stderr);
    workflow.proposes(&["uses: ./.github/actions/setup", "uses: ./.github/actions/sign"]);
    // With a key, or an attestation of something else.
    let after = "      - run: cosign sign --key env://KEY ghcr.io/acme/app:main\n      - uses: actions/attest-sbom@v2\n";
    let text = with(on, "      - uses: actions/checkout@v4\n", after);
    let said = init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]);
    said.tells(&["a signature with a key", "`actions/attest-sbom`"]);
    said.lacks(&["sign = [\"cosign\"]", "of the checkout"]);
}

#[test]
fn a_setting_in_a_tag_is_not_known() {
    let on = "  push:\n    branches: [main]\n    tags: ['**']\n";
    let text = with(on, "", "").replace("type=sha", "type=raw,value=${{ vars.CHANNEL }}");
    let said = init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]);
    said.proposes(&["variable \"CHANNEL\" {", "default = \"not-known\"", "CHANNEL = \"vars.CHANNEL\""]);
    said.lacks(&["\"owner\"", "is a guess"]);
    assert_eq!(
        said.rows()[0],
        "push to main | app | ghcr.io/acme/app: main; not known: the tag of .github/workflows/image.yml:16 | ghcr.io/acme/app: main, not-known"
    );
    // The account at a registry is a guess.
    let text = with(on, "", "").replace("ghcr.io/acme/app", "${{ vars.ACCOUNT }}/app");
    init(&[(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n")]).tells(&["`ACCOUNT` is a guess"]);
}

#[test]
fn caches_of_platforms_are_one_cache() {
    let text = "on: { push: { branches: [main] } }\njobs:\n  image:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        \
                platform: [linux/amd64, linux/arm64]\n    steps:\n      - run: |\n          platform=${{ matrix.platform }}\n          \
                echo \"PLATFORM_PAIR=${platform//\\//-}\" >> $GITHUB_ENV\n      - id: build\n        uses: docker/build-push-action@v6\n        with:\n          \
                platforms: ${{ matrix.platform }}\n          outputs: type=image,name=ghcr.io/acme/app,push-by-digest=true,push=true\n          \
                cache-from: type=registry,ref=ghcr.io/acme/app:cache-${{ env.PLATFORM_PAIR }}\n          \
                cache-to: type=registry,ref=ghcr.io/acme/app:cache-${{ env.PLATFORM_PAIR }},mode=max\n  \
                merge:\n    needs: image\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker buildx imagetools create -t ghcr.io/acme/app:edge $(printf 'ghcr.io/acme/app@sha256:%s ' *)\n";
    let files = [(".github/workflows/image.yml", text), ("Dockerfile", "FROM scratch\n")];
    let said = init(&files);
    said.proposes(&[
        "cache-from = [\"type=registry,ref=ghcr.io/acme/app:cache\"]",
        "cache-to = [\"type=registry,ref=ghcr.io/acme/app:cache,mode=max\"]",
    ]);
    assert_eq!(said.stderr, "");
    // Each platform has the name that it has today.
    let bake = Written::new(&files, &[]).run(&["bake"]);
    bake.proposes(&["ghcr.io/acme/app:cache-linux-amd64", "ghcr.io/acme/app:cache-linux-arm64"]);
}

/// What a filter keeps from starting today is said where the plan starts all the same.
#[test]
fn filters_that_no_plan_has_are_warned_of() {
    let of = |filters: &str| {
        let text = format!(
            "on:\n  push:\n    {filters}\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: \"ghcr.io/acme/app:x\" }}\n"
        );
        init(&[(".github/workflows/image.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")])
    };
    for (filters, told) in [
        ("{ branches: [main], paths: [api/**] }", "`paths` decides today which pushes start this workflow"),
        ("{ branches: [main], paths-ignore: ['*.md'] }", "`paths-ignore` decides today"),
        ("{ tags: ['v*', '!v[0-9]*-rc*'] }", "git tags like `v[0-9]*-rc*` start nothing today"),
        ("{ tags: ['**', '!a?', '!b*'] }", "git tags like `a?`, `b*` start nothing today"),
        ("{ tags-ignore: ['v?.*'] }", "git tags like `v?.*` start nothing today"),
    ] {
        of(filters).tells(&[told, " --> .github/workflows/image.yml:3"]);
    }
    for (filters, when) in [
        ("{ branches: [main] }", "tags = ["),
        ("{ tags: ['v*'] }", "tags = ["),
        ("{ tags: ['v*', '!v*-*'] }", "when = \"tag is startingwith('v') and '-' not in tag\""),
        ("{ tags-ignore: ['*-rc*'] }", "when = \"tag and '-rc' not in tag\""),
        ("{ tags-ignore: ['*-rc*', 'old'] }", "when = \"tag and '-rc' not in tag and tag != 'old'\""),
    ] {
        let said = of(filters);
        said.lacks(&["start nothing today,", "decides today"]);
        assert!(said.stdout.replace("\\\"", "'").contains(when), "{filters}: {}", said.stdout);
    }
}
