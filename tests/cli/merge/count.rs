//! How many requests a merge sends, and which.

use std::collections::BTreeMap;

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Outcome;

use super::world::{Build, World, plan};

/// How often each request was sent: the method and what kind of thing it is about.
fn counts(lines: &[String]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        let (method, target) = line.split_once(' ').unwrap();
        let path = target.split('?').next().unwrap();
        let kind =
            ["/manifests/sha256:", "/manifests/", "/blobs/uploads/", "/blobs/", "/tags/list", "/referrers/"];
        let kind = kind.into_iter().find(|kind| path.contains(kind)).unwrap();
        *counts.entry(format!("{method} {kind}")).or_default() += 1;
    }
    counts
}

fn expected(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn each_thing_is_asked_and_written_once() {
    let world = World::with_app(&["acme/app", "mirror/app"]);
    let server = world.serve();
    let repositories = [format!("{}/acme/app", server.host()), format!("{}/mirror/app", server.host())];
    let document = plan(&[&repositories[0], &repositories[1]]);
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    let lines = server.lines();
    // Two sources, two images, two attestations, which one repository serves; the other one says that it has what goes into
    // the index. The index is read in both, before a tag moves to it.
    let manifests = [
        &[("GET /manifests/sha256:", 6 + 1)][..],
        &[("GET /manifests/sha256:", 1), ("HEAD /manifests/sha256:", 4)],
    ];
    for (repository, manifests) in ["/v2/acme/app/", "/v2/mirror/app/"].into_iter().zip(manifests) {
        let own: Vec<_> = lines.iter().filter(|line| line.contains(repository)).cloned().collect();
        // An own configuration and layer for each image, one configuration for both attestations and a statement for each.
        let others = [
            // Of two repositories, the first one is asked what the statements and the configurations of images say.
            ("HEAD /blobs/", if repository == "/v2/acme/app/" { 3 } else { 7 }),
            // Before the floating tags, whether the list shows the own one; twice after them: the list, and that nothing comes
            // after its last tag.
            ("GET /tags/list", 1 + 1 + 2),
            ("PUT /manifests/sha256:", 1),
            ("PUT /manifests/", 4),
            ("HEAD /manifests/", 8),
        ];
        let mut counts = counts(&own);
        counts.remove("GET /blobs/");
        assert_eq!(counts, expected(&[manifests, &others].concat()), "{repository}");
        let mut reads: Vec<_> =
            own.iter().filter(|line| !line.starts_with("HEAD /v2/") || line.contains("sha256:")).collect();
        reads.sort();
        reads.dedup();
        assert_eq!(reads.len(), own.len() - 8 - 2, "nothing but the tags and their list is asked twice");
    }
    // Writes: the index, the version's own tag, the floating ones.
    let of_one = |line: &&String| line.starts_with("PUT /v2/acme/app/manifests/");
    let puts: Vec<_> = lines.iter().filter(of_one).map(|line| line.rsplit('/').next().unwrap()).collect();
    assert!(puts[0].starts_with("sha256:"));
    // Those of one kind at once, so in any order.
    let mut middle = puts[2..4].to_vec();
    middle.sort_unstable();
    assert_eq!((puts[1], middle.as_slice(), &puts[4..]), ("1.4.2", &["1", "1.4"][..], &["latest"][..]));

    let before = server.lines().len();
    let report = world.merge(&document, Options::default());
    assert!(report.images["app"].references.iter().all(|one| one.outcome == Outcome::Unchanged));
    let again = server.lines().split_off(before);
    assert!(again.iter().all(|line| !line.starts_with("PUT")), "{again:?}");
    // What comes after the last tag is asked for, too.
    assert_eq!(again.len(), 2 * (4 + 7 + 2 + 4 + 1) + 2);
}

#[test]
fn what_images_share_is_asked_once() {
    let mut world = World::new();
    let mut images = Vec::new();
    for version in 0..5 {
        for platform in ["amd64", "arm64"] {
            let leg = format!("app-{version}-{platform}");
            world.build(&["acme/app"], Build::new(&leg, &format!("linux/{platform}")));
        }
    }
    let server = world.serve();
    for version in 0..5 {
        images.push(format!(
            r#""app-{version}":{{"version":"1.{version}.0","repositories":["{}/acme/app"],"tags":[{{"name":"1.{version}.0","class":"version","form":"{{version}}"}},
                {{"name":"1.{version}","floating":true,"class":"version","numbers":2,"form":"{{version}}","family":["{{version}}"]}}],
                "builds":{{"app-{version}-amd64":{{}},"app-{version}-arm64":{{}}}}}}"#,
            server.host()
        ));
    }
    let document = super::world::document(&images.join(","));
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    let expected = expected(&[
        ("GET /manifests/sha256:", 5 * (6 + 1)),
        // Two configurations of images and one of attestations are the same everywhere.
        ("HEAD /blobs/", 5 * 2 + 1),
        ("GET /blobs/", 5 * 2 + 2),
        ("GET /tags/list", 1 + 1 + 2),
        ("PUT /manifests/sha256:", 5),
        ("PUT /manifests/", 10),
        ("HEAD /manifests/", 20),
    ]);
    assert_eq!(counts(&server.lines()), expected);
}

#[test]
fn what_a_repository_lacks_is_mounted_from_its_sibling() {
    let mut world = World::new();
    world.build(&["acme/app", "acme/copy"], Build::new("app-linux-amd64", "linux/amd64"));
    world.build(&["acme/copy"], Build::new("app-linux-arm64", "linux/arm64"));
    let server = world.serve();
    let repositories = [format!("{}/acme/app", server.host()), format!("{}/acme/copy", server.host())];
    let document = plan(&[&repositories[0], &repositories[1]]);
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    assert_eq!(world.tags("acme/app"), world.tags("acme/copy"));
    assert_eq!(world.platforms("acme/app", "latest"), ["linux/amd64", "linux/arm64"]);
    let lines = server.lines();
    let mounts = lines.iter().filter(|line| line.starts_with("POST /v2/acme/app/blobs/uploads/?mount="));
    // The configuration of attestations is there.
    assert_eq!(mounts.count(), 3, "{lines:?}");
}
