//! What is asked so that each manifest is read once over all repositories: the others that have it only say so, as some
//! registries count what is read (<https://docs.docker.com/docker-hub/usage/pulls/>). What a tag names is read in each:
//! there, clients begin.

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
    Presence(Digest),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Told {
    /// The answer.
    Reply(Reply),
    /// It has a manifest of this kind.
    Has(Descriptor),
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
    let request = |(site, question): (usize, Question)| {
        let is_told_by_others = match &question {
            Question::Manifest(digest) if records[site].is_tagged(digest) => false,
            Question::Manifest(digest) => content(digest, records).is_some() || readers[digest] != site,
            _ => false,
        };
        match question {
            Question::Manifest(digest) if is_told_by_others => (site, Request::Presence(digest)),
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
pub(super) fn presence(store: &dyn Store, digest: &Digest) -> Result<Told, Error> {
    match store.head_manifest(&digest.clone().into()) {
        Ok(None) => Ok(Told::Reply(Reply::Absent)),
        Ok(Some(found)) => Ok(Told::Has(found)),
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

#[cfg(test)]
mod tests {
    use super::super::record::Answer;
    use super::*;
    use crate::oci::OCI_INDEX;
    use crate::reference::Tag;
    use crate::registry::{Layout, Manifest};

    /// Sites that nobody asks.
    fn sites(locations: &[&str]) -> Vec<Site> {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Layout::empty_at(folder.path().to_owned()));
        let site = |location: &&str| Site { location: location.parse().unwrap(), store: store.clone() };
        locations.iter().map(site).collect()
    }

    fn manifest() -> Manifest {
        Manifest::new(OCI_INDEX, b"{}".to_vec())
    }

    /// Which sites read a manifest that all are asked for.
    fn readers(sites: &[Site], records: &[Record]) -> Vec<usize> {
        let digest = manifest().digest;
        let questions = (0..sites.len()).map(|site| (site, Question::Manifest(digest.clone()))).collect();
        let requests = requests(questions, sites, records);
        assert_eq!(requests.len(), sites.len());
        let reads = requests.into_iter().filter(|(_, request)| matches!(request, Request::Whole(_)));
        reads.map(|(site, _)| site).collect()
    }

    #[test]
    fn one_reads_and_not_the_one_that_counts() {
        for (locations, expected) in [
            (&["ghcr.io/a/b"][..], 0),
            (&["docker.io/a/b"], 0),
            (&["ghcr.io/a/b", "quay.io/a/b"], 0),
            (&["docker.io/a/b", "ghcr.io/a/b", "quay.io/a/b"], 1),
            (&["docker.io/a/b", "docker.io/a/c"], 0),
            (&["oci-layout:a", "docker.io/a/b"], 0),
        ] {
            let sites = sites(locations);
            let records = vec![Record::default(); sites.len()];
            assert_eq!(readers(&sites, &records), [expected], "{locations:?}");
        }
    }

    #[test]
    fn what_was_read_is_not_read_again_unless_a_tag_names_it() {
        let sites = sites(&["docker.io/a/b", "ghcr.io/a/b", "quay.io/a/b"]);
        let mut records = vec![Record::default(); 3];
        let digest = manifest().digest;
        let served = Arc::new(Served::read(manifest()));
        let question = Question::Manifest(digest.clone());
        records[2].learn(question.clone(), Reply::Present(Answer::Confirmed(served.clone())));
        assert_eq!(readers(&sites, &records), [1], "only reading counts");
        records[2].learn(question, Reply::Present(Answer::Manifest(served)));
        assert_eq!(readers(&sites, &records), [0; 0]);
        let tag: Tag = "1".parse().unwrap();
        records[0].learn(Question::Tag(tag), Reply::Present(Answer::Tag(digest)));
        assert_eq!(readers(&sites, &records), [0]);
    }

    #[test]
    fn a_repository_agrees_when_it_says_the_same() {
        let mut records = vec![Record::default()];
        let (digest, descriptor) = (manifest().digest, manifest().descriptor());
        assert!(agreed(&descriptor, &digest, &records).is_none(), "nobody has read it");
        let reply = Reply::Present(Answer::Manifest(Arc::new(Served::read(manifest()))));
        records[0].learn(Question::Manifest(digest.clone()), reply);
        assert!(agreed(&descriptor, &digest, &records).is_some());
        let other = Manifest::new("application/vnd.other+json", b"{ }".to_vec()).descriptor();
        for wrong in [
            Descriptor { size: 3, ..descriptor.clone() },
            Descriptor { media_type: other.media_type.clone(), ..descriptor.clone() },
            Descriptor { digest: other.digest, ..descriptor },
        ] {
            assert!(agreed(&wrong, &digest, &records).is_none(), "{wrong:?}");
        }
    }
}
