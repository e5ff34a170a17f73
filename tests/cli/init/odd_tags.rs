//! Git tags that start nothing today and a run with the plan: a condition keeps them out, or a row and a note show what they do.

use super::{Files, Said, Written, init};

const FROM: &str = "FROM scratch\n";

fn of(files: Files<'_>) -> Said {
    init(files)
}

/// A workflow whose pushes of git tags have these filters, with these rules of docker/metadata-action.
fn rules(filters: &str, rules: &[&str]) -> String {
    let rules: String = rules.iter().map(|rule| format!("            {rule}\n")).collect();
    format!(
        "on:\n  push:\n    branches: [main]\n    tags: {filters}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - id: meta\n        uses: docker/metadata-action@v5\n        with:\n          images: ghcr.io/acme/n\n          tags: |\n{rules}      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: '${{{{ steps.meta.outputs.tags }}}}' }}\n"
    )
}

/// The exit code and what is published of a git tag.
fn run(written: &Written, tag: &str) -> (i32, String) {
    let tag = format!("tag={tag}");
    let Said { code, stdout, stderr: _ } = written.run(&[
        "metadata",
        "--format",
        "tags",
        "--fact",
        "event=push",
        "--fact",
        "default_branch=main",
        "--fact",
        &tag,
        "--fact",
        "commit=0123456789abcdef0123456789abcdef01234567",
        "--fact",
        "commit_time=2026-01-02T03:04:05Z",
    ]);
    (code, stdout)
}

#[test]
fn rules_that_read_versions_have_the_condition_of_the_filter() {
    let semver = ["type=semver,pattern={{version}}", "type=raw,value=latest,enable={{is_default_branch}}"];
    let pep440 = ["type=pep440,pattern={{version}}", "type=edge"];
    let matching = ["type=match,pattern=\\d+.\\d+.\\d+", "type=edge"];
    let (v, digit) = ("tag is startingwith('v')", "tag[:1] in '0123456789'");
    for (filters, rule, when, starts, others) in [
        ("['v*']", semver, v, "v1.2.3", ["1.2.3", "docs-1"]),
        ("['v*.*.*']", semver, v, "v1.2.3", ["1.2.3", "docs-1"]),
        ("['v[0-9]+.[0-9]+.[0-9]+']", semver, v, "v1.2.3", ["1.2.3", "docs-1"]),
        ("['v*']", pep440, v, "v1.2.3", ["1.2.3", "docs-1"]),
        ("['v*']", matching, v, "v1.2.3", ["1.2.3", "docs-1"]),
        ("['[0-9]+.[0-9]+.[0-9]+']", semver, digit, "1.2.3", ["v1.2.3", "docs-1"]),
    ] {
        let text = rules(filters, &rule);
        let files = [(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)];
        let said = of(&files);
        said.proposes(&[&format!("when = \"{when}\"")]);
        said.lacks(&["docs-2024"]);
        let written = Written::new(&files, &[]);
        for other in others {
            assert_eq!(run(&written, other), (0, String::new()), "{filters} {other}");
        }
        let (code, tags) = run(&written, starts);
        assert!(code == 0 && tags.contains("ghcr.io/acme/n:1.2.3"), "{filters}: {tags}");
        assert_ne!(written.tags("refs/heads/main"), [""; 0], "{filters}");
    }
    // These filters let them through, or say nothing of how a git tag begins.
    for filters in ["['**']", "['*']", "['v*', '*-docs', '*']"] {
        of(&[(".github/workflows/w.yml", rules(filters, &semver).as_str()), ("Dockerfile", FROM)])
            .lacks(&[v, digit]);
    }
}

