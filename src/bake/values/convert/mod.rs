//! Conversion between types, and finding one type for several values: cty's `convert` package
//! (<https://github.com/zclconf/go-cty/tree/main/cty/convert>).

mod mismatch;
mod unify;

use std::collections::BTreeMap;
use std::sync::Arc;

use mismatch::mismatch;
pub(crate) use unify::unify;
use unify::{is_convertible, mapping_element, sequence_element, unify_all};

use super::kept;
use super::number::Number;
use super::value::{ObjectType, Type, Value};
use crate::bake::values::Marks;
use crate::bake::values::Name;

/// Why a value does not fit a type, in words that follow "inappropriate value: ".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ConvertError {
    message: String,
    /// Whether it is a limit of ours, which Bake does not have.
    pub is_ours: bool,
}

impl ConvertError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_ours: false }
    }

    fn within(self, place: &str) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }

    fn in_element(self, index: usize) -> Self {
        self.within(&format!("element {index}"))
    }

    fn in_key(self, key: &str) -> Self {
        self.within(&format!("element {key:?}"))
    }

    fn in_attribute(self, name: &str) -> Self {
        self.within(&format!("attribute {name:?}"))
    }
}

/// Converts a value to a type, as cty's unsafe conversion does (`"12"` is a number, `1` is a string).
///
/// Elements of type [`Type::Dynamic`] are unified: `[1, "a"]` as `list(any)` is a list of strings. Optional attributes
/// that are missing become null, attributes that the type does not have are dropped, and null becomes null of the type.
///
/// # Errors
/// What is required, such as `string required, but have tuple`, after the path of the element at fault.
pub(crate) fn convert(value: &Value, ty: &Type) -> Result<Value, ConvertError> {
    match (value, ty) {
        (_, Type::Dynamic)
        | (Value::Bool(_, _), Type::Bool)
        | (Value::Number(_, _), Type::Number)
        | (Value::String(_), Type::String) => return Ok(value.clone()),
        _ => {}
    }
    let from = value.ty();
    if from == without_optional(ty) {
        return Ok(value.clone());
    }
    if !is_convertible(&from, ty) {
        return Err(ConvertError::new(mismatch(&from, ty)));
    }
    apply(value, ty)
}

/// What the function `convert` returns: the value converted to the exact type that [`convert`] finds. So attributes
/// must not be missing, even where the constraint has them optional
/// (<https://github.com/hashicorp/hcl/blob/main/ext/typeexpr/type_type.go>).
///
/// # Errors
/// As [`convert`].
pub(crate) fn convert_function(value: &Value, ty: &Type) -> Result<Value, ConvertError> {
    convert(value, &convert(value, ty)?.ty())
}

/// Whether two values are equal in the sense of the `==` operator: cty's `Equals`. Values of different types are
/// unequal (`1 == "1"`, a list and a tuple), except that null equals null of any type.
#[must_use]
pub(crate) fn equals(a: &Value, b: &Value) -> bool {
    (a.is_null() && b.is_null()) || a == b
}

/// The type without the marks of optional attributes, which only constraints have.
fn without_optional(ty: &Type) -> Type {
    match ty {
        Type::Dynamic | Type::Bool | Type::Number | Type::String => ty.clone(),
        Type::List(element) => Type::list(without_optional(element)),
        Type::Set(element) => Type::set(without_optional(element)),
        Type::Map(element) => Type::map(without_optional(element)),
        Type::Tuple(elements) => Type::Tuple(elements.iter().map(without_optional).collect()),
        Type::Object(object) => Type::object(
            object.attributes.iter().map(|(name, ty)| (Arc::clone(name), without_optional(ty))).collect(),
        ),
    }
}

/// Converts a value whose type is convertible.
fn apply(value: &Value, to: &Type) -> Result<Value, ConvertError> {
    Ok(converted(value, to)?.marked_itself(value.own_marks()))
}

