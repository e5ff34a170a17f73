//! What answers of registries mean: there, missing, wrong, too large.

use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{ErrorKind, MAX_MANIFEST, Manifest, Mount, Store, TagOrDigest};

use super::client::{Bench, MANIFEST, OCI_MANIFEST, manifest};
use crate::loopback::{Answer, Reply, Seen, Server};

fn tag(name: &str) -> TagOrDigest {
    TagOrDigest::Tag(name.parse().unwrap())
}

fn by_digest(digest: &Digest) -> TagOrDigest {
    TagOrDigest::Digest(digest.clone())
}

fn digest() -> Digest {
    Digest::sha256(MANIFEST.as_bytes())
}

#[track_caller]
fn run<T>(
    handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    test: impl FnOnce(&dyn Store) -> T,
) -> (T, Vec<Seen>) {
    let server = Server::start(handler);
    let bench = Bench::new();
    let result = test(&bench.repository(&format!("{}/acme/app", server.host())));
    (result, server.seen())
}

#[test]
fn manifests_are_asked_for_in_all_forms_and_verified() {
    let (found, seen) = run(manifest, |store| store.get_manifest(&tag("1")));
    let expected = Manifest { media_type: OCI_MANIFEST.into(), digest: digest(), bytes: MANIFEST.into() };
    assert_eq!(found.unwrap(), Some(expected));
    assert_eq!((seen[0].line().as_str(), seen.len()), ("GET /v2/acme/app/manifests/1", 1));
    for media_type in bakeplan::internals::oci::MANIFEST_TYPES {
        assert!(seen[0].header("accept").contains(media_type), "{media_type}");
    }
    assert_eq!(seen[0].header("accept-encoding"), "identity");
    assert!(seen[0].header("user-agent").starts_with("bakeplan/"));
    let (found, _) = run(manifest, |store| store.get_manifest(&by_digest(&digest())));
    assert_eq!(found.unwrap().unwrap().digest, digest());
}

#[test]
fn a_digest_that_is_not_that_of_the_content_is_an_error_of_its_own() {
    let other = Digest::sha256(b"other");
    let asked = other.clone();
    let (result, _) = run(manifest, |store| store.get_manifest(&by_digest(&asked)).unwrap_err());
    assert!(matches!(result.kind(), ErrorKind::Digest { expected, .. } if *expected == asked), "{result}");
    let told = other.to_string();
    let lie = move |seen: &Seen| manifest(seen).header("Docker-Content-Digest", told.clone());
    let (result, _) = run(lie, |store| store.get_manifest(&tag("1")).unwrap_err());
    assert_eq!(
        (result.code().name(), result.to_string().contains(&format!("expected {other}"))),
        ("digest-mismatch", true)
    );
    let (result, _) = run(manifest, |store| store.get_blob(&other, 1000).unwrap_err());
    assert_eq!(result.code().name(), "digest-mismatch");
}

