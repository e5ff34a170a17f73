//! A version that each run of a branch builds anew: an earlier run that ends last takes none of its tags back.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};

use super::runs::{BACKWARD, W, run};
use super::world::{Build, World, document};
use crate::support::Test;

pub(super) const LEG: &str = "app-linux-amd64";
pub(super) const OWN: &str = r#"{"name":"1.0.0","class":"version","form":"{version}"}"#;
pub(super) const FLOATING: &str = r#"{"name":"1","floating":true,"class":"version","numbers":1,"form":"{version}","family":["{version}"]},
    {"name":"latest","floating":true,"class":"version","numbers":0,"form":"latest","family":["{version}"]}"#;
pub(super) const EDGE: &str = r#"{"name":"edge","floating":true,"class":"constant","form":"edge"}"#;
pub(super) const CHANNEL: &str = r#"{"name":"iron","floating":true,"class":"channel","form":"iron"}"#;
const COMMIT: &str = r#"{"name":"sha-0123456","class":"run","form":"sha-{commit:7}"}"#;

/// A plan of a version that stands in the file, made by this run.
fn planned(text: &str) -> String {
    planned_as(text, "1.0.0", "", &[OWN, FLOATING, EDGE])
}

/// The same with these tags and members, and an index that says its version where the members have no `index`.
pub(super) fn planned_as(text: &str, version: &str, more: &str, tags: &[&str]) -> String {
    document(&format!(
        r#""app":{{"version":"{version}",{more}"repositories":["oci-layout:a"],"tags":[{}],"builds":{{"{LEG}":{{"platform":"linux/amd64","job":"a"}}}}}}"#,
        tags.join(",").replace("1.0.0", version)
    ))
    .replacen('{', &format!(r#"{{"run":{{{}}},"#, run(text)), 1)
}

/// What makes an index say this version.
pub(super) fn says(version: &str) -> String {
    format!(r#""annotations":{{"org.opencontainers.image.version":"{version}"}},"#)
}

fn merged(world: &mut World, text: &str, options: Options) -> Report {
    world.build(&["a"], Build::new(LEG, "linux/amd64").salt(text));
    let report = world.merge(&planned(text), options);
    assert_eq!(report.problems, [], "{text}");
    report
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.images["app"].references.iter().map(|one| one.outcome).collect()
}

#[test]
fn an_earlier_run_leaves_all_tags_of_a_version_with_the_later_one() {
    let taken = vec![Outcome::Replaced, Outcome::Moved, Outcome::Moved, Outcome::Moved];
    for (there, own, is_kept) in [
        (format!("{W} 3 -"), format!("{W} 2 -"), true),
        (format!("{W} 10 01"), format!("{W} 9 05"), true),
        (format!("{W} 3 -"), format!("{W} 4 -"), false),
        // Another attempt of one run.
        (format!("{W} 3 -"), format!("{W} 3 -"), false),
    ] {
        let mut world = World::new();
        merged(&mut world, &there, Options::default());
        let before = world.tags("a");
        world.build(&["a"], Build::new(LEG, "linux/amd64").salt("other"));
        let report = world.merge(&planned(&own), Options::default());
        assert_eq!(report.problems, [], "{own}");
        let due = if is_kept { vec![Outcome::Kept; 4] } else { taken.clone() };
        assert_eq!(outcomes(&report), due, "{own} after {there}");
        assert_eq!(world.tags("a") == before, is_kept, "{own} after {there}");
        let told: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
        let is_told = told.iter().any(|one| one.contains(":1.0.0`"));
        assert_eq!(is_told && told.iter().any(|one| one.contains("is later than run")), is_kept, "{told:?}");
        // On purpose.
        world.build(&["a"], Build::new(LEG, "linux/amd64").salt("third"));
        assert_eq!(outcomes(&world.merge(&planned(&own), BACKWARD)), taken, "{own}");
    }
}

#[test]
fn an_earlier_run_takes_back_no_tag_of_any_form() {
    let variant = r#"{"name":"slim","floating":true,"class":"version","numbers":0,"form":"slim","family":["{version}-slim"]}"#;
    let prefixed = r#"{"name":"web-1","floating":true,"class":"version","numbers":1,"form":"web-{version}","family":["web-{version}"]}"#;
    let prerelease = r#"{"name":"next","floating":true,"class":"prerelease","numbers":0,"form":"next","family":["{version}"]}"#;
    let literal = r#"{"name":"1.0.0","class":"constant","form":"1.0.0"}"#;
    let (stated, unsaid) = (says("1.0.0"), String::new());
    for (tags, more) in [
        (vec![FLOATING], &stated),
        (vec![FLOATING], &unsaid),
        (vec![FLOATING, EDGE, COMMIT], &stated),
        (vec![CHANNEL], &unsaid),
        (vec![OWN, FLOATING, CHANNEL], &stated),
        (vec![OWN, CHANNEL, EDGE], &unsaid),
        (vec![variant, prefixed], &stated),
        (vec![prerelease, CHANNEL], &stated),
        (vec![COMMIT], &unsaid),
        (vec![literal, EDGE], &unsaid),
    ] {
        for (number, is_kept) in [(2, true), (3, false), (4, false)] {
            let mut world = World::new();
            let version = if tags.contains(&prerelease) { "1.0.0-rc.1" } else { "1.0.0" };
            let more = if more.is_empty() { String::new() } else { says(version) };
            let mut merged = |run: u32, salt: &str, options| {
                world.build(&["a"], Build::new(LEG, "linux/amd64").salt(salt));
                let report =
                    world.merge(&planned_as(&format!("{W} {run} -"), version, &more, &tags), options);
                assert_eq!(report.problems, [], "{tags:?} {run}");
                (outcomes(&report), report, world.tags("a"))
            };
            let (_, _, before) = merged(3, "three", Options::default());
            let (found, report, after) = merged(number, "other", Options::default());
            let is_left = found.iter().all(|one| *one == Outcome::Kept) && before == after;
            let is_taken = found.iter().all(|one| matches!(one, Outcome::Moved | Outcome::Replaced));
            assert!(if is_kept { is_left } else { is_taken }, "{tags:?} {number}: {found:?}");
            let told = report.notes.iter().filter(|note| note.code.name() == "unguarded-tag");
            assert!(!is_kept || told.count() == 0, "nothing moves: {:?}", report.notes);
            // On purpose.
            let (found, ..) = merged(number, "back", BACKWARD);
            assert!(found.iter().all(|one| matches!(one, Outcome::Moved | Outcome::Replaced)), "{found:?}");
        }
    }
}

/// Where a later run made another version, versions decide, and no longer runs.
#[test]
fn an_earlier_run_of_another_version_has_the_tags_of_the_greater_one() {
    use Outcome::{Created, Kept, Moved};
    for (there, own, is_said, expected) in [
        ("0.9.0", "1.0.0", true, [Created, Moved, Moved]),
        ("0.9.0", "1.0.0", false, [Created, Moved, Kept]),
        ("1.1.0", "1.0.0", true, [Created, Kept, Kept]),
        ("1.0.0-rc.1", "1.0.0", true, [Created, Moved, Moved]),
    ] {
        let mut world = World::new();
        let latest = &FLOATING[FLOATING.find(r#"{"name":"latest""#).unwrap()..];
        let mut merged = |run: u32, version: &str| {
            world.build(&["a"], Build::new(LEG, "linux/amd64").salt(version));
            let more = if is_said { says(version) } else { String::new() };
            let document = planned_as(&format!("{W} {run} -"), version, &more, &[OWN, latest, CHANNEL]);
            let report = world.merge(&document, Options::default());
            assert_eq!(report.problems, [], "{version}");
            report
        };
        merged(3, there);
        let report = merged(2, own);
        assert_eq!(outcomes(&report), expected, "{own} after {there}");
        // Which version the later run made, nothing tells, and that is said.
        let is_noted = report.notes.iter().any(|note| {
            let is_unguarded = note.code.name() == "unguarded-tag";
            is_unguarded && note.message.ends_with("and does not say which version it made")
        });
        assert_eq!(is_noted, !is_said, "{:?}", report.notes);
    }
}

/// What has no index cannot say which run made it: that is said of all tags that another run may have.
#[test]
fn what_has_no_place_for_the_run_is_said() {
    for (tags, names) in [
        (vec![OWN, FLOATING], "`1.0.0`, `1`, `latest`"),
        (vec![FLOATING, EDGE], "`1`, `edge`, `latest`"),
        (vec![CHANNEL, COMMIT], "`iron`"),
        (vec![COMMIT], ""),
    ] {
        for is_docker in [false, true] {
            let mut world = World::new();
            let build = Build::new(LEG, "linux/amd64").salt("one");
            world.build(&["a"], if is_docker { build.docker() } else { build.plain() });
            let more = if is_docker { "" } else { r#""index":false,"# };
            let report =
                world.merge(&planned_as(&format!("{W} 3 -"), "1.0.0", more, &tags), Options::default());
            assert_eq!(report.problems, [], "{tags:?}");
            let told = report.notes.iter().filter(|note| note.code.name() == "unguarded-tag");
            let told: Vec<&str> = told.map(|note| note.message.as_str()).collect();
            let end = format!("say which run made it: an earlier run can take back {names}");
            assert_eq!(told.iter().any(|one| one.ends_with(&end)), !names.is_empty(), "{tags:?}: {told:?}");
        }
    }
}

#[test]
fn runs_of_other_refs_and_workflows_are_compared_by_their_commits() {
    let (main, release) = (format!("{W} 3 05"), "ci.yml refs/tags/v1.0.0 4 05".to_owned());
    for (there, own, is_kept) in [
        // An old run of the branch that ends after the release, or after another branch.
        (&release, format!("{W} 2 01"), true),
        (&"ci.yml refs/heads/release/1.0 1 05".to_owned(), format!("{W} 2 01"), true),
        // A workflow that was renamed counts from 1.
        (&"containers.yml refs/heads/main 1 05".to_owned(), format!("{W} 200 01"), true),
        (&main, "release.yml refs/heads/main 9 01".to_owned(), true),
        (&main, "- - - 01".to_owned(), true),
        // A release of the same commit, and of an older one, that came after the run.
        (&release, format!("{W} 3 05"), true),
        (&"ci.yml refs/tags/v1.0.0 4 01".to_owned(), format!("{W} 3 05"), true),
        (&"ci.yml refs/tags/v1.0.0 4 01".to_owned(), format!("{W} 5 05"), false),
        (&"release.yml refs/tags/v1.0.0 4 01".to_owned(), format!("{W} 3 05"), false),
        (&release, format!("{W} 5 06"), false),
        (&main, "release.yml refs/heads/main 1 06".to_owned(), false),
        // A release of an older commit is no earlier run.
        (&main, "ci.yml refs/tags/v1.0.0 2 01".to_owned(), false),
        (&main, "release.yml refs/tags/v1.0.0 1 01".to_owned(), false),
        // Of two git tags, the one whose run came later has it.
        (&release, "ci.yml refs/tags/v1.0.0-1 3 05".to_owned(), true),
        (&"ci.yml refs/tags/v1.0.0-2 4 01".to_owned(), "ci.yml refs/tags/v1.0.0-1 3 05".to_owned(), true),
        (&release, "ci.yml refs/tags/v1.0.0-1 5 01".to_owned(), false),
        // But the same git tag may be built again, and moved.
        (&release, "ci.yml refs/tags/v1.0.0 3 06".to_owned(), true),
        (&release, "ci.yml refs/tags/v1.0.0 5 01".to_owned(), false),
        // Nothing tells.
        (&main, "- - - -".to_owned(), false),
        (&main, "ci.yml refs/heads/next 9 05".to_owned(), false),
    ] {
        for tags in [vec![OWN, FLOATING], vec![FLOATING, CHANNEL], vec![OWN, CHANNEL]] {
            let mut world = World::new();
            let more = says("1.0.0");
            let mut merged = |text: &str| {
                world.build(&["a"], Build::new(LEG, "linux/amd64").salt(text));
                let report = world.merge(&planned_as(text, "1.0.0", &more, &tags), Options::default());
                assert_eq!(report.problems, [], "{own} after {there}");
                outcomes(&report)
            };
            merged(there);
            let found = merged(&own);
            assert_eq!(
                found.iter().all(|one| *one == Outcome::Kept),
                is_kept,
                "{own} after {there}: {found:?}"
            );
            assert_eq!(found.contains(&Outcome::Kept), is_kept, "{own} after {there}: {found:?}");
        }
    }
}

#[test]
fn verify_agrees_with_what_was_left_of_any_form() {
    for (there, tags, more) in [
        (vec![FLOATING], vec![FLOATING], says("1.0.0")),
        (vec![FLOATING, CHANNEL], vec![FLOATING, CHANNEL], String::new()),
        (vec![OWN, CHANNEL], vec![OWN, CHANNEL], says("1.0.0")),
        (vec![COMMIT], vec![COMMIT], says("1.0.0")),
        // What only the earlier run would give.
        (vec![OWN], vec![OWN, FLOATING, CHANNEL], String::new()),
    ] {
        let mut world = World::new();
        world.build(&["a"], Build::new(LEG, "linux/amd64").salt("eight"));
        let document = planned_as(&format!("{W} 8 -"), "1.0.0", &more, &there);
        assert_eq!(world.merge(&document, Options::default()).problems, []);
        for (number, code) in [(7, 0), (9, 4)] {
            world.build(&["a"], Build::new(LEG, "linux/amd64").salt("other"));
            let document = planned_as(&format!("{W} {number} -"), "1.0.0", &more, &tags);
            if number == 7 {
                let report = world.merge(&document, Options::default());
                assert!(outcomes(&report).iter().all(|one| *one == Outcome::Kept), "{tags:?}");
            }
            let test = Test::new()
                .file("plan.json", document)
                .file("metadata.json", world.metadata())
                .files(world.root(), "")
                .args(["verify", "--plan", "plan.json", "--metadata", "metadata.json"]);
            let output = test.output();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(code), "{tags:?} {number}: {said}");
        }
    }
}

#[test]
fn verify_agrees_with_what_the_merge_left() {
    let mut world = World::new();
    merged(&mut world, &format!("{W} 8 -"), Options::default());
    for (number, code) in [(7, 0), (9, 4)] {
        world.build(&["a"], Build::new(LEG, "linux/amd64").salt("other"));
        let own = format!("{W} {number} -");
        let test = Test::new()
            .file("plan.json", planned(&own))
            .file("metadata.json", world.metadata())
            .files(world.root(), "")
            .args(["verify", "--plan", "plan.json", "--metadata", "metadata.json"]);
        let output = test.output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{number}: {said}");
        for tag in ["1.0.0", "1", "latest"] {
            let stays = said.contains(&format!("`{tag}` stays with a later run: run 8"));
            assert_eq!(stays, code == 0, "{number} {tag}: {said}");
        }
    }
}

/// The same builds make the same index in every run where no tag can be given to anything else.
#[test]
fn an_immutable_image_that_is_the_same_is_left_as_it_is() {
    let literal = r#"{"name":"2026.1","class":"constant","form":"2026.1"}"#;
    for (tags, more, is_refused) in [
        (vec![OWN], r#""immutable":true,"#, false),
        (vec![literal], r#""immutable":true,"#, false),
        // What floats has to say which run it is of.
        (vec![OWN, FLOATING], r#""immutable":true,"#, true),
        (vec![OWN], "", false),
    ] {
        let mut world = World::new();
        world.build(&["a"], Build::new(LEG, "linux/amd64"));
        let plan = |run: u32| planned_as(&format!("{W} {run} -"), "1.0.0", more, &tags);
        let first = world.merge(&plan(3), Options::default());
        assert_eq!(first.problems, [], "{tags:?}");
        let report = world.merge(&plan(4), Options::default());
        assert_eq!(!report.problems.is_empty(), is_refused, "{tags:?} {more}: {:?}", report.problems);
        if !is_refused && !more.is_empty() {
            assert_eq!(outcomes(&report), [Outcome::Unchanged], "{tags:?}");
        }
    }
}

/// A tag without a version in it is what a branch publishes between releases: a release that runs again does not take it back, and a
/// new one does.
#[test]
fn a_release_that_runs_again_leaves_what_a_branch_has_published_since() {
    use Outcome::{Created, Kept, Moved, Unchanged};
    let edge = r#"{"name":"edge","floating":true,"class":"version","numbers":0,"form":"edge","family":["{version}"]}"#;
    for (tag, of_branch) in [(edge, EDGE), (CHANNEL, CHANNEL)] {
        let mut world = World::new();
        let build = |world: &mut World, salt: &str| {
            world.build(&["a"], Build::new(LEG, "linux/amd64").salt(salt));
        };
        let merge = |world: &World, document: &str, options| {
            let report = world.merge(document, options);
            assert_eq!(report.problems, [], "{document}");
            report
        };
        let release = |version: &str, run: &str| planned_as(run, version, "", &[OWN, FLOATING, tag]);
        let branch =
            |run: &str| planned_as(run, "1.0.0", "", &[of_branch]).replacen(r#""version":"1.0.0","#, "", 1);
        let first = release("1.0.0", "ci.yml refs/tags/v1.0.0 4 01");
        build(&mut world, "first");
        assert_eq!(outcomes(&merge(&world, &first, Options::default())), [Created; 4]);
        let built = world.built.clone();
        build(&mut world, "branch");
        merge(&world, &branch(&format!("{W} 5 06")), Options::default());
        let of_branch = world.tags("a");
        // The same builds, so that nothing of the version changes.
        world.built = built.clone();
        let report = merge(&world, &first, Options::default());
        assert_eq!(outcomes(&report), [Unchanged, Unchanged, Unchanged, Kept], "{tag}");
        let why = "run 5, of `refs/heads/main`, is later than run 4";
        let is_told = |note: &str| note.contains(why) && !note.contains(":latest`");
        assert!(report.notes.iter().any(|note| is_told(&note.message)), "{:?}", report.notes);
        assert_eq!(world.tags("a"), of_branch);
        // Another build of it has what is the version's.
        build(&mut world, "first again");
        let report = merge(&world, &first, Options::default());
        assert_eq!(outcomes(&report)[3], Kept, "{tag}");
        let name = &report.images["app"].references[3].tag;
        assert_eq!(world.tags("a")[name], of_branch[name], "{tag}");
        assert_eq!(world.tags("a")["latest"], world.tags("a")["1.0.0"], "{tag}");
        world.built = built;
        assert_eq!(outcomes(&merge(&world, &first, BACKWARD))[3], Moved);
        // A new release, by the same workflow or another.
        for (version, workflow, is_noted) in [("1.1.0", "ci.yml", false), ("1.2.0", "release.yml", true)] {
            build(&mut world, &format!("branch before {version}"));
            let other = branch(&format!("{W} 6 07")).replacen(r#""commit":"01"#, r#""commit":"ab"#, 1);
            merge(&world, &other, BACKWARD);
            build(&mut world, version);
            let run = format!("{workflow} refs/tags/v{version} 8 02");
            let report = merge(&world, &release(version, &run), Options::default());
            assert_eq!(outcomes(&report)[3], Moved, "{version} {tag}");
            let told: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
            let perhaps = told.iter().any(|note| note.contains("perhaps from a later run: commit ab"));
            assert_eq!(perhaps, is_noted, "{version} {tag}: {told:?}");
        }
    }
}
