//! Real buildx reads every generated file, and a split target says what its source says but for the documented changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use indexmap::IndexSet;
use serde_json::{Map, Value, json};

use super::engine::{Plan, Project, engine};

type Object = Map<String, Value>;

/// What a `platform` block can change.
const OVERRIDABLE: [&str; 5] = ["args", "context", "contexts", "dockerfile", "target"];

// ---- what a leg must be ----

/// What a target of the generated file is to the leg that is looked at.
#[derive(Clone, Copy, PartialEq)]
enum Part<'a> {
    /// The leg itself, pushed to these repositories.
    Pushed(&'a [String]),
    /// What it links to, for its platform only; with repositories when it is a leg as well.
    Linked(&'a [String]),
    /// What it links to, for its platform and its runner's.
    Both(&'a str),
}

/// The source's definition with the documented changes, links aside.
fn expected(source: &Object, of: &str, platform: Option<&str>, part: Part<'_>, form: Form) -> Object {
    let mut target = source.clone();
    let slug = platform.map(slug);
    if let Some(platform) = platform {
        let runner = if let Part::Both(runner) = part { Some(runner) } else { None };
        set(&mut target, "platforms", [platform].into_iter().chain(runner).map(Value::from).collect());
    }
    let tags = if let Part::Pushed(tags) | Part::Linked(tags) = part { tags } else { &[] };
    set(&mut target, "tags", tags.iter().map(|tag| json!(tag)).collect());
    let annotations = list(source, "annotations").filter_map(|text| annotation(text.as_str()?, platform));
    set(&mut target, "annotations", annotations.map(Value::from).collect());
    if let Some(slug) = &slug {
        let mut caches: Vec<Value> = Vec::new();
        // What it writes elsewhere it does not read here; what is read here, no other target of these writes.
        let place = |cache: &Value| {
            let cache = cache_of(cache, of, slug);
            let place =
                ["scope", "name", "dest", "src", "ref"].into_iter().find_map(|key| cache[key].as_str());
            (cache["type"].clone(), place.map(str::to_owned))
        };
        let is_reader = list(source, "cache-to").next().is_none();
        let read = list(source, "cache-from").flat_map(|cache| {
            let is_own = is_reader || list(source, "cache-to").any(|one| place(one) == place(cache));
            let own = is_own.then(|| cache_of(cache, of, slug));
            own.into_iter().chain([cache.clone()])
        });
        for cache in read {
            if !caches.contains(&cache) {
                caches.push(cache);
            }
        }
        set(&mut target, "cache-from", caches);
    }
    let cache = |cache: &Value| slug.as_ref().map_or_else(|| cache.clone(), |slug| cache_of(cache, of, slug));
    let writes = form.publish && !matches!(part, Part::Both(_));
    set(&mut target, "cache-to", list(source, "cache-to").filter(|_| writes).map(cache).collect());
    let output = match part {
        Part::Pushed(_) => output(list(source, "output").next(), form),
        // buildx's own way with what is only linked.
        Part::Linked(_) | Part::Both(_) => json!({"type": "cacheonly"}),
    };
    set(&mut target, "output", vec![output]);
    target
}

/// What the whole plan or image decides about the form of a leg.
#[derive(Clone, Copy)]
struct Form {
    publish: bool,
    /// Whether the index has annotations, which only OCI's has a place for.
    is_annotated: bool,
}

fn output(source: Option<&Value>, form: Form) -> Value {
    if !form.publish {
        return json!({"type": "cacheonly"});
    }
    let mut output = source.and_then(Value::as_object).cloned().unwrap_or_default();
    output.remove("name");
    output.insert("type".into(), json!("image"));
    for key in ["push", "push-by-digest", "name-canonical"]
        .into_iter()
        .chain(form.is_annotated.then_some("oci-mediatypes"))
    {
        output.insert(key.into(), json!("true"));
    }
    Value::Object(output)
}

/// The annotation if it is one of the manifest: the rest belongs to the index or to other platforms.
fn annotation(text: &str, platform: Option<&str>) -> Option<String> {
    let (name, value) = text.split_once('=').expect("an annotation has a value");
    let Some((types, key)) =
        name.split_once(':').filter(|(types, _)| types.contains("index") || types.contains("manifest"))
    else {
        return Some(text.to_owned());
    };
    let here =
        |one: &&str| !one.contains('[') || platform.is_some_and(|own| one.ends_with(&format!("[{own}]")));
    let is_of_manifest = |one: &str| one.split('[').next() == Some("manifest");
    let mut kept = types.split(',').filter(|one| is_of_manifest(one)).filter(here);
    kept.next().map(|_| format!("manifest:{key}={value}"))
}

/// The cache of one platform.
fn cache_of(cache: &Value, of: &str, slug: &str) -> Value {
    let mut cache = cache.clone();
    let get = |key: &str| cache[key].as_str().map(str::to_owned);
    let dash = |value: String| format!("{value}-{slug}");
    let (key, value) = match get("type").as_deref() {
        Some("gha") => ("scope", dash(get("scope").unwrap_or(of.to_owned()))),
        Some("s3" | "azblob") => ("name", dash(get("name").unwrap_or(of.to_owned()))),
        Some("local") => match get("dest") {
            Some(dest) => ("dest", dash(dest)),
            None => ("src", dash(get("src").expect("a local cache has a folder"))),
        },
        Some("registry") => {
            let reference = get("ref").expect("it has one");
            let name = reference.rsplit('/').next().expect("never empty");
            match (name.contains('@'), name.contains(':')) {
                (true, _) => ("ref", reference),
                (_, true) => ("ref", dash(reference)),
                _ => ("ref", format!("{reference}:{slug}")),
            }
        }
        _ => return cache,
    };
    cache[key] = json!(value);
    cache
}

/// What Bake allows in names.
fn slug(platform: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    platform
        .split('/')
        .map(|part| part.chars().map(allowed).collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

fn list<'t>(target: &'t Object, key: &str) -> impl Iterator<Item = &'t Value> + use<'t> {
    target.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn texts<'t>(target: &'t Object, key: &str) -> Vec<&'t str> {
    list(target, key).map(|value| value.as_str().expect("a list of strings")).collect()
}

/// buildx prints no empty lists.
fn set(target: &mut Object, key: &str, values: Vec<Value>) {
    if values.is_empty() {
        target.remove(key);
    } else {
        target.insert(key.to_owned(), Value::Array(values));
    }
}

/// The attributes that differ.
fn differences(name: &str, expected: &Object, found: &Object) -> Vec<String> {
    let mut keys: Vec<&String> = expected.keys().chain(found.keys()).collect();
    keys.sort();
    keys.dedup();
    let show = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    keys.into_iter()
        .map(|key| (key, expected.get(key), found.get(key)))
        .filter(|(_, expected, found)| expected != found)
        .map(|(key, expected, found)| {
            format!("{name}: `{key}` is {} instead of {}", show(found), show(expected))
        })
        .collect()
}

// ---- comparing whole files ----

/// A source and what was generated from it, both as buildx reads them.
struct Comparison<'p> {
    project: &'p Project,
    plan: Plan,
    /// `-f FILE` of each file.
    source: Vec<String>,
    generated: Vec<String>,
    publish: bool,
    /// The attributes that `platform` blocks may have changed.
    ignored: &'static [&'static str],
    /// The source's targets and groups, each as it is printed alone.
    whole: BTreeMap<String, Object>,
    faults: Vec<String>,
}

