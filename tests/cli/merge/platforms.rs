//! What indexes say of their images: the platform that the configuration has, and the media type that the manifest has.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Report;
use bakeplan::internals::oci::{DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};

use super::world::{Build, TAGS, World, document, image, index, literal, plan, plan_of, put};
use crate::loopback::{Answer, Reply};

const LEG: &str = "leg";

/// A build whose index gives its image this platform, media type and configuration.
fn build(
    world: &mut World,
    repositories: &[&str],
    leg: &str,
    platform: &str,
    media_type: &str,
    config: &str,
) {
    for repository in repositories {
        let layout = world.layout(repository);
        let text = image(&layout, OCI_MANIFEST, config, &[format!("layer of {leg}")]);
        let manifest = put(&layout, OCI_MANIFEST, &text);
        let entry = format!(
            r#"{{"mediaType":"{media_type}","digest":"{}","size":{},"platform":{platform}}}"#,
            manifest.digest,
            manifest.bytes.len()
        );
        let digest = put(&layout, OCI_INDEX, &index(&[entry])).digest;
        world.built.insert(leg.to_owned(), digest);
    }
}

/// A plan of one build.
fn of_one(repositories: &[&str], platform: &str, labels: &str) -> String {
    document(&format!(
        r#""app":{{"version":"1.4.2","repositories":{repositories:?},"tags":[{TAGS}],
            "builds":{{"{LEG}":{{"platform":"{platform}","job":"a","labels":{{{labels}}}}}}}}}"#
    ))
}

fn codes(report: &Report) -> Vec<&str> {
    report.problems.iter().map(|problem| problem.code.name()).collect()
}

const AMD64: &str = r#"{"architecture":"amd64","os":"linux"}"#;
const WINDOWS: &str = r#"{"architecture":"amd64","os":"windows","os.version":"10.0.20348.4171"}"#;

