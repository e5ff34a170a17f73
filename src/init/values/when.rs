//! Conditions of GitHub Actions in our own words: `github.event_name == 'push'` is `event == "push"`.

use super::expression::Expression;
use super::moment::{Answers, Fact, Moment, OfRelease};
use super::text::{Choice, Condition, Piece, Template};
use super::value::Value;

/// The name of the branch or the git tag.
pub(in crate::init) const REF_NAME: &str = "(tag or branch)";

/// What an expression is in every run, or in an example of one.
type ValueOf<'a> = &'a dyn Fn(&Expression, Option<Moment>) -> Value;

/// The condition as `when` has it, with what its parts are; `None` where our words cannot say it.
pub(in crate::init) fn of(condition: &Expression, value_of: ValueOf<'_>) -> Option<String> {
    // What the repository is called is the same in every run.
    let moment = condition.has_only(&is_of_repository).then_some(Moment::Branch);
    let known = value_of(condition, moment);
    if let (Value::Bool(_) | Value::Null | Value::Number(_), Some(holds)) = (&known, known.is_true()) {
        return Some(holds.to_string());
    }
    if let Some(or_false) = made(&known) {
        // `false` is a text, which counts as true.
        return Some(if or_false { "true" } else { "tag" }.to_owned());
    }
    if let Expression::Path(path) = condition
        && path.join(".") == "github.event.release.prerelease"
    {
        return Some("prerelease".to_owned());
    }
    match condition {
        Expression::Not(operand) => match of(operand, value_of)?.as_str() {
            "true" => Some("false".to_owned()),
            "false" => Some("true".to_owned()),
            inner => Some(format!("not {}", in_brackets(inner))),
        },
        Expression::Binary(operator @ ("&&" | "||"), left, right) => {
            let (word, absorbs) = if *operator == "&&" { ("and", "false") } else { ("or", "true") };
            match (of(left, value_of), of(right, value_of)) {
                (Some(left), Some(right)) => Some(both(left, right, word)),
                (one, other) => one.or(other).filter(|known| known == absorbs),
            }
        }
        Expression::Binary(operator @ ("==" | "!="), left, right)
            if matches!((&**left, &**right), (Expression::Bool(_), _) | (_, Expression::Bool(_))) =>
        {
            let (inner, expected) = match (&**left, &**right) {
                (Expression::Bool(expected), inner) | (inner, Expression::Bool(expected)) => {
                    (inner, *expected)
                }
                _ => return None,
            };
            // A text is no bool.
            let inner = of(inner, value_of).filter(|_| !matches!(value_of(inner, None), Value::Text(_)))?;
            Some(if (*operator == "==") == expected { inner } else { format!("not {}", in_brackets(&inner)) })
        }
        Expression::Binary(operator @ ("==" | "!="), left, right) => {
            let condition = compared(left, right, value_of).or_else(|| compared(right, left, value_of))?;
            Some(if *operator == "==" { condition } else { format!("not {}", in_brackets(&condition)) })
        }
        Expression::Call(name, arguments) if matches!((name.as_str(), arguments.as_slice()), ("fromjson", [one]) if made(&value_of(one, None)).is_some()) => {
            Some("tag".to_owned())
        }
        Expression::Call(name, arguments) => {
            let [text, part] = arguments.as_slice() else { return None };
            if let ("contains", Value::List(items)) = (name.as_str(), value_of(text, None)) {
                let texts: Option<Vec<String>> = items
                    .into_iter()
                    .map(|item| item.into_text().constant().map(|text| quoted(&text)))
                    .collect();
                return Some(format!("{} in [{}]", operand(part, value_of)?, texts?.join(", ")));
            }
            let part_of = constant(part, value_of)?;
            let text = operand(text, value_of)?;
            match (name.as_str(), text.as_str(), part_of.as_str()) {
                ("startswith", ..) => Some(starting(&text, &part_of)),
                ("endswith", ..) => Some(format!("{text} is endingwith({})", quoted(&part_of))),
                ("contains", "ref", _) => Some(format!("{} in {text}", quoted(&part_of))),
                // `in` needs a text, and a run of a pull request has none of these.
                ("contains", ..) => Some(format!("{text} and {} in {text}", quoted(&part_of))),
                _ => None,
            }
        }
        other => match value_of(other, None) {
            Value::Text(text) if text.choice().is_some() => equal(&text, "").map(|empty| negated(&empty)),
            Value::Text(text) => self::text(&text),
            _ => None,
        },
    }
}

