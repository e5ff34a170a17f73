//! `image` blocks as written: which there are, what they cover, and what they say about a target.

mod reader;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use indexmap::IndexMap;
use reader::Reader;

use crate::bake::module::Module;
use crate::bake::syntax::{Attribute, Block, Body, Ident, Name};
use crate::bake::target::Text;
use crate::bake::value::Value;
use crate::diagnostic::{Diagnostic, suggest};
use crate::platform::PlatformPrefix;
use crate::runner::RunnerRule;
use crate::source::Span;
use crate::tags::VariantTags;
use crate::version::Scheme;

const ATTRIBUTES: [&str; 22] = [
    "target",
    "targets",
    "repositories",
    "version",
    "scheme",
    "tag_prefix",
    "tags",
    "prerelease_tags",
    "flavor",
    "channels",
    "latest",
    "variant",
    "default_variant",
    "variant_tags",
    "known_versions",
    "withdrawn",
    "immutable",
    "annotations",
    "oci_labels",
    "runners",
    "jobs",
    "on_missing",
];
const PLATFORM_ATTRIBUTES: [&str; 8] =
    ["runner", "dockerfile", "context", "contexts", "target", "args", "on_missing", "skip"];

/// What shares a CI job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Published targets that are linked to each other, per platform and runner.
    #[default]
    Linked,
    /// Every target has a job of its own.
    Target,
    /// All targets of a platform and runner.
    Platform,
}

/// What becomes of an image whose platform was not built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    /// None of its tags move.
    #[default]
    Hold,
    /// It is published without the platform.
    Drop,
    /// The platform is taken from the published index of the same version.
    Carry,
}

/// Overrides for the platforms that a prefix matches.
#[derive(Clone, Debug)]
pub struct PlatformOverride {
    /// Which platforms.
    pub prefix: PlatformPrefix,
    /// The label.
    pub span: Span,
    /// Whether it comes from the defaults of all images, and need not fit this one.
    pub is_default: bool,
    /// Where it is built.
    pub runner: Option<RunnerRule>,
    /// Path of the Dockerfile.
    pub dockerfile: Option<Text>,
    /// Build context.
    pub context: Option<Text>,
    /// Named contexts, merged by name.
    pub contexts: BTreeMap<Name, Text>,
    /// Stage of the Dockerfile.
    pub target: Option<Text>,
    /// Build arguments, merged by name.
    pub args: BTreeMap<Name, Text>,
    /// What becomes of the image when this platform is missing.
    pub on_missing: Option<OnMissing>,
    /// Whether the platform is left out.
    pub skip: bool,
}

/// A pattern of tags, and when it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPattern {
    /// The pattern, or a rule line of docker/metadata-action.
    pub pattern: Text,
    /// A condition over facts; `None` for always.
    pub when: Option<Text>,
}

