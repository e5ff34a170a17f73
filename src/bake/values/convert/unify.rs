//! Finding one type for several values.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::bake::values::Name;
use crate::bake::values::value::{ObjectType, Type};

/// Types that are unlike each other are compared in pairs; more than any Bake file has are not worth the time.
const MOST_UNLIKE_TYPES: usize = 256;

/// The type to which values of all the types convert, or `None`: cty's `UnifyUnsafe`
/// (<https://github.com/zclconf/go-cty/blob/main/cty/convert/unify.go>).
///
/// String wins over number and bool, which have nothing in common. Tuples of one length and objects of one set of
/// names are unified by element, others as a list or map; a tuple beside a list becomes a list, an object beside a map
/// a map. [`Type::Dynamic`] stands for a null and fits any primitive type; together with collections the result is
/// itself dynamic. No types at all have no common type.
#[must_use]
pub(crate) fn unify(types: &[Type]) -> Option<Type> {
    unify_all(types)
}

/// [`unify`] of types from anywhere.
pub(super) fn unify_all<'a>(types: impl IntoIterator<Item = &'a Type>) -> Option<Type> {
    let mut seen = BTreeSet::new();
    let types: Vec<&Type> = types.into_iter().filter(|ty| seen.insert(*ty)).collect();
    if types.len() < 2 {
        return types.first().map(|ty| (*ty).clone());
    }
    let count = |wanted: fn(&Type) -> bool| types.iter().filter(|ty| wanted(ty)).count();
    let maps = count(|ty| matches!(ty, Type::Map(_)));
    let lists = count(|ty| matches!(ty, Type::List(_)));
    let sets = count(|ty| matches!(ty, Type::Set(_)));
    let objects = count(|ty| matches!(ty, Type::Object(_)));
    let tuples = count(|ty| matches!(ty, Type::Tuple(_)));
    let dynamic = count(|ty| *ty == Type::Dynamic);
    let structural = maps + lists + sets + objects + tuples;
    let only = |kinds: usize| kinds > 0 && kinds + dynamic == types.len();

    if only(maps) || only(lists) || only(sets) || only(objects) || only(tuples) {
        if dynamic > 0 {
            return Some(Type::Dynamic);
        }
        return match types[0] {
            Type::Map(_) => unify_elements(&types, Type::map),
            Type::List(_) => unify_elements(&types, Type::list),
            Type::Set(_) => unify_elements(&types, Type::set),
            Type::Object(_) => unify_objects(&types),
            _ => unify_tuples(&types),
        };
    }
    if maps > 0 && only(maps + objects) {
        if let Some(ty) = unify_as_collections(&types, |ty| matches!(ty, Type::Object(_)), objects_to_map) {
            return Some(ty);
        }
    } else if lists > 0 && only(lists + tuples) {
        if let Some(ty) = unify_as_collections(&types, |ty| matches!(ty, Type::Tuple(_)), tuples_to_list) {
            return Some(ty);
        }
    } else if objects > 0 && tuples > 0 {
        return None;
    }
    if dynamic == 0 && structural > 0 && structural < types.len() {
        return None; // a primitive type and another have nothing in common
    }
    most_general(&types)
}

/// The result if every type converts to it.
fn verified(ty: Type, types: &[&Type]) -> Option<Type> {
    types.iter().all(|from| is_convertible(from, &ty)).then_some(ty)
}

/// Replaces tuples by a list of their common type, or objects by a map, and unifies that with the rest.
fn unify_as_collections(
    types: &[&Type],
    is_structural: fn(&Type) -> bool,
    collect: fn(&[&Type]) -> Option<Type>,
) -> Option<Type> {
    let (structural, rest): (Vec<&Type>, Vec<&Type>) = types.iter().partition(|ty| is_structural(ty));
    let collection = collect(&structural)?;
    let unified = unify_all(rest.into_iter().chain([&collection]))?;
    matches!(unified, Type::List(_) | Type::Map(_)).then_some(unified)
}

fn unify_elements(types: &[&Type], collection: fn(Type) -> Type) -> Option<Type> {
    let element = unify_all(types.iter().filter_map(|ty| match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => Some(&**element),
        _ => None,
    }))?;
    verified(collection(element), types)
}

