//! Attempts and runs that cross each other: what failed runs again when the next commit has published, when the base has moved,
//! and beside what an earlier attempt left behind; and two merges end in the wrong order.

use std::collections::BTreeMap;
use std::fs;

use super::hooks::TEST;
use super::run::{Commit, Ended, FIRST, PUSH, Run, SECOND};
use super::{generated, linked, project, set, tags};
use crate::engine::{Project, engine};
use crate::registry::Repository;

const TOOL: &str = "FROM scratch\nARG TARGETARCH\nCOPY tool-${TARGETARCH} /tool\n";

/// What a commit has: an image with tags of its version, of itself and of the branch.
fn checkout(repository: &str, version: &str, on_missing: &str, dockerfile: &str) -> Project {
    let definition = format!(
        r#"
        target "tool" {{
          dockerfile = "tool.Dockerfile"
          platforms  = ["linux/amd64", "linux/arm64"]
        }}
        image "tool" {{
          repositories = ["{repository}"]
          version      = "{version}"
          tags         = ["{{{{ version }}}}", "{{{{ major }}}}", "{{{{ commit[:7] }}}}", "{{{{ branch }}}}", "edge"]
          on_missing   = "{on_missing}"
        }}
        "#
    );
    Project::new(engine(), "attempts")
        .file("docker-bake.hcl", &definition)
        .file("tool.Dockerfile", dockerfile)
        .file("tool-amd64", &format!("amd64 {version}"))
        .file("tool-arm64", &format!("arm64 {version}"))
}

/// A repository that no other test has.
fn repository(name: &str) -> String {
    Project::new(engine(), "attempts").repository(0, name)
}

/// A run that is planned.
#[track_caller]
fn started<'p>(project: &'p Project, commit: &Commit, options: &[&str]) -> Run<'p> {
    let mut run = Run::new(generated(project, options), project, &PUSH, commit);
    assert!(run.plan(), "{}", run.log);
    run
}

/// The index of each tag.
pub(super) fn digests(repository: &str) -> BTreeMap<String, String> {
    let digest =
        |tag: &String| Repository::new(repository).find(tag).header("docker-content-digest").to_owned();
    tags(repository).into_iter().map(|tag| (tag.clone(), digest(&tag))).collect()
}

#[track_caller]
fn assert_right(ended: &Ended) {
    let found = (ended.merge, ended.verify, ended.gate);
    assert_eq!(found, (Some(0), Some(0), true), "{:?}\n{}", ended.rows, ended.log);
}

/// Both commits have their tags, and what both claim is with the one to which it belongs.
#[track_caller]
fn both_are_published(repository: &str, second: &str, log: &str) {
    let digests = digests(repository);
    let names: Vec<&str> = digests.keys().map(String::as_str).collect();
    let mut due = ["1", "1.2.3", "1111111", "2222222", second, "edge", "main"];
    due.sort_unstable();
    assert_eq!(names, due, "{log}");
    // A branch is with the later run; a series, and what is of no version in an image of versions, with the greatest one.
    let greatest = if second == "1.3.0" { second } else { "1.2.3" };
    for (tag, other) in
        [("1111111", "1.2.3"), ("2222222", second), ("edge", greatest), ("main", second), ("1", greatest)]
    {
        assert_eq!(digests[tag], digests[other], "{tag} is that of {other}\n{log}");
    }
    assert_ne!(digests["1.2.3"], digests[second]);
    for tag in due {
        assert_eq!(
            Repository::new(repository).index(tag).platforms(),
            ["linux/amd64", "linux/arm64"],
            "{tag}"
        );
    }
}

#[test]
fn what_failed_runs_again_when_the_next_commit_has_published() {
    for on_missing in ["hold", "drop"] {
        let repository = repository("again");
        let (first, second) = (
            checkout(&repository, "1.2.3", on_missing, TOOL),
            checkout(&repository, "1.3.0", on_missing, TOOL),
        );
        let mut older = started(&first, &FIRST, &[]);
        older.outage("tool-linux-arm64");
        older.build(&|_| {});
        let ended = older.finish();
        let published = if on_missing == "drop" {
            assert_eq!((ended.merge, ended.verify, ended.gate), (Some(0), Some(0), false), "{}", ended.log);
            set(&["1", "1.2.3", "1111111", "edge", "main"])
        } else {
            assert_eq!((ended.merge, ended.gate), (Some(5), false), "{}", ended.log);
            set(&[])
        };
        assert_eq!(tags(&repository), published, "{}", ended.log);

        let mut newer = started(&second, &SECOND, &[]);
        newer.build(&|_| {});
        assert_right(&newer.finish());

        older.outage("");
        older.build_failed_again();
        let ended = older.finish();
        assert_right(&ended);
        both_are_published(&repository, "1.3.0", &ended.log);
        // Once more, everything stays.
        let before = digests(&repository);
        assert_right(&older.finish());
        assert_eq!(digests(&repository), before);
    }
}

