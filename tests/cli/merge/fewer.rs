//! Tags that are taken from an index with more platforms.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Report;

use super::world::{Build, TAGS, World, document, plan_of};

/// A plan of a version for these platforms.
fn planned(version: &str, platforms: &[&str]) -> String {
    let builds: Vec<String> = platforms
        .iter()
        .map(|platform| {
            let leg = format!("app-{}", platform.replace('/', "-"));
            format!(r#""{leg}":{{"platform":"{platform}","job":"{leg}"}}"#)
        })
        .collect();
    let (minor, _) = version.rsplit_once('.').unwrap();
    let tags = TAGS.replace("1.4.2", version).replace("\"1.4\"", &format!("\"{minor}\""));
    document(&format!(
        r#""app":{{"version":"{version}","repositories":["oci-layout:a"],"tags":[{tags}],"builds":{{{}}}}}"#,
        builds.join(",")
    ))
}

/// What is said of lost platforms.
fn lost(report: &Report) -> Vec<&str> {
    assert_eq!(report.problems, []);
    let found = report.notes.iter().filter(|note| note.code.name() == "fewer-platforms");
    found.map(|note| note.message.as_str()).collect()
}

#[test]
fn tags_that_lose_a_platform_are_reported() {
    for (version, expected) in [
        (
            "1.4.2",
            "takes `oci-layout://a:1.4.2`, `oci-layout://a:1.4`, `oci-layout://a:1`, `oci-layout://a:latest` from what also has linux/arm64,",
        ),
        (
            "1.4.3",
            "takes `oci-layout://a:1.4`, `oci-layout://a:1`, `oci-layout://a:latest` from what also has linux/arm64,",
        ),
    ] {
        let mut world = World::with_app(&["a"]);
        assert_eq!(
            lost(&world.merge(&planned("1.4.2", &["linux/amd64", "linux/arm64"]), Options::default())),
            [""; 0]
        );
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt(version));
        let report = world.merge(&planned(version, &["linux/amd64"]), Options::default());
        let found = lost(&report);
        assert!(found.len() == 1 && found[0].contains(expected), "{version}: {found:?}");
        // What has them all again loses nothing.
        world.build(&["a"], Build::new("app-linux-arm64", "linux/arm64").salt(version));
        let report = world.merge(&planned(version, &["linux/amd64", "linux/arm64"]), Options::default());
        assert_eq!(lost(&report), [""; 0], "{version}");
    }
}

/// A machine may run what is made for a lesser variant of its processor.
#[test]
fn a_lost_variant_of_a_processor_is_not_nothing() {
    for (had, has, expected) in [
        (&["linux/amd64", "linux/amd64/v3"][..], &["linux/amd64"][..], "another variant of their processor"),
        (&["linux/arm/v7", "linux/arm/v6"], &["linux/arm/v6"], "another variant of their processor"),
        (&["linux/amd64", "linux/arm64"], &["linux/amd64"], "will get nothing"),
        (&["linux/amd64", "linux/amd64/v3", "linux/arm64"], &["linux/amd64"], "will get nothing"),
    ] {
        let mut world = World::new();
        let mut reports = Vec::new();
        for (platforms, salt) in [(had, "first"), (has, "second")] {
            world.built.clear();
            for platform in platforms {
                let leg = format!("app-{}", platform.replace('/', "-"));
                world.build(&["a"], Build::new(&leg, platform).salt(salt));
            }
            reports.push(world.merge(&planned("1.4.2", platforms), Options::default()));
        }
        let [_, report] = &reports[..] else { panic!("two merges") };
        assert_eq!(lost(report).len(), 1, "{had:?}");
        let note = report.notes.iter().find(|note| note.code.name() == "fewer-platforms").unwrap();
        let help = note.help.as_deref().unwrap();
        assert!(help.contains(expected), "{had:?}: {help}");
    }
}

#[test]
fn tags_that_keep_their_platforms_or_stay_lose_none() {
    let both = ["linux/amd64", "linux/arm64"];
    // Another build of the same, one with more, one whose tags stay, and one whose variant is implied.
    for (version, platforms) in [
        ("1.4.2", &both[..]),
        ("1.4.3", &["linux/amd64", "linux/arm64", "linux/s390x"]),
        ("1.3.0", &["linux/amd64"]),
        ("1.4.3", &["linux/amd64", "linux/arm64/v8"]),
    ] {
        let mut world = World::with_app(&["a"]);
        world.merge(&plan_of(&["oci-layout:a"], TAGS, r#""version":"1.4.2","#, "hold"), Options::default());
        for platform in platforms {
            let leg = format!("app-{}", platform.replace('/', "-"));
            world.build(&["a"], Build::new(&leg, platform).salt(version));
        }
        let report = world.merge(&planned(version, platforms), Options::default());
        assert_eq!(lost(&report), [""; 0], "{version} {platforms:?}");
    }
}
