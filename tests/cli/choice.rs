//! Which images `bakeplan plan` builds: those whose inputs differ from another revision's or from what is published.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::loopback::{Answer, Seen, Server, authority};
use crate::support::{Test, git};

/// Two images with contexts of their own, one of which links to a target that nothing publishes, and a third on its own.
const DEFINITION: &str = r#"
target "base" {
  context   = "base"
  platforms = ["linux/amd64", "linux/arm64"]
}
target "api" {
  context   = "api"
  contexts  = { base = "target:base" }
  args      = { BUILT = timestamp() }
  platforms = ["linux/amd64", "linux/arm64"]
}
target "web" {
  context   = "web"
  platforms = ["linux/amd64"]
}
image "api" {
  repositories = ["ghcr.io/acme/api"]
  tags         = ["edge"]
}
image "web" {
  repositories = ["ghcr.io/acme/web"]
  tags         = ["edge"]
}
"#;

fn folder() -> Test {
    let test = Test::new()
        .file("docker-bake.hcl", DEFINITION)
        .file("base/Dockerfile", "FROM scratch\nCOPY a /a\n")
        .file("base/a", "a\n")
        .file("base/README", "not copied\n")
        .file("api/Dockerfile", "FROM base\nCOPY b /b\n")
        .file("api/b", "b\n")
        .file("web/Dockerfile", "FROM scratch\nCOPY . /\n")
        .file("web/c", "c\n");
    git(test.folder(), &["init", "-q", "-b", "main"]);
    commit(test.folder(), "first");
    test
}

pub(crate) fn commit(folder: &Path, message: &str) -> String {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "--allow-empty", "-m", message]);
    git(folder, &["rev-parse", "HEAD"])
}

fn bakeplan(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", folder);
    command.envs(env.iter().copied()).args(arguments).current_dir(folder).output().unwrap()
}

#[track_caller]
pub(crate) fn plan_in(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Value {
    let output = bakeplan(folder, &[&["plan", "--format", "json"], arguments].concat(), env);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Which images are built.
pub(crate) fn built(plan: &Value) -> Vec<&str> {
    let verdicts = plan["verdicts"].as_object().unwrap();
    verdicts.iter().filter(|(_, verdict)| verdict["build"] == true).map(|(key, _)| key.as_str()).collect()
}

fn why<'p>(plan: &'p Value, image: &str) -> &'p str {
    plan["verdicts"][image]["why"].as_str().unwrap()
}

pub(crate) fn hashes(plan: &Value) -> Vec<String> {
    let images = plan["images"].as_object().unwrap().values();
    let builds = images.flat_map(|image| image["builds"].as_object().unwrap().values());
    builds.map(|build| build["inputs"].to_string()).collect()
}

#[test]
fn hashes_are_the_same_on_any_day_and_follow_what_is_read() {
    let test = folder();
    let first = plan_in(test.folder(), &["--inputs"], &[]);
    let all = hashes(&first);
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|one| one.starts_with("{\"hash\":\"sha256:")), "{all:?}");
    assert!(first.get("verdicts").is_none());
    // Neither the clock, nor a commit that touches nothing, nor a file that no COPY names.
    fs::write(test.folder().join("base/README"), "other\n").unwrap();
    commit(test.folder(), "docs");
    assert_eq!(hashes(&plan_in(test.folder(), &["--inputs"], &[])), all);
    // Without the option, nothing is recorded.
    assert_eq!(hashes(&plan_in(test.folder(), &[], &[])), ["null", "null", "null"]);
    // In the working tree it counts, too.
    fs::write(test.folder().join("web/c"), "changed\n").unwrap();
    let changed = hashes(&plan_in(test.folder(), &["--inputs"], &[]));
    assert_eq!(changed[..2], all[..2]);
    assert_ne!(changed[2], all[2]);
}

/// Whoever wonders why an image is built sees which files count, and what the hashes are of.
#[test]
fn inputs_are_explained() {
    let test = folder();
    let output = bakeplan(test.folder(), &["plan", "--inputs", "--explain"], &[]);
    let shown = String::from_utf8(output.stdout).unwrap();
    let (_, of_api) = shown.split_once("inputs of api-linux-amd64: sha256:").expect(&shown);
    let (of_api, of_web) = of_api.split_once("inputs of web-linux-amd64: sha256:").expect(&shown);
    for text in [
        "note: `dockerfile` is git's hash of `api/Dockerfile`",
        "note: of the context, only what the Dockerfile copies counts: `b`",
    ] {
        assert!(of_api.contains(text), "{text}: {of_api}");
    }
    assert!(of_web.contains("note: the whole context counts: line 2"), "{of_web}");
    // No hash is cut.
    let hash = git(test.folder(), &["rev-parse", "HEAD:web/Dockerfile"]);
    assert!(of_web.contains(&format!("dockerfile = {hash}\n")), "{hash}: {of_web}");
    assert!(!shown.contains('…'), "{shown}");
}

#[test]
fn what_changed_since_a_revision_is_built() {
    let test = folder();
    let folder = test.folder();
    let nothing = plan_in(folder, &["--changed-since", "HEAD"], &[]);
    assert_eq!(built(&nothing), [""; 0]);
    assert_eq!(nothing["jobs"], json!([]));
    assert_eq!(nothing["images"], json!({}));
    assert_eq!(why(&nothing, "api"), "same inputs as in HEAD");
    fs::write(folder.join("base/a"), "other\n").unwrap();
    let linked = plan_in(folder, &["--changed-since", "HEAD"], &[]);
    assert_eq!(built(&linked), ["api"]);
    assert_eq!(why(&linked, "api"), "linked target base-linux-amd64 has changed since HEAD");
    let second = commit(folder, "base");
    assert_eq!(built(&plan_in(folder, &["--changed-since", "HEAD"], &[])), [""; 0]);
    assert_eq!(built(&plan_in(folder, &["--changed-since", "HEAD~1"], &[])), ["api"]);
    assert_eq!(built(&plan_in(folder, &["--changed-since", &second], &[])), [""; 0]);
    assert_eq!(built(&plan_in(folder, &["--changed-since", "main"], &[])), [""; 0]);
    let all = plan_in(folder, &["--changed-since", "HEAD", "--all"], &[]);
    assert_eq!(built(&all), ["api", "web"]);
    assert_eq!(why(&all, "web"), "`--all`");
    // From a folder below, paths are the same ones.
    let below = plan_in(&folder.join("web"), &["-C", "..", "--changed-since", "HEAD~1"], &[]);
    assert_eq!(built(&below), ["api"]);
}

