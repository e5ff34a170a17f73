//! What went wrong, where, and what to do about it; and its three faces: terminal, GitHub annotation, JSON.

mod collector;

use std::borrow::Cow;
use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

pub(crate) use self::collector::Diagnostics;
use crate::code::Code;
pub(crate) use crate::code::Severity;
use crate::palette;
use crate::readable;
use crate::source::{Position, Sources, Span};

/// A place that a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there; may be empty.
    pub text: String,
}

/// One thing to tell the user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable kebab-case name, for scripts and for searching.
    pub code: Code,
    /// What was found and what was expected: lower case, no final stop. One line, as all texts of a diagnostic: where one quotes
    /// what others wrote, a line break in that is shown as an escape, and forges no line.
    pub message: String,
    /// Where; the first is the main place.
    pub labels: Vec<Label>,
    /// Further facts, such as the chain of calls that led here.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// Whether Bake might not fail here: it would know a value that is kept for the build, or it does not have this limit of
    /// ours. So `try` and `can` must not answer it.
    pub is_ours: bool,
    /// The image that it is about, where the same may be said of others.
    pub(crate) of_images: Option<Box<OfImages>>,
}

/// How a sentence about an image goes on when it is about several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OfImages {
    /// The name of the image.
    name: String,
    /// The block that it comes from, if there is one.
    block: Option<String>,
    /// What follows `3 images`.
    several: String,
}

impl OfImages {
    /// The same with each text changed.
    fn with_texts(&self, change: impl Fn(&str) -> String) -> Self {
        let Self { name, block, several } = self;
        Self { name: change(name), block: block.as_deref().map(&change), several: change(several) }
    }
}

/// Why there is no result. Boxed, since it travels through every level of an expression.
pub(crate) type Failure = Box<Diagnostic>;

/// Texts that must not be shown, the longest first.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<String>);

/// Shorter values are not looked for: they are in every other word.
const MIN_SECRET: usize = 4;

/// Likewise parts of values, which a message may quote alone, as of `user=password`.
const MIN_PART: usize = 8;

impl Secrets {
    /// Adds some. Values are strings in NFC, whatever they are given as.
    pub fn hide(&mut self, texts: impl Iterator<Item = String>) {
        let forms = |text: String| {
            let composed = (!is_nfc(&text)).then(|| text.nfc().collect());
            composed.into_iter().chain([text])
        };
        for text in texts.flat_map(forms).filter(|text| text.len() >= MIN_SECRET) {
            let parts = text.split(|c: char| c.is_whitespace() || ",;:=@/?&#|\"'".contains(c));
            let parts = parts.filter(|part| part.len() >= MIN_PART).map(str::to_owned);
            // Some messages quote what was found, and what a file makes of a value may be in one case.
            let quoted = text.escape_debug().to_string();
            for text in parts.chain([quoted, text.clone()]) {
                self.0.extend([text.to_uppercase(), text.to_lowercase(), text]);
            }
        }
        self.0.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        self.0.dedup();
    }
}

