//! Facts that are given: `--fact NAME=VALUE`, and a JSON object of them.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Facts;
use crate::commit::{self, WHOLE as COMMIT_DIGITS};
use crate::diagnostic::names_help;

/// A fact, and where it comes from if it is not given.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Its name, as in JSON.
    pub name: &'static str,
    /// What says it in a run of GitHub Actions.
    pub github: &'static str,
    /// What says it in a pipeline of GitLab.
    pub gitlab: &'static str,
    /// What git says.
    pub git: &'static str,
}

const fn fact(name: &'static str, github: &'static str, gitlab: &'static str, git: &'static str) -> Source {
    Source { name, github, gitlab, git }
}

/// All facts.
pub const SOURCES: [Source; 20] = [
    fact(
        "event",
        "`GITHUB_EVENT_NAME`: `push`, `pull_request`, …",
        "`CI_PIPELINE_SOURCE`, in GitLab's words: `push`, `merge_request_event`, …",
        "",
    ),
    fact(
        "ref",
        "`GITHUB_REF`; with `pull_request_target`, `refs/pull/N/merge`",
        "`refs/tags/…`, `refs/merge-requests/N/head` or `refs/heads/…`",
        "what `HEAD` is at",
    ),
    fact("branch", "from `ref`", "`CI_COMMIT_BRANCH`", "from `ref`"),
    fact("tag", "from `ref`", "`CI_COMMIT_TAG`", "from `ref`; at a detached `HEAD`, its only tag"),
    fact(
        "pull_request",
        "from `ref`",
        "`CI_MERGE_REQUEST_IID`",
        "from `ref`, as `actions/checkout` leaves it",
    ),
    fact(
        "head_branch",
        "`GITHUB_HEAD_REF`; a fork's branch may be called `main`, too",
        "`CI_MERGE_REQUEST_SOURCE_BRANCH_NAME`",
        "",
    ),
    fact(
        "base_branch",
        "`GITHUB_BASE_REF`; of a merge queue or a pushed tag, the event's `base_ref`",
        "`CI_MERGE_REQUEST_TARGET_BRANCH_NAME`",
        "",
    ),
    fact(
        "commit",
        "`GITHUB_SHA`; in a pull request with `DOCKER_METADATA_PR_HEAD_SHA=true`, the commit that it comes from",
        "`CI_COMMIT_SHA`",
        "`HEAD`",
    ),
    fact("workflow", "the workflow's file, of `GITHUB_WORKFLOW_REF`", "`CI_CONFIG_PATH`", ""),
    fact("run", "`GITHUB_RUN_NUMBER`", "`CI_PIPELINE_IID`", ""),
    fact("sha_length", "`DOCKER_METADATA_SHORT_SHA_LENGTH`", "`DOCKER_METADATA_SHORT_SHA_LENGTH`", ""),
    fact(
        "commit_time",
        "the event, if it describes that commit",
        "`CI_COMMIT_TIMESTAMP`",
        "the committer's time",
    ),
    fact("source_date", "`SOURCE_DATE_EPOCH`", "`SOURCE_DATE_EPOCH`", ""),
    fact(
        "default_branch",
        "the event's repository",
        "`CI_DEFAULT_BRANCH`",
        "`origin/HEAD`, which clones have",
    ),
    fact(
        "dirty",
        "",
        "",
        "whether tracked files were changed; untracked files do not count, and of submodules only the commit",
    ),
    fact("url", "the event's repository", "`CI_PROJECT_URL`", "of `origin`, as a page, without credentials"),
    fact("title", "the event's repository", "`CI_PROJECT_TITLE`", "the end of `url`"),
    fact("description", "the event's repository", "`CI_PROJECT_DESCRIPTION`", ""),
    fact("licenses", "the event's repository", "", ""),
    fact("branches", "", "", "all of `origin`, with `--known-versions git`"),
];

