//! Writes what `bakeplan explain` says of a code: as text of at most 80 columns, and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::example::{Example, Right};
use super::row::{Code, Row, Severity};
use crate::palette;

/// Where the source is, as the manifest of the crate says; empty until there is a release.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// How long a line of prose is at most; examples and messages stay as they are.
const COLUMNS: usize = 80;

/// A code with all that is known of it, as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    code: &'static str,
    /// Of a diagnostic, or of what `verify` finds.
    found_by: &'static str,
    severities: &'static [Severity],
    cause: &'static str,
    example: ExampleJson,
    cure: &'static str,
    read_on: String,
}

/// An example, as JSON.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ExampleJson {
    Run {
        command: String,
        files: Vec<FileJson>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        fix: Option<FixJson>,
    },
    Situation {
        situation: &'static str,
    },
}

#[derive(Debug, Serialize)]
struct FileJson {
    name: &'static str,
    text: &'static str,
}

/// What is to be replaced by what.
#[derive(Debug, Serialize)]
struct FixJson {
    from: &'static str,
    to: &'static str,
}

/// What a code is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A message of any command.
    Diagnostic,
    /// A finding of `bakeplan verify`.
    Finding,
}

impl Explanation {
    /// All that is known of a code.
    #[must_use]
    pub(crate) fn of(code: Code, origin: Origin) -> Self {
        let Row { name, severities, cause, example, cure, guide } = code.row();
        Self {
            code: name,
            found_by: match origin {
                Origin::Diagnostic => "diagnostic",
                Origin::Finding => "verify",
            },
            severities,
            cause,
            example: match example.steps() {
                Err(situation) => ExampleJson::Situation { situation },
                Ok((command, files)) => ExampleJson::Run {
                    command: format!("bakeplan {command}"),
                    files: files.iter().map(|(name, text)| FileJson { name, text }).collect(),
                    message: Example::message(name),
                    fix: example.fix.map(|(from, to)| FixJson { from, to }),
                },
            },
            cure,
            read_on: address(guide, REPOSITORY),
        }
    }
}

/// How words are set off in a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether there are colours.
    pub color: bool,
}

impl Style {
    fn paint(self, style: anstyle::Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.paint(palette::STRONG, text)
    }

    /// As the header of a message of this severity.
    fn severity(self, severity: Severity, text: &str) -> String {
        let style = match severity {
            Severity::Error => palette::ERROR,
            Severity::Warning => palette::WARNING,
            Severity::Note => palette::NOTE,
        };
        self.paint(style, text)
    }
}

/// A code as a person reads it.
#[must_use]
pub(crate) fn render(code: Code, origin: Origin, style: Style) -> String {
    let Row { name, severities, cause, example, cure, guide } = code.row();
    let usual = code.row().severity();
    let mut out = style.severity(usual, &format!("{}[{name}]", usual.word()));
    let others: Vec<&str> = severities.iter().skip(1).map(|one| one.word()).collect();
    if !others.is_empty() {
        let _ = write!(out, ", or {}", others.join(" or "));
    }
    if origin == Origin::Finding {
        out.push_str(", found by `bakeplan verify`");
    }
    out.push_str("\n\n");
    out.push_str(&section("Cause", &sentence(cause), style));
    match example.steps() {
        Err(situation) => {
            let title = if origin == Origin::Finding { "Reported for" } else { "Example" };
            out.push_str(&section(title, &sentence(situation), style));
        }
        Ok((command, files)) => {
            run(&mut out, command, &files, Example::message(name).unwrap_or_default(), style);
            match example.right() {
                None => {}
                Some(Right::Command(command)) => {
                    out.push_str(&section("Right", &format!("`bakeplan {command}`"), style));
                }
                Some(Right::File(file, text)) => block(&mut out, &format!("Right, {file}:"), &text, style),
            }
        }
    }
    out.push_str(&section("Cure", &sentence(cure), style));
    let page = address(guide, REPOSITORY);
    let page = if page.contains("://") {
        page
    } else {
        format!("{page}, in the repository that bakeplan was installed from")
    };
    out.push_str(&section("Read on", &page, style));
    out
}

