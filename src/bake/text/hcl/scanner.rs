//! The tokens of HCL outside strings, as the scanner of HCL cuts them
//! (hclsyntax/scan_tokens.rl of <https://github.com/hashicorp/hcl>).

use std::ops::Range;

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// The end of the text.
    End,
    /// A line end, or a comment up to and with its line end.
    Newline,
    Ident,
    Number,
    /// `"`
    Quote,
    /// `<<EOT` or `<<-EOT` with the line end that must follow.
    Heredoc,
    OpenBrace,
    CloseBrace,
    /// `~}`, which only ends a template sequence.
    CloseSequence,
    OpenBracket,
    CloseBracket,
    OpenParen,
    CloseParen,
    Dot,
    Ellipsis,
    Comma,
    Colon,
    DoubleColon,
    Question,
    Assign,
    Arrow,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    Not,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    /// A character that HCL does not have outside strings.
    Invalid,
}

/// A token and the bytes that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    pub(super) fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// The first token from a byte offset on; line ends are tokens only with `newlines`.
pub(super) fn scan(text: &str, mut at: usize, newlines: bool) -> Token {
    let bytes = text.as_bytes();
    loop {
        let rest = &bytes[at..];
        let (kind, length) = match rest {
            [] => (TokenKind::End, 0),
            [b' ' | b'\t', ..] => {
                at += 1;
                continue;
            }
            [b'\n' | b'#', ..] | [b'\r', b'\n', ..] | [b'/', b'/', ..] => {
                let line = rest.iter().position(|b| *b == b'\n');
                let end = line.map_or(rest.len(), |line| line + 1);
                if newlines && line.is_some() {
                    (TokenKind::Newline, end)
                } else {
                    at += end;
                    continue;
                }
            }
            [b'/', b'*', ..] => match text[at + 2..].find("*/") {
                Some(length) => {
                    at += length + 4;
                    continue;
                }
                None => (TokenKind::Invalid, 2),
            },
            [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => (TokenKind::Ident, ident_length(&text[at..])),
            [b'0'..=b'9', ..] => (TokenKind::Number, number_length(rest)),
            [byte, ..] if byte.is_ascii() => symbol(text, at),
            _ => match ident_length(&text[at..]) {
                0 => (TokenKind::Invalid, text[at..].chars().next().map_or(1, char::len_utf8)),
                length => (TokenKind::Ident, length),
            },
        };
        return Token { kind, start: at, end: at + length };
    }
}

fn symbol(text: &str, at: usize) -> (TokenKind, usize) {
    match &text.as_bytes()[at..] {
        [b'"', ..] => (TokenKind::Quote, 1),
        [b'{', ..] => (TokenKind::OpenBrace, 1),
        [b'}', ..] => (TokenKind::CloseBrace, 1),
        [b'~', b'}', ..] => (TokenKind::CloseSequence, 2),
        [b'[', ..] => (TokenKind::OpenBracket, 1),
        [b']', ..] => (TokenKind::CloseBracket, 1),
        [b'(', ..] => (TokenKind::OpenParen, 1),
        [b')', ..] => (TokenKind::CloseParen, 1),
        [b'.', b'.', b'.', ..] => (TokenKind::Ellipsis, 3),
        [b'.', ..] => (TokenKind::Dot, 1),
        [b',', ..] => (TokenKind::Comma, 1),
        [b':', b':', ..] => (TokenKind::DoubleColon, 2),
        [b':', ..] => (TokenKind::Colon, 1),
        [b'?', ..] => (TokenKind::Question, 1),
        [b'=', b'=', ..] => (TokenKind::Equal, 2),
        [b'=', b'>', ..] => (TokenKind::Arrow, 2),
        [b'=', ..] => (TokenKind::Assign, 1),
        [b'!', b'=', ..] => (TokenKind::NotEqual, 2),
        [b'!', ..] => (TokenKind::Not, 1),
        [b'<', b'<', ..] if let Some(length) = heredoc_length(&text[at..]) => (TokenKind::Heredoc, length),
        [b'<', b'=', ..] => (TokenKind::LessEqual, 2),
        [b'<', ..] => (TokenKind::Less, 1),
        [b'>', b'=', ..] => (TokenKind::GreaterEqual, 2),
        [b'>', ..] => (TokenKind::Greater, 1),
        [b'&', b'&', ..] => (TokenKind::And, 2),
        [b'|', b'|', ..] => (TokenKind::Or, 2),
        [b'+', ..] => (TokenKind::Plus, 1),
        [b'-', ..] => (TokenKind::Minus, 1),
        [b'*', ..] => (TokenKind::Star, 1),
        [b'/', ..] => (TokenKind::Slash, 1),
        [b'%', ..] => (TokenKind::Percent, 1),
        _ => (TokenKind::Invalid, 1),
    }
}

/// The ASCII characters that an identifier may have behind its first; looking one up is quicker than comparing.
const CONTINUES_IDENT: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < table.len() {
        let byte = at as u8;
        table[at] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        at += 1;
    }
    table
};

