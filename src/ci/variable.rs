//! Environment variables that steps get from GitHub.

use std::fmt;
use std::str::FromStr;

use super::{Keyed, is_name};
use crate::diagnostic::suggest;

/// Where GitHub keeps what a step can get.
const CONTEXTS: [&str; 3] = ["vars", "secrets", "github"];

/// What the context `github` has
/// (<https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#github-context>).
const OF_GITHUB: [&str; 40] = [
    "action",
    "action_path",
    "action_ref",
    "action_repository",
    "action_status",
    "actor",
    "actor_id",
    "api_url",
    "base_ref",
    "env",
    "event",
    "event_name",
    "event_path",
    "graphql_url",
    "head_ref",
    "job",
    "job_workflow_sha",
    "output",
    "path",
    "ref",
    "ref_name",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repositoryUrl",
    "retention_days",
    "run_attempt",
    "run_id",
    "run_number",
    "secret_source",
    "server_url",
    "sha",
    "token",
    "triggering_actor",
    "workflow",
    "workflow_ref",
    "workflow_sha",
];

/// Secrets that GitHub gives without being asked for them, as Docker's actions do.
const OWN: [(&str, &str); 2] =
    [("GITHUB_TOKEN", "github.token"), ("GIT_AUTH_TOKEN", "(secrets.GIT_AUTH_TOKEN || github.token)")];

/// What the steps that plan, and plan again, set themselves.
pub(crate) const OF_PLAN: [&str; 8] = [
    "BAKEPLAN_ALL",
    "DEFAULT_BRANCH",
    "FORK",
    "GH_ENTERPRISE_TOKEN",
    "GH_TOKEN",
    "PROVENANCE",
    "PUBLISH",
    "PUSHED",
];

/// What the steps that build set for their scripts. GitHub takes names that differ in case only for one.
const OF_BUILD: [&str; 5] = ["ALLOW", "METADATA", "NEEDED", "SSH_AUTH_SOCK", "TARGETS"];

/// What scripts set for themselves; a shell tells them from names in other case.
const OF_SCRIPTS: [&str; 27] = [
    "accounts",
    "all",
    "allow",
    "at",
    "choice",
    "count",
    "digest",
    "ended",
    "failed",
    "file",
    "files",
    "key",
    "lacking",
    "lacks",
    "layouts",
    "least",
    "left",
    "limit",
    "missing",
    "name",
    "names",
    "program",
    "reference",
    "shown",
    "status",
    "target",
    "targets",
];

/// What decides how programs start and where they go, and how a script is read.
const OF_PROGRAMS: [&str; 37] = [
    "BASHOPTS",
    "BUILDX_BUILDER",
    "BUILDX_CONFIG",
    "CURL_HOME",
    "DOCKER_API_VERSION",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "ENV",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ASKPASS",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_EDITOR",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TEMPLATE_DIR",
    "GIT_WORK_TREE",
    "HOME",
    "IFS",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PATH",
    "PYTHONPATH",
    "SHELLOPTS",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "XDG_CONFIG_HOME",
];

/// How the names of further ones begin.
const OF_PROGRAMS_START: [&str; 6] = ["BASH_", "DYLD_", "GIT_CONFIG", "GIT_TRACE", "LD_", "npm_config_"];

/// Why builds cannot get a variable of this name, if they cannot.
#[must_use]
pub(crate) fn taken_by_builds(name: &str) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    // GitHub refuses to set what it sets itself
    // (https://docs.github.com/en/actions/reference/workflows-and-actions/variables); everybody sets its token.
    if ["GITHUB_", "RUNNER_", "ACTIONS_"].iter().any(|start| upper.starts_with(start))
        && name != "GITHUB_TOKEN"
    {
        Some("is set by GitHub itself")
    } else if OF_PROGRAMS.contains(&name) || OF_PROGRAMS_START.iter().any(|start| name.starts_with(start)) {
        Some("decides how programs run")
    } else if OF_BUILD.contains(&&*upper) || OF_SCRIPTS.contains(&name) || upper.starts_with("HAS_LOGIN_") {
        Some("is set by the workflow itself")
    } else {
        None
    }
}

/// Whether no repository can have a variable or secret of this name. GitHub sets one secret itself.
#[must_use]
pub(crate) fn is_unset(name: &str) -> bool {
    name.to_ascii_uppercase().starts_with("GITHUB_") && name != "GITHUB_TOKEN"
}

/// An environment variable with what GitHub gives it: `RELEASE=vars.RELEASE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvVariable {
    /// Its name.
    pub name: String,
    /// What it is given, without `${{ }}`: `vars.RELEASE`.
    pub from: String,
}

impl EnvVariable {
    /// A variable that holds a secret, by the secret's own name.
    #[must_use]
    pub fn of_secret(name: &str) -> Self {
        let own = OWN.iter().find(|(known, _)| *known == name);
        let from = own.map_or_else(|| format!("secrets.{name}"), |(_, from)| (*from).to_owned());
        Self { name: name.to_owned(), from }
    }
}

