//! The lines of docs/how-to/before-and-after-the-tags.md and from-a-matrix.md run as they stand there, one after the other.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;

use crate::merge::world::{Build, TAGS, World, document, put_tag};
use crate::support::{Test, blocks, read};

/// What came of a script.
struct Script {
    code: Option<i32>,
    errors: String,
    signed: Vec<String>,
    scanned: Vec<String>,
}

/// What runs in one folder against a registry.
struct Recipe {
    world: World,
    host: String,
    folder: tempfile::TempDir,
    digest: Option<Digest>,
}

impl Recipe {
    /// Runs a line; its standard output goes where the line says.
    fn run(&self, line: &str) {
        let mut line = line.replace("ghcr.io/acme", &format!("{}/acme", self.host));
        if let (Some(at), Some(digest)) = (line.find("sha256:"), &self.digest) {
            let end = line[at..].find(' ').map_or(line.len(), |end| at + end);
            line.replace_range(at..end, digest.as_str());
        }
        let (line, to) = line.split_once(" > ").map_or((line.as_str(), None), |(line, to)| (line, Some(to)));
        let words = line.strip_prefix("bakeplan ").unwrap_or_else(|| panic!("what is `{line}`?"));
        let test = Test::new().args(["-C", self.folder.path().to_str().unwrap()]).args(words.split(' '));
        let output = test.env("GITHUB_OUTPUT", self.folder.path().join("out").to_str().unwrap()).output();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        if let Some(to) = to {
            assert!(!output.stdout.is_empty(), "{line}");
            fs::write(self.folder.path().join(to), output.stdout).unwrap();
        }
    }

    /// Runs a whole block by `bash -e`, as CI does. What signs and scans notes its last argument, and fails if it is in `broken`.
    fn script(&self, block: &str, broken: &[&str]) -> Script {
        let jq = Command::new("jq").arg("--version").output();
        assert!(jq.is_ok_and(|jq| jq.status.success()), "this test needs `jq`, which is not installed");
        let folder = self.folder.path();
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).unwrap();
        let log = |tool: &str| folder.join(format!("{tool}.log"));
        for tool in ["cosign", "trivy"] {
            fs::write(log(tool), "").unwrap();
            let end = if broken.contains(&tool) { "exit 1" } else { "exit 0" };
            let text = format!(
                "#!/bin/sh\nfor last; do :; done\necho \"$last\" >> '{}'\n{end}\n",
                log(tool).display()
            );
            fs::write(bin.join(tool), text).unwrap();
            fs::set_permissions(bin.join(tool), Permissions::from_mode(0o755)).unwrap();
        }
        let program = Path::new(env!("CARGO_BIN_EXE_bakeplan"));
        let path = [bin.as_os_str(), program.parent().unwrap().as_os_str(), &env::var_os("PATH").unwrap()]
            .join(OsStr::new(":"));
        let mut command = Command::new("bash");
        command.args(["-e", "-c", block]).current_dir(folder).env_clear();
        let output = command
            .env("PATH", path)
            .env("HOME", folder.join("home"))
            .env("GITHUB_OUTPUT", folder.join("out"))
            .output()
            .unwrap();
        let lines = |tool: &str| fs::read_to_string(log(tool)).unwrap().lines().map(str::to_owned).collect();
        Script {
            code: output.status.code(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            signed: lines("cosign"),
            scanned: lines("trivy"),
        }
    }

    /// Gives a tag to what another has.
    fn tag(&self, from: &str, tag: &str, to: &str) {
        let digest = self.world.tags(from)[tag].clone();
        let manifest = self.world.layout(from).get_manifest(&digest.into()).unwrap().unwrap();
        let (repository, tag) = to.split_once(':').unwrap();
        put_tag(&self.world.layout(repository), tag, &manifest);
    }
}

