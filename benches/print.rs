//! How long `bakeplan` takes, beside `docker buildx bake` on the same files in the same run.
//!
//! Run it with `cargo bench`, and with `BAKEPLAN_BUILDX=/path/to/docker-buildx cargo bench` to compare: the path is
//! that of buildx's own plugin (often `/usr/libexec/docker/cli-plugins/docker-buildx`), without Docker in front, which
//! would only add to its time. Without it, our own numbers alone are printed. Set `BAKEPLAN_BENCH_ALL=1` to run buildx
//! on 10 000 targets too, which takes minutes.
//!
//! Each number is the median of whole runs of the program, from start to exit, standard output thrown away; the
//! programs take turns, so that a busy machine slows all of them. The floor is this program run as `--floor`, which
//! reads the file, parses it with our parser and writes the tree as JSON: what any implementation has to do. The
//! requirements are printed beside the numbers, and one that is not met makes the run fail.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own, which starts others and measures them"
)]

mod measure;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bakeplan::internals::bake::text::hcl;
use bakeplan::internals::bake::text::syntax::{Body, Expr, ExprKind, ObjectKey};
use bakeplan::internals::json::{Json, Member};
use bakeplan::internals::source::Sources;
use measure::{BAKEPLAN, Report, Run, Wanted, linear, medians, plain, ratio, written};

/// That of the program, for the floor.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MIB: u64 = 1 << 20;
/// TLS, authorities and time zones are half of it.
const MAX_BINARY: u64 = 12 * MIB;

/// How many values the second axis of a matrix has. (`range` gives at most 1024.)
const VARIANTS: usize = 100;

