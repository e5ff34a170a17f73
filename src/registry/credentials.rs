//! Who we are to a registry: Docker's and Podman's configuration files and the helpers that they name.
#![expect(clippy::disallowed_methods, reason = "configuration files are read, and helpers asked, here")]

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use docker_credential::{CredentialRetrievalError as RetrievalError, DockerCredential};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::clip;
use crate::reference::Repository;

/// The names of Docker Hub in configuration files, the one that `docker login` writes first.
const HUB_KEYS: [&str; 4] =
    ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"];

/// The largest configuration file that is read, in bytes.
const MAX_CONFIG: u64 = 16 * 1024 * 1024;

/// How to log in.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    /// Not at all.
    Anonymous,
    /// As a user.
    Password { user: String, password: String },
    /// With what `docker login` got from the token server in exchange for a password.
    IdentityToken(String),
    /// With a token for the registry itself.
    RegistryToken(String),
}

/// Secrets are not for logs.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Password { .. } => "Password",
            Self::IdentityToken(_) => "IdentityToken",
            Self::RegistryToken(_) => "RegistryToken",
        })
    }
}

/// What was found for a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) login: Login,
    /// Where it was found, or where it was looked for: ``key `ghcr.io` in /home/a/.docker/config.json``.
    pub(super) name: String,
    /// What could not be read on the way, when nothing was found.
    pub(super) problem: Option<String>,
}

/// Asks a helper (`docker-credential-NAME`) for a server's credentials. The arguments are server and name.
type Helper = fn(&str, &str) -> Result<DockerCredential, RetrievalError>;

/// What a helper has, or what is wrong with it.
type HelperAnswer = Result<Option<Login>, String>;

/// The configuration, read when it is first needed.
pub(super) struct Credentials {
    places: Vec<Place>,
    helper: Helper,
    sources: OnceLock<Vec<Source>>,
    /// Helpers are slow: each is asked once for a server.
    answers: Mutex<BTreeMap<(String, String), HelperAnswer>>,
}

/// Where configuration may be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    Variable { name: &'static str, content: String },
}

/// Configuration that is there.
struct Source {
    name: String,
    config: Result<Config, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: Option<BTreeMap<String, Value>>,
    creds_store: Option<String>,
    cred_helpers: Option<BTreeMap<String, String>>,
}

impl Credentials {
    /// From the files that the environment names, in this order: `REGISTRY_AUTH_FILE`, the content of
    /// `DOCKER_AUTH_CONFIG`, `config.json` in `DOCKER_CONFIG` or `~/.docker`, and where `podman login` writes.
    pub(super) fn new(environment: &BTreeMap<String, String>, home: Option<&Path>) -> Self {
        Self::with_helper(environment, home, ask_helper)
    }

    fn with_helper(environment: &BTreeMap<String, String>, home: Option<&Path>, helper: Helper) -> Self {
        let get = |name: &str| environment.get(name).filter(|value| !value.is_empty());
        let path = |name: &str| get(name).map(PathBuf::from);
        let docker = path("DOCKER_CONFIG").or_else(|| Some(home?.join(".docker")));
        let configuration = path("XDG_CONFIG_HOME").or_else(|| Some(home?.join(".config")));
        let podman = |folder: PathBuf| folder.join("containers").join("auth.json");
        let variable = get("DOCKER_AUTH_CONFIG")
            .map(|content| Place::Variable { name: "DOCKER_AUTH_CONFIG", content: content.clone() });
        let places = [
            path("REGISTRY_AUTH_FILE").map(Place::File),
            variable,
            docker.map(|folder| Place::File(folder.join("config.json"))),
            path("XDG_RUNTIME_DIR").map(podman).map(Place::File),
            configuration.map(podman).map(Place::File),
        ];
        Self {
            places: places.into_iter().flatten().collect(),
            helper,
            sources: OnceLock::new(),
            answers: Mutex::default(),
        }
    }

    /// How to log in for a repository. A missing file, or a helper that knows nothing, means anonymous.
    pub(super) fn find(&self, repository: &Repository) -> Found {
        let mut problem = None;
        let sources = self.sources.get_or_init(|| self.places.iter().filter_map(Place::read).collect());
        for source in sources {
            match self.find_in(source, repository) {
                Ok(Some(found)) => return found,
                Ok(None) => {}
                Err(told) => problem = problem.or(Some(told)),
            }
        }
        let key = server(repository);
        let places = sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>();
        let name = match places.as_slice() {
            [] => format!("nothing is logged in, so there is no key `{key}`"),
            places => format!("no key `{key}` in {}", places.join(" or ")),
        };
        Found { login: Login::Anonymous, name, problem }
    }

