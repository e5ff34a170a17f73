//! The words that patterns and conditions know.

/// The words of a version, with how many of its leading numbers they name; those of numbers that it has not are
/// absent.
pub(super) const VERSION_WORDS: [(&str, usize); 5] =
    [("version", usize::MAX), ("semver", usize::MAX), ("major", 1), ("minor", 2), ("patch", 3)];

/// The words of facts.
pub(super) const FACT_WORDS: [&str; 10] =
    ["event", "ref", "branch", "tag", "pr", "head_branch", "base_branch", "default_branch", "sha", "commit"];

/// Those of the commit, and so of one build.
pub(super) const COMMIT_WORDS: [&str; 3] = ["commit", "sha", "tag"];

/// The words of what an image is called.
pub(super) const IMAGE_WORDS: [&str; 2] = ["image", "key"];

/// A function: a date in `strftime`'s form.
pub(super) const DATE: &str = "date";

/// What conditions know besides: whether the version is a prerelease.
pub(super) const PRERELEASE: &str = "prerelease";

/// Those of patterns.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    VERSION_WORDS.iter().map(|(word, _)| *word).chain(FACT_WORDS).chain([DATE]).chain(IMAGE_WORDS)
}

/// Whether it is a word of a version.
pub(super) fn is_of_version(word: &str) -> bool {
    VERSION_WORDS.iter().any(|(name, _)| *name == word)
}
