//! What a definition may ask of the machines that build it: entitlements and runners.
//!
//! Whoever writes a Bake file decides what Bake asks for (`security.insecure`, `fs.read=/root/.docker`) and which runner
//! a row of the matrix names. Where a pull request may change the file, that is for others to allow: in options of a
//! workflow that the pull request does not change, or in a file that it cannot reach.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use serde::Deserialize;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, all_listed, suggest};
use crate::plan::{Job, Plan};
use crate::readable;
use crate::runner::Runner;

/// What is allowed. What was not said, neither on the command line nor in a file, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "expected an object with `allow` and `runners`, both lists of texts"
)]
pub(crate) struct Consent {
    /// Entitlements, as `docker buildx bake --allow` takes them.
    pub allow: Option<Vec<String>>,
    /// Labels and groups of runners.
    pub runners: Option<Vec<String>>,
}

impl Consent {
    /// Reads a file: `{"allow": ["network.host"], "runners": ["self-hosted", "arm64"]}`.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn read(path: &str, text: &str) -> Result<Self, Diagnostic> {
        serde_json::from_str(text).map_err(|error| {
            let error = error.to_string();
            let message = format!("`{path}` is not a file for `--consent`: {}", readable::line(&error));
            Diagnostic::error(Code::CONSENT_FILE, message)
                .with_help("it is JSON: `{\"allow\": [\"network.host\"], \"runners\": [\"self-hosted\"]}`")
        })
    }

    /// The same, and what another says, too.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        let both = |one: Option<Vec<String>>, other: Option<Vec<String>>| match (one, other) {
            (None, other) => other,
            (one, None) => one,
            (Some(one), Some(other)) => Some([one, other].concat()),
        };
        Self { allow: both(self.allow, other.allow), runners: both(self.runners, other.runners) }
    }

    /// Nothing is allowed but what was said, as where strangers may have written the definition.
    #[must_use]
    pub(crate) fn or_nothing(self) -> Self {
        Self { allow: Some(self.allow.unwrap_or_default()), runners: Some(self.runners.unwrap_or_default()) }
    }

    /// An error for each entitlement and each runner of a plan that is not allowed, with who asks for it. What is allowed has whole
    /// paths; `whole` makes one of what a plan asks for.
    pub(crate) fn check(&self, plan: &Plan, whole: impl Fn(&str) -> String) -> Vec<Diagnostic> {
        let mut diagnostics = Diagnostics::default();
        if let Some(allowed) = &self.allow {
            let mut asked: BTreeMap<&str, Vec<&Job>> = BTreeMap::new();
            for job in &plan.jobs {
                let is_allowed = |one: &&String| {
                    let one = whole(one);
                    allowed.iter().any(|allowed| covers(allowed, &one))
                };
                for one in job.allow.iter().filter(|one| !is_allowed(one)) {
                    asked.entry(one).or_default().push(job);
                }
            }
            for (entitlement, jobs) in asked {
                let message =
                    format!("{} `{entitlement}`, which is not allowed", asks(&jobs, "asks for", "ask for"));
                let error = at_first(Diagnostic::error(Code::ENTITLEMENT, message), &jobs, plan);
                diagnostics.report(error.with_help(format!(
                    "`--allow {entitlement}` allows it; write it into a command that only maintainers can change"
                )));
            }
        }
        if let Some(allowed) = &self.runners {
            let allowed: BTreeSet<String> = allowed.iter().map(|label| label.to_lowercase()).collect();
            let mut asked: BTreeMap<&Runner, Vec<&Job>> = BTreeMap::new();
            for job in plan.jobs.iter().filter(|job| !is_allowed(&job.runner, &allowed)) {
                asked.entry(&job.runner).or_default().push(job);
            }
            for (runner, jobs) in asked {
                let message = format!(
                    "{} the runner `{}`, which is not allowed",
                    asks(&jobs, "asks for", "ask for"),
                    readable::line(&runner.display())
                );
                let option = |name: &String| format!("`--runner {}`", readable::line(name));
                let options: Vec<String> = names(runner).map(option).collect();
                let error = at_first(Diagnostic::error(Code::RUNNER_CONSENT, message), &jobs, plan);
                diagnostics.report(error.with_help(format!(
                    "{} allows it; write it into a command that only maintainers can change",
                    options.join(" with ")
                )));
            }
        }
        diagnostics.into_sorted()
    }
}

