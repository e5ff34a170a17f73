//! A repository of a registry, over HTTP
//! (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints>).

use std::fmt;

use ureq::http::Method;

use super::auth::Scopes;
use super::client::{Call, Client, refusal};
use super::error::{Error, ErrorKind, Operation, entries_of};
use super::pages::{ASTRAY, MAX_REFERRERS, Names, Next, Pages, TOO_LONG, names_of};
use super::transport::{Answer, Message, Payload, TransportError, Wanted};
use super::url::encode;
use super::{
    Content, MAX_MANIFEST, Manifest, Mount, Negotiated, Open, ReferrerList, Store, TagList, TagOrDigest,
};
use crate::oci::{Descriptor, Index, MANIFEST_TYPES, media_type_of};
use crate::reference::{Digest, Repository, Tag};

/// How many bytes of a blob are read to learn its size, when a server sends more than it was asked for.
const MAX_PART: u64 = 64 * 1024;

/// The most bytes of one page of a list.
const MAX_LIST: u64 = 16 * 1024 * 1024;

/// A repository of a registry.
#[derive(Clone)]
pub struct RemoteRepository {
    pub(super) client: Client,
    pub(super) repository: Repository,
}

impl fmt::Debug for RemoteRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteRepository").field(&self.repository.to_string()).finish()
    }
}

impl Client {
    /// A repository, which need not exist.
    #[must_use]
    pub fn repository(&self, name: &Repository) -> RemoteRepository {
        RemoteRepository::new(self.clone(), name.clone())
    }
}

impl RemoteRepository {
    pub(super) fn new(client: Client, repository: Repository) -> Self {
        Self { client, repository }
    }

