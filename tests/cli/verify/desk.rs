//! Runs a verification on layouts and servers.

use std::sync::Arc;

use bakeplan::internals::merge::Options;
use bakeplan::internals::oci::{Descriptor, OCI_INDEX};
use bakeplan::internals::published::metadata::Metadata;
use bakeplan::internals::published::planned::Planned;
use bakeplan::internals::published::progress::Quiet;
use bakeplan::internals::published::sites::Site;
use bakeplan::internals::published::target::Target;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Client, Layout, Location, Manifest, Settings, Store, TagOrDigest};
use bakeplan::internals::verify::explain::Case;
use bakeplan::internals::verify::report::Report;
use bakeplan::internals::verify::{self, Depth, Request};

use crate::merge::world::{World, hasty, index, plan, put_tag};
use crate::schema::expect_result;

/// The repository of most tests.
pub(super) const APP: &str = "oci-layout:acme/app";

fn sites(world: &World, locations: Vec<Location>) -> Vec<Site> {
    let settings = Settings { patience: hasty(), ..Settings::default() };
    let client = Client::new(&settings).expect("the settings are good");
    let open = |location: Location| {
        let store: Arc<dyn Store> = match &location {
            Location::Registry(repository) => Arc::new(client.repository(repository)),
            Location::Layout(path) => Arc::new(Layout::open(world.root().join(path)).expect("it is there")),
        };
        Site { location, store }
    };
    locations.into_iter().map(open).collect()
}

fn run(world: &World, request: Request<'_>) -> Report {
    run_to(world, request, Depth::Presence)
}

fn run_to(world: &World, request: Request<'_>, depth: Depth) -> Report {
    let report = verify::verify(request, depth, &sites(world, request.locations()), &Quiet);
    expect_result(&report.to_json());
    report
}

/// Verifies a plan without knowing what was built.
pub(crate) fn of_plan(world: &World, document: &str) -> Report {
    let document = Planned::read("plan.json", document).expect("the test's plan is one");
    run(world, Request::Plan(&document, None))
}

/// Verifies a plan with these metadata.
pub(crate) fn of_builds(world: &World, document: &str, text: &str) -> Report {
    let document = Planned::read("plan.json", document).expect("the test's plan is one");
    let mut metadata = Metadata::default();
    let legs = document.legs();
    metadata.add_text("m.json", text, &|leg| legs.contains(leg)).expect("it is metadata");
    run(world, Request::Plan(&document, Some(&metadata)))
}

/// Verifies references.
pub(super) fn of(world: &World, references: &[&str]) -> Report {
    let targets: Vec<Target> = references.iter().map(|text| text.parse().unwrap()).collect();
    run(world, Request::References(&targets))
}

/// Verifies references, and reads what images run.
pub(super) fn content_of(world: &World, references: &[&str]) -> Report {
    let targets: Vec<Target> = references.iter().map(|text| text.parse().unwrap()).collect();
    run_to(world, Request::References(&targets), Depth::Content)
}

/// Explains.
pub(super) fn explain(world: &World, case: &Case) -> Report {
    run(world, Request::Explain(case))
}

/// The names of what was found.
pub(crate) fn codes(report: &Report) -> Vec<&'static str> {
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    report.findings.iter().map(|finding| finding.code.name()).collect()
}

/// What was found is this and nothing else.
#[track_caller]
pub(crate) fn found(report: &Report, expected: &[&str]) {
    assert_eq!(codes(report), expected, "{:#?}", report.findings);
}

/// Merges the builds of a world into its layout, and says that all is right.
pub(super) fn merged() -> World {
    let world = World::with_app(&["acme/app"]);
    assert_eq!(world.merge(&plan(&[APP]), Options::default()).problems, []);
    world
}

/// Gives the tags of version 1.4.2 to a manifest.
pub(super) fn retag(world: &World, manifest: &Manifest) {
    for tag in ["1.4.2", "1.4", "1", "latest"] {
        put_tag(&world.layout("acme/app"), tag, manifest);
    }
}

/// The entries of the index that a build pushed.
pub(super) fn entries(world: &World, leg: &str) -> Vec<Descriptor> {
    let manifest = manifest(world, &world.built[leg]);
    serde_json::from_slice::<bakeplan::internals::oci::Index>(&manifest.bytes)
        .expect("it is an index")
        .manifests
}

pub(super) fn manifest(world: &World, digest: &Digest) -> Manifest {
    let at = TagOrDigest::Digest(digest.clone());
    world.layout("acme/app").get_manifest(&at).unwrap().expect("it is there")
}

/// An index of entries.
pub(super) fn index_of(entries: &[Descriptor]) -> Manifest {
    let texts: Vec<_> = entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    Manifest::new(OCI_INDEX, index(&texts).into_bytes())
}

/// Both builds merged, with changes to the entries.
pub(super) fn changed(change: impl FnOnce(&mut Vec<Descriptor>)) -> World {
    let world = merged();
    let mut all = entries(&world, "app-linux-amd64");
    all.extend(entries(&world, "app-linux-arm64"));
    change(&mut all);
    retag(&world, &index_of(&all));
    world
}
