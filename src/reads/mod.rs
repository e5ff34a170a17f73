//! What the builds of a plan read: their definitions, Dockerfiles and contexts, and one hash of all that for each.

mod bases;
mod definition;
mod leg;
mod part;
mod place;

use std::collections::BTreeMap;

pub(crate) use self::bases::{BaseUse, Bases, LegBases, bases};
pub(crate) use self::leg::IMAGE;
use self::leg::Reader;
pub(crate) use self::part::Part;
use self::part::first_difference;
use crate::bake::values::Name;
use crate::context::Tree;
use crate::inputs::Inputs;
use crate::plan::Plan;

/// The files of a repository, at one moment.
pub(crate) trait Files {
    /// All files that git tracks.
    fn tree(&self) -> &Tree;

    /// What lies beside them, from the top of the repository; folders end with `/`.
    fn untracked(&self) -> &[Vec<u8>];

    /// The folder that paths of the definition begin in, from the top; empty, or with `/` at its end.
    fn folder(&self) -> &[u8];

    /// The content of a file of the tree, by its path from the top.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &[u8]) -> Result<Vec<u8>, String>;
}

/// What each build reads, by the name of its leg.
pub(crate) type Reads = BTreeMap<Name, Read>;

/// What is known of images that builds start from: whether none of their instructions waits for a child (`ONBUILD`), by
/// their names in the Dockerfile.
pub(crate) type WithoutTriggers<'a> = &'a dyn Fn(&str) -> bool;

/// What one build reads.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    /// The hash of all of it.
    pub(crate) inputs: Inputs,
    /// Its parts, in order.
    parts: Vec<Part>,
    /// Why the whole context counts, and what is not seen.
    notes: Vec<String>,
}

impl Read {
    /// All of it for a person, one part a line.
    #[must_use]
    pub(crate) fn explained(&self) -> Vec<String> {
        let head = match &self.inputs {
            Inputs::Hash(hash) => hash.to_string(),
            Inputs::Unknown(why) => format!("unknown: {why}"),
        };
        let notes = self.notes.iter().map(|note| format!("note: {note}"));
        [head].into_iter().chain(self.parts.iter().map(Part::shown)).chain(notes).collect()
    }

    /// What differs from an older build, in a few words.
    #[must_use]
    pub(crate) fn difference(&self, old: &Self) -> String {
        match first_difference(&old.parts, &self.parts) {
            Some(part) => format!("{} has changed", part.name),
            None => "its inputs have changed".to_owned(),
        }
    }
}

/// What each build of a plan reads, in these files or, if there are none, why not.
#[must_use]
pub(crate) fn read(
    plan: &Plan,
    files: Result<&dyn Files, &str>,
    is_without_triggers: WithoutTriggers<'_>,
) -> Reads {
    let files = match files {
        Ok(files) => files,
        Err(why) => {
            let read = |build: &crate::plan::Build| {
                (
                    build.leg.clone(),
                    Read { inputs: Inputs::Unknown(why.to_owned()), parts: Vec::new(), notes: Vec::new() },
                )
            };
            return plan.images.values().flat_map(|image| &image.builds).map(read).collect();
        }
    };
    let mut reader = Reader::new(plan, files, is_without_triggers);
    let mut reads = Reads::new();
    for image in plan.images.values() {
        for build in &image.builds {
            reads.insert(build.leg.clone(), reader.build(image, build));
        }
    }
    reads
}
