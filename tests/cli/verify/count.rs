//! How many requests a verification sends.

use std::collections::BTreeMap;

use bakeplan::internals::merge::Options;

use super::desk::{found, of_builds, of_plan};
use crate::merge::world::{World, plan};

/// How often each request was sent: the method and what kind of thing it is about.
fn counts(lines: &[String]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        let (method, target) = line.split_once(' ').unwrap();
        let kinds = ["/manifests/sha256:", "/manifests/", "/blobs/", "/tags/list"];
        let kind = kinds.into_iter().find(|kind| target.contains(kind)).unwrap_or(target);
        *counts.entry(format!("{method} {kind}")).or_default() += 1;
    }
    counts
}

#[test]
fn each_thing_is_asked_once_in_each_repository() {
    let world = World::with_app(&["acme/app", "mirror/app"]);
    let document = |host: &str| plan(&[&format!("{host}/acme/app"), &format!("{host}/mirror/app")]);
    let writer = world.serve();
    assert_eq!(world.merge(&document(&writer.host()), Options::default()).problems, []);
    // Four tags, one index; two configurations are read, as they name the platforms. Two images and two attestations are
    // read in one repository, and so are the builds' own indexes, to compare with; the other one says that it has them.
    let plain = [("HEAD /manifests/", 4), ("GET /blobs/", 2), ("HEAD /blobs/", 5)];
    // A greater version may be there, to which the floating tags belong.
    let listed = &[("GET /tags/list", 2)][..];
    for (with_builds, below) in [(false, 4), (true, 6)] {
        let server = world.serve();
        let document = document(&server.host());
        let report = if with_builds {
            of_builds(&world, &document, &world.metadata())
        } else {
            of_plan(&world, &document)
        };
        found(&report, &[]);
        let lines = server.lines();
        let manifests = [
            &[("GET /manifests/sha256:", 1 + below)][..],
            &[("GET /manifests/sha256:", 1), ("HEAD /manifests/sha256:", below)],
        ];
        for (repository, manifests) in ["/v2/acme/app/", "/v2/mirror/app/"].into_iter().zip(manifests) {
            let own: Vec<_> = lines.iter().filter(|line| line.contains(repository)).cloned().collect();
            let expected: BTreeMap<_, _> = plain
                .iter()
                .chain(manifests)
                .chain(listed)
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect();
            assert_eq!(counts(&own), expected, "{repository}");
        }
        let mut sorted = lines.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), lines.len(), "nothing is asked twice");
    }
}
