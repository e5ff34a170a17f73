//! Files, blocks and attributes.

use std::collections::BTreeMap;

use super::parser::{Parsed, Parser};
use super::scanner::{Token, TokenKind, scan};
use crate::bake::text::syntax::{Attribute, Block, Body, Ident};
use crate::bake::values::Name;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// How many errors of one file are reported.
const MAX_ERRORS: usize = 20;

/// What was read of a body.
#[derive(Default)]
struct Items {
    attributes: Vec<Attribute>,
    blocks: Vec<Block>,
    /// Where the first attributes are set, as far as they were looked for among many.
    places: BTreeMap<Name, Span>,
}

impl Items {
    /// Where an attribute of this name is set.
    fn place(&mut self, name: &Name) -> Option<Span> {
        const FEW: usize = 32;
        if self.attributes.len() <= FEW {
            return self
                .attributes
                .iter()
                .find(|known| known.name.name == *name)
                .map(|known| known.name.span);
        }
        let new = &self.attributes[self.places.len()..];
        self.places.extend(new.iter().map(|known| (known.name.name.clone(), known.name.span)));
        self.places.get(name).copied()
    }
}

impl Parser<'_> {
    /// Reads the whole text as a file.
    ///
    /// # Errors
    /// All errors, in source order.
    pub(super) fn file(mut self) -> Result<Body, Vec<Diagnostic>> {
        let mut items = Items::default();
        let mut failed = false;
        while self.errors.len() < MAX_ERRORS {
            let token = self.peek();
            match self.item(&mut items, None) {
                Ok(true) => {}
                Ok(false) => break,
                // After an error, a bracket that closes nothing may well close what the error was in.
                Err(_) if failed && token.kind == TokenKind::CloseBrace => self.recover(),
                Err(failure) => {
                    self.errors.push(*failure);
                    failed = true;
                    self.recover();
                }
            }
        }
        let Items { attributes, blocks, .. } = items;
        let body = Body { attributes, blocks, span: self.span(0..self.text.len()) };
        if self.errors.is_empty() { Ok(body) } else { Err(self.errors) }
    }

    /// Goes on at the next line that starts, unindented, with an attribute or the header of a block.
    fn recover(&mut self) {
        self.reset();
        let mut at = self.at;
        while let Some(length) = self.text[at..].find('\n') {
            at += length + 1;
            if self.starts_item(at) {
                break;
            }
        }
        let is_start = at > self.at && self.starts_item(at);
        self.seek(if is_start { at } else { self.text.len() });
    }

    fn starts_item(&self, mut at: usize) -> bool {
        for place in 0.. {
            let token = scan(self.text, at, true);
            match token.kind {
                TokenKind::Ident if place > 0 || token.start == at => at = token.end,
                TokenKind::Quote if place > 0 => {
                    let rest = &self.text[token.end..];
                    match rest.find(['"', '\n']) {
                        Some(length) if rest[length..].starts_with('"') => at = token.end + length + 1,
                        _ => return false,
                    }
                }
                TokenKind::Assign => return place == 1,
                kind => return place > 0 && kind == TokenKind::OpenBrace,
            }
        }
        false
    }

    /// Reads one item of a body, or an empty line. `false` at the end of the body, which is a brace if one has opened
    /// it.
    fn item(&mut self, items: &mut Items, open: Option<Token>) -> Parsed<bool> {
        let token = self.next();
        match (token.kind, open) {
            (TokenKind::End, None) | (TokenKind::CloseBrace, Some(_)) => return Ok(false),
            (TokenKind::Newline, _) => return Ok(true),
            (TokenKind::Ident, _) => {}
            (TokenKind::End, Some(open)) => {
                return Err(self.error(open.range(), "this block is not closed", "add the missing `}`"));
            }
            _ => return Err(self.no_item(token)),
        }
        let next = self.peek();
        match next.kind {
            TokenKind::Assign => {
                self.attribute_item(token, items)?;
                self.line_end(open)?;
            }
            TokenKind::Quote | TokenKind::OpenBrace | TokenKind::Ident => {
                self.enter()?;
                items.blocks.push(self.block(token)?);
                self.depth -= 1;
                self.line_end(None)?;
            }
            _ => return Err(self.no_definition(token, next)),
        }
        Ok(true)
    }

    /// Reads an attribute whose name is taken.
    fn attribute_item(&mut self, token: Token, items: &mut Items) -> Parsed<()> {
        self.next();
        self.forget_operators();
        let name = self.ident(token);
        let value = self.expression()?;
        match items.place(&name.name) {
            Some(first) => {
                let message = format!("`{}` is set twice in one body", name.name);
                let error = self.error(token.range(), message, "remove one of the two");
                self.errors.push(error.at(first, "first set here"));
            }
            None => items.attributes.push(Attribute { name, value }),
        }
        Ok(())
    }

    /// Takes the line end that an item ends with.
    fn line_end(&mut self, open: Option<Token>) -> Parsed<()> {
        let token = self.peek();
        match token.kind {
            TokenKind::Newline => drop(self.next()),
            TokenKind::End => {}
            _ => return Err(self.no_line_end(token, open)),
        }
        Ok(())
    }

    /// Reads a block whose kind is taken.
    fn block(&mut self, kind: Token) -> Parsed<Block> {
        let mut header = kind.range();
        let mut labels = Vec::with_capacity(1);
        let open = loop {
            let token = self.next();
            match token.kind {
                TokenKind::OpenBrace => break token,
                TokenKind::Ident => labels.push(self.ident(token)),
                TokenKind::Quote => {
                    let text = self.label(token)?;
                    labels.push(Ident { name: text, span: self.span(token.start..self.at) });
                }
                _ => return Err(self.no_block(token)),
            }
            header.end = self.at;
        };
        let mut items = Items::default();
        match self.peek().kind {
            TokenKind::Newline | TokenKind::End | TokenKind::CloseBrace => {
                while self.item(&mut items, Some(open))? {}
            }
            _ => self.single_attribute(open, &mut items)?,
        }
        let kind = self.ident(kind);
        let Items { mut attributes, blocks, .. } = items;
        attributes.shrink_to_fit();
        let body = Body { attributes, blocks, span: self.span(header.end..self.at) };
        Ok(Block { kind, labels, body, span: self.span(header) })
    }

    /// Reads the body of a block that starts on the line of its brace: one attribute, and the closing brace.
    fn single_attribute(&mut self, open: Token, items: &mut Items) -> Parsed<()> {
        let token = self.next();
        let next = self.peek();
        match (token.kind, next.kind) {
            (TokenKind::Ident, TokenKind::Assign) => self.attribute_item(token, items)?,
            (TokenKind::Ident, TokenKind::Quote | TokenKind::OpenBrace | TokenKind::Ident) => {
                let message = "a block on one line holds no other block";
                return Err(self.error(token.range(), message, "put a newline after the `{`"));
            }
            (TokenKind::Ident, _) => return Err(self.no_definition(token, next)),
            _ => return Err(self.no_item(token)),
        }
        match self.eat(TokenKind::CloseBrace) {
            Some(_) => Ok(()),
            None => {
                let token = self.peek();
                Err(self.no_single_end(token, open))
            }
        }
    }
}
