//! Rows of the decision table in a real registry, and the two post-mortems with real builds and a real `docker manifest`.

use std::process::Command;

use bakeplan::internals::oci::{Descriptor, DescriptorPlatform, ImageManifest, Index, OCI_INDEX};
use bakeplan::internals::reference::{Digest, Repository};
use bakeplan::internals::registry::{Client, Manifest, RemoteRepository, Settings, Store, TagOrDigest};
use serde_json::Value;

use super::engine::{Project, engine, need};
use super::registry::Repository as Raw;

/// The tags of the planned image.
const TAGS: [&str; 4] = ["1.4.2", "1.4", "1", "latest"];

fn open(name: &str) -> RemoteRepository {
    let client = Client::new(&Settings::default()).expect("there is nothing to go wrong");
    client.repository(&name.parse::<Repository>().expect("it is a repository"))
}

fn at(tag: &str) -> TagOrDigest {
    TagOrDigest::Tag(tag.parse().expect("it is a tag"))
}

#[track_caller]
fn get(repository: &RemoteRepository, at: &TagOrDigest) -> Manifest {
    repository.get_manifest(at).expect("it is served").expect("it is there")
}

#[track_caller]
fn entries(repository: &RemoteRepository, tag: &str) -> Vec<Descriptor> {
    let manifest = get(repository, &at(tag));
    serde_json::from_slice::<Index>(&manifest.bytes).expect("it is an index").manifests
}

fn index_of(entries: &[Descriptor]) -> Manifest {
    let index = Index {
        schema_version: 2,
        media_type: OCI_INDEX.into(),
        manifests: entries.to_vec(),
        ..Index::default()
    };
    Manifest::new(OCI_INDEX, serde_json::to_vec(&index).expect("it is JSON"))
}

fn retag(repository: &RemoteRepository, manifest: &Manifest) {
    TAGS.iter().for_each(|tag| repository.put_manifest(&at(tag), manifest).expect("it is whole"));
}

/// Runs `bakeplan verify --format json`: its exit code and what it found.
#[track_caller]
fn verify(project: &Project, arguments: &[&str]) -> (i32, Vec<Value>) {
    let all: Vec<_> = ["verify", "--format", "json"].into_iter().chain(arguments.iter().copied()).collect();
    let output = project.run_bakeplan(&all);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("error"), "{arguments:?}: {stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    let findings = report["findings"].as_array().expect("there is a list").clone();
    (output.status.code().expect("it ends by itself"), findings)
}

/// It ends so, and finds exactly this.
#[track_caller]
fn finds(project: &Project, arguments: &[&str], status: i32, expected: &[&str]) -> Vec<Value> {
    let (code, findings) = verify(project, arguments);
    let names: Vec<_> = findings.iter().map(|one| one["code"].as_str().unwrap_or_default()).collect();
    assert_eq!((code, names.as_slice()), (status, expected), "{arguments:?}: {findings:#?}");
    findings
}

fn text<'v>(finding: &'v Value, member: &str) -> &'v str {
    finding[member].as_str().unwrap_or_default()
}

/// A planned image and another one in the same repository, both built for two platforms, and nothing merged.
fn built(name: &str) -> (Project, String) {
    let project = Project::new(engine(), name);
    let app = project.repository(0, "app");
    let spec = format!(
        r#"
        target "app" {{
          platforms = ["linux/amd64", "linux/arm64"]
        }}
        target "other" {{
          args = {{ WORD = "other" }}
          platforms = ["linux/amd64", "linux/arm64"]
        }}
        image "app" {{
          repositories = ["{app}"]
          version = "1.4.2"
        }}
        image "other" {{
          repositories = ["{app}"]
          tags = ["other"]
        }}
        "#
    );
    let dockerfile =
        "FROM scratch\nARG WORD=app TARGETARCH\nLABEL word=$WORD\nCOPY files/$TARGETARCH /arch\n";
    let project = project
        .file("docker-bake.hcl", &spec)
        .file("Dockerfile", dockerfile)
        .file("files/amd64", "amd64")
        .file("files/arm64", "arm64");
    project.bakeplan(&["plan", "--out", "out", "app", "other"]);
    project.run_jobs();
    // What is verified is the one image.
    project.bakeplan(&["plan", "--out", "one", "app"]);
    (project, app)
}

const PLANNED: [&str; 4] = ["--plan", "one/plan.json", "--metadata", "metadata"];

