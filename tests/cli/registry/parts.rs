//! Blobs that arrive in parts: what is too large at once, and what broke off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::copy::{NAME, check_same, copy, filled};
use crate::loopback::{Answer, Reply, Seen, Server};
use crate::memory::Memory;

const MB: usize = 1 << 20;

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

fn is_sent(seen: &Seen) -> bool {
    ["PUT", "PATCH"].contains(&seen.method.as_str()) && seen.path().contains("/blobs/uploads/")
}

/// The bytes of each request that sends some of a large blob.
fn sent(server: &Server) -> Vec<usize> {
    let large = |seen: &Seen| is_sent(seen) && seen.body.len() > 1000;
    server.seen().iter().filter(|seen| large(seen)).map(|seen| seen.body.len()).collect()
}

/// A registry that takes at most so many bytes at once.
fn narrow(target: &Memory, most: usize) -> Server {
    target.serve_with(move |seen| {
        let is_too_large = is_sent(seen) && seen.body.len() > most;
        is_too_large.then(|| Answer::new(413, "text/html", "<html>").into())
    })
}

#[test]
fn what_is_too_large_at_once_is_sent_in_parts() {
    for (most, parts) in [
        (5 * MB, vec![5 * MB]),
        (3 * MB, vec![5 * MB, 5 * MB / 2, 5 * MB / 2]),
        (MB, vec![5 * MB, 5 * MB / 2, 5 * MB / 4, 5 * MB / 8]),
    ] {
        let (source, root) = filled(&[&content(5 * MB)]);
        let target = Memory::default();
        let to = narrow(&target, most);
        copy(&source.serve(), &to, &root).unwrap();
        check_same(&source, &target, &format!("{most}"));
        let sent = sent(&to);
        assert_eq!(sent[..parts.len()], parts, "{most}: {sent:?}");
        let taken: usize = sent.iter().filter(|size| **size <= most).sum();
        assert_eq!(taken, 5 * MB, "{most}: nothing is sent twice: {sent:?}");
    }
}

#[test]
fn parts_are_not_halved_for_ever() {
    let (source, root) = filled(&[&content(5 * MB)]);
    let target = Memory::default();
    let to = narrow(&target, 1000);
    let error = copy(&source.serve(), &to, &root).unwrap_err();
    assert_eq!(error.code().name(), "registry-rejected", "{error}");
    let sent = sent(&to);
    assert_eq!((sent.len(), sent.last()), (6, Some(&(256 << 10))), "{sent:?}");
    assert!(target.with(NAME, |own| own.manifests.is_empty()));
}

/// A registry that keeps half of what the first requests send, and breaks the connection; `forgets` is whether it knows
/// nothing of that afterwards.
fn breaking(target: &Memory, times: usize, forgets: bool) -> Server {
    let (count, own) = (Arc::new(AtomicUsize::new(0)), target.clone());
    target.serve_through(move |seen, forward| {
        if forgets && seen.method == "GET" && seen.path().contains("/uploads/") {
            return Answer::error(404, "BLOB_UPLOAD_UNKNOWN").into();
        }
        if !is_sent(seen) || seen.body.len() < 1000 || count.fetch_add(1, Ordering::SeqCst) >= times {
            return forward().into();
        }
        let mut uploads = own.uploads.lock().unwrap();
        let arrived = uploads.entry(seen.path().to_owned()).or_default();
        arrived.extend(&seen.body[..seen.body.len() / 2]);
        Reply::Reset
    })
}

#[test]
fn what_broke_off_goes_on_where_it_was() {
    for (times, forgets) in [(1, false), (2, false), (3, false), (1, true), (2, true)] {
        let what = format!("{times} {forgets}");
        let (source, root) = filled(&[&content(4 * MB)]);
        let target = Memory::default();
        let to = breaking(&target, times, forgets);
        copy(&source.serve(), &to, &root).unwrap_or_else(|error| panic!("{what}: {error}"));
        check_same(&source, &target, &what);
        let sent = sent(&to);
        let expected: Vec<usize> = if forgets {
            // In parts, since too much at once may be what broke it; then all again, as parts broke off, too.
            [&[4 * MB][..], if times == 1 { &[2 * MB, 2 * MB] } else { &[2 * MB, 4 * MB] }].concat()
        } else {
            (0..=times).map(|time| (4 * MB) >> time).collect()
        };
        assert_eq!(sent, expected, "{what}");
    }
}

