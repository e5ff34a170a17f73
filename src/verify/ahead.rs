//! Finds what was made of the planned commit before it had its version: it cannot say the version of the tags that it was given.

use std::collections::BTreeMap;

use super::another::{annotations, is_annotated, is_labelled, labels};
use super::code::Code;
use super::finding::Finding;
use super::walk::{Trail, Tree};
use crate::diagnostic::Severity;
use crate::oci::{REVISION, VERSION};
use crate::published::later::is_other_commit;
use crate::published::plan_json::RunEntry;
use crate::published::planned::PlannedImage;
use crate::published::record::Record;

/// Says that what tags of a version have was made of the very commit without a version, and names its first tag instead, such as
/// `sha-0123456`: whoever gives it the tags cannot change that without changing its digest.
pub(super) fn ahead(
    key: &str,
    image: &PlannedImage,
    run: &RunEntry,
    place: &Trail,
    tree: &Tree<'_>,
    records: &[Record],
) -> Option<Finding> {
    let planned = image.version.as_ref().filter(|_| is_annotated(image) || is_labelled(image))?;
    let there = RunEntry::of_served(tree.served);
    let both = run.commit.as_ref().zip(there.commit.as_ref());
    both.filter(|_| !is_other_commit(run, &there))?;
    let said: Vec<String> = annotations(tree).into_iter().chain(labels(place, tree, records)).collect();
    let first = said.first()?;
    if said.iter().any(|text| image.parse_version(text).is_ok()) {
        return None;
    }
    let digest = &tree.served.manifest.digest;
    let message = format!(
        "image `{key}`: {digest} says that it is {first:?}, which is not a version, and its tags are for `{planned}`"
    );
    let finding = Finding::new(Code::WrongAnnotations, &place.references, message).about(digest);
    Some(
        finding
            .with_severity(Severity::Warning)
            .with_note("it was made of the planned commit, by a run without a version")
            .with_cure("nothing, if it was promoted: what it says cannot change without its digest"),
    )
}

/// The image without the version that it says it is.
pub(super) fn without_version(image: &PlannedImage) -> PlannedImage {
    saying(image, &|key| key != VERSION)
}

/// The image with nothing but the version and the revision that it says it is.
pub(super) fn identity_alone(image: &PlannedImage) -> PlannedImage {
    saying(image, &|key| [VERSION, REVISION].contains(&key))
}

/// The image with these labels and annotations of its own.
fn saying(image: &PlannedImage, is_kept: &dyn Fn(&str) -> bool) -> PlannedImage {
    let mut image = image.clone();
    let keep = |all: &mut BTreeMap<String, String>| all.retain(|key, _| is_kept(key));
    keep(&mut image.annotations);
    for build in image.builds.values_mut() {
        keep(&mut build.labels);
        keep(&mut build.annotations);
        keep(&mut build.descriptor_annotations);
    }
    image
}
