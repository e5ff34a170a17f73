//! Facts from a git repository, out of what a few `git` commands print.
//!
//! They read objects, refs and the configuration, and so run nothing; [`worktree`] has the exception.

use jiff::Timestamp;

use super::Facts;
use super::command::{CommandFailure, Run};
use super::remote::REMOTE;
use super::worktree::{self, Stamps};

use crate::commit;

/// The facts, and what git knows about those that are open. When nothing is, git is not run.
///
/// The branch or tag, the commit and whether the tree is dirty are those of `HEAD`, unless another commit is known. A
/// detached `HEAD` is a tag's or a pull request's when exactly one is there, as `actions/checkout` leaves it.
pub(crate) fn complete(known: Facts, run: Run<'_>, stamps: Stamps<'_>) -> Facts {
    let is_complete = known.git_ref.is_some()
        && known.commit.is_some()
        && known.commit_time.is_some()
        && known.default_branch.is_some()
        && known.url.is_some()
        && known.dirty.is_some();
    if is_complete {
        return known;
    }
    let found = gather(&known, run, stamps);
    known.or(found)
}

fn gather(known: &Facts, run: Run<'_>, stamps: Stamps<'_>) -> Facts {
    let mut facts = Facts::default();
    let branch = match run(&["symbolic-ref", "--quiet", "HEAD"]) {
        Ok(name) => Some(name.trim_end().to_owned()),
        Err(CommandFailure::Status { code: Some(1), .. }) => None,
        // No repository, or no git: all else fails for the same reason.
        Err(failure) => return Facts { git_problem: Some(failure.reason()), ..facts },
    };
    if known.default_branch.is_none() {
        facts.default_branch = default_branch(run);
    }
    if known.url.is_none()
        && let Ok(remote) = run(&["remote", "get-url", REMOTE])
    {
        facts.url = page(remote.trim_end());
        facts.title = facts.url.as_deref().and_then(|url| url.rsplit('/').next()).map(str::to_owned);
    }
    let head = commit(run, "HEAD");
    let is_head = match (&known.commit, &head) {
        (Some(known), Some((head, _))) => head.starts_with(known.as_str()),
        (Some(_), None) => false,
        (None, _) => true,
    };
    match (&known.commit, head) {
        // Also where `HEAD` is a commit that holds another one, such as the merge of a pull request.
        (Some(known), _) if !is_head => {
            facts.commit_time = commit(run, known).map(|(_, time)| time);
            facts.commit = Some(known.clone());
            facts.git_problem =
                facts.commit_time.is_none().then(|| format!("the clone does not have commit {known}"));
            return facts;
        }
        (given, Some((head, time))) => {
            facts.commit_time = Some(time);
            facts.commit = Some(given.clone().unwrap_or(head));
        }
        (_, None) => facts.git_problem = Some("the repository has no commits yet".to_owned()),
    }
    if known.git_ref.is_none() {
        match branch.map_or_else(|| detached(run), |name| Ok(Some(name))) {
            Ok(name) => facts.git_ref = name,
            Err(problem) => facts.git_problem = Some(problem),
        }
    }
    if known.dirty.is_none() && facts.commit.is_some() {
        match worktree::is_dirty(run, stamps) {
            Ok(is_dirty) => facts.dirty = Some(is_dirty),
            Err(problem) => facts.dirty_problem = Some(problem),
        }
    }
    facts.with_ref_parts()
}

/// When a commit was made, as far as the clone has it.
pub(crate) fn commit_time(name: &str, run: Run<'_>) -> Option<Timestamp> {
    commit(run, name).map(|(_, time)| time)
}

/// The full hash of the commit that is checked out, if there is one.
pub(crate) fn checkout(run: Run<'_>) -> Option<String> {
    commit(run, "HEAD").map(|(hash, _)| hash)
}

/// A commit's full hash and the committer's time.
fn commit(run: Run<'_>, name: &str) -> Option<(String, Timestamp)> {
    if name != "HEAD" && !commit::is_commit(name) {
        return None;
    }
    let line = run(&["rev-list", "--max-count=1", "--timestamp", name, "--"]).ok()?;
    let (seconds, hash) = line.trim_end().split_once(' ')?;
    Some((hash.to_owned(), Timestamp::from_second(seconds.parse().ok()?).ok()?))
}

