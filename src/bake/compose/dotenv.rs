//! Files of environment variables: `.env` and `env_file`, as compose-go reads them (dotenv/parser.go).

use std::collections::BTreeMap;

use super::template::Substitution;
use crate::bake::values::{MarkedStr, Name, SecretNames};

/// Values by name; those whose name says that they are secret are marked.
pub(super) type Environment = BTreeMap<Name, MarkedStr>;

/// A variable's value, marked if it is secret.
pub(super) fn named(name: &str, value: MarkedStr, secrets: &SecretNames) -> MarkedStr {
    let marks = secrets.marks(name, value.as_str());
    value.marked(&marks)
}

/// The value that a file of the project gives a variable: a login in it is as public as the file.
pub(super) fn in_file(name: &str, value: MarkedStr, secrets: &SecretNames) -> MarkedStr {
    if secrets.has(name) { named(name, value, secrets) } else { value }
}

/// The values that are secret, or that a secret is in.
pub(super) fn secrets(environment: &Environment) -> impl Iterator<Item = String> + '_ {
    let marked = environment.values().filter(|value| value.marks().secret().is_some());
    marked.map(|value| value.as_str().to_owned())
}

/// Adds the variables of a file. They may use those of `outer` and those before them.
///
/// # Errors
/// The line and what is wrong with it. Values are kept out of messages, for they may be secret.
pub(super) fn read(
    text: &str,
    variables: &mut Environment,
    secrets: &SecretNames,
    outer: &dyn Fn(&str) -> Option<MarkedStr>,
) -> Result<(), String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    while let Some(statement) = skip_to_statement(rest) {
        let line = || text[..text.len() - statement.len()].matches('\n').count() + 1;
        let (key, after, inherited) =
            key(statement).map_err(|problem| format!("line {}: {problem}", line()))?;
        if key.contains(' ') {
            return Err(format!("line {}: the name `{key}` contains a space", line()));
        }
        if inherited {
            if let Some(value) = outer(key) {
                variables.insert(key.into(), named(key, value, secrets));
            }
            rest = after;
            continue;
        }
        let expand = |value: &str| {
            let lookup = |name: &str| outer(name).or_else(|| variables.get(name).cloned());
            Substitution::new(&lookup)
                .apply(&MarkedStr::verbatim(value))
                .map_err(|problem| problem.to_string())
        };
        let (value, left) =
            value(after, expand).map_err(|problem| format!("line {}: `{key}`: {problem}", line()))?;
        variables.insert(key.into(), in_file(key, value, secrets));
        rest = left;
    }
    Ok(())
}

/// The variables of a file that are no secrets, where nothing else sets any; none where it cannot be read.
pub(crate) fn variables(text: &str) -> BTreeMap<String, String> {
    let mut variables = Environment::new();
    let secrets = SecretNames::default();
    let found = read(text, &mut variables, &secrets, &|_| None);
    variables.retain(|name, _| !secrets.has(name));
    let of = |(name, value): (Name, MarkedStr)| (name.to_string(), value.as_str().to_owned());
    found.map(|()| variables.into_iter().map(of).collect()).unwrap_or_default()
}

/// Skips blank lines and comments.
fn skip_to_statement(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest.split_once('\n').map_or("", |(_, after)| after).trim_start();
    }
    if rest.is_empty() { None } else { Some(rest) }
}

/// White space that does not end a line.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// The name that a statement begins with, the rest, and whether it has no value of its own.
fn key(statement: &str) -> Result<(&str, &str, bool), String> {
    let exported = statement.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace));
    let text = exported.map_or(statement, |rest| rest.trim_start_matches(is_blank));
    for (at, c) in text.char_indices() {
        match c {
            '=' | ':' | '\n' => {
                return Ok((text[..at].trim_end(), text[at + 1..].trim_start_matches(is_blank), c == '\n'));
            }
            '_' | '.' | '-' | '[' | ']' => {}
            _ if is_blank(c) || c.is_alphanumeric() => {}
            _ => return Err(format!("unexpected `{}` in a variable's name", c.escape_debug())),
        }
    }
    // A name that ends the file is taken for a value without a name.
    Ok(("", text, false))
}

