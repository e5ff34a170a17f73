//! What a shell makes of a value: `${NAME#v}`, `${NAME%.*}`, `${NAME//a/b}`.

use crate::glob::Glob;
use crate::init::values::moment::Fact;
use crate::init::values::text::{MAX_TEXT, Piece, Template};

/// How far expansions may be in each other.
pub(super) const MAX_DEPTH: usize = 24;

pub(super) fn fact(fact: Fact) -> Template {
    Template(vec![Piece::Fact(fact)])
}

/// What `/OLD/NEW` or, for all of them, `//OLD/NEW` makes of a text, where `OLD` is no pattern.
fn replaced(text: &str, operation: &str) -> Option<String> {
    let (is_all, operation) = match operation.strip_prefix('/') {
        Some(operation) => (true, operation),
        None => (false, operation),
    };
    let mut parts = vec![String::new()];
    let mut chars = operation.chars();
    while let Some(c) = chars.next() {
        match c {
            '/' if parts.len() == 1 => parts.push(String::new()),
            '*' | '?' | '[' | '#' | '%' | '$' => return None,
            '\\' => parts.last_mut()?.extend(chars.next()),
            c => parts.last_mut()?.push(c),
        }
    }
    let (old, new) = (parts.first()?, parts.get(1).map_or("", String::as_str));
    let old = Some(old).filter(|old| !old.is_empty())?;
    if is_all { all_replaced(text, old, new) } else { Some(text.replacen(old, new, 1)) }
}

/// A text with another in the place of each `old`, unless that gets too long.
pub(super) fn all_replaced(text: &str, old: &str, new: &str) -> Option<String> {
    let count = text.matches(old).count();
    let longest = count.saturating_mul(new.len()).saturating_add(text.len());
    (longest <= MAX_TEXT).then(|| text.replace(old, new))
}

/// A text without what a pattern takes from its start (`#`) or end (`%`), the least or, with two signs, the most.
fn cut<'t>(text: &'t str, operation: &str) -> Option<&'t str> {
    /// Trying each end of a text takes time by its square.
    const LONGEST: usize = 1000;
    if text.len() > LONGEST {
        return None;
    }
    // A star of a shell takes slashes, too.
    const SLASH: &str = "\u{e002}";
    let mut signs = operation.chars();
    let sign = signs.next()?;
    let (is_long, pattern) = match operation[1..].strip_prefix(sign) {
        Some(pattern) => (true, pattern),
        None => (false, &operation[1..]),
    };
    if pattern.contains('$') {
        return None;
    }
    let pattern = Glob::parse(&pattern.replace("\\/", "/").replace('/', SLASH)).ok()?;
    let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let mut fitting = places.filter(|&at| {
        let part = if sign == '#' { &text[..at] } else { &text[at..] };
        pattern.matches(&part.replace('/', SLASH))
    });
    // The first place takes the least from the start, and the most from the end.
    let at = if (sign == '#') == is_long { fitting.next_back() } else { fitting.next() };
    Some(match at {
        Some(at) if sign == '#' => &text[at..],
        Some(at) => &text[..at],
        None => text,
    })
}

/// What `cut -d. -f1,2` makes of a version.
pub(super) fn first_two(value: &Template) -> Option<Template> {
    if let Some(text) = value.constant() {
        let parts: Vec<&str> = text.split('.').take(2).collect();
        return Some(Template::from(parts.join(".").as_str()));
    }
    matches!(value.0.as_slice(), [Piece::Fact(Fact::Version)]).then(|| fact(Fact::Numbers(2)))
}

