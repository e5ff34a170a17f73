//! Which images of a plan are built: those whose inputs differ from what is published, or from those of another revision.

mod bases;
mod finding;
mod linked;
mod pins;
mod served;
mod since;
mod snapshot;
mod stale;
#[cfg(all(test, unix))]
mod tests;
mod unanswered;
mod unpinned;
mod withdrawn;

use std::collections::BTreeMap;

use indexmap::IndexMap;

use self::bases::{Known, Wanted};
use self::finding::{Finding, Found};
use self::pins::Pins;
use self::since::{Base, Before};
pub(in crate::commands) use self::since::{PlanThere, is_wanted};
use self::snapshot::Checkout;
use self::unanswered::Unanswered;
use crate::ci::OnUnknown;
use crate::cli::{self, Selection};
use crate::code::Code;
use crate::commands::session::Session;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::host::Host;
use crate::inputs::Inputs;
use crate::parallel;
use crate::plan::{Image, Plan, PlannedBase, Verdict};
use crate::reads::{self, Bases, Files, Reads};
use crate::resolve::Spared;

/// What is known before the definition is planned.
pub(in crate::commands) struct Asked<'c> {
    choice: &'c cli::Choice,
    /// Whether images are compared with what is published.
    is_published: bool,
    /// The files, or why they cannot be known.
    checkout: Result<Checkout, String>,
    /// What they are compared with besides, or why that cannot be known.
    before: Option<Result<Before, String>>,
}

/// What was decided.
#[derive(Default)]
pub(in crate::commands) struct Chosen {
    /// The images that are not built.
    pub(in crate::commands) spared: Spared,
    verdicts: IndexMap<String, Verdict>,
    reads: Reads,
    bases: IndexMap<String, PlannedBase>,
    pins: Pins,
    notes: Vec<Diagnostic>,
}

/// What was found out of bases.
#[derive(Default)]
struct Learned {
    known: Known,
    pins: Pins,
    unanswered: Unanswered,
    /// The bases of each leg, as its Dockerfile names them, if they were looked up.
    of_legs: Bases,
    /// What is published of each image, if that was asked.
    published: Option<stale::All>,
}

/// Finds out what is compared with what.
pub(in crate::commands) fn ask<'c>(
    session: &mut Session<'_>,
    choice: &'c cli::Choice,
    selection: &Selection,
    plan_there: PlanThere<'_>,
) -> Result<Asked<'c>, Error> {
    let given = choice.changed_since.as_deref().filter(|_| !choice.all);
    let base = given.map(|given| since::base(session, given, selection.publish)).transpose()?;
    session.note("reading the files that git tracks, and what differs from the commit");
    let host = session.host;
    let revision = match &base {
        Some(Base::Revision(revision)) => Some(revision.as_str()),
        Some(Base::Published | Base::Nothing(_)) | None => None,
    };
    let (checkout, found) = parallel::at_once(
        || Checkout::read(host),
        || revision.map(|revision| (revision, since::find(host, revision))),
    );
    let before = found.map(|(revision, found)| {
        since::before(session, selection, revision, found, checkout.as_ref(), plan_there)
    });
    let (is_published, why) = match base {
        Some(Base::Published) => (true, None),
        Some(Base::Nothing(why)) => (false, Some(Err(why))),
        Some(Base::Revision(_)) | None => (false, None),
    };
    let is_published = is_published || choice.skip_published && !choice.all;
    Ok(Asked { choice, is_published, checkout, before: before.or(why) })
}

