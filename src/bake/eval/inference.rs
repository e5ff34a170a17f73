//! The type of an expression when some of its inputs are unknown: HCL checks the `if` of a `for` before its first element,
//! and finds the type of `empty[*].name`
//! (<https://github.com/hashicorp/hcl/blob/main/hclsyntax/expression.go>).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::conditional::TypedFailure;
use super::expression::{Context, Scope, binary, condition_failure, operations};
use super::operators;
use super::references::References;
use crate::bake::text::syntax::{BinaryOp, Expr, ExprKind, ForExpr, Ident, ObjectKey, TemplatePart};
use crate::bake::values::convert::{convert, unify};
use crate::bake::values::{Type, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::Span;

/// What an expression is.
enum Guess {
    Known(Value),
    Unknown(Type),
}

impl Guess {
    fn ty(&self) -> Type {
        match self {
            Self::Known(value) => value.ty(),
            Self::Unknown(ty) => ty.clone(),
        }
    }

    /// Fails if this can be no value of the type: any, a bool, a number or a string.
    fn expect(&self, wanted: &Type, span: Span) -> Result<(), Failure> {
        let fits = match self {
            Self::Known(value) => convert(value, wanted).is_ok(),
            Self::Unknown(_) if *wanted == Type::Dynamic => true,
            Self::Unknown(Type::Dynamic | Type::String) => true,
            Self::Unknown(ty @ (Type::Bool | Type::Number)) => ty == wanted || *wanted == Type::String,
            Self::Unknown(_) => false,
        };
        if fits {
            return Ok(());
        }
        let message = format!("this must be {}, but is {}", wanted.with_article(), self.ty().with_article());
        Err(Box::new(Diagnostic::error(Code::INVALID_OPERAND, message).at(span, "")))
    }
}

/// What is not known.
#[derive(Clone, Copy)]
struct Open<'a> {
    /// The variables of a `for`.
    names: [Option<&'a Ident>; 2],
    /// The type of the element that a `*` is at.
    item: Option<&'a Type>,
}

impl Open<'_> {
    /// Whether something in the expression is not known.
    fn is_in(&self, expr: &Expr) -> bool {
        let is_name = |name: &str| self.names.into_iter().flatten().any(|ident| *ident.name == *name);
        References::of(expr, &[]).names.iter().any(|reference| is_name(reference.root))
            || (self.item.is_some() && has_item(expr))
    }
}

/// Whether this is about the element of a `*` that is around it.
fn has_item(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::SplatItem => true,
        ExprKind::GetAttr { of, .. } | ExprKind::Index { of, .. } | ExprKind::Splat { of, .. } => {
            has_item(of)
        }
        _ => false,
    }
}

impl Context {
    /// The type of what `*` gives for an element of a type.
    pub(super) fn splat_type(&self, scope: &Scope<'_>, each: &Expr, element: &Type) -> Result<Type, Failure> {
        let open = Open { names: [None; 2], item: Some(element) };
        self.guess(scope, open, each).map(|guess| guess.ty())
    }

    /// Fails if the `if` of a `for` can be neither true nor false, whatever the elements are.
    pub(super) fn check_condition(&self, scope: &Scope<'_>, expr: &ForExpr) -> Result<(), Failure> {
        let Some(condition) = &expr.condition else { return Ok(()) };
        let open = Open { names: [expr.key_var.as_ref(), Some(&expr.value_var)], item: None };
        let guess = self.guess(scope, open, condition)?;
        let is_null = matches!(&guess, Guess::Known(Value::Null(_, _)));
        if is_null || guess.expect(&Type::Bool, condition.span).is_err() {
            return Err(condition_failure(condition.span, "is neither"));
        }
        Ok(())
    }

    fn guess(&self, scope: &Scope<'_>, open: Open<'_>, expr: &Expr) -> Result<Guess, Failure> {
        self.budget.enter(expr.span)?;
        let guess = self.guess_kind(scope, open, expr);
        self.budget.leave();
        guess
    }

