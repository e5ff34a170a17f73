//! Who owns which tag: each floating name goes to the greatest version that may claim it.

mod family;
mod platforms;
mod variant;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;

pub(crate) use self::family::family;
pub(crate) use self::platforms::{Loss, losses};
pub(crate) use self::variant::{MAX_SUFFIXES, VariantTags, suffixes, with_suffix};
use crate::form::Form;
pub(crate) use crate::reference::LATEST;
use crate::source::Span;
use crate::version::{Class, Version};

/// The tag patterns of an image that has a version and names none.
#[must_use]
pub(crate) const fn default_patterns() -> [&'static str; 4] {
    ["{{ version }}", "{{ major }}.{{ minor }}", "{{ major }}", LATEST]
}

/// What a tag's name stands for, and so who may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// One version, or one commit: it never moves.
    Literal,
    /// The greatest stable version among those that agree in this many leading numbers: 2 for `3.14`, 0 for `latest`.
    Versions(usize),
    /// The same among prereleases.
    Prereleases(usize),
    /// The greatest version that claims the channel, stable or not.
    Channel,
    /// What a run is of, such as its branch: it moves with each run, whatever other versions there are.
    Run,
}

/// An image that competes for names.
#[derive(Debug, Clone)]
pub(crate) struct Candidate<'a> {
    /// Its version. Images of one version are its variants, and own floating names together.
    pub version: &'a Version,
    /// Whether it may own `latest`.
    pub competes_for_latest: bool,
    /// Whether it was withdrawn, and owns no floating name.
    pub is_withdrawn: bool,
    /// What its variant puts behind each name ([`suffixes`]); one empty text for an image without.
    pub suffixes: IndexSet<String>,
    /// The rendered names, in the order of their patterns.
    pub names: Vec<CandidateName>,
}

/// A rendered name before it is known who owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CandidateName {
    /// The name, without a suffix.
    pub name: String,
    /// What it stands for.
    pub claim: Claim,
    /// Where its version stands in it.
    pub form: Form,
    /// Where its pattern is written.
    pub span: Option<Span>,
}

/// What a candidate gets, and what not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// Its tags, in the order of its names, each once.
    pub owned: Vec<OwnedTag>,
    /// The floating tags that it would have if there were no greater version.
    pub yielded: Vec<YieldedTag>,
}

/// A tag that an image is published under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedTag {
    /// The tag.
    pub name: String,
    /// What it stands for.
    pub claim: Claim,
    /// Where its version stands in it.
    pub form: Form,
    /// The forms of the tags that show the versions which a floating tag moves with.
    pub family: Vec<Form>,
    /// Where its pattern is written.
    pub span: Option<Span>,
    /// Why a floating tag is here (`greatest 3.14.x`); `None` for a literal tag, which never moves.
    pub why: Option<String>,
    /// Whether no other version is known that could own it, so that only the registry can tell.
    pub is_provisional: bool,
}

/// A floating tag that belongs to another version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YieldedTag {
    /// The tag.
    pub name: String,
    /// The version that owns it, as written.
    pub owner: String,
    /// Whether the owner is known from elsewhere, and no candidate.
    pub is_known: bool,
}