/// `v1`, which moves with each release, starts nothing where versions do.
#[test]
fn git_tags_whose_runs_fail_have_a_row() {
    let fails = "| nothing | this run fails";
    for (filters, tag) in [
        ("['v*.*.*']", "v1"),
        ("['v[0-9]+.[0-9]+.[0-9]+']", "v1"),
        ("['*.*.*']", "docs-2024"),
        ("['[0-9]+.[0-9]+.[0-9]+']", "1"),
    ] {
        let text = rules(filters, &["type=semver,pattern={{version}}", "type=edge"]);
        let files = [(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)];
        let said = of(&files);
        let row = format!("git tag {tag} | n {fails}");
        assert!(said.rows().contains(&row), "{filters}: {:?}", said.rows());
        said.proposes(&[&format!("a git tag such as `{tag}` starts no workflow"), "its run fails"]);
        assert_eq!(run(&Written::new(&files, &[]), tag).0, 1, "{filters}");
    }
    let said = of(&[
        (".github/workflows/w.yml", rules("['v*']", &["type=semver,pattern={{version}}"]).as_str()),
        ("Dockerfile", FROM),
    ]);
    said.lacks(&["this run fails"]);
}

/// What the hint says for this text works: nothing is published, and the run does not fail.
#[test]
fn the_hint_has_a_tag_of_the_proposal_and_the_condition_of_the_filter() {
    let constant = |filters: &str| {
        format!(
            "on: {{ push: {{ branches: [main], tags: {filters} }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: 'ghcr.io/acme/n:x' }}\n"
        )
    };
    for (text, odd, starts) in [
        (constant("['[0-9]+.[0-9]+.[0-9]+']"), "docs-2024", "1.2.3"),
        (constant("['v*']"), "docs-2024", "v1.2.3"),
        (rules("['v*']", &["type=sha", "type=edge"]), "docs-2024", "v1.2.3"),
        (rules("['[0-9]*']", &["type=sha", "type=semver,pattern={{version}}"]), "docs-2024", "1.2.3"),
        (rules("['[0-9]+.[0-9]+.[0-9]+']", &["type=semver,pattern={{version}}", "type=edge"]), "1", "1.2.3"),
        (rules("['*.*.*']", &["type=semver,pattern={{version}}", "type=edge"]), "v1", "v1.2.3"),
    ] {
        let files = [(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)];
        let said = of(&files);
        let (_, rest) = said.stdout.split_once("can say so: `").expect(&said.stdout);
        let (hint, _) = rest.split_once('`').unwrap();
        let (_, pattern) = hint.split_once("pattern = \"").unwrap();
        let (pattern, _) = pattern.split_once('"').unwrap();
        let written = Written::new(&files, &[]);
        let block = written.read("docker-bake.hcl");
        let line = block.lines().map(str::trim).find(|line| {
            line.starts_with(&format!("\"{pattern}\"")) || line.contains(&format!("pattern = \"{pattern}\""))
        });
        let line = line.expect(&block);
        std::fs::write(written.folder().join("docker-bake.hcl"), block.replace(line, &format!("{hint},")))
            .unwrap();
        assert_eq!(run(&written, odd), (0, String::new()), "{hint}");
        assert!(run(&written, starts).1.contains("ghcr.io/acme/n:"), "{hint}");
        assert!(!written.tags("refs/heads/main").is_empty(), "{hint}");
    }
}

