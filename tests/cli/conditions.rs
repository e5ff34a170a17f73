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

/// However it is written, a text is not compared with a number.
#[test]
fn no_way_of_writing_hides_a_comparison_of_texts() {
    let lines = |when: &str| format!("version = \"{{{{ tag }}}}\"\ntags = [\"{{{{ version }}}}\", {when}]");
    let condition = |when: &str| lines(&format!("{{ pattern = \"yes\", when = \"{when}\" }}"));
    for (when, cure) in [
        ("(major) > 9", "major | int > 9"),
        ("tag and not ((major)) > (9)", "major | int > 9"),
        ("major | trim > 9", "major | trim | int > 9"),
        ("9 < major | upper", "9 < major | upper | int"),
        ("1 in [major]", "'1' in [major]"),
        ("1 in (minor, major)", "'1' in (minor, major)"),
        ("[major][0] > 9", "[major][0] | int > 9"),
        ("version[:2] | trim('.') == 10", "version[:2] | trim('.') == '10'"),
        ("(version | split('.'))[1] >= 2", "(version | split('.'))[1] | int >= 2"),
        ("tag > 'v1.9'", "(major | int > 1 or major | int == 1 and minor | int > 9)"),
        ("major is gt(9)", "major | int > 9"),
        ("major is eq 9", "major | int > 9"),
        ("major is in([1, 2])", "major | int > 9"),
        ("[major] | select('greaterthan', 9) | length > 0", "major | int > 9"),
        ("branch and (major) > 9", "major | int > 9"),
    ] {
        for text in [condition(when), version(when, "")] {
            let (found, talk) = plan(&block(&text), &["--fact=tag=v1.2.3"]);
            assert!(found.is_none() && talk.contains("would compare text, not numbers"), "{when}: {talk}");
            assert!(talk.contains(&format!("`{cure}`")), "{when}: {talk}");
        }
        let (found, talk) = plan(&block(&condition(cure)), &["--fact=tag=v1.2.3"]);
        assert!(found.is_some(), "{cure}: {talk}");
    }
    for pattern in [
        "{{ 'big' if (major) > 9 else 'small' }}",
        "{% if major | trim > 9 %}big{% else %}small{% endif %}",
        "x{{ 1 in [major] }}",
    ] {
        let (found, talk) = plan(&block(&lines(&format!("\"{pattern}\""))), &["--fact=tag=v1.2.3"]);
        assert!(found.is_none() && talk.contains("would compare text, not numbers"), "{pattern}: {talk}");
    }
    for (when, holds) in [
        ("major == '1'", true),
        ("(major) == '1'", true),
        ("major | int > 9", false),
        ("(major | int) > 0", true),
        ("'9' in [major]", false),
        ("'1' in [major]", true),
        ("1 in [major | int]", true),
        ("major | int is gt(0)", true),
        ("major is eq '1'", true),
        ("version is endingwith('.3')", true),
        ("version is startingwith('1.') and tag == 'v1.2.3'", true),
        ("version | length > 4", true),
        ("'.2.' in version", true),
        ("0 < minor | int < 3", true),
        ("branch == '(major) > 9'", false),
    ] {
        let (found, talk) = tags(&block(&condition(when)), &["--fact=tag=v1.2.3"]);
        assert_eq!(found, if holds { "1.2.3 yes=versions" } else { "1.2.3" }, "{when}: {talk}");
    }
}

/// A text that is called as the word is asks for nothing.
#[test]
fn a_condition_asks_for_prereleases_only_by_the_word() {
    let of = |when: &str| {
        let lines = format!(
            "version = \"1.2.3-rc.1\"\ntags = [\"{{{{ version }}}}\", {{ pattern = \"edge\", when = \"{when}\" }}]"
        );
        tags(&block(&lines), &["--fact=branch=prerelease"]).0
    };
    let usual = of("branch");
    for when in [
        "branch == 'prerelease'",
        "branch == \\\"prerelease\\\"",
        "branch in ['main', 'prerelease']",
        "branch == 'it\\\\'s a prerelease' or branch",
    ] {
        assert_eq!(of(when), usual, "{when}");
    }
    for when in ["prerelease", "branch and prerelease", "branch == 'x' or prerelease"] {
        assert_eq!(of(when), "1.2.3-rc.1 edge=prereleases", "{when}");
    }
    assert_ne!(usual, of("prerelease"));
}

/// A git tag of which no image takes a tag says why.
#[test]
fn a_run_that_only_has_tags_of_other_versions_says_so() {
    let whole = "add a tag with the whole version in it";
    for (lines, run, why) in [
        (
            "tags = [\"{{ major }}\"]\nknown_versions = [\"1.5.0\"]",
            "v1.2.3",
            "belong to greater versions: `1` to `1.5.0`",
        ),
        (
            "tags = [\"{{ major }}\", \"latest\"]\nknown_versions = [\"1.5.0\", \"2.0.0\"]",
            "v1.2.3",
            "`1` to `1.5.0`, `latest` to `2.0.0`",
        ),
        ("tags = [\"{{ semver }}\"]\nknown_versions = [\"1.2.3+b3\"]", "v1.2.3+b2", "`1.2.3` to `1.2.3+b3`"),
        (
            "tags = [\"{{ major }}\", \"latest\"]",
            "v1.2.3-rc.1",
            "`v1.2.3-rc.1` is a prerelease, and image `a` has tags of releases alone",
        ),
    ] {
        let lines = format!("version = \"{{{{ tag }}}}\"\n{lines}");
        let (found, talk) = plan(&block(&lines), &["--fact", &format!("tag={run}")]);
        assert!(found.is_none() && says(&talk, "error", "no-tag"), "{lines}: {talk}");
        assert!(talk.contains(why) && talk.contains(whole), "{lines}: {talk}");
    }
    let (_, talk) = plan(&block("tag_prefix = \"b-\"\nversion = \"{{ tag }}\""), &["--fact=tag=a-1.2.3"]);
    assert!(talk.contains("begin with `b-`") && !talk.contains(whole), "{talk}");
}

