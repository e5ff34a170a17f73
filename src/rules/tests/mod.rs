//! Tests of `rules`: what they give.

mod refused;

use super::*;
use crate::facts::Facts;

const COMMIT: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";

/// A run of an event on a ref, in a repository whose default branch is `master`.
fn run(event: &str, git_ref: &str) -> Facts {
    let facts = Facts {
        event: Some(event.into()),
        git_ref: Some(git_ref.into()),
        base_branch: (event == "pull_request").then(|| "master".into()),
        commit: Some(COMMIT.into()),
        commit_time: Some("2020-01-10T00:30:00Z".parse().unwrap()),
        default_branch: Some("master".into()),
        ..Facts::default()
    };
    facts.with_ref_parts()
}

fn push(git_ref: &str) -> Facts {
    run("push", git_ref)
}

fn tagged(tag: &str) -> Facts {
    push(&format!("refs/tags/{tag}"))
}

fn outcome(rules: &[&str], flavor: &[&str], facts: &Facts) -> Result<Outcome, Vec<(usize, RuleError)>> {
    let rules: Vec<Rule> =
        rules.iter().map(|line| Rule::parse(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect();
    apply(&rules, &Flavor::parse(flavor.iter().copied()).unwrap(), &facts)
}

/// The tags, `latest` at the end.
#[track_caller]
fn all(rules: &[&str], flavor: &[&str], facts: &Facts) -> String {
    let outcome = outcome(rules, flavor, facts).unwrap();
    let tags = outcome.tags.into_iter().map(|tag| tag.text);
    tags.chain(outcome.latest).collect::<Vec<_>>().join(" ")
}

/// The tags without `latest`.
#[track_caller]
fn one(rule: &str, facts: &Facts) -> String {
    all(&[rule], &["latest=false"], facts)
}

#[track_caller]
fn notes(rules: &[&str], flavor: &[&str], facts: &Facts) -> Vec<String> {
    let notes = outcome(rules, flavor, facts).unwrap().notes;
    notes.iter().map(|(at, note)| format!("{at}: {note}")).collect()
}

/// What is wrong with a line, and what to do.
fn complaint(error: &RuleError) -> String {
    format!("{error}\n  {}\n", error.help())
}

#[test]
fn the_examples_of_versions_are_those_of_metadata_action() {
    for (tag, rule, expected) in [
        ("v1.2.3", "type=semver,pattern={{raw}}", "v1.2.3"),
        ("v1.2.3", "type=semver,pattern={{version}}", "1.2.3"),
        ("v1.2.3", "type=semver,pattern={{major}}.{{minor}}", "1.2"),
        ("v1.2.3", "type=semver,pattern=v{{major}}", "v1"),
        ("v1.2.3", "type=semver,pattern={{minor}}", "2"),
        ("v1.2.3", "type=semver,pattern={{patch}}", "3"),
        ("p1/v1.2.3", r"type=semver,pattern={{version}},match=v(\d.\d.\d)$", "1.2.3"),
        ("v2.0.8-beta.67", "type=semver,pattern={{raw}}", "v2.0.8-beta.67"),
        ("v2.0.8-beta.67", "type=semver,pattern={{version}}", "2.0.8-beta.67"),
        ("v2.0.8-beta.67", "type=semver,pattern={{major}}", "2.0.8-beta.67"),
        ("v2.0.8-beta.67", "type=semver,pattern={{major}}.{{minor}}", "2.0.8-beta.67"),
        ("x", "type=semver,pattern={{version}},value=v1.0.0", "1.0.0"),
        ("x", r"type=semver,pattern={{version}},value=p1/v1.0.0,match=v(\d.\d.\d)$", "1.0.0"),
        ("1.2.3", "type=pep440,pattern={{raw}}", "1.2.3"),
        ("1.2.3", "type=pep440,pattern={{version}}", "1.2.3"),
        ("v1.2.3", "type=pep440,pattern={{version}}", "1.2.3"),
        ("1.2.3", "type=pep440,pattern={{major}}.{{minor}}", "1.2"),
        ("1.2.3", "type=pep440,pattern=v{{major}}", "v1"),
        ("v1.2.3rc2", "type=pep440,pattern={{raw}}", "v1.2.3rc2"),
        ("1.2.3rc2", "type=pep440,pattern={{version}}", "1.2.3rc2"),
        ("p1/v1.2.3", r"type=pep440,pattern={{version}},match=v(\d.\d.\d)$", "1.2.3"),
        ("1.2.3rc2", "type=pep440,pattern={{major}}.{{minor}}", "1.2.3rc2"),
        ("1.2.3post1", "type=pep440,pattern={{major}}.{{minor}}", "1.2.3.post1"),
        ("1.2.3beta2", "type=pep440,pattern={{major}}.{{minor}}", "1.2.3b2"),
        ("1.0dev4", "type=pep440,pattern={{major}}.{{minor}}", "1.0.dev4"),
        ("x", "type=pep440,pattern={{version}},value=1.0.0", "1.0.0"),
        ("x", r"type=pep440,pattern={{version}},value=p1/v1.0.0,match=v(\d.\d.\d)$", "1.0.0"),
        ("v1.2.3", r"type=match,pattern=\d.\d.\d", "1.2.3"),
        ("v2.0.8-beta.67", "type=match,pattern=v(.*),group=1", "2.0.8-beta.67"),
        ("v2.0.8-beta.67", r"type=match,pattern=v(\d.\d),group=1", "2.0"),
        ("20200110-RC2", r"type=match,pattern=\d+", "20200110"),
        ("p1/v1.2.3", r"type=match,pattern=p1/v(\d.\d.\d),group=1", "1.2.3"),
        ("x", "type=match,pattern=v(.*),group=1,value=v1.0.0", "1.0.0"),
    ] {
        assert_eq!(one(rule, &tagged(tag)), expected, "{tag} {rule}");
    }
}

#[test]
fn the_examples_of_refs_and_events_are_those_of_metadata_action() {
    let pull_request = run("pull_request", "refs/pull/2/merge");
    let dispatch = run("workflow_dispatch", "refs/heads/master");
    let schedule = run("schedule", "refs/heads/master");
    let (branch, tag, pr) = ("type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr");
    for (facts, rule, expected) in [
        (&pull_request, pr, "pr-2"),
        (&pull_request, branch, ""),
        (&pull_request, tag, ""),
        (&push("refs/heads/master"), branch, "master"),
        (&push("refs/heads/master"), tag, ""),
        (&push("refs/heads/master"), pr, ""),
        (&push("refs/heads/my/branch"), branch, "my-branch"),
        (&tagged("v1.2.3"), tag, "v1.2.3"),
        (&tagged("v1.2.3"), branch, ""),
        (&tagged("v2.0.8-beta.67"), tag, "v2.0.8-beta.67"),
        (&dispatch, branch, "master"),
        (&pull_request, "type=ref,enable=true,priority=600,prefix=pr-,suffix=,event=pr", "pr-2"),
        (&pull_request, "type=ref,event=pr,prefix=", "2"),
        (&run("pull_request", "refs/pull/2/head"), pr, "pr-2"),
        (
            &run("merge_group", "refs/heads/gh-readonly-queue/main/pr-7-abc"),
            branch,
            "gh-readonly-queue-main-pr-7-abc",
        ),
        (&schedule, "type=schedule", "nightly"),
        (&schedule, "type=schedule,pattern=nightly", "nightly"),
        (&schedule, "type=schedule,enable=true,priority=1000,prefix=,suffix=,pattern=nightly", "nightly"),
        (&schedule, "type=schedule,pattern={{date 'YYYYMMDD'}}", "20200110"),
        (&schedule, "type=schedule,pattern={{date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}", "20200110-093000"),
        (&schedule, "type=schedule,pattern={{date 'GGGG-[W]WW'}},suffix=-{{sha}}", "2020-W02-860c190"),
        (&push("refs/heads/master"), "type=schedule", ""),
        (&push("refs/heads/master"), "type=edge", "edge"),
        (&push("refs/heads/dev"), "type=edge", ""),
        (&push("refs/heads/main"), "type=edge,branch=main", "edge"),
        (&tagged("v1"), "type=edge", ""),
        (&pull_request, "type=edge", ""),
        (&dispatch, "type=sha", "sha-860c190"),
        (&dispatch, "type=sha,format=short", "sha-860c190"),
        (&dispatch, "type=sha,format=long", "sha-860c1904a1ce19322e91ac35af1ab07466440c37"),
        (&dispatch, "type=sha,enable=true,priority=100,prefix=,suffix=,format=short", "860c190"),
        (&dispatch, "type=sha,prefix={{branch}}-", "master-860c190"),
        (&dispatch, "type=raw,value=foo", "foo"),
        (&dispatch, "type=raw,foo", "foo"),
        (&dispatch, "foo,enable=true", "foo"),
        (&dispatch, "type=raw,value=mytag-{{branch}}-{{sha}}", "mytag-master-860c190"),
        (&pull_request, "type=raw,value={{base_ref}}", "master"),
        (&tagged("v1.2.3"), "type=raw,value={{tag}}", "v1.2.3"),
        (&tagged("v1.2.3"), "type=raw,value={{branch}}", ""),
        (&push("refs/heads/master"), "type=raw,value={{tag}}", ""),
        (&dispatch, "type=raw,value=latest,enable={{is_default_branch}}", "latest"),
        (&dispatch, "type=raw,value=dev,enable={{is_not_default_branch}}", ""),
        (&push("refs/heads/dev"), "type=raw,value=latest,enable={{is_default_branch}}", ""),
        (&push("refs/heads/dev"), "type=raw,value=dev,enable={{is_not_default_branch}}", "dev"),
        (&tagged("v1"), "type=raw,value=latest,enable={{is_default_branch}}", ""),
        (&pull_request, "type=raw,value=latest,enable={{is_default_branch}}", ""),
        (&dispatch, "type=raw,value=foo,enable=false", ""),
        (&dispatch, "type=raw,value={{date 'YYYYMMDD'}}", "20200110"),
        (&dispatch, "type=raw,value={{commit_date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}", "20200110-093000"),
        (
            &dispatch,
            "\"type=raw,\"\"value={{date 'dddd, MMMM Do YYYY, h:mm:ss a'}}\"\"\"",
            "Friday-January-10th-2020-12-30-00-am",
        ),
    ] {
        assert_eq!(one(rule, facts), expected, "{rule}");
    }
}

#[test]
fn whole_lists_give_what_metadata_action_gives() {
    let defaults = ["type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr"];
    let usual = [
        "type=ref,event=branch",
        "type=ref,event=pr",
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}.{{minor}}",
    ];
    let with_sha = [usual.as_slice(), &["type=sha"]].concat();
    let pull_request = run("pull_request", "refs/pull/2/merge");
    let master = push("refs/heads/master");
    let full = [
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}.{{minor}}.{{patch}}",
        "type=semver,pattern={{major}}.{{minor}}",
        "type=semver,pattern={{major}}",
    ];
    let pep = full.map(|line| line.replace("semver", "pep440"));
    let pep = pep.each_ref().map(String::as_str);
    for (rules, flavor, facts, expected) in [
        (defaults.as_slice(), [].as_slice(), &pull_request, "pr-2"),
        (&defaults, &[], &master, "master"),
        (&defaults, &[], &push("refs/heads/releases/v1"), "releases-v1"),
        (&defaults, &[], &tagged("v1.2.3"), "v1.2.3 latest"),
        (&defaults, &[], &tagged("release1"), "release1 latest"),
        (&defaults, &[], &run("schedule", "refs/heads/master"), "nightly master"),
        (&usual, &[], &pull_request, "pr-2"),
        (&usual, &[], &master, "master"),
        (&usual, &[], &push("refs/heads/releases/v1"), "releases-v1"),
        (&usual, &[], &tagged("v1.2.3"), "1.2.3 1.2 latest"),
        (&usual, &[], &tagged("v2.0.8-beta.67"), "2.0.8-beta.67"),
        (&with_sha, &[], &tagged("v1.2.3"), "1.2.3 1.2 sha-860c190 latest"),
        (&full, &[], &tagged("v1.1.1"), "1.1.1 1.1 1 latest"),
        (&full, &[], &tagged("0.1.2"), "0.1.2 0.1 0 latest"),
        (&full, &[], &tagged("v2.0.8-beta.67"), "2.0.8-beta.67"),
        (&full, &[], &tagged("sometag"), ""),
        (&pep, &[], &tagged("1.1.1"), "1.1.1 1.1 1 latest"),
        (&pep, &[], &tagged("1.2"), "1.2 1.2.0 1 latest"),
        (&pep, &[], &tagged("2024.01.05"), "2024.1.5 2024.1 2024 latest"),
        (&pep, &[], &tagged("1.1beta2"), "1.1b2"),
        (&pep, &[], &tagged("v1.2-1"), "1.2.post1"),
        (&["type=edge", "type=ref,priority=2000,event=branch"], &[], &master, "master edge"),
        (&["type=edge", "type=semver,pattern={{version}},value=v1.2.3"], &[], &master, "1.2.3 edge latest"),
        (&["type=match,pattern=v(.*),group=1,value=v1.2.3", "type=edge"], &[], &master, "1.2.3 edge latest"),
        (&["type=sha,priority=2000", "type=ref,event=pr"], &[], &pull_request, "sha-860c190 pr-2"),
        (
            &["type=semver,pattern={{version}}", "type=raw,priority=2000,foo", "type=ref,event=tag"],
            &[],
            &tagged("v1.1.1"),
            "foo 1.1.1 v1.1.1",
        ),
        (
            &[
                r"type=match,pattern=p1/v(\d.\d.\d),group=1",
                r"type=match,pattern=p1/v(\d.\d),group=1,suffix=",
                "type=sha",
            ],
            &["suffix=-dev"],
            &tagged("p1/v1.0.0"),
            "1.0.0-dev 1.0 sha-860c190-dev latest",
        ),
        (&full[..2], &["suffix=-dev,onlatest=true"], &tagged("v1.1.1"), "1.1.1-dev latest-dev"),
        (
            &full[..2],
            &["prefix=foo-,onlatest=true", "suffix=-dev,onlatest=true"],
            &tagged("v1.1.1"),
            "foo-1.1.1-dev foo-latest-dev",
        ),
        (
            &full[..1],
            &["prefix=foo-,suffix=-dev,onlatest=true"],
            &tagged("v1.1.1"),
            "foo-1.1.1-dev latest-dev",
        ),
        (&full[..1], &["suffix=-dev,onlatest=false"], &tagged("v1.1.1"), "1.1.1-dev latest"),
        (&full[..1], &["prefix={{tag}}-,onlatest=true"], &tagged("v1.1.1"), "v1.1.1-1.1.1 v1.1.1-latest"),
        (&full[..1], &["latest=false"], &tagged("v1.1.1"), "1.1.1"),
        (&["type=ref,event=branch"], &["latest=true"], &master, "master latest"),
        (&["type=ref,event=pr"], &["prefix=foo-", "suffix=-bal"], &pull_request, "pr-2-bal"),
        (&["type=ref,event=pr", "type=ref,event=tag"], &["latest=true"], &master, ""),
        // `latest` is given once, and last.
        (&["type=raw,value=latest", "type=sha"], &["latest=true"], &master, "sha-860c190 latest"),
        (&["type=raw,latest", "type=semver,pattern={{version}}"], &[], &tagged("v1.0.0"), "1.0.0 latest"),
    ] {
        assert_eq!(all(rules, flavor, facts), expected, "{rules:?} {flavor:?} {:?}", facts.git_ref);
    }
}

