//! Runs of a workflow that builds only what has changed, one after another, each in a checkout as GitHub makes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::attempts::digests;
use super::run::{Commit, Ended, PUSH, Run, Start};
use super::{generated, set, tags};
use crate::engine::{Project, engine};
use crate::registry::Repository;

const TAG: Start = Start("push", "refs/tags/v1.0.0", "tag", false);
const REQUEST: Start = Start("pull_request", "refs/pull/7/merge", "branch", false);
const SCHEDULE: Start = Start("schedule", "refs/heads/main", "branch", false);
const DISPATCH: Start = Start("workflow_dispatch", "refs/heads/main", "branch", false);

/// What the workflow is made with.
const OPTIONS: [&str; 3] = ["--only-changed", "--schedule=17 3 * * *", "--rebuild=17 4 * * 0"];

const APP: [&str; 2] = ["app-linux-amd64", "app-linux-arm64"];
const WEB: &str = "web-linux-amd64";
const ALL: [&str; 3] = [APP[0], APP[1], WEB];

/// A repository with two images.
struct Origin {
    home: Project,
    app: String,
    web: String,
}

#[track_caller]
fn git(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]);
    let ended = command.args(words).current_dir(folder).output().unwrap();
    assert!(ended.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap().trim().to_owned()
}

impl Origin {
    fn new(name: &str, on_missing: &str) -> Self {
        let home = Project::new(engine(), name);
        let [app, web] = ["app", "web"].map(|name| home.repository(0, name));
        Self::at(home, app, web, on_missing)
    }