/// Whether the context `github` has it; of an event, anything may be there.
fn is_of_github(path: &str) -> bool {
    let (property, below) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let is_event = property.eq_ignore_ascii_case("event");
    OF_GITHUB.iter().any(|known| known.eq_ignore_ascii_case(property)) && (is_event || below.is_none())
}

impl Keyed for EnvVariable {
    fn key(&self) -> String {
        self.name.clone()
    }
}

impl FromStr for EnvVariable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, from) = text.split_once('=').unwrap_or((text, ""));
        if !is_name(name) {
            return Err(format!("`{name}` is not the name of an environment variable"));
        }
        let of_plan =
            OF_PLAN.contains(&&*name.to_ascii_uppercase()).then_some("is set by the workflow itself");
        if let Some(why) = taken_by_builds(name).or(of_plan) {
            return Err(format!("`{name}` {why}; use a variable of another name"));
        }
        let is_path = |path: &str| path.split('.').all(|part| is_name(&part.replace('-', "_")));
        match from.split_once('.') {
            Some((context @ ("vars" | "secrets"), path)) if is_path(path) && is_unset(path) => {
                let kind = if context == "vars" { "variables" } else { "secrets" };
                Err(format!("`{from}` is never set: {kind} of a repository do not begin with `GITHUB_`"))
            }
            Some(("github", path)) if is_path(path) && !is_of_github(path) => {
                let near = suggest(&path.to_ascii_lowercase(), OF_GITHUB);
                let near = near.map(|near| format!("; did you mean `github.{near}`?")).unwrap_or_default();
                Err(format!(
                    "`{from}` is empty in every run: GitHub's context has nothing of that name{near}"
                ))
            }
            Some((context, path)) if CONTEXTS.contains(&context) && is_path(path) => {
                Ok(Self { name: name.to_owned(), from: from.to_owned() })
            }
            _ => Err(format!(
                "`{from}` does not say where `{name}` comes from; expected `vars.NAME`, `secrets.NAME` or `github.NAME`"
            )),
        }
    }
}

impl fmt::Display for EnvVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_has_a_name_and_a_place_that_it_comes_from() {
        for text in [
            "A=vars.A",
            "NAME=vars.A",
            "A=secrets.GITHUB_TOKEN",
            "NPM_TOKEN=secrets.NPM",
            "GIT_COMMIT=github.sha",
            "GIT_COMMIT=github.SHA",
            "DOCKER_USER=vars.USER",
            "REF=github.event.repository.default_branch",
        ] {
            assert_eq!(text.parse::<EnvVariable>().map(|one| one.to_string()), Ok(text.to_owned()));
        }
        for (text, told) in [
            ("", "is not the name"),
            ("1A=vars.A", "is not the name"),
            ("A B=vars.A", "is not the name"),
            ("GITHUB_REF=vars.A", "is set by GitHub"),
            ("runner_temp=vars.A", "is set by GitHub"),
            ("PATH=vars.A", "decides how programs run"),
            ("BASH_ENV=vars.A", "decides how programs run"),
            ("NODE_OPTIONS=vars.A", "decides how programs run"),
            ("DOCKER_HOST=vars.A", "decides how programs run"),
            ("GIT_SSH_COMMAND=vars.A", "decides how programs run"),
            ("GIT_CONFIG_COUNT=vars.A", "decides how programs run"),
            ("LD_PRELOAD=vars.A", "decides how programs run"),
            ("PUBLISH=vars.PUBLISH", "is set by the workflow itself"),
            ("METADATA=vars.A", "is set by the workflow itself"),
            ("HAS_LOGIN_1=vars.A", "is set by the workflow itself"),
            ("name=vars.A", "is set by the workflow itself"),
            // GitHub takes names that differ in case only for one.
            ("publish=vars.A", "is set by the workflow itself"),
            ("Provenance=vars.A", "is set by the workflow itself"),
            ("Metadata=vars.A", "is set by the workflow itself"),
            ("has_login_1=vars.A", "is set by the workflow itself"),
            ("A=secrets.GITHUB_PAT", "is never set"),
            ("A=vars.github_user", "is never set"),
            ("A=github.ref_nam", "did you mean `github.ref_name`?"),
            ("A=github.shaa", "did you mean `github.sha`?"),
            ("A=github.sha.short", "is empty in every run"),
            ("A=github.pull_request_number_of_it", "is empty in every run"),
            ("A", "does not say where"),
            ("A=hunter2", "does not say where"),
            ("A=${{ vars.A }}", "does not say where"),
            ("A=vars.A || 'x'", "does not say where"),
            ("A=env.A", "does not say where"),
            ("A=vars.", "does not say where"),
        ] {
            let error = text.parse::<EnvVariable>().expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
