//! CI runners: how they are named, and which one builds a platform.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::bake::values::Value;
use crate::platform::{Platform, PlatformPrefix};

/// A runner in the forms that GitHub's `runs-on` takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, ToSchema)]
#[serde(untagged, expecting = "expected a label, a list of labels, or an object with `group` and `labels`")]
pub enum Runner {
    /// One label.
    Label(String),
    /// Labels that the runner must have all of.
    Labels(Vec<String>),
    /// A runner of a group, with these labels.
    Group {
        /// The group's name.
        group: String,
        /// Labels that it must have all of; may be empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels: Vec<String>,
    },
}

impl Runner {
    /// The forms of a runner, for messages.
    pub const FORMS: &str = "a runner is a label, a list of labels, `{ group = \"…\", labels = […] }`, or \
                             `{ runner = …, platform = \"linux/arm64\" }` to say which platform it runs on";

    /// On one line, for tables.
    #[must_use]
    pub fn display(&self) -> Cow<'_, str> {
        match self {
            Self::Label(label) => label.into(),
            Self::Labels(labels) => labels.join("+").into(),
            Self::Group { group, labels } if labels.is_empty() => group.into(),
            Self::Group { group, labels } => format!("{group}:{}", labels.join("+")).into(),
        }
    }

    /// The tags of such a runner at GitLab: its own, or those of GitLab's hosted runner in the place of GitHub's
    /// (<https://docs.gitlab.com/ci/runners/hosted_runners/linux/>).
    #[must_use]
    pub fn gitlab_tags(&self) -> Vec<&str> {
        match self {
            Self::Label(label) if label == DEFAULT => vec!["saas-linux-small-amd64"],
            Self::Label(label) if label == DEFAULT_ARM => vec!["saas-linux-small-arm64"],
            Self::Label(label) => vec![label],
            Self::Labels(labels) | Self::Group { labels, .. } => labels.iter().map(String::as_str).collect(),
        }
    }

    fn labels(&self) -> Vec<String> {
        let labels: Vec<&String> = match self {
            Self::Label(label) => vec![label],
            Self::Labels(labels) | Self::Group { labels, .. } => labels.iter().collect(),
        };
        labels.into_iter().map(|label| label.to_ascii_lowercase()).collect()
    }

    /// The system of a runner that has no BuildKit, as far as its labels tell: Docker on Windows builds without it, and
    /// GitHub's macOS has no Docker.
    #[must_use]
    pub fn lacks_buildkit(&self) -> Option<&'static str> {
        let labels = self.labels();
        let starts = |with: &str| labels.iter().any(|label| label.starts_with(with));
        starts("windows").then_some("Windows").or_else(|| starts("macos").then_some("macOS"))
    }

    /// The platform of one of GitHub's own Linux machines; none for any other runner.
    #[must_use]
    pub(crate) fn hosted_platform(&self) -> Option<Platform> {
        match self {
            Self::Label(label) if label.starts_with("ubuntu-") => self.guess_platform(),
            Self::Label(_) | Self::Labels(_) | Self::Group { .. } => None,
        }
    }

    /// The runner's own platform, as far as its labels tell: GitHub's hosted labels end in `-arm`, and self-hosted
    /// runners have `ARM64` or `X64`.
    fn guess_platform(&self) -> Option<Platform> {
        let labels = self.labels();
        let any = |test: fn(&str) -> bool| labels.iter().any(|label| test(label));
        let os = if any(|l| l.starts_with("windows")) { "windows" } else { "linux" };
        let architecture = if any(|l| l.ends_with("-arm") || l.contains("arm64") || l.contains("aarch64")) {
            "arm64"
        } else if any(|l| l == "x64" || l.contains("amd64") || l.contains("x86_64"))
            || any(|l| l.starts_with("ubuntu-") || l.starts_with("windows-"))
        {
            "amd64"
        } else {
            return None;
        };
        format!("{os}/{architecture}").parse().ok()
    }
}

/// A runner for the platforms that a prefix matches; without a prefix, for all others.
#[derive(Clone, Debug, PartialEq)]
pub struct RunnerRule {
    /// Which platforms; `None` is the `default`.
    pub prefix: Option<PlatformPrefix>,
    /// The runner.
    pub runner: Runner,
    /// The runner's own platform, when given.
    pub platform: Option<Platform>,
}

impl RunnerRule {
    /// Reads a runner from an evaluated value; see [`Runner::FORMS`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_value(value: &Value, prefix: Option<PlatformPrefix>) -> Result<Self, String> {
        let mut platform = None;
        let runner = match value.members() {
            None => plain(value)?,
            Some(members) => {
                const KNOWN: [&str; 4] = ["runner", "platform", "group", "labels"];
                if let Some(unknown) = members.keys().find(|key| !KNOWN.contains(&&***key)) {
                    return Err(format!("a runner has no `{unknown}`"));
                }
                if let Some(text) = members.get("platform") {
                    let text = text.as_str().ok_or("the platform of a runner must be a string")?;
                    platform =
                        Some(text.parse().map_err(|e| format!("`{text}` is not a valid platform: {e}"))?);
                }
                match (members.get("runner"), members.get("group"), members.get("labels")) {
                    (Some(runner), None, None) => plain(runner)?,
                    (None, Some(group), labels) => Runner::Group {
                        group: non_empty(group)?,
                        labels: labels.map(list).transpose()?.unwrap_or_default(),
                    },
                    (None, None, Some(labels)) => Runner::Labels(list(labels)?),
                    _ => return Err("a runner needs `runner`, or `group` and `labels`".into()),
                }
            }
        };
        Ok(Self { prefix, runner, platform })
    }
}

