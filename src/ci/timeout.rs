//! Limits how long jobs may take.

use std::fmt;
use std::str::FromStr;

use super::Keyed;

/// How many minutes the targets of a row share when their time is up, so that one that hangs costs the others nothing:
/// what they are made of is in the builder's cache by then.
pub(crate) const AFTER_A_BUILD: u16 = 10;

/// How many minutes the job of a row has besides those of its builds.
pub(crate) const AROUND_A_BUILD: u16 = 15 + AFTER_A_BUILD;

/// A kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What makes the plan.
    Plan,
    /// A row of the matrix.
    Build,
    /// What publishes.
    Merge,
}

impl Stage {
    /// All of them, with how they are written and how many minutes they have unless a setting says otherwise.
    const ALL: [(&str, Self, u16); 3] =
        [("plan", Self::Plan, 20), ("build", Self::Build, 60), ("merge", Self::Merge, 30)];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, stage, _)| stage == self).map_or("", |(name, ..)| name))
    }
}

/// How many minutes jobs may take: `build=90`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    stage: Stage,
    minutes: u16,
}

impl Timeout {
    /// The minutes that a kind of job has, with these settings.
    #[must_use]
    pub fn minutes_of(stage: Stage, settings: &[Self]) -> u16 {
        let usual =
            Stage::ALL.iter().find(|(_, known, _)| *known == stage).map_or(60, |(.., minutes)| *minutes);
        settings.iter().find(|one| one.stage == stage).map_or(usual, |one| one.minutes)
    }
}

impl Keyed for Timeout {
    fn key(&self) -> String {
        self.stage.to_string()
    }
}

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, minutes) = text.split_once('=').unwrap_or((text, ""));
        let Some((_, stage, _)) = Stage::ALL.iter().find(|(known, ..)| *known == name) else {
            return Err(format!("`{name}` is not a job with a timeout; expected `plan`, `build` or `merge`"));
        };
        // GitHub ends a job on its own machines after six hours, and any other after five days.
        match minutes.parse() {
            Ok(minutes @ 1..=7200) => Ok(Self { stage: *stage, minutes }),
            _ => Err(format!("`{minutes}` is not a number of minutes from 1 to 7200 for `{name}`")),
        }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.stage, self.minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_job_has_one() {
        let build = "build=90".parse::<Timeout>().expect("it is one");
        assert_eq!(build.to_string(), "build=90");
        assert_eq!(
            [Stage::Plan, Stage::Build, Stage::Merge].map(|stage| Timeout::minutes_of(stage, &[build])),
            [20, 90, 30]
        );
        for text in ["", "90", "build", "build=", "build=0", "build=1h", "build=7201", "gate=5"] {
            assert!(text.parse::<Timeout>().is_err(), "{text}");
        }
    }
}
