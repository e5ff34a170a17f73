//! `bakeplan verify --keep-set`: prints what clean-ups must leave alone, or nothing at all.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::session::Session;
use super::session::network;
use super::session::talk::Talk;
use crate::cli::Network;
use crate::error::Error;
use crate::published::planned::Planned;
use crate::registry::{Location, SystemClock};
use crate::verify::keep_set;

pub(super) fn print(
    session: &Session<'_>,
    repositories: &[String],
    plan: Option<&str>,
    allows_gaps: bool,
    options: &Network,
) -> Result<(), Error> {
    let mut planned = Vec::new();
    let locations = match plan {
        Some(path) => {
            let plan = Planned::read(path, &session.host.read_product(path)?)?;
            for image in plan.images.values() {
                for location in image.places() {
                    planned.extend(image.tags_in(location).map(|tag| (location.clone(), tag.name.clone())));
                }
            }
            plan.locations()
        }
        None => repositories.iter().map(|text| repository(text)).collect::<Result<_, _>>()?,
    };
    let mut known = BTreeSet::new();
    let locations = locations.into_iter().filter(|location| known.insert(location.clone())).collect();
    let talk = Arc::new(Talk::new(session));
    let clock = Arc::new(SystemClock::default());
    let sites = network::open(session, options, None, locations, clock, talk.clone())?;
    let set = keep_set::keep_set(&sites, &planned, allows_gaps, talk.as_ref());
    talk.end();
    session.tell(&set.notes);
    if !set.failures.is_empty() {
        session.tell(&set.unknown);
        return Err(set.failures.into());
    }
    if !set.unknown.is_empty() {
        return Err(Error::Incomplete(set.unknown));
    }
    let lines: Vec<&str> = set.references.iter().map(String::as_str).collect();
    session.deliver(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

fn repository(text: &str) -> Result<Location, Error> {
    text.parse().map_err(|error| {
        Error::Usage(format!(
            "`{text}` is not a repository: {error}; `--keep-set` takes whole ones, such as `ghcr.io/acme/app`"
        ))
    })
}
