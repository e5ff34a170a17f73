//! Says what a command is at: on a terminal one line that changes, elsewhere a line for each finished step.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use unicode_width::UnicodeWidthChar;

use super::Session;
use crate::host::Host;
use crate::parallel::lock;
use crate::published::progress::{Event, Progress};
use crate::readable;
use crate::registry::{self, Observer};

/// Shorter pauses are not worth a word.
const LONG_PAUSE: Duration = Duration::from_secs(2);

/// What is said while a command works.
pub(in crate::commands) struct Talk {
    host: Host,
    style: Style,
    line: Mutex<Line>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Nothing is said.
    Silent,
    /// Each finished step has a line.
    Lines,
    /// One line, of at most this many columns, shows what goes on.
    Live(usize),
}

/// The line that changes.
#[derive(Default)]
struct Line {
    /// Whether it has to be wiped away.
    is_dirty: bool,
    /// What was read of each repository, and how much there is to read as far as that is known.
    read: BTreeMap<String, (usize, usize)>,
}

impl Line {
    /// How far reading is, of all repositories together: their answers come out of order, and more to ask comes to light
    /// with them.
    fn read(&mut self, location: &str, done: usize, total: usize) -> String {
        let known = self.read.entry(location.to_owned()).or_default();
        *known = (known.0.max(done), known.1.max(total));
        let sum = |all: (usize, usize), one: &(usize, usize)| (all.0 + one.0, all.1 + one.1);
        let (done, total) = self.read.values().fold((0, 0), sum);
        match self.read.len() {
            1 => format!("{location}: reading {done}/{total}"),
            count => format!("{count} repositories: reading {done}/{total}"),
        }
    }
}

/// The beginning of a text that has at most this many columns.
fn cut(text: &str, columns: usize) -> String {
    let mut left = columns;
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    text.chars().filter(|c| !c.is_control()).take_while(fits).collect()
}

/// How things are said, given the columns of the terminal if there is one, and the environment.
fn style_of(is_json: bool, columns: Option<usize>, env: &BTreeMap<String, String>) -> Style {
    let is_set = |name: &str, is_meant: fn(&str) -> bool| env.get(name).is_some_and(|value| is_meant(value));
    let is_log = is_set("CI", |value| !value.is_empty() && value != "false");
    let is_dumb = is_set("TERM", |value| value == "dumb");
    match columns {
        _ if is_json => Style::Silent,
        // A line that reaches the edge would become two.
        Some(columns) if columns > 1 && !is_log && !is_dumb => Style::Live(columns - 1),
        _ => Style::Lines,
    }
}

impl Talk {
    pub(in crate::commands) fn new(session: &Session<'_>) -> Self {
        let style = style_of(session.voice.json, session.host.stderr_columns(), session.host.env());
        Self { host: session.host.clone(), style, line: Mutex::default() }
    }

    /// Shows what goes on, until something else does.
    fn show(&self, line: &mut Line, text: &str) {
        if let Style::Live(columns) = self.style {
            self.host.stderr_over(&cut(text, columns));
            line.is_dirty = true;
        }
    }

    /// Says what is done.
    fn say(&self, text: &str) {
        if self.style != Style::Silent {
            let mut line = self.line();
            let text = format!("{}\n", readable::line(text));
            if std::mem::take(&mut line.is_dirty) {
                self.host.stderr_over(&text);
            } else {
                self.host.stderr(&text);
            }
        }
    }

    /// Shows how far reading is.
    fn read(&self, location: &str, done: usize, total: usize) {
        let mut line = self.line();
        let text = line.read(location, done, total);
        self.show(&mut line, &text);
    }

    /// Says what is waited for, if that takes a while.
    fn wait(&self, who: &str, pause: Duration, why: &str) {
        let text = format!("{who}: waiting {:.1} s: {why}", pause.as_secs_f64());
        if pause >= LONG_PAUSE {
            self.say(&text);
        } else {
            self.show(&mut self.line(), &text);
        }
    }

    /// Leaves nothing behind.
    pub(in crate::commands) fn end(&self) {
        if std::mem::take(&mut self.line().is_dirty) {
            self.host.stderr_over("");
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        lock(&self.line)
    }
}

impl Progress for Talk {
    fn tell(&self, event: &Event<'_>) {
        match event {
            Event::Reading { location, done, total } => self.read(&location.to_string(), *done, *total),
            Event::Writing { location, what } => {
                self.show(&mut self.line(), &format!("{location}: writing {what}"));
            }
            Event::Waiting { location, pause, why } => {
                self.wait(&location.to_string(), *pause, why);
            }
            Event::Done { location, what } => self.say(&format!("{location}: {what}")),
        }
    }
}

impl Observer for Talk {
    fn observe(&self, event: &registry::RequestEvent<'_>) {
        match event {
            registry::RequestEvent::Waiting { request, pause, why } => {
                self.wait(request.host, *pause, why);
            }
            registry::RequestEvent::Slow { request, received, expected, took } => {
                let of = expected.map(|expected| format!(" of {expected}")).unwrap_or_default();
                let registry::Exchange { method, host, path } = request;
                self.say(&format!(
                    "{host}: waiting for the answer to {method} {path}: {received} bytes{of} after {} s",
                    took.as_secs()
                ));
            }
            registry::RequestEvent::Sent(_)
            | registry::RequestEvent::Answered { .. }
            | registry::RequestEvent::Failed { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_to_the_terminal() {
        for (text, columns, expected) in [
            ("ghcr.io/acme/app: reading 1/2", 80, "ghcr.io/acme/app: reading 1/2"),
            ("ghcr.io/acme/app: reading 1/2", 7, "ghcr.io"),
            ("日本語", 5, "日本"),
            ("日本語", 1, ""),
            ("a\tb\u{1b}[2Kc\n", 80, "ab[2Kc"),
            ("e\u{301}e\u{301}", 1, "e\u{301}"),
        ] {
            assert_eq!(cut(text, columns), expected, "{text:?} {columns}");
        }
    }

    #[test]
    fn what_was_read_never_becomes_less() {
        let mut line = Line::default();
        assert_eq!(line.read("a/b", 2, 5), "a/b: reading 2/5");
        // Answers come out of order, and the second round is smaller.
        assert_eq!(line.read("a/b", 1, 5), "a/b: reading 2/5");
        assert_eq!(line.read("a/b", 6, 9), "a/b: reading 6/9");
        assert_eq!(line.read("c/d", 1, 3), "2 repositories: reading 7/12");
        assert_eq!(line.read("a/b", 7, 9), "2 repositories: reading 8/12");
    }

    #[test]
    fn only_a_person_at_a_terminal_sees_a_line_that_changes() {
        let env = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        for (is_json, columns, pairs, expected) in [
            (false, Some(80), &[][..], Style::Live(79)),
            (false, Some(80), &[("TERM", "xterm"), ("CI", "")], Style::Live(79)),
            (false, Some(80), &[("CI", "false")], Style::Live(79)),
            (false, Some(80), &[("CI", "true")], Style::Lines),
            (false, Some(80), &[("CI", "1")], Style::Lines),
            (false, Some(80), &[("TERM", "dumb")], Style::Lines),
            (false, Some(0), &[], Style::Lines),
            (false, None, &[], Style::Lines),
            (true, Some(80), &[], Style::Silent),
        ] {
            assert_eq!(style_of(is_json, columns, &env(pairs)), expected, "{is_json} {columns:?} {pairs:?}");
        }
    }
}
