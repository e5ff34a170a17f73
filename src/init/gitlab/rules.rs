//! When jobs of GitLab run: `rules`, `only`, `except` and `when`, as conditions in our words
//! (<https://docs.gitlab.com/ci/yaml/#rules>, <https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions>).

use crate::bake::compose::Yaml;
use crate::init::values::moment::{Answers, Fact, Moment};
use crate::init::values::scope::Scope;
use crate::init::values::text::{Condition, Piece};
use crate::init::values::when;

/// How deep parentheses may be.
const MAX_DEPTH: usize = 16;

/// How many names, signs and texts a condition may have.
const MAX_TOKENS: usize = 2000;

/// The steps that reading a condition takes, and how many bytes of it are one more.
const STEPS: usize = 8;
const BYTES: usize = 8;

/// The rules of a job: the first that applies decides. With `only`, it has to be this one.
pub(in crate::init) fn of_rules(
    list: &[&Yaml],
    when: Option<&str>,
    scope: &Scope,
    only: Option<usize>,
) -> Condition {
    let (mut none, mut any) = (Condition::fixed(true), Condition::fixed(false));
    for (at, rule) in list.iter().enumerate() {
        let applies = applies(rule, scope);
        let own = rule.get("when").and_then(Yaml::as_text).or(when);
        if only.is_none_or(|only| only == at) {
            any = any.or(none.clone().and(applies.clone()).and(started(own)));
        }
        none = none.and(applies.not());
    }
    any
}

fn applies(rule: &Yaml, scope: &Scope) -> Condition {
    if rule.members().is_empty() {
        return Condition::open("a rule that is not in this file");
    }
    let condition = rule.get("if").map(|condition| match condition.as_text() {
        Some(text) => of_text(text, scope),
        None => Condition::open("an `if` that is not a string"),
    });
    let mut applies = condition.unwrap_or_else(|| Condition::fixed(true));
    for (name, value) in rule.members().iter().filter(|(name, _)| name == "changes" || name == "exists") {
        let files: Vec<&str> = value.items().iter().filter_map(Yaml::as_text).collect();
        applies = applies.and(Condition::open(&format!("{name}: {}", files.join(", "))));
    }
    applies
}

/// Whether `when` starts a job that nothing keeps from running.
pub(in crate::init) fn started(when: Option<&str>) -> Condition {
    match when {
        None | Some("on_success" | "always" | "delayed") => Condition::fixed(true),
        Some("never" | "on_failure") => Condition::fixed(false),
        Some(other) => Condition::open(&format!("when: {other}")),
    }
}

/// What `if` says.
pub(in crate::init) fn of_text(text: &str, scope: &Scope) -> Condition {
    if !scope.world.work.spend(STEPS + text.len() / BYTES) {
        return Condition::open(text);
    }
    let parsed = tokens(text).and_then(|tokens| {
        let mut parser = Parser { tokens: &tokens, at: 0, scope };
        parser.any(0).filter(|_| parser.at == tokens.len())
    });
    parsed.unwrap_or_else(|| Condition::open(text))
}

