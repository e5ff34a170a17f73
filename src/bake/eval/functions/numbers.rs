//! Functions on numbers: go-cty's `function/stdlib/number.go`.

use num_bigint::{BigInt, BigUint, Sign};

use super::strings::{integer, text};
use super::{Ambient, ArgumentError, Family, Function, FunctionError, fixed, param, variadic};
use crate::bake::values::{ArithmeticError, Number, Type, Value};

/// The most digits that `parseint` reads, as many as a number literal may have.
const MAX_DIGITS: usize = 100_000;

pub(super) fn family() -> Family {
    let one = |call| fixed(vec![param("num", Type::Number)], call);
    let two = |call| fixed(vec![param("a", Type::Number), param("b", Type::Number)], call);
    let numbers = |call| variadic(vec![], param("numbers", Type::Number), call);
    let floats = |second, call| fixed(vec![param("num", Type::Number), param(second, Type::Number)], call);
    let parseint: Function =
        fixed(vec![param("number", Type::Dynamic), param("base", Type::Number)], parse_int);
    vec![
        ("absolute", one(|_, args| Ok(number(args, 0)?.abs().into()))),
        ("add", two(|_, args| arithmetic(args, Number::add))),
        ("ceil", one(|_, args| Ok(number(args, 0)?.ceil().into()))),
        ("divide", two(|_, args| arithmetic(args, Number::div))),
        ("floor", one(|_, args| Ok(number(args, 0)?.floor().into()))),
        ("int", one(int)),
        ("log", floats("base", |_, args| float(ln(to_f64(args, 0)?) / ln(to_f64(args, 1)?)))),
        ("max", numbers(|_, args| extreme(args, |number, best| number > best))),
        ("min", numbers(|_, args| extreme(args, |number, best| number < best))),
        ("modulo", two(|_, args| arithmetic(args, Number::rem))),
        ("multiply", two(|_, args| arithmetic(args, Number::mul))),
        ("negate", one(|_, args| Ok(number(args, 0)?.neg().into()))),
        ("parseint", parseint),
        ("pow", floats("power", |_, args| float(pow(to_f64(args, 0)?, to_f64(args, 1)?)))),
        ("signum", one(|_, args| Ok(Number::from(integer(args, 0)?.signum()).into()))),
        ("subtract", two(|_, args| arithmetic(args, Number::sub))),
    ]
}

/// A number argument.
pub(super) fn number(args: &[Value], index: usize) -> Result<&Number, FunctionError> {
    match args.get(index) {
        Some(Value::Number(number, _)) => Ok(number),
        _ => Err(FunctionError::argument(index, "a number is required")),
    }
}

fn arithmetic(
    args: &[Value],
    operation: fn(&Number, &Number) -> Result<Number, ArithmeticError>,
) -> Result<Value, FunctionError> {
    match operation(number(args, 0)?, number(args, 1)?) {
        Ok(result) => Ok(result.into()),
        Err(error) => Err(no_result(error)),
    }
}

/// Why there is no number.
pub(super) fn no_result(error: ArithmeticError) -> FunctionError {
    let failure = FunctionError::new(error.to_string());
    if error == ArithmeticError::OutOfRange { failure.ours() } else { failure }
}

fn int(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let value = number(args, 0)?;
    if value.is_integer() {
        return Ok(value.clone().into());
    }
    let whole = value
        .trunc_bigint()
        .ok_or_else(|| FunctionError::argument(0, "can't truncate infinity to an integer"))?;
    Ok(Number::from_bigint(whole).into())
}

fn extreme(args: &[Value], is_better: fn(&Number, &Number) -> bool) -> Result<Value, FunctionError> {
    if args.is_empty() {
        return Err(FunctionError::new("must pass at least one number"));
    }
    let mut best = number(args, 0)?;
    for index in 1..args.len() {
        let next = number(args, index)?;
        if is_better(next, best) {
            best = next;
        }
    }
    Ok(best.clone().into())
}

