//! The form of a tag: what stands in it (a version, a date, a commit), and the text around that.

use std::fmt;
use std::str::FromStr;

use jiff::fmt::strtime;

use crate::as_text::as_text;
use crate::reference::{LATEST, is_of_tag};

/// How many parts a form has at most, and how long its text is.
const MAX_PARTS: usize = 24;
const MAX_LENGTH: usize = 1000;

/// The years of dates that are written into tags; others are numbers of versions.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2199;

/// How whole days are written, and moments of a day.
const DAYS: [&str; 9] = [
    "%Y%m%d",
    "%Y-%m-%d",
    "%Y.%m.%d",
    "%Y_%m_%d",
    "%Y.%-m.%-d",
    "%Y%m%d%H%M",
    "%Y%m%d%H%M%S",
    "%Y%m%d-%H%M",
    "%Y%m%d-%H%M%S",
];

/// A form of tags, such as `api-{version}-debian`, `{date:%Y%m%d}`, `sha-{commit:7}`, `pr-{number}`, `{name}-dev` or
/// `edge`.
///
/// What stands in braces is another in each release or run; a text without braces is a tag by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Form(Vec<Part>);

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A text that all tags of the form have.
    Text(String),
    /// A version, or its leading numbers.
    Version,
    /// A date in this format, of which each letter is as in `strftime`.
    Date(String),
    /// So many hexadecimal digits of a commit.
    Commit(usize),
    /// A number, such as a pull request's.
    Number,
    /// Anything else, such as the name of a branch.
    Name,
}

/// Why a text is not a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A brace without its other one.
    #[error("a brace has no other one")]
    Brace,
    /// What stands in braces has no meaning.
    #[error("expected `version`, `date:…`, `commit:…`, `number` or `name` in braces")]
    Part,
    /// A character that tags cannot have.
    #[error("tags have ASCII letters, digits, `_`, `.` and `-` only")]
    Character,
    /// What cannot be told apart when a tag is read.
    #[error("expected at most one version and one name in it")]
    Ambiguous,
    /// More than any tag has.
    #[error("it is too long")]
    Long,
}

as_text!(Form: "The form of a tag: its text, in which `{version}` stands for a version or its leading numbers, `{date:FORMAT}` for a date as `strftime` writes it, `{commit:N}` for so many digits of a commit, `{number}` for a number, and `{name}` for anything else.");

impl Form {
    /// The form of one tag alone.
    #[must_use]
    pub fn text(text: &str) -> Self {
        [Part::Text(text.to_owned())].into_iter().collect()
    }

    /// Whether nothing but text is in it.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// Whether a version stands in it.
    #[must_use]
    pub fn has_version(&self) -> bool {
        self.0.contains(&Part::Version)
    }

