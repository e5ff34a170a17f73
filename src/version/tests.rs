//! Tests of `version`.

use std::cmp::Ordering;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::{Class, Scheme, Tails, Version};

#[track_caller]
fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

#[test]
fn the_text_is_kept_and_cut_as_written() {
    for (text, without_v, parts) in [
        ("24.04", "24.04", [Some("24"), Some("04"), None]),
        ("v1.2.3-rc.1", "1.2.3-rc.1", [Some("1"), Some("2"), Some("3")]),
        ("V2026.03.0", "2026.03.0", [Some("2026"), Some("03"), Some("0")]),
        ("19beta3", "19beta3", [Some("19"), None, None]),
        ("11.0.100.7-x", "11.0.100.7-x", [Some("11"), Some("0"), Some("100")]),
        ("1+b.7", "1+b.7", [Some("1"), None, None]),
    ] {
        let version = version(text);
        assert_eq!(version.text(), text);
        assert_eq!(version.to_string(), text);
        assert_eq!(version.without_v(), without_v);
        assert_eq!([version.major(), version.minor(), version.patch()], parts, "{text}");
    }
    let version = version("v24.04.1rc1+b.7");
    assert_eq!(
        [0, 1, 2, 3, 4].map(|count| version.prefix(count)),
        [None, Some("24"), Some("24.04"), Some("24.04.1"), None]
    );
    assert_eq!(version.numbers().iter().map(super::Number::value).collect::<Vec<_>>(), [24, 4, 1]);
    assert_eq!(version.build.as_str(), "b.7");
}

#[test]
fn known_markers_alone_make_a_prerelease() {
    for text in [
        "3.15.0rc1",
        "8.5.10RC1",
        "1.2.3-rc.1",
        "1.2.3-rc",
        "1.2.3_rc_1",
        "19beta3",
        "1.0a1",
        "1.0b2",
        "1.0c3",
        "11.0.0-preview.7",
        "11.0.100-preview.7.26123.1",
        "2.0.0-M1",
        "2.0.0.M1",
        "2.0.0.CR2",
        "1.0-SNAPSHOT",
        "1.0-20260101.1-SNAPSHOT",
        "1.0.dev1",
        "1.0-dev",
        "1.0-pre",
        "1.0-alpha",
        "4.0.0-java17-rc1",
        "26-ea+12",
        "v1.47.0-RC1",
        "1.0.0-rc1+b",
        "1.0.0-nightly20260101",
    ] {
        assert!(version(text).is_prerelease(), "{text}");
    }
    for text in [
        "3.14.7",
        "24.04",
        "1.2.3-r2",
        "1.2.3p1",
        "5.0.0.Final",
        "1.2.3-1",
        "1.1.1w",
        "1.0.post1",
        "17.0.1_12",
        "1.0.0+k3s1",
        "1.2.3-r2-b1",
    ] {
        assert_eq!(version(text).class(), Class::Stable, "{text}");
    }
    for text in
        ["1.2.3-a1b2c3d", "1.2.3-ea12345", "1.2.3-c1234567", "1.2.3-alpine", "1.2.3-development", "1.0.0+rc1"]
    {
        assert_eq!(version(text).class(), Class::Unknown, "{text}");
    }
}

#[test]
fn calendar_versions_keep_their_pieces() {
    let calver = |text: &str| Version::parse(text, Scheme::Calver).expect("a version");
    let day = calver("2026-03-01");
    assert_eq!([day.major(), day.minor(), day.patch()], [Some("2026"), Some("03"), Some("01")]);
    assert_eq!([day.prefix(2), day.prefix(3)], [Some("2026-03"), Some("2026-03-01")]);
    assert!(calver("2026-03-01") < calver("2026-03-01.2") && calver("2026-03-01.2") < calver("2026-03-02"));
    assert!(calver("2026.03-rc1").is_prerelease());
    assert!(Version::parse("2026-03-01.2.3.4.5", Scheme::Calver).is_err());
}