/// All differences between `out/docker-bake.json` and its source that are not documented.
fn faults(project: &Project, publish: bool) -> Vec<String> {
    let plan = project.plan();
    let source =
        plan.source.files.iter().flat_map(|file| ["-f".into(), readable(project, &file.path)]).collect();
    let has_overrides = plan.source.files.iter().any(|file| project.read(&file.path).contains("platform \""));
    let mut comparison = Comparison {
        project,
        plan,
        source,
        generated: vec!["-f".to_owned(), "out/docker-bake.json".to_owned()],
        publish,
        ignored: if has_overrides { &OVERRIDABLE } else { &[] },
        whole: BTreeMap::new(),
        faults: Vec::new(),
    };
    comparison.compare_whole();
    comparison.resolve_others();
    comparison.compare_legs();
    comparison.faults
}

/// The path of a source for buildx. It evaluates every string of a JSON file and knows no matrix variables outside of
/// targets, so the images of `images.json` are left out.
fn readable(project: &Project, path: &str) -> String {
    if !path.ends_with("images.json") {
        return path.to_owned();
    }
    let mut content: Object = project.json(path);
    content.remove("image");
    project.scratch("images.json", &Value::Object(content).to_string())
}

impl Comparison<'_> {
    fn ask(&self, files: &[String], arguments: &[&str]) -> Result<String, String> {
        let bake = ["bake"].into_iter().chain(files.iter().map(String::as_str));
        self.project.try_buildx(&bake.chain(arguments.iter().copied()).collect::<Vec<_>>())
    }

    /// What buildx resolves for a name.
    fn print(&self, files: &[String], name: &str) -> Result<Object, String> {
        let text = self.ask(files, &["--print", name])?;
        Ok(serde_json::from_str(&text).expect("buildx prints JSON"))
    }

    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    /// The source's targets and groups are in the generated file as they are.
    fn compare_whole(&mut self) {
        let list =
            self.ask(&self.source, &["--list=type=targets,format=json"]).expect("the source can be read");
        // `null` when all of them are hidden.
        let listed: Option<Vec<Value>> = serde_json::from_str(&list).expect("buildx prints JSON");
        for name in listed.iter().flatten().map(|item| item["name"].as_str().expect("everything has a name"))
        {
            let source = match self.print(&self.source, name) {
                Ok(source) => source,
                Err(error) => {
                    if self.print(&self.generated, name).is_ok() {
                        self.fault(format!("{name} cannot be built from its source: {error}"));
                    }
                    continue;
                }
            };
            match self.print(&self.generated, name) {
                Ok(generated) if generated == source => {}
                Ok(generated) => self.fault(format!("{name}: {source:#?} became {generated:#?}")),
                Err(error) => self.fault(format!("{name} is lost: {error}")),
            }
            self.whole.insert(name.to_owned(), source);
        }
        assert!(!self.whole.is_empty() || !self.plan.images.is_empty(), "there is nothing to compare");
    }

    /// Everything else in the generated file resolves too, and is named as documented.
    fn resolve_others(&mut self) {
        let file: Value = self.project.json("out/docker-bake.json");
        for kind in ["group", "target"] {
            for name in file[kind].as_object().into_iter().flat_map(Object::keys) {
                if self.whole.contains_key(name) {
                    continue;
                }
                if let Err(error) = self.print(&self.generated, name) {
                    self.fault(format!("{kind} {name} does not resolve: {error}"));
                }
                let is_job = || name.trim_end_matches('_') == "ci" || name.starts_with("job-");
                let is_leg = || self.whole.keys().any(|of| name.starts_with(&format!("{of}-")));
                let is_documented =
                    name.starts_with('_') || if kind == "group" { is_job() } else { is_leg() };
                if !is_documented {
                    self.fault(format!("{kind} {name} comes from nowhere"));
                }
            }
        }
    }

    fn compare_legs(&mut self) {
        let builds = self.plan.images.values().flat_map(|image| &image.builds);
        let legs: BTreeMap<String, Option<String>> =
            builds.map(|(leg, build)| (leg.clone(), build.platform.clone())).collect();
        for (name, platform) in &legs {
            let suffix =
                platform.as_ref().map_or("-native".to_owned(), |platform| format!("-{}", slug(platform)));
            let of =
                name.strip_suffix(&suffix).unwrap_or_else(|| panic!("{name} is not named for {platform:?}"));
            match self.print(&self.generated, name) {
                Ok(printed) => {
                    // Hidden targets are not listed.
                    let source = self.whole.get(of).cloned().map_or_else(|| self.print(&self.source, of), Ok);
                    let source = source.unwrap_or_else(|error| panic!("{of} of {name}: {error}"));
                    let repositories = self.repositories(name);
                    let leg = Leg { platform: platform.as_deref(), printed: &printed, source: &source };
                    self.compare(&leg, name, of, Part::Pushed(&repositories));
                }
                Err(error) => self.fault(format!("{name} does not resolve: {error}")),
            }
        }
    }

    /// Where a leg is pushed to, for all images that it is a part of.
    fn repositories(&self, leg: &str) -> Vec<String> {
        let images = self.plan.images.values().filter(|image| image.builds.contains_key(leg));
        let repositories: IndexSet<String> = images.flat_map(|image| image.repositories.clone()).collect();
        repositories.into_iter().collect()
    }

    /// Compares one target of a leg's definition, then those that it links to.
    fn compare(&mut self, leg: &Leg<'_>, name: &str, of: &str, part: Part<'_>) {
        let (Some(found), Some(source)) = (target(leg.printed, name), target(leg.source, of)) else {
            return self.fault(format!("{name} is not in its own definition"));
        };
        let is_annotated =
            self.plan.images.values().filter_map(|image| Some((image, image.builds.get(name)?))).any(
                |(image, build)| !image.annotations.is_empty() || !build.descriptor_annotations.is_empty(),
            );
        let form = Form { publish: self.publish, is_annotated };
        let mut expected = expected(source, of, leg.platform, part, form);
        for (context, of) in links(source) {
            let linked = links(found).find(|(known, _)| *known == context).map(|(_, linked)| linked);
            if let Some(linked) = linked.filter(|linked| self.is_rewritten(leg, linked, of)) {
                expected["contexts"][context] = json!(format!("target:{linked}"));
            }
        }
        let mut found = found.clone();
        for key in self.ignored {
            expected.remove(*key);
            found.remove(*key);
        }
        self.faults.extend(differences(name, &expected, &found));
    }

    /// Whether a link is to the leg's own platform of a target, which is then compared too.
    fn is_rewritten(&mut self, leg: &Leg<'_>, linked: &str, of: &str) -> bool {
        let Some(platform) = leg.platform else { return false };
        let platforms = |printed, name| target(printed, name).map_or(Vec::new(), |of| texts(of, "platforms"));
        // Without platforms it is built for the machine that builds, for any leg.
        if platforms(leg.source, of).is_empty() {
            return false;
        }
        let plain = format!("{of}-{}", slug(platform));
        match platforms(leg.printed, linked)[..] {
            [_] if linked == plain => {
                let repositories = self.repositories(linked);
                self.compare(leg, linked, of, Part::Linked(&repositories));
                true
            }
            [_, runner] if runner != platform && linked.ends_with(&format!("_{plain}-{}", slug(runner))) => {
                self.compare(leg, linked, of, Part::Both(runner));
                true
            }
            _ => false,
        }
    }
}

