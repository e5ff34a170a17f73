//! Versions as people write them (`24.04`, `3.15.0rc1`, `v1.2.3-r2`): the literal text, and an order.

mod tail;
mod withdrawn;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use semver::BuildMetadata;

use self::tail::DEV;
pub(crate) use self::tail::{Class, SEPARATORS, Tails, is_of_family};
pub(crate) use self::withdrawn::Withdrawn;

/// The most numbers in front of a version.
const NUMBER_LIMIT: usize = 4;

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

/// A version: `[v]N[.N[.N[.N]]][rest][+build]`, with its literal text kept.
///
/// What follows the numbers has a [`Class`]: *prerelease* when it has one of the known markers (`rc1`, `-rc.1`,
/// `beta3`, `a1`, `-preview.7`, `-M1`, `-SNAPSHOT`, `.dev2`…), *stable* when all of it is known (`-r2`, `p1`, `.Final`,
/// `-1`), and else *unknown*.
///
/// # Order
/// By the numbers, a missing one being 0; then prerelease < unknown < release < suffix; then the rest, cut into runs of
/// letters and runs of digits: numbers below words, numbers by value, words by the alphabet (`alpha` < `beta`
/// < `preview` < `rc`) but `dev` lowest, markers without regard to case; then, so that the order is total,
/// build metadata likewise, fewer numbers first, and the text.
///
/// On SemVer this is the order of the `semver` crate, with three exceptions that follow from what people
/// write: what is no known marker is a suffix (`1.2.3-1` > `1.2.3`), letters and digits of one identifier
/// count apart (`-rc10` > `-rc9`), and `dev` and case in markers as above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    numbers: Vec<Number>,
    stage: Stage,
    rest: Vec<Chunk>,
    build: BuildMetadata,
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
    /// own, so that there nothing is unknown.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse_with(text: &str, scheme: Scheme, tails: &Tails) -> Result<Self, VersionError> {
        match scheme {
            Scheme::Loose => Self::read(text, &['.'], tails),
            Scheme::Calver => Self::read(text, &SEPARATORS, tails),
            Scheme::Semver => Self::read_strict(text),
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

    /// The numbers in front, 1 to 4.
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
            Stage::Release | Stage::Suffixed => Class::Stable,
        }
    }

    /// What follows the numbers, without build metadata.
    #[must_use]
    pub fn tail(&self) -> &str {
        let numbers = self.prefix(self.numbers.len()).map_or(0, str::len);
        self.core().get(numbers..).unwrap_or_default()
    }

    /// The shape of what follows the numbers, in which versions of one scheme agree; `None` without anything.
    #[must_use]
    pub fn shape(&self) -> Option<String> {
        tail::shape(self.tail())
    }

    /// Build metadata, without the `+`; empty without any.
    #[must_use]
    pub fn build(&self) -> &str {
        self.build.as_str()
    }

    /// The order of what is released: that of [`Version::cmp_precedence`], then that of build metadata, where `k3s10`
    /// comes after `k3s2`.
    #[must_use]
    pub fn cmp_release(&self, other: &Self) -> Ordering {
        let chunks =
            |version: &Self| -> Vec<Chunk> { version.build().split('.').flat_map(runs).map(chunk).collect() };
        self.cmp_precedence(other).then_with(|| chunks(self).cmp(&chunks(other)))
    }

    /// The order without its tie-breakers: `3.14` and `3.14.0`, `v1.2` and `1.2`, `1.2+a` and `1.2+b` are
    /// equal.
    #[must_use]
    pub fn cmp_precedence(&self, other: &Self) -> Ordering {
        if let (Some(own), Some(theirs)) = (&self.strict, &other.strict) {
            return own.cmp_precedence(theirs);
        }
        let padded = |version: &Self| -> [u64; NUMBER_LIMIT] {
            std::array::from_fn(|i| version.numbers.get(i).map_or(0, Number::value))
        };
        padded(self)
            .cmp(&padded(other))
            .then_with(|| self.stage.cmp(&other.stage))
            .then_with(|| self.rest.cmp(&other.rest))
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
        let (numbers, rest) = parse_numbers(version.strip_prefix(['v', 'V']).unwrap_or(version), separators)?
            .ok_or_else(|| VersionError::NoNumber(text.to_owned()))?;
        if rest.strip_prefix(separators).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            return Err(VersionError::TooManyNumbers(text.to_owned()));
        }
        let (stage, rest) = parse_rest(rest, tails).ok_or_else(empty_part)?;
        Ok(Self { text: text.to_owned(), numbers, stage, rest, build, strict: None })
    }

    fn read_strict(text: &str) -> Result<Self, VersionError> {
        let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let strict = semver::Version::parse(bare)
            .map_err(|e| VersionError::NoSemver { version: text.to_owned(), reason: e.to_string() })?;
        let number = |value: u64| Number { text: value.to_string(), value };
        Ok(Self {
            text: text.to_owned(),
            numbers: [strict.major, strict.minor, strict.patch].map(number).to_vec(),
            stage: if strict.pre.is_empty() { Stage::Release } else { Stage::Prerelease },
            rest: Vec::new(),
            build: strict.build.clone(),
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

/// Takes the numbers, `NUMBER_LIMIT` at most, off the front of `text`; `None` when there is none.
fn parse_numbers<'t>(
    text: &'t str,
    separators: &[char],
) -> Result<Option<(Vec<Number>, &'t str)>, VersionError> {
    let mut numbers = Vec::new();
    let mut rest = text;
    while numbers.len() < NUMBER_LIMIT {
        let next = if numbers.is_empty() { Some(rest) } else { rest.strip_prefix(separators) };
        let Some((digits, after)) = next.map(split_digits).filter(|(digits, _)| !digits.is_empty()) else {
            break;
        };
        let value = digits.parse().map_err(|_| VersionError::LargeNumber(digits.to_owned()))?;
        numbers.push(Number { text: digits.to_owned(), value });
        rest = after;
    }
    Ok((!numbers.is_empty()).then_some((numbers, rest)))
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Cuts what follows the numbers into chunks; `None` when there is nothing before, between or after
/// separators.
fn parse_rest(rest: &str, tails: &Tails) -> Option<(Stage, Vec<Chunk>)> {
    if rest.is_empty() {
        return Some((Stage::Release, Vec::new()));
    }
    let identifiers: Vec<Vec<&str>> =
        rest.strip_prefix(SEPARATORS).unwrap_or(rest).split(SEPARATORS).map(runs).collect();
    if identifiers.iter().any(Vec::is_empty) {
        return None;
    }
    let (class, markers) = tails.read(rest);
    let stage = match class {
        Class::Prerelease => Stage::Prerelease,
        Class::Unknown => Stage::Unknown,
        Class::Stable => Stage::Suffixed,
    };
    let mut chunks = Vec::new();
    for (runs, marker) in identifiers.iter().zip(markers) {
        let (first, others) = runs.split_first()?;
        chunks.push(match marker {
            Some(DEV) => Chunk::Dev,
            Some(word) => Chunk::Word(word.to_owned()),
            None => chunk(first),
        });
        chunks.extend(others.iter().map(|run| chunk(run)));
    }
    Some((stage, chunks))
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
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

    use super::{Class, Scheme, Tails, Version};

    #[track_caller]
    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn the_text_is_kept_and_cut_as_written() {
        for (text, without_v, parts) in [
            ("24.04", "24.04", [Some("24"), Some("04"), None]),
            ("v1.2.3-rc.1", "1.2.3-rc.1", [Some("1"), Some("2"), Some("3")]),
            ("V2026.03.0", "2026.03.0", [Some("2026"), Some("03"), Some("0")]),
            ("19beta3", "19beta3", [Some("19"), None, None]),
            ("11.0.100.7-x", "11.0.100.7-x", [Some("11"), Some("0"), Some("100")]),
            ("1+b.7", "1+b.7", [Some("1"), None, None]),
        ] {
            let version = version(text);
            assert_eq!(version.text(), text);
            assert_eq!(version.to_string(), text);
            assert_eq!(version.without_v(), without_v);
            assert_eq!([version.major(), version.minor(), version.patch()], parts, "{text}");
        }
        let version = version("v24.04.1rc1+b.7");
        assert_eq!(
            [0, 1, 2, 3, 4].map(|count| version.prefix(count)),
            [None, Some("24"), Some("24.04"), Some("24.04.1"), None]
        );
        assert_eq!(version.numbers().iter().map(super::Number::value).collect::<Vec<_>>(), [24, 4, 1]);
        assert_eq!(version.build.as_str(), "b.7");
    }

    #[test]
    fn known_markers_alone_make_a_prerelease() {
        for text in [
            "3.15.0rc1",
            "8.5.10RC1",
            "1.2.3-rc.1",
            "1.2.3-rc",
            "1.2.3_rc_1",
            "19beta3",
            "1.0a1",
            "1.0b2",
            "1.0c3",
            "11.0.0-preview.7",
            "11.0.100-preview.7.26123.1",
            "2.0.0-M1",
            "2.0.0.M1",
            "2.0.0.CR2",
            "1.0-SNAPSHOT",
            "1.0-20260101.1-SNAPSHOT",
            "1.0.dev1",
            "1.0-dev",
            "1.0-pre",
            "1.0-alpha",
            "4.0.0-java17-rc1",
            "26-ea+12",
            "v1.47.0-RC1",
            "1.0.0-rc1+b",
            "1.0.0-nightly20260101",
        ] {
            assert!(version(text).is_prerelease(), "{text}");
        }
        for text in [
            "3.14.7",
            "24.04",
            "1.2.3-r2",
            "1.2.3p1",
            "5.0.0.Final",
            "1.2.3-1",
            "1.1.1w",
            "1.0.post1",
            "17.0.1_12",
            "1.0.0+rc1",
            "1.2.3-r2-b1",
        ] {
            assert_eq!(version(text).class(), Class::Stable, "{text}");
        }
        for text in ["1.2.3-a1b2c3d", "1.2.3-ea12345", "1.2.3-c1234567", "1.2.3-alpine", "1.2.3-development"]
        {
            assert_eq!(version(text).class(), Class::Unknown, "{text}");
        }
    }

    #[test]
    fn calendar_versions_keep_their_pieces() {
        let calver = |text: &str| Version::parse(text, Scheme::Calver).expect("a version");
        let day = calver("2026-03-01");
        assert_eq!([day.major(), day.minor(), day.patch()], [Some("2026"), Some("03"), Some("01")]);
        assert_eq!([day.prefix(2), day.prefix(3)], [Some("2026-03"), Some("2026-03-01")]);
        assert!(
            calver("2026-03-01") < calver("2026-03-01.2") && calver("2026-03-01.2") < calver("2026-03-02")
        );
        assert!(calver("2026.03-rc1").is_prerelease());
        assert!(Version::parse("2026-03-01.2.3", Scheme::Calver).is_err());
    }

    #[test]
    fn strict_versions_are_semver() {
        let strict = |text: &str| Version::parse(text, Scheme::Semver);
        assert!(strict("1.2.3-1").expect("SemVer").is_prerelease());
        assert_eq!(strict("v1.2.3").expect("SemVer").text(), "v1.2.3");
        let error = strict("1.02.3").expect_err("no SemVer");
        assert_eq!(
            error.to_string(),
            "version \"1.02.3\" is not valid SemVer: invalid leading zero in minor version number"
        );
    }

    #[test]
    fn what_is_no_version_is_explained() {
        for (text, message) in [
            ("", "version is empty"),
            ("v", "version \"v\" does not begin with a number"),
            ("latest", "version \"latest\" does not begin with a number"),
            ("vv1", "version \"vv1\" does not begin with a number"),
            ("+b", "version \"+b\" does not begin with a number"),
            ("-1", "version \"-1\" does not begin with a number"),
            ("1.2.3.4.5", "version \"1.2.3.4.5\" has more than 4 numbers"),
            ("18446744073709551616", "number 18446744073709551616 of the version is too large"),
            (
                "1.2 ",
                "version \"1.2 \" must not contain ' '; allowed are letters, digits, `.`, `-`, `_` and one `+`",
            ),
            (
                "1!2",
                "version \"1!2\" must not contain '!'; allowed are letters, digits, `.`, `-`, `_` and one `+`",
            ),
            (
                "1+a+b",
                "version \"1+a+b\" must not contain '+'; allowed are letters, digits, `.`, `-`, `_` and one `+`",
            ),
            ("1.", "version \"1.\" has an empty part, between two separators or at its end"),
            ("1..2", "version \"1..2\" has an empty part, between two separators or at its end"),
            ("1-rc-", "version \"1-rc-\" has an empty part, between two separators or at its end"),
            ("1+", "version \"1+\" has an empty part, between two separators or at its end"),
            ("1+a..b", "version \"1+a..b\" has an empty part, between two separators or at its end"),
        ] {
            let error = text.parse::<Version>().expect_err("no version");
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn versions_sort_as_their_authors_meant() {
        let ascending = [
            "0.9",
            "1.0.0.dev1",
            "1.0.0a1",
            "1.0.0-alpha.2",
            "1.0.0alpha10",
            "1.0.0-beta.1",
            "1.0.0-M1",
            "1.0.0-preview.7",
            "1.0.0-rc",
            "1.0.0RC1",
            "1.0.0rc9",
            "1.0.0-rc10",
            "1.0.0-SNAPSHOT",
            "1",
            "1.0",
            "1.0.0",
            "1.0.0.0",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0.Final",
            "1.0.0-r2",
            "1.0.0-r10",
            "1.0.1",
            "1.2",
            "1.10",
            "8.5.9",
            "8.5.10RC1",
            "24.04",
            "24.10",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(version(a).cmp(&version(b)), i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn precedence_leaves_the_spelling_out() {
        for (a, b) in [
            ("3.14", "3.14.0"),
            ("v1.2", "1.2"),
            ("1.2+a", "1.2+b"),
            ("24.4", "24.04"),
            ("1.0rc1", "1.0-rc.01"),
            ("1.0a1", "1.0-ALPHA.1"),
        ] {
            assert_eq!(version(a).cmp_precedence(&version(b)), Ordering::Equal, "{a} {b}");
            assert_ne!(version(a).cmp(&version(b)), Ordering::Equal, "{a} {b}");
        }
    }

    /// SemVer as people write it: a known marker, then identifiers of letters or of digits.
    fn semver_text() -> impl Strategy<Value = String> {
        let identifier = "(0|[1-9][0-9]{0,2}|[a-zA-Z]{1,3})".prop_filter("sorts apart", |text| {
            !text.eq_ignore_ascii_case("dev") && Tails::default().read(text).1 == [None]
        });
        let prerelease = (
            proptest::sample::select(vec!["alpha", "beta", "pre", "preview", "rc"]),
            proptest::collection::vec(identifier, 0..3),
        )
            .prop_map(|(marker, identifiers)| {
                std::iter::once(marker.to_owned()).chain(identifiers).collect::<Vec<_>>().join(".")
            });
        (
            "(0|1|10)\\.(0|1|10)\\.(0|1|10)",
            proptest::option::of(prerelease),
            proptest::option::of("[a-z]{1,2}"),
        )
            .prop_map(|(numbers, prerelease, build)| {
                let prerelease = prerelease.map(|text| format!("-{text}")).unwrap_or_default();
                let build = build.map(|text| format!("+{text}")).unwrap_or_default();
                format!("{numbers}{prerelease}{build}")
            })
    }

    proptest! {
        #[test]
        fn semver_is_ordered_as_semver_is(a in semver_text(), b in semver_text()) {
            let theirs = [&a, &b].map(|text| semver::Version::parse(text).expect("SemVer"));
            prop_assert_eq!(version(&a).cmp(&version(&b)), theirs[0].cmp(&theirs[1]));
            prop_assert_eq!(
                version(&a).cmp_precedence(&version(&b)),
                theirs[0].cmp_precedence(&theirs[1])
            );
            prop_assert_eq!(version(&a).is_prerelease(), !theirs[0].pre.is_empty());
        }

        #[test]
        fn the_strict_scheme_is_the_crate_s(a in "[0-2]\\.[0-2]\\.[0-2](-[0-9a-zA-Z-]{1,3}(\\.[a-z]{1,2})?)?(\\+[ab])?", b in "[0-2]\\.[0-2]\\.[0-2](-[0-9a-zA-Z-]{1,3}(\\.[a-z]{1,2})?)?") {
            let ours = [&a, &b].map(|text| Version::parse(text, Scheme::Semver));
            let theirs = [&a, &b].map(|text| semver::Version::parse(text));
            for (ours, theirs) in ours.iter().zip(&theirs) {
                prop_assert_eq!(ours.is_ok(), theirs.is_ok());
            }
            if let ([Ok(a), Ok(b)], [Ok(c), Ok(d)]) = (&ours, &theirs) {
                prop_assert_eq!(a.cmp(b), c.cmp(d));
                prop_assert_eq!(a.is_prerelease(), !c.pre.is_empty());
            }
        }

        #[test]
        fn the_order_is_total(texts in proptest::collection::vec("v?[01](\\.0?[01]){0,2}([.-]?(a|b|rc|dev|r|1|RC)[01]?){0,2}(\\+[ab])?", 3)) {
            let versions: Vec<Version> = texts.iter().filter_map(|text| text.parse().ok()).collect();
            for a in &versions {
                for b in &versions {
                    prop_assert_eq!(a.cmp(b), b.cmp(a).reverse());
                    prop_assert_eq!(a.cmp(b) == Ordering::Equal, a == b);
                    for c in &versions {
                        prop_assert!(!(a <= b && b <= c) || a <= c);
                    }
                }
            }
        }

        #[test]
        fn all_semver_is_a_version(numbers in "(0|1|10)\\.(0|1|10)\\.(0|1|10)", rest in "(-[a-zA-Z1-9]{1,4}(\\.[a-z1-9]{1,4})?)?(\\+[0-9a-z]{1,4})?") {
            let text = format!("{numbers}{rest}");
            prop_assert!(semver::Version::parse(&text).is_ok());
            prop_assert_eq!(version(&text).to_string(), text);
        }

        #[test]
        fn nothing_panics(text in any::<String>()) {
            if let Ok(version) = text.parse::<Version>() {
                prop_assert_eq!(version.text(), text);
            }
        }
    }
}
