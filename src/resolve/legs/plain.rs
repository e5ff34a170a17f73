//! Images without an index: the manifest of their one build gets the tags, and nothing says what an index would say.

use std::collections::BTreeSet;

use crate::bake::target::{Entry, Target};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::Plan;
use crate::platform::Platform;
use crate::resolve::images::annotations;
use crate::resolve::images::guards;
use crate::resolve::images::image::{Covered, UnresolvedImage};
use crate::resolve::targets::Targets;
use crate::spec::Settings;

/// What buildx adds to each build on its own.
const PROVENANCE: &str = "provenance";

/// Refuses an image without an index that needs one, and says which annotations it goes without.
pub(in crate::resolve) fn check(
    image: &UnresolvedImage,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    if image.settings().index {
        return;
    }
    let platforms: Vec<String> = image
        .targets
        .iter()
        .flat_map(|Covered { name: _, at, settings }| {
            let built = move |platform: &&Platform| {
                settings.overrides_of(Some(platform)).iter().all(|one| !one.settings.skip)
            };
            targets.valid_platforms(*at).filter(built).map(|platform| format!("`{platform}`"))
        })
        .collect();
    if platforms.len() > 1 {
        let message = format!(
            "image `{}` has `index = false`, and several platforms: {}",
            image.key,
            platforms.join(", ")
        );
        diagnostics.report(
            Diagnostic::error(Code::NEEDS_INDEX, message).at(image.span, "").with_help(
                "leave `index = false` out, or build one platform: an index is what holds several",
            ),
        );
    }
    for target in image.sources(targets) {
        for asked in target.attest.iter().filter(|one| !is_disabled(one)) {
            let message = format!(
                "image `{}` has `index = false`, and target `{}` asks for an attestation (`{}`), which stands in an index",
                image.key,
                target.name,
                asked.kind()
            );
            diagnostics.report(
                Diagnostic::error(Code::NEEDS_INDEX, message)
                    .at(asked.span.or(image.span), "")
                    .with_help("leave the attestation out, or `index = false`"),
            );
        }
    }
    diagnostics.extend(lost(image, image.sources(targets)));
}

/// The annotations that have no place without an index.
fn lost<'t>(image: &UnresolvedImage, targets: impl Iterator<Item = &'t Target>) -> Option<Diagnostic> {
    let targets: Vec<&Target> = targets.collect();
    let of_block = image.settings().annotations.keys().map(ToString::to_string);
    let of_targets = targets.iter().flat_map(|target| {
        let platforms = target.platforms.iter().flatten().filter_map(|text| text.as_str().parse().ok());
        let of_descriptors =
            platforms.flat_map(|one: Platform| annotations::of_descriptor(target, Some(&one)));
        annotations::lifted(target).into_iter().chain(of_descriptors).map(|(key, _)| key)
    });
    let written: BTreeSet<String> = of_block.chain(of_targets).collect();
    let filled_in = image.oci.of_index(targets.iter().copied());
    let all: BTreeSet<String> = written.iter().cloned().chain(filled_in.into_keys()).collect();
    if all.is_empty() {
        return None;
    }
    let names: Vec<String> = all.iter().map(|key| format!("`{key}`")).collect();
    let what =
        format!("`index = false`, so that annotations of the index have no place: {}", names.join(", "));
    let message = format!("image `{}` has {what}", image.key);
    let told = if written.is_empty() { Diagnostic::note } else { Diagnostic::warning };
    let help = "annotations of the manifest stay: `annotations` of the target, or `oci_labels = [\"label\", \"manifest\"]`";
    let found = told(Code::LOST_ANNOTATIONS, message).at(image.span, "").with_help(help);
    Some(image.tells(found, format!("have {what}")))
}

/// Keeps buildx from adding an attestation on its own: it would put the build into an index.
pub(in crate::resolve) fn without_attestations(settings: &Settings, definition: &mut Target) {
    if !settings.index && !definition.attest.iter().any(|one| one.kind() == PROVENANCE) {
        definition.attest.push(Entry::of_type(PROVENANCE).with("disabled", "true"));
    }
}

fn is_disabled(attestation: &Entry) -> bool {
    attestation.get("disabled").is_some()
}

/// Says which tags another run may have in images without an index, which would say which run made them.
pub(in crate::resolve) fn unguarded(plan: &Plan) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (key, image) in plan.images.iter().filter(|(_, image)| !image.index) {
        let tags = guards::shared(image);
        if tags.is_empty() {
            continue;
        }
        let tags = tags.join(", ");
        let message = format!(
            "image `{key}` has no index, which would say which run made it: an earlier run that is merged last takes back {tags}"
        );
        let several = format!(
            "have no index, which would say which run made them: an earlier run that is merged last takes back {tags}"
        );
        found.push(
            Diagnostic::note(Code::UNGUARDED_TAG, message)
                .of_image(key, None, several)
                .with_help("leave `index = false` out, so that the merge can tell"),
        );
    }
    found
}
