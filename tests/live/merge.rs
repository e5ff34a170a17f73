//! `bakeplan merge` after real builds: the tags are those that `docker buildx imagetools create` makes, byte for byte.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bakeplan::internals::merge::report::Report;
use bakeplan::internals::merge::{self, MergeTools, Options};
use bakeplan::internals::published::metadata::Metadata;
use bakeplan::internals::published::planned::Planned;
use bakeplan::internals::published::progress::Quiet;
use bakeplan::internals::published::sites::Site;
use bakeplan::internals::registry::{Client, Patience, Settings, SystemClock};
use serde_json::Value;

use super::engine::{Plan, Project, engine};
use super::registry::Repository;
use crate::loopback::{Reply, Server};

const MERGE: [&str; 5] = ["merge", "--plan", "out/plan.json", "--metadata", "metadata"];

/// Two versions of an application for two platforms, in two registries; `more` goes into the target.
fn project(name: &str, more: &str) -> (Project, [String; 2]) {
    let project = Project::new(engine(), name);
    let repositories = [project.repository(0, "acme/app"), project.repository(1, "mirror/app")];
    let spec = format!(
        r#"
        target "app" {{
          matrix = {{ version = ["1.4.2", "1.5.0"] }}
          name = "app-${{replace(version, ".", "-")}}"
          args = {{ VERSION = version }}
          platforms = ["linux/amd64", "linux/arm/v7"]
          {more}
        }}
        image "app" {{
          repositories = {repositories:?}
          version = version
        }}
        "#
    );
    let dockerfile =
        "FROM scratch\nARG VERSION TARGETARCH\nLABEL version=$VERSION\nCOPY files/$TARGETARCH /arch\n";
    let project = project.file("docker-bake.hcl", &spec).file("Dockerfile", dockerfile);
    let project = project.file("files/amd64", "amd64").file("files/arm", "arm");
    project.bakeplan(&["plan", "--out", "out"]);
    (project, repositories)
}

/// Annotations whose level depends on the index.
const DESCRIPTORS: &str = r#"
  annotations = ["manifest-descriptor:all=a b", "manifest-descriptor[linux/arm/v7]:arm=<1>",
    "manifest-descriptor[linux/amd64]:over=own", "manifest-descriptor:over=all",
    "manifest[linux/amd64]:own=amd64", "manifest:own=all", "index:i=1"]
  output = ["type=image,annotation-manifest-descriptor.field=f,annotation-manifest[linux/arm/v7].m=v7"]"#;

