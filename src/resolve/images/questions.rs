//! Questions in conditions and patterns that are always answered in the same way.

use super::image::UnresolvedImage;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::pattern;
use crate::resolve::input::Input;
use crate::rules;

/// Warns of questions in conditions and patterns whose answer is no in every run.
pub(in crate::resolve) fn check(image: &UnresolvedImage, input: &Input<'_>, diagnostics: &mut Diagnostics) {
    let settings = image.settings();
    let of_tags = settings.tags.iter().flatten().chain(&settings.prerelease_tags);
    let of_tags = of_tags.flat_map(|one| {
        let text = Some(&one.pattern).filter(|text| pattern::is_pattern(text.as_str()));
        [text.filter(|text| !rules::is_rule(text.as_str())), one.when.as_ref()]
    });
    let of_version = settings.version.iter().flat_map(|version| {
        [Some(&**version).filter(|text| pattern::is_pattern(text.as_str())), version.when.as_ref()]
    });
    for text in of_tags.chain(of_version).flatten() {
        let Some(never) = pattern::never(text.as_str(), input.given) else { continue };
        let warning = Diagnostic::warning(Code::TAG_PATTERN, never.message).at(text.span, "");
        diagnostics.report(warning.with_help(never.help));
    }
}
