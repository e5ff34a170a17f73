//! Our parser compared with that of `hcl-edit`: what is valid both accept, and what both accept has the same structure.
//!
//! The structure of a file is an outline of it: blocks, attributes, operators and sequences of templates, with the names
//! in them. Places, digits and the text between sequences are left out, which `hcl-edit` changes.

use ::hcl::edit::expr::{
    BinaryOperator, Expression, ForExpr as HclForExpr, ObjectKey as HclKey, Traversal, TraversalOperator,
    UnaryOperator,
};
use ::hcl::edit::structure::{Body as HclBody, Structure};
use ::hcl::edit::template::{Directive, Element, HeredocTemplate};
use ::hcl::edit::{Decorated, Span as _};
use unicode_normalization::UnicodeNormalization;

use crate::bake::text::syntax::{BinaryOp, Body, Expr, ExprKind, ForExpr, ObjectKey, TemplatePart, UnaryOp};

const TEXT: &str = "text";
const NUMBER: &str = "number";

fn word(text: &str) -> String {
    text.nfc().collect()
}

fn node(kind: &str, parts: impl IntoIterator<Item = String>) -> String {
    format!("{kind}({})", parts.into_iter().collect::<Vec<_>>().join(", "))
}

fn optional(part: Option<String>) -> String {
    part.unwrap_or_else(|| "none".to_owned())
}

/// A template of these sequences, or of none.
fn template(sequences: Vec<String>) -> String {
    if sequences.is_empty() { TEXT.to_owned() } else { node("template", sequences) }
}

/// The outline of what we read.
mod ours {
    use super::*;

    pub(super) fn body(body: &Body) -> String {
        let Body { attributes, blocks, span: _ } = body;
        let attributes = attributes.iter().map(|a| node("attribute", [word(&a.name.name), expr(&a.value)]));
        let blocks = blocks.iter().map(|block| {
            node("block", [word(&block.kind.name), block.labels.len().to_string(), self::body(&block.body)])
        });
        node("body", attributes.chain(blocks))
    }

    fn exprs(exprs: &[Expr]) -> String {
        node("list", exprs.iter().map(expr))
    }

    fn expr(of: &Expr) -> String {
        match &of.kind {
            ExprKind::Null => "null".to_owned(),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::Number(..) => NUMBER.to_owned(),
            ExprKind::String(_) => TEXT.to_owned(),
            ExprKind::Template(parts) => template(sequences(parts)),
            ExprKind::Wrapped(inner) => template(vec![expr(inner)]),
            ExprKind::JsonString { .. } | ExprKind::Broken(_) => unreachable!("there is none in HCL"),
            ExprKind::Tuple(items) => exprs(items),
            ExprKind::Object(items) => {
                let item = |(key, value): &(ObjectKey, Expr)| {
                    let key = match key {
                        ObjectKey::Name(name) => word(&name.name),
                        ObjectKey::Expr(key) => node("key", [expr(key)]),
                    };
                    node("item", [key, expr(value)])
                };
                node("object", items.iter().map(item))
            }
            ExprKind::Variable(name) => node("variable", [word(name)]),
            ExprKind::GetAttr { of, name } => node("get", [expr(of), word(&name.name)]),
            ExprKind::Index { of, key } => node("index", [expr(of), expr(key)]),
            ExprKind::Splat { of, each } => node("splat", [expr(of), expr(each)]),
            ExprKind::SplatItem => "it".to_owned(),
            ExprKind::Call { name, args, expand } => {
                node("call", [word(&name.name), exprs(args), expand.to_string()])
            }
            ExprKind::Conditional { condition, then, otherwise } => {
                node("conditional", [expr(condition), expr(then), expr(otherwise)])
            }
            ExprKind::Unary { op: UnaryOp::Not, operand } => node("not", [expr(operand)]),
            ExprKind::Unary { op: UnaryOp::Negate, operand } => node("negate", [expr(operand)]),
            ExprKind::Binary { op, left, right } => node(&format!("{op:?}"), [expr(left), expr(right)]),
            ExprKind::For(of) => {
                let ForExpr { key_var, value_var, collection, key, value, group, condition } = &**of;
                node(
                    "for",
                    [
                        optional(key_var.as_ref().map(|name| word(&name.name))),
                        word(&value_var.name),
                        expr(collection),
                        optional(key.as_ref().map(expr)),
                        expr(value),
                        group.to_string(),
                        optional(condition.as_ref().map(expr)),
                    ],
                )
            }
            ExprKind::Parenthesis(inner) => node("parenthesis", [expr(inner)]),
        }
    }

