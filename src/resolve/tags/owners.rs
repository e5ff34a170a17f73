//! Which tags each image gets: in each repository, the images of one block compete for the floating ones.

use std::borrow::Cow;
use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::names::{self, Names};
use crate::bake::target::Text;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Facts;
use crate::pattern;
use crate::platform::Platform;
use crate::readable;
use crate::reference::{Reference, Repository, Tag};
use crate::resolve::images::beside;
use crate::resolve::images::codenames;
use crate::resolve::images::constants;
use crate::resolve::images::image::{Covered, UnresolvedImage};
use crate::resolve::images::lists::OtherVersions;
use crate::resolve::images::repositories::once;
use crate::resolve::input::Input;
use crate::resolve::publication::{Listing, PlacedTag, Publication};
use crate::resolve::targets::Targets;
use crate::rules;
use crate::tags::{
    self, Candidate, CandidateName, Claim, KnownNames, Loss, OwnedTag, Share, TagError, YieldedTag,
};
use crate::version::{Class, SEPARATORS, Version};

/// The images of one block, by their positions.
pub(in crate::resolve) struct Block<'a> {
    pub(in crate::resolve) images: &'a [UnresolvedImage],
    pub(in crate::resolve) targets: &'a Targets<'a>,
    /// What each image claims.
    pub(in crate::resolve) names: &'a [Names],
    /// What is known besides each image.
    pub(in crate::resolve) others: &'a [OtherVersions],
    pub(in crate::resolve) members: &'a [usize],
}

/// Gives the rendered names of one block's images to their owners, repository by repository.
pub(in crate::resolve) fn assign(
    block: &Block<'_>,
    input: &Input<'_>,
    publications: &mut [Publication],
    diagnostics: &mut Diagnostics,
) {
    let Block { images, targets: _, names, others, members } = *block;
    let mut images_of: IndexMap<Repository, Vec<usize>> = IndexMap::new();
    for at in members.iter().filter(|at| !names[**at].names.is_empty()) {
        for repository in publications[*at].keys() {
            images_of.entry(repository.clone()).or_default().push(*at);
        }
    }
    let (mut told, mut codenames) = (BTreeSet::new(), None);
    for (repository, here) in images_of {
        let (versioned, literal): (Vec<usize>, Vec<usize>) =
            here.iter().partition(|at| images[**at].version.known().is_some());
        for at in literal {
            let image = &images[at];
            let (left, own) = latest_of_known(image, &names[at], &others[at], input);
            let tags = unversioned(image, &own, input, diagnostics);
            let mut listing = beside::settle(tags, image, &others[at], diagnostics);
            listing.yielded.extend(left);
            publications[at].insert(repository.clone(), listing);
        }
        let Some(shares) = shares(block, input, &versioned, diagnostics) else { continue };
        for (at, share) in versioned.iter().zip(shares) {
            let image = &images[*at];
            if told.insert(*at) {
                codenames = codenames.or_else(|| codename(image, &names[*at], &share));
                diagnostics.extend(other_edition(image, &others[*at], &share));
            }
            let tags =
                share.owned.into_iter().filter_map(|owned| published(owned, image, input, diagnostics));
            let listing = Listing { tags: tags.collect(), yielded: share.yielded, ..Listing::default() };
            publications[*at].insert(repository.clone(), listing);
        }
    }
    diagnostics.extend(codenames);
}

/// Says that a version leaves floating tags to another edition of the same release, since none of them is greater.
fn other_edition(image: &UnresolvedImage, others: &OtherVersions, share: &Share) -> Option<Diagnostic> {
    let version = image.version.known()?;
    let edition = others.released.iter().find(|one| one.is_beside(version))?;
    let left = share.yielded.iter().filter(|tag| tag.owner == edition.text());
    let left: Vec<String> = left.map(|tag| format!("`{}`", tag.name)).collect();
    let message = format!(
        "image `{}` leaves {} as before: `{edition}` is another edition of the release than `{version}`, and none is greater",
        image.key,
        left.join(", ")
    );
    let place = image.settings().version.as_ref().and_then(|text| text.span).or(image.span);
    let found =
        Diagnostic::warning(Code::TAG_COLLISION, message).at(place, "").with_help(editions_apart(version));
    (!left.is_empty()).then_some(found)
}

