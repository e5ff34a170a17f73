//! Warns of what pins leave as it is, and says what to do about it.

use std::collections::{BTreeMap, BTreeSet};

use super::bases::{Known, said};
use crate::bake::values::Name;
use crate::published::bases::BaseName;
use crate::reads::{Bases, LegBases, left_to_children};

/// Something that is not pinned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Left {
    /// What, and why.
    pub(super) why: String,
    /// What to do about it.
    pub(super) help: &'static str,
}

impl Left {
    /// A base that the Dockerfile names.
    pub(super) fn base(why: String) -> Self {
        Self { why, help: "give it a digest in the Dockerfile, such as `FROM alpine:3.20@sha256:…`" }
    }
}

/// What no pin can take the place of in a leg: what its Dockerfile does not show, and what its bases have it read.
pub(super) fn of_leg(leg: &LegBases, known: &Known) -> Vec<Left> {
    let LegBases { images: _, starts, parents: _, stages, contexts, own: _, unknown } = leg;
    let mut all = Vec::new();
    if let Some(why) = unknown {
        all.push(Left::base(format!("not all bases can be pinned: {why}")));
    }
    let onbuild = |why| Left { why, help: "give images a digest in the `ONBUILD` instructions of the base" };
    for start in starts {
        let Some(base) = BaseName::read(&start.name).and_then(|name| known.get(&name)) else { continue };
        let name = &start.name;
        // It is said already that a base is not known.
        if let (Some(Err(why)), Some(Ok(_)) | None) = (&base.triggers, &base.pin) {
            let why = said(why.clone());
            all.push(onbuild(format!(
                "what `ONBUILD` instructions of base `{name}` read may not be pinned: {why}"
            )));
        }
        for instruction in &base.instructions {
            match left_to_children(instruction, contexts) {
                Ok(images) => {
                    let is_image = |image: &String| !stages.contains(&image.to_lowercase());
                    all.extend(images.into_iter().filter(is_image).map(|image| {
                        onbuild(format!(
                            "an `ONBUILD` instruction of base `{name}` reads `{image}`, which is not pinned"
                        ))
                    }));
                }
                Err(why) => all.push(onbuild(format!(
                    "what an `ONBUILD` instruction of base `{name}` reads may not be pinned: {why}"
                ))),
            }
        }
    }
    all
}

/// Named contexts of the definition without digests, where more than one build may find another image under the same name.
pub(super) fn contexts(bases: &Bases) -> Vec<(&Name, Left)> {
    let mut users: BTreeMap<BaseName, BTreeSet<&Name>> = BTreeMap::new();
    for (leg, found) in bases {
        let names = found.images.iter().map(|image| &image.name).chain(found.own.values());
        for name in names.filter_map(|name| BaseName::read(name)) {
            users.entry(name).or_default().insert(leg);
        }
    }
    let mut all = Vec::new();
    for (leg, found) in bases {
        for (name, image) in &found.own {
            let count = BaseName::read(image).and_then(|image| users.get(&image)).map_or(0, BTreeSet::len);
            if count > 1 {
                let why = format!(
                    "the named context `{name}` stays as it is, and each build may find another `{image}`"
                );
                let help =
                    "give it a digest in the definition, such as `docker-image://alpine:3.20@sha256:…`";
                all.push((leg, Left { why, help }));
            }
        }
    }
    all
}
