//! The bases of builds, as registries serve them: what `plan --pin-bases` writes, what is known of `ONBUILD`, and which images
//! `plan --stale` builds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use bakeplan::internals::reference::Digest;
use serde_json::{Value, json};

use crate::loopback::{Answer, Server};
use crate::support::{Test, git};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BOTH: [&str; 2] = ["amd64", "arm64"];

type Answers = Arc<Mutex<BTreeMap<String, Answer>>>;

/// A registry that serves what it is given.
struct Registry {
    server: Server,
    answers: Answers,
}

impl Registry {
    fn new() -> Self {
        let answers = Answers::default();
        let served = answers.clone();
        let server = Server::start(move |seen| {
            let missing = || Answer::error(404, "MANIFEST_UNKNOWN");
            let found = served.lock().unwrap().get(seen.path()).cloned();
            let mut answer = match seen.path() {
                "/v2/" => Answer::json(200, "{}"),
                _ => found.unwrap_or_else(missing),
            };
            if seen.method == "HEAD" {
                let length = answer.body.len().to_string();
                answer = answer.header("Content-Length", length);
                answer.body.clear();
            }
            answer
        });
        Self { server, answers }
    }

    fn set(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    fn remove(&self, path: &str) {
        self.answers.lock().unwrap().remove(path).unwrap();
    }

    /// `127.0.0.1:PORT/NAME`
    fn name(&self, name: &str) -> String {
        format!("{}/{name}", self.server.host())
    }

    fn manifest(&self, repository: &str, tag: Option<&str>, kind: &str, content: &Value) -> String {
        let body = content.to_string();
        let digest = Digest::sha256(body.as_bytes()).to_string();
        let answer = Answer::new(200, kind, body).header("Docker-Content-Digest", digest.clone());
        for reference in tag.into_iter().chain([digest.as_str()]) {
            self.set(&format!("/v2/{repository}/manifests/{reference}"), answer.clone());
        }
        digest
    }

    fn blob(&self, repository: &str, content: &Value) -> Value {
        let body = content.to_string();
        let (digest, size) = (Digest::sha256(body.as_bytes()).to_string(), body.len());
        let answer = Answer::new(200, "application/octet-stream", body);
        self.set(&format!("/v2/{repository}/blobs/{digest}"), answer);
        json!({ "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": size })
    }

    /// The manifest of an image, of which nothing but the configuration is there.
    fn image(&self, repository: &str, tag: Option<&str>, architecture: &str, run: &Value) -> String {
        let configuration = json!({ "os": "linux", "architecture": architecture, "config": run });
        let config = self.blob(repository, &configuration);
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] });
        self.manifest(repository, tag, MANIFEST, &manifest)
    }

    fn index(&self, repository: &str, tag: &str, entries: &[Value]) -> String {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
        self.manifest(repository, Some(tag), INDEX, &index)
    }

    /// A base for both platforms; gives the digest of its index. `run` is what its configurations hold.
    fn base(&self, repository: &str, tag: &str, run: [&Value; 2], churn: &str) -> String {
        let image = |(architecture, run): (&str, &Value)| {
            entry(architecture, &self.image(repository, None, architecture, run))
        };
        let mut entries: Vec<Value> = BOTH.into_iter().zip(run).map(image).collect();
        let attestation = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": self.blob(repository, &json!({ "churn": churn })) });
        let attestation = self.manifest(repository, None, MANIFEST, &attestation);
        entries.push(attested(&attestation, entries[0]["digest"].as_str().unwrap()));
        self.index(repository, tag, &entries)
    }

    /// A published image for both platforms, with the provenance of each.
    fn published(&self, repository: &str, tag: &str, provenance: impl Fn(&str) -> Value) {
        let mut entries = Vec::new();
        for architecture in BOTH {
            let image = self.image(repository, None, architecture, &json!({ "Cmd": ["x"] }));
            entries.push(entry(architecture, &image));
            let provenance = provenance(architecture);
            if !provenance.is_null() {
                let mut layer = self.blob(repository, &provenance);
                layer["mediaType"] = "application/vnd.in-toto+json".into();
                layer["annotations"] = json!({ "in-toto.io/predicate-type": provenance["predicateType"] });
                let config = self.blob(repository, &json!({}));
                let attestation =
                    json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
                let attestation = self.manifest(repository, None, MANIFEST, &attestation);
                entries.push(attested(&attestation, &image));
            }
        }
        self.index(repository, tag, &entries);
    }

    /// Makes a published image say of which inputs it was made.
    fn record(&self, repository: &str, tag: &str, record: &str) {
        let path = format!("/v2/{repository}/manifests/{tag}");
        let body = self.answers.lock().unwrap()[&path].body.clone();
        let mut index: Value = serde_json::from_slice(&body).unwrap();
        index["annotations"] = json!({ "dev.bakeplan.inputs": record });
        self.manifest(repository, Some(tag), INDEX, &index);
    }

    /// How often something was asked.
    fn count(&self, line: &str) -> usize {
        self.server.lines().iter().filter(|one| *one == line).count()
    }
}

fn entry(architecture: &str, digest: &str) -> Value {
    json!({ "mediaType": MANIFEST, "digest": digest, "size": 2,
        "platform": { "os": "linux", "architecture": architecture } })
}

fn attested(digest: &str, image: &str) -> Value {
    json!({ "mediaType": MANIFEST, "digest": digest, "size": 2,
        "platform": { "os": "unknown", "architecture": "unknown" },
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image } })
}

/// A material as BuildKit writes it.
fn material(name: &str, architecture: &str, digest: &str) -> Value {
    let name = name.rsplit_once(':').map(|(name, tag)| format!("{name}@{tag}")).unwrap();
    let hex = digest.strip_prefix("sha256:").unwrap();
    json!({ "uri": format!("pkg:docker/{name}?platform=linux%2F{architecture}"), "digest": { "sha256": hex } })
}

/// The same of an image that was named by tag and digest.
fn pinned(name: &str, architecture: &str, digest: &str) -> Value {
    let mut material = material(name, architecture, digest);
    let uri = material["uri"].as_str().unwrap().replace('?', &format!("?digest={digest}&"));
    material["uri"] = uri.into();
    material
}

fn provenance(materials: &[Value]) -> Value {
    json!({ "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2",
        "predicate": { "buildType": "x", "materials": materials } })
}

fn provenance_1(materials: &[Value]) -> Value {
    json!({ "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": { "buildDefinition": { "resolvedDependencies": materials } } })
}

fn plain() -> Value {
    json!({ "Env": ["A=b"] })
}

fn committed(test: Test) -> Test {
    git(test.folder(), &["init", "-q", "-b", "main"]);
    git(test.folder(), &["add", "-A"]);
    git(test.folder(), &["commit", "-q", "-m", "first"]);
    test
}

fn bakeplan(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", folder);
    command.args(arguments).current_dir(folder).output().unwrap()
}

/// The plan, and what was told.
#[track_caller]
fn plan(folder: &Path, arguments: &[&str]) -> (Value, String) {
    let output = bakeplan(folder, &[&["plan", "--format", "json"], arguments].concat());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {told}");
    (serde_json::from_slice(&output.stdout).unwrap(), told)
}

