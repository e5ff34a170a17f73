//! Floating tags beside tags that read as greater versions by other numbers than the version's: another name of a lesser version
//! keeps none of them.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};
use bakeplan::internals::registry::{Store, TagOrDigest};

use super::families::{kept, planned};
use super::world::{Build, World, put_tag, untag};
use crate::verify::desk::of_plan;

const AT: &str = "acme/app";

/// The plan of a version with these tags.
fn plan(release: &str) -> String {
    let (version, tags) = release.split_once(": ").unwrap();
    let tags: Vec<String> =
        tags.split(' ').map(|tag| format!("\"{}\"", tag.replace('V', "{{ version }}"))).collect();
    let tags = tags.join(", ").replace("MAJOR", "{{ major }}").replace("DAY", "{{ date('%Y.%m.%d') }}");
    planned(&format!("version = \"{version}\"\ntags = [{tags}]"), &[]).0
}

/// Builds a release and merges it.
fn release(world: &mut World, release: &str, salt: &str) -> Report {
    world.build(&[AT], Build::new("app-linux-amd64", "linux/amd64").salt(&format!("{release} {salt}")));
    let report = world.merge(&plan(release), Options::default());
    assert_eq!(report.problems, [], "{release}");
    report
}

fn verified(world: &World, release: &str) {
    let found = of_plan(world, &plan(release));
    assert!(!found.disagrees(), "{release}: {:?}", found.findings);
}

#[test]
fn another_name_of_a_lesser_version_keeps_no_floating_tag() {
    for life in [
        // What stands before the version.
        ["1.2.3: 3.13-V V MAJOR latest", "1.3.0: 3.14-V V MAJOR latest", "1.4.0: 3.14-V V MAJOR latest"],
        ["1.2.3: 24.04-V V MAJOR latest", "1.3.0: 26.04-V V MAJOR latest", "1.3.1: V MAJOR latest"],
        ["1.2.3: 22-V V MAJOR latest", "1.2.4: 24-V V MAJOR latest", "1.3.0: 26-V V MAJOR latest"],
        ["1.2.3: v3.13-vV vV vMAJOR latest", "1.3.0: v3.14-vV vV vMAJOR latest", "1.4.0: vV vMAJOR latest"],
        ["1.2.3: DAY-V V MAJOR latest", "1.3.0: V MAJOR latest", "1.4.0: V MAJOR latest"],
        // What stands beside it.
        ["1.2.3: V MAJOR 24.04 latest", "1.3.0: V MAJOR 26.04 latest", "1.4.0: V MAJOR 26.04 latest"],
        ["1.2.3: V MAJOR 24.04 latest", "1.3.0: V MAJOR latest", "1.4.0: V MAJOR latest"],
        ["1.2.3: V MAJOR 512.1 latest", "1.3.0: V MAJOR 513.1 latest", "1.4.0: V MAJOR 514.2 latest"],
        ["1.30: V MAJOR 24.04 latest", "1.31: V MAJOR 26.04 latest", "1.32: V MAJOR 28.04 latest"],
        ["1.2.3: V MAJOR 24.04.1 latest", "1.3.0: V MAJOR 24.04.2 latest", "1.4.0: V MAJOR 26.04.1 latest"],
        [
            "1.2.3: V MAJOR 24.04 3.13 latest",
            "1.3.0: V MAJOR 26.04 3.14 latest",
            "1.3.1: V MAJOR 26.04 3.15 latest",
        ],
    ] {
        let mut world = World::with_app(&[AT]);
        // Each version is built anew once.
        for one in life.iter().flat_map(|one| [one, one]).enumerate().map(|(at, one)| (at.to_string(), one)) {
            let before = world.tags(AT);
            let report = release(&mut world, one.1, &one.0);
            assert_eq!(kept(&report), "", "{life:?} {}", one.1);
            assert_eq!(report.held, [], "{}", one.1);
            let after = world.tags(AT);
            assert_ne!(before.get("latest"), after.get("latest"), "{}", one.1);
            verified(&world, one.1);
        }
    }
}

#[test]
fn a_greater_version_keeps_them_whatever_its_tags_look_like() {
    for (releases, expected) in [
        (["1.2.3: 3.13-V V latest", "1.3.0: 3.13-V V latest", "1.2.4: 3.14-V V latest"], "latest=1.3.0"),
        (
            ["1.2.3: V 24.04 latest", "1.3.0: V 26.04 latest", "1.2.4: V 26.04 latest"],
            "26.04=1.3.0 latest=1.3.0",
        ),
        (["1.2.3: V 24.04 latest", "1.3.0: V 26.04 latest", "1.2.4: V latest"], "latest=1.3.0"),
        (
            ["1.2.3: V 512.1 latest", "2.0.0: V 513.1 latest", "1.2.4: V 514.1 latest"],
            "514.1=2.0.0 latest=2.0.0",
        ),
        // Versions of fewer or more numbers, and of another scheme.
        (["1.2.3: V latest", "2.0: V latest", "1.2.4: V latest"], "latest=2.0"),
        (["1.2.3: V latest", "1.2.4.1: V latest", "1.2.4: V latest"], "latest=1.2.4.1"),
        (["1.2.3: V latest", "2026.09.21: V latest", "1.2.4: V latest"], "latest=2026.09.21"),
        (["1.2.3: V latest", "1.3.0-r5: V latest", "1.3.0-r2: V latest"], "latest=1.3.0-r5"),
    ] {
        let mut world = World::with_app(&[AT]);
        let [first, second, third] = releases;
        for one in [first, second] {
            assert_eq!(kept(&release(&mut world, one, "")), "", "{one}");
        }
        let before = world.tags(AT);
        let report = release(&mut world, third, "");
        let sorted = |text: &str| {
            let mut all: Vec<String> = text.split(' ').map(str::to_owned).collect();
            all.sort();
            all
        };
        assert_eq!(sorted(&kept(&report)), sorted(expected), "{releases:?}");
        assert_eq!(world.tags(AT)["latest"], before["latest"], "{releases:?}");
        verified(&world, third);
    }
}

