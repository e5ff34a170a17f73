//! What a prerelease publishes today, which may be something else than with the plan.

use std::rc::Rc;

use super::scan::Found;
use super::scripts::with_scripts;
use crate::commands::session::Session;
use crate::init::github::examples::prerelease_of;
use crate::init::github::workflow;
use crate::init::gitlab;
use crate::init::published::definition::Known;
use crate::init::published::images::{self, Candidate, is_same_image};
use crate::init::published::today::{self, Published};
use crate::init::published::{clashes, compose_services};
use crate::init::repository::kinds::Kind;
use crate::init::repository::world::World;
use crate::init::steps::found::Publication;
use crate::init::values::moment::Moment;

/// The runs of today that are the one of a prerelease with a plan.
pub(super) const MOMENTS: &[Moment] = &[Moment::Tag, Moment::Release];

/// What steps publish in the run of a prerelease.
pub(super) struct Prerelease {
    /// The same repository, whose release is a prerelease.
    pub(super) world: Rc<World>,
    candidates: Vec<Candidate>,
}

/// Reads all once more, since conditions may ask for prereleases; none where such a git tag starts nothing, or is no version.
pub(super) fn read(
    session: &Session<'_>,
    found: &Found,
    world: &World,
) -> Option<(Rc<World>, Vec<Publication>)> {
    let tag = prerelease_of(&world.tag);
    if !world.has_version() || world.odd_tags.contains(&tag) {
        return None;
    }
    let world = Rc::new(World { tag, ..world.clone() });
    world.work.begin();
    let mut publications = workflow::read(&found.yaml, &session.sources, &world).publications;
    publications.extend(gitlab::publications(&found.pipelines, &session.sources, &world));
    let (mut publications, _) = with_scripts(publications, found, session, &world);
    compose_services::find_files(&mut publications, &found.of(Kind::Compose).collect::<Vec<_>>());
    Some((world, publications))
}

impl Prerelease {
    /// Puts the images of it together.
    pub(super) fn of((world, publications): (Rc<World>, Vec<Publication>), known: &[Known]) -> Self {
        let (mut candidates, _) = images::images(publications, known, &world);
        // What is overwritten is not there in the end.
        drop(clashes::without(&mut candidates, known, &world));
        Self { world, candidates }
    }

    /// What the run is called.
    pub(super) fn run(&self) -> String {
        format!("git tag {}", self.world.tag)
    }

    /// What an image publishes in it; none where other conditions make other images of it.
    pub(super) fn published(&self, candidate: &Candidate, known: &[Known]) -> Option<Published> {
        let mut all = self.candidates.iter().filter(|one| is_same_image(one, candidate));
        let first = all.next()?;
        all.next().is_none().then(|| today::published(first, MOMENTS, known, &self.world))
    }
}
