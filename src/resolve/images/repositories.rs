//! The repositories of an image, and the tags that it takes from its target as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indexmap::{IndexMap, IndexSet};

use super::beside;
use super::constants;
use super::image::UnresolvedImage;
use super::lists::OtherVersions;
use crate::bake::target::Text;
use crate::ci;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::form::Form;
use crate::pattern;
use crate::reference::{DOCKER_HUB, Reference, ReferenceError, Registry, Repository, Tag};
use crate::resolve::publication::{Listing, PlacedTag, Publication};
use crate::resolve::targets::Targets;
use crate::source::Span;
use crate::tags::LATEST;
use crate::version::Scheme;

/// The repositories that the block names, else those of the target's tags.
pub(in crate::resolve) fn repositories(
    image: &UnresolvedImage,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) -> IndexSet<Repository> {
    let mut repositories = IndexSet::new();
    match &image.settings().repositories {
        Some(texts) => {
            for text in texts {
                match repository(text, image) {
                    Ok(repository) => {
                        diagnostics.extend(without_owner(text, &repository));
                        repositories.insert(repository);
                    }
                    Err(diagnostic) => diagnostics.report(diagnostic.at(text.span, "")),
                }
            }
        }
        None => {
            for text in names_of(image, targets) {
                match text.as_str().parse::<Reference>() {
                    Ok(reference) => drop(repositories.insert(reference.repository().clone())),
                    Err(e) => diagnostics.report(reference_error(&text, &e)),
                }
            }
        }
    }
    repositories
}

/// A warning that a repository has no owner: it is one of the official images, to which nobody else may push.
fn without_owner(text: &Text, repository: &Repository) -> Option<Diagnostic> {
    let message = format!("`{text}` is `{repository}`, where only Docker publishes");
    let help =
        format!("write its owner, such as `acme/{text}`, or its registry, such as `ghcr.io/acme/{text}`");
    let warning = Diagnostic::warning(Code::REPOSITORY, message).at(text.span, "").with_help(help);
    (!text.as_str().contains('/')).then_some(warning)
}

/// The repositories that the block names as mirrors, each once.
pub(in crate::resolve) fn mirrors(
    image: &UnresolvedImage,
    diagnostics: &mut Diagnostics,
) -> IndexMap<Repository, Option<Span>> {
    let mut mirrors = IndexMap::new();
    for text in &image.settings().mirrors {
        match repository(text, image) {
            Ok(repository) => drop(mirrors.entry(repository).or_insert(text.span)),
            Err(diagnostic) if is_layout(text.as_str()) => diagnostics.report(
                Diagnostic { help: None, ..diagnostic }.at(text.span, "").with_help(
                    "mirrors are repositories of registries; `bakeplan promote REFERENCE --to oci-layout:PATH:TAG` fills a layout from what was published",
                ),
            ),
            Err(diagnostic) => diagnostics.report(diagnostic.at(text.span, "")),
        }
    }
    mirrors
}

/// What a repository is where it may be called otherwise: Docker Hub has two hosts, and the port of HTTPS says nothing.
pub(in crate::resolve) fn place(repository: &Repository) -> Repository {
    const HOST_OF_HUB: &str = "registry-1.docker.io";
    let host = repository.registry().as_str();
    let bare = host.strip_suffix(":443").unwrap_or(host);
    let bare = if bare == HOST_OF_HUB { DOCKER_HUB } else { bare };
    let other = (bare != host).then(|| format!("{bare}/{}", repository.path()).parse().ok()).flatten();
    other.unwrap_or_else(|| repository.clone())
}

/// Refuses a mirror that is a repository of the image, too.
pub(in crate::resolve) fn check_mirrors(
    image: &UnresolvedImage,
    publication: &Publication,
    diagnostics: &mut Diagnostics,
) {
    let own: BTreeSet<Repository> = publication.keys().map(place).collect();
    for (mirror, span) in image.mirrors.iter().filter(|(mirror, _)| own.contains(&place(mirror))) {
        let message = format!("image `{}` has `{mirror}` among its repositories and its mirrors", image.key);
        diagnostics.report(Diagnostic::error(Code::MIRROR, message).at(*span, "").with_help(
            "builds push to `repositories`, and the merge copies to `mirrors`: name it in one of them",
        ));
    }
}

