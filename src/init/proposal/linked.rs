//! Links to the targets of other images of a proposal: for what is built from an image that the same run builds.

use std::collections::BTreeMap;

use super::target_block::Told;
use crate::init::published::bases::BaseOf;
use crate::init::published::images::{Candidate, TargetOf};
use crate::init::steps::found::Override;
use crate::init::values::mask::quotable;
use crate::init::values::text::{Line, Piece, Template};

/// The targets of images by their numbers, each with its definition.
pub(in crate::init) type Built = BTreeMap<usize, (Option<usize>, String)>;

/// Links an image of this definition to those that its build reads; told is what has no link.
pub(in crate::init) fn link(
    candidate: &mut Candidate,
    bases: &[BaseOf],
    built: &Built,
    called: &[String],
    definition: Option<usize>,
) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for BaseOf { base, name, link, place } in bases {
        let target = built.get(base).filter(|(of, _)| *of == definition).map(|(_, target)| target);
        if let (Some(name), Some(target)) = (link, target) {
            let value = format!("target:{target}");
            match &mut candidate.target {
                TargetOf::Dockerfile(build) => {
                    let is_it = |line: &Line| {
                        line.text.split_once('=').is_some_and(|(known, _)| known.key() == name.key())
                    };
                    build.contexts.retain(|line| !is_it(line));
                    let mut text = name.clone();
                    text.push(Piece::Text(format!("={value}")));
                    build.contexts.push(Line { text, place: place.clone() });
                    continue;
                }
                TargetOf::Known(_, label) => {
                    if let Some(name) = name.constant() {
                        let line = Line { text: Template::from(value.as_str()), place: place.clone() };
                        let (target, member) = (label.clone(), Some(name));
                        candidate.overrides.push(Override {
                            target,
                            attribute: "contexts",
                            member,
                            is_more: false,
                            line,
                        });
                        continue;
                    }
                }
            }
        }
        let base = called.get(*base).map_or("", String::as_str);
        let name = quotable(&name.shown());
        let message = format!(
            "this reads `{name}`, which `{base}` publishes: a plan gives no tag before all of its builds have ended, so it gets the image of an earlier run; with `contexts = {{ \"{name}\" = \"target:{base}\" }}` in its target, it gets the one of the same run"
        );
        told.push((place.clone(), message));
    }
    told
}
