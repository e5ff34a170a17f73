//! Tags of a version that a later run has built, too: they are rightly that run's.

use super::code::Code;
use super::finding::Finding;
use super::state::{State, TagState};
use super::walk::Walk;
use crate::published::plan_json::RunEntry;
use crate::published::record::Known;
use crate::published::runs::Standing;

/// Leaves the tags of a repository aside that have what a later run built of the version.
pub(super) fn keep(tags: &mut [State<'_>], site: usize, run: &RunEntry, walk: &mut Walk<'_>) {
    let is_own = |tag: &&State<'_>| tag.site == site && !tag.planned.floating && tag.planned.is_of_version();
    let digest = tags.iter().filter(is_own).find_map(|tag| tag.checked.digest.clone());
    let Some(digest) = digest.filter(|_| run.has_order()) else { return };
    let why = match walk.manifest(site, &digest) {
        Known::Unasked => None,
        Known::Present(served) => match run.by_number(&RunEntry::of_served(served)) {
            Some(Standing::Earlier(why)) => Some(why),
            Some(Standing::Later | Standing::Unknown(_)) | None => return,
        },
        Known::Absent | Known::Faulty(_) => return,
    };
    let has_it = |tag: &&mut State<'_>| {
        // Those that move with runs have the same index then.
        let is_of_run = tag.planned.is_of_version() || tag.planned.moves_with_runs();
        tag.site == site
            && tag.kind == TagState::Own
            && is_of_run
            && tag.checked.digest.as_ref() == Some(&digest)
    };
    for tag in tags.iter_mut().filter(has_it) {
        let Some(why) = &why else {
            tag.kind = TagState::Open;
            continue;
        };
        let message = format!("`{}` stays with a later run: {why}", tag.planned.name);
        let references = [tag.checked.reference.clone()];
        walk.findings.push(Finding::new(Code::TagKept, &references, message));
        tag.kind = TagState::Kept;
    }
}
