//! Conditions about what a run has not: they say the same as patterns, and fail in no run.

use crate::support::Test;
use crate::versions::{block, plan, tags};

fn lines(when: &str) -> String {
    block(&format!("tags = [\"x\", {{ pattern = \"found\", when = \"{when}\" }}]"))
}

const RUNS: [&[&str]; 3] = [
    &["--fact=tag=v1.2.3", "--fact=default_branch=main", "--fact=event=push"],
    &["--fact=branch=release/1", "--fact=default_branch=main", "--fact=event=push"],
    &[
        "--fact=pull_request=7",
        "--fact=head_branch=fix",
        "--fact=base_branch=main",
        "--fact=default_branch=main",
        "--fact=event=pull_request",
    ],
];

#[test]
fn what_a_run_has_not_is_not_defined() {
    for (when, of_tag, of_branch, of_request) in [
        ("tag is defined", true, false, false),
        ("tag is not defined", false, true, true),
        ("tag is undefined", false, true, true),
        ("branch is defined", false, true, false),
        ("pr is defined", false, false, true),
        ("pr is not defined and tag is not defined", false, true, false),
        ("head_branch is defined", false, false, true),
        ("tag is none", false, true, true),
        ("tag is not none", true, false, false),
        ("tag == none", false, true, true),
        ("tag != none", true, false, false),
        ("tag | default('') != ''", true, false, false),
        ("(tag | d('none')) == 'none'", false, true, true),
        ("tag", true, false, false),
        ("not tag", false, true, true),
        ("tag or branch", true, true, false),
        ("'release/' in branch", false, true, false),
        ("not ('release/' in branch)", true, false, true),
        ("'release/' not in branch", true, false, true),
        ("'release/' in branch or tag", true, true, false),
        ("branch | length > 3", false, true, false),
        ("branch | length < 3", false, false, false),
        ("tag | length > 0", true, false, false),
        ("pr < 100", false, false, true),
        ("branch is startingwith('release/')", false, true, false),
        ("branch[:7] | upper == 'RELEASE'", false, true, false),
        ("branch | slug == 'release-1'", false, true, false),
        ("branch == 'release/1'", false, true, false),
        ("branch != 'main'", true, true, true),
        ("default_branch", false, false, false),
        ("event in ['push', 'schedule']", true, true, false),
        // To the template language, nothing is in each text and equal to nothing.
        ("branch in default_branch", false, false, false),
        ("branch in tag", false, false, false),
        ("tag in branch", false, false, false),
        ("branch not in tag", true, true, true),
        ("branch == head_branch", false, false, false),
        ("branch | slug in ['release-1']", false, true, false),
    ] {
        for (run, expected) in RUNS.into_iter().zip([of_tag, of_branch, of_request]) {
            let (found, talk) = tags(&lines(when), run);
            assert_eq!(found.contains("found"), expected, "{when} {run:?}: {talk}");
        }
    }
}

#[test]
fn patterns_ask_as_conditions_do() {
    for (pattern, of_tag, of_branch) in [
        ("{{ tag or branch | slug }}", "v1.2.3", "release-1"),
        ("{{ tag if tag else 'dev' }}", "v1.2.3", "dev"),
        ("{{ 'dev' if not tag else tag }}", "v1.2.3", "dev"),
        ("{{ 'dev' if tag is none else tag }}", "v1.2.3", "dev"),
        ("{{ tag if tag is defined else 'dev' }}", "v1.2.3", "dev"),
        ("{% if tag %}{{ tag }}{% else %}{{ branch | slug }}{% endif %}", "v1.2.3", "release-1"),
        // What it needs is not there.
        ("{{ tag }}-x", "v1.2.3-x", ""),
        ("{{ tag[:4] }}", "v1.2", ""),
        ("{{ tag[:4] ~ '-x' }}", "v1.2-x", ""),
        ("{{ branch[:7] | upper }}", "", "RELEASE"),
        ("{{ 'a' if tag == 'v1.2.3' else 'b' }}", "a", ""),
    ] {
        let file = block(&format!("tags = [\"always\", \"{pattern}\"]"));
        for (run, expected) in RUNS.into_iter().zip([of_tag, of_branch]) {
            let (found, talk) = tags(&file, run);
            let found: Vec<&str> = found
                .split(' ')
                .map(|tag| tag.split('=').next().unwrap())
                .filter(|tag| *tag != "always")
                .collect();
            assert_eq!(found.concat(), expected, "{pattern} {run:?}: {talk}");
        }
    }
}

#[test]
fn invalid_conditions_are_errors_in_every_run() {
    for when in [
        "0",
        "0.0",
        "1 - 1",
        "1",
        "-1",
        "'yes'",
        "''",
        "[]",
        "[branch]",
        "tag or 'x'",
        "branch | length",
        "branch + 1",
        "branch | nothing",
        "branch is nothing",
        "branch.name == 'x'",
        "tag.startswith('v')",
    ] {
        for run in RUNS {
            let (found, talk) = plan(&lines(when), run);
            assert!(found.is_none() && talk.contains("tag-pattern"), "{when} {run:?}: {talk}");
        }
    }
    for when in ["true", "false", "tag or branch", "none", "(branch | length > 0) == true"] {
        for run in RUNS {
            let (found, talk) = plan(&lines(when), run);
            assert!(found.is_some(), "{when} {run:?}: {talk}");
        }
    }
}

