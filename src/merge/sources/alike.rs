//! Says which platforms of an image have the same layers, though they are for different machines.

use indexmap::IndexMap;

use super::super::index::IndexSource;
use super::super::subject::{Checked, Subject};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{Descriptor, ImageManifest};
use crate::published::layers::same_layers;
use crate::published::record::Record;
use crate::published::served::Content;

/// The images whose platforms have the same layers, by what is to be said of them.
#[derive(Default)]
pub(in crate::merge) struct Alike<'s>(IndexMap<String, Vec<&'s str>>);

impl<'s> Alike<'s> {
    /// Looks at an image.
    pub(in crate::merge) fn look(&mut self, subject: &Subject<'s>, checked: &Checked, records: &[Record]) {
        if let Some(found) = found(subject, checked, records) {
            self.0.entry(found).or_default().push(subject.key);
        }
    }

    /// A note for all images of which the same is to be said.
    pub(in crate::merge) fn notes(self) -> impl Iterator<Item = Diagnostic> {
        self.0.into_iter().map(|(found, keys)| {
            let word = if keys.len() == 1 { "image" } else { "images" };
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let message = format!("{word} {}: {found}", keys.join(", "));
            Diagnostic::note(Code::SAME_LAYERS, message).with_help(
                "nothing is wrong with images that hold data alone; `bakeplan verify --content` reads what they run",
            )
        })
    }
}

/// That the platforms of an image have the same layers.
fn found(subject: &Subject<'_>, checked: &Checked, records: &[Record]) -> Option<String> {
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
    same_layers(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once_of_all_images() {
        let same = "the images for linux/amd64, linux/arm64 have the same layers".to_owned();
        let other = "the images for linux/386, linux/arm have the same layers".to_owned();
        let alike = Alike(IndexMap::from([(same, vec!["a", "b", "c"]), (other, vec!["d"])]));
        let told: Vec<String> = alike.notes().map(|note| note.message).collect();
        assert_eq!(
            told,
            [
                "images `a`, `b`, `c`: the images for linux/amd64, linux/arm64 have the same layers",
                "image `d`: the images for linux/386, linux/arm have the same layers"
            ]
        );
        assert_eq!(Alike::default().notes().count(), 0);
    }
}
