//! The function `date` of patterns, whose formats are those of `strftime`.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, Value};
use minijinja::{Error, ErrorKind};

use super::compare::tokens;
use super::words::DATE;

/// The letters of `strftime` that stand for something of a time.
const DIRECTIVES: &str = "aAbBcCdDeFgGhHIjklmMNpPrRsSTuUVwWxXyYzZf";

/// Words of moment.js, and what `strftime` has for them, the longer ones first.
const WORDS: [(&str, &str); 14] = [
    ("YYYY", "%Y"),
    ("yyyy", "%Y"),
    ("MMMM", "%B"),
    ("DDDD", "%j"),
    ("GGGG", "%G"),
    ("MMM", "%b"),
    ("YY", "%y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("dd", "%d"),
    ("HH", "%H"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("WW", "%V"),
];

/// What is meant where nothing of the format says it.
const EXAMPLE: &str = "%Y%m%d";

/// A format that is none of `strftime`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OfMoment {
    /// There is none.
    #[error("`date` has no format")]
    NoFormat,
    /// It says nothing of the time.
    #[error("the format `{format}` of `date` has no directive of `strftime`")]
    NoDirective {
        /// The format.
        format: String,
        /// What is meant.
        meant: String,
    },
    /// A word among its directives.
    #[error("`{word}` in the format `{format}` of `date` is not a directive of `strftime`")]
    Word {
        /// What is no directive.
        word: String,
        /// The format.
        format: String,
        /// What is meant.
        meant: String,
    },
}

impl OfMoment {
    /// What is meant.
    pub(super) fn meant(&self) -> &str {
        match self {
            Self::NoFormat => EXAMPLE,
            Self::NoDirective { format: _, meant } | Self::Word { word: _, format: _, meant } => meant,
        }
    }
}

/// Refuses `date` without its parentheses, which would be the text `function`.
pub(super) fn check_called(pattern: &str) -> Result<(), OfMoment> {
    let codes = pattern.split('{').filter_map(|part| part.split_once('}')).map(|(code, _)| code);
    for code in codes {
        let tokens = tokens(code);
        let is_bare = |at: usize| {
            let is_member = at.checked_sub(1).is_some_and(|before| tokens[before] == ".");
            !is_member && !matches!(tokens.get(at + 1), Some(&"(" | &"is"))
        };
        if tokens.iter().enumerate().any(|(at, token)| *token == DATE && is_bare(at)) {
            return Err(OfMoment::NoFormat);
        }
    }
    Ok(())
}

/// `date("%Y%m%d")`, in UTC unless `tz` names another zone.
pub(super) fn date(time: Timestamp) -> Value {
    let wrong =
        |message: &dyn std::fmt::Display| Error::new(ErrorKind::InvalidOperation, message.to_string());
    Value::from_function(move |format: Option<&str>, options: Kwargs| {
        let Some(format) = format else {
            let mistake = OfMoment::NoFormat;
            return Err(wrong(&mistake).with_source(mistake));
        };
        if let Some(mistake) = of_moment(format) {
            return Err(wrong(&mistake).with_source(mistake));
        }
        let zone = match options.get::<Option<&str>>("tz")? {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|e| wrong(&e))?,
        };
        options.assert_all_used()?;
        strtime::format(format, &time.to_zoned_datetime(zone)).map_err(|e| wrong(&e))
    })
}

