//! Passwords that stand in workflows and scripts: what is shown of a line does not have them.

use crate::bake::values::SecretNames;
use crate::readable::{self, logins_in_addresses};

/// What stands behind a secret's name without being one.
const PLAIN: [&str; 9] = ["true", "false", "read", "write", "none", "null", "inherit", "admin", "required"];
/// Shorter values may be a part of any other word.
const MIN_REPEATED: usize = 8;
/// How many values are looked for in the whole text.
const MAX_REPEATED: usize = 500;
/// How much of a line is quoted, in characters.
const MAX_QUOTED: usize = 120;

/// A text of the same length, in which the values of what is called like a secret are asterisks: of variables, keys and
/// options, of what a login reads, and in addresses. References to them stay.
pub(crate) fn masked(text: &str) -> String {
    let mut values: Vec<&str> = Vec::new();
    // How far the key is indented whose lines are all secret.
    let mut block: Option<usize> = None;
    // The same of what a build gets as secrets, with their names.
    let mut secrets: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(of) = block {
            if line.trim().is_empty() || indent > of {
                values.extend(Some(line.trim()).filter(|line| !line.is_empty()));
                continue;
            }
            block = None;
        }
        secrets = secrets.filter(|of| line.trim().is_empty() || indent > *of);
        if secrets.is_some() {
            values.extend(of_secret(line));
            continue;
        }
        if let Some(given) = secrets_of(line) {
            if given.starts_with(['|', '>']) {
                secrets = Some(indent);
            } else {
                values.extend(of_secret(given));
            }
        }
        of_names(line, &mut values);
        of_logins(line, &mut values);
        of_addresses(line, &mut values);
        let is_block = |value: &&str| {
            matches!(value.trim_end_matches(|c: char| c.is_ascii_digit() || "+-".contains(c)), "|" | ">")
        };
        if values.last().is_some_and(is_block) {
            values.pop();
            block = Some(indent);
        }
    }
    let start = text.as_ptr().addr();
    let mut out = text.to_owned();
    for value in &values {
        let at = value.as_ptr().addr() - start;
        out.replace_range(at..at + value.len(), &"*".repeat(value.len()));
    }
    let is_long =
        |value: &&&str| value.len() >= MIN_REPEATED && value.chars().any(|c| !c.is_ascii_alphabetic());
    for value in values.iter().filter(is_long).take(MAX_REPEATED) {
        if out.contains(value) {
            out = out.replace(value, &"*".repeat(value.len()));
        }
    }
    out
}

/// What stands behind the key `secrets` in its line, without quotes.
fn secrets_of(line: &str) -> Option<&str> {
    let (before, given) = line.split_once("secrets:")?;
    let given = given.trim();
    let is_key = before.is_empty() || before.ends_with([' ', '{', ',', '"', '\'']);
    if !is_key || given.is_empty() || given.starts_with(['{', '#']) {
        return None;
    }
    if let Some(quote) = given.chars().next().filter(|c| "\"'".contains(*c)) {
        let inner = &given[1..];
        return Some(&inner[..inner.rfind(quote).unwrap_or(inner.len())]);
    }
    let end = if given.contains("${{") { None } else { given.find([',', '}']) };
    Some(&given[..end.unwrap_or(given.len())])
}

/// The value of `id=value`, or all of a line on which one goes on; nothing where that says where the value is.
fn of_secret(text: &str) -> Option<&str> {
    let text = text.trim();
    let value = text.split_once('=').map_or(text, |(_, value)| value).trim();
    let is_told = value.starts_with("${{") || is_reference(value) || PLAIN.contains(&value);
    (!value.is_empty() && !is_told).then_some(value)
}

/// `NAME=value`, `"name": "value"`, `--name value`.
fn of_names<'t>(line: &'t str, values: &mut Vec<&'t str>) {
    let names = SecretNames::default();
    let is_of = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut rest = line;
    while let Some(at) = rest.find(is_of) {
        let before = &line[..line.len() - rest.len() + at];
        let word = &rest[at..];
        let end = word.find(|c| !is_of(c)).unwrap_or(word.len());
        let (name, after) = word.split_at(end);
        rest = after;
        let is_option = name.starts_with("--");
        let name = name.trim_matches('-').replace('-', "_");
        // The secrets of a build are looked at one by one.
        let is_list = name.eq_ignore_ascii_case("secrets") && after.starts_with(':');
        if !names.has(&name) || is_list {
            continue;
        }
        let unquoted = after.strip_prefix(['"', '\'']).unwrap_or(after);
        let assigned = match unquoted.trim_start().strip_prefix(['=', ':']) {
            Some(assigned) => Some(assigned),
            None if is_option && after.starts_with(' ') => Some(after),
            // `ENV PASSWORD value` of a Dockerfile, `set PASSWORD value`.
            None if before.trim_start().eq_ignore_ascii_case("env ") => Some(after),
            None => None,
        };
        if let Some((value, after)) = assigned.and_then(value) {
            values.push(value);
            rest = after;
        }
    }
}

/// What a login gets: `-p value`, and what is written to it.
fn of_logins<'t>(line: &'t str, values: &mut Vec<&'t str>) {
    if !line.contains("login") {
        return;
    }
    let options = line.match_indices(" -p").map(|(at, text)| &line[at + text.len()..]);
    values.extend(options.filter_map(value).map(|(value, _)| value));
    if line.contains("password-stdin") || line.contains("-stdin") {
        let marks = ["echo ", "echo -n ", "printf ", "printf '%s' ", "printf \"%s\" ", "printf %s ", "<<<"];
        let written = marks
            .iter()
            .flat_map(|mark| line.match_indices(mark).map(move |(at, _)| &line[at + mark.len()..]));
        let is_format = |text: &str| text.starts_with('-') || text.starts_with("%s");
        let written = written.filter_map(value).map(|(value, _)| value).filter(|value| !is_format(value));
        values.extend(written);
    }
}

