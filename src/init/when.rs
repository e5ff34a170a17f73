//! Conditions of GitHub Actions in our own words: `github.event_name == 'push'` is `event == "push"`.

use super::expression::Expression;
use super::moment::Fact;
use super::text::Piece;
use super::value::Value;

/// The condition as `when` has it, with what its parts are; `None` where our words cannot say it.
pub(super) fn of(condition: &Expression, value_of: &dyn Fn(&Expression) -> Value) -> Option<String> {
    let known = value_of(condition);
    if let (Value::Bool(_) | Value::Null | Value::Number(_), Some(holds)) = (&known, known.is_true()) {
        return Some(holds.to_string());
    }
    match condition {
        Expression::Not(operand) => match of(operand, value_of)?.as_str() {
            "true" => Some("false".to_owned()),
            "false" => Some("true".to_owned()),
            inner => Some(format!("not {}", in_brackets(inner))),
        },
        Expression::Binary("&&", left, right) => both(of(left, value_of)?, of(right, value_of)?, "and"),
        Expression::Binary("||", left, right) => both(of(left, value_of)?, of(right, value_of)?, "or"),
        Expression::Binary(operator @ ("==" | "!="), left, right) => {
            let condition = compared(left, right, value_of).or_else(|| compared(right, left, value_of))?;
            Some(if *operator == "==" { condition } else { format!("not {}", in_brackets(&condition)) })
        }
        Expression::Call(name, arguments) => {
            let [text, part] = arguments.as_slice() else { return None };
            let part_of = constant(part, value_of)?;
            let text = operand(text, value_of)?;
            match (name.as_str(), text.as_str(), part_of.as_str()) {
                ("startswith", "ref", "refs/tags/" | "refs/tags") => Some("tag".to_owned()),
                ("startswith", "ref", "refs/heads/" | "refs/heads") => Some("branch".to_owned()),
                ("startswith", "ref", "refs/pull/" | "refs/pull") => Some("pr".to_owned()),
                ("startswith", ..) => Some(format!("{text} is startingwith({})", quoted(&part_of))),
                ("endswith", ..) => Some(format!("{text} is endingwith({})", quoted(&part_of))),
                ("contains", "ref", _) => Some(format!("{} in {text}", quoted(&part_of))),
                // `in` needs a text, and a run of a pull request has none of these.
                ("contains", ..) => Some(format!("{text} and {} in {text}", quoted(&part_of))),
                _ => None,
            }
        }
        other => operand(other, value_of),
    }
}

/// `left == right`
fn compared(
    left: &Expression,
    right: &Expression,
    value_of: &dyn Fn(&Expression) -> Value,
) -> Option<String> {
    if *left == Expression::Path(vec!["github".to_owned(), "ref_type".to_owned()]) {
        return match constant(right, value_of)?.as_str() {
            "tag" => Some("tag".to_owned()),
            "branch" => Some("branch".to_owned()),
            _ => None,
        };
    }
    let word = operand(left, value_of)?;
    let right = operand(right, value_of)?;
    // What a release is there is the push of its tag here.
    if word == "event" && right == quoted("release") {
        return Some("tag".to_owned());
    }
    Some(format!("{word} == {right}"))
}

fn both(left: String, right: String, word: &str) -> Option<String> {
    let (absorbs, neutral) = if word == "and" { ("false", "true") } else { ("true", "false") };
    Some(match (left.as_str(), right.as_str()) {
        (one, other) if one == absorbs || other == absorbs => absorbs.to_owned(),
        (one, _) if one == neutral => right,
        (_, other) if other == neutral => left,
        (one, other) => format!("{} {word} {}", in_brackets(one), in_brackets(other)),
    })
}

fn in_brackets(condition: &str) -> String {
    let is_simple = condition.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_simple { condition.to_owned() } else { format!("({condition})") }
}

/// A text of the run: a word, a string, or several of them.
fn operand(expression: &Expression, value_of: &dyn Fn(&Expression) -> Value) -> Option<String> {
    let Value::Text(text) = value_of(expression) else { return None };
    if text.0.is_empty() {
        return Some(quoted(""));
    }
    let pieces: Option<Vec<String>> = text
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Some(quoted(text)),
            Piece::Fact(fact) => word(fact).map(str::to_owned),
            Piece::Repository
            | Piece::Owner
            | Piece::Name
            | Piece::Setting(..)
            | Piece::Meta(..)
            | Piece::Unknown(_) => None,
        })
        .collect();
    Some(pieces?.join(" ~ "))
}

fn constant(expression: &Expression, value_of: &dyn Fn(&Expression) -> Value) -> Option<String> {
    if let Value::Text(text) = value_of(expression) { text.constant() } else { None }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The word for a fact in a condition.
pub(super) fn word(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Ref => Some("ref"),
        Fact::RefName => Some("(tag or branch)"),
        Fact::Tag => Some("tag"),
        Fact::Commit(None) => Some("commit"),
        Fact::PullRequest => Some("pr"),
        Fact::HeadBranch => Some("head_branch"),
        Fact::BaseBranch => Some("base_branch"),
        Fact::DefaultBranch => Some("default_branch"),
        Fact::Event => Some("event"),
        Fact::Version | Fact::Numbers(_) | Fact::Commit(Some(_)) | Fact::Date(_) | Fact::RunNumber => None,
    }
}