/// A tag that cannot be given to one version.
///
/// `candidates` are the positions of the two images in the list given to [`own`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum TagError {
    /// Two images would have the same tag.
    #[error("versions `{}` and `{}` both have the tag `{name}`", versions[0], versions[1])]
    SameTag {
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
    /// The same, where one of the two is known from elsewhere.
    #[error("tag `{name}` is version `{}` itself and also floats, claimed by version `{}`", versions[0], versions[1])]
    KnownLiteralFloats {
        /// The tag.
        name: String,
        /// The version that has the tag as a literal, and the one for which it floats.
        versions: [String; 2],
        /// The one that is known from elsewhere.
        known: String,
        /// Where the other one is.
        candidate: usize,
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

/// Gives each tag to its owner; the result has a share for each candidate.
///
/// A name has one owner: a literal one its version; a floating one the greatest version that may claim it, for
/// `latest` among those that compete for it, or nobody here when a version `known` from elsewhere is greater still
/// (`known` holds none that was withdrawn). Ownership is by version: all variants of the owner get the name, each with
/// its suffixes, and a variant that the owner has not gets none. A prerelease owns no numeric prefix and no `latest`.
/// The order of the candidates does not matter.
///
/// # Errors
/// Gives every tag that two images would have to share, sorted.
pub(crate) fn own(candidates: &[Candidate<'_>], known: &[Version]) -> Result<Vec<Share>, Vec<TagError>> {
    let mut errors = Vec::new();
    let mut owners = BTreeMap::new();
    let claims = collect_claims(candidates);
    for (name, claims) in &claims {
        match claims.owner(name, candidates, known) {
            Ok(owner) => drop(owners.insert(*name, owner)),
            Err(error) => errors.push(error),
        }
    }
    let is_alone = known.is_empty() && candidates.iter().all(|one| one.version == candidates[0].version);
    let shares: Vec<Share> = candidates.iter().map(|candidate| candidate.share(&owners, is_alone)).collect();
    errors.extend(same_tags(candidates, &shares));
    if errors.is_empty() {
        return Ok(shares);
    }
    errors.sort();
    Err(errors)
}

/// A version that is known from elsewhere, and the names that it has by the patterns of a candidate.
#[derive(Debug, Clone)]
pub(crate) struct KnownNames {
    /// The version.
    pub version: Version,
    /// The names.
    pub names: Vec<CandidateName>,
}

/// The tags that are a known version itself and float for a candidate, or the other way round.
#[must_use]
pub(crate) fn known_literals(index: usize, candidate: &Candidate<'_>, known: &[KnownNames]) -> Vec<TagError> {
    let literals = |names: &[CandidateName]| -> BTreeSet<String> {
        names.iter().filter(|one| one.claim == Claim::Literal).map(|one| one.name.clone()).collect()
    };
    let floats = |names: &[CandidateName]| -> BTreeSet<String> {
        names
            .iter()
            .filter(|one| matches!(one.claim, Claim::Versions(_)))
            .map(|one| one.name.clone())
            .collect()
    };
    let own = candidate.version;
    let mut errors = Vec::new();
    for KnownNames { version, names } in known {
        if version.without_v() == own.without_v() {
            continue;
        }
        let mut add = |name: &String, literal: &Version, floating: &Version| {
            errors.push(TagError::KnownLiteralFloats {
                name: name.clone(),
                versions: [literal, floating].map(|version| version.text().to_owned()),
                known: version.text().to_owned(),
                candidate: index,
            });
        };
        if own.class() == Class::Stable && !candidate.is_withdrawn {
            let both = &floats(&candidate.names) & &literals(names);
            both.iter().for_each(|name| add(name, version, own));
        }
        if version.class() == Class::Stable {
            let both = &literals(&candidate.names) & &floats(names);
            both.iter().for_each(|name| add(name, own, version));
        }
    }
    errors
}

/// Whether a version begins with all numbers of another one, so that one's own tag may float for the other.
#[must_use]
pub(crate) fn is_nested(a: &Version, b: &Version) -> bool {
    let count = a.numbers().len().min(b.numbers().len());
    a.prefix(count) == b.prefix(count)
}

/// What a rendered name of a version stands for. `depth` says how many leading numbers its pattern names, `names_commit`
/// and `names_run` what else it names.
#[must_use]
pub(crate) fn claim(
    name: &str,
    version: &Version,
    depth: usize,
    names_commit: bool,
    names_run: bool,
) -> Claim {
    let is_prerelease_of_build = || version.is_prerelease() && name.contains(version.core());
    if names_commit || has_whole_version(name, version) || is_prerelease_of_build() {
        Claim::Literal
    } else if names_run {
        Claim::Run
    } else {
        let spelled = spelled_depth(name, version);
        // A part of the whole version may be cut out of it, as `{{ version[:4] }}` does.
        let depth = if depth == usize::MAX && is_cut(name, version, spelled) { spelled } else { depth };
        Claim::Versions(depth.max(spelled).min(version.numbers().len()))
    }
}

/// Whether the whole version is in a tag, which never moves then.
///
/// The version counts without a leading `v`; its build metadata counts, since two builds are two versions.
fn has_whole_version(tag: &str, version: &Version) -> bool {
    let (core, build) = (version.core(), version.build());
    tag.match_indices(core).any(|(start, _)| {
        // `3.1` is not in `3.14`.
        let is_digit = |c: char| c.is_ascii_digit();
        let after = &tag[start + core.len()..];
        let after = match build {
            "" => Some(after),
            // In a tag, something else stands for the `+`.
            build => after.find(build).map(|at| &after[at + build.len()..]),
        };
        !tag[..start].ends_with(is_digit) && after.is_some_and(|after| !after.starts_with(is_digit))
    })
}

/// How many of the version's leading numbers a name begins with, whoever has put them there.
fn spelled_depth(name: &str, version: &Version) -> usize {
    let bare = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let is_spelled = |count: &usize| {
        let rest = version.prefix(*count).and_then(|prefix| bare.strip_prefix(prefix));
        rest.is_some_and(|rest| rest.chars().next().is_none_or(|c| matches!(c, '-' | '_')))
    };
    (1..=version.numbers().len()).rev().find(is_spelled).unwrap_or(0)
}

/// Whether a name is this many leading numbers, and nothing that goes on as numbers do (`2023-01` for 2023.01).
fn is_cut(name: &str, version: &Version, count: usize) -> bool {
    let bare = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let rest = version.prefix(count).and_then(|prefix| bare.strip_prefix(prefix));
    count > 0
        && count < version.numbers().len()
        && rest.is_some_and(|rest| !rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit()))
}

/// The candidates that claim one name, by their positions.
#[derive(Debug, Default)]
struct Claims {
    literal: Vec<usize>,
    floating: Vec<(usize, Claim)>,
}

/// Who has a name.
enum Owner<'a> {
    /// A candidate's version.
    Candidate(&'a Version),
    /// A version that is known from elsewhere.
    Known(&'a Version),
}

fn collect_claims<'a>(candidates: &'a [Candidate<'_>]) -> BTreeMap<&'a str, Claims> {
    let mut claims: BTreeMap<&str, Claims> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        for CandidateName { name, claim, form: _, span: _ } in &candidate.names {
            if *claim == Claim::Literal {
                claims.entry(name).or_default().literal.push(index);
            } else if candidate.may_own(name, *claim) {
                claims.entry(name).or_default().floating.push((index, *claim));
            }
        }
    }
    claims
}

impl Candidate<'_> {
    fn may_own(&self, name: &str, claim: Claim) -> bool {
        let class = self.version.class();
        let is_prerelease = class == Class::Prerelease;
        match claim {
            Claim::Literal => true,
            Claim::Versions(_) => {
                class == Class::Stable && !self.is_withdrawn && (name != LATEST || self.competes_for_latest)
            }
            Claim::Prereleases(_) => is_prerelease && !self.is_withdrawn,
            Claim::Channel => class != Class::Unknown && !self.is_withdrawn,
            Claim::Run => !self.is_withdrawn,
        }
    }

    /// What the candidate gets of its names. `is_alone` says that no other version is known.
    fn share(&self, owners: &BTreeMap<&str, Owner<'_>>, is_alone: bool) -> Share {
        let mut share = Share::default();
        let mut seen = BTreeSet::new();
        for CandidateName { name, claim, form, span } in &self.names {
            let Some(owner) = owners.get(name.as_str()).filter(|_| self.may_own(name, *claim)) else {
                continue;
            };
            let tags = self.suffixes.iter().map(|suffix| (with_suffix(name, suffix), suffix));
            // A name rendered by two patterns is listed once.
            let tags = tags.filter(|(tag, _)| seen.insert(tag.clone()));
            match owner {
                Owner::Candidate(version) if version.without_v() == self.version.without_v() => {
                    let why = reason(*claim, self.version);
                    let follows = matches!(claim, Claim::Versions(_) | Claim::Prereleases(_));
                    let is_provisional = is_alone && follows;
                    let all = self.names.iter().map(|one| (one.claim == Claim::Literal, &one.form));
                    let family = if follows { family(name, form, all) } else { Vec::new() };
                    share.owned.extend(tags.map(|(name, suffix)| OwnedTag {
                        name,
                        claim: *claim,
                        form: form.with_suffix(suffix),
                        family: family.iter().map(|form| form.with_suffix(suffix)).collect(),
                        span: *span,
                        why: why.clone(),
                        is_provisional,
                    }));
                }
                Owner::Candidate(version) | Owner::Known(version) => {
                    let is_known = matches!(owner, Owner::Known(_));
                    let owner = version.text().to_owned();
                    share.yielded.extend(tags.map(|(name, _)| YieldedTag {
                        name,
                        owner: owner.clone(),
                        is_known,
                    }));
                }
            }
        }
        share
    }
}

impl Claims {
    /// The one that has the name.
    fn owner<'a>(
        &self,
        name: &str,
        candidates: &[Candidate<'a>],
        known: &'a [Version],
    ) -> Result<Owner<'a>, TagError> {
        let version = |index: usize| candidates[index].version;
        let text = |pair: [usize; 2]| pair.map(|index| version(index).text().to_owned());
        let name = name.to_owned();
        let mut floating = self.floating.clone();
        // Versions of the same text sort by position; their order cannot be told apart anyway.
        floating.sort_by(|(a, _), (b, _)| version(*b).cmp(version(*a)).then(b.cmp(a)));
        if let Some(&literal) = self.literal.iter().max_by(|a, b| version(**a).cmp(version(**b))) {
            let whole = version(literal).without_v();
            return match floating.iter().find(|(index, _)| version(*index).without_v() != whole) {
                Some((greatest, _)) => {
                    let candidates = [literal, *greatest];
                    Err(TagError::LiteralFloats { name, versions: text(candidates), candidates })
                }
                None => Ok(Owner::Candidate(version(literal))),
            };
        }
        let (first, claim) = floating[0];
        let tied = floating.iter().find(|(index, _)| {
            version(*index).without_v() != version(first).without_v()
                && version(*index).cmp_release(version(first)).is_eq()
        });
        if let Some((second, _)) = tied {
            let candidates = [*second, first];
            return Err(TagError::Tie { name, versions: text(candidates), candidates });
        }
        let greater = known.iter().filter(|known| rivals(known, version(first), claim)).max();
        Ok(greater.map_or(Owner::Candidate(version(first)), Owner::Known))
    }
}

/// Whether a version known from elsewhere takes a name from the greatest candidate that claims it.
fn rivals(known: &Version, candidate: &Version, claim: Claim) -> bool {
    let (depth, class) = match claim {
        Claim::Versions(depth) => (depth, Class::Stable),
        Claim::Prereleases(depth) => (depth, Class::Prerelease),
        Claim::Literal | Claim::Channel | Claim::Run => return false,
    };
    known.class() == class
        && (depth == 0 || (known.prefix(depth).is_some() && known.prefix(depth) == candidate.prefix(depth)))
        && known.cmp_release(candidate).is_gt()
}

/// The tags that several images would have.
fn same_tags(candidates: &[Candidate<'_>], shares: &[Share]) -> Vec<TagError> {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut errors = Vec::new();
    for (index, share) in shares.iter().enumerate() {
        for tag in &share.owned {
            let Some(&other) = taken.get(tag.name.as_str()) else {
                taken.insert(&tag.name, index);
                continue;
            };
            let mut pair = [other, index];
            pair.sort_by(|a, b| candidates[*a].version.cmp(candidates[*b].version).then(a.cmp(b)));
            errors.push(TagError::SameTag {
                name: tag.name.clone(),
                versions: pair.map(|index| candidates[index].version.text().to_owned()),
                candidates: pair,
            });
        }
    }
    errors
}

/// Why `version` owns a floating name.
#[must_use]
pub(crate) fn reason(claim: Claim, version: &Version) -> Option<String> {
    let among = |depth: usize| match version.prefix(depth) {
        Some(prefix) if depth == version.numbers().len() => prefix.to_owned(),
        Some(prefix) => format!("{prefix}.x"),
        None => "version".to_owned(),
    };
    match claim {
        Claim::Literal => None,
        Claim::Versions(0) => Some("greatest stable version".to_owned()),
        Claim::Versions(depth) => Some(format!("greatest {}", among(depth))),
        Claim::Prereleases(0) => Some("greatest prerelease".to_owned()),
        Claim::Prereleases(depth) => Some(format!("greatest prerelease of {}", among(depth))),
        Claim::Channel => Some("greatest version of the channel that the plan knows".to_owned()),
        Claim::Run => Some("moves with each run".to_owned()),
    }
}

#[cfg(test)]
mod tests {

    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_assume, proptest};

    use super::{
        Candidate, CandidateName, Claim, Share, TagError, claim, default_patterns, has_whole_version,
    };
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
    fn a_part_cut_out_of_the_whole_version_is_that_part() {
        let versions = versions(&["2023.01.1", "19beta3"]);
        for (name, expected) in [
            ("2023", Claim::Versions(1)),
            ("2023.01", Claim::Versions(2)),
            ("v2023-slim", Claim::Versions(1)),
            ("2023-01-1", Claim::Versions(3)),
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
                "versions `1.2.0` and `1.2.0.0` are equal, so neither can own the floating tag `1`",
                "versions `1.2.0` and `1.2.0.0` are equal, so neither can own the floating tag `1.2`",
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
}
