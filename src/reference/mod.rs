//! Image references, parsed and normalised as Docker does: `[registry/]repository[:tag][@digest]`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::as_text::as_text;

/// The tag of a reference that names none, and so the floating name of the greatest version, which a version may stay
/// out of.
pub(crate) const LATEST: &str = "latest";

/// The registry of a reference that names none.
pub(crate) const DOCKER_HUB: &str = "docker.io";
/// The name under which Docker Hub was known before.
const LEGACY_DOCKER_HUB: &str = "index.docker.io";
/// The namespace of Docker Hub's repositories that are written as one word.
const OFFICIAL: &str = "library/";

/// The most characters in a tag (<https://github.com/distribution/reference/blob/main/regexp.go>).
const TAG_LIMIT: usize = 128;
/// The most characters in a repository's path, the registry not counted (`reference.go`,
/// `RepositoryNameTotalLengthMax`).
const PATH_LIMIT: usize = 255;

/// Why a text is not a reference, or not the part of one that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The named part is empty.
    #[error("{0} is empty")]
    Empty(Part),
    /// The named part has a character that it may not have.
    #[error("{part} must not contain {character:?}; allowed are {}", part.allowed())]
    Character {
        /// The part of the reference.
        part: Part,
        /// The first offending character.
        character: char,
    },
    /// A tag, or a label of a host, begins or ends with a separator.
    #[error("{part} must not {} with {character:?}", if *.at_end { "end" } else { "begin" })]
    Edge {
        /// The part of the reference.
        part: Part,
        /// The separator.
        character: char,
        /// Whether it is the last character, rather than the first.
        at_end: bool,
    },
    /// Separators in a repository name that may not stand together.
    #[error(
        "repository name must not contain {0:?} between letters or digits; allowed are `.`, `_`, `__` and any number of `-`"
    )]
    Separator(String),
    /// Upper case in the path of a repository.
    #[error("repository name must be lowercase: {0:?}")]
    Uppercase(String),
    /// The path has more than 255 characters.
    #[error("repository name is {0} characters long; at most {PATH_LIMIT} are allowed")]
    LongRepository(usize),
    /// The tag has more than 128 characters.
    #[error("tag is {0} characters long; at most {TAG_LIMIT} are allowed")]
    LongTag(usize),
    /// 64 hexadecimal digits, which Docker keeps for image ids.
    #[error("repository name must not be 64 hexadecimal digits; Docker takes those for an image id")]
    ImageId,
    /// A URL where a reference was expected.
    #[error("a reference has no scheme; leave out `{0}://`")]
    Scheme(String),
    /// An IPv6 address without its closing bracket, or with something other than a port after it.
    #[error("registry {0:?} is not an IPv6 address in brackets with an optional port")]
    Ipv6(String),
    /// A digest without `:`.
    #[error("digest has no algorithm; expected for example `sha256:` and 64 hexadecimal digits")]
    NoAlgorithm,
    /// A digest algorithm that the OCI specification does not register, or SHA-2 in other letters.
    #[error("digest algorithm {0:?} is not supported; expected sha256, sha384 or sha512")]
    Algorithm(String),
    /// A digest whose length does not fit its algorithm.
    #[error("{algorithm} digest is {found} characters long; expected {expected}")]
    DigestLength {
        /// The algorithm.
        algorithm: &'static str,
        /// The number of characters found after the algorithm.
        found: usize,
        /// The number of hexadecimal digits of the algorithm.
        expected: usize,
    },
    /// A tag where only a repository was expected.
    #[error("a repository is expected here, without a tag; leave out `:{0}`")]
    UnexpectedTag(Tag),
    /// A digest where only a repository was expected.
    #[error("a repository is expected here, without a digest; leave out `@{0}`")]
    UnexpectedDigest(Digest),
}

/// A part of a reference, as errors name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The host and port of the registry.
    Registry,
    /// One label of the registry's host, between dots.
    HostLabel,
    /// The port alone.
    Port,
    /// The path of the repository in its registry.
    Repository,
    /// One component of that path.
    PathComponent,
    /// The tag.
    Tag,
    /// The digest.
    Digest,
}

