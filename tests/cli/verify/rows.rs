//! Each row of the decision table, on OCI layouts and servers of our own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bakeplan::internals::merge::Options;
use bakeplan::internals::oci::{Descriptor, DescriptorPlatform, OCI_MANIFEST};
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;
use bakeplan::internals::verify::code::Code;
use bakeplan::internals::verify::report::State;

use super::desk::{APP, changed, entries, found, index_of, manifest, merged, of, of_builds, of_plan, retag};
use crate::loopback::{Answer, Reply};
use crate::merge::plans::{NEW, OLD, built, plan as labelled};
use crate::merge::world::{Build, TAGS, World, image, plan, plan_of, put, put_tag, remove};

const AMD64: &str = "app-linux-amd64";
const ARM64: &str = "app-linux-arm64";

/// Where the blobs of an image's manifest are.
fn blobs(world: &World, digest: &Digest) -> (Digest, Vec<Digest>) {
    let parsed: bakeplan::internals::oci::ImageManifest =
        serde_json::from_slice(&manifest(world, digest).bytes).unwrap();
    (parsed.config.digest, parsed.layers.into_iter().map(|layer| layer.digest).collect())
}

fn platform(os: &str, architecture: &str) -> DescriptorPlatform {
    let (os, architecture) = (os.to_owned(), architecture.to_owned());
    DescriptorPlatform { os, architecture, ..DescriptorPlatform::default() }
}

#[test]
fn what_was_merged_is_right() {
    let world = merged();
    for report in [
        of_plan(&world, &plan(&[APP])),
        of_builds(&world, &plan(&[APP]), &world.metadata()),
        of(&world, &["oci-layout:acme/app:1.4.2", "oci-layout:acme/app:latest"]),
    ] {
        found(&report, &[]);
        assert!(report.ok && !report.disagrees());
        for one in &report.references {
            assert_eq!(
                (one.state, one.platforms.join(" ")),
                (State::Right, "linux/amd64 linux/arm64".into())
            );
        }
    }
}

#[test]
fn tags_that_are_missing() {
    let world = World::with_app(&["acme/app"]);
    let report = of_plan(&world, &plan(&[APP]));
    found(&report, &["tag-missing"]);
    assert_eq!(report.findings[0].references.len(), 4);
    assert!(report.references.iter().all(|one| one.state == State::Missing));
    // The builds are all there.
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &["not-merged"]);
    // One of them was not built.
    let text = format!(r#"{{"{AMD64}":{{"containerimage.digest":"{}"}}}}"#, world.built[AMD64]);
    let report = of_builds(&world, &plan(&[APP]), &text);
    found(&report, &["tag-missing"]);
    assert!(report.findings[0].notes[0].contains(ARM64), "{:?}", report.findings);
    // One of them is gone.
    remove(&world.layout("acme/app"), &world.built[ARM64]);
    let report = of_builds(&world, &plan(&[APP]), &world.metadata());
    found(&report, &["build-missing"]);
    assert_eq!(report.findings[0].digest.as_ref(), Some(&world.built[ARM64]));
    // Its metadata tell when it was built.
    let more = r#""buildx.build.ref":"b/n/1","buildx.build.provenance":{"metadata":{"buildFinishedOn":"2026-11-21T16:00:00Z"}}"#;
    let text = world.metadata().replace("{\"containerimage", &format!("{{{more},\"containerimage"));
    let report = of_builds(&world, &plan(&[APP]), &text);
    assert_eq!(
        report.findings[0].notes,
        ["`m.json` says that it was built at 2026-11-21T16:00:00Z as b/n/1"],
        "{report:?}"
    );
    // One tag alone.
    let world = merged();
    let report = of(&world, &["oci-layout:acme/app:2"]);
    found(&report, &["tag-missing"]);
}