/// What to do where one release has several editions.
fn editions_apart(version: &Version) -> String {
    let word = version.tail().trim_start_matches(SEPARATORS);
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || SEPARATORS.contains(&c));
    format!(
        "put the edition into the floating tags, such as `{{{{ major }}}}-{word}`; or name the one that they are for, with `stable_suffixes = [\"{word}\"]`"
    )
}

/// Says that a greater version of another line has a codename of an image.
fn codename(image: &UnresolvedImage, names: &Names, share: &Share) -> Option<Diagnostic> {
    let version = image.version.known()?;
    let literals = share.owned.iter().filter(|one| one.claim == Claim::Literal);
    let literals: Vec<&str> = literals.map(|one| one.name.as_str()).collect();
    // As they are written, without what the variant puts behind them.
    let bare = names.constants.iter().filter_map(|name| {
        let tags: Vec<String> = names.suffixes.iter().map(|suffix| tags::with_suffix(name, suffix)).collect();
        let tag = share.yielded.iter().find(|one| tags.contains(&one.name))?;
        Some(YieldedTag { name: name.clone(), ..tag.clone() })
    });
    let bare: Vec<YieldedTag> = bare.collect();
    codenames::warning(image, version, &codenames::taken(&bare, version, &literals), None)
}

/// What each of the images with a version gets, in a repository that they all publish to; `None` when they collide.
fn shares(
    block: &Block<'_>,
    input: &Input<'_>,
    versioned: &[usize],
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Share>> {
    let images: Vec<&UnresolvedImage> = versioned.iter().map(|at| &block.images[*at]).collect();
    let candidates = images.iter().zip(versioned);
    let candidates: Vec<Candidate<'_>> = candidates
        .filter_map(|(image, at)| candidate(image, &block.names[*at], &block.others[*at]))
        .collect();
    let released: BTreeSet<&Version> = versioned.iter().flat_map(|at| &block.others[*at].released).collect();
    let released: Vec<Version> = released.into_iter().cloned().collect();
    // What is cut out of one version may not be what another has.
    let has_name = |index: usize, version: &Version, name: &str| {
        let mut own = candidates[index].names.iter().filter(|one| one.name == name);
        !own.all(|one| is_of_whole(images[index], one))
            || names::names_of(input, images[index], version).iter().any(|one| one.name == name)
    };
    let owned = tags::own_where(&candidates, &released, &has_name);
    let mut errors = owned.as_ref().err().cloned().unwrap_or_default();
    for (index, (candidate, at)) in candidates.iter().zip(versioned).enumerate() {
        let known = known_names(input, images[index], candidate.version, &block.others[*at].released);
        errors.extend(tags::known_literals(index, candidate, &known));
    }
    diagnostics.extend(errors.iter().map(|error| tag_error(error, &images)));
    let shares = owned.ok().filter(|_| errors.is_empty())?;
    let platforms: Vec<_> = images.iter().map(|image| platforms(image, block.targets)).collect();
    for (image, losses) in images.iter().zip(tags::losses(&candidates, &shares, &platforms)) {
        diagnostics.extend(losses.iter().map(|loss| fewer_platforms(image, loss)));
    }
    Some(shares)
}

/// Whether a name is rendered by a pattern with the whole version in it.
fn is_of_whole(image: &UnresolvedImage, name: &CandidateName) -> bool {
    let patterns = image.settings().tags.iter().flatten().map(|one| &one.pattern);
    let mut own = patterns.filter(|pattern| pattern.span.is_some() && pattern.span == name.span);
    own.any(|pattern| !rules::is_rule(pattern.as_str()) && pattern::names_version(pattern.as_str()))
}

/// The known versions that may have a tag in common with an image's own, with their names. Of those that go on where it
/// ends, the greatest says what all of them do.
fn known_names(
    input: &Input<'_>,
    image: &UnresolvedImage,
    own: &Version,
    released: &[Version],
) -> Vec<KnownNames> {
    let nested = released.iter().filter(|version| tags::is_nested(version, own));
    let (longer, shorter): (Vec<_>, Vec<_>) =
        nested.partition(|version| version.numbers().len() > own.numbers().len());
    let is_release = |version: &&&Version| version.class() == Class::Stable;
    let longer = longer.iter().filter(is_release).max();
    let versions = shorter.iter().chain(longer);
    let named = versions.map(|version| KnownNames {
        version: (*version).clone(),
        names: names::names_of(input, image, version),
    });
    named.collect()
}

/// What known versions have of the names that a git tag without a version would get, such as `latest`, and the other names.
fn latest_of_known<'n>(
    image: &UnresolvedImage,
    names: &'n Names,
    others: &OtherVersions,
    input: &Input<'_>,
) -> (Vec<YieldedTag>, Cow<'n, Names>) {
    let greatest = others.released.iter().filter(|one| one.class() == Class::Stable).max();
    let shows_version =
        |one: &CandidateName| one.claim == Claim::Literal && one.name.parse::<Version>().is_ok();
    let is_apart = || input.facts.tag.is_some() && !names.names.iter().any(shows_version);
    let Some(greatest) = greatest.filter(|_| is_apart()) else { return (Vec::new(), Cow::Borrowed(names)) };
    let patterns = image.settings().tags.iter().flatten();
    let any: Vec<_> = patterns.filter(|one| one.any).filter_map(|one| one.pattern.span).collect();
    let is_let = |one: &CandidateName| one.span.is_some_and(|span| any.contains(&span));
    let is_theirs =
        |one: &CandidateName| one.claim == Claim::Run && constants::names_latest(&one.name) && !is_let(one);
    let (left, own): (Vec<_>, Vec<_>) = names.names.iter().cloned().partition(is_theirs);
    let tags =
        left.iter().flat_map(|one| names.suffixes.iter().map(|suffix| tags::with_suffix(&one.name, suffix)));
    let owner = greatest.text();
    let left = tags.map(|name| YieldedTag { name, owner: owner.to_owned(), is_known: true }).collect();
    (left, Cow::Owned(Names { names: own, ..names.clone() }))
}

