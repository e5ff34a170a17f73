//! Tests of `rules`.

use snapbox::{IntoData, assert_data_eq, str};

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
        ("type=ref,event=tag", tagged("release"), true, true),
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
            "0: `v1.2` is not a version of SemVer, so the rule gives no tag",
        ),
        (
            &["type=pep440,pattern={{version}}"],
            &[],
            &tagged("x"),
            "0: `x` is not a version of PEP 440, so the rule gives no tag",
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
            "0: `1.2.3-rc.1` has no `v{{major}}`, which must not move to a prerelease",
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
fn lines_that_say_something_else_than_they_do_are_refused() {
    let lines = [
        "type=semvar,pattern={{version}}",
        "type=semver",
        "type=semver,pattern=",
        "type=match",
        "type=ref",
        "type=ref,event=push",
        "type=raw",
        "type=raw,value=",
        "type=sha,format=12",
        "type=sha,enabled=true",
        "type=edge,group=1",
        "type=raw,value=a,value=b",
        "type=raw,a,b",
        r"type=match,pattern=\d{1,3}.\d",
        "type=sha,priority=high",
        "type=sha,enable=yes",
        "type=raw,value=a/b",
        "type=sha,suffix=-{{branch}}+x",
        "latest=auto",
        "suffix=-alpine,onlatest=true",
        "type=semver,pattern={{version}}-{{sha}}",
        "type=raw,value=v{{version}}",
        "type=raw,value={{brnach}}",
        "type=raw,value={{ branch | slug }}",
        "type=raw,value={{#if branch}}x{{/if}}",
        "type=schedule,pattern={{date}}",
        "type=schedule,pattern={{date 'LL'}}",
        "type=schedule,pattern={{date 'YYYY' tz='Tokyo'}}",
        "type=schedule,pattern={{date 'YYYY' zone='Tokyo'}}",
        r"type=semver,pattern={{version}},match=v\d",
        "type=match,pattern=v(.*),group=2",
        "type=match,pattern=v(.*),group=a",
        "type=match,pattern=/v(.*)/g,group=1",
        "type=match,pattern=v(?=1)",
        "type=match,pattern=v(",
        "type=match,\"pattern=v",
    ];
    let complaints = lines.map(|line| {
        let error = Rule::parse(line).err().unwrap_or_else(|| panic!("{line} is read"));
        format!("{line}\n  {}", complaint(&error))
    });
    assert_data_eq!(complaints.concat(), str![[r#"
type=semvar,pattern={{version}}
  there is no rule of the type `semvar`
  did you mean `semver`?
type=semver
  `type=semver` needs `pattern`
  specify it, such as `type=semver,pattern={{version}}`
type=semver,pattern=
  `type=semver` needs `pattern`
  specify it, such as `type=semver,pattern={{version}}`
type=match
  `type=match` needs `pattern`
  specify what to match, such as `type=match,pattern=v(.*),group=1`
type=ref
  `type=ref` needs `event`
  one of `branch`, `tag`, `pr`
type=ref,event=push
  `event` is `push`
  expected `branch`, `tag` or `pr`
type=raw
  `type=raw` needs `value`
  specify it, such as `type=raw,value=edge`; a tag cannot be empty
type=raw,value=
  `type=raw` needs `value`
  specify it, such as `type=raw,value=edge`; a tag cannot be empty
type=sha,format=12
  `format` is `12`
  expected `short` or `long`; a pattern takes any length: `{{ commit[:12] }}`
type=sha,enabled=true
  `type=sha` has no attribute `enabled`
  did you mean `enable`?
type=edge,group=1
  `type=edge` has no attribute `group`
  the attributes are `branch`, `enable`, `priority`, `prefix`, `suffix`
type=raw,value=a,value=b
  `value` is given twice
  leave one of them out; metadata-action would take the last
type=raw,a,b
  `b` has no `=`
  put an attribute that contains a comma in quotes: `type=match,"pattern=\d{1,3}"`
type=match,pattern=\d{1,3}.\d
  `3}.\d` has no `=`
  put an attribute that contains a comma in quotes: `type=match,"pattern=\d{1,3}"`
type=sha,priority=high
  `priority` is `high`
  expected a whole number
type=sha,enable=yes
  `enable` is `yes`
  expected `true`, `false` or a word such as `{{is_default_branch}}`; for more, write a pattern with a condition: `{ pattern = "…", when = "event == \"push\"" }`
type=raw,value=a/b
  `value` has '/' in it, which a tag cannot hold
  write what metadata-action makes of it: `value=a-b`
type=sha,suffix=-{{branch}}+x
  `suffix` has '+' in it, which a tag cannot hold
  tags have letters, digits, `.`, `-` and `_`
latest=auto
  `latest=auto` is not a rule but a line of the flavor
  move it to `flavor = ["latest=auto"]`
suffix=-alpine,onlatest=true
  `suffix=-alpine,onlatest=true` is not a rule but a line of the flavor
  move it to `flavor = ["suffix=-alpine,onlatest=true"]`
type=semver,pattern={{version}}-{{sha}}
  in `{{version}}-{{sha}}`, `{{sha}}` has no meaning in the `pattern` of a version
  it is a word of `prefix` and `suffix`: `suffix=-{{sha}}`; here metadata-action leaves it empty
type=raw,value=v{{version}}
  in `v{{version}}`, `{{version}}` has no meaning in this attribute
  it is a word of versions: `type=semver,pattern={{version}}`
type=raw,value={{brnach}}
  in `{{brnach}}`, `{{brnach}}` has no meaning in this attribute
  did you mean `branch`?
type=raw,value={{ branch | slug }}
  in `{{ branch | slug }}`, `{{branch}}` does not take `| slug`
  a rule's words take no filters: write `{{branch}}`, which is made to fit a tag
type=raw,value={{#if branch}}x{{/if}}
  in `{{#if branch}}x{{/if}}`, `{{#if}}` is Handlebars that a rule does not support
  write a pattern with a condition instead: `{ pattern = "…", when = "branch" }`
type=schedule,pattern={{date}}
  in `{{date}}`, `{{date}}` has no format in quotes
  write `{{date 'YYYYMMDD'}}`
type=schedule,pattern={{date 'LL'}}
  in `{{date 'LL'}}`, the letters `LL` of the date have no meaning here
  write the date out, such as `YYYY-MM-DD`; put literal text in brackets: `[text]`
type=schedule,pattern={{date 'YYYY' tz='Tokyo'}}
  in `{{date 'YYYY' tz='Tokyo'}}`, there is no time zone `Tokyo`
  use one from the tz database, such as `Asia/Tokyo`; metadata-action would take UTC
type=schedule,pattern={{date 'YYYY' zone='Tokyo'}}
  in `{{date 'YYYY' zone='Tokyo'}}`, `{{date}}` does not take `zone='Tokyo'`
  write `{{date 'YYYYMMDD' tz='Asia/Tokyo'}}`
type=semver,pattern={{version}},match=v\d
  the expression `v\d` has no group, and `match` takes its first one
  put the version into parentheses: `match=(v\d)`
type=match,pattern=v(.*),group=2
  the expression `v(.*)` has no group 2
  the only group is 1, and 0 is the whole match
type=match,pattern=v(.*),group=a
  `group` is `a`
  expected the number of a group; 0 is the whole match
type=match,pattern=/v(.*)/g,group=1
  the expression `/v(.*)/g` cannot be used: with the flag `g`, `group` would count matches instead of groups
  leave out the `g`
type=match,pattern=v(?=1)
  the expression `v(?=1)` cannot be used: look-around is not supported
  match more, and select the part with a group: `v(\d+)-` and `group=1`
type=match,pattern=v(
  the expression `v(` cannot be used: unclosed group
  in a Bake file, a backslash is written twice: `v(\\d+)`
type=match,"pattern=v
  the rule is not a list of attributes with commas between them: a quoted field is not closed properly
  put an attribute that contains a comma in quotes: `type=match,"pattern=\d{1,3}"`

"#]].raw());
}

#[test]
fn flavors_that_say_nothing_are_refused() {
    let lines = [
        "latest=yes",
        "suffix=-arm64;latest=false",
        "onlatest=true",
        "onlatest=true,suffix=-x",
        "suffix=-x,onlatest=1",
        "sufix=-x",
        "-x",
        "prefix=a,prefix=b",
        "prefix=\"",
    ];
    let complaints = lines.map(|line| {
        let (at, error) = Flavor::parse(["latest=auto", line]).unwrap_err();
        assert_eq!(at, 1);
        format!("{line}\n  {}", complaint(&error))
    });
    assert_data_eq!(
        complaints.concat(),
        str![[r#"
latest=yes
  `latest` is `yes`
  expected `auto`, `true` or `false`
suffix=-arm64;latest=false
  `suffix` has ';' in it, which a tag cannot hold
  separate attributes with commas, and make each line an entry of the list
onlatest=true
  `onlatest` has no effect without a `prefix` or `suffix` before it on the same line
  write it after one, such as `suffix=-alpine,onlatest=true`
onlatest=true,suffix=-x
  `onlatest` has no effect without a `prefix` or `suffix` before it on the same line
  write it after one, such as `suffix=-alpine,onlatest=true`
suffix=-x,onlatest=1
  `onlatest` is `1`
  expected `true` or `false`
sufix=-x
  a flavor has no attribute `sufix`
  did you mean `suffix`?
-x
  a flavor has no attribute `-x`
  the attributes are `latest`, `prefix`, `suffix`, `onlatest`
prefix=a,prefix=b
  `prefix` is given twice
  leave one of them out; metadata-action would take the last
prefix="
  the rule is not a list of attributes with commas between them: a quote stands inside an unquoted field
  put an attribute that contains a comma in quotes: `type=match,"pattern=\d{1,3}"`

"#]]
        .raw()
    );
}

#[test]
fn rules_that_cannot_be_applied_are_errors() {
    let tag = tagged("v1.2.3");
    let pull_request = run("pull_request", "refs/pull/2/merge");
    let unknown = Facts::default();
    let cases: [(&[&str], &[&str], &Facts); 14] = [
        (&["type=sha,prefix={{branch}}-"], &[], &pull_request),
        (&["type=raw,value=x-{{tag}}"], &[], &pull_request),
        (&["type=raw,value=x-{{base_ref}}"], &[], &tag),
        (&["type=ref,event=branch"], &[], &unknown),
        (&["type=sha"], &[], &unknown),
        (&["type=raw,value=x,enable={{is_default_branch}}"], &[], &unknown),
        (&["type=edge"], &[], &Facts { default_branch: None, ..push("refs/heads/x") }),
        (&["type=raw,{{date 'YYYY'}}"], &[], &unknown),
        (&["type=raw,value=x,enable={{branch}}"], &[], &push("refs/heads/main")),
        (&["type=ref,event=branch,prefix=-"], &[], &push("refs/heads/main")),
        (&["type=ref,event=branch"], &[], &push(&format!("refs/heads/{}", "x".repeat(129)))),
        (&["type=ref,event=branch"], &[], &push("refs/heads/日本")),
        (&["type=semver,pattern={{version}}", "type=pep440,pattern={{version}},value=2.0"], &[], &tag),
        (&["type=ref,event=tag"], &["prefix=-,onlatest=true"], &tag),
    ];
    let complaints = cases.map(|(rules, flavor, facts)| {
        let errors = outcome(rules, flavor, facts).expect_err(rules[0]);
        let errors = errors
            .iter()
            .map(|(at, error)| format!("{at}: {}", complaint(error).replace(&"x".repeat(129), "x…")));
        errors.collect::<String>()
    });
    assert_data_eq!(complaints.concat(), str![[r#"
0: the rule uses `{{branch}}`, which is not known: this run is of `refs/pull/2/merge`
  metadata-action would leave it empty; say when it applies: `{ pattern = "{{ branch | slug }}-{{ sha }}", when = "branch" }`
0: the rule uses `{{tag}}`, which is not known: this run is of `refs/pull/2/merge`
  metadata-action would leave it empty; say when it applies: `{ pattern = "{{ tag | slug }}-{{ sha }}", when = "tag" }`
0: the rule uses `{{base_ref}}`, which is not known: this run is of `refs/tags/v1.2.3`
  metadata-action would leave it empty; say when it applies: `{ pattern = "{{ base_branch | slug }}-{{ sha }}", when = "base_branch" }`
0: the rule uses the fact `ref`, which is not known
  give it with `--fact ref=…`; `bakeplan plan --facts` shows what is known
0: the rule uses the fact `commit`, which is not known
  give it with `--fact commit=…`; `bakeplan plan --facts` shows what is known
0: the rule uses the fact `ref`, which is not known
  give it with `--fact ref=…`; `bakeplan plan --facts` shows what is known
0: the rule uses the fact `default_branch`, which is not known
  name it in the rule, `branch=main`, or give it with `--fact default_branch=main`
0: the rule uses `{{date}}`, which is not known
  give it with `--fact commit_time=…`; `bakeplan plan --facts` shows what is known
0: `enable` evaluates to `main`, not to true or false
  write `enable={{is_default_branch}}`, or a pattern with a condition: `{ pattern = "…", when = "event == \"push\"" }`
0: the rule makes `-main`, which is not a valid tag: tag must not begin with '-'
  tags begin with a letter, a digit or `_`
0: the rule makes `x…`, which is not a valid tag: tag is 129 characters long; at most 128 are allowed
  write a shorter one; a truncated name may be that of another branch
0: the rule makes ``, which is not a valid tag: tag is empty
  a tag cannot hold any of its characters; write a rule `type=raw` with your own name
1: this rule is about version `2.0`, but another one is about `v1.2.3`
  an image has one version: write an `image` block for each
0: the rule makes `-v1.2.3`, which is not a valid tag: tag must not begin with '-'
  tags begin with a letter, a digit or `_`

"#]].raw());
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