    pub(super) fn call(
        &self,
        operation: Operation,
        subject: String,
        method: Method,
        path: String,
    ) -> Call<'_> {
        let message = Message::new(method);
        let scopes = Scopes::pull(&self.repository);
        Call {
            operation,
            repository: &self.repository,
            subject,
            path,
            at: None,
            message,
            scopes,
            reads: None,
        }
    }

    /// A call that reads a manifest.
    fn read_manifest(&self, operation: Operation, method: Method, at: &TagOrDigest) -> Call<'_> {
        let subject = format!("{}{}", self.repository, at.suffix());
        let mut call = self.call(operation, subject, method, format!("manifests/{at}"));
        // Without Docker's or OCI's types, registries hide manifests or convert them.
        call.message.headers.push(("accept", MANIFEST_TYPES.join(", ")));
        call.message.wanted = Wanted::AtMost(MAX_MANIFEST);
        call.reads = Some(at.to_string());
        call
    }

    /// A call that reads a blob.
    pub(super) fn read_blob(&self, operation: Operation, method: Method, digest: &Digest) -> Call<'_> {
        let subject = format!("{}@{digest}", self.repository);
        let mut call = self.call(operation, subject, method, format!("blobs/{digest}"));
        call.reads = Some(digest.to_string());
        call
    }

    /// The answer to a HEAD; none when the server fails or says nothing that can be read, as some do that serve GET well, and
    /// when a place that the registry sends us to refuses it: its address may be signed for GET alone.
    fn head(&self, call: &Call<'_>) -> Result<Option<Answer>, Error> {
        match self.client.call(call) {
            Ok(answer) if matches!(answer.status, 401 | 403) => Ok(None),
            Ok(answer) => Ok(Some(answer)),
            Err(error) => match error.kind() {
                // 503 is about the server, and not about what it was asked.
                ErrorKind::Server { status: 500..=502 | 504.., .. }
                | ErrorKind::Transport { problem: TransportError::Protocol(_), .. } => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// The descriptor of a manifest, for an operation that needs it.
    fn look_up(&self, operation: Operation, at: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        let call = self.read_manifest(operation, Method::HEAD, at);
        let fetch = || {
            let manifest = self.fetch_manifest(operation, at)?;
            Ok(manifest.map(|manifest| manifest.descriptor()))
        };
        let Some(answer) = self.head(&call)? else { return fetch() };
        let fail = |kind| Error::new(call.operation, call.subject.clone(), kind);
        if is_bare_missing(&answer) {
            return Ok(None);
        }
        if !answer.is_success() && !matches!(answer.status, 404 | 405 | 501) {
            return Err(fail(refusal(&answer)));
        }
        let asked = if let TagOrDigest::Digest(digest) = at { Some(digest.clone()) } else { None };
        let told = told_digest(&answer).ok().flatten();
        let told = told.or_else(|| asked.clone()).filter(|_| answer.is_success());
        let media_type = Some(answer.content_type()).filter(|kind| is_manifest_type(kind));
        let (Some(digest), Some(media_type), Some(size)) = (told, media_type, answer.content_length()) else {
            // Not every registry says enough without the content.
            return fetch();
        };
        match asked {
            Some(expected) if expected.algorithm() == digest.algorithm() && expected != digest => {
                Err(fail(ErrorKind::Digest { expected, found: digest }))
            }
            asked => Ok(Some(Descriptor::new(media_type, asked.unwrap_or(digest), size))),
        }
    }

    /// Takes note that a manifest was written there.
    fn wrote(&self, at: &TagOrDigest, manifest: &Manifest) {
        self.client.wrote(&self.repository, at.as_str());
        self.client.wrote(&self.repository, manifest.digest.as_str());
    }

    /// Whether this manifest is served there.
    fn has_manifest(&self, at: &TagOrDigest, digest: &Digest) -> bool {
        let found = self.fetch_manifest(Operation::PutManifest, at);
        found.is_ok_and(|found| found.is_some_and(|found| found.digest == *digest))
    }

    fn fetch_manifest(&self, operation: Operation, at: &TagOrDigest) -> Result<Option<Manifest>, Error> {
        let call = self.read_manifest(operation, Method::GET, at);
        let mut attempts = self.client.attempts();
        let answer = loop {
            let answer = self.client.call(&call)?;
            // The page of a proxy, while the registry behind it is away.
            let is_page = answer.is_success() && answer.content_type().ends_with("html");
            if !(is_page && self.client.pause(&call, &mut attempts, "a page answers, not the registry")) {
                break answer;
            }
        };
        let fail = |kind| Error::new(operation, call.subject.clone(), kind);
        if is_missing(&answer) {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(fail(refusal(&answer)));
        }
        let told = told_digest(&answer).map_err(fail)?;
        let expected = match at {
            TagOrDigest::Digest(digest) => Some(digest.clone()),
            TagOrDigest::Tag(_) => told,
        };
        let digest = verified(&answer.body, expected).map_err(fail)?;
        let media_type = manifest_type(&answer).map_err(fail)?;
        Ok(Some(Manifest { media_type, digest, bytes: answer.body }))
    }

    /// Reads the list of tags, until its end or until that is enough.
    fn list(&self, is_enough: &dyn Fn(&Names) -> bool) -> Result<TagList, Error> {
        let fail = |kind| Error::new(Operation::ListTags, self.name(), kind);
        let invalid_list = |problem| fail(ErrorKind::Invalid(problem));
        let mut names = Names::default();
        let mut no_repository = None;
        let mut slowness = self.client.slowness();
        let mut next = Some(names.first().map_err(invalid_list)?);
        while let Some(path) = next {
            let mut call = self.call(Operation::ListTags, self.name(), Method::GET, path);
            call.message.wanted = Wanted::AtMost(MAX_LIST);
            let answer = self.client.call(&call)?;
            if !answer.is_success() {
                if names.end_with(answer.status).map_err(invalid_list)? {
                    break;
                }
                next = names.without_size(answer.status);
                if next.is_some() {
                    continue;
                }
                let error = fail(refusal(&answer));
                if names.is_first() && is_unknown_name(&answer) {
                    no_repository = Some(error.to_diagnostic());
                    break;
                }
                return Err(error);
            }
            let page = names_of(&answer.body).map_err(|error| fail(invalid("list of tags", &error)))?;
            let link = Next::of(&answer, &self.repository, &call.path);
            next = names.add(&page, link).map_err(invalid_list)?;
            if is_enough(&names) {
                break;
            }
            if next.is_some() {
                self.client.bear(&mut slowness, &call, answer.body.len()).map_err(fail)?;
            }
        }
        let has_end = names.has_end();
        // What is not a tag cannot be one of ours.
        let tags = names.into_names().filter_map(|name| name.parse().ok()).collect();
        Ok(TagList { tags, has_end, no_repository })
    }
}

impl Store for RemoteRepository {
    fn name(&self) -> String {
        self.repository.to_string()
    }

    fn head_manifest(&self, at: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        self.look_up(Operation::HeadManifest, at)
    }

    fn get_manifest(&self, at: &TagOrDigest) -> Result<Option<Manifest>, Error> {
        self.fetch_manifest(Operation::GetManifest, at)
    }

    fn serves_as(&self, at: &TagOrDigest, media_types: &[&str]) -> Result<Negotiated, Error> {
        let mut call = self.read_manifest(Operation::GetManifest, Method::GET, at);
        call.message.headers = vec![("accept", media_types.join(", "))];
        let answer = self.client.call(&call)?;
        if answer.is_success() {
            return Ok(Negotiated::As(answer.content_type()));
        }
        Ok(Negotiated::Refused(refusal(&answer).to_string()))
    }

    fn put_manifest(&self, at: &TagOrDigest, manifest: &Manifest) -> Result<(), Error> {
        let subject = format!("{}{}", self.repository, at.suffix());
        let mut call = self.call(Operation::PutManifest, subject, Method::PUT, format!("manifests/{at}"));
        let fail = |kind| Error::new(Operation::PutManifest, call.subject.clone(), kind);
        check_writable(at, manifest).map_err(fail)?;
        call.message.headers.push(("content-type", manifest.media_type.clone()));
        call.message.payload = Payload::Bytes(&manifest.bytes);
        call.scopes = Scopes::push(&self.repository);
        let answer = match self.client.call(&call) {
            Ok(answer) => answer,
            // Perhaps only the answer was lost.
            Err(error) if error.is_after_sending() && self.has_manifest(at, &manifest.digest) => {
                self.wrote(at, manifest);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let fail = |kind| Error::new(Operation::PutManifest, call.subject.clone(), kind);
        if !answer.is_success() {
            return Err(fail(refusal(&answer)));
        }
        if let Some(found) = told_digest(&answer).map_err(fail)?
            && found.recompute(&manifest.bytes) != found
        {
            return Err(fail(ErrorKind::Digest { expected: manifest.digest.clone(), found }));
        }
        self.wrote(at, manifest);
        if answer.status == 201 {
            return Ok(());
        }
        // Pages for people, caches and gateways also say that all went well.
        let stored = self.fetch_manifest(Operation::PutManifest, &manifest.digest.clone().into());
        let why = match stored {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => "it is not there".to_owned(),
            Err(error) => error.kind().to_string(),
        };
        Err(fail(ErrorKind::NotStored { status: answer.status, why }))
    }

    fn head_blob(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        let answer = self.head(&self.read_blob(Operation::HeadBlob, Method::HEAD, digest))?;
        if answer.as_ref().is_some_and(is_bare_missing) {
            return Ok(None);
        }
        match answer.filter(Answer::is_success).and_then(|answer| answer.content_length()) {
            Some(size) => Ok(Some(size)),
            // Either no registry answered, or one that does not say enough: an explanation comes with GET alone.
            None => self.measure_blob(digest),
        }
    }

    fn measure_blob(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        let mut call = self.read_blob(Operation::HeadBlob, Method::GET, digest);
        call.message.headers.push(("range", "bytes=0-0".to_owned()));
        call.message.wanted = Wanted::Beginning(MAX_PART);
        let answer = self.client.call(&call)?;
        if is_missing(&answer) {
            return Ok(None);
        }
        let fail = |kind| Err(Error::new(call.operation, call.subject.clone(), kind));
        match (total_of(&answer, MAX_PART), answer.is_success()) {
            (Some(size), _) => Ok(Some(size)),
            (None, true) => fail(ErrorKind::Invalid("the registry does not report the size".to_owned())),
            (None, false) => fail(refusal(&answer)),
        }
    }

    fn get_blob(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let mut call = self.read_blob(Operation::GetBlob, Method::GET, digest);
        call.message.wanted = Wanted::AtMost(limit);
        let answer = self.client.call(&call)?;
        if is_missing(&answer) {
            return Ok(None);
        }
        let fail = |kind| Error::new(call.operation, call.subject.clone(), kind);
        if !answer.is_success() {
            return Err(fail(refusal(&answer)));
        }
        verified(&answer.body, Some(digest.clone())).map_err(fail)?;
        Ok(Some(answer.body))
    }

    fn open_blob<'a>(&'a self, digest: &Digest, size: u64) -> Result<Option<Box<dyn Content + 'a>>, Error> {
        self.download(digest, size)
    }

    fn put_blob(&self, digest: &Digest, size: u64, open: &Open<'_>) -> Result<(), Error> {
        self.upload(digest, size, open)
    }

    fn mount_blob(&self, digest: &Digest, from: &Repository) -> Result<Mount, Error> {
        if from.registry() != self.repository.registry() {
            return Ok(Mount::Declined(format!("{from} is in another registry")));
        }
        let path = format!("blobs/uploads/?mount={}&from={}", encode(digest.as_str()), encode(from.path()));
        let subject = format!("{}@{digest}", self.repository);
        let mut call = self.call(Operation::MountBlob, subject, Method::POST, path);
        call.message.payload = Payload::Bytes(&[]);
        // Docker Hub wants to see that we may read the other one (https://github.com/oras-project/rust-oci-client/issues/235).
        call.scopes = Scopes::push(&self.repository).union(&Scopes::pull(from));
        let answer = match self.client.call(&call) {
            Ok(answer) => answer,
            // Harbor answers so where others begin an upload (https://github.com/goharbor/harbor/issues/17097).
            Err(error) if matches!(error.kind(), ErrorKind::Unauthorized(_) | ErrorKind::Denied { .. }) => {
                return Ok(Mount::Declined(error.kind().to_string()));
            }
            Err(error) => return Err(error),
        };
        match answer.status {
            201 => {
                self.client.wrote(&self.repository, digest.as_str());
                Ok(Mount::Mounted)
            }
            200..300 => {
                self.client.cancel_upload(&self.repository, &call.scopes, &answer);
                Ok(Mount::Declined("the registry requires an upload".to_owned()))
            }
            _ => Ok(Mount::Declined(refusal(&answer).to_string())),
        }
    }

    fn list_tags(&self) -> Result<Vec<Tag>, Error> {
        Ok(self.tag_list()?.tags)
    }

    fn tag_list(&self) -> Result<TagList, Error> {
        self.list(&|_| false)
    }

    fn lists(&self, tags: &[&Tag]) -> Result<bool, Error> {
        let shows = |names: &Names| tags.iter().all(|tag| names.has(tag.as_str()));
        let listed = self.list(&shows)?.tags;
        Ok(tags.iter().all(|tag| listed.contains(tag)))
    }

    fn referrer_list(&self, subject: &Digest, artifact_type: Option<&str>) -> Result<ReferrerList, Error> {
        let filter = artifact_type.map(|kind| format!("?artifactType={}", encode(kind))).unwrap_or_default();
        let about = format!("{}@{subject}", self.repository);
        let path = format!("referrers/{subject}{filter}");
        let mut call = self.call(Operation::ListReferrers, about.clone(), Method::GET, path);
        call.message.headers.push(("accept", crate::oci::OCI_INDEX.to_owned()));
        call.message.wanted = Wanted::AtMost(MAX_LIST);
        let fail = |kind| Error::new(Operation::ListReferrers, about.clone(), kind);
        let invalid_list = |problem| fail(ErrorKind::Invalid(problem));
        let (mut referrers, mut pages, mut is_known) = (Vec::new(), Pages::default(), true);
        loop {
            pages.follow(&call.path).map_err(invalid_list)?;
            let answer = self.client.call(&call)?;
            let index = |bytes: &[u8]| {
                serde_json::from_slice::<Index>(bytes).map_err(|error| fail(invalid("index", &error)))
            };
            // A gateway that knows nothing of this endpoint may answer with anything, such as `{}`.
            let is_list = answer.is_success() && !is_no_index(&answer.body);
            if !is_list {
                // Registries without this endpoint have a tag instead
                // (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema).
                let is_none = pages.is_first() && matches!(answer.status, 400 | 404 | 405 | 501);
                if !answer.is_success() && !is_none {
                    return Err(fail(refusal(&answer)));
                }
                if !pages.is_first() {
                    return Err(invalid_list("a page that the list goes on with holds no list".to_owned()));
                }
                // Most images have none, and registries count GETs alone.
                let tag = fallback_tag(subject);
                let is_there = self.look_up(Operation::ListReferrers, &tag)?.is_some();
                let manifest =
                    is_there.then(|| self.fetch_manifest(Operation::ListReferrers, &tag)).transpose()?;
                match manifest.flatten() {
                    Some(manifest) => referrers = index(&manifest.bytes)?.manifests,
                    // Whoever attached something without that tag did so where nobody can find it.
                    None => is_known = false,
                }
                break;
            }
            referrers.extend(index(&answer.body)?.manifests);
            if referrers.len() > MAX_REFERRERS {
                return Err(invalid_list(TOO_LONG.to_owned()));
            }
            // Registries have to link to what comes next, and there is no other way to ask for it
            // (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers).
            match Next::of(&answer, &self.repository, &call.path) {
                Next::Unsaid => break,
                Next::At(path) => call.path = path,
                Next::Astray => return Err(invalid_list(ASTRAY.to_owned())),
            }
        }
        // The registry need not filter.
        referrers.retain(|referrer| {
            artifact_type.is_none_or(|kind| referrer.artifact_type.as_deref() == Some(kind))
        });
        Ok(ReferrerList { referrers, is_known })
    }
}

/// Whether an answer is JSON without a list of manifests.
fn is_no_index(body: &[u8]) -> bool {
    let answer = serde_json::from_slice::<serde_json::Value>(body);
    answer.is_ok_and(|answer| {
        answer.is_object() && answer.get("manifests").is_none_or(serde_json::Value::is_null)
    })
}

/// The tag of the index of what refers to a manifest, where a registry has no better place: `sha256-…`.
pub(super) fn fallback_tag(subject: &Digest) -> TagOrDigest {
    let digits = &subject.hex()[..64];
    TagOrDigest::Tag(
        format!("{}-{digits}", subject.algorithm())
            .parse()
            .expect("algorithm and digits are what a tag may have"),
    )
}

/// Refuses what no registry would take.
pub(super) fn check_writable(at: &TagOrDigest, manifest: &Manifest) -> Result<(), ErrorKind> {
    if manifest.bytes.len() as u64 > MAX_MANIFEST {
        return Err(ErrorKind::TooLarge { limit: MAX_MANIFEST });
    }
    let named = if let TagOrDigest::Digest(digest) = at { digest } else { &manifest.digest };
    verified(&manifest.bytes, Some(named.clone())).map(|_| ())
}

/// The digest of the content, which has to be this one if one is given.
pub(super) fn verified(content: &[u8], expected: Option<Digest>) -> Result<Digest, ErrorKind> {
    let Some(expected) = expected else { return Ok(Digest::sha256(content)) };
    let found = expected.recompute(content);
    if found == expected { Ok(found) } else { Err(ErrorKind::Digest { expected, found }) }
}

/// Whether a registry says that something is not there. Only its own words count: a 404 of a proxy would hide a
/// wrong address.
pub(super) fn is_missing(answer: &Answer) -> bool {
    answer.status == 404 && entries_of(&answer.body).is_some()
}

/// Whether a registry says that there is no such repository. That its list is not there says nothing about tags: some
/// registries have none.
fn is_unknown_name(answer: &Answer) -> bool {
    let entries = entries_of(&answer.body).unwrap_or_default();
    answer.status == 404 && entries.iter().any(|entry| entry.code == "NAME_UNKNOWN")
}

/// The same for HEAD, whose answer has no words: the media type of those that GET would get.
fn is_bare_missing(answer: &Answer) -> bool {
    answer.status == 404 && answer.content_type().ends_with("json")
}

/// The size of all of what the first byte was asked of. `limit` is how many bytes of an answer are read.
fn total_of(answer: &Answer, limit: u64) -> Option<u64> {
    let range = answer.header("content-range");
    let told = range.and_then(|range| range.rsplit_once('/')?.1.parse().ok());
    let read = answer.body.len() as u64;
    match answer.status {
        // 416 is the answer when there is no first byte.
        206 | 416 => told,
        // The request for a part was passed over.
        200 => answer.content_length().or_else(|| (read < limit).then_some(read)),
        _ => None,
    }
}

/// The digest that a registry tells.
pub(super) fn told_digest(answer: &Answer) -> Result<Option<Digest>, ErrorKind> {
    let told = answer.header("docker-content-digest").filter(|told| !told.is_empty());
    let parsed = told.map(|told| told.parse().map_err(|error| (told, error))).transpose();
    parsed.map_err(|(told, error)| {
        ErrorKind::Invalid(format!("the registry reports the digest {told:?}: {error}"))
    })
}

fn is_manifest_type(media_type: &str) -> bool {
    media_type.contains("vnd.")
}

/// The media type of a manifest: what the registry says, or what the content says of itself.
fn manifest_type(answer: &Answer) -> Result<String, ErrorKind> {
    let told = answer.content_type();
    if is_manifest_type(&told) {
        return Ok(told);
    }
    media_type_of(&answer.body).ok_or_else(|| {
        ErrorKind::Invalid(format!("the registry reports the media type {told:?}, which is not a manifest"))
    })
}

fn invalid(what: &str, error: &serde_json::Error) -> ErrorKind {
    ErrorKind::Invalid(format!("the response is not a valid {what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fallback_tag_is_a_tag() {
        for (algorithm, digits) in [("sha256", 64), ("sha384", 96), ("sha512", 128)] {
            let digest = format!("{algorithm}:{}", "a".repeat(digits)).parse().unwrap();
            assert_eq!(fallback_tag(&digest).to_string(), format!("{algorithm}-{}", "a".repeat(64)));
        }
    }

    #[test]
    fn content_is_verified_by_the_algorithm_of_its_digest() {
        for algorithm in ["sha256:", "sha384:", "sha512:"] {
            let length = if algorithm == "sha256:" {
                64
            } else if algorithm == "sha384:" {
                96
            } else {
                128
            };
            let wrong: Digest = format!("{algorithm}{}", "0".repeat(length)).parse().unwrap();
            let right = wrong.recompute(b"content");
            assert_eq!(verified(b"content", Some(right.clone())).unwrap(), right);
            assert!(matches!(verified(b"content", Some(wrong)), Err(ErrorKind::Digest { .. })));
        }
        let plain = "sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";
        assert_eq!(verified(b"content", None).unwrap().as_str(), plain);
    }
}