fn built(plan: &Value) -> Vec<&str> {
    let verdicts = plan["verdicts"].as_object().unwrap();
    verdicts.iter().filter(|(_, verdict)| verdict["build"] == true).map(|(key, _)| key.as_str()).collect()
}

fn why<'p>(plan: &'p Value, image: &str) -> &'p str {
    plan["verdicts"][image]["why"].as_str().unwrap()
}

fn hashes(plan: &Value) -> Vec<String> {
    let images = plan["images"].as_object().unwrap().values();
    let builds = images.flat_map(|image| image["builds"].as_object().unwrap().values());
    builds.map(|build| build["inputs"].to_string()).collect()
}

/// The named contexts of a target in the Bake file, with those of the target that it inherits from.
fn contexts(folder: &Path, target: &str) -> Value {
    let file = fs::read_to_string(folder.join("out/docker-bake.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let own = &file["target"][target];
    assert!(own.is_object(), "{target}: {file}");
    let parent = own["inherits"][0].as_str().map_or(Value::Null, |name| file["target"][name].clone());
    let mut all = json!({});
    for from in [&parent, own] {
        for (key, value) in from["contexts"].as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
    }
    all
}

/// One image for these platforms, with this Dockerfile.
fn one_image(registry: &Registry, architectures: &[&str], dockerfile: &str) -> Test {
    let platforms: Vec<String> =
        architectures.iter().map(|architecture| format!("linux/{architecture}")).collect();
    let spec = format!(
        "target \"app\" {{\n  platforms = {platforms:?}\n}}\nimage \"app\" {{\n  repositories = [\"{}\"]\n  tags = [\"edge\"]\n}}\n",
        registry.name("acme/app")
    );
    let test = Test::new().file("docker-bake.hcl", spec).file("Dockerfile", dockerfile);
    let test = test.file("a", "a\n").file("README", "not copied\n");
    committed(test.file(".dockerignore", ".git\nout\n"))
}

#[test]
fn each_base_is_pinned_once_for_all_builds() {
    let registry = Registry::new();
    let run = plain();
    let base = registry.base("base", "1", [&run, &run], "");
    let tools = registry.base("tools", "latest", [&run, &run], "");
    let mounted = registry.base("mounted", "3", [&run, &run], "");
    let (b, t, m) = (registry.name("base"), registry.name("tools"), registry.name("mounted"));
    let fixed = format!("{b}@{base}");
    let dockerfile = format!(
        "ARG V=1\nFROM {b}:$V AS build\nRUN --mount=from={m}:3,target=/m true\nFROM {fixed} AS fixed\n\
         FROM scratch\nCOPY --from={t} /t /t\nCOPY --from=build /x /x\nCOPY --from=fixed /y /y\nCOPY a /a\n"
    );
    let spec = format!(
        r#"
        target "lib" {{
          context = "lib"
          platforms = ["linux/amd64", "linux/arm64"]
        }}
        target "app" {{
          contexts = {{ lib = "target:lib" }}
          platforms = ["linux/amd64", "linux/arm64"]
        }}
        target "web" {{
          context = "web"
          platforms = ["linux/amd64"]
        }}
        image "app" {{
          repositories = ["{}"]
          tags = ["edge"]
        }}
        image "web" {{
          repositories = ["{}"]
          tags = ["edge"]
        }}"#,
        registry.name("acme/app"),
        registry.name("acme/web"),
    );
    let test = Test::new().file("docker-bake.hcl", spec).file("Dockerfile", dockerfile).file("a", "a");
    let test = test.file(".dockerignore", ".git\nout\n");
    let test = test
        .file("lib/Dockerfile", format!("FROM {b}:1\nCOPY c /c\n"))
        .file("lib/c", "c")
        .file("web/Dockerfile", format!("FROM {b}:1 AS base\nFROM base\nCOPY d /d\n"))
        .file("web/d", "d");
    let test = committed(test);
    let folder = test.folder();
    let (first, told) = plan(folder, &["--pin-bases", "--out", "out"]);
    assert_eq!(told.matches("warning").count(), 0, "{told}");
    let pin = |name: &str, tag: &str, digest: &str| format!("docker-image://{name}:{tag}@{digest}");
    let of_base = json!({ format!("{b}:1"): pin(&b, "1", &base) });
    for leg in ["app-linux-amd64", "app-linux-arm64"] {
        let mut found = contexts(folder, leg);
        let lib = found.as_object_mut().unwrap().remove("lib").unwrap();
        assert_eq!(lib, format!("target:lib-{}", leg.strip_prefix("app-").unwrap()));
        let expected = json!({
            format!("{b}:1"): pin(&b, "1", &base),
            t.as_str(): pin(&t, "latest", &tools),
            format!("{m}:3"): pin(&m, "3", &mounted),
        });
        assert_eq!(found, expected, "{leg}");
    }
    for leg in ["lib-linux-amd64", "lib-linux-arm64", "web-linux-amd64"] {
        assert_eq!(contexts(folder, leg), of_base, "{leg}");
    }
    let recorded = first["bases"].as_object().unwrap();
    assert_eq!(recorded[&format!("{b}:1")]["digest"], base);
    assert_eq!(recorded[&format!("{t}:latest")]["digest"], tools);
    assert_eq!(registry.count("HEAD /v2/base/manifests/1"), 1);
    assert_eq!(registry.count(&format!("GET /v2/base/manifests/{base}")), 1);
    // The same again, and what follows when one moves.
    let check = bakeplan(folder, &["plan", "--pin-bases", "--out", "out", "--check"]);
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let (again, _) = plan(folder, &["--pin-bases"]);
    assert_eq!(again, first);
    let other = json!({ "Env": ["A=c"] });
    let moved = registry.base("base", "1", [&other, &other], "");
    assert_ne!(moved, base);
    let (second, _) = plan(folder, &["--pin-bases"]);
    assert_eq!(second["bases"][format!("{b}:1")]["digest"], moved);
    let (old, new) = (hashes(&first), hashes(&second));
    assert!(old.iter().zip(&new).all(|(old, new)| old != new), "{old:?} {new:?}");
    // Without the option, nothing is asked and nothing written.
    let asked = registry.server.lines().len();
    let (without, _) = plan(folder, &["--inputs", "--out", "out", "-f", "docker-bake.hcl"]);
    assert_eq!(registry.server.lines().len(), asked);
    assert_eq!(without.get("bases"), None);
    assert_eq!(contexts(folder, "web-linux-amd64"), json!({}));
    // A revision has no pins, and is compared without.
    let (since, _) = plan(folder, &["--pin-bases", "--changed-since", "HEAD"]);
    assert_eq!(built(&since), [""; 0], "{since}");
    // When an image is spared, the others keep their pins.
    fs::write(folder.join("web/d"), "other").unwrap();
    let (since, _) = plan(folder, &["--pin-bases", "--changed-since", "HEAD", "--out", "out"]);
    assert_eq!(built(&since), ["web"], "{since}");
    assert_eq!(contexts(folder, "web-linux-amd64"), json!({ format!("{b}:1"): pin(&b, "1", &moved) }));
}

#[test]
fn what_cannot_be_pinned_keeps_its_tag_with_a_warning() {
    let registry = Registry::new();
    let run = plain();
    registry.base("base", "1", [&run, &run], "");
    let name = registry.name("base");
    let garbage = Answer::new(200, INDEX, "not JSON");
    registry.set("/v2/garbage/manifests/1", garbage.clone());
    registry.set(&format!("/v2/garbage/manifests/{}", Digest::sha256(b"not JSON")), garbage);
    let limited = Answer::error(429, "TOOMANYREQUESTS").header("Retry-After", "3600");
    registry.set("/v2/limited/manifests/1", limited);
    for (base, why) in [
        ("gone:1", "the tag `1` is not there"),
        ("garbage:1", "cannot be read"),
        ("limited:1", "too many requests"),
    ] {
        let name = registry.name(base);
        let test = one_image(&registry, &BOTH, &format!("FROM {name}\nCOPY a /a\n"));
        let (found, told) = plan(test.folder(), &["--pin-bases", "--out", "out"]);
        assert!(told.contains("unpinned-base") && told.contains(why), "{base}: {told}");
        assert!(told.contains("app-linux-amd64") && told.contains("app-linux-arm64"), "{base}: {told}");
        assert_eq!(contexts(test.folder(), "app-linux-arm64"), json!({}));
        assert!(hashes(&found).iter().all(|hash| hash.contains("sha256:")), "{found}");
    }
    // A Dockerfile that another frontend reads.
    let test = one_image(&registry, &BOTH, &format!("# syntax=acme/frontend\nFROM {name}:1\nCOPY a /a\n"));
    let (_, told) = plan(test.folder(), &["--pin-bases"]);
    assert!(told.contains("unpinned-base") && told.contains("acme/frontend"), "{told}");
}

#[test]
fn one_image_in_place_of_an_index_is_pinned_for_its_own_platform_alone() {
    let registry = Registry::new();
    let image = registry.image("base", Some("1"), "amd64", &plain());
    let name = registry.name("base");
    let dockerfile = format!("FROM {name}:1\nCOPY a /a\n");
    let test = one_image(&registry, &["amd64"], &dockerfile);
    let (_, told) = plan(test.folder(), &["--pin-bases", "--out", "out"]);
    assert!(!told.contains("unpinned-base"), "{told}");
    let expected = json!({ format!("{name}:1"): format!("docker-image://{name}:1@{image}") });
    assert_eq!(contexts(test.folder(), "app-linux-amd64"), expected);
    for (architectures, dockerfile) in [
        (&BOTH[..], dockerfile.clone()),
        (&["arm64"], dockerfile),
        // Which machine builds is not known.
        (&["amd64"], format!("FROM --platform=$BUILDPLATFORM {name}:1\nCOPY a /a\n")),
    ] {
        let test = one_image(&registry, architectures, &dockerfile);
        let (_, told) = plan(test.folder(), &["--pin-bases", "--out", "out"]);
        assert!(told.contains("unpinned-base") && told.contains("linux/amd64"), "{told}");
        for architecture in architectures {
            assert_eq!(contexts(test.folder(), &format!("app-linux-{architecture}")), json!({}));
        }
    }
}

/// One or more images and the targets that they link to, with what stands in each Dockerfile.
fn linked(registry: &Registry, spec: &str, dockerfiles: &[(&str, &str)]) -> Test {
    let host = registry.name("");
    let mut test = Test::new().file("docker-bake.hcl", spec.replace("HOST/", &host));
    for (name, dockerfile) in dockerfiles {
        test = test.file(&format!("{name}/Dockerfile"), dockerfile.replace("HOST/", &host));
        test = test.file(&format!("{name}/f"), name);
    }
    committed(test.file(".dockerignore", ".git\nout\n"))
}

/// A target in a folder of its own.
fn target(name: &str, rest: &str) -> String {
    format!("target \"{name}\" {{\n  context = \"{name}\"\n  {rest}\n}}\n")
}

fn image(name: &str) -> String {
    format!("image \"{name}\" {{\n  repositories = [\"HOST/acme/{name}\"]\n  tags = [\"edge\"]\n}}\n")
}

const PLATFORMS: &str = "platforms = [\"linux/amd64\", \"linux/arm64\"]";

/// It is built for the machine that builds what links to it.
#[test]
fn the_base_of_a_linked_target_without_platforms_is_pinned() {
    let to = |name: &str| format!("contexts = {{ {name} = \"target:{name}\" }}");
    let app = |name: &str, rest: &str| target("app", &format!("{}\n  {rest}", to(name)));
    let from_mid = "FROM mid\nCOPY f /app\n";
    let plain_mid = ("mid", "FROM HOST/base:1\nCOPY f /mid\n");
    for (spec, dockerfiles, pinned) in [
        (app("mid", PLATFORMS) + &target("mid", "") + &image("app"), vec![plain_mid], "mid"),
        (app("mid", "") + &target("mid", "") + &image("app"), vec![plain_mid], "mid"),
        (
            app("mid", PLATFORMS) + &target("mid", &to("low")) + &target("low", "") + &image("app"),
            vec![("mid", "FROM low\n"), ("low", "FROM scratch\nCOPY --from=HOST/base:1 /a /a\n")],
            "low",
        ),
        (app("mid", PLATFORMS) + &target("mid", "") + &image("app") + &image("mid"), vec![plain_mid], "mid"),
        (
            app("mid", PLATFORMS) + &target("mid", "") + &image("app"),
            vec![("mid", "FROM --platform=$BUILDPLATFORM HOST/base:1\nCOPY f /mid\n")],
            "mid",
        ),
    ] {
        let registry = Registry::new();
        let digest = registry.base("base", "1", [&plain(), &plain()], "");
        let test = linked(&registry, &spec, &[&dockerfiles[..], &[("app", from_mid)]].concat());
        let base = registry.name("base:1");
        let (before, told) = plan(test.folder(), &["--pin-bases", "--out", "out"]);
        assert!(!told.contains("unpinned-base"), "{spec}: {told}");
        let expected = format!("docker-image://{base}@{digest}");
        assert_eq!(contexts(test.folder(), pinned)[&base], expected, "{spec}");
        assert_eq!(before["bases"][&base]["digest"], digest);
        let other = json!({ "Env": ["A=c"] });
        registry.base("base", "1", [&other, &other], "");
        let (after, _) = plan(test.folder(), &["--pin-bases"]);
        assert!(hashes(&before).iter().zip(hashes(&after)).all(|(old, new)| *old != new), "{spec}");
    }
    // For which platform is not known, or not what is read.
    for (is_index, dockerfile) in [
        (false, "FROM HOST/base:1\nCOPY f /mid\n"),
        (true, "FROM HOST/base-$TARGETARCH:1\nCOPY f /mid\n"),
        (true, "# syntax=acme/frontend\nFROM HOST/base:1\n"),
        (true, "FROM HOST/gone:1\nCOPY f /mid\n"),
    ] {
        let registry = Registry::new();
        if is_index {
            registry.base("base", "1", [&plain(), &plain()], "");
        } else {
            registry.image("base", Some("1"), "amd64", &plain());
        }
        let spec = app("mid", PLATFORMS) + &target("mid", "") + &image("app");
        let test = linked(&registry, &spec, &[("mid", dockerfile), ("app", from_mid)]);
        let (_, told) = plan(test.folder(), &["--pin-bases", "--out", "out"]);
        assert!(told.contains("unpinned-base") && told.contains("`mid`"), "{dockerfile}: {told}");
        assert_eq!(contexts(test.folder(), "mid"), json!({}), "{dockerfile}");
    }
}

/// The Dockerfile does not have its name, which stands in the base.
#[test]
fn an_image_that_a_base_has_its_children_read_is_named() {
    let tools = Digest::sha256(b"tools");
    for (instruction, dockerfile, is_named) in [
        ("COPY --from=HOST/tools:2 /t /t".to_owned(), "FROM HOST/base:1\nCOPY f /f\n", true),
        ("COPY --from=HOST/tools:2 /t /t".to_owned(), "FROM HOST/base:1\nCOPY . /f\n", true),
        ("COPY --from=HOST/tools /t /t".to_owned(), "FROM HOST/base:1 AS b\nFROM b\nCOPY f /f\n", true),
        ("RUN --mount=from=HOST/tools:2,target=/t true".to_owned(), "FROM HOST/base:1\n", true),
        ("COPY --from".to_owned(), "FROM HOST/base:1\n", true),
        (format!("COPY --from=HOST/tools:2@{tools} /t /t"), "FROM HOST/base:1\n", false),
        ("COPY --from=tools /t /t".to_owned(), "FROM scratch AS tools\nFROM HOST/base:1\n", false),
        ("COPY --from=HOST/tools:2 /t /t".to_owned(), "FROM scratch\nCOPY --from=HOST/base:1 /b /b\n", false),
        ("COPY . /all".to_owned(), "FROM HOST/base:1\nCOPY f /f\n", false),
        ("RUN true".to_owned(), "FROM HOST/base:1\nCOPY f /f\n", false),
    ] {
        let registry = Registry::new();
        let run = json!({ "OnBuild": [instruction.replace("HOST/", &registry.name(""))] });
        registry.base("base", "1", [&run, &run], "");
        let spec = target("app", PLATFORMS) + &image("app");
        let test = linked(&registry, &spec, &[("app", dockerfile)]);
        let (_, told) = plan(test.folder(), &["--pin-bases"]);
        assert_eq!(told.contains("unpinned-base"), is_named, "{instruction} {dockerfile}: {told}");
        assert_eq!(told.contains("`ONBUILD` instruction"), is_named, "{instruction} {dockerfile}: {told}");
    }
    // What it has them read is not known.
    let registry = Registry::new();
    registry.base("base", "1", [&plain(), &plain()], "");
    let paths: Vec<String> = registry.answers.lock().unwrap().keys().cloned().collect();
    for path in paths.iter().filter(|path| path.contains("/blobs/")) {
        registry.set(path, Answer::error(403, "DENIED"));
    }
    let spec = target("app", PLATFORMS) + &image("app");
    let test = linked(&registry, &spec, &[("app", "FROM HOST/base:1\nCOPY . /f\n")]);
    let (_, told) = plan(test.folder(), &["--pin-bases"]);
    assert!(told.contains("what `ONBUILD` instructions of base"), "{told}");
}

/// They stay as they are, and so may differ between builds.
#[test]
fn a_named_context_without_a_digest_is_named_where_several_builds_read_it() {
    let one = "platforms = [\"linux/amd64\"]";
    let digest = Digest::sha256(b"x");
    let of = |name: &str, image: &str, platforms: &str| {
        target(name, &format!("contexts = {{ root = \"docker-image://{image}\" }}\n  {platforms}"))
    };
    let from = "FROM root\nCOPY f /f\n";
    for (spec, dockerfile, is_named) in [
        (of("app", "HOST/base:1", PLATFORMS), from, true),
        (of("app", "HOST/base", PLATFORMS), "FROM scratch\nCOPY --from=root /f /f\n", true),
        (of("app", "HOST/base:1", one) + &of("web", "HOST/base:1", one) + &image("web"), from, true),
        (of("app", "HOST/base:1", one) + &target("web", one) + &image("web"), from, true),
        (of("app", "HOST/base:1", one), from, false),
        (of("app", "HOST/base:1", one) + &of("web", "HOST/base:2", one) + &image("web"), from, false),
        (of("app", &format!("HOST/base:1@{digest}"), PLATFORMS), from, false),
        (of("app", "HOST/base:1", PLATFORMS), "FROM scratch\nCOPY f /f\n", false),
    ] {
        let registry = Registry::new();
        registry.base("base", "1", [&plain(), &plain()], "");
        let web = if spec.contains("target \"web\" {\n  context = \"web\"\n  contexts") {
            from
        } else {
            "FROM HOST/base:1\nCOPY f /f\n"
        };
        let test = linked(&registry, &(spec.clone() + &image("app")), &[("app", dockerfile), ("web", web)]);
        let (_, told) = plan(test.folder(), &["--pin-bases"]);
        assert_eq!(told.contains("the named context `root` stays as it is"), is_named, "{spec}: {told}");
    }
}

#[test]
fn files_that_nothing_copies_count_only_where_a_base_may_have_onbuild() {
    let (none, some) = (plain(), json!({ "OnBuild": ["COPY . /all"] }));
    for (runs, is_narrow) in [
        (Some([&none, &none]), true),
        (Some([&none, &some]), false),
        (Some([&some, &some]), false),
        (None, false),
    ] {
        let registry = Registry::new();
        if let Some(runs) = runs {
            registry.base("base", "1", runs, "");
        }
        let test = one_image(&registry, &BOTH, &format!("FROM {}:1\nCOPY a /a\n", registry.name("base")));
        let folder = test.folder();
        for options in [&["--pin-bases"][..], &["--skip-published"]] {
            fs::write(folder.join("README"), "not copied\n").unwrap();
            let (before, _) = plan(folder, options);
            fs::write(folder.join("README"), "other\n").unwrap();
            let (after, _) = plan(folder, options);
            assert_eq!(hashes(&before) == hashes(&after), is_narrow, "{options:?} {runs:?}");
            fs::write(folder.join("a"), "other\n").unwrap();
            assert_ne!(hashes(&plan(folder, options).0), hashes(&after));
            fs::write(folder.join("a"), "a\n").unwrap();
        }
    }
}

/// A published image that was made from these bases, as attested for each platform.
struct Made {
    registry: Registry,
    test: Test,
    base: String,
    tools: String,
}

/// An image with a builder stage and a copied base, and how its provenance is written.
fn made(write: impl Fn(&[Value]) -> Value, of: impl Fn(&str, &str, &str) -> Value) -> Made {
    let registry = Registry::new();
    let run = plain();
    let (base, tools) = (registry.name("base:1"), registry.name("tools:2"));
    let digests =
        [registry.base("base", "1", [&run, &run], ""), registry.base("tools", "2", [&run, &run], "")];
    registry.published("acme/app", "edge", |architecture| {
        write(&[of(&base, architecture, &digests[0]), of(&tools, architecture, &digests[1])])
    });
    let dockerfile =
        format!("FROM {base} AS build\nFROM scratch\nCOPY --from=build /a /a\nCOPY --from={tools} /b /b\n");
    let test = one_image(&registry, &BOTH, &dockerfile);
    Made { registry, test, base, tools }
}

#[test]
fn an_image_whose_base_has_moved_is_built() {
    let other = json!({ "Env": ["A=c"] });
    let forms: [fn(&[Value]) -> Value; 2] = [provenance, provenance_1];
    for form in forms {
        for material in [material, pinned] {
            let Made { registry, test, base, tools } = made(form, material);
            let folder = test.folder();
            let (same, told) = plan(folder, &["--stale"]);
            assert_eq!(built(&same), [""; 0], "{told}");
            assert_eq!(why(&same, "app"), "its bases have not moved");
            assert_eq!(same["images"], json!({}));
            // With the digests that were recorded there is nothing more to read.
            assert_eq!(registry.count("HEAD /v2/base/manifests/1"), 1);
            assert!(!registry.server.lines().iter().any(|line| line.starts_with("GET /v2/base/")));
            // Only the attestations in the index have changed.
            registry.base("base", "1", [&plain(), &plain()], "churn");
            assert_eq!(built(&plan(folder, &["--stale"]).0), [""; 0]);
            // The base of a builder stage, on one platform.
            registry.base("base", "1", [&plain(), &other], "");
            let (moved, _) = plan(folder, &["--stale"]);
            assert_eq!(built(&moved), ["app"]);
            assert_eq!(why(&moved, "app"), format!("base {base} has moved"));
            // What is copied.
            registry.base("base", "1", [&plain(), &plain()], "");
            registry.base("tools", "2", [&other, &plain()], "");
            let (moved, _) = plan(folder, &["--stale"]);
            assert_eq!(why(&moved, "app"), format!("base {tools} has moved"));
        }
    }
}

#[test]
fn a_pinned_base_that_has_moved_is_named_beside_other_inputs() {
    let other = json!({ "Env": ["A=c"] });
    let pins = ["--pin-bases", "--skip-published"];
    let forms: [fn(&[Value]) -> Value; 2] = [provenance, provenance_1];
    for (form, material) in forms.into_iter().zip([material, pinned]) {
        let Made { registry, test, base, tools } = made(form, material);
        let folder = test.folder();
        let (first, _) = plan(folder, &["--pin-bases", "--inputs"]);
        let hash = |architecture: &str| {
            let inputs = &first["images"]["app"]["builds"][format!("app-linux-{architecture}")]["inputs"];
            format!("linux/{architecture}={}", inputs["hash"].as_str().unwrap())
        };
        let record = BOTH.map(hash).join(" ");
        registry.record("acme/app", "edge", &record);
        let digests = [("base", "1"), ("tools", "2")];
        let served = |(name, tag): (&str, &str)| {
            let path = format!("/v2/{name}/manifests/{tag}");
            Digest::sha256(&registry.answers.lock().unwrap()[&path].body).to_string()
        };
        let before = digests.map(served);
        let (same, told) = plan(folder, &pins);
        assert_eq!(built(&same), [""; 0], "{told} {same}");
        // Of what is not built, nothing more is read.
        let attestations = || {
            let lines = registry.server.lines();
            lines.iter().filter(|line| line.starts_with("GET /v2/acme/app/blobs/")).count()
        };
        assert_eq!(attestations(), 0);
        registry.base("base", "1", [&plain(), &other], "");
        let now = digests.map(served);
        let changed = format!("{} was made of other inputs", registry.name("acme/app:edge"));
        let of_base = format!("base {base} moved from {} to {}", before[0], now[0]);
        let (moved, _) = plan(folder, &pins);
        assert_eq!((built(&moved), why(&moved, "app")), (vec!["app"], &*format!("{changed}: {of_base}")));
        let (stale, _) = plan(folder, &["--pin-bases", "--skip-published", "--stale"]);
        assert_eq!(why(&stale, "app"), format!("{changed}: {of_base}"));
        // Both.
        registry.base("tools", "2", [&other, &plain()], "");
        let now = digests.map(served);
        let of_tools = format!("base {tools} moved from {} to {}", before[1], now[1]);
        assert_eq!(why(&plan(folder, &pins).0, "app"), format!("{changed}: {of_base}, {of_tools}"));
        // What is not pinned does not count.
        let read = attestations();
        assert_eq!(why(&plan(folder, &["--skip-published"]).0, "app"), changed);
        assert_eq!(attestations(), read);
        // Nothing but the Dockerfile has changed.
        registry.base("base", "1", [&plain(), &plain()], "");
        registry.base("tools", "2", [&plain(), &plain()], "");
        let dockerfile = fs::read_to_string(folder.join("Dockerfile")).unwrap();
        fs::write(folder.join("Dockerfile"), format!("{dockerfile}ENV A=d\n")).unwrap();
        assert_eq!(why(&plan(folder, &pins).0, "app"), changed);
        // Nothing says what it was made from.
        registry.published("acme/app", "edge", |_| Value::Null);
        registry.record("acme/app", "edge", &record);
        registry.base("base", "1", [&other, &other], "");
        let (found, told) = plan(folder, &pins);
        assert_eq!((built(&found), why(&found, "app")), (vec!["app"], &*changed), "{told}");
    }
}

#[test]
fn a_base_with_a_digest_in_the_dockerfile_is_never_stale() {
    let registry = Registry::new();
    let digest = registry.base("base", "1", [&plain(), &plain()], "");
    let name = registry.name("base:1");
    registry
        .published("acme/app", "edge", |architecture| provenance(&[pinned(&name, architecture, &digest)]));
    let test = one_image(&registry, &BOTH, &format!("FROM {name}@{digest}\nCOPY a /a\n"));
    let other = json!({ "Env": ["A=c"] });
    registry.base("base", "1", [&other, &other], "");
    let (found, _) = plan(test.folder(), &["--stale"]);
    assert_eq!(built(&found), [""; 0]);
    assert_eq!(why(&found, "app"), "it has no bases that can move");
    assert_eq!(registry.count("HEAD /v2/base/manifests/1"), 0);
}

/// A name that stands in no Dockerfile, as `ONBUILD` of a base has it; and one that a named context of the target holds.
#[test]
fn what_only_the_provenance_names_is_compared_by_its_tag() {
    let other = json!({ "Env": ["A=c"] });
    for is_context in [false, true] {
        let registry = Registry::new();
        let digest = registry.base("tools", "2", [&plain(), &plain()], "");
        let name = registry.name("tools:2");
        registry.published("acme/app", "edge", |architecture| {
            provenance(&[pinned(&name, architecture, &digest)])
        });
        let test = one_image(&registry, &BOTH, "FROM scratch\nCOPY a /a\n");
        if is_context {
            let file = test.folder().join("docker-bake.hcl");
            let context = format!("contexts = {{ t = \"docker-image://{name}@{digest}\" }}\n  platforms");
            fs::write(&file, fs::read_to_string(&file).unwrap().replacen("platforms", &context, 1)).unwrap();
        }
        assert_eq!(built(&plan(test.folder(), &["--stale"]).0), [""; 0]);
        registry.base("tools", "2", [&other, &other], "");
        let (found, told) = plan(test.folder(), &["--stale"]);
        assert_eq!(built(&found) == ["app"], !is_context, "{told}");
        assert_eq!(why(&found, "app").contains("has moved, unless"), !is_context, "{told}");
    }
}

/// BuildKit writes a digest to each base of what is linked to: where the Dockerfile is not known, only the tag can tell.
#[test]
fn a_base_of_a_linked_target_that_is_not_known_is_compared_by_its_tag() {
    const PLATFORMS: &str = "platforms = [\"linux/amd64\", \"linux/arm64\"]";
    for (of_link, dockerfile, is_by_digest, is_seen) in [
        ("", "Dockerfile", false, true),
        (PLATFORMS, "made/Dockerfile", false, true),
        (PLATFORMS, "Dockerfile", false, true),
        (PLATFORMS, "Dockerfile", true, false),
    ] {
        let registry = Registry::new();
        let digest = registry.base("base", "1", [&plain(), &plain()], "");
        let base = registry.name("base:1");
        registry.published("acme/app", "edge", |architecture| {
            provenance(&[pinned(&base, architecture, &digest)])
        });
        let spec = format!(
            "target \"o\" {{\n  context = \"o\"\n  dockerfile = \"{dockerfile}\"\n  {of_link}\n}}\n\
             target \"app\" {{\n  context = \"app\"\n  contexts = {{ b = \"target:o\" }}\n  {PLATFORMS}\n}}\n\
             image \"app\" {{\n  repositories = [\"{}\"]\n  tags = [\"edge\"]\n}}\n",
            registry.name("acme/app")
        );
        let from = if is_by_digest { format!("{base}@{digest}") } else { base.clone() };
        let test = Test::new().file("docker-bake.hcl", spec).file("app/Dockerfile", "FROM b\nCOPY f /f\n");
        let test = test.file("app/f", "f").file(".gitignore", "made\n");
        let test = committed(test.file(&format!("o/{dockerfile}"), format!("FROM {from}\n")));
        let folder = test.folder();
        let (same, told) = plan(folder, &["--stale"]);
        assert_eq!(built(&same), [""; 0], "{of_link} {dockerfile}: {told}");
        let other = json!({ "Env": ["A=c"] });
        registry.base("base", "1", [&other, &other], "");
        let (moved, told) = plan(folder, &["--stale"]);
        assert_eq!(built(&moved) == ["app"], is_seen, "{of_link} {dockerfile} {from}: {told}");
        let why = why(&moved, "app");
        assert_eq!(why.contains(&format!("base {base} has moved")), is_seen, "{of_link} {dockerfile}: {why}");
    }
}

/// A write to one of several repositories may have failed when the image was built again.
#[test]
fn an_image_is_looked_at_in_each_of_its_repositories() {
    let other = json!({ "Env": ["A=c"] });
    for (old, gone) in [("mirror/app", ""), ("acme/app", ""), ("", "mirror/app"), ("", "")] {
        let registry = Registry::new();
        let digests = [
            registry.base("base", "1", [&other, &other], ""),
            registry.base("base", "1", [&plain(), &plain()], ""),
        ];
        let base = registry.name("base:1");
        for name in ["acme/app", "mirror/app"].into_iter().filter(|name| *name != gone) {
            let digest = &digests[usize::from(name != old)];
            registry
                .published(name, "edge", |architecture| provenance(&[material(&base, architecture, digest)]));
        }
        let test = one_image(&registry, &BOTH, &format!("FROM {base}\nCOPY a /a\n"));
        let file = test.folder().join("docker-bake.hcl");
        let (own, mirror) = (registry.name("acme/app"), registry.name("mirror/app"));
        let spec = fs::read_to_string(&file).unwrap();
        let both = format!("\"{own}\", \"{mirror}\"");
        fs::write(&file, spec.replace(&format!("\"{own}\""), &both)).unwrap();
        let (found, told) = plan(test.folder(), &["--stale"]);
        let why = why(&found, "app");
        let due = match (old, gone) {
            ("", "") => "its bases have not moved".to_owned(),
            ("", _) => format!("{mirror}:edge is not there"),
            (_, _) => format!("base {base} has moved"),
        };
        assert_eq!(why, due, "{old} {gone}: {told}");
    }
}

#[test]
fn a_lookup_that_fails_leaves_it_unknown() {
    let limited = || Answer::error(429, "TOOMANYREQUESTS").header("Retry-After", "3600");
    let garbage = || Answer::new(200, INDEX, "not JSON");
    for (path, answer, expected) in [
        ("/v2/base/manifests/1", None, "is not there"),
        ("/v2/base/manifests/1", Some(limited()), "too many requests"),
        ("/v2/base/manifests/1", Some(garbage()), "cannot be read"),
        ("/v2/acme/app/manifests/edge", Some(limited()), "too many requests"),
        ("/v2/acme/app/manifests/edge", Some(garbage()), "cannot be read"),
    ] {
        let Made { registry, test, .. } = made(provenance, material);
        match answer {
            Some(answer) => {
                let body = answer.body.clone();
                registry.set(path, answer.clone());
                let folder = path.rsplit_once('/').unwrap().0;
                registry.set(&format!("{folder}/{}", Digest::sha256(&body)), answer);
            }
            None => registry.remove(path),
        }
        let (found, _) = plan(test.folder(), &["--stale"]);
        assert_eq!(built(&found), ["app"], "{path} {expected}");
        let told = why(&found, "app");
        assert!(told.starts_with("unknown: ") && told.contains(expected), "{told}");
        let refused = bakeplan(test.folder(), &["plan", "--stale", "--on-unknown", "fail"]);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{told}");
        assert!(told.contains("error[unknown-inputs]"), "{told}");
    }
    // The index that was recorded is gone, and the tag has another.
    let Made { registry, test, base, .. } = made(provenance, material);
    let (_, other) = (plan(test.folder(), &["--stale"]), json!({ "Env": ["A=c"] }));
    let old = registry.answers.lock().unwrap()["/v2/base/manifests/1"].clone();
    registry.base("base", "1", [&other, &other], "");
    registry.remove(&format!("/v2/base/manifests/{}", Digest::sha256(&old.body)));
    assert_eq!(why(&plan(test.folder(), &["--stale"]).0, "app"), format!("base {base} has moved"));
}

/// What cannot be looked up may be another base than that of what is published, and the next run may know more.
#[test]
fn a_base_that_cannot_be_looked_up_and_pinned_leaves_it_unknown() {
    for (answer, is_known) in [
        (None, true),
        (Some(Answer::error(429, "TOOMANYREQUESTS").header("Retry-After", "3600")), false),
        (Some(Answer::error(403, "DENIED")), false),
        (Some(Answer::new(200, INDEX, "not JSON")), false),
    ] {
        let registry = Registry::new();
        let digest = registry.base("base", "1", [&plain(), &plain()], "");
        let test = one_image(&registry, &BOTH, &format!("FROM {}:1\nCOPY a /a\n", registry.name("base")));
        if let Some(answer) = answer {
            let body = answer.body.clone();
            for at in ["1".to_owned(), digest.clone(), Digest::sha256(&body).to_string()] {
                registry.set(&format!("/v2/base/manifests/{at}"), answer.clone());
            }
        }
        for options in [&["--pin-bases", "--skip-published"][..], &["--pin-bases", "--changed-since", "HEAD"]]
        {
            let (found, told) = plan(test.folder(), options);
            let why = why(&found, "app");
            assert_eq!(why.starts_with("unknown: base "), !is_known, "{options:?} {why}: {told}");
            let is_built = built(&found) == ["app"];
            assert!(is_built || is_known, "{options:?} {why}");
            let refused = bakeplan(test.folder(), &[&["plan", "--on-unknown", "fail"], options].concat());
            assert_eq!(refused.status.code(), Some(i32::from(!is_known)), "{options:?}");
        }
        // Nothing is compared.
        let (_, told) = plan(test.folder(), &["--pin-bases"]);
        assert_eq!(told.contains("unpinned-base"), !is_known, "{told}");
    }
}

/// Which files count depends on what its base does with them: a run that knows it has other inputs of the same files.
#[test]
fn a_base_whose_instructions_cannot_be_looked_up_leaves_it_unknown() {
    let limited = || Answer::error(429, "TOOMANYREQUESTS").header("Retry-After", "3600");
    let many: Vec<Value> = (0..17).map(|at| entry("amd64", &Digest::sha256(&[at]).to_string())).collect();
    for (at, answer, dockerfile, is_known) in [
        ("", None, "FROM BASE\nCOPY a /a\n", true),
        ("manifests/1", Some(limited()), "FROM BASE\nCOPY a /a\n", false),
        ("manifests/1", Some(Answer::error(401, "UNAUTHORIZED")), "FROM BASE\nCOPY a /a\n", false),
        ("manifests/1", Some(Answer::error(404, "MANIFEST_UNKNOWN")), "FROM BASE\nCOPY a /a\n", false),
        ("manifests/", Some(limited()), "FROM BASE AS b\nFROM b\nCOPY a /a\n", false),
        ("blobs/", Some(Answer::error(403, "DENIED")), "FROM BASE\nCOPY a /a\n", false),
        // All files count, whatever the base does.
        ("manifests/1", Some(limited()), "FROM BASE\nCOPY . /a\n", true),
        ("manifests/1", Some(limited()), "FROM scratch\nCOPY --from=BASE /b /b\nCOPY a /a\n", true),
        // Nor does anybody say more another time.
        ("many", None, "FROM BASE\nCOPY a /a\n", true),
    ] {
        let registry = Registry::new();
        registry.base("base", "1", [&plain(), &plain()], "");
        if at == "many" {
            registry.index("base", "1", &many);
        }
        let base = registry.name("base:1");
        let test = one_image(&registry, &["amd64"], &dockerfile.replace("BASE", &base));
        if let Some(answer) = answer {
            let is_meant = |path: &&String| path.starts_with(&format!("/v2/base/{at}"));
            let paths: Vec<String> =
                registry.answers.lock().unwrap().keys().filter(is_meant).cloned().collect();
            assert!(!paths.is_empty(), "{at}");
            paths.iter().for_each(|path| registry.set(path, answer.clone()));
        }
        let (found, told) = plan(test.folder(), &["--skip-published"]);
        let why = why(&found, "app");
        let is_unknown = why.starts_with(&format!("unknown: whether base `{base}` has `ONBUILD`"));
        assert_eq!(is_unknown, !is_known, "{at} {dockerfile} {why}: {told}");
        assert_eq!(built(&found), ["app"]);
        let refused = bakeplan(test.folder(), &["plan", "--skip-published", "--on-unknown", "fail"]);
        assert_eq!(refused.status.code(), Some(i32::from(!is_known)), "{at} {dockerfile}");
        // A revision is compared by what is known of both.
        let (found, _) = plan(test.folder(), &["--changed-since", "HEAD"]);
        assert_eq!(built(&found), [""; 0], "{at} {dockerfile}: {found}");
    }
}

#[test]
fn an_image_that_records_no_bases_is_left_and_one_that_is_not_there_is_built() {
    let registry = Registry::new();
    registry.published("acme/app", "edge", |_| Value::Null);
    let test = one_image(&registry, &BOTH, "FROM scratch\nCOPY a /a\n");
    let (found, told) = plan(test.folder(), &["--stale"]);
    assert_eq!(built(&found), [""; 0]);
    assert!(why(&found, "app").contains("does not record all its bases"), "{found}");
    assert!(told.contains("unrecorded-bases") && told.contains("`app`"), "{told}");
    // Another criterion may say that it is built.
    assert_eq!(built(&plan(test.folder(), &["--stale", "--skip-published"]).0), ["app"]);
    registry.remove("/v2/acme/app/manifests/edge");
    let (found, _) = plan(test.folder(), &["--stale"]);
    assert_eq!(built(&found), ["app"]);
    assert!(why(&found, "app").ends_with("acme/app:edge is not there"), "{found}");
}

#[test]
fn what_links_to_a_stale_image_is_built_and_the_rest_may_wait() {
    let registry = Registry::new();
    let run = plain();
    let digest = registry.base("base", "1", [&run, &run], "");
    let base = registry.name("base:1");
    let image = |name: &str, context: &str| {
        let repository = registry.name(&format!("acme/{name}"));
        format!(
            "target \"{name}\" {{\n  context = \"{name}\"\n  {context}\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n}}\n\
             image \"{name}\" {{\n  repositories = [\"{repository}\"]\n  tags = [\"edge\"]\n}}\n"
        )
    };
    let link = |name: &str| format!("contexts = {{ {name} = \"target:{name}\" }}");
    let spec =
        [image("a", ""), image("b", &link("a")), image("c", &link("b")), image("d", ""), image("e", "")];
    let mut test = Test::new().file("docker-bake.hcl", spec.concat());
    for (name, from) in [("a", base.as_str()), ("b", "a"), ("c", "b"), ("d", &base), ("e", "scratch")] {
        test = test
            .file(&format!("{name}/Dockerfile"), format!("FROM {from}\nCOPY f /{name}\n"))
            .file(&format!("{name}/f"), name);
        // Of those that link, nothing is known but that they are there.
        registry.published(&format!("acme/{name}"), "edge", |architecture| {
            let bases = if ["a", "d"].contains(&name) {
                vec![material(&base, architecture, &digest)]
            } else {
                Vec::new()
            };
            provenance(&bases)
        });
    }
    let test = committed(test);
    let folder = test.folder();
    assert_eq!(built(&plan(folder, &["--stale"]).0), [""; 0]);
    let other = json!({ "Env": ["A=c"] });
    registry.base("base", "1", [&other, &other], "");
    let (all, _) = plan(folder, &["--stale"]);
    assert_eq!(built(&all), ["a", "b", "c", "d"]);
    assert_eq!(why(&all, "c"), "linked to `a`, which is built");
    let (some, told) = plan(folder, &["--stale", "--most-stale", "1"]);
    assert_eq!(built(&some), ["a", "b", "c"]);
    assert!(why(&some, "d").starts_with("left for a later run: base "), "{some}");
    assert!(told.contains("postponed") && told.contains("`d`"), "{told}");
    assert_eq!(built(&plan(folder, &["--stale", "--most-stale", "0"]).0), [""; 0]);
    assert_eq!(built(&plan(folder, &["--stale", "--all"]).0), ["a", "b", "c", "d", "e"]);
    let refused = bakeplan(folder, &["plan", "--most-stale", "1"]);
    assert_eq!(refused.status.code(), Some(2));
}

/// What is built from it would be built again in a later run.
#[test]
fn what_others_link_to_comes_first_of_those_that_may_not_all_be_built() {
    let registry = Registry::new();
    let digest = registry.base("base", "1", [&plain(), &plain()], "");
    let base = registry.name("base:1");
    let link = format!("contexts = {{ zbase = \"target:zbase\" }}\n  {PLATFORMS}");
    let spec = target("app", &link) + &target("zbase", PLATFORMS) + &image("app") + &image("zbase");
    let from = "FROM zbase\nCOPY --from=HOST/base:1 /a /a\n";
    let test = linked(&registry, &spec, &[("app", from), ("zbase", "FROM HOST/base:1\nCOPY f /f\n")]);
    for name in ["acme/app", "acme/zbase"] {
        registry
            .published(name, "edge", |architecture| provenance(&[material(&base, architecture, &digest)]));
    }
    let other = json!({ "Env": ["A=c"] });
    registry.base("base", "1", [&other, &other], "");
    let (found, told) = plan(test.folder(), &["--stale", "--most-stale", "1"]);
    assert_eq!(built(&found), ["app", "zbase"]);
    assert!(!told.contains("postponed"), "{told}");
    assert_eq!(built(&plan(test.folder(), &["--stale", "--most-stale", "0"]).0), [""; 0]);
}

/// The base of another one has not moved, and says nothing of it.
#[test]
fn a_platform_that_is_not_published_is_built() {
    for (architectures, missing) in [
        (&["amd64", "arm64", "riscv64"][..], Some("linux/riscv64")),
        (&["s390x"], Some("linux/s390x")),
        (&["arm/v7", "arm64"], Some("linux/arm/v7")),
        (&["amd64", "arm64"], None),
        (&["arm64"], None),
    ] {
        let registry = Registry::new();
        let digest = registry.base("base", "1", [&plain(), &plain()], "");
        let base = registry.name("base:1");
        registry.published("acme/app", "edge", |architecture| {
            provenance(&[material(&base, architecture, &digest)])
        });
        let test = one_image(&registry, architectures, &format!("FROM {base}\nCOPY a /a\n"));
        let (found, told) = plan(test.folder(), &["--stale"]);
        let due = match missing {
            Some(missing) => format!("{}:edge has no image for {missing}", registry.name("acme/app")),
            None => "its bases have not moved".to_owned(),
        };
        assert_eq!(why(&found, "app"), due, "{told}");
    }
}

#[test]
fn a_base_that_the_provenance_does_not_name_with_its_digest_is_not_known() {
    let hex = "0".repeat(64);
    for (other, is_known) in [
        (json!({ "uri": "pkg:docker/HOST/tools@2?platform=linux%2Famd64" }), false),
        (json!({ "uri": "pkg:docker/tools", "digest": {} }), false),
        (
            json!({ "uri": "pkg:oci/tools?repository_url=HOST/tools&tag=2", "digest": { "sha256": hex } }),
            false,
        ),
        (json!({ "uri": "pkg:oci/tools@sha256%3A00?tag=2" }), false),
        (json!({ "uri": "https://github.com/acme/app.git", "digest": { "sha1": "aa" } }), true),
        (json!({ "uri": "https://example.com/a.tar" }), true),
        (json!({ "uri": "pkg:generic/make@4.4" }), true),
    ] {
        let registry = Registry::new();
        let digest = registry.base("base", "1", [&plain(), &plain()], "");
        let base = registry.name("base:1");
        for form in [provenance, provenance_1] {
            registry.published("acme/app", "edge", |architecture| {
                form(&[material(&base, architecture, &digest), other.clone()])
            });
            let test = one_image(&registry, &BOTH, &format!("FROM {base}\nCOPY a /a\n"));
            let (found, told) = plan(test.folder(), &["--stale"]);
            let why = why(&found, "app");
            assert_eq!(why == "its bases have not moved", is_known, "{other} {why}: {told}");
            assert_eq!(why.starts_with("unknown: its provenance names a base"), !is_known, "{other} {why}");
        }
    }
}

/// Of what a build links to, its provenance may have nothing.
#[test]
fn the_base_of_a_target_that_no_image_has_is_looked_after() {
    let registry = Registry::new();
    let digest = registry.base("base", "1", [&plain(), &plain()], "");
    let base = registry.name("base:1");
    let spec = format!(
        "target \"mid\" {{\n  context = \"mid\"\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n}}\n\
         target \"kid\" {{\n  contexts = {{ b = \"target:mid\" }}\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n}}\n\
         image \"kid\" {{\n  repositories = [\"{}\"]\n  tags = [\"edge\"]\n}}\n",
        registry.name("acme/kid")
    );
    let test = Test::new()
        .file("docker-bake.hcl", spec)
        .file("mid/Dockerfile", format!("FROM {base}\nCOPY f /f\n"))
        .file("mid/f", "f")
        .file("Dockerfile", "FROM b\nCOPY a /a\n")
        .file("a", "a");
    let test = committed(test);
    registry.published("acme/kid", "edge", |_| provenance(&[]));
    let (found, _) = plan(test.folder(), &["--stale"]);
    assert_eq!(built(&found), ["kid"], "{found}");
    assert!(why(&found, "kid").contains("the base of a target that it links to"), "{found}");
    registry
        .published("acme/kid", "edge", |architecture| provenance(&[material(&base, architecture, &digest)]));
    assert_eq!(built(&plan(test.folder(), &["--stale"]).0), [""; 0]);
}

/// A merge makes the plan again, and asks no registry for that.
#[test]
fn a_plan_with_pins_can_be_made_again() {
    let registry = Registry::new();
    registry.base("base", "1", [&plain(), &plain()], "");
    let name = registry.name("base:1");
    let test = one_image(&registry, &BOTH, &format!("FROM {name}\nCOPY a /a\n"));
    let folder = test.folder();
    plan(folder, &["--pin-bases", "--out", "out"]);
    let other = json!({ "Env": ["A=c"] });
    registry.base("base", "1", [&other, &other], "");
    let asked = registry.count("HEAD /v2/base/manifests/1");
    let merge = |options: &[&str]| {
        let builds = BOTH.map(|architecture| format!("app-linux-{architecture}={}", Digest::sha256(b"x")));
        let arguments = ["merge", "--plan", "out/plan.json", "--from-source", "--metadata"];
        let arguments = [&arguments[..], &builds.each_ref().map(String::as_str), &["--dry-run", "--"]];
        bakeplan(folder, &[&arguments.concat(), options].concat())
    };
    let output = merge(&["--pin-bases"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!told.contains("plan-differs") && told.contains("error"), "{told}");
    assert_eq!(registry.count("HEAD /v2/base/manifests/1"), asked);
    // Nobody asked for other bases than the definition has.
    for options in [&[][..], &["--inputs"], &["--skip-published"]] {
        let told = String::from_utf8_lossy(&merge(options).stderr).into_owned();
        assert!(told.contains("plan-differs"), "{options:?}: {told}");
    }
    fs::write(folder.join("a"), "other").unwrap();
    let output = merge(&["--pin-bases"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("plan-differs"), "{told}");
}
