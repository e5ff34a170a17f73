//! A merge in two steps: indexes by digest, to be signed and tried, and later their tags.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use bakeplan::internals::merge::Options;
use serde_json::Value;

use super::world::{Build, CONSTANTS, TAGS, World, document, literal, plan, plan_of, remove};
use crate::loopback::{Answer, Server};
use crate::support::Test;

const FIRST: [&str; 8] =
    ["merge", "--plan", "plan.json", "--metadata", "m.json", "--no-tags", "--format", "json"];
const SECOND: [&str; 5] = ["merge", "--plan", "plan.json", "--result", "result.json"];

fn test(world: &World, document: &str) -> Test {
    Test::new().file("plan.json", document).file("m.json", world.metadata()).files(world.root(), "")
}

/// The result of the first step, run with this plan.
#[track_caller]
pub(super) fn first(world: &World, document: &str, status: i32) -> Value {
    let output = test(world, document).args(FIRST).output();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{told}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"))
}

/// What the second step says, and its exit code.
pub(super) fn second(world: &World, document: &str, result: &Value, more: &[&str]) -> (Option<i32>, String) {
    let test = test(world, document).file("result.json", result.to_string());
    let output = test.args(SECOND).args(more.iter().copied()).output();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

fn repositories(server: &Server) -> [String; 2] {
    ["a", "b"].map(|name| format!("{}/{name}", server.host()))
}

#[test]
fn indexes_come_first_and_tags_later() {
    let world = World::with_app(&["a", "b"]);
    let server = world.serve();
    let names = repositories(&server);
    let document = plan(&names.each_ref().map(String::as_str));
    let result = first(&world, &document, 0);
    assert!(world.tags("a").is_empty() && world.tags("b").is_empty());
    let image = &result["images"]["app"];
    assert_eq!((&image["status"], &result["published"]), (&"indexed".into(), &Value::Array(vec![])));
    assert_eq!(image["references"], Value::Array(vec![]));
    let digest = image["digest"].as_str().unwrap();
    let expected: Vec<String> = names.iter().map(|name| format!("{name}@{digest}")).collect();
    assert_eq!(result["indexes"], serde_json::to_value(&expected).unwrap());
    // All that is in it can be had by the name that is given.
    let manifests = image["manifests"].as_array().unwrap();
    let platforms: Vec<_> =
        manifests.iter().map(|one| (&one["platform"], one["attests"].is_string())).collect();
    let (amd, arm, none) = (Value::from("linux/amd64"), Value::from("linux/arm64"), Value::Null);
    assert_eq!(platforms, [(&amd, false), (&none, true), (&arm, false), (&none, true)]);
    let all = manifests.iter().flat_map(|one| one["references"].as_array().unwrap());
    let all: Vec<_> =
        all.chain(result["indexes"].as_array().unwrap()).map(|one| one.as_str().unwrap()).collect();
    assert_eq!(all.len(), 2 * 5);
    for name in all {
        Test::new().args(["verify", name]).stderr("...\n").stdout(format!("{name}  right[..]\n...\n")).run();
    }

    // The second step reads the index, its images and their configurations, and asks for the rest; no layer and no metadata.
    let before = server.seen().len();
    let (status, told) = second(&world, &document, &result, &[]);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("1 image published, 8 tags written"), "{told}");
    let blobs = server.seen()[before..].iter().filter(|seen| seen.path().contains("/blobs/")).count();
    assert_eq!(blobs, 2);
    for repository in ["a", "b"] {
        let tags = world.tags(repository);
        assert_eq!(tags.len(), 4);
        assert!(tags.values().all(|own| own.as_str() == digest));
    }
    // It is what a merge in one step makes, and either step may be repeated.
    let again = world.merge(&document, Options::default());
    assert_eq!(again.images["app"].status, bakeplan::internals::merge::report::Status::Unchanged);
    assert_eq!(first(&world, &document, 0)["images"]["app"]["digest"], digest);
    let (status, told) = second(&world, &document, &result, &[]);
    assert!(status == Some(0) && told.contains("1 image unchanged, 0 tags written"), "{told}");
}

