//! Evaluates what makes lists and objects: constructors, `for` and `*`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::conditional::TypedFailure;
use super::expression::{Context, Scope, condition_failure, describe};
use crate::bake::text::syntax::{Expr, ExprKind, ForExpr, Ident, ObjectKey};
use crate::bake::values::convert::convert;
use crate::bake::values::{MarkedStr, Marks, Name, Number, Type, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::Span;

impl Context {
    pub(super) fn tuple(&self, scope: &Scope<'_>, items: &[Expr]) -> Result<Value, TypedFailure> {
        tuple(items.iter().map(|item| self.outline(scope, item)))
    }

    pub(super) fn object(
        &self,
        scope: &Scope<'_>,
        items: &[(ObjectKey, Expr)],
    ) -> Result<Value, TypedFailure> {
        let mut members: BTreeMap<Name, Value> = BTreeMap::new();
        let mut marks = Marks::default();
        let mut missing: BTreeMap<Name, Type> = BTreeMap::new();
        let mut first = None;
        for (key, value) in items {
            let key = match key {
                ObjectKey::Name(ident) => MarkedStr::verbatim(Arc::clone(&ident.name)),
                ObjectKey::Expr(expr) => {
                    check_key(expr)?;
                    self.key(scope, expr)?
                }
            };
            let name = Arc::clone(key.name());
            marks.merge(key.marks());
            // Of equal keys the last counts, though none may fail.
            match self.outline(scope, value) {
                Ok(value) => {
                    missing.remove(&name);
                    members.insert(name, value.marked(key.marks()));
                }
                Err(TypedFailure { failure, ty, .. }) => {
                    members.remove(&name);
                    missing.insert(name, ty);
                    first.get_or_insert(failure);
                }
            }
        }
        let Some(failure) = first else { return Ok(Value::object(members).marked_itself(&marks)) };
        missing.extend(members.into_iter().map(|(name, value)| (name, value.ty())));
        Err(TypedFailure::of(Type::object(missing))(failure))
    }

    /// The name that a key is. Its marks go to the object and to the key's value.
    fn key(&self, scope: &Scope<'_>, expr: &Expr) -> Result<MarkedStr, Failure> {
        let value = self.eval(scope, expr)?;
        self.budget.looked(&value, expr.span)?;
        self.known(&value, "this key", expr.span)?;
        let fail =
            |message: String| Box::new(Diagnostic::error(Code::INVALID_KEY, message).at(expr.span, ""));
        match convert(&value, &Type::String) {
            Ok(Value::String(text)) => Ok(text),
            Ok(_) => Err(fail("null cannot be used as a key".into())),
            Err(e) => Err(fail(format!("this value cannot be used as a key: {e}"))),
        }
    }

    pub(super) fn splat(&self, scope: &Scope<'_>, of: &Expr, each: &Expr) -> Result<Value, TypedFailure> {
        let source = self.whole(scope, of)?;
        let single = [source.clone()];
        let marks = source.own_marks().of_choice();
        let items = match &source {
            Value::Null(Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => {
                return Err(TypedFailure::from(Box::new(
                    Diagnostic::error(Code::NULL_SPLAT, "a null list has no elements to take with `*`")
                        .at(of.span, "is null"),
                )));
            }
            Value::Null(_, marks) => return Ok(Value::tuple(Vec::new()).marked_itself(marks)),
            other => other.items().unwrap_or(&single),
        };
        let results = items.iter().map(|item| self.outline(&scope.at(item), each));
        let ty = |element: &Type| self.splat_type(scope, each, element);
        let ty_or_any = |element: &Type| ty(element).unwrap_or(Type::Dynamic);
        let (Value::List(element, _, _) | Value::Set(element, _, _)) = &source else {
            let tuple = all(results).map(|items| Value::tuple(items).marked_itself(&marks));
            return tuple.map_err(|(_, failure)| {
                let types = items.iter().map(|item| ty_or_any(&item.ty()));
                TypedFailure::of(Type::Tuple(types.collect()))(failure)
            });
        };
        let results =
            all(results).map_err(|(_, failure)| TypedFailure::of(Type::list(ty_or_any(element)))(failure))?;
        let element = match results.first() {
            Some(first) => first.ty(),
            None => ty(element).map_err(TypedFailure::of(Type::list(Type::Dynamic)))?,
        };
        if results.iter().any(|result| result.ty() != element) {
            let message = "the elements that `*` gives are of different types";
            return Err(TypedFailure::from(Box::new(
                Diagnostic::error(Code::MIXED_SPLAT, message)
                    .at(each.span, "")
                    .with_help("use a `for` expression, whose result may mix types"),
            )));
        }
        Ok(Value::list(element, results).marked_itself(&marks))
    }

    pub(super) fn for_expr(&self, scope: &Scope<'_>, expr: &ForExpr) -> Result<Value, TypedFailure> {
        let collection = self.whole(scope, &expr.collection)?;
        let elements = iterate(&collection, expr.collection.span)?;
        let mut marks = collection.own_marks().of_choice();
        self.check_condition(scope, expr)?;
        let mut outlines = Outlines::default();
        let mut items = Vec::new();
        let mut members = Vec::new();
        for (key, value) in elements {
            let names = bindings(expr.key_var.as_ref(), &expr.value_var, key, value);
            let inner = scope.child(&names);
            if let Some(condition) = &expr.condition {
                match convert(&self.condition(&inner, condition)?, &Type::Bool) {
                    Ok(Value::Bool(is_taken, of_condition)) => {
                        marks.merge(&of_condition.of_answer());
                        if !is_taken {
                            continue;
                        }
                    }
                    _ => return Err(condition_failure(condition.span, "is neither").into()),
                }
            }
            let Some(key) = &expr.key else {
                items.push(outlines.note(self.outline(&inner, &expr.value))?);
                continue;
            };
            let key = self.key(&inner, key)?;
            marks.merge(key.marks());
            let value = self.outline(&inner, &expr.value).map(|value| value.marked(key.marks()));
            members.push((Arc::clone(key.name()), outlines.note(value)?));
        }
        let result = match &expr.key {
            None => outlines.tuple(items),
            // How many values a key has depends on what the number of keys does.
            Some(_) if expr.group => outlines.groups(members, &marks),
            Some(key) => {
                let mut names = BTreeSet::new();
                if let Some((name, _)) = members.iter().find(|(name, _)| !names.insert(name)) {
                    let message = format!("two elements give the key `{name}`");
                    let help = "write `...` after the value to collect the values of one key in a list";
                    let diagnostic = Diagnostic::error(Code::DUPLICATE_KEY, message).at(key.span, "");
                    let ty = members.iter().map(|(name, value)| (Arc::clone(name), type_of(value))).rev();
                    let missing = TypedFailure::of(Type::object(ty.collect()));
                    return Err(missing(Box::new(diagnostic.with_help(help))));
                }
                outlines.object(members)
            }
        };
        result.map(|value| value.marked_itself(&marks))
    }
}

/// A value, or the type of what failed.
type Outline = Result<Value, Type>;

type Member = (Name, Outline);

fn type_of(outline: &Outline) -> Type {
    match outline {
        Ok(value) => value.ty(),
        Err(ty) => ty.clone(),
    }
}

/// The first failure of what a `for` goes through, which may be very much.
#[derive(Default)]
struct Outlines {
    first: Option<Failure>,
}

impl Outlines {
    /// Takes note of what an element came to.
    ///
    /// # Errors
    /// A limit is exceeded, which no type matters to.
    fn note(&mut self, result: Result<Value, TypedFailure>) -> Result<Outline, TypedFailure> {
        match result {
            Ok(value) => Ok(Ok(value)),
            Err(missing) if missing.failure.is_ours => Err(missing),
            Err(TypedFailure { failure, ty, text: _ }) => {
                self.first.get_or_insert(failure);
                Ok(Err(ty))
            }
        }
    }

    fn tuple(self, items: Vec<Outline>) -> Result<Value, TypedFailure> {
        match whole(items) {
            Ok(items) => Ok(Value::tuple(items)),
            Err(types) => Err(self.failed(Type::Tuple(types.into()))),
        }
    }

    /// Of several members of one name the last one is taken, though none may fail.
    fn object(self, members: Vec<Member>) -> Result<Value, TypedFailure> {
        let (names, values): (Vec<Name>, Vec<_>) = members.into_iter().unzip();
        match whole(values) {
            Ok(values) => Ok(Value::object(names.into_iter().zip(values).collect())),
            Err(types) => Err(self.failed(Type::object(names.into_iter().zip(types).collect()))),
        }
    }

    /// The values of each name in a tuple.
    fn groups(self, members: Vec<Member>, marks: &Marks) -> Result<Value, TypedFailure> {
        let mut groups: BTreeMap<Name, Vec<_>> = BTreeMap::new();
        for (name, value) in members {
            groups.entry(name).or_default().push(value);
        }
        let group = |values: Vec<_>| match whole(values) {
            Ok(values) => Ok(Value::tuple(values).marked_itself(marks)),
            Err(types) => Err(Type::Tuple(types.into())),
        };
        self.object(groups.into_iter().map(|(name, values)| (name, group(values))).collect())
    }

    fn failed(self, ty: Type) -> TypedFailure {
        let failure = self.first.unwrap_or_else(|| {
            Box::new(Diagnostic::error(Code::CALL_FAILED, "an element of this has no value"))
        });
        TypedFailure::of(ty)(failure)
    }
}

/// All values, or the types of all.
fn whole(outlines: Vec<Outline>) -> Result<Vec<Value>, Vec<Type>> {
    if outlines.iter().any(Result::is_err) {
        return Err(outlines.iter().map(type_of).collect());
    }
    Ok(outlines.into_iter().flatten().collect())
}

fn tuple(items: impl Iterator<Item = Result<Value, TypedFailure>>) -> Result<Value, TypedFailure> {
    let items = all(items);
    items.map(Value::tuple).map_err(|(types, failure)| TypedFailure::of(Type::Tuple(types.into()))(failure))
}

/// All values, or the types of all and the first failure.
fn all(
    mut values: impl Iterator<Item = Result<Value, TypedFailure>>,
) -> Result<Vec<Value>, (Vec<Type>, Failure)> {
    let mut known = Vec::with_capacity(values.size_hint().0);
    while let Some(value) = values.next() {
        match value {
            Ok(value) => known.push(value),
            Err(missing) if missing.failure.is_ours => return Err((Vec::new(), missing.failure)),
            Err(missing) => {
                let mut types: Vec<Type> = known.iter().map(Value::ty).collect();
                types.push(missing.ty);
                types.extend(values.map(|value| value.map_or_else(|missing| missing.ty, |value| value.ty())));
                return Err((types, missing.failure));
            }
        }
    }
    Ok(known)
}

/// The keys and values that a `for` goes through: indexes for lists, the element itself for sets.
pub(super) fn iterate(
    collection: &Value,
    span: Span,
) -> Result<Box<dyn Iterator<Item = (Value, Value)> + '_>, Failure> {
    let fail = |message: String| Box::new(Diagnostic::error(Code::NOT_ITERABLE, message).at(span, ""));
    let marks = collection.own_marks();
    let of_length = marks.of_choice();
    match collection {
        Value::List(_, items, _) | Value::Tuple(items, _) => Ok(Box::new(
            items
                .iter()
                .enumerate()
                .map(move |(i, v)| (Value::from(Number::from(i)).marked_itself(&of_length), v.clone())),
        )),
        Value::Set(_, items, _) => Ok(Box::new(items.iter().map(|v| (v.clone(), v.clone())))),
        Value::Map(_, members, _) | Value::Object(members, _) => Ok(Box::new(
            members
                .iter()
                .map(|(k, v)| (Value::String(MarkedStr::verbatim(Arc::clone(k)).marked(marks)), v.clone())),
        )),
        Value::Null(_, _) => Err(fail("`for` cannot iterate over null".into())),
        other => Err(fail(format!(
            "`for` iterates over lists, sets, maps and objects, but this is {}",
            describe(other)
        ))),
    }
}

pub(super) fn bindings(
    key_var: Option<&Ident>,
    value_var: &Ident,
    key: Value,
    value: Value,
) -> Vec<(Name, Value)> {
    // Of two equal names the value wins, as in HCL, where it is set last.
    let value = (Arc::clone(&value_var.name), value);
    match key_var {
        Some(name) => vec![value, (Arc::clone(&name.name), key)],
        None => vec![value],
    }
}

/// A bare `a.b` could be a reference or a name with a dot, so HCL wants one or the other spelled out.
fn check_key(expr: &Expr) -> Result<(), Failure> {
    if !matches!(expr.kind, ExprKind::GetAttr { .. } | ExprKind::Index { .. }) {
        return Ok(());
    }
    let message = "this key could be a reference or a name with a dot";
    let diagnostic = Diagnostic::error(Code::AMBIGUOUS_KEY, message).at(expr.span, "");
    Err(Box::new(diagnostic.with_help("put a reference in parentheses, a name in quotes")))
}