/// The styles of the crate, without those that fade on white.
const STYLED: Renderer = Renderer::styled()
    .error(palette::ERROR)
    .warning(palette::WARNING)
    .note(palette::NOTE)
    .help(palette::STRONG)
    .line_num(palette::FAINT)
    .context(palette::FAINT);

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            is_ours: false,
            of_images: None,
        }
    }

    /// A warning without a place.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::error(code, message).with_severity(Severity::Warning)
    }

    /// A note without a place.
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::error(code, message).with_severity(Severity::Note)
    }

    /// The same with another severity.
    #[must_use]
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// Adds a place; the first is the main one.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Span>>, text: impl Into<String>) -> Self {
        if let Some(span) = span.into() {
            self.labels.push(Label { span, text: text.into() });
        }
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same, for which `try` and `can` have no answer.
    #[must_use]
    pub fn ours(mut self) -> Self {
        self.is_ours = true;
        self
    }

    /// Names the image that it is about, and the block that this comes from. Where the same is said of several images, it is
    /// said once: `several` is what follows `3 images` then.
    #[must_use]
    pub(crate) fn of_image(mut self, name: &str, block: Option<&str>, several: impl Into<String>) -> Self {
        let (name, block, several) = (name.to_owned(), block.map(str::to_owned), several.into());
        self.of_images = Some(Box::new(OfImages { name, block, several }));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same without these texts, which nobody may see.
    #[must_use]
    pub fn without(&self, secrets: &Secrets) -> Self {
        self.with_texts(|text| {
            secrets.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
        })
    }

    /// The same with each text changed.
    #[must_use]
    pub fn with_texts(&self, change: impl Fn(&str) -> String) -> Self {
        let label = |label: &Label| Label { span: label.span, text: change(&label.text) };
        Self {
            severity: self.severity,
            code: self.code,
            message: change(&self.message),
            labels: self.labels.iter().map(label).collect(),
            notes: self.notes.iter().map(|note| change(note)).collect(),
            help: self.help.as_deref().map(&change),
            is_ours: self.is_ours,
            of_images: self.of_images.as_deref().map(|of| Box::new(of.with_texts(&change))),
        }
    }

    /// As a person reads it: message, source with carets, notes, help. Ends with a newline.
    #[must_use]
    pub fn render(&self, sources: &Sources, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut group = Group::with_title(
            level.primary_title(readable::message_line(&self.message)).id(self.code.name()),
        );
        let (private, shown): (Vec<&Label>, Vec<&Label>) =
            self.labels.iter().partition(|label| sources.get(label.span.source).is_private);
        let private = private.into_iter().map(|label| {
            let source = sources.get(label.span.source);
            let Position { line, column } = source.position(label.span.start);
            format!(
                "at {}:{line}:{column}, which is not shown since it lies outside of the project",
                source.path
            )
        });
        let notes: Vec<String> = private.chain(self.notes.iter().cloned()).collect();
        for (index, labels) in by_source(&shown).into_iter().enumerate() {
            let source = sources.get(labels[0].span.source);
            let window = Window::around(&source.text, &labels);
            let mut snippet =
                Snippet::source(window.readable()).path(readable::line(&source.path)).line_start(window.line);
            for label in &labels {
                let main = index == 0 && label.span == self.labels[0].span;
                let kind = if main { AnnotationKind::Primary } else { AnnotationKind::Context };
                let annotation = kind.span(window.range(label.span));
                snippet = snippet.annotation(if label.text.is_empty() {
                    annotation
                } else {
                    annotation.label(readable::message_line(&label.text))
                });
            }
            group = group.element(snippet);
        }
        let renderer = if color { STYLED } else { Renderer::plain() };
        let notes = notes.iter().map(|note| (Level::NOTE, "note", note));
        let more = notes.chain(self.help.iter().map(|help| (Level::HELP, "help", help)));
        if shown.is_empty() {
            // Without a snippet the renderer would draw an empty margin.
            let mut text = renderer.render(&[group]);
            more.for_each(|(_, word, message)| {
                let _ = write!(text, "\n  = {word}: {}", readable::message_line(message));
            });
            return text + "\n";
        }
        let group = more.fold(group, |group, (level, _, message)| {
            group.element(level.message(readable::message_line(message)))
        });
        renderer.render(&[group]) + "\n"
    }

    /// As a GitHub workflow command, on one line:
    /// <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>.
    #[must_use]
    pub fn render_github(&self, sources: &Sources) -> String {
        let mut out = format!("::{} ", command(self.severity));
        if let Some(label) = self.labels.first() {
            let source = sources.get(label.span.source);
            let (start, end) = (source.position(label.span.start), source.position(label.span.end));
            let _ = write!(
                out,
                "file={},line={},endLine={},col={},",
                escape_property(&readable::line(&source.path)),
                start.line,
                end.line,
                start.column
            );
        }
        let texts = [&self.message].into_iter().chain(&self.notes).chain(&self.help);
        let lines: Vec<_> = texts.map(|text| readable::message_line(text)).collect();
        let _ =
            writeln!(out, "title={}::{}", escape_property(self.code.name()), escape_data(&lines.join("\n")));
        out
    }

    /// As data; see [`WireDiagnostic`].
    #[must_use]
    pub fn to_wire(&self, sources: &Sources) -> WireDiagnostic {
        let place = |label: &Label| {
            let source = sources.get(label.span.source);
            let (start, end) = (source.position(label.span.start), source.position(label.span.end));
            WirePlace {
                file: source.path.clone(),
                line: start.line,
                column: start.column,
                end_line: end.line,
                end_column: end.column,
                label: label.text.clone(),
            }
        };
        WireDiagnostic {
            severity: self.severity,
            code: self.code,
            message: self.message.clone(),
            places: self.labels.iter().map(place).collect(),
            notes: self.notes.clone(),
            help: self.help.clone(),
        }
    }
}

impl From<Box<Self>> for Diagnostic {
    fn from(failure: Box<Self>) -> Self {
        *failure
    }
}

