//! `bakeplan diff`: two plans, or the plans of two revisions of a definition, compared.

use std::path::Path;

use super::planning::choice;
use super::planning::making;
use super::session::Session;
use super::source;
use crate::bake::text::discovery;
use crate::changes::{self, Side};
use crate::ci::MaxJobs;
use crate::cli::{self, Definition, DiffFormat, Selection};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::host::Host;
use crate::plan::Plan;
use crate::published::plan_json::{self, PlanJson};
use crate::render;
use crate::resolve::Purpose;

pub(super) fn diff(session: &mut Session<'_>, args: &cli::Diff) -> Result<(), Error> {
    let cli::Diff { plans, against, format, planned_with } = args;
    if against.is_none() && !planned_with.is_empty() {
        let message = "options of `bakeplan plan` belong to `--against`: two plans are compared as they are";
        return Err(Error::Usage(message.into()));
    }
    let (old, new) = match (against, plans.as_slice()) {
        (Some(revision), _) => of_revisions(session, revision, planned_with)?,
        (None, [old, new]) => (read(session, old)?, read(session, new)?),
        (None, _) => return Err(Error::Usage("two plans are compared: `bakeplan diff OLD NEW`".into())),
    };
    let changes = changes::between(&old, &new);
    match format {
        DiffFormat::Table => session.show(&render::changes::table(&changes)),
        DiffFormat::Markdown => session.show(&render::changes::markdown(&changes)),
        DiffFormat::Json => session.deliver_json(&render::changes::json(&changes)),
    }
}

/// A plan on disk, with the Bake file beside it if that is of this plan.
fn read(session: &Session<'_>, path: &str) -> Result<Side, Error> {
    let is_folder = session.host.is_folder(path);
    let folder = if is_folder { Path::new(path) } else { Path::new(path).parent().unwrap_or(Path::new("")) };
    let in_folder = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let path = if is_folder { in_folder(render::PLAN) } else { path.to_owned() };
    let text = session.host.read_product(&path)?;
    let plan = plan_json::read(&path, &text)?;
    let bake = session.host.read_product(in_folder("docker-bake.json")).ok();
    let bake = bake.filter(|text| {
        let first = text.lines().nth(1).unwrap_or_default();
        first.trim_end_matches([',', '"']).ends_with(&format!("definition {}", plan.definition))
    });
    Ok(Side { plan, bake: bake.and_then(|text| serde_json::from_str(&text).ok()) })
}

/// The plans of this working tree and of another revision, both with what is known of this run.
fn of_revisions(
    session: &mut Session<'_>,
    revision: &str,
    options: &[String],
) -> Result<(Side, Side), Error> {
    if revision.is_empty() || revision.starts_with('-') || revision.chars().any(char::is_control) {
        return Err(Error::Usage(format!(
            "`--against {}` is not a revision of git",
            revision.escape_debug()
        )));
    }
    let mut selection = Selection::read(options).map_err(|error| source::usage(&error))?;
    if source::reads_stdin(&selection) {
        return Err(Error::Usage(
            "`--against` reads files of another revision, and not standard input".into(),
        ));
    }
    // The plans that are published: in a run of GitHub, those with its limit.
    if session.host.is_in_step() {
        selection.max_jobs = selection.max_jobs.or(Some(MaxJobs::OF_GITHUB));
    }
    let is_wanted = choice::is_wanted(&selection);
    let host = session.host;
    // What its definition names is known once it is evaluated.
    let mut try_it = |there: &Host| {
        let tried = session.within(there, |quiet| {
            quiet.verbose = false;
            making::make_at(quiet, Some(there), &selection, Purpose::Run)
        });
        drop(tried);
    };
    let (there, ()) = host.at_revision(revision, &is_wanted, &mut try_it).map_err(|failure| {
        let message = format!("the definition of `{revision}` cannot be read: {failure}");
        let error = Diagnostic::error(Code::REVISION, message);
        match failure.help() {
            Some(help) => error.with_help(help),
            None => error.with_help("check the name, and that this is a git checkout that has it; in CI, a checkout may have one commit only: `fetch-depth: 2` of actions/checkout adds the one before"),
        }
    })?;
    let new_files = new_files(&selection.definition, session.host, &there.host);
    let mut old_selection = selection.clone();
    let definition = &mut old_selection.definition;
    definition.files.retain(|file| !new_files.contains(file));
    if definition.images.as_ref().is_some_and(|file| new_files.contains(file)) {
        definition.images = Some("none".to_owned());
    }
    let is_all_new = definition.files.is_empty() && !selection.definition.files.is_empty();
    if !new_files.is_empty() && !is_all_new {
        let names: Vec<String> = new_files.iter().map(|file| format!("`{file}`")).collect();
        let message = format!("`{revision}` has no {}: what it has without is compared", names.join(", "));
        session.tell(&[Diagnostic::note(Code::NO_DEFINITION, message)]);
    }
    let made =
        (!is_all_new).then(|| making::make_at(session, Some(&there.host), &old_selection, Purpose::Run));
    let old = match made.transpose() {
        Ok(Some((plan, _))) => side(&plan),
        Ok(None) => nothing(session, revision),
        Err(error) => {
            let mut found = error.into_diagnostics();
            if found.iter().all(|one| one.code != discovery::NO_DEFINITION) {
                let note = format!("this is about the definition of `{revision}`");
                found = found.into_iter().map(|one| one.with_note(note.clone())).collect();
                return Err(found.into());
            }
            nothing(session, revision)
        }
    };
    let (new, _) = making::make(session, &selection)?;
    Ok((old, side(&new)))
}

/// The files that options name and that only the working tree has, and not another revision.
fn new_files(definition: &Definition, here: &Host, there: &Host) -> Vec<String> {
    let is_missing = |file: &str| there.read(file).is_err_and(|error| error.code() == Code::NO_SUCH_FILE);
    let named = definition.files.iter().chain(&definition.images);
    named.filter(|file| here.is_file(file) && is_missing(file)).cloned().collect()
}

/// The plan of a revision without a definition.
fn nothing(session: &mut Session<'_>, revision: &str) -> Side {
    let message = format!("`{revision}` has no definition, so everything is new");
    session.tell(&[Diagnostic::note(Code::NO_DEFINITION, message)]);
    side(&Plan::default())
}

/// A plan as it would be written.
fn side(plan: &Plan) -> Side {
    let [(_, bake), _, (_, json)] = render::files(plan, "");
    let read = |text: &str| -> Option<PlanJson> { plan_json::read(render::PLAN, text).ok() };
    let plan = read(&json).expect("what is written can be read");
    Side { plan, bake: serde_json::from_str(&bake).ok() }
}