#[test]
fn builds_that_are_whole_but_for_a_layer_are_not_called_unmerged() {
    let world = World::with_app(&["acme/app"]);
    let (_, layers) = blobs(&world, &entries(&world, AMD64)[0].digest);
    remove(&world.layout("acme/app"), &layers[0]);
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &["blob-missing"]);
}

#[test]
fn a_build_that_was_pushed_elsewhere() {
    let mut world = World::new();
    world.build(&["acme/app"], Build::new(AMD64, "linux/amd64"));
    world.build(&["acme/app-arm64"], Build::new(ARM64, "linux/arm64"));
    let server = world.serve();
    let host = server.host();
    let text = format!(
        r#"{{"{AMD64}":{{"containerimage.digest":"{}","image.name":"{host}/acme/app"}},
            "{ARM64}":{{"containerimage.digest":"{}","image.name":"{host}/acme/app-arm64"}}}}"#,
        world.built[AMD64], world.built[ARM64]
    );
    let report = of_builds(&world, &plan(&[&format!("{host}/acme/app")]), &text);
    found(&report, &["in-other-repository"]);
    let message = &report.findings[0].message;
    assert!(
        message.contains(&format!("is in `{host}/acme/app-arm64`, not in `{host}/acme/app`")),
        "{message}"
    );
    assert!(message.contains("linux/arm64"), "{message}");
}

#[test]
fn what_a_list_names_is_gone() {
    let world = merged();
    let image = entries(&world, ARM64)[0].digest.clone();
    remove(&world.layout("acme/app"), &image);
    // The build names it, too: it is not an older one.
    let report = of_builds(&world, &plan(&[APP]), &world.metadata());
    found(&report, &["manifest-missing"]);
    assert_eq!(report.findings[0].references.len(), 4);
    assert!(report.findings[0].message.starts_with("linux/arm64, "), "{}", report.findings[0].message);
}

#[test]
fn a_list_of_an_older_build() {
    let mut world = merged();
    let old = entries(&world, ARM64)[0].digest.clone();
    world.build(&["acme/app"], Build::new(ARM64, "linux/arm64").salt("new"));
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &["other-build"]);
    remove(&world.layout("acme/app"), &old);
    let report = of_builds(&world, &plan(&[APP]), &world.metadata());
    found(&report, &["stale-list"]);
    let new = entries(&world, ARM64)[0].digest.to_string();
    assert!(report.findings[0].notes[0].contains(&new), "{:?}", report.findings);
}

#[test]
fn blobs_that_are_gone() {
    let world = merged();
    let image = entries(&world, AMD64)[0].digest.clone();
    let (config, layers) = blobs(&world, &image);
    remove(&world.layout("acme/app"), &layers[0]);
    let report = of_plan(&world, &plan(&[APP]));
    found(&report, &["blob-missing"]);
    assert!(report.findings[0].message.starts_with("layer 1 of 1 of linux/amd64, "), "{:?}", report.findings);
    remove(&world.layout("acme/app"), &config);
    let report = of_plan(&world, &plan(&[APP]));
    // One cause, one finding.
    found(&report, &["blob-missing"]);
    let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
    assert!(finding.message.starts_with("2 configurations and layers of sha256:"), "{finding:?}");
    assert!(finding.notes[0].starts_with("the configuration of linux/amd64, sha256:"), "{finding:?}");
    assert!(finding.notes[1].starts_with("layer 1 of 1 of linux/amd64, sha256:"), "{finding:?}");
    assert!(finding.cure.starts_with("build that platform again"), "{finding:?}");
}