/// The facts' names, as in JSON.
pub const NAMES: [&str; 20] = {
    let mut names = [""; 20];
    let mut at = 0;
    while at < names.len() {
        names[at] = SOURCES[at].name;
        at += 1;
    }
    names
};

/// Facts given as `NAME=VALUE`; of several with one name, the last holds. Times are written `2026-01-02T03:04:05Z` or in
/// seconds since 1970, several branches with commas.
///
/// # Errors
/// A message for the first that is not a fact, and when they contradict each other.
pub(crate) fn parse(given: &[String]) -> Result<Facts, String> {
    let mut pairs = Vec::new();
    for text in given {
        let missing = || format!("`--fact {text}` has no value; write `--fact {text}=VALUE`");
        pairs.push(text.split_once('=').ok_or_else(missing)?);
    }
    of_pairs(&pairs).map_err(|(at, problem)| match at {
        Some(at) => format!("`--fact {}`: {problem}", given[at]),
        None => format!("`--fact`: {problem}"),
    })
}

/// Facts by name, in the same words.
///
/// # Errors
/// The position of the first that is not a fact, and a message; only a message when they contradict each other.
pub(crate) fn of_pairs(given: &[(&str, &str)]) -> Result<Facts, (Option<usize>, String)> {
    let mut object = Map::new();
    for (at, (name, value)) in given.iter().enumerate() {
        if !NAMES.contains(name) {
            return Err((Some(at), unknown(name)));
        }
        let value = typed(name, value).map_err(|problem| (Some(at), problem))?;
        object.insert((*name).to_owned(), value);
    }
    let facts = serde_json::from_value(Value::Object(object)).map_err(|error| (None, error.to_string()))?;
    checked(facts).map_err(|problem| (None, problem))
}

/// Facts in a JSON object, with the names that [`Facts`] has there.
///
/// # Errors
/// A message about the first mistake.
pub(crate) fn from_json(text: &str) -> Result<Facts, String> {
    // What is not known may also be `null`.
    let value: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let Value::Object(object) = &value else { return Err("it is not a JSON object".into()) };
    if let Some(name) = object.keys().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(unknown(name));
    }
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let one = Map::from_iter([(name.clone(), value.clone())]);
        serde_json::from_value::<Facts>(Value::Object(one))
            .map_err(|_| format!("`{name}`: expected {}, found `{value}`", expected(name)))?;
    }
    let known = object.iter().filter(|(_, value)| !value.is_null());
    let known = known.map(|(name, value)| (name.clone(), value.clone())).collect();
    checked(serde_json::from_value(Value::Object(known)).map_err(|error| error.to_string())?)
}

/// What others call facts: actions, GitLab's variables, people.
const OTHER_NAMES: [(&str, &[&str]); 6] = [
    ("commit", &["sha", "git_sha", "commit_sha", "revision"]),
    ("pull_request", &["pr", "mr", "number", "pr_number", "merge_request"]),
    ("branch", &["git_branch", "ref_name"]),
    ("tag", &["git_tag", "version", "release"]),
    ("run", &["run_number", "build_number"]),
    ("ref", &["git_ref"]),
];

/// The message about a name that no fact has.
fn unknown(name: &str) -> String {
    let other = OTHER_NAMES.iter().find(|(_, others)| others.contains(&name));
    let help = other.map_or_else(
        || names_help(name, "fact", NAMES.into_iter()),
        |(fact, _)| format!("did you mean `{fact}`?"),
    );
    format!("there is no fact `{name}`; {help}")
}

/// What a fact is in JSON.
fn expected(name: &str) -> &'static str {
    match name {
        "pull_request" | "run" | "sha_length" => "a whole number",
        "dirty" => "`true` or `false`",
        "commit_time" | "source_date" => "a time such as `\"2026-01-02T03:04:05Z\"`",
        "branches" => "a list of strings",
        _ => "a string",
    }
}

