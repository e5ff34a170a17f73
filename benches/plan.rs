//! How long `bakeplan plan --out` takes, and how much memory, beside `bakeplan print` on the same files in the same run.
//!
//! Run it with `cargo bench --bench plan`. The plan writes twice as many targets as `print` shows, one for each platform
//! besides those of the source, and their images and jobs. The first run of a plan writes its files, and the others, which
//! are timed, find them unchanged, so that no disk is measured. The programs take turns, so that a busy machine slows
//! both. The requirements are printed beside the numbers, and one that is not met makes the run fail.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own, which starts others and measures them"
)]

mod measure;

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use measure::{BAKEPLAN, Report, Run, Wanted, linear, medians, plain, ratio, written};

/// How many targets, how often they are planned, and how much memory that may take, in MiB.
const CASES: [(usize, usize, Option<f64>); 3] =
    [(1000, 21, None), (10_000, 11, Some(150.0)), (50_000, 5, None)];

/// How many times as long as `print` a plan may take.
const MOST: f64 = 3.0;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it starts.
    if env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut report = Report::default();
    let mut times: Vec<(usize, Duration)> = Vec::new();
    for (count, rounds, most_memory) in CASES {
        let place = written(folder.path(), &format!("{count} targets"), &plain(count));
        let run = |args| Run { program: Path::new(BAKEPLAN), args, folder: &place, rounds };
        let runs = [run(&["print"]), run(&["plan", "--out", "out"])];
        let peaks = runs.each_ref().map(Run::peak);
        let [print, plan] = medians(&runs)[..] else { unreachable!("one for each") };
        Report::time(&format!("bakeplan print, {count} targets"), print);
        Report::time(&format!("bakeplan plan --out, {count} targets"), plan);
        report.requirement("times as long", ratio(plan, print), "", Wanted::AtMost(MOST));
        if let [Some(print), Some(plan)] = peaks {
            println!("  {:<42} {print:>9.1} MiB", "peak memory of print");
            match most_memory {
                Some(most) => report.requirement("peak memory of plan", plan, "MiB", Wanted::AtMost(most)),
                None => println!("  {:<42} {plan:>9.1} MiB", "peak memory of plan"),
            }
        }
        times.push((count, plan));
    }
    for pair in times.windows(2) {
        let [(few, short), (many, long)] = *pair else { continue };
        // What is sorted and looked up grows a little faster, and large memory is slower.
        let at_most = (many / few) as f64 * 1.3;
        linear(&mut report, &format!("plan --out, {few} to {many} targets"), at_most, short, long);
    }
    if report.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
