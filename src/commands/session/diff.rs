//! Shows how a stale file differs from what would be written, as a diff whose cost and size are bounded.

use similar::TextDiff;

/// How many lines of each text are compared, from the first that differs. Comparing takes time that grows with the square
/// of that.
const MAX_LINES: usize = 2_000;

/// How many bytes of a diff are shown.
const MAX_BYTES: usize = 256 * 1024;

/// How many lines that are equal stand around those that differ.
const CONTEXT: usize = 3;

/// From one text to another, as a unified diff. A long one ends early, and says so.
pub(in crate::commands) fn unified(path: &str, from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split_inclusive('\n').collect();
    let to: Vec<&str> = to.split_inclusive('\n').collect();
    let pairs = from.iter().zip(&to);
    let equal_before = pairs.take_while(|(from, to)| from == to).count();
    let pairs = from[equal_before..].iter().rev().zip(to[equal_before..].iter().rev());
    let equal_after = pairs.take_while(|(from, to)| from == to).count();
    let differing = from.len().max(to.len()) - equal_before - equal_after;
    let is_cut = differing > MAX_LINES;
    let end = |lines: &[&str]| {
        if is_cut {
            lines.len().min(equal_before + MAX_LINES)
        } else {
            lines.len().min(lines.len() - equal_after + CONTEXT)
        }
    };
    let mut config = TextDiff::configure();
    let diff = config.newline_terminated(true).diff_slices(&from[..end(&from)], &to[..end(&to)]);
    let mut diff = diff.unified_diff();
    let diff = diff.context_radius(CONTEXT).header(path, &format!("{path} (regenerated)"));
    let mut text = diff.to_string();
    if is_cut || text.len() > MAX_BYTES {
        let shown = &text.as_bytes()[..text.len().min(MAX_BYTES)];
        text.truncate(shown.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        text.push_str("… the rest of the diff is left out\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn lines(range: std::ops::Range<usize>, prefix: &str) -> String {
        range.map(|at| format!("{prefix}{at}\n")).collect()
    }

    /// The same without bounds.
    fn naive(from: &str, to: &str) -> String {
        let diff = TextDiff::from_lines(from, to);
        diff.unified_diff().context_radius(3).header("f", "f (regenerated)").to_string()
    }

    #[test]
    fn a_small_difference_is_shown_whole() {
        let long = lines(0..100_000, "line ");
        for (from, to) in [
            ("a\nb\n", "a\nc\n".to_owned()),
            ("", "a\n".to_owned()),
            ("a", "a\n".to_owned()),
            ("a\nb", "b".to_owned()),
            ("a\na\na\na\na\na\na\n", "a\na\na\na\na\n".to_owned()),
            (&long, long.replace("line 50000\n", "other\n")),
            (&long, long.replace("line 50000\n", "").replace("line 50900\n", "other\n")),
            (&long, format!("first\n{long}")),
            (&long, format!("{long}last")),
        ] {
            assert_eq!(unified("f", from, &to), naive(from, &to));
            assert_eq!(unified("f", &to, from), naive(&to, from));
        }
    }

    #[test]
    fn a_large_difference_ends_early() {
        let start = Instant::now();
        let (old, new) = (lines(0..400_000, "old "), lines(0..400_000, "new "));
        let one_line = "x".repeat(20_000_000);
        for (from, to) in [
            (&old, &new),
            (&new, &old),
            (&old, &String::new()),
            (&String::new(), &old),
            (&format!("a\nb\n{old}"), &format!("a\nc\n{new}")),
            (&one_line, &old),
            (&one_line, &format!("{one_line}é")),
        ] {
            let diff = unified("f", from, to);
            assert!(diff.ends_with("… the rest of the diff is left out\n"), "{}", diff.len());
            assert!(diff.starts_with("--- f\n+++ f (regenerated)\n@@ -"), "{}", diff.len());
            assert!(diff.len() < MAX_BYTES + 100);
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    }
}
