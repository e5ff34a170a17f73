//! What repositories hold, as far as it was asked for: each question goes to a repository once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::index::ATTESTATION_TYPE;
use super::progress::{Event, Progress};
use super::sites::{self, Site};
use crate::diagnostic::Diagnostic;
use crate::oci::Descriptor;
use crate::reference::{Digest, Tag};
use crate::registry::{Clock, Error, MAX_CONFIG, Manifest, Store, TagOrDigest};

/// How long to wait before asking again for what is not there yet.
const INTERVAL: Duration = Duration::from_secs(2);

/// Something to know about a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The manifest with this digest.
    Manifest(Digest),
    /// The digest of a tag.
    Tag(Tag),
    /// All its tags.
    Tags,
    /// The size of a blob.
    Blob(Digest),
    /// The content of a blob, the configuration of an image.
    Configuration(Digest),
    /// The attestations that refer to an image.
    Referrers(Digest),
}

/// What is known of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// Nobody asked.
    Unasked,
    /// It is not there.
    Absent,
    /// It is there.
    Present(T),
}

impl<T> Known<T> {
    /// What is there.
    pub fn present(self) -> Option<T> {
        match self {
            Self::Present(found) => Some(found),
            Self::Unasked | Self::Absent => None,
        }
    }

    fn of(asked: Option<Option<T>>) -> Self {
        match asked {
            None => Self::Unasked,
            Some(None) => Self::Absent,
            Some(Some(found)) => Self::Present(found),
        }
    }
}

/// What is known of one repository.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    manifests: BTreeMap<Digest, Option<Manifest>>,
    blobs: BTreeMap<Digest, Option<u64>>,
    configurations: BTreeMap<Digest, Option<Vec<u8>>>,
    tags: BTreeMap<Tag, Option<Digest>>,
    listed: Option<Vec<Tag>>,
    referrers: BTreeMap<Digest, Vec<Descriptor>>,
}

impl Snapshot {
    /// The manifest with this digest.
    #[must_use]
    pub fn manifest(&self, digest: &Digest) -> Known<&Manifest> {
        Known::of(self.manifests.get(digest).map(Option::as_ref))
    }

    /// The size of a blob.
    #[must_use]
    pub fn blob(&self, digest: &Digest) -> Known<u64> {
        let read =
            self.configurations.get(digest).map(|content| content.as_ref().map(|one| one.len() as u64));
        Known::of(read.or_else(|| self.blobs.get(digest).copied()))
    }

    /// The content of a configuration.
    #[must_use]
    pub fn configuration(&self, digest: &Digest) -> Known<&[u8]> {
        Known::of(self.configurations.get(digest).map(Option::as_deref))
    }

    /// The digest of a tag.
    #[must_use]
    pub fn tag(&self, tag: &Tag) -> Known<&Digest> {
        Known::of(self.tags.get(tag).map(Option::as_ref))
    }

    /// All tags; none before somebody asked.
    #[must_use]
    pub fn listed(&self) -> &[Tag] {
        self.listed.as_deref().unwrap_or_default()
    }

    /// The attestations that refer to an image.
    #[must_use]
    pub fn referrers(&self, image: &Digest) -> Known<&[Descriptor]> {
        self.referrers.get(image).map_or(Known::Unasked, |found| Known::Present(found))
    }

    /// Whether a question was answered.
    #[must_use]
    pub fn knows(&self, question: &Question) -> bool {
        match question {
            Question::Manifest(digest) => self.manifests.contains_key(digest),
            Question::Tag(tag) => self.tags.contains_key(tag),
            Question::Tags => self.listed.is_some(),
            Question::Blob(digest) => self.blobs.contains_key(digest),
            Question::Configuration(digest) => self.configurations.contains_key(digest),
            Question::Referrers(image) => self.referrers.contains_key(image),
        }
    }

    fn forget_absent(&mut self) {
        self.manifests.retain(|_, found| found.is_some());
        self.blobs.retain(|_, found| found.is_some());
        self.configurations.retain(|_, found| found.is_some());
    }

