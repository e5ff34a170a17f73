//! Which plan metadata is of, as the names of its files say: another one is refused, the right one is no proof.

use std::collections::BTreeMap;
use std::fs;

use super::plans::{NEW, OLD, built, plan as plan_with};
use super::world::{Build, World, plan};
use crate::support::Test;

const ID: &str = "0123456789abcdef";
const OTHER: &str = "fedcba9876543210";
const NO_ID: &str = "note[no-id]";

/// A command on a plan that is called `ID`, with metadata in files of these names: its exit code, what it reported, and
/// the index of the layout afterwards.
fn run(world: &World, document: &str, command: &str, files: &[(&str, &str)]) -> (i32, String, String) {
    let mut test = Test::new().file("plan.json", document).files(world.root(), "");
    for (name, text) in files {
        test = test.file(&format!("metadata/{name}"), text);
    }
    let test = test.args([command, "--plan", "plan.json", "--metadata", "metadata"]);
    let output = test.output();
    let index = fs::read_to_string(test.folder().join("a/index.json")).unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap(), index)
}

/// The metadata of one leg.
fn of_leg(world: &World, leg: &str) -> String {
    format!(r#"{{"{leg}":{{"containerimage.digest":"{}"}}}}"#, world.built[leg])
}

#[test]
fn a_file_of_another_plan_is_refused() {
    let world = World::with_app(&["a"]);
    let (amd, arm) = (of_leg(&world, "app-linux-amd64"), of_leg(&world, "app-linux-arm64"));
    let right = format!("app-linux-arm64.plan-{ID}.json");
    let nested =
        format!(r#"{{"build":{{"outputs":{{"metadata":{}}}}}}}"#, serde_json::to_string(&amd).unwrap());
    for (name, text) in [
        (format!("app-linux-amd64.plan-{OTHER}.json"), &amd),
        (format!("app.app-linux-amd64.plan-{OTHER}.json"), &amd),
        (format!("app-linux-amd64.plan-{OTHER} (1).json"), &amd),
        (format!("app-linux-amd64.plan-{OTHER}-retry.json"), &amd),
        (format!("APP-LINUX-AMD64.PLAN-{}.JSON", OTHER.to_uppercase()), &amd),
        (format!("app-linux-amd64.plan-{OTHER}.json/metadata.json"), &amd),
        (format!("deep/er/x.plan-{OTHER}.json"), &amd),
        (format!("x.plan-{OTHER}.json"), &nested),
        // What both files say is the same, and one of them is still of another plan.
        (format!("app-linux-arm64.plan-{OTHER}.json"), &arm),
    ] {
        for command in ["merge", "verify"] {
            let files = [(name.as_str(), text.as_str()), (&right, &arm)];
            let (status, told, index) = run(&world, &plan(&["oci-layout:a"]), command, &files);
            assert_eq!(status, 1, "{name}: {told}");
            let message = format!(
                "error[other-plan]: `metadata/{name}` belongs to plan `{OTHER}`, but this is plan `{ID}`"
            );
            assert!(told.contains(&message), "{told}");
            assert!(!index.contains("1.4.2"), "{name}");
        }
    }
}

#[test]
fn each_other_plan_is_one_error_beside_the_others() {
    let mut world = World::with_app(&["a"]);
    let first = world.metadata();
    world.build(&["a"], Build::new("app-linux-arm64", "linux/arm64").salt("again"));
    let again = world.metadata();
    let names = [OTHER, OTHER, "1111111111111111"].into_iter().zip(["a", "b", "c"]);
    let names: Vec<String> = names.map(|(id, job)| format!("{job}.plan-{id}.json")).collect();
    let files = [(names[0].as_str(), first.as_str()), (&names[1], &again), (&names[2], &again)];
    let (status, told, _) = run(&world, &plan(&["oci-layout:a"]), "merge", &files);
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("two digests for build `app-linux-arm64`"), "{told}");
    let two = format!("`metadata/{}`, `metadata/{}` belong to plan `{OTHER}`", names[0], names[1]);
    assert!(told.contains(&two) && told.contains("belongs to plan `1111111111111111`"), "{told}");
}

#[test]
fn files_of_this_plan_pass_and_nameless_ones_with_one_note() {
    let world = World::with_app(&["a"]);
    let (amd, arm) = (of_leg(&world, "app-linux-amd64"), of_leg(&world, "app-linux-arm64"));
    let named = |job: &str| format!("{job}.plan-{ID}.json");
    let other = format!("lint.plan-{OTHER}.json");
    let (of_amd, of_arm) = (named("app-linux-amd64"), named("app.app-linux-arm64"));
    for (files, notes) in [
        (vec![(of_amd.as_str(), &amd), (of_arm.as_str(), &arm)], 0),
        (vec![("a.json", &amd), ("b.json", &arm)], 1),
        (vec![(&of_amd, &amd), ("b.json", &arm)], 1),
        // Hexadecimal digits alone are no id: they may be a commit's.
        (vec![("app-fedcba9876543210.json", &amd), ("fedcba9876543210.json", &arm)], 1),
    ] {
        // A file without builds of this plan is left out, whatever plan it is of.
        let lint = r#"{"lint":{"containerimage.digest":"sha256:0"}}"#;
        let mut files: Vec<(&str, &str)> =
            files.into_iter().map(|(name, text)| (name, text.as_str())).collect();
        files.push((&other, lint));
        let (status, told, index) = run(&world, &plan(&["oci-layout:a"]), "merge", &files);
        assert_eq!(status, 0, "{files:?}: {told}");
        assert_eq!(told.matches(NO_ID).count(), notes, "{told}");
        assert!(index.contains("1.4.2"), "{files:?}");
    }
    let pairs: Vec<String> = world.built.iter().map(|(leg, digest)| format!("{leg}={digest}")).collect();
    let pairs = pairs.iter().map(String::as_str);
    let output = Test::new()
        .file("plan.json", plan(&["oci-layout:a"]))
        .files(world.root(), "")
        .args(["merge", "--plan", "plan.json", "--metadata"].into_iter().chain(pairs))
        .output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && told.matches(NO_ID).count() == 1, "{told}");
}

