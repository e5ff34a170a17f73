//! Asks the registry what it serves of each image, under the tags that this run would write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use indexmap::IndexMap;

use super::finding::Found;
use super::withdrawn;
use crate::cli::Network;
use crate::commands::session::Session;
use crate::commands::session::network;
use crate::commands::session::talk::Talk;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::form::Part;
use crate::inputs::Record;
use crate::oci::INPUTS;
use crate::plan::{Build, Image, Plan, PlannedTag, Reused};
use crate::platform::Platform;
use crate::published::served::{Content, Entries, Served};
use crate::published::sites;
use crate::reference::{Digest, Repository, Tag};
use crate::registry::{Location, Store, SystemClock, TagOrDigest};

/// How many tags of an image are looked at, one after another, and how many of them are its own where there are more: the first
/// and the last, since `latest` is the last of most.
const MOST_TAGS: usize = 6;
const FIRST_TAGS: usize = 3;
const LAST_TAGS: usize = 2;

/// A tag in a repository that is looked at.
pub(super) type Question = (Repository, Tag);

/// What an answer says of an image, under one tag.
type Answer = Result<Option<Served>, Diagnostic>;

/// Looks at each image that has inputs: under its tags in turn, until one serves the same inputs.
pub(super) fn look(
    session: &Session<'_>,
    options: &Network,
    plan: &Plan,
    tags: &IndexMap<&str, Vec<Question>>,
) -> Result<IndexMap<String, Found>, Error> {
    let places = tags.values().flatten().map(|(repository, _)| repository.clone());
    let mut locations: Vec<Location> = places.map(Location::Registry).collect();
    locations.sort();
    locations.dedup();
    let talk = Arc::new(Talk::new(session));
    let clock = Arc::new(SystemClock::default());
    let sites = network::open(session, options, None, locations, clock, talk.clone())?;
    let mut found: IndexMap<String, Found> = IndexMap::new();
    let mut parts: Vec<(usize, Piece)> = Vec::new();
    for round in 0.. {
        let is_open = |key: &&str| match found.get(*key) {
            None => true,
            Some(Found::Same(_)) => needs_all(&plan.images[*key]),
            Some(Found::Changed(_) | Found::Other(_) | Found::Absent(_)) => !needs_all(&plan.images[*key]),
            Some(Found::Unknown(_)) => false,
        };
        let asked: Vec<(&str, &Image, usize, &Question)> = tags
            .iter()
            .filter(|(key, _)| is_open(key))
            .filter_map(|(key, tags)| {
                let question = tags.get(round)?;
                let place = Location::Registry(question.0.clone());
                let site = sites.iter().position(|site| site.location == place)?;
                Some((*key, &plan.images[*key], site, question))
            })
            .collect();
        if asked.is_empty() {
            break;
        }
        let questions: Vec<(usize, Tag)> =
            asked.iter().map(|(_, _, site, (_, tag))| (*site, tag.clone())).collect();
        let failed: Vec<AtomicBool> = sites.iter().map(|_| AtomicBool::new(false)).collect();
        let known = vec![0; sites.len()];
        let get = |store: &dyn Store, tag: &Tag| -> Answer {
            let manifest = store.get_manifest(&TagOrDigest::Tag(tag.clone()));
            manifest.map(|manifest| manifest.map(Served::read)).map_err(|error| error.to_diagnostic())
        };
        let (answers, failures) = sites::ask(&sites, &failed, &known, talk.as_ref(), &questions, get);
        // They come in another order than the questions.
        let answers: BTreeMap<(usize, Tag), Option<Served>> =
            answers.into_iter().map(|(site, tag, served)| ((site, tag), served)).collect();
        for (key, image, site, (repository, tag)) in asked {
            let verdict = match answers.get(&(site, tag.clone())) {
                Some(served) => compare(plan, image, (repository, tag), served.as_ref()),
                None => Found::Unknown(match failures.get(&site) {
                    Some(failure) => failure.message.clone(),
                    None => format!("`{}` was not asked", sites[site].location),
                }),
            };
            if matches!(verdict, Found::Same(_)) {
                let images = answers.get(&(site, tag.clone())).into_iter().flatten().flat_map(images_of);
                parts.extend(images.map(|digest| (site, Piece { of: key.to_owned(), digest })));
            }
            // What the first tag serves that is there says most.
            let says_more = match (found.get(key), &verdict) {
                (None, _) | (_, Found::Same(_)) => true,
                (Some(Found::Same(_)), _) => needs_all(image),
                (Some(Found::Absent(_)), verdict) => !matches!(verdict, Found::Absent(_)),
                (Some(Found::Changed(_) | Found::Other(_) | Found::Unknown(_)), _) => false,
            };
            if says_more {
                found.insert(key.to_owned(), verdict);
            }
        }
    }
    // A clean-up may have taken what only the index names: then a merge could not give it any tag.
    let failed: Vec<AtomicBool> = sites.iter().map(|_| AtomicBool::new(false)).collect();
    let known = vec![0; sites.len()];
    let is_there = |store: &dyn Store, part: &Piece| -> Result<bool, Diagnostic> {
        let found = store.head_manifest(&TagOrDigest::Digest(part.digest.clone()));
        found.map(|found| found.is_some()).map_err(|error| error.to_diagnostic())
    };
    let (answers, failures) = sites::ask(&sites, &failed, &known, talk.as_ref(), &parts, is_there);
    for (site, Piece { of, digest }, is_there) in answers {
        if !is_there {
            let why =
                format!("{} does not have the image {digest} of its index any more", sites[site].location);
            found.insert(of, Found::Other(why));
        }
    }
    for (site, Piece { of, digest: _ }) in parts {
        if let Some(failure) = failures.get(&site)
            && matches!(found.get(&of), Some(Found::Same(_)))
        {
            found.insert(of, Found::Unknown(failure.message.clone()));
        }
    }
    withdrawn::refuse(&sites, talk.as_ref(), plan, &mut found);
    talk.end();
    Ok(found)
}

