//! Settings that are one word: an environment, a local action, a secret, a number of jobs.

use std::fmt;
use std::str::FromStr;

use super::{is_name, is_unset};

/// A deployment environment of GitHub, whose rules and secrets apply to what publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment(String);

impl FromStr for Environment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_of = |c: char| c.is_ascii_alphanumeric() || "-_./ ".contains(c);
        let is_framed = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && !text.ends_with(' ');
        if is_framed && text.chars().all(is_of) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is not the name of an environment here: letters, digits, blanks and `-_./`"
            ))
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A composite action of the same repository, by its folder: `./.github/actions/setup`, or `./` for the top one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAction(String);

impl FromStr for LocalAction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_of = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(is_of);
        match text.strip_prefix("./") {
            Some("") => Ok(Self(text.to_owned())),
            Some(rest) if rest.trim_end_matches('/').split('/').all(is_part) => {
                Ok(Self(text.trim_end_matches('/').to_owned()))
            }
            _ => Err(format!(
                "`{text}` is not the folder of an action in this repository, such as `./.github/actions/setup`"
            )),
        }
    }
}

impl fmt::Display for LocalAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A label of the runner on which the jobs run that build nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerLabel(String);

impl FromStr for RunnerLabel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_of = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
        let lower = text.to_ascii_lowercase();
        if text.is_empty() || text.trim() != text || !text.chars().all(is_of) {
            Err(format!("`{text}` is not the label of a runner, such as `ubuntu-latest` or `self-hosted`"))
        } else if lower.starts_with("windows") {
            Err(format!("`{text}` is a runner of Windows, where the scripts of the workflow do not run"))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Display for RunnerLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A secret of the repository, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretName(String);

impl FromStr for SecretName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // https://docs.github.com/en/actions/reference/security/secrets#naming-your-secrets
        if is_name(text) && !is_unset(text) && text != "GITHUB_TOKEN" {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}` is not the name of a secret, such as `DEPLOY_KEY`"))
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many jobs there may be; more are packed into fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxJobs(u32);

impl MaxJobs {
    /// The rows that a matrix of GitHub can have (<https://docs.github.com/en/actions/reference/limits>).
    pub const OF_GITHUB: Self = Self(256);

    /// That many; `None` for 0.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// As a number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for MaxJobs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().and_then(Self::new);
        number.ok_or_else(|| format!("`{text}` is not a number of jobs"))
    }
}

impl fmt::Display for MaxJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How much the provenance of a build says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvenanceMode {
    /// What cannot hold anything private.
    Min,
    /// Everything, build arguments too.
    Max,
}

impl FromStr for ProvenanceMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "min" => Ok(Self::Min),
            "max" => Ok(Self::Max),
            _ => Err(format!("`{text}` is neither `min` nor `max`")),
        }
    }
}

impl fmt::Display for ProvenanceMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Min => "min",
            Self::Max => "max",
        })
    }
}

/// How many rows of the matrix run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxParallel(u16);

impl FromStr for MaxParallel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A matrix has at most 256 rows.
        match text.parse() {
            Ok(number @ 1..=256) => Ok(Self(number)),
            _ => Err(format!("`{text}` is not a number of jobs from 1 to 256")),
        }
    }
}

impl fmt::Display for MaxParallel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What becomes of images of which it cannot be known whether they have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnknown {
    /// They are built.
    #[default]
    Build,
    /// The plan fails.
    Fail,
}

impl OnUnknown {
    /// Both of them, in the order of help and schemas.
    pub(crate) const ALL: [Self; 2] = [Self::Build, Self::Fail];

    /// Its word.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Fail => "fail",
        }
    }
}

impl FromStr for OnUnknown {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|one| one.name() == text);
        named.ok_or_else(|| format!("`{text}` is neither `build` nor `fail`"))
    }
}

impl fmt::Display for OnUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many images are built at most because their bases have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MostStale(u32);

impl FromStr for MostStale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number @ 1..) => Ok(Self(number)),
            _ => Err(format!("`{text}` is not a number of images")),
        }
    }
}

impl fmt::Display for MostStale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes<T: FromStr<Err = String> + fmt::Display>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(text.parse::<T>().map(|one| one.to_string()), Ok((*text).to_owned()));
        }
        for text in bad {
            assert!(text.parse::<T>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_workflow_takes_as_it_is_passes() {
        takes::<Environment>(
            &["production", "eu-1/prod", "prod env"],
            &["", " a", "a ", "${{ x }}", "-a", "a\n", "a'b"],
        );
        takes::<RunnerLabel>(
            &["ubuntu-latest", "self-hosted", "linux arm"],
            &["", " a", "${{ x }}", "a\nb", "windows-2025", "Windows"],
        );
        takes::<ProvenanceMode>(&["min", "max"], &["", "mode=max", "Max", "true"]);
        takes::<SecretName>(&["DEPLOY_KEY", "_a1"], &["", "1A", "A-B", "secrets.A", "GITHUB_TOKEN", "A B"]);
        takes::<MaxJobs>(&["1", "3000"], &["", "0", "-1", "1.5", "all", "99999999999"]);
        takes::<OnUnknown>(&["build", "fail"], &["", "Fail", "skip"]);
        takes::<MostStale>(&["1", "3000"], &["", "0", "-1", "1.5", "all"]);
        takes::<MaxParallel>(&["1", "256"], &["", "0", "257", "-1", "1.5", "many"]);
        takes::<LocalAction>(
            &["./", "./a", "./.github/actions/set-up"],
            &["", "a", "/a", ".", ".//", "./..", "./a/../b", "./a b", "./a//b", "../a", "a/b@v1"],
        );
    }
}