#[test]
fn what_a_run_has_not_is_not_defined() {
    let holds = |when: &str, fact: &str| {
        let lines = format!("tags = [\"x\", {{ pattern = \"found\", when = \"{when}\" }}]");
        let (found, talk) =
            plan(&block(&lines), &["--fact", fact, "--fact", "default_branch=main", "--fact", "event=push"]);
        assert!(found.is_some(), "{when} {fact}: {talk}");
        tags(&block(&lines), &["--fact", fact, "--fact", "default_branch=main", "--fact", "event=push"])
            .0
            .contains("found")
    };
    for (when, on_tag, on_branch) in [
        ("tag is defined", true, false),
        ("tag is not defined", false, true),
        ("tag is undefined", false, true),
        ("branch is defined", false, true),
        ("pr is not defined and tag is not defined", false, true),
        ("head_branch is defined", false, false),
        ("tag | default('') != ''", true, false),
        ("(tag | d('none')) == 'none'", false, true),
        ("tag == none", false, true),
        ("tag", true, false),
        // They ask for texts.
        ("'release/' in branch", false, true),
        ("not ('release/' in branch)", true, false),
        ("'release/' in branch or tag", true, true),
        ("branch | length > 3", false, true),
        ("tag | length > 0", true, false),
        ("branch is startingwith('release/')", false, true),
    ] {
        assert_eq!(holds(when, "tag=v1.2.3"), on_tag, "{when}");
        assert_eq!(holds(when, "branch=release/1"), on_branch, "{when}");
    }
    // A mistake is one in every run.
    for when in ["branch + 1", "0", "0.0", "1 - 1", "1", "branch | nothing"] {
        for fact in ["tag=v1.2.3", "branch=main"] {
            let lines = format!("tags = [\"x\", {{ pattern = \"found\", when = \"{when}\" }}]");
            let (found, talk) = plan(&block(&lines), &["--fact", fact]);
            assert!(found.is_none() && talk.contains("tag-pattern"), "{when} {fact}: {talk}");
        }
    }
}

#[test]
fn a_condition_that_never_holds_is_named() {
    let of_tags = |when: &str| {
        format!("tags = [{{ pattern = \"x\", when = \"{when}\" }}, {{ pattern = \"y\", when = \"branch\" }}]")
    };
    let of_version =
        |when: &str| version(when, "tags = [\"{{ version }}\", { pattern = \"y\", when = \"branch\" }]");
    for (when, message, meant) in [
        ("branch == 'refs/heads/main'", "`branch` is never `refs/heads/main`", "ask `branch == 'main'`"),
        ("ref == 'main'", "`ref` is never `main`", "ask `branch == 'main'`"),
        ("tag == 'v*'", "`tag` is never `v*`", "ask `tag is startingwith('v')`"),
        (
            "branch == 'release/*'",
            "`branch` is never `release/*`",
            "ask `branch is startingwith('release/')`",
        ),
        ("event == 'tag'", "`event` is never `tag`", "ask `tag`"),
        (
            "branch in 'main,develop'",
            "holds of each part of that text",
            "ask `branch in ['main', 'develop']`",
        ),
        ("branch in ('main')", "holds of each part of that text", "ask `branch == 'main'`"),
        ("event not in 'push schedule'", "holds of each part", "ask `event not in ['push', 'schedule']`"),
        ("default_branch == true", "`default_branch` is never `true`", "ask `default_branch`"),
        ("branch in ['refs/heads/a', 'b']", "`branch` is never `refs/heads/a`", "ask `branch == 'a'`"),
        ("ref is startingwith('v')", "`ref` never begins with `v`", "ask `tag is startingwith('v')`"),
    ] {
        for lines in [of_tags(when), of_version(when)] {
            for more in [&[][..], &["--publish=false"]] {
                let arguments = [&["--fact=branch=main", "--fact=default_branch=main"], more].concat();
                let (_, talk) = plan(&block(&lines), &arguments);
                assert!(says(&talk, "warning", "tag-pattern"), "{lines}: {talk}");
                assert!(talk.contains(message) && talk.contains(meant), "{lines}: {talk}");
            }
        }
        // What it says to ask may hold.
        let cured = meant.strip_prefix("ask `").and_then(|rest| rest.strip_suffix('`')).unwrap();
        let (_, talk) = plan(&block(&of_tags(cured)), &["--fact=branch=main", "--fact=default_branch=main"]);
        assert!(!says(&talk, "warning", "tag-pattern"), "{cured}: {talk}");
    }
    let pattern = "tags = [\"{{ 'edge' if branch == 'refs/heads/main' else 'x' }}\"]";
    let (_, talk) = plan(&block(pattern), &["--fact=branch=main"]);
    assert!(says(&talk, "warning", "tag-pattern"), "{talk}");
    for when in
        ["branch == 'main'", "ref == 'refs/heads/main'", "tag == 'v1'", "event == 'push'", "default_branch"]
    {
        for lines in [of_tags(when), of_version(when)] {
            let (_, talk) = plan(&block(&lines), &["--fact=branch=main", "--fact=default_branch=main"]);
            assert!(!talk.contains("tag-pattern"), "{lines}: {talk}");
        }
    }
    let (_, talk) = plan(&block(&of_tags("event == 'tag'")), &["--fact=tag=v1", "--fact=event=tag"]);
    assert!(!talk.contains("tag-pattern"), "{talk}");
}
