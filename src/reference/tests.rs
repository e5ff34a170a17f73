//! Tests of `reference`.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{Digest, Reference, ReferenceError, Registry, Repository, Tag};

/// Inputs and what Go's distribution/reference answers to them, as JSON.
const CASES: &str = include_str!("../../tests/data/references.tsv");

#[track_caller]
fn repository(text: &str) -> Repository {
    text.parse().expect("a repository")
}

#[track_caller]
fn assert_error<T: std::str::FromStr<Err = ReferenceError> + std::fmt::Debug>(text: &str, message: &str) {
    let error = text.parse::<T>().expect_err("the text is wrong");
    assert_eq!(error.to_string(), message, "{text}");
}

#[test]
fn references_are_read_as_go_reads_them() {
    let mut checked = 0;
    for line in CASES.lines().filter(|line| !line.starts_with('#')) {
        let (input, answer) = line.split_once('\t').expect("two columns");
        let input: String = serde_json::from_str(input).expect("a JSON string");
        let answer: serde_json::Value = serde_json::from_str(answer).expect("a JSON object");
        let field = |name: &str| answer[name].as_str();
        let ours = input.parse::<Reference>();
        checked += 1;
        if field("err").is_some() {
            assert!(ours.is_err(), "{input}: Go says {answer}, we say {ours:?}");
            continue;
        }
        if field("domain") == Some("") {
            // Documented difference: Go makes a repository without a registry of it.
            assert!(ours.is_err(), "{input}: {ours:?}");
            continue;
        }
        let ours = ours.unwrap_or_else(|error| panic!("{input}: {error}"));
        // Documented difference: hosts have no case.
        let domain = match field("domain").expect("a domain") {
            "GHCR.io" => "ghcr.io",
            domain => domain,
        };
        assert_eq!(ours.repository().registry().as_str(), domain, "{input}");
        assert_eq!(Some(ours.repository().path()), field("path"), "{input}");
        assert_eq!(ours.tag().map(Tag::as_str), field("tag"), "{input}");
        assert_eq!(ours.digest().map(Digest::as_str), field("digest"), "{input}");
    }
    assert_eq!(checked, 73);
}

#[test]
fn errors_are_precise() {
    let long_path = format!("ghcr.io/{}", "a".repeat(256));
    let long_tag = format!("a:{}", "x".repeat(129));
    let short_digest = "a@sha256:abc";
    for (text, message) in [
        ("", "repository name is empty"),
        ("ghcr.io/", "repository name is empty"),
        ("ghcr.io/o//a", "component of the repository name is empty"),
        ("ghcr.io/O/a", "repository name must be lowercase: \"O/a\""),
        (
            "a b",
            "repository name must not contain ' '; allowed are lowercase letters, digits, `.`, `_`, `-` and `/`",
        ),
        ("a_", "component of the repository name must not end with '_'"),
        ("-a", "component of the repository name must not begin with '-'"),
        (
            "a..b",
            "repository name must not contain \"..\" between letters or digits; allowed are `.`, `_`, `__` and any number of `-`",
        ),
        (&long_path, "repository name is 256 characters long; at most 255 are allowed"),
        (&long_tag, "tag is 129 characters long; at most 128 are allowed"),
        ("a:", "tag is empty"),
        ("a:-b", "tag must not begin with '-'"),
        ("a:b+c", "tag must not contain '+'; allowed are ASCII letters, digits, `_`, `.` and `-`"),
        ("a:ü", "tag must not contain 'ü'; allowed are ASCII letters, digits, `_`, `.` and `-`"),
        ("a@", "digest is empty"),
        ("a@abc", "digest has no algorithm; expected for example `sha256:` and 64 hexadecimal digits"),
        ("a@md5:abc", "digest algorithm \"md5\" is not supported; expected sha256, sha384 or sha512"),
        (short_digest, "sha256 digest is 3 characters long; expected 64"),
        ("a@sha256:ABC", "digest must not contain 'A'; allowed are lowercase hexadecimal digits"),
        ("https://ghcr.io/a", "a reference has no scheme; leave out `https://`"),
        ("ghcr.io:/a", "port of the registry is empty"),
        ("ghcr.io:x/a", "port of the registry must not contain 'x'; allowed are digits"),
        ("foo_bar.com/a", "registry must not contain '_'; allowed are letters, digits, `.` and `-`"),
        ("a..b/c", "label of the registry's host is empty"),
        ("-a.b/c", "label of the registry's host must not begin with '-'"),
        ("[::1/c", "registry \"[::1\" is not an IPv6 address in brackets with an optional port"),
        ("[::1]x/c", "registry \"[::1]x\" is not an IPv6 address in brackets with an optional port"),
    ] {
        assert_error::<Reference>(text, message);
    }
    let hex = "0123456789abcdef".repeat(4);
    let image_id = "repository name must not be 64 hexadecimal digits; Docker takes those for an image id";
    assert_error::<Reference>(&hex, image_id);
    assert_error::<Repository>("a:1", "a repository is expected here, without a tag; leave out `:1`");
    let pinned = format!("a:1@sha256:{hex}");
    assert_error::<Repository>(
        &pinned,
        &format!("a repository is expected here, without a digest; leave out `@sha256:{hex}`"),
    );
    assert_error::<Registry>("", "registry is empty");
    assert_error::<Registry>("https://ghcr.io", "a reference has no scheme; leave out `https://`");
}

