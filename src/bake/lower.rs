//! HCL: the tree of the `hcl-edit` parser lowered to the syntax tree, undoing what that parser loses.
//!
//! Strings, templates, heredocs and numbers are read again from the source text under their spans: the parser leaves
//! escapes in directives undecoded, takes the indentation of heredocs off differently from HCL, and rounds numbers.

use std::ops::Range;

use hcl::edit::expr::{
    BinaryOperator, Expression, ForExpr as HclForExpr, ObjectKey as HclKey, ObjectValue, Traversal,
    TraversalOperator, UnaryOperator,
};
use hcl::edit::parser;
use hcl::edit::structure::{Block as HclBlock, BlockLabel, Body as HclBody, Structure};
use hcl::edit::template::{Directive, Element, HeredocTemplate, Strip};
use hcl::edit::{Decorated, Ident as HclIdent, Span as HclSpan};

use super::number::Number;
use super::syntax::{Attribute, BinaryOp, Block, Body, Expr, ExprKind, ForExpr, Ident, ObjectKey, UnaryOp};
use super::template::{Token, Trim, assemble, decode_literal, name, split_literal};
use super::{mask, mistake};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Sources, Span};

/// How deep the lowered tree may get: whoever walks it may recurse without fear for the stack.
const MAX_DEPTH: usize = 250;

/// Reads a file in HCL syntax.
///
/// # Errors
/// The first syntax error, or each invalid literal, as code `syntax`. Accepts and refuses what buildx does, but for
/// the parser's own limits: 64 levels of nesting and 128 operators in a row.
pub fn parse_hcl(sources: &Sources, id: SourceId) -> Result<Body, Vec<Diagnostic>> {
    let text = &sources.get(id).text;
    let lowering = Lowering { text, place: Place::Source(id) };
    let body = mask::parse(text, parser::parse_body).map_err(|error| vec![lowering.syntax_error(&error)])?;
    let mut errors = Vec::new();
    let body = lowering.body(&body, 0..text.len(), &mut errors);
    if errors.is_empty() { Ok(body) } else { Err(errors) }
}

/// Reads the content of a JSON string as an HCL template; every node gets `span`.
///
/// # Errors
/// What is wrong with the template, as code `syntax`.
pub fn parse_template_text(text: &str, span: Span) -> Result<Expr, Diagnostic> {
    if !text.contains("${") && !text.contains("%{") {
        return Ok(Expr { kind: ExprKind::String(name(text)), span });
    }
    let lowering = Lowering { text, place: Place::Fixed(span) };
    let template =
        mask::parse(text, parser::parse_template).map_err(|error| lowering.syntax_error(&error))?;
    let mut tokens = Vec::new();
    lowering.elements(template.iter(), &Quoting::Bare, 0, &mut tokens)?;
    Ok(Expr { kind: assemble(tokens, false), span })
}

/// Reads the content of a JSON string as an HCL expression, which is how JSON writes types; every node gets `span`.
///
/// # Errors
/// What is wrong with the expression, as code `syntax`.
pub fn parse_expression_text(text: &str, span: Span) -> Result<Expr, Diagnostic> {
    let text = text.trim();
    let lowering = Lowering { text, place: Place::Fixed(span) };
    let expr = mask::parse(text, parser::parse_expr).map_err(|error| lowering.syntax_error(&error))?;
    lowering.expr(&expr, 0)
}

/// Where the text that is parsed stands.
enum Place {
    /// It is a whole source.
    Source(SourceId),
    /// It is decoded from this range, so offsets in it say nothing.
    Fixed(Span),
}

/// What the literals of a template are written between.
enum Quoting<'a> {
    /// `"…"`, with backslash escapes.
    Quotes,
    /// A heredoc with this marker, after `<<` or (`flush`) `<<-`.
    Heredoc { marker: &'a str, flush: bool },
    /// Nothing: the content of a JSON string.
    Bare,
}

struct Lowering<'a> {
    text: &'a str,
    place: Place,
}

