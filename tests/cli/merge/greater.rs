//! Floating tags whose own index says that it is a greater version, which no list shows.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Outcome;

use super::world::{Build, TAGS, World, plan_of, untag};
use crate::verify::desk::of_plan;

const A: &str = "oci-layout:a";

/// A plan of a version with these floating tags, whose index says that it is `said`.
fn planned(version: &str, tags: &str, said: &str, more: &str) -> String {
    let annotations = if said.is_empty() {
        String::new()
    } else {
        format!(r#""annotations":{{"org.opencontainers.image.version":"{said}"}},"#)
    };
    plan_of(&[A], tags, &format!(r#""version":"{version}",{annotations}{more}"#), "hold")
}

/// A greater version that was published with `1` and `latest`, and whose own tag is gone.
fn published(said: &str) -> World {
    let mut world = World::with_app(&["a"]);
    let tags = TAGS.replace("1.4.2", "1.5.0").replace("\"1.4\"", "\"1.5\"");
    assert_eq!(world.merge(&planned("1.5.0", &tags, said, ""), Options::default()).problems, []);
    // Alone, `1.5` would be a version.
    for tag in ["1.5.0", "1.5"] {
        untag(&world.layout("a"), tag);
    }
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
    world
}

/// What became of `1` and `latest`.
fn outcomes(world: &World, plan: &str, options: Options) -> ([Outcome; 2], String) {
    let report = world.merge(plan, options);
    assert_eq!(report.problems, []);
    let outcome = |tag: &str| {
        report.images["app"].references.iter().find(|one| one.tag == tag).expect("it is planned").outcome
    };
    let notes: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
    ([outcome("1"), outcome("latest")], notes.join("\n"))
}

#[test]
fn what_says_that_it_is_greater_keeps_its_floating_tags() {
    for said in ["1.5.0", "v1.5.0", "1.5.1", "1.41.0"] {
        let world = published(said);
        let before = world.tags("a");
        let (outcomes, notes) = outcomes(&world, &planned("1.4.2", TAGS, "", ""), Options::default());
        assert_eq!(outcomes, [Outcome::Kept; 2], "{said}: {notes}");
        assert!(notes.contains(&format!("says that it is version `{said}`, which is greater")), "{notes}");
        for tag in ["1", "latest"] {
            assert_eq!(world.tags("a")[tag], before[tag], "{said}");
        }
        let report = of_plan(&world, &planned("1.4.2", TAGS, "", ""));
        assert!(!report.disagrees(), "{said}: {:?}", report.findings);
        let kept: Vec<_> = report.findings.iter().filter(|one| one.message.contains("stays with")).collect();
        assert_eq!(kept.len(), 2, "{said}: {:?}", report.findings);
    }
    // `1` does not go to another major version in any case.
    let (outcomes, _) = outcomes(&published("2.0.0"), &planned("1.4.2", TAGS, "", ""), Options::default());
    assert_eq!(outcomes, [Outcome::Moved, Outcome::Kept]);
}

#[test]
fn what_is_not_greater_or_was_taken_back_keeps_nothing() {
    for (said, more, options) in [
        ("", "", Options::default()),
        ("1.4.2", "", Options::default()),
        ("1.3.9", "", Options::default()),
        ("main", "", Options::default()),
        ("1.6.0-rc.1", "", Options::default()),
        ("1.5.0", r#""withdrawn":["1.5.0"],"#, Options::default()),
        ("1.5.0", r#""withdrawn":["1.5.*"],"#, Options::default()),
        ("1.5.0", "", Options { allow_backward: true, ..Options::default() }),
        ("1.5.0", "", Options { restores: true, ..Options::default() }),
    ] {
        let world = published(said);
        let (outcomes, notes) = outcomes(&world, &planned("1.4.2", TAGS, "", more), options);
        assert_eq!(outcomes, [Outcome::Moved; 2], "{said} {more}: {notes}");
    }
}
