//! Words of a shell that are several: arrays, the arguments of a function, and what variables without quotes hold.

use std::rc::Rc;

use super::Script;
use super::words::Word;
use crate::init::values::text::{Choice, Condition, Piece, Template};

/// What stands between the words of a list.
pub(super) const BETWEEN: char = '\u{e004}';

/// How many arguments have a name.
const ARGUMENTS: usize = 10;

/// Whether a text is a list that may be empty or have more than is seen here.
fn is_open(list: &[Template]) -> bool {
    list.iter().any(|word| !word.unknown_parts().is_empty())
}

/// A list as one value.
pub(super) fn list(words: &[Template]) -> Template {
    let mut value = Template::default();
    for (at, word) in words.iter().enumerate() {
        value.push(Piece::Text(if at > 0 { BETWEEN.to_string() } else { String::new() }));
        value.extend(word.clone());
    }
    value
}

/// A value without quotes that depends on a condition: it is several words in each case.
fn apart(choice: &Choice) -> Choice {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => Piece::Text(text.replace([' ', '\n', '\t'], &BETWEEN.to_string())),
        Piece::Choice(inner) => Piece::Choice(Rc::new(apart(inner))),
        other => other.clone(),
    };
    let side = |side: &Template| Template(side.0.iter().map(piece).collect());
    Choice { then: side(&choice.then), other: side(&choice.other), ..choice.clone() }
}

/// On how many conditions the words of a command may depend.
const MAX_FORKS: usize = 4;

/// Whether a word is several, or none, or an option in one case and something else in another one.
fn is_forked(word: &Template) -> bool {
    fn begins_so(side: &Template, is_whole: bool) -> bool {
        match side.0.first() {
            None => is_whole,
            Some(Piece::Text(text)) => text.starts_with('-'),
            Some(Piece::Choice(choice)) => {
                let is_whole = is_whole && side.0.len() == 1;
                begins_so(&choice.then, is_whole) || begins_so(&choice.other, is_whole)
            }
            Some(_) => false,
        }
    }
    let begins_with_one = matches!(word.0.first(), Some(Piece::Choice(_)));
    word.has_list(&[BETWEEN]) || begins_with_one && begins_so(word, true)
}

/// The words of a command in each case, where it has others: what must hold, and the words.
pub(super) fn forks(words: Vec<Template>) -> Vec<(Vec<Condition>, Vec<Template>)> {
    let mut done = Vec::new();
    let mut open = vec![(Vec::new(), words)];
    while let Some((conditions, words)) = open.pop() {
        let found = words.iter().enumerate().find_map(|(at, word)| {
            let (choice, then, other) = word.choice()?;
            is_forked(word).then_some((at, choice, then, other))
        });
        let Some((at, choice, then, other)) = found else {
            done.push((conditions, words));
            continue;
        };
        if conditions.len() >= MAX_FORKS {
            let mut words = words;
            words[at] = Template::unknown(&words[at].shown());
            open.push((conditions, words));
            continue;
        }
        let when = Some(choice.when.clone()).filter(|_| !choice.condition.asks_for_inputs);
        let condition = Condition { when, ..choice.condition.clone() };
        for (condition, side) in [(condition.clone().not(), other), (condition, then)] {
            let side = parts(&side).into_iter().filter(|part| !part.0.is_empty());
            let words = words[..at].iter().cloned().chain(side).chain(words[at + 1..].iter().cloned());
            open.push((conditions.iter().cloned().chain([condition]).collect(), words.collect()));
        }
    }
    done
}

/// A list with blanks between its words.
pub(super) fn joined(value: &Template) -> Template {
    let blank = |piece: &Piece| match piece {
        Piece::Text(text) => Piece::Text(text.replace(BETWEEN, " ")),
        other => other.clone(),
    };
    Template(value.0.iter().map(blank).collect())
}

/// The words of a list.
pub(super) fn parts(value: &Template) -> Vec<Template> {
    value.cut(BETWEEN).into_iter().map(Template::trimmed).collect()
}

/// The first word of a list.
pub(super) fn first(value: Template) -> Template {
    let is_list = value.0.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(BETWEEN)));
    if is_list { parts(&value).into_iter().next().unwrap_or_default() } else { value }
}

impl Script<'_> {
    /// The words that words come to: a list is several, and so is what a variable without quotes holds.
    pub(super) fn fields(&self, words: &[Word]) -> Vec<Template> {
        words.iter().flat_map(|word| self.fields_of(word)).collect()
    }

    fn fields_of(&self, word: &Word) -> Vec<Template> {
        let Word { text, is_quoted } = word;
        let value = self.expand_list(text);
        let is_expanded = text.contains(['$', '`']);
        let has_list =
            value.0.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(BETWEEN)));
        if *is_quoted || !is_expanded {
            return if has_list {
                parts(&value)
            } else if value.0.is_empty() && is_nothing(text) {
                Vec::new()
            } else {
                vec![value]
            };
        }
        let blank = |piece: &Piece| match piece {
            Piece::Text(text) => Piece::Text(text.replace([BETWEEN, '\n', '\t'], " ")),
            Piece::Choice(choice) => Piece::Choice(Rc::new(apart(choice))),
            other => other.clone(),
        };
        let parts = Template(value.0.iter().map(blank).collect()).cut(' ');
        parts.into_iter().map(Template::trimmed).filter(|part| !part.0.is_empty()).collect()
    }

    /// `NAME=(WORD…)` and `NAME+=(WORD…)`
    pub(super) fn set_list(&mut self, name: String, words: &[Word], is_more: bool) {
        let unknown = Template::unknown(&format!("${{{name}[@]}}"));
        // Those of `[KEY]=VALUE` have names.
        let has_keys = words.iter().any(|word| word.text.starts_with('['));
        let mut all = match self.variables.iter().rev().find(|(known, _)| *known == name) {
            Some((_, before)) if is_more && !before.0.is_empty() => parts(before),
            _ => Vec::new(),
        };
        all.extend(self.fields(words));
        self.variables.push((name, if has_keys { unknown } else { list(&all) }));
    }

    /// The arguments of a script or a function; none where they are not known.
    pub(super) fn set_arguments(&mut self, arguments: Option<&[Template]>) {
        let open = |name: &str| Template::unknown(&format!("${name}"));
        // What is not known may be several.
        let is_open = arguments.is_none_or(is_open);
        let given = arguments.unwrap_or_default();
        for at in 0..ARGUMENTS.max(given.len()) {
            let name = (at + 1).to_string();
            let value = match given.get(at) {
                Some(value) => value.clone(),
                None if is_open => open(&name),
                None => Template::default(),
            };
            self.variables.push((name, value));
        }
        let all = if arguments.is_some() { list(given) } else { open("@") };
        self.variables.push(("@".to_owned(), all));
    }

    /// `shift`, by so many.
    pub(super) fn shift(&mut self, count: Option<usize>) {
        let all = self.variables.iter().rev().find(|(known, _)| known == "@").map(|(_, value)| value.clone());
        let known = all.filter(|all| all.unknown_parts().is_empty()).zip(count);
        let rest = known.map(|(all, count)| {
            let all = if all.0.is_empty() { Vec::new() } else { parts(&all) };
            all.into_iter().skip(count).collect::<Vec<_>>()
        });
        self.set_arguments(rest.as_deref());
    }
}

/// Whether a word in quotes is gone where its list is empty.
fn is_nothing(text: &str) -> bool {
    text == "$@" || text.starts_with("${") && text.contains("[@]") && text.ends_with('}')
}

/// Whether a name is that of an argument.
pub(super) fn is_argument(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_digit()) || name == "@"
}