/// The same, without the marks of the value itself.
fn converted(value: &Value, to: &Type) -> Result<Value, ConvertError> {
    let mismatched = || ConvertError::new(mismatch(&value.ty(), to));
    match (value, to) {
        (_, Type::Dynamic) => Ok(value.clone()),
        (Value::Null(from, _), _) => Ok(Value::null(replace_dynamic(from, &without_optional(to)))),
        (_, Type::Bool | Type::Number | Type::String) => {
            primitive(value, to).unwrap_or_else(|| Err(mismatched()))
        }
        (Value::Object(members, _), Type::Object(to)) => object_from(members, to, ConvertError::in_attribute),
        (Value::Map(element, members, _), Type::Object(to)) => {
            let misfit = members.keys().find_map(|name| {
                let ty = to.attributes.get(name).filter(|ty| !is_convertible(element, ty))?;
                Some(format!(
                    "map element type is incompatible with attribute {name:?}: {}",
                    mismatch(element, ty)
                ))
            });
            match misfit {
                Some(message) => Err(ConvertError::new(message)),
                None => object_from(members, to, ConvertError::in_key),
            }
        }
        (Value::Tuple(items, _), Type::Tuple(to)) if items.len() == to.len() => {
            let items = items.iter().zip(to.iter()).enumerate();
            let converted = items.map(|(i, (item, ty))| apply(item, ty).map_err(|e| e.in_element(i)));
            Ok(Value::tuple(converted.collect::<Result<_, _>>()?))
        }
        (Value::Tuple(items, _), Type::List(wanted)) => {
            let element = tuple_element(items, wanted).ok_or_else(mismatched)?;
            let items = apply_each(items, &element)?;
            let element = if items.is_empty() { without_optional(&element) } else { common_type(&items)? };
            let (element, items) =
                alike(apply_each(&items, &element)?, element).ok_or_else(|| unlike("element", "list"))?;
            Ok(Value::list(element, items))
        }
        (Value::Tuple(items, _), Type::Set(wanted)) => {
            known(value)?;
            let element = tuple_element(items, wanted).ok_or_else(mismatched)?;
            let (element, items) = alike(apply_each(items, &element)?, without_optional(&element))
                .ok_or_else(|| unlike("element", "set"))?;
            Ok(Value::set(element, items))
        }
        (Value::List(from, items, _) | Value::Set(from, items, _), Type::List(wanted)) => {
            let (element, items) = alike(apply_each(items, wanted)?, empty_element(from, wanted))
                .ok_or_else(|| unlike("element", "list"))?;
            Ok(Value::list(element, items))
        }
        (Value::List(from, items, _) | Value::Set(from, items, _), Type::Set(wanted)) => {
            known(value)?;
            let (element, items) = alike(apply_each(items, wanted)?, empty_element(from, wanted))
                .ok_or_else(|| unlike("element", "set"))?;
            Ok(Value::set(element, items))
        }
        (Value::Map(from, members, _), Type::Map(wanted)) => {
            mapping(members, wanted, empty_element(from, wanted), "element")
        }
        (Value::Object(members, _), Type::Map(wanted)) => {
            let Type::Object(from) = value.ty() else { return Err(mismatched()) };
            let element = mapping_element(&from, wanted).ok_or_else(mismatched)?;
            mapping(members, &element, without_optional(wanted), "attribute")
        }
        _ => Err(mismatched()),
    }
}

/// Fails for what has no value yet: it can be read neither as a number or bool, nor sorted into a set.
fn known(value: &Value) -> Result<(), ConvertError> {
    match kept::variable_of(value) {
        Some(name) => {
            Err(ConvertError::new(format!("`{name}` is left to the build, so its value is unknown")))
        }
        None => Ok(()),
    }
}

