//! Constants with numbers in a registry: the next release moves them, an earlier one does not take them back.

use bakeplan::internals::merge::Options;

use super::also_named::planned;
use super::families::{self, kept};
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

/// A rule `raw` with a number is no version, neither for what it is published beside nor for what comes after.
#[test]
fn the_numbers_of_raw_rules_are_no_versions() {
    let lines = |run: &str, day: &str| {
        format!(
            "tags = [\"type=semver,pattern={{{{version}}}}\", \"type=raw,value=8\", \"type=raw,value=${{RUN}}\", \"type=raw,value=${{DAY}}\"]\n}}\nvariable \"RUN\" {{\n  default = {run:?}\n}}\nvariable \"DAY\" {{\n  default = {day:?}"
        )
    };
    let releases = [
        ("v3.0.0", "41", "20260920", "3.0.0"),
        ("v1.2.3", "42", "20260921", "3.0.0"),
        ("v3.1.0-rc.1", "43", "20260922", "3.0.0"),
        ("v3.1.0", "44", "20260923", "3.1.0"),
    ];
    let mut world = World::with_app(&["acme/app"]);
    for (tag, run, day, latest) in releases {
        for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
            world.build(&["acme/app"], Build::new(leg, platform).salt(tag));
        }
        let (document, _) = families::planned(&lines(run, day), &["event=push", &format!("tag={tag}")]);
        let report = world.merge(&document, Options::default());
        assert_eq!(report.problems, [], "{tag}");
        let tags = world.tags("acme/app");
        let own = &tags[tag.trim_start_matches('v')];
        for name in [run, day, "8"] {
            assert_eq!(tags.get(name), Some(own), "{tag}: {name}: {}", kept(&report));
        }
        assert_eq!(tags["latest"], tags[latest], "{tag}");
    }
}