#[test]
fn tags_of_a_version_say_how_much_of_it_they_name() {
    let depths = |rules: &[&str], tag: &str| {
        let outcome = outcome(rules, &[], &tagged(tag)).unwrap();
        let depths = outcome.tags.iter().map(|tag| match tag.depth {
            None => "-".to_owned(),
            Some(usize::MAX) => "all".to_owned(),
            Some(depth) => depth.to_string(),
        });
        let version = outcome.version.map(|version| version.to_string()).unwrap_or_default();
        format!("{version}: {}", depths.collect::<Vec<_>>().join(" "))
    };
    let semver = [
        "type=semver,pattern={{raw}}",
        "type=semver,pattern=v{{major}}.{{minor}}",
        "type=semver,pattern={{major}},suffix=-x",
        "type=semver,pattern={{major}}.{{minor}}.{{patch}},prefix=x",
        "type=sha",
    ];
    assert_eq!(depths(&semver, "v1.2.3"), "v1.2.3: all 2 1 all -");
    assert_eq!(depths(&semver, "v1.2.3-rc.1"), "v1.2.3-rc.1: all all all -");
    assert_eq!(depths(&["type=pep440,pattern={{major}}.{{minor}}"], "1.2.3.4"), "1.2.3.4: 2");
    assert_eq!(depths(&["type=pep440,pattern={{major}}.{{minor}}"], "1.2"), "1.2: all");
    assert_eq!(depths(&["type=ref,event=tag"], "v1.2.3"), "v1.2.3: all");
    assert_eq!(depths(&["type=ref,event=tag"], "pkg/v1.2.3"), "v1.2.3: all");
    assert_eq!(depths(&["type=ref,event=tag"], "release"), ": -");
    let matches = [
        r"type=match,pattern=v?(\d+),group=1",
        r"type=match,pattern=\d+\.\d+",
        r"type=match,pattern=\d+\.\d+\.\d+",
    ];
    assert_eq!(depths(&matches, "pkg/v1.2.3"), "v1.2.3: 1 2 all");
    assert_eq!(depths(&matches, "rel-1.2.3"), "1.2.3: 1 2 all");
    assert_eq!(depths(&matches, "v1.2.3-rc.1"), ": - - -");
}

