//! Versions as people write them (`24.04`, `3.15.0rc1`, `v1.2.3-r2`): the literal text, and an order.

mod dotless;
mod likeness;
mod tail;
mod withdrawn;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use semver::BuildMetadata;

pub(crate) use self::dotless::Dotless;
pub(crate) use self::likeness::{may_be_day, numbers, outranks};
pub use self::tail::words;
pub(crate) use self::tail::{Class, SEPARATORS, Tails, is_of_family};
use self::tail::{DEV, Tail};
pub(crate) use self::withdrawn::Withdrawn;

/// The most numbers in front of a version.
pub(crate) const NUMBER_LIMIT: usize = 6;

/// The years of versions that are days.
const YEARS: std::ops::RangeInclusive<u64> = 2000..=2199;

/// Why a text is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Nothing at all.
    #[error("version is empty")]
    Empty,
    /// No number at the start, apart from a `v`.
    #[error("version {0:?} does not begin with a number")]
    NoNumber(String),
    /// A fifth number.
    #[error("version {0:?} has more than {NUMBER_LIMIT} numbers")]
    TooManyNumbers(String),
    /// It breaks the rules of SemVer.
    #[error("version {version:?} is not valid SemVer: {reason}")]
    NoSemver {
        /// The whole text.
        version: String,
        /// What the `semver` crate says.
        reason: String,
    },
    /// A number that does not fit 64 bits.
    #[error("number {0} of the version is too large")]
    LargeNumber(String),
    /// A character that no version has.
    #[error(
        "version {version:?} must not contain {character:?}; allowed are letters, digits, `.`, `-`, `_` and one `+`"
    )]
    Character {
        /// The whole text.
        version: String,
        /// The first offending character.
        character: char,
    },
    /// Two separators in a row, or one at the end.
    #[error("version {0:?} has an empty part, between two separators or at its end")]
    EmptyPart(String),
}

/// One number of a version, as written (`04`) and as a value (4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    text: String,
    value: u64,
}

impl Number {
    /// The number as written, leading zeros included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number's value.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.value
    }
}

/// A version: `[v]N[.N…][rest][+build]`, with its literal text kept.
///
/// What follows the numbers has a [`Class`]: *prerelease* when it has one of the known markers (`rc1`, `-rc.1`,
/// `beta3`, `a1`, `-preview.7`, `-M1`, `-SNAPSHOT`, `.dev2`…), *stable* when all of it is known (`-r2`, `p1`, `.Final`,
/// `-1`), and else *unknown*.
///
/// # Order
/// By the numbers, a missing one being 0; then prerelease < unknown < edition < release < suffix, where the edition with fewer words
/// is the greater one (`-lts` > `-lts-jdk21`), and others have no order ([`Version::is_beside`]); then the rest, cut into runs of
/// letters and runs of digits: numbers below words, numbers by value, words by the alphabet (`alpha` < `beta`
/// < `preview` < `rc`) but `dev` lowest, markers without regard to case; then, so that the order is total,
/// build metadata likewise, fewer numbers first, and the text.
///
/// On SemVer this is the order of the `semver` crate, with three exceptions that follow from what people
/// write: what is not a known marker is a suffix (`1.2.3-1` > `1.2.3`), letters and digits of one identifier
/// count apart (`-rc10` > `-rc9`), and `dev` and case in markers as above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    numbers: Vec<Number>,
    stage: Stage,
    /// The words of its edition, sorted.
    editions: Vec<&'static str>,
    rest: Vec<Chunk>,
    build: BuildMetadata,
    /// What of the build metadata has an order.
    builds: Vec<Chunk>,
    /// What is as in the tails of other versions.
    shape: Option<String>,
    /// What the `semver` crate makes of it, in its scheme.
    strict: Option<semver::Version>,
}

/// What a version's text is to be read as.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Whatever people write ([`Version`]).
    #[default]
    Loose,
    /// Strict SemVer but for a leading `v`, in its order: every `-…` is a prerelease
    /// (<https://semver.org>).
    Semver,
    /// Dates and other numbers: `-` and `_` part numbers as `.` does (`2026-03-01`), and each piece is kept as text.
    Calver,
}

/// What a version is, compared with the release of the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Prerelease,
    Unknown,
    Edition,
    Release,
    Suffixed,
}

/// A run of digits or letters behind the numbers. Variants are in the order in which they sort.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Chunk {
    /// Digits without leading zeros, the count first so that the derived order is that of the values.
    Number(usize, String),
    /// The markers `dev` and `devel`: what comes before the first alpha.
    Dev,
    Word(String),
}

