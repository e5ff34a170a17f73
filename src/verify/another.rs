//! Finds tags that have the content of another version or commit, where the plan does not say what content has to name.

use super::code::Code;
use super::finding::Finding;
use super::walk::{Trail, Tree, Walk};
use crate::diagnostic::Severity;
use crate::oci::VERSION;
use crate::published::floating::other_releases;
use crate::published::later::{is_of_git_tag, is_other_commit};
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::planned::PlannedImage;
use crate::published::record::{Configuration, Known, Question, Record};
use crate::published::release::{MAX_RELEASES, Saying, has_same_numbers, saying};
use crate::reference::Digest;
use crate::version::Version;

/// What tells that content is another version.
struct Evidence {
    /// What is known of the digest, as words that follow it.
    claim: String,
    notes: Vec<String>,
    /// Whether it can be nothing else.
    is_sure: bool,
    /// What helps, where that is not to build this version again.
    cure: Option<String>,
}

/// Looks for another version in the content of an image's tags; whether there is one. Whoever knows what was built need
/// not ask, and `is_said` is whether a merge says that it gave the tags this content: two versions may rightly have the same.
pub(super) fn look(
    key: &str,
    image: &PlannedImage,
    is_said: bool,
    place: &Trail,
    tree: &Tree<'_>,
    walk: &mut Walk<'_>,
) -> bool {
    let Some(planned) = &image.version else { return false };
    let found = &tree.served.manifest.digest;
    let Some(Evidence { claim, notes, is_sure, cure }) = evidence(key, image, planned, place, tree, walk)
    else {
        return false;
    };
    let message = format!("image `{key}`: {found} {claim}, but its tags are for `{planned}`");
    let mut finding = Finding::new(Code::OtherVersion, &place.references, message).about(found);
    finding.notes = notes;
    walk.findings.push(if is_said {
        finding
            .with_severity(Severity::Warning)
            .with_cure("nothing, if the merge was meant to give this content to both versions")
    } else if !is_sure {
        finding
            .with_severity(Severity::Warning)
            .with_cure("set the label in the definition, and it tells which version was built")
    } else {
        match cure {
            Some(cure) => finding.with_cure(cure),
            None => finding,
        }
    });
    is_sure && !is_said
}

/// Finds tags with a commit in their names that have what a run of another commit made, as that says itself; whether there are any.
pub(super) fn commit(
    key: &str,
    image: &PlannedImage,
    run: &RunEntry,
    place: &Trail,
    tree: &Tree<'_>,
    walk: &mut Walk<'_>,
) -> bool {
    let there = RunEntry::of_served(tree.served);
    if !is_other_commit(run, &there) {
        return false;
    }
    let location = &walk.sites[place.site].location;
    let named = image.tags.iter().filter(|tag| !tag.floating && tag.form.has_commit());
    let references: Vec<String> = named.map(|tag| location.with_tag(&tag.name)).collect();
    let references: Vec<String> =
        references.into_iter().filter(|reference| place.references.contains(reference)).collect();
    if references.is_empty() {
        return false;
    }
    let found = &tree.served.manifest.digest;
    let [own, other] = [run, &there].map(|one| one.commit.as_deref().unwrap_or_default());
    let message = format!(
        "image `{key}`: {found} says that it was made of commit {other}, but its tags are for commit {own}"
    );
    walk.findings.push(
        Finding::new(Code::OtherPlan, &references, message)
            .about(found)
            .with_cure("merge the builds of this commit again, which gives the tags to them"),
    );
    true
}

