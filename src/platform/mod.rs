//! Platforms (`linux/arm/v7`), normalised as containerd does, and the prefixes that select them.

mod names;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use self::names::{ARCHITECTURES, OPERATING_SYSTEMS, other_name};
use crate::as_text::as_text;

/// Why a text is not a platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// Nothing where a platform was expected, such as after a trailing comma.
    #[error("platform is empty; expected os/architecture[/variant] such as `linux/amd64`")]
    Empty,
    /// Buildx's word for "the machine that builds".
    #[error(
        "platform `local` depends on the machine that builds; use a fixed platform such as `linux/amd64`"
    )]
    Local,
    /// An operating system alone: its architecture would be that of the machine.
    #[error("platform {0:?} lacks an architecture; expected os/architecture[/variant] such as `linux/amd64`")]
    NoArchitecture(String),
    /// One word that is neither an operating system nor an architecture.
    #[error(
        "{0:?} is neither an operating system nor an architecture; {meant}", meant = meant(.0)
    )]
    UnknownWord(String),
    /// `*` in a platform.
    #[error("platform {0:?} has a wildcard; expected one platform such as `linux/amd64`")]
    Wildcard(String),
    /// The part before the first `/` breaks the grammar.
    #[error(
        "{part:?} in platform {platform:?} is not an operating system; expected letters, digits, `_` or `-`, then perhaps `(osversion+feature)`"
    )]
    OperatingSystem {
        /// The offending part.
        part: String,
        /// The whole platform.
        platform: String,
    },
    /// The text inside the parentheses after the operating system.
    #[error("{part:?} in platform {platform:?} is not an OS version or feature: {problem}")]
    OsOption {
        /// The offending version or feature.
        part: String,
        /// The whole platform.
        platform: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The architecture or the variant breaks the grammar.
    #[error(
        "{part:?} in platform {platform:?} is not an architecture or variant; expected letters, digits, `_`, `.` or `-`"
    )]
    Part {
        /// The offending part.
        part: String,
        /// The whole platform.
        platform: String,
    },
    /// More than os, architecture and variant.
    #[error("platform {0:?} has more than three parts; expected os/architecture[/variant]")]
    TooManyParts(String),
}

/// A platform in normal form: `os[(osversion[+feature]…)]/architecture[/variant]`.
///
/// Parsing follows containerd's `platforms.Parse` and `Normalize`
/// (<https://github.com/containerd/platforms>), with one difference: it depends on no machine. An
/// architecture alone means `linux/ARCHITECTURE`, where containerd takes the operating system of the host; an
/// operating system alone and `local` are errors.
///
/// A platform prints in a form that parses to the same platform.
/// There are few, and very many things have one: it is shared instead of copied.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Platform(Arc<Parts>);

impl Ord for Platform {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for Platform {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a platform is made of.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Parts {
    os: String,
    architecture: String,
    variant: String,
    os_version: String,
    os_features: Vec<String>,
    /// The platform as it is printed, which follows from the rest.
    text: String,
    /// The platform as a part of a name, which follows from that.
    slug: String,
}

impl Platform {
    /// The platform as it is printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The operating system as Go names it: `linux`, `windows`, `darwin`.
    #[must_use]
    pub fn os(&self) -> &str {
        &self.0.os
    }

    /// The architecture as Go names it: `amd64`, `arm64`, `386`.
    #[must_use]
    pub fn architecture(&self) -> &str {
        &self.0.architecture
    }

    /// The CPU variant (`v7`), empty for the architecture's baseline (`amd64/v1`, `arm64/v8`).
    #[must_use]
    pub fn variant(&self) -> &str {
        &self.0.variant
    }

    /// The version of the operating system (`10.0.20348.1`), empty when none is asked for.
    #[must_use]
    pub fn os_version(&self) -> &str {
        &self.0.os_version
    }

