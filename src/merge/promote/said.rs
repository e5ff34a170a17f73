//! What is said of floating tags that stay as they are, or move without a proof that they may, after a version is withdrawn.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::floating::Keeper;
use crate::published::release::MAX_RELEASES;
use crate::reference::{Digest, Tag};
use crate::registry::Location;

/// Says that a version gets nothing since a withdrawn one has the same content.
pub(super) fn has_same_content(location: &Location, tag: &Tag, version: &Tag) -> Diagnostic {
    let message = format!(
        "`{}` has the content of `{version}`, which is withdrawn, and gets no floating tag, either",
        location.with_tag(tag)
    );
    Diagnostic::warning(Code::SAME_AS_WITHDRAWN, message)
        .with_help(format!("publish `{tag}` anew, or take `{version}` out of `withdrawn` if it is right"))
}

/// Says that there are more tags than are looked at.
pub(super) fn not_looked_at(location: &Location, left: usize) -> Diagnostic {
    let message = format!(
        "{left} tags of `{location}` that may be channels were not looked at: at most {MAX_RELEASES} are"
    );
    Diagnostic::warning(Code::HELD, message).with_help(
        "whether one of them is still a withdrawn version is not known: compare their digests by hand",
    )
}

pub(super) fn disagree(location: &Location, tag: &Tag) -> Diagnostic {
    let message = format!("`{}` and the list of tags disagree whether it is there", location.with_tag(tag));
    Diagnostic::error(Code::TAG_LIST, message)
        .with_help("run this again later, when the registry's lists are up to date")
}

/// Says that tags are taken from what no listed version has: it may be a greater one that the list does not show yet.
pub(super) fn of_unknown(now: &Digest, tags: BTreeSet<String>) -> Diagnostic {
    let tags: Vec<String> = tags.into_iter().collect();
    let message = format!(
        "{} {} {now}, which no listed version has",
        tags.join(", "),
        if tags.len() == 1 { "was" } else { "were" }
    );
    Diagnostic::warning(Code::UNGUARDED_TAG, message).with_help(
        "if a version was released a moment ago, the registry's list may not show it yet: run this again, and the tags go to the greatest version that is listed then",
    )
}

/// Leaves a tag alone that would go to a date, which need not be a release.
pub(super) fn other_scheme(location: &Location, name: &Tag, keeper: &Keeper) -> Diagnostic {
    let message = format!("`{}` stays as it is: {}", location.with_tag(name), keeper.reason());
    Diagnostic::warning(Code::HELD, message).with_help(format!(
        "withdraw what is not a release; if `{0}` is one, give it the tag by hand: `bakeplan promote {1} --to {2} --allow-backward`",
        keeper.tag,
        location.with_tag(&keeper.tag),
        location.with_tag(name)
    ))
}

/// Leaves a tag with what says that it is a greater version, whose own tag is not there.
pub(super) fn greater(location: &Location, name: &Tag, said: &str, version: &str) -> Diagnostic {
    let message = format!(
        "`{}` stays as it is: its index says that it is version `{said}`, which is greater and not withdrawn",
        location.with_tag(name)
    );
    Diagnostic::warning(Code::HELD, message).with_help(format!(
        "to take that version back, name it in `withdrawn`: `withdrawn = [\"{version}\"]`"
    ))
}

/// Leaves a tag with what has another one that reads as greater, in another form.
pub(super) fn also_named(location: &Location, name: &Tag, other: &Tag, how: &str) -> Diagnostic {
    let message = format!(
        "`{}` stays as it is: what has it is also `{other}`, which {how} and is not withdrawn",
        location.with_tag(name)
    );
    Diagnostic::warning(Code::HELD, message)
        .with_help(format!("to take that version back, name it in `withdrawn`: `withdrawn = [\"{other}\"]`"))
}

/// Names a tag that is still a withdrawn version, and that no version by its numbers is for.
pub(super) fn still_withdrawn(location: &Location, name: &Tag, now: &Digest, version: &str) -> Diagnostic {
    let name = location.with_tag(name);
    let message = format!("`{name}` stays as it is, {now}: {version}, which is withdrawn");
    Diagnostic::warning(Code::HELD, message).with_help(format!(
        "give it a version that is left: `bakeplan promote {location}:VERSION --to {name}`; or remove it in the registry"
    ))
}

pub(super) fn nothing_left(location: &Location, name: &Tag, now: Option<&Digest>) -> Diagnostic {
    let message = format!(
        "`{}` stays as it is, {}: no version is left for it",
        location.with_tag(name),
        now.map_or("", Digest::as_str)
    );
    Diagnostic::warning(Code::HELD, message)
        .with_help("remove the tag in the registry, or release a version that it is for")
}