/// A diagnostic as JSON. Lines and columns count from 1, columns in grapheme clusters, ends exclusive.
#[derive(Clone, Debug, Serialize)]
pub struct WireDiagnostic {
    /// `error`, `warning` or `note`.
    pub severity: Severity,
    /// Stable name.
    pub code: Code,
    /// What was found and expected.
    pub message: String,
    /// Where; the first is the main place.
    pub places: Vec<WirePlace>,
    /// Further facts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A range in a file, as JSON.
#[derive(Clone, Debug, Serialize)]
#[allow(clippy::missing_docs_in_private_items, reason = "the names say it")]
pub struct WirePlace {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// What to do about a name that is not among those of this kind: the one most like it, or which there are.
#[must_use]
pub(crate) fn names_help<'a>(name: &str, kind: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    const SHOWN: usize = 10;
    if let Some(near) = suggest(name, known.clone()) {
        return format!("did you mean `{near}`?");
    }
    let shown: Vec<String> = known.clone().take(SHOWN).map(|known| format!("`{known}`")).collect();
    match (shown.len(), known.count()) {
        (0, _) => format!("there are no {kind}s"),
        (1, 1) => format!("the only {kind} is {}", shown[0]),
        (_, all) if all > SHOWN => format!("some of the {kind}s are {}", shown.join(", ")),
        _ => format!("the {kind}s are {}", shown.join(", ")),
    }
}

/// By place, then by text, each once: the same input gives the same output in the same order.
#[must_use]
pub(crate) fn sorted(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by(|a, b| {
        let place = |diagnostic: &Diagnostic| diagnostic.labels.first().map(|label| label.span);
        place(a).cmp(&place(b)).then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup();
    diagnostics
}

/// Labels grouped by the file they are in, the main label's file first.
fn by_source<'a>(labels: &[&'a Label]) -> Vec<Vec<&'a Label>> {
    let mut groups: Vec<Vec<&Label>> = Vec::new();
    for &label in labels {
        match groups.iter_mut().find(|g| g[0].span.source == label.span.source) {
            Some(group) => group.push(label),
            None => groups.push(vec![label]),
        }
    }
    groups
}

/// How much of a line of megabytes is shown on either side of what is pointed at.
const LINE_MARGIN: usize = 200;

/// The part of a source that is shown: whole lines, unless a line is very long.
struct Window<'a> {
    text: &'a str,
    start: usize,
    line: usize,
}

impl<'a> Window<'a> {
    fn around(text: &'a str, labels: &[&Label]) -> Self {
        let first = labels.iter().map(|l| l.span.start as usize).min().unwrap_or(0).min(text.len());
        let last = labels.iter().map(|l| l.span.end as usize).max().unwrap_or(0).min(text.len());
        let boundary = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let (first, last) = (boundary(first), boundary(last.max(first)));
        let mut start = text[..first].rfind('\n').map_or(0, |at| at + 1);
        let mut end = text[last..].find('\n').map_or(text.len(), |at| last + at);
        if first - start > LINE_MARGIN * 2 {
            start = boundary(first - LINE_MARGIN);
        }
        if end - last > LINE_MARGIN * 2 {
            end = boundary(last + LINE_MARGIN);
        }
        if end - start > 64 * LINE_MARGIN {
            end = boundary(start + 64 * LINE_MARGIN);
        }
        Self {
            text: &text[start..end],
            start,
            line: text[..start].bytes().filter(|b| *b == b'\n').count() + 1,
        }
    }

    /// The text without what would control a terminal.
    fn readable(&self) -> Cow<'a, str> {
        readable::lines(self.text)
    }

    /// Where a part of the source is in the readable text.
    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let clamp = |at: u32| {
            let at = (at as usize).saturating_sub(self.start).min(self.text.len());
            let at = (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
            readable::lines(&self.text[..at]).len()
        };
        clamp(span.start)..clamp(span.end).max(clamp(span.start))
    }
}

