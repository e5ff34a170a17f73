//! A merge that ends at any moment leaves no wrong tag, and the next one completes it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Layout, Store};

use super::world::{Build, World, plan};
use crate::loopback::{Reply, Server};

/// A registry that ends the merge at a request: before it is answered, or before it arrives.
struct Gallows {
    server: Server,
    /// Which request it is; 0 for none.
    at: Arc<AtomicUsize>,
    victim: Arc<Mutex<Option<Child>>>,
    count: Arc<AtomicUsize>,
}

impl Gallows {
    fn new(world: &World, arrives: bool) -> Self {
        let (at, victim, count) =
            <(Arc<AtomicUsize>, Arc<Mutex<Option<Child>>>, Arc<AtomicUsize>)>::default();
        let own = (at.clone(), victim.clone(), count.clone());
        let server = world.serve_through(move |_, forward| {
            let (at, victim, count) = &own;
            if count.fetch_add(1, Ordering::SeqCst) + 1 != at.load(Ordering::SeqCst) {
                return forward().into();
            }
            if arrives {
                forward();
            }
            let mut victim = victim.lock().unwrap();
            let child = victim.as_mut().expect("it runs");
            child.kill().unwrap();
            child.wait().unwrap();
            Reply::Reset
        });
        Self { server, at, victim, count }
    }

    /// Runs a merge that ends at request `at`; whether it succeeded, and how many requests there were.
    fn run(&self, folder: &Path, at: usize) -> (bool, usize) {
        self.at.store(at, Ordering::SeqCst);
        self.count.store(0, Ordering::SeqCst);
        let mut victim = self.victim.lock().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command.args(["merge", "--plan", "plan.json", "--metadata", "metadata.json"]).current_dir(folder);
        command
            .env_clear()
            .env("HOME", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        *victim = Some(command.spawn().unwrap());
        drop(victim);
        loop {
            let mut victim = self.victim.lock().unwrap();
            if let Some(status) = victim.as_mut().unwrap().try_wait().unwrap() {
                return (status.success(), self.count.load(Ordering::SeqCst));
            }
            drop(victim);
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

/// Every tag is the old index or the new one, whole.
#[track_caller]
fn check_tags(world: &World, old: &Digest, new: Option<&Digest>, at: usize) {
    for repository in ["acme/app", "mirror/app"] {
        for (tag, digest) in world.tags(repository) {
            let is_known = digest == *old || new.is_none_or(|new| digest == *new);
            assert!(is_known, "{repository}:{tag} is {digest} after request {at}");
            assert_eq!(world.platforms(repository, &tag), ["linux/amd64", "linux/arm64"], "{tag} after {at}");
            check_whole(&world.layout(repository), &digest);
        }
    }
}

fn check_whole(layout: &Layout, digest: &Digest) {
    let manifest = layout.get_manifest(&digest.clone().into()).unwrap().expect("it is there");
    // A layout refuses what is not whole.
    layout.put_manifest(&digest.clone().into(), &manifest).expect("all that it holds is there");
}

/// Ends a merge at request `at` and runs it again; with 0 it does not end. The number of its requests and the digest of
/// its index.
fn end_at(at: usize, arrives: bool, new: Option<&Digest>) -> (usize, Digest) {
    let mut world = World::with_app(&["acme/app", "mirror/app"]);
    let gallows = Gallows::new(&world, arrives);
    let host = gallows.server.host();
    let document = plan(&[&format!("{host}/acme/app"), &format!("{host}/mirror/app")]);
    std::fs::write(world.root().join("plan.json"), document).unwrap();
    let write = |world: &World| std::fs::write(world.root().join("metadata.json"), world.metadata()).unwrap();
    // There is an older build under all tags.
    write(&world);
    assert!(gallows.run(world.root(), 0).0);
    let old = world.tags("acme/app")["latest"].clone();
    world.build(&["acme/app", "mirror/app"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    write(&world);
    let (succeeded, requests) = gallows.run(world.root(), at);
    assert_eq!(succeeded, at == 0, "request {at}");
    if at > 0 {
        check_tags(&world, &old, new, at);
        assert!(gallows.run(world.root(), 0).0, "the run after an end at request {at}");
    }
    let digest = world.tags("acme/app")["latest"].clone();
    for repository in ["acme/app", "mirror/app"] {
        let tags = world.tags(repository);
        assert_eq!(tags.len(), 4);
        assert!(tags.values().all(|own| *own == digest), "{repository} after {at}");
    }
    assert!(new.is_none_or(|new| *new == digest), "after {at}");
    assert_ne!(old, digest);
    (requests, digest)
}

#[test]
fn a_merge_may_end_at_every_request() {
    let (total, new) = end_at(0, false, None);
    // The index is written, and read before a tag moves to it. The builds' own indexes are read in the first one alone.
    assert_eq!(total, 2 * (4 + 7 + 4 + 2 + 1 + (1 + 1) + 4 + 4) + 2, "the requests of two repositories");
    let next = AtomicUsize::new(0);
    let tried = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= 2 * total {
                        break;
                    }
                    end_at(number % total + 1, number >= total, Some(&new));
                    tried.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(tried.load(Ordering::SeqCst), 2 * total, "each request, before it arrives and after");
}
