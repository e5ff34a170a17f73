//! Under which references images are published, and that no two have the same.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::apart;
use super::names::{self, Names};
use super::neighbours;
use super::numbered;
use super::owners::{self, Block};
use super::turns;
use super::untagged;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::form::{Form, Part};
use crate::parallel;
use crate::pattern::PatternForms;
use crate::plan::{Build, Image, PlannedTag, Reused};
use crate::reference::{Repository, Tag};
use crate::resolve::images::codenames;
use crate::resolve::images::guards;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::repositories::{self, Alike};
use crate::resolve::images::variants;
use crate::resolve::images::version::ImageVersion;
use crate::resolve::images::versions;
use crate::resolve::input::Input;
use crate::resolve::legs::assigned::Legs;
use crate::resolve::publication::{Listing, PlacedTag, Publication, Seen};
use crate::resolve::targets::Targets;
use crate::source::Span;
use crate::tags::{Claim, YieldedTag};
use crate::version::Version;

/// How many references all images may have: a few lines can ask for millions, and each goes into every file.
const MAX_REFERENCES: usize = 200_000;

/// How many entries the `tags` of an image may have: each is compared with all others.
const MAX_TAGS: usize = 2_000;

/// How many forms of tags all images may know of others in their repositories: each image has those of all.
const MAX_FORMS: usize = 2_000_000;

/// What is published in a run.
#[derive(Default)]
pub(in crate::resolve) struct Publications {
    /// The publication of every image, in their order.
    pub(in crate::resolve) of_images: Vec<Publication>,
    /// The keys of the images that get no tag.
    pub(in crate::resolve) untagged: BTreeSet<String>,
}

/// What is published of the images, of which those that are `left_out` get nothing.
pub(in crate::resolve) fn publications(
    input: &Input<'_>,
    images: &[UnresolvedImage],
    left_out: &[UnresolvedImage],
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) -> Publications {
    let too_many = images.iter().filter_map(too_many_tags).collect::<Vec<_>>();
    if !too_many.is_empty() {
        diagnostics.extend(too_many);
        let of_images = vec![Publication::new(); images.len()];
        return Publications { of_images, ..Publications::default() };
    }
    let references: usize = images.iter().map(|image| reference_count(image, targets)).sum();
    if references > MAX_REFERENCES {
        let message =
            format!("the images have {references} references; at most {MAX_REFERENCES} are allowed");
        diagnostics.report(Diagnostic::error(Code::LIMIT, message));
        let of_images = vec![Publication::new(); images.len()];
        return Publications { of_images, ..Publications::default() };
    }
    let mut publications: Vec<Publication> = Vec::with_capacity(images.len());
    let mut names: Vec<Names> = Vec::with_capacity(images.len());
    let forms = PatternForms::new(input.given.short_length());
    let mut of_lists = Diagnostics::default();
    let others = versions::others(images, input, &mut of_lists);
    let alike = Alike::default();
    let literal = parallel::map(images.iter().zip(&others), |(image, others)| {
        let is_literal = image.settings().tags.is_none() && image.settings().version.is_none();
        is_literal.then(|| repositories::literal(image, others, &alike, targets))
    });
    for (image, literal) in images.iter().zip(literal) {
        if let Some((publication, found)) = literal {
            diagnostics.extend(found.into_found());
            names.push(Names::default());
            publications.push(publication);
        } else {
            names.push(names::names(input, image, &forms, diagnostics));
            let repositories = repositories::repositories(image, targets, diagnostics);
            let empty = |repository| (repository, Listing::default());
            publications.push(repositories.into_iter().map(empty).collect());
        }
    }
    diagnostics.extend(of_lists.into_found());
    for (image, publication) in images.iter().zip(&publications) {
        repositories::check_mirrors(image, publication, diagnostics);
    }
    repositories::check_hosts(images, &publications, diagnostics);
    let mut blocks: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (at, image) in images.iter().enumerate() {
        blocks.entry(image.block).or_default().push(at);
    }
    for members in blocks.values() {
        let block = Block { images, targets, names: &names, others: &others, members };
        owners::assign(&block, input, &mut publications, diagnostics);
    }
    numbered::tell_apart(&mut publications);
    collisions(images, &publications, diagnostics);
    if !diagnostics.has_errors() {
        apart::check(input, images, left_out, targets, diagnostics);
    }
    let all: Vec<_> = images
        .iter()
        .zip(&names)
        .zip(&publications)
        .map(|((image, names), publication)| (image, names, publication))
        .collect();
    let mut untagged = BTreeSet::new();
    if !diagnostics.has_errors() {
        all.iter().for_each(|(image, _, publication)| check(image, publication, diagnostics));
    }
    if !diagnostics.has_errors() && input.publish {
        let published: Vec<_> = images.iter().zip(&publications).collect();
        neighbours::check(input, &published, left_out, targets, &forms, diagnostics);
    }
    if !diagnostics.has_errors() {
        untagged = untagged::untagged(input, &all, left_out, diagnostics);
        if input.publish && !input.purpose.is_committed() {
            for (image, _, publication) in all.iter().filter(|(image, ..)| image.is_wanted) {
                guards::note_unguarded(image, publication, diagnostics);
                guards::note_unclear(image, publication, diagnostics);
                turns::note(input, image, publication, diagnostics);
            }
        }
    }
    Publications { of_images: publications, untagged }
}