/// An argument as a 64-bit float, refused if only an infinity is near.
fn to_f64(args: &[Value], index: usize) -> Result<f64, FunctionError> {
    let exact = number(args, index)?;
    let float = exact.to_f64();
    if float.is_infinite() && !exact.is_infinite() {
        return Err(FunctionError::argument(index, "the number is too large for a 64-bit float"));
    }
    Ok(float)
}

fn float(value: f64) -> Result<Value, FunctionError> {
    let number = Number::from_f64(value);
    Ok(number.ok_or_else(|| FunctionError::new("the result is not a number"))?.into())
}

/// The natural logarithm as Go computes it (FreeBSD's `e_log.c`), which can differ from the platform's in the last
/// digit.
fn ln(x: f64) -> f64 {
    const LN2_HI: f64 = 6.931_471_803_691_238e-1;
    const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
    const L1: f64 = 6.666_666_666_666_735e-1;
    const L2: f64 = 3.999_999_999_940_942e-1;
    const L3: f64 = 2.857_142_874_366_239e-1;
    const L4: f64 = 2.222_219_843_214_978_4e-1;
    const L5: f64 = 1.818_357_216_161_805e-1;
    const L6: f64 = 1.531_383_769_920_937_3e-1;
    const L7: f64 = 1.479_819_860_511_658_6e-1;
    if x.is_nan() || x == f64::INFINITY {
        return x;
    } else if x < 0.0 {
        return f64::NAN;
    } else if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    let (mut fraction, mut exponent) = split(x);
    if fraction < std::f64::consts::FRAC_1_SQRT_2 {
        fraction *= 2.0;
        exponent -= 1;
    }
    let (f, k) = (fraction - 1.0, f64::from(exponent));
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let t1 = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
    let t2 = s4 * (L2 + s4 * (L4 + s4 * L6));
    let r = t1 + t2;
    let half_square = 0.5 * f * f;
    k * LN2_HI - ((half_square - (s * (half_square + r) + k * LN2_LO)) - f)
}

/// `base` to the power of `exponent` as Go computes it, which is less exact than the platform's: whole powers by
/// repeated squaring (<https://github.com/golang/go/blob/master/src/math/pow.go>).
fn pow(base: f64, exponent: f64) -> f64 {
    let (mut whole, mut fraction) = (exponent.abs().trunc(), exponent.abs().fract());
    if !base.is_finite() || base == 0.0 || base == 1.0 || whole.is_nan() || whole >= TWO_TO_63 {
        return base.powf(exponent);
    }
    if exponent.abs() == 0.5 {
        return if exponent > 0.0 { base.sqrt() } else { 1.0 / base.sqrt() };
    }
    if fraction > 0.5 {
        (whole, fraction) = (whole + 1.0, fraction - 1.0);
    }
    let root = if fraction == 0.0 { 1.0 } else { exp(fraction * ln(base)) };
    let (mut product, mut scale) = (root, 0_i64);
    let (mut square, power) = split(base);
    let (mut power, mut bits) = (i64::from(power), whole as u64);
    while bits != 0 {
        if power.abs() > 1 << 12 {
            scale += power; // beyond what a float holds, whatever follows
            break;
        }
        if bits & 1 == 1 {
            product *= square;
            scale += power;
        }
        square *= square;
        power *= 2;
        if square < 0.5 {
            square += square;
            power -= 1;
        }
        bits >>= 1;
    }
    if exponent < 0.0 { join(1.0 / product, -scale) } else { join(product, scale) }
}

/// e to the power of `x` as Go computes it on amd64
/// (<https://github.com/golang/go/blob/master/src/math/exp_amd64.s>): not always what rounds best.
fn exp(x: f64) -> f64 {
    const LN2_UPPER: f64 = 0.693147180559663;
    const LN2_LOWER: f64 = 2.8235290563031577e-13;
    // Of Taylor's series, one over the factorials of 8 to 1.
    const SERIES: [f64; 8] =
        [1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    let power = (x * std::f64::consts::LOG2_E).round_ties_even();
    let rest = (-power).mul_add(LN2_LOWER, (-power).mul_add(LN2_UPPER, x)) / 16.0;
    let sum = SERIES.into_iter().reduce(|sum, term| sum.mul_add(rest, term)).unwrap_or(1.0);
    let rest = (0..3).fold(rest * sum, |rest, _| rest * (rest + 2.0));
    join(rest.mul_add(rest + 2.0, 1.0), power as i64)
}

const TWO_TO_63: f64 = (1_u64 << 63) as f64;

/// C's `frexp`: a fraction from a half to one, and a power of two.
fn split(x: f64) -> (f64, i32) {
    const SUBNORMAL: f64 = (1_u64 << 54) as f64;
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    } else if !x.is_normal() {
        let (fraction, exponent) = split(x * SUBNORMAL);
        return (fraction, exponent - 54);
    }
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1022;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent)
}