    fn sequences(parts: &[TemplatePart]) -> Vec<String> {
        let sequence = |part: &TemplatePart| match part {
            TemplatePart::Literal(_) => None,
            TemplatePart::Interpolation(inner) => Some(expr(inner)),
            TemplatePart::If { condition, then, otherwise } => {
                let [then, otherwise] = [then, otherwise].map(|parts| node("parts", sequences(parts)));
                Some(node("if", [expr(condition), then, otherwise]))
            }
            TemplatePart::For { key_var, value_var, collection, body } => Some(node(
                "each",
                [
                    optional(key_var.as_ref().map(|name| word(&name.name))),
                    word(&value_var.name),
                    expr(collection),
                    node("parts", sequences(body)),
                ],
            )),
        };
        parts.iter().filter_map(sequence).collect()
    }
}

/// The outline of what `hcl-edit` reads; the error is what it accepts and HCL does not, or reads otherwise.
mod theirs {
    use super::*;

    type Outline = Result<String, &'static str>;

    pub(super) struct File<'a> {
        pub(super) text: &'a str,
    }

    impl File<'_> {
        pub(super) fn body(&self, body: &HclBody) -> Outline {
            let (mut attributes, mut blocks) = (Vec::new(), Vec::new());
            for structure in body {
                match structure {
                    Structure::Attribute(attribute) => {
                        let value = self.expr(&attribute.value)?;
                        attributes.push(node("attribute", [word(&attribute.key), value]));
                    }
                    Structure::Block(block) => {
                        let body = self.body(&block.body)?;
                        blocks
                            .push(node("block", [word(&block.ident), block.labels.len().to_string(), body]));
                    }
                }
            }
            Ok(node("body", attributes.into_iter().chain(blocks)))
        }

        fn exprs<'e>(&self, exprs: impl IntoIterator<Item = &'e Expression>) -> Outline {
            let exprs: Result<Vec<_>, _> = exprs.into_iter().map(|expr| self.expr(expr)).collect();
            Ok(node("list", exprs?))
        }

        fn expr(&self, expr: &Expression) -> Outline {
            Ok(match expr {
                Expression::Null(_) => "null".to_owned(),
                Expression::Bool(value) => value.value().to_string(),
                Expression::Number(_) if self.source(expr).starts_with('-') => {
                    node("negate", [NUMBER.to_owned()])
                }
                Expression::Number(_) => NUMBER.to_owned(),
                Expression::String(_) => TEXT.to_owned(),
                Expression::StringTemplate(parts) => template(self.sequences(parts.iter())?),
                Expression::HeredocTemplate(heredoc) => self.heredoc(heredoc, expr)?,
                Expression::Array(items) => self.exprs(items)?,
                Expression::Object(items) => {
                    let mut outlines = Vec::new();
                    for (key, value) in items {
                        let key = self.key(key)?;
                        if outlines.is_empty() && key == "for" {
                            return Err("`for` as a key");
                        }
                        outlines.push(node("item", [key, self.expr(value.expr())?]));
                    }
                    node("object", outlines)
                }
                Expression::Parenthesis(inner) => node("parenthesis", [self.expr(inner.inner())?]),
                Expression::Variable(name) => node("variable", [word(name)]),
                Expression::Conditional(of) => {
                    let [condition, then, otherwise] = [&of.cond_expr, &of.true_expr, &of.false_expr];
                    node("conditional", [self.expr(condition)?, self.expr(then)?, self.expr(otherwise)?])
                }
                Expression::FuncCall(call) => {
                    let parts = call.name.namespace.iter().chain([&call.name.name]);
                    let name = parts.map(|part| word(part)).collect::<Vec<_>>().join("::");
                    node("call", [name, self.exprs(call.args.iter())?, call.args.expand_final().to_string()])
                }
                Expression::Traversal(traversal) => self.traversal(traversal)?,
                Expression::UnaryOp(operation) => {
                    let kind = match operation.operator.value() {
                        UnaryOperator::Not => "not",
                        UnaryOperator::Neg => "negate",
                    };
                    node(kind, [self.expr(&operation.expr)?])
                }
                Expression::BinaryOp(operation) => {
                    let kind = format!("{:?}", binary_op(*operation.operator.value()));
                    node(&kind, [self.expr(&operation.lhs_expr)?, self.expr(&operation.rhs_expr)?])
                }
                Expression::ForExpr(expr) => self.for_expr(expr)?,
            })
        }

        /// The source text of an expression.
        fn source(&self, expr: &Expression) -> &str {
            self.text.get(expr.span().unwrap_or_default()).unwrap_or_default()
        }

        /// A key of an object: words stand for themselves, also those that are values elsewhere.
        fn key(&self, key: &HclKey) -> Outline {
            Ok(match key {
                HclKey::Ident(ident) => word(ident),
                HclKey::Expression(Expression::Null(_)) => "null".to_owned(),
                HclKey::Expression(Expression::Bool(value)) => value.value().to_string(),
                HclKey::Expression(Expression::Traversal(traversal)) if is_reference(traversal) => {
                    return Err("a reference as a key");
                }
                HclKey::Expression(expr) => node("key", [self.expr(expr)?]),
            })
        }

        fn for_expr(&self, of: &HclForExpr) -> Outline {
            Ok(node(
                "for",
                [
                    optional(of.intro.key_var.as_ref().map(|name| word(name))),
                    word(&of.intro.value_var),
                    self.expr(&of.intro.collection_expr)?,
                    optional(of.key_expr.as_ref().map(|key| self.expr(key)).transpose()?),
                    self.expr(&of.value_expr)?,
                    of.grouping.to_string(),
                    optional(of.cond.as_ref().map(|condition| self.expr(&condition.expr)).transpose()?),
                ],
            ))
        }

        fn traversal(&self, traversal: &Traversal) -> Outline {
            let steps = &traversal.operators;
            let is_index = |step: &TraversalOperator| matches!(step, TraversalOperator::LegacyIndex(_));
            let touch = |pair: &[Decorated<TraversalOperator>]| {
                pair[0].span().unwrap_or_default().end == pair[1].span().unwrap_or_default().start
            };
            // The scanner of HCL takes `0.1` in `a.0.1` for one number.
            if steps.windows(2).any(|pair| is_index(&pair[0]) && is_index(&pair[1]) && touch(pair)) {
                return Err("two indexes in a row");
            }
            self.steps(self.expr(&traversal.expr)?, steps)
        }

        fn steps(&self, mut of: String, mut rest: &[Decorated<TraversalOperator>]) -> Outline {
            while let Some((step, tail)) = rest.split_first() {
                rest = tail;
                of = match step.value() {
                    TraversalOperator::GetAttr(name) => node("get", [of, word(name)]),
                    TraversalOperator::Index(key) => node("index", [of, self.expr(key)?]),
                    TraversalOperator::LegacyIndex(_) => node("index", [of, NUMBER.to_owned()]),
                    TraversalOperator::AttrSplat(_) => {
                        let length = tail.iter().take_while(|step| is_attribute(step)).count();
                        let (each, after) = tail.split_at(length);
                        let next = after.first().map(|next| next.value());
                        if matches!(next, Some(TraversalOperator::AttrSplat(_))) {
                            return Err("two splats in a row");
                        }
                        rest = after;
                        node("splat", [of, self.steps("it".to_owned(), each)?])
                    }
                    TraversalOperator::FullSplat(_) => {
                        rest = &[];
                        node("splat", [of, self.steps("it".to_owned(), tail)?])
                    }
                };
            }
            Ok(of)
        }

        fn heredoc(&self, heredoc: &HeredocTemplate, whole: &Expression) -> Outline {
            // HCL looks for a line of the marker alone, which ends with a newline.
            let end = whole.span().unwrap_or_default().end;
            let after = self.text.get(end..).unwrap_or_default();
            match after.split_once('\n') {
                Some((line, _)) if line.trim().is_empty() => {}
                _ => return Err("an open heredoc"),
            }
            Ok(template(self.sequences(heredoc.template.iter())?))
        }

        fn sequences<'e>(
            &self,
            elements: impl Iterator<Item = &'e Element>,
        ) -> Result<Vec<String>, &'static str> {
            let sequence = |element: &Element| match element {
                Element::Literal(_) => None,
                Element::Interpolation(inner) => Some(self.expr(&inner.expr)),
                Element::Directive(directive) => Some(self.directive(directive)),
            };
            elements.filter_map(sequence).collect()
        }

        fn directive(&self, directive: &Directive) -> Outline {
            Ok(match directive {
                Directive::If(directive) => {
                    let otherwise = match &directive.else_expr {
                        Some(otherwise) => self.sequences(otherwise.template.iter())?,
                        None => Vec::new(),
                    };
                    node(
                        "if",
                        [
                            self.expr(&directive.if_expr.cond_expr)?,
                            node("parts", self.sequences(directive.if_expr.template.iter())?),
                            node("parts", otherwise),
                        ],
                    )
                }
                Directive::For(directive) => {
                    let opening = &directive.for_expr;
                    node(
                        "each",
                        [
                            optional(opening.key_var.as_ref().map(|name| word(name))),
                            word(&opening.value_var),
                            self.expr(&opening.collection_expr)?,
                            node("parts", self.sequences(opening.template.iter())?),
                        ],
                    )
                }
            })
        }
    }

    /// Whether a traversal is a name followed by attributes and literal indexes, which HCL could mistake for a key.
    fn is_reference(traversal: &Traversal) -> bool {
        matches!(traversal.expr, Expression::Variable(_))
            && traversal.operators.iter().all(|step| {
                let is_literal =
                    |key: &Expression| matches!(key, Expression::String(_) | Expression::Number(_));
                matches!(step.value(), TraversalOperator::Index(key) if is_literal(key)) || is_attribute(step)
            })
    }

    fn is_attribute(step: &Decorated<TraversalOperator>) -> bool {
        matches!(step.value(), TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_))
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
}

