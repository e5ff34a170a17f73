//! TLS, proxies and redirects: who is spoken to, and who gets to see what.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Settings, Store, TagOrDigest};

use super::client::{Bench, manifest, variables};
use crate::loopback::{Answer, Seen, Server, authority};

fn tag(name: &str) -> TagOrDigest {
    TagOrDigest::Tag(name.parse().unwrap())
}

#[test]
fn a_registry_with_tls_needs_a_trusted_authority() {
    let server = Server::start_tls(manifest);
    let trusting = || Bench::with(&Settings { ca_files: vec![authority()], ..Settings::default() });
    let bench = trusting();
    let repository = bench.repository(&format!("{}/a/b", server.host()));
    // The first attempt is one without TLS, since it is this machine.
    repository.get_manifest(&tag("1")).unwrap().unwrap();
    repository.get_manifest(&tag("1")).unwrap().unwrap();
    assert_eq!(bench.events().iter().filter(|event| *event == "400").count(), 1);
    let error =
        Bench::new().repository(&format!("{}/a/b", server.host())).get_manifest(&tag("1")).unwrap_err();
    assert_eq!(error.code().name(), "registry-tls", "{error}");
    assert!(error.help().is_some_and(|help| help.contains("--ca-file")), "{error}");
    // The certificate is not for this name.
    let name = format!("other.localhost:{}", server.port());
    let result = trusting().repository(&format!("{name}/a/b")).get_manifest(&tag("1"));
    let error = result.unwrap_err();
    assert!(["registry-tls", "registry-network"].contains(&error.code().name()), "{error}");
}

#[test]
fn files_and_variables_that_make_no_sense_are_told_first() {
    use bakeplan::internals::registry::Client;
    let settings = Settings { ca_files: vec!["no/such.pem".into()], ..Settings::default() };
    let error = Client::new(&settings).unwrap_err();
    assert!(error.to_string().starts_with("cannot use `no/such.pem`: "), "{error}");
    let environment = variables(&[("HTTPS_PROXY", "socks5://me:hunter2@p")]);
    let error = Client::new(&Settings { environment, ..Settings::default() }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot use `HTTPS_PROXY`: it is not the address of an HTTP proxy, such as `http://proxy:3128`"
    );
}

#[test]
fn without_encryption_only_by_name() {
    let error = Bench::with(&Settings {
        environment: variables(&[("HTTP_PROXY", "http://127.0.0.1:9")]),
        insecure: ["192.0.2.1:5000".parse().unwrap()].into(),
        patience: bakeplan::internals::registry::Patience { attempts: 1, ..Default::default() },
        ..Settings::default()
    });
    // It is allowed, and fails for another reason.
    let result = error.repository("192.0.2.1:5000/a/b").get_manifest(&tag("1")).unwrap_err();
    assert!(!result.to_string().contains("without encryption"), "{result}");
    assert_eq!(error.events()[0], "GET /v2/a/b/manifests/1");
}

/// An HTTP proxy that connects to `upstream` whatever it is asked for; what it was asked for.
fn connect_proxy(upstream: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let keep = asked.clone();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap() > 0 {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            keep.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let mut server = TcpStream::connect(&upstream).unwrap();
            let (mut client_read, mut server_write) =
                (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut client_read, &mut server_write));
            std::thread::spawn(move || std::io::copy(&mut server, &mut client));
        }
    });
    (format!("http://{address}"), asked)
}

#[test]
fn proxies_are_used_and_names_left_to_them() {
    let server = Server::start_tls(manifest);
    let (proxy, asked) = connect_proxy(server.host());
    let bench = |no_proxy: &str| {
        Bench::with(&Settings {
            environment: variables(&[("https_proxy", &proxy), ("NO_PROXY", no_proxy)]),
            ca_files: vec![authority()],
            patience: bakeplan::internals::registry::Patience { attempts: 1, ..Default::default() },
            ..Settings::default()
        })
    };
    bench("").repository("registry.test/a/b").get_manifest(&tag("1")).unwrap().unwrap();
    assert_eq!(*asked.lock().unwrap(), ["CONNECT registry.test:443 HTTP/1.1"]);
    bench("registry.test").repository("registry.test/a/b").get_manifest(&tag("1")).unwrap_err();
    assert_eq!(asked.lock().unwrap().len(), 1);
}

