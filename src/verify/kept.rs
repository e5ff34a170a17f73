//! Decides whether a floating tag is rightly another's: a greater version's, or a later run's.

use super::code::Code;
use super::finding::Finding;
use super::report::CheckedReference;
use super::walk::Walk;
use crate::published::also_named::{AlsoNamed, greater, says_greater};
use crate::published::floating::Keeper;
use crate::published::labelled::{Labelled, labelled};
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::planned::PlannedImage;
use crate::published::record::{Known, Question};
use crate::published::renamed::{Kept, kept};
use crate::published::runs::Standing;
use crate::reference::{Digest, Tag};

/// Whose a tag is.
pub(super) enum Holder {
    /// It takes an answer to tell.
    Open,
    /// The image's, as far as this tells.
    Own,
    /// Another's, in words that follow the tag's name.
    Other(String),
    /// That of a greater version, whose own tag is this one, and it has something else.
    Wrong(Tag),
    /// Nothing tells, since tags cannot be listed, for this reason.
    Unlisted(String),
}

/// Whether a tag can only be the image's.
pub(super) fn is_own(image: &PlannedImage, tag: &TagEntry) -> bool {
    !tag.floating && !leaves(image, tag)
}

/// Whether a merge leaves a tag to what was published first: it names the commit of an immutable image.
fn leaves(image: &PlannedImage, tag: &TagEntry) -> bool {
    image.immutable && tag.is_of_commit()
}

/// Whose a floating tag is that has this digest in a repository, by what versions and runs tell.
pub(super) fn holder(
    walk: &mut Walk<'_>,
    site: usize,
    image: &PlannedImage,
    run: &RunEntry,
    tag: &TagEntry,
    digest: Option<&Digest>,
) -> Holder {
    if tag.follows().is_some() && image.version.is_some() {
        walk.need(site, Question::Tags);
        let records = walk.records;
        return match records[site].tags() {
            Known::Unasked => Holder::Open,
            Known::Present(_) => match kept(image, tag, &records[site]) {
                Kept::No => Holder::Own,
                Kept::Open(questions) => {
                    questions.into_iter().for_each(|question| walk.need(site, question));
                    Holder::Open
                }
                Kept::By(keeper) => held_by(walk, site, &keeper, digest),
                Kept::Perhaps(keeper) => Holder::Other(format!("stays, since {}", keeper.reason())),
            },
            Known::Faulty(fault) => Holder::Unlisted(fault.message().to_owned()),
            Known::Absent => Holder::Own,
        };
    }
    if leaves(image, tag) {
        return match digest {
            Some(_) => Holder::Other("stays with what was published first of its commit".to_owned()),
            None => Holder::Own,
        };
    }
    let Some(digest) = digest.filter(|_| tag.moves_with_runs() && run.has_order()) else {
        return Holder::Own;
    };
    match walk.manifest(site, digest) {
        Known::Unasked => Holder::Open,
        Known::Present(served) => match run.beside_in_turn(&RunEntry::of_served(served), None) {
            Standing::Earlier(why) => Holder::Other(format!("stays with a later run: {why}")),
            Standing::Later | Standing::Unknown(_) => Holder::Own,
        },
        Known::Absent | Known::Faulty(_) => Holder::Own,
    }
}

/// Whose a floating tag is that nothing else tells of, by what the index with this digest says of itself and is also named.
pub(super) fn of_index(
    walk: &mut Walk<'_>,
    site: usize,
    image: &PlannedImage,
    tag: &TagEntry,
    digest: &Digest,
) -> Holder {
    if tag.follows().is_some() {
        match walk.manifest(site, digest) {
            Known::Unasked => return Holder::Open,
            Known::Present(served) => {
                if let Some((_, version)) = says_greater(image, tag, served) {
                    return Holder::Other(format!(
                        "stays with what says that it is version `{version}`, which is greater"
                    ));
                }
                match labelled(image, tag, served, &walk.records[site]) {
                    Labelled::Open(question) => {
                        walk.need(site, question);
                        return Holder::Open;
                    }
                    Labelled::Greater(version) => {
                        return Holder::Other(format!(
                            "stays with what is labelled with version `{version}`, which is greater"
                        ));
                    }
                    Labelled::Nothing => {}
                }
            }
            Known::Absent | Known::Faulty(_) => {}
        }
    }
    match greater(image, tag, digest, &walk.records[site]) {
        AlsoNamed::Open(questions) => {
            questions.into_iter().for_each(|question| walk.need(site, question));
            Holder::Open
        }
        AlsoNamed::As(other, how) => Holder::Other(format!("stays with `{other}`, which {how}")),
        AlsoNamed::Nothing | AlsoNamed::Uncompared(_) | AlsoNamed::Unlisted(_) => Holder::Own,
    }
}

/// Whose a tag is that should be a greater version's.
fn held_by(walk: &mut Walk<'_>, site: usize, keeper: &Keeper, digest: Option<&Digest>) -> Holder {
    let own = &keeper.tag;
    let Some(digest) = digest else {
        return Holder::Other(format!("is not there, and is for `{own}`"));
    };
    match walk.tag(site, own) {
        Known::Unasked => Holder::Open,
        // What is of another scheme need not be a release.
        Known::Present(has) if has != digest && keeper.other_scheme.is_none() => Holder::Wrong(own.clone()),
        Known::Present(_) | Known::Absent | Known::Faulty(_) => Holder::Other(format!("stays with `{own}`")),
    }
}

/// Says of a floating tag that a greater version should have it.
pub(super) fn behind(tag: &TagEntry, checked: &CheckedReference, own: &Tag) -> Finding {
    let message = format!("`{}` is not `{own}`, the greatest version that is there", tag.name);
    Finding::new(Code::BehindGreater, std::slice::from_ref(&checked.reference), message)
}

/// Says of a floating tag that nothing tells whose it is.
pub(super) fn unlisted(tag: &TagEntry, checked: &CheckedReference, why: &str) -> Finding {
    let is = if checked.digest.is_some() { "has another digest than the version" } else { "is not there" };
    let message = format!(
        "`{}` {is}, and the tags of `{}` cannot be listed: nothing tells whether a greater version has it",
        tag.name, checked.repository
    );
    Finding::new(Code::UnlistedTags, std::slice::from_ref(&checked.reference), message).with_note(why)
}
