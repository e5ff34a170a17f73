//! Tags that a later run has published, too: they are rightly that run's.

use super::code::Code;
use super::finding::Finding;
use super::state::{State, TagState};
use super::walk::Walk;
use crate::published::later::{Later, later, own_tags_there};
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::planned::PlannedImage;
use crate::published::record::{Known, Question};
use crate::published::served::Served;

/// Leaves the tags of a repository aside that have what a later run built and, where it built the version, all of the version.
pub(super) fn keep(
    tags: &mut [State<'_>],
    site: usize,
    image: &PlannedImage,
    run: &RunEntry,
    walk: &mut Walk<'_>,
) {
    if !run.has_order() {
        return;
    }
    let mut of_site = None;
    let mut kept: Vec<Option<String>> = Vec::new();
    for tag in tags.iter_mut() {
        let digest = tag.checked.digest.as_ref().filter(|_| tag.site == site && tag.kind == TagState::Own);
        let found = digest.and_then(|digest| match walk.manifest(site, digest) {
            Known::Unasked => {
                tag.kind = TagState::Open;
                None
            }
            Known::Present(served) => {
                let later = later(image, run, served, None)?;
                if !later.is_unsaid() || !image.tags.iter().any(TagEntry::is_own_of_run) {
                    return Some(later);
                }
                let told = of_version(later, site, image, served, walk);
                if told.is_none() {
                    tag.kind = TagState::Open;
                }
                told
            }
            Known::Absent | Known::Faulty(_) => None,
        });
        of_site = of_site
            .or_else(|| Some(found.as_ref().filter(|one| one.is_same_version(tag.planned))?.why.clone()));
        kept.push(found.filter(|one| one.keeps(image, tag.planned)).map(|one| one.why));
    }
    for (tag, own) in tags.iter_mut().zip(kept) {
        let is_left = || {
            tag.site == site
                && tag.planned.is_shared_by_runs()
                && matches!(tag.kind, TagState::Own | TagState::Missing)
        };
        let Some(why) = own.or_else(|| of_site.clone().filter(|_| is_left())) else { continue };
        let stays = if tag.kind == TagState::Missing { "is left out for" } else { "stays with" };
        let message = format!("`{}` {stays} a later run: {why}", tag.planned.name);
        let references = [tag.checked.reference.clone()];
        walk.findings.push(Finding::new(Code::TagKept, &references, message));
        tag.kind = TagState::Kept;
    }
}

/// What a later run made that does not say its version, seen its own tags, of which each run has others; nothing while it takes an
/// answer to tell.
fn of_version(
    later: Later,
    site: usize,
    image: &PlannedImage,
    served: &Served,
    walk: &mut Walk<'_>,
) -> Option<Later> {
    walk.need(site, Question::Tags);
    let records = walk.records;
    let listed = match records[site].tags() {
        Known::Unasked => return None,
        Known::Present(listed) => listed,
        Known::Absent | Known::Faulty(_) => return Some(later),
    };
    let mut is_open = false;
    for tag in own_tags_there(image, served, listed) {
        match walk.tag(site, tag) {
            Known::Unasked => is_open = true,
            Known::Present(digest) if *digest == served.manifest.digest => return Some(later.of_own_tag()),
            Known::Present(_) | Known::Absent | Known::Faulty(_) => {}
        }
    }
    (!is_open).then_some(later)
}