/// What an image block says about one target.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is published; `None` leaves it to the target's tags.
    pub repositories: Option<Vec<Text>>,
    /// The version, or a pattern over facts.
    pub version: Option<Text>,
    /// What versions are read as.
    pub scheme: Scheme,
    /// What stands before the version in the names of git tags, such as `api/`.
    pub tag_prefix: Option<Text>,
    /// Tag patterns; `None` leaves it to the version or the target's tags.
    pub tags: Option<Vec<TagPattern>>,
    /// Patterns of tags that prereleases get besides.
    pub prerelease_tags: Vec<TagPattern>,
    /// Flavor lines of docker/metadata-action, for rule lines in `tags`.
    pub flavor: Vec<Text>,
    /// Floating names that the version claims besides.
    pub channels: Vec<Text>,
    /// Whether the version competes for `latest`.
    pub latest: bool,
    /// The variant: for each axis its names; an empty name says that the axis may be left out.
    pub variant: Option<Vec<Vec<Text>>>,
    /// Names of axes that may be left out.
    pub default_variant: Vec<Text>,
    /// How the names of axes combine.
    pub variant_tags: VariantTags,
    /// Versions released before that are not in the spec.
    pub known_versions: Vec<Text>,
    /// Versions that own no floating tag any more.
    pub withdrawn: Vec<Text>,
    /// Whether an existing version tag must not get another digest.
    pub immutable: bool,
    /// Whether labels and annotations of the OCI are filled in from facts.
    pub oci_labels: bool,
    /// Annotations of the index.
    pub annotations: BTreeMap<Name, Text>,
    /// Runners by platform.
    pub runners: Vec<RunnerRule>,
    /// What shares a job.
    pub jobs: Grouping,
    /// What becomes of the image when a platform is missing.
    pub on_missing: OnMissing,
    /// Overrides by platform, in the order of their labels.
    pub platforms: Vec<PlatformOverride>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            repositories: None,
            version: None,
            scheme: Scheme::default(),
            tag_prefix: None,
            tags: None,
            prerelease_tags: Vec::new(),
            flavor: Vec::new(),
            channels: Vec::new(),
            latest: true,
            variant: None,
            default_variant: Vec::new(),
            variant_tags: VariantTags::default(),
            known_versions: Vec::new(),
            withdrawn: Vec::new(),
            immutable: false,
            oci_labels: false,
            annotations: BTreeMap::new(),
            runners: Vec::new(),
            jobs: Grouping::default(),
            on_missing: OnMissing::default(),
            platforms: Vec::new(),
        }
    }
}

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

/// What an image block covers: lists of targets, each of which becomes one image.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// The targets of each image; several are merged into one index.
    pub images: Vec<Vec<Name>>,
    /// Whether the targets are those of matrices, so that each image is named after its member.
    pub by_member: bool,
    /// Where the targets are named.
    pub span: Span,
}

impl Spec {
    /// Collects the image blocks: those of one label in several files merge, in one file they are an error.
    pub fn read(module: &Module, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut by_label: IndexMap<Option<Name>, ImageSpec> = IndexMap::new();
        for image in module.images() {
            let block = &image.block;
            if block.labels.len() > 1 {
                diagnostics.push(
                    Diagnostic::error("block-label", "an image block has one label, or none for defaults")
                        .at(block.labels[1].span, "unexpected"),
                );
                continue;
            }
            let label = block.labels.first().filter(|label| !label.name.is_empty()).cloned();
            check_names(&block.body, diagnostics);
            let key = label.as_ref().map(|label| Rc::clone(&label.name));
            match by_label.entry(key) {
                indexmap::map::Entry::Vacant(slot) => {
                    let mut spec = ImageSpec {
                        label,
                        span: block.span,
                        attributes: IndexMap::new(),
                        platforms: IndexMap::new(),
                    };
                    spec.add(block, diagnostics);
                    slot.insert(spec);
                }
                indexmap::map::Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    if known.span.source == block.span.source {
                        let name = block.labels.first().map_or("", |label| &*label.name);
                        let message = match name {
                            "" => "the defaults for all images are declared twice in this file".into(),
                            name => format!("the image `{name}` is declared twice in this file"),
                        };
                        diagnostics.push(
                            Diagnostic::error("duplicate-image", message)
                                .at(block.span, "again")
                                .at(known.span, "first here"),
                        );
                    } else {
                        known.add(block, diagnostics);
                    }
                }
            }
        }
        let defaults = by_label.shift_remove(&None);
        for name in ["target", "targets"] {
            if let Some(attribute) = defaults.as_ref().and_then(|defaults| defaults.attributes.get(name)) {
                let message = format!("`{name}` belongs to one image, not to the defaults of all");
                diagnostics.push(
                    Diagnostic::error("defaults-target", message)
                        .at(attribute.name.span, "")
                        .with_help("write `image \"NAME\" {` for a block of one image"),
                );
            }
        }
        Self { defaults, images: by_label.into_values().collect() }
    }

    /// What a block says about one target, over the defaults.
    pub fn settings(
        &self,
        image: Option<&ImageSpec>,
        module: &Module,
        target: &Name,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Settings {
        let mut reader = Reader { module, target: Some(target), diagnostics };
        let mut settings = Settings::default();
        for layer in [self.defaults.as_ref(), image].into_iter().flatten() {
            layer.read_into(&mut settings, &mut reader);
        }
        settings
    }
}

