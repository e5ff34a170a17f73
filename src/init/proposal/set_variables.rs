//! What steps set variables of a definition to, for the plan that takes their place.

use std::collections::BTreeMap;

use super::target_block::{self, Told};
use crate::init::published::candidate::Candidate;
use crate::init::published::definition::Known;
use crate::init::repository::world::World;
use crate::init::values::mask::quotable;
use crate::init::values::text::{Piece, Template};

/// What the plan needs of the variables that steps set for a definition, and whether something of that is only told.
pub(in crate::init) fn add(
    known: &Known,
    label: &str,
    candidate: &Candidate,
    env: &mut BTreeMap<String, String>,
    world: &World,
    told: &mut Vec<Told>,
) -> bool {
    let mut lacks = false;
    let has_own_tags = candidate.entries.iter().any(|entry| entry.tags.is_empty());
    let decides =
        |name: &str| known.has_in_build(label, name) || has_own_tags && known.has_in_tags(label, name);
    let set: BTreeMap<&String, &Template> =
        candidate.variables.iter().map(|(name, value)| (name, value)).collect();
    for (name, value) in set.into_iter().filter(|(name, _)| decides(name)) {
        let from = match value.0.as_slice() {
            [Piece::Setting(setting, true)] => Some(format!("secrets.{setting}")),
            [Piece::Setting(setting, false)] => Some(format!("vars.{setting}")),
            _ => target_block::in_run(value).filter(|_| !world.is_on_gitlab).map(str::to_owned),
        };
        let is_varying = candidate.varying.contains(name)
            || env.get(name).is_some_and(|known| from.as_ref() != Some(known));
        if let Some(from) = from.filter(|_| !is_varying) {
            env.insert(name.clone(), from);
            continue;
        }
        let is_word = |text: &String| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c))
        };
        let how = if world.is_on_gitlab {
            "a variable of the pipeline or of the project does".to_owned()
        } else if let Some(text) = value.constant() {
            // A workflow takes a value of its own that is the same in each run.
            let text = if is_word(&text) { text } else { "VALUE".to_owned() };
            format!("`bakeplan workflow github --var {name}={text}` does")
        } else {
            "`bakeplan workflow github --env NAME=FROM` does, or `env` of the `workflow` block".to_owned()
        };
        let shown = quotable(&value.shown());
        let message = if is_varying {
            format!(
                "steps set the variable `{name}` to different values, such as `{shown}`, or leave it alone, and a plan has one for all of them: write what it decides into the `image` block"
            )
        } else {
            format!(
                "the step sets the variable `{name}` to `{shown}`: set it for the plan, too ({how}), or write what it decides into the `image` block"
            )
        };
        if !told.iter().any(|(_, known)| *known == message) {
            told.push((candidate.place.clone(), message));
        }
        lacks = true;
    }
    lacks
}
