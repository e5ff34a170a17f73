//! Which files of a repository publish the images of a plan today: for `bakeplan workflow`, whose file is to replace them.

use std::collections::{BTreeMap, BTreeSet};

use super::{known, scan};
use crate::commands::session::Session;
use crate::init::gitlab;
use crate::init::published::compose_services;
use crate::init::published::images::{self, Candidate};
use crate::init::published::today::{normal, published};
use crate::init::repository::kinds::Kind;
use crate::init::values::moment::Moment;

/// The runs that publish.
const PUBLISHING: [Moment; 3] = [Moment::Branch, Moment::Tag, Moment::Release];

/// The workflows and pipelines that publish to one of these repositories, as far as `init` can read them: by path, with the repositories.
/// Generated ones are not among them.
pub(in crate::commands) fn publishers(
    session: &mut Session<'_>,
    repositories: &BTreeSet<String>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = scan::scan(session);
    let (world, mut reading) = scan::workflows(session, &found, &[]);
    reading.publications.extend(gitlab::publications(&found.pipelines, &session.sources, &world));
    compose_services::find_files(&mut reading.publications, &found.of(Kind::Compose).collect::<Vec<_>>());
    let (evaluated, _) = known::all(session, &mut found, &reading.publications);
    let known: Vec<_> = evaluated.into_iter().map(|one| one.known).collect();
    let (candidates, _) = images::images(reading.publications, &known, &world);
    let mut publishers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for candidate in &candidates {
        for entry in &candidate.entries {
            let moments: Vec<Moment> =
                PUBLISHING.into_iter().filter(|moment| entry.runs.may(*moment)).collect();
            let own = Candidate { entries: vec![entry.clone()], ..candidate.clone() };
            let written = moments.iter().flat_map(|moment| {
                candidate.repositories.iter().filter_map(|line| line.text.at(*moment, &world))
            });
            let written = written.map(|repository| normal(&repository));
            let tagged = published(&own, &moments, &known, &world).tags.into_keys();
            let same: BTreeSet<String> =
                written.chain(tagged).filter(|one| repositories.contains(one)).collect();
            if !same.is_empty() {
                publishers.entry(entry.place.path.to_string()).or_default().extend(same);
            }
        }
    }
    publishers
}