/// The tags of an image without a version.
fn unversioned(
    image: &UnresolvedImage,
    names: &Names,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<PlacedTag> {
    let mut tags = Vec::new();
    for CandidateName { name, claim, form, span } in &names.names {
        let is_constant = constants::claim(name) == *claim && *claim == Claim::Run;
        let names_run = *claim != Claim::Literal && !(is_constant && names.constants.contains(name));
        let why = names_run.then(|| "moves with each run".to_owned());
        for suffix in &names.suffixes {
            let name = tags::with_suffix(name, suffix);
            let owned = OwnedTag {
                name,
                claim: *claim,
                form: form.with_suffix(suffix),
                family: Vec::new(),
                span: *span,
                why: why.clone(),
                is_provisional: false,
            };
            tags.extend(published(owned, image, input, diagnostics));
        }
    }
    once(tags, |one| &one.tag)
}

fn candidate<'d>(image: &'d UnresolvedImage, names: &Names, others: &OtherVersions) -> Option<Candidate<'d>> {
    let version = image.version.known()?;
    Some(Candidate {
        version,
        competes_for_latest: image.settings().latest,
        is_withdrawn: others.withdrawn.iter().any(|one| one.covers(version)),
        suffixes: names.suffixes.clone(),
        names: names.names.clone(),
    })
}

/// What an image is built for, whatever part of it is planned.
pub(in crate::resolve) fn platforms(image: &UnresolvedImage, targets: &Targets<'_>) -> BTreeSet<Platform> {
    let mut platforms = BTreeSet::new();
    for Covered { name: _, at, settings } in &image.targets {
        let skips =
            |platform: &Platform| settings.overrides_of(Some(platform)).iter().any(|one| one.settings.skip);
        platforms.extend(targets.valid_platforms(*at).filter(|platform| !skips(platform)).cloned());
    }
    platforms
}