    /// Whether the version can be read out of any tag of this form.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.has_version() && !self.has_name()
    }

    /// Whether there is nothing but text beside a version in it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.has_version() && self.0.iter().all(|part| matches!(part, Part::Text(_) | Part::Version))
    }

    /// Whether something stands in it that may be any text.
    #[must_use]
    pub fn has_name(&self) -> bool {
        self.0.contains(&Part::Name)
    }

    /// Whether a commit stands in it.
    #[must_use]
    pub fn has_commit(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Commit(_)))
    }

    /// Whether something stands in it that is another in each run: a commit, a date or a number.
    #[must_use]
    pub fn has_run(&self) -> bool {
        let is_of_run = |part: &Part| match part {
            Part::Commit(_) | Part::Date(_) | Part::Number => true,
            Part::Text(_) | Part::Version | Part::Name => false,
        };
        self.0.iter().any(is_of_run)
    }

    /// The parts, in their order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// How many characters all tags of the form have.
    #[must_use]
    pub fn text_length(&self) -> usize {
        let length = |part: &Part| match part {
            Part::Text(text) => text.len(),
            _ => 0,
        };
        self.0.iter().map(length).sum()
    }

    /// The form without a `v` before its version, which belongs to the version as it is read.
    #[must_use]
    pub fn without_v(&self) -> Self {
        let mut parts = self.0.clone();
        if let Some(at) = parts.iter().position(|part| *part == Part::Version)
            && let Some(Part::Text(before)) = at.checked_sub(1).and_then(|at| parts.get_mut(at))
            && let Some(rest) = before.strip_suffix(['v', 'V'])
            && !rest.ends_with(|c: char| c.is_ascii_alphanumeric())
        {
            *before = rest.to_owned();
        }
        parts.into_iter().collect()
    }

    /// The form with these parts in the place of each text, which comes with its position; as it is where they are more than a
    /// form has.
    #[must_use]
    pub fn with_texts(&self, parts_of: impl Fn(usize, &str) -> Vec<Part>) -> Self {
        let parts = self.0.iter().enumerate().flat_map(|(at, part)| match part {
            Part::Text(text) => parts_of(at, text),
            part => vec![part.clone()],
        });
        let parts = merged(parts);
        if parts.len() > MAX_PARTS { self.clone() } else { Self(parts) }
    }

    /// The form with anything in the place of its version.
    #[must_use]
    pub fn unreadable(&self) -> Self {
        let hidden = |part: &Part| if *part == Part::Version { Part::Name } else { part.clone() };
        self.0.iter().map(hidden).collect()
    }

    /// The form of a day, if a text is one.
    #[must_use]
    pub fn of_day(text: &str) -> Option<Self> {
        let format = DAYS.iter().find(|format| is_date(text, format))?;
        Some([Part::Date((*format).to_owned())].into_iter().collect())
    }

    /// The form with what a variant puts behind a tag: `latest` never joins it, as in [`crate::tags::with_suffix`].
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        if suffix.is_empty() {
            return self.clone();
        }
        if *self == Self::text(LATEST) {
            return Self::text(suffix);
        }
        let suffix = Part::Text(format!("-{suffix}"));
        self.0.iter().cloned().chain([suffix]).collect()
    }

    /// Whether it begins with numbers and a word of its own, as `8.3-cli-{name}` does: what stands behind makes no version of it.
    #[must_use]
    pub fn has_word_behind_numbers(&self) -> bool {
        let Some(Part::Text(text)) = self.0.first() else { return false };
        let numbers = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut pieces = numbers.split(|c: char| !c.is_ascii_alphanumeric());
        let has_word = pieces.any(|piece| piece.starts_with(|c: char| c.is_ascii_alphabetic()));
        numbers.starts_with(|c: char| c.is_ascii_digit()) && self.0.len() > 1 && has_word
    }

    /// Whether a tag is of this form.
    #[must_use]
    pub fn fits(&self, tag: &str) -> bool {
        let mut found = Vec::new();
        walk(&self.0, tag, 0, None, &mut found);
        !found.is_empty()
    }

    /// What can stand in the place of the version in a tag, the longest text first; nothing for a tag of another form.
    #[must_use]
    pub fn versions_in<'t>(&self, tag: &'t str) -> Vec<&'t str> {
        let mut found = Vec::new();
        walk(&self.0, tag, 0, None, &mut found);
        let mut texts: Vec<&str> =
            found.into_iter().flatten().filter_map(|(start, end)| tag.get(start..end)).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        texts
    }
}

