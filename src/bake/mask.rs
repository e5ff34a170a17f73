//! Gets HCL past a parser that refuses some of it: the parser reads a copy of the text in which that is masked.
//!
//! A mask has the length of what it hides, so the spans of the parsed tree fit the text itself, from which names,
//! strings and numbers are then read.

use std::borrow::Cow;
use std::ops::Range;

use hcl::edit::parser::Error;

/// How many refusals one text may have; each costs another reading.
const ATTEMPTS: usize = 32;

/// Parses `text`, masking object keys that come twice (the last one counts), numbers beyond 64-bit floats, and empty
/// heredocs, for whose end the parser would look further down.
///
/// # Errors
/// The parser's, at the place in `text`.
pub(super) fn parse<T>(text: &str, parser: fn(&str) -> Result<T, Error>) -> Result<T, Error> {
    let mut copy = mask_empty_heredocs(text);
    for attempt in 0..ATTEMPTS {
        let error = match parser(&copy) {
            Ok(tree) => return Ok(tree),
            Err(error) => error,
        };
        let at = error.location().offset();
        let (range, mask) = match error.message() {
            message if message.contains("redefined object key") => match key(&copy, at) {
                Some(range) => (range.clone(), filler(range.len(), attempt)),
                None => return Err(error),
            },
            _ => match number(&copy, at) {
                Some(range) => (range.clone(), "0".repeat(range.len())),
                None => return Err(error),
            },
        };
        copy.to_mut().replace_range(range, &mask);
    }
    parser(&copy)
}

/// Turns `<<EOT`, directly followed by its end, into `""`.
fn mask_empty_heredocs(text: &str) -> Cow<'_, str> {
    let mut copy = Cow::Borrowed(text);
    let mut searched = 0;
    while let Some(found) = text[searched..].find("<<") {
        let start = searched + found;
        searched = start + 2;
        let rest = text[searched..].strip_prefix('-').unwrap_or(&text[searched..]);
        let (Some(marker), Some(end)) = (rest.lines().next(), rest.lines().nth(1)) else { continue };
        if end.trim() == marker && !marker.is_empty() && marker.chars().all(is_word) {
            let after =
                text.len() - rest.len() + rest.find('\n').map_or(0, |newline| newline + 1) + end.len();
            copy.to_mut().replace_range(start..after, &format!("{:<1$}", "\"\"", after - start));
            searched = after;
        }
    }
    copy
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// The word that is the key at an offset, without quotes.
fn key(text: &str, at: usize) -> Option<Range<usize>> {
    let quote = usize::from(text.get(at..)?.starts_with('"'));
    let start = at + quote;
    let length: usize = text[start..].chars().take_while(|c| is_word(*c)).map(char::len_utf8).sum();
    let range = start..start + length;
    let is_whole = quote == 0 || text[range.end..].starts_with('"');
    let is_name = quote == 1 || !text[start..].starts_with(|c: char| c.is_ascii_digit());
    (length > 0 && is_whole && is_name).then_some(range)
}

/// A word of this length that is likely nowhere else in the object.
fn filler(length: usize, attempt: usize) -> String {
    let letters = (0..length).rev().map(|place| {
        let digit = attempt.checked_div(26_usize.saturating_pow(u32::try_from(place).unwrap_or(u32::MAX)));
        char::from(b'z' - u8::try_from(digit.unwrap_or(0) % 26).unwrap_or(0))
    });
    letters.collect()
}

/// The number whose exponent, which the parser leaves over, starts at an offset.
fn number(text: &str, at: usize) -> Option<Range<usize>> {
    let exponent = text.get(at..)?.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let end = text.len() - digits.len() + length;
    let mantissa = text[..at].bytes().rev().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    (length > 0 && mantissa > 0).then_some(at - mantissa..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_heredocs_become_empty_strings_of_the_same_length() {
        for (text, expected) in [
            ("a = <<E\nE\nb = 1\n", "a = \"\"   \nb = 1\n"),
            ("a = <<-EOT\r\n  EOT\r\n", "a = \"\"           \r\n"),
            ("a = <<E\nEE\nE\n", "a = <<E\nEE\nE\n"),
            ("a = 1 << 2", "a = 1 << 2"),
            ("<<", "<<"),
        ] {
            assert_eq!(mask_empty_heredocs(text), expected);
            assert_eq!(expected.len(), text.len());
        }
    }

    #[test]
    fn fillers_differ() {
        for length in [1, 2, 7] {
            let all: std::collections::BTreeSet<_> = (0..26).map(|attempt| filler(length, attempt)).collect();
            assert_eq!(all.len(), 26);
            assert!(all.iter().all(|word| word.len() == length));
        }
    }

    #[test]
    fn only_so_many_refusals_are_masked() {
        let object = |keys: usize| format!("{{{}}}", "key = 1\n".repeat(keys));
        assert!(parse(&object(ATTEMPTS), hcl::edit::parser::parse_expr).is_ok());
        assert!(parse(&object(ATTEMPTS + 2), hcl::edit::parser::parse_expr).is_err());
        assert!(parse("{\"\" = 1, \"\" = 2}", hcl::edit::parser::parse_expr).is_err());
    }
}