/// One target of a matrix of `count`, which inherits from a common one, in a group of groups.
fn matrix(count: usize) -> String {
    let versions = count / VARIANTS;
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
  name = "image-${{replace(version, ".", "-")}}-${{variant}}"
  matrix = {{
    version = formatlist("%d.0", range(0, {versions}))
    variant = range(0, {VARIANTS})
  }}
  inherits = ["_common"]
  contexts = {{
    base = "target:base"
  }}
  tags = ["registry.example.com/acme/image:${{version}}-${{variant}}-${{VERSION}}"]
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

/// Reads a file, parses it, and writes its tree as JSON.
fn floor(path: &str) {
    let text = fs::read_to_string(path).expect("a file of ours");
    let mut sources = Sources::default();
    let id = sources.add(path, text);
    let body = hcl::parse_hcl(&sources, id).expect("it is valid");
    let text = tree(&sources, &body).to_pretty();
    io::stdout().write_all(text.as_bytes()).expect("somebody reads it");
    std::mem::forget((body, sources));
}

fn tree<'a>(sources: &'a Sources, body: &'a Body) -> Json<'a> {
    let attributes =
        body.attributes.iter().map(|one| (Into::into(&*one.name.name), value(sources, &one.value)));
    let blocks = body.blocks.iter().map(|block| {
        let label = block.labels.first().map_or(&*block.kind.name, |label| &label.name);
        (label.into(), tree(sources, &block.body))
    });
    Json::Object(attributes.chain(blocks).collect())
}

fn value<'a>(sources: &'a Sources, expr: &'a Expr) -> Json<'a> {
    match &expr.kind {
        ExprKind::String(text) => Json::from(&**text),
        ExprKind::Tuple(items) => items.iter().map(|item| value(sources, item)).collect(),
        ExprKind::Object(items) => Json::Object(
            items
                .iter()
                .filter_map(|(key, item)| {
                    let ObjectKey::Name(key) = key else { return None };
                    let member: Member<'_> = (Into::into(&*key.name), value(sources, item));
                    Some(member)
                })
                .collect(),
        ),
        _ => Json::from(sources.text(expr.span)),
    }
}

struct Case {
    name: &'static str,
    text: String,
    rounds: usize,
    /// How many times faster than buildx we have to be.
    at_least: f64,
    /// Whether buildx takes a minute.
    is_slow: bool,
    /// Whether the floor is measured: for a matrix, the tree is not what is printed.
    has_floor: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    // `cargo test --benches` only wants to know that it starts.
    if arguments.iter().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    if let [_, option, path] = arguments.as_slice()
        && option == "--floor"
    {
        floor(path);
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let buildx = env::var_os("BAKEPLAN_BUILDX").map(PathBuf::from);
    let all = env::var_os("BAKEPLAN_BENCH_ALL").is_some();
    let this = env::current_exe().expect("it runs");
    let mut report = Report::default();
    if buildx.is_none() {
        println!("BAKEPLAN_BUILDX is not set, so there is nothing to compare with");
    }

    let case =
        |name, text, rounds, at_least| Case { name, text, rounds, at_least, is_slow: false, has_floor: true };
    let cases = [
        case("1 target", plain(1), 41, 20.0),
        case("1000 targets", plain(1000), 11, 50.0),
        Case { has_floor: false, ..case("a matrix of 1000", matrix(1000), 11, 10.0) },
        // The machine is slower for a second when buildx has been busy for half a minute: rounds enough to outlast that.
        Case { is_slow: true, ..case("10000 targets", plain(10_000), 31, 300.0) },
        Case { is_slow: true, has_floor: false, ..case("a matrix of 10000", matrix(10_000), 31, 300.0) },
    ];
    let mut own = Vec::new();
    for Case { name, text, rounds, at_least, is_slow, has_floor } in cases {
        let place = written(folder.path(), name, &text);
        let ours = Run { program: Path::new(BAKEPLAN), args: &["print"], folder: &place, rounds };
        let args = ["--floor", "docker-bake.hcl"];
        let floor = Run { program: &this, args: &args, folder: &place, rounds };
        let theirs = buildx.as_deref().filter(|_| all || !is_slow).map(|program| Run {
            program,
            args: &["bake", "--print"],
            folder: &place,
            rounds: if is_slow { 1 } else { rounds },
        });
        let peaks = (ours.peak(), theirs.as_ref().filter(|_| is_slow).and_then(Run::peak));
        let mut runs = vec![ours, floor];
        runs.extend(theirs);
        let times = medians(&runs);
        Report::time(&format!("bakeplan print, {name}"), times[0]);
        if has_floor {
            Report::time("the floor", times[1]);
            report.requirement("times the floor", ratio(times[0], times[1]), "", Wanted::AtMost(3.0));
        }
        if let Some(theirs) = times.get(2) {
            Report::time(&format!("buildx bake --print, {name}"), *theirs);
            report.requirement("times faster", ratio(*theirs, times[0]), "", Wanted::AtLeast(at_least));
        }
        if let (Some(ours), true) = (peaks.0, is_slow) {
            println!("  {:<42} {ours:>9.1} MiB", "peak memory of bakeplan");
            if let Some(theirs) = peaks.1 {
                println!("  {:<42} {theirs:>9.1} MiB", "peak memory of buildx");
                report.requirement("of its memory", ours / theirs, "", Wanted::AtMost(0.25));
            }
        }
        own.push(times[0]);
    }
    linear(&mut report, "print, 1000 to 10000 targets", 11.0, own[1], own[3]);

    for command in ["plan", "bake"] {
        let times = [500, 5000].map(|count| {
            let place = written(folder.path(), &format!("{count} images"), &images(count));
            let run = Run { program: Path::new(BAKEPLAN), args: &[command], folder: &place, rounds: 7 };
            let time = medians(&[run])[0];
            Report::time(&format!("bakeplan {command}, {count} images x 3"), time);
            time
        });
        linear(&mut report, &format!("{command}, 500 to 5000 images"), 16.0, times[0], times[1]);
    }

    let size = fs::metadata(BAKEPLAN).expect("it was run").len();
    let most = Wanted::AtMost((MAX_BINARY / MIB) as f64);
    report.requirement("size of the binary", size as f64 / MIB as f64, "MiB", most);
    if report.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