/// Who asks.
fn asks(jobs: &[&Job], one: &str, several: &str) -> String {
    const SHOWN: usize = 5;
    let names: Vec<String> = jobs.iter().take(SHOWN).map(|job| format!("`{}`", job.name)).collect();
    match jobs.len() {
        1 => format!("job {} {one}", names[0]),
        count if count > SHOWN => format!("jobs {} and {} more {several}", names.join(", "), count - SHOWN),
        _ => format!("jobs {} {several}", names.join(", ")),
    }
}

/// The error at the target of the first job.
fn at_first(error: Diagnostic, jobs: &[&Job], plan: &Plan) -> Diagnostic {
    let legs = jobs.iter().flat_map(|job| &job.legs);
    let span = legs.filter_map(|leg| plan.legs.get(leg)).find_map(|leg| leg.definition.span);
    error.at(span, "")
}

/// The keys of entitlements (buildx `bake/entitlements.go`).
const KEYS: [&str; 10] = [
    "network.host",
    "security.insecure",
    "device",
    "fs",
    "fs.read",
    "fs.write",
    "image",
    "image.push",
    "image.load",
    "ssh",
];

/// What is wrong with an entitlement that nothing has.
///
/// # Errors
/// With what was probably meant.
pub(crate) fn check_entitlement(allowed: &str) -> Result<(), String> {
    let (key, _) = allowed.split_once('=').unwrap_or((allowed, ""));
    if key.is_empty() || KEYS.contains(&key) {
        return Ok(());
    }
    let help = match suggest(key, KEYS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", all_listed(KEYS)),
    };
    Err(format!("`--allow {allowed}` is not an entitlement; {help}"))
}

/// Whether an allowed entitlement covers one that is asked for, as in Bake (buildx `bake/entitlements.go`).
pub(crate) fn covers(allowed: &str, asked: &str) -> bool {
    let (kind, value) = asked.split_once('=').unwrap_or((asked, ""));
    let (allowed_kind, allowed_value) = allowed.split_once('=').unwrap_or((allowed, ""));
    match kind {
        "fs.read" | "fs.write" => {
            (allowed_kind == kind || allowed_kind == "fs")
                && (allowed_value == "*" || is_below(value, allowed_value))
        }
        _ => allowed == asked || allowed_kind == kind && allowed_value.is_empty(),
    }
}

/// Whether a path is another one or lies below it. What climbs is below nothing.
fn is_below(path: &str, folder: &str) -> bool {
    let parts = |path: &str| -> Option<Vec<String>> {
        let mut parts = Vec::new();
        for component in Path::new(path).components() {
            match component {
                Component::CurDir => {}
                // `../..` is above `..`, although it begins with it.
                Component::ParentDir if parts.iter().any(|part| part != "..") => return None,
                other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
            }
        }
        Some(parts)
    };
    let (Some(path), Some(folder)) = (parts(path), parts(folder)) else { return false };
    let climbs = |parts: &[String]| parts.iter().take_while(|part| *part == "..").count();
    !folder.is_empty() && path.starts_with(&folder) && climbs(&path) == climbs(&folder)
}

/// Whether a runner is one that GitHub hosts for everybody, or all its labels and its group are allowed.
fn is_allowed(runner: &Runner, allowed: &BTreeSet<String>) -> bool {
    is_hosted(runner) || names(runner).all(|name| allowed.contains(&name.to_lowercase()))
}

