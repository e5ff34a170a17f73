//! Own tags that have what another version or commit is, those that each run has others of, and runs that come while a merge writes.

use std::sync::atomic::{AtomicBool, Ordering};

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Store, TagOrDigest};

use super::rebuilt::{CHANNEL, EDGE, FLOATING, LEG, OWN, planned_as, says};
use super::runs::W;
use super::steps::second;
use super::world::{Build, World, put_tag};
use crate::support::Test;

/// The commit that all plans of the tests are of, unless they say another.
const COMMIT: &str = "0123456789abcdef";
const OF_COMMIT: &str = r#"{"name":"sha-0123456","class":"run","form":"sha-{commit:7}"}"#;

/// A commit of its own for each run.
fn commit(run: u32) -> String {
    format!("{run:07}{}", &COMMIT[7..])
}

/// A plan of a run, with tags that name its commit.
fn planned(text: &str, commit: &str, version: &str, more: &str, tags: &[&str]) -> String {
    let document = planned_as(text, version, more, tags);
    document.replace(COMMIT, commit).replace(&COMMIT[..7], &commit[..7])
}

fn merged(world: &mut World, document: &str, options: Options) -> Report {
    world.build(&["a"], Build::new(LEG, "linux/amd64").salt(document));
    world.merge(document, options)
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.images["app"].references.iter().map(|one| one.outcome).collect()
}

/// Gives a tag what another one has.
fn point(world: &World, tag: &str, other: &str) {
    let layout = world.layout("a");
    let manifest = layout.get_manifest(&world.tags("a")[other].clone().into()).unwrap().unwrap();
    put_tag(&layout, tag, &manifest);
}

