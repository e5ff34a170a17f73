//! Registries that are odd and do no damage: none of it stops a merge, and nothing of it hides what is wrong.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Report;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Manifest, Settings, Store, TagOrDigest, Timeouts};

use super::faults::check_published;
use super::world::{Build, World, hasty, plan};
use crate::loopback::{Answer, Drip, Reply, Seen, Server, authority};
use crate::support::Test;
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
        // What statements say is not asked.
        let options = Options { allow_mixed_bases: true, ..Options::default() };
        check_published(&world, &merge(&world, &server, options), what);
        // Only what is about to be an error is asked again, and only its first byte; the configurations of both images are read.
        let read = server.seen();
        let read = read.iter().filter(|seen| seen.method == "GET" && seen.path().contains("/blobs/"));
        let (parts, whole): (Vec<_>, Vec<_>) = read.partition(|seen| !seen.header("range").is_empty());
        assert!(parts.iter().all(|seen| seen.header("range") == "bytes=0-0"), "{what}");
        assert_eq!(whole.len(), 2, "{what}");
        found(&of_plan(&world, &document(&server)), &[]);
    }
}

/// Where blobs are kept elsewhere, on the same host or another, addresses may be signed for GET alone.
#[test]
fn a_place_that_lets_blobs_be_read_and_not_looked_up_is_asked_by_get() {
    for (place, query) in [("/v2/acme/app", "?signature=1"), ("/files", "?signature=1"), ("/v2/files", "")] {
        let world = World::with_app(&["acme/app"]);
        let root = world.root().join("acme/app/blobs");
        let server = world.serve_with(move |seen| {
            let (_, digest) = seen.path().split_once("/blobs/")?;
            if seen.path().starts_with("/v2/acme/app/") && !seen.target.contains("signature") {
                let to = format!("{place}/blobs/{digest}{query}");
                return Some(Answer::new(307, "", "").header("Location", to).into());
            }
            if seen.method == "HEAD" {
                return Some(Answer::new(403, "application/xml", "<Error/>").into());
            }
            let content = std::fs::read(root.join(digest.replace(':', "/"))).ok()?;
            Some(Answer::new(200, OCTETS, content).into())
        });
        check_published(&world, &merge(&world, &server, Options::default()), place);
        found(&of_plan(&world, &document(&server)), &[]);
    }
    // It is not there for anyone.
    let world = World::with_app(&["acme/app"]);
    let server = world.serve_with(|seen| match seen.path() {
        path if path.starts_with("/files/") => Some(Answer::new(403, "application/xml", "<Error/>").into()),
        path if path.contains("/blobs/") => {
            Some(Answer::new(307, "", "").header("Location", "/files/x").into())
        }
        _ => None,
    });
    let report = merge(&world, &server, Options::default());
    assert_eq!(report.problems[0].code.name(), "registry-unauthorized", "{:?}", report.problems);
    assert!(world.tags("acme/app").is_empty());
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
        let layers = world.built.keys().map(|leg| Digest::sha256(format!("layer of {leg} ").as_bytes()));
        let layers: Vec<Digest> = layers.collect();
        let server = world.serve_with(move |seen| {
            let is_layer = layers.iter().any(|layer| seen.path().ends_with(layer.as_str()));
            is_layer.then(|| match seen.method.as_str() {
                "HEAD" => Answer::new(200, OCTETS, "").header("Content-Length", "85").into(),
                _ => answer.clone().into(),
            })
        });
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems[0].code.name(), code, "{what}: {:?}", report.problems);
        assert!(world.tags("acme/app").is_empty(), "{what}");
    }
    // A configuration is read, and has to be the right one.
    for answer in
        [Answer::new(200, OCTETS, "{}"), Answer::new(200, "text/html", PAGE), Answer::new(200, OCTETS, "")]
    {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_with(move |seen| {
            (seen.method == "GET" && seen.path().contains("/blobs/")).then(|| Reply::Whole(answer.clone()))
        });
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
        assert!(world.tags("acme/app").is_empty());
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

fn is_put(seen: &Seen, what: &str) -> bool {
    seen.method == "PUT" && seen.path().contains(what)
}

fn tag_writes(server: &Server) -> usize {
    server.seen().iter().filter(|seen| is_put(seen, "/manifests/") && !is_put(seen, "/sha256:")).count()
}

#[test]
fn a_write_that_is_not_answered_with_201_is_looked_after() {
    for (what, status, body) in [
        ("a page", 200, PAGE),
        ("nothing", 200, ""),
        ("accepted", 202, ""),
        ("empty", 204, ""),
        ("partly", 206, ""),
    ] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_through(move |seen, forward| {
            let answer = forward();
            if seen.method == "PUT" { Answer::new(status, "text/html", body).into() } else { answer.into() }
        });
        check_published(&world, &merge(&world, &server, Options::default()), what);

        // It went nowhere.
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_with(move |seen| {
            (seen.method == "PUT").then(|| Reply::Whole(Answer::new(status, "text/html", body)))
        });
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems[0].code.name(), "not-stored", "{what}: {:?}", report.problems);
        assert!(report.problems[0].message.contains(&format!("status {status} answers the write")), "{what}");
        assert_eq!(tag_writes(&server), 0, "{what}");
    }
}

