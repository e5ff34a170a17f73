//! Opens files that have an end: a pipe or a device could be waited for for ever.
#![expect(clippy::disallowed_methods, reason = "files are opened here")]

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Opens a file to be read.
///
/// # Errors
/// When there is none, or it is a pipe, a socket or a device. `/dev/null` is empty, and so has an end.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let found = fs::metadata(path)?;
    let is_null = || path.canonicalize().is_ok_and(|place| place == Path::new("/dev/null"));
    if !found.is_file() && !found.is_dir() && !is_null() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    File::open(path)
}
