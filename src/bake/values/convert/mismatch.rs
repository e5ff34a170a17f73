//! In words, why values of one type do not convert to another: cty's `MismatchMessage`.

use super::unify::is_convertible;
use crate::bake::values::value::{ObjectType, Type};

/// What about `have` is not as required, such as `element 1: string required, but have tuple`.
pub(super) fn mismatch(have: &Type, want: &Type) -> String {
    match (have, want) {
        (Type::Object(have), Type::Object(want)) => objects(have, want),
        (Type::Tuple(_), Type::List(element)) if **element == Type::Dynamic => {
            "all list elements must have the same type".to_owned()
        }
        (Type::Tuple(_), Type::Set(element)) if **element == Type::Dynamic => {
            "all set elements must have the same type".to_owned()
        }
        (Type::Object(_), Type::Map(element)) if **element == Type::Dynamic => {
            "all map elements must have the same type".to_owned()
        }
        (Type::Tuple(elements), Type::List(want) | Type::Set(want)) => {
            let misfit = elements.iter().enumerate().find(|(_, have)| !is_convertible(have, want));
            match misfit {
                Some((index, have)) => format!("element {index}: {}", mismatch(have, want)),
                None => format!("all elements must be {}", constraint_name(want)),
            }
        }
        (Type::Object(object), Type::Map(want)) => {
            let misfit = object.attributes.iter().find(|(_, have)| !is_convertible(have, want));
            match misfit {
                Some((name, have)) => format!("element {name:?}: {}", mismatch(have, want)),
                None => format!("all elements must be {}", constraint_name(want)),
            }
        }
        (Type::List(have) | Type::Set(have), Type::List(want)) => {
            format!("incorrect list element type: {}", mismatch(have, want))
        }
        (Type::List(have) | Type::Set(have), Type::Set(want)) => {
            format!("incorrect set element type: {}", mismatch(have, want))
        }
        (Type::Map(have), Type::Map(want)) => {
            format!("incorrect map element type: {}", mismatch(have, want))
        }
        (Type::Number, Type::Bool) | (Type::Bool, Type::Number) | (Type::Tuple(_), Type::Object(_)) => {
            format!("{want} required, but have {have}")
        }
        (have, want) if have.is_primitive() != want.is_primitive() => {
            format!("{want} required, but have {have}")
        }
        _ => format!("{} required", constraint_name(want)),
    }
}

fn objects(have: &ObjectType, want: &ObjectType) -> String {
    let is_missing = |name: &&_| !have.attributes.contains_key(*name) && !want.optional.contains(*name);
    let missing: Vec<String> =
        want.attributes.keys().filter(is_missing).map(|name| format!("{name:?}")).collect();
    match missing.as_slice() {
        [] => {}
        [name] => return format!("attribute {name} is required"),
        [one, two] => return format!("attributes {one} and {two} are required"),
        [head @ .., last] => return format!("attributes {}, and {last} are required", head.join(", ")),
    }
    let misfit = want.attributes.iter().find_map(|(name, want)| {
        let have = have.attributes.get(name).filter(|have| !is_convertible(have, want))?;
        Some(format!("attribute {name:?}: {}", mismatch(have, want)))
    });
    misfit.unwrap_or_else(|| "incorrect object attributes".to_owned())
}

/// cty's name of a type that leaves parts of it open.
fn constraint_name(ty: &Type) -> String {
    let element = |ty: &Type| match ty {
        Type::Dynamic => "any single type".to_owned(),
        ty => constraint_name(ty),
    };
    match ty {
        Type::Dynamic => "any type".to_owned(),
        Type::List(ty) => format!("list of {}", element(ty)),
        Type::Set(ty) => format!("set of {}", element(ty)),
        Type::Map(ty) => format!("map of {}", element(ty)),
        ty => ty.to_string(),
    }
}
