//! Gives the tests of the functions calls that are written as JSON.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::{collection, string};

use super::json::{from_json, write_json};
use super::{Ambient, FunctionError, standard};
use crate::bake::values::{Mark, Marks, Number, Value};

/// A world of known time and chance.
pub(super) fn ambient() -> Ambient {
    Ambient {
        now: Box::new(|| "2018-01-02T23:12:01Z".to_owned()),
        random: Box::new(|| [0xff; 16]),
        home: Some("/home/bake".to_owned()),
    }
}

/// Calls a function with the values of a JSON array.
#[track_caller]
pub(super) fn call(name: &str, args: &str) -> Result<Value, FunctionError> {
    let args = from_json(args).expect("the arguments are JSON");
    standard()[name].call(&ambient(), args.items().expect("the arguments are an array"))
}

/// Checks results, written as JSON: `(function, arguments, result)`.
#[track_caller]
pub(super) fn check(cases: &[(&str, &str, &str)]) {
    for (name, args, expected) in cases {
        let mut json = String::new();
        match call(name, args) {
            Ok(value) => write_json(&value, &mut json).expect("the result is finite"),
            Err(error) => panic!("{name}({args}): {error:?}"),
        }
        assert_eq!(json, *expected, "{name}({args})");
    }
}

/// Checks that calls fail: `(function, arguments, part of the message)`.
#[track_caller]
pub(super) fn check_errors(cases: &[(&str, &str, &str)]) {
    for (name, args, part) in cases {
        match call(name, args) {
            Ok(value) => panic!("{name}({args}) is {value:?}"),
            Err(error) => assert!(error.message.contains(part), "{name}({args}): {}", error.message),
        }
    }
}

/// Checks that a function's result has a mark.
#[track_caller]
pub(super) fn check_mark(name: &str, args: &str, mark: Mark) {
    assert_eq!(call(name, args).expect("the call is right").marks(), Marks::of(mark), "{name}");
}

fn arguments() -> impl Strategy<Value = Vec<Value>> {
    let syntax = string::string_regex(r#"[a-cxZ0-9%\[\](){}|*+?.^$:<>=~P,\\"' éK\n/T-]{0,12}"#)
        .expect("it is a pattern");
    let scalar = prop_oneof![
        4 => syntax.prop_map(Value::string),
        1 => any::<String>().prop_map(Value::string),
        2 => (-40..40i64).prop_map(|n| Value::from(Number::from(n))),
        1 => any::<i64>().prop_map(|n| Value::from(Number::from(n))),
    ];
    let value = prop_oneof![
        5 => scalar.clone(),
        1 => collection::vec(scalar, 0..3).prop_map(Value::tuple),
    ];
    collection::vec(value, 0..4)
}

/// How much work, as the functions announce it, their calls may do together: passwords are hashed a few times, not in
/// each of the cases.
const WORK: u64 = 4_000_000;

proptest! {
    #[test]
    fn no_arguments_make_a_function_panic(args in arguments()) {
        static DONE: AtomicU64 = AtomicU64::new(0);
        let ambient = ambient();
        for function in standard().values() {
            let work = (function.work)(&args);
            if (work == 0 || DONE.load(Ordering::Relaxed) < WORK) && function.call(&ambient, &args).is_ok() {
                DONE.fetch_add(work, Ordering::Relaxed);
            }
        }
    }
}
