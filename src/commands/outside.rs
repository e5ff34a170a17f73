//! Files outside of the folder that those which a definition names must lie in.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::paths::{self, Named};
use super::session::Session;
use crate::cli::Definition;
use crate::code::Code;
use crate::consent::covers;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::error::Error;
use crate::plan::Plan;
use crate::source::Span;

/// The folder that files which a definition names may be read from, without links: that of `--confine`, or else, where the
/// author of the definition may not be whom the machine belongs to, the project.
pub(super) fn limit(session: &Session<'_>, args: &Definition) -> Result<Option<PathBuf>, Error> {
    let folder = confinement(session, args)?;
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
pub(super) fn refused(
    session: &Session<'_>,
    args: &Definition,
    plan: &Plan,
) -> Result<Vec<Diagnostic>, Error> {
    let (Some(folder), Some(written)) = (confinement(session, args)?, &args.confine) else {
        return Ok(Vec::new());
    };
    let mut errors = Diagnostics::default();
    for leg in paths::naming(plan) {
        for Named { path, what, span, access } in paths::named(&leg.of, &leg.definition) {
            let asked = format!("{}={path}", access.entitlement());
            let is_free = span.is_none() || args.allow.iter().any(|allowed| covers(allowed, &asked));
            if is_free || session.host.is_within(&path, &folder) {
                continue;
            }
            let message = format!("{what} lies outside of `{written}`");
            errors.report(Diagnostic::error(Code::OUTSIDE, message).at(span, "").with_help(format!(
                "name a path in that folder, or allow this one on the command line: `--allow {asked}`"
            )));
        }
    }
    Ok(errors.into_sorted())
}

/// In a checkout, a warning for each path that a target names there and that leads out of it. Bake asks before it goes there,
/// and in a job nobody answers.
pub(super) fn leading_out(session: &Session<'_>, plan: &Plan) -> Vec<Diagnostic> {
    if !session.host.is_in_checkout() {
        return Vec::new();
    }
    let mut found: IndexMap<String, (String, Option<Span>)> = IndexMap::new();
    for leg in paths::naming(plan) {
        let place = plan.targets.get(&leg.of).and_then(|source| source.span);
        for Named { path, what, span, access: _ } in paths::named(&leg.of, &leg.definition) {
            let is_known = found.keys().any(|known| *known != path && Path::new(&path).starts_with(known));
            if session.host.leads_out(&path) && !is_known {
                found.entry(path).or_insert((what, span.or(place)));
            }
        }
    }
    let warning = |(path, (what, span)): (String, (String, Option<Span>))| {
        let there = session.host.place(&path).display().to_string();
        Diagnostic::warning(Code::LEADS_OUT, format!("{what} leads out of this checkout, to `{there}`"))
            .at(span, "")
            .with_note("Bake goes there only if it is allowed to, and no job of this plan is")
            .with_help(format!(
                "copy what is there into the checkout, or name `{there}` itself: the plan then asks for it"
            ))
    };
    found.into_iter().map(warning).collect()
}
