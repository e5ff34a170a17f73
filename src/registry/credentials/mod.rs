//! Who we are to a registry: what Docker's and Podman's configuration files say, and the helpers that they name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::parallel::lock;
use crate::reference::Repository;

mod login;

mod config;

mod helper;

use config::{Config, ConfigPlace, ConfigSource, server};
pub(super) use login::Login;

/// What was found for a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) login: Login,
    /// Where it was found, or where it was looked for: ``key `ghcr.io` in /home/a/.docker/config.json``.
    pub(super) name: String,
    /// What could not be read on the way, when nothing was found.
    pub(super) problem: Option<String>,
}

/// What a helper has, or what is wrong with it, once it was asked.
type Answer = Arc<OnceLock<Result<Option<Login>, String>>>;

/// The configuration.
pub(super) struct Credentials {
    places: Vec<ConfigPlace>,
    /// What helpers get besides the environment of this process.
    environment: BTreeMap<String, String>,
    /// How long a helper may take.
    limit: Duration,
    sources: OnceLock<Vec<ConfigSource>>,
    /// Helpers are slow, and may ask a person: each is asked once for a server, and who needs the answer waits for it.
    answers: Mutex<BTreeMap<(String, String), Answer>>,
}

impl Credentials {
    /// From the files that the environment names, in this order: `REGISTRY_AUTH_FILE`, the content of
    /// `DOCKER_AUTH_CONFIG`, `config.json` in `DOCKER_CONFIG` or `~/.docker`, and where `podman login` writes.
    pub(super) fn new(
        environment: &BTreeMap<String, String>,
        home: Option<&Path>,
        helper_limit: Duration,
    ) -> Self {
        Self {
            places: config::places(environment, home),
            environment: environment.clone(),
            limit: helper_limit,
            sources: OnceLock::new(),
            answers: Mutex::default(),
        }
    }

    /// All passwords and tokens that the configuration itself has. Helpers are not asked: what they have is sent before it can be
    /// said back.
    pub(super) fn written(&self) -> impl Iterator<Item = String> {
        self.sources().iter().filter_map(|source| source.config.as_ref().ok()).flat_map(Config::secrets)
    }

    fn sources(&self) -> &[ConfigSource] {
        self.sources.get_or_init(|| self.places.iter().filter_map(ConfigPlace::read).collect())
    }

    /// How to log in for a repository. A missing file, or a helper that knows nothing, means anonymous.
    pub(super) fn find(&self, repository: &Repository) -> Found {
        let mut problem = None;
        let sources = self.sources();
        for source in sources {
            match self.find_in(source, repository) {
                Ok(Some(found)) => return found,
                Ok(None) => {}
                Err(failure) => problem = problem.or(Some(failure)),
            }
        }
        let key = server(repository);
        let places = sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>();
        let name = match places.as_slice() {
            [] => format!("there are no logins, so there is no key `{key}`"),
            places => format!("no key `{key}` in {}", places.join(" or ")),
        };
        Found { login: Login::Anonymous, name, problem }
    }

    /// The registry's own helper is asked, or else the one for all registries, as Docker does
    /// (<https://github.com/docker/cli/blob/master/cli/config/configfile/file.go>). What it does not have, or cannot say,
    /// may be in the file itself. Docker would not look there, and would have nothing to log in with.
    fn find_in(&self, source: &ConfigSource, repository: &Repository) -> Result<Option<Found>, String> {
        let found = |login, name| Ok(Some(Found { login, name, problem: None }));
        let config = source.config.as_ref().map_err(|problem| format!("{}: {problem}", source.name))?;
        let answer = config.helper(repository).map(|helper| (helper, self.ask(helper, server(repository))));
        let failure = match answer {
            Some((helper, Ok(Some(login)))) => {
                return found(
                    login,
                    format!("what docker-credential-{helper} has for `{}`", server(repository)),
                );
            }
            Some((_, Err(failure))) => Some(failure),
            Some((_, Ok(None))) | None => None,
        };
        if let Some((key, entry)) = config.entry(repository) {
            let name = format!("key `{key}` in {}", source.name);
            if let Some(login) = config::login(entry).map_err(|problem| format!("{name}: {problem}"))? {
                let name = failure.map_or(name.clone(), |failure| format!("{name} ({failure})"));
                return found(login, name);
            }
        }
        failure.map_or(Ok(None), Err)
    }