/// A definition counts as the revision has it, however it is named; what no revision has is unknown.
#[test]
fn the_definition_of_a_revision_is_its_own() {
    let test = folder();
    let folder = fs::canonicalize(test.folder()).unwrap();
    let definition = fs::read_to_string(folder.join("docker-bake.hcl")).unwrap();
    let changed = definition.replacen("target \"web\" {", "target \"web\" {\n  args = { A = \"1\" }", 1);
    assert_ne!(changed, definition);
    fs::write(folder.join("docker-bake.hcl"), &changed).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let elsewhere = outside.path().join("docker-bake.hcl");
    fs::write(&elsewhere, &changed).unwrap();
    let link = outside.path().join("link");
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    let absolute = folder.join("docker-bake.hcl");
    for (file, expected) in [
        ("docker-bake.hcl", &["web"][..]),
        (absolute.to_str().unwrap(), &["web"]),
        (link.join("docker-bake.hcl").to_str().unwrap(), &["web"]),
        (elsewhere.to_str().unwrap(), &["api", "web"]),
    ] {
        let plan = plan_in(&folder, &["-f", file, "--changed-since", "HEAD"], &[]);
        assert_eq!(built(&plan), expected, "{file}: {plan}");
        let by_variable = plan_in(&folder, &["--changed-since", "HEAD"], &[("BUILDX_BAKE_FILE", file)]);
        assert_eq!(built(&by_variable), expected, "{file}: {by_variable}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
    command.args(["plan", "--format", "json", "-f", "-", "--changed-since", "HEAD"]).current_dir(&folder);
    let output = command.stdin(fs::File::open(&absolute).unwrap()).output().unwrap();
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(built(&plan), ["api", "web"], "{plan}");
}

/// A file of the definition may be a link: what it led to is what counts, and where that is not known, all is built.
#[test]
fn a_definition_that_is_a_link_counts_as_what_it_led_to() {
    for (link, to, expected) in [
        ("docker-bake.override.hcl", "own/real.x", &["web"][..]),
        ("docker-bake.override.hcl", "own/../own/real.x", &["web"]),
        ("docker-bake.override.hcl", "by/real.x", &["web"]),
        ("docker-bake.override.hcl", "OUT/real.x", &["api", "web"]),
    ] {
        let outside = tempfile::tempdir().unwrap();
        let text = "target \"web\" { args = { X = \"3\" } }\n";
        fs::write(outside.path().join("real.x"), text).unwrap();
        let test = folder().file("own/real.x", text);
        let folder = test.folder();
        std::os::unix::fs::symlink("own", folder.join("by")).unwrap();
        let target = to.replace("OUT", outside.path().to_str().unwrap());
        std::os::unix::fs::symlink(&target, folder.join(link)).unwrap();
        commit(folder, "link");
        let is_known = expected.len() == 1;
        let unchanged = plan_in(folder, &["--changed-since", "HEAD"], &[]);
        assert_eq!(built(&unchanged).is_empty(), is_known, "{to}: {unchanged}");
        fs::remove_file(folder.join(link)).unwrap();
        let plan = plan_in(folder, &["--changed-since", "HEAD"], &[]);
        assert_eq!(built(&plan), expected, "{to}: {plan}");
    }
}

#[test]
fn what_cannot_be_known_is_built_or_refused() {
    let test = folder();
    let folder = test.folder();
    for revision in ["nowhere", "HEAD~7", "0123456789012345678901234567890123456789"] {
        let plan = plan_in(folder, &["--changed-since", revision], &[]);
        assert_eq!(built(&plan), ["api", "web"], "{revision}");
        assert!(why(&plan, "api").starts_with("unknown: "), "{plan}");
        let refused = bakeplan(folder, &["plan", "--changed-since", revision, "--on-unknown", "fail"], &[]);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{told}");
        assert!(told.contains("error[unknown-inputs]"), "{told}");
    }
    // A definition that does not evaluate, or none.
    fs::write(folder.join("docker-bake.hcl"), "target \"api\" {").unwrap();
    commit(folder, "broken");
    fs::write(folder.join("docker-bake.hcl"), DEFINITION).unwrap();
    commit(folder, "whole");
    let plan = plan_in(folder, &["--changed-since", "HEAD~1"], &[]);
    assert_eq!(built(&plan), ["api", "web"]);
    assert!(why(&plan, "web").contains("does not evaluate"), "{plan}");
    // A file that git does not track.
    fs::write(folder.join("web/generated"), "x").unwrap();
    let plan = plan_in(folder, &["--changed-since", "HEAD"], &[]);
    assert_eq!(built(&plan), ["web"]);
    assert!(why(&plan, "web").contains("`web/generated`, which git does not track"), "{plan}");
    fs::write(folder.join("web/.dockerignore"), "generated\n").unwrap();
    commit(folder, "ignored");
    fs::write(folder.join("web/generated"), "y").unwrap();
    assert_eq!(built(&plan_in(folder, &["--changed-since", "HEAD"], &[])), [""; 0]);
}

#[test]
fn what_a_file_elsewhere_was_cannot_be_known() {
    let elsewhere = Test::new()
        .file("meta.json", r#"{ "target": { "web": { "args": { "A": "1" } } } }"#)
        .file("images.hcl", "image \"web\" {\n  mirrors = [\"quay.io/acme/web\"]\n}\n");
    let path = |name: &str| elsewhere.folder().join(name).display().to_string();
    let test = folder();
    let (meta, images) = (path("meta.json"), path("images.hcl"));
    for (given, outside) in [
        (vec!["-f", "docker-bake.hcl", "-f", &meta], &meta),
        (vec!["-f", &meta, "-f", "docker-bake.hcl"], &meta),
        (vec!["--images", &images], &images),
    ] {
        let plan = plan_in(test.folder(), &[&given[..], &["--changed-since", "HEAD"]].concat(), &[]);
        assert_eq!(built(&plan), ["api", "web"], "{given:?}: {plan}");
        let place = fs::canonicalize(test.folder()).unwrap();
        let reason = format!("cannot read `{outside}`: it lies outside of `{}`", place.display());
        assert!(why(&plan, "web").ends_with(&reason), "{given:?}: {plan}");
    }
    let inside = ["-f", "docker-bake.hcl", "--images", "none"];
    let plan = plan_in(test.folder(), &[&inside[..], &["--changed-since", "HEAD"]].concat(), &[]);
    assert_eq!(built(&plan), [""; 0], "{plan}");
}

#[test]
fn what_git_status_does_not_show_counts() {
    let empty: &[&str] = &["web/e", "web/e/f", "web/x\ny/z"];
    for path in empty {
        let test = folder();
        fs::create_dir_all(test.folder().join(path)).unwrap();
        let plan = plan_in(test.folder(), &["--changed-since", "HEAD"], &[]);
        assert_eq!(built(&plan), ["web"], "{path}");
        assert!(why(&plan, "web").contains("which git does not track"), "{plan}");
    }
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let test = folder();
        git(test.folder(), &["update-index", flag, "web/c"]);
        assert_eq!(built(&plan_in(test.folder(), &["--changed-since", "HEAD"], &[])), [""; 0], "{flag}");
        fs::write(test.folder().join("web/c"), "changed\n").unwrap();
        assert_eq!(built(&plan_in(test.folder(), &["--changed-since", "HEAD"], &[])), ["web"], "{flag}");
        fs::remove_file(test.folder().join("web/c")).unwrap();
        assert_eq!(built(&plan_in(test.folder(), &["--changed-since", "HEAD"], &[])), ["web"], "{flag}");
    }
    // As long as what is committed, and as old.
    let test = folder();
    let path = test.folder().join("web/c");
    let before = fs::metadata(&path).unwrap();
    fs::write(&path, "x".repeat(usize::try_from(before.len()).unwrap())).unwrap();
    fs::File::options().append(true).open(&path).unwrap().set_modified(before.modified().unwrap()).unwrap();
    assert_eq!(built(&plan_in(test.folder(), &["--changed-since", "HEAD"], &[])), ["web"]);
    #[cfg(unix)]
    {
        let test = folder();
        let made = Command::new("mkfifo").arg(test.folder().join("web/p")).status().unwrap();
        assert!(made.success());
        let plan = plan_in(test.folder(), &["--changed-since", "HEAD"], &[]);
        assert_eq!(built(&plan), ["web"]);
        assert!(why(&plan, "web").contains("`web/p`, which git does not track"), "{plan}");
    }
    // An empty folder that no build sees.
    let test = folder();
    fs::create_dir_all(test.folder().join("base/e")).unwrap();
    fs::create_dir_all(test.folder().join("elsewhere")).unwrap();
    assert_eq!(built(&plan_in(test.folder(), &["--changed-since", "HEAD"], &[])), [""; 0]);
}

#[test]
fn an_absolute_context_in_the_repository_is_one_of_it() {
    let test = folder();
    let folder = fs::canonicalize(test.folder()).unwrap();
    let with = |context: &str| {
        let definition = DEFINITION.replace("context   = \"web\"", &format!("context   = \"{context}\""));
        assert_ne!(definition, DEFINITION);
        fs::write(folder.join("docker-bake.hcl"), definition).unwrap();
        commit(&folder, "context");
    };
    with(folder.join("web").to_str().unwrap());
    assert_eq!(built(&plan_in(&folder, &["--changed-since", "HEAD"], &[])), [""; 0]);
    fs::write(folder.join("web/c"), "changed\n").unwrap();
    let plan = plan_in(&folder, &["--changed-since", "HEAD"], &[]);
    assert_eq!(built(&plan), ["web"]);
    assert!(!why(&plan, "web").starts_with("unknown"), "{plan}");
    with("/nowhere/web");
    let plan = plan_in(&folder, &["--changed-since", "HEAD"], &[]);
    assert!(why(&plan, "web").contains("lies outside of the repository"), "{plan}");
}

#[test]
fn links_and_missing_platforms_leave_what_is_copied_known() {
    let change = |test: &Test, file: &str| {
        fs::write(test.folder().join(file), "changed\n").unwrap();
        commit(test.folder(), "change");
        plan_in(test.folder(), &["--changed-since", "HEAD~1"], &[])
    };
    let without_platforms = DEFINITION.replace("  platforms = [\"linux/amd64\", \"linux/arm64\"]\n", "");
    for definition in [DEFINITION, &without_platforms] {
        let test = folder().file("docker-bake.hcl", definition);
        commit(test.folder(), "definition");
        assert_eq!(built(&change(&test, "api/notes")), [""; 0]);
        assert_eq!(built(&change(&test, "api/b")), ["api"]);
    }
    // What the linked target leaves to the next, or may leave.
    for left in ["ONBUILD COPY notes /n", "onbuild add *s /n/", "# syntax=example.com/front:1\nFROM scratch"]
    {
        let text =
            if left.starts_with('#') { left.to_owned() } else { format!("FROM scratch\nCOPY a /a\n{left}") };
        let test = folder().file("base/Dockerfile", format!("{text}\n"));
        commit(test.folder(), "left");
        assert_eq!(built(&change(&test, "api/notes")), ["api"], "{left}");
    }
    // Which file is copied depends on the platform, and none is named.
    let test = folder()
        .file("docker-bake.hcl", &without_platforms)
        .file("api/Dockerfile", "FROM base\nARG TARGETARCH\nCOPY b$TARGETARCH* /\n");
    commit(test.folder(), "platform");
    assert_eq!(built(&change(&test, "api/notes")), ["api"]);
}

#[test]
fn what_git_makes_of_a_dockerfile_elsewhere_counts() {
    let definition = DEFINITION
        .replace("context   = \"web\"", "context   = \"web\"\n  dockerfile = \"../d/e/Dockerfile\"");
    for (attributes, expected) in
        [("d/e/.gitattributes", &["web"][..]), ("d/.gitattributes", &["web"]), ("d/f/.gitattributes", &[])]
    {
        let test = folder()
            .file("docker-bake.hcl", &definition)
            .file("d/e/Dockerfile", "FROM scratch\nCOPY c /\n")
            .file("d/f/other", "x\n");
        commit(test.folder(), "elsewhere");
        fs::write(test.folder().join(attributes), "* text\n").unwrap();
        commit(test.folder(), "attributes");
        assert_eq!(
            built(&plan_in(test.folder(), &["--changed-since", "HEAD~1"], &[])),
            expected,
            "{attributes}"
        );
    }
}

/// In words of ours: git has none that help.
#[test]
fn a_revision_that_is_not_there_is_said_to_be_missing() {
    let test = folder();
    for (revision, reason) in [
        ("origin/main", "this repository has no revision `origin/main`; fetch it: `git fetch origin main`"),
        (
            "nosuch",
            "this repository has no revision `nosuch`; check its name, or fetch it: in CI, `fetch-depth: 2` of actions/checkout adds the commit before",
        ),
    ] {
        let plan = plan_in(test.folder(), &["--changed-since", revision], &[]);
        assert_eq!(why(&plan, "api"), format!("unknown: {reason}"));
    }
    let output = bakeplan(test.folder(), &["diff", "--against", "origin/main"], &[]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("no revision `origin/main`") && told.contains("`git fetch origin main`"), "{told}");
    let fresh = Test::new().file("docker-bake.hcl", DEFINITION);
    git(fresh.folder(), &["init", "-q", "-b", "main"]);
    let plan = plan_in(fresh.folder(), &["--skip-published"], &[]);
    assert_eq!(why(&plan, "api"), "unknown: there is no commit yet; commit first");
}

#[test]
fn without_git_everything_is_built() {
    let test = Test::new().file("docker-bake.hcl", DEFINITION);
    let plan = plan_in(test.folder(), &["--changed-since", "HEAD"], &[]);
    assert_eq!(built(&plan), ["api", "web"]);
    assert!(why(&plan, "web").starts_with("unknown: "), "{plan}");
    let inputs = plan_in(test.folder(), &["--inputs"], &[]);
    assert!(hashes(&inputs).iter().all(|one| one.starts_with("{\"unknown\":")), "{inputs}");
}

#[test]
fn an_event_names_what_a_plan_is_compared_with() {
    let test = folder();
    let folder = test.folder();
    let before = git(folder, &["rev-parse", "HEAD"]);
    fs::write(folder.join("web/c"), "changed\n").unwrap();
    commit(folder, "web");
    let event = |payload: &Value| {
        fs::write(folder.join(".git/event.json"), payload.to_string()).unwrap();
        folder.join(".git/event.json").to_str().unwrap().to_owned()
    };
    let zeros = "0".repeat(40);
    for (name, payload, expected) in [
        ("push", json!({ "before": before }), &["web"][..]),
        ("merge_group", json!({ "merge_group": { "base_sha": before } }), &["web"]),
        // A new branch, and what no payload says.
        ("push", json!({ "before": zeros }), &["api", "web"]),
        ("push", json!({}), &["api", "web"]),
        ("merge_group", json!({}), &["api", "web"]),
        ("schedule", json!({}), &["api", "web"]),
        ("workflow_dispatch", json!({}), &["api", "web"]),
        // It is no merge.
        ("pull_request", json!({ "number": 7 }), &["api", "web"]),
    ] {
        let path = event(&payload);
        let env = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", name),
            ("GITHUB_EVENT_PATH", path.as_str()),
            ("GITHUB_REF", "refs/heads/main"),
        ];
        let plan = plan_in(folder, &["--changed-since", "auto", "--publish=false"], &env);
        assert_eq!(built(&plan), expected, "{name} {payload}");
    }
    for (source, variable, expected) in [
        ("merge_request_event", ("CI_MERGE_REQUEST_DIFF_BASE_SHA", before.as_str()), &["web"][..]),
        ("push", ("CI_COMMIT_BEFORE_SHA", before.as_str()), &["web"]),
        ("push", ("CI_COMMIT_BEFORE_SHA", zeros.as_str()), &["api", "web"]),
        ("schedule", ("CI_COMMIT_BEFORE_SHA", before.as_str()), &["api", "web"]),
    ] {
        let env = [("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", source), variable];
        let plan = plan_in(folder, &["--changed-since", "auto", "--publish=false"], &env);
        assert_eq!(built(&plan), expected, "{source} {variable:?}");
    }
    let refused = bakeplan(folder, &["plan", "--changed-since", "auto"], &[]);
    assert_eq!(refused.status.code(), Some(2));
}

/// What GitHub checks out of a pull request: the merge, whose first parent is fetched where it is not there.
#[test]
fn a_pull_request_is_compared_with_the_first_parent_of_its_merge() {
    let test = folder();
    let folder = test.folder();
    git(folder, &["checkout", "-q", "-b", "side"]);
    fs::write(folder.join("api/b"), "changed\n").unwrap();
    commit(folder, "side");
    git(folder, &["checkout", "-q", "main"]);
    fs::write(folder.join("web/c"), "changed on main\n").unwrap();
    commit(folder, "main");
    git(folder, &["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    git(folder, &["config", "uploadpack.allowReachableSHA1InWant", "true"]);
    let shallow = tempfile::tempdir().unwrap();
    let place = shallow.path().join("clone");
    let from = format!("file://{}", folder.display());
    git(shallow.path(), &["clone", "-q", "--depth=1", &from, place.to_str().unwrap()]);
    let env = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REF", "refs/pull/7/merge"),
    ];
    for folder in [folder, &place] {
        let plan = plan_in(folder, &["--changed-since", "auto", "--publish=false"], &env);
        assert_eq!(built(&plan), ["api"], "{plan}");
    }
    // Other events have the merge, too, or something else.
    for (event, name, expected) in [
        ("pull_request_review", "refs/pull/7/merge", &["api"][..]),
        ("pull_request_review_comment", "refs/pull/7/merge", &["api"]),
        ("pull_request", "refs/heads/main", &["api"]),
        ("pull_request_target", "refs/heads/main", &["api", "web"]),
        ("pull_request_review", "refs/pull/7/head", &["api", "web"]),
        ("issue_comment", "refs/heads/pull/merge", &["api", "web"]),
    ] {
        let env = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", event), ("GITHUB_REF", name)];
        let plan = plan_in(folder, &["--changed-since", "auto", "--publish=false"], &env);
        assert_eq!(built(&plan), expected, "{event} {name}: {plan}");
    }
    assert_eq!(git(&place, &["status", "--porcelain"]), "");
    let merge = git(folder, &["rev-parse", "HEAD"]).trim().to_owned();
    let with_sha = |sha: &str| -> Vec<(&'static str, String)> {
        let env = env.iter().map(|(name, value)| (*name, (*value).to_owned()));
        env.chain([("GITHUB_SHA", sha.to_owned())]).collect()
    };
    let planned = |folder: &Path, sha: &str| {
        let env = with_sha(sha);
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        plan_in(folder, &["--changed-since", "auto", "--publish=false"], &env)
    };
    assert_eq!(built(&planned(folder, &merge)), ["api"]);
    // The branch itself, which took the target branch in: its first parent is an earlier state of its own.
    git(folder, &["checkout", "-q", "side"]);
    git(folder, &["merge", "-q", "--no-ff", "-m", "update", "main~1"]);
    let plan = planned(folder, &merge);
    assert_eq!(built(&plan), ["api", "web"]);
    assert!(why(&plan, "api").contains("the checkout is not `GITHUB_SHA`"), "{plan}");
    git(folder, &["checkout", "-q", "main"]);
    // Where it cannot be fetched, all is built, with the reason.
    git(&place, &["remote", "set-url", "origin", "file:///nowhere"]);
    let plan = plan_in(&place, &["--changed-since", "auto", "--publish=false"], &env);
    assert_eq!(built(&plan), ["api", "web"]);
    assert!(why(&plan, "api").contains("cannot be fetched"), "{plan}");
}

#[test]
fn only_a_time_alone_is_left_out_of_the_hash() {
    let told = |expression: &str| {
        let label = |version: &str| {
            DEFINITION.replace("timestamp()", expression).replace(
                "target \"base\"",
                &format!("variable \"V\" {{ default = \"{version}\" }}\ntarget \"base\""),
            )
        };
        let test = folder().file("docker-bake.hcl", label("1.2"));
        commit(test.folder(), "before");
        fs::write(test.folder().join("docker-bake.hcl"), label("1.3")).unwrap();
        let plan = plan_in(test.folder(), &["--changed-since", "HEAD"], &[]);
        (built(&plan).contains(&"api"), why(&plan, "api").to_owned())
    };
    for expression in [
        "timestamp()",
        "formatdate(\"YYYY-MM-DD\", timestamp())",
        "formatdate(\"YYYYMMDDhhmmss\", timestamp())",
        "formatdate(\"YYYY-MM-DD'T'hh:mm:ss\", timestamp())",
    ] {
        assert_eq!(told(expression), (false, "same inputs as in HEAD".to_owned()), "{expression}");
    }
    for expression in [
        "\"${V} ${timestamp()}\"",
        "\"${timestamp()}-${V}\"",
        "formatdate(\"'build' YYYY\", timestamp())",
        // Not now, but a time that is counted from it.
        "timeadd(timestamp(), V == \"1.2\" ? \"1h\" : \"2h\")",
        "timeadd(timestamp(), \"-47h\")",
        "timeadd(timestamp(), \"1s\")",
        "formatdate(\"YYYY-MM-DD\", timeadd(timestamp(), \"24h\"))",
        "formatdate(\"YYYYMMDDhhmm\", timestamp())",
        "timestamp() != V ? \"old\" : V",
        "upper(\"${V}${timestamp()}\")",
    ] {
        let (is_built, why) = told(expression);
        assert!(is_built && why.contains("depends on the clock"), "{expression}: {why}");
    }
}

/// What a registry serves under the tag `edge` of one image, if anything.
type Served = Arc<Mutex<Option<Answer>>>;

/// An index for linux/amd64 that records these inputs.
fn index(record: &str) -> Answer {
    index_for(&["linux/amd64"], record)
}

/// An index for these platforms, with an attestation, that records these inputs.
pub(crate) fn index_for(platforms: &[&str], record: &str) -> Answer {
    let digest = format!("sha256:{}", "1".repeat(64));
    let entry = |platform: &str| {
        let (os, architecture) = platform.split_once('/').unwrap();
        json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 2,
            "platform": { "os": os, "architecture": architecture },
        })
    };
    let mut attestation = entry("unknown/unknown");
    attestation["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest,
    });
    let mut manifests: Vec<Value> = platforms.iter().map(|platform| entry(platform)).collect();
    manifests.push(attestation);
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": manifests,
        "annotations": { "dev.bakeplan.inputs": record },
    });
    Answer::new(200, "application/vnd.oci.image.index.v1+json", index.to_string())
}