#[test]
fn the_recipes_run_as_they_stand() {
    let mut world = World::with_app(&["acme/app", "acme/staging"]);
    world.build(&["acme/web"], Build::new("web", "linux/amd64"));
    let server = world.serve();
    let host = server.host();
    let plan = document(&format!(
        r#""app":{{"version":"1.4.2","repositories":["{host}/acme/app"],"tags":[{TAGS}],"builds":{{
            "app-linux-amd64":{{"platform":"linux/amd64"}},"app-linux-arm64":{{"platform":"linux/arm64"}}}}}},
           "web":{{"repositories":["{host}/acme/web"],"tags":[{{"name":"edge","floating":true,"class":"constant","form":"edge"}}],
            "builds":{{"web":{{"platform":"linux/amd64"}}}}}}"#
    ));
    let text = read("docs/how-to/before-and-after-the-tags.md");
    let bake = blocks(&text, "hcl")[0].replace("ghcr.io/acme", &format!("{host}/acme"));
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("metadata")).unwrap();
    write("plan.json", &plan);
    write("metadata/m.json", &world.metadata());
    write("docker-bake.hcl", &bake);
    let mut recipe = Recipe { world, host, folder, digest: None };
    let blocks = blocks(&text, "sh");
    let lines = |at: usize| blocks[at].lines().filter(|line| line.starts_with("bakeplan "));
    assert_eq!(blocks.len(), 4);
    let signing = recipe.script(blocks[0], &[]);
    assert_eq!(signing.code, Some(0), "{}", signing.errors);
    let new = recipe.world.tags("acme/app")["1.4.2"].clone();
    // Promotions of the same index, here and in a staging repository.
    recipe.tag("acme/app", "1.4.2", "acme/app:sha-1234567");
    recipe.tag("acme/app", "1.4.2", "acme/staging:sha-1234567");
    recipe.digest = Some(new.clone());
    lines(1).for_each(|line| recipe.run(line));
    // A version that is withdrawn.
    let other = recipe.world.build(&["acme/app"], Build::new("bad", "linux/amd64").salt("bad"));
    let manifest = recipe.world.layout("acme/app").get_manifest(&other.clone().into()).unwrap().unwrap();
    for tag in ["1.4.3", "1.4", "1", "latest"] {
        put_tag(&recipe.world.layout("acme/app"), tag, &manifest);
    }
    lines(2).for_each(|line| recipe.run(line));
    let tags = recipe.world.tags("acme/app");
    assert!(["1.4.2", "1.4", "1", "latest"].iter().all(|tag| tags[*tag] == new), "{tags:?}");
    assert_eq!(tags["1.4.3"], other);
    lines(3).for_each(|line| recipe.run(line));
    let kept = fs::read_to_string(recipe.folder.path().join("keep.txt")).unwrap();
    assert!(kept.contains(new.as_str()) && kept.contains(other.as_str()), "{kept}");
    let count: usize = (1..4).map(|at| lines(at).count()).sum();
    assert_eq!(count, 3 + 3 + 2, "no line is left out");
}