/// A part of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Equal,
    NotEqual,
    Fits,
    FitsNot,
    Null,
    Name(String),
    Text(String),
    /// A regular expression.
    Pattern(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    const SIGNS: [(&str, Token); 8] = [
        ("&&", Token::And),
        ("||", Token::Or),
        ("==", Token::Equal),
        ("!=", Token::NotEqual),
        ("=~", Token::Fits),
        ("!~", Token::FitsNot),
        ("(", Token::Open),
        (")", Token::Close),
    ];
    let mut all = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        if all.len() == MAX_TOKENS {
            return None;
        }
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if let Some((sign, token)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            all.push(token.clone());
            rest = &rest[sign.len()..];
        } else if let Some(behind) = rest.strip_prefix('$') {
            let (name, behind) = match behind.strip_prefix('{') {
                Some(inner) => inner.split_once('}')?,
                None => behind.split_at(behind.find(|c| !is_of_name(c)).unwrap_or(behind.len())),
            };
            all.push(Token::Name(name.to_owned()));
            rest = behind;
        } else if matches!(first, '"' | '\'') {
            let (inner, behind) = rest[1..].split_once(first)?;
            all.push(Token::Text(inner.to_owned()));
            rest = behind;
        } else if first == '/' {
            let mut escaped = false;
            let end = rest[1..].char_indices().find_map(|(at, c)| {
                let ends = c == '/' && !escaped;
                escaped = c == '\\' && !escaped;
                ends.then_some(at + 1)
            })?;
            let behind = &rest[end + 1..];
            let length = behind.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(behind.len());
            // GitLab writes a slash in a pattern as `\/`.
            let pattern = rest[1..end].replace("\\/", "/");
            let flags = &behind[..length];
            all.push(Token::Pattern(if flags.is_empty() { pattern } else { format!("(?{flags}){pattern}") }));
            rest = &behind[length..];
        } else {
            rest = rest.strip_prefix("null").filter(|rest| !rest.starts_with(is_of_name))?;
            all.push(Token::Null);
        }
        rest = rest.trim_start();
    }
    Some(all)
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    scope: &'t Scope,
}