fn answer(served: &Served, seen: &Seen) -> Answer {
    match seen.path() {
        "/v2/" => Answer::json(200, "{}"),
        path if path.ends_with("/manifests/edge") => {
            let now = served.lock().unwrap().clone();
            now.unwrap_or_else(|| Answer::error(404, "MANIFEST_UNKNOWN"))
        }
        path => image(path),
    }
}

/// The images of an index; those with other digits are gone.
fn image(path: &str) -> Answer {
    if path.contains("/manifests/sha256:1") {
        return Answer::new(200, "application/vnd.oci.image.manifest.v1+json", "{}");
    }
    Answer::error(404, "MANIFEST_UNKNOWN")
}

/// A repository with one image that is published at a registry.
pub(crate) fn published_at(host: &str) -> Test {
    let test = Test::new()
        .file(
            "docker-bake.hcl",
            format!(
                "target \"web\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"web\" {{\n  repositories = [\"{host}/acme/web\"]\n  tags = [\"edge\"]\n}}\n"
            ),
        )
        .file("Dockerfile", "FROM scratch\nCOPY a /a\n")
        .file("a", "a\n");
    git(test.folder(), &["init", "-q", "-b", "main"]);
    commit(test.folder(), "first");
    test
}

fn record(folder: &Path) -> String {
    let plan = plan_in(folder, &["--inputs"], &[]);
    let hash = &plan["images"]["web"]["builds"]["web-linux-amd64"]["inputs"]["hash"];
    format!("linux/amd64={}", hash.as_str().unwrap())
}

