//! Lets tags that nothing is put into, such as `edge`, move with the version that others beside them show.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::codenames;
use super::constants::{claim, names_commit, names_prereleases};
use super::forms;
use super::image::UnresolvedImage;
use super::lists::{self, OtherVersions};
use super::sighted::{self, KEPT_BY_GREATER, Sighted};
use super::variants;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, listed};
use crate::form::{Form, Part};
use crate::reference::Tag;
use crate::resolve::publication::{Listing, PlacedTag, Seen};
use crate::tags::{self, Candidate, CandidateName, Claim, LATEST, OwnedTag, Share, YieldedTag};
use crate::version::{Class, SEPARATORS, Scheme, Version};

/// Lets constants beside the one version among them move with that version, unless they are another one's. Beside a
/// prerelease, those that releases move with are left out.
pub(in crate::resolve) fn settle(
    mut tags: Vec<PlacedTag>,
    image: &UnresolvedImage,
    others: &OtherVersions,
    diagnostics: &mut Diagnostics,
) -> Listing {
    let settings = image.settings();
    // The parts of a day are numbers where a month or a year of it stands beside it.
    let is_loose = settings.scheme == Scheme::Loose;
    let scheme = if is_loose && sighted::has_part_of_day(&tags) { Scheme::Calver } else { settings.scheme };
    let read = |text: &str| Version::parse_with(text, scheme, &image.tails).ok();
    let suffixes = suffixes_of(&tags, image, &read);
    let bare = without_suffixes(&tags, &suffixes);
    let Some(sighted) = sighted::sighted(&bare, &read) else {
        let unclear: BTreeSet<&Tag> = sighted::unclear(&bare).into_iter().map(|tag| &tag.tag).collect();
        let unclear = tags.iter().zip(&*bare).filter(|(_, bare)| unclear.contains(&bare.tag));
        let unclear: Vec<Tag> = unclear.map(|(tag, _)| tag.tag.clone()).collect();
        diagnostics.extend(latest_without_version(&tags, image));
        for tag in tags.iter_mut().filter(|tag| tag.claim == Claim::Run && tag.why.is_none()) {
            tag.why = Some("no version in sight: moves with each run of its ref".to_owned());
        }
        return Listing { tags, unclear, ..Listing::default() };
    };
    if sighted.version.is_prerelease() {
        let claim_of = |tag: &PlacedTag| claim_beside(&without_suffix(tag, &suffixes), &sighted, &read);
        leave_to_releases(&mut tags, &sighted.version, &claim_of, diagnostics);
    }
    let Sighted { version, words: _ } = &sighted;
    lists::check_withdrawn(image, version, diagnostics);
    let mut names = Vec::new();
    let claims: Vec<Option<Claim>> =
        tags.iter().map(|tag| claim_beside(&without_suffix(tag, &suffixes), &sighted, &read)).collect();
    diagnostics.extend(apart(&tags, &claims, &suffixes, image, version, &read));
    for (tag, claim) in tags.iter_mut().zip(claims) {
        if let Some(claim) = claim {
            tag.claim = claim;
            let (name, form) = (tag.tag.to_string(), tag.form.clone());
            names.push(CandidateName { name, claim, form, span: tag.span });
        }
    }
    let all: Vec<String> = names.iter().map(|one| one.name.clone()).collect();
    let yielded = own(&mut tags, names, version, image, others);
    let literals: Vec<&str> = literals(&tags).collect();
    let codenames = codenames::taken(&yielded, version, &literals);
    let rest = all.iter().map(String::as_str).filter(|name| !codenames.iter().any(|one| one.name == *name));
    let rest: Vec<&str> = rest.collect();
    diagnostics.extend(codenames::warning(image, version, &codenames, Some(&rest)));
    diagnostics.extend(tags.iter().filter_map(|tag| known_literal(tag, &sighted, others)));
    if others.released.is_empty() {
        diagnostics.extend(tags.iter().filter_map(|tag| half_guarded(tag, version)));
    }
    let unknown = unknown(&tags, &sighted, &read);
    diagnostics.extend(of_branch(&tags, &sighted.version, &unknown));
    let unclear = unknown.into_iter().map(|(tag, _)| tag).collect();
    for tag in tags.iter_mut().filter(|tag| tag.claim != Claim::Run) {
        let bare = without_suffix(tag, &suffixes);
        let form = form_beside(&bare.tag, tag.claim, &bare.form, version, &read);
        let form = if bare.tag == tag.tag { form } else { form.with_suffix(behind(&tag.tag, &bare.tag)) };
        tag.form = form;
    }
    let all: Vec<(bool, Form)> =
        tags.iter().map(|tag| (tag.claim == Claim::Literal, tag.form.clone())).collect();
    let follows = |tag: &&mut PlacedTag| matches!(tag.claim, Claim::Versions(_) | Claim::Prereleases(_));
    for tag in tags.iter_mut().filter(follows) {
        let all = all.iter().map(|(is_whole, form)| (*is_whole, form));
        tag.family = tags::family(tag.tag.as_str(), &tag.form, all);
    }
    Listing { tags, yielded, unclear, seen: Some(Seen { version: Arc::new(sighted.version), scheme }) }
}

