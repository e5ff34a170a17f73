//! What repositories answered: each question goes to a repository once, and what is wrong with an answer is an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::command::Command;
use super::labels::labels_of;
use super::provenance::Statement;
use super::served::Served;
use super::triggers::triggers;
use crate::diagnostic::Diagnostic;
use crate::oci::{Descriptor, DescriptorPlatform, configured_platform};
use crate::reference::{Digest, Tag};
use crate::registry::{Error, ErrorKind, Negotiated, ReferrerList, TagList, TagOrDigest, TransportError};

/// Something to know about a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Question {
    /// The digest of a tag.
    Tag(Tag),
    /// The manifest with this digest.
    Manifest(Digest),
    /// The manifest with this digest, which a tag has that is to have another.
    Previous(Digest),
    /// Whether there is a manifest with this digest.
    Stored(Digest),
    /// The size of a blob, as a HEAD tells it.
    Blob(Digest),
    /// The size of a blob, as reading it tells, before what a HEAD told is an error.
    Measure(Digest),
    /// What is in a blob, the configuration of an image.
    Configuration(Digest),
    /// What is in a blob, a statement about the provenance of an image.
    Provenance(Digest),
    /// All tags.
    Tags,
    /// The attestations that refer to an image.
    Referrers(Digest),
    /// Everything that refers to a manifest.
    About(Digest),
    /// What a client gets that knows Docker's media types alone.
    ForDocker(TagOrDigest),
}

impl Question {
    /// Whether it is about what is to be replaced, and so may be damaged.
    #[must_use]
    pub(crate) fn is_about_replaced(&self) -> bool {
        match self {
            Self::Tag(_) | Self::Previous(_) => true,
            Self::Manifest(_)
            | Self::Stored(_)
            | Self::Blob(_)
            | Self::Measure(_)
            | Self::Configuration(_)
            | Self::Provenance(_)
            | Self::Tags
            | Self::Referrers(_)
            | Self::About(_)
            | Self::ForDocker(_) => false,
        }
    }
}

/// Questions to repositories, which are named by their positions among the sites.
pub(crate) type Questions = BTreeSet<(usize, Question)>;

/// An answer that is wrong in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The same in words.
    pub diagnostic: Diagnostic,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The content is not what its digest says.
    DigestMismatch,
    /// A file of a layout is not what its name says.
    Damaged,
    /// More bytes than are read.
    TooLarge,
    /// It makes no sense.
    Invalid,
    /// The registry refuses to serve it.
    Refused,
    /// The registry says that it, or the repository, is not there.
    Missing,
    /// The registry fails when it is to serve it.
    Failed,
    /// The account has no right to read it, though it may have the right to all that is needed.
    Denied,
}

impl Fault {
    /// What an error says about the content; none when it is about the way to it.
    #[must_use]
    pub(crate) fn of(error: &Error) -> Option<Self> {
        let kind = match error.kind() {
            ErrorKind::Digest { .. } => FaultKind::DigestMismatch,
            ErrorKind::Damaged { .. } => FaultKind::Damaged,
            ErrorKind::TooLarge { .. }
            | ErrorKind::Transport { problem: TransportError::TooLarge(_), .. } => FaultKind::TooLarge,
            ErrorKind::Invalid(_) => FaultKind::Invalid,
            ErrorKind::Rejected { .. } => FaultKind::Refused,
            _ => return None,
        };
        Some(Self { kind, diagnostic: error.to_diagnostic() })
    }

    /// The same of what is to be replaced: a registry that fails to serve it has lost it.
    #[must_use]
    pub(crate) fn of_replaced(error: &Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::Server { .. } => {
                Some(Self { kind: FaultKind::Failed, diagnostic: error.to_diagnostic() })
            }
            _ => Self::of(error),
        }
    }

    /// The same of a configuration, which a merge compares and can do without: those who only push may not read it.
    #[must_use]
    pub(crate) fn of_compared(error: &Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::Unauthorized(_) | ErrorKind::Denied { .. } => {
                Some(Self { kind: FaultKind::Denied, diagnostic: error.to_diagnostic() })
            }
            _ => Self::of_damaged(error),
        }
    }

    /// The same of the list of tags: an account may have the right to all but that.
    #[must_use]
    pub(crate) fn of_list(error: &Error) -> Option<Self> {
        match error.kind() {
            // Some have no list at all.
            ErrorKind::Unauthorized(_) | ErrorKind::Denied { .. } | ErrorKind::Unsupported { .. } => {
                Some(Self { kind: FaultKind::Refused, diagnostic: error.to_diagnostic() })
            }
            ErrorKind::NotFound(_) | ErrorKind::ForeignNotFound { .. } => {
                Some(Self { kind: FaultKind::Missing, diagnostic: error.to_diagnostic() })
            }
            _ => None,
        }
    }

    /// What it says of a layout, where what is damaged is written again from elsewhere.
    #[must_use]
    pub(crate) fn of_damaged(error: &Error) -> Option<Self> {
        Self::of(error).filter(|fault| fault.kind == FaultKind::Damaged)
    }

    /// What was found.
    #[must_use]
    pub(crate) fn message(&self) -> &str {
        &self.diagnostic.message
    }
}

