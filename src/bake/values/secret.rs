//! Which variables are secret, by their names and by the form of their values: asked here alone, and from here on the value's
//! marks tell.

use std::collections::BTreeMap;

use super::login;
use super::marks::{Mark, Marks};

/// Which variables are secret: those whose names say so, and those that have a login in their values, but for what the definition
/// says of single ones.
#[derive(Clone, Debug, Default)]
pub struct SecretNames(BTreeMap<String, bool>);

impl SecretNames {
    /// By names of variables, whether each is secret.
    pub(crate) fn new(said: BTreeMap<String, bool>) -> Self {
        Self(said)
    }

    /// Whether a variable's value is secret, whatever it is.
    #[must_use]
    pub(crate) fn has(&self, name: &str) -> bool {
        self.said(name).unwrap_or_else(|| is_secret_name(name))
    }

    /// Whether a variable is secret with this value.
    #[must_use]
    pub(crate) fn has_value(&self, name: &str, value: &str) -> bool {
        self.said(name).unwrap_or_else(|| is_secret_name(name) || login::is_in(value))
    }

    /// What the definition says of a variable.
    fn said(&self, name: &str) -> Option<bool> {
        self.0.get(name).or_else(|| self.0.get(name.strip_suffix("_JSON")?)).copied()
    }

    /// Forgets which variables are said to be no secrets; those of them whose names look like one.
    pub(crate) fn distrust(&mut self) -> Vec<String> {
        let denied = self.0.iter().filter(|(name, is_secret)| !**is_secret && is_secret_name(name));
        let denied: Vec<String> = denied.map(|(name, _)| name.clone()).collect();
        self.0.retain(|_, is_secret| *is_secret);
        denied
    }

    /// The marks of a variable's value: those of a secret, where there is something to hide.
    #[must_use]
    pub(crate) fn marks(&self, name: &str, value: &str) -> Marks {
        if !value.is_empty() && self.has_value(name, value) {
            Marks::of(Mark::Secret(name.into()))
        } else {
            Marks::default()
        }
    }

    /// `NAME=VALUE` as anybody may read it: without the value of a secret.
    #[must_use]
    pub(crate) fn readable(&self, assignment: &str) -> String {
        let (name, value) = assignment.split_once('=').unwrap_or((assignment, ""));
        // Of `app.args.TOKEN`, the last.
        let variable = name.rsplit('.').next().unwrap_or_default();
        let is_secret = self.has(name) || self.has_value(variable, value);
        if is_secret && !value.is_empty() { format!("{name}=…") } else { assignment.to_owned() }
    }

    /// Those of these variables that are secret.
    pub(crate) fn among<'a>(
        &self,
        variables: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> impl Iterator<Item = (String, String)> {
        let secret = variables.into_iter().filter(|(name, value)| self.has_value(name, value));
        secret.map(|(name, value)| (name.clone(), value.clone()))
    }

    /// Their values.
    pub(crate) fn values_among<'a>(
        &self,
        variables: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> impl Iterator<Item = String> {
        self.among(variables).map(|(_, value)| value)
    }
}

/// What a secret's name ends with, also as a part of its last word, as in `APIKEY`.
const ENDINGS: [&str; 12] = [
    "TOKEN",
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "PASSCODE",
    "SECRET",
    "SECRETS",
    "KEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "KUBECONFIG",
];

/// Its last words: whole ones, since `COMPAT` and `BYPASS` are not secrets.
const WORDS: [&[&str]; 23] = [
    &["PAT"],
    &["PW"],
    &["PASS"],
    &["PWD"],
    &["AUTH"],
    &["DSN"],
    &["CREDS"],
    &["DATABASE", "URL"],
    &["DATABASE", "URI"],
    &["DB", "URL"],
    &["CONNECTION", "STRING"],
    &["ACCESS", "KEY", "ID"],
    &["JWT"],
    &["SECRET", "KEY", "BASE"],
    // Of GitLab: with the token of the job.
    &["CI", "REPOSITORY", "URL"],
    &["AUTH", "CONFIG"],
    &["MONGO", "URI"],
    &["MONGO", "URL"],
    &["MONGODB", "URI"],
    &["MONGODB", "URL"],
    &["REDIS", "URL"],
    &["AMQP", "URL"],
    &["WEBHOOK", "URL"],
];

/// What may follow: which of several secrets it is, or how it is written. Besides, numbers: `TOKEN_2`, `TOKEN_V2`.
const SUFFIXES: [&str; 32] = [
    "B64",
    "BACKUP",
    "BASE64",
    "CI",
    "CURRENT",
    "DEPLOY",
    "DEV",
    "ENCODED",
    "MAIN",
    "NEW",
    "NEXT",
    "OLD",
    "PEM",
    "PREV",
    "PREVIOUS",
    "PRIMARY",
    "PROD",
    "PRODUCTION",
    "PUBLISH",
    "QA",
    "READ",
    "READONLY",
    "RELEASE",
    "RO",
    "RW",
    "SECONDARY",
    "STAGE",
    "STAGING",
    "TEST",
    "VALUE",
    "WRITE",
    "JSON",
];