impl Form {
    /// The digits of a commit that a tag of this form has; nothing for a tag of another form.
    #[must_use]
    pub fn commits_in<'t>(&self, tag: &'t str) -> Vec<&'t str> {
        let length = |part: &Part| match part {
            Part::Commit(length) => Some(*length),
            Part::Text(_) | Part::Version | Part::Date(_) | Part::Number | Part::Name => None,
        };
        let Some(length) = self.0.iter().find_map(length) else { return Vec::new() };
        let mut found = self.texts_of(|part| matches!(part, Part::Commit(_)), tag);
        found.retain(|text| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        found
    }

    /// What can stand in the place of the name in a tag; nothing for a tag of another form, or one without a name.
    #[must_use]
    pub fn names_in<'t>(&self, tag: &'t str) -> Vec<&'t str> {
        self.texts_of(|part| *part == Part::Name, tag)
    }

    /// What can stand in the place of these parts in a tag.
    fn texts_of<'t>(&self, is_it: impl Fn(&Part) -> bool, tag: &'t str) -> Vec<&'t str> {
        if !self.0.iter().any(&is_it) {
            return Vec::new();
        }
        // It is read as a version is, whose place is known afterwards.
        let part = |part: &Part| match part {
            part if is_it(part) => Part::Version,
            Part::Version => Part::Name,
            other => other.clone(),
        };
        self.0.iter().map(part).collect::<Self>().versions_in(tag)
    }
}

/// Where a version begins and ends.
type Place = Option<(usize, usize)>;

/// Finds the ways in which the rest of a tag fits the rest of a form.
fn walk(parts: &[Part], tag: &str, at: usize, version: Place, found: &mut Vec<Place>) {
    let rest = &tag[at..];
    let Some((first, after)) = parts.split_first() else {
        if rest.is_empty() {
            found.push(version);
        }
        return;
    };
    match first {
        Part::Text(text) => {
            if rest.starts_with(text.as_str()) {
                walk(after, tag, at + text.len(), version, found);
            }
        }
        Part::Commit(length) => {
            if rest.get(..*length).is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                walk(after, tag, at + length, version, found);
            }
        }
        Part::Number => {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            if length > 0 {
                walk(after, tag, at + length, version, found);
            }
        }
        Part::Version => {
            for length in lengths(rest, after) {
                walk(after, tag, at + length, Some((at, at + length)), found);
            }
        }
        Part::Name => {
            for length in lengths(rest, after) {
                walk(after, tag, at + length, version, found);
            }
        }
        Part::Date(format) => {
            for length in lengths(rest, after).filter(|length| is_date(&rest[..*length], format)) {
                walk(after, tag, at + length, version, found);
            }
        }
    }
}

/// How long a part may be so that the next one can follow.
fn lengths<'a>(rest: &'a str, after: &'a [Part]) -> impl Iterator<Item = usize> + 'a {
    let may_end = move |length: usize| match after.first() {
        None => length == rest.len(),
        Some(Part::Text(text)) => rest.get(length..).is_some_and(|rest| rest.starts_with(text.as_str())),
        Some(_) => rest.is_char_boundary(length),
    };
    (1..=rest.len()).filter(move |length| may_end(*length))
}

/// Whether a text is a date in this format, and written as the format would.
fn is_date(text: &str, format: &str) -> bool {
    let Ok(date) = strtime::parse(format, text) else { return false };
    // Two digits are of some century.
    let has_century = !format.contains("%y");
    date.year().is_none_or(|year| !has_century || YEARS.contains(&year))
        && date.to_string(format).is_ok_and(|again| again == text)
}

/// Texts that follow each other are one, as are the parts of a date; of several names, and of all between them, one name
/// is left.
fn merged(parts: impl IntoIterator<Item = Part>) -> Vec<Part> {
    let mut form: Vec<Part> = Vec::new();
    for part in parts {
        match (form.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (Some(Part::Date(before)), Part::Date(format)) => before.push_str(&format),
            (_, part) => form.push(part),
        }
        // A date may have text in it.
        if let [.., Part::Date(before), Part::Text(between), Part::Date(after)] = form.as_slice() {
            let whole = format!("{before}{}{after}", between.replace('%', "%%"));
            form.truncate(form.len() - 3);
            form.push(Part::Date(whole));
        }
    }
    let is_free = |part: &Part| matches!(part, Part::Name);
    if let (Some(first), Some(last)) = (form.iter().position(is_free), form.iter().rposition(is_free)) {
        form.drain(first..last);
    }
    form
}

