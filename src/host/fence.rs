//! A fence around the project, for commands that follow what its files name.
//!
//! Workflows, scripts and Compose files name others, and whoever may change them could name any file of the machine. Behind
//! the fence, nothing else is read or written, and there is no standard input.

use std::path::{Component, Path};
use std::{fs, io};

use super::Host;
use super::failure::{Action, HostError, Problem, STDIN};

impl Host {
    /// The machine as far as the project goes.
    #[must_use]
    pub fn fenced(&self) -> Self {
        Self { fence: Some(self.project()), ..self.clone() }
    }

    /// The machine without the environment variables, whose values are the user's own.
    #[must_use]
    pub fn without_environment(self) -> Self {
        Self { environment: Default::default(), replaced: Default::default(), ..self }
    }

    /// Whether a path leads to a place that may be used: without a fence, that is every place. What is not there yet counts
    /// where it would be.
    #[must_use]
    pub fn is_allowed(&self, path: impl AsRef<Path>) -> bool {
        self.check_fence(&self.resolve(path.as_ref())).is_ok()
    }

    /// Refuses a path that leads elsewhere, before anything is made of what would be written there.
    ///
    /// # Errors
    /// It lies outside of the fence.
    pub fn check_allowed(&self, path: impl AsRef<Path>) -> Result<(), HostError> {
        let path = path.as_ref();
        self.check_fence(&self.resolve(path)).map_err(|problem| HostError::new(Action::Write, path, problem))
    }

    /// Refuses a place outside of the fence, with all links and `..` followed.
    pub(super) fn check_fence(&self, full: &Path) -> Result<(), Problem> {
        let Some(fence) = &self.fence else { return Ok(()) };
        if leads_into(full, fence) {
            return Ok(());
        }
        // The files of another revision lie in a temporary folder for a while, which nobody has heard of.
        let shown = self.moved.as_ref().map_or(fence, |(project, _)| project);
        Err(Problem::Outside(shown.display().to_string()))
    }

    /// Whether a path leads to a place in a folder that is given without links. What is not there yet counts where it
    /// would be.
    #[must_use]
    pub fn is_within(&self, path: impl AsRef<Path>, folder: &Path) -> bool {
        leads_into(&self.resolve(path.as_ref()), folder)
    }

    /// Refuses standard input, which a file of the project may name as `-`.
    pub(super) fn check_stdin(&self) -> Result<(), HostError> {
        match self.fence {
            None => Ok(()),
            Some(_) => {
                let problem = io::Error::other("only the command line may name it");
                Err(HostError::new(Action::Read, Path::new(STDIN), problem))
            }
        }
    }
}

/// Whether a full path leads to a place in a folder, with all links and `..` followed.
fn leads_into(full: &Path, folder: &Path) -> bool {
    // Nothing can be told of `..` behind what is not there.
    let is_plain = |rest: &Path| rest.components().all(|part| matches!(part, Component::Normal(_)));
    let is_inside = full.ancestors().find_map(|part| {
        let place = fs::canonicalize(part).ok()?;
        Some(place.starts_with(folder) && full.strip_prefix(part).is_ok_and(is_plain))
    });
    is_inside == Some(true)
}