/// What is wrong with the form of refs, and of what they are called without their beginning.
fn malformed(facts: &Facts) -> Option<String> {
    /// A ref that only looks like one of git's or of a forge's.
    const NEAR: [(&str, &str); 5] = [
        ("refs/tag/", "refs/tags/"),
        ("refs/head/", "refs/heads/"),
        ("refs/branches/", "refs/heads/"),
        ("refs/pulls/", "refs/pull/"),
        ("refs/merge-request/", "refs/merge-requests/"),
    ];
    if let Some(name) = &facts.git_ref {
        if let Some((wrong, right)) = NEAR.iter().find(|(wrong, _)| name.starts_with(wrong)) {
            return Some(format!("`ref` is `{name}`; did you mean `{}`?", name.replacen(wrong, right, 1)));
        }
        if !name.starts_with("refs/") {
            let short = name.strip_prefix("tags/").or(name.strip_prefix("heads/")).unwrap_or(name);
            return Some(format!(
                "`ref` is `{name}`, which is not the full name of a ref: write `ref=refs/tags/{short}` or `tag={short}` for a git tag, `ref=refs/heads/{short}` or `branch={short}` for a branch"
            ));
        }
    }
    let names = [
        ("branch", &facts.branch),
        ("tag", &facts.tag),
        ("head_branch", &facts.head_branch),
        ("base_branch", &facts.base_branch),
        ("default_branch", &facts.default_branch),
    ];
    let names = names.into_iter().filter_map(|(fact, name)| Some((fact, name.as_ref()?)));
    let mut names = names.chain(facts.branches.iter().map(|name| ("branches", name)));
    let (fact, name) = names.find(|(_, name)| name.starts_with("refs/"))?;
    let kind = if fact == "tag" { "refs/tags/" } else { "refs/heads/" };
    Some(match name.strip_prefix(kind) {
        Some(short) => format!("`{fact}` is `{name}`, which is a ref: its name is `{short}`"),
        None => format!("`{fact}` is `{name}`, which is the ref of something else"),
    })
}

/// A value in the type of its fact.
fn typed(name: &str, text: &str) -> Result<Value, String> {
    Ok(match name {
        _ if text.is_empty() => return Err("it has no value; leave out facts that are unknown".into()),
        "pull_request" | "run" => {
            text.parse::<u64>().map_err(|_| format!("expected a number, found `{text}`"))?.into()
        }
        "sha_length" => {
            text.parse::<usize>().map_err(|_| format!("expected a number, found `{text}`"))?.into()
        }
        "dirty" => {
            text.parse::<bool>().map_err(|_| format!("expected `true` or `false`, found `{text}`"))?.into()
        }
        "commit_time" | "source_date" => {
            let seconds = text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
            let time = seconds.or_else(|| text.parse().ok()).ok_or_else(|| {
                format!(
                    "expected a time such as `2026-01-02T03:04:05Z`, or seconds since 1970, found `{text}`"
                )
            })?;
            time.to_string().into()
        }
        "branches" => text.split(',').map(str::trim).collect(),
        _ => text.into(),
    })
}

