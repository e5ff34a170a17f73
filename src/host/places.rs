//! Where paths lead, and which of them are in the project.

use std::fs;
use std::path::{Path, PathBuf};

use super::Host;

impl Host {
    /// The path without links and `..`, so that all paths to the same place are equal. What is not there, in the
    /// working directory, is only made absolute.
    #[must_use]
    pub fn place(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = self.resolve(path.as_ref());
        fs::canonicalize(&path).unwrap_or(path)
    }

    /// Whether a [place](Self::place) is in the project: the checkout of git that the working directory is in, or else
    /// the working directory.
    #[must_use]
    pub fn is_in_project(&self, place: &Path) -> bool {
        let working = self.place("");
        let checkout = working.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok());
        place.starts_with(checkout.unwrap_or(&working))
    }
}