/// The value after `=`, and what follows it.
fn value(
    text: &str,
    expand: impl Fn(&str) -> Result<MarkedStr, String>,
) -> Result<(MarkedStr, &str), String> {
    let Some(quote) = text.chars().next().filter(|c| ['"', '\''].contains(c)) else {
        let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
        let value = line.split_once(" #").map_or(line, |(value, _)| value);
        return Ok((expand(value.trim_end())?, rest));
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            let rest = &text[at + 1..];
            let value = if quote == '"' { expand(&unescape(&value))? } else { MarkedStr::verbatim(value) };
            return Ok((value, rest));
        }
        if c == '\\' && !escaped {
            escaped = true;
            continue;
        }
        if escaped && c != quote {
            value.push('\\');
        }
        escaped = false;
        value.push(c);
    }
    Err(format!("the value has no closing {quote}"))
}

/// Replaces the escapes of a shell's double quotes; `\$` becomes the `$$` of templates.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let replacement = match rest.bytes().next() {
            Some(b'a') => "\u{7}",
            Some(b'b') => "\u{8}",
            Some(b'f') => "\u{c}",
            Some(b'n') => "\n",
            Some(b'r') => "\r",
            Some(b't') => "\t",
            Some(b'v') => "\u{b}",
            Some(b'$') => "$$",
            Some(b'"') => "\"",
            Some(b'\\') => "\\",
            Some(b'0') => {
                let digits = rest[1..].bytes().take(3).take_while(u8::is_ascii_digit).count();
                let octal = &rest[1..=digits];
                match u8::from_str_radix(octal, 8) {
                    Ok(code) if digits == 3 => out.push(char::from(code)),
                    _ => out.extend(["\\", octal]),
                }
                rest = &rest[1 + digits..];
                continue;
            }
            _ => {
                out.push('\\');
                continue;
            }
        };
        out.push_str(replacement);
        rest = &rest[1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outer(name: &str) -> Option<MarkedStr> {
        (name == "OUTER").then(|| MarkedStr::normalized("o"))
    }

    fn parse(text: &str) -> Result<String, String> {
        let mut variables = Environment::new();
        read(text, &mut variables, &SecretNames::default(), &outer)?;
        let pairs: Vec<_> = variables.iter().map(|(k, v)| format!("{k}={}", v.as_str())).collect();
        Ok(pairs.join("|"))
    }

    #[test]
    fn variables_are_read_as_compose_does() {
        let cases = [
            ("A=1\nB=2", "A=1|B=2"),
            ("\u{feff}A=1\r\nB=2\r\n", "A=1|B=2"),
            ("# c\n\n  A = 1 # c\nB=x#y\n", "A=1|B=x#y"),
            ("export A=1\nexportB=2\nC: 3\n", "A=1|C=3|exportB=2"),
            ("A=\nB=''\nC=\"\"", "A=|B=|C="),
            ("A='$B \\n \\'x'\nB=\"a\nb\" # c\n", "A=$B \\n 'x|B=a\nb"),
            ("A=\"\\t\\\\ \\$X \\\"q\\\" \\q \\0101 \\012\"", "A=\t\\ $X \"q\" \\q A \\12"),
            ("A=1\nB=$A${C:-c}$OUTER\n", "A=1|B=1co"),
            ("OUTER=mine\nB=$OUTER\n", "B=o|OUTER=mine"),
            ("OUTER\nNOT\nA=1\n", "A=1|OUTER=o"),
            ("a.b-c[0]=1\nÄ=2", "a.b-c[0]=1|Ä=2"),
            ("A=1\nLAST", "=LAST|A=1"),
            ("A= # c\nB=x # c", "A=# c|B=x"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn errors_name_the_line_and_not_the_value() {
        let cases = [
            ("A=1\nB C=s3cret\n", "line 2: the name `B C` contains a space"),
            ("\nA!=s3cret", "line 2: unexpected `!` in a variable's name"),
            ("A=1\n\nB='s3cret\n", "line 3: `B`: the value has no closing '"),
            ("A=${}", "line 1: `A`: `${` does not start a variable here"),
        ];
        for (text, expected) in cases {
            let error = parse(text).unwrap_err();
            assert_eq!(error, expected);
        }
    }
}
