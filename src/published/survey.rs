//! Asks the repositories, several questions at once, and keeps what they answer: a pure look says what it has to know,
//! the survey finds it out, until a look is content.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::progress::Progress;
use super::provenance::{MAX_STATEMENT, Statement};
use super::record::{Answer, Configuration, Fault, FaultKind, Question, Questions, Record, Reply};
use super::served::Served;
use super::shared::{self, Request, Told};
use super::sites::{self, Site};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{ATTESTATION_TYPE, DOCKER_LIST, DOCKER_MANIFEST, Descriptor};
use crate::reference::{Digest, Tag};
use crate::registry::{Error, MAX_CONFIG, Store, TagOrDigest};

/// The most bytes of manifests that are read in one run.
const MAX_READ: u64 = 256 * 1024 * 1024;
/// The most questions in one run: a registry may invent as many things to ask for as it likes.
const MAX_QUESTIONS: usize = 200_000;

/// What a survey makes of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A repository that fails is asked nothing more, and an answer that cannot be used is a failure, too, unless it is
    /// about what is to be replaced: for those who give up when anything is wrong.
    EndsIt,
    /// A repository that fails is asked nothing more, the others are; an answer that cannot be used is an answer: for
    /// those who tell all that is wrong.
    IsTold,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// There was nothing to ask that is not known, or cannot be known.
    Idle,
    /// Repositories were asked; these failed.
    Asked(Vec<Diagnostic>),
}

/// What repositories say of manifests that they have, as far as that is clear.
type Claims = Vec<(usize, Digest, Option<Descriptor>)>;

/// Repositories, and what is known of them.
pub(crate) struct Survey<'a> {
    sites: &'a [Site],
    records: Vec<Record>,
    /// Those that failed, and are left alone.
    failed: Vec<AtomicBool>,
    /// Why, by site.
    failures: BTreeMap<usize, Diagnostic>,
    progress: &'a dyn Progress,
    trouble: Trouble,
    /// How many bytes of manifests were read.
    read: AtomicU64,
}

impl<'a> Survey<'a> {
    /// A survey that has asked nothing yet.
    #[must_use]
    pub(crate) fn new(sites: &'a [Site], progress: &'a dyn Progress, trouble: Trouble) -> Self {
        Self {
            sites,
            records: vec![Record::default(); sites.len()],
            failed: sites.iter().map(|_| AtomicBool::new(false)).collect(),
            failures: BTreeMap::new(),
            progress,
            trouble,
            read: AtomicU64::new(0),
        }
    }

    /// What is known, in the order of the sites.
    #[must_use]
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Why sites are asked nothing more, by their positions.
    #[must_use]
    pub(crate) fn failures(&self) -> &BTreeMap<usize, Diagnostic> {
        &self.failures
    }

    /// Forgets which manifests and blobs are not there, so that they are asked for again.
    pub(crate) fn forget_absent(&mut self) {
        self.records.iter_mut().for_each(Record::forget_absent);
    }

    /// Forgets the list of tags of a site, and what these tags are, so that both are read again.
    pub(crate) fn forget_tags(&mut self, site: usize, tags: &BTreeSet<Tag>) {
        self.records[site].forget_tags(tags);
    }

    /// Looks, and asks what the look has to know, until it asks nothing that can be found out; what came of the last look,
    /// and which repositories failed.
    pub(crate) fn conduct<T>(&mut self, look: impl Fn(&[Record]) -> (T, Questions)) -> (T, Vec<Diagnostic>) {
        let mut failures = Vec::new();
        loop {
            let (found, questions) = look(&self.records);
            match self.ask(questions) {
                Round::Idle => return (found, failures),
                Round::Asked(more) => failures.extend(more),
            }
            if !failures.is_empty() && self.trouble == Trouble::EndsIt {
                return (found, failures);
            }
        }
    }

    /// Asks what a look has to know, until it asks nothing that can be found out; which repositories failed.
    pub(crate) fn learn(&mut self, asked: impl Fn(&[Record]) -> Questions) -> Vec<Diagnostic> {
        self.conduct(|records| ((), asked(records))).1
    }

    /// Asks what is not known yet.
    pub(crate) fn ask(&mut self, questions: Questions) -> Round {
        let is_open = |(site, question): &(usize, Question)| {
            !self.failed[*site].load(Ordering::Relaxed) && !self.records[*site].knows(question)
        };
        let open: Vec<_> = questions.into_iter().filter(is_open).collect();
        if open.is_empty() {
            return Round::Idle;
        }
        if open.len() + self.records.iter().map(Record::len).sum::<usize>() > MAX_QUESTIONS {
            self.failed.iter().for_each(|failed| failed.store(true, Ordering::Relaxed));
            let failure = too_much(format!("the references have more than {MAX_QUESTIONS} parts to check"));
            for site in 0..self.sites.len() {
                self.failures.entry(site).or_insert_with(|| failure.clone());
            }
            return Round::Asked(vec![failure]);
        }
        let requests = shared::requests(open, self.sites, &self.records);
        let (claims, mut failures) = self.send(&requests);
        let mut unclear = Vec::new();
        for (site, digest, found) in claims {
            let agreed = found.and_then(|found| shared::agreed(&found, &digest, &self.records));
            match agreed {
                Some(served) => {
                    let reply = Reply::Present(Answer::Confirmed(served));
                    self.records[site].learn(Question::Manifest(digest), reply);
                }
                None => unclear.push((site, Request::Whole(Question::Manifest(digest)))),
            }
        }
        if !unclear.is_empty() {
            let (_, more) = self.send(&unclear);
            failures.extend(more);
        }
        for (site, failure) in &failures {
            self.failures.entry(*site).or_insert_with(|| failure.clone());
        }
        Round::Asked(failures.into_values().collect())
    }

