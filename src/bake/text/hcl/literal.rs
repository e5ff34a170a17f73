//! From the pieces of a template to its parts: escapes decoded, white space trimmed (`~`), heredocs flushed (`<<-`).
//!
//! HCL defines both operations on the scanner's literal tokens, not on the text between interpolations: `~` reaches
//! as far as one token, and a token ends at each line end and around each `$` and `%`. So the pieces are cut up the
//! same way first (hclsyntax/scan_tokens.rl and parser_template.go of <https://github.com/hashicorp/hcl>).

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::bake::text::syntax::{Expr, ExprKind, Ident, TemplatePart};
use crate::bake::values::Name;
use crate::graphemes::graphemes;

/// On which sides a sequence has a `~`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trim {
    /// `${~`
    pub(super) before: bool,
    /// `~}`
    pub(super) after: bool,
}

/// A piece of a template, in the flat order of the source.
#[derive(Debug)]
pub(super) enum TemplatePiece {
    /// Text with its escapes decoded.
    Literal(String),
    /// `${expr}`
    Interpolation(Expr, Trim),
    /// `%{ if condition }`
    If(Expr, Trim),
    /// `%{ else }`
    Else(Trim),
    /// `%{ endif }`
    EndIf(Trim),
    /// `%{ for key, value in collection }`
    For { key_var: Option<Ident>, value_var: Ident, collection: Expr, trim: Trim },
    /// `%{ endfor }`
    EndFor(Trim),
}

impl TemplatePiece {
    fn trim(&self) -> Trim {
        match self {
            Self::Literal(_) => Trim::default(),
            Self::Interpolation(_, trim)
            | Self::If(_, trim)
            | Self::Else(trim)
            | Self::EndIf(trim)
            | Self::EndFor(trim)
            | Self::For { trim, .. } => *trim,
        }
    }
}

/// Text as a name, NFC-normalised as cty does with every string.
pub(in crate::bake) fn name(text: &str) -> Name {
    if text.is_ascii() || is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() }
}

/// Cuts the source text between two sequences into the scanner's literal tokens: `$${` and `%%{`, lone `$` or `%`,
/// and runs without either, which end after a line end.
pub(super) fn split_literal(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let bytes = rest.as_bytes();
        let length = match bytes.first()? {
            b'$' if bytes.starts_with(b"$${") => 3,
            b'%' if bytes.starts_with(b"%%{") => 3,
            b'$' | b'%' => {
                let is_lone = |at: &usize| {
                    matches!(bytes.get(*at), Some(b'$' | b'%'))
                        && !bytes[*at..].starts_with(b"$${")
                        && !bytes[*at..].starts_with(b"%%{")
                };
                let run = 1 + (1..).take_while(is_lone).count();
                run + usize::from(keeps_next(&bytes[run..], run))
            }
            _ => match bytes.iter().position(|b| matches!(b, b'$' | b'%' | b'\n')) {
                Some(at) if bytes[at] == b'\n' => at + 1,
                Some(at) => at,
                None => bytes.len(),
            },
        };
        let (token, tail) = rest.split_at(length);
        rest = tail;
        Some(token)
    })
}

/// Whether the token of a run of lone `$` and `%` has the byte after it, too: HCL's scanner looks one byte ahead, and does
/// not go back where a line ends there.
fn keeps_next(rest: &[u8], run: usize) -> bool {
    match rest {
        [b'\r', b'\n', ..] => run == 1,
        [b'\n', ..] => false,
        [next, b'\n', ..] | [next, b'\r', b'\n', ..] => next.is_ascii(),
        _ => false,
    }
}