    /// The operating system or architecture that containerd does not know, which is a typo more often than not, and
    /// what was probably meant.
    #[must_use]
    pub fn unknown_part(&self) -> Option<(&str, Option<Cow<'static, str>>)> {
        let unknown =
            |part, known: &[&'static str]| (!known.contains(&part)).then(|| (part, near(part, known)));
        unknown(self.0.os.as_str(), &OPERATING_SYSTEMS)
            .or_else(|| unknown(self.0.architecture.as_str(), &ARCHITECTURES))
    }

    /// The variant, when containerd knows of no machine that has it: it is compared with those of machines
    /// (containerd/platforms `compare.go`, `platformVector`).
    #[must_use]
    pub fn unknown_variant(&self) -> Option<&str> {
        let is_known = match self.architecture() {
            "amd64" => matches!(self.variant(), "" | "v2" | "v3" | "v4"),
            "arm" => matches!(self.variant(), "v5" | "v6" | "v7" | "v8"),
            "arm64" => match self.variant().as_bytes() {
                b"" | b"v9" => true,
                [b'v', b'8' | b'9', b'.', minor] => minor.is_ascii_digit(),
                _ => false,
            },
            _ => self.variant().is_empty(),
        };
        (!is_known).then_some(self.variant())
    }

    /// The platform as a part of a Bake target name: `linux-arm-v7`.
    ///
    /// `/` becomes `-`, and what Bake allows in no name (anything outside `[a-zA-Z0-9_-]`) becomes `_`. Two
    /// platforms may share a slug, so whoever builds names from it checks for collisions.
    #[must_use]
    pub fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Whether `prefix` selects this platform, segment by segment: `linux/arm` selects `linux/arm/v7`, not
    /// `linux/arm64`.
    #[must_use]
    pub fn matches_prefix(&self, prefix: &PlatformPrefix) -> bool {
        let os_options_match = (prefix.os_version.is_empty() && prefix.os_features.is_empty())
            || (prefix.os_version == self.0.os_version && prefix.os_features == self.0.os_features);
        prefix.os == self.0.os
            && os_options_match
            && prefix.architecture.as_ref().is_none_or(|architecture| *architecture == self.0.architecture)
            && prefix.variant.as_ref().is_none_or(|variant| *variant == self.0.variant)
    }

    /// Whether a machine of platform `runner` executes this platform's programs without emulation.
    ///
    /// The variant of a 64-bit architecture is taken on trust (an `amd64` runner may or may not be `v3`): the
    /// kernel hands such programs to the CPU in any case, never to an emulator.
    #[must_use]
    pub fn runs_natively_on(&self, runner: &Self) -> bool {
        if self.0.os != runner.0.os {
            return false;
        }
        match (self.0.architecture.as_str(), runner.0.architecture.as_str()) {
            ("amd64" | "386", "amd64") | ("arm64" | "arm", "arm64") => true,
            ("arm", "arm") => self.0.variant <= runner.0.variant,
            (own, other) => own == other && self.0.variant == runner.0.variant,
        }
    }
}

/// What an unknown part of a platform was probably to be: another name, or one of those that are `known`.
fn near(part: &str, known: &[&'static str]) -> Option<Cow<'static, str>> {
    let spelt = || crate::diagnostic::suggest(part, known.iter().copied()).map(Cow::Borrowed);
    other_name(part).map(Cow::Borrowed).or_else(|| joined(part).map(Cow::Owned)).or_else(spelt)
}

/// An architecture and its variant that are written as one word: `arm7`, `arm-v6`, `arm64v8`, `amd64_v3`.
fn joined(word: &str) -> Option<String> {
    const BASES: [(&str, &str); 8] = [
        ("arm32", "arm"),
        ("arm64", "arm64"),
        ("aarch32", "arm"),
        ("aarch64", "arm64"),
        ("arm", "arm"),
        ("amd64", "amd64"),
        ("x86_64", "amd64"),
        ("x86-64", "amd64"),
    ];
    let (rest, base) = BASES.iter().find_map(|(name, base)| Some((word.strip_prefix(name)?, *base)))?;
    let rest = rest.trim_start_matches(['-', '_']);
    let number = rest.strip_prefix('v').unwrap_or(rest);
    let base = match number.as_bytes().first() {
        // The eighth 32-bit ARM is a 64-bit one.
        Some(b'8' | b'9') if base == "arm" => "arm64",
        Some(first) if first.is_ascii_digit() => base,
        _ => return None,
    };
    let platform: Platform = format!("linux/{base}/v{number}").parse().ok()?;
    let name = platform.as_str().strip_prefix("linux/")?;
    platform.unknown_variant().is_none().then(|| name.to_owned())
}

/// What a single unknown word was probably to be.
fn meant(word: &str) -> String {
    match near(&word.to_ascii_lowercase(), &ARCHITECTURES) {
        Some(near) if !OPERATING_SYSTEMS.contains(&&*near) => format!("did you mean `linux/{near}`?"),
        _ => "expected a platform such as `linux/amd64`".to_owned(),
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Specifier { os, os_version, os_features, architecture } = Specifier::plain(text)?;
        let (os, (architecture, variant)) = match architecture {
            Some((architecture, variant)) => {
                (os, normalise_architecture(architecture, variant.unwrap_or("")))
            }
            None => {
                let word = single_word(text, &os)?;
                match word {
                    Word::OperatingSystem => return Err(PlatformError::NoArchitecture(text.to_owned())),
                    Word::Architecture => ("linux".to_owned(), normalise_architecture(text, "")),
                }
            }
        };
        let mut text = format!("{}/{architecture}", Os(&os, &os_version, &os_features));
        if !variant.is_empty() {
            text.extend(["/", &variant]);
        }
        let slugged = |c: char| match c {
            '/' => '-',
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => c,
            _ => '_',
        };
        let slug = text.chars().map(slugged).collect();
        Ok(Self(Arc::new(Parts { os, architecture, variant, os_version, os_features, text, slug })))
    }
}

as_text!(Platform: "A platform, such as `linux/amd64` or `linux/arm/v7`.");

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

/// The first segments of a platform, selecting all platforms that begin with them: `linux`, `linux/arm`,
/// `linux/arm/v7`.
///
/// Segments are normalised, but `linux/arm` stays the prefix of every 32-bit ARM, and a written baseline
/// (`linux/amd64/v1`) selects only the baseline. An architecture alone means `linux/ARCHITECTURE`, as in
/// [`Platform`]. An OS without a version selects every version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlatformPrefix {
    os: String,
    architecture: Option<String>,
    variant: Option<String>,
    os_version: String,
    os_features: Vec<String>,
}

impl PlatformPrefix {
    /// The number of segments, 1 to 3: of the prefixes that select a platform, the one with the most is the
    /// most specific.
    #[must_use]
    pub fn specificity(&self) -> usize {
        1 + usize::from(self.architecture.is_some()) + usize::from(self.variant.is_some())
    }
}

impl FromStr for PlatformPrefix {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Specifier { os, os_version, os_features, architecture } = Specifier::plain(text)?;
        let (os, written) = match architecture {
            Some(written) => (os, Some(written)),
            None => match single_word(text, &os)? {
                Word::OperatingSystem => (os, None),
                Word::Architecture => ("linux".to_owned(), Some((text, None))),
            },
        };
        let Some((architecture, variant)) = written else {
            return Ok(Self { os, architecture: None, variant: None, os_version, os_features });
        };
        let (name, normal_variant) = normalise_architecture(architecture, variant.unwrap_or(""));
        let all_arm = variant.is_none() && architecture.eq_ignore_ascii_case("arm");
        let says_variant = !normal_variant.is_empty() || (variant.is_some() && baseline(&name).is_some());
        let variant = (says_variant && !all_arm).then_some(normal_variant);
        Ok(Self { os, architecture: Some(name), variant, os_version, os_features })
    }
}

impl fmt::Display for PlatformPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Os(&self.os, &self.os_version, &self.os_features).fmt(f)?;
        let Some(architecture) = &self.architecture else { return Ok(()) };
        write!(f, "/{architecture}")?;
        match self.variant.as_deref() {
            None => Ok(()),
            Some("") => write!(f, "/{}", baseline(architecture).unwrap_or_default()),
            Some(variant) => write!(f, "/{variant}"),
        }
    }
}

/// Splits one element of a Bake `platforms` list, which may itself be a comma list
/// (`"linux/amd64,linux/arm64"`).
///
/// # Errors
/// Fails at the first part that is not a platform; an empty part is none.
pub fn split_list(text: &str) -> Result<Vec<Platform>, PlatformError> {
    text.split(',').map(str::parse).collect()
}

/// Whether buildx accepts `text` as an element of a Bake `platforms` list (buildx
/// `util/platformutil/parse.go`).
///
/// That is more than [`Platform`] accepts: `local` and a single known operating system are fine there.
///
/// # Errors
/// Says why buildx would refuse it.
pub fn is_valid_for_bake(text: &str) -> Result<(), PlatformError> {
    text.split(',').try_for_each(|part| {
        if part.eq_ignore_ascii_case("local") {
            return Ok(());
        }
        let specifier = Specifier::parse(part)?;
        if specifier.architecture.is_none() {
            single_word(part, &specifier.os)?;
        }
        Ok(())
    })
}

/// A platform as written, its syntax checked: OS options are decoded, only the OS is normalised.
struct Specifier<'a> {
    os: String,
    os_version: String,
    os_features: Vec<String>,
    architecture: Option<(&'a str, Option<&'a str>)>,
}