/// An image of an index that would get the tags of this run.
#[derive(Clone)]
struct Piece {
    /// The key in the plan.
    of: String,
    digest: Digest,
}

/// The images of an index.
fn images_of(served: &Served) -> Vec<Digest> {
    let Content::Index(entries) = &served.content else { return Vec::new() };
    let images = entries.images().unwrap_or_default();
    images.into_iter().map(|image| image.digest.clone()).collect()
}

/// Whether what a tag serves was made of the inputs of an image.
fn compare(
    plan: &Plan,
    image: &Image,
    (repository, tag): (&Repository, &Tag),
    served: Option<&Served>,
) -> Found {
    let reference = format!("{repository}:{tag}");
    let Some(served) = served else { return Found::Absent(format!("{reference} is not there")) };
    let entries = match &served.content {
        Content::Index(entries) => entries,
        Content::Image(_) => return Found::Other(format!("{reference} is not an index")),
        Content::Unreadable(why) => return Found::Unknown(format!("{reference} cannot be read: {why}")),
    };
    let Some(text) = entries.annotations.get(INPUTS) else {
        return Found::Other(format!("{reference} does not record its inputs"));
    };
    let of_build = |build: &'_ Build| Some((plan.leg(build)?.platform.clone(), build.inputs.clone()?));
    let builds: Vec<_> = image.builds.iter().filter_map(of_build).collect();
    let builds = builds.iter().map(|(platform, inputs)| (platform.as_ref(), inputs));
    match Record::read(text) {
        // Whoever takes a platform out of an index may leave the annotation.
        Some(record) if record.is_of(builds.clone(), image.builds.len()) => {
            match other_images(entries, &builds.map(|(platform, _)| platform).collect::<Vec<_>>()) {
                Some(why) => Found::Other(format!("{reference} records the same inputs, but {why}")),
                None => Found::Same(Reused {
                    repository: repository.clone(),
                    tag: tag.clone(),
                    digest: served.manifest.digest.clone(),
                }),
            }
        }
        Some(_) => Found::Changed(format!("{reference} was made of other inputs")),
        None => Found::Other(format!("{reference} records its inputs in a form that is not understood")),
    }
}

/// What is wrong with the images of an index that should have one for each of these platforms and no other.
fn other_images(entries: &Entries, platforms: &[Option<&Platform>]) -> Option<String> {
    let images = match entries.images() {
        Ok(images) => images,
        Err(why) => return Some(format!("not all of its images can be read: {why}")),
    };
    if images.len() != platforms.len() {
        return Some(format!("has {} images instead of {}", images.len(), platforms.len()));
    }
    let fits = |platform: &Platform| {
        images.iter().filter(|image| image.platform.as_ref().is_some_and(|own| own.fits(platform))).count()
    };
    let missing = platforms.iter().flatten().find(|platform| fits(platform) != 1);
    missing.map(|platform| format!("does not have one image for {platform}"))
}

/// The tags of an image that are looked at, in order: what moves with each run first, then what never moves, then what moves
/// with versions; at last those of `others`, which another run of the same commit has. All that do not name the commit, in all
/// repositories and mirrors, where nothing gives an image its tags later; else those of the first, from which a merge copies.
pub(super) fn tags(image: &Image, others: &[Question]) -> Vec<Question> {
    use crate::tags::Claim;
    let rank = |claim: &Claim| match claim {
        Claim::Run => 0,
        Claim::Literal => 1,
        Claim::Versions(_) | Claim::Prereleases(_) | Claim::Channel => 2,
    };
    let Some(repository) = image.repositories.first() else { return Vec::new() };
    let mut own: Vec<_> = image.tags_in(repository).collect();
    own.sort_by_key(|tag| rank(&tag.claim));
    if needs_all(image) {
        let all = image.places().flat_map(|place| image.tags_in(place).map(move |tag| (place, tag)));
        let all = all.filter(|(_, tag)| !names_commit(tag));
        return all.map(|(place, tag)| (place.clone(), tag.name.clone())).collect();
    }
    let last = own.len().saturating_sub(LAST_TAGS).max(FIRST_TAGS.min(own.len()));
    let own = own[..own.len().min(FIRST_TAGS)].iter().chain(&own[last..]);
    let mut tags: Vec<Question> = Vec::new();
    for question in own.map(|tag| (repository.clone(), tag.name.clone())).chain(others.iter().cloned()) {
        if !tags.contains(&question) && tags.len() < MOST_TAGS {
            tags.push(question);
        }
    }
    tags
}

/// Whether an image that is not built must have all its tags already, since what has them is given no others.
fn needs_all(image: &Image) -> bool {
    !image.retag && image.tags.iter().any(|tag| !names_commit(tag))
}

fn names_commit(tag: &PlannedTag) -> bool {
    tag.form.parts().iter().any(|part| matches!(part, Part::Commit(_)))
}