#[cfg(test)]
mod tests {
    use ::hcl::edit::parser;
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
    use proptest::{collection::vec, sample::select};

    use super::*;
    use crate::bake::text::hcl::parse_hcl;
    use crate::source::Sources;

    /// Our outline of a file and theirs, or what is wrong with it.
    fn outlines(text: &str) -> (Result<String, String>, Result<String, String>) {
        let mut sources = Sources::default();
        let id = sources.add("a.hcl", text);
        let ours = parse_hcl(&sources, id);
        let theirs = parser::parse_body(text).map_err(|error| error.message().to_owned());
        let theirs = theirs.and_then(|body| theirs::File { text }.body(&body).map_err(str::to_owned));
        (ours.map(|body| ours::body(&body)).map_err(|errors| errors[0].message.clone()), theirs)
    }

    #[track_caller]
    fn both_accept_alike(text: &str) {
        let (ours, theirs) = outlines(text);
        assert_eq!(ours.as_ref(), theirs.as_ref(), "{text}");
        ours.unwrap_or_else(|error| panic!("{error}: {text}"));
    }

    #[track_caller]
    fn alike_if_both_accept(text: &str) {
        if let (Ok(ours), Ok(theirs)) = outlines(text) {
            assert_eq!(ours, theirs, "{text}");
        }
    }