impl Parser<'_> {
    fn takes(&mut self, token: &Token) -> bool {
        let is_it = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    fn any(&mut self, depth: usize) -> Option<Condition> {
        let mut any = self.all(depth)?;
        while self.takes(&Token::Or) {
            any = any.or(self.all(depth)?);
        }
        Some(any)
    }

    fn all(&mut self, depth: usize) -> Option<Condition> {
        let mut all = self.one(depth)?;
        while self.takes(&Token::And) {
            all = all.and(self.one(depth)?);
        }
        Some(all)
    }

    fn one(&mut self, depth: usize) -> Option<Condition> {
        if self.takes(&Token::Open) {
            let inner = self.any(depth + 1).filter(|_| depth < MAX_DEPTH)?;
            return self.takes(&Token::Close).then_some(inner);
        }
        let left = self.tokens.get(self.at)?.clone();
        self.at += 1;
        let sign = self.tokens.get(self.at).cloned();
        if !matches!(sign, Some(Token::Equal | Token::NotEqual | Token::Fits | Token::FitsNot)) {
            return Some(self.filled(&left));
        }
        let right = self.tokens.get(self.at + 1)?.clone();
        self.at += 2;
        match sign? {
            Token::Equal => Some(self.equal(&left, &right)),
            Token::NotEqual => Some(self.equal(&left, &right).not()),
            Token::Fits => Some(self.fits(&left, &right)),
            Token::FitsNot => Some(self.fits(&left, &right).not()),
            _ => None,
        }
    }

    /// Whether a variable is there and not empty.
    fn filled(&self, token: &Token) -> Condition {
        let answers =
            Answers::of(|moment| Some(self.value(token, moment)?.is_some_and(|text| !text.is_empty())));
        let when = self.word(token).map(|word| match word {
            Word::Branch => "branch".to_owned(),
            Word::Tag => "tag".to_owned(),
            Word::Request => "pr".to_owned(),
            Word::RefName | Word::Event | Word::Default => "true".to_owned(),
            Word::Constant(text) => text.is_some_and(|text| !text.is_empty()).to_string(),
        });
        Condition::new(shown(token), answers, when)
    }

    fn equal(&self, left: &Token, right: &Token) -> Condition {
        let written = format!("{} == {}", shown(left), shown(right));
        let answers = Answers::of(|moment| Some(self.value(left, moment)? == self.value(right, moment)?));
        let when = self.word(left).zip(self.word(right)).and_then(|words| match words {
            (Word::Constant(one), Word::Constant(other)) => Some((one == other).to_string()),
            (word, Word::Constant(text)) | (Word::Constant(text), word) => {
                let is = |name: &str| match &text {
                    Some(text) => format!("{name} == {}", when::quoted(text)),
                    None => format!("not {name}"),
                };
                match word {
                    Word::Branch => Some(is("branch")),
                    Word::Tag => Some(is("tag")),
                    Word::Request => text.is_none().then(|| "not pr".to_owned()),
                    Word::RefName => Some(text.map_or_else(
                        || "false".to_owned(),
                        |text| format!("{} == {}", when::REF_NAME, when::quoted(&text)),
                    )),
                    Word::Event | Word::Default if text.is_none() => Some("false".to_owned()),
                    Word::Event => Some(is("event")),
                    Word::Default => Some(is("default_branch")),
                    Word::Constant(_) => None,
                }
            }
            (Word::Branch | Word::RefName, Word::Default) | (Word::Default, Word::Branch | Word::RefName) => {
                Some("default_branch".to_owned())
            }
            _ => None,
        });
        Condition::new(written, answers, when)
    }

    fn fits(&self, left: &Token, right: &Token) -> Condition {
        let written = format!("{} =~ {}", shown(left), shown(right));
        let Token::Pattern(pattern) = right else { return Condition::open(&written) };
        let regex = self.scope.world.work.regex(pattern);
        let answers = Answers::of(|moment| {
            let text = self.value(left, moment)?;
            Some(text.is_some_and(|text| regex.as_ref().is_some_and(|regex| regex.is_match(&text))))
        });
        let answers = if regex.is_some() { answers } else { Answers::of(|_| None) };
        let when = match self.word(left) {
            Some(Word::Branch) => when::fitting("branch", pattern),
            Some(Word::Tag) => when::fitting("tag", pattern),
            Some(Word::RefName) => when::fitting(when::REF_NAME, pattern),
            Some(Word::Event) => when::fitting("event", pattern),
            _ => None,
        };
        Condition::new(written, answers, when)
    }

    /// What our words have for it.
    fn word(&self, token: &Token) -> Option<Word> {
        let name = match token {
            Token::Null => return Some(Word::Constant(None)),
            Token::Text(text) => return Some(Word::Constant(Some(text.clone()))),
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        match name {
            "CI_COMMIT_BRANCH" => return Some(Word::Branch),
            "CI_PIPELINE_SOURCE" => return Some(Word::Event),
            "CI_MERGE_REQUEST_ID" | "CI_MERGE_REQUEST_IID" => return Some(Word::Request),
            _ => {}
        }
        let (_, value) = self.scope.set.iter().rev().find(|(known, _)| known == name)?;
        match value.0.as_slice() {
            [Piece::Fact(Fact::Tag)] => Some(Word::Tag),
            [Piece::Fact(Fact::RefName)] => Some(Word::RefName),
            [Piece::Fact(Fact::DefaultBranch)] => Some(Word::Default),
            _ => Some(Word::Constant(Some(value.constant()?))),
        }
    }

    /// A side of a comparison in a run: none where that is not known, and null within.
    #[expect(clippy::option_option, reason = "what is null is known")]
    fn value(&self, token: &Token, moment: Moment) -> Option<Option<String>> {
        let name = match token {
            Token::Null => return Some(None),
            Token::Text(text) => return Some(Some(text.clone())),
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        let world = &self.scope.world;
        let is_branch = matches!(moment, Moment::Branch | Moment::OtherBranch(_) | Moment::Schedule);
        Some(match name {
            "CI_PIPELINE_SOURCE" => Some(source(moment).to_owned()),
            "CI_COMMIT_BRANCH" => is_branch.then(|| moment.fact(&Fact::RefName, world)).flatten(),
            "CI_MERGE_REQUEST_ID" | "CI_MERGE_REQUEST_IID" => moment.fact(&Fact::PullRequest, world),
            "CI_OPEN_MERGE_REQUESTS" => (moment == Moment::PullRequest).then(|| "1".to_owned()),
            _ => {
                let (_, value) = self.scope.set.iter().rev().find(|(known, _)| known == name)?;
                match value.0.as_slice() {
                    [Piece::Fact(fact)] => moment.fact(fact, world),
                    _ => Some(value.constant()?),
                }
            }
        })
    }
}

/// What a side of a comparison is in our words.
#[derive(Clone, Debug)]
enum Word {
    Branch,
    Tag,
    RefName,
    Event,
    Default,
    Request,
    /// A text, or null.
    Constant(Option<String>),
}

/// What starts a pipeline in GitLab's words.
fn source(moment: Moment) -> &'static str {
    match moment {
        Moment::PullRequest => "merge_request_event",
        Moment::Schedule => "schedule",
        Moment::Branch | Moment::OtherBranch(_) | Moment::Tag | Moment::Release | Moment::Made => "push",
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Name(name) => format!("${name}"),
        Token::Text(text) => format!("\"{text}\""),
        Token::Pattern(pattern) => format!("/{pattern}/"),
        Token::Null => "null".to_owned(),
        _ => String::new(),
    }
}

/// `only` and `except`: where they list nothing that is said otherwise, branches and git tags.
pub(in crate::init) fn of_refs(only: Option<&Yaml>, except: Option<&Yaml>, scope: &Scope) -> Condition {
    let is_in = match only {
        Some(only) => of_list(only, true, scope),
        None => condition(
            Some("branch or tag".to_owned()),
            "a push",
            |moment, _| moment != Moment::PullRequest,
            scope,
        ),
    };
    match except {
        Some(except) => is_in.and(of_list(except, false, scope).not()),
        None => is_in,
    }
}

fn condition(
    when: Option<String>,
    written: &str,
    holds: impl Fn(Moment, &str) -> bool,
    scope: &Scope,
) -> Condition {
    let name = |moment: Moment| moment.fact(&Fact::RefName, &scope.world).unwrap_or_default();
    let answers = Answers::of(|moment| Some(holds(moment, &name(moment))));
    Condition::new(written.to_owned(), answers, when)
}

/// A list of refs, or a mapping with conditions of which `only` asks for all and `except` for any.
fn of_list(yaml: &Yaml, is_only: bool, scope: &Scope) -> Condition {
    if yaml.members().is_empty() {
        return any(yaml, |name| of_ref(name, scope));
    }
    let mut whole = Condition::fixed(is_only);
    for (key, value) in yaml.members() {
        let one = match key.as_str() {
            "refs" => any(value, |name| of_ref(name, scope)),
            "variables" => any(value, |text| of_text(text, scope)),
            _ => Condition::open(key),
        };
        whole = if is_only { whole.and(one) } else { whole.or(one) };
    }
    whole
}

fn any(list: &Yaml, of: impl Fn(&str) -> Condition) -> Condition {
    let names = list.as_text().into_iter().chain(list.items().iter().filter_map(Yaml::as_text));
    names.map(of).fold(Condition::fixed(false), Condition::or)
}

fn of_ref(written: &str, scope: &Scope) -> Condition {
    // `REF@PATH` is about the project of this path, which is this one in all but its forks.
    let name = match written.rsplit_once('@') {
        Some((name, path)) if path.contains('/') && !path.ends_with('/') => name,
        _ => written,
    };
    let is_tag = |moment: Moment| matches!(moment, Moment::Tag | Moment::Release);
    let is_request = |moment: Moment| moment == Moment::PullRequest;
    let word = |text: &str| Some(text.to_owned());
    let of_event = |event: &str| Some(format!("event == {}", when::quoted(event)));
    match name {
        "tags" => condition(word("tag"), written, |moment, _| is_tag(moment), scope),
        "branches" => {
            condition(word("branch"), written, |moment, _| !is_tag(moment) && !is_request(moment), scope)
        }
        "merge_requests" => condition(word("pr"), written, |moment, _| is_request(moment), scope),
        "schedules" => {
            condition(of_event("schedule"), written, |moment, _| moment == Moment::Schedule, scope)
        }
        "pushes" => condition(
            of_event("push"),
            written,
            |moment, _| !is_request(moment) && moment != Moment::Schedule,
            scope,
        ),
        // What starts a pipeline in none of the examples.
        "api" | "chat" | "external" | "web" => condition(of_event(name), written, |_, _| false, scope),
        "external_pull_requests" | "pipelines" | "triggers" => {
            condition(of_event(name.trim_end_matches('s')), written, |_, _| false, scope)
        }
        pattern if pattern.starts_with('/') => {
            let pattern =
                pattern[1..].rsplit_once('/').map_or("", |(pattern, _)| pattern).replace("\\/", "/");
            let Some(regex) = scope.world.work.regex(&pattern) else { return Condition::open(written) };
            let when = when::fitting(when::REF_NAME, &pattern);
            condition(when, written, |moment, name| !is_request(moment) && regex.is_match(name), scope)
        }
        other => {
            let when = Some(format!("{} == {}", when::REF_NAME, when::quoted(other)));
            condition(when, written, |moment, name| !is_request(moment) && other == name, scope)
        }
    }
}

/// The names of branches and the patterns of refs that conditions name, each with whether it is about git tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::init) enum Named {
    /// A branch.
    Branch(String),
    /// A pattern of branches.
    Branches(String),
    /// A pattern of git tags.
    Tags(String),
}

