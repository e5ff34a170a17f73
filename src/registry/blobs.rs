//! Blobs of a registry that are read and written as they come: neither side is kept in memory.

use std::io::Read;

use ureq::http::Method;

use super::Store;
use super::auth::Scopes;
use super::client::{Call, refusal};
use super::content::{Content, Fault, Open, Verified};
use super::error::{Error, ErrorKind, Operation};
use super::parts::{LARGEST, SMALLEST, Sent, Upload, is_broken, least_part, stated, upload_url, with_digest};
use super::remote::{RemoteRepository, is_missing, told_digest};
use super::retry::Attempts;
use super::transport::{Answer, Payload, Stream, TransportError, Wanted};
use super::url::Url;
use crate::reference::Digest;

/// After how many bytes a server that broke the connection is trusted as if it had not.
const PROGRESS: u64 = 1024 * 1024;

/// How often a blob is sent at most, however patient one is: each time, all of it is sent.
const MAX_SENDINGS: u32 = 6;

impl RemoteRepository {
    /// A blob, read as it comes.
    pub(super) fn download<'a>(
        &'a self,
        digest: &Digest,
        size: u64,
    ) -> Result<Option<Box<dyn Content + 'a>>, Error> {
        let (attempts, digest) = (self.client.attempts(), digest.clone());
        let mut download =
            Download { repository: self, digest, size, at: 0, trusted: 0, stream: None, attempts };
        let is_there = download.open()?;
        Ok(is_there.then(|| -> Box<dyn Content> { Box::new(download) }))
    }

    /// Sends a blob, all of it again when that fails in a way that passes.
    pub(super) fn upload(&self, digest: &Digest, size: u64, open: &Open<'_>) -> Result<(), Error> {
        let mut attempts = self.client.attempts();
        let mut sendings = 0;
        let mut way = Way::Whole;
        let mut parts = Some(size.div_ceil(2).clamp(SMALLEST, LARGEST)).filter(|part| *part < size);
        loop {
            let began = self.client.elapsed();
            let call = self.begin(digest);
            let sent = match way {
                Way::Whole => self.send(&call, digest, size, open),
                Way::Parts(part) => self.send_parts(digest, size, part, open),
            };
            let error = match (sent, way) {
                (Ok(Ok(())), _) => {
                    self.client.wrote(&self.repository, digest.as_str());
                    return Ok(());
                }
                // That parts could help was a guess.
                (Ok(Err(error)) | Err(error), Way::Parts(_)) if is_refused(&error) => {
                    (way, parts) = (Way::Whole, None);
                    continue;
                }
                (Ok(Err(error)), _) => error,
                (Err(error), _) => return Err(error),
            };
            sendings += 1;
            // Some proxies break the connection where others say that it is too much at once.
            (way, parts) = match (way, parts) {
                (Way::Whole, Some(part)) if is_broken(&error) => {
                    (Way::Parts(part), Some((part / 4).max(SMALLEST)))
                }
                _ => (Way::Whole, parts),
            };
            attempts.excuse(self.client.elapsed().saturating_sub(began));
            // Perhaps only the answer was lost.
            if error.is_transient() && self.has(digest, size) {
                return Ok(());
            }
            let may_pass = error.is_transient() || is_lost(&error);
            let why = error.kind().to_string();
            if !(may_pass && sendings < MAX_SENDINGS && self.client.pause(&call, &mut attempts, &why)) {
                return Err(error);
            }
        }
    }

    /// Whether a blob of this size is there.
    fn has(&self, digest: &Digest, size: u64) -> bool {
        self.head_blob(digest).is_ok_and(|found| found == Some(size))
            || self.measure_blob(digest).is_ok_and(|found| found == Some(size))
    }

    /// The call that begins an upload.
    pub(super) fn begin(&self, digest: &Digest) -> Call<'_> {
        let subject = format!("{}@{digest}", self.repository);
        let mut call = self.call(Operation::PutBlob, subject, Method::POST, "blobs/uploads/".to_owned());
        call.message.payload = Payload::Bytes(&[]);
        call.scopes = Scopes::push(&self.repository);
        call
    }

    /// Sends a blob once, as BuildKit does, so that a registry that takes builds takes this, too: begins an upload, and sends
    /// all in one request; in parts where that is too much, and the rest where the connection breaks. What is wrong with the
    /// content, or before anything was sent, is an error; what is wrong with the upload may pass.
    fn send(&self, call: &Call<'_>, digest: &Digest, size: u64, open: &Open<'_>) -> Sent {
        let Begun { at, least } = self.begun(call)?;
        let fault = Fault::default();
        let content = || -> Box<dyn Read + '_> { Box::new(Verified::new(digest, size, open, &fault)) };
        let mut call = self.begin(digest);
        call.message.method = Method::PUT;
        call.message.headers.push(("content-type", "application/octet-stream".to_owned()));
        call.message.payload = Payload::Stream(size, &content);
        call.at = Some(with_digest(at.clone(), digest));
        let outcome = self.client.call(&call);
        if let Some(error) = fault.take() {
            return Err(error);
        }
        match outcome {
            Ok(answer) if answer.status == 413 && size > SMALLEST => {
                let half = size.div_ceil(2).clamp(SMALLEST, LARGEST);
                self.send_parts(digest, size, half, open)
            }
            Ok(answer) => self.ended(&answer, digest, size),
            Err(error) if is_broken(&error) => match stated(self, digest, &at)? {
                Some(has @ 1..) if has <= size => {
                    Upload { repository: self, digest, size, at, least, has, part: LARGEST }.send(open)
                }
                Some(has @ 1..) => Err(Error::new(
                    Operation::PutBlob,
                    call.subject.clone(),
                    ErrorKind::Invalid(format!(
                        "the registry says that it has {has} bytes of the upload, expected at most {size}"
                    )),
                )),
                Some(0) | None => Ok(Err(error)),
            },
            Err(error) => Ok(Err(error)),
        }
    }

    /// Sends a blob once, in parts.
    fn send_parts(&self, digest: &Digest, size: u64, part: u64, open: &Open<'_>) -> Sent {
        let Begun { at, least } = self.begun(&self.begin(digest))?;
        Upload { repository: self, digest, size, at, least, has: 0, part }.send(open)
    }

    /// Begins an upload.
    fn begun(&self, call: &Call<'_>) -> Result<Begun, Error> {
        let fail = |kind| Error::new(Operation::PutBlob, call.subject.clone(), kind);
        let begun = self.client.call(call)?;
        if !begun.is_success() {
            return Err(fail(refusal(&begun)));
        }
        Ok(Begun { at: upload_url(&begun).map_err(fail)?, least: least_part(&begun) })
    }

    /// Ends an upload of which all was sent.
    pub(super) fn end_upload(&self, at: Url, digest: &Digest, size: u64) -> Sent {
        let mut call = self.begin(digest);
        call.message.method = Method::PUT;
        call.message.headers.push(("content-type", "application/octet-stream".to_owned()));
        call.at = Some(at);
        match self.client.call(&call) {
            Ok(answer) => self.ended(&answer, digest, size),
            Err(error) => Ok(Err(error)),
        }
    }

    /// What the answer says that ends an upload.
    fn ended(&self, answer: &Answer, digest: &Digest, size: u64) -> Sent {
        let fail = |kind| Error::new(Operation::PutBlob, format!("{}@{digest}", self.repository), kind);
        if !answer.is_success() {
            return Ok(Err(fail(refusal(answer))));
        }
        if let Some(found) = told_digest(answer).ok().flatten()
            && found.algorithm() == digest.algorithm()
            && found != *digest
        {
            return Err(fail(ErrorKind::Digest { expected: digest.clone(), found }));
        }
        if answer.status == 201 || self.has(digest, size) {
            return Ok(Ok(()));
        }
        let why = "it is not there".to_owned();
        Ok(Err(fail(ErrorKind::NotStored { status: answer.status, why })))
    }
}

