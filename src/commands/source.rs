//! `bakeplan merge --from-source`: the plan that the sources give in this run, if it is the one that was handed over.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};

use super::planning::making::{self, Making};
use super::session::Session;
use super::session::diff;
use crate::bake::text::discovery::STDIN;
use crate::bake::values::Name;
use crate::ci::MaxJobs;
use crate::cli::{Choice, PlanOptions, Selection};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::host::Host;
use crate::moment::{ATTEMPT, Moment};
use crate::plan::{PlannedBase, Reused};
use crate::published::plan_json::{self, BaseEntry, MomentEntry, PlanJson, ReusedEntry};
use crate::published::planned::Planned;
use crate::render;
use crate::resolve::{Purpose, Spared};

/// Makes the plan with these options, and compares it with the text of the one at `path`. Unless the options say something
/// else, the versions released before are those that it knew. The clock and chance say what they said to it.
pub(super) fn plan_again(
    session: &mut Session<'_>,
    path: &str,
    text: &str,
    options: &[String],
    is_stdin_taken: bool,
) -> Result<Planned, Error> {
    let PlanOptions { choice, mut selection } = PlanOptions::read(options).map_err(|error| usage(&error))?;
    if is_stdin_taken && reads_stdin(&selection) {
        return Err(Error::Usage("`--metadata -` and the sources cannot both read standard input".into()));
    }
    let known = &mut selection.facts.known_versions;
    // A file of the name `git` is not what `git` alone means there.
    known.get_or_insert_with(|| std::path::Path::new(".").join(path).to_string_lossy().into_owned());
    // Which builds share a job is as harmless as that, and depends on the CI.
    let theirs = plan_json::read(path, text).ok();
    let packed = theirs.as_ref().and_then(|theirs| theirs.packed.as_ref());
    selection.max_jobs = selection.max_jobs.or(packed.and_then(|packed| MaxJobs::new(packed.most)));
    // What registries serve is not in the sources; whether it is of these inputs, the merge looks.
    // Only where the options let a plan leave images out, or name other bases, may it say so.
    let spared = theirs.as_ref().filter(|_| choice.chooses()).map(spared).unwrap_or_default();
    let has_inputs = theirs.as_ref().is_some_and(|theirs| {
        theirs.images.values().flat_map(|image| image.builds.values()).any(|build| build.inputs.is_some())
    });
    let bases: IndexMap<String, PlannedBase> = theirs
        .iter()
        .flat_map(|theirs| &theirs.bases)
        .filter_map(|(name, base)| Some((name.clone(), of(base, &choice)?)))
        .collect();
    let moment = theirs.as_ref().and_then(|theirs| theirs.moment.clone()).map(of_then).unwrap_or_default();
    if let Some(time) = moment.time.filter(|time| time.duration_since(Host::now()) > AHEAD) {
        return Err(of_the_future(path, time).into());
    }
    let own = session.host.env().get(ATTEMPT).and_then(|own| own.parse::<u32>().ok());
    if let (Some(theirs), Some(own)) = (moment.attempt, own)
        && theirs > own
    {
        return Err(of_a_later_attempt(path, theirs, own).into());
    }
    let choice = Choice { inputs: has_inputs || choice.is_given(), ..Choice::default() };
    let making = Making {
        choice: Some(&choice),
        spared: Some(&spared),
        bases: Some(&bases),
        moment: Some(&moment),
        ..Making::of(Purpose::Run)
    };
    let (plan, _) = making::make_with(session, &selection, &making)?.into_parts();
    let own = render::plan_json::render(&plan);
    let is_read = "both were read as plans";
    let [theirs, ours] = [text, &own].map(|text| plan_json::followed(text).expect(is_read));
    if theirs != ours {
        return Err(differs(path, &theirs, &ours, &plan.from_environment).into());
    }
    Ok(Planned::read(path, &own)?)
}

/// How far the clock of the machine that planned may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// What was so when a plan was made.
fn of_then(moment: MomentEntry) -> Moment {
    let MomentEntry { time, seed, attempt } = moment;
    Moment { time, seed, attempt }
}

fn of_the_future(path: &str, time: Timestamp) -> Diagnostic {
    let message = format!("`{path}` says that it was made at {time}, which is in the future");
    Diagnostic::error(Code::PLAN_DIFFERS, message)
        .with_help("compare the clocks of both machines; if they are right, `plan.json` was replaced")
}

fn of_a_later_attempt(path: &str, theirs: u32, own: u32) -> Diagnostic {
    let message =
        format!("`{path}` says that it was made in attempt {theirs} of the run, and this is attempt {own}");
    Diagnostic::error(Code::PLAN_DIFFERS, message)
        .with_help("merge the plan of this run; if it is that, `plan.json` was replaced")
}

/// The images that a plan does not build.
fn spared(theirs: &PlanJson) -> Spared {
    let reused = theirs.images.iter().filter_map(|(key, image)| {
        let ReusedEntry { repository, tag, digest } = image.reused.as_ref()?;
        let (repository, tag, digest) = (repository.repository()?.clone(), tag.clone(), digest.clone());
        Some((key.clone(), Reused { repository, tag, digest }))
    });
    let left_out =
        theirs.verdicts.iter().filter(|(key, one)| !one.build && !theirs.images.contains_key(*key));
    Spared { reused: reused.collect(), unchanged: left_out.map(|(key, _)| key.clone()).collect() }
}

/// What a plan says of a base, as far as the options ask for it.
fn of(base: &BaseEntry, choice: &Choice) -> Option<PlannedBase> {
    let BaseEntry { digest, onbuild } = base;
    let digest = digest.clone().filter(|_| choice.pin_bases);
    let has_triggers = onbuild.filter(|_| choice.pin_bases || choice.chooses());
    (digest.is_some() || has_triggers.is_some()).then_some(PlannedBase { digest, has_triggers })
}

pub(super) fn reads_stdin(selection: &Selection) -> bool {
    let definition = &selection.definition;
    let facts = selection.facts.file.as_deref();
    definition.option_for(STDIN).is_some() || facts == Some(STDIN)
}

fn differs(path: &str, theirs: &str, ours: &str, from_environment: &[Name]) -> Diagnostic {
    let message = format!("`{path}` differs from the plan that the sources give in this run");
    let found = Diagnostic::error(Code::PLAN_DIFFERS, message);
    let found = found.with_note(diff::unified(path, theirs, ours).trim_end());
    if !from_environment.is_empty() {
        let names: Vec<String> = from_environment.iter().map(|name| format!("`{name}`")).collect();
        return found.with_help(format!(
            "give {} the same value in the job that plans and in this one: the definition takes it from the environment; \
             or check out the commit that was planned, and put the options that `bakeplan plan` had after `--`; otherwise \
             `plan.json` was replaced",
            names.join(" and ")
        ));
    }
    found.with_help(
        "check out the commit that was planned, and put the options that `bakeplan plan` had after `--`; otherwise `plan.json` was replaced",
    )
}

/// What is wrong with the options, without the usage of another command.
pub(super) fn usage(error: &clap::Error) -> Error {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let problem = first.strip_prefix("error: ").unwrap_or(first);
    Error::Usage(format!("after `--`: {problem}"))
}
