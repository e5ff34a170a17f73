//! Something that was found out about a published image: what, where, why, and what helps.

use serde::Serialize;
use utoipa::ToSchema;

use super::code::Code;
use crate::diagnostic::{Diagnostic, Severity, listed};
use crate::published::target::Target;
use crate::reference::Digest;
use crate::registry::Location;

/// The cause and the cure of what is damaged in a layout.
const DAMAGED_LAYOUT: (&str, &str) = (
    "the file was changed, or not written to its end",
    "fill the layout again with `bakeplan promote`, from a repository that has all of it",
);

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// The severity.
    pub severity: Severity,
    /// The code.
    pub code: Code,
    /// What was found and what was expected.
    pub message: String,
    /// The references that it concerns.
    pub references: Vec<String>,
    /// The digest of the manifest or blob that it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Further facts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The cause.
    pub cause: &'static str,
    /// The cure.
    pub cure: String,
}

impl Finding {
    /// A finding with what the table says of it.
    pub fn new(code: Code, references: &[String], message: impl Into<String>) -> Self {
        let row = code.row();
        // What a layout has comes over no network.
        let is_of_layout = |name: &String| {
            matches!(name.parse::<Target>(), Ok(Target { location: Location::Layout(_), .. }))
        };
        let is_damaged = code == Code::DigestMismatch && references.first().is_some_and(is_of_layout);
        let (cause, cure) = if is_damaged { DAMAGED_LAYOUT } else { (row.cause, row.cure) };
        Self {
            severity: row.severity(),
            code,
            message: message.into(),
            references: references.to_vec(),
            digest: None,
            notes: Vec::new(),
            cause,
            cure: cure.to_owned(),
        }
    }

    /// Says what it is about.
    #[must_use]
    pub fn about(mut self, digest: &Digest) -> Self {
        self.digest = Some(digest.clone());
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says better what helps.
    #[must_use]
    pub fn with_cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = cure.into();
        self
    }

    /// Says how bad it is here.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Makes another finding of it.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Self {
        let row = code.row();
        (self.code, self.severity, self.cause, self.cure) =
            (code, row.severity(), row.cause, row.cure.to_owned());
        self
    }

    /// As other mistakes are reported.
    #[must_use]
    pub fn to_diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.code.code(), self.message.clone());
        diagnostic.severity = self.severity;
        if !self.references.is_empty() {
            diagnostic.notes.push(format!("in {}", listed(&self.references)));
        }
        diagnostic.notes.extend(self.notes.iter().cloned());
        diagnostic.notes.push(format!("cause: {}", self.cause));
        diagnostic.with_help(self.cure.clone())
    }
}

/// Tells once what is the same in several places, and what is worst first.
#[must_use]
pub(crate) fn gathered(findings: Vec<Finding>) -> Vec<Finding> {
    let mut gathered: Vec<Finding> = Vec::new();
    for finding in findings {
        let is_same = |known: &&mut Finding| {
            // Images of data are published by the dozen, and the same is said of all of them.
            let is_of_many = finding.code == Code::SameLayers;
            (known.code, &known.message, &known.notes) == (finding.code, &finding.message, &finding.notes)
                && (is_of_many || known.digest == finding.digest)
        };
        match gathered.iter_mut().find(is_same) {
            Some(known) => {
                let new = finding.references.iter().filter(|one| !known.references.contains(one));
                let new: Vec<_> = new.cloned().collect();
                known.references.extend(new);
                known.digest = known.digest.take().filter(|own| finding.digest.as_ref() == Some(own));
            }
            None => gathered.push(finding),
        }
    }
    gathered.sort_by_key(|finding| finding.severity);
    gathered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_in_several_places_is_told_once() {
        let find = |code, place: &str| Finding::new(code, &[place.to_owned()], "it is so");
        let all = vec![
            find(Code::TagKept, "a"),
            find(Code::TagMissing, "b"),
            find(Code::TagMissing, "c"),
            find(Code::TagMissing, "b"),
        ];
        let gathered = gathered(all);
        let told: Vec<_> =
            gathered.iter().map(|finding| (finding.code, finding.references.join(" "))).collect();
        assert_eq!(told, [(Code::TagMissing, "b c".to_owned()), (Code::TagKept, "a".to_owned())]);
        // Of images with the same layers once, whichever index they are in; of anything else, each with its digest.
        let of = |code, place: &str| find(code, place).about(&Digest::sha256(place.as_bytes()));
        for (code, expected) in [(Code::SameLayers, 1), (Code::IsAnIndex, 2)] {
            let gathered = super::gathered(vec![of(code, "a"), of(code, "b"), of(code, "b")]);
            assert_eq!(gathered.len(), expected, "{gathered:?}");
            assert_eq!(gathered[0].digest.is_none(), expected == 1, "{gathered:?}");
        }
    }

    #[test]
    fn a_finding_is_told_with_place_cause_and_cure() {
        let finding = Finding::new(Code::TagMissing, &["r.io/a:1".to_owned()], "the tag is not there");
        let text = finding.to_diagnostic().render(&crate::source::Sources::default(), false);
        assert_eq!(
            text,
            "error[tag-missing]: the tag is not there\n  = note: in `r.io/a:1`\n  = note: cause: the merge did not run or \
             failed, or the tag was removed\n  = help: run the merge; `bakeplan verify --explain REFERENCE` looks for the \
             cause\n"
        );
    }
}