#[test]
fn the_right_id_is_no_proof() {
    for (labels, annotations) in [(NEW, ""), ("", NEW), (NEW, NEW)] {
        let world = built(&["a"], labels, annotations, true);
        let old = |text: &str| if text.is_empty() { "" } else { OLD }.to_owned();
        let document = plan_with(&["oci-layout:a"], &old(labels), &old(annotations), "hold");
        let name = format!("app.plan-{ID}.json");
        let (status, told, index) = run(&world, &document, "merge", &[(&name, &world.metadata())]);
        assert!(status == 1 && told.contains("is from another plan"), "{told}");
        assert!(!index.contains("1.4.2"));
    }
}

/// What rows name is what a merge of their plan takes, and a merge of another run's plan refuses.
#[test]
fn rows_name_what_their_own_plan_takes() {
    let bake = r#"
target "app" {
  platforms = ["linux/amd64", "linux/arm64"]
}

image "app" {
  repositories = ["oci-layout-is-put-here.io/acme/app"]
  tags         = ["edge"]
}
"#;
    let planned = |commit: &str| {
        let fact = format!("commit={commit}");
        let ran = Test::new()
            .file("docker-bake.hcl", bake)
            .args(["plan", "--out", "out", "--fact", &fact])
            .stdout(snapbox::str!["..."])
            .stderr(snapbox::str!["..."])
            .run();
        let rows: Vec<BTreeMap<String, serde_json::Value>> =
            serde_json::from_str(&ran.read("out/matrix.json")).unwrap();
        let document = ran.read("out/plan.json");
        (rows, document.replace("oci-layout-is-put-here.io/acme/app", "oci-layout:a"))
    };
    let world = World::with_app(&["a"]);
    let plans = ["5f3c1e0d9b8a", "0a1b2c3d4e5f", "77777777"].map(planned);
    for (own, (rows, _)) in plans.iter().enumerate() {
        let files: Vec<(&str, String)> = rows
            .iter()
            .map(|row| (row["metadata"].as_str().unwrap(), of_leg(&world, row["job"].as_str().unwrap())))
            .collect();
        assert_eq!(files.len(), 2);
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        for (at, (_, document)) in plans.iter().enumerate() {
            // Where they go in the workflow when the targets are built one by one.
            for before in ["", "app-linux-amd64."] {
                let names: Vec<String> = files.iter().map(|(name, _)| format!("{before}{name}")).collect();
                let files: Vec<(&str, &str)> =
                    names.iter().zip(&files).map(|(name, (_, text))| (name.as_str(), *text)).collect();
                let (status, told, _) = run(&world, document, "merge", &files);
                assert_eq!(told.contains("error[other-plan]"), at != own, "{told}");
                assert_eq!(status, i32::from(at != own), "{told}");
                assert!(!told.contains(NO_ID), "{told}");
            }
        }
    }
}

