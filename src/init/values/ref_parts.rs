//! Parts of the name of a ref, which scripts cut at its slashes: `${GITHUB_REF##*/}` is `1.2` of `release/1.2`.

use super::moment::{ANY_BRANCH, Fact};
use super::text::{Piece, Template};
use crate::init::repository::world::World;

/// What a part of a ref is.
pub(in crate::init) fn is_part(fact: &Fact) -> bool {
    matches!(fact, Fact::RefStart | Fact::RefEnd)
}

/// Whether a text has such a part.
pub(in crate::init) fn has_part(text: &Template) -> bool {
    text.0.iter().any(|piece| match piece {
        Piece::Fact(fact) => is_part(fact),
        Piece::Or(_, other) => has_part(other),
        _ => false,
    })
}

/// A text in which such parts are whole names, where no name has a slash: of branches, of git tags.
pub(in crate::init) fn plain(
    text: &Template,
    (of_branches, of_tags): (bool, bool),
    world: &World,
) -> Template {
    if !has_part(text) {
        return text.clone();
    }
    let has_slash = |name: &String| name.contains('/') || name == ANY_BRANCH;
    let branches = || world.other_branches.iter().chain(&world.more_branches).chain([&world.default_branch]);
    let is_flat_branch = !of_branches || !branches().any(has_slash);
    let is_flat_tag = !of_tags || !world.tags.iter().chain([&world.tag]).any(|tag| tag.contains('/'));
    let piece = |piece: &Piece| match piece {
        Piece::Fact(fact) if is_part(fact) => match (is_flat_branch, is_flat_tag) {
            (true, true) => Piece::Fact(Fact::RefName),
            (false, true) if of_tags => Piece::Or(Fact::Tag, Template(vec![piece.clone()])),
            _ => piece.clone(),
        },
        Piece::Or(fact, other) => Piece::Or(fact.clone(), plain(other, (of_branches, of_tags), world)),
        other => other.clone(),
    };
    Template(text.0.iter().map(piece).collect())
}

/// The text with a word of patterns for each such part of a `branch` or a `tag`.
pub(in crate::init) fn said(text: &Template, word: &str) -> Template {
    let piece = |piece: &Piece| match piece {
        Piece::Fact(fact) if is_part(fact) => {
            let end = if *fact == Fact::RefEnd { "last" } else { "first" };
            let slug = if word == "branch" { " | slug" } else { "" };
            Piece::Text(format!("{{{{ {word} | split('/') | {end}{slug} }}}}"))
        }
        other => other.clone(),
    };
    Template(text.0.iter().map(piece).collect())
}