#[test]
fn a_blob_that_a_sibling_has() {
    let world = World::with_app(&["acme/app", "mirror/app"]);
    let server = world.serve();
    let names = [format!("{}/acme/app", server.host()), format!("{}/mirror/app", server.host())];
    let document = plan(&[&names[0], &names[1]]);
    assert_eq!(world.merge(&document, Options::default()).problems, []);
    let (_, layers) = blobs(&world, &entries(&world, AMD64)[0].digest);
    remove(&world.layout("acme/app"), &layers[0]);
    let report = of_plan(&world, &document);
    found(&report, &["blob-missing"]);
    assert!(report.findings[0].notes[0].contains(&names[1]), "{:?}", report.findings);
    // What the finding recommends.
    assert!(report.findings[0].cure.starts_with("run `bakeplan merge` again"), "{:?}", report.findings);
    assert_eq!(world.merge(&document, Options::default()).problems, []);
    found(&of_plan(&world, &document), &[]);
}

#[test]
fn an_index_where_none_is_planned() {
    let mut world = World::new();
    world.build(&["acme/app"], Build::new(AMD64, "linux/amd64").plain());
    let document = |index: bool| {
        let whole = plan(&[APP]);
        let whole = whole.replacen(r#""app":{"#, &format!(r#""app":{{"index":{index},"#), 1);
        let at = whole.find(r#""app-linux-arm64""#).unwrap();
        format!("{}}}}}}},\"jobs\":[]}}", whole[..at].trim_end().trim_end_matches(','))
    };
    assert_eq!(world.merge(&document(true), Options::default()).problems, []);
    found(&of_plan(&world, &document(true)), &[]);
    found(&of_plan(&world, &document(false)), &["unplanned-index"]);
    let retag = Options { allow_retag: true, ..Options::default() };
    assert_eq!(world.merge(&document(false), retag).problems, []);
    found(&of_plan(&world, &document(false)), &[]);
}

#[test]
fn a_tag_that_platforms_overwrote() {
    let world = merged();
    // Each build with its attestation, and the last one wins.
    retag(&world, &manifest(&world, &world.built[ARM64]));
    let report = of_plan(&world, &plan(&[APP]));
    found(&report, &["overwritten-tag"]);
    assert!(
        report.findings[0]
            .message
            .contains("an index of one platform (linux/arm64), expected linux/amd64, linux/arm64")
    );
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &["overwritten-tag"]);
    // Without attestations.
    retag(&world, &manifest(&world, &entries(&world, ARM64)[0].digest));
    found(&of_plan(&world, &plan(&[APP])), &["overwritten-tag"]);
    found(&of(&world, &["oci-layout:acme/app:1"]), &[]);
}

#[test]
fn platforms_that_are_missing_twice_or_too_much() {
    let world = changed(|all| all.truncate(2));
    // With a note of what was built, this is no push of one platform.
    let amd64 = entries(&world, AMD64);
    retag(&world, &index_of(&[amd64[1].clone(), amd64[0].clone()]));
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &["platform-missing"]);
    let document = plan_of(&[APP], TAGS, r#""version":"1.4.2","#, "drop");
    let text = format!(r#"{{"{AMD64}":{{"containerimage.digest":"{}"}}}}"#, world.built[AMD64]);
    let report = of_builds(&world, &document, &text);
    found(&report, &["platform-missing"]);
    assert!(!report.disagrees(), "the plan lets it be dropped");

    let mut world = merged();
    let old = entries(&world, AMD64);
    world.build(&["acme/app"], Build::new(AMD64, "linux/amd64").salt("new"));
    let new = entries(&world, AMD64);
    let twice = [&new[..], &entries(&world, ARM64)[..], &old[..]].concat();
    retag(&world, &index_of(&twice));
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &["platform-twice"]);
    // The same image twice is untidy, and clients do not mind.
    let world = changed(|all| all.push(all[0].clone()));
    let report = of_plan(&world, &plan(&[APP]));
    found(&report, &["platform-twice"]);
    assert!(!report.disagrees());

    let mut world = merged();
    world.build(&["acme/app"], Build::new("stray", "linux/s390x"));
    let stray = entries(&world, "stray");
    let all = [&entries(&world, AMD64)[..], &entries(&world, ARM64)[..], &stray[..]].concat();
    retag(&world, &index_of(&all));
    found(&of_plan(&world, &plan(&[APP])), &["unplanned-platform"]);
}

#[test]
fn platforms_that_are_not_those_of_the_image() {
    let world = changed(|all| all[0].platform = Some(platform("linux", "s390x")));
    found(&of(&world, &["oci-layout:acme/app:1"]), &["wrong-platform"]);
    let world = changed(|all| all[0].platform = None);
    found(&of_plan(&world, &plan(&[APP])), &["no-platform"]);
    // What one of them leaves out is no difference.
    let world = changed(|all| all[2].platform.as_mut().unwrap().variant = "v8".into());
    found(&of_plan(&world, &plan(&[APP])), &[]);
}

#[test]
fn attestations() {
    let world = changed(|all| all[1].annotations.clear());
    found(&of_plan(&world, &plan(&[APP])), &["unknown-platform"]);
    let world = changed(|all| drop(all.remove(0)));
    let report = of(&world, &["oci-layout:acme/app:1"]);
    found(&report, &["orphan-attestation"]);
    assert!(!report.disagrees());
    let world = changed(|all| drop(all.remove(1)));
    found(&of_plan(&world, &plan(&[APP])), &[]);
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &["attestation-missing"]);
}

