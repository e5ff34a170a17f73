//! Comparisons of the words of versions, which are texts: `major > 9` would be a comparison of letters.

/// The comparison that compares one of these words as no number is compared: what is written, and what is meant.
pub(super) fn of_text(condition: &str, words: &[&str]) -> Option<(String, String)> {
    let tokens = tokens(condition);
    let is_word = |token: &str| words.contains(&token);
    let at = |index: Option<usize>| index.and_then(|index| tokens.get(index)).copied().unwrap_or_default();
    (0..tokens.len()).find_map(|here| {
        let operator = tokens[here];
        let is_order = matches!(operator, "<" | ">" | "<=" | ">=");
        if !is_order && !matches!(operator, "==" | "!=" | "in") {
            return None;
        }
        let before = here.checked_sub(if at(here.checked_sub(1)) == "not" { 2 } else { 1 });
        let (left, right) = (at(before), at(Some(here + 1)));
        // What goes through a filter, or is a part, is something else.
        let is_bare_left = !matches!(at(before.and_then(|one| one.checked_sub(1))), "|" | "." | "[");
        let is_bare_right = !matches!(at(Some(here + 2)), "|" | "." | "[");
        let listed = if matches!(right, "[" | "(") { at(Some(here + 2)) } else { "" };
        let found = if is_word(left) && is_bare_left && (is_order || is_number(right) || is_number(listed)) {
            Some((left, right))
        } else if is_word(right) && is_bare_right && operator != "in" && (is_order || is_number(left)) {
            Some((right, left))
        } else {
            None
        };
        let (word, other) = found?;
        // The list as it is written.
        let end = tokens.iter().skip(here).position(|token| matches!(*token, "]" | ")"));
        let list = tokens.get(here + 1..=here + end.unwrap_or_default()).unwrap_or_default();
        let meant = match (operator, word) {
            ("in", "version" | "semver") => format!("{word} in {}", texts(list)),
            // Numbers without quotes.
            ("in", _) => {
                format!("{word} | int in {}", list.concat().replace(['"', '\''], "").replace(',', ", "))
            }
            (_, "version" | "semver") => {
                let operator = if word == left { operator } else { turned(operator) };
                of_version(word, operator, other)
            }
            _ => {
                let number = other.trim_matches(['"', '\'']).split('.').next().unwrap_or_default();
                let number = if number.parse::<u64>().is_ok() { number } else { "1" };
                if word == left {
                    format!("{word} | int {operator} {number}")
                } else {
                    format!("{number} {operator} {word} | int")
                }
            }
        };
        let right = if operator == "in" { list.concat().replace(',', ", ") } else { right.to_owned() };
        Some((format!("{left} {operator} {right}"), meant))
    })
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
    let other = other.trim_matches(['"', '\'']);
    if matches!(operator, "==" | "!=") {
        return format!("{word} {operator} '{other}'");
    }
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
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_not_compared_as_texts() {
        for (condition, expected) in [
            ("major != 0", Some("major | int != 0")),
            ("tag and major > 0", Some("major | int > 0")),
            ("major >= \"10\"", Some("major | int >= 10")),
            ("version >= '10.2.0'", Some("(major | int > 10 or major | int == 10 and minor | int >= 2)")),
            ("version >= 10.0.0", Some("major | int >= 10")),
            ("10 <= version", Some("major | int >= 10")),
            ("version == 10.2", Some("version == '10.2'")),
            ("version in [1.2, \"1.3\"]", Some("version in ['1.2', \"1.3\"]")),
            ("9 < minor", Some("9 < minor | int")),
            ("minor in [2, 3]", Some("minor | int in [2, 3]")),
            ("minor not in [2, 3]", Some("minor | int in [2, 3]")),
            ("major != \"0\"", None),
            ("\"0\" == major", None),
            ("major in [\"1\", \"2\"]", None),
            ("major | int > 9", None),
            ("9 < major | int", None),
            ("pr > 5", None),
            ("branch == 'major > 5'", None),
            ("version[:2] == '1.'", None),
            ("é > 1", None),
        ] {
            let found = of_text(condition, &["version", "major", "minor"]).map(|(_, meant)| meant);
            assert_eq!(found.as_deref(), expected, "{condition}");
        }
    }
}