/// An image is published somewhere.
fn check(image: &UnresolvedImage, publication: &Publication, diagnostics: &mut Diagnostics) {
    if publication.is_empty() {
        let message = format!("image `{}` has no repository", image.key);
        let mut patterns = image.settings().tags.iter().flatten();
        let help = patterns.find_map(|one| owners::reference_help(one.pattern.as_str(), None, image));
        let is_mirrored = !image.settings().mirrors.is_empty();
        let usual = if is_mirrored {
            "mirrors are filled from where builds push to: set `repositories`, or give its target a tag with a repository"
        } else {
            "set `repositories`, or give its target a tag with a repository"
        };
        let help = help.unwrap_or_else(|| usual.to_owned());
        let found = Diagnostic::error(Code::NO_REPOSITORY, message).at(image.span, "").with_help(help);
        let found = image.with_nulls(found, &["repositories"]);
        diagnostics.report(image.tells(found, "have no repository"));
    }
}

/// The error for an image with more entries in `tags` than anybody writes.
fn too_many_tags(image: &UnresolvedImage) -> Option<Diagnostic> {
    let settings = image.settings();
    let tags = settings.tags.as_deref().unwrap_or_default();
    let count = tags.len() + settings.prerelease_tags.len() + settings.channels.len();
    let first = tags.first().and_then(|one| one.pattern.span).or(image.span);
    (count > MAX_TAGS).then(|| {
        let message = format!(
            "image `{}` has {count} entries in `tags`, `prerelease_tags` and `channels`; at most {MAX_TAGS} are allowed",
            image.key
        );
        let several = format!(
            "have {count} entries in `tags`, `prerelease_tags` and `channels`; at most {MAX_TAGS} are allowed"
        );
        let found = Diagnostic::error(Code::LIMIT, message).at(first, "");
        image.tells(found, several).with_help("give a part of the tags to another `image` block of the same target")
    })
}

/// How many references an image may have: its repositories and mirrors times its tags.
fn reference_count(image: &UnresolvedImage, targets: &Targets<'_>) -> usize {
    let settings = image.settings();
    let own = || image.first_target(targets).image_names().len();
    let repositories = settings.repositories.as_ref().map_or(1, Vec::len) + settings.mirrors.len();
    repositories * settings.tags.as_ref().map_or_else(own, Vec::len)
}

/// The versions that the images of each block withdraw, as written.
fn withdrawn(images: &[UnresolvedImage]) -> BTreeMap<Option<usize>, Vec<String>> {
    let mut by_block: BTreeMap<Option<usize>, BTreeSet<String>> = BTreeMap::new();
    for image in images {
        let texts = image.settings().withdrawn.iter().map(|text| text.to_string());
        by_block.entry(image.block).or_default().extend(texts);
    }
    by_block.into_iter().map(|(block, texts)| (block, texts.into_iter().collect())).collect()
}