/// What a condition names.
pub(in crate::init) fn named(text: &str) -> Vec<Named> {
    let tokens = tokens(text).unwrap_or_default();
    let of = |three: &[Token]| match three {
        [Token::Name(name), Token::Equal, Token::Text(text)]
        | [Token::Text(text), Token::Equal, Token::Name(name)]
            if matches!(name.as_str(), "CI_COMMIT_BRANCH" | "CI_COMMIT_REF_NAME") =>
        {
            Some(Named::Branch(text.clone()))
        }
        [Token::Name(name), Token::Fits, Token::Pattern(pattern)] => match name.as_str() {
            "CI_COMMIT_BRANCH" | "CI_COMMIT_REF_NAME" => Some(Named::Branches(pattern.clone())),
            "CI_COMMIT_TAG" => Some(Named::Tags(pattern.clone())),
            _ => None,
        },
        _ => None,
    };
    tokens.windows(3).filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::values::text::Template;

    #[test]
    fn conditions_are_said_in_our_words() {
        let set = [
            ("CI_COMMIT_TAG", Fact::Tag),
            ("CI_COMMIT_REF_NAME", Fact::RefName),
            ("CI_DEFAULT_BRANCH", Fact::DefaultBranch),
        ];
        let set = set.into_iter().map(|(name, fact)| (name.to_owned(), Template(vec![Piece::Fact(fact)])));
        let set = set.chain([("X".to_owned(), Template::from("yes"))]).collect();
        let scope = Scope { set, ..Scope::default() };
        for (text, expected) in [
            ("$CI_COMMIT_TAG", Some("tag")),
            ("$CI_COMMIT_BRANCH == \"develop\"", Some("branch == \"develop\"")),
            ("'develop' == $CI_COMMIT_BRANCH", Some("branch == \"develop\"")),
            ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", Some("default_branch")),
            ("$CI_COMMIT_BRANCH != null", Some("branch")),
            ("$CI_COMMIT_TAG == null && $X == \"yes\"", Some("not tag")),
            ("$CI_COMMIT_BRANCH =~ /^release\\//", Some("branch and branch is startingwith(\"release/\")")),
            ("$CI_COMMIT_BRANCH =~ /^release-.*$/", Some("branch and branch is startingwith(\"release-\")")),
            ("$CI_COMMIT_TAG =~ /^v\\d+/", None),
            ("$CI_COMMIT_BRANCH !~ /^main$/", Some("not (branch == \"main\")")),
            ("($CI_COMMIT_TAG || $X) && $CI_COMMIT_BRANCH", Some("branch")),
            ("$CI_PIPELINE_SOURCE == \"schedule\"", Some("event == \"schedule\"")),
            ("$OTHER", None),
            ("$CI_COMMIT_MESSAGE =~ /skip/i", None),
            ("$A == ", None),
            ("((", None),
        ] {
            assert_eq!(of_text(text, &scope).when.as_deref(), expected, "{text}");
        }
        assert_eq!(
            named("$CI_COMMIT_BRANCH == \"a\" || $CI_COMMIT_TAG =~ /^v/"),
            [Named::Branch("a".to_owned()), Named::Tags("^v".to_owned())]
        );
    }
}