    fn at(home: Project, app: String, web: String, on_missing: &str) -> Self {
        let definition = format!(
            r#"
            target "app" {{
              context   = "app"
              platforms = ["linux/amd64", "linux/arm64"]
            }}
            target "web" {{
              context   = "web"
              platforms = ["linux/amd64"]
            }}
            image {{
              tags = [
                {{ pattern = "sha-{{{{ commit[:7] }}}}", when = "branch" }},
                {{ pattern = "edge", when = "branch" }},
                {{ pattern = "{{{{ tag }}}}", when = "tag" }},
              ]
              on_missing = "{on_missing}"
            }}
            image "app" {{
              repositories = ["{app}"]
            }}
            image "web" {{
              repositories = ["{web}"]
            }}
            "#
        );
        let home = home
            .file("docker-bake.hcl", &definition)
            .file("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY file-${TARGETARCH} /file\n")
            .file("app/file-amd64", "one")
            .file("app/file-arm64", "one")
            .file("web/Dockerfile", "FROM scratch\nCOPY file /file\n")
            .file("web/file", "one");
        git(home.root(), &["init", "-q", "-b", "main"]);
        git(home.root(), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        let origin = Self { home, app, web };
        origin.commit("first");
        origin
    }

    fn commit(&self, message: &str) {
        git(self.home.root(), &["add", "docker-bake.hcl", "app", "web"]);
        git(self.home.root(), &["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// A commit that changes one file.
    fn change(&self, path: &str, content: &str) {
        fs::write(self.home.path(path), content).unwrap();
        git(self.home.root(), &["add", path]);
        self.commit(path);
    }

    /// The commit that is checked out in the origin, and the one before, as GitHub checks them out.
    fn checkout(&self) -> Checkout {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}", self.home.root().display());
        git(folder.path(), &["init", "-q", "-b", "main"]);
        git(folder.path(), &["remote", "add", "origin", &url]);
        git(folder.path(), &["fetch", "-q", "--depth=2", "origin", "HEAD"]);
        git(folder.path(), &["checkout", "-q", "--detach", "FETCH_HEAD"]);
        let hash = git(folder.path(), &["rev-parse", "HEAD"]);
        let project = Project::at(engine(), folder.path(), "changed");
        Checkout { project, hash: hash.leak(), _folder: folder }
    }

    /// The tags of both images.
    fn served(&self) -> [BTreeMap<String, String>; 2] {
        [&self.app, &self.web].map(|repository| digests(repository))
    }
}

struct Checkout {
    project: Project,
    hash: &'static str,
    _folder: TempDir,
}

impl Checkout {
    fn run(&self, start: &Start, number: u32) -> Run<'_> {
        let commit = Commit { run: number, hash: self.hash, time: "2026-09-21T10:20:00Z" };
        Run::new(generated(&self.project, &OPTIONS), &self.project, start, &commit)
    }

    fn sha(&self) -> String {
        format!("sha-{}", &self.hash[..7])
    }
}

/// A whole run.
#[track_caller]
fn ended(mut run: Run<'_>) -> Ended {
    assert!(run.plan(), "{}", run.log);
    run.build(&|_| {});
    run.finish()
}

/// Which rows were built, in a run that is right.
#[track_caller]
fn assert_built(ended: &Ended, rows: &[&str], is_published: bool) {
    let built: Vec<&str> = ended.rows.keys().map(String::as_str).collect();
    assert_eq!(built, rows, "{}", ended.log);
    let due = is_published.then_some(0);
    assert_eq!((ended.merge, ended.verify, ended.gate), (due, due, true), "{:?}\n{}", ended.rows, ended.log);
}

#[test]
fn what_failed_is_built_by_a_later_run_and_a_release_gets_the_same_bytes() {
    let origin = Origin::new("changed", "hold");
    let first = origin.checkout();
    let done = ended(first.run(&PUSH, 1));
    assert_built(&done, &ALL, true);
    let [app, web] = origin.served();
    let (old, same) = (app["edge"].clone(), web["edge"].clone());

    // Push 1 changes `app` and fails. `web` has what it had, and gets the tag of the commit.
    origin.change("app/file-amd64", "two");
    origin.change("app/file-arm64", "two");
    let second = origin.checkout();
    let mut run = second.run(&PUSH, 2);
    assert!(run.plan(), "{}", run.log);
    run.outage("app-linux");
    run.build(&|_| {});
    let done = run.finish();
    assert_eq!(done.rows.keys().collect::<Vec<_>>(), APP, "{}", done.log);
    assert_eq!((done.merge, done.gate), (Some(5), false), "{}", done.log);
    let [app, web] = origin.served();
    assert_eq!((app.get(&second.sha()), &app["edge"]), (None, &old), "{}", done.log);
    assert_eq!((&web[&second.sha()], &web["edge"]), (&same, &same), "{}", done.log);

    // Push 2 changes nothing that anything reads, and builds what failed.
    origin.change("README.md", "words");
    let third = origin.checkout();
    let done = ended(third.run(&PUSH, 3));
    assert_built(&done, &APP, true);
    let [app, web] = origin.served();
    let new = app["edge"].clone();
    assert_eq!(app[&third.sha()], new);
    assert_ne!(new, old);
    assert_eq!((&web[&third.sha()], &web["edge"]), (&same, &same));

    // Nothing is built any more, and each image has the tag of the commit.
    origin.change("README.md", "more words");
    let fourth = origin.checkout();
    let done = ended(fourth.run(&PUSH, 4));
    assert_built(&done, &[], true);
    assert!(done.log.contains(&format!("same inputs as {}:edge@{new}", origin.app)), "{}", done.log);
    let [app, web] = origin.served();
    assert_eq!([&app[&fourth.sha()], &app["edge"]], [&new, &new]);
    assert_eq!([&web[&fourth.sha()], &web["edge"]], [&same, &same]);

    // A release gives its tag to what was tested.
    let done = ended(fourth.run(&TAG, 5));
    assert_built(&done, &[], true);
    let [app, web] = origin.served();
    assert_eq!((&app["v1.0.0"], &web["v1.0.0"]), (&new, &same));

    // An old run that is started again moves nothing back.
    let before = origin.served();
    let done = ended(first.run(&PUSH, 1));
    assert_built(&done, &[], true);
    assert_eq!(origin.served(), before, "{}", done.log);
    // Nor does the one whose builds failed, which are made now.
    run.outage("");
    run.build_failed_again();
    let done = run.finish();
    assert_eq!((done.merge, done.gate), (Some(0), true), "{}", done.log);
    let after = origin.served();
    assert_eq!((&after[0]["edge"], &after[1]), (&new, &before[1]), "{}", done.log);
    assert!(after[0].contains_key(&second.sha()), "{}", done.log);
}

#[test]
fn a_platform_that_failed_is_built_again_with_its_image() {
    for on_missing in ["hold", "drop"] {
        let origin = Origin::new("changed-platform", on_missing);
        assert_built(&ended(origin.checkout().run(&PUSH, 1)), &ALL, true);
        origin.change("app/file-amd64", "two");
        let second = origin.checkout();
        let mut run = second.run(&PUSH, 2);
        assert!(run.plan(), "{}", run.log);
        run.outage(APP[1]);
        run.build(&|_| {});
        let done = run.finish();
        let status = if on_missing == "drop" { 0 } else { 5 };
        assert_eq!((done.merge, done.gate), (Some(status), false), "{on_missing}: {}", done.log);
        // Both platforms are built again, and nothing of the first attempt counts.
        origin.change("README.md", "words");
        let third = origin.checkout();
        assert_built(&ended(third.run(&PUSH, 3)), &APP, true);
        for tag in ["edge", &third.sha()] {
            let index = Repository::new(&origin.app).index(tag);
            assert_eq!(index.platforms(), ["linux/amd64", "linux/arm64"], "{on_missing}: {tag}");
        }
        assert_eq!(digests(&origin.app)["edge"], digests(&origin.app)[&third.sha()]);
    }
}

#[test]
fn a_pull_request_builds_what_it_changes() {
    let origin = Origin::new("changed-request", "hold");
    assert_built(&ended(origin.checkout().run(&PUSH, 1)), &ALL, true);
    let before = origin.served();
    let root = origin.home.root();
    for (path, rows) in [("web/file", &[WEB][..]), ("README.md", &[]), ("docker-bake.hcl", &APP)] {
        git(root, &["checkout", "-q", "-b", path, "main"]);
        let old = fs::read_to_string(origin.home.path(path)).unwrap_or_default();
        // A change of the definition that one target sees.
        let new = if path == "docker-bake.hcl" {
            old.replacen("context   = \"app\"", "context = \"app\"\nargs = { A = \"1\" }", 1)
        } else {
            old + "changed"
        };
        assert!(fs::read_to_string(origin.home.path(path)).ok().as_ref() != Some(&new));
        origin.change(path, &new);
        // What GitHub checks out: the merge with the target branch, which has moved on.
        git(root, &["checkout", "-q", "main"]);
        origin.change("NEWS.md", path);
        git(root, &["checkout", "-q", "--detach", "main"]);
        git(root, &["merge", "-q", "--no-ff", "-m", "merge", path]);
        let done = ended(origin.checkout().run(&REQUEST, 2));
        assert_built(&done, rows, false);
        assert_eq!(origin.served(), before, "{path}: {}", done.log);
        git(root, &["checkout", "-q", "main"]);
    }
}

/// Never nothing: what cannot be looked at is built, and what cannot be built or published turns the run red.
#[test]
fn a_registry_that_is_down_when_a_run_is_planned_leaves_nothing_out() {
    let home = Project::new(engine(), "changed-down");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let [app, web] = ["app", "web"].map(|name| format!("{closed}/acme/{name}"));
    let origin = Origin::at(home, app, web, "hold");
    let checkout = origin.checkout();
    let mut run = checkout.run(&PUSH, 1);
    assert!(run.plan(), "{}", run.log);
    let rows: Vec<_> = run.matrix().iter().map(|row| row["job"].as_str().unwrap().to_owned()).collect();
    assert_eq!(rows, ALL, "{}", run.log);
    assert_eq!(run.log.matches("built   unknown: ").count(), 2, "{}", run.log);
    run.outage("bake");
    run.build(&|_| {});
    let done = run.finish();
    assert!(done.merge.is_some_and(|status| status != 0) && !done.gate, "{:?}: {}", done.merge, done.log);
    // Or the run ends, where that is asked for.
    let refused = origin.home.refused(&["plan", "--skip-published", "--on-unknown", "fail"]);
    assert_eq!(refused.matches("error[unknown-inputs]").count(), 2, "{refused}");
}

#[test]
fn a_schedule_builds_what_has_an_old_base_and_now_and_then_everything() {
    let origin = Origin::new("changed-bases", "hold");
    let base = format!("{}:1", origin.home.repository(0, "base"));
    let home = &origin.home;
    home.scratch("base/Dockerfile", "FROM scratch\nARG N\nCOPY Dockerfile /base${N}\n");
    let folder = home.scratch_folder().join("base");
    let push = |number: &str| {
        let number = format!("--build-arg=N={number}");
        let platforms = "--platform=linux/amd64,linux/arm64";
        home.buildx(&["build", platforms, &number, "--push", "-t", &base, folder.to_str().unwrap()]);
    };
    push("1");
    origin
        .change("app/Dockerfile", &format!("FROM {base}\nARG TARGETARCH\nCOPY file-${{TARGETARCH}} /file\n"));
    let checkout = origin.checkout();
    assert_built(&ended(checkout.run(&PUSH, 1)), &ALL, true);
    let by_clock = |number, time: &str| {
        let mut run = checkout.run(&SCHEDULE, number);
        run.contexts["github"]["event"]["schedule"] = json!(time);
        ended(run)
    };
    let by_hand = |number, all: bool| {
        let mut run = checkout.run(&DISPATCH, number);
        run.contexts["inputs"] = json!({ "all": all });
        ended(run)
    };
    let before = origin.served();
    assert_built(&by_clock(2, "17 3 * * *"), &[], true);
    assert_eq!(origin.served(), before);
    push("2");
    // Only the schedule looks at bases.
    assert_built(&by_hand(3, false), &[], true);
    assert_built(&by_clock(4, "17 3 * * *"), &APP, true);
    let [app, web] = origin.served();
    assert_ne!(app["edge"], before[0]["edge"]);
    assert_eq!(web, before[1]);
    assert_built(&by_clock(5, "17 3 * * *"), &[], true);
    for done in [by_clock(6, "17 4 * * 0"), by_clock(7, ""), by_hand(8, true)] {
        assert_built(&done, &ALL, true);
    }
    // Full builds leave their records, too.
    assert_built(&by_hand(9, false), &[], true);
    assert_eq!(tags(&origin.web), set(&[&checkout.sha(), "edge"]));
}