    fn find_in(&self, source: &Source, repository: &Repository) -> Result<Option<Found>, String> {
        let config = source.config.as_ref().map_err(|problem| format!("{}: {problem}", source.name))?;
        let server = server(repository);
        let found = |login, name| Ok(Some(Found { login, name, problem: None }));
        let helper = config.cred_helpers.as_ref().and_then(|helpers| best_key(helpers, repository));
        if let Some((_, helper)) = helper.filter(|(_, helper)| !helper.is_empty()) {
            return match self.ask(server, helper)? {
                Some(login) => found(login, format!("what docker-credential-{helper} has for `{server}`")),
                None => Ok(None),
            };
        }
        let entry = config.auths.as_ref().and_then(|auths| best_key(auths, repository));
        if let Some((key, entry)) = entry {
            let name = format!("key `{key}` in {}", source.name);
            if let Some(login) = read_entry(key, entry).map_err(|problem| format!("{name}: {problem}"))? {
                return found(login, name);
            }
        }
        // An empty helper takes the registry out of the store.
        match config.creds_store.as_deref().filter(|store| !store.is_empty() && helper.is_none()) {
            Some(store) => match self.ask(server, store)? {
                Some(login) => found(login, format!("what docker-credential-{store} has for `{server}`")),
                None => Ok(None),
            },
            None => Ok(None),
        }
    }

    fn ask(&self, server: &str, helper: &str) -> Result<Option<Login>, String> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.entry((server.to_owned(), helper.to_owned()));
        let ask = || {
            login((self.helper)(server, helper)).map_err(|why| format!("docker-credential-{helper} {why}"))
        };
        answer.or_insert_with(ask).clone()
    }
}

/// Asks a helper through a configuration that names nothing else.
fn ask_helper(server: &str, helper: &str) -> Result<DockerCredential, RetrievalError> {
    let config = json!({ "credHelpers": { server: helper } }).to_string();
    docker_credential::get_credential_from_reader(config.as_bytes(), server)
}

/// What an entry of `auths` says; none when it is empty, as those are whose secret a helper keeps.
fn read_entry(key: &str, entry: &Value) -> Result<Option<Login>, String> {
    let mut entry = entry.as_object().cloned().unwrap_or_default();
    // What is empty would be taken for a broken secret.
    entry.retain(|_, value| value.as_str() != Some(""));
    if let Some(token) = entry.get("registrytoken").and_then(Value::as_str) {
        return Ok(Some(Login::RegistryToken(token.to_owned())));
    }
    let config = json!({ "auths": { key: entry } }).to_string();
    login(docker_credential::get_credential_from_reader(config.as_bytes(), key))
}

fn login(answer: Result<DockerCredential, RetrievalError>) -> Result<Option<Login>, String> {
    use RetrievalError as E;
    match answer {
        Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Login::IdentityToken(token))),
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(match (user.as_str(), &password) {
            ("", password) if password.is_empty() => None,
            ("<token>", _) => Some(Login::IdentityToken(password)),
            _ => Some(Login::Password { user, password }),
        }),
        Err(E::NoCredentialConfigured | E::ConfigNotFound) => Ok(None),
        Err(E::HelperFailure { stdout, stderr, .. }) => {
            // Helpers have these words in common (github.com/docker/docker-credential-helpers, credentials/error.go).
            let told = if stdout.trim().is_empty() { &stderr } else { &stdout };
            if told.contains("credentials not found") || told.contains("no credentials") {
                return Ok(None);
            }
            // What looks like an answer may hold a secret.
            let told = if told.contains('{') { "" } else { told.trim() };
            Err(format!("failed: {}", clip(told)))
        }
        Err(E::HelperCommunicationError) => Err("cannot be started; is it installed?".to_owned()),
        Err(E::MalformedHelperResponse) => Err("gave an answer that makes no sense".to_owned()),
        Err(E::CredentialDecodingError) => Err("`auth` is not `user:password` in base64".to_owned()),
        Err(E::CredentialMismatchError) => Err("`auth` contradicts `username` and `password`".to_owned()),
        Err(E::ConfigReadError) => Err("it has not the form of Docker's configuration".to_owned()),
    }
}

impl Place {
    /// What is there; none when there is nothing.
    fn read(&self) -> Option<Source> {
        let (name, content) = match self {
            Self::Variable { name, content } => ((*name).to_owned(), Ok(content.clone().into_bytes())),
            Self::File(path) => (path.display().to_string(), read_file(path)),
        };
        let config = match content {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return None;
            }
            Err(error) => Err(format!("it cannot be read: {error}")),
            Ok(content) if content.trim_ascii().is_empty() => Ok(Config::default()),
            // serde's message would quote the value that it stumbles over.
            Ok(content) => serde_json::from_slice(&content).map_err(|error| {
                format!("it has not the form of Docker's configuration (line {})", error.line())
            }),
        };
        Some(Source { name, config })
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(MAX_CONFIG).read_to_end(&mut content)?;
    Ok(content)
}

