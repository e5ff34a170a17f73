//! What is where now, by digest: what programs need that sign, scan or try an image.

use super::guard::ready::Ready;
use super::report::{ManifestReport, Outcome, Report, Status};
use super::subject::Checked;
use crate::oci::{Descriptor, DescriptorPlatform, Index, is_index};
use crate::published::sites::Site;
use crate::registry::{Location, Manifest};

/// Reports the indexes that are in their repositories, and what is in them.
pub(super) fn report(ready: &[Ready<'_>], sites: &[Site], report: &mut Report) {
    for one in ready {
        let image = report.images.get_mut(one.key).expect("every image is reported");
        let is_there = match image.status {
            Status::Failed | Status::Planned => continue,
            Status::Indexed => |_: &Ready<'_>, _: usize| true,
            Status::Published | Status::Unchanged | Status::Kept | Status::Untagged | Status::Held => {
                is_written
            }
        };
        let places = one.places.iter().filter(|&&site| is_there(one, site));
        let locations: Vec<&Location> = places.map(|&site| &sites[site].location).collect();
        let indexes: Vec<String> =
            locations.iter().map(|location| location.with_digest(&one.manifest.digest)).collect();
        if image.status != Status::Indexed {
            report.published.extend(indexes.iter().cloned());
        }
        report.indexes.extend(indexes);
        if !locations.is_empty() {
            image.manifests = manifests(&one.manifest, &one.checked, &locations);
        }
    }
}

/// Whether the index is in a repository: where all its tags stay with others, it is not written.
fn is_written(ready: &Ready<'_>, site: usize) -> bool {
    let stays = |outcome| matches!(outcome, Outcome::Kept | Outcome::Held);
    ready.decisions.iter().any(|one| one.site == site && !stays(one.report.outcome))
}

/// What is in an index, or the image itself if there is none.
fn manifests(manifest: &Manifest, checked: &Checked, locations: &[&Location]) -> Vec<ManifestReport> {
    let report = |entry: &Descriptor, platform: Option<String>| ManifestReport {
        digest: entry.digest.clone(),
        platform,
        bytes: checked.sizes.get(&entry.digest).copied().filter(|_| entry.attested().is_none()),
        attests: entry.attested().map(str::to_owned),
        references: locations.iter().map(|location| location.with_digest(&entry.digest)).collect(),
    };
    if !is_index(&manifest.media_type) {
        return vec![report(&manifest.descriptor(), checked.platforms.first().cloned())];
    }
    let index = serde_json::from_slice::<Index>(&manifest.bytes).unwrap_or_default();
    let platform = |entry: &Descriptor| {
        let platform = entry.platform.as_ref().filter(|platform| !platform.is_unknown());
        platform.map(DescriptorPlatform::to_string)
    };
    index.manifests.iter().map(|entry| report(entry, platform(entry))).collect()
}
