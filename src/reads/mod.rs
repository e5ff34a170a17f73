//! What the builds of a plan read: their definitions, Dockerfiles and contexts, and one hash of all that for each.

mod bases;
mod build;
mod definition;
mod files;
mod leg;
mod part;
mod place;

use std::collections::BTreeMap;

pub(crate) use self::bases::{BaseUse, Bases, LegBases, bases, images_of, left_to_children};
pub(crate) use self::build::Read;
pub(crate) use self::files::{Files, Known};
use self::leg::Reader;
pub(crate) use self::leg::{DOCKERFILE, EPOCH, FALLBACK, IMAGE, context_of, local};
pub(crate) use self::place::{Place, find};
use crate::bake::values::Name;
use crate::inputs::Inputs;
use crate::plan::Plan;

/// What each build reads, by the name of its leg.
pub(crate) type Reads = BTreeMap<Name, Read>;

/// What each build of a plan reads, in these files or, if there are none, why not.
#[must_use]
pub(crate) fn read(plan: &Plan, files: Result<&dyn Files, &str>, known: Known<'_>) -> Reads {
    let files = match files {
        Ok(files) => files,
        Err(why) => {
            let read = |build: &crate::plan::Build| {
                (
                    build.leg.clone(),
                    Read {
                        inputs: Inputs::Unknown(why.to_owned()),
                        parts: Vec::new(),
                        notes: Vec::new(),
                        bases: Vec::new(),
                    },
                )
            };
            return plan.images.values().flat_map(|image| &image.builds).map(read).collect();
        }
    };
    let mut reader = Reader::new(plan, files, known);
    let mut reads = Reads::new();
    for image in plan.images.values() {
        for build in &image.builds {
            reads.insert(build.leg.clone(), reader.build(image, build));
        }
    }
    reads
}
