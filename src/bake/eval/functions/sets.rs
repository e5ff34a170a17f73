//! Functions on sets: go-cty's `function/stdlib/set.go`, and `setproduct` from its `collection.go`.

use super::strings::check_items;
use super::{Ambient, Family, Function, FunctionError, Implementation, fixed, param, variadic};
use crate::bake::values::convert::{alike, convert, unify};
use crate::bake::values::{Type, Value};

pub(super) fn family() -> Family {
    let set = |name| param(name, Type::set(Type::Dynamic));
    let sets = |call: Implementation| variadic(vec![set("first_set")], set("other_sets"), call);
    let product: Function = variadic(vec![], param("sets", Type::Dynamic), product);
    vec![
        ("sethaselement", fixed(vec![set("set"), param("elem", Type::Dynamic)], has_element)),
        ("setintersection", sets(|_, args| fold(args, intersection))),
        ("setproduct", product),
        ("setsubtract", fixed(vec![set("a"), set("b")], |_, args| fold(args, difference))),
        ("setsymmetricdifference", sets(|_, args| fold(args, symmetric_difference))),
        ("setunion", sets(|_, args| fold(args, union))),
    ]
}

fn set(args: &[Value], index: usize) -> Result<(&Type, &[Value]), FunctionError> {
    match args.get(index) {
        Some(Value::Set(element, items, _)) => Ok((element, items)),
        _ => Err(FunctionError::argument(index, "a set is required")),
    }
}

fn has(items: &[Value], wanted: &Value) -> bool {
    items.binary_search_by(|item| item.set_order(wanted)).is_ok()
}

fn has_element(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (element, items) = set(args, 0)?;
    Ok((args[1].ty() == *element && has(items, &args[1])).into())
}

/// Brings all sets to one type and combines the first with each other one.
fn fold(args: &[Value], combine: fn(&[Value], &[Value]) -> Vec<Value>) -> Result<Value, FunctionError> {
    let mut types = Vec::with_capacity(args.len());
    for index in 0..args.len() {
        let (element, items) = set(args, index)?;
        if !(items.is_empty() && *element == Type::Dynamic) {
            types.push(element.clone());
        }
    }
    let incompatible = || FunctionError::new("given sets must all have compatible element types");
    let ty =
        Type::set(if types.is_empty() { Type::Dynamic } else { unify(&types).ok_or_else(incompatible)? });
    let mut result: Option<Value> = None;
    for (index, arg) in args.iter().enumerate() {
        let next = convert(arg, &ty).map_err(|e| FunctionError::argument(index, e.to_string()))?;
        result = Some(match (&result, &next) {
            (Some(Value::Set(element, so_far, _)), Value::Set(other, items, _)) if element == other => {
                Value::set(element.clone(), combine(so_far, items))
            }
            (None, _) => next,
            _ => return Err(incompatible()),
        });
    }
    let result = result.ok_or_else(incompatible)?;
    check_items(result.items().map_or(0, <[Value]>::len))?;
    Ok(result)
}

fn union(a: &[Value], b: &[Value]) -> Vec<Value> {
    [a, b].concat()
}

fn intersection(a: &[Value], b: &[Value]) -> Vec<Value> {
    a.iter().filter(|item| has(b, item)).cloned().collect()
}

fn difference(a: &[Value], b: &[Value]) -> Vec<Value> {
    a.iter().filter(|item| !has(b, item)).cloned().collect()
}

fn symmetric_difference(a: &[Value], b: &[Value]) -> Vec<Value> {
    [difference(a, b), difference(b, a)].concat()
}

/// Every combination of one item of each argument: a list if all are lists or tuples, else a set.
fn product(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    if args.len() < 2 {
        return Err(FunctionError::new("at least two arguments are required"));
    }
    let mut elements = Vec::with_capacity(args.len());
    let mut axes = Vec::with_capacity(args.len());
    let mut count = 1_usize;
    for (index, arg) in args.iter().enumerate() {
        let (element, items) = axis(arg).map_err(|message| FunctionError::argument(index, message))?;
        count = count.saturating_mul(items.len());
        elements.push(element);
        axes.push(items);
    }
    check_items(count.saturating_mul(args.len()))?;
    let mut rows: Vec<Vec<Value>> = if count == 0 { Vec::new() } else { vec![Vec::new()] };
    for axis in axes {
        if rows.is_empty() {
            break;
        }
        let longer = |row: &Vec<Value>, item: &Value| [row.as_slice(), std::slice::from_ref(item)].concat();
        rows = rows.iter().flat_map(|row| axis.iter().map(move |item| longer(row, item))).collect();
    }
    let rows = rows.into_iter().map(Value::tuple).collect();
    let (row, rows) = alike(rows, Type::Tuple(elements.into()))
        .ok_or_else(|| FunctionError::new("all elements must be of the same type"))?;
    if args.iter().any(|arg| matches!(arg, Value::Set(..))) {
        return Ok(Value::set(row, rows));
    }
    Ok(Value::list(row, rows))
}

