//! Names of tags that differ in their numbers alone, such as `jdk-17` and `jdk-21`: which of them is greater.

use super::SEPARATORS;
use crate::commit;

/// The digits of dates, down to the day, the minute or the second; another single number of so many may be a commit.
const DATE_LENGTHS: [usize; 3] = [8, 12, 14];

/// A number without leading zeros, the count of its digits first, so that the derived order is that of the values.
type Number = (usize, String);

/// Whether one name says more than another: it is the same but for numbers, of which the first that differs is greater, or it
/// is the numbers that the other begins with, without what follows them (`1.3.0` beside `1.3.0-main.5`).
#[must_use]
pub(crate) fn outranks(name: &str, other: &str) -> bool {
    let ((shape, numbers), (other_shape, other_numbers)) = (parts(name), parts(other));
    is_release_of(name, other) || shape == other_shape && numbers > other_numbers
}

/// The numbers in a name. Commits have no order, and are none.
#[must_use]
pub(crate) fn numbers(name: &str) -> Vec<Number> {
    parts(name).1
}

/// The shape of a name, in which a `#` stands for each number and a `@` for each commit, and the numbers.
fn parts(name: &str) -> (String, Vec<Number>) {
    let (mut shape, mut numbers) = (String::new(), Vec::new());
    for piece in name.split_inclusive(SEPARATORS) {
        let (mut text, separator) = piece.split_at(piece.trim_end_matches(SEPARATORS).len());
        if may_be_commit(text) {
            shape.push('@');
            text = "";
        }
        while let Some(start) = text.find(|c: char| c.is_ascii_digit()) {
            let (before, rest) = text.split_at(start);
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let digits = rest[..end].trim_start_matches('0');
            numbers.push((digits.len(), digits.to_owned()));
            shape.push_str(before);
            shape.push('#');
            text = &rest[end..];
        }
        shape.push_str(text);
        shape.push_str(separator);
    }
    (shape, numbers)
}

/// Whether a piece may be a commit: the hash of one may be all digits, and a day is not one.
fn may_be_commit(piece: &str) -> bool {
    let is_number = piece.bytes().all(|byte| byte.is_ascii_digit());
    commit::is_lower_case(piece) && !(is_number && may_be_day(piece))
}

/// Whether a number may be a day of this century, down to the day, the minute or the second.
#[must_use]
pub(crate) fn may_be_day(number: &str) -> bool {
    number.starts_with("20") && DATE_LENGTHS.contains(&number.len())
}

/// Whether a name is the numbers that another one begins with, and more follows there.
fn is_release_of(name: &str, other: &str) -> bool {
    let bare = |text: &str| text.strip_prefix(['v', 'V']).unwrap_or(text).to_owned();
    let (name, other) = (bare(name), bare(other));
    let is_numbers = |text: &str| {
        text.split('.').all(|one| !one.is_empty() && one.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let rest = other.strip_prefix(name.as_str()).unwrap_or_default();
    is_numbers(&name) && rest.starts_with(SEPARATORS) && !rest[1..].starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_kind_are_compared_by_their_numbers() {
        for (name, other) in [
            ("17-alpine", "16-alpine"),
            ("jdk-21", "jdk-17"),
            ("php-8.10", "php-8.9"),
            ("RELEASE.2026-08-03T04-33-23Z", "RELEASE.2026-05-01T00-00-00Z"),
            ("cuda12.4-py3.11", "cuda12.1-py3.12"),
            ("8u422-b05-jre", "8u412-b08-jre"),
            ("1.3.0-main.10", "1.3.0-main.9"),
            ("20260803", "20260730"),
            ("1.3.1-a1b2c3d", "1.3.0-ffffff0"),
            ("r010", "r9"),
        ] {
            assert!(outranks(name, other), "{name} {other}");
            assert!(!outranks(other, name), "{other} {name}");
        }
    }

    #[test]
    fn names_of_other_kinds_and_commits_have_no_order() {
        for (name, other) in [
            ("17-alpine", "16-slim"),
            ("17-alpine", "17-alpine"),
            ("17-alpine3", "16-alpine"),
            ("17.1-alpine", "16-alpine"),
            ("17_alpine", "16-alpine"),
            ("latest", "16-alpine"),
            ("1.3.0-2234567", "1.3.0-1234567"),
            ("1.3.0-b1b2c3d", "1.3.0-a1b2c3d"),
            ("app-1.2.3", "web-1.2.2"),
        ] {
            assert!(!outranks(name, other), "{name} {other}");
        }
    }

    #[test]
    fn the_release_of_the_same_numbers_is_greater_than_what_follows_them() {
        for (name, other, expected) in [
            ("1.3.0", "1.3.0-main.5", true),
            ("1.3.0", "v1.3.0-a1b2c3d", true),
            ("v17", "17-alpine", true),
            ("1.3", "1.3.0-main.5", false),
            ("1.3.0", "1.3.0", false),
            ("1.3.0", "1.3.05-main", false),
            ("1.2.9", "1.3.0-main.5", false),
            ("alpine", "alpine-3", false),
        ] {
            assert_eq!(outranks(name, other), expected, "{name} {other}");
        }
    }
}
