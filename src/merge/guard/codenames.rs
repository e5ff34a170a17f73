//! Names that may stay with one line of versions, such as `lts`, and that a greater version of another line holds.

use std::collections::BTreeSet;

use super::super::report::Outcome;
use super::decide::Decision;
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::record::Record;
use crate::published::renamed::{Kept, kept};

/// Reports those of an image that stay as they are, and how each goes on with its line.
pub(in crate::merge) fn held(ready: &Ready<'_>, records: &[Record]) -> Option<Diagnostic> {
    let is_held = |one: &&Decision| {
        one.report.outcome == Outcome::Kept
            && ready.image.codenames.contains(&one.tag)
            && !is_of_keeper(ready, one, records)
    };
    let held = || ready.decisions.iter().filter(is_held);
    let tags: BTreeSet<String> = held()
        .map(|one| {
            let why = one.report.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
            format!("`{}`{why}", one.report.reference)
        })
        .collect();
    let names: BTreeSet<String> = held().map(|one| format!("\"{}\"", one.tag)).collect();
    if names.is_empty() {
        return None;
    }
    let list = |all: BTreeSet<String>| all.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("image `{}` does not get {}", ready.key, list(tags));
    Some(Diagnostic::warning(Code::CODENAME, message).with_help(format!(
        "a name that stays with one line of versions is a channel: in an `image` block, leave it out of `tags`, and write `channels = [{}]`",
        list(names)
    )))
}

/// Whether what keeps a tag shows its name as well: it is a variant's, and moves with the greatest version that has it.
fn is_of_keeper(ready: &Ready<'_>, decision: &Decision, records: &[Record]) -> bool {
    let planned = ready.image.tags.iter().find(|tag| tag.name == decision.tag);
    let found = planned.map(|planned| kept(ready.image, planned, &records[decision.site]));
    let Some(Kept::By(keeper)) = found else { return false };
    let mut words = keeper.tag.as_str().split(['-', '_']);
    let bare = |word: &str| word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').to_owned();
    words.any(|word| bare(word) == decision.tag.as_str())
}
