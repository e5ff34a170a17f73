//! Images that go without a platform that was not built: not without one that the same run has published before.

use bakeplan::internals::merge::report::{Outcome, Report, Status};
use bakeplan::internals::merge::{IfMissing, Options};

use super::runs::{W, run};
use super::steps::{first, second};
use super::world::{Build, TAGS, World, document};

const RUN_TAGS: &str = r#"{"name":"edge","floating":true,"class":"constant","form":"edge"},
    {"name":"sha-0123456","class":"run","form":"sha-{commit:7}"}"#;

const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/arm/v7"];

/// Builds these platforms.
fn build(world: &mut World, text: &str, built: &str) {
    world.built.clear();
    for platform in PLATFORMS.into_iter().filter(|name| built.split(' ').any(|one| one == *name)) {
        let leg = platform.replace('/', "-");
        world.build(&["a"], Build::new(&leg, platform).salt(&format!("{text} {built}")));
    }
}

/// The plan of a run.
fn planned(text: &str, tags: &str) -> String {
    let builds = PLATFORMS
        .map(|name| (name, name.replace('/', "-")))
        .map(|(name, leg)| format!(r#""{leg}":{{"platform":"{name}","job":"{leg}","on_missing":"drop"}}"#));
    let version = if tags == TAGS { r#""version":"1.4.2","# } else { "" };
    let document = document(&format!(
        r#""app":{{{version}"repositories":["oci-layout:a"],"tags":[{tags}],"builds":{{{}}}}}"#,
        builds.join(",")
    ));
    document.replacen('{', &format!(r#"{{"run":{{{}}},"#, run(text)), 1)
}

/// Merges what this attempt built of three platforms.
fn merged(world: &mut World, text: &str, tags: &str, built: &str, options: Options) -> Report {
    build(world, text, built);
    let report = world.merge(&planned(text, tags), options);
    assert_eq!(report.problems, [], "{text} {built}");
    report
}

#[test]
fn a_platform_that_the_same_run_published_is_not_taken_out_again() {
    let own = format!("{W} 7 01");
    for (first, second, text, is_held) in [
        ("linux/amd64", "linux/arm64", own.clone(), true),
        ("linux/amd64 linux/arm64", "linux/arm64", own.clone(), true),
        ("linux/amd64 linux/arm64 linux/arm/v7", "linux/amd64 linux/arm64", own.clone(), true),
        ("linux/arm/v7 linux/amd64", "linux/amd64", own.clone(), true),
        // What was never published is nothing to lose.
        ("linux/amd64", "linux/amd64 linux/arm64", own, false),
        // Another run, another branch, and runs that nothing tells apart.
        ("linux/amd64", "linux/arm64", format!("{W} 8 01"), false),
        ("linux/amd64", "linux/arm64", "ci.yml refs/heads/next 7 02".into(), false),
        ("linux/amd64", "linux/arm64", "- - - 02".into(), false),
    ] {
        for tags in [RUN_TAGS, TAGS] {
            let mut world = World::new();
            merged(&mut world, &format!("{W} 7 01"), tags, first, Options::default());
            let before = world.tags("a");
            for if_missing in [IfMissing::AsPlanned, IfMissing::Fail] {
                let options = Options { if_missing, ..Options::default() };
                let report = merged(&mut world, &text, tags, second, options);
                let image = &report.images["app"];
                let mut outcomes = image.references.iter().map(|one| one.outcome);
                let code = |code: &str| report.held.iter().filter(|one| one.code.name() == code).count();
                if is_held {
                    assert!(outcomes.all(|one| one == Outcome::Held), "{first}, {second}");
                    assert_eq!((image.status, code("held")), (Status::Held, 1), "{first}, {second}");
                    assert_eq!(world.tags("a"), before, "{first}, {second}");
                    let told = report.notes.iter().chain(&report.held);
                    assert!(told.clone().all(|one| one.code.name() != "not-built"), "{report:?}");
                } else {
                    assert!(outcomes.any(Outcome::writes) || code("held") == 0, "{first}, {second}");
                    assert_ne!(world.tags("a"), before, "{first}, {second}");
                }
            }
        }
    }
}

/// Nor does the second step of an attempt that has begun before.
#[test]
fn the_second_step_takes_out_no_platform_either() {
    for (other, is_held) in [("linux/amd64 linux/arm64", true), ("linux/arm64", false)] {
        let mut world = World::new();
        let server = world.serve();
        let own = format!("{W} 7 01");
        let document = planned(&own, RUN_TAGS).replace("oci-layout:a", &format!("{}/a", server.host()));
        build(&mut world, &own, "linux/arm64");
        let result = first(&world, &document, 0);
        merged(&mut world, &own, RUN_TAGS, other, Options::default());
        let before = world.tags("a");
        let (status, told) = second(&world, &document, &result, &[]);
        assert_eq!(status, Some(if is_held { 5 } else { 0 }), "{other}: {told}");
        assert_eq!(told.contains("this run has published linux/amd64 before"), is_held, "{other}: {told}");
        assert!(world.tags("a") == before || !is_held, "{other}: {told}");
    }
}