fn primitive(value: &Value, to: &Type) -> Option<Result<Value, ConvertError>> {
    if let (Type::Number | Type::Bool, Err(error)) = (to, known(value)) {
        return Some(Err(error));
    }
    Some(Ok(match (value, to) {
        (Value::Bool(_, _), Type::Bool)
        | (Value::Number(_, _), Type::Number)
        | (Value::String(_), Type::String) => value.clone(),
        (Value::Bool(value, _), Type::String) => Value::string(if *value { "true" } else { "false" }),
        (Value::Number(value, _), Type::String) => Value::string(value.to_string()),
        (Value::String(text), Type::Number) => match Number::parse(text.as_str()) {
            Some(number) => {
                let marks = Marks::of_number(&number, text.as_str());
                Value::Number(number, marks)
            }
            None if Number::is_out_of_range(text.as_str()) => {
                let message = "this number is too large, too small or too long".to_owned();
                return Some(Err(ConvertError { message, is_ours: true }));
            }
            None => return Some(Err(ConvertError::new("a number is required"))),
        },
        (Value::String(text), Type::Bool) => match text.as_str() {
            "true" | "1" => Value::from(true),
            "false" | "0" => Value::from(false),
            text => {
                let hint = ["true", "false"].into_iter().find(|word| text.eq_ignore_ascii_case(word));
                return Some(Err(ConvertError::new(match hint {
                    Some(word) => {
                        format!("a bool is required; to convert from string, use lowercase \"{word}\"")
                    }
                    None => "a bool is required".to_owned(),
                })));
            }
        },
        _ => return None,
    }))
}

fn object_from(
    members: &BTreeMap<Name, Value>,
    to: &ObjectType,
    place: fn(ConvertError, &str) -> ConvertError,
) -> Result<Value, ConvertError> {
    let attribute = |(name, ty): (&Name, &Type)| {
        let value = match members.get(name) {
            Some(value) => apply(value, ty).map_err(|e| place(e, name))?,
            None if to.optional.contains(name) => Value::null(without_optional(ty)),
            None => {
                return Err(ConvertError::new(format!("map has no element for required attribute {name:?}")));
            }
        };
        Ok((Arc::clone(name), value))
    };
    Ok(Value::object(to.attributes.iter().map(attribute).collect::<Result<_, _>>()?))
}

fn tuple_element(items: &[Value], wanted: &Type) -> Option<Type> {
    match wanted {
        Type::Dynamic => sequence_element(&items.iter().map(Value::ty).collect::<Vec<_>>(), wanted),
        _ => Some(wanted.clone()),
    }
}

fn common_type(values: &[Value]) -> Result<Type, ConvertError> {
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    unify(&types).ok_or_else(|| ConvertError::new("cannot find a common base type for all elements"))
}

fn apply_each(items: &[Value], to: &Type) -> Result<Vec<Value>, ConvertError> {
    items.iter().enumerate().map(|(i, item)| apply(item, to).map_err(|e| e.in_element(i))).collect()
}

fn mapping(
    members: &BTreeMap<Name, Value>,
    wanted: &Type,
    empty: Type,
    noun: &str,
) -> Result<Value, ConvertError> {
    let convert_each = |values: Vec<&Value>, to: &Type| {
        let converted = members.keys().zip(values).map(|(k, v)| apply(v, to).map_err(|e| e.in_key(k)));
        converted.collect::<Result<Vec<_>, _>>()
    };
    let mut values = convert_each(members.values().collect(), wanted)?;
    if matches!(wanted, Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Object(_)) && !values.is_empty() {
        let element = common_type(&values)?;
        values = convert_each(values.iter().collect(), &element)?;
    }
    let (element, values) = alike(values, empty).ok_or_else(|| unlike(noun, "map"))?;
    Ok(Value::map(element, members.keys().cloned().zip(values).collect()))
}

fn empty_element(from: &Type, wanted: &Type) -> Type {
    match wanted {
        Type::Dynamic => from.clone(),
        _ => without_optional(wanted),
    }
}

fn unlike(noun: &str, collection: &str) -> ConvertError {
    ConvertError::new(format!("{noun} types must all match for conversion to {collection}"))
}