impl Lowering<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        match self.place {
            Place::Source(source) => Span { source, start: offset(range.start), end: offset(range.end) },
            Place::Fixed(span) => span,
        }
    }

    fn error(&self, range: Range<usize>, message: impl Into<String>, label: &str) -> Diagnostic {
        Diagnostic::error("syntax", message).at(self.span(range), label)
    }

    /// `Display` of the parser's error panics on long lines, so the message is made anew.
    fn syntax_error(&self, error: &parser::Error) -> Diagnostic {
        let location = error.location();
        let mistake = mistake::explain(self.text, location.offset(), location.column(), error.message());
        let diagnostic = self.error(mistake.range, mistake.message, "");
        match mistake.help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    }

    /// The source text of a node. Every node that is asked for comes from the parser, so it has a range.
    fn range(&self, node: &impl HclSpan) -> Range<usize> {
        node.span().unwrap_or(0..0)
    }

    fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    fn body(&self, body: &HclBody, range: Range<usize>, errors: &mut Vec<Diagnostic>) -> Body {
        let (mut attributes, mut blocks) = (Vec::new(), Vec::new());
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => match self.expr(&attribute.value, 0) {
                    Ok(value) => attributes.push(Attribute { name: self.ident(&attribute.key), value }),
                    Err(error) => errors.push(error),
                },
                Structure::Block(block) => blocks.push(self.block(block, errors)),
            }
        }
        Body { attributes, blocks, span: self.span(range) }
    }

    fn block(&self, block: &HclBlock, errors: &mut Vec<Diagnostic>) -> Block {
        let kind = self.ident(&block.ident);
        let mut header = self.range(&block.ident);
        let mut labels = Vec::new();
        for label in &block.labels {
            let range = match label {
                BlockLabel::Ident(ident) => self.range(ident),
                BlockLabel::String(text) => self.range(text),
            };
            header.end = range.end;
            match self.label(range) {
                Ok(label) => labels.push(label),
                Err(error) => errors.push(error),
            }
        }
        let whole = self.range(block);
        let body = header.end..whole.end.max(header.end);
        Block { kind, labels, body: self.body(&block.body, body, errors), span: self.span(header) }
    }

    /// A block label, bare or quoted.
    fn label(&self, range: Range<usize>) -> Result<Ident, Diagnostic> {
        let source = self.slice(range.clone());
        let text = match unquote(source) {
            None => name(source),
            Some(_) => name(&self.quoted(range.start + 1..range.end - 1)?),
        };
        Ok(Ident { name: text, span: self.span(range) })
    }

    fn ident(&self, ident: &Decorated<HclIdent>) -> Ident {
        Ident { name: name(ident.as_str()), span: self.span(self.range(ident)) }
    }

    /// The text between two quotes that has no sequences.
    fn quoted(&self, range: Range<usize>) -> Result<String, Diagnostic> {
        let mut tokens = Vec::new();
        self.literal(range, &Quoting::Quotes, &mut tokens)?;
        Ok(tokens
            .into_iter()
            .map(|token| match token {
                Token::Literal(text) => text,
                _ => String::new(),
            })
            .collect())
    }

    fn expr(&self, expr: &Expression, depth: usize) -> Result<Expr, Diagnostic> {
        let range = self.range(expr);
        if depth > MAX_DEPTH {
            return Err(self.too_deep(range));
        }
        let boxed = |expr: &Expression| self.expr(expr, depth + 1).map(Box::new);
        let kind = match expr {
            Expression::Null(_) => ExprKind::Null,
            Expression::Bool(value) => ExprKind::Bool(*value.value()),
            Expression::Number(_) => self.number(range.clone())?,
            Expression::String(_) => {
                ExprKind::String(name(&self.quoted(range.start + 1..range.end.saturating_sub(1))?))
            }
            Expression::StringTemplate(template) => {
                let mut tokens = Vec::new();
                self.elements(template.iter(), &Quoting::Quotes, depth, &mut tokens)?;
                assemble(tokens, false)
            }
            Expression::HeredocTemplate(heredoc) => self.heredoc(heredoc, range.clone(), depth)?,
            Expression::Array(items) => ExprKind::Tuple(
                items.iter().map(|item| self.expr(item, depth + 1)).collect::<Result<_, _>>()?,
            ),
            Expression::Object(items) => {
                let item = |(key, value): (&HclKey, &ObjectValue)| {
                    Ok((self.key(key, depth)?, self.expr(value.expr(), depth + 1)?))
                };
                let items = items.iter().map(item).collect::<Result<Vec<_>, Diagnostic>>()?;
                match items.first() {
                    Some((ObjectKey::Name(key), _)) if &*key.name == "for" => {
                        let message = "`for` as the first key reads as a `for` expression";
                        return Err(Diagnostic::error("syntax", message)
                            .at(key.span, "")
                            .with_help("put the key in quotes"));
                    }
                    _ => ExprKind::Object(items),
                }
            }
            Expression::Parenthesis(inner) => ExprKind::Parenthesis(boxed(inner.inner())?),
            Expression::Variable(ident) => ExprKind::Variable(name(ident.as_str())),
            Expression::Conditional(conditional) => ExprKind::Conditional {
                condition: boxed(&conditional.cond_expr)?,
                then: boxed(&conditional.true_expr)?,
                otherwise: boxed(&conditional.false_expr)?,
            },
            Expression::FuncCall(call) => {
                let start = call.name.namespace.first().unwrap_or(&call.name.name);
                let parts = call.name.namespace.iter().chain([&call.name.name]);
                let path = parts.map(|part| part.as_str()).collect::<Vec<_>>().join("::");
                ExprKind::Call {
                    name: Ident {
                        name: name(&path),
                        span: self.span(self.range(start).start..self.range(&call.name.name).end),
                    },
                    args: call.args.iter().map(|arg| self.expr(arg, depth + 1)).collect::<Result<_, _>>()?,
                    expand: call.args.expand_final(),
                }
            }
            Expression::Traversal(traversal) => return self.traversal(traversal, depth),
            Expression::UnaryOp(operation) => ExprKind::Unary {
                op: match operation.operator.value() {
                    UnaryOperator::Not => UnaryOp::Not,
                    UnaryOperator::Neg => UnaryOp::Negate,
                },
                operand: boxed(&operation.expr)?,
            },
            Expression::BinaryOp(operation) => ExprKind::Binary {
                op: binary_op(*operation.operator.value()),
                left: boxed(&operation.lhs_expr)?,
                right: boxed(&operation.rhs_expr)?,
            },
            Expression::ForExpr(expr) => ExprKind::For(Box::new(self.for_expr(expr, depth)?)),
        };
        Ok(Expr { kind, span: self.span(range) })
    }

    fn too_deep(&self, range: Range<usize>) -> Diagnostic {
        self.error(range, format!("this expression is more than {MAX_DEPTH} levels deep"), "").with_help(
            "give a part of it a name of its own: a `variable`, or an attribute at the top of the file",
        )
    }

    /// A number, which the parser has with its minus sign when it has one.
    fn number(&self, range: Range<usize>) -> Result<ExprKind, Diagnostic> {
        let source = self.slice(range.clone());
        let digits = source.rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '+' | '-'));
        let digits = digits.map_or(0, |at| at + source[at..].chars().next().map_or(1, char::len_utf8));
        let digits = digits + (source[digits..].len() - source[digits..].trim_start_matches('-').len());
        let number = Number::parse(&source[digits..]).ok_or_else(|| {
            self.error(range.clone(), "this number is too large, too small or too long", "out of range")
        })?;
        let kind = ExprKind::Number(number);
        if !source.starts_with('-') {
            return Ok(kind);
        }
        let operand = Expr { kind, span: self.span(range.start + digits..range.end) };
        Ok(ExprKind::Unary { op: UnaryOp::Negate, operand: Box::new(operand) })
    }

    /// A key of an object: words stand for themselves, also those that are values elsewhere.
    fn key(&self, key: &HclKey, depth: usize) -> Result<ObjectKey, Diagnostic> {
        let expr = match key {
            HclKey::Ident(ident) => {
                let range = self.range(ident);
                let text = name(self.slice(range.clone()));
                return Ok(ObjectKey::Name(Ident { name: text, span: self.span(range) }));
            }
            HclKey::Expression(expr) => expr,
        };
        let range = self.range(expr);
        match expr {
            Expression::Null(_) | Expression::Bool(_) => {
                let span = self.span(range.clone());
                Ok(ObjectKey::Name(Ident { name: name(self.slice(range)), span }))
            }
            Expression::Traversal(traversal) if is_reference(traversal) => {
                Err(self.error(range, "a dotted word as an object key is ambiguous", "").with_help(
                    "wrap it in parentheses if it refers to something, or in quotes if it is the key itself",
                ))
            }
            _ => self.expr(expr, depth + 1).map(ObjectKey::Expr),
        }
    }

    fn for_expr(&self, expr: &HclForExpr, depth: usize) -> Result<ForExpr, Diagnostic> {
        let lower = |expr: &Expression| self.expr(expr, depth + 1);
        Ok(ForExpr {
            key_var: expr.intro.key_var.as_ref().map(|ident| self.ident(ident)),
            value_var: self.ident(&expr.intro.value_var),
            collection: lower(&expr.intro.collection_expr)?,
            key: expr.key_expr.as_ref().map(lower).transpose()?,
            value: lower(&expr.value_expr)?,
            group: expr.grouping,
            condition: expr.cond.as_ref().map(|condition| lower(&condition.expr)).transpose()?,
        })
    }

    fn traversal(&self, traversal: &Traversal, depth: usize) -> Result<Expr, Diagnostic> {
        let steps = &traversal.operators;
        let depth = depth + steps.len();
        if depth > MAX_DEPTH {
            return Err(self.too_deep(self.range(traversal)));
        }
        for pair in steps.windows(2) {
            let (first, second) = (self.range(&pair[0]), self.range(&pair[1]));
            let is_index = |step: &TraversalOperator| matches!(step, TraversalOperator::LegacyIndex(_));
            // The scanner of HCL takes `0.1` in `a.0.1` for one number.
            if is_index(&pair[0]) && is_index(&pair[1]) && first.end == second.start {
                return Err(self
                    .error(first.start..second.end, "two indexes in a row cannot be written with dots", "")
                    .with_help("write `[0][1]`"));
            }
        }
        self.steps(self.expr(&traversal.expr, depth)?, steps, depth)
    }

    /// Applies the steps to `of`; `depth` is that of the innermost node.
    fn steps(
        &self,
        mut of: Expr,
        steps: &[Decorated<TraversalOperator>],
        depth: usize,
    ) -> Result<Expr, Diagnostic> {
        let mut rest = steps;
        while let Some((step, tail)) = rest.split_first() {
            rest = tail;
            let at = self.span(self.range(step));
            let span = of.span.to(at);
            let inner = Box::new(of);
            let kind = match step.value() {
                TraversalOperator::GetAttr(ident) => ExprKind::GetAttr { of: inner, name: self.ident(ident) },
                TraversalOperator::Index(key) => {
                    ExprKind::Index { of: inner, key: Box::new(self.expr(key, depth + 1)?) }
                }
                TraversalOperator::LegacyIndex(index) => {
                    let range = self.range(index);
                    let key = Expr { kind: self.number(range.clone())?, span: self.span(range) };
                    ExprKind::Index { of: inner, key: Box::new(key) }
                }
                TraversalOperator::AttrSplat(_) => {
                    let length = tail.iter().take_while(|step| is_attribute(step)).count();
                    let (each, after) = tail.split_at(length);
                    if let Some(next) = after.first()
                        && matches!(next.value(), TraversalOperator::AttrSplat(_))
                    {
                        return Err(self
                            .error(self.range(next), "a `.*` cannot follow another one", "")
                            .with_help("use `[*]` instead"));
                    }
                    rest = after;
                    self.splat(inner, at, each, depth)?
                }
                TraversalOperator::FullSplat(_) => {
                    rest = &[];
                    self.splat(inner, at, tail, depth)?
                }
            };
            let end = match &kind {
                ExprKind::Splat { each, .. } => each.span,
                _ => span,
            };
            of = Expr { kind, span: span.to(end) };
        }
        Ok(of)
    }

    fn splat(
        &self,
        of: Box<Expr>,
        marker: Span,
        each: &[Decorated<TraversalOperator>],
        depth: usize,
    ) -> Result<ExprKind, Diagnostic> {
        let item = Expr { kind: ExprKind::SplatItem, span: marker };
        Ok(ExprKind::Splat { of, each: Box::new(self.steps(item, each, depth)?) })
    }

    fn heredoc(
        &self,
        heredoc: &HeredocTemplate,
        range: Range<usize>,
        depth: usize,
    ) -> Result<ExprKind, Diagnostic> {
        let marker = heredoc.delimiter.as_str();
        // HCL looks for a line of the marker alone, which ends with a newline.
        let after = self.text.get(range.end..).unwrap_or_default();
        let (line, has_newline) = after.split_once('\n').map_or((after, false), |(line, _)| (line, true));
        if !line.trim().is_empty() || !has_newline {
            return Err(self
                .error(
                    range.end.saturating_sub(marker.len())..range.end,
                    format!("the heredoc's closing `{marker}` must stand alone on its line"),
                    if has_newline { "" } else { "the file ends without a newline" },
                )
                .with_help("put a newline right after it"));
        }
        let flush = self.slice(range).starts_with("<<-");
        let mut tokens = Vec::new();
        self.elements(heredoc.template.iter(), &Quoting::Heredoc { marker, flush }, depth, &mut tokens)?;
        Ok(assemble(tokens, flush))
    }

    fn elements<'e>(
        &self,
        elements: impl Iterator<Item = &'e Element>,
        quoting: &Quoting<'_>,
        depth: usize,
        tokens: &mut Vec<Token>,
    ) -> Result<(), Diagnostic> {
        for element in elements {
            match element {
                Element::Literal(literal) => self.literal(self.range(literal), quoting, tokens)?,
                Element::Interpolation(interpolation) => {
                    let expr = self.expr(&interpolation.expr, depth + 1)?;
                    tokens.push(Token::Interpolation(expr, trim(interpolation.strip)));
                }
                Element::Directive(directive) => self.directive(directive, quoting, depth, tokens)?,
            }
        }
        Ok(())
    }

    fn directive(
        &self,
        directive: &Directive,
        quoting: &Quoting<'_>,
        depth: usize,
        tokens: &mut Vec<Token>,
    ) -> Result<(), Diagnostic> {
        let depth = depth + 1;
        match directive {
            Directive::If(directive) => {
                let opening = &directive.if_expr;
                tokens.push(Token::If(self.expr(&opening.cond_expr, depth)?, trim(opening.strip)));
                self.elements(opening.template.iter(), quoting, depth, tokens)?;
                if let Some(middle) = &directive.else_expr {
                    tokens.push(Token::Else(trim(middle.strip)));
                    self.elements(middle.template.iter(), quoting, depth, tokens)?;
                }
                tokens.push(Token::EndIf(trim(directive.endif_expr.strip)));
            }
            Directive::For(directive) => {
                let opening = &directive.for_expr;
                tokens.push(Token::For {
                    key_var: opening.key_var.as_ref().map(|ident| self.ident(ident)),
                    value_var: self.ident(&opening.value_var),
                    collection: self.expr(&opening.collection_expr, depth)?,
                    trim: trim(opening.strip),
                });
                self.elements(opening.template.iter(), quoting, depth, tokens)?;
                tokens.push(Token::EndFor(trim(directive.endfor_expr.strip)));
            }
        }
        Ok(())
    }

    /// Text between sequences, checked for what the parser lets through.
    fn literal(
        &self,
        range: Range<usize>,
        quoting: &Quoting<'_>,
        tokens: &mut Vec<Token>,
    ) -> Result<(), Diagnostic> {
        let escapes = matches!(quoting, Quoting::Quotes);
        let mut start = range.start;
        let mut texts: Vec<String> = Vec::new();
        for token in split_literal(self.slice(range)) {
            let place = start..start + token.len();
            match quoting {
                Quoting::Quotes => self.check_quoted(token, &place)?,
                Quoting::Heredoc { marker, .. } => self.check_heredoc(token, &place, marker)?,
                Quoting::Bare => {}
            }
            let text = decode_literal(token, escapes).map_err(|bad| {
                let at = place.start + bad.start..place.start + bad.end;
                let message = format!("`{}` is not an escape sequence", self.slice(at.clone()));
                self.error(at, message, "").with_help(mistake::ESCAPES)
            })?;
            // Unless each line matters, only the first and the last token may be trimmed.
            if texts.len() == 3
                && !matches!(quoting, Quoting::Heredoc { flush: true, .. })
                && let Some(last) = texts.pop()
            {
                texts[1].push_str(&last);
            }
            texts.push(text);
            start = place.end;
        }
        tokens.extend(texts.into_iter().map(Token::Literal));
        Ok(())
    }

    fn check_quoted(&self, token: &str, place: &Range<usize>) -> Result<(), Diagnostic> {
        if let Some(at) = token.find(['\n', '\r']) {
            return Err(self
                .error(
                    place.start + at..place.start + at,
                    "a quoted string ends on the line it starts on",
                    "",
                )
                .with_help("close the string, write a newline as `\\n`, or use a heredoc (`<<EOT`)"));
        }
        let is_escaped = |at: usize| token[..at].bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1;
        match token.match_indices('"').find(|(at, _)| !is_escaped(*at)) {
            None => Ok(()),
            Some((at, _)) => Err(self
                .error(place.start + at..place.start + at + 1, "the string ends before its directives do", "")
                .with_help("write a quote in a string as `\\\"`")),
        }
    }

    fn check_heredoc(&self, token: &str, place: &Range<usize>, marker: &str) -> Result<(), Diagnostic> {
        let starts_line = self.text[..place.start].ends_with('\n');
        if starts_line && token.ends_with('\n') && token.trim() == marker {
            return Err(self.error(place.clone(), "the heredoc ends here, before its directives do", ""));
        }
        match token.find('\r').filter(|at| !self.text[place.start + at..].starts_with("\r\n")) {
            None => Ok(()),
            Some(at) => Err(self.error(
                place.start + at..place.start + at + 1,
                "a carriage return without a newline in a heredoc",
                "",
            )),
        }
    }
}

