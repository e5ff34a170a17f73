//! What a merge says that it did is compared with what is there: what it held is not wrong.

use bakeplan::internals::merge::Options;
use serde_json::Value;

use super::desk::APP;
use crate::merge::world::{Build, World, literal, plan, plan_of, put_tag};
use crate::support::Test;
use bakeplan::internals::registry::Store;

/// The exit code of `verify --result`, the findings, and the state of each tag.
pub(super) fn verify(world: &World, document: &str, result: &str) -> (i32, Vec<String>, Vec<String>) {
    let test = Test::new().file("plan.json", document).file("r.json", result).files(world.root(), "");
    let output =
        test.args(["verify", "--plan", "plan.json", "--result", "r.json", "--format", "json"]).output();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}"));
    crate::schema::expect_result(&report.to_string());
    let all =
        |name: &str, of: &dyn Fn(&Value) -> String| report[name].as_array().unwrap().iter().map(of).collect();
    let code = |one: &Value| one["code"].as_str().unwrap().to_owned();
    let name = |one: &Value| one["reference"].as_str().unwrap().rsplit([':', '/']).next().unwrap().to_owned();
    let state = |one: &Value| format!("{} {}", name(one), one["state"].as_str().unwrap());
    (output.status.code().unwrap(), all("findings", &code), all("references", &state))
}

