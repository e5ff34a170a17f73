//! Comparisons of texts with numbers: `major > 9` would be a comparison of letters.

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, tests as comparisons};

use super::words::words;

/// Words whose texts have numbers in them, so that their order as texts is never meant.
const NUMBERED: [&str; 10] =
    ["version", "semver", "major", "minor", "patch", "tag", "ref", "branch", "head_branch", "base_branch"];

/// Words that are numbers but for being texts.
const NUMBERS: [&str; 3] = ["major", "minor", "patch"];

/// What an operand ends at, where it is not in brackets.
const BOUNDARIES: [&str; 9] = ["and", "or", "not", "if", "elif", "else", ",", ":", "="];

/// What a test of the template language comes to.
type Holds = fn(&Value, &Value) -> bool;

/// The tests of the template language that compare, as in `major is gt(9)`.
const TESTS: [(&str, Asks, Holds); 15] = [
    ("eq", Asks::Equality, comparisons::is_eq),
    ("equalto", Asks::Equality, comparisons::is_eq),
    ("==", Asks::Equality, comparisons::is_eq),
    ("ne", Asks::Equality, comparisons::is_ne),
    ("!=", Asks::Equality, comparisons::is_ne),
    ("lt", Asks::Order, comparisons::is_lt),
    ("lessthan", Asks::Order, comparisons::is_lt),
    ("<", Asks::Order, comparisons::is_lt),
    ("le", Asks::Order, comparisons::is_le),
    ("<=", Asks::Order, comparisons::is_le),
    ("gt", Asks::Order, comparisons::is_gt),
    ("greaterthan", Asks::Order, comparisons::is_gt),
    (">", Asks::Order, comparisons::is_gt),
    ("ge", Asks::Order, comparisons::is_ge),
    (">=", Asks::Order, comparisons::is_ge),
];

/// A comparison that nobody gets wrong, where the one that is meant cannot be told.
const EXAMPLE: &str = "major | int > 9";

/// What a comparison asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    Order,
    Equality,
    Membership,
}

/// A comparison of texts where numbers are meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` would compare text, not numbers")]
pub(super) struct OfText {
    /// What is written.
    pub(super) found: String,
    /// What is meant.
    pub(super) meant: String,
}

/// The first comparison of a pattern or a condition that compares texts where numbers are meant. What an operand comes to
/// where all words are known is asked; one of which nobody can tell is not judged.
pub(super) fn of_text(text: &str, value_of: &dyn Fn(&str) -> Option<Value>) -> Option<OfText> {
    let tokens = tokens(text);
    (0..tokens.len()).find_map(|at| {
        let Comparison { left, operator, asks, right } = Comparison::at(text, &tokens, at)?;
        let (left_value, right_value) = (left.value(value_of)?, right.value(value_of)?);
        let is_numbered = || left.names(&NUMBERED) || right.names(&NUMBERED);
        let is_mistaken = is_of_text(asks, &left_value, &right_value)
            || asks == Asks::Order && are_texts(&left_value, &right_value) && is_numbered();
        is_mistaken.then(|| {
            let found = format!("{} {operator} {}", left.text, right.text);
            let (left, right) = (left.without_brackets(), right.without_brackets());
            let meant = match asks {
                Asks::Order | Asks::Equality if left_value.kind() == ValueKind::Seq => EXAMPLE.to_owned(),
                Asks::Membership => of_members(&left, operator, &right, &left_value),
                Asks::Order | Asks::Equality
                    if left_value.kind() == ValueKind::String
                        && (!left.is_quoted() || right_value.kind() == ValueKind::Number) =>
                {
                    left.compared(operator, &right, true)
                }
                Asks::Order | Asks::Equality => right.compared(turned(operator), &left, false),
            };
            OfText { found, meant }
        })
    })
}

