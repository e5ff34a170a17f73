//! Blobs that are sent in parts: where all of one at once is too much for a registry, and where a connection broke in the
//! middle (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks>).

use std::io::Read;

use ureq::http::Method;

use super::client::refusal;
use super::content::{Fault, Open, Verified};
use super::error::{Error, ErrorKind, Operation};
use super::remote::RemoteRepository;
use super::retry::Attempts;
use super::transport::{Answer, Payload, TransportError};
use super::url::{Astray, Url, encode};
use crate::reference::Digest;

/// The size of the first part, in bytes, which is kept in memory while it is sent.
pub(super) const LARGEST: u64 = 16 * 1024 * 1024;
/// The size that is not halved any more.
pub(super) const SMALLEST: u64 = 256 * 1024;
/// The largest part that a registry can ask for, in bytes.
const MOST: u64 = 64 * 1024 * 1024;

/// How sending ended: what is not done may be begun anew.
pub(super) type Sent = Result<Result<(), Error>, Error>;

/// A blob that is sent in parts.
pub(super) struct Upload<'a> {
    pub(super) repository: &'a RemoteRepository,
    pub(super) digest: &'a Digest,
    /// Its size in bytes.
    pub(super) size: u64,
    /// Where the next part goes.
    pub(super) at: Url,
    /// How many bytes a part has at least, but for the last one.
    pub(super) least: u64,
    /// How many bytes the registry has.
    pub(super) has: u64,
    /// How many bytes a part has.
    pub(super) part: u64,
}

/// What came of sending a part.
enum Step {
    /// The registry has so many bytes now.
    Has(u64),
    /// It is too large.
    TooLarge(Error),
    /// Something failed that passes, or the registry says that this is not the next part.
    Failed(Error),
    /// The registry knows nothing of the upload any more.
    Lost(Error),
}

impl Upload<'_> {
    /// Sends what the registry lacks, and ends the upload.
    pub(super) fn send(mut self, open: &Open<'_>) -> Sent {
        let fault = Fault::default();
        let mut content = Verified::new(self.digest, self.size, open, &fault);
        let mut buffer = Vec::new();
        self.skip(&mut content, &fault)?;
        let mut attempts = self.repository.client.attempts();
        if self.least > MOST && self.least < self.size {
            let message = format!(
                "the registry wants at least {} bytes in each part of an upload, and at most {MOST} are sent",
                self.least
            );
            return Err(self.fail(ErrorKind::Invalid(message)));
        }
        self.part = self.part.max(self.least);
        while self.has < self.size {
            let length = usize::try_from(self.part.min(self.size - self.has)).unwrap_or(usize::MAX);
            self.fill(&mut buffer, length, &mut content, &fault)?;
            let before = self.has;
            let stated = match self.step(&buffer[..length])? {
                Step::Has(stated) => {
                    if stated == before && !self.pause(&mut attempts, "the registry took nothing of it") {
                        return Err(self.astray(stated, length));
                    }
                    stated
                }
                Step::TooLarge(error) => {
                    if !self.halve(length) {
                        return Err(error);
                    }
                    continue;
                }
                Step::Failed(error) => {
                    if !self.pause(&mut attempts, &error.kind().to_string()) {
                        return Ok(Err(error));
                    }
                    let Some(stated) = stated(self.repository, self.digest, &self.at)? else {
                        return Ok(Err(error));
                    };
                    // Some proxies break the connection where others say that a part is too large.
                    if stated == before && is_broken(&error) {
                        self.halve(length);
                    }
                    stated
                }
                Step::Lost(error) => return Ok(Err(error)),
            };
            let taken = stated.checked_sub(before).filter(|taken| *taken <= length as u64);
            let Some(taken) = taken else { return Err(self.astray(stated, length)) };
            if taken > 0 {
                attempts = self.repository.client.attempts();
            }
            buffer.drain(..usize::try_from(taken).unwrap_or(length));
            self.has = stated;
        }
        self.repository.end_upload(with_digest(self.at, self.digest), self.digest, self.size)
    }

    /// Makes parts half as long as this one was; false when they are as short as they can be.
    fn halve(&mut self, length: usize) -> bool {
        let part = (length as u64 / 2).max(SMALLEST).max(self.least);
        let is_less = part < self.part;
        self.part = self.part.min(part);
        is_less
    }

    fn fail(&self, kind: ErrorKind) -> Error {
        let subject = format!("{}@{}", self.repository.repository, self.digest);
        Error::new(Operation::PutBlob, subject, kind)
    }

    /// The registry has something else than it was sent.
    fn astray(&self, stated: u64, length: usize) -> Error {
        let (least, most) = (self.has, self.has + length as u64);
        self.fail(ErrorKind::Invalid(format!(
            "the registry says that it has {stated} bytes of the upload, expected {least} to {most}"
        )))
    }

    fn pause(&self, attempts: &mut Attempts, why: &str) -> bool {
        self.repository.client.pause(&self.repository.begin(self.digest), attempts, why)
    }

    /// Reads what the registry has already.
    fn skip(&self, content: &mut Verified<'_, '_>, fault: &Fault) -> Result<(), Error> {
        let mut passed = Vec::new();
        let mut left = self.has;
        while left > 0 {
            let length = usize::try_from(left.min(SMALLEST)).unwrap_or(usize::MAX);
            self.fill(&mut passed, length, content, fault)?;
            left -= length as u64;
            passed.clear();
        }
        Ok(())
    }

    /// Reads until the buffer has so many bytes.
    fn fill(
        &self,
        buffer: &mut Vec<u8>,
        length: usize,
        content: &mut Verified<'_, '_>,
        fault: &Fault,
    ) -> Result<(), Error> {
        let mut at = buffer.len();
        if at >= length {
            return Ok(());
        }
        buffer.resize(length, 0);
        while at < length {
            match content.read(&mut buffer[at..]) {
                Ok(count @ 1..) => at += count,
                Ok(0) | Err(_) => {
                    let short = || self.fail(ErrorKind::Invalid("its source ends too early".to_owned()));
                    return Err(fault.take().unwrap_or_else(short));
                }
            }
        }
        Ok(())
    }

    /// Sends a part once.
    fn step(&mut self, bytes: &[u8]) -> Result<Step, Error> {
        let content = || -> Box<dyn Read + '_> { Box::new(bytes) };
        let length = bytes.len() as u64;
        let mut call = self.repository.begin(self.digest);
        call.message.method = Method::PATCH;
        call.message.headers.push(("content-type", "application/octet-stream".to_owned()));
        call.message.headers.push(("content-range", format!("{}-{}", self.has, self.has + length - 1)));
        call.message.payload = Payload::Stream(length, &content);
        call.at = Some(self.at.clone());
        let answer = match self.repository.client.call(&call) {
            Ok(answer) => answer,
            Err(error) if error.is_transient() => return Ok(Step::Failed(error)),
            Err(error) => return Err(error),
        };
        let told = answer.header("range").map(|range| count_of(&range)).transpose();
        match answer.status {
            200..300 => {
                if answer.header("location").is_some() {
                    self.at = upload_url(&answer).map_err(|kind| self.fail(kind))?;
                }
                let told = told.map_err(|kind| self.fail(kind))?;
                Ok(Step::Has(told.unwrap_or(self.has + length)))
            }
            413 => Ok(Step::TooLarge(self.fail(refusal(&answer)))),
            // Perhaps the answer to this part was lost when it was sent before, and that says what is there.
            416 => match told {
                Ok(Some(told)) if told != self.has => Ok(Step::Has(told)),
                _ => Ok(Step::Failed(self.fail(refusal(&answer)))),
            },
            404 => Ok(Step::Lost(self.fail(refusal(&answer)))),
            _ => Err(self.fail(refusal(&answer))),
        }
    }
}

