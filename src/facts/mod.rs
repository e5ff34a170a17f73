//! What is known about a run besides the files: the commit, the ref, the event.

// What is given, and what git is asked.
pub(crate) mod command;
pub(crate) mod conversion;
pub(crate) mod given;

// Where facts come from.
mod environment;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod released;
pub(crate) mod remote;
pub(crate) mod worktree;

// What git knows of the checkout.
pub(crate) mod git;

pub(crate) use environment::of_environment;

use std::collections::BTreeMap;
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Environment variables.
pub(crate) type Environment = BTreeMap<String, String>;

/// How many digits of a commit `{{ sha }}` shows unless `sha_length` says otherwise.
pub(crate) const SHORT_COMMIT: usize = 7;

/// Facts that may be gathered only when something asks for them: a `LazyCell`, or a reference to what is known.
pub(crate) type Known<'a> = &'a dyn Deref<Target = Facts>;

/// A variable that is set to something.
fn variable<'e>(env: &'e Environment, name: &str) -> Option<&'e str> {
    env.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// Versions that were released before, by what the release is called; most often names of git tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownVersions {
    /// Those of all images that have no list of their own.
    pub names: Vec<String>,
    /// Those of single images, by their keys in the plan.
    pub by_image: BTreeMap<String, Vec<String>>,
}

impl KnownVersions {
    /// Whether there are none.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.by_image.is_empty()
    }
}

/// What is known about a run. A plan is a pure function of files, variables and these.
///
/// As JSON, the names are those of the fields; what is unknown is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// What started the run, in the words of the CI (`push`, `pull_request`, `schedule`); none at the desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The full name of the ref (`refs/heads/main`, `refs/tags/v1.2.3`, `refs/pull/7/merge`).
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// The branch that is built; none on a tag or a pull request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The git tag that is built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The number of the pull or merge request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// The branch that a pull request comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_branch: Option<String>,
    /// The branch that a pull request goes to; on a tag, the branch that GitHub saw it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_branch: Option<String>,
    /// The commit's full hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The workflow that runs, by its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The number of the run among those of the workflow; another attempt has the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<u64>,
    /// How many digits of the commit its short form has; seven unless something says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha_length: Option<usize>,
    /// When it was committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_time: Option<Timestamp>,
    /// What `SOURCE_DATE_EPOCH` says: the time of everything dated
    /// (<https://reproducible-builds.org/specs/source-date-epoch/>).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_date: Option<Timestamp>,
    /// The repository's default branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    /// Whether the working tree differs from the commit; files that git does not track do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// The repository's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The repository's name, without its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The repository's description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its licence, as SPDX names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenses: Option<String>,
    /// All branches of the repository, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// Why git says less than it was asked for, for messages about missing facts. It is not a fact, and not in the JSON.
    #[serde(skip)]
    pub git_problem: Option<String>,
    /// Why git does not tell whether the tree is dirty, in the same way.
    #[serde(skip)]
    pub dirty_problem: Option<String>,
}

/// Whether a git tag is called as those are that move from commit to commit, such as `nightly`: that of a release has a number.
#[must_use]
pub(crate) fn is_moving_tag(tag: &str) -> bool {
    !tag.contains(|c: char| c.is_ascii_digit())
}

impl Facts {
    /// Fills in what follows from the ref: the branch, the tag, the number of a pull request.
    #[must_use]
    pub fn with_ref_parts(mut self) -> Self {
        let Some(name) = &self.git_ref else { return self };
        if let Some(branch) = name.strip_prefix("refs/heads/") {
            self.branch.get_or_insert_with(|| branch.to_owned());
        } else if let Some(tag) = name.strip_prefix("refs/tags/") {
            self.tag.get_or_insert_with(|| tag.to_owned());
        } else if let Some(rest) =
            name.strip_prefix("refs/pull/").or(name.strip_prefix("refs/merge-requests/"))
        {
            let number = rest.split('/').next().and_then(|number| number.parse().ok());
            self.pull_request = self.pull_request.or(number);
        }
        self
    }

