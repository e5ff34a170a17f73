//! Registries that do harm: a finding, in little time and memory.

use bakeplan::internals::oci::OCI_INDEX;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Manifest, Store};

use super::desk::{APP, changed, entries, found, index_of, merged, of, of_plan, retag};
use crate::loopback::{Answer, Reply};
use crate::merge::world::{Build, index, plan, put, put_tag, remove};

const AMD64: &str = "app-linux-amd64";

#[test]
fn manifests_and_configurations_that_never_end() {
    let world = merged();
    let image = entries(&world, AMD64)[0].digest.clone();
    let large = |end: String| {
        world.serve_with(move |seen| {
            let is_it = seen.path().ends_with(&end);
            is_it.then(|| Reply::Whole(Answer::new(200, OCI_INDEX, vec![b' '; 100 << 20])))
        })
    };
    let server = large(image.to_string());
    found(&of_plan(&world, &plan(&[&format!("{}/acme/app", server.host())])), &["too-large"]);
    let manifest = super::desk::manifest(&world, &image);
    let parsed: bakeplan::internals::oci::ImageManifest = serde_json::from_slice(&manifest.bytes).unwrap();
    let server = large(format!("/blobs/{}", parsed.config.digest));
    found(&of_plan(&world, &plan(&[&format!("{}/acme/app", server.host())])), &["too-large"]);
}

#[test]
fn content_that_is_not_what_its_digest_says() {
    let world = merged();
    let top = world.tags("acme/app")["1"].to_string();
    let image = entries(&world, AMD64)[0].digest.to_string();
    for end in [top, image] {
        let server = world.serve_with(move |seen| {
            let is_it = seen.method == "GET" && seen.path().ends_with(&end);
            is_it.then(|| Reply::Whole(Answer::new(200, OCI_INDEX, "{}")))
        });
        let report = of_plan(&world, &plan(&[&format!("{}/acme/app", server.host())]));
        assert_eq!(report.findings[0].code.name(), "digest-mismatch", "{:?}", report.findings);
        assert!(report.disagrees());
    }
}

