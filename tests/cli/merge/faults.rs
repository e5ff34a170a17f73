//! Faults on the way: what passes is survived, what stays is told, and no tag is ever wrong.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report, Status};
use bakeplan::internals::registry::{Settings, Timeouts};

use super::world::{World, hasty, plan, remove};
use crate::loopback::{Answer, Reply, Seen, Server};

type Fault = Box<dyn Fn(&Seen, Answer) -> Reply + Send + Sync>;

/// A registry in which every `every`th request has the fault when it comes for the first time, whatever else is under way.
fn flaky(world: &World, every: usize, fault: Fault) -> Server {
    let known = Mutex::new(BTreeSet::new());
    world.serve_through(move |seen, forward| {
        let mut known = known.lock().unwrap();
        let is_bad = known.insert(seen.line()) && known.len() % every == 0;
        drop(known);
        if is_bad { fault(seen, forward()) } else { forward().into() }
    })
}

fn merge(world: &World, server: &Server) -> Report {
    let repository = format!("{}/acme/app", server.host());
    let timeouts = Timeouts { response: Duration::from_millis(400), ..Timeouts::default() };
    let settings = Settings { patience: hasty(), timeouts, ..Settings::default() };
    world.merge_with(&plan(&[&repository]), Options::default(), &settings)
}

#[track_caller]
pub(super) fn check_published(world: &World, report: &Report, what: &str) {
    assert_eq!(report.problems, [], "{what}");
    assert_eq!(report.images["app"].status, Status::Published, "{what}");
    assert_eq!(world.tags("acme/app").len(), 4, "{what}");
    assert_eq!(world.platforms("acme/app", "latest"), ["linux/amd64", "linux/arm64"], "{what}");
}

#[test]
fn what_passes_is_survived() {
    let refused = |status: u16, retry: &'static str| -> Fault {
        Box::new(move |_, _| {
            let answer = Answer::error(status, "TOOMANYREQUESTS");
            Reply::Whole(if retry.is_empty() { answer } else { answer.header("Retry-After", retry) })
        })
    };
    let faults: [(&str, Fault); 10] = [
        ("429", refused(429, "")),
        ("429 with a pause", refused(429, "0")),
        ("500", refused(500, "")),
        ("502", refused(502, "")),
        ("503", refused(503, "0")),
        ("504", refused(504, "")),
        ("reset", Box::new(|_, _| Reply::Reset)),
        (
            "half",
            Box::new(|seen, answer| {
                if answer.body.is_empty() || seen.method == "HEAD" {
                    Reply::Reset
                } else {
                    Reply::Half(answer)
                }
            }),
        ),
        ("slow", Box::new(|_, answer| Reply::Late(Duration::from_millis(50), answer))),
        ("too slow", Box::new(|_, answer| Reply::Late(Duration::from_millis(600), answer))),
    ];
    for (what, fault) in faults {
        let world = World::with_app(&["acme/app"]);
        let server = flaky(&world, 3, fault);
        check_published(&world, &merge(&world, &server), what);
    }
}

#[test]
fn what_stays_is_told_and_nothing_is_written() {
    for (status, code) in [
        (429, "registry-rate-limited"),
        (500, "registry-failed"),
        (401, "registry-unauthorized"),
        (403, "registry-unauthorized"),
    ] {
        let world = World::with_app(&["acme/app"]);
        let server = world
            .serve_with(move |seen| (seen.method == "GET").then(|| Reply::Whole(Answer::error(status, "X"))));
        let report = merge(&world, &server);
        assert_eq!(report.problems[0].code.name(), code, "{:?}", report.problems);
        assert!(world.tags("acme/app").is_empty());
        assert!(server.lines().iter().all(|line| !line.starts_with("PUT")));
    }
}

#[test]
fn what_was_just_written_may_take_a_while_to_be_there() {
    let world = World::with_app(&["acme/app"]);
    let asked = Arc::new(AtomicUsize::new(0));
    let server = world.serve_through(move |seen, forward| {
        let answer = forward();
        let is_tag = seen.path().ends_with("/latest") && seen.method == "HEAD" && answer.status == 200;
        if is_tag && asked.fetch_add(1, Ordering::Relaxed) < 3 {
            return Answer::error(404, "MANIFEST_UNKNOWN").into();
        }
        answer.into()
    });
    check_published(&world, &merge(&world, &server), "lag");

    // It never comes.
    let world = World::with_app(&["acme/app"]);
    let server = world.serve_with(|seen| {
        let is_tag = seen.path().ends_with("/latest") && seen.method == "HEAD";
        is_tag.then(|| Reply::Whole(Answer::error(404, "MANIFEST_UNKNOWN")))
    });
    let report = merge(&world, &server);
    assert_eq!(report.problems[0].code.name(), "not-readable", "{:?}", report.problems);
    assert_eq!(report.images["app"].references[3].outcome, Outcome::Failed);
}

