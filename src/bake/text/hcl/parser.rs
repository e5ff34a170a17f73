//! What all of the parser shares: the place in the text, one token ahead, depth, names and errors.

use std::ops::Range;

use super::literal::name;
use super::scanner::{Token, TokenKind, scan};
use crate::bake::text::syntax::{Expr, Ident};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::{SourceId, Span};

/// How deep blocks and expressions may nest: whoever walks the tree may recurse without fear for the stack.
const MAX_DEPTH: usize = 250;
/// How many operators may follow one another. They nest to the left, which costs walkers of the tree one level each,
/// and far fewer bytes of source than brackets do.
const MAX_OPERATORS: usize = 10_000;

/// What was read, or why not.
pub(super) type Parsed<T> = Result<T, Failure>;

/// Where the text that is parsed stands.
#[derive(Clone, Copy)]
pub(super) enum TextPlace {
    /// It is a whole source.
    Source(SourceId),
    /// It is decoded from this range, so offsets in it say nothing.
    Fixed(Span),
}

/// The state of reading one text.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    place: TextPlace,
    /// Behind the last token that was taken.
    pub(super) at: usize,
    ahead: Option<Token>,
    /// Whether line ends are tokens here; between brackets they are not.
    newlines: bool,
    pub(super) depth: usize,
    /// For each depth, the longest row of operators there in this attribute, and the sum of these.
    operators: (Vec<usize>, usize),
    /// Names that were used lately, to share them.
    names: Vec<Option<Name>>,
    /// Errors after which reading went on.
    pub(super) errors: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, place: TextPlace) -> Self {
        Self {
            text,
            place,
            at: 0,
            ahead: None,
            newlines: true,
            depth: 0,
            operators: (Vec::new(), 0),
            names: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Reads the text as one expression of some kind.
    ///
    /// # Errors
    /// The first that was found.
    pub(super) fn whole(mut self, read: fn(&mut Self) -> Parsed<Expr>) -> Result<Expr, Diagnostic> {
        let result = read(&mut self);
        match (self.errors.into_iter().next(), result) {
            (Some(error), _) => Err(error),
            (None, result) => result.map_err(|failure| *failure),
        }
    }

    /// The next token.
    pub(super) fn peek(&mut self) -> Token {
        match self.ahead {
            Some(token) => token,
            None => {
                let token = scan(self.text, self.at, self.newlines);
                self.ahead = Some(token);
                token
            }
        }
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Token {
        let token = self.peek();
        self.seek(token.end);
        token
    }

    /// Takes the next token if it is of this kind.
    pub(super) fn eat(&mut self, kind: TokenKind) -> Option<Token> {
        (self.peek().kind == kind).then(|| self.next())
    }

    /// Takes the next token if it is this word.
    pub(super) fn eat_word(&mut self, word: &str) -> Option<Token> {
        let token = self.peek();
        (token.kind == TokenKind::Ident && &self.text[token.range()] == word).then(|| self.next())
    }

    /// Goes on at a byte offset.
    pub(super) fn seek(&mut self, at: usize) {
        self.at = at;
        self.ahead = None;
    }

    /// Says whether line ends are tokens from here on; tells whether they were.
    pub(super) fn newlines(&mut self, newlines: bool) -> bool {
        self.ahead = None;
        std::mem::replace(&mut self.newlines, newlines)
    }

    /// Forgets all state but the place and the errors, to go on after one.
    pub(super) fn reset(&mut self) {
        self.newlines(true);
        self.depth = 0;
    }

    /// Goes one level deeper; whoever calls it goes up again.
    pub(super) fn enter(&mut self) -> Parsed<()> {
        if self.depth == MAX_DEPTH {
            let range = self.peek().range();
            return Err(self.too_deep(range));
        }
        self.depth += 1;
        Ok(())
    }

    /// Fails if so many levels more are too deep.
    pub(super) fn check_depth(&self, levels: usize, range: Range<usize>) -> Parsed<()> {
        if self.depth + levels > MAX_DEPTH { Err(self.too_deep(range)) } else { Ok(()) }
    }

    /// Fails if as many steps in a row as this, each around the one before, are too deep here.
    pub(super) fn check_steps(&mut self, steps: usize, range: Range<usize>) -> Parsed<()> {
        self.check_depth(steps, range.clone())?;
        self.check_operators(steps, range)
    }

    /// Fails if a row of operators makes the tree of this attribute too deep.
    pub(super) fn check_operators(&mut self, count: usize, range: Range<usize>) -> Parsed<()> {
        let (longest, sum) = &mut self.operators;
        if longest.len() <= self.depth {
            longest.resize(self.depth + 1, 0);
        }
        let more = count.saturating_sub(longest[self.depth]);
        longest[self.depth] += more;
        *sum += more;
        if *sum <= MAX_OPERATORS {
            return Ok(());
        }
        let message = format!("more than {MAX_OPERATORS} operators in one expression");
        Err(self.error(range, message, "this is a limit of bakeplan; give inner parts their own names"))
    }

    /// Starts counting operators anew, for the next attribute.
    pub(super) fn forget_operators(&mut self) {
        self.operators.0.clear();
        self.operators.1 = 0;
    }

    fn too_deep(&self, range: Range<usize>) -> Failure {
        let message = format!("more than {MAX_DEPTH} levels of nesting");
        let help = "this is a limit of bakeplan; give a part of it its own name: a `variable`, or an attribute at the \
                    top of the file";
        self.error(range, message, help)
    }

    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        match self.place {
            TextPlace::Source(source) => Span { source, start: offset(range.start), end: offset(range.end) },
            TextPlace::Fixed(span) => span,
        }
    }

    /// The name that a token spells.
    pub(super) fn ident(&mut self, token: Token) -> Ident {
        Ident { name: self.name(&self.text[token.range()]), span: self.span(token.range()) }
    }

    /// A name, shared with an equal one that was used lately.
    pub(super) fn name(&mut self, text: &str) -> Name {
        const SLOTS: usize = 256;
        const LONGEST: usize = 40;
        if text.len() > LONGEST {
            return name(text);
        }
        let hash = text.bytes().fold(text.len(), |hash, byte| hash.wrapping_mul(31) ^ usize::from(byte));
        self.names.resize(SLOTS, None);
        let slot = &mut self.names[hash % SLOTS];
        match slot {
            Some(known) if **known == *text => known.clone(),
            _ => slot.insert(name(text)).clone(),
        }
    }

    pub(super) fn error(&self, range: Range<usize>, message: impl Into<String>, help: &str) -> Failure {
        let error = Diagnostic::error(Code::SYNTAX, message).at(self.span(range), "");
        Box::new(if help.is_empty() { error } else { error.with_help(help) })
    }
}