/// The facts, with what follows from their ref.
fn checked(facts: Facts) -> Result<Facts, String> {
    let facts = facts.with_ref_parts();
    let texts = [
        ("event", &facts.event),
        ("ref", &facts.git_ref),
        ("branch", &facts.branch),
        ("tag", &facts.tag),
        ("head_branch", &facts.head_branch),
        ("base_branch", &facts.base_branch),
        ("commit", &facts.commit),
        ("workflow", &facts.workflow),
        ("default_branch", &facts.default_branch),
        ("url", &facts.url),
        ("title", &facts.title),
        ("description", &facts.description),
        ("licenses", &facts.licenses),
    ];
    if let Some((name, _)) = texts.iter().find(|(_, text)| text.as_deref() == Some("")) {
        return Err(format!("`{name}` is empty; leave out facts that are unknown"));
    }
    if let Some(problem) = malformed(&facts) {
        return Err(problem);
    }
    for (name, number) in [("pull_request", facts.pull_request), ("run", facts.run)] {
        if number == Some(0) {
            return Err(format!("`{name}` is 0; the first one is 1"));
        }
    }
    if let Some(commit) = facts.commit.as_ref().filter(|commit| !commit::is_commit(commit)) {
        return Err(format!("`commit` is `{commit}`, which is not the hash of a commit"));
    }
    if let Some(length) = facts.sha_length.filter(|length| !(1..=COMMIT_DIGITS).contains(length)) {
        return Err(format!("`sha_length` is {length}; expected a number from 1 to {COMMIT_DIGITS}"));
    }
    let of_ref = [facts.branch.is_some(), facts.tag.is_some(), facts.pull_request.is_some()];
    if of_ref.iter().filter(|known| **known).count() > 1 {
        return Err("a run is for a `branch`, a `tag` or a `pull_request`: give only one of them".into());
    }
    let alone = Facts { git_ref: facts.git_ref.clone(), ..Facts::default() }.with_ref_parts();
    match (&facts.git_ref, &facts.branch, &facts.tag) {
        (Some(name), branch, tag) if *branch != alone.branch || *tag != alone.tag => {
            Err(format!("`ref` is `{name}`, which contradicts the `branch` or `tag`"))
        }
        _ => Ok(facts),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn given(texts: &[&str]) -> Result<Facts, String> {
        parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    const ALL: [&str; 18] = [
        "event=push",
        "tag=v1=2",
        "head_branch=a",
        "base_branch=b",
        "commit=c0ffee0",
        "workflow=.github/workflows/publish.yml",
        "run=7",
        "sha_length=12",
        "commit_time=1700000000",
        "source_date=2026-01-02T03:04:05+01:00",
        "default_branch=main",
        "dirty=true",
        "url=https://example.com",
        "title=App",
        "description=An app",
        "licenses=MIT",
        "branches=a,b",
        "ref=refs/tags/v1=2",
    ];

    #[test]
    fn each_name_is_a_fact_and_each_fact_has_its_name() {
        let facts = given(&ALL).unwrap();
        let json = serde_json::to_string(&facts).unwrap();
        let object: Map<String, Value> = serde_json::from_str(&json).unwrap();
        let mut found: BTreeSet<&str> = object.keys().map(String::as_str).collect();
        found.extend(["branch", "pull_request"]);
        assert_eq!(found, BTreeSet::from(NAMES));
        assert_eq!(facts.tag.as_deref(), Some("v1=2"));
        assert_eq!(facts.commit_time.unwrap().to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(facts.source_date.unwrap().to_string(), "2026-01-02T02:04:05Z");
        assert_eq!(facts.branches, ["a", "b"]);
        assert_eq!(from_json(&json), Ok(facts));
    }

    #[test]
    fn the_last_value_of_a_fact_holds() {
        let facts = given(&["branch=a", "branch=b", "event=push"]).unwrap();
        assert_eq!((facts.branch.as_deref(), facts.tag), (Some("b"), None));
        assert_eq!(given(&["ref=refs/pull/7/merge"]).unwrap().pull_request, Some(7));
        assert_eq!(given(&[]), Ok(Facts::default()));
    }

    #[test]
    fn unknown_facts_are_refused() {
        for (texts, expected) in [
            (&["comit=c0ffee0"][..], "there is no fact `comit`; did you mean `commit`?"),
            (&["tag"], "write `--fact tag=VALUE`"),
            (&["tag="], "it has no value"),
            (&["pull_request=-1"], "expected a number, found `-1`"),
            (&["run=first"], "expected a number, found `first`"),
            (&["sha_length=short"], "expected a number, found `short`"),
            (&["sha_length=0"], "from 1 to 64"),
            (&["sha_length=65"], "from 1 to 64"),
            (&["dirty=yes"], "expected `true` or `false`"),
            (&["commit_time=yesterday"], "found `yesterday`"),
            (&["commit_time=99999999999999999"], "found `9999"),
            (&["commit=--all"], "which is not the hash of a commit"),
            (&["branch=main", "tag=v1"], "give only one of them"),
            (&["ref=refs/tags/v1", "branch=main"], "give only one of them"),
            (&["ref=refs/heads/main", "branch=dev"], "which contradicts the `branch` or `tag`"),
            (&["ref=refs/notes/x", "tag=v1"], "which contradicts the `branch` or `tag`"),
            (&["sha=c0ffee0"], "there is no fact `sha`; did you mean `commit`?"),
            (&["pr=7"], "did you mean `pull_request`?"),
            (&["git_tag=v1"], "did you mean `tag`?"),
            (&["pull_request=0"], "`pull_request` is 0"),
            (&["run=0"], "`run` is 0"),
            (
                &["branch=refs/heads/main"],
                "`branch` is `refs/heads/main`, which is a ref: its name is `main`",
            ),
            (&["tag=refs/tags/v1"], "which is a ref: its name is `v1`"),
            (&["tag=refs/heads/main"], "which is the ref of something else"),
            (&["default_branch=refs/heads/main"], "`default_branch` is `refs/heads/main`"),
            (&["head_branch=refs/heads/x"], "its name is `x`"),
            (&["base_branch=refs/heads/x"], "its name is `x`"),
            (&["branches=main,refs/heads/x"], "`branches` is `refs/heads/x`"),
            (&["ref=v1.2.3"], "write `ref=refs/tags/v1.2.3` or `tag=v1.2.3`"),
            (&["ref=main"], "`branch=main` for a branch"),
            (&["ref=tags/v1"], "write `ref=refs/tags/v1` or `tag=v1`"),
            (&["ref=refs/tag/v1"], "did you mean `refs/tags/v1`?"),
            (&["ref=refs/head/main"], "did you mean `refs/heads/main`?"),
        ] {
            let told = given(texts).unwrap_err();
            assert!(told.contains(expected), "{texts:?}: {told}");
        }
    }

    /// What forges and tools call refs, and names that only begin like one.
    #[test]
    fn refs_and_names_of_other_kinds_are_taken() {
        for fact in [
            "ref=refs/changes/01/1/1",
            "ref=refs/pull/7/head",
            "ref=refs/merge-requests/7/head",
            "ref=refs/remotes/origin/main",
            "branch=refs",
            "branch=heads/main",
            "branch=gh-readonly-queue/main/pr-7-0",
            "tag=tags/v1",
            "pull_request=1",
        ] {
            assert!(given(&[fact]).is_ok(), "{fact}");
        }
    }

    #[test]
    fn json_is_an_object_of_facts() {
        let facts = from_json(r#"{"tag": "v1", "branch": null, "pull_request": null, "branches": null}"#);
        assert_eq!(facts.unwrap(), given(&["tag=v1"]).unwrap());
        assert_eq!(from_json("{}"), Ok(Facts::default()));
        for (text, expected) in [
            ("", "not JSON"),
            ("[]", "not a JSON object"),
            (r#"{"comit": "x"}"#, "did you mean `commit`?"),
            (r#"{"tag": ""}"#, "`tag` is empty"),
            (r#"{"tag": 1}"#, "`tag`: expected a string, found `1`"),
            (r#"{"pull_request": "7"}"#, "`pull_request`: expected a whole number, found `\"7\"`"),
            (r#"{"pull_request": 7.5}"#, "expected a whole number, found `7.5`"),
            (r#"{"pull_request": 0}"#, "`pull_request` is 0"),
            (r#"{"dirty": "no"}"#, "expected `true` or `false`"),
            (r#"{"branches": "main"}"#, "expected a list of strings"),
            (r#"{"commit_time": "soon"}"#, "`commit_time`: expected a time"),
            (r#"{"ref": "main"}"#, "not the full name of a ref"),
            (r#"{"commit": "HEAD"}"#, "not the hash"),
            (r#"{"branch": "a", "tag": "v1"}"#, "give only one of them"),
        ] {
            let told = from_json(text).unwrap_err();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }
}