/// Whether a value says that the run makes a release, which is the push of its git tag with a plan; with whether it is `false`
/// in other runs.
fn made(value: &Value) -> Option<bool> {
    let Value::Text(text) = value else { return None };
    match text.0.as_slice() {
        [Piece::Fact(Fact::OfRelease(OfRelease::Made { or_false }))] => Some(*or_false),
        _ => None,
    }
}

/// Whether a name stands for what the repository is called.
pub(in crate::init) fn is_of_repository(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path.as_slice(),
        ["github", "repository" | "repository_owner" | "server_url"]
            | ["github", "event", "repository", "full_name" | "name" | "owner" | "fork", ..]
    )
}

/// `left == right`
fn compared(left: &Expression, right: &Expression, value_of: ValueOf<'_>) -> Option<String> {
    if *left == Expression::Path(vec!["github".to_owned(), "ref_type".to_owned()]) {
        return match constant(right, value_of)?.as_str() {
            "tag" => Some("tag".to_owned()),
            "branch" => Some("branch".to_owned()),
            _ => None,
        };
    }
    if let Some(or_false) = made(&value_of(left, None)) {
        let when = match (constant(right, value_of)?.to_ascii_lowercase().as_str(), or_false) {
            ("true", _) => "tag",
            ("false", true) | ("", false) => "not tag",
            _ => "false",
        };
        return Some(when.to_owned());
    }
    if let Value::Text(text) = value_of(left, None)
        && text.choice().is_some()
    {
        return equal(&text, &constant(right, value_of)?);
    }
    let word = operand(left, value_of)?;
    let right = operand(right, value_of)?;
    // What a release is there is the push of its tag here.
    if word == "event" && right == quoted("release") {
        return Some("tag".to_owned());
    }
    Some(format!("{word} == {right}"))
}

/// Two conditions with `and` or `or` between them.
pub(in crate::init) fn both(left: String, right: String, word: &str) -> String {
    let (absorbs, neutral) = if word == "and" { ("false", "true") } else { ("true", "false") };
    match (left.as_str(), right.as_str()) {
        (one, other) if one == absorbs || other == absorbs => absorbs.to_owned(),
        (one, other) if one == neutral || one == other || has_part(other, one, word) => right,
        (one, other) if other == neutral || has_part(one, other, word) => left,
        (one, other) => format!("{} {word} {}", as_part(one), as_part(other)),
    }
}

/// Whether a condition is one of those that another one joins with a word.
fn has_part(whole: &str, part: &str, word: &str) -> bool {
    let between = format!(" {word} ");
    let (mut depth, mut is_quoted, mut start) = (0_usize, false, 0);
    let mut parts: Vec<&str> = Vec::new();
    for (at, c) in whole.char_indices() {
        match c {
            '"' if !whole[..at].ends_with('\\') => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth = depth.saturating_sub(1),
            ' ' if !is_quoted && depth == 0 && whole[at..].starts_with(&between) => {
                parts.push(&whole[start..at]);
                start = at + between.len();
            }
            _ => {}
        }
    }
    parts.push(&whole[start..]);
    let other = if word == "and" { " or " } else { " and " };
    // Both words side by side are none that is written here.
    parts.len() > 1
        && !parts.iter().any(|one| !one.starts_with('(') && one.contains(other))
        && parts.iter().any(|one| *one == part || *one == in_brackets(part))
}

