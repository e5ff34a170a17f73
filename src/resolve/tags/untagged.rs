//! Images that no tag of this run is for: nothing is built of them, and an image that can never have one is a mistake.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::names::Names;
use crate::bake::target::Text;
use crate::bake::values::{Mark, Name};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::facts::Facts;
use crate::pattern::{self, Words};
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::runs::RunReader;
use crate::resolve::images::version::ImageVersion;
use crate::resolve::input::Input;
use crate::resolve::publication::Publication;
use crate::rules;
use crate::source::Span;
use crate::spec::{Marked, TagPattern};
use crate::version::Version;

/// The code of all that is said about it.
const CODE: Code = Code::NO_TAG;

/// The keys of the images that get no tag. A run that publishes nothing builds them all.
///
/// `left_out` are the images that the git tag is not for.
pub(in crate::resolve) fn untagged(
    input: &Input<'_>,
    images: &[(&UnresolvedImage, &Names, &Publication)],
    left_out: &[UnresolvedImage],
    diagnostics: &mut Diagnostics,
) -> BTreeSet<String> {
    if !input.publish || input.purpose.is_committed() {
        return BTreeSet::new();
    }
    let is_tagged = |publication: &Publication| publication.values().any(|listing| !listing.tags.is_empty());
    let is_of_none =
        images.len() + left_out.len() > 0 && !images.iter().any(|(_, _, publication)| is_tagged(publication));
    let reasons = if is_of_none { reasons(diagnostics) } else { Vec::new() };
    let mut untagged = BTreeSet::new();
    for (image, names, publication) in images {
        if is_tagged(publication) {
            continue;
        }
        untagged.insert(image.key.clone());
        let is_yielded = is_yielded(publication);
        if (names.contradict || !names.depend_on_run) && !is_yielded {
            diagnostics.report(never(image, names));
        } else if image.is_wanted {
            let (why, of_several) = if is_yielded {
                (": its tags belong to greater versions", ": their tags belong to greater versions")
            } else {
                ("", "")
            };
            let message = format!("image `{}` has no tag in this run, so it is not built{why}", image.key);
            let several = format!("have no tag in this run, so they are not built{of_several}");
            let note = Diagnostic::note(CODE, message).at(image.span, "");
            let note = with_constants(note, image, input.facts);
            diagnostics.report(image.tells(note, several));
        }
    }
    if is_of_none && !diagnostics.has_errors() {
        let facts: &Facts = input.facts;
        let here = images.iter().map(|(image, _, publication)| (*image, Some(*publication)));
        let all: Vec<_> = here.chain(left_out.iter().map(|image| (image, None))).collect();
        let is_declined = all.iter().any(|(image, _)| declines(image, facts))
            && all.iter().all(|(image, _)| declines(image, facts) || is_of_others(image, facts));
        diagnostics.extend(facts.tag.as_ref().map(|tag| of_no_image(tag, &all, is_declined, &reasons)));
    }
    untagged
}

/// Which constants go with a version that a condition keeps from the run of a branch, and how to have them in it all the same.
fn with_constants(note: Diagnostic, image: &UnresolvedImage, facts: &Facts) -> Diagnostic {
    const SHOWN: usize = 3;
    let is_without = matches!(image.version, ImageVersion::Absent { at: None }) && facts.branch.is_some();
    let is_constant = |one: &&TagPattern| {
        let text = one.pattern.as_str();
        one.when.is_none() && !one.is_off() && !pattern::is_pattern(text) && !rules::is_rule(text)
    };
    let constants: Vec<&TagPattern> =
        image.settings().tags.iter().flatten().filter(|_| is_without).filter(is_constant).collect();
    let Some(first) = constants.first() else { return note };
    let names: Vec<String> =
        constants.iter().take(SHOWN).map(|one| format!("`{}`", one.pattern.as_str())).collect();
    let conditional = |when: &str| format!("{{ pattern = {:?}, when = {when:?} }}", first.pattern.as_str());
    note.with_note(format!(
        "a condition keeps `version` from this run, and tags without a condition go with it: {}",
        names.join(", ")
    ))
    .with_help(format!(
        "if this run is to have one, give it a condition, and runs with the version, too: `{}` beside `{}`",
        conditional("branch"),
        conditional("tag")
    ))
}

