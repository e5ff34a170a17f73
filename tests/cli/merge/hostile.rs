//! Metadata and manifests that are made to do harm: an error, in little time and memory.

use bakeplan::internals::merge::Options;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Manifest, Store};

use super::world::{Build, World, index, plan, put};
use crate::loopback::{Answer, Reply};
use crate::support::Test;

#[test]
fn metadata_that_is_too_large_or_no_text_is_refused() {
    let run = |content: Vec<u8>| {
        let test = Test::new().file("plan.json", plan(&["r.invalid/a"])).file("m.json", content);
        let output = test.args(["merge", "--plan", "plan.json", "--metadata", "m.json"]).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, stderr) = run(vec![b' '; 100 << 20]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("cannot read `m.json`: it is larger than 16 MiB"), "{stderr}");
    let (code, stderr) = run(vec![0xff, b'{']);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("it is not UTF-8 text"), "{stderr}");
    for text in ["{".repeat(1 << 20), format!("[{}", "[".repeat(1 << 20)), "{\"a\":".repeat(1 << 18)] {
        let (code, stderr) = run(text.into_bytes());
        assert_eq!(code, Some(1));
        assert!(stderr.contains("error[not-metadata]"), "{stderr}");
    }
}

#[test]
fn a_manifest_that_never_ends_is_given_up() {
    let world = World::with_app(&["acme/app"]);
    let digest = world.built["app-linux-amd64"].clone();
    let server = world.serve_with(move |seen| {
        let is_it = seen.path().ends_with(digest.as_str());
        is_it.then(|| Reply::Whole(Answer::json(200, vec![b' '; 100 << 20])))
    });
    let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
    assert_eq!(report.problems[0].code.name(), "registry-too-large", "{:?}", report.problems);
}

#[test]
fn an_index_that_says_it_is_in_itself_is_refused() {
    // No index can hold its own digest; a registry may claim so.
    let mut world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    let fake = Digest::sha256(b"whatever");
    let text = index(&[format!(
        r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{fake}","size":10,"platform":{{"os":"linux","architecture":"amd64"}}}}"#
    )]);
    let manifest = Manifest::new(bakeplan::internals::oci::OCI_INDEX, text.clone().into_bytes());
    std::fs::write(layout.path().join("blobs/sha256").join(manifest.digest.hex()), &text).unwrap();
    world.built.insert("app-linux-amd64".into(), manifest.digest);
    let server = world.serve_with(move |seen| {
        let is_it = seen.path().ends_with(fake.as_str());
        is_it.then(|| Reply::Whole(Answer::new(200, bakeplan::internals::oci::OCI_INDEX, text.clone())))
    });
    let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
    assert_eq!(report.problems[0].code.name(), "digest-mismatch", "{:?}", report.problems);
}

#[test]
fn manifests_that_are_no_text_or_nested_deeply_are_refused() {
    for content in [vec![0xff, 0xfe, 0x00], b"[".repeat(1 << 20), b"{\"manifests\":[".repeat(1 << 16)] {
        let mut world = World::with_app(&["acme/app"]);
        let digest = Digest::sha256(&content);
        std::fs::write(world.root().join("acme/app/blobs/sha256").join(digest.hex()), &content).unwrap();
        world.built.insert("app-linux-amd64".into(), digest.clone());
        let server = world.serve_with(move |seen| {
            let is_it = seen.path().ends_with(digest.as_str());
            is_it
                .then(|| Reply::Whole(Answer::new(200, bakeplan::internals::oci::OCI_INDEX, content.clone())))
        });
        let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
        assert_eq!(report.problems[0].code.name(), "invalid-manifest", "{:?}", report.problems);
        assert!(world.tags("acme/app").is_empty());
    }
}

#[test]
fn digests_of_other_algorithms_are_verified_too() {
    let mut world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    let source = world.built["app-linux-amd64"].clone();
    let bytes = layout.get_manifest(&source.into()).unwrap().unwrap().bytes;
    let long: Digest = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
    let digest = long.recompute(&bytes);
    let manifest =
        Manifest { media_type: bakeplan::internals::oci::OCI_INDEX.into(), digest: digest.clone(), bytes };
    layout.put_manifest(&digest.clone().into(), &manifest).unwrap();
    world.built.insert("app-linux-amd64".into(), digest);
    let report = world.merge(&plan(&["oci-layout:acme/app"]), Options::default());
    assert_eq!(report.problems, []);
    world.built.insert("app-linux-amd64".into(), long);
    let report = world.merge(&plan(&["oci-layout:acme/app"]), Options::default());
    assert_eq!(report.problems[0].code.name(), "missing-build");
}

#[test]
fn ten_thousand_children_are_not_read() {
    let mut world = World::with_app(&["acme/app"]);
    let build = world.build(&["acme/app"], Build::new("x", "linux/amd64").plain());
    let layout = world.layout("acme/app");
    let size = layout.head_manifest(&build.clone().into()).unwrap().unwrap().size;
    let entries: Vec<String> = (0..10_000)
        .map(|_| format!(r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{build}","size":{size}}}"#))
        .collect();
    let digest = put(&layout, bakeplan::internals::oci::OCI_INDEX, &index(&entries)).digest;
    world.built.insert("app-linux-amd64".into(), digest);
    let server = world.serve();
    let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
    assert_eq!(report.problems[0].code.name(), "several-platforms", "{:?}", report.problems);
    assert!(server.lines().len() < 30);
}