/// What variants put behind tags: those of the image, and those with numbers that the tags themselves show.
fn suffixes_of(tags: &[PlacedTag], image: &UnresolvedImage, read: &sighted::Reader<'_>) -> BTreeSet<String> {
    let declared = variants::suffixes(image.settings(), &mut Diagnostics::default()).into_iter();
    let all = declared.chain(sighted::numbered_variants(tags, read));
    all.filter(|suffix| !suffix.is_empty()).collect()
}

/// The tags without what a variant puts behind them, whose numbers (`python3.13`) are of no version.
fn without_suffixes<'t>(tags: &'t [PlacedTag], suffixes: &BTreeSet<String>) -> Cow<'t, [PlacedTag]> {
    if suffixes.is_empty() {
        return Cow::Borrowed(tags);
    }
    Cow::Owned(tags.iter().map(|tag| without_suffix(tag, suffixes).into_owned()).collect())
}

fn without_suffix<'t>(tag: &'t PlacedTag, suffixes: &BTreeSet<String>) -> Cow<'t, PlacedTag> {
    let text = tag.tag.as_str();
    let stems = suffixes.iter().filter_map(|suffix| {
        let stem = text.strip_suffix(suffix.as_str())?;
        if stem.is_empty() { Some(LATEST) } else { stem.strip_suffix('-') }
    });
    let stem: Option<Tag> = stems.min_by_key(|stem| stem.len()).and_then(|stem| stem.parse().ok());
    let Some(stem) = stem else { return Cow::Borrowed(tag) };
    let form = if tag.form.is_text() { Form::text(stem.as_str()) } else { tag.form.clone() };
    // What nothing is put into is what its stem is.
    let is_constant = tag.form.is_text() && claim(text) == tag.claim;
    let claim = if is_constant { claim(stem.as_str()) } else { tag.claim };
    Cow::Owned(PlacedTag { tag: stem, form, claim, ..tag.clone() })
}

/// What stands behind a tag without its variant.
fn behind<'t>(whole: &'t Tag, bare: &Tag) -> &'t str {
    let rest = whole.as_str().strip_prefix(bare.as_str());
    rest.and_then(|rest| rest.strip_prefix('-')).unwrap_or(whole.as_str())
}

