//! Pipelines of GitLab, rehearsed: the scripts of the parent and of the child pipeline run in order, each in a checkout of its
//! own, artifacts are copied, and then the registry is asked. After it, the recipe for any other CI.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::engine::Project;
use super::registry::Repository;
use super::rehearsal::{copy, project as definition, set};
use crate::github::{self, Workflow};
use crate::support;

const FILE: &str = ".gitlab/images.yml";

/// How the jobs of a pipeline ended.
struct Ended {
    /// Each job of the child pipeline that ran, in order.
    jobs: Vec<(String, i32)>,
    log: String,
}

impl Ended {
    fn status(&self, name: &str) -> Option<i32> {
        self.jobs.iter().find(|(job, _)| job == name).map(|(_, status)| *status)
    }
}

/// A pipeline: the committed file, the runner's programs, and what jobs leave behind.
struct Pipeline<'p> {
    project: &'p Project,
    folder: tempfile::TempDir,
    committed: Value,
    variables: Vec<(&'static str, String)>,
    log: String,
}

impl<'p> Pipeline<'p> {
    fn new(project: &'p Project, variables: &[(&'static str, &str)]) -> Self {
        Self::with(project, variables, &[])
    }

    /// One that is written with more options.
    fn with(project: &'p Project, variables: &[(&'static str, &str)], options: &[&str]) -> Self {
        let source = fs::read_to_string(project.root().join("docker-bake.hcl")).unwrap();
        let registries: BTreeSet<&str> = source
            .split('"')
            .filter(|text| text.contains(":") && text.contains('/'))
            .filter_map(|text| text.split('/').next())
            .collect();
        let logins: Vec<String> =
            registries.iter().map(|registry| format!("--login={registry}=none")).collect();
        let test = support::Test::new().file("docker-bake.hcl", &source).args([
            "workflow",
            "gitlab",
            "-o",
            FILE,
            "--install=path",
        ]);
        let test = test.args(options.iter().copied());
        let text = test.args(logins.iter().map(String::as_str)).run().read(FILE);
        let folder = tempfile::tempdir().unwrap();
        let docker =
            format!("case $1 in buildx) shift; exec '{}' \"$@\" ;; esac", project.buildx_program().display());
        github::program(&folder.path().join("bin/docker"), &docker);
        github::bakeplan(&folder.path().join("bin/bakeplan"));
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { project, folder, committed: Workflow::parse(&text).tree, variables, log: String::new() }
    }

    /// Runs a job: its checkout, the artifacts of earlier stages, its script, its own artifacts.
    fn run(&mut self, name: &str, job: &Value, artifacts: &[&str]) -> i32 {
        // A runner keeps its folders, and only a checkout cleans one: here, a job comes back to where it was before.
        let at = self.folder.path().join("checkouts").join(name);
        if job["variables"]["GIT_STRATEGY"] != "none" {
            if at.exists() {
                fs::remove_dir_all(&at).unwrap();
            }
            copy(self.project.root(), &at);
        }
        fs::create_dir_all(&at).unwrap();
        for from in artifacts {
            copy(&self.folder.path().join("artifacts").join(from), &at);
        }
        let mut command = Command::new("sh");
        let script: Vec<&str> =
            job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        command.args(["-e", "-c", &script.join("\n")]).current_dir(&at);
        command.env("PATH", format!("{}:{}", self.folder.path().join("bin").display(), github::path()));
        command.env("CI_PROJECT_DIR", &at).env("GITLAB_CI", "true").envs(self.variables.clone());
        // A job's container ends with all that it holds.
        let temporary = self.folder.path().join("temporary");
        fs::create_dir_all(&temporary).unwrap();
        command.env("TMPDIR", temporary);
        for (name, value) in job["variables"].as_object().into_iter().flatten() {
            command.env(name, value["value"].as_str().or(value.as_str()).unwrap());
        }
        let ended = command.output().unwrap();
        let (said, more) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        self.log.extend(["--- ", name, "\n", &said, &more]);
        // Those of the job's last run count, and of no other.
        let own = self.folder.path().join("artifacts").join(name);
        if own.exists() {
            fs::remove_dir_all(&own).unwrap();
        }
        if ended.status.success() || job["artifacts"]["when"] == "always" {
            for path in job["artifacts"]["paths"].as_array().into_iter().flatten() {
                let path = path.as_str().unwrap();
                copy(&at.join(path), &own.join(path));
            }
        }
        // Nothing of ours was in the build context.
        if job["services"].is_array() {
            let strange: Vec<_> = files(&at).difference(&files(self.project.root())).cloned().collect();
            assert!(strange.iter().all(|name| name == ".bakeplan"), "{strange:?}");
        }
        ended.status.code().unwrap()
    }

    /// Everything, for what publishes or does not; then, as somebody does who repeats what failed, each job that failed and
    /// the merge, after `mend`.
    fn rehearse_and_repeat(&mut self, publish: &str, mend: Option<&dyn Fn()>) -> Ended {
        let artifacts = self.folder.path().join("artifacts");
        if artifacts.exists() {
            fs::remove_dir_all(artifacts).unwrap();
        }
        let mut plan = self.committed["images-plan"].clone();
        plan["variables"]["BAKEPLAN_PUBLISH"] = publish.into();
        assert_eq!(self.run("images-plan", &plan, &[]), 0, "{}", self.log);
        let child = self
            .folder
            .path()
            .join("artifacts/images-plan")
            .join(self.committed["images"]["trigger"]["include"][0]["artifact"].as_str().unwrap());
        let child = Workflow::parse(&fs::read_to_string(child).unwrap()).tree;
        let child: Vec<(String, Value)> =
            child.as_object().unwrap().iter().map(|(name, job)| (name.clone(), self.extended(job))).collect();
        let mut jobs = Vec::new();
        let mut done: Vec<String> = Vec::new();
        let mut failed = false;
        for stage in [".pre", "build", "deploy"] {
            let mut of_stage = Vec::new();
            for (name, job) in
                child.iter().filter(|(_, job)| job["stage"].as_str().unwrap_or("test") == stage)
            {
                let runs = job["rules"][0]["when"] == "always" || !failed;
                if !runs {
                    continue;
                }
                let artifacts: Vec<&str> = if job["needs"].is_array() {
                    vec!["images-plan"]
                } else {
                    done.iter().map(String::as_str).collect()
                };
                let status = self.run(name, job, &artifacts);
                jobs.push((name.clone(), status));
                of_stage.push(name.clone());
            }
            // Jobs of a stage run at the same time.
            failed |=
                of_stage.iter().any(|name| jobs.iter().any(|(job, status)| job == name && *status != 0));
            done.extend(of_stage);
        }
        if let Some(mend) = mend {
            mend();
            for (name, status) in jobs.iter_mut().filter(|(_, status)| *status != 0) {
                let (_, job) = child.iter().find(|(known, _)| known == name).unwrap();
                let is_build = |one: &str| one.starts_with("build ");
                let earlier = |one: &&String| *one != "merge" && !(is_build(one) && is_build(name));
                let artifacts: Vec<&str> = done.iter().filter(earlier).map(String::as_str).collect();
                *status = self.run(name, job, &artifacts);
            }
        }
        Ended { jobs, log: std::mem::take(&mut self.log) }
    }

    fn rehearse(&mut self, publish: &str) -> Ended {
        self.rehearse_and_repeat(publish, None)
    }

    /// A job with what it extends.
    fn extended(&self, job: &Value) -> Value {
        let Some(base) = job["extends"].as_str() else { return job.clone() };
        let mut merged = self.committed[base].clone();
        assert!(merged.is_object(), "there is no {base}");
        for (key, value) in job.as_object().unwrap() {
            match value {
                Value::Object(members) if merged[key].is_object() => {
                    merged[key].as_object_mut().unwrap().extend(members.clone());
                }
                value => merged[key] = value.clone(),
            }
        }
        merged
    }
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