/// Whether one of two values is a text and the other a number, so that they are never equal and have no order.
fn is_of_text(asks: Asks, left: &Value, right: &Value) -> bool {
    let items = |list: &Value| list.try_iter().into_iter().flatten();
    match (asks, left.kind(), right.kind()) {
        (Asks::Membership, kind, ValueKind::String) => kind == ValueKind::Number,
        (Asks::Membership, ..) => items(right).any(|item| is_of_text(Asks::Equality, left, &item)),
        (_, ValueKind::String, ValueKind::Number) | (_, ValueKind::Number, ValueKind::String) => true,
        (_, ValueKind::Seq, ValueKind::Seq) => {
            items(left).zip(items(right)).any(|(left, right)| is_of_text(asks, &left, &right))
        }
        _ => false,
    }
}

fn are_texts(left: &Value, right: &Value) -> bool {
    [left, right].iter().all(|one| one.kind() == ValueKind::String)
}

/// Lets the tests that compare fail where they would compare texts.
pub(super) fn guard(environment: &mut Environment<'_>) {
    let check = |name: &str, asks: Asks, left: &Value, right: &Value| {
        if !(is_of_text(asks, left, right) || asks == Asks::Order && are_texts(left, right)) {
            return Ok(());
        }
        let found = format!("{left:?} is {name}({right:?})");
        let mistake = OfText { found, meant: EXAMPLE.to_owned() };
        Err(Error::new(ErrorKind::InvalidOperation, mistake.to_string()).with_source(mistake))
    };
    for (name, asks, test) in TESTS {
        environment.add_test(name, move |left: &Value, right: &Value| {
            // What is not there has no order.
            let is_ordered = asks != Asks::Order || !(left.is_undefined() || right.is_undefined());
            check(name, asks, left, right).map(|()| is_ordered && test(left, right))
        });
    }
    environment.add_test("in", move |state: &State<'_, '_>, item: &Value, list: &Value| {
        check("in", Asks::Membership, item, list)?;
        // To the template language, what is not there is in each text.
        let is_nothing = item.is_undefined() && list.kind() == ValueKind::String;
        Ok(!is_nothing && comparisons::is_in(state, item, list)?)
    });
}

/// A comparison as it is written.
pub(super) struct Comparison<'t> {
    pub(super) left: Operand<'t>,
    pub(super) operator: &'static str,
    pub(super) asks: Asks,
    pub(super) right: Operand<'t>,
}

impl<'t> Comparison<'t> {
    /// The one whose operator is this token, if it is one.
    pub(super) fn at(text: &'t str, tokens: &'t [&'t str], at: usize) -> Option<Self> {
        let (operator, asks) = operator(tokens[at])?;
        let negated = at.checked_sub(1).filter(|before| operator == "in" && tokens[*before] == "not");
        let left = Operand::before(text, &tokens[..negated.unwrap_or(at)]);
        let right = Operand::behind(text, &tokens[at + 1..]);
        let operator = if negated.is_some() { "not in" } else { operator };
        Some(Self { left, operator, asks, right })
    }
}

/// The operator that a token is.
fn operator(token: &str) -> Option<(&'static str, Asks)> {
    let all = [("in", Asks::Membership), ("==", Asks::Equality), ("!=", Asks::Equality)];
    let orders = ["<", ">", "<=", ">="].map(|one| (one, Asks::Order));
    all.into_iter().chain(orders).find(|(one, _)| *one == token)
}

/// What is written in a text where it has these tokens.
pub(super) fn text_of<'t>(text: &'t str, tokens: &[&'t str]) -> &'t str {
    let place = |token: &str| token.as_ptr() as usize - text.as_ptr() as usize;
    let written = match tokens {
        [first, .., last] => text.get(place(first)..place(last) + last.len()),
        [only] => Some(*only),
        [] => None,
    };
    written.unwrap_or_default()
}

/// One side of a comparison, as it is written.
pub(super) struct Operand<'t> {
    text: &'t str,
    pub(super) tokens: &'t [&'t str],
}

