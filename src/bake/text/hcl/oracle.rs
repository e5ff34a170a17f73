//! HCL: the tree of the `hcl-edit` parser lowered to the syntax tree, undoing what that parser loses.
//!
//! Strings, templates, heredocs and numbers are read again from the source text under their spans: the parser leaves
//! escapes in directives undecoded, takes the indentation of heredocs off differently from HCL, and rounds numbers.

use std::ops::Range;

use ::hcl::edit::expr::{
    BinaryOperator, Expression, ForExpr as HclForExpr, ObjectKey as HclKey, ObjectValue, Traversal,
    TraversalOperator, UnaryOperator,
};
use ::hcl::edit::parser;
use ::hcl::edit::structure::{Block as HclBlock, BlockLabel, Body as HclBody, Structure};
use ::hcl::edit::template::{Directive, Element, HeredocTemplate, Strip};
use ::hcl::edit::{Decorated, Ident as HclIdent, Span as HclSpan};

use super::literal::{Token, Trim, assemble, decode_literal, name, split_literal};
use crate::bake::text::syntax::{
    Attribute, BinaryOp, Block, Body, Expr, ExprKind, ForExpr, Ident, ObjectKey, UnaryOp,
};
use crate::bake::values::Number;
use crate::source::{SourceId, Sources, Span};

/// How deep the lowered tree may get: whoever walks it may recurse without fear for the stack.
const MAX_DEPTH: usize = 250;

/// Reads a file in HCL syntax with `hcl-edit`.
///
/// # Errors
/// The first that is wrong, be it in HCL or a limit of that parser: no key twice in an object, 64 levels of nesting, 128
/// operators in a row, numbers of 64 bits.
pub(super) fn parse_hcl(sources: &Sources, id: SourceId) -> Result<Body, String> {
    let text = &sources.get(id).text;
    let body = parser::parse_body(text).map_err(|error| error.message().to_owned())?;
    Lowering { text, source: id }.body(&body, 0..text.len())
}

/// What the literals of a template are written between.
enum Quoting<'a> {
    /// `"…"`, with backslash escapes.
    Quotes,
    /// A heredoc with this marker, after `<<` or (`flush`) `<<-`.
    Heredoc { marker: &'a str, flush: bool },
}

struct Lowering<'a> {
    text: &'a str,
    source: SourceId,
}