/// `scheme://user:password@host`.
fn of_addresses<'t>(line: &'t str, values: &mut Vec<&'t str>) {
    let passwords = logins_in_addresses(line).filter_map(|login| Some(login.split_once(':')?.1));
    values.extend(passwords.filter(|password| !is_reference(password)));
}

/// The value that a text begins with, unless it is none or says where it is from, and what follows.
fn value(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| "\"'".contains(*c));
    let (value, rest) = match quote {
        Some(quote) => {
            let inner = &text[1..];
            inner.split_at(inner.find(quote).unwrap_or(inner.len()))
        }
        None => text
            .split_at(text.find(|c: char| c.is_whitespace() || ";&\"'),`".contains(c)).unwrap_or(text.len())),
    };
    let is_telling = !value.is_empty() && !is_reference(value) && !PLAIN.contains(&value);
    is_telling.then_some((value, rest))
}

/// Whether it is no value, but says where that is.
fn is_reference(text: &str) -> bool {
    let text = text.trim();
    let is_name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let in_braces = |start: &str, end: &str| {
        text.strip_prefix(start)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|inner| !inner.contains('}'))
    };
    text.strip_prefix('$').is_some_and(is_name)
        || in_braces("${{", "}}")
        || text == "${{"
        || in_braces("${", "}")
        || in_braces("$(", ")")
        || text.starts_with("$(")
        || text.starts_with('<')
}

/// A text within a comment: on one line, and not too long.
pub(crate) fn quotable(text: &str) -> String {
    let text = readable::line(masked(text.trim()).as_str()).into_owned();
    match text.char_indices().nth(MAX_QUOTED) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked_and_references_stay() {
        for (line, expected) in [
            ("PASSWORD=hunter2 docker push x", "PASSWORD=******* docker push x"),
            ("export DB_PASSWORD='it is'; y", "export DB_PASSWORD='*****'; y"),
            ("  password: hunter2", "  password: *******"),
            (r#"{"registry-token": "a b", "x": 1}"#, r#"{"registry-token": "***", "x": 1}"#),
            ("docker login --password hunter2 -u me", "docker login --password ******* -u me"),
            ("docker login --password=hunter2", "docker login --password=*******"),
            ("docker login -u me -p hunter2 && x", "docker login -u me -p ******* && x"),
            ("docker login -u me -phunter2", "docker login -u me -p*******"),
            ("echo hunter2 | docker login --password-stdin", "echo ******* | docker login --password-stdin"),
            ("docker login --password-stdin <<< 'hunter2'", "docker login --password-stdin <<< '*******'"),
            ("curl https://me:hunter2@r.example/x", "curl https://me:*******@r.example/x"),
            ("API_TOKEN_V2=é$x", "API_TOKEN_V2=****"),
            ("ENV PASSWORD hunter2", "ENV PASSWORD *******"),
            // References, and what is no secret.
            ("PASSWORD=$REGISTRY_TOKEN", "PASSWORD=$REGISTRY_TOKEN"),
            ("password: ${{ secrets.TOKEN }}", "password: ${{ secrets.TOKEN }}"),
            (
                "echo \"$TOKEN\" | docker login --password-stdin",
                "echo \"$TOKEN\" | docker login --password-stdin",
            ),
            ("persist-credentials: false", "persist-credentials: false"),
            ("id-token: write", "id-token: write"),
            ("IMAGE=ghcr.io/acme/app:1", "IMAGE=ghcr.io/acme/app:1"),
            ("docker run -p 80:80 login-page", "docker run -p ***** login-page"),
            ("https://ghcr.io/acme@sha256:1", "https://ghcr.io/acme@sha256:1"),
            ("", ""),
        ] {
            assert_eq!(masked(line), expected, "{line}");
            assert_eq!(masked(line).len(), line.len(), "{line}");
        }
    }

    #[test]
    fn values_of_the_secrets_of_a_build_are_masked() {
        for (text, expected) in [
            ("secrets: json=abc", "secrets: json=***"),
            ("with: { push: true, secrets: \"json=abc\" }", "with: { push: true, secrets: \"json=***\" }"),
            (
                "secrets: |\n  a=one\n  \"b={x\n  y}\"\nnext: a=b",
                "secrets: |\n  a=***\n  \"b=**\n  ***\nnext: a=b",
            ),
            ("secrets: a=${{ secrets.A }}", "secrets: a=${{ secrets.A }}"),
            ("secrets: |\n  a=${{ secrets.A }}\n", "secrets: |\n  a=${{ secrets.A }}\n"),
            ("secrets: inherit", "secrets: inherit"),
            ("secrets:\n  token:\n    required: true", "secrets:\n  token:\n    required: true"),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn blocks_and_repetitions_are_masked() {
        let text =
            "a:\n  token: |\n    line one\n    two\n  b: line one\nX_TOKEN=hunter2fish\ny: hunter2fish\n";
        let expected =
            "a:\n  token: |\n    ********\n    ***\n  b: ********\nX_TOKEN=***********\ny: ***********\n";
        assert_eq!(masked(text), expected);
    }
}