/// Says which tags have numbers beside the version that are not its own, so that they count as versions of their own: it may be that
/// they should move with it.
fn apart(
    tags: &[PlacedTag],
    claims: &[Option<Claim>],
    suffixes: &BTreeSet<String>,
    image: &UnresolvedImage,
    version: &Version,
    read: &sighted::Reader<'_>,
) -> Option<Diagnostic> {
    let is_apart = |(tag, claim): &(&PlacedTag, &Option<Claim>)| {
        let bare = without_suffix(tag, suffixes);
        let name = bare.tag.as_str();
        // A long number is that of a build or a day.
        let is_long = name.len() > 3 && name.bytes().all(|byte| byte.is_ascii_digit());
        **claim == Some(Claim::Literal)
            && !is_long
            && Form::of_day(name).is_none()
            && read(name).is_some_and(|one| one.numbers().first() != version.numbers().first())
    };
    let found = tags.iter().zip(claims).filter(is_apart);
    let found: Vec<&PlacedTag> = found.map(|(tag, _)| tag).collect();
    let first = found.first()?;
    let names: Vec<&str> = found.iter().map(|tag| tag.tag.as_str()).collect();
    let counts =
        if names.len() == 1 { "counts as a version of its own" } else { "count as versions of their own" };
    let what = format!("{} {counts}, which never moves, beside version `{version}`", listed(&names));
    let note = Diagnostic::note(Code::UNGUARDED_TAG, format!("image `{}`: {what}", image.key));
    let note = image.tells(note.at(first.span, ""), format!("publish what {what}"));
    Some(note.with_help(format!(
        "a tag that moves with releases is declared in an `image` block: `version = \"{version}\"`, with the tag among its `tags`; or put a word before its numbers"
    )))
}

/// The error for a tag that floats with a version, and is a released version itself.
fn known_literal(tag: &PlacedTag, sighted: &Sighted, others: &OtherVersions) -> Option<Diagnostic> {
    let Sighted { version, words } = sighted;
    let whole = tag.tag.as_str();
    let name = sighted::without_word(whole, words).unwrap_or(whole);
    let bare = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let is_it = |known: &&Version| known.without_v() == bare && known.without_v() != version.without_v();
    let known = others.released.iter().filter(|_| matches!(tag.claim, Claim::Versions(1..))).find(is_it)?;
    let message =
        format!("tag `{whole}` is version `{known}` itself and also floats, claimed by version `{version}`");
    let help = format!(
        "leave the tag out; or, if `{known}` was never a release of this image, set `withdrawn = [\"{known}\"]` in an `image` block"
    );
    Some(Diagnostic::error(Code::TAG_COLLISION, message).at(tag.span, "").with_help(help))
}

/// Says that the merge compares a tag which says that it is of prereleases with releases alone.
fn half_guarded(tag: &PlacedTag, version: &Version) -> Option<Diagnostic> {
    let name = tag.tag.as_str();
    let is_so = tag.claim == Claim::Versions(0) && names_prereleases(name);
    let message = format!(
        "`{name}` moves to the release `{version}`: the merge does not compare it with prereleases that may have it"
    );
    let help = "leave it out of the tags of releases, or name the versions that were released with `--known-versions`";
    is_so.then(|| Diagnostic::note(Code::UNGUARDED_TAG, message).at(tag.span, "").with_help(help))
}

/// The tags that show the version, with something unknown behind its numbers in each of them, and as what they are read; none
/// where no other tag moves with the version.
fn unknown(tags: &[PlacedTag], sighted: &Sighted, read: &sighted::Reader<'_>) -> Vec<(Tag, Version)> {
    let Sighted { version, words } = sighted;
    let shown = |tag: &PlacedTag| {
        let whole = tag.tag.as_str();
        let found = read(sighted::without_word(whole, words).unwrap_or(whole))?;
        let is_own = tag.claim == Claim::Literal && found.numbers() == version.numbers();
        is_own.then(|| (tag.tag.clone(), found))
    };
    let all: Vec<(Tag, Version)> = tags.iter().filter_map(shown).collect();
    let is_unknown = all.iter().all(|(_, one)| one.class() == Class::Unknown);
    if is_unknown && tags.iter().any(moves) { all } else { Vec::new() }
}

/// Whether a tag moves with releases.
fn moves(tag: &PlacedTag) -> bool {
    matches!(tag.claim, Claim::Versions(_))
}

