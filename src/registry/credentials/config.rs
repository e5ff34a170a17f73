//! Docker's configuration (<https://docs.docker.com/reference/cli/docker/login/>): where it is, under which keys it has
//! what about a registry, and what an entry says.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::super::regular;
use super::login::Login;
use crate::reference::Repository;

/// The names of Docker Hub in configuration files, the one that `docker login` writes first.
const HUB_KEYS: [&str; 4] =
    ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"];

/// The largest configuration file that is read, in bytes.
const MAX_CONFIG: u64 = 16 * 1024 * 1024;

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Where configuration may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ConfigPlace {
    File(PathBuf),
    Variable { name: &'static str, content: String },
}

/// Configuration that is there.
pub(super) struct ConfigSource {
    /// The file's path or the variable's name.
    pub(super) name: String,
    pub(super) config: Result<Config, String>,
}

/// What configuration says about logging in.
#[derive(Default)]
pub(super) struct Config {
    /// Entries, as written: what is wrong with one concerns its registry alone.
    auths: BTreeMap<String, Value>,
    /// The helper for each of these registries; an empty one takes the registry out of the store.
    helpers: BTreeMap<String, String>,
    /// The helper for all other registries.
    store: Option<String>,
}

/// The places in the order in which they are looked at.
pub(super) fn places(environment: &BTreeMap<String, String>, home: Option<&Path>) -> Vec<ConfigPlace> {
    let get = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    let path = |name: &str| get(name).map(PathBuf::from);
    let docker = path("DOCKER_CONFIG").or_else(|| Some(home?.join(".docker")));
    let configuration = path("XDG_CONFIG_HOME").or_else(|| Some(home?.join(".config")));
    let podman = |folder: PathBuf| folder.join("containers").join("auth.json");
    let variable = get("DOCKER_AUTH_CONFIG")
        .map(|content| ConfigPlace::Variable { name: "DOCKER_AUTH_CONFIG", content: content.clone() });
    let places = [
        path("REGISTRY_AUTH_FILE").map(ConfigPlace::File),
        variable,
        docker.map(|folder| ConfigPlace::File(folder.join("config.json"))),
        path("XDG_RUNTIME_DIR").map(podman).map(ConfigPlace::File),
        configuration.map(podman).map(ConfigPlace::File),
    ];
    places.into_iter().flatten().collect()
}

impl ConfigPlace {
    /// What is there; none when there is nothing.
    pub(super) fn read(&self) -> Option<ConfigSource> {
        let (name, content) = match self {
            Self::Variable { name, content } => ((*name).to_owned(), Ok(content.clone().into_bytes())),
            Self::File(path) => (path.display().to_string(), read_file(path)),
        };
        let config = match content {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return None;
            }
            Err(error) => Err(format!("it cannot be read: {error}")),
            Ok(content) => Config::parse(&content),
        };
        Some(ConfigSource { name, config })
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    regular::open(path)?.take(MAX_CONFIG).read_to_end(&mut content)?;
    Ok(content)
}

impl Config {
    fn parse(content: &[u8]) -> Result<Self, String> {
        if content.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        // serde's own message would quote the value that it stumbles over.
        let value: Value = serde_json::from_slice(content)
            .map_err(|error| format!("it is not valid JSON (line {})", error.line()))?;
        let Value::Object(root) = value else { return Err("it is not a JSON object".to_owned()) };
        let mut helpers = BTreeMap::new();
        for (key, helper) in object(&root, "credHelpers")?.into_iter().flatten() {
            let Value::String(helper) = helper else {
                return Err(format!("`credHelpers` has something other than a string for `{key}`"));
            };
            helpers.insert(key.clone(), helper.clone());
        }
        Ok(Self {
            auths: object(&root, "auths")?
                .into_iter()
                .flatten()
                .map(|(key, entry)| (key.clone(), entry.clone()))
                .collect(),
            helpers,
            store: string(&root, "credsStore")?.map(str::to_owned),
        })
    }

    /// The passwords and tokens of all entries.
    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        let logins = self.auths.values().filter_map(|entry| login(entry).ok().flatten());
        logins.flat_map(|login| match login {
            Login::Anonymous => Vec::new(),
            Login::Password { user, password } => vec![format!("{user}:{password}"), password],
            Login::IdentityToken(token) | Login::RegistryToken(token) => vec![token],
        })
    }

    /// The helper to ask for a repository's registry, if any.
    pub(super) fn helper(&self, repository: &Repository) -> Option<&str> {
        let own = best_key(&self.helpers, repository).map(|(_, helper)| helper.as_str());
        own.or(self.store.as_deref()).filter(|helper| !helper.is_empty())
    }

    /// The key and entry of a repository, if any.
    pub(super) fn entry(&self, repository: &Repository) -> Option<(&str, &Value)> {
        best_key(&self.auths, repository).map(|(key, entry)| (key.as_str(), entry))
    }
}

