//! Functions on lists, tuples and sets: go-cty's `function/stdlib/{collection,sequence}.go`, and buildx's `indexof`.

use super::numbers::{no_result, number};
use super::strings::{check_items, integer};
use super::{Ambient, Family, FunctionError, fixed, nullable, param, variadic};
use crate::bake::values::convert::{alike, convert, equals, unify};
use crate::bake::values::{MarkedStr, Number, Type, Value};

/// The most numbers that `range` makes, as in go-cty.
const MAX_RANGE: usize = 1024;

pub(super) fn family() -> Family {
    let any = |name| param(name, Type::Dynamic);
    let list_of = |name, element| param(name, Type::list(element));
    let position = |name| param(name, Type::Number);
    vec![
        ("chunklist", fixed(vec![list_of("list", Type::Dynamic), position("size")], chunklist)),
        ("coalescelist", variadic(vec![], nullable("vals", Type::Dynamic), coalescelist)),
        ("compact", fixed(vec![list_of("list", Type::String)], compact)),
        ("concat", variadic(vec![], any("seqs"), concat).structural()),
        ("contains", fixed(vec![any("list"), any("value")], contains)),
        ("distinct", fixed(vec![list_of("list", Type::Dynamic)], distinct)),
        ("element", fixed(vec![any("list"), position("index")], element)),
        ("flatten", fixed(vec![any("list")], flatten).structural()),
        ("hasindex", fixed(vec![any("collection"), any("key")], has_index)),
        ("index", fixed(vec![any("collection"), any("key")], index)),
        ("indexof", fixed(vec![any("list"), any("value")], index_of)),
        ("length", fixed(vec![any("collection")], length).structural()),
        ("range", variadic(vec![], position("params"), range)),
        ("reverselist", fixed(vec![any("list")], reverse).structural()),
        (
            "slice",
            fixed(vec![any("list"), position("start_index"), position("end_index")], slice).structural(),
        ),
        ("sort", fixed(vec![list_of("list", Type::String)], sort)),
    ]
}

/// The items of an argument that is a list already because of its parameter's type, and their type.
pub(super) fn list(args: &[Value], index: usize) -> Result<(&Type, &[Value]), FunctionError> {
    match args.get(index) {
        Some(Value::List(element, items, _)) => Ok((element, items)),
        _ => Err(FunctionError::argument(index, "a list is required")),
    }
}

/// The items of a list or tuple.
fn sequence(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(_, items, _) | Value::Tuple(items, _) => Some(items),
        _ => None,
    }
}

fn chunklist(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (element, items) = list(args, 0)?;
    let size = usize::try_from(integer(args, 1)?)
        .map_err(|_| FunctionError::new("the size argument must be positive"))?;
    let size = if size == 0 { items.len().max(1) } else { size };
    let chunks = items.chunks(size).map(|chunk| Value::list(element.clone(), chunk.to_vec()));
    Ok(Value::list(Type::list(element.clone()), chunks.collect()))
}

fn coalescelist(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    if args.is_empty() {
        return Err(FunctionError::new("at least one argument is required"));
    }
    if !args.iter().all(|arg| matches!(arg.ty(), Type::List(_) | Type::Tuple(_))) {
        return Err(FunctionError::new("coalescelist arguments must be lists or tuples"));
    }
    let found = args.iter().find(|arg| arg.items().is_some_and(|items| !items.is_empty()));
    found.cloned().ok_or_else(|| FunctionError::new("no non-null arguments"))
}

fn compact(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (element, items) = list(args, 0)?;
    let kept = items.iter().filter(|item| item.as_str().is_some_and(|text| !text.is_empty()));
    Ok(Value::list(element.clone(), kept.cloned().collect()))
}

