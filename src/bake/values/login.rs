//! Whether a value is a secret by its form, whatever its variable is called: it has a login or a key in it.

use serde_json::Value;

/// What tokens begin with: of GitHub (<https://github.blog/engineering/behind-githubs-new-authentication-token-formats/>), GitLab
/// (<https://docs.gitlab.com/security/tokens/#token-prefixes>) and Docker Hub.
const TOKENS: [&str; 8] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "dckr_pat_"];

/// A token has more signs.
const MIN_TOKEN: usize = 20;

/// What the name of a password ends with where a text has it among other settings: `…?password=…`, `_authToken=…`.
const SETTINGS: [&str; 6] = ["password=", "passwd=", "pwd=", "authtoken=", "accountkey=", "sharedaccesskey="];

/// How a JSON web token begins (`{"` in Base64, <https://www.rfc-editor.org/rfc/rfc7519>).
const JWT: &str = "eyJ";

/// How private keys begin (<https://www.rfc-editor.org/rfc/rfc7468>).
const PEM: &str = "-----BEGIN ";
const PRIVATE: &str = "PRIVATE KEY-----";

/// What an entry of Docker's file of logins has one of.
const DOCKER: [&str; 4] = ["auth", "password", "identitytoken", "registrytoken"];

/// Whether a value has a login in it: an address with a password (`https://me:pass@host`), a token of a well-known kind, a setting
/// that is one (`password=…`), a private key, or Docker's file of logins.
#[must_use]
pub(super) fn is_in(value: &str) -> bool {
    value.split(char::is_whitespace).any(is_token)
        || value.split(PEM).skip(1).any(|rest| rest.lines().next().is_some_and(|line| line.contains(PRIVATE)))
        || value.split("://").skip(1).any(has_password)
        || has_setting(value)
        || value.contains("auths") && has_auths(value)
}

fn is_token(word: &str) -> bool {
    let is_jwt = || word.starts_with(JWT) && word.matches('.').count() == 2;
    word.len() >= MIN_TOKEN && (TOKENS.iter().any(|start| word.starts_with(start)) || is_jwt())
}

fn has_setting(value: &str) -> bool {
    let folded = value.to_ascii_lowercase();
    let is_set = |rest: &str| {
        let word = rest.split(|c: char| c.is_whitespace() || "&;,\"'".contains(c)).next().unwrap_or_default();
        !word.is_empty() && !is_placeholder(word) && !["true", "false", "yes", "no"].contains(&word)
    };
    let is_start = |before: &str| {
        before.chars().next_back().is_none_or(|c| c.is_whitespace() || "?&;,_-\"'{".contains(c))
    };
    SETTINGS.iter().any(|name| {
        folded
            .match_indices(name)
            .any(|(at, name)| is_start(&folded[..at]) && is_set(&folded[at + name.len()..]))
    })
}

/// Whether something else is put in its place later, or it is hidden already.
fn is_placeholder(text: &str) -> bool {
    text.starts_with(['$', '*', '<', '{', '%'])
}

/// Whether an address, after its scheme, has a password, or a token in the place of the user.
fn has_password(address: &str) -> bool {
    let end = |c: char| c.is_whitespace() || "/?#\"'".contains(c);
    let authority = address.split(end).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    match user.split_once(':') {
        Some((_, password)) => !password.is_empty() && !is_placeholder(password),
        None => is_token(user),
    }
}

/// Whether it is Docker's file of logins: `{"auths": {"ghcr.io": {"auth": "…"}}}`.
fn has_auths(value: &str) -> bool {
    let Ok(file) = serde_json::from_str::<Value>(value) else { return false };
    let entries = file.get("auths").and_then(Value::as_object).into_iter().flat_map(|auths| auths.values());
    let has_text = |entry: &Value, name: &str| {
        entry.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
    };
    entries.into_iter().any(|entry| DOCKER.iter().any(|name| has_text(entry, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_login() {
        for value in [
            "https://me:pass@pypi.example.com/simple",
            "redis://:pass@cache:6379/0",
            "postgres://app:a%40b@db/app?sslmode=off",
            "https://a.example.com https://me:pass@b.example.com",
            "git+https://x-access-token:ghs_a@github.com/acme/app.git",
            "https://ghp_0123456789abcdefghij@github.com/acme/app",
            "github_pat_0123456789abcdefghij",
            "glpat-0123456789abcdefghij",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----",
            "cert\n-----BEGIN PRIVATE KEY-----",
            r#"{"auths": {"ghcr.io": {"auth": "bWU6cGFzcw=="}}}"#,
            r#"{"auths": {"a": {}, "b": {"identitytoken": "x"}}}"#,
            "jdbc:postgresql://db/app?user=app&password=s3cret",
            "//registry.npmjs.org/:_authToken=npm_0123",
            "Server=db;Database=app;User Id=app;Password=s3cret;",
            "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln",
        ] {
            assert!(is_in(value), "{value}");
        }
        for value in [
            "",
            "https://example.com/a@b:c",
            "https://me@example.com",
            "https://me:@example.com",
            "ssh://git@github.com/acme/app.git",
            "git@github.com:acme/app.git",
            "http://[::1]:5000/a",
            "a://b c:d@e",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
            r#"{"auths": {"ghcr.io": {}}}"#,
            r#"{"auths": {}}"#,
            "auths",
            "ghp_short",
            "jdbc:postgresql://db/app?user=app&password=",
            "//registry.npmjs.org/:_authToken=${NPM_TOKEN}",
            "password: no",
            "https://me:${TOKEN}@host",
            "https://me:***@host",
            "password=true",
            "password=***",
            "feature/password=reset",
            "eyJ.a.b",
            "1.2.3",
            "docker-image://alpine@sha256:0123",
        ] {
            assert!(!is_in(value), "{value}");
        }
    }
}