/// Decodes one token of [`split_literal`].
///
/// # Errors
/// The range of an invalid backslash sequence; only where there are `escapes`, that is, between quotes.
pub(super) fn decode_literal(token: &str, escapes: bool) -> Result<String, Range<usize>> {
    if token == "$${" || token == "%%{" {
        return Ok(token[1..].to_owned());
    }
    let mut text = String::with_capacity(token.len());
    let mut rest = token;
    while escapes && let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let sequence = &rest[at + 1..];
        let start = token.len() - sequence.len() - 1;
        let (decoded, length) = decode_escape(sequence).map_err(|length| start..start + 1 + length)?;
        text.push(decoded);
        rest = &sequence[length..];
    }
    text.push_str(rest);
    Ok(text)
}

/// The character that a sequence after a backslash stands for, and the sequence's length.
///
/// # Errors
/// The length of what is no such sequence.
fn decode_escape(sequence: &str) -> Result<(char, usize), usize> {
    let hex = |digits: usize| {
        let found = sequence.bytes().skip(1).take(digits).take_while(u8::is_ascii_hexdigit).count();
        let code = u32::from_str_radix(&sequence[1..=found], 16).ok().filter(|_| found == digits);
        code.and_then(char::from_u32).map(|c| (c, digits + 1)).ok_or(found + 1)
    };
    match sequence.chars().next() {
        Some('n') => Ok(('\n', 1)),
        Some('r') => Ok(('\r', 1)),
        Some('t') => Ok(('\t', 1)),
        Some('"') => Ok(('"', 1)),
        Some('\\') => Ok(('\\', 1)),
        Some('u') => hex(4),
        Some('U') => hex(8),
        other => Err(other.map_or(0, char::len_utf8)),
    }
}

/// The expression that the tokens of a template amount to. With `flush`, the heredoc was opened by `<<-`.
///
/// The directives among the tokens are balanced; the parser saw to it.
pub(super) fn assemble(mut tokens: Vec<TemplatePiece>, flush: bool) -> ExprKind {
    trim_literals(&mut tokens);
    if flush {
        flush_literals(&mut tokens);
    }
    if matches!(tokens.as_slice(), [TemplatePiece::Interpolation(..)])
        && let Some(TemplatePiece::Interpolation(expr, _)) = tokens.pop()
    {
        return ExprKind::Wrapped(Box::new(expr));
    }
    let only_text = tokens.iter().all(|token| matches!(token, TemplatePiece::Literal(_)));
    let mut parts = nest(&mut tokens.into_iter()).0;
    match parts.pop() {
        None if only_text => ExprKind::String(name("")),
        Some(TemplatePart::Literal(text)) if only_text => ExprKind::String(text),
        last => {
            parts.extend(last);
            ExprKind::Template(parts)
        }
    }
}

/// Takes the white space off the literal tokens next to a `~`.
fn trim_literals(tokens: &mut [TemplatePiece]) {
    for at in 0..tokens.len() {
        let trim = tokens[at].trim();
        if trim.before
            && let Some(TemplatePiece::Literal(text)) = at.checked_sub(1).map(|before| &mut tokens[before])
        {
            text.truncate(text.trim_end().len());
        }
        if trim.after
            && let Some(TemplatePiece::Literal(text)) = tokens.get_mut(at + 1)
        {
            *text = text.trim_start().to_owned();
        }
    }
}

/// Takes the least indentation off every line of a `<<-` heredoc.
///
/// Blank lines neither count nor change. A line that starts with a sequence has no indentation. Columns are grapheme
/// clusters, so a tab is one.
fn flush_literals(tokens: &mut [TemplatePiece]) {
    let mut least = usize::MAX;
    let mut line_starts = Vec::new();
    let mut at_line_start = true;
    for (at, token) in tokens.iter().enumerate() {
        let text = match token {
            TemplatePiece::Literal(text) => Some(text.as_str()),
            _ => None,
        };
        if at_line_start {
            let trimmed = text.map(str::trim_start);
            match (text, trimmed) {
                (Some(text), Some("")) if text.ends_with('\n') => {}
                (Some(text), Some(trimmed)) => {
                    line_starts.push(at);
                    least = least.min(graphemes(&text[..text.len() - trimmed.len()]).count());
                }
                _ => least = 0,
            }
        }
        at_line_start = text.is_some_and(|text| text.ends_with('\n'));
    }
    for at in line_starts {
        if let TemplatePiece::Literal(text) = &mut tokens[at] {
            let indentation: usize = graphemes(text).take(least).map(str::len).sum();
            text.drain(..indentation);
        }
    }
}