/// Somebody deletes the metadata of what succeeded, between the attempts: nothing was left out on purpose.
#[test]
fn metadata_that_was_lost_between_attempts_takes_no_platform_away() {
    for on_missing in ["hold", "drop", "carry"] {
        let repository = repository("lost");
        let project = checkout(&repository, "1.2.3", on_missing, TOOL);
        let mut run = started(&project, &FIRST, &[]);
        run.build(&|_| {});
        assert_right(&run.finish());
        let before = digests(&repository);
        let mut run = started(&project, &SECOND, &[]);
        run.outage("tool-linux-arm64");
        run.build(&|_| {});
        run.outage("");
        fs::remove_dir_all(run.metadata("tool-linux-amd64")).unwrap();
        run.build_failed_again();
        let ended = run.finish();
        assert!(ended.rows.values().all(|is_success| *is_success), "{}", ended.log);
        assert_eq!((ended.merge, ended.gate), (Some(5), false), "{on_missing}: {}", ended.log);
        assert_eq!(digests(&repository), before, "{on_missing}: {}", ended.log);
    }
}

#[test]
fn merges_that_end_in_the_wrong_order_come_to_the_same() {
    for version in ["1.3.0", "1.1.9"] {
        let repository = repository("order");
        let (first, second) =
            (checkout(&repository, "1.2.3", "hold", TOOL), checkout(&repository, version, "hold", TOOL));
        let (mut older, mut newer) = (started(&first, &FIRST, &[]), started(&second, &SECOND, &[]));
        older.build(&|_| {});
        newer.build(&|_| {});
        assert_right(&newer.finish());
        let ended = older.finish();
        assert_right(&ended);
        both_are_published(&repository, version, &ended.log);
    }
}

#[test]
fn what_runs_again_on_another_base_is_not_merged_with_the_rest() {
    for on_missing in ["hold", "drop"] {
        let repository = repository("bases");
        let base = format!("{repository}-base:1");
        let dockerfile = TOOL.replace("scratch", &base);
        let project = checkout(&repository, "1.2.3", on_missing, &dockerfile)
            .file("base.Dockerfile", "FROM scratch\nARG N\nCOPY tool-amd64 /base${N}\n");
        let push = |number: &str| {
            let number = format!("--build-arg=N={number}");
            let both = "--platform=linux/amd64,linux/arm64";
            project.buildx(&["build", both, &number, "--push", "-t", &base, "-f", "base.Dockerfile", "."]);
        };
        push("1");
        let mut run = started(&project, &FIRST, &[]);
        run.outage("tool-linux-arm64");
        run.build(&|_| {});
        run.finish();
        let before = digests(&repository);
        push("2");
        run.outage("");
        run.build_failed_again();
        let ended = run.finish();
        assert!(ended.rows.values().all(|is_success| *is_success), "{}", ended.log);
        assert_eq!((ended.merge, ended.verify, ended.gate), (Some(1), None, false), "{}", ended.log);
        assert!(ended.log.contains("error[mixed-bases]"), "{}", ended.log);
        assert_eq!(digests(&repository), before, "{on_missing}");
        // What the error recommends: all of them on the base of now.
        run.build(&|_| {});
        assert_right(&run.finish());
        assert_eq!(Repository::new(&repository).index("edge").platforms(), ["linux/amd64", "linux/arm64"]);
    }
}

