//! Floating tags that stay with what reads as a greater version, and may be no version at all: what is said of them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::report::Outcome;
use super::decide::Decision;
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::floating::Keeper;
use crate::published::plan_json::TagEntry;
use crate::published::record::Record;
use crate::published::renamed::{Kept, kept};
use crate::reference::Tag;

/// What is said.
#[derive(Default)]
pub(in crate::merge) struct Doubtful {
    /// Which tags are held, since nothing tells.
    pub(in crate::merge) held: Vec<Diagnostic>,
    /// Which stay, though what else is known speaks against it.
    pub(in crate::merge) notes: Vec<Diagnostic>,
}

/// Says which tags of an image stay with what may be no version.
pub(in crate::merge) fn tell(ready: &Ready<'_>, records: &[Record]) -> Doubtful {
    let mut told = Doubtful::default();
    let mut held: BTreeMap<Tag, BTreeSet<String>> = BTreeMap::new();
    let mut absent: BTreeMap<Tag, BTreeSet<String>> = BTreeMap::new();
    let mut same: BTreeMap<(Tag, Tag), BTreeSet<String>> = BTreeMap::new();
    for decision in &ready.decisions {
        let planned = ready.image.tags.iter().find(|tag| tag.name == decision.tag);
        let Some(planned) = planned.filter(|tag| tag.follows().is_some()) else { continue };
        let reference = || format!("`{}`", decision.report.reference);
        let found = || kept(ready.image, planned, &records[decision.site]);
        match decision.report.outcome {
            Outcome::Held => {
                if let Kept::Perhaps(Keeper { tag, version: _, other_scheme: _ }) = found() {
                    held.entry(tag).or_default().insert(reference());
                }
            }
            Outcome::Kept => {
                let Kept::By(Keeper { tag, version: _, other_scheme: None }) = found() else { continue };
                if decision.report.previous.is_none() && is_constant(ready, planned) {
                    absent.entry(tag).or_default().insert(reference());
                } else if let Some(other) = moves_from_the_same(ready, decision) {
                    same.entry((tag, other.clone())).or_default().insert(reference());
                }
            }
            _ => {}
        }
    }
    let list = |tags: BTreeSet<String>| tags.into_iter().collect::<Vec<_>>().join(", ");
    let version = ready.image.version.as_ref().map(ToString::to_string).unwrap_or_default();
    let key = ready.key;
    let help = |tag: &Tag| {
        format!(
            "if `{tag}` is not a version of this image, name it in `withdrawn`: `withdrawn = [\"{tag}\"]`; `--allow-backward` moves the tags in this run"
        )
    };
    for (tag, tags) in held {
        let message = format!(
            "image `{key}` leaves {} as before: `{tag}` reads as greater than `{version}` by a number that may not be the version's, and nothing tells which version it is",
            list(tags)
        );
        told.held.push(Diagnostic::warning(Code::HELD, message).with_help(help(&tag)));
    }
    for (tag, tags) in absent {
        let message = format!(
            "image `{key}` does not get {}: it reads as a version, and `{tag}` is greater than `{version}`",
            list(tags)
        );
        told.notes.push(Diagnostic::warning(Code::KEPT_TAG, message).with_help(help(&tag)));
    }
    for ((tag, other), tags) in same {
        let message = format!(
            "image `{key}` leaves {} as before: `{tag}` is greater than `{version}`; but what has it has `{other}` as well, a tag of this image",
            list(tags)
        );
        told.notes.push(Diagnostic::warning(Code::KEPT_TAG, message).with_help(help(&tag)));
    }
    told
}

/// Whether a tag is a text that reads as a version.
fn is_constant(ready: &Ready<'_>, tag: &TagEntry) -> bool {
    tag.form.is_text() && ready.image.parse_version(tag.name.as_str()).is_ok()
}

/// A tag of the same index that goes on to this image, though it moves with fewer versions: what they both have is no greater one.
fn moves_from_the_same<'r>(ready: &'r Ready<'_>, decision: &Decision) -> Option<&'r Tag> {
    let moves = |one: &&Decision| {
        one.site == decision.site
            && matches!(one.report.outcome, Outcome::Moved | Outcome::Replaced)
            && one.report.previous == decision.report.previous
            && ready.image.tags.iter().any(|tag| tag.name == one.tag && tag.is_of_version())
    };
    ready.decisions.iter().find(moves).map(|one| &one.tag)
}