/// A leg as it is printed alone, and its source likewise: each with what it links to.
struct Leg<'a> {
    platform: Option<&'a str>,
    printed: &'a Object,
    source: &'a Object,
}

fn target<'p>(printed: &'p Object, name: &str) -> Option<&'p Object> {
    printed.get("target")?.get(name)?.as_object()
}

/// The links of a target: context and linked target.
fn links(target: &Object) -> impl Iterator<Item = (&String, &str)> {
    let contexts = target.get("contexts").and_then(Value::as_object).into_iter().flatten();
    contexts.filter_map(|(context, value)| Some((context, value.as_str()?.strip_prefix("target:")?)))
}

// ---- tests ----

#[track_caller]
fn check(project: &Project, publish: bool) {
    let faults = faults(project, publish);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[track_caller]
fn plan_and_check(project: &Project, arguments: &[&str]) {
    project.bakeplan(&[&["plan", "--out", "out"], arguments].concat());
    check(project, true);
    project.bakeplan(&[&["plan", "--out", "out", "--publish=false"], arguments].concat());
    check(project, false);
}

#[test]
fn the_examples_mean_what_their_sources_mean() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let examples: Vec<_> = folders.filter(|folder| folder.join("out/docker-bake.json").exists()).collect();
    assert!(!examples.is_empty(), "the examples are not where they were");
    for folder in examples {
        let engine = engine();
        check(&Project::at(engine, &folder, "example"), true);
    }
}

