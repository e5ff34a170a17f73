//! Runners for platforms that nothing is built for.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, suggest};
use crate::platform::Platform;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::targets::Targets;

/// A warning for each key of `runners` that is the prefix of no platform: most likely it is misspelt.
pub(in crate::resolve) fn unused<'a>(
    images: impl Iterator<Item = &'a UnresolvedImage> + Clone,
    targets: &Targets<'_>,
) -> Vec<Diagnostic> {
    let prefixes = |image: &'a UnresolvedImage| {
        let rules = image.targets.iter().flat_map(|covered| &covered.settings.runners);
        rules.filter_map(|rule| rule.prefix.as_ref())
    };
    // Most often there is no such key, in very many images.
    if images.clone().flat_map(prefixes).next().is_none() {
        return Vec::new();
    }
    let covered = images.clone().flat_map(|image| &image.targets);
    let platforms: BTreeSet<&Platform> =
        covered.flat_map(|covered| targets.valid_platforms(covered.at)).collect();
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    if platforms.is_empty() {
        return found;
    }
    for image in images {
        for prefix in prefixes(image) {
            let is_used = platforms.iter().any(|platform| platform.matches_prefix(prefix));
            if is_used || !seen.insert(prefix.to_string()) {
                continue;
            }
            let message = format!("`runners` has a runner for `{prefix}`, and no image is built for that");
            let help = match suggest(&prefix.to_string(), names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the platforms are {}", names.join(", ")),
            };
            found.push(Diagnostic::warning(Code::UNUSED_RUNNER, message).at(image.span, "").with_help(help));
        }
    }
    found
}
