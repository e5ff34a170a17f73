//! The number of the Bake language: Go's `big.Float`, a binary float that carries its own precision.

mod decimal;
mod float;
mod round;

pub(crate) use float::parse_float;
use num_bigint::{BigInt, BigUint, Sign};
use round::{Binary, divide, round, shift_right};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Precision in bits of a number that was read from decimal text.
const TEXT_PRECISION: u32 = 512;
/// Precision in bits of a number that was made from a machine integer.
const INTEGER_PRECISION: u32 = 64;
/// Precision in bits of a number that was made from an `f64`.
const FLOAT_PRECISION: u32 = 53;
/// Arithmetic refuses results of 2^±524288 (about 1e±157826) and beyond, so that no short expression can ask for
/// megabytes of digits.
const EXPONENT_LIMIT: i64 = 1 << 19;

/// A number of the Bake language, equal in value and text to the Go `big.Float` that buildx computes with.
///
/// A number has a precision, which is part of how it prints: literals and strings have 512 bits, machine integers
/// (`length(…)`) 64, floats (`pow(…)`, a number overridden by the environment) 53. So an override `N=0.1` prints
/// `0.1` while `N + 0.2` prints `0.3000000000000000055511151231257827021181583404541015625`. A result has the larger
/// precision of its operands and is rounded to nearest even.
///
/// `==` is the equality of the language: whole numbers by value, others by their text
/// ([`rawNumberEqual`](https://github.com/zclconf/go-cty/blob/main/cty/primitive_type.go)). `Ord` goes by value, as
/// `<` does; the two differ only between fractions of different precision. In both `-0` equals `0`.
#[derive(Clone, Debug)]
pub struct Number {
    kind: Magnitude,
    precision: u32,
}

/// Whole values of at most 63 bits are always `Integer`; `Binary` is never zero and its mantissa is odd.
#[derive(Clone, Debug, PartialEq)]
enum Magnitude {
    Integer(i64),
    NegativeZero,
    Binary { negative: bool, magnitude: Box<Binary> },
    Infinity { negative: bool },
}

/// Why an operation on numbers has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArithmeticError {
    /// `Inf + -Inf`.
    #[error("can't compute sum of opposing infinities")]
    OpposingInfinities,
    /// `Inf - Inf`.
    #[error("can't subtract infinity from itself")]
    InfinityMinusInfinity,
    /// `0 * Inf`.
    #[error("can't multiply zero by infinity")]
    ZeroTimesInfinity,
    /// `0 / 0` or `Inf / Inf`.
    #[error("can't divide zero by zero or infinity by infinity")]
    IndeterminateQuotient,
    /// `%` with an infinite operand.
    #[error("can't use modulo with zero and infinity")]
    InfiniteModulo,
    /// A finite result too large or too close to zero to be written out.
    #[error("number is out of range")]
    OutOfRange,
}

/// A finite value as sign, mantissa and binary exponent; the mantissa may be zero.
struct Finite<'a> {
    negative: bool,
    mantissa: Cow<'a, BigUint>,
    exponent: i64,
}

impl Finite<'_> {
    fn is_zero(&self) -> bool {
        self.mantissa.bits() == 0
    }

    /// The position of the highest bit: the magnitude is in `2^(top-1) .. 2^top`.
    fn top(&self) -> i64 {
        top(&self.mantissa, self.exponent)
    }
}