#[test]
fn every_attribute_reaches_the_legs() {
    let engine = engine();
    let spec = r#"
        variable "TOKEN" {}
        variable "VERSION" { default = "1.2.3" }
        group "default" {
          targets = ["app", "tools"]
          description = "$${all} of it"
        }
        target "_common" {
          labels = { "org.example.a" = "$${HOME} %%{if} \"quoted\"", "b/c" = "" }
          args = { A = "$${B}", VERSION = VERSION, EMPTY = "", UNSET = null, NUMBER = 1.5, LINES = "a\nb" }
          attest = ["type=provenance,mode=max", "type=sbom"]
          annotations = [
            "index:org.example.i=1", "manifest:b=2=3", "c=$${4}", "index,manifest:d=5", "manifest[linux/arm64]:e=6",
            "index-descriptor:f=7", "manifest-descriptor[linux/amd64]:g=8",
          ]
          cache-from = ["type=gha", "type=registry,ref=registry.test:5000/cache", "registry.test/image:cache"]
        }
        target "app" {
          inherits = ["_common"]
          matrix = { v = ["1.0", "2.0"], flavor = ["a"] }
          name = "app-${replace(v, ".", "-")}-${flavor}"
          description = "version ${v}, %%{flavor} ${flavor}"
          context = "src $${x}"
          contexts = {
            base = "target:base", tools = "target:tools", "docker.io/library/alpine" = "docker-image://alpine:3",
            folder = "folder", "the.source" = "https://github.com/docker/buildx.git#master",
          }
          args = { FLAVOR = flavor }
          tags = ["registry.test/app:${v}-${flavor}", "registry.test:5000/mirror/app:${v}-${flavor}"]
          platforms = ["linux/arm64", "linux/amd64", "linux/arm/v7"]
          output = ["type=image,compression=zstd,compression-level=3,force-compression=true,name=registry.test/other"]
          cache-to = [{ type = "gha", mode = "max", scope = "s" }, "type=local,dest=cache", "type=inline"]
          dockerfile-inline = "FROM scratch\nCOPY $${X} %%{y} /\n"
          target = "last"
          secret = ["type=env,id=token,env=TOKEN", "type=file,id=file,src=secret.txt"]
          ssh = ["default", "other=agent.sock"]
          ulimits = ["nofile=1024:2048"]
          shm-size = "128m"
          extra-hosts = { host = "1.2.3.4" }
          entitlements = ["network.host", "security.insecure"]
          network = "host"
          no-cache-filter = ["first"]
          pull = true
          no-cache = false
        }
        target "base" {
          inherits = ["_common"]
          platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
          tags = ["base"]
          contexts = { root = "target:root" }
          cache-to = ["type=registry,ref=registry.test/base:cache,mode=max", "type=s3,bucket=b,region=r"]
        }
        target "root" {
          platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
          dockerfile = "root.Dockerfile"
        }
        target "tools" {
          target = "tools"
        }
        image "app" {
          runners = { "linux/arm64" = { runner = "slow", platform = "linux/amd64" } }
        }
        image "base" {
          repositories = ["registry.test/acme/base"]
          tags = ["latest"]
        }
    "#;
    let project = Project::new(engine, "attributes").env("TOKEN", "none");
    let project = project
        .file("docker-bake.hcl", spec)
        .file("secret.txt", "")
        .file("folder/x", "")
        .file("src ${x}/x", "");
    project.link_agent("agent.sock");
    plan_and_check(&project, &[]);

    let plan = project.plan();
    assert_eq!(
        plan.images["app-1-0-a"].annotations,
        BTreeMap::from([("d", "5"), ("org.example.i", "1")].map(|(k, v)| (k.into(), v.into())))
    );
    let build = &plan.images["app-1-0-a"].builds["app-1-0-a-linux-amd64"];
    assert_eq!(build.descriptor_annotations, BTreeMap::from([("g".to_owned(), "8".to_owned())]));
}

