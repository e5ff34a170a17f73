//! What the merge needs to compare tags with those of a registry, and which it cannot compare.

use std::collections::BTreeSet;

use super::image::UnresolvedImage;
use super::publication::{PlacedTag, Publication};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::form::Form;
use crate::pattern::PatternForms;
use crate::rules::{self, Flavor, Rule};
use crate::tags::Claim;
use crate::version::Version;

/// The forms of the image's tags that are not versions, of this run and of all others: what they fit is no release.
pub(super) fn other_forms(image: &UnresolvedImage, forms: &PatternForms) -> BTreeSet<Form> {
    let settings = image.settings();
    let flavor = Flavor::parse(settings.flavor.iter().map(|line| line.as_str())).unwrap_or_default();
    let patterns = settings.tags.iter().flatten().chain(&settings.prerelease_tags).map(|one| &one.pattern);
    let of_pattern = |text: &str| {
        if rules::is_rule(text) {
            Rule::parse(text).ok().map(|rule| rule.form(&flavor, forms.sha_length()))
        } else {
            forms.of(text, image.names())
        }
    };
    let found = patterns.chain(&settings.channels).filter_map(|text| of_pattern(text.as_str()));
    // A constant that reads as no version is none in any case.
    let matters = |form: &Form| !form.is_text() || form.to_string().parse::<Version>().is_ok();
    found.filter(|form| !form.is_plain() && matters(form)).collect()
}

/// Says which tags float with versions that the merge cannot read out of the tags of a repository. Of channels, the reason
/// for each tag says so.
pub(super) fn note_unguarded(
    image: &UnresolvedImage,
    publication: &Publication,
    diagnostics: &mut Diagnostics,
) {
    let is_unguarded = |tag: &&PlacedTag| {
        matches!(tag.claim, Claim::Versions(_) | Claim::Prereleases(_)) && tag.family.is_empty()
    };
    let found: Vec<&PlacedTag> =
        publication.values().flat_map(|listing| &listing.tags).filter(is_unguarded).collect();
    let Some(first) = found.first() else { return };
    let names: BTreeSet<String> = found.iter().map(|tag| format!("`{}`", tag.tag)).collect();
    let names: Vec<String> = names.into_iter().collect();
    let message = format!(
        "no tag of image `{}` shows its version so that it can be read back: the merge cannot tell from a registry's tags whether a greater version has {}",
        image.key,
        names.join(", ")
    );
    let help = "publish `{{ version }}`, too; or name released versions with `--known-versions`";
    diagnostics.report(Diagnostic::note("unguarded-tag", message).at(first.span, "").with_help(help));
}