fn objects<'a>(types: &[&'a Type]) -> Vec<&'a ObjectType> {
    types.iter().filter_map(|ty| if let Type::Object(object) = ty { Some(&**object) } else { None }).collect()
}

fn unify_objects(types: &[&Type]) -> Option<Type> {
    let objects = objects(types);
    let (first, rest) = objects.split_first()?;
    if !rest.iter().all(|object| object.attributes.keys().eq(first.attributes.keys())) {
        return objects_to_map(types);
    }
    let attribute = |name: &Name| {
        let ty = unify_all(objects.iter().filter_map(|object| object.attributes.get(name)))?;
        Some((Arc::clone(name), ty))
    };
    let attributes = first.attributes.keys().map(attribute).collect::<Option<BTreeMap<_, _>>>()?;
    verified(Type::object(attributes), types)
}

fn objects_to_map(types: &[&Type]) -> Option<Type> {
    let objects = objects(types);
    let element = unify_all(objects.iter().flat_map(|object| object.attributes.values()))?;
    verified(Type::map(element), types)
}

fn tuples<'a>(types: &[&'a Type]) -> Vec<&'a [Type]> {
    types
        .iter()
        .filter_map(|ty| if let Type::Tuple(elements) = ty { Some(&**elements) } else { None })
        .collect()
}

fn unify_tuples(types: &[&Type]) -> Option<Type> {
    let tuples = tuples(types);
    let (first, rest) = tuples.split_first()?;
    if !rest.iter().all(|elements| elements.len() == first.len()) {
        return tuples_to_list(types);
    }
    let elements = (0..first.len()).map(|i| unify_all(tuples.iter().map(|elements| &elements[i])));
    verified(Type::Tuple(elements.collect::<Option<_>>()?), types)
}

fn tuples_to_list(types: &[&Type]) -> Option<Type> {
    let element = unify_all(tuples(types).into_iter().flatten())?;
    verified(Type::list(element), types)
}

/// The first of the types, the most general first, to which all others convert.
fn most_general(types: &[&Type]) -> Option<Type> {
    if types.len() > MOST_UNLIKE_TYPES {
        return None;
    }
    by_generality(types)
        .into_iter()
        .map(|index| types[index])
        .find(|wanted| types.iter().all(|ty| is_convertible(ty, wanted)))
        .cloned()
}

/// Indexes of the types, those before others that are more general; a topological order that keeps the given order
/// where it can.
fn by_generality(types: &[&Type]) -> Vec<usize> {
    let mut below = vec![Vec::new(); types.len()];
    let mut above = vec![0_usize; types.len()];
    for i in 0..types.len() {
        for j in i + 1..types.len() {
            let (upper, lower) = match compare(types[i], types[j]) {
                Generality::More => (i, j),
                Generality::Less => (j, i),
                Generality::Neither => continue,
            };
            below[upper].push(lower);
            above[lower] += 1;
        }
    }
    let mut queue: VecDeque<usize> = (0..types.len()).filter(|i| above[*i] == 0).collect();
    let mut order = Vec::with_capacity(types.len());
    while let Some(index) = queue.pop_front() {
        order.push(index);
        for lower in &below[index] {
            above[*lower] -= 1;
            if above[*lower] == 0 {
                queue.push_back(*lower);
            }
        }
    }
    order
}

/// How the first of two types compares to the second.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Generality {
    More,
    Less,
    Neither,
}

/// cty's `compareTypes`; says nothing about whether one converts to the other.
fn compare(a: &Type, b: &Type) -> Generality {
    use Generality::{Less, More, Neither};
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) | (Type::String, Type::String) => Neither,
        (Type::Dynamic, _) => Less,
        (_, Type::Dynamic) => More,
        (Type::String, b) if b.is_primitive() => More,
        (a, Type::String) if a.is_primitive() => Less,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            compare(a, b)
        }
        (Type::List(_) | Type::Tuple(_), Type::Set(_))
        | (Type::List(_), Type::Tuple(_))
        | (Type::Map(_), Type::Object(_)) => More,
        (Type::Set(_), Type::List(_) | Type::Tuple(_))
        | (Type::Tuple(_), Type::List(_))
        | (Type::Object(_), Type::Map(_)) => Less,
        (Type::Object(a), Type::Object(b)) if a.attributes.keys().eq(b.attributes.keys()) => {
            compare_each(a.attributes.values().zip(b.attributes.values()))
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => compare_each(a.iter().zip(b.iter())),
        _ => Neither,
    }
}

