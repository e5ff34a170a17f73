//! How long `bakeplan` takes, beside `docker buildx bake` on the same files in the same run.
//!
//! Run it with `cargo bench`, and with `BAKEPLAN_BUILDX=/path/to/docker-buildx cargo bench` to compare: the path is
//! that of buildx's own plugin (often `/usr/libexec/docker/cli-plugins/docker-buildx`), without Docker in front, which
//! would only add to its time. Without it, our own numbers alone are printed. Set `BAKEPLAN_BENCH_ALL=1` to run buildx
//! on 10 000 targets too, which takes minutes.
//!
//! Each number is the median of whole runs of the program, from start to exit, standard output thrown away; the
//! programs take turns, so that a busy machine slows all of them. The requirements are printed beside the numbers, and
//! one that is not met makes the run fail.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own, which starts others and measures them"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const BAKEPLAN: &str = env!("CARGO_BIN_EXE_bakeplan");
const MIB: u64 = 1 << 20;
const MAX_BINARY: u64 = 8 * MIB;

/// Targets as most files have them: a context, a tag with a variable, an argument and two platforms.
fn plain(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|at| format!("\"t{at}\"")).collect();
    let mut text = format!(
        "variable \"VERSION\" {{\n  default = \"1.2.3\"\n}}\n\ngroup \"default\" {{\n  targets = [{}]\n}}\n",
        names.join(", ")
    );
    for at in 0..count {
        let target = format!(
            r#"
target "t{at}" {{
  context = "./image{at}"
  tags = ["registry.example.com/acme/image{at}:${{VERSION}}"]
  args = {{
    INDEX = "{at}"
  }}
  platforms = ["linux/amd64", "linux/arm64"]
}}
"#
        );
        text.push_str(&target);
    }
    text
}

/// One target of a matrix of `count`, which inherits from a common one, in a group of groups.
fn matrix(count: usize) -> String {
    format!(
        r#"
variable "VERSION" {{
  default = "1.2.3"
}}
group "default" {{
  targets = ["images"]
}}
group "images" {{
  targets = ["image", "base"]
}}
target "_common" {{
  args = {{
    VERSION = VERSION
  }}
  labels = {{
    "org.opencontainers.image.version" = VERSION
  }}
  platforms = ["linux/amd64", "linux/arm64"]
}}
target "base" {{
  inherits = ["_common"]
}}
target "image" {{
  name = "image-${{replace(version, ".", "-")}}"
  matrix = {{
    version = formatlist("%d.0", range(0, {count}))
  }}
  inherits = ["_common"]
  contexts = {{
    base = "target:base"
  }}
  tags = ["registry.example.com/acme/image:${{version}}-${{VERSION}}"]
}}
"#
    )
}

/// [`plain`] for three platforms, with an image block for all that puts each platform into one job.
fn images(count: usize) -> String {
    let mut text = plain(count).replace("\"linux/arm64\"]", "\"linux/arm64\", \"linux/arm/v7\"]");
    text.push_str("\nimage {\n  jobs = \"platform\"\n}\n");
    for at in 0..count {
        writeln!(text, "image \"t{at}\" {{}}").expect("a string takes all");
    }
    text
}

/// A program with its arguments, run in a folder.
struct Run<'a> {
    program: &'a Path,
    args: &'a [&'a str],
    folder: &'a Path,
}

impl Run<'_> {
    fn time(&self) -> Duration {
        let mut command = Command::new(self.program);
        command.args(self.args).current_dir(self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        let start = Instant::now();
        let output = command.stderr(Stdio::piped()).output().expect("the program starts");
        let time = start.elapsed();
        assert!(output.status.success(), "{:?}: {}", self.args, String::from_utf8_lossy(&output.stderr));
        time
    }
}