/// The branch that the remote calls its own; clones know it, and what `actions/checkout` makes does not.
fn default_branch(run: Run<'_>) -> Option<String> {
    let name = run(&["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]).ok()?;
    name.trim_end().strip_prefix("refs/remotes/origin/").map(str::to_owned)
}

/// The one tag or pull request that a detached `HEAD` is at, or why it cannot be told.
fn detached(run: Run<'_>) -> Result<Option<String>, String> {
    let places = ["refs/tags", "refs/remotes/pull", "refs/pull"];
    let arguments = ["for-each-ref", "--points-at=HEAD", "--format=%(refname)"];
    let names = run(&[&arguments[..], &places].concat()).map_err(|failure| failure.reason())?;
    let named = |name: &str| match name.strip_prefix("refs/remotes/pull/") {
        Some(rest) => format!("refs/pull/{rest}"),
        None => name.to_owned(),
    };
    let mut names: Vec<String> = names.lines().map(named).collect();
    names.dedup();
    match &names[..] {
        [] => Err("HEAD is detached and not at a tag".to_owned()),
        [name] => Ok(Some(name.clone())),
        [first, second, ..] => Err(format!(
            "HEAD is at several refs, such as {first} and {second}; say which with `--fact ref=…`"
        )),
    }
}

/// The page of a repository, from where git fetches it; none when that is not a host's address. Never with credentials.
pub(crate) fn page(remote: &str) -> Option<String> {
    let (scheme, rest) = match remote.split_once("://") {
        Some((scheme, rest)) => (scheme, rest.to_owned()),
        // `git@github.com:acme/app.git`
        None => {
            let (host, path) = remote.split_once(':').filter(|(host, _)| !host.contains(['/', '\\']))?;
            ("ssh", format!("{host}/{}", path.trim_start_matches('/')))
        }
    };
    let (authority, path) = rest.split_once('/')?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = host.split(':').next().unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_path = !path.is_empty() && !path.starts_with('~') && !path.chars().any(char::is_whitespace);
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
    match scheme {
        _ if !is_path || !is_host => None,
        "http" | "https" => Some(format!("{scheme}://{host}/{path}")),
        // A name without a dot is one of the user's own configuration; `ssh.` serves no pages.
        "ssh" | "git+ssh" | "ssh+git" | "git"
            if name.contains('.') && !["ssh.", "altssh."].iter().any(|start| name.starts_with(start)) =>
        {
            Some(format!("https://{name}/{path}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use serde_json::{Value, json};

    use super::*;

    const HEAD: &str = "5f3c1e0d9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d";
    const OTHER: &str = "1111111111111111111111111111111111111111";

    fn failed(code: i32, errors: &str) -> Result<String, CommandFailure> {
        Err(CommandFailure::Status { code: Some(code), errors: errors.to_owned() })
    }

    /// A clone on branch `dev`, with these answers instead of its own to commands that begin so.
    fn answer(
        instead: &[(&str, Result<String, CommandFailure>)],
        command: &str,
    ) -> Result<String, CommandFailure> {
        if let Some((_, answer)) = instead.iter().find(|(start, _)| command.starts_with(start)) {
            return answer.clone();
        }
        let ok = |text: &str| Ok(text.to_owned());
        match command {
            "symbolic-ref --quiet HEAD" => ok("refs/heads/dev\n"),
            "symbolic-ref --quiet refs/remotes/origin/HEAD" => ok("refs/remotes/origin/trunk\n"),
            "remote get-url origin" => ok("git@github.com:acme/app.git\n"),
            "rev-list --max-count=1 --timestamp HEAD --" => ok(&format!("1700000000 {HEAD}\n")),
            "config -z --name-only --list" => ok("core.bare\0"),
            "status --porcelain --untracked-files=no --ignore-submodules=dirty --no-renames" => ok(""),
            other if other.starts_with("rev-list") => failed(128, &format!("fatal: bad object {OTHER}\n")),
            other => panic!("git {other}"),
        }
    }

    /// The facts as JSON, the problem, and how often git was run.
    fn run(
        known: Facts,
        instead: &[(&str, Result<String, CommandFailure>)],
    ) -> (Value, Option<String>, usize) {
        let commands = RefCell::new(0);
        let run = |arguments: &[&str]| {
            *commands.borrow_mut() += 1;
            answer(instead, &arguments.join(" "))
        };
        let facts = complete(known, &run, &|path| panic!("{path} was not changed"));
        let problem = facts.git_problem.clone();
        (serde_json::to_value(facts).unwrap(), problem, commands.into_inner())
    }

    fn whole() -> Value {
        json!({
            "ref": "refs/heads/dev", "branch": "dev", "commit": HEAD, "commit_time": "2023-11-14T22:13:20Z",
            "default_branch": "trunk", "dirty": false, "url": "https://github.com/acme/app", "title": "app",
        })
    }

    /// The facts of [`whole`] with these instead; `null` for none.
    fn but(instead: &Value) -> Value {
        let mut facts = whole();
        for (name, value) in instead.as_object().unwrap() {
            facts[name] = value.clone();
        }
        facts.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        facts
    }

    #[test]
    fn a_branch() {
        assert_eq!(run(Facts::default(), &[]), (whole(), None, 6));
        let dirty = [("status", Ok(" M a\n".to_owned()))];
        assert_eq!(run(Facts::default(), &dirty).0, but(&json!({ "dirty": true })));
    }

    #[test]
    fn a_detached_head_is_of_the_only_tag_or_pull_request() {
        for (refs, expected, problem) in [
            ("refs/tags/v1.2.3\n", json!({ "ref": "refs/tags/v1.2.3", "tag": "v1.2.3" }), None),
            ("refs/remotes/pull/7/merge\n", json!({ "ref": "refs/pull/7/merge", "pull_request": 7 }), None),
            ("refs/pull/7/head\n", json!({ "ref": "refs/pull/7/head", "pull_request": 7 }), None),
            ("", json!({}), Some("HEAD is detached and not at a tag")),
            (
                "refs/tags/v1\nrefs/tags/v1.2.3\nrefs/tags/x\n",
                json!({}),
                Some(
                    "HEAD is at several refs, such as refs/tags/v1 and refs/tags/v1.2.3; say which with `--fact ref=…`",
                ),
            ),
        ] {
            let instead =
                [("symbolic-ref --quiet HEAD", failed(1, "")), ("for-each-ref", Ok(refs.to_owned()))];
            let (found, told, _) = run(Facts::default(), &instead);
            let mut facts = but(&json!({ "ref": null, "branch": null }));
            facts.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
            assert_eq!((found, told.as_deref()), (facts, problem), "{refs}");
        }
    }

    #[test]
    fn only_what_is_open_is_asked() {
        let known = Facts {
            git_ref: Some("refs/tags/v1".into()),
            commit: Some(HEAD[..12].into()),
            default_branch: Some("main".into()),
            url: Some("https://example.com".into()),
            dirty: Some(true),
            ..Facts::default()
        };
        let (facts, problem, runs) = run(known.clone(), &[]);
        let expected = json!({
            "ref": "refs/tags/v1", "commit": &HEAD[..12], "commit_time": "2023-11-14T22:13:20Z",
            "default_branch": "main", "url": "https://example.com", "dirty": true,
        });
        assert_eq!((facts, problem, runs), (expected, None, 2));
        let known = Facts { commit_time: Timestamp::from_second(1).ok(), ..known };
        assert_eq!(run(known, &[]).2, 0);
    }

    #[test]
    fn another_commit_than_head_has_its_own_time_and_no_ref() {
        let known = Facts { commit: Some(OTHER.into()), ..Facts::default() };
        let same = json!({ "ref": null, "branch": null, "dirty": null, "commit": OTHER });
        let instead = [("rev-list --max-count=1 --timestamp 1", Ok(format!("1 {OTHER}\n")))];
        let mut expected = but(&same);
        expected["commit_time"] = "1970-01-01T00:00:01Z".into();
        assert_eq!(run(known.clone(), &instead), (expected.clone(), None, 5));
        expected.as_object_mut().unwrap().remove("commit_time");
        let problem = format!("the clone does not have commit {OTHER}");
        assert_eq!(run(known, &[]), (expected, Some(problem), 5));
    }

    #[test]
    fn words_that_are_not_commits_are_never_arguments() {
        let known = Facts { commit: Some("--all".into()), ..Facts::default() };
        assert!(run(known, &[]).0.get("commit_time").is_none());
    }

    #[test]
    fn without_a_repository_all_is_unknown_and_the_reason_is_known() {
        let dubious = "fatal: detected dubious ownership in repository at '/src'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /src\n";
        for (failure, expected) in [
            (Err(CommandFailure::NotInstalled), "git is not installed"),
            (
                failed(128, "fatal: not a git repository (or any of the parent directories): .git\n"),
                "git says: not a git repository (or any of the parent directories): .git",
            ),
            (
                failed(128, dubious),
                "git says: detected dubious ownership in repository at '/src'; run `git config --global --add safe.directory /src` if you trust the folder",
            ),
        ] {
            let told = run(Facts::default(), &[("", failure)]);
            assert_eq!(told, (json!({}), Some(expected.to_owned()), 1));
        }
    }

    #[test]
    fn before_the_first_commit_there_is_a_branch() {
        let instead = [("rev-list", failed(128, "fatal: bad revision 'HEAD'\n"))];
        let (facts, problem, _) = run(Facts::default(), &instead);
        assert_eq!(facts, but(&json!({ "commit": null, "commit_time": null, "dirty": null })));
        assert_eq!(problem.as_deref(), Some("the repository has no commits yet"));
    }

    #[test]
    fn the_page_of_a_remote() {
        for (remote, expected) in [
            ("https://github.com/acme/app.git", "https://github.com/acme/app"),
            ("https://github.com/acme/app/", "https://github.com/acme/app"),
            ("https://user:t0ken@gitlab.example:8443/a/b/c.git", "https://gitlab.example:8443/a/b/c"),
            ("https://x-access-token:a@b@github.com/acme/app", "https://github.com/acme/app"),
            ("https://host.example/a/b?private_token=t0ken#x", "https://host.example/a/b"),
            ("http://git.intranet/a/b", "http://git.intranet/a/b"),
            ("git@github.com:acme/app.git", "https://github.com/acme/app"),
            ("github.com:/acme/app.git", "https://github.com/acme/app"),
            ("ssh://git@gitlab.example:2222/a/b.git", "https://gitlab.example/a/b"),
            ("git://git.example/a/b.git", "https://git.example/a/b"),
            ("git@work:acme/app.git", ""),
            ("ssh://git@ssh.github.com:443/acme/app.git", ""),
            ("git@git.example:~me/app", ""),
            ("file:///srv/git/app.git", ""),
            ("/srv/git/app.git", ""),
            ("../app.git", ""),
            ("./a:b/c", ""),
            ("C:\\src\\app", ""),
            ("https://github.com", ""),
            ("https:///a/b", ""),
            ("ext::sh -c x", ""),
            ("", ""),
        ] {
            assert_eq!(page(remote).unwrap_or_default(), expected, "{remote}");
        }
    }

    #[test]
    fn failures_say_what_to_do_and_hold_no_credentials() {
        for (errors, message, help) in [
            (
                "fatal: 'origin' does not appear to be a git repository\nfatal: Could not read from remote repository.\n",
                "'origin' does not appear to be a git repository",
                "must have a remote `origin`",
            ),
            (
                "fatal: unable to access 'https://me:hunter2@github.com/acme/app/': Could not resolve host: github.com\n",
                "unable to access 'https://github.com/acme/app/': Could not resolve host: github.com",
                "cannot be reached",
            ),
            (
                "fatal: could not read Username for 'https://github.com': terminal prompts disabled\n",
                "could not read Username for 'https://github.com': terminal prompts disabled",
                "without asking",
            ),
            (
                "remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found\n",
                "repository 'https://github.com/a/b/' not found",
                "without asking",
            ),
            (
                "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.\n",
                "Could not read from remote repository.",
                "without asking",
            ),
            ("", "nothing", ""),
        ] {
            let failure = CommandFailure::Status { code: Some(128), errors: errors.to_owned() };
            assert_eq!(failure.to_string(), format!("git says: {message}"));
            assert!(failure.help().unwrap_or_default().contains(help), "{failure:?}");
            assert_eq!(failure.help().is_some(), !help.is_empty());
            assert_eq!(crate::diagnostic::Diagnostic::from(failure.clone()).help, failure.help());
        }
        let command = || "git status".to_owned();
        let too_much = CommandFailure::TooMuch { command: command(), bytes: 16 << 20 };
        assert_eq!(too_much.to_string(), "`git status` printed more than 16 MiB");
        let timed_out = CommandFailure::TimedOut { command: command(), seconds: 60 };
        assert_eq!(timed_out.to_string(), "`git status` did not end within 60 seconds");
    }
}
