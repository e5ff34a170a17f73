//! `bakeplan workflow gitlab` and `plan --gitlab`: which pipelines publish, what jobs run, and what is refused.
//! `tests/live/gitlab.rs` rehearses whole pipelines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use snapbox::str;

use crate::github::{Workflow, path, program};
use crate::support::{Test, read};

const FILE: &str = ".gitlab/images.yml";

const SPEC: &str = r#"
target "app" {
  platforms = ["linux/amd64", "linux/arm64", "linux/s390x"]
  secret    = ["id=npm,env=NPM_TOKEN"]
}
image "app" {
  repositories = ["registry.gitlab.com/acme/app", "docker.io/acme/app"]
  mirrors      = ["quay.io/acme/app"]
  tags         = ["edge"]
}
"#;

fn test(spec: &str, options: &[&str]) -> Test {
    let test = Test::new().file("docker-bake.hcl", spec);
    test.args(["workflow", "gitlab"]).args(options.iter().copied())
}

/// What is written with these options.
fn generated(spec: &str, options: &[&str]) -> Value {
    let text = test(spec, &["-o", FILE]).args(options.iter().copied()).run().read(FILE);
    Workflow::parse(&text).tree
}

/// The jobs that a run plans, by name.
fn child(spec: &str, options: &[&str]) -> serde_json::Map<String, Value> {
    let test = Test::new()
        .file("docker-bake.hcl", spec)
        .args(["plan", "--out", "out", "--gitlab", "--format", "json"]);
    let ran = test.args(options.iter().copied());
    let output = ran.output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&fs::read_to_string(ran.folder().join("out/pipeline.yml")).unwrap()).unwrap()
}

/// A condition of `rules:if`, as <https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions> describes them.
struct Condition<'t> {
    rest: &'t str,
    variables: &'t BTreeMap<&'t str, &'t str>,
}

impl<'t> Condition<'t> {
    fn holds(text: &'t str, variables: &'t BTreeMap<&'t str, &'t str>) -> bool {
        let mut condition = Self { rest: text, variables };
        let holds = condition.any();
        assert_eq!(condition.rest.trim(), "", "{text}");
        holds
    }

    fn takes(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn any(&mut self) -> bool {
        let mut holds = self.all();
        while self.takes("||") {
            holds |= self.all();
        }
        holds
    }

    fn all(&mut self) -> bool {
        let mut holds = self.one();
        while self.takes("&&") {
            holds &= self.one();
        }
        holds
    }

    fn one(&mut self) -> bool {
        if self.takes("(") {
            let holds = self.any();
            assert!(self.takes(")"), "{}", self.rest);
            return holds;
        }
        let left = self.value();
        if self.takes("==") {
            left == self.value()
        } else if self.takes("=~") {
            // Only beginnings of names are looked for.
            assert!(self.takes("/^"), "{}", self.rest);
            let (start, rest) =
                self.rest.split_at(self.rest.replace("\\/", "__").find('/').expect("it ends"));
            self.rest = &rest[1..];
            left.is_some_and(|text| text.starts_with(&start.replace('\\', "")))
        } else {
            left.is_some_and(|text| !text.is_empty())
        }
    }

    fn value(&mut self) -> Option<&'t str> {
        let rest = self.rest.trim_start();
        if let Some(text) = rest.strip_prefix('"') {
            let (text, rest) = text.split_once('"').expect("it ends");
            self.rest = rest;
            return Some(text);
        }
        let name = rest.strip_prefix('$').unwrap_or_else(|| panic!("what is {rest}?"));
        let (name, rest) =
            name.split_at(name.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(name.len()));
        self.rest = rest;
        self.variables.get(name).copied()
    }
}

/// Whether a job runs, and what it is then told about publishing.
fn runs(job: &Value, variables: &BTreeMap<&str, &str>) -> Option<bool> {
    let rules = job["rules"].as_array().expect("there are rules");
    let rule =
        rules.iter().find(|rule| rule["if"].as_str().is_none_or(|text| Condition::holds(text, variables)))?;
    (rule["when"] != "never").then(|| rule["variables"]["BAKEPLAN_PUBLISH"] == "true")
}

/// The variables that GitLab sets.
fn pipeline(source: &'static str, reference: &'static str) -> BTreeMap<&'static str, &'static str> {
    let mut variables = BTreeMap::from([("CI_PIPELINE_SOURCE", source), ("CI_DEFAULT_BRANCH", "main")]);
    match reference.split_once('/') {
        Some(("tags", tag)) => variables.insert("CI_COMMIT_TAG", tag),
        Some(("branches", branch)) => variables.insert("CI_COMMIT_BRANCH", branch),
        _ => variables.insert("CI_MERGE_REQUEST_IID", reference),
    };
    variables
}

