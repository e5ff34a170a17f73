//! Blobs that a repository lacks: one finding for all that an image or index is without, as far as the same helps.

use std::collections::BTreeMap;

use super::code::Code;
use super::finding::Finding;
use crate::oci::Descriptor;
use crate::reference::Digest;
use crate::registry::Location;

/// How many blobs a finding names.
const MAX_NAMED: usize = 8;

/// A blob that is not there.
pub(super) struct Absent<'a> {
    /// What it is.
    pub(super) name: String,
    pub(super) blob: &'a Descriptor,
    /// The repositories that have it, as messages name them.
    pub(super) others: Vec<String>,
}

/// What there is to report of blobs that a repository lacks; `digest` is that of the image or index that is without them.
pub(super) fn findings(
    absent: Vec<Absent<'_>>,
    digest: &Digest,
    location: &Location,
    references: &[String],
) -> Vec<Finding> {
    let mut groups: BTreeMap<Vec<String>, Vec<Absent<'_>>> = BTreeMap::new();
    for one in absent {
        groups.entry(one.others.clone()).or_default().push(one);
    }
    let finding = |(others, group): (Vec<String>, Vec<Absent<'_>>)| {
        let named = |Absent { name, blob, others: _ }: &Absent<'_>| {
            format!("{name}, {} ({} bytes)", blob.digest, blob.size)
        };
        let found = match group.as_slice() {
            [one] => {
                let message = format!("{}, is not in `{location}`", named(one));
                Finding::new(Code::BlobMissing, references, message).about(&one.blob.digest)
            }
            several => {
                let message = format!(
                    "{} configurations and layers of {digest} are not in `{location}`",
                    several.len()
                );
                let mut finding = Finding::new(Code::BlobMissing, references, message).about(digest);
                finding.notes = several.iter().take(MAX_NAMED).map(named).collect();
                let more = several.len().saturating_sub(MAX_NAMED);
                finding.notes.extend((more > 0).then(|| format!("and {more} more")));
                finding
            }
        };
        if others.is_empty() {
            return found;
        }
        let them = if group.len() == 1 { "it" } else { "them" };
        found
            .with_note(format!("{} has {them}", others.join(", ")))
            .with_cure(format!("run `bakeplan merge` again, which takes {them} over from there"))
    };
    groups.into_iter().map(finding).collect()
}
