//! Tag patterns: the tag part of a reference with `{{ words }}` in it.

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use crate::diagnostic::suggest;
use crate::version::Version;

/// The words of patterns; those of a version are absent when it has fewer numbers.
const WORDS: [&str; 4] = ["version", "major", "minor", "patch"];

/// Why a pattern does not render.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The template language does not understand it.
    #[error("the pattern is not a template: {0}")]
    Syntax(String),
    /// A word that no pattern knows.
    #[error("a pattern has no word `{word}`")]
    UnknownWord {
        /// The word.
        word: String,
        /// What was probably meant.
        near: Option<String>,
    },
    /// A version's word, and no version.
    #[error("the pattern uses `{0}`, and the image has no `version`")]
    NoVersion(String),
}

impl PatternError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Syntax(_) => "words are written `{{ version }}`".into(),
            Self::UnknownWord { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::UnknownWord { near: None, .. } => {
                format!("the words are {}", WORDS.map(|w| format!("`{w}`")).join(", "))
            }
            Self::NoVersion(_) => "set `version` in the image".into(),
        }
    }
}

/// Whether a text has a pattern's delimiters; without, it is a tag as it stands.
#[must_use]
pub fn is_pattern(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

/// Renders a pattern. `Ok(None)` when it needs a part that this version has not: `{{ minor }}` of `19beta3`.
///
/// `{{ version }}` is without a leading `v` and without build metadata, which tags cannot hold.
///
/// # Errors
/// When the pattern can never render.
pub fn render(pattern: &str, version: Option<&Version>) -> Result<Option<String>, PatternError> {
    if !is_pattern(pattern) {
        return Ok(Some(pattern.to_owned()));
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let syntax =
        |e: minijinja::Error| PatternError::Syntax(e.detail().unwrap_or("it cannot be parsed").to_owned());
    let template = environment.template_from_str(pattern).map_err(syntax)?;
    let mut words: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    words.sort();
    for word in &words {
        if !WORDS.contains(&word.as_str()) {
            let near = suggest(word, WORDS).map(str::to_owned);
            return Err(PatternError::UnknownWord { word: word.clone(), near });
        }
    }
    let Some(version) = version else {
        return match words.into_iter().next() {
            Some(word) => Err(PatternError::NoVersion(word)),
            None => template.render(Value::UNDEFINED).map(Some).map_err(syntax),
        };
    };
    let whole = version.without_v().split('+').next().unwrap_or_default();
    let parts = [
        ("version", Some(whole)),
        ("major", version.major()),
        ("minor", version.minor()),
        ("patch", version.patch()),
    ];
    let missing = |word: &String| parts.iter().any(|(name, value)| name == word && value.is_none());
    if words.iter().any(missing) {
        return Ok(None);
    }
    let context =
        Value::from_pairs(parts.into_iter().filter_map(|(name, value)| Some((name, Value::from(value?)))));
    template.render(context).map(Some).map_err(syntax)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(pattern: &str, version: &str, expected: Option<&str>) {
        let version: Version = version.parse().unwrap();
        assert_eq!(render(pattern, Some(&version)).unwrap().as_deref(), expected, "{pattern} of {version}");
    }

    #[test]
    fn words_are_the_literal_parts_of_the_version() {
        case("{{ version }}", "3.14.1", Some("3.14.1"));
        case("{{version}}", "v3.14.1", Some("3.14.1"));
        case("{{ major }}.{{ minor }}", "24.04", Some("24.04"));
        case("{{ major }}.{{ minor }}", "19beta3", None);
        case("latest", "1.2.3", Some("latest"));
        case("v{{ major }}-slim", "1.2.3", Some("v1-slim"));
    }

    #[test]
    fn what_can_never_render_is_an_error() {
        let version: Version = "1.2.3".parse().unwrap();
        let error = render("{{ verison }}", Some(&version)).unwrap_err();
        assert_eq!(error.help(), "did you mean `version`?");
        assert!(matches!(render("{{ version", Some(&version)), Err(PatternError::Syntax(_))));
        assert_eq!(render("{{ major }}", None), Err(PatternError::NoVersion("major".into())));
    }
}
