//! Keeps patterns small: whoever writes a pull request writes patterns, and few words can ask for gigabytes.
//!
//! A tag has at most 128 characters, so nothing is lost: statements that repeat or copy, multiplication and filters that
//! pad are refused, and what the other filters come to is limited before it is made. What is left can only put together
//! what is written in the pattern.

use minijinja::value::{Rest, Value};
use minijinja::{Environment, Error, ErrorKind, State, filters};

/// How long a pattern or a condition may be, in bytes.
const MAX_PATTERN: usize = 4096;

/// How long what a filter comes to may be, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// How many digits the width of a `format` may have.
const MAX_WIDTH: usize = 2;

/// Statements that only choose.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "raw", "endraw"];

/// Filters that pad, or show what the template language is made of.
const PADDING: [&str; 4] = ["batch", "indent", "pprint", "slice"];

/// The names under which the template language's own filters are called by ours; no pattern can write them.
const OWN_FORMAT: &str = "format ";
const OWN_JOIN: &str = "join ";
const OWN_REPLACE: &str = "replace ";

/// Why a pattern is refused before it is read.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("it has {} bytes; at most {MAX_PATTERN} are allowed", pattern.len()));
    }
    for part in pattern.split("{%").skip(1) {
        let part = part.trim_start_matches(['-', '+']).trim_start();
        let word = &part[..part.bytes().take_while(u8::is_ascii_alphabetic).count()];
        if !STATEMENTS.contains(&word) {
            return Err(format!("it has the statement `{word}`; the only ones are `if`, `elif` and `else`"));
        }
    }
    if multiplies(pattern) {
        return Err("it multiplies with `*`, which no tag needs".to_owned());
    }
    Ok(())
}

/// Whether there is a `*` outside of the quotes of an expression or a statement.
fn multiplies(pattern: &str) -> bool {
    // A condition is an expression as a whole.
    let is_text = pattern.contains("{{") || pattern.contains("{%");
    let (mut is_inside, mut quote) = (!is_text, None);
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(_), '\\') => drop(rest.next()),
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if is_inside => quote = Some(c),
            (None, '*') if is_inside => return true,
            (None, '{') if rest.as_str().starts_with(['{', '%']) => is_inside = true,
            (None, '}' | '%') if is_text && rest.as_str().starts_with('}') => is_inside = false,
            (None, _) => {}
        }
    }
    false
}

/// Puts the limits on the filters.
pub(super) fn limit(environment: &mut Environment<'_>) {
    for name in PADDING {
        environment.remove_filter(name);
    }
    environment.add_filter(OWN_FORMAT, filters::format);
    environment.add_filter(OWN_JOIN, filters::join);
    environment.add_filter(OWN_REPLACE, filters::replace);
    environment.add_filter("format", format);
    environment.add_filter("join", join);
    environment.add_filter("replace", replace);
}

/// `"%03d" | format(7)`, of which each `%` may add some characters.
fn format(state: &mut State<'_, '_>, text: &str, arguments: Rest<Value>) -> Result<Value, Error> {
    let runs = text.split(|c: char| !c.is_ascii_digit());
    if runs.map(str::len).any(|digits| digits > MAX_WIDTH) || text.contains('*') {
        return Err(refused(format!("`{text}` has a width of more than {MAX_WIDTH} digits")));
    }
    let given: usize = arguments.iter().map(length).sum();
    fits(text.len().saturating_add(given.saturating_mul(text.matches('%').count())))?;
    let arguments: Vec<Value> = [Value::from(text)].into_iter().chain(arguments.0).collect();
    state.apply_filter(OWN_FORMAT, &arguments)
}

/// `parts | join("-")`.
fn join(state: &mut State<'_, '_>, list: Value, arguments: Rest<Value>) -> Result<Value, Error> {
    let joiner = arguments.first().map_or(0, length);
    let items =
        list.try_iter().map_or(0, |items| items.map(|item| length(&item).saturating_add(joiner)).sum());
    fits(items)?;
    let arguments: Vec<Value> = [list].into_iter().chain(arguments.0).collect();
    state.apply_filter(OWN_JOIN, &arguments)
}

