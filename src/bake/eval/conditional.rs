//! Expressions that failed still have a type, as far as HCL tells it, which decides what a conditional makes of its
//! other arm (`ConditionalExpr` in
//! <https://github.com/hashicorp/hcl/blob/main/hclsyntax/expression.go>).

use super::expression::{Context, Scope, condition_failure, describe};
use crate::bake::text::syntax::Expr;
use crate::bake::values::convert::{convert, unify};
use crate::bake::values::{Marks, Type, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::Span;

/// Why an expression has no value, and the type that it would have had.
pub(super) struct TypedFailure {
    pub(super) failure: Failure,
    pub(super) ty: Type,
    /// What HCL keeps of a template: the text before the first value that is not a text.
    pub(super) text: Option<Box<str>>,
}

impl From<Failure> for TypedFailure {
    /// Nothing is known of the type.
    fn from(failure: Failure) -> Self {
        Self::of(Type::Dynamic)(failure)
    }
}

impl TypedFailure {
    /// The same failure, of a part of the expression.
    pub(super) fn map(self, part: impl FnOnce(&Type) -> Type) -> Self {
        Self::of(part(&self.ty))(self.failure)
    }

    /// The same failure, of a template that has a text nonetheless.
    pub(super) fn but(self, text: String) -> Self {
        Self { text: Some(text.into()), ..self }
    }

    /// A failure of an expression whose type is known.
    pub(super) fn of(ty: Type) -> impl FnOnce(Failure) -> Self {
        |failure| Self { failure, ty, text: None }
    }
}

/// The type of a value that may be missing.
pub(super) fn type_of(value: &Result<Value, TypedFailure>) -> Type {
    value.as_ref().map_or_else(|missing| missing.ty.clone(), Value::ty)
}

impl Context {
    /// Both arms are evaluated for their types; a failure matters only in the arm that is taken.
    pub(super) fn conditional(
        &self,
        scope: &Scope<'_>,
        span: Span,
        condition: &Expr,
        exprs: [&Expr; 2],
    ) -> Result<Value, TypedFailure> {
        let [(then, of_then), (otherwise, of_otherwise)] =
            exprs.map(|expr| self.looks.during(|| self.outline(scope, expr)));
        let arms = [then, otherwise];
        for arm in arms.iter().flatten() {
            self.budget.looked(arm, span)?;
        }
        let ty = self.common_type(exprs, &arms).inspect_err(|_| {
            [&of_then, &of_otherwise].iter().for_each(|looks| self.looks.note(looks));
        })?;
        let (taken, marks) = self.taken(scope, condition).map_err(TypedFailure::of(ty.clone()))?;
        self.looks.note(if taken { &of_then } else { &of_otherwise });
        let [then, otherwise] = arms;
        let (arm, value) = if taken { (exprs[0], then) } else { (exprs[1], otherwise) };
        let value = value.map_err(|missing| match ty {
            Type::Dynamic => missing,
            _ => missing.map(|_| ty.clone()),
        })?;
        convert(&value, &ty).map(|value| value.marked(&marks)).map_err(|e| {
            let message = format!("both results of a conditional must be of one type: {e}");
            let diagnostic =
                Diagnostic::error(Code::INCONSISTENT_TYPES, message).at(arm.span, "").at(span, "");
            TypedFailure::of(ty)(Box::new(diagnostic))
        })
    }

    /// The type that both arms of a conditional become; dynamic if that of one is not known.
    fn common_type(
        &self,
        exprs: [&Expr; 2],
        arms: &[Result<Value, TypedFailure>; 2],
    ) -> Result<Type, Failure> {
        let types = [type_of(&arms[0]), type_of(&arms[1])];
        let is_literal_null =
            |arm: &Result<Value, TypedFailure>| matches!(arm, Ok(Value::Null(Type::Dynamic, _)));
        let [then, otherwise] = &types;
        if is_literal_null(&arms[0]) {
            return Ok(otherwise.clone());
        }
        if is_literal_null(&arms[1]) {
            return Ok(then.clone());
        }
        if types.contains(&Type::Dynamic) {
            return Ok(Type::Dynamic);
        }
        for (expr, arm) in exprs.iter().zip(arms) {
            let Ok(value) = arm else { continue };
            self.of_known_type(value, "the type of this conditional", expr.span)?;
        }
        unify(&types).ok_or_else(|| {
            let message = "both results of a conditional must be of one type";
            let place = exprs[0].span.to(exprs[1].span);
            let diagnostic = Diagnostic::error(Code::INCONSISTENT_TYPES, message).at(place, "");
            Box::new(exprs.iter().zip(arms).fold(diagnostic, |diagnostic, (expr, arm)| {
                let found = match arm {
                    Ok(value) => describe(value),
                    Err(missing) => format!("{} without a value", missing.ty.with_article()),
                };
                diagnostic.at(expr.span, format!("this is {found}"))
            }))
        })
    }

    /// Whether the condition holds, and the marks of what depends on it.
    fn taken(&self, scope: &Scope<'_>, condition: &Expr) -> Result<(bool, Marks), Failure> {
        match convert(&self.condition(scope, condition)?, &Type::Bool) {
            Ok(Value::Bool(taken, marks)) => Ok((taken, marks.of_answer())),
            Ok(_) => Err(condition_failure(condition.span, "is null")),
            Err(_) => Err(condition_failure(condition.span, "is neither")),
        }
    }
}
