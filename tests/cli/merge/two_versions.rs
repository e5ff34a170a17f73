//! Releases that have the own tags of two versions: by the same inputs, or since somebody gave one of them the content of the other.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Outcome;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;

use super::runs::run;
use super::world::{Build, TAGS, World, literal, put_tag};
use crate::verify::desk::{found, of_plan};

/// A plan of a version, made by this run, whose builds have these inputs if they have a name, and of another image.
pub(crate) fn planned(repository: &str, version: &str, text: &str, inputs: &str, more: &str) -> String {
    let numbers: Vec<&str> = version.split('.').collect();
    let tags = TAGS
        .replace("\"1.4.2\"", &format!("{version:?}"))
        .replace("\"1.4\"", &format!("{:?}", numbers[..2].join(".")))
        .replace("\"1\"", &format!("{:?}", numbers[0]));
    let inputs = match inputs {
        "" => String::new(),
        name => format!(r#","inputs":{{"hash":"{}"}}"#, Digest::sha256(name.as_bytes())),
    };
    let builds = ["amd64", "arm64"].map(|architecture| {
        format!(r#""app-linux-{architecture}":{{"platform":"linux/{architecture}","job":"a"{inputs}}}"#)
    });
    super::world::document(&format!(
        r#""app":{{"version":"{version}",{more}"repositories":["{repository}"],"tags":[{tags}],"builds":{{{}}}}},
           "web":{{"repositories":["{repository}"],"tags":[{}],"builds":{{"web-linux-amd64":{{"platform":"linux/amd64","job":"b"}}}}}}"#,
        builds.join(","),
        literal("web-1")
    ))
    .replacen('{', &format!(r#"{{"run":{{{}}},"#, run(text)), 1)
}

/// Builds all of such a plan.
pub(crate) fn build(world: &mut World, repository: &str, salt: &str) {
    for leg in ["app-linux-amd64", "app-linux-arm64", "web-linux-amd64"] {
        let platform = leg[4..].replace('-', "/");
        world.build(&[repository], Build::new(leg, &platform).salt(salt));
    }
}

/// Gives these tags what another one has.
pub(crate) fn point(world: &World, repository: &str, tags: &[&str], other: &str) {
    let layout = world.layout(repository);
    let manifest = layout.get_manifest(&world.tags(repository)[other].clone().into()).unwrap().unwrap();
    tags.iter().for_each(|tag| put_tag(&layout, tag, &manifest));
}

const A: &str = "oci-layout:a";

/// The git tag of the run that made it, what its index records of inputs, what is planned for 2.0.0, and whether that tells.
const CASES: [(&str, &str, &str, bool); 7] = [
    ("refs/tags/v1.0.0", "x", "x", true),
    ("refs/tags/v1.0.0", "x", "y", false),
    ("refs/tags/v1.0.0", "x", "", false),
    ("refs/tags/v1.0.0", "", "x", false),
    ("refs/tags/v2.0.0", "", "", true),
    ("refs/tags/v12.0.0", "", "", false),
    ("refs/heads/main", "", "", false),
];

#[test]
fn a_release_of_two_versions_is_kept_where_something_tells_that_it_is_right() {
    for immutable in [true, false] {
        for (git_ref, recorded, inputs, is_told) in CASES {
            let more = if immutable { r#""immutable":true,"# } else { "" };
            let what = format!("{git_ref} {recorded} {inputs} {immutable}");
            let mut world = World::new();
            build(&mut world, "a", "first");
            let first = planned(A, "1.0.0", &format!("ci.yml {git_ref} 1 -"), recorded, more);
            assert_eq!(world.merge(&first, Options::default()).problems, [], "{what}");
            point(&world, "a", &["2.0.0"], "1.0.0");
            let before = world.tags("a");
            build(&mut world, "a", "again");
            let again =
                planned(A, "2.0.0", "ci.yml refs/tags/v2.0.0 9 -", inputs, more).replace("web-1", "web-2");
            let report = world.merge(&again, Options { keep_existing: true, ..Options::default() });
            assert_eq!(report.problems, [], "{what}");
            let after = world.tags("a");
            assert_eq!((&after["2.0.0"], &after["1.0.0"]), (&before["1.0.0"], &before["1.0.0"]), "{what}");
            // The other image of the repository is published in any case.
            assert!(after.contains_key("web-2"), "{what}");
            for tag in ["2", "2.0"] {
                assert_eq!(after.get(tag), is_told.then_some(&before["1.0.0"]), "{what}: {tag}");
            }
            let held: Vec<&str> = report.held.iter().map(|one| one.message.as_str()).collect();
            let outcomes: Vec<Outcome> =
                report.images["app"].references.iter().map(|one| one.outcome).collect();
            assert_eq!(outcomes.contains(&Outcome::Held), !is_told, "{what}: {outcomes:?}");
            assert_eq!(
                held.iter().any(|one| one.contains("has the tags of two versions")),
                !is_told,
                "{held:?}"
            );
            assert_eq!(report.is_incomplete(), !is_told, "{what}");
        }
    }
}

/// Whoever released the version first is not told that it is another one because a later version reuses it.
#[test]
fn what_is_two_versions_is_right_for_verify_where_something_tells() {
    for (git_ref, recorded, inputs, is_told) in CASES {
        let mut world = World::new();
        build(&mut world, "a", "first");
        let run = format!("ci.yml {git_ref} 1 -");
        assert_eq!(world.merge(&planned(A, "1.0.0", &run, recorded, ""), Options::default()).problems, []);
        point(&world, "a", &["2.0.0", "2.0", "2"], "1.0.0");
        let codes: &[&str] = if is_told { &[] } else { &["other-version"] };
        found(&of_plan(&world, &planned(A, "2.0.0", &run, inputs, "")), codes);
    }
}
