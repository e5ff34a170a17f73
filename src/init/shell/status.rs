//! How a command ends, as far as others depend on it.

use super::Script;
use super::words::{self, BEFORE_COMMANDS, Joint, assignment};
use super::wrappers::{BUILDERS, unwrapped};
use crate::init::values::text::{Condition, Template};

/// How a command ends, on which others depend.
pub(super) enum Status {
    /// It is a test.
    Test(Condition),
    /// It makes or pushes an image, which is taken to succeed.
    Builds,
    /// It is no test, and taken to succeed where nothing else is said.
    Runs(String),
    /// It looks for something.
    Looks(String),
}

impl Status {
    /// What must hold for what stands behind `&&`.
    pub(super) fn holds(&self) -> Condition {
        match self {
            Self::Test(condition) => condition.clone(),
            Self::Builds | Self::Runs(_) => Condition::fixed(true),
            Self::Looks(written) => Condition::open(written),
        }
    }

    /// What must hold for what stands behind `||`.
    pub(super) fn fails(&self) -> Condition {
        match self {
            Self::Test(condition) => condition.clone().not(),
            Self::Builds => Condition::open("the build or the push before fails"),
            Self::Runs(written) | Self::Looks(written) => Condition::open(&format!("! {written}")),
        }
    }

    /// What must hold for what stands behind `then`.
    pub(super) fn succeeds(&self) -> Condition {
        match self {
            Self::Test(condition) => condition.clone(),
            Self::Builds => Condition::fixed(true),
            Self::Runs(written) | Self::Looks(written) => Condition::open(written),
        }
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::Test(condition) => Self::Test(condition.not()),
            other => Self::Looks(other.fails().written),
        }
    }

    /// Of two commands with `&&` or `||` between them.
    pub(super) fn join(self, joint: Joint, next: Self) -> Self {
        match (joint, self, next) {
            (Joint::And, Self::Test(one), Self::Test(other)) => Self::Test(one.and(other)),
            (Joint::Or, Self::Test(one), Self::Test(other)) => Self::Test(one.or(other)),
            (Joint::And, Self::Builds | Self::Runs(_), next) => next,
            (Joint::And, this, Self::Builds | Self::Runs(_)) => this,
            (Joint::And, this, next) => {
                Self::Looks(format!("{} && {}", this.holds().written, next.holds().written))
            }
            (Joint::Or, this @ (Self::Builds | Self::Runs(_)), _) => this,
            (Joint::Or, Self::Looks(_), next @ (Self::Builds | Self::Runs(_))) => next,
            (Joint::Or, this, next) => {
                Self::Looks(format!("{} || {}", this.holds().written, next.holds().written))
            }
            (Joint::Then, _, next) => next,
        }
    }
}

/// What only looks for something, and says by its end whether it was there.
const LOOKING: [&str; 12] =
    ["grep", "egrep", "fgrep", "rg", "diff", "cmp", "curl", "wget", "jq", "yq", "nc", "ls"];

impl Script<'_> {
    /// The words of a command, without what only runs it, and those that the arguments of a function stand for.
    fn known_words(&self, text: &str) -> Vec<String> {
        let words = words::quoted(text);
        if words.first().is_none_or(|word| !word.text.starts_with(['$', '"'])) {
            return words.into_iter().map(|word| word.text).collect();
        }
        let fields = self.fields(&words);
        let known = fields.first().and_then(Template::constant);
        if known.is_none() {
            return words.into_iter().map(|word| word.text).collect();
        }
        fields.iter().map(Template::shown).collect()
    }

    /// How a command ends.
    pub(super) fn status_of(&self, text: &str) -> Status {
        if let Some(condition) = self.condition(text) {
            return Status::Test(condition);
        }
        let words = self.known_words(text);
        let written = self.unmarked(text);
        let is_before =
            |word: &&String| BEFORE_COMMANDS.contains(&word.as_str()) || assignment(word).is_some();
        let words: Vec<&str> = words.iter().skip_while(is_before).map(String::as_str).collect();
        let plain: Vec<Template> = words.iter().map(|word| Template::from(*word)).collect();
        let words = &words[unwrapped(&plain, &self.flow.folder).at..];
        let looks = |words: &[&str]| match words {
            ["git", rest @ ..] => rest.iter().any(|word| {
                matches!(
                    *word,
                    "--quiet" | "--exit-code" | "--is-ancestor" | "ls-remote" | "--verify" | "--exact-match"
                )
            }),
            ["docker", rest @ ..] => {
                rest.iter().any(|word| matches!(*word, "inspect" | "images" | "pull" | "search"))
            }
            ["crane" | "skopeo" | "regctl", ..] => true,
            ["command" | "which" | "type" | "hash", ..] => false,
            [first, ..] => {
                LOOKING.contains(first)
                    || first.contains('$')
                    || first.starts_with("is_")
                    || self.functions.iter().any(|function| function.name == *first)
            }
            [] => false,
        };
        match words {
            words if looks(words) => Status::Looks(written),
            [first, ..] if BUILDERS.contains(first) => Status::Builds,
            _ => Status::Runs(written),
        }
    }
}