#[test]
fn a_registry_that_still_has_the_old_digest_is_asked_again() {
    let mut world = World::with_app(&["acme/app"]);
    assert_eq!(world.merge(&plan(&["oci-layout:acme/app"]), Options::default()).problems, []);
    let old = world.tags("acme/app")["latest"].to_string();
    world.build(&["acme/app"], super::world::Build::new("app-linux-amd64", "linux/amd64").salt("again"));
    let asked = Arc::new(AtomicUsize::new(0));
    let server = world.serve_through(move |seen, forward| {
        let answer = forward();
        let is_tag = seen.path().ends_with("/latest") && seen.method == "HEAD";
        // The first is before the write.
        if is_tag && asked.fetch_add(1, Ordering::Relaxed) < 3 {
            return answer.header("Docker-Content-Digest", old.clone()).into();
        }
        answer.into()
    });
    check_published(&world, &merge(&world, &server), "old");
}

/// A registry that answers 201 to the write of a tag and keeps the old one is not another run, and one finding says it.
#[test]
fn a_tag_that_is_accepted_and_not_kept_is_said_once() {
    for (names, others) in [(&["1.4.2", "1.4", "1", "latest"][..], 3), (&["latest"], 0)] {
        let mut world = World::with_app(&["acme/app"]);
        assert_eq!(world.merge(&plan(&["oci-layout:acme/app"]), Options::default()).problems, []);
        let before = world.tags("acme/app");
        world.build(&["acme/app"], super::world::Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let server = world.serve_with(move |seen| {
            let is_lost =
                seen.method == "PUT" && names.iter().any(|name| seen.path().ends_with(&format!("/{name}")));
            is_lost.then(|| Reply::Whole(Answer::new(201, "", "")))
        });
        let report = merge(&world, &server);
        let [problem] = report.problems.as_slice() else { panic!("{:?}", report.problems) };
        assert_eq!(problem.code.name(), "not-stored");
        let had = &before["latest"];
        assert!(problem.message.ends_with(&format!("it still is {had} as before")), "{problem:?}");
        assert_eq!(
            problem.notes.iter().map(|note| note.matches('`').count() / 2).sum::<usize>(),
            others,
            "{problem:?}"
        );
        let failed = report.images["app"].references.iter().filter(|one| one.outcome == Outcome::Failed);
        assert_eq!(failed.count(), names.len());
        // It is waited for once: twenty seconds, twice a second.
        let asked = server
            .seen()
            .iter()
            .filter(|seen| seen.method == "HEAD" && seen.path().ends_with("/latest"))
            .count();
        assert!((20..60).contains(&asked), "{asked}");
    }
}

/// A version's own tag that is not there yet and floating tags that are as before have one cause, and a list that lacks the
/// version is right.
#[test]
fn a_release_that_is_accepted_and_not_kept_is_said_once() {
    let world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    let other = bakeplan::internals::registry::Store::get_manifest(
        &*layout,
        &world.built["app-linux-amd64"].clone().into(),
    );
    let other = other.unwrap().unwrap();
    for tag in ["1.4.1", "1.4", "1", "latest"] {
        super::world::put_tag(&layout, tag, &other);
    }
    let server = world.serve_with(|seen| {
        let is_lost = seen.method == "PUT" && !seen.path().contains("sha256:");
        is_lost.then(|| Reply::Whole(Answer::new(201, "", "")))
    });
    let report = merge(&world, &server);
    let [problem] = report.problems.as_slice() else { panic!("{:?}", report.problems) };
    assert_eq!(problem.code.name(), "not-readable");
    assert!(problem.message.contains(":1.4.2`"), "{problem:?}");
    // What follows its own tag is not begun.
    let outcomes = report.images["app"].references.iter().map(|one| (one.tag.as_str(), one.outcome));
    let skipped = outcomes.filter(|(_, outcome)| *outcome == Outcome::Skipped).map(|(tag, _)| tag);
    assert_eq!(skipped.collect::<Vec<_>>(), ["1.4", "1", "latest"]);
    assert!(report.notes.iter().all(|note| note.code.name() != "tag-list"), "{:?}", report.notes);
    let lists = server.seen().iter().filter(|seen| seen.target.contains("/tags/list")).count();
    assert!(lists < 150, "{lists}");
}

/// Tags that are not there after they were written: one finding for all of them.
#[test]
fn tags_that_cannot_be_read_are_said_once() {
    let world = World::with_app(&["acme/app"]);
    let server = world.serve_with(|seen| {
        let is_own = seen.path().contains("sha256:") || seen.path().ends_with("/1.4.2");
        (seen.method == "PUT" && !is_own).then(|| Reply::Whole(Answer::new(201, "", "")))
    });
    let report = merge(&world, &server);
    let [problem] = report.problems.as_slice() else { panic!("{:?}", report.problems) };
    assert_eq!((problem.code.name(), problem.notes.len()), ("not-readable", 1), "{problem:?}");
    assert!(problem.notes[0].ends_with("`1`, `latest`"), "{problem:?}");
}

/// A write whose answer is lost each time, and that arrived.
#[test]
fn a_write_that_arrived_is_not_a_failure() {
    for (what, answer) in [("504", Some(Answer::new(504, "text/html", "<h1>504</h1>"))), ("reset", None)] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_through(move |seen, forward| {
            let stored = forward();
            match (&answer, seen.method.as_str()) {
                (Some(answer), "PUT") => answer.clone().into(),
                (None, "PUT") => Reply::Reset,
                _ => stored.into(),
            }
        });
        check_published(&world, &merge(&world, &server), what);
        // It did not arrive.
        let world = World::with_app(&["acme/app"]);
        let server = world
            .serve_with(move |seen| (seen.method == "PUT").then(|| Reply::Whole(Answer::new(504, "", ""))));
        let report = merge(&world, &server);
        assert_eq!(report.problems[0].code.name(), "registry-failed", "{:?}", report.problems);
        assert!(world.tags("acme/app").is_empty());
    }
}

