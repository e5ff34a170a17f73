//! Why a pattern does not render, and what to do about it.

use super::compare::OfText;
use super::date::OfMoment;
use super::foreign;
use super::words::{DATE, PRERELEASE, words};
use crate::diagnostic::{all_listed, suggest};

/// Why a pattern does not render.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The template language does not understand it.
    #[error("the pattern is not a template: {detail}")]
    Syntax {
        /// What it says.
        detail: String,
        /// What to write, where that can be told.
        meant: Option<String>,
    },
    /// The template language does not understand a condition.
    #[error("the condition cannot be read: {detail}")]
    Condition {
        /// What it says.
        detail: String,
        /// What to write.
        meant: String,
    },
    /// It may come to too much.
    #[error("the pattern is refused: {0}")]
    Refused(String),
    /// It cannot be rendered.
    #[error("the pattern cannot be rendered: {0}")]
    Render(String),
    /// What it takes of a word is not there.
    #[error("the pattern cannot be rendered: a value in it is undefined")]
    Undefined,
    /// A comparison of numbers that are texts.
    #[error("`{found}` would compare text, not numbers")]
    TextOrder {
        /// What is written.
        found: String,
        /// What is meant.
        meant: String,
    },
    /// A date in a format that is none.
    #[error("{found}")]
    DateFormat {
        /// What is wrong.
        found: String,
        /// The format that is meant.
        meant: String,
    },
    /// A condition that is written as a pattern.
    #[error("a condition has no braces")]
    Braces(String),
    /// A filter that no pattern knows.
    #[error("the pattern cannot be rendered: {0}")]
    Filter(String),
    /// The condition is neither true nor false.
    #[error("the condition is {0}, not true or false")]
    NotABool(String),
    /// A word that no pattern knows.
    #[error("patterns have no word `{word}`")]
    UnknownWord {
        /// The word.
        word: String,
        /// What to write.
        help: String,
    },
    /// A version's word, and no version.
    #[error("the pattern uses `{0}`, but the image has no `version`")]
    NoVersion(String),
    /// Build metadata in what is rendered.
    #[error("version `{0}` has build metadata, and a tag cannot hold `+`")]
    Build(String),
    /// A word that is not one of the image's, where no other is known.
    #[error("the pattern uses `{0}`, but it must be the same in every run")]
    NotOfImage(String),
    /// A fact that is not known, or that this run has not.
    #[error("the pattern uses `{word}`, which is unknown{}", .at.as_ref().map(|at| format!(": this is a run of `{at}`")).unwrap_or_default())]
    MissingFact {
        /// The word.
        word: String,
        /// The ref that is built, when it is the reason.
        at: Option<String>,
        /// Why git did not tell it.
        problem: Option<String>,
    },
}