impl Version {
    /// Reads a text as a version of this scheme.
    ///
    /// Versions of different schemes have no useful order.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str, scheme: Scheme) -> Result<Self, VersionError> {
        Self::parse_with(text, scheme, &Tails::default())
    }

    /// Reads a text as a version of this scheme whose tails an image may read in its own way. SemVer has a rule of its
    /// own, so that there nothing behind a `-` is unknown.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse_with(text: &str, scheme: Scheme, tails: &Tails) -> Result<Self, VersionError> {
        match scheme {
            Scheme::Loose => Self::read(text, &['.'], tails),
            Scheme::Calver => Self::read(text, &SEPARATORS, tails),
            Scheme::Semver => Self::read_strict(text, tails),
        }
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What tags can hold of it: the text without a leading `v` and without build metadata.
    #[must_use]
    pub fn core(&self) -> &str {
        self.without_v().split('+').next().unwrap_or_default()
    }

    /// The text as written, but for a leading `v`.
    #[must_use]
    pub fn without_v(&self) -> &str {
        self.text.strip_prefix(['v', 'V']).unwrap_or(&self.text)
    }

    /// The numbers in front, at least one.
    #[must_use]
    pub fn numbers(&self) -> &[Number] {
        &self.numbers
    }

    /// The first number as written.
    #[must_use]
    pub fn major(&self) -> Option<&str> {
        self.numbers.first().map(Number::text)
    }

    /// The second number as written (`24.04` → `04`), if there is one.
    #[must_use]
    pub fn minor(&self) -> Option<&str> {
        self.numbers.get(1).map(Number::text)
    }

    /// The third number as written, if there is one.
    #[must_use]
    pub fn patch(&self) -> Option<&str> {
        self.numbers.get(2).map(Number::text)
    }

    /// The text of the first `count` numbers (`3.14` of `v3.14.7rc1` for 2), if there are that many.
    #[must_use]
    pub fn prefix(&self, count: usize) -> Option<&str> {
        let numbers = self.numbers.get(..count).filter(|numbers| !numbers.is_empty())?;
        let digits: usize = numbers.iter().map(|number| number.text.len()).sum();
        self.without_v().get(..digits + count - 1)
    }

    /// Whether this comes before the release of the same numbers. Build metadata does not count.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        self.class() == Class::Prerelease
    }

    /// How what follows the numbers is read.
    #[must_use]
    pub fn class(&self) -> Class {
        match self.stage {
            Stage::Prerelease => Class::Prerelease,
            Stage::Unknown => Class::Unknown,
            Stage::Edition | Stage::Release | Stage::Suffixed => Class::Stable,
        }
    }

    /// What follows the numbers, without build metadata.
    #[must_use]
    pub fn tail(&self) -> &str {
        let numbers = self.prefix(self.numbers.len()).map_or(0, str::len);
        self.core().get(numbers..).unwrap_or_default()
    }

    /// Whether what follows the numbers has one of its own: `1.0.1-beta.1` says which prerelease it is, `1.0.1-beta` does
    /// not.
    #[must_use]
    pub(crate) fn is_numbered(&self) -> bool {
        self.tail().contains(|c: char| c.is_ascii_digit())
    }

    /// The shape of what follows the numbers, in which versions of one scheme agree; `None` without anything.
    #[must_use]
    pub fn shape(&self) -> Option<String> {
        self.shape.clone()
    }

    /// Build metadata, without the `+`; empty without any.
    #[must_use]
    pub fn build(&self) -> &str {
        self.build.as_str()
    }

    /// Whether it is numbers alone of which the first is a year, as `2026.03` is.
    #[must_use]
    pub(crate) fn is_dated(&self) -> bool {
        let year = self.numbers.first().map(Number::value);
        self.tail().is_empty() && year.is_some_and(|year| YEARS.contains(&year))
    }

    /// Whether it stands for all versions that begin with its numbers, as `1.x` and `2.4.x-alpine` do.
    #[must_use]
    pub(crate) fn is_series(&self) -> bool {
        goes_on_as_series(self.tail())
    }

    /// Whether a name shows this prerelease without its build metadata, so that all builds of it have that name.
    #[must_use]
    pub(crate) fn is_of_builds(&self, name: &str) -> bool {
        self.is_prerelease() && !self.build().is_empty() && shows(name, self.core())
    }

    /// The order of what is released: that of [`Version::cmp_precedence`], then that of build metadata, where `k3s10`
    /// comes after `k3s2`. Two commits have none.
    #[must_use]
    pub fn cmp_release(&self, other: &Self) -> Ordering {
        self.cmp_precedence(other).then_with(|| self.builds.cmp(&other.builds))
    }

    /// The order without its tie-breakers: `3.14` and `3.14.0`, `v1.2` and `1.2`, `1.2+a` and `1.2+b` are
    /// equal.
    #[must_use]
    pub fn cmp_precedence(&self, other: &Self) -> Ordering {
        if let (Some(own), Some(theirs)) = (&self.strict, &other.strict) {
            return own.cmp_precedence(theirs);
        }
        padded(self)
            .cmp(&padded(other))
            .then_with(|| self.stage.cmp(&other.stage))
            .then_with(|| other.editions.len().cmp(&self.editions.len()))
            .then_with(|| self.rest.cmp(&other.rest))
    }

    /// Whether this is another edition of the same release, of which none is greater: `3.60.0-ee` beside `3.60.0-ce`.
    #[must_use]
    pub fn is_beside(&self, other: &Self) -> bool {
        let has_all = |one: &Self, of: &Self| of.editions.iter().all(|word| one.editions.contains(word));
        padded(self) == padded(other) && !has_all(self, other) && !has_all(other, self)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_release(other)
            .then_with(|| self.numbers.len().cmp(&other.numbers.len()))
            .then_with(|| self.build.cmp(&other.build))
            .then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Scheme::Loose)
    }
}

