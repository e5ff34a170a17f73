//! What a release must be to stay with `--keep-existing`, and to get more tags: all that `promote --plan` asks of what it is given.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};
use bakeplan::internals::oci::{OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::reference::Tag;
use bakeplan::internals::registry::{Manifest, Store};

use super::world::{Build, TAGS, World, image, index, literal, plan, plan_of, put, put_tag};
use crate::verify::desk::{found, of_plan};

const A: &str = "oci-layout:a";
const AMD64: &str = "app-linux-amd64";
const ARM64: &str = "app-linux-arm64";
const OF_COMMIT: &str = r#"{"name":"sha-a1a1a1a","class":"run","form":"sha-{commit:7}"}"#;

fn keep() -> Options {
    Options { keep_existing: true, ..Options::default() }
}

/// A release with these annotations of its index and of each image, whose own tag alone is left; and other builds.
fn released(of_index: &str, of_images: &str) -> World {
    let mut world = World::new();
    for (leg, platform) in [(AMD64, "linux/amd64"), (ARM64, "linux/arm64")] {
        world.build(&["a"], Build::new(leg, platform).labelled("", of_images));
    }
    let annotations = format!(r#""annotations":{{{of_index}}},"#);
    let report = world.merge(&plan_of(&[A], &literal("1.4.2"), &annotations, "hold"), Options::default());
    assert_eq!(report.problems, []);
    again(&mut world);
    world
}

/// Builds it again.
fn again(world: &mut World) {
    world.build(&["a"], Build::new(AMD64, "linux/amd64").salt("again"));
    world.build(&["a"], Build::new(ARM64, "linux/arm64").salt("again"));
}

fn own(world: &World) -> Manifest {
    let tag: Tag = "1.4.2".parse().unwrap();
    world.layout("a").get_manifest(&tag.into()).unwrap().expect("it was released")
}

/// Whether the release stays and gets its other tags; if it does not, nothing is written, and `expected` is said.
#[track_caller]
fn check(world: &World, document: &str, expected: Option<&str>) {
    let before = world.tags("a");
    let report = world.merge(document, keep());
    let Some(expected) = expected else {
        assert_eq!(report.problems, []);
        found(&of_plan(world, document), &[]);
        return;
    };
    let [problem] = report.problems.as_slice() else { panic!("{expected}: {:?}", report.problems) };
    assert_eq!(problem.code.name(), "existing-release");
    assert!(problem.notes.iter().any(|note| note.contains(expected)), "{expected}: {problem:?}");
    assert_eq!(world.tags("a"), before, "{expected}");
}

/// The manifests of images say their version, too.
#[test]
fn a_release_whose_images_say_another_version_is_not_kept() {
    let said = |version: &str| format!(r#""org.opencontainers.image.version":"{version}""#);
    for (of_index, of_images, is_kept) in [
        ("", "1.4.9", false),
        ("", "v2.0.0", false),
        ("1.4.2", "1.4.1", false),
        ("1.4.1", "1.4.2", false),
        ("", "1.4.2", true),
        ("1.4.2", "v1.4.2-alpine", true),
        ("", "main", true),
    ] {
        let given = |version: &str| if version.is_empty() { String::new() } else { said(version) };
        let world = released(&given(of_index), &given(of_images));
        check(&world, &plan(&[A]), (!is_kept).then_some("says that it is version"));
    }
}

/// A release that has the tag of another version in its repository is that one, in whatever form it is written.
#[test]
fn a_release_with_the_tag_of_another_version_is_not_kept() {
    for (tag, is_kept) in [
        ("1.4.1", false),
        ("v1.4.3", false),
        ("1.4.1-slim", false),
        ("web-1.3.0", false),
        ("1.3", false),
        ("2", false),
        ("1.4.2-slim", true),
        ("v1.4.2", true),
        ("1.4", true),
        ("nightly-2026.11.28", true),
        ("stable", true),
    ] {
        let world = released("", "");
        put_tag(&world.layout("a"), tag, &own(&world));
        if is_kept {
            check(&world, &plan(&[A]), None);
            continue;
        }
        // It has that of this version as well, and nothing tells which one it is.
        let before = world.tags("a");
        let report = world.merge(&plan(&[A]), keep());
        assert_eq!(report.problems, [], "{tag}");
        let said = report.held.iter().any(|one| one.message.contains("has the tags of two versions"));
        // A greater version has the floating tags anyway.
        let is_open = tag != "v1.4.3";
        assert_eq!((said, report.is_incomplete()), (is_open, is_open), "{tag}: {:?}", report.held);
        assert_eq!(world.tags("a"), before, "{tag}");
    }
    // What says that it is this version may have been tagged wrongly.
    let world = released(r#""org.opencontainers.image.version":"1.4.2""#, "");
    put_tag(&world.layout("a"), "1.4.1", &own(&world));
    check(&world, &plan(&[A]), None);
}

/// What clients could not run, or was not planned.
#[test]
fn a_release_of_other_platforms_is_not_kept() {
    for (configured, more, expected) in [
        (["amd64", "arm64"], "", None),
        (["arm64", "arm64"], "", Some("but its configuration says linux/arm64")),
        (["amd64", "s390x"], "", Some("but its configuration says linux/s390x")),
        (["amd64", "arm64"], "s390x", Some("has linux/s390x, which is not planned")),
        (["amd64", "arm64"], "amd64", Some("has linux/amd64 twice")),
    ] {
        let mut world = World::new();
        let layout = world.layout("a");
        let entry = |named: &str, configured: &str, salt: &str| {
            let config = format!(r#"{{"architecture":"{configured}","os":"linux"}}"#);
            let manifest = put(
                &layout,
                OCI_MANIFEST,
                &image(&layout, OCI_MANIFEST, &config, &[format!("{named}{salt}")]),
            );
            format!(
                r#"{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":{},"platform":{{"architecture":"{named}","os":"linux"}}}}"#,
                manifest.digest,
                manifest.bytes.len()
            )
        };
        let mut entries = vec![entry("amd64", configured[0], ""), entry("arm64", configured[1], "")];
        if !more.is_empty() {
            entries.push(entry(more, more, "more"));
        }
        let release = put(&layout, OCI_INDEX, &index(&entries));
        put_tag(&layout, "1.4.2", &release);
        again(&mut world);
        check(&world, &plan(&[A]), expected);
    }
}

fn of_commit(report: &Report) -> Outcome {
    let references = &report.images["app"].references;
    references.iter().find(|one| one.tag == "sha-a1a1a1a").expect("it is planned").outcome
}

/// A release that is repeated may be of an earlier commit: it stays and gets its floating tags, and the commit's tag only if it is of
/// that one.
#[test]
fn a_release_gets_the_tag_of_its_own_commit_alone() {
    let revision = |commit: &str| format!(r#""org.opencontainers.image.revision":"{commit}""#);
    let (same, other) = ("a1".repeat(20), "b2".repeat(20));
    let document = plan_of(&[A], &[TAGS, OF_COMMIT].join(","), r#""version":"1.4.2","#, "hold");
    let document = document.replacen(r#""images""#, &format!(r#""run":{{"commit":{same:?}}},"images""#), 1);
    for (of_index, of_images, tags, is_given) in [
        (revision(&same), String::new(), "", true),
        (revision("a1a1a1a"), String::new(), "sha-b2b2b2b", true),
        (String::new(), revision(&same), "", true),
        (String::new(), String::new(), "main-a1a1a1a1", true),
        (String::new(), String::new(), "commit-a1a1a1a1a1 sha-b2b2b2b", true),
        (revision(&other), String::new(), "", false),
        (String::new(), revision("b2b2b2b"), "", false),
        (r#""dev.bakeplan.run.revision":"b2b2b2b2b2b2""#.to_owned(), String::new(), "", false),
        (String::new(), String::new(), "sha-b2b2b2b", false),
        (String::new(), String::new(), "main-1a2b3c4", false),
        (String::new(), String::new(), &other, false),
        (String::new(), String::new(), "", false),
    ] {
        let is_reserved = of_index.contains("dev.bakeplan");
        let world = released(if is_reserved { "" } else { &of_index }, &of_images);
        if is_reserved {
            let text = String::from_utf8(own(&world).bytes).unwrap();
            let text = text.replacen('{', &format!(r#"{{"annotations":{{{of_index}}},"#), 1);
            let manifest = put(&world.layout("a"), OCI_INDEX, &text);
            put_tag(&world.layout("a"), "1.4.2", &manifest);
        }
        for tag in tags.split_whitespace() {
            put_tag(&world.layout("a"), tag, &own(&world));
        }
        let what = format!("{of_index} {of_images} {tags}");
        let report = world.merge(&document, keep());
        assert_eq!(report.problems, [], "{what}");
        let expected = if is_given { Outcome::Created } else { Outcome::Held };
        assert_eq!(of_commit(&report), expected, "{what}");
        assert_eq!(report.held.len(), usize::from(!is_given), "{what}: {:?}", report.held);
        let tags = world.tags("a");
        assert_eq!(tags.contains_key("sha-a1a1a1a"), is_given, "{what}");
        assert_eq!(tags["latest"], tags["1.4.2"], "{what}");
    }
    // What another build of the commit has stays with it, and what has the tag keeps it.
    for has_release in [false, true] {
        let world = released("", "");
        let layout = world.layout("a");
        let other = layout.get_manifest(&world.built[AMD64].clone().into()).unwrap().unwrap();
        put_tag(&layout, "sha-a1a1a1a", &if has_release { own(&world) } else { other });
        let before = world.tags("a")["sha-a1a1a1a"].clone();
        let report = world.merge(&document, keep());
        let expected = if has_release { Outcome::Unchanged } else { Outcome::Held };
        assert_eq!((of_commit(&report), world.tags("a")["sha-a1a1a1a"].clone()), (expected, before));
    }
}
