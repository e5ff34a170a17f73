//! Runs that make releases: what they publish of these is of the release's git tag.

use super::{Said, Written, init, said, test};

const WORKFLOW: &str = ".github/workflows/w.yml";

/// A workflow whose first job makes a release with this action, and whose second one publishes.
fn of(uses: &str, with: &str, outputs: &str, condition: &str, tags: &str) -> String {
    format!(
        "on: {{ push: {{ branches: [main] }} }}\njobs:\n  release:\n    runs-on: ubuntu-latest\n    outputs:\n{outputs}    steps:\n      - id: make\n        uses: {uses}\n{with}  image:\n    needs: release\n    if: {condition}\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          tags: |\n            {}\n",
        tags.replace(';', "\n            ")
    )
}

fn files(text: &str) -> [(&str, &str); 2] {
    [(WORKFLOW, text), ("Dockerfile", "FROM scratch\n")]
}

const OUTPUTS: &str = "      made: ${{ steps.make.outputs.release_created }}\n      tag: ${{ steps.make.outputs.tag_name }}\n      version: ${{ steps.make.outputs.version }}\n      major: ${{ steps.make.outputs.major }}\n      minor: ${{ steps.make.outputs.minor }}\n";
const TYPE: &str = "        with: { release-type: simple }\n";
const PLEASE: &str = "googleapis/release-please-action@v4";

#[test]
fn a_release_that_the_run_makes_is_a_git_tag() {
    let semantic = "      made: ${{ steps.make.outputs.new_release_published }}\n      tag: ${{ steps.make.outputs.new_release_git_tag }}\n      version: ${{ steps.make.outputs.new_release_version }}\n      major: ${{ steps.make.outputs.new_release_major_version }}\n      minor: ${{ steps.make.outputs.new_release_minor_version }}\n";
    let python = "      made: ${{ steps.make.outputs.released }}\n      tag: ${{ steps.make.outputs.tag }}\n      version: ${{ steps.make.outputs.version }}\n";
    let made = "needs.release.outputs.made == 'true'";
    for (uses, with, outputs, condition) in [
        (PLEASE, TYPE, OUTPUTS, "needs.release.outputs.made"),
        (PLEASE, TYPE, OUTPUTS, made),
        (
            "google-github-actions/release-please-action@v3",
            TYPE,
            OUTPUTS,
            "${{ needs.release.outputs.made }}",
        ),
        ("cycjimmy/semantic-release-action@v4", "", semantic, made),
        ("python-semantic-release/python-semantic-release@v9", "", python, made),
        (PLEASE, TYPE, OUTPUTS, "github.ref == 'refs/heads/main' && needs.release.outputs.made == 'true'"),
    ] {
        let tags = "ghcr.io/acme/n:${{ needs.release.outputs.tag }};ghcr.io/acme/n:${{ needs.release.outputs.version }};ghcr.io/acme/n:latest";
        let text = of(uses, with, outputs, condition, tags);
        let said = init(&files(&text));
        said.proposes(&["version = { pattern = \"{{ tag }}\", when = \"tag\" }", "publish_on = [\"tag\"]"]);
        said.tells(&["the run that makes a release publishes this today", "GITHUB_TOKEN"]);
        assert_eq!(said.rows()[0], "push to main | n | nothing | nothing", "{uses} {condition}");
        assert_eq!(
            said.rows()[1],
            "git tag v1.2.3 | n | ghcr.io/acme/n: v1.2.3, 1.2.3, latest | the same, on the push of its git tag",
            "{uses} {condition}"
        );
        Written::new(&files(&text), &[]).proposes_nothing_more();
    }
    // Numbers of it.
    let tags = "ghcr.io/acme/n:${{ needs.release.outputs.major }};ghcr.io/acme/n:${{ needs.release.outputs.major }}.${{ needs.release.outputs.minor }}";
    let text = of(PLEASE, TYPE, OUTPUTS, made, tags);
    let said = init(&files(&text));
    said.proposes(&["\"{{ major }}\",", "\"{{ major }}.{{ minor }}\","]);
    assert!(said.rows()[1].contains("ghcr.io/acme/n: 1, 1.2 | the same"), "{:?}", said.rows());
}

#[test]
fn pushes_that_make_no_release_publish_what_they_do_today() {
    // The same job publishes each push, and the version where there is a release.
    let meta = "on: { push: { branches: [main] } }\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - id: make\n        uses: googleapis/release-please-action@v4\n        with: { release-type: simple }\n      - id: meta\n        uses: docker/metadata-action@v5\n        with:\n          images: ghcr.io/acme/n\n          tags: |\n            type=raw,value=edge\n            type=semver,pattern={{version}},value=${{ steps.make.outputs.tag_name }}\n            type=raw,value=stable,enable=${{ steps.make.outputs.release_created == 'true' }}\n      - uses: docker/build-push-action@v6\n        with: { push: true, tags: '${{ steps.meta.outputs.tags }}' }\n";
    let said = init(&files(meta));
    assert_eq!(said.rows()[0], "push to main | n | ghcr.io/acme/n: edge | the same");
    assert!(
        said.rows()[1].starts_with("git tag v1.2.3 | n | ghcr.io/acme/n: 1.2.3, stable, latest"),
        "{:?}",
        said.rows()
    );
    said.proposes(&["\"type=semver,pattern={{version}}\""]);
    // What looks at the ref finds the branch, and never a git tag.
    let text = of(
        PLEASE,
        TYPE,
        OUTPUTS,
        "needs.release.outputs.made",
        "ghcr.io/acme/n:${{ github.ref_name }};ghcr.io/acme/n:x",
    );
    let said = init(&files(&text));
    assert!(said.rows()[1].contains("ghcr.io/acme/n: main, x | the same"), "{:?}", said.rows());
    // Without a condition, each push publishes.
    let said = init(&files(&of(PLEASE, TYPE, OUTPUTS, "success()", "ghcr.io/acme/n:x")));
    assert_eq!(said.rows()[0], "push to main | n | ghcr.io/acme/n: x | the same");
}