impl<'a> Specifier<'a> {
    /// Of a platform that depends on no machine, and whose parts can be written again as they are.
    fn plain(text: &'a str) -> Result<Self, PlatformError> {
        if text.eq_ignore_ascii_case("local") {
            return Err(PlatformError::Local);
        }
        let specifier = Self::parse(text)?;
        specifier.check_os_options_are_plain(text)?;
        Ok(specifier)
    }

    fn parse(text: &'a str) -> Result<Self, PlatformError> {
        if text.is_empty() {
            return Err(PlatformError::Empty);
        }
        if text.contains('*') {
            return Err(PlatformError::Wildcard(text.to_owned()));
        }
        let mut parts = text.split('/');
        let first = parts.next().unwrap_or_default();
        let (architecture, variant) = (parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(PlatformError::TooManyParts(text.to_owned()));
        }
        for part in architecture.iter().chain(&variant) {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
            if part.is_empty() || !part.chars().all(allowed) {
                return Err(PlatformError::Part { part: (*part).to_owned(), platform: text.to_owned() });
            }
        }
        let (os, os_version, os_features) = parse_os(first, text)?;
        Ok(Self { os, os_version, os_features, architecture: architecture.map(|a| (a, variant)) })
    }

    /// Buildx decodes `%` escapes to any byte at all; a comma or a line break in a platform helps nobody and
    /// would not survive printing.
    fn check_os_options_are_plain(&self, platform: &str) -> Result<(), PlatformError> {
        let plain = |c: char| is_os_option_char(c) || matches!(c, '+' | '(' | ')' | '/');
        match std::iter::once(&self.os_version)
            .chain(&self.os_features)
            .find(|option| !option.chars().all(plain))
        {
            None => Ok(()),
            Some(option) => Err(PlatformError::OsOption {
                part: option.clone(),
                platform: platform.to_owned(),
                problem: "the escape stands for a character that a platform cannot contain",
            }),
        }
    }
}