#[test]
fn a_table_and_a_summary_say_what_to_sign() {
    let world = World::with_app(&["a"]);
    let ran = test(&world, &plan(&["oci-layout:a"]))
        .env("GITHUB_OUTPUT", "out")
        .env("GITHUB_STEP_SUMMARY", "summary")
        .args(["merge", "--plan", "plan.json", "--metadata", "m.json", "--no-tags", "--github"])
        .stdout(snapbox::str![[r#"
app  without tags yet  sha256:[..]  linux/amd64, linux/arm64
  oci-layout://a@sha256:[..]
1 image without tags yet, 0 tags written

"#]])
        .stderr("...\n")
        .run();
    let output = ran.read("out");
    let result: Value = serde_json::from_str(output.trim().strip_prefix("result=").unwrap()).unwrap();
    let index = result["indexes"][0].as_str().unwrap();
    assert!(index.starts_with("oci-layout://a@sha256:"), "{result}");
    assert!(ran.read("summary").contains(index.rsplit('@').next().unwrap()));
}

#[test]
fn what_is_held_stays_held() {
    let mut world = World::with_app(&["a"]);
    world.built.remove("app-linux-arm64");
    let other = format!(
        r#""other":{{"repositories":["oci-layout:a"],"tags":[{}],"builds":{{"other":{{"platform":"linux/amd64"}}}}}},"app""#,
        literal("other")
    );
    let document = plan(&["oci-layout:a"]).replacen(r#""app""#, &other, 1);
    world.build(&["a"], Build::new("other", "linux/amd64"));
    let result = first(&world, &document, 5);
    let run = test(&world, &document).file("result.json", result.to_string());
    let ran = run
        .args(SECOND)
        .status(5)
        .stdout(snapbox::str![[r#"
other  published  sha256:[..]  linux/amd64
  oci-layout:a
    created: other
app  held
  `app-linux-arm64` was not built
1 image published, 1 image held, 1 tag written

"#]])
        .stderr(snapbox::str![[r#"
...
warning[held]: image `app` is left as it was: `app-linux-arm64` was not built
  = help: build what is missing, then begin again with `bakeplan merge --no-tags`

"#]])
        .run();
    let index = ran.read("a/index.json");
    assert!(index.contains("other") && !index.contains("1.4.2"), "{index}");
}

/// Each of these results is refused, and nothing is written.
#[test]
fn a_result_must_be_of_this_plan_and_of_a_merge() {
    let world = World::with_app(&["a"]);
    let server = world.serve();
    let document = plan(&[&format!("{}/a", server.host())]);
    let good = first(&world, &document, 0);
    let changed = |path: &str, value: Value| {
        let mut result = good.clone();
        *result.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = value;
        result
    };
    let without = |name: &str| {
        let mut result = good.clone();
        result.as_object_mut().unwrap().remove(name);
        result
    };
    for (result, expected) in [
        (
            changed("/plan", "fedcba9876543210".into()),
            "belongs to plan `fedcba9876543210`, but this is plan `0123456789abcdef`",
        ),
        (changed("/dry_run", true.into()), "is the result of a dry run"),
        (changed("/schema", 9.into()), "has schema 9"),
        (changed("/images/app/status", "failed".into()), "failed in the merge that wrote the indexes"),
        (changed("/images/app/digest", Value::Null), "has no digest of image `app`"),
        (changed("/images/app/digest", "sha256:1".into()), "is not the result of a merge"),
        (changed("/images", serde_json::json!({})), "lacks image `app`"),
        (without("plan"), "does not say which plan it belongs to"),
        (without("schema"), "expected the member `schema`"),
        (Value::Array(vec![]), "is not the result of a merge"),
        // What is in the index is not what the result says.
        (
            changed(
                "/images/app/manifests/0/digest",
                good["images"]["app"]["manifests"][1]["digest"].clone(),
            ),
            "holds other manifests than the result says",
        ),
        (
            changed(
                "/images/app/manifests",
                Value::Array(vec![good["images"]["app"]["manifests"][0].clone()]),
            ),
            "holds other manifests",
        ),
        // Another index that is there, such as that of one build.
        (
            changed("/images/app/digest", world.built["app-linux-amd64"].to_string().into()),
            "lacks linux/arm64, which is planned",
        ),
    ] {
        let (status, told) = second(&world, &document, &result, &[]);
        assert!(status == Some(1) && told.contains(expected), "{expected}: {status:?} {told}");
        assert!(world.tags("a").is_empty(), "{expected}");
    }
    // Annotations that the plan has got since, with the id of the other.
    let other = document.replacen(r#""repositories""#, r#""annotations":{"k":"v"},"repositories""#, 1);
    let (status, told) = second(&world, &other, &good, &[]);
    assert!(status == Some(1) && told.contains("the annotation `k` of the index is not there"), "{told}");
}

/// What a clean-up takes between the steps is noticed before a tag moves.
#[test]
fn what_is_gone_since_gets_no_tag() {
    for (repository, is_index) in [("a", true), ("b", true), ("a", false), ("b", false)] {
        let world = World::with_app(&["a", "b"]);
        let server = world.serve();
        let document = plan(&repositories(&server).each_ref().map(String::as_str));
        let result = first(&world, &document, 0);
        let image = &result["images"]["app"];
        let gone = if is_index { &image["digest"] } else { &image["manifests"][2]["digest"] };
        let digest = gone.as_str().unwrap().parse().unwrap();
        remove(&world.layout(repository), &digest);
        let (status, told) = second(&world, &document, &result, &[]);
        let is_told = told.contains(&digest.to_string()) && told.contains("any more");
        assert!(status == Some(1) && is_told, "{repository} {is_index}: {status:?} {told}");
        assert!(world.tags("a").is_empty() && world.tags("b").is_empty());
    }
}

/// Mirrors get the index in the first step and the tags in the second.
#[test]
fn mirrors_have_both_steps() {
    let world = World::with_app(&["a"]);
    world.layout("mirror");
    let servers = [world.serve(), world.serve()];
    let [name, mirror] = [format!("{}/a", servers[0].host()), format!("{}/mirror", servers[1].host())];
    let document = plan_of(&[&name], TAGS, &format!(r#""version":"1.4.2","mirrors":["{mirror}"],"#), "hold");
    let result = first(&world, &document, 0);
    let digest = result["images"]["app"]["digest"].as_str().unwrap();
    assert_eq!(
        result["indexes"],
        serde_json::json!([format!("{name}@{digest}"), format!("{mirror}@{digest}")])
    );
    for one in result["images"]["app"]["manifests"].as_array().unwrap() {
        assert_eq!(one["references"].as_array().unwrap().len(), 2);
    }
    assert!(world.tags("a").is_empty() && world.tags("mirror").is_empty());
    let (status, told) = second(&world, &document, &result, &[]);
    assert_eq!(status, Some(0), "{told}");
    for repository in ["a", "mirror"] {
        let tags = world.tags(repository);
        assert!(tags.len() == 4 && tags.values().all(|own| own.as_str() == digest), "{repository}: {tags:?}");
    }
}

/// The guards are those of a merge in one step, and the first step meets them, too.
#[test]
fn both_steps_look_at_what_is_there() {
    let mut world = World::with_app(&["a"]);
    let server = world.serve();
    let name = format!("{}/a", server.host());
    let document = plan_of(&[&name], TAGS, r#""version":"1.4.2","immutable":true,"#, "hold");
    let result = first(&world, &document, 0);
    assert_eq!(second(&world, &document, &result, &[]).0, Some(0));
    let old = world.tags("a");
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    let output = test(&world, &document).args(FIRST).output();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && told.contains("immutable-tag"), "{told}");
    // A greater version keeps its tags between the steps.
    let loose = plan_of(&[&name], TAGS, r#""version":"1.4.2","#, "hold");
    let result = first(&world, &loose, 0);
    super::world::put_tag(
        &world.layout("a"),
        "1.5.0",
        &bakeplan::internals::registry::Store::get_manifest(
            &*world.layout("a"),
            &old["latest"].clone().into(),
        )
        .unwrap()
        .unwrap(),
    );
    let (status, told) = second(&world, &loose, &result, &[]);
    assert!(status == Some(0) && told.contains("kept: 1 (`1.5.0` is greater)"), "{told}");
    let new = world.tags("a");
    assert_eq!((&new["latest"], &new["1"]), (&old["latest"], &old["1"]));
    assert_ne!(new["1.4.2"], old["1.4.2"]);
    // A release that is there stays, where that is asked for.
    let (status, told) = second(&world, &document, &result, &["--dry-run"]);
    assert!(status == Some(0), "{told}");
}

/// The first step says nothing of tags, wherever it fails.
#[test]
fn a_disk_that_keeps_nothing_is_noticed() {
    let world = World::with_app(&["a"]);
    let is_full = AtomicBool::new(false);
    let server = world.serve_through(move |seen, forward| {
        if seen.method == "PUT" {
            is_full.store(true, Ordering::SeqCst);
            return Answer::new(201, "", "").into();
        }
        if is_full.load(Ordering::SeqCst) {
            Answer::error(404, "MANIFEST_UNKNOWN").into()
        } else {
            forward().into()
        }
    });
    let document = plan_of(&[&format!("{}/a", server.host())], CONSTANTS, "", "hold");
    let result = first(&world, &document, 1);
    assert_eq!(
        (&result["images"]["app"]["status"], &result["indexes"]),
        (&"failed".into(), &Value::Array(vec![]))
    );
}

#[test]
fn docker_writes_no_index_without_a_tag() {
    let world = World::with_app(&["a"]);
    let test = test(&world, &plan(&["oci-layout:a"]));
    test.args(FIRST)
        .args(["--engine", "docker"])
        .status(2)
        .stderr("...\n[..]`--no-tags` needs `--engine native`[..]\n...\n")
        .run();
}

/// An image that has no tags in a run gets none, and is not said to be unchanged.
#[test]
fn what_has_no_tags_in_this_run_is_named() {
    let world = World::with_app(&["a"]);
    let images = r#""app":{"repositories":["oci-layout:a"],"tags":[],"builds":{
        "app-linux-amd64":{"platform":"linux/amd64"},"app-linux-arm64":{"platform":"linux/arm64"}}}"#;
    test(&world, &document(images))
        .args(["merge", "--plan", "plan.json", "--metadata", "m.json"])
        .stdout(snapbox::str![[r#"
app  without tags in this run  sha256:[..]  linux/amd64, linux/arm64
1 image without tags in this run, 0 tags written

"#]])
        .stderr("...\n")
        .run();
    let result = first(&world, &document(images), 0);
    assert_eq!(result["images"]["app"]["status"], "indexed");
}

/// What both steps ask, from which no path is left out.
#[test]
fn paths_are_those_of_the_distribution_api() {
    let world = World::with_app(&["a"]);
    let server = world.serve();
    let document = plan(&[&format!("{}/a", server.host())]);
    let result = first(&world, &document, 0);
    let before = server.seen().len();
    second(&world, &document, &result, &[]);
    let kinds: BTreeSet<String> = server.seen()[before..]
        .iter()
        .map(|seen| format!("{} {}", seen.method, Path::new(seen.path()).parent().unwrap().display()))
        .collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "GET /v2/a/blobs",
            "GET /v2/a/manifests",
            "GET /v2/a/tags",
            "HEAD /v2/a/manifests",
            "PUT /v2/a/manifests"
        ]
    );
}

/// A digest of a whole image where one of a build is meant, under either name.
#[test]
fn a_merge_is_not_made_of_indexes() {
    let world = World::with_app(&["a"]);
    let document = plan(&["oci-layout:a"]);
    let digest = first(&world, &document, 0)["images"]["app"]["digest"].as_str().unwrap().to_owned();
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    let other = format!("app-linux-arm64={}", world.built["app-linux-arm64"]);
    for (pair, expected) in [
        (format!("app={digest}"), "`app` is an image of the plan, and a merge is made of builds"),
        (format!("app-linux-amd64={digest}"), "pushed an index with the platforms linux/amd64, linux/arm64"),
    ] {
        let output = test(&world, &document)
            .args(["merge", "--plan", "plan.json", "--metadata", &pair, &other])
            .output();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && told.contains(expected), "{told}");
        let cure = format!("`bakeplan promote app={digest} --plan ");
        assert!(told.contains(&cure), "{told}");
        let output = test(&world, &document)
            .args(["promote", &format!("app={digest}"), "--plan", "plan.json"])
            .output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A result that gives an image what another version or another image is.
#[test]
fn a_result_that_means_something_else_is_refused() {
    let mut world = World::with_app(&["a"]);
    let server = world.serve();
    let name = format!("{}/a", server.host());
    let older = plan_of(&[&name], TAGS, r#""version":"1.4.2","#, "hold").replace("1.4.2", "1.3.0");
    assert_eq!(world.merge(&older, Options::default()).problems, []);
    let old = first(&world, &older, 0);
    for leg in ["app-linux-amd64", "app-linux-arm64"] {
        world.build(&["a"], Build::new(leg, &leg["app-".len()..].replace('-', "/")).salt("new"));
    }
    let document = plan(&[&name]);
    let good = first(&world, &document, 0);
    let mut forged = good.clone();
    forged["images"]["app"] = old["images"]["app"].clone();
    let (status, told) = second(&world, &document, &forged, &[]);
    assert!(status == Some(1) && told.contains("is version `1.3.0`, by the tag"), "{told}");
    assert_eq!(second(&world, &document, &good, &[]).0, Some(0));

    // Two images of other builds.
    let other = r#""other":{"repositories":["NAME"],"tags":[{"name":"o","class":"constant","form":"o"}],"builds":{
        "other-linux-amd64":{"platform":"linux/amd64"},"other-linux-arm64":{"platform":"linux/arm64"}}},"app":{"#;
    let both =
        plan_of(&[&name], CONSTANTS, "", "hold").replacen(r#""app":{"#, &other.replace("NAME", &name), 1);
    for leg in ["other-linux-amd64", "other-linux-arm64"] {
        world.build(&["a"], Build::new(leg, &leg["other-".len()..].replace('-', "/")));
    }
    let good = first(&world, &both, 0);
    let mut forged = good.clone();
    forged["images"]["other"] = good["images"]["app"].clone();
    let (status, told) = second(&world, &both, &forged, &[]);
    assert!(
        status == Some(1)
            && told.contains("the images `other` and `app`, which have other builds, one digest"),
        "{told}"
    );
    assert_eq!(second(&world, &both, &good, &["--allow-retag"]).0, Some(0));
    // Of the same builds they may have one.
    let same = both.replace("other-linux", "app-linux");
    let good = first(&world, &same, 0);
    assert_eq!(good["images"]["other"]["digest"], good["images"]["app"]["digest"]);
    let (status, told) = second(&world, &same, &good, &["--allow-retag"]);
    assert_eq!(status, Some(0), "{told}");
}

/// A result is a file from outside: the images that it names are compared with the plan like builds.
#[test]
fn a_result_of_images_that_were_not_planned_is_refused() {
    const VERSION: &str = "org.opencontainers.image.version";
    let own = "a".repeat(40);
    let other = "b".repeat(40);
    let vcs = |commit: &str| {
        format!(
            r#"{{"metadata":{{"https://mobyproject.org/buildkit@v1#metadata":{{"vcs":{{"revision":"{commit}","localdir:context":"."}}}}}}}}"#
        )
    };
    let kind = "https://slsa.dev/provenance/v0.2";
    for (labels, annotations, provenance, expected) in [
        (format!(r#""{VERSION}":"6.6.6""#), "1.4.2", &own, "the label `org.opencontainers.image.version` is"),
        (String::new(), "1.4.2", &own, "the label `org.opencontainers.image.version` is missing"),
        (
            format!(r#""{VERSION}":"1.4.2""#),
            "6.6.6",
            &own,
            "the annotation `org.opencontainers.image.version` is",
        ),
        (format!(r#""{VERSION}":"1.4.2""#), "1.4.2", &other, "is of commit `bbbbbbbbbbbb`"),
    ] {
        let mut world = World::new();
        let mut build = |labels: &str, annotations: &str, salt: &str, commit: &str| {
            let text = vcs(commit);
            for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
                let annotation = format!(r#""{VERSION}":"{annotations}""#);
                let build = Build::new(leg, platform).labelled(labels, &annotation).salt(salt);
                world.build(&["a"], build.provenance(kind, &text));
            }
            let server = world.serve();
            let name = format!("{}/a", server.host());
            let document = plan(&[&name]);
            let unplanned = first(&world, &plan_of(&[&name], CONSTANTS, "", "hold"), 0);
            (server, document, unplanned)
        };
        let (_, _, wrong) = build(&labels, annotations, "wrong", provenance);
        let (_server, document, _) = build(&format!(r#""{VERSION}":"1.4.2""#), "1.4.2", "right", &own);
        let planned =
            format!(r#""labels":{{"{VERSION}":"1.4.2"}},"annotations":{{"{VERSION}":"1.4.2"}},"on_missing""#);
        let document = document.replace(r#""on_missing""#, &planned).replacen(
            r#""images""#,
            &format!(r#""run":{{"commit":"{own}"}},"images""#),
            1,
        );
        let good = first(&world, &document, 0);
        let mut forged = good.clone();
        forged["images"]["app"]["digest"] = wrong["images"]["app"]["digest"].clone();
        forged["images"]["app"]["manifests"] = wrong["images"]["app"]["manifests"].clone();
        let (status, told) = second(&world, &document, &forged, &[]);
        assert!(status == Some(1) && told.contains(expected), "{expected}: {told}");
        assert!(world.tags("a").is_empty());
        assert_eq!(second(&world, &document, &good, &[]).0, Some(0));
    }
}
