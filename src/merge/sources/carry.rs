//! Platforms that were not built, and are taken over from the index that is published under the same version.

use super::super::index::IndexSource;
use super::check::ImageCheck;
use super::taken::Origin;
use crate::code::Code;
use crate::inputs::{Inputs, Record};
use crate::oci::{Descriptor, DescriptorPlatform, INPUTS, Index, VERSION};
use crate::on_missing::OnMissing;
use crate::platform::Platform;
use crate::published::plan_json::BuildEntry;
use crate::published::record::{Known, Question};
use crate::published::release::{Saying, saying};
use crate::published::served::{Content, Served};
use crate::reference::Digest;

impl<'a> ImageCheck<'a> {
    /// Takes a platform from what is published under the same version.
    pub(super) fn carry(&mut self, leg: &str, build: &BuildEntry) {
        let image = self.subject.image;
        let Some(platform) = &build.platform else {
            return self
                .checked
                .held
                .push(format!("`{leg}` was not built and has no platform to carry over"));
        };
        let records = self.records;
        let Some((site, digest)) = self.published_before() else {
            if self.checked.questions.is_empty() {
                self.checked.held.push(format!("`{leg}` was not built and its version is not published yet"));
            }
            return;
        };
        self.need(site, Question::Manifest(digest.clone()));
        let index = match records[site].manifest(digest) {
            Known::Unasked => return,
            Known::Absent => Index::default(),
            Known::Present(served) => match self.published(served) {
                Some(index) => index,
                None => return,
            },
            Known::Faulty(fault) => return self.faulty(fault),
        };
        let Some(found) = image_for(&index, platform) else {
            let message =
                format!("`{leg}` was not built and the published index of its version has no {platform}");
            return self.checked.held.push(message);
        };
        let attestations = index
            .manifests
            .iter()
            .filter(|entry| image.index && entry.attested() == Some(found.digest.as_str()));
        self.carried_version(leg, build, &index, &found.digest);
        self.carried_release(digest, &index, found);
        if let Some(why) = self.checked.two_versions.take() {
            return self.checked.held.push(format!("`{leg}` was not built, and {why}"));
        }
        let entries: Vec<Descriptor> = std::iter::once(found).chain(attestations).cloned().collect();
        self.platform(leg, &platform.to_string());
        self.configured("the published index", found);
        for entry in &entries {
            self.child(leg, entry);
        }
        self.checked.carried.insert(leg.to_owned(), entries.clone());
        let recorded = index.annotations.get(INPUTS).and_then(|text| Record::read(text));
        let hash = recorded.as_ref().and_then(|recorded| recorded.hash_of(Some(platform)));
        self.checked.carried_inputs.extend(hash.map(|hash| (leg.to_owned(), Inputs::Hash(hash.clone()))));
        self.checked.sources.push(IndexSource::Entries(entries));
        self.checked.origins.push(None);
    }

    /// What is published under the same version: its digest, and where it is.
    fn published_before(&self) -> Option<(usize, &'a Digest)> {
        let records = self.records;
        self.subject.places.iter().find_map(|&site| {
            let tag = self.subject.image.tags_in(self.location(site)).find(|tag| !tag.floating)?;
            Some((site, records[site].tag(&tag.name).present()?))
        })
    }

    /// Checks what the index in the result of a merge has taken over, as far as what is published under the same version still
    /// shows that.
    pub(super) fn carried_before(&mut self, digest: &Digest, index: &Index) {
        let carried = |build: &&BuildEntry| build.on_missing == OnMissing::Carry;
        for (leg, build) in self.subject.image.builds.iter().filter(|(_, build)| carried(build)) {
            let Some(platform) = &build.platform else { continue };
            let published = self.published_before().filter(|(_, published)| *published != digest);
            let Some((site, published)) = published else { return };
            self.need(site, Question::Manifest(published.clone()));
            // What cannot be read any more shows nothing.
            let Some(served) = self.records[site].manifest(published).present() else { return };
            let Some(before) = self.published(served) else { return };
            let Some(found) = image_for(&before, platform) else { continue };
            if index.manifests.iter().any(|entry| entry.digest == found.digest) {
                self.carried_version(leg, build, &before, &found.digest);
                self.carried_release(published, &before, found);
                if let Some(why) = self.checked.two_versions.take() {
                    let message = format!("`{leg}` was taken over, and {why}");
                    self.fail(Code::OTHER_VERSION, message).help =
                        Some(format!("build `{leg}`, then begin again with `bakeplan merge --no-tags`"));
                }
            }
        }
    }

