//! Asks the repositories, several questions at once, and keeps what they answer.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::code::Code;
use super::record::{Answer, Document, Fault, Question, Record};
use crate::diagnostic::Diagnostic;
use crate::oci::{DOCKER_LIST, DOCKER_MANIFEST};
use crate::published::progress::Progress;
use crate::published::sites::{self, Site};
use crate::registry::{Error, Kind, MAX_CONFIG, Store, TagOrDigest, TransportError};

/// The most bytes of manifests that are read in one run.
const MAX_READ: u64 = 256 * 1024 * 1024;
/// The most questions in one run: a registry may invent as many things to ask for as it likes.
const MAX_QUESTIONS: usize = 200_000;

/// Asks the repositories.
pub struct Reader<'a> {
    sites: &'a [Site],
    records: Vec<Record>,
    /// Those that failed, and are left alone.
    failed: Vec<AtomicBool>,
    progress: &'a dyn Progress,
    asked: usize,
    read: AtomicU64,
}

impl<'a> Reader<'a> {
    /// A reader that has asked nothing yet.
    #[must_use]
    pub fn new(sites: &'a [Site], progress: &'a dyn Progress) -> Self {
        Self {
            sites,
            records: vec![Record::default(); sites.len()],
            failed: sites.iter().map(|_| AtomicBool::new(false)).collect(),
            progress,
            asked: 0,
            read: AtomicU64::new(0),
        }
    }

    /// What is known, in the order of the sites.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Asks what is not known yet. The first failure of a repository is told, and it is asked nothing more. None when
    /// there is nothing to ask.
    pub fn ask(&mut self, questions: BTreeSet<(usize, Question)>) -> Option<Vec<Diagnostic>> {
        let is_open = |(site, question): &(usize, Question)| {
            !self.failed[*site].load(Ordering::Relaxed) && !self.records[*site].knows(question)
        };
        let open: Vec<_> = questions.into_iter().filter(is_open).collect();
        if open.is_empty() {
            return None;
        }
        self.asked += open.len();
        if self.asked > MAX_QUESTIONS {
            self.failed.iter().for_each(|failed| failed.store(true, Ordering::Relaxed));
            let message = format!("what is to be checked has more than {MAX_QUESTIONS} parts");
            return Some(vec![
                Diagnostic::error("too-much", message).with_help("check fewer references at once"),
            ]);
        }
        let answer = |store: &dyn Store, question: &Question| self.answer(store, question);
        let (answers, failures) = sites::ask(self.sites, &self.failed, self.progress, &open, answer);
        for (site, question, answer) in answers {
            self.records[site].learn(question, answer);
        }
        Some(failures.into_values().collect())
    }

    fn answer(
        &self,
        store: &dyn Store,
        question: &Question,
    ) -> Result<Result<Option<Answer>, Fault>, Diagnostic> {
        match self.look_up(store, question) {
            Ok(Some(Answer::Manifest(document))) => {
                let read = self.read.fetch_add(document.size, Ordering::Relaxed) + document.size;
                if read > MAX_READ {
                    let message =
                        format!("`{}` serves more than {MAX_READ} bytes of manifests", store.name());
                    return Err(
                        Diagnostic::error("too-much", message).with_help("check fewer references at once")
                    );
                }
                Ok(Ok(Some(Answer::Manifest(document))))
            }
            Ok(answer) => Ok(Ok(answer)),
            Err(error) => match fault(&error) {
                Some(fault) => Ok(Err(fault)),
                None => Err(error.to_diagnostic()),
            },
        }
    }

    fn look_up(&self, store: &dyn Store, question: &Question) -> Result<Option<Answer>, Error> {
        Ok(match question {
            Question::Tag(tag) => {
                let found = store.head_manifest(&TagOrDigest::Tag(tag.clone()))?;
                found.map(|descriptor| Answer::Tag(descriptor.digest))
            }
            Question::Manifest(digest) => {
                let found = store.get_manifest(&TagOrDigest::Digest(digest.clone()))?;
                found.map(|manifest| Answer::Manifest(Box::new(Document::read(&manifest))))
            }
            Question::Blob(digest) => store.head_blob(digest)?.map(Answer::Size),
            Question::Configuration(digest) => {
                store.get_blob(digest, MAX_CONFIG)?.map(|content| Answer::configuration(&content))
            }
            Question::Tags => Some(Answer::Tags(store.list_tags()?)),
            Question::ForDocker(at) => {
                Some(Answer::ForDocker(store.serves_as(at, &[DOCKER_LIST, DOCKER_MANIFEST])?))
            }
        })
    }
}