impl Part {
    const fn allowed(self) -> &'static str {
        match self {
            Self::Registry | Self::HostLabel => "letters, digits, `.` and `-`",
            Self::Port => "digits",
            Self::Repository | Self::PathComponent => "lowercase letters, digits, `.`, `_`, `-` and `/`",
            Self::Tag => "ASCII letters, digits, `_`, `.` and `-`",
            Self::Digest => "lowercase hexadecimal digits",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registry => "registry",
            Self::HostLabel => "label of the registry's host",
            Self::Port => "port of the registry",
            Self::Repository => "repository name",
            Self::PathComponent => "component of the repository name",
            Self::Tag => "tag",
            Self::Digest => "digest",
        })
    }
}

/// A registry: `host[:port]`, lower-cased, since hosts have no case; `index.docker.io` is `docker.io`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registry(String);

impl Registry {
    /// The registry as it is printed: `host[:port]`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is Docker Hub, whose name references may leave out.
    #[must_use]
    pub fn is_docker_hub(&self) -> bool {
        self.0 == DOCKER_HUB
    }
}

impl FromStr for Registry {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(ReferenceError::Scheme(scheme.to_owned()));
        }
        check_registry(text)?;
        let lower = text.to_ascii_lowercase();
        Ok(Self(if lower == LEGACY_DOCKER_HUB { DOCKER_HUB.to_owned() } else { lower }))
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A repository: a registry and a path in it, as distribution/reference normalises them
/// (<https://github.com/distribution/reference/blob/main/normalize.go>).
///
/// The first component is the registry when it is `localhost`, contains `.` or `:`, or has an upper-case
/// letter; else the registry is `docker.io`, where a path of one component gets `library/` before it.
///
/// It differs from Docker in two points. The host is lower-cased, unless upper case alone makes it a host
/// (`Foo/bar`). A host that is none (`foo_bar.com/app`) is refused, where Docker makes a repository without a
/// registry of it, which nothing can push to. Very many things have one: it is shared instead of copied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(Arc<RepositoryParts>);

/// What a repository is made of.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct RepositoryParts {
    registry: Registry,
    path: String,
}

impl Repository {
    /// The registry, never absent.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The path in the registry: `acme/app`, `library/ubuntu`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The reference of `tag` in this repository.
    #[must_use]
    pub fn with_tag(self, tag: Tag) -> Reference {
        Reference { repository: self, tag: Some(tag), digest: None }
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse()? {
            Reference { digest: Some(digest), .. } => Err(ReferenceError::UnexpectedDigest(digest)),
            Reference { tag: Some(tag), .. } => Err(ReferenceError::UnexpectedTag(tag)),
            Reference { repository, .. } => Ok(repository),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RepositoryParts { registry: Registry(host), path } = &*self.0;
        f.write_str(host)?;
        f.write_str("/")?;
        f.write_str(path)
    }
}

/// A tag: 1 to 128 ASCII letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`. Case counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// The tag's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether tags may have this character.
#[must_use]
pub(crate) fn is_of_tag(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-')
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(first) = text.chars().next() else { return Err(ReferenceError::Empty(Part::Tag)) };
        check_characters(Part::Tag, text, is_of_tag)?;
        if matches!(first, '.' | '-') {
            return Err(ReferenceError::Edge { part: Part::Tag, character: first, at_end: false });
        }
        if text.len() > TAG_LIMIT {
            return Err(ReferenceError::LongTag(text.len()));
        }
        Ok(Self(text.to_owned()))
    }
}

as_text!(Tag: "A tag: 1 to 128 ASCII letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`.");

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A digest: `sha256:` and 64 lower-case hexadecimal digits, or `sha384:` and 96, or `sha512:` and 128
/// (<https://github.com/opencontainers/go-digest>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
pub struct Digest(String);

impl Digest {
    /// How much of it a table shows.
    const SHORT: usize = "sha256:".len() + 12;