#[test]
fn what_goes_on_breaking_off_ends() {
    let (source, root) = filled(&[&content(4 * MB)]);
    let target = Memory::default();
    let to = target.serve_with(|seen| (is_sent(seen) && seen.body.len() > 1000).then_some(Reply::Reset));
    let error = copy(&source.serve(), &to, &root).unwrap_err();
    assert_eq!(error.code().name(), "registry-network", "{error}");
    let sent = sent(&to);
    assert!((6..=40).contains(&sent.len()), "{sent:?}");
    assert_eq!(sent.iter().filter(|size| **size == 4 * MB).count(), 3, "{sent:?}");
}

/// A proxy that breaks the connection when too much comes at once.
fn curt(target: &Memory, most: usize, fault: fn(&Seen) -> Option<Answer>) -> Server {
    target.serve_with(move |seen| match fault(seen) {
        Some(answer) => Some(answer.into()),
        None => (is_sent(seen) && seen.body.len() > most).then_some(Reply::Reset),
    })
}

#[test]
fn what_breaks_off_as_it_is_too_large_is_sent_in_parts() {
    for (most, name, fault) in [
        (3 * MB, "a registry that says what it has", (|_| None) as fn(&Seen) -> Option<Answer>),
        (MB, "smaller", |_| None),
        (600 << 10, "smaller yet", |_| None),
        (3 * MB, "a registry that does not say", |seen| {
            let is_status = seen.method == "GET" && seen.path().contains("/uploads/");
            is_status.then(|| Answer::error(404, "UNSUPPORTED"))
        }),
        (MB, "smaller, and it does not say", |seen| {
            let is_status = seen.method == "GET" && seen.path().contains("/uploads/");
            is_status.then(|| Answer::error(405, "UNSUPPORTED"))
        }),
    ] {
        let (source, root) = filled(&[&content(5 * MB)]);
        let target = Memory::default();
        let to = curt(&target, most, fault);
        copy(&source.serve(), &to, &root).unwrap_or_else(|error| panic!("{name}: {error}"));
        check_same(&source, &target, name);
        let sent = sent(&to);
        let taken: usize = sent.iter().filter(|size| **size <= most).sum();
        assert_eq!((sent[0], taken), (5 * MB, 5 * MB), "{name}: {sent:?}");
    }
}

/// That parts could help was a guess: where a registry does not take them, all is sent again.
#[test]
fn parts_that_are_refused_do_not_end_what_only_broke_off() {
    for status in [400, 404, 405, 501] {
        let (source, root) = filled(&[&content(4 * MB)]);
        let (target, count) = (Memory::default(), AtomicUsize::new(0));
        let to = target.serve_with(move |seen| match seen.method.as_str() {
            "PATCH" => Some(Answer::error(status, "UNSUPPORTED").into()),
            "PUT" if is_sent(seen) && seen.body.len() > 1000 => {
                (count.fetch_add(1, Ordering::SeqCst) == 0).then_some(Reply::Reset)
            }
            _ => None,
        });
        copy(&source.serve(), &to, &root).unwrap_or_else(|error| panic!("{status}: {error}"));
        check_same(&source, &target, &status.to_string());
        assert_eq!(sent(&to).iter().filter(|size| **size == 4 * MB).count(), 2);
    }
}