/// How much of an upload a registry has; none when it does not tell.
///
/// # Errors
/// [`ErrorKind::Invalid`] when what it tells makes no sense.
pub(super) fn stated(repository: &RemoteRepository, digest: &Digest, at: &Url) -> Result<Option<u64>, Error> {
    let mut call = repository.begin(digest);
    call.message.method = Method::GET;
    call.message.payload = Payload::None;
    call.at = Some(at.clone());
    let Ok(answer) = repository.client.call(&call) else { return Ok(None) };
    let Some(range) = answer.header("range").filter(|_| answer.is_success()) else { return Ok(None) };
    count_of(&range).map(Some).map_err(|kind| Error::new(Operation::PutBlob, call.subject.clone(), kind))
}

/// Whether a connection broke, so that a part of what was sent may have arrived.
pub(super) fn is_broken(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Transport { problem: TransportError::Lost(_) | TransportError::Timeout(_), .. }
    )
}

/// How many bytes `0-99` says that there are. `0-0` is said of none, too.
fn count_of(range: &str) -> Result<u64, ErrorKind> {
    let last = range.strip_prefix("bytes=").unwrap_or(range).strip_prefix("0-");
    let last = last.and_then(|last| last.parse::<u64>().ok()).filter(|last| *last < u64::MAX);
    let last = last.ok_or_else(|| {
        ErrorKind::Invalid(format!("the registry says that it has {range:?} of the upload, expected `0-…`"))
    })?;
    Ok(if last == 0 { 0 } else { last + 1 })
}

/// How many bytes a registry wants in each part but the last one
/// (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks>).
pub(super) fn least_part(begun: &Answer) -> u64 {
    let told = begun.header("oci-chunk-min-length").and_then(|told| told.trim().parse().ok());
    told.unwrap_or_default()
}

/// Where an upload goes on.
pub(super) fn upload_url(begun: &Answer) -> Result<Url, ErrorKind> {
    if begun.leads_to_credentials {
        let message = "the registry begins an upload at an address with the credentials in it";
        return Err(ErrorKind::Invalid(message.to_owned()));
    }
    let location = begun.header("location").unwrap_or_default();
    begun.url.follow(&location).map_err(|astray| {
        let place = match astray {
            Astray::Nowhere => format!("{location:?}, which is not an address"),
            Astray::Unencrypted(host) => format!("{host}, without encryption"),
        };
        ErrorKind::Invalid(format!("the registry begins an upload at {place}"))
    })
}

/// Where an upload ends.
pub(super) fn with_digest(mut url: Url, digest: &Digest) -> Url {
    let mark = if url.path_and_query.contains('?') { '&' } else { '?' };
    url.path_and_query = format!("{}{mark}digest={}", url.path_and_query, encode(digest.as_str()));
    url
}
