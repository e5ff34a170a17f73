//! Says how a job logs in to a registry.

use std::fmt;
use std::str::FromStr;

use super::federated::{Federated, START};
use super::{Keyed, is_name, is_unset};
use crate::reference::Registry;

/// Registries that need no setting, with the variable and the secret that hold the account; GitHub's own takes the job's
/// token.
const KNOWN: [(&str, Option<(&str, &str)>); 3] = [
    ("ghcr.io", None),
    ("docker.io", Some(("DOCKERHUB_USERNAME", "DOCKERHUB_TOKEN"))),
    ("quay.io", Some(("QUAY_USERNAME", "QUAY_TOKEN"))),
];

/// Registries that are called nearly as one of those.
const OTHERS: [&str; 1] = ["gcr.io"];

/// What stands for the token of the job.
const JOB: &str = "job";

/// Whose account a job uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// Nobody's: the registry asks for none, or the runner is logged in.
    None,
    /// The job's own, by its token.
    Job,
    /// Of a user.
    User {
        /// The variable with the user's name. If it were a secret, GitHub would mask it everywhere.
        username: String,
        /// The secret with the password or token.
        password: String,
    },
    /// The job's own, by its identity.
    Federated(Federated),
}

impl Account {
    /// How it logs in with its identity, if it does.
    #[must_use]
    pub fn federated(&self) -> Option<&Federated> {
        match self {
            Self::Federated(federated) => Some(federated),
            Self::None | Self::Job | Self::User { .. } => None,
        }
    }
}

/// How a job logs in to a registry: `HOST=USERNAME_VARIABLE:PASSWORD_SECRET`, `HOST=oidc:KEY=VALUE,…`, `HOST=none`, or
/// `ghcr.io=job`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The registry.
    pub registry: Registry,
    /// The account.
    pub account: Account,
}

impl Login {
    /// The login that a registry has without a setting, if it is a well-known one.
    #[must_use]
    pub fn known(registry: &Registry) -> Option<Self> {
        let (_, names) = KNOWN.iter().find(|(known, _)| *known == registry.as_str())?;
        let account = names.map_or(Account::Job, |(username, password)| Account::User {
            username: username.to_owned(),
            password: password.to_owned(),
        });
        Some(Self { registry: registry.clone(), account })
    }
}

/// The well-known registry that a host is one slip away from: a character too many, too few or another, or two that have changed
/// places. A host with a port is meant as it is.
#[must_use]
pub(crate) fn nearly_known(registry: &Registry) -> Option<&'static str> {
    let host = registry.as_str();
    let is_meant =
        host.contains(':') || OTHERS.contains(&host) || KNOWN.iter().any(|(known, _)| *known == host);
    let mut known = KNOWN.iter().map(|(known, _)| *known).filter(|_| !is_meant);
    known.find(|known| strsim::osa_distance(host, known) == 1)
}

impl Keyed for Login {
    fn key(&self) -> String {
        self.registry.to_string()
    }
}

impl FromStr for Login {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, account) = text.split_once('=').ok_or_else(|| {
            format!(
                "`{text}` is not a login; expected `HOST=USERNAME_VARIABLE:PASSWORD_SECRET`, `HOST=oidc:KEY=VALUE,…` or `HOST=none`"
            )
        })?;
        let registry: Registry = host.parse().map_err(|e| format!("`{host}` is not a registry: {e}"))?;
        let account = match account.split_once(':') {
            None if account == "none" => Account::None,
            None if account == JOB => match Self::known(&registry) {
                Some(Self { account: Account::Job, .. }) => Account::Job,
                _ => {
                    return Err(format!("the token of a job is one for `ghcr.io`, and not for `{registry}`"));
                }
            },
            Some((username, password)) if is_unset(username) || is_unset(password) => {
                return Err(format!(
                    "`{account}` is never set: variables and secrets of a repository do not begin with `GITHUB_`"
                ));
            }
            _ if account.starts_with(START) || account == START.trim_end_matches(':') => {
                let ids = account.strip_prefix(START).unwrap_or_default();
                Account::Federated(Federated::parse(&registry, ids)?)
            }
            Some((username, password)) if is_name(username) && is_name(password) => {
                Account::User { username: username.to_owned(), password: password.to_owned() }
            }
            _ => {
                return Err(format!(
                    "`{account}` does not say how to log in to `{registry}`; expected the names of a variable and of a \
                     secret, such as `REGISTRY_USERNAME:REGISTRY_TOKEN`, `oidc:KEY=VALUE,…` or `none`"
                ));
            }
        };
        Ok(Self { registry, account })
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.account {
            Account::None => write!(f, "{}=none", self.registry),
            Account::Job => write!(f, "{}={JOB}", self.registry),
            Account::User { username, password } => write!(f, "{}={username}:{password}", self.registry),
            Account::Federated(federated) => write!(f, "{}={federated}", self.registry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_and_values_are_not() {
        for text in ["ghcr.io=job", "a.example:5000=USER:TOKEN", "127.0.0.1:5000=none", "docker.io=none"] {
            assert_eq!(text.parse::<Login>().map(|login| login.to_string()), Ok(text.to_owned()));
        }
        for (text, told) in [
            ("a.example", "is not a login"),
            ("a.example=", "does not say how"),
            ("a.example=USER", "does not say how"),
            ("a.example=job", "the token of a job is one for `ghcr.io`"),
            ("quay.io=job", "the token of a job is one for `ghcr.io`"),
            ("a.example=GITHUB_USER:TOKEN", "is never set"),
            ("a.example=USER:github_pw", "is never set"),
            ("a.example=me@example.com:hunter2!", "does not say how"),
            ("a.example=${{ vars.A }}:B", "does not say how"),
            ("https://a.example=none", "is not a registry"),
            ("a b=none", "is not a registry"),
        ] {
            let error = text.parse::<Login>().expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn hosts_that_are_one_slip_away_are_nearly_known() {
        let near = |host: &str| nearly_known(&host.parse().expect("a registry"));
        for (host, known) in [
            ("ghrc.io", "ghcr.io"),
            ("gchr.io", "ghcr.io"),
            ("ghcr.oi", "ghcr.io"),
            ("GHRC.io", "ghcr.io"),
            ("docker.oi", "docker.io"),
            ("dokcer.io", "docker.io"),
            ("dockr.io", "docker.io"),
            ("quay.oi", "quay.io"),
            ("qauy.io", "quay.io"),
            ("quay.i0", "quay.io"),
        ] {
            assert_eq!(near(host), Some(known), "{host}");
        }
        for host in [
            "ghcr.io",
            "docker.io",
            "index.docker.io",
            "registry-1.docker.io",
            "quay.io",
            "gcr.io",
            "lscr.io",
            "mcr.microsoft.com",
            "ghrc.io:443",
            "localhost",
            "localhost:5000",
            "127.0.0.1",
            "[::1]:5000",
            "ghcr.io.example",
            "ghcr.com",
        ] {
            assert_eq!(near(host), None, "{host}");
        }
    }

    #[test]
    fn well_known_registries_need_no_setting() {
        let known =
            |host: &str| Login::known(&host.parse().expect("a registry")).map(|login| login.to_string());
        assert_eq!(known("ghcr.io").as_deref(), Some("ghcr.io=job"));
        assert_eq!(known("index.docker.io").as_deref(), Some("docker.io=DOCKERHUB_USERNAME:DOCKERHUB_TOKEN"));
        assert_eq!(known("quay.io").as_deref(), Some("quay.io=QUAY_USERNAME:QUAY_TOKEN"));
        assert_eq!(known("ghcr.io.example"), None);
    }
}
