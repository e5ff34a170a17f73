//! Copies: the same bytes in another repository, whatever happens on the way, and nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bakeplan::internals::oci::Descriptor;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::copy::{Copied, Copier, Place};
use bakeplan::internals::registry::{Error, Location, Manifest};

use super::client::Bench;
use crate::loopback::{Answer, Reply, Seen, Server};
use crate::memory::{Contents, Memory};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
pub(super) const NAME: &str = "acme/app";

/// An index of one image with these layers; in `acme/app`.
pub(super) fn filled(layers: &[&[u8]]) -> (Memory, Manifest) {
    let memory = Memory::default();
    let root = memory.with(NAME, |own| {
        let layers: Vec<Descriptor> = layers.iter().map(|layer| own.blob(LAYER, layer)).collect();
        let image = own.image("", &layers);
        let index = own.index(vec![image]);
        manifest(own, &index)
    });
    (memory, root)
}

fn manifest(own: &Contents, descriptor: &Descriptor) -> Manifest {
    let (media_type, bytes) = own.manifests[&descriptor.digest].clone();
    Manifest::new(media_type, bytes)
}

/// Copies from `acme/app` of one server to a repository of another.
fn copy_to(bench: &Bench, from: &Server, to: &Server, name: &str, root: &Manifest) -> Result<Copied, Error> {
    let location = |server: &Server, name: &str| -> Location {
        format!("{}/{name}", server.host()).parse().expect("it is a repository")
    };
    let (source, target) = (location(from, NAME), location(to, name));
    let stores = [&source, &target].map(|one| bench.repository(&one.to_string()));
    let from = Place { location: &source, store: &stores[0] };
    let to = Place { location: &target, store: &stores[1] };
    let mut copier = Copier::new(from, to, &*bench.clock, &|_| {});
    copier.manifest(root)?;
    copier.about(root)?;
    Ok(copier.copied().clone())
}

pub(super) fn copy(from: &Server, to: &Server, root: &Manifest) -> Result<Copied, Error> {
    copy_to(&Bench::new(), from, to, NAME, root)
}

#[track_caller]
pub(super) fn check_same(from: &Memory, to: &Memory, what: &str) {
    let [source, target] = [from, to].map(|memory| memory.with(NAME, |own| own.clone()));
    assert!(source.blobs == target.blobs && source.manifests == target.manifests, "{what}");
}

fn counts(copied: &Copied) -> (usize, usize, usize, u64) {
    (copied.manifests, copied.mounted, copied.sent, copied.bytes)
}

fn is_upload(seen: &Seen) -> bool {
    seen.method == "PUT" && seen.path().contains("/blobs/uploads/")
}

fn is_blob_read(seen: &Seen) -> bool {
    seen.method == "GET" && seen.path().contains("/blobs/sha256:")
}

#[test]
fn another_registry_gets_the_same_bytes_once() {
    let (source, root) = filled(&[b"one", b"two", b"", &[7; 300_000]]);
    let (target, from) = (Memory::default(), source.serve());
    let to = target.serve();
    let copied = copy(&from, &to, &root).unwrap();
    assert_eq!(counts(&copied), (2, 0, 5, 300_006 + 37));
    check_same(&source, &target, "at first");
    let written = |server: &Server| {
        server.seen().iter().filter(|seen| seen.method != "GET" && seen.method != "HEAD").count()
    };
    let (before, read) = (written(&to), from.seen().iter().filter(|seen| is_blob_read(seen)).count());
    assert_eq!((before, read), (2 * 5 + 2, 4), "an empty blob need not be read");
    assert_eq!(counts(&copy(&from, &to, &root).unwrap()), (0, 0, 0, 0));
    assert_eq!(written(&to), before, "a repetition writes nothing");
    assert!(from.seen().iter().all(|seen| ["GET", "HEAD"].contains(&seen.method.as_str())));
}

