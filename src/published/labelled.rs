//! Reads an index's version from the labels of its images, where it does not say so itself.

use super::also_named::is_greater;
use super::plan_json::{BuildEntry, TagEntry};
use super::planned::PlannedImage;
use super::record::{Question, Record};
use super::served::{Content, Served};
use crate::oci::{SOURCE, TITLE, VERSION};

/// What labels tell.
pub(crate) enum Labelled {
    /// It takes this answer to tell.
    Open(Question),
    /// Nothing that would keep a tag.
    Nothing,
    /// The version, which is greater than the image's.
    Greater(String),
}

/// Whether the first image of an index is labelled with a greater version. An image inherits the labels of its base, so only
/// where the plan labels its own images with a version, and with what they are or come from, are these labels compared: those
/// of a base say something else there.
pub(crate) fn labelled(image: &PlannedImage, tag: &TagEntry, served: &Served, record: &Record) -> Labelled {
    let says_itself = served.version().is_some();
    let Some((own, names)) = image.builds.values().find_map(named).filter(|_| !says_itself) else {
        return Labelled::Nothing;
    };
    let configuration = match &served.content {
        Content::Image(image) => Some(&image.config.digest),
        Content::Unreadable(_) => None,
        Content::Index(index) => {
            let images = index.images().unwrap_or_default();
            let Some(first) = images.first() else { return Labelled::Nothing };
            let manifest = record.manifest(&first.digest);
            if manifest.is_unasked() {
                return Labelled::Open(Question::Manifest(first.digest.clone()));
            }
            manifest.present().and_then(|served| match &served.content {
                Content::Image(image) => Some(&image.config.digest),
                Content::Index(_) | Content::Unreadable(_) => None,
            })
        }
    };
    let Some(configuration) = configuration else { return Labelled::Nothing };
    let found = record.configuration(configuration);
    if found.is_unasked() {
        return Labelled::Open(Question::Configuration(configuration.clone()));
    }
    let labels = found.present().and_then(|found| found.labels.as_ref().ok());
    let Some((labels, version)) = labels.and_then(|labels| Some((labels, labels.get(VERSION)?))) else {
        return Labelled::Nothing;
    };
    let is_of_it = names.iter().all(|(key, value)| labels.get(*key) == Some(*value));
    if is_of_it && is_greater(image, tag, version, Some(own)) {
        Labelled::Greater(version.clone())
    } else {
        Labelled::Nothing
    }
}

/// The version that a build is labelled with, and the labels that say what it is; nothing where one of these is not planned.
fn named(build: &BuildEntry) -> Option<(&String, Vec<(&'static str, &String)>)> {
    let version = build.labels.get(VERSION)?;
    let name = |key: &'static str| Some((key, build.labels.get(key)?));
    let names: Vec<_> = [TITLE, SOURCE].into_iter().filter_map(name).collect();
    (!names.is_empty()).then_some((version, names))
}
