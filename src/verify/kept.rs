//! Whether a floating tag is rightly another's: a greater version's, or a later run's.

use super::code::Code;
use super::finding::Finding;
use super::report::CheckedReference;
use super::walk::Walk;
use crate::published::floating::keeper;
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::planned::PlannedImage;
use crate::published::record::{Known, Question};
use crate::published::runs::Standing;
use crate::reference::Digest;

/// Whose a tag is.
pub(super) enum Holder {
    /// It takes an answer to tell.
    Open,
    /// The image's, as far as this tells.
    Own,
    /// Another's, in words that follow the tag's name.
    Other(String),
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

/// Whose a floating tag is that has this digest in a repository.
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
            Known::Present(listed) => match (keeper(image, tag, listed), digest) {
                (None, _) => Holder::Own,
                (Some(keeper), Some(_)) => Holder::Other(format!("stays with `{}`", keeper.tag)),
                (Some(keeper), None) => Holder::Other(format!("is not there, and is for `{}`", keeper.tag)),
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
        Known::Present(served) => match run.beside(&RunEntry::of_served(served), None) {
            Standing::Earlier(why) => Holder::Other(format!("stays with a later run: {why}")),
            Standing::Later | Standing::Unknown(_) => Holder::Own,
        },
        Known::Absent | Known::Faulty(_) => Holder::Own,
    }
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