    /// Its beginning, for tables.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..Self::SHORT).unwrap_or(&self.0)
    }

    /// The sha256 digest of `content`, the algorithm that every registry takes.
    #[must_use]
    pub fn sha256(content: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(&Sha256::digest(content))))
    }

    /// The digest of `content` by the algorithm of this one.
    #[must_use]
    pub fn recompute(&self, content: &[u8]) -> Self {
        let mut hasher = self.hasher();
        hasher.update(content);
        hasher.finish()
    }

    /// What makes a digest by the algorithm of this one, of content that comes in parts.
    #[must_use]
    pub fn hasher(&self) -> Hasher {
        match self.algorithm() {
            "sha384" => Hasher::Sha384(Sha384::new()),
            "sha512" => Hasher::Sha512(Sha512::new()),
            _ => Hasher::Sha256(Sha256::new()),
        }
    }

    /// The digest as it is printed: `algorithm:digits`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `sha256`, `sha384` or `sha512`.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.0.split_once(':').map_or("", |(algorithm, _)| algorithm)
    }

    /// The hexadecimal digits alone.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, hex)| hex)
    }
}

/// Makes a digest of content that comes in parts.
#[derive(Clone, Debug)]
pub enum Hasher {
    /// By `sha256`.
    Sha256(Sha256),
    /// By `sha384`.
    Sha384(Sha384),
    /// By `sha512`.
    Sha512(Sha512),
}

impl Hasher {
    /// Takes in the next part.
    pub fn update(&mut self, part: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(part),
            Self::Sha384(hasher) => hasher.update(part),
            Self::Sha512(hasher) => hasher.update(part),
        }
    }

    /// The digest of all parts.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(match self {
            Self::Sha256(hasher) => format!("sha256:{}", hex(&hasher.finalize())),
            Self::Sha384(hasher) => format!("sha384:{}", hex(&hasher.finalize())),
            Self::Sha512(hasher) => format!("sha512:{}", hex(&hasher.finalize())),
        })
    }
}

impl FromStr for Digest {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ReferenceError::Empty(Part::Digest));
        }
        let (algorithm, hex) = text.split_once(':').ok_or(ReferenceError::NoAlgorithm)?;
        let (algorithm, expected) = match algorithm {
            "sha256" => ("sha256", 64),
            "sha384" => ("sha384", 96),
            "sha512" => ("sha512", 128),
            _ => return Err(ReferenceError::Algorithm(algorithm.to_owned())),
        };
        check_characters(Part::Digest, hex, |c| matches!(c, '0'..='9' | 'a'..='f'))?;
        if hex.len() != expected {
            return Err(ReferenceError::DigestLength { algorithm, found: hex.len(), expected });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

/// A reference: a repository, perhaps a tag, perhaps a digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl Reference {
    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag as written; a missing one is not `latest` yet.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// `repository` with this reference's tag and digest behind it.
    fn suffixed(&self, mut repository: String) -> String {
        for (separator, suffix) in
            [(':', self.tag.as_ref().map(Tag::as_str)), ('@', self.digest.as_ref().map(Digest::as_str))]
        {
            if let Some(suffix) = suffix {
                repository.push(separator);
                repository.push_str(suffix);
            }
        }
        repository
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(ReferenceError::Scheme(scheme.to_owned()));
        }
        if is_image_id(text) {
            return Err(ReferenceError::ImageId);
        }
        let (name, digest) = cut(text, '@');
        let (registry, name) = match name.split_once('/') {
            Some((host, rest)) if is_registry(host) => (registry_in_reference(host)?, rest),
            _ => (Registry(DOCKER_HUB.to_owned()), name),
        };
        let (path, tag) = cut(name, ':');
        check_path(path)?;
        let path = if registry.is_docker_hub() && !path.contains('/') {
            format!("{OFFICIAL}{path}")
        } else {
            path.to_owned()
        };
        if path.len() > PATH_LIMIT {
            return Err(ReferenceError::LongRepository(path.len()));
        }
        Ok(Self {
            repository: Repository(Arc::new(RepositoryParts { registry, path })),
            tag: tag.map(str::parse).transpose()?,
            digest: digest.map(str::parse).transpose()?,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.suffixed(self.repository.to_string()))
    }
}