fn is_os_option_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '%' | '-')
}

/// Parses `os[(osversion[+feature]…)]` into the normalised OS, its version and its features.
fn parse_os(part: &str, platform: &str) -> Result<(String, String, Vec<String>), PlatformError> {
    let malformed =
        || PlatformError::OperatingSystem { part: part.to_owned(), platform: platform.to_owned() };
    let (os, options) = match part.split_once('(') {
        None => (part, ""),
        Some((os, rest)) => (os, rest.strip_suffix(')').ok_or_else(malformed)?),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_option = |c: char| is_os_option_char(c) || c == '+';
    if os.is_empty() || !os.chars().all(is_name) || !options.chars().all(is_option) {
        return Err(malformed());
    }
    let os = normalise_os(os);
    if options.is_empty() {
        return Ok((os, String::new(), Vec::new()));
    }
    let bad_option = |part: &str, problem| PlatformError::OsOption {
        part: part.to_owned(),
        platform: platform.to_owned(),
        problem,
    };
    let decode =
        |option: &str| decode_os_option(option).ok_or_else(|| bad_option(option, "`%` needs two hex digits"));

    let mut parts = options.split('+');
    let version = parts.next().unwrap_or_default();
    let mut os_features = Vec::new();
    for feature in parts {
        if feature.is_empty() {
            return Err(bad_option(feature, "a feature is empty"));
        }
        os_features.push(decode(feature)?);
    }
    os_features.sort();
    os_features.dedup();
    Ok((os, decode(version)?, os_features))
}

fn normalise_os(os: &str) -> String {
    match os.to_ascii_lowercase() {
        os if os == "macos" => "darwin".to_owned(),
        os => os,
    }
}

/// The normal form of an operating system, an architecture and a variant, as containerd's `Normalize` makes it.
#[must_use]
pub(crate) fn normalise(os: &str, architecture: &str, variant: &str) -> (String, String, String) {
    let (architecture, variant) = normalise_architecture(architecture, variant);
    (normalise_os(os), architecture, variant)
}

/// Undoes percent escapes, a byte each (`%2B` is `+`); `None` when an escape is malformed.
fn decode_os_option(option: &str) -> Option<String> {
    let mut pieces = option.split('%');
    let mut decoded = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let hex = piece.get(..2).filter(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()))?;
        decoded.push(char::from(u8::from_str_radix(hex, 16).ok()?));
        decoded.push_str(&piece[2..]);
    }
    Some(decoded)
}

