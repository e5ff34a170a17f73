//! A repository, what the program says of its images, and what buildx makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::engine::{Project, engine};

/// How many builds one run of buildx does: with more, a busy engine loses some.
const AT_ONCE: usize = 16;

/// How often a run is tried again whose builds the engine lost.
const TRIES: usize = 3;

/// What stands for the digest of a build that fails.
pub(super) const FAILS: &str = "fails";

/// What a build is known by: the digest of its manifest, which has those of its layers and of its config.
pub(super) type Digest = String;

/// A repository.
pub(super) struct World {
    project: Project,
    _folder: TempDir,
    /// What is set to the same in all builds, as `--set` takes it: what only the clock says.
    pub(super) fixed: Vec<String>,
    /// The variable that has the commit, where the definition declares one.
    pub(super) commit_variable: Option<&'static str>,
    /// Whether builds may fail; all that do are the same.
    pub(super) may_fail: bool,
    state: State,
}

/// What is known of a commit.
#[derive(Clone, Default)]
struct State {
    /// The hash of what each build reads, unless it is unknown.
    hashes: BTreeMap<String, Option<String>>,
    digests: BTreeMap<String, Digest>,
}

/// What was foretold of a commit, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// Each build: whether it has the same inputs, and whether it became the same.
    pub(super) builds: BTreeMap<String, Outcome>,
    /// The images that are built.
    pub(super) built: BTreeSet<String>,
    /// What was wrong.
    pub(super) wrong: Vec<String>,
}

/// What was foretold of a build, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) foretold_same: bool,
    pub(super) is_same: bool,
    /// Whether it fails now.
    pub(super) fails: bool,
    pub(super) why: String,
}

impl Step {
    /// How many builds were needless.
    pub(super) fn needless(&self) -> usize {
        self.builds.values().filter(|build| !build.foretold_same && build.is_same).count()
    }
}

impl World {
    /// A repository without commits.
    pub(super) fn new(name: &str) -> Self {
        // Plans are written elsewhere, as they are no part of it.
        let folder = tempfile::tempdir().unwrap();
        let project = Project::at(engine(), folder.path(), name);
        let world = Self {
            _folder: folder,
            project,
            fixed: Vec::new(),
            commit_variable: None,
            may_fail: false,
            state: State::default(),
        };
        world.shell("git init -q -b main .");
        world
    }

