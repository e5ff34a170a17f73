//! Tags that a branch and git tags give in turn, such as `edge`: the numbers of one workflow tell which run is later.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};

use super::runs::run;
use super::world::{Build, World, document};
use crate::verify::desk::{codes, of_plan};

const LEG: &str = "app-linux-amd64";

/// A plan of an image without a version, made by this run, with this tag.
fn planned(text: &str, tag: &str) -> String {
    document(&format!(
        r#""app":{{"repositories":["oci-layout:a"],"tags":[{{"name":"{tag}","floating":true,"class":"constant","form":"{tag}"}}],
           "builds":{{"{LEG}":{{"platform":"linux/amd64","job":"a"}}}}}}"#
    ))
    .replacen('{', &format!(r#"{{"run":{{{}}},"#, run(text)), 1)
}

fn merged(world: &mut World, text: &str, tag: &str) -> Report {
    world.build(&["a"], Build::new(LEG, "linux/amd64").salt(text));
    let report = world.merge(&planned(text, tag), Options::default());
    assert_eq!(report.problems, [], "{text}");
    report
}

/// Of `WORKFLOW REF NUMBER DAY`, the runs in the order of their merges, and the one that the tag is left with.
#[test]
fn a_release_and_a_branch_have_a_tag_in_the_order_of_their_runs() {
    let main = |rest: &str| format!("ci.yml refs/heads/main {rest}");
    let git_tag = |rest: &str| format!("ci.yml refs/tags/v1.0.0 {rest}");
    for (runs, expected) in [
        // A release of an old commit, and what the branch has published afterwards.
        (vec![main("6 06"), git_tag("7 02")], 1),
        (vec![main("6 06"), git_tag("7 02"), main("8 08")], 2),
        (vec![main("8 08"), git_tag("7 02")], 0),
        (vec![main("8 03"), git_tag("7 07")], 0),
        // An earlier run of the branch that ends last.
        (vec![git_tag("7 02"), main("6 06")], 0),
        (vec![git_tag("7 06"), main("6 06")], 0),
        (vec![git_tag("7 06"), main("8 03")], 1),
        // Two branches, and runs of two workflows, are not counted so.
        (vec![main("6 06"), "ci.yml refs/heads/next 7 02".to_owned()], 0),
        (vec!["release.yml refs/tags/v1.0.0 7 02".to_owned(), main("6 06")], 1),
    ] {
        for tag in ["edge", "latest"] {
            let mut world = World::new();
            let mut digests = Vec::new();
            for text in &runs {
                merged(&mut world, text, tag);
                let own = world.merge(&planned(text, tag), Options { no_tags: true, ..Options::default() });
                digests.push(own.images["app"].digest.clone().unwrap());
                // What the merge left with another is right for `verify`.
                let report = of_plan(&world, &planned(text, tag));
                assert!(!report.disagrees(), "{runs:?}: {:?}", codes(&report));
            }
            assert_eq!(world.tags("a")[tag], digests[expected], "{runs:?}");
            // Whoever merges again takes nothing back.
            for text in &runs[..expected] {
                world.build(&["a"], Build::new(LEG, "linux/amd64").salt(text));
                let again = world.merge(&planned(text, tag), Options::default());
                let outcomes: Vec<Outcome> =
                    again.images["app"].references.iter().map(|one| one.outcome).collect();
                assert_eq!(outcomes, [Outcome::Kept], "{runs:?}: {text}");
                assert!(again.images["app"].references[0].why.as_ref().unwrap().contains("is later than"));
            }
            assert_eq!(world.tags("a")[tag], digests[expected], "{runs:?}");
        }
    }
}
