//! Texts whose parts may depend on the run, the repository or settings of it, as workflows and scripts write them.

use std::rc::Rc;

use super::moment::{Answers, Fact, Moment};
use crate::init::repository::world::World;
use crate::reference::Repository;

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// The file.
    pub path: Rc<str>,
    /// The line, from 1.
    pub line: usize,
}

/// Whether a variable or a setting of the repository may be called so.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

/// A part of a text.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// What stands for itself.
    Text(String),
    /// A fact about the run.
    Fact(Fact),
    /// The repository: `acme/app`.
    Repository,
    /// Its owner: `acme`.
    Owner,
    /// Its name: `app`.
    Name,
    /// A setting of the repository: its name, and whether it is a secret.
    Setting(String, bool),
    /// An output of docker/metadata-action.
    Meta(Rc<Meta>, String),
    /// A fact that some runs lack, and what the others have instead.
    Or(Fact, Template),
    /// What depends on a condition that a plan can say.
    Choice(Rc<Choice>),
    /// What cannot be known here, as it is written.
    Unknown(String),
}

/// `${{ CONDITION && THEN || OTHER }}`
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The condition, in our words.
    pub when: String,
    /// The same as it is written, with whether it holds in the examples.
    pub condition: Condition,
    /// What it is where the condition holds.
    pub then: Template,
    /// What it is elsewhere.
    pub other: Template,
}

/// A condition of a workflow.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    /// As it is written.
    pub written: String,
    /// Whether it holds in the examples.
    pub answers: Answers,
    /// The same condition in our words, where they can say it.
    pub when: Option<String>,
    /// Whether these take what a person may say who starts a run for empty.
    pub asks_for_inputs: bool,
}

impl Condition {
    /// Whether it is the same as another one, as far as is known of both.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let Self { written, answers, when, asks_for_inputs } = self;
        *written == other.written
            && *answers == other.answers
            && *when == other.when
            && *asks_for_inputs == other.asks_for_inputs
    }
}

/// A step with docker/metadata-action.
#[derive(Clone, Debug)]
pub(crate) struct Meta {
    /// The lines of `images`.
    pub images: Vec<Line>,
    /// Those with an `enable` that depends on the run, each with it.
    pub conditional: Vec<(Line, Condition)>,
    /// The lines of `tags`, or what the action has without any.
    pub rules: Vec<RuleLine>,
    /// The lines of `flavor`.
    pub flavor: Vec<Line>,
    /// The lines of `labels`, beside those that the action makes itself.
    pub labels: Vec<Line>,
    /// The lines of `annotations`, in the same way.
    pub annotations: Vec<Line>,
    /// The target of Bake that it fills in, where that has another name than the usual one.
    pub bake_target: Option<Template>,
    /// Variables and inputs of the action that a plan has nothing for, each with its value.
    pub untold: Vec<Line>,
}

impl Meta {
    /// Whether one of its rules makes the version of the git tag, which then is the action's output `version`.
    pub(crate) fn has_version(&self) -> bool {
        let is_whole = |text: String| text.contains("{{version}}") || text.contains("event=tag");
        self.rules.iter().any(|rule| rule.is_default || rule.line.text.constant().is_some_and(is_whole))
    }
}

/// A line of an input.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it says.
    pub text: Template,
    /// Where.
    pub place: Place,
}

/// A rule for tags.
#[derive(Clone, Debug)]
pub(crate) struct RuleLine {
    /// The rule without what `enable` says, if that is an expression.
    pub line: Line,
    /// When it applies.
    pub enable: Option<Condition>,
    /// Whether it is what the action has without any rules.
    pub is_default: bool,
    /// How many digits of the commit it shows where it shows some; none where that is not known.
    pub digits: Option<usize>,
}

/// A repository with its registry.
pub(crate) fn normal(repository: &str) -> String {
    let lower = repository.to_lowercase();
    lower.parse::<Repository>().map_or(lower, |repository| repository.to_string())
}

/// How long a text may be in all its parts, in bytes.
pub(crate) const MAX_TEXT: usize = 64 << 10;

/// On how many conditions the items of a list may depend.
const MAX_LISTS: usize = 6;

/// What a part counts for beside its text.
const PART: usize = 16;

/// A text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template(pub(crate) Vec<Piece>);

impl From<&str> for Template {
    fn from(text: &str) -> Self {
        Self(if text.is_empty() { Vec::new() } else { vec![Piece::Text(text.to_owned())] })
    }
}

impl Template {
    /// The same in lower case, as repositories are.
    pub(in crate::init) fn lowered(&self) -> Self {
        let lower = |piece: &Piece| match piece {
            Piece::Text(text) => Piece::Text(text.to_lowercase()),
            other => other.clone(),
        };
        Self(self.0.iter().map(lower).collect())
    }

