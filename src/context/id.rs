//! Names that git gives to contents: what `git hash-object` prints.

use std::fmt;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::readable::hexadecimal;

/// How a repository names its objects (`git rev-parse --show-object-format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Format {
    /// By 20 bytes.
    #[default]
    Sha1,
    /// By 32 bytes.
    Sha256,
}

impl Format {
    /// The one that git calls so.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"sha1" => Some(Self::Sha1),
            b"sha256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// How many bytes a name has.
    pub(crate) const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// The name of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Id {
    /// In most repositories.
    Sha1([u8; 20]),
    /// In those of `git init --object-format=sha256`.
    Sha256([u8; 32]),
}

impl Id {
    /// Reads 40 or 64 hexadecimal digits.
    pub(crate) fn from_hex(digits: &[u8]) -> Option<Self> {
        match digits.len() {
            40 => Some(Self::Sha1(bytes(digits)?)),
            64 => Some(Self::Sha256(bytes(digits)?)),
            _ => None,
        }
    }

    /// Takes 20 or 32 bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.len() {
            20 => bytes.try_into().ok().map(Self::Sha1),
            32 => bytes.try_into().ok().map(Self::Sha256),
            _ => None,
        }
    }

    /// The name that git gives an object.
    ///
    /// `kind` is `blob` or `tree`, or a word that git does not have, for what it cannot say.
    pub(crate) fn of(format: Format, kind: &str, content: &[u8]) -> Self {
        let header = format!("{kind} {}\0", content.len());
        match format {
            Format::Sha1 => {
                Self::Sha1(Sha1::new().chain_update(header).chain_update(content).finalize().into())
            }
            Format::Sha256 => {
                Self::Sha256(Sha256::new().chain_update(header).chain_update(content).finalize().into())
            }
        }
    }

    /// Which kind it is.
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Sha1(_) => Format::Sha1,
            Self::Sha256(_) => Format::Sha256,
        }
    }

    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(self.as_bytes()))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// As many bytes as there are pairs of digits.
fn bytes<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

/// What a digit stands for.
const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
