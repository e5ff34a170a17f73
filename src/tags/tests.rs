//! Tests of `tags`.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_assume, proptest};

use super::{Candidate, CandidateName, Claim, Share, TagError, claim, default_patterns, has_whole_version};
use super::{VariantTags, losses, own, suffixes};
use crate::form::Form;
use crate::reference::Tag;
use crate::version::Version;
use indexmap::IndexSet;

#[track_caller]
fn versions(texts: &[&str]) -> Vec<Version> {
    texts.iter().map(|text| text.parse().expect("a version")).collect()
}

fn named(name: &str, claim: Claim) -> CandidateName {
    CandidateName { name: name.to_owned(), claim, form: Form::text(name), span: None }
}

/// What the default patterns give, as far as the version has the numbers.
fn candidate(version: &Version) -> Candidate<'_> {
    let names = default_patterns().into_iter().filter_map(|pattern| match pattern {
        "{{ version }}" => Some(version.without_v()),
        "{{ major }}.{{ minor }}" => version.prefix(2),
        "{{ major }}" => version.prefix(1),
        other => Some(other),
    });
    let names = names.map(|name| named(name, claim(name, version, 0, false, false))).collect();
    Candidate {
        version,
        competes_for_latest: true,
        is_withdrawn: false,
        suffixes: IndexSet::from([String::new()]),
        names,
    }
}

fn own_defaults(versions: &[Version]) -> Result<Vec<Share>, Vec<TagError>> {
    own(&versions.iter().map(candidate).collect::<Vec<_>>(), &[])
}

/// The tags of each version joined by spaces, those it yields behind them with their owners.
#[track_caller]
fn shares(candidates: &[Candidate<'_>], known: &[Version]) -> Vec<String> {
    let shares = own(candidates, known).expect("owners");
    let text = |share: &Share| {
        let owned = share.owned.iter().map(|tag| tag.name.clone());
        let yielded = share.yielded.iter().map(|tag| format!("({}: {})", tag.name, tag.owner));
        owned.chain(yielded).collect::<Vec<_>>().join(" ")
    };
    shares.iter().map(text).collect()
}

fn variant<'a>(version: &'a Version, axes: &[&[&str]]) -> Candidate<'a> {
    let axes: Vec<Vec<String>> =
        axes.iter().map(|axis| axis.iter().map(|&name| name.to_owned()).collect()).collect();
    let suffixes = suffixes(&axes, VariantTags::Product).expect("few");
    Candidate { suffixes, ..candidate(version) }
}

