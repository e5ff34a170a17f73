//! Builds of another commit than the plan's: what their provenance and their annotations say.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Report;

use super::world::{Build, TAGS, World, plan, plan_of};
use crate::support::Test;

const APP: &str = "oci-layout:a";
const OLD: &str = "https://slsa.dev/provenance/v0.2";
const NEW: &str = "https://slsa.dev/provenance/v1";
const OWN: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const HERE: &str = r#""source":"https://github.com/acme/app.git","localdir:context":".""#;

/// What an attestation says of a build in a checkout of this commit.
fn predicate(kind: &str, revision: &str, more: &str) -> String {
    let vcs = format!(r#"{{"vcs":{{"revision":"{revision}",{more}}}}}"#);
    match kind {
        NEW => format!(r#"{{"runDetails":{{"metadata":{{"buildkit_metadata":{vcs}}}}}}}"#),
        _ => format!(r#"{{"metadata":{{"https://mobyproject.org/buildkit@v1#metadata":{vcs}}}}}"#),
    }
}

/// A plan of a run.
fn of_run(document: &str, run: &str) -> String {
    document.replacen(r#""images""#, &format!(r#""run":{{{run}}},"images""#), 1)
}

/// A plan of a run in the commit that the builds are of, or should be.
fn own_plan() -> String {
    of_run(
        &plan(&[APP]),
        &format!(r#""commit":"{OWN}","source":"https://github.com/acme/app","event":"push""#),
    )
}

/// Two builds, one of which has this attestation; the other is of the plan's commit.
fn world(kind: &str, predicate_of_one: &str) -> World {
    let mut world = World::new();
    let own = predicate(kind, OWN, HERE);
    for (leg, platform, text) in [
        ("app-linux-amd64", "linux/amd64", own.as_str()),
        ("app-linux-arm64", "linux/arm64", predicate_of_one),
    ] {
        world.build(&["a"], Build::new(leg, platform).provenance(kind, text));
    }
    world
}

#[track_caller]
fn refused(world: &World, report: &Report) {
    let [problem] = report.problems.as_slice() else { panic!("{:?}", report.problems) };
    assert_eq!(problem.code.name(), "other-plan");
    let expected = "is of commit `bbbbbbbbbbbb`, but the plan is for `aaaaaaaaaaaa`";
    assert!(problem.message.contains(expected), "{}", problem.message);
    assert!(world.tags("a").is_empty());
}

#[test]
fn a_build_of_another_commit_is_refused_by_its_attestation() {
    for kind in [OLD, NEW] {
        for (revision, more) in [
            (OTHER, HERE),
            ("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-dirty", HERE),
            (OTHER, r#""source":"git@github.com:acme/app.git","localdir:context":"app""#),
            (OTHER, r#""localdir:context":".","localdir:dockerfile":"docker""#),
        ] {
            let world = world(kind, &predicate(kind, revision, more));
            // Where bases do not matter, commits do.
            for allow_mixed_bases in [false, true] {
                let options = Options { allow_mixed_bases, ..Options::default() };
                refused(&world, &world.merge(&own_plan(), options));
            }
        }
    }
}

#[test]
fn what_is_no_contradiction_is_published() {
    let dirty = format!("{OWN}-dirty");
    for kind in [OLD, NEW] {
        for (revision, more) in [
            (OWN, HERE),
            (dirty.as_str(), HERE),
            (&OWN[..12], HERE),
            // A context from elsewhere, and a checkout of another repository.
            (OTHER, r#""source":"https://github.com/acme/app""#),
            (OTHER, r#""source":"https://github.com/acme/upstream","localdir:context":".""#),
            ("main", HERE),
            ("", HERE),
        ] {
            let world = world(kind, &predicate(kind, revision, more));
            assert_eq!(world.merge(&own_plan(), Options::default()).problems, [], "{revision} {more}");
            assert_eq!(world.tags("a").len(), 4);
        }
        for text in ["{}", r#"{"metadata":7}"#, r#"{"runDetails":{"metadata":[]}}"#] {
            assert_eq!(world(kind, text).merge(&own_plan(), Options::default()).problems, [], "{text}");
        }
    }
}

#[test]
fn a_plan_knows_which_commit_was_checked_out() {
    let other = predicate(OLD, OTHER, HERE);
    let own = format!(r#""commit":"{OWN}""#);
    for (run, is_refused) in [
        (format!(r#"{own},"event":"push""#), true),
        (format!(r#"{own},"checkout":"{OWN}","event":"pull_request""#), true),
        (format!(r#"{own},"checkout":"cccccccc""#), true),
        // A run that makes the commit which it builds, and a pull request's merge.
        (format!(r#"{own},"checkout":"{OTHER}","event":"push""#), false),
        (format!(r#"{own},"checkout":"{OTHER}","event":"pull_request""#), false),
        (format!(r#"{own},"event":"pull_request""#), false),
        (String::new(), false),
        (r#""number":7,"workflow":"w","ref":"refs/heads/main""#.to_owned(), false),
    ] {
        let world = world(OLD, &other);
        let report = world.merge(&of_run(&plan(&[APP]), &run), Options::default());
        if is_refused {
            refused(&world, &report);
        } else {
            assert_eq!(report.problems, [], "{run}");
        }
    }
}

#[test]
fn metadata_says_it_before_anything_is_asked() {
    let world = world(OLD, "{}");
    for kind in [OLD, NEW] {
        for (revision, status) in [(OTHER, 1), (OWN, 0)] {
            let metadata = format!(
                r#"{{"app-linux-amd64":{{"containerimage.digest":"{}","buildx.build.provenance":{}}},
                    "app-linux-arm64":{{"containerimage.digest":"{}"}}}}"#,
                world.built["app-linux-amd64"],
                predicate(kind, revision, HERE),
                world.built["app-linux-arm64"],
            );
            let test = Test::new().file("plan.json", own_plan()).file("m.json", metadata);
            let test =
                test.files(world.root(), "").args(["merge", "--plan", "plan.json", "--metadata", "m.json"]);
            let output = test.output();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(status), "{told}");
            let expected = "its provenance in `m.json` says so";
            assert_eq!(told.contains(expected), status == 1, "{told}");
        }
    }
}

/// Annotations are a build's own, where labels may be those of its base.
#[test]
fn an_annotation_names_the_commit() {
    const KEY: &str = "org.opencontainers.image.revision";
    let said = |revision: &str| format!(r#""{KEY}":"{revision}""#);
    for (labels, annotations, planned, is_refused) in [
        ("", said(OTHER), "", true),
        ("", said(&OTHER[..12]), "", true),
        ("", said(OWN), "", false),
        ("", said("v1.2.3"), "", false),
        (said(OTHER).as_str(), String::new(), "", false),
        // The plan says so itself: it is about what is inside.
        ("", said(OTHER), said(OTHER).as_str(), false),
    ] {
        for attested in [true, false] {
            let mut world = World::new();
            for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
                let of_one =
                    if leg.ends_with("arm64") || !planned.is_empty() { annotations.as_str() } else { "" };
                let build = Build::new(leg, platform).labelled(labels, of_one);
                world.build(&["a"], if attested { build } else { build.plain() });
            }
            let own = format!(r#""annotations":{{{planned}}},"on_missing""#);
            let report = world.merge(&own_plan().replace(r#""on_missing""#, &own), Options::default());
            if is_refused {
                refused(&world, &report);
            } else {
                assert_eq!(report.problems, [], "{annotations} {planned}");
            }
        }
    }
}

/// What a repository has of an earlier release may be taken over, whichever commit that was of.
#[test]
fn what_is_carried_over_is_of_another_run() {
    let mut world = world(OLD, &predicate(OLD, OWN, HERE));
    let document = |commit: &str| {
        let document = plan_of(&[APP], TAGS, r#""version":"1.4.2","#, "carry");
        of_run(&document, &format!(r#""commit":"{commit}","source":"https://github.com/acme/app""#))
    };
    assert_eq!(world.merge(&document(OWN), Options::default()).problems, []);
    world.built.remove("app-linux-arm64");
    let text = predicate(OLD, OTHER, HERE);
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("new").provenance(OLD, &text));
    assert_eq!(world.merge(&document(OTHER), Options::default()).problems, []);
    assert_eq!(world.platforms("a", "latest"), ["linux/amd64", "linux/arm64"]);
}
