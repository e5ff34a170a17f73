//! A run as rules see it: its facts, the words that name them, and what it is of.

use std::cell::OnceCell;

use jiff::Timestamp;

use super::error::RuleError;
use super::template::{Rendered, Template, Word};
use crate::facts::{Facts, Known};

/// A run: its facts, which are asked for only when a rule needs them.
pub(super) struct Run<'a> {
    known: Known<'a>,
    facts: OnceCell<Facts>,
}

/// What a run is of.
pub(super) enum RunSubject<'a> {
    Branch(&'a str),
    Tag(&'a str),
    PullRequest(u64),
    Other(&'a str),
}

impl RunSubject<'_> {
    /// The name of the ref, if need be made of what is known of it.
    pub(super) fn git_ref(&self, facts: &Facts) -> String {
        facts.git_ref.clone().unwrap_or_else(|| match self {
            Self::Branch(branch) => format!("refs/heads/{branch}"),
            Self::Tag(tag) => format!("refs/tags/{tag}"),
            Self::PullRequest(number) => format!("refs/pull/{number}"),
            Self::Other(name) => (*name).to_owned(),
        })
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(known: Known<'a>) -> Self {
        Self { known, facts: OnceCell::new() }
    }

    pub(super) fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| {
            let facts: &Facts = self.known;
            facts.clone().with_ref_parts()
        })
    }

    pub(super) fn subject(&self) -> Result<RunSubject<'_>, RuleError> {
        let facts = self.facts();
        if let Some(number) = facts.pull_request {
            return Ok(RunSubject::PullRequest(number));
        }
        let tag = facts.tag.as_deref().map(RunSubject::Tag);
        let branch = facts.branch.as_deref().map(RunSubject::Branch);
        let other = facts.git_ref.as_deref().map(RunSubject::Other);
        let unknown = RuleError::MissingFact { word: None, fact: "ref", at: None };
        tag.or(branch).or(other).ok_or(unknown)
    }

    pub(super) fn render(&self, template: &Template) -> Result<Rendered, RuleError> {
        template.render(|word| self.word(word))
    }

    fn word(&self, word: &Word) -> Result<String, RuleError> {
        let facts = self.facts();
        let missing = |word, fact, at| RuleError::MissingFact { word: Some(word), fact, at };
        // What a run has not because of what it is of.
        let absent =
            |word, fact| missing(word, fact, self.subject().ok().map(|subject| subject.git_ref(facts)));
        let text = |text: &Option<String>, word, fact| text.clone().ok_or_else(|| absent(word, fact));
        match word {
            Word::Branch => text(&facts.branch, "branch", "branch"),
            Word::Tag => text(&facts.tag, "tag", "tag"),
            Word::BaseRef if facts.pull_request.is_some() => {
                facts.base_branch.clone().ok_or_else(|| missing("base_ref", "base_branch", None))
            }
            Word::BaseRef => text(&facts.base_branch, "base_ref", "base_branch"),
            Word::Sha => match facts.short_commit() {
                Some(commit) => Ok(commit.to_owned()),
                None => Err(missing("sha", "commit", None)),
            },
            Word::IsDefaultBranch => Ok(self.is_default_branch("is_default_branch")?.to_string()),
            Word::IsNotDefaultBranch => Ok((!self.is_default_branch("is_not_default_branch")?).to_string()),
            Word::Date { of_commit, format, zone } => {
                let (word, time): (_, Option<Timestamp>) =
                    if *of_commit { ("commit_date", facts.commit_time) } else { ("date", facts.time()) };
                let time = time.ok_or_else(|| missing(word, "commit_time", None))?;
                Ok(format.render(&time.to_zoned_datetime(zone.clone())))
            }
            // A template of this scope has no others.
            Word::Raw | Word::Version | Word::Major | Word::Minor | Word::Patch => Ok(String::new()),
        }
    }

    fn is_default_branch(&self, word: &'static str) -> Result<bool, RuleError> {
        match self.subject()? {
            RunSubject::Branch(branch) => Ok(self.default_branch(Some(word))? == branch),
            _ => Ok(false),
        }
    }

    pub(super) fn default_branch(&self, word: Option<&'static str>) -> Result<&str, RuleError> {
        let missing = RuleError::MissingFact { word, fact: "default_branch", at: None };
        self.facts().default_branch.as_deref().ok_or(missing)
    }
}