#[test]
fn several_files_of_both_syntaxes_merge() {
    let engine = engine();
    let project = Project::new(engine, "files")
        .file(
            "docker-bake.json",
            r#"{"group": {"default": {"targets": ["all"]}, "all": {"targets": ["app", "default-app"]}},
                "target": {"app": {"tags": ["registry.test/app:${lower(\"A\")}"], "args": {"A": "$${not}", "B": "1"}},
                           "default-app": {"inherits": ["app"], "tags": ["registry.test/other"], "platforms": []}}}"#,
        )
        .file(
            "docker-bake.hcl",
            r#"
            target "app" { platforms = ["linux/amd64,linux/arm64/v8", "windows(10.0.20348.1)/amd64"] }
            group "both" { targets = ["all", "app"] }
            image "app" { runners = { windows = "windows-2022" } }
            image "default-app" { tags = ["edge", "nightly"] }
            "#,
        )
        .file("docker-bake.override.hcl", r#"target "app" { args = { B = "2" } }"#);
    plan_and_check(&project, &[]);
}

#[test]
fn targets_of_one_image_are_split_each_on_its_own() {
    let engine = engine();
    let spec = r#"
        target "default" {
          tags = ["registry.test/app:1"]
          platforms = ["linux/amd64"]
        }
        target "other" {
          dockerfile = "arm.Dockerfile"
          tags = ["registry.test/app:1"]
          platforms = ["linux/arm64"]
        }
        target "link-loop-free" {
          contexts = { a = "target:default" }
          platforms = ["linux/amd64"]
          tags = ["registry.test/link:1"]
        }
    "#;
    let project = Project::new(engine, "one-image").file("docker-bake.hcl", spec);
    plan_and_check(&project, &["default", "other", "link-loop-free"]);
    let plan = project.plan();
    assert_eq!(
        plan.images["default"].builds.keys().collect::<Vec<_>>(),
        ["default-linux-amd64", "other-linux-arm64"]
    );
}