/// What an entry of `auths` says; none when it is empty, as those are whose secret a helper keeps.
pub(super) fn login(entry: &Value) -> Result<Option<Login>, String> {
    let entry = match entry {
        Value::Null => return Ok(None),
        Value::Object(entry) => entry,
        _ => return Err("it is not an object".to_owned()),
    };
    if let Some(token) = string(entry, "registrytoken")? {
        return Ok(Some(Login::RegistryToken(token.to_owned())));
    }
    if let Some(token) = string(entry, "identitytoken")? {
        return Ok(Some(Login::IdentityToken(token.to_owned())));
    }
    let [user, password] = [string(entry, "username")?, string(entry, "password")?];
    let Some(auth) = string(entry, "auth")? else {
        return Ok(user.zip(password).and_then(|(user, password)| login_of(user, password)));
    };
    let (auth_user, auth_password) =
        decode(auth).ok_or_else(|| "`auth` is not `user:password` in base64".to_owned())?;
    // Docker would silently take `auth`.
    if user.is_some_and(|user| user != auth_user)
        || password.is_some_and(|password| password != auth_password)
    {
        return Err("`auth` contradicts `username` and `password`".to_owned());
    }
    Ok(login_of(&auth_user, &auth_password))
}

/// What a user and a secret make; none when both are empty.
pub(super) fn login_of(user: &str, secret: &str) -> Option<Login> {
    match (user, secret) {
        ("" | "<token>", "") => None,
        ("<token>", token) => Some(Login::IdentityToken(token.to_owned())),
        (user, password) => Some(Login::Password { user: user.to_owned(), password: password.to_owned() }),
    }
}

/// User and password in `auth`, read as
/// <https://github.com/docker/cli/blob/master/cli/config/configfile/file.go> does.
fn decode(auth: &str) -> Option<(String, String)> {
    let auth: String = auth.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let decoded = String::from_utf8(BASE64.decode(auth).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.trim_matches('\0').to_owned()))
}

/// The text at a key; none when it is absent, null or empty.
pub(super) fn string<'v>(map: &'v Map<String, Value>, key: &str) -> Result<Option<&'v str>, String> {
    match field(map, key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("`{key}` is not a string")),
    }
}

/// The object at a key; none when it is absent or null.
fn object<'v>(map: &'v Map<String, Value>, key: &str) -> Result<Option<&'v Map<String, Value>>, String> {
    match field(map, key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(format!("`{key}` is not an object")),
    }
}

/// The value at a key. Docker is written in Go, whose keys of JSON may be in any case.
fn field<'v>(map: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    let in_any_case = || map.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
    map.get(key).or_else(in_any_case)
}

/// The name of a registry as helpers know it.
pub(super) fn server(repository: &Repository) -> &str {
    let registry = repository.registry();
    if registry.is_docker_hub() { HUB_KEYS[0] } else { registry.as_str() }
}

/// The keys under which a repository's credentials may be, the best first: Podman's may be those of a namespace.
fn keys(repository: &Repository) -> Vec<String> {
    let registry = repository.registry();
    let mut path = repository.path();
    let mut keys = vec![format!("{registry}/{path}")];
    while let Some((above, _)) = path.rsplit_once('/') {
        keys.push(format!("{registry}/{above}"));
        path = above;
    }
    if registry.is_docker_hub() {
        keys.extend(HUB_KEYS.map(str::to_owned));
    } else {
        keys.push(registry.to_string());
    }
    keys
}

fn best_key<'c, V>(map: &'c BTreeMap<String, V>, repository: &Repository) -> Option<(&'c String, &'c V)> {
    keys(repository).iter().find_map(|wanted| {
        map.get_key_value(wanted).or_else(|| map.iter().find(|(key, _)| plain_key(key) == plain_key(wanted)))
    })
}