impl<'t> Operand<'t> {
    /// What ends with these tokens.
    fn before(text: &'t str, tokens: &'t [&'t str]) -> Self {
        let length = extent(tokens.iter().rev(), [")", "]", "}"], ["(", "[", "{"]);
        Self::of(text, &tokens[tokens.len() - length..])
    }

    /// What begins with these tokens.
    fn behind(text: &'t str, tokens: &'t [&'t str]) -> Self {
        let length = extent(tokens.iter(), ["(", "[", "{"], [")", "]", "}"]);
        Self::of(text, &tokens[..length])
    }

    fn of(text: &'t str, mut tokens: &'t [&'t str]) -> Self {
        // Those of the braces around it.
        while let [rest @ .., "-" | "+" | "%"] | ["-" | "+" | "%", rest @ ..] = tokens {
            tokens = rest;
        }
        Self { text: text_of(text, tokens), tokens }
    }

    /// Whether it is a word of patterns alone.
    fn is_word(&self) -> bool {
        matches!(self.tokens, [only] if words().any(|word| word == *only))
    }

    /// The same without brackets around all of it.
    pub(super) fn without_brackets(&self) -> Self {
        let Self { text, tokens } = *self;
        match tokens {
            ["(", inner @ .., ")"]
                if !inner.is_empty()
                    && !inner.contains(&",")
                    && extent(inner.iter(), ["(", "[", "{"], [")", "]", "}"]) == inner.len() =>
            {
                Self::of(text, inner).without_brackets()
            }
            _ => Self { text, tokens },
        }
    }

    fn is_quoted(&self) -> bool {
        matches!(self.tokens, [only] if unquoted(only).is_some())
    }

    fn names(&self, words: &[&str]) -> bool {
        self.tokens.iter().any(|token| words.contains(token))
    }

    /// What it comes to where all words are known.
    fn value(&self, value_of: &dyn Fn(&str) -> Option<Value>) -> Option<Value> {
        match self.tokens {
            [only] if is_number(only) => Some(Value::from(0)),
            [only] if unquoted(only).is_some() => unquoted(only).map(Value::from),
            _ => value_of(self.text),
        }
    }

    /// The text as a number.
    fn as_number(&self) -> String {
        let is_of_parts = self.tokens.iter().any(|token| matches!(*token, "~" | "+" | "-" | "/" | "%"));
        if is_of_parts { format!("({}) | int", self.text) } else { format!("{} | int", self.text) }
    }

    /// The number as a text.
    fn as_text(&self) -> String {
        match self.tokens {
            [only] if is_number(only) => format!("'{only}'"),
            _ => format!("{} | string", self.text),
        }
    }

    /// The comparison of this text that is meant; `is_left` tells on which side it stands.
    fn compared(&self, operator: &str, other: &Operand<'_>, is_left: bool) -> String {
        let of_sides = |left: &str, right: &str| {
            if is_left {
                format!("{left} {operator} {right}")
            } else {
                format!("{right} {} {left}", turned(operator))
            }
        };
        let literal = other.tokens.first().filter(|_| other.tokens.len() == 1);
        let literal = literal.filter(|token| other.is_quoted() || is_number(token));
        let bare = literal.map(|token| token.trim_matches(['"', '\'']));
        let number = bare.and_then(|text| text.split('.').next()).filter(|text| text.parse::<u64>().is_ok());
        match (self.tokens, bare) {
            // A number beside a text in quotes.
            _ if self.is_quoted() => {
                let text = self.tokens.first().and_then(|token| unquoted(token)).unwrap_or_default();
                of_sides(if text.parse::<u64>().is_ok() { text } else { "1" }, other.text)
            }
            ([word @ ("version" | "semver")], Some(bare)) => of_version(word, operator, bare),
            _ if self.names(&["tag", "ref", "branch", "head_branch", "base_branch"])
                && !self.names(&NUMBERS)
                && !is_equality(operator) =>
            {
                of_version("version", operator, bare.unwrap_or_default())
            }
            _ if is_equality(operator) && !self.names(&NUMBERS) => of_sides(self.text, &other.as_text()),
            (_, Some(_)) => of_sides(&self.as_number(), number.unwrap_or("1")),
            (_, None) if other.names(&NUMBERS) && !other.tokens.contains(&"int") => {
                of_sides(&self.as_number(), &other.as_number())
            }
            (_, None) => of_sides(&self.as_number(), other.text),
        }
    }
}

fn is_equality(operator: &str) -> bool {
    matches!(operator, "==" | "!=")
}

/// How many tokens an operand has: up to what binds less, or the end of the brackets around it.
fn extent<'t>(tokens: impl Iterator<Item = &'t &'t str>, opening: [&str; 3], closing: [&str; 3]) -> usize {
    let mut depth = 0_usize;
    let mut length = 0;
    for token in tokens {
        match *token {
            token if opening.contains(&token) => depth += 1,
            token if closing.contains(&token) => match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => break,
            },
            token if depth == 0 && (BOUNDARIES.contains(&token) || operator(token).is_some()) => break,
            _ => {}
        }
        length += 1;
    }
    length
}

/// The membership that is meant.
fn of_members(item: &Operand<'_>, operator: &str, list: &Operand<'_>, value: &Value) -> String {
    let numbers = || list.tokens.concat().replace(['"', '\''], "").replace(',', ", ");
    match item.tokens {
        _ if value.kind() == ValueKind::Number => format!("{} {operator} {}", item.as_text(), list.text),
        ["version" | "semver"] => format!("{} {operator} {}", item.text, texts(list.tokens)),
        _ if item.names(&NUMBERS) => format!("{} {operator} {}", item.as_number(), numbers()),
        _ => format!("{} {operator} {}", item.text, texts(list.tokens)),
    }
}

/// A list with its numbers in quotes.
fn texts(list: &[&str]) -> String {
    let text = |token: &&str| match *token {
        "," => ", ".to_owned(),
        number if is_number(number) => format!("'{number}'"),
        other => other.to_owned(),
    };
    list.iter().map(text).collect()
}

/// A comparison with its sides changed.
fn turned(operator: &str) -> &str {
    match operator {
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        same => same,
    }
}

/// The comparison of a version with another one, number by number.
fn of_version(word: &str, operator: &str, other: &str) -> String {
    if is_equality(operator) {
        return format!("{word} {operator} '{other}'");
    }
    let other = other.trim_start_matches(|c: char| !c.is_ascii_digit());
    let numbers: Vec<u64> = other.split('.').map_while(|number| number.parse().ok()).collect();
    let mut words: Vec<(&str, u64)> = ["major", "minor", "patch"].into_iter().zip(numbers).collect();
    if words.is_empty() {
        words.push(("major", 1));
    }
    // Each version is at least `10.0.0` whose first number is at least 10.
    while matches!(operator, ">=" | "<")
        && words.len() > 1
        && words.last().is_some_and(|(_, last)| *last == 0)
    {
        words.pop();
    }
    let strict = &operator[..1];
    let mut meant = String::new();
    for (word, number) in words.iter().rev() {
        meant = match meant.as_str() {
            "" => format!("{word} | int {operator} {number}"),
            inner => format!("({word} | int {strict} {number} or {word} | int == {number} and {inner})"),
        };
    }
    meant
}

fn is_number(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

/// The condition with a test for each comparison of an order and each membership that is no part of a chain: `pr is lt(5)`. Two
/// words that are not there are not equal.
pub(super) fn as_tests(condition: &str) -> String {
    let tokens = tokens(condition);
    let place = |text: &str| text.as_ptr() as usize - condition.as_ptr() as usize;
    let mut edits = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).map(|at| tokens[at]);
        if before(1) == Some("is") || before(1) == Some("not") && before(2) == Some("is") {
            continue;
        }
        let test = match *token {
            "<" => "lt",
            "<=" => "le",
            ">" => "gt",
            ">=" => "ge",
            "in" => "in",
            "==" => "eq",
            _ => continue,
        };
        let Some(Comparison { left, operator: written, asks, right }) =
            Comparison::at(condition, &tokens, at)
        else {
            continue;
        };
        let is_negated = written == "not in";
        let goes_on = |token: &str| operator(token).is_some() || token == "not";
        let is_before = before(left.tokens.len() + 1 + usize::from(is_negated))
            .is_some_and(|token| operator(token).is_some());
        let is_after = tokens.get(at + 1 + right.tokens.len()).is_some_and(|after| goes_on(after));
        if left.text.is_empty() || right.text.is_empty() || is_before || is_after {
            continue;
        }
        let (start, end) = (place(left.text), place(right.text) + right.text.len());
        if asks == Asks::Equality {
            if left.is_word() && right.is_word() {
                edits.push((start, start, "(".to_owned()));
                edits.push((end, end, format!(" and {} is defined)", left.text)));
            }
            continue;
        }
        let (opens, closes) = if is_negated { ("(not ((", "))))") } else { ("((", ")))") };
        edits.push((start, start, opens.to_owned()));
        edits.push((start + left.text.len(), place(right.text), format!(") is {test}((")));
        edits.push((end, end, closes.to_owned()));
    }
    edits.sort_by_key(|(start, ..)| *start);
    let mut text = String::new();
    let mut done = 0;
    for (start, end, instead) in edits {
        text.push_str(condition.get(done..start).unwrap_or_default());
        text.push_str(&instead);
        done = end;
    }
    text + &condition[done..]
}