fn compare_each<'a>(pairs: impl Iterator<Item = (&'a Type, &'a Type)>) -> Generality {
    let mut found = Generality::Neither;
    for (a, b) in pairs {
        match (compare(a, b), found) {
            (Generality::Neither, _) => {}
            (one, other) if other == Generality::Neither || one == other => found = one,
            _ => return Generality::Neither,
        }
    }
    found
}

/// Whether values of one type may convert to another; the values themselves can still be at fault.
pub(super) fn is_convertible(from: &Type, to: &Type) -> bool {
    if from == to {
        return true;
    }
    match (from, to) {
        (_, Type::Dynamic)
        | (Type::Dynamic, _)
        | (Type::Number | Type::Bool, Type::String)
        | (Type::String, Type::Number | Type::Bool) => true,
        (Type::Object(from), Type::Object(to)) => {
            to.attributes.iter().all(|(name, ty)| match from.attributes.get(name) {
                Some(from) => is_convertible(from, ty),
                None => to.optional.contains(name),
            })
        }
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to.iter()).all(|(from, to)| is_convertible(from, to))
        }
        (Type::List(from) | Type::Set(from), Type::List(to) | Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => is_convertible(from, to),
        (Type::Tuple(from), Type::List(to) | Type::Set(to)) => {
            sequence_element(from, to).is_some_and(|to| from.iter().all(|from| is_convertible(from, &to)))
        }
        (Type::Object(from), Type::Map(to)) => mapping_element(from, to)
            .is_some_and(|to| from.attributes.values().all(|from| is_convertible(from, &to))),
        (Type::Map(from), Type::Object(to)) => {
            to.attributes.iter().all(|(name, ty)| is_convertible(from, ty) || to.optional.contains(name))
        }
        _ => false,
    }
}

/// The element type that a tuple's elements take in a list or set of `wanted`.
pub(super) fn sequence_element(from: &[Type], wanted: &Type) -> Option<Type> {
    if *wanted != Type::Dynamic || from.is_empty() {
        return Some(wanted.clone());
    }
    let unified = unify(from)?;
    (unified != Type::Dynamic || from.iter().all(|ty| *ty == Type::Dynamic)).then_some(unified)
}