#[test]
fn a_sibling_is_mounted_or_sent() {
    for no_mount in [None, Some(202), Some(401), Some(403), Some(404), Some(405), Some(400)] {
        let (mut memory, root) = filled(&[b"one", b"two"]);
        memory.no_mount = no_mount;
        let server = memory.serve();
        let copied = copy_to(&Bench::new(), &server, &server, "mirror/app", &root).unwrap();
        let expected = if no_mount.is_none() { (2, 3, 0, 0) } else { (2, 0, 3, 43) };
        assert_eq!(counts(&copied), expected, "{no_mount:?}");
        let sibling = memory.with("mirror/app", |own| own.clone());
        assert_eq!(sibling.digests(), memory.with(NAME, |own| own.digests()), "{no_mount:?}");
    }
}

/// A target whose uploads go wrong as `fault` says, given how many there were before.
fn faulty(
    target: &Memory,
    fault: impl Fn(usize, &dyn Fn() -> Answer) -> Reply + Send + Sync + 'static,
) -> Server {
    let count = AtomicUsize::new(0);
    target.serve_through(move |seen, forward| {
        if is_upload(seen) { fault(count.fetch_add(1, Ordering::SeqCst), forward) } else { forward().into() }
    })
}

#[test]
fn an_upload_that_fails_is_begun_anew() {
    type Fault = fn(&dyn Fn() -> Answer) -> Reply;
    // What happens to the first two uploads, and how many there are in all.
    let faults: [(&str, Fault, usize); 9] = [
        ("reset", |_| Reply::Reset, 4),
        ("half an answer", |forward| Reply::Half(forward().header("Content-Length", "9")), 2),
        (
            "lost answer",
            |forward| {
                forward();
                Reply::Reset
            },
            2,
        ),
        ("500", |_| Answer::error(500, "UNKNOWN").into(), 4),
        ("502", |_| Answer::new(502, "text/html", "<html>").into(), 4),
        ("503", |_| Answer::error(503, "UNAVAILABLE").header("Retry-After", "1").into(), 4),
        ("429", |_| Answer::error(429, "TOOMANYREQUESTS").into(), 4),
        ("unknown upload", |_| Answer::error(404, "BLOB_UPLOAD_UNKNOWN").into(), 4),
        ("wrong offset", |_| Answer::error(416, "BLOB_UPLOAD_INVALID").into(), 4),
    ];
    for (what, fault, uploads) in faults {
        let (source, root) = filled(&[b"a layer"]);
        let target = Memory::default();
        let (from, to) = (
            source.serve(),
            faulty(&target, move |at, forward| if at < 2 { fault(forward) } else { forward().into() }),
        );
        let bench = Bench::new();
        copy_to(&bench, &from, &to, NAME, &root).unwrap_or_else(|error| panic!("{what}: {error}"));
        check_same(&source, &target, what);
        let seen = to.seen();
        assert_eq!(seen.iter().filter(|seen| is_upload(seen)).count(), uploads, "{what}: {:?}", to.lines());
        assert!(bench.waited() < 10_000, "{what}: {}", bench.waited());
    }
}

#[test]
fn an_upload_that_goes_on_failing_ends() {
    for (what, answer, code, uploads) in [
        ("500", Answer::error(500, "UNKNOWN"), "registry-failed", 6),
        ("unknown upload", Answer::error(404, "BLOB_UPLOAD_UNKNOWN"), "registry-not-found", 6),
        ("too large", Answer::new(413, "text/html", "<html>"), "registry-rejected", 1),
        ("wrong digest", Answer::error(400, "DIGEST_INVALID"), "registry-rejected", 1),
        ("denied", Answer::error(403, "DENIED"), "registry-unauthorized", 1),
        ("a page", Answer::new(200, "text/html", "<html>"), "not-stored", 1),
        (
            "another digest",
            Answer::new(201, "", "").header("Docker-Content-Digest", Digest::sha256(b"x").to_string()),
            "digest-mismatch",
            1,
        ),
    ] {
        let (source, root) = filled(&[b"a layer"]);
        let target = Memory::default();
        let (from, to) = (source.serve(), faulty(&target, move |_, _| answer.clone().into()));
        let error = copy(&from, &to, &root).unwrap_err();
        assert_eq!(error.code().name(), code, "{what}: {error}");
        assert_eq!(to.seen().iter().filter(|seen| is_upload(seen)).count(), uploads, "{what}");
        assert!(target.with(NAME, |own| own.manifests.is_empty()), "{what}");
    }
}

