//! `image` blocks as written: which there are, what they cover, and what they say about a target.

mod attributes;
mod coverage;
mod declare;
mod names;
mod read;
mod words;

use std::rc::Rc;

use indexmap::IndexMap;
use indexmap::map::Entry;

pub use attributes::{Covered, PlatformOverride, PlatformSettings, Settings, TagPattern};
pub use coverage::Coverage;
pub use declare::{Declared, Marked, Null, Per, Reach};
pub use read::secret;
pub use words::{Grouping, OnMissing};

use read::AttributeReader;

use crate::bake::module::Module;
use crate::bake::text::syntax::{Attribute, Block, Ident, Name};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::platform::PlatformPrefix;
use crate::source::Span;

/// One image block, merged over all files, without the defaults.
#[derive(Clone, Debug)]
pub struct ImageSpec {
    /// The block's label; `None` for the defaults.
    pub label: Option<Ident>,
    /// The header of the first block.
    pub span: Span,
    attributes: IndexMap<Name, Attribute>,
    platforms: IndexMap<Name, (Ident, IndexMap<Name, Attribute>)>,
}

/// All image blocks of a run.
#[derive(Clone, Debug)]
pub struct Spec {
    defaults: Option<ImageSpec>,
    /// The labelled blocks, in order of first appearance.
    pub images: Vec<ImageSpec>,
}

impl Spec {
    /// Collects the image blocks: those of one label in several files merge, in one file they are an error.
    pub fn read(module: &Module, diagnostics: &mut Diagnostics) -> Self {
        let mut by_label: IndexMap<Option<Name>, ImageSpec> = IndexMap::new();
        for image in module.images() {
            let block = &image.block;
            if block.labels.len() > 1 {
                diagnostics.report(
                    Diagnostic::error("block-label", "an image block has one label, or none for defaults")
                        .at(block.labels[1].span, "unexpected"),
                );
                continue;
            }
            names::check(&block.body, diagnostics);
            let label = block.labels.first().filter(|label| !label.name.is_empty()).cloned();
            match by_label.entry(label.as_ref().map(|label| Rc::clone(&label.name))) {
                Entry::Vacant(slot) => {
                    slot.insert(ImageSpec::new(label, block.span)).add(block, diagnostics);
                }
                Entry::Occupied(known) if known.get().span.source == block.span.source => {
                    diagnostics.report(twice(label.as_ref(), block.span, known.get().span));
                }
                Entry::Occupied(mut known) => known.get_mut().add(block, diagnostics),
            }
        }
        let defaults = by_label.shift_remove(&None);
        defaults.iter().for_each(|defaults| defaults.check_defaults(diagnostics));
        Self { defaults, images: by_label.into_values().collect() }
    }

    /// What a block says about one target, over the defaults.
    pub fn settings(
        &self,
        image: Option<&ImageSpec>,
        module: &Module,
        target: &Name,
        diagnostics: &mut Diagnostics,
    ) -> Settings {
        let mut reader = AttributeReader::new(module, Some(target), diagnostics);
        let mut settings = Settings::default();
        for layer in [self.defaults.as_ref(), image].into_iter().flatten() {
            layer.read_into(&mut settings, &mut reader);
        }
        settings
    }
}

fn twice(label: Option<&Ident>, again: Span, first: Span) -> Diagnostic {
    let message = match label {
        None => "the defaults for all images are declared twice in this file".to_owned(),
        Some(label) => format!("the image `{}` is declared twice in this file", label.name),
    };
    Diagnostic::error("duplicate-image", message).at(again, "again").at(first, "first here")
}

impl ImageSpec {
    fn new(label: Option<Ident>, span: Span) -> Self {
        Self { label, span, attributes: IndexMap::new(), platforms: IndexMap::new() }
    }

    fn add(&mut self, block: &Block, diagnostics: &mut Diagnostics) {
        for attribute in &block.body.attributes {
            self.attributes.insert(Rc::clone(&attribute.name.name), attribute.clone());
        }
        for inner in block.body.blocks_of("platform") {
            let [label] = inner.labels.as_slice() else {
                let diagnostic =
                    Diagnostic::error("block-label", "a platform block has one label, its platform");
                diagnostics
                    .report(diagnostic.at(inner.span, "").with_help("write `platform \"linux/arm64\" {`"));
                continue;
            };
            let entry = self.platforms.entry(Rc::clone(&label.name));
            let (_, attributes) = entry.or_insert_with(|| (label.clone(), IndexMap::new()));
            attributes.extend(inner.body.attributes.iter().map(|a| (Rc::clone(&a.name.name), a.clone())));
        }
    }

    /// Refuses in the defaults what is of one image.
    fn check_defaults(&self, diagnostics: &mut Diagnostics) {
        for name in Covered::DECLARED.iter().map(|one| one.name) {
            let Some(attribute) = self.attributes.get(name) else { continue };
            let message = format!("`{name}` belongs to one image, not to the defaults of all");
            diagnostics.report(
                Diagnostic::error("defaults-target", message)
                    .at(attribute.name.span, "")
                    .with_help("write `image \"NAME\" {` for a block of one image"),
            );
        }
    }

    /// The name of the block, for messages and as the default target.
    #[must_use]
    pub fn name(&self) -> &str {
        self.label.as_ref().map_or("", |label| &label.name)
    }

    fn read_into(&self, settings: &mut Settings, reader: &mut AttributeReader<'_, '_>) {
        for attribute in self.attributes.values() {
            settings.read(attribute, reader);
        }
        for (label, attributes) in self.platforms.values() {
            let prefix: PlatformPrefix = match label.name.parse() {
                Ok(prefix) => prefix,
                Err(e) => {
                    let message = format!("`{}` is no platform: {e}", label.name);
                    reader.diagnostics.report(Diagnostic::error("platform", message).at(label.span, ""));
                    continue;
                }
            };
            let known = settings.platforms.iter().position(|known| known.prefix == prefix);
            let at = known.unwrap_or_else(|| {
                settings.platforms.push(PlatformOverride {
                    prefix: prefix.clone(),
                    span: label.span,
                    is_default: true,
                    settings: PlatformSettings::default(),
                });
                settings.platforms.len() - 1
            });
            settings.platforms[at].is_default &= self.label.is_none();
            reader.platform = Some(prefix);
            for attribute in attributes.values() {
                settings.platforms[at].settings.read(attribute, reader);
            }
            reader.platform = None;
        }
    }
}
