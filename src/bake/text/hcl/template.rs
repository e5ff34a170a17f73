//! Templates: quoted strings, heredocs and the content of JSON strings.

use super::literal::{TemplatePiece, Trim, assemble, decode_literal, github_end, name, split_literal};
use super::mistake::LITERAL;
use super::parser::{Parsed, Parser};
use super::scanner::{Token, TokenKind};
use crate::bake::text::syntax::{Expr, ExprKind};
use crate::bake::values::Name;

/// What a template is written between.
#[derive(Clone, Copy)]
enum Quoting<'a> {
    /// `"…"`, with backslash escapes; the opening quote.
    Quotes(Token),
    /// A heredoc, with its first line, its marker, and whether it was opened by `<<-`.
    Heredoc { open: Token, marker: &'a str, flush: bool },
    /// Nothing: the content of a JSON string.
    Bare,
}

/// A directive that is open: the keyword that decides what may close it, and its place.
struct Open {
    kind: OpenKind,
    start: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum OpenKind {
    If,
    Else,
    For,
}

impl<'a> Parser<'a> {
    /// The whole text as a template.
    pub(super) fn bare_template(&mut self) -> Parsed<Expr> {
        let pieces = self.template(Quoting::Bare)?;
        Ok(Expr { kind: assemble(pieces, false), span: self.span(0..self.text.len()) })
    }

    /// A string.
    pub(super) fn quoted(&mut self) -> Parsed<Expr> {
        let quote = self.next();
        let kind = match self.plain(quote) {
            Some(text) => ExprKind::String(text),
            None => assemble(self.template(Quoting::Quotes(quote))?, false),
        };
        Ok(Expr { kind, span: self.span(quote.start..self.at) })
    }

    /// A block label, whose opening quote is taken.
    pub(super) fn label(&mut self, quote: Token) -> Parsed<Name> {
        if let Some(text) = self.plain(quote) {
            return Ok(text);
        }
        let mut text = String::new();
        for piece in self.template(Quoting::Quotes(quote))? {
            match piece {
                TemplatePiece::Literal(literal) => text.push_str(&literal),
                _ => {
                    return Err(self.error(
                        quote.range(),
                        "a label is a plain string",
                        "labels cannot hold `${…}`",
                    ));
                }
            }
        }
        Ok(name(&text))
    }