/// A reference belongs to one image.
fn collisions(images: &[UnresolvedImage], publications: &[Publication], diagnostics: &mut Diagnostics) {
    let mut claimed: IndexMap<(Repository, &Tag), (usize, Option<Span>)> =
        IndexMap::with_capacity(images.len());
    for (at, publication) in publications.iter().enumerate() {
        let own = publication.iter().flat_map(|(repository, listing)| {
            let place = repositories::place(repository);
            listing.tags.iter().map(move |tag| (repository, place.clone(), tag))
        });
        let mirrors = images[at].mirrors.keys().filter(|mirror| !publication.contains_key(*mirror));
        let all = || publication.values().flat_map(|listing| &listing.tags);
        let mirrored = mirrors.flat_map(|mirror| {
            let place = repositories::place(mirror);
            all().map(move |tag| (mirror, place.clone(), tag))
        });
        // An error has been reported, and who would own its tags is not known.
        if matches!(images[at].version, ImageVersion::Refused) {
            continue;
        }
        for (repository, place, published) in own.chain(mirrored) {
            let (first, span) = *claimed.entry((place, &published.tag)).or_insert((at, published.span));
            if first == at {
                continue;
            }
            let (first, second) = (&images[first].key, &images[at].key);
            let reference = repository.clone().with_tag(published.tag.clone());
            let message = format!("`{reference}` is claimed by two images, `{first}` and `{second}`");
            diagnostics.report(
                Diagnostic::error(Code::TAG_COLLISION, message)
                    .at(published.span.or(images[at].span), format!("claimed again by `{second}`"))
                    .at(span, format!("claimed by `{first}`"))
                    .with_help(
                        "whichever is pushed last would win; give one of them a different tag or repository",
                    ),
            );
        }
    }
}

/// The images of the plan.
pub(in crate::resolve) fn images(
    input: &Input<'_>,
    images: &[UnresolvedImage],
    left_out: &[UnresolvedImage],
    publications: Vec<Publication>,
    targets: &Targets<'_>,
    legs: &Legs,
    diagnostics: &mut Diagnostics,
) -> IndexMap<String, Image> {
    let withdrawn = withdrawn(images);
    let reused = &input.spared.reused;
    let pattern_forms = PatternForms::new(input.given.short_length());
    let mut other_forms: BTreeMap<Repository, BTreeSet<Form>> = BTreeMap::new();
    let mut add = |image: &UnresolvedImage,
                   days: BTreeSet<Form>,
                   repositories: &mut dyn Iterator<Item = Repository>| {
        let forms = &guards::other_forms(image, &pattern_forms) | &days;
        for repository in repositories.take_while(|_| !forms.is_empty()) {
            other_forms.entry(repository).or_default().extend(forms.iter().cloned());
        }
    };
    for (image, publication) in images.iter().zip(&publications) {
        add(image, days(publication), &mut publication.keys().chain(image.mirrors.keys()).cloned());
    }
    // Other runs publish these, in the same repositories.
    for image in left_out {
        let repositories = repositories::repositories(image, targets, &mut Diagnostics::default());
        add(image, BTreeSet::new(), &mut repositories.into_iter().chain(image.mirrors.keys().cloned()));
    }
    let of_image = |(image, publication): (&UnresolvedImage, &Publication)| {
        let places = publication.keys().chain(image.mirrors.keys());
        places.filter_map(|place| other_forms.get(place)).map(BTreeSet::len).sum::<usize>()
    };
    if images.iter().zip(&publications).map(of_image).sum::<usize>() > MAX_FORMS {
        let message = "there are too many images with tags of their own for branches, commits and the like in one repository";
        let help = "give them repositories of their own, or plan a part of them";
        diagnostics.report(Diagnostic::error(Code::LIMIT, message).with_help(help));
        return IndexMap::new();
    }
    let wanted = images.iter().zip(publications).filter(|(image, _)| image.is_wanted).zip(&legs.builds);
    let planned = parallel::map(wanted, |((image, publication), built)| {
        let builds = legs.builds(built);
        let places = publication.keys().chain(image.mirrors.keys());
        let all: BTreeSet<&Form> = places.filter_map(|one| other_forms.get(one)).flatten().collect();
        let of_others = OfOthers {
            forms: all.into_iter().cloned().collect(),
            withdrawn: withdrawn.get(&image.block).cloned().unwrap_or_default(),
            reused: reused.get(&image.key).cloned(),
        };
        (!builds.is_empty())
            .then(|| (image.key.clone(), planned(image, publication, builds, of_others, targets, legs)))
    });
    let mut all = IndexMap::with_capacity(images.len());
    all.extend(planned.flatten());
    all
}

/// The forms of the tags that are days beside a version.
fn days(publication: &Publication) -> BTreeSet<Form> {
    let is_day =
        |form: &&Form| !form.has_version() && form.parts().iter().any(|part| matches!(part, Part::Date(_)));
    let tags = publication.values().flat_map(|listing| &listing.tags);
    tags.map(|tag| &tag.form).filter(is_day).cloned().collect()
}

/// What an image has that does not follow from itself.
struct OfOthers {
    /// The forms of tags that are not versions in its repositories.
    forms: Vec<Form>,
    /// The versions that images of its block withdraw.
    withdrawn: Vec<String>,
    reused: Option<Reused>,
}

