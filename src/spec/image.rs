//! One `image` block, as written.

use std::sync::Arc;

use indexmap::IndexMap;

use super::attributes::{Covered, PlatformOverride, PlatformSettings, Settings};
use super::declare::Declared;
use super::read::AttributeReader;
use super::secrets::ATTRIBUTE as SECRET_VARIABLES;
use super::workflow::WorkflowSettings;
use crate::bake::text::syntax::{Attribute, Block, Ident};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::platform::PlatformPrefix;
use crate::source::Span;

/// One image block, merged over all files, without the defaults.
#[derive(Clone, Debug)]
pub(crate) struct ImageSpec {
    /// The block's label; `None` for the defaults.
    pub label: Option<Ident>,
    /// The header of the first block.
    pub span: Span,
    pub(super) attributes: IndexMap<Name, Attribute>,
    platforms: IndexMap<Name, (Ident, IndexMap<Name, Attribute>)>,
    /// Those of the `workflow` block, with where its header is.
    workflow: Option<(Span, IndexMap<Name, Attribute>)>,
}

impl ImageSpec {
    pub(super) fn new(label: Option<Ident>, span: Span) -> Self {
        Self { label, span, attributes: IndexMap::new(), platforms: IndexMap::new(), workflow: None }
    }

    /// Whether the block itself sets an attribute.
    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.attributes.contains_key(attribute)
    }

    /// The attributes that the block itself sets, each with what is declared of it.
    pub(crate) fn declared(&self) -> impl Iterator<Item = (&'static Declared, &Attribute)> {
        let all = Settings::DECLARED.iter();
        all.filter_map(|one| Some((one, self.attributes.get(one.name)?)))
    }

    pub(super) fn add(&mut self, block: &Block, diagnostics: &mut Diagnostics) {
        for attribute in &block.body.attributes {
            self.attributes.insert(Arc::clone(&attribute.name.name), attribute.clone());
        }
        for inner in block.body.blocks_of("platform") {
            let [label] = inner.labels.as_slice() else {
                let diagnostic =
                    Diagnostic::error(Code::BLOCK_LABEL, "a platform block has one label, its platform");
                diagnostics
                    .report(diagnostic.at(inner.span, "").with_help("write `platform \"linux/arm64\" {`"));
                continue;
            };
            let entry = self.platforms.entry(Arc::clone(&label.name));
            let (_, attributes) = entry.or_insert_with(|| (label.clone(), IndexMap::new()));
            attributes.extend(inner.body.attributes.iter().map(|a| (Arc::clone(&a.name.name), a.clone())));
        }
        let mut workflows = block.body.blocks_of("workflow");
        if let Some(second) = workflows.nth(1) {
            let message = "an `image` block has one `workflow` block, and this is a second one";
            diagnostics.report(
                Diagnostic::error(Code::IMAGE_WORKFLOW, message)
                    .at(second.span, "")
                    .with_help("write all settings in one of them"),
            );
        }
        for inner in block.body.blocks_of("workflow") {
            if let Some(label) = inner.labels.first() {
                let diagnostic = Diagnostic::error(Code::BLOCK_LABEL, "a workflow block has no label");
                diagnostics.report(diagnostic.at(label.span, "").with_help("write `workflow {`"));
                continue;
            }
            let (_, attributes) = self.workflow.get_or_insert_with(|| (inner.span, IndexMap::new()));
            attributes.extend(inner.body.attributes.iter().map(|a| (Arc::clone(&a.name.name), a.clone())));
        }
    }

    /// Refuses in the defaults what is of one image.
    pub(super) fn check_defaults(&self, diagnostics: &mut Diagnostics) {
        for name in Covered::DECLARED.iter().map(|one| one.name) {
            let Some(attribute) = self.attributes.get(name) else { continue };
            let message = format!("`{name}` belongs in the block of one image, not in the defaults");
            diagnostics.report(
                Diagnostic::error(Code::DEFAULTS_TARGET, message)
                    .at(attribute.name.span, "")
                    .with_help("write `image \"NAME\" {` for a single image"),
            );
        }
    }

    /// Refuses in the block of one image what is about all of them.
    pub(super) fn check_image(&self, diagnostics: &mut Diagnostics) {
        if let Some(attribute) = self.attributes.get(SECRET_VARIABLES) {
            let message =
                "`secret_variables` is about all variables, so it belongs in the block without a label";
            diagnostics.report(
                Diagnostic::error(Code::IMAGE_SECRETS, message)
                    .at(attribute.name.span, "")
                    .with_help("write it in `image {`"),
            );
        }
        if let Some((span, _)) = &self.workflow {
            let message = "`workflow` is about all images, so it belongs in the block without a label";
            diagnostics.report(
                Diagnostic::error(Code::IMAGE_WORKFLOW, message)
                    .at(*span, "")
                    .with_help("write it in `image {`"),
            );
        }
    }

    /// The name of the block, for messages and as the default target.
    #[must_use]
    pub(crate) fn name(&self) -> &str {
        self.label.as_ref().map_or("", |label| &label.name)
    }

    pub(super) fn read_workflow(
        &self,
        settings: &mut WorkflowSettings,
        reader: &mut AttributeReader<'_, '_>,
    ) {
        for attribute in self.workflow.iter().flat_map(|(_, attributes)| attributes.values()) {
            settings.read(attribute, reader);
        }
    }

    pub(super) fn read_into(&self, settings: &mut Settings, reader: &mut AttributeReader<'_, '_>) {
        for attribute in self.attributes.values() {
            settings.read(attribute, reader);
        }
        for (label, attributes) in self.platforms.values() {
            let prefix: PlatformPrefix = match label.name.parse() {
                Ok(prefix) => prefix,
                Err(e) => {
                    let message = format!("`{}` is not a valid platform: {e}", label.name);
                    reader.diagnostics.report(Diagnostic::error(Code::PLATFORM, message).at(label.span, ""));
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