/// Decides which images of a plan are built. `elsewhere` gives the plan of the same commit in a run of the default branch, whose
/// tags may have what this run looks for; `given` is what is known of bases, if that must not be asked.
pub(in crate::commands) fn choose(
    session: &Session<'_>,
    asked: &Asked<'_>,
    plan: &mut Plan,
    given: Option<&IndexMap<String, PlannedBase>>,
    elsewhere: impl Fn() -> Option<Plan>,
) -> Result<Chosen, Error> {
    let choice = asked.choice;
    let checkout = &asked.checkout;
    let (files, committed): (Result<&dyn Files, &str>, Result<&dyn Files, &str>) = match checkout {
        Ok(checkout) => (Ok(&checkout.built), Ok(checkout.committed())),
        Err(why) => (Err(why), Err(why)),
    };
    let is_plain = checkout.as_ref().is_ok_and(Checkout::is_plain);
    let Learned { known, pins, unanswered, of_legs, published: made } =
        learn(session, asked, plan, files, given)?;
    let is_without_triggers = |name: &str| bases::is_without_triggers(&known, name);
    let known_to_reads = |plan: &Plan| reads::Known {
        is_without_triggers: &is_without_triggers,
        epoch: session.host.env().get(reads::EPOCH).map(String::as_str),
        now: plan.moment.time.unwrap_or_else(Host::now),
    };
    let mut unpinned = None;
    let mut findings: IndexMap<String, Vec<Finding>> =
        plan.images.keys().map(|key| (key.clone(), Vec::new())).collect();
    if choice.all {
        findings.values_mut().for_each(|all| all.push(Finding::Differs("`--all`".to_owned())));
    }
    match &asked.before {
        None => {}
        Some(Err(why)) => {
            findings.values_mut().for_each(|all| all.push(Finding::Unknown(why.clone())));
        }
        Some(Ok(before)) => {
            // No revision has pins or a working tree.
            let then = reads::read(&before.plan, Ok(&before.files), known_to_reads(&before.plan));
            let now = unpinned.insert(reads::read(plan, committed, known_to_reads(plan)));
            for (key, all) in &mut findings {
                all.push(since_then(key, plan, now, before, &then));
            }
        }
    }
    pins.apply(plan);
    let reads = match unpinned {
        Some(reads) if pins.is_empty() && is_plain => reads,
        _ => reads::read(plan, files, known_to_reads(plan)),
    };
    record(plan, &reads);
    let (bases, notes) = (bases::recorded(&known), pins.notes());
    let mut chosen = Chosen { reads, bases, pins, notes, ..Chosen::default() };
    if !choice.chooses() {
        return Ok(chosen);
    }
    if asked.is_published {
        let changed = published(session, choice, plan, &unanswered, elsewhere, &mut findings)?;
        let bases = PinnedBases { of_legs: &of_legs, known: &known, made: made.as_ref() };
        name_moved(session, choice, plan, &bases, changed, &mut findings)?;
    }
    for (key, all) in findings.iter_mut().filter(|_| !choice.all) {
        if let Some(why) = plan.images.get(key).and_then(|image| unanswered.pins(plan, image)) {
            *all = vec![Finding::Unknown(why.clone())];
        }
    }
    if let Some(made) = made {
        chosen.notes.extend(stale::judge(plan, &made, &known, choice.most_stale, &mut findings));
    }
    decide(plan, findings, choice.on_unknown.unwrap_or_default(), &mut chosen)?;
    Ok(chosen)
}

/// Finds out what has to be known of the bases of a plan's builds, unless it is given.
fn learn(
    session: &Session<'_>,
    asked: &Asked<'_>,
    plan: &Plan,
    files: Result<&dyn Files, &str>,
    given: Option<&IndexMap<String, PlannedBase>>,
) -> Result<Learned, Error> {
    let choice = asked.choice;
    let is_stale = choice.stale && !choice.all;
    // Hashes are compared with those of runs that know as much.
    let is_auto = choice.changed_since.is_some() && choice.all && plan.publish;
    let narrows = choice.pin_bases || choice.skip_published || asked.is_published || is_auto;
    let is_given = given.is_some_and(|given| !given.is_empty());
    if !is_stale && !narrows && !is_given {
        return Ok(Learned::default());
    }
    let of_legs = reads::bases(plan, files);
    let options = &choice.network;
    if let Some(given) = given {
        let known = bases::of_plan(given);
        let pins = Pins::of(&of_legs, &known).told_before();
        return Ok(Learned { known, pins, ..Learned::default() });
    }
    let look = || stale::published(session, options, plan, &of_legs, &|_| true);
    let published = is_stale.then(look).transpose()?;
    let mut wanted = Wanted::new();
    if choice.pin_bases {
        bases::want_pins(&of_legs, &mut wanted);
    }
    if narrows {
        bases::want_triggers(&of_legs, &mut wanted);
    }
    published.iter().for_each(|published| stale::want(published, &mut wanted));
    let known = bases::find_out(session, options, &wanted)?;
    let pins = if choice.pin_bases { Pins::of(&of_legs, &known) } else { Pins::default() };
    let unanswered = Unanswered::of(&of_legs, &known);
    Ok(Learned { known, pins, unanswered, of_legs, published })
}

