//! Compares the annotations of an index with the planned ones.

use super::code::Code;
use super::finding::Finding;
use super::walk::{Trail, Tree};
use crate::published::labels::index_differences;
use crate::published::planned::PlannedImage;
use crate::published::served::Content;

/// The finding that an index, or a descriptor in it, has other annotations than the image that it is of.
pub(super) fn differences(
    key: &str,
    image: &PlannedImage,
    place: &Trail,
    tree: &Tree<'_>,
) -> Option<Finding> {
    let index = match &tree.served.content {
        Content::Index(index) => index,
        // A plain image has none of an index.
        Content::Image(_) | Content::Unreadable(_) => return None,
    };
    let entries = index.entries.iter().flatten();
    let wrong = index_differences(image, &index.annotations, entries);
    let message = match wrong.as_slice() {
        [] => return None,
        [one] => format!("image `{key}`: {one}"),
        several => format!("image `{key}`: {} annotations are not the planned ones", several.len()),
    };
    let mut finding = Finding::new(Code::WrongAnnotations, &place.references, message);
    if wrong.len() > 1 {
        finding.notes = wrong;
    }
    Some(finding.about(&tree.served.manifest.digest))
}