#[test]
fn the_short_form_of_a_hub_repository_is_read() {
    let hex = "a".repeat(64);
    for (short, full) in [
        ("ubuntu", "docker.io/library/ubuntu"),
        ("acme/app", "docker.io/acme/app"),
        ("library/a/b", "docker.io/library/a/b"),
        ("localhost", "docker.io/library/localhost"),
        ("docker.io/localhost/a", "docker.io/localhost/a"),
        ("docker.io/a.b/c", "docker.io/a.b/c"),
        (&format!("library/{hex}"), &format!("docker.io/library/{hex}")),
        ("ghcr.io/library/ubuntu", "ghcr.io/library/ubuntu"),
    ] {
        assert_eq!(repository(short).to_string(), full);
    }
}

#[test]
fn hosts_have_no_case() {
    assert_eq!(repository("GHCR.IO:80/a").to_string(), "ghcr.io:80/a");
    assert_eq!(repository("Docker.io/ubuntu").to_string(), "docker.io/library/ubuntu");
    assert_eq!(repository("LOCALHOST/a").to_string(), "localhost/a");
    assert_eq!(repository("Foo/bar").to_string(), "Foo/bar");
    assert_eq!("Index.Docker.io".parse::<Registry>().map(|r| r.is_docker_hub()), Ok(true));
    assert_eq!("Foo".parse::<Registry>().map(|r| r.to_string()), Ok("foo".to_owned()));
}

#[test]
fn digests_have_two_halves() {
    let text = format!("sha384:{}", "0f".repeat(48));
    let digest: Digest = text.parse().expect("a digest");
    assert_eq!((digest.algorithm(), digest.hex()), ("sha384", &text[7..]));
    let pinned: Reference = format!("ghcr.io/a@{text}").parse().expect("a reference");
    assert_eq!(pinned.digest(), Some(&digest));
}

#[test]
fn a_tag_joins_its_repository() {
    let tag: Tag = "24.04".parse().expect("a tag");
    let reference = repository("ubuntu").with_tag(tag);
    assert_eq!(reference.to_string(), "docker.io/library/ubuntu:24.04");
}

proptest! {
    #[test]
    fn what_parses_prints_to_the_same(
        text in "([a-zA-Z.]{1,5}(:[0-9]{1,2})?/)?[a-z._/-]{1,8}(:[a-zA-Z0-9_.-]{1,4})?(@sha256:[0-9a-f]{64})?",
    ) {
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
        }
    }

    #[test]
    fn nothing_panics(text in any::<String>()) {
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert!(reference.to_string().is_ascii());
        }
        let _ = text.parse::<Registry>();
        let _ = text.parse::<Digest>();
    }
}