#[test]
fn an_index_that_is_said_to_be_in_itself() {
    // No index can hold its own digest; a registry may claim so.
    let world = merged();
    let fake = Digest::sha256(b"whatever");
    let text = index(&[format!(r#"{{"mediaType":"{OCI_INDEX}","digest":"{fake}","size":10}}"#)]);
    let served = text.clone();
    let server = world.serve_with(move |seen| {
        let is_it = seen.path().ends_with(fake.as_str());
        is_it.then(|| Reply::Whole(Answer::new(200, OCI_INDEX, served.clone())))
    });
    let layout = world.layout("acme/app");
    // Written as the layout would not: what it names is not there.
    let manifest = Manifest::new(OCI_INDEX, text.into_bytes());
    std::fs::write(layout.path().join("blobs/sha256").join(manifest.digest.hex()), &manifest.bytes).unwrap();
    let name = format!("{}/acme/app@{}", server.host(), manifest.digest);
    found(&of(&world, &[&name]), &["nested-index", "digest-mismatch"]);
}

#[test]
fn indexes_that_are_no_text_nested_deeply_or_of_unknown_digests() {
    let world = merged();
    let layout = world.layout("acme/app");
    let other = entries(&world, AMD64)[0].digest.to_string();
    for (content, expected) in [
        (vec![0xff, 0xfe, 0x00], "expected value"),
        (b"[".repeat(1 << 20), "EOF while parsing"),
        (b"{\"manifests\":[".repeat(1 << 16), "EOF while parsing"),
        (
            index(&[format!(r#"{{"digest":"md5:{}"}}"#, "0".repeat(32))]).into_bytes(),
            "\"md5\" is not supported",
        ),
        (index(&[r#"{"digest":"sha256:XY"}"#.into()]).into_bytes(), "entry 1 of the index"),
        (br#"{"manifests":[]}"#.to_vec(), ""),
    ] {
        let digest = Digest::sha256(&content);
        std::fs::write(layout.path().join("blobs/sha256").join(digest.hex()), &content).unwrap();
        let is_it = digest.to_string();
        let server = world.serve_with(move |seen| {
            let is_it = seen.path().ends_with(&is_it);
            is_it.then(|| Reply::Whole(Answer::new(200, OCI_INDEX, content.clone())))
        });
        let report = of(&world, &[&format!("{}/acme/app@{digest}", server.host())]);
        if expected.is_empty() {
            found(&report, &[]);
        } else {
            found(&report, &["invalid-manifest"]);
            assert!(report.findings[0].message.contains(expected), "{:?}", report.findings);
        }
    }
    assert!(layout.head_blob(&other.parse().unwrap()).unwrap().is_some());
}

#[test]
fn ten_thousand_children_are_not_asked_for() {
    let mut world = merged();
    let build = world.build(&["acme/app"], Build::new("x", "linux/amd64").plain());
    let entry = format!(r#"{{"mediaType":"a/b","digest":"{build}","size":1}}"#);
    let many = put(&world.layout("acme/app"), OCI_INDEX, &index(&vec![entry; 10_000]));
    put_tag(&world.layout("acme/app"), "many", &many);
    let server = world.serve();
    found(&of(&world, &[&format!("{}/acme/app:many", server.host())]), &["too-many-manifests"]);
    assert_eq!(server.lines().len(), 2, "the tag and the index");
}

#[test]
fn digests_of_other_algorithms_are_verified_too() {
    let world = merged();
    let layout = world.layout("acme/app");
    let mut all = entries(&world, AMD64);
    let manifest = super::desk::manifest(&world, &all[0].digest);
    let long: Digest = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
    let digest = long.recompute(&manifest.bytes);
    let renamed = Manifest { digest: digest.clone(), ..manifest };
    layout.put_manifest(&digest.clone().into(), &renamed).unwrap();
    all[0].digest = digest.clone();
    all.truncate(1);
    put_tag(&layout, "long", &index_of(&all));
    found(&of(&world, &["oci-layout:acme/app:long"]), &[]);
    std::fs::write(layout.path().join("blobs/sha512").join(digest.hex()), "{}").unwrap();
    found(&of(&world, &["oci-layout:acme/app:long"]), &["digest-mismatch"]);
    remove(&layout, &digest);
    found(&of(&world, &["oci-layout:acme/app:long"]), &["manifest-missing"]);
    // A registry that knows sha256 alone says so.
    let server = world.serve_with(move |seen| {
        seen.path().contains("sha512").then(|| Reply::Whole(Answer::error(400, "DIGEST_INVALID")))
    });
    let report = of(&world, &[&format!("{}/acme/app:long", server.host())]);
    found(&report, &["refused"]);
    assert!(report.findings[0].message.contains("DIGEST_INVALID"), "{:?}", report.findings);
}

#[test]
fn a_registry_that_fails_is_a_failure_and_hides_no_findings() {
    let world = changed(|all| all[1].annotations.clear());
    let server = world.serve_with(|_| Some(Reply::Whole(Answer::error(500, "UNKNOWN"))));
    let report = of_plan(&world, &plan(&[APP, &format!("{}/acme/app", server.host())]));
    let failures: Vec<_> = report.failures.iter().map(|failure| failure.code.name()).collect();
    assert_eq!(failures, ["registry-failed"]);
    assert_eq!(report.findings[0].code.name(), "unknown-platform");
    assert!(!report.ok);
    retag(&world, &index_of(&entries(&world, AMD64)));
    let server = world.serve_with(|_| Some(Reply::Whole(Answer::error(429, "TOOMANYREQUESTS"))));
    let report = of(&world, &[&format!("{}/acme/app", server.host())]);
    assert_eq!(report.failures[0].code.name(), "registry-rate-limited");
    assert!(report.findings.is_empty());
}
