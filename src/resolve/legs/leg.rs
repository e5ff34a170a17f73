//! One leg: a target for one platform, with what image blocks say of that, and the runner that builds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::assigned::AssignedLeg;
use super::plain;
use crate::bake::target::{Entry, Rare, Target, Text, TextMap};
use crate::ci::ProvenanceMode;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::{Leg, Role};
use crate::platform::Platform;
use crate::resolve::cache;
use crate::resolve::images::annotations;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::labels::OciLabels;
use crate::resolve::input::Input;
use crate::resolve::publication::Publication;
use crate::runner::{RunnerRule, assign};
use crate::source::Span;
use crate::spec::{PlatformOverride, PlatformSettings, Settings};

/// The name of a target's leg for a platform. A target without platforms is built for whatever its runner is, and its
/// leg must not be called like the target, which stays in the file as it is.
pub(in crate::resolve) fn leg_name(target: &str, platform: Option<&Platform>) -> String {
    match platform {
        Some(platform) => [target, "-", platform.slug()].concat(),
        None => [target, "-native"].concat(),
    }
}

/// What options say about all legs.
pub(in crate::resolve) struct LegOptions<'a> {
    platforms: &'a [Platform],
    publish: bool,
    default_provenance: Option<ProvenanceMode>,
    /// What is in each output that is pushed by digest.
    pushed: TextMap,
}

impl<'a> LegOptions<'a> {
    pub(in crate::resolve) fn of(input: &Input<'a>) -> Self {
        let pushed =
            [("type", "image"), ("push", "true"), ("push-by-digest", "true"), ("name-canonical", "true")];
        Self {
            platforms: input.platforms,
            publish: input.publish,
            default_provenance: input.default_provenance,
            pushed: pushed.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
        }
    }

    /// Whether legs for a platform are planned.
    pub(in crate::resolve) fn plans(&self, platform: Option<&Platform>) -> bool {
        self.platforms.is_empty() || platform.is_some_and(|platform| self.platforms.contains(platform))
    }
}

/// Makes the legs of one target for one image.
pub(in crate::resolve) struct Maker<'a> {
    pub(in crate::resolve) options: &'a LegOptions<'a>,
    pub(in crate::resolve) image: &'a UnresolvedImage,
    pub(in crate::resolve) target: &'a Target,
    /// The place of the target among the resolved ones.
    pub(in crate::resolve) source: usize,
    pub(in crate::resolve) settings: &'a Settings,
    /// The names that its digests are pushed under.
    pub(in crate::resolve) names: Vec<Text>,
    /// The caches that some leg writes.
    pub(in crate::resolve) caches: &'a cache::Written,
}

/// The names that the digests of an image are pushed under.
pub(in crate::resolve) fn names(publication: &Publication) -> Vec<Text> {
    publication.keys().map(|repository| Text::verbatim(&repository.to_string())).collect()
}