/// The name of a registry as helpers know it.
fn server(repository: &Repository) -> &str {
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
    use std::fs;

    use super::*;

    /// Knows `store` and `helper`, and the ways in which helpers fail.
    fn helper(server: &str, name: &str) -> Result<DockerCredential, RetrievalError> {
        let failure = |stdout: &str| {
            Err(RetrievalError::HelperFailure {
                helper: name.into(),
                stdout: stdout.into(),
                stderr: "".into(),
            })
        };
        match name {
            "store" | "helper" => Ok(DockerCredential::UsernamePassword(name.into(), server.into())),
            "token" => Ok(DockerCredential::IdentityToken("t".into())),
            "empty" => failure("credentials not found in native keychain\n"),
            "broken" => failure("no permission"),
            "leaky" => failure(r#"{"Secret":"hunter2"}"#),
            _ => Err(RetrievalError::HelperCommunicationError),
        }
    }

    fn find(config: &str, repository: &str) -> Found {
        let environment = [("DOCKER_AUTH_CONFIG".to_owned(), config.to_owned())].into();
        Credentials::with_helper(&environment, None, helper).find(&repository.parse().unwrap())
    }

    fn password(user: &str, password: &str) -> Login {
        Login::Password { user: user.into(), password: password.into() }
    }

    /// `user:pass`, `a:b`
    const USER_PASS: &str = "dXNlcjpwYXNz";
    const A_B: &str = "YTpi";

    #[test]
    fn the_entry_of_the_registry_is_found_under_all_its_names() {
        let hub = "https://index.docker.io/v1/";
        for (key, repository, expected) in [
            ("ghcr.io", "ghcr.io/acme/app", true),
            ("https://ghcr.io", "ghcr.io/acme/app", true),
            ("https://ghcr.io/v2/", "ghcr.io/acme/app", true),
            ("GHCR.io", "ghcr.io/acme/app", true),
            ("ghcr.io/acme", "ghcr.io/acme/app", true),
            ("ghcr.io/acme/app", "ghcr.io/acme/app", true),
            ("ghcr.io/other", "ghcr.io/acme/app", false),
            ("ghcr.io/ac", "ghcr.io/acme/app", false),
            ("localhost:5000", "localhost:5000/app", true),
            ("localhost", "localhost:5000/app", false),
            (hub, "ubuntu", true),
            ("docker.io", "ubuntu", true),
            ("index.docker.io", "acme/app", true),
            ("https://index.docker.io/v2/", "acme/app", true),
            (hub, "ghcr.io/acme/app", false),
        ] {
            let config = json!({ "auths": { key: { "auth": USER_PASS } } }).to_string();
            let found = find(&config, repository);
            let login = if expected { password("user", "pass") } else { Login::Anonymous };
            assert_eq!(found.login, login, "{key} {repository}");
            assert_eq!(
                found.name.contains(&format!("key `{key}` in DOCKER_AUTH_CONFIG")),
                expected,
                "{}",
                found.name
            );
        }
    }

    #[test]
    fn the_most_specific_entry_wins() {
        let config = json!({ "auths": {
            "ghcr.io": { "auth": USER_PASS }, "ghcr.io/acme": { "auth": A_B },
            "docker.io": { "auth": A_B }, "https://index.docker.io/v1/": { "auth": USER_PASS },
        } });
        for (repository, user) in [("ghcr.io/acme/app", "a"), ("ghcr.io/x/app", "user"), ("ubuntu", "user")] {
            let Login::Password { user: found, .. } = find(&config.to_string(), repository).login else {
                panic!("{repository}")
            };
            assert_eq!(found, user, "{repository}");
        }
    }

    #[test]
    fn entries_and_helpers_are_read_as_docker_reads_them() {
        let hub = "https://index.docker.io/v1/";
        for (config, repository, expected) in [
            (json!({}), "r.io/a", Login::Anonymous),
            (json!({"auths": null, "credHelpers": null}), "r.io/a", Login::Anonymous),
            (json!({"auths": {"r.io": {}}}), "r.io/a", Login::Anonymous),
            (json!({"auths": {"r.io": {"auth": ""}}}), "r.io/a", Login::Anonymous),
            (json!({"auths": {"r.io": {"username": "u", "password": "p"}}}), "r.io/a", password("u", "p")),
            (
                json!({"auths": {"r.io": {"auth": USER_PASS, "identitytoken": "t"}}}),
                "r.io/a",
                Login::IdentityToken("t".into()),
            ),
            (
                json!({"auths": {"r.io": {"auth": USER_PASS, "identitytoken": ""}}}),
                "r.io/a",
                password("user", "pass"),
            ),
            (json!({"auths": {"r.io": {"registrytoken": "t"}}}), "r.io/a", Login::RegistryToken("t".into())),
            (json!({"credHelpers": {"r.io": "helper"}}), "r.io/a", password("helper", "r.io")),
            (json!({"credHelpers": {"docker.io": "helper"}}), "a", password("helper", hub)),
            (json!({"credHelpers": {"r.io": "token"}}), "r.io/a", Login::IdentityToken("t".into())),
            (json!({"credHelpers": {"r.io": "empty"}}), "r.io/a", Login::Anonymous),
            (json!({"credsStore": "store"}), "r.io/a", password("store", "r.io")),
            (json!({"credsStore": "store", "auths": {"r.io": {}}}), "r.io/a", password("store", "r.io")),
            (json!({"credsStore": "store"}), "a", password("store", hub)),
            (json!({"credsStore": "store", "credHelpers": {"r.io": ""}}), "r.io/a", Login::Anonymous),
            (
                json!({"credsStore": "store", "credHelpers": {"r.io": "helper"}}),
                "r.io/a",
                password("helper", "r.io"),
            ),
            (json!({"credsStore": "empty"}), "r.io/a", Login::Anonymous),
        ] {
            let found = find(&config.to_string(), repository);
            assert_eq!((found.login, found.problem), (expected, None), "{config}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_without_the_secret() {
        for (config, expected) in [
            ("{", "DOCKER_AUTH_CONFIG: it has not the form of Docker's configuration (line 1)"),
            (
                r#"{"auths":"hunter2"}"#,
                "DOCKER_AUTH_CONFIG: it has not the form of Docker's configuration (line 1)",
            ),
            (
                r#"{"auths":{"r.io":{"auth":"hunter2!"}}}"#,
                "key `r.io` in DOCKER_AUTH_CONFIG: `auth` is not `user:password` in base64",
            ),
            (
                r#"{"auths":{"r.io":{"auth":"YTpi","username":"hunter2","password":"x"}}}"#,
                "key `r.io` in DOCKER_AUTH_CONFIG: `auth` contradicts `username` and `password`",
            ),
            (r#"{"credsStore":"broken"}"#, "docker-credential-broken failed: no permission"),
            (r#"{"credsStore":"leaky"}"#, "docker-credential-leaky failed: "),
            (
                r#"{"credHelpers":{"r.io":"none"}}"#,
                "docker-credential-none cannot be started; is it installed?",
            ),
        ] {
            let found = find(config, "r.io/a");
            assert_eq!((found.login, found.problem.as_deref()), (Login::Anonymous, Some(expected)));
        }
        let secret = find(&json!({ "auths": { "r.io": { "auth": USER_PASS } } }).to_string(), "r.io/a");
        assert!(!format!("{secret:?}").contains("pass\""), "{secret:?}");
    }

    #[test]
    fn files_are_looked_for_where_docker_and_podman_write_them() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let write = |path: &str, user: &str| {
            let path = home.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let entry = json!({ "auths": { "r.io": { "username": user, "password": "p" } } });
            fs::write(path, entry.to_string()).unwrap();
        };
        let find = |variables: &[(&str, &str)]| {
            let value = |value: &str| home.join(value).to_str().unwrap().to_owned();
            let environment = variables.iter().map(|(name, path)| ((*name).to_owned(), value(path)));
            let credentials = Credentials::with_helper(&environment.collect(), Some(home), helper);
            match credentials.find(&"r.io/a".parse().unwrap()).login {
                Login::Password { user, .. } => user,
                other => format!("{other:?}"),
            }
        };
        assert_eq!(find(&[]), "Anonymous");
        write(".config/containers/auth.json", "podman");
        assert_eq!(find(&[]), "podman");
        write("run/containers/auth.json", "runtime");
        assert_eq!(find(&[("XDG_RUNTIME_DIR", "run")]), "runtime");
        write(".docker/config.json", "docker");
        assert_eq!(find(&[("XDG_RUNTIME_DIR", "run")]), "docker");
        write("other/config.json", "other");
        assert_eq!(find(&[("DOCKER_CONFIG", "other")]), "other");
        assert_eq!(find(&[("DOCKER_CONFIG", "none")]), "podman");
        write("auth.json", "file");
        assert_eq!(find(&[("DOCKER_CONFIG", "other"), ("REGISTRY_AUTH_FILE", "auth.json")]), "file");
        assert_eq!(find(&[("DOCKER_CONFIG", "other"), ("REGISTRY_AUTH_FILE", "none.json")]), "other");
    }
}