#[test]
fn what_is_done_to_a_published_image_is_named() {
    let (project, app) = built("verify");
    let repository = open(&app);
    // Before the merge the repository has digests, and by its own words does not exist.
    assert_eq!(repository.list_tags().expect("it is answered"), []);
    finds(&project, &PLANNED, 4, &["not-merged"]);
    let arm64: std::collections::BTreeMap<String, Value> = project.json("metadata/app-linux-arm64.json");
    let pair = format!("app-linux-arm64={}", text(&arm64["app-linux-arm64"], "containerimage.digest"));
    let never = format!("app-linux-amd64={}", Digest::sha256(b"nobody pushed this"));
    let told =
        finds(&project, &["--plan", "one/plan.json", "--metadata", &never, &pair], 4, &["build-missing"]);
    assert!(text(&told[0], "message").contains("app-linux-amd64"), "{told:?}");

    project.bakeplan(&["merge", "--plan", "out/plan.json", "--metadata", "metadata"]);
    finds(&project, &PLANNED, 0, &[]);
    finds(&project, &["--plan", "one/plan.json"], 0, &[]);
    finds(&project, &[&format!("{app}:1.4.2"), &format!("{app}:other")], 0, &[]);

    let whole = get(&repository, &at("1.4.2"));
    let all = entries(&repository, "1.4.2");
    let [amd64, attestation, arm64, _] = all.as_slice() else { panic!("two images, two attestations") };
    // A push under the tag, with attestations and without.
    let pushed = pair.split_once('=').expect("it is a pair").1.parse::<Digest>().expect("it is a digest");
    for digest in [&pushed, &arm64.digest] {
        retag(&repository, &get(&repository, &digest.clone().into()));
        finds(&project, &PLANNED, 4, &["overwritten-tag"]);
    }
    retag(&repository, &index_of(&[attestation.clone(), amd64.clone()]));
    finds(&project, &PLANNED, 4, &["platform-missing"]);
    retag(&repository, &get(&repository, &at("other")));
    let told = finds(&project, &PLANNED, 4, &["other-build", "other-build"]);
    assert!(text(&told[0], "message").contains("linux/amd64"), "{told:?}");
    retag(&repository, &whole);
    project.buildx(&[
        "imagetools",
        "create",
        "--append",
        "-t",
        &format!("{app}:1.4.2"),
        &format!("{app}:other"),
    ]);
    finds(&project, &[&format!("{app}:1.4.2")], 4, &["platform-twice", "platform-twice"]);
    retag(&repository, &whole);
    finds(&project, &PLANNED, 0, &[]);

    let named = |tag: &str, entries: &[Descriptor], status, expected: &[&str]| {
        repository.put_manifest(&at(tag), &index_of(entries)).expect("its children are there");
        finds(&project, &[&format!("{app}:{tag}")], status, expected);
    };
    named("orphan", &[attestation.clone(), arm64.clone()], 0, &["orphan-attestation"]);
    let unmarked = Descriptor { annotations: Default::default(), ..attestation.clone() };
    named("unmarked", &[amd64.clone(), unmarked], 4, &["unknown-platform"]);
    named("nested", &[whole.descriptor()], 4, &["nested-index"]);
    let (os, architecture) = ("linux".to_owned(), "s390x".to_owned());
    let platform = Some(DescriptorPlatform { os, architecture, ..DescriptorPlatform::default() });
    named("renamed", &[Descriptor { platform, ..amd64.clone() }], 4, &["wrong-platform"]);
}

/// Deletes.
#[track_caller]
fn delete(repository: &str, what: &str) {
    let status = Raw::new(repository).delete(what);
    assert_eq!(
        status, 202,
        "DELETE {what}: 405 comes from an old engine; start it anew with `tests/engine/up`"
    );
}