/// The condition with `default_branch` compared to the branch wherever it stands for true or false.
pub(super) fn with_branches(condition: &str) -> String {
    const WORD: &str = "default_branch";
    let mut text = String::new();
    let mut rest = condition;
    while let Some(at) = rest.find(WORD) {
        let (before, after) = (&rest[..at], &rest[at + WORD.len()..]);
        text.push_str(before);
        let opens = ["and", "or", "not"].iter().any(|word| last_word(&text) == *word)
            || text.trim_end().is_empty()
            || text.trim_end().ends_with('(');
        let closes = ["and", "or"].iter().any(|word| first_word(after) == *word)
            || after.trim_start().is_empty()
            || after.trim_start().starts_with(')');
        let is_quoted = text.matches(['"', '\'']).count() % 2 == 1;
        text.push_str(if opens && closes && !is_quoted { "(branch == default_branch)" } else { WORD });
        rest = after;
    }
    text + rest
}

/// The word that a text ends with; nothing when it ends with something else.
fn last_word(text: &str) -> &str {
    text.trim_end().rsplit(|c: char| !is_of_word(c)).next().unwrap_or_default()
}

pub(super) fn first_word(text: &str) -> &str {
    text.trim_start().split(|c: char| !is_of_word(c)).next().unwrap_or_default()
}