    /// Sends requests and takes note of the answers; gives what repositories say of manifests that they have, and the
    /// failures.
    fn send(&mut self, requests: &[(usize, Request)]) -> (Claims, BTreeMap<usize, Diagnostic>) {
        let answer = |store: &dyn Store, request: &Request| match request {
            Request::Whole(question) => self.answer(store, question).map(Told::Reply),
            Request::Presence(digest) => {
                shared::presence(store, digest).map_err(|error| error.to_diagnostic())
            }
        };
        let known: Vec<usize> = self.records.iter().map(Record::len).collect();
        let (answers, failures) =
            sites::ask(self.sites, &self.failed, &known, self.progress, requests, answer);
        let mut claims = Vec::new();
        for (site, request, told) in answers {
            match (request, told) {
                (Request::Whole(question), Told::Reply(reply)) => self.records[site].learn(question, reply),
                (Request::Presence(digest), Told::Reply(reply)) => {
                    self.records[site].learn(Question::Manifest(digest), reply);
                }
                (Request::Presence(digest), Told::Has(found)) => claims.push((site, digest, Some(found))),
                (Request::Presence(digest), Told::Unclear) => claims.push((site, digest, None)),
                (Request::Whole(_), Told::Has(_) | Told::Unclear) => {}
            }
        }
        (claims, failures)
    }

    fn answer(&self, store: &dyn Store, question: &Question) -> Result<Reply, Diagnostic> {
        match look_up(store, question) {
            Ok(None) => Ok(Reply::Absent),
            Ok(Some(answer)) => {
                if let Answer::Manifest(served) = &answer {
                    let size = served.size();
                    if self.read.fetch_add(size, Ordering::Relaxed) + size > MAX_READ {
                        let message =
                            format!("`{}` serves more than {MAX_READ} bytes of manifests", store.name());
                        return Err(too_much(message));
                    }
                }
                Ok(Reply::Present(answer))
            }
            Err(error) => {
                let fault = match self.trouble {
                    Trouble::IsTold if *question == Question::Tags => {
                        Fault::of_list(&error).or_else(|| Fault::of(&error))
                    }
                    Trouble::IsTold => Fault::of(&error),
                    Trouble::EndsIt if *question == Question::Tags => Fault::of_list(&error),
                    Trouble::EndsIt if question.is_about_replaced() => Fault::of_replaced(&error),
                    // Nothing that is published depends on it.
                    Trouble::EndsIt if matches!(question, Question::Provenance(_)) => Fault::of(&error),
                    Trouble::EndsIt if matches!(question, Question::Configuration(_)) => {
                        Fault::of_compared(&error)
                    }
                    Trouble::EndsIt => Fault::of_damaged(&error),
                };
                fault.map(Reply::Faulty).ok_or_else(|| error.to_diagnostic())
            }
        }
    }
}

fn too_much(message: String) -> Diagnostic {
    Diagnostic::error(Code::TOO_MUCH, message).with_help("check fewer references at once")
}

