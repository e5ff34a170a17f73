//! Applies operators, indexes and attribute access to values; no scopes, no syntax.

use crate::bake::text::syntax::{BinaryOp, UnaryOp};
use crate::bake::values::convert::{ConvertError, convert, equals};
use crate::bake::values::{ArithmeticError, Number, Type, Value};

/// Why an operator could not be applied.
#[derive(Debug)]
pub(super) enum OperatorError {
    /// An operand does not convert; `true` for the right one.
    Operand(bool, ConvertError),
    /// The operation itself is impossible.
    Operation(String),
    /// Its result is beyond a limit of ours.
    Limit(String),
}

impl From<ArithmeticError> for OperatorError {
    fn from(error: ArithmeticError) -> Self {
        match error {
            ArithmeticError::OutOfRange => Self::Limit(error.to_string()),
            ArithmeticError::OpposingInfinities
            | ArithmeticError::InfinityMinusInfinity
            | ArithmeticError::ZeroTimesInfinity
            | ArithmeticError::IndeterminateQuotient
            | ArithmeticError::InfiniteModulo => Self::Operation(error.to_string()),
        }
    }
}

/// The type that an operator wants of both operands.
pub(super) fn operand_type(op: BinaryOp) -> Type {
    match op {
        BinaryOp::Or | BinaryOp::And => Type::Bool,
        BinaryOp::Equal | BinaryOp::NotEqual => Type::Dynamic,
        _ => Type::Number,
    }
}

/// The type of what an operator with one operand gives.
pub(super) fn unary_type(op: UnaryOp) -> Type {
    match op {
        UnaryOp::Not => Type::Bool,
        UnaryOp::Negate => Type::Number,
    }
}

/// The type of what an operator with two operands gives.
pub(super) fn binary_type(op: BinaryOp) -> Type {
    match op {
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            Type::Number
        }
        _ => Type::Bool,
    }
}