impl Chosen {
    /// Records in a plan what was decided, and what its builds read.
    pub(in crate::commands) fn record(self, plan: &mut Plan) {
        let Self { spared: _, verdicts, reads, bases, pins, notes } = self;
        pins.apply(plan);
        record(plan, &reads);
        plan.bases = bases;
        plan.verdicts = verdicts;
        plan.reads = reads.into_iter().map(|(leg, read)| (leg, read.explained())).collect();
        plan.reads.retain(|leg, _| plan.legs.contains_key(leg));
        plan.warnings.extend(notes);
    }
}

/// Gives each build of a plan its inputs.
fn record(plan: &mut Plan, reads: &Reads) {
    for build in plan.images.values_mut().flat_map(|image| &mut image.builds) {
        build.inputs = reads.get(&build.leg).map(|read| read.inputs.clone());
    }
}

/// Whether an image is the same as in another revision.
fn since_then(key: &str, plan: &Plan, reads: &Reads, before: &Before, old_reads: &Reads) -> Finding {
    let name = &before.name;
    let Some(old) = before.plan.images.get(key) else {
        return Finding::Differs(format!("it is new since {name}"));
    };
    let image = &plan.images[key];
    if old.builds.len() != image.builds.len() {
        return Finding::Differs(format!("its platforms have changed since {name}"));
    }
    for build in &image.builds {
        let leg = &build.leg;
        let (Some(new), Some(old)) = (reads.get(leg), old_reads.get(leg)) else {
            return Finding::Differs(format!("`{leg}` is new since {name}"));
        };
        match (&new.inputs, &old.inputs) {
            (Inputs::Unknown(why), _) => return Finding::Unknown(why.clone()),
            (_, Inputs::Unknown(why)) => return Finding::Unknown(format!("{why} ({name})")),
            (Inputs::Hash(new_hash), Inputs::Hash(old_hash)) if new_hash == old_hash => {}
            _ => return Finding::Differs(format!("{} since {name}", new.difference(old))),
        }
    }
    Finding::Same(format!("same inputs as in {name}"), None)
}

/// What is known of bases, to find those that have moved.
struct PinnedBases<'b> {
    of_legs: &'b Bases,
    known: &'b Known,
    /// What is published of each image, if that was asked.
    made: Option<&'b stale::All>,
}

/// Adds why images are built that were made of other inputs: with the names of pinned bases that have moved, which only what is
/// published with an image tells.
fn name_moved(
    session: &Session<'_>,
    choice: &cli::Choice,
    plan: &Plan,
    bases: &PinnedBases<'_>,
    changed: IndexMap<String, String>,
    findings: &mut IndexMap<String, Vec<Finding>>,
) -> Result<(), Error> {
    let PinnedBases { of_legs, known, made } = *bases;
    let is_pinned = known.values().any(|base| matches!(base.pin, Some(Ok(_))));
    let looked = match made {
        None if is_pinned && !changed.is_empty() => {
            let is_meant = |key: &str| changed.contains_key(key);
            Some(stale::published(session, &choice.network, plan, of_legs, &is_meant)?)
        }
        _ => None,
    };
    for (key, why) in changed {
        let published = made.or(looked.as_ref()).and_then(|all| all.get(&key));
        let moved = published.map(|published| stale::moved_pins(published, known)).unwrap_or_default();
        let why = if moved.is_empty() { why } else { format!("{why}: {}", moved.join(", ")) };
        findings.entry(key).or_default().push(Finding::Differs(why));
    }
    Ok(())
}

