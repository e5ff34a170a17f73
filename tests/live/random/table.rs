//! Tables of what definitions are made of: a key and a value a line, `#` before a comment, `!` before what is refused.

use super::choice::Choices;

/// How often of a hundred times something refused is taken.
const REFUSED: usize = 3;

/// A line of a table: its key and the rest.
pub(super) type Line = (&'static str, &'static str);

/// The lines of a table that are good, or those that are refused.
fn lines(table: &'static str, is_refused: bool) -> impl Iterator<Item = Line> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines = lines.filter(move |line| line.starts_with('!') == is_refused);
    lines.map(|line| {
        let line = line.trim_start_matches(['!', ' ']);
        line.split_once(' ').unwrap_or((line, ""))
    })
}

/// A random line among those that fit.
pub(super) fn line(choices: &mut Choices, table: &'static str, fits: impl Fn(&str) -> bool) -> Line {
    let is_refused = choices.chance(REFUSED);
    let mut fitting: Vec<Line> = lines(table, is_refused).filter(|(key, _)| fits(key)).collect();
    if fitting.is_empty() {
        fitting.extend(lines(table, false).filter(|(key, _)| fits(key)));
    }
    choices.of(&fitting)
}

/// Random lines that fit, at most one for each key, in a random order.
pub(super) fn keys(
    choices: &mut Choices,
    table: &'static str,
    most: usize,
    fits: impl Fn(&str) -> bool,
) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    for _ in 0..choices.below(most + 1) {
        let mut keys: Vec<&str> = lines(table, false).map(|(key, _)| key).collect();
        keys.dedup();
        keys.retain(|key| fits(key) && found.iter().all(|(known, _)| known != key));
        if keys.is_empty() {
            break;
        }
        let key = choices.of(&keys);
        found.push(line(choices, table, |other| other == key));
    }
    found
}