/// `text | replace("/", "-")`.
fn replace(state: &mut State<'_, '_>, text: Value, from: Value, to: Value) -> Result<Value, Error> {
    let written = text.to_string();
    let found = from.as_str().map_or(written.len() + 1, |from| written.matches(from).count());
    fits(written.len().saturating_add(found.saturating_mul(length(&to))))?;
    state.apply_filter(OWN_REPLACE, &[text, from, to])
}

/// How long a value is as text, in bytes.
fn length(value: &Value) -> usize {
    value.as_str().map_or_else(|| value.to_string().len(), str::len)
}

fn fits(length: usize) -> Result<(), Error> {
    if length > MAX_TEXT {
        return Err(refused(format!("it comes to {length} bytes; at most {MAX_TEXT} are allowed")));
    }
    Ok(())
}

fn refused(why: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_refused_and_what_chooses_is_not() {
        for (pattern, expected) in [
            ("{{ version }}", Ok(())),
            ("{% if pr %}pr-{{ pr }}{% else %}{{ branch | slug }}{% endif %}", Ok(())),
            ("{%- if pr -%}a{%- elif tag -%}b{% endif %}", Ok(())),
            ("{{ branch | replace('*', '-') }} * a", Ok(())),
            ("{{ \"\\\"*\" }}", Ok(())),
            ("branch != \"*\" and major > 1", Ok(())),
            ("{% set a = 1 %}", Err("set")),
            ("{%for a in 'aaaa' %}{{ a }}{% endfor %}", Err("for")),
            ("{%- with a = 1 %}{% endwith %}", Err("with")),
            ("{% filter upper %}a{% endfilter %}", Err("filter")),
            ("{%+ autoescape true %}{% endautoescape %}", Err("autoescape")),
            ("{{ 'a' * 10 }}", Err("multiplies")),
            ("{{ [1]*10 }}", Err("multiplies")),
            ("{% if 2 ** 9 %}a{% endif %}", Err("multiplies")),
            ("'a' * 1000000000 == branch", Err("multiplies")),
            ("a\\'{{ 1 *\n2 }}", Err("multiplies")),
        ] {
            let found = check(pattern);
            match (&found, expected) {
                (Ok(()), Ok(())) => {}
                (Err(why), Err(word)) if why.contains(word) => {}
                _ => panic!("{pattern}: {found:?}"),
            }
        }
        assert!(check(&"a".repeat(MAX_PATTERN)).is_ok());
        assert!(check(&"a".repeat(MAX_PATTERN + 1)).is_err());
    }

    #[test]
    fn filters_come_to_little() {
        let mut environment = Environment::new();
        limit(&mut environment);
        let long = "x".repeat(2000);
        for (expression, expected) in [
            ("'%03d' | format(7)", Some("007")),
            ("'%-5s|' | format('a')", Some("a    |")),
            ("['a', 'b'] | join('-')", Some("a-b")),
            ("'ab' | join('-')", Some("a-b")),
            ("'a/b' | replace('/', '-')", Some("a-b")),
            ("'1.2' | split('.') | map('replace', '1', '9') | join('_')", Some("9_2")),
            ("'%1000000000d' | format(1)", None),
            ("'%.999999999f' | format(1.5)", None),
            ("'%*d' | format(999999999, 1)", None),
            ("long | replace('x', long)", None),
            ("long | replace('', long)", None),
            ("long | list | join(long)", None),
            ("[1] | batch(10000000000, 1)", None),
            ("[1] | slice(10000000000, 1)", None),
            ("'a\nb' | indent(10000000000)", None),
        ] {
            let found = environment.render_str(
                &format!("{{{{ {expression} }}}}"),
                minijinja::context! { long => long.as_str() },
            );
            assert_eq!(found.as_deref().ok(), expected, "{expression}: {found:?}");
        }
    }
}
