//! Helps that help: what a message says to do is right for what is there, and what it says of a tag is so.

use crate::support::Test;

/// What is said of this definition.
fn told(hcl: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Test::new().file("docker-bake.hcl", hcl).args(arguments.iter().copied()).output();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn image(version: &str, tags: &str) -> String {
    format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  {version}\n  tags = [{tags}]\n}}\n"
    )
}

#[test]
fn attributes_in_another_case_or_of_other_tools_are_known() {
    for (written, meant) in [
        ("TAGS", "tags"),
        ("Platforms", "platforms"),
        ("DOCKERFILE", "dockerfile"),
        ("No-Cache", "no-cache"),
        ("CONTEXTS", "contexts"),
        ("extension", "inherits"),
        ("extends", "inherits"),
        ("build_args", "args"),
        ("stage", "target"),
    ] {
        let hcl =
            format!("target \"default\" {{\n  tags = [\"ghcr.io/acme/app:1\"]\n  {written} = [\"x\"]\n}}\n");
        let (_, talk) = told(&hcl, &["print"]);
        assert!(talk.contains(&format!("did you mean `{meant}`?")), "{written}: {talk}");
    }
    for (written, meant) in
        [("VERSION = \"1.0.0\"", "version"), ("Tags = []", "tags"), ("ON_MISSING = \"drop\"", "on_missing")]
    {
        let (code, talk) = told(&image(written, "\"x\""), &["plan"]);
        assert!(code == Some(1) && talk.contains(&format!("did you mean `{meant}`?")), "{written}: {talk}");
    }
    let (_, talk) = told("target \"default\" {\n  frobnicate = 1\n}\n", &["print"]);
    assert!(talk.contains("take it out, or make it a comment"), "{talk}");
}

#[test]
fn a_variable_of_ci_that_nobody_has_declared_has_a_help() {
    for name in ["GITHUB_REF_NAME", "GITHUB_SHA", "CI_COMMIT_TAG", "BUILD_BUILDID", "RUNNER_OS"] {
        let hcl = format!("target \"default\" {{\n  tags = [\"ghcr.io/acme/app:${{{name}}}\"]\n}}\n");
        let (code, talk) = told(&hcl, &["print"]);
        let help = format!(
            "CI sets `{name}` in the environment, which only declared variables see: add `variable \"{name}\" {{}}`"
        );
        assert!(code == Some(1) && talk.contains(&help), "{name}: {talk}");
        // The cure works.
        let (code, talk) = told(&format!("variable \"{name}\" {{}}\n{hcl}"), &["print"]);
        assert_eq!(code, Some(0), "{talk}");
    }
    let (_, talk) = told("target \"default\" {\n  tags = [\"r.io/a:${FROBNICATE}\"]\n}\n", &["print"]);
    assert!(!talk.contains("CI sets"), "{talk}");
}

/// `type = string` alone does not bring a zero back that is gone already.
#[test]
fn a_number_is_to_be_quoted_where_it_is_written() {
    for variable in [
        "variable \"V\" {\n  default = 3.10\n  type = string\n}\n",
        "variable \"V\" {\n  default = 3.10\n}\n",
        "V = 3.10\n",
        "variable \"V\" {\n  default = 1.20\n  type = string\n}\n",
    ] {
        let hcl = format!("{variable}{}", image("version = V", "\"{{ version }}\""));
        let (code, talk) = told(&hcl, &["plan"]);
        let number = if variable.contains("3.10") { "3.10" } else { "1.20" };
        assert_eq!(code, Some(1), "{talk}");
        assert!(
            talk.contains(" in quotes") && talk.contains(&format!(": `\"{number}\"`")),
            "{variable}: {talk}"
        );
        assert!(!talk.contains("or `type = string`"), "{variable}: {talk}");
        let quoted = hcl.replace(&format!(" {number}\n"), &format!(" \"{number}\"\n"));
        assert_eq!(told(&quoted, &["plan"]).0, Some(0), "{quoted}");
    }
}

