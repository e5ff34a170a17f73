//! Codenames, such as `iron`, that a greater version of another line takes: they may be meant for one line alone.

use std::collections::BTreeSet;

use super::constants::{names_latest, names_prereleases};
use super::image::UnresolvedImage;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, listed};
use crate::plan::PlannedTag;
use crate::reference::Tag;
use crate::tags::{Claim, YieldedTag};
use crate::version::{Number, SEPARATORS, Version};

/// What moves from line to line by what it says.
const USUAL: [&str; 7] = ["current", "default", "main", "mainline", "newest", "release", "stable"];

/// The codenames among the constants that a version does not get, which greater versions of other lines have.
pub(in crate::resolve) fn taken<'y>(
    yielded: &'y [YieldedTag],
    version: &Version,
    literals: &[&str],
) -> Vec<&'y YieldedTag> {
    let is_codename = |name: &str| {
        may_be_of_line(name, literals) && !name.split(SEPARATORS).any(|word| USUAL.contains(&word))
    };
    let line = |version: &Version| version.numbers().first().map(Number::value);
    let is_other_line = |owner: &str| owner.parse().is_ok_and(|owner| line(&owner) != line(version));
    yielded.iter().filter(|one| is_codename(&one.name) && is_other_line(&one.owner)).collect()
}

/// The tags that move with all versions and may be names of one line of them.
pub(in crate::resolve) fn of(tags: &[PlannedTag]) -> Vec<Tag> {
    let may_be = |tag: &&PlannedTag| {
        // What stands in the forms of its versions is a variant.
        let forms: Vec<String> = tag.family.iter().map(ToString::to_string).collect();
        let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
        tag.claim == Claim::Versions(0) && may_be_of_line(tag.name.as_str(), &forms)
    };
    tags.iter().filter(may_be).map(|tag| tag.name.clone()).collect()
}

/// Whether a name beside these tags may be that of one line of versions.
fn may_be_of_line(name: &str, literals: &[&str]) -> bool {
    let words = |name: &str| name.split(SEPARATORS).map(str::to_owned).collect::<BTreeSet<String>>();
    // `alpine` beside `1.2.3-alpine` is a variant.
    let is_of_literal = || literals.iter().any(|literal| words(name).is_subset(&words(literal)));
    name.parse::<Version>().is_err() && !names_latest(name) && !names_prereleases(name) && !is_of_literal()
}

/// Says where codenames go, and how each stays with its line. `tags` are the other tags of an image that has no version.
pub(in crate::resolve) fn warning(
    image: &UnresolvedImage,
    version: &Version,
    taken: &[&YieldedTag],
    tags: Option<&[&str]>,
) -> Option<Diagnostic> {
    let YieldedTag { name: _, owner, is_known } = taken.first()?;
    let names: Vec<&str> = taken.iter().map(|one| one.name.as_str()).collect();
    let list = |names: &[&str]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let channels = format!("channels = [{}]", list(&names));
    let help = match tags {
        Some(tags) => {
            let place = if image.block.is_some() {
                String::new()
            } else {
                format!("in a block `image \"{}\"`, ", image.key)
            };
            let (version, tags) = (version.without_v(), list(tags));
            format!("{place}write `version = \"{version}\"`, `tags = [{tags}]` and `{channels}`")
        }
        None if *is_known => format!("leave it out of `tags`, and write `{channels}`"),
        None => {
            let major = version.major().unwrap_or_default();
            format!(
                "leave it out of `tags`, and write `channels = split(\".\", V)[0] == \"{major}\" ? [{}] : []`, where `V` is what `version` is made of",
                list(&names)
            )
        }
    };
    let verb = if names.len() == 1 { "belongs" } else { "belong" };
    let message = format!(
        "{} {verb} to version `{owner}`, which is greater than `{version}`; a name that stays with one line of versions is a channel",
        listed(&names)
    );
    let place = image.settings().version.as_ref().and_then(|text| text.span).or(image.span);
    Some(Diagnostic::warning(Code::CODENAME, message).at(place, "").with_help(help))
}
