//! The lines of docs/before-and-after-the-tags.md run as they stand there, one after the other.

use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;

use crate::merge::world::{Build, TAGS, World, document, put_tag};
use crate::support::{Test, blocks, read};

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
            std::fs::write(self.folder.path().join(to), output.stdout).unwrap();
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
    let bake = format!(
        r#"
        target "app" {{ platforms = ["linux/amd64", "linux/arm64"] }}
        image "app" {{
          repositories = ["{host}/acme/app"]
          version      = "1.4.2"
          withdrawn    = ["1.4.3"]
        }}"#
    );
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("metadata")).unwrap();
    write("plan.json", &plan);
    write("metadata/m.json", &world.metadata());
    write("docker-bake.hcl", &bake);
    let mut recipe = Recipe { world, host, folder, digest: None };
    let text = read("docs/before-and-after-the-tags.md");
    let blocks = blocks(&text, "sh");
    let lines = |at: usize| blocks[at].lines().filter(|line| line.starts_with("bakeplan "));
    assert_eq!(blocks.len(), 4);
    // Two steps, between which others sign and scan.
    let others = blocks[0].lines().filter(|line| !line.is_empty() && !line.starts_with("bakeplan "));
    assert!(others.clone().count() == 2 && others.clone().all(|line| line.starts_with("jq -r '.i")));
    lines(0).for_each(|line| recipe.run(line));
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
    let kept = std::fs::read_to_string(recipe.folder.path().join("keep.txt")).unwrap();
    assert!(kept.contains(new.as_str()) && kept.contains(other.as_str()), "{kept}");
    let count: usize = (0..4).map(|at| lines(at).count()).sum();
    assert_eq!(count, 3 + 3 + 3 + 2, "no line is left out");
}