#[test]
fn what_a_clean_up_took_is_named() {
    let (project, app) = built("clean-up");
    project.bakeplan(&["merge", "--plan", "out/plan.json", "--metadata", "metadata"]);
    let repository = open(&app);
    // An index of an older build whose image is gone.
    let whole = get(&repository, &at("1.4.2"));
    let old = entries(&repository, "other");
    retag(&repository, &get(&repository, &at("other")));
    delete(&app, &format!("manifests/{}", old[0].digest));
    let told = finds(&project, &PLANNED, 4, &["stale-list", "other-build"]);
    assert!(text(&told[0], "cure").contains("docker manifest rm"), "{told:?}");
    retag(&repository, &whole);
    finds(&project, &PLANNED, 0, &[]);
    let told = finds(&project, &[&format!("{app}:other")], 4, &["manifest-missing"]);
    assert!(text(&told[0], "message").contains("linux/amd64"), "{told:?}");

    let all = entries(&repository, "1.4.2");
    let image = get(&repository, &all[2].digest.clone().into());
    let image: ImageManifest = serde_json::from_slice(&image.bytes).expect("it is an image");
    delete(&app, &format!("blobs/{}", image.layers[0].digest));
    let told = finds(&project, &PLANNED, 4, &["blob-missing"]);
    let message = text(&told[0], "message");
    assert!(message.starts_with("layer 1 of 1 of linux/arm64, ") && message.contains(" bytes)"), "{message}");
    assert_eq!(told[0]["references"].as_array().map(Vec::len), Some(4));
}

/// Builds one platform and pushes it under a tag.
fn push(project: &Project, reference: &str, platform: &str, word: &str, provenance: bool) {
    let provenance = format!("--provenance={provenance}");
    let word = format!("WORD={word}");
    project.buildx(&[
        "build",
        "--platform",
        platform,
        "--build-arg",
        &word,
        &provenance,
        "--push",
        "--tag",
        reference,
        ".",
    ]);
}

fn story(name: &str) -> Project {
    let project = Project::new(engine(), name);
    let dockerfile = "FROM scratch\nARG WORD\nLABEL word=$WORD\nCOPY file /file\n";
    project.file("Dockerfile", dockerfile).file("file", name)
}

/// What `docker manifest …` complains about; none when it complains about nothing.
fn docker(project: &Project, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(need("BAKEPLAN_DOCKER"));
    command.arg("manifest").args(arguments).env("DOCKER_CONFIG", project.scratch_folder());
    let output = command.output().expect("it starts");
    Some(String::from_utf8_lossy(&output.stderr).into_owned()).filter(|_| !output.status.success())
}

#[test]
fn blob_unknown_since_the_images_are_in_other_repositories() {
    let project = story("apart");
    let names = ["app", "app-amd64", "app-arm64"].map(|name| project.repository(0, name));
    let references = names.clone().map(|name| format!("{name}:1"));
    push(&project, &references[1], "linux/amd64", "a", false);
    push(&project, &references[2], "linux/arm64", "a", false);
    let (app, source) = (open(&names[0]), open(&names[1]));
    let image = get(&source, &at("1"));
    let list = index_of(&[image.descriptor()]);
    let refused = app.put_manifest(&at("1"), &list).expect_err("its child is elsewhere");
    assert!(refused.entries().iter().any(|entry| entry.code == "MANIFEST_BLOB_UNKNOWN"), "{refused}");
    assert_eq!(refused.named_digests(), std::slice::from_ref(&image.digest));
    let [subject, first, second] = references.each_ref().map(String::as_str);
    let arguments = ["--explain", subject, first, second, image.digest.as_str()];
    let told = finds(
        &project,
        &arguments,
        4,
        &["tag-missing", "in-other-repository", "in-other-repository", "in-other-repository"],
    );
    assert!(
        text(&told[1], "message").contains(&format!("is in `{}`, not in `{}`", names[1], names[0])),
        "{told:?}"
    );
    // The image alone, before its blobs.
    let refused =
        app.put_manifest(&image.digest.clone().into(), &image).expect_err("its blobs are elsewhere");
    let config = serde_json::from_slice::<ImageManifest>(&image.bytes).expect("it is an image").config.digest;
    assert!(refused.named_digests().contains(&config), "{refused}");
    let (code, told) = verify(&project, &["--explain", subject, first, config.as_str()]);
    let told = told.iter().find(|one| one["digest"] == config.as_str()).expect("it is told");
    assert_eq!((code, text(told, "code")), (4, "in-other-repository"));
    assert!(text(told, "message").contains("the configuration of linux/amd64"), "{told:?}");
}

