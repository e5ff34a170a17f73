//! Images whose tags show no whole version: what has them says which one it is, and nothing goes back.

use std::collections::BTreeMap;

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Outcome;
use bakeplan::internals::reference::Digest;

use super::families::planned;
use super::world::{Build, World};

/// The patterns, and the versions that are merged in this order.
const CASES: [(&str, [&str; 3]); 8] = [
    (r#""{{ major }}.{{ minor }}", "{{ major }}", "latest""#, ["3.10.1", "3.10.2", "3.10.1"]),
    (r#""{{ major }}""#, ["3.9.1", "3.11.0", "3.10.4"]),
    (r#""py{{ major }}{{ minor }}", "py{{ major }}""#, ["3.9.0", "3.11.0", "3.9.1"]),
    (r#""php{{ major }}{{ minor }}", "php{{ major }}", "latest""#, ["8.3.1", "8.10.0", "8.4.2"]),
    (r#""php{{ major }}{{ minor }}", "latest""#, ["3.10.1", "3.10.2", "3.9.7"]),
    (r#""v{{ major }}x{{ minor }}", "v{{ major }}", "latest""#, ["1.9.0", "1.10.0", "1.9.1"]),
    (r#""api-{{ major }}", "latest-api""#, ["1.9.0", "2.0.0", "1.9.1"]),
    (r#""{{ major }}-alpine", "alpine""#, ["1.9.0", "1.10.0", "1.9.1"]),
];

#[test]
fn a_version_that_no_tag_shows_whole_is_kept_by_its_index() {
    for (patterns, versions) in CASES {
        for labels in ["", "oci_labels = [\"index\"]\n"] {
            let mut world = World::with_app(&["acme/app"]);
            let mut before = BTreeMap::new();
            for (at, version) in versions.into_iter().enumerate() {
                world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt(version));
                let lines = format!("{labels}version = \"{version}\"\ntags = [{patterns}]");
                let (tag, run) = (format!("tag=v{version}"), format!("run={}", 7 + at));
                let (document, _) = planned(&lines, &[&tag, &run, "workflow=w"]);
                let report = world.merge(&document, Options::default());
                assert_eq!(report.problems, [], "{patterns} {version}");
                let image = &report.images["app"];
                let moves: Vec<bool> = image.references.iter().map(|one| one.outcome.writes()).collect();
                // What is broader than the minor version stays with the greatest, which was second.
                let broadest = image
                    .references
                    .iter()
                    .min_by_key(|one| (!one.tag.contains("latest"), one.tag.len()))
                    .unwrap();
                if at < 2 {
                    assert!(moves.iter().any(|moves| *moves), "{patterns} {version}: {image:?}");
                    assert!(broadest.outcome.writes(), "{patterns} {version}: {broadest:?}");
                    before = world.tags("acme/app");
                } else {
                    assert_eq!(broadest.outcome, Outcome::Kept, "{patterns} {version}: {broadest:?}");
                    let why = broadest.why.as_deref().unwrap_or_default();
                    assert!(why.contains("greater"), "{patterns} {version}: {why}");
                    // Where tags show it, as `api-2` does, that is what is always there.
                    let is_told = report.notes.iter().any(|note| note.code.name() == "kept-tag");
                    assert_eq!(is_told, why.contains("its index says"), "{patterns}: {why}");
                }
            }
            let after = world.tags("acme/app");
            // All that the greatest version had; `py39` is the third one's.
            let greatest = before.values().max_by_key(|one| before.values().filter(|all| all == one).count());
            let mut had = before.iter().filter(|(_, digest)| Some(*digest) == greatest);
            let stays = |(tag, digest): (&String, &Digest)| after.get(tag) == Some(digest);
            assert!(had.all(stays), "{patterns}: {before:?} {after:?}");
        }
    }
}

/// What something else has published says nothing: the plan and the merge say so.
#[test]
fn what_says_no_version_moves_and_is_named() {
    for (patterns, is_named) in [
        (r#""{{ major }}.{{ minor }}", "latest""#, true),
        (r#""py{{ major }}{{ minor }}", "py{{ major }}""#, true),
        (r#""{{ major }}""#, true),
        (r#""{{ version }}", "{{ major }}""#, false),
        (r#""v{{ version }}-alpine", "{{ major }}-alpine""#, false),
        (r#""{{ version | replace('.', '-') }}", "latest""#, false),
    ] {
        let lines = format!("version = \"1.4.2\"\ntags = [{patterns}]");
        let (document, talk) = planned(&lines, &[]);
        assert_eq!(talk.contains("unguarded-tag"), is_named, "{patterns}: {talk}");
        let mut world = World::with_app(&["acme/app"]);
        let first = world.merge(&document, Options::default());
        assert_eq!(first.problems, [], "{patterns}");
        // The first index says which version it is, exactly where no tag does.
        let tag = &first.images["app"].references[0].tag;
        let annotations = &world.index("acme/app", tag).annotations;
        assert_eq!(
            annotations.get("dev.bakeplan.version").map(String::as_str),
            is_named.then_some("1.4.2"),
            "{patterns}"
        );
        world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
        let second = world.merge(&document, Options::default());
        let is_unguarded = second.notes.iter().any(|note| note.code.name() == "unguarded-tag");
        assert!(!is_unguarded, "{patterns}: it says itself what it is");
    }
}
