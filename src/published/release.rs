//! Reads which release something is that a repository has already, as it says itself.

use super::planned::PlannedImage;
use crate::version::Version;

/// How many tags of other releases are looked at.
pub(crate) const MAX_RELEASES: usize = 200;

/// How many more tags are looked at of what a merge has made, which is rarely anything else.
pub(crate) const MAX_BESIDE: usize = 50;

/// What something says of its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Saying {
    /// Nothing that could be compared.
    Nothing,
    /// The image's version.
    Own,
    /// Another one: the text, and what it says.
    Other(String, Box<Version>),
}

/// Compares the versions that something names with that of the image, as its tags show it: without build metadata.
#[must_use]
pub(crate) fn saying(image: &PlannedImage, said: &[String]) -> Saying {
    let Some(planned) = &image.version else { return Saying::Nothing };
    let named = |text: &String| {
        let version = image.parse_version(text).ok()?;
        (version.numbers().len() > 1).then(|| (text.clone(), version))
    };
    let mut found = Saying::Nothing;
    for (text, version) in said.iter().filter_map(named) {
        if !has_same_numbers(&version, planned) {
            return Saying::Other(text, Box::new(version));
        }
        found = Saying::Own;
    }
    found
}

/// What stands before a version in a git tag that ends with it.
#[must_use]
pub(crate) fn before_version<'t>(git_tag: &'t str, version: &Version) -> Option<&'t str> {
    let before = git_tag.strip_suffix(version.without_v())?;
    // `1.3.0` is no part of `11.3.0`.
    (!before.ends_with(|last: char| last.is_ascii_digit() || last == '.')).then_some(before)
}

/// Whether two versions have the same numbers, whatever follows them.
#[must_use]
pub(crate) fn has_same_numbers(one: &Version, other: &Version) -> bool {
    let numbers =
        |version: &Version| -> Vec<u64> { version.numbers().iter().map(|number| number.value()).collect() };
    numbers(one) == numbers(other)
}