fn evidence(
    key: &str,
    image: &PlannedImage,
    planned: &Version,
    place: &Trail,
    tree: &Tree<'_>,
    walk: &mut Walk<'_>,
) -> Option<Evidence> {
    // By the same inputs, two versions rightly have the same.
    if tree.served.annotations().is_some_and(|annotations| image.is_made_of(annotations)) {
        return None;
    }
    let says = |text: &str| format!("says that it is version {text:?}");
    match saying(image, &annotations(tree)) {
        // Planned ones are compared with the plan.
        Saying::Own => return None,
        Saying::Other(..) if is_annotated(image) => return None,
        Saying::Other(text, _) => {
            let notes = vec![format!("that is its annotation `{VERSION}`")];
            return Some(Evidence { claim: says(&text), notes, is_sure: true, cure: None });
        }
        Saying::Nothing => {}
    }
    let labelled = match saying(image, &labels(place, tree, walk.records)) {
        Saying::Own => return None,
        Saying::Other(..) if is_labelled(image) => return None,
        Saying::Other(text, version) => Some((text, version)),
        Saying::Nothing => None,
    };
    if labelled.is_none() && is_of_git_tag(image, tree.served) {
        return None;
    }
    walk.need(place.site, Question::Tags);
    let (records, location) = (walk.records, &walk.sites[place.site].location);
    let found = &tree.served.manifest.digest;
    let unknown = |why: String| {
        let message =
            format!("image `{key}`: it is not known whether {found} is another version than `{planned}`");
        Finding::new(Code::UnknownVersion, &place.references, message).about(found).with_note(why)
    };
    let listed = match records[place.site].tags() {
        Known::Unasked => return None,
        Known::Present(listed) => listed,
        Known::Absent => &[],
        Known::Faulty(fault) => {
            walk.findings.push(unknown(fault.message().to_owned()));
            &[]
        }
    };
    let releases = other_releases(image, listed);
    if let Some((text, version)) = labelled {
        // Alone it is no proof.
        let note = format!("that is the label `{VERSION}` in its configuration");
        let published = releases.iter().find(|(_, other)| has_same_numbers(other, &version));
        let more = match published {
            Some((tag, _)) => format!("`{}` is there, too", location.with_tag(tag)),
            None => "an image inherits such labels from its base".to_owned(),
        };
        if published.is_some() || version.numbers().len() == planned.numbers().len() {
            let (claim, notes) = (says(&text), vec![note, more]);
            return Some(Evidence { claim, notes, is_sure: published.is_some(), cure: None });
        }
    }
    if let Some(left) = releases.len().checked_sub(MAX_RELEASES).filter(|left| *left > 0) {
        walk.findings.push(unknown(format!("the own tags of {left} older versions were not looked at")));
    }
    for (tag, version) in releases.into_iter().take(MAX_RELEASES) {
        if walk.tag(place.site, tag).present() == Some(found) {
            let claim = format!("is version `{}`, by the tag `{}`", version.text(), location.with_tag(tag));
            let is_own =
                |own: &TagEntry| !own.floating && place.references.contains(&location.with_tag(&own.name));
            // Both versions have it as their own, and one of them wrongly.
            let tie = image.tags.iter().any(is_own).then(|| {
                let note = "one of the two versions has the content of the other, and nothing in it tells which";
                let cure = format!(
                    "verify with `--metadata`, which tells whether this is the build of `{planned}`; if it is, build and merge `{}` again, and else this version",
                    version.text()
                );
                (note.to_owned(), cure)
            });
            let (notes, cure) = tie.unzip();
            return Some(Evidence { claim, notes: notes.into_iter().collect(), is_sure: true, cure });
        }
    }
    None
}

/// The versions that the annotations of an index name, or else those of its images.
pub(super) fn annotations(tree: &Tree<'_>) -> Vec<String> {
    if let Some((_, version)) = tree.served.version() {
        return vec![version.clone()];
    }
    let manifests = tree.images.iter().filter_map(|image| image.manifest);
    manifests.filter_map(|manifest| manifest.annotations.get(VERSION).cloned()).collect()
}

/// The versions that the labels of its images name, as far as they were read.
pub(super) fn labels(place: &Trail, tree: &Tree<'_>, records: &[Record]) -> Vec<String> {
    let configuration = |digest: &Digest| records[place.site].configuration(digest).present();
    let manifests = tree.images.iter().filter_map(|image| image.manifest);
    let read = manifests.filter_map(|manifest| configuration(&manifest.config.digest));
    read.filter_map(|Configuration { labels, .. }| labels.as_ref().ok()?.get(VERSION).cloned()).collect()
}

/// Whether the plan says which version annotations name.
pub(super) fn is_annotated(image: &PlannedImage) -> bool {
    let builds = image.builds.values();
    image.annotations.contains_key(VERSION)
        || builds.into_iter().any(|build| build.annotations.contains_key(VERSION))
}

/// Whether the plan says which version labels name.
pub(super) fn is_labelled(image: &PlannedImage) -> bool {
    image.builds.values().any(|build| build.labels.contains_key(VERSION))
}
