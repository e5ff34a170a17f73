//! What a withdrawn version has is not given to another one, although it was built from the same inputs: it may be wrong for
//! what no hash sees, such as its base image or a download.

use std::sync::atomic::AtomicBool;

use indexmap::IndexMap;

use super::finding::Found;
use crate::diagnostic::Diagnostic;
use crate::plan::{Image, Plan};
use crate::published::progress::Progress;
use crate::published::sites::{self, Site};
use crate::reference::{Digest, Tag};
use crate::registry::{Location, Store, TagList, TagOrDigest};
use crate::version::{Version, Withdrawn};

/// How many tags of withdrawn versions are looked at; the last of them, in the order of the registry's list.
const MOST_TAGS: usize = 100;

/// Finds the images that would be reused from what a withdrawn version has, and has them built.
pub(super) fn refuse(
    sites: &[Site],
    progress: &dyn Progress,
    plan: &Plan,
    found: &mut IndexMap<String, Found>,
) {
    let place = |image: &Image| {
        let place = Location::Registry(image.repositories.first()?.clone());
        sites.iter().position(|site| site.location == place)
    };
    let reused: Vec<(String, usize, Digest)> = found
        .iter()
        .filter_map(|(key, found)| match found {
            Found::Same(reused) => Some((key, reused)),
            Found::Changed(_) | Found::Other(_) | Found::Absent(_) | Found::Unknown(_) => None,
        })
        .filter(|(key, _)| !plan.images[*key].withdrawn.is_empty())
        .filter_map(|(key, reused)| Some((key.clone(), place(&plan.images[key])?, reused.digest.clone())))
        .collect();
    let mut places: Vec<(usize, ())> = reused.iter().map(|(_, site, _)| (*site, ())).collect();
    places.sort_unstable();
    places.dedup();
    let list = |store: &dyn Store, (): &()| -> Result<TagList, Diagnostic> {
        store.tag_list().map_err(|error| error.to_diagnostic())
    };
    let (lists, mut failures) = ask(sites, progress, &places, list);
    let mut questions: Vec<(usize, Tag)> = Vec::new();
    let mut of_image: Vec<(String, usize, Digest, Vec<Tag>)> = Vec::new();
    for (key, site, digest) in reused {
        let listed = lists.iter().find(|(own, (), _)| *own == site);
        let listed = listed.map(|(_, (), list)| list.tags.as_slice()).unwrap_or_default();
        let mut tags = withdrawn(&plan.images[&key], listed);
        tags.drain(..tags.len().saturating_sub(MOST_TAGS));
        questions.extend(tags.iter().map(|tag| (site, tag.clone())));
        of_image.push((key, site, digest, tags));
    }
    questions.sort_unstable();
    questions.dedup();
    let head = |store: &dyn Store, tag: &Tag| -> Result<Option<Digest>, Diagnostic> {
        let found = store.head_manifest(&TagOrDigest::Tag(tag.clone()));
        found.map(|found| found.map(|found| found.digest)).map_err(|error| error.to_diagnostic())
    };
    let (heads, more) = ask(sites, progress, &questions, head);
    for (site, failure) in more {
        failures.entry(site).or_insert(failure);
    }
    for (key, site, digest, tags) in of_image {
        let has_it = |tag: &&Tag| {
            heads.iter().any(|(own, of, now)| *own == site && of == *tag && now.as_ref() == Some(&digest))
        };
        if let Some(tag) = tags.iter().find(has_it) {
            let place = sites[site].location.with_tag(tag);
            let why = format!("{place} has the same inputs and was withdrawn");
            found.insert(key, Found::Other(why));
        } else if let Some(failure) = failures.get(&site) {
            found.insert(key, Found::Unknown(failure.message.clone()));
        }
    }
}

fn ask<Q: Clone + Sync + Send, A: Send>(
    sites: &[Site],
    progress: &dyn Progress,
    questions: &[(usize, Q)],
    answer: impl Fn(&dyn Store, &Q) -> Result<A, Diagnostic> + Sync,
) -> (sites::Answers<Q, A>, std::collections::BTreeMap<usize, Diagnostic>) {
    let failed: Vec<AtomicBool> = sites.iter().map(|_| AtomicBool::new(false)).collect();
    sites::ask(sites, &failed, &vec![0; sites.len()], progress, questions, answer)
}

/// The tags of an image's repository that withdrawn versions of it have, in the forms of its own tags.
fn withdrawn(image: &Image, listed: &[Tag]) -> Vec<Tag> {
    let Image { scheme, tails, withdrawn, tags, .. } = image;
    let parse = |text: &String| Withdrawn::parse(text, *scheme, tails).ok();
    let withdrawn: Vec<Withdrawn> = withdrawn.iter().filter_map(parse).collect();
    let is_withdrawn = |text: &str| {
        let version = Version::parse_with(text, *scheme, tails);
        version.is_ok_and(|version| withdrawn.iter().any(|one| one.covers(&version)))
    };
    let is_one = |tag: &&Tag| {
        withdrawn.iter().any(|one| one.fits(tag.as_str()))
            || tags.iter().any(|own| own.form.versions_in(tag.as_str()).into_iter().any(is_withdrawn))
    };
    listed.iter().filter(is_one).cloned().collect()
}
