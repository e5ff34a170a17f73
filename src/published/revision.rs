//! Which commit something was built from, and whether that contradicts what a plan was made of.

use super::plan_json::RunEntry;
use super::provenance::Checkout;
use super::runs::{REVISION as OF_RUN, SHORT};
use crate::commit::is_commit;
use crate::diagnostic::Diagnostic;
use crate::oci::RUN_PREFIX;

/// What a build adds to the commit where the tree differs from it.
const DIRTY: &str = "-dirty";
/// How the events begin in which the commit need not be the one that is checked out.
const REQUEST: &str = "pull_request";

/// The annotation of an index that names the commit of the run that made it.
#[must_use]
pub(crate) fn of_run() -> String {
    [RUN_PREFIX, OF_RUN].concat()
}

impl RunEntry {
    /// Whether what was built from a revision was certainly not built from what the plan was made of. Both may be short.
    #[must_use]
    pub(crate) fn excludes(&self, revision: &str) -> bool {
        let Some(commit) = &self.commit else { return false };
        let revision = revision.strip_suffix(DIRTY).unwrap_or(revision);
        if !is_commit(revision) || !is_commit(commit) || is_same(commit, revision) {
            return false;
        }
        match &self.checkout {
            Some(checkout) => !is_same(checkout, revision),
            None => !self.event.as_ref().is_some_and(|event| event.starts_with(REQUEST)),
        }
    }

    /// Whether what was built from a revision was certainly built from what the plan was made of.
    #[must_use]
    pub(crate) fn includes(&self, revision: &str) -> bool {
        let revision = revision.strip_suffix(DIRTY).unwrap_or(revision);
        let mut own = self.commit.iter().chain(&self.checkout).filter(|own| is_commit(own));
        is_commit(revision) && own.any(|own| is_same(own, revision))
    }

    /// Whether the digits in a tag are not of the commit that the plan is for, whatever was checked out.
    #[must_use]
    pub(crate) fn excludes_planned(&self, digits: &str) -> bool {
        self.commit.as_ref().is_some_and(|commit| !is_same(commit, digits))
    }

    /// Whether a checkout is certainly another one than what the plan was made of. One of another repository is
    /// another context, of which the plan knows no commit.
    #[must_use]
    pub(crate) fn excludes_checkout(&self, checkout: &Checkout) -> bool {
        !self.is_elsewhere(checkout) && self.excludes(&checkout.revision)
    }

    /// Whether a checkout is certainly what the plan was made of.
    #[must_use]
    pub(crate) fn includes_checkout(&self, checkout: &Checkout) -> bool {
        !self.is_elsewhere(checkout) && self.includes(&checkout.revision)
    }

    fn is_elsewhere(&self, checkout: &Checkout) -> bool {
        let Checkout { revision: _, source } = checkout;
        match (&self.source, source) {
            (Some(own), Some(other)) => place(own) != place(other),
            _ => false,
        }
    }

    /// Says of an error about another commit which one was checked out for the plan, if that is not the one it is for.
    pub(crate) fn tell_checkout(&self, problem: Diagnostic) -> Diagnostic {
        match (&self.commit, &self.checkout) {
            (Some(commit), Some(checkout)) if !is_same(commit, checkout) => {
                problem.with_note(format!("the plan was made in a checkout of `{checkout}`"))
            }
            _ => problem,
        }
    }
}

/// Whether two hashes may be of one commit: one of them may be the start of the other.
fn is_same(one: &str, other: &str) -> bool {
    one.bytes().zip(other.bytes()).all(|(one, other)| one.eq_ignore_ascii_case(&other))
}

/// A commit as messages show it.
#[must_use]
pub(crate) fn shown(revision: &str) -> &str {
    revision.get(..SHORT).unwrap_or(revision)
}

