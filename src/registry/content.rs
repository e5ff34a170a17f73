//! Blobs that are too large to be kept in memory: they are read as they come, and verified on the way.

use std::io::{self, Read};
use std::sync::Mutex;

use super::error::{Error, ErrorKind, Operation};
use crate::parallel::lock;
use crate::reference::{Digest, Hasher};

/// The content of a blob, which is read once.
pub trait Content {
    /// Reads the next bytes; none at the end.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error>;
}

/// Opens the content of a blob, from its first byte each time.
pub type Open<'a> = dyn Fn() -> Result<Box<dyn Content + 'a>, Error> + 'a;

/// Why reading stopped, for those who only learn that it did.
#[derive(Default)]
pub(super) struct Fault(Mutex<Option<Error>>);

impl Fault {
    /// What went wrong, if something did.
    pub(super) fn take(&self) -> Option<Error> {
        lock(&self.0).take()
    }

    fn set(&self, error: Error) -> io::Error {
        let text = error.to_string();
        *lock(&self.0) = Some(error);
        io::Error::other(text)
    }
}

/// Content that ends with an error instead of its last bytes when it is not what its digest says.
pub(super) struct Verified<'a, 'o> {
    open: &'a Open<'o>,
    content: Option<Box<dyn Content + 'o>>,
    expected: &'a Digest,
    size: u64,
    read: u64,
    hasher: Hasher,
    fault: &'a Fault,
}

impl<'a, 'o> Verified<'a, 'o> {
    /// The content of a blob; what goes wrong is put into `fault`.
    pub(super) fn new(expected: &'a Digest, size: u64, open: &'a Open<'o>, fault: &'a Fault) -> Self {
        Self { open, content: None, expected, size, read: 0, hasher: expected.hasher(), fault }
    }

    /// Whether all of it was read.
    fn is_at_end(&self) -> bool {
        self.read == self.size
    }

    fn next(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let left = usize::try_from(self.size - self.read).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        let content = match &mut self.content {
            Some(content) => content,
            closed @ None => closed.insert((self.open)()?),
        };
        let count = content.read(&mut into[..most])?;
        let fail = |kind| Error::new(Operation::GetBlob, self.expected.to_string(), kind);
        if count == 0 && most > 0 {
            let problem = format!("it ends after {} of {} bytes", self.read, self.size);
            return Err(fail(ErrorKind::Invalid(problem)));
        }
        self.hasher.update(&into[..count]);
        self.read += count as u64;
        if self.is_at_end() {
            let found = self.hasher.clone().finish();
            if found != *self.expected {
                return Err(fail(ErrorKind::Digest { expected: self.expected.clone(), found }));
            }
        }
        Ok(count)
    }
}

impl Read for Verified<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // An empty blob has a digest, too.
        if (self.is_at_end() && self.size > 0) || into.is_empty() {
            return Ok(0);
        }
        self.next(into).map_err(|error| self.fault.set(error))
    }
}
