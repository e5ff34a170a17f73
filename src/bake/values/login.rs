//! Whether a value is a secret by its form, whatever its variable is called: it has a login or a key in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What tokens are made of behind what they begin with.
#[derive(Clone, Copy)]
enum Signs {
    /// Letters, digits, `_`, `-` and `.`.
    Any,
    /// Letters and digits alone, so that names such as `npm_config_registry` are none.
    Plain,
    /// Capital letters and digits alone.
    Capital,
}

/// What tokens of well-known kinds begin with, how many signs follow at least, and which.
const TOKENS: [(&str, usize, Signs); 51] = [
    // GitHub: https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
    ("ghp_", 16, Signs::Any),
    ("gho_", 16, Signs::Any),
    ("ghu_", 16, Signs::Any),
    ("ghs_", 16, Signs::Any),
    ("ghr_", 16, Signs::Any),
    ("github_pat_", 9, Signs::Any),
    // GitLab: https://docs.gitlab.com/security/tokens/#token-prefixes
    ("glpat-", 14, Signs::Any),
    ("gloas-", 14, Signs::Any),
    ("gldt-", 14, Signs::Any),
    ("glrt-", 14, Signs::Any),
    ("glrtr-", 14, Signs::Any),
    ("glcbt-", 14, Signs::Any),
    ("glptt-", 14, Signs::Any),
    ("glft-", 14, Signs::Any),
    ("glimt-", 14, Signs::Any),
    ("glagent-", 30, Signs::Any),
    ("glsoat-", 14, Signs::Any),
    ("glffct-", 14, Signs::Any),
    ("glwt-", 14, Signs::Any),
    // Docker Hub.
    ("dckr_pat_", 11, Signs::Any),
    ("dckr_oat_", 11, Signs::Any),
    // Registries of packages: PyPI (a macaroon, which begins with its version), npm, RubyGems.
    ("pypi-AgE", 16, Signs::Any),
    ("npm_", 30, Signs::Plain),
    ("rubygems_", 32, Signs::Plain),
    // Slack: https://docs.slack.dev/authentication/tokens/
    ("xoxb-", 16, Signs::Any),
    ("xoxp-", 16, Signs::Any),
    ("xoxa-", 16, Signs::Any),
    ("xoxr-", 16, Signs::Any),
    ("xoxs-", 16, Signs::Any),
    ("xapp-1-", 16, Signs::Any),
    // Stripe: https://docs.stripe.com/keys
    ("sk_live_", 16, Signs::Plain),
    ("rk_live_", 16, Signs::Plain),
    // AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    ("AKIA", 16, Signs::Capital),
    ("ASIA", 16, Signs::Capital),
    // Google: https://cloud.google.com/docs/authentication/api-keys
    ("AIza", 35, Signs::Any),
    ("ya29.", 16, Signs::Any),
    // Hugging Face, DigitalOcean, HashiCorp Vault.
    ("hf_", 30, Signs::Plain),
    ("dop_v1_", 32, Signs::Plain),
    ("hvs.", 20, Signs::Any),
    ("hvb.", 20, Signs::Any),
    // OpenAI, Anthropic, SendGrid, Grafana, Shopify, Atlassian, Doppler, age.
    ("sk-proj-", 20, Signs::Any),
    ("sk-ant-", 20, Signs::Any),
    ("SG.", 60, Signs::Any),
    ("glsa_", 36, Signs::Any),
    ("shpat_", 32, Signs::Plain),
    ("shpca_", 32, Signs::Plain),
    ("shppa_", 32, Signs::Plain),
    ("shpss_", 32, Signs::Plain),
    ("ATATT3", 50, Signs::Any),
    ("dp.pt.", 40, Signs::Plain),
    ("AGE-SECRET-KEY-1", 50, Signs::Plain),
];

/// What the name of a password ends with where a text has it among other settings: `…?password=…`, `_authToken=…`.
const SETTINGS: [&str; 6] = ["password=", "passwd=", "pwd=", "authtoken=", "accountkey=", "sharedaccesskey="];

/// Names of passwords in front of a colon: `password: …`, `{"password": "…"}`.
const NAMES: [&str; 4] = ["password", "passwd", "authtoken", "client_secret"];

