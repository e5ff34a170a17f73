//! Says in words what a syntax error most likely comes from.

use std::ops::Range;

use super::literal::github_end;
use super::parser::Parser;
use super::scanner::{Token, TokenKind};
use crate::diagnostic::Failure;

/// The escape sequences that there are.
const ESCAPES: &str =
    r#"the escapes are `\n`, `\r`, `\t`, `\"`, `\\`, `\uXXXX` and `\UXXXXXXXX`; write a backslash as `\\`"#;
const QUOTES: &str = "HCL has only double quotes";
/// What is meant when `${` is not meant as a sequence.
pub(super) const LITERAL: &str = "write `$${` for a literal `${`";
const LITERAL_DIRECTIVE: &str = "write `%%{` for a literal `%{`";
const QUOTED_VERSION: &str = "put a version or an address in quotes";
const FOREIGN: &str = "write `name = value` for an attribute, `name { … }` for a block";

impl Parser<'_> {
    /// Something else than `expected` was found.
    pub(super) fn unexpected(&self, token: Token, expected: &str, help: &str) -> Failure {
        let meant = self.unquoted_pattern(token.start).or_else(|| self.wrong_character(token));
        meant.unwrap_or_else(|| {
            self.error(self.place(token), format!("expected {expected}, found {}", self.found(token)), help)
        })
    }

    /// Something else than `expected` was found inside a bracket that is still open.
    pub(super) fn unclosed(&self, open: Token, token: Token, expected: &str, help: &str) -> Failure {
        let failure = self.unexpected(token, expected, help);
        match token.kind {
            TokenKind::End => Box::new(failure.at(self.span(open.range()), "opened here")),
            _ => failure,
        }
    }

    /// An expression was expected.
    pub(super) fn no_value(&self, token: Token) -> Failure {
        let before = self.text[..token.start].trim_end_matches([' ', '\t']);
        let is_line_end = matches!(token.kind, TokenKind::Newline | TokenKind::End);
        if is_line_end && before.ends_with(['+', '-', '*', '/', '%', '&', '|', '<', '>']) {
            let help = "wrap it in parentheses to break the line";
            return self.error(self.place(token), "an expression continues past the end of its line", help);
        }
        if token.kind == TokenKind::Less && self.text[token.end..].starts_with('<') {
            let help = "a heredoc starts with `<<` or `<<-`, a word, and the end of the line";
            return self.error(token.start..token.end + 1, "this does not open a heredoc", help);
        }
        self.unexpected(token, "a value", "")
    }

    /// What GitHub evaluates in workflows, and nobody in Bake files.
    pub(super) fn github_expression(&self, range: Range<usize>) -> Failure {
        let inner = self.text[range.clone()].trim_start_matches("${{").trim_end_matches("}}").trim();
        // What GitHub has is below a context, as in `github.ref`.
        let is_word = !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_word {
            let help = format!(
                "GitHub has no `{inner}`: a pattern in the tags of an `image` block is `{{{{ {inner} }}}}`, without `$`, and a variable \
                 is `${{{inner}}}`"
            );
            return self.error(range, "an expression of GitHub Actions is not evaluated here", &help);
        }
        let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let secret =
            inner.strip_prefix("secrets.").filter(|name| name.chars().all(is_path) && !name.is_empty());
        if let Some(name) = secret {
            let id = name.to_lowercase();
            let help = format!(
                "a build gets a secret by itself: write `secret = [\"id={id},env={name}\"]` in the target, set `{name}: {text}` in the `env` of \
                 the step, and read it in the Dockerfile with `RUN --mount=type=secret,id={id}`",
                text = &self.text[range.clone()]
            );
            return self.error(range, "an expression of GitHub Actions is not evaluated here", &help);
        }
        let last = inner.rsplit('.').next().filter(|last| inner.chars().all(is_path) && !last.is_empty());
        let name = last.map_or_else(|| "NAME".to_owned(), |last| last.to_uppercase().replace('-', "_"));
        let help = format!(
            "GitHub evaluates workflows, not Bake files: declare `variable \"{name}\" {{}}`, write `${{{name}}}` here, and \
             set `{name}: {text}` in the `env` of the step",
            text = &self.text[range.clone()]
        );
        self.error(range, "an expression of GitHub Actions is not evaluated here", &help)
    }

    /// A `$` stands outside quotes.
    fn stray_dollar(&self, token: Token) -> Failure {
        if let Some(end) = github_end(self.text, token.start) {
            return self.github_expression(token.start..end);
        }
        let help = "write a variable as `NAME`, and in a string as `${NAME}`";
        self.error(token.range(), "`$` is not valid outside strings", help)
    }

    /// A pattern of an `image` block stands here without quotes, with what belongs to it on both sides.
    pub(super) fn unquoted_pattern(&self, at: usize) -> Option<Failure> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_./+".contains(c);
        let mut end = pattern_end(self.text, at)?;
        loop {
            end += self.text[end..].find(|c| !is_part(c)).unwrap_or(self.text.len() - end);
            let Some(further) = pattern_end(self.text, end) else { break };
            end = further;
        }
        let start = self.text[..at].trim_end_matches(is_part).len();
        let shown = self.text[start..end].replace('"', "'");
        let help = format!("put the pattern in quotes: `\"{shown}\"`");
        Some(self.error(start..end, "a pattern outside quotes is not an expression", &help))
    }

    /// `range` is the end of a version that begins with a `v`, as in `v1.2.3`.
    pub(super) fn unquoted_version(&self, range: Range<usize>) -> Option<Failure> {
        let before = &self.text[..range.start];
        let numbers = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let start = numbers.strip_suffix('v').filter(|_| numbers.len() < before.len())?.len();
        let version = &self.text[start..range.end];
        let message = format!("`{version}` is not an expression");
        Some(self.error(start..range.end, message, QUOTED_VERSION))
    }

    pub(super) fn not_a_number(&self, token: Token) -> Failure {
        let text = &self.text[token.range()];
        let is_number = text.matches('.').count() <= 1 && text.matches(['e', 'E']).count() <= 1;
        let exponent_last = !text.split(['e', 'E']).skip(1).any(|exponent| exponent.contains('.'));
        let (message, help) = if is_number && exponent_last {
            ("this number is too large, too small or too long".to_owned(), "")
        } else {
            (format!("`{text}` is not a number"), QUOTED_VERSION)
        };
        self.error(token.range(), message, help)
    }

    pub(super) fn ambiguous_key(&self, range: Range<usize>) -> Failure {
        let help = "wrap it in parentheses if it refers to something, or in quotes if it is the key itself";
        self.error(range, "a dotted word as an object key is ambiguous", help)
    }

    /// A body holds attributes and blocks, and this starts neither.
    pub(super) fn no_item(&self, token: Token) -> Failure {
        let error = |message: &str, help| self.error(token.range(), message, help);
        match token.kind {
            TokenKind::CloseBrace => error("`}` without an open block", ""),
            TokenKind::Quote => {
                error("the name of an attribute is written without quotes", "remove the quotes")
            }
            TokenKind::Invalid => self.unexpected(token, "an attribute or a block", FOREIGN),
            _ => self.error(token.range(), format!("unexpected {}", self.found(token)), FOREIGN),
        }
    }

    /// After the first word of an attribute or block comes something else than it takes.
    pub(super) fn no_definition(&self, word: Token, token: Token) -> Failure {
        match token.kind {
            TokenKind::Newline | TokenKind::End => {
                self.error(word.range(), "this attribute or block is not complete", FOREIGN)
            }
            _ => self.unexpected(token, "`=`, `{` or a label", FOREIGN),
        }
    }

    /// The header of a block holds something else than labels and the `{`.
    pub(super) fn no_block(&self, token: Token) -> Failure {
        match token.kind {
            TokenKind::Newline => self.error(
                self.place(token),
                "the `{` of a block stands on the line of its name",
                "move it there",
            ),
            TokenKind::Assign => self.error(
                token.range(),
                "expected `{` or a label, found `=`",
                "a block has no `=`, and an attribute name is one word",
            ),
            _ => self.unexpected(token, "`{` or a label", ""),
        }
    }

    /// An attribute or block is followed by something on its line; `open` is the brace of the block around it.
    pub(super) fn no_line_end(&self, token: Token, open: Option<Token>) -> Failure {
        if let Some(meant) = self.unquoted_pattern(token.start) {
            return meant;
        }
        let error = |message: &str, help| self.error(token.range(), message, help);
        match token.kind {
            TokenKind::Comma => {
                error("a comma after an attribute", "attributes end with a newline, not with a comma")
            }
            TokenKind::OpenBrace => error("a block has no `=` before its `{`", "remove the `=`"),
            TokenKind::CloseBrace if open.is_some() => {
                error("the `}` of a block of several lines stands on its own line", "put a newline before it")
            }
            _ => self.unexpected(
                token,
                "a newline",
                "write each attribute and each block on a line of its own",
            ),
        }
    }

    /// The attribute of a block on one line is followed by something else than `}`.
    pub(super) fn no_single_end(&self, token: Token, open: Token) -> Failure {
        let error = |message: &str, help| self.error(self.place(token), message, help);
        match token.kind {
            TokenKind::Comma => {
                error("a block on one line has only one attribute", "write each attribute on its own line")
            }
            TokenKind::Newline => error(
                "a block that has an attribute on its first line ends on that line",
                "put a newline after the `{`, or the `}` on this line",
            ),
            TokenKind::End => self.error(open.range(), "this block is not closed", "add the missing `}`"),
            _ => self.unexpected(token, "`}`", "a block on one line has at most one attribute"),
        }
    }

    /// An interpolation holds more than an expression. `quoted` is the quote that opened the string around it.
    pub(super) fn no_sequence_end(&self, token: Token, opener: Token, quoted: bool) -> Failure {
        match token.kind {
            TokenKind::Quote if quoted => {
                self.error(token.range(), "the string ends inside a `${…}`", "add the missing `}`")
            }
            _ => match self.shell_default(token, opener) {
                Some(help) => self.unclosed(opener, token, "`}`", &help),
                None => self.unclosed(opener, token, "`}`", LITERAL),
            },
        }
    }

    /// What to write instead of `${NAME:-value}` of shells and Compose.
    fn shell_default(&self, token: Token, opener: Token) -> Option<String> {
        let name = self.text[opener.end..token.start].trim();
        let rest = self.text[token.start..].strip_prefix(':').unwrap_or(&self.text[token.start..]);
        let (value, _) = rest.strip_prefix('-')?.split_once('}')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (is_name && !value.contains(['"', '\n'])).then(|| {
            format!("a variable has its default where it is declared: `variable \"{name}\" {{ default = \"{value}\" }}`; here, write `${{{name}}}`")
        })
    }

    pub(super) fn no_directive(&self, token: Token) -> Failure {
        match token.kind {
            TokenKind::Ident => {
                let word = &self.text[token.range()];
                self.error(token.range(), format!("`{word}` is not a directive"), LITERAL_DIRECTIVE)
            }
            _ => self.unexpected(token, "a directive", LITERAL_DIRECTIVE),
        }
    }

    pub(super) fn stray_directive(&self, token: Token) -> Failure {
        self.error(token.range(), "this directive closes nothing", "")
    }

    /// The string or heredoc ends at `end` before the directive does that starts at `start`.
    pub(super) fn open_directive(&self, start: usize, end: Range<usize>) -> Failure {
        let help = "add `%{ endif }` or `%{ endfor }`";
        let error = self.error(start..start + 2, "this directive is not closed", help);
        Box::new(error.at(self.span(end), "the text ends here"))
    }

    pub(super) fn open_string(&self, quote: Token) -> Failure {
        let help = "end it on its line; write a newline as `\\n`, or use a heredoc (`<<EOT`)";
        self.error(quote.range(), "this string is not closed", help)
    }

    /// No line holds only the marker. A line that starts with it may have been meant.
    pub(super) fn open_heredoc(&self, open: Token, marker: &str) -> Failure {
        let mut at = open.end;
        for line in self.text[open.end..].split_inclusive('\n') {
            let start = at + line.len() - line.trim_start().len();
            at += line.len();
            let rest = line.trim_start().strip_prefix(marker);
            if rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || "_-".contains(c))) {
                let message = format!("the heredoc's closing `{marker}` must stand alone on its line");
                let error = self.error(start..start + marker.len(), message, "put a newline right after it");
                return Box::new(error.at(self.span(open.start..open.start + 2), "the heredoc starts here"));
            }
        }
        let line = self.text[open.range()].trim_end().len();
        let help = "close it with its marker alone on a line";
        self.error(open.start..open.start + line, "this heredoc is not closed", help)
    }

    /// `range` starts with a backslash.
    pub(super) fn bad_escape(&self, mut range: Range<usize>) -> Failure {
        let next = self.text[range.start + 1..].chars().next();
        range.end = range.end.max(range.start + 1 + next.map_or(0, char::len_utf8));
        let message = format!("`{}` is not an escape sequence", &self.text[range.clone()]);
        let help = match next {
            Some('$') => LITERAL,
            Some('%') => LITERAL_DIRECTIVE,
            _ => ESCAPES,
        };
        self.error(range, message, help)
    }

    /// Characters that no HCL has outside strings.
    fn wrong_character(&self, token: Token) -> Option<Failure> {
        let text = &self.text[token.range()];
        let (message, help) = match text {
            _ if token.kind != TokenKind::Invalid => return None,
            "$" => return Some(self.stray_dollar(token)),
            "/*" => ("this comment is not closed", "add `*/`"),
            "'" => ("single quotes are not valid", QUOTES),
            "`" => ("backticks are not valid", QUOTES),
            ";" => ("`;` is not valid", "end an attribute with a newline, an item with a comma"),
            "&" => ("`&` is not an operator", "did you mean `&&`?"),
            "|" => ("`|` is not an operator", "did you mean `||`?"),
            "\r" => ("a carriage return without a newline", "end lines with `\\n` or `\\r\\n`"),
            _ if text.starts_with(|c| matches!(c, '\u{2018}'..='\u{201f}')) => {
                ("curly quotes are not valid", QUOTES)
            }
            _ if text.starts_with(char::is_whitespace) => {
                ("this white space is not valid", "use spaces, tabs and newlines")
            }
            _ => return None,
        };
        Some(self.error(token.range(), message, help))
    }

    /// Where a token is pointed at: line ends have a place, but no extent.
    fn place(&self, token: Token) -> Range<usize> {
        match token.kind {
            TokenKind::Newline => token.start..token.start,
            _ => token.range(),
        }
    }

    fn found(&self, token: Token) -> String {
        match token.kind {
            TokenKind::End => "end of the file".to_owned(),
            TokenKind::Newline => "end of the line".to_owned(),
            TokenKind::Heredoc => "a heredoc".to_owned(),
            _ => {
                let text = &self.text[token.range()];
                match text.char_indices().nth(60) {
                    Some((end, _)) => format!("`{}…`", &text[..end]),
                    None => format!("`{text}`"),
                }
            }
        }
    }
}

/// Where the braces of a pattern end that begin here, if they do.
fn pattern_end(text: &str, start: usize) -> Option<usize> {
    let line = text[start..].strip_prefix("{{")?.lines().next()?;
    let inside = &line[..line.find("}}")?];
    let is_pattern = inside.trim_start().starts_with(|c: char| c.is_ascii_alphabetic() || c == '.');
    (is_pattern && !inside.contains('=')).then(|| start + "{{".len() + inside.len() + "}}".len())
}
