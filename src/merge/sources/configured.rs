//! Whether an image is of the platform that it is published for: what its configuration says counts where clients run it.

use super::check::ImageCheck;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{Descriptor, ImageManifest};
use crate::published::record::{Configuration, FaultKind, Known, Question};
use crate::reference::Digest;

impl<'a> ImageCheck<'a> {
    /// A configuration, from the first site that has it.
    pub(super) fn configuration(&mut self, digest: &Digest) -> Known<'a, &'a Configuration> {
        let (subject, records) = (self.subject, self.records);
        let mut lacking = Known::Absent;
        for &site in &subject.places {
            self.need(site, Question::Configuration(digest.clone()));
            match records[site].configuration(digest) {
                Known::Absent => {}
                known if known.is_lacking() => lacking = known,
                known => return known,
            }
        }
        lacking
    }

    /// Whether the platform that an index gives an image is the one in its configuration; `whose` is what has the index. Reading
    /// the configuration takes no more requests than asking whether it is there.
    pub(super) fn configured(&mut self, whose: &str, entry: &Descriptor) {
        let Some(named) = entry.platform.as_ref().filter(|_| entry.attested().is_none()) else { return };
        let Some((_, manifest)) = self.find_anywhere(&entry.digest) else { return };
        // The check of the manifest tells when it is none.
        let Ok(manifest) = serde_json::from_slice::<ImageManifest>(&manifest.bytes) else { return };
        let config = &manifest.config.digest;
        let configuration = match self.configuration(config) {
            Known::Present(configuration) => configuration,
            Known::Faulty(fault) if fault.kind == FaultKind::Denied => {
                let message = format!(
                    "image `{}`: this account may not read configurations, so nobody compares their platforms with those in the index",
                    self.subject.key
                );
                let note = Diagnostic::note(Code::UNREAD_CONFIGURATION, message)
                    .with_note(fault.message())
                    .with_help("grant the right to pull; `bakeplan verify` then compares them");
                if !self.checked.notes.iter().any(|known| known.code == note.code) {
                    self.checked.notes.push(note);
                }
                return;
            }
            // The check of its blobs tells that it is not there, or cannot be used.
            Known::Unasked | Known::Absent | Known::Faulty(_) => return,
        };
        match &configuration.platform {
            // What is not an image has none.
            Ok(own) if own.os.is_empty() || named.agrees(own) => {}
            Ok(own) => {
                let (named, own) = (named.exactly(), own.exactly());
                let message = format!(
                    "{whose} says that {} is for {named}, but its configuration says {own}",
                    entry.digest
                );
                self.fail(Code::WRONG_PLATFORM, message).help = Some(
                    "build that platform again, with `plan --all` where the plan reused it, and merge: no client can run this image correctly".into(),
                );
            }
            Err(why) => {
                self.fail(
                    Code::INVALID_MANIFEST,
                    format!("the configuration {config} cannot be read: {why}"),
                );
            }
        }
    }
}