#[test]
fn an_attempt_replaces_what_the_earlier_one_left() {
    let (project, [_, base, api, worker]) = project("attempts-linked", "hold");
    let repositories = [&base, &api, &worker];
    let definition = linked(repositories.map(String::as_str));
    let project = project.file("docker-bake.hcl", &definition);
    let mut run = started(&project, &FIRST, &[]);
    // One of three targets fails, so that the others leave a file each.
    run.outage(" api-linux-amd64");
    run.build(&|_| {});
    let ended = run.finish();
    assert_eq!((ended.merge, ended.gate), (Some(5), false), "{}", ended.log);
    let left = run.metadata("base-linux-amd64");
    assert_eq!(fs::read_dir(&left).unwrap().count(), 2);
    let stale = tempfile::tempdir().unwrap();
    super::copy(&left, stale.path());
    assert_eq!(repositories.map(|repository| tags(repository).len()), [1, 0, 1], "{}", ended.log);

    run.outage("");
    run.build_failed_again();
    let ended = run.finish();
    assert_right(&ended);
    assert_eq!(fs::read_dir(&left).unwrap().count(), 1, "a single call built all");
    assert!(!ended.log.contains("two-digests"), "{}", ended.log);
    assert_eq!(repositories.map(|repository| tags(repository).len()), [1, 1, 1], "{}", ended.log);

    // Where both lie there all the same, nothing is taken from either.
    let before = repositories.map(|repository| digests(repository));
    super::copy(stale.path(), &left);
    let ended = run.finish();
    assert_eq!((ended.merge, ended.verify, ended.gate), (Some(1), None, false), "{}", ended.log);
    assert!(ended.log.contains("error[two-digests]"), "{}", ended.log);
    assert_eq!(repositories.map(|repository| digests(repository)), before);
}

/// A job that is lost uploads nothing, so that what an earlier attempt had built is still there.
#[test]
fn a_job_that_is_lost_in_a_later_attempt_has_nothing_of_an_earlier_one() {
    for on_missing in ["hold", "drop"] {
        let repository = repository("lost");
        let project = checkout(&repository, "1.2.3", on_missing, TOOL);
        let mut run = started(&project, &FIRST, &[]);
        run.build(&|_| {});
        assert_right(&run.finish());
        let before = digests(&repository);
        // *Re-run all jobs*
        assert!(run.plan(), "{}", run.log);
        run.build_without("tool-linux-arm64");
        let ended = run.finish();
        assert!(!ended.gate, "{}", ended.log);
        // Also with `drop`: the first attempt has published the platform.
        assert_eq!(ended.merge, Some(5), "{on_missing}: {}", ended.log);
        assert_eq!(digests(&repository), before, "{on_missing}");
        // *Re-run failed jobs*
        run.build_failed_again();
        assert_right(&run.finish());
        assert_eq!(Repository::new(&repository).index("edge").platforms(), ["linux/amd64", "linux/arm64"]);
    }
}

/// *Re-run all jobs* builds everything again. A job that then fails has nothing, whatever it had before, and the image stays what
/// the attempt before has published.
#[test]
fn a_job_that_fails_in_a_later_attempt_has_nothing_of_an_earlier_one() {
    let repository = repository("later");
    let project =
        checkout(&repository, "1.2.3", "drop", TOOL).file("test/action.yml", TEST).file("broken", "");
    let mut run = started(&project, &FIRST, &["--test=./test"]);
    run.build(&|_| {});
    assert_right(&run.finish());
    let platforms = |tag: &str| -> Vec<String> {
        Repository::new(&repository).index(tag).platforms().iter().map(ToString::to_string).collect()
    };
    assert_eq!(platforms("edge"), ["linux/amd64", "linux/arm64"]);
    for failing in ["runners/tool-linux-arm64 ", "/tool-linux-arm64.plan-", "its test"] {
        run.outage(if failing == "its test" { "" } else { failing });
        fs::write(project.root().join("broken"), if failing == "its test" { "linux/arm64\n" } else { "" })
            .unwrap();
        assert!(run.plan(), "{}", run.log);
        run.build(&|_| {});
        let ended = run.finish();
        let rows: Vec<(&str, bool)> =
            ended.rows.iter().map(|(name, ended)| (name.as_str(), *ended)).collect();
        assert_eq!(
            rows,
            [("tool-linux-amd64", true), ("tool-linux-arm64", false)],
            "{failing}: {}",
            ended.log
        );
        assert_eq!((ended.merge, ended.gate), (Some(5), false), "{failing}: {}", ended.log);
        for tag in ["edge", "1.2.3"] {
            assert_eq!(platforms(tag), ["linux/amd64", "linux/arm64"], "{failing}, {tag}: {}", ended.log);
        }
        fs::write(project.root().join("broken"), "").unwrap();
        run.outage("");
        run.build_failed_again();
        assert_right(&run.finish());
        assert_eq!(platforms("edge"), ["linux/amd64", "linux/arm64"], "{failing}");
    }
}