/// A part of a format.
#[derive(Clone, Copy)]
enum Part<'f> {
    /// `%Y`, with its flags.
    Directive(&'f str, char),
    /// Letters that stand for themselves.
    Letters(&'f str),
    /// Other text.
    Other(&'f str),
}

/// Finds what would be the same text on every day, though it is meant as a date.
fn of_moment(format: &str) -> Option<OfMoment> {
    let parts = parts(format);
    let is_directive =
        |part: &Part<'_>| matches!(part, Part::Directive(_, letter) if DIRECTIVES.contains(*letter));
    let mut meant = String::new();
    let mut wrong = None;
    let mut before = None;
    for part in &parts {
        match *part {
            Part::Directive(text, letter) => {
                before = Some(letter);
                meant.push_str(text);
                continue;
            }
            // `%YYYY`, which is the year and `YYY`.
            Part::Letters(letters) if before == Some('Y') && letters.chars().all(|c| c == 'Y') => {
                wrong = wrong.or(Some(letters));
            }
            Part::Letters(letters) => match translated(letters) {
                Some(directives) => {
                    wrong = wrong.or(Some(letters));
                    meant.push_str(&directives);
                }
                None => meant.push_str(letters),
            },
            Part::Other(text) => meant.push_str(text),
        }
        before = None;
    }
    if !parts.iter().any(is_directive) {
        let meant = if wrong.is_some() { meant } else { EXAMPLE.to_owned() };
        return Some(OfMoment::NoDirective { format: format.to_owned(), meant });
    }
    wrong.map(|word| OfMoment::Word { word: word.to_owned(), format: format.to_owned(), meant })
}

/// Letters that are words of moment.js and nothing else, in directives. `T` stands between a day and a time.
fn translated(letters: &str) -> Option<String> {
    let mut directives = String::new();
    let mut rest = letters;
    while !rest.is_empty() {
        if let Some((word, directive)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
            directives.push_str(directive);
            rest = &rest[word.len()..];
        } else {
            rest = rest.strip_prefix('T').filter(|_| !directives.is_empty())?;
            directives.push('T');
        }
    }
    Some(directives)
}

fn parts(format: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '%' {
            let of_flags = |c: char| !c.is_ascii_alphabetic() && c != '%';
            let flags = rest[1..].chars().take_while(|c| of_flags(*c)).map(char::len_utf8).sum::<usize>();
            if let Some(letter) = rest[1 + flags..].chars().next() {
                let (directive, after) = rest.split_at(1 + flags + letter.len_utf8());
                parts.push(Part::Directive(directive, letter));
                rest = after;
                continue;
            }
        }
        let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (text, after) = rest.split_at(if length > 0 { length } else { first.len_utf8() });
        parts.push(if length > 0 { Part::Letters(text) } else { Part::Other(text) });
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_without_directives_are_found_and_translated() {
        for (format, meant) in [
            ("YYYYMMDD", "%Y%m%d"),
            ("YYYY-MM-DD", "%Y-%m-%d"),
            ("YYYY.MM.DD-HHmmss", "%Y.%m.%d-%H%M%S"),
            ("YYYYMMDDTHHmm", "%Y%m%dT%H%M"),
            ("yyyy-MM-dd", "%Y-%m-%d"),
            ("GGGG-WW", "%G-%V"),
            ("v-YY", "v-%y"),
            ("", EXAMPLE),
            ("%", EXAMPLE),
            ("%%", EXAMPLE),
            ("%Q", EXAMPLE),
            ("%n", EXAMPLE),
            ("nightly", EXAMPLE),
            ("2026", EXAMPLE),
        ] {
            let found = of_moment(format);
            assert!(matches!(found, Some(OfMoment::NoDirective { .. })), "{format}");
            assert_eq!(found.unwrap().meant(), meant, "{format}");
        }
    }

    #[test]
    fn words_among_directives_are_found() {
        for (format, word, meant) in [
            ("%Y-MM-DD", "MM", "%Y-%m-%d"),
            ("YYYY%m%d", "YYYY", "%Y%m%d"),
            ("%Y%m%d-HHmm", "HHmm", "%Y%m%d-%H%M"),
            ("%YYYY-%m", "YYY", "%Y-%m"),
            ("%-YY", "Y", "%-Y"),
        ] {
            let expected = OfMoment::Word { word: word.into(), format: format.into(), meant: meant.into() };
            assert_eq!(of_moment(format), Some(expected), "{format}");
        }
    }

    #[test]
    fn formats_of_strftime_are_let_through() {
        for format in [
            "%Y%m%d",
            "%Y.%-m.%-d",
            "%G-%V",
            "%YW%V",
            "%Y%m%dT%H%M%SZ",
            "build-%Y",
            "%Y-alpine",
            "%dd%Hh%Mm",
            "%s",
            "%F",
            "%_d",
            "%3f",
            "%.f",
            "%:z",
            "%y.%m",
            "%Y-Q",
            "%Y-mini",
            "100%%-%Y",
            "%Y%!",
            "%HH%MM",
            "%j",
        ] {
            assert_eq!(of_moment(format), None, "{format}");
        }
    }
}
