//! Login: challenges, tokens and their scopes, credentials, and who is told what.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Error, Manifest, Settings, Store, TagOrDigest, Timeouts};

use super::client::{Bench, MANIFEST, OCI_MANIFEST, manifest, variables};
use crate::loopback::{Answer, Seen, Server};

fn tag(name: &str) -> TagOrDigest {
    TagOrDigest::Tag(name.parse().unwrap())
}

/// `{"auths":{HOST:ENTRY}}`
fn config(server: &Server, entry: &str) -> String {
    format!(r#"{{"auths":{{"{}":{entry}}}}}"#, server.host())
}

/// user `me`, password `right`
const RIGHT: &str = r#"{"auth":"bWU6cmlnaHQ="}"#;
const BASIC_RIGHT: &str = "Basic bWU6cmlnaHQ=";

/// A registry with its token server at `/token`. `grant` makes a token of a request; those that begin with `good` are
/// accepted. None refuses.
fn registry(grant: impl Fn(&Seen) -> Option<String> + Send + Sync + 'static) -> Server {
    Server::start(move |seen: &Seen| {
        if seen.path() == "/token" {
            return match grant(seen) {
                Some(token) => Answer::json(200, format!(r#"{{"token":"{token}","expires_in":100}}"#)),
                None => Answer::json(401, r#"{"details":"incorrect username or password"}"#),
            };
        }
        if seen.header("authorization").starts_with("Bearer good") {
            return if seen.method == "PUT" { Answer::new(201, "", "") } else { manifest(seen) };
        }
        let realm = format!("http://{}/token", seen.header("host"));
        let challenge = format!(r#"Bearer realm="{realm}",service="the registry""#);
        Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", challenge)
    })
}

fn read(bench: &Bench, server: &Server, name: &str) -> Result<Option<Manifest>, Error> {
    bench.repository(&format!("{}/{name}", server.host())).get_manifest(&tag("1"))
}

#[test]
fn a_token_is_got_for_the_scope_and_kept() {
    let server = registry(|_| Some("good".into()));
    let bench = Bench::new();
    for _ in 0..3 {
        read(&bench, &server, "acme/app").unwrap().unwrap();
    }
    read(&bench, &server, "acme/other").unwrap().unwrap();
    let manifests = |name: &str| format!("GET /v2/acme/{name}/manifests/1");
    let token =
        |name: &str| format!("GET /token?service=the%20registry&scope=repository%3Aacme%2F{name}%3Apull");
    let (app, other) = (manifests("app"), manifests("other"));
    let expected = [app.clone(), token("app"), app.clone(), app.clone(), app, token("other"), other];
    assert_eq!(server.lines(), expected);
    assert_eq!(server.seen()[1].header("authorization"), "");
}

#[test]
fn a_token_to_push_is_one_to_pull_too() {
    let server = registry(|_| Some("good".into()));
    let bench = Bench::with_config(&config(&server, RIGHT));
    let content = Manifest::new(OCI_MANIFEST, MANIFEST.into());
    let repository = bench.repository(&format!("{}/acme/app", server.host()));
    repository.put_manifest(&tag("1"), &content).unwrap();
    repository.get_manifest(&tag("1")).unwrap();
    let tokens: Vec<_> = server.seen().into_iter().filter(|seen| seen.path() == "/token").collect();
    assert_eq!(tokens.len(), 1);
    assert!(tokens[0].target.ends_with("repository%3Aacme%2Fapp%3Apull%2Cpush"), "{}", tokens[0].target);
    assert_eq!(tokens[0].header("authorization"), BASIC_RIGHT);
    let from = format!("{}/acme/base", server.host()).parse().unwrap();
    repository.mount_blob(&Digest::sha256(b"x"), &from).unwrap();
    let target = server.seen().into_iter().rfind(|seen| seen.path() == "/token").unwrap().target;
    assert!(
        target
            .ends_with("&scope=repository%3Aacme%2Fapp%3Apull%2Cpush&scope=repository%3Aacme%2Fbase%3Apull"),
        "{target}"
    );
}

#[test]
fn a_token_that_expires_is_renewed_before() {
    let server = registry(|seen| Some(format!("good{}", seen.number)));
    let bench = Bench::new();
    let tokens = || server.seen().iter().filter(|seen| seen.path() == "/token").count();
    for (seconds, expected) in [(0, 1), (89, 1), (2, 2), (50, 2), (100, 3)] {
        bench.clock.advance(Duration::from_secs(seconds));
        read(&bench, &server, "acme/app").unwrap();
        assert_eq!(tokens(), expected, "{seconds} s later");
    }
}

#[test]
fn a_token_that_is_refused_in_the_middle_is_renewed_once() {
    let valid = AtomicUsize::new(0);
    let server = Server::start(move |seen: &Seen| {
        if seen.path() == "/token" {
            let token = valid.fetch_add(1, Ordering::SeqCst) + 1;
            return Answer::json(200, format!(r#"{{"access_token":"t{token}"}}"#));
        }
        // From the 5th request on the first token is worth nothing; "never" is nobody's.
        let wanted = if seen.target.contains("never") {
            0
        } else if seen.number < 5 {
            1
        } else {
            2
        };
        if seen.header("authorization") == format!("Bearer t{wanted}") {
            return manifest(seen);
        }
        let challenge = format!(r#"Bearer realm="http://{}/token""#, seen.header("host"));
        Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", challenge)
    });
    let bench = Bench::with_config(&config(&server, RIGHT));
    for _ in 0..3 {
        read(&bench, &server, "acme/app").unwrap().unwrap();
    }
    let paths: Vec<_> = server.seen().iter().map(|seen| seen.path().to_owned()).collect();
    let at = "/v2/acme/app/manifests/1";
    assert_eq!(paths, [at, "/token", at, at, at, "/token", at]);
    let before = server.seen().len();
    read(&bench, &server, "acme/never").unwrap_err();
    assert_eq!(server.seen().len() - before, 2, "a token and one attempt with it");
}

#[test]
fn basic_needs_no_token() {
    let server = basic();
    let bench = Bench::with_config(&config(&server, RIGHT));
    read(&bench, &server, "a/b").unwrap().unwrap();
    read(&bench, &server, "a/b").unwrap().unwrap();
    assert_eq!(server.seen().len(), 3);
    let bench = Bench::with_config(&config(&server, r#"{"username":"me","password":"wrong"}"#));
    let error = read(&bench, &server, "a/b").unwrap_err();
    let host = server.host();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot read manifest `{host}/a/b:1`: {host} does not accept key `{host}` in DOCKER_AUTH_CONFIG: UNAUTHORIZED: scripted"
        )
    );
}

#[test]
fn identity_tokens_are_exchanged_by_post_or_by_get() {
    for (status, requests) in [(200, 1), (404, 2), (405, 2), (401, 2)] {
        let server = Server::start(move |seen: &Seen| {
            if seen.path() == "/token" && seen.method == "POST" && status != 200 {
                return Answer::error(status, "UNSUPPORTED");
            }
            if seen.path() == "/token" {
                return Answer::json(200, r#"{"access_token":"good"}"#);
            }
            if seen.header("authorization") == "Bearer good" {
                return manifest(seen);
            }
            let challenge = format!(r#"Bearer realm="http://{}/token",service="s""#, seen.header("host"));
            Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", challenge)
        });
        let bench = Bench::with_config(&config(&server, r#"{"identitytoken":"i+d"}"#));
        read(&bench, &server, "a/b").unwrap().unwrap();
        let tokens: Vec<_> = server.seen().into_iter().filter(|seen| seen.path() == "/token").collect();
        assert_eq!(tokens.len(), requests, "{status}");
        assert_eq!(
            String::from_utf8_lossy(&tokens[0].body),
            "grant_type=refresh_token&service=s&client_id=bakeplan&scope=repository%3Aa%2Fb%3Apull&refresh_token=i%2Bd"
        );
        if let Some(get) = tokens.get(1) {
            // `:i+d`
            assert_eq!((get.method.as_str(), get.header("authorization")), ("GET", "Basic OmkrZA=="));
        }
    }
}

#[test]
fn refusals_name_who_was_asked_for_what() {
    let host_of = |server: &Server| server.host();
    // Nobody is logged in.
    let server = registry(|_| None);
    let host = host_of(&server);
    let error = read(&Bench::new(), &server, "a/b").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot read manifest `{host}/a/b:1`: {host} requires credentials, but there are none: there are no logins, so there is no key `{host}` (for `repository:a/b:pull`): incorrect username or password"
        )
    );
    assert!(error.help().is_some_and(|help| help.contains(&format!("docker login {host}"))));
    let error = read(&Bench::with_config(r#"{"auths":{"ghcr.io":{}}}"#), &server, "a/b").unwrap_err();
    assert!(error.to_string().contains(&format!("no key `{host}` in DOCKER_AUTH_CONFIG")), "{error}");
    // The password is wrong.
    let wrong = r#"{"username":"me","password":"hunter2"}"#;
    let error = read(&Bench::with_config(&config(&server, wrong)), &server, "a/b").unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains(&format!("{host} does not accept key `{host}` in DOCKER_AUTH_CONFIG")), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("aHVudGVy") && !text.contains("bWU6"), "{text}");
    // The configuration cannot be read.
    let error = read(&Bench::with_config("{"), &server, "a/b").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("none that can be used: DOCKER_AUTH_CONFIG: it is not valid JSON (line 1)"),
        "{error}"
    );
    // The token allows less: `{"access":[{"type":"repository","name":"a/b","actions":["pull"]}]}`.
    let claims = "eyJhY2Nlc3MiOlt7InR5cGUiOiJyZXBvc2l0b3J5IiwibmFtZSI6ImEvYiIsImFjdGlvbnMiOlsicHVsbCJdfV19";
    let server = registry(move |_| Some(format!("bad.{claims}.x")));
    let host = host_of(&server);
    let bench = Bench::with_config(&config(&server, RIGHT));
    let repository = bench.repository(&format!("{host}/a/b"));
    let error =
        repository.put_manifest(&tag("1"), &Manifest::new(OCI_MANIFEST, MANIFEST.into())).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot write manifest `{host}/a/b:1`: {host} does not grant `repository:a/b:pull,push` to key `{host}` in DOCKER_AUTH_CONFIG, only `repository:a/b:pull`: UNAUTHORIZED: scripted"
        )
    );
    // The registry knows us and says no.
    let server = Server::start(|_: &Seen| Answer::error(403, "DENIED"));
    let error = read(&Bench::with_config(&config(&server, RIGHT)), &server, "a/b").unwrap_err();
    assert_eq!(error.code().name(), "registry-denied", "{error}");
    let error = read(&Bench::new(), &server, "a/b").unwrap_err();
    assert_eq!(error.code().name(), "registry-unauthorized", "{error}");
}

#[test]
fn token_servers_that_make_no_sense_are_errors() {
    for (body, realm) in [
        ("{}", "/token"),
        ("<html>", "/token"),
        (r#"{"token":""}"#, "/token"),
        (r#"{"token":"a\nb"}"#, "/token"),
        ("{}", "ftp://x/"),
    ] {
        let server = Server::start(move |seen: &Seen| match seen.path() {
            "/token" => Answer::json(200, body),
            _ => Answer::error(401, "X").header("WWW-Authenticate", format!(r#"Bearer realm="{realm}""#)),
        });
        let error = read(&Bench::new(), &server, "a/b").unwrap_err();
        assert_eq!(error.code().name(), "registry-invalid", "{body} {realm}: {error}");
    }
    // Credentials don't go over the network in the clear.
    let server = Server::start(|_: &Seen| {
        Answer::error(401, "X").header("WWW-Authenticate", r#"Bearer realm="http://192.0.2.1/token""#)
    });
    let error = read(&Bench::with_config(&config(&server, RIGHT)), &server, "a/b").unwrap_err();
    assert!(error.to_string().contains("192.0.2.1 would be reached without encryption"), "{error}");
}

#[test]
fn threads_get_one_token() {
    let server = registry(|_| Some("good".into()));
    let bench = Bench::new();
    // The registry's challenge is learned first.
    read(&bench, &server, "a/first").unwrap();
    let repository = bench.repository(&format!("{}/a/b", server.host()));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| repository.get_manifest(&tag("1")).unwrap().unwrap());
        }
    });
    let tokens = server.seen().iter().filter(|seen| seen.target.contains("a%2Fb")).count();
    assert_eq!(tokens, 1);
}

/// A registry that wants a password.
fn basic() -> Server {
    Server::start(|seen: &Seen| {
        if seen.header("authorization") == BASIC_RIGHT {
            return manifest(seen);
        }
        Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", r#"Basic realm="r""#)
    })
}

/// Settings with this helper, which is tests/data/credential-helper, for all registries, and with further variables.
#[cfg(unix)]
fn with_helper(folder: &std::path::Path, helper: &str, further: &[(&str, &str)]) -> Settings {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/credential-helper");
    std::os::unix::fs::symlink(script, folder.join(format!("docker-credential-{helper}"))).unwrap();
    let config = format!(r#"{{"credsStore":"{helper}"}}"#);
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut environment = variables(&[("DOCKER_AUTH_CONFIG", &config), ("PATH", &path)]);
    environment.extend(variables(further));
    Settings { environment, ..Settings::default() }
}

#[cfg(unix)]
#[test]
fn a_helper_is_asked_once_for_all_requests() {
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls");
    let server = basic();
    let settings = with_helper(folder.path(), "counting", &[("CALLS", calls.to_str().unwrap())]);
    let bench = Bench::with(&settings);
    for name in ["a/b", "a/b", "c/d"] {
        read(&bench, &server, name).unwrap().unwrap();
    }
    assert_eq!(std::fs::read_to_string(calls).unwrap(), "get\n");
}

#[cfg(unix)]
#[test]
fn a_helper_that_does_not_help_is_named_in_the_refusal() {
    let server = basic();
    let host = server.host();
    for (helper, problem) in [
        ("nothing", None),
        ("complaining", Some("docker-credential-complaining failed (exit status: 2): permission denied")),
        ("asleep", Some("docker-credential-asleep did not answer within 0.2 s")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = with_helper(folder.path(), helper, &[("CHILD", "/dev/null")]);
        // Only the one that sleeps is to be cut short, however slow the machine is.
        if helper == "asleep" {
            settings.timeouts = Timeouts { helper: Duration::from_millis(200), ..Timeouts::default() };
        }
        let error = read(&Bench::with(&settings), &server, "a/b").unwrap_err();
        let why = match problem {
            None => format!("there are none: no key `{host}` in DOCKER_AUTH_CONFIG"),
            Some(problem) => format!("there are none that can be used: {problem}"),
        };
        let text = error.to_string();
        assert!(text.contains(&format!("{host} requires credentials, but {why}")), "{text}");
    }
}
