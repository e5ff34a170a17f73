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
        let number = other.trim_matches(['"', '\'']).split('.').next().unwrap_or_default();
        let number = if number.parse::<u64>().is_ok() { number } else { "1" };
        let numeric = if matches!(word, "version" | "semver") { "major" } else { word };
        // The list as it is written, of numbers without quotes.
        let end = tokens.iter().skip(here).position(|token| matches!(*token, "]" | ")"));
        let list = tokens.get(here + 1..=here + end.unwrap_or_default()).unwrap_or_default().concat();
        let list = list.replace(['"', '\''], "").replace(',', ", ");
        let right = if operator == "in" { list.as_str() } else { right };
        let meant = match operator {
            "in" => format!("{numeric} | int in {list}"),
            _ if word == left => format!("{numeric} | int {operator} {number}"),
            _ => format!("{number} {operator} {numeric} | int"),
        };
        Some((format!("{left} {operator} {right}"), meant))
    })
}

fn is_number(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

/// Words, numbers, quoted texts and operators; anything else is a token for each character.
fn tokens(text: &str) -> Vec<&str> {
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
            ("version >= '10.2.0'", Some("major | int >= 10")),
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
