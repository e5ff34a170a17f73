//! What starts nothing today, and what starts no plan: neither gets a tag that it has not.

use super::{Said, Written, init};

const FROM: &str = "FROM scratch\n";

/// A workflow with this `on`, whose step with docker/metadata-action has these rules.
fn rules(on: &str, rules: &[&str]) -> String {
    let rules: String = rules.iter().map(|rule| format!("            {rule}\n")).collect();
    format!(
        "on:\n{on}jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - id: meta\n        uses: docker/metadata-action@v5\n        with:\n          images: ghcr.io/acme/n\n          tags: |\n{rules}      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: '${{{{ steps.meta.outputs.tags }}}}' }}\n"
    )
}

fn of(text: &str) -> Said {
    init(&[(".github/workflows/w.yml", text), ("Dockerfile", FROM)])
}

fn written(text: &str) -> Written {
    Written::new(&[(".github/workflows/w.yml", text), ("Dockerfile", FROM)], &[])
}

#[test]
fn git_tags_that_filters_exclude_publish_nothing() {
    let all = ["type=ref,event=tag", "type=raw,value=stable"];
    for (filter, condition, starts, excluded) in [
        (
            "['v*', '!v*-*']",
            "tag is startingwith(\\\"v\\\") and \\\"-\\\" not in tag",
            "v2.0.0",
            "v2.0.0-rc.1",
        ),
        ("['v*', '!v*-rc*']", "\\\"-rc\\\" not in tag", "v2.0.0-beta", "v2.0.0-rc.1"),
        ("['v*', '!v0.*']", "not (tag is startingwith(\\\"v0.\\\"))", "v2.0.0", "v0.1.0"),
        ("['[0-9]+.[0-9]+.[0-9]+', '!0.*']", "not (tag is startingwith(\\\"0.\\\"))", "2.0.0", "0.1.0"),
        ("['v*', '!*-nightly']", "not (tag is endingwith(\\\"-nightly\\\"))", "v2.0.0", "v2.0.0-nightly"),
        ("['v*', '!v2.0.0']", "tag != \\\"v2.0.0\\\"", "v2.0.1", "v2.0.0"),
        ("['v*', 'r*', '!*-*']", "\\\"-\\\" not in tag", "r1", "r1-x"),
    ] {
        let text = rules(&format!("  push:\n    tags: {filter}\n"), &all);
        of(&text).proposes(&[condition]);
        let there = written(&text);
        let name = |tag: &str| format!("ghcr.io/acme/n:{tag}");
        let tags = there.tags(&format!("refs/tags/{starts}"));
        assert_eq!(tags[..2], [name(starts), name("stable")], "{filter}");
        let none = there.run(&[
            "metadata",
            "--format",
            "tags",
            "--fact",
            &format!("ref=refs/tags/{excluded}"),
            "--fact",
            "event=push",
            "--fact",
            "default_branch=main",
        ]);
        assert_eq!(none.stdout, "", "{filter}: {}", none.stderr);
    }
    // Beside branches, which are as they were.
    let text = rules(
        "  push:\n    branches: [main]\n    tags: ['v*', '!v*-*']\n",
        &["type=ref,event=tag", "type=edge", "type=raw,value=all"],
    );
    let there = written(&text);
    assert_eq!(there.tags("refs/heads/main"), ["ghcr.io/acme/n:edge", "ghcr.io/acme/n:all"]);
    assert_eq!(there.tags("refs/tags/v1.0.0")[..2], ["ghcr.io/acme/n:v1.0.0", "ghcr.io/acme/n:all"]);
}

