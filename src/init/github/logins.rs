//! How workflows log in to registries today, as `logins` of the `workflow` block.

use std::collections::BTreeSet;

use crate::ci::{Account, Login};
use crate::init::values::inputs::Inputs;
use crate::init::values::mask::quotable;
use crate::init::values::scope::Scope;
use crate::init::values::text::{Piece, Place, Template};
use crate::reference::Registry;

/// A step with docker/login-action, or one that works like it.
#[derive(Clone, Debug)]
pub(crate) struct LoginStep {
    /// Where it is.
    place: Place,
    registry: Template,
    username: Template,
    password: Template,
}

impl LoginStep {
    /// Reads the inputs of the action.
    pub(in crate::init) fn read(inputs: &Inputs<'_>, scope: &Scope) -> Self {
        let text = |name: &str| inputs.text(name, scope).unwrap_or_default();
        Self {
            place: inputs.place.clone(),
            registry: text("registry"),
            username: text("username"),
            password: text("password"),
        }
    }

    /// The registry, as references have it.
    fn host(&self) -> Option<String> {
        let text = self.registry.constant()?.to_lowercase();
        let text = text.trim_start_matches("https://").trim_end_matches('/');
        let host = text.split('/').next().unwrap_or_default();
        Some(match host {
            "" | "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
            other => other.to_owned(),
        })
    }
}

/// The registry of a repository, where that is known.
pub(in crate::init) fn host_of(repository: &Template) -> Option<String> {
    let Some(Piece::Text(start)) = repository.0.first() else {
        return matches!(repository.0.first(), Some(Piece::Owner | Piece::Repository))
            .then(|| "docker.io".to_owned());
    };
    let (first, has_more) = match start.split_once('/') {
        Some((first, _)) => (first, true),
        None => (start.as_str(), false),
    };
    let is_host = has_more && (first.contains(['.', ':']) || first == "localhost");
    Some(if is_host { first.to_lowercase() } else { "docker.io".to_owned() })
}

/// What logins come to.
#[derive(Debug, Default)]
pub(in crate::init) struct Logins {
    /// Those that the workflow has to be given, `HOST` and `USERNAME_VARIABLE:PASSWORD_SECRET`.
    pub settings: Vec<(String, String)>,
    /// What somebody has to change for them, and where it is written.
    pub told: Vec<(Place, String)>,
}