impl PatternError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Filter(_) => "a part of a commit is `{{ commit[:12] }}`, those of a version are `{{ major }}.{{ minor }}`, and `{{ sha }}` is the short commit; there are filters of Jinja's, such as `{{ branch | replace('/', '-') }}`, and `slug`".into(),
            Self::Render(_) => "a pattern has words such as `{{ major }}`, parts of them such as `{{ commit[:12] }}`, and filters such as `{{ version | replace('.', '-') }}`, but no methods; a condition asks `tag is startingwith('v')`".into(),
            Self::TextOrder { meant, .. } => {
                format!("compare numbers, such as `{meant}`, or texts with `==`: `major == \"1\"`")
            }
            Self::DateFormat { meant, .. } => format!(
                "write `date('{meant}')`; words such as `YYYY` are those of a rule: `type=raw,value={{{{date 'YYYYMMDD'}}}}`"
            ),
            Self::Braces(inner) => format!("write it without: `when = \"{inner}\"`"),
            Self::Undefined => "each word has braces of its own, such as `{{ major }}.{{ minor }}`; the only function is `date(\"%Y%m%d\")`".into(),
            Self::Refused(_) => "write what it is made of, such as `{{ version }}`; a tag has at most 128 characters".into(),
            Self::Syntax { detail: _, meant: Some(meant) } | Self::Condition { detail: _, meant } => meant.clone(),
            Self::Syntax { detail: _, meant: None } => {
                "words are written `{{ version }}`, conditions `event == \"push\"`".into()
            }
            Self::NotABool(_) => "compare it, such as `branch == default_branch`".into(),
            Self::UnknownWord { word: _, help } => help.clone(),
            Self::Build(_) => "write `{{ version | replace('+', '-') }}` to keep it, or `{{ semver }}` for the version without it, which moves to the greatest build".into(),
            Self::NotOfImage(_) => "the words are `image`, the name of the block, and `key`, the name of the image in the plan".into(),
            Self::NoVersion(_) => "set `version` in the image".into(),
            Self::MissingFact { word, at: Some(_), .. } => format!(
                "say when it applies, such as `{{ pattern = \"…\", when = \"{word}\" }}`, or give a default: `{{{{ {word} | default(\"…\") }}}}`"
            ),
            Self::MissingFact { word, at: None, problem } => {
                let fact = fact_of(word);
                // Git keeps it for all commands.
                let kept = if fact == "default_branch" { ", or, where there is a remote, once for all with `git remote set-head origin --auto`" } else { "" };
                let problem = problem.as_ref().map(|problem| format!("{problem}; else ")).unwrap_or_default();
                format!(
                    "{problem}give it with `--fact {fact}=…`{kept}; `bakeplan plan --facts` shows what is known"
                )
            }
        }
    }
}

/// What to write instead of a word that is none.
pub(super) fn other_word(word: &str, text: &str, is_condition: bool) -> String {
    if let Some(meant) = foreign::meant_by(word, text) {
        return meant;
    }
    let also = is_condition.then_some(PRERELEASE);
    let known = || words().chain(also);
    // As variables are called.
    let is_upper = !word.contains(|c: char| c.is_ascii_lowercase());
    match suggest(word, known()) {
        Some(near) if is_upper => {
            return format!("did you mean `{near}`? A variable of the file is `${{{word}}}`");
        }
        Some(near) => return format!("did you mean `{near}`?"),
        None => {}
    }
    let words = all_listed(known());
    if is_condition {
        format!("a text has quotes, as in `branch == 'main'`; the words are {words}")
    } else if is_upper {
        format!("a variable of the file is `${{{word}}}`; the words are {words}")
    } else {
        format!("the words are {words}; a variable of the file is `${{NAME}}`")
    }
}

impl From<OfText> for PatternError {
    fn from(OfText { found, meant }: OfText) -> Self {
        Self::TextOrder { found, meant }
    }
}

impl PatternError {
    /// What the template language says, where it is not understood in another way.
    pub(super) fn of_rendering(error: &minijinja::Error) -> Self {
        let source = std::error::Error::source(error);
        if let Some(found) = source.and_then(|source| source.downcast_ref::<OfMoment>()) {
            return found.clone().into();
        }
        let of_text = source.and_then(|source| source.downcast_ref::<OfText>());
        of_text.map_or_else(|| Self::Render(detail(error)), |found| found.clone().into())
    }

    /// The fact that it lacks.
    #[must_use]
    pub(crate) fn missing_fact(&self) -> Option<&str> {
        if let Self::MissingFact { word, at: _, problem: _ } = self { Some(fact_of(word)) } else { None }
    }
}

impl From<OfMoment> for PatternError {
    fn from(found: OfMoment) -> Self {
        Self::DateFormat { found: found.to_string(), meant: found.meant().to_owned() }
    }
}

/// The fact that a word comes from.
fn fact_of(word: &str) -> &str {
    match word {
        "sha" => "commit",
        "pr" => "pull_request",
        DATE => "commit_time",
        other => other,
    }
}

/// What the template language says of a mistake.
pub(super) fn detail(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