/// The element type that an object's attributes take in a map of `wanted`.
pub(super) fn mapping_element(from: &ObjectType, wanted: &Type) -> Option<Type> {
    if *wanted != Type::Dynamic || from.attributes.is_empty() {
        return Some(wanted.clone());
    }
    unify_all(from.attributes.values())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuple(elements: &[Type]) -> Type {
        Type::Tuple(elements.into())
    }

    fn object(attributes: &[(&str, Type)]) -> Type {
        Type::object(attributes.iter().map(|(name, ty)| ((*name).into(), ty.clone())).collect())
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a table reads better without borrows")]
    fn unified(types: &[Type], expected: Option<Type>) {
        assert_eq!(unify(types), expected, "{types:?}");
        let backwards: Vec<Type> = types.iter().rev().cloned().collect();
        assert_eq!(unify(&backwards), expected, "{backwards:?}");
        let twice = [types, types].concat();
        assert_eq!(unify(&twice), expected, "{twice:?}");
    }

    #[test]
    fn primitive_types_meet_in_string() {
        use Type::{Bool, Dynamic, Number, String};
        unified(&[], None);
        unified(&[Number], Some(Number));
        unified(&[Number, String], Some(String));
        unified(&[Bool, String, Number], Some(String));
        unified(&[Bool, Number], None);
        unified(&[Dynamic], Some(Dynamic));
        unified(&[Dynamic, Number], Some(Number));
        unified(&[Dynamic, Number, String], Some(String));
        unified(&[Dynamic, Number, Bool], Some(Dynamic));
    }

    #[test]
    fn structures_keep_their_shape_where_they_can() {
        use Type::{Bool, Number, String};
        unified(&[object(&[("a", String)]), object(&[("a", Number)])], Some(object(&[("a", String)])));
        unified(&[object(&[("a", String)]), object(&[("b", Number)])], Some(Type::map(String)));
        unified(&[object(&[("a", String)]), object(&[])], Some(Type::map(String)));
        unified(&[object(&[("a", Bool)]), object(&[("b", Number)])], None);
        unified(&[object(&[("a", Bool)]), object(&[("a", Number)])], None);
        unified(&[tuple(&[String]), tuple(&[Number])], Some(tuple(&[String])));
        unified(&[tuple(&[String, Number]), tuple(&[Number, String])], Some(tuple(&[String, String])));
        unified(&[tuple(&[String]), tuple(&[Number, Number])], Some(Type::list(String)));
        unified(&[tuple(&[String]), tuple(&[])], Some(Type::list(String)));
        unified(&[tuple(&[Bool]), tuple(&[Number, Number])], None);
        unified(&[tuple(&[Bool]), tuple(&[Number])], None);
        unified(&[tuple(&[]), object(&[])], None);
        unified(&[tuple(&[]), String], None);
        unified(&[Type::Dynamic, tuple(&[String])], Some(Type::Dynamic));
    }

    #[test]
    fn collections_take_in_structures() {
        use Type::{Bool, Number, String};
        unified(&[Type::list(String), Type::list(Number)], Some(Type::list(String)));
        unified(&[Type::list(Bool), Type::list(Number)], None);
        unified(&[Type::set(String), Type::set(Bool)], Some(Type::set(String)));
        unified(&[Type::map(String), Type::map(Number)], Some(Type::map(String)));
        unified(&[Type::map(Number), object(&[("a", String)])], Some(Type::map(String)));
        let unlike = [object(&[("a", Number)]), object(&[("b", Bool)])];
        unified(&[&[Type::map(String)], &unlike[..]].concat(), Some(Type::map(String)));
        unified(&[&[Type::map(Number)], &unlike[..]].concat(), None);
        unified(&[Type::list(Number), tuple(&[String, Number])], Some(Type::list(String)));
        unified(&[Type::list(Bool), tuple(&[Number])], None);
        unified(&[Type::list(Number), Type::set(Number)], Some(Type::list(Number)));
        unified(&[Type::set(Number), tuple(&[Number])], Some(Type::set(Number)));
        unified(&[Type::set(Number), tuple(&[String])], Some(Type::set(Number)));
        unified(
            &[Type::list(Type::list(Number)), tuple(&[tuple(&[String]), tuple(&[])])],
            Some(Type::list(Type::list(String))),
        );
        unified(&[Type::list(Number), Type::Dynamic], Some(Type::Dynamic));
        unified(&[Type::list(Number), String], None);
    }

    #[test]
    fn deep_and_many_types_take_little_time() {
        let deep = |bottom: Type, other: fn(Type) -> Type| {
            (0..200).fold(bottom, |ty, level| match level % 3 {
                0 => other(ty),
                1 => Type::list(ty),
                _ => tuple(&[ty, Type::Dynamic]),
            })
        };
        let pair = |ty: Type| Type::Tuple([Type::list(Type::Number), ty].into());
        let types = [deep(Type::Number, Type::list), deep(Type::String, pair), deep(Type::Bool, Type::set)];
        for (i, one) in types.iter().enumerate() {
            for other in &types[i..] {
                let _ = unify(&[one.clone(), other.clone(), Type::list(Type::String)]);
                let _ = unify(&[tuple(std::slice::from_ref(one)), Type::list(other.clone())]);
            }
        }
        let pairs: Vec<Type> = (0..20_000).map(|i| object(&[(&format!("k{i}"), Type::Number)])).collect();
        assert_eq!(unify(&pairs), Some(Type::map(Type::Number)));
        assert_eq!(unify(&[pairs, vec![Type::set(Type::Bool)]].concat()), None);
    }
}