/// A registry that wants Basic and redirects blobs to `target`.
fn redirecting(status: u16, target: String) -> Server {
    Server::start(move |seen: &Seen| {
        if seen.header("authorization").is_empty() {
            return Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", "Basic");
        }
        if seen.path() == "/here" {
            return Answer::new(200, "", "blob");
        }
        Answer::new(status, "", "").header("Location", target.clone())
    })
}

fn bench_for(server: &Server) -> Bench {
    Bench::with_config(&format!(r#"{{"auths":{{"{}":{{"auth":"YTpi"}}}}}}"#, server.host()))
}

#[test]
fn credentials_do_not_follow_to_another_host() {
    let blob = Digest::sha256(b"blob");
    for status in [301, 302, 303, 307, 308] {
        let storage = Server::start(|_: &Seen| Answer::new(200, "", "blob"));
        let server = redirecting(status, format!("http://{}/bucket?sig=1", storage.host()));
        let repository = bench_for(&server).repository(&format!("{}/a/b", server.host()));
        assert_eq!(repository.get_blob(&blob, 10).unwrap().unwrap(), b"blob");
        assert_eq!(repository.head_blob(&blob).unwrap(), Some(4));
        let seen = storage.seen();
        assert_eq!(
            (seen[0].line().as_str(), seen[1].line().as_str()),
            ("GET /bucket?sig=1", "HEAD /bucket?sig=1")
        );
        for seen in seen {
            assert!(!seen.headers.contains_key("authorization"), "{seen:?}");
        }
    }
    // To itself they do.
    let server = redirecting(307, "/here".into());
    let repository = bench_for(&server).repository(&format!("{}/a/b", server.host()));
    assert_eq!(repository.get_blob(&blob, 10).unwrap().unwrap(), b"blob");
    // Nor do they come back.
    let (back, host) = (Arc::new(Mutex::new(String::new())), Arc::new(Mutex::new(Vec::new())));
    let target = back.clone();
    let storage = Server::start(move |_: &Seen| {
        Answer::new(307, "", "").header("Location", target.lock().unwrap().clone())
    });
    let (seen, away) = (host.clone(), format!("http://{}/x", storage.host()));
    let server = Server::start(move |request: &Seen| {
        seen.lock().unwrap().push((request.path().to_owned(), request.header("authorization").to_owned()));
        match (request.header("authorization"), request.path()) {
            (_, "/back") => Answer::new(200, "", "blob"),
            ("", _) => Answer::error(401, "X").header("WWW-Authenticate", "Basic"),
            _ => Answer::new(307, "", "").header("Location", away.clone()),
        }
    });
    *back.lock().unwrap() = format!("http://{}/back", server.host());
    let repository = bench_for(&server).repository(&format!("{}/a/b", server.host()));
    assert_eq!(repository.get_blob(&blob, 10).unwrap().unwrap(), b"blob");
    assert_eq!(host.lock().unwrap().last().unwrap(), &("/back".to_owned(), String::new()));
}

#[test]
fn redirects_that_must_not_be_followed_are_errors() {
    let blob = Digest::sha256(b"blob");
    for (target, expected) in [
        ("http://192.0.2.1/x", "192.0.2.1 would be reached without encryption"),
        ("file:///etc/passwd", "it redirects without an address"),
        ("/again", "it redirects more than 5 times"),
    ] {
        let server = redirecting(307, target.into());
        let repository = bench_for(&server).repository(&format!("{}/a/b", server.host()));
        let error = repository.get_blob(&blob, 10).unwrap_err();
        assert!(error.to_string().contains(expected), "{target}: {error}");
    }
    let storage = Server::start(|_: &Seen| Answer::new(201, "", ""));
    let server = redirecting(307, format!("http://{}/x", storage.host()));
    let repository = bench_for(&server).repository(&format!("{}/a/b", server.host()));
    let manifest = bakeplan::internals::registry::Manifest::new("m/m", b"{}".to_vec());
    let error = repository.put_manifest(&tag("1"), &manifest).unwrap_err();
    assert!(error.to_string().contains("redirects a write to"), "{error}");
    assert_eq!(storage.seen().len(), 0);
}

/// What was reached with encryption leads nowhere without it, not even on this machine: not with a redirect, and not to log in.
#[test]
fn encryption_is_not_left() {
    let blob = Digest::sha256(b"blob");
    let plain = Server::start(|_: &Seen| Answer::new(200, "", "blob"));
    let away = format!("http://{}/x", plain.host());
    let bench = |server: &Server| {
        let auths = format!(r#"{{"auths":{{"{}":{{"auth":"YTpi"}}}}}}"#, server.host());
        let environment = variables(&[("DOCKER_AUTH_CONFIG", &auths)]);
        Bench::with(&Settings { environment, ca_files: vec![authority()], ..Settings::default() })
    };
    let target = away.clone();
    let server =
        Server::start_tls(move |_: &Seen| Answer::new(307, "", "").header("Location", target.clone()));
    let error = bench(&server).repository(&format!("{}/a/b", server.host())).get_blob(&blob, 10).unwrap_err();
    assert!(error.to_string().contains("without encryption"), "{error}");
    let challenge = format!("Bearer realm=\"{away}\",service=\"x\"");
    let server = Server::start_tls(move |_: &Seen| {
        Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", challenge.clone())
    });
    let error = bench(&server).repository(&format!("{}/a/b", server.host())).get_blob(&blob, 10).unwrap_err();
    assert!(error.to_string().contains("without encryption"), "{error}");
    assert_eq!(plain.seen().len(), 0);
    // Within it, it goes on.
    let server = Server::start_tls(|seen: &Seen| match seen.path() {
        "/here" => Answer::new(200, "", "blob"),
        _ => Answer::new(307, "", "").header("Location", "/here"),
    });
    let repository = bench(&server).repository(&format!("{}/a/b", server.host()));
    assert_eq!(repository.get_blob(&blob, 10).unwrap().unwrap(), b"blob");
}

/// A registry that says our credentials in the address of a redirect or an upload: nobody is asked there, so that no resolver
/// learns them either, and no message has them.
#[test]
fn credentials_in_an_address_are_neither_followed_nor_shown() {
    let blob = Digest::sha256(b"blob");
    let long = "correct horse";
    for (password, place) in [
        ("hunter2", "http://hunter2.127.0.0.1.example/x"),
        ("Hunter2", "http://a.hunter2-b.example:5000/x"),
        ("hunter2", "/here/hunter2/x"),
        ("hunter2", "//hunter2@127.0.0.1/x"),
        ("a+b/c=d9", "http://127.0.0.1:1/a%2Bb%2Fc%3Dd9"),
        ("tr0ub4dor", "https://me-tr0ub4dor.example"),
        (long, "http://127.0.0.1:1/correct%20horse"),
    ] {
        let server = redirecting(307, place.into());
        let config =
            format!(r#"{{"auths":{{"{}":{{"username":"me","password":"{password}"}}}}}}"#, server.host());
        let repository = Bench::with_config(&config).repository(&format!("{}/a/b", server.host()));
        let error = repository.get_blob(&blob, 10).unwrap_err();
        let text = format!("{error} {error:?} {:?}", error.help()).to_lowercase();
        assert!(text.contains("it redirects to an address with the credentials in it"), "{place}: {text}");
        assert!(!text.contains(&password.to_lowercase()) && !text.contains(place), "{place}: {text}");
    }
    // A word may be in any address, and a query is shown nowhere.
    for (password, place) in
        [("docker", "/here?x=docker"), ("here", "/here"), ("hunter2", "/here?token=hunter2")]
    {
        let server = redirecting(307, place.into());
        let config =
            format!(r#"{{"auths":{{"{}":{{"username":"me","password":"{password}"}}}}}}"#, server.host());
        let repository = Bench::with_config(&config).repository(&format!("{}/a/b", server.host()));
        assert_eq!(repository.get_blob(&blob, 10).unwrap().unwrap(), b"blob", "{place}");
    }
    // Where an upload begins.
    let server = Server::start(|seen: &Seen| match (seen.header("authorization"), seen.method.as_str()) {
        ("", _) => Answer::error(401, "X").header("WWW-Authenticate", "Basic"),
        (_, "POST") => Answer::new(202, "", "").header("Location", "ftp://hunter2.example/x"),
        _ => Answer::error(404, "BLOB_UNKNOWN"),
    });
    let config = format!(r#"{{"auths":{{"{}":{{"username":"me","password":"hunter2"}}}}}}"#, server.host());
    let repository = Bench::with_config(&config).repository(&format!("{}/a/b", server.host()));
    let error = repository.mount_blob(&blob, &"ghcr.io/a/c".parse().unwrap());
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}