#[test]
fn an_attestation_of_another_image() {
    let world = merged();
    let all = [&entries(&world, AMD64)[..], &entries(&world, ARM64)[..]].concat();
    let layout = world.layout("acme/app");
    let subject = |of: &Descriptor| {
        let text = image(&layout, OCI_MANIFEST, "{}", &["a statement".into()]);
        let text = text.replacen('{', &format!(r#"{{"subject":{},"#, serde_json::to_string(of).unwrap()), 1);
        put(&layout, OCI_MANIFEST, &text).descriptor()
    };
    for (about, expected) in [(&all[0], &[][..]), (&all[2], &["wrong-subject"])] {
        let attestation = Descriptor {
            annotations: all[1].annotations.clone(),
            platform: all[1].platform.clone(),
            ..subject(about)
        };
        retag(&world, &index_of(&[all[0].clone(), attestation, all[2].clone()]));
        found(&of_plan(&world, &plan(&[APP])), expected);
    }
}

#[test]
fn an_index_in_an_index() {
    let world = merged();
    let inner = world
        .layout("acme/app")
        .head_manifest(&"1".parse::<bakeplan::internals::reference::Tag>().unwrap().into());
    let inner = inner.unwrap().unwrap();
    retag(&world, &index_of(std::slice::from_ref(&inner)));
    found(&of(&world, &["oci-layout:acme/app:1"]), &["nested-index"]);
    // It may say that it is something else.
    retag(&world, &index_of(&[Descriptor { media_type: OCI_MANIFEST.into(), ..inner }]));
    found(&of(&world, &["oci-layout:acme/app:1"]), &["wrong-media-type", "nested-index", "no-platform"]);
}

#[test]
fn other_builds() {
    let mut world = merged();
    world.build(&["acme/app"], Build::new(AMD64, "linux/amd64").salt("new"));
    let report = of_builds(&world, &plan(&[APP]), &world.metadata());
    found(&report, &["other-build"]);
    let finding = &report.findings[0];
    assert!(finding.message.contains("build `app-linux-amd64` (linux/amd64)"), "{}", finding.message);
    // What was built cannot be looked at any more.
    remove(&world.layout("acme/app"), &world.built[AMD64]);
    let report = of_builds(&world, &plan(&[APP]), &world.metadata());
    found(&report, &["build-gone"]);
    assert!(!report.disagrees());
    // Images without attestations are compared as they are.
    let mut world = World::new();
    world.build(&["acme/app"], Build::new(AMD64, "linux/amd64").plain());
    world.build(&["acme/app"], Build::new(ARM64, "linux/arm64").plain());
    assert_eq!(world.merge(&plan(&[APP]), Options::default()).problems, []);
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &[]);
    world.build(&["acme/app"], Build::new(ARM64, "linux/arm64").plain().salt("new"));
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &["other-build"]);
}

