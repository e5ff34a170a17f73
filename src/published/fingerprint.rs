//! Tells one plan, or one definition, from another by the start of a hash.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::as_text::as_text;
use crate::readable::hexadecimal;

/// The start of a SHA-256, in hexadecimal: it tells one thing from another, and proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// How many digits it has.
    const DIGITS: usize = 16;

    /// That of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut hash = Hash::default();
        hash.add(text);
        hash.finish()
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes the fingerprint of a text of which one piece at a time is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hash(Sha256);

impl Hash {
    /// Adds the next piece.
    pub(crate) fn add(&mut self, text: impl AsRef<[u8]>) {
        self.0.update(text);
    }

    /// That of all pieces.
    #[must_use]
    pub(crate) fn finish(self) -> Fingerprint {
        let digits = hexadecimal(&self.0.finalize());
        Fingerprint(digits.chars().take(Fingerprint::DIGITS).collect())
    }
}

/// Why a text is not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {} hexadecimal digits in lower case", Fingerprint::DIGITS)]
pub struct NoFingerprint;

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == Self::DIGITS && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoFingerprint)
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(Fingerprint: "The start of a SHA-256: 16 hexadecimal digits in lower case.");