/// Names of which the value must look like one, too: `token=next` may be anything.
const DOUBTFUL: [&str; 7] =
    ["token", "client_secret", "api_key", "api-key", "apikey", "secret_access_key", "secretaccesskey"];

/// Parameters of addresses that are their own login: of Azure, AWS and Google.
const SIGNATURES: [&str; 3] = ["sig=", "x-amz-signature=", "x-goog-signature="];

/// What is shorter, alone in the place of a user, behind `Bearer` or as a signature, is no token.
const MIN_TOKEN: usize = 20;

/// What is shorter is no key.
const MIN_KEY: usize = 16;

/// What is shorter, in front of a colon, may be a word of a sentence.
const MIN_PASSWORD: usize = 8;

/// How a JSON web token begins (`{"` in Base64, <https://www.rfc-editor.org/rfc/rfc7519>).
const JWT: &str = "eyJ";
const MIN_JWT: usize = 20;

/// How private keys begin (<https://www.rfc-editor.org/rfc/rfc7468>, <https://www.rfc-editor.org/rfc/rfc9580#section-6.2>).
const PEM: &str = "-----BEGIN ";
const PRIVATE: [&str; 2] = ["PRIVATE KEY-----", "PRIVATE KEY BLOCK-----"];

/// Addresses that are their own login: whoever knows one may post there.
const HOOKS: [&str; 4] = [
    "hooks.slack.com/services/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "webhook.office.com/webhookb2/",
];

/// What an entry of Docker's file of logins has one of.
const DOCKER: [&str; 4] = ["auth", "password", "identitytoken", "registrytoken"];

/// Whether a value has a login in it: an address with a password (`https://me:pass@host`), a token of a well-known kind, a setting
/// that is one (`password=…`), a header (`Authorization: Bearer …`), a private key, or Docker's file of logins.
#[must_use]
pub(super) fn is_in(value: &str) -> bool {
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    value.split(|c| !is_of_token(c)).any(is_token)
        || value.split(PEM).skip(1).any(|rest| {
            rest.lines().next().is_some_and(|line| PRIVATE.iter().any(|private| line.contains(private)))
        })
        || value.split("://").skip(1).any(has_password)
        || HOOKS.iter().any(|hook| is_hook(value, hook))
        || has_setting(value)
        || has_header(value)
        || has_cookie(value)
        || has_scheme(value)
        || has_signature(value)
        || has_pair(value)
        || value.contains("auths") && has_auths(value)
}

fn is_token(word: &str) -> bool {
    let is_of = |rest: &str, least: usize, signs: Signs| match signs {
        Signs::Any => rest.len() >= least,
        Signs::Plain => rest.len() >= least && is_plain(rest),
        Signs::Capital => {
            rest.len() == least && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        }
    };
    let is_jwt = || {
        let parts: Vec<&str> = word.split('.').collect();
        word.len() >= MIN_JWT && word.starts_with(JWT) && parts.len() == 3
    };
    let known = TOKENS.iter().find_map(|(start, least, signs)| {
        word.strip_prefix(start).filter(|rest| is_of(rest, *least, *signs))
    });
    known.is_some() || is_jwt()
}

fn is_hook(value: &str, hook: &str) -> bool {
    value.split(hook).skip(1).any(|rest| {
        let end = |c: char| c.is_whitespace() || "?#\"'".contains(c);
        let path = rest.split(end).next().unwrap_or_default();
        let is_part = |part: &&str| !part.is_empty() && !is_placeholder(part);
        path.split('/').filter(is_part).count() > 1 && path.split('/').any(|part| part.len() >= MIN_KEY)
    })
}

