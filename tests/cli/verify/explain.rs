//! Why an image does not work that nobody planned: the two questions behind `--explain`, and digests that errors name.

use bakeplan::internals::oci::OCI_MANIFEST;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;
use bakeplan::internals::verify::explain::{Case, LocalList, sort};
use bakeplan::internals::verify::report::Report;

use super::desk::{self, codes, entries, found, index_of, manifest, merged};
use crate::loopback::{Answer, Reply, Server};
use crate::merge::world::{Build, World, image, put, put_tag, remove};

const AMD64: &str = "app-linux-amd64";
const ARM64: &str = "app-linux-arm64";

fn case(arguments: &[String], local: Option<LocalList>) -> Case {
    let (targets, digests) = sort(arguments).unwrap();
    let mut targets = targets.into_iter();
    Case { subject: targets.next().unwrap(), sources: targets.collect(), digests, local }
}

fn explain(world: &World, arguments: &[String]) -> Report {
    desk::explain(world, &case(arguments, None))
}

/// What was found of a kind.
fn finding<'r>(report: &'r Report, code: &str) -> &'r bakeplan::internals::verify::finding::Finding {
    let found = report.findings.iter().find(|finding| finding.code.name() == code);
    found.unwrap_or_else(|| panic!("no {code} in {:#?}", report.findings))
}

/// Two builds in repositories of their own, as `app-amd64:1` and `app-arm64:1`.
fn apart() -> (World, Server) {
    let mut world = World::new();
    for (leg, repository, platform) in
        [(AMD64, "acme/app-amd64", "linux/amd64"), (ARM64, "acme/app-arm64", "linux/arm64")]
    {
        let digest = world.build(&[repository], Build::new(leg, platform).plain());
        let layout = world.layout(repository);
        let manifest = layout.get_manifest(&digest.into()).unwrap().unwrap();
        put_tag(&layout, "1", &manifest);
    }
    world.layout("acme/app");
    let server = world.serve();
    (world, server)
}

#[test]
fn a_list_whose_images_are_in_other_repositories() {
    let (world, server) = apart();
    let name = |repository: &str| format!("{}/acme/{repository}:1", server.host());
    let arguments = [name("app"), name("app-amd64"), name("app-arm64")];
    let report = explain(&world, &arguments);
    found(&report, &["tag-missing", "in-other-repository", "in-other-repository"]);
    let message = &report.findings[1].message;
    let (here, there) = (format!("{}/acme/app", server.host()), format!("{}/acme/app-amd64", server.host()));
    assert!(
        message.contains("linux/amd64") && message.ends_with(&format!("is in `{there}`, not in `{here}`")),
        "{message}"
    );
    assert!(report.disagrees());
    assert!(report.facts[0].ends_with("is not there"), "{:?}", report.facts);
    assert!(!report.facts.iter().any(|fact| fact.contains("nothing is wrong")), "{:?}", report.facts);
    // The error of the push names a layer.
    let image =
        world.layout("acme/app-amd64").get_manifest(&world.built[AMD64].clone().into()).unwrap().unwrap();
    let parsed: bakeplan::internals::oci::ImageManifest = serde_json::from_slice(&image.bytes).unwrap();
    let mut arguments = arguments.to_vec();
    arguments.push(parsed.layers[0].digest.to_string());
    let report = explain(&world, &arguments);
    let told =
        report.findings.iter().find(|one| one.digest.as_ref() == Some(&parsed.layers[0].digest)).unwrap();
    assert_eq!(told.code.name(), "in-other-repository");
    assert!(told.message.contains("layer 1 of 1 of linux/amd64"), "{}", told.message);
}

#[test]
fn a_list_of_an_older_build_on_this_machine() {
    let (mut world, server) = apart();
    let old = world.built[AMD64].clone();
    let mut local = LocalList { path: "/home/a/.docker/manifests/x".into(), ..LocalList::default() };
    for (leg, repository, architecture) in [(AMD64, "app-amd64", "amd64"), (ARM64, "app-arm64", "arm64")] {
        local.add(&format!(
            r#"{{"Ref":"{}/acme/{repository}:1","Descriptor":{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":1,
                "platform":{{"architecture":"{architecture}","os":"linux"}}}}}}"#,
            server.host(),
            world.built[leg]
        ));
    }
    // The registry has a new one, and the old one is gone.
    let new = world.build(&["acme/app-amd64"], Build::new(AMD64, "linux/amd64").plain().salt("new"));
    let layout = world.layout("acme/app-amd64");
    put_tag(&layout, "1", &layout.get_manifest(&new.clone().into()).unwrap().unwrap());
    remove(&layout, &old);
    let subject = format!("{}/acme/app:1", server.host());
    let report = desk::explain(&world, &case(std::slice::from_ref(&subject), Some(local)));
    found(&report, &["tag-missing", "stale-list", "in-other-repository"]);
    let finding = finding(&report, "stale-list");
    assert!(finding.message.contains(old.as_str()), "{}", finding.message);
    assert!(finding.notes[0].ends_with(&format!("is {new} now")), "{:?}", finding.notes);
    assert!(finding.cure.contains(&format!("docker manifest rm {subject}")), "{}", finding.cure);
}

