//! Tags that nothing is put into, such as `edge`: what they stand for by themselves.

use crate::code::Code;
use crate::commit;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::tags::{Claim, LATEST};
use crate::version::{Class, Dotless, SEPARATORS, Version};

/// What a constant stands for by itself: a version or a commit stays, and all else moves from run to run.
pub(in crate::resolve) fn claim(name: &str) -> Claim {
    let is_version = || name.parse::<Version>().is_ok_and(|version| !version.is_series());
    if is_version() || names_commit(name) { Claim::Literal } else { Claim::Run }
}

/// Refuses what shows a part of a version that ends within a number, as `1.1` of 1.10.2: it reads as another version.
pub(in crate::resolve) fn cut(name: &str, version: &Version, span: Option<Span>) -> Option<Diagnostic> {
    let shown = cut_number(name, version)?;
    let message = format!("`{name}` shows `{shown}` of version `{version}`, which ends within a number");
    let help = "write the numbers by their names: `{{ major }}.{{ minor }}`";
    Some(Diagnostic::error(Code::TAG_PATTERN, message).at(span, "").with_help(help))
}

/// The part of a version that a name shows, if it ends within a number.
fn cut_number<'t>(name: &'t str, version: &Version) -> Option<&'t str> {
    let count = version.numbers().len();
    if name.contains(version.core()) || Dotless::of(name, version, count).is_some() {
        return None;
    }
    let (before, rest) = name.split_at(name.find(|c: char| c.is_ascii_digit())?);
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let shown = rest[..end].trim_end_matches('.');
    // A number alone behind a word may be the word's.
    let is_apart = || before.is_empty() || before == "v" || before.ends_with(SEPARATORS);
    let goes_on = version.without_v().strip_prefix(shown)?;
    let ends_within = goes_on.starts_with(|c: char| c.is_ascii_digit());
    (ends_within && (shown.contains('.') || is_apart())).then_some(shown)
}

/// Whether a name reads as a release with other numbers than a version.
pub(in crate::resolve) fn is_other_release(name: &str, version: &Version) -> bool {
    name.parse::<Version>().is_ok_and(|other| {
        let count = other.numbers().len();
        other.class() == Class::Stable && other.prefix(count) != version.prefix(count)
    })
}

/// The same where something unknown may follow the numbers, as in `8-engine`.
pub(in crate::resolve) fn reads_as_other(name: &str, version: &Version) -> bool {
    let numbers = name
        .parse::<Version>()
        .ok()
        .filter(|one| one.class() == Class::Unknown && one.tail().starts_with('-'));
    let numbers = numbers.as_ref().and_then(|one| one.prefix(one.numbers().len()));
    is_other_release(numbers.unwrap_or(name), version)
}

/// Whether a name says that it is of releases: it is one, or its leading numbers (`1-alpine`), or has a word for them.
pub(in crate::resolve) fn names_releases(name: &str) -> bool {
    let is_release = name.parse::<Version>().is_ok_and(|version| version.class() != Class::Prerelease);
    let is_word = |word: &str| word.eq_ignore_ascii_case(LATEST) || word.eq_ignore_ascii_case("stable");
    !names_prereleases(name) && (is_release || name.split(SEPARATORS).any(is_word))
}

/// Whether what may be a commit stands in a name.
pub(in crate::resolve) fn names_commit(name: &str) -> bool {
    let mut parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(commit::is_lower_case)
}

/// Whether a name says that it is of the latest release, as `latest` and `api-latest` do.
pub(in crate::resolve) fn names_latest(name: &str) -> bool {
    name.split(SEPARATORS).any(|word| word.eq_ignore_ascii_case(LATEST)) && !names_prereleases(name)
}

/// Whether a name says that it is of prereleases, as `next` and `1.0-rc` do.
pub(in crate::resolve) fn names_prereleases(name: &str) -> bool {
    let is_of_them =
        |word: &str| format!("0-{word}").parse().is_ok_and(|version: Version| version.is_prerelease());
    name.split(SEPARATORS).any(is_of_them)
}