#[test]
fn sha512_is_verified_and_what_is_unknown_is_named() {
    let zeros: Digest = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
    let right = zeros.recompute(MANIFEST.as_bytes());
    let (asked, told) = (right.clone(), right.to_string());
    let handler = move |seen: &Seen| manifest(seen).header("Docker-Content-Digest", told.clone());
    let (found, _) = run(handler, |store| store.get_manifest(&tag("1")).unwrap().unwrap());
    assert_eq!(found.digest, right);
    let (found, _) = run(manifest, |store| store.get_manifest(&by_digest(&asked)).unwrap().unwrap());
    assert_eq!(found.digest, right);
    let handler = |seen: &Seen| manifest(seen).header("Docker-Content-Digest", "blake3:00");
    let (error, _) = run(handler, |store| store.get_manifest(&tag("1")).unwrap_err());
    assert!(
        error.to_string().contains(r#"digest "blake3:00": digest algorithm "blake3" is not supported"#),
        "{error}"
    );
}

#[test]
fn only_a_404_of_the_registry_means_missing() {
    let missing = |_: &Seen| Answer::error(404, "MANIFEST_UNKNOWN");
    let foreign = |_: &Seen| Answer::new(404, "text/plain", "404 page not found\n");
    let blob = Digest::sha256(b"x");
    for (reads, requests) in [(missing as fn(&Seen) -> Answer, 1), (foreign, 2)] {
        let (found, seen) = run(reads, |store| store.head_manifest(&tag("1")));
        assert_eq!((found.is_ok_and(|found| found.is_none()), seen.len()), (requests == 1, requests));
        let (found, seen) = run(reads, |store| store.head_blob(&blob));
        assert_eq!((found.is_ok_and(|found| found.is_none()), seen.len()), (requests == 1, requests));
        let (found, _) = run(reads, |store| store.get_manifest(&tag("1")));
        assert_eq!(found.is_ok_and(|found| found.is_none()), requests == 1);
        let (found, _) = run(reads, |store| store.get_blob(&blob, 10));
        assert_eq!(found.is_ok_and(|found| found.is_none()), requests == 1);
    }
    // A list that is not there is not a repository that is not there.
    for (code, is_empty) in
        [("NAME_UNKNOWN", true), ("MANIFEST_UNKNOWN", false), ("NOT_FOUND", false), ("UNSUPPORTED", false)]
    {
        let (found, _) = run(move |_: &Seen| Answer::error(404, code), |store| store.list_tags());
        assert_eq!(found.is_ok_and(|found| found.is_empty()), is_empty, "{code}");
    }
    assert!(run(foreign, |store| store.list_tags()).0.is_err());
    let (error, _) = run(foreign, |store| store.get_manifest(&tag("1")).unwrap_err());
    assert_eq!(error.code().name(), "not-a-registry");
    assert!(
        error.to_string().ends_with(r#"/acme/app:1`: status 404 with "text/plain", which no registry sends"#),
        "{error}"
    );
}

#[test]
fn head_tells_type_digest_and_size_or_get_does() {
    let full = |_: &Seen| {
        let answer = Answer::new(200, OCI_MANIFEST, "").header("Content-Length", "1234");
        answer.header("Docker-Content-Digest", Digest::sha256(b"x").to_string())
    };
    let (found, seen) = run(full, |store| store.head_manifest(&tag("1")).unwrap().unwrap());
    assert_eq!((found.digest, found.size, seen.len()), (Digest::sha256(b"x"), 1234, 1));
    let (error, _) = run(full, |store| store.head_manifest(&by_digest(&digest())).unwrap_err());
    assert_eq!(error.code().name(), "digest-mismatch");
    // No digest with HEAD.
    let (found, seen) = run(manifest, |store| store.head_manifest(&tag("1")).unwrap().unwrap());
    assert_eq!((found.digest, found.size, seen.len()), (digest(), MANIFEST.len() as i64, 2));
    // HEAD is not allowed.
    for status in [405, 501] {
        let handler = move |seen: &Seen| {
            if seen.method == "HEAD" { Answer::new(status, "", "") } else { manifest(seen) }
        };
        let (found, _) = run(handler, |store| store.head_manifest(&tag("1")).unwrap().unwrap());
        assert_eq!(found.digest, digest(), "{status}");
    }
}

#[test]
fn a_blob_tells_its_size() {
    let blob = Digest::sha256(b"x");
    let (size, _) = run(|_| Answer::new(200, "", "").header("Content-Length", "99"), |s| s.head_blob(&blob));
    assert_eq!(size.unwrap(), Some(99));
    let odd = |seen: &Seen| match seen.method.as_str() {
        "HEAD" => Answer::new(404, "", ""),
        _ => Answer::new(206, "", "x").header("Content-Range", "bytes 0-0/77"),
    };
    let (size, seen) = run(odd, |store| store.head_blob(&blob));
    assert_eq!((size.unwrap(), seen[1].header("range")), (Some(77), "bytes=0-0"));
}

#[test]
fn the_media_type_comes_from_the_registry_or_the_content() {
    let own = r#"{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    for (told, content, expected) in [
        (OCI_MANIFEST, own, Some(OCI_MANIFEST)),
        ("APPLICATION/VND.oci.image.manifest.v1+json; charset=utf-8", own, Some(OCI_MANIFEST)),
        ("application/json", own, Some(bakeplan::internals::oci::OCI_INDEX)),
        ("", MANIFEST, Some(OCI_MANIFEST)),
        ("text/html", "<html>", None),
        ("application/octet-stream", "\u{0}", None),
    ] {
        let (found, _) = run(move |_| Answer::new(200, told, content), |store| store.get_manifest(&tag("1")));
        let found = found.ok().flatten().map(|manifest| manifest.media_type);
        assert_eq!(found.as_deref(), expected, "{told} {content}");
    }
}

#[test]
fn what_is_too_large_is_not_read() {
    let large = vec![b' '; usize::try_from(MAX_MANIFEST).unwrap() + 1];
    let content = large.clone();
    let (error, _) = run(
        move |_| Answer::new(200, OCI_MANIFEST, content.clone()),
        |store| store.get_manifest(&tag("1")).unwrap_err(),
    );
    assert!(matches!(error.kind(), ErrorKind::TooLarge { limit: MAX_MANIFEST }), "{error}");
    // It says that it has a terabyte, and sends none of it.
    let endless = |_: &Seen| Answer::new(200, OCI_MANIFEST, "x").header("Content-Length", "1000000000000");
    let (error, _) = run(endless, |store| store.get_manifest(&tag("1")).unwrap_err());
    assert_eq!(error.code().name(), "registry-too-large");
    let chunks = |_: &Seen| {
        let chunk = format!("{:x}\r\n{}\r\n", 100, "x".repeat(100)).repeat(20) + "0\r\n\r\n";
        Answer::new(200, "", chunk).header("Transfer-Encoding", "chunked")
    };
    let (error, _) = run(chunks, |store| store.get_blob(&Digest::sha256(b"x"), 1999).unwrap_err());
    assert_eq!(error.code().name(), "registry-too-large");
    let (blob, _) = run(chunks, |store| store.get_blob(&Digest::sha256("x".repeat(2000).as_bytes()), 2000));
    assert_eq!(blob.unwrap().unwrap().len(), 2000);
    let (error, _) = run(
        |_| Answer::new(200, "", "0123456789"),
        |store| store.get_blob(&Digest::sha256(b"0123456789"), 9).unwrap_err(),
    );
    assert!(matches!(error.kind(), ErrorKind::TooLarge { limit: 9 }), "{error}");
    let (blob, _) = run(
        |_| Answer::new(200, "", "0123456789"),
        |store| store.get_blob(&Digest::sha256(b"0123456789"), 10),
    );
    assert_eq!(blob.unwrap().unwrap(), b"0123456789");
    let (error, seen) = run(manifest, |store| {
        store.put_manifest(&tag("1"), &Manifest::new(OCI_MANIFEST, large)).unwrap_err()
    });
    assert_eq!((error.code().name(), seen.len()), ("registry-too-large", 0));
}

#[test]
fn manifests_are_written_as_they_are() {
    let handler = |_: &Seen| Answer::new(201, "", "").header("Docker-Content-Digest", digest().to_string());
    let content = Manifest::new(OCI_MANIFEST, MANIFEST.into());
    let (result, seen) = run(handler, |store| store.put_manifest(&tag("1.2"), &content));
    result.unwrap();
    assert_eq!(seen[0].line(), "PUT /v2/acme/app/manifests/1.2");
    assert_eq!(
        (seen[0].header("content-type"), seen[0].body.as_slice()),
        (OCI_MANIFEST, MANIFEST.as_bytes())
    );
    let (result, seen) = run(handler, |store| store.put_manifest(&by_digest(&digest()), &content));
    result.unwrap();
    assert_eq!(seen[0].path(), format!("/v2/acme/app/manifests/{}", digest()));
    // Under another digest than its own, nothing is sent.
    let other = by_digest(&Digest::sha256(b"x"));
    let (error, seen) = run(handler, |store| store.put_manifest(&other, &content).unwrap_err());
    assert_eq!((error.code().name(), seen.len()), ("digest-mismatch", 0));
    // The registry made another manifest of it.
    let handler =
        |_: &Seen| Answer::new(201, "", "").header("Docker-Content-Digest", Digest::sha256(b"x").to_string());
    let (error, _) = run(handler, |store| store.put_manifest(&tag("1"), &content).unwrap_err());
    assert_eq!(error.code().name(), "digest-mismatch");
}

#[test]
fn refusals_keep_what_the_registry_said() {
    let missing = Digest::sha256(b"layer");
    let explained = format!(
        r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry","detail":"{missing}"}}]}}"#
    );
    let content = Manifest::new(OCI_MANIFEST, MANIFEST.into());
    let handler = move |_: &Seen| Answer::json(400, explained.clone());
    let (error, _) = run(handler, |store| store.put_manifest(&tag("1"), &content).unwrap_err());
    assert_eq!((error.code().name(), error.named_digests()), ("registry-rejected", vec![missing.clone()]));
    assert!(
        error.to_string().ends_with(&format!(
            "/acme/app:1`: the registry refuses it with status 400: MANIFEST_BLOB_UNKNOWN: blob unknown to registry: {missing}"
        )),
        "{error}"
    );
    for (answer, code) in [
        (Answer::error(404, "NAME_UNKNOWN"), "registry-not-found"),
        (Answer::error(405, "UNSUPPORTED"), "registry-unsupported"),
        (Answer::error(400, "UNSUPPORTED"), "registry-unsupported"),
        (Answer::error(409, "TAG_IMMUTABLE"), "registry-rejected"),
        (Answer::new(413, "text/html", "<html>"), "registry-rejected"),
        (Answer::new(304, "", ""), "registry-invalid"),
        (Answer::json(400, b"{\"errors\":[{\"code\":\"\xff\"}]}".to_vec()), "registry-rejected"),
    ] {
        let (error, _) =
            run(move |_| answer.clone(), |store| store.put_manifest(&tag("1"), &content).unwrap_err());
        assert_eq!(error.code().name(), code, "{error}");
    }
}

#[test]
fn blobs_are_mounted_or_the_upload_is_given_up() {
    let blob = Digest::sha256(b"x");
    let mount = |answer: Answer| {
        let server =
            Server::start(
                move |seen: &Seen| {
                    if seen.method == "POST" { answer.clone() } else { Answer::new(204, "", "") }
                },
            );
        let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
        let from = format!("{}/acme/other", server.host()).parse().unwrap();
        (repository.mount_blob(&blob, &from).unwrap(), server.seen())
    };
    let (result, seen) = mount(Answer::new(201, "", ""));
    assert_eq!(result, Mount::Mounted);
    let digits = blob.hex();
    assert_eq!(
        seen[0].line(),
        format!("POST /v2/acme/app/blobs/uploads/?mount=sha256%3A{digits}&from=acme%2Fother")
    );
    assert_eq!(seen[0].header("content-length"), "0");
    let (result, seen) =
        mount(Answer::new(202, "", "").header("Location", "/v2/acme/app/blobs/uploads/1?_state=x"));
    assert_eq!(result, Mount::Declined("the registry requires an upload".into()));
    assert_eq!(seen[1].line(), "DELETE /v2/acme/app/blobs/uploads/1?_state=x");
    // What would be deleted elsewhere is none of ours.
    let (_, seen) = mount(Answer::new(202, "", "").header("Location", "http://127.0.0.2:1/v2/x"));
    assert_eq!(seen.len(), 1);
    let (result, _) = mount(Answer::error(404, "NAME_UNKNOWN"));
    assert!(matches!(result, Mount::Declined(why) if why.contains("NAME_UNKNOWN")));
    let (result, _) = mount(Answer::error(401, "UNAUTHORIZED"));
    assert!(matches!(result, Mount::Declined(_)));
    let server = Server::start(|_: &Seen| Answer::new(201, "", ""));
    let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
    let elsewhere = "ghcr.io/acme/app".parse().unwrap();
    assert!(matches!(repository.mount_blob(&blob, &elsewhere).unwrap(), Mount::Declined(_)));
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn all_pages_of_the_tags_are_read() {
    let pages = |link: fn(&Seen) -> String| {
        move |seen: &Seen| match seen.target.as_str() {
            "/v2/acme/app/tags/list?n=1000" => {
                Answer::json(200, r#"{"tags":["1","2","not a tag"]}"#).header("Link", link(seen))
            }
            "/v2/acme/app/tags/list?last=2" => Answer::json(200, r#"{"tags":["3"]}"#),
            "/v2/acme/app/tags/list?n=1000&last=3" => Answer::json(200, r#"{"tags":[]}"#),
            _ => Answer::error(400, "PAGINATION_NUMBER_INVALID"),
        }
    };
    for link in [
        |_: &Seen| r#"</v2/acme/app/tags/list?last=2>; rel="next""#.to_owned(),
        |seen: &Seen| format!("<http://{}/v2/acme/app/tags/list?last=2>; rel=next", seen.header("host")),
        // Behind a proxy that ends TLS, and below a path.
        |_: &Seen| r#"<https://inner:5000/x/v2/acme/app/tags/list?last=2>; rel="next""#.to_owned(),
        |_: &Seen| r#"<?last=2>; rel="next""#.to_owned(),
    ] {
        let (tags, seen) = run(pages(link), |store| store.list_tags());
        let tags: Vec<_> = tags.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!((tags.join(" ").as_str(), seen.len()), ("1 2 3", 3));
    }
    for link in [
        "</v2/acme/app/tags/list?n=1000>; rel=next",
        "</v2/other/tags/list>; rel=next",
        "<ftp://x/>; rel=next",
    ] {
        let handler = move |_: &Seen| Answer::json(200, r#"{"tags":null}"#).header("Link", link);
        let (error, seen) = run(handler, |store| store.list_tags().unwrap_err());
        assert_eq!(error.code().name(), "registry-invalid", "{error}");
        assert!(seen.len() <= 2, "{}", seen.len());
    }
    let counting = |seen: &Seen| {
        let next = format!("</v2/acme/app/tags/list?n={}>; rel=next", seen.number);
        Answer::json(200, "{}").header("Link", next)
    };
    let (error, _) = run(counting, |store| store.list_tags().unwrap_err());
    assert!(error.to_string().ends_with("the list has no end"), "{error}");
    let (error, _) = run(|_| Answer::json(200, b"\xff".to_vec()), |store| store.list_tags().unwrap_err());
    assert_eq!(error.code().name(), "registry-invalid");
}

#[test]
fn referrers_come_from_the_api_or_from_the_tag_in_its_place() {
    let kind = "application/vnd.docker.attestation.manifest.v1+json";
    let index = format!(
        r#"{{"manifests":[{{"mediaType":"m/m","digest":"{0}","size":1,"artifactType":"{kind}"}},{{"mediaType":"m/m","digest":"{1}","size":1,"artifactType":"x/y"}}]}}"#,
        Digest::sha256(b"1"),
        Digest::sha256(b"2")
    );
    let subject = Digest::sha256(b"subject");
    let content = index.clone();
    let api = move |_: &Seen| Answer::new(200, bakeplan::internals::oci::OCI_INDEX, content.clone());
    let (found, seen) = run(api.clone(), |store| store.list_referrers(&subject, Some(kind)).unwrap());
    assert_eq!((found.len(), &found[0].digest), (1, &Digest::sha256(b"1")));
    assert_eq!(
        seen[0].target,
        format!(
            "/v2/acme/app/referrers/{subject}?artifactType=application%2Fvnd.docker.attestation.manifest.v1%2Bjson"
        )
    );
    let (found, _) = run(api, |store| store.list_referrers(&subject, None).unwrap());
    assert_eq!(found.len(), 2);
    let tag = format!("/v2/acme/app/manifests/sha256-{}", subject.hex());
    let fallback = move |seen: &Seen| {
        if seen.target == tag {
            Answer::new(200, bakeplan::internals::oci::OCI_INDEX, index.clone())
        } else {
            Answer::new(404, "text/plain", "404 page not found")
        }
    };
    let (found, _) = run(fallback, |store| store.list_referrers(&subject, None).unwrap());
    assert_eq!(found.len(), 2);
    let nothing = |seen: &Seen| {
        if seen.path().contains("referrers") {
            Answer::new(404, "text/plain", "")
        } else {
            Answer::error(404, "MANIFEST_UNKNOWN")
        }
    };
    let (found, _) = run(nothing, |store| store.list_referrers(&subject, None).unwrap());
    assert_eq!(found, []);
}

#[test]
fn connections_are_kept_and_nothing_is_asked_twice() {
    let server = Server::start(|seen: &Seen| Reply::Whole(manifest(seen)));
    let bench = Bench::new();
    let repository = bench.repository(&format!("{}/acme/app", server.host()));
    for name in ["1", "2", "3"] {
        repository.get_manifest(&tag(name)).unwrap();
    }
    assert_eq!(server.seen().len(), 3);
    let path = "/v2/acme/app/manifests/";
    let expected = ["1", "2", "3"].map(|name| [format!("GET {path}{name}"), "200".to_owned()]).concat();
    assert_eq!(bench.events(), expected);
}