/// What an error says about the content; none when it is about the way to it.
fn fault(error: &Error) -> Option<Fault> {
    let code = match error.kind() {
        Kind::Digest { .. } => Code::DigestMismatch,
        Kind::TooLarge { .. } | Kind::Transport { problem: TransportError::TooLarge(_), .. } => {
            Code::TooLarge
        }
        Kind::Invalid(_) => Code::InvalidManifest,
        Kind::Rejected { .. } => Code::Refused,
        _ => return None,
    };
    Some(Fault { code, message: error.to_string() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::oci::{Descriptor, OCI_INDEX};
    use crate::published::progress::Quiet;
    use crate::reference::{Digest, Repository, Tag};
    use crate::registry::{Location, MAX_MANIFEST, Manifest, Mount};

    /// What has every manifest that it is asked for, each as large as may be.
    struct Endless;

    impl Store for Endless {
        fn name(&self) -> String {
            "oci-layout:endless".to_owned()
        }

        fn get_manifest(&self, at: &TagOrDigest) -> Result<Option<Manifest>, Error> {
            let TagOrDigest::Digest(digest) = at else { return Ok(None) };
            let bytes = vec![b'x'; usize::try_from(MAX_MANIFEST).unwrap()];
            Ok(Some(Manifest { media_type: OCI_INDEX.to_owned(), digest: digest.clone(), bytes }))
        }

        fn head_manifest(&self, _: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
            Ok(None)
        }

        fn put_manifest(&self, _: &TagOrDigest, _: &Manifest) -> Result<(), Error> {
            Ok(())
        }

        fn head_blob(&self, _: &Digest) -> Result<Option<u64>, Error> {
            Ok(None)
        }

        fn get_blob(&self, _: &Digest, _: u64) -> Result<Option<Vec<u8>>, Error> {
            Ok(None)
        }

        fn mount_blob(&self, _: &Digest, _: &Repository) -> Result<Mount, Error> {
            Ok(Mount::Declined(String::new()))
        }

        fn list_tags(&self) -> Result<Vec<Tag>, Error> {
            Ok(Vec::new())
        }

        fn list_referrers(&self, _: &Digest, _: Option<&str>) -> Result<Vec<Descriptor>, Error> {
            Ok(Vec::new())
        }
    }

    fn sites() -> [Site; 1] {
        [Site { location: Location::Layout("endless".to_owned()), store: Arc::new(Endless) }]
    }

    fn digests(count: usize) -> impl Iterator<Item = Digest> {
        (0..count).map(|at| Digest::sha256(at.to_string().as_bytes()))
    }

    #[test]
    fn manifests_come_to_an_end() {
        let sites = sites();
        let mut reader = Reader::new(&sites, &Quiet);
        let within = usize::try_from(MAX_READ / MAX_MANIFEST).unwrap();
        let questions = |count| digests(count).map(|digest| (0, Question::Manifest(digest))).collect();
        assert_eq!(reader.ask(questions(within)), Some(vec![]));
        let problems = reader.ask(questions(within + 2)).unwrap();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].message, "`oci-layout:endless` serves more than 268435456 bytes of manifests");
        // It is left alone from here on.
        assert_eq!(reader.ask([(0, Question::Tags)].into()), None);
    }

    #[test]
    fn questions_come_to_an_end() {
        let sites = sites();
        let mut reader = Reader::new(&sites, &Quiet);
        let questions = |count| digests(count).map(|digest| (0, Question::Blob(digest))).collect();
        assert_eq!(reader.ask(questions(1000)), Some(vec![]));
        let problems = reader.ask(questions(MAX_QUESTIONS + 1)).unwrap();
        assert_eq!(problems[0].message, "what is to be checked has more than 200000 parts");
        assert_eq!(reader.ask([(0, Question::Tags)].into()), None);
    }
}
