//! Tests of `number`.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn number(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
}

fn float(value: f64) -> Number {
    Number::from_f64(value).expect("not NaN")
}

#[track_caller]
fn operate(left: &str, operator: &str, right: &str) -> Result<Number, ArithmeticError> {
    let (left, right) = (number(left), number(right));
    match operator {
        "+" => left.add(&right),
        "-" => left.sub(&right),
        "*" => left.mul(&right),
        "/" => left.div(&right),
        "%" => left.rem(&right),
        other => panic!("no operator {other}"),
    }
}

#[test]
fn computes_as_buildx() {
    let third = format!("0.{}5", "3".repeat(154));
    let cases = [
        ("0.1", "+", "0.2", "0.3"),
        ("1", "/", "3", third.as_str()),
        (&third, "*", "3", "1"),
        ("10", "/", "4", "2.5"),
        ("10", "/", "2", "5"),
        ("3", "-", "5", "-2"),
        ("2", "*", "3.5", "7"),
        ("18446744073709551615", "+", "1", "18446744073709551616"),
        ("18446744073709551615", "*", "2", "36893488147419103230"),
        ("12345678901234567890123456789", "+", "1", "12345678901234567890123456790"),
        ("9223372036854775807", "+", "1", "9223372036854775808"),
        ("-9223372036854775807", "-", "1", "-9223372036854775808"),
        ("9007199254740993", "*", "1.0", "9007199254740993"),
        ("9007199254740993", "+", "-1", "9007199254740992"),
        ("-9223372036854775808", "/", "-1", "9223372036854775808"),
        ("7", "%", "0", "7"),
        ("-7", "%", "3", "-1"),
        ("7", "%", "-3", "1"),
        ("5.5", "%", "2", "1.5"),
        ("-4", "%", "2", "0"),
        ("-0", "%", "5", "-0"),
        ("Inf", "%", "0", "+Inf"),
        ("1e20", "%", "7", "2"),
        ("1", "/", "0", "+Inf"),
        ("-1", "/", "0", "-Inf"),
        ("1", "/", "-0", "-Inf"),
        ("5", "/", "-Inf", "-0"),
        ("0", "/", "-5", "-0"),
        ("0", "*", "-5", "-0"),
        ("0", "+", "-0", "0"),
        ("-0", "+", "-0", "-0"),
        ("-0", "-", "0", "-0"),
        ("1.5", "-", "1.5", "0"),
        ("0", "+", "1.5", "1.5"),
        ("1e30", "+", "0", "1000000000000000000000000000000"),
        ("Inf", "+", "1", "+Inf"),
        ("1", "-", "Inf", "-Inf"),
        ("-2", "*", "Inf", "-Inf"),
    ];
    for (left, operator, right, expected) in cases {
        let result = operate(left, operator, right).map(|number| number.to_string());
        assert_eq!(result.as_deref(), Ok(expected), "{left} {operator} {right}");
    }
}

#[test]
fn refuses_what_has_no_result() {
    use ArithmeticError::{
        IndeterminateQuotient, InfiniteModulo, InfinityMinusInfinity, OpposingInfinities, OutOfRange,
        ZeroTimesInfinity,
    };
    let cases = [
        ("Inf", "+", "-Inf", OpposingInfinities),
        ("Inf", "-", "Inf", InfinityMinusInfinity),
        ("0", "*", "Inf", ZeroTimesInfinity),
        ("-Inf", "*", "-0", ZeroTimesInfinity),
        ("0", "/", "-0", IndeterminateQuotient),
        ("Inf", "/", "Inf", IndeterminateQuotient),
        ("Inf", "%", "2", InfiniteModulo),
        ("2", "%", "Inf", InfiniteModulo),
    ];
    for (left, operator, right, expected) in cases {
        assert_eq!(operate(left, operator, right), Err(expected), "{left} {operator} {right}");
    }
    for start in ["1e20000", "1e-20000"] {
        let squares = std::iter::successors(Some(Ok(number(start))), |last| match last {
            Ok(last) => Some(last.mul(last)),
            Err(_) => None,
        });
        assert_eq!(squares.last(), Some(Err(OutOfRange)), "{start} squared again and again");
    }
}

#[test]
fn precision_is_part_of_the_value() {
    let root = float(2_f64.sqrt());
    let cases = [
        (float(0.1).to_string(), "0.1"),
        (
            float(0.1).add(&number("0.2")).expect("finite").to_string(),
            "0.3000000000000000055511151231257827021181583404541015625",
        ),
        (
            float(0.1).mul(&number("3")).expect("finite").to_string(),
            "0.3000000000000000166533453693773481063544750213623046875",
        ),
        (root.mul(&root).expect("finite").to_string(), "2.00000000000000027343234630647693"),
        (float(1e21).to_string(), "1000000000000000000000"),
        (float(2_f64.powi(100)).to_string(), "1267650600228229400000000000000"),
        (float(2_f64.powi(60)).to_string(), "1152921504606847000"),
        (
            Number::from(1_i64).div(&Number::from(3_usize)).expect("finite").to_string(),
            "0.33333333333333333334",
        ),
        (float(9_007_199_254_740_992.0).add(&float(1.0)).expect("finite").to_string(), "9007199254740992"),
        (Number::from(u64::MAX).to_string(), "18446744073709551615"),
        (Number::from(i64::MIN).to_string(), "-9223372036854775808"),
        (Number::from_bigint(BigInt::from(3).pow(500)).to_string(), &BigInt::from(3).pow(500).to_string()),
    ];
    for (actual, expected) in cases {
        assert_eq!(actual, expected);
    }
}

