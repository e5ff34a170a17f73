//! JSON of values whose place has a type, as cty reads and writes it
//! (<https://github.com/zclconf/go-cty/tree/main/cty/json>).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ArgumentError;
use super::json::{JsonReader, array, object, write_json, write_string};
use crate::bake::values::convert::convert;
use crate::bake::values::{MarkedStr, Name, Type, Value};

/// Reads JSON for a place of this type, `{"value":1,"type":"number"}` where that is any type. What follows is not looked
/// at, attributes that an object has not are null, and a string that is written as a number keeps its digits.
///
/// # Errors
/// What does not fit, and what is not JSON.
pub(crate) fn from_json_as(json: &str, ty: &Type) -> Result<Value, String> {
    read(&mut JsonReader::new(json), ty, 0)
}

fn read(reader: &mut JsonReader<'_>, ty: &Type, depth: usize) -> Result<Value, String> {
    reader.enter(depth)?;
    if reader.eat("null") {
        return Ok(Value::null(ty.clone()));
    }
    let opening = match ty {
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => "[",
        Type::Map(_) | Type::Object(_) => "{",
        _ => "",
    };
    if !reader.rest().starts_with(opening) {
        return Err(reader.unexpected(&ty.with_article()).into());
    }
    let list = |reader: &mut JsonReader<'_>, of: &Type| {
        let mut items = Vec::new();
        reader.items(|reader| {
            items.push(read(reader, of, depth + 1)?);
            Ok(())
        })?;
        Ok::<_, String>(items)
    };
    match ty {
        Type::Dynamic => any(reader, depth),
        Type::Bool | Type::Number | Type::String => primitive(reader, ty),
        Type::List(of) => Ok(Value::list((**of).clone(), list(reader, of)?)),
        Type::Set(of) => Ok(Value::set((**of).clone(), list(reader, of)?)),
        Type::Tuple(types) => {
            let mut items = Vec::new();
            let length = || format!("a tuple of {} values is needed", types.len());
            reader.items(|reader| {
                items.push(read(reader, types.get(items.len()).ok_or_else(length)?, depth + 1)?);
                Ok(())
            })?;
            if items.len() < types.len() { Err(length()) } else { Ok(Value::tuple(items)) }
        }
        Type::Map(of) => {
            let mut members = BTreeMap::new();
            reader.members(|reader, name| {
                members.insert(
                    Arc::clone(MarkedStr::normalized(name.as_str()).name()),
                    read(reader, of, depth + 1)?,
                );
                Ok(())
            })?;
            Ok(Value::map((**of).clone(), members))
        }
        Type::Object(object) => {
            let mut members: BTreeMap<Name, Value> = object
                .attributes
                .iter()
                .map(|(name, ty)| (Arc::clone(name), Value::null(ty.clone())))
                .collect();
            reader.members(|reader, name| {
                let Some((name, ty)) = object.attributes.get_key_value(name.as_str()) else {
                    return Err(format!("its type has no attribute `{name}`").into());
                };
                members.insert(Arc::clone(name), read(reader, ty, depth + 1)?);
                Ok(())
            })?;
            Ok(Value::object(members))
        }
    }
}

fn primitive(reader: &mut JsonReader<'_>, ty: &Type) -> Result<Value, String> {
    let value = match (reader.rest().bytes().next(), ty) {
        (Some(b'"'), _) => Value::string(reader.string()?),
        (Some(b'-' | b'0'..=b'9'), Type::Number | Type::String) => Value::string(reader.number_text()?),
        (_, Type::Bool | Type::String) if reader.eat("true") => Value::from(true),
        (_, Type::Bool | Type::String) if reader.eat("false") => Value::from(false),
        _ => return Err(reader.unexpected(&ty.with_article()).into()),
    };
    convert(&value, ty).map_err(|e| format!("its JSON does not fit: {e}"))
}