#[test]
fn the_rules_of_a_pipeline_become_conditions_or_rows() {
    let pipeline = |rule: &str, tag: &str| {
        format!(
            "build:\n  rules:\n    - if: {rule}\n  script:\n    - docker build --push -t registry.example.org/acme/n:{tag} .\n"
        )
    };
    let (v, digit) = ("tag is startingwith('v')", "tag[:1] in '0123456789'");
    for (rule, tag, when, others) in [
        ("$CI_COMMIT_TAG =~ /^v\\d+\\.\\d+\\.\\d+$/", "${CI_COMMIT_TAG#v}", v, ["1.2.3", "docs-1"]),
        ("$CI_COMMIT_TAG =~ /^v[0-9]/", "${CI_COMMIT_TAG#v}", v, ["1.2.3", "docs-1"]),
        ("$CI_COMMIT_TAG =~ /^[0-9]+\\.[0-9]+/", "${CI_COMMIT_TAG#v}", digit, ["v1.2.3", "docs-1"]),
    ] {
        let text = pipeline(rule, tag);
        let files = [(".gitlab-ci.yml", text.as_str()), ("Dockerfile", FROM)];
        let said = of(&files);
        said.proposes(&[&format!("when = \"{when}\"")]);
        said.lacks(&["git tag docs-2024"]);
        let written = Written::new(&files, &[]);
        for other in others {
            assert_eq!(run(&written, other), (0, String::new()), "{rule} {other}");
        }
    }
    let text = pipeline("$CI_COMMIT_TAG =~ /^v[0-9]/", "$CI_COMMIT_TAG");
    let said = of(&[(".gitlab-ci.yml", text.as_str()), ("Dockerfile", FROM)]);
    assert!(
        said.stdout.contains(&format!("when = \"{v}\"")) || said.stdout.contains("git tag docs-2024"),
        "{}",
        said.stdout
    );
    for rule in ["$CI_COMMIT_TAG", "$CI_COMMIT_TAG =~ /v\\d+/", "$CI_COMMIT_TAG =~ /^v?\\d+/"] {
        let text = pipeline(rule, "${CI_COMMIT_TAG#v}");
        of(&[(".gitlab-ci.yml", text.as_str()), ("Dockerfile", FROM)]).lacks(&[v, digit]);
    }
}

/// What is for git tags alone has the condition of the filter, whatever condition it has besides and whoever runs it.
#[test]
fn tags_of_git_tags_have_the_condition_of_the_filter() {
    let semver = "type=semver,pattern={{version}}";
    for more in [
        "type=semver,pattern={{major}},enable=${{ !startsWith(github.ref, 'refs/tags/v0.') }}",
        "type=semver,pattern=x{{major}},enable=${{ github.ref != 'refs/tags/v0.1.0' }}",
        "type=ref,event=tag,suffix=-full",
        "type=raw,value=stable,enable=${{ startsWith(github.ref, 'refs/tags/') }}",
        "type=raw,value=stable,enable=${{ github.ref_type == 'tag' }}",
        "type=raw,value=latest,enable=${{ startsWith(github.ref, 'refs/tags/v') }}",
    ] {
        for by_hand in [false, true] {
            let text = rules("['v*']", &["type=edge", semver, more]);
            let text = if by_hand { text.replace("on:\n", "on:\n  workflow_dispatch:\n") } else { text };
            let files = [(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)];
            of(&files).lacks(&["docs-2024"]);
            let written = Written::new(&files, &[]);
            for other in ["1.2.3", "docs-1", "x"] {
                assert_eq!(run(&written, other), (0, String::new()), "{more} {other}");
            }
            let (code, tags) = run(&written, "v1.2.3");
            assert!(code == 0 && tags.lines().count() > 1, "{more}: {tags}");
            assert_ne!(written.tags("refs/heads/main"), [""; 0], "{more}");
        }
    }
}