    /// Fills in the ref, which follows from the branch, the tag or, as on GitHub, from the number of a pull request.
    #[must_use]
    pub fn with_ref(mut self) -> Self {
        if self.git_ref.is_none() {
            let tag = self.tag.as_ref().map(|tag| format!("refs/tags/{tag}"));
            let branch = || self.branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
            let pull_request = || self.pull_request.map(|number| format!("refs/pull/{number}/merge"));
            self.git_ref = tag.or_else(branch).or_else(pull_request);
        }
        self
    }

    /// These facts in a run of a branch, which was pushed.
    #[must_use]
    pub(crate) fn of_branch(&self, branch: &str) -> Self {
        Self {
            event: self.event.as_ref().map(|_| "push".to_owned()),
            git_ref: Some(format!("refs/heads/{branch}")),
            branch: Some(branch.to_owned()),
            tag: None,
            pull_request: None,
            head_branch: None,
            base_branch: None,
            branches: Vec::new(),
            ..self.clone()
        }
    }

    /// These facts in a run of a git tag.
    #[must_use]
    pub(crate) fn of_tag(&self, tag: &str) -> Self {
        Self {
            tag: Some(tag.to_owned()),
            git_ref: Some(format!("refs/tags/{tag}")),
            branch: None,
            head_branch: None,
            pull_request: None,
            branches: Vec::new(),
            ..self.clone()
        }
    }

    /// These facts, and for what they leave open, the others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        // What follows from a ref must not come from another one.
        let same_ref = agrees(&self.git_ref, &others.git_ref)
            && agrees(&self.branch, &others.branch)
            && agrees(&self.tag, &others.tag)
            && agrees(&self.pull_request, &others.pull_request);
        let of_ref = if same_ref { others.clone() } else { Self::default() };
        let same_commit = agrees(&self.commit, &others.commit);
        Self {
            event: self.event.or(others.event),
            git_ref: self.git_ref.or(of_ref.git_ref),
            branch: self.branch.or(of_ref.branch),
            tag: self.tag.or(of_ref.tag),
            pull_request: self.pull_request.or(of_ref.pull_request),
            head_branch: self.head_branch.or(of_ref.head_branch),
            base_branch: self.base_branch.or(of_ref.base_branch),
            commit: self.commit.or(others.commit),
            workflow: self.workflow.or(others.workflow),
            run: self.run.or(others.run),
            sha_length: self.sha_length.or(others.sha_length),
            commit_time: self.commit_time.or(others.commit_time.filter(|_| same_commit)),
            source_date: self.source_date.or(others.source_date),
            default_branch: self.default_branch.or(others.default_branch),
            dirty: self.dirty.or(others.dirty),
            url: self.url.or(others.url),
            title: self.title.or(others.title),
            description: self.description.or(others.description),
            licenses: self.licenses.or(others.licenses),
            branches: if self.branches.is_empty() { others.branches } else { self.branches },
            git_problem: self.git_problem.or(others.git_problem),
            dirty_problem: self.dirty_problem.or(others.dirty_problem),
        }
    }

    /// How many digits of a commit are shown.
    #[must_use]
    pub(crate) fn short_length(&self) -> usize {
        self.sha_length.unwrap_or(SHORT_COMMIT)
    }

    /// The commit's first digits.
    #[must_use]
    pub fn short_commit(&self) -> Option<&str> {
        let length = self.short_length();
        self.commit.as_deref().map(|commit| commit.get(..length).unwrap_or(commit))
    }

    /// The time of everything dated: `SOURCE_DATE_EPOCH`, else the commit's. Never now: the same facts give the same
    /// bytes on any day.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        self.source_date.or(self.commit_time)
    }
}

fn agrees<T: PartialEq>(mine: &Option<T>, theirs: &Option<T>) -> bool {
    mine.is_none() || mine == theirs
}