/// An image as it is planned.
fn planned(
    image: &UnresolvedImage,
    publication: Publication,
    builds: Vec<Build>,
    OfOthers { forms, withdrawn, reused }: OfOthers,
    targets: &Targets<'_>,
    legs: &Legs,
) -> Image {
    let seen = seen(&publication).filter(|_| image.version.known().is_none());
    let scheme = seen.map_or(image.settings().scheme, |seen| seen.scheme);
    let version = image.version.known().or(seen.map(|seen| &*seen.version));
    let is_prerelease = version.is_some_and(Version::is_prerelease);
    let version = version.map(ToString::to_string);
    let repositories: Vec<Repository> = publication.keys().cloned().collect();
    let mut tags: IndexMap<Tag, PlannedTag> = IndexMap::new();
    let mut yielded: IndexMap<String, YieldedTag> = IndexMap::new();
    let mut unclear: BTreeSet<Tag> = BTreeSet::new();
    for (repository, Listing { tags: listed, yielded: not_here, unclear: not_clear, seen: _ }) in publication
    {
        unclear.extend(not_clear);
        for PlacedTag { tag, claim, form, family, why, is_provisional, span: _ } in listed {
            let tag = tags.entry(tag.clone()).or_insert(PlannedTag {
                name: tag,
                claim,
                form,
                family,
                why,
                is_provisional,
                repositories: Some(Vec::new()),
            });
            tag.repositories.get_or_insert_default().push(repository.clone());
        }
        for tag in not_here {
            yielded.entry(tag.name.clone()).or_insert(tag);
        }
    }
    let mut tags: Vec<PlannedTag> = tags.into_values().collect();
    for tag in &mut tags {
        tag.repositories = tag.repositories.take().filter(|some| some.len() != repositories.len());
    }
    // There may be very many images, most of which have few of these.
    tags.shrink_to_fit();
    Image {
        repositories,
        mirrors: image.mirrors.keys().cloned().collect(),
        codenames: codenames::of(&tags),
        tags,
        annotations: annotations(image, targets, legs),
        of_facts: image.oci.keys_of_facts(image.sources(targets)),
        builds,
        version,
        is_prerelease,
        tails: versions::declared_tails(image),
        yielded: yielded.into_values().collect(),
        scheme,
        withdrawn,
        other_forms: forms,
        unclear: unclear.into_iter().collect(),
        without: variants::without(image.settings()),
        immutable: image.settings().immutable,
        index: image.settings().index,
        retag: image.settings().retag,
        reused,
    }
}

/// Fills in what an image says that its version is, as docker/metadata-action does: the tag that shows the version, with the
/// variant; the first where there is no version. A tag that floats with versions is never one: the index under it would
/// say that the tag does not move.
pub(in crate::resolve) fn name_version(image: &mut UnresolvedImage, publication: &Publication) {
    let seen = seen(publication).map(|seen| &*seen.version);
    let version = image.version.known().or(seen).map(|version| version.without_v().to_owned());
    let of_rules = image.rules.as_ref().and_then(|rules| rules.main()).map(str::to_owned);
    let tags = publication.values().flat_map(|listing| &listing.tags);
    let fixed = tags.filter(|one| !matches!(one.claim, Claim::Versions(_) | Claim::Prereleases(_)));
    let mut names = of_rules.into_iter().chain(fixed.map(|one| one.tag.to_string()));
    let name = match &version {
        Some(version) => names.find(|name| name.contains(version.as_str())).or_else(|| Some(version.clone())),
        None => names.next(),
    };
    if let Some(name) = name {
        image.oci.set_version(name.strip_prefix('v').filter(|_| version.is_some()).unwrap_or(&name));
    }
}

/// The version that is to be seen in the tags of an image, the same in all repositories.
fn seen(publication: &Publication) -> Option<&Seen> {
    let mut all = publication.values().map(|listing| listing.seen.as_ref());
    let first = all.next()??;
    all.all(|one| one.is_some_and(|one| one.version == first.version)).then_some(first)
}

/// The annotations of an image's index: those from facts, those lifted out of its targets, then those of its block.
fn annotations(image: &UnresolvedImage, targets: &Targets<'_>, legs: &Legs) -> BTreeMap<String, String> {
    if !image.settings().index {
        return BTreeMap::new();
    }
    let mut annotations = image.oci.of_index(image.sources(targets));
    for covered in image.targets.iter().rev() {
        annotations.extend(legs.lifted(&covered.name));
    }
    for (key, value) in &image.settings().annotations {
        annotations.insert(key.to_string(), value.to_string());
    }
    annotations
}