impl Version {
    fn read(text: &str, separators: &[char], tails: &Tails) -> Result<Self, VersionError> {
        if text.is_empty() {
            return Err(VersionError::Empty);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
        let bad_character = |character| VersionError::Character { version: text.to_owned(), character };
        if let Some(character) = text.chars().find(|&c| !allowed(c)) {
            return Err(bad_character(character));
        }
        let empty_part = || VersionError::EmptyPart(text.to_owned());

        let (version, build) = match text.split_once('+') {
            None => (text, BuildMetadata::EMPTY),
            Some((_, "")) => return Err(empty_part()),
            Some((version, build)) => (version, parse_build(build, text)?),
        };
        let commit = tails.commit_in(version);
        let (numbers, rest) =
            parse_numbers(version.strip_prefix(['v', 'V']).unwrap_or(version), separators, commit)?
                .ok_or_else(|| VersionError::NoNumber(text.to_owned()))?;
        let next = rest.strip_prefix(separators).and_then(|rest| rest.split(SEPARATORS).next());
        let is_number = |next: &str| next.starts_with(|c: char| c.is_ascii_digit()) && commit != Some(next);
        if next.is_some_and(is_number) {
            return Err(VersionError::TooManyNumbers(text.to_owned()));
        }
        let shape = tail::shape(rest, tails);
        let (mut stage, mut editions, rest) = parse_rest(rest, tails).ok_or_else(empty_part)?;
        if matches!(stage, Stage::Edition | Stage::Release | Stage::Suffixed) && is_after(&build, tails) {
            (stage, editions) = (Stage::Unknown, Vec::new());
        }
        let builds = build_chunks(&build, tails);
        let text = text.to_owned();
        Ok(Self { text, numbers, stage, editions, rest, build, builds, shape, strict: None })
    }

    fn read_strict(text: &str, tails: &Tails) -> Result<Self, VersionError> {
        let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let strict = semver::Version::parse(bare)
            .map_err(|e| VersionError::NoSemver { version: text.to_owned(), reason: e.to_string() })?;
        let number = |value: u64| Number { text: value.to_string(), value };
        Ok(Self {
            text: text.to_owned(),
            numbers: [strict.major, strict.minor, strict.patch].map(number).to_vec(),
            stage: match strict.pre.is_empty() {
                true if is_after(&strict.build, tails) => Stage::Unknown,
                true => Stage::Release,
                false => Stage::Prerelease,
            },
            editions: Vec::new(),
            rest: Vec::new(),
            build: strict.build.clone(),
            builds: build_chunks(&strict.build, tails),
            shape: (!strict.pre.is_empty())
                .then(|| tail::shape(&format!("-{}", strict.pre), tails))
                .flatten(),
            strict: Some(strict),
        })
    }
}

fn parse_build(build: &str, version: &str) -> Result<BuildMetadata, VersionError> {
    BuildMetadata::new(build).map_err(|_| {
        // Everything else that SemVer refuses in build metadata has been refused by now.
        match build.chars().find(|&c| matches!(c, '+' | '_')) {
            Some(character) => VersionError::Character { version: version.to_owned(), character },
            None => VersionError::EmptyPart(version.to_owned()),
        }
    })
}

/// Whether it is what `git describe` and its like print behind a `+`: a build after the release, which must not take its tags.
fn is_after(build: &str, tails: &Tails) -> bool {
    tails.read(&format!("-0-{build}")).class == Class::Prerelease
}

/// What of build metadata has an order.
fn build_chunks(build: &BuildMetadata, tails: &Tails) -> Vec<Chunk> {
    let commit = tails.commit_in(build);
    let ordered = build.split('.').filter(|identifier| !Tails::is_unordered(identifier, commit));
    ordered.flat_map(runs).map(chunk).collect()
}

/// Takes the numbers, `NUMBER_LIMIT` at most, off the front of `text`; `None` when there is none. A commit is no number,
/// even if it begins with decimal digits.
fn parse_numbers<'t>(
    text: &'t str,
    separators: &[char],
    commit: Option<&str>,
) -> Result<Option<(Vec<Number>, &'t str)>, VersionError> {
    let mut numbers = Vec::new();
    let mut rest = text;
    while numbers.len() < NUMBER_LIMIT {
        let next = if numbers.is_empty() { Some(rest) } else { rest.strip_prefix(separators) };
        let is_commit = |next: &&str| !numbers.is_empty() && next.split(SEPARATORS).next() == commit;
        let next = next.filter(|next| !is_commit(next)).map(split_digits);
        let Some((digits, after)) = next.filter(|(digits, _)| !digits.is_empty()) else {
            break;
        };
        let value = digits.parse().map_err(|_| VersionError::LargeNumber(digits.to_owned()))?;
        numbers.push(Number { text: digits.to_owned(), value });
        rest = after;
    }
    Ok((!numbers.is_empty()).then_some((numbers, rest)))
}