#[test]
fn an_allow_list_decides_what_publishes() {
    let references = [
        "branches/main",
        "branches/side",
        "branches/release/1",
        "branches/releases",
        "branches/v1x2",
        "tags/v1",
        "tags/main",
        "7",
    ];
    let sources = [
        "push",
        "schedule",
        "web",
        "merge_request_event",
        "api",
        "trigger",
        "pipeline",
        "external_pull_request_event",
        "parent_pipeline",
    ];
    let is_request = |reference: &str| !reference.contains('/');
    for (options, publishes) in [
        (
            &[][..],
            &[
                ("push", "branches/main"),
                ("push", "tags/v1"),
                ("push", "tags/main"),
                ("schedule", "branches/main"),
                ("web", "branches/main"),
            ][..],
        ),
        (&["--publish-on=tag"], &[("push", "tags/v1"), ("push", "tags/main")]),
        (
            &["--publish-on=push", "--publish-on=workflow_dispatch", "--branch=release/**", "--branch=v1.**"],
            &[("push", "branches/release/1"), ("web", "branches/release/1")],
        ),
        (&["--publish-on=schedule", "--branch=side"], &[("schedule", "branches/side")]),
    ] {
        let options: Vec<&str> = ["--install=path"].into_iter().chain(options.iter().copied()).collect();
        let tree = generated(SPEC, &options);
        for source in sources {
            for reference in
                references.into_iter().filter(|one| is_request(one) == (source == "merge_request_event"))
            {
                let variables = pipeline(source, reference);
                let due = if publishes.contains(&(source, reference)) {
                    Some(true)
                } else {
                    ["merge_request_event", "web"].contains(&source).then_some(false)
                };
                let real = runs(&tree["images-plan"], &variables);
                assert_eq!(real, due, "{options:?}: {source} {reference}");
                // What has a plan has a child pipeline.
                assert_eq!(
                    runs(&tree["images"], &variables).is_some(),
                    due.is_some(),
                    "{source} {reference}"
                );
            }
        }
    }
    let mut tree = generated(SPEC, &["--install=path"]);
    assert_eq!(tree["images-plan"]["variables"]["BAKEPLAN_PUBLISH"], "false", "unless a rule says otherwise");
    // This check can fail.
    tree["images-plan"]["rules"][5]["variables"] = json!({ "BAKEPLAN_PUBLISH": "true" });
    assert_eq!(runs(&tree["images-plan"], &pipeline("merge_request_event", "7")), Some(true));
}

#[test]
fn each_row_is_a_job_with_the_tags_of_its_runner() {
    let spec = SPEC.to_owned() + "image {\n  runners = { \"linux/s390x\" = [\"big\", \"z\"] }\n}\n";
    let jobs = child(&spec, &[]);
    let tags: Vec<_> = jobs
        .iter()
        .map(|(name, job)| (name.as_str(), job["extends"].as_str().unwrap(), job["tags"].clone()))
        .collect();
    assert_eq!(
        tags,
        [
            ("build app-linux-amd64", ".images-push", json!(["saas-linux-small-amd64"])),
            ("build app-linux-arm64", ".images-push", json!(["saas-linux-small-arm64"])),
            ("build app-linux-s390x", ".images-push", json!(["big", "z"])),
            ("fetch the plan", ".images-fetch", Value::Null),
            ("merge", ".images-merge", Value::Null),
        ]
    );
    let variable = |job: &Value, name: &str| job["variables"][name]["value"].as_str().map(str::to_owned);
    let emulated = &child(SPEC, &[])["build app-linux-s390x"];
    assert_eq!(variable(emulated, "BAKEPLAN_QEMU").as_deref(), Some("linux/s390x"));
    assert_eq!(variable(emulated, "BAKEPLAN_NEEDED").as_deref(), Some("app-linux-s390x=NPM_TOKEN"));
    assert_eq!(variable(emulated, "BAKEPLAN_TARGETS").as_deref(), Some("app-linux-s390x"));
    for job in jobs.values().filter(|job| job["variables"].is_object()) {
        let variables = job["variables"].as_object().unwrap();
        assert!(variables.values().all(|one| one["expand"] == false), "GitLab expands {job}");
    }
    let unpublished = child(SPEC, &["--publish=false"]);
    let used: BTreeSet<&str> = unpublished.values().map(|job| job["extends"].as_str().unwrap()).collect();
    assert_eq!(used, [".images-build", ".images-fetch"].into());
}

