//! A git tag that was moved: two runs publish one version for the first time at the same moment.

use std::sync::atomic::{AtomicBool, Ordering};

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Store, TagOrDigest};

use super::rebuilt::{FLOATING, LEG, OWN, planned_as};
use super::world::{Build, World, put_tag};

/// What the other run writes, and when: once this has been written by the merge.
#[derive(Clone, Copy)]
struct Rival {
    run: u32,
    after: &'static str,
    writes: &'static [&'static str],
}

/// What a merge came to beside another one.
struct End {
    report: Report,
    world: World,
    /// What the other one made.
    rival: Digest,
    lines: Vec<String>,
}

impl End {
    fn codes(&self) -> Vec<&str> {
        self.report.problems.iter().map(|problem| problem.code.name()).collect()
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.report.images["app"].references.iter().map(|one| one.outcome).collect()
    }

    fn asked(&self, line: &str) -> usize {
        self.lines.iter().filter(|one| *one == line).count()
    }
}

/// Run 5 of this ref publishes 1.1.0 in one repository, or two, perhaps after 1.0.0.
fn beside(git_ref: &str, repositories: &[&str], rival: Option<Rival>, is_first: bool) -> End {
    let mut world = World::new();
    let plain = world.serve();
    let of = |git_ref: &str, version: &str, run: u32, host: &str| {
        let document = planned_as(&format!("ci.yml {git_ref} {run} -"), version, "", &[OWN, FLOATING]);
        let names: Vec<String> = repositories.iter().map(|name| format!("{host}/{name}")).collect();
        let commit = format!("{run:07}789abcdef");
        document.replace(r#"["oci-layout:a"]"#, &format!("{names:?}")).replace("0123456789abcdef", &commit)
    };
    let plan = |run: u32, host: &str| of(git_ref, "1.1.0", run, host);
    if !is_first {
        world.build(repositories, Build::new(LEG, "linux/amd64").salt("before"));
        let before = of("refs/tags/v1.0.0", "1.0.0", 3, &plain.host());
        assert_eq!(world.merge(&before, Options::default()).problems, []);
    }
    let run = rival.map_or(6, |rival| rival.run);
    world.build(repositories, Build::new(LEG, "linux/amd64").salt("rival"));
    let report = world.merge(&plan(run, &plain.host()), Options { no_tags: true, ..Options::default() });
    assert_eq!(report.problems, []);
    let digest = report.images["app"].digest.clone().unwrap();
    let layout = world.layout("a");
    let index = layout.get_manifest(&TagOrDigest::Digest(digest.clone())).unwrap().unwrap();
    let done = AtomicBool::new(false);
    let server = world.serve_through(move |seen, forward| {
        let answer = forward();
        if let Some(Rival { run: _, after, writes }) = rival {
            let is_it = seen.method == "PUT" && seen.path().starts_with(&format!("/v2/a/manifests/{after}"));
            if is_it && !done.swap(true, Ordering::SeqCst) {
                writes.iter().for_each(|tag| put_tag(&layout, tag, &index));
            }
        }
        answer.into()
    });
    world.build(repositories, Build::new(LEG, "linux/amd64").salt("own"));
    let report = world.merge(&plan(5, &server.host()), Options::default());
    let lines = server.lines();
    End { report, world, rival: digest, lines }
}

const TAG: &str = "refs/tags/v1.1.0";
const ALL: &[&str] = &["1.1.0", "1", "latest"];

/// Whichever run is later: its own tag is another one's, so that what floats would not be the version's.
#[test]
fn floating_tags_stay_where_another_run_has_the_own_tag_by_then() {
    for run in [4, 6] {
        for writes in [&["1.1.0"][..], ALL] {
            for repositories in [&["a"][..], &["a", "b"]] {
                let end = beside(TAG, repositories, Some(Rival { run, after: "1.1.0", writes }), true);
                let what = format!("{run} {writes:?} {repositories:?}");
                assert_eq!(end.codes(), ["overwritten-version"], "{what}: {:?}", end.report.problems);
                let problem = &end.report.problems[0];
                let other = format!("is {} now: run {run}, of commit {run:07}789ab, publishes", end.rival);
                assert!(problem.message.contains(&other), "{}", problem.message);
                assert!(
                    problem.notes[0].contains("a:latest`") && problem.notes[0].contains("a:1`"),
                    "{what}"
                );
                assert!(problem.help.is_some());
                let mut expected = vec![Outcome::Failed, Outcome::Held, Outcome::Held];
                if repositories.len() > 1 {
                    expected.extend([Outcome::Created, Outcome::Held, Outcome::Held]);
                }
                assert_eq!(end.outcomes(), expected, "{what}");
                let mut tags = end.world.tags("a");
                assert!(tags.values().all(|digest| *digest == end.rival), "{what}: {tags:?}");
                tags.retain(|tag, _| !writes.contains(&tag.as_str()));
                assert!(tags.is_empty(), "{what}: {tags:?}");
                if repositories.len() > 1 {
                    assert_eq!(end.world.tags("b").into_keys().collect::<Vec<_>>(), ["1.1.0"], "{what}");
                }
            }
        }
    }
}

#[test]
fn nothing_more_is_asked_where_nobody_else_publishes_the_version() {
    for git_ref in [TAG, "refs/heads/main"] {
        let end = beside(git_ref, &["a"], None, true);
        assert_eq!((end.codes(), end.outcomes()), (vec![], vec![Outcome::Created; 3]), "{git_ref}");
        // When it is decided and when it is read back; a branch looks before it writes, too.
        let looks = if git_ref == TAG { 2 } else { 3 };
        assert_eq!(end.asked("HEAD /v2/a/manifests/1.1.0"), looks, "{git_ref}: {:?}", end.lines);
        assert_eq!(end.asked("GET /v2/a/manifests/1.1.0"), 0, "{git_ref}");
        let at = |line: &str| end.lines.iter().rposition(|one| one == line).unwrap();
        let is_before = at("HEAD /v2/a/manifests/1.1.0") < at("PUT /v2/a/manifests/latest");
        assert_eq!(is_before, git_ref == TAG, "{:?}", end.lines);
    }
}

/// What comes later is found by what was read back before.
#[test]
fn what_another_run_writes_after_the_floating_tags_is_an_error_as_before() {
    for run in [4, 6] {
        let end = beside(TAG, &["a"], Some(Rival { run, after: "latest", writes: ALL }), true);
        assert!(end.codes().contains(&"concurrent-change"), "{run}: {:?}", end.report.problems);
        assert_eq!(end.outcomes()[0], Outcome::Failed, "{run}");
    }
    // A later run of a branch has all tags.
    for after in ["1.1.0", "latest"] {
        let end = beside("refs/heads/main", &["a"], Some(Rival { run: 6, after, writes: ALL }), true);
        assert_eq!((end.codes(), end.outcomes()), (vec![], vec![Outcome::Kept; 3]), "{after}");
    }
}

/// Where floating tags are read before they are written, they show what this merge has written over.
#[test]
fn an_own_tag_that_was_written_over_is_told_where_floating_tags_stay_with_the_later_run() {
    for (run, is_later) in [(4, false), (6, true)] {
        let end = beside(TAG, &["a"], Some(Rival { run, after: "sha256:", writes: ALL }), false);
        let tags = end.world.tags("a");
        let is_rival = |tag: &str| tags[tag] == end.rival;
        assert!(!is_rival("1.1.0"), "{run}");
        if is_later {
            assert_eq!(end.codes(), ["overwritten-version"], "{:?}", end.report.problems);
            let message = &end.report.problems[0].message;
            assert!(
                message.contains("a:1` and `") && message.contains("a:1.1.0` are of two runs"),
                "{message}"
            );
            assert!(message.contains("run 6") && message.contains("is later than run 5"), "{message}");
            assert_eq!(end.outcomes(), [Outcome::Created, Outcome::Kept, Outcome::Skipped]);
            assert!(is_rival("1") && is_rival("latest"));
        } else {
            assert_eq!((end.codes(), end.outcomes()[0]), (vec![], Outcome::Created));
            assert!(!is_rival("1") && !is_rival("latest"));
        }
    }
    // Nobody comes meanwhile.
    let end = beside(TAG, &["a"], None, false);
    assert_eq!(
        (end.codes(), end.outcomes()),
        (vec![], vec![Outcome::Created, Outcome::Moved, Outcome::Moved])
    );
}
