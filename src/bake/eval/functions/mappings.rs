//! Functions on maps and objects: go-cty's `function/stdlib/collection.go`.

use std::collections::BTreeMap;

use super::collections::list;
use super::strings::text;
use super::{Ambient, Family, FunctionError, fixed, nullable, param, variadic};
use crate::bake::values::convert::convert;
use crate::bake::values::{MarkedStr, Marks, Name, Type, Value};

pub(super) fn family() -> Family {
    let any = |name| param(name, Type::Dynamic);
    vec![
        ("keys", fixed(vec![any("inputMap")], keys).structural()),
        ("lookup", fixed(vec![any("inputMap"), param("key", Type::String), any("default")], lookup)),
        ("merge", variadic(vec![], nullable("maps", Type::Dynamic), merge).structural()),
        ("values", fixed(vec![any("mapping")], values).structural()),
        ("zipmap", fixed(vec![param("keys", Type::list(Type::String)), any("values")], zipmap)),
    ]
}

fn keys(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let names = |members: &BTreeMap<Name, Value>| {
        members.keys().map(|name| Value::String(MarkedStr::verbatim(name.clone()))).collect::<Vec<_>>()
    };
    match &args[0] {
        Value::Map(_, members, _) => Ok(Value::list(Type::String, names(members))),
        Value::Object(members, _) => Ok(Value::tuple(names(members))),
        _ => Err(FunctionError::argument(0, "must have map or object type")),
    }
}

fn values(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    match &args[0] {
        Value::Map(element, members, _) => {
            Ok(Value::list(element.clone(), members.values().cloned().collect()))
        }
        Value::Object(members, _) => Ok(Value::tuple(members.values().cloned().collect())),
        _ => Err(FunctionError::new("values() requires a map as the first argument")),
    }
}

fn lookup(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let key = text(args, 1)?;
    match &args[0] {
        Value::Map(element, members, _) => {
            let default = convert(&args[2], element).map_err(|_| {
                FunctionError::argument(2, "the default value must have the same type as the map elements")
            })?;
            Ok(members.get(key).cloned().unwrap_or(default))
        }
        Value::Object(members, _) => Ok(members.get(key).unwrap_or(&args[2]).clone()),
        _ => Err(FunctionError::argument(0, "lookup() requires a map as the first argument")),
    }
}

/// A map if all arguments are maps of one type, else an object.
fn merge(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let mut merged = BTreeMap::new();
    let mut types = Vec::with_capacity(args.len());
    let mut of_keys = Marks::default();
    for arg in args {
        let ty = arg.ty();
        let wrong = || FunctionError::new(format!("arguments must be maps or objects, got \"{ty}\""));
        let is_mapping = matches!(ty, Type::Map(_) | Type::Object(_) | Type::Dynamic);
        // Behind a null of no type, cty does not check types, and takes what has no elements, or strings for both.
        match arg.items() {
            _ if is_mapping => {
                let members = arg.members().into_iter().flatten();
                merged.extend(members.map(|(name, value)| (name.clone(), value.clone())));
            }
            _ if !types.contains(&Type::Dynamic) => return Err(wrong()),
            _ if arg.is_null() => {}
            Some([]) => {}
            Some(items) if matches!(&ty, Type::Set(of) if **of == Type::String) => {
                let texts = items.iter().filter_map(|item| Some((item.as_str()?.into(), item.clone())));
                merged.extend(texts);
                of_keys.merge(&arg.marks());
            }
            _ => return Err(wrong()),
        }
        types.push(ty);
    }
    match types.first() {
        Some(first @ Type::Map(element)) if types.iter().all(|ty| ty == first) => {
            Ok(Value::map((**element).clone(), merged))
        }
        _ => Ok(Value::object(merged).marked_itself(&of_keys)),
    }
}

fn zipmap(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (_, keys) = list(args, 0)?;
    let (Value::List(_, values, _) | Value::Tuple(values, _)) = &args[1] else {
        return Err(FunctionError::new("values argument must be a list or tuple value"));
    };
    if keys.len() != values.len() {
        return Err(FunctionError::new(format!(
            "number of keys ({}) does not match number of values ({})",
            keys.len(),
            values.len()
        )));
    }
    let pair = |(index, (key, value)): (usize, (&Value, &Value))| match key {
        Value::String(key) => Ok((key.name().clone(), value.clone())),
        _ => Err(FunctionError::new(format!("keys list has null value at index {index}"))),
    };
    let members = keys.iter().zip(values.iter()).enumerate().map(pair).collect::<Result<_, _>>()?;
    Ok(match &args[1] {
        Value::List(element, _, _) => Value::map(element.clone(), members),
        _ => Value::object(members),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check, check_errors};
    use super::*;

    #[test]
    fn mapping_functions_give_what_buildx_gives() {
        check(&[
            ("keys", r#"[{"b": 1, "a": 2}]"#, r#"["a","b"]"#),
            ("keys", "[{}]", "[]"),
            ("lookup", r#"[{"a": "x"}, "a", "d"]"#, r#""x""#),
            ("lookup", r#"[{"a": "x"}, "b", [1]]"#, "[1]"),
            ("lookup", r#"[{"1": "x"}, 1, "d"]"#, r#""x""#),
            ("merge", "[]", "{}"),
            ("merge", "[null]", "{}"),
            ("merge", r#"[{"a": 1}, {"b": "x"}, {"a": 2}]"#, r#"{"a":2,"b":"x"}"#),
            ("merge", r#"[{"a": 1}, null]"#, r#"{"a":1}"#),
            ("values", r#"[{"b": 1, "a": 2}]"#, "[2,1]"),
            ("values", r#"[{"b": 1, "a": "x"}]"#, r#"["x",1]"#),
            ("zipmap", r#"[["a"], [1]]"#, r#"{"a":1}"#),
            ("zipmap", r#"[["a", "b"], [1, "x"]]"#, r#"{"a":1,"b":"x"}"#),
            ("zipmap", r#"[["a", "a"], [1, 2]]"#, r#"{"a":2}"#),
            ("zipmap", "[[], []]", "{}"),
        ]);
    }

    #[test]
    fn mapping_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("keys", "[[1]]", "must have map or object type"),
            ("lookup", r#"[{}, "a"]"#, "not enough arguments"),
            ("lookup", r#"[[], "a", 1]"#, "requires a map"),
            ("merge", "[[1]]", "arguments must be maps or objects, got \"tuple\""),
            ("values", r#"["a"]"#, "requires a map"),
            ("zipmap", r#"[["a", "b"], [1]]"#, "number of keys (2) does not match number of values (1)"),
            ("zipmap", r#"[["a"], {"a": 1}]"#, "values argument must be a list or tuple value"),
            ("zipmap", "[[null], [1]]", "keys list has null value at index 0"),
        ]);
    }

    #[test]
    fn maps_stay_maps() {
        let members = |text: &str| [("a".into(), Value::string(text))].into();
        let map = Value::map(Type::String, members("x"));
        let numbers = Value::map(Type::Number, BTreeMap::new());
        let merged = |args: &[Value]| {
            let ambient = super::super::testing::ambient();
            merge(&ambient, args).map(|value| value.ty())
        };
        assert_eq!(merged(&[map.clone(), map.clone()]), Ok(map.ty()));
        let object = Value::object(members("x")).ty();
        assert_eq!(merged(&[map.clone(), numbers]), Ok(object.clone()));
        assert_eq!(merged(&[map, Value::null(Type::Dynamic)]), Ok(object));
        let zipped = call("zipmap", r#"[["a"], ["x"]]"#);
        assert_eq!(zipped, Ok(Value::object(members("x"))));
    }
}