const PUSH: [(&str, &str); 6] = [
    ("CI_PIPELINE_SOURCE", "push"),
    ("CI_COMMIT_BRANCH", "main"),
    ("CI_DEFAULT_BRANCH", "main"),
    ("CI_PIPELINE_IID", "7"),
    ("CI_COMMIT_SHA", "5f3c1e0d9b8a5f3c1e0d9b8a5f3c1e0d9b8a5f3c"),
    ("CI_COMMIT_TIMESTAMP", "2026-09-21T10:00:00Z"),
];

fn tags(repository: &str) -> BTreeSet<String> {
    Repository::new(repository).tags()
}

#[test]
fn a_pipeline_in_which_all_goes_well_publishes_everything() {
    let (project, [tool, base, api, worker]) = definition("gitlab-good", "hold");
    let ended = Pipeline::new(&project, &PUSH).rehearse("true");
    assert!(ended.jobs.iter().all(|(_, status)| *status == 0), "{:?}\n{}", ended.jobs, ended.log);
    assert_eq!(ended.jobs.last().unwrap().0, "merge");
    assert_eq!(tags(&tool), set(&["1", "1.2.3"]));
    for repository in [base, api, worker] {
        assert_eq!(tags(&repository), set(&["2.0.0"]), "{repository}");
    }
    assert_eq!(Repository::new(&tool).index("1").platforms(), ["linux/amd64", "linux/arm64", "linux/s390x"]);
}

