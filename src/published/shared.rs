//! What is asked so that each manifest is read once over all repositories: the others that have it only say so, as some
//! registries count what is read (<https://docs.docker.com/docker-hub/usage/pulls/>).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::record::{Fault, Question, Record, Reply};
use super::served::Served;
use super::sites::Site;
use crate::oci::Descriptor;
use crate::reference::Digest;
use crate::registry::{Error, Location, Store};

/// What one repository is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The question itself.
    Whole(Question),
    /// Only whether it has a manifest that is read elsewhere.
    Held(Digest),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Told {
    /// The answer.
    Reply(Reply),
    /// It has a manifest of this kind.
    Held(Descriptor),
    /// Only reading tells.
    Unclear,
}

/// The requests that answer these questions: of those that ask for a manifest which nobody has read, one reads it.
pub(super) fn requests(
    questions: Vec<(usize, Question)>,
    sites: &[Site],
    records: &[Record],
) -> Vec<(usize, Request)> {
    let mut readers: BTreeMap<Digest, usize> = BTreeMap::new();
    for (site, question) in &questions {
        let Question::Manifest(digest) = question else { continue };
        let reader = readers.entry(digest.clone()).or_insert(*site);
        if counts_reads(&sites[*reader].location) && !counts_reads(&sites[*site].location) {
            *reader = *site;
        }
    }
    let request = |(site, question)| {
        let is_told_by_others = match &question {
            Question::Manifest(digest) => content(digest, records).is_some() || readers[digest] != site,
            _ => false,
        };
        match question {
            Question::Manifest(digest) if is_told_by_others => (site, Request::Held(digest)),
            question => (site, Request::Whole(question)),
        }
    };
    questions.into_iter().map(request).collect()
}

/// Whether a registry counts what is read from it.
fn counts_reads(location: &Location) -> bool {
    location.repository().is_some_and(|one| one.registry().as_str() == "docker.io")
}

/// A manifest that was read in any repository.
fn content<'r>(digest: &Digest, records: &'r [Record]) -> Option<&'r Arc<Served>> {
    records.iter().find_map(|record| record.read(digest))
}

/// Asks a repository whether it has a manifest.
///
/// # Errors
/// What is wrong with the way to it. What is wrong with the manifest, reading tells.
pub(super) fn is_held(store: &dyn Store, digest: &Digest) -> Result<Told, Error> {
    match store.head_manifest(&digest.clone().into()) {
        Ok(None) => Ok(Told::Reply(Reply::Absent)),
        Ok(Some(found)) => Ok(Told::Held(found)),
        Err(error) if Fault::of(&error).is_some() => Ok(Told::Unclear),
        Err(error) => Err(error),
    }
}

/// The manifest of which a repository says this, if it says the same that reading it elsewhere did.
pub(super) fn agreed(found: &Descriptor, digest: &Digest, records: &[Record]) -> Option<Arc<Served>> {
    let served = content(digest, records)?;
    let is_same = found.digest == *digest
        && u64::try_from(found.size) == Ok(served.size())
        && found.media_type == served.manifest.media_type;
    is_same.then(|| served.clone())
}
