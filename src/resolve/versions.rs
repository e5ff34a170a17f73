//! The version of each image, and the versions that are known besides.

use super::Input;
use super::image::UnresolvedImage;
use super::version::ImageVersion;
use crate::bake::target::Text;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::pattern::{self, PatternError, Words};
use crate::spec::Settings;
use crate::version::{Scheme, Version};

/// Reads the version of an image.
pub(super) fn read(settings: &Settings, input: &Input<'_>, diagnostics: &mut Diagnostics) -> ImageVersion {
    let Some(text) = &settings.version else { return ImageVersion::None };
    let words = Words { version: None, facts: input.facts };
    let rendered = match pattern::render(text.as_str(), &words) {
        Ok(Some(rendered)) => rendered,
        Err(e @ PatternError::MissingFact { .. }) => return ImageVersion::Unknown(e, text.clone()),
        Ok(None) => return ImageVersion::None,
        Err(e) => {
            let diagnostic = Diagnostic::error("version", e.to_string()).at(text.span, "");
            diagnostics.report(diagnostic.with_help(e.help()));
            return ImageVersion::None;
        }
    };
    let mut name = rendered.text.as_str();
    if let Some(prefix) = &settings.tag_prefix {
        match name.strip_prefix(prefix.as_str()) {
            Some(rest) => name = rest,
            None if rendered.uses.facts.contains("tag") => {
                return ImageVersion::Elsewhere { tag: rendered.text, prefix: prefix.clone() };
            }
            None => {}
        }
    }
    match Version::parse(name, settings.scheme) {
        Ok(version) => ImageVersion::Known(version),
        Err(e) => {
            let message = format!("`{name}` is no version: {e}");
            let help = match settings.scheme {
                Scheme::Semver => {
                    "SemVer is such as `1.2.3` or `1.2.3-rc.1`; without `scheme`, other forms are read, too"
                }
                _ if name.contains('/') => {
                    "what stands before the version in a git tag goes into `tag_prefix`"
                }
                _ => "a version is such as `1.2.3`; other names go into `tags`",
            };
            diagnostics.report(Diagnostic::error("version", message).at(text.span, "").with_help(help));
            ImageVersion::None
        }
    }
}

/// The versions that are known besides those of the spec and were not withdrawn.
pub(super) fn known(
    image: &UnresolvedImage,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Version> {
    let settings = image.settings();
    let mut known = listed(&settings.known_versions, settings, "known_versions", diagnostics);
    let outside = &input.known_versions;
    let names = outside.by_image.get(&image.key).unwrap_or(&outside.names);
    let prefix = settings.tag_prefix.as_ref().map_or("", |prefix| prefix.as_str());
    // Tags that are no versions, or another image's, are nothing to this one.
    let versions = names.iter().filter_map(|name| name.strip_prefix(prefix));
    known.extend(versions.filter_map(|name| Version::parse(name, settings.scheme).ok()));
    let withdrawn = withdrawn(image, diagnostics);
    known.retain(|version| !is_among(version, &withdrawn));
    known
}

/// The versions that own nothing any more.
pub(super) fn withdrawn(image: &UnresolvedImage, diagnostics: &mut Diagnostics) -> Vec<Version> {
    listed(&image.settings().withdrawn, image.settings(), "withdrawn", diagnostics)
}

/// Whether one of the versions is this one, however it is spelled.
pub(super) fn is_among(version: &Version, versions: &[Version]) -> bool {
    versions.iter().any(|other| other.cmp_precedence(version).is_eq())
}

fn listed(
    texts: &[Text],
    settings: &Settings,
    attribute: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<Version> {
    let mut versions = Vec::new();
    for text in texts {
        match Version::parse(text.as_str(), settings.scheme) {
            Ok(version) => versions.push(version),
            Err(e) => {
                let message = format!("`{text}` in `{attribute}` is no version: {e}");
                let diagnostic = Diagnostic::error("version", message).at(text.span, "");
                diagnostics.report(diagnostic);
            }
        }
    }
    versions
}