    pub(super) fn root(&self) -> &Path {
        self.project.root()
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let full = self.root().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    /// Runs a script at the top.
    pub(super) fn shell(&self, script: &str) {
        shell(self.root(), script);
    }

    /// What is in it, for who has to find out what is wrong.
    pub(super) fn shown(&self) -> String {
        shell(self.root(), "git ls-files -s; tail -n 50 $(git ls-files '*Dockerfile' '*.dockerignore')")
    }

    /// Commits all there is.
    pub(super) fn commit(&self) {
        self.shell("git add -A; git commit -q --allow-empty -m x");
    }

    /// What the builds of the commit are, without a word on whether they are right.
    pub(super) fn start(&mut self) {
        let (state, _) = self.planned();
        self.state = state;
        let legs: Vec<String> = self.state.hashes.keys().cloned().collect();
        self.state.digests = self.build(&legs);
    }

    /// Compares the commit, and what is in the working tree, with the commit before.
    pub(super) fn step(&mut self) -> Step {
        let verdicts = self.plan(&["--changed-since", "HEAD~1", "--format", "json"]);
        let verdicts: Value = serde_json::from_str(&verdicts).unwrap();
        let (mut now, images) = self.planned();
        let legs: Vec<String> = now.hashes.keys().cloned().collect();
        now.digests = self.build(&legs);
        let before = std::mem::replace(&mut self.state, now.clone());
        let mut step = Step::default();
        for (image, legs) in &images {
            let verdict = &verdicts["verdicts"][image.as_str()];
            let is_built = verdict["build"].as_bool().unwrap_or_else(|| panic!("`{image}` has a verdict"));
            let why = verdict["why"].as_str().unwrap().to_owned();
            if is_built {
                step.built.insert(image.clone());
            }
            let mut all_same = true;
            for leg in legs {
                let hash = &now.hashes[leg];
                let foretold_same = hash.is_some() && before.hashes.get(leg) == Some(hash);
                let is_same = before.digests.get(leg) == now.digests.get(leg);
                let fails = now.digests[leg] == FAILS;
                all_same &= foretold_same;
                if (foretold_same || !is_built) && !is_same {
                    step.wrong.push(format!("`{leg}` is another image now, but: {why}"));
                }
                step.builds.insert(leg.clone(), Outcome { foretold_same, is_same, fails, why: why.clone() });
            }
            // One image is as its builds are, whether git's objects tell or the working tree.
            if is_built == all_same {
                step.wrong.push(format!(
                    "`{image}` is built: {is_built}, but its hashes differ: {}: {why}",
                    !all_same
                ));
            }
        }
        step
    }

    /// The hash of each build, and the builds of each image.
    fn planned(&self) -> (State, BTreeMap<String, Vec<String>>) {
        let out = self.out();
        let out = out.to_str().unwrap();
        self.plan(&["--inputs", "--out", out]);
        let plan = std::fs::read(self.out().join("plan.json")).unwrap();
        let plan: Value = serde_json::from_slice(&plan).unwrap();
        let mut state = State::default();
        let mut images = BTreeMap::new();
        for (image, what) in plan["images"].as_object().unwrap() {
            let builds = what["builds"].as_object().unwrap();
            for (leg, build) in builds {
                let hash = build["inputs"]["hash"].as_str().map(str::to_owned);
                state.hashes.insert(leg.clone(), hash);
            }
            images.insert(image.clone(), builds.keys().cloned().collect());
        }
        (state, images)
    }

    fn plan(&self, arguments: &[&str]) -> String {
        let mut all: Vec<String> =
            ["plan"].iter().chain(arguments).map(|argument| (*argument).to_owned()).collect();
        if let Some(variable) = self.commit_variable {
            let commit = shell(self.root(), "git rev-parse HEAD");
            let commit = commit.trim();
            all.extend(["--var".into(), format!("{variable}={commit}")]);
            all.extend(["--fact".into(), format!("commit={commit}")]);
        }
        self.project.bakeplan(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Where plans are written.
    fn out(&self) -> PathBuf {
        self.project.scratch_folder().join("out")
    }

    /// What buildx makes of builds.
    fn build(&self, legs: &[String]) -> BTreeMap<String, Digest> {
        bake(&self.project, &self.out().join("docker-bake.json"), &self.fixed, legs, self.may_fail)
    }
}

/// What buildx makes of targets, whose names begin those of `fixed`, a list of what `--set` takes.
#[expect(clippy::print_stdout, reason = "shown where the test fails, for which it may be the cause")]
pub(super) fn bake(
    project: &Project,
    file: &Path,
    fixed: &[String],
    targets: &[String],
    may_fail: bool,
) -> BTreeMap<String, Digest> {
    let at_once = |targets: &[String]| match bake_at_once(project, file, fixed, targets) {
        Ok(built) => built,
        Err(why) if !may_fail => panic!("{why}"),
        Err(_) => {
            // A busy engine fails a build that it does the next time.
            let alone = |target: &String| {
                let tries =
                    (0..TRIES).map(|_| bake_at_once(project, file, fixed, std::slice::from_ref(target)));
                let mut built =
                    tries.filter_map(|built| built.inspect_err(|why| println!("{target}: {why}")).ok());
                built.next().unwrap_or_else(|| BTreeMap::from([(target.clone(), FAILS.to_owned())]))
            };
            targets.iter().flat_map(alone).collect()
        }
    };
    targets.chunks(AT_ONCE).flat_map(at_once).collect()
}

fn bake_at_once(
    project: &Project,
    file: &Path,
    fixed: &[String],
    targets: &[String],
) -> Result<BTreeMap<String, Digest>, String> {
    let metadata = file.with_file_name("metadata.json");
    // Times are no inputs, and nothing is kept of what is built.
    let mut arguments = vec!["bake", "--progress=quiet", "--provenance=false"];
    arguments.extend(["-f", file.to_str().unwrap(), "--metadata-file", metadata.to_str().unwrap()]);
    arguments.extend(["--set", "*.output=type=image,store=false,rewrite-timestamp=true"]);
    arguments.extend(["--set", "*.args.SOURCE_DATE_EPOCH=0"]);
    let is_of = |fixed: &&String| targets.iter().any(|target| fixed.split('.').next() == Some(target));
    arguments.extend(fixed.iter().filter(is_of).flat_map(|fixed| ["--set", fixed]));
    arguments.extend(targets.iter().map(String::as_str));
    let mut answer = project.try_buildx(&arguments);
    for _ in 1..TRIES {
        if answer.as_ref().is_err_and(|why| why.contains("no such job")) {
            answer = project.try_buildx(&arguments);
        }
    }
    answer?;
    let built: Value = serde_json::from_slice(&std::fs::read(&metadata).unwrap()).unwrap();
    let digest = |target: &String| {
        let digest = built[target.as_str()]["containerimage.digest"].as_str();
        (target.clone(), digest.unwrap_or_else(|| panic!("`{target}` has a digest")).to_owned())
    };
    Ok(targets.iter().map(digest).collect())
}

/// Runs a script in a folder; what it prints.
pub(super) fn shell(folder: &Path, script: &str) -> String {
    let output = Command::new("sh")
        .args(["-euc", script])
        .current_dir(folder)
        .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
        .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