fn fewer_platforms(image: &UnresolvedImage, loss: &Loss<Platform>) -> Diagnostic {
    let list = |names: Vec<String>| names.join(", ");
    let tags = list(loss.tags.iter().map(|tag| format!("`{tag}`")).collect());
    let platforms = list(loss.platforms.iter().map(|platform| format!("`{platform}`")).collect());
    let what = format!("{tags} from version `{}`, which has more platforms: {platforms}", loss.from);
    let message = format!("image `{}` takes {what}", image.key);
    let place = image.settings().version.as_ref().and_then(|text| text.span).or(image.span);
    let found = Diagnostic::warning(Code::FEWER_PLATFORMS, message).at(place, "");
    image.tells(found, format!("take {what}")).with_help(
        "those who pull these tags on them will get nothing; build it for them too, or use other tags",
    )
}

fn tag_error(error: &TagError, images: &[&UnresolvedImage]) -> Diagnostic {
    let place =
        |image: &UnresolvedImage| image.settings().version.as_ref().and_then(|text| text.span).or(image.span);
    let diagnostic = Diagnostic::error(Code::TAG_COLLISION, error.to_string());
    let candidates = match error {
        TagError::SameTag { candidates, .. }
        | TagError::LiteralFloats { candidates, .. }
        | TagError::Tie { candidates, .. } => candidates,
        TagError::KnownLiteralFloats { known, candidate, .. } => {
            let image = images[*candidate];
            let help = format!(
                "leave the shorter pattern out of `tags`; or, if `{known}` was never a release of this image, set `withdrawn = [\"{known}\"]`"
            );
            let label = format!("image `{}`; `{known}` is known from elsewhere", image.key);
            return diagnostic.at(place(image), label).with_help(help);
        }
    };
    let [first, second] = candidates.map(|index| images[index]);
    let is_beside = |version: &&Version| second.version.known().is_some_and(|other| version.is_beside(other));
    let edition = first.version.known().filter(is_beside);
    let help = match error {
        TagError::LiteralFloats { .. } => {
            "leave the shorter pattern out of `tags`, or write the version with all its numbers".to_owned()
        }
        _ => edition.map_or_else(
            || "give the images different versions, variants or repositories, or put what distinguishes them into `tags`".to_owned(),
            editions_apart,
        ),
    };
    diagnostic
        .at(place(second), format!("image `{}`", second.key))
        .at(place(first), format!("image `{}`", first.key))
        .with_help(help)
}

