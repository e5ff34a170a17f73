//! Turns of processes that write several files into one folder: the files of two runs are never mixed.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Problem;

/// How long another process may take: writing takes much less.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);

/// The folders whose turn it is, until this is dropped. The operating system gives them back when this process ends, however
/// it does.
#[derive(Default)]
pub(super) struct Turns(BTreeMap<PathBuf, Option<File>>);

impl Turns {
    /// Waits until no other process writes into a folder that exists, and says whether that is new. Where folders cannot be locked,
    /// as on Windows and some network file systems, nobody waits.
    pub(super) fn take(&mut self, folder: &Path) -> Result<bool, Problem> {
        let place = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        if self.0.contains_key(&place) {
            return Ok(false);
        }
        let lock = File::open(&place).ok();
        let started = Instant::now();
        while let Some(Err(TryLockError::WouldBlock)) = lock.as_ref().map(File::try_lock) {
            if started.elapsed() > PATIENCE {
                return Err(Problem::Busy);
            }
            thread::sleep(PAUSE);
        }
        self.0.insert(place, lock);
        Ok(true)
    }
}