#[test]
fn floating_tags_that_are_behind_a_greater_version() {
    let mut world = World::with_app(&["acme/app"]);
    let [greater, other] = ["greater", "other"].map(|leg| {
        let digest = world.build(&["acme/app"], Build::new(leg, "linux/amd64"));
        world.built.remove(leg);
        digest
    });
    assert_eq!(world.merge(&plan(&[APP]), Options::default()).problems, []);
    let layout = world.layout("acme/app");
    let verified = |world: &World| of_builds(world, &plan(&[APP]), &world.metadata());
    found(&verified(&world), &[]);
    // It was published meanwhile, and `1` and `latest` were not given to it.
    put_tag(&layout, "1.5.0", &manifest(&world, &greater));
    let report = verified(&world);
    found(&report, &["behind-greater", "behind-greater"]);
    assert!(!report.ok);
    assert_eq!(report.findings[0].message, "`1` is not `1.5.0`, the greatest version that is there");
    // They have what is neither.
    for tag in ["1", "latest"] {
        put_tag(&layout, tag, &manifest(&world, &other));
    }
    found(&verified(&world), &["behind-greater", "behind-greater"]);
    for tag in ["1", "latest"] {
        put_tag(&layout, tag, &manifest(&world, &greater));
    }
    found(&verified(&world), &["tag-kept", "tag-kept"]);
    // `1.4` is not for it, and neither are prereleases' tags and days.
    let world = World::with_app(&["acme/app"]);
    assert_eq!(world.merge(&plan(&[APP]), Options::default()).problems, []);
    for tag in ["1.5.0-rc.1", "20260101", "1.3.9"] {
        put_tag(&world.layout("acme/app"), tag, &manifest(&world, &world.built[AMD64]));
    }
    found(&verified(&world), &[]);
}

#[test]
fn floating_tags_that_a_greater_version_keeps() {
    let mut world = World::with_app(&["acme/app"]);
    let greater = world.build(&["acme/app"], Build::new("greater", "linux/amd64"));
    world.built.remove("greater");
    let layout = world.layout("acme/app");
    for tag in ["1.5.0", "1.5", "1", "latest"] {
        put_tag(&layout, tag, &manifest(&world, &greater));
    }
    assert_eq!(world.merge(&plan(&[APP]), Options::default()).problems, []);
    let report = of_builds(&world, &plan(&[APP]), &world.metadata());
    found(&report, &["tag-kept", "tag-kept"]);
    assert!(report.ok && report.references.iter().all(|one| one.state == State::Right));
    // Before the merge, nothing tells whose the floating tags are.
    let world = World::with_app(&["acme/app"]);
    let older = manifest(&world, &world.built[AMD64]);
    put_tag(&world.layout("acme/app"), "latest", &older);
    put_tag(&world.layout("acme/app"), "1.4.1", &older);
    found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &["not-merged"]);
}