/// Says that what follows the numbers of the only version is taken for a variant where it may be of a branch or a commit, so
/// that the tags beside it move as with the release of these numbers.
fn of_branch(tags: &[PlacedTag], version: &Version, unknown: &[(Tag, Version)]) -> Option<Diagnostic> {
    const BRANCHES: [&str; 8] = ["branch", "develop", "feat", "feature", "fix", "main", "master", "staging"];
    let (_, first) = unknown.first()?;
    let tail = first.tail();
    tail.split(SEPARATORS).find(|piece| is_commit(piece) || BRANCHES.contains(piece))?;
    let moved: Vec<&PlacedTag> =
        tags.iter().filter(|tag| moves(tag) && !tag.tag.as_str().contains(tail)).collect();
    let span = moved.first()?.span;
    let names: Vec<&str> = moved.iter().map(|tag| tag.tag.as_str()).collect();
    let message = format!(
        "`{first}` is taken for the release `{version}`, as `{tail}` is neither known as a release nor as a prerelease: {} {} as with that release",
        listed(&names),
        if names.len() == 1 { "moves" } else { "move" }
    );
    Some(Diagnostic::note(Code::UNKNOWN_SUFFIX, message).at(span, "").with_note(KEPT_BY_GREATER).with_help(
        "publish them with releases alone; or declare the version in an `image` block, where `stable_suffixes` or `prerelease_suffixes` decide",
    ))
}

/// A warning for a `latest` of each run where `latest = false` keeps it from versions, and there is none.
fn latest_without_version(tags: &[PlacedTag], image: &UnresolvedImage) -> Option<Diagnostic> {
    let settings = image.settings();
    if settings.latest || image.version.known().is_some() {
        return None;
    }
    let latest = tags.iter().find(|tag| tag.tag.as_str() == LATEST && tag.claim == Claim::Run)?;
    // With a condition, somebody has thought of runs without.
    let written = settings.tags.iter().flatten().find(|one| one.pattern.span == latest.span)?;
    if written.when.is_some() || written.pattern.as_str().contains("enable=") {
        return None;
    }
    let message = format!(
        "`latest = false` keeps versions from `latest`, and image `{}` has none here: it publishes `latest`",
        image.key
    );
    let several =
        format!("have no version here, and publish `{LATEST}`, from which `latest = false` keeps versions");
    let warning = image.tells(Diagnostic::warning(Code::NO_VERSION, message).at(latest.span, ""), several);
    Some(warning.with_help(
        "leave `latest` out of `tags`, or say when it is meant: `{ pattern = \"latest\", when = \"default_branch\" }`",
    ))
}

/// The tags that never move.
fn literals(tags: &[PlacedTag]) -> impl Iterator<Item = &str> {
    tags.iter().filter(|tag| tag.claim == Claim::Literal).map(|tag| tag.tag.as_str())
}

/// Takes from the tags those that are another version's, and says of the others why they are not.
fn own(
    tags: &mut Vec<PlacedTag>,
    names: Vec<CandidateName>,
    version: &Version,
    image: &UnresolvedImage,
    others: &OtherVersions,
) -> Vec<YieldedTag> {
    let claimed: BTreeSet<String> = names.iter().map(|one| one.name.clone()).collect();
    let candidate = Candidate {
        version,
        competes_for_latest: image.settings().latest,
        is_withdrawn: others.withdrawn.iter().any(|one| one.covers(version)),
        suffixes: [String::new()].into_iter().collect(),
        names,
    };
    // One candidate has no one to quarrel with.
    let share = tags::own(&[candidate], &others.released).ok().and_then(|mut shares| shares.pop());
    let Share { owned, mut yielded } = share.unwrap_or_default();
    let mut owned: BTreeMap<String, OwnedTag> =
        owned.into_iter().map(|one| (one.name.clone(), one)).collect();
    // What says that it is of prereleases goes with the greatest version, be it one or a release.
    let is_greater = |one: &&Version| {
        one.class() != Class::Unknown && (one.cmp_release(version).is_gt() || one.is_beside(version))
    };
    if let Some(greatest) = others.released.iter().filter(is_greater).max() {
        owned.retain(|name, own| {
            let is_of_both =
                matches!(own.claim, Claim::Versions(0) | Claim::Prereleases(0)) && names_prereleases(name);
            if is_of_both {
                let owner = greatest.text().to_owned();
                yielded.push(YieldedTag { name: name.clone(), owner, is_known: true });
            }
            !is_of_both
        });
    }
    tags.retain_mut(|tag| match owned.get(tag.tag.as_str()) {
        Some(own) => {
            tag.why.clone_from(&own.why);
            tag.is_provisional = own.is_provisional;
            true
        }
        None => !claimed.contains(tag.tag.as_str()),
    });
    yielded
}