#[test]
fn only_what_has_changed_is_built_and_all_of_it_published() {
    let (project, [tool, base, api, worker]) = definition("gitlab-changed", "hold");
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]);
        let ended = command.args(words).current_dir(project.root()).output().unwrap();
        assert!(ended.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).unwrap().trim().to_owned()
    };
    let commit = |number: &str| {
        git(&["add", "-A"]);
        git(&["commit", "-q", "--allow-empty", "-m", number]);
        let hash = git(&["rev-parse", "HEAD"]);
        let others =
            PUSH.into_iter().filter(|(name, _)| !["CI_COMMIT_SHA", "CI_PIPELINE_IID"].contains(name));
        let variables: Vec<_> =
            others.chain([("CI_COMMIT_SHA", &*hash), ("CI_PIPELINE_IID", number)]).collect();
        Pipeline::with(&project, &variables, &["--only-changed", "--on-unknown=fail"]).rehearse("true")
    };
    let built = |ended: &Ended| -> Vec<String> {
        assert!(ended.jobs.iter().all(|(_, status)| *status == 0), "{:?}\n{}", ended.jobs, ended.log);
        let names = ended.jobs.iter().filter_map(|(name, _)| name.strip_prefix("build "));
        names.map(str::to_owned).collect()
    };
    // Every commit changes it.
    fs::write(project.root().join(".dockerignore"), ".git\n").unwrap();
    git(&["init", "-q", "-b", "main"]);
    let first = built(&commit("7"));
    assert!(first.len() > 3, "{first:?}");
    let digest = |repository: &str, tag: &str| Repository::new(repository).manifest(tag).body;
    let of_base = digest(&base, "2.0.0");
    let of_tool = digest(&tool, "1.2.3");
    fs::write(project.root().join("tool-s390x"), "another").unwrap();
    let second = built(&commit("8"));
    assert!(!second.is_empty() && second.iter().all(|name| name.starts_with("tool-")), "{second:?}");
    assert_ne!(digest(&tool, "1.2.3"), of_tool);
    assert_eq!(digest(&base, "2.0.0"), of_base);
    for repository in [base, api, worker] {
        assert_eq!(tags(&repository), set(&["2.0.0"]), "{repository}");
    }
    // Nothing has changed.
    assert_eq!(built(&commit("9")), [""; 0]);
}

