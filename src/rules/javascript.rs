//! Regular expressions as JavaScript writes them, for the `regex` crate: what both understand in the same way.

use regex::{Captures, Regex};

use super::error::{RegexProblem, RuleError};

/// An expression that has been read.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    text: String,
    regex: Regex,
}

impl Expression {
    /// Reads an expression without delimiters, as JavaScript's `new RegExp(text)`.
    pub(super) fn parse(text: &str) -> Result<Self, RuleError> {
        Self::build(text, text, "")
    }

    /// Reads an expression that may be written `/…/flags`; `global` says what to think of the flag `g`.
    pub(super) fn parse_delimited(text: &str, may_be_global: bool) -> Result<Self, RuleError> {
        let delimited = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
        let Some((inner, flags)) = delimited.filter(|(inner, _)| !inner.is_empty()) else {
            return Self::parse(text);
        };
        let wrong = |problem| RuleError::Regex { pattern: text.to_owned(), problem };
        let mut known = String::new();
        for flag in flags.chars() {
            match flag {
                'i' | 'm' | 's' => known.push(flag),
                // They change what JavaScript tells about a match, or how it reads Unicode, of which git tags have none.
                'd' | 'u' => {}
                'g' if may_be_global => {}
                'g' => return Err(wrong(RegexProblem::Global)),
                other => return Err(wrong(RegexProblem::Flag(other))),
            }
        }
        Self::build(text, inner, &known)
    }

