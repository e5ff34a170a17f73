//! Conditions: expressions over the words of patterns that hold in a run or do not.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error};

use super::error::{PatternError, detail};
use super::words::{DATE, PRERELEASE, is_of_version};
use super::{
    Recorder, Words, absence, bounds, check_comparisons, compare, examples, foreign, is_absent, missing,
    pairs, uses,
};
use crate::facts::Facts;
use crate::version::{Scheme, Version};

/// Whether a condition holds: an expression such as `event == "push" and branch == default_branch`. It knows the words
/// of patterns and `prerelease`; what this run has not, such as `tag` on a branch, is undefined there. `default_branch` alone
/// asks whether the run is of it.
///
/// # Errors
/// When it is not a condition, or a fact is not known.
pub fn holds(condition: &str, words: &Words<'_>) -> Result<bool, PatternError> {
    evaluate(condition, words, false)
}

/// Whether the condition of a version itself holds. In a run that has none, a condition that asks for its words does not.
///
/// # Errors
/// When it is not a condition, or a fact is not known.
pub(crate) fn holds_of_version(condition: &str, words: &Words<'_>) -> Result<bool, PatternError> {
    let holds = match evaluate(condition, words, true) {
        Err(PatternError::NoVersion(_)) => false,
        found => found?,
    };
    if words.version.is_none() && asks_for_version(condition) {
        // It may be wrong where there is one, too, which is told in every run.
        let (tag, version) = ("v1.2.3", Version::parse("1.2.3", Scheme::Loose).ok());
        let facts = &Facts::of_tag(words.facts, tag);
        let example = Words { version: version.as_ref(), facts: &facts, ..*words };
        match evaluate(condition, &example, true) {
            // What that run would know, this one does not.
            Ok(_) | Err(PatternError::NoVersion(_) | PatternError::MissingFact { .. }) => {}
            Err(mistake) => return Err(mistake),
        }
    }
    Ok(holds)
}

fn evaluate(condition: &str, words: &Words<'_>, may_lack_version: bool) -> Result<bool, PatternError> {
    let inner = condition.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    if let Some(inner) = inner.filter(|inner| !inner.contains("{{")) {
        // Within the quotes of the Bake file, and without those that it has itself.
        let bare = if inner.contains('\'') { inner.replace('"', "\\\"") } else { inner.replace('"', "'") };
        return Err(PatternError::Braces(bare.trim().to_owned()));
    }
    bounds::check(condition).map_err(PatternError::Refused)?;
    check_comparisons(condition)?;
    let environment = absence::of_conditions();
    let condition = &compare::with_branches(condition);
    environment.compile_expression(condition).map_err(|e| unreadable(condition, &e, &environment))?;
    let asked_of_nothing = &absence::asked_of_nothing(condition);
    let expression =
        environment.compile_expression(asked_of_nothing).map_err(|e| PatternError::of_rendering(&e))?;
    let mut used: BTreeSet<String> = expression.undeclared_variables(false).into_iter().collect();
    let (known, value) = loop {
        let known = known_to_condition(condition, &used, words, may_lack_version)?;
        let recorder = Recorder::new(&known);
        let value = expression.eval(Value::from_dyn_object(Arc::clone(&recorder)));
        let asked = recorder.asked();
        if let Some(word) = asked.iter().find(|word| is_of_version(word)).filter(|_| words.version.is_none())
        {
            return Err(PatternError::NoVersion(word.clone()));
        }
        if asked.is_subset(&used) {
            break (known, value);
        }
        used.extend(asked);
    };
    if let Some((word, attribute)) = foreign::attribute(condition) {
        return Err(PatternError::Render(format!("`{word}` has no `{attribute}`")));
    }
    // What is neither true nor false where all is known, or nothing, is a mistake in each run.
    let all: Vec<_> = examples().filter(|(word, _)| used.contains(*word)).collect();
    let nothing = vec![(PRERELEASE, Value::from(false))];
    for known in [all, nothing] {
        if let Ok(value) = expression.eval(Value::from_pairs(known.iter().cloned())) {
            truth(&value, &known)?;
        }
    }
    let used: Vec<_> = known.into_iter().filter(|(word, _)| used.contains(*word)).collect();
    truth(&value.map_err(|e| PatternError::of_rendering(&e))?, &used)
}

/// Whether what a condition comes to is true. Words alone ask whether the run has them: `tag`, `pr or branch`.
fn truth(value: &Value, known: &[(&str, Value)]) -> Result<bool, PatternError> {
    let is_it = |known: &Value| known.kind() == value.kind() && known == value;
    let is_word = || known.iter().any(|(word, known)| *word != DATE && is_it(known));
    match value.kind() {
        ValueKind::Bool => Ok(value.is_true()),
        ValueKind::None | ValueKind::Undefined => Ok(false),
        _ if is_word() => Ok(true),
        kind => Err(PatternError::NotABool(format!("a {kind}"))),
    }
}

/// Why a condition cannot be read.
fn unreadable(condition: &str, error: &Error, environment: &Environment<'_>) -> PatternError {
    let is_read = |text: &String| environment.compile_expression_owned(text.clone()).is_ok();
    let meant = match foreign::as_meant(condition).filter(is_read) {
        Some(meant) => format!("write `{meant}`"),
        None if foreign::is_of_expressions(condition) => {
            "there are no regular expressions: ask `branch is startingwith('release/')`, `branch is endingwith('-lts')` or `'-rc' in tag`"
                .to_owned()
        }
        None => {
            "a condition has words, texts in quotes, and `==`, `!=`, `in`, `and`, `or` and `not`, as in `event == \"push\" and branch == default_branch`"
                .to_owned()
        }
    };
    PatternError::Condition { detail: detail(error), meant }
}

/// Whether a condition asks for prereleases.
#[must_use]
pub(crate) fn asks_for_prerelease(condition: &str) -> bool {
    compare::tokens(condition).contains(&PRERELEASE)
}

/// Whether a condition asks for anything of the version.
#[must_use]
pub(crate) fn asks_for_version(condition: &str) -> bool {
    asks_for_prerelease(condition) || compare::tokens(condition).into_iter().any(is_of_version)
}

/// What a condition knows: what this run has not is undefined.
fn known_to_condition(
    condition: &str,
    used: &BTreeSet<String>,
    words: &Words<'_>,
    may_lack_version: bool,
) -> Result<Vec<(&'static str, Value)>, PatternError> {
    let uses = uses(used, Some(PRERELEASE), condition)?;
    let mut known = pairs(&uses, words);
    known.push((PRERELEASE, words.version.is_some_and(Version::is_prerelease).into()));
    for word in used {
        if known.iter().any(|(name, _)| name == word) {
            continue;
        }
        // This run has none of it, and that is known. A version may have fewer numbers.
        let is_absent = is_absent(word, words.facts)
            || is_of_version(word) && (may_lack_version || words.version.is_some());
        match is_absent {
            true => {}
            false if is_of_version(word) => return Err(PatternError::NoVersion(word.clone())),
            false => return Err(missing(word, words.facts)),
        }
    }
    Ok(known)
}
