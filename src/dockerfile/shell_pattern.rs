//! Patterns inside `${V#…}`, `${V%…}` and `${V/…/…}`: `*` and `?`, without classes.

use regex::Regex;

use super::problem::Problem;

/// Where a match is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// At the start.
    Front,
    /// At the end.
    Back,
}

/// How much `*` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// As little as it can.
    Shortest,
    /// As much as it can.
    Longest,
}

/// `value` without what the pattern matches at one of its ends.
///
/// # Errors
/// A pattern that BuildKit refuses, too.
pub(super) fn trim(
    value: &str,
    pattern: &str,
    direction: Direction,
    length: Length,
) -> Result<String, Problem> {
    let cut = |value: &str, pattern: &str| {
        let regex = regex(pattern, length, true)?;
        let end = regex.find(value).map_or(0, |found| found.end());
        Ok(value.get(end..).unwrap_or_default().to_owned())
    };
    match direction {
        Direction::Front => cut(value, pattern),
        // The shortest match at the end is the leftmost one of the text read backwards.
        Direction::Back => Ok(backwards(&cut(&backwards(value), &backwards_pattern(pattern))?)),
    }
}

/// `value` with the first match of the pattern, or all, replaced; none if that is longer than `limit`, which is judged while it
/// is made.
///
/// # Errors
/// A pattern that BuildKit refuses, too, and a `$` in the replacement of all, which Go reads as a group of the match.
pub(super) fn replace(
    value: &str,
    pattern: &str,
    replacement: &str,
    all: bool,
    limit: usize,
) -> Result<Option<String>, Problem> {
    let regex = regex(pattern, Length::Longest, false)?;
    if all && replacement.contains('$') {
        return Err(Problem::Pattern(replacement.to_owned()));
    }
    let (mut text, mut behind) = (String::new(), 0);
    for found in regex.find_iter(value).take(if all { usize::MAX } else { 1 }) {
        text.push_str(value.get(behind..found.start()).unwrap_or_default());
        text.push_str(replacement);
        behind = found.end();
        if text.len() > limit {
            return Ok(None);
        }
    }
    text.push_str(value.get(behind..).unwrap_or_default());
    Ok((text.len() <= limit).then_some(text))
}

/// The pattern as a regular expression.
fn regex(pattern: &str, length: Length, anchored: bool) -> Result<Regex, Problem> {
    let refused = || Problem::Pattern(pattern.to_owned());
    let mut text = String::from(if anchored { "^" } else { "" });
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let literal = match c {
            '*' => {
                text.push_str(if length == Length::Longest { ".*" } else { ".*?" });
                continue;
            }
            '?' => {
                text.push('.');
                continue;
            }
            '\\' => match chars.next() {
                // The escape of a delimiter is not part of the pattern.
                Some(delimiter @ ('}' | '/' | '*' | '?' | '\\')) => delimiter,
                _ => return Err(refused()),
            },
            c => c,
        };
        text.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4])));
    }
    Regex::new(&text).map_err(|_| refused())
}

fn backwards(text: &str) -> String {
    text.chars().rev().collect()
}

/// The pattern read backwards, each escape still in front of what it escapes.
fn backwards_pattern(pattern: &str) -> String {
    let mut parts = vec![];
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.next_if(|_| c == '\\') {
            Some(escaped) => parts.push(format!("\\{escaped}")),
            None => parts.push(c.to_string()),
        }
    }
    parts.into_iter().rev().collect()
}
