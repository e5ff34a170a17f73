//! Prepares the values of the steps that log in to registries.

use minijinja::{Value, context};

use super::yaml::{plain, quoted};
use crate::ci::{Account, Federated, Id, Login, Provider, aws_region, azure_registry};

/// What each step needs, for jobs that push or for those that only pull.
pub(super) fn values(logins: &[&Login], publishes: bool) -> Vec<Value> {
    logins.iter().enumerate().filter_map(|(at, login)| value(login, at + 1, publishes)).collect()
}

/// `None` where there is nothing to do.
fn value(Login { registry, account }: &Login, number: usize, publishes: bool) -> Option<Value> {
    let registry = registry.as_str();
    // As a value of its own, where `[` or `*` begins something else.
    let host = plain(registry);
    match account {
        Account::None => None,
        Account::Job => Some(context! {
            registry, host, kind => "password", username => "github.actor", password => "github.token", condition => "",
        }),
        Account::User { username, password } => Some(context! {
            registry,
            host,
            kind => "password",
            username => format!("vars.{username}"),
            password => format!("secrets.{password}"),
            condition => if publishes { String::new() } else { format!("env.{} == 'true'", flag(number)) },
        }),
        Account::Federated(federated) => {
            // A step of its own looks whether there is one.
            let condition = if publishes { "" } else { "steps.identity.outputs.found == 'true'" };
            let common = context! { registry, host, number, condition };
            Some(context! { ..of_provider(registry, federated, publishes), ..common })
        }
    }
}

/// What the steps of a provider need.
fn of_provider(registry: &str, federated: &Federated, publishes: bool) -> Value {
    let ids = federated.ids(publishes);
    let id = |name: &str| ids.iter().find(|(known, _)| *known == name).map(|(_, id)| written(id));
    match federated.provider {
        Provider::Aws => context! {
            kind => "aws",
            role => id("role"),
            region => aws_region(registry),
            // China has a token service of its own.
            audience => registry.ends_with(".cn").then_some("sts.amazonaws.com.cn"),
        },
        Provider::Google => context! {
            kind => "google",
            provider => id("provider"),
            service_account => id("service_account"),
        },
        Provider::Azure => {
            let (name, cloud) = azure_registry(registry).unwrap_or_default();
            context! { kind => "azure", client => id("client"), tenant => id("tenant"), name, cloud }
        }
        Provider::DockerHub => context! {
            kind => "docker",
            organization => id("organization"),
            connection => id("connection"),
        },
    }
}

fn written(id: &Id) -> String {
    match id {
        Id::Literal(text) => quoted(text),
        Id::Variable(name) => format!("${{{{ vars.{name} }}}}"),
    }
}

/// What tells whether the secret of a user is there, which conditions cannot see themselves.
pub(super) fn flags(logins: &[&Login]) -> Vec<Value> {
    let flags = logins.iter().enumerate().filter_map(|(at, login)| match &login.account {
        Account::User { username: _, password } => {
            Some(context! { flag => flag(at + 1), password => format!("secrets.{password}") })
        }
        Account::None | Account::Job | Account::Federated(_) => None,
    });
    flags.collect()
}

fn flag(number: usize) -> String {
    format!("HAS_LOGIN_{number}")
}

/// What a step needs that looks for an identity; `None` where no login needs one.
pub(super) fn identity(logins: &[&Login], publishes: bool) -> Option<Value> {
    let federated: Vec<&Federated> = logins.iter().filter_map(|login| login.account.federated()).collect();
    if federated.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, id) in federated.iter().flat_map(|one| one.ids(publishes)) {
        if let Id::Variable(name) = id
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    // GitHub has no operator that joins texts.
    let one = |name: &&str| format!("vars.{name} == '' && ' {name}' || ''");
    let places: String = (0..names.len()).map(|at| format!("{{{at}}}")).collect();
    let arguments: String = names.iter().map(|name| format!(", {}", one(name))).collect();
    let lacking = if names.is_empty() { "''".to_owned() } else { format!("format('{places}'{arguments})") };
    Some(context! { lacking })
}