#[test]
fn what_was_held_is_not_wrong() {
    let mut world = World::with_app(&["acme/app"]);
    let old = plan_of(&[APP], crate::merge::world::TAGS, r#""version":"1.4.2","#, "hold");
    assert_eq!(world.merge(&old, Options::default()).problems, []);
    // Another version, of which a platform is missing: its own tag is not there, and the others are old.
    let new = old.replace("\"1.4.2\"", "\"1.4.3\"");
    world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    world.built.remove("app-linux-arm64");
    let result = world.merge(&new, Options::default()).to_json();
    let (status, findings, states) = verify(&world, &new, &result);
    assert_eq!((status, findings), (0, vec!["held".to_owned()]));
    assert_eq!(states, ["1.4.3 unknown", "1.4 right", "1 right", "latest right"]);
    // What is there has to be whole all the same.
    let child = world.index("acme/app", "latest").manifests[0].digest.clone();
    crate::merge::world::remove(&world.layout("acme/app"), &child);
    let (status, findings, _) = verify(&world, &new, &result);
    assert_eq!((status, findings), (4, vec!["manifest-missing".to_owned(), "held".to_owned()]));
}

#[test]
fn tags_have_what_the_merge_gave_them() {
    let world = World::with_app(&["acme/app"]);
    let document = plan(&[APP]);
    let result = world.merge(&document, Options::default()).to_json();
    let (status, findings, states) = verify(&world, &document, &result);
    assert_eq!((status, findings.len(), states.len()), (0, 0, 4), "{findings:?}");
    // Another index of the same builds and platforms, which only the result can tell.
    let layout = world.layout("acme/app");
    let tag = world.tags("acme/app")["latest"].clone();
    let manifest = layout.get_manifest(&tag.into()).unwrap().unwrap();
    let text = String::from_utf8(manifest.bytes).unwrap().replacen("  ", " ", 1);
    let other = crate::merge::world::put(&layout, bakeplan::internals::oci::OCI_INDEX, &text);
    for tag in ["1.4.2", "1.4", "1", "latest"] {
        put_tag(&layout, tag, &other);
    }
    let (status, findings, states) = verify(&world, &document, &result);
    assert_eq!((status, findings), (4, vec!["other-build".to_owned()]));
    assert!(states.iter().all(|state| state.ends_with(" wrong")), "{states:?}");
}

/// What the merge left with a greater version, or alone since nobody may list tags, is not compared.
#[test]
fn tags_that_the_merge_left_alone_are_not_wrong() {
    for outcome in ["kept", "held"] {
        let world = World::with_app(&["acme/app"]);
        let document = plan(&[APP]);
        let result = world.merge(&document, Options::default()).to_json();
        let mut result: Value = serde_json::from_str(&result).unwrap();
        let layout = world.layout("acme/app");
        let build = layout.get_manifest(&world.built["app-linux-amd64"].clone().into()).unwrap().unwrap();
        put_tag(&layout, "latest", &build);
        let (status, _, _) = verify(&world, &document, &result.to_string());
        assert_eq!(status, 4);
        result["images"]["app"]["references"][3]["outcome"] = outcome.into();
        let (status, findings, _) = verify(&world, &document, &result.to_string());
        assert_eq!((status, findings), (0, vec!["held".to_owned()]), "{outcome}");
    }
}

/// A merge leaves only tags that float: an image's own tags are there, whatever a result says.
#[test]
fn own_tags_are_there_whatever_a_result_says() {
    for outcome in ["kept", "held", "unchanged", "created"] {
        for status in ["published", "unchanged", "kept"] {
            let world = World::with_app(&["acme/app"]);
            let document = plan(&[APP]);
            let result = world.merge(&document, Options::default()).to_json();
            let mut result: Value = serde_json::from_str(&result).unwrap();
            let missing = document.replace("\"1.4.2\"", "\"1.4.3\"");
            result["images"]["app"]["status"] = status.into();
            for tag in result["images"]["app"]["references"].as_array_mut().unwrap() {
                tag["outcome"] = outcome.into();
                let reference = tag["reference"].as_str().unwrap().replace(":1.4.2", ":1.4.3");
                tag["reference"] = reference.into();
            }
            let (code, findings, _) = verify(&world, &missing, &result.to_string());
            assert_eq!(code, 4, "{outcome} {status}: {findings:?}");
            assert!(findings.contains(&"tag-missing".to_owned()), "{outcome} {status}: {findings:?}");
        }
    }
}

/// After the first step of two there are indexes, and no tags.
#[test]
fn indexes_without_tags_are_verified() {
    let world = World::with_app(&["acme/app"]);
    let document = plan(&[APP]);
    let result = world.merge(&document, Options { no_tags: true, ..Options::default() });
    let digest = result.images["app"].digest.clone().unwrap();
    let (status, findings, states) = verify(&world, &document, &result.to_json());
    assert_eq!((status, findings), (0, vec!["no-tags-yet".to_owned()]));
    assert_eq!(states, [format!("{} right", digest.hex())]);
    let child = result.images["app"].manifests[0].digest.clone();
    crate::merge::world::remove(&world.layout("acme/app"), &child);
    let (status, findings, _) = verify(&world, &document, &result.to_json());
    assert_eq!((status, findings), (4, vec!["manifest-missing".to_owned(), "no-tags-yet".to_owned()]));
}

/// Before a merge, nothing says that the tags of an earlier version are right.
#[test]
fn old_floating_tags_are_not_right_before_the_merge() {
    let mut world = World::with_app(&["acme/app"]);
    let old = plan(&[APP]);
    assert_eq!(world.merge(&old, Options::default()).problems, []);
    let new = old.replace("\"1.4.2\"", "\"1.4.3\"");
    world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    let states = |report: bakeplan::internals::verify::report::Report| -> Vec<String> {
        let references = report.references.iter();
        references.map(|one| format!("{} {:?}", one.tag.as_deref().unwrap(), one.state)).collect()
    };
    let expected = ["1.4.3 Missing", "1.4 Unknown", "1 Unknown", "latest Unknown"];
    assert_eq!(states(super::desk::of_builds(&world, &new, &world.metadata())), expected);
    assert_eq!(states(super::desk::of_plan(&world, &new)), expected);
}

#[test]
fn a_result_needs_a_plan_and_fits_it() {
    let world = World::with_app(&["acme/app"]);
    let document = plan(&[APP]);
    let result = world.merge(&document, Options::default()).to_json();
    let other = result.replace("0123456789abcdef", "fedcba9876543210");
    for (line, result, status, expected) in [
        ("oci-layout:acme/app:1 --result r.json", &result, 2, "`--result` needs `--plan FILE`"),
        ("oci-layout:acme/app:1 --metadata r.json", &result, 2, "`--metadata` needs `--plan FILE`"),
        ("--plan plan.json --metadata m.json --result r.json", &result, 2, "cannot be used with"),
        ("--plan plan.json --result r.json", &other, 1, "belongs to plan `fedcba9876543210`"),
    ] {
        let test = Test::new().file("plan.json", &document).file("r.json", result).files(world.root(), "");
        let output = test.args(["verify"]).args(line.split(' ')).output();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(status) && told.contains(expected), "{line}: {told}");
    }
}

/// Docker's and OCI's media types in one index are said before a registry refuses it.
#[test]
fn mixed_media_types_are_said_by_the_merge() {
    for (docker, expected) in [(true, 1), (false, 0)] {
        let mut world = World::new();
        let amd = Build::new("app-linux-amd64", "linux/amd64");
        world.build(&["acme/app"], if docker { amd.docker() } else { amd });
        world.build(&["acme/app"], Build::new("app-linux-arm64", "linux/arm64"));
        let document = plan_of(&[APP], &literal("1"), "", "hold");
        let report = world.merge(&document, Options::default());
        let notes = report.notes.iter().filter(|note| note.code.name() == "mixed-media-types");
        assert_eq!(notes.count(), expected);
    }
}