    fn guess_kind(&self, scope: &Scope<'_>, open: Open<'_>, expr: &Expr) -> Result<Guess, Failure> {
        let ty = match &expr.kind {
            ExprKind::Wrapped(inner) | ExprKind::Parenthesis(inner) => return self.guess(scope, open, inner),
            ExprKind::JsonString { template: Ok(inner), .. } => return self.guess(scope, open, inner),
            ExprKind::Binary { .. } => return self.guess_binaries(scope, open, expr),
            _ if !open.is_in(expr) => return self.eval(scope, expr).map(Guess::Known),
            ExprKind::SplatItem => open.item.cloned().unwrap_or(Type::Dynamic),
            ExprKind::GetAttr { of, name } => {
                let ty = self.guess(scope, open, of)?.ty();
                attribute(&ty, name).ok_or_else(|| {
                    let message = format!("{} has no attribute `{}`", ty.with_article(), name.name);
                    Box::new(Diagnostic::error(Code::UNSUPPORTED_ATTRIBUTE, message).at(name.span, ""))
                })?
            }
            ExprKind::Index { of, key } => {
                let ty = self.guess(scope, open, of)?.ty();
                let element = match self.guess(scope, open, key)? {
                    Guess::Known(key) => element(&ty, &key),
                    Guess::Unknown(_) => Some(Type::Dynamic),
                };
                element.ok_or_else(|| {
                    let message = format!("{} has no such element", ty.with_article());
                    Box::new(Diagnostic::error(Code::INVALID_INDEX, message).at(key.span, ""))
                })?
            }
            ExprKind::Splat { of, each } => {
                let element = |ty: &Type| self.splat_type(scope, each, ty);
                match self.guess(scope, open, of)?.ty() {
                    Type::List(ty) | Type::Set(ty) => Type::list(element(&ty)?),
                    Type::Tuple(types) => Type::Tuple(types.iter().map(element).collect::<Result<_, _>>()?),
                    ty => element(&ty).map(|_| Type::Dynamic)?,
                }
            }
            ExprKind::Template(parts) => {
                for part in parts {
                    let TemplatePart::Interpolation(inner) = part else { continue };
                    self.guess(scope, open, inner)?.expect(&Type::String, inner.span)?;
                }
                Type::String
            }
            ExprKind::Unary { op, operand } => {
                let ty = operators::unary_type(*op);
                self.guess(scope, open, operand)?.expect(&ty, operand.span)?;
                ty
            }
            ExprKind::Tuple(items) => {
                let types = items.iter().map(|item| self.guess(scope, open, item).map(|guess| guess.ty()));
                Type::Tuple(types.collect::<Result<_, _>>()?)
            }
            ExprKind::Object(items) => self.guess_object(scope, open, items)?,
            ExprKind::Conditional { condition, then, otherwise } => {
                return self.guess_arm(scope, open, condition, [then, otherwise]);
            }
            _ => Type::Dynamic,
        };
        Ok(Guess::Unknown(ty))
    }

    /// Without all the keys, nothing is known of an object.
    fn guess_object(
        &self,
        scope: &Scope<'_>,
        open: Open<'_>,
        items: &[(ObjectKey, Expr)],
    ) -> Result<Type, Failure> {
        let mut types = Some(BTreeMap::new());
        for (key, value) in items {
            let name = match key {
                ObjectKey::Name(ident) => Some(Arc::clone(&ident.name)),
                ObjectKey::Expr(expr) => {
                    let guess = self.guess(scope, open, expr)?;
                    guess.expect(&Type::String, expr.span)?;
                    match guess {
                        Guess::Known(value) => {
                            convert(&value, &Type::String).ok().and_then(|key| match key {
                                Value::String(name) => Some(Arc::clone(name.name())),
                                _ => None,
                            })
                        }
                        Guess::Unknown(_) => None,
                    }
                }
            };
            let ty = self.guess(scope, open, value)?.ty();
            types = types.zip(name).map(|(mut types, name)| {
                types.insert(name, ty);
                types
            });
        }
        Ok(types.map_or(Type::Dynamic, Type::object))
    }

