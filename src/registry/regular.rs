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
    let place = path.canonicalize()?;
    let is_other = !found.is_file() && !found.is_dir() && place != Path::new("/dev/null");
    // What looks like a file there may be waited for, such as `/proc/kmsg`.
    if is_other || ["/proc", "/sys"].iter().any(|folder| place.starts_with(folder)) {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    File::open(path)
}

/// Opens a file to be locked, and makes it where there is none.
///
/// # Errors
/// As [`open`], but for a file that is not there.
pub(super) fn open_to_lock(path: &Path) -> io::Result<File> {
    match open(path) {
        Err(problem) if problem.kind() != ErrorKind::NotFound => return Err(problem),
        Ok(_) | Err(_) => {}
    }
    File::options().create(true).truncate(false).write(true).open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_pipe_in_the_place_of_a_lock_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, link, lock) =
            (folder.path().join("pipe"), folder.path().join("link"), folder.path().join("lock"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for path in [&pipe, &link] {
            assert_eq!(open_to_lock(path).unwrap_err().to_string(), "it is not a regular file");
        }
        assert!(open_to_lock(folder.path()).is_err());
        assert!(!cfg!(target_os = "linux") || open(Path::new("/proc/self/status")).is_err());
        // One that is not there is made, and one that is stays as it is.
        open_to_lock(&lock).unwrap();
        fs::write(&lock, "x").unwrap();
        open_to_lock(&lock).unwrap();
        assert_eq!(fs::read_to_string(&lock).unwrap(), "x");
    }
}
