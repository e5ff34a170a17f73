//! Who owns which tag: each floating name goes to the greatest stable version that claims it.

use std::collections::BTreeMap;

use crate::version::Version;

/// The floating name of the greatest version, which a version may stay out of.
pub const LATEST: &str = "latest";

/// The tag patterns of an image that has a version and names none.
#[must_use]
pub const fn default_patterns() -> [&'static str; 4] {
    ["{{ version }}", "{{ major }}.{{ minor }}", "{{ major }}", LATEST]
}

/// A version that competes for floating names, with the tags its patterns render to.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// The version; stable ones own floating names, prereleases never do.
    pub version: &'a Version,
    /// Whether the version may own `latest`.
    pub competes_for_latest: bool,
    /// The rendered tags, in the order of their patterns.
    pub names: Vec<CandidateName>,
}

/// A rendered tag before it is known who owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateName {
    /// The tag.
    pub name: String,
    /// Whether other versions may claim the same name ([`is_floating`]).
    pub floating: bool,
}

/// A tag that a version is published under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedTag {
    /// The tag.
    pub name: String,
    /// Why a floating tag is here (`greatest 3.14.x`); `None` for a literal tag, which never moves.
    pub why: Option<String>,
}

impl OwnedTag {
    /// Whether the tag moves to a greater version when there is one.
    #[must_use]
    pub fn is_floating(&self) -> bool {
        self.why.is_some()
    }
}

/// A tag that cannot be given to one version.
///
/// `candidates` are the positions of the two versions in the list given to [`own`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum TagError {
    /// Two versions have the same literal tag.
    #[error("versions `{}` and `{}` both have the tag `{name}`", versions[0], versions[1])]
    SameLiteral {
        /// The tag.
        name: String,
        /// The two versions, as written, in their order.
        versions: [String; 2],
        /// Where they are.
        candidates: [usize; 2],
    },
    /// The literal tag of one version is a floating tag of another.
    #[error("tag `{name}` is version `{}` itself and also floats, claimed by version `{}`", versions[0], versions[1])]
    LiteralFloats {
        /// The tag.
        name: String,
        /// The version that has the tag as a literal, and the greatest one for which it floats.
        versions: [String; 2],
        /// Where they are.
        candidates: [usize; 2],
    },
    /// The greatest versions that claim a floating tag are equal.
    #[error("versions `{}` and `{}` are equal, so neither can own the floating tag `{name}`", versions[0], versions[1])]
    Tie {
        /// The tag.
        name: String,
        /// Two of the versions, as written, in their order.
        versions: [String; 2],
        /// Where they are.
        candidates: [usize; 2],
    },
}

