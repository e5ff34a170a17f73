//! Registries that are odd and do no damage: none of it stops a merge, and nothing of it hides what is wrong.

use std::time::Duration;

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Report, Status};
use bakeplan::internals::registry::{Settings, Timeouts};

use super::world::{World, hasty, plan};
use crate::loopback::{Answer, Reply, Seen, Server};
use crate::verify::desk::{found, of_plan};

const OCTETS: &str = "application/octet-stream";
const PAGE: &str = "<!doctype html><title>Welcome</title>";

fn document(server: &Server) -> String {
    plan(&[&format!("{}/acme/app", server.host())])
}

fn merge(world: &World, server: &Server, options: Options) -> Report {
    let timeouts = Timeouts { response: Duration::from_millis(400), ..Timeouts::default() };
    let settings = Settings { patience: hasty(), timeouts, ..Settings::default() };
    world.merge_with(&document(server), options, &settings)
}

#[track_caller]
fn check_published(world: &World, report: &Report, what: &str) {
    assert_eq!(report.problems, [], "{what}");
    assert_eq!(report.images["app"].status, Status::Published, "{what}");
    assert_eq!(world.tags("acme/app").len(), 4, "{what}");
    assert_eq!(world.platforms("acme/app", "latest"), ["linux/amd64", "linux/arm64"], "{what}");
}

fn is_head(seen: &Seen, kind: &str) -> bool {
    seen.method == "HEAD" && seen.path().contains(kind)
}

#[test]
fn what_the_head_of_a_blob_says_wrongly_is_asked_again() {
    let sized = |size: &str| Answer::new(200, OCTETS, "").header("Content-Length", size);
    for (what, lie) in [
        ("the size of a link", sized("85")),
        ("nothing", sized("0")),
        ("too much", sized("99999999999")),
        ("no number", sized("many")),
        ("a page", Answer::new(200, "text/html", PAGE)),
        ("absent", Answer::error(404, "BLOB_UNKNOWN")),
        ("absent, in a page", Answer::new(404, "text/html", PAGE)),
        ("forbidden method", Answer::new(405, "", "")),
        ("failed", Answer::error(500, "UNKNOWN")),
    ] {
        let world = World::with_app(&["acme/app"]);
        let lying = lie.clone();
        let server =
            world.serve_with(move |seen| is_head(seen, "/blobs/").then(|| Reply::Whole(lying.clone())));
        check_published(&world, &merge(&world, &server, Options::default()), what);
        // Only what is about to be an error is asked again, and only its first byte.
        let read = server.seen();
        let mut read = read.iter().filter(|seen| seen.method == "GET" && seen.path().contains("/blobs/"));
        assert!(read.all(|seen| seen.header("range") == "bytes=0-0"), "{what}");
        found(&of_plan(&world, &document(&server)), &[]);
    }
}

#[test]
fn what_the_get_of_a_blob_says_too_is_an_error() {
    for (what, answer, code) in [
        ("part", Answer::new(206, OCTETS, "x").header("Content-Range", "bytes 0-0/85"), "wrong-size"),
        ("all", Answer::new(200, OCTETS, "y".repeat(85)), "wrong-size"),
        ("large", Answer::new(200, OCTETS, "y".repeat(100_000)), "wrong-size"),
        ("empty", Answer::new(416, OCTETS, "").header("Content-Range", "bytes */0"), "wrong-size"),
        ("page", Answer::new(200, "text/html", PAGE), "wrong-size"),
        ("absent", Answer::error(404, "BLOB_UNKNOWN"), "missing-build"),
    ] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_with(move |seen| {
            let is_blob = seen.path().contains("/blobs/");
            is_blob.then(|| match seen.method.as_str() {
                "HEAD" => Answer::new(200, OCTETS, "").header("Content-Length", "85").into(),
                _ => answer.clone().into(),
            })
        });
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems[0].code, code, "{what}: {:?}", report.problems);
        assert!(world.tags("acme/app").is_empty(), "{what}");
    }
}

#[test]
fn what_the_head_of_a_tag_says_wrongly_is_asked_again() {
    let other = format!("sha256:{}", "0".repeat(64));
    let typed = |answer: Answer| answer.header("Content-Type", "application/vnd.oci.image.index.v1+json");
    for (what, lie) in [
        ("a page", Answer::new(200, "text/html", PAGE)),
        ("no digest", typed(Answer::new(200, "", ""))),
        ("an unknown digest", typed(Answer::new(200, "", "")).header("Docker-Content-Digest", "md5:00")),
        ("another digest", typed(Answer::new(200, "", "")).header("Docker-Content-Digest", other)),
        ("failed", Answer::error(500, "UNKNOWN")),
        ("absent, in a page", Answer::new(404, "text/html", PAGE)),
    ] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_through(move |seen, forward| {
            let answer = forward();
            let is_lie = is_head(seen, "/manifests/") && answer.status == 200;
            if is_lie { lie.clone().into() } else { answer.into() }
        });
        check_published(&world, &merge(&world, &server, Options::default()), what);
    }
}