/// The logins to these registries.
pub(in crate::init) fn settings(steps: &[LoginStep], registries: &BTreeSet<String>) -> Logins {
    let Logins { mut settings, mut told } = Logins::default();
    let mut seen = BTreeSet::new();
    for step in steps {
        let Some(host) = step.host().filter(|host| registries.contains(host)) else { continue };
        let Ok(registry) = host.parse::<Registry>() else { continue };
        if !seen.insert(host.clone()) {
            continue;
        }
        let known = Login::known(&registry).map(|login| login.account);
        let password = match step.password.0.as_slice() {
            [Piece::Setting(name, true)] => name,
            _ if known == Some(Account::Job) => continue,
            _ => {
                let message = format!(
                    "the password for `{host}` does not come from a secret: set `logins` in the `workflow` block"
                );
                told.push((step.place.clone(), message));
                continue;
            }
        };
        if known == Some(Account::Job) && password == "GITHUB_TOKEN" {
            continue;
        }
        let default = match &known {
            Some(Account::User { username, .. }) => username.clone(),
            _ => {
                let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
                format!("{}_USERNAME", host.chars().map(upper).collect::<String>())
            }
        };
        let username = match step.username.0.as_slice() {
            [Piece::Setting(name, false)] => name.clone(),
            [Piece::Setting(name, true)] => {
                let message = format!(
                    "the user name for `{host}` is in the secret `{name}`, which GitHub masks wherever it occurs: put it into the variable `{name}` of the repository"
                );
                told.push((step.place.clone(), message));
                name.clone()
            }
            [Piece::Text(_)] => {
                let message = format!(
                    "the user name for `{host}` is written in the workflow: put it into the variable `{default}` of the repository"
                );
                told.push((step.place.clone(), message));
                default
            }
            _ => {
                let message = format!(
                    "the user name for `{host}` is `{}`: put the account that the secret `{password}` belongs to into the variable `{default}` of the repository",
                    quotable(&step.username.shown())
                );
                told.push((step.place.clone(), message));
                default
            }
        };
        let is_known = matches!(
            &known,
            Some(Account::User { username: user, password: secret }) if *user == username && secret == password
        );
        if !is_known {
            settings.push((host, format!("{username}:{password}")));
        }
    }
    Logins { settings, told }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    fn step(registry: &str, username: Piece, password: Piece) -> LoginStep {
        LoginStep {
            place: Place { path: Rc::from("a.yml"), line: 1 },
            registry: registry.into(),
            username: Template(vec![username]),
            password: Template(vec![password]),
        }
    }

    #[track_caller]
    fn case(step: LoginStep, expected: Option<(&str, &str)>, told: &str) {
        let host = step.host().unwrap();
        let Logins { settings, told: said } = settings(&[step.clone(), step], &BTreeSet::from([host]));
        let expected: Vec<_> =
            expected.map(|(host, how)| (host.to_owned(), how.to_owned())).into_iter().collect();
        assert_eq!(settings, expected);
        assert_eq!(said.is_empty(), told.is_empty(), "{said:?}");
        assert!(said.iter().all(|(_, message)| message.contains(told)), "{said:?}");
    }

    #[test]
    fn only_what_the_workflow_does_not_know_is_said() {
        let var = |name: &str| Piece::Setting(name.to_owned(), false);
        let secret = |name: &str| Piece::Setting(name.to_owned(), true);
        let text = |text: &str| Piece::Text(text.to_owned());
        let unknown = || Piece::Unknown("github.actor".to_owned());
        case(step("ghcr.io", unknown(), secret("GITHUB_TOKEN")), None, "");
        case(step("ghcr.io", unknown(), Piece::Unknown("github.token".into())), None, "");
        case(
            step("https://GHCR.io/", text("bot"), secret("CR_PAT")),
            Some(("ghcr.io", "GHCR_IO_USERNAME:CR_PAT")),
            "variable `GHCR_IO_USERNAME`",
        );
        case(
            step("ghcr.io", unknown(), secret("CR_PAT")),
            Some(("ghcr.io", "GHCR_IO_USERNAME:CR_PAT")),
            "is `github.actor`: put the account that the secret `CR_PAT` belongs to into the variable `GHCR_IO_USERNAME`",
        );
        case(
            step("ghcr.io", Piece::Owner, secret("CR_PAT")),
            Some(("ghcr.io", "GHCR_IO_USERNAME:CR_PAT")),
            "put the account that the secret `CR_PAT` belongs to",
        );
        case(step("", var("DOCKERHUB_USERNAME"), secret("DOCKERHUB_TOKEN")), None, "");
        case(
            step("https://index.docker.io/v1/", secret("DOCKERHUB_USERNAME"), secret("DOCKERHUB_TOKEN")),
            None,
            "secret `DOCKERHUB_USERNAME`",
        );
        case(
            step("docker.io", var("HUB_USER"), secret("HUB_PASSWORD")),
            Some(("docker.io", "HUB_USER:HUB_PASSWORD")),
            "",
        );
        case(
            step("registry.example:5000", var("USER"), secret("PASS")),
            Some(("registry.example:5000", "USER:PASS")),
            "",
        );
        case(
            step("registry.example", var("USER"), Piece::Unknown("steps.x.outputs.y".into())),
            None,
            "`logins`",
        );
    }

    #[test]
    fn registries_that_nothing_is_published_to_are_left_alone() {
        let secret = |name: &str| Piece::Setting(name.to_owned(), true);
        let step = step("registry.example", secret("USER"), secret("PASS"));
        let Logins { settings, told } = settings(&[step], &BTreeSet::from(["ghcr.io".to_owned()]));
        assert!(settings.is_empty() && told.is_empty());
    }

    #[test]
    fn a_repository_names_its_registry() {
        let host = |pieces: Vec<Piece>| host_of(&Template(pieces));
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(host(vec![text("ghcr.io/"), Piece::Repository]).as_deref(), Some("ghcr.io"));
        assert_eq!(host(vec![text("acme/app")]).as_deref(), Some("docker.io"));
        assert_eq!(host(vec![text("Localhost:5000/app")]).as_deref(), Some("localhost:5000"));
        assert_eq!(host(vec![Piece::Repository]).as_deref(), Some("docker.io"));
        assert_eq!(host(vec![Piece::Unknown("x".into()), text("/app")]), None);
    }
}