/// What a constant stands for beside a version; `None` for what is made of something else.
fn claim_beside(tag: &PlacedTag, sighted: &Sighted, read: &sighted::Reader<'_>) -> Option<Claim> {
    let Sighted { version, words } = sighted;
    let whole = tag.tag.as_str();
    let name = sighted::without_word(whole, words).unwrap_or(whole);
    let read: Option<Version> = read(name);
    let is_constant = tag.why.is_none() && claim(whole) == tag.claim;
    if !is_constant || (read.is_none() && names_commit(name)) || is_of_build(name, version) {
        return None;
    }
    let claim = tags::claim(name, version, 0, false, false);
    // `1.x` is not one of 2.0.0.
    if claim == Claim::Versions(0) && read.as_ref().is_some_and(Version::is_series) {
        return None;
    }
    // Another version's own name stays its own.
    let is_other = claim == Claim::Versions(0) && name != LATEST && read.is_some();
    let is_own = |one: &Version| one.numbers().len() == version.numbers().len() && one.is_numbered();
    Some(match claim {
        _ if is_other => Claim::Literal,
        Claim::Versions(depth) if version.is_prerelease() && names_prereleases(name) => {
            if read.as_ref().is_some_and(is_own) { Claim::Literal } else { Claim::Prereleases(depth) }
        }
        claim => claim,
    })
}

/// The form of a constant beside a version. What follows the numbers differs between versions where it is known, and the
/// commit always does.
fn form_beside(tag: &Tag, claim: Claim, form: &Form, version: &Version, read: &sighted::Reader<'_>) -> Form {
    let name = tag.as_str();
    let is_whole = |one: &Version| one.class() == Class::Stable && one.numbers() == version.numbers();
    let said = if read(name).is_some_and(|one| is_whole(&one)) {
        [Part::Version].into_iter().collect()
    } else {
        form.clone()
    };
    let form = forms::of(name, claim, Some(version), Some(said));
    // The next run writes another date, and none of them is a release.
    let may_be_day = form.is_text() && claim == Claim::Literal;
    if let Some(day) = may_be_day.then(|| Form::of_day(name)).flatten() {
        return day;
    }
    let commit = |piece: &str| is_commit(piece).then_some(Part::Commit(piece.len()));
    let has_version = form.has_version();
    form.with_texts(
        |_, text| {
            if has_version { tags::pieces(text, commit) } else { vec![Part::Text(text.to_owned())] }
        },
    )
}

/// Whether a piece of a name is a commit and no word.
fn is_commit(piece: &str) -> bool {
    names_commit(piece) && piece.contains(|c: char| c.is_ascii_digit())
}

/// Whether a commit stands in a name that is not a part of the version, so that the name is one build's.
fn is_of_build(name: &str, version: &Version) -> bool {
    let is_of_version = |piece: &str| version.core().split(SEPARATORS).any(|part| part == piece);
    name.split(SEPARATORS).any(|piece| is_commit(piece) && !is_of_version(piece))
}

/// Takes what moves with releases from the tags of a prerelease.
fn leave_to_releases(
    tags: &mut Vec<PlacedTag>,
    prerelease: &Version,
    claim_of: &dyn Fn(&PlacedTag) -> Option<Claim>,
    diagnostics: &mut Diagnostics,
) {
    tags.retain(|tag| {
        let is_of_releases = matches!(claim_of(tag), Some(Claim::Versions(_)));
        if is_of_releases {
            let message =
                format!("`{prerelease}` is a prerelease, so it does not become `{}`", tag.tag);
            let warning = Diagnostic::warning(Code::PRERELEASE_TAG, message).at(tag.span, "");
            diagnostics.report(warning.with_help(
                "leave it out of the tags of prereleases; tags that say so, such as `next` and `1.0-rc`, move with prereleases",
            ));
        }
        !is_of_releases
    });
}
