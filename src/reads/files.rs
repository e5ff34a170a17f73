//! What reading needs: the files of a repository, and what is known of base images and of the run.

use std::path::Path;

use jiff::Timestamp;

use crate::context::Tree;

/// The files of a repository, at one moment.
pub(crate) trait Files {
    /// All files that git tracks.
    fn tree(&self) -> &Tree;

    /// What lies beside them, from the top of the repository; folders end with `/`.
    fn untracked(&self) -> &[Vec<u8>];

    /// What cannot be compared with a commit, and why; folders end with `/`.
    fn unknown(&self) -> &[(Vec<u8>, String)];

    /// Where the top of the repository is on this machine.
    fn place(&self) -> &Path;

    /// The folder that paths of the definition begin in, from the top; empty, or with `/` at its end.
    fn folder(&self) -> &[u8];

    /// The content of a file of the tree, by its path from the top.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, String>;
}

/// What is known besides files.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    /// Of images that builds start from, by their names in the Dockerfile: whether none of their instructions waits for a
    /// child (`ONBUILD`).
    pub(crate) is_without_triggers: &'a dyn Fn(&str) -> bool,
    /// The `SOURCE_DATE_EPOCH` of the environment, which buildx makes an argument of every build.
    pub(crate) epoch: Option<&'a str>,
    /// When the definition was evaluated.
    pub(crate) now: Timestamp,
}