#[test]
fn groups_keep_hidden_members_and_may_be_empty() {
    let engine = engine();
    let spec = r#"
        group "default" { targets = [] }
        group "all" { targets = ["_some", "app"] }
        group "_some" { targets = ["_hidden"] }
        group "app" { targets = ["app", "other"] }
        target "_hidden" {}
        target "_template" { labels = { a = "b" } }
        target "app" {
          inherits = ["_template"]
          tags = ["registry.test/app:1"]
        }
        target "other" {
          contexts = { base = "target:_base", app = "target:app" }
          platforms = ["linux/amd64", "linux/arm64"]
        }
        target "_base" { platforms = ["linux/arm64", "linux/amd64"] }
        image "app" {}
        image "other" {
          repositories = ["registry.test/other"]
          tags = ["1"]
          runners = { default = { runner = "here", platform = "linux/amd64" } }
        }
    "#;
    let project = Project::new(engine, "groups").file("docker-bake.hcl", spec);
    plan_and_check(&project, &[]);
}

#[test]
fn a_platform_block_changes_its_leg_only() {
    let engine = engine();
    let spec = r#"
        target "app" {
          args = { A = "1", B = "2" }
          tags = ["registry.test/app:1"]
          platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
          contexts = { x = "docker-image://busybox" }
          target = "stage"
        }
        image "app" {
          platform "linux/arm" {
            args = { B = "$${32}", C = "3" }
            dockerfile = "arm.Dockerfile"
            contexts = { y = "docker-image://alpine" }
            target = "small"
            runner = { runner = "arm", platform = "linux/arm64" }
          }
        }
    "#;
    let project = Project::new(engine, "platform-block").file("docker-bake.hcl", spec);
    plan_and_check(&project, &[]);
    let leg = |leg: &str| {
        let printed = project.buildx(&["bake", "-f", "out/docker-bake.json", "--print", leg]);
        serde_json::from_str::<Value>(&printed).unwrap()["target"][leg].clone()
    };
    for name in ["app-linux-amd64", "app-linux-arm64"] {
        let leg = leg(name);
        assert_eq!(leg["args"], json!({"A": "1", "B": "2"}), "{name}");
        assert_eq!((&leg["dockerfile"], &leg["target"]), (&json!("Dockerfile"), &json!("stage")), "{name}");
        assert_eq!(leg["contexts"], json!({"x": "docker-image://busybox"}), "{name}");
    }
    let arm = leg("app-linux-arm-v7");
    // buildx escapes what it prints.
    assert_eq!(arm["args"], json!({"A": "1", "B": "$${32}", "C": "3"}));
    assert_eq!((&arm["dockerfile"], &arm["target"]), (&json!("arm.Dockerfile"), &json!("small")));
    assert_eq!(arm["contexts"], json!({"x": "docker-image://busybox", "y": "docker-image://alpine"}));
}