/// What a registry answers that has lost something.
fn lost() -> [(&'static str, Answer); 5] {
    [
        (
            "it fails",
            Answer::json(500, r#"{"errors":[{"code":"UNKNOWN","detail":"unexpected end of JSON input"}]}"#),
        ),
        ("it is empty", Answer::new(200, "application/vnd.oci.image.index.v1+json", "")),
        ("it is half", Answer::new(200, "application/vnd.oci.image.index.v1+json", r#"{"manifests":["#)),
        ("it is absent", Answer::error(404, "MANIFEST_UNKNOWN")),
        ("a page", Answer::new(200, "text/html", PAGE)),
    ]
}

#[test]
fn no_tag_moves_to_what_a_registry_took_and_lost() {
    for (what, answer) in lost() {
        let mut world = World::with_app(&["acme/app"]);
        assert_eq!(world.merge(&plan(&["oci-layout:acme/app"]), Options::default()).problems, []);
        let old = world.tags("acme/app");
        world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
        let written = Mutex::new(BTreeSet::new());
        let server = world.serve_through(move |seen, forward| {
            let mut written = written.lock().unwrap();
            if seen.method == "PUT" {
                written.insert(seen.path().to_owned());
                return Answer::new(201, "", "").into();
            }
            if written.contains(seen.path()) { answer.clone().into() } else { forward().into() }
        });
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems[0].code.name(), "not-stored", "{what}: {:?}", report.problems);
        assert_eq!(report.problems.len(), 1, "{what}: {:?}", report.problems);
        assert_eq!((tag_writes(&server), world.tags("acme/app")), (0, old), "{what}");
    }
}

/// A registry that has lost what is at these paths, until it is written again.
fn damaged(world: &World, paths: &[String], answer: &Answer) -> Server {
    let (lost, answer) = (Mutex::new(BTreeSet::from_iter(paths.to_vec())), answer.clone());
    world.serve_through(move |seen, forward| {
        let mut lost = lost.lock().unwrap();
        if seen.method == "PUT" {
            lost.remove(seen.path());
        }
        let mut answer = if lost.contains(seen.path()) { answer.clone() } else { forward() };
        if seen.method == "HEAD" {
            answer.body.clear();
        }
        answer.into()
    })
}

#[test]
fn what_a_registry_lost_is_written_anew() {
    let tags = ["1.4.2", "1.4", "1", "latest"];
    for (what, answer) in lost() {
        for (change, salt) in [("the same build", ""), ("another build", "new")] {
            let mut world = World::with_app(&["acme/app"]);
            assert_eq!(world.merge(&plan(&["oci-layout:acme/app"]), Options::default()).problems, []);
            let index = world.tags("acme/app")["latest"].to_string();
            if !salt.is_empty() {
                world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt(salt));
            }
            let all = tags.map(str::to_owned).into_iter().chain([index]);
            let paths: Vec<_> = all.map(|name| format!("/v2/acme/app/manifests/{name}")).collect();
            let server = damaged(&world, &paths, &answer);
            let report = merge(&world, &server, Options::default());
            check_published(&world, &report, &format!("{what}, {change}"));
            assert_eq!(tag_writes(&server), 4, "{what}, {change}");
            let told = report.notes.iter().filter(|note| note.code.name() == "damaged-tag").count();
            // What is empty or cut off is another manifest, and what is absent is none.
            let is_told = ["it fails", "a page"].contains(&what);
            assert_eq!(told, if is_told { 4 } else { 0 }, "{what}, {change}: {:?}", report.notes);
            found(&of_plan(&world, &document(&server)), &[]);

            // The tags tell the digest, and only the index is lost.
            let paths = &paths[4..];
            let server = damaged(&world, paths, &answer);
            let report = merge(&world, &server, Options::default());
            assert_eq!(report.problems, [], "{what}, {change}");
            if salt.is_empty() {
                let codes: Vec<_> = report.notes.iter().map(|note| note.code.name()).collect();
                assert_eq!(codes, ["damaged-index"], "{what}");
                assert!(server.seen().iter().any(|seen| is_put(seen, paths[0].as_str())), "{what}");
            }
            found(&of_plan(&world, &document(&server)), &[]);
        }
    }
}

#[test]
fn the_own_tag_of_an_immutable_version_that_cannot_be_read_is_left_alone() {
    for (what, answer) in lost().into_iter().filter(|(_, answer)| answer.status != 404) {
        let world = World::with_app(&["acme/app"]);
        assert_eq!(world.merge(&plan(&["oci-layout:acme/app"]), Options::default()).problems, []);
        let server = damaged(&world, &["/v2/acme/app/manifests/1.4.2".to_owned()], &answer);
        let document = document(&server).replacen(r#""version""#, r#""immutable":true,"version""#, 1);
        let settings = Settings { patience: hasty(), ..Settings::default() };
        let report = world.merge_with(&document, Options::default(), &settings);
        assert_eq!(report.problems[0].code.name(), "immutable-tag", "{what}: {:?}", report.problems);
        assert_eq!(tag_writes(&server), 0, "{what}");
        let allowed = Options { allow_retag: true, ..Options::default() };
        assert_eq!(world.merge_with(&document, allowed, &settings).problems, [], "{what}");
        assert_eq!(tag_writes(&server), 1, "{what}");
    }
}

#[test]
fn an_index_that_is_refused_at_first_is_sent_again() {
    let unknown = |status: u16, code: &str| Answer::error(status, code);
    for (what, refusal) in [
        ("a child", unknown(400, "MANIFEST_BLOB_UNKNOWN")),
        ("a manifest", unknown(400, "MANIFEST_UNKNOWN")),
        ("a blob", unknown(404, "BLOB_UNKNOWN")),
        ("the repository", unknown(404, "NAME_UNKNOWN")),
        ("a page", Answer::new(404, "text/html", PAGE)),
        ("nothing", Answer::new(404, "", "")),
    ] {
        for (which, at) in [("an index", "/sha256:"), ("a tag", "/1.4.2"), ("a floating tag", "/latest")] {
            let world = World::with_app(&["acme/app"]);
            let refusals = AtomicUsize::new(2);
            let answer = refusal.clone();
            let server = world.serve_with(move |seen| {
                let is_left = || {
                    refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                };
                (is_put(seen, at) && is_left().is_ok()).then(|| Reply::Whole(answer.clone()))
            });
            let report = merge(&world, &server, Options::default());
            check_published(&world, &report, &format!("{what} of {which}"));
        }
        // It does not pass.
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_with(move |seen| is_put(seen, "/").then(|| Reply::Whole(refusal.clone())));
        let report = merge(&world, &server, Options::default());
        assert_eq!((report.problems.len(), tag_writes(&server)), (1, 0), "{what}: {:?}", report.problems);
        let sent = server.seen().iter().filter(|seen| is_put(seen, "/")).count();
        assert!((2..200).contains(&sent), "{what}: {sent}");
    }
}

#[test]
fn an_index_that_is_refused_for_good_is_sent_once() {
    for (what, refusal) in [
        ("its form", Answer::error(400, "MANIFEST_INVALID")),
        ("the tag", Answer::error(409, "TAG_INVALID")),
        ("its size", Answer::new(413, "text/html", PAGE)),
        ("the right", Answer::error(403, "DENIED")),
    ] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_with(move |seen| is_put(seen, "/").then(|| Reply::Whole(refusal.clone())));
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems.len(), 1, "{what}: {:?}", report.problems);
        let sent = server.seen().iter().filter(|seen| is_put(seen, "/")).count();
        assert_eq!(sent, 1, "{what}");
    }
}

#[test]
fn whether_this_machine_speaks_tls_is_found_out_before_anything_fails() {
    let said = |status: u16, text: &'static str| Some(Answer::new(status, "text/html", text));
    for (what, to_plain) in [
        ("a text", said(400, "Client sent an HTTP request to an HTTPS server.\n")),
        ("a page", said(400, "<h1>400</h1><p>The plain HTTP request was sent to HTTPS port</p>")),
        ("other words", said(400, "This combination of host and port requires TLS.")),
        ("no words", said(400, "")),
        ("nothing", None),
    ] {
        for _ in 0..5 {
            let world = World::with_app(&["acme/app"]);
            let answer = to_plain.clone();
            let server = world.serve_tls(move || answer.clone());
            let settings = Settings { patience: hasty(), ca_files: vec![authority()], ..Settings::default() };
            check_published(
                &world,
                &world.merge_with(&document(&server), Options::default(), &settings),
                what,
            );
        }
    }
    // One that does not speak it may refuse and hang up all the same.
    for refusal in [Reply::Whole(Answer::error(400, "NAME_INVALID")), Reply::Reset] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_with(move |seen| (seen.number == 1).then(|| refusal.clone()));
        let report = merge(&world, &server, Options::default());
        let codes: Vec<_> = report.problems.iter().map(|one| one.code.name()).collect();
        assert!(matches!(codes.as_slice(), [] | ["registry-rejected"]), "{:?}", report.problems);
    }
}

