//! What a plan is compared with: another revision of the repository, which the user or the event of CI names.

use std::path::Path;

use serde_json::Value;

use super::snapshot::{Checkout, Snapshot};
use crate::bake::text::discovery;
use crate::cli::Selection;
use crate::commands::planning::facts;
use crate::commands::session::Session;
use crate::commit::is_whole;
use crate::error::Error;
use crate::facts::command::CommandFailure;
use crate::facts::remote;
use crate::host::{Host, Revision, Staged};
use crate::plan::Plan;

/// What `--changed-since` takes instead of a revision.
const AUTO: &str = "auto";

/// How much of a commit's hash is shown.
const SHORT: usize = 12;

/// What the plan is compared with.
pub(super) enum Base {
    /// Another revision.
    Revision(String),
    /// What is published.
    Published,
    /// Nothing: everything is built, for this reason.
    Nothing(String),
}

/// Makes the plan of the files that a machine has somewhere else, with what is known of this run.
pub(in crate::commands) type PlanThere<'f> =
    &'f dyn Fn(&mut Session<'_>, &Host, &Selection) -> Result<Plan, Error>;

/// What a revision had.
pub(super) struct Before {
    /// What it is called.
    pub(super) name: String,
    /// The plan of its definition.
    pub(super) plan: Plan,
    /// Its files.
    pub(super) files: Snapshot,
    /// Where git's objects are, if they had to be fetched: they are read when they are needed.
    _fetched: Option<Revision>,
}

/// What `--changed-since` means in this run.
pub(super) fn base(session: &Session<'_>, given: &str, publishes: bool) -> Result<Base, Error> {
    if given == AUTO {
        return of_event(session, publishes);
    }
    if given.is_empty() || given.starts_with('-') || given.chars().any(char::is_control) {
        return Err(Error::Usage(format!(
            "`--changed-since {}` is not a revision of git; expected one such as `origin/main`, or `auto`",
            given.escape_debug()
        )));
    }
    Ok(Base::Revision(given.to_owned()))
}

/// The base that the event of CI names. A push is compared with what is published, since the commit before may never have been
/// built; so are runs that have no commit before them.
fn of_event(session: &Session<'_>, publishes: bool) -> Result<Base, Error> {
    let env = session.host.env();
    let variable = |name: &str| env.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let payload: Value =
        facts::event(session).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let of_payload = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    if let Some(event) = variable("GITHUB_EVENT_NAME") {
        let is_tag = variable("GITHUB_REF").is_some_and(|name| name.starts_with("refs/tags/"));
        // A review of a pull request has the merge as well.
        let is_merge = variable("GITHUB_REF")
            .is_some_and(|name| name.starts_with("refs/pull/") && name.ends_with("/merge"));
        return Ok(match event {
            _ if is_merge || event == "pull_request" => match first_parent(session, variable("GITHUB_SHA")) {
                Ok(parent) => Base::Revision(parent),
                Err(why) => Base::Nothing(why),
            },
            "merge_group" => {
                named(of_payload("/merge_group/base_sha"), "the event has no `merge_group.base_sha`")
            }
            "push" if !is_tag && !publishes => named(of_payload("/before"), "the event has no `before`"),
            _ if publishes => Base::Published,
            other => {
                Base::Nothing(format!("an event `{other}` that publishes nothing has no commit before it"))
            }
        });
    }
    match variable("CI_PIPELINE_SOURCE") {
        Some("merge_request_event") => Ok(named(
            variable("CI_MERGE_REQUEST_DIFF_BASE_SHA").map(str::to_owned),
            "`CI_MERGE_REQUEST_DIFF_BASE_SHA` is not set",
        )),
        Some("push") if !publishes && variable("CI_COMMIT_TAG").is_none() => {
            Ok(named(variable("CI_COMMIT_BEFORE_SHA").map(str::to_owned), "`CI_COMMIT_BEFORE_SHA` is not set"))
        }
        Some(_) if publishes => Ok(Base::Published),
        Some(other) => {
            Ok(Base::Nothing(format!("a pipeline of `{other}` that publishes nothing has no commit before it")))
        }
        None => Err(Error::Usage(
            "`--changed-since auto` takes the commit to compare with from the event of GitHub or GitLab, and there is none; name a revision, such as `origin/main`"
                .to_owned(),
        )),
    }
}

/// The commit with this hash. All zeros stand for a branch that is new.
fn named(commit: Option<String>, missing: &str) -> Base {
    match commit {
        Some(commit) if commit.chars().all(|digit| digit == '0') => {
            Base::Nothing("the branch is new, so there is no commit before it".to_owned())
        }
        Some(commit) if commit.chars().all(|digit| digit.is_ascii_hexdigit()) => Base::Revision(commit),
        Some(_) | None => Base::Nothing(missing.to_owned()),
    }
}