fn has_setting(value: &str) -> bool {
    let folded = value.to_ascii_lowercase();
    let word_of = |rest: &str| {
        let end = |c: char| c.is_whitespace() || "&;,\"'}".contains(c);
        rest.split(end).next().unwrap_or_default().to_owned()
    };
    let is_set = |word: &str| {
        !word.is_empty()
            && !is_placeholder(word)
            && !["true", "false", "yes", "no", "none", "null", "string", "required"].contains(&word)
    };
    let is_start = |before: &str| {
        before.chars().next_back().is_none_or(|c| c.is_whitespace() || "?&;,_-\"'{".contains(c))
    };
    // Each place where a name ends that begins where one may.
    let after = |name: &str| -> Vec<&str> {
        let found = folded.match_indices(name).filter(|(at, _)| is_start(&folded[..*at]));
        found.map(|(at, name)| &folded[at + name.len()..]).collect()
    };
    // `PWD=/srv/app` is where a shell is.
    let is_place = |name: &str, word: &str| name == "pwd=" && word.starts_with(['/', '~', '.']);
    let is_assigned = |name: &&str| {
        let mut words = after(name).into_iter().map(word_of);
        words.any(|word| is_set(&word) && !is_place(name, &word))
    };
    // `password: …` may be a word of a sentence; `"password": "…"` is none.
    let has_colon = |name: &&str| {
        after(name).into_iter().any(|rest| {
            let (is_quoted, rest) = match rest.strip_prefix(['"', '\'']) {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            let Some(rest) = rest.trim_start().strip_prefix(':') else { return false };
            let rest = rest.trim_start();
            match rest.strip_prefix(['"', '\'']) {
                Some(text) => {
                    let text = text.split(['"', '\'']).next().unwrap_or_default();
                    is_set(text) && (is_quoted || text.len() >= MIN_PASSWORD && is_mixed(text))
                }
                None => {
                    let word = word_of(rest);
                    word.len() >= MIN_PASSWORD && is_set(&word) && is_mixed(&word)
                }
            }
        })
    };
    let is_key = |name: &&str| {
        after(name).into_iter().any(|rest| {
            let rest = rest.trim_start_matches(['"', '\'']).trim_start();
            let Some(rest) = rest.strip_prefix(['=', ':']) else { return false };
            let word = word_of(rest.trim_start().trim_start_matches(['"', '\'']));
            word.len() >= MIN_KEY && is_set(&word) && is_mixed(&word) && !word.contains(':')
        })
    };
    SETTINGS.iter().any(is_assigned) || NAMES.iter().any(has_colon) || DOUBTFUL.iter().any(is_key)
}

/// Whether it is no word and no number.
fn is_mixed(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether it is letters and digits alone.
fn is_plain(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `Authorization: Bearer …`, as clients and their settings have it.
fn has_header(value: &str) -> bool {
    let folded = value.to_ascii_lowercase();
    folded.split("authorization").skip(1).any(|rest| {
        let rest = rest.trim_start_matches(['"', '\'']).trim_start();
        let Some(rest) = rest.strip_prefix([':', '=']) else { return false };
        let mut words = rest.trim_start_matches(|c: char| c.is_whitespace() || "\"'".contains(c)).split(' ');
        let scheme = words.next().unwrap_or_default();
        let login = words.next().unwrap_or_default().trim_end_matches(['"', '\'', ',', '}']);
        ["basic", "bearer", "token"].contains(&scheme)
            && login.len() >= MIN_PASSWORD
            && !is_placeholder(login)
    })
}

/// `Cookie: session=…`
fn has_cookie(value: &str) -> bool {
    let folded = value.to_ascii_lowercase();
    folded.split("cookie").skip(1).any(|rest| {
        let rest = rest.trim_start_matches(['"', '\'']).trim_start();
        let Some(rest) = rest.strip_prefix(':') else { return false };
        let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || "\"'".contains(c));
        let pairs = rest.split(['\n', '"', '\'']).next().unwrap_or_default().split(';');
        let is_long = |word: &str| word.len() >= MIN_KEY && is_mixed(word) && !is_placeholder(word);
        pairs.filter_map(|pair| pair.split_once('=')).any(|(_, word)| is_long(word.trim()))
    })
}

/// `Basic …` and `Bearer …`, as a header has them.
fn has_scheme(value: &str) -> bool {
    let is_quote = |c: char| "\"',".contains(c);
    let words: Vec<&str> = value.split_whitespace().map(|word| word.trim_matches(is_quote)).collect();
    words.windows(2).any(|pair| {
        let [scheme, login] = pair else { return false };
        let is_of_token = |c: char| c.is_ascii_alphanumeric() || "_-.~+/=".contains(c);
        scheme.eq_ignore_ascii_case("basic") && is_pair(login)
            || scheme.eq_ignore_ascii_case("bearer")
                && login.len() >= MIN_TOKEN
                && is_mixed(login)
                && login.chars().all(is_of_token)
    })
}

/// An address with a signature, which whoever has it may read: `…?sig=…`.
fn has_signature(value: &str) -> bool {
    let folded = value.to_ascii_lowercase();
    SIGNATURES.iter().any(|name| {
        folded.match_indices(name).any(|(at, name)| {
            let rest = &folded[at + name.len()..];
            let end = |c: char| c.is_whitespace() || "&#\"'".contains(c);
            let word = rest.split(end).next().unwrap_or_default();
            folded[..at].ends_with(['?', '&'])
                && word.len() >= MIN_TOKEN
                && is_mixed(word)
                && !is_placeholder(word)
        })
    })
}

/// Whether it is a user and a password in Base64.
fn is_pair(word: &str) -> bool {
    let decoded = STANDARD.decode(word).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.is_some_and(|text| {
        let is_said = |(user, password): (&str, &str)| !user.is_empty() && !password.is_empty();
        !text.contains(char::is_control) && text.split_once(':').is_some_and(is_said)
    })
}

/// `"auth": "…"` and `_auth=…`, which have a user and a password in Base64.
fn has_pair(value: &str) -> bool {
    let is_end = |c: char| c.is_whitespace() || "\"',}".contains(c);
    value.split("auth").skip(1).any(|rest| {
        let rest = rest.trim_start_matches(['"', '\'']).trim_start();
        let Some(rest) = rest.strip_prefix([':', '=']) else { return false };
        let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || "\"'".contains(c));
        rest.split(is_end).next().is_some_and(is_pair)
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
        None => is_token(user) || user.len() >= MIN_TOKEN && is_mixed(user) && is_plain(user),
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
            // Tokens, also within other text.
            "gldt-0123456789abcdefghij",
            "glrt-t1_0123456789abcdefghij",
            "glcbt-64_0123456789abcdefghij",
            "glagent-0123456789abcdefghij0123456789abcdefghij",
            "dckr_oat_0123456789abcdefghij",
            "pypi-AgEIcHlwaS5vcmcCJDAwMDAwMDAw",
            "npm_0123456789abcdefghijABCDEFGHIJ012345",
            "xoxb-0123456789-abcdefghij",
            "xapp-1-A0123456789-abcdefghij",
            "sk_live_0123456789abcdefghij",
            "AKIAIOSFODNN7EXAMPLE",
            "ASIAIOSFODNN7EXAMPLE",
            "AIzaSyA0123456789abcdefghijABCDEFGHIJ01",
            "hf_0123456789abcdefghijABCDEFGHIJ0123",
            "hvs.CAESIJ0123456789abcdefgh",
            "{\"registry\":\"ghp_0123456789abcdefghij\"}",
            "--token=ghs_0123456789abcdefghij,x",
            "a\nJWT='eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln'",
            // Settings.
            r#"{"user":"me","password":"hunter"}"#,
            r#"{"password" : "correct horse"}"#,
            "user: me\npassword: q7hunter2fish",
            "passwd: 'x', password: q7hunter2fish",
            "https://example.com/?token=q7hunter2fish0123",
            "access_token=q7hunter2fish0123",
            r#"{"client_secret":"q7hunter2fish0123"}"#,
            "api_key: q7hunter2fish0123",
            // Headers.
            "Authorization: Basic bWU6cGFzcw==",
            "authorization: bearer q7hunter2fish",
            r#"{"Authorization":"Bearer q7hunter2fish"}"#,
            r#"{"headers":{"authorization": "token q7hunter2fish"}}"#,
            // Docker's and npm's pairs.
            r#"{"ghcr.io":{"auth":"bWU6cGFzcw=="}}"#,
            "//registry.example.com/:_auth=bWU6cGFzcw==",
            // Hooks.
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
            "https://discord.com/api/webhooks/1234567890/abcdefghijklmnop",
            // What has no name, or one that says it.
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "[default]\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            r#"{"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}"#,
            "Basic bWU6cGFzcw==",
            "basic bWU6cGFzcw==, Digest",
            "Bearer q7hunter2fish0123456789",
            "-H 'x: bearer q7hunter2fish0123456789'",
            "X-Api-Key: q7hunter2fish0123",
            "Cookie: theme=dark; session=q7hunter2fish0123",
            r#"{"Cookie": "session=q7hunter2fish0123"}"#,
            "https://q7hunter2fish01234567@github.com/acme/app",
            "https://a.blob.core.windows.net/c/b?sv=2024-01-01&sig=q7hunter2fish%2F0123456789%3D",
            "https://a.s3.amazonaws.com/b?X-Amz-Date=1&X-Amz-Signature=0123456789abcdef0123456789abcdef",
            "https://storage.googleapis.com/a/b?X-Goog-Signature=0123456789abcdef0123456789abcdef",
            "sk-proj-q7hunter2fish-0123456789",
            "sk-ant-api03-q7hunter2fish-0123456789",
            "SG.0123456789abcdefghij01.0123456789abcdefghijABCDEFGHIJ0123456789abc",
            "glsa_0123456789abcdefghijABCDEFGHIJ01_0123abcd",
            "shpat_0123456789abcdef0123456789abcdef",
            "AGE-SECRET-KEY-1QQPQYRLSZQ7HUNTER2FISHQQPQYRLSZQ7HUNTER2FISHQQPQYRLSZQ7HUNTER2F",
            "PWD=hunter2",
            // Keys.
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQVY\n-----END PGP PRIVATE KEY BLOCK-----",
            r#"{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nMII\n"}"#,
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
            // What looks like a token and is none.
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
            "01234567-89ab-cdef-0123-456789abcdef",
            "1.2.3-rc.1+build.20260101",
            "npm_config_registry_url_of_the_company",
            "hf_transformers_cache_directory_name",
            "pypi-mirror-of-the-company-in-europe",
            "AKIA",
            "AKIABLE-0123456789abcdef",
            "xoxb",
            "sk_live_stream_of_the_camera",
            "gldt-short",
            "glagent-of-the-company",
            "xapp-configuration-of-the-company",
            "ghcr.io/acme/app-token:1.2.3",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@host",
            "-----BEGIN PGP PUBLIC KEY BLOCK-----",
            "-----BEGIN PGP SIGNATURE-----",
            // What is named like a login and is none.
            "enter password: twice",
            "the password: see the manual",
            r#"{"password":"string"}"#,
            r#"{"password":""}"#,
            r#"{"password":"${PASSWORD}"}"#,
            "password: ${PASSWORD}",
            "token=next",
            "token: required",
            "token=${TOKEN}",
            "tokens=0123456789abcdefghij",
            "cancellation-token-source: default",
            "cache-key=token:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
            "Authorization: Bearer ${TOKEN}",
            "Authorization: Bearer",
            "the authorization: see above",
            r#"{"auth":""}"#,
            r#"{"auth":"none"}"#,
            "auth=oauth2",
            "oauth: bearer",
            "https://hooks.slack.com/services/",
            "https://discord.com/api/webhooks/$ID/$TOKEN",
            "https://discord.com/api",
            "https://hooks.slack.com/services/TEAM/CHANNEL/KEY",
            "PWD=/home/x/y",
            "pwd=/srv/app",
            "OLDPWD=~/app",
            "AWS_SECRET_ACCESS_KEY=",
            "AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY}",
            "secret_access_key_rotation=2026-01-01",
            "Basic auth:enabled",
            "Basic Authentication",
            "basic usage",
            "Bearer ${TOKEN}",
            "bearer authentication",
            "Bearer of-the-ring-in-the-north",
            "X-Api-Key: required",
            "Cookie: theme=dark",
            "cookie: session=${SESSION_0123456789}",
            "https://organisation-of-the-company@dev.azure.com/a",
            "https://organisationofthecompany@dev.azure.com/a",
            "https://build4@example.com",
            "https://example.com/?sig=v2",
            "https://example.com/?sig=${SIGNATURE_0123456789012}",
            "design=q7hunter2fish0123456789",
            "sk-projects-of-the-company",
            "SG.1.2.3",
            "glsa_short",
            "shpat_of_the_company_in_the_north_of_europe",
        ] {
            assert!(!is_in(value), "{value}");
        }
    }
}