/// A registry that takes this many requests at once.
fn narrow(world: &World, width: usize, refusal: Answer) -> (Server, Arc<AtomicUsize>) {
    let (under_way, refused) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let count = refused.clone();
    let server = world.serve_through(move |_, forward| {
        let reply = if under_way.fetch_add(1, Ordering::SeqCst) < width {
            std::thread::sleep(Duration::from_millis(5));
            forward()
        } else {
            count.fetch_add(1, Ordering::SeqCst);
            refusal.clone()
        };
        under_way.fetch_sub(1, Ordering::SeqCst);
        reply.into()
    });
    (server, refused)
}

#[test]
fn a_host_that_asks_for_less_gets_less() {
    for (what, refusal) in [
        ("429", Answer::error(429, "TOOMANYREQUESTS")),
        ("429 with a pause", Answer::error(429, "X").header("Retry-After", "0")),
        ("503", Answer::new(503, "text/html", PAGE)),
        ("503 with a pause", Answer::new(503, "text/html", PAGE).header("Retry-After", "0")),
    ] {
        for width in [1, 2] {
            let world = World::with_app(&["acme/app"]);
            let (server, refused) = narrow(&world, width, refusal.clone());
            check_published(&world, &merge(&world, &server, Options::default()), what);
            let refused = refused.load(Ordering::SeqCst);
            assert!(refused <= 12, "{what}, {width} at once: {refused} of {}", server.seen().len());
        }
    }
}

