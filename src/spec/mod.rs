//! `image` blocks as written: which there are, what they cover, and what they say about a target.

mod declare;
mod words;

mod braces;
mod numbers;
mod read;

mod weight;

mod attributes;
mod axes;
mod secrets;
mod workflow;

mod names;

pub(crate) mod schema;

mod image;

mod coverage;

pub(crate) use attributes::PlatformOverride;
pub use attributes::{Covered, PlatformSettings, Settings};
pub(crate) use declare::Marked;
pub(crate) use declare::Needs;
pub use declare::{Declared, Null, Patterns, Per};
pub(crate) use image::ImageSpec;
pub(crate) use read::secret;
pub(crate) use secrets::secret_names;
pub(crate) use weight::Weight;
pub(crate) use words::{Grouping, OciLevels, TagPattern, VersionText};
pub use workflow::WorkflowSettings;

use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;
use read::AttributeReader;

use crate::bake::module::Module;
use crate::bake::text::syntax::Ident;
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Sources, Span};

/// All image blocks of a run.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    defaults: Option<ImageSpec>,
    /// The labelled blocks, in order of first appearance.
    pub images: Vec<ImageSpec>,
    /// What is said of a target where there is no block: there may be very many such targets.
    unsaid: Arc<Settings>,
}

impl Spec {
    /// Whether there is a block without a label.
    #[must_use]
    pub(crate) fn has_defaults(&self) -> bool {
        self.defaults.is_some()
    }

    /// All blocks: the defaults, and the images with their places among them.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (Option<usize>, &ImageSpec)> {
        let images = self.images.iter().enumerate().map(|(at, image)| (Some(at), image));
        self.defaults.iter().map(|defaults| (None, defaults)).chain(images)
    }

    /// Collects the image blocks: those of one label in several files merge, in one file they are an error.
    pub(crate) fn read(module: &Module, diagnostics: &mut Diagnostics) -> Self {
        let mut by_label: IndexMap<Option<Name>, ImageSpec> = IndexMap::new();
        for image in module.images() {
            let block = &image.block;
            if block.labels.len() > 1 {
                diagnostics.report(
                    Diagnostic::error(
                        Code::BLOCK_LABEL,
                        "an image block has one label, or none for defaults",
                    )
                    .at(block.labels[1].span, "unexpected"),
                );
                continue;
            }
            names::check(&block.body, diagnostics);
            let label = block.labels.first().filter(|label| !label.name.is_empty()).cloned();
            match by_label.entry(label.as_ref().map(|label| Arc::clone(&label.name))) {
                Entry::Vacant(slot) => {
                    slot.insert(ImageSpec::new(label, block.span)).add(block, diagnostics);
                }
                Entry::Occupied(known) if known.get().span.source == block.span.source => {
                    diagnostics.report(twice(label.as_ref(), block.span, known.get().span));
                }
                Entry::Occupied(mut known) => known.get_mut().add(block, diagnostics),
            }
        }
        diagnostics.extend(module.attribute("image").and_then(names::taken_for_a_variable));
        let defaults = by_label.shift_remove(&None);
        defaults.iter().for_each(|defaults| defaults.check_defaults(diagnostics));
        let images: Vec<ImageSpec> = by_label.into_values().collect();
        images.iter().for_each(|image| image.check_image(diagnostics));
        Self { defaults, images, unsaid: Arc::default() }
    }

    /// What a block says about one target, over the defaults.
    pub(crate) fn settings(
        &self,
        image: Option<&ImageSpec>,
        module: &Module,
        target: &Name,
        sources: &Sources,
        diagnostics: &mut Diagnostics,
    ) -> Arc<Settings> {
        let layers: Vec<&ImageSpec> = self.defaults.iter().chain(image).collect();
        if layers.is_empty() {
            return Arc::clone(&self.unsaid);
        }
        let mut reader = AttributeReader::new(module, Some(target), Some(sources), diagnostics);
        let mut settings = Settings::default();
        layers.iter().for_each(|layer| layer.read_into(&mut settings, &mut reader));
        Arc::new(settings)
    }
}

impl Spec {
    /// What the file says about CI.
    pub(crate) fn workflow(
        &self,
        module: &Module,
        sources: &Sources,
        diagnostics: &mut Diagnostics,
    ) -> WorkflowSettings {
        let mut reader = AttributeReader::new(module, None, Some(sources), diagnostics);
        let mut settings = WorkflowSettings::default();
        if let Some(defaults) = &self.defaults {
            defaults.read_workflow(&mut settings, &mut reader);
        }
        settings
    }
}

fn twice(label: Option<&Ident>, again: Span, first: Span) -> Diagnostic {
    let message = match label {
        None => "the defaults for all images are declared twice in this file".to_owned(),
        Some(label) => format!("the image `{}` is declared twice in this file", label.name),
    };
    Diagnostic::error(Code::DUPLICATE_IMAGE, message).at(again, "again").at(first, "first here")
}
