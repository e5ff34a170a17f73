//! Faults that pass are waited for, the others told.

use std::time::Duration;

use bakeplan::internals::registry::{
    Client, Error, ErrorKind, Manifest, Patience, Settings, Store, TagOrDigest, Timeouts,
};

use super::client::{Bench, MANIFEST, OCI_MANIFEST, manifest};
use crate::loopback::{Answer, Drip, Reply, Seen, Server};

fn tag(name: &str) -> TagOrDigest {
    TagOrDigest::Tag(name.parse().unwrap())
}

fn read(bench: &Bench, server: &Server) -> Result<Option<Manifest>, Error> {
    bench.repository(&format!("{}/acme/app", server.host())).get_manifest(&tag("1"))
}

/// A server in front of another that has the manifest; `fault` is what becomes of the first requests.
fn behind(count: usize, fault: impl Fn(Answer) -> Reply + Send + Sync + 'static) -> (Server, Server) {
    let registry = Server::start(manifest);
    let proxy = Server::proxy(&registry.host(), move |seen, forward| {
        if seen.number <= count { fault(forward()) } else { forward().into() }
    });
    (registry, proxy)
}

#[test]
fn what_passes_is_waited_for() {
    let status = |status: u16, retry: &'static str| {
        move |_: Answer| {
            let answer = Answer::error(status, "TOOMANYREQUESTS");
            Reply::Whole(if retry.is_empty() { answer } else { answer.header("Retry-After", retry) })
        }
    };
    type Fault = Box<dyn Fn(Answer) -> Reply + Send + Sync>;
    let faults: [(Fault, u128); 9] = [
        (Box::new(status(429, "")), 125 + 250),
        (Box::new(status(429, "7")), 14_000),
        (Box::new(status(429, "Sun, 06 Nov 1994 08:49:42 GMT")), 5000),
        (Box::new(status(503, "1")), 2000),
        (Box::new(status(500, "")), 125 + 250),
        (Box::new(status(504, "soon")), 125 + 250),
        (Box::new(|_| Reply::Reset), 125 + 250),
        (Box::new(Reply::Half), 125 + 250),
        (Box::new(|answer| Reply::Late(Duration::from_millis(30), answer)), 0),
    ];
    for (at, (fault, waited)) in faults.into_iter().enumerate() {
        let (_registry, server) = behind(2, fault);
        let bench = Bench::new();
        let found = read(&bench, &server).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(found.unwrap().bytes, MANIFEST.as_bytes());
        assert_eq!(bench.waited(), waited, "{at}: {:?}", bench.events());
    }
}

#[test]
fn patience_ends() {
    for (answer, code, requests) in [
        (Answer::error(429, "TOOMANYREQUESTS"), "registry-rate-limited", 6),
        (Answer::error(429, "X").header("Retry-After", "3600"), "registry-rate-limited", 1),
        (Answer::error(429, "X").header("Retry-After", "50"), "registry-rate-limited", 3),
        (Answer::new(502, "text/html", "<html>"), "registry-failed", 6),
        (Answer::error(501, "X"), "registry-unsupported", 1),
    ] {
        let server = Server::start(move |_: &Seen| answer.clone());
        let error = read(&Bench::new(), &server).unwrap_err();
        assert_eq!((error.code().name(), server.seen().len()), (code, requests), "{error}");
    }
    let server = Server::start(|_: &Seen| Answer::error(429, "X").header("Retry-After", "3600"));
    let error = read(&Bench::new(), &server).unwrap_err();
    assert!(
        error.to_string().ends_with("too many requests; the registry asks to wait 3600 s: X: scripted"),
        "{error}"
    );
    let server = Server::start(|_: &Seen| Reply::Reset);
    let error = read(&Bench::new(), &server).unwrap_err();
    assert_eq!((error.code().name(), server.seen().len()), ("registry-network", 6), "{error}");
    assert!(error.to_string().ends_with(", 6 times"), "{error}");
}

#[test]
fn a_server_that_is_too_slow_is_given_up() {
    let server = Server::start(|seen: &Seen| Reply::Late(Duration::from_millis(700), manifest(seen)));
    let timeouts = Timeouts { response: Duration::from_millis(100), ..Timeouts::default() };
    let patience = Patience { attempts: 2, ..Patience::default() };
    let error =
        read(&Bench::with(&Settings { timeouts, patience, ..Settings::default() }), &server).unwrap_err();
    assert!(error.to_string().contains("no answer in time"), "{error}");
}