/// A page for people comes in place of a manifest for a moment, or for good.
#[test]
fn a_page_in_place_of_a_manifest_may_pass() {
    let page = || Answer::new(200, "text/html; charset=utf-8", "<h1>Maintenance</h1>");
    let world = World::with_app(&["acme/app"]);
    let server = flaky(
        &world,
        1,
        Box::new(move |seen, answer| {
            let is_read = seen.method == "GET" && seen.path().contains("/manifests/");
            if is_read { page().into() } else { answer.into() }
        }),
    );
    check_published(&world, &merge(&world, &server), "for a moment");
    let world = World::with_app(&["acme/app"]);
    let server = world.serve_with(move |seen| {
        (seen.method == "GET" && seen.path().contains("/manifests/")).then(|| Reply::Whole(page()))
    });
    let report = merge(&world, &server);
    assert_eq!(report.problems[0].code.name(), "digest-mismatch", "{:?}", report.problems);
    assert!(world.tags("acme/app").is_empty());
}

#[test]
fn builds_that_are_not_there_yet_are_waited_for_when_asked_to() {
    let late = |wait: Duration| {
        let world = World::with_app(&["acme/app"]);
        let asked = Arc::new(AtomicUsize::new(0));
        let build = world.built["app-linux-arm64"].to_string();
        let server = world.serve_with(move |seen| {
            let is_early = seen.path().ends_with(&build) && asked.fetch_add(1, Ordering::Relaxed) < 1;
            is_early.then(|| Reply::Whole(Answer::error(404, "MANIFEST_UNKNOWN")))
        });
        let document = plan(&[&format!("{}/acme/app", server.host())]);
        let report = world.merge(&document, Options { wait, ..Options::default() });
        (world, report)
    };
    let (_, report) = late(Duration::ZERO);
    assert_eq!(report.problems[0].code.name(), "missing-build");
    let (world, report) = late(Duration::from_secs(60));
    check_published(&world, &report, "late");
}

#[test]
fn a_build_without_metadata_is_not_waited_for() {
    let mut world = World::with_app(&["acme/app"]);
    world.built.remove("app-linux-arm64");
    let server = world.serve();
    let document = plan(&[&format!("{}/acme/app", server.host())]);
    let began = std::time::Instant::now();
    let report = world.merge(&document, Options { wait: Duration::from_secs(600), ..Options::default() });
    assert_eq!((report.images["app"].status, began.elapsed().as_secs()), (Status::Held, 0));
}

#[test]
fn a_registry_that_keeps_something_else_is_told() {
    let world = World::with_app(&["acme/app"]);
    let server = world.serve_through(|seen, forward| {
        let answer = forward();
        let wrong = format!("sha256:{}", "0".repeat(64));
        match seen.method.as_str() {
            "PUT" => answer.header("Docker-Content-Digest", wrong).into(),
            _ => answer.into(),
        }
    });
    let report = merge(&world, &server);
    assert_eq!(report.problems[0].code.name(), "digest-mismatch", "{:?}", report.problems);
    // What was sent was expected, and what the registry says was found.
    let said = format!("the content has digest sha256:{}, expected sha256:", "0".repeat(64));
    assert!(report.problems[0].message.contains(&said), "{:?}", report.problems);
    assert!(world.tags("acme/app").is_empty(), "the index by digest was not taken for written");

    let world = World::with_app(&["acme/app"]);
    let server = world.serve_through(|seen, forward| {
        let mut answer = forward();
        if seen.method == "GET" && seen.path().contains("/manifests/") {
            answer.body.push(b' ');
        }
        answer.into()
    });
    assert_eq!(merge(&world, &server).problems[0].code.name(), "digest-mismatch");
}