/// What was said of entries of `tags` that give nothing in this run.
fn reasons(diagnostics: &Diagnostics) -> Vec<Diagnostic> {
    let is_one = |one: &Diagnostic| {
        one.severity == Severity::Note && [Code::TAG_RULE, Code::NO_VERSION, CODE].contains(&one.code)
    };
    diagnostics.clone().into_sorted().into_iter().filter(is_one).collect()
}

/// Whether other versions have tags of an image.
fn is_yielded(publication: &Publication) -> bool {
    publication.values().any(|listing| !listing.yielded.is_empty())
}

/// An image that gets a tag in no run. Entries of `tags` that are empty are left out as it is read; mostly, they lack the value
/// of a variable.
fn never(image: &UnresolvedImage, names: &Names) -> Diagnostic {
    let settings = image.settings();
    let unset: Vec<(&Name, Span)> =
        settings.marked.iter().filter(|one| one.attribute.name == "tags").flat_map(unset).collect();
    let help = match (unset.first(), &settings.tags, image.block) {
        (Some((variable, _)), ..) => format!(
            "set `{variable}` where the plan is made: in the environment, or with `--var {variable}=…`; or give it a default"
        ),
        (None, Some(tags), _) if tags.is_empty() => {
            "nothing in `tags` is a tag: write one, such as `{{ version }}`, or give the variables in it a value"
                .to_owned()
        }
        (None, ..) if names.contradict => {
            "no run fulfils a condition and has what its pattern needs: `tag` is there in runs of git tags, `branch` in those of branches, `pr` in those of pull requests"
                .to_owned()
        }
        (None, None, Some(_)) if settings.version.is_none() => {
            "set `version`, such as `version = \"1.2.3\"` or `version = { pattern = \"{{ tag }}\", when = \"tag\" }`, and its tags are `1.2.3`, `1.2`, `1` and `latest`; or list `tags`"
                .to_owned()
        }
        (None, _, Some(_)) => "add one to `tags` that fits its version, such as `{{ version }}`".to_owned(),
        (None, _, None) => {
            "its output pushes by digest alone: give its target `tags`, or add an `image` block with some"
                .to_owned()
        }
    };
    let found = Diagnostic::error(CODE, format!("image `{}` can never have a tag", image.key));
    let found = image.tells(found, "can never have a tag");
    let found = unset.into_iter().fold(found, |found, (variable, span)| {
        found.at(span, format!("the variable `{variable}` has no value"))
    });
    image.with_nulls(found.at(image.span, ""), &["version", "tags"]).with_help(help)
}

/// The variables without a value in a part of a block.
fn unset(part: &Marked) -> impl Iterator<Item = (&Name, Span)> {
    part.marks.iter().filter_map(|mark| match mark {
        Mark::Unset(name) => Some((name, part.span)),
        Mark::Secret(_) | Mark::Clock | Mark::Random | Mark::Kept(_) | Mark::Rewritten(_) => None,
    })
}

/// Whether a condition of an image tells git tags apart and refuses that of this run, so that it is not meant for it.
fn declines(image: &UnresolvedImage, facts: &Facts) -> bool {
    let settings = image.settings();
    let reader = RunReader::of(image);
    let of_tags = settings.tags.iter().flatten().filter_map(|one| one.when.as_ref());
    let conditions = of_tags.chain(settings.version.as_ref().and_then(|version| version.when.as_ref()));
    let holds = |condition: &str, facts: &Facts| {
        let rendered = reader.rendered_version(&facts);
        let version = rendered.as_ref().or(image.version.known());
        pattern::holds_of_version(condition, &Words { version, facts: &facts, image: image.names() })
    };
    conditions.map(|condition| condition.as_str()).any(|condition| {
        let mut others = pattern::tags_of(condition, reader.prefix()).into_iter();
        holds(condition, facts) == Ok(false)
            && others.any(|tag| holds(condition, &facts.of_tag(&tag)) == Ok(true))
    })
}