#[test]
fn tags_and_repositories_that_disagree() {
    let world = merged();
    let layout = world.layout("acme/app");
    let all = [&entries(&world, ARM64)[..], &entries(&world, AMD64)[..]].concat();
    put_tag(&layout, "1.4", &index_of(&all));
    let report = of_plan(&world, &plan(&[APP]));
    found(&report, &["tags-disagree"]);
    assert_eq!(report.findings[0].notes.len(), 2);
    // The tag that is another is wrong, and the others are not.
    assert_eq!(report.findings[0].references, ["oci-layout://acme/app:1.4"]);
    let states: Vec<_> = report.references.iter().map(|one| one.state).collect();
    assert_eq!(states, [State::Right, State::Wrong, State::Right, State::Right]);
    put_tag(&layout, "latest", &index_of(&all));
    assert_eq!(of_plan(&world, &plan(&[APP])).findings[0].references.len(), 2);
    // It is the version's own tag that differs.
    put_tag(&layout, "1.4.2", &index_of(&all));
    let report = of_plan(&world, &plan(&[APP]));
    assert_eq!(report.findings[0].references, ["oci-layout://acme/app:1"]);

    let world = World::with_app(&["acme/app", "mirror/app"]);
    let (one, two) = (APP, "oci-layout:mirror/app");
    assert_eq!(world.merge(&plan(&[one, two]), Options::default()).problems, []);
    found(&of_plan(&world, &plan(&[one, two])), &[]);
    retag(&world, &index_of(&all));
    let report = of_plan(&world, &plan(&[one, two]));
    found(&report, &["repositories-disagree"]);
    assert_eq!((report.findings[0].references.len(), report.findings[0].notes.len()), (8, 4));
}

#[test]
fn a_tag_that_moved_away_from_its_digest() {
    let world = merged();
    let digest = world.tags("acme/app")["1"].clone();
    let reference = format!("oci-layout:acme/app:1@{digest}");
    found(&of(&world, &[&reference]), &[]);
    put_tag(&world.layout("acme/app"), "1", &manifest(&world, &world.built[AMD64]));
    found(&of(&world, &[&reference]), &["tag-moved"]);
    found(&of(&world, &[&format!("oci-layout:acme/app@{digest}")]), &[]);
}

