//! What reading needs: the files of a repository, and what is known of base images.

use crate::context::Tree;

/// The files of a repository, at one moment.
pub(crate) trait Files {
    /// All files that git tracks.
    fn tree(&self) -> &Tree;

    /// What lies beside them, from the top of the repository; folders end with `/`.
    fn untracked(&self) -> &[Vec<u8>];

    /// The folder that paths of the definition begin in, from the top; empty, or with `/` at its end.
    fn folder(&self) -> &[u8];

    /// The content of a file of the tree, by its path from the top.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, String>;
}

/// What is known of images that builds start from: whether none of their instructions waits for a child (`ONBUILD`), by
/// their names in the Dockerfile.
pub(crate) type WithoutTriggers<'a> = &'a dyn Fn(&str) -> bool;
