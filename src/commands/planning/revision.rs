//! Whether a revision of git can be what an outside contributor wrote: asked where a run is of an event that they cause.

use crate::commands::session::Session;
use crate::commit::is_whole;
use crate::diagnostic::listed;
use crate::facts::{self, github};

/// What leads into a repository from another one.
const REMOTES: &str = "refs/remotes/";
const TAGS: &str = "refs/tags/";

/// Why an outside contributor may have written what `object` names (`REVISION:PATH`), after "it is"; none where they cannot have.
pub(in crate::commands) fn doubt(session: &Session<'_>, object: &str) -> Option<String> {
    let revision = object.split(':').next().unwrap_or_default();
    let name = base(revision);
    // `FETCH_HEAD` and the like are what was fetched or merged last.
    if name.is_empty() || name == "@" || name.ends_with("HEAD") && !name.contains('/') {
        return Some("what this run has checked out, or fetched last".to_owned());
    }
    of_name(session, name).or_else(|| of_commit(session, revision, is_whole(name)))
}

/// Why it may be theirs by its name.
fn of_name(session: &Session<'_>, name: &str) -> Option<String> {
    let refs = refs(session, name);
    match refs.as_slice() {
        [] if is_whole(name) => None,
        [] => Some("neither a ref nor a whole commit".to_owned()),
        [one] if one.starts_with(REMOTES) => {
            of_remote(session, one.strip_prefix(REMOTES)?.split('/').next()?)
        }
        [one] if one.starts_with(TAGS) => of_remotes(session),
        [one] if one == name => {
            let head = symbolic(session, "HEAD")?;
            (head == *one).then(|| "what this run has checked out".to_owned())
        }
        [one] => Some(format!("`{one}`, a branch of this clone, which may be the one that was checked out")),
        several => Some(format!("a name of several refs: {}", listed(several))),
    }
}

/// Why a tag may be theirs: nothing says which remote it was fetched from.
fn of_remotes(session: &Session<'_>) -> Option<String> {
    let remotes = session.host.git(&["remote"]).unwrap_or_default();
    remotes.lines().find_map(|remote| of_remote(session, remote))
}

/// Why what was fetched from a remote may be theirs: it is their fork.
fn of_remote(session: &Session<'_>, remote: &str) -> Option<String> {
    let Ok(url) = session.host.git(&["remote", "get-url", remote]) else {
        return Some(format!("below `{REMOTES}{remote}`, and there is no such remote"));
    };
    let page = facts::git::page(url.trim());
    let named = |name: &str| session.host.env().get(name).filter(|value| !value.is_empty());
    let own = format!(
        "{}/{}",
        named("GITHUB_SERVER_URL").map_or("https://github.com", |url| url.trim_end_matches('/')),
        named("GITHUB_REPOSITORY")?
    );
    let place = |page: &str| page.split_once("://").map_or(page, |(_, rest)| rest).to_lowercase();
    match page {
        Some(page) if place(&page) == place(&own) => None,
        Some(page) => Some(format!("of {page}, and this run is of {own}")),
        None => Some(format!("of the remote `{remote}`, and this run is of {own}")),
    }
}

/// Why it may be theirs by its commit, which is named by its hash or by a ref.
fn of_commit(session: &Session<'_>, revision: &str, by_hash: bool) -> Option<String> {
    let commit = |revision: &str| {
        let commit = format!("{revision}^{{commit}}");
        let found = session.host.git(&["rev-parse", "--verify", "--end-of-options", &commit]).ok()?;
        found.lines().rfind(|line| is_whole(line)).map(str::to_owned)
    };
    let Some(named) = commit(revision) else {
        // The hash of a tree is the same in whoever's commit it stands. What is not there is not read either.
        let tree = format!("{revision}^{{tree}}");
        let found = session.host.git(&["rev-parse", "--verify", "--end-of-options", &tree]);
        return found.is_ok().then(|| "a tree, which says nothing of who wrote it".to_owned());
    };
    let base = github::sha_of_base(session.host.env());
    if base == Some(named.as_str()) {
        return None;
    }
    let event = super::facts::event(session);
    let heads = github::heads(event.as_deref());
    if heads.contains(&named) {
        return Some("the commit that they ask to merge".to_owned());
    }
    let head = commit("HEAD");
    if head.as_ref().is_some_and(|head| *head == named) {
        return Some("the commit that this run has checked out".to_owned());
    }
    // Below what they ask to merge are commits of theirs, and those of the base, which its branches have, too.
    let has = |tip: &str| session.host.git(&["merge-base", "--is-ancestor", &named, tip]).is_ok();
    let is_below = by_hash && heads.iter().chain(&head).any(|tip| has(tip));
    let is_of_base = || {
        base.is_some_and(has)
            || github::base_of_request(event.as_deref()).is_some_and(|base| has(&base))
            || of_branches(session, &named)
    };
    (is_below && !is_of_base()).then(|| {
        "a commit below the one that they ask to merge, and no branch of this repository is known to have it"
            .to_owned()
    })
}

/// Whether a branch that was fetched from this repository has a commit.
fn of_branches(session: &Session<'_>, commit: &str) -> bool {
    let arguments = ["for-each-ref", "--format=%(refname)", "--contains", commit, REMOTES];
    let found = session.host.git(&arguments).unwrap_or_default();
    found.lines().any(|found| {
        let remote = found.strip_prefix(REMOTES).and_then(|rest| rest.split('/').next());
        remote.is_some_and(|remote| of_remote(session, remote).is_none())
    })
}

/// The refs whose name it is by the rules of git (<https://git-scm.com/docs/gitrevisions>).
fn refs(session: &Session<'_>, name: &str) -> Vec<String> {
    let below = ["refs/", TAGS, "refs/heads/", REMOTES].map(|folder| format!("{folder}{name}"));
    let mut full = vec![name.to_owned(), format!("{REMOTES}{name}/HEAD")];
    full.extend(below);
    let asked = full.iter().map(String::as_str).filter(|name| name.starts_with("refs/"));
    let arguments: Vec<&str> = ["for-each-ref", "--format=%(refname)"].into_iter().chain(asked).collect();
    let found = session.host.git(&arguments).unwrap_or_default();
    let found: Vec<String> =
        found.lines().filter(|found| full.iter().any(|name| name == found)).map(str::to_owned).collect();
    // What is written in full goes before all others.
    if found.iter().any(|found| found == name) { vec![name.to_owned()] } else { found }
}

/// What a revision is counted from.
fn base(revision: &str) -> &str {
    let name = revision.split(['^', '~']).next().unwrap_or_default();
    name.split_once("@{").map_or(name, |(name, _)| name)
}

/// The ref that a name stands for.
fn symbolic(session: &Session<'_>, name: &str) -> Option<String> {
    let full = session.host.git(&["rev-parse", "--verify", "--symbolic-full-name", name]).ok()?;
    Some(full.trim().to_owned()).filter(|full| !full.is_empty())
}
