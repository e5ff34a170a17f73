//! Constants with numbers in a registry: the next release moves them, an earlier one does not take them back.

use bakeplan::internals::merge::Options;

use super::also_named::planned;
use super::families::kept;
use super::world::{Build, World};
use crate::verify::desk::of_plan;

#[test]
fn numbers_of_variants_and_months_stay_with_the_greatest() {
    for (order, moving) in [
        (["1.2.3-24.04 24.04", "1.2.4-24.04 24.04", "1.2.2-24.04 24.04"], "24.04"),
        (["1.2.3-24.04 24.04", "1.10.0-24.04 24.04", "1.9.9-24.04 24.04"], "24.04"),
        (["2026-01-09 2026-01", "2026-01-16 2026-01", "2026-01-10 2026-01"], "2026-01"),
        (
            [
                "2026-01-09 2026 latest 2026-01",
                "2026-02-16 2026 latest 2026-02",
                "2026-01-31 2026 latest 2026-01",
            ],
            "2026",
        ),
        (["1.2.3-alpine alpine", "1.2.4-alpine alpine", "1.2.2-alpine alpine"], "alpine"),
    ] {
        for more in ["", "image \"app\" {\n  immutable = true\n  repositories = [\"r.io/acme/app\"]\n}\n"] {
            let mut world = World::with_app(&["a"]);
            let mut digests = Vec::new();
            for tags in order {
                world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt(tags));
                let (document, _) = planned(tags, more);
                let report = world.merge(&document, Options::default());
                assert_eq!(report.problems, [], "{tags} {more}");
                digests.push(report.images["app"].digest.clone());
                let verified = of_plan(&world, &document);
                assert!(!verified.disagrees(), "{tags}: {:?}", verified.findings);
                let is_last = digests.len() == order.len();
                assert_eq!(kept(&report).contains(moving), is_last, "{tags}: {}", kept(&report));
            }
            assert_eq!(world.tags("a").get(moving), digests[1].as_ref(), "{order:?} {more}");
        }
    }
}