/// Whether a condition is a word.
fn is_word(condition: &str) -> bool {
    condition.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn in_brackets(condition: &str) -> String {
    if is_word(condition) { condition.to_owned() } else { format!("({condition})") }
}

/// A condition without the brackets around all of it.
pub(in crate::init) fn without_brackets(condition: &str) -> &str {
    let Some(inner) = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else {
        return condition;
    };
    let mut depth = 0_usize;
    let is_one = inner.chars().all(|c| {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            _ => {}
        }
        true
    });
    if is_one { inner } else { condition }
}

/// The same beside `and` and `or`, which bind less than `not`.
fn as_part(condition: &str) -> String {
    match condition.strip_prefix("not ") {
        Some(word) if is_word(word) => condition.to_owned(),
        _ => in_brackets(condition),
    }
}

/// A text of the run: a word, a string, or several of them.
fn operand(expression: &Expression, value_of: ValueOf<'_>) -> Option<String> {
    match value_of(expression, None) {
        Value::Text(text) => self::text(&text),
        _ => None,
    }
}

/// That a word starts with a text.
pub(in crate::init) fn starting(word: &str, start: &str) -> String {
    match (word, start) {
        ("ref", "refs/tags/" | "refs/tags") => "tag".to_owned(),
        ("ref", "refs/heads/" | "refs/heads") => "branch".to_owned(),
        ("ref", "refs/pull/" | "refs/pull") => "pr".to_owned(),
        _ => format!("{word} is startingwith({})", quoted(start)),
    }
}

/// A condition on a word, which some runs lack.
pub(in crate::init) fn present(word: &str, condition: String) -> String {
    let is_always = matches!(word, "ref" | "event" | "commit" | "default_branch");
    if is_always { condition } else { format!("{word} and {condition}") }
}

/// That a word fits a regular expression, where that says how it begins, or all of it.
pub(in crate::init) fn fitting(word: &str, pattern: &str) -> Option<String> {
    let is_plain =
        |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_'));
    let rest = pattern.strip_prefix('^')?;
    let ends = |end: &str| rest.strip_suffix(end).filter(|start| is_plain(start));
    if let Some(start) = ends(".*").or_else(|| ends(".*$")).or_else(|| ends("")) {
        return Some(present(word, starting(word, start)));
    }
    ends("$").map(|whole| format!("{word} == {}", quoted(whole)))
}

/// That a condition does not hold.
pub(in crate::init) fn negated(condition: &str) -> String {
    match (condition, condition.strip_prefix("not ")) {
        ("true", _) => "false".to_owned(),
        ("false", _) => "true".to_owned(),
        (_, Some(word)) if is_word(word) => word.to_owned(),
        (_, Some(inner)) if is_in_brackets(inner) => inner[1..inner.len() - 1].to_owned(),
        _ => format!("not {}", in_brackets(condition)),
    }
}

/// Whether the bracket that a condition begins with ends with it.
fn is_in_brackets(condition: &str) -> bool {
    let mut depth = 0;
    let closes = |(at, c): (usize, char)| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        (depth == 0).then_some(at)
    };
    let is_plain = !condition.contains(['"', '\'']) || condition.matches(['(', ')']).count() == 2;
    is_plain && condition.char_indices().find_map(closes) == condition.len().checked_sub(1)
}

/// A text as a condition has it; none where a part of it has no word.
pub(in crate::init) fn text(text: &Template) -> Option<String> {
    if text.0.is_empty() {
        return Some(quoted(""));
    }
    let pieces: Option<Vec<String>> = text
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Some(quoted(text)),
            Piece::Fact(fact) => word(fact).map(str::to_owned),
            // What is published is of no pull request.
            Piece::Or(fact, other) if fact.is_of_request() => self::text(other),
            Piece::Repository
            | Piece::Owner
            | Piece::Name
            | Piece::Setting(..)
            | Piece::Meta(..)
            | Piece::Or(..)
            | Piece::Choice(_)
            | Piece::Unknown(_) => None,
        })
        .collect();
    Some(pieces?.join(" ~ "))
}

