//! Bases that a registry did not answer for: what is made of them is neither the same as before nor other.

use std::collections::{BTreeMap, BTreeSet};

use super::bases::{Known, said};
use super::pins::not_pinned;
use crate::bake::target::links::links;
use crate::bake::values::Name;
use crate::plan::{Image, Plan};
use crate::published::bases::{BaseName, Unknown};
use crate::reads::{BaseUse, Bases, LegBases};

/// Why it is not known what legs are made of, although another run may know it.
#[derive(Default)]
pub(super) struct Unanswered {
    /// Of legs that should have been pinned.
    pins: BTreeMap<Name, String>,
    /// Of legs of which not all files may count that builds read: a run that knows more has other inputs of the same files.
    triggers: BTreeMap<Name, String>,
}

impl Unanswered {
    /// That of all legs.
    pub(super) fn of(bases: &Bases, known: &Known) -> Self {
        let mut all = Self::default();
        for (leg, of_leg) in bases {
            let LegBases { images, starts: _, parents, stages: _, contexts: _, own: _, unknown: _ } = of_leg;
            let of = |one: &BaseUse| known.get(&BaseName::read(&one.name)?);
            let pin = images.iter().filter(|one| !one.is_digest).find_map(|one| match &of(one)?.pin {
                Some(Err(why @ Unknown::Unanswered(_))) => Some(not_pinned(&one.name, why)),
                _ => None,
            });
            let triggers = parents.iter().find_map(|one| match &of(one)?.triggers {
                Some(Err(why @ Unknown::Unanswered(_))) => Some(format!(
                    "whether base `{}` has `ONBUILD` instructions: {}",
                    one.name,
                    said(why.clone())
                )),
                _ => None,
            });
            all.pins.extend(pin.map(|why| (leg.clone(), why)));
            all.triggers.extend(triggers.map(|why| (leg.clone(), why)));
        }
        all
    }

    /// Why an image that should have been pinned is not known.
    pub(super) fn pins(&self, plan: &Plan, image: &Image) -> Option<&String> {
        reached(plan, image).into_iter().find_map(|leg| self.pins.get(leg))
    }

    /// Why the files that an image is made from are not known.
    pub(super) fn triggers(&self, plan: &Plan, image: &Image) -> Option<&String> {
        reached(plan, image).into_iter().find_map(|leg| self.triggers.get(leg))
    }
}

/// The legs of an image and all that these link to.
fn reached<'p>(plan: &'p Plan, image: &'p Image) -> Vec<&'p str> {
    let mut seen: BTreeSet<&str> = image.builds.iter().map(|build| &*build.leg).collect();
    let mut all: Vec<&str> = seen.iter().copied().collect();
    let mut next = 0;
    while let Some(name) = all.get(next) {
        let leg = plan.legs.get(*name).map(|leg| &*leg.definition);
        let target = leg.or_else(|| Some(&**plan.targets.get(*name)?));
        let linked = target.into_iter().flat_map(links).map(|(_, name)| name);
        let more: Vec<&str> = linked.filter(|name| seen.insert(name)).collect();
        all.extend(more);
        next += 1;
    }
    all
}
