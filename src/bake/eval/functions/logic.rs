//! Functions on truth values, and comparisons: go-cty's `function/stdlib/{bool,general,number}.go`.

use std::cmp::Ordering;

use super::numbers::number;
use super::{Ambient, Family, FunctionError, fixed, nullable, param, variadic};
use crate::bake::values::convert::{convert, equals, unify};
use crate::bake::values::{Type, Value};

pub(super) fn family() -> Family {
    let logic = |call| fixed(vec![param("a", Type::Bool), param("b", Type::Bool)], call);
    let numbers = |call| fixed(vec![param("a", Type::Number), param("b", Type::Number)], call);
    let any = |call| fixed(vec![nullable("a", Type::Dynamic), nullable("b", Type::Dynamic)], call);
    vec![
        ("and", logic(|_, args| Ok((truth(args, 0)? && truth(args, 1)?).into()))),
        ("coalesce", variadic(vec![], nullable("vals", Type::Dynamic), coalesce).choosing(first_given)),
        ("equal", any(|_, args| Ok(equals(&args[0], &args[1]).into()))),
        ("greaterthan", numbers(|_, args| compare(args, Ordering::is_gt))),
        ("greaterthanorequalto", numbers(|_, args| compare(args, Ordering::is_ge))),
        ("lessthan", numbers(|_, args| compare(args, Ordering::is_lt))),
        ("lessthanorequalto", numbers(|_, args| compare(args, Ordering::is_le))),
        ("not", fixed(vec![param("val", Type::Bool)], |_, args| Ok((!truth(args, 0)?).into()))),
        ("notequal", any(|_, args| Ok((!equals(&args[0], &args[1])).into()))),
        ("or", logic(|_, args| Ok((truth(args, 0)? || truth(args, 1)?).into()))),
    ]
}

fn truth(args: &[Value], index: usize) -> Result<bool, FunctionError> {
    match args.get(index) {
        Some(Value::Bool(value, _)) => Ok(*value),
        _ => Err(FunctionError::argument(index, "a bool is required")),
    }
}

fn compare(args: &[Value], holds: fn(Ordering) -> bool) -> Result<Value, FunctionError> {
    Ok(holds(number(args, 0)?.cmp(number(args, 1)?)).into())
}

fn first_given(args: &[Value]) -> Option<usize> {
    args.iter().position(|value| !value.is_null())
}

fn coalesce(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    let ty = unify(&types).ok_or_else(|| FunctionError::new("all arguments must have the same type"))?;
    match first_given(args) {
        Some(index) => convert(&args[index], &ty).map_err(|e| FunctionError::argument(index, e.to_string())),
        None => Err(FunctionError::new("no non-null arguments")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_errors};

    #[test]
    fn logic_functions_give_what_buildx_gives() {
        check(&[
            ("and", r#"["true", true]"#, "true"),
            ("and", "[true, false]", "false"),
            ("coalesce", r#"[null, "a", "b"]"#, r#""a""#),
            ("coalesce", r#"["", "b"]"#, r#""""#),
            ("coalesce", r#"[1, "b"]"#, r#""1""#),
            ("coalesce", "[null, [1], [true]]", "[1]"),
            ("equal", r#"[["a"], ["a"]]"#, "true"),
            ("equal", "[null, null]", "true"),
            ("equal", r#"[1, "1"]"#, "false"),
            ("greaterthan", "[2, 2]", "false"),
            ("greaterthanorequalto", "[2, 2]", "true"),
            ("lessthan", "[1, 2]", "true"),
            ("lessthan", r#"["9", "10"]"#, "true"),
            ("lessthanorequalto", "[2, 2]", "true"),
            ("not", "[true]", "false"),
            ("not", r#"["false"]"#, "true"),
            ("notequal", "[1, 2]", "true"),
            ("notequal", "[null, 2]", "true"),
            ("or", "[false, true]", "true"),
        ]);
    }

    #[test]
    fn logic_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("and", "[1, true]", "bool required, but have number"),
            ("and", "[null, true]", "must not be null"),
            ("coalesce", "[]", "all arguments must have the same type"),
            ("coalesce", "[1, true]", "all arguments must have the same type"),
            ("coalesce", "[null]", "no non-null arguments"),
            ("lessthan", r#"["a", "b"]"#, "a number is required"),
            ("not", r#"["yes"]"#, "a bool is required"),
        ]);
    }
}
