//! The files of a repository, and a copy of some of them in a folder of its own.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::Host;
use super::failure::{Action, HostError};
use super::revision::Revision;

/// Folders that hold what others wrote or what a build made, where git does not say what is ignored.
const SKIPPED: [&str; 12] = [
    ".git",
    "node_modules",
    "target",
    "vendor",
    "dist",
    ".venv",
    "venv",
    "__pycache__",
    ".terraform",
    ".tox",
    ".cache",
    "site-packages",
];

/// How many files and folders are looked at.
const MAX_ENTRIES: usize = 200_000;

/// How deep folders are followed.
const MAX_DEPTH: usize = 16;

/// The files of a repository.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Their paths from the working directory, with `/`, sorted.
    pub paths: Vec<String>,
    /// Whether there were too many to look at all of them.
    pub is_cut: bool,
}

impl Host {
    /// The files below the working directory for which `is_wanted`: those that git tracks or does not ignore, or without git
    /// all that are not in a folder of somebody else's. None of them is a link or behind one.
    #[must_use]
    pub fn tree(&self, is_wanted: &dyn Fn(&str) -> bool) -> Tree {
        let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let is_checkout =
            self.place("").ancestors().any(|folder| folder.join(".git").symlink_metadata().is_ok());
        let listed = is_checkout.then(|| self.git(&arguments).ok()).flatten();
        let mut tree = match listed {
            Some(listed) => {
                let is_cut = listed.matches('\0').count() > MAX_ENTRIES;
                let paths = listed.split_terminator('\0').take(MAX_ENTRIES).filter(|path| is_wanted(path));
                Tree { paths: paths.map(str::to_owned).collect(), is_cut }
            }
            None => self.walk(is_wanted),
        };
        let top = self.place("");
        tree.paths.retain(|path| {
            let place = top.join(path);
            self.place(path) == place && fs::symlink_metadata(&place).is_ok_and(|found| found.is_file())
        });
        tree.paths.sort();
        tree.paths.dedup();
        tree
    }

    fn walk(&self, is_wanted: &dyn Fn(&str) -> bool) -> Tree {
        let (mut tree, mut seen) = (Tree::default(), 0);
        let mut folders = vec![(PathBuf::new(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let Ok(list) = fs::read_dir(self.resolve(&folder)) else { continue };
            for entry in list.flatten() {
                seen += 1;
                if seen > MAX_ENTRIES {
                    tree.is_cut = true;
                    return tree;
                }
                let (name, below) = (entry.file_name(), folder.join(entry.file_name()));
                let (Some(name), Some(path)) = (name.to_str(), below.to_str()) else { continue };
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() && depth < MAX_DEPTH && !SKIPPED.contains(&name) {
                    folders.push((below, depth + 1));
                } else if kind.is_file() {
                    let path = path.replace('\\', "/");
                    if is_wanted(&path) {
                        tree.paths.push(path);
                    }
                }
            }
        }
        tree
    }

    /// The machine as seen from a folder below.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        Self { directory: self.directory.join(folder), ..self.clone() }
    }

    /// A copy of these files alone, by their paths from the working directory, which is gone when it is dropped.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn copy_of(&self, files: &[(String, String)]) -> Result<Revision, HostError> {
        let fail = |path: &Path, error: std::io::Error| HostError::new(Action::Write, path, error);
        let folder = tempfile::tempdir().map_err(|error| fail(Path::new("."), error))?;
        // This is where a project ends.
        let end = folder.path().join(".git");
        fs::create_dir(&end).map_err(|error| fail(&end, error))?;
        for (path, text) in files {
            if Path::new(path)
                .components()
                .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
            {
                continue;
            }
            let place = folder.path().join(path);
            fs::create_dir_all(place.parent().unwrap_or(folder.path()))
                .map_err(|error| fail(&place, error))?;
            fs::write(&place, text).map_err(|error| fail(&place, error))?;
        }
        let directory = folder.path().to_owned();
        // What is in it may not lead back.
        let fence = self.fence.as_ref().map(|_| self.place(&directory));
        Ok(Revision { host: Self { directory, fence, ..self.clone() }, folder })
    }
}