/// What `cut -d / -f 3` makes of a ref, or of its name.
pub(super) fn of_fields(value: &Template, words: &[&str]) -> Option<Template> {
    let (mut delimiter, mut fields) = (None, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (option, rest) = match word.split_once('=') {
            Some((long, rest)) if word.starts_with("--") => (long, rest),
            _ => word.split_at_checked(2)?,
        };
        let given = if rest.is_empty() { *words.next()? } else { rest };
        match option {
            "-d" | "--delimiter" => delimiter = Some(given),
            "-f" | "--fields" => fields = Some(given),
            _ => return None,
        }
    }
    // The second number is the same for a prerelease.
    if let (Some("."), Some("2"), [Piece::Fact(Fact::Version)]) = (delimiter, fields, value.0.as_slice()) {
        return Some(fact(Fact::Number(1)));
    }
    let (Some(separator @ ("/" | ".")), Some(fields)) = (delimiter, fields) else { return None };
    if let Some(text) = value.constant() {
        let (from, is_open) = fields.strip_suffix('-').map_or((fields, false), |from| (from, true));
        let from = from.parse::<usize>().ok()?.checked_sub(1)?;
        let parts: Vec<&str> = text.split(separator).skip(from).collect();
        let parts = if is_open { parts.as_slice() } else { parts.get(..1).unwrap_or_default() };
        return Some(Template::from(parts.join(separator).as_str()));
    }
    if separator != "/" {
        return None;
    }
    Some(match (value.0.as_slice(), fields) {
        ([Piece::Fact(Fact::Ref)], "3-") => fact(Fact::RefName),
        ([Piece::Fact(Fact::Ref)], "3") | ([Piece::Fact(Fact::RefName)], "1") => fact(Fact::RefStart),
        ([Piece::Repository], "1") => Template(vec![Piece::Owner]),
        ([Piece::Repository], "2" | "2-") => Template(vec![Piece::Name]),
        _ => return None,
    })
}

/// The operation of a shell that does what this script of sed does.
pub(super) fn of_sed(words: &[&str]) -> Option<&'static str> {
    let script = match words {
        [script] | ["-e" | "-E" | "-r", script] | ["-E" | "-r", "-e", script] => *script,
        _ => return None,
    };
    let mut signs = script.strip_prefix('s')?.chars();
    let sign = signs.next()?;
    let escaped = format!("\\{sign}");
    let body = signs.as_str().replace(&escaped, "\u{e002}");
    let parts: Vec<String> =
        body.split(sign).map(|part| part.replace('\u{e002}', &sign.to_string())).collect();
    let [pattern, new, flags] = parts.as_slice() else { return None };
    if !new.is_empty() || !matches!(flags.as_str(), "" | "g") {
        return None;
    }
    match pattern.as_str() {
        ".*/" | "^.*/" => Some("##*/"),
        "/.*" | "/.*$" => Some("%%/*"),
        "refs/heads/" | "^refs/heads/" => Some("#refs/heads/"),
        "refs/tags/" | "^refs/tags/" => Some("#refs/tags/"),
        "refs/tags/v" | "^refs/tags/v" => Some("#refs/tags/v"),
        "refs/[^/]*/" | "^refs/[^/]*/" | "refs/[^/]+/" | "^refs/[^/]+/" => Some("#refs/*/"),
        "^v" | "v" => Some("#v"),
        _ => None,
    }
}