/// The items of one factor, all of one type.
fn axis(arg: &Value) -> Result<(Type, Vec<Value>), String> {
    match arg {
        Value::Set(element, items, _) | Value::List(element, items, _) => {
            Ok((element.clone(), items.to_vec()))
        }
        Value::Tuple(items, _) if items.is_empty() => Ok((Type::Dynamic, Vec::new())),
        Value::Tuple(items, _) => {
            let types: Vec<Type> = items.iter().map(Value::ty).collect();
            let element = unify(&types).ok_or("all elements must be of the same type")?;
            let convert_item = |item| convert(item, &element).map_err(|e| e.to_string());
            let items = items.iter().map(convert_item).collect::<Result<_, _>>()?;
            Ok((element, items))
        }
        _ => Err("a set or a list is required".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ambient, call, check, check_errors};
    use super::*;

    #[test]
    fn set_functions_give_what_buildx_gives() {
        check(&[
            ("sethaselement", r#"[["a"], "a"]"#, "true"),
            ("sethaselement", r#"[["1"], 1]"#, "false"),
            ("sethaselement", r#"[[], "a"]"#, "false"),
            ("setintersection", r#"[["a", "b"], ["b", "c"], ["b"]]"#, r#"["b"]"#),
            ("setproduct", r#"[["a", "b"], ["x", "y"]]"#, r#"[["a","x"],["a","y"],["b","x"],["b","y"]]"#),
            ("setproduct", r#"[["a"], [1]]"#, r#"[["a",1]]"#),
            (
                "setproduct",
                r#"[["a", 1], [true], [2, 3]]"#,
                r#"[["a",true,2],["a",true,3],["1",true,2],["1",true,3]]"#,
            ),
            ("setproduct", r#"[["a"], []]"#, "[]"),
            ("setsubtract", r#"[["a", "b"], ["b"]]"#, r#"["a"]"#),
            ("setsymmetricdifference", r#"[["a", "b"], ["b", "c"]]"#, r#"["a","c"]"#),
            ("setunion", r#"[["b"], ["a"]]"#, r#"["a","b"]"#),
            ("setunion", r#"[[10, 9], ["a"]]"#, r#"["10","9","a"]"#),
            ("setunion", "[[10, 9], []]", "[9,10]"),
            ("setunion", "[[], []]", "[]"),
            ("setunion", r#"[[[10], [9]], [[10]]]"#, "[[10],[9]]"),
        ]);
    }

    #[test]
    fn set_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("setproduct", r#"[["a"]]"#, "at least two arguments are required"),
            ("setproduct", r#"[["a"], "b"]"#, "a set or a list is required"),
            ("setproduct", r#"[["a"], [1, true]]"#, "all elements must be of the same type"),
            ("setunion", r#"[["a"], "b"]"#, "required, but have string"),
            ("setunion", "[[1], [true]]", "given sets must all have compatible element types"),
            ("sethaselement", r#"[["a"], null]"#, "must not be null"),
        ]);
    }

    #[test]
    fn a_product_with_a_set_is_a_set() {
        let set = call("setunion", "[[10, 9], []]").expect("a set");
        let list = Value::tuple(vec![Value::string("b"), Value::string("a")]);
        let product = product(&ambient(), &[set, list]).expect("a product");
        let mut json = String::new();
        super::super::json::write_json(&product, &mut json).expect("finite");
        assert_eq!(json, r#"[[10,"a"],[10,"b"],[9,"a"],[9,"b"]]"#);
        assert!(matches!(product, Value::Set(..)));
    }

    #[test]
    fn a_product_is_bounded() {
        let thousand = format!("[{}0]", "0,".repeat(999));
        check_errors(&[("setproduct", &format!("[{thousand},{thousand},{thousand}]"), "values")]);
    }
}