/// Variables of a file that a trigger job inherits would go before those of the project in the child pipeline.
#[test]
fn the_child_pipeline_gets_no_variables_of_files() {
    let tree = generated(SPEC, &["--install", "path"]);
    assert_eq!(tree["images"]["inherit"], json!({ "variables": "false" }));
    assert_eq!(tree["images"]["variables"], json!({ "BAKEPLAN_PARENT": "$CI_PIPELINE_ID" }));
    assert!(tree["variables"]["BAKEPLAN_DOCKER_IMAGE"].is_string(), "{tree}");
    assert_eq!(tree["images-plan"].get("inherit"), None);
}

/// No job of a child pipeline has more than one of `needs`, and none is `parallel`, so that GitLab's limits for these do not count.
#[test]
fn the_number_of_rows_meets_no_limit_of_gitlab() {
    let spec = "target \"app\" {\n  name = \"app-${n}\"\n  matrix = { n = range(300) }\n  platforms = [\"linux/amd64\"]\n  tags = [\"registry.gitlab.com/acme/app:${n}\"]\n}\n";
    let jobs = child(spec, &[]);
    assert_eq!(jobs.len(), 302);
    let size = serde_json::to_string(&jobs).unwrap().len();
    assert!(size < 5 << 20, "a pipeline has at most 5 MB: {size}");
    let tree = generated(spec, &["--install=path"]);
    for (name, job) in tree.as_object().unwrap().iter().chain(&jobs) {
        assert!(job["parallel"].is_null(), "{name}");
        assert!(job["needs"].as_array().is_none_or(|needs| needs.len() == 1), "{name}");
    }
    // A job with `needs` runs without waiting for its stage, so none behind the builds may have them.
    for name in [".images-build", ".images-push", ".images-merge"] {
        assert!(tree[name]["needs"].is_null(), "{name}");
        assert!(tree[name]["rules"].is_array(), "{name} would not run in the pipeline of a merge request");
    }
    assert_eq!(tree[".images-merge"]["rules"], json!([{ "when": "always" }]));
}

#[test]
fn a_pipeline_without_rows_has_a_job_all_the_same() {
    let spec = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\nimage \"app\" {\n  repositories = [\"quay.io/acme/app\"]\n  tags = [{ pattern = \"edge\", when = \"default_branch\" }]\n}\n";
    let facts = ["--fact", "branch=side", "--fact", "default_branch=main"];
    let jobs = child(spec, &facts);
    assert_eq!(jobs.keys().collect::<Vec<_>>(), ["nothing to build"]);
    assert!(jobs["nothing to build"]["script"].is_array() && jobs["nothing to build"]["rules"].is_array());
}

/// A job of the committed file, run by a shell with stand-ins for other programs; they write to `told`.
fn run(tree: &Value, job: &str, folder: &Path, env: &[(&str, &str)]) -> (Output, String) {
    let script = tree[job]["script"][0].as_str().unwrap();
    let told = folder.join("told");
    let mut command = Command::new("sh");
    command.args(["-e", "-c", script]).current_dir(folder).env_clear();
    command.env("PATH", format!("{}:{}", folder.join("bin").display(), path()));
    command.env("CI_PROJECT_DIR", folder).env("TOLD", &told).env("TMPDIR", folder).envs(env.iter().copied());
    let output = command.output().unwrap();
    let text = fs::read_to_string(told).unwrap_or_default();
    (output, text)
}

fn stage() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let docker = r#"
        case "$*" in
          "buildx version") echo "github.com/docker/buildx ${BUILDX-v0.30.0} abc" ;;
          login*) echo "$* < $(cat)" >> "$TOLD" ;;
          *) echo "$*|$NPM_TOKEN|$RENAMED" >> "$TOLD" ;;
        esac"#;
    program(&folder.path().join("bin/docker"), docker);
    let merges = r#"echo "$1" >> "$TOLD"; cat "$DOCKER_CONFIG/config.json" >> "$TOLD"; case $1 in merge) exit $MERGE ;; *) exit $VERIFY ;; esac"#;
    program(&folder.path().join(".bakeplan/bin/bakeplan"), merges);
    folder
}

const ACCOUNTS: [(&str, &str); 6] = [
    ("CI_REGISTRY_USER", "job"),
    ("CI_REGISTRY_PASSWORD", "sesame 1"),
    ("DOCKERHUB_USERNAME", "acme"),
    ("DOCKERHUB_TOKEN", "$HOME'2"),
    ("QUAY_USERNAME", "robot"),
    ("QUAY_TOKEN", "3"),
];

const ROW: [(&str, &str); 3] =
    [("BAKEPLAN_TARGETS", "a,b"), ("BAKEPLAN_METADATA", "m.json"), ("BUILDX_BUILDER", "x")];

