//! Expressions.

use super::parser::{Parsed, Parser};
use super::scanner::{Token, TokenKind};
use crate::bake::text::syntax::{BinaryOp, Expr, ExprKind, ForExpr, Ident, ObjectKey, UnaryOp};
use crate::bake::values::{Marks, Name, Number};

impl Parser<'_> {
    /// The whole text as an expression.
    pub(super) fn bare_expression(&mut self) -> Parsed<Expr> {
        self.newlines(false);
        let expr = self.expression()?;
        match self.peek() {
            Token { kind: TokenKind::End, .. } => Ok(expr),
            token => Err(self.unexpected(token, "the end of the expression", "")),
        }
    }

    /// An expression of any kind, one level deeper than what is around it.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.enter()?;
        let condition = self.operation()?;
        let expr = match self.eat(TokenKind::Question) {
            Some(_) => self.conditional(condition)?,
            None => condition,
        };
        self.depth -= 1;
        Ok(expr)
    }

    /// What follows `condition ?`.
    fn conditional(&mut self, condition: Expr) -> Parsed<Expr> {
        let then = Box::new(self.expression()?);
        if self.eat(TokenKind::Colon).is_none() {
            let token = self.peek();
            let help = "a conditional is `condition ? value : other`";
            return Err(self.unexpected(token, "`:`", help));
        }
        let otherwise = Box::new(self.expression()?);
        let span = condition.span.to(otherwise.span);
        let condition = Box::new(condition);
        Ok(Expr { kind: ExprKind::Conditional { condition, then, otherwise }, span })
    }

    /// Operands with operators between them.
    fn operation(&mut self) -> Parsed<Expr> {
        let operand = self.operand()?;
        match binary_op(self.peek().kind) {
            Some(_) => self.operators(operand),
            None => Ok(operand),
        }
    }

    /// The operators that follow an operand, with theirs.
    fn operators(&mut self, mut operand: Expr) -> Parsed<Expr> {
        // Left operands that wait for their right one, each binding more tightly than the one before.
        let mut waiting: Vec<(Expr, BinaryOp, u8)> = Vec::new();
        let mut count = 0;
        loop {
            let token = self.peek();
            let next = binary_op(token.kind);
            let next_precedence = next.map_or(0, |(_, precedence)| precedence);
            while let Some((left, op, _)) =
                waiting.pop_if(|(_, _, precedence)| *precedence >= next_precedence)
            {
                operand = binary(left, op, operand);
            }
            let Some((op, precedence)) = next else { return Ok(operand) };
            self.next();
            count += 1;
            self.check_operators(count, token.range())?;
            waiting.push((operand, op, precedence));
            operand = self.operand()?;
        }
    }

    /// A term with its signs and what follows it: `-a.b[0]`.
    fn operand(&mut self) -> Parsed<Expr> {
        match self.peek().kind {
            TokenKind::Minus => self.signed(UnaryOp::Negate),
            TokenKind::Not => self.signed(UnaryOp::Not),
            _ => {
                let term = self.term()?;
                match self.peek().kind {
                    TokenKind::Dot | TokenKind::OpenBracket => self.traversal(term),
                    _ => Ok(term),
                }
            }
        }
    }

    fn signed(&mut self, op: UnaryOp) -> Parsed<Expr> {
        self.enter()?;
        let sign = self.next();
        let operand = Box::new(self.operand()?);
        self.depth -= 1;
        let span = self.span(sign.range()).to(operand.span);
        Ok(Expr { kind: ExprKind::Unary { op, operand }, span })
    }

    fn term(&mut self) -> Parsed<Expr> {
        let token = self.peek();
        match token.kind {
            TokenKind::Ident => self.word(),
            TokenKind::Number => {
                self.next();
                Ok(self.number(token))
            }
            TokenKind::Quote => self.quoted(),
            TokenKind::Heredoc => self.heredoc(),
            TokenKind::OpenParen => self.parenthesis(),
            TokenKind::OpenBracket => self.tuple(),
            TokenKind::OpenBrace => self.braces(token),
            _ => Err(self.no_value(token)),
        }
    }

    /// A literal, a variable or a call.
    fn word(&mut self) -> Parsed<Expr> {
        let token = self.next();
        if matches!(self.peek().kind, TokenKind::OpenParen | TokenKind::DoubleColon) {
            return self.call(token);
        }
        let kind = match &self.text[token.range()] {
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            other => ExprKind::Variable(self.name(other)),
        };
        Ok(Expr { kind, span: self.span(token.range()) })
    }

    fn parenthesis(&mut self) -> Parsed<Expr> {
        let open = self.next();
        let newlines = self.newlines(false);
        let inner = Box::new(self.expression()?);
        let close = self.close(open, TokenKind::CloseParen, "`)`", "")?;
        self.newlines(newlines);
        Ok(Expr { kind: ExprKind::Parenthesis(inner), span: self.span(open.start..close.end) })
    }

    /// Takes the bracket that closes `open`.
    fn close(&mut self, open: Token, kind: TokenKind, expected: &str, help: &str) -> Parsed<Token> {
        match self.peek() {
            token if token.kind == kind => Ok(self.next()),
            token => Err(self.unclosed(open, token, expected, help)),
        }
    }

    fn number(&mut self, token: Token) -> Expr {
        let span = self.span(token.range());
        let text = &self.text[token.range()];
        let number = Number::parse(text).unwrap_or_else(|| {
            let error = self.not_a_number(token);
            self.errors.push(*error);
            Number::from(0_usize)
        });
        let marks = Marks::of_number(&number, text);
        Expr { kind: ExprKind::Number(number, marks), span }
    }

    /// A call, the first part of whose name is taken.
    fn call(&mut self, first: Token) -> Parsed<Expr> {
        let name = Box::new(self.function_name(first)?);
        let open = self.next();
        let newlines = self.newlines(false);
        let (mut args, mut expand) = (Vec::new(), false);
        let close = loop {
            if let Some(close) = self.eat(TokenKind::CloseParen) {
                break close;
            }
            self.check_open(open, "a value or `)`")?;
            args.push(self.expression()?);
            if self.eat(TokenKind::Ellipsis).is_some() {
                expand = true;
                break self.close(open, TokenKind::CloseParen, "`)`", "`...` follows the last argument")?;
            }
            self.separator(open, TokenKind::CloseParen)?;
        };
        self.newlines(newlines);
        Ok(Expr { kind: ExprKind::Call { name, args, expand }, span: self.span(first.start..close.end) })
    }

    /// The name of a function, up to the `(`.
    fn function_name(&mut self, first: Token) -> Parsed<Ident> {
        let mut name = self.name(&self.text[first.range()]);
        let mut last = first;
        while self.eat(TokenKind::DoubleColon).is_some() {
            last = self.peek();
            if last.kind != TokenKind::Ident {
                return Err(self.unexpected(last, "the name of a function after `::`", ""));
            }
            self.next();
            name = Name::from([&name, "::", &self.name(&self.text[last.range()])].concat());
        }
        match self.peek() {
            token if token.kind == TokenKind::OpenParen => {
                Ok(Ident { name, span: self.span(first.start..last.end) })
            }
            token => Err(self.unexpected(token, "`(` after the name of a function", "")),
        }
    }

    /// Fails at the end of the text, where the bracket `open` is not closed.
    fn check_open(&mut self, open: Token, expected: &str) -> Parsed<()> {
        match self.peek() {
            token if token.kind == TokenKind::End => Err(self.unclosed(open, token, expected, "")),
            _ => Ok(()),
        }
    }

    /// Takes the comma after an item, or finds the bracket that closes `open`.
    fn separator(&mut self, open: Token, closer: TokenKind) -> Parsed<()> {
        let token = self.peek();
        let (expected, help) = match (closer, token.kind) {
            (_, TokenKind::Comma) => {
                self.next();
                return Ok(());
            }
            (_, kind) if kind == closer => return Ok(()),
            (TokenKind::CloseParen, TokenKind::End) => ("`)`", ""),
            (TokenKind::CloseParen, _) => ("`,` or `)`", "separate items with commas"),
            _ => ("`,` or `]`", "separate items with commas, also at line ends"),
        };
        Err(self.unclosed(open, token, expected, help))
    }

    fn tuple(&mut self) -> Parsed<Expr> {
        let open = self.next();
        let newlines = self.newlines(false);
        if let Some(word) = self.eat_word("for") {
            return self.for_expr(open, word, TokenKind::CloseBracket, newlines);
        }
        let mut items = Vec::with_capacity(1);
        let close = loop {
            if let Some(close) = self.eat(TokenKind::CloseBracket) {
                break close;
            }
            self.check_open(open, "a value or `]`")?;
            items.push(self.expression()?);
            self.separator(open, TokenKind::CloseBracket)?;
        };
        self.newlines(newlines);
        Ok(Expr { kind: ExprKind::Tuple(items), span: self.span(open.start..close.end) })
    }

    /// An object, unless it is meant as a pattern, which stands in quotes.
    fn braces(&mut self, open: Token) -> Parsed<Expr> {
        let known = self.errors.len();
        self.object().map_err(|failure| match self.unquoted_pattern(open.start) {
            Some(meant) => {
                self.errors.truncate(known);
                meant
            }
            None => failure,
        })
    }

    fn object(&mut self) -> Parsed<Expr> {
        let open = self.next();
        let newlines = self.newlines(false);
        if let Some(word) = self.eat_word("for") {
            return self.for_expr(open, word, TokenKind::CloseBrace, newlines);
        }
        self.newlines(true);
        let mut items = Vec::with_capacity(1);
        let close = loop {
            if self.eat(TokenKind::Newline).is_some() {
                continue;
            }
            if let Some(close) = self.eat(TokenKind::CloseBrace) {
                break close;
            }
            let key = self.key(open)?;
            let token = self.peek();
            if !matches!(token.kind, TokenKind::Assign | TokenKind::Colon) {
                let help = "an item is `key = value`";
                return Err(self.unclosed(open, token, "`=` or `:` after a key", help));
            }
            self.next();
            items.push((key, self.expression()?));
            let token = self.peek();
            match token.kind {
                TokenKind::CloseBrace => {}
                TokenKind::Comma | TokenKind::Newline => drop(self.next()),
                _ => {
                    let help = "separate items with commas or newlines";
                    return Err(self.unclosed(open, token, "a newline, `,` or `}`", help));
                }
            }
        };
        self.newlines(newlines);
        Ok(Expr { kind: ExprKind::Object(items), span: self.span(open.start..close.end) })
    }

    /// A key of an object: a word stands for itself, also one that is a value elsewhere.
    fn key(&mut self, open: Token) -> Parsed<ObjectKey> {
        self.check_open(open, "a key or `}`")?;
        let token = self.peek();
        let expr = self.expression()?;
        let span = expr.span;
        Ok(match &expr.kind {
            ExprKind::Variable(name) => ObjectKey::Name(Ident { name: name.clone(), span }),
            ExprKind::Null | ExprKind::Bool(_) => ObjectKey::Name(self.ident(token)),
            ExprKind::GetAttr { .. } | ExprKind::Index { .. } if is_reference(&expr) => {
                let error = self.ambiguous_key(token.start..self.at);
                self.errors.push(*error);
                ObjectKey::Expr(expr)
            }
            _ => ObjectKey::Expr(expr),
        })
    }

    /// What follows `[for` or `{for`; line ends are not tokens, and are afterwards if they were `outside`.
    fn for_expr(&mut self, open: Token, word: Token, closer: TokenKind, outside: bool) -> Parsed<Expr> {
        let is_object = closer == TokenKind::CloseBrace;
        if is_object && matches!(self.peek().kind, TokenKind::Assign | TokenKind::Colon) {
            let message = "`for` as the first key reads as a `for` expression";
            return Err(self.error(word.range(), message, "put the key in quotes"));
        }
        let (key_var, value_var) = self.for_variables()?;
        let collection = self.expression()?;
        self.close(open, TokenKind::Colon, "`:` after the collection of `for`", "")?;
        let key = if is_object { Some(self.for_key(open)?) } else { None };
        let value = self.expression()?;
        let group = self.for_group(is_object)?;
        let condition = if self.eat_word("if").is_some() { Some(self.expression()?) } else { None };
        let expected = if is_object { "`}`" } else { "`]`" };
        let close = self.close(open, closer, expected, "a `for` expression has one value")?;
        self.newlines(outside);
        let expr = Box::new(ForExpr { key_var, value_var, collection, key, value, group, condition });
        Ok(Expr { kind: ExprKind::For(expr), span: self.span(open.start..close.end) })
    }

    /// `key =>`
    fn for_key(&mut self, open: Token) -> Parsed<Expr> {
        let key = self.expression()?;
        let help = "an object is made by `{for v in list : key => value}`";
        self.close(open, TokenKind::Arrow, "`=>` and a value", help)?;
        Ok(key)
    }

    /// `...`, and what only an object has.
    fn for_group(&mut self, is_object: bool) -> Parsed<bool> {
        let token = self.peek();
        let (message, help) = match token.kind {
            TokenKind::Ellipsis if is_object => {
                self.next();
                return Ok(true);
            }
            TokenKind::Ellipsis => {
                ("`...` groups values by key, and a list has no keys", "use `flatten` to join lists")
            }
            TokenKind::Arrow if !is_object => {
                ("a `for` that makes a list has no keys", "put it in braces to make an object")
            }
            _ => return Ok(false),
        };
        Err(self.error(token.range(), message, help))
    }

    /// `k, v in`, which follows `for`.
    pub(super) fn for_variables(&mut self) -> Parsed<(Option<Ident>, Ident)> {
        let first = self.variable("a name after `for`")?;
        let variables = match self.eat(TokenKind::Comma) {
            Some(_) => (Some(first), self.variable("a second name after the `,`")?),
            None => (None, first),
        };
        if self.eat_word("in").is_none() {
            let token = self.peek();
            return Err(self.unexpected(token, "`in`", "a `for` is `for name in list`"));
        }
        Ok(variables)
    }

    fn variable(&mut self, expected: &str) -> Parsed<Ident> {
        match self.peek() {
            token if token.kind == TokenKind::Ident => {
                self.next();
                Ok(self.ident(token))
            }
            token => Err(self.unexpected(token, expected, "a `for` is `for name in list`")),
        }
    }

    /// The steps that follow a term.
    fn traversal(&mut self, mut of: Expr) -> Parsed<Expr> {
        let mut steps = 0;
        loop {
            let open = self.peek();
            if !matches!(open.kind, TokenKind::Dot | TokenKind::OpenBracket) {
                return Ok(of);
            }
            self.next();
            steps += 1;
            self.check_steps(steps, open.range())?;
            of = match (open.kind, self.peek().kind) {
                (TokenKind::Dot, TokenKind::Star) => self.attribute_splat(of, open)?,
                (TokenKind::Dot, _) => self.attribute(of, open)?,
                (_, TokenKind::Star) => self.splat(of, open)?,
                _ => self.index(of, open)?,
            };
        }
    }

    /// `*]` with the steps that follow it; the bracket is taken.
    fn splat(&mut self, of: Expr, open: Token) -> Parsed<Expr> {
        self.enter()?;
        self.next();
        let close = self.close(open, TokenKind::CloseBracket, "`]`", "a splat is `[*]`")?;
        let item = Expr { kind: ExprKind::SplatItem, span: self.span(open.start..close.end) };
        let each = self.traversal(item)?;
        self.depth -= 1;
        Ok(splat(of, each))
    }

    /// `.name` or `.0`, whose dot is taken.
    fn attribute(&mut self, of: Expr, dot: Token) -> Parsed<Expr> {
        let token = self.next();
        let span = of.span.to(self.span(dot.start..token.end));
        let of = Box::new(of);
        let kind = match token.kind {
            TokenKind::Ident => ExprKind::GetAttr { of, name: Box::new(self.ident(token)) },
            TokenKind::Number => {
                // The scanner takes `0.1` in `a.0.1` for one number.
                if let Some((first, second)) = self.text[token.range()].split_once('.') {
                    let error = self.unquoted_version(dot.start..token.end).unwrap_or_else(|| {
                        let message = "two indexes in a row cannot be written with dots";
                        let help = format!("write `[{first}][{second}]`");
                        self.error(dot.start..token.end, message, &help)
                    });
                    self.errors.push(*error);
                    return Ok(Expr { kind: ExprKind::Null, span });
                }
                ExprKind::Index { of, key: Box::new(self.number(token)) }
            }
            _ => {
                self.seek(dot.end);
                return Err(self.unexpected(token, "the name of an attribute after `.`", ""));
            }
        };
        Ok(Expr { kind, span })
    }

    /// `.*` with the attributes that follow it; the dot is taken.
    fn attribute_splat(&mut self, of: Expr, dot: Token) -> Parsed<Expr> {
        let star = self.next();
        let mut each = Expr { kind: ExprKind::SplatItem, span: self.span(dot.start..star.end) };
        let mut steps = 0;
        while let Some(dot) = self.eat(TokenKind::Dot) {
            steps += 1;
            self.check_steps(steps, dot.range())?;
            let token = self.peek();
            if token.kind == TokenKind::Star {
                let message = "a `.*` cannot follow another one";
                return Err(self.error(dot.start..token.end, message, "use `[*]` instead"));
            }
            each = self.attribute(each, dot)?;
        }
        Ok(splat(of, each))
    }

    /// `key]`, whose bracket is taken.
    fn index(&mut self, of: Expr, open: Token) -> Parsed<Expr> {
        let newlines = self.newlines(false);
        let key = Box::new(self.expression()?);
        let close = self.close(open, TokenKind::CloseBracket, "`]`", "")?;
        self.newlines(newlines);
        let span = of.span.to(self.span(open.start..close.end));
        Ok(Expr { kind: ExprKind::Index { of: Box::new(of), key }, span })
    }
}

