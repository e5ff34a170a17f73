//! Variants and suffixes that a tag has already, and those that are called like versions.

use crate::support::Test;

fn block(lines: &str) -> String {
    format!(
        "target \"a\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a\" {{\n  repositories = [\"r.io/x/a\"]\n{lines}\n}}\n"
    )
}

/// The tags, and what is told.
fn tags(lines: &str, facts: &[&str]) -> (Option<i32>, String, String) {
    let test = Test::new().file("docker-bake.hcl", block(lines)).args(["metadata", "--format=tags"]);
    let output = test.args(facts.iter().copied()).output();
    let tags = String::from_utf8(output.stdout).unwrap().replace("r.io/x/a:", "");
    let talk = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), tags.lines().collect::<Vec<_>>().join(" "), talk)
}

#[test]
fn a_variant_does_not_stand_twice_in_a_tag() {
    let release = &["--fact=tag=v1.2.3"][..];
    let branch = &["--fact=branch=main", "--fact=default_branch=main"][..];
    for (lines, facts, tag, cure) in [
        (
            r#"version = "1.2.3"
            tags = ["{{ version }}-alpine"]
            variant = "alpine""#,
            release,
            "1.2.3-alpine-alpine",
            "out of the pattern",
        ),
        (
            r#"version = "1.2.3"
            tags = ["{{ version }}", "slim"]
            variant = "slim""#,
            release,
            "slim-slim",
            "out of the pattern",
        ),
        (
            r#"version = "1.2.3"
            tags = ["{{ version }}_alpine"]
            variant = [["alpine", "alpine3.24"]]"#,
            release,
            "1.2.3_alpine-alpine",
            "out of the pattern",
        ),
        (
            r#"version = "1.2.3"
            tags = ["{{ version }}-trixie"]
            variant = ["slim", ["trixie", ""]]"#,
            release,
            "1.2.3-trixie-trixie",
            "out of the pattern",
        ),
        (
            r#"version = "1.2.3-alpine"
            variant = "alpine""#,
            release,
            "1.2.3-alpine-alpine",
            "out of the version: `1.2.3`",
        ),
        (
            r#"version = "{{ tag }}-slim"
            tags = ["{{ version }}"]
            variant = "slim""#,
            release,
            "1.2.3-slim-slim",
            "out of the version: `v1.2.3`",
        ),
        (
            r#"tags = ["type=semver,pattern={{version}}-alpine"]
            variant = "alpine""#,
            release,
            "1.2.3-alpine-alpine",
            "out of the pattern",
        ),
        (
            r#"tags = ["edge-alpine"]
            variant = "alpine""#,
            branch,
            "edge-alpine-alpine",
            "out of the pattern",
        ),
    ] {
        let (code, _, talk) = tags(lines, facts);
        assert_eq!(code, Some(1), "{lines}: {talk}");
        let told = format!("error[variant]: the tag `{tag}` would have the variant");
        assert!(talk.contains(&told) && talk.contains(cure), "{lines}: {talk}");
    }
    for (lines, facts, expected) in [
        (
            r#"version = "1.2.3"
            tags = ["{{ version }}", "latest"]
            variant = "alpine""#,
            release,
            "1.2.3-alpine alpine",
        ),
        (
            r#"version = "1.2.3"
            tags = ["{{ version }}-alpine", "alpine"]"#,
            release,
            "1.2.3-alpine alpine",
        ),
        // Another variant, and words that only end alike.
        (
            r#"version = "1.2.3"
            tags = ["{{ version }}-fpm"]
            variant = "alpine""#,
            release,
            "1.2.3-fpm-alpine",
        ),
        (
            r#"version = "1.2.3"
            tags = ["{{ version }}-notslim"]
            variant = "slim""#,
            release,
            "1.2.3-notslim-slim",
        ),
        (
            r#"tags = ["alpine-{{ tag }}"]
            variant = "alpine""#,
            release,
            "alpine-v1.2.3-alpine",
        ),
        // A branch may be called like one.
        (
            r#"tags = ["{{ branch }}"]
            variant = "main""#,
            branch,
            "main-main",
        ),
    ] {
        let (code, found, talk) = tags(lines, facts);
        assert_eq!((code, found.as_str()), (Some(0), expected), "{lines}: {talk}");
    }
}