#[test]
fn builds_log_in_where_there_is_a_password_and_what_publishes_needs_one() {
    let tree = generated(SPEC, &["--install=path"]);
    let all: Vec<_> = ACCOUNTS.into_iter().chain(ROW).collect();
    for job in [".images-build", ".images-push"] {
        let (output, told) = run(&tree, job, stage().path(), &all);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let logins: Vec<&str> = told.lines().filter(|line| line.starts_with("login")).collect();
        let due = [
            "login --username acme --password-stdin docker.io < $HOME'2",
            "login --username job --password-stdin registry.gitlab.com < sesame 1",
        ];
        assert_eq!(logins, due);
        let (output, told) = run(&tree, job, stage().path(), &ROW);
        let (said, publishes) = (String::from_utf8(output.stderr).unwrap(), job == ".images-push");
        assert_eq!(output.status.success(), !publishes, "{job}: {said}");
        assert_eq!(said.contains("is empty, and needed for docker.io"), publishes, "{job}: {said}");
        assert!(!told.contains("login"), "{told}");
    }
    let (output, told) =
        run(&tree, ".images-merge", stage().path(), &[&all[..], &[("MERGE", "0"), ("VERIFY", "0")]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let config = told.lines().find(|line| line.starts_with('{')).unwrap();
    let config: Value = serde_json::from_str(config).unwrap();
    let base64 = |text: &str| {
        let script = format!("printf %s {} | base64", shell(text));
        String::from_utf8(Command::new("sh").args(["-c", &script]).output().unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    };
    let due = json!({ "auths": {
        "https://index.docker.io/v1/": { "auth": base64("acme:$HOME'2") },
        "registry.gitlab.com": { "auth": base64("job:sesame 1") },
        "quay.io": { "auth": base64("robot:3") },
    }});
    assert_eq!(config, due);
    let (output, _) = run(&tree, ".images-merge", stage().path(), &[("MERGE", "0"), ("VERIFY", "0")]);
    assert!(!output.status.success());
}

fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[test]
fn rows_get_their_secrets_and_fail_without_them() {
    let tree = generated(SPEC, &["--install=path", "--env=RENAMED=secrets.OTHER"]);
    let needed = ("BAKEPLAN_NEEDED", "a=NPM_TOKEN\nb=RENAMED");
    for job in [".images-build", ".images-push"] {
        let env =
            [&ACCOUNTS[..], &ROW[..], &[needed, ("NPM_TOKEN", "sesame"), ("OTHER", "$x `y`")][..]].concat();
        let (output, told) = run(&tree, job, stage().path(), &env);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(told.contains("|sesame|$x `y`\n"), "{told}");
        let env = [&ACCOUNTS[..], &ROW[..], &[needed, ("NPM_TOKEN", "")][..]].concat();
        let (output, told) = run(&tree, job, stage().path(), &env);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            said.contains("NPM_TOKEN is empty: a needs")
                && said.contains("RENAMED is empty: b needs")
                && told.is_empty(),
            "{said}{told}"
        );
        // What one target lacks costs the other nothing.
        let env = [&ACCOUNTS[..], &ROW[..], &[needed, ("NPM_TOKEN", ""), ("OTHER", "x")][..]].concat();
        let (output, told) = run(&tree, job, stage().path(), &env);
        let calls: Vec<&str> = told.lines().filter(|line| line.starts_with("buildx bake")).collect();
        assert_eq!(output.status.code(), Some(1));
        assert!(matches!(calls[..], [call] if call.contains("/m.json b|")), "{calls:?}");
    }
}

/// A `timeout` stands for the clock here: it stops what it is told to stop, and says how long it would have waited.
#[test]
fn a_target_that_hangs_costs_no_other() {
    let tree = generated(SPEC, &["--install=path", "--timeout=build=30"]);
    let stops = r#"
        echo "$3 $(printf '%s' "$*" | sed 's/.* //')" >> "$TOLD.limits"
        case "$*" in *" a b" | *"/a.m.json a") exit 124 ;; esac
        shift 3
        exec "$@""#;
    for job in [".images-build", ".images-push"] {
        let folder = stage();
        program(&folder.path().join("bin/timeout"), stops);
        let (output, told) = run(&tree, job, folder.path(), &[&ACCOUNTS[..], &ROW[..]].concat());
        assert_eq!(output.status.code(), Some(1));
        let calls: Vec<&str> = told.lines().filter(|line| line.starts_with("buildx bake")).collect();
        assert!(matches!(calls[..], [call] if call.contains("/b.m.json b|")), "{calls:?}");
        let limits = fs::read_to_string(folder.path().join("told.limits")).unwrap();
        let limits: Vec<(u32, &str)> = limits
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(seconds, last)| (seconds.parse().unwrap(), last))
            .collect();
        // All have half an hour together, and then each at least its share of what is kept for the end.
        let [(1800, "b"), (one, "a"), (two, "b")] = limits[..] else { panic!("{limits:?}") };
        assert!((300..=1800).contains(&two) && two <= one && one <= 1800, "{limits:?}");
    }
}