#[test]
fn tags_say_what_they_move_with() {
    for (rule, facts, names_commit, names_run) in [
        ("type=sha", push("refs/heads/master"), true, true),
        ("type=ref,event=branch", push("refs/heads/master"), false, true),
        ("type=ref,event=branch,suffix=-{{sha}}", push("refs/heads/master"), true, true),
        ("type=edge", push("refs/heads/master"), false, true),
        ("type=schedule", run("schedule", "refs/heads/master"), false, true),
        ("type=raw,value=next", push("refs/heads/master"), false, false),
        ("type=raw,value={{date 'YYYY'}}", push("refs/heads/master"), false, true),
        ("type=ref,event=tag", tagged("release-7"), true, true),
        ("type=ref,event=tag", tagged("nightly"), false, true),
        ("type=match,pattern=r.l", tagged("release"), false, true),
        ("type=semver,pattern={{major}}", tagged("v1.2.3"), false, false),
    ] {
        let tag = outcome(&[rule], &[], &facts).unwrap().tags.remove(0);
        assert_eq!((tag.names_commit, tag.names_run), (names_commit, names_run), "{rule}");
    }
}

#[test]
fn what_is_altered_keeps_what_it_was() {
    let altered = |rule: &str, facts: &Facts| outcome(&[rule], &[], facts).unwrap().tags[0].altered.clone();
    assert_eq!(altered("type=ref,event=branch", &push("refs/heads/a/b")).as_deref(), Some("a/b"));
    assert_eq!(altered("type=ref,event=branch", &push("refs/heads/a-b")), None);
    assert_eq!(
        altered("type=sha,prefix={{branch}}-", &push("refs/heads/a&b")).as_deref(),
        Some("a&b-860c190")
    );
}