/// Warns of hosts that are one slip away from a well-known registry, each at the first place that names it.
pub(in crate::resolve) fn check_hosts(
    images: &[UnresolvedImage],
    publications: &[Publication],
    diagnostics: &mut Diagnostics,
) {
    let mut told: BTreeSet<&Registry> = BTreeSet::new();
    for (image, publication) in images.iter().zip(publications) {
        for repository in publication.keys().chain(image.mirrors.keys()) {
            let registry = repository.registry();
            let Some(known) = ci::nearly_known(registry) else { continue };
            if !told.insert(registry) {
                continue;
            }
            let written = image.settings().repositories.iter().flatten();
            let own = written.filter(|text| self::repository(text, image).as_ref() == Ok(repository));
            let of_block = own.map(|text| text.span).next().flatten();
            let of_tag = || publication.get(repository)?.tags.first()?.span;
            let of_mirror = || image.mirrors.get(repository).copied().flatten();
            let place = of_block.or_else(of_tag).or_else(of_mirror).or(image.span);
            let message = format!("`{registry}` looks like a misspelt `{known}`");
            let help = format!(
                "did you mean `{known}/{}`? If the host is called so, name its port: `{registry}:443`",
                repository.path()
            );
            let warning = Diagnostic::warning(Code::REPOSITORY, message);
            diagnostics.report(warning.at(place, "").with_help(help));
        }
    }
}

/// A repository as the block names it, perhaps after the image.
fn repository(text: &Text, image: &UnresolvedImage) -> Result<Repository, Diagnostic> {
    let name = pattern::render_name(text.as_str(), image.names())
        .map_err(|e| Diagnostic::error(Code::REPOSITORY, e.to_string()).with_help(e.help()))?;
    name.parse::<Repository>().map_err(|e| {
        let message = if is_layout(&name) {
            format!("`{name}` is an OCI layout, and a repository of a registry is expected here")
        } else {
            format!("`{name}` is not a valid repository: {e}")
        };
        with_layout_help(Diagnostic::error(Code::REPOSITORY, message), &name)
    })
}

fn reference_error(text: &Text, error: &ReferenceError) -> Diagnostic {
    let diagnostic = no_reference(text, &error.to_string());
    match error {
        ReferenceError::Empty(_) if !text.as_str().contains('@') => {
            diagnostic.with_help("a variable that it is made of may be unset: try `--var NAME=VALUE`")
        }
        _ => match meant(text.as_str()) {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        },
    }
}

/// What was meant by a text that looks like something else than a reference.
fn meant(text: &str) -> Option<String> {
    let is_of_name = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    let name_in = |rest: &str| rest.chars().take_while(is_of_name).collect::<String>();
    if pattern::is_pattern(text) {
        return Some("patterns such as `{{ version }}` stand in the `tags` of an `image` block; in a target, write a variable: `${NAME}`".to_owned());
    }
    let names = text.split('@').skip(1).filter(|name| !name.is_empty() && name_in(name) == **name);
    if let Some(name) = names.into_iter().next().filter(|_| text.matches('@').count() > 1) {
        return Some(format!(
            "nothing replaces `@{name}@` here: declare `variable \"{name}\" {{}}`, and write `${{{name}}}`"
        ));
    }
    if let Some((_, rest)) = text.split_once('$') {
        let name = Some(name_in(rest)).filter(|name| !name.is_empty())?;
        return Some(format!(
            "Bake writes a variable in braces, `${{{name}}}`, and declares it: `variable \"{name}\" {{}}`"
        ));
    }
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_list = parts.len() > 1 && parts.iter().all(|part| part.parse::<Reference>().is_ok());
    let quoted = || parts.iter().map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join(", ");
    is_list.then(|| format!("write each tag as a string of its own: [{}]", quoted()))
}

fn no_reference(text: &Text, why: &str) -> Diagnostic {
    let message = format!("`{text}` is not a valid image reference: {why}");
    with_layout_help(Diagnostic::error(Code::REFERENCE, message).at(text.span, ""), text.as_str())
}

/// Whether a text names an OCI layout on disk.
fn is_layout(text: &str) -> bool {
    text.starts_with("oci-layout:")
}

/// Says where an OCI layout can be named, if it is one that is named here.
fn with_layout_help(diagnostic: Diagnostic, text: &str) -> Diagnostic {
    if !is_layout(text) {
        return diagnostic;
    }
    diagnostic.with_help(
        "builds push to registries only; `bakeplan merge` and `verify` take OCI layouts, in the `repositories` of a `plan.json`",
    )
}

/// What the image is called where its target pushes it.
fn names_of(image: &UnresolvedImage, targets: &Targets<'_>) -> Vec<Text> {
    image.first_target(targets).pushed_names()
}