#[test]
fn a_platform_or_a_target_that_fails_costs_only_what_needs_it() {
    for (broken, on_missing, merge) in
        [("tool-s390x", "drop", 5), ("tool-s390x", "hold", 5), ("api", "hold", 5)]
    {
        let (project, [tool, base, api, worker]) = definition("gitlab-broken", on_missing);
        let project = if broken == "api" {
            project.file("api.Dockerfile", "FROM base\nCOPY nothing /\n")
        } else {
            fs::remove_file(project.root().join("tool-s390x")).unwrap();
            project
        };
        let ended = Pipeline::new(&project, &PUSH).rehearse("true");
        assert_eq!(ended.status("merge"), Some(merge), "{broken}: {}", ended.log);
        assert!(
            ended.jobs.iter().any(|(name, status)| name.starts_with("build ") && *status != 0),
            "{:?}",
            ended.jobs
        );
        let held: &[&String] = match (broken, on_missing) {
            ("api", _) => &[&api],
            (_, "hold") => &[&tool],
            _ => &[],
        };
        for (repository, due) in [
            (&tool, set(&["1", "1.2.3"])),
            (&base, set(&["2.0.0"])),
            (&api, set(&["2.0.0"])),
            (&worker, set(&["2.0.0"])),
        ] {
            let due = if held.contains(&repository) { set(&[]) } else { due };
            assert_eq!(tags(repository), due, "{broken}, {on_missing}: {repository}\n{}", ended.log);
        }
        if on_missing == "drop" {
            assert_eq!(Repository::new(&tool).index("1").platforms(), ["linux/amd64", "linux/arm64"]);
        }
    }
}

#[test]
fn repeating_what_failed_completes_the_pipeline() {
    // Also where the merge published without it: a job that succeeded would not be repeated.
    for on_missing in ["hold", "drop"] {
        let (project, [tool, _, api, _]) = definition("gitlab-repeated", on_missing);
        fs::remove_file(project.root().join("tool-s390x")).unwrap();
        let root = project.root().to_owned();
        let mend = || fs::write(root.join("tool-s390x"), "s390x").unwrap();
        let ended = Pipeline::new(&project, &PUSH).rehearse_and_repeat("true", Some(&mend));
        assert!(ended.jobs.iter().all(|(_, status)| *status == 0), "{:?}\n{}", ended.jobs, ended.log);
        assert_eq!(tags(&tool), set(&["1", "1.2.3"]));
        assert_eq!(tags(&api), set(&["2.0.0"]));
        let index = Repository::new(&tool).index("1");
        assert_eq!(index.platforms(), ["linux/amd64", "linux/arm64", "linux/s390x"], "{on_missing}");
    }
}

/// A job of several targets leaves a file for each that was built where one failed, and a single one otherwise.
#[test]
fn a_job_that_runs_again_leaves_nothing_of_its_first_attempt() {
    let (project, [_, base, api, worker]) = definition("gitlab-again", "hold");
    let project = project.file("api.Dockerfile", "FROM base\nCOPY late /api\n");
    let root = project.root().to_owned();
    let mend = || fs::write(root.join("late"), "late").unwrap();
    let mut pipeline = Pipeline::new(&project, &PUSH);
    let ended = pipeline.rehearse_and_repeat("true", Some(&mend));
    assert!(ended.jobs.iter().all(|(_, status)| *status == 0), "{:?}\n{}", ended.jobs, ended.log);
    let left = pipeline.folder.path().join("artifacts/build base-linux-amd64/.bakeplan/metadata");
    assert_eq!(files(&left).len(), 1, "{:?}", files(&left));
    for repository in [base, api, worker] {
        assert_eq!(tags(&repository), set(&["2.0.0"]), "{repository}\n{}", ended.log);
    }
}