pub(super) fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The text of a token that has quotes.
pub(super) fn unquoted(token: &str) -> Option<&str> {
    let quote = token.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    token.strip_prefix(quote).map(|rest| rest.strip_suffix(quote).unwrap_or(rest))
}

/// Words, numbers, quoted texts and operators; anything else is a token for each character.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted_length(rest, first),
            c if c.is_ascii_digit() => {
                rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len())
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            '=' | '!' | '<' | '>' if rest[1..].starts_with('=') => 2,
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        found.push(token);
        rest = after.trim_start();
    }
    found
}

/// How long a text in quotes is, with them.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == quote && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(condition: &str, expected: Option<&str>) {
        let found = of_text(condition, &crate::pattern::example_of).map(|one| one.meant);
        assert_eq!(found.as_deref(), expected, "{condition}");
    }

    #[test]
    fn numbers_are_not_compared_as_texts() {
        for (condition, expected) in [
            ("major != 0", "major | int != 0"),
            ("tag and major > 0", "major | int > 0"),
            ("major >= \"10\"", "major | int >= 10"),
            ("version >= '10.2.0'", "(major | int > 10 or major | int == 10 and minor | int >= 2)"),
            ("version >= 10.0.0", "major | int >= 10"),
            ("10 <= version", "major | int >= 10"),
            ("version == 10.2", "version == '10.2'"),
            ("version in [1.2, \"1.3\"]", "version in ['1.2', \"1.3\"]"),
            ("9 < minor", "9 < minor | int"),
            ("minor in [2, 3]", "minor | int in [2, 3]"),
            ("minor not in [2, 3]", "minor | int not in [2, 3]"),
            ("tag > 'v1.9'", "(major | int > 1 or major | int == 1 and minor | int > 9)"),
        ] {
            case(condition, Some(expected));
        }
    }

    #[test]
    fn no_way_of_writing_hides_a_comparison_of_texts() {
        for (condition, expected) in [
            ("(major) > 9", "major | int > 9"),
            ("((major)) > (9)", "major | int > 9"),
            ("not (tag and (major) > 9)", "major | int > 9"),
            ("major | trim > 9", "major | trim | int > 9"),
            ("9 < major | trim | upper", "9 < major | trim | upper | int"),
            ("1 in [major]", "'1' in [major]"),
            ("1 not in (major, minor)", "'1' not in (major, minor)"),
            ("1 in version", "'1' in version"),
            ("major | int in [minor]", "major | int | string in [minor]"),
            ("branch in ['main', 2]", "branch in ['main', '2']"),
            ("minor in ['1', 2]", "minor | int in [1, 2]"),
            ("[major][0] > 9", "[major][0] | int > 9"),
            ("version[:1] >= 2", "version[:1] | int >= 2"),
            ("(version | split('.'))[2] < 3", "(version | split('.'))[2] | int < 3"),
            ("major ~ minor > 110", "(major ~ minor) | int > 110"),
            ("1 < major | int < minor", "major | int < minor | int"),
            ("1 == major == 2", "1 == major | int"),
            ("(major if tag else minor) > 9", "(major if tag else minor) | int > 9"),
            ("major > minor", "major | int > minor | int"),
            ("patch | default(0) > 3", "patch | default(0) | int > 3"),
            ("[major, 2] == [1, minor]", EXAMPLE),
            ("branch == 5", "branch == '5'"),
            ("5 != tag", "'5' != tag"),
            ("pr == '5'", "pr == 5"),
            ("'5' == pr", "5 == pr"),
            ("date('%d') > 15", "date('%d') | int > 15"),
            ("branch == 'it\\'s' and (major) > 9", "major | int > 9"),
            ("{% if (major) > 9 %}a{% endif %}", "major | int > 9"),
            ("{%- if 9 < major -%}a{% endif %}", "9 < major | int"),
            ("{{ 'a' if major | trim > 9 else 'b' }}", "major | trim | int > 9"),
        ] {
            case(condition, Some(expected));
        }
    }

    #[test]
    fn what_compares_alike_passes() {
        for condition in [
            "major != \"0\"",
            "\"0\" == major",
            "major == minor",
            "(major) == '1'",
            "major in [\"1\", \"2\"]",
            "major in (\"1\", \"2\")",
            "'1' in [major]",
            "'9' in [major] and '.' in version",
            "'-rc' not in version",
            "major | int > 9",
            "9 < major | int",
            "(major | int) in [1, 2]",
            "1 in [major | int]",
            "1 < major | int < 9",
            "major | int > minor | int",
            "version | length > 5",
            "patch | default('0') | int > 3",
            "pr > 5",
            "pr == 5",
            "branch == 'major > 5'",
            "branch == \"(major) > 5\"",
            "version[:2] == '1.'",
            "date('%H') > '12'",
            "date('%u') == '3'",
            "version is endingwith('.3')",
            "tag is startingwith('v1') == true",
            "minor is none or patch is defined",
            "event in ['push', 'schedule']",
            "(version | unknown_filter) > 9",
            "é > 1",
            "",
            "== > in",
        ] {
            case(condition, None);
        }
    }
}