fn names(runner: &Runner) -> impl Iterator<Item = &String> {
    let (group, labels) = match runner {
        Runner::Label(label) => (None, std::slice::from_ref(label)),
        Runner::Labels(labels) => (None, labels.as_slice()),
        Runner::Group { group, labels } => (Some(group), labels.as_slice()),
    };
    group.into_iter().chain(labels)
}

/// The standard runners of GitHub's, which are a new machine for each job
/// (<https://docs.github.com/en/actions/reference/runners/github-hosted-runners>). What has another name, if only by a number, is
/// a machine that somebody named so.
const HOSTED: [&str; 18] = [
    "ubuntu-latest",
    "ubuntu-slim",
    "ubuntu-26.04",
    "ubuntu-26.04-arm",
    "ubuntu-24.04",
    "ubuntu-24.04-arm",
    "ubuntu-22.04",
    "ubuntu-22.04-arm",
    "windows-latest",
    "windows-2025",
    "windows-2022",
    "windows-11-arm",
    "macos-latest",
    "macos-26",
    "macos-26-intel",
    "macos-15",
    "macos-15-intel",
    "macos-14",
];

/// Whether it is one of them.
fn is_hosted(runner: &Runner) -> bool {
    let labels = match runner {
        Runner::Label(label) => std::slice::from_ref(label),
        Runner::Labels(labels) => labels.as_slice(),
        Runner::Group { .. } => return false,
    };
    matches!(labels, [label] if HOSTED.contains(&label.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_entitlements_cover_which() {
        for (allowed, asked, expected) in [
            ("network.host", "network.host", true),
            ("network.host", "security.insecure", false),
            ("device", "device=nvidia.com/gpu", true),
            ("device=a", "device=b", false),
            ("fs.read=/etc", "fs.read=/etc", true),
            ("fs.read=/etc", "fs.read=/etc/ssl/certs", true),
            ("fs.read=/etc", "fs.read=/etcetera", false),
            ("fs.read=/etc", "fs.read=/etc/../root/.docker", false),
            ("fs.read=/etc", "fs.write=/etc", false),
            ("fs=/etc", "fs.write=/etc/a", true),
            ("fs=*", "fs.read=/root", true),
            ("fs.read=..", "fs.read=../a", true),
            ("fs.read=..", "fs.read=../../a", false),
            ("fs.read=", "fs.read=/root", false),
            ("ssh", "ssh", true),
            ("", "ssh", false),
        ] {
            assert_eq!(covers(allowed, asked), expected, "{allowed} {asked}");
        }
    }

    #[test]
    fn which_runners_are_hosted() {
        let label = |text: &str| Runner::Label(text.to_owned());
        for (text, expected) in [
            ("ubuntu-latest", true),
            ("ubuntu-24.04-arm", true),
            ("windows-2025", true),
            ("macos-15", true),
            ("windows-11-arm", true),
            ("ubuntu-24.04-16core", false),
            ("ubuntu-..", false),
            ("ubuntu-22", false),
            ("ubuntu-99.99-arm", false),
            ("ubuntu-latest-arm", false),
            ("windows-2", false),
            ("macos-slim", false),
            ("self-hosted", false),
            ("ubuntu", false),
            ("ubuntu-", false),
        ] {
            assert_eq!(is_hosted(&label(text)), expected, "{text}");
        }
        let labels = Runner::Labels(vec!["self-hosted".into(), "ARM64".into()]);
        let allowed =
            |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect::<BTreeSet<_>>();
        assert!(is_allowed(&labels, &allowed(&["self-hosted", "arm64"])));
        assert!(!is_allowed(&labels, &allowed(&["self-hosted"])));
        let group = Runner::Group { group: "big".into(), labels: vec!["ubuntu-latest".into()] };
        assert!(!is_allowed(&group, &allowed(&["ubuntu-latest"])));
        assert!(is_allowed(&group, &allowed(&["big", "ubuntu-latest"])));
    }
}