impl FromIterator<Part> for Form {
    /// What is more than a form has may be anything.
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        let mut form = merged(parts);
        if form.len() > MAX_PARTS {
            form.truncate(MAX_PARTS - 1);
            form = merged(form.into_iter().chain([Part::Name]));
        }
        Self(form)
    }
}

/// The leading numbers of a version with dots between them are one part; in any other order they cannot be read back.
#[must_use]
pub(crate) fn joined(parts: impl IntoIterator<Item = Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        if let Part::Text(text) = &part
            && text.is_empty()
        {
            continue;
        }
        joined.push(part);
        if let [.., Part::Version, Part::Text(dot), Part::Version] = joined.as_slice()
            && dot == "."
        {
            joined.truncate(joined.len() - 2);
        }
    }
    if joined.iter().filter(|part| **part == Part::Version).count() > 1 {
        for part in &mut joined {
            if *part == Part::Version {
                *part = Part::Name;
            }
        }
    }
    joined
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Version => f.write_str("{version}"),
            Part::Date(format) => write!(f, "{{date:{format}}}"),
            Part::Commit(length) => write!(f, "{{commit:{length}}}"),
            Part::Number => f.write_str("{number}"),
            Part::Name => f.write_str("{name}"),
        })
    }
}

impl FromStr for Form {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        if text.len() > MAX_LENGTH {
            return Err(FormError::Long);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (before, inner) = match rest.split_once('{') {
                Some((before, inner)) => (before, Some(inner)),
                None => (rest, None),
            };
            if before.contains('}') {
                return Err(FormError::Brace);
            }
            if !before.chars().all(is_of_tag) {
                return Err(FormError::Character);
            }
            parts.push(Part::Text(before.to_owned()));
            let Some(inner) = inner else { break };
            let (inner, after) = inner.split_once('}').ok_or(FormError::Brace)?;
            parts.push(part(inner)?);
            rest = after;
        }
        let count = |part: &Part| parts.iter().filter(|one| *one == part).count();
        if count(&Part::Version) > 1 || count(&Part::Name) > 1 {
            return Err(FormError::Ambiguous);
        }
        if parts.len() > MAX_PARTS {
            return Err(FormError::Long);
        }
        Ok(parts.into_iter().collect())
    }
}