/// Each has the value that the project gave to the other one.
#[test]
fn variables_can_change_places() {
    let options = ["--install=path", "--env=NPM_TOKEN=vars.RENAMED", "--env=RENAMED=vars.NPM_TOKEN"];
    let tree = generated(SPEC, &options);
    let env = [&ROW[..], &ACCOUNTS[..], &[("NPM_TOKEN", "one"), ("RENAMED", "two")][..]].concat();
    let (output, told) = run(&tree, ".images-push", stage().path(), &env);
    assert!(output.status.success() && told.contains("|two|one\n"), "{told}");
    // One that is not set is not set under its other name.
    let env = [&ROW[..], &ACCOUNTS[..], &[("NPM_TOKEN", "one")][..]].concat();
    let (_, told) = run(&tree, ".images-push", stage().path(), &env);
    assert!(told.contains("|one|one\n"), "{told}");
}

#[test]
fn the_builder_may_do_what_rows_are_allowed() {
    let tree = generated(SPEC, &["--install=path"]);
    for job in [".images-build", ".images-push"] {
        let script = tree[job]["script"][0].as_str().unwrap();
        for entitlement in ["security.insecure", "network.host"] {
            assert!(script.contains(&format!("--allow-insecure-entitlement {entitlement}")), "{script}");
        }
    }
}

/// What GitHub alone has is not recommended here.
#[test]
fn cures_are_those_of_gitlab() {
    let told = |spec: &str, options: &[&str]| {
        String::from_utf8(
            test(spec, &["-o", FILE, "--install=path"]).args(options.iter().copied()).output().stderr,
        )
        .unwrap()
    };
    let with = |more: &str| SPEC.replacen("  platforms", &format!("  {more}\n  platforms"), 1);
    let agent = told(&with("ssh = [\"default\"]"), &[]);
    assert!(agent.contains("`ssh-agent -a PATH`") && !agent.contains("--ssh-key"), "{agent}");
    let file = told(&SPEC.replace("id=npm,env=NPM_TOKEN", "id=a,src=a.txt"), &[]);
    assert!(file.contains("--setup ./ci/setup") && !file.contains("composite action"), "{file}");
    for registry in ["public.ecr.aws", "europe-docker.pkg.dev/acme"] {
        let spec = format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  tags = [\"{registry}/acme/app:1\"]\n}}\n"
        );
        let login = told(&spec, &[]);
        assert!(login.contains("error[no-login]") && !login.contains("oidc"), "{login}");
    }
    let spec = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags = [\"ghcr.io/acme/app:1\"]\n}\n";
    let job = told(spec, &["--login=ghcr.io=job"]);
    assert!(job.contains("error[unfit-setting]: `ghcr.io=job` is a login with the token"), "{job}");
    let consent = test(spec, &["-o", FILE, "--install=path", "--consent", "git:main:a"]).output();
    assert_eq!(consent.status.code(), Some(2));
}

#[test]
fn an_older_buildx_is_refused_before_it_builds() {
    let tree = generated(SPEC, &["--install=path"]);
    for (version, is_fine) in [
        ("v0.20.0-rc1", true),
        ("v0.36.0", true),
        ("0.100.1", true),
        ("1.0.0+azure-1", true),
        ("v0.19.3", false),
        ("v0.9.1", false),
        ("", false),
    ] {
        let env = [&ACCOUNTS[..], &ROW[..], &[("BUILDX", version)][..]].concat();
        let (output, told) = run(&tree, ".images-build", stage().path(), &env);
        assert_eq!(output.status.success(), is_fine, "{version}: {told}");
        assert_eq!(told.contains("bake"), is_fine, "{version}: {told}");
    }
}

#[test]
fn a_failing_target_costs_no_other_and_its_metadata_is_kept() {
    let tree = generated(SPEC, &["--install=path"]);
    for (fails, status, calls) in [("none", 0, 1), ("a b", 0, 3), ("a", 1, 3)] {
        let folder = stage();
        let docker = format!(
            r#"case "$*" in "buildx version") echo " v0.30.0 "; exit ;; login*) exit ;; esac
            echo call >> "$TOLD"
            while [ "$1" != --metadata-file ]; do shift; done
            shift; metadata=$1; shift
            case " $* " in *" {fails} "*) exit 1 ;; esac
            echo {{}} > "$metadata""#
        );
        let docker = if fails == "a" { docker.replace("*\" a \"*", "\" a b \" | \" a \"") } else { docker };
        program(&folder.path().join("bin/docker"), &docker);
        let env = [&ACCOUNTS[..], &ROW[..]].concat();
        let (output, told) = run(&tree, ".images-push", folder.path(), &env);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{fails}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(told.lines().count(), calls, "{fails}");
        let metadata = fs::read_dir(folder.path().join(".bakeplan/metadata")).unwrap();
        let metadata: BTreeSet<String> =
            metadata.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let due: &[&str] = match fails {
            "none" => &["m.json"],
            "a b" => &["a.m.json", "b.m.json"],
            _ => &["b.m.json"],
        };
        assert_eq!(metadata.iter().collect::<Vec<_>>(), due, "{fails}");
    }
}

