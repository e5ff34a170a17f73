//! Where paths lead, and which of them are in the project.

use std::fs;
use std::path::{Path, PathBuf};

use super::Host;

/// The checkout of git that a folder is in.
fn checkout(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())
}

impl Host {
    /// The path without links and `..`, so that all paths to the same place are equal. What is not there, in the
    /// working directory, is only made absolute.
    #[must_use]
    pub fn place(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = self.resolve(path.as_ref());
        fs::canonicalize(&path).unwrap_or(path)
    }

    /// Whether a [place](Self::place) is in the [project](Self::project).
    #[must_use]
    pub fn is_in_project(&self, place: &Path) -> bool {
        place.starts_with(self.project())
    }

    /// The project: the checkout of git that the working directory is in, or else the working directory.
    #[must_use]
    pub fn project(&self) -> PathBuf {
        let working = self.place("");
        checkout(&working).map(Path::to_owned).unwrap_or(working)
    }

    /// Whether a path names something in the project, or leads there: also a link in it that leads elsewhere.
    #[must_use]
    pub fn is_of_project(&self, path: &str) -> bool {
        let path = self.resolve(Path::new(path));
        path.ancestors().any(|part| {
            let folder = part.parent().map(|folder| self.place(folder));
            let is_inside = |place: PathBuf| self.is_in_project(&place);
            let holds = |folder: &Path| self.place("").starts_with(folder);
            // Folders that hold the project are not in it.
            !holds(&self.place(part)) && (is_inside(self.place(part)) || folder.is_some_and(is_inside))
        })
    }

    /// The working directory as seen from the checkout of git that it is in, with `/`; `None` when it is the checkout, or in
    /// none.
    #[must_use]
    pub fn folder_in_checkout(&self) -> Option<String> {
        let working = self.place("");
        let below = working.strip_prefix(checkout(&working)?).ok()?;
        let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        (!parts.is_empty()).then(|| parts.join("/"))
    }
}