/// Where a filter says which git tags start it, and no condition can say so, a row shows a prerelease.
#[test]
fn a_prerelease_that_starts_nothing_has_a_row() {
    let told = "Today, a prerelease such as `v1.2.3-rc.1` starts nothing";
    let text = rules(
        "  push:\n    tags: ['v[0-9]+.[0-9]+.[0-9]+']\n",
        &["type=semver,pattern={{version}}", "type=raw,value=stable"],
    );
    let said = of(&text);
    said.proposes(&[told, "git tag v1.2.3-rc.1"]);
    let gitlab = "build:\n  rules:\n    - if: $CI_COMMIT_TAG =~ /^v\\d+\\.\\d+\\.\\d+$/\n  script:\n    - docker build --push -t registry.example.org/acme/n:${CI_COMMIT_TAG#v} .\n";
    let said = init(&[(".gitlab-ci.yml", gitlab), ("Dockerfile", FROM)]);
    said.proposes(&[told, "git tag v1.2.3-rc.1"]);
    for starts in
        ["  push:\n    tags: ['v*']\n", "  push:\n    tags: ['v*', 'v[0-9]+.[0-9]+']\n", "  push:\n"]
    {
        of(&rules(starts, &["type=ref,event=tag"])).lacks(&[told]);
    }
    let any = "build:\n  rules:\n    - if: $CI_COMMIT_TAG\n  script:\n    - docker build --push -t registry.example.org/acme/n:$CI_COMMIT_TAG .\n";
    init(&[(".gitlab-ci.yml", any), ("Dockerfile", FROM)]).lacks(&["rc.1"]);
}

/// With a plan, a release is the push of a git tag.
#[test]
fn a_push_that_is_none_of_a_git_tag_is_one_of_a_branch() {
    let on = "  push:\n    branches: [main]\n  release:\n    types: [published]\n";
    for rule in [
        "type=raw,value=develop,enable=${{ github.event_name == 'push' }}",
        "type=raw,value=develop,enable=${{ github.event_name != 'release' && github.event_name == 'push' }}",
    ] {
        let there = written(&rules(on, &["type=semver,pattern={{version}}", rule]));
        let tags = there.tags("refs/tags/v1.0.0");
        assert_eq!(tags, ["ghcr.io/acme/n:1.0.0", "ghcr.io/acme/n:latest"], "{rule}");
        assert_eq!(there.tags("refs/heads/main"), ["ghcr.io/acme/n:develop"], "{rule}");
    }
    of(&rules(
        on,
        &[
            "type=semver,pattern={{version}}",
            "type=raw,value=develop,enable=${{ github.event_name == 'push' }}",
        ],
    ))
    .proposes(&["value=develop\", when = \"branch\""]);
    // Where pushes of git tags start it, too, they are pushes.
    let both = "  push:\n    branches: [main]\n    tags: ['v*']\n";
    of(&rules(both, &["type=raw,value=develop,enable=${{ github.event_name == 'push' }}"]))
        .lacks(&["when = \"branch\""]);
}

#[test]
fn what_starts_no_plan_is_told() {
    for event in ["repository_dispatch", "issue_comment", "deployment", "page_build"] {
        let alone = rules(&format!("  {event}:\n"), &["type=raw,value=x"]);
        let web = "on: { push: { branches: [main] } }\njobs:\n  a:\n    steps:\n      - run: docker build --push -t ghcr.io/acme/web:x web\n";
        let said = init(&[
            (".github/workflows/a.yml", web),
            (".github/workflows/w.yml", &alone),
            ("Dockerfile", FROM),
            ("web/Dockerfile", FROM),
        ]);
        said.tells(&["no event that starts a plan starts its workflow", "w.yml:"]);
        said.lacks(&["image \"n\""]);
        assert!(
            said.rows()[1].contains("not known: what .github/workflows/w.yml:"),
            "{event}: {:?}",
            said.rows()
        );
        let beside = rules(&format!("  push:\n    branches: [main]\n  {event}:\n"), &["type=raw,value=x"]);
        let said = of(&beside);
        said.tells(&[&format!("`{event}` starts this workflow today, and starts no plan"), "w.yml:4:"]);
        said.proposes(&["type=raw,value=x"]);
    }
    for on in [
        "  push:\n",
        "  push:\n  schedule: [{ cron: '0 3 * * *' }]\n",
        "  push:\n  workflow_dispatch:\n",
        "  push:\n  merge_group:\n",
    ] {
        of(&rules(on, &["type=raw,value=x"])).lacks(&["starts no plan"]);
    }
}