fn concat(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    if args.is_empty() {
        return Err(FunctionError::new("at least one argument is required"));
    }
    let mut count = 0;
    for (index, arg) in args.iter().enumerate() {
        let items = sequence(arg).ok_or_else(|| {
            let message = format!("all arguments must be lists or tuples; got {}", arg.ty());
            FunctionError::argument(index, message)
        })?;
        count += items.len();
    }
    check_items(count)?;
    if args.iter().all(|arg| matches!(arg, Value::List(..))) {
        let types: Vec<Type> = args.iter().map(Value::ty).collect();
        if let Some(Type::List(element)) = unify(&types) {
            let ty = Type::List(element.clone());
            let mut joined = Vec::with_capacity(count);
            for (index, arg) in args.iter().enumerate() {
                let converted =
                    convert(arg, &ty).map_err(|e| FunctionError::argument(index, e.to_string()))?;
                joined.extend_from_slice(converted.items().unwrap_or_default());
            }
            let (element, joined) = alike(joined, (*element).clone())
                .ok_or_else(|| FunctionError::new("all lists must have the same type of elements"))?;
            return Ok(Value::list(element, joined));
        }
    }
    Ok(Value::tuple(args.iter().filter_map(sequence).flatten().cloned().collect()))
}

fn contains(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let items = args[0].items().ok_or_else(|| FunctionError::new("argument must be list, tuple, or set"))?;
    Ok(items.iter().any(|item| equals(&args[1], item)).into())
}

fn distinct(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (element, items) = list(args, 0)?;
    let unique = Value::set(element.clone(), items.to_vec());
    let unique = unique.items().unwrap_or_default();
    let mut is_missing = vec![true; unique.len()];
    let first_of_its_kind = |item: &&Value| {
        let place = unique.binary_search_by(|other| other.set_order(item));
        // Numbers can be equal without being ordered as equal; then the value stands for its neighbour.
        let place = place.unwrap_or_else(|place| place.saturating_sub(1));
        std::mem::take(&mut is_missing[place])
    };
    Ok(Value::list(element.clone(), items.iter().filter(first_of_its_kind).cloned().collect()))
}

fn element(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let items = sequence(&args[0])
        .ok_or_else(|| FunctionError::new(format!("cannot read elements from {}", args[0].ty())))?;
    let index = integer(args, 1)?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if length == 0 {
        return Err(FunctionError::new("cannot use element function with an empty list"));
    }
    let place = usize::try_from(index.rem_euclid(length)).unwrap_or_default();
    Ok(items[place].clone())
}

fn flatten(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    if args[0].items().is_none() {
        return Err(FunctionError::new("can only flatten lists, sets and tuples"));
    }
    let mut flat = Vec::new();
    flatten_into(&args[0], &mut flat)?;
    Ok(Value::tuple(flat))
}

fn flatten_into(value: &Value, flat: &mut Vec<Value>) -> Result<(), FunctionError> {
    match value.items() {
        Some(items) => items.iter().try_for_each(|item| flatten_into(item, flat)),
        None => {
            flat.push(value.clone());
            check_items(flat.len())
        }
    }
}

/// The item of a list, tuple or map at a key of the right type.
fn at<'a>(collection: &'a Value, key: &Value) -> Option<&'a Value> {
    match (collection, key) {
        (Value::List(_, items, _) | Value::Tuple(items, _), Value::Number(position, _)) => {
            items.get(position.to_usize()?)
        }
        (Value::Map(_, members, _), Value::String(name)) => members.get(name.as_str()),
        _ => None,
    }
}

fn has_index(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    match &args[0] {
        Value::List(..) | Value::Tuple(_, _) | Value::Map(..) => Ok(at(&args[0], &args[1]).is_some().into()),
        _ => Err(FunctionError::new("collection must be a list, a map or a tuple")),
    }
}

fn index(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (kind, wanted) = match &args[0] {
        Value::Tuple(_, _) => ("tuple", Type::Number),
        Value::List(..) => ("list", Type::Number),
        Value::Map(..) => ("map", Type::String),
        _ => return Err(FunctionError::new("collection must be a list, a map or a tuple")),
    };
    if args[1].ty() != wanted {
        return Err(FunctionError::new(format!("key for {kind} must be {wanted}")));
    }
    at(&args[0], &args[1]).cloned().ok_or_else(|| FunctionError::new("invalid index"))
}