#[test]
fn tokens_that_expire_are_asked_for_again() {
    let world = World::with_app(&["acme/app"]);
    let served = Arc::new(AtomicUsize::new(0));
    let server = world.serve_through(move |seen, forward| {
        let generation = served.load(Ordering::Relaxed) / 5;
        if seen.path() == "/token" {
            let token = format!(r#"{{"token":"good{generation}","expires_in":300}}"#);
            return Answer::json(200, token).into();
        }
        let good = [generation, generation.saturating_sub(1)].map(|age| format!("Bearer good{age}"));
        if !good.contains(&seen.header("authorization").to_owned()) {
            let realm = format!(r#"Bearer realm="http://{}/token",service="test""#, seen.header("host"));
            return Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", realm).into();
        }
        // Each token is good for five requests at least, also when several are sent at once.
        served.fetch_add(1, Ordering::Relaxed);
        forward().into()
    });
    let report = merge(&world, &server);
    check_published(&world, &report, "expiry");
    assert!(server.lines().iter().filter(|line| line.contains("/token")).count() > 2);
}

#[test]
fn when_one_registry_refuses_no_tag_is_written_in_the_other() {
    let world = World::with_app(&["acme/app"]);
    let (good, bad) = (
        world.serve(),
        world.serve_with(|seen| (seen.method == "PUT").then(|| Reply::Whole(Answer::error(403, "DENIED")))),
    );
    // Both serve the same layout, so only what was sent tells.
    let repositories = [format!("{}/acme/app", good.host()), format!("{}/acme/app", bad.host())];
    let report = world.merge(&plan(&[&repositories[0], &repositories[1]]), Options::default());
    assert_eq!(report.images["app"].status, Status::Failed);
    let is_tag = |line: &&String| line.starts_with("PUT") && !line.contains("sha256:");
    assert_eq!(good.lines().iter().filter(is_tag).count(), 0);
    assert!(report.images["app"].references.iter().all(|one| one.outcome == Outcome::Skipped));

    // The version's own tag is refused: floating tags stay where they are, everywhere.
    let world = World::with_app(&["acme/app"]);
    let (good, bad) = (
        world.serve(),
        world.serve_with(|seen| {
            let is_version = seen.method == "PUT" && seen.path().ends_with("/1.4.2");
            is_version.then(|| Reply::Whole(Answer::error(409, "TAG_IMMUTABLE")))
        }),
    );
    let repositories = [format!("{}/acme/app", good.host()), format!("{}/acme/app", bad.host())];
    let report = world.merge(&plan(&[&repositories[0], &repositories[1]]), Options::default());
    assert_eq!(report.problems[0].code.name(), "registry-rejected");
    let puts: Vec<_> = good.lines().into_iter().filter(|line| line.starts_with("PUT")).collect();
    assert!(puts.iter().all(|line| !line.ends_with("/latest") && !line.ends_with("/1")), "{puts:?}");
    // The next run finds what this one left.
    let third = world.serve();
    let repository = format!("{}/acme/app", third.host());
    let report = world.merge(&plan(&[&repository]), Options::default());
    check_published(&world, &report, "the second run");
    assert_eq!(report.images["app"].references[0].outcome, Outcome::Unchanged);
}

#[test]
fn a_child_that_is_deleted_between_reading_and_writing_is_told() {
    let world = World::with_app(&["acme/app"]);
    let victim = {
        let report =
            world.merge(&plan(&["oci-layout:acme/app"]), Options { dry_run: true, ..Options::default() });
        assert_eq!(report.images["app"].status, Status::Planned);
        world.built["app-linux-arm64"].clone()
    };
    let layout = world.layout("acme/app");
    let index =
        bakeplan::internals::registry::Store::get_manifest(&*layout, &victim.into()).unwrap().unwrap();
    let index: bakeplan::internals::oci::Index = serde_json::from_slice(&index.bytes).unwrap();
    let child = index.manifests[0].digest.clone();
    let server = world.serve_through(move |seen, forward| {
        if seen.method == "PUT" && layout.path().join("blobs/sha256").join(child.hex()).exists() {
            remove(&layout, &child);
        }
        forward().into()
    });
    let report = merge(&world, &server);
    assert_eq!(report.problems[0].code.name(), "registry-rejected", "{:?}", report.problems);
    assert!(report.problems[0].notes[0].contains("it was deleted since"), "{:?}", report.problems);
    assert!(world.tags("acme/app").is_empty());
}