#[test]
fn verify_runs_after_an_incomplete_merge_and_nothing_hides_a_failure() {
    let tree = generated(SPEC, &["--install=path"]);
    for (merge, verify, status, verifies) in [
        ("0", "0", 0, true),
        ("5", "0", 5, true),
        ("5", "4", 5, true),
        ("0", "4", 4, true),
        // Some may be published, and another one failed.
        ("1", "4", 1, true),
        ("2", "0", 2, false),
        ("4", "0", 4, false),
    ] {
        let env = [&ACCOUNTS[..], &[("MERGE", merge), ("VERIFY", verify)][..]].concat();
        let (output, told) = run(&tree, ".images-merge", stage().path(), &env);
        assert_eq!(output.status.code(), Some(status), "{merge} {verify}");
        assert_eq!(told.contains("verify"), verifies, "{merge} {verify}");
    }
}

/// What a plan is made with, and what it may look at.
#[test]
fn only_what_has_changed_is_built_where_that_is_asked_for() {
    let planned = |options: &[&str], env: &[(&str, &str)]| {
        let tree = generated(SPEC, &[&["--install=path"], options].concat());
        let folder = stage();
        let script = r#"printf '%s|' "$@" | sed 's/.*--gitlab|//' > "$TOLD"
            if [ -n "${DOCKER_CONFIG-}" ]; then echo >> "$TOLD"; cat "$DOCKER_CONFIG/config.json" >> "$TOLD"; fi"#;
        program(&folder.path().join("bin/bakeplan"), script);
        let env = [&[("BAKEPLAN_PUBLISH", "true")], env].concat();
        let (output, told) = run(&tree, "images-plan", folder.path(), &env);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        told
    };
    let by = |source: &'static str| ("CI_PIPELINE_SOURCE", source);
    assert_eq!(planned(&[], &[by("schedule"), ("BAKEPLAN_ALL", "true")]), "--publish=true|");
    for (env, due) in [
        (&[by("push")][..], ""),
        (&[by("merge_request_event")], ""),
        (&[by("schedule")], "--stale|"),
        (&[by("schedule"), ("BAKEPLAN_ALL", "true")], "--stale|--all|"),
        (&[by("web"), ("BAKEPLAN_ALL", "true")], "--all|"),
        (&[by("web"), ("BAKEPLAN_ALL", "")], ""),
    ] {
        let told = planned(&["--only-changed", "--platform=linux/amd64"], env);
        let (words, config) = told.split_once('\n').unwrap();
        assert_eq!(words, format!("--publish=true|--changed-since|auto|{due}--platform|linux/amd64|"));
        assert_eq!(config, "{\"auths\":{}}\n");
    }
    let options = ["--only-changed", "--platform=linux/amd64", "--on-unknown=fail", "--most-stale=3"];
    for (source, due) in [("push", ""), ("schedule", "--stale|--most-stale|3|")] {
        let told = planned(&options, &[by(source)]);
        let due = format!("--changed-since|auto|--on-unknown|fail|{due}--platform|linux/amd64|");
        assert!(told.contains(&due), "{told}");
    }
    let told = planned(&["--only-changed"], &[&[by("push")], &ACCOUNTS[..]].concat());
    let config: Value = serde_json::from_str(told.lines().nth(1).unwrap()).unwrap();
    let hosts: Vec<&String> = config["auths"].as_object().unwrap().keys().collect();
    // Nothing is looked for in a mirror.
    assert_eq!(hosts, ["https://index.docker.io/v1/", "registry.gitlab.com"]);
    // One account is as good as several.
    let told =
        planned(&["--only-changed"], &[by("push"), ("CI_REGISTRY_USER", "a"), ("CI_REGISTRY_PASSWORD", "b")]);
    assert_eq!(told.lines().nth(1), Some(r#"{"auths":{"registry.gitlab.com":{"auth":"YTpi"}}}"#));
}

#[test]
fn what_gitlab_does_not_have_is_refused_with_the_reason() {
    let spec = "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  cache-to = [\"type=gha\"]\n  secret = [\"id=a,env=BAKEPLAN_TARGETS\"]\n}\nimage {\n  runners = { default = { group = \"big\" } }\n}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"1\"]\n}\n";
    let options = [
        "-o",
        "images.txt",
        "--install=action=./",
        "--schedule=1 2 3 4 5",
        "--rebuild=5 4 3 2 1",
        "--max-parallel=3",
        "--plan-runner=big",
        "--reusable",
        "--test=./a",
        "--sign=./b",
        "--ssh-key=DEPLOY_KEY",
        "--login=public.ecr.aws=oidc:role=vars.A",
        "--env=A=github.actor",
    ];
    test(spec, &options)
        .status(1)
        .stderr(str![[r#"
error[unfit-path]: `/images.txt` cannot be included: GitLab takes files that end in `.yml` or `.yaml`
error[unfit-setting]: `schedule` cannot be set in a pipeline of GitLab
  = help: GitLab keeps schedules in the settings of a project, under Build > Pipeline schedules
error[unfit-setting]: `rebuild` cannot be set in a pipeline of GitLab
  = help: GitLab keeps schedules in the settings of a project: give one of them the variable `BAKEPLAN_ALL` with the value `true`
error[unfit-setting]: `max_parallel` cannot be set in a pipeline of GitLab
  = help: GitLab limits the jobs at once by `concurrent` of its runners
error[unfit-setting]: `plan_runner` cannot be set in a pipeline of GitLab
  = help: GitLab gives jobs without tags to the runners that are set to take them
error[unfit-setting]: `reusable` cannot be set in a pipeline of GitLab
  = help: every pipeline of GitLab can be included by another
error[unfit-setting]: `test` cannot be set in a pipeline of GitLab
  = help: GitLab has no composite actions
error[unfit-setting]: `sign` cannot be set in a pipeline of GitLab
  = help: GitLab has no composite actions: sign in a job of your own that needs `images`
error[unfit-setting]: `ssh_keys` cannot be set in a pipeline of GitLab
  = help: start the agent in a program of your own, `--setup ./ci/setup`, with `ssh-agent -a PATH`, and give the project a variable `SSH_AUTH_SOCK` with that path
error[unfit-cache]: job `app-linux-amd64` uses a cache of `type=gha`, which only GitHub has
  = help: use one of `type=registry`
error[unfit-setting]: `A` comes from `github.actor`, which GitLab does not have
  = help: name a CI/CD variable of the project: `--env A=vars.NAME`
error[taken-variable]: builds read the variable `BAKEPLAN_TARGETS`, which is set by the pipeline itself
  = help: give the variable another name
error[no-login]: it is not known how a job logs in to `ghcr.io`
  = help: name the variable with the user's name and the secret: `--login ghcr.io=REGISTRY_USERNAME:REGISTRY_TOKEN`; for a registry that needs no login, `--login ghcr.io=none`
error[unfit-setting]: `public.ecr.aws=oidc:role=vars.A` is a login with the token or identity of a job of GitHub
  = help: name the variables with a user's name and password: `--login public.ecr.aws=REGISTRY_USERNAME:REGISTRY_TOKEN`
error[no-install]: `action=./` is an action of GitHub, which GitLab cannot run
  = help: set `--install`, or `install` in `image { workflow { … } }`, to `path`, `pipx=VERSION`, `cargo=VERSION` or `git=URL@COMMIT`

"#]])
        .run();
    let spec = spec.replace("  cache-to = [\"type=gha\"]\n", "");
    let output = test(&spec, &["-o", FILE, "--install=path"]).output();
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("error[unfit-runner]: job `app-linux-amd64` is on a runner of the group `big`")
    );
    // What the messages recommend.
    let spec = spec.replace("{ group = \"big\" }", "[\"tag\"]").replace("BAKEPLAN_TARGETS", "OTHER");
    for login in ["ghcr.io=REGISTRY_USERNAME:REGISTRY_TOKEN", "ghcr.io=none"] {
        for install in [
            "path",
            "pipx=1.2.3",
            "cargo=1.2.3",
            "git=https://example.com/a@0123456789abcdef0123456789abcdef01234567",
        ] {
            test(&spec, &["-o", FILE, "--login", login, "--install", install, "--env=A=vars.NAME"]).run();
        }
    }
}

#[test]
fn the_child_pipeline_includes_the_file_by_its_name_in_the_repository() {
    let include = |folder: &str, output: &str| {
        let test = Test::new()
            .file(".git/HEAD", "ref: refs/heads/main\n")
            .file(".git/objects/x", "")
            .file(".git/refs/x", "");
        let test = test.file(&format!("{folder}docker-bake.hcl"), SPEC);
        let test = if folder.is_empty() { test } else { test.cwd(folder) };
        let ran = test.args(["workflow", "gitlab", "--install=path", "-o", output]);
        let result = ran.output();
        let said = String::from_utf8(result.stderr).unwrap();
        let written = fs::read_to_string(ran.folder().join(folder).join(output)).ok();
        let included = written.map(|text| {
            Workflow::parse(&text).tree["images"]["trigger"]["include"][1]["local"]
                .as_str()
                .unwrap()
                .to_owned()
        });
        (result.status.code(), included, said)
    };
    for (folder, output, due) in [
        ("", ".gitlab/images.yml", "/.gitlab/images.yml"),
        ("", "./images.yaml", "/images.yaml"),
        ("a/b/", "../images.yml", "/a/images.yml"),
        ("a/b/", "ci/images.yml", "/a/b/ci/images.yml"),
    ] {
        let (code, included, said) = include(folder, output);
        assert_eq!((code, included.as_deref()), (Some(0), Some(due)), "{folder} {output}: {said}");
    }
    for (folder, output) in [("", "../outside.yml"), ("a/", "../../outside.yml"), ("", "/outside/images.yml")]
    {
        let (code, included, said) = include(folder, output);
        assert!(
            code == Some(2)
                && included.is_none()
                && said.contains("is not a relative path in this repository"),
            "{said}"
        );
    }
    test(SPEC, &["--install=path"])
        .status(2)
        .stderr("...\n[..]which needs a name: `-o .gitlab/images.yml`\n")
        .run();
}

#[test]
fn a_current_file_passes_and_a_stale_one_is_shown_with_its_cure() {
    let current = test(SPEC, &["-o", FILE, "--install=path"]).run().read(FILE);
    assert!(current.starts_with("# generated by bakeplan from docker-bake.hcl; do not edit, run `bakeplan workflow gitlab -o .gitlab/images.yml --install path`\n"));
    test(SPEC, &["-o", FILE, "--install=path", "--check"]).file(FILE, &current).run();
    let stale = current.replace("timeout: 85 minutes", "timeout: 61 minutes");
    let checked = test(SPEC, &["-o", FILE, "--install=path", "--check"]).file(FILE, stale);
    checked.status(3).stderr("...\n-  timeout: 61 minutes\n...\n[..]run `bakeplan workflow gitlab -o .gitlab/images.yml --install path`\n...\n").run();
    let by_hand = test(SPEC, &["-o", FILE, "--install=path"]).file(FILE, "images: {}\n").output();
    assert_eq!(by_hand.status.code(), Some(1));
}

#[test]
fn no_script_holds_what_gitlab_expands_and_the_template_is_yaml() {
    let template = Workflow::parse(&read("templates/gitlab.yml"));
    assert!(template.tree["images-plan"]["script"].is_array());
    for install in [
        "path",
        "pipx=1.2.3",
        "cargo=1.2.3",
        "git=https://example.com/a@0123456789abcdef0123456789abcdef01234567",
    ] {
        let tree = generated(
            SPEC,
            &["--install", install, "--environment=prod", "--setup=./ci/setup", "--timeout=build=7"],
        );
        for (name, job) in tree.as_object().unwrap().iter().filter(|(name, _)| *name != "variables") {
            let script = job["script"][0].as_str().unwrap_or_default();
            // `$[[ … ]]` are inputs, the only thing that GitLab itself replaces in a script.
            assert!(!script.contains("$[["), "{name}: {script}");
            assert!(name == "images" || job["timeout"].is_string(), "{name}");
            let publishes = [".images-push", ".images-merge"].contains(&name.as_str());
            assert_eq!(job["environment"]["name"] == "prod", publishes, "{name}");
            assert_eq!(
                script.contains("./ci/setup"),
                [".images-push", ".images-build"].contains(&name.as_str()),
                "{name}"
            );
        }
        assert_eq!(tree[".images-push"]["timeout"], "32 minutes");
        // One image plans and merges, as one program does.
        assert_eq!(tree["images-plan"]["image"], tree[".images-merge"]["image"]);
    }
}
