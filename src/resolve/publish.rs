//! Under which references images are published: repositories, tags, and who owns the floating ones.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};

use super::Targets;
use super::annotations;
use super::images::{Draft, pushed_tags};
use super::legs::Legs;
use crate::bake::target::Text;
use crate::diagnostic::Diagnostic;
use crate::pattern::{self, PatternError};
use crate::plan::{Build, Image, PlannedTag};
use crate::reference::{Reference, Repository, Tag};
use crate::source::Span;
use crate::tags::{self, Candidate, CandidateName, TagError};

/// How many references all images may have: a few lines can ask for millions, and each goes into every file.
const MAX_REFERENCES: usize = 200_000;

/// A tag in one repository.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub(super) tag: Tag,
    pub(super) why: Option<String>,
    pub(super) span: Option<Span>,
}

/// What an image is published under, by repository, in the order of the spec.
pub(super) type Publication = IndexMap<Repository, Vec<Published>>;

/// A rendered tag with its pattern's place.
struct Name {
    text: String,
    span: Option<Span>,
}

/// The publication of every draft, in their order.
pub(super) fn publications(
    drafts: &[Draft],
    targets: &Targets<'_>,
    diagnostics: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Diagnostic>,
) -> Vec<Publication> {
    let references: usize = drafts.iter().map(|draft| reference_count(draft, targets)).sum();
    if references > MAX_REFERENCES {
        let message = format!("the images have {references} references, and {MAX_REFERENCES} are the most");
        diagnostics.push(Diagnostic::error("limit", message));
        return vec![Publication::new(); drafts.len()];
    }
    let mut publications: Vec<Publication> = Vec::new();
    let mut names: Vec<Vec<Name>> = Vec::new();
    for draft in drafts {
        let by_pattern = draft.settings().tags.is_some() || draft.settings().version.is_some();
        if by_pattern {
            let rendered = rendered_names(draft, diagnostics);
            let repositories = repositories(draft, targets, diagnostics);
            publications.push(repositories.into_iter().map(|repository| (repository, Vec::new())).collect());
            names.push(rendered);
        } else {
            publications.push(literal(draft, targets, diagnostics));
            names.push(Vec::new());
        }
    }
    let mut blocks: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (at, draft) in drafts.iter().enumerate() {
        blocks.entry(draft.block).or_default().push(at);
    }
    for members in blocks.values() {
        assign(drafts, members, &names, &mut publications, diagnostics);
    }
    collisions(drafts, &publications, diagnostics);
    for (draft, publication) in drafts.iter().zip(&publications) {
        if publication.is_empty() && diagnostics.is_empty() {
            let message = format!("image `{}` has no repository", draft.key);
            diagnostics.push(
                Diagnostic::error("no-repository", message)
                    .at(draft.span, "")
                    .with_help("set `repositories`, or give its target a tag with a repository"),
            );
        } else if publication.values().all(Vec::is_empty) && diagnostics.is_empty() {
            let message = format!("image `{}` owns no tag: the merge will publish nothing for it", draft.key);
            warnings.push(Diagnostic::warning("no-tag", message).at(draft.span, ""));
        }
    }
    publications
}

/// How many references an image may have: its repositories times its tags.
fn reference_count(draft: &Draft, targets: &Targets<'_>) -> usize {
    let settings = draft.settings();
    let target = || draft.targets.first().and_then(|(name, _)| targets.resolved.get(name));
    let own = || target().and_then(|target| target.tags.as_ref()).map_or(0, Vec::len);
    settings.repositories.as_ref().map_or(1, Vec::len) * settings.tags.as_ref().map_or_else(own, Vec::len)
}

fn rendered_names(draft: &Draft, diagnostics: &mut Vec<Diagnostic>) -> Vec<Name> {
    let settings = draft.settings();
    let version_span = settings.version.as_ref().and_then(|text| text.span);
    let patterns: Vec<Text> = settings.tags.clone().unwrap_or_else(|| {
        let place = |pattern| Text { span: version_span, ..Text::verbatim(pattern) };
        tags::default_patterns().into_iter().map(place).collect()
    });
    if settings.version.is_some() && draft.version.is_none() {
        return Vec::new();
    }
    let mut names = Vec::new();
    for text in &patterns {
        match pattern::render(text.as_str(), draft.version.as_ref()) {
            Ok(Some(rendered)) if rendered.is_empty() => {}
            Ok(Some(rendered)) => names.push(Name { text: rendered, span: text.span }),
            Ok(None) => {}
            Err(e) => diagnostics.push(pattern_error(&e, text)),
        }
    }
    names
}

fn pattern_error(error: &PatternError, text: &Text) -> Diagnostic {
    Diagnostic::error("tag-pattern", error.to_string()).at(text.span, "").with_help(error.help())
}

