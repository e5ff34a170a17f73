//! The same beside registries in this process that answer after a fixed time, as far-away ones do. They need no engine:
//! of Docker, only buildx (`BAKEPLAN_BUILDX`).
//!
//! Every run has registries of its own, which hold one older version. Ours is beside one call of `imagetools create` for
//! each image, one after another, as people script them; requests are counted, too.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bakeplan::internals::registry::{Store, TagOrDigest};
use serde_json::{Value, json};

use super::loopback::Server;
use super::median;
use super::world::{Build, World, put_tag};

/// How long a registry takes to answer, when it does not answer at once.
const DELAY: Duration = Duration::from_millis(50);

/// What is merged, and what is required.
struct Case {
    name: &'static str,
    delay: Duration,
    images: usize,
    /// One of them is the version's own, the others are floating.
    tags: usize,
    repositories: usize,
    platforms: &'static [&'static str],
    rounds: usize,
    /// How many times faster ours has to be.
    ratio: f64,
    /// How many requests it may take. One for each repository asks for its tags again once the version's own is written: a
    /// list that lacks it may lack a greater version as well.
    requests: usize,
}

const CASES: [Case; 3] = [
    Case {
        name: "24 tags, 2 platforms, 2 registries, 50 ms",
        delay: DELAY,
        images: 1,
        tags: 24,
        repositories: 2,
        platforms: &["linux/amd64", "linux/arm64"],
        rounds: 5,
        ratio: 2.5,
        requests: 136,
    },
    Case {
        name: "24 tags, 2 platforms, 2 registries, 0 ms",
        delay: Duration::ZERO,
        images: 1,
        tags: 24,
        repositories: 2,
        platforms: &["linux/amd64", "linux/arm64"],
        rounds: 9,
        ratio: 1.0,
        requests: 136,
    },
    Case {
        name: "50 images, 5 tags, 4 platforms, 50 ms",
        delay: DELAY,
        images: 50,
        tags: 5,
        repositories: 1,
        platforms: &["linux/amd64", "linux/arm64", "linux/s390x", "linux/ppc64le"],
        rounds: 1,
        ratio: 4.0,
        requests: 2150,
    },
];

/// Measures all cases and prints them; whether all requirements are met.
pub(crate) fn run(buildx: &str) -> bool {
    let version = Command::new(buildx).arg("version").output().expect("buildx starts");
    println!("\nregistries in this process, beside {}", String::from_utf8_lossy(&version.stdout).trim());
    println!(
        "{:<44}{:>12}{:>10}{:>16}{:>10}{:>8}{:>22}",
        "", "bakeplan", "requests", "imagetools", "requests", "ratio", "required"
    );
    let mut is_met = true;
    for case in &CASES {
        is_met &= measure(case, buildx);
    }
    is_met
}

fn measure(case: &Case, buildx: &str) -> bool {
    let (mut ours, mut theirs, mut counts) = (Vec::new(), Vec::new(), (0, 0));
    for _ in 0..case.rounds {
        let bench = Bench::new(case);
        ours.push(bench.ours());
        counts.0 = bench.requests();
        let bench = Bench::new(case);
        theirs.push(bench.theirs(buildx));
        counts.1 = bench.requests();
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = theirs / ours;
    println!(
        "{:<44}{ours:>9.1} ms{:>10}{theirs:>13.1} ms{:>10}{ratio:>7.1}x{:>13.1}x, <= {}",
        case.name, counts.0, counts.1, case.ratio, case.requests
    );
    ratio >= case.ratio && counts.0 <= case.requests
}

/// Builds of all images, in registries that answer after a while.
struct Bench<'a> {
    case: &'a Case,
    world: World,
    servers: Vec<Server>,
}

