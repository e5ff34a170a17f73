//! Files outside of the folder that those which a definition names must lie in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;

use super::consent;
use super::paths::{self, Named, Naming};
use crate::bake::target::links::links;
use crate::bake::values::{Name, clean_path};
use crate::cli::Definition;
use crate::code::Code;
use crate::commands::session::Session;
use crate::consent::covers;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::error::Error;
use crate::plan::{Job, Plan};
use crate::readable;
use crate::source::Span;

/// The folder that files which a definition names may be read from, without links: that of `--confine`, or else, where the
/// author of the definition may not be whom the machine belongs to, the project.
///
/// # Errors
/// Where the working directory lies outside because of a link in a checkout, or the folder is none.
pub(in crate::commands) fn limit(session: &Session<'_>, args: &Definition) -> Result<Option<PathBuf>, Error> {
    let folder = confinement(session, args)?;
    if (folder.is_some() || session.for_github) && session.host.has_strayed() {
        let [named, there] = [session.host.directory().to_owned(), session.host.place("")];
        let message = format!("`{}` leads out of the checkout, to `{}`", named.display(), there.display());
        let error = Diagnostic::error(Code::OUTSIDE, message);
        let help = "a link in a checkout is whoever's the checkout is: name the folder itself";
        return Err(vec![error.with_help(help)].into());
    }
    Ok(folder.or_else(|| session.for_github.then(|| session.host.project())))
}

fn confinement(session: &Session<'_>, args: &Definition) -> Result<Option<PathBuf>, Error> {
    let Some(folder) = &args.confine else { return Ok(None) };
    if !session.host.is_folder(folder) {
        return Err(Error::Usage(format!("`--confine {folder}` is not a folder")));
    }
    Ok(Some(session.host.place(folder)))
}

/// With `--confine`, an error for each path outside that a target names. What the command line sets or allows may be there.
pub(in crate::commands) fn refused(
    session: &Session<'_>,
    args: &Definition,
    plan: &Plan,
) -> Result<Vec<Diagnostic>, Error> {
    let (Some(folder), Some(written)) = (confinement(session, args)?, &args.confine) else {
        return Ok(Vec::new());
    };
    let allowed = consent::led(session, &args.allow);
    let mut errors = Diagnostics::default();
    for (name, target) in Naming::of(plan).all() {
        // What lies in a folder that is refused needs no error of its own.
        let mut refused: Vec<String> = Vec::new();
        for Named { path, what, span, access } in paths::named(session.host, name, target) {
            let asked = format!("{}={path}", access.entitlement());
            let whole = consent::asked(session, &asked);
            if span.is_none()
                || allowed.iter().any(|allowed| covers(allowed, &whole))
                || session.host.is_within(&path, &folder)
                || refused.iter().any(|folder| Path::new(&path).starts_with(folder))
            {
                continue;
            }
            let message = format!("{what} lies outside of `{written}`");
            errors.report(Diagnostic::error(Code::OUTSIDE, message).at(span, "").with_help(format!(
                "name a path in that folder, or allow this one on the command line: `--allow {asked}`"
            )));
            refused.push(path);
        }
    }
    Ok(errors.into_sorted())
}

/// In a checkout, lets jobs ask for what links lead to outside of the working directory, as Bake does before it goes there. A
/// warning for each of them that leads out of the checkout: another machine may have something else there.
///
/// # Errors
/// Places that a row of a matrix cannot hold.
pub(in crate::commands) fn leading_out(
    session: &Session<'_>,
    plan: &mut Plan,
) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    if !session.host.is_in_checkout() && !session.for_github {
        return Ok(Vec::new());
    }
    let mut unwritable = Vec::new();
    let mut found: IndexMap<String, (String, Option<Span>)> = IndexMap::new();
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (name, target) in Naming::of(plan).all() {
        let place = plan.targets.get(name).and_then(|source| source.span);
        for Named { path, what, span, access: _ } in paths::named(session.host, name, target) {
            if !seen.insert(path.clone()) {
                continue;
            }
            let led = session.host.led(&path);
            if led == clean_path(&path) && !path.starts_with('/') {
                continue;
            }
            // What is outside by its name is asked for by it, and by the place that a link there leads to.
            let is_asked = is_outside(&clean_path(&path)) && !turns_back(&path) && led == clean_path(&path);
            if !is_asked && is_outside(&led) {
                if !readable::is_one_line(&led) {
                    let message = format!(
                        "{what} leads to `{}`, which a row of a matrix cannot hold",
                        readable::line(&led)
                    );
                    unwritable.push(
                        Diagnostic::error(Code::LINE_END, message).at(span.or(place), "").with_help(
                            "let the link lead to a name without line ends and other characters that are not seen",
                        ),
                    );
                }
                places.insert(path.clone(), led);
            }
            if session.host.leads_out(&path) && !found.keys().any(|known| Path::new(&path).starts_with(known))
            {
                found.insert(path, (what, span.or(place)));
            }
        }
    }
    if !unwritable.is_empty() {
        return Err(unwritable);
    }
    if places.is_empty() && found.is_empty() {
        return Ok(Vec::new());
    }
    let asked: Vec<BTreeSet<String>> =
        plan.jobs.iter().map(|job| asked(session, job, plan, &places)).collect();
    for (job, asked) in plan.jobs.iter_mut().zip(asked) {
        job.allow = asked.into_iter().collect();
    }
    let warning = |(path, (what, span)): (String, (String, Option<Span>))| {
        let there = session.host.place(&path).display().to_string();
        Diagnostic::warning(Code::LEADS_OUT, format!("{what} leads out of this checkout, to `{there}`"))
            .at(span, "")
            .with_note("the row of its job asks to read there; another machine may have something else in this place, or nothing")
            .with_help("copy what is there into the checkout")
    };
    Ok(found.into_iter().map(warning).collect())
}

/// Whether a path has `..` behind a name, which leads elsewhere than it reads if that is a link.
fn turns_back(path: &str) -> bool {
    let mut parts = Path::new(path).components().skip_while(|part| !matches!(part, Component::Normal(_)));
    parts.any(|part| part == Component::ParentDir)
}

/// Whether a path without links is outside of the working directory.
fn is_outside(path: &str) -> bool {
    path.starts_with('/') || Path::new(path).starts_with("..")
}

/// What a job asks for, with the places that paths of its targets lead to, and of all that these link to.
fn asked(
    session: &Session<'_>,
    job: &Job,
    plan: &Plan,
    places: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let mut asked: BTreeSet<String> = job.allow.iter().cloned().collect();
    let mut seen: BTreeSet<Name> = job.legs.iter().cloned().collect();
    let mut open = job.legs.clone();
    while let Some(name) = open.pop() {
        let leg = plan.legs.get(&name).map(|leg| &*leg.definition);
        let Some(target) = leg.or_else(|| Some(&**plan.targets.get(&name)?)) else { continue };
        for Named { path, what: _, span: _, access } in paths::named(session.host, &name, target) {
            let Some(place) = places.get(&path) else { continue };
            let one = format!("{}={place}", access.entitlement());
            if !asked.iter().any(|allowed| covers(allowed, &one)) {
                asked.insert(one);
            }
        }
        let linked = links(target).map(|(_, linked)| Name::from(linked));
        open.extend(linked.filter(|linked| seen.insert(linked.clone())));
    }
    asked
}