fn plain(value: &Value) -> Result<Runner, String> {
    match value.items() {
        Some(_) => Ok(Runner::Labels(list(value)?)),
        None => Ok(Runner::Label(non_empty(value)?)),
    }
}

fn list(value: &Value) -> Result<Vec<String>, String> {
    match value.items() {
        None => Ok(vec![non_empty(value)?]),
        Some([]) => Err("a list of labels must not be empty".into()),
        Some(items) => items.iter().map(non_empty).collect(),
    }
}

fn non_empty(value: &Value) -> Result<String, String> {
    match value.as_str() {
        Some("") => Err("a label must not be empty".into()),
        Some(label) => Ok(label.to_owned()),
        None => Err("a label must be a string".into()),
    }
}

/// The runner of a platform, and the platform that the runner itself is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The runner.
    pub runner: Runner,
    /// Its own platform.
    pub platform: Platform,
}

/// GitHub's hosted runner for everything but ARM; `ubuntu-latest` has no ARM twin of that name
/// (<https://docs.github.com/en/actions/reference/runners/github-hosted-runners>).
const DEFAULT: &str = "ubuntu-latest";
const DEFAULT_ARM: &str = "ubuntu-24.04-arm";

/// Chooses the runner: the most specific rule, else `default`, else GitHub's hosted ones. `platform` is `None` for a
/// target that names no platform. `None` when only a rule could tell: Windows has no default.
#[must_use]
pub(crate) fn assign(rules: &[&RunnerRule], platform: Option<&Platform>) -> Option<Assignment> {
    let matching = rules.iter().filter(|rule| match (&rule.prefix, platform) {
        (None, _) => true,
        (Some(prefix), Some(platform)) => platform.matches_prefix(prefix),
        (Some(_), None) => false,
    });
    // Of equally specific rules the last counts: it is the one nearer to the image.
    let best = matching.max_by_key(|rule| rule.prefix.as_ref().map_or(0, PlatformPrefix::specificity));
    if let Some(rule) = best {
        let is_windows = platform.is_some_and(|p| p.os() == "windows");
        // A `default` Linux runner is not an answer for Windows, whose images only Windows builds.
        if rule.prefix.is_none() && is_windows {
            return None;
        }
        let own = rule.platform.clone().or_else(|| rule.runner.guess_platform()).or_else(|| {
            // A runner that was chosen for an architecture by name is taken to be of that architecture, and nothing but
            // Windows builds for Windows.
            let is_named = rule.prefix.as_ref().is_some_and(|prefix| prefix.specificity() > 1);
            platform.filter(|_| is_named || is_windows).cloned()
        });
        return Some(Assignment {
            runner: rule.runner.clone(),
            platform: own.unwrap_or_else(|| LINUX_AMD64.clone()),
        });
    }
    match platform {
        Some(platform) if platform.os() == "windows" => None,
        Some(platform) if matches!(platform.architecture(), "arm" | "arm64") => {
            Some(Assignment { runner: Runner::Label(DEFAULT_ARM.into()), platform: LINUX_ARM64.clone() })
        }
        _ => Some(Assignment { runner: Runner::Label(DEFAULT.into()), platform: LINUX_AMD64.clone() }),
    }
}

/// The runner of a platform where nobody chose one.
#[must_use]
pub(crate) fn usual(platform: &Platform) -> Option<Runner> {
    assign(&[], Some(platform)).map(|assignment| assignment.runner)
}

static LINUX_AMD64: LazyLock<Platform> = LazyLock::new(|| "linux/amd64".parse().expect("a valid platform"));
static LINUX_ARM64: LazyLock<Platform> = LazyLock::new(|| "linux/arm64".parse().expect("a valid platform"));

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(prefix: Option<&str>, runner: &str) -> RunnerRule {
        RunnerRule {
            prefix: prefix.map(|p| p.parse().unwrap()),
            runner: Runner::Label(runner.into()),
            platform: None,
        }
    }

    #[track_caller]
    fn case(rules: &[RunnerRule], platform: &str, expected: Option<(&str, &str)>) {
        let platform: Platform = platform.parse().unwrap();
        let found = assign(&rules.iter().collect::<Vec<_>>(), Some(&platform));
        let found = found.map(|a| (a.runner.display().into_owned(), a.platform.to_string()));
        assert_eq!(found, expected.map(|(r, p)| (r.to_owned(), p.to_owned())), "{platform}");
    }

    #[test]
    fn without_rules_arm_goes_to_arm_and_windows_nowhere() {
        case(&[], "linux/amd64", Some(("ubuntu-latest", "linux/amd64")));
        case(&[], "linux/s390x", Some(("ubuntu-latest", "linux/amd64")));
        case(&[], "linux/arm/v7", Some(("ubuntu-24.04-arm", "linux/arm64")));
        case(&[], "windows/amd64", None);
    }

    #[test]
    fn the_most_specific_rule_wins_and_tells_the_runner_s_platform() {
        let rules =
            [rule(None, "big"), rule(Some("linux/arm"), "ubuntu-24.04"), rule(Some("linux/arm64"), "pi")];
        case(&rules, "linux/amd64", Some(("big", "linux/amd64")));
        case(&rules, "linux/arm/v7", Some(("ubuntu-24.04", "linux/amd64")));
        case(&rules, "linux/arm64", Some(("pi", "linux/arm64")));
        case(&rules, "windows/amd64", None);
        case(
            &[rule(Some("windows"), "windows-2025")],
            "windows/amd64",
            Some(("windows-2025", "windows/amd64")),
        );
    }
}