#[test]
fn an_upload_that_cannot_begin_is_told() {
    for (what, answer, expected) in [
        ("denied", Answer::error(403, "DENIED"), "DENIED"),
        ("no such repository", Answer::error(404, "NAME_UNKNOWN"), "NAME_UNKNOWN"),
        ("no uploads", Answer::error(405, "UNSUPPORTED"), "UNSUPPORTED"),
        ("nowhere", Answer::new(202, "", ""), "begins an upload at \"\""),
        (
            "not an address",
            Answer::new(202, "", "").header("Location", "ftp://127.0.0.1/x"),
            "begins an upload at \"ftp://",
        ),
    ] {
        let (source, root) = filled(&[b"a layer"]);
        let target = Memory::default();
        let to = target.serve_with(move |seen| (seen.method == "POST").then(|| answer.clone().into()));
        let error = copy(&source.serve(), &to, &root).unwrap_err();
        assert!(error.to_string().contains(expected), "{what}: {error}");
        assert_eq!(to.seen().iter().filter(|seen| seen.method == "POST").count(), 1, "{what}");
        assert_eq!(target.with(NAME, |own| own.digests().len()), 0, "{what}");
    }
}

#[test]
fn an_upload_goes_where_the_registry_says() {
    let places: [fn(&str) -> String; 5] = [
        |_| "/v2/acme/app/blobs/uploads/1".to_owned(),
        |_| "/v2/acme/app/blobs/uploads/1?_state=a%2Fb".to_owned(),
        |_| "1".to_owned(),
        |host| format!("http://{host}/v2/acme/app/blobs/uploads/1?_state=x"),
        |host| format!("//{host}/v2/acme/app/blobs/uploads/1"),
    ];
    for place in places {
        let (source, root) = filled(&[b"a layer"]);
        let target = Memory::default();
        let to = target.serve_through(move |seen, forward| {
            let answer = forward();
            if seen.method != "POST" {
                return answer.into();
            }
            answer.header("Location", place(seen.header("host"))).into()
        });
        copy(&source.serve(), &to, &root).unwrap();
        check_same(&source, &target, &place("h"));
        let query = place("h").split_once('?').map_or(String::new(), |(_, query)| format!("{query}&"));
        let sent = to.seen().into_iter().find(is_upload).unwrap();
        assert!(sent.target.contains(&format!("?{query}digest=sha256%3A")), "{}", sent.target);
        assert_eq!(sent.header("content-type"), "application/octet-stream");
    }
}

const RIGHT: &str = "user:right";