/// What `verify` says of a plan, and its exit code.
fn verified(world: &World, document: &str) -> (Option<i32>, String) {
    let test = Test::new().file("plan.json", document).files(world.root(), "");
    let output = test.args(["verify", "--plan", "plan.json"]).output();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// A world with a release of each version by git tag, in the order of their runs, and their plans.
fn released(versions: &[(&str, u32)], is_said: bool, more: &str) -> (World, Vec<String>) {
    let mut world = World::new();
    let mut plans = Vec::new();
    for (version, run) in versions {
        let said = if is_said { says(version) } else { String::new() };
        let text = format!("ci.yml refs/tags/v{version} {run} -");
        let tags = [OWN, FLOATING, OF_COMMIT];
        let document = planned(&text, &commit(*run), version, &format!("{said}{more}"), &tags);
        let report = merged(&mut world, &document, Options::default());
        assert_eq!(report.problems, [], "{version}");
        plans.push(document);
    }
    (world, plans)
}

/// By its annotation, or by the git tag of its run.
#[test]
fn the_own_tag_of_a_version_that_has_another_one_is_wrong_whichever_run_is_later() {
    for is_said in [true, false] {
        for (other, run) in [("1.2.4", 12), ("1.1.9", 13), ("1.2.9", 9)] {
            let mut versions = vec![("1.3.0", 11), (other, run)];
            versions.sort_by_key(|(_, run)| *run);
            let at = versions.iter().position(|(version, _)| *version == "1.3.0").unwrap();
            let (mut world, plans) = released(&versions, is_said, "");
            let before = world.tags("a");
            assert_eq!(verified(&world, &plans[at]).0, Some(0));
            point(&world, "1.3.0", other);
            let (status, told) = verified(&world, &plans[at]);
            assert_eq!(status, Some(4), "{other} {is_said}: {told}");
            assert!(!told.contains("stays with a later run"), "{told}");
            let code = if is_said { "wrong-annotations" } else { "other-version" };
            assert!(told.contains(code), "{other} {is_said}: {told}");
            let report = merged(&mut world, &plans[at], Options::default());
            assert_eq!(report.problems, [], "{other} {is_said}");
            assert_eq!(world.tags("a"), before, "{other} {is_said}");
        }
    }
}

#[test]
fn an_immutable_image_is_not_said_to_be_right_with_another_version() {
    let (mut world, plans) = released(&[("1.3.0", 11), ("1.2.4", 12)], true, r#""immutable":true,"#);
    point(&world, "1.3.0", "1.2.4");
    assert_eq!(verified(&world, &plans[0]).0, Some(4));
    let report = merged(&mut world, &plans[0], Options::default());
    let codes: Vec<&str> = report.problems.iter().map(|problem| problem.code.name()).collect();
    assert_eq!(codes, ["immutable-tag"]);
}

/// Git tags that name no version, or that of a version that was built again, tell nothing of another one.
#[test]
fn a_version_that_a_later_run_released_again_has_its_own_tag() {
    for (there, own) in
        [("release-6", "release-5"), ("v1.0.0", "v1.0.0"), ("v1.0.0", "1.0.0"), ("b7", "v1.0.0")]
    {
        for is_said in [true, false] {
            let mut world = World::new();
            let more = if is_said { says("1.0.0") } else { String::new() };
            let [first, second] = [(there, 6), (own, 5)].map(|(git_tag, run)| {
                let text = format!("ci.yml refs/tags/{git_tag} {run} -");
                planned(&text, &commit(run), "1.0.0", &more, &[OWN])
            });
            assert_eq!(merged(&mut world, &first, Options::default()).problems, []);
            let before = world.tags("a");
            let report = merged(&mut world, &second, Options::default());
            assert_eq!(report.problems, []);
            assert_eq!(
                (outcomes(&report), world.tags("a")),
                (vec![Outcome::Kept], before),
                "{own} after {there}"
            );
            let (status, told) = verified(&world, &second);
            assert_eq!(status, Some(0), "{own} after {there}: {told}");
        }
    }
}

#[test]
fn the_tag_of_a_commit_that_has_another_one_is_wrong_whichever_run_is_later() {
    for (other, is_same) in [(16, false), (13, false), (16, true)] {
        let mut world = World::new();
        let plan = |run: u32, commit: &str| {
            planned(&format!("{W} {run} -"), commit, "1.0.0", "", &[OF_COMMIT])
                .replace(r#""version":"1.0.0","#, "")
        };
        let own = plan(14, &commit(14));
        let of_other = plan(other, &commit(if is_same { 14 } else { other }));
        assert_eq!(merged(&mut world, &own, Options::default()).problems, []);
        let before = world.tags("a");
        let report = merged(&mut world, &of_other, Options::default());
        assert_eq!(report.problems, []);
        let (tag, found) = ("sha-0000014", report.images["app"].digest.clone());
        if !is_same {
            point(&world, tag, &format!("sha-{}", &commit(other)[..7]));
        }
        assert_eq!(world.tags("a").get(tag), found.as_ref());
        let (status, told) = verified(&world, &own);
        assert_eq!(status, Some(if is_same { 0 } else { 4 }), "{other}: {told}");
        assert_eq!(told.contains("was made of commit"), !is_same, "{other}: {told}");
        let report = merged(&mut world, &own, Options::default());
        assert_eq!(report.problems, []);
        let expected = if is_same { Outcome::Kept } else { Outcome::Replaced };
        assert_eq!(outcomes(&report), [expected], "{other}");
        assert_eq!(world.tags("a")[tag] == before[tag], !is_same, "{other}");
    }
}

/// An own tag of version `VERSION` in this form, as run `N` has it.
fn own_of(form: &str, version: &str, run: u32) -> String {
    let name = match form {
        "{version}-{commit:7}" => format!("{version}-{}", &commit(run)[..7]),
        "{version}-b{number}" => format!("{version}-b{run}"),
        _ => format!("{version}-2026110{run}"),
    };
    format!(r#"{{"name":"{name}","class":"version","form":"{form}"}}"#)
}

#[test]
fn an_earlier_run_publishes_its_own_tag_and_takes_nothing_back_where_each_run_has_another_one() {
    for form in ["{version}-{commit:7}", "{version}-b{number}", "{version}-{date:%Y%m%d}"] {
        for is_said in [true, false] {
            for (there, run, is_kept) in [("1.0.0", 6, true), ("1.0.0", 4, false), ("0.9.0", 6, false)] {
                let mut world = World::new();
                let plan = |version: &str, run: u32, form: &str| {
                    let more = if is_said { says(version) } else { String::new() };
                    let own = own_of(form, version, run);
                    let latest = format!(
                        r#"{{"name":"latest","floating":true,"class":"version","numbers":0,"form":"latest","family":["{form}"]}}"#
                    );
                    planned(&format!("{W} {run} -"), &commit(run), version, &more, &[&own, &latest])
                };
                let (first, second) = (plan(there, run, form), plan("1.0.0", 5, form));
                assert_eq!(merged(&mut world, &first, Options::default()).problems, []);
                let before = world.tags("a");
                let report = merged(&mut world, &second, Options::default());
                assert_eq!(report.problems, []);
                let what = format!("{form} {is_said} {there} of run {run}");
                let latest = if is_kept { Outcome::Kept } else { Outcome::Moved };
                assert_eq!(outcomes(&report), [Outcome::Created, latest], "{what}");
                assert_eq!(world.tags("a")["latest"] == before["latest"], is_kept, "{what}");
                let (status, told) = verified(&world, &second);
                assert_eq!(status, Some(0), "{what}: {told}");
                assert_eq!(
                    told.contains("`latest` stays with a later run: run 6"),
                    is_kept,
                    "{what}: {told}"
                );
                if is_kept {
                    let (status, told) = verified(&world, &first);
                    assert_eq!(status, Some(0), "{what}: {told}");
                }
            }
        }
    }
}

/// What run 5 comes to when another run publishes all tags while it writes: before its first tag, or after its last one.
fn meanwhile(
    run: u32,
    is_said: bool,
    before: Option<u32>,
    at: &'static str,
) -> (Report, Digest, Vec<Digest>, usize) {
    let tags = [OWN, FLOATING, CHANNEL];
    let more = if is_said { says("1.0.0") } else { String::new() };
    let mut world = World::new();
    let plain = world.serve();
    let plan = |run: u32, host: &str| {
        planned(&format!("{W} {run} -"), &commit(run), "1.0.0", &more, &tags)
            .replace("oci-layout:a", &format!("{host}/a"))
    };
    if let Some(before) = before {
        let report = merged(&mut world, &plan(before, &plain.host()), Options::default());
        assert_eq!(report.problems, []);
    }
    let rival = Options { no_tags: true, ..Options::default() };
    let report = merged(&mut world, &plan(run, &plain.host()), rival);
    let digest = report.images["app"].digest.clone().unwrap();
    let layout = world.layout("a");
    let index = layout.get_manifest(&TagOrDigest::Digest(digest.clone())).unwrap().unwrap();
    let done = AtomicBool::new(false);
    let server = world.serve_through(move |seen, forward| {
        let answer = forward();
        let is_it = seen.method == "PUT" && seen.path().contains(at);
        if is_it && !done.swap(true, Ordering::SeqCst) {
            for tag in ["1.0.0", "1", "latest", "iron"] {
                put_tag(&layout, tag, &index);
            }
        }
        answer.into()
    });
    let report = merged(&mut world, &plan(5, &server.host()), Options::default());
    let lines = server.lines();
    let looks = lines.iter().filter(|line| *line == "HEAD /v2/a/manifests/1.0.0").count();
    (report, digest, world.tags("a").into_values().collect(), looks)
}

#[test]
fn a_later_run_that_publishes_the_version_while_a_merge_writes_keeps_all_tags() {
    for is_said in [true, false] {
        for before in [Some(1), None] {
            for at in ["/manifests/sha256:", "/manifests/latest"] {
                let what = format!("{is_said} {before:?} {at}");
                let (report, digest, tags, _) = meanwhile(6, is_said, before, at);
                assert_eq!(report.problems, [], "{what}");
                assert_eq!(outcomes(&report), [Outcome::Kept; 4], "{what}");
                assert!(tags.iter().all(|one| *one == digest), "{what}");
            }
            // An earlier one keeps nothing.
            let what = format!("{is_said} {before:?}");
            let (report, digest, tags, looks) = meanwhile(4, is_said, before, "/manifests/sha256:");
            assert_eq!(report.problems, [], "{what}");
            assert!(tags.iter().all(|one| *one != digest), "{what}");
            assert_eq!(looks, 3, "{what}: when it is decided, before it is written and afterwards");
        }
    }
}

/// What a first step kept is given its tags in a second one, and with `--keep-existing` alone.
#[test]
fn what_the_first_step_kept_of_another_revision_gets_its_tags_in_the_second() {
    let revision = |run: u32| {
        format!(
            r#""immutable":true,"annotations":{{"org.opencontainers.image.revision":"{}"}},"#,
            commit(run)
        )
    };
    for immutable in [true, false] {
        let mut world = World::new();
        let server = world.serve();
        let plan = |run: u32, tags: &[&str]| {
            let document = planned(&format!("{W} {run} -"), &commit(run), "1.0.0", &revision(run), tags);
            let document = document.replace("oci-layout:a", &format!("{}/a", server.host()));
            if immutable { document } else { document.replace(r#""immutable":true,"#, "") }
        };
        assert_eq!(merged(&mut world, &plan(1, &[OWN]), Options::default()).problems, []);
        let before = world.tags("a")["1.0.0"].clone();
        let document = plan(2, &[OWN, EDGE]);
        let keep = Options { keep_existing: true, no_tags: true, ..Options::default() };
        let report = merged(&mut world, &document, keep);
        assert_eq!(report.problems, []);
        let result = serde_json::from_str(&report.to_json()).unwrap();
        let (status, told) = second(&world, &document, &result, &[]);
        assert_eq!(status, Some(1), "{told}");
        assert!(told.contains("pass `--keep-existing`") && !told.contains("--allow-other-version"), "{told}");
        let (status, told) = second(&world, &document, &result, &["--keep-existing"]);
        assert_eq!(status, Some(0), "{told}");
        assert_eq!(world.tags("a").into_values().collect::<Vec<_>>(), [before.clone(), before], "{told}");
        // It says another revision than planned, as the merge knew; without its result, nothing tells that this is meant.
        let merged = merged(&mut world, &document, Options { keep_existing: true, ..Options::default() });
        assert_eq!(merged.problems, []);
        let line = ["verify", "--plan", "plan.json", "--result", "r.json"];
        let test = Test::new().file("plan.json", &document).file("r.json", merged.to_json()).args(line);
        let output = test.output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(0) && told.contains("warning[wrong-annotations]"), "{told}");
        assert_eq!(verified(&world, &document).0, Some(4));
    }
    // What is no release of the version is compared with the plan all the same.
    let mut world = World::new();
    let plan = |run: u32| planned(&format!("{W} {run} -"), &commit(run), "1.0.0", &revision(run), &[OWN]);
    let first = merged(&mut world, &plan(1), Options { no_tags: true, ..Options::default() });
    let mut result: serde_json::Value = serde_json::from_str(&first.to_json()).unwrap();
    let own = merged(&mut world, &plan(2), Options { no_tags: true, ..Options::default() });
    let own: serde_json::Value = serde_json::from_str(&own.to_json()).unwrap();
    result["plan"] = own["plan"].clone();
    let (status, told) = second(&world, &plan(2), &result, &["--keep-existing"]);
    assert!(status == Some(1) && told.contains("was built from revision"), "{told}");
}