    /// Takes the rest of a string that has nothing to decode.
    fn plain(&mut self, quote: Token) -> Option<Name> {
        let rest = &self.text[quote.end..];
        let length = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | b'$' | b'%' | b'\n' | b'\r'))?;
        (rest.as_bytes()[length] == b'"').then(|| {
            self.seek(quote.end + length + 1);
            self.name(&rest[..length])
        })
    }

    /// A heredoc.
    pub(super) fn heredoc(&mut self) -> Parsed<Expr> {
        let open = self.next();
        let line = &self.text[open.start + 2..open.end];
        let marker = line.strip_prefix('-').unwrap_or(line).trim_end();
        let flush = line.starts_with('-');
        let pieces = self.template(Quoting::Heredoc { open, marker, flush })?;
        Ok(Expr { kind: assemble(pieces, flush), span: self.span(open.start..self.at) })
    }

    /// Reads up to and with the closing quote or marker.
    fn template(&mut self, quoting: Quoting<'a>) -> Parsed<Vec<TemplatePiece>> {
        let mut pieces = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        loop {
            let start = self.at;
            let end = self.literal_end(quoting)?;
            self.literal(start..end.at, quoting, &mut pieces)?;
            self.seek(end.at + end.length);
            if !end.is_sequence {
                if let Some(directive) = open.pop() {
                    return Err(self.open_directive(directive.start, end.at..end.at + end.length));
                }
                return Ok(pieces);
            }
            let opener = Token { kind: TokenKind::Invalid, start: end.at, end: end.at + end.length };
            let outside = self.newlines(false);
            let piece = match self.text.as_bytes()[end.at] {
                b'$' => self.interpolation(opener, quoting)?,
                _ => self.directive(opener, quoting, &mut open)?,
            };
            pieces.push(piece);
            self.newlines(outside);
        }
    }

    /// Where the text from here on ends: at a sequence or at the end of the template.
    fn literal_end(&self, quoting: Quoting<'_>) -> Parsed<End> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        // The start of a line that is text only, so far: it may hold the marker.
        let mut line = match quoting {
            Quoting::Heredoc { open, .. } if at == open.end => Some(at),
            _ => None,
        };
        loop {
            at += match (&bytes[at..], quoting) {
                ([], Quoting::Bare) => return Ok(End::close(at, 0)),
                ([], Quoting::Heredoc { open, marker, .. }) => return Err(self.open_heredoc(open, marker)),
                ([] | [b'\n' | b'\r', ..], Quoting::Quotes(quote)) => return Err(self.open_string(quote)),
                ([b'$' | b'%', b'{', b'~', ..], _) => return Ok(End::sequence(at, 3)),
                ([b'$' | b'%', b'{', ..], _) => return Ok(End::sequence(at, 2)),
                ([b'$', b'$', b'{', ..] | [b'%', b'%', b'{', ..], _) => 3,
                // There the scanner of HCL gives up, and buildx takes the rest as it stands.
                ([b'\r', rest @ ..], Quoting::Bare) if rest.first() != Some(&b'\n') => {
                    return Ok(End::close(bytes.len(), 0));
                }
                ([b'"', ..], Quoting::Quotes(_)) => return Ok(End::close(at, 1)),
                // Which escapes there are is seen to when they are decoded.
                ([b'\\', next, ..], Quoting::Quotes(_)) if !matches!(next, b'\n' | b'\r') => 2,
                ([b'\n', ..], Quoting::Heredoc { marker, .. }) => {
                    if let Some(start) = line
                        && let text = self.text[start..at].trim_end()
                        && text.trim_start() == marker
                        && find_lone_return(&self.text[start..=at]).is_none()
                    {
                        return Ok(End::close(start, text.len()));
                    }
                    line = Some(at + 1);
                    1
                }
                _ => 1,
            };
        }
    }

    /// The text of a range, cut up as the scanner of HCL does and decoded.
    fn literal(
        &mut self,
        range: std::ops::Range<usize>,
        quoting: Quoting<'_>,
        pieces: &mut Vec<TemplatePiece>,
    ) -> Parsed<()> {
        let escapes = matches!(quoting, Quoting::Quotes(_));
        if let Quoting::Heredoc { .. } = quoting
            && let Some(at) = find_lone_return(&self.text[range.clone()])
        {
            let at = range.start + at;
            return Err(self.error(at..at + 1, "a carriage return without a newline in a heredoc", ""));
        }
        let mut start = range.start;
        let first = pieces.len();
        for token in split_literal(&self.text[range]) {
            let text = decode_literal(token, escapes).unwrap_or_else(|bad| {
                let error = self.bad_escape(start + bad.start..start + bad.end);
                self.errors.push(*error);
                String::new()
            });
            start += token.len();
            // Unless each line matters, only the first and the last token may be trimmed.
            if pieces.len() - first == 3
                && !matches!(quoting, Quoting::Heredoc { flush: true, .. })
                && let Some(TemplatePiece::Literal(last)) = pieces.pop()
                && let Some(TemplatePiece::Literal(middle)) = pieces.last_mut()
            {
                middle.push_str(&last);
            }
            pieces.push(TemplatePiece::Literal(text));
        }
        Ok(())
    }

    /// What follows `${`.
    fn interpolation(&mut self, opener: Token, quoting: Quoting<'_>) -> Parsed<TemplatePiece> {
        if matches!(self.peek().kind, TokenKind::End | TokenKind::CloseBrace | TokenKind::CloseSequence) {
            let message = "this `${` does not hold an expression";
            return Err(self.error(opener.range(), message, LITERAL));
        }
        let (known, depth) = (self.errors.len(), self.depth);
        let read = self
            .expression()
            .and_then(|expr| Ok(TemplatePiece::Interpolation(expr, self.sequence_end(opener, quoting)?)));
        let Some(end) = github_end(self.text, opener.start).filter(|_| read.is_err()) else { return read };
        self.errors.truncate(known);
        self.depth = depth;
        self.newlines(false);
        self.seek(end);
        let error = self.github_expression(opener.start..end);
        self.errors.push(*error);
        Ok(TemplatePiece::Literal(String::new()))
    }

    /// What follows `%{`.
    fn directive(
        &mut self,
        opener: Token,
        quoting: Quoting<'_>,
        open: &mut Vec<Open>,
    ) -> Parsed<TemplatePiece> {
        let word = self.next();
        let innermost = open.last().map(|open| open.kind);
        let keyword = if word.kind == TokenKind::Ident { &self.text[word.range()] } else { "" };
        let start = opener.start;
        match (keyword, innermost) {
            ("if", _) => {
                open.push(Open { kind: OpenKind::If, start });
                self.check_depth(open.len(), opener.range())?;
                let condition = self.expression()?;
                Ok(TemplatePiece::If(condition, self.sequence_end(opener, quoting)?))
            }
            ("for", _) => {
                open.push(Open { kind: OpenKind::For, start });
                self.check_depth(open.len(), opener.range())?;
                let (key_var, value_var) = self.for_variables()?;
                let collection = self.expression()?;
                let trim = self.sequence_end(opener, quoting)?;
                Ok(TemplatePiece::For { key_var, value_var, collection, trim })
            }
            _ => {
                open.pop();
                let trim = self.sequence_end_after(word, opener, quoting)?;
                match (keyword, innermost) {
                    ("else", Some(OpenKind::If)) => {
                        open.push(Open { kind: OpenKind::Else, start });
                        Ok(TemplatePiece::Else(trim))
                    }
                    ("endif", Some(OpenKind::If | OpenKind::Else)) => Ok(TemplatePiece::EndIf(trim)),
                    ("endfor", Some(OpenKind::For)) => Ok(TemplatePiece::EndFor(trim)),
                    _ => Err(self.stray_directive(word)),
                }
            }
        }
    }

    fn sequence_end_after(&mut self, word: Token, opener: Token, quoting: Quoting<'_>) -> Parsed<Trim> {
        match &self.text[word.range()] {
            "else" | "endif" | "endfor" => self.sequence_end(opener, quoting),
            _ => Err(self.no_directive(word)),
        }
    }

    /// Takes the end of a sequence; tells the sides on which it has a `~`.
    fn sequence_end(&mut self, opener: Token, quoting: Quoting<'_>) -> Parsed<Trim> {
        let token = self.peek();
        if !matches!(token.kind, TokenKind::CloseBrace | TokenKind::CloseSequence) {
            let is_quoted = matches!(quoting, Quoting::Quotes(_));
            return Err(self.no_sequence_end(token, opener, is_quoted));
        }
        self.next();
        Ok(Trim {
            before: self.text[opener.range()].ends_with('~'),
            after: token.kind == TokenKind::CloseSequence,
        })
    }
}

/// The end of a run of text.
struct End {
    at: usize,
    /// The length of what ends it: a quote, a marker, or the opening of a sequence.
    length: usize,
    is_sequence: bool,
}

impl End {
    fn close(at: usize, length: usize) -> Self {
        Self { at, length, is_sequence: false }
    }

    fn sequence(at: usize, length: usize) -> Self {
        Self { at, length, is_sequence: true }
    }
}

/// The first carriage return that no newline follows.
fn find_lone_return(text: &str) -> Option<usize> {
    text.match_indices('\r').map(|(at, _)| at).find(|at| text.as_bytes().get(at + 1) != Some(&b'\n'))
}
