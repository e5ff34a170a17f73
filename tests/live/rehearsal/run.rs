//! A run of a workflow: its jobs and their steps in order, each job on a fresh runner, artifacts as folders.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::engine::Project;
use crate::github::expression::{Before, Scope};
use crate::github::{self, Workflow};

/// What starts a run: its event, ref and kind of ref, and whether it is in a fork.
pub(super) struct Start(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) bool,
);

pub(super) const PUSH: Start = Start("push", "refs/heads/main", "branch", false);

/// The commit that a run is of, with the number of the run.
pub(super) struct Commit {
    pub(super) run: u32,
    pub(super) hash: &'static str,
    pub(super) time: &'static str,
}

pub(super) const FIRST: Commit =
    Commit { run: 7, hash: "1111111111111111111111111111111111111111", time: "2026-09-21T10:20:00Z" };
pub(super) const SECOND: Commit =
    Commit { run: 8, hash: "2222222222222222222222222222222222222222", time: "2026-09-21T11:30:00Z" };

/// How the jobs of a run ended.
pub(super) struct Ended {
    /// Each row of the matrix.
    pub(super) rows: BTreeMap<String, bool>,
    /// The exit code of the step *Merge*, if it ran.
    pub(super) merge: Option<i32>,
    /// The exit code of the step *Verify*, if it ran.
    pub(super) verify: Option<i32>,
    /// Whether the check that a branch requires is green.
    pub(super) gate: bool,
    /// Everything that was printed.
    pub(super) log: String,
}

/// How a job ended.
struct Job {
    is_success: bool,
    /// The exit codes of the scripts that ran, by the step's name.
    codes: BTreeMap<String, i32>,
    outputs: Value,
}

pub(super) struct Run<'p> {
    workflow: Workflow,
    project: &'p Project,
    folder: TempDir,
    /// `github` and `secrets`.
    pub(super) contexts: Value,
    variables: Vec<(&'static str, String)>,
    /// The job *plan*, as others that need it see it.
    pub(super) plan: Value,
    /// Each row of the matrix, and whether its build succeeded.
    rows: BTreeMap<String, bool>,
    /// The names of the artifacts in the order in which they were uploaded.
    artifacts: Vec<String>,
    pub(super) log: String,
}

impl<'p> Run<'p> {
    pub(super) fn new(workflow: Workflow, project: &'p Project, start: &Start, commit: &Commit) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let Start(event, reference, kind, is_fork) = *start;
        let repository =
            json!({ "name": "app", "fork": is_fork, "default_branch": "main", "visibility": "public" });
        let own = json!({ "repo": { "full_name": "acme/app" } });
        let payload = json!({
            "repository": repository,
            "head_commit": { "id": commit.hash, "timestamp": commit.time },
            "pull_request": { "head": own, "base": own },
        });
        let payload_file = folder.path().join("event.json");
        fs::write(&payload_file, payload.to_string()).unwrap();
        let contexts = json!({
            "github": {
                "event_name": event, "ref": reference, "ref_type": kind, "event": payload, "token": "of-the-job",
            },
            "secrets": {},
        });
        let text = |text: &str| text.to_owned();
        let variables = vec![
            ("GITHUB_ACTIONS", text("true")),
            ("GITHUB_SERVER_URL", text("https://github.com")),
            ("GITHUB_REPOSITORY", text("acme/app")),
            ("GITHUB_WORKFLOW_REF", format!("acme/app/.github/workflows/images.yml@{reference}")),
            ("GITHUB_RUN_NUMBER", commit.run.to_string()),
            ("GITHUB_EVENT_NAME", text(event)),
            ("GITHUB_EVENT_PATH", payload_file.to_str().unwrap().to_owned()),
            ("GITHUB_REF", text(reference)),
            ("GITHUB_SHA", text(commit.hash)),
        ];
        // While there is an outage, no call succeeds that the file names.
        let docker = format!(
            "if [ -s '{outage}' ] && printf '%s ' \"$@\" \"$RUNNER_TEMP\" | grep -qFf '{outage}'; then\n\
             echo 'the connection was lost' >&2\nexit 1\nfi\nshift\nexec '{buildx}' \"$@\"",
            outage = folder.path().join("outage").display(),
            buildx = project.buildx_program().display(),
        );
        github::program(&folder.path().join("bin/docker"), &docker);
        github::bakeplan(&folder.path().join("bin/bakeplan"));
        let (plan, rows, log) = (Value::Null, BTreeMap::new(), String::new());
        let artifacts = Vec::new();
        Self { workflow, project, folder, contexts, variables, plan, rows, artifacts, log }
    }