/// The first parent of the merge that GitHub makes of a pull request: the state of the target branch that it was tested with.
/// `base.sha` of the event stays what it was when the request was opened. The parents of a commit are in it, also where the
/// checkout has that one alone. Where the branch itself is checked out, which may end with a merge as well, the first parent
/// is an earlier state of that branch.
fn first_parent(session: &Session<'_>, merge: Option<&str>) -> Result<String, String> {
    if let Some(merge) = merge {
        let head = session.host.git(&["rev-parse", "HEAD"]).map_err(|failure| failure.reason())?;
        if head.trim() != merge {
            return Err("the checkout is not `GITHUB_SHA`, the merge with the target branch: check that out, or name the revision to compare with".to_owned());
        }
    }
    let found = session.host.git(&["cat-file", "commit", "HEAD"]).map_err(|failure| failure.reason())?;
    let header = found.split("\n\n").next().unwrap_or_default();
    let mut parents = header.lines().filter_map(|line| line.strip_prefix("parent "));
    match (parents.next(), parents.next()) {
        (Some(first), Some(_)) => Ok(first.to_owned()),
        _ => Err("the commit is not a merge with the target branch, as GitHub makes one of a pull request"
            .to_owned()),
    }
}

/// A commit of the checkout, and how the index differs from it.
pub(super) type Commit = (String, Vec<Staged>);

/// Finds a revision in the checkout.
pub(super) fn find(host: &Host, revision: &str) -> Result<Commit, CommandFailure> {
    let commit = host.commit_of(revision)?;
    let staged = host.staged(&commit)?;
    Ok((commit, staged))
}

/// What the revision had, planned with what is known of this run; or why that cannot be known. `found` is what the checkout
/// has of it, whose files are known.
pub(super) fn before(
    session: &mut Session<'_>,
    selection: &Selection,
    revision: &str,
    found: Result<Commit, CommandFailure>,
    checkout: Result<&Checkout, &String>,
    plan_there: PlanThere<'_>,
) -> Result<Before, String> {
    let mut fetched: Option<Revision> = None;
    let here = session.host;
    let failed = |failure: CommandFailure| format!("`{revision}` cannot be read: {}", failure.reason());
    let (database, tree) = match found {
        Ok((commit, staged)) => {
            let known = checkout.map_err(String::clone)?.before(here, &staged);
            (here, known.unwrap_or_else(|| here.tree_of(&commit)).map_err(failed)?)
        }
        Err(_) if is_whole(revision) => {
            let database = &fetched.insert(fetch(session, revision)?).host;
            (database, database.tree_of(revision).map_err(failed)?)
        }
        Err(failure @ CommandFailure::NoCommit { .. }) => return Err(failure.reason()),
        Err(failure) => return Err(failed(failure)),
    };
    let checkout = checkout.map_err(String::clone)?;
    let is_wanted = is_wanted(selection);
    let mut make = |there: &Host| plan_there(session, there, selection);
    let (_there, made) = here
        .made_of(database, revision, &tree, &is_wanted, &mut make)
        .map_err(|failure| format!("the definition of `{revision}` cannot be read: {}", failure.reason()))?;
    let plan = made.map_err(|error| {
        let first = error.into_diagnostics().into_iter().next().map(|one| one.message).unwrap_or_default();
        format!("the definition of `{revision}` does not evaluate: {first}")
    })?;
    let files = checkout.committed().of_commit(database, tree);
    let name = if is_whole(revision) { revision.chars().take(SHORT).collect() } else { revision.to_owned() };
    Ok(Before { name, plan, files, _fetched: fetched })
}

/// A commit that the checkout does not have, as is usual where it has one alone.
fn fetch(session: &Session<'_>, commit: &str) -> Result<Revision, String> {
    let failed = |failure: CommandFailure| {
        format!("`{commit}` is not in this checkout, and cannot be fetched: {}", failure.reason())
    };
    let run = |arguments: &[&str]| session.host.git(arguments);
    let remote = remote::find(&run).map_err(failed)?;
    session.note(&format!("fetching {commit}"));
    session.host.fetch_commit(&remote, commit).map_err(failed)
}

/// Which files of another revision may be of the definition that is selected.
pub(in crate::commands) fn is_wanted(selection: &Selection) -> impl Fn(&str) -> bool {
    let definition = &selection.definition;
    let named = definition.files.iter().chain(&definition.images);
    let names: Vec<_> =
        named.map(|name| Path::new(name).file_name().unwrap_or_default().to_owned()).collect();
    move |path: &str| names.iter().any(|name| Path::new(path).ends_with(name)) || discovery::may_be_read(path)
}