#[test]
fn what_is_served_with_the_same_inputs_is_not_built() {
    let served = Served::default();
    let (answers, other) = (served.clone(), "0".repeat(64));
    let server = Server::start(move |seen| answer(&answers, seen));
    let test = published_at(&server.host());
    let folder = test.folder();
    let options = ["--skip-published", "--insecure-registry", &server.host()].map(str::to_owned);
    let options = options.each_ref().map(String::as_str);
    let same = record(folder);
    for (now, expected) in [
        (None, &["web"][..]),
        (Some(index(&same)), &[]),
        (Some(index(&format!("linux/amd64=sha256:{other}"))), &["web"]),
        (Some(index(&format!("{same} linux/arm64=sha256:{other}"))), &["web"]),
        (Some(index("")), &["web"]),
        // Somebody took a platform out, or put another in, and left the record.
        (Some(index_for(&["linux/arm64"], &same)), &["web"]),
        (Some(index_for(&[], &same)), &["web"]),
        (Some(index_for(&["linux/amd64", "linux/arm64"], &same)), &["web"]),
        (Some(index_for(&["linux/amd64", "linux/amd64"], &same)), &["web"]),
        (Some(Answer::new(200, "application/vnd.oci.image.index.v1+json", "{}")), &["web"]),
        (Some(Answer::new(200, "text/html", "<html>")), &["web"]),
        (Some(Answer::error(403, "DENIED")), &["web"]),
    ] {
        let shown = format!("{now:?}");
        *served.lock().unwrap() = now;
        let plan = plan_in(folder, &options, &[]);
        assert_eq!(built(&plan), expected, "{shown}: {plan}");
        let is_reused = plan["images"]["web"]["reused"].is_object();
        assert_eq!(is_reused, expected.is_empty(), "{shown}: {plan}");
        assert_eq!(plan["jobs"].as_array().unwrap().is_empty(), expected.is_empty(), "{shown}");
    }
    // A clean-up has taken an image that only the index names.
    let text = String::from_utf8(index(&same).body).unwrap().replace(&"1".repeat(64), &"2".repeat(64));
    *served.lock().unwrap() = Some(Answer::new(200, "application/vnd.oci.image.index.v1+json", text));
    let told = plan_in(folder, &options, &[]);
    assert_eq!(built(&told), ["web"], "{told}");
    assert!(why(&told, "web").contains("does not have the image sha256:2222"), "{told}");
    // What is cut off does not say anything.
    let cut = Answer::new(200, "application/vnd.oci.image.index.v1+json", "{\"schemaVersion\":2,");
    *served.lock().unwrap() = Some(cut);
    assert!(why(&plan_in(folder, &options, &[]), "web").starts_with("unknown: "));
    *served.lock().unwrap() = Some(index_for(&["linux/arm64"], &same));
    let told = plan_in(folder, &options, &[]);
    assert!(why(&told, "web").ends_with("does not have one image for linux/amd64"), "{told}");
    // The next commit changes it: what is served is of other inputs then, and of the same ones once that is undone.
    *served.lock().unwrap() = Some(index(&same));
    fs::write(folder.join("a"), "b\n").unwrap();
    commit(folder, "change");
    assert_eq!(built(&plan_in(folder, &options, &[])), ["web"]);
    fs::write(folder.join("a"), "a\n").unwrap();
    commit(folder, "undo");
    assert_eq!(built(&plan_in(folder, &options, &[])), [""; 0]);
}