/// What one build of all platforms annotates is annotated after the split, too.
#[test]
fn annotations_are_those_of_a_build_that_is_not_split() {
    for (name, attest) in [("levels", ""), ("levels-bare", "\nattest = [\"type=provenance,disabled=true\"]")]
    {
        let (project, [repository, _]) = project(name, &format!("{DESCRIPTORS}{attest}"));
        project.run_jobs();
        project.bakeplan(&MERGE);
        let whole = format!("app-1-4-2.tags={repository}:whole");
        project.buildx(&["bake", "--push", "app-1-4-2", "--set", &whole]);
        let registry = Repository::new(&repository);
        let (ours, theirs) = (registry.index("1.4.2"), registry.index("whole"));
        assert_eq!(ours.annotations, theirs.annotations, "{name}");
        let entries = |tag: &str| {
            let answer = registry.manifest(tag);
            let index: Value = serde_json::from_slice(&answer.body).unwrap();
            let all = index["manifests"].as_array().unwrap().iter();
            let images = all.filter(|entry| entry["platform"]["os"] != "unknown");
            images.map(|entry| (entry["platform"].clone(), entry["annotations"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(entries("1.4.2"), entries("whole"), "{name}");
        assert_eq!(entries("whole")[0].1["over"], "own", "{name}");
        for (ours, theirs) in ours.images.iter().zip(&theirs.images) {
            assert_eq!(ours.annotations, theirs.annotations, "{name}: {}", ours.platform);
        }
        assert_eq!(ours.images[0].annotations["own"], "amd64");
    }
}

/// Makes a tag of each image in each repository by `imagetools`; its digest must be that of our tags.
#[track_caller]
fn check_against_imagetools(project: &Project, plan: &Plan, digests: &BTreeMap<String, String>) {
    for (key, image) in &plan.images {
        for repository in &image.repositories {
            let reference = format!("{repository}:check-{key}");
            let mut arguments: Vec<String> =
                ["imagetools", "create", "-t", &reference].map(str::to_owned).to_vec();
            for (key, value) in &image.annotations {
                arguments.extend(["--annotation".to_owned(), format!("index:{key}={value}")]);
            }
            for build in image.builds.values() {
                let platform = build.platform.as_deref().unwrap();
                let of = |(key, value)| format!("manifest-descriptor[{platform}]:{key}={value}");
                let all = build.descriptor_annotations.iter().map(of);
                arguments.extend(all.flat_map(|one| ["--annotation".to_owned(), one]));
            }
            arguments.extend(image.builds.keys().map(|leg| format!("{repository}@{}", digests[leg])));
            project.buildx(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            let registry = Repository::new(repository);
            let theirs = registry.manifest(&format!("check-{key}"));
            for tag in &image.tags {
                let ours = registry.manifest(&tag.name);
                let digest =
                    |answer: &super::registry::Answer| answer.header("docker-content-digest").to_owned();
                assert_eq!(digest(&ours), digest(&theirs), "{repository}:{}", tag.name);
            }
        }
    }
}

#[test]
fn the_tags_are_those_of_imagetools() {
    let annotations = r#"annotations = ["index:org.example.note=<a> & b"]"#;
    let docker = r#"output = ["type=image,oci-mediatypes=false"]
        attest = ["type=provenance,disabled=true"]"#;
    let plain = r#"output = ["type=image,compression=gzip,force-compression=true"]
        attest = ["type=provenance,disabled=true"]"#;
    let descriptors = DESCRIPTORS;
    let bare = &format!("{DESCRIPTORS}\nattest = [\"type=provenance,disabled=true\"]");
    for (name, more) in [
        ("merge", ""),
        ("annotated", annotations),
        ("plain", plain),
        ("docker", docker),
        ("descriptors", descriptors),
        ("bare-descriptors", bare),
    ] {
        let (project, repositories) = project(name, more);
        let digests = project.run_jobs();
        let report: Value =
            serde_json::from_str(&project.bakeplan(&[&MERGE[..], &["--format", "json"]].concat())).unwrap();
        let plan = project.plan();
        for key in plan.images.keys() {
            assert_eq!(report["images"][key]["status"], "published", "{name}");
        }
        check_against_imagetools(&project, &plan, &digests);
        // Again: nothing changes.
        let again = project.bakeplan(&MERGE);
        assert!(again.ends_with("2 images unchanged, 0 tags written\n"), "{again}");
        for repository in &repositories {
            let tags = Repository::new(repository).tags();
            let expected =
                ["1", "1.4", "1.4.2", "1.5", "1.5.0", "check-app-1-4-2", "check-app-1-5-0", "latest"];
            assert_eq!(tags.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{name}");
            check_with_others(&project, &format!("{repository}:latest"), more.contains("compression"));
        }
    }
}

/// Whether other programs accept a tag.
#[track_caller]
fn check_with_others(project: &Project, reference: &str, is_compressed: bool) {
    let inspected = project.buildx(&["imagetools", "inspect", reference]);
    for platform in ["linux/amd64", "linux/arm/v7"] {
        assert!(inspected.contains(platform), "{inspected}");
    }
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().expect("it starts");
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let (repository, tag) = reference.rsplit_once(':').unwrap();
    let served = Repository::new(repository).manifest(tag);
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(crane) = variable("BAKEPLAN_CRANE") {
        // It takes all layers for compressed archives, which attestations are not, nor what dockerd pushes unasked.
        let depth: &[&str] = if is_compressed { &[] } else { &["--fast"] };
        run(&crane, &[&["validate", "--insecure", "--remote", reference], depth].concat());
        let digest = run(&crane, &["digest", "--insecure", reference]);
        assert_eq!(digest.trim(), served.header("docker-content-digest"));
    }
    if let Some(skopeo) = variable("BAKEPLAN_SKOPEO") {
        let reference = format!("docker://{reference}");
        let raw = run(&skopeo, &["inspect", "--tls-verify=false", "--raw", &reference]);
        assert_eq!(raw, String::from_utf8_lossy(&served.body));
    }
}

#[test]
fn without_attestations_the_index_is_that_of_one_build() {
    let engine = engine();
    let project = Project::new(engine, "one-build").env("SOURCE_DATE_EPOCH", "0");
    let repository = project.repository(0, "acme/app");
    let spec = format!(
        r#"target "app" {{
          platforms = ["linux/amd64", "linux/arm64"]
          tags = ["{repository}:1"]
          attest = ["type=provenance,disabled=true"]
          output = ["type=image,oci-mediatypes=true"]
        }}"#
    );
    let project = project.file("docker-bake.hcl", &spec).file("name", "x");
    let project = project.file("Dockerfile", "FROM scratch\nCOPY name /name\n");
    project.bakeplan(&["plan", "app", "--out", "out"]);
    project.run_jobs();
    project.bakeplan(&MERGE);
    let whole = format!("{repository}:whole");
    let output = "type=image,oci-mediatypes=true,push=true";
    let build = [
        "build",
        "--platform",
        "linux/amd64,linux/arm64",
        "--provenance=false",
        "-t",
        &whole,
        "-o",
        output,
        ".",
    ];
    project.buildx(&build);
    let registry = Repository::new(&repository);
    let digest = |tag: &str| registry.find(tag).header("docker-content-digest").to_owned();
    assert_eq!(digest("1"), digest("whole"));
}

/// Gives the project a stand-in for `docker` that has buildx and nothing else.
pub(super) fn with_docker(project: Project) -> Project {
    let buildx = std::env::var("BAKEPLAN_BUILDX").expect("there is an engine");
    let docker = project.scratch("docker", &format!("#!/bin/sh\nshift\nexec '{buildx}' \"$@\"\n"));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&docker, mode).unwrap();
    let folder = std::path::Path::new(&docker).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let names = ["DOCKER_HOST", "DOCKER_CONFIG", "BUILDX_CONFIG", "BUILDX_BUILDER"];
    let inherited = names.map(|name| (name, std::env::var(name).unwrap_or_default()));
    let project = inherited.iter().fold(project, |project, (name, value)| project.env(name, value));
    project.env("PATH", &path)
}

#[test]
fn a_tag_that_moves_with_runs_has_the_annotations_of_the_dry_run() {
    for (name, platforms) in [("runs", r#""linux/amd64", "linux/arm64""#), ("one-run", r#""linux/amd64""#)] {
        let project = Project::new(engine(), name);
        let repository = project.repository(0, "acme/app");
        let spec =
            format!("target \"app\" {{\n  platforms = [{platforms}]\n  tags = [\"{repository}:edge\"]\n}}\n");
        let project = project.file("docker-bake.hcl", &spec).file("name", "x");
        let project = project.file("Dockerfile", "FROM scratch\nCOPY name /name\n");
        let facts =
            ["ref=refs/heads/a&b", "workflow=.github/workflows/ci.yml", "run=7", "commit_time=1700000000"];
        let facts = facts.map(|fact| format!("--fact={fact}"));
        let facts = facts.iter().map(String::as_str);
        project.bakeplan(&["plan", "--out", "out"].into_iter().chain(facts).collect::<Vec<_>>());
        project.run_jobs();
        let table = project.bakeplan(&[&MERGE[..], &["--dry-run"]].concat());
        let line = table.lines().find_map(|line| line.strip_prefix("docker buildx ")).unwrap();
        let line = line.replace(":edge ", ":by-hand ").replace('\'', "");
        assert!(line.contains("index:dev.bakeplan.run.ref=refs/heads/a&b"), "{line}");
        project.buildx(&line.split(' ').collect::<Vec<_>>());
        project.bakeplan(&MERGE);
        let registry = Repository::new(&repository);
        let digest = |tag: &str| registry.find(tag).header("docker-content-digest").to_owned();
        assert_eq!(digest("edge"), digest("by-hand"), "{line}");
        // Again: nothing changes.
        let again = project.bakeplan(&MERGE);
        assert!(again.ends_with("1 image unchanged, 0 tags written\n"), "{again}");
    }
}

#[test]
fn the_lines_of_a_dry_run_and_docker_itself_make_the_same() {
    let (project, repositories) = project("engine", DESCRIPTORS);
    let plan = project.plan();
    let digests = project.run_jobs();
    let table = project.bakeplan(&[&MERGE[..], &["--dry-run"]].concat());
    let lines: Vec<&str> = table.lines().filter(|line| line.starts_with("docker buildx ")).collect();
    assert_eq!(lines.len(), 4, "{table}");
    for repository in &repositories {
        assert!(Repository::new(repository).tags().is_empty(), "a dry run writes nothing");
    }
    let project = with_docker(project);
    project.bakeplan(&[&MERGE[..], &["--engine", "docker"]].concat());
    check_against_imagetools(&project, &plan, &digests);
    for repository in &repositories {
        assert_eq!(Repository::new(repository).tags().len(), 6 + 2);
    }
}

/// What is carried over has no reference that keeps its attestation, so that its entries go to `imagetools` as they are.
#[test]
fn docker_itself_can_carry_a_platform_over() {
    let (project, repositories) = project("carried", "");
    project.run_jobs();
    project.bakeplan(&MERGE);
    let spec =
        project.read("docker-bake.hcl").replace("repositories =", "on_missing = \"carry\"\n  repositories =");
    let project = with_docker(project.file("docker-bake.hcl", &spec).file("files/amd64", "a fix"));
    project.bakeplan(&["plan", "--out", "out"]);
    project.run_jobs();
    let carry = |more: &[&str]| {
        let metadata = ["1-4-2", "1-5-0"].map(|version| format!("metadata/app-{version}-linux-amd64.json"));
        let [first, second] = metadata.each_ref().map(String::as_str);
        let arguments = ["merge", "--plan", "out/plan.json", "--metadata", first, "--metadata", second];
        project.bakeplan(&[&arguments, more].concat())
    };
    let report: Value = serde_json::from_str(&carry(&["--dry-run", "--format", "json"])).unwrap();
    carry(&["--engine", "docker"]);
    for repository in &repositories {
        for (key, tag) in [("app-1-4-2", "1.4.2"), ("app-1-5-0", "latest")] {
            let index = Repository::new(repository).index(tag);
            assert_eq!(report["images"][key]["digest"], index.digest, "{repository}:{tag}");
            assert_eq!(index.platforms(), ["linux/amd64", "linux/arm/v7"]);
            let served: Value = Repository::new(repository).manifest(tag).json();
            assert_eq!(served["manifests"].as_array().unwrap().len(), 4, "with attestations");
        }
    }
    let unchanged = carry(&[]);
    assert!(unchanged.ends_with("2 images unchanged, 0 tags written\n"), "{unchanged}");
}

/// Merges against one repository, one attempt for each request.
fn merge_once(document: &str, metadata: &[String]) -> Report {
    let document = Planned::read("plan.json", document).unwrap();
    let mut built = Metadata::default();
    for text in metadata {
        built.add_text("metadata", text, &|leg| document.legs().contains(leg)).unwrap();
    }
    let patience = Patience { attempts: 1, ..Patience::default() };
    let client = Client::new(&Settings { patience, ..Settings::default() }).unwrap();
    let site = |location: bakeplan::internals::registry::Location| {
        let store = Arc::new(client.repository(location.repository().expect("it is a registry's")));
        Site { location, store }
    };
    let sites: Vec<Site> = document.locations().into_iter().map(site).collect();
    let clock = SystemClock::default();
    let docker: &merge::RunDocker<'_> = &|_| unreachable!("we write ourselves");
    let surroundings = MergeTools {
        sites: &sites,
        clock: &clock,
        progress: &Quiet,
        patience: Duration::from_secs(20),
        docker,
    };
    merge::merge(&document, &built, Options::default(), &surroundings)
}

#[test]
fn a_real_registry_may_be_lost_at_every_request() {
    let (project, repositories) = project("lost", "");
    let _ = project.run_jobs();
    let metadata: Vec<String> = ["amd64", "arm-v7"]
        .into_iter()
        .flat_map(|platform| {
            ["1-4-2", "1-5-0"].map(|version| format!("metadata/app-{version}-linux-{platform}.json"))
        })
        .map(|path| project.read(&path))
        .collect();
    let upstream = project.registry(0).to_owned();
    let path = repositories[0].strip_prefix(&upstream).unwrap().to_owned();
    let plan = project.read("out/plan.json").replace(&repositories[1], "mirror.invalid/app");
    let mut plan: Value = serde_json::from_str(&plan).unwrap();
    let registry = Repository::new(&repositories[0]);
    let (mut at, mut total) = (0, usize::MAX);
    while at <= total {
        let server = Server::proxy(&upstream, move |seen, forward| {
            if at > 0 && seen.number >= at { Reply::Reset } else { Reply::Whole(forward()) }
        });
        // Each try has tags of its own.
        for (_, image) in plan["images"].as_object_mut().unwrap() {
            image["repositories"] = vec![format!("{}{path}", server.host())].into();
            image["version"] = Value::Null;
            for (number, tag) in image["tags"].as_array_mut().unwrap().iter_mut().enumerate() {
                let name = tag["name"].as_str().unwrap();
                let name = name.split('_').next().unwrap();
                tag["name"] = format!("{name}_{at}_{number}").into();
                (tag["class"], tag["form"], tag["family"]) =
                    ("run".into(), "{name}".into(), Vec::<String>::new().into());
            }
        }
        let report = merge_once(&plan.to_string(), &metadata);
        assert_eq!(report.has_failed(), at > 0, "request {at} of {total}: {:?}", report.problems);
        if at == 0 {
            total = server.seen().len();
        }
        let own = format!("_{at}_");
        for tag in registry.tags().iter().filter(|tag| tag.contains(&own)) {
            assert_eq!(registry.index(tag).platforms(), ["linux/amd64", "linux/arm/v7"], "{tag} after {at}");
        }
        let direct = plan.to_string().replace(&server.host(), &upstream);
        let report = merge_once(&direct, &metadata);
        assert_eq!(report.problems, [], "the run after request {at}");
        at += 1;
    }
    assert!(total > 40, "{total}");
}

/// The tags of days that each release has froze `latest` for ever: 2026.09.21 is greater than any 1.x.
#[test]
fn days_of_earlier_releases_do_not_keep_latest() {
    for (name, day) in [
        ("day", r#""{{ date('%Y.%m.%d') }}""#),
        ("day-rule", r#""type=raw,value={{date 'YYYY.M.D'}}""#),
        ("nightly", r#"{ pattern = "{{ date('%Y.%m.%d') }}-{{ sha }}", when = "event != 'push'" }"#),
    ] {
        let project = Project::new(engine(), name);
        let repository = project.repository(0, "acme/app");
        let spec = format!(
            r#"
            variable "VERSION" {{ default = null }}
            target "app" {{
              args = {{ VERSION = VERSION }}
              platforms = ["linux/amd64"]
            }}
            image "app" {{
              repositories = ["{repository}"]
              version = VERSION
              tags = ["{{{{ version }}}}", "api-{{{{ version }}}}", "api-{{{{ major }}}}", "latest", {day}]
            }}
            "#
        )
        .replace("{ default = null }", "{\n  default = null\n}");
        let dockerfile = "FROM scratch\nARG VERSION\nLABEL version=$VERSION\nCOPY Dockerfile /\n";
        let project = project.file("docker-bake.hcl", &spec).file("Dockerfile", dockerfile);
        let release = |version: &str, time: &str, event: &str| {
            let variable = format!("VERSION={version}");
            let (time, event) =
                (format!("--fact=commit_time={time}T10:00:00Z"), format!("--fact=event={event}"));
            let commit = "--fact=commit=5f3c1e0d9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d";
            project.bakeplan(&["plan", "--out", "out", "--var", &variable, &time, &event, commit]);
            project.run_jobs();
            project.bakeplan(&MERGE);
            let served = Repository::new(&repository);
            ["latest", "api-1"].map(|tag| served.index(tag).images[0].label("version").map(str::to_owned))
        };
        let both = |version: &str| [Some(version.to_owned()), Some(version.to_owned())];
        assert_eq!(release("1.2.3", "2026-09-21", "workflow_dispatch"), both("1.2.3"), "{name}");
        assert!(Repository::new(&repository).tags().iter().any(|tag| tag.starts_with("2026.")), "{name}");
        assert_eq!(release("1.2.4", "2026-11-02", "push"), both("1.2.4"), "{name}");
        // A backport takes neither.
        assert_eq!(release("1.1.9", "2026-11-03", "push"), both("1.2.4"), "{name}");
    }
}