    fn build(text: &str, pattern: &str, flags: &str) -> Result<Self, RuleError> {
        let wrong = |problem| RuleError::Regex { pattern: text.to_owned(), problem };
        let translated = translate(pattern).map_err(wrong)?;
        let translated = if flags.is_empty() { translated } else { format!("(?{flags}){translated}") };
        let regex = Regex::new(&translated).map_err(|e| {
            // The last line says what it is; those above draw a picture of it.
            let detail = e.to_string();
            let last = detail.lines().last().unwrap_or_default();
            wrong(RegexProblem::Syntax(last.trim_start_matches("error: ").to_owned()))
        })?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// The expression as written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The plain text that a match begins with.
    pub(super) fn head(&self) -> String {
        let inner = self.text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
        let text = inner.map_or(self.text.as_str(), |(inner, _)| inner);
        let text = text.strip_prefix('^').unwrap_or(text);
        let mut head = String::new();
        let mut rest = text.chars();
        while let Some(first) = rest.next() {
            let plain = match first {
                '\\' => rest.next().filter(|escaped| !escaped.is_ascii_alphanumeric()),
                '(' | '[' | '.' | '|' | '$' => None,
                // What stands before it may be missing.
                '?' | '*' | '{' => {
                    head.pop();
                    None
                }
                '+' => None,
                plain => Some(plain),
            };
            let Some(plain) = plain else { break };
            head.push(plain);
        }
        head
    }

    /// How many groups it has, the whole match apart.
    pub(super) fn groups(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// Its first match.
    pub(super) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.regex.captures(text)
    }
}

/// Writes an expression as the `regex` crate reads it.
fn translate(pattern: &str) -> Result<String, RegexProblem> {
    let mut out = String::new();
    let mut in_class = false;
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        rest = after;
        match first {
            '\\' => {
                let (escape, length) = escape(after, in_class)?;
                out.push_str(&escape);
                rest = &after[length..];
            }
            '[' if in_class => out.push_str("\\["),
            '[' => {
                let opened = after.strip_prefix('^').unwrap_or(after);
                if opened.starts_with(']') {
                    return Err(RegexProblem::EmptyClass);
                }
                in_class = true;
                out.push('[');
                if opened.len() < after.len() {
                    out.push('^');
                    rest = opened;
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            // These have a meaning of their own in the classes of the crate.
            '&' | '~' if in_class => out.extend(['\\', first]),
            '-' if in_class && after.starts_with('-') => return Err(RegexProblem::Dashes),
            _ if in_class => out.push(first),
            '(' if after.starts_with("?=") || after.starts_with("?!") => {
                return Err(RegexProblem::LookAround);
            }
            '(' if after.starts_with("?<=") || after.starts_with("?<!") => {
                return Err(RegexProblem::LookAround);
            }
            '(' if after.starts_with('?') && !after.starts_with("?:") && !after.starts_with("?<") => {
                return Err(RegexProblem::Syntax("unknown kind of group".to_owned()));
            }
            '{' if !is_repetition(after) => out.push_str("\\{"),
            '{' => {
                let end = after.find('}').map_or(after.len(), |end| end + 1);
                out.push('{');
                out.push_str(&after[..end]);
                rest = &after[end..];
            }
            ']' | '}' => out.extend(['\\', first]),
            _ => out.push(first),
        }
    }
    Ok(out)
}

/// What stands for the escape that follows a backslash, and how many bytes it takes.
fn escape(after: &str, in_class: bool) -> Result<(String, usize), RegexProblem> {
    let Some(letter) = after.chars().next() else {
        return Err(RegexProblem::Syntax("it ends with a backslash".to_owned()));
    };
    // JavaScript's are those of ASCII.
    let class = match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        'b' if !in_class => "(?-u:\\b)",
        's' | 'S' | 't' | 'n' | 'r' | 'f' | 'v' => return Ok((format!("\\{letter}"), 1)),
        'x' | 'u' => {
            let digits = if letter == 'x' { 2 } else { 4 };
            let hex = after.get(1..=digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
            let hex = hex.ok_or(RegexProblem::Escape(letter))?;
            return Ok((format!("\\x{{{hex}}}"), 1 + digits));
        }
        '1'..='9' | 'k' => return Err(RegexProblem::BackReference),
        letter if letter.is_ascii_alphanumeric() => return Err(RegexProblem::Escape(letter)),
        letter if letter.is_ascii_punctuation() => return Ok((format!("\\{letter}"), 1)),
        letter => return Ok((letter.to_string(), letter.len_utf8())),
    };
    Ok((class.to_owned(), 1))
}

/// Whether what follows `{` makes it a repetition; JavaScript takes other braces as they are.
fn is_repetition(after: &str) -> bool {
    let Some((inner, _)) = after.split_once('}') else { return false };
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !least.is_empty() && is_number(least) && is_number(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_those_of_javascript() {
        for (pattern, text, expected) in [
            (r"\d.\d.\d", "v1.2.3", Some("1.2.3")),
            (r"\d{1,2}", "a123", Some("12")),
            (r"\d", "٣", None),
            (r"\w+", "é", None),
            (r"[\w.]+", "v1.2", Some("v1.2")),
            (r"[^\d]+", "v1.2", Some("v")),
            (r"[\W]", "a-b", Some("-")),
            (r"[[a]+", "[a", Some("[a")),
            (r"[a&&b]+", "a&b", Some("a&b")),
            (r"a{,2}", "a{,2}", Some("a{,2}")),
            (r"a{", "a{", Some("a{")),
            (r"x]", "x]", Some("x]")),
            (r"p1\/v", "p1/v", Some("p1/v")),
            (r"\bv\b", "a-v-b", Some("v")),
            (r"[\]\-\\]+", r"]-\", Some(r"]-\")),
            (r"\x76\u0031", "v1", Some("v1")),
            (r"(a|ab)(c|bcd)", "abcd", Some("abcd")),
            (r"/V(\d)/i", "v1", Some("v1")),
            (r"/v1$/mu", "v1", Some("v1")),
            (r"//", "a//", Some("//")),
            ("/v(.*)", "x/v1", Some("/v1")),
            (r"(?<year>\d{4})", "v2020", Some("2020")),
        ] {
            let expression = Expression::parse_delimited(pattern, false).expect(pattern);
            let found = expression.captures(text).map(|found| found[0].to_owned());
            assert_eq!(found.as_deref(), expected, "{pattern}");
        }
        assert_eq!(Expression::parse(r"(a)(?:b)(?<c>c)").unwrap().groups(), 2);
    }

    #[test]
    fn a_match_begins_with_plain_text() {
        for (pattern, expected) in [
            (r"^a/v(.*)$", "a/v"),
            (r"a\/v?(\d+)", "a/"),
            (r"release-a-\d", "release-a-"),
            (r"api\.v+(.*)", "api.v"),
            (r"/web-(.*)/i", "web-"),
            (r"(?:a)/v(.*)", ""),
            (r"[ab]/(.*)", ""),
            (r"ab{2}(.*)", "a"),
        ] {
            assert_eq!(
                Expression::parse_delimited(pattern, false).expect(pattern).head(),
                expected,
                "{pattern}"
            );
        }
    }

    #[test]
    fn what_would_match_otherwise_is_refused() {
        for (pattern, expected) in [
            (r"v(?=1)", RegexProblem::LookAround),
            (r"v(?!1)", RegexProblem::LookAround),
            (r"(?<=v)1", RegexProblem::LookAround),
            (r"(?<!v)1", RegexProblem::LookAround),
            (r"(\d)\.\1", RegexProblem::BackReference),
            (r"(?<a>\d)\k<a>", RegexProblem::BackReference),
            (r"\p{L}", RegexProblem::Escape('p')),
            (r"\Av", RegexProblem::Escape('A')),
            (r"\x7", RegexProblem::Escape('x')),
            (r"[]a]", RegexProblem::EmptyClass),
            (r"[^]", RegexProblem::EmptyClass),
            (r"[a--b]", RegexProblem::Dashes),
            (r"/v/g", RegexProblem::Global),
            (r"/v/y", RegexProblem::Flag('y')),
            ("v(", RegexProblem::Syntax("unclosed group".into())),
            ("v\\", RegexProblem::Syntax("it ends with a backslash".into())),
            ("(?i:v)", RegexProblem::Syntax("unknown kind of group".into())),
        ] {
            let error = Expression::parse_delimited(pattern, false).expect_err(pattern);
            assert_eq!(error, RuleError::Regex { pattern: pattern.into(), problem: expected });
        }
        assert!(Expression::parse_delimited("/v/g", true).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(pattern in "[\\[\\]{}()\\\\a1?<=!,^&~/-]{0,12}") {
            let _ = Expression::parse_delimited(&pattern, true);
        }
    }
}
