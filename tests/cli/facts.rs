//! What a run is known to be: `plan --facts` in real repositories and under CI, and patterns that use it.

use std::fs;
use std::path::Path;

use bakeplan::internals::facts::{Facts, remote};
use bakeplan::internals::host::Host;
use clap::ColorChoice;
use serde_json::{Value, json};

use crate::support::{Test, git_command};

/// Runs git as nobody in particular, at a fixed time.
fn git(folder: &Path, arguments: &str) -> String {
    let mut command = git_command(folder);
    command.args(arguments.split(' '));
    command
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-03-05T01:30:00+02:00");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// When [`git`] commits.
const TIME: &str = "2026-03-04T23:30:00Z";

/// A folder with the repository `app`, with one commit on `main`, and its remote's address.
fn repository() -> (Test, String) {
    let test = quiet(Test::new()).file("app/file", "1").file("app/docker-bake.hcl", SPEC);
    let app = test.folder().join("app");
    git(&app, "init --quiet --initial-branch=main");
    git(&app, "remote add origin https://me:hunter2@github.com/acme/app.git");
    git(&app, "add file");
    git(&app, "commit --quiet --message=first");
    let commit = git(&app, "rev-parse HEAD");
    (test.cwd("app"), commit)
}

/// Without the configuration of the machine.
fn quiet(test: Test) -> Test {
    test.env("GIT_CONFIG_NOSYSTEM", "1")
}

#[track_caller]
fn facts(test: &Test) -> Value {
    let output = test.output();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The facts of the command `plan --facts`.
#[track_caller]
fn case(test: Test, expected: &Value) {
    assert_eq!(&facts(&test.args(["plan", "--facts"])), expected);
}

// ----- git

#[test]
fn a_branch_with_changes() {
    let (test, commit) = repository();
    let output = test.args(["plan", "--facts"]).output();
    let expected = format!(
        r#"{{
  "ref": "refs/heads/main",
  "branch": "main",
  "commit": "{commit}",
  "commit_time": "{TIME}",
  "dirty": false,
  "url": "https://github.com/acme/app",
  "title": "app"
}}
"#
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);

    let (test, _) = repository();
    let test = test.file("app/untracked", "").args(["plan", "--facts"]);
    assert_eq!(facts(&test)["dirty"], json!(false));
    let test = test.file("app/file", "2");
    assert_eq!(facts(&test)["dirty"], json!(true));
}

#[test]
fn a_detached_tag() {
    let (test, commit) = repository();
    let app = test.folder().join("app");
    git(&app, "tag --annotate --message=x v1.2.3");
    git(&app, "remote set-url origin git@gitlab.example:team/app.git");
    git(&app, "checkout --quiet --force refs/tags/v1.2.3");
    let expected = json!({
        "ref": "refs/tags/v1.2.3", "tag": "v1.2.3", "commit": commit, "commit_time": TIME, "dirty": false,
        "url": "https://gitlab.example/team/app", "title": "app",
    });
    case(test, &expected);
}

#[test]
fn several_tags_at_a_detached_head_are_no_answer() {
    let (test, commit) = repository();
    let app = test.folder().join("app");
    git(&app, "tag v1");
    git(&app, "tag v1.2.3");
    git(&app, "checkout --quiet --detach");
    let test = test.file("app/docker-bake.hcl", pattern("{{ tag }}")).args(["plan"]).status(1);
    let told = "error[[..]\n...\n[..]HEAD is at several refs, such as refs/tags/v1 and refs/tags/v1.2.3; say which with `--fact ref=…`[..]\n";
    let ran = test.stderr(told).run();
    let test = quiet(Test::new()).cwd(ran.folder().join("app").to_str().unwrap());
    let expected = json!({
        "ref": "refs/tags/v1", "tag": "v1", "commit": commit, "commit_time": TIME, "dirty": false,
        "url": "https://github.com/acme/app", "title": "app",
    });
    let test = test.args(["plan", "--facts", "--fact=ref=refs/tags/v1"]);
    assert_eq!(facts(&test), expected);
}