#[test]
fn an_image_that_old_clients_do_not_find() {
    let world = merged();
    put_tag(&world.layout("acme/app"), "one", &manifest(&world, &world.built[AMD64]));
    let server = world.serve_with(|seen| {
        let is_old = seen.path().contains("/manifests/") && !seen.header("accept").contains("oci");
        is_old.then(|| {
            let words = "OCI index found, but accept header does not support OCI indexes";
            let body = format!(r#"{{"errors":[{{"code":"MANIFEST_UNKNOWN","message":"{words}"}}]}}"#);
            Reply::Whole(Answer::json(404, body))
        })
    });
    let report = explain(&world, &[format!("{}/acme/app:one", server.host())]);
    found(&report, &["is-an-index", "docker-types-only"]);
    assert!(!report.disagrees());
    assert!(finding(&report, "is-an-index").message.ends_with("1 image, 1 attestation"));
    let told = finding(&report, "docker-types-only");
    assert!(told.message.contains("accept header does not support OCI indexes"), "{}", told.message);
    let facts = report.facts.join("\n");
    assert!(facts.contains("is an index: application/vnd.oci.image.index.v1+json"), "{facts}");
    // Notes are worth knowing, and whoever asks what is wrong gets an answer.
    let fine = format!("nothing is wrong with {}/acme/app:one", server.host());
    assert_eq!(report.facts.last(), Some(&fine));
    assert!(
        facts.contains("linux/amd64") && facts.contains("1 layer") && facts.contains("attested"),
        "{facts}"
    );
    // An image of Docker's types has none of these problems.
    let mut world = merged();
    let digest = world.build(&["acme/app"], Build::new("old", "linux/amd64").docker());
    put_tag(&world.layout("acme/app"), "old", &manifest(&world, &digest));
    found(&explain(&world, &["oci-layout:acme/app:old".into()]), &[]);
}

#[test]
fn all_is_there_but_the_list() {
    let world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    for leg in [AMD64, ARM64] {
        put_tag(&layout, &format!("1-{}", &leg[10..]), &manifest(&world, &world.built[leg]));
    }
    let server = world.serve();
    let name = |tag: &str| format!("{}/acme/app:{tag}", server.host());
    let report = explain(&world, &[name("1"), name("1-amd64"), name("1-arm64")]);
    found(&report, &["not-merged", "is-an-index", "is-an-index"]);
    let cure = &finding(&report, "not-merged").cure;
    assert!(
        cure.contains(&format!("imagetools create -t {} {} {}", name("1"), name("1-amd64"), name("1-arm64"))),
        "{cure}"
    );
    // Without being told, it says what there is.
    let report = explain(&world, &[name("1")]);
    found(&report, &["tag-missing"]);
    assert!(report.facts.iter().any(|fact| fact.ends_with(&name("1-amd64"))), "{:?}", report.facts);
}

#[test]
fn digests_are_told_what_they_are() {
    let world = merged();
    let image = entries(&world, AMD64)[0].digest.clone();
    let parsed: bakeplan::internals::oci::ImageManifest =
        serde_json::from_slice(&manifest(&world, &image).bytes).unwrap();
    let (config, layer) = (parsed.config.digest.clone(), parsed.layers[0].digest.clone());
    let subject = "oci-layout:acme/app:1".to_owned();
    let told = |digest: &Digest, code: &str| {
        let report = explain(&world, &[subject.clone(), digest.to_string()]);
        let found = report.findings.iter().filter(|one| one.digest.as_ref() == Some(digest));
        let found = found.filter(|one| one.code.name() == code).map(|one| one.message.clone()).next();
        found.unwrap_or_else(|| panic!("{:#?}", report.findings))
    };
    assert!(told(&config, "role").contains("is the configuration of linux/amd64, and is in"));
    assert!(told(&layer, "role").contains("is layer 1 of 1 of linux/amd64, and is in"));
    assert!(told(&image, "role").contains("is the manifest of linux/amd64, and is in"));
    assert!(told(&Digest::sha256(b"?"), "manifest-missing").contains("not found here"));
    remove(&world.layout("acme/app"), &layer);
    assert!(told(&layer, "blob-missing").contains("layer 1 of 1 of linux/amd64"));
}

#[test]
fn attestations_that_gitlab_does_not_take() {
    let mut world = World::new();
    world.build(&["acme/app"], Build::new(AMD64, "linux/amd64"));
    let layout = world.layout("acme/app");
    let build = layout.get_manifest(&world.built[AMD64].clone().into()).unwrap().unwrap();
    let mut all = serde_json::from_slice::<bakeplan::internals::oci::Index>(&build.bytes).unwrap().manifests;
    let text = image(&layout, OCI_MANIFEST, "{}", &["a statement".into()]);
    let text = text.replacen('{', &format!(r#"{{"subject":{},"#, serde_json::to_string(&all[0]).unwrap()), 1);
    let attestation = put(&layout, OCI_MANIFEST, &text);
    (all[1].digest, all[1].size) = (attestation.digest.clone(), attestation.bytes.len() as i64);
    put_tag(&layout, "1", &index_of(&all));
    let subject = "oci-layout:acme/app:1".to_owned();
    assert!(!codes(&explain(&world, std::slice::from_ref(&subject))).contains(&"attestation-subject"));
    // The error of the push named the image.
    let report = explain(&world, &[subject, all[0].digest.to_string()]);
    assert!(finding(&report, "attestation-subject").cure.contains("oci-artifact=false"));
}