fn with_login(servers: &[&Server]) -> Bench {
    use base64::Engine as _;
    let auth = base64::engine::general_purpose::STANDARD.encode(RIGHT);
    let entries: Vec<String> =
        servers.iter().map(|server| format!(r#""{}":{{"auth":"{auth}"}}"#, server.host())).collect();
    Bench::with_config(&format!(r#"{{"auths":{{{}}}}}"#, entries.join(",")))
}

/// A registry that wants a password.
fn locked(memory: &Memory, script: impl Fn(&Seen, Answer) -> Answer + Send + Sync + 'static) -> Server {
    memory.serve_through(move |seen, forward| {
        if seen.header("authorization").is_empty() {
            return Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", "Basic realm=\"x\"").into();
        }
        script(seen, forward()).into()
    })
}

#[test]
fn credentials_stay_with_the_registries() {
    let (source, root) = filled(&[b"a layer"]);
    let target = Memory::default();
    // Blobs are read from one other host, and written to another.
    let (network, storage) = (source.serve(), target.serve());
    let (read_at, write_at) = (network.host(), storage.host());
    let from = locked(&source, move |seen, answer| {
        if !is_blob_read(seen) {
            return answer;
        }
        Answer::new(307, "", "").header("Location", format!("http://{read_at}{}", seen.target))
    });
    let to = locked(&target, move |seen, answer| match seen.method.as_str() {
        "POST" => {
            answer.header("Location", format!("http://{write_at}/v2/acme/app/blobs/uploads/1?X-Signature=s"))
        }
        _ => answer,
    });
    let bench = with_login(&[&from, &to]);
    copy_to(&bench, &from, &to, NAME, &root).unwrap();
    check_same(&source, &target, "over other hosts");
    for other in [&network, &storage] {
        assert!(!other.seen().is_empty());
        assert!(
            other.seen().iter().all(|seen| seen.header("authorization").is_empty()),
            "{:?}",
            other.seen()
        );
    }
    // Each request to a registry has its own.
    assert!(to.seen().iter().skip(1).all(|seen| seen.header("authorization").starts_with("Basic ")));
}

/// Breaks the first answers to reads of a large blob in the middle, and takes note of the parts that were requested.
fn breaking(source: &Memory, times: usize, has_ranges: bool, parts: &Arc<Mutex<Vec<String>>>) -> Server {
    let (count, parts, source) = (AtomicUsize::new(0), parts.clone(), source.clone());
    Server::start(move |seen: &Seen| {
        let mut asked = seen.clone();
        if !has_ranges {
            asked.headers.remove("range");
        }
        let answer = source.answer(&asked);
        if !is_blob_read(seen) || answer.body.len() < 1000 {
            return Reply::Whole(answer);
        }
        parts.lock().unwrap().push(seen.header("range").to_owned());
        if count.fetch_add(1, Ordering::SeqCst) < times { Reply::Half(answer) } else { answer.into() }
    })
}

#[test]
fn a_read_that_breaks_goes_on_where_it_was() {
    let content: Vec<u8> = (0..400_000_u32).map(|at| (at % 251) as u8).collect();
    for (times, has_ranges) in [(1, true), (3, true), (1, false), (2, false)] {
        let (source, root) = filled(&[&content]);
        let (target, parts) = (Memory::default(), Arc::default());
        let to = target.serve();
        copy(&breaking(&source, times, has_ranges, &parts), &to, &root).unwrap();
        check_same(&source, &target, &format!("{times} {has_ranges}"));
        // It is sent once.
        assert_eq!(to.seen().iter().filter(|seen| is_upload(seen)).count(), 2);
        let parts = parts.lock().unwrap();
        assert_eq!(parts.len(), times + 1, "{parts:?}");
        assert!(
            parts[0].is_empty()
                && parts[1..].iter().all(|part| part.starts_with("bytes=") && part.ends_with('-')),
            "{parts:?}"
        );
    }
}

#[test]
fn a_read_that_goes_on_breaking_ends() {
    let (source, root) = filled(&[&[1; 100_000]]);
    let (target, parts) = (Memory::default(), Arc::default());
    let error = copy(&breaking(&source, usize::MAX, true, &parts), &target.serve(), &root).unwrap_err();
    assert_eq!(error.code().name(), "registry-network", "{error}");
    assert_eq!(parts.lock().unwrap().len(), 6);
    assert!(target.with(NAME, |own| own.manifests.is_empty()));
}

#[test]
fn what_is_not_what_its_digest_says_goes_nowhere() {
    type Lie = fn(Answer) -> Answer;
    let lies: [(&str, Lie, &str); 6] = [
        ("other bytes", |answer| Answer::new(200, "", vec![b'x'; answer.body.len()]), "digest-mismatch"),
        ("fewer bytes", |answer| Answer::new(200, "", answer.body[1..].to_vec()), "registry-invalid"),
        ("more bytes", |answer| Answer::new(200, "", [&answer.body[..], b"x"].concat()), "registry-invalid"),
        ("a page", |_| Answer::new(200, "text/html", "<html>"), "registry-invalid"),
        (
            "another part",
            |answer| Answer::new(206, "", answer.body).header("Content-Range", "bytes 1-7/8"),
            "registry-invalid",
        ),
        ("absent", |_| Answer::error(404, "BLOB_UNKNOWN"), "registry-not-found"),
    ];
    for (what, lie, code) in lies {
        let (source, root) = filled(&[b"a layer"]);
        let target = Memory::default();
        let from = source.serve_through(move |seen, forward| {
            let answer = forward();
            if is_blob_read(seen) { lie(answer).into() } else { answer.into() }
        });
        let to = target.serve();
        let error = copy(&from, &to, &root).unwrap_err();
        assert_eq!(error.code().name(), code, "{what}: {error}");
        assert_eq!(target.with(NAME, |own| own.digests().len()), 0, "{what}");
        let sent = to.seen().into_iter().filter(is_upload).count();
        assert!(sent <= 1, "{what}: it is not sent again");
    }
}

#[test]
fn what_the_target_has_is_not_sent_whatever_a_head_says() {
    let (source, root) = filled(&[b"a layer"]);
    let target = Memory::default();
    copy(&source.serve(), &target.serve(), &root).unwrap();
    let to = target.serve_with(|seen| {
        let is_head = seen.method == "HEAD" && seen.path().contains("/blobs/");
        is_head.then(|| Answer::new(200, "", "").header("Content-Length", "85").into())
    });
    assert_eq!(counts(&copy(&source.serve(), &to, &root).unwrap()), (0, 0, 0, 0));
    // What is there and has another size is written anew.
    target.with(NAME, |own| own.blobs.values_mut().for_each(|blob| blob.truncate(1)));
    let copied = copy(&source.serve(), &target.serve(), &root).unwrap();
    assert_eq!(copied.sent, 2);
    check_same(&source, &target, "again");
}

#[test]
fn layers_that_may_not_be_distributed_stay_where_they_are() {
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let restricted = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    for (media_type, is_there, has_urls, sent) in [
        (foreign, true, true, 1),
        (restricted, false, true, 1),
        (restricted, true, false, 2),
        (LAYER, true, true, 2),
        (LAYER, false, true, 1),
    ] {
        let source = Memory::default();
        let root = source.with(NAME, |own| {
            let mut layer = own.blob(media_type, b"a layer");
            if has_urls {
                layer.urls = vec!["https://example.com/layer".into()];
            }
            if !is_there {
                own.blobs.remove(&layer.digest);
            }
            let image = own.image("", &[layer]);
            manifest(own, &image)
        });
        let target = Memory::default();
        let copied = copy(&source.serve(), &target.serve(), &root).unwrap();
        assert_eq!((copied.sent, copied.manifests), (sent, 1), "{media_type} {is_there} {has_urls}");
    }
    // What has no other address is needed.
    let (source, root) = filled(&[b"a layer"]);
    source.with(NAME, |own| own.blobs.remove(&Digest::sha256(b"a layer")));
    assert_eq!(
        copy(&source.serve(), &Memory::default().serve(), &root).unwrap_err().code().name(),
        "registry-not-found"
    );
}

/// An index with two signatures that refer to it, an SBOM of its image with a signature of its own, and cosign's tags.
fn described(memory: &Memory) -> Manifest {
    memory.with(NAME, |own| {
        let layer = own.blob(LAYER, b"a layer");
        let image = own.image("", &[layer]);
        let index = own.index(vec![image.clone()]);
        let about = |own: &mut Contents, subject: &Descriptor, kind: &str| {
            let subject = serde_json::to_string(subject).unwrap();
            let content = own.blob("application/json", kind.as_bytes());
            own.image(&format!(r#""artifactType":"application/vnd.{kind}","subject":{subject},"#), &[content])
        };
        about(own, &index, "signature.one");
        about(own, &index, "signature.two");
        let sbom = about(own, &image, "sbom");
        about(own, &sbom, "signature.sbom");
        for (subject, kind) in [(&index, "sig"), (&index, "att"), (&image, "sbom")] {
            let content = own.blob("application/json", format!("cosign {kind}").as_bytes());
            let named = own.image("", &[content]);
            own.tags.insert(format!("sha256-{}.{kind}", subject.digest.hex()), named.digest);
        }
        manifest(own, &index)
    })
}

/// Gives a repository the tags that stand for a list of referrers.
fn with_fallback_tags(memory: &Memory) {
    memory.with(NAME, |own| {
        let mut lists: std::collections::BTreeMap<Digest, Vec<Descriptor>> = Default::default();
        for (digest, (media_type, bytes)) in &own.manifests {
            let Ok(image) = serde_json::from_slice::<bakeplan::internals::oci::ImageManifest>(bytes) else {
                continue;
            };
            let Some(subject) = image.subject else { continue };
            let mut one = Descriptor::new(media_type.clone(), digest.clone(), bytes.len() as u64);
            one.artifact_type = image.artifact_type;
            lists.entry(subject.digest).or_default().push(one);
        }
        for (subject, list) in lists {
            let index = own.index(list);
            own.tags.insert(format!("sha256-{}", subject.hex()), index.digest);
        }
    });
}

#[test]
fn what_says_something_about_an_image_comes_along() {
    for (from_has, to_has) in [(true, true), (true, false), (false, true), (false, false)] {
        let what = format!("{from_has} {to_has}");
        let source = Memory { has_referrers: from_has, ..Memory::default() };
        let root = described(&source);
        if !from_has {
            with_fallback_tags(&source);
        }
        let target = Memory { has_referrers: to_has, ..Memory::default() };
        let (from, to) = (source.serve(), target.serve());
        let copied = copy(&from, &to, &root).unwrap();
        assert!(copied.notes.is_empty(), "{what}: {:?}", copied.notes);
        // Asked in the same way, both tell the same.
        let told = |server: &Server| {
            let repository = Bench::new().repository(&format!("{}/{NAME}", server.host()));
            let list = |subject: &Digest| {
                let mut found =
                    bakeplan::internals::registry::Store::list_referrers(&repository, subject, None).unwrap();
                found.sort_by(|one, other| one.digest.cmp(&other.digest));
                found
            };
            let manifests: Vec<Digest> = source.with(NAME, |own| own.manifests.keys().cloned().collect());
            manifests.iter().map(list).filter(|found| !found.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(told(&from).len(), 3, "{what}");
        assert_eq!(told(&from), told(&to), "{what}");
        let signed = |memory: &Memory| {
            memory.with(NAME, |own| {
                let tags = own.tags.iter().filter(|(tag, _)| tag.contains('.'));
                tags.map(|(tag, digest)| (tag.clone(), digest.clone())).collect::<Vec<_>>()
            })
        };
        assert_eq!((signed(&target).len(), signed(&target)), (3, signed(&source)), "{what}");
        let fallbacks = target.with(NAME, |own| own.tags.keys().filter(|tag| !tag.contains('.')).count());
        assert_eq!(fallbacks, if to_has { 0 } else { 3 }, "{what}");
        let again = copy(&from, &to, &root).unwrap();
        assert_eq!(counts(&again), (0, 0, 0, 0), "{what}");
    }
}

#[test]
fn a_list_of_referrers_in_the_target_keeps_what_it_has() {
    let source = Memory { has_referrers: true, ..Memory::default() };
    let root = described(&source);
    let target = Memory::default();
    target.with(NAME, |own| {
        let other = own.image(r#""artifactType":"application/vnd.other","#, &[]);
        let list = own.index(vec![other]);
        own.tags.insert(format!("sha256-{}", root.digest.hex()), list.digest);
    });
    copy(&source.serve(), &target.serve(), &root).unwrap();
    let list = target.with(NAME, |own| {
        let digest = &own.tags[&format!("sha256-{}", root.digest.hex())];
        serde_json::from_slice::<bakeplan::internals::oci::Index>(&own.manifests[digest].1).unwrap()
    });
    assert_eq!(list.manifests.len(), 1 + 2);
}

#[test]
fn signatures_that_only_the_target_has_are_kept() {
    for (is_more, expected) in [(true, 0), (false, 1)] {
        let (source, target) = (Memory { has_referrers: true, ..Memory::default() }, Memory::default());
        let root = described(&source);
        let tag = format!("sha256-{}.sig", root.digest.hex());
        let own_signatures: &[&[u8]] = if is_more { &[b"cosign sig", b"of the target"] } else { &[] };
        let before = target.with(NAME, |own| {
            let layers: Vec<Descriptor> =
                own_signatures.iter().map(|content| own.blob("application/json", content)).collect();
            let digest = own.image("", &layers).digest;
            own.tags.insert(tag.clone(), digest.clone());
            digest
        });
        let copied = copy(&source.serve(), &target.serve(), &root).unwrap();
        let is_kept = target.with(NAME, |own| own.tags[&tag] == before);
        assert_eq!((is_kept, copied.notes.len()), (is_more, 1 - expected), "{:?}", copied.notes);
        if let [note] = copied.notes.as_slice() {
            assert!(note.message.contains(&format!("{tag}` stays as it is")), "{}", note.message);
        }
    }
}

#[test]
fn what_refers_to_an_image_and_may_not_be_listed_is_said() {
    for (what, answer) in [
        ("denied", Answer::error(403, "DENIED")),
        ("failed", Answer::error(500, "UNKNOWN")),
        ("no list", Answer::json(200, r#"{"manifests":7}"#)),
    ] {
        let source = Memory { has_referrers: true, ..Memory::default() };
        let root = described(&source);
        let target = Memory::default();
        let from =
            source.serve_with(move |seen| seen.path().contains("/referrers/").then(|| answer.clone().into()));
        let copied = copy(&from, &target.serve(), &root).unwrap();
        // The index and its image were asked about: that is one note.
        assert_eq!(copied.notes.len(), 1, "{what}: {:?}", copied.notes);
        let note = &copied.notes[0];
        assert!(note.message.starts_with("what refers to images in `127.0.0.1"), "{note:?}");
        assert!(note.notes[0].contains(root.digest.as_str()), "{note:?}");
        assert!(target.with(NAME, |own| own.manifests.contains_key(&root.digest)), "{what}");
    }
}

#[test]
fn what_contains_itself_or_too_much_ends() {
    let (source, root) = filled(&[b"a layer"]);
    // An index in an index, and so on.
    let deep = source.with(NAME, |own| {
        let mut inner =
            Descriptor::new(root.media_type.clone(), root.digest.clone(), root.bytes.len() as u64);
        for _ in 0..6 {
            inner = own.index(vec![inner]);
        }
        manifest(own, &inner)
    });
    let error = copy(&source.serve(), &Memory::default().serve(), &deep).unwrap_err();
    assert!(error.to_string().contains("too deep"), "{error}");
    let not_an_image = Manifest::new(bakeplan::internals::oci::OCI_MANIFEST, b"{}".to_vec());
    let error = copy(&source.serve(), &Memory::default().serve(), &not_an_image).unwrap_err();
    assert!(error.to_string().contains("not the manifest of an image"), "{error}");
}

#[test]
fn a_source_that_has_no_list_of_referrers_is_named() {
    type Fault = fn(&Seen) -> Option<Answer>;
    let is_asked = |seen: &Seen| seen.path().contains("/referrers/");
    let absent: [Fault; 5] = [
        |_| None,
        |_| Some(Answer::error(404, "UNSUPPORTED")),
        |_| Some(Answer::error(400, "UNSUPPORTED")),
        |_| Some(Answer::new(405, "text/html", "<html>")),
        |_| Some(Answer::new(501, "", "")),
    ];
    for (at, fault) in absent.into_iter().enumerate() {
        // Of the index, of its image, of both, of none.
        for listed in [vec![true, false], vec![false, true], vec![true, true], vec![]] {
            let source = Memory::default();
            let root = described(&source);
            with_fallback_tags(&source);
            source.with(NAME, |own| {
                let subject = |tag: &str| {
                    tag.strip_prefix("sha256-").filter(|rest| rest.len() == 64).map(str::to_owned)
                };
                own.tags.retain(|tag, _| {
                    let Some(hex) = subject(tag) else { return true };
                    let of = usize::from(hex != root.digest.hex());
                    listed.get(of).copied().unwrap_or(false)
                });
            });
            let from =
                source.serve_with(move |seen| fault(seen).filter(|_| is_asked(seen)).map(Reply::Whole));
            let copied = copy(&from, &Memory::default().serve(), &root).unwrap();
            let codes: Vec<&str> = copied.notes.iter().map(|note| note.code.name()).collect();
            let expected: &[&str] = if listed.is_empty() { &["no-referrers"] } else { &[] };
            assert_eq!(codes, expected, "{at} {listed:?}");
            if let [note] = copied.notes.as_slice() {
                let name = format!("`{}/{NAME}` has no list of what refers to an image", from.host());
                assert!(note.message.starts_with(&name), "{}", note.message);
            }
        }
    }
    // One that has the list, and nothing in it, has answered.
    let (source, root) = filled(&[b"a layer"]);
    let source = Memory { has_referrers: true, ..source };
    assert_eq!(copy(&source.serve(), &Memory::default().serve(), &root).unwrap().notes, []);
}
