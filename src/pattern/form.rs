//! The form of what a pattern renders to, found by rendering it with marks in the place of its words.

use minijinja::value::{Kwargs, Value};

use super::{DATE, FACT_WORDS, IMAGE_WORDS, ImageNames, VERSION_WORDS, environment, is_pattern};
use crate::form::{Form, Part, joined};

/// What marks begin and end with. They are letters and digits, so that filters such as `slug` leave them alone.
const OPEN: &str = "zq9";
const CLOSE: &str = "9qz";

/// A commit that no other text begins like; patterns may take parts of it.
const COMMIT: &str = "c0dec0de1c0dec0de2c0dec0de3c0dec0de4c0de";
const COMMIT_START: usize = 4;

/// The form that all tags of a pattern have, whatever version and run they are of; `None` when it cannot be told.
#[must_use]
pub(crate) fn form(pattern: &str, sha_length: usize, image: ImageNames<'_>) -> Option<Form> {
    if !is_pattern(pattern) {
        return Some(Form::text(pattern));
    }
    let ImageNames { name, key } = image;
    // A text that looks like a mark could not be told from one.
    let looks_marked =
        |text: &str| [OPEN, CLOSE, &COMMIT[..COMMIT_START]].iter().any(|mark| text.contains(mark));
    if [pattern, name, key].into_iter().any(looks_marked) {
        return None;
    }
    let environment = environment();
    let template = environment.template_from_str(pattern).ok()?;
    let mut values: Vec<(&str, Value)> = IMAGE_WORDS.into_iter().zip([name, key].map(Value::from)).collect();
    for (word, depth) in VERSION_WORDS {
        values.push((word, mark(if depth == usize::MAX { "v" } else { "n" }).into()));
    }
    for word in FACT_WORDS {
        values.push((
            word,
            match word {
                "sha" => COMMIT.get(..sha_length).unwrap_or(COMMIT).into(),
                "commit" => COMMIT.into(),
                "pr" => mark("p").into(),
                _ => mark("x").into(),
            },
        ));
    }
    let date = |format: &str, _: Kwargs| marked_date(format).unwrap_or_else(|| mark("x"));
    values.push((DATE, Value::from_function(date)));
    let text = template.render(Value::from_pairs(values.iter().cloned())).ok()?;
    parts(&text)
}

fn mark(code: &str) -> String {
    format!("{OPEN}{code}{CLOSE}")
}

/// A format with a mark for each of its letters: `%-m` is the mark of `dln`, flag and case by letters.
fn marked_date(format: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let (flag, letter) = match rest.next()? {
            '-' => ("n", rest.next()?),
            '%' => return None,
            letter => ("", letter),
        };
        if !letter.is_ascii_alphabetic() {
            return None;
        }
        let case = if letter.is_ascii_uppercase() { 'u' } else { 'l' };
        text.push_str(&mark(&format!("d{case}{}{flag}", letter.to_ascii_lowercase())));
    }
    Some(text)
}

/// Reads a rendered text with marks in it.
fn parts(text: &str) -> Option<Form> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let next = [rest.find(OPEN), rest.find(&COMMIT[..COMMIT_START])].into_iter().flatten().min();
        let (before, after) = rest.split_at(next.unwrap_or(rest.len()));
        parts.push(Part::Text(before.to_owned()));
        if let Some(inner) = after.strip_prefix(OPEN) {
            let (code, after) = inner.split_once(CLOSE)?;
            parts.push(part(code)?);
            rest = after;
        } else {
            let shared = after.bytes().zip(COMMIT.bytes()).take_while(|(a, b)| a == b).count();
            if shared > 0 {
                parts.push(Part::Commit(shared));
            }
            rest = &after[shared..];
        }
    }
    // A part of a mark is left where a filter took it apart.
    let is_broken = |part: &Part| matches!(part, Part::Text(text) if ["zq", "qz"].iter().any(|mark| text.to_ascii_lowercase().contains(mark)));
    if parts.iter().any(is_broken) {
        return None;
    }
    Some(joined(parts).into_iter().collect())
}

fn part(code: &str) -> Option<Part> {
    let mut letters = code.chars();
    Some(match letters.next()? {
        // Numbers of a version are joined to one below.
        'v' | 'n' => Part::Version,
        'p' => Part::Number,
        'd' => {
            let is_upper = letters.next()? == 'u';
            let letter = letters.next()?;
            let letter = if is_upper { letter.to_ascii_uppercase() } else { letter };
            let flag = if letters.next().is_some() { "-" } else { "" };
            Part::Date(format!("%{flag}{letter}"))
        }
        _ => Part::Name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_pattern_is_found() {
        let names = ImageNames { name: "app", key: "app-slim" };
        for (pattern, expected) in [
            ("edge", "edge"),
            ("{{ version }}", "{version}"),
            ("v{{ version }}", "v{version}"),
            ("RELEASE.{{ version }}", "RELEASE.{version}"),
            ("{{ major }}.{{ minor }}", "{version}"),
            ("api-{{ major }}.{{ minor }}.{{ patch }}-debian", "api-{version}-debian"),
            ("{{ version | replace('+', '-') }}", "{version}"),
            ("{{ major }}{{ minor }}", "{name}"),
            ("php{{ major }}-{{ minor }}", "php{name}"),
            ("sha-{{ sha }}", "sha-{commit:7}"),
            ("{{ commit }}", "{commit:40}"),
            ("{{ commit[:12] }}", "{commit:12}"),
            ("{{ version }}-{{ sha }}", "{version}-{commit:7}"),
            ("{{ version }}-{{ date('%Y%m%d') }}", "{version}-{date:%Y%m%d}"),
            ("{{ date('%Y.%m.%d') }}", "{date:%Y.%m.%d}"),
            ("{{ date('%Y-%m-%d') | replace('-', '') }}", "{date:%Y%m%d}"),
            ("{{ date('%y.%-m', tz='Asia/Tokyo') }}", "{date:%y.%-m}"),
            ("{{ date('%Y') }}.{{ date('%m') }}", "{date:%Y.%m}"),
            ("{{ image }}-{{ version }}", "app-{version}"),
            ("{{ key }}", "app-slim"),
            ("pr-{{ pr }}", "pr-{number}"),
            ("{{ branch | slug }}-dev", "{name}-dev"),
            ("{{ branch }}-{{ sha }}", "{name}-{commit:7}"),
            ("{{ tag | default('none') }}", "{name}"),
            ("{% if pr %}pr-{{ pr }}{% endif %}", "pr-{number}"),
        ] {
            let found = form(pattern, 7, names).map(|form| form.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{pattern}");
        }
        for pattern in [
            "{{ branch[:3] }}",
            "{{ nothing }}",
            "{{ date('%Y%m%d')[:4] }}x",
            "{{ version",
            "zq9v9qz-{{ sha }}",
            "c0de-{{ sha }}",
        ] {
            assert_eq!(form(pattern, 7, names), None, "{pattern}");
        }
    }
}
