//! Follows paths to where they lead, and tells which places are in the project.

use std::fs;
use std::path::{Component, Path, PathBuf};

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

    /// Whether the working directory is named by way of a link in a checkout that leads out of that.
    #[must_use]
    pub fn has_strayed(&self) -> bool {
        let place = self.place("");
        let is_link = |path: &&Path| path.symlink_metadata().is_ok_and(|found| found.is_symlink());
        let mut links = self.directory.ancestors().filter(is_link).filter_map(Path::parent);
        links.any(|beside| checkout(&self.place(beside)).is_some_and(|checkout| !place.starts_with(checkout)))
    }

    /// Whether a path names something in the project and leads out of it, as a link in a checkout can.
    #[must_use]
    pub fn leads_out(&self, path: &str) -> bool {
        !self.is_in_project(&self.place(path)) && self.is_of(path, &self.project(), &self.place(""))
    }

    /// Where a path leads, as the system follows it: link by link, so that `..` behind one is above the place that it leads to.
    /// Relative unless a link is absolute: `../elsewhere` where `link` leads there.
    #[must_use]
    pub fn led(&self, path: &str) -> String {
        let mut place = PathBuf::new();
        let mut open = PathBuf::from(path);
        let mut links = 0;
        loop {
            let mut rest = open.components();
            let Some(part) = rest.next() else { break };
            let rest = rest.as_path();
            match part {
                Component::Prefix(_) | Component::RootDir => place = PathBuf::from(part.as_os_str()),
                Component::CurDir => {}
                Component::ParentDir => {
                    let is_named = |last: Component<'_>| matches!(last, Component::Normal(_));
                    if place.components().next_back().is_some_and(is_named) {
                        place.pop();
                    } else if !place.has_root() {
                        place.push(part);
                    }
                }
                Component::Normal(_) => {
                    let next = place.join(part);
                    if links < MAX_LINKS
                        && let Ok(target) = fs::read_link(self.resolve(&next))
                    {
                        links += 1;
                        open = target.join(rest);
                        continue;
                    }
                    place = next;
                }
            }
            open = rest.to_owned();
        }
        clean_path(&place.to_string_lossy())
    }

    /// The whole path of where a path [leads](Self::led): equal for all paths to one place, also where nothing is yet.
    #[must_use]
    pub fn whole(&self, path: &str) -> String {
        clean_path(&self.place("").join(self.led(path)).to_string_lossy())
    }

    /// The same, but with links in the project not followed: whoever changes the project decides where these lead.
    #[must_use]
    pub fn whole_but_for_project(&self, path: &str) -> String {
        let project = self.project();
        let path = if Path::new(path).is_absolute() {
            path.to_owned()
        } else {
            clean_path(&self.place("").join(path).to_string_lossy())
        };
        let mut parts = Path::new(&path).components();
        let mut place = PathBuf::new();
        for part in parts.by_ref() {
            place = PathBuf::from(self.whole(&place.join(part).to_string_lossy()));
            if place.starts_with(&project) {
                break;
            }
        }
        clean_path(&place.join(parts.as_path()).to_string_lossy())
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

    /// A path as one writes it in the working directory: relative where it is below it, without a leading `./`.
    #[must_use]
    pub fn from_here(&self, path: &str) -> String {
        let is_up = |part: Component<'_>| part == Component::ParentDir;
        // Behind a link, `..` leads elsewhere than it reads.
        if Path::new(path).components().any(is_up) {
            return path.to_owned();
        }
        let clean = clean_path(path);
        let below = Path::new(&clean).strip_prefix(self.place("")).ok().and_then(Path::to_str);
        // `-` alone is standard output.
        below.or(Some(&*clean)).filter(|path| !["", "-"].contains(path)).unwrap_or(path).to_owned()
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
