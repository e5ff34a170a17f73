//! Rounding of binary magnitudes to a number of bits, to nearest and ties to even.

use num_bigint::BigUint;

/// The magnitude `mantissa * 2^exponent`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Binary {
    pub(super) mantissa: BigUint,
    pub(super) exponent: i64,
}

impl Binary {
    /// This magnitude times `2^exponent`.
    pub(super) fn scaled(self, exponent: i64) -> Self {
        Self { exponent: self.exponent + exponent, ..self }
    }
}

/// `mantissa / 2^count`, rounded. `sticky` says that the true mantissa is a fraction of one above the given one.
pub(super) fn shift_right(mantissa: &BigUint, count: u64, sticky: bool) -> BigUint {
    let Some(half) = count.checked_sub(1) else { return mantissa.clone() };
    let quotient = mantissa >> count;
    let above_half = sticky || mantissa.trailing_zeros().is_some_and(|zeros| zeros < half);
    if mantissa.bit(half) && (above_half || quotient.bit(0)) { quotient + 1_u32 } else { quotient }
}

/// `mantissa` rounded to `precision` bits; with `sticky` it must have more bits than that.
pub(super) fn round(mantissa: &BigUint, sticky: bool, precision: u32) -> Binary {
    let drop = mantissa.bits().saturating_sub(precision.into());
    Binary { mantissa: shift_right(mantissa, drop, sticky), exponent: drop as i64 }
}

/// `a / b` rounded to `precision` bits; `b` is not zero.
pub(super) fn divide(a: &BigUint, b: &BigUint, precision: u32) -> Binary {
    // One bit more than the precision decides the direction, one may be lost to the leading digit.
    let shift = (u64::from(precision) + 2 + b.bits()).saturating_sub(a.bits());
    let numerator = a << shift;
    let quotient = &numerator / b;
    let sticky = &quotient * b != numerator;
    round(&quotient, sticky, precision).scaled(-(shift as i64))
}