fn cut(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Whether a name of this form means an image id to Docker, not a repository.
fn is_image_id(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the first component of a name is a registry, not a namespace of Docker Hub (`normalize.go`,
/// `splitDockerDomain`).
fn is_registry(component: &str) -> bool {
    component == "localhost"
        || component.contains(['.', ':'])
        || component.chars().any(|c| c.is_ascii_uppercase())
}

/// The registry in front of a repository, lower-cased only if it still reads as a registry then.
fn registry_in_reference(host: &str) -> Result<Registry, ReferenceError> {
    let registry: Registry = host.parse()?;
    Ok(if is_registry(registry.as_str()) { registry } else { Registry(host.to_owned()) })
}

/// Checks `host[:port]`: labels of letters, digits and inner `-`, or an IPv6 address in brackets.
fn check_registry(text: &str) -> Result<(), ReferenceError> {
    let port = if let Some(rest) = text.strip_prefix('[') {
        let malformed = || ReferenceError::Ipv6(text.to_owned());
        let (address, after) = rest.split_once(']').ok_or_else(malformed)?;
        let is_address = !address.is_empty() && address.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        match after.strip_prefix(':') {
            Some(port) if is_address => Some(port),
            None if is_address && after.is_empty() => None,
            _ => return Err(malformed()),
        }
    } else {
        let (host, port) = cut(text, ':');
        check_host(host)?;
        port
    };
    match port {
        None => Ok(()),
        Some("") => Err(ReferenceError::Empty(Part::Port)),
        Some(port) => check_characters(Part::Port, port, |c| c.is_ascii_digit()),
    }
}

fn check_host(host: &str) -> Result<(), ReferenceError> {
    check_characters(Part::Registry, host, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))?;
    if host.is_empty() {
        return Err(ReferenceError::Empty(Part::Registry));
    }
    host.split('.').try_for_each(|label| check_edges(Part::HostLabel, label, |c| c == '-'))
}

/// Checks `component[/component…]`, a component being runs of `[a-z0-9]` joined by `.`, `_`, `__` or `-…`.
fn check_path(path: &str) -> Result<(), ReferenceError> {
    if path.is_empty() {
        return Err(ReferenceError::Empty(Part::Repository));
    }
    check_characters(Part::Repository, path, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/')
    })?;
    if path.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(ReferenceError::Uppercase(path.to_owned()));
    }
    path.split('/').try_for_each(check_component)
}

fn check_component(component: &str) -> Result<(), ReferenceError> {
    let is_separator = |c: char| matches!(c, '.' | '_' | '-');
    check_edges(Part::PathComponent, component, is_separator)?;
    component.split(|c| !is_separator(c)).try_for_each(|separator| match separator {
        "" | "." | "_" | "__" => Ok(()),
        dashes if dashes.bytes().all(|b| b == b'-') => Ok(()),
        other => Err(ReferenceError::Separator(other.to_owned())),
    })
}

/// Checks that `text` is not empty and has no separator at either end.
fn check_edges(part: Part, text: &str, is_separator: impl Fn(char) -> bool) -> Result<(), ReferenceError> {
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else {
        return Err(ReferenceError::Empty(part));
    };
    match [(first, false), (last, true)].into_iter().find(|&(character, _)| is_separator(character)) {
        None => Ok(()),
        Some((character, at_end)) => Err(ReferenceError::Edge { part, character, at_end }),
    }
}

fn check_characters(part: Part, text: &str, allowed: impl Fn(char) -> bool) -> Result<(), ReferenceError> {
    match text.chars().find(|&c| !allowed(c)) {
        None => Ok(()),
        Some(character) => Err(ReferenceError::Character { part, character }),
    }
}

#[cfg(test)]
mod tests;
