//! Images that no tag of this run is for: nothing is built of them, and an image that can never have one is a mistake.

use std::collections::BTreeSet;

use super::image::UnresolvedImage;
use super::input::Input;
use super::names::Names;
use super::publication::Publication;
use crate::bake::target::Text;
use crate::bake::values::{Mark, Name};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Facts;

/// The code of all that is said about it.
const CODE: Code = Code::NO_TAG;

/// The keys of the images that get no tag. A run that publishes nothing builds them all.
///
/// `left_out` are the images that the git tag is not for, and `wanted` the keys of those that are asked for.
pub(super) fn untagged(
    input: &Input<'_>,
    images: &[(&UnresolvedImage, &Names, &Publication)],
    left_out: &[UnresolvedImage],
    wanted: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) -> BTreeSet<String> {
    if !input.publish || input.purpose.is_committed() {
        return BTreeSet::new();
    }
    let is_tagged = |publication: &Publication| publication.values().any(|listing| !listing.tags.is_empty());
    let mut untagged = BTreeSet::new();
    for (image, names, publication) in images {
        if is_tagged(publication) {
            continue;
        }
        untagged.insert(image.key.clone());
        let is_yielded = publication.values().any(|listing| !listing.yielded.is_empty());
        if !names.depend_on_run && !is_yielded {
            diagnostics.report(never(image));
        } else if wanted.contains(&image.key) {
            let why = if is_yielded { ": its tags belong to greater versions" } else { "" };
            let message = format!("image `{}` has no tag in this run, so it is not built{why}", image.key);
            diagnostics.report(Diagnostic::note(CODE, message).at(image.span, ""));
        }
    }
    let is_of_none = untagged.len() == images.len() && images.len() + left_out.len() > 0;
    if is_of_none && !diagnostics.has_errors() {
        let facts: &Facts = input.facts;
        diagnostics.extend(facts.tag.as_ref().map(|tag| of_no_image(tag)));
    }
    untagged
}

/// An image that gets a tag in no run. A pattern that is empty mostly lacks the value of a variable.
fn never(image: &UnresolvedImage) -> Diagnostic {
    let found = Diagnostic::error(CODE, format!("image `{}` can never have a tag", image.key));
    let patterns = image.settings().tags.iter().flatten().map(|one| &one.pattern);
    let empty: Vec<&Text> = patterns.filter(|pattern| pattern.as_str().is_empty()).collect();
    let unset: BTreeSet<&Name> = empty.iter().flat_map(|pattern| unset(pattern)).collect();
    let help = match (unset.first(), empty.first(), image.block) {
        (Some(variable), ..) => format!(
            "set `{variable}` where the plan is made: in the environment, or with `--var {variable}=…`; or give it a default"
        ),
        (None, Some(_), _) => {
            "an empty text is not a tag: write one, or give the variable in it a value".to_owned()
        }
        (None, None, Some(_)) => {
            "add one to `tags` that fits its version, such as `{{ version }}`".to_owned()
        }
        (None, None, None) => {
            "its output pushes by digest alone: give its target `tags`, or add an `image` block with some"
                .to_owned()
        }
    };
    let why = |pattern: &Text| match unset_names(pattern) {
        names if names.is_empty() => "this is empty".to_owned(),
        names => format!("this is empty, since {names} has no value"),
    };
    let found = empty.into_iter().fold(found, |found, pattern| found.at(pattern.span, why(pattern)));
    found.at(image.span, "").with_help(help)
}

/// The variables without a value that a text is made of.
fn unset(text: &Text) -> impl Iterator<Item = &Name> {
    text.value.marks().iter().filter_map(|mark| match mark {
        Mark::Unset(name) => Some(name),
        Mark::Secret(_) | Mark::Clock | Mark::Random | Mark::Kept(_) | Mark::Rewritten(_) => None,
    })
}

/// Their names, for a message.
fn unset_names(text: &Text) -> String {
    unset(text).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

/// A git tag is there to publish something.
fn of_no_image(tag: &str) -> Diagnostic {
    let message = format!("no image has a tag in this run of the git tag `{tag}`");
    Diagnostic::error(CODE, message)
        .with_help("check what `version`, `tag_prefix` and `tags` accept, or do not run for such tags")
}