/// Reads what stands in braces.
fn part(text: &str) -> Result<Part, FormError> {
    let (name, argument) = text.split_once(':').unwrap_or((text, ""));
    Ok(match (name, argument) {
        ("version", "") => Part::Version,
        ("number", "") => Part::Number,
        ("name", "") => Part::Name,
        ("date", format) if !format.is_empty() => Part::Date(format.to_owned()),
        ("commit", length) => {
            let length = length.parse().ok().filter(|length| (1..=64).contains(length));
            Part::Commit(length.ok_or(FormError::Part)?)
        }
        _ => return Err(FormError::Part),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_form_is_its_text() {
        for text in [
            "",
            "edge",
            "{version}",
            "v{version}",
            "api-{version}-debian",
            "RELEASE.{version}",
            "{version}-cudnn-runtime-ubuntu22.04",
            "{date:%Y%m%d}-{commit:12}",
            "pr-{number}",
            "{name}-{commit:7}",
        ] {
            let form = form(text);
            assert_eq!(form.to_string(), text);
            assert_eq!(serde_json::to_value(&form).unwrap(), text);
        }
        for (text, error) in [
            ("{version", FormError::Brace),
            ("version}", FormError::Brace),
            ("{}", FormError::Part),
            ("{date}", FormError::Part),
            ("{commit:0}", FormError::Part),
            ("{commit:many}", FormError::Part),
            ("a b", FormError::Character),
            ("{version}-{version}", FormError::Ambiguous),
            ("{name}-{name}", FormError::Ambiguous),
            (&"{number}".repeat(30), FormError::Long),
            (&"a".repeat(2000), FormError::Long),
        ] {
            assert_eq!(text.parse::<Form>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_form_tells_what_stands_in_a_tag() {
        for (text, tag, expected) in [
            ("{version}", "1.4.2-slim", "1.4.2-slim"),
            ("{version}-slim", "1.4.2-slim", "1.4.2"),
            ("{version}-slim", "1.4.2-slim-trixie", ""),
            ("{version}-slim", "-slim", ""),
            ("api-{version}", "api-1.3.0", "1.3.0"),
            ("api-{version}", "web-1.3.0", ""),
            ("api-{version}", "1.3.0", ""),
            ("RELEASE.{version}", "RELEASE.2026-01-02", "2026-01-02"),
            ("{version}-{date:%Y%m%d}", "1.4.2-20260921", "1.4.2"),
            ("{version}-{date:%Y%m%d}", "1.4.2-20261321", ""),
            ("{version}-{commit:7}", "1.4.2-r2-f00ba12", "1.4.2-r2"),
            ("{name}-{version}", "main-1.4", "1.4"),
            ("é{version}", "1", ""),
        ] {
            let found = text.parse::<Form>().map(|form| form.versions_in(tag).first().copied().unwrap_or(""));
            assert_eq!(found.unwrap_or_default(), expected, "{text} {tag}");
        }
    }

    #[test]
    fn dates_and_commits_are_told_from_versions() {
        for (text, fits, other) in [
            ("{date:%Y%m%d}", "20260921 20000101", "20261321 2026092 1.4.2 20260921-1 10000101 99990101"),
            ("{date:%Y.%m.%d}", "2026.09.21", "2026.9.21 2026.03.0 1.5.0 2026.09 3026.01.01"),
            ("{date:%Y.%-m.%-d}", "2026.9.21 2026.12.3", "2026.09.21 1.5.0 2026.13.1"),
            ("{date:%y.%m}", "26.09", "26.9 26.13 1.5"),
            ("nightly-{date:%Y-%m-%d}", "nightly-2026-09-21", "nightly 2026-09-21"),
            ("{date:%Y%m%d-%H%M}", "20260921-1504", "20260921-2604 20260921"),
            ("{commit:7}", "f00ba12 1234567", "f00ba1 20260921 1.4.2 main"),
            ("sha-{commit:40}", "sha-860c1904a1ce19322e91ac35af1ab07466440c37", "sha-860c190"),
            ("pr-{number}", "pr-7 pr-12", "pr- pr-7a 7"),
            ("{number}", "7", "1.4"),
            ("{name}", "main 1.5", ""),
            ("{name}-dev", "main-dev", "main -dev"),
            ("edge", "edge", "edge2 edg"),
        ] {
            for tag in fits.split_whitespace() {
                assert!(form(text).fits(tag), "{text} {tag}");
            }
            for tag in other.split_whitespace() {
                assert!(!form(text).fits(tag), "{text} {tag}");
            }
        }
    }

    #[test]
    fn parts_that_belong_together_are_one() {
        let date = |format: &str| Part::Date(format.to_owned());
        let text = |text: &str| Part::Text(text.to_owned());
        let form: Form =
            [date("%Y"), text("-"), date("%m"), text(""), date("%d"), text("x")].into_iter().collect();
        assert_eq!(form.to_string(), "{date:%Y-%m%d}x");
        let form: Form =
            [text("a"), Part::Name, text("-"), Part::Number, Part::Name, text("b")].into_iter().collect();
        assert_eq!(form.to_string(), "a{name}b");
    }

    #[test]
    fn a_variant_stands_behind() {
        assert_eq!(form("{version}").with_suffix("slim").to_string(), "{version}-slim");
        assert_eq!(form("latest").with_suffix("slim").to_string(), "slim");
        assert_eq!(form("latest").with_suffix("").to_string(), "latest");
        assert_eq!(form("api-latest").with_suffix("slim").to_string(), "api-latest-slim");
    }
}