fn binary(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr { kind: ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }, span }
}

fn splat(of: Expr, each: Expr) -> Expr {
    let span = of.span.to(each.span);
    Expr { kind: ExprKind::Splat { of: Box::new(of), each: Box::new(each) }, span }
}

/// Whether an expression is a name followed by attributes and literal indexes, which HCL could mistake for a key.
fn is_reference(mut expr: &Expr) -> bool {
    loop {
        expr = match &expr.kind {
            ExprKind::Variable(_) => return true,
            ExprKind::GetAttr { of, .. } => of,
            ExprKind::Index { of, key } if matches!(key.kind, ExprKind::String(_) | ExprKind::Number(..)) => {
                of
            }
            _ => return false,
        }
    }
}

/// The operator that a token is, and how tightly it binds.
fn binary_op(kind: TokenKind) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        TokenKind::Or => (BinaryOp::Or, 1),
        TokenKind::And => (BinaryOp::And, 2),
        TokenKind::Equal => (BinaryOp::Equal, 3),
        TokenKind::NotEqual => (BinaryOp::NotEqual, 3),
        TokenKind::Less => (BinaryOp::Less, 4),
        TokenKind::LessEqual => (BinaryOp::LessEqual, 4),
        TokenKind::Greater => (BinaryOp::Greater, 4),
        TokenKind::GreaterEqual => (BinaryOp::GreaterEqual, 4),
        TokenKind::Plus => (BinaryOp::Add, 5),
        TokenKind::Minus => (BinaryOp::Subtract, 5),
        TokenKind::Star => (BinaryOp::Multiply, 6),
        TokenKind::Slash => (BinaryOp::Divide, 6),
        TokenKind::Percent => (BinaryOp::Modulo, 6),
        _ => return None,
    })
}