#[test]
fn what_another_pipeline_left_on_a_runner_is_not_published() {
    let (project, [tool, ..]) = definition("gitlab-left", "drop");
    let mut pipeline = Pipeline::new(&project, &PUSH);
    let ended = pipeline.rehearse("true");
    assert!(ended.jobs.iter().all(|(_, status)| *status == 0), "{:?}\n{}", ended.jobs, ended.log);
    assert_eq!(Repository::new(&tool).index("1").platforms(), ["linux/amd64", "linux/arm64", "linux/s390x"]);
    // The same commit, so that it is the same plan.
    fs::remove_file(project.root().join("tool-s390x")).unwrap();
    let ended = pipeline.rehearse("true");
    assert_eq!(ended.status("build tool-linux-s390x"), Some(1), "{}", ended.log);
    // It is published without it, and fails so that a retry takes it along.
    assert_eq!(ended.status("merge"), Some(5), "{}", ended.log);
    for tag in ["1", "1.2.3"] {
        assert_eq!(
            Repository::new(&tool).index(tag).platforms(),
            ["linux/amd64", "linux/arm64"],
            "{}",
            ended.log
        );
    }
}

#[test]
fn a_merge_request_is_built_and_not_published() {
    let request = [
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_SHA", "5f3c1e0d9b8a5f3c1e0d9b8a5f3c1e0d9b8a5f3c"),
    ];
    let (project, repositories) = definition("gitlab-request", "hold");
    let ended = Pipeline::new(&project, &request).rehearse("false");
    assert!(ended.jobs.iter().all(|(_, status)| *status == 0), "{:?}\n{}", ended.jobs, ended.log);
    assert_eq!(ended.status("merge"), None);
    assert!(ended.jobs.len() > 3, "{:?}", ended.jobs);
    for repository in &repositories {
        assert_eq!(tags(repository), set(&[]), "{repository}");
    }
}

