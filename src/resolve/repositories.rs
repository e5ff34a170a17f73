//! The repositories of an image, and the tags that it takes from its target as they are.

use std::collections::BTreeSet;

use indexmap::IndexSet;

use super::constants;
use super::image::{UnresolvedImage, pushed_tags};
use super::publication::{Listing, Publication, Published};
use super::targets::Targets;
use crate::bake::target::Text;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::pattern;
use crate::reference::{Reference, ReferenceError, Repository, Tag};
use crate::source::Span;
use crate::tags::LATEST;

/// The repositories that the block names, else those of the target's tags.
pub(super) fn repositories(
    image: &UnresolvedImage,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) -> IndexSet<Repository> {
    let mut repositories = IndexSet::new();
    match &image.settings().repositories {
        Some(texts) => {
            for text in texts {
                match repository(text, image) {
                    Ok(repository) => drop(repositories.insert(repository)),
                    Err(diagnostic) => diagnostics.report(diagnostic.at(text.span, "")),
                }
            }
        }
        None => {
            for text in tags_of(image, targets) {
                match text.as_str().parse::<Reference>() {
                    Ok(reference) => drop(repositories.insert(reference.repository().clone())),
                    Err(e) => diagnostics.report(reference_error(&text, &e)),
                }
            }
        }
    }
    repositories
}

/// A repository as the block names it, perhaps after the image.
fn repository(text: &Text, image: &UnresolvedImage) -> Result<Repository, Diagnostic> {
    let name = pattern::render_name(text.as_str(), image.names())
        .map_err(|e| Diagnostic::error("repository", e.to_string()).with_help(e.help()))?;
    name.parse::<Repository>().map_err(|e| {
        let message = format!("`{name}` is no repository: {e}");
        Diagnostic::error("repository", message)
    })
}

fn reference_error(text: &Text, error: &ReferenceError) -> Diagnostic {
    let diagnostic = no_reference(text, &error.to_string());
    match error {
        ReferenceError::Empty(_) => {
            diagnostic.with_help("a variable that it is made of may be unset: try `--var NAME=VALUE`")
        }
        _ => diagnostic,
    }
}

fn no_reference(text: &Text, why: &str) -> Diagnostic {
    let message = format!("`{text}` is no image reference: {why}");
    Diagnostic::error("reference", message).at(text.span, "")
}

fn tags_of(image: &UnresolvedImage, targets: &Targets<'_>) -> Vec<Text> {
    let target = image.targets.first().and_then(|(name, _)| targets.resolved.get(name));
    target.map(|target| pushed_tags(target).into_iter().cloned().collect()).unwrap_or_default()
}

/// The target's own tags, as they are; moved to the block's repositories when it names some.
pub(super) fn literal(
    image: &UnresolvedImage,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) -> Publication {
    let settings = image.settings();
    if let Some(name) = settings.variant.iter().flatten().flatten().next() {
        let message = "the variant goes behind tags that the image names, and it has none";
        let diagnostic = Diagnostic::error("variant", message).at(name.span, "");
        diagnostics.report(diagnostic.with_help("set `version` or `tags` in the image"));
    }
    let mut publication = Publication::new();
    let published = |(reference, span): (Reference, Option<Span>)| Published {
        claim: constants::claim(reference.tag().map_or(LATEST, Tag::as_str)),
        tag: reference.tag().cloned().unwrap_or_else(|| LATEST.parse().expect("a valid tag")),
        why: None,
        is_provisional: false,
        span,
    };
    if settings.repositories.is_some() {
        let target = image.targets.first().and_then(|(name, _)| targets.resolved.get(name));
        let texts = target.and_then(|target| target.tags.clone()).unwrap_or_default();
        let tags: Vec<Published> =
            texts.iter().filter_map(|text| parse(text, diagnostics)).map(published).collect();
        let listing = constant(tags);
        for repository in repositories(image, targets, diagnostics) {
            publication.insert(repository, listing.clone());
        }
        return publication;
    }
    for text in tags_of(image, targets) {
        let Some((reference, span)) = parse(&text, diagnostics) else { continue };
        let listing = publication.entry(reference.repository().clone()).or_default();
        listing.tags.push(published((reference, span)));
    }
    for listing in publication.values_mut() {
        *listing = constant(std::mem::take(&mut listing.tags));
    }
    publication
}

fn parse(text: &Text, diagnostics: &mut Diagnostics) -> Option<(Reference, Option<Span>)> {
    match text.as_str().parse::<Reference>() {
        Ok(reference) if reference.digest().is_none() => Some((reference, text.span)),
        Ok(_) => {
            diagnostics.report(no_reference(text, "a tag to publish cannot have a digest"));
            None
        }
        Err(e) => {
            diagnostics.report(reference_error(text, &e));
            None
        }
    }
}

/// What tags that are written out are published as.
fn constant(tags: Vec<Published>) -> Listing {
    let mut tags = once(tags);
    let seen = constants::settle(&mut tags);
    Listing { tags, yielded: Vec::new(), seen }
}

/// Each tag once, the first of its kind.
pub(super) fn once(mut tags: Vec<Published>) -> Vec<Published> {
    let mut seen = BTreeSet::new();
    tags.retain(|published| seen.insert(published.tag.clone()));
    tags
}
