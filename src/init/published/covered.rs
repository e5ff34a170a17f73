//! Which images have blocks already, so that nothing is proposed for them.

use super::definition::{Known, KnownImage, KnownTarget, clean, relative};
use super::images::{Candidate, TargetOf, is_yaml};
use super::today::normal;
use crate::init::repository::world::World;
use crate::init::steps::found::DockerfileBuild;
use crate::init::values::moment::Moment;

/// Which images have blocks already.
pub(in crate::init) struct Covered<'k> {
    left: Vec<(usize, &'k KnownImage)>,
}

impl<'k> Covered<'k> {
    /// Those of these definitions.
    pub(in crate::init) fn new(known: &'k [Known]) -> Self {
        let with_blocks = known.iter().enumerate().filter(|(_, one)| one.has_blocks);
        Self {
            left: with_blocks.flat_map(|(at, one)| one.images.iter().map(move |image| (at, image))).collect(),
        }
    }

    /// Whether an image has a block, which then counts for no other.
    pub(in crate::init) fn has(&mut self, candidate: &Candidate, known: &[Known], world: &World) -> bool {
        let repositories: Vec<String> = candidate
            .repositories
            .iter()
            .filter_map(|line| {
                line.text.at(Moment::Branch, world).or_else(|| line.text.at(Moment::Tag, world))
            })
            .map(|repository| normal(&repository))
            .collect();
        let is_target = |at: usize, image: &KnownImage| match &candidate.target {
            TargetOf::Known(of, label) => {
                *of == at && image.targets.iter().any(|own| is_same(&known[at], own, label))
            }
            TargetOf::Dockerfile(build) => known[at]
                .targets
                .iter()
                .any(|target| image.targets.contains(&target.label) && builds(target, build)),
        };
        let shares = |image: &KnownImage| {
            repositories.is_empty() || image.repositories.iter().any(|one| repositories.contains(one))
        };
        let is_equal = |image: &KnownImage| {
            image.repositories.len() == repositories.len()
                && shares(image)
                && image.repositories.iter().all(|one| repositories.contains(one))
        };
        // The block for just these repositories, if there is one.
        let equal = self.left.iter().position(|(at, image)| is_equal(image) && is_target(*at, image));
        let found =
            equal.or_else(|| self.left.iter().position(|(at, image)| shares(image) && is_target(*at, image)));
        match found {
            // A target of a file may have several images of one block.
            Some(at) => {
                if repositories.is_empty() {
                    return true;
                }
                self.left.remove(at);
                true
            }
            None => false,
        }
    }
}

/// The definition to which an image goes.
pub(in crate::init) fn home(candidate: &Candidate, known: &[Known]) -> Option<usize> {
    match &candidate.target {
        TargetOf::Known(at, _) => Some(*at),
        // The Bake file at the top, if there is one.
        TargetOf::Dockerfile(_) => known.iter().position(|known| {
            known.folder.is_empty() && known.files.is_empty() && known.read.iter().any(|path| !is_yaml(path))
        }),
    }
}

/// Whether two targets build the same, as those do that were made for several images of one Dockerfile.
fn is_same(known: &Known, one: &str, other: &str) -> bool {
    let of = |label: &str| known.targets.iter().find(|target| target.label == label);
    let build =
        |target: &KnownTarget| (clean(&target.context), clean(&target.dockerfile), target.stage.clone());
    one == other || of(one).map(build).is_some_and(|one| of(other).map(build) == Some(one))
}

/// Whether a target builds the same Dockerfile.
fn builds(target: &KnownTarget, build: &DockerfileBuild) -> bool {
    let Some(context) = build.context.constant().map(|context| clean(&context)) else { return true };
    let dockerfile = match &build.dockerfile {
        Some(path) => match path.constant() {
            Some(path) => relative(&path, &context),
            None => return true,
        },
        None => "Dockerfile".to_owned(),
    };
    clean(&target.context) == context && clean(&target.dockerfile) == dockerfile
}
