//! Versions that go without `latest`: they keep it from no lesser one, whatever asks for the greatest, and in each variant.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bakeplan::internals::merge::Options;

use super::families::{kept, planned};
use super::race::other;
use super::world::{Build, World};
use crate::verify::desk::{codes, of_plan};

/// What is published one after the other, each `VERSION` or `VERSION!` with `latest = false`, and which version has `latest` then.
const ORDERS: [(&str, &str); 10] = [
    ("1.3.1 2.0.0!", "1.3.1"),
    ("1.3.1 2.0.0! 1.3.2", "1.3.2"),
    ("2.0.0! 1.3.1 1.3.2", "1.3.2"),
    ("1.3.1 2.0.0! 2.0.1! 2.1.0! 2.1.1! 1.3.2", "1.3.2"),
    ("1.3.1 2.0.0! 1.3.2 1.3.1", "1.3.2"),
    ("1.3.1 2.0.0! 1.3.2 2.1.0", "2.1.0"),
    // A greater one has it, above or below.
    ("1.3.1 2.0.0! 3.0.0 1.3.2", "3.0.0"),
    ("1.9.0 2.0.0! 1.3.2", "1.9.0"),
    ("1.3.1 2.0.0 1.3.2", "2.0.0"),
    // What has the tag keeps it, and a version may get it later.
    ("1.3.1 2.0.0! 2.0.0 1.3.2", "2.0.0"),
];

const SPECS: [&str; 3] = [
    "",
    "tags = [\"v{{ version }}\", \"latest\", \"v{{ major }}\"]",
    "oci_labels = [\"index\"]\ntags = [\"{{ major }}.{{ minor }}\", \"latest\"]",
];

fn document(version: &str, spec: &str) -> String {
    let (version, latest) = version.strip_suffix('!').map_or((version, "true"), |version| (version, "false"));
    let lines = format!("version = \"{version}\"\nlatest = {latest}\n{spec}");
    planned(&lines, &[&format!("tag=v{version}")]).0
}

fn built(world: &mut World, version: &str) {
    for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
        world.build(&["acme/app"], Build::new(leg, platform).salt(version));
    }
}

#[test]
fn a_version_without_latest_keeps_it_from_no_lesser_one() {
    for spec in SPECS {
        for (order, expected) in ORDERS {
            let mut world = World::with_app(&["acme/app"]);
            let mut last = None;
            for version in order.split_whitespace() {
                built(&mut world, version);
                let document = document(version, spec);
                let report = world.merge(&document, Options::default());
                assert_eq!(report.problems, [], "{spec} {order} {version}");
                // A merge and what is asked afterwards agree.
                let verified = of_plan(&world, &document);
                let wrong: Vec<_> = codes(&verified).into_iter().filter(|code| *code != "tag-kept").collect();
                assert_eq!(wrong, [""; 0], "{spec} {order} {version}: {verified:?}");
                let digest = report.images["app"].digest.clone();
                let declines = version.ends_with('!');
                let own = report.images["app"].references.iter().find(|one| one.digest == digest);
                if let Some(own) = own {
                    let annotations = world.index("acme/app", &own.tag).annotations;
                    let said = annotations.get("dev.bakeplan.without").map(String::as_str);
                    assert_eq!(said, declines.then_some("latest"), "{order} {version}");
                }
                if version.trim_end_matches('!') == expected && !declines {
                    last = digest;
                }
            }
            assert_eq!(world.tags("acme/app").get("latest"), last.as_ref(), "{spec} {order}");
        }
    }
}

/// Variants with the tags that their images have for `latest`.
const VARIANTS: [(&str, &[&str]); 5] = [
    ("variant = \"slim\"", &["slim"]),
    ("variant = \"slim\"\ndefault_variant = \"slim\"", &["latest", "slim"]),
    ("variant = [[\"jre\"], [\"alpine3.20\", \"alpine\"]]", &["jre-alpine3.20", "jre-alpine"]),
    ("variant = \"slim\"\ntags = [\"{{ version }}\", \"edge\", \"latest\"]", &["slim"]),
    (
        "variant = \"bookworm\"\ndefault_variant = \"bookworm\"\noci_labels = [\"index\"]",
        &["latest", "bookworm"],
    ),
];