fn look_up(store: &dyn Store, question: &Question) -> Result<Option<Answer>, Error> {
    Ok(match question {
        Question::Tag(tag) => {
            let found = store.head_manifest(&TagOrDigest::Tag(tag.clone()))?;
            found.map(|descriptor| Answer::Tag(descriptor.digest))
        }
        Question::Manifest(digest) | Question::Previous(digest) => {
            let found = store.get_manifest(&TagOrDigest::Digest(digest.clone()))?;
            found.map(|manifest| Answer::Manifest(Arc::new(Served::read(manifest))))
        }
        Question::Stored(digest) => {
            let found = store.head_manifest(&TagOrDigest::Digest(digest.clone()))?;
            found.map(|descriptor| Answer::Size(u64::try_from(descriptor.size).unwrap_or(0)))
        }
        Question::Blob(digest) => store.head_blob(digest)?.map(Answer::Size),
        Question::Measure(digest) => store.measure_blob(digest)?.map(Answer::Size),
        Question::Configuration(digest) => {
            let found = store.get_blob(digest, MAX_CONFIG)?;
            found.map(|content| Answer::Configuration(Configuration::read(&content)))
        }
        Question::Provenance(digest) => {
            let found = store.get_blob(digest, MAX_STATEMENT)?;
            found.map(|content| Answer::Provenance(Statement::read(&content)))
        }
        Question::Tags => {
            let mut list = store.tag_list()?;
            let missing = list.no_repository.take();
            let fault = missing.map(|diagnostic| Fault { kind: FaultKind::Missing, diagnostic });
            Some(Answer::Tags(list, fault))
        }
        Question::Referrers(image) => {
            Some(Answer::Referrers(store.referrer_list(image, Some(ATTESTATION_TYPE))?))
        }
        Question::About(digest) => Some(Answer::Referrers(store.referrer_list(digest, None)?)),
        Question::ForDocker(at) => {
            Some(Answer::ForDocker(store.serves_as(at, &[DOCKER_LIST, DOCKER_MANIFEST])?))
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::progress::Quiet;
    use super::super::record::Known;
    use super::*;
    use crate::oci::OCI_INDEX;
    use crate::reference::Repository;
    use crate::registry::{Content, Layout, Location, MAX_MANIFEST, Manifest, Mount, Open, ReferrerList};

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

        fn open_blob(&self, _: &Digest, _: u64) -> Result<Option<Box<dyn Content>>, Error> {
            Ok(None)
        }

        fn put_blob(&self, _: &Digest, _: u64, _: &Open<'_>) -> Result<(), Error> {
            Ok(())
        }

        fn mount_blob(&self, _: &Digest, _: &Repository) -> Result<Mount, Error> {
            Ok(Mount::Declined(String::new()))
        }

        fn list_tags(&self) -> Result<Vec<Tag>, Error> {
            Ok(Vec::new())
        }

        fn referrer_list(&self, _: &Digest, _: Option<&str>) -> Result<ReferrerList, Error> {
            Ok(ReferrerList::default())
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
        let mut survey = Survey::new(&sites, &Quiet, Trouble::IsTold);
        let within = usize::try_from(MAX_READ / MAX_MANIFEST).unwrap();
        let questions = |count| digests(count).map(|digest| (0, Question::Manifest(digest))).collect();
        assert_eq!(survey.ask(questions(within)), Round::Asked(vec![]));
        let Round::Asked(problems) = survey.ask(questions(within + 2)) else { panic!("it was asked") };
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].message, "`oci-layout:endless` serves more than 268435456 bytes of manifests");
        // It is left alone from here on.
        assert_eq!(survey.ask([(0, Question::Tags)].into()), Round::Idle);
    }

    #[test]
    fn questions_come_to_an_end() {
        let sites = sites();
        let mut survey = Survey::new(&sites, &Quiet, Trouble::IsTold);
        let questions = |count| digests(count).map(|digest| (0, Question::Blob(digest))).collect();
        assert_eq!(survey.ask(questions(1000)), Round::Asked(vec![]));
        let Round::Asked(problems) = survey.ask(questions(MAX_QUESTIONS + 1)) else { panic!("it was asked") };
        assert_eq!(problems[0].message, "the references have more than 200000 parts to check");
        assert_eq!(survey.ask([(0, Question::Tags)].into()), Round::Idle);
    }

    /// A repository of two manifests, the first of which is larger than any.
    fn damaged(folder: &Path) -> ([Site; 1], [Digest; 2]) {
        let store = Layout::empty_at(folder.to_owned());
        let texts = [r#"{"manifests":[]}"#, r#"{"manifests": []}"#];
        let manifests = texts.map(|text| Manifest::new(OCI_INDEX, text.into()));
        for manifest in &manifests {
            store.put_manifest(&manifest.digest.clone().into(), manifest).unwrap();
        }
        let digests = manifests.map(|manifest| manifest.digest);
        let (algorithm, hex) = digests[0].as_str().split_once(':').unwrap();
        let size = usize::try_from(MAX_MANIFEST).unwrap() + 1;
        fs::write(folder.join("blobs").join(algorithm).join(hex), vec![b' '; size]).unwrap();
        ([Site { location: Location::Layout("damaged".to_owned()), store: Arc::new(store) }], digests)
    }

    #[test]
    fn an_answer_that_cannot_be_used_is_told_or_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let (sites, digests) = damaged(folder.path());
        let look =
            |_: &[Record]| ((), digests.iter().cloned().map(|one| (0, Question::Manifest(one))).collect());

        let mut survey = Survey::new(&sites, &Quiet, Trouble::IsTold);
        assert_eq!(survey.conduct(look), ((), Vec::new()));
        let [record] = survey.records() else { panic!("one repository") };
        let Known::Faulty(fault) = record.manifest(&digests[0]) else { panic!("{record:?}") };
        assert_eq!(fault.kind, FaultKind::TooLarge);
        assert!(record.manifest(&digests[1]).present().is_some());

        let mut survey = Survey::new(&sites, &Quiet, Trouble::EndsIt);
        let ((), failures) = survey.conduct(look);
        assert_eq!(failures, std::slice::from_ref(&fault.diagnostic));
        assert!(survey.records()[0].manifest(&digests[0]).is_unasked());
        assert_eq!(survey.ask([(0, Question::Tags)].into()), Round::Idle);
    }
}