/// A key without scheme and API version: `https://ghcr.io/v2/` is `ghcr.io`.
fn plain_key(key: &str) -> String {
    let without = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let rest = without.unwrap_or(key);
    let rest = if without.is_some() { rest.split('/').next().unwrap_or_default() } else { rest };
    let rest = rest.trim_end_matches('/');
    rest.strip_suffix("/v1").or_else(|| rest.strip_suffix("/v2")).unwrap_or(rest).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(text: &str) -> Result<Config, String> {
        Config::parse(text.as_bytes())
    }

    fn password(user: &str, password: &str) -> Login {
        Login::Password { user: user.into(), password: password.into() }
    }

    #[test]
    fn entries_are_read_as_docker_reads_them() {
        for (entry, expected) in [
            (json!(null), None),
            (json!({}), None),
            (json!({"auth": ""}), None),
            (json!({"auth": null, "email": "a@b.c"}), None),
            (json!({"auth": "dXNlcjpwYXNz"}), Some(password("user", "pass"))),
            (json!({"Auth": "dXNlcjpwYXNz"}), Some(password("user", "pass"))),
            // `user:pass:word`, `a:b` with and without padding, `me:`, `:`
            (json!({"auth": "dXNlcjpwYXNzOndvcmQ="}), Some(password("user", "pass:word"))),
            (json!({"auth": "dXNlcjpwYXNzOndvcmQ"}), Some(password("user", "pass:word"))),
            (json!({"auth": "bWU6"}), Some(password("me", ""))),
            (json!({"auth": "Og=="}), None),
            // Split in lines as `base64` does, and with the zeros of old versions of Docker.
            (json!({"auth": "dXNl\r\ncjpw\nYXNz\n"}), Some(password("user", "pass"))),
            (json!({"auth": "dXNlcjpwYXNzAAA="}), Some(password("user", "pass"))),
            // `<token>:t`
            (json!({"auth": "PHRva2VuPjp0"}), Some(Login::IdentityToken("t".into()))),
            (json!({"username": "u", "password": "p"}), Some(password("u", "p"))),
            (json!({"username": "u"}), None),
            (json!({"auth": "YTpi", "username": "a", "password": "b"}), Some(password("a", "b"))),
            (json!({"auth": "YTpi", "identitytoken": "t"}), Some(Login::IdentityToken("t".into()))),
            (json!({"auth": "YTpi", "identityToken": "t"}), Some(Login::IdentityToken("t".into()))),
            (json!({"auth": "YTpi", "identitytoken": ""}), Some(password("a", "b"))),
            (json!({"registrytoken": "t"}), Some(Login::RegistryToken("t".into()))),
            (
                json!({"registrytoken": "r", "identitytoken": "i", "auth": "YTpi"}),
                Some(Login::RegistryToken("r".into())),
            ),
        ] {
            assert_eq!(login(&entry), Ok(expected), "{entry}");
        }
    }

    #[test]
    fn broken_entries_are_reported_without_the_secret() {
        for (entry, expected) in [
            (json!("hunter2"), "it is not an object"),
            (json!({"auth": 5}), "`auth` is not a string"),
            (json!({"identitytoken": ["hunter2"]}), "`identitytoken` is not a string"),
            (json!({"auth": "hunter2!"}), "`auth` is not `user:password` in base64"),
            // `hunter2`, and what is not UTF-8
            (json!({"auth": "aHVudGVyMg=="}), "`auth` is not `user:password` in base64"),
            (json!({"auth": "/zr/"}), "`auth` is not `user:password` in base64"),
            (
                json!({"auth": "YTpi", "username": "hunter2", "password": "b"}),
                "`auth` contradicts `username` and `password`",
            ),
            (json!({"auth": "YTpi", "password": "hunter2"}), "`auth` contradicts `username` and `password`"),
        ] {
            assert_eq!(login(&entry).unwrap_err(), expected, "{entry}");
        }
    }

    #[test]
    fn one_broken_entry_spoils_no_other() {
        let config = config(r#"{"auths":{"r.io":{"auth":"!"},"ok.io":{"auth":"YTpi"}}}"#).unwrap();
        let login_at = |repository: &str| login(config.entry(&repository.parse().unwrap()).unwrap().1);
        assert_eq!(login_at("ok.io/a"), Ok(Some(password("a", "b"))));
        login_at("r.io/a").unwrap_err();
    }

    #[test]
    fn configuration_need_not_say_anything() {
        for text in
            ["", " \n", "{}", r#"{"auths":null,"credHelpers":null,"credsStore":null}"#, r#"{"proxies":1}"#]
        {
            let config = config(text).unwrap();
            let repository = "r.io/a".parse().unwrap();
            assert_eq!((config.helper(&repository), config.entry(&repository)), (None, None), "{text}");
        }
    }

    #[test]
    fn keys_may_be_in_any_case_as_for_docker() {
        let config = config(r#"{"Auths":{"r.io":{}},"credsstore":"a","CREDHELPERS":{"b.io":"b"}}"#).unwrap();
        let [r, b] = ["r.io/a", "b.io/a"].map(|name| name.parse().unwrap());
        assert_eq!((config.helper(&r), config.entry(&r).is_some()), (Some("a"), true));
        assert_eq!((config.helper(&b), config.entry(&b).is_some()), (Some("b"), false));
    }

    #[test]
    fn broken_configuration_is_reported_without_its_values() {
        for (text, expected) in [
            ("{", "it is not valid JSON (line 1)"),
            ("{\n\"auths\": hunter2}", "it is not valid JSON (line 2)"),
            ("[\"hunter2\"]", "it is not a JSON object"),
            (r#"{"auths":"hunter2"}"#, "`auths` is not an object"),
            (r#"{"credHelpers":["hunter2"]}"#, "`credHelpers` is not an object"),
            (r#"{"credHelpers":{"r.io":5}}"#, "`credHelpers` has something other than a string for `r.io`"),
            (r#"{"credsStore":{"a":"hunter2"}}"#, "`credsStore` is not a string"),
        ] {
            assert_eq!(config(text).err().as_deref(), Some(expected), "{text}");
        }
    }
}