#[test]
fn a_variant_without_latest_keeps_it_from_no_lesser_one() {
    for (spec, floating) in VARIANTS {
        for (order, expected) in ORDERS {
            let mut world = World::with_app(&["acme/app"]);
            let mut last = None;
            for version in order.split_whitespace() {
                built(&mut world, version);
                let document = document(version, spec);
                let report = world.merge(&document, Options::default());
                assert_eq!(report.problems, [], "{spec} {order} {version}");
                let verified = of_plan(&world, &document);
                let wrong: Vec<_> = codes(&verified).into_iter().filter(|code| *code != "tag-kept").collect();
                assert_eq!(wrong, [""; 0], "{spec} {order} {version}: {verified:?}");
                if version == expected {
                    last = report.images["app"].digest.clone();
                }
            }
            for tag in floating {
                assert_eq!(world.tags("acme/app").get(*tag), last.as_ref(), "{tag}: {spec} {order}");
            }
        }
    }
}

/// A tag of the same text that is not `latest` of a variant stays with the greatest version.
#[test]
fn a_constant_is_withheld_by_no_latest() {
    for constant in ["edge", "slim", "stable"] {
        let spec = format!("tags = [\"{{{{ version }}}}\", \"{constant}\", \"latest\"]");
        let mut world = World::with_app(&["acme/app"]);
        for version in ["1.3.1", "2.0.0!", "1.3.2"] {
            built(&mut world, version);
            assert_eq!(world.merge(&document(version, &spec), Options::default()).problems, []);
        }
        let tags = world.tags("acme/app");
        assert_eq!(tags[constant], tags["2.0.0"], "{constant}");
        assert_eq!(tags["latest"], tags["1.3.2"], "{constant}");
    }
}

/// Of what others have published, nothing is known: the greatest keeps it, and the report says so.
#[test]
fn what_says_nothing_of_latest_keeps_it() {
    for foreign in ["2.0.0", "v2.0.0", "1.3.3"] {
        let mut world = World::with_app(&["acme/app"]);
        let spec = "tags = [\"{{ version }}\", \"v{{ version }}\", \"latest\"]";
        assert_eq!(world.merge(&document("1.3.1", spec), Options::default()).problems, []);
        let tags = format!("tags = [\"{foreign}\"]");
        built(&mut world, foreign);
        assert_eq!(world.merge(&planned(&tags, &[]).0, Options::default()).problems, []);
        built(&mut world, "1.3.2");
        let report = world.merge(&document("1.3.2", spec), Options::default());
        assert_eq!(kept(&report), format!("latest={foreign}"));
    }
}

#[test]
fn a_version_without_latest_that_comes_meanwhile_does_not_get_it() {
    for at in ["1.3.2", "1.3", "latest"] {
        for (rival, has_it) in [("2.0.0!", false), ("2.0.0", true)] {
            let mut world = World::with_app(&["acme/app"]);
            assert_eq!(world.merge(&document("1.3.1", ""), Options::default()).problems, []);
            built(&mut world, "1.3.2");
            let server = world.serve();
            let here = |document: &str, host: &str| {
                document.replace("oci-layout:acme/app", &format!("{host}/acme/app"))
            };
            let other = other(&world, rival).0;
            let other_plan = here(&document(rival, ""), &server.host());
            let done = Arc::new(AtomicBool::new(false));
            let started = Arc::clone(&done);
            let through = world.serve_through(move |seen, forward| {
                let is_it = seen.method == "PUT" && seen.path().ends_with(&format!("/manifests/{at}"));
                if is_it && !started.swap(true, Ordering::Relaxed) {
                    assert_eq!(other.merge(&other_plan, Options::default()).problems, []);
                }
                forward().into()
            });
            let report = world.merge(&here(&document("1.3.2", ""), &through.host()), Options::default());
            assert!(done.load(Ordering::Relaxed), "{at}");
            assert_eq!(report.problems, [], "{at} {rival}");
            let tags = world.tags("acme/app");
            let expected = if has_it { &tags["2.0.0"] } else { &tags["1.3.2"] };
            assert_eq!(&tags["latest"], expected, "{at} {rival}: {report:?}");
        }
    }
}
