//! Where paths lead, and which of them are in the project.

use std::fs;
use std::path::{Path, PathBuf};

use super::Host;
use crate::bake::values::clean_path;

/// How many links are followed, as by Linux.
const MAX_LINKS: usize = 40;

/// The checkouts of git that a folder is in, the innermost first.
fn checkouts(folder: &Path) -> impl Iterator<Item = &Path> {
    folder.ancestors().filter(|folder| folder.join(".git").symlink_metadata().is_ok())
}

/// The innermost.
fn checkout(folder: &Path) -> Option<&Path> {
    checkouts(folder).next()
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

    /// Whether a path names something in the project and leads out of it, as a link in a checkout can.
    #[must_use]
    pub fn leads_out(&self, path: &str) -> bool {
        !self.is_in_project(&self.place(path)) && self.is_of(path, &self.project(), &self.place(""))
    }

    /// The path that remains of one when the links on it are followed, up to the first absolute one: `../elsewhere` where `link`
    /// leads there.
    #[must_use]
    pub fn led(&self, path: &str) -> String {
        let mut path = clean_path(path);
        for _ in 0..MAX_LINKS {
            let mut rest = Path::new(&path).components();
            let mut before = PathBuf::new();
            let mut next = None;
            while let (None, Some(part)) = (&next, rest.next()) {
                let target = fs::read_link(self.resolve(&before.join(part)));
                next = target.ok().map(|target| before.join(target).join(rest.as_path()));
                before.push(part);
            }
            let Some(next) = next else { break };
            path = clean_path(&next.to_string_lossy());
            if next.is_absolute() {
                break;
            }
        }
        path
    }

    /// Whether a path names something in a project, or leads there: also a link in it that leads elsewhere. The projects are
    /// those of the working directory and of these files, each with all checkouts around it, as of a submodule.
    #[must_use]
    pub fn is_of_projects(&self, path: &str, files: &[String]) -> bool {
        std::iter::once("").chain(files.iter().map(String::as_str)).any(|file| {
            let mut folder = self.place(file);
            if !folder.is_dir() {
                folder.pop();
            }
            let project = checkouts(&folder).last().unwrap_or(&folder).to_owned();
            self.is_of(path, &project, &folder)
        })
    }

    /// Whether a path names something in this project, or leads there; `folder` is a place in it.
    fn is_of(&self, path: &str, project: &Path, folder: &Path) -> bool {
        let path = self.resolve(Path::new(path));
        path.ancestors().any(|part| {
            let place = self.place(part);
            let is_named = part.parent().is_some_and(|folder| self.place(folder).starts_with(project));
            let is_link = part.symlink_metadata().is_ok_and(|found| found.is_symlink());
            // Folders that hold the project are not in it, unless it has a link to them.
            is_named && is_link || !folder.starts_with(&place) && (is_named || place.starts_with(project))
        })
    }

    /// Whether the working directory is in a checkout of git.
    #[must_use]
    pub fn is_in_checkout(&self) -> bool {
        checkout(&self.place("")).is_some()
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