/// What `actions/checkout` does for a pull request: no clone, one ref, a detached `HEAD`.
#[test]
fn a_checked_out_pull_request() {
    let (test, commit) = repository();
    let (app, work) = (test.folder().join("app"), test.folder().join("work"));
    fs::create_dir(&work).unwrap();
    git(&work, "init --quiet --initial-branch=main");
    git(&work, &format!("remote add origin file://{}", app.display()));
    git(&work, &format!("fetch --quiet --no-tags --depth=1 origin +{commit}:refs/remotes/pull/7/merge"));
    git(&work, "checkout --quiet --force refs/remotes/pull/7/merge");
    let expected = json!({
        "ref": "refs/pull/7/merge", "pull_request": 7, "commit": commit, "commit_time": TIME, "dirty": false,
    });
    case(test.cwd("work"), &expected);
}

#[test]
fn a_shallow_clone_knows_its_default_branch_and_its_remote_the_tags() {
    let (test, _) = repository();
    let (app, clone) = (test.folder().join("app"), test.folder().join("clone"));
    git(&app, "tag v1.0.0");
    git(&app, "tag --annotate --message=x pkg/v2.0.0");
    git(&app, "branch feature/x");
    git(&app, "commit --quiet --allow-empty --message=second");
    let url = format!("file://{}", app.display());
    git(test.folder(), &format!("clone --quiet --depth=1 {url} clone"));
    let expected = json!({
        "ref": "refs/heads/main", "branch": "main", "commit": git(&clone, "rev-parse HEAD"),
        "commit_time": TIME, "default_branch": "main", "dirty": false,
    });
    assert_eq!(git(&clone, "tag"), "");
    let host = Host::new(std::slice::from_ref(&clone), ColorChoice::Never).unwrap();
    let find = || remote::find(&|arguments| host.git(arguments));
    let refs = remote::refs(&host.git_remote(&find().unwrap()).unwrap());
    assert_eq!(refs.tags, ["pkg/v2.0.0", "v1.0.0"]);
    assert_eq!(refs.branches, ["feature/x", "main"]);
    let test = test.file("clone/docker-bake.hcl", SPEC.replace("1.2.3", "1.9.1")).cwd("clone");
    git(&app, "tag v2.0.1");
    git(&app, "tag v1.9.0");
    let args = ["metadata", "--format=tags", "--known-versions=git"];
    let tags = |output: std::process::Output| String::from_utf8(output.stdout).unwrap();
    // A backport: `latest` and `2` stay where they are.
    let test = test.args(args);
    assert_eq!(tags(test.output()), "ghcr.io/acme/app:1.9.1\nghcr.io/acme/app:1.9\nghcr.io/acme/app:1\n");
    let plan =
        quiet(Test::new()).cwd(clone.to_str().unwrap()).args(["plan", "--explain", "--known-versions=git"]);
    let plan = |added: &str| {
        if !added.is_empty() {
            git(&app, &format!("tag {added}"));
        }
        let text = String::from_utf8(plan.output().stdout).unwrap();
        let rows = text.lines().filter_map(|line| line.strip_prefix("app    ")).skip(1);
        rows.map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("; ")
    };
    let elsewhere = |owner: &str| format!("belongs to {owner}, which is not in this plan: it is not moved");
    let own = "1.9.1 literal, never floats; 1.9 greatest 1.9.x";
    let latest = format!("latest {}", elsewhere("v2.0.1"));
    assert_eq!(plan(""), format!("{own}; 1 greatest 1.x; {latest}"));
    // What is greater and stable takes the rest; `2` is no name of 1.9.1 at all.
    assert_eq!(plan("v1.10.0-rc.1"), format!("{own}; 1 greatest 1.x; {latest}"));
    assert_eq!(plan("v1.10.0"), format!("{own}; 1 {}; {latest}", elsewhere("v1.10.0")));
    git(&clone, "remote rename origin upstream");
    let told = String::from_utf8(test.output().stderr).unwrap();
    assert!(told.contains("must have a remote `origin`"), "{told}");
    let failure = find().unwrap_err();
    assert!(failure.reason().contains("must have a remote `origin`"), "{failure:?}");
    git(&clone, "remote rename upstream origin");
    case(quiet(Test::new()).cwd(clone.to_str().unwrap()), &expected);
}

