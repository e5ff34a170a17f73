//! What variants put behind tags, and where a tag would have it twice or be read as another one.

use std::collections::BTreeSet;

use indexmap::IndexSet;

use super::image::UnresolvedImage;
use crate::bake::target::Text;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, listed, suggest};
use crate::reference::Tag;
use crate::spec::Settings;
use crate::tags::{self, CandidateName, Claim, LATEST};
use crate::version::{Class, SEPARATORS, Version};

/// What the variant of an image puts behind its tags.
pub(in crate::resolve) fn suffixes(settings: &Settings, diagnostics: &mut Diagnostics) -> IndexSet<String> {
    let mut axes: Vec<Vec<String>> = Vec::new();
    for axis in settings.variant.iter().flatten() {
        let mut names: Vec<String> = axis.iter().map(ToString::to_string).collect();
        if names.iter().any(|name| settings.default_variant.iter().any(|default| default.as_str() == name)) {
            names.push(String::new());
        }
        axes.push(names);
    }
    tags::suffixes(&axes, settings.variant_tags).unwrap_or_else(|| {
        let place = names(settings).next().and_then(|name| name.span);
        let message = format!("the variant has more than {} combinations of names", tags::MAX_SUFFIXES);
        diagnostics.report(Diagnostic::error(Code::VARIANT, message).at(place, ""));
        IndexSet::new()
    })
}

/// The floating tags that an image goes without: `latest` of each variant, if it must not take that.
pub(in crate::resolve) fn without(settings: &Settings) -> Vec<Tag> {
    if settings.latest {
        return Vec::new();
    }
    let suffixes = suffixes(settings, &mut Diagnostics::default());
    let tags = suffixes.iter().map(|suffix| tags::with_suffix(LATEST, suffix));
    tags.filter_map(|tag| tag.parse().ok()).collect()
}

/// The names of all axes.
fn names(settings: &Settings) -> impl Iterator<Item = &Text> {
    settings.variant.iter().flatten().flatten().filter(|name| !name.is_empty())
}

/// Refuses names in `default_variant` that no variant of the block has; where there are no variants at all, only those that the
/// block itself has, since defaults are for images with variants and for others.
pub(in crate::resolve) fn unknown_defaults(images: &[UnresolvedImage], is_own: bool) -> Vec<Diagnostic> {
    let all: BTreeSet<&str> =
        images.iter().flat_map(|image| names(image.settings())).map(Text::as_str).collect();
    if all.is_empty() && !is_own {
        return Vec::new();
    }
    let defaults = images.iter().flat_map(|image| &image.settings().default_variant);
    let unknown = defaults.filter(|name| !name.is_empty() && !all.contains(name.as_str()));
    let mut seen = BTreeSet::new();
    let unknown = unknown.filter(|name| seen.insert(name.as_str()));
    let found = |name: &Text| {
        let (message, help) = if all.is_empty() {
            let message = format!("`default_variant` is `{name}`, and the image has no `variant`");
            (message, "add `variant`, or leave `default_variant` out".to_owned())
        } else {
            let message = format!("`default_variant` is `{name}`, which is not a name in `variant`");
            let help = match suggest(name.as_str(), all.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let known: Vec<&str> = all.iter().copied().collect();
                    format!("it is one or more of {}", listed(&known))
                }
            };
            (message, help)
        };
        Diagnostic::error(Code::VARIANT, message).at(name.span, "").with_help(help)
    };
    unknown.map(found).collect()
}

/// Refuses what would have a variant twice, and a tag that a variant makes look like a version's.
pub(in crate::resolve) fn check(
    image: &UnresolvedImage,
    names: &[CandidateName],
    constants: &BTreeSet<String>,
    suffixes: &IndexSet<String>,
    diagnostics: &mut Diagnostics,
) {
    // A branch may be called as a variant is.
    let is_ours = |one: &&CandidateName| one.claim != Claim::Run || constants.contains(&one.name);
    for one in names.iter().filter(is_ours) {
        diagnostics.extend(twice(image, one));
    }
    diagnostics.extend(like_version(image, names, suffixes));
}

/// The error for a name that ends with what the variant puts behind it.
fn twice(image: &UnresolvedImage, one: &CandidateName) -> Option<Diagnostic> {
    let ends_with = |text: &str, name: &Text| {
        let before = text.strip_suffix(name.as_str());
        before.is_some_and(|before| before.is_empty() || before.ends_with(SEPARATORS))
    };
    // Numbers may end a version by themselves.
    let is_word = |name: &&Text| name.as_str().contains(|c: char| c.is_ascii_alphabetic());
    let name = names(image.settings()).filter(is_word).find(|name| ends_with(&one.name, name))?;
    let tag = tags::with_suffix(&one.name, name.as_str());
    let message = format!("the tag `{tag}` would have the variant `{name}` twice");
    let of_version = image.version.known().filter(|version| ends_with(version.text(), name));
    let help = match of_version {
        Some(version) => {
            let end = version.text().len() - name.as_str().len();
            let bare = version.text()[..end].trim_end_matches(SEPARATORS);
            format!("`{name}` is the image's `variant`, so leave it out of the version: `{bare}`")
        }
        None => format!("`variant` puts `-{name}` behind each tag, so leave it out of the pattern"),
    };
    let label = "put behind each tag";
    Some(Diagnostic::error(Code::VARIANT, message).at(one.span, "").at(name.span, label).with_help(help))
}

/// What there is to say of a variant whose tags read as those of versions.
fn like_version(
    image: &UnresolvedImage,
    own: &[CandidateName],
    suffixes: &IndexSet<String>,
) -> Option<Diagnostic> {
    let is_version = |text: &&String| text.parse::<Version>().is_ok_and(|one| one.class() != Class::Unknown);
    let suffix = suffixes.iter().find(is_version)?;
    let begins = |name: &&Text| suffix.starts_with(name.as_str());
    let place = names(image.settings()).find(begins).and_then(|name| name.span).or(image.span);
    let help =
        format!("call the variant after what it is a version of, such as `php{suffix}` or `ubuntu{suffix}`");
    let moving = own.iter().find(|one| one.name == LATEST);
    let found = match moving {
        Some(_) => {
            let message = format!(
                "the variant `{suffix}` would make the tag `{suffix}` of `{LATEST}`, which reads as a version"
            );
            Diagnostic::error(Code::VARIANT, message)
        }
        None => {
            let first = own.first()?;
            let tag = tags::with_suffix(&first.name, suffix);
            let message =
                format!("the variant `{suffix}` reads as a version, so that `{tag}` may be taken for one");
            Diagnostic::warning(Code::VARIANT, message)
        }
    };
    Some(found.at(place, "").with_help(help))
}