/// C's `ldexp`: `fraction` times a power of two, rounded once.
fn join(fraction: f64, exponent: i64) -> f64 {
    let (fraction, own) = split(fraction);
    let exponent = (exponent + i64::from(own)).clamp(-2000, 2000) as i32;
    let power = |exponent: i32| f64::from_bits(((exponent + 1023) as u64) << 52);
    match exponent {
        1025.. => fraction * f64::INFINITY,
        -1021..=1024 => fraction * 2.0 * power(exponent - 1),
        -1100..=-1022 => fraction * power(exponent + 100) * power(-100),
        _ => fraction * 0.0,
    }
}

fn parse_int(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    if args[0].as_str().is_none() {
        return Err(FunctionError::argument(
            0,
            format!("first argument must be a string, not {}", args[0].ty()),
        ));
    }
    let base =
        u32::try_from(integer(args, 1)?).ok().filter(|base| (2..=62).contains(base)).ok_or_else(|| {
            FunctionError::argument(1, "base must be a whole number between 2 and 62 inclusive")
        })?;
    let source = text(args, 0)?;
    if source.len() > MAX_DIGITS {
        let message = format!("it is longer than {MAX_DIGITS} digits");
        return Err(FunctionError::argument(0, ArgumentError::ours(message)));
    }
    let value = parse_radix(source, base).ok_or_else(|| {
        let start: String = source.chars().take(100).collect();
        FunctionError::argument(0, format!("cannot parse {start:?} as a base {base} integer"))
    })?;
    Ok(Number::from_bigint(value).into())
}