/// That a text is not empty; none where our words cannot say it.
pub(in crate::init) fn filled(text: &Template) -> Option<String> {
    let of = |piece: &Piece| match piece {
        Piece::Text(_) | Piece::Repository | Piece::Owner | Piece::Name => Some("true"),
        Piece::Fact(Fact::Tag | Fact::Version | Fact::Numbers(_) | Fact::Number(_)) => Some("tag"),
        Piece::Fact(Fact::PullRequest | Fact::HeadBranch | Fact::BaseBranch) => Some("pr"),
        Piece::Fact(_) => Some("true"),
        Piece::Setting(..) | Piece::Meta(..) | Piece::Or(..) | Piece::Choice(_) | Piece::Unknown(_) => None,
    };
    match text.0.as_slice() {
        [] => Some("false".to_owned()),
        [one] => of(one).map(str::to_owned),
        several => several.iter().any(|one| of(one) == Some("true")).then(|| "true".to_owned()),
    }
}

impl Choice {
    /// What a test says of it, by what it says of both sides.
    pub(crate) fn judged(&self, then: Condition, other: Condition) -> Condition {
        let Self { when, condition, then: _, other: _ } = self;
        let own = Condition { when: Some(when.clone()), ..condition.clone() };
        // What is published is of no pull request.
        if is_of_requests(when) {
            let answers = Answers::of(|moment| {
                let side = if own.answers.at(moment)? { &then } else { &other };
                side.answers.at(moment)
            });
            return Condition { answers, ..other };
        }
        own.clone().and(then).or(own.not().and(other))
    }
}

/// Whether a condition holds in runs of pull requests alone.
pub(in crate::init) fn is_of_requests(when: &str) -> bool {
    let is_it =
        |part: &str| matches!(part, "pr" | "event == \"pull_request\"" | "(event == \"pull_request\")");
    !when.contains(" or ") && !when.contains("not (") && when.split(" and ").any(is_it)
}

/// That a text that depends on a condition is another one, whose case does not count; none where our words cannot say it.
fn equal(text: &Template, other: &str) -> Option<String> {
    if let Some((choice, then, last)) = text.choice() {
        if choice.condition.asks_for_inputs {
            return None;
        }
        if is_of_requests(&choice.when) {
            return equal(&last, other);
        }
        let then = both(choice.when.clone(), equal(&then, other)?, "and");
        let last = both(negated(&choice.when), equal(&last, other)?, "and");
        return Some(both(then, last, "or"));
    }
    if let Some(own) = text.constant() {
        return Some(own.eq_ignore_ascii_case(other).to_string());
    }
    match (self::text(text)?.as_str(), other) {
        ("tag", "") => Some("not tag".to_owned()),
        (word, _) => Some(format!("{word} == {}", quoted(other))),
    }
}

fn constant(expression: &Expression, value_of: ValueOf<'_>) -> Option<String> {
    if let Value::Text(text) = value_of(expression, None) { text.constant() } else { None }
}

pub(in crate::init) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The word for a fact in a condition.
pub(in crate::init) fn word(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Ref => Some("ref"),
        Fact::RefName => Some(REF_NAME),
        Fact::Tag => Some("tag"),
        Fact::Commit(None) => Some("commit"),
        Fact::PullRequest => Some("pr"),
        Fact::HeadBranch => Some("head_branch"),
        Fact::BaseBranch => Some("base_branch"),
        Fact::DefaultBranch => Some("default_branch"),
        Fact::Event => Some("event"),
        Fact::RefSlug | Fact::RefStart | Fact::RefEnd => None,
        Fact::Version
        | Fact::Numbers(_)
        | Fact::Number(_)
        | Fact::OfRelease(_)
        | Fact::Commit(Some(_))
        | Fact::Date(_)
        | Fact::RunNumber => None,
    }
}
