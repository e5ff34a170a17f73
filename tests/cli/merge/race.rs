//! Several merges at once: the loser says so, and nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Status};

use super::world::{Build, World, plan};

/// Another version of `app`, as a world of its own that shares the repository.
fn other(world: &World, version: &str) -> (World, String) {
    let mut other = World::new();
    for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
        other.build(&["acme/app"], Build::new(leg, platform).salt(version));
    }
    // The builds of both are in the one repository.
    let (from, to) = (other.root().join("acme/app/blobs/sha256"), world.root().join("acme/app/blobs/sha256"));
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let minor = version.rsplit_once('.').unwrap().0.to_owned();
    (other, minor)
}

fn plan_for(repository: &str, version: &str, minor: &str) -> String {
    plan(&[repository]).replace("1.4.2", version).replace("\"1.4\"", &format!("\"{minor}\""))
}

#[test]
fn the_loser_of_a_race_says_so() {
    let world = World::with_app(&["acme/app"]);
    let (other, minor) = other(&world, "1.5.0");
    let plain = world.serve();
    let rival = plan_for(&format!("{}/acme/app", plain.host()), "1.5.0", &minor);
    let done = Arc::new(AtomicBool::new(false));
    let (other, winner) = (Arc::new(other), done.clone());
    // When this merge has written `latest`, another one comes from beginning to end.
    let server = world.serve_through(move |seen, forward| {
        let answer = forward();
        if seen.method == "PUT" && seen.path().ends_with("/latest") && !done.swap(true, Ordering::Relaxed) {
            let report = other.merge(&rival, Options::default());
            assert_eq!(report.problems, []);
        }
        answer.into()
    });
    let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
    assert!(winner.load(Ordering::Relaxed));
    let codes: Vec<_> = report.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["concurrent-change", "concurrent-change"], "{:?}", report.problems);
    let image = &report.images["app"];
    assert_eq!(image.status, Status::Failed);
    let lost: Vec<_> = image.references.iter().filter(|one| one.outcome == Outcome::Failed).collect();
    assert_eq!(lost.iter().map(|one| one.tag.as_str()).collect::<Vec<_>>(), ["1", "latest"]);
    let tags = world.tags("acme/app");
    assert_eq!(tags["latest"], tags["1.5.0"], "the greater version has it");
    assert_eq!(image.digest.as_ref(), Some(&tags["1.4.2"]), "nothing is lost");
    // Again, alone: the greater version keeps what it has.
    let report = world.merge(&plan(&[&format!("{}/acme/app", plain.host())]), Options::default());
    assert_eq!((report.problems.len(), world.tags("acme/app")), (0, tags));
}

#[test]
fn merges_that_start_together_lose_nothing() {
    for round in 0..5 {
        let world = World::with_app(&["acme/app"]);
        let rivals: Vec<_> = ["1.5.0", "1.6.0"].map(|version| (version, other(&world, version))).into();
        let server = world.serve();
        let repository = format!("{}/acme/app", server.host());
        let failures: Vec<bool> = thread::scope(|scope| {
            let own = scope.spawn(|| world.merge(&plan(&[&repository]), Options::default()));
            let threads: Vec<_> = rivals
                .iter()
                .map(|(version, (other, minor))| {
                    let document = plan_for(&repository, version, minor);
                    scope.spawn(move || other.merge(&document, Options::default()))
                })
                .collect();
            let reports = std::iter::once(own).chain(threads).map(|thread| thread.join().unwrap());
            reports.map(|report| report.has_failed()).collect()
        });
        let tags = world.tags("acme/app");
        for tag in ["1.4.2", "1.4", "1.5.0", "1.5", "1.6.0", "1.6", "1", "latest"] {
            assert_eq!(
                world.platforms("acme/app", tag),
                ["linux/amd64", "linux/arm64"],
                "{tag} in round {round}"
            );
        }
        assert_eq!(tags["1.4.2"], tags["1.4"]);
        // Whoever did not end with its own tags said so, or came before and was greater.
        let owner = ["1.4.2", "1.5.0", "1.6.0"].iter().position(|version| tags[*version] == tags["latest"]);
        assert!(!failures[owner.expect("it is one of them")] || failures.iter().any(|failed| *failed));
    }
}
