//! What sends people the right way: whom to log in to, which right is missing, which host is not reached.

use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Error, Manifest, Patience, Settings, Store, TagOrDigest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::client::{Bench, MANIFEST, OCI_MANIFEST, manifest};
use crate::loopback::{Answer, Seen, Server, authority};

fn tag() -> TagOrDigest {
    TagOrDigest::Tag("1".parse().unwrap())
}

fn content() -> Manifest {
    Manifest::new(OCI_MANIFEST, MANIFEST.into())
}

#[track_caller]
fn check(error: &Error, said: &str, help: &str) {
    let cure = error.help().unwrap_or_default();
    assert!(error.to_string().contains(said), "{error}");
    assert!(cure.contains(help), "{error}\n{cure}");
}

/// A registry with a token server on another host, which answers as `token` says.
fn with_tokens(token: impl Fn() -> Answer + Send + Sync + 'static) -> (Server, Server, Bench) {
    let tokens = Server::start(move |_: &Seen| token());
    let realm = format!(r#"Bearer realm="http://{}/token",service="test""#, tokens.host());
    let server = Server::start(move |_: &Seen| {
        Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", realm.clone())
    });
    let bench = Bench::with_config(&format!(r#"{{"auths":{{"{}":{{"auth":"YTpi"}}}}}}"#, server.host()));
    (tokens, server, bench)
}

#[test]
fn one_logs_in_to_the_registry_and_not_to_its_token_server() {
    for status in [400, 401, 403] {
        let (tokens, server, bench) = with_tokens(move || Answer::error(status, "UNAUTHORIZED"));
        let error = bench.repository(&format!("{}/a/b", server.host())).get_manifest(&tag()).unwrap_err();
        check(
            &error,
            &format!("{} does not accept", tokens.host()),
            &format!("`docker login {}` again", server.host()),
        );
        assert!(!error.help().unwrap_or_default().contains(&tokens.host()));
    }
}

fn token_for(access: &str) -> Answer {
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"access":[{access}]}}"#));
    Answer::json(200, format!(r#"{{"token":"e30.{claims}.x","expires_in":300}}"#))
}

#[test]
fn a_token_that_grants_it_and_is_refused_is_not_one_that_does_not() {
    let entry = |name: &str, actions: &str| {
        format!(r#"{{"type":"repository","name":"{name}","actions":[{actions}]}}"#)
    };
    for (access, said, help) in [
        (entry("a/b", r#""pull""#), "refuses a token that grants `repository:a/b:pull`", "clock"),
        (entry("a/b", r#""push","pull""#), "refuses a token that grants `repository:a/b:pull`", "clock"),
        (entry("a/b", ""), "does not grant `repository:a/b:pull`", "give these credentials the right"),
        (entry("a/other", r#""pull""#), "only `repository:a/other:pull`", "give these credentials the right"),
        (String::new(), "nor anything else", "give these credentials the right"),
    ] {
        let (_tokens, server, bench) = with_tokens(move || token_for(&access));
        let error = bench.repository(&format!("{}/a/b", server.host())).get_manifest(&tag()).unwrap_err();
        check(&error, said, help);
    }
}

#[test]
fn who_may_read_and_not_write_has_the_right_password() {
    let server = Server::start(|seen: &Seen| {
        let is_in = !seen.header("authorization").is_empty();
        if is_in && seen.method != "PUT" {
            manifest(seen)
        } else {
            Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", "Basic realm=x")
        }
    });
    let bench = Bench::with_config(&format!(r#"{{"auths":{{"{}":{{"auth":"YTpi"}}}}}}"#, server.host()));
    let repository = bench.repository(&format!("{}/a/b", server.host()));
    // Nothing was read yet: the password may as well be wrong.
    check(&repository.put_manifest(&tag(), &content()).unwrap_err(), "does not accept", "docker login");
    repository.get_manifest(&tag()).unwrap().unwrap();
    check(
        &repository.put_manifest(&tag(), &content()).unwrap_err(),
        "read, and not write",
        "the right to do this",
    );
}

#[test]
fn a_host_that_keeps_the_content_is_named() {
    let blob = Digest::sha256(b"x");
    let gone = Server::start(manifest).host();
    for target in [gone.as_str(), "storage.invalid"] {
        let location = format!("{}://{target}/x", if target == gone { "http" } else { "https" });
        let server =
            Server::start(move |_: &Seen| Answer::new(307, "", "").header("Location", location.clone()));
        let patience = Patience { attempts: 1, ..Patience::default() };
        let bench = Bench::with(&Settings { patience, ..Settings::default() });
        let error = bench.repository(&format!("{}/a/b", server.host())).get_blob(&blob, 9).unwrap_err();
        check(&error, &format!("{target}, where {} has it: ", server.host()), "a firewall or proxy may");
    }
    // The registry itself.
    let patience = Patience { attempts: 1, ..Patience::default() };
    let bench = Bench::with(&Settings { patience, ..Settings::default() });
    let error = bench.repository("registry.invalid/a/b").get_blob(&blob, 9).unwrap_err();
    check(&error, "registry.invalid: ", "check the registry's name");
}

#[test]
fn a_certificate_for_another_name_is_not_one_of_an_unknown_authority() {
    let server = Server::start_tls(manifest);
    let settings = Settings { ca_files: vec![authority()], ..Settings::default() };
    // The certificate names 127.0.0.1 and localhost.
    let name = format!("127.0.0.2:{}", server.port());
    let error = Bench::with(&settings).repository(&format!("{name}/a/b")).get_manifest(&tag()).unwrap_err();
    if error.code().name() == "registry-tls" {
        check(&error, "not valid for name", "a name that its certificate has");
    }
    let error = Bench::new().repository(&format!("{}/a/b", server.host())).get_manifest(&tag()).unwrap_err();
    check(&error, "no secure connection", "--ca-file");
}

#[test]
fn a_list_that_is_refused_has_ways_out() {
    for (status, code) in
        [(401, "UNAUTHORIZED"), (403, "DENIED"), (405, "UNSUPPORTED"), (400, "PAGINATION_NUMBER_INVALID")]
    {
        let server = Server::start(move |_: &Seen| Answer::error(status, code));
        let error = Bench::new().repository(&format!("{}/a/b", server.host())).list_tags().unwrap_err();
        check(&error, "cannot list the tags of", "`--allow-backward`");
        check(&error, "", "`known_versions`");
    }
    let server = Server::start(|_: &Seen| Answer::new(404, "text/html", "<p>"));
    let error = Bench::new().repository(&format!("{}/a/b", server.host())).list_tags().unwrap_err();
    check(&error, "", "`--allow-backward`");
    // What fails has none: it passes.
    let server = Server::start(|_: &Seen| Answer::error(500, "UNKNOWN"));
    let error = Bench::new().repository(&format!("{}/a/b", server.host())).list_tags().unwrap_err();
    assert!(!error.help().unwrap_or_default().contains("--allow-backward"), "{error}");
}

#[test]
fn a_right_that_is_missing_at_first_is_named() {
    for message in ["permission_denied: write_package", "denied: permission_denied: write_package"] {
        let body = format!(r#"{{"errors":[{{"code":"DENIED","message":"{message}"}}]}}"#);
        let server = Server::start(move |seen: &Seen| match seen.header("authorization") {
            "" => Answer::error(401, "X").header("WWW-Authenticate", "Basic realm=x"),
            _ => Answer::json(403, body.clone()),
        });
        let bench = Bench::with_config(&format!(r#"{{"auths":{{"{}":{{"auth":"YTpi"}}}}}}"#, server.host()));
        let repository = bench.repository(&format!("{}/a/b", server.host()));
        check(&repository.put_manifest(&tag(), &content()).unwrap_err(), "denies", "packages: write");
        check(&repository.get_manifest(&tag()).unwrap_err(), "denies", "the right to do this");
    }
}

/// Some say back what they were sent, to help with finding out what was wrong.
#[test]
fn what_a_registry_says_back_of_our_credentials_is_not_shown() {
    // `me:open-sesame`
    let encoded = "bWU6b3Blbi1zZXNhbWU=";
    for (status, said) in [
        (403, "authorization: Basic bWU6b3Blbi1zZXNhbWU="),
        (403, "no access for me:open-sesame"),
        (400, "the password open-sesame has expired"),
        (500, "request was: {authorization: bWU6b3Blbi1zZXNhbWU=}"),
    ] {
        for is_json in [true, false] {
            let server = Server::start(move |seen: &Seen| match seen.header("authorization") {
                "" => Answer::error(401, "X").header("WWW-Authenticate", "Basic realm=x"),
                _ if is_json => {
                    Answer::json(status, format!(r#"{{"errors":[{{"code":"DENIED","message":"{said}"}}]}}"#))
                }
                _ => Answer::new(status, "text/plain", said),
            });
            let config = format!(r#"{{"auths":{{"{}":{{"auth":"{encoded}"}}}}}}"#, server.host());
            let repository = Bench::with_config(&config).repository(&format!("{}/a/b", server.host()));
            let error = repository.get_manifest(&tag()).unwrap_err();
            let shown = format!("{error} {} {error:?}", error.help().unwrap_or_default());
            assert!(!shown.contains("sesame") && !shown.contains(encoded), "{shown}");
            if is_json {
                assert!(shown.contains('…'), "{shown}");
            }
        }
    }
}

/// A 403 may have other causes than a lack of rights, which the registry's words tell.
#[test]
fn a_write_that_is_denied_may_be_over_a_quota() {
    for said in
        ["quota exceeded for project acme", "The repository is in read-only mode", "policy denies push"]
    {
        let refusal = Answer::json(403, format!(r#"{{"errors":[{{"code":"DENIED","message":"{said}"}}]}}"#));
        let server = Server::start(move |seen: &Seen| {
            let challenge = "Basic realm=\"x\"";
            match seen.header("authorization") {
                "" => Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", challenge),
                _ => refusal.clone(),
            }
        });
        let bench = Bench::with_config(&format!(r#"{{"auths":{{"{}":{{"auth":"YTpi"}}}}}}"#, server.host()));
        let repository = bench.repository(&format!("{}/a/b", server.host()));
        let error = repository.put_manifest(&tag(), &content()).unwrap_err();
        check(&error, said, "a quota is used up or a policy forbids it, and while they are read-only");
        // Reading knows no quota.
        let error = repository.get_manifest(&tag()).unwrap_err();
        assert!(!error.help().unwrap_or_default().contains("quota"), "{error:?}");
    }
}

/// What is no list of tags says what to check, and what to do without.
#[test]
fn invalid_lists_of_tags_have_a_cure() {
    for answer in [
        Answer::new(200, "text/html", "<html>sorry</html>"),
        Answer::new(204, "", ""),
        Answer::new(200, "application/json", ""),
        Answer::json(200, r#"{"tags":[{"name":"1"}]}"#),
    ] {
        let server = Server::start(move |_: &Seen| answer.clone());
        let repository = Bench::new().repository(&format!("{}/a/b", server.host()));
        let error = repository.list_tags().unwrap_err();
        check(&error, "not a valid list of tags", "a proxy may have answered in its place");
        check(&error, "", "`known_versions`");
    }
}
