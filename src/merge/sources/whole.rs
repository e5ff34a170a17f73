//! Whether what is there already is whole: everything that it holds is there with it.

use super::super::subject::{Checked, Subject};
use super::check::ImageCheck;
use crate::code::Code;
use crate::oci::{Descriptor, DescriptorPlatform, Index, is_index};
use crate::published::planned::PlannedImage;
use crate::published::record::Record;
use crate::registry::Manifest;

/// Looks for all that a manifest or index holds in each place of the subject, as far as the records tell. The manifest
/// itself is there.
pub(in crate::merge) fn check_whole(
    subject: &Subject<'_>,
    manifest: &Manifest,
    records: &[Record],
) -> Checked {
    let mut walk = ImageCheck::new(subject, records);
    walk.whole(manifest);
    walk.tell_sent();
    walk.checked
}

impl ImageCheck<'_> {
    fn whole(&mut self, manifest: &Manifest) {
        let digest = &manifest.digest;
        if !is_index(&manifest.media_type) {
            return self.child(self.subject.key, &manifest.descriptor());
        }
        let index = match serde_json::from_slice::<Index>(&manifest.bytes) {
            Ok(index) => index,
            Err(error) => {
                self.fail(Code::INVALID_MANIFEST, format!("index {digest} cannot be read: {error}"));
                return;
            }
        };
        if index.manifests.iter().all(|entry| entry.attested().is_some()) {
            self.fail(Code::NO_IMAGES, format!("index {digest} holds no image, so nobody can pull it"));
        }
        for entry in &index.manifests {
            if is_index(&entry.media_type) {
                self.fail(Code::NESTED_INDEX, format!("index {digest} holds another, {}", entry.digest));
                continue;
            }
            let name = entry.platform.as_ref().map_or_else(String::new, ToString::to_string);
            self.child(&name, entry);
        }
    }
}

/// The planned platforms that an image is without which holds these entries.
pub(in crate::merge) fn lacking<'e>(
    image: &PlannedImage,
    entries: impl Iterator<Item = &'e Descriptor>,
) -> Vec<String> {
    let entries: Vec<&Descriptor> = entries.collect();
    let has = |platform: &DescriptorPlatform, planned| platform.fits(planned);
    let planned = image.builds.values().filter_map(|build| build.platform.as_ref());
    let missing = planned.filter(|planned| {
        !entries.iter().any(|entry| entry.platform.as_ref().is_some_and(|own| has(own, planned)))
    });
    missing.map(ToString::to_string).collect()
}