#[test]
fn a_sign_that_no_tag_has_is_no_build_metadata() {
    let rule = |line: &str, tag: &str| {
        told(&image("", &format!("\"{line}\"")), &["plan", "--fact", &format!("tag={tag}")])
    };
    for tag in ["1!1.0", "2!3.4.5", "1!2.0rc1"] {
        let (_, talk) = rule("type=pep440,pattern={{version}}", tag);
        assert!(talk.contains("no tag can have this sign in it"), "{tag}: {talk}");
        assert!(!talk.contains("build metadata"), "{tag}: {talk}");
    }
}

#[test]
fn words_of_a_suffix_are_no_shape() {
    for (version, word) in
        [("v1.2.3-x-y", "x-y"), ("v1.2.3-q", "q"), ("v1.2.3.a.b.c", "a.b.c"), ("v1.2.3-acme-two", "acme-two")]
    {
        let plan = |more: &str| {
            let hcl = image(&format!("version = \"{{{{ tag }}}}\"\n{more}"), "\"{{ version }}\", \"latest\"");
            told(&hcl, &["plan", "--fact", &format!("tag={version}")]).1
        };
        let talk = plan("");
        let cure = format!("stable_suffixes = [\"{word}\"]");
        assert!(talk.contains(&cure) && !talk.contains("another one in each version"), "{version}: {talk}");
        assert!(!plan(&format!("  {cure}\n")).contains("unknown-suffix"), "{version}");
    }
    let hcl = image("version = \"{{ tag }}\"", "\"{{ version }}\", \"latest\"");
    let (_, talk) = told(&hcl, &["plan", "--fact", "tag=2026-08-03T04-33-23Z"]);
    assert!(!talk.contains("stable_suffixes = ["), "{talk}");
}

/// A tag that the next run replaces is not said to stay.
#[test]
fn no_tag_of_an_unclear_version_is_said_never_to_move() {
    for tags in [
        "\"R:8u402-jre\", \"R:8-jre\"",
        "\"R:17-alpine\", \"R:latest\"",
        "\"R:8-jre\", \"R:11-jre\", \"R:latest\"",
        "\"R:r2024.1\", \"R:latest\"",
    ] {
        let hcl = format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  tags = [{}]\n}}\n",
            tags.replace("R:", "ghcr.io/acme/app:")
        );
        let (code, talk) = told(&hcl, &["plan"]);
        assert_eq!(code, Some(0), "{talk}");
        assert!(!talk.contains("never move"), "{tags}: {talk}");
    }
}

#[test]
fn other_versions_of_a_repository_are_not_said_to_be_unknown() {
    let target = |name: &str, tags: &[&str]| {
        let tags: Vec<String> = tags.iter().map(|tag| format!("\"ghcr.io/acme/{tag}\"")).collect();
        format!("target \"{name}\" {{\n  platforms = [\"linux/amd64\"]\n  tags = [{}]\n}}\n", tags.join(", "))
    };
    let explained = |hcl: &str| {
        let output = Test::new().file("docker-bake.hcl", hcl).args(["plan", "--explain", "a", "b"]).output();
        String::from_utf8(output.stdout).unwrap()
    };
    let two = |b: &[&str]| target("a", &["app:1.29.1", "app:1.29", "app:mainline"]) + &target("b", b);
    for b in [
        &["app:1.28.5", "app:1.28", "app:stable"][..],
        &["app:1.28.5", "app:1.28"],
        &["app:2.0.0", "app:2.0", "app:latest"],
    ] {
        let text = explained(&two(b));
        assert!(text.contains("no other version of this image is known"), "{text}");
        assert!(!text.contains("no other version is known"), "{text}");
    }
    let text = explained(&two(&["other:1.28.5", "other:1.28"]));
    assert!(text.contains("no other version is known"), "{text}");
}