/// Reads an integer as Go's `big.Int.SetString`: above base 36, lower-case letters come before upper-case ones.
fn parse_radix(text: &str, base: u32) -> Option<BigInt> {
    let (sign, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (Sign::Minus, digits),
        [b'+', digits @ ..] => (Sign::Plus, digits),
        digits => (Sign::Plus, digits),
    };
    let digit = |byte: &u8| {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' if base <= 36 => byte - b'A' + 10,
            b'A'..=b'Z' => byte - b'A' + 36,
            _ => return None,
        };
        (u32::from(value) < base).then_some(value)
    };
    let digits: Vec<u8> = digits.iter().map(digit).collect::<Option<_>>()?;
    if digits.is_empty() {
        return None;
    }
    Some(BigInt::from_biguint(sign, BigUint::from_radix_be(&digits, base)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check, check_errors};
    use super::*;

    #[test]
    fn number_functions_give_what_buildx_gives() {
        check(&[
            ("absolute", "[-1.5]", "1.5"),
            ("add", "[1, 2.5]", "3.5"),
            ("add", r#"["1", 2]"#, "3"),
            ("add", "[0.1, 0.2]", "0.3"),
            ("ceil", "[-1.2]", "-1"),
            ("ceil", "[1.2]", "2"),
            ("divide", "[10, 4]", "2.5"),
            (
                "divide",
                "[1, 3]",
                "0.33333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333\
                 333333333333333333333333333333333333333333333333333333333333335",
            ),
            ("floor", "[-1.2]", "-2"),
            ("floor", "[1.9]", "1"),
            ("int", "[3.9]", "3"),
            ("int", "[-3.9]", "-3"),
            ("log", "[10, 10]", "1"),
            ("log", "[8, 2]", "3"),
            ("log", "[1000, 10]", "2.9999999999999996"),
            ("max", r#"["3", 2]"#, "3"),
            ("min", "[1, 3, 2]", "1"),
            ("modulo", "[-10, 3]", "-1"),
            ("modulo", "[5.5, 2]", "1.5"),
            ("modulo", "[1, 0]", "1"),
            ("multiply", r#"[2, "3"]"#, "6"),
            ("negate", "[2]", "-2"),
            ("parseint", r#"["ff", 16]"#, "255"),
            ("parseint", r#"["FF", 16]"#, "255"),
            ("parseint", r#"["077", 8]"#, "63"),
            ("parseint", r#"["10", 62]"#, "62"),
            ("parseint", r#"["aA", 62]"#, "656"),
            ("parseint", r#"["-10", 10]"#, "-10"),
            ("parseint", r#"["+10", 10]"#, "10"),
            ("pow", "[2, 0.5]", "1.4142135623730951"),
            ("pow", "[2, -1]", "0.5"),
            ("pow", "[2, 100]", "1267650600228229400000000000000"),
            ("pow", "[10, 0]", "1"),
            ("pow", "[0, 0]", "1"),
            ("pow", "[-2, 3]", "-8"),
            ("pow", "[2, -2000]", "0"),
            ("pow", "[10, 50]", "100000000000000000000000000000000000000000000000000"),
            ("pow", "[3, -7]", "0.0004572473708276177"),
            ("pow", "[1.1, 300]", "2617010996188.453"),
            ("pow", "[-3, 33]", "-5559060566555523"),
            ("pow", "[1.0001, 123456]", "229804.16326644336"),
            ("log", "[7, 3]", "1.7712437491614224"),
            ("log", "[0.1, 2]", "-3.321928094887362"),
            ("ceil", "[-0.5]", "0"),
            ("pow", "[1.5, 1.5]", "1.8371173070873836"),
            ("signum", "[-3]", "-1"),
            ("signum", "[0]", "0"),
            ("subtract", "[1, 3]", "-2"),
        ]);
    }

    #[test]
    fn number_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("add", r#"["x", 1]"#, "a number is required"),
            ("divide", "[0, 0]", "can't divide zero by zero or infinity by infinity"),
            ("log", "[-1, 10]", "the result is not a number"),
            ("max", "[]", "must pass at least one number"),
            ("parseint", r#"[10, 10]"#, "first argument must be a string, not number"),
            ("parseint", r#"["12", 2]"#, "cannot parse \"12\" as a base 2 integer"),
            ("parseint", r#"["", 10]"#, "cannot parse \"\" as a base 10 integer"),
            ("parseint", r#"["1_0", 10]"#, "cannot parse"),
            ("parseint", r#"["1", 63]"#, "base must be a whole number between 2 and 62 inclusive"),
            ("parseint", r#"["1", 1.5]"#, "value must be a whole number"),
            ("pow", "[-8, 0.3]", "the result is not a number"),
            ("pow", "[1e400, 2]", "too large for a 64-bit float"),
            ("signum", "[0.5]", "value must be a whole number"),
            ("ceil", "[null]", "must not be null"),
        ]);
    }

    #[test]
    fn infinity() {
        let infinity = call("divide", "[1, 0]").expect("defined");
        let args = [infinity];
        assert_eq!(number(&args, 0).map(Number::is_infinite), Ok(true));
        assert!(arithmetic(&[args[0].clone(), args[0].clone()], Number::sub).is_err());
        assert_eq!(extreme(&args, |a, b| a > b).as_ref(), Ok(&args[0]));
        assert_eq!(call("pow", "[2, 2000]").as_ref(), Ok(&args[0]));
        assert_eq!(call("log", "[0, 0.5]").as_ref(), Ok(&args[0]));
    }

    #[test]
    fn fractions_and_powers_of_two() {
        for x in [1.0, 0.75, -3.5, f64::MIN_POSITIVE, f64::MAX, 5e-324, 1e-310] {
            let (fraction, exponent) = split(x);
            assert!((0.5..1.0).contains(&fraction.abs()), "{x}");
            assert_eq!(join(fraction, exponent.into()), x);
        }
    }
}
