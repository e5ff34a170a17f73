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
    let by_name = |filters: &str| {
        format!(
            "on: {{ push: {{ branches: [main], tags: {filters} }} }}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{ push: true, tags: 'ghcr.io/acme/n:${{{{ github.ref_name }}}}' }}\n"
        )
    };
    for (text, odd, starts) in [
        (by_name("['[0-9]+.[0-9]+.[0-9]+']"), "docs-2024", "1.2.3"),
        (by_name("['v*']"), "docs-2024", "v1.2.3"),
        (rules("['v*']", &["type=ref,event=tag", "type=edge"]), "docs-2024", "v1.2.3"),
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