/// Whether what follows the numbers of a name is an `x` in the place of another one.
#[must_use]
pub(crate) fn goes_on_as_series(tail: &str) -> bool {
    let rest = tail.strip_prefix('.').and_then(|rest| rest.strip_prefix(['x', 'X']));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATORS))
}

/// The numbers of a version; those that it lacks are 0.
fn padded(version: &Version) -> [u64; NUMBER_LIMIT] {
    std::array::from_fn(|i| version.numbers.get(i).map_or(0, Number::value))
}

/// Whether a text stands in a name, and no digit beside it.
fn shows(name: &str, text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let is_apart =
        |at: usize| !name[..at].ends_with(is_digit) && !name[at + text.len()..].starts_with(is_digit);
    name.match_indices(text).any(|(at, _)| is_apart(at))
}

/// The digits at the start of a text, and what follows.
pub(crate) fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Cuts what follows the numbers into chunks; `None` when there is nothing before, between or after
/// separators.
fn parse_rest(rest: &str, tails: &Tails) -> Option<(Stage, Vec<&'static str>, Vec<Chunk>)> {
    if rest.is_empty() {
        return Some((Stage::Release, Vec::new(), Vec::new()));
    }
    let identifiers: Vec<Vec<&str>> =
        rest.strip_prefix(SEPARATORS).unwrap_or(rest).split(SEPARATORS).map(runs).collect();
    if identifiers.iter().any(Vec::is_empty) {
        return None;
    }
    let Tail { class, markers, editions } = tails.read(rest);
    let commit = tails.commit_in(rest);
    let stage = match class {
        Class::Prerelease => Stage::Prerelease,
        Class::Unknown => Stage::Unknown,
        Class::Stable if !editions.is_empty() => Stage::Edition,
        Class::Stable => Stage::Suffixed,
    };
    let mut chunks = Vec::new();
    // Releases are the same in any case.
    let chunk = |run: &str| match chunk(run) {
        Chunk::Word(word) if matches!(stage, Stage::Edition | Stage::Suffixed) => {
            Chunk::Word(word.to_ascii_lowercase())
        }
        other => other,
    };
    for (runs, marker) in identifiers.iter().zip(markers) {
        if stage != Stage::Prerelease && Tails::is_unordered(&runs.concat(), commit) {
            continue;
        }
        let (first, others) = runs.split_first()?;
        chunks.push(match marker {
            Some(DEV) => Chunk::Dev,
            Some(word) => Chunk::Word(word.to_owned()),
            None => chunk(first),
        });
        chunks.extend(others.iter().map(|run| chunk(run)));
    }
    Some((stage, editions, chunks))
}

/// Cuts `identifier` into runs of digits and runs of letters.
fn runs(identifier: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    let mut remaining = identifier;
    while let Some(first) = remaining.chars().next() {
        let end = remaining.find(|c: char| c.is_ascii_digit() != first.is_ascii_digit());
        let (run, after) = remaining.split_at(end.unwrap_or(remaining.len()));
        runs.push(run);
        remaining = after;
    }
    runs
}

fn chunk(run: &str) -> Chunk {
    if run.starts_with(|c: char| c.is_ascii_digit()) {
        let digits = run.trim_start_matches('0');
        Chunk::Number(digits.len(), digits.to_owned())
    } else {
        Chunk::Word(run.to_owned())
    }
}

#[cfg(test)]
mod tests;
