//! What builds, what is carried over and what a result names say of their version, commit and platform.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Outcome;
use bakeplan::internals::oci::{OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::reference::{Digest, Tag};
use bakeplan::internals::registry::Store;

use super::world::{Build, CONSTANTS, TAGS, World, image, index, plan, plan_of, put, put_tag};
use crate::support::Test;
use crate::verify::desk::{found, of_plan};

const A: &str = "oci-layout:a";
const AMD64: &str = "app-linux-amd64";
const ARM64: &str = "app-linux-arm64";

fn version(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(r#""org.opencontainers.image.version":"{text}""#) }
}

fn revision(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(r#""org.opencontainers.image.revision":"{text}""#) }
}

/// Two platforms; the images have these annotations, and so have the indexes of their builds.
fn built(of_images: &str, of_indexes: &str) -> World {
    let mut world = World::new();
    for (leg, platform) in [(AMD64, "linux/amd64"), (ARM64, "linux/arm64")] {
        let digest = world.build(&["a"], Build::new(leg, platform).labelled("", of_images));
        if !of_indexes.is_empty() {
            let layout = world.layout("a");
            let text =
                String::from_utf8(layout.get_manifest(&digest.into()).unwrap().unwrap().bytes).unwrap();
            let text = text.replacen('{', &format!(r#"{{"annotations":{{{of_indexes}}},"#), 1);
            world.built.insert(leg.to_owned(), put(&layout, OCI_INDEX, &text).digest);
        }
    }
    world
}

/// A plan at this commit.
fn at(document: &str, commit: &str) -> String {
    document.replacen(r#""images""#, &format!(r#""run":{{"commit":"{commit}"}},"images""#), 1)
}

#[test]
fn a_build_that_says_another_version_is_refused() {
    for (of_images, of_indexes, is_refused) in [
        ("1.4.9", "", true),
        ("v2.0.0", "", true),
        ("", "1.4.1", true),
        ("1.4.2", "9.9.9", true),
        ("1.4.2", "", false),
        ("v1.4.2", "1.4.2", false),
        ("1.4.2-alpine", "", false),
        ("main", "nightly", false),
        ("", "", false),
    ] {
        let world = built(&version(of_images), &version(of_indexes));
        let report = world.merge(&plan(&[A]), Options::default());
        if is_refused {
            assert!(!report.problems.is_empty(), "{of_images} {of_indexes}");
            assert!(
                report.problems.iter().all(|one| one.code.name() == "other-version"),
                "{:?}",
                report.problems
            );
            assert_eq!(world.tags("a").len(), 0);
            // Where nothing is published as a version, it may be called as it likes.
            assert_eq!(world.merge(&plan_of(&[A], CONSTANTS, "", "hold"), Options::default()).problems, []);
        } else {
            assert_eq!(report.problems, [], "{of_images} {of_indexes}");
            found(&of_plan(&world, &plan(&[A])), &[]);
        }
    }
}

#[test]
fn a_build_whose_index_says_another_commit_is_refused() {
    let (own, other) = ("a1".repeat(20), "b2".repeat(20));
    for (of_images, of_indexes, is_refused) in [
        ("", other.as_str(), true),
        ("", "b2b2b2b", true),
        (own.as_str(), "b2b2b2b2b2b2", true),
        (&other, &own, true),
        ("", &own, false),
        ("", "a1a1a1a", false),
        ("", "main", false),
    ] {
        let world = built(&revision(of_images), &revision(of_indexes));
        let report = world.merge(&at(&plan(&[A]), &own), Options::default());
        let codes: Vec<_> = report.problems.iter().map(|one| one.code.name()).collect();
        assert!(codes.iter().all(|code| *code == "other-plan"), "{:?}", report.problems);
        assert_eq!(codes.is_empty(), !is_refused, "{of_images} {of_indexes}");
    }
}

/// What is published under the version, of which one platform is carried over, has to be that version.
#[test]
fn what_is_carried_over_is_of_the_same_version() {
    let document = plan_of(&[A], TAGS, r#""version":"1.4.2","#, "carry");
    for (of_images, tag, is_refused) in [
        ("1.4.9", "", true),
        ("v2.0.0", "", true),
        ("", "1.4.1", true),
        ("", "v1.3.0", true),
        ("", "1.4.1-slim", true),
        ("", "web-2.0.0", true),
        ("1.4.2", "", false),
        ("1.4.2", "1.4.1", false),
        ("main", "stable", false),
        ("", "1.4.2-slim", false),
    ] {
        let mut world = built(&version(of_images), "");
        let constant = r#"{"name":"1.4.2","class":"constant","form":"1.4.2"}"#;
        assert_eq!(world.merge(&plan_of(&[A], constant, "", "hold"), Options::default()).problems, []);
        if !tag.is_empty() {
            let own: Tag = "1.4.2".parse().unwrap();
            let layout = world.layout("a");
            put_tag(&layout, tag, &layout.get_manifest(&own.into()).unwrap().unwrap());
        }
        world.built.remove(ARM64);
        world.build(&["a"], Build::new(AMD64, "linux/amd64").salt("again"));
        let before = world.tags("a");
        let report = world.merge(&document, Options::default());
        // By its tags it may be both, and then this image alone is left as it was.
        let is_held = report.held.iter().any(|one| one.message.contains("has the tags of two versions"));
        assert_eq!(!report.problems.is_empty() || is_held, is_refused, "{of_images} {tag}: {report:?}");
        assert_eq!(is_held, is_refused && !tag.is_empty(), "{of_images} {tag}: {report:?}");
        if is_refused {
            assert_eq!(world.tags("a"), before, "{of_images} {tag}");
        } else {
            assert_eq!(world.platforms("a", "latest"), ["linux/amd64", "linux/arm64"]);
        }
    }
}

/// The tag of a commit is held where a platform is carried over that is not certainly of it; the other tags are given.
#[test]
fn what_is_carried_over_gets_the_tag_of_its_own_commit_alone() {
    let (own, other) = ("a1".repeat(20), "b2".repeat(20));
    let of_commit = r#"{"name":"sha-a1a1a1a","class":"run","form":"sha-{commit:7}"}"#;
    for (of_images, tag, is_given) in [
        (own.as_str(), "", true),
        ("a1a1a1a", "", true),
        ("", "sha-a1a1a1a", true),
        ("", "main-a1a1a1a1", true),
        (&other, "", false),
        ("b2b2b2b", "", false),
        ("", "sha-b2b2b2b", false),
        ("", "main-b2b2b2b", false),
        ("", "", false),
    ] {
        let mut world = built(&revision(of_images), "");
        let first = plan_of(&[A], TAGS, r#""version":"1.4.2","#, "hold");
        assert_eq!(world.merge(&first, Options::default()).problems, []);
        if !tag.is_empty() {
            let own: Tag = "1.4.2".parse().unwrap();
            let layout = world.layout("a");
            put_tag(&layout, tag, &layout.get_manifest(&own.into()).unwrap().unwrap());
        }
        world.built.remove(ARM64);
        world.build(&["a"], Build::new(AMD64, "linux/amd64").salt("again"));
        let tags = [TAGS, of_commit].join(",");
        let document = at(&plan_of(&[A], &tags, r#""version":"1.4.2","#, "carry"), &own);
        let report = world.merge(&document, Options::default());
        assert_eq!(report.problems, [], "{of_images} {tag}");
        let references = &report.images["app"].references;
        let outcome = references.iter().find(|one| one.tag == "sha-a1a1a1a").unwrap().outcome;
        assert_eq!(outcome == Outcome::Held, !is_given, "{of_images} {tag}: {outcome:?}");
        assert_eq!(report.held.len(), usize::from(!is_given), "{of_images} {tag}: {:?}", report.held);
        let tags = world.tags("a");
        assert_eq!(tags["latest"], tags["1.4.2"]);
        assert_eq!(world.platforms("a", "1.4.2"), ["linux/amd64", "linux/arm64"]);
        assert_eq!(tags.get("sha-a1a1a1a") == Some(&tags["1.4.2"]), is_given, "{of_images} {tag}");
    }
}

/// A result is a file from outside: what the index is that it names is looked at once more.
#[test]
fn a_result_names_what_is_of_its_platforms_and_its_version() {
    for (configured, said, expected) in [
        ("amd64", "", ""),
        ("amd64", "1.4.2", ""),
        ("arm64", "", "but its configuration says linux/arm64"),
        ("s390x", "", "but its configuration says linux/s390x"),
        ("amd64", "1.4.9", "says that it is version"),
        ("amd64", "v2.0.0", "says that it is version"),
    ] {
        let mut world = World::new();
        for (leg, platform) in [(AMD64, "linux/amd64"), (ARM64, "linux/arm64")] {
            world.build(&["a"], Build::new(leg, platform).plain());
        }
        let run = |result: Option<&str>| {
            let test = Test::new().file("plan.json", plan(&[A])).file("m.json", world.metadata());
            let test = test.file("result.json", result.unwrap_or_default()).files(world.root(), "");
            let test = test.args(["merge", "--plan", "plan.json", "--format", "json"]);
            let test = match result {
                Some(_) => test.args(["--result", "result.json"]),
                None => test.args(["--metadata", "m.json", "--no-tags"]),
            };
            let output = test.output();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            (output.status.code(), text(output.stdout), text(output.stderr))
        };
        let (status, mut result, told) = run(None);
        assert_eq!(status, Some(0), "{told}");
        let layout = world.layout("a");
        let entry = |named: &str, configured: &str, instead: &Digest, result: &mut String| {
            let config = format!(r#"{{"architecture":"{configured}","os":"linux"}}"#);
            let text = image(&layout, OCI_MANIFEST, &config, &[format!("other {named}")]);
            let text = text.replacen('{', &format!(r#"{{"annotations":{{{}}},"#, version(said)), 1);
            let manifest = put(&layout, OCI_MANIFEST, &text);
            *result = result.replace(instead.as_str(), manifest.digest.as_str());
            format!(
                r#"{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":{},"platform":{{"architecture":"{named}","os":"linux"}}}}"#,
                manifest.digest,
                manifest.bytes.len()
            )
        };
        let entries = [
            entry("amd64", configured, &world.built[AMD64], &mut result),
            entry("arm64", "arm64", &world.built[ARM64], &mut result),
        ];
        let other = put(&layout, OCI_INDEX, &index(&entries));
        let value: serde_json::Value = serde_json::from_str(&result).unwrap();
        let digest = value["images"]["app"]["digest"].as_str().unwrap();
        let result = result.replace(digest, other.digest.as_str());
        let (status, _, told) = run(Some(&result));
        assert_eq!(status, Some(i32::from(!expected.is_empty())), "{configured} {said}: {told}");
        assert!(told.contains(expected), "{configured} {said}: {told}");
    }
}