/// Where a page is for those who have the program alone; its path where nobody has said where the source is.
fn address(guide: &str, repository: &str) -> String {
    if guide.contains("://") || repository.is_empty() {
        guide.to_owned()
    } else {
        format!("{}/blob/HEAD/{guide}", repository.trim_end_matches('/'))
    }
}

/// A command with its files, and what it reports.
fn run(out: &mut String, command: &str, files: &[(&str, &str)], message: &str, style: Style) {
    for (file, text) in files {
        block(out, &format!("Example, {file}:"), text, style);
    }
    block(out, &format!("`bakeplan {command}` reports:"), message, style);
}

/// A block of code below its title, with an empty line behind it.
fn block(out: &mut String, title: &str, text: &str, style: Style) {
    out.push_str(&style.bold(title));
    out.push_str("\n\n");
    for line in text.trim_end().lines() {
        let indent = if line.is_empty() { "" } else { "    " };
        out.extend([indent, line, "\n"]);
    }
    out.push('\n');
}

/// A line about a code.
#[must_use]
pub(crate) fn line(code: Code, width: usize, style: Style) -> String {
    let row = code.row();
    let first = row.cause.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let blanks = " ".repeat(width.saturating_sub(row.name.len()));
    let severity = format!("{:<7}", row.severity().word());
    format!("{}{blanks}  {}  {first}\n", style.bold(row.name), style.severity(row.severity(), &severity))
}

/// A paragraph that begins with a title.
fn section(title: &str, text: &str, style: Style) -> String {
    let plain = wrapped(&format!("{title}: {text}"));
    let rest = plain.strip_prefix(title).and_then(|rest| rest.strip_prefix(':')).unwrap_or(&plain);
    format!("{}{rest}\n\n", style.bold(&format!("{title}:")))
}

/// A text that begins with a capital letter, unless with code, and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut sentence: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence.push_str(chars.as_str());
    if !sentence.ends_with(['.', '!', '?', '`']) {
        sentence.push('.');
    }
    sentence
}

/// Words in lines of at most [`COLUMNS`] characters. What stands in backticks is not divided.
fn wrapped(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            // Code sticks to what stands before it without a blank.
            match words.last_mut().filter(|last| !last.is_empty()) {
                Some(last) => *last = format!("{last}`{part}`"),
                None => {
                    words.pop();
                    words.push(format!("`{part}`"));
                }
            }
            continue;
        }
        let mut pieces = part.split(' ');
        match (words.last_mut(), pieces.next()) {
            (Some(last), Some(first)) => last.push_str(first),
            (None, Some(first)) => words.push(first.to_owned()),
            (_, None) => {}
        }
        words.extend(pieces.map(str::to_owned));
    }
    let mut out = String::new();
    let mut column = 0;
    for word in words.iter().filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > COLUMNS {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_between_words_and_never_in_code() {
        for (text, expected) in
            [("a `b c` d.", "a `b c` d."), ("(`a b`), `c`.", "(`a b`), `c`."), ("`a b` c", "`a b` c")]
        {
            assert_eq!(wrapped(text), expected);
        }
        let long = format!("{} `in the middle of` {}", "word ".repeat(13), "more ".repeat(20));
        let lines: Vec<String> = wrapped(&long).lines().map(str::to_owned).collect();
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS), "{lines:?}");
        assert!(lines.len() > 2 && lines.iter().any(|line| line.contains("`in the middle of`")), "{lines:?}");
    }

    #[test]
    fn pages_have_an_address_once_the_source_has_one() {
        let page = "docs/reference/tags.md";
        for (guide, repository, expected) in [
            (page, "", page),
            (
                page,
                "https://example.com/acme/bakeplan",
                "https://example.com/acme/bakeplan/blob/HEAD/docs/reference/tags.md",
            ),
            (
                page,
                "https://example.com/acme/bakeplan/",
                "https://example.com/acme/bakeplan/blob/HEAD/docs/reference/tags.md",
            ),
            ("https://docs.example.com/a", "https://example.com/acme/bakeplan", "https://docs.example.com/a"),
        ] {
            assert_eq!(address(guide, repository), expected);
        }
    }

    #[test]
    fn sentences_begin_and_end_as_such() {
        assert_eq!(sentence("the tag was removed"), "The tag was removed.");
        assert_eq!(sentence("`a` is not b"), "`a` is not b.");
        assert_eq!(sentence("Already one."), "Already one.");
    }
}