#[test]
fn strict_versions_are_semver() {
    let strict = |text: &str| Version::parse(text, Scheme::Semver);
    assert!(strict("1.2.3-1").expect("SemVer").is_prerelease());
    assert_eq!(strict("v1.2.3").expect("SemVer").text(), "v1.2.3");
    let error = strict("1.02.3").expect_err("no SemVer");
    assert_eq!(
        error.to_string(),
        "version \"1.02.3\" is not valid SemVer: invalid leading zero in minor version number"
    );
}

#[test]
fn invalid_versions_are_explained() {
    for (text, message) in [
        ("", "version is empty"),
        ("v", "version \"v\" does not begin with a number"),
        ("latest", "version \"latest\" does not begin with a number"),
        ("vv1", "version \"vv1\" does not begin with a number"),
        ("+b", "version \"+b\" does not begin with a number"),
        ("-1", "version \"-1\" does not begin with a number"),
        ("1.2.3.4.5.6.7", "version \"1.2.3.4.5.6.7\" has more than 6 numbers"),
        ("18446744073709551616", "number 18446744073709551616 of the version is too large"),
        (
            "1.2 ",
            "version \"1.2 \" must not contain ' '; allowed are letters, digits, `.`, `-`, `_` and one `+`",
        ),
        (
            "1!2",
            "version \"1!2\" must not contain '!'; allowed are letters, digits, `.`, `-`, `_` and one `+`",
        ),
        (
            "1+a+b",
            "version \"1+a+b\" must not contain '+'; allowed are letters, digits, `.`, `-`, `_` and one `+`",
        ),
        ("1.", "version \"1.\" has an empty part, between two separators or at its end"),
        ("1..2", "version \"1..2\" has an empty part, between two separators or at its end"),
        ("1-rc-", "version \"1-rc-\" has an empty part, between two separators or at its end"),
        ("1+", "version \"1+\" has an empty part, between two separators or at its end"),
        ("1+a..b", "version \"1+a..b\" has an empty part, between two separators or at its end"),
    ] {
        let error = text.parse::<Version>().expect_err("no version");
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn versions_sort_as_their_authors_meant() {
    let ascending = [
        "0.9",
        "1.0.0.dev1",
        "1.0.0a1",
        "1.0.0-alpha.2",
        "1.0.0alpha10",
        "1.0.0-beta.1",
        "1.0.0-M1",
        "1.0.0-preview.7",
        "1.0.0-rc",
        "1.0.0RC1",
        "1.0.0rc9",
        "1.0.0-rc10",
        "1.0.0-SNAPSHOT",
        "1",
        "1.0",
        "1.0.0",
        "1.0.0.0",
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0.Final",
        "1.0.0-r2",
        "1.0.0-r10",
        "1.0.1",
        "1.2",
        "1.10",
        "8.5.9",
        "8.5.10RC1",
        "24.04",
        "24.10",
    ];
    for (i, a) in ascending.iter().enumerate() {
        for (j, b) in ascending.iter().enumerate() {
            assert_eq!(version(a).cmp(&version(b)), i.cmp(&j), "{a} {b}");
        }
    }
}

#[test]
fn precedence_leaves_the_spelling_out() {
    for (a, b) in [
        ("3.14", "3.14.0"),
        ("v1.2", "1.2"),
        ("1.2+a", "1.2+b"),
        ("24.4", "24.04"),
        ("1.0rc1", "1.0-rc.01"),
        ("1.0a1", "1.0-ALPHA.1"),
    ] {
        assert_eq!(version(a).cmp_precedence(&version(b)), Ordering::Equal, "{a} {b}");
        assert_ne!(version(a).cmp(&version(b)), Ordering::Equal, "{a} {b}");
    }
}

/// SemVer as people write it: a known marker, then identifiers of letters or of digits.
fn semver_text() -> impl Strategy<Value = String> {
    let identifier = "(0|[1-9][0-9]{0,2}|[a-zA-Z]{1,3})".prop_filter("sorts apart", |text| {
        !text.eq_ignore_ascii_case("dev") && Tails::default().read(text).markers == [None]
    });
    let prerelease = (
        proptest::sample::select(vec!["alpha", "beta", "pre", "preview", "rc"]),
        proptest::collection::vec(identifier, 0..3),
    )
        .prop_map(|(marker, identifiers)| {
            std::iter::once(marker.to_owned()).chain(identifiers).collect::<Vec<_>>().join(".")
        });
    ("(0|1|10)\\.(0|1|10)\\.(0|1|10)", proptest::option::of(prerelease), proptest::option::of("[a-z]{1,2}"))
        .prop_map(|(numbers, prerelease, build)| {
            let prerelease = prerelease.map(|text| format!("-{text}")).unwrap_or_default();
            let build = build.map(|text| format!("+{text}")).unwrap_or_default();
            format!("{numbers}{prerelease}{build}")
        })
}

proptest! {
    #[test]
    fn semver_is_ordered_as_semver_is(a in semver_text(), b in semver_text()) {
        let theirs = [&a, &b].map(|text| semver::Version::parse(text).expect("SemVer"));
        prop_assert_eq!(version(&a).cmp(&version(&b)), theirs[0].cmp(&theirs[1]));
        prop_assert_eq!(
            version(&a).cmp_precedence(&version(&b)),
            theirs[0].cmp_precedence(&theirs[1])
        );
        prop_assert_eq!(version(&a).is_prerelease(), !theirs[0].pre.is_empty());
    }

    #[test]
    fn the_strict_scheme_is_the_crate_s(a in "[0-2]\\.[0-2]\\.[0-2](-[0-9a-zA-Z-]{1,3}(\\.[a-z]{1,2})?)?(\\+[ab])?", b in "[0-2]\\.[0-2]\\.[0-2](-[0-9a-zA-Z-]{1,3}(\\.[a-z]{1,2})?)?") {
        let ours = [&a, &b].map(|text| Version::parse(text, Scheme::Semver));
        let theirs = [&a, &b].map(|text| semver::Version::parse(text));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            prop_assert_eq!(ours.is_ok(), theirs.is_ok());
        }
        if let ([Ok(a), Ok(b)], [Ok(c), Ok(d)]) = (&ours, &theirs) {
            prop_assert_eq!(a.cmp(b), c.cmp(d));
            prop_assert_eq!(a.is_prerelease(), !c.pre.is_empty());
        }
    }

    #[test]
    fn the_order_is_total(texts in proptest::collection::vec("v?[01](\\.0?[01]){0,2}([.-]?(a|b|rc|dev|r|1|RC)[01]?){0,2}(\\+[ab])?", 3)) {
        let versions: Vec<Version> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        for a in &versions {
            for b in &versions {
                prop_assert_eq!(a.cmp(b), b.cmp(a).reverse());
                prop_assert_eq!(a.cmp(b) == Ordering::Equal, a == b);
                for c in &versions {
                    prop_assert!(!(a <= b && b <= c) || a <= c);
                }
            }
        }
    }

    #[test]
    fn all_semver_is_a_version(numbers in "(0|1|10)\\.(0|1|10)\\.(0|1|10)", rest in "(-[a-zA-Z1-9]{1,4}(\\.[a-z1-9]{1,4})?)?(\\+[0-9a-z]{1,4})?") {
        let text = format!("{numbers}{rest}");
        prop_assert!(semver::Version::parse(&text).is_ok());
        prop_assert_eq!(version(&text).to_string(), text);
    }

    #[test]
    fn nothing_panics(text in any::<String>()) {
        if let Ok(version) = text.parse::<Version>() {
            prop_assert_eq!(version.text(), text);
        }
    }
}