/// An upload that has begun.
struct Begun {
    /// Where it goes on.
    at: Url,
    /// How many bytes the registry wants in each part.
    least: u64,
}

/// How a blob is sent.
#[derive(Clone, Copy)]
enum Way {
    /// All at once.
    Whole,
    /// In parts of so many bytes.
    Parts(u64),
}

/// Whether a registry refuses something, or says what makes no sense.
fn is_refused(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Rejected { .. }
            | ErrorKind::Unsupported { .. }
            | ErrorKind::NotFound(_)
            | ErrorKind::Invalid(_)
    )
}

/// Whether a registry does not know an upload that it began: it has to be begun anew.
fn is_lost(error: &Error) -> bool {
    error.entries().iter().any(|entry| entry.code.starts_with("BLOB_UPLOAD_"))
}

/// A blob that is being read.
struct Download<'a> {
    repository: &'a RemoteRepository,
    digest: Digest,
    size: u64,
    /// How much was read.
    at: u64,
    /// How much was read when the connection broke last.
    trusted: u64,
    stream: Option<Stream>,
    attempts: Attempts,
}

impl Download<'_> {
    fn call(&self) -> Call<'_> {
        let mut call = self.repository.read_blob(Operation::GetBlob, Method::GET, &self.digest);
        call.message.wanted = Wanted::Stream(self.size - self.at);
        if self.at > 0 {
            call.message.headers.push(("range", format!("bytes={}-", self.at)));
        }
        call
    }

    /// Begins to read, or goes on where reading stopped; false when it is not there.
    fn open(&mut self) -> Result<bool, Error> {
        let call = self.call();
        let answer = self.repository.client.call(&call)?;
        let fail = |kind| Error::new(Operation::GetBlob, call.subject.clone(), kind);
        if is_missing(&answer) {
            return Ok(false);
        }
        if !answer.is_success() {
            return Err(fail(refusal(&answer)));
        }
        let (at, skipped) = match answer.status {
            206 => (begin_of(&answer), 0),
            // The request for the rest was passed over.
            _ => (Some(0), self.at),
        };
        let told = answer.content_length();
        let expected = if skipped > 0 { self.size } else { self.size - self.at };
        if told.is_some_and(|told| told != expected) || at != Some(self.at - skipped) {
            let problem =
                format!("the registry sends another part of it than was requested, from byte {}", self.at);
            return Err(fail(ErrorKind::Invalid(match told {
                Some(told) if told != expected => format!("it has {told} bytes, expected {expected}"),
                _ => problem,
            })));
        }
        let stream = answer.stream;
        drop(call);
        self.stream = stream;
        self.skip(skipped)?;
        Ok(true)
    }

    /// Passes over what was read before.
    fn skip(&mut self, mut left: u64) -> Result<(), Error> {
        let mut part = [0; 8192];
        while left > 0 {
            let most = part.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            match self.stream.as_mut().map_or(Ok(0), |stream| stream.read(&mut part[..most])) {
                Ok(0) => return self.broke(TransportError::Lost("the answer is not complete".to_owned())),
                Ok(count) => left -= count as u64,
                Err(problem) => return self.broke(problem),
            }
        }
        Ok(())
    }

    /// Waits a while after a connection broke, and lets go of it.
    fn broke(&mut self, problem: TransportError) -> Result<(), Error> {
        self.stream = None;
        if self.at - self.trusted >= PROGRESS {
            self.attempts = self.repository.client.attempts();
        }
        self.trusted = self.at;
        let call = self.repository.read_blob(Operation::GetBlob, Method::GET, &self.digest);
        let why = problem.to_string();
        if problem.is_transient() && self.repository.client.pause(&call, &mut self.attempts, &why) {
            return Ok(());
        }
        let (host, attempts) = (self.repository.repository.registry().to_string(), self.attempts.count());
        let kind = ErrorKind::Transport { problem, host, sent_by: None, attempts };
        Err(Error::new(Operation::GetBlob, call.subject, kind))
    }
}

impl Content for Download<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        if self.at == self.size || into.is_empty() {
            return Ok(0);
        }
        let most = into.len().min(usize::try_from(self.size - self.at).unwrap_or(usize::MAX));
        loop {
            let Some(stream) = &mut self.stream else {
                if !self.open()? {
                    let gone = ErrorKind::Invalid("it was deleted while it was read".to_owned());
                    return Err(Error::new(Operation::GetBlob, self.call().subject, gone));
                }
                continue;
            };
            match stream.read(&mut into[..most]) {
                Ok(0) => self.broke(TransportError::Lost("the answer is not complete".to_owned()))?,
                Err(problem) => self.broke(problem)?,
                Ok(count) => {
                    self.at += count as u64;
                    return Ok(count);
                }
            }
        }
    }
}

/// The first byte of a part that a server sends.
fn begin_of(answer: &Answer) -> Option<u64> {
    let range = answer.header("content-range")?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}