/// A repository with one image, and a registry that serves what is put into it under each tag.
struct Stage {
    /// What is served under each tag.
    served: Arc<Mutex<BTreeMap<&'static str, Answer>>>,
    /// The registry.
    server: Server,
    /// The folder of the repository.
    test: Test,
    /// An index of the inputs of the image.
    same: Answer,
    /// One of others.
    other: Answer,
}

impl Stage {
    fn new() -> Self {
        let served = Arc::default();
        let server = serving(&served);
        let test = published_at(&server.host());
        let same = index(&record(test.folder()));
        let other = index(&format!("linux/amd64=sha256:{}", "0".repeat(64)));
        Self { served, server, test, same, other }
    }
}

/// A registry in which each of these tags of `acme/web` serves an index with this record.
fn serving(served: &Arc<Mutex<BTreeMap<&'static str, Answer>>>) -> Server {
    let answers = served.clone();
    Server::start(move |seen| match seen.path() {
        "/v2/" => Answer::json(200, "{}"),
        path => {
            let tag = path.rsplit('/').next().unwrap_or_default();
            answers.lock().unwrap().get(tag).cloned().unwrap_or_else(|| image(path))
        }
    })
}

/// The definition of `published_at` with these lines in its image.
fn publish(folder: &Path, host: &str, lines: &str) {
    let text = format!(
        "target \"web\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"web\" {{\n  repositories = [\"{host}/acme/web\"]\n  {lines}\n}}\n"
    );
    fs::write(folder.join("docker-bake.hcl"), text).unwrap();
}

