//! What holds for every definition, in the same process: no text makes the program panic, and plans keep their promises.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use bakeplan::internals::bake::eval::functions::Ambient;
use bakeplan::internals::bake::module::{File, Module, ModuleInputs};
use bakeplan::internals::bake::target::overrides::Overrides;
use bakeplan::internals::bake::target::select::{self, Options};
use bakeplan::internals::bake::target::{Definition, print};
use bakeplan::internals::bake::text::{hcl, json};
use bakeplan::internals::diagnostic::Diagnostic;
use bakeplan::internals::facts::{Facts, KnownVersions};
use bakeplan::internals::plan::Plan;
use bakeplan::internals::published::planned::Planned;
use bakeplan::internals::render;
use bakeplan::internals::resolve::{self, Input, Purpose, Spared};
use bakeplan::internals::source::Sources;
use proptest::prelude::*;
use proptest::sample::{select as one_of, subsequence};
use proptest::test_runner::TestRunner;

/// Runs a property on a stack like the program's.
fn check<S: Strategy>(cases: u32, strategy: fn() -> S, test: fn(S::Value) -> Result<(), TestCaseError>) {
    let run = move || {
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        TestRunner::new(config).run(&strategy(), test).map_err(|error| error.to_string())
    };
    let result = thread::scope(|scope| {
        thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, run).unwrap().join().unwrap()
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Parses and evaluates a file, and gives it to `then`.
fn evaluated<T>(
    text: &str,
    is_json: bool,
    then: impl FnOnce(&Module, &Definition) -> Result<T, Vec<Diagnostic>>,
) -> Result<T, Vec<Diagnostic>> {
    let mut sources = Sources::default();
    let id = sources.add("docker-bake.hcl", text.to_owned());
    let parse = if is_json { json::parse_json } else { hcl::parse_hcl };
    let ambient = Ambient {
        now: Box::new(|| "2026-11-21T09:30:00Z".to_owned()),
        random: Box::new(|| [7; 16]),
        home: None,
    };
    let result = parse(&sources, id).and_then(|body| {
        let file = File { body, json: is_json, shared: true };
        let module = Module::new(vec![file], ModuleInputs::default(), ambient)?;
        let definition = module.merge_onto(Definition::default())?;
        then(&module, &definition)
    });
    if let Err(diagnostics) = &result {
        assert!(!diagnostics.is_empty(), "a failure without a reason");
        for diagnostic in diagnostics {
            let (text, line) = (diagnostic.render(&sources, true), diagnostic.render_github(&sources));
            assert!(!text.is_empty() && line.lines().count() == 1);
            serde_json::to_string(&diagnostic.to_wire(&sources)).unwrap();
        }
    }
    result
}

pub(crate) fn planned(text: &str, is_json: bool) -> Result<Plan, Vec<Diagnostic>> {
    evaluated(text, is_json, |module, definition| {
        let overrides = Overrides::default();
        resolve::resolve(&Input {
            module,
            definition,
            overrides: &overrides,
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
            spared: &Spared::default(),
            sources: Vec::new(),
            texts: &Sources::default(),
        })
    })
}

/// All targets, as `bakeplan print` shows them.
pub(crate) fn printed(text: &str, is_json: bool) -> Result<String, Vec<Diagnostic>> {
    evaluated(text, is_json, |_, definition| {
        let names: Vec<String> = definition.targets.keys().map(ToString::to_string).collect();
        let resolved = select::resolve(definition, &names, &Overrides::default(), &Options::default());
        resolved.map(|resolved| print::to_json(&resolved, &[]))
    })
}

/// All that a plan is written as.
pub(crate) fn views(plan: &Plan) -> String {
    let files = render::files(plan, "origin");
    let read = Planned::read("plan.json", &files[2].1);
    assert!(read.is_ok(), "what is written is read: {read:?}\n{}", files[2].1);
    let files = files.map(|(_, text)| text).concat();
    [
        files,
        render::table::render(plan, true),
        render::summary::render(plan),
        render::plan_json::render_args(plan),
    ]
    .concat()
}

// ----- any text

/// Pieces of definitions, which make more sense together than random characters do.
const PIECES: [&str; 76] = [
    "target",
    "group",
    "image",
    "variable",
    "function",
    " \"a\" ",
    " \"b-c\" ",
    "{\n",
    "}\n",
    "{",
    "}",
    "\n",
    " = ",
    "[",
    "]",
    "(",
    ")",
    ",",
    ":",
    "=>",
    "...",
    "\"",
    "${",
    "%{ if ",
    "%{ endif }",
    "%{ for x in ",
    "~}",
    "<<EOT\n",
    "EOT\n",
    "<<-E\n",
    "\nE\n",
    "\\u",
    "\\n",
    "$${",
    "a",
    "x.y",
    "[*]",
    ".*",
    "[0]",
    "a[\"k\"]",
    "?",
    "!",
    "-",
    "1",
    "1e9",
    "0.5",
    "true",
    "null",
    " for ",
    " in ",
    "if ",
    "tags",
    "args",
    "matrix",
    "name",
    "inherits",
    "platforms",
    "contexts",
    "output",
    "version",
    "repositories",
    "linux/amd64",
    "windows/amd64",
    "ghcr.io/a/b:1",
    "target:a",
    "{{ version }}",
    "{{ ",
    "type=image,",
    "&&",
    "==",
    "# c\n",
    "/*",
    "\u{feff}",
    "é\u{301}",
    "🦀",
    "\r\n",
];

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => one_of(&PIECES[..]).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

#[test]
fn no_text_makes_it_panic() {
    check(400, soup, |text| {
        for is_json in [false, true] {
            if let Ok(plan) = planned(&text, is_json) {
                views(&plan);
            }
        }
        Ok(())
    });
}

type Attributes = BTreeMap<&'static str, serde_json::Value>;

/// Values of any shape for attributes of a target and of an image, which know what they want.
fn misfits() -> impl Strategy<Value = (Attributes, Attributes)> {
    let leaf = prop_oneof![
        one_of(&PIECES[50..]).prop_map(serde_json::Value::from),
        "[a-z=,:/{}$*.]{0,12}".prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-z/]{0,6}", inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    let target = one_of(
        &[
            "annotations",
            "args",
            "attest",
            "cache-from",
            "cache-to",
            "call",
            "context",
            "contexts",
            "description",
            "dockerfile",
            "entitlements",
            "extra-hosts",
            "inherits",
            "labels",
            "matrix",
            "name",
            "network",
            "no-cache",
            "no-cache-filter",
            "output",
            "platforms",
            "policy",
            "pull",
            "resources",
            "secret",
            "shm-size",
            "ssh",
            "tags",
            "target",
            "ulimits",
        ][..],
    );
    let image = one_of(
        &[
            "annotations",
            "jobs",
            "on_missing",
            "platform",
            "repositories",
            "runners",
            "tags",
            "target",
            "targets",
            "version",
        ][..],
    );
    let attributes = |names| prop::collection::btree_map(names, value.clone(), 0..3);
    (attributes(target.boxed()), attributes(image.boxed()))
}

#[test]
fn no_value_makes_it_panic() {
    check(400, misfits, |(mut target, image)| {
        target.entry("tags").or_insert_with(|| serde_json::json!(["ghcr.io/acme/app:1"]));
        let text = serde_json::json!({ "target": { "app": target }, "image": { "app": image } }).to_string();
        if let Ok(plan) = planned(&text, true) {
            views(&plan);
        }
        let names = ["app".to_owned()];
        let _ = evaluated(&text, true, |_, definition| {
            let resolved = select::resolve(definition, &names, &Overrides::default(), &Options::default());
            resolved.map(|resolved| print::to_json(&resolved, &[]))
        });
        Ok(())
    });
}

// ----- plans

const PLATFORMS: [&str; 5] = ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x", "linux/386"];

/// A target with its image, or without: name, platforms, version, repositories, what it links to.
#[derive(Clone, Debug)]
struct Part {
    platforms: Vec<&'static str>,
    version: Option<&'static str>,
    repositories: Vec<&'static str>,
    published: bool,
    link: Option<usize>,
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = (
        subsequence(&PLATFORMS[..], 0..5).prop_shuffle(),
        prop::option::of(one_of(&["1.2.3", "1.2.4", "1.3.0-rc1", "2.0", "24.04", "24.04.1", "3"][..])),
        subsequence(&["ghcr.io/acme/app", "docker.io/acme/app", "ghcr.io/acme/web"][..], 1..3),
        prop::bool::weighted(0.8),
        prop::option::weighted(0.4, 0usize..6),
    );
    let part = part.prop_map(|(platforms, version, repositories, published, link)| Part {
        platforms,
        version,
        repositories,
        published,
        link,
    });
    prop::collection::vec(part, 1..6)
}

/// The blocks of a part; links lead to parts before it.
fn blocks(at: usize, part: &Part) -> String {
    let link = part
        .link
        .filter(|link| *link < at)
        .map_or_else(String::new, |link| format!("  contexts = {{ base = \"target:t{link}\" }}\n"));
    let target = format!("target \"t{at}\" {{\n  platforms = {:?}\n{link}}}\n", part.platforms);
    let naming = match part.version {
        Some(version) => format!("version = {version:?}"),
        None => format!("tags = [\"edge-{at}\"]"),
    };
    let image = format!("image \"t{at}\" {{\n  repositories = {:?}\n  {naming}\n}}\n", part.repositories);
    if part.published { target + &image } else { target }
}

fn definition(parts: &[Part]) -> String {
    parts.iter().enumerate().map(|(at, part)| blocks(at, part)).collect()
}

#[test]
fn plans_keep_their_promises() {
    check(300, parts, |parts| {
        let text = definition(&parts);
        let Ok(plan) = planned(&text, false) else { return Ok(()) };
        let mut references = BTreeSet::new();
        for (at, part) in parts.iter().enumerate() {
            let Some(image) = plan.images.get(&format!("t{at}")) else {
                prop_assert!(!part.published, "t{at} is not planned:\n{text}");
                continue;
            };
            // The index has what the target declares, in that order.
            let built: Vec<String> = image
                .builds
                .iter()
                .filter_map(|build| plan.legs[&build.leg].platform.as_ref())
                .map(ToString::to_string)
                .collect();
            prop_assert_eq!(&built, &part.platforms, "{}", text);
            for tag in &image.tags {
                for repository in image.repositories_of(tag) {
                    let reference = format!("{repository}:{}", tag.name);
                    prop_assert!(references.insert(reference.clone()), "{reference} is there twice:\n{text}");
                }
            }
            for build in &image.builds {
                let jobs = plan.jobs.iter().filter(|job| job.legs.contains(&build.leg)).count();
                prop_assert_eq!(jobs, 1, "{} is built once:\n{}", build.leg, text);
            }
        }
        // Every link leads to a target of the file, and a leg's to the same platform.
        for leg in plan.legs.values() {
            for context in leg.definition.contexts.values() {
                let linked = context.as_str().strip_prefix("target:").unwrap();
                let other = plan.legs.get(linked);
                prop_assert!(other.is_some() || plan.targets.contains_key(linked), "{linked}:\n{text}");
                if let (Some(other), Some(_)) = (other, &leg.platform) {
                    prop_assert_eq!(&other.platform, &leg.platform, "{}", text);
                }
            }
        }
        let names: BTreeSet<_> = plan.jobs.iter().map(|job| &job.name).collect();
        prop_assert_eq!(names.len(), plan.jobs.len());
        let tags: usize = plan
            .images
            .values()
            .flat_map(|image| image.tags.iter().map(|tag| image.repositories_of(tag).len()))
            .sum();
        prop_assert_eq!(references.len(), tags);
        Ok(())
    });
}

/// What no target of [`blocks`] uses.
const OTHERS: [&str; 4] = [
    "variable \"V\" {\n  default = 1\n}\n",
    "function \"f\" {\n  params = [x]\n  result = x\n}\n",
    "W = \"w\"\n",
    "tool \"t\" {}\n",
];

#[test]
fn what_is_written_does_not_depend_on_unrelated_blocks() {
    let strategy = || (parts(), prop::collection::vec(0usize..12, OTHERS.len()));
    check(150, strategy, |(parts, positions)| {
        let plain = planned(&definition(&parts), false).map(|plan| views(&plan));
        let mut pieces: Vec<String> = parts.iter().enumerate().map(|(at, part)| blocks(at, part)).collect();
        for (position, other) in positions.into_iter().zip(OTHERS) {
            pieces.insert(position.min(pieces.len()), other.to_owned());
        }
        let mixed = planned(&pieces.concat(), false).map(|plan| views(&plan));
        let messages = |found: Vec<Diagnostic>| found.into_iter().map(|one| one.message).collect::<Vec<_>>();
        prop_assert_eq!(plain.map_err(messages), mixed.map_err(messages));
        Ok(())
    });
}

type Numbered = Vec<(usize, Part)>;

/// Parts with their numbers, in two orders, and without links, which must lead back.
fn orders() -> impl Strategy<Value = (Numbered, Numbered)> {
    parts().prop_flat_map(|parts| {
        let numbered: Vec<_> =
            parts.into_iter().map(|part| Part { link: None, ..part }).enumerate().collect();
        (Just(numbered.clone()), Just(numbered).prop_shuffle())
    })
}

#[test]
fn an_image_does_not_depend_on_where_its_block_stands() {
    check(150, orders, |(parts, shuffled)| {
        let images = |parts: &Numbered| {
            let text: String = parts.iter().map(|(at, part)| blocks(*at, part)).collect();
            planned(&text, false).ok().map(|plan| {
                let image = |(key, image): (&String, &bakeplan::internals::plan::Image)| {
                    let mut image = image.clone();
                    // Where its legs stand among all is another matter.
                    image.builds.iter_mut().for_each(|build| build.at = 0);
                    (key.clone(), format!("{image:?}"))
                };
                plan.images.iter().map(image).collect::<BTreeMap<_, _>>()
            })
        };
        prop_assert_eq!(images(&parts), images(&shuffled));
        Ok(())
    });
}
