//! The form of what a pattern renders to, found by rendering it with marks in the place of its words.

use std::cell::RefCell;
use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Value};

use super::words::{DATE, FACT_WORDS, IMAGE_WORDS, VERSION_WORDS};
use super::{ImageNames, bounds, environment, is_pattern};
use crate::form::{Form, Part, joined};

/// What marks begin and end with. They are letters and digits, so that filters such as `slug` leave them alone.
const OPEN: &str = "zq9";
const CLOSE: &str = "9qz";

/// A commit that no other text begins like; patterns may take parts of it.
const COMMIT: &str = "c0dec0de1c0dec0de2c0dec0de3c0dec0de4c0de";
const COMMIT_START: usize = 4;

/// The forms of patterns. Each is found once, however many images have the pattern.
pub(crate) struct PatternForms {
    sha_length: usize,
    found: RefCell<BTreeMap<Vec<String>, Option<Form>>>,
}

impl PatternForms {
    /// For runs that show so many digits of a commit.
    #[must_use]
    pub(crate) fn new(sha_length: usize) -> Self {
        Self { sha_length, found: RefCell::default() }
    }

    /// How many digits of a commit are shown.
    #[must_use]
    pub(crate) fn sha_length(&self) -> usize {
        self.sha_length
    }

    /// The form that all tags of a pattern have; `None` when it cannot be told.
    #[must_use]
    pub(crate) fn of(&self, pattern: &str, image: ImageNames<'_>) -> Option<Form> {
        let mut key = vec![pattern.to_owned()];
        if IMAGE_WORDS.iter().any(|word| pattern.contains(word)) {
            key.extend([image.name, image.key].map(str::to_owned));
        }
        self.found.borrow_mut().entry(key).or_insert_with(|| form(pattern, self.sha_length, image)).clone()
    }
}