fn index_of(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let items = sequence(&args[0]).ok_or_else(|| FunctionError::new("argument must be a list or tuple"))?;
    if items.is_empty() {
        return Err(FunctionError::new("cannot search an empty list"));
    }
    let place = items.iter().position(|item| equals(item, &args[1]));
    Ok(Number::from(place.ok_or_else(|| FunctionError::new("item not found"))?).into())
}

fn length(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let length = match &args[0] {
        Value::List(_, items, _) | Value::Set(_, items, _) | Value::Tuple(items, _) => items.len(),
        Value::Map(_, members, _) => members.len(),
        _ => return Err(FunctionError::new("collection must be a list, a map or a tuple")),
    };
    Ok(Number::from(length).into())
}

fn range(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let zero = Number::from(0_i64);
    let towards = |down| Number::from(if down { -1_i64 } else { 1 });
    let (start, end, step) = match args.len() {
        1 => (zero.clone(), number(args, 0)?.clone(), towards(*number(args, 0)? < zero)),
        2 => {
            let (start, end) = (number(args, 0)?, number(args, 1)?);
            (start.clone(), end.clone(), towards(end < start))
        }
        3 => (number(args, 0)?.clone(), number(args, 1)?.clone(), number(args, 2)?.clone()),
        _ => return Err(FunctionError::new("must have one, two, or three arguments")),
    };
    let down = step < zero;
    if down && end > start {
        return Err(FunctionError::argument(1, "end must be less than start when step is negative"));
    } else if !down && end < start {
        return Err(FunctionError::argument(1, "end must be greater than start when step is positive"));
    } else if step.is_zero() && start != end {
        return Err(FunctionError::argument(2, "step must not be zero"));
    }
    let mut numbers = Vec::new();
    let mut next = start;
    while if down { next > end } else { next < end } {
        if numbers.len() == MAX_RANGE {
            return Err(FunctionError::new(format!(
                "more than {MAX_RANGE} values were generated; either decrease the difference between start and \
                 end or use a smaller step"
            )));
        }
        let following = next.add(&step).map_err(no_result)?;
        numbers.push(Value::from(std::mem::replace(&mut next, following)));
    }
    Ok(Value::list(Type::Number, numbers))
}

fn reverse(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let reversed = |items: &[Value]| items.iter().rev().cloned().collect();
    match &args[0] {
        Value::Tuple(items, _) => Ok(Value::tuple(reversed(items))),
        Value::List(element, items, _) | Value::Set(element, items, _) => {
            Ok(Value::list(element.clone(), reversed(items)))
        }
        other => Err(FunctionError::argument(
            0,
            format!("can only reverse list or tuple values, not {}", other.ty()),
        )),
    }
}

fn slice(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let Some(items) = sequence(&args[0]) else {
        return Err(FunctionError::argument(
            0,
            match &args[0] {
                Value::Set(..) => {
                    "cannot slice a set, because its elements do not have indices; explicitly convert to a list \
                     if the ordering of the result is not important"
                }
                _ => "must be a list or tuple value",
            },
        ));
    };
    let bound = |index: usize, name: &str| {
        let error = |what| FunctionError::argument(index, format!("{name} index must not be {what}"));
        let bound = usize::try_from(integer(args, index)?).map_err(|_| error("less than zero"))?;
        if bound > items.len() {
            return Err(error("greater than the length of the list"));
        }
        Ok(bound)
    };
    let (start, end) = (bound(1, "start")?, bound(2, "end")?);
    if start > end {
        return Err(FunctionError::argument(1, "start index must not be greater than end index"));
    }
    let part = items[start..end].to_vec();
    Ok(match &args[0] {
        Value::List(element, _, _) => Value::list(element.clone(), part),
        _ => Value::tuple(part),
    })
}