/// The one type of all items, which nulls of unknown type are given; `None` if there are several. `empty` is the type
/// if there are no items.
pub(crate) fn alike(items: Vec<Value>, empty: Type) -> Option<(Type, Vec<Value>)> {
    let Some(first) = items.first() else { return Some((empty, items)) };
    let untyped = |item: &Value| matches!(item, Value::Null(Type::Dynamic, _));
    let element = items.iter().find(|item| !untyped(item)).unwrap_or(first).ty();
    let fit = |item: Value| match item {
        Value::Null(Type::Dynamic, marks) => Some(Value::Null(element.clone(), marks)),
        item => (item.ty() == element).then_some(item),
    };
    let items = items.into_iter().map(fit).collect::<Option<_>>()?;
    Some((element, items))
}

/// `out` with each dynamic part replaced by what `from` has in its place.
fn replace_dynamic(from: &Type, out: &Type) -> Type {
    let element = |from: Option<Type>, out: &Type| match from {
        Some(from) => replace_dynamic(&from, out),
        None => out.clone(),
    };
    match (from, out) {
        (Type::Dynamic, _) => out.clone(),
        (_, Type::Dynamic) => from.clone(),
        (Type::Map(from), Type::Map(out)) => Type::map(replace_dynamic(from, out)),
        (Type::Object(from), Type::Map(out)) => Type::map(element(unify_all(from.attributes.values()), out)),
        (_, Type::Object(object)) => {
            let attribute = |(name, out): (&Name, &Type)| {
                let from = match from {
                    Type::Map(element) => Some(&**element),
                    Type::Object(from) => from.attributes.get(name),
                    _ => None,
                };
                (Arc::clone(name), from.map_or_else(|| out.clone(), |from| replace_dynamic(from, out)))
            };
            Type::object(object.attributes.iter().map(attribute).collect())
        }
        (Type::List(from) | Type::Set(from), Type::Set(out)) => Type::set(replace_dynamic(from, out)),
        (Type::List(from) | Type::Set(from), Type::List(out)) => Type::list(replace_dynamic(from, out)),
        (Type::Tuple(from), Type::Set(out)) => Type::set(element(unify(from), out)),
        (Type::Tuple(from), Type::List(out)) => Type::list(element(unify(from), out)),
        (Type::Tuple(from), Type::Tuple(out)) if from.len() == out.len() => {
            Type::Tuple(from.iter().zip(out.iter()).map(|(from, out)| replace_dynamic(from, out)).collect())
        }
        _ => out.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::values::marks::Mark;

    fn string(text: &str) -> Value {
        Value::string(text)
    }

    fn number(text: &str) -> Value {
        Value::from(Number::parse(text).expect("a number"))
    }

    fn members(of: &[(&str, Value)]) -> BTreeMap<Name, Value> {
        of.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
    }

    fn object(of: &[(&str, Value)]) -> Value {
        Value::object(members(of))
    }

    fn tuple(items: &[Value]) -> Value {
        Value::tuple(items.to_vec())
    }

    fn null() -> Value {
        Value::null(Type::Dynamic)
    }

    /// `object({a = a, b = optional(b)})`
    fn constraint(a: Type, b: Type) -> Type {
        Type::Object(Arc::new(ObjectType {
            attributes: [("a".into(), a), ("b".into(), b)].into(),
            optional: ["b".into()].into(),
        }))
    }

    #[track_caller]
    fn converts(value: &Value, ty: &Type, expected: &Value) {
        assert_eq!(convert(value, ty).as_ref(), Ok(expected), "{value:?} to {ty}");
    }

    #[track_caller]
    fn refuses(value: &Value, ty: &Type, expected: &str) {
        assert_eq!(convert(value, ty), Err(ConvertError::new(expected)), "{value:?} to {ty}");
    }

    #[test]
    fn primitive_values() {
        converts(&string("12"), &Type::Number, &number("12"));
        converts(&number("1.50"), &Type::String, &string("1.5"));
        converts(&number("1e21"), &Type::String, &string("1000000000000000000000"));
        converts(&Value::from(true), &Type::String, &string("true"));
        for (text, value) in [("true", true), ("1", true), ("false", false), ("0", false)] {
            converts(&string(text), &Type::Bool, &Value::from(value));
        }
        refuses(&string("x"), &Type::Number, "a number is required");
        refuses(&string("yes"), &Type::Bool, "a bool is required");
        refuses(
            &string("True"),
            &Type::Bool,
            "a bool is required; to convert from string, use lowercase \"true\"",
        );
        refuses(&number("1"), &Type::Bool, "bool required, but have number");
        refuses(&Value::from(true), &Type::Number, "number required, but have bool");
        refuses(&tuple(&[]), &Type::String, "string required, but have tuple");
        refuses(&object(&[]), &Type::Number, "number required, but have object");
    }

    #[test]
    fn sequences() {
        let strings = |items: &[&str]| Value::list(Type::String, items.iter().copied().map(string).collect());
        let mixed = tuple(&[number("1"), string("a")]);
        converts(&mixed, &Type::list(Type::String), &strings(&["1", "a"]));
        converts(&mixed, &Type::list(Type::Dynamic), &strings(&["1", "a"]));
        converts(&mixed, &Type::Dynamic, &mixed);
        converts(&tuple(&[]), &Type::list(Type::Dynamic), &Value::list(Type::Dynamic, vec![]));
        converts(&tuple(&[]), &Type::set(Type::Bool), &Value::set(Type::Bool, vec![]));
        let set = Value::set(Type::String, vec![string("a"), string("b")]);
        converts(&tuple(&[string("b"), string("a"), string("b")]), &Type::set(Type::String), &set);
        converts(&set, &Type::list(Type::Dynamic), &strings(&["a", "b"]));
        converts(&strings(&["b", "a"]), &Type::set(Type::String), &set);
        converts(
            &Value::set(Type::Number, vec![number("10"), number("9")]),
            &Type::list(Type::String),
            &strings(&["9", "10"]),
        );
        converts(
            &tuple(&[null(), string("a")]),
            &Type::list(Type::Dynamic),
            &Value::list(Type::String, vec![Value::null(Type::String), string("a")]),
        );
        converts(
            &tuple(&[string("1"), number("2")]),
            &Type::Tuple([Type::Number, Type::String].into()),
            &tuple(&[number("1"), string("2")]),
        );
        converts(
            &tuple(&[tuple(&[number("1")]), tuple(&[string("a"), string("b")])]),
            &Type::list(Type::list(Type::Dynamic)),
            &Value::list(Type::list(Type::String), vec![strings(&["1"]), strings(&["a", "b"])]),
        );
        converts(
            &tuple(&[tuple(&[number("1")]), tuple(&[string("a")])]),
            &Type::list(Type::Dynamic),
            &Value::list(
                Type::Tuple([Type::String].into()),
                vec![tuple(&[string("1")]), tuple(&[string("a")])],
            ),
        );
        refuses(&string("a"), &Type::list(Type::String), "list of string required, but have string");
        refuses(&object(&[]), &Type::list(Type::String), "list of string required");
        refuses(&object(&[]), &Type::set(Type::Dynamic), "set of any single type required");
        refuses(
            &tuple(&[string("a"), tuple(&[])]),
            &Type::list(Type::String),
            "element 1: string required, but have tuple",
        );
        refuses(&tuple(&[string("a")]), &Type::set(Type::Number), "element 0: a number is required");
        refuses(
            &tuple(&[number("1"), Value::from(true)]),
            &Type::list(Type::Dynamic),
            "all list elements must have the same type",
        );
        refuses(
            &tuple(&[null(), tuple(&[string("a")])]),
            &Type::list(Type::Dynamic),
            "all list elements must have the same type",
        );
        refuses(
            &Value::list(Type::Bool, vec![]),
            &Type::list(Type::Number),
            "incorrect list element type: number required, but have bool",
        );
        refuses(&tuple(&[]), &Type::Tuple([Type::Number].into()), "tuple required");
    }

    #[test]
    fn maps_and_objects() {
        let both = constraint(Type::String, Type::Number);
        converts(
            &object(&[("a", number("1")), ("b", string("2")), ("c", null())]),
            &both,
            &object(&[("a", string("1")), ("b", number("2"))]),
        );
        converts(
            &object(&[("a", string("x"))]),
            &both,
            &object(&[("a", string("x")), ("b", Value::null(Type::Number))]),
        );
        converts(
            &Value::map(Type::String, members(&[("a", string("x")), ("z", string("y"))])),
            &both,
            &object(&[("a", string("x")), ("b", Value::null(Type::Number))]),
        );
        let mixed = object(&[("a", number("1")), ("b", string("x"))]);
        let strings = Value::map(Type::String, members(&[("a", string("1")), ("b", string("x"))]));
        converts(&mixed, &Type::map(Type::String), &strings);
        converts(&mixed, &Type::map(Type::Dynamic), &strings);
        converts(&object(&[]), &Type::map(Type::Number), &Value::map(Type::Number, BTreeMap::new()));
        converts(
            &object(&[("x", object(&[("a", string("1"))]))]),
            &Type::map(both.clone()),
            &Value::map(
                without_optional(&both),
                members(&[("x", object(&[("a", string("1")), ("b", Value::null(Type::Number))]))]),
            ),
        );
        refuses(&object(&[("b", number("1"))]), &both, "attribute \"a\" is required");
        refuses(
            &Value::map(Type::String, BTreeMap::new()),
            &both,
            "map has no element for required attribute \"a\"",
        );
        refuses(
            &object(&[("a", string("x")), ("b", string("y"))]),
            &both,
            "attribute \"b\": a number is required",
        );
        refuses(&object(&[("a", tuple(&[]))]), &both, "attribute \"a\": string required, but have tuple");
        refuses(
            &object(&[("a", string("x"))]),
            &Type::map(Type::Number),
            "element \"a\": a number is required",
        );
        refuses(
            &object(&[("a", number("1")), ("b", Value::from(true))]),
            &Type::map(Type::Dynamic),
            "all map elements must have the same type",
        );
        refuses(&tuple(&[]), &both, "object required, but have tuple");
        refuses(&tuple(&[]), &Type::map(Type::String), "map of string required");
    }

    #[test]
    fn the_function_wants_optional_attributes_too() {
        let ty = constraint(Type::String, Type::Number);
        let whole = object(&[("a", string("x")), ("b", string("1")), ("c", null())]);
        let converted = object(&[("a", string("x")), ("b", number("1"))]);
        assert_eq!(convert_function(&whole, &ty), Ok(converted));
        let part = object(&[("a", string("x"))]);
        assert_eq!(convert_function(&part, &ty), Err(ConvertError::new("attribute \"b\" is required")));
    }

    #[test]
    fn null_takes_the_type() {
        converts(&null(), &Type::String, &Value::null(Type::String));
        converts(&Value::null(Type::Bool), &Type::String, &Value::null(Type::String));
        converts(
            &Value::null(Type::Tuple([Type::Number].into())),
            &Type::list(Type::Dynamic),
            &Value::null(Type::list(Type::Number)),
        );
        refuses(&Value::null(Type::Bool), &Type::Number, "number required, but have bool");
    }

    #[test]
    fn equality_is_typed_except_for_null() {
        let list = Value::list(Type::String, vec![string("a")]);
        for (a, b, expected) in [
            (number("1"), string("1"), false),
            (number("1"), number("1.0"), true),
            (tuple(&[string("a")]), list.clone(), false),
            (list.clone(), list, true),
            (null(), Value::null(Type::String), true),
            (null(), string(""), false),
            (tuple(&[null()]), tuple(&[Value::null(Type::String)]), false),
            (object(&[("a", number("1"))]), object(&[("a", number("1"))]), true),
        ] {
            assert_eq!(equals(&a, &b), expected, "{a:?} == {b:?}");
        }
    }

    #[test]
    fn marks_stay() {
        let marks = Marks::of(Mark::Random);
        let value = tuple(&[string("a"), object(&[("k", string("b"))])]).marked(&marks);
        let ty = Type::Tuple([Type::String, Type::map(Type::Dynamic)].into());
        assert_eq!(convert(&value, &ty).map(|v| v.marks()), Ok(marks));
    }
}
