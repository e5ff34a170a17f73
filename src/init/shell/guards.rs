//! Conditions of a shell, as far as a plan has words for them: `[ "$GITHUB_REF" = refs/heads/main ]` is
//! `ref == "refs/heads/main"`.

use super::words::words as words_of;
use super::{CLOSE, OPEN, Script};
use crate::glob::Glob;
use crate::init::values::moment::{Answers, Fact, Moment};
use crate::init::values::ref_parts;
use crate::init::values::text::{Condition, Piece, Template};
use crate::init::values::value::Value;
use crate::init::values::when;

/// How long a condition may be as it is written, and in our words.
const MAX_WRITTEN: usize = 200;
const MAX_WHEN: usize = 2000;

/// A star of a shell takes slashes, too.
const SLASH: &str = "\u{e002}";

impl Condition {
    /// A condition as it is written, with whether it holds in the examples, and in our words where they can say it.
    pub(in crate::init) fn new(written: String, answers: Answers, when: Option<String>) -> Self {
        Self { written, answers, when, asks_for_inputs: false }
    }

    /// What always or never holds.
    pub(crate) fn fixed(holds: bool) -> Self {
        Self::new(holds.to_string(), Answers::of(|_| Some(holds)), Some(holds.to_string()))
    }

    /// What cannot be known.
    pub(crate) fn open(written: &str) -> Self {
        Self::new(written.trim().to_owned(), Answers::of(|_| None), None).bounded()
    }

    /// The same without what is too long.
    fn bounded(mut self) -> Self {
        if let Some((at, _)) = self.written.char_indices().nth(MAX_WRITTEN) {
            self.written.truncate(at);
            self.written.push('…');
        }
        self.when = self.when.filter(|when| when.len() <= MAX_WHEN);
        self
    }

    /// Whether it holds in every run.
    pub(in crate::init) fn is_certain(&self) -> bool {
        self.when.as_deref() == Some("true") && !self.asks_for_inputs
    }

    /// Whether it holds in no run.
    pub(in crate::init) fn is_never(&self) -> bool {
        self.when.as_deref() == Some("false") && !self.asks_for_inputs
    }

    /// Whether nothing about it is known, in none of the examples.
    pub(in crate::init) fn is_open(&self) -> bool {
        self.when.is_none() && self.answers.0.iter().all(Option::is_none)
    }

    pub(in crate::init) fn not(self) -> Self {
        let Self { written, answers, when, asks_for_inputs } = self;
        let written = match written.strip_prefix("! ") {
            Some(inner) => inner.to_owned(),
            None => format!("! {written}"),
        };
        let answers = Answers::of(|moment| answers.at(moment).map(|holds| !holds));
        Self { written, answers, when: when.as_deref().map(when::negated), asks_for_inputs }.bounded()
    }

    pub(in crate::init) fn and(self, other: Self) -> Self {
        if self.is_certain() || other.is_never() {
            return other;
        }
        if other.is_certain() || self.is_never() {
            return self;
        }
        Self {
            written: format!("{} && {}", self.written, other.written),
            answers: self.answers.and(other.answers),
            when: both(self.when, other.when, "and"),
            asks_for_inputs: self.asks_for_inputs || other.asks_for_inputs,
        }
        .bounded()
    }

    pub(in crate::init) fn or(self, other: Self) -> Self {
        if self.is_never() || other.is_certain() {
            return other;
        }
        if other.is_never() || self.is_certain() {
            return self;
        }
        let answers = Answers::of(|moment| match (self.answers.at(moment), other.answers.at(moment)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        });
        Self {
            written: format!("{} || {}", self.written, other.written),
            answers,
            when: both(self.when, other.when, "or"),
            asks_for_inputs: self.asks_for_inputs || other.asks_for_inputs,
        }
        .bounded()
    }
}

/// Two conditions in our words; one of them is enough where it decides.
fn both(one: Option<String>, other: Option<String>, word: &str) -> Option<String> {
    let absorbs = if word == "and" { "false" } else { "true" };
    // What is published is of no pull request, so it does not matter what else is asked of one.
    let is_enough = |known: &String| match word {
        "and" => when::is_of_requests(known),
        _ => when::is_of_requests(&when::negated(known)),
    };
    match (one, other) {
        (Some(one), Some(other)) => Some(when::both(one, other, word)),
        (one, other) => one.or(other).filter(|known| known == absorbs || is_enough(known)),
    }
}