    /// From now on, calls of Docker fail whose arguments, or the runner's folder behind them, hold this text; with none, no call
    /// does.
    pub(super) fn outage(&self, of: &str) {
        fs::write(self.folder.path().join("outage"), of).unwrap();
    }

    /// Where the metadata of a row is, of the plan that was made last.
    pub(super) fn metadata(&self, row: &str) -> PathBuf {
        let plan = self.plan["outputs"]["artifact"].as_str().expect("it is planned");
        self.folder.path().join("artifacts").join(format!("metadata.{plan}.{row}"))
    }

    /// The job *plan*; whether it succeeded.
    pub(super) fn plan(&mut self) -> bool {
        let ended = self.job("plan", "plan", &json!({}));
        self.plan = json!({ "result": result(ended.is_success), "outputs": ended.outputs });
        ended.is_success
    }

    /// The rows of the matrix, as the job that builds them reads it.
    pub(super) fn matrix(&self) -> Vec<Value> {
        let scope = Scope { contexts: json!({ "needs": { "plan": self.plan } }), before: Before::Success };
        let builds = self.building();
        let Some(builds) = builds else { return Vec::new() };
        let include = self.workflow.job(builds)["strategy"]["matrix"]["include"].as_str().unwrap();
        let expression = include.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap();
        scope.evaluate(expression).as_array().unwrap().clone()
    }