    #[test]
    fn outlines_tell_structures_apart() {
        let outline = |expr: &str| {
            let text = format!("a = {expr}\n");
            both_accept_alike(&text);
            outlines(&text).0
        };
        for (one, other) in [
            ("b + c * d", "(b + c) * d"),
            ("b + c - d", "b + (c - d)"),
            ("b ? c : d", "b ? d : c"),
            ("\"${b}\"", "\"b\""),
            ("\"${b}${c}\"", "\"${c}${b}\""),
            ("\"%{ if b }${c}%{ endif }\"", "\"%{ if b }%{ else }${c}%{ endif }\""),
            ("b.*.c[0]", "b[*].c[0]"),
            ("[for c in b : c]", "[for c, d in b : c]"),
            ("f(b)", "f(b...)"),
            ("{ b = c }", "{ (b) = c }"),
            ("-1", "1"),
            ("-b.c", "(-b).c"),
            ("\"\"", "[]"),
        ] {
            assert_ne!(outline(one), outline(other), "{one} {other}");
        }
    }

    fn name() -> impl Strategy<Value = String> {
        select(vec!["a", "b-1", "_c", "été", "e\u{301}", "true", "null", "x9"]).prop_map(str::to_owned)
    }

    /// Text between sequences; `escapes` are those of quotes.
    fn literal(escapes: bool) -> impl Strategy<Value = String> {
        let mut pieces =
            vec!["a", " ", "  b c", "é", "$.", "% ", "$${", "%%{", "{", "}", "'", "#", "~", "e\u{301}"];
        if escapes {
            pieces.extend(["\\n", "\\t", "\\\"", "\\\\", "\\u00e9", "\\U0001F600"]);
        } else {
            pieces.extend(["\n", "\n  ", "\n\t", "\n \n", "\\", "\"", "\r\n"]);
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
                (items, any::<bool>()).prop_map(|(items, path)| if path {
                    format!("n::f({items})")
                } else {
                    format!("f({items})")
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
            both_accept_alike(&text);
        }

        #[test]
        fn what_both_accept_reads_alike(
            text in "(a|é|1|e9|=|\\{|\\}|\\[|\\]|\\(|\\)|\"|\\$\\{|%\\{|if |for |endif|in |\\~|\\.|\\*|,|:|\\?|<<E\n|<<-E\n|\nE\n|\n|\r| |\\\\|\\$|/\\*|#|-|!|&&|==|\\+){0,12}"
        ) {
            alike_if_both_accept(&text);
            alike_if_both_accept(&format!("a = {text}\n"));
            alike_if_both_accept(&format!("b {{\n  c = \"{text}\"\n}}\n"));
            alike_if_both_accept(&format!("a = <<-E\n{text}\nE\n"));
        }
    }
}