#[test]
fn the_comparison_can_fail() {
    let object = |value: Value| value.as_object().unwrap().clone();
    let source = object(json!({
        "tags": ["a/b:1"], "platforms": ["linux/amd64", "linux/arm/v7"], "args": {"A": "1"},
        "annotations": ["index,manifest:a=1", "index:b=2", "c=3", "manifest[linux/amd64]:d=4"],
        "cache-from": [{"type": "gha"}, {"type": "registry", "ref": "h:1/r"}, {"type": "local", "src": "d"}],
        "cache-to": [{"type": "local", "dest": "d"}, {"type": "gha"}],
        "output": [{"type": "registry", "name": "x", "compression": "zstd"}],
    }));
    let leg = object(json!({
        "tags": ["a/b"], "platforms": ["linux/arm/v7"], "args": {"A": "1"}, "annotations": ["manifest:a=1", "c=3"],
        "cache-from": [
            {"type": "gha", "scope": "app-linux-arm-v7"}, {"type": "gha"}, {"type": "registry", "ref": "h:1/r"},
            {"type": "local", "src": "d-linux-arm-v7"}, {"type": "local", "src": "d"},
        ],
        "cache-to": [{"type": "local", "dest": "d-linux-arm-v7"}, {"type": "gha", "scope": "app-linux-arm-v7"}],
        "output": [{
            "type": "image", "compression": "zstd", "push": "true", "push-by-digest": "true", "name-canonical": "true",
            "oci-mediatypes": "true",
        }],
    }));
    let repositories = ["a/b".to_owned()];
    let form = Form { publish: true, is_annotated: true };
    let expected = expected(&source, "app", Some("linux/arm/v7"), Part::Pushed(&repositories), form);
    assert_eq!(differences("app", &expected, &leg), [""; 0]);
    for key in leg.keys() {
        let (mut changed, mut removed) = (leg.clone(), leg.clone());
        changed.insert(key.clone(), json!(["other"]));
        removed.remove(key);
        assert_eq!(differences("app", &expected, &changed).len(), 1, "{key}");
        assert_eq!(differences("app", &expected, &removed).len(), 1, "{key}");
    }
}
