//! What was made of the planned commit without a version and promoted to one, and what a result is believed about it.

use bakeplan::internals::merge::Options;
use bakeplan::internals::registry::Store;
use serde_json::Value;

use super::desk::{APP, codes, of_plan};
use super::result::verify;
use crate::merge::world::{Build, TAGS, World, plan_of, put_tag};

const VERSION: &str = "org.opencontainers.image.version";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What an image says that it is: where (`i` in the index, `l` in labels), and which version and title.
#[derive(Clone, Copy)]
struct Says<'a> {
    places: &'a str,
    version: &'a str,
    title: &'a str,
}

/// A plan of run `number` of a commit, with these tags, that says this.
fn planned(number: u32, commit: &str, tags: &str, more: &str, says: Says<'_>) -> String {
    let all =
        format!(r#"{{"{VERSION}":"{}","org.opencontainers.image.title":"{}"}}"#, says.version, says.title);
    let of_index = if says.places.contains('i') { format!(r#""annotations":{all},"#) } else { String::new() };
    let document = plan_of(&[APP], tags, &format!("{more}{of_index}"), "hold");
    let document = if says.places.contains('l') {
        document.replace(r#","job":"#, &format!(r#","labels":{all},"job":"#))
    } else {
        document
    };
    let run = format!(
        r#"{{"run":{{"workflow":"ci.yml","ref":"refs/heads/main","number":{number},"commit":"{commit}"}},"#
    );
    document.replacen('{', &run, 1)
}

/// Publishes what says this under a tag of its own; then the tags of 1.4.2 have it.
fn published(number: u32, commit: &str, says: Says<'_>) -> World {
    let mut world = World::new();
    let label =
        format!(r#""{VERSION}":"{}","org.opencontainers.image.title":"{}""#, says.version, says.title);
    let labels = if says.places.contains('l') { label.as_str() } else { "" };
    for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
        world.build(&["acme/app"], Build::new(leg, platform).labelled(labels, ""));
    }
    let own = r#"{"name":"sha-0123456","class":"run","form":"sha-{commit:7}"}"#;
    let report = world.merge(&planned(number, commit, own, "", says), Options::default());
    assert_eq!(report.problems, []);
    let layout = world.layout("acme/app");
    let manifest =
        layout.get_manifest(&report.images["app"].digest.clone().unwrap().into()).unwrap().unwrap();
    ["1.4.2", "1.4", "1", "latest"].iter().for_each(|tag| put_tag(&layout, tag, &manifest));
    world
}

/// The plan of the version.
fn release(number: u32, places: &str) -> String {
    let says = Says { places, version: "1.4.2", title: "app" };
    planned(number, COMMIT, TAGS, r#""version":"1.4.2","#, says)
}

#[test]
fn what_was_made_without_a_version_of_the_commit_is_a_warning() {
    let other = COMMIT.replace('0', "9");
    for places in ["il", "i", "l"] {
        for (version, title, commit, is_right) in [
            ("sha-0123456", "app", COMMIT, true),
            ("edge", "app", COMMIT, true),
            // Another commit, version or image.
            ("sha-0123456", "app", other.as_str(), false),
            ("1.4.1", "app", COMMIT, false),
            ("1.4.2-rc.1", "app", COMMIT, false),
            ("edge", "web", COMMIT, false),
        ] {
            let what = format!("{places} {version} {title} {commit}");
            let world = published(5, commit, Says { places, version, title });
            let report = of_plan(&world, &release(6, places));
            assert_eq!(report.disagrees(), !is_right, "{what}: {:?}", report.findings);
            if is_right {
                assert_eq!(codes(&report), ["wrong-annotations"], "{what}");
                assert!(
                    report.findings[0].message.contains(&format!("{version:?}, which is not a version")),
                    "{what}"
                );
            }
        }
    }
    // Where the plan has no version to say, nothing is wrong at all.
    let world = published(5, COMMIT, Says { places: "", version: "edge", title: "app" });
    assert_eq!(codes(&of_plan(&world, &release(6, ""))), [""; 0]);
}

/// A result can name any digest: what the run of the plan itself made would say what is planned.
#[test]
fn a_result_excuses_what_another_run_has_made() {
    for places in ["il", "i", "l"] {
        for (number, version, is_excused) in
            [(4, "1.4.2-rc.1", true), (6, "1.4.2-rc.1", false), (6, "sha-0123456", true)]
        {
            let what = format!("{places} {number} {version}");
            let world = published(number, COMMIT, Says { places, version, title: "app" });
            let document = release(6, places);
            let digest = world.tags("acme/app")["latest"].to_string();
            let mut builder = World::new();
            for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
                let label = format!(r#""{VERSION}":"1.4.2","org.opencontainers.image.title":"app""#);
                let labels = if places.contains('l') { label.as_str() } else { "" };
                builder.build(&["acme/app"], Build::new(leg, platform).labelled(labels, ""));
            }
            let report = builder.merge(&document, Options::default());
            assert_eq!(report.problems, [], "{what}");
            let mut result: Value = serde_json::from_str(&report.to_json()).unwrap();
            result["images"]["app"]["digest"] = digest.into();
            let (status, findings, _) = verify(&world, &document, &result.to_string());
            assert_eq!(status, if is_excused { 0 } else { 4 }, "{what}: {findings:?}");
            assert!(!findings.is_empty(), "{what}");
        }
    }
}