/// What a fact may be, as `--fact` takes it, with what else a pattern needs that asks for it.
#[must_use]
pub(crate) fn examples(fact: &str) -> &'static [&'static str] {
    match fact {
        // Conditions ask for both.
        "branch" | "ref" | "default_branch" => &["branch=main", "default_branch=main"],
        "pull_request" => &["pull_request=7"],
        "head_branch" => &["pull_request=7", "head_branch=feature"],
        "base_branch" => &["pull_request=7", "base_branch=main"],
        "commit" => &["commit=0123456789abcdef0123456789abcdef01234567"],
        "commit_time" => &["commit_time=2026-01-31T12:00:00Z"],
        "event" => &["event=push"],
        _ => &["tag=v1.2.3"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(git_ref: &str) -> Facts {
        Facts { git_ref: Some(git_ref.into()), ..Facts::default() }.with_ref_parts()
    }

    #[test]
    fn the_ref_says_what_is_built() {
        assert_eq!(facts("refs/heads/a/b").branch.as_deref(), Some("a/b"));
        assert_eq!(facts("refs/tags/v1.2.3").tag.as_deref(), Some("v1.2.3"));
        assert_eq!(facts("refs/pull/7/merge").pull_request, Some(7));
        assert_eq!(facts("refs/merge-requests/12/head").pull_request, Some(12));
        assert_eq!(facts("refs/notes/x"), Facts { git_ref: Some("refs/notes/x".into()), ..Facts::default() });
    }

    #[test]
    fn the_branch_of_another_ref_is_not_taken_over() {
        let tag = facts("refs/tags/v1");
        assert_eq!(tag.clone().or(facts("refs/heads/main")), tag);
        let event = Facts { event: Some("push".into()), ..Facts::default() };
        assert_eq!(event.or(facts("refs/heads/main")).branch.as_deref(), Some("main"));
    }

    #[test]
    fn a_tag_alone_is_of_another_ref_than_a_branch() {
        let tag = Facts { tag: Some("v1".into()), ..Facts::default() };
        let main = Facts { commit: Some("c0ffee0".into()), ..facts("refs/heads/main") };
        let both = tag.or(main).with_ref();
        assert_eq!(both, Facts { commit: Some("c0ffee0".into()), ..facts("refs/tags/v1") });
        let number = Facts { pull_request: Some(7), ..Facts::default() };
        let request = Facts { head_branch: Some("fix".into()), ..facts("refs/merge-requests/7/head") };
        assert_eq!(number.clone().or(request.clone()), request);
        assert_eq!(number.or(facts("refs/pull/8/merge")).with_ref(), facts("refs/pull/7/merge"));
    }

    #[test]
    fn the_time_of_another_commit_is_not_taken_over() {
        let time = Timestamp::from_second(1_700_000_000).ok();
        let of = |commit: &str, commit_time| Facts {
            commit: Some(commit.into()),
            commit_time,
            ..Facts::default()
        };
        assert_eq!(of("a", None).or(of("b", time)).commit_time, None);
        assert_eq!(of("a", None).or(of("a", time)).commit_time, time);
    }

    #[test]
    fn of_two_systems_the_one_that_runs_is_asked() {
        let env = |pairs: &[(&str, &str)]| {
            let mut env: Environment = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            env.insert("GITHUB_SHA".into(), "aaaaaaa".into());
            env.insert("CI_COMMIT_SHA".into(), "bbbbbbb".into());
            of_environment(&env, None).unwrap().commit.unwrap()
        };
        assert_eq!(env(&[]), "aaaaaaa");
        assert_eq!(env(&[("GITLAB_CI", "true")]), "bbbbbbb");
        assert_eq!(env(&[("GITLAB_CI", "true"), ("GITHUB_ACTIONS", "true")]), "aaaaaaa");
    }

    #[test]
    fn json_has_the_names_of_the_facts_and_refuses_others() {
        let text = r#"{"ref":"refs/heads/main","commit_time":"2026-01-02T03:04:05Z"}"#;
        let facts: Facts = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&facts).unwrap(), text);
        assert!(serde_json::from_str::<Facts>(r#"{"comit":"x"}"#).is_err());
    }
}