/// A tag as it is published, if it is one.
fn published(
    owned: OwnedTag,
    image: &UnresolvedImage,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<PlacedTag> {
    let OwnedTag { name, claim, form, family, span, why, is_provisional } = owned;
    match name.parse::<Tag>() {
        Ok(tag) => Some(PlacedTag { tag, claim, form, family, why, is_provisional, span }),
        // A run that publishes nothing needs no tag, and may be of a branch that no run publishes, as in a merge queue.
        Err(_) if claim == Claim::Run && why.is_some() && !input.publish => None,
        Err(e) => {
            let message = format!("`{name}` is not a valid tag: {e}");
            let diagnostic = Diagnostic::error(Code::TAG, message).at(span, "");
            let mut several = name.split(',').map(str::trim);
            if name.contains(',') && several.all(|one| one.parse::<Tag>().is_ok()) {
                let help = format!("each tag is a string of its own: `{}`", readable::apart(&name));
                diagnostics.report(diagnostic.with_help(help));
                return None;
            }
            if name.contains(['{', '$', '<', '%']) {
                let help = "a pattern is written `{{ version }}`, and a variable `${VERSION}`";
                diagnostics.report(diagnostic.with_help(help));
                return None;
            }
            let written = span.and_then(|span| string(input.texts.text(span)));
            if let Some(help) = reference_help(&name, written, image) {
                diagnostics.report(diagnostic.with_help(help));
                return None;
            }
            diagnostics.report(match claim {
                Claim::Run if why.is_some() => diagnostic.with_help(slug_help(&name, input.facts)),
                _ => diagnostic,
            });
            None
        }
    }
}

/// How the name of a fact is made to fit, of the one that a text has.
fn slug_help(text: &str, facts: &Facts) -> String {
    let Facts { branch, head_branch, base_branch, tag, git_ref, event, .. } = facts;
    let words = [
        ("branch", branch),
        ("head_branch", head_branch),
        ("base_branch", base_branch),
        ("tag", tag),
        ("ref", git_ref),
        ("event", event),
    ];
    let is_in = |value: &&String| text.contains(value.as_str()) && value.parse::<Tag>().is_err();
    match words.into_iter().find(|(_, value)| value.as_ref().filter(is_in).is_some()) {
        Some((word, _)) => format!("`{{{{ {word} | slug }}}}` makes its name fit"),
        None => "the filter `slug` makes a text fit".to_owned(),
    }
}

/// How a whole reference is written in an `image` block, which names repositories and tags apart. It is given as it is
/// `rendered` and, where that is known, as it is written, so that the pattern in it is kept.
pub(in crate::resolve) fn reference_help(
    rendered: &str,
    written: Option<&str>,
    image: &UnresolvedImage,
) -> Option<String> {
    let parsed = rendered.parse::<Reference>().ok();
    if parsed.as_ref().is_some_and(|reference| reference.digest().is_some()) {
        return Some("a tag to publish cannot have a digest: it is known only after the build".to_owned());
    }
    let apart = |text| tag_apart(text).or_else(|| tag_apart(rendered));
    let (head, pattern) =
        apart(written.unwrap_or(rendered)).map_or((rendered, None), |(head, tag)| (head, Some(tag)));
    let repository = match &parsed {
        Some(reference) => reference.repository().clone(),
        None => head.parse::<Repository>().ok()?,
    };
    let own = &image.settings().repositories;
    let is_own = |text: &Text| text.as_str().parse::<Repository>().is_ok_and(|own| own == repository);
    let is_there = own.iter().flatten().any(is_own);
    let Some(pattern) = pattern else {
        // A text without a tag may be a branch's name, unless it begins with a host.
        let (host, _) = rendered.split_once('/')?;
        let is_host = host.contains(['.', ':']) || host == "localhost";
        let cure = match own {
            Some(_) if is_there => format!("leave it out: `{rendered}` stands in `repositories` already"),
            Some(_) => format!("move `\"{repository}\"` to `repositories`: `tags` holds only tags"),
            None => format!("write `repositories = [\"{repository}\"]`: `tags` holds only tags"),
        };
        return is_host.then_some(cure);
    };
    // Without a slash it says what the image is called, and not where it is published.
    let is_name = !head.contains('/');
    let tags = format!("`tags = [\"{pattern}\"]`");
    let cure = match own {
        Some(_) if is_there || is_name => format!("write {tags}"),
        Some(_) => format!(
            "write {tags}, and add `\"{repository}\"` to `repositories` if it is published there, too"
        ),
        None if is_name => format!(
            "write {tags} and where it is published, such as `repositories = [\"ghcr.io/acme/{head}\"]`"
        ),
        None => format!("write `repositories = [\"{repository}\"]` and {tags}"),
    };
    Some(format!("{cure}: tags are written without their repository"))
}

/// What stands before the tag of a reference, and the tag, either of which may hold patterns and variables.
fn tag_apart(reference: &str) -> Option<(&str, &str)> {
    let (mut depth, mut colon) = (0_u32, None);
    for (at, character) in reference.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => colon = Some(at),
            '/' if depth == 0 => colon = None,
            _ => {}
        }
    }
    let at = colon?;
    Some((&reference[..at], &reference[at + 1..]))
}

/// What is between the quotes, if it is one string without escapes.
fn string(written: &str) -> Option<&str> {
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then_some(inner)
}
