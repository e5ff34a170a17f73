//! What registries say of the bases of builds: each base is looked up once, for all images and platforms of a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;

use crate::cli::Network;
use crate::commands::session::Session;
use crate::commands::session::network;
use crate::commands::session::talk::Talk;
use crate::error::Error;
use crate::plan::PlannedBase;
use crate::platform::Platform;
use crate::published::bases::{BaseName, Look, Unknown, both};
use crate::published::survey::{Round, Survey, Trouble};
use crate::reads::{BaseUse, Bases};
use crate::reference::{Digest, Repository};
use crate::registry::{Location, SystemClock, TagOrDigest};

/// What is to be known of bases.
pub(super) type Wanted = BTreeMap<BaseName, Want>;

/// What is to be known of one base. Platforms are `None` where they cannot be told.
#[derive(Default)]
pub(super) struct Want {
    /// What takes its place for builds of these platforms.
    pub(super) pin: BTreeSet<Option<Platform>>,
    /// Whether it has instructions for builds of these.
    pub(super) triggers: BTreeSet<Option<Platform>>,
    /// Whether it has moved since it had this digest.
    pub(super) moved: BTreeSet<(Digest, Option<Platform>)>,
}

/// What is known of bases.
pub(super) type Known = BTreeMap<BaseName, Base>;

/// What is known of one base, or why it is not.
#[derive(Default)]
pub(super) struct Base {
    /// What takes its place, if that was asked.
    pub(super) pin: Option<Result<Digest, Unknown>>,
    /// Whether it has instructions for builds, if that was asked.
    pub(super) triggers: Option<Result<bool, Unknown>>,
    /// Those that are known.
    pub(super) instructions: BTreeSet<String>,
    /// Whether it has moved since it had a digest.
    pub(super) moved: BTreeMap<(Digest, Option<Platform>), Result<bool, String>>,
}

/// Adds what pins need, and what tells whether something is left unpinned.
pub(super) fn want_pins(bases: &Bases, wanted: &mut Wanted) {
    for BaseUse { name, platform, is_digest: _ } in bases.values().flat_map(|leg| &leg.starts) {
        if let Some(name) = BaseName::read(name) {
            wanted.entry(name).or_default().triggers.insert(platform.clone());
        }
    }
    for BaseUse { name, platform, is_digest } in bases.values().flat_map(|leg| &leg.images) {
        if !is_digest && let Some(name) = BaseName::read(name) {
            wanted.entry(name).or_default().pin.insert(platform.clone());
        }
    }
}

/// Adds what has to be known for builds to count only what they copy.
pub(super) fn want_triggers(bases: &Bases, wanted: &mut Wanted) {
    for BaseUse { name, platform, is_digest: _ } in bases.values().flat_map(|leg| &leg.parents) {
        if let Some(name) = BaseName::read(name) {
            wanted.entry(name).or_default().triggers.insert(platform.clone());
        }
    }
}

/// Whether a base, by its name in a Dockerfile or in place of that, is known to have no `ONBUILD` instructions.
pub(super) fn is_without_triggers(known: &Known, name: &str) -> bool {
    let Some(name) = BaseName::read(name) else { return false };
    let is_without = |base: &Base| base.triggers == Some(Ok(false));
    if let Some(base) = known.get(&name) {
        return is_without(base);
    }
    // What takes the place of a base is named by its digest.
    let TagOrDigest::Digest(digest) = &name.at else { return false };
    known.iter().any(|(own, base)| {
        own.repository == name.repository
            && matches!(&base.pin, Some(Ok(pin)) if pin == digest)
            && is_without(base)
    })
}

/// What a plan records of bases.
pub(super) fn recorded(known: &Known) -> IndexMap<String, PlannedBase> {
    let entry = |(name, base): (&BaseName, &Base)| {
        let Base { pin, triggers, instructions: _, moved: _ } = base;
        let digest = pin.as_ref().and_then(|pin| pin.as_ref().ok()).cloned();
        let has_triggers = triggers.as_ref().and_then(|found| found.as_ref().ok()).copied();
        let is_known = digest.is_some() || has_triggers.is_some();
        is_known.then(|| (name.to_string(), PlannedBase { digest, has_triggers }))
    };
    known.iter().filter_map(entry).collect()
}

/// What a plan has recorded of bases.
pub(super) fn of_plan(recorded: &IndexMap<String, PlannedBase>) -> Known {
    let base = |(name, PlannedBase { digest, has_triggers }): (&String, &PlannedBase)| {
        let (pin, triggers) = (digest.clone().map(Ok), has_triggers.map(Ok));
        Some((BaseName::read(name)?, Base { pin, triggers, ..Base::default() }))
    };
    recorded.iter().filter_map(base).collect()
}

/// Finds out what is wanted.
pub(super) fn find_out(session: &Session<'_>, options: &Network, wanted: &Wanted) -> Result<Known, Error> {
    let repositories: BTreeSet<&Repository> = wanted.keys().map(|name| &name.repository).collect();
    look(session, options, &repositories, |look, site_of| {
        let mut known = Known::new();
        for (name, Want { pin, triggers, moved }) in wanted {
            let Some(site) = site_of(&name.repository) else { continue };
            let mut base = Base::default();
            if !pin.is_empty() {
                base.pin = Some(look.pin(site, &name.at, pin));
            }
            let triggers = triggers.iter().map(|platform| look.triggers(site, &name.at, platform.as_ref()));
            let triggers = triggers.reduce(both);
            base.triggers = triggers.as_ref().map(|found| match found {
                Ok(found) => Ok(!found.is_empty()),
                Err(why) => Err(why.clone()),
            });
            base.instructions = triggers.and_then(Result::ok).unwrap_or_default();
            if let TagOrDigest::Tag(tag) = &name.at {
                for (digest, platform) in moved {
                    let found = look.has_moved(site, tag, digest, platform.as_ref()).map_err(said);
                    base.moved.insert((digest.clone(), platform.clone()), found);
                }
            }
            known.insert(name.clone(), base);
        }
        known
    })
}

/// Why something is not known, in words.
pub(super) fn said(unknown: Unknown) -> String {
    match unknown {
        Unknown::Unasked => "it was not asked".to_owned(),
        Unknown::Unanswered(why) | Unknown::Open(why) => why,
    }
}

/// Looks at repositories, and asks what the look has to know, until it is content. `work` is given the position of each
/// repository.
pub(super) fn look<T>(
    session: &Session<'_>,
    options: &Network,
    repositories: &BTreeSet<&Repository>,
    work: impl Fn(&mut Look<'_>, &dyn Fn(&Repository) -> Option<usize>) -> T,
) -> Result<T, Error> {
    let locations = repositories.iter().map(|one| Location::Registry((*one).clone())).collect();
    let talk = Arc::new(Talk::new(session));
    let clock = Arc::new(SystemClock::default());
    let sites = network::open(session, options, None, locations, clock, talk.clone())?;
    let positions: BTreeMap<&Repository, usize> =
        repositories.iter().enumerate().map(|(at, one)| (*one, at)).collect();
    let mut survey = Survey::new(&sites, talk.as_ref(), Trouble::IsTold);
    let found = loop {
        let mut look = Look::new(survey.records(), survey.failures());
        let found = work(&mut look, &|repository| positions.get(repository).copied());
        let questions = look.questions();
        if survey.ask(questions) == Round::Idle {
            break found;
        }
    };
    talk.end();
    Ok(found)
}
