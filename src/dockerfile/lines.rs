//! The lines of a Dockerfile: continued ones joined, comments and here-documents left out.

use std::iter::Peekable;
use std::str::SplitInclusive;

use super::directive::Directives;
use super::problem;
use super::unreadable::Unreadable;
use super::word;

/// One instruction as a line of text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it starts, from 1.
    pub(super) number: usize,
    /// Its text without line breaks.
    pub(super) text: String,
}

/// The lines of a text.
pub(super) struct Lines<'a> {
    rest: Peekable<SplitInclusive<'a, char>>,
    number: usize,
    directives: Directives,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.split_inclusive('\n').peekable(), number: 0, directives: Directives::default() }
    }

    /// The escape character; settled once a first line was read.
    pub(super) fn escape(&self) -> char {
        self.directives.escape()
    }

    /// The next instruction.
    ///
    /// # Errors
    /// A directive that BuildKit refuses.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Unreadable> {
        while let Some(physical) = self.physical() {
            let first = physical.trim_start();
            self.directives.read(first, self.number)?;
            let number = self.number;
            let (part, mut continued) = self.without_continuation(if is_comment(first) { "" } else { first });
            if !continued && part.is_empty() {
                continue;
            }
            let mut text = part.to_owned();
            while continued {
                let Some(physical) = self.physical() else { break };
                if is_comment(physical) || physical.trim_start().is_empty() {
                    continue;
                }
                let part;
                (part, continued) = self.without_continuation(physical);
                text.push_str(part);
            }
            return Ok(Some(Line { number, text }));
        }
        Ok(None)
    }

    /// Leaves out the here-documents that `line` opens.
    ///
    /// # Errors
    /// One that does not end.
    pub(super) fn skip_heredocs(&mut self, line: &Line) -> Result<(), Unreadable> {
        if !line.text.contains("<<") {
            return Ok(());
        }
        let refused = |problem: problem::Problem| Unreadable::new(line.number, problem.to_string());
        for word in word::raw_words(&line.text).map_err(refused)? {
            let Some(heredoc) = Heredoc::parse(&word).map_err(refused)? else { continue };
            loop {
                let Some(physical) = self.physical() else {
                    let text = format!("here-document `{}` does not end", heredoc.name);
                    return Err(Unreadable::new(line.number, text));
                };
                let end = if heredoc.tabs { physical.trim_start_matches('\t') } else { physical };
                if end == heredoc.name {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The next line of the file without its line break.
    fn physical(&mut self) -> Option<&'a str> {
        let line = self.rest.next()?;
        self.number += 1;
        Some(line.trim_end_matches(['\r', '\n']))
    }

    /// `line` without the escape character at its end that continues it, and whether there was one: the character
    /// before it must not be another.
    fn without_continuation<'l>(&self, line: &'l str) -> (&'l str, bool) {
        let escape = self.escape();
        match line.trim_end_matches([' ', '\t']).strip_suffix(escape) {
            Some(before) if !before.ends_with(escape) => (before, true),
            _ => (line, false),
        }
    }
}

/// What opens a here-document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heredoc {
    /// The line that ends it.
    pub(super) name: String,
    /// Whether tabs in front of that line are ignored.
    tabs: bool,
}

impl Heredoc {
    /// Reads a word as `[number]<<[-]name`; `None` if it is something else.
    ///
    /// # Errors
    /// A name that does not lex.
    pub(super) fn parse(word: &str) -> Result<Option<Self>, problem::Problem> {
        let Some(rest) = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<") else {
            return Ok(None);
        };
        let (rest, tabs) = rest.strip_prefix('-').map_or((rest, false), |rest| (rest, true));
        let rest = rest.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
        if rest.is_empty() || rest.contains('<') {
            return Ok(None);
        }
        let mut names = word::delimiter_words(rest, false)?;
        match (names.pop(), names.is_empty()) {
            (Some(name), true) => {
                // The build reads it once more with its quotes and fails where that does.
                word::delimiter_words(rest, true)?;
                Ok(Some(Self { name, tabs }))
            }
            _ => Ok(None),
        }
    }
}

/// Whether a line is a comment, also inside a continued line.
fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}