#[test]
fn what_is_not_certain_of_a_release_is_named() {
    let tags = "ghcr.io/acme/n:x;ghcr.io/acme/n:${{ needs.release.outputs.version }}";
    for (uses, with, outputs) in [
        // A file may name components, and a format anything.
        (PLEASE, "", OUTPUTS),
        (PLEASE, "        with: { release-type: node, include-component-in-tag: true }\n", OUTPUTS),
        (
            "cycjimmy/semantic-release-action@v4",
            "        with: { tag_format: 'api-${version}' }\n",
            "      made: ${{ steps.make.outputs.new_release_published }}\n      version: ${{ steps.make.outputs.new_release_version }}\n",
        ),
        (
            "changesets/action@v1",
            "",
            "      made: ${{ steps.make.outputs.published }}\n      version: ${{ fromJSON(steps.make.outputs.publishedPackages)[0].version }}\n",
        ),
    ] {
        let said = init(&files(&of(uses, with, outputs, "needs.release.outputs.made == 'true'", tags)));
        said.proposes(&["\"x\","]);
        said.tells(&["this tag is not in the proposal"]);
        said.lacks(&["{{ version }}"]);
    }
    let only = "ghcr.io/acme/n:${{ needs.release.outputs.version }}";
    let text = of(PLEASE, "", OUTPUTS, "needs.release.outputs.made == 'true'", only);
    let none: Said = said(&test(&files(&text)).args(["init"]));
    assert_eq!(none.code, 1);
    none.tells(&["whose git tags may have more than the version", "none of its tags is known"]);
}

#[test]
fn what_goreleaser_and_the_metadata_action_say_in_json_is_known() {
    let text = "on: { push: { tags: ['v*'] } }\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - id: make\n        uses: goreleaser/goreleaser-action@v6\n        with: { args: release }\n      - id: meta\n        uses: docker/metadata-action@v5\n        with: { images: ghcr.io/acme/n }\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          tags: ghcr.io/acme/n:${{ fromJSON(steps.make.outputs.metadata).version }}\n          build-args: |\n            REVISION=${{ fromJSON(steps.meta.outputs.json).labels['org.opencontainers.image.revision'] }}\n            CREATED=${{ fromJSON(steps.meta.outputs.json).labels['org.opencontainers.image.created'] }}\n";
    let said = init(&files(text));
    assert!(said.rows()[1].contains("ghcr.io/acme/n: 1.2.3"), "{:?}", said.rows());
    said.proposes(&["REVISION = GITHUB_SHA"]);
    said.tells(&["the value of the argument `CREATED` is not known"]);
}

#[test]
fn what_the_file_of_release_please_says_is_read() {
    let condition = |path: &str| format!("needs.release.outputs.{path}");
    let outputs = |prefix: &str| {
        let of = |name: &str, output: &str| {
            format!("      {name}: ${{{{ steps.make.outputs['{prefix}{output}'] }}}}\n")
        };
        of("made", "release_created") + &of("tag", "tag_name") + &of("version", "version")
    };
    let tags =
        "ghcr.io/acme/n:${{ needs.release.outputs.tag }};ghcr.io/acme/n:${{ needs.release.outputs.version }}";
    let said = |path: &str, with: &str, prefix: &str, config: &str| {
        let text = of(PLEASE, with, &outputs(prefix), &condition("made"), tags);
        let files = [(WORKFLOW, text.as_str()), ("Dockerfile", "FROM scratch\n"), (path, config)];
        said(&test(&files).args(["init"]))
    };
    let config = "release-please-config.json";
    for (path, with, prefix, text) in [
        (
            config,
            "",
            "",
            "{ \"include-component-in-tag\": false, \"packages\": { \".\": { \"release-type\": \"go\", \"package-name\": \"n\" } } }",
        ),
        (config, "", "", "{ \"packages\": { \".\": { \"include-component-in-tag\": false } } }"),
        (
            config,
            "",
            "apps/n--",
            "{ \"include-component-in-tag\": true, \"packages\": { \"apps/n\": { \"include-component-in-tag\": false } } }",
        ),
        (
            ".github/release-please.json",
            "        with: { config-file: .github/release-please.json }\n",
            "",
            "{ \"include-component-in-tag\": false, \"packages\": { \".\": {} } }",
        ),
    ] {
        let said = said(path, with, prefix, text);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(
            said.rows()[1].contains("ghcr.io/acme/n: v1.2.3, 1.2.3 | the same"),
            "{text}: {:?}",
            said.rows()
        );
    }
    // The component may be in the git tag, and the git tag of one package is none of another one.
    for (text, prefix, why) in [
        ("{ \"packages\": { \".\": {} } }", "", "whose git tags may have more than the version"),
        (
            "{ \"include-component-in-tag\": true, \"packages\": { \".\": {} } }",
            "",
            "whose git tags may have more than the version",
        ),
        (
            "{ \"include-component-in-tag\": false, \"packages\": { \"a\": {}, \"b\": {} } }",
            "a--",
            "`needs.release.outputs.made`",
        ),
        (
            "{ \"include-component-in-tag\": false, \"packages\": { \".\": {}, \"b\": {} } }",
            "",
            "`needs.release.outputs.made`",
        ),
    ] {
        let said = said(config, "", prefix, text);
        said.tells(&[why]);
        said.lacks(&["{{ version }}"]);
    }
}