/// A version that was published again under the next one's name is that one, too.
#[test]
fn a_version_of_the_same_content_as_a_lesser_one_keeps_them() {
    for greater in ["1.3.0", "1.2.4", "2.0.0"] {
        let mut world = World::with_app(&[AT]);
        release(&mut world, "1.2.2: V latest", "");
        let layout = world.layout(AT);
        let same = layout.get_manifest(&TagOrDigest::Tag("1.2.2".parse().unwrap())).unwrap().unwrap();
        put_tag(&layout, greater, &same);
        let report = release(&mut world, "1.2.3: V 24.04 latest", "");
        assert!(kept(&report).contains(&format!("latest={greater}")), "{greater}: {}", kept(&report));
    }
}

#[test]
fn what_cannot_be_told_is_held_and_named() {
    for (first, second, tag) in [
        ("1.2.3: V MAJOR 24.04 latest", "1.3.0: V MAJOR 26.04 latest", "24.04"),
        ("1.2.3: V MAJOR 512.1 latest", "1.3.0: V MAJOR 513.1 latest", "512.1"),
        ("1.2.3: V MAJOR 24.04.1 latest", "1.3.0: V MAJOR 26.04.1 latest", "24.04.1"),
    ] {
        let mut world = World::with_app(&[AT]);
        release(&mut world, first, "");
        untag(&world.layout(AT), "1.2.3");
        let before = world.tags(AT);
        let report = release(&mut world, second, "");
        let latest = report.images["app"].references.iter().find(|one| one.tag == "latest").unwrap();
        assert_eq!(latest.outcome, Outcome::Held, "{first}");
        assert_eq!(world.tags(AT)["latest"], before["latest"], "{first}");
        let [held] = &report.held[..] else { panic!("{:?}", report.held) };
        assert!(held.message.contains(&format!("`{tag}` reads as greater")), "{}", held.message);
        let cure = format!("withdrawn = [\"{tag}\"]");
        assert!(held.help.as_deref().unwrap().contains(&cure), "{:?}", held.help);
        verified(&world, second);
        // The cure helps.
        let (version, tags) = second.split_once(": ").unwrap();
        let tags = tags.replace('V', version).replace("MAJOR", "1").replace(' ', "\", \"");
        let lines = format!("version = \"{version}\"\n{cure}\ntags = [\"{tags}\"]");
        let report = world.merge(&planned(&lines, &[]).0, Options::default());
        assert_eq!((kept(&report), report.held), (String::new(), Vec::new()), "{lines}");
    }
}

#[test]
fn a_constant_that_is_not_created_and_a_tag_that_parts_from_others_are_named() {
    // Of two numbers as the versions are, and no longer planned.
    let mut world = World::with_app(&[AT]);
    release(&mut world, "1.30: V MAJOR 24.04 latest", "");
    let report = release(&mut world, "1.31: V MAJOR latest", "");
    assert_eq!(kept(&report), "latest=24.04");
    let said = |report: &Report, text: &str| {
        let notes: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
        assert_eq!(notes.iter().filter(|note| note.contains(text)).count(), 1, "{text}: {notes:?}");
    };
    said(&report, "but what has it has `1` as well, a tag of this image");
    // An older line of versions.
    for (first, second, tag) in [
        ("1.3.0: V latest", "1.2.4: V 24.04 latest", "24.04"),
        ("1.3.0: V latest", "1.2.4: V 513.1 latest", "513.1"),
    ] {
        let mut world = World::with_app(&[AT]);
        release(&mut world, first, "");
        let report = release(&mut world, second, "");
        assert!(kept(&report).contains(&format!("{tag}=1.3.0")), "{second}");
        said(&report, &format!(":{tag}`: it reads as a version"));
    }
    // What is no constant is not created in silence.
    let mut world = World::with_app(&[AT]);
    release(&mut world, "1.3.0: V latest", "");
    let report = release(&mut world, "1.2.4: V MAJOR latest", "");
    assert_eq!(kept(&report), "1=1.3.0 latest=1.3.0");
    assert!(
        !report.notes.iter().any(|note| note.message.contains("reads as a version")),
        "{:?}",
        report.notes
    );
}
