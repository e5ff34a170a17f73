//! Who owns which tag: each floating name goes to the greatest version that may claim it.

mod family;
mod platforms;
mod variant;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;

pub(crate) use self::family::{family, pieces};
pub(crate) use self::platforms::{Loss, losses};
pub(crate) use self::variant::{MAX_SUFFIXES, VariantTags, suffixes, with_suffix};
use crate::form::Form;
pub(crate) use crate::reference::LATEST;
use crate::source::Span;
use crate::version::{self, Class, Version};

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
    #[error("neither of the versions `{}` and `{}` is greater, so neither can own the floating tag `{name}`", versions[0], versions[1])]
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
    own_where(candidates, known, &|_, _, _| true)
}

/// The same where a name may be cut out of the whole version, so that of another one it may be another: `has_name` says whether a
/// known version has such a name by the patterns of the candidate at this position.
///
/// # Errors
/// As [`own`].
pub(crate) fn own_where(
    candidates: &[Candidate<'_>],
    known: &[Version],
    has_name: &dyn Fn(usize, &Version, &str) -> bool,
) -> Result<Vec<Share>, Vec<TagError>> {
    let mut errors = Vec::new();
    let mut owners = BTreeMap::new();
    let claims = collect_claims(candidates);
    for (name, claims) in &claims {
        match claims.owner(name, candidates, known, has_name) {
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
    // All of its numbers are the whole version where nothing follows them.
    let names_all = depth == usize::MAX
        || (depth == version.numbers().len()
            && version.without_v() == version.core()
            && version.tail().is_empty());
    let is_respelled = || names_all && spells(name, version);
    if names_commit || has_whole_version(name, version) || is_respelled() {
        Claim::Literal
    } else if version.is_of_builds(name) {
        // The next build of the prerelease has the same name.
        Claim::Prereleases(version.numbers().len())
    } else if version.is_prerelease() && name.contains(version.core()) {
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

/// What a text that is written without a version stands for beside one: the numbers that it begins with, if they are the
/// version's, and else all versions.
#[must_use]
pub(crate) fn claim_of_text(text: &str, version: &Version) -> Claim {
    Claim::Versions(spelled_depth(text, version))
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

/// A text of which the case and the separators do not matter, between two of them: `1.2.3-RC1` is `1_2_3-rc1` in another
/// spelling, and not in `11.2.3`.
fn respelled(text: &str) -> String {
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let letters = bare.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    format!("-{}-", letters.collect::<String>())
}

/// Whether a name is made of the whole version, in another spelling.
fn spells(name: &str, version: &Version) -> bool {
    let is_in = |spell: fn(&str) -> String| spell(name).contains(&spell(version.text()));
    is_in(respelled) || (version.numbers().len() > 1 && is_in(squeezed))
}

/// A text without case and separators: `1.3.0` is `130` there.
fn squeezed(text: &str) -> String {
    respelled(text).replace('-', "")
}

/// How many of the version's leading numbers a name begins with, whoever has put them there.
fn spelled_depth(name: &str, version: &Version) -> usize {
    let bare = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let is_spelled = |count: &usize| {
        let rest = version.prefix(*count).and_then(|prefix| bare.strip_prefix(prefix));
        rest.is_some_and(|rest| {
            rest.chars().next().is_none_or(|c| matches!(c, '-' | '_')) || version::goes_on_as_series(rest)
        })
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

    /// Whether a name shows the whole version, or all of its numbers so that they cannot be read back.
    fn shows_all(&self, one: &CandidateName) -> bool {
        let is_hidden = || one.form.has_name() && one.claim == Claim::Versions(self.version.numbers().len());
        one.claim == Claim::Literal || is_hidden()
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
                    let all = self.names.iter().map(|one| (self.shows_all(one), &one.form));
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
        has_name: &dyn Fn(usize, &Version, &str) -> bool,
    ) -> Result<Owner<'a>, TagError> {
        let version = |index: usize| candidates[index].version;
        let text = |pair: [usize; 2]| pair.map(|index| version(index).text().to_owned());
        let name = name.to_owned();
        // What names the commit may be of several versions, and what shows the version is of one.
        let shows_version = |index: usize| {
            let is_of_version = |one: &CandidateName| {
                one.form.has_version() || (one.form.has_name() && spells(&one.name, version(index)))
            };
            candidates[index].names.iter().any(|one| one.name == name && is_of_version(one))
        };
        let shown: Vec<usize> = self.literal.iter().copied().filter(|index| shows_version(*index)).collect();
        if let Some((first, rest)) = shown.split_first()
            && let Some(second) =
                rest.iter().find(|one| version(**one).without_v() != version(*first).without_v())
        {
            let candidates = [*first, *second];
            return Err(TagError::SameTag { name, versions: text(candidates), candidates });
        }
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
            let (one, first) = (version(*index), version(first));
            one.without_v() != first.without_v() && (one.cmp_release(first).is_eq() || one.is_beside(first))
        });
        if let Some((second, _)) = tied {
            let candidates = [*second, first];
            return Err(TagError::Tie { name, versions: text(candidates), candidates });
        }
        let of_builds = version(first).is_of_builds(&name);
        let is_build = |known: &&Version| !of_builds || known.cmp_precedence(version(first)).is_eq();
        let rivals = || known.iter().filter(|known| rivals(known, version(first), claim)).filter(is_build);
        let has_it = |known: &&Version| has_name(first, known, &name);
        // Mostly, the greatest has it.
        let greatest = rivals().max();
        let others = || greatest.and_then(|_| rivals().filter(has_it).max());
        let greater = greatest.filter(has_it).or_else(others);
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
        && (known.cmp_release(candidate).is_gt() || known.is_beside(candidate))
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
mod tests;
