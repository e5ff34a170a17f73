//! What benchmarks share: definitions, runs of the program that take turns, and requirements that are met or missed.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const BAKEPLAN: &str = env!("CARGO_BIN_EXE_bakeplan");

/// Targets as most files have them: a context, a tag with a variable, an argument and two platforms.
pub(crate) fn plain(count: usize) -> String {
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

/// A program with its arguments, run in a folder.
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Path,
    pub(crate) args: &'a [&'a str],
    pub(crate) folder: &'a Path,
    /// How often; a single run goes without one to warm up.
    pub(crate) rounds: usize,
}

impl Run<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command.args(self.args).current_dir(self.folder).stdin(Stdio::null());
        command
    }

    pub(crate) fn time(&self) -> Duration {
        let mut command = self.command();
        let start = Instant::now();
        let output =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).output().expect("the program starts");
        let time = start.elapsed();
        assert!(output.status.success(), "{:?}: {}", self.args, String::from_utf8_lossy(&output.stderr));
        time
    }

    /// The most memory that it has had, in MiB: as long as nobody takes its output, which is larger than a pipe, it
    /// waits, and has done all else. Linux only.
    pub(crate) fn peak(&self) -> Option<f64> {
        let mut child =
            self.command().stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut output = child.stdout.take().expect("it is piped");
        let first = output.read(&mut [0]);
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let rest = io::copy(&mut output, &mut io::sink());
        child.wait().expect("it was started");
        let (_, _, status) = (first.ok()?, rest.ok()?, status.ok()?);
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib / 1024.0)
    }
}

/// The median times of programs that take turns.
pub(crate) fn medians(runs: &[Run<'_>]) -> Vec<Duration> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); runs.len()];
    for round in 0..=runs.iter().map(|run| run.rounds).max().unwrap_or(0) {
        for (run, times) in runs.iter().zip(&mut times) {
            let is_warm_up = round == 0;
            if round > run.rounds || is_warm_up && run.rounds == 1 {
                continue;
            }
            let time = run.time();
            if !is_warm_up {
                times.push(time);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort());
    times.iter().map(|times| times[times.len() / 2]).collect()
}

pub(crate) fn ratio(slow: Duration, fast: Duration) -> f64 {
    slow.as_secs_f64() / fast.as_secs_f64()
}

/// What is printed, and whether a requirement was missed.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) missed: usize,
}

impl Report {
    pub(crate) fn time(what: &str, time: Duration) {
        println!("{what:<44} {:>9.1} ms", time.as_secs_f64() * 1e3);
    }

    /// A number beside what it should be.
    pub(crate) fn requirement(&mut self, what: &str, found: f64, unit: &str, wanted: Wanted) {
        let (met, bound) = match wanted {
            Wanted::AtLeast(least) => (found >= least, format!("at least {least}")),
            Wanted::AtMost(most) => (found <= most, format!("at most {most}")),
        };
        self.missed += usize::from(!met);
        let verdict = if met { "met" } else { "MISSED" };
        println!("  {what:<42} {found:>9.2} {unit:<5} {bound}: {verdict}");
    }
}

#[derive(Clone, Copy)]
#[allow(dead_code, reason = "not each benchmark asks for both")]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

/// Ten times the input may take eleven times the time, and a plan, which sorts and looks up names, a little more.
pub(crate) fn linear(report: &mut Report, what: &str, at_most: f64, small: Duration, large: Duration) {
    report.requirement(what, ratio(large, small), "times", Wanted::AtMost(at_most));
}

pub(crate) fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let place = folder.join(name);
    fs::create_dir_all(&place).expect("a folder of our own");
    fs::write(place.join("docker-bake.hcl"), text).expect("a file of our own");
    place
}
