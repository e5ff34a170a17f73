//! Conditions of versions: they say the same of a run, of git tags that are known, and of images without a tag.

use crate::support::Test;
use crate::versions::{beside, block, plan, tags};

fn version(when: &str, more: &str) -> String {
    format!("version = {{ pattern = \"{{{{ tag }}}}\", when = \"{when}\" }}\n{more}")
}

fn says(talk: &str, severity: &str, code: &str) -> bool {
    talk.contains(&format!("\"severity\": \"{severity}\",\n    \"code\": \"{code}\""))
}

#[test]
fn known_git_tags_go_through_the_condition_of_the_version() {
    // Those that it lets through compete.
    for when in ["tag and prerelease", "prerelease", "tag", "prerelease and major == '1'"] {
        let lines = version(when, "prerelease_tags = [\"next\"]");
        assert_eq!(beside(&lines, "v1.3.0-rc.1", "v1.2.0-rc.1"), "1.2.0-rc.1", "{when}");
        assert_eq!(beside(&lines, "v1.1.0-rc.1", "v1.2.0-rc.1"), "1.2.0-rc.1 next", "{when}");
    }
    // No run can be of the others.
    for (when, known) in [
        ("tag and not prerelease and major == '1'", "v2.0.0"),
        ("tag and major == '1'", "v2.0.0"),
        ("tag and major | int < 2", "v2.0.0"),
        ("tag and version is startingwith('1.')", "v2.0.0"),
        ("tag and minor == '2'", "v1.3.0"),
        ("tag and tag is startingwith('v1.2')", "v1.3.0"),
    ] {
        let lines = version(when, "");
        assert_eq!(beside(&lines, known, "v1.2.0"), "1.2.0 1.2 1 latest", "{when}");
        assert_eq!(beside(&lines, "v1.2.1", "v1.2.0"), "1.2.0", "{when}");
        let test = Test::new().file("docker-bake.hcl", block(&lines)).file("known", known);
        let output = test.args(["plan", "--known-versions=known", "--fact=tag=v1.2.0"]).output();
        let talk = String::from_utf8(output.stderr).unwrap();
        assert!(talk.contains(&format!("no image reads these known versions: `{known}`")), "{when}: {talk}");
    }
    // A list for the image leaves prefixes out, and not the condition.
    for (known, expected) in
        [("2.0.0", "1.2.0 1.2 1 latest"), ("1.9.0", "1.2.0 1.2"), ("app-1.9.0", "1.2.0 1.2")]
    {
        let lines = version("tag and major == '1'", "tag_prefix = \"app-\"");
        assert_eq!(beside(&lines, &format!("{{\"a\": [\"{known}\"]}}"), "app-1.2.0"), expected, "{known}");
    }
    // One that no git tag makes is not asked.
    for (version, known) in [("{ pattern = \"1.2.0\", when = \"tag\" }", "v1.3.0"), ("\"1.2.0\"", "v1.3.0")] {
        assert_eq!(beside(&format!("version = {version}"), known, "x"), "1.2.0 1.2", "{version}");
    }
}

#[test]
fn the_condition_of_a_version_knows_its_words() {
    let more = "tags = [\"{{ version }}\", { pattern = \"run\", when = \"tag or branch\" }]";
    for when in [
        "tag and major == '1'",
        "major == '1'",
        "tag and major == '1' and not prerelease",
        "major | int < 2",
        "tag and minor | int >= 2",
        "version[:2] == '1.'",
        "semver is startingwith('1.2')",
    ] {
        for (fact, expected) in [
            ("tag=v1.2.0", "1.2.0 run=versions"),
            ("tag=v3.1.0", "run=runs"),
            ("tag=nightly", "run=runs"),
            ("branch=main", "run=runs"),
        ] {
            let (found, talk) = tags(&block(&version(when, more)), &["--fact", fact]);
            assert_eq!(found, expected, "{when} {fact}: {talk}");
        }
    }
    // A version with fewer numbers has none of the others.
    let lines = "version = \"3\"\ntags = [\"{{ version }}\", { pattern = \"x\", when = \"minor == '1'\" }, { pattern = \"y\", when = \"not minor\" }]";
    assert_eq!(tags(&block(lines), &[]).0, "3 y=versions");
    // Mistakes are told in every run.
    for (when, code) in [
        ("tag and major | nonsense", "version"),
        ("major > 1", "version"),
        ("tag and mayor == '1'", "version"),
        ("tag | major(1)", "version"),
    ] {
        for fact in ["tag=v1.2.0", "branch=main"] {
            let (found, talk) = plan(&block(&version(when, more)), &["--fact", fact]);
            assert!(found.is_none() && says(&talk, "error", code), "{when} {fact}: {talk}");
        }
    }
}

#[test]
fn a_git_tag_that_conditions_decline_is_no_mistake() {
    let tag = |when: &str| format!("tags = [{{ pattern = \"x-{{{{ tag }}}}\", when = \"{when}\" }}]");
    for (lines, run) in [
        (version("tag and not prerelease", ""), "v1.2.0-rc.1"),
        (version("tag and prerelease", ""), "v1.2.0"),
        (version("tag and major == '1'", ""), "v2.0.0"),
        (version("tag and major | int >= 2", ""), "v1.2.0"),
        (version("tag and version is startingwith('1.')", ""), "v2.0.0"),
        (version("not prerelease", "tag_prefix = \"v\""), "v1.2.0-rc.1"),
        (version("tag and '-' not in tag", ""), "v1.2.0-rc.1"),
        (tag("tag is startingwith('app-')"), "v1.0.0"),
        (tag("event == \\\"push\\\" and tag is startingwith('app-')"), "v1.0.0"),
        (tag("branch == \\\"it's\\\" or tag is startingwith('app-')"), "v1.0.0"),
        (tag("ref is startingwith('refs/tags/app-') and event != \\\"x\\\""), "v1.0.0"),
    ] {
        let fact = format!("tag={run}");
        let (found, talk) = plan(&block(&lines), &["--fact", &fact, "--fact=event=push"]);
        assert!(found.is_some(), "{lines}: {talk}");
        assert!(says(&talk, "note", "no-tag") && talk.contains("decline it"), "{lines}: {talk}");
    }
    for (lines, run) in [
        (version("branch", ""), "v1.2.0"),
        (version("tag and event == 'release'", ""), "v1.2.0"),
        (version("branch and not prerelease", ""), "v1.2.0"),
        (version("tag and prerelease and not prerelease", ""), "v1.2.0"),
        (tag("event == \\\"x\\\""), "v1.0.0"),
        (tag("branch == 'app-'"), "v1.0.0"),
    ] {
        let fact = format!("tag={run}");
        let (found, talk) = plan(&block(&lines), &["--fact", &fact, "--fact=event=push"]);
        assert!(found.is_none() && says(&talk, "error", "no-tag"), "{lines}: {talk}");
    }
}