/// A new minor version has new names for all but its broadest tags.
#[test]
fn any_tag_of_the_run_may_serve_the_same_inputs() {
    let Stage { served, server, test, same, other } = Stage::new();
    let host = server.host();
    let options = ["--skip-published", "--insecure-registry", &host];
    for (lines, tag, expected) in [
        ("version = \"1.2.4\"", "1.2", None),
        ("version = \"1.3.0\"", "1", None),
        ("version = \"1.3.0\"", "latest", None),
        ("version = \"2.0.0\"", "latest", None),
        ("version = \"2.0.0\"", "1", Some("2.0.0 is not there")),
        ("tags = [\"a\", \"b\", \"c\", \"d\", \"e\", \"latest\"]", "latest", None),
        ("tags = [\"a\", \"b\", \"c\", \"d\", \"e\", \"latest\"]", "c", None),
    ] {
        publish(test.folder(), &host, lines);
        *served.lock().unwrap() = BTreeMap::from([(tag, same.clone())]);
        let plan = plan_in(test.folder(), &options, &[]);
        assert_eq!(built(&plan).is_empty(), expected.is_none(), "{lines} {tag}: {plan}");
        let told = why(&plan, "web");
        assert!(told.contains(expected.unwrap_or("same inputs as")), "{lines} {tag}: {told}");
        // What is there says more than what is not.
        *served.lock().unwrap() = BTreeMap::from([(tag, other.clone())]);
        let plan = plan_in(test.folder(), &options, &[]);
        let told = why(&plan, "web");
        assert!(told.contains(expected.unwrap_or("was made of other inputs")), "{lines} {tag}: {told}");
    }
}