#[test]
fn equality_goes_by_text_and_order_by_value() {
    assert_eq!(float(0.1), number("0.1"));
    assert!(float(0.1) > number("0.1"));
    assert_ne!(float(0.1), number("0.1000000000000000055511151231257827021181583404541015625"));
    assert_eq!(float(2_f64.powi(60)), number("1152921504606846976"));
    assert_eq!(number("-0"), number("0"));
    assert_eq!(number("-0").cmp(&number("0")), Ordering::Equal);
    assert_eq!(number("0.1").add(&number("0.2")), Ok(number("0.3")));
    assert_eq!(number("Inf"), number("+inf"));
    let ascending = ["-Inf", "-1e30", "-2", "-1.5", "-1e-30", "0", "1e-30", "0.5", "1", "3", "1e30", "Inf"];
    for (index, low) in ascending.iter().enumerate() {
        for high in &ascending[index + 1..] {
            assert!(number(low) < number(high) && number(high) > number(low), "{low} < {high}");
            assert_ne!(number(low), number(high));
        }
    }
}

#[test]
fn rounds_to_whole_numbers() {
    for (text, floor, ceil, truncated) in [
        ("1.9", "1", "2", Some(1)),
        ("-1.2", "-2", "-1", Some(-1)),
        ("-0.5", "-1", "0", Some(0)),
        ("-0", "0", "0", Some(0)),
        ("7", "7", "7", Some(7)),
        ("Inf", "+Inf", "+Inf", None),
    ] {
        let number = number(text);
        assert_eq!(number.floor().to_string(), floor, "floor({text})");
        assert_eq!(number.ceil().to_string(), ceil, "ceil({text})");
        assert_eq!(number.trunc_bigint(), truncated.map(BigInt::from), "{text}");
    }
    assert_eq!(number("-0").abs().to_string(), "0");
    assert_eq!(number("0").neg().to_string(), "-0");
}

#[test]
fn converts_to_machine_numbers() {
    assert_eq!(number("1e3").to_i64(), Some(1000));
    assert_eq!(number("-9223372036854775808").to_i64(), Some(i64::MIN));
    assert_eq!(number("9223372036854775808").to_i64(), None);
    assert_eq!(number("9223372036854775808").to_usize(), Some(1 << 63));
    assert_eq!(number("-1").to_usize(), None);
    assert_eq!(number("1.5").to_i64(), None);
    assert_eq!(number("-0").to_i64(), Some(0));
    assert_eq!(number("1.5").to_bigint(), None);
    assert_eq!(number("Inf").trunc_bigint(), None);
    assert!(Number::from_f64(f64::NAN).is_none());
    assert!(!number("Inf").is_integer() && number("Inf").is_infinite());
    for text in [
        "0.1",
        "-0",
        "5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1e-400",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "-1e400",
        "9007199254740993",
        "9007199254740993.00000000000001",
        "-Inf",
    ] {
        let expected: f64 = text.parse().expect("Rust reads it too");
        assert_eq!(number(text).to_f64().to_bits(), expected.to_bits(), "{text}");
    }
}

/// The same number, held in the large form.
fn large(value: i64) -> Number {
    let magnitude = Box::new(Binary { mantissa: value.unsigned_abs().into(), exponent: 0 });
    Number { kind: Magnitude::Binary { negative: value < 0, magnitude }, precision: INTEGER_PRECISION }
}

/// Integers of every size, not zero.
fn integers() -> impl Strategy<Value = i64> {
    (any::<i64>(), 0_u32..64)
        .prop_map(|(value, shift)| value >> shift)
        .prop_filter("zero", |value| *value != 0)
}

proptest! {
    #[test]
    fn small_and_large_forms_agree(a in integers(), b in integers()) {
        type Operation = fn(&Number, &Number) -> Result<Number, ArithmeticError>;
        let operations: [Operation; 5] = [Number::add, Number::sub, Number::mul, Number::div, Number::rem];
        for operation in operations {
            let small = operation(&Number::from(a), &Number::from(b)).expect("finite");
            let large = operation(&large(a), &large(b)).expect("finite");
            prop_assert_eq!(&small.kind, &large.kind);
            prop_assert_eq!(small.precision, large.precision);
            prop_assert_eq!(small.to_string(), large.to_string());
        }
        prop_assert_eq!(Number::from(a).cmp(&Number::from(b)), large(a).cmp(&large(b)));
        prop_assert_eq!(Number::from(a).to_string(), a.to_string());
        prop_assert_eq!(Number::from(a).rem(&Number::from(b)).expect("finite").to_i64(), a.checked_rem(b).or(Some(0)));
    }

    #[test]
    fn adding_and_taking_away_is_nothing(a in "-?[0-9]{1,150}", b in "-?[0-9]{1,150}") {
        let (a, b) = (number(&a), number(&b));
        let sum = a.add(&b).expect("finite");
        prop_assert_eq!(sum.sub(&b).expect("finite"), a);
    }

    #[test]
    fn floats_go_there_and_back(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(!value.is_nan());
        prop_assert_eq!(float(value).to_f64().to_bits(), bits);
    }

    #[test]
    fn floats_compare_as_floats(a in any::<f64>(), b in any::<f64>()) {
        prop_assert_eq!(Some(float(a).cmp(&float(b))), a.partial_cmp(&b));
    }
}
