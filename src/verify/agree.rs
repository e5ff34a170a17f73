//! Checks whether the tags of an image agree with each other, and its repositories.

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;
use super::finding::Finding;
use super::state::{State, TagState};
use super::walk::Walk;
use crate::diagnostic::Severity;
use crate::oci::INPUTS;
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::planned::PlannedImage;
use crate::published::runs::Standing;
use crate::reference::Digest;

/// Compares the tags of an image with each other in each of these places, and the places.
pub(super) fn agree(
    key: &str,
    image: &PlannedImage,
    run: &RunEntry,
    tags: &[State<'_>],
    places: &[usize],
    walk: &mut Walk<'_>,
) {
    for site in places {
        within(key, run, tags, *site, walk);
    }
    let (mut differing, mut notes) = (Vec::new(), Vec::new());
    let (mut apart, mut why) = (Vec::new(), Vec::new());
    for planned in &image.tags {
        let same: Vec<_> = tags.iter().filter(|tag| std::ptr::eq(tag.planned, planned)).collect();
        let own: Vec<_> = same.iter().copied().filter(|tag| tag.kind == TagState::Own).collect();
        let references = |tags: &[&State<'_>]| -> Vec<String> {
            tags.iter().map(|tag| tag.checked.reference.clone()).collect()
        };
        if are_several(&own) {
            differing.extend(references(&own));
            notes.push(where_from(&own));
            continue;
        }
        // A version's own tag is one thing, also where a later run has it.
        let all = same.into_iter().filter(|tag| matches!(tag.kind, TagState::Own | TagState::Kept));
        let all: Vec<_> = all.collect();
        if is_literal(planned) && !own.is_empty() && are_several(&all) {
            apart.extend(references(&all));
            why.push(where_from(&all));
        }
    }
    if !differing.is_empty() {
        let message = format!("image `{key}` differs between its repositories");
        let finding = Finding::new(Code::RepositoriesDisagree, &differing, message);
        walk.findings.push(Finding { notes, ..finding });
    }
    if !apart.is_empty() {
        let message =
            format!("image `{key}` differs between its repositories: a later run has not published in all");
        let finding = Finding::new(Code::RepositoriesDisagree, &apart, message);
        let finding =
            finding.with_severity(Severity::Warning).with_cure("run the merge of the later run again");
        walk.findings.push(Finding { notes: why, ..finding });
    }
}

/// Whether a tag is a version's own.
fn is_literal(tag: &TagEntry) -> bool {
    tag.is_of_version() && !tag.floating
}

fn are_several(tags: &[&State<'_>]) -> bool {
    tags.iter().filter_map(|tag| tag.checked.digest.as_ref()).collect::<BTreeSet<_>>().len() > 1
}

/// What each of these tags has.
fn where_from(tags: &[&State<'_>]) -> String {
    let has = tags.iter().map(|tag| {
        let digest = tag.checked.digest.as_ref().map_or("", Digest::as_str);
        format!("`{}` is {digest}", tag.checked.reference)
    });
    has.collect::<Vec<_>>().join(", ")
}

/// The same in one place.
fn within(key: &str, run: &RunEntry, tags: &[State<'_>], site: usize, walk: &mut Walk<'_>) {
    let mut groups: BTreeMap<&Digest, Vec<&State<'_>>> = BTreeMap::new();
    for tag in tags.iter().filter(|tag| tag.kind == TagState::Own && tag.site == site) {
        let Some(digest) = &tag.checked.digest else { continue };
        groups.entry(digest).or_default().push(tag);
    }
    if groups.len() < 2 {
        return;
    }
    let location = &walk.sites[site].location;
    let message = format!("the tags of image `{key}` in `{location}` have {} digests", groups.len());
    // The version's own tags say what it is, if they agree.
    let own = |tags: &Vec<&State<'_>>| tags.iter().any(|tag| !tag.planned.floating);
    let right: Vec<_> = groups.iter().filter(|(_, tags)| own(tags)).map(|(digest, _)| *digest).collect();
    let wrong: Vec<_> = groups.iter().filter(|(digest, _)| right[..] != [**digest]).collect();
    let references = wrong.iter().flat_map(|(_, tags)| tags.iter().map(|tag| tag.checked.reference.clone()));
    let mut finding = Finding::new(Code::TagsDisagree, &references.collect::<Vec<_>>(), message);
    for (digest, tags) in &groups {
        let names: Vec<_> = tags.iter().map(|tag| format!("`{}`", tag.planned.name)).collect();
        finding.notes.push(format!("{digest}: {}", names.join(", ")));
    }
    let earlier = wrong.iter().find_map(|(digest, _)| earlier_run(run, site, digest, walk));
    finding.notes.extend(earlier.map(|number| {
        format!(
            "run {number} made what they have: if a run after this one reuses that, they are right, which the plan of that run tells; its index cannot"
        )
    }));
    walk.findings.push(finding);
}

/// The number of an earlier run that made what others may reuse, since it records its inputs.
fn earlier_run(run: &RunEntry, site: usize, digest: &Digest, walk: &mut Walk<'_>) -> Option<u64> {
    let served = walk.manifest(site, digest).present()?;
    served.annotations()?.get(INPUTS)?;
    let there = RunEntry::of_served(served);
    let is_earlier = run.beside_in_turn(&there, None) == Standing::Later;
    there.number.filter(|_| is_earlier)
}