impl Lowering<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(range.start), end: offset(range.end) }
    }

    /// The source text of a node. Every node that is asked for comes from the parser, so it has a range.
    fn range(&self, node: &impl HclSpan) -> Range<usize> {
        node.span().unwrap_or(0..0)
    }

    fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    fn body(&self, body: &HclBody, range: Range<usize>) -> Result<Body, String> {
        let (mut attributes, mut blocks) = (Vec::new(), Vec::new());
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => attributes.push(Attribute {
                    name: self.ident(&attribute.key),
                    value: self.expr(&attribute.value, 0)?,
                }),
                Structure::Block(block) => blocks.push(self.block(block)?),
            }
        }
        Ok(Body { attributes, blocks, span: self.span(range) })
    }

    fn block(&self, block: &HclBlock) -> Result<Block, String> {
        let kind = self.ident(&block.ident);
        let mut header = self.range(&block.ident);
        let mut labels = Vec::new();
        for label in &block.labels {
            let range = match label {
                BlockLabel::Ident(ident) => self.range(ident),
                BlockLabel::String(text) => self.range(text),
            };
            header.end = range.end;
            labels.push(self.label(range)?);
        }
        let whole = self.range(block);
        let body = header.end..whole.end.max(header.end);
        Ok(Block { kind, labels, body: self.body(&block.body, body)?, span: self.span(header) })
    }

    /// A block label, bare or quoted.
    fn label(&self, range: Range<usize>) -> Result<Ident, String> {
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
    fn quoted(&self, range: Range<usize>) -> Result<String, String> {
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

    fn expr(&self, expr: &Expression, depth: usize) -> Result<Expr, String> {
        let range = self.range(expr);
        if depth > MAX_DEPTH {
            return Err("too deep".into());
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
                let items = items.iter().map(item).collect::<Result<Vec<_>, String>>()?;
                match items.first() {
                    Some((ObjectKey::Name(key), _)) if &*key.name == "for" => {
                        return Err("`for` as a key".into());
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
                    name: Box::new(Ident {
                        name: name(&path),
                        span: self.span(self.range(start).start..self.range(&call.name.name).end),
                    }),
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

    /// A number, which the parser has with its minus sign when it has one.
    fn number(&self, range: Range<usize>) -> Result<ExprKind, String> {
        let source = self.slice(range.clone());
        let digits = source.rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '+' | '-'));
        let digits = digits.map_or(0, |at| at + source[at..].chars().next().map_or(1, char::len_utf8));
        let digits = digits + (source[digits..].len() - source[digits..].trim_start_matches('-').len());
        let number = Number::parse(&source[digits..]).ok_or("number")?;
        let kind = ExprKind::Number(number);
        if !source.starts_with('-') {
            return Ok(kind);
        }
        let operand = Expr { kind, span: self.span(range.start + digits..range.end) };
        Ok(ExprKind::Unary { op: UnaryOp::Negate, operand: Box::new(operand) })
    }

    /// A key of an object: words stand for themselves, also those that are values elsewhere.
    fn key(&self, key: &HclKey, depth: usize) -> Result<ObjectKey, String> {
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
            Expression::Traversal(traversal) if is_reference(traversal) => Err("ambiguous key".into()),
            _ => self.expr(expr, depth + 1).map(ObjectKey::Expr),
        }
    }

    fn for_expr(&self, expr: &HclForExpr, depth: usize) -> Result<ForExpr, String> {
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

    fn traversal(&self, traversal: &Traversal, depth: usize) -> Result<Expr, String> {
        let steps = &traversal.operators;
        let depth = depth + steps.len();
        if depth > MAX_DEPTH {
            return Err("too deep".into());
        }
        for pair in steps.windows(2) {
            let (first, second) = (self.range(&pair[0]), self.range(&pair[1]));
            let is_index = |step: &TraversalOperator| matches!(step, TraversalOperator::LegacyIndex(_));
            // The scanner of HCL takes `0.1` in `a.0.1` for one number.
            if is_index(&pair[0]) && is_index(&pair[1]) && first.end == second.start {
                return Err("two indexes".into());
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
    ) -> Result<Expr, String> {
        let mut rest = steps;
        while let Some((step, tail)) = rest.split_first() {
            rest = tail;
            let at = self.span(self.range(step));
            let span = of.span.to(at);
            let inner = Box::new(of);
            let kind = match step.value() {
                TraversalOperator::GetAttr(ident) => {
                    ExprKind::GetAttr { of: inner, name: Box::new(self.ident(ident)) }
                }
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
                        return Err("two splats".into());
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
    ) -> Result<ExprKind, String> {
        let item = Expr { kind: ExprKind::SplatItem, span: marker };
        Ok(ExprKind::Splat { of, each: Box::new(self.steps(item, each, depth)?) })
    }

    fn heredoc(
        &self,
        heredoc: &HeredocTemplate,
        range: Range<usize>,
        depth: usize,
    ) -> Result<ExprKind, String> {
        let marker = heredoc.delimiter.as_str();
        // HCL looks for a line of the marker alone, which ends with a newline.
        let after = self.text.get(range.end..).unwrap_or_default();
        let (line, has_newline) = after.split_once('\n').map_or((after, false), |(line, _)| (line, true));
        if !line.trim().is_empty() || !has_newline {
            return Err("open heredoc".into());
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
    ) -> Result<(), String> {
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
    ) -> Result<(), String> {
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
    ) -> Result<(), String> {
        let escapes = matches!(quoting, Quoting::Quotes);
        let mut start = range.start;
        let mut texts: Vec<String> = Vec::new();
        for token in split_literal(self.slice(range)) {
            let place = start..start + token.len();
            match quoting {
                Quoting::Quotes => Self::check_quoted(token)?,
                Quoting::Heredoc { marker, .. } => self.check_heredoc(token, &place, marker)?,
            }
            let text = decode_literal(token, escapes).map_err(|_| "escape")?;
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

    fn check_quoted(token: &str) -> Result<(), String> {
        if token.contains(['\n', '\r']) {
            return Err("line end in a string".into());
        }
        let is_escaped = |at: usize| token[..at].bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1;
        match token.match_indices('"').find(|(at, _)| !is_escaped(*at)) {
            None => Ok(()),
            Some(_) => Err("open directive".into()),
        }
    }

    fn check_heredoc(&self, token: &str, place: &Range<usize>, marker: &str) -> Result<(), String> {
        let starts_line = self.text[..place.start].ends_with('\n');
        if starts_line && token.ends_with('\n') && token.trim() == marker {
            return Err("open directive".into());
        }
        match token.find('\r').filter(|at| !self.text[place.start + at..].starts_with("\r\n")) {
            None => Ok(()),
            Some(_) => Err("carriage return".into()),
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
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
    use proptest::{collection::vec, sample::select};

    use super::*;

    #[track_caller]
    fn reads_alike(text: &str, must_be_valid: bool) {
        let mut sources = Sources::default();
        let id = sources.add("a.hcl", text);
        match (super::super::parse_hcl(&sources, id), parse_hcl(&sources, id)) {
            (Ok(ours), Ok(theirs)) => assert_eq!(format!("{ours:#?}"), format!("{theirs:#?}"), "{text}"),
            (Err(errors), _) if must_be_valid => panic!("{}: {text}", errors[0].message),
            (_, Err(error)) if must_be_valid => panic!("the oracle: {error}: {text}"),
            _ => {}
        }
    }

    fn name() -> impl Strategy<Value = String> {
        select(vec!["a", "b-1", "_c", "été", "e\u{301}", "true", "null", "x9"]).prop_map(str::to_owned)
    }

    /// Text between sequences; `escapes` are those of quotes.
    fn literal(escapes: bool) -> impl Strategy<Value = String> {
        let mut pieces =
            vec!["a", " ", "  b c", "é", "$.", "% ", "$${", "%%{", "{", "}", "'", "#", "~", "e\u{301}"];
        match escapes {
            true => pieces.extend(["\\n", "\\t", "\\\"", "\\\\", "\\u00e9", "\\U0001F600"]),
            false => pieces.extend(["\n", "\n  ", "\n\t", "\n \n", "\\", "\"", "\r\n"]),
        }
        vec(select(pieces), 0..4)
            // What `$` means depends on what follows.
            .prop_map(|pieces| pieces.concat() + "-")
    }

    fn template(
        expr: impl Strategy<Value = String> + Clone + 'static,
        escapes: bool,
    ) -> impl Strategy<Value = String> {
        let trim = || any::<bool>().prop_map(|trim| if trim { "~" } else { "" });
        let sequence = (expr, literal(escapes), literal(escapes), trim(), trim(), 0..5).prop_map(
            |(expr, a, b, before, after, kind)| match kind {
                0 => format!(
                    "%{{{before} if {expr} {after}}}{a}%{{{before} else {after}}}{b}%{{{after}endif{before}}}"
                ),
                1 => format!("%{{{before}for k, v in {expr}{after}}}{a}%{{{before} endfor {after}}}"),
                _ => format!("${{{before} {expr}{after}}}"),
            },
        );
        (literal(escapes), vec((sequence, literal(escapes)), 0..3)).prop_map(|(first, rest)| {
            rest.into_iter().fold(first, |text, (sequence, literal)| text + &sequence + &literal)
        })
    }

    fn expr() -> impl Strategy<Value = String> {
        let number = select(vec!["0", "12", "1.50", "007", "1e3", "2.5E-1"]).prop_map(str::to_owned);
        let leaf = prop_oneof![number, name(), literal(true).prop_map(|text| format!("\"{text}\""))];
        leaf.prop_recursive(4, 24, 3, |inner| {
            let gap = select(vec!["", " ", "\n", " # c\n", "/* c */", "\r\n\t"]);
            let operators = vec!["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||"];
            let steps = vec![".a", ".b-1", "[0]", "[\"k\"]", "[*]", ".0", "[c.d]"];
            let items = (vec(inner.clone(), 0..3), gap.clone()).prop_map(|(items, gap)| {
                items.iter().map(|item| format!("{gap}{item}")).collect::<Vec<_>>().join(",") + gap
            });
            // A term, so that operators next to it keep their operands.
            let term = inner.clone().prop_map(|inner| format!("({inner})"));
            prop_oneof![
                (items.clone()).prop_map(|items| format!("[{items}]")),
                (items, any::<bool>()).prop_map(|(items, path)| match path {
                    true => format!("n::f({items})"),
                    false => format!("f({items})"),
                }),
                (inner.clone(), gap).prop_map(|(inner, gap)| format!("f({gap}{inner}...{gap})")),
                (inner.clone(), inner.clone())
                    .prop_map(|(a, b)| format!("{{\n  x = {a}, (y) : {b}\n\n\"z\" = 1 # c\n}}")),
                (inner.clone(), inner.clone(), inner.clone())
                    .prop_map(|(a, b, c)| format!("[for v in {a} : {b} if {c}]")),
                (inner.clone(), inner.clone(), any::<bool>()).prop_map(|(a, b, group)| {
                    format!("{{for k, v in {a} : k => {b}{}}}", if group { "..." } else { "" })
                }),
                vec((term.clone(), select(operators)), 1..4).prop_map(|operands| {
                    operands.iter().map(|(term, operator)| format!("{term} {operator} ")).collect::<String>()
                        + "1"
                }),
                (term.clone(), term.clone(), term.clone()).prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
                (select(vec!["-", "!"]), term.clone()).prop_map(|(sign, term)| format!("{sign}{term}")),
                (
                    prop_oneof![name().prop_filter("no value", |n| n != "true" && n != "null"), term],
                    vec(select(steps), 1..4)
                )
                    .prop_filter("two indexes in a row are refused", |(_, steps)| !steps
                        .windows(2)
                        .any(|s| s == [".0", ".0"]))
                    .prop_map(|(root, steps)| root + &steps.concat()),
                template(inner.clone(), true).prop_map(|text| format!("\"{text}\"")),
                (template(inner, false), any::<bool>()).prop_map(|(text, flush)| {
                    format!("[<<{}E\n  {text}\n  E\n]", if flush { "-" } else { "" })
                }),
            ]
        })
    }

    fn body() -> impl Strategy<Value = String> {
        let blocks = prop_oneof![
            expr().prop_map(|expr| format!("a = {expr}\nb = 1 # c\n")),
            expr().prop_map(|expr| format!("t \"x\\ty\" z {{ a = {expr} }}\n")),
            Just("/* c */ t {}\n\n".to_owned()),
        ];
        (blocks, expr())
            .prop_map(|(block, expr)| format!("t {{\n  {block}  // c\n}}\nu {{\n v = {expr}\n}}\n"))
    }

    proptest! {
        #[test]
        fn valid_files_read_alike(text in body()) {
            reads_alike(&text, true);
        }

        #[test]
        fn what_both_accept_reads_alike(
            text in "(a|é|1|e9|=|\\{|\\}|\\[|\\]|\\(|\\)|\"|\\$\\{|%\\{|if |for |endif|in |\\~|\\.|\\*|,|:|\\?|<<E\n|<<-E\n|\nE\n|\n|\r| |\\\\|\\$|/\\*|#|-|!|&&|==|\\+){0,12}"
        ) {
            reads_alike(&text, false);
            reads_alike(&format!("a = {text}\n"), false);
            reads_alike(&format!("b {{\n  c = \"{text}\"\n}}\n"), false);
            reads_alike(&format!("a = <<-E\n{text}\nE\n"), false);
        }
    }
}