impl Number {
    /// The exact value of `value` at 53 bits, `None` for NaN.
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_nan() {
            return None;
        }
        let negative = value.is_sign_negative();
        if value.is_infinite() {
            return Some(Self::infinity(negative));
        }
        let bits = value.to_bits();
        let (fraction, biased) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i64);
        let (mantissa, exponent) =
            if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
        Some(Self::finite(negative, Binary { mantissa: mantissa.into(), exponent }, FLOAT_PRECISION))
    }

    /// The exact value, at 64 bits or as many as it needs, as Go's `SetInt`.
    pub fn from_bigint(value: BigInt) -> Self {
        let (sign, mantissa) = value.into_parts();
        let precision = u32::try_from(mantissa.bits()).unwrap_or(u32::MAX).max(INTEGER_PRECISION);
        Self::finite(sign == Sign::Minus, Binary { mantissa, exponent: 0 }, precision)
    }

    /// An infinity of the given sign.
    pub fn infinity(negative: bool) -> Self {
        Self { kind: Magnitude::Infinity { negative }, precision: TEXT_PRECISION }
    }

    /// The value if it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        match self.kind {
            Magnitude::Integer(value) => Some(value),
            Magnitude::NegativeZero => Some(0),
            Magnitude::Binary { .. } => i64::try_from(self.to_bigint()?).ok(),
            Magnitude::Infinity { .. } => None,
        }
    }

    /// The value if it is whole, not negative and fits.
    pub fn to_usize(&self) -> Option<usize> {
        match self.kind {
            Magnitude::Binary { .. } => usize::try_from(self.to_bigint()?).ok(),
            _ => usize::try_from(self.to_i64()?).ok(),
        }
    }

    /// The nearest `f64`, ties to even; infinite if there is none.
    pub fn to_f64(&self) -> f64 {
        let Some(x) = self.as_finite() else {
            return if self.is_negative() { f64::NEG_INFINITY } else { f64::INFINITY };
        };
        let lowest = (x.top() - 53).max(-1074);
        let magnitude = if x.is_zero() {
            0.0
        } else if x.top() > 1024 {
            f64::INFINITY
        } else {
            let drop = lowest - x.exponent;
            let mantissa = if drop > 0 {
                shift_right(&x.mantissa, drop as u64, false)
            } else {
                x.mantissa.as_ref() << drop.unsigned_abs()
            };
            let mantissa = u64::try_from(mantissa).expect("54 bits at most");
            // A mantissa with its implicit bit (or one that rounding carried to 2^53) adds itself to the exponent
            // field below it; the largest carries into infinity.
            f64::from_bits((((lowest + 1074) as u64) << 52) + mantissa)
        };
        if x.negative { -magnitude } else { magnitude }
    }

    /// The value if it is whole.
    pub fn to_bigint(&self) -> Option<BigInt> {
        if self.is_integer() { self.trunc_bigint() } else { None }
    }

    /// The value without its fraction, `None` for an infinity.
    pub fn trunc_bigint(&self) -> Option<BigInt> {
        let x = self.as_finite()?;
        let magnitude = trunc(&x.mantissa, x.exponent);
        Some(BigInt::from_biguint(if x.negative { Sign::Minus } else { Sign::Plus }, magnitude))
    }

    /// Whether the value is whole; infinities are not.
    pub fn is_integer(&self) -> bool {
        match &self.kind {
            Magnitude::Integer(_) | Magnitude::NegativeZero => true,
            Magnitude::Binary { magnitude, .. } => magnitude.exponent >= 0,
            Magnitude::Infinity { .. } => false,
        }
    }

    /// Whether this is `+Inf` or `-Inf`.
    pub fn is_infinite(&self) -> bool {
        matches!(self.kind, Magnitude::Infinity { .. })
    }

    /// Whether the sign bit is set, which it is for `-0` too.
    pub fn is_negative(&self) -> bool {
        match self.kind {
            Magnitude::Integer(value) => value < 0,
            Magnitude::NegativeZero => true,
            Magnitude::Binary { negative, .. } | Magnitude::Infinity { negative } => negative,
        }
    }

    /// Whether this is `0` or `-0`.
    pub fn is_zero(&self) -> bool {
        matches!(self.kind, Magnitude::Integer(0) | Magnitude::NegativeZero)
    }

    /// The sum; an error for opposite infinities and for a result out of range.
    pub fn add(&self, other: &Self) -> Result<Self, ArithmeticError> {
        self.sum(other, self.precision.max(other.precision))
    }

    /// The difference; an error for equal infinities and for a result out of range.
    pub fn sub(&self, other: &Self) -> Result<Self, ArithmeticError> {
        self.add(&other.neg()).map_err(|error| match error {
            ArithmeticError::OpposingInfinities => ArithmeticError::InfinityMinusInfinity,
            error => error,
        })
    }

    /// The product; an error for zero times infinity and for a result out of range.
    ///
    /// It keeps up to 512 bits even if the operands have fewer, as cty's `Multiply`.
    pub fn mul(&self, other: &Self) -> Result<Self, ArithmeticError> {
        let product = self.product(other, TEXT_PRECISION)?;
        let needed = match &product.kind {
            Magnitude::Binary { magnitude, .. } => magnitude.mantissa.bits() as u32,
            Magnitude::Integer(value) => {
                value.unsigned_abs().checked_ilog2().map_or(0, |log| log + 1 - value.trailing_zeros())
            }
            Magnitude::NegativeZero | Magnitude::Infinity { .. } => 0,
        };
        Ok(Self { precision: needed.max(self.precision).max(other.precision), ..product })
    }

    /// The quotient; `x / 0` is an infinity, `0 / 0` and `Inf / Inf` are errors, as is a result out of range.
    pub fn div(&self, other: &Self) -> Result<Self, ArithmeticError> {
        let precision = self.precision.max(other.precision);
        if let (&Magnitude::Integer(a), &Magnitude::Integer(b)) = (&self.kind, &other.kind)
            && a != 0
            && b != 0
            && a % b == 0
            && let Some(quotient) = Self::integer(a / b, precision)
        {
            return Ok(quotient);
        }
        let negative = self.is_negative() != other.is_negative();
        match (self.as_finite(), other.as_finite()) {
            (None, None) => Err(ArithmeticError::IndeterminateQuotient),
            (Some(x), Some(y)) if x.is_zero() && y.is_zero() => Err(ArithmeticError::IndeterminateQuotient),
            (None, Some(_)) => Ok(Self { precision, ..Self::infinity(negative) }),
            (Some(_), Some(y)) if y.is_zero() => Ok(Self { precision, ..Self::infinity(negative) }),
            (Some(_), None) => Ok(Self::zero(negative, precision)),
            (Some(x), Some(y)) => {
                let quotient = divide(&x.mantissa, &y.mantissa, precision);
                Self::checked(negative, quotient.scaled(x.exponent - y.exponent), precision)
            }
        }
    }

    /// The remainder of the division rounded toward zero, as cty's `Modulo`: `-7 % 3` is -1, `7 % 0` is 7, and
    /// infinite operands are an error (save `Inf % 0`, which is `Inf`).
    pub fn rem(&self, other: &Self) -> Result<Self, ArithmeticError> {
        if other.is_zero() {
            return Ok(self.clone());
        }
        if self.is_infinite() || other.is_infinite() {
            return Err(ArithmeticError::InfiniteModulo);
        }
        // Below 64 bits the rounding of the quotient can reach the next whole number: that is left to the long way.
        if let (&Magnitude::Integer(a), &Magnitude::Integer(b)) = (&self.kind, &other.kind)
            && self.precision >= INTEGER_PRECISION
            && let Some(remainder) = Self::integer(a % b, self.precision)
        {
            return Ok(remainder);
        }
        let quotient = self.div(other)?.trunc_bigint().ok_or(ArithmeticError::InfiniteModulo)?;
        let quotient = Self::from_bigint(quotient).with_precision(self.precision);
        self.sum(&other.product(&quotient, self.precision)?.neg(), self.precision)
    }

    /// The number with its sign turned; `0` becomes `-0`.
    #[must_use]
    pub fn neg(&self) -> Self {
        let kind = match &self.kind {
            Magnitude::Integer(0) => Magnitude::NegativeZero,
            Magnitude::Integer(value) => Magnitude::Integer(-value),
            Magnitude::NegativeZero => Magnitude::Integer(0),
            Magnitude::Binary { negative, magnitude } => {
                Magnitude::Binary { negative: !negative, magnitude: magnitude.clone() }
            }
            Magnitude::Infinity { negative } => Magnitude::Infinity { negative: !negative },
        };
        Self { kind, precision: self.precision }
    }

    /// The number without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    /// The greatest whole number that is not above this one; infinities stay.
    #[must_use]
    pub fn floor(&self) -> Self {
        self.to_whole(|whole| if self.is_negative() { whole - 1 } else { whole })
    }

    /// The least whole number that is not below this one; infinities stay.
    #[must_use]
    pub fn ceil(&self) -> Self {
        self.to_whole(|whole| if self.is_negative() { whole } else { whole + 1 })
    }

    /// The truncated value, passed through `adjust` if there was a fraction, at the same precision.
    fn to_whole(&self, adjust: impl Fn(BigInt) -> BigInt) -> Self {
        match self.kind {
            Magnitude::Binary { .. } if self.is_integer() => self.clone(),
            Magnitude::Binary { .. } => {
                let whole = self.trunc_bigint().expect("a binary number is finite");
                Self::from_bigint(adjust(whole)).with_precision(self.precision)
            }
            // Go goes through an integer, which has no negative zero.
            Magnitude::NegativeZero => Self::zero(false, self.precision),
            Magnitude::Integer(_) | Magnitude::Infinity { .. } => self.clone(),
        }
    }

    fn sum(&self, other: &Self, precision: u32) -> Result<Self, ArithmeticError> {
        if let (&Magnitude::Integer(a), &Magnitude::Integer(b)) = (&self.kind, &other.kind)
            && let Some(sum) = a.checked_add(b).and_then(|sum| Self::integer(sum, precision))
        {
            return Ok(sum);
        }
        let (x, y) = match (self.as_finite(), other.as_finite()) {
            (Some(x), Some(y)) => (x, y),
            (None, None) if self.is_negative() != other.is_negative() => {
                return Err(ArithmeticError::OpposingInfinities);
            }
            (None, _) => return Ok(Self { precision, ..self.clone() }),
            (_, None) => return Ok(Self { precision, ..other.clone() }),
        };
        let exponent = match (x.is_zero(), y.is_zero()) {
            (true, true) => return Ok(Self::zero(x.negative && y.negative, precision)),
            (true, false) => y.exponent,
            (false, true) => x.exponent,
            (false, false) => x.exponent.min(y.exponent),
        };
        let aligned = |x: &Finite<'_>| {
            let shift = u64::try_from(x.exponent - exponent).unwrap_or(0);
            let sign = if x.negative { Sign::Minus } else { Sign::Plus };
            BigInt::from_biguint(sign, x.mantissa.as_ref() << shift)
        };
        let (sign, mantissa) = (aligned(&x) + aligned(&y)).into_parts();
        let sum = round(&mantissa, false, precision).scaled(exponent);
        Self::checked(sign == Sign::Minus, sum, precision)
    }

    fn product(&self, other: &Self, precision: u32) -> Result<Self, ArithmeticError> {
        let negative = self.is_negative() != other.is_negative();
        if let (&Magnitude::Integer(a), &Magnitude::Integer(b)) = (&self.kind, &other.kind)
            && (!negative || (a != 0 && b != 0))
            && let Some(product) = a.checked_mul(b).and_then(|product| Self::integer(product, precision))
        {
            return Ok(product);
        }
        match (self.as_finite(), other.as_finite()) {
            (Some(x), Some(y)) => {
                let product = round(&(x.mantissa.as_ref() * y.mantissa.as_ref()), false, precision);
                Self::checked(negative, product.scaled(x.exponent + y.exponent), precision)
            }
            _ if self.is_zero() || other.is_zero() => Err(ArithmeticError::ZeroTimesInfinity),
            _ => Ok(Self { precision, ..Self::infinity(negative) }),
        }
    }

    /// The same value rounded to `precision` bits.
    fn with_precision(&self, precision: u32) -> Self {
        let Some(x) = self.as_finite() else { return Self { precision, ..self.clone() } };
        Self::finite(x.negative, round(&x.mantissa, false, precision).scaled(x.exponent), precision)
    }

    fn as_finite(&self) -> Option<Finite<'_>> {
        let (negative, mantissa, exponent) = match &self.kind {
            Magnitude::Integer(value) => (*value < 0, Cow::Owned(value.unsigned_abs().into()), 0),
            Magnitude::NegativeZero => (true, Cow::Owned(BigUint::default()), 0),
            Magnitude::Binary { negative, magnitude } => {
                (*negative, Cow::Borrowed(&magnitude.mantissa), magnitude.exponent)
            }
            Magnitude::Infinity { .. } => return None,
        };
        Some(Finite { negative, mantissa, exponent })
    }

    fn zero(negative: bool, precision: u32) -> Self {
        Self { kind: if negative { Magnitude::NegativeZero } else { Magnitude::Integer(0) }, precision }
    }

    /// A small integer, if it needs no rounding at `precision` bits.
    fn integer(value: i64, precision: u32) -> Option<Self> {
        let fits = value != i64::MIN && (precision >= 63 || value.unsigned_abs() >> precision == 0);
        fits.then_some(Self { kind: Magnitude::Integer(value), precision })
    }

    /// A finite number from a value that already has `precision` bits or fewer.
    fn finite(negative: bool, value: Binary, precision: u32) -> Self {
        let Some(zeros) = value.mantissa.trailing_zeros() else { return Self::zero(negative, precision) };
        let magnitude = top(&value.mantissa, value.exponent);
        let value = Binary { mantissa: value.mantissa >> zeros, exponent: value.exponent + zeros as i64 };
        if value.exponent >= 0 && magnitude <= 63 {
            let integer = i64::try_from(value.mantissa << value.exponent).expect("63 bits at most");
            return Self { kind: Magnitude::Integer(if negative { -integer } else { integer }), precision };
        }
        Self { kind: Magnitude::Binary { negative, magnitude: Box::new(value) }, precision }
    }

    /// As [`Self::finite`], for results whose size the operands do not bound.
    fn checked(negative: bool, value: Binary, precision: u32) -> Result<Self, ArithmeticError> {
        if value.mantissa.bits() != 0 && top(&value.mantissa, value.exponent).abs() > EXPONENT_LIMIT {
            return Err(ArithmeticError::OutOfRange);
        }
        Ok(Self::finite(negative, value, precision))
    }
}