/// A side of a comparison.
enum Side {
    /// A text, in which absent facts are empty.
    Text(Template),
    /// What a person may say who starts a run, and nobody says in others.
    Input,
    /// `branch` or `tag`.
    RefType,
    /// The branch; empty in runs of others.
    Branch,
    /// A variable or an expression whose value is only known in the examples.
    ByRun(Box<dyn Fn(Moment) -> Option<String>>, Option<Condition>),
}

impl Script<'_> {
    /// The condition that a command is, if it is nothing else.
    pub(super) fn condition(&self, command: &str) -> Option<Condition> {
        let words = words_of(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let open = || Condition::open(&self.unmarked(command));
        Some(match words.as_slice() {
            ["true" | ":"] => Condition::fixed(true),
            ["false"] => Condition::fixed(false),
            ["[[", inner @ .., "]]"] => self.alternatives(inner, ["||", "&&"], true).unwrap_or_else(open),
            ["[", inner @ .., "]"] | ["test", inner @ ..] => {
                self.alternatives(inner, ["-o", "-a"], false).unwrap_or_else(open)
            }
            ["[[" | "[", ..] => open(),
            [first, ..] if first.starts_with("((") => open(),
            // A variable that is the name of `true` or `false`.
            [one] if one.starts_with('$') || one.starts_with(OPEN) => {
                let is = |word: &str| self.compared(one, word, false);
                is("true")
            }
            _ => return None,
        })
    }

    /// What is joined by `||` and, closer, by `&&`.
    fn alternatives(&self, words: &[&str], joints: [&str; 2], is_pattern: bool) -> Option<Condition> {
        let [or, and] = joints;
        let mut any: Option<Condition> = None;
        for all in words.split(|word| *word == or) {
            let mut every: Option<Condition> = None;
            for one in all.split(|word| *word == and) {
                let one = self.test(one, is_pattern).unwrap_or_else(|| Condition::open(&one.join(" ")));
                every = Some(every.map_or(one.clone(), |every| every.and(one)));
            }
            any = match (any, every) {
                (Some(any), Some(every)) => Some(any.or(every)),
                (one, other) => one.or(other),
            };
        }
        any
    }

    /// A single test; none where it is of a kind that is not read.
    fn test(&self, words: &[&str], is_pattern: bool) -> Option<Condition> {
        match words {
            ["!", rest @ ..] => Some(self.test(rest, is_pattern)?.not()),
            ["-n", text] | [text] => Some(self.filled(text)),
            ["-z", text] => Some(self.filled(text).not()),
            [left, "=" | "==", right] => Some(self.compared(left, right, is_pattern)),
            [left, "!=", right] => Some(self.compared(left, right, is_pattern).not()),
            [left, "=~", pattern] => self.fits(left, pattern),
            _ => None,
        }
    }

    /// `-n TEXT`
    fn filled(&self, text: &str) -> Condition {
        let written = format!("-n {}", self.unmarked(text));
        self.of_side(self.side(text), &written, &|side, written| {
            let answers = self.answers(side, |text| !text.is_empty());
            let when = match side {
                Side::RefType => Some("true".to_owned()),
                Side::Branch => Some("branch".to_owned()),
                Side::ByRun(..) | Side::Input => None,
                Side::Text(text) => when::filled(text),
            };
            Condition::new(written, answers, when)
        })
    }

    /// What a test says of a text, or of each that it may be.
    fn of_side(&self, side: Side, written: &str, test: &dyn Fn(&Side, String) -> Condition) -> Condition {
        match side {
            Side::Text(text) if !self.scope.world.work.spend(1) => Condition::open(&text.shown()),
            Side::Text(text) => match text.choice() {
                Some((choice, then, other)) => {
                    let [then, other] =
                        [then, other].map(|side| self.of_side(self.side_of(side), written, test));
                    Condition { written: written.to_owned(), ..choice.judged(then, other) }.bounded()
                }
                None if text.unknown_parts().is_empty() => {
                    test(&Side::Text(text), written.to_owned()).bounded()
                }
                None => Condition::open(written),
            },
            Side::Input => {
                let empty = test(&Side::Text(Template::default()), written.to_owned());
                Condition { asks_for_inputs: true, ..empty }.bounded()
            }
            other => test(&other, written.to_owned()).bounded(),
        }
    }

    /// A text as a side of a comparison.
    fn side_of(&self, text: Template) -> Side {
        if self.is_input(&text) { Side::Input } else { Side::Text(text) }
    }

    /// `LEFT = RIGHT`, where the right side may be a pattern.
    pub(super) fn compared(&self, left: &str, right: &str, is_pattern: bool) -> Condition {
        let written = format!("{} = {}", self.unmarked(left), self.unmarked(right));
        let value = self.expand(right);
        let Some(text) = value.constant() else {
            let is_default =
                |text: &Template| matches!(text.0.as_slice(), [Piece::Fact(Fact::DefaultBranch)]);
            let (one, other) = match (self.side(left), self.side(right)) {
                (Side::Text(one), Side::Text(other)) => (one, other),
                (side @ Side::Branch, Side::Text(text)) | (Side::Text(text), side @ Side::Branch)
                    if is_default(&text) =>
                {
                    let answers = self.answers(&side, |name| name == self.scope.world.default_branch);
                    return Condition::new(written, answers, Some("default_branch".to_owned())).bounded();
                }
                _ => return Condition::open(&written),
            };
            let answers =
                Answers::of(|moment| Some(self.text_at(&one, moment)? == self.text_at(&other, moment)?));
            let when =
                self.word_of(&one).zip(self.word_of(&other)).map(|(one, other)| format!("{one} == {other}"));
            return Condition::new(written, answers, when).bounded();
        };
        let side = self.side(left);
        if let Side::ByRun(_, Some(condition)) = &side
            && matches!(text.as_str(), "true" | "false")
        {
            let condition = condition.clone();
            return if text == "true" { condition } else { condition.not() };
        }
        if is_pattern && text.contains(['*', '?', '[']) {
            return self.of_side(side, &written, &|side, written| self.like(side, &text, written));
        }
        self.of_side(side, &written, &|side, written| self.equal(side, &text, written))
    }

    fn equal(&self, side: &Side, text: &str, written: String) -> Condition {
        let answers = self.answers(side, |value| value == text);
        let when = match side {
            Side::RefType => Some(match text {
                "tag" | "branch" => text.to_owned(),
                _ => "false".to_owned(),
            }),
            Side::Branch => Some(format!("branch == {}", when::quoted(text))),
            Side::Text(own) => match own.constant() {
                Some(own) => Some((own == text).to_string()),
                None => self.word_of(own).map(|word| match (word.as_str(), text) {
                    ("tag", "") => "not tag".to_owned(),
                    ("event", "release") => "tag".to_owned(),
                    _ => format!("{word} == {}", when::quoted(text)),
                }),
            },
            Side::ByRun(..) | Side::Input => None,
        };
        Condition::new(written, answers, when)
    }

    /// A text as a condition has it.
    fn word_of(&self, text: &Template) -> Option<String> {
        when::text(&ref_parts::plain(text, (true, true), &self.scope.world))
    }

    /// Whether a text is like a pattern.
    fn like(&self, side: &Side, pattern: &str, written: String) -> Condition {
        let glob = Glob::parse(&pattern.replace('/', SLASH)).ok();
        let answers =
            self.answers_if(side, |text| glob.as_ref().map(|glob| glob.matches(&text.replace('/', SLASH))));
        let is_plain = |text: &str| !text.contains(['*', '?', '[']);
        let constant = match side {
            Side::Text(text) => text.constant().map(|text| text.replace('/', SLASH)),
            Side::Input | Side::RefType | Side::Branch | Side::ByRun(..) => None,
        };
        if let Some((text, glob)) = constant.zip(glob.as_ref()) {
            return Condition::new(written, answers, Some(glob.matches(&text).to_string()));
        }
        let is_version =
            matches!(side, Side::Text(text) if matches!(text.0.as_slice(), [Piece::Fact(Fact::Version)]));
        let word = match side {
            // The `v` that it lacks begins the git tag.
            Side::Text(_) if is_version => {
                (pattern.starts_with('*') && !pattern.contains('v')).then(|| "tag".to_owned())
            }
            Side::Text(text) => self.word_of(text),
            Side::Branch => Some("branch".to_owned()),
            Side::RefType | Side::ByRun(..) | Side::Input => None,
        };
        let when = word.and_then(|word| match pattern {
            "*" => Some("true".to_owned()),
            _ => {
                if let Some(start) = pattern.strip_suffix('*').filter(|text| is_plain(text)) {
                    return Some(when::present(&word, when::starting(&word, start)));
                }
                let end = pattern.strip_prefix('*')?;
                if let Some(part) = end.strip_suffix('*').filter(|text| is_plain(text) && !text.is_empty()) {
                    return Some(when::present(&word, format!("{} in {word}", when::quoted(part))));
                }
                let end = Some(end).filter(|text| is_plain(text))?;
                Some(when::present(&word, format!("{word} is endingwith({})", when::quoted(end))))
            }
        });
        Condition::new(written, answers, when)
    }

    /// Whether a text fits a regular expression.
    fn fits(&self, left: &str, pattern: &str) -> Option<Condition> {
        let written = format!("{} =~ {}", self.unmarked(left), self.unmarked(pattern));
        let pattern = self.expand(pattern).constant()?;
        let regex = self.scope.world.work.regex(&pattern);
        Some(self.of_side(self.side(left), &written, &|side, written| {
            let answers = self.answers_if(side, |text| regex.as_ref().map(|regex| regex.is_match(text)));
            if let (Side::Text(text), Some(regex)) = (side, &regex)
                && let Some(text) = text.constant()
            {
                return Condition::new(written, answers, Some(regex.is_match(&text).to_string()));
            }
            let word = match side {
                Side::Text(text) => self.word_of(text),
                Side::Branch => Some("branch".to_owned()),
                Side::RefType | Side::ByRun(..) | Side::Input => None,
            };
            let when = word.and_then(|word| when::fitting(&word, &pattern));
            Condition::new(written, answers, when)
        }))
    }

    /// Whether the subject of a `case` is like one of its patterns.
    pub(super) fn in_case(&self, subject: &str, patterns: &str) -> Condition {
        let mut any = Condition::fixed(false);
        for pattern in patterns.split('|').flat_map(words_of) {
            any = any.or(self.compared(subject, pattern.trim(), true));
        }
        any
    }

    fn side(&self, word: &str) -> Side {
        let bare = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let name = bare.or_else(|| word.strip_prefix('$'));
        let is_own = name.is_some_and(|name| self.variables.iter().any(|(known, _)| known == name));
        if let Some(name) = name.filter(|_| !is_own) {
            match name {
                "GITHUB_REF_TYPE" => return Side::RefType,
                "CI_COMMIT_BRANCH" => return Side::Branch,
                _ => {}
            }
        }
        let text = self.expand(word);
        if self.is_input(&text) {
            return Side::Input;
        }
        if text.unknown_parts().is_empty() {
            return Side::Text(text);
        }
        let mark = word.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(CLOSE));
        let known = mark.and_then(|number| self.expressions.get(number.parse::<usize>().ok()?));
        let expression = known.map(|(_, written)| written.clone());
        if let Some(written) = expression.or_else(|| self.expression_of(&text)) {
            if written == "github.ref_type" {
                return Side::RefType;
            }
            let (scope, text) = (self.scope.clone(), format!("${{{{ {written} }}}}"));
            let condition = self.scope.condition(&text);
            let by_run = move |moment| scope.template_at(&text, Some(moment), 0).constant();
            return Side::ByRun(Box::new(by_run), Some(condition));
        }
        if let Some(name) = name.filter(|_| !is_own) {
            let (scope, name) = (self.scope.clone(), name.to_owned());
            let written = self.scope.env.iter().rev().find(|(known, _)| *known == name);
            let condition = written.map(|(_, written)| self.scope.condition(written));
            let by_run = move |moment| match scope.variable(&name, Some(moment), 0)? {
                Value::Unknown(_) => None,
                value => value.into_text().constant(),
            };
            return Side::ByRun(Box::new(by_run), condition);
        }
        Side::Text(text)
    }

    fn answers(&self, side: &Side, holds: impl Fn(&str) -> bool) -> Answers {
        self.answers_if(side, |text| Some(holds(text)))
    }

    fn answers_if(&self, side: &Side, holds: impl Fn(&str) -> Option<bool>) -> Answers {
        Answers::of(|moment| {
            let is_tag = matches!(moment, Moment::Tag | Moment::Release);
            let text = match side {
                Side::Text(text) => self.text_at(text, moment)?,
                Side::Input => String::new(),
                Side::RefType => if is_tag { "tag" } else { "branch" }.to_owned(),
                Side::Branch if is_tag || moment == Moment::PullRequest => String::new(),
                Side::Branch => moment.fact(&Fact::RefName, &self.scope.world)?,
                Side::ByRun(of, _) => of(moment)?,
            };
            holds(&text)
        })
    }

    /// A text in an example, in which absent facts are empty.
    fn text_at(&self, text: &Template, moment: Moment) -> Option<String> {
        let world = &self.scope.world;
        let own = || world.repository.is_some().then_some(());
        text.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.clone()),
                Piece::Fact(fact) => Some(moment.fact(fact, world).unwrap_or_default()),
                Piece::Repository => own().map(|()| world.repository().to_owned()),
                Piece::Owner => own().map(|()| world.owner().to_owned()),
                Piece::Name => own().map(|()| world.name().to_owned()),
                Piece::Setting(..) | Piece::Meta(..) | Piece::Choice(_) | Piece::Unknown(_) => None,
                Piece::Or(fact, other) => moment.fact(fact, world).or_else(|| self.text_at(other, moment)),
            })
            .collect()
    }
}