/// Names that are not meant: the working directory, which every shell sets.
const PLAIN: [&str; 2] = ["PWD", "OLDPWD"];

/// Why a secret variable is one, after its name.
#[must_use]
pub(crate) fn reason(name: &str) -> &'static str {
    if is_secret_name(name) {
        "looks like a secret"
    } else {
        "has a login in its value, or is in `secret_variables`"
    }
}

/// What makes a secret variable an ordinary one.
#[must_use]
pub(crate) fn remedy(name: &str) -> String {
    format!("`secret_variables = [\"!{name}\"]` says so")
}

/// Whether an environment variable's name says that its value is secret.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    if PLAIN.contains(&name.as_str()) {
        return false;
    }
    let words: Vec<&str> = name.split(['_', '-', '.']).filter(|word| !word.is_empty()).collect();
    let is_number = |word: &str| {
        let digits = word.strip_prefix('V').unwrap_or(word);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_suffix = |word: &&&str| is_number(word) || SUFFIXES.contains(word);
    let suffixes = words.iter().rev().take_while(is_suffix).count();
    let words = &words[..words.len() - suffixes];
    let Some(last) = words.last() else { return false };
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_ending = ENDINGS.iter().any(|ending| last.ends_with(ending));
    let of_words = |some: &&'static [&'static str]| {
        let (Some((end, before)), Some((_, start))) = (some.split_last(), words.split_last()) else {
            return false;
        };
        last == *end && start.ends_with(before)
    };
    is_ending || WORDS.iter().any(of_words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_names_are_of_secrets() {
        for name in [
            "NPM_TOKEN",
            "npm_token",
            "API_TOKEN_V2",
            "API_TOKEN_2",
            "TOKEN2",
            "NPM_TOKEN_PROD",
            "APIKEY",
            "SSH_KEY_PEM",
            "DB_PASSWORD_JSON",
            "GITHUB_PAT",
            "PAT",
            "SMTP_PASS",
            "BASIC_AUTH",
            "DB_PWD",
            "PW",
            "DB_PW",
            "LDAP_BIND_PW",
            "ADMIN_PW_PROD",
            "PASSCODE",
            "DOOR_PASSCODE",
            "GPG_PASSPHRASE",
            "CREDENTIALS",
            "AWS_CREDENTIAL",
            "DATABASE_URL",
            "TEST_DATABASE_URL",
            "SENTRY_DSN",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "CLIENT_SECRET_OLD",
            "AZURE_CONNECTION_STRING",
            "CI_REPOSITORY_URL",
            "DOCKER_AUTH_CONFIG",
            "CI_JOB_JWT",
            "CI_JOB_JWT_V2",
            "SECRET_KEY_BASE",
            "PASSWORDS",
            "MONGODB_URI",
            "REDIS_URL",
            "SLACK_WEBHOOK_URL",
            "KUBECONFIG",
            "KUBECONFIG_B64",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "PWD",
            "OLDPWD",
            "PIN",
            "GPW_VERSION",
            "GPW",
            "PW_VERSION",
            "UPW",
            "PASSCODES_URL",
            "SSH_AUTH_SOCK",
            "TOKEN_URL",
            "KEY_ID",
            "SECRET_NAME",
            "PASS_THROUGH",
            "BYPASS",
            "COMPAT",
            "AUTHOR",
            "PATH",
            "AUTH_IMAGE",
            "DSN_HOST",
            "URL",
            "V2",
            "PROD",
            "",
            "_",
            "KEYCLOAK_VERSION",
            "VERSION",
            "REPOSITORY_URL",
            "CI_PROJECT_URL",
            "REDIS_VERSION",
            "CONFIG",
            "PIP_INDEX_URL",
            "TOKENSIZE",
            "TOKENS",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_definition_has_the_last_word() {
        let said = [("CACHE_KEY", false), ("LICENSE", true)];
        let names = SecretNames::new(said.map(|(name, is_secret)| (name.to_owned(), is_secret)).into());
        for (name, expected) in [
            ("CACHE_KEY", false),
            ("CACHE_KEY_JSON", false),
            ("LICENSE", true),
            ("LICENSE_JSON", true),
            ("API_KEY", true),
            ("VERSION", false),
        ] {
            assert_eq!(names.has(name), expected, "{name}");
        }
        for (assignment, expected) in [
            ("LICENSE=x", "LICENSE=…"),
            ("app.args.LICENSE=x=y", "app.args.LICENSE=…"),
            ("app.args.API_KEY=", "app.args.API_KEY="),
            ("CACHE_KEY=x", "CACHE_KEY=x"),
            ("VERSION", "VERSION"),
            ("INDEX=https://me:pass@host", "INDEX=…"),
            ("app.args.INDEX=https://me:pass@host", "app.args.INDEX=…"),
            ("INDEX=https://host", "INDEX=https://host"),
            ("CACHE_KEY=https://me:pass@host", "CACHE_KEY=https://me:pass@host"),
        ] {
            assert_eq!(names.readable(assignment), expected);
        }
    }
}
