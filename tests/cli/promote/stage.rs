//! A registry with a merged image, and runs of the program against it.

use bakeplan::internals::merge::Options;
use bakeplan::internals::oci::OCI_MANIFEST;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Manifest, Store, TagOrDigest};
use serde_json::Value;

use crate::loopback::Server;
use crate::merge::world::{Build, World, image, plan_of, put, put_tag};
use crate::schema::expect_result;
use crate::support::Test;

/// A registry whose repository `app` has an image under the tag `sha-c0ffee0`.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) server: Server,
}

/// What came of a run.
pub(super) struct Outcome {
    pub(super) status: i32,
    pub(super) told: String,
    pub(super) report: Value,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::annotated("")
    }

    /// The same, with annotations in the index, as members of an object.
    pub(super) fn annotated(annotations: &str) -> Self {
        Self::built(annotations, "", "")
    }

    /// The same, with these labels and annotations in each image.
    pub(super) fn built(annotations: &str, labels: &str, of_images: &str) -> Self {
        let mut world = World::new();
        for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
            world.build(&["app"], Build::new(leg, platform).labelled(labels, of_images));
        }
        let server = world.serve();
        let tags = r#"{"name":"sha-c0ffee0","class":"run","form":"sha-{name}"}"#;
        let document = plan_of(
            &[&format!("{}/app", server.host())],
            tags,
            &format!(r#""annotations":{{{annotations}}},"#),
            "hold",
        );
        assert_eq!(world.merge(&document, Options::default()).problems, []);
        Self { world, server }
    }

    /// A repository as the program calls it.
    pub(super) fn at(&self, repository: &str) -> String {
        format!("{}/{repository}", self.server.host())
    }

    pub(super) fn digest(&self) -> Digest {
        self.world.tags("app")["sha-c0ffee0"].clone()
    }

    pub(super) fn manifest(&self, repository: &str, tag: &str) -> Manifest {
        let at = TagOrDigest::Tag(tag.parse().unwrap());
        self.world.layout(repository).get_manifest(&at).unwrap().expect("the tag is there")
    }

    /// Gives a tag to another image.
    pub(super) fn other(&self, tag: &str) -> Digest {
        let layout = self.world.layout("app");
        let config = r#"{"architecture":"amd64","os":"linux"}"#;
        let text = image(&layout, OCI_MANIFEST, config, &["layer of another".to_owned()]);
        let manifest = put(&layout, OCI_MANIFEST, &text);
        put_tag(&layout, tag, &manifest);
        manifest.digest
    }

    /// Runs `bakeplan promote` with this `plan.json`; `HOST` stands for the registry.
    #[track_caller]
    pub(super) fn run_with(&self, document: &str, line: &str) -> Outcome {
        let line = line.replace("HOST", &self.server.host());
        let test = Test::new().file("plan.json", document);
        let test = test.args(["promote", "--format", "json"]).args(line.split_whitespace());
        let output = test.output();
        let told = String::from_utf8(output.stderr).unwrap().replace("\\\"", "\"");
        let status = output.status.code().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        if !text.is_empty() {
            expect_result(&text);
        }
        Outcome { status, told, report: serde_json::from_str(&text).unwrap_or_default() }
    }

    #[track_caller]
    pub(super) fn passes(&self, document: &str, line: &str) -> Outcome {
        let outcome = self.run_with(document, line);
        assert_eq!(outcome.status, 0, "{line}: {}", outcome.told);
        outcome
    }

    /// A run that is refused with this text, and writes nothing.
    #[track_caller]
    pub(super) fn refuses(&self, document: &str, line: &str, status: i32, expected: &str) {
        let before = self.server.seen().len();
        let outcome = self.run_with(document, line);
        assert_eq!(outcome.status, status, "{line}: {}", outcome.told);
        assert!(outcome.told.contains(expected), "{line}: {expected}: {}", outcome.told);
        let written =
            self.server.seen()[before..].iter().any(|seen| seen.method == "PUT" || seen.method == "POST");
        assert!(!written, "{line}");
    }
}

impl Outcome {
    /// The outcome of each tag.
    pub(super) fn tags(&self) -> Vec<String> {
        let images = self.report["images"].as_object().unwrap().values();
        let references = images.flat_map(|image| image["references"].as_array().unwrap());
        references
            .map(|one| format!("{} {}", one["tag"].as_str().unwrap(), one["outcome"].as_str().unwrap()))
            .collect()
    }
}
