//! What steps set for targets of a Bake file, as attributes of these targets.

use hcl::Expression;
use hcl::expr::ObjectKey;

use super::render::Variables;
use super::tags::list;
use super::target_block::{self, Told, key};
use crate::init::published::definition::KnownTarget;
use crate::init::published::platforms;
use crate::init::repository::world::World;
use crate::init::steps::found::Override;
use crate::init::values::mask::quotable;
use crate::init::values::text::{Line, Place};

/// What an object has.
type Members = Vec<(ObjectKey, Expression)>;

/// The platforms that are set for a target and that it has not: where they are from, the attribute and its value.
pub(in crate::init) fn platforms(
    lines: &[Line],
    target: &KnownTarget,
    told: &mut Vec<Told>,
) -> Option<(Place, &'static str, Expression)> {
    for line in lines.iter().filter(|line| line.text.constant().is_none()) {
        let (label, what) = (&target.label, quotable(&line.text.shown()));
        let message =
            format!("a platform of target `{label}` is not in the proposal: `{what}` is not known here");
        told.push((line.place.clone(), message));
    }
    let set = platforms::of_lines(lines);
    let own = platforms::normal(target.platforms.iter().map(String::as_str));
    let is_new = set.iter().any(|one| !own.contains(one)) || own.iter().any(|one| !set.contains(one));
    let first = lines.first().filter(|_| !set.is_empty() && is_new)?;
    Some((first.place.clone(), "platforms", list(set.into_iter().map(Expression::from))))
}

/// Attributes: where each is from, its name and its value.
pub(in crate::init) fn attributes(
    overrides: &[Override],
    target: &KnownTarget,
    variables: &mut Variables,
    world: &World,
    written: &dyn Fn(&Place) -> String,
    told: &mut Vec<Told>,
) -> Vec<(Place, &'static str, Expression)> {
    let mut lists: Vec<(Place, &'static str, Vec<Expression>)> = Vec::new();
    let mut maps: Vec<(Place, &'static str, Members)> = Vec::new();
    let mut all = Vec::new();
    for Override { target: _, attribute, member, is_more, line } in overrides {
        let is_cache = attribute.starts_with("cache");
        let value = if is_cache {
            variables.name_expression(&target_block::without_scope(&line.text), world)
        } else {
            variables.build_expression(&line.text, world)
        };
        let Ok(value) = value else {
            let message = format!("this is not in the proposal: `{}`", quotable(&written(&line.place)));
            told.push((line.place.clone(), message));
            continue;
        };
        match (*attribute, member) {
            (_, Some(member)) => {
                let at = maps.iter_mut().find(|(_, known, _)| known == attribute);
                match at {
                    Some((_, _, members)) => members.push((key(member), value)),
                    None => maps.push((line.place.clone(), attribute, vec![(key(member), value)])),
                }
            }
            ("no-cache" | "pull", None) => all.push((line.place.clone(), *attribute, Expression::from(true))),
            ("context" | "dockerfile" | "target", None) => all.push((line.place.clone(), *attribute, value)),
            (_, None) => match lists.iter_mut().find(|(_, known, _)| known == attribute) {
                Some((_, _, values)) => values.push(value),
                None => {
                    if !is_more && target.kept.contains(attribute) {
                        let (label, what) = (&target.label, quotable(&written(&line.place)));
                        let message = format!(
                            "`{what}` takes the place of the {attribute} that target `{label}` has, and with the proposal it has both: take out its own if they are too many"
                        );
                        told.push((line.place.clone(), message));
                    }
                    let own = target.cache_to.iter().filter(|_| *is_more && *attribute == "cache-to");
                    let values = own.map(|text| Expression::from(text.as_str())).chain([value]).collect();
                    lists.push((line.place.clone(), attribute, values));
                }
            },
        }
    }
    all.extend(lists.into_iter().map(|(place, attribute, values)| (place, attribute, list(values))));
    all.extend(maps.into_iter().map(|(place, attribute, members)| {
        (place, attribute, Expression::Object(members.into_iter().collect()))
    }));
    all
}