/// `OCI-Chunk-Min-Length`: no part but the last one is shorter.
#[test]
fn parts_are_as_long_as_the_registry_wants_them() {
    for (least, most, expected) in [
        ("1000", 3 * MB, Some(vec![5 * MB / 2, 5 * MB / 2])),
        ("3145728", 4 * MB, Some(vec![3 * MB, 2 * MB])),
        ("2097152", 2 * MB, Some(vec![5 * MB / 2, 2 * MB, 2 * MB, MB])),
        ("what", 3 * MB, Some(vec![5 * MB / 2, 5 * MB / 2])),
        ("", 3 * MB, Some(vec![5 * MB / 2, 5 * MB / 2])),
        // Longer than the proxy lets through.
        ("3145728", 2 * MB, None),
    ] {
        let (source, root) = filled(&[&content(5 * MB)]);
        let target = Memory::default();
        let to = target.serve_through(move |seen, forward| {
            if is_sent(seen) && seen.body.len() > most {
                return Answer::new(413, "text/html", "<html>").into();
            }
            let answer = forward();
            let begins = seen.method == "POST" && answer.status == 202;
            (if begins { answer.header("OCI-Chunk-Min-Length", least) } else { answer }).into()
        });
        let outcome = copy(&source.serve(), &to, &root);
        let sent = sent(&to);
        match expected {
            Some(expected) => {
                outcome.unwrap_or_else(|error| panic!("{least}: {error}"));
                check_same(&source, &target, least);
                assert_eq!(sent[1..], expected, "{least}");
            }
            None => {
                assert_eq!(outcome.unwrap_err().code().name(), "registry-rejected");
                assert_eq!(sent[1..], [3 * MB], "it is not sent shorter");
            }
        }
    }
    // More than is kept in memory: nothing is sent in parts.
    let (source, root) = filled(&[&content(5 * MB)]);
    let target = Memory::default();
    let to = target.serve_through(move |seen, forward| {
        if is_sent(seen) && seen.body.len() > 3 * MB {
            return Answer::new(413, "text/html", "<html>").into();
        }
        forward().header("OCI-Chunk-Min-Length", "99999999999").into()
    });
    // All of a blob in one part is as long as it can be.
    assert!(copy(&source.serve(), &to, &root).is_err());
}

#[test]
fn an_offset_that_makes_no_sense_is_an_error() {
    // Of the first request nothing is known; then the registry says this of what it has.
    for range in ["5-9", "x", "0-", "0-99999999999", "0-18446744073709551615", "-1"] {
        let (source, root) = filled(&[&content(4 * MB)]);
        let target = Memory::default();
        let to = target.serve_with(move |seen| match seen.method.as_str() {
            "GET" if seen.path().contains("/uploads/") => {
                Some(Answer::new(204, "", "").header("Range", range).into())
            }
            "PUT" if is_sent(seen) && seen.body.len() > 1000 => Some(Reply::Reset),
            _ => None,
        });
        let error = copy(&source.serve(), &to, &root).unwrap_err();
        assert_eq!(error.code().name(), "registry-invalid", "{range}: {error}");
        assert!(to.seen().len() < 20, "{range}: {}", to.seen().len());
    }
    // What it says of a part: too much, less than before, and nothing new again and again.
    for (range, first) in
        [("0-9999999", "0-9999999"), ("0-99", "0-2097151"), ("0-0", "0-0"), ("7", "0-2097151")]
    {
        let (source, root) = filled(&[&content(4 * MB)]);
        let (target, count) = (Memory::default(), AtomicUsize::new(0));
        let to = target.serve_with(move |seen| {
            if is_sent(seen) && seen.body.len() > 3 * MB {
                return Some(Answer::new(413, "", "").into());
            }
            let is_part = seen.method == "PATCH" && seen.body.len() > 1000;
            is_part.then(|| {
                let told = if count.fetch_add(1, Ordering::SeqCst) == 0 { first } else { range };
                Answer::new(202, "", "").header("Range", told).into()
            })
        });
        let error = copy(&source.serve(), &to, &root).unwrap_err();
        assert_eq!(error.code().name(), "registry-invalid", "{range}: {error}");
        assert!(to.seen().len() < 30, "{range}: {}", to.seen().len());
        assert!(target.with(NAME, |own| own.manifests.is_empty()), "{range}");
    }
}