    /// Which job builds the rows, if one does.
    fn building(&self) -> Option<&'static str> {
        let before = if self.plan["result"] == "success" { Before::Success } else { Before::Failure };
        let scope = Scope { contexts: json!({ "needs": { "plan": self.plan } }), before };
        let runs = |job: &&str| scope.condition(self.workflow.job(job)["if"].as_str());
        let mut all = ["build", "push"].into_iter().filter(runs);
        let one = all.next();
        assert_eq!(all.next(), None, "two jobs build");
        one
    }

    /// Builds all rows; `before_row` is called with each before it is built.
    pub(super) fn build(&mut self, before_row: &dyn Fn(&str)) {
        self.rows.clear();
        self.build_rows(&|_| true, before_row);
    }

    /// The same where the runner of a row is lost, or its job cancelled by its timeout: nothing of it runs to its end.
    pub(super) fn build_without(&mut self, lost: &str) {
        self.rows.clear();
        self.build_rows(&|name| name != lost, &|_| {});
        self.rows.insert(lost.to_owned(), false);
    }

    /// What *Re-run failed jobs* does, without the jobs that need them.
    pub(super) fn build_failed_again(&mut self) {
        let failed: Vec<String> =
            self.rows.iter().filter(|(_, is_success)| !**is_success).map(|(name, _)| name.clone()).collect();
        assert!(!failed.is_empty(), "no row failed\n{}", self.log);
        self.build_rows(&|name| failed.iter().any(|one| one == name), &|_| {});
    }

    fn build_rows(&mut self, which: &dyn Fn(&str) -> bool, before_row: &dyn Fn(&str)) {
        let Some(job) = self.building() else { return };
        for row in self.matrix() {
            let name = row["job"].as_str().unwrap().to_owned();
            if which(&name) {
                before_row(&name);
                let ended = self.job(job, &name, &json!({ "matrix": row, "needs": { "plan": self.plan } }));
                self.rows.insert(name, ended.is_success);
            }
        }
    }

    /// The merge and the gate.
    pub(super) fn finish(&mut self) -> Ended {
        let is_built = self.rows.values().all(|is_success| *is_success);
        self.finish_after(result(is_built))
    }

    /// The same where the job that builds ended like this.
    pub(super) fn finish_after(&mut self, built: &str) -> Ended {
        let mut needs = json!({ "plan": self.plan });
        for job in ["build", "push"] {
            let ended = if self.building() == Some(job) { built } else { "skipped" };
            needs[job] = json!({ "result": ended });
        }
        let is_right = self.plan["result"] == "success" && built == "success";
        let before = if is_right { Before::Success } else { Before::Failure };
        let scope = Scope { contexts: json!({ "needs": needs.clone() }), before };
        let merge = scope
            .condition(self.workflow.job("merge")["if"].as_str())
            .then(|| self.job("merge", "merge", &json!({ "needs": needs.clone() })));
        let outputs = merge.as_ref().map_or(Value::Null, |merge| merge.outputs.clone());
        let ended = merge.as_ref().map_or("skipped", |merge| result(merge.is_success));
        needs["merge"] = json!({ "result": ended, "outputs": outputs });
        let gate = self.job("images-ok", "images-ok", &json!({ "needs": needs }));
        let code = |step: &str| merge.as_ref()?.codes.get(step).copied();
        Ended {
            rows: self.rows.clone(),
            merge: code("Merge"),
            verify: code("Verify"),
            gate: gate.is_success,
            log: self.log.clone(),
        }
    }

    /// Runs the steps of a job on a runner that nothing was run on.
    fn job(&mut self, name: &str, runner: &str, more: &Value) -> Job {
        let temporary = self.folder.path().join("runners").join(runner);
        if temporary.exists() {
            fs::remove_dir_all(&temporary).unwrap();
        }
        fs::create_dir_all(&temporary).unwrap();
        let mut contexts = self.contexts.clone();
        contexts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        contexts["runner"] = json!({ "temp": temporary });
        contexts["steps"] = json!({});
        let job = self.workflow.job(name).clone();
        assert!(job["env"].is_null(), "variables of a job are not rehearsed");
        let mut codes = BTreeMap::new();
        let mut before = Before::Success;
        for step in github::steps(&job) {
            let scope = Scope { contexts: contexts.clone(), before };
            let ended = scope.condition(step["if"].as_str()).then(|| {
                if step["run"].is_string() {
                    let (code, outputs) = self.script(step, &scope, &temporary);
                    if let Some(name) = step["name"].as_str() {
                        codes.insert(name.to_owned(), code);
                    }
                    (code == 0, outputs)
                } else {
                    self.action(step, &scope, &temporary)
                }
            });
            let outcome = ended.as_ref().map_or("skipped", |(is_success, _)| result(*is_success));
            if let Some(id) = step["id"].as_str() {
                let outputs = ended.map(|(_, outputs)| outputs).unwrap_or_default();
                contexts["steps"][id] = json!({ "outcome": outcome, "outputs": outputs });
            }
            if outcome == "failure" {
                before = Before::Failure;
            }
        }
        let scope = Scope { contexts, before };
        let outputs = job["outputs"].as_object().into_iter().flatten();
        let outputs =
            outputs.map(|(name, value)| (name.clone(), scope.interpolate(value.as_str().unwrap()).into()));
        let outputs = Value::Object(outputs.collect());
        Job { is_success: before == Before::Success, codes, outputs }
    }

    /// Runs a script; its exit code and its outputs.
    fn script(&mut self, step: &Value, scope: &Scope, temporary: &Path) -> (i32, Map<String, Value>) {
        let outputs = temporary.join("outputs");
        fs::write(&outputs, "").unwrap();
        let mut step = step.clone();
        for (name, value) in &self.variables {
            step["env"][name] = json!(value);
        }
        step["env"]["GITHUB_OUTPUT"] = json!(outputs);
        step["env"]["GITHUB_STEP_SUMMARY"] = json!(temporary.join("summary"));
        let path = format!("{}:{}", self.folder.path().join("bin").display(), github::path());
        let directory = step["working-directory"].as_str().map(|text| PathBuf::from(scope.interpolate(text)));
        let directory = directory.unwrap_or_else(|| self.project.root().to_owned());
        let ended = github::run(&step, scope, temporary, &directory, &path);
        self.log.extend([String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr)]);
        (ended.status.code().unwrap(), read_outputs(&fs::read_to_string(&outputs).unwrap()))
    }

    /// Does what an action does; whether it succeeds, and its outputs.
    fn action(&mut self, step: &Value, scope: &Scope, temporary: &Path) -> (bool, Map<String, Value>) {
        let with = |name: &str| scope.interpolate(step["with"][name].as_str().unwrap_or_default());
        let uses = step["uses"].as_str().expect("a step is a script or an action");
        let artifacts = self.folder.path().join("artifacts");
        let mut outputs = Map::new();
        let is_success = match uses.split('@').next().unwrap() {
            "actions/checkout" | "docker/setup-buildx-action" | "docker/setup-qemu-action" => true,
            "actions/upload-artifact" => {
                let (from, to) = (PathBuf::from(with("path")), artifacts.join(with("name")));
                let is_taken = to.exists() && with("overwrite") != "true";
                // Where there is no file, it warns and leaves everything as it is.
                if !is_taken && has_files(&from) {
                    if to.exists() {
                        fs::remove_dir_all(&to).unwrap();
                    }
                    super::copy(&from, &to);
                    lose_permissions(&to);
                    // Every upload has a number of its own.
                    self.artifacts.push(with("name"));
                    outputs.insert("artifact-id".to_owned(), self.artifacts.len().to_string().into());
                }
                !is_taken
            }
            "actions/download-artifact" => {
                // Where there is no artifact, there is no folder either.
                let to = PathBuf::from(with("path"));
                let id = with("artifact-ids");
                if id.is_empty() {
                    assert_eq!(with("merge-multiple"), "true");
                    let pattern = with("pattern");
                    let start = pattern.strip_suffix('*').expect("it is of a beginning");
                    for name in names(&artifacts).iter().filter(|name| name.starts_with(start)) {
                        super::copy(&artifacts.join(name), &to);
                    }
                } else {
                    let name = &self.artifacts[id.parse::<usize>().unwrap() - 1];
                    super::copy(&artifacts.join(name), &to);
                }
                true
            }
            local => {
                let folder = local.strip_prefix("./").unwrap_or_else(|| panic!("what does {local} do?"));
                let action = Workflow::parse(&self.project.read(&format!("{folder}/action.yml"))).tree;
                let inputs = action["inputs"].as_object().into_iter().flatten();
                let inputs: Map<String, Value> =
                    inputs.map(|(name, _)| (name.clone(), with(name).into())).collect();
                let mut scope = scope.clone();
                scope.contexts["inputs"] = inputs.into();
                scope.contexts["steps"] = json!({});
                let mut is_success = true;
                for step in github::steps(&action["runs"]) {
                    if !is_success {
                        break;
                    }
                    let (code, outputs) = self.script(step, &scope, temporary);
                    is_success = code == 0;
                    if let Some(id) = step["id"].as_str() {
                        scope.contexts["steps"][id] = json!({ "outputs": outputs });
                    }
                }
                // Also of one that failed.
                for (name, output) in action["outputs"].as_object().into_iter().flatten() {
                    let value = scope.interpolate(output["value"].as_str().unwrap());
                    outputs.insert(name.clone(), value.into());
                }
                is_success
            }
        };
        (is_success, outputs)
    }
}

fn result(is_success: bool) -> &'static str {
    if is_success { "success" } else { "failure" }
}

/// `NAME=VALUE`, or several lines after `NAME<<END`.
fn read_outputs(text: &str) -> Map<String, Value> {
    let (mut outputs, mut lines) = (Map::new(), text.lines());
    while let Some(line) = lines.next() {
        let at = |mark: &str| line.find(mark).unwrap_or(usize::MAX);
        let (name, value) = if at("=") < at("<<") {
            let (name, value) = line.split_once('=').unwrap();
            (name, value.to_owned())
        } else {
            let (name, end) = line.split_once("<<").expect("a line is an output");
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            (name, value.join("\n"))
        };
        outputs.insert(name.to_owned(), value.into());
    }
    outputs
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn has_files(folder: &Path) -> bool {
    names(folder).iter().map(|name| folder.join(name)).any(|path| path.is_file() || has_files(&path))
}

/// Artifacts keep no permissions.
fn lose_permissions(folder: &Path) {
    for path in names(folder).iter().map(|name| folder.join(name)) {
        if path.is_dir() {
            lose_permissions(&path);
        } else {
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}