/// Gives each tag to its owner; the result has the tags of each candidate, in the order of its names, each
/// once.
///
/// A literal name stays with its candidate. A floating name goes to the greatest stable version that claims
/// it, for `latest` among those that compete for it; a claim of a prerelease counts for nothing. The order of
/// the candidates does not matter.
///
/// # Errors
/// Gives every tag that two versions would have to share, sorted.
pub fn own(candidates: &[Candidate<'_>]) -> Result<Vec<Vec<OwnedTag>>, Vec<TagError>> {
    let claims = collect_claims(candidates);
    let mut owners = BTreeMap::new();
    let mut errors = Vec::new();
    for (name, claims) in &claims {
        match claims.owner(name, candidates) {
            Ok(owner) => owners.extend(owner.map(|owner| (*name, owner))),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        errors.sort();
        return Err(errors);
    }

    let mut owned = vec![Vec::new(); candidates.len()];
    for (index, candidate) in candidates.iter().enumerate() {
        for CandidateName { name, .. } in &candidate.names {
            // Once taken, so that a name rendered by two patterns is listed once.
            if owners.get(name.as_str()) == Some(&index) {
                owners.remove(name.as_str());
                let why = claims[name.as_str()].literal.is_empty().then(|| reason(name, candidate.version));
                owned[index].push(OwnedTag { name: name.clone(), why });
            }
        }
    }
    Ok(owned)
}

/// Whether a rendered tag floats: it does unless it has the whole version in it.
///
/// The version counts without a leading `v` and without build metadata, which no tag can hold. A tag whose
/// pattern names no part of the version is literal, which only the caller, who knows the pattern, can tell;
/// `latest` floats.
#[must_use]
pub fn is_floating(tag: &str, version: &Version) -> bool {
    let whole = version.without_v().split('+').next().unwrap_or_default();
    !tag.match_indices(whole).any(|(start, _)| {
        // `3.1` is not in `3.14`.
        let is_digit = |c: char| c.is_ascii_digit();
        !tag[..start].ends_with(is_digit) && !tag[start + whole.len()..].starts_with(is_digit)
    })
}

/// The candidates that claim one name, by their positions.
#[derive(Debug, Default)]
struct Claims {
    literal: Vec<usize>,
    floating: Vec<usize>,
}

fn collect_claims<'a>(candidates: &'a [Candidate<'_>]) -> BTreeMap<&'a str, Claims> {
    let mut claims: BTreeMap<&str, Claims> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        for CandidateName { name, floating } in &candidate.names {
            let may_own =
                !candidate.version.is_prerelease() && (name != LATEST || candidate.competes_for_latest);
            let claims = if !floating {
                &mut claims.entry(name).or_default().literal
            } else if may_own {
                &mut claims.entry(name).or_default().floating
            } else {
                continue;
            };
            if claims.last() != Some(&index) {
                claims.push(index);
            }
        }
    }
    claims
}

impl Claims {
    /// The position of the one candidate that gets the name, `None` when nobody may have it.
    fn owner(&self, name: &str, candidates: &[Candidate<'_>]) -> Result<Option<usize>, TagError> {
        let version = |index: usize| candidates[index].version;
        let text = |pair: [usize; 2]| pair.map(|index| version(index).text().to_owned());
        let name = name.to_owned();
        // Versions of the same text sort by position; their order cannot be told apart anyway.
        let descending = |claims: &[usize]| {
            let mut sorted = claims.to_vec();
            sorted.sort_by(|&a, &b| version(b).cmp(version(a)).then(b.cmp(&a)));
            sorted
        };
        let literal = descending(&self.literal);
        let mut floating = descending(&self.floating);
        floating.retain(|index| !self.literal.contains(index));
        match (literal.as_slice(), floating.as_slice()) {
            (&[second, first, ..], _) => {
                let candidates = [first, second];
                Err(TagError::SameLiteral { name, versions: text(candidates), candidates })
            }
            (&[literal], &[greatest, ..]) => {
                let candidates = [literal, greatest];
                Err(TagError::LiteralFloats { name, versions: text(candidates), candidates })
            }
            (&[], &[second, first, ..]) if version(first).cmp_precedence(version(second)).is_eq() => {
                let candidates = [first, second];
                Err(TagError::Tie { name, versions: text(candidates), candidates })
            }
            (&[owner], &[]) | (&[], &[owner, ..]) => Ok(Some(owner)),
            (&[], &[]) => Ok(None),
        }
    }
}

/// Why `version` owns the floating name: the longest run of its numbers that the name spells out.
fn reason(name: &str, version: &Version) -> String {
    let bare = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let numbers = version.numbers().len();
    let spelled = (1..=numbers).rev().find_map(|count| {
        let prefix = version.prefix(count)?;
        let rest = bare.strip_prefix(prefix)?;
        rest.chars().next().is_none_or(|c| matches!(c, '-' | '_')).then_some((count, prefix))
    });
    match spelled {
        Some((count, prefix)) if count == numbers => format!("greatest {prefix}"),
        Some((_, prefix)) => format!("greatest {prefix}.x"),
        None => "greatest stable version".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_assume, proptest};

    use super::{Candidate, CandidateName, OwnedTag, TagError, default_patterns, is_floating, own};
    use crate::reference::Tag;
    use crate::version::Version;

    #[track_caller]
    fn versions(texts: &[&str]) -> Vec<Version> {
        texts.iter().map(|text| text.parse().expect("a version")).collect()
    }

    /// What the default patterns give, as far as the version has the numbers.
    fn candidate(version: &Version) -> Candidate<'_> {
        let names = default_patterns().into_iter().filter_map(|pattern| match pattern {
            "{{ version }}" => Some(version.without_v()),
            "{{ major }}.{{ minor }}" => version.prefix(2),
            "{{ major }}" => version.prefix(1),
            other => Some(other),
        });
        let names = names
            .map(|name| CandidateName { name: name.to_owned(), floating: is_floating(name, version) })
            .collect();
        Candidate { version, competes_for_latest: true, names }
    }

    fn own_defaults(versions: &[Version]) -> Result<Vec<Vec<OwnedTag>>, Vec<TagError>> {
        own(&versions.iter().map(candidate).collect::<Vec<_>>())
    }

    /// The tags of each version joined by spaces.
    #[track_caller]
    fn tags(texts: &[&str]) -> Vec<String> {
        let owned = own_defaults(&versions(texts)).expect("owners");
        owned
            .iter()
            .map(|tags| tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn owners_are_those_of_the_official_images() {
        assert_eq!(
            tags(&["3.13.15", "3.15.0rc1", "3.14.7"]),
            ["3.13.15 3.13", "3.15.0rc1", "3.14.7 3.14 3 latest"]
        );
        assert_eq!(tags(&["19beta3", "18.6", "17.11"]), ["19beta3", "18.6 18 latest", "17.11 17"]);
        assert_eq!(
            tags(&["8.8.2", "8.10.1", "7.4.11"]),
            ["8.8.2 8.8", "8.10.1 8.10 8 latest", "7.4.11 7.4 7"]
        );
        assert_eq!(tags(&["8.5.9", "8.5.10RC1"]), ["8.5.9 8.5 8 latest", "8.5.10RC1"]);
        assert_eq!(tags(&["24.04", "22.04"]), ["24.04 24 latest", "22.04 22"]);
        assert_eq!(tags(&["3"]), ["3 latest"]);
        assert_eq!(tags(&["2.0.0-rc.1"]), ["2.0.0-rc.1"]);
        assert!(tags(&[]).is_empty());
    }

    #[test]
    fn floating_tags_say_why_they_are_here() {
        let versions = versions(&["1.4.2-r2"]);
        let mut candidate = candidate(&versions[0]);
        for name in ["1.4.2", "v1.4-slim", "lts"] {
            candidate.names.push(CandidateName { name: name.to_owned(), floating: true });
        }
        let owned = own(&[candidate]).expect("owners");
        let reasons: Vec<_> = owned[0].iter().map(|tag| (tag.name.as_str(), tag.why.as_deref())).collect();
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
            ]
        );
        assert!(!owned[0][0].is_floating() && owned[0][1].is_floating());
    }

    #[test]
    fn a_version_may_stay_out_of_latest() {
        let versions = versions(&["2.0.0", "1.0.0"]);
        let mut candidates: Vec<_> = versions.iter().map(candidate).collect();
        candidates[0].competes_for_latest = false;
        let owned = own(&candidates).expect("owners");
        assert!(owned[0].iter().all(|tag| tag.name != "latest"));
        assert!(owned[1].iter().any(|tag| tag.name == "latest"));
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
        assert_eq!(
            explain(&["1.2.0", "v1.2.0"])[0],
            "versions `1.2.0` and `v1.2.0` both have the tag `1.2.0`"
        );
        assert_eq!(
            explain(&["1.2.0.0", "1.2.0", "2.0"]),
            [
                "versions `1.2.0` and `1.2.0.0` are equal, so neither can own the floating tag `1`",
                "versions `1.2.0` and `1.2.0.0` are equal, so neither can own the floating tag `1.2`",
            ]
        );
        let errors = own_defaults(&versions(&["1.2.0", "3", "v1.2.0"])).expect_err("a conflict");
        assert!(errors.iter().all(|error| match error {
            TagError::SameLiteral { candidates, .. }
            | TagError::LiteralFloats { candidates, .. }
            | TagError::Tie { candidates, .. } => *candidates == [0, 2],
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
            ("1.2.3", "1.2.3+build", false),
            ("3", "3", false),
        ] {
            assert_eq!(is_floating(tag, &version.parse().expect("a version")), floating, "{tag} {version}");
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
        pairs.flat_map(|(version, tags)| tags.into_iter().map(|tag| (tag.name, version.clone()))).collect()
    }

    proptest! {
        #[test]
        fn every_tag_has_one_owner_and_fits_the_grammar(versions in any_versions()) {
            let owned = own_defaults(&versions).expect("owners");
            let names: Vec<_> = owned.iter().flatten().map(|tag| tag.name.as_str()).collect();
            prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
            prop_assert!(names.iter().all(|name| name.parse::<Tag>().is_ok()));
            let claimed: BTreeSet<_> = versions
                .iter()
                .flat_map(|version| candidate(version).names.into_iter().filter(|n| !n.floating || !version.is_prerelease()))
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
        fn literal_tags_never_move(versions in any_versions(), added in any_version()) {
            prop_assume!(!versions.contains(&added));
            let owners = owners(&[versions.as_slice(), &[added]].concat());
            for version in &versions {
                prop_assert_eq!(&owners[version.text()], version);
            }
        }
    }
}
