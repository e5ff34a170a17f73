//! What an expression refers to: the functions it calls and the names it uses that are not bound inside it.

use crate::bake::text::syntax::{Expr, ExprKind, Ident, ObjectKey, TemplatePart};
use crate::bake::values::Name;

/// One free name in an expression.
#[derive(Debug)]
pub(crate) struct FreeName<'a> {
    /// `target` of `target.app.tags`.
    pub(crate) root: &'a Name,
    /// Up to two attribute names that follow, `app` and `tags`; an index ends them.
    pub(crate) path: Vec<&'a Ident>,
    /// Whether something else than an attribute name follows the root directly.
    pub(crate) indexed: bool,
    /// The whole expression around it.
    pub(crate) expr: &'a Expr,
}

/// The free names and called functions of an expression, in source order.
#[derive(Debug, Default)]
#[allow(clippy::missing_docs_in_private_items, reason = "the names say it")]
pub(crate) struct References<'a> {
    pub(crate) names: Vec<FreeName<'a>>,
    pub(crate) calls: Vec<&'a Ident>,
    bound: Vec<&'a Name>,
}

impl<'a> References<'a> {
    /// Collects from an expression; `bound` names are not free (a function's parameters).
    pub(crate) fn of(expr: &'a Expr, bound: &'a [Name]) -> Self {
        let mut references = Self { bound: bound.iter().collect(), ..Self::default() };
        references.visit(expr);
        references
    }

    fn visit(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(..)
            | ExprKind::String(_)
            | ExprKind::Broken(_)
            | ExprKind::SplatItem => {}
            ExprKind::Template(parts) => self.visit_parts(parts),
            ExprKind::Wrapped(inner) | ExprKind::Parenthesis(inner) => self.visit(inner),
            ExprKind::JsonString { template, .. } => {
                if let Ok(inner) = template {
                    // buildx does not see the calls (`appendJSONFuncCalls` in bake/hclparser/expr.go).
                    let known = self.calls.len();
                    self.visit(inner);
                    self.calls.truncate(known);
                }
            }
            ExprKind::Tuple(items) => items.iter().for_each(|item| self.visit(item)),
            ExprKind::Object(items) => {
                for (key, value) in items {
                    if let ObjectKey::Expr(key) = key {
                        self.visit(key);
                    }
                    self.visit(value);
                }
            }
            ExprKind::Variable(_) | ExprKind::GetAttr { .. } | ExprKind::Index { .. } => {
                self.visit_traversal(expr);
            }
            ExprKind::Splat { of, each } => {
                self.visit(of);
                self.visit(each);
            }
            ExprKind::Call { name, args, .. } => {
                self.calls.push(name);
                args.iter().for_each(|arg| self.visit(arg));
            }
            ExprKind::Conditional { condition, then, otherwise } => {
                self.visit(condition);
                self.visit(then);
                self.visit(otherwise);
            }
            ExprKind::Unary { operand, .. } => self.visit(operand),
            ExprKind::Binary { left, right, .. } => {
                self.visit(left);
                self.visit(right);
            }
            ExprKind::For(inner) => {
                self.visit(&inner.collection);
                self.with_bound(inner.key_var.as_ref(), &inner.value_var, |this| {
                    inner.key.iter().for_each(|key| this.visit(key));
                    this.visit(&inner.value);
                    inner.condition.iter().for_each(|condition| this.visit(condition));
                });
            }
        }
    }

    fn visit_parts(&mut self, parts: &'a [TemplatePart]) {
        for part in parts {
            match part {
                TemplatePart::Literal(_) => {}
                TemplatePart::Interpolation(expr) => self.visit(expr),
                TemplatePart::If { condition, then, otherwise } => {
                    self.visit(condition);
                    self.visit_parts(then);
                    self.visit_parts(otherwise);
                }
                TemplatePart::For { key_var, value_var, collection, body } => {
                    self.visit(collection);
                    self.with_bound(key_var.as_ref(), value_var, |this| this.visit_parts(body));
                }
            }
        }
    }

    fn with_bound(&mut self, key: Option<&'a Ident>, value: &'a Ident, visit: impl FnOnce(&mut Self)) {
        let before = self.bound.len();
        self.bound.extend(key.iter().map(|ident| &ident.name));
        self.bound.push(&value.name);
        visit(self);
        self.bound.truncate(before);
    }

    /// Walks from the last step of `root.a.b[i]` down to its root, and records the root with its path.
    fn visit_traversal(&mut self, expr: &'a Expr) {
        let mut path = Vec::new();
        let mut indexed = false;
        let mut at = expr;
        loop {
            match &at.kind {
                ExprKind::GetAttr { of, name } => {
                    path.push(&**name);
                    indexed = false;
                    at = of;
                }
                ExprKind::Index { of, key } => {
                    self.visit(key);
                    path.clear();
                    indexed = true;
                    at = of;
                }
                ExprKind::Variable(root) => {
                    path.reverse();
                    path.truncate(2);
                    if !self.bound.contains(&root) {
                        self.names.push(FreeName { root, path, indexed, expr });
                    }
                    return;
                }
                _ => return self.visit(at),
            }
        }
    }
}