#[test]
fn known_versions_of_a_file() {
    for (list, expected) in
        [("v1.2.4\n# next\nv2.0.0-rc.1\n", "1.2.3\n"), ("[\"1.2.2\"]", "1.2.3\n[..]1.2\n[..]1\n[..]latest\n")]
    {
        let test = Test::new().file("images.hcl", SPEC).file("known", list);
        let test = test.args(["metadata", "--format=tags", "--known-versions=known"]);
        test.stdout(format!("ghcr.io/acme/app:{expected}")).run();
    }
    let test = Test::new().file("images.hcl", SPEC).file("known", "1 2\n").status(1);
    let test = test.args(["plan", "--known-versions=known"]);
    test.stderr(
        "error[known-versions]: `known`: line 1: expected one version, found `1 2`\n  = help: [..]\n",
    )
    .run();
}

#[test]
fn versions_in_the_place_of_a_list_are_explained() {
    let told = |known: &str| {
        let test = Test::new().file("images.hcl", SPEC).args(["plan", &format!("--known-versions={known}")]);
        let output = test.output();
        assert_eq!(output.status.code(), Some(1), "{known}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (known, names) in
        [("2023.01", "\"2023.01\""), ("v1.2.3", "\"v1.2.3\""), ("1.2.2,1.2.4", "\"1.2.2\", \"1.2.4\"")]
    {
        let talk = told(known);
        let cure = format!("`known_versions = [{names}]`");
        assert!(talk.starts_with("error[no-such-file]") && talk.contains(&cure), "{talk}");
        let spec =
            SPEC.replacen("image \"app\" {", &format!("image \"app\" {{\n  known_versions = [{names}]"), 1);
        assert_ne!(spec, SPEC);
        assert_eq!(Test::new().file("images.hcl", spec).args(["plan"]).output().status.code(), Some(0));
    }
    let talk = told("released.txt");
    assert!(
        !talk.contains("known_versions") && talk.contains("a file with one version on each line"),
        "{talk}"
    );
}

/// What was not said is not evidence that nothing was released.
#[test]
fn a_file_that_says_nothing_is_not_a_list_of_no_versions() {
    let tags = |list: &str| {
        let test = Test::new().file("images.hcl", SPEC).file("known", list);
        let output = test.args(["metadata", "--format=tags", "--known-versions=known"]).output();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    for (list, expected) in [
        ("", "`known`: it has no version; `[]` says that none was released"),
        ("\n\n", "it has no version"),
        ("# to be filled in\n", "it has no version"),
        ("{}", "it names no image; expected a list of strings"),
        ("null", "found the JSON value `null`"),
        ("false", "found the JSON value `false`"),
        ("\"1.2.4\"", "found the JSON value `\"1.2.4\"`"),
        ("[null]", "expected a list of strings"),
        ("[\"\"]", "one of its versions is empty"),
        (r#"{"app": null}"#, "expected a list of strings"),
        (r#"{"schema": 2}"#, "`known` is not a plan: missing field `id`"),
        (r#"{"schema": 2, "known_versions": {}}"#, "is not a plan: missing field `id`"),
        (r#"{"schema": 2, "known_versions": null}"#, "is not a plan"),
        (
            r#"{"ap": ["1.2.4"]}"#,
            "a list for `ap`, which is not an image of this definition\n  = help: did you mean `app`?",
        ),
        (r#"{"versions": ["1.2.4"]}"#, "a list for `versions`, which is not an image"),
    ] {
        let (status, stdout, stderr) = tags(list);
        assert_eq!((status, stdout.as_str()), (Some(1), ""), "{list}: {stderr}");
        assert!(stderr.contains(expected), "{list}: {stderr}");
        let code = if list.contains("schema") { "error[not-a-plan]: " } else { "error[known-versions]: " };
        assert!(stderr.starts_with(code), "{list}: {stderr}");
    }
    let all = "ghcr.io/acme/app:1.2.3\nghcr.io/acme/app:1.2\nghcr.io/acme/app:1\nghcr.io/acme/app:latest\n";
    for list in ["[]", " [ ]\n", r#"{"app": []}"#, "\u{feff}[]\r\n"] {
        let (status, stdout, stderr) = tags(list);
        assert_eq!((status, stdout.as_str()), (Some(0), all), "{list}: {stderr}");
    }
    let (status, stdout, stderr) = tags(r#"{"app": ["1.2.4"], "web": ["1.0"]}"#);
    assert_eq!((status, stdout.as_str()), (Some(0), "ghcr.io/acme/app:1.2.3\n"), "{stderr}");
    assert!(stderr.starts_with("warning[known-versions]: ") && stderr.contains("`web`"), "{stderr}");
}

#[test]
fn a_worktree_and_a_folder_inside() {
    let (test, commit) = repository();
    git(&test.folder().join("app"), "worktree add --quiet -b dev ../tree");
    let expected = json!({
        "ref": "refs/heads/dev", "branch": "dev", "commit": commit, "commit_time": TIME, "dirty": false,
        "url": "https://github.com/acme/app", "title": "app",
    });
    case(test.cwd("tree/folder"), &expected);
}

#[test]
fn another_commit_is_asked_for_its_own_time() {
    let (test, first) = repository();
    let app = test.folder().join("app");
    git(&app, "commit --quiet --allow-empty --message=second");
    let test = test.args(["plan", "--facts"]).args([format!("--fact=commit={first}").as_str()]);
    let expected = json!({
        "commit": first, "commit_time": TIME, "url": "https://github.com/acme/app", "title": "app",
    });
    assert_eq!(facts(&test), expected);
}

#[test]
fn without_a_repository_facts_are_unknown_and_verbose_says_why() {
    let run = |test: Test, stdout: &str, why: &str| {
        let test = test.args(["plan", "--facts", "-v"]).stdout(stdout.to_owned());
        test.stderr(format!("running git [..]\n...\nsome facts are unknown: {why}\n")).run();
    };
    run(
        quiet(Test::new()),
        "{}\n",
        "git says: not a git repository (or any of the parent directories): .git",
    );
    run(Test::new().env("PATH", "/nowhere"), "{}\n", "git is not installed");
    let test = quiet(Test::new());
    git(test.folder(), "init --quiet --initial-branch=main");
    let main = "{\n  \"ref\": \"refs/heads/main\",\n  \"branch\": \"main\"\n}\n";
    run(test, main, "the repository has no commits yet");
    let (test, _) = repository();
    let test = test.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    run(
        test,
        "{}\n",
        "git says: detected dubious ownership [..]; run `git config --global --add safe.directory [..]` if you trust the folder",
    );
}

// ----- CI

fn event() -> Value {
    json!({
        "ref": "refs/tags/v1.2.3",
        "head_commit": { "id": "c0ffee0000000000000000000000000000000000", "timestamp": "2026-05-06T07:08:09Z" },
        "repository": { "name": "app", "html_url": "https://github.com/acme/app", "default_branch": "main" },
    })
}

fn on_github(test: Test) -> Test {
    test.file("event.json", event().to_string())
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_EVENT_NAME", "push")
        .env("GITHUB_EVENT_PATH", "event.json")
        .env("GITHUB_REF", "refs/tags/v1.2.3")
        .env("GITHUB_SHA", "c0ffee0000000000000000000000000000000000")
}

#[test]
fn options_go_before_the_file_before_the_environment() {
    let given = json!({ "event": "release", "ref": "refs/heads/main", "title": "File", "licenses": "MIT" });
    let test = on_github(quiet(Test::new())).file("facts.json", given.to_string());
    let test = test.args(["plan", "--facts", "--facts-file=facts.json", "--fact", "title=Option"]);
    let test = test.args(["--fact", "tag=v2"]).env("SOURCE_DATE_EPOCH", "0");
    let expected = json!({
        "event": "release", "ref": "refs/tags/v2", "tag": "v2",
        "commit": "c0ffee0000000000000000000000000000000000", "commit_time": "2026-05-06T07:08:09Z",
        "source_date": "1970-01-01T00:00:00Z", "default_branch": "main",
        "url": "https://github.com/acme/app", "title": "Option", "licenses": "MIT",
    });
    assert_eq!(facts(&test), expected);
}

#[test]
fn printed_facts_can_be_given_again() {
    let (test, _) = repository();
    let printed = String::from_utf8(test.args(["plan", "--facts"]).output().stdout).unwrap();
    let again =
        Test::new().env("PATH", "/nowhere").stdin(&printed).args(["plan", "--facts", "--facts-file=-"]);
    again.stdout(printed).run();
}

#[test]
fn gitlab_says_what_its_variables_say() {
    let test = quiet(Test::new()).env("GITLAB_CI", "true").env("CI_PIPELINE_SOURCE", "merge_request_event");
    let test = test.env("CI_MERGE_REQUEST_IID", "12").env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
    let expected = json!({
        "event": "merge_request_event", "ref": "refs/merge-requests/12/head", "pull_request": 12,
        "base_branch": "main",
    });
    case(test, &expected);
}

#[test]
fn an_event_that_cannot_be_read_is_left_out_and_a_broken_one_refused() {
    let test = on_github(quiet(Test::new())).env("GITHUB_EVENT_PATH", "/nowhere/event.json");
    let expected = json!({
        "event": "push", "ref": "refs/tags/v1.2.3", "tag": "v1.2.3",
        "commit": "c0ffee0000000000000000000000000000000000",
    });
    case(test, &expected);
    let test = on_github(Test::new()).file("event.json", "{").args(["plan", "--facts"]).status(1);
    let told = "error[event-payload]: the event's payload is not JSON: [..]\n  = help: [..]\n";
    test.stderr(format!("::stop-commands::[..]\n{told}::[..]::\n")).run();
}

#[test]
fn unknown_facts_are_named() {
    for (args, status, told) in [
        (
            &["--fact=comit=c0ffee0"][..],
            2,
            "error[usage]: `--fact comit=c0ffee0`: there is no fact `comit`; did you mean `commit`?\n",
        ),
        (&["--facts-file=none"], 1, "error[no-such-file]: cannot read `none`: [..]\n...\n"),
        (
            &["--facts-file=facts.json"],
            1,
            "error[facts-file]: `facts.json`: there is no fact `sha1`; [..]\n  = help: `bakeplan plan --facts` prints such a file\n",
        ),
    ] {
        for command in ["plan", "matrix"] {
            let test = Test::new().file("facts.json", "{\"sha1\": 1}").file("docker-bake.hcl", SPEC);
            test.args([command]).args(args.iter().copied()).status(status).stderr(told).run();
        }
    }
    let test = Test::new().args(["plan", "-f", "-", "--facts-file=-"]).status(2);
    test.stderr("error[usage]: `-f -` and `--facts-file -` cannot both read standard input\n").run();
    let test = Test::new().args(["plan", "--facts"]).env("SOURCE_DATE_EPOCH", "today").status(1);
    test.stderr("error[source-date-epoch]: SOURCE_DATE_EPOCH is `today`, [..]\n  = help: [..]\n").run();
}

// ----- plans

const SPEC: &str = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.2.3\"\n}\n";

fn pattern(tag: &str) -> String {
    SPEC.replace("version      = \"1.2.3\"", &format!("tags         = [\"{tag}\"]"))
}

/// A git that cannot do anything but leave a trace.
#[cfg(unix)]
fn with_fake_git(test: Test) -> Test {
    use std::os::unix::fs::PermissionsExt as _;

    let test = test.file("bin/git", "#!/bin/sh\necho \"$@\" >> \"$TRACE\"\nexit 128\n");
    let bin = test.folder().join("bin");
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let trace = test.folder().join("trace");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    test.env("PATH", &path).env("TRACE", trace.to_str().unwrap())
}

#[test]
#[cfg(unix)]
fn git_runs_only_when_a_fact_is_asked_for_and_open() {
    let all = Facts {
        commit: Some("c0ffee0".into()),
        commit_time: TIME.parse().ok(),
        default_branch: Some("main".into()),
        dirty: Some(false),
        url: Some("https://example.com".into()),
        branch: Some("main".into()),
        ..Facts::default()
    };
    let all = serde_json::to_string(&all).unwrap();
    for (spec, args, expected) in [
        (SPEC.to_owned(), &["plan"][..], false),
        (SPEC.to_owned(), &["bake"], false),
        (SPEC.to_owned(), &["matrix"], false),
        (SPEC.to_owned(), &["metadata"], false),
        (SPEC.to_owned(), &["print", "app", "--images=images.hcl"], false),
        (pattern("{{ sha }}"), &["metadata", "--fact=commit=c0ffee0"], true),
        (pattern("{{ sha }}"), &["metadata", "--facts-file=facts.json"], false),
        (pattern("{{ branch }}"), &["metadata", "--facts-file=facts.json"], false),
    ] {
        let test = Test::new().file("images.hcl", &spec).file("facts.json", &all);
        let test = with_fake_git(test).args(args.iter().copied());
        let output = test.output();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(test.folder().join("trace").exists(), expected, "{args:?}");
    }
}

#[test]
fn patterns_use_the_facts_of_the_repository() {
    let (test, commit) = repository();
    let test = test.file("app/docker-bake.hcl", pattern("{{ branch }}-{{ sha }}-{{ date('%Y%m%d') }}"));
    let expected = format!("ghcr.io/acme/app:main-{}-20260304\n", &commit[..7]);
    let test = test.args(["metadata", "--format=tags"]);
    let first = test.output();
    assert_eq!(String::from_utf8(first.stdout.clone()).unwrap(), expected);
    assert_eq!(test.output(), first);
    let test = test.env("SOURCE_DATE_EPOCH", "0");
    assert!(String::from_utf8(test.output().stdout).unwrap().ends_with("-19700101\n"));
}

#[test]
fn a_missing_fact_says_why_it_is_missing() {
    let test = quiet(Test::new()).file("images.hcl", pattern("{{ sha }}")).args(["plan"]).status(1);
    let help = "git says: not a git repository [..]; else give it with `--fact commit=…`; `bakeplan plan --facts` shows what is known";
    test.stderr(format!("error[[..]\n...\n  = help: {help}\n")).run();
}

#[test]
fn the_same_facts_give_the_same_bytes_and_are_in_the_command() {
    let write = || {
        let test = Test::new().file("docker-bake.hcl", pattern("{{ branch | slug }}-{{ sha }}"));
        let test = test.file("facts.json", "{\"commit\": \"c0ffee0c0ffee\"}").stdout("...\n");
        let args = ["plan", "--out", "ci", "--fact", "branch=a b", "--facts-file", "facts.json"];
        let ran = test.args(args).run();
        ["docker-bake.json", "matrix.json", "plan.json"].map(|name| ran.read(&format!("ci/{name}")))
    };
    let files = write();
    assert_eq!(write(), files);
    let command = "run `bakeplan plan --out ci --fact 'branch=a b' --facts-file facts.json`";
    assert!(files[0].contains(command), "{}", files[0]);
    assert!(files[2].contains("\"a-b-c0ffee0\""), "{}", files[2]);
}

/// `--facts` prints facts alone, so that an option which decides a plan would do nothing.
#[test]
fn options_of_a_plan_are_refused_with_facts() {
    for line in [
        "--platform linux/amd64",
        "--publish=false",
        "-f docker-bake.hcl",
        "--images none",
        "--set a.args.A=1",
        "--var A=1",
        "--keep-variable A",
        "--strict",
        "--push",
        "--explain",
        "--format table",
        "--format markdown",
        "--known-versions known.txt",
    ] {
        let test = Test::new().file("known.txt", "1.0.0\n").args(["plan", "--facts"]);
        let output = test.args(line.split(' ')).output();
        assert_eq!(output.status.code(), Some(2), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, b"", "{line}");
    }
    for line in ["--fact branch=x", "--format json", "--builder b", "-v"] {
        let output = Test::new().args(["plan", "--facts"]).args(line.split(' ')).output();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A plan says which commit was checked out for it, beside the one that it is for; at the desk, neither.
#[test]
fn a_plan_names_the_commit_that_was_checked_out() {
    let other = "1".repeat(40);
    for (fact, has_commit) in [("branch=main".to_owned(), false), (format!("commit={other}"), true)] {
        let (test, head) = repository();
        let output = test.args(["metadata", "--fact", "event=push", "--fact", &fact]).output();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        let expected = if has_commit { (json!(other), json!(head)) } else { (Value::Null, Value::Null) };
        assert_eq!((plan["run"]["commit"].clone(), plan["run"]["checkout"].clone()), expected);
    }
}