    fn ask(&self, helper: &str, server: &str) -> Result<Option<Login>, String> {
        let mut answers = lock(&self.answers);
        let answer = answers.entry((helper.to_owned(), server.to_owned())).or_default().clone();
        // Other helpers may be asked meanwhile.
        drop(answers);
        answer.get_or_init(|| helper::ask(helper, server, &self.environment, self.limit)).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn password(user: &str, password: &str) -> Login {
        Login::Password { user: user.into(), password: password.into() }
    }

    /// `user:pass`, `a:b`
    const USER_PASS: &str = "dXNlcjpwYXNz";
    const A_B: &str = "YTpi";

    fn find(config: &str, repository: &str) -> Found {
        let environment = [("DOCKER_AUTH_CONFIG".to_owned(), config.to_owned())].into();
        Credentials::new(&environment, None, LIMIT).find(&repository.parse().unwrap())
    }

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
    fn secrets_do_not_show() {
        let secret = find(&json!({ "auths": { "r.io": { "auth": USER_PASS } } }).to_string(), "r.io/a");
        assert_eq!(secret.login, password("user", "pass"));
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
            let credentials = Credentials::new(&environment.collect(), Some(home), LIMIT);
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

    #[cfg(unix)]
    mod with_helpers {
        use super::super::helper::tests::environment;
        use super::*;

        fn credentials(config: &str) -> Credentials {
            let mut environment = environment();
            environment.insert("DOCKER_AUTH_CONFIG".to_owned(), config.to_owned());
            Credentials::new(&environment, None, LIMIT)
        }

        fn find(config: &str, repository: &str) -> Found {
            credentials(config).find(&repository.parse().unwrap())
        }

        #[test]
        fn its_own_helper_comes_before_the_store_and_that_before_the_file() {
            let hub = "https://index.docker.io/v1/";
            let of = |helper: &str, server: &str| password(helper, &format!("secret of {server}"));
            for (config, repository, expected) in [
                (json!({"credHelpers": {"r.io": "own"}}), "r.io/a", of("own", "r.io")),
                (json!({"credHelpers": {"docker.io": "own"}}), "a", of("own", hub)),
                (json!({"credHelpers": {hub: "own"}}), "a/b", of("own", hub)),
                (json!({"credHelpers": {"other.io": "own"}}), "r.io/a", Login::Anonymous),
                (json!({"credHelpers": {"r.io": "token"}}), "r.io/a", Login::IdentityToken("t".into())),
                (json!({"credHelpers": {"r.io": "nothing"}}), "r.io/a", Login::Anonymous),
                (json!({"credsStore": "stored"}), "r.io/a", of("stored", "r.io")),
                (json!({"credsStore": "stored"}), "localhost:5000/a", of("stored", "localhost:5000")),
                (json!({"credsStore": "stored"}), "a", of("stored", hub)),
                (json!({"credsStore": "nothing"}), "r.io/a", Login::Anonymous),
                (
                    json!({"credsStore": "stored", "credHelpers": {"r.io": "own"}}),
                    "r.io/a",
                    of("own", "r.io"),
                ),
                (
                    json!({"credsStore": "stored", "credHelpers": {"r.io": "nothing"}}),
                    "r.io/a",
                    Login::Anonymous,
                ),
                (json!({"credsStore": "stored", "credHelpers": {"r.io": ""}}), "r.io/a", Login::Anonymous),
                (json!({"credsStore": ""}), "r.io/a", Login::Anonymous),
                // Beside an entry: as `docker login` leaves it, and one that is older than the store.
                (json!({"credsStore": "stored", "auths": {"r.io": {}}}), "r.io/a", of("stored", "r.io")),
                (
                    json!({"credsStore": "stored", "auths": {"r.io": {"auth": A_B}}}),
                    "r.io/a",
                    of("stored", "r.io"),
                ),
                (
                    json!({"credsStore": "stored", "credHelpers": {"r.io": ""}, "auths": {"r.io": {"auth": A_B}}}),
                    "r.io/a",
                    password("a", "b"),
                ),
                (
                    json!({"credsStore": "nothing", "auths": {"r.io": {"auth": A_B}}}),
                    "r.io/a",
                    password("a", "b"),
                ),
                (
                    json!({"credHelpers": {"r.io": "blank"}, "auths": {"r.io": {"registrytoken": "t"}}}),
                    "r.io/a",
                    Login::RegistryToken("t".into()),
                ),
            ] {
                let found = find(&config.to_string(), repository);
                assert_eq!((found.login, found.problem), (expected, None), "{config}");
            }
            let found = find(r#"{"credsStore":"stored"}"#, "r.io/a");
            assert_eq!(found.name, "what docker-credential-stored has for `r.io`");
        }

        #[test]
        fn a_helper_that_fails_is_reported_whether_or_not_the_file_has_an_entry() {
            let failure = "docker-credential-complaining failed (exit status: 2): permission denied";
            let found = find(r#"{"credsStore":"complaining"}"#, "r.io/a");
            assert_eq!((found.login, found.problem.as_deref()), (Login::Anonymous, Some(failure)));
            let with_entry =
                format!(r#"{{"credsStore":"complaining","auths":{{"r.io":{{"auth":"{A_B}"}}}}}}"#);
            let found = find(&with_entry, "r.io/a");
            assert_eq!(found.login, password("a", "b"));
            assert_eq!(found.name, format!("key `r.io` in DOCKER_AUTH_CONFIG ({failure})"));
        }

        #[test]
        fn a_helper_is_asked_once_for_a_registry_whoever_asks() {
            let folder = tempfile::tempdir().unwrap();
            let calls = folder.path().join("calls");
            let mut environment = environment();
            environment.insert("DOCKER_AUTH_CONFIG".into(), r#"{"credsStore":"counting"}"#.into());
            environment.insert("CALLS".into(), calls.to_str().unwrap().into());
            let credentials = Credentials::new(&environment, None, LIMIT);
            let find = |repository: &str| credentials.find(&repository.parse().unwrap()).login;
            std::thread::scope(|scope| {
                for repository in ["r.io/a", "r.io/b", "r.io/c/d", "r.io/a"] {
                    scope.spawn(move || assert_eq!(find(repository), password("me", "right")));
                }
            });
            assert_eq!(fs::read_to_string(&calls).unwrap(), "get\n");
            find("other.io/a");
            find("r.io/a");
            assert_eq!(fs::read_to_string(&calls).unwrap(), "get\nget\n");
        }
    }
}
