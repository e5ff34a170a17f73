//! Limits how long a merge waits for lists of tags that show late what other merges have written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The longest wait: a job should do something meanwhile.
const MAX: Duration = Duration::from_secs(600);

/// Seconds, or a number with `s`, `m` or `h` behind it.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(['s', 'm', 'h']);
    let factor: u64 = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor).map(Duration::from_secs)
}

/// How long a merge waits after its tags: `30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settle(Duration);

impl Settle {
    /// The time.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Settle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = duration(text).filter(|found| !found.is_zero() && *found <= MAX);
        found.map(Self).ok_or_else(|| format!("`{text}` is not a time from 1s to 10m"))
    }
}

impl fmt::Display for Settle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_time_that_a_job_can_wait() {
        for (text, expected) in [("1", "1s"), ("30s", "30s"), ("2m", "120s"), ("10m", "600s")] {
            assert_eq!(text.parse::<Settle>().map(|one| one.to_string()), Ok(expected.to_owned()));
        }
        for text in ["", "0", "0s", "601", "11m", "1h", "-1s", "1.5s", "s", "1ms", "99999999999999999999m"] {
            assert!(text.parse::<Settle>().is_err(), "{text}");
        }
    }
}