#[test]
fn what_metadata_action_does_in_silence_is_noted() {
    let v = "type=semver,pattern={{version}}";
    for (rules, flavor, facts, expected) in [
        (
            &[v][..],
            &[][..],
            &tagged("v1.2"),
            "0: `v1.2` is not a valid SemVer version, so the rule gives no tag",
        ),
        (
            &["type=pep440,pattern={{version}}"],
            &[],
            &tagged("x"),
            "0: `x` is not a valid PEP 440 version, so the rule gives no tag",
        ),
        (
            &[r"type=semver,pattern={{version}},match=p2/v(.*)"],
            &[],
            &tagged("p1/v1.2.3"),
            "0: `p2/v(.*)` does not match `p1/v1.2.3`, so the rule gives no tag",
        ),
        (
            &[r"type=match,pattern=\d{8}"],
            &[],
            &tagged("v1"),
            r"0: `\d{8}` does not match `v1`, so the rule gives no tag",
        ),
        (
            &["type=raw,{{branch}}"],
            &[],
            &tagged("v1"),
            "0: this run has no `branch`, so the rule gives no tag",
        ),
        (
            &["type=semver,pattern=v{{major}}"],
            &[],
            &tagged("v1.2.3-rc.1"),
            "0: `1.2.3-rc.1` has no `v{{major}}`, which is for versions of numbers alone",
        ),
        (
            &["type=ref,event=tag"],
            &[],
            &tagged("v2.0.8-beta.67"),
            "0: `v2.0.8-beta.67` is a prerelease, so it does not become `latest`",
        ),
        (
            &["type=match,pattern=v(.*),group=1"],
            &[],
            &tagged("v1.0.0-rc1"),
            "0: `v1.0.0-rc1` is a prerelease, so it does not become `latest`",
        ),
        (
            &[r"type=match,pattern=\d+"],
            &["latest=false"],
            &tagged("20200110-RC2"),
            "0: `20200110` is made of the prerelease `20200110-RC2`",
        ),
        (
            &["type=semver,pattern={{raw}}"],
            &[],
            &tagged("v1.2.3+b5"),
            "0: a tag cannot hold `v1.2.3+b5`, so it becomes `v1.2.3-b5`",
        ),
        (
            &["type=pep440,pattern={{version}}"],
            &[],
            &tagged("1!2.3"),
            "0: a tag cannot hold `1!2.3`, so it becomes `1-2.3`",
        ),
        (
            &["type=ref,event=pr"],
            &["latest=true"],
            &run("pull_request", "refs/pull/2/merge"),
            "0: `latest=true` gives `latest` to a pull request",
        ),
    ] {
        assert_eq!(notes(rules, flavor, facts), [expected], "{rules:?}");
    }
    // The literal part of a pattern stays with a prerelease.
    let rules = ["type=semver,pattern=v{{version}}-amd64", "type=semver,pattern={{version}},suffix=-x"];
    assert_eq!(all(&rules, &[], &tagged("v1.2.3-rc.1")), "v1.2.3-rc.1-amd64 1.2.3-rc.1-x");
    assert!(notes(&rules, &[], &tagged("v1.2.3-rc.1")).is_empty());
}

#[test]
fn facts_are_asked_for_only_when_a_rule_needs_them() {
    let unknown = std::cell::LazyCell::new(|| -> Facts { panic!("nobody asked") });
    let rules = [Rule::parse("type=raw,value=x").unwrap(), Rule::parse("type=sha,enable=false").unwrap()];
    let known: crate::facts::Known<'_> = &unknown;
    assert_eq!(apply(&rules, &Flavor::default(), known).unwrap().tags[0].text, "x");
}

proptest::proptest! {
    #[test]
    fn what_comes_out_is_a_tag(
        line in "(type=(semver|match|raw|ref|sha|edge),)?(pattern=|value=|event=|prefix=)?[a-z{}\\\\/(),'\"=. -]{0,12}",
        git_ref in "refs/(heads|tags|pull)/\\PC{1,5}",
    ) {
        if let Ok(rule) = Rule::parse(&line)
            && let Ok(outcome) = apply(&[rule], &Flavor::default(), &&push(&git_ref))
        {
            for tag in outcome.tags {
                proptest::prop_assert!(tag.text.parse::<crate::reference::Tag>().is_ok());
            }
        }
    }
}
