//! How long `bakeplan plan --inputs` and `plan --changed-since` take in a git repository of many files, beside `plan`
//! without them in the same run.
//!
//! Run it with `cargo bench --bench inputs`. The contexts are folders of their own, folders with an ignore file, or the top
//! of the repository, as in monorepos. The requirements are printed beside
//! the numbers, and one that is not met makes the run fail.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own, which starts others and measures them"
)]

#[allow(dead_code, reason = "definitions of targets alone are for the others")]
mod measure;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use measure::{BAKEPLAN, Report, Run, Wanted, medians, ratio};

/// What each image of a repository is built from.
#[derive(Clone, Copy)]
enum Contexts {
    /// A folder of its own, all of it.
    Own,
    /// A folder of its own, with an ignore file that cuts through it.
    Ignoring,
    /// The top of the repository, of which its Dockerfile copies one folder.
    Shared,
}

/// How many files each image has.
const FILES: usize = 200;

/// How many images, from what, and how often they are planned.
const CASES: [(usize, Contexts, &str, usize); 4] = [
    (100, Contexts::Own, "100 images, own contexts", 11),
    (100, Contexts::Ignoring, "100 images, ignore files", 11),
    (100, Contexts::Shared, "100 images, one context", 11),
    (1000, Contexts::Own, "1000 images, own contexts", 5),
];

/// How many times as long as a plan without it, for 100 images and 20,000 files.
const MOST_TIMES: f64 = 10.0;

/// In seconds, for 1,000 images and 200,000 files.
const MOST_SECONDS: f64 = 2.0;

/// How much more memory than a plan without it, in MiB.
const MOST_MEMORY: f64 = 150.0;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it starts.
    if env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut report = Report::default();
    for (count, contexts, name, rounds) in CASES {
        let place = repository(folder.path(), name, count, contexts);
        let run = |args| Run { program: Path::new(BAKEPLAN), args, folder: &place, rounds };
        let runs = [
            run(&["plan", "--out", "out"]),
            run(&["plan", "--out", "out-inputs", "--inputs"]),
            run(&["plan", "--out", "out-changed", "--changed-since", "HEAD~1"]),
        ];
        let peaks = runs.each_ref().map(Run::peak);
        let times = medians(&runs);
        let [(plan, least), rest @ ..] = &times.iter().zip(peaks).collect::<Vec<_>>()[..] else {
            unreachable!("one for each")
        };
        Report::time(&format!("plan, {name}"), **plan);
        for ((time, peak), what) in rest.iter().zip(["--inputs", "--changed-since"]) {
            Report::time(&format!("plan {what}, {name}"), **time);
            if count < 1000 {
                report.requirement("times as long", ratio(**time, **plan), "", Wanted::AtMost(MOST_TIMES));
            } else {
                report.requirement("at all", time.as_secs_f64(), "s", Wanted::AtMost(MOST_SECONDS));
            }
            if let (Some(least), Some(peak)) = (least, peak) {
                report.requirement("more memory", peak - least, "MiB", Wanted::AtMost(MOST_MEMORY));
            }
        }
    }
    if report.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A repository with two commits, of which the second changes one file.
fn repository(folder: &Path, name: &str, count: usize, contexts: Contexts) -> PathBuf {
    let place = folder.join(name);
    let mut definition = String::new();
    for at in 0..count {
        let image = place.join(format!("image{at}"));
        let (context, dockerfile, copies) = match contexts {
            Contexts::Own | Contexts::Ignoring => (format!("image{at}"), "Dockerfile".to_owned(), "."),
            Contexts::Shared => (".".to_owned(), format!("image{at}/Dockerfile"), ""),
        };
        let copies = if copies.is_empty() { format!("image{at}") } else { copies.to_owned() };
        for file in 0..FILES {
            // Ten folders, since no folder of a real repository holds all files.
            let inner = image.join(format!("src/part{}", file % 10));
            fs::create_dir_all(&inner).expect("a folder of our own");
            fs::write(inner.join(format!("file{file}.txt")), format!("{at} {file}\n"))
                .expect("a file of our own");
        }
        fs::write(image.join("Dockerfile"), format!("FROM scratch\nCOPY {copies} /app\n")).expect("a file");
        if matches!(contexts, Contexts::Ignoring) {
            fs::write(image.join(".dockerignore"), "**/*.md\nsrc/part3\n!src/part3/file3.txt\n")
                .expect("a file");
        }
        let platforms = "platforms = [\"linux/amd64\", \"linux/arm64\"]";
        write!(
            definition,
            "target \"image{at}\" {{\n  context = \"{context}\"\n  dockerfile = \"{dockerfile}\"\n  {platforms}\n}}\n\
             image \"image{at}\" {{\n  repositories = [\"ghcr.io/acme/image{at}\"]\n  tags = [\"edge\"]\n}}\n"
        )
        .expect("a text takes all");
    }
    if matches!(contexts, Contexts::Shared) {
        fs::write(place.join(".dockerignore"), "**/*.md\n**/part3/*\n!**/file3.txt\n").expect("a file");
    }
    fs::write(place.join("docker-bake.hcl"), definition).expect("a file of our own");
    fs::write(place.join(".gitignore"), "out*\n").expect("a file of our own");
    git(&place, &["init", "-q"]);
    git(&place, &["add", "."]);
    git(&place, &["commit", "-q", "-m", "first"]);
    fs::write(place.join("image7/src/part7/file7.txt"), "another\n").expect("a file of our own");
    git(&place, &["commit", "-q", "-a", "-m", "second"]);
    place
}

fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "gc.auto=0"];
    let status =
        Command::new("git").args(identity).args(args).current_dir(folder).status().expect("git starts");
    assert!(status.success(), "git {args:?}");
}
