//! What an environment variable or `--var` makes of a `variable` block's value
//! (buildx `bake/hclparser/hclparser.go`: `resolveValue`, `convertPrimitive`, `valueFromCSV`).

use std::collections::BTreeMap;

use crate::bake::eval::functions::from_json_as;
use crate::bake::eval::typeexpr::parse_type;
use crate::bake::text::hcl::parse_expression_text;
use crate::bake::text::syntax::{Body, ExprKind};
use crate::bake::values::{MarkedStr, Marks, Number, Type, Value, csv, parse_float};
use crate::diagnostic::Failure;

/// An override found for a variable.
#[derive(Clone, Debug)]
pub(super) struct Override {
    /// The environment variable, or the name given with `--var`.
    pub(super) source: String,
    /// Its text.
    pub(super) text: String,
    /// Whether it came as `NAME_JSON`.
    pub(super) json: bool,
}

/// Converts an override to the variable's declared type, or, without one, to the type of its default.
/// `default` is `None` when the block has none.
///
/// # Errors
/// What does not fit, without the text itself, which may be secret.
pub(super) fn convert_override(
    given: &Override,
    declared: Option<&Type>,
    default: Option<&Value>,
) -> Result<Value, String> {
    match (declared, default) {
        (Some(ty), _) if given.json => from_json_as(&given.text, ty),
        (Some(ty @ (Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Map(_))), _) => {
            from_csv(&given.text, ty)
        }
        (Some(ty), _) if ty.is_primitive() => primitive(&given.text, ty),
        (Some(ty), _) => {
            Err(format!("a variable of type {ty} cannot be given as plain text; use JSON in `NAME_JSON`"))
        }
        (None, None) => Ok(Value::string(given.text.as_str())),
        (None, Some(default)) => match default.ty() {
            Type::Dynamic => Ok(Value::string(given.text.as_str())),
            ty if ty.is_primitive() => primitive(&given.text, &ty),
            ty => Err(format!(
                "its default is {}, which plain text cannot replace; declare `type` in the variable",
                ty.with_article()
            )),
        },
    }
}

/// Text as a string, as Go's `strconv.ParseBool` or as its `ParseFloat` with 64 bits.
fn primitive(text: &str, ty: &Type) -> Result<Value, String> {
    match ty {
        Type::String => Ok(Value::String(MarkedStr::normalized(text))),
        Type::Bool => match text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::from(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::from(false)),
            _ => Err("it is not a bool: expected `true`, `false`, `1` or `0`".into()),
        },
        Type::Number => {
            let float = parse_float(text).filter(|f| f.is_finite());
            let number = float.and_then(Number::from_f64).ok_or("it is not a number")?;
            let marks = Marks::of_number(&number, text);
            Ok(Value::Number(number, marks))
        }
        other => Err(format!("text cannot be {}", other.with_article())),
    }
}

fn from_csv(text: &str, ty: &Type) -> Result<Value, String> {
    let fields = csv::fields(text, ',').map_err(|e| format!("it is not a line of CSV: {e}"))?;
    let elements = |element: &Type| -> Result<Vec<Value>, String> {
        if !element.is_primitive() {
            return Err(format!("a list of {element} cannot be given as CSV; use JSON in `NAME_JSON`"));
        }
        fields.iter().map(|field| primitive(field, element)).collect()
    };
    match ty {
        Type::List(element) => Ok(Value::list((**element).clone(), elements(element)?)),
        Type::Set(element) => Ok(Value::set((**element).clone(), elements(element)?)),
        Type::Tuple(types) => {
            if types.len() != fields.len() {
                return Err(format!("expected {} elements, found {}", types.len(), fields.len()));
            }
            let items = types
                .iter()
                .zip(&fields)
                .map(|(ty, field)| primitive(field, ty))
                .collect::<Result<_, _>>()?;
            Ok(Value::tuple(items))
        }
        Type::Map(element) => {
            let mut members = BTreeMap::new();
            for field in &fields {
                let pair = csv::fields(field, ':').map_err(|e| format!("it is not a line of CSV: {e}"))?;
                let [key, value] = pair.as_slice() else {
                    return Err("each field of a map must be `key:value`".into());
                };
                members.insert(key.as_str().into(), primitive(value, element)?);
            }
            Ok(Value::map((**element).clone(), members))
        }
        other => Err(format!("{} cannot be given as CSV", other.with_article())),
    }
}

/// The `type` of a variable; in JSON it is a string that holds the type.
pub(super) fn declared_type(body: &Body) -> Result<Option<Type>, Failure> {
    let Some(attribute) = body.attribute("type") else { return Ok(None) };
    match &attribute.value.kind {
        ExprKind::Null => Ok(None),
        ExprKind::Broken(failure) => Err(failure.clone()),
        ExprKind::JsonString { text, .. } => {
            let expr = parse_expression_text(text, attribute.value.span)?;
            parse_type(&expr).map(Some).map_err(Box::new)
        }
        _ => parse_type(&attribute.value).map(Some).map_err(Box::new),
    }
}