/// Which token ended a level of nesting.
#[derive(PartialEq)]
enum End {
    Else,
    Close,
}

/// Builds the parts up to the end of the enclosing directive, joining neighbouring literals.
fn nest(tokens: &mut impl Iterator<Item = TemplatePiece>) -> (Vec<TemplatePart>, End) {
    let mut parts = Vec::new();
    let mut text = String::new();
    let end = loop {
        let part = match tokens.next() {
            Some(TemplatePiece::Literal(more)) => {
                text.push_str(&more);
                continue;
            }
            Some(TemplatePiece::Interpolation(expr, _)) => TemplatePart::Interpolation(expr),
            Some(TemplatePiece::If(condition, _)) => {
                let (then, end) = nest(tokens);
                let otherwise = if end == End::Else { nest(tokens).0 } else { Vec::new() };
                TemplatePart::If { condition, then, otherwise }
            }
            Some(TemplatePiece::For { key_var, value_var, collection, .. }) => {
                TemplatePart::For { key_var, value_var, collection, body: nest(tokens).0 }
            }
            Some(TemplatePiece::Else(_)) => break End::Else,
            Some(TemplatePiece::EndIf(_) | TemplatePiece::EndFor(_)) | None => break End::Close,
        };
        push_text(&mut parts, &mut text);
        parts.push(part);
    };
    push_text(&mut parts, &mut text);
    parts.shrink_to_fit();
    (parts, end)
}

fn push_text(parts: &mut Vec<TemplatePart>, text: &mut String) {
    if !text.is_empty() {
        parts.push(TemplatePart::Literal(name(text)));
        text.clear();
    }
}

/// Where the `${{ … }}` ends that starts here, if it is one.
pub(super) fn github_end(text: &str, start: usize) -> Option<usize> {
    let rest = text[start..].strip_prefix("${{")?;
    let line = rest.lines().next()?;
    Some(start + "${{".len() + line.find("}}")? + "}}".len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_cut_where_hcl_cuts_them() {
        for (text, expected) in [
            ("", vec![]),
            ("a b", vec!["a b"]),
            ("a\nb\n\nc", vec!["a\n", "b\n", "\n", "c"]),
            ("a$b%", vec!["a", "$", "b", "%"]),
            ("a$ \nb%\r\n$$\r\n", vec!["a", "$ ", "\n", "b", "%\r", "\n", "$$", "\r\n"]),
            ("$$ $${a} $$${ %%{", vec!["$$", " ", "$${", "a} ", "$", "$${", " ", "%%{"]),
        ] {
            assert_eq!(split_literal(text).collect::<Vec<_>>(), expected, "{text:?}");
            assert_eq!(split_literal(text).collect::<String>(), text);
        }
    }

    #[test]
    fn escapes_are_decoded_between_quotes_only() {
        for (token, expected) in [
            (r"a\n\\n", Ok("a\n\\n")),
            (r"\u00e9\U0001f600", Ok("é😀")),
            ("$${", Ok("${")),
            (r"a\q", Err(1..3)),
            (r"\ud800", Err(0..6)),
            (r"\u12", Err(0..4)),
            (r"\é", Err(0..3)),
            ("\\", Err(0..1)),
        ] {
            assert_eq!(decode_literal(token, true), expected.map(str::to_owned), "{token}");
        }
        assert_eq!(decode_literal(r"a\q", false), Ok(r"a\q".to_owned()));
    }
}