/// What a nightly run has for itself is not what each run has, and what pushes publish does not move at night.
#[test]
fn two_workflows_of_one_image_keep_their_tags_and_tell_how_they_differ() {
    let push = "on: { push: { branches: [main] } }\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: { push: true, tags: 'ghcr.io/acme/n:edge' }\n";
    let nightly = |more: &str| {
        format!(
            "on: {{ schedule: [{{ cron: '0 3 * * *' }}] }}\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          tags: ghcr.io/acme/n:nightly\n{more}"
        )
    };
    for (first, second) in [("a.yml", "b.yml"), ("b.yml", "a.yml")] {
        let night = nightly("          no-cache: true\n          pull: true\n");
        let (a, b) = (format!(".github/workflows/{first}"), format!(".github/workflows/{second}"));
        let said = init(&[(&a, push), (&b, &night), ("Dockerfile", FROM)]);
        said.tells(&["this is not in the proposal: `no-cache: true`", "`pull: true`", &format!("{b}:5:")]);
        said.lacks(&["no-cache = true", "pull = true"]);
        said.proposes(&[
            "when = \"branch and (event != \\\"schedule\\\")\"",
            "another build, as the warnings say",
        ]);
        let rows = said.rows();
        assert!(
            rows.iter().any(|row| row.starts_with("schedule | n | ghcr.io/acme/n: nightly | the same tags")),
            "{rows:?}"
        );
    }
    // Both have them.
    let both = push.replace("push: true, ", "push: true, pull: true, ");
    let night = nightly("          pull: true\n");
    let said = init(&[
        (".github/workflows/a.yml", &both),
        (".github/workflows/b.yml", &night),
        ("Dockerfile", FROM),
    ]);
    said.proposes(&["pull = true"]);
    said.lacks(&["`pull: true`"]);
}

#[test]
fn a_filter_that_no_condition_says_is_named() {
    let with = |filters: &str, tags: &str| {
        let text = format!(
            "on: {{ push: {{ branches: [main], tags: {filters} }} }}\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: '{tags}' }}\n"
        );
        init(&[(".github/workflows/w.yml", &text), ("Dockerfile", "FROM scratch\n")])
    };
    const BY_NAME: &str = "ghcr.io/acme/n:${{ github.ref_name }}";
    for filters in ["['v[0-9]+.[0-9]+.[0-9]+']", "['v[0-9]+.[0-9]+']"] {
        let said = with(filters, BY_NAME);
        said.tells(&[
            "git tags such as `v1.2",
            "start nothing today, since `v",
            "keeps them out",
            "w.yml:1:",
        ]);
        said.proposes(&["-rc.1"]);
    }
    // These are said, or let the same through.
    for filters in ["['v*']", "['v*', '!*-rc*']", "['**']"] {
        with(filters, BY_NAME).lacks(&["keeps them out", "v1.2.3-rc.1 | n | nothing | ghcr"]);
    }
    let said = with("['v*.*.*']", BY_NAME);
    said.tells(&["git tags such as `v1` start nothing today, since `v*.*.*` keeps them out"]);
    said.lacks(&["v1.2.3-rc.1 | n | nothing | ghcr"]);
    // Git tags of one part of the repository are none of another one.
    for (filter, start) in [("api/v*", "api/v"), ("release-*", "release-"), ("n@*", "n@")] {
        let said = with(&format!("['{filter}']"), "ghcr.io/acme/n:x");
        said.proposes(&[&format!("tag is startingwith(\\\"{start}\\\")")]);
        said.lacks(&["docs-2024", "keeps them out"]);
    }
}
