//! Images without an index: the manifest of the one build gets the tags.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Report, Status};
use bakeplan::internals::oci::{OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Store, TagOrDigest};
use serde_json::Value;

use super::world::{Build, CONSTANTS, TAGS, World, document, put_tag, remove};
use crate::support::Test;

const LEG: &str = "app-linux-amd64";

/// A plan of one platform of `app`; what is `more` stands in the image.
fn plan_with(repositories: &[&str], tags: &str, more: &str, on_missing: &str) -> String {
    document(&format!(
        r#""app":{{{more}"repositories":{repositories:?},"tags":[{tags}],"builds":{{
            "{LEG}":{{"platform":"linux/amd64","job":"a","on_missing":"{on_missing}"}}}}}}"#
    ))
}

fn plain(repositories: &[&str], more: &str) -> String {
    plan_with(repositories, TAGS, &format!(r#""version":"1.4.2","index":false,{more}"#), "hold")
}

fn world(repositories: &[&str]) -> World {
    let mut world = World::new();
    world.build(repositories, Build::new(LEG, "linux/amd64").plain());
    world
}

fn media_type(world: &World, repository: &str, tag: &str) -> String {
    let tag = TagOrDigest::Tag(tag.parse().unwrap());
    world.layout(repository).get_manifest(&tag).unwrap().unwrap().media_type
}

#[track_caller]
fn published(report: &Report) -> &Digest {
    assert_eq!(report.problems, []);
    let image = &report.images["app"];
    assert_eq!(image.platforms, ["linux/amd64"]);
    image.digest.as_ref().unwrap()
}

#[test]
fn the_tags_get_the_manifest_of_the_build() {
    let world = world(&["a", "b"]);
    let server = world.serve();
    let names = ["a", "b"].map(|name| format!("{}/{name}", server.host()));
    let document = plain(&names.each_ref().map(String::as_str), "");
    let report = world.merge(&document, Options::default());
    assert_eq!(*published(&report), world.built[LEG]);
    for repository in ["a", "b"] {
        let tags = world.tags(repository);
        assert!(tags.len() == 4 && tags.values().all(|digest| *digest == world.built[LEG]), "{tags:?}");
        assert_eq!(media_type(&world, repository, "latest"), OCI_MANIFEST);
    }
    let expected: Vec<String> = names.iter().map(|name| format!("{name}@{}", world.built[LEG])).collect();
    assert_eq!(report.indexes, expected);
    assert_eq!(report.images["app"].manifests.len(), 1);
    // A repetition changes nothing.
    let report = world.merge(&document, Options::default());
    assert_eq!(report.images["app"].status, Status::Unchanged);
    // By default, an index is made.
    let document = document.replace(r#""index":false,"#, "");
    let report = world.merge(&document, Options { allow_retag: true, ..Options::default() });
    assert_ne!(*published(&report), world.built[LEG]);
    assert_eq!(media_type(&world, "a", "latest"), OCI_INDEX);
}

/// A repository that lacks the build, and a mirror.
#[test]
fn it_is_copied_like_an_index() {
    let world = world(&["a"]);
    let server = world.serve();
    for repository in ["b", "c"] {
        world.layout(repository);
    }
    let [a, b, c] = ["a", "b", "c"].map(|name| format!("{}/{name}", server.host()));
    let document = plain(&[&a, &b], &format!(r#""mirrors":["{c}"],"#));
    let report = world.merge(&document, Options::default());
    assert_eq!(*published(&report), world.built[LEG]);
    for repository in ["a", "b", "c"] {
        assert_eq!(world.tags(repository)["1.4.2"], world.built[LEG], "{repository}");
    }
    let digest = &world.built[LEG];
    let told = Test::new().args(["verify", &format!("{c}@{digest}")]).output();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

/// A build with attestations is an index.
#[test]
fn a_build_that_is_an_index_is_refused() {
    let mut world = World::new();
    world.build(&["a"], Build::new(LEG, "linux/amd64"));
    let report = world.merge(&plain(&["oci-layout:a"], ""), Options::default());
    let [problem] = report.problems.as_slice() else { panic!("{:?}", report.problems) };
    assert_eq!(problem.code.name(), "unplanned-index");
    assert!(problem.help.as_ref().unwrap().contains("provenance: false"));
    assert!(world.tags("a").is_empty());
    let document = plain(&["oci-layout:a"], "").replace(r#""index":false,"#, "");
    published(&world.merge(&document, Options::default()));
}

/// What a plan from outside says of an image without an index, and what cannot be.
#[test]
fn what_needs_an_index_is_refused_in_a_plan() {
    let world = world(&["a"]);
    let good = plain(&["oci-layout:a"], "");
    let build = format!(r#""{LEG}":{{"platform":"linux/amd64","#);
    let of_descriptor = format!(r#"{build}"descriptor_annotations":{{"k":"v"}},"#);
    let second = format!(r#""app-linux-arm64":{{"platform":"linux/arm64"}},{build}"#);
    for (document, expected) in [
        (good.replace(&build, &second), "image `app` has no index, and 2 builds"),
        (
            plain(&["oci-layout:a"], r#""annotations":{"k":"v"},"#),
            "image `app` has no index, and `k` is an annotation of its index",
        ),
        (good.replace(&build, &of_descriptor), "`k` is an annotation of its index"),
    ] {
        let run = |document: &str| {
            let test = Test::new().file("plan.json", document).file("m.json", world.metadata());
            let test = test.files(world.root(), "");
            test.args(["merge", "--plan", "plan.json", "--metadata", "m.json", "--dry-run"]).output()
        };
        let output = run(&document);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && told.contains(expected), "{expected}: {told}");
        assert_eq!(run(&good).status.code(), Some(0));
    }
}

/// The commands of Docker's keep it a manifest, too.
#[test]
fn a_dry_run_says_how_docker_does_it() {
    let world = world(&["a"]);
    let run = |document: &str| {
        let test = Test::new().file("plan.json", document).file("m.json", world.metadata());
        let test = test.files(world.root(), "");
        let output =
            test.args(["merge", "--plan", "plan.json", "--metadata", "m.json", "--dry-run"]).output();
        String::from_utf8(output.stdout).unwrap()
    };
    let document = plain(&["oci-layout:a"], "");
    assert!(run(&document).contains(" --prefer-index=false oci-layout://a@sha256:"), "{}", run(&document));
    let document = document.replace(r#""index":false,"#, "");
    assert!(!run(&document).contains("--prefer-index"), "{}", run(&document));
}

/// In two steps.
#[test]
fn tags_come_later() {
    let world = world(&["a"]);
    let server = world.serve();
    let document = plain(&[&format!("{}/a", server.host())], "");
    let test = || Test::new().file("plan.json", &document).file("m.json", world.metadata());
    let merge = ["merge", "--plan", "plan.json", "--format", "json"];
    let output = test().args(merge).args(["--metadata", "m.json", "--no-tags"]).output();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["images"]["app"]["digest"], world.built[LEG].to_string());
    let result = String::from_utf8(output.stdout).unwrap();
    let output = test().file("r.json", &result).args(merge).args(["--result", "r.json"]).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(world.tags("a")["latest"], world.built[LEG]);
    for arguments in [
        &["verify", "--plan", "plan.json"][..],
        &["verify", "--plan", "plan.json", "--metadata", "m.json"],
        &["verify", "--plan", "plan.json", "--result", "r.json"],
    ] {
        let result = String::from_utf8(output.stdout.clone()).unwrap();
        let output = test().file("r.json", result).args(arguments.iter().copied()).output();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let output = test().args(["verify", "--plan", "plan.json", "--keep-set", "--allow-gaps"]).output();
    let kept = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && kept.contains(world.built[LEG].as_str()), "{kept}");
}

/// A platform that was not built is taken from what is published, be it an index or not.
#[test]
fn a_release_is_carried_over() {
    for (before, after) in [(false, false), (true, false), (false, true)] {
        let mut world = world(&["a"]);
        let server = world.serve();
        let name = format!("{}/a", server.host());
        let document = |index: bool| {
            plan_with(&[&name], TAGS, &format!(r#""version":"1.4.2","index":{index},"#), "carry")
        };
        published(&world.merge(&document(before), Options::default()));
        let image = world.built.remove(LEG).unwrap();
        let report = world.merge(&document(after), Options { allow_retag: true, ..Options::default() });
        let digest = published(&report).clone();
        assert_eq!(digest == image, !after, "{before} {after}");
        assert_eq!(world.tags("a")["1.4.2"], digest);
    }
}

/// Releases that are there stay, whatever they are.
#[test]
fn an_existing_release_stays() {
    for (before, after) in [(false, false), (true, false), (false, true)] {
        let mut world = world(&["a"]);
        let server = world.serve();
        let name = format!("{}/a", server.host());
        let document =
            |index: bool| plain(&[&name], "").replace("\"index\":false", &format!("\"index\":{index}"));
        let first = published(&world.merge(&document(before), Options::default())).clone();
        world.build(&["a"], Build::new(LEG, "linux/amd64").plain().salt("again"));
        let keep = Options { keep_existing: true, ..Options::default() };
        let report = world.merge(&document(after), keep);
        assert_eq!(*published(&report), first, "{before} {after}");
        assert!(report.notes.iter().all(|note| note.notes.is_empty()), "{:?}", report.notes);
    }
}

/// A later run cannot be told from a manifest.
#[test]
fn tags_that_move_with_runs_move() {
    let world = world(&["a"]);
    let run = r#""run":{"ref":"refs/heads/main","workflow":"w","number":7},"jobs":[]"#;
    let document = plan_with(&["oci-layout:a"], CONSTANTS, r#""index":false,"#, "hold");
    let document = document.replace(r#""jobs":[]"#, run);
    let report = world.merge(&document, Options::default());
    published(&report);
    let note = report.notes.iter().find(|note| note.code.name() == "unguarded-tag").expect("a note");
    assert!(
        note.message.starts_with("image `app` has no index, which could say which run made it"),
        "{note:?}"
    );
    assert_eq!(world.tags("a")["latest"], world.built[LEG]);
}

/// A greater version keeps the floating tags or gets them when it appears meanwhile, although it is no index.
#[test]
fn a_greater_manifest_has_floating_tags() {
    for is_late in [false, true] {
        let mut world = World::new();
        let greater = world.build(&["a"], Build::new(LEG, "linux/amd64").plain().salt("greater"));
        world.build(&["a"], Build::new(LEG, "linux/amd64").plain());
        let layout = world.layout("a");
        let manifest = layout.get_manifest(&greater.clone().into()).unwrap().unwrap();
        if !is_late {
            put_tag(&layout, "1.5.0", &manifest);
            put_tag(&layout, "latest", &manifest);
        }
        let server = world.serve_through(move |seen, forward| {
            let answer = forward();
            if is_late && seen.method == "PUT" && seen.path().ends_with("/latest") {
                put_tag(&layout, "1.5.0", &manifest);
            }
            answer.into()
        });
        let report = world.merge(&plain(&[&format!("{}/a", server.host())], ""), Options::default());
        published(&report);
        let tags = world.tags("a");
        assert_eq!((&tags["1.4"], &tags["latest"]), (&world.built[LEG], &greater), "{is_late}");
    }
}

/// What is lost is told like of an index.
#[test]
fn a_build_that_is_gone_is_told() {
    let world = world(&["a"]);
    let layout = world.layout("a");
    remove(&layout, &world.built[LEG]);
    let report = world.merge(&plain(&["oci-layout:a"], ""), Options::default());
    assert_eq!(report.problems[0].code.name(), "missing-build");
    assert!(world.tags("a").is_empty());
}