/// The text between the quotes of a quoted string.
fn unquote(source: &str) -> Option<&str> {
    source.strip_prefix('"')?.strip_suffix('"')
}

/// Whether a traversal is a name followed by attributes and literal indexes, which HCL could mistake for a key.
fn is_reference(traversal: &Traversal) -> bool {
    matches!(traversal.expr, Expression::Variable(_))
        && traversal.operators.iter().all(|step| {
            matches!(step.value(), TraversalOperator::Index(Expression::String(_) | Expression::Number(_)))
                || is_attribute(step)
        })
}

fn is_attribute(step: &Decorated<TraversalOperator>) -> bool {
    matches!(step.value(), TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_))
}

fn trim(strip: Strip) -> Trim {
    Trim { before: strip.strip_start(), after: strip.strip_end() }
}

fn binary_op(operator: BinaryOperator) -> BinaryOp {
    match operator {
        BinaryOperator::Or => BinaryOp::Or,
        BinaryOperator::And => BinaryOp::And,
        BinaryOperator::Eq => BinaryOp::Equal,
        BinaryOperator::NotEq => BinaryOp::NotEqual,
        BinaryOperator::Less => BinaryOp::Less,
        BinaryOperator::LessEq => BinaryOp::LessEqual,
        BinaryOperator::Greater => BinaryOp::Greater,
        BinaryOperator::GreaterEq => BinaryOp::GreaterEqual,
        BinaryOperator::Plus => BinaryOp::Add,
        BinaryOperator::Minus => BinaryOp::Subtract,
        BinaryOperator::Mul => BinaryOp::Multiply,
        BinaryOperator::Div => BinaryOp::Divide,
        BinaryOperator::Mod => BinaryOp::Modulo,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::bake::syntax::TemplatePart;

    /// An expression on one line, to compare with.
    pub(in crate::bake) fn show(expr: &Expr) -> String {
        let list = |items: &[Expr]| items.iter().map(show).collect::<Vec<_>>().join(", ");
        match &expr.kind {
            ExprKind::Null => "null".to_owned(),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::Number(value) => value.to_string(),
            ExprKind::String(text) => format!("{text:?}"),
            ExprKind::Template(parts) => format!("template({})", show_parts(parts, " ")),
            ExprKind::Wrapped(inner) => format!("wrap({})", show(inner)),
            ExprKind::JsonString { template: Ok(template), .. } => format!("json {}", show(template)),
            ExprKind::JsonString { template: Err(error), .. } => format!("json error({})", error.message),
            ExprKind::Tuple(items) => format!("[{}]", list(items)),
            ExprKind::Object(items) => {
                let item = |(key, value): &(ObjectKey, Expr)| match key {
                    ObjectKey::Name(name) => format!("{} = {}", name.name, show(value)),
                    ObjectKey::Expr(key) => format!("{} = {}", show(key), show(value)),
                };
                format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(", "))
            }
            ExprKind::Variable(name) => name.to_string(),
            ExprKind::GetAttr { of, name } => format!("{}.{}", show(of), name.name),
            ExprKind::Index { of, key } => format!("{}[{}]", show(of), show(key)),
            ExprKind::Splat { of, each } => format!("splat({}, {})", show(of), show(each)),
            ExprKind::SplatItem => "_".to_owned(),
            ExprKind::Call { name, args, expand } => {
                format!("{}({}{})", name.name, list(args), if *expand { "..." } else { "" })
            }
            ExprKind::Conditional { condition, then, otherwise } => {
                format!("if({}, {}, {})", show(condition), show(then), show(otherwise))
            }
            ExprKind::Unary { op, operand } => format!("{op:?}({})", show(operand)),
            ExprKind::Binary { op, left, right } => format!("{op:?}({}, {})", show(left), show(right)),
            ExprKind::For(e) => {
                let key_var = e.key_var.as_ref().map_or(String::new(), |key| format!("{} ", key.name));
                let key = e.key.as_ref().map_or(String::new(), |key| format!("{} => ", show(key)));
                let group = if e.group { "..." } else { "" };
                let condition = e.condition.as_ref().map_or(String::new(), |c| format!(" if {}", show(c)));
                let (var, of, value) = (&e.value_var.name, show(&e.collection), show(&e.value));
                format!("for({key_var}{var} in {of}: {key}{value}{group}{condition})")
            }
            ExprKind::Parenthesis(inner) => format!("({})", show(inner)),
        }
    }

    fn show_parts(parts: &[TemplatePart], separator: &str) -> String {
        let part = |part: &TemplatePart| match part {
            TemplatePart::Literal(text) => format!("{text:?}"),
            TemplatePart::Interpolation(expr) => show(expr),
            TemplatePart::If { condition, then, otherwise } => {
                let (then, otherwise) = (show_parts(then, " "), show_parts(otherwise, " "));
                format!("if({}, [{then}], [{otherwise}])", show(condition))
            }
            TemplatePart::For { key_var, value_var, collection, body } => {
                let key_var = key_var.as_ref().map_or(String::new(), |key| format!("{} ", key.name));
                let body = show_parts(body, " ");
                format!("for({key_var}{} in {}: {body})", value_var.name, show(collection))
            }
        };
        parts.iter().map(part).collect::<Vec<_>>().join(separator)
    }

    fn parse(text: &str) -> Result<Body, Vec<Diagnostic>> {
        let mut sources = Sources::default();
        let id = sources.add("docker-bake.hcl", text);
        parse_hcl(&sources, id)
    }

    #[track_caller]
    fn lowers_to(cases: &[(&str, &str)]) {
        for (source, expected) in cases {
            let body =
                parse(&format!("x = {source}\n")).unwrap_or_else(|e| panic!("{source}: {}", e[0].message));
            assert_eq!(show(&body.attributes[0].value), *expected, "{source}");
        }
    }

    #[test]
    fn expressions() {
        lowers_to(&[
            ("null", "null"),
            ("!true", "Not(true)"),
            ("[1, a,]", "[1, a]"),
            ("1 + 2 * 3 - 4", "Subtract(Add(1, Multiply(2, 3)), 4)"),
            ("a == b || c && d", "Or(Equal(a, b), And(c, d))"),
            ("a ? b : c ? d : e", "if(a, b, if(c, d, e))"),
            ("(a)", "(a)"),
            ("f(1, b...)", "f(1, b...)"),
            ("a::b::f()", "a::b::f()"),
            ("[for v in a : v if v]", "for(v in a: v if v)"),
            ("{for k, v in a : k => v...}", "for(k v in a: k => v...)"),
            ("{a = 1, \"b\" : 2, (c) = 3, \"${d}\" = 4}", "{a = 1, \"b\" = 2, (c) = 3, wrap(d) = 4}"),
            ("{null = 1, true = 2, 1.50 = 3}", "{null = 1, true = 2, 1.5 = 3}"),
            ("{a = 1, b = 2, a = 3, \"b\" = 4}", "{a = 1, b = 2, a = 3, \"b\" = 4}"),
            ("e\u{301}", "é"),
        ]);
    }

    #[test]
    fn numbers_are_exact() {
        lowers_to(&[
            ("007", "7"),
            ("18446744073709551616", "18446744073709551616"),
            ("0.1000000000000000000001", "0.1000000000000000000001"),
            ("1e3", "1000"),
            ("1.5E-1", "0.15"),
            ("[2e400 == 2e400]", &format!("[Equal(2{0}, 2{0})]", "0".repeat(400))),
            ("-0", "Negate(0)"),
            ("- /* c-1 */ 5", "Negate(5)"),
            ("--1e-1", "Negate(Negate(0.1))"),
        ]);
    }

    #[test]
    fn traversals() {
        lowers_to(&[
            ("a.b[0].c", "a.b[0].c"),
            ("a[\"k\"][b.c]", "a[\"k\"][b.c]"),
            ("a.0.b", "a[0].b"),
            ("a[*].b[0][*].c", "splat(a, splat(_.b[0], _.c))"),
            ("a.*.b.0[1].c", "splat(a, _.b[0])[1].c"),
            ("a.*", "splat(a, _)"),
            ("a.*.b[*].c", "splat(splat(a, _.b), _.c)"),
            ("f(a).b", "f(a).b"),
            ("-a.b", "Negate(a.b)"),
        ]);
    }

    #[test]
    fn quoted_templates() {
        lowers_to(&[
            (r#""""#, r#""""#),
            (r#""a\n\t\r\"\\\u00e9\U0001F600""#, r#""a\n\t\r\"\\é😀""#),
            (r#""e\u0301""#, r#""é""#),
            (r#""$${a} %%{b} $ % $$ $a""#, r#""${a} %{b} $ % $$ $a""#),
            (r#""$$${a}""#, r#""$${a}""#),
            (r#""${a}""#, "wrap(a)"),
            (r#""${~ a ~}""#, "wrap(a)"),
            (r#"" ${~ a}""#, "template(a)"),
            (r#""${"${a}"}""#, "wrap(wrap(a))"),
            (r#""a${b}c""#, r#"template("a" b "c")"#),
            (r#""a ${~ b ~} c""#, r#"template("a" b "c")"#),
            (r#""a $  ${~ b}""#, r#"template("a $" b)"#),
            (r#""a  \n ${~ b ~} \t$""#, r#"template("a" b "$")"#),
            (r#""%{ if a }\"x\"%{ else }\\y%{ endif }""#, r#"template(if(a, ["\"x\""], ["\\y"]))"#),
            (r#""%{ for k, v in a ~} ${v},%{ endfor }""#, r#"template(for(k v in a: v ","))"#),
            (r#""%{ if a }%{ endif }""#, "template(if(a, [], []))"),
            (r#""${{a = 1, a = 2}}""#, "wrap({a = 1, a = 2})"),
        ]);
    }

    #[test]
    fn heredocs() {
        lowers_to(&[
            ("<<E\na\nE", r#""a\n""#),
            ("<<E\nE", r#""""#),
            ("<<E\nE\ny = <<E\nb\nE", r#""""#),
            ("<<E\n a\\n\"$${b}\"\r\n  E", r#"" a\\n\"${b}\"\r\n""#),
            ("<<E\n${a}\nE", r#"template(a "\n")"#),
            ("<<-E\n    a\n\n      b\n  \n    c\n  E", r#""a\n\n  b\n  \nc\n""#),
            ("<<-E\n\ta\n \tb\nE", r#""a\n\tb\n""#),
            ("<<-E\n  ${a}\n   b\nE", r#"template(a "\n b\n")"#),
            ("<<-E\n${a}\n  b\nE", r#"template(a "\n  b\n")"#),
            ("<<-E\n  a\n  %{ if b }\n  c\n  %{ endif }\nE", r#"template("a\n" if(b, ["\nc\n"], []) "\n")"#),
            ("<<E\na\n  ${~ b ~}  \n  c\nE", r#"template("a\n" b "  c\n")"#),
            ("<<-E\n    a\n  ${~ b}\nE", r#"template("    a\n" b "\n")"#),
            ("[<<E\na\nE\n]", r#"["a\n"]"#),
        ]);
    }

    #[test]
    fn bodies() {
        let text = "variable \"A\" { default = 1 }\ntarget b \"c\\td\" {\n  x = y.z[0]\n  v {\n  }\n}\n";
        let mut sources = Sources::default();
        let id = sources.add("docker-bake.hcl", text);
        let body = parse_hcl(&sources, id).expect("is valid");
        let [variable, target] = body.blocks.as_slice() else { panic!("two blocks") };
        assert_eq!(sources.text(variable.span), "variable \"A\"");
        assert_eq!(sources.text(variable.body.span), " { default = 1 }");
        assert_eq!(target.labels.iter().map(|l| &*l.name).collect::<Vec<_>>(), ["b", "c\td"]);
        let value = &target.body.attributes[0].value;
        assert_eq!(sources.text(value.span), "y.z[0]");
        let ExprKind::Index { of, key } = &value.kind else { panic!("an index") };
        assert_eq!((sources.text(of.span), sources.text(key.span)), ("y.z", "0"));
        assert_eq!(&*target.body.blocks[0].kind.name, "v");
        assert_eq!(sources.text(body.span), text);
    }

    #[test]
    fn what_the_parser_lets_through_is_refused() {
        for (source, place, message) in [
            ("x = \"a${b}\nc\"\n", "", "a quoted string ends on the line it starts on"),
            ("x = \"%{ if a }\"%{ endif }\"\n", "\"", "the string ends before its directives do"),
            ("x = \"%{ if a }\\q%{ endif }\"\n", "\\q", "`\\q` is not an escape sequence"),
            ("x = <<E\na\nE", "E", "the heredoc's closing `E` must stand alone on its line"),
            ("x = <<E\na\nE # c\n", "E", "the heredoc's closing `E` must stand alone on its line"),
            (
                "x = <<E\n%{ if a }\nE\n%{ endif }\nE\n",
                "E\n",
                "the heredoc ends here, before its directives do",
            ),
            ("x = <<E\na\rb\nE\n", "\r", "a carriage return without a newline in a heredoc"),
            ("x = {a.b = 1}\n", "a.b", "a dotted word as an object key is ambiguous"),
            ("x = {for=1}\n", "for", "`for` as the first key reads as a `for` expression"),
            ("x = a.0.1\n", ".0.1", "two indexes in a row cannot be written with dots"),
            ("x = a.*.b.*\n", ".*", "a `.*` cannot follow another one"),
            ("x = 1e99999\n", "1e99999", "this number is too large, too small or too long"),
        ] {
            let errors = parse(source).err().unwrap_or_else(|| panic!("{source} is accepted"));
            let span = errors[0].labels[0].span;
            assert_eq!(errors[0].message, message, "{source}");
            assert_eq!(&source[span.start as usize..span.end as usize], place, "{source}");
        }
    }

    #[test]
    fn errors_of_several_attributes_are_all_told() {
        let errors = parse("a = 1e99999\nb {\n  c = {a.b = 1}\n}\n").expect_err("is invalid");
        assert_eq!(errors.len(), 2);
    }

    #[test]
    fn deep_and_long_input_ends_in_an_error() {
        let many = |unit: &str| format!("x = {}\n", unit.repeat(100_000));
        let nested = "more than 64 levels of nesting";
        let deep = "this expression is more than 250 levels deep";
        for (source, message) in [
            (many("["), nested),
            (many("("), nested),
            (many("{a="), nested),
            (many("f("), nested),
            (many("\"${"), nested),
            (many("\"%{if a}"), nested),
            (many("!"), nested),
            (many("a?"), nested),
            ("b {\n".repeat(100_000), nested),
            (many("1+"), "more than 128 operators in one expression"),
            (format!("x = a{}\n", ".b".repeat(100_000)), deep),
            (format!("x = a{}\n", "[*]".repeat(100_000)), deep),
            (format!("x = a{}\n", "[0]".repeat(100_000)), deep),
            (format!("x = '{}", "a".repeat(1_000_000)), "single quotes are not valid"),
            (format!("x = \"{}\n", "a".repeat(100_000)), "this string is not closed"),
            (format!("x = \"{}\" @\n", "a".repeat(100_000)), "expected a newline, found `@`"),
        ] {
            let errors = parse(&source).err().unwrap_or_else(|| panic!("{} is accepted", &source[..20]));
            assert_eq!(errors[0].message, message, "{}", &source[..20]);
        }
    }

    #[test]
    fn text_of_json_strings_keeps_the_span_of_the_string() {
        let mut sources = Sources::default();
        let source = sources.add("docker-bake.json", "");
        let span = Span { source, start: 7, end: 9 };
        let template = parse_template_text("a ${b.c}", span).expect("is valid");
        let ExprKind::Template(parts) = &template.kind else { panic!("a template") };
        let TemplatePart::Interpolation(inner) = &parts[1] else { panic!("an interpolation") };
        assert_eq!((show(inner).as_str(), inner.span), ("b.c", span));
        assert_eq!(show(&parse_template_text("a\n\"$${b}\\n", span).expect("is valid")), r#""a\n\"${b}\\n""#);
        assert_eq!(show(&parse_expression_text(" list(string) ", span).expect("is valid")), "list(string)");
        assert_eq!(parse_expression_text("a b", span).expect_err("is invalid").labels[0].span, span);
        assert_eq!(parse_template_text("%{ if a }", span).expect_err("is invalid").labels[0].span, span);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(
            text in "(a|é|1|e9|=|\\{|\\}|\\[|\\]|\\(|\\)|\"|\\$\\{|%\\{|if |for |endif|in |\\~|\\.|\\*|,|:|\\?|<<E\n|<<-E\n|E\n|\n|\r| |\\\\|\\$|/\\*|#|'|-|!|&|\\PC){0,40}"
        ) {
            for text in [text.clone(), format!("a = {text}\n"), format!("b {{\n  c = \"{text}\"\n}}\n")] {
                if let Err(errors) = parse(&text) {
                    let mut sources = Sources::default();
                    sources.add("a.hcl", text);
                    errors.iter().for_each(|error| drop(error.render(&sources, false)));
                }
            }
        }
    }
}
