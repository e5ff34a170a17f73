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
            vec![4 * MB; times + 1]
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
    assert_eq!(sent(&to).len(), 6);
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