#[test]
fn a_rule_does_not_put_a_suffix_behind_itself() {
    let release = &["--fact=tag=v1.2.3"][..];
    let alpine = &["--fact=tag=v1.2.3-alpine"][..];
    let flavor = "flavor = [\"suffix=-alpine\"]";
    for (rule, flavor, facts, tag) in [
        ("type=semver,pattern={{version}}-alpine", flavor, release, "1.2.3-alpine-alpine"),
        ("type=semver,pattern={{major}}-slim,suffix=-slim", "", release, "1-slim-slim"),
        ("type=raw,value=edge-alpine", flavor, release, "edge-alpine-alpine"),
        ("type=ref,event=tag", flavor, alpine, "v1.2.3-alpine-alpine"),
        (r"type=match,pattern=\\d.*,suffix=-alpine", "", alpine, "1.2.3-alpine-alpine"),
    ] {
        let (code, _, talk) = tags(&format!("tags = [\"{rule}\"]\n{flavor}"), facts);
        let told = format!("error[tag-rule]: the rule makes `{tag}`, which has the suffix");
        assert!(code == Some(1) && talk.contains(&told), "{rule}: {talk}");
    }
    let branch = &["--fact=branch=x-alpine", "--fact=default_branch=main"][..];
    for (rule, flavor, facts, expected) in [
        ("type=semver,pattern={{version}}", flavor, release, "1.2.3-alpine latest"),
        ("type=semver,pattern={{version}}-fpm", flavor, release, "1.2.3-fpm-alpine latest"),
        ("type=semver,pattern={{version}}-alpine,suffix=", flavor, release, "1.2.3-alpine latest"),
        ("type=ref,event=branch", flavor, branch, "x-alpine-alpine"),
    ] {
        let (code, found, talk) = tags(&format!("tags = [\"{rule}\"]\n{flavor}"), facts);
        assert_eq!((code, found.as_str()), (Some(0), expected), "{rule}: {talk}");
    }
}

#[test]
fn a_variant_that_is_called_like_a_version_makes_no_tag_like_one() {
    for variant in [
        "\"1.2\"",
        "\"8.3\"",
        "\"22.04\"",
        "\"3\"",
        "\"v2\"",
        "[\"8.3\", [\"fpm\", \"\"]]",
        "[[\"noble\", \"24.04\"]]",
    ] {
        let (code, _, talk) = tags(&format!("version = \"2.7.1\"\nvariant = {variant}"), &[]);
        assert!(code == Some(1) && talk.contains("which reads as a version"), "{variant}: {talk}");
        let lines = format!("version = \"2.7.1\"\ntags = [\"{{{{ version }}}}\"]\nvariant = {variant}");
        let (code, _, talk) = tags(&lines, &[]);
        assert!(code == Some(0) && talk.contains("warning[variant]"), "{variant}: {talk}");
    }
    for (variant, expected) in [
        ("\"php8.3\"", "2.7.1-php8.3 2.7-php8.3 2-php8.3 php8.3"),
        ("\"ubuntu22.04\"", "2.7.1-ubuntu22.04 2.7-ubuntu22.04 2-ubuntu22.04 ubuntu22.04"),
        ("\"jre\"", "2.7.1-jre 2.7-jre 2-jre jre"),
        ("\"alpine\"", "2.7.1-alpine 2.7-alpine 2-alpine alpine"),
    ] {
        let (code, found, talk) = tags(&format!("version = \"2.7.1\"\nvariant = {variant}"), &[]);
        assert_eq!((code, found.as_str(), talk.as_str()), (Some(0), expected, ""), "{variant}");
    }
}