/// The repositories that the block names, else those of the target's tags.
fn repositories(
    draft: &Draft,
    targets: &Targets<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> IndexSet<Repository> {
    let mut repositories = IndexSet::new();
    match &draft.settings().repositories {
        Some(texts) => {
            for text in texts {
                match text.as_str().parse::<Repository>() {
                    Ok(repository) => drop(repositories.insert(repository)),
                    Err(e) => {
                        let message = format!("`{text}` is no repository: {e}");
                        diagnostics.push(Diagnostic::error("repository", message).at(text.span, ""));
                    }
                }
            }
        }
        None => {
            for text in tags_of(draft, targets) {
                match text.as_str().parse::<Reference>() {
                    Ok(reference) => drop(repositories.insert(reference.repository().clone())),
                    Err(e) => diagnostics.push(reference_error(&text, &e.to_string())),
                }
            }
        }
    }
    repositories
}

fn reference_error(text: &Text, error: &str) -> Diagnostic {
    let message = format!("`{text}` is no image reference: {error}");
    let diagnostic = Diagnostic::error("reference", message).at(text.span, "");
    match error.ends_with("is empty") {
        true => diagnostic.with_help("a variable that it is made of may be unset: try `--var NAME=VALUE`"),
        false => diagnostic,
    }
}

fn tags_of(draft: &Draft, targets: &Targets<'_>) -> Vec<Text> {
    let target = draft.targets.first().and_then(|(name, _)| targets.resolved.get(name));
    target.map(|target| pushed_tags(target).into_iter().cloned().collect()).unwrap_or_default()
}

/// The target's own tags, as they are; moved to the block's repositories when it names some.
fn literal(draft: &Draft, targets: &Targets<'_>, diagnostics: &mut Vec<Diagnostic>) -> Publication {
    let mut publication = Publication::new();
    let latest = || "latest".parse::<Tag>().expect("a valid tag");
    if draft.settings().repositories.is_some() {
        let target = draft.targets.first().and_then(|(name, _)| targets.resolved.get(name));
        let texts = target.and_then(|target| target.tags.clone()).unwrap_or_default();
        let tags: Vec<Published> = texts
            .iter()
            .filter_map(|text| parse(text, diagnostics))
            .map(|(reference, span)| Published {
                tag: reference.tag().cloned().unwrap_or_else(latest),
                why: None,
                span,
            })
            .collect();
        for repository in repositories(draft, targets, diagnostics) {
            publication.insert(repository, once(&tags));
        }
        return publication;
    }
    for text in tags_of(draft, targets) {
        let Some((reference, span)) = parse(&text, diagnostics) else { continue };
        let published = Published { tag: reference.tag().cloned().unwrap_or_else(latest), why: None, span };
        publication.entry(reference.repository().clone()).or_default().push(published);
    }
    publication.values_mut().for_each(|tags| *tags = once(tags));
    publication
}

fn parse(text: &Text, diagnostics: &mut Vec<Diagnostic>) -> Option<(Reference, Option<Span>)> {
    match text.as_str().parse::<Reference>() {
        Ok(reference) if reference.digest().is_none() => Some((reference, text.span)),
        Ok(_) => {
            diagnostics.push(reference_error(text, "a tag to publish cannot have a digest"));
            None
        }
        Err(e) => {
            diagnostics.push(reference_error(text, &e.to_string()));
            None
        }
    }
}

fn once(tags: &[Published]) -> Vec<Published> {
    let mut seen = BTreeSet::new();
    tags.iter().filter(|published| seen.insert(published.tag.as_str().to_owned())).cloned().collect()
}

/// Gives the rendered names of one block's images to their owners, repository by repository.
fn assign(
    drafts: &[Draft],
    members: &[usize],
    names: &[Vec<Name>],
    publications: &mut [Publication],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut repositories: IndexMap<Repository, Vec<usize>> = IndexMap::new();
    for at in members.iter().filter(|at| !names[**at].is_empty()) {
        for repository in publications[*at].keys() {
            repositories.entry(repository.clone()).or_default().push(*at);
        }
    }
    for (repository, here) in repositories {
        let (versioned, literal): (Vec<usize>, Vec<usize>) =
            here.iter().partition(|at| drafts[**at].version.is_some());
        for at in literal {
            let tags =
                names[at].iter().filter_map(|name| valid_tag(name, None, diagnostics)).collect::<Vec<_>>();
            publications[at].insert(repository.clone(), once(&tags));
        }
        let candidates: Vec<Candidate<'_>> =
            versioned.iter().filter_map(|at| candidate(&drafts[*at], &names[*at])).collect();
        match tags::own(&candidates) {
            Ok(owned) => {
                for (at, owned) in versioned.iter().zip(owned) {
                    let tags = owned.into_iter().filter_map(|tag| {
                        let name = names[*at].iter().find(|name| name.text == tag.name)?;
                        valid_tag(name, tag.why, diagnostics)
                    });
                    let tags: Vec<Published> = tags.collect();
                    publications[*at].insert(repository.clone(), tags);
                }
            }
            Err(errors) => {
                let place = |index: usize| {
                    let draft = &drafts[versioned[index]];
                    draft.settings().version.as_ref().and_then(|text| text.span).or(draft.span)
                };
                diagnostics.extend(
                    errors.iter().map(|error| tag_error(error, &drafts_of(drafts, &versioned), place)),
                );
            }
        }
    }
}

fn drafts_of<'d>(drafts: &'d [Draft], indexes: &[usize]) -> Vec<&'d Draft> {
    indexes.iter().map(|at| &drafts[*at]).collect()
}

