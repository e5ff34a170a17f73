//! What is said of a git tag that starts nothing today and a run with the plan: which condition keeps it out.

use hcl::Expression;
use hcl::expr::ObjectKey;

use crate::init::github::examples::{prerelease_of, shorts_of};
use crate::init::proposal::blocks::{Proposal, ProposedImage};
use crate::init::proposal::render::quoted;
use crate::init::repository::world::World;

/// What is said of it.
pub(super) fn note(tag: &str, fails: bool, proposal: &Proposal, world: &World) -> String {
    let does = if fails { "its run fails" } else { "it publishes the tags above" };
    let (what, starts, of, when) = if tag == prerelease_of(&world.tag) {
        ("a prerelease", "starts nothing", "is not for prereleases", Some("tag and '-' not in tag"))
    } else if shorts_of(&world.tag).iter().any(|short| short == tag) {
        ("a git tag", "starts no workflow", "is for whole versions", Some("tag and '.' in tag"))
    } else {
        ("a git tag", "starts no workflow", "is for releases alone", world.releases_when.as_deref())
    };
    let hint = when.and_then(|when| hint(when, fails, proposal));
    let hint = hint.map_or_else(
        || "The `when` of a tag says which git tags it is for.".to_owned(),
        |hint| format!("A tag that {of} can say so: `{hint}`."),
    );
    format!("\nToday, {what} such as `{tag}` {starts}; with the proposal, {does}. {hint}\n")
}

/// The first tag of the proposal that this one may get, with this condition on git tags: where its run fails, a rule that refuses it.
fn hint(when: &str, fails: bool, proposal: &Proposal) -> Option<String> {
    let image = |image: &ProposedImage| {
        let entries = image.candidate.iter().flat_map(|candidate| &candidate.entries);
        let has_branches =
            entries.into_iter().any(|entry| entry.may_from_branch() || !entry.others.is_empty());
        image.tags.iter().find_map(|tag| of_tag(tag, when, fails, has_branches))
    };
    proposal.images.iter().find_map(image)
}

/// A tag with the condition, if git tags get it as it is.
fn of_tag(tag: &Expression, when: &str, fails: bool, has_branches: bool) -> Option<String> {
    const OF_VERSIONS: [&str; 3] = ["type=semver", "type=pep440", "type=match"];
    const OTHERS: [&str; 5] = ["type=edge", "type=schedule", "event=branch", "event=pr", "enable="];
    let is_of = |pattern: &str, kinds: &[&str]| kinds.iter().any(|kind| pattern.contains(kind));
    let (pattern, is_of_tags) = match tag {
        Expression::String(pattern) if is_of(pattern, &OTHERS) => return None,
        Expression::String(pattern) if is_of(pattern, &OF_VERSIONS) && !fails => return None,
        Expression::String(pattern) => {
            let is_of_tags = pattern.contains("event=tag") || is_of(pattern, &OF_VERSIONS);
            (pattern, is_of_tags || !has_branches)
        }
        Expression::Object(members) => {
            let member = |wanted: &str| {
                members.iter().find_map(|(key, value)| match (key, value) {
                    (ObjectKey::Identifier(name), Expression::String(text)) => {
                        (name.as_str() == wanted).then_some(text)
                    }
                    _ => None,
                })
            };
            let (pattern, own) = (member("pattern")?, member("when")?);
            let is_own = own == "tag" || fails && is_of(pattern, &OF_VERSIONS) && own.starts_with("tag");
            if !is_own || own.contains(" or ") {
                return None;
            }
            let more = when.strip_prefix("tag and ").filter(|_| own != "tag");
            // A plan finds no git tag that fulfils both, so it would still take the run for a mistake.
            if more.is_some_and(|more| more.contains("'.'")) && own.contains("startingwith") {
                return None;
            }
            let when = more.map_or_else(|| when.to_owned(), |more| format!("{own} and {more}"));
            return Some(format!("{{ pattern = {}, when = {} }}", quoted(pattern), quoted(&when)));
        }
        _ => return None,
    };
    let when = if is_of_tags { when.to_owned() } else { format!("branch or {when}") };
    Some(format!("{{ pattern = {}, when = {} }}", quoted(pattern), quoted(&when)))
}