/// The target's own tags, or those that its output names, as they are; moved to the block's repositories when it names some.
pub(in crate::resolve) fn literal(
    image: &UnresolvedImage,
    others: &OtherVersions,
    alike: &Alike,
    targets: &Targets<'_>,
) -> (Publication, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let settings = image.settings();
    if let Some(name) = settings.variant.iter().flatten().flatten().next() {
        let message = "the variant is appended to the tags of the image, but it has none";
        let diagnostic = Diagnostic::error(Code::VARIANT, message).at(name.span, "");
        diagnostics.report(diagnostic.with_help("set `version` or `tags` in the image"));
    }
    let mut publication = Publication::new();
    let named = |(reference, span): (Reference, Option<Span>)| {
        (reference.tag().cloned().unwrap_or_else(|| LATEST.parse().expect("a valid tag")), span)
    };
    let target = image.first_target(targets);
    let is_by_digest = target.is_pushed_by_digest();
    let has_tag = |(reference, _): &(Reference, Option<Span>)| reference.tag().is_some() || !is_by_digest;
    if settings.repositories.is_some() {
        let texts = target.image_names();
        let parsed = texts.iter().filter_map(|text| parse(text, &mut diagnostics));
        let tags: Vec<NamedTag> = parsed.filter(has_tag).map(named).collect();
        let listing = constant(tags, image, others, alike, &mut diagnostics);
        for repository in repositories(image, targets, &mut diagnostics) {
            publication.insert(repository, listing.clone());
        }
        return (publication, diagnostics);
    }
    let mut tags: IndexMap<Repository, Vec<NamedTag>> = IndexMap::new();
    for text in names_of(image, targets) {
        let Some(found) = parse(&text, &mut diagnostics) else { continue };
        let here = tags.entry(found.0.repository().clone()).or_default();
        here.extend(Some(found).filter(has_tag).map(named));
    }
    for (repository, tags) in tags {
        publication.insert(repository, constant(tags, image, others, alike, &mut diagnostics));
    }
    (publication, diagnostics)
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

/// A tag that is written out, and where.
type NamedTag = (Tag, Option<Span>);

/// What tags come to that many images have in common, such as the version of all that is built together: reading them
/// takes longer than all else that is done for an image.
#[derive(Default)]
pub(in crate::resolve) struct Alike(Mutex<BTreeMap<Vec<Tag>, Listing>>);

impl Alike {
    /// How many are kept.
    const LIMIT: usize = 1000;

    /// What decides about the tags of an image, where that is their texts alone.
    fn key(tags: &[NamedTag], image: &UnresolvedImage, others: &OtherVersions) -> Option<Vec<Tag>> {
        let OtherVersions { released, withdrawn } = others;
        let settings = image.settings();
        let is_usual = settings.latest && settings.scheme == Scheme::default() && image.tails.is_empty();
        let decides = is_usual && released.is_empty() && withdrawn.is_empty();
        decides.then(|| tags.iter().map(|(tag, _)| tag.clone()).collect())
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Vec<Tag>, Listing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an image before had under the same tags, at the places of these.
    fn listing(&self, key: &[Tag], tags: &[NamedTag]) -> Option<Listing> {
        let mut listing = self.kept().get(key).cloned()?;
        for tag in &mut listing.tags {
            tag.span = tags.iter().find(|(name, _)| *name == tag.tag).and_then(|(_, span)| *span);
        }
        Some(listing)
    }

    fn keep(&self, key: Vec<Tag>, listing: &Listing) {
        let mut kept = self.kept();
        if kept.len() < Self::LIMIT {
            kept.insert(key, listing.clone());
        }
    }
}

/// What tags that are written out are published as.
fn constant(
    tags: Vec<NamedTag>,
    image: &UnresolvedImage,
    others: &OtherVersions,
    alike: &Alike,
    diagnostics: &mut Diagnostics,
) -> Listing {
    let tags = once(tags, |(tag, _)| tag);
    let key = Alike::key(&tags, image, others);
    if let Some(listing) = key.as_ref().and_then(|key| alike.listing(key, &tags)) {
        return listing;
    }
    let placed = tags.into_iter().map(|(tag, span)| PlacedTag {
        claim: constants::claim(tag.as_str()),
        form: Form::text(tag.as_str()),
        family: Vec::new(),
        tag,
        why: None,
        is_provisional: false,
        span,
    });
    let mut found = Diagnostics::default();
    let mut listing = beside::settle(placed.collect(), image, others, &mut found);
    // There may be very many images, most of which have one.
    listing.tags.shrink_to_fit();
    if let Some(key) = key.filter(|_| found.is_empty()) {
        alike.keep(key, &listing);
    }
    diagnostics.extend(found.into_found());
    listing
}

/// Each tag once, the first of its kind.
pub(in crate::resolve) fn once<T>(mut tags: Vec<T>, name: impl Fn(&T) -> &Tag) -> Vec<T> {
    if tags.len() < 2 {
        return tags;
    }
    let mut seen = BTreeSet::new();
    tags.retain(|tag| seen.insert(name(tag).clone()));
    tags
}