fn sort(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (_, items) = list(args, 0)?;
    let text = |(index, item): (usize, &Value)| match item {
        Value::String(text) => Ok(text.clone()),
        _ => Err(FunctionError::new(format!(
            "given list element {index} is null; a null string cannot be sorted"
        ))),
    };
    let mut texts: Vec<MarkedStr> = items.iter().enumerate().map(text).collect::<Result<_, _>>()?;
    texts.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    Ok(Value::list(Type::String, texts.into_iter().map(Value::String).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ambient, call, check, check_errors};
    use super::*;

    #[test]
    fn collection_functions_give_what_buildx_gives() {
        check(&[
            ("chunklist", r#"[["a", "b", "c"], 2]"#, r#"[["a","b"],["c"]]"#),
            ("chunklist", "[[], 2]", "[]"),
            ("chunklist", "[[1, 2], 0]", "[[1,2]]"),
            ("coalescelist", r#"[[], ["a"], ["b"]]"#, r#"["a"]"#),
            ("compact", r#"[["a", "", "b", null]]"#, r#"["a","b"]"#),
            ("compact", r#"[["a", ""]]"#, r#"["a"]"#),
            ("concat", r#"[["a"]]"#, r#"["a"]"#),
            ("concat", r#"[[1], ["a"]]"#, r#"[1,"a"]"#),
            ("contains", r#"[["a", "b"], "a"]"#, "true"),
            ("contains", r#"[["1"], 1]"#, "false"),
            ("contains", r#"[[1], "1"]"#, "false"),
            ("contains", r#"[[], "1"]"#, "false"),
            ("distinct", r#"[["a", "b", "a"]]"#, r#"["a","b"]"#),
            ("distinct", r#"[[1, "1"]]"#, r#"["1"]"#),
            ("distinct", r#"[[[2], [1], [2]]]"#, "[[2],[1]]"),
            ("distinct", r#"[["b", null, "a", null, "b"]]"#, r#"["b",null,"a"]"#),
            ("element", r#"[["a", "b", "c"], 4]"#, r#""b""#),
            ("element", r#"[["a", "b", "c"], -1]"#, r#""c""#),
            ("element", "[[1, 2], 3]", "2"),
            ("flatten", r#"[[["a"], [["b"], []], "c"]]"#, r#"["a","b","c"]"#),
            ("flatten", "[[]]", "[]"),
            ("flatten", r#"[[null, {"a": [1]}]]"#, r#"[null,{"a":[1]}]"#),
            ("hasindex", r#"[["a"], 0]"#, "true"),
            ("hasindex", r#"[["a"], 1]"#, "false"),
            ("hasindex", r#"[["a"], -1]"#, "false"),
            ("hasindex", r#"[["a"], "0"]"#, "false"),
            ("index", "[[1, 2], 1]", "2"),
            ("indexof", r#"[["a", "b"], "b"]"#, "1"),
            ("length", r#"[["a"]]"#, "1"),
            ("range", "[3]", "[0,1,2]"),
            ("range", "[-2]", "[0,-1]"),
            ("range", "[0, 10, 3]", "[0,3,6,9]"),
            ("range", "[5, 0, -2]", "[5,3,1]"),
            ("range", "[3, 1]", "[3,2]"),
            ("range", "[0, 1, 0.25]", "[0,0.25,0.5,0.75]"),
            ("range", "[1, 1, 0]", "[]"),
            ("reverselist", r#"[["a", 1]]"#, r#"[1,"a"]"#),
            ("slice", r#"[["a", "b", "c"], 1, 2]"#, r#"["b"]"#),
            ("slice", "[[1, 2, 3], 0, 2]", "[1,2]"),
            ("slice", "[[1], 1, 1]", "[]"),
            ("sort", r#"[["é", "z"]]"#, r#"["z","é"]"#),
            ("sort", r#"[[10, 9]]"#, r#"["10","9"]"#),
        ]);
    }

    #[test]
    fn collection_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("chunklist", r#"[["a"], -1]"#, "the size argument must be positive"),
            ("coalescelist", "[]", "at least one argument is required"),
            ("coalescelist", "[null, [1]]", "coalescelist arguments must be lists or tuples"),
            ("coalescelist", "[[], []]", "no non-null arguments"),
            ("compact", "[[[]]]", "element 0: string required, but have tuple"),
            ("concat", "[]", "at least one argument is required"),
            ("concat", r#"[["a"], "b"]"#, "all arguments must be lists or tuples; got string"),
            ("contains", r#"["abc", "a"]"#, "argument must be list, tuple, or set"),
            ("distinct", "[[1, true]]", "all list elements must have the same type"),
            ("element", "[[], 0]", "cannot use element function with an empty list"),
            ("element", "[[1], 0.5]", "value must be a whole number"),
            ("element", r#"[{}, 0]"#, "cannot read elements from object"),
            ("flatten", r#"["a"]"#, "can only flatten lists, sets and tuples"),
            ("hasindex", r#"[{"a": 1}, 0]"#, "collection must be a list, a map or a tuple"),
            ("hasindex", r#"["x", 0]"#, "collection must be a list, a map or a tuple"),
            ("index", "[[1], 1]", "invalid index"),
            ("index", r#"[[1], "0"]"#, "key for tuple must be number"),
            ("index", r#"[{"a": 1}, "a"]"#, "collection must be a list, a map or a tuple"),
            ("indexof", "[[], 1]", "cannot search an empty list"),
            ("indexof", r#"[["a"], "b"]"#, "item not found"),
            ("indexof", r#"[{"a": 1}, 1]"#, "argument must be a list or tuple"),
            ("length", r#"["abc"]"#, "collection must be a list, a map or a tuple"),
            ("length", r#"[{"a": 1}]"#, "collection must be a list, a map or a tuple"),
            ("length", "[null]", "must not be null"),
            ("range", "[]", "must have one, two, or three arguments"),
            ("range", "[0, 1, 0]", "step must not be zero"),
            ("range", "[0, 1, -1]", "end must be less than start when step is negative"),
            ("range", "[1, 0, 1]", "end must be greater than start when step is positive"),
            ("range", "[1025]", "more than 1024 values were generated"),
            ("reverselist", r#"["ab"]"#, "can only reverse list or tuple values, not string"),
            ("slice", "[[1], 0, 2]", "end index must not be greater than the length of the list"),
            ("slice", "[[1], -1, 1]", "start index must not be less than zero"),
            ("slice", "[[1, 2], 2, 1]", "start index must not be greater than end index"),
            ("slice", r#"["ab", 0, 1]"#, "must be a list or tuple value"),
            ("sort", r#"[["a", null]]"#, "given list element 1 is null"),
        ]);
    }

    #[test]
    fn lists_stay_lists() {
        let numbers = call("range", "[2]").expect("a list");
        let strings = call("sort", r#"[["a"]]"#).expect("a list");
        let ty = |function: super::super::Implementation, args: &[Value]| {
            function(&ambient(), args).map(|value| value.ty())
        };
        assert_eq!(ty(concat, &[numbers.clone(), strings]), Ok(Type::list(Type::String)));
        assert_eq!(
            ty(concat, &[numbers.clone(), Value::tuple(vec![])]),
            Ok(Type::Tuple([Type::Number, Type::Number].into()))
        );
        assert_eq!(ty(reverse, &[Value::set(Type::Number, vec![])]), Ok(Type::list(Type::Number)));
        let chunked = chunklist(&ambient(), &[numbers.clone(), Number::from(1_i64).into()]);
        assert_eq!(chunked.map(|value| value.ty()), Ok(Type::list(Type::list(Type::Number))));
        let key = |n: i64| Value::from(Number::from(n));
        assert_eq!(index(&ambient(), &[numbers.clone(), key(1)]), Ok(key(1)));
        assert!(index(&ambient(), &[numbers.clone(), Value::string("1")]).is_err());
        let part = slice(&ambient(), &[numbers, key(0), key(1)]);
        assert_eq!(part.map(|value| value.ty()), Ok(Type::list(Type::Number)));
    }

    #[test]
    fn shared_values_do_not_flatten_into_endless_ones() {
        let doubled = (0..40).fold(Value::from(true), |value, _| Value::tuple(vec![value.clone(), value]));
        assert!(flatten(&ambient(), &[doubled]).is_err());
    }
}