/// The form that all tags of a pattern have, whatever version and run they are of; `None` when it cannot be told.
#[must_use]
fn form(pattern: &str, sha_length: usize, image: ImageNames<'_>) -> Option<Form> {
    if !is_pattern(pattern) {
        return Some(Form::text(pattern));
    }
    let ImageNames { name, key } = image;
    // A text that looks like a mark could not be told from one.
    let looks_marked =
        |text: &str| [OPEN, CLOSE, &COMMIT[..COMMIT_START]].iter().any(|mark| text.contains(mark));
    let uses_names = IMAGE_WORDS.iter().any(|word| pattern.contains(word));
    if looks_marked(pattern) || (uses_names && [name, key].into_iter().any(looks_marked)) {
        return None;
    }
    bounds::check(pattern).ok()?;
    let environment = environment();
    let template = environment.template_from_str(pattern).ok()?;
    let values: Vec<(&str, Value)> = IMAGE_WORDS.into_iter().zip([name, key].map(Value::from)).collect();
    let (mut marked, mut probed) = (values.clone(), values);
    for (word, depth) in VERSION_WORDS {
        let (code, probe) = of_version(depth);
        marked.push((word, mark(code).into()));
        probed.push((word, probe.into()));
    }
    let mut values = Vec::new();
    for word in FACT_WORDS {
        values.push((
            word,
            match word {
                // Too few digits could not be told from other text.
                "sha" if sha_length < COMMIT_START => mark("s").into(),
                "sha" => COMMIT.get(..sha_length).unwrap_or(COMMIT).into(),
                "commit" => COMMIT.into(),
                "pr" => mark("p").into(),
                _ => mark("x").into(),
            },
        ));
    }
    let date = |format: &str, _: Kwargs| marked_date(format).unwrap_or_else(|| mark("x"));
    values.push((DATE, Value::from_function(date)));
    let render = |own: &[(&'static str, Value)]| {
        template.render(Value::from_pairs(own.iter().chain(&values).cloned())).ok()
    };
    let text = render(&marked)?;
    let parts = parts(&text, sha_length)?;
    let shown = VERSION_WORDS.into_iter().fold(text, |text, (_, depth)| {
        let (code, probe) = of_version(depth);
        text.replace(&mark(code), probe)
    });
    // Filters may put the version into a tag otherwise than it is: `1_4_2` and `142` cannot be read back.
    let is_as_it_is = !parts.contains(&Part::Version) || render(&probed)? == shown;
    let form: Form = joined(parts).into_iter().collect();
    Some(if is_as_it_is { form } else { form.unreadable() })
}

/// The mark of a word of versions, and what a version of the probe has there.
fn of_version(depth: usize) -> (&'static str, &'static str) {
    match depth {
        1 => ("na", "17"),
        2 => ("nb", "23"),
        3 => ("nc", "41"),
        _ => ("v", "17.23.41"),
    }
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

/// Reads a rendered text with marks in it. Beside a whole version, its single numbers are any numbers: the next version has
/// others.
fn parts(text: &str, sha_length: usize) -> Option<Vec<Part>> {
    let (whole, _) = of_version(usize::MAX);
    let has_whole = text.contains(&mark(whole));
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let next = [rest.find(OPEN), rest.find(&COMMIT[..COMMIT_START])].into_iter().flatten().min();
        let (before, after) = rest.split_at(next.unwrap_or(rest.len()));
        parts.push(Part::Text(before.to_owned()));
        if let Some(inner) = after.strip_prefix(OPEN) {
            let (code, after) = inner.split_once(CLOSE)?;
            let part = part(code, sha_length)?;
            if has_whole && part == Part::Version && code != whole {
                push_number(&mut parts);
            } else {
                parts.push(part);
            }
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
    Some(parts)
}

/// Adds a number; two that touch are one.
fn push_number(parts: &mut Vec<Part>) {
    parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    if parts.last() != Some(&Part::Number) {
        parts.push(Part::Number);
    }
}

fn part(code: &str, sha_length: usize) -> Option<Part> {
    let mut letters = code.chars();
    Some(match letters.next()? {
        // Numbers of a version are joined to one below.
        'v' | 'n' => Part::Version,
        'p' => Part::Number,
        's' => Part::Commit(sha_length),
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
    use jiff::Timestamp;
    use proptest::collection;
    use proptest::prelude::*;

    use super::super::{Words, render};
    use super::*;
    use crate::facts::Facts;
    use crate::reference::Tag;
    use crate::version::Version;

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
            ("pg{{ major }}-{{ version }}", "pg{number}-{version}"),
            ("php{{ major }}{{ minor }}-{{ version }}-x", "php{number}-{version}-x"),
            ("php{{ major }}.{{ minor }}-{{ version }}", "php{number}.{number}-{version}"),
            ("{{ version }}-{{ major }}", "{version}-{number}"),
            ("{{ version }}-{{ version }}", "{name}"),
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
            ("{{ version | replace('.', '_') }}", "{name}"),
            ("{{ version | replace('.', '') }}-debian", "{name}-debian"),
            ("v{{ (version | split('.')) | join('-') }}", "v{name}"),
            ("{{ version | replace('-', '.') }}", "{version}"),
            ("{{ version | lower }}", "{version}"),
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

    proptest! {
        /// Whatever a pattern renders to is of its form, and shows the version there.
        #[test]
        fn what_is_rendered_is_of_the_form(
            numbers in collection::vec(0..3000_u64, 1..4),
            tail in prop_oneof![Just(""), Just("-rc.1"), Just("-r2"), Just("p1"), Just(".Final"), Just("+k3s1")],
            branch in "[a-z][a-z0-9/._-]{0,12}[a-z0-9]",
            commit in "[0-9a-f]{40}",
            number in 1..100_000_u64,
            second in 946_684_800..4_102_444_800_i64,
            length in 1..41_usize,
        ) {
            let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
            let version: Version = format!("{}{tail}", numbers.join(".")).parse().unwrap();
            let facts = Facts {
                event: Some("push".into()),
                branch: Some(branch),
                commit: Some(commit),
                pull_request: Some(number),
                commit_time: Timestamp::from_second(second).ok(),
                sha_length: Some(length),
                default_branch: Some("main".into()),
                ..Facts::default()
            };
            let image = ImageNames { name: "app", key: "app-slim" };
            let words = Words { version: Some(&version), facts: &&facts, image };
            for pattern in [
                "{{ semver }}", "{{ version | replace('+', '-') }}", "v{{ semver }}", "{{ major }}.{{ minor }}-slim",
                "api-{{ major }}", "{{ image }}-{{ semver }}-{{ key }}", "{{ semver }}-{{ sha }}", "sha-{{ commit[:12] }}",
                "{{ date('%Y%m%d') }}", "{{ date('%Y.%-m.%-d', tz='Asia/Tokyo') }}-{{ sha }}", "{{ date('%y.%m') }}",
                "{{ date('%G-%V') }}", "{{ branch | slug }}", "{{ branch | slug }}-{{ sha }}", "pr-{{ pr }}", "{{ pr }}",
                "{{ event }}-{{ default_branch }}", "{{ branch | slug }}-{{ semver }}", "edge",
                "{% if pr %}pr-{{ pr }}{% else %}{{ branch }}{% endif %}", "{{ major }}-{{ minor | default('x') }}",
            ] {
                let form = form(pattern, length, image);
                let Ok(Some(rendered)) = render(pattern, &words) else { continue };
                let Some(form) = form.filter(|_| rendered.text.parse::<Tag>().is_ok()) else { continue };
                prop_assert!(form.fits(&rendered.text), "{pattern}: {} is not of {form}", rendered.text);
                prop_assert_eq!(form.to_string().parse::<Form>(), Ok(form.clone()));
                if form.is_readable() && rendered.uses.depth == usize::MAX && version.build().is_empty() {
                    prop_assert!(form.versions_in(&rendered.text).contains(&version.text()), "{pattern} {form}");
                }
            }
        }
    }
}
