//! The lists of versions in a block: those that are known, and those that were withdrawn.

use std::sync::Arc;

use super::image::UnresolvedImage;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::VersionText;
use crate::version::{Version, Withdrawn};

/// What is known of versions besides those of the definition.
pub(in crate::resolve) struct OtherVersions {
    /// Those that were released before, and not withdrawn.
    pub(in crate::resolve) released: Vec<Version>,
    /// Those that images of the block withdraw.
    pub(in crate::resolve) withdrawn: Arc<[Withdrawn]>,
}

/// Says that a version is released which the image withdraws: it gets its own tags alone.
pub(in crate::resolve) fn check_withdrawn(
    image: &UnresolvedImage,
    version: &Version,
    diagnostics: &mut Diagnostics,
) {
    let settings = image.settings();
    // A mistake in it is reported where the list is used.
    let covers = |text: &&VersionText| {
        Withdrawn::parse(text.as_str(), settings.scheme, &image.tails).is_ok_and(|one| one.covers(version))
    };
    if let Some(text) = settings.withdrawn.iter().find(covers) {
        let message = format!(
            "version `{version}` of image `{}` is withdrawn: it is published under its own tags, and gets no floating one",
            image.key
        );
        let several = format!(
            "have the version `{version}`, which is withdrawn: it is published under its own tags, and gets no floating one"
        );
        let place = settings.version.as_ref().and_then(|version| version.span);
        let found = Diagnostic::warning(Code::WITHDRAWN, message)
            .at(text.span, "withdrawn here")
            .at(place, "")
            .with_help(
                "plan a version that is not withdrawn; or take it off `withdrawn`, if it is good again",
            );
        diagnostics.report(image.tells(found, several));
    }
}

/// The versions that own nothing any more.
pub(in crate::resolve) fn withdrawn(
    image: &UnresolvedImage,
    diagnostics: &mut Diagnostics,
) -> Vec<Withdrawn> {
    let texts = &image.settings().withdrawn;
    let parse = |text: &str| Withdrawn::parse(text, image.settings().scheme, &image.tails);
    listed(texts, "withdrawn", parse, diagnostics)
}

/// The versions of a list, without those that are none, which are reported.
pub(in crate::resolve) fn listed<T, E: std::fmt::Display>(
    texts: &[VersionText],
    attribute: &str,
    parse: impl Fn(&str) -> Result<T, E>,
    diagnostics: &mut Diagnostics,
) -> Vec<T> {
    let mut versions = Vec::new();
    for text in texts {
        match parse(text.as_str()) {
            Ok(version) => versions.push(version),
            Err(e) => {
                let message = format!("`{}` in `{attribute}` is not a valid version: {e}", text.as_str());
                let diagnostic = Diagnostic::error(Code::VERSION, message).at(text.span, "");
                diagnostics.report(diagnostic);
            }
        }
    }
    versions
}