/// What an operation of the shell makes of a value.
pub(super) fn changed(value: Template, operation: &str) -> Option<Template> {
    let of_fact = match value.0.as_slice() {
        [Piece::Fact(fact)] => Some(fact.clone()),
        _ => None,
    };
    if let (Some(text), true) = (value.constant(), operation.starts_with(['#', '%'])) {
        return Some(Template::from(cut(&text, operation)?));
    }
    if let (Some(text), ",,") = (value.constant(), operation) {
        return Some(Template::from(text.to_lowercase().as_str()));
    }
    if let (Some(text), Some(operation)) = (value.constant(), operation.strip_prefix('/')) {
        return Some(Template::from(replaced(&text, operation)?.as_str()));
    }
    Some(match (operation, of_fact) {
        ("" | ",,", _) => value,
        ("#refs/tags/" | "##refs/tags/" | "/refs\\/tags\\//" | "/refs/tags//", Some(Fact::Ref)) => {
            fact(Fact::Tag)
        }
        ("#refs/*/" | "#refs/heads/" | "##refs/heads/", Some(Fact::Ref)) => fact(Fact::RefName),
        ("##*/" | "##refs/*/", Some(Fact::Ref)) | ("##*/", Some(Fact::RefName | Fact::RefEnd)) => {
            fact(Fact::RefEnd)
        }
        ("%%/*", Some(Fact::RefName | Fact::RefStart)) => fact(Fact::RefStart),
        (
            "#refs/tags/v" | "##refs/tags/v" | "##*/v" | "/refs\\/tags\\/v/" | "/refs/tags/v/",
            Some(Fact::Ref),
        ) => fact(Fact::Version),
        ("#v" | "##v" | "/v/" | ":1", Some(Fact::Tag | Fact::RefName)) => fact(Fact::Version),
        ("%.*", Some(Fact::Version)) => fact(Fact::Numbers(2)),
        ("%%.*", Some(Fact::Version)) | ("%.*" | "%%.*", Some(Fact::Numbers(2))) => fact(Fact::Numbers(1)),
        ("#v" | "##v" | "/v/", Some(Fact::Version | Fact::Numbers(_))) => value,
        // The names of refs have their slashes replaced anyway.
        ("//\\//-" | "//\\//_", Some(Fact::Version | Fact::Numbers(_) | Fact::Commit(_))) => value,
        ("##*/", _) if matches!(value.0.as_slice(), [Piece::Repository]) => Template(vec![Piece::Name]),
        ("%%/*" | "%/*", _) if matches!(value.0.as_slice(), [Piece::Repository]) => {
            Template(vec![Piece::Owner])
        }
        (cut, Some(Fact::Commit(None))) => {
            let length = cut.strip_prefix("::").or_else(|| cut.strip_prefix(":0:"))?;
            fact(Fact::Commit(Some(length.trim().parse().ok()?)))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Home, read};
    use super::*;
    use crate::init::values::scope::Scope;

    #[test]
    fn texts_are_replaced_as_a_shell_does() {
        for (operation, expected) in [
            ("//\\//-", Some("linux-arm-v7")),
            ("/\\//-", Some("linux-arm/v7")),
            ("//a", Some("linux/rm/v7")),
            ("///-", None),
            ("//*/-", None),
        ] {
            let value = changed(Template::from("linux/arm/v7"), operation);
            assert_eq!(value.and_then(|value| value.constant()).as_deref(), expected, "{operation}");
        }
        let long = Template::from("a".repeat(2000).as_str());
        assert_eq!(changed(long, "##*a*a*b").and_then(|value| value.constant()), None, "work has a limit");
        for (operation, expected) in [
            ("%.*", Some("1.2")),
            ("%%.*", Some("1")),
            ("#*.", Some("2.3")),
            ("##*.", Some("3")),
            ("#?.", Some("2.3")),
            ("#v", Some("1.2.3")),
            ("%[0-9]", Some("1.2.")),
            ("%", Some("1.2.3")),
            ("#$x", None),
            ("%.", Some("1.2.3")),
        ] {
            let value = changed(Template::from("1.2.3"), operation);
            assert_eq!(value.and_then(|value| value.constant()).as_deref(), expected, "{operation}");
        }
        for (text, operation, expected) in [
            ("a/b/c", "##*/", "c"),
            ("a/b/c", "%/*", "a/b"),
            ("a/b/c", "%%/*", "a"),
            ("refs/tags/v1", "#refs/*/", "v1"),
            ("Acme/App", ",,", "acme/app"),
        ] {
            let value = changed(Template::from(text), operation);
            assert_eq!(value.and_then(|value| value.constant()).as_deref(), Some(expected), "{operation}");
        }
        let version = || fact(Fact::Version);
        for (operation, expected) in [("%.*", "{numbers(2)}"), ("%%.*", "{numbers(1)}"), ("#v", "{version}")]
        {
            assert_eq!(changed(version(), operation).unwrap().shown(), expected);
        }
        assert!(changed(fact(Fact::RefName), "%.*").is_none());
        let pair = "platform=linux/arm64\necho \"PAIR=${platform//\\//-}\" >> $GITHUB_ENV";
        let ran = read(pair, &Scope::default(), &Home::default());
        let set: Vec<_> = ran.environment.iter().map(|(_, value)| value.shown()).collect();
        assert_eq!(set, ["linux-arm64"]);
    }
}