/// A repository, however it is reached: its host and path.
fn place(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = match rest.split_once('@') {
        Some((user, rest)) if !user.contains('/') => rest,
        _ => rest,
    };
    let end = rest.find(['/', ':']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    // A port, or the path of `git@github.com:acme/app.git`.
    let path = match path.strip_prefix(':') {
        Some(path) => match path.split_once('/') {
            Some((port, rest)) if port.bytes().all(|byte| byte.is_ascii_digit()) => rest,
            _ => path,
        },
        None => path,
    };
    let path = path.trim_matches('/');
    format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path)).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn only_another_commit_contradicts() {
        for (event, commit, checkout, revision, expected) in [
            ("push", A, "", B, true),
            ("push", A, A, B, true),
            ("push", &A[..7], "", B, true),
            ("push", A, "", &B[..7], true),
            ("push", A, "", "bbbbbbb-dirty", true),
            ("push", A, "", A, false),
            ("push", A, "", &A[..7], false),
            ("push", &A[..7], "", A, false),
            ("push", A, "", "AAAAAAAA-dirty", false),
            // What was checked out, whichever commit the plan is for.
            ("push", A, B, B, false),
            ("push", A, B, A, false),
            ("pull_request", A, B, B, false),
            ("pull_request", A, B, "ccccccc", true),
            ("pull_request", A, A, B, true),
            // It may be the merge of what the plan is for.
            ("pull_request", A, "", B, false),
            ("pull_request_target", A, "", B, false),
            // Nothing is known, or it is no commit.
            ("push", "", "", B, false),
            ("push", "", B, A, false),
            ("push", A, "", "", false),
            ("push", A, "", "main", false),
            ("push", A, "", "v1.2.3", false),
            ("push", A, "", "bbb", false),
        ] {
            let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let run = RunEntry {
                event: known(event),
                commit: known(commit),
                checkout: known(checkout),
                ..RunEntry::default()
            };
            assert_eq!(run.excludes(revision), expected, "{event} {commit} {checkout} {revision}");
            assert!(!(expected && run.includes(revision)), "{event} {commit} {checkout} {revision}");
        }
    }

    #[test]
    fn only_the_same_commit_proves() {
        for (commit, checkout, revision, expected) in [
            (A, "", A, true),
            (A, "", &A[..7], true),
            (&A[..7], "", A, true),
            (A, "", "aaaaaaa-dirty", true),
            (A, B, B, true),
            (A, B, A, true),
            (A, "", B, false),
            (A, "", "main", false),
            (A, "", "", false),
            ("", "", A, false),
            ("main", "", "aaaaaaa", false),
        ] {
            let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let run = RunEntry { commit: known(commit), checkout: known(checkout), ..RunEntry::default() };
            assert_eq!(run.includes(revision), expected, "{commit} {checkout} {revision}");
        }
    }

    #[test]
    fn a_context_of_another_repository_has_its_own_commits() {
        for (own, other, expected) in [
            ("https://github.com/acme/app", "https://github.com/acme/app", true),
            ("https://github.com/acme/app", "https://github.com/Acme/App.git", true),
            ("https://github.com/acme/app", "https://x-access-token:secret@github.com/acme/app.git/", true),
            ("https://github.com/acme/app", "git@github.com:acme/app.git", true),
            ("https://git.acme.com/a/b/c", "ssh://git@git.acme.com:2222/a/b/c.git", true),
            ("https://github.com/acme/app", "", true),
            ("", "https://github.com/acme/app", true),
            ("https://github.com/acme/app", "https://github.com/acme/upstream", false),
            ("https://github.com/acme/app", "https://gitlab.com/acme/app", false),
            ("https://github.com/acme/app", "git@github.com:acme/lib.git", false),
            ("https://github.com/acme/app", "/srv/git/app", false),
        ] {
            let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let run = RunEntry { source: known(own), commit: known(A), ..RunEntry::default() };
            let found = |revision: &str| {
                run.excludes_checkout(&Checkout { revision: revision.to_owned(), source: known(other) })
            };
            assert_eq!((found(B), found(A)), (expected, false), "{own} {other}");
        }
    }
}