/// A workflow that calls another one, uses an action of the repository or runs a script has filters, too.
#[test]
fn the_filters_are_those_of_what_runs_it() {
    let on = "on:\n  push:\n    branches: [main]\n    tags: ['v*']\n";
    let steps = "      - id: meta\n        uses: docker/metadata-action@v5\n        with:\n          images: ghcr.io/acme/n\n          tags: |\n            type=edge\n            type=semver,pattern={{version}}\n      - uses: docker/build-push-action@v6\n        with: { push: true, tags: '${{ steps.meta.outputs.tags }}' }\n";
    let called = format!("on: workflow_call\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{steps}");
    let action = format!("name: a\ndescription: b\nruns:\n  using: composite\n  steps:\n{steps}");
    let caller = format!("{on}jobs:\n  a:\n    uses: ./.github/workflows/b.yml\n");
    let user = format!(
        "{on}jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - uses: ./.github/actions/push\n"
    );
    let script = format!(
        "{on}jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: ./push.sh\n"
    );
    let push = "#!/bin/sh\nif [ \"$GITHUB_REF_TYPE\" = tag ]; then\n  docker build --push -t ghcr.io/acme/n:${GITHUB_REF_NAME#v} .\nelse\n  docker build --push -t ghcr.io/acme/n:edge .\nfi\n";
    let of_call =
        [(".github/workflows/a.yml", caller.as_str()), (".github/workflows/b.yml", called.as_str())];
    let of_action =
        [(".github/workflows/a.yml", user.as_str()), (".github/actions/push/action.yml", action.as_str())];
    let of_script = [(".github/workflows/a.yml", script.as_str()), ("push.sh", push)];
    for files in [of_call, of_action, of_script] {
        let files = [files[0], files[1], ("Dockerfile", FROM)];
        let said = of(&files);
        said.proposes(&["tag is startingwith('v')"]);
        let written = Written::new(&files, &[]);
        for other in ["1.2.3", "docs-1"] {
            assert_eq!(run(&written, other), (0, String::new()), "{} {other}", files[1].0);
        }
        let (code, tags) = run(&written, "v1.2.3");
        assert!(code == 0 && tags.contains("ghcr.io/acme/n:1.2.3"), "{}: {tags}", files[1].0);
        assert_eq!(written.tags("refs/heads/main"), ["ghcr.io/acme/n:edge"], "{}", files[1].0);
    }
}

/// One row for a git tag that is no version does not stand for what `v1` does.
#[test]
fn each_kind_of_git_tag_has_its_row() {
    let filters = "['v[0-9]+.[0-9]+.[0-9]+']";
    for (more, odd, short) in [
        (&["type=sha", "type=ref,event=tag,suffix=-full"][..], true, true),
        (&["type=sha"], true, false),
        (
            &[
                "type=raw,value=x",
                "type=raw,value=latest,enable=${{ startsWith(github.ref, 'refs/tags/v') }}",
            ],
            true,
            true,
        ),
    ] {
        let text = rules(filters, more);
        let said = of(&[(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)]);
        let has = |tag: &str| said.rows().iter().any(|row| row.starts_with(&format!("git tag {tag} |")));
        assert_eq!((has("docs-2024"), has("v1")), (odd, short), "{more:?}: {:?}", said.rows());
    }
}

/// What is pushed in every run is pushed from branches with a plan, too, where the version is the git tag.
#[test]
fn a_constant_of_every_run_is_one_beside_a_version() {
    let script = |constant: &str, filters: &str| {
        format!(
            "on: {{ push: {{ branches: [main], tags: {filters} }} }}\njobs:\n  images:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build -t acme/n:{constant} . && docker push acme/n:{constant}\n      - if: github.ref_type == 'tag'\n        run: |\n          docker tag acme/n:{constant} acme/n:${{GITHUB_REF_NAME#v}}\n          docker push acme/n:${{GITHUB_REF_NAME#v}}\n"
        )
    };
    for constant in ["latest", "edge", "x-1"] {
        for filters in ["['v*']", "['**']"] {
            let text = script(constant, filters);
            let files = [(".github/workflows/w.yml", text.as_str()), ("Dockerfile", FROM)];
            let said = of(&files);
            let rows: Vec<String> = said.rows().into_iter().take(2).collect();
            assert!(rows.iter().all(|row| row.ends_with("the same")), "{constant}: {rows:?}");
            let written = Written::new(&files, &[]);
            assert_eq!(
                written.tags("refs/heads/main"),
                [format!("docker.io/acme/n:{constant}")],
                "{filters}"
            );
            let tagged: Vec<String> = run(&written, "v1.2.3").1.lines().map(str::to_owned).collect();
            let both = [format!("docker.io/acme/n:{constant}"), "docker.io/acme/n:1.2.3".to_owned()];
            assert!(both.iter().all(|tag| tagged.contains(tag)), "{constant} {filters}: {tagged:?}");
            if filters == "['v*']" {
                assert_eq!(run(&written, "docs-1"), (0, String::new()), "{constant}");
            }
        }
    }
}
