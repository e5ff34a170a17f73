//! What a repository lacks of a build and takes over from another one of its image.

use super::super::subject::ManifestCopy;
use super::check::ImageCheck;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::Descriptor;
use crate::registry::Manifest;

impl ImageCheck<'_> {
    /// Plans to take a manifest over from another repository.
    pub(super) fn copy(&mut self, leg: &str, site: usize, entry: &Descriptor, manifest: &Manifest) {
        let records = self.records;
        let has_it = |other: usize| records[other].manifest(&manifest.digest).present().is_some();
        let Some(from) = self.source(site, has_it) else { return };
        self.take_note(leg, site, from);
        let copies = self.checked.copies.entry(site).or_default();
        if copies.manifests.iter().all(|known| known.manifest.digest != manifest.digest) {
            let (manifest, is_image) = (manifest.clone(), entry.attested().is_none());
            copies.manifests.push(ManifestCopy { manifest, from, is_image });
        }
    }

    /// The site from which another takes over what that one has, of its own registry if it can.
    pub(super) fn source(&self, site: usize, has_it: impl Fn(usize) -> bool) -> Option<usize> {
        let others = || self.subject.places.iter().copied().filter(|&other| other != site && has_it(other));
        let is_near = |other: &usize| self.location(site).mounts_from(self.location(*other));
        others().find(is_near).or_else(|| others().next())
    }

    /// Takes note of a build that is sent from one registry to another.
    pub(super) fn take_note(&mut self, leg: &str, site: usize, from: usize) {
        if !self.location(site).mounts_from(self.location(from)) {
            self.sent.entry((site, from)).or_default().insert(leg.to_owned());
        }
    }

    /// Says which builds are sent from one registry to another: they were not pushed there.
    pub(super) fn tell_sent(&mut self) {
        for ((site, from), legs) in std::mem::take(&mut self.sent) {
            let (from, to) = (self.location(from), self.location(site));
            let names: Vec<String> = legs.iter().map(|leg| format!("`{leg}`")).collect();
            let (noun, verb) = if names.len() == 1 { ("build", "is") } else { ("builds", "are") };
            let names = names.join(", ");
            let message = format!("{noun} {names} {verb} in `{from}`, but not in `{to}`, and copied there");
            let message = format!("image `{}`: {message}", self.subject.key);
            self.checked.notes.push(Diagnostic::note(Code::COPIED_BUILD, message).with_help(
                "push builds to every repository of their image, as `docker-bake.json` of this plan says: that is faster",
            ));
        }
    }
}