/// What is known of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known<'a, T> {
    /// Nobody asked.
    Unasked,
    /// It is not there.
    Absent,
    /// It is there.
    Present(T),
    /// Something is there that cannot be used.
    Faulty(&'a Fault),
}

impl<T> Known<'_, T> {
    /// What is there.
    pub(crate) fn present(self) -> Option<T> {
        if let Self::Present(found) = self { Some(found) } else { None }
    }

    /// Whether nobody asked.
    #[must_use]
    pub(crate) fn is_unasked(&self) -> bool {
        matches!(self, Self::Unasked)
    }

    /// Whether it is not there.
    #[must_use]
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether it is to be taken over from elsewhere: it is not there, or damaged in a layout.
    #[must_use]
    pub(crate) fn is_lacking(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Faulty(fault) => fault.kind == FaultKind::Damaged,
            Self::Unasked | Self::Present(_) => false,
        }
    }
}

/// What came of a question.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// It is not there.
    Absent,
    /// It is there.
    Present(Answer),
    /// Something is there that cannot be used.
    Faulty(Fault),
}

/// An answer that says something.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The digest of a tag.
    Tag(Digest),
    /// A manifest.
    Manifest(Arc<Served>),
    /// A manifest that was read in another repository, and that this one says it has.
    Confirmed(Arc<Served>),
    /// The size of a blob or manifest.
    Size(u64),
    /// A configuration.
    Configuration(Configuration),
    /// A statement about the provenance of an image.
    Provenance(Statement),
    /// All tags; and what is wrong with that list if there are tags all the same.
    Tags(TagList, Option<Fault>),
    /// What refers to an image.
    Referrers(ReferrerList),
    /// What such a client gets.
    ForDocker(Negotiated),
}

/// What is known of the configuration of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// Its size in bytes.
    pub size: u64,
    /// The platform that it names, or why that cannot be read.
    pub platform: Result<DescriptorPlatform, String>,
    /// The labels, or why they cannot be read.
    pub labels: Result<BTreeMap<String, String>, String>,
    /// What it runs.
    pub command: Command,
    /// The instructions that wait in it for builds that start from it (`ONBUILD`), or why they cannot be read.
    pub triggers: Result<Vec<String>, String>,
}

impl Configuration {
    /// What the content of a configuration says.
    #[must_use]
    pub(crate) fn read(content: &[u8]) -> Self {
        Self {
            size: content.len() as u64,
            platform: configured_platform(content).map_err(|error| error.to_string()),
            labels: labels_of(content).map_err(|error| error.to_string()),
            command: Command::read(content),
            triggers: triggers(content),
        }
    }
}

/// What one repository answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    replies: BTreeMap<Question, Reply>,
}

impl Record {
    /// Takes note of what came of a question.
    pub(crate) fn learn(&mut self, question: Question, reply: Reply) {
        self.replies.insert(question, reply);
    }

    /// Whether a question was answered.
    #[must_use]
    pub(crate) fn knows(&self, question: &Question) -> bool {
        self.replies.contains_key(question)
    }