#[test]
fn a_server_of_a_few_bytes_a_second_is_given_up_at_its_first_answers() {
    let timeouts = Timeouts { idle: Duration::from_secs(1), ..Timeouts::default() };
    let slow = |pause: u64| {
        let pause = Duration::from_millis(pause);
        let server = Server::start(move |seen: &Seen| Reply::Dripping(pause, Drip::Body, manifest(seen)));
        // With the machine's clock: this is about time.
        let client = Client::new(&Settings { timeouts, ..Settings::default() }).unwrap();
        let repository = client.repository(&format!("{}/acme/app", server.host()).parse().unwrap());
        (server, move || repository.get_manifest(&tag("1")))
    };
    for pause in [20, 200, 900] {
        let (server, read) = slow(pause);
        let error = read().unwrap_err();
        assert_eq!((error.code().name(), server.seen().len()), ("registry-network", 2), "{error}");
        assert!(error.to_string().contains("the answer comes too slowly: "), "{error}");
        // Who was that slow is not given time again for each further request.
        assert!(read().is_err());
        assert_eq!(server.seen().len(), 3, "{pause}");
    }
    let (server, read) = slow(1);
    assert!(read().unwrap().is_some(), "it is slow, and there in time");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn content_that_changed_on_the_way_is_an_error_at_once() {
    let registry = Server::start(manifest);
    let proxy = Server::proxy(&registry.host(), |_, forward| {
        let mut answer = forward();
        answer.body[0] ^= 1;
        answer
    });
    let digest = bakeplan::internals::reference::Digest::sha256(MANIFEST.as_bytes());
    let repository = Bench::new().repository(&format!("{}/acme/app", proxy.host()));
    let error = repository.get_manifest(&digest.into()).unwrap_err();
    assert_eq!((error.code().name(), proxy.seen().len()), ("digest-mismatch", 1));
}

#[test]
fn nobody_there_is_told_after_a_while() {
    let server = Server::start(manifest);
    let host = server.host();
    drop(server);
    // The last connection of the server that ends may still be answered.
    std::thread::sleep(Duration::from_millis(50));
    let error = Bench::new().repository(&format!("{host}/a/b")).get_manifest(&tag("1")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport { attempts: 6, .. }), "{error}");
}

#[test]
fn what_we_wrote_may_take_a_while_to_be_there() {
    let lag = |until: usize| {
        Server::start(move |seen: &Seen| match seen.method.as_str() {
            "PUT" => Answer::new(201, "", ""),
            _ if seen.number <= until => Answer::error(404, "MANIFEST_UNKNOWN"),
            _ => manifest(seen),
        })
    };
    let content = Manifest::new(OCI_MANIFEST, MANIFEST.into());
    let server = lag(5);
    let bench = Bench::new();
    let repository = bench.repository(&format!("{}/acme/app", server.host()));
    assert_eq!(repository.get_manifest(&tag("1")).unwrap(), None, "nobody wrote it");
    repository.put_manifest(&tag("1"), &content).unwrap();
    assert_eq!(repository.get_manifest(&tag("1")).unwrap().unwrap(), content);
    assert_eq!(bench.waited(), 125 + 250 + 500);
    assert_eq!(repository.get_manifest(&content.digest.clone().into()).unwrap().unwrap(), content);
    // It does not come.
    let server = lag(usize::MAX);
    let bench = Bench::new();
    let repository = bench.repository(&format!("{}/acme/app", server.host()));
    repository.put_manifest(&tag("1"), &content).unwrap();
    assert_eq!(repository.get_manifest(&tag("1")).unwrap(), None);
    assert!((10_000..=20_000).contains(&bench.waited()), "{}", bench.waited());
    assert_eq!(repository.get_manifest(&tag("2")).unwrap(), None, "that is another tag");
}

#[test]
fn an_index_waits_for_the_manifest_that_we_wrote() {
    let server = Server::start(|seen: &Seen| {
        let digest = bakeplan::internals::reference::Digest::sha256(MANIFEST.as_bytes());
        let detail = format!(r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","detail":"{digest}"}}]}}"#);
        match seen.number {
            2..=4 => Answer::json(400, detail),
            _ => Answer::new(201, "", ""),
        }
    });
    let bench = Bench::new();
    let repository = bench.repository(&format!("{}/acme/app", server.host()));
    let child = Manifest::new(OCI_MANIFEST, MANIFEST.into());
    repository.put_manifest(&child.digest.clone().into(), &child).unwrap();
    let index = Manifest::new(bakeplan::internals::oci::OCI_INDEX, b"{}".to_vec());
    repository.put_manifest(&tag("1"), &index).unwrap();
    assert_eq!((server.seen().len(), bench.waited()), (5, 125 + 250 + 500));
}

#[test]
fn a_write_whose_answer_is_lost_is_repeated() {
    let registry = Server::start(|_: &Seen| Answer::new(201, "", ""));
    let proxy = Server::proxy(&registry.host(), |seen, forward| {
        let answer = forward();
        if seen.number == 1 { Reply::Reset } else { answer.into() }
    });
    let repository = Bench::new().repository(&format!("{}/acme/app", proxy.host()));
    repository.put_manifest(&tag("1"), &Manifest::new(OCI_MANIFEST, MANIFEST.into())).unwrap();
    assert_eq!(registry.seen().len(), 2);
    assert_eq!(registry.seen()[1].body, MANIFEST.as_bytes());
}