/// The workflow command that shows a diagnostic of this severity.
fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The candidate that the user most likely meant, if any is close.
pub(crate) fn suggest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Comparing takes time by the product of lengths.
    const LONGEST: usize = 100;
    if found.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            let exact = strsim::damerau_levenshtein(found, candidate);
            // Another case is one mistake, however many letters have it.
            let other = strsim::damerau_levenshtein(&found.to_lowercase(), &candidate.to_lowercase()) + 1;
            (exact.min(other), candidate)
        })
        .filter(|(distance, candidate)| *distance <= (found.len().max(candidate.len()) / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The candidates that the user may have meant, the nearest first: those that are close, or else those with a word of it.
pub(crate) fn nearest<'a>(found: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Vec<&'a str> {
    const SHOWN: usize = 3;
    let words: Vec<&str> = found.split('-').filter(|word| word.len() > 3).collect();
    let has_word = |candidate: &&str| candidate.split('-').any(|word| words.contains(&word));
    let close = suggest(found, candidates.clone());
    let mut near: Vec<&str> = close.into_iter().collect();
    let mut others: Vec<&str> = candidates.filter(has_word).collect();
    others.sort_by_key(|candidate| (strsim::damerau_levenshtein(found, candidate), *candidate));
    near.extend(others);
    let mut seen = std::collections::BTreeSet::new();
    near.retain(|candidate| seen.insert(*candidate));
    near.truncate(SHOWN);
    near
}

/// How many names a note lists.
const MAX_LISTED: usize = 5;

/// The first of these names, and how many more there are.
pub(crate) fn listed(names: &[impl AsRef<str>]) -> String {
    let listed = all_listed(names.iter().take(MAX_LISTED).map(AsRef::as_ref));
    let more = match names.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    listed + &more
}

/// All of these names: `a`, `b`.
pub(crate) fn all_listed(names: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// All of these words, of which one is to be chosen: `a`, `b` or `c`.
pub(crate) fn alternatives(words: &[impl AsRef<str>]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Sources, Diagnostic) {
        let mut sources = Sources::default();
        let source = sources.add("docker-bake.hcl", "target \"a\" {\n  tags = [TAGG]\n}\n");
        let diagnostic = Diagnostic::error(Code::UNKNOWN_VARIABLE, "there is no variable named `TAGG`")
            .at(Span { source, start: 23, end: 27 }, "not found")
            .with_help("did you mean `TAG`?");
        (sources, diagnostic)
    }

    #[test]
    fn names_are_listed_in_quotes_and_long_lists_cut() {
        let names: Vec<_> = (0..8).map(|at| at.to_string()).collect();
        assert_eq!(listed(&names), "`0`, `1`, `2`, `3`, `4` and 3 more");
        assert_eq!(listed(&names[..2]), "`0`, `1`");
        assert_eq!(all_listed(&names), "`0`, `1`, `2`, `3`, `4`, `5`, `6`, `7`");
        assert_eq!((all_listed(&names[..1]), all_listed([""; 0])), ("`0`".to_owned(), String::new()));
    }

    #[test]
    fn diagnostics_are_kept_once_and_errors_refuse() {
        let (_, error) = sample();
        let (warning, note) = (Diagnostic::warning(Code::HELD, "b"), Diagnostic::note(Code::MORE, "a"));
        let mut found = Diagnostics::default();
        assert!(found.is_empty());
        found.extend([warning.clone(), note.clone(), warning.clone()]);
        assert!(!found.has_errors());
        assert_eq!(found.clone().into_result(1), Ok((1, vec![note.clone(), warning.clone()])));
        // The same text at another severity is another diagnostic.
        found.report(Diagnostic::error(Code::HELD, "b"));
        assert_eq!(found.ok::<()>(Err(Box::new(error.clone()))), None);
        assert_eq!(found.ok::<u8>(Err(error.clone())), None);
        assert_eq!(found.ok(Ok::<_, Diagnostic>(2)), Some(2));
        assert_eq!(found.len(), 4);
        assert_eq!(found.into_result(1), Err(vec![Diagnostic::error(Code::HELD, "b"), error]));
    }

    #[test]
    fn a_person_sees_file_line_caret_and_cure() {
        let (sources, diagnostic) = sample();
        snapbox::assert_data_eq!(
            diagnostic.render(&sources, false),
            snapbox::str![[r#"
error[unknown-variable]: there is no variable named `TAGG`
 --> docker-bake.hcl:2:11
  |
2 |   tags = [TAGG]
  |           ^^^^ not found
  |
  = help: did you mean `TAG`?

"#]]
        );
    }

    #[test]
    fn github_sees_one_line_with_escapes() {
        let (sources, mut diagnostic) = sample();
        diagnostic.message = "100% of\ntags".into();
        assert_eq!(
            diagnostic.render_github(&sources),
            "::error file=docker-bake.hcl,line=2,endLine=2,col=11,title=unknown-variable::100%25 of\\ntags%0Adid you mean `TAG`?\n"
        );
    }

    #[test]
    fn a_line_of_megabytes_is_cut_to_a_window() {
        let mut sources = Sources::default();
        let source = sources.add("a.hcl", "x".repeat(5_000_000));
        let diagnostic =
            Diagnostic::error(Code::LIMIT, "m").at(Span { source, start: 2_000_000, end: 2_000_004 }, "");
        assert!(diagnostic.render(&sources, false).len() < 2_000);
    }

    #[test]
    fn suggestions_are_close_or_none() {
        assert_eq!(suggest("platfroms", ["platforms", "tags"]), Some("platforms"));
        assert_eq!(suggest("zzz", ["platforms", "tags"]), None);
    }
}