/// Compares images with what is published; gives those that were made of other inputs, with the words for that.
fn published(
    session: &Session<'_>,
    choice: &cli::Choice,
    plan: &Plan,
    unanswered: &Unanswered,
    elsewhere: impl Fn() -> Option<Plan>,
    findings: &mut IndexMap<String, Vec<Finding>>,
) -> Result<IndexMap<String, String>, Error> {
    let mut tags: IndexMap<&str, Vec<served::Question>> = IndexMap::new();
    let mut changed = IndexMap::new();
    let other = elsewhere();
    for (key, image) in &plan.images {
        let unknown = image.builds.iter().find_map(|build| match &build.inputs {
            Some(Inputs::Hash(_)) => None,
            Some(Inputs::Unknown(why)) => Some(why.clone()),
            None => Some("its inputs were not read".to_owned()),
        });
        let unknown = unknown.or_else(|| unanswered.triggers(plan, image).cloned());
        let all = findings.entry(key.clone()).or_default();
        match unknown {
            Some(why) => all.push(Finding::Unknown(why)),
            None if !image.index => {
                all.push(Finding::Unknown("it has no index, which would record its inputs".to_owned()));
            }
            None => {
                let others: Vec<served::Question> = other
                    .as_ref()
                    .and_then(|plan| plan.images.get(key))
                    .map(|image| served::tags(image, &[]))
                    .unwrap_or_default();
                let own = served::tags(image, &others);
                if own.is_empty() {
                    all.push(Finding::Unknown("it has no tag to compare with".to_owned()));
                } else {
                    tags.insert(key, own);
                }
            }
        }
    }
    for (key, found) in served::look(session, &choice.network, plan, &tags)? {
        let finding = match found {
            Found::Same(reused) => {
                let why = format!("same inputs as {}:{}@{}", reused.repository, reused.tag, reused.digest);
                Finding::Same(why, Some(reused))
            }
            Found::Changed(why) => {
                changed.insert(key, why);
                continue;
            }
            Found::Other(why) | Found::Absent(why) => Finding::Differs(why),
            Found::Unknown(why) => Finding::Unknown(why),
        };
        findings.entry(key).or_default().push(finding);
    }
    Ok(changed)
}

/// Makes one decision of what was found of each image: one reason to build it is enough.
fn decide(
    plan: &Plan,
    findings: IndexMap<String, Vec<Finding>>,
    on_unknown: OnUnknown,
    chosen: &mut Chosen,
) -> Result<(), Error> {
    let mut problems = Vec::new();
    let mut built: BTreeMap<String, String> = BTreeMap::new();
    let mut same: IndexMap<String, (String, Option<crate::plan::Reused>)> = IndexMap::new();
    for (key, all) in findings {
        let (mut reason, mut unknown, mut kept, mut reused) = (None, None, None, None);
        for finding in all {
            match finding {
                Finding::Differs(why) => reason = reason.or(Some(why)),
                Finding::Unknown(why) => unknown = unknown.or(Some(why)),
                Finding::Same(why, published) => {
                    kept = Some(why);
                    reused = reused.or(published);
                }
            }
        }
        match (reason, unknown, kept) {
            (Some(why), _, _) => drop(built.insert(key, why)),
            (None, Some(why), _) => {
                if on_unknown == OnUnknown::Fail {
                    let message = format!("it cannot be known whether image `{key}` has changed: {why}");
                    problems.push(
                        Diagnostic::error(Code::UNKNOWN_INPUTS, message).with_help(
                            "build it all the same with `--on-unknown build`, which is the default",
                        ),
                    );
                }
                built.insert(key, format!("unknown: {why}"));
            }
            (None, None, Some(why)) => drop(same.insert(key, (why, reused))),
            (None, None, None) => drop(built.insert(key, "nothing was compared".to_owned())),
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    linked::close(plan, &mut built);
    for (key, image) in &plan.images {
        let verdict = match (built.get(key), same.swap_remove(key)) {
            (Some(why), _) => Verdict { is_built: true, why: why.clone() },
            (None, Some((why, reused))) => {
                spare(key, image, plan.publish, reused, &mut chosen.spared);
                Verdict { is_built: false, why }
            }
            (None, None) => Verdict { is_built: true, why: "nothing was compared".to_owned() },
        };
        chosen.verdicts.insert(key.clone(), verdict);
    }
    Ok(())
}

/// Leaves an image out: what it was published as before gets the tags, where there are any to give.
fn spare(
    key: &str,
    image: &Image,
    publishes: bool,
    reused: Option<crate::plan::Reused>,
    spared: &mut Spared,
) {
    match reused {
        Some(reused) if publishes && image.retag && !image.tags.is_empty() => {
            drop(spared.reused.insert(key.to_owned(), reused));
        }
        _ => drop(spared.unchanged.insert(key.to_owned())),
    }
}