/// The position of the highest bit of `mantissa * 2^exponent`.
fn top(mantissa: &BigUint, exponent: i64) -> i64 {
    mantissa.bits() as i64 + exponent
}

/// `mantissa * 2^exponent` without its fraction.
fn trunc(mantissa: &BigUint, exponent: i64) -> BigUint {
    if exponent >= 0 { mantissa << exponent } else { mantissa >> exponent.unsigned_abs() }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::integer(value, INTEGER_PRECISION).unwrap_or_else(|| Self::from_bigint(value.into()))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::from_bigint(value.into()), Self::from)
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self::from(value as u64)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        if self.is_integer() || other.is_integer() {
            return self.cmp(other) == Ordering::Equal;
        }
        (self.precision == other.precision && self.kind == other.kind)
            || self.to_string() == other.to_string()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Magnitude::Integer(a), Magnitude::Integer(b)) = (&self.kind, &other.kind) {
            return a.cmp(b);
        }
        let sign = |x: &Self| if x.is_zero() { 0 } else { 1 - 2 * i8::from(x.is_negative()) };
        let by_sign = sign(self).cmp(&sign(other));
        if by_sign.is_ne() || self.is_zero() {
            return by_sign;
        }
        let by_magnitude = match (self.as_finite(), other.as_finite()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(x), Some(y)) => x.top().cmp(&y.top()).then_with(|| {
                // With their highest bits in one place, the exponents differ by less than the mantissas are long.
                let exponent = x.exponent.min(y.exponent);
                (x.mantissa.as_ref() << (x.exponent - exponent))
                    .cmp(&(y.mantissa.as_ref() << (y.exponent - exponent)))
            }),
        };
        if self.is_negative() { by_magnitude.reverse() } else { by_magnitude }
    }
}

#[cfg(test)]
mod tests;