/// The tags of each version joined by spaces.
#[track_caller]
fn tags(texts: &[&str]) -> Vec<String> {
    let owned = own_defaults(&versions(texts)).expect("owners");
    owned
        .iter()
        .map(|share| share.owned.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn owners_are_those_of_the_official_images() {
    assert_eq!(
        tags(&["3.13.15", "3.15.0rc1", "3.14.7"]),
        ["3.13.15 3.13", "3.15.0rc1", "3.14.7 3.14 3 latest"]
    );
    assert_eq!(tags(&["19beta3", "18.6", "17.11"]), ["19beta3", "18.6 18 latest", "17.11 17"]);
    assert_eq!(tags(&["8.8.2", "8.10.1", "7.4.11"]), ["8.8.2 8.8", "8.10.1 8.10 8 latest", "7.4.11 7.4 7"]);
    assert_eq!(tags(&["8.5.9", "8.5.10RC1"]), ["8.5.9 8.5 8 latest", "8.5.10RC1"]);
    assert_eq!(tags(&["24.04", "22.04"]), ["24.04 24 latest", "22.04 22"]);
    assert_eq!(tags(&["3"]), ["3 latest"]);
    assert_eq!(tags(&["2.0.0-rc.1"]), ["2.0.0-rc.1"]);
    assert!(tags(&[]).is_empty());
}

#[test]
fn a_part_cut_out_of_the_whole_version_is_that_part() {
    let versions = versions(&["2023.01.1", "19beta3"]);
    for (name, expected) in [
        ("2023", Claim::Versions(1)),
        ("2023.01", Claim::Versions(2)),
        ("v2023-slim", Claim::Versions(1)),
        ("2023-01-1", Claim::Literal),
        ("202301", Claim::Versions(3)),
        ("2023.01.1", Claim::Literal),
    ] {
        assert_eq!(claim(name, &versions[0], usize::MAX, false, false), expected, "{name}");
    }
    assert_eq!(claim("19", &versions[1], usize::MAX, false, false), Claim::Versions(1));
}

#[test]
fn floating_tags_say_why_they_are_here() {
    let versions = versions(&["1.4.2-r2"]);
    let mut candidate = candidate(&versions[0]);
    for name in ["1.4.2", "v1.4-slim", "lts"] {
        let claim = claim(name, &versions[0], 0, false, false);
        candidate.names.push(named(name, claim));
    }
    candidate.names.push(named("nightly", Claim::Channel));
    let shares = own(std::slice::from_ref(&candidate), &[]).expect("owners");
    let tags = &shares[0].owned;
    let reasons: Vec<_> = tags.iter().map(|tag| (tag.name.as_str(), tag.why.as_deref())).collect();
    assert_eq!(
        reasons,
        [
            ("1.4.2-r2", None),
            ("1.4", Some("greatest 1.4.x")),
            ("1", Some("greatest 1.x")),
            ("latest", Some("greatest stable version")),
            ("1.4.2", Some("greatest 1.4.2")),
            ("v1.4-slim", Some("greatest 1.4.x")),
            ("lts", Some("greatest stable version")),
            ("nightly", Some("greatest version of the channel that the plan knows")),
        ]
    );
    // With nothing to compare with, the registry has the last word.
    let provisional: Vec<bool> = tags.iter().map(|tag| tag.is_provisional).collect();
    assert_eq!(provisional, [false, true, true, true, true, true, true, false]);
    let shares = own(&[candidate], &self::versions(&["0.9"])).expect("owners");
    assert!(shares[0].owned.iter().all(|tag| !tag.is_provisional));
}

#[test]
fn a_version_may_stay_out_of_latest() {
    let versions = versions(&["2.0.0", "1.0.0"]);
    let mut candidates: Vec<_> = versions.iter().map(candidate).collect();
    candidates[0].competes_for_latest = false;
    assert_eq!(shares(&candidates, &[]), ["2.0.0 2.0 2", "1.0.0 1.0 1 latest"]);
    candidates[0].is_withdrawn = true;
    assert_eq!(shares(&candidates, &[]), ["2.0.0", "1.0.0 1.0 1 latest"]);
}

#[test]
fn known_versions_keep_their_tags() {
    let versions = versions(&["1.9.1", "2.0.0rc1"]);
    let candidates: Vec<_> = versions.iter().map(candidate).collect();
    let known = self::versions(&["1.8.9", "1.9.0", "2.0.1", "3.0.0-rc.1"]);
    assert_eq!(shares(&candidates, &known), ["1.9.1 1.9 1 (latest: 2.0.1)", "2.0.0rc1"]);
    let known = self::versions(&["1.10.0", "1.9.1"]);
    assert_eq!(shares(&candidates, &known)[0], "1.9.1 1.9 (1: 1.10.0) (latest: 1.10.0)");
}

#[test]
fn names_belong_to_versions_and_not_to_variants() {
    let versions = versions(&["8.10.1", "8.2.9"]);
    let candidates = [
        variant(&versions[0], &[&["trixie", ""]]),
        variant(&versions[0], &[&["alpine3.24", "alpine"]]),
        variant(&versions[1], &[&["bookworm", ""]]),
    ];
    assert_eq!(
        shares(&candidates, &[]),
        [
            "8.10.1-trixie 8.10.1 8.10-trixie 8.10 8-trixie 8 trixie latest",
            "8.10.1-alpine3.24 8.10.1-alpine 8.10-alpine3.24 8.10-alpine 8-alpine3.24 8-alpine alpine3.24 alpine",
            "8.2.9-bookworm 8.2.9 8.2-bookworm 8.2 (8-bookworm: 8.10.1) (8: 8.10.1) (bookworm: 8.10.1) (latest: 8.10.1)",
        ]
    );
    let twice = [variant(&versions[0], &[&["slim"]]), variant(&versions[0], &[&["slim", ""]])];
    let errors = own(&twice, &[]).expect_err("a conflict");
    assert_eq!(errors[0].to_string(), "versions `8.10.1` and `8.10.1` both have the tag `8-slim`");
}

#[test]
fn prereleases_have_names_of_their_own() {
    let versions = versions(&["3.15.0rc1", "3.15.0rc2", "3.14.7"]);
    let mut candidates: Vec<_> = versions.iter().map(candidate).collect();
    for candidate in &mut candidates {
        candidate.names.push(named("3.15-rc", Claim::Prereleases(2)));
        candidate.names.push(named("next", Claim::Channel));
    }
    assert_eq!(
        shares(&candidates, &[]),
        [
            "3.15.0rc1 (3.15-rc: 3.15.0rc2) (next: 3.15.0rc2)",
            "3.15.0rc2 3.15-rc next",
            "3.14.7 3.14 3 latest (next: 3.15.0rc2)"
        ]
    );
    let known = self::versions(&["3.15.0rc3", "3.16.0rc1"]);
    assert_eq!(shares(&candidates, &known)[1], "3.15.0rc2 next (3.15-rc: 3.15.0rc3)");
}

#[test]
fn tags_that_two_versions_would_share_are_refused() {
    let explain = |texts: &[&str]| -> Vec<String> {
        let errors = own_defaults(&versions(texts)).expect_err("a conflict");
        errors.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        explain(&["3.14.0", "3.14"])[0],
        "tag `3.14` is version `3.14` itself and also floats, claimed by version `3.14.0`"
    );
    assert_eq!(explain(&["1.2.0", "v1.2.0"])[0], "versions `1.2.0` and `v1.2.0` both have the tag `1`");
    assert_eq!(
        explain(&["1.2.0.0", "1.2.0", "2.0"]),
        [
            "neither of the versions `1.2.0` and `1.2.0.0` is greater, so neither can own the floating tag `1`",
            "neither of the versions `1.2.0` and `1.2.0.0` is greater, so neither can own the floating tag `1.2`",
        ]
    );
    let errors = own_defaults(&versions(&["1.2.0", "3", "v1.2.0"])).expect_err("a conflict");
    assert!(errors.iter().all(|error| match error {
        TagError::SameTag { candidates, .. }
        | TagError::LiteralFloats { candidates, .. }
        | TagError::Tie { candidates, .. } => *candidates == [0, 2],
        TagError::KnownLiteralFloats { .. } => false,
    }));
}

#[test]
fn a_prerelease_conflicts_with_no_floating_tag() {
    assert_eq!(tags(&["3.14", "3.14.0rc1"]), ["3.14 3 latest", "3.14.0rc1"]);
}

#[test]
fn a_tag_floats_unless_it_has_the_whole_version() {
    for (tag, version, floating) in [
        ("1.2.3", "1.2.3", false),
        ("v1.2.3-slim", "v1.2.3", false),
        ("slim-1.2.3", "1.2.3", false),
        ("1.2.3.45", "1.2.3", false),
        ("1.2", "1.2.3", true),
        ("latest", "1.2.3", true),
        ("1.2.3", "1.2.3-r2", true),
        ("3.15-rc", "3.15.0rc1", true),
        ("3.14", "3.1", true),
        ("13.1", "3.1", true),
        ("1.2.3-rc.10", "1.2.3-rc.1", true),
        ("1.2.3", "1.2.3+build", true),
        ("1.2.3-build", "1.2.3+build", false),
        ("v1.2.3_build-slim", "1.2.3+build", false),
        ("1.2.3-build2", "1.2.3+build", true),
        ("3", "3", false),
    ] {
        let version: Version = version.parse().expect("a version");
        assert_eq!(has_whole_version(tag, &version), !floating, "{tag} {version}");
    }
}

fn any_version() -> impl Strategy<Value = Version> {
    "[0-2]\\.[0-2]\\.([0-9]|1[0-9])(rc[0-9]|-beta\\.[0-9]|-r[0-9])?"
        .prop_map(|text| text.parse().expect("a version"))
}

fn any_versions() -> impl Strategy<Value = Vec<Version>> {
    proptest::collection::btree_set(any_version(), 0..12)
        .prop_map(|set| set.into_iter().collect::<Vec<_>>())
        .prop_flat_map(|versions| Just(versions).prop_shuffle())
}

/// The owner of each tag.
fn owners(versions: &[Version]) -> BTreeMap<String, Version> {
    let owned = own_defaults(versions).expect("owners");
    let pairs = versions.iter().zip(owned);
    let tags = |(version, share): (&Version, Share)| {
        share.owned.into_iter().map(|tag| (tag.name, version.clone())).collect::<Vec<_>>()
    };
    pairs.flat_map(tags).collect()
}

proptest! {
    #[test]
    fn every_tag_has_one_owner_and_fits_the_grammar(versions in any_versions()) {
        let owned = own_defaults(&versions).expect("owners");
        let names: Vec<_> = owned.iter().flat_map(|share| &share.owned).map(|tag| tag.name.as_str()).collect();
        prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        prop_assert!(names.iter().all(|name| name.parse::<Tag>().is_ok()));
        let claimed: BTreeSet<_> = versions
            .iter()
            .flat_map(|version| candidate(version).names.into_iter().filter(|n| n.claim == Claim::Literal || !version.is_prerelease()))
            .map(|name| name.name)
            .collect();
        prop_assert_eq!(claimed.len(), names.len());
    }

    #[test]
    fn an_older_version_takes_nothing(versions in any_versions(), older in any_version()) {
        prop_assume!(versions.iter().all(|version| older < *version));
        let before = owners(&versions);
        let after = owners(&[versions.as_slice(), &[older]].concat());
        for (name, owner) in before.iter().filter(|(_, owner)| !owner.is_prerelease()) {
            prop_assert_eq!(&after[name], owner);
        }
    }

    #[test]
    fn a_prerelease_takes_nothing(versions in any_versions(), added in any_version()) {
        prop_assume!(added.is_prerelease() && !versions.contains(&added));
        let literal = added.text().to_owned();
        let mut after = owners(&[versions.as_slice(), std::slice::from_ref(&added)].concat());
        prop_assert_eq!(after.remove(&literal), Some(added));
        prop_assert_eq!(after, owners(&versions));
    }

    #[test]
    fn the_owner_is_the_greatest(versions in any_versions()) {
        let owners = owners(&versions);
        for version in versions.iter().filter(|version| !version.is_prerelease()) {
            for name in candidate(version).names {
                prop_assert!(owners[&name.name] >= *version);
                prop_assert!(!owners[&name.name].is_prerelease());
            }
        }
    }

    #[test]
    fn the_order_of_declaration_does_not_matter(
        (versions, shuffled) in any_versions().prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
    ) {
        prop_assert_eq!(owners(&versions), owners(&shuffled));
    }

    #[test]
    fn a_version_known_from_elsewhere_is_as_good_as_a_declared_one(
        versions in any_versions(), known in any_version(),
    ) {
        prop_assume!(!versions.contains(&known));
        let declared = owners(&[versions.as_slice(), std::slice::from_ref(&known)].concat());
        let candidates: Vec<_> = versions.iter().map(candidate).collect();
        let shares = own(&candidates, std::slice::from_ref(&known)).expect("owners");
        for (version, share) in versions.iter().zip(shares) {
            for tag in &share.owned {
                prop_assert_eq!(&declared[&tag.name], version);
            }
            for tag in share.yielded {
                prop_assert_eq!(declared[&tag.name].text(), tag.owner);
            }
        }
    }

    #[test]
    fn variants_have_the_tags_of_their_version_with_their_suffixes(versions in any_versions()) {
        let axes: [&[&[&str]]; 3] = [&[&["trixie", ""]], &[&["slim"], &["trixie", ""]], &[&["alpine"]]];
        let candidates: Vec<_> =
            versions.iter().flat_map(|version| axes.map(|axes| variant(version, axes))).collect();
        let shares = own(&candidates, &[]).expect("owners");
        let bare = own_defaults(&versions).expect("owners");
        let mut seen = BTreeSet::new();
        for (at, share) in shares.iter().enumerate() {
            let expected = bare[at / axes.len()].owned.len() * candidates[at].suffixes.len();
            prop_assert_eq!(share.owned.len(), expected);
            prop_assert!(share.owned.iter().all(|tag| seen.insert(tag.name.clone())));
        }
    }

    #[test]
    fn a_floating_tag_loses_no_platform_in_silence(
        built in any_versions().prop_flat_map(|versions| {
            let platforms = proptest::collection::btree_set(0_u8..4, 0..4);
            let count = versions.len();
            (Just(versions), proptest::collection::vec(platforms, count))
        }),
    ) {
        let (versions, platforms) = built;
        let candidates: Vec<_> = versions.iter().map(candidate).collect();
        let shares = own(&candidates, &[]).expect("owners");
        let losses = losses(&candidates, &shares, &platforms);
        let at = |version: &Version| versions.iter().position(|other| other == version).expect("one of them");
        for (owner, version) in versions.iter().enumerate() {
            let others: Vec<_> = versions.iter().filter(|other| *other != version).cloned().collect();
            let before = owners(&others);
            for tag in shares[owner].owned.iter().filter(|tag| tag.claim != Claim::Literal) {
                let told = losses[owner].iter().find(|loss| loss.tags.contains(&tag.name));
                let lost = before.get(&tag.name).map(|previous| &platforms[at(previous)] - &platforms[owner]);
                let lost = lost.filter(|lost| !lost.is_empty());
                prop_assert_eq!(told.map(|loss| &loss.platforms), lost.as_ref());
            }
        }
    }

    #[test]
    fn literal_tags_never_move(versions in any_versions(), added in any_version()) {
        prop_assume!(!versions.contains(&added));
        let owners = owners(&[versions.as_slice(), &[added]].concat());
        for version in &versions {
            prop_assert_eq!(&owners[version.text()], version);
        }
    }
}
