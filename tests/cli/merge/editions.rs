//! Editions of a release in a registry: the plain release keeps floating tags from them, and of two none takes them from the other.

use bakeplan::internals::merge::Options;

use super::families::{kept, planned};
use super::world::{Build, World};
use crate::verify::desk::{codes, of_plan};

#[test]
fn floating_tags_stay_with_the_release_or_the_first_edition() {
    for (order, expected) in [
        ("1.20.1-ent 1.20.1", "1.20.1"),
        ("1.20.1 1.20.1-ent", "1.20.1"),
        ("1.20.0 1.20.1-ent 1.20.1 1.20.1-ent", "1.20.1"),
        ("1.20.1-ent 1.20.2-ent", "1.20.2-ent"),
        // Whichever the alphabet says.
        ("1.20.1-ce 1.20.1-ent", "1.20.1-ce"),
        ("1.20.1-ent 1.20.1-ce", "1.20.1-ent"),
        ("17.0.2-jre 17.0.2-jdk 17.0.2-jre", "17.0.2-jre"),
        ("1.20.1-aks1 1.20.1-eks1", "1.20.1-aks1"),
        ("1.20.1-eks1 1.20.1-aks1 1.20.1-gke1", "1.20.1-eks1"),
        ("1.20.1-ce 1.20.1-ent 1.20.2-ent 1.20.2-ce", "1.20.2-ent"),
        // Less by its numbers.
        ("1.20.2-ent 1.20.1", "1.20.2-ent"),
        ("1.20.2 1.20.1-ent", "1.20.2"),
        // Revisions have an order.
        ("1.20.1 1.20.1-r2", "1.20.1-r2"),
        ("1.20.1-r2 1.20.1", "1.20.1-r2"),
        ("1.20.1-ce.0 1.20.1-ce.1", "1.20.1-ce.1"),
    ] {
        let mut world = World::with_app(&["acme/app"]);
        for version in order.split_whitespace() {
            for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
                world.build(&["acme/app"], Build::new(leg, platform).salt(version));
            }
            let (document, _) = planned(&format!("version = {version:?}"), &[]);
            let report = world.merge(&document, Options::default());
            assert_eq!(report.problems, [], "{order}: {version}");
            let verified = of_plan(&world, &document);
            let wrong: Vec<_> = codes(&verified).into_iter().filter(|code| *code != "tag-kept").collect();
            assert_eq!(wrong, [""; 0], "{order}: {version}: {:?}", kept(&report));
        }
        let tags = world.tags("acme/app");
        assert_eq!(tags["latest"], tags[expected], "{order}");
    }
}
