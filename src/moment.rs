//! The moment of an evaluation: what the clock, chance and the attempt of the run said, so that it can be repeated.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::as_text::as_text;
use crate::readable::hexadecimal;

/// What was so when a definition was evaluated, as far as it asked, and may be otherwise in the next job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The time.
    pub time: Option<Timestamp>,
    /// What its random bytes follow from.
    pub seed: Option<Seed>,
    /// In which attempt of the run.
    pub attempt: Option<u32>,
}

/// The variable in which GitHub says which attempt it is.
pub(crate) const ATTEMPT: &str = "GITHUB_RUN_ATTEMPT";

/// What random bytes follow from: nobody can guess it, and whoever has it gets the same bytes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed([u8; 16]);

impl Seed {
    /// How many digits it has.
    const DIGITS: usize = 32;

    /// One of random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes that are drawn after so many others.
    #[must_use]
    pub fn draw(&self, before: u64) -> [u8; 16] {
        let hash = Sha256::new().chain_update(self.0).chain_update(before.to_be_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        bytes
    }
}

/// Why a text is not a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {} hexadecimal digits in lower case", Seed::DIGITS)]
pub struct NoSeed;

impl FromStr for Seed {
    type Err = NoSeed;

    fn from_str(text: &str) -> Result<Self, NoSeed> {
        let number = u128::from_str_radix(text, 16).map_err(|_| NoSeed)?;
        let seed = Self(number.to_be_bytes());
        if seed.to_string() == text { Ok(seed) } else { Err(NoSeed) }
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

as_text!(Seed: "What random values follow from: 32 hexadecimal digits in lower case.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_others_each_time() {
        let seed = Seed::new([7; 16]);
        assert_eq!(seed.draw(0), Seed::new([7; 16]).draw(0));
        assert_ne!(seed.draw(0), seed.draw(1));
        assert_ne!(seed.draw(0), Seed::new([8; 16]).draw(0));
    }

    #[test]
    fn a_seed_is_read_as_it_is_written() {
        let text = "000102030405060708090a0b0c0d0e0f";
        assert_eq!(text.parse::<Seed>().unwrap().to_string(), text);
        for wrong in
            ["", "00", &text.to_uppercase(), &text[1..], &format!("{text}0"), &format!("+{}", &text[1..])]
        {
            assert_eq!(wrong.parse::<Seed>(), Err(NoSeed), "{wrong}");
        }
    }
}