/// An operating system with its version and its features.
struct Os<'a>(&'a str, &'a str, &'a [String]);

impl fmt::Display for Os<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(os, version, features) = self;
        f.write_str(os)?;
        if version.is_empty() && features.is_empty() {
            return Ok(());
        }
        write!(f, "({}", encode_os_option(version))?;
        for feature in *features {
            write!(f, "+{}", encode_os_option(feature))?;
        }
        f.write_str(")")
    }
}

/// Escapes what the grammar gives a meaning, as containerd's `FormatAll` does.
fn encode_os_option(option: &str) -> String {
    let mut encoded = String::with_capacity(option.len());
    for c in option.chars() {
        match c {
            '%' => encoded.push_str("%25"),
            '+' => encoded.push_str("%2B"),
            '(' => encoded.push_str("%28"),
            ')' => encoded.push_str("%29"),
            '/' => encoded.push_str("%2F"),
            _ => encoded.push(c),
        }
    }
    encoded
}

enum Word {
    OperatingSystem,
    Architecture,
}

/// What a platform of one word names; `os` is the word read as an operating system.
fn single_word(word: &str, os: &str) -> Result<Word, PlatformError> {
    if OPERATING_SYSTEMS.contains(&os) {
        Ok(Word::OperatingSystem)
    } else if ARCHITECTURES.contains(&normalise_architecture(word, "").0.as_str()) {
        Ok(Word::Architecture)
    } else {
        Err(PlatformError::UnknownWord(word.to_owned()))
    }
}

/// The architecture and variant as Go names them (containerd/platforms `database.go`, `normalizeArch`).
fn normalise_architecture(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = (architecture.to_ascii_lowercase(), variant.to_ascii_lowercase());
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("amd64" | "x86_64" | "x86-64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("arm64" | "aarch64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("arm64" | "aarch64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
        ("armel", _) | ("arm", "6") => ("arm", "v6"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "8") => ("arm", "v8"),
        other => other,
    };
    (architecture.to_owned(), variant.to_owned())
}

/// The variant that an architecture has when none is written, for the architectures that leave it out.
fn baseline(architecture: &str) -> Option<&'static str> {
    match architecture {
        "amd64" => Some("v1"),
        "arm64" => Some("v8"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
