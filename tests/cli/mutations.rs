//! Recorded definitions, changed at random: nothing makes the program panic or run for long. `fuzz/` does this better, with a
//! nightly compiler. `BAKEPLAN_MUTATIONS` is the number of texts; a failure names the one that failed.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use crate::properties::{planned, printed, views};
use crate::support::Dice;

/// So many take some seconds at most, in a debug build on a slow machine.
const DEFAULT: u64 = 1_500;

/// What one text may take; one that is not stopped takes for ever.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Which change a text gets.
struct Choice(Dice);

impl Choice {
    fn roll(&mut self, sides: usize) -> usize {
        usize::try_from(self.0.below(sides.max(1) as u64)).expect("less than a usize")
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.roll(length + 1);
        start..start + self.roll((length - start).min(40) + 1)
    }
}

/// The HCL and JSON files of the recorded cases, and those with mistakes.
fn definitions() -> Vec<(String, bool)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut definitions = Vec::new();
    for name in ["bake.jsonl", "expressions.jsonl"] {
        for line in fs::read_to_string(tests.join("cases").join(name)).unwrap().lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            for (path, text) in case["files"].as_object().into_iter().flatten() {
                if path.ends_with(".hcl") || path.ends_with(".json") {
                    definitions.push((text.as_str().unwrap().to_owned(), path.ends_with(".json")));
                }
            }
        }
    }
    let mut paths: Vec<_> =
        fs::read_dir(tests.join("errors")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "hcl" || e == "json")) {
        definitions.push((fs::read_to_string(path).unwrap(), path.extension().unwrap() == "json"));
    }
    definitions
}

/// A text with some bytes changed, left out, repeated, or taken from another text.
fn mutated(dice: &mut Choice, definitions: &[(String, bool)]) -> (String, bool) {
    let (text, is_json) = &definitions[dice.roll(definitions.len())];
    let mut bytes = text.clone().into_bytes();
    for _ in 0..=dice.roll(4) {
        let range = dice.range(bytes.len());
        let new = match dice.roll(5) {
            0 => vec![dice.roll(256) as u8],
            1 => Vec::new(),
            2 => bytes[range.clone()].repeat(1 + dice.roll(20)),
            3 => b"{}[]()\"$%~?:=,.*&|!<>-/\\\n0"[dice.roll(27)..].iter().take(2).copied().collect(),
            _ => {
                let other = definitions[dice.roll(definitions.len())].0.as_bytes();
                other[dice.range(other.len())].to_vec()
            }
        };
        bytes.splice(range, new);
    }
    (String::from_utf8_lossy(&bytes).into_owned(), *is_json)
}

#[test]
fn no_change_makes_it_panic() {
    let count = env::var("BAKEPLAN_MUTATIONS").ok().map_or(DEFAULT, |count| count.parse().expect("a number"));
    let definitions = definitions();
    let run = || {
        for seed in 0..count {
            let (text, is_json) = mutated(&mut Choice(Dice(seed)), &definitions);
            let start = Instant::now();
            let outcome = std::panic::catch_unwind(|| {
                let _ = printed(&text, is_json);
                if let Ok(plan) = planned(&text, is_json) {
                    views(&plan);
                }
            });
            assert!(outcome.is_ok(), "number {seed} panics:\n{text}");
            assert!(start.elapsed() < TOO_LONG, "number {seed} takes {:?}:\n{text}", start.elapsed());
        }
    };
    thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(256 << 20).spawn_scoped(scope, run).unwrap();
        worker.join().expect("the failure is told above");
    });
}
