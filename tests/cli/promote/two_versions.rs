//! What has the tags of two versions, and is to get further tags of one.

use bakeplan::internals::merge::Options;

use super::stage::Stage;
use crate::merge::two_versions::{build, planned, point};
use crate::merge::world::World;

/// A repository where 1.0.0 and 2.0.0 are one index, made by a run of this ref with these inputs, and 1.1.0, 2.1.0 and 3.1.0 are to go
/// back to them and 3.0.0.
fn stage(git_ref: &str, inputs: &str) -> Stage {
    let mut world = World::new();
    world.layout("app");
    let server = world.serve();
    let at = format!("{}/app", server.host());
    let releases = [("1.0.0", git_ref), ("1.1.0", "-"), ("2.1.0", "-"), ("3.0.0", "-"), ("3.1.0", "-")];
    for (number, (version, git_ref)) in releases.into_iter().enumerate() {
        build(&mut world, "app", version);
        let document = planned(&at, version, &format!("ci.yml {git_ref} {} -", number + 1), inputs, "");
        let document = document.replace("web-1", &format!("web-{number}"));
        assert_eq!(world.merge(&document, Options::default()).problems, [], "{version}");
    }
    point(&world, "app", &["2.0.0", "2.0"], "1.0.0");
    Stage { world, server }
}

const PULLED: &str = r#""withdrawn":["1.1.0","2.1.0","3.1.0"],"#;

/// Each floating tag that something tells of moves, and the others are named.
#[test]
fn floating_tags_go_to_a_version_that_is_two_where_something_tells() {
    for (git_ref, recorded, inputs, moved, held) in [
        ("refs/tags/v1.0.0", "x", "x", "1 2", ""),
        ("refs/tags/v1.0.0", "x", "y", "1", "2"),
        ("refs/tags/v1.0.0", "x", "", "1", "2"),
        ("refs/tags/v2.0.0", "", "", "2", "1"),
        ("refs/heads/main", "x", "x", "2", "1"),
        ("refs/heads/main", "", "", "", "1 2"),
        ("-", "", "x", "", "1 2"),
    ] {
        let stage = stage(git_ref, recorded);
        let before = stage.world.tags("app");
        let what = format!("{git_ref} {recorded} {inputs}");
        let document = planned(&stage.at("app"), "2.0.0", "- - - -", inputs, PULLED);
        let outcome = stage.run_with(&document, "--floating HOST/app --plan plan.json");
        let after = stage.world.tags("app");
        // What is not concerned moves.
        assert_eq!((&after["3"], &after["latest"]), (&before["3.0.0"], &before["3.0.0"]), "{what}");
        for tag in moved.split_whitespace() {
            assert_eq!(after[tag], before["1.0.0"], "{what}: {tag}: {}", outcome.told);
        }
        for tag in held.split_whitespace() {
            assert_eq!(after[tag], before[tag], "{what}: {tag}: {}", outcome.told);
            let named = format!("leaves `{}:{tag}` as before", stage.at("app"));
            assert!(outcome.told.contains(&named), "{what}: {named}: {}", outcome.told);
        }
        assert_eq!(
            outcome.told.matches("has the tags of two versions").count(),
            held.split_whitespace().count(),
            "{what}: {}",
            outcome.told
        );
        // `1.1`, `2.1` and `3.1` have nothing left.
        assert_eq!(outcome.status, 5, "{what}: {}", outcome.told);
        stage.run_with(&document, "--floating HOST/app --plan plan.json --allow-other-version");
        let after = stage.world.tags("app");
        assert_eq!((&after["1"], &after["2"]), (&before["1.0.0"], &before["1.0.0"]), "{what}");
    }
}

#[test]
fn tags_that_are_named_are_held_with_what_is_two_versions() {
    for (git_ref, source, is_told) in [
        ("refs/tags/v1.0.0", "1.0.0", true),
        ("refs/tags/v1.0.0", "2.0.0", false),
        ("refs/tags/v2.0.0", "2.0.0", true),
        ("refs/heads/main", "1.0.0", false),
    ] {
        let stage = stage(git_ref, "x");
        stage.world.layout("other");
        let line = format!("HOST/app:{source} --to HOST/other:{source} --to HOST/other:{}", &source[..1]);
        let outcome = stage.run_with("{}", &format!("{line} --dry-run"));
        assert_eq!(outcome.status, if is_told { 0 } else { 5 }, "{git_ref} {source}: {}", outcome.told);
        if !is_told {
            stage.refuses("{}", &line, 5, "has the tags of two versions");
        }
        stage.passes("{}", &format!("{line} --allow-other-version"));
        assert_eq!(stage.world.tags("other").len(), 2);
    }
    // What has the own tag of another version alone is that one.
    let stage = stage("refs/heads/main", "");
    stage.refuses("{}", "HOST/app:3.0.0 --to HOST/app:2.0.0 --to HOST/app:2", 1, "other-version");
}

/// By its plan, one image of several is held.
#[test]
fn the_inputs_of_a_plan_tell_which_version_a_source_may_be() {
    for (inputs, is_told) in [("x", true), ("y", false), ("", false)] {
        let stage = stage("refs/heads/main", "x");
        let document =
            planned(&stage.at("app"), "2.0.0", "- - - -", inputs, PULLED).replace("web-1", "web-9");
        let line = "app=HOST/app:2.0.0 web=HOST/app:web-0 --plan plan.json";
        let outcome = stage.run_with(&document, line);
        assert_eq!(outcome.status, if is_told { 0 } else { 5 }, "{inputs}: {}", outcome.told);
        assert!(stage.world.tags("app").contains_key("web-9"), "{inputs}: {}", outcome.told);
    }
}