/// The table of tags says where another run has another tag, and which facts have it.
#[test]
fn a_table_of_tags_names_what_stands_in_for_facts() {
    let table = |tags: &str, arguments: &[&str]| {
        let test = Test::new()
            .file("docker-bake.hcl", image("", tags))
            .file("README.md", "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n")
            .args(["readme", "README.md"])
            .args(arguments.iter().copied());
        let output = test.output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (tags, shown, fact) in [
        ("\"{{ tag | default('dev') }}\"", "dev", "--fact tag=v1.2.3"),
        ("\"x-{{ branch | default('none') }}\"", "x-none", "--fact branch=main"),
        ("\"pr-{{ pr | default('0') }}\"", "pr-0", "--fact pull_request=7"),
        ("\"edge\", \"{{ tag | default('dev') }}\"", "dev", "--fact tag=v1.2.3"),
    ] {
        let (code, talk) = table(tags, &[]);
        assert_eq!(code, Some(0), "{tags}: {talk}");
        assert!(
            talk.contains(&format!("note[run-tag]: the table shows `{shown}`")) && talk.contains(fact),
            "{tags}: {talk}"
        );
        assert_eq!(
            table("\"{{ tag | default('dev') }}\"", &["--fact", "tag=v1.2.3"]),
            (Some(0), String::new())
        );
    }
    for rule in [
        "type=semver,pattern={{version}}",
        "type=ref,event=tag",
        "type=pep440,pattern={{version}}",
        "type=match,pattern=v(.*)",
    ] {
        let (_, talk) = table(&format!("\"edge\", \"{rule}\""), &[]);
        assert!(talk.contains("--fact tag=v1.2.3") && !talk.contains("--fact branch=main"), "{rule}: {talk}");
        let (code, talk) = table(&format!("\"edge\", \"{rule}\""), &["--fact", "tag=v1.2.3"]);
        assert!(code == Some(0) && !talk.contains("left out"), "{rule}: {talk}");
    }
}

/// What `--platform` leaves out of what is published is said by the plan, not by the merge alone.
#[test]
fn a_plan_for_some_platforms_names_what_its_tags_lose() {
    let hcl = "group \"default\" {\n  targets = [\"app\", \"web\", \"one\"]\n}\ntarget \"app\" {\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  tags = [\"ghcr.io/acme/app:1.0.0\"]\n}\ntarget \"web\" {\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  tags = [\"ghcr.io/acme/web:1.0.0\"]\n}\ntarget \"one\" {\n  platforms = [\"linux/amd64\"]\n  tags = [\"ghcr.io/acme/one:1.0.0\"]\n}\n";
    let lacks = |images: &str, platform: &str| {
        format!("warning[fewer-platforms]: {images} would be published without `{platform}`")
    };
    for (arguments, expected) in [
        (&["plan", "--platform=linux/amd64"][..], lacks("images `app`, `web`", "linux/arm64")),
        (&["plan", "--platform=linux/arm64"], lacks("images `app`, `web`", "linux/amd64")),
        (&["plan", "app", "--platform=linux/amd64"], lacks("image `app`", "linux/arm64")),
        (&["matrix", "--platform=linux/amd64"], lacks("images `app`, `web`", "linux/arm64")),
        (&["plan", "--platform=linux/amd64", "--out", "out"], lacks("images `app`, `web`", "linux/arm64")),
    ] {
        let (code, talk) = told(hcl, arguments);
        assert_eq!(code, Some(0), "{talk}");
        assert!(talk.contains(&expected) && talk.contains("--publish=false"), "{arguments:?}: {talk}");
    }
    for arguments in [
        &["plan"][..],
        &["plan", "--platform=linux/amd64", "--publish=false"],
        &["plan", "--platform=linux/amd64", "--platform=linux/arm64"],
        &["plan", "one", "--platform=linux/amd64"],
        &["bake", "--platform=linux/amd64"],
    ] {
        let (code, talk) = told(hcl, arguments);
        assert!(code == Some(0) && !talk.contains("fewer-platforms"), "{arguments:?}: {talk}");
    }
}