/// Nothing gives such an image its tags later.
#[test]
fn without_retag_an_image_is_built_unless_it_has_all_its_tags() {
    let Stage { served, server, test, same, other } = Stage::new();
    let host = server.host();
    let options = ["--skip-published", "--insecure-registry", &host];
    for (tags, there, is_built) in [
        ("tags = [\"edge\", \"stable\"]", &["edge", "stable"][..], false),
        ("tags = [\"edge\", \"stable\"]", &["edge"], true),
        ("tags = [\"edge\", \"stable\"]", &["stable"], true),
        ("tags = [\"edge\", \"stable\", \"new\"]", &["edge", "stable"], true),
        ("version = \"1.2.4\"", &["1.2", "1", "latest"], true),
        ("version = \"1.2.4\"", &["1.2.4", "1.2", "1", "latest"], false),
        ("tags = [\"sha-{{ sha }}\", \"edge\"]", &["edge"], false),
        ("tags = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\"]", &["a", "b", "c", "d", "e", "f"], true),
        (
            "tags = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\"]",
            &["a", "b", "c", "d", "e", "f", "g"],
            false,
        ),
    ] {
        for (rest, is_built) in [(None, is_built), (Some(&other), is_built)] {
            let mut now: BTreeMap<&str, Answer> = there.iter().map(|tag| (*tag, same.clone())).collect();
            if let Some(other) = rest {
                for tag in ["edge", "stable", "new", "1.2.4", "g"] {
                    now.entry(tag).or_insert_with(|| other.clone());
                }
            }
            *served.lock().unwrap() = now;
            publish(test.folder(), &host, &format!("retag = false\n  {tags}"));
            let plan = plan_in(test.folder(), &options, &[]);
            assert_eq!(!built(&plan).is_empty(), is_built, "{tags} {there:?}: {plan}");
        }
        // With it, one tag is enough.
        publish(test.folder(), &host, tags);
        assert_eq!(built(&plan_in(test.folder(), &options, &[])), [""; 0], "{tags} {there:?}");
    }
}

/// It may be wrong for what no hash sees, such as its base.
#[test]
fn what_a_withdrawn_version_has_is_not_given_to_another() {
    let Stage { served, server, test, same, other } = Stage::new();
    let host = server.host();
    let options = ["--skip-published", "--insecure-registry", &host];
    let list = |tags: &[&str]| Answer::json(200, json!({ "name": "acme/web", "tags": tags }).to_string());
    for (withdrawn, there, listed, expected) in [
        ("[\"1.2.3\"]", &["1.2.3", "1.2", "latest"][..], true, Some("has the same inputs and was withdrawn")),
        ("[\"1.2.3\"]", &["1.2.3", "latest"], true, Some("has the same inputs and was withdrawn")),
        ("[\"1.2.[0-3]\"]", &["1.2.3", "1"], true, Some("has the same inputs and was withdrawn")),
        ("[\"1.1.0\", \"v1.2.3\"]", &["1.2.3", "1"], true, Some("has the same inputs and was withdrawn")),
        ("[\"1.2.3\"]", &["1.2.3", "1.2"], false, Some("unknown: ")),
        // That was withdrawn, and what is there now is another.
        ("[\"1.2.2\"]", &["1.2.3", "1.2", "latest"], true, None),
        ("[\"1.2.3\"]", &["1.2", "latest"], true, None),
        ("[]", &["1.2.3", "1.2", "latest"], false, None),
    ] {
        publish(test.folder(), &host, &format!("version = \"1.2.4\"\n  withdrawn = {withdrawn}"));
        let mut now: BTreeMap<&str, Answer> = there.iter().map(|tag| (*tag, same.clone())).collect();
        now.entry("1.2.2").or_insert_with(|| other.clone());
        now.entry("1.2.3").or_insert_with(|| other.clone());
        let tags: Vec<&str> = now.keys().copied().collect();
        now.insert("list", if listed { list(&tags) } else { Answer::error(403, "DENIED") });
        *served.lock().unwrap() = now;
        let plan = plan_in(test.folder(), &options, &[]);
        assert_eq!(built(&plan).is_empty(), expected.is_none(), "{withdrawn} {there:?}: {plan}");
        let told = why(&plan, "web");
        assert!(told.contains(expected.unwrap_or("same inputs as")), "{withdrawn} {there:?}: {told}");
    }
}