#[test]
fn a_host_that_takes_nothing_is_left_alone_soon() {
    for (what, refusal, code) in [
        ("429", Answer::error(429, "X"), "registry-rate-limited"),
        ("503", Answer::error(503, "X"), "registry-failed"),
        ("a long rest", Answer::error(429, "X").header("Retry-After", "3600"), "registry-rate-limited"),
    ] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_with(move |_| Some(Reply::Whole(refusal.clone())));
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems[0].code.name(), code, "{what}: {:?}", report.problems);
        // Four requests at once, each of which alone would be sent four times.
        let sent = server.seen().len();
        assert!(sent < 4 * 4, "{what}: {sent}");
    }
    // One kind of request is refused, and the others are not: each ends.
    let world = World::with_app(&["acme/app"]);
    let server = world.serve_with(|seen| {
        let is_read = seen.method == "GET" && seen.path().contains("/manifests/");
        is_read.then(|| Reply::Whole(Answer::error(429, "X")))
    });
    let report = merge(&world, &server, Options::default());
    assert_eq!(report.problems[0].code.name(), "registry-rate-limited", "{:?}", report.problems);
    assert!(server.seen().len() < 40, "{}", server.seen().len());
}

#[test]
fn a_server_that_is_very_slow_is_given_up_in_the_time_that_is_given() {
    for (what, drip, is_it) in [
        ("a manifest", Drip::Body, (|seen| seen.path().contains("/manifests/sha256:")) as fn(&Seen) -> bool),
        ("the list of tags", Drip::Body, |seen| seen.path().contains("/tags/list")),
        ("the head of an answer", Drip::All, |seen| seen.path().contains("/blobs/")),
    ] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_through(move |seen, forward| {
            let answer = forward();
            let pause = Duration::from_millis(100);
            if is_it(seen) { Reply::Dripping(pause, drip, answer) } else { answer.into() }
        });
        let run = |wait: &[&str]| {
            let began = std::time::Instant::now();
            let output = Test::new()
                .file("plan.json", document(&server))
                .file("metadata.json", world.metadata())
                .args(["merge", "--plan", "plan.json", "--metadata", "metadata.json"])
                .args(wait.iter().copied())
                .output();
            (output.status.code(), String::from_utf8(output.stderr).unwrap(), began.elapsed())
        };
        let (status, told, took) = run(&["--wait", "2s"]);
        assert_eq!(status, Some(1), "{what}: {told}");
        assert!(took < Duration::from_secs(6), "{what}: {took:?}");
        assert!(told.contains("error[registry-network]: cannot "), "{what}: {told}");
        assert!(told.contains("a longer `--wait` helps"), "{what}: {told}");
        if drip == Drip::Body && what != "the list of tags" {
            assert!(told.contains("the answer comes too slowly: "), "{what}: {told}");
        }
    }
}

