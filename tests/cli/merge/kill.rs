//! A merge that ends at any moment leaves no wrong tag, and the next one completes it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Layout, Store};

use serde_json::{Value, json};

use super::world::{Build, TAGS, World, literal, plan, plan_of};
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
        self.run_line(folder, &["merge", "--plan", "plan.json", "--metadata", "metadata.json"], at)
    }

    /// The same of any command.
    fn run_line(&self, folder: &Path, line: &[&str], at: usize) -> (bool, usize) {
        self.at.store(at, Ordering::SeqCst);
        self.count.store(0, Ordering::SeqCst);
        let mut victim = self.victim.lock().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command.args(line).current_dir(folder);
        command
            .env_clear()
            .env("HOME", folder)
            .env("GITHUB_OUTPUT", "out")
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

/// How the second repository comes to have the image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filled {
    ByBuilds,
    ByMerge,
    AsMirror,
}

/// Ends a merge at request `at` and runs it again; with 0 it does not end. The number of its requests and the digest of
/// its index.
fn end_at(at: usize, arrives: bool, how: Filled, new: Option<&Digest>) -> (usize, Digest) {
    let own: &[&str] = match how {
        Filled::ByBuilds => &["acme/app", "mirror/app"],
        Filled::ByMerge | Filled::AsMirror => &["acme/app"],
    };
    let mut world = World::with_app(own);
    world.layout("mirror/app");
    let gallows = Gallows::new(&world, arrives);
    // The same registry by another name, so that nothing is mounted.
    let (host, port) = (gallows.server.host(), gallows.server.port());
    let (first, second) = (
        format!("{host}/acme/app"),
        match how {
            Filled::ByBuilds => format!("{host}/mirror/app"),
            Filled::ByMerge | Filled::AsMirror => format!("localhost:{port}/mirror/app"),
        },
    );
    let document = match how {
        Filled::ByBuilds | Filled::ByMerge => plan(&[&first, &second]),
        Filled::AsMirror => {
            let mirrors = format!(r#""version":"1.4.2","mirrors":["{second}"],"#);
            plan_of(&[&first], TAGS, &mirrors, "hold")
        }
    };
    std::fs::write(world.root().join("plan.json"), document).unwrap();
    let write = |world: &World| std::fs::write(world.root().join("metadata.json"), world.metadata()).unwrap();
    // There is an older build under all tags.
    write(&world);
    assert!(gallows.run(world.root(), 0).0);
    let old = world.tags("acme/app")["latest"].clone();
    world.build(own, Build::new("app-linux-amd64", "linux/amd64").salt("new"));
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

/// Tries each request of so many: before it arrives and after, or by turns.
fn at_every_request(total: usize, both: bool, end_at: impl Fn(usize, bool) -> usize + Sync) {
    let ends = if both { 2 * total } else { total };
    let next = AtomicUsize::new(0);
    let tried = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= ends {
                        break;
                    }
                    let arrives = if both { number >= total } else { number.is_multiple_of(2) };
                    end_at(number % total + 1, arrives);
                    tried.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(tried.load(Ordering::SeqCst), ends);
}

/// Ends a merge at each of its requests, before or after it arrives, or `both`; how many there are.
fn end_at_every_request(how: Filled, both: bool) -> usize {
    let (total, new) = end_at(0, false, how, None);
    at_every_request(total, both, |at, arrives| end_at(at, arrives, how, Some(&new)).0);
    total
}

#[test]
fn a_merge_may_end_at_every_request() {
    let total = end_at_every_request(Filled::ByBuilds, true);
    // The index is written, and read before a tag moves to it; the list is read again after the floating tags. The builds'
    // own indexes are read in the first one alone.
    assert_eq!(total, 2 * (4 + 7 + 4 + 2 + 1 + (1 + 1) + 4 + 2 + 4) + 2, "the requests of two repositories");
}

#[test]
fn a_merge_that_copies_may_end_at_every_request() {
    end_at_every_request(Filled::ByMerge, false);
}

#[test]
fn a_merge_that_fills_a_mirror_may_end_at_every_request() {
    end_at_every_request(Filled::AsMirror, false);
}

/// What gives tags to something that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Giver {
    Promotion,
    /// A merge of a plan that reuses it.
    Merge,
}

/// The text of a plan, in which the inputs of each build are the hash of its name.
fn with_inputs(document: &str) -> Value {
    let mut plan: Value = serde_json::from_str(document).unwrap();
    for (leg, build) in plan["images"]["app"]["builds"].as_object_mut().unwrap() {
        build["inputs"] = json!({ "hash": Digest::sha256(leg.as_bytes()) });
    }
    plan
}

/// Ends the giving of tags at request `at`, in the repository of what gets them and one that lacks all of it, and runs it
/// again.
fn end_giving_at(at: usize, arrives: bool, giver: Giver, is_other: bool) -> usize {
    let world = World::with_app(&["acme/app"]);
    world.layout("mirror/app");
    let gallows = Gallows::new(&world, arrives);
    let host = gallows.server.host();
    let stage = plan_of(&[&format!("{host}/acme/app")], &literal("sha-1"), "", "hold");
    std::fs::write(world.root().join("plan.json"), with_inputs(&stage).to_string()).unwrap();
    std::fs::write(world.root().join("metadata.json"), world.metadata()).unwrap();
    assert!(gallows.run(world.root(), 0).0);
    let new = world.tags("acme/app")["sha-1"].clone();
    // By another name it is another registry, which gets everything by copying.
    let second = if is_other { host.replace("127.0.0.1", "localhost") } else { host.clone() };
    let mut document = with_inputs(&plan(&[&format!("{host}/acme/app"), &format!("{second}/mirror/app")]));
    let source = format!("{host}/acme/app:sha-1");
    let line: &[&str] = match giver {
        Giver::Promotion => &["promote", &source, "--plan", "plan.json"],
        Giver::Merge => {
            document["images"]["app"]["reused"] =
                json!({ "repository": format!("{host}/acme/app"), "tag": "sha-1", "digest": new });
            std::fs::write(world.root().join("metadata.json"), "{}").unwrap();
            &["merge", "--plan", "plan.json", "--metadata", "metadata.json"]
        }
    };
    std::fs::write(world.root().join("plan.json"), document.to_string()).unwrap();
    let (succeeded, requests) = gallows.run_line(world.root(), line, at);
    assert_eq!(succeeded, at == 0, "request {at}");
    if at > 0 {
        check_tags(&world, &new, None, at);
        assert!(gallows.run_line(world.root(), line, 0).0, "the run after an end at request {at}");
    }
    for (repository, count) in [("acme/app", 5), ("mirror/app", 4)] {
        let tags = world.tags(repository);
        assert!(tags.len() == count && tags.values().all(|own| *own == new), "{repository} after {at}");
        check_whole(&world.layout(repository), &new);
    }
    requests
}

#[test]
fn a_promotion_may_end_at_every_request() {
    for is_other in [false, true] {
        let end_at = |at, arrives| end_giving_at(at, arrives, Giver::Promotion, is_other);
        at_every_request(end_at(0, false), true, end_at);
    }
}

#[test]
fn a_merge_of_what_is_reused_may_end_at_every_request() {
    for is_other in [false, true] {
        let end_at = |at, arrives| end_giving_at(at, arrives, Giver::Merge, is_other);
        at_every_request(end_at(0, false), true, end_at);
    }
}

/// Ends each step of a merge in two at each request, and runs both again.
fn end_step_at(at: usize, arrives: bool, step: usize) -> usize {
    let world = World::with_app(&["acme/app", "mirror/app"]);
    let gallows = Gallows::new(&world, arrives);
    let host = gallows.server.host();
    let document = plan(&[&format!("{host}/acme/app"), &format!("{host}/mirror/app")]);
    std::fs::write(world.root().join("plan.json"), document).unwrap();
    std::fs::write(world.root().join("metadata.json"), world.metadata()).unwrap();
    let first = ["merge", "--plan", "plan.json", "--metadata", "metadata.json", "--no-tags", "--github"];
    let second = ["merge", "--plan", "plan.json", "--result", "result.json"];
    let result = || {
        let _ = std::fs::remove_file(world.root().join("out"));
        let (succeeded, requests) = gallows.run_line(world.root(), &first, if step == 0 { at } else { 0 });
        assert!(succeeded || step == 0);
        if !succeeded {
            assert!(gallows.run_line(world.root(), &first, 0).0, "the run after an end at request {at}");
        }
        assert!(world.tags("acme/app").is_empty() && world.tags("mirror/app").is_empty());
        let output = std::fs::read_to_string(world.root().join("out")).unwrap();
        std::fs::write(world.root().join("result.json"), output.trim().strip_prefix("result=").unwrap())
            .unwrap();
        requests
    };
    let requests = result();
    let (succeeded, of_second) = gallows.run_line(world.root(), &second, if step == 1 { at } else { 0 });
    assert!(succeeded || step == 1);
    if !succeeded {
        for repository in ["acme/app", "mirror/app"] {
            for (tag, digest) in world.tags(repository) {
                assert_eq!(
                    world.platforms(repository, &tag),
                    ["linux/amd64", "linux/arm64"],
                    "{tag} after {at}"
                );
                check_whole(&world.layout(repository), &digest);
            }
        }
        assert!(gallows.run_line(world.root(), &second, 0).0, "the run after an end at request {at}");
    }
    let digest = world.tags("acme/app")["latest"].clone();
    for repository in ["acme/app", "mirror/app"] {
        let tags = world.tags(repository);
        assert!(tags.len() == 4 && tags.values().all(|own| *own == digest), "{repository} after {at}");
    }
    if step == 0 { requests } else { of_second }
}

#[test]
fn both_steps_of_a_merge_may_end_at_every_request() {
    for step in [0, 1] {
        let total = end_step_at(0, false, step);
        at_every_request(total, true, |at, arrives| end_step_at(at, arrives, step));
    }
}

/// What ends a merge leaves no report: its log names what was to be tagged, and each tag that is written.
#[cfg(unix)]
#[test]
fn the_log_of_a_merge_that_is_cancelled_says_which_tags_are_written() {
    // Who starts the tests in the background has them ignore INT.
    for (signal, stop, written) in [
        ("TERM", "latest", &["1.4.2", "1.4", "1"][..]),
        ("KILL", "latest", &["1.4.2", "1.4", "1"]),
        ("KILL", "1.4.2", &[]),
    ] {
        let world = World::with_app(&["a"]);
        let victim = Arc::new(AtomicUsize::new(0));
        let own = victim.clone();
        let server = world.serve_through(move |seen, forward| {
            if seen.method != "PUT" || !seen.path().ends_with(&format!("/manifests/{stop}")) {
                return forward().into();
            }
            while own.load(Ordering::SeqCst) == 0 {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            let id = own.load(Ordering::SeqCst).to_string();
            let killed = Command::new("kill").args(["-s", signal, &id]).status().unwrap();
            assert!(killed.success());
            Reply::Reset
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plan.json"), plan(&[&format!("{}/a", server.host())])).unwrap();
        std::fs::write(folder.path().join("metadata.json"), world.metadata()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command.args(["merge", "--plan", "plan.json", "--metadata", "metadata.json"]);
        command.current_dir(folder.path()).env_clear().env("HOME", folder.path()).stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        victim.store(usize::try_from(child.id()).unwrap(), Ordering::SeqCst);
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{signal}: {told}");
        let due = format!("{}/a: image `app` is to get 1.4.2, 1.4, 1, latest\n", server.host());
        assert!(told.contains(&due), "{signal}: {told}");
        for tag in ["1.4.2", "1.4", "1", "latest"] {
            let is_told = told.contains(&format!("{}/a: tagged {tag}\n", server.host()));
            assert_eq!(is_told, written.contains(&tag), "{signal} {tag}: {told}");
            assert_eq!(world.tags("a").contains_key(tag), is_told, "{signal} {tag}");
        }
    }
}