/// A build whose metadata has two digests is neither of both.
#[test]
fn metadata_that_contradicts_itself_is_refused() {
    let world = World::with_app(&["a"]);
    let (own, other) = (&world.built["app-linux-amd64"], &world.built["app-linux-arm64"]);
    for (descriptor, expected) in [
        (format!(r#"{{"digest":"{other}","size":7}}"#), 1),
        (format!(r#"{{"digest":"sha256:{:064}"}}"#, 0), 1),
        (format!(r#"{{"mediaType":"x","digest":"{other}","platform":{{}}}}"#), 1),
        (format!(r#"{{"digest":"{own}"}}"#), 0),
        (r#"{"size":7}"#.to_owned(), 0),
        ("null".to_owned(), 0),
    ] {
        let text = format!(
            r#"{{"app-linux-amd64":{{"containerimage.digest":"{own}","containerimage.descriptor":{descriptor}}}}}"#
        );
        let arm = of_leg(&world, "app-linux-arm64");
        let (status, told, index) =
            run(&world, &plan(&["oci-layout:a"]), "merge", &[("amd.json", &text), ("arm.json", &arm)]);
        assert_eq!(status, expected, "{descriptor}: {told}");
        assert_eq!(told.contains("but `containerimage.descriptor` has sha256:"), expected == 1, "{told}");
        assert_eq!(index.contains("1.4.2"), expected == 0, "{descriptor}");
    }
}

/// What a build was pushed as, by its metadata, need not be in this image's repositories; that it is there all the same is said.
#[test]
fn metadata_of_other_repositories_is_noted() {
    for (name, is_noted) in [
        ("other.io/x/y", true),
        ("docker.io/acme/app", true),
        ("HOST/acme/other", true),
        ("HOST/acme/other:1,other.io/x/y", true),
        ("HOST/acme/app", false),
        ("HOST/acme/app:1.4.2", false),
        ("other.io/x/y,HOST/acme/app", false),
        ("", false),
    ] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve();
        let name = name.replace("HOST", &server.host());
        let entry = |(leg, digest)| {
            format!(r#""{leg}":{{"containerimage.digest":"{digest}","image.name":"{name}"}}"#)
        };
        let entries: Vec<String> = world.built.iter().map(entry).collect();
        let output = Test::new()
            .file("plan.json", plan(&[&format!("{}/acme/app", server.host())]))
            .file("metadata.json", format!("{{{}}}", entries.join(",")))
            .args(["merge", "--plan", "plan.json", "--metadata", "metadata.json"])
            .output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{name}: {told}");
        assert_eq!(told.matches("note[other-repository]").count(), usize::from(is_noted), "{name}: {told}");
    }
}

/// Builds of two images that are one are noted, and those of one image, of two platforms, are an error as before.
#[test]
fn builds_of_two_images_with_one_digest_are_noted() {
    for is_same in [true, false] {
        let mut world = World::new();
        for (leg, salt) in [("app", "a"), ("web", if is_same { "a" } else { "b" })] {
            let digest = world.build(&["a"], Build::new("shared", "linux/amd64").salt(salt));
            world.built.insert(leg.to_owned(), digest);
        }
        world.built.remove("shared");
        let image = |key: &str| {
            format!(
                r#""{key}":{{"repositories":["oci-layout:a"],"tags":[{}],"builds":{{"{key}":{{"platform":"linux/amd64"}}}}}}"#,
                super::world::literal(key)
            )
        };
        let document = super::world::document(&[image("app"), image("web")].join(","));
        let metadata = world.metadata();
        let (status, told, _) = run(&world, &document, "merge", &[("m.json", &metadata)]);
        assert_eq!(status, 0, "{told}");
        assert_eq!(told.matches("note[same-digest]").count(), usize::from(is_same), "{told}");
    }
}

/// What a job has written is not passed over, whatever it looks like: a platform would be lost.
#[test]
fn a_file_of_this_plan_is_read_or_refused() {
    let world = World::with_app(&["a"]);
    let (amd, arm) = (of_leg(&world, "app-linux-amd64"), of_leg(&world, "app-linux-arm64"));
    let right = format!("app-linux-amd64.plan-{ID}.json");
    let own = format!("app-linux-arm64.plan-{ID}.json");
    let utf16 = |text: &str, to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(to_bytes).collect()
    };
    let dropped = plan(&["oci-layout:a"]).replace(r#""on_missing":"hold""#, r#""on_missing":"drop""#);
    for (name, bytes, expected) in [
        (own.as_str(), arm.as_bytes().to_vec(), 0),
        (&own, [b"\xef\xbb\xbf", arm.as_bytes()].concat(), 0),
        (&own, utf16(&arm, u16::to_le_bytes), 0),
        (&own, utf16(&arm, u16::to_be_bytes), 0),
        (&own, Vec::new(), 1),
        (&own, b"null".to_vec(), 1),
        (&own, b"[]".to_vec(), 1),
        (&own, b"\xff{}".to_vec(), 1),
        (&own, b"#13 exporting".to_vec(), 1),
        // What nobody calls so is a file beside it.
        ("build.log", b"#13 exporting".to_vec(), 0),
        ("empty.json", Vec::new(), 0),
    ] {
        let test = Test::new().file("plan.json", &dropped).files(world.root(), "");
        let test = test.file(&format!("metadata/{right}"), &amd);
        fs::write(test.folder().join("metadata").join(name), &bytes).unwrap();
        let output = test.args(["merge", "--plan", "plan.json", "--metadata", "metadata"]).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{name} {bytes:?}: {told}");
        if name == own && expected == 0 {
            assert!(!told.contains("was not built"), "{bytes:?}: {told}");
        }
        if expected == 1 {
            assert!(told.contains(name), "{bytes:?}: {told}");
        }
    }
}