    fn learn(&mut self, question: Question, answer: Answer) {
        match (question, answer) {
            (Question::Manifest(digest), Answer::Manifest(found)) => {
                self.manifests.insert(digest, found);
            }
            (Question::Tag(tag), Answer::Tag(found)) => drop(self.tags.insert(tag, found)),
            (_, Answer::Tags(found)) => self.listed = Some(found),
            (Question::Blob(digest), Answer::Blob(found)) => drop(self.blobs.insert(digest, found)),
            (Question::Configuration(digest), Answer::Configuration(found)) => {
                self.blobs.insert(digest.clone(), found.as_ref().map(|content| content.len() as u64));
                self.configurations.insert(digest, found);
            }
            (Question::Referrers(image), Answer::Referrers(found)) => {
                self.referrers.insert(image, found);
            }
            _ => {}
        }
    }
}

enum Answer {
    Manifest(Option<Manifest>),
    Tag(Option<Digest>),
    Tags(Vec<Tag>),
    Blob(Option<u64>),
    Configuration(Option<Vec<u8>>),
    Referrers(Vec<Descriptor>),
}

/// Asks the repositories.
pub struct Reader<'a> {
    sites: &'a [Site],
    snapshots: Vec<Snapshot>,
    /// Those that failed, and are left alone.
    failed: Vec<AtomicBool>,
    progress: &'a dyn Progress,
    clock: &'a dyn Clock,
    /// Until when (as the clock has it) to wait for builds that are not there yet.
    deadline: Duration,
}

impl<'a> Reader<'a> {
    /// `wait` is how long to wait for builds that are not there yet.
    #[must_use]
    pub fn new(sites: &'a [Site], progress: &'a dyn Progress, clock: &'a dyn Clock, wait: Duration) -> Self {
        Self {
            sites,
            snapshots: vec![Snapshot::default(); sites.len()],
            failed: sites.iter().map(|_| AtomicBool::new(false)).collect(),
            progress,
            clock,
            deadline: clock.elapsed().saturating_add(wait),
        }
    }

    /// What is known, in the order of the sites.
    #[must_use]
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// Asks what is not known yet. The first failure of a repository is told, and it is asked nothing more.
    pub fn ask(&mut self, questions: BTreeSet<(usize, Question)>) -> Vec<Diagnostic> {
        let open: Vec<_> =
            questions.into_iter().filter(|(site, question)| !self.snapshots[*site].knows(question)).collect();
        let (answers, failures) = sites::ask(self.sites, &self.failed, self.progress, &open, ask);
        for (site, question, answer) in answers {
            self.snapshots[site].learn(question, answer);
        }
        failures.into_values().map(|error| error.to_diagnostic()).collect()
    }

    /// Waits a while and forgets what is not there, so that it is asked again; false when there is no time left.
    pub fn wait(&mut self) -> bool {
        let pause = INTERVAL.min(self.deadline.saturating_sub(self.clock.elapsed()));
        if pause.is_zero() {
            return false;
        }
        for site in self.sites {
            let why = "builds are not there yet";
            self.progress.tell(&Event::Waiting { location: &site.location, pause, why });
        }
        self.clock.sleep(pause);
        self.snapshots.iter_mut().for_each(Snapshot::forget_absent);
        true
    }
}

fn ask(store: &dyn Store, question: &Question) -> Result<Answer, Error> {
    Ok(match question {
        Question::Manifest(digest) => {
            Answer::Manifest(store.get_manifest(&TagOrDigest::Digest(digest.clone()))?)
        }
        Question::Tag(tag) => {
            let found = store.head_manifest(&TagOrDigest::Tag(tag.clone()))?;
            Answer::Tag(found.map(|descriptor| descriptor.digest))
        }
        Question::Tags => Answer::Tags(store.list_tags()?),
        Question::Blob(digest) => Answer::Blob(store.head_blob(digest)?),
        Question::Configuration(digest) => Answer::Configuration(store.get_blob(digest, MAX_CONFIG)?),
        Question::Referrers(image) => Answer::Referrers(store.list_referrers(image, Some(ATTESTATION_TYPE))?),
    })
}
