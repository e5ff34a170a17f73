//! How long `bakeplan merge` takes, beside `docker buildx imagetools create` on the same builds, registries and tags.
//!
//! Run it with the engine of the tests: `tests/engine/up` prints the variables that it needs (`BAKEPLAN_BUILDX`,
//! `BAKEPLAN_REGISTRY_1`, `BAKEPLAN_REGISTRY_2`), then `cargo bench --bench merge`. Without an engine it measures only
//! what needs none, with the buildx of `BAKEPLAN_BUILDX`, and without that nothing.
//!
//! Each number is the median of whole runs of the program, from start to exit; the programs take turns, so that a busy
//! machine slows both. Every run makes tags that were not there before. Ours reads, checks and reads back; theirs is run
//! once for each repository, as `bakeplan merge --dry-run` prints it. The requirements are printed beside the numbers,
//! and one that is not met makes the run fail.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own, which starts others and measures them"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "merge/delayed.rs"]
mod delayed;
#[path = "../tests/cli/loopback.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it belongs to the tests, which use the rest")]
mod loopback;
#[path = "../tests/cli/merge/world.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it belongs to the tests, which use the rest")]
mod world;

/// What the tests check results with, which no benchmark does.
mod schema {
    pub(crate) fn expect_result(_: &str) {}
}

/// How often each program runs.
const ROUNDS: usize = 15;

/// What is merged: tags, repositories, and how many times faster ours has to be than buildx 0.29.1, which is slow with many
/// tags; newer ones are beside it in the other table.
const CASES: [(&str, usize, usize, f64); 2] =
    [("3 tags, 2 platforms", 3, 1, 4.0), ("24 tags, 2 platforms, 2 repositories", 24, 2, 8.0)];

/// What is measured with, and where.
struct Bench {
    folder: PathBuf,
    buildx: String,
    repositories: Vec<String>,
    metadata: Value,
}

impl Bench {
    /// Builds two platforms with attestations, and pushes them by digest to both registries.
    fn new(folder: &Path) -> Option<Self> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let buildx = variable("BAKEPLAN_BUILDX")?;
        let path = format!("bench/{}", std::process::id());
        let registries = [variable("BAKEPLAN_REGISTRY_1")?, variable("BAKEPLAN_REGISTRY_2")?];
        let repositories: Vec<String> =
            registries.iter().map(|registry| format!("{registry}/{path}")).collect();
        let leg = |platform: &str| {
            json!({
                "dockerfile-inline": "FROM scratch\nARG TARGETARCH\nLABEL arch=$TARGETARCH\nCOPY docker-bake.json /\n",
                "platforms": [platform],
                "tags": repositories,
                // Without a store, two builds of one job cannot be in each other's way (docker/buildx#3576).
                "output": ["type=image,push=true,push-by-digest=true,name-canonical=true,store=false"],
            })
        };
        let file = json!({ "target": { "app-amd64": leg("linux/amd64"), "app-arm64": leg("linux/arm64") } });
        fs::write(folder.join("docker-bake.json"), file.to_string()).expect("the folder is ours");
        let mut command = Command::new(&buildx);
        command.args(["bake", "--metadata-file", "metadata.json", "app-amd64", "app-arm64"]);
        let status = command.current_dir(folder).stderr(Stdio::null()).status().expect("buildx starts");
        assert!(status.success(), "the builds failed");
        let metadata = fs::read(folder.join("metadata.json")).expect("buildx wrote it");
        let metadata = serde_json::from_slice(&metadata).expect("it is JSON");
        Some(Self { folder: folder.to_owned(), buildx, repositories, metadata })
    }

    /// Our run, with tags of its own.
    fn ours(&self, tags: &[String], repositories: &[String]) -> Duration {
        let tags: Vec<Value> =
            tags.iter().map(|tag| json!({ "name": tag, "class": "constant", "form": tag })).collect();
        let builds = json!({
            "app-amd64": { "platform": "linux/amd64" },
            "app-arm64": { "platform": "linux/arm64" },
        });
        let image = json!({ "repositories": repositories, "tags": tags, "builds": builds });
        let plan = json!({
            "schema": 2,
            "id": "0123456789abcdef",
            "definition": "fedcba9876543210",
            "images": { "app": image },
            "jobs": [],
        });
        fs::write(self.folder.join("plan.json"), plan.to_string()).expect("the folder is ours");
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command.args(["merge", "--plan", "plan.json", "--metadata", "metadata.json"]);
        self.time(command)
    }

    /// Theirs: one run for each repository.
    fn theirs(&self, tags: &[String], repositories: &[String]) -> Duration {
        let run = |repository: &String| {
            let mut command = Command::new(&self.buildx);
            command.args(["imagetools", "create"]);
            command.args(tags.iter().flat_map(|tag| ["-t".to_owned(), format!("{repository}:{tag}")]));
            let digest = |leg: &str| self.metadata[leg]["containerimage.digest"].as_str().unwrap_or_default();
            command.args(["app-amd64", "app-arm64"].map(|leg| format!("{repository}@{}", digest(leg))));
            self.time(command)
        };
        repositories.iter().map(run).sum()
    }

    fn time(&self, mut command: Command) -> Duration {
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let status = command.status().expect("the program starts");
        let took = started.elapsed();
        assert!(status.success(), "{command:?} failed");
        took
    }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn main() -> ExitCode {
    let Some(buildx) = env::var("BAKEPLAN_BUILDX").ok().filter(|value| !value.is_empty()) else {
        println!("there is no buildx: run `tests/engine/up` and set the variables that it prints");
        return ExitCode::SUCCESS;
    };
    let is_met = delayed::run(&buildx);
    if with_engine() && is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures with the engine's registries, if there are any; whether the requirements are met.
fn with_engine() -> bool {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let Some(bench) = Bench::new(folder.path()) else {
        println!("there is no engine: run `tests/engine/up` and set the variables that it prints");
        return true;
    };
    let mut is_met = true;
    println!("{:<40}{:>12}{:>16}{:>10}{:>10}", "", "bakeplan", "imagetools", "ratio", "required");
    for (case, (name, tags, repositories, required)) in CASES.into_iter().enumerate() {
        let repositories = &bench.repositories[..repositories];
        let tags = |who: &str, round: usize| -> Vec<String> {
            (0..tags).map(|at| format!("{who}-{case}-{round}-{at}")).collect()
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            ours.push(bench.ours(&tags("ours", round), repositories));
            theirs.push(bench.theirs(&tags("theirs", round), repositories));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        let ratio = theirs / ours;
        is_met &= ratio >= required;
        println!("{name:<40}{ours:>9.1} ms{theirs:>13.1} ms{ratio:>9.1}x{required:>9.1}x");
    }
    is_met
}