#[test]
fn a_slow_server_is_waited_for_and_that_is_said() {
    let world = World::with_app(&["acme/app"]);
    let server = world.serve_through(move |seen, forward| {
        let answer = forward();
        let is_it = seen.path().contains("/tags/list") && !seen.target.contains("last=");
        if is_it { Reply::Dripping(Duration::from_millis(200), Drip::Body, answer) } else { answer.into() }
    });
    let output = Test::new()
        .file("plan.json", document(&server))
        .file("metadata.json", world.metadata())
        .args(["merge", "--plan", "plan.json", "--metadata", "metadata.json", "--wait", "60s"])
        .output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains(": waiting for the answer to GET /v2/acme/app/tags/list: "), "{told}");
}

/// A list need not have an end; each of its pages may come in time.
#[test]
fn a_list_of_many_slow_pages_ends_in_the_time_that_is_given() {
    // How long a page takes, in which pages the list ends, and for how long it is waited.
    for (pause, pages, wait, expected) in [
        (400, usize::MAX, "2s", 1),
        (1500, usize::MAX, "3s", 1),
        (3, usize::MAX, "2s", 1),
        (1600, 4, "60s", 0),
        (10, 20, "60s", 0),
    ] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_with(move |seen| {
            let (_, query) = seen.target.split_once("/tags/list?")?;
            let page: usize = query.split("page=").nth(1).and_then(|page| page.parse().ok()).unwrap_or(0);
            std::thread::sleep(Duration::from_millis(pause));
            if page >= pages || query.contains("last=") {
                return Some(Reply::Whole(Answer::json(200, r#"{"tags":[]}"#)));
            }
            let tags: Vec<String> = (0..3).map(|at| format!("t-{page}-{at}")).collect();
            let next = format!("</v2/acme/app/tags/list?page={}>; rel=\"next\"", page + 1);
            let answer = Answer::json(200, format!(r#"{{"tags":{tags:?}}}"#)).header("Link", next);
            Some(Reply::Whole(answer))
        });
        let began = std::time::Instant::now();
        let output = Test::new()
            .file("plan.json", document(&server))
            .file("metadata.json", world.metadata())
            .args([
                "merge",
                "--plan",
                "plan.json",
                "--metadata",
                "metadata.json",
                "--dry-run",
                "--wait",
                wait,
            ])
            .output();
        let (told, took) = (String::from_utf8(output.stderr).unwrap(), began.elapsed());
        assert_eq!(output.status.code(), Some(expected), "{pause} {pages}: {told}");
        if expected == 1 {
            assert!(took < Duration::from_secs(8), "{pause}: {took:?}");
            assert!(
                told.contains("the list comes too slowly: ") && told.contains("and more to come"),
                "{told}"
            );
            assert!(told.contains("a longer `--wait` helps"), "{told}");
        } else if pause > 1000 {
            assert!(told.contains(": waiting for the answer to GET /v2/acme/app/tags/list: "), "{told}");
        }
    }
}

/// No other merge is there where a registry serves what it was given in other bytes.
#[test]
fn a_registry_that_writes_manifests_anew_is_named() {
    for (what, rewrite) in [
        ("pretty", (|value| serde_json::to_vec_pretty(value).unwrap()) as fn(&serde_json::Value) -> Vec<u8>),
        ("sorted", |value| serde_json::to_vec(value).unwrap()),
        ("with an end of line", |value| [serde_json::to_vec(value).unwrap(), b"\n".to_vec()].concat()),
    ] {
        let world = World::with_app(&["acme/app"]);
        let layout = world.layout("acme/app");
        let server = world.serve_with(move |seen| {
            let (_, tag) = seen.path().split_once("/manifests/")?;
            if seen.method != "PUT" || tag.starts_with("sha256:") {
                return None;
            }
            let content = rewrite(&serde_json::from_slice(&seen.body).unwrap());
            let manifest = Manifest::new(seen.header("content-type"), content);
            layout.put_manifest(&TagOrDigest::Tag(tag.parse().unwrap()), &manifest).unwrap();
            Some(Answer::new(201, "", "").into())
        });
        let report = merge(&world, &server, Options::default());
        let [problem] = &report.problems[..] else { panic!("{what}: {:?}", report.problems) };
        assert_eq!(problem.code.name(), "not-stored", "{what}");
        assert!(problem.message.contains("serves the same manifest in other bytes"), "{what}: {problem:?}");
    }
    // What is another manifest is another run's.
    let world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    let other = layout.get_manifest(&world.built["app-linux-amd64"].clone().into()).unwrap().unwrap();
    let server = world.serve_through(move |seen, forward| {
        let answer = forward();
        if seen.method == "PUT" && seen.path().ends_with("/1.4.2") {
            layout.put_manifest(&TagOrDigest::Tag("1.4.2".parse().unwrap()), &other).unwrap();
        }
        answer.into()
    });
    let report = merge(&world, &server, Options::default());
    assert_eq!(report.problems[0].code.name(), "concurrent-change", "{:?}", report.problems);
}