impl ImageSpec {
    fn add(&mut self, block: &Block, diagnostics: &mut Vec<Diagnostic>) {
        for attribute in &block.body.attributes {
            self.attributes.insert(Rc::clone(&attribute.name.name), attribute.clone());
        }
        for inner in block.body.blocks_of("platform") {
            let [label] = inner.labels.as_slice() else {
                let diagnostic =
                    Diagnostic::error("block-label", "a platform block has one label, its platform");
                diagnostics
                    .push(diagnostic.at(inner.span, "").with_help("write `platform \"linux/arm64\" {`"));
                continue;
            };
            let entry = self.platforms.entry(Rc::clone(&label.name));
            let (_, attributes) = entry.or_insert_with(|| (label.clone(), IndexMap::new()));
            attributes.extend(inner.body.attributes.iter().map(|a| (Rc::clone(&a.name.name), a.clone())));
        }
    }

    /// The name of the block, for messages and as the default target.
    #[must_use]
    pub fn name(&self) -> &str {
        self.label.as_ref().map_or("", |label| &label.name)
    }

    /// Which targets the block covers.
    pub fn coverage(&self, module: &Module, diagnostics: &mut Vec<Diagnostic>) -> Option<Coverage> {
        let label = self.label.as_ref()?;
        let (one, many) = (self.attributes.get("target"), self.attributes.get("targets"));
        if let (Some(one), Some(many)) = (one, many) {
            diagnostics.push(
                Diagnostic::error("target-and-targets", "an image has `target` or `targets`, not both")
                    .at(many.name.span, "")
                    .at(one.name.span, ""),
            );
            return None;
        }
        let mut reader = Reader { module, target: None, diagnostics };
        let names = match one.or(many) {
            None => vec![Text { value: (&label.name).into(), span: Some(label.span) }],
            Some(attribute) => reader.strings(&attribute.value)?,
        };
        let mut lists = Vec::new();
        for name in &names {
            let cure = if one.or(many).is_some() {
                "declare it"
            } else {
                "name its target with `target = \"…\"`, or declare it"
            };
            lists.push(targets_of(module, name, cure, diagnostics)?);
        }
        let span = one.or(many).map_or(label.span, |a| a.value.span);
        let matrix = |list: &Members| list.is_matrix;
        let first = lists.first()?;
        if lists.len() == 1 {
            let images = first.names.iter().map(|name| vec![Rc::clone(name)]).collect();
            return Some(Coverage { images, by_member: first.is_matrix, span });
        }
        if !lists.iter().any(matrix) {
            let all = lists.iter().flat_map(|list| list.names.iter().cloned()).collect();
            return Some(Coverage { images: vec![all], by_member: false, span });
        }
        // Members of several matrices belong together when their axes have the same values.
        let mut images: Vec<Vec<Name>> = Vec::new();
        for member in &first.names {
            let axes = module.axes(member);
            let mut image = vec![Rc::clone(member)];
            for (list, name) in lists.iter().zip(&names).skip(1) {
                match list.names.iter().find(|other| same_axes(axes, module.axes(other))) {
                    Some(other) => image.push(Rc::clone(other)),
                    None => {
                        let message = format!("`{name}` has no member with the axis values of `{member}`");
                        diagnostics.push(Diagnostic::error("matrix-join", message).at(name.span, "").with_help(
                            "members of several matrices are one image when the axes that they share have equal values",
                        ));
                    }
                }
            }
            images.push(image);
        }
        Some(Coverage { images, by_member: true, span })
    }