/// The median times of programs that take turns; the first turn only warms up.
fn medians(runs: &[Run<'_>], rounds: usize) -> Vec<Duration> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); runs.len()];
    for round in 0..=rounds {
        for (run, times) in runs.iter().zip(&mut times) {
            let time = run.time();
            if round > 0 {
                times.push(time);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort());
    times.iter().map(|times| times[times.len() / 2]).collect()
}

fn ratio(slow: Duration, fast: Duration) -> f64 {
    slow.as_secs_f64() / fast.as_secs_f64()
}

/// What is printed, and whether a requirement was missed.
#[derive(Default)]
struct Report {
    missed: usize,
}

impl Report {
    fn line(&self, what: &str, time: Duration, note: &str) {
        println!("{what:<34} {:>9.1} ms  {note}", time.as_secs_f64() * 1e3);
    }

    /// Text for a number that should be at least, or at most, some other.
    fn requirement(&mut self, met: bool, text: &str) -> String {
        if met {
            return text.to_owned();
        }
        self.missed += 1;
        format!("{text}: MISSED")
    }
}

struct Case {
    name: &'static str,
    text: String,
    rounds: usize,
    /// How many times faster than buildx we have to be; `None` where buildx is not run.
    at_least: Option<f64>,
}

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it starts.
    if env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let buildx = env::var_os("BAKEPLAN_BUILDX").map(PathBuf::from);
    let mut report = Report::default();
    if buildx.is_none() {
        println!("BAKEPLAN_BUILDX is not set, so there is nothing to compare with");
    }

    let all = env::var_os("BAKEPLAN_BENCH_ALL").map(|_| 20.0);
    let cases = [
        Case { name: "1 target", text: plain(1), rounds: 21, at_least: Some(10.0) },
        Case { name: "1000 targets", text: plain(1000), rounds: 9, at_least: Some(20.0) },
        Case { name: "a matrix of 1000", text: matrix(1000), rounds: 9, at_least: Some(10.0) },
        Case {
            name: "10000 targets",
            text: plain(10_000),
            rounds: if all.is_some() { 1 } else { 9 },
            at_least: all,
        },
    ];
    let mut own = Vec::new();
    for case in &cases {
        let place = written(folder.path(), case.name, &case.text);
        let mut runs = vec![Run { program: Path::new(BAKEPLAN), args: &["print"], folder: &place }];
        let other = buildx.as_deref().filter(|_| case.at_least.is_some());
        runs.extend(other.map(|program| Run { program, args: &["bake", "--print"], folder: &place }));
        let times = medians(&runs, case.rounds);
        report.line(&format!("bakeplan print, {}", case.name), times[0], "");
        if let (Some(theirs), Some(at_least)) = (times.get(1), case.at_least) {
            let ratio = ratio(*theirs, times[0]);
            let text = format!("{ratio:.1} times ours (at least {at_least})");
            let note = report.requirement(ratio >= at_least, &text);
            report.line(&format!("buildx bake --print, {}", case.name), *theirs, &note);
        }
        own.push(times[0]);
    }
    linear(&mut report, "print, 1000 to 10000 targets", 11.0, own[1], own[3]);

    for command in ["plan", "bake"] {
        let times = [500, 5000].map(|count| {
            let place = written(folder.path(), &format!("{count} images"), &images(count));
            let run = Run { program: Path::new(BAKEPLAN), args: &[command], folder: &place };
            let time = medians(&[run], 7)[0];
            report.line(&format!("bakeplan {command}, {count} images x 3"), time, "");
            time
        });
        linear(&mut report, &format!("{command}, 500 to 5000 images"), 16.0, times[0], times[1]);
    }

    let size = fs::metadata(BAKEPLAN).expect("it was run").len();
    let text = format!("the binary has {:.2} MiB (at most {})", size as f64 / MIB as f64, MAX_BINARY / MIB);
    println!("{}", report.requirement(size <= MAX_BINARY, &text));
    if report.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Ten times the input may take eleven times the time, and a plan, which sorts and looks up names, a little more.
fn linear(report: &mut Report, what: &str, at_most: f64, small: Duration, large: Duration) {
    let ratio = ratio(large, small);
    println!(
        "{}",
        report.requirement(ratio <= at_most, &format!("{what}: {ratio:.1} times (at most {at_most})"))
    );
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let place = folder.join(name);
    fs::create_dir_all(&place).expect("a folder of our own");
    fs::write(place.join("docker-bake.hcl"), text).expect("a file of our own");
    place
}