#[test]
fn annotations_of_the_index() {
    let document = |value: &str| {
        let more = format!(r#""version":"1.4.2","annotations":{{"org.example.a":"{value}"}},"#);
        plan_of(&[APP], TAGS, &more, "hold")
    };
    let world = World::with_app(&["acme/app"]);
    assert_eq!(world.merge(&document("x"), Options::default()).problems, []);
    found(&of_plan(&world, &document("x")), &[]);
    let report = of_plan(&world, &document("y"));
    found(&report, &["wrong-annotations"]);
    assert!(report.findings[0].message.ends_with(r#"`org.example.a` of the index is "x", expected "y""#));
    found(&of_plan(&merged(), &document("y")), &["wrong-annotations"]);
    let described = |value: &str| {
        let build = format!("\"job\":\"a\",\"descriptor_annotations\":{{\"org.example.d\":\"{value}\"}}");
        document("x").replace("\"job\":\"a\"", &build)
    };
    let world = merged();
    world.merge(&described("z"), Options::default());
    found(&of_plan(&world, &described("z")), &[]);
    found(&of_plan(&world, &described("y")), &["wrong-annotations"]);
    // However many there are.
    let report = of_plan(&merged(), &described("z"));
    found(&report, &["wrong-annotations"]);
    assert_eq!(report.findings[0].notes.len(), 2);
}

#[test]
fn media_types_and_sizes() {
    let mut world = merged();
    world.build(&["acme/app"], Build::new(AMD64, "linux/amd64").docker());
    assert_eq!(world.merge(&plan(&[APP]), Options { allow_retag: true, ..Options::default() }).problems, []);
    found(&of_plan(&world, &plan(&[APP])), &["mixed-media-types"]);

    let world = changed(|all| all[0].size += 1);
    found(&of_plan(&world, &plan(&[APP])), &["wrong-size"]);
    let world = merged();
    let (_, layers) = blobs(&world, &entries(&world, AMD64)[0].digest);
    fs::write(world.root().join("acme/app/blobs/sha256").join(layers[0].hex()), "half").unwrap();
    // A registry would say how many bytes it has. A layout is read, and what has other bytes has another digest.
    let report = of_plan(&world, &plan(&[APP]));
    found(&report, &["digest-mismatch"]);
    assert!(report.findings[0].message.contains(layers[0].as_str()));
}

#[test]
fn builds_of_another_plan() {
    for attested in [true, false] {
        let mut world = built(&["acme/app"], OLD, OLD, attested);
        let document = |labels, annotations| labelled(&[APP], labels, annotations, "hold");
        // A plan that says nothing of labels lets the builds of another through.
        world.build(&["acme/app"], Build::new(ARM64, "linux/arm64").labelled(NEW, NEW));
        assert_eq!(world.merge(&document("", ""), Options::default()).problems, []);
        let metadata = world.metadata();
        for (labels, annotations) in [(OLD, OLD), (OLD, ""), ("", OLD)] {
            let report = of_builds(&world, &document(labels, annotations), &metadata);
            found(&report, &["other-plan"]);
            let finding = &report.findings[0];
            let text = format!("{} {:?}", finding.message, finding.notes);
            for part in ["image `app`: build `app-linux-arm64`", "8.0.5", "8.1.0-rc.2", "m.json"] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert_eq!(finding.references.len(), 4);
            found(&of_plan(&world, &document(labels, annotations)), &["other-plan"]);
        }
        found(&of_builds(&world, &document("", ""), &metadata), &[]);
        found(&of_plan(&world, &document("", "")), &[]);
        // The builds of this plan are not the tag's, and that is told once.
        let mut own = built(&["acme/app"], OLD, OLD, attested);
        std::mem::swap(&mut own.built, &mut world.built);
        world.build(&["acme/app"], Build::new(ARM64, "linux/arm64").labelled(OLD, OLD));
        found(&of_builds(&world, &document(OLD, OLD), &world.metadata()), &["other-build"]);
        assert_eq!(world.merge(&document(OLD, OLD), Options::default()).problems, []);
        found(&of_builds(&world, &document(OLD, OLD), &world.metadata()), &[]);
    }
    // Before the merge: it would be refused.
    let world = built(&["acme/app"], NEW, "", true);
    let report = of_builds(&world, &labelled(&[APP], OLD, "", "hold"), &world.metadata());
    found(&report, &["other-plan", "other-plan"]);
}

#[test]
fn what_has_urls_need_not_be_here() {
    let world = merged();
    let layout = world.layout("acme/app");
    let text =
        image(&layout, OCI_MANIFEST, r#"{"os":"windows","architecture":"amd64"}"#, &["a layer".into()]);
    let text = text.replace(r#""layers":[{"#, r#""layers":[{"urls":["https://example.org/layer"],"#);
    let foreign = put(&layout, OCI_MANIFEST, &text);
    let layer = blobs(&world, &foreign.digest).1.remove(0);
    remove(&layout, &layer);
    put_tag(&layout, "w", &foreign);
    found(&of(&world, &["oci-layout:acme/app:w"]), &[]);
}

#[test]
fn floating_tags_where_nobody_may_list() {
    let world = merged();
    let other = index_of(&entries(&world, "app-linux-amd64"));
    let layout = world.layout("acme/app");
    layout.put_manifest(&other.digest.clone().into(), &other).unwrap();
    put_tag(&layout, "latest", &other);
    for status in [401, 403, 404, 405] {
        let server = world.serve_with(move |seen| {
            seen.path().ends_with("/tags/list").then(|| Reply::Whole(Answer::error(status, "DENIED")))
        });
        // Only the one that is not the version's own is in question.
        let report = of_plan(&world, &plan(&[&format!("{}/acme/app", server.host())]));
        found(&report, &["unlisted-tags", "unknown-version"]);
        assert!(report.findings[0].message.starts_with("`latest` has another digest than the version"));
        assert!(!report.disagrees());
    }
}

#[test]
fn each_code_is_in_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/verify");
    let texts = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let text: String = texts.collect();
    let untested: BTreeSet<_> = Code::ALL
        .iter()
        .map(|code| code.name())
        .filter(|name| !text.contains(&format!("\"{name}\"")))
        .collect();
    assert_eq!(untested, BTreeSet::new());
}
