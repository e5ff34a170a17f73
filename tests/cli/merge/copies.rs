//! Builds that a repository lacks and another one has: mounted within a registry, else sent.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Status;

use super::world::{Build, World, plan};
use crate::loopback::{Answer, Reply, Seen, Server};
use crate::verify::desk::{found, of_plan};

const NAMES: [&str; 2] = ["acme/app", "acme/copy"];

/// A registry where one build of two was pushed to both repositories, and the other to the second alone.
fn lopsided() -> World {
    let mut world = World::new();
    world.build(&NAMES, Build::new("app-linux-amd64", "linux/amd64"));
    world.build(&["acme/copy"], Build::new("app-linux-arm64", "linux/arm64"));
    world
}

fn document(servers: [&Server; 2]) -> String {
    let names = [0, 1].map(|at| format!("{}/{}", servers[at].host(), NAMES[at]));
    plan(&[&names[0], &names[1]])
}

fn is_mount(seen: &Seen) -> bool {
    seen.target.contains("mount=")
}

fn is_upload(seen: &Seen) -> bool {
    seen.method == "PUT" && seen.path().contains("/blobs/uploads/")
}

#[test]
fn where_a_registry_does_not_mount_blobs_are_sent() {
    for (what, answer) in [
        ("an upload begins", Answer::new(202, "", "").header("Location", "/v2/acme/app/blobs/uploads/0")),
        ("unauthorized", Answer::error(401, "UNAUTHORIZED")),
        ("unknown", Answer::error(404, "BLOB_UNKNOWN")),
        ("not supported", Answer::error(405, "UNSUPPORTED")),
        ("refused", Answer::error(400, "UNSUPPORTED")),
    ] {
        let world = lopsided();
        let server = world.serve_with(move |seen| is_mount(seen).then(|| Reply::Whole(answer.clone())));
        let document = document([&server, &server]);
        let report = world.merge(&document, Options::default());
        assert_eq!(
            (report.problems.as_slice(), report.images["app"].status),
            (&[][..], Status::Published),
            "{what}"
        );
        assert_eq!(world.tags("acme/app"), world.tags("acme/copy"), "{what}");
        assert_eq!(server.seen().iter().filter(|seen| is_upload(seen)).count(), 3, "{what}");
        // Within one registry that is what one expects. This one cannot tell what refers to a build.
        let codes: Vec<&str> = report.notes.iter().map(|note| note.code.name()).collect();
        assert_eq!(codes, ["no-referrers"], "{what}: {:?}", report.notes);
        found(&of_plan(&world, &document), &[]);
    }
}

#[test]
fn another_registry_gets_what_it_lacks() {
    let world = lopsided();
    let servers = [world.serve(), world.serve()];
    let document = document([&servers[0], &servers[1]]);
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    assert_eq!(
        report.notes.iter().map(|note| note.code.name()).collect::<Vec<_>>(),
        ["copied-build", "no-referrers"]
    );
    assert_eq!(world.tags("acme/app"), world.tags("acme/copy"));
    let [first, second] = servers.each_ref().map(Server::seen);
    assert_eq!(first.iter().filter(|seen| is_upload(seen)).count(), 3);
    assert!(!first.iter().any(is_mount) && !second.iter().any(is_upload));
    found(&of_plan(&world, &document), &[]);
    // Nothing is left to copy.
    let again = world.merge(&document, Options::default());
    assert_eq!((again.images["app"].status, again.notes.len()), (Status::Unchanged, 0));
}

#[test]
fn what_cannot_be_copied_moves_no_tag() {
    for (what, fails) in [
        ("the upload cannot begin", (|seen: &Seen| seen.method == "POST") as fn(&Seen) -> bool),
        ("the upload is refused", is_upload),
        ("the manifest is refused", |seen| seen.method == "PUT" && seen.path().contains("/manifests/")),
    ] {
        let world = lopsided();
        let (bad, good) = (
            world.serve_with(move |seen| fails(seen).then(|| Answer::error(403, "DENIED").into())),
            world.serve(),
        );
        let report = world.merge(&document([&bad, &good]), Options::default());
        assert_eq!(report.images["app"].status, Status::Failed, "{what}");
        assert_eq!(report.problems.len(), 1, "{what}: {:?}", report.problems);
        assert!(report.problems[0].message.contains("DENIED"), "{what}: {:?}", report.problems);
        assert!(NAMES.iter().all(|name| world.tags(name).is_empty()), "{what}");
    }
}

/// A blob that a registry accepts and does not keep, sent or mounted, is looked after before anything refers to it.
#[test]
fn a_blob_that_is_accepted_and_not_kept_moves_no_tag() {
    for (what, is_one, is_lost) in
        [("sent", false, is_upload as fn(&Seen) -> bool), ("mounted", true, is_mount)]
    {
        let world = lopsided();
        let bad = world.serve_with(move |seen| {
            is_lost(seen).then(|| Answer::new(201, "", "").header("Location", "/v2/acme/app/blobs/x").into())
        });
        let good = world.serve();
        let report = world.merge(&document([&bad, if is_one { &bad } else { &good }]), Options::default());
        assert_eq!(report.images["app"].status, Status::Failed, "{what}");
        let [problem] = report.problems.as_slice() else { panic!("{what}: {:?}", report.problems) };
        assert_eq!(problem.code.name(), "not-stored", "{what}: {problem:?}");
        assert!(NAMES.iter().all(|name| world.tags(name).is_empty()), "{what}");
        let written = |seen: &&Seen| seen.method == "PUT" && seen.path().contains("acme/app/manifests/");
        assert_eq!(
            bad.seen().iter().filter(written).count(),
            0,
            "{what}: nothing refers to what is not there"
        );
        // The next run finds a registry that keeps it.
        let whole = world.serve();
        assert_eq!(world.merge(&document([&whole, &whole]), Options::default()).problems, [], "{what}");
        found(&of_plan(&world, &document([&whole, &whole])), &[]);
    }
}

#[test]
fn what_changes_while_it_is_copied_moves_no_tag() {
    let world = lopsided();
    let source = world.serve_through(|seen, forward| {
        let mut answer = forward();
        if seen.method == "GET" && seen.path().contains("/blobs/") {
            answer.body.reverse();
        }
        answer.into()
    });
    let target = world.serve();
    let report = world.merge(&document([&target, &source]), Options::default());
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    assert_eq!(report.problems[0].code.name(), "digest-mismatch");
    assert!(NAMES.iter().all(|name| world.tags(name).is_empty()));
}