/// Whether each tag of an image has a condition that this run does not fulfil, so that it is for others.
fn is_of_others(image: &UnresolvedImage, facts: &Facts) -> bool {
    let words = Words { version: image.version.known(), facts: &facts, image: image.names() };
    let is_other = |when: &Text| pattern::holds_of_version(when.as_str(), &words) == Ok(false);
    image
        .settings()
        .tags
        .as_ref()
        .is_some_and(|tags| tags.iter().all(|one| one.when.as_ref().is_some_and(is_other)))
}

/// A git tag is there to publish something, unless conditions decline it.
fn of_no_image(
    tag: &str,
    images: &[(&UnresolvedImage, Option<&Publication>)],
    is_declined: bool,
    reasons: &[Diagnostic],
) -> Diagnostic {
    const SHOWN: usize = 5;
    let message = format!("no image has a tag in this run of the git tag `{tag}`");
    let place = images.first().and_then(|(image, _)| image.span);
    if is_declined {
        return Diagnostic::note(
            CODE,
            format!("{message}: the conditions of `tags` and `version` decline it"),
        )
        .at(place, "");
    }
    let error = Diagnostic::error(CODE, message).at(place, "");
    let error = reasons.iter().take(SHOWN).fold(error, |error, reason| {
        let error = reason.labels.iter().fold(error, |error, label| error.at(label.span, ""));
        error.with_note(reason.message.clone())
    });
    // What is said of entries says more than that there are none.
    let told = images.iter().filter_map(|(image, publication)| {
        let general = || format!("what image `{}` says of `version` and `tags` gives none for it", image.key);
        none_of(image, *publication).or_else(|| reasons.is_empty().then(general))
    });
    let told: Vec<String> = told.collect();
    let more = told.len().checked_sub(SHOWN).filter(|more| *more > 0);
    let more = more.map(|more| format!("and {more} more images"));
    let notes = told.into_iter().take(SHOWN).chain(more);
    let floats = |(image, publication): &(&UnresolvedImage, Option<&Publication>)| {
        image.version.known().is_some_and(Version::is_prerelease) || publication.is_some_and(is_yielded)
    };
    let help = reasons.iter().find_map(|reason| reason.help.clone());
    notes.fold(error, Diagnostic::with_note).with_help(match help {
        _ if images.iter().any(floats) => {
            "add a tag with the whole version in it, such as `{{ version }}`, which each version has for itself"
                .to_owned()
        }
        Some(help) => help,
        None => "check what `version`, `tag_prefix` and `tags` accept, or do not run for such tags".to_owned(),
    })
}

/// Why an image has no tag in a run of a git tag, where it is not for entries of `tags`.
fn none_of(image: &UnresolvedImage, publication: Option<&Publication>) -> Option<String> {
    let key = &image.key;
    let yielded: BTreeSet<(&str, &str)> = publication
        .into_iter()
        .flat_map(IndexMap::values)
        .flat_map(|listing| &listing.yielded)
        .map(|one| (one.name.as_str(), one.owner.as_str()))
        .collect();
    let yielded: Vec<String> =
        yielded.into_iter().map(|(name, owner)| format!("`{name}` to `{owner}`")).collect();
    Some(match &image.version {
        ImageVersion::Elsewhere { tag: _, prefix, other: None } => {
            format!("image `{key}` takes git tags that begin with `{prefix}`")
        }
        _ if !yielded.is_empty() => {
            format!("the tags of image `{key}` belong to greater versions: {}", yielded.join(", "))
        }
        ImageVersion::Known { version, is_from_run: _ } if version.is_prerelease() => {
            format!("`{version}` is a prerelease, and image `{key}` has tags of releases alone")
        }
        _ => return None,
    })
}