    /// A text that nothing is known of.
    pub(crate) fn unknown(written: &str) -> Self {
        Self(vec![Piece::Unknown(written.to_owned())])
    }

    /// The text, where it is the same in every run and repository.
    pub(crate) fn constant(&self) -> Option<String> {
        self.0
            .iter()
            .map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None })
            .collect()
    }

    /// How long it is, its parts counted.
    pub(crate) fn length(&self) -> usize {
        let length = |piece: &Piece| match piece {
            Piece::Text(text) | Piece::Unknown(text) => PART + text.len(),
            Piece::Or(_, other) => PART + other.length(),
            Piece::Choice(choice) => PART + choice.then.length() + choice.other.length(),
            _ => PART,
        };
        self.0.iter().map(length).sum()
    }

    /// Adds a part; neighbouring texts are one. Nothing is known of a text that gets too long.
    pub(crate) fn push(&mut self, piece: Piece) {
        self.add(piece);
        if self.length() > MAX_TEXT {
            *self = Self::unknown("a text of more than 64 KiB");
        }
    }

    fn add(&mut self, piece: Piece) {
        match (self.0.last_mut(), piece) {
            (Some(Piece::Text(last)), Piece::Text(more)) => last.push_str(&more),
            (_, Piece::Text(text)) if text.is_empty() => {}
            (_, piece) => self.0.push(piece),
        }
    }

    /// Adds a text.
    pub(crate) fn extend(&mut self, other: Self) {
        other.0.into_iter().for_each(|piece| self.push(piece));
    }

    /// `${{ one || other }}`; `None` where it is not known which of them it is.
    pub(crate) fn or(self, other: Self) -> Option<Self> {
        if !self.unknown_parts().is_empty() || !other.unknown_parts().is_empty() {
            return None;
        }
        match self.0.as_slice() {
            [Piece::Fact(fact)] if fact.may_lack() => Some(Self(vec![Piece::Or(fact.clone(), other)])),
            [Piece::Or(fact, before)] => Some(Self(vec![Piece::Or(fact.clone(), before.clone().or(other)?)])),
            // One side may be empty, as the output of a step is that does not run.
            [Piece::Choice(choice)] if choice.then.0.is_empty() || choice.other.0.is_empty() => {
                let mut choice = (**choice).clone();
                for side in [&mut choice.then, &mut choice.other] {
                    *side = if side.0.is_empty() {
                        other.clone()
                    } else {
                        std::mem::take(side).or(other.clone())?
                    };
                }
                Some(Self(vec![Piece::Choice(Rc::new(choice))]))
            }
            _ => Some(self),
        }
    }

    /// What cannot be known of it, as it is written.
    pub(crate) fn unknown_parts(&self) -> Vec<&str> {
        let mut parts = Vec::new();
        for piece in &self.0 {
            if let Piece::Unknown(written) = piece {
                parts.push(written.as_str());
            }
        }
        parts
    }

    /// The text in an example of a run; `None` when it cannot be known.
    pub(crate) fn at(&self, moment: Moment, world: &World) -> Option<String> {
        // A setting alone is a whole name.
        if let [Piece::Setting(..)] = self.0.as_slice() {
            return Some(world.repository().to_owned());
        }
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.clone()),
                Piece::Fact(fact) => moment.fact(fact, world),
                Piece::Or(fact, other) => moment.fact(fact, world).or_else(|| other.at(moment, world)),
                Piece::Choice(choice) => {
                    let Choice { when: _, condition, then, other } = &**choice;
                    if condition.answers.at(moment)? {
                        then.at(moment, world)
                    } else {
                        other.at(moment, world)
                    }
                }
                Piece::Repository => Some(world.repository().to_owned()),
                Piece::Owner => Some(world.owner().to_owned()),
                Piece::Name => Some(world.name().to_owned()),
                Piece::Setting(..) => world.setting(),
                Piece::Meta(..) | Piece::Unknown(_) => None,
            })
            .collect()
    }

    /// The same where a setting is not known, either: for what is no name of an account.
    pub(crate) fn known_at(&self, moment: Moment, world: &World) -> Option<String> {
        if self.has_setting() { None } else { self.at(moment, world) }
    }

    fn has_setting(&self) -> bool {
        self.0.iter().any(|piece| match piece {
            Piece::Setting(..) => true,
            Piece::Or(_, other) => other.has_setting(),
            Piece::Choice(choice) => choice.then.has_setting() || choice.other.has_setting(),
            _ => false,
        })
    }

    /// Cut at the last `:` of a reference, which is not that of a port.
    pub(crate) fn split_tag(&self) -> (Self, Option<Self>) {
        for (at, piece) in self.0.iter().enumerate().rev() {
            let Piece::Text(text) = piece else { continue };
            let Some(colon) = text.rfind([':', '/']) else { continue };
            if text[colon..].starts_with('/') {
                break;
            }
            let (mut before, mut after) = (Self(self.0[..at].to_vec()), Self::default());
            before.push(Piece::Text(text[..colon].to_owned()));
            after.push(Piece::Text(text[colon + 1..].to_owned()));
            self.0[at + 1..].iter().cloned().for_each(|piece| after.push(piece));
            return (before, Some(after));
        }
        (self.clone(), None)
    }

    /// The lines of a text, without blanks around them and without empty ones, each with how many lines are above it.
    pub(crate) fn lines(&self) -> Vec<(usize, Self)> {
        let lines = self.pieces('\n').into_iter().enumerate().map(|(at, line)| (at, line.trimmed()));
        lines.filter(|(_, line)| !line.0.is_empty()).collect()
    }

    /// The first condition that it depends on, and what the whole text is where that holds and elsewhere.
    pub(crate) fn choice(&self) -> Option<(Rc<Choice>, Self, Self)> {
        let at = self.0.iter().position(|piece| matches!(piece, Piece::Choice(_)))?;
        let Piece::Choice(choice) = &self.0[at] else { return None };
        let whole = |side: &Self| {
            let mut whole = Self(self.0[..at].to_vec());
            side.0.iter().chain(&self.0[at + 1..]).cloned().for_each(|piece| whole.push(piece));
            whole
        };
        Some((Rc::clone(choice), whole(&choice.then), whole(&choice.other)))
    }

    /// Whether it is empty, whatever it depends on.
    fn is_nothing(&self) -> bool {
        self.0.iter().all(|piece| match piece {
            Piece::Choice(choice) => choice.then.is_nothing() && choice.other.is_nothing(),
            _ => false,
        })
    }

    /// What becomes of it, or of each that it may be.
    pub(crate) fn mapped(self, change: &dyn Fn(Self) -> Option<Self>) -> Option<Self> {
        let Some((choice, then, other)) = self.choice() else { return change(self) };
        let side = |side: Self| if side.0.is_empty() { Some(side) } else { side.mapped(change) };
        let choice = Choice { then: side(then)?, other: side(other)?, ..(*choice).clone() };
        Some(Self(vec![Piece::Choice(Rc::new(choice))]))
    }

    /// Whether a part of it that depends on a condition is a list.
    pub(crate) fn has_list(&self, separators: &[char]) -> bool {
        let is_list = |side: &Self| {
            side.0.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(separators)))
        };
        let of = |piece: &Piece| match piece {
            Piece::Choice(choice) => {
                let Choice { when: _, condition: _, then, other } = &**choice;
                [then, other].into_iter().any(|side| is_list(side) || side.has_list(separators))
            }
            _ => false,
        };
        self.0.iter().any(of)
    }

    /// What stands between separators.
    fn pieces(&self, separator: char) -> Vec<Self> {
        if self.has_list(&[separator]) {
            return self.items(separator, 0);
        }
        self.cut(separator)
    }

    /// The items of a list of which some are there in some runs alone.
    fn items(&self, separator: char, depth: usize) -> Vec<Self> {
        if !self.has_list(&[separator]) {
            return self.cut(separator).into_iter().map(Self::trimmed).collect();
        }
        let sides = self.choice().filter(|_| depth < MAX_LISTS);
        let Some((choice, then, other)) = sides else { return vec![Self::unknown(&self.shown())] };
        let [then, other] = [then, other].map(|side| side.items(separator, depth + 1));
        let has = |all: &[Self], one: &Self| all.iter().any(|known| known.exact() == one.exact());
        let only = |then: Self, other: Self| {
            Self(vec![Piece::Choice(Rc::new(Choice { then, other, ..(*choice).clone() }))])
        };
        let of_then = then
            .iter()
            .map(|item| if has(&other, item) { item.clone() } else { only(item.clone(), Self::default()) });
        let of_other = other.iter().filter(|item| !has(&then, item));
        let of_other = of_other.map(|item| only(Self::default(), item.clone()));
        of_then.chain(of_other).filter(|item| !item.is_nothing()).collect()
    }

    /// Cut at every separator that is there in all runs.
    pub(crate) fn cut(&self, separator: char) -> Vec<Self> {
        let mut pieces = vec![Self::default()];
        for piece in &self.0 {
            let parts = match piece {
                Piece::Text(text) => text.split(separator).map(|part| Piece::Text(part.to_owned())).collect(),
                other => vec![other.clone()],
            };
            for (at, part) in parts.into_iter().enumerate() {
                if at > 0 {
                    pieces.push(Self::default());
                }
                if let Some(last) = pieces.last_mut() {
                    last.add(part);
                }
            }
        }
        pieces
    }

    /// Without blanks around it.
    pub(crate) fn trimmed(mut self) -> Self {
        if let Some(Piece::Text(first)) = self.0.first_mut() {
            *first = first.trim_start().to_owned();
        }
        if let Some(Piece::Text(last)) = self.0.last_mut() {
            *last = last.trim_end().to_owned();
        }
        self.0.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        self
    }

    /// A record of comma-separated values with its quotes read, as docker/actions-toolkit reads the lines of lists. One that is
    /// not closed stays as it is.
    pub(crate) fn unquoted(&self) -> Self {
        let mut out = Self::default();
        let (mut is_start, mut is_quoted) = (true, false);
        for piece in &self.0 {
            let Piece::Text(text) = piece else {
                out.push(piece.clone());
                is_start = false;
                continue;
            };
            let mut part = String::new();
            let mut chars = text.chars().peekable();
            while let Some(c) = chars.next() {
                match c {
                    '"' if is_quoted && chars.next_if_eq(&'"').is_some() => part.push('"'),
                    '"' if is_quoted => is_quoted = false,
                    '"' if is_start => is_quoted = true,
                    c => part.push(c),
                }
                is_start = c == ',' && !is_quoted;
            }
            out.push(Piece::Text(part));
        }
        if is_quoted { self.clone() } else { out }
    }

    /// The fields of a record of comma-separated values, without their quotes.
    pub(crate) fn fields(&self) -> Vec<Self> {
        let mut fields = vec![Self::default()];
        let (mut is_start, mut is_quoted) = (true, false);
        let mut add = |piece: Piece, is_new: bool| {
            if is_new {
                fields.push(Self::default());
            }
            if let Some(last) = fields.last_mut() {
                last.push(piece);
            }
        };
        for piece in &self.0 {
            let Piece::Text(text) = piece else {
                add(piece.clone(), false);
                is_start = false;
                continue;
            };
            for c in text.chars() {
                match c {
                    '"' if is_quoted || is_start => is_quoted = !is_quoted,
                    ',' if !is_quoted => add(Piece::Text(String::new()), true),
                    c => add(Piece::Text(c.to_string()), false),
                }
                is_start = c == ',' && !is_quoted;
            }
        }
        fields.into_iter().map(Self::trimmed).collect()
    }

    /// Cut at the first text for which there is a separator.
    pub(crate) fn split_once(&self, separator: char) -> Option<(Self, Self)> {
        let at =
            self.0.iter().position(|piece| matches!(piece, Piece::Text(text) if text.contains(separator)))?;
        let Piece::Text(text) = &self.0[at] else { return None };
        let (left, right) = text.split_once(separator)?;
        let (mut before, mut after) = (Self(self.0[..at].to_vec()), Self::from(right));
        before.push(Piece::Text(left.to_owned()));
        self.0[at + 1..].iter().cloned().for_each(|piece| after.push(piece));
        Some((before, after))
    }

    /// Cut at every separator.
    pub(crate) fn split(&self, separator: char) -> Vec<Self> {
        self.pieces(separator).into_iter().map(Self::trimmed).collect()
    }

    /// As a person reads it: expressions in braces.
    pub(crate) fn shown(&self) -> String {
        self.said(&|fact| format!("{{{fact:?}}}").to_lowercase())
    }

    fn said(&self, fact: &dyn Fn(&Fact) -> String) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Fact(known) => fact(known),
                Piece::Or(known, other) => format!("{} or {}", fact(known), other.said(fact)),
                Piece::Choice(choice) => {
                    let Choice { when: _, condition, then, other } = &**choice;
                    format!("${{{{ {} && {} || {} }}}}", condition.written, then.said(fact), other.said(fact))
                }
                Piece::Repository => "{repository}".to_owned(),
                Piece::Owner => "{owner}".to_owned(),
                Piece::Name => "{name}".to_owned(),
                Piece::Setting(name, _) => format!("{{{name}}}"),
                Piece::Meta(_, output) => format!("{{the action's {output}}}"),
                Piece::Unknown(written) => written.clone(),
            })
            .collect()
    }

    /// What tells a reference from others, whose upper case no registry takes.
    pub(crate) fn key(&self) -> String {
        self.shown().to_lowercase()
    }

    /// What tells any other text from others: a tag, an argument, a form of dates.
    pub(crate) fn exact(&self) -> String {
        self.said(&|fact| format!("{{{fact:?}}}"))
    }
}