/// A value with its type beside it.
fn any(reader: &mut JsonReader<'_>, depth: usize) -> Result<Value, String> {
    let (mut ty, mut json) = (None, None);
    let form = || r#"for the type `any`, JSON is such as {"value": 1, "type": "number"}"#.to_owned();
    if !reader.rest().starts_with('{') {
        return Err(form());
    }
    reader.members(|reader, name| {
        let start = reader.rest();
        let value = reader.value(depth + 1)?;
        match name.as_str() {
            "type" => ty = Some(type_from_json(&value).ok_or("its JSON has a type that is none")?),
            "value" => json = Some(&start[..start.len() - reader.rest().len()]),
            _ => return Err(form().into()),
        }
        Ok(())
    })?;
    read(&mut JsonReader::new(json.ok_or_else(form)?), &ty.ok_or_else(form)?, depth + 1)
}

/// The type that [`write_type`] writes.
fn type_from_json(json: &Value) -> Option<Type> {
    let Some(parts) = json.items() else {
        return match json {
            Value::String(name) => match name.as_str() {
                "dynamic" => Some(Type::Dynamic),
                "bool" => Some(Type::Bool),
                "number" => Some(Type::Number),
                "string" => Some(Type::String),
                _ => None,
            },
            _ => None,
        };
    };
    let [Value::String(kind), of] = parts else { return None };
    match (kind.as_str(), of) {
        ("list", of) => Some(Type::list(type_from_json(of)?)),
        ("set", of) => Some(Type::set(type_from_json(of)?)),
        ("map", of) => Some(Type::map(type_from_json(of)?)),
        ("tuple", Value::Tuple(types, _)) => {
            Some(Type::Tuple(types.iter().map(type_from_json).collect::<Option<_>>()?))
        }
        ("object", Value::Object(members, _)) => {
            let types = members.iter().map(|(name, ty)| Some((Arc::clone(name), type_from_json(ty)?)));
            Some(Type::object(types.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// A value as JSON text for a place of this type, which it has or fits. Where that is any type, it is given with its own:
/// `{"value":1,"type":"number"}` (`Marshal` in <https://github.com/zclconf/go-cty/blob/main/cty/json/marshal.go>).
///
/// # Errors
/// For infinity, and when the JSON becomes longer than any text may be.
pub(crate) fn to_json(value: &Value, ty: &Type) -> Result<String, String> {
    let mut json = String::new();
    write(value, ty, &mut json)?;
    Ok(json)
}

fn write(value: &Value, ty: &Type, json: &mut String) -> Result<(), ArgumentError> {
    match (ty, value) {
        (Type::Dynamic, value) if value.ty() != Type::Dynamic => {
            let ty = value.ty();
            json.push_str("{\"value\":");
            write(value, &ty, json)?;
            json.push_str(",\"type\":");
            write_type(&ty, json)?;
            json.push('}');
            Ok(())
        }
        (Type::List(of) | Type::Set(of), Value::List(_, items, _) | Value::Set(_, items, _)) => {
            array(items.iter(), json, |item, json| write(item, of, json))
        }
        (Type::Tuple(types), Value::Tuple(items, _)) => {
            array(items.iter().zip(types.iter()), json, |(item, ty), json| write(item, ty, json))
        }
        (Type::Map(of), Value::Map(_, members, _)) => {
            object(members, json, |_, member, json| write(member, of, json))
        }
        (Type::Object(object_type), Value::Object(members, _)) => {
            object(members, json, |name, member, json| {
                write(member, object_type.attributes.get(name).unwrap_or(&Type::Dynamic), json)
            })
        }
        _ => write_json(value, json),
    }
}

/// Appends a type as JSON text (`MarshalJSON` in <https://github.com/zclconf/go-cty/blob/main/cty/type.go>).
fn write_type(ty: &Type, json: &mut String) -> Result<(), ArgumentError> {
    let kind = match ty {
        Type::Dynamic | Type::Bool | Type::Number | Type::String => {
            return write_string(&ty.to_string(), json);
        }
        Type::List(_) => "list",
        Type::Set(_) => "set",
        Type::Map(_) => "map",
        Type::Tuple(_) => "tuple",
        Type::Object(_) => "object",
    };
    json.push('[');
    write_string(kind, json)?;
    json.push(',');
    match ty {
        Type::Dynamic | Type::Bool | Type::Number | Type::String => {}
        Type::List(element) | Type::Set(element) | Type::Map(element) => write_type(element, json)?,
        Type::Tuple(types) => array(types.iter(), json, write_type)?,
        Type::Object(object_type) => {
            object(&object_type.attributes, json, |_, ty, json| write_type(ty, json))?;
        }
    }
    json.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(optional: &str) -> Type {
        let types = [("a", Type::String), ("b", Type::Number)];
        let mut ty = Type::object(types.into_iter().map(|(name, ty)| (Arc::from(name), ty)).collect());
        if let Type::Object(object) = &mut ty {
            Arc::make_mut(object).optional.insert(Arc::from(optional));
        }
        ty
    }

    #[test]
    fn values_are_of_the_type() {
        let list = Type::list(Type::String);
        let tuple = Type::Tuple([Type::String, Type::Number].into());
        for (ty, json, expected) in [
            (&Type::String, "1.50", r#""1.50""#),
            (&Type::String, "truex", r#""true""#),
            (&Type::Number, r#" "1e3" "#, "1000"),
            (&Type::Number, "01", "0"),
            (&Type::Bool, r#""false""#, "false"),
            (&list, r#"["a", 1, null] ]"#, r#"["a","1",null]"#),
            (&list, "null and so on", "null"),
            (&Type::set(Type::Number), r#"[2, "1", 2]"#, "[1,2]"),
            (&tuple, r#"["a", 1]"#, r#"["a",1]"#),
            (
                &Type::map(Type::Bool),
                r#"{"x": true, "e\u0301": false, "x": false}"#,
                r#"{"x":false,"é":false}"#,
            ),
            (&object("a"), r#"{"b": 1}"#, r#"{"a":null,"b":1}"#),
        ] {
            let value = from_json_as(json, ty).unwrap();
            let mut written = String::new();
            write_json(&value, &mut written).unwrap();
            assert_eq!(written, expected, "{json} as {ty}");
            assert_eq!(
                value.ty().to_string(),
                ty.to_string().replace("optional(string)", "string"),
                "{json}"
            );
        }
    }

    #[test]
    fn any_type_is_told_with_the_value() {
        for json in [
            r#"{"value":"x","type":"string"}"#,
            r#"{"value":[["a"],{"a":{"value":1,"type":"number"}}],"type":["tuple",[["set","string"],["object",{"a":"dynamic"}]]]}"#,
            r#"{"value":{"a":[true]},"type":["map",["list","bool"]]}"#,
        ] {
            let value = from_json_as(json, &Type::Dynamic).unwrap();
            assert_eq!(from_json_as(&to_json(&value, &Type::Dynamic).unwrap(), &Type::Dynamic), Ok(value));
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let tuple = Type::Tuple([Type::String].into());
        for (ty, json, expected) in [
            (&Type::String, "[]", "a string expected at byte 0"),
            (&Type::Bool, "1", "a bool expected at byte 0"),
            (&Type::Bool, r#""x""#, "its JSON does not fit"),
            (&Type::Number, "", "a number expected, found the end"),
            (&Type::list(Type::String), r#"["a""#, "`,` expected, found the end"),
            (&Type::list(Type::String), r#"{"a":1}"#, "a list of string expected at byte 0"),
            (&tuple, "[]", "a tuple of 1 values is needed"),
            (&tuple, "[1, 2]", "a tuple of 1 values is needed"),
            (&object("a"), r#"{"c": 1}"#, "its type has no attribute `c`"),
            (&Type::Dynamic, "1", "for the type `any`, JSON is such as"),
            (&Type::Dynamic, r#"{"value": 1}"#, "for the type `any`, JSON is such as"),
            (&Type::Dynamic, r#"{"value": 1, "type": "text"}"#, "a type that is none"),
            (&Type::Dynamic, r#"{"value": 1, "type": "bool"}"#, "a bool expected"),
        ] {
            let told = from_json_as(json, ty).unwrap_err();
            assert!(told.contains(expected), "{json} as {ty}: {told}");
        }
    }
}