    /// Refuses to take over what says that it is another version. Of another run it is in any case, and the rest of what was
    /// planned for it need not be the same.
    fn carried_version(&mut self, leg: &str, build: &BuildEntry, index: &Index, image: &Digest) {
        let Some((labels, annotations)) =
            self.labels_and_annotations(leg, image, build.labels.contains_key(VERSION))
        else {
            return;
        };
        let said = [&index.annotations, &annotations].into_iter().filter_map(|all| all.get(VERSION).cloned());
        let said = match saying(self.subject.image, &said.collect::<Vec<_>>()) {
            Saying::Other(text, _) => Some(text),
            Saying::Nothing | Saying::Own => None,
        };
        let own = [(&build.labels, &labels), (&build.annotations, &annotations)].into_iter();
        let mut own = own.filter_map(|(planned, found)| Some((planned.get(VERSION)?, found.get(VERSION)?)));
        let other = own.find(|(planned, found)| planned != found).map(|(_, found)| found.clone());
        if let Some(version) = said.or(other) {
            let message = format!(
                "`{leg}` was not built, and what is published under its version says that it is version `{version}`"
            );
            self.fail(Code::OTHER_PLAN, message).help = Some(format!("build `{leg}`, then merge again"));
        }
    }

    /// Refuses to take over from what has the tag of another version, and sees whether it is of the commit whose tag the image
    /// gets.
    fn carried_release(&mut self, digest: &Digest, index: &Index, found: &Descriptor) {
        let records = self.records;
        let has_it = |place: &usize| records[*place].manifest(digest).present().is_some();
        let places: Vec<usize> = self.subject.places.iter().copied().filter(has_it).collect();
        let others: Vec<&Descriptor> =
            index.manifests.iter().filter(|entry| entry.attested().is_some()).collect();
        self.taken_revision(digest, &index.annotations, &[found], &others, &places, Origin::Kept);
        let said: Vec<String> = index
            .annotations
            .get(VERSION)
            .cloned()
            .into_iter()
            .chain(self.said_by(found, Origin::Kept))
            .collect();
        // What says that it is another version is reported by itself.
        if !matches!(saying(self.subject.image, &said), Saying::Other(..)) {
            let labelled = self.labelled(&[found], Origin::Kept);
            self.no_other_release(digest, [&said, &labelled], &places, Origin::Kept);
        }
    }

    /// What is published as an index; of an image without one, what an index of it would hold. None while its platform is
    /// not known.
    fn published(&mut self, served: &Served) -> Option<Index> {
        let Content::Image(manifest) = &served.content else {
            return Some(serde_json::from_slice(&served.manifest.bytes).unwrap_or_default());
        };
        let platform = match self.configuration(&manifest.config.digest) {
            Known::Unasked => return None,
            Known::Present(configuration) => {
                configuration.platform.as_ref().ok().map(DescriptorPlatform::as_entry)
            }
            Known::Absent | Known::Faulty(_) => None,
        };
        let entry = Descriptor { platform, ..served.manifest.descriptor() };
        Some(Index { manifests: vec![entry], ..Index::default() })
    }
}

/// The image for a platform in an index.
fn image_for<'i>(index: &'i Index, platform: &Platform) -> Option<&'i Descriptor> {
    let mut images = index.manifests.iter().filter(|entry| entry.attested().is_none());
    images.find(|entry| entry.platform.as_ref().is_some_and(|own| own.fits(platform)))
}