    /// How many questions were answered.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.replies.len()
    }

    /// Forgets which manifests and blobs are not there, so that they are asked for again.
    pub(crate) fn forget_absent(&mut self) {
        self.replies.retain(|question, reply| match question {
            Question::Manifest(_)
            | Question::Stored(_)
            | Question::Blob(_)
            | Question::Measure(_)
            | Question::Configuration(_)
            | Question::Provenance(_) => !matches!(reply, Reply::Absent),
            Question::Tag(_)
            | Question::Previous(_)
            | Question::Tags
            | Question::Referrers(_)
            | Question::About(_)
            | Question::ForDocker(_) => true,
        });
    }

    /// Forgets the list of tags, and what these tags are.
    pub(crate) fn forget_tags(&mut self, tags: &BTreeSet<Tag>) {
        self.replies.retain(|question, _| match question {
            Question::Tags => false,
            Question::Tag(tag) => !tags.contains(tag),
            _ => true,
        });
    }

    fn get<'a, T>(&'a self, question: &Question, take: impl FnOnce(&'a Answer) -> Option<T>) -> Known<'a, T> {
        match self.replies.get(question) {
            None => Known::Unasked,
            Some(Reply::Absent) => Known::Absent,
            Some(Reply::Present(answer)) => take(answer).map_or(Known::Unasked, Known::Present),
            Some(Reply::Faulty(fault)) => Known::Faulty(fault),
        }
    }

    /// The digest of a tag.
    #[must_use]
    pub(crate) fn tag(&self, tag: &Tag) -> Known<'_, &Digest> {
        self.get(&Question::Tag(tag.clone()), |answer| match answer {
            Answer::Tag(digest) => Some(digest),
            _ => None,
        })
    }

    /// A manifest.
    #[must_use]
    pub(crate) fn manifest(&self, digest: &Digest) -> Known<'_, &Served> {
        self.get(&Question::Manifest(digest.clone()), |answer| match answer {
            Answer::Manifest(served) | Answer::Confirmed(served) => Some(&**served),
            _ => None,
        })
    }

    /// The size of a manifest that is there, in bytes.
    #[must_use]
    pub(crate) fn stored(&self, digest: &Digest) -> Known<'_, u64> {
        self.get(&Question::Stored(digest.clone()), |answer| match answer {
            Answer::Size(size) => Some(*size),
            _ => None,
        })
    }

    /// A manifest that was read in this very repository.
    #[must_use]
    pub(crate) fn read(&self, digest: &Digest) -> Option<&Arc<Served>> {
        match self.replies.get(&Question::Manifest(digest.clone()))? {
            Reply::Present(Answer::Manifest(served)) => Some(served),
            _ => None,
        }
    }

    /// The manifest that a tag has.
    #[must_use]
    pub(crate) fn previous(&self, digest: &Digest) -> Known<'_, &Served> {
        self.get(&Question::Previous(digest.clone()), |answer| match answer {
            Answer::Manifest(served) => Some(&**served),
            _ => None,
        })
    }

    /// The size of a blob.
    #[must_use]
    pub(crate) fn blob(&self, digest: &Digest) -> Known<'_, u64> {
        let configuration = self.get(&Question::Configuration(digest.clone()), |answer| match answer {
            Answer::Configuration(configuration) => Some(configuration.size),
            _ => None,
        });
        match configuration {
            // Nothing was read.
            Known::Faulty(fault) if fault.kind == FaultKind::Denied => {}
            Known::Unasked => {}
            known => return known,
        }
        // One that cannot be used says nothing about the blob.
        match self.provenance(digest) {
            Known::Present(statement) => return Known::Present(statement.size),
            Known::Absent => return Known::Absent,
            Known::Unasked | Known::Faulty(_) => {}
        }
        let size = |question| {
            self.get(&question, |answer| match answer {
                Answer::Size(size) => Some(*size),
                _ => None,
            })
        };
        match size(Question::Measure(digest.clone())) {
            Known::Unasked => size(Question::Blob(digest.clone())),
            known => known,
        }
    }

    /// Whether what is known of a blob comes from reading it, and not from a HEAD.
    #[must_use]
    pub(crate) fn is_measured(&self, digest: &Digest) -> bool {
        let is_read = !matches!(self.provenance(digest), Known::Unasked | Known::Faulty(_));
        let is_denied = |fault: &Fault| fault.kind == FaultKind::Denied;
        let is_configuration = match self.configuration(digest) {
            Known::Unasked => false,
            Known::Faulty(fault) => !is_denied(fault),
            Known::Absent | Known::Present(_) => true,
        };
        is_read || is_configuration || self.knows(&Question::Measure(digest.clone()))
    }

    /// A statement about the provenance of an image.
    #[must_use]
    pub(crate) fn provenance(&self, digest: &Digest) -> Known<'_, &Statement> {
        self.get(&Question::Provenance(digest.clone()), |answer| match answer {
            Answer::Provenance(statement) => Some(statement),
            _ => None,
        })
    }

    /// A configuration.
    #[must_use]
    pub(crate) fn configuration(&self, digest: &Digest) -> Known<'_, &Configuration> {
        self.get(&Question::Configuration(digest.clone()), |answer| match answer {
            Answer::Configuration(configuration) => Some(configuration),
            _ => None,
        })
    }

    /// All tags. A registry without lists may say that a repository with tags is not there.
    #[must_use]
    pub(crate) fn tags(&self) -> Known<'_, &[Tag]> {
        if let Some(Reply::Present(Answer::Tags(_, Some(fault)))) = self.replies.get(&Question::Tags)
            && self.tagged().next().is_some()
        {
            return Known::Faulty(fault);
        }
        self.get(&Question::Tags, |answer| match answer {
            Answer::Tags(list, _) => Some(list.tags.as_slice()),
            _ => None,
        })
    }

    /// The tags that are there, of those that were asked for, and their digests.
    fn tagged(&self) -> impl Iterator<Item = (&Tag, &Digest)> {
        self.replies
            .iter()
            .map_while(|(question, reply)| match question {
                Question::Tag(tag) => Some((tag, reply)),
                _ => None,
            })
            .filter_map(|(tag, reply)| match reply {
                Reply::Present(Answer::Tag(digest)) => Some((tag, digest)),
                _ => None,
            })
    }

    /// The tags that have this digest, of those that were asked for.
    pub(crate) fn tags_of(&self, digest: &Digest) -> impl Iterator<Item = &Tag> {
        self.tagged().filter(move |(_, own)| *own == digest).map(|(tag, _)| tag)
    }

    /// Whether a tag has this digest.
    #[must_use]
    pub(crate) fn is_tagged(&self, digest: &Digest) -> bool {
        self.tags_of(digest).next().is_some()
    }

    /// Whether the list of tags is known to be whole.
    #[must_use]
    pub(crate) fn lists_all_tags(&self) -> bool {
        matches!(self.replies.get(&Question::Tags), Some(Reply::Present(Answer::Tags(list, _))) if list.has_end)
    }

    /// Whether a tag is not there, as a list tells that has an end.
    #[must_use]
    pub(crate) fn lacks(&self, tag: &Tag) -> bool {
        match self.replies.get(&Question::Tags) {
            Some(Reply::Present(Answer::Tags(list, _))) => list.has_end && !list.tags.contains(tag),
            _ => false,
        }
    }

    /// Of these tags, the one that shows whether the list was cut: it is not there, and would stand behind all that is. A registry
    /// that answers "nothing follows" to any question gives a page for the whole list; one page of a few names is shorter than
    /// any page that lists are cut to.
    #[must_use]
    pub(crate) fn witness<'t>(&self, tags: impl Iterator<Item = &'t Tag>) -> Option<&'t Tag> {
        const SHORTEST_PAGE: usize = 10;
        let listed = self.tags().present().filter(|listed| listed.len() >= SHORTEST_PAGE)?;
        let last = listed.iter().max()?;
        tags.filter(|tag| *tag > last && self.lacks(tag)).max()
    }

    /// The attestations that refer to an image.
    #[must_use]
    pub(crate) fn referrers(&self, image: &Digest) -> Known<'_, &[Descriptor]> {
        self.get(&Question::Referrers(image.clone()), |answer| match answer {
            Answer::Referrers(list) => Some(list.referrers.as_slice()),
            _ => None,
        })
    }

    /// Everything that refers to a manifest.
    #[must_use]
    pub(crate) fn about(&self, digest: &Digest) -> Known<'_, &[Descriptor]> {
        self.get(&Question::About(digest.clone()), |answer| match answer {
            Answer::Referrers(list) => Some(list.referrers.as_slice()),
            _ => None,
        })
    }

    /// Whether the repository could not be asked what refers to some manifest, since it has no list of that.
    #[must_use]
    pub(crate) fn lacks_referrers(&self) -> bool {
        self.replies
            .values()
            .any(|reply| matches!(reply, Reply::Present(Answer::Referrers(list)) if !list.is_known))
    }

    /// What a client gets that knows Docker's media types alone.
    #[must_use]
    pub(crate) fn for_docker(&self, at: &TagOrDigest) -> Known<'_, &Negotiated> {
        self.get(&Question::ForDocker(at.clone()), |answer| match answer {
            Answer::ForDocker(told) => Some(told),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_there_is_asked_for_again_and_nothing_else() {
        let digest = |name: &str| Digest::sha256(name.as_bytes());
        let tag: Tag = "1".parse().unwrap();
        let questions = [
            Question::Manifest(digest("a")),
            Question::Blob(digest("b")),
            Question::Configuration(digest("c")),
            Question::Tag(tag.clone()),
        ];
        let mut record = Record::default();
        for question in &questions {
            record.learn(question.clone(), Reply::Absent);
        }
        record.learn(Question::Blob(digest("d")), Reply::Present(Answer::Size(7)));
        record.forget_absent();
        assert_eq!(questions.map(|question| record.knows(&question)), [false, false, false, true]);
        assert_eq!((record.len(), record.blob(&digest("d"))), (2, Known::Present(7)));
    }

    #[test]
    fn a_configuration_that_was_read_is_a_blob_whose_size_is_known() {
        let digest = Digest::sha256(b"{}");
        let mut record = Record::default();
        assert_eq!(record.blob(&digest), Known::Unasked);
        let configuration = Configuration::read(br#"{"os":"linux","architecture":"arm64"}"#);
        let reply = Reply::Present(Answer::Configuration(configuration));
        record.learn(Question::Configuration(digest.clone()), reply);
        assert_eq!(record.blob(&digest), Known::Present(37));
        record.learn(Question::Configuration(digest.clone()), Reply::Absent);
        assert_eq!(record.blob(&digest), Known::Absent);
    }
}
