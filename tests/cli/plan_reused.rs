//! Images that are not built, since they were published before: the plan, what is written of it, and its views.

use std::collections::BTreeMap;

use bakeplan::internals::bake::eval::functions::Ambient;
use bakeplan::internals::bake::module::{File, Module, ModuleInputs};
use bakeplan::internals::bake::target::Definition;
use bakeplan::internals::bake::target::overrides::Overrides;
use bakeplan::internals::bake::text::hcl;
use bakeplan::internals::facts::{Facts, KnownVersions};
use bakeplan::internals::plan::{Plan, Reused};
use bakeplan::internals::reference::Digest;
use bakeplan::internals::render;
use bakeplan::internals::render::terminal::Screen;
use bakeplan::internals::resolve::{self, Input, Purpose, Spared};
use bakeplan::internals::source::Sources;
use serde_json::{Value, json};

const DEFINITION: &str = r#"
target "app" {
  platforms = ["linux/amd64", "linux/arm64"]
}
target "web" {
  platforms = ["linux/amd64"]
}
image "app" {
  repositories = ["ghcr.io/acme/app"]
  tags         = ["sha-1234567", "edge"]
}
image "web" {
  repositories = ["ghcr.io/acme/web"]
  tags         = ["edge"]
  retag        = false
}
"#;

fn planned(spared: &Spared) -> Plan {
    let mut sources = Sources::default();
    let id = sources.add("docker-bake.hcl", DEFINITION.to_owned());
    let body = hcl::parse_hcl(&sources, id).unwrap();
    let ambient = Ambient {
        now: Box::new(|| "2026-11-21T09:30:00Z".to_owned()),
        random: Box::new(|| [7; 16]),
        home: None,
    };
    let file = File { body, json: false, shared: true };
    let module = Module::new(vec![file], ModuleInputs::default(), ambient).unwrap();
    let definition = module.merge_onto(Definition::default()).unwrap();
    let plan = resolve::resolve(&Input {
        module: &module,
        definition: &definition,
        overrides: &Overrides::default(),
        names: &[],
        platforms: &[],
        publish: true,
        max_jobs: None,
        default_provenance: None,
        purpose: Purpose::Run,
        given: &Facts::default(),
        facts: &&Facts::default(),
        known_versions: &KnownVersions::default(),
        kept: &[],
        spared,
        sources: Vec::new(),
        texts: &Sources::default(),
    });
    plan.unwrap()
}

/// What `app` was published as.
fn reused() -> Reused {
    Reused {
        repository: "ghcr.io/acme/app".parse().unwrap(),
        tag: "edge".parse().unwrap(),
        digest: Digest::sha256(b"app"),
    }
}

fn spared() -> Spared {
    Spared { reused: BTreeMap::from([("app".to_owned(), reused())]), ..Spared::default() }
}

fn told() -> String {
    format!("same inputs as ghcr.io/acme/app:edge@{}", Digest::sha256(b"app"))
}

#[test]
fn what_is_reused_has_its_tags_and_no_job() {
    let plan = planned(&spared());
    assert_eq!(plan.jobs.iter().map(|job| &*job.name).collect::<Vec<_>>(), ["web-linux-amd64"]);
    let written: Value = serde_json::from_str(&render::plan_json::render(&plan)).unwrap();
    let app = &written["images"]["app"];
    let digest = Digest::sha256(b"app");
    assert_eq!(app["reused"], json!({ "repository": "ghcr.io/acme/app", "tag": "edge", "digest": digest }));
    assert_eq!((app["tags"].as_array().unwrap().len(), app["builds"].as_object().unwrap().len()), (2, 2));
    assert!(app["builds"].as_object().unwrap().values().all(|build| build["job"] == ""));
    assert!(written["images"]["web"].get("reused").is_none());
    let rows: Value = serde_json::from_str(&render::matrix::render(&plan)).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    let bake: Value = serde_json::from_str(&render::bake::render(&plan, "x")).unwrap();
    assert_eq!(bake["group"]["ci"]["targets"], json!(["web-linux-amd64"]));
    // It is another plan than one that builds all.
    let all: Value = serde_json::from_str(&render::plan_json::render(&planned(&Spared::default()))).unwrap();
    assert_ne!(written["id"], all["id"]);
}

#[test]
fn every_view_says_what_is_reused_and_counts_it_apart() {
    let plan = planned(&spared());
    let numbers = "2 images, 1 of them reused, 3 tags in 2 repositories, 2 platforms, 1 job";
    for explain in [false, true] {
        let table = render::table::render(&plan, explain);
        assert!(table.contains(&format!("\napp: reused: {}\n\n", told())), "{table}");
        assert!(table.ends_with(&format!("{numbers}\n")), "{table}");
        let screen = Screen { columns: 200, color: false, links: false };
        let text = render::terminal::render(&plan, screen, explain);
        assert!(text.contains(&format!("reused  {}", told())), "{text}");
        assert!(text.contains(numbers), "{text}");
    }
    let tree = render::tree::render(&plan, false);
    assert!(
        tree.starts_with(&format!("app  reused: {}\n└─ app  linux/amd64, linux/arm64\n", told())),
        "{tree}"
    );
    let summary = render::summary::render(&plan);
    assert!(summary.contains(numbers) && summary.contains("app: reused: same inputs as"), "{summary}");
    let graph = render::mermaid::render(&plan);
    assert!(
        graph.contains("i0([\"app (reused)\"])") && graph.contains("(\"linux/arm64, not built\")"),
        "{graph}"
    );
    assert!(graph.contains("(\"linux/amd64 on ubuntu-latest\")"), "{graph}");

    // Nothing of this where all is built.
    let plan = planned(&Spared::default());
    let screen = Screen { columns: 200, color: false, links: false };
    for text in [
        render::table::render(&plan, false),
        render::terminal::render(&plan, screen, true),
        render::tree::render(&plan, false),
        render::summary::render(&plan),
        render::mermaid::render(&plan),
    ] {
        assert!(!text.contains("reused") && !text.contains("not built"), "{text}");
    }
}

#[test]
fn an_image_says_whether_it_may_be_reused() {
    let plan = planned(&Spared::default());
    assert_eq!((plan.images["app"].retag, plan.images["web"].retag), (true, false));
    // One that has not changed and may not be is left out.
    let spared = Spared { unchanged: ["web".to_owned()].into(), ..Spared::default() };
    let plan = planned(&spared);
    assert_eq!(plan.images.keys().collect::<Vec<_>>(), ["app"]);
    assert_eq!(plan.jobs.len(), 2);
}