    fn read_into(&self, settings: &mut Settings, reader: &mut Reader<'_, '_>) {
        for (name, attribute) in &self.attributes {
            let expr = &attribute.value;
            match &**name {
                "repositories" => {
                    settings.repositories = reader.strings(expr).or(settings.repositories.take());
                }
                "version" => settings.version = reader.string(expr).or(settings.version.take()),
                "scheme" => {
                    let words = [("semver", Scheme::Semver), ("calver", Scheme::Calver)];
                    settings.scheme = reader.word(expr, "scheme", &words).unwrap_or_default();
                }
                "tag_prefix" => settings.tag_prefix = reader.string(expr),
                "tags" => settings.tags = reader.patterns(expr).or(settings.tags.take()),
                "prerelease_tags" => settings.prerelease_tags = reader.patterns(expr).unwrap_or_default(),
                "flavor" => settings.flavor = reader.strings(expr).unwrap_or_default(),
                "channels" => settings.channels = reader.strings(expr).unwrap_or_default(),
                "latest" => settings.latest = reader.bool(expr).unwrap_or(true),
                "variant" => settings.variant = reader.axes(expr),
                "default_variant" => settings.default_variant = reader.strings(expr).unwrap_or_default(),
                "variant_tags" => {
                    let words = [("product", VariantTags::Product), ("truncate", VariantTags::Truncate)];
                    settings.variant_tags = reader.word(expr, "variant_tags", &words).unwrap_or_default();
                }
                "known_versions" => settings.known_versions = reader.strings(expr).unwrap_or_default(),
                "withdrawn" => settings.withdrawn = reader.strings(expr).unwrap_or_default(),
                "immutable" => settings.immutable = reader.bool(expr).unwrap_or_default(),
                "oci_labels" => settings.oci_labels = reader.bool(expr).unwrap_or_default(),
                "annotations" => settings.annotations.extend(reader.map(expr)),
                "runners" => reader.runners(expr, &mut settings.runners),
                "jobs" => {
                    let words = [
                        ("linked", Grouping::Linked),
                        ("target", Grouping::Target),
                        ("platform", Grouping::Platform),
                    ];
                    settings.jobs = reader.word(expr, "jobs", &words).unwrap_or_default();
                }
                "on_missing" => settings.on_missing = reader.on_missing(expr).unwrap_or_default(),
                _ => {}
            }
        }
        for (label, attributes) in self.platforms.values() {
            let prefix: PlatformPrefix = match label.name.parse() {
                Ok(prefix) => prefix,
                Err(e) => {
                    let message = format!("`{}` is no platform: {e}", label.name);
                    reader.diagnostics.push(Diagnostic::error("platform", message).at(label.span, ""));
                    continue;
                }
            };
            let index =
                settings.platforms.iter().position(|known| known.prefix == prefix).unwrap_or_else(|| {
                    settings.platforms.push(PlatformOverride::new(prefix, label.span));
                    settings.platforms.len() - 1
                });
            settings.platforms[index].is_default &= self.label.is_none();
            settings.platforms[index].read(attributes, reader);
        }
    }
}

impl PlatformOverride {
    fn new(prefix: PlatformPrefix, span: Span) -> Self {
        Self {
            prefix,
            span,
            is_default: true,
            runner: None,
            dockerfile: None,
            context: None,
            contexts: BTreeMap::new(),
            target: None,
            args: BTreeMap::new(),
            on_missing: None,
            skip: false,
        }
    }

    fn read(&mut self, attributes: &IndexMap<Name, Attribute>, reader: &mut Reader<'_, '_>) {
        for (name, attribute) in attributes {
            let expr = &attribute.value;
            match &**name {
                "runner" => {
                    let rule = reader
                        .value(expr)
                        .and_then(|value| reader.runner_rule(&value, expr, Some(self.prefix.clone())));
                    self.runner = rule.or(self.runner.take());
                }
                "dockerfile" => self.dockerfile = reader.string(expr),
                "context" => self.context = reader.string(expr),
                "target" => self.target = reader.string(expr),
                "contexts" => self.contexts.extend(reader.map(expr)),
                "args" => self.args.extend(reader.map(expr)),
                "on_missing" => self.on_missing = reader.on_missing(expr),
                "skip" => self.skip = reader.bool(expr).unwrap_or_default(),
                _ => {}
            }
        }
    }
}

struct Members {
    names: Vec<Name>,
    is_matrix: bool,
}