#[test]
fn blob_unknown_since_the_list_on_this_machine_is_old() {
    let project = story("amend");
    let project = project.with_scratch_docker_config();
    let app = project.repository(0, "app");
    let (list, source) = (format!("{app}:1"), format!("{app}:1-amd64"));
    push(&project, &source, "linux/amd64", "old", false);
    let old = get(&open(&app), &at("1-amd64")).digest;
    assert_eq!(docker(&project, &["create", "--insecure", &list, &source]), None);
    push(&project, &source, "linux/amd64", "new", false);
    delete(&app, &format!("manifests/{old}"));
    let new = get(&open(&app), &at("1-amd64")).digest;
    let complaint = docker(&project, &["push", "--insecure", &list]).expect("the registry refuses it");
    assert!(complaint.contains("manifest blob unknown"), "{complaint}");
    let told = finds(&project, &["--explain", &list], 4, &["tag-missing", "stale-list"]);
    assert_eq!(text(&told[1], "digest"), old.as_str());
    assert!(told[1]["notes"][0].as_str().is_some_and(|note| note.contains(new.as_str())), "{told:?}");
    // The cure helps.
    assert_eq!(docker(&project, &["rm", &list]), None);
    assert_eq!(docker(&project, &["create", "--insecure", &list, &source]), None);
    assert_eq!(docker(&project, &["push", "--insecure", &list]), None);
    finds(&project, &[&list], 0, &[]);
}

#[test]
fn no_such_manifest_and_is_a_manifest_list() {
    let project = story("attested");
    let app = project.repository(0, "app");
    let source = format!("{app}:1");
    push(&project, &source, "linux/amd64", "a", true);
    let told = finds(&project, &["--explain", &source], 0, &["is-an-index", "docker-types-only"]);
    assert!(text(&told[0], "message").ends_with("1 image, 1 attestation"), "{told:?}");
    assert!(text(&told[1], "message").contains("accept header does not support OCI indexes"), "{told:?}");
    if let Some(complaint) = docker(&project, &["create", "--insecure", &format!("{app}:2"), &source]) {
        assert!(complaint.contains("is a manifest list"), "{complaint}");
    }
    finds(&project, &[&source], 0, &[]);
}

/// The beginning of a program of 64 bits for a machine, as ELF numbers machines.
fn elf(machine: u16) -> Vec<u8> {
    let mut program = b"\x7fELF\x02\x01\x01".to_vec();
    program.resize(16, 0);
    program.extend([2, 0]);
    program.extend(machine.to_le_bytes());
    program.resize(5000, 7);
    program
}

#[test]
fn programs_for_another_machine_are_named_in_real_layers() {
    for (compression, amd64, arm64, status) in
        [("gzip", 62, 183, 0), ("zstd", 62, 183, 0), ("gzip", 62, 62, 4), ("zstd", 183, 183, 4)]
    {
        let project = Project::new(engine(), "content");
        let name = project.repository(0, "acme/app");
        let spec = format!(
            r#"
            target "app" {{
              dockerfile-inline = "FROM scratch\nARG TARGETARCH\nCOPY program-$TARGETARCH /app\nENTRYPOINT [\"/app\"]\n"
              platforms = ["linux/amd64", "linux/arm64"]
              output = ["type=image,compression={compression},force-compression=true,oci-mediatypes=true"]
            }}
            image "app" {{
              repositories = ["{name}"]
              version = "1.4.2"
            }}
            "#
        );
        let project = project.file("docker-bake.hcl", &spec);
        for (architecture, machine) in [("amd64", amd64), ("arm64", arm64)] {
            let path = project.path(&format!("program-{architecture}"));
            std::fs::write(path, elf(machine)).expect("tests can write files");
        }
        project.bakeplan(&["plan", "--out", "out"]);
        project.run_jobs();
        project.bakeplan(&["merge", "--plan", "out/plan.json", "--metadata", "metadata"]);
        let layer = |entry: &Descriptor| {
            let image = get(&open(&name), &entry.digest.clone().into());
            let image: ImageManifest = serde_json::from_slice(&image.bytes).expect("it is an image");
            image.layers[0].media_type.clone()
        };
        let images: Vec<Descriptor> =
            entries(&open(&name), "latest").into_iter().filter(|entry| entry.attested().is_none()).collect();
        assert_eq!(images.len(), 2);
        assert!(images.iter().all(|entry| layer(entry).ends_with(compression)), "{compression}");
        let (code, findings) = verify(&project, &["--content", "--plan", "out/plan.json"]);
        let codes: Vec<&str> = findings.iter().map(|finding| text(finding, "code")).collect();
        let expected: &[&str] = if status == 0 { &[] } else { &["wrong-machine"] };
        assert_eq!(
            (code, codes.as_slice()),
            (status, expected),
            "{compression} {amd64} {arm64}: {findings:?}"
        );
        // Without the option nothing is read.
        finds(&project, &["--plan", "out/plan.json"], 0, &[]);
    }
}