/// `left op right`, for every operator but `&&` and `||`, which look at failures too: see [`logical`].
pub(super) fn binary(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, OperatorError> {
    let result = operate(op, left, right)?;
    Ok(match result {
        Value::Bool(..) => result.depending_on([left, right]),
        _ => computed(result, &[left, right]),
    })
}

fn operate(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, OperatorError> {
    let ty = operand_type(op);
    let left = convert(left, &ty).map_err(|e| OperatorError::Operand(false, e))?;
    let right = convert(right, &ty).map_err(|e| OperatorError::Operand(true, e))?;
    match op {
        BinaryOp::Equal => return Ok(Value::from(equals(&left, &right))),
        BinaryOp::NotEqual => return Ok(Value::from(!equals(&left, &right))),
        _ => {}
    }
    let (Value::Number(a, _), Value::Number(b, _)) = (&left, &right) else {
        return Err(OperatorError::Operation("argument must not be null".into()));
    };
    Ok(match op {
        BinaryOp::Less => Value::from(a < b),
        BinaryOp::LessEqual => Value::from(a <= b),
        BinaryOp::Greater => Value::from(a > b),
        BinaryOp::GreaterEqual => Value::from(a >= b),
        BinaryOp::Add => a.add(b)?.into(),
        BinaryOp::Subtract => a.sub(b)?.into(),
        BinaryOp::Multiply => a.mul(b)?.into(),
        BinaryOp::Divide => a.div(b)?.into(),
        BinaryOp::Modulo => a.rem(b)?.into(),
        BinaryOp::Or | BinaryOp::And | BinaryOp::Equal | BinaryOp::NotEqual => {
            unreachable!("handled by the caller or above")
        }
    })
}

/// A number that is computed from others.
fn computed(result: Value, operands: &[&Value]) -> Value {
    let marks = operands.iter().map(|operand| operand.marks().of_arithmetic());
    marks.fold(result, |result, marks| result.marked(&marks))
}

/// `&&` and `||`: either operand can decide alone, whatever the other one is, even if it failed
/// (<https://github.com/hashicorp/hcl/blob/main/hclsyntax/expression_ops.go>). `None` for an operand that failed.
/// The answer `Ok(None)` means that the failure stands.
pub(super) fn logical(
    op: BinaryOp,
    left: Option<&Value>,
    right: Option<&Value>,
) -> Result<Option<bool>, OperatorError> {
    let bool_of = |value: Option<&Value>, is_right| match value.map(|v| convert(v, &Type::Bool)) {
        None => Ok(None),
        Some(Ok(Value::Bool(known, _))) => Ok(Some(Some(known))),
        Some(Ok(_)) => Ok(Some(None)),
        Some(Err(e)) => Err(OperatorError::Operand(is_right, e)),
    };
    let (left, right) = (bool_of(left, false)?, bool_of(right, true)?);
    // A null counts as false where a false decides: cty's `Value.False` is "not equal to true".
    let decisive = |operand: Option<Option<bool>>| match op {
        BinaryOp::Or => operand == Some(Some(true)),
        _ => operand.is_some_and(|known| known != Some(true)),
    };
    if decisive(left) || decisive(right) {
        return Ok(Some(op == BinaryOp::Or));
    }
    match (left, right) {
        (Some(Some(_)), Some(Some(_))) => Ok(Some(op == BinaryOp::And)),
        (Some(_), Some(_)) => Err(OperatorError::Operation("argument must not be null".into())),
        _ => Ok(None),
    }
}

/// `!value`
pub(super) fn not(value: &Value) -> Result<Value, OperatorError> {
    match convert(value, &Type::Bool).map_err(|e| OperatorError::Operand(true, e))? {
        Value::Bool(known, _) => Ok(Value::from(!known).made_of([value])),
        _ => Err(OperatorError::Operation("argument must not be null".into())),
    }
}

/// `-value`
pub(super) fn negate(value: &Value) -> Result<Value, OperatorError> {
    match convert(value, &Type::Number).map_err(|e| OperatorError::Operand(true, e))? {
        Value::Number(number, _) => Ok(computed(Value::from(number.neg()), &[value])),
        _ => Err(OperatorError::Operation("argument must not be null".into())),
    }
}

/// `collection[key]`; the error says what is wrong.
pub(super) fn index(collection: &Value, key: &Value) -> Result<Value, String> {
    let mut marks = key.marks().of_choice();
    marks.merge(&collection.own_marks().of_answer());
    Ok(part(collection, key)?.marked(&marks))
}

fn part(collection: &Value, key: &Value) -> Result<Value, String> {
    if collection.is_null() {
        return Err("this value is null, so it has no elements".into());
    }
    if key.is_null() {
        return Err("null cannot be used as an index".into());
    }
    let misfit = |e: ConvertError| format!("this index does not fit the collection: {e}");
    match collection {
        Value::List(_, items, _) | Value::Tuple(items, _) => {
            let Value::Number(number, _) = convert(key, &Type::Number).map_err(misfit)? else {
                return Err("a number is required as index".into());
            };
            element(items, &number)
        }
        Value::Map(_, members, _) | Value::Object(members, _) => {
            let key = convert(key, &Type::String).map_err(misfit)?;
            let name = key.as_str().unwrap_or_default();
            members.get(name).cloned().ok_or_else(|| no_member(name, members.keys().map(|k| &**k)))
        }
        Value::Set(..) => Err("the elements of a set have no index; use a `for` expression".into()),
        other => Err(format!("{} has no elements to index", other.kind())),
    }
}

fn element(items: &[Value], number: &Number) -> Result<Value, String> {
    if !number.is_integer() {
        return Err(format!("the index {number} is not a whole number"));
    }
    if number.is_negative() && !number.is_zero() {
        return Err(format!("the index {number} is negative; elements are counted from 0"));
    }
    let at = number.to_usize().filter(|at| *at < items.len());
    at.map(|at| items[at].clone()).ok_or_else(|| {
        let count = match items.len() {
            0 => "there are no elements".to_owned(),
            1 => "there is 1 element".to_owned(),
            count => format!("there are {count} elements"),
        };
        format!("the index {number} is beyond the end: {count}, counted from 0")
    })
}

/// `object.name`; the error says what is wrong.
pub(super) fn attribute(object: &Value, name: &str) -> Result<Value, String> {
    Ok(member(object, name)?.marked(&object.own_marks().of_answer()))
}

fn member(object: &Value, name: &str) -> Result<Value, String> {
    match object {
        Value::Null(_, _) => Err(format!("this value is null, so it has no attribute `{name}`")),
        Value::Map(_, members, _) | Value::Object(members, _) => {
            members.get(name).cloned().ok_or_else(|| no_member(name, members.keys().map(|k| &**k)))
        }
        Value::List(..) | Value::Set(..) | Value::Tuple(..) => Err(format!(
            "{} has no attribute `{name}`; use `[*].{name}` for all elements, or an index for one",
            object.kind()
        )),
        other => Err(format!("{} has no attributes, so no `{name}`", other.kind())),
    }
}

fn no_member<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match crate::diagnostic::suggest(name, known) {
        Some(near) => format!("there is no element `{name}`; did you mean `{near}`?"),
        None => format!("there is no element `{name}`"),
    }
}