    fn guess_arm(
        &self,
        scope: &Scope<'_>,
        open: Open<'_>,
        condition: &Expr,
        arms: [&Expr; 2],
    ) -> Result<Guess, Failure> {
        let [then, otherwise] = arms.map(|arm| self.guess(scope, open, arm));
        let guess = self.guess(scope, open, condition)?;
        guess.expect(&Type::Bool, condition.span)?;
        match guess {
            Guess::Known(value) if matches!(convert(&value, &Type::Bool), Ok(Value::Bool(true, _))) => then,
            Guess::Known(_) => otherwise,
            Guess::Unknown(_) => {
                let types = [then, otherwise].map(|arm| arm.map_or(Type::Dynamic, |arm| arm.ty()));
                Ok(Guess::Unknown(unify(&types).unwrap_or(Type::Dynamic)))
            }
        }
    }

    fn guess_binaries(&self, scope: &Scope<'_>, open: Open<'_>, expr: &Expr) -> Result<Guess, Failure> {
        let (innermost, operations) = operations(expr);
        let mut guess = self.guess(scope, open, innermost);
        for (span, op, left, right) in operations {
            self.budget.worked(1, span)?;
            guess = guess_binary(span, op, (left, guess), (right, self.guess(scope, open, right)));
        }
        guess
    }
}

fn guess_binary(
    span: Span,
    op: BinaryOp,
    (left, a): (&Expr, Result<Guess, Failure>),
    (right, b): (&Expr, Result<Guess, Failure>),
) -> Result<Guess, Failure> {
    let wanted = operators::operand_type(op);
    match (a, b) {
        // What is not known may decide, so that a failure of the other operand is dropped.
        (Ok(guess @ Guess::Unknown(_)), Err(_)) if wanted == Type::Bool => {
            guess.expect(&wanted, left.span).map(|()| Guess::Unknown(Type::Bool))
        }
        (Ok(Guess::Unknown(_)), Err(failure)) | (Err(failure), Ok(Guess::Unknown(_))) => Err(failure),
        (Ok(a), Ok(b)) if matches!(a, Guess::Unknown(_)) || matches!(b, Guess::Unknown(_)) => {
            a.expect(&wanted, left.span)?;
            b.expect(&wanted, right.span)?;
            Ok(Guess::Unknown(operators::binary_type(op)))
        }
        (a, b) => binary(span, op, (left, known(a)), (right, known(b))).map(Guess::Known),
    }
}

fn known(guess: Result<Guess, Failure>) -> Result<Value, TypedFailure> {
    match guess? {
        Guess::Known(value) => Ok(value),
        Guess::Unknown(ty) => Ok(Value::null(ty)),
    }
}

/// The type of an attribute, if there can be one.
pub(super) fn attribute(ty: &Type, name: &Ident) -> Option<Type> {
    match ty {
        Type::Dynamic => Some(Type::Dynamic),
        Type::Map(element) => Some((**element).clone()),
        Type::Object(object) => object.attributes.get(&name.name).cloned(),
        _ => None,
    }
}

/// The type of an element, if there can be one.
pub(super) fn element(ty: &Type, key: &Value) -> Option<Type> {
    match ty {
        Type::Dynamic => Some(Type::Dynamic),
        Type::List(element) => convert(key, &Type::Number).ok().map(|_| (**element).clone()),
        Type::Map(element) => convert(key, &Type::String).ok().map(|_| (**element).clone()),
        Type::Tuple(types) => match convert(key, &Type::Number) {
            Ok(Value::Number(at, _)) => types.get(at.to_usize()?).cloned(),
            _ => None,
        },
        Type::Object(object) => match convert(key, &Type::String) {
            Ok(Value::String(name)) => object.attributes.get(name.name()).cloned(),
            _ => None,
        },
        _ => None,
    }
}
