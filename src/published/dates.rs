//! What looks like a date in tags and versions: years, months, days, weeks and moments, as people write them.

use crate::version::{Version, split_digits};

/// The years that tags name.
const YEARS: std::ops::RangeInclusive<u16> = 1970..=2199;

/// Whether a text is a date and nothing else, perhaps with a time or a counter behind it: `2026-09-21`, `2026w38`,
/// `202609211030`, `20260921T1030Z`, `20260921.1`.
#[must_use]
pub(crate) fn is_date(text: &str) -> bool {
    let (number, rest) = split_digits(text);
    let goes_on = |c: char| {
        c.is_ascii_digit() || matches!(c.to_ascii_lowercase(), '.' | '-' | '_' | 'q' | 't' | 'w' | 'z')
    };
    year_of(number).is_some() && rest.chars().all(goes_on)
}

/// A pattern of all versions like one that begins with a date, such as `2026.*`; none for one that does not.
#[must_use]
pub(crate) fn dates_like(version: &Version) -> Option<String> {
    let text = version.without_v();
    let (number, rest) = split_digits(text);
    let year = year_of(number)?;
    let is_more = number.len() > year.len() || version.numbers().len() > 1 || is_date(text);
    let separator = if number.len() == year.len() && rest.starts_with('.') { "." } else { "" };
    is_more.then(|| format!("{year}{separator}*"))
}

/// The year of digits that are one, or one with a month, a day and a time.
fn year_of(digits: &str) -> Option<&str> {
    let (year, rest) = digits.split_at_checked(4)?;
    let is_in = |at: usize, most: u8| {
        rest.get(at..at + 2).is_none_or(|two| two.parse().is_ok_and(|two: u8| (1..=most).contains(&two)))
    };
    let is_whole = rest.len() % 2 == 0 && rest.len() <= "MMDDhhmmss".len();
    let is_date = YEARS.contains(&year.parse().ok()?) && is_whole && is_in(0, 12) && is_in(2, 31);
    is_date.then_some(year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_other_numbers() {
        for (text, pattern) in [
            ("2026", "2026*"),
            ("2026.9", "2026.*"),
            ("2026.09.21", "2026.*"),
            ("v2026.09.21", "2026.*"),
            ("2026-09-21", "2026*"),
            ("2026_09_21", "2026*"),
            ("2026w38", "2026*"),
            ("2026-W38-1", "2026*"),
            ("2026q3", "2026*"),
            ("202609", "2026*"),
            ("20260921", "2026*"),
            ("20260921.1", "2026*"),
            ("20260921-1030", "2026*"),
            ("20260921T103000Z", "2026*"),
            ("2026092110", "2026*"),
            ("202609211030", "2026*"),
            ("20260921103059", "2026*"),
        ] {
            let version: Version = text.parse().unwrap();
            assert!(is_date(version.without_v()), "{text}");
            assert_eq!(dates_like(&version).as_deref(), Some(pattern), "{text}");
        }
        for text in [
            "1",
            "26.04",
            "1.4.2",
            "1969.1",
            "2200.1",
            "12345",
            "1234567",
            "20261321",
            "20260932",
            "20260900",
            "202613",
            "1790000000",
            "2026092110305",
            "202609211030591",
            "2026r2",
        ] {
            assert!(!is_date(text), "{text}");
            assert_eq!(dates_like(&text.parse().unwrap()), None, "{text}");
        }
        // More than a date, in a scheme of dates.
        for text in ["2026.09.21-slim", "20260921-r1"] {
            assert!(!is_date(text) && dates_like(&text.parse().unwrap()).is_some(), "{text}");
        }
    }
}