/// The recipe for any other CI, by a shell, with a job after the other.
#[test]
fn the_recipe_for_any_other_ci_publishes_everything() {
    let page = support::read("docs/how-to/gitlab-and-others.md");
    let recipe = support::blocks(&page, "sh")
        .into_iter()
        .find(|block| block.contains("matrix --format json"))
        .expect("there is a recipe");
    assert!(recipe.lines().count() <= 10, "it has ten lines: {recipe}");
    for broken in ["", "tool-s390x", "worker.Dockerfile"] {
        let (project, [tool, base, api, worker]) = definition("other-ci", "hold");
        if !broken.is_empty() {
            fs::remove_file(project.root().join(broken)).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let docker = format!("shift; exec '{}' \"$@\"", project.buildx_program().display());
        github::program(&folder.path().join("bin/docker"), &docker);
        let called = folder.path().join("called");
        let program = format!(
            "echo \"$1\" >> '{}'\nexec '{}' \"$@\"",
            called.display(),
            env!("CARGO_BIN_EXE_bakeplan")
        );
        github::program(&folder.path().join("bin/bakeplan"), &program);
        let before = files(project.root());
        let mut command = Command::new("sh");
        command
            .args(["-e", "-c", recipe])
            .current_dir(project.root())
            .env("PLAN", folder.path().join("plan"));
        command.env("PATH", format!("{}:{}", folder.path().join("bin").display(), github::path()));
        let ended = command.output().unwrap();
        let log =
            format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        assert_eq!(ended.status.code(), Some(if broken.is_empty() { 0 } else { 5 }), "{broken}: {log}");
        assert_eq!(fs::read_to_string(&called).unwrap(), "plan\nmerge\nverify\n", "{log}");
        assert_eq!(files(project.root()), before, "nothing of ours is in the build context");
        let published: BTreeMap<&str, BTreeSet<String>> =
            [("tool", &tool), ("base", &base), ("api", &api), ("worker", &worker)]
                .map(|(name, at)| (name, tags(at)))
                .into();
        // Linked targets share a call, which leaves no metadata when one of them fails.
        let all = if broken == "worker.Dockerfile" { set(&[]) } else { set(&["2.0.0"]) };
        let tool = if broken == "tool-s390x" { set(&[]) } else { set(&["1", "1.2.3"]) };
        assert_eq!(
            published,
            BTreeMap::from([("tool", tool), ("base", all.clone()), ("api", all.clone()), ("worker", all)]),
            "{broken}: {log}"
        );
    }
}

/// How the recipe ends, whatever its programs do, with `sh -e` and without.
#[test]
fn the_recipe_ends_with_what_went_wrong() {
    let page = support::read("docs/how-to/gitlab-and-others.md");
    let blocks = support::blocks(&page, "sh");
    let recipe = blocks.into_iter().find(|block| block.contains("matrix --format json")).expect("a recipe");
    for (merge, verify, status, called) in [
        (0, 0, 0, "plan merge verify"),
        (0, 4, 4, "plan merge verify"),
        (5, 0, 5, "plan merge verify"),
        (5, 4, 5, "plan merge verify"),
        (1, 0, 1, "plan merge"),
        (4, 0, 4, "plan merge"),
    ] {
        for option in ["-e", "-u"] {
            let folder = tempfile::tempdir().unwrap();
            let script = format!(
                "echo $1 >> \"$PLAN.called\"\ncase $1 in plan) mkdir -p \"$PLAN\"; echo '[]' > \"$PLAN/matrix.json\" ;; merge) exit {merge} ;; verify) exit {verify} ;; esac"
            );
            github::program(&folder.path().join("bin/bakeplan"), &script);
            let plan = folder.path().join("plan");
            let path = format!("{}:{}", folder.path().join("bin").display(), github::path());
            let ended = Command::new("sh")
                .args([option, "-c", recipe])
                .env("PLAN", &plan)
                .env("PATH", path)
                .output()
                .unwrap();
            let real = fs::read_to_string(plan.with_extension("called")).unwrap();
            let told = real.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(
                (ended.status.code(), told.as_str()),
                (Some(status), called),
                "{option} {merge} {verify}: {ended:?}"
            );
        }
    }
}

/// A folder that is used again: what an earlier run left there is neither followed nor merged, with `sh -e` and without.
#[test]
fn the_recipe_takes_nothing_from_an_earlier_run() {
    let page = support::read("docs/how-to/gitlab-and-others.md");
    let blocks = support::blocks(&page, "sh");
    let recipe = blocks.into_iter().find(|block| block.contains("matrix --format json")).expect("a recipe");
    let row = r#"[{"allow": [], "metadata": "app.json", "targets": "app"}]"#;
    for option in ["-e", "-u"] {
        let folder = tempfile::tempdir().unwrap();
        let plan = folder.path().join("plan");
        let script = format!(
            "echo $1 >> \"$PLAN.called\"\ncase $1 in plan) [ -z \"$PLAN_FAILS\" ] || exit 1; mkdir -p \"$PLAN\"; echo '{row}' > \"$PLAN/matrix.json\" ;; merge) ls \"$PLAN/metadata\" >> \"$PLAN.called\" ;; esac"
        );
        github::program(&folder.path().join("bin/bakeplan"), &script);
        let build = "[ -z \"$BUILD_FAILS\" ] || exit 1\necho '{}' > \"$PLAN/metadata/app.json\"";
        github::program(&folder.path().join("bin/docker"), build);
        let path = format!("{}:{}", folder.path().join("bin").display(), github::path());
        for (plan_fails, build_fails, status, called) in [
            ("", "", 0, "plan merge app.json verify"),
            ("", "yes", 0, "plan merge verify"),
            ("", "", 0, "plan merge app.json verify"),
            ("yes", "", 1, "plan"),
        ] {
            let ended = Command::new("sh")
                .args([option, "-c", recipe])
                .env("PLAN", &plan)
                .env("PATH", &path)
                .env("PLAN_FAILS", plan_fails)
                .env("BUILD_FAILS", build_fails)
                .output()
                .unwrap();
            let log = plan.with_extension("called");
            let told = fs::read_to_string(&log).unwrap();
            let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(
                (ended.status.code(), told.as_str()),
                (Some(status), called),
                "{option} {plan_fails} {build_fails}: {ended:?}"
            );
            fs::remove_file(log).unwrap();
        }
    }
}