impl Maker<'_> {
    pub(in crate::resolve) fn make(
        &self,
        platform: Option<&Platform>,
        span: Option<Span>,
        overrides: &[&PlatformOverride],
        diagnostics: &mut Diagnostics,
    ) -> Option<AssignedLeg> {
        let own: Vec<&RunnerRule> = overrides.iter().filter_map(|one| one.settings.runner.as_ref()).collect();
        let rules: Vec<&RunnerRule> = self.settings.runners.iter().collect();
        let assignment = if own.is_empty() { assign(&rules, platform) } else { assign(&own, platform) };
        let Some(assignment) = assignment else {
            let shown = platform.map_or_else(|| "no platform".to_owned(), ToString::to_string);
            let message = format!(
                "no runner is named for `{shown}`, and `default` does not apply: whether it needs Windows depends on its Dockerfile"
            );
            let diagnostic = Diagnostic::error(Code::NO_RUNNER, message).at(span.or(self.image.span), "");
            let runners =
                "`runners = { windows = \"windows-2025\" }`, or `\"ubuntu-latest\"` where Linux builds it";
            diagnostics.report(diagnostic.with_help(match self.image.block {
                Some(_) => format!("add to the `image` block {runners}"),
                None => format!("add an `image {{ … }}` block for all images with {runners}"),
            }));
            return None;
        };
        let mut definition = for_platform(self.target, platform, overrides, &self.image.oci, self.caches);
        definition.tags = Some(self.names.clone());
        plain::without_attestations(self.settings, &mut definition);
        let descriptor = if self.settings.index {
            annotations::of_descriptor(self.target, platform)
        } else {
            BTreeMap::new()
        };
        definition.output = Some(vec![self.output(platform, !descriptor.is_empty())]);
        if !self.options.publish {
            definition.cache_to = None;
        }
        if let Some(provenance) = self.provenance(&definition.attest) {
            definition.attest.push(provenance);
        }
        let leg = Leg {
            of: Arc::clone(&self.target.name),
            platform: platform.cloned(),
            role: Role::Published,
            job: None,
            definition: Box::new(definition),
        };
        Some(AssignedLeg {
            leg,
            source: self.source,
            assignment,
            grouping: self.settings.jobs,
            weight: self.settings.weight,
            descriptor,
        })
    }

    /// The provenance that Docker's actions ask for by default
    /// (<https://docs.docker.com/build/ci/github-actions/attestations/>), unless the target says something about it.
    fn provenance(&self, attest: &[Entry]) -> Option<Entry> {
        let mode = self.options.default_provenance?;
        if attest.iter().any(|one| one.kind() == "provenance") {
            return None;
        }
        let provenance = Entry::of_type("provenance");
        Some(match mode {
            ProvenanceMode::Max => provenance.with("mode", "max"),
            ProvenanceMode::Min => provenance.with("inline-only", "true").with("mode", "min"),
        })
    }

    /// One output for all repositories: two would give two digests. What the source says of the image's form stays.
    fn output(&self, platform: Option<&Platform>, is_described: bool) -> Entry {
        if !self.options.publish {
            return Entry::of_type("cacheonly");
        }
        let source = self.target.output.as_deref().and_then(<[Entry]>::first);
        let mut output = source.cloned().unwrap_or_default();
        for name in ["name", "dest"] {
            output.fields.remove(name);
        }
        annotations::strip(&mut output, platform);
        let of_index = self.settings.oci_labels.index
            || !self.settings.annotations.is_empty()
            || is_described
            || !annotations::lifted(self.target).is_empty();
        let annotated = self.settings.oci_labels.manifest || (self.settings.index && of_index);
        if annotated {
            // Docker's own media types have no annotations, and one such child makes the whole index a Docker list.
            output.set("oci-mediatypes", "true");
        }
        output.fields.merge(&self.options.pushed);
        output
    }
}

/// A target as it is built for one platform, with what image blocks say of that, and without tags and output of its own.
pub(in crate::resolve) fn for_platform(
    target: &Target,
    platform: Option<&Platform>,
    overrides: &[&PlatformOverride],
    oci: &OciLabels,
    caches: &cache::Written,
) -> Target {
    let mut definition = target.clone();
    definition.inherits = Rare::default();
    definition.linked = false;
    definition.annotations = annotations::of_leg(&target.annotations, platform).into();
    if let Some(platform) = platform {
        definition.platforms = Some(vec![Text::verbatim(platform.as_str())]);
        definition.cache_from = cache::to_read(target, caches, platform).into();
        definition.cache_to =
            target.cache_to.as_ref().map(|caches| cache::to_write(caches, &target.name, platform));
    }
    apply(&mut definition, overrides);
    oci.add(&mut definition, target);
    definition
}

/// Applies what an image block says for a platform, the most specific last.
pub(in crate::resolve) fn apply(definition: &mut Target, overrides: &[&PlatformOverride]) {
    for one in overrides {
        let PlatformSettings {
            dockerfile,
            context,
            contexts,
            target,
            args,
            // They decide where and whether it is built, not what.
            runner: _,
            on_missing: _,
            skip: _,
            marked: _,
            nulls: _,
        } = &one.settings;
        let set = |own: &mut Option<Text>, new: &Option<Text>| {
            if new.is_some() {
                own.clone_from(new);
            }
        };
        if dockerfile.is_some() {
            // Bake takes the inline text before the file.
            definition.dockerfile_inline = Rare::default();
        }
        set(&mut definition.dockerfile, dockerfile);
        set(&mut definition.context, context);
        if target.is_some() {
            definition.target = target.clone().into();
        }
        definition.contexts.extend(contexts.iter().map(|(k, v)| (Arc::clone(k), v.clone())));
        definition.args.extend(args.iter().map(|(k, v)| (Arc::clone(k), v.clone())));
    }
}