/// A merge needs no more of a build than its digest.
#[test]
fn a_merge_takes_what_the_jobs_of_a_matrix_have_built() {
    let text = read("docs/how-to/from-a-matrix.md");
    let mut world = World::with_app(&["acme/app"]);
    world.build(&["acme/app"], Build::new("app-linux-arm-v7", "linux/arm/v7"));
    let server = world.serve();
    let host = server.host();
    let folder = tempfile::tempdir().unwrap();
    let hcl = blocks(&text, "hcl")[0].replace("ghcr.io/acme", &format!("{host}/acme"));
    fs::write(folder.path().join("docker-bake.hcl"), hcl).unwrap();
    // The digests of the page are those of somebody else's builds.
    let mut script = blocks(&text, "sh")[0].to_owned();
    for (build, digest) in &world.built {
        let at = script.find(&format!("{build}=sha256:")).unwrap_or_else(|| panic!("{build} is not there"));
        let start = at + build.len() + 1;
        script.replace_range(start..start + digest.as_str().len(), digest.as_str());
    }
    let recipe = Recipe { world, host, folder, digest: None };
    let ran = recipe.script(&script, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    assert!(recipe.world.tags("acme/app").contains_key("edge"), "{}", ran.errors);
    // One of them is forgotten: the tag stays as it is.
    let (recipe, _server) = two_images(&[]);
    let line = format!(
        "bakeplan merge --plan plan.json --metadata app-linux-amd64={}",
        recipe.world.built["app-linux-amd64"]
    );
    assert_eq!(recipe.script(&line, &[]).code, Some(5));
    assert!(recipe.world.tags("acme/app").is_empty());
}

/// The images `app`, of two platforms, and `web`, with the metadata of the builds in `built`.
fn two_images(built: &[&str]) -> (Recipe, crate::loopback::Server) {
    let mut world = World::with_app(&["acme/app"]);
    world.build(&["acme/web"], Build::new("web", "linux/amd64"));
    let server = world.serve();
    let host = server.host();
    let plan = document(&format!(
        r#""app":{{"version":"1.4.2","repositories":["{host}/acme/app"],"tags":[{TAGS}],"builds":{{
            "app-linux-amd64":{{"platform":"linux/amd64"}},"app-linux-arm64":{{"platform":"linux/arm64"}}}}}},
           "web":{{"repositories":["{host}/acme/web"],"tags":[{{"name":"edge","floating":true,"class":"constant","form":"edge"}}],
            "builds":{{"web":{{"platform":"linux/amd64"}}}}}}"#
    ));
    let mut metadata: serde_json::Value = serde_json::from_str(&world.metadata()).unwrap();
    metadata.as_object_mut().unwrap().retain(|build, _| built.contains(&build.as_str()));
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("metadata")).unwrap();
    fs::write(folder.path().join("plan.json"), plan).unwrap();
    fs::write(folder.path().join("metadata/m.json"), metadata.to_string()).unwrap();
    (Recipe { world, host, folder, digest: None }, server)
}

#[test]
fn the_script_that_signs_goes_on_without_held_images_and_says_so_at_the_end() {
    let text = read("docs/how-to/before-and-after-the-tags.md");
    let block = blocks(&text, "sh")[0];
    let app = ["app-linux-amd64", "app-linux-arm64"];
    // What was built, what fails, the exit code, what is signed, what is scanned, and the images that get tags.
    let all = ["app-linux-amd64", "app-linux-arm64", "web"];
    type Case<'a> = (&'a [&'a str], &'a [&'a str], i32, &'a [&'a str], usize, &'a [&'a str]);
    let cases: [Case<'_>; 7] = [
        (&all, &[], 0, &["app", "web"], 3, &["app", "web"]),
        (&app, &[], 5, &["app"], 2, &["app"]),
        (&["web"], &[], 5, &["web"], 1, &["web"]),
        (&["app-linux-amd64", "web"], &[], 5, &["web"], 1, &["web"]),
        (&app, &["cosign"], 123, &["app"], 0, &[]),
        (&app, &["trivy"], 123, &["app"], 2, &[]),
        (&all, &["cosign", "trivy"], 123, &["app", "web"], 0, &[]),
    ];
    for (built, broken, code, signed, scanned, tagged) in cases {
        let (recipe, _server) = two_images(built);
        let case = format!("{built:?} {broken:?}");
        let ran = recipe.script(block, broken);
        assert_eq!(ran.code, Some(code), "{case}: {}", ran.errors);
        let names: Vec<String> =
            signed.iter().map(|image| format!("{}/acme/{image}@sha256:", recipe.host)).collect();
        assert_eq!(ran.signed.len(), names.len(), "{case}: {:?}", ran.signed);
        assert!(
            names.iter().all(|name| ran.signed.iter().any(|line| line.starts_with(name))),
            "{case}: {:?}",
            ran.signed
        );
        assert_eq!(ran.scanned.len(), scanned, "{case}: {:?}", ran.scanned);
        for image in ["app", "web"] {
            let has = !recipe.world.tags(&format!("acme/{image}")).is_empty();
            assert_eq!(has, tagged.contains(&image), "{case}: tags of {image}");
        }
    }
    // A merge that fails for another reason signs nothing.
    let (recipe, _server) = two_images(&all);
    fs::write(recipe.folder.path().join("plan.json"), "{}").unwrap();
    let ran = recipe.script(block, &[]);
    assert_eq!((ran.code, ran.signed.len()), (Some(1), 0), "{}", ran.errors);
}
