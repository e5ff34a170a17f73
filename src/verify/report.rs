//! Reports what verifying came to, as JSON and for people.

use std::fmt::Write as _;

use serde::Serialize;
use utoipa::ToSchema;

use super::finding::Finding;
use super::walk::Tree;
use crate::diagnostic::{Diagnostic, Severity};
use crate::readable;
use crate::reference::{Digest, Tag};
use crate::registry::Location;

/// The version of the form of the JSON.
const SCHEMA: u32 = 1;

/// The result of verifying.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VerifyReport)]
pub struct Report {
    /// The version of this format: 1.
    #[schema(minimum = 1, maximum = 1)]
    schema: u32,
    /// Whether everything is as it should be.
    pub ok: bool,
    /// The references that were checked.
    pub references: Vec<CheckedReference>,
    /// The findings, worst first.
    pub findings: Vec<Finding>,
    /// The lines that `--explain` prints about a reference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// Repositories that could not be read, and why.
    #[serde(skip)]
    pub failures: Vec<Diagnostic>,
}

/// A reference that was checked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckedReference {
    /// The full reference, such as `ghcr.io/acme/app:1.4`.
    pub reference: String,
    /// The repository.
    pub repository: String,
    /// The tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The outcome.
    pub state: State,
    /// The digest that the reference resolves to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The media type of that manifest or index.
    #[serde(rename = "mediaType", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The size of that manifest or index in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The platforms of the images in it, in order.
    pub platforms: Vec<String>,
    /// Whether nothing tells whose it should be.
    #[serde(skip)]
    pub is_foreign: bool,
}

/// The outcome for a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is wrong with it.
    Right,
    /// Something is wrong with it.
    Wrong,
    /// It is not there.
    Missing,
    /// It could not be asked for, or nothing tells whether it is right: its image is not published yet.
    Unknown,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Missing => "missing",
            Self::Unknown => "not checked",
        }
    }
}

impl CheckedReference {
    /// A reference of which nothing is known.
    #[must_use]
    pub fn new(reference: String, location: &Location, tag: Option<&Tag>) -> Self {
        let (digest, media_type, size) = (None, None, None);
        let (repository, tag) = (location.to_string(), tag.map(ToString::to_string));
        let (state, platforms) = (State::Unknown, Vec::new());
        Self { reference, repository, tag, state, digest, media_type, size, platforms, is_foreign: false }
    }

    /// Takes over what is there.
    pub(super) fn describe(&mut self, tree: &Tree<'_>) {
        self.media_type = Some(tree.served.manifest.media_type.clone());
        self.size = Some(tree.served.size());
        self.platforms = tree.platforms();
    }
}

impl Default for Report {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            ok: true,
            references: Vec::new(),
            findings: Vec::new(),
            facts: Vec::new(),
            failures: Vec::new(),
        }
    }
}

impl Report {
    /// Draws the conclusions.
    pub(super) fn settle(&mut self) {
        let errors: Vec<_> = self.findings.iter().filter(|one| one.severity == Severity::Error).collect();
        for one in &mut self.references {
            let is_wrong = errors.iter().any(|finding| finding.references.contains(&one.reference));
            one.state = match (is_wrong, &one.digest, &one.media_type) {
                (true, None, _) => State::Missing,
                (true, Some(_), _) => State::Wrong,
                (false, Some(_), Some(_)) if !one.is_foreign => State::Right,
                (false, ..) => State::Unknown,
            };
        }
        self.ok = errors.is_empty() && self.failures.is_empty();
    }

    /// Whether a registry serves something else than it should.
    #[must_use]
    pub fn disagrees(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Whether the first reference is there, and nothing was found but what is worth knowing.
    pub(super) fn is_fine(&self) -> bool {
        let is_there = self.references.first().is_some_and(|one| one.digest.is_some());
        self.ok && is_there && self.findings.iter().all(|finding| finding.severity == Severity::Note)
    }

    /// The findings as other mistakes are reported.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.findings.iter().map(Finding::to_diagnostic).collect()
    }

    /// As JSON for reading.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report has string keys only") + "\n"
    }

    /// As a table, or as the facts of an explanation.
    #[must_use]
    pub fn to_table(&self) -> String {
        if !self.facts.is_empty() {
            return self.facts.iter().map(|fact| readable::line(fact).into_owned() + "\n").collect();
        }
        let rows: Vec<[String; 4]> = self
            .references
            .iter()
            .map(|one| {
                let digest = one.digest.as_ref().map_or("", Digest::short).to_owned();
                [
                    readable::line(&one.reference).into_owned(),
                    one.state.word().to_owned(),
                    digest,
                    readable::line(&one.platforms.join(", ")).into_owned(),
                ]
            })
            .collect();
        let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        let mut text = String::new();
        for [reference, state, digest, platforms] in &rows {
            let line = format!(
                "{reference:0$}  {state:1$}  {digest:2$}  {platforms}",
                widths[0], widths[1], widths[2]
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text + &self.numbers()
    }

    /// As Markdown, for the summary page of a CI run.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!(
            "### Verify\n\n{}\n| Reference | State | Digest | Platforms |\n|---|---|---|---|\n",
            self.numbers()
        );
        for one in &self.references {
            let digest = one.digest.as_ref().map(|digest| format!("`{digest}`")).unwrap_or_default();
            let platforms = readable::markdown(&one.platforms.join(", "));
            let _ = writeln!(
                text,
                "| {} | {} | {digest} | {platforms} |",
                readable::code(&one.reference),
                one.state.word()
            );
        }
        if !self.findings.is_empty() {
            text.push_str("\n| Finding | What | Cause | Cure |\n|---|---|---|---|\n");
        }
        for finding in &self.findings {
            let cells = [finding.message.as_str(), finding.cause, &finding.cure];
            let cells = cells.map(readable::message);
            let _ = writeln!(text, "| `{}` | {} |", finding.code.name(), cells.join(" | "));
        }
        text
    }

    fn numbers(&self) -> String {
        let total = self.references.len();
        let noun = if total == 1 { "reference" } else { "references" };
        let count = |state| self.references.iter().filter(|one| one.state == state).count();
        let states = [State::Right, State::Wrong, State::Missing, State::Unknown];
        let parts = states.into_iter().filter(|state| count(*state) > 0);
        let parts: Vec<_> = parts.map(|state| format!("{} {}", count(state), state.word())).collect();
        if parts.is_empty() {
            format!("{total} {noun}\n")
        } else {
            format!("{total} {noun}: {}\n", parts.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_says_does_not_control_anything() {
        let mut report = Report { facts: vec!["a\u{1b}[31m\nb".into()], ..Report::default() };
        assert_eq!(report.to_table(), "a\\u{1b}[31m\\nb\n");
        report.facts.clear();
        let location = "r.io/a".parse().unwrap();
        let mut one = CheckedReference::new("r.io/a:1".into(), &location, None);
        one.platforms = vec!["linux/\u{1b}|<b>\n".into()];
        report.references.push(one);
        assert!(report.to_table().starts_with("r.io/a:1  not checked    linux/\\u{1b}|<b>\\n\n"));
        let row = report.to_markdown();
        assert!(
            row.ends_with("| `r.io/a:1` | not checked |  | linux/\\\\u{1b}\\|&lt;b&gt;\\\\n |\n"),
            "{row}"
        );
    }
}
