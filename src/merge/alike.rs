//! Says which platforms of an image have the same layers, though they are for different machines.

use super::index::IndexSource;
use super::subject::{Checked, Subject};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{Descriptor, ImageManifest};
use crate::published::layers::same_layers;
use crate::published::record::Record;
use crate::published::served::Content;

/// A note about an image whose platforms have the same layers.
pub(super) fn alike(subject: &Subject<'_>, checked: &Checked, records: &[Record]) -> Option<Diagnostic> {
    let manifest = |entry: &Descriptor| -> Option<&ImageManifest> {
        let served =
            subject.places.iter().find_map(|&site| records[site].manifest(&entry.digest).present())?;
        match &served.content {
            Content::Image(manifest) => Some(&**manifest),
            Content::Index(_) | Content::Unreadable(_) => None,
        }
    };
    let entries = checked.sources.iter().flat_map(IndexSource::entries);
    let images = entries.filter(|entry| entry.attested().is_none());
    let images = images.filter_map(|entry| Some((entry.platform.as_ref()?, manifest(entry)?)));
    let message = format!("image `{}`: {}", subject.key, same_layers(images)?);
    Some(Diagnostic::note(Code::SAME_LAYERS, message).with_help(
        "nothing is wrong if the image holds data alone; `bakeplan verify --content` reads what it runs",
    ))
}