fn candidate<'d>(draft: &'d Draft, names: &[Name]) -> Option<Candidate<'d>> {
    let version = draft.version.as_ref()?;
    let name = |name: &Name| CandidateName {
        name: name.text.clone(),
        floating: tags::is_floating(&name.text, version),
    };
    Some(Candidate { version, competes_for_latest: true, names: names.iter().map(name).collect() })
}

fn tag_error(error: &TagError, drafts: &[&Draft], place: impl Fn(usize) -> Option<Span>) -> Diagnostic {
    let (TagError::SameLiteral { candidates, .. }
    | TagError::LiteralFloats { candidates, .. }
    | TagError::Tie { candidates, .. }) = error;
    let [first, second] = *candidates;
    let help = match error {
        TagError::LiteralFloats { .. } => {
            "leave the shorter pattern out of `tags`, or write the version with all its numbers"
        }
        TagError::SameLiteral { .. } | TagError::Tie { .. } => {
            "give the images different versions or repositories, or put what tells them apart into `tags`"
        }
    };
    Diagnostic::error("tag-collision", error.to_string())
        .at(place(second), format!("image `{}`", drafts[second].key))
        .at(place(first), format!("image `{}`", drafts[first].key))
        .with_help(help)
}

fn valid_tag(name: &Name, why: Option<String>, diagnostics: &mut Vec<Diagnostic>) -> Option<Published> {
    match name.text.parse::<Tag>() {
        Ok(tag) => Some(Published { tag, why, span: name.span }),
        Err(e) => {
            let message = format!("`{}` is no tag: {e}", name.text);
            let diagnostic = Diagnostic::error("tag", message).at(name.span, "");
            if !diagnostics.contains(&diagnostic) {
                diagnostics.push(diagnostic);
            }
            None
        }
    }
}

/// A reference belongs to one image.
fn collisions(drafts: &[Draft], publications: &[Publication], diagnostics: &mut Vec<Diagnostic>) {
    let mut claimed: BTreeMap<(Repository, Tag), (usize, Option<Span>)> = BTreeMap::new();
    for (at, publication) in publications.iter().enumerate() {
        for (repository, tags) in publication {
            for published in tags {
                let key = (repository.clone(), published.tag.clone());
                let Some((first, span)) = claimed.get(&key) else {
                    claimed.insert(key, (at, published.span));
                    continue;
                };
                let (first, second) = (&drafts[*first].key, &drafts[at].key);
                let reference = repository.clone().with_tag(published.tag.clone());
                let message = format!("`{reference}` is claimed by two images, `{first}` and `{second}`");
                diagnostics.push(
                    Diagnostic::error("tag-collision", message)
                        .at(published.span.or(drafts[at].span), format!("claimed again by `{second}`"))
                        .at(*span, format!("claimed by `{first}`"))
                        .with_help(
                            "whichever is pushed last would win; give one of them another tag or repository",
                        ),
                );
            }
        }
    }
}

/// The images of the plan.
pub(super) fn images(
    drafts: &[Draft],
    publications: &[Publication],
    wanted: &BTreeSet<String>,
    legs: &Legs,
) -> IndexMap<String, Image> {
    let mut images = IndexMap::new();
    for (draft, publication) in
        drafts.iter().zip(publications).filter(|(draft, _)| wanted.contains(&draft.key))
    {
        let builds: Vec<Build> = legs.builds_of(&draft.key);
        if builds.is_empty() {
            continue;
        }
        let repositories: Vec<Repository> = publication.keys().cloned().collect();
        let mut tags: IndexMap<Tag, PlannedTag> = IndexMap::new();
        for (repository, published) in publication {
            for one in published {
                let tag = tags.entry(one.tag.clone()).or_insert_with(|| PlannedTag {
                    name: one.tag.clone(),
                    why: one.why.clone(),
                    repositories: Some(Vec::new()),
                });
                tag.repositories.get_or_insert_default().push(repository.clone());
            }
        }
        for tag in tags.values_mut() {
            tag.repositories = tag.repositories.take().filter(|some| some.len() != repositories.len());
        }
        images.insert(
            draft.key.clone(),
            Image {
                repositories,
                tags: tags.into_values().collect(),
                annotations: annotations::of_index(draft, legs),
                builds,
                version: draft.version.as_ref().map(ToString::to_string),
            },
        );
    }
    images
}