/// What an index says of an image that its configuration denies is published by nobody.
#[test]
fn an_image_is_of_the_platform_in_its_configuration() {
    for (planned, platform, config, expected) in [
        ("linux/amd64", AMD64, r#"{"architecture":"arm64","os":"linux"}"#, "linux/arm64"),
        ("linux/amd64", AMD64, r#"{"architecture":"amd64","os":"windows"}"#, "windows/amd64"),
        ("linux/amd64", AMD64, r#"{"architecture":"386","os":"linux"}"#, "linux/386"),
        (
            "linux/arm/v7",
            r#"{"architecture":"arm","os":"linux","variant":"v7"}"#,
            r#"{"architecture":"arm","os":"linux","variant":"v6"}"#,
            "linux/arm/v6",
        ),
        (
            "windows(10.0.20348.4171)/amd64",
            WINDOWS,
            r#"{"architecture":"amd64","os":"windows","os.version":"10.0.17763.1"}"#,
            "windows(10.0.17763.1)/amd64",
        ),
    ] {
        for (repositories, labels) in [(&["a"][..], ""), (&["a", "b"], ""), (&["a"], r#""x":"y""#)] {
            let mut world = World::new();
            let config = config.replacen('{', r#"{"config":{"Labels":{"x":"y"}},"#, 1);
            build(&mut world, repositories, LEG, platform, OCI_MANIFEST, &config);
            let places: Vec<String> = repositories.iter().map(|one| format!("oci-layout:{one}")).collect();
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            let report = world.merge(&of_one(&places, planned, labels), Options::default());
            assert_eq!(codes(&report), ["wrong-platform"], "{planned} {config}: {:?}", report.problems);
            let said = format!("is for {planned}, but its configuration says {expected}");
            assert!(report.problems[0].message.contains(&said), "{}", report.problems[0].message);
            assert!(world.tags("a").is_empty(), "{planned}");
        }
    }
}

/// The version of an operating system counts for an image without an index, too, and is named where it differs.
#[test]
fn a_version_of_windows_that_was_not_planned_is_named() {
    let other = WINDOWS.replace("20348.4171", "17763.1");
    for is_plain in [false, true] {
        let mut world = World::new();
        build(&mut world, &["a"], LEG, &other, OCI_MANIFEST, &other);
        if is_plain {
            let layout = world.layout("a");
            let text = image(&layout, OCI_MANIFEST, &other, &["a layer".to_owned()]);
            world.built.insert(LEG.to_owned(), put(&layout, OCI_MANIFEST, &text).digest);
        }
        let planned = of_one(&["oci-layout:a"], "windows(10.0.20348.4171)/amd64", "");
        let report = world.merge(&planned, Options::default());
        let expected = "build `leg` is for windows(10.0.20348.4171)/amd64, but what it pushed is for windows(10.0.17763.1)/amd64";
        assert_eq!(codes(&report), ["wrong-platform"], "{:?}", report.problems);
        assert!(report.problems[0].message.ends_with(expected), "{}", report.problems[0].message);
    }
}

/// What one side leaves out, another spelling and an update of Windows are no differences.
#[test]
fn platforms_that_agree_are_published() {
    for (planned, platform, config) in [
        ("linux/amd64", AMD64, AMD64),
        ("linux/amd64", AMD64, "{}"),
        (
            "linux/arm64",
            r#"{"architecture":"arm64","os":"linux"}"#,
            r#"{"architecture":"arm64","os":"linux","variant":"v8"}"#,
        ),
        (
            "linux/arm64",
            r#"{"architecture":"arm64","os":"linux"}"#,
            r#"{"architecture":"aarch64","os":"linux"}"#,
        ),
        (
            "linux/arm/v7",
            r#"{"architecture":"arm","os":"linux","variant":"v7"}"#,
            r#"{"architecture":"arm","os":"linux"}"#,
        ),
        ("windows(10.0.20348.4171)/amd64", WINDOWS, r#"{"architecture":"amd64","os":"windows"}"#),
        (
            "windows(10.0.20348.4171)/amd64",
            WINDOWS,
            r#"{"architecture":"amd64","os":"windows","os.version":"10.0.20348.2340"}"#,
        ),
        ("windows/amd64", WINDOWS, WINDOWS),
    ] {
        let mut world = World::new();
        build(&mut world, &["a"], LEG, platform, OCI_MANIFEST, config);
        let report = world.merge(&of_one(&["oci-layout:a"], planned, ""), Options::default());
        assert_eq!(codes(&report), [""; 0], "{planned} {config}: {:?}", report.problems);
        assert_eq!(world.tags("a").len(), 4);
    }
}

/// Versions of Windows stand beside each other in one index.
#[test]
fn two_versions_of_windows_are_two_platforms() {
    let mut world = World::new();
    let versions = ["10.0.20348.4171", "10.0.26100.4652"];
    let builds: Vec<String> = versions
        .iter()
        .zip(["old", "new"])
        .map(|(version, leg)| {
            let platform = WINDOWS.replace("10.0.20348.4171", version);
            build(&mut world, &["a"], leg, &platform, OCI_MANIFEST, &platform);
            format!(r#""{leg}":{{"platform":"windows({version})/amd64","job":"a"}}"#)
        })
        .collect();
    let planned = document(&format!(
        r#""app":{{"repositories":["oci-layout:a"],"tags":[{}],"builds":{{{}}}}}"#,
        literal("1"),
        builds.join(",")
    ));
    let report = world.merge(&planned, Options::default());
    assert_eq!(codes(&report), [""; 0], "{:?}", report.problems);
    let expected = versions.map(|version| format!("windows({version})/amd64"));
    assert_eq!(report.images["app"].platforms, expected);
    // Swapped, both are wrong.
    world.built = [("old", "new"), ("new", "old")]
        .map(|(leg, other)| (leg.to_owned(), world.built[other].clone()))
        .into();
    assert_eq!(codes(&world.merge(&planned, Options::default())), ["wrong-platform"; 2]);
}

/// What is carried over is looked at as well.
#[test]
fn a_platform_that_is_carried_over_is_that_of_its_configuration() {
    for (config, expected) in
        [(r#"{"architecture":"arm64","os":"linux"}"#, &[][..]), (AMD64, &["wrong-platform"])]
    {
        let mut world = World::with_app(&["a"]);
        let platform = r#"{"architecture":"arm64","os":"linux"}"#;
        build(&mut world, &["a"], "app-linux-arm64", platform, OCI_MANIFEST, config);
        let built = world.built.remove("app-linux-arm64").unwrap();
        let layout = world.layout("a");
        let published = bakeplan::internals::registry::Store::get_manifest(&*layout, &built.into());
        super::world::put_tag(&layout, "1.4.2", &published.unwrap().unwrap());
        let planned = plan_of(&["oci-layout:a"], TAGS, r#""version":"1.4.2","#, "carry");
        assert_eq!(codes(&world.merge(&planned, Options::default())), expected, "{config}");
    }
}

/// Those who only push may not read configurations: nothing is compared then, which is said, and nothing is refused.
#[test]
fn configurations_that_may_not_be_read_are_not_compared() {
    for (status, code) in [(403, "DENIED"), (401, "UNAUTHORIZED")] {
        for labels in ["", r#""x":"y""#] {
            let mut world = World::new();
            build(&mut world, &["acme/app"], LEG, AMD64, OCI_MANIFEST, AMD64);
            let server = world.serve_with(move |seen| {
                let is_read = seen.method == "GET" && seen.path().contains("/blobs/sha256:");
                is_read.then(|| Reply::Whole(Answer::error(status, code)))
            });
            let repository = format!("{}/acme/app", server.host());
            let report = world.merge(&of_one(&[&repository], "linux/amd64", labels), Options::default());
            if labels.is_empty() {
                assert_eq!(codes(&report), [""; 0], "{:?}", report.problems);
                let notes: Vec<&str> = report.notes.iter().map(|note| note.code.name()).collect();
                assert_eq!(notes, ["unread-configuration"]);
                assert_eq!(world.tags("acme/app").len(), 4);
            } else {
                // What is planned has to be compared.
                assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
                assert!(world.tags("acme/app").is_empty());
            }
        }
    }
}

/// A tool that rewrites an index may give an image another media type than it has.
#[test]
fn a_child_has_the_media_type_that_its_index_says() {
    for (media_type, is_refused) in [
        (DOCKER_MANIFEST, true),
        ("application/vnd.oci.artifact.manifest.v1+json", true),
        ("application/json", true),
        (OCI_MANIFEST, false),
        ("", false),
    ] {
        let mut world = World::new();
        build(&mut world, &["a"], LEG, AMD64, media_type, AMD64);
        let report = world.merge(&of_one(&["oci-layout:a"], "linux/amd64", ""), Options::default());
        let notes: Vec<&str> = report.notes.iter().map(|note| note.code.name()).collect();
        assert!(!notes.contains(&"mixed-media-types"), "{media_type}: {notes:?}");
        if is_refused {
            assert_eq!(codes(&report), ["wrong-media-type"], "{media_type}: {:?}", report.problems);
            let said = format!("has the media type {OCI_MANIFEST}, but its index says {media_type}");
            assert!(report.problems[0].message.contains(&said), "{}", report.problems[0].message);
            assert!(world.tags("a").is_empty());
        } else {
            assert_eq!(codes(&report), [""; 0], "{media_type:?}: {:?}", report.problems);
        }
    }
    // Builds of both kinds are mixed indeed, as before.
    let mut world = World::with_app(&["a"]);
    world.build(&["a"], Build::new("app-linux-arm64", "linux/arm64").docker());
    let report = world.merge(&plan(&["oci-layout:a"]), Options::default());
    assert_eq!(codes(&report), [""; 0], "{:?}", report.problems);
    assert!(report.notes.iter().any(|note| note.code.name() == "mixed-media-types"));
}
