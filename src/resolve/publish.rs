//! Under which references images are published: repositories, tags, and who owns the floating ones.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};

use super::Input;
use super::annotations;
use super::images::{Draft, pushed_tags};
use super::legs::Legs;
use super::names::{self, Name, Names};
use super::targets::Targets;
use super::versions;
use crate::bake::target::Text;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::{Build, Image, PlannedTag};
use crate::platform::Platform;
use crate::reference::{Reference, Repository, Tag};
use crate::source::Span;
use crate::tags::{self, Candidate, CandidateName, Claim, LATEST, Loss, TagError, YieldedTag};
use crate::version::Version;

/// How many references all images may have: a few lines can ask for millions, and each goes into every file.
const MAX_REFERENCES: usize = 200_000;

/// A tag in one repository.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub(super) tag: Tag,
    pub(super) claim: Claim,
    pub(super) why: Option<String>,
    pub(super) is_provisional: bool,
    pub(super) span: Option<Span>,
}

/// What an image is published under in one repository.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    pub(super) tags: Vec<Published>,
    /// The floating tags that are another version's.
    pub(super) yielded: Vec<YieldedTag>,
}

/// What an image is published under, by repository, in the order of the spec.
pub(super) type Publication = IndexMap<Repository, Listing>;

/// The publication of every draft, in their order.
pub(super) fn publications(
    input: &Input<'_>,
    drafts: &[Draft],
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Publication> {
    let references: usize = drafts.iter().map(|draft| reference_count(draft, targets)).sum();
    if references > MAX_REFERENCES {
        let message = format!("the images have {references} references, and {MAX_REFERENCES} are the most");
        diagnostics.report(Diagnostic::error("limit", message));
        return vec![Publication::new(); drafts.len()];
    }
    let mut publications: Vec<Publication> = Vec::new();
    let mut names: Vec<Names> = Vec::new();
    for draft in drafts {
        let by_pattern = draft.settings().tags.is_some() || draft.settings().version.is_some();
        if by_pattern {
            names.push(names::names(input, draft, diagnostics));
            let repositories = repositories(draft, targets, diagnostics);
            let empty = |repository| (repository, Listing::default());
            publications.push(repositories.into_iter().map(empty).collect());
        } else {
            names.push(Names::default());
            publications.push(literal(draft, targets, diagnostics));
        }
    }
    let mut blocks: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (at, draft) in drafts.iter().enumerate() {
        blocks.entry(draft.block).or_default().push(at);
    }
    for members in blocks.values() {
        let block = Block { input, drafts, targets, members };
        assign(&block, &names, &mut publications, diagnostics);
    }
    collisions(drafts, &publications, diagnostics);
    for (draft, publication) in drafts.iter().zip(&publications) {
        if publication.is_empty() && !diagnostics.has_errors() {
            let message = format!("image `{}` has no repository", draft.key);
            diagnostics.report(
                Diagnostic::error("no-repository", message)
                    .at(draft.span, "")
                    .with_help("set `repositories`, or give its target a tag with a repository"),
            );
        } else if publication.values().all(|listing| listing.tags.is_empty())
            && !diagnostics.has_errors()
            && !input.purpose.is_committed()
        {
            let message = format!("image `{}` owns no tag: the merge will publish nothing for it", draft.key);
            diagnostics.report(Diagnostic::warning("no-tag", message).at(draft.span, ""));
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

/// The repositories that the block names, else those of the target's tags.
fn repositories(draft: &Draft, targets: &Targets<'_>, diagnostics: &mut Diagnostics) -> IndexSet<Repository> {
    let mut repositories = IndexSet::new();
    match &draft.settings().repositories {
        Some(texts) => {
            for text in texts {
                match text.as_str().parse::<Repository>() {
                    Ok(repository) => drop(repositories.insert(repository)),
                    Err(e) => {
                        let message = format!("`{text}` is no repository: {e}");
                        diagnostics.report(Diagnostic::error("repository", message).at(text.span, ""));
                    }
                }
            }
        }
        None => {
            for text in tags_of(draft, targets) {
                match text.as_str().parse::<Reference>() {
                    Ok(reference) => drop(repositories.insert(reference.repository().clone())),
                    Err(e) => diagnostics.report(reference_error(&text, &e.to_string())),
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
fn literal(draft: &Draft, targets: &Targets<'_>, diagnostics: &mut Diagnostics) -> Publication {
    let settings = draft.settings();
    if let Some(name) = settings.variant.iter().flatten().flatten().next() {
        let message = "the variant goes behind tags that the image names, and it has none";
        let diagnostic = Diagnostic::error("variant", message).at(name.span, "");
        diagnostics.report(diagnostic.with_help("set `version` or `tags` in the image"));
    }
    let mut publication = Publication::new();
    let published = |(reference, span): (Reference, Option<Span>)| Published {
        tag: reference.tag().cloned().unwrap_or_else(|| LATEST.parse().expect("a valid tag")),
        claim: Claim::Literal,
        why: None,
        is_provisional: false,
        span,
    };
    if settings.repositories.is_some() {
        let target = draft.targets.first().and_then(|(name, _)| targets.resolved.get(name));
        let texts = target.and_then(|target| target.tags.clone()).unwrap_or_default();
        let tags: Vec<Published> =
            texts.iter().filter_map(|text| parse(text, diagnostics)).map(published).collect();
        for repository in repositories(draft, targets, diagnostics) {
            publication.insert(repository, Listing { tags: once(tags.clone()), ..Listing::default() });
        }
        return publication;
    }
    for text in tags_of(draft, targets) {
        let Some((reference, span)) = parse(&text, diagnostics) else { continue };
        let listing = publication.entry(reference.repository().clone()).or_default();
        listing.tags.push(published((reference, span)));
    }
    for listing in publication.values_mut() {
        listing.tags = once(std::mem::take(&mut listing.tags));
    }
    publication
}

fn parse(text: &Text, diagnostics: &mut Diagnostics) -> Option<(Reference, Option<Span>)> {
    match text.as_str().parse::<Reference>() {
        Ok(reference) if reference.digest().is_none() => Some((reference, text.span)),
        Ok(_) => {
            diagnostics.report(reference_error(text, "a tag to publish cannot have a digest"));
            None
        }
        Err(e) => {
            diagnostics.report(reference_error(text, &e.to_string()));
            None
        }
    }
}

fn once(mut tags: Vec<Published>) -> Vec<Published> {
    let mut seen = BTreeSet::new();
    tags.retain(|published| seen.insert(published.tag.clone()));
    tags
}

/// The images of one block, which compete for floating tags, by their positions.
#[derive(Clone, Copy)]
struct Block<'a> {
    input: &'a Input<'a>,
    drafts: &'a [Draft],
    targets: &'a Targets<'a>,
    members: &'a [usize],
}

/// Gives the rendered names of one block's images to their owners, repository by repository.
fn assign(
    block: &Block<'_>,
    names: &[Names],
    publications: &mut [Publication],
    diagnostics: &mut Diagnostics,
) {
    let Block { input, drafts, targets, members } = *block;
    let mut repositories: IndexMap<Repository, Vec<usize>> = IndexMap::new();
    for at in members.iter().filter(|at| !names[**at].names.is_empty()) {
        for repository in publications[*at].keys() {
            repositories.entry(repository.clone()).or_default().push(*at);
        }
    }
    let mut known: BTreeMap<usize, Vec<Version>> = BTreeMap::new();
    let mut withdrawn: Vec<Version> = Vec::new();
    for at in members {
        known.insert(*at, versions::known(&drafts[*at], input, diagnostics));
        withdrawn.extend(versions::withdrawn(&drafts[*at], diagnostics));
    }
    for (repository, here) in repositories {
        let (versioned, literal): (Vec<usize>, Vec<usize>) =
            here.iter().partition(|at| drafts[**at].stated.version().is_some());
        for at in literal {
            let tags = unversioned(&names[at], diagnostics);
            publications[at].insert(repository.clone(), Listing { tags, ..Listing::default() });
        }
        let candidates: Vec<Candidate<'_>> =
            versioned.iter().filter_map(|at| candidate(&drafts[*at], &names[*at], &withdrawn)).collect();
        let known: Vec<Version> = versioned
            .iter()
            .flat_map(|at| &known[at])
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        match tags::own(&candidates, &known) {
            Ok(shares) => {
                let platforms: Vec<_> = versioned.iter().map(|at| platforms(&drafts[*at], targets)).collect();
                let losses = tags::losses(&candidates, &shares, &platforms);
                for (at, loss) in
                    versioned.iter().zip(losses).flat_map(|(at, l)| l.into_iter().map(move |l| (at, l)))
                {
                    let warning = fewer_platforms(&drafts[*at], &loss);
                    diagnostics.report(warning);
                }
                for (at, share) in versioned.iter().zip(shares) {
                    let tags = share.owned.into_iter().filter_map(|tag| {
                        let span = names[*at].names[tag.of].span;
                        let published = valid_tag(&tag.name, tag.claim, tag.why, span, diagnostics)?;
                        Some(Published { is_provisional: tag.is_provisional, ..published })
                    });
                    let listing = Listing { tags: tags.collect(), yielded: share.yielded };
                    publications[*at].insert(repository.clone(), listing);
                }
            }
            Err(errors) => {
                let drafts: Vec<&Draft> = versioned.iter().map(|at| &drafts[*at]).collect();
                for error in errors {
                    let diagnostic = tag_error(&error, &drafts);
                    diagnostics.report(diagnostic);
                }
            }
        }
    }
}

/// The tags of an image without a version.
fn unversioned(names: &Names, diagnostics: &mut Diagnostics) -> Vec<Published> {
    let mut tags = Vec::new();
    for name in &names.names {
        let why = (name.claim != Claim::Literal).then(|| "names the run, and moves with each".to_owned());
        for suffix in &names.suffixes {
            let text = tags::with_suffix(&name.text, suffix);
            tags.extend(valid_tag(&text, name.claim, why.clone(), name.span, diagnostics));
        }
    }
    once(tags)
}

/// The versions that the images of a block withdraw, as written.
fn withdrawn(drafts: &[Draft], block: Option<usize>) -> Vec<String> {
    let members = drafts.iter().filter(|draft| draft.block == block);
    let texts: BTreeSet<String> =
        members.flat_map(|draft| &draft.settings().withdrawn).map(ToString::to_string).collect();
    texts.into_iter().collect()
}

fn candidate<'d>(draft: &'d Draft, names: &Names, withdrawn: &[Version]) -> Option<Candidate<'d>> {
    let version = draft.stated.version()?;
    let name = |name: &Name| CandidateName { name: name.text.clone(), claim: name.claim };
    Some(Candidate {
        version,
        competes_for_latest: draft.settings().latest,
        is_withdrawn: versions::is_among(version, withdrawn),
        suffixes: names.suffixes.clone(),
        names: names.names.iter().map(name).collect(),
    })
}

/// What an image is built for, whatever part of it is planned.
fn platforms(draft: &Draft, targets: &Targets<'_>) -> BTreeSet<Platform> {
    let mut platforms = BTreeSet::new();
    for (target, settings) in &draft.targets {
        let skips =
            |platform: &Platform| settings.overrides_of(Some(platform)).iter().any(|one| one.settings.skip);
        platforms.extend(targets.valid_platforms(target).filter(|platform| !skips(platform)).cloned());
    }
    platforms
}

fn fewer_platforms(draft: &Draft, loss: &Loss<Platform>) -> Diagnostic {
    let list = |names: Vec<String>| names.join(", ");
    let tags = list(loss.tags.iter().map(|tag| format!("`{tag}`")).collect());
    let platforms = list(loss.platforms.iter().map(|platform| format!("`{platform}`")).collect());
    let message = format!(
        "image `{}` takes {tags} from version `{}`, which has more platforms: {platforms}",
        draft.key, loss.from
    );
    let place = draft.settings().version.as_ref().and_then(|text| text.span).or(draft.span);
    Diagnostic::warning("fewer-platforms", message).at(place, "").with_help(
        "who pulls these tags there gets nothing any more; build it for them too, or use other tags",
    )
}

fn tag_error(error: &TagError, drafts: &[&Draft]) -> Diagnostic {
    let (TagError::SameTag { candidates, .. }
    | TagError::LiteralFloats { candidates, .. }
    | TagError::Tie { candidates, .. }) = error;
    let [first, second] = candidates.map(|index| drafts[index]);
    let place = |draft: &Draft| draft.settings().version.as_ref().and_then(|text| text.span).or(draft.span);
    let help = match error {
        TagError::LiteralFloats { .. } => {
            "leave the shorter pattern out of `tags`, or write the version with all its numbers"
        }
        TagError::SameTag { .. } | TagError::Tie { .. } => {
            "give the images different versions, variants or repositories, or put what tells them apart into `tags`"
        }
    };
    Diagnostic::error("tag-collision", error.to_string())
        .at(place(second), format!("image `{}`", second.key))
        .at(place(first), format!("image `{}`", first.key))
        .with_help(help)
}

fn valid_tag(
    text: &str,
    claim: Claim,
    why: Option<String>,
    span: Option<Span>,
    diagnostics: &mut Diagnostics,
) -> Option<Published> {
    match text.parse::<Tag>() {
        Ok(tag) => Some(Published { tag, claim, why, is_provisional: false, span }),
        Err(e) => {
            let diagnostic = Diagnostic::error("tag", format!("`{text}` is no tag: {e}")).at(span, "");
            let diagnostic = match claim {
                Claim::Run => diagnostic.with_help("`{{ branch | slug }}` makes a branch's name fit"),
                _ => diagnostic,
            };
            diagnostics.report(diagnostic);
            None
        }
    }
}

/// A reference belongs to one image.
fn collisions(drafts: &[Draft], publications: &[Publication], diagnostics: &mut Diagnostics) {
    let mut claimed: BTreeMap<(Repository, Tag), (usize, Option<Span>)> = BTreeMap::new();
    for (at, publication) in publications.iter().enumerate() {
        for (repository, listing) in publication {
            for published in &listing.tags {
                let key = (repository.clone(), published.tag.clone());
                let Some((first, span)) = claimed.get(&key) else {
                    claimed.insert(key, (at, published.span));
                    continue;
                };
                let (first, second) = (&drafts[*first].key, &drafts[at].key);
                let reference = repository.clone().with_tag(published.tag.clone());
                let message = format!("`{reference}` is claimed by two images, `{first}` and `{second}`");
                diagnostics.report(
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
        let mut yielded: IndexMap<String, YieldedTag> = IndexMap::new();
        for (repository, listing) in publication {
            for one in &listing.tags {
                let tag = tags.entry(one.tag.clone()).or_insert_with(|| PlannedTag {
                    name: one.tag.clone(),
                    claim: one.claim,
                    why: one.why.clone(),
                    is_provisional: one.is_provisional,
                    repositories: Some(Vec::new()),
                });
                tag.repositories.get_or_insert_default().push(repository.clone());
            }
            for tag in &listing.yielded {
                yielded.entry(tag.name.clone()).or_insert_with(|| tag.clone());
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
                version: draft.stated.version().map(ToString::to_string),
                yielded: yielded.into_values().collect(),
                scheme: draft.settings().scheme,
                withdrawn: withdrawn(drafts, draft.block),
                immutable: draft.settings().immutable,
            },
        );
    }
    images
}
