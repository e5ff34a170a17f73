//! Floats as text: Go's [`strconv.ParseFloat`](https://pkg.go.dev/strconv#ParseFloat).

/// Reads decimal and hexadecimal numbers, with `_` between digits: `1_000`, `0x1p4`, `inf`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let hex = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X"));
    let is_digit = |c: char| if hex.is_some() { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
    for (index, _) in unsigned.match_indices('_') {
        let before = &unsigned[..index];
        let follows = before.ends_with(is_digit) || hex.is_some() && index == 2;
        if !follows || !unsigned[index + 1..].starts_with(is_digit) {
            return None;
        }
    }
    let Some(hex) = hex else {
        let is_infinite = unsigned.starts_with(['i', 'I']);
        let number: f64 = text.replace('_', "").parse().ok()?;
        // What is not a number has no sign, and infinity is one only by name.
        let is_wrong = number.is_nan() && unsigned.len() < text.len() || number.is_infinite() && !is_infinite;
        return Some(number).filter(|_| !is_wrong);
    };
    let number = hexadecimal(&hex.replace('_', ""))?;
    Some(if text.starts_with('-') { -number } else { number })
}

/// Reads `1.8p3`.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    let digit = |number: Option<f64>, digit: char| Some(number? * 16.0 + f64::from(digit.to_digit(16)?));
    let number = whole.chars().chain(fraction.chars()).fold(Some(0.0), digit)?;
    let exponent = exponent.parse::<i32>().ok()?.saturating_sub(4 * i32::try_from(fraction.len()).ok()?);
    Some(number * 2_f64.powi(exponent)).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_read_as_in_go() {
        for (text, expected) in [
            ("0x1p4", Some(16.0)),
            ("0x1.8p1", Some(3.0)),
            ("-0X1P-1", Some(-0.5)),
            ("1.5", Some(1.5)),
            ("-1e3", Some(-1000.0)),
            ("1_000", Some(1000.0)),
            ("-Inf", Some(f64::NEG_INFINITY)),
            ("0x_1p0", Some(1.0)),
            ("0x1p4000", None),
            ("_1", None),
            ("1__0", None),
            ("1_e1", None),
            ("1e400", None),
            ("abc", None),
            ("", None),
            ("0x10", None),
            ("0xp1", None),
            ("--1", None),
            ("-nan", None),
            ("+infinity", Some(f64::INFINITY)),
        ] {
            assert_eq!(parse_float(text), expected, "{text}");
        }
        assert!(parse_float("nan").is_some_and(f64::is_nan));
    }
}