/// Where nothing is built, the merge still has the tags of the run to give, and no job writes metadata.
#[test]
fn a_run_that_builds_nothing_may_have_tags_to_give() {
    let served = Served::default();
    let answers = served.clone();
    let server = Server::start(move |seen| answer(&answers, seen));
    let test = published_at(&server.host());
    let folder = test.folder();
    let host = server.host();
    let same = record(folder);
    let outputs = folder.join("outputs");
    let files = [("GITHUB_OUTPUT", outputs.to_str().unwrap()), ("GITHUB_STEP_SUMMARY", "summary")];
    for (is_there, publish, due, jobs) in [
        (false, "true", "any=true publish=true merge=true", "build web-linux-amd64, fetch the plan, merge"),
        (true, "true", "any=false publish=true merge=true", "fetch the plan, merge"),
        (false, "false", "any=true publish=false merge=false", "build web-linux-amd64, fetch the plan"),
        (true, "false", "any=false publish=false merge=false", "nothing to build"),
    ] {
        *served.lock().unwrap() = is_there.then(|| index(&same));
        let publish = format!("--publish={publish}");
        let options = ["plan", "--skip-published", "--insecure-registry", &host, "--out", "out", &publish];
        fs::write(&outputs, "").unwrap();
        for ci in ["--github", "--gitlab"] {
            let output = bakeplan(folder, &[&options[..], &[ci]].concat(), &files);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let text = fs::read_to_string(&outputs).unwrap();
        let found: Vec<&str> = text.lines().filter(|line| !line.starts_with("matrix=")).collect();
        assert_eq!(found.join(" "), due);
        let pipeline = fs::read_to_string(folder.join("out/pipeline.yml")).unwrap();
        let pipeline: Value = serde_json::from_str(&pipeline).unwrap();
        let mut names: Vec<&str> = pipeline.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names.join(", "), jobs);
        // A folder that is not there is nothing where nothing is expected, and a mistake elsewhere.
        for command in ["merge", "verify"] {
            let words =
                [command, "--plan", "out/plan.json", "--metadata", "nowhere", "--insecure-registry", &host];
            let output = bakeplan(folder, &words, &[]);
            let told = String::from_utf8(output.stderr).unwrap();
            let is_missed = told.contains("cannot read `nowhere`");
            assert_eq!(is_missed, due != "any=false publish=true merge=true", "{command}, {due}: {told}");
        }
    }
}

/// Registries answer several questions at once, in an order of their own.
#[test]
fn each_image_gets_the_answer_to_its_own_question() {
    for order in [["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"], ["c", "b", "a"]] {
        let served: Arc<Mutex<BTreeMap<String, Answer>>> = Arc::default();
        let answers = served.clone();
        let server = Server::start(move |seen| {
            let now = answers.lock().unwrap();
            match seen.path() {
                "/v2/" => Answer::json(200, "{}"),
                path => now.get(path).cloned().unwrap_or_else(|| image(path)),
            }
        });
        let host = server.host();
        let definition: String = order
            .map(|name| {
                format!(
                    "target \"{name}\" {{\n  platforms = [\"linux/amd64\"]\n  dockerfile-inline = \"FROM scratch\\nCOPY {name} /\"\n}}\nimage \"{name}\" {{\n  repositories = [\"{host}/acme/{name}\"]\n  tags = [\"edge\", \"run-{name}\"]\n}}\n"
                )
            })
            .concat();
        let test = Test::new().file("docker-bake.hcl", definition);
        let test = order.iter().fold(test, |test, name| test.file(name, name));
        let folder = test.folder();
        git(folder, &["init", "-q", "-b", "main"]);
        commit(folder, "first");
        let images = plan_in(folder, &["--inputs"], &[])["images"].clone();
        // One has what it needs under its first tag, one under its second, and one nowhere.
        let of = |name: &str| {
            let hash = images[name]["builds"][format!("{name}-linux-amd64")]["inputs"]["hash"].clone();
            index(&format!("linux/amd64={}", hash.as_str().unwrap()))
        };
        *served.lock().unwrap() = BTreeMap::from([
            (format!("/v2/acme/{}/manifests/edge", order[0]), of(order[0])),
            (format!("/v2/acme/{}/manifests/run-{}", order[1], order[1]), of(order[1])),
            (format!("/v2/acme/{}/manifests/edge", order[2]), of(order[0])),
        ]);
        let plan = plan_in(folder, &["--skip-published", "--insecure-registry", &host], &[]);
        assert_eq!(built(&plan), [order[2]], "{order:?}: {plan}");
    }
}

#[test]
fn a_registry_that_is_not_trusted_is_not_known() {
    let served = Served::default();
    let answers = served.clone();
    let server = Server::start_tls(move |seen| answer(&answers, seen));
    let test = published_at(&server.host());
    *served.lock().unwrap() = Some(index(&record(test.folder())));
    let plan = plan_in(test.folder(), &["--skip-published"], &[]);
    assert_eq!(built(&plan), ["web"]);
    assert!(why(&plan, "web").starts_with("unknown: "), "{plan}");
    let authority = authority();
    let trusted = ["--skip-published", "--ca-file", authority.to_str().unwrap()];
    assert_eq!(built(&plan_in(test.folder(), &trusted, &[])), [""; 0]);
}

/// Starting git once for each Dockerfile would take longer than all the rest where there are very many.
#[test]
fn git_is_started_as_often_for_many_images_as_for_few() {
    let started = |count: usize| {
        let target = |at: usize| {
            format!(
                "target \"i{at}\" {{\n  context = \"i{at}\"\n  tags = [\"ghcr.io/acme/i{at}:edge\"]\n  platforms = [\"linux/amd64\"]\n}}\n"
            )
        };
        let mut test = Test::new().file("docker-bake.hcl", (0..count).map(target).collect::<String>());
        for at in 0..count {
            let dockerfile = format!("FROM scratch\nCOPY . /app{at}\n");
            test = test.file(&format!("i{at}/Dockerfile"), dockerfile);
            test = test.file(&format!("i{at}/.dockerignore"), format!("{at}\n"));
        }
        git(test.folder(), &["init", "-q", "-b", "main"]);
        commit(test.folder(), "first");
        fs::write(test.folder().join("i1/a"), "a").unwrap();
        commit(test.folder(), "second");
        let trace = test.folder().join(".git/trace");
        let options = ["--changed-since", "HEAD~1"];
        let plan = plan_in(test.folder(), &options, &[("GIT_TRACE", &trace.to_string_lossy())]);
        assert_eq!(plan["images"].as_object().unwrap().keys().collect::<Vec<_>>(), ["i1"], "{plan}");
        fs::read_to_string(trace).unwrap().lines().filter(|line| line.contains("cat-file")).count()
    };
    let few = started(3);
    assert!(few > 0);
    assert_eq!(started(30), few);
}