/// How long the identifier is that the text starts with, 0 if it starts with none.
pub(super) fn ident_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if matches!(bytes.first(), Some(b'0'..=b'9' | b'-')) {
        return 0;
    }
    let ascii = bytes.iter().take_while(|byte| CONTINUES_IDENT[usize::from(**byte)]).count();
    if bytes.get(ascii).is_none_or(u8::is_ascii) {
        return ascii;
    }
    let mut chars = text[ascii..].char_indices();
    if ascii == 0 && !chars.next().is_some_and(|(_, c)| is_start(c)) {
        return 0;
    }
    chars.find(|(_, c)| !is_continue(*c)).map_or(text.len(), |(at, _)| ascii + at)
}

fn is_start(c: char) -> bool {
    c == '_'
        || unicode_ident::is_xid_start(c)
        || is_only_id(c)
        || matches!(c, '\u{e33}' | '\u{eb3}' | '\u{ff9e}' | '\u{ff9f}')
}

fn is_continue(c: char) -> bool {
    c == '-' || unicode_ident::is_xid_continue(c) || is_only_id(c)
}

/// `ID_Start` and `ID_Continue`, which HCL asks for, have these over `XID_Start` and `XID_Continue`
/// (<https://www.unicode.org/reports/tr31/#NFKC_Modifications>).
fn is_only_id(c: char) -> bool {
    matches!(
        c,
        '\u{37a}' | '\u{309b}' | '\u{309c}' | '\u{fc5e}'
            ..='\u{fc63}'
                | '\u{fdfa}'
                | '\u{fdfb}'
                | '\u{fe70}'
                | '\u{fe72}'
                | '\u{fe74}'
                | '\u{fe76}'
                | '\u{fe78}'
                | '\u{fe7a}'
                | '\u{fe7c}'
                | '\u{fe7e}'
    )
}

/// Digits, dots and exponents in any order, up to the last that is not a dot: what is not a number is found out later.
fn number_length(bytes: &[u8]) -> usize {
    let (mut at, mut length) = (1, 1);
    loop {
        at += match &bytes[at..] {
            [b'0'..=b'9', ..] => 1,
            [b'e' | b'E', b'0'..=b'9', ..] => 2,
            [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] => 3,
            [b'.', ..] => {
                at += 1;
                continue;
            }
            _ => return length,
        };
        length = at;
    }
}

/// The length of a heredoc's first line, with its end.
fn heredoc_length(text: &str) -> Option<usize> {
    let marker = text[2..].strip_prefix('-').unwrap_or(&text[2..]);
    let rest = &marker[ident_length(marker)..];
    let newline = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    (newline > 0 && rest.len() < marker.len()).then(|| text.len() - rest.len() + newline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn scans_to(text: &str, expected: &[(TokenKind, &str)]) {
        let mut at = 0;
        let tokens = std::iter::from_fn(|| {
            let token = scan(text, at, true);
            at = token.end;
            (token.kind != TokenKind::End).then(|| (token.kind, &text[token.range()]))
        });
        assert_eq!(tokens.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn numbers_end_with_a_digit() {
        for (text, length) in [
            ("1", 1),
            ("1.5x", 3),
            ("1..2", 4),
            ("1...", 1),
            ("1.e5", 4),
            ("1e", 1),
            ("1e+", 1),
            ("1e-5.2", 6),
            ("007", 3),
            ("1.2e3e4 ", 7),
        ] {
            scans_to(&text[..length], &[(TokenKind::Number, &text[..length])]);
            assert_eq!(number_length(text.as_bytes()), length, "{text}");
        }
    }

    #[test]
    fn identifiers_are_unicode_with_dashes() {
        for (text, length) in [
            ("a-b.c", 3),
            ("_", 1),
            ("été=", 5),
            ("aé-1 ", 5),
            ("\u{37a}", 2),
            ("1a", 0),
            ("-a", 0),
            ("€", 0),
            ("", 0),
        ] {
            assert_eq!(ident_length(text), length, "{text}");
        }
    }

    #[test]
    fn comments_are_line_ends_or_nothing() {
        scans_to(
            "a /* b\n */ c # d\n// e\r\n#",
            &[
                (TokenKind::Ident, "a"),
                (TokenKind::Ident, "c"),
                (TokenKind::Newline, "# d\n"),
                (TokenKind::Newline, "// e\r\n"),
            ],
        );
        scans_to("/*/", &[(TokenKind::Invalid, "/*"), (TokenKind::Slash, "/")]);
    }

    #[test]
    fn a_heredoc_opens_at_a_line_end_only() {
        scans_to("<<-E-1\r\n", &[(TokenKind::Heredoc, "<<-E-1\r\n")]);
        scans_to(
            "<<E \n",
            &[
                (TokenKind::Less, "<"),
                (TokenKind::Less, "<"),
                (TokenKind::Ident, "E"),
                (TokenKind::Newline, "\n"),
            ],
        );
        scans_to("<<\n", &[(TokenKind::Less, "<"), (TokenKind::Less, "<"), (TokenKind::Newline, "\n")]);
    }

    #[test]
    fn the_longest_symbol_wins() {
        scans_to(
            "...a::b=>c==d\r",
            &[
                (TokenKind::Ellipsis, "..."),
                (TokenKind::Ident, "a"),
                (TokenKind::DoubleColon, "::"),
                (TokenKind::Ident, "b"),
                (TokenKind::Arrow, "=>"),
                (TokenKind::Ident, "c"),
                (TokenKind::Equal, "=="),
                (TokenKind::Ident, "d"),
                (TokenKind::Invalid, "\r"),
            ],
        );
    }
}