/// The name of a variant is its floating tag, which a branch would take from releases.
#[test]
fn a_branch_does_not_take_the_tag_of_a_variant() {
    let spec = |tags: &str| {
        format!(
            r#"target "a" {{
  name = "a-${{v == "" ? "plain" : v}}"
  matrix = {{ v = ["", "slim", "alpine"] }}
  platforms = ["linux/amd64"]
}}
image "a" {{
  repositories = ["r.io/x/a"]
  version = {{ pattern = "{{{{ tag }}}}", when = "tag" }}
  variant = v
  tags = [{tags}]
}}
"#
        )
    };
    let run = |tags: &str, branch: &str| {
        let fact = format!("--fact=branch={branch}");
        let test = Test::new().file("docker-bake.hcl", spec(tags)).args(["metadata", "--format=tags", &fact]);
        let output = test.args(["--fact=event=push", "--fact=default_branch=main"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), talk)
    };
    for tags in [
        r#""{{ version }}", "latest", { pattern = "{{ branch | slug }}", when = "branch" }"#,
        r#""type=ref,event=branch", "type=semver,pattern={{version}}""#,
        r#""latest", { pattern = "type=raw,value={{branch}}", when = "branch" }"#,
    ] {
        for branch in ["slim", "alpine"] {
            let (code, _, talk) = run(tags, branch);
            assert!(code == Some(1) && talk.contains("in other runs"), "{tags} {branch}: {talk}");
        }
        for branch in ["main", "slim-fix", "my-alpine"] {
            let (code, found, talk) = run(tags, branch);
            assert!(
                code == Some(0) && found.contains(&format!(":{branch}-slim\n")),
                "{tags} {branch}: {talk}"
            );
        }
    }
    // Where no variant has a tag of its own, a branch may be called like one.
    let (code, found, talk) =
        run(r#""{{ version }}", { pattern = "{{ branch }}", when = "branch" }"#, "slim");
    assert!(
        code == Some(0) && found.contains(":slim\n") && found.contains(":slim-slim\n"),
        "{found}: {talk}"
    );
}

#[test]
fn the_numbers_of_a_variant_are_of_no_version() {
    let run = &["--fact=branch=main", "--fact=default_branch=main"][..];
    let main = "{ pattern = \"main\", when = \"default_branch\" }";
    for variant in ["python3.13", "python3.13.1", "ubuntu22.04", "php-8.3", "cuda12.6.3-ubuntu24.04"] {
        for (lines, expected) in [
            (format!("tags = [\"{{{{ version }}}}\", {main}]"), format!("main-{variant} main")),
            (
                format!("tags = [{main}, \"type=semver,pattern={{{{version}}}}\"]"),
                format!("main-{variant} main"),
            ),
            (format!("tags = [\"{{{{ version }}}}\", {main}, {main}]"), format!("main-{variant} main")),
        ] {
            let version = if lines.contains("type=") {
                ""
            } else {
                "version = { pattern = \"{{ tag }}\", when = \"tag\" }"
            };
            let lines =
                format!("{version}\n{lines}\nvariant = \"{variant}\"\ndefault_variant = \"{variant}\"");
            let (code, found, talk) = tags(&lines, run);
            assert_eq!((code, &found), (Some(0), &expected), "{lines}: {talk}");
            assert!(!talk.contains("unguarded-tag"), "{lines}: {talk}");
        }
        // Where nobody says that it is a variant, nobody knows.
        if variant.starts_with("python3.13") {
            let lines = format!("tags = [\"latest\", \"main-{variant}\"]");
            let (_, _, talk) = tags(&lines, run);
            assert!(variant.len() > 10 || talk.contains("unguarded-tag"), "{lines}: {talk}");
        }
    }
    // A version before the variant is one.
    let lines = "tags = [\"1.2.3\", \"latest\"]\nvariant = \"python3.13\"\ndefault_variant = \"python3.13\"";
    let (_, found, talk) = tags(lines, run);
    assert_eq!(found, "1.2.3-python3.13 1.2.3 python3.13 latest", "{talk}");
    assert!(!talk.contains("cannot tell which version"), "{talk}");
}

#[test]
fn a_branch_that_begins_as_no_branch_may_is_nobody_elses() {
    let spec = "target \"a\" {\n  name = \"a-${v}\"\n  matrix = { v = [\"web\", \"worker\"] }\n  platforms = [\"linux/amd64\"]\n}\nimage \"a\" {\n  repositories = [\"r.io/x/a\"]\n  version = { pattern = \"{{ tag }}\", when = \"tag\" }\n  variant = v\n  default_variant = \"web\"\n  tags = [\"{{ version }}\", \"latest\", { pattern = \"{{ branch | slug }}\", when = \"branch\" }]\n}\n";
    for (branch, is_told) in
        [("latest-worker", false), ("main-worker", true), ("latest-fix", false), ("v1-worker", true)]
    {
        let fact = format!("--fact=branch={branch}");
        let output = Test::new().file("docker-bake.hcl", spec).args(["plan", &fact]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(talk.contains("branch-collision"), is_told, "{branch}: {talk}");
    }
}