/// The targets that a name in `target` or `targets` stands for.
fn targets_of(
    module: &Module,
    name: &Text,
    cure: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Members> {
    if let Some(members) = module.members(name.as_str()) {
        let is_matrix = members.len() != 1 || &*members[0] != name.as_str();
        return Some(Members { names: members.to_vec(), is_matrix });
    }
    let all = || module.target_labels().flat_map(|label| module.members(label).unwrap_or_default());
    if let Some(member) = all().find(|member| &***member == name.as_str()) {
        return Some(Members { names: vec![Rc::clone(member)], is_matrix: false });
    }
    let diagnostic = Diagnostic::error("unknown-target", format!("there is no target `{name}` to publish"))
        .at(name.span, "not found");
    let known = module.target_labels().chain(all());
    diagnostics.push(match suggest(name.as_str(), known.map(|k| &**k)) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic.with_help(cure),
    });
    None
}

/// Whether the axes that two combinations have in common have equal values.
fn same_axes(a: &[(Name, Value)], b: &[(Name, Value)]) -> bool {
    a.iter().all(|(axis, value)| b.iter().all(|(other, theirs)| axis != other || value == theirs))
}

/// Unknown names in our own blocks are errors: a typo must not pass.
fn check_names(body: &Body, diagnostics: &mut Vec<Diagnostic>) {
    for attribute in &body.attributes {
        check_name(&attribute.name, &ATTRIBUTES, "an image", diagnostics);
    }
    for block in &body.blocks {
        if &*block.kind.name == "platform" {
            for attribute in &block.body.attributes {
                check_name(&attribute.name, &PLATFORM_ATTRIBUTES, "a platform of an image", diagnostics);
            }
            for inner in &block.body.blocks {
                diagnostics.push(unknown("block", &inner.kind, &[], "a platform of an image"));
            }
        } else {
            diagnostics.push(unknown("block", &block.kind, &["platform"], "an image"));
        }
    }
}

fn check_name(name: &Ident, known: &[&str], owner: &str, diagnostics: &mut Vec<Diagnostic>) {
    if !known.contains(&&*name.name) {
        diagnostics.push(unknown("attribute", name, known, owner));
    }
}

fn unknown(what: &str, name: &Ident, known: &[&str], owner: &str) -> Diagnostic {
    let message = format!("{owner} has no {what} `{}`", name.name);
    let diagnostic =
        Diagnostic::error(if what == "block" { "unknown-block" } else { "unknown-attribute" }, message)
            .at(name.span, "unknown");
    // Near in spelling, and not what is meant.
    let meant = match &*name.name {
        "platforms" if owner == "an image" => {
            Some("platforms belong to the target; a block `platform \"os/arch\" { … }` overrides one of them")
        }
        "runner" if owner == "an image" => {
            Some("write `runners = { default = \"…\" }`, or `runner` in a `platform` block")
        }
        _ => None,
    };
    if let Some(help) = meant {
        return diagnostic.with_help(help);
    }
    match suggest(&name.name, known.iter().copied()) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None if what == "block"
            && (ATTRIBUTES.contains(&&*name.name) || PLATFORM_ATTRIBUTES.contains(&&*name.name)) =>
        {
            diagnostic.with_help(format!("it is an attribute: `{} = …`", name.name))
        }
        None if known.is_empty() => diagnostic,
        None => {
            let list: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
            diagnostic.with_help(format!("it may have {}", list.join(", ")))
        }
    }
}

/// What is written holds a secret: `place` says where. `can_keep` tells whether the variable could be left to the build
/// there.
#[must_use]
pub fn secret(place: &str, name: &str, can_keep: bool) -> Diagnostic {
    let message = format!("{place} holds the value of `{name}`, which looks like a secret");
    let mut help = "what is written can be read by others; give it to the build as a `secret`".to_owned();
    if can_keep {
        let _ = write!(help, ", or leave it to the build as a variable: `--keep-variable {name}`");
    }
    Diagnostic::error("secret", message).with_help(help)
}

fn push_once(diagnostics: &mut Vec<Diagnostic>, diagnostic: Diagnostic) {
    if !diagnostics.contains(&diagnostic) {
        diagnostics.push(diagnostic);
    }
}