/// Words and operators of other tools, and the cure that is named.
#[test]
fn what_other_tools_call_it_is_named() {
    let refused = |line: &str, expected: &str| {
        for run in RUNS {
            let run = [run, &["--fact=commit_time=2026-01-02T03:04:05Z"]].concat();
            let (found, talk) = plan(&block(&format!("tags = [\"x\", {line}]")), &run);
            assert!(found.is_none() && talk.contains(expected), "{line}: `{expected}` is not in {talk}");
        }
    };
    for (pattern, expected) in [
        ("{{ github.sha }}", "`commit`, or `sha` for the short one"),
        ("{{ GITHUB_SHA }}", "`commit`, or `sha` for the short one"),
        ("{{ CI_COMMIT_SHORT_SHA }}", "write `sha`"),
        ("{{ short_sha }}", "write `sha`"),
        ("sha-{{ sha_short }}", "write `sha`"),
        ("{{ github.ref_name }}", "`branch` in runs of branches and `tag` in those of git tags"),
        ("{{ github.head_ref | slug }}", "write `head_branch`"),
        ("{{ github.event.pull_request.number }}", "write `pr`"),
        ("{{ CI_COMMIT_TAG }}", "write `tag`"),
        ("{{ env.TAG }}", "variable \\\"TAG\\\""),
        ("{{ run_number }}", "`${GITHUB_RUN_NUMBER}` in the text"),
        ("{{ github.run_number }}", "`${GITHUB_RUN_NUMBER}` in the text"),
        ("{{ matrix.distro }}", "`${distro}`"),
        ("{{ variant }}", "the suffixes of `variant` come behind each tag by themselves"),
        ("{{ .Version }}", "write `{{ version }}`"),
        ("v{{.Tag}}", "write `{{ tag }}`"),
        ("{{ .ShortCommit }}", "write `sha`"),
        ("{{ .Env.BUILD }}", "`${BUILD}` in the text"),
        ("{{ tag || branch }}", "write `{{ tag or branch }}`"),
        ("{% if branch = 'main' %}a{% endif %}", "write `{% if branch == 'main' %}`"),
        ("{{ date() }}", "write `date('%Y%m%d')`"),
        ("{{ date }}", "write `date('%Y%m%d')`"),
        ("{{ date | lower }}", "`date` has no format"),
        ("{{ date ~ '-x' }}", "`date` has no format"),
        ("{{ [date] | join }}", "`date` has no format"),
        ("x{{ none }}", "which is not a text"),
        ("{{ event == 'push' or true }}", "which is not a text"),
        ("{{ default_branch is startingwith('m') }}", "which is not a text"),
        ("{{ colour }}", "a variable of the file is `${NAME}`"),
    ] {
        refused(&format!("\"{}\"", pattern.replace('\\', "")), expected);
    }
    for (when, expected) in [
        ("branch = 'main'", "write `branch == 'main'`"),
        ("branch === 'main'", "write `branch == 'main'`"),
        ("branch !== 'main'", "write `branch != 'main'`"),
        ("branch <> 'main'", "write `branch != 'main'`"),
        ("branch -eq 'main'", "write `branch == 'main'`"),
        ("branch eq 'main'", "write `branch == 'main'`"),
        ("branch && event == 'push'", "write `branch and event == 'push'`"),
        ("tag||branch", "write `tag or branch`"),
        ("!default_branch", "write `not "),
        ("tag && !(branch = 'a=b')", "write `tag and not (branch == 'a=b')`"),
        ("tag AND branch", "write `tag and branch`"),
        ("branch =~ '^release/'", "`branch is startingwith('release/')`"),
        ("branch !~ 'x'", "no regular expressions"),
        ("tag ? 1 : 2", "`==`, `!=`, `in`, `and`, `or` and `not`"),
        ("github.ref == 'refs/heads/main'", "write `ref`"),
        ("github.event_name == 'push'", "write `event`"),
        ("startsWith(branch, 'x')", "`branch is startingwith('release/')`"),
        ("contains(branch, 'x')", "`'release/' in branch`"),
        ("is_default_branch", "default_branch"),
        ("branch == main", "a text has quotes"),
    ] {
        refused(&format!("{{ pattern = \"y\", when = \"{when}\" }}"), expected);
    }
}

/// What stands in for a fact is for runs that have none, and not for those of which nobody knows.
#[test]
fn an_unknown_fact_has_no_stand_in() {
    let spec = |lines: &str| {
        format!(
            "target \"app\" {{ platforms = [\"linux/amd64\"] }}\nimage \"app\" {{\n  repositories = [\"r.io/a\"]\n  {lines}\n}}\n"
        )
    };
    for (lines, word, known) in [
        ("version = \"{{ tag | default('0.0.0-dev') }}\"", "tag", "branch=main"),
        ("tags = [\"{{ tag | default('dev') }}\"]", "tag", "branch=main"),
        ("tags = [\"{{ tag or 'dev' }}\"]", "tag", "branch=main"),
        ("tags = [\"{{ tag if tag else 'dev' }}\"]", "tag", "branch=main"),
        ("tags = [\"{% if branch %}x{% else %}dev{% endif %}\"]", "branch", "tag=v1.2.3"),
        (
            "tags = [\"{{ sha | default('none') }}\"]",
            "sha",
            "commit=c0ffee0123456789c0ffee0123456789c0ffee01",
        ),
        ("tags = [\"pr-{{ pr | default('none') }}\"]", "pr", "branch=main"),
    ] {
        let run = |facts: &[&str]| {
            let test =
                Test::new().file("docker-bake.hcl", spec(lines)).args(["metadata", "--format", "tags"]);
            let facts: Vec<String> = facts.iter().map(|fact| format!("--fact={fact}")).collect();
            let output = test.args(facts.iter().map(String::as_str)).output();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        // There is no repository of git here, and no CI.
        let (code, told) = run(&[]);
        assert_eq!(code, Some(1), "{lines}: {told}");
        assert!(told.contains(&format!("`{word}`, which is unknown")), "{lines}: {told}");
        let (code, told) = run(&[known]);
        assert_eq!(code, Some(0), "{lines}: {told}");
    }
}