impl<'a> Bench<'a> {
    fn new(case: &'a Case) -> Self {
        let mut world = World::new();
        for image in 0..case.images {
            let repositories: Vec<String> =
                (0..case.repositories).map(|site| repository(image, site)).collect();
            let repositories: Vec<&str> = repositories.iter().map(String::as_str).collect();
            for platform in case.platforms {
                let leg = leg(image, platform);
                let digest = world.build(&repositories, Build::new(&leg, platform).salt(&leg));
                for repository in &repositories {
                    let layout = world.layout(repository);
                    let older = layout.get_manifest(&TagOrDigest::Digest(digest.clone()));
                    put_tag(&layout, "0.1.0", &older.expect("it is read").expect("it was built"));
                }
            }
        }
        let delay = case.delay;
        let serve = |_| {
            world.serve_through(move |_, forward| {
                thread::sleep(delay);
                forward().into()
            })
        };
        let servers = (0..case.repositories).map(serve).collect();
        Self { case, world, servers }
    }

    fn requests(&self) -> usize {
        self.servers.iter().map(|server| server.lines().len()).sum()
    }

    /// The repositories of an image, each in a registry of its own.
    fn repositories(&self, image: usize) -> Vec<String> {
        let sites = self.servers.iter().enumerate();
        sites.map(|(site, server)| format!("{}/{}", server.host(), repository(image, site))).collect()
    }

    fn tags(&self) -> Vec<(String, Value)> {
        let own = json!({ "name": "1.4.2", "class": "version", "form": "{version}" });
        let floating = (1..self.case.tags).map(|at| {
            let (numbers, suffix) = (at % 3, format!("-s{at}"));
            let name = ["latest", "1", "1.4"][numbers];
            let form = if numbers == 0 { "latest" } else { "{version}" };
            let tag = json!({
                "name": format!("{name}{suffix}"),
                "floating": true,
                "class": "version",
                "numbers": numbers,
                "form": format!("{form}{suffix}"),
                "family": [format!("{{version}}{suffix}")],
            });
            (format!("{name}{suffix}"), tag)
        });
        std::iter::once(("1.4.2".to_owned(), own)).chain(floating).collect()
    }

    fn ours(&self) -> Duration {
        let tags: Vec<Value> = self.tags().into_iter().map(|(_, tag)| tag).collect();
        let image = |at: usize| {
            let builds: serde_json::Map<String, Value> = self
                .case
                .platforms
                .iter()
                .map(|platform| (leg(at, platform), json!({ "platform": platform })))
                .collect();
            let image = json!({
                "version": "1.4.2",
                "repositories": self.repositories(at),
                "tags": tags,
                "builds": builds,
            });
            (format!("app-{at}"), image)
        };
        let images: serde_json::Map<String, Value> = (0..self.case.images).map(image).collect();
        let plan = json!({
            "schema": 2,
            "id": "0123456789abcdef",
            "definition": "fedcba9876543210",
            "images": images,
            "jobs": [],
        });
        let write = |name: &str, text: String| {
            std::fs::write(self.world.root().join(name), text).expect("the folder is ours");
        };
        write("plan.json", plan.to_string());
        write("metadata.json", self.world.metadata());
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command.args(["merge", "--plan", "plan.json", "--metadata", "metadata.json"]);
        self.time(&mut command)
    }

    /// Theirs: one run for each image.
    fn theirs(&self, buildx: &str) -> Duration {
        let run = |image: usize| {
            let repositories = self.repositories(image);
            let mut command = Command::new(buildx);
            command.args(["imagetools", "create"]);
            for (tag, _) in self.tags() {
                command.args(repositories.iter().flat_map(|one| ["-t".to_owned(), format!("{one}:{tag}")]));
            }
            let source =
                |platform: &&str| format!("{}@{}", repositories[0], self.world.built[&leg(image, platform)]);
            command.args(self.case.platforms.iter().map(source));
            self.time(&mut command)
        };
        (0..self.case.images).map(run).sum()
    }

    fn time(&self, command: &mut Command) -> Duration {
        command.current_dir(self.world.root()).stdin(Stdio::null());
        let started = Instant::now();
        let output = command.output().expect("the program starts");
        let took = started.elapsed();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?} failed: {told}");
        took
    }
}

fn repository(image: usize, site: usize) -> String {
    format!("{}/app-{image}", ["acme", "mirror"][site])
}

fn leg(image: usize, platform: &str) -> String {
    format!("app-{image}-{}", platform.replace('/', "-"))
}
